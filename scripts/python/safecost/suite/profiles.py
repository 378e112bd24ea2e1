"""Profiles: compiler, standard library and flags, read from bench/profiles or given on the command line."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safecost.core.errors import UsageError
from safecost.core.paths import BENCH, BUILD, ROOT

FOLDER = BENCH / "profiles"
_SANITIZED = ROOT / "src" / "runner" / "catch" / "clang-sanitized.json"
# What a hardened profile may add to its plain sibling: else its ratio would tell the price of something else as well.
_HARDENS = re.compile(
    r"-D_(GLIBCXX_(ASSERTIONS|DEBUG)|FORTIFY_SOURCE=\d|LIBCPP_(HARDENING_MODE=\w+|ABI_BOUNDED_\w+))"
    r"|-U_(FORTIFY_SOURCE|LIBCPP_HARDENING_MODE)"  # clears the sibling's, so that another one may be given
    r"|-f(hardened|stack-protector(-strong|-all)?|stack-clash-protection|cf-protection(=\w+)?)"
    r"|-f(trivial-auto-var-init=\w+|zero-call-used-regs=[\w-]+|strict-flex-arrays(=\d)?|wrapv(-pointer)?|trapv)"
    r"|-fno-(delete-null-pointer-checks|strict-overflow|strict-aliasing)"
    r"|-fsanitize(-trap)?=[a-z,-]+|-fsanitize-undefined-trap-on-error|-fsanitize-minimal-runtime"
    r"|-mbranch-protection=[\w+-]+|-Wl(,-z,(noexecstack|relro|now))+"
    r"|-C ?(overflow-checks|debug-assertions)=(on|yes|y|true)"
)
_NAME = re.compile(r"(?!.*[.][.])[a-z][a-z0-9_.+-]{0,63}")


@dataclass(frozen=True, slots=True)
class BuildProfile:
    """One way to build. `flags` are those of the plain sibling followed by its own, each with its reason."""

    name: str
    summary: str
    language: str
    compiler: str
    library: str
    plain: str
    against: str | None
    by_default: bool
    flags: tuple[tuple[str, str], ...]
    own_flags: int
    file: Path

    @property
    def is_rebuild(self) -> bool:
        """Is this the plain sibling built a second time?"""
        return self.plain != self.name and self.own_flags == 0

    @property
    def needs(self) -> tuple[str, ...]:
        """The profiles whose raw code this one is compared with."""
        others = (self.plain, *([self.against] if self.against else []))
        return tuple(name for name in dict.fromkeys(others) if name != self.name)


def shipped() -> dict[str, BuildProfile]:
    """Every profile of the suite, by name."""
    found: dict[str, BuildProfile] = {}
    for file in sorted(FOLDER.glob("*.json")):
        read(file, found)
    return found


def sanitized() -> BuildProfile:
    """The build by which errors of memory are confirmed; it is none of the suite's, since nothing is measured in it."""
    return read(_SANITIZED)


def read(file: Path, found: dict[str, BuildProfile] | None = None) -> BuildProfile:
    """The profile in a file, with its plain sibling beside it; raises UsageError where it is none.

    Those that were `found` before are not read again, and it is added to them.
    """
    found = {} if found is None else found
    if file.stem in found:
        return found[file.stem]
    written = _json(file)
    own = tuple((str(flag), str(why)) for flag, why in written["flags"])
    base = _base(file, written["plain"], found) if "plain" in written else None
    for flag, _ in own if base else ():
        if not _HARDENS.fullmatch(flag):
            raise UsageError(
                f"profile {file.stem} adds {flag} to its plain sibling, and this is no flag that hardens: give it to a"
                " plain profile of its own, or add its kind to _HARDENS in suite/profiles.py."
            )
    profile = BuildProfile(
        name=file.stem,
        summary=written["summary"],
        language=base.language if base else written["language"],
        compiler=base.compiler if base else written["compiler"],
        library=base.library if base else written["library"],
        plain=base.name if base else file.stem,
        against=written.get("against"),
        by_default=bool(written.get("default", False)),
        flags=(*(base.flags if base else ()), *own),
        own_flags=len(own),
        file=file,
    )
    found[file.stem] = profile
    return profile


def _base(file: Path, plain: str, found: dict[str, BuildProfile]) -> BuildProfile:
    base = file.with_name(f"{plain}.json")
    if "plain" in _json(base):
        raise UsageError(f"profile {file.stem} builds on {plain}, which is not plain itself: name its plain sibling.")
    return read(base, found)


def _json(file: Path) -> dict[str, Any]:
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"profile {file.stem} does not exist: add {file.name} beside the others.") from error
    except ValueError as error:
        raise UsageError(f"profile {file.stem} is not valid JSON: {error}.") from error
    if not isinstance(written, dict) or not _NAME.fullmatch(file.stem):
        raise UsageError(f"profile {file.name} is no object, or its name is not in lower case.")
    needed = {"summary", "flags"} | (set() if "plain" in written else {"language", "compiler", "library"})
    for key in sorted(needed - written.keys()):
        raise UsageError(f"profile {file.stem} lacks its {key}.")
    if not all(isinstance(flag, list) and len(flag) == 2 for flag in written["flags"]):
        raise UsageError(f"profile {file.stem} has a flag that is not a pair: give [flag, why].")
    return written


def ad_hoc(text: str) -> BuildProfile:
    """Make a profile of `'mine: g++-14 -O3 -march=x86-64-v3'`: its own plain sibling, stored in the build folder.

    Raises UsageError where the text is not `name: command flags...`.
    """
    name, colon, command = text.partition(":")
    name = name.strip()
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--profile {text!r} cannot be split into words: {error}.") from error
    if not colon or not _NAME.fullmatch(name) or not words:
        raise UsageError(f"--profile {text!r} is not of the form 'name: compiler flags...', as in 'mine: g++-14 -O3'.")
    for word in words:
        if re.search(r"[\s;'\"$`\\]", word):
            raise UsageError(f"--profile {name!r}: the build cannot pass {word!r} on: leave out spaces and quotes.")
    if name in shipped():
        raise UsageError(f"--profile {name!r} has the name of a profile of the suite: choose another.")
    rust = Path(words[0]).name.startswith("rustc")
    library = "std" if rust else "libc++" if "-stdlib=libc++" in words else "libstdc++"
    written = {
        "summary": f"given on the command line: {Path(words[0]).name} {' '.join(words[1:])}".strip(),
        "language": "rust" if rust else "c++",
        "compiler": words[0],
        "library": library,
        "flags": [[flag, "given on the command line"] for flag in words[1:]],
        **({"against": "clang-o2"} if rust else {}),
    }
    file = BUILD / "profiles-ad-hoc" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps(written, indent=2) + "\n"
    if not file.exists() or file.read_text(encoding="utf-8") != content:
        file.write_text(content, encoding="utf-8")
    return read(file)


def choose(names: str | None, given: Sequence[str]) -> list[BuildProfile]:
    """The profiles to measure: `names` is None (the default set), 'all', or names with commas; `given` are ad hoc.

    With ad hoc profiles and no names, only those are measured. Raises UsageError for an unknown name.
    """
    known = shipped()
    extra = [ad_hoc(text) for text in given]
    for profile in extra:
        if sum(other.name == profile.name for other in extra) > 1:
            raise UsageError(f"--profile {profile.name!r} is given twice: give each a name of its own.")
    if names is None:
        return extra or [profile for profile in known.values() if profile.by_default]
    if names == "all":
        return [*known.values(), *extra]
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in known and name != "default":
            raise UsageError(f"no profile {name!r}: choose from {', '.join(known)}, or default, or all.")
    chosen: dict[str, BuildProfile] = {}
    for name in wanted:
        if name == "default":
            chosen.update({p.name: p for p in known.values() if p.by_default})
        else:
            chosen[name] = known[name]
    if not chosen and not extra:
        raise UsageError(f"--profiles {names!r} names no profile: choose from {', '.join(known)}, or default, or all.")
    return [*chosen.values(), *extra]


def with_rebuilds(profiles: Sequence[BuildProfile]) -> list[BuildProfile]:
    """Those profiles, and the shipped ones that build one of them a second time: the A/A pairs of profile cost."""
    names = {profile.name for profile in profiles}
    second = [one for one in shipped().values() if one.is_rebuild and one.plain in names and one.name not in names]
    return [*profiles, *second]


def with_siblings(profiles: Iterable[BuildProfile]) -> list[BuildProfile]:
    """Those profiles, and the ones whose raw code they are compared with, which must be built too."""
    known = shipped()
    chosen = {profile.name: profile for profile in profiles}
    queue = list(chosen.values())
    for profile in queue:
        for name in profile.needs:
            if name not in chosen and name in known:
                chosen[name] = known[name]
                queue.append(known[name])
    return list(chosen.values())
