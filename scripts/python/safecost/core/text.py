"""How values and texts are written, the same in the table, the report, the charts and the messages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

# What a document must not hold: control characters except line feed and tab; line and paragraph separators; the marks
# that turn the direction of text, with which source code can be made to read as other than it is; halves of
# surrogate pairs.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# Those and whatever else is drawn as nothing, so that two texts that look the same may differ by it.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]"
)


def number(value: float) -> str:
    """A ratio or a time with about four significant digits, such as `1.012`, `43.22` or `60,300`."""
    if value < 0.01:
        return f"{value:.3g}"
    return f"{value:,.{3 if value < 10 else 2 if value < 100 else 1 if value < 1000 else 0}f}"


def percent(share: float) -> str:
    """A share as a percentage, such as `1 %`, `0.45 %` or `12.5 %`."""
    if share >= 9.995:  # where the shortest form would be a power of ten
        return f"{100 * share:,.0f} %"
    return f"{100 * share:.3g} %" if share >= 0.1 else f"{100 * share:.2g} %"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun, such as `1 A/A pair` or `2 A/A pairs`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def size_text(count: int) -> str:
    """Bytes in binary units, such as `48 KiB`."""
    value, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.3g} {units[0]}" if value < 1000 else f"{value:.0f} {units[0]}"


def shortened(text: str, limit: int) -> str:
    """At most so many characters of a text, the last of them an ellipsis where there are more."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def visible(text: str) -> str:
    """The text with every unprintable or reordering character spelled out, such as ⟨U+202E⟩."""
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def file_name(path: Path) -> str:
    """A file or folder for a message, as the user named it."""
    return shown(str(path), quoted=False, limit=400)


def shown(value: Any, *, quoted: bool = True, limit: int = 80) -> str:
    """A value of any kind for a message: shortened, and safe to print whatever it holds."""
    if isinstance(value, (dict, list)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} with {len(value)} entries"
    text = value[: limit + 1] if isinstance(value, str) else json.dumps(value, default=str)
    text = "".join(c if c.isprintable() and not CONTROL.match(c) else ascii(c)[1:-1] for c in text)
    text = shortened(text, limit)
    return f'"{text}"' if quoted and isinstance(value, str) else text
