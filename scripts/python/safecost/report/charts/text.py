"""Text on a chart: how wide it is, and how it is made to fit. Lengths are CSS pixels."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from itertools import accumulate

from matplotlib.font_manager import findfont, get_font

from safecost.core.text import visible


def slug(text: str) -> str:
    """A name that is safe as a file name and as an id."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")[:64] or "unnamed"


@cache
def _advance(character: str, bold: bool) -> float:
    """Width of a character as a share of the font's size, in DejaVu Sans, which is wider than most of its kind."""
    font = get_font(findfont("DejaVu Sans:bold" if bold else "DejaVu Sans"))
    if not font.get_char_index(ord(character)):
        return 1.0  # drawn by some other font, at most as wide as high
    font.set_size(100, 72)
    return float(font.load_char(ord(character)).linearHoriAdvance) / 65536 / 100


def width(text: str, size: float, bold: bool = False) -> float:
    """Pixels that a text of a font size takes on one line."""
    return size * sum(_advance(character, bold) for character in _line(text))


def _line(text: str) -> str:
    return " ".join(visible(text[:600]).split())


def fit(text: str, size: float, room: float, bold: bool = False) -> str:
    """The text on one line, cut with … where it does not fit into `room` pixels."""
    line = _line(text)
    if width(line, size, bold) <= room:
        return line
    ends = accumulate(size * _advance(character, bold) for character in line)
    return line[: bisect_right(list(ends), room - size * _advance("…", bold))] + "…"


def wrap(text: str, size: float, room: float) -> list[str]:
    """The text in bold lines of at most `room` pixels; a longer word is cut."""
    lines = [""]
    for word in _line(text).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width(longer, size, True) > room:
            lines.append(fit(word, size, room, True))
        else:
            lines[-1] = fit(longer, size, room, True)
    return lines
