"""Writes the skeleton of a new case: a teaching file that builds, and its Rust twin."""

from __future__ import annotations

import re
from pathlib import Path

from safecost.core.errors import UsageError

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}/[a-z][a-z0-9_]{0,63}")
# What a name cannot be because it is that of a namespace in the skeleton: C++'s keywords, and `std`.
_KEYWORDS = frozenset(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class
    co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype
    default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline
    int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
    reinterpret_cast requires return short signed sizeof static static_assert static_cast std struct switch
    template this thread_local throw true try typedef typeid typename union unsigned using virtual void volatile
    wchar_t while xor xor_eq
    """.split()  # noqa: SIM905 - a hundred quotation marks more would hide the words
)


def write(name: str, folder: Path) -> list[Path]:
    """Write `<folder>/<family>/<case>.cc` and `.rs`; raises UsageError for a bad name or where a file exists."""
    reserved = _KEYWORDS & set(name.split("/"))
    if reserved:
        raise UsageError(f"{name!r}: {min(reserved)} is a word of C++'s own: choose another name.")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} does not name a case: give FAMILY/CASE in lower case, as in 'indexing/gather'.")
    family, _, case = name.partition("/")
    made = []
    for suffix in ("cc", "rs"):
        file = folder / family / f"{case}.{suffix}"
        if file.exists() or (folder / family / case).exists():
            raise UsageError(f"{family}/{file.name} exists already: choose another name or edit it.")
        made.append(file)
    for file in made:
        file.parent.mkdir(parents=True, exist_ok=True)
        text = (_TEMPLATES / f"case{file.suffix}").read_text(encoding="utf-8")
        file.write_text(text.replace("FAMILY", family).replace("CASE", case), encoding="utf-8")
    return made
