"""Rows of two run documents that are estimated: the ratio that each measured of the same two contenders.

Times of different runs are never compared. A run times both arms of a pair in one process, so that its ratio is worth
something elsewhere; what is compared is the ratio of base with that of head. Each has its own launches, so their
difference is known worse than one that was timed together, and what differs between the runs but is no code
(placement, the machine's state, the seed's inputs) is in it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from safecost.compare.exact import comparable, known, union
from safecost.compare.rows import SAME, SAME_NOTE, ComparisonRow, Metric, RowPlace, time_row
from safecost.core.decoding import filled
from safecost.core.text import counted, percent
from safecost.document.measured import Pair, Panel, untouched
from safecost.document.types import Document
from safecost.document.values import PairKind
from safecost.stats.pairs import change_interval

TIME_OF: dict[PairKind, Metric] = {"idiom": "idiom_time", "profile": "profile_time", "language": "language_time"}
"""Full cost is left out: what it is over is the raw variant that was fastest in the run, which may be another one."""

FEWEST_SAME = 20
"""Pairs of equal machine code below which their straying tells nothing of two runs."""

MOST_MOVED = 0.05
"""Share of the pairs of equal machine code that may differ beyond the margin where times are fit for a gate."""

PairKey = tuple[Metric, RowPlace, tuple[str, str]]


def time_rows(base: Document, head: Document, margin: float) -> Iterator[ComparisonRow]:
    """Each pair's ratio in base and in head, with an interval of the ratio of both."""
    same = _same_plugins(base, head)
    cases = comparable(base, head)
    before, after = (dict(pair_keys(document, cases)) for document in (base, head))
    plain = {profile.name: profile.plain for profile in head.profiles}
    spared = untouched(head.codes, plain)
    for (metric, place, builds), old, new in union(*known(before, after)):
        if metric == "profile_time" and new is None and (place.case, place.profile, place.variant) in spared:
            continue  # hardened or not it is the same code, which nobody times
        if old is None or new is None:
            ratios = [None if one is None else one.ratio for one in (old, new)]
            yield ComparisonRow(place, metric, ratios[0], ratios[1], "new" if old is None else "missing")
            continue
        same_code = all((place.case, build) in same for build in builds)
        yield time_row(
            place, metric, old.ratio, new.ratio, _interval(old, new), margin, same_code=same_code, note=_why(old, new)
        )


def pair_keys(document: Document, cases: Container[str]) -> Iterator[tuple[PairKey, Pair]]:
    """The pairs of these cases that are compared, by metric, place and the two profiles that built them."""
    for panel in document.panels:
        for pair in panel.pairs:
            if panel.case in cases and pair.kind in TIME_OF:
                yield _key(panel, pair), pair


def _key(panel: Panel, pair: Pair) -> PairKey:
    top, bottom = panel.contenders[pair.numerator], panel.contenders[pair.denominator]
    against = f"{bottom.variant}@{bottom.profile}"
    place = filled(RowPlace, panel, variant=top.variant, profile=top.profile, fault=None, against=against)
    return TIME_OF[pair.kind], place, (top.profile, bottom.profile)


def _interval(old: Pair, new: Pair) -> tuple[float, float, float] | None:
    return SAME if old.ratios == new.ratios else change_interval(old.interval, new.interval)


def _why(old: Pair, new: Pair) -> str | None:
    if old.ratios == new.ratios:
        return SAME_NOTE
    for which, pair in (("base", old), ("head", new)):
        if pair.low is None:
            return f"{which} has no interval: {pair.reason or 'its launches are too few'}"
    return None


def _same_plugins(base: Document, head: Document) -> set[tuple[str, str]]:
    """The plugins, by case and profile, that are the same bytes on both sides."""
    before, after = ({(one.case, one.profile): one.sha256 for one in document.plugins} for document in (base, head))
    return {key for key, digest in before.items() if after.get(key) == digest}


def unstable(rows: Iterable[ComparisonRow]) -> Iterator[str]:
    """Pairs of the same bytes are A/A pairs between the runs: a sentence where so many differ that anything may."""
    same = [row for row in rows if row.same_code and row.tier == "time" and row.low is not None]
    moved = [row for row in same if row.verdict in ("regression", "improvement")]
    if len(same) >= FEWEST_SAME and len(moved) > MOST_MOVED * len(same):
        yield (
            f"{len(moved)} of {counted(len(same), 'pair')} whose machine code is the same in base and head differ by"
            f" more than the margin, where {percent(MOST_MOVED)} may: something other than the code has changed."
        )
