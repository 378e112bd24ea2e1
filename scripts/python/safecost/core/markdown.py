"""Texts as inline Markdown that says just what they say."""

from __future__ import annotations

import html
import re

from safecost.core.text import visible

LONGEST = 400  # characters of one value


def inline(value: object) -> str:
    """A value as inline Markdown that says just what the value says: one line, nothing in it is obeyed."""
    line = " ".join(visible(str(value)).split())
    line = line if len(line) <= LONGEST else line[:LONGEST] + "…"
    line = re.sub(r"([\\`*\[\]~|#!$])", r"\\\1", html.escape(line, quote=False))
    # An underscore inside a word is only an underscore.
    line = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", line)
    # Neither addresses nor people are to become links.
    line = line.replace("://", "&#58;//").replace("@", "&#64;").replace("www.", "www&#46;")
    # At its start a line could still become a list, a heading or a rule.
    return re.sub(r"^(\d*)([-+=]|[.)](?=\s|$))", r"\1\\\2", line)
