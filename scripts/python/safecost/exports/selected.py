"""What of a run is exported: rows that match a filter, of cases that were not disqualified, each name once."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace

from safecost.compare.google_benchmark import by_name
from safecost.core.errors import UsageError
from safecost.document.measured import Contender, Panel
from safecost.document.types import Document
from safecost.history import of_document
from safecost.history.records import CodeRecord, CountRecord, PairRecord, ProofRecord
from safecost.stats.spread import Spread
from safecost.suite.cases import pattern_of


@dataclass(frozen=True, slots=True)
class SelectedContender:
    """A contender with the panel that timed it; `position` is its place among the contenders there."""

    name: str
    panel: Panel
    contender: Contender

    @property
    def nanoseconds(self) -> float:
        """Time of a call, in nanoseconds: the median over launches."""
        return statistics.median(self.contender.nanoseconds)


@dataclass(frozen=True, slots=True)
class Selected:
    """A run reduced to what is exported; `spreads` are those of pairs, by subject."""

    document: Document
    pairs: tuple[PairRecord, ...]
    counts: tuple[CountRecord, ...]
    codes: tuple[CodeRecord, ...]
    proofs: tuple[ProofRecord, ...]
    timed: tuple[SelectedContender, ...]
    spreads: Mapping[str, Spread | None]

    @property
    def costs(self) -> list[PairRecord]:
        """The pairs whose ratio is no known one."""
        return [pair for pair in self.pairs if pair.kind not in {"aa", "calibration"}]


def select(document: Document, expression: str | None) -> Selected:
    """What matches; raises UsageError where nothing does, or nothing was measured."""
    pattern = pattern_of(expression) or re.compile("")
    panels = without_disqualified(document).panels
    every = of_document.records(document, "the run")
    records = [one for one in every if pattern.search(one.subject)]
    measured = [pair for panel in panels for pair in panel.pairs]
    recorded = [one for one in every if isinstance(one, PairRecord)]
    selected = Selected(
        document,
        tuple(one for one in records if isinstance(one, PairRecord)),
        tuple(one for one in records if isinstance(one, CountRecord)),
        tuple(one for one in records if isinstance(one, CodeRecord)),
        tuple(one for one in records if isinstance(one, ProofRecord)),
        tuple(SelectedContender(name, *timed) for name, timed in by_name(panels).items() if pattern.search(name)),
        {one.subject: pair.spread for one, pair in zip(recorded, measured, strict=True)},
    )
    if not selected.pairs and not selected.timed:
        why = "the run measured nothing" if expression is None else f"--filter {expression!r} finds nothing in the run"
        raise UsageError(f"There is nothing to export: {why}.")
    return selected


def without_disqualified(document: Document) -> Document:
    """The document without the panels of disqualified cases, whose numbers time something else than they say."""
    disqualified = {case.name for case in document.cases if case.status == "disqualified"}
    return replace(document, panels=tuple(panel for panel in document.panels if panel.case not in disqualified))
