"""What a plugin tells of itself, checked before anything else believes it: one bad case must not cost a whole run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from safecost.document.types import beside_size

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
# What the run document can hold.
_MOST = 64  # entries of each kind
_LARGEST = 2**48
_LONGEST_LABEL = 64


def objection(said: Mapping[str, Any]) -> str | None:
    """Why a plugin's description cannot be believed, worded to follow the plugin's name; None if it can."""
    return next(_objections(said), None)


def _objections(said: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("variants", "parameters", "faults"):
        if len(said[kind]) > _MOST:
            yield f"has {len(said[kind])} {kind}, and {_MOST} are the most"
    names = [fault["name"] for fault in said["faults"]]
    for fault in said["faults"]:
        name = fault["name"]
        if not _NAME.fullmatch(name):
            yield f"has a fault named '{name[:80]}': use lower case, digits and _"
        if names.count(name) > 1:
            yield f"has two faults named {name}"
        # A twin says nothing of a fault but its name; a name that a C++ case does not declare looks the same there.
        if fault["cwe"] == 0 and said["language"] == "c++":
            yield f"speaks of a fault {name} that it does not declare, or declares with the CWE number 0"
        elif fault["cwe"] > 99_999:
            yield f"gives fault {name} the CWE number {fault['cwe']}"
    places = [(parameter["size"], parameter["rate"], parameter["threads"]) for parameter in said["parameters"]]
    for parameter in said["parameters"]:
        size, rate, label, threads = (parameter[key] for key in ("size", "rate", "label", "threads"))
        where = f"size {size}{beside_size(rate, threads)}"
        if size > _LARGEST:
            yield f"times {where}, and {_LARGEST} is the largest size"
        if rate is not None and not 0 <= rate <= 1:
            yield f"times {where}, and a rate is from 0 to 1"
        if places.count((size, rate, threads)) > 1:
            yield f"times {where} twice"
        if len(label) > _LONGEST_LABEL or not label.isprintable():
            yield f"labels {where} with what is no short word"
