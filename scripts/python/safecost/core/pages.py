"""Pages from templates: HTML that opens from disk without a network, and Markdown for code hosts.

Documents come from strangers. Whatever is printed is escaped by the template engine, never by hand; a page forbids
itself everything but its own style and script, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import html as markup
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from safecost.core.paths import PACKAGE
from safecost.core.text import counted, number, percent, size_text, visible

LONGEST = 400  # characters of one value in Markdown
TEMPLATES = FileSystemLoader(sorted(PACKAGE.glob("**/templates")), encoding="utf-8")  # each room has its own


def exists(template: str) -> bool:
    """Is there a template of that name?"""
    try:
        TEMPLATES.get_source(Environment(), template)
    except TemplateNotFound:
        return False
    return True


def save(path: Path, text: str) -> None:
    """Write a text file with plain line ends."""
    path.write_text(text, encoding="utf-8", newline="\n")


def html(
    template: str, styles: Sequence[str] = ("report.css",), script_file: str = "report.js", **values: object
) -> str:
    """A self-contained page: everything escaped, its style sheets and its script allowed by their hashes."""
    style = "".join(_text(name) for name in styles)
    script = _text(script_file)
    allowed = f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    own = {"policy": Markup(policy), "style": Markup(style), "script": Markup(script)}
    return _environment(True, _printable).get_template(template).render(**values, **own)


def markdown(template: str, **values: object) -> str:
    """Markdown in which no value can say more than its text."""
    return _environment(False, inline).get_template(template).render(**values)


def own_markdown(template: str, **values: object) -> str:
    """Markdown whose values are the suite's own Markdown; only what goes through the filter `words` is a stranger's."""
    return _environment(False, _as_it_is).get_template(template).render(**values)


def inline(value: object) -> str:
    """A value as inline Markdown that says just what the value says: one line, nothing in it is obeyed."""
    line = " ".join(visible(str(value)).split())
    line = line if len(line) <= LONGEST else line[:LONGEST] + "…"
    line = re.sub(r"([\\`*\[\]~|#!$])", r"\\\1", markup.escape(line, quote=False))
    # An underscore inside a word is only an underscore.
    line = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", line)
    # Neither addresses nor people are to become links.
    line = line.replace("://", "&#58;//").replace("@", "&#64;").replace("www.", "www&#46;")
    # At its start a line could still become a list, a heading or a rule.
    return re.sub(r"^(\d*)([-+=]|[.)](?=\s|$))", r"\1\\\2", line)


@cache
def _environment(escape: bool, finalize: Callable[[object], object]) -> Environment:
    environment = Environment(
        loader=TEMPLATES,
        undefined=StrictUndefined,
        autoescape=escape,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["words"] = inline
    environment.globals |= {"number": number, "percent": percent, "counted": counted, "size": size_text}
    return environment


def _text(name: str) -> str:
    """A file that stands among the templates."""
    return TEMPLATES.get_source(Environment(), name)[0]


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _printable(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _as_it_is(value: object) -> object:
    return value
