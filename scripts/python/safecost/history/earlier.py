"""Records of the first version of a history, brought into the words of today's; what they say stays the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safecost.document.earlier import PROFILES, VALUES

OLDEST = 1
"""The oldest version that is still read."""

_WORDS = {
    "kind": VALUES["role"],
    "verdict": VALUES["verdict"],
    "variant": VALUES["variant"],
    "against": VALUES["variant"],
    **dict.fromkeys(("profile", "against_profile", "panel"), PROFILES),
}


def upgraded(fields: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The fields of a record as today's version has them, from values that may be malformed: such a value stays."""
    return dict(fields) if version > OLDEST else {name: _word(name, value) for name, value in fields.items()}


def _word(name: str, value: Any) -> Any:
    if name == "case" and isinstance(value, str):
        return _case(value)
    if name == "sources" and isinstance(value, dict):
        return {_case(case): source for case, source in value.items()}
    if name == "toolchains" and isinstance(value, list):
        return [one | {"name": _of(PROFILES, one.get("name"))} if isinstance(one, dict) else one for one in value]
    return _of(_WORDS.get(name, {}), value)


def _case(name: str) -> str:
    return f"calibration/{name.removeprefix('controls/')}" if name.startswith("controls/") else name


def _of(words: Mapping[str, str], value: Any) -> Any:
    return words.get(value, value) if isinstance(value, str) else value
