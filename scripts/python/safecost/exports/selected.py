"""What of a run is exported: rows that match a filter, of cases that were not disqualified, each name once."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace

from safecost.core.errors import UsageError
from safecost.document.measured import Contender, Panel
from safecost.document.points import contender_name
from safecost.document.types import Document
from safecost.history import of_document
from safecost.history.records import CodeRecord, CountRecord, PairRecord, ProofRecord


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
    """A run reduced to what is exported."""

    document: Document
    pairs: tuple[PairRecord, ...]
    counts: tuple[CountRecord, ...]
    codes: tuple[CodeRecord, ...]
    proofs: tuple[ProofRecord, ...]
    timed: tuple[SelectedContender, ...]


def select(document: Document, expression: str | None) -> Selected:
    """What matches; raises UsageError where nothing does, or nothing was measured."""
    try:
        pattern = re.compile(expression or "")
    except re.error as error:
        raise UsageError(f"--filter {expression!r} is not a regular expression: {error}.") from error
    records = [one for one in of_document.records(document, "the run") if pattern.search(one.subject)]
    selected = Selected(
        document,
        tuple(one for one in records if isinstance(one, PairRecord)),
        tuple(one for one in records if isinstance(one, CountRecord)),
        tuple(one for one in records if isinstance(one, CodeRecord)),
        tuple(one for one in records if isinstance(one, ProofRecord)),
        tuple(one for one in _timed(document) if pattern.search(one.name)),
    )
    if not selected.pairs and not selected.timed:
        why = "the run measured nothing" if expression is None else f"--filter {expression!r} finds nothing in the run"
        raise UsageError(f"There is nothing to export: {why}.")
    return selected


def without_disqualified(document: Document) -> Document:
    """The document without the panels of disqualified cases, whose numbers time something else than they say."""
    disqualified = {case.name for case in document.cases if case.status == "disqualified"}
    return replace(document, panels=tuple(panel for panel in document.panels if panel.case not in disqualified))


def _timed(document: Document) -> Iterator[SelectedContender]:
    """Each contender once: as its own profile's panel timed it, or else the first that did."""
    panels = without_disqualified(document).panels
    found: dict[str, SelectedContender] = {}
    for own in (True, False):
        for panel in panels:
            for contender in panel.contenders:
                name = contender_name(
                    panel.case, contender.variant, panel.size, panel.rate, contender.profile, panel.threads
                )
                if (contender.profile == panel.profile) == own and contender.nanoseconds:
                    found.setdefault(name, SelectedContender(name, panel, contender))
    return iter(found.values())
