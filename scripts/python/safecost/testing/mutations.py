"""Spoils values by their schema: each mutation is what a stranger's file may hold in the place of something valid."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

# What fits nowhere, or only here and there.
_ANYTHING: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.5, 1 << 63, 1 << 70, 10**400, 1e308, -1e308, float("nan"), float("inf"),
    "", "x", "é", "x" * 300, "x" * 30_000, "../../x", "/dev/zero", "\x00", "\x1b[31m", "\u202e", "\ud800", "a\nb",
    "2001-01-01T00:00:00Z", [], {}, [None], [[]], {"": None}, {"x": {"x": []}}, ["x"] * 300,
)  # fmt: skip


def mutated(plain: Any, schema: Schema, draw: random.Random) -> Any:
    """A copy with one to three things wrong with it."""
    changed = copy.deepcopy(plain)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        places = list(_places(changed, schema, schema, None, None))
        if places:
            _spoil(*draw.choice(places), draw)
    return changed


def spoiled_text(plain: Any, draw: random.Random) -> bytes:
    """The JSON of a value as a disk, a careless editor or an enemy leaves it."""
    data = json.dumps(plain).encode()
    at = draw.randrange(len(data) + 1)
    return draw.choice(
        (
            data[:at],
            data[:at] + bytes([draw.randrange(256)]) + data[at + 1 :],
            data[:at] + data[at // 2 :],
            data[:at] + b"[" * 5_000 + data[at:],
            data[:at] + b"{" * 100_000,
            data.replace(b'": ', b'": 1' + b"0" * 5_000 + b", ", 1),
            data.replace(b"{", b'{"x": 1, "x": 2, ', 1),
            b"\xef\xbb\xbf" + data,
            data.decode().encode("utf-16"),
            data + data,
            b"\0" * len(data),
            b"",
        )
    )


def _places(
    value: Any, schema: Schema, whole: Schema, parent: Any, key: str | int | None
) -> Iterator[tuple[Any, str | int, Schema]]:
    """Every place below a value: what holds it, under which key, and the schema of what is there."""
    kinds = _kinds(schema, whole)
    if parent is not None and key is not None:
        yield parent, key, _united(kinds)
    if isinstance(value, dict):
        known: dict[str, Any] = {name: part for kind in kinds for name, part in kind.get("properties", {}).items()}
        others: Schema = next((kind["additionalProperties"] for kind in kinds if kind.get("additionalProperties")), {})
        for name in {**value, **known}:  # what has a default may be left out, and may be wrong when it is there
            yield from _places(value.get(name), known.get(name, others), whole, value, name)
    if isinstance(value, list):
        items: Schema = next((kind["items"] for kind in kinds if kind.get("items")), {})
        for at in range(min(len(value), 3)):
            first = next((kind["prefixItems"][at] for kind in kinds if at < len(kind.get("prefixItems", ()))), items)
            yield from _places(value[at], first, whole, value, at)


def _kinds(schema: Schema, whole: Schema) -> list[Schema]:
    """The alternatives of a schema, without references."""
    if "$ref" in schema:
        return _kinds(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in schema:
        return [kind for part in schema["anyOf"] for kind in _kinds(part, whole)]
    return [schema]


def _united(kinds: list[Schema]) -> Schema:
    return {name: value for kind in kinds for name, value in kind.items()}


def _spoil(parent: Any, key: str | int, schema: Schema, draw: random.Random) -> None:
    """Put something wrong in a place, take it away, or put something beside it."""
    beyond: list[Any] = [*map(_other_word, schema.get("enum", ()))]
    beyond += [schema[name] + step for name, step in (("minimum", -1), ("maximum", 1)) if name in schema]
    beyond += ["x" * (schema["maxLength"] + 1)] if "maxLength" in schema else []
    beyond += [[None] * (schema["maxItems"] + 1)] if schema.get("maxItems", 1000) < 1000 else []
    what = draw.choice(("replace", "replace", "beyond", "remove", "add"))
    if what == "remove" and isinstance(parent, dict):
        parent.pop(key, None)
    elif what == "add" and isinstance(parent, dict):
        parent[draw.choice(("x", "\x1b[31m", "", "x" * 1000, "schema"))] = draw.choice(_ANYTHING)
    elif what == "add":
        parent.append(draw.choice((*_ANYTHING, *parent)))
    else:
        parent[key] = draw.choice(beyond) if what == "beyond" and beyond else copy.deepcopy(draw.choice(_ANYTHING))


def _other_word(word: Any) -> Any:
    return f"{word}s"
