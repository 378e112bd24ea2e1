"""The sample document with calibrations in it: a case whose ratios are known, measured well or measured by a liar."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from safecost.document.types import Case, Document, Parameter, Source, Variant
from safecost.testing.made_up_panel import Arm, make_panel

PARAMETER = Parameter(1024, None, "L1")
PLANTED = {"plus_1": 1.01, "plus_2": 1.02, "plus_5": 1.05, "minus_2": 0.98}


def with_calibration(document: Document, true: Mapping[str, float] | None = None) -> Document:
    """The document and a case of calibrations: `true` holds what a calibration really costs where that is not what it
    says."""
    case = Case(
        "calibration",
        "straight",
        "Is a difference of 1, 2 or 5 % found?",
        "measured",
        None,
        False,
        (Source("straight.cc", "// Is a difference of 1, 2 or 5 % found?\n"),),
        (PARAMETER,),
        (
            Variant("base", "raw", "c++", "100 times"),
            Variant("aa", "aa", "c++", "the same source as a second function"),
            *(Variant(name, "calibration", "c++", f"{ratio} times the base") for name, ratio in PLANTED.items()),
        ),
        (),
    )
    arms = [Arm("base", "gcc-o2", "raw", 2e4, 2e-4), Arm("aa", "gcc-o2", "aa", 2e4, 2e-4)]
    costs = {**PLANTED, **(true or {})}
    arms += [Arm(name, "gcc-o2", "calibration", 2e4 * costs[name], 2e-4) for name in PLANTED]
    pairs = [("aa", 1, 0), *(("calibration", place, 0) for place in range(2, 2 + len(PLANTED)))]
    panel = make_panel("calibration/straight", "gcc-o2", PARAMETER, arms, pairs)  # type: ignore[arg-type]
    told = tuple(
        dataclasses.replace(pair, planted=PLANTED.get(panel.contenders[pair.numerator].variant, 1.0))
        for pair in panel.pairs
    )
    panel = dataclasses.replace(panel, pairs=told)
    return dataclasses.replace(document, cases=(*document.cases, case), panels=(*document.panels, panel))
