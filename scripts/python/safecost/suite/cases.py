"""Cases: found by their place, `<family>/<case>.cc`, as the build finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from safecost.core.errors import UsageError
from safecost.core.paths import Folders
from safecost.suite.frozen import Frozen, frozen

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FILE = re.compile(r"(?!.*[.][.])[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}")  # what the document can name
_CXX_VARIANT = re.compile(r'\.(?:raw|safe|calibration)<[^;"]*?>\(\s*"(\w+)"|\.gap\(\s*"(\w+)"')
_RUST_VARIANT = re.compile(r"^\s*(?:raw|safe)\s+(\w+)\s*\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """A case's name, `family/case`, its files, and what is frozen in the folder they were found in."""

    name: str
    files: tuple[Path, ...]
    frozen: Frozen | None = field(default=None, compare=False)

    @property
    def data(self) -> Path:
        """Where the case file lies, and its inputs beside it."""
        return self.files[0].parent

    @property
    def question(self) -> str:
        """The first comment line of the case file: the question it answers."""
        with self.files[0].open(encoding="utf-8", errors="replace") as file:
            return file.readline().lstrip("/! ").strip()

    @property
    def has_twin(self) -> bool:
        """Is there a Rust twin?"""
        return any(file.suffix == ".rs" for file in self.files)

    def variants(self) -> list[str]:
        """Variant names as the sources spell them; the built plugins are what counts."""
        names: list[str] = []
        for file in self.files:
            text = file.read_text(encoding="utf-8", errors="replace")
            pattern = _RUST_VARIANT if file.suffix == ".rs" else _CXX_VARIANT
            names += ["".join(match.groups(default="")) for match in pattern.finditer(text)]
        return list(dict.fromkeys(names))


def find(folders: Folders) -> list[CaseFiles]:
    """Every case below the folders, in order of name. Raises UsageError for a folder that is missing or empty."""
    files: dict[str, list[Path]] = {}
    known: dict[str, Frozen | None] = {}
    for folder in folders.cases:
        if not folder.is_dir():
            raise UsageError(f"--cases {folder}: no such folder.")
        if ";" in str(folder):
            raise UsageError(f"--cases {folder}: the build cannot take a path with a semicolon in it.")
        inside = list(_files(folder))
        in_folder = frozen(folder)
        for name, file in inside:
            files.setdefault(name, []).append(file)
            known.setdefault(name, in_folder)
        if not inside:
            raise UsageError(f"--cases {folder}: no <family>/<case>.cc in it; 'scripts/safecost new' writes one.")
    for name, found in files.items():
        names = [file.name for file in found]
        for one in names:
            if names.count(one) > 1:
                raise UsageError(f"case {name} has two files {one}: give one of them, or its case, another name.")
            if not _FILE.fullmatch(one):
                raise UsageError(f"case {name} has a file {one!r}: use letters, digits, '_', '+' and '-' in its name.")
    # In a folder of several files the one of the folder's name holds the question and the table; the rest serve it.
    for found in files.values():
        found.sort(key=lambda file: (file.stem != file.parent.name, file))
    return [CaseFiles(name, tuple(found), known[name]) for name, found in sorted(files.items())]


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted((*folder.glob("*/*"), *folder.glob("*/*/*"))):
        parts = file.relative_to(folder).parts
        names = (parts[0], Path(parts[1]).stem)
        in_folder = len(parts) == 3  # headers are for several translation units, which only a folder has
        suffixes = {".cc", ".rs", ".libraries", *({".h"} if in_folder else ())}
        if file.suffix in suffixes and file.is_file() and all(map(_NAME.fullmatch, names)):
            yield "/".join(names), file


def pattern_of(expression: str | None) -> re.Pattern[str] | None:
    """The compiled filter; raises UsageError where it is no regular expression."""
    if expression is None:
        return None
    try:
        return re.compile(expression)
    except re.error as error:
        raise UsageError(f"--filter {expression!r} is not a regular expression: {error}.") from error


def choose(cases: list[CaseFiles], pattern: re.Pattern[str] | None) -> list[CaseFiles]:
    """The cases to build: those whose name matches, or, where none does, those with a variant that can match.

    What follows the variant in a contender's name, the parameters and the profile, is judged after the build.
    Raises UsageError where nothing can match.
    """
    if pattern is None:
        return cases
    by_name = [case for case in cases if pattern.search(case.name)]
    if by_name:
        return by_name
    before = _before_parameters(pattern)
    by_variant = [case for case in cases if any(before.search(f"{case.name}/{name}") for name in case.variants())]
    if by_variant:
        return by_variant
    if before is not pattern:
        return cases  # as '2048@gcc-o2' may match any of them
    families = ", ".join(dict.fromkeys(case.name.split("/")[0] for case in cases))
    raise UsageError(
        f"--filter {pattern.pattern!r} matches no case: the families are {families}; see 'scripts/safecost list'."
    )


def _before_parameters(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """The part of a filter that speaks of case and variant; one that matches anything where it cannot be cut off."""
    text = re.split(r"@|/?size:|/?rate:|/?threads:|/?workers:", pattern.pattern, maxsplit=1)[0]
    if text == pattern.pattern:
        return pattern
    try:
        return re.compile("" if "|" in pattern.pattern else text)
    except re.error:  # cut within a group
        return re.compile("")
