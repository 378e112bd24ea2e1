"""Profiles: compiler, standard library and flags, read from bench/profiles or given on the command line."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from safecost.core import privacy
from safecost.core.decoding import read_small
from safecost.core.errors import UsageError
from safecost.core.paths import BENCH, BUILD, ROOT, make_build_folder
from safecost.core.text import shown
from safecost.document.values import PLACES, FreeText, Language, LibraryName, ProfileName, Word

FOLDER = BENCH / "profiles"
_WATCHED = ROOT / "src" / "runner" / "catch"
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
_Explained = Annotated[tuple[tuple[FreeText, FreeText], ...], Meta(max_length=100)]
_GIVEN = "given on the command line"
# What a trained profile is compiled with beside the flags of the one that it trains; the build adds the file.
_TRAINED = {"c++": ("-fprofile-use", "counts of its own instrumented build, on inputs that no run times")}
_NAME = re.compile(r"(?!.*[.][.])[a-z][a-z0-9_.+-]{0,63}")


class ProfileFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile as written: one with a plain sibling has its language, compiler and library from that.

    `trained` names another, of which it has everything: it is that one, guided by a profile of its execution.
    """

    summary: FreeText
    flags: _Explained
    dropped: _Explained = ()  # what a recommendation has, and why this profile has not
    plain: ProfileName = ""
    trained: ProfileName = ""
    language: Language | None = None
    compiler: Word | None = None
    library: LibraryName | None = None
    against: ProfileName = ""
    default: bool = False
    quick: bool = False


@dataclass(frozen=True, slots=True)
class BuildProfile:
    """One way to build. `flags` are those of the plain sibling followed by its own, each with its reason.

    One that is `trained` is built as the profile of that name is, guided by what its instrumented build counted.
    """

    name: str
    summary: str
    language: str
    compiler: str
    library: str
    plain: str
    against: str | None
    by_default: bool
    when_quick: bool
    flags: tuple[tuple[str, str], ...]
    own_flags: int
    file: Path
    trained: str | None = None

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
    return read(_WATCHED / "clang-sanitized.json")


def race_detecting() -> BuildProfile:
    """The same for races between threads."""
    return read(_WATCHED / "clang-tsan.json")


def read(file: Path, found: dict[str, BuildProfile] | None = None) -> BuildProfile:
    """The profile in a file, with its plain sibling beside it; raises UsageError where it is none.

    Those that were `found` before are not read again, and it is added to them.
    """
    found = {} if found is None else found
    if file.stem in found:
        return found[file.stem]
    written = _written(file)
    if written.trained:
        found[file.stem] = _training(file, written, found)
        return found[file.stem]
    base = _base(file, written.plain, found) if written.plain else None
    if base:
        _refuse_more_than_hardening(file.stem, (flag for flag, _ in written.flags))
    language, compiler, library = (
        (base.language, base.compiler, base.library) if base else (written.language, written.compiler, written.library)
    )
    if language is None or compiler is None or library is None:
        raise UsageError(f"profile {file.stem} lacks its language, compiler or library, and names no plain sibling.")
    profile = BuildProfile(
        name=file.stem,
        summary=written.summary,
        language=language,
        compiler=compiler,
        library=library,
        plain=base.name if base else file.stem,
        against=written.against or None,
        by_default=written.default,
        when_quick=written.quick,
        flags=(*(base.flags if base else ()), *written.flags),
        own_flags=len(written.flags),
        file=file,
    )
    found[file.stem] = profile
    return profile


def _training(file: Path, written: ProfileFile, found: dict[str, BuildProfile]) -> BuildProfile:
    """The profile that is another one, trained; its plain sibling is that one's, trained as well."""
    source = file.with_name(f"{written.trained}.json")
    base = None if _written(source).trained else read(source, found)
    if base is None or base.is_rebuild or base.language not in _TRAINED:
        raise UsageError(
            f"profile {file.stem} trains {written.trained}, which is trained itself, built a second time, or not in"
            " C++: name one that is none of these."
        )
    if written.flags or written.language or written.compiler or written.library:
        raise UsageError(f"profile {file.stem} trains {base.name}, and has all else from it: leave that out.")
    plain = _base(file, written.plain, found) if written.plain else None
    if (plain.trained if plain else base.name) != base.plain:
        raise UsageError(f"profile {file.stem} trains {base.name}: name as plain the profile that trains {base.plain}.")
    own = base.flags[len(base.flags) - base.own_flags :]
    return replace(
        base,
        name=file.stem,
        summary=written.summary,
        plain=plain.name if plain else file.stem,
        against=written.against or None,
        by_default=written.default,
        when_quick=written.quick,
        flags=(*plain.flags, *own) if plain else (*base.flags, _TRAINED[base.language]),
        own_flags=len(own) if plain else len(base.flags) + 1,
        file=file,
        trained=base.name,
    )


def _refuse_more_than_hardening(name: str, flags: Iterable[str]) -> None:
    for flag in flags:
        if not _HARDENS.fullmatch(flag):
            raise UsageError(
                f"profile {name} adds {flag} to its plain sibling, and this is no flag that hardens: give it to a"
                " plain profile of its own, or add its kind to _HARDENS in suite/profiles.py."
            )


def _base(file: Path, plain: str, found: dict[str, BuildProfile]) -> BuildProfile:
    base = file.with_name(f"{plain}.json")
    if _written(base).plain:
        raise UsageError(f"profile {file.stem} builds on {plain}, which is not plain itself: name its plain sibling.")
    return read(base, found)


def _written(file: Path) -> ProfileFile:
    name = shown(file.stem, quoted=False)
    if not _NAME.fullmatch(file.stem):
        raise UsageError(f"profile {name} has a name that is not in lower case: rename its file.")
    return read_small(file, ProfileFile, f"{name}.json beside the other profiles", f"profile {name}")


def ad_hoc(text: str) -> BuildProfile:
    """Make a profile of `'mine: g++-14 -O3 -march=x86-64-v3'`: its own plain sibling, stored in the build folder.

    One of `'zeroinit: gcc-o2 + -ftrivial-auto-var-init=zero'` hardens the profile of the suite that it names, one of
    `'trunk: clang-o2 @ /path/to/clang++'` is that profile by another compiler. Raises UsageError where the text is
    none of these.
    """
    name, colon, command = text.partition(":")
    name = name.strip()
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--profile {text!r} cannot be split into words: {error}.") from error
    if not colon or not _NAME.fullmatch(name) or not words:
        raise UsageError(
            f"--profile {text!r} is not of the form 'name: compiler flags...', as in 'mine: g++-14 -O3',"
            " 'name: profile + flags...', as in 'zeroinit: gcc-o2 + -ftrivial-auto-var-init=zero', or"
            " 'name: profile @ compiler flags...', as in 'old: gcc-o2 @ g++-12'."
        )
    for word in words:
        if re.search(r"[\s;'\"$`\\]", word):
            raise UsageError(f"--profile {name!r}: the build cannot pass {word!r} on: leave out spaces and quotes.")
    known = shipped()
    if name in known:
        raise UsageError(f"--profile {name!r} has the name of a profile of the suite: choose another.")
    if words[0] in known and known[words[0]].trained:
        raise UsageError(f"--profile {name!r} builds on {words[0]}, which is trained: only profiles of the suite are.")
    if "@" in words:
        return _by_compiler(name, words, known)
    return _hardening(name, words, known) if "+" in words else _of_compiler(name, words)


def _by_compiler(name: str, words: Sequence[str], known: Mapping[str, BuildProfile]) -> BuildProfile:
    """A profile of the suite built by another compiler, with flags that say where that has its library.

    That of a hardened one has the plain one by the same compiler for its plain sibling.
    """
    base = known.get(words[0])
    if words[1:2] != ["@"] or base is None:
        raise UsageError(
            f"--profile {name!r} builds {shown(' '.join(words[: words.index('@')]))} with another compiler, which is no"
            f" profile: choose from {', '.join(known)}."
        )
    compiler, *flags = words[2:] or [""]
    if not compiler or compiler.startswith("-"):
        raise UsageError(f"--profile {name!r} names no compiler: give its command or path behind the '@'.")
    for flag in flags:
        if not PLACES.fullmatch(flag):
            raise UsageError(
                f"--profile {name!r} adds {flag} to {base.name}, and this says not where a library is (by an absolute"
                f" path): give flags of its own to a profile 'name: compiler flags...'."
            )
    written = {
        "summary": f"given on the command line: {base.name} @ {_published([Path(compiler).name, *flags])}",
        "language": base.language,
        "compiler": compiler,
        "library": base.library,
        "flags": [*((flag, _GIVEN) for flag in flags), *base.flags],
        **({"against": base.against} if base.against else {}),
    }
    if base.plain == base.name:
        return _stored(name, written)
    plain = f"{name}-plain"
    if not _NAME.fullmatch(plain) or plain in known:
        raise UsageError(
            f"--profile {name!r}: {plain} is the name of its plain sibling: choose a shorter or another one."
        )
    _by_compiler(plain, [base.plain, "@", compiler, *flags], known)
    return replace(_stored(name, written), plain=plain, own_flags=base.own_flags)


def _of_compiler(name: str, words: Sequence[str]) -> BuildProfile:
    """A profile that is its own plain sibling, of a compiler and flags."""
    rust = Path(words[0]).name.startswith("rustc")
    library = "std" if rust else "libc++" if "-stdlib=libc++" in words else "libstdc++"
    written = {
        "summary": f"given on the command line: {_published([Path(words[0]).name, *words[1:]])}",
        "language": "rust" if rust else "c++",
        "compiler": words[0],
        "library": library,
        "flags": [[flag, _GIVEN] for flag in words[1:]],
        **({"against": "clang-o2"} if rust else {}),
    }
    return _stored(name, written)


def _hardening(name: str, words: Sequence[str], known: Mapping[str, BuildProfile]) -> BuildProfile:
    """A profile that adds flags to one of the suite, its plain sibling, and shares the rest with it."""
    (given, plus), flags = (words[:2] if len(words) > 1 else ("+", "")), words[2:]
    base = known.get(given)
    if plus != "+" or base is None:
        raise UsageError(
            f"--profile {name!r} adds flags to {shown(' '.join(words[: words.index('+')]))}, which is no profile:"
            f" choose from {', '.join(one.name for one in known.values() if one.plain == one.name)}."
        )
    if base.plain != base.name:
        raise UsageError(
            f"--profile {name!r} adds flags to {base.name}, which is hardened itself: add them to {base.plain}, its"
            " plain sibling."
        )
    if not flags:
        raise UsageError(f"--profile {name!r} adds no flags to {base.name}: give them behind the '+'.")
    _refuse_more_than_hardening(name, flags)
    written = {
        "summary": f"given on the command line: {base.name} + {_published(flags)}",
        "language": base.language,
        "compiler": base.compiler,
        "library": base.library,
        "flags": [*base.flags, *((flag, _GIVEN) for flag in flags)],
        **({"against": base.against} if base.against else {}),
    }
    # Its file is complete, since its plain sibling's lies in another folder.
    return replace(_stored(name, written), plain=base.name, own_flags=len(flags))


def _file_of(name: str) -> Path:
    return BUILD / "profiles-ad-hoc" / f"{name}.json"


def _stored(name: str, written: Mapping[str, object]) -> BuildProfile:
    """The profile that is written to the build folder; the flags in it are those that may be published."""
    file = _file_of(name)
    make_build_folder(file.parent)
    content = json.dumps(written, indent=2) + "\n"
    if not file.exists() or file.read_text(encoding="utf-8") != content:
        file.write_text(content, encoding="utf-8")
    return _given(file)


def _given(file: Path) -> BuildProfile:
    profile = read(file)
    return replace(profile, flags=tuple((_published([flag]), why) for flag, why in profile.flags))


def _published(words: Iterable[str]) -> str:
    """What documents have of a compiler's words: no private path, and no value of a macro that is not the library's."""
    return privacy.scrub(" ".join(re.sub(r"^(-D[A-Za-z]\w*=).+", r"\1…", word) for word in words), ())


SETS: Mapping[str, Callable[[BuildProfile], bool]] = {
    "default": lambda profile: profile.by_default,
    "quick": lambda profile: profile.when_quick,
    "trained": lambda profile: profile.trained is not None,
    "all": lambda profile: True,
}
"""Names that stand for several profiles of the suite."""


def choose(names: str | None, given: Sequence[str], usual: str = "default") -> list[BuildProfile]:
    """The profiles to measure: `names` is None (the `usual` set), or names and sets with commas; `given` are ad hoc.

    With ad hoc profiles and no names, only those are measured, and the profiles that they harden. The ad hoc ones come
    last. Raises UsageError for an unknown name.
    """
    known = shipped()
    extra = [ad_hoc(text) for text in given]
    bases = {profile.plain: known[profile.plain] for profile in extra if profile.plain in known}
    for profile in extra:
        if sum(other.name == profile.name for other in extra) > 1:
            raise UsageError(f"--profile {profile.name!r} is given twice: give each a name of its own.")
        print(f"note: documents will say of the profile {profile.name}: {profile.summary}", file=sys.stderr)
    if names is None and extra:
        return [*bases.values(), *extra]
    wanted = [name.strip() for name in (usual if names is None else names).split(",") if name.strip()]
    choices = f"choose from {', '.join(known)}, or from the sets {', '.join(SETS)}."
    for name in wanted:
        if name not in known and name not in SETS:
            raise UsageError(f"no profile {name!r}: {choices}")
    chosen: dict[str, BuildProfile] = {}
    for name in wanted:
        chosen.update({p.name: p for p in known.values() if (SETS[name](p) if name in SETS else p.name == name)})
    if not chosen and not extra:
        raise UsageError(f"--profiles {names!r} names no profile: {choices}")
    return [*({**chosen, **bases}).values(), *extra]


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
            if name not in chosen and (name in known or _file_of(name).exists()):
                chosen[name] = known[name] if name in known else _given(_file_of(name))
                queue.append(chosen[name])
    return list(chosen.values())
