"""Writes the skeleton of a new case: a teaching file that builds, and its Rust twin."""

from __future__ import annotations

import re
from pathlib import Path

from desk.errors import UsageError

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}/[a-z][a-z0-9_]{0,63}")
_KEYWORDS = frozenset(
    {"case", "new", "delete", "default", "double", "float", "int", "switch", "union", "static", "auto"}
)


def write(name: str, folder: Path) -> list[Path]:
    """Write `<folder>/<family>/<case>.cc` and `.rs`; raises UsageError for a bad name or where a file exists."""
    if not _NAME.fullmatch(name) or _KEYWORDS & set(name.split("/")):
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
