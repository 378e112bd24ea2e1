"""A sound sample document, and the same with one thing changed: what comparisons are tried on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from safecost.document.judged import Proof
from safecost.document.measured import Code, Contender, Count, Pair, Panel
from safecost.document.types import Document, Problem
from safecost.stats.pairs import summarise
from safecost.testing.made_up_panel import MARGIN
from safecost.testing.sample_document import build_sample_document


def sound_document() -> Document:
    """The sample document in which nothing is wrong, and every panel has six launches."""
    made = build_sample_document()
    cases = tuple(replace(case, status="measured", reason=None) for case in made.cases)
    return replace(
        made, cases=cases, problems=(), panels=tuple(panel for panel in made.panels if len(panel.launches) == 6)
    )


def rebuilt(document: Document) -> Document:
    """The document with other bytes in each plugin."""
    plugins = tuple(replace(one, sha256=hashlib.sha256(one.sha256.encode()).hexdigest()) for one in document.plugins)
    return replace(document, plugins=plugins)


def with_counts(document: Document, variant: str, change: Callable[[Count], Count]) -> Document:
    """The document with other counts of a variant."""
    return replace(document, counts=tuple(change(one) if one.variant == variant else one for one in document.counts))


def with_codes(document: Document, variant: str, change: Callable[[Code], Code]) -> Document:
    """The document with other machine code of a variant."""
    return replace(document, codes=tuple(change(one) if one.variant == variant else one for one in document.codes))


def with_proofs(document: Document, name: str, change: Callable[[Proof], Proof]) -> Document:
    """The document with other outcomes of a contender, `variant@profile`."""
    proofs = tuple(change(one) if f"{one.variant}@{one.profile}" == name else one for one in document.proofs)
    return replace(document, proofs=proofs)


def with_problem(document: Document, problem: Problem) -> Document:
    """The document with one problem more."""
    return replace(document, problems=(*document.problems, problem))


def disqualified(document: Document, case: str) -> Document:
    """The document with a case disqualified."""
    cases = tuple(
        replace(one, status="disqualified", reason="at computed something else") if one.name == case else one
        for one in document.cases
    )
    return replace(document, cases=cases)


def slower(document: Document, name: str, factor: float) -> Document:
    """The document with one contender, `case/variant@profile`, so many times as slow in each launch of its panel."""
    return replace(document, panels=tuple(_slower(panel, name, factor) for panel in document.panels))


def _slower(panel: Panel, name: str, factor: float) -> Panel:
    arms = tuple(
        replace(arm, nanoseconds=tuple(time * factor for time in arm.nanoseconds))
        if f"{panel.case}/{arm.variant}@{arm.profile}" == name and arm.profile == panel.profile
        else arm
        for arm in panel.contenders
    )
    return replace(panel, contenders=arms, pairs=tuple(_measured(pair, arms) for pair in panel.pairs))


def noisy(document: Document, spread: float, seed: int) -> Document:
    """The document measured again: every launch's ratio times a normal error (`spread` in logarithms)."""
    random = np.random.default_rng(seed)

    def pair_of(pair: Pair) -> Pair:
        errors = np.exp(random.normal(0.0, spread, len(pair.ratios)))
        return _with_ratios(pair, [pair.ratio * float(error) for error in errors])

    panels = (replace(panel, pairs=tuple(pair_of(pair) for pair in panel.pairs)) for panel in document.panels)
    return replace(document, panels=tuple(panels))


def _measured(pair: Pair, arms: Sequence[Contender]) -> Pair:
    times = zip(arms[pair.numerator].nanoseconds, arms[pair.denominator].nanoseconds, strict=True)
    return _with_ratios(pair, [above / below for above, below in times])


def _with_ratios(pair: Pair, ratios: Sequence[float]) -> Pair:
    told = summarise(ratios, MARGIN)
    return replace(
        pair, ratios=tuple(ratios), ratio=told.ratio, low=told.low, high=told.high, level=told.level,
        verdict=told.verdict, reason=told.reason, detectable=told.detectable,
    )  # fmt: skip
