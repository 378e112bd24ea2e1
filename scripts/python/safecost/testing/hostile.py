"""A document whose every text attacks whoever prints it."""

from __future__ import annotations

import dataclasses
from typing import Any

HOSTILE = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=2>',
    "</style></script></pre><svg onload=window.pwned=3>",
    "$\\frac{}$ ]]> {{7*7}} {% raw %}",
    "[link](javascript:window.pwned=4) ![x](http://evil.example/x.png) <http://evil.example> www.evil.example",
    "`code` **bold** _em_ ~~gone~~ | cell | a@b.example #1 &lt;b&gt;",
    "\u202egnirts \u2066x\u2069 \x1b[31m \x00 \ud800 \ufffe",
    "# heading\n\n- list\n\n---\n| a |\n|---|\n",
    "x" * 800,
)


def hostile(value: Any, serial: list[int] | None = None) -> Any:
    """The document with every free text replaced by hostile ones, and names and references made hostile alike.

    Words that the code branches on are kept: nobody can set them without passing the schema first.
    """
    serial = serial if serial is not None else [0]
    kept = {"mode", "status", "role", "kind", "verdict", "language", "library", "started", "schema"}
    kept |= {"way", "by", "outcome", "detail", "attribution", "oracles", "stops"}
    names = {"family", "case", "variant", "profile", "fault", "name", "plain", "against", "topic", "misuse"}
    names |= {"label", "algorithm"}  # the frontier goes by how they begin, and by which are alike
    if isinstance(value, tuple):
        return tuple(hostile(item, serial) for item in value)
    if isinstance(value, dict):
        return {hostile(key, serial): hostile(item, serial) for key, item in value.items()}
    if isinstance(value, str):
        serial[0] += 1
        # Each text holds them all, each begins with another one.
        return "".join(HOSTILE[(serial[0] + number) % len(HOSTILE)] for number in range(len(HOSTILE)))
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if field.name in names and isinstance(item, str):
            # Equal names stay equal, and `family/case` keeps its slash.
            changes[field.name] = "/".join(part + HOSTILE[0].replace("/", "") + HOSTILE[1] for part in item.split("/"))
        elif field.name not in kept:
            changes[field.name] = hostile(item, serial)
    return dataclasses.replace(value, **changes)
