"""Documents of earlier schema versions, brought into the words of today's; what they say stays the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

OLDEST = 2
"""The oldest schema version that is still read."""

_KEYS = {"run": {"looks": "analyses"}, "problems": {"strikes": "disqualifies"}}
VALUES = {
    "status": {"struck": "disqualified"},
    "verdict": {"unresolved": "inconclusive"},
    "role": {"null": "aa", "control": "calibration"},
    "variant": {"null": "aa"},
    "family": {"controls": "calibration"},
}
PROFILES = {"gcc-o2-null": "gcc-o2-again"}
_PARTS_WITH_PROFILES = ("plugins", "gaps", "panels", "counts", "codes", "proofs", "problems")


def upgraded(plain: dict[str, Any], version: int) -> dict[str, Any]:
    """The document as today's version has it, from decoded JSON that may be malformed: what is not as expected stays.

    Version 2 said null for an A/A pair, control for a calibration, struck for disqualified, unresolved for
    inconclusive, looks for interim analyses.
    """
    if version == OLDEST:
        plain = _from_2(plain)
    return _from_3(plain) if version in (OLDEST, 3) else plain


def _from_3(plain: dict[str, Any]) -> dict[str, Any]:
    """Version 3 had one layout a launch, and nobody listened to a metronome."""
    for panel in _entries(plain, "panels"):
        for launch in _entries(panel, "launches"):
            if "layout" in launch:
                launch["layouts"] = [launch.pop("layout")]
            launch.setdefault("contended", None)
    return plain | {"schema_version": 4}


def _from_2(plain: dict[str, Any]) -> dict[str, Any]:
    made = {part: _renamed(value, _KEYS.get(part, {})) for part, value in plain.items()}
    for entry in _entries(made, "profiles"):
        for key in ("name", "plain", "against"):
            _replace(entry, key, PROFILES)
    for case in _entries(made, "cases"):
        for variant in _entries(case, "variants"):
            if variant.get("role") == "aa":
                _replace(variant, "name", VALUES["variant"])
    for panel in _entries(made, "panels"):
        for pair in _entries(panel, "pairs"):
            _replace(pair, "kind", VALUES["role"])
        for contender in _entries(panel, "contenders"):
            _replace(contender, "profile", PROFILES)
    for part in _PARTS_WITH_PROFILES:
        for entry in _entries(made, part):
            _replace(entry, "profile", PROFILES)
            name = entry.get("case")
            if isinstance(name, str) and name.startswith("controls/"):
                entry["case"] = "calibration" + name.removeprefix("controls")
    return made


def _renamed(value: Any, keys: dict[str, str]) -> Any:
    """A copy with the values of `VALUES` replaced everywhere, and these keys at the top of it or of its entries."""
    if isinstance(value, list):
        return [_renamed(entry, keys) for entry in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {keys.get(str(key), str(key)): _renamed(entry, {}) for key, entry in value.items()}
    for key, replacements in VALUES.items():
        _replace(made, key, replacements)
    return made


def _replace(entry: dict[str, Any], key: str, replacements: dict[str, str]) -> None:
    value = entry.get(key)
    if isinstance(value, str):
        entry[key] = replacements.get(value, value)


def _entries(plain: dict[str, Any], part: str) -> Iterator[dict[str, Any]]:
    """The objects of a list, where it is one."""
    value = plain.get(part)
    yield from (entry for entry in value if isinstance(entry, dict)) if isinstance(value, list) else ()
