"""Is each kernel the code that it is alone? Adding a variant to a case must not change its neighbours.

Each variant is compiled once more in a plugin that has it and its case's first raw variant alone, and its machine code
is compared with that in the whole plugin. The sources stay as they are, save that the others are not registered: a
kernel that nobody registers is not emitted. Run on demand (`safecost test --isolation`): it builds every variant.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safecost.code import disassembly
from safecost.core import locks, parallel
from safecost.core.errors import HARNESS, OK, ToolError
from safecost.core.paths import Folders
from safecost.core.text import counted
from safecost.document.measured import Code
from safecost.suite import profiles as profile_files
from safecost.suite.cases import CaseFiles, choose, find, pattern_of
from safecost.toolchain import runner
from safecost.toolchain.build import build_all

PROFILES = "gcc-o2,clang-o2,rust"
_ITEM = re.compile(r"(?:\s|//[^\n]*)*\.\s*(\w+)\s*(?:<(?:[^<>\"]|<[^<>\"]*>)*>)?\s*\(")
_VARIANT = {"raw", "safe", "gap", "calibration"}
# What follows a variant and belongs to it.
_OF_VARIANT = {
    "claims",
    "fault_kernel",
    "inexpressible",
    "algorithm",
    "practised",
    "library",
    "ordinary",
    "bespoke",
    "trusted_core",
}
_ALONE = re.compile(r"_alone_\d+(?=::)")  # what `split` adds to a case's name
_RUST = re.compile(r"^[ \t]*(raw|safe)\s+(\w+)\s*\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Changed:
    """A kernel that is other code alone than among its neighbours."""

    case: str
    variant: str
    profile: str
    alone: Code
    among: Code

    def __str__(self) -> str:
        return (
            f"{self.case}/{self.variant}@{self.profile}: {self.among.instructions} instructions among its neighbours, "
            f"{self.alone.instructions} alone: force-inline what variants share (SAFECOST_HELPER)"
        )


def keep_cxx(text: str, variants: set[str]) -> str:
    """A C++ case file in which only these variants are registered."""
    start = re.search(r"Case\s*<[^;]*?>\s*\(", text)
    if start is None:
        return text
    at = _closing(text, start.end() - 1)
    kept, drop = [text[:at]], False
    while found := _ITEM.match(text, at):
        end = _closing(text, found.end() - 1)
        if found[1] in _VARIANT:
            name = re.match(r'\s*"(\w+)"', text[found.end() :])
            drop = name is None or name[1] not in variants
        elif found[1] not in _OF_VARIANT:
            drop = False
        if not drop:
            kept.append(text[at:end])
        at = end
    return "".join((*kept, text[at:]))


def _closing(text: str, opening: int) -> int:
    """The place behind the parenthesis that closes the one at `opening`; texts and comments are passed over."""
    depth, at = 0, opening
    while at < len(text):
        if skipped := re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|//[^\n]*').match(text, at):
            at = skipped.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            return at
    raise ToolError(f"a parenthesis is never closed: {text[opening : opening + 60]!r}.")


def keep_rust(text: str, variants: set[str]) -> str:
    """A Rust twin in which only these variants are registered."""
    begin = text.rfind("case! {")
    if begin < 0:
        return text
    head, body = text[:begin], text[begin:]
    entries = list(_RUST.finditer(body))
    ends = [one.start() for one in entries[1:]] + [body.rstrip().rfind("}")]
    if not entries:
        return text
    kept = [body[one.start() : end] for one, end in zip(entries, ends, strict=True) if one[2] in variants]
    return head + body[: entries[0].start()] + "".join(kept) + body[ends[-1] :]


def first_raw(text: str, *, rust: bool) -> str | None:
    """The baseline of a case file, which stays registered."""
    found = re.search(r"^\s*raw\s+(\w+)", text, re.MULTILINE) if rust else re.search(r'\.raw<[^"]*"(\w+)"', text)
    return found[1] if found else None


def split(case: CaseFiles, folder: Path) -> Iterator[tuple[str, str]]:
    """Write one case for each variant; yields its name and the variant."""
    family, name = case.name.split("/")
    for number, variant in enumerate(case.variants()):
        alone = f"{family}/{name[:40]}_alone_{number}"
        # A folder, in which further translation units have their places.
        place = folder / alone
        place.mkdir(parents=True)
        for entry in case.data.iterdir():  # text that the case includes or reads
            if entry.is_file() and entry.suffix not in {".cc", ".rs"}:
                shutil.copy2(entry, place)
        for file in case.files:
            text = file.read_text(encoding="utf-8")
            rust = file.suffix == ".rs"
            kept = {variant, first_raw(text, rust=rust) or variant}
            (place / file.name).write_text((keep_rust if rust else keep_cxx)(text, kept), encoding="utf-8")
        yield alone, variant


def changed(folders: Folders, cases: Sequence[CaseFiles], profiles: str = PROFILES) -> tuple[list[Changed], int]:
    """Kernels that are other code alone, and how many were compared; raises ToolError where one cannot be built."""
    wanted = profile_files.choose(profiles, ())
    with locks.scratch() as temporary:
        alone = temporary / "cases"
        origin = {name: (case, variant) for case in cases for name, variant in split(case, alone)}
        apart = Folders.of([alone])
        made = build_all(apart, find(apart), wanted)
        whole = build_all(folders, cases, wanted)
        for built in (made, whole):
            for (name, profile), said in built.failures.items():
                raise ToolError(f"{name} cannot be built with {profile}:\n{said}")
        try:
            return _compared(made.plugins, whole.plugins, origin)
        finally:
            shutil.rmtree(apart.build, ignore_errors=True)


def _compared(
    alone: Mapping[tuple[str, str], Path],
    whole: Mapping[tuple[str, str], Path],
    origin: Mapping[str, tuple[CaseFiles, str]],
) -> tuple[list[Changed], int]:
    keys = sorted({(origin[name][0].name, profile) for name, profile in alone})
    plugins = [(*key, whole[key]) for key in keys] + [(*key, plugin) for key, plugin in alone.items()]
    read = dict(zip(keys + list(alone), parallel.results(_codes_of, None, plugins, "compare"), strict=True))
    found, compared = [], 0
    for name, profile in alone:
        case, variant = origin[name]
        among = next((one for one in read[case.name, profile] if one.variant == variant), None)
        for one in read[name, profile]:
            if one.variant == variant and among is not None:
                compared += 1
                if _body(one) != _body(among):
                    found.append(Changed(case.name, variant, profile, one, among))
    return found, compared


def _codes_of(_shared: None, plugin: tuple[str, str, Path]) -> list[Code]:
    return _codes(*plugin)


def _codes(case: str, profile: str, plugin: Path) -> list[Code]:
    return disassembly.codes(case, profile, plugin, *runner.describe(case, {profile: plugin}))


def _body(code: Code) -> list[str]:
    """The kernel's own instructions, without those of functions that it calls; rustc names these after the file."""
    lines = []
    for line in code.listing.splitlines():
        if line.startswith(disassembly.HEADING) and "called above" in line:
            break
        lines.append(_ALONE.sub("", line))
    return lines


def run(expression: str | None = None) -> int:
    """Compare all cases, say what differs, and return the exit code."""
    folders = Folders.of(())
    found, compared = changed(folders, choose(find(folders), pattern_of(expression)))
    for one in found:
        print(f"changed: {one}")
    print(f"isolation: {counted(compared, 'kernel')} compared, {len(found)} are other code among their neighbours")
    return HARNESS if found else OK
