"""Tests of baselines: what is accepted, who moved it, and that a failure neither becomes normal nor freezes it."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence

import pytest

from safecost.core.errors import UsageError
from safecost.history.changes import Search
from safecost.history.records import Acceptance, CountRecord, ProofRecord, Record, RunRecord
from safecost.history.series import METRICS, RECORDS, matching, metric_of, tracks
from safecost.history.showing import TrackStatus, analysed, change_words, is_still
from safecost.history.status import SeriesStatus
from safecost.testing.made_up_history import GCC_12, GCC_13, SUBJECT, a_history, a_pair, a_run, an_acceptance, noisy


def found_in(records: Sequence[Record], decided: Sequence[Acceptance] = (), metric: str = "ratio") -> list[TrackStatus]:
    runs = [one for one in records if isinstance(one, RunRecord)]
    chosen = METRICS[metric]
    return analysed(
        tracks(runs, [one for one in records if isinstance(one, RECORDS[chosen.of])], chosen), decided, Search()
    )


def status(ratios: Sequence[float], *decided: Acceptance) -> SeriesStatus:
    (found,) = found_in(a_history(ratios), decided)
    (one,) = found.statuses
    return one


def test_the_baseline_is_the_median_of_thirty_and_never_the_previous_run() -> None:
    ratios = noisy([2.0], [50])
    ratios[-1] = 3.0  # a wild point: no change, and no baseline either
    now = status(ratios)
    assert now.usual and now.changes == ()
    assert now.baseline == statistics.median(ratios[20:])
    assert now.baseline == pytest.approx(2.0, rel=0.002)
    assert status([2.0]).baseline == 2.0


def test_a_change_that_nobody_accepted_moves_no_baseline() -> None:
    ratios = noisy([2.0, 2.2], [20, 40])
    now = status(ratios)
    assert not now.usual and now.pending is not None and now.pending.index == 20
    assert now.accepted == tuple(range(20))
    assert now.baseline == statistics.median(ratios[:20])


def test_accepting_begins_a_new_baseline_and_says_who_and_why() -> None:
    ratios = noisy([2.0, 2.2], [20, 40])
    for at in (18, 20, 22):  # later points may move the change that was meant
        now = status(ratios, an_acceptance(at))
        assert now.usual and now.pending is None
        assert now.changes[0].acknowledged == an_acceptance(at)
        assert now.accepted == tuple(range(20, 60)) and now.earlier == tuple(range(20))
        assert now.baseline == statistics.median(ratios[-30:])
    (found,) = found_in(a_history(ratios), [an_acceptance(20)])
    words = change_words(METRICS["ratio"], found.statuses[0], found.statuses[0].changes[0])
    assert words.endswith("accepted by Ada on 2026-12-31: on purpose")


def test_an_acceptance_of_another_series_or_metric_or_change_counts_for_nothing() -> None:
    ratios = noisy([2.0, 2.2], [20, 40])
    for other in (
        an_acceptance(20, of=SUBJECT.replace("at", "span")),
        an_acceptance(20, metric="instructions"),
        an_acceptance(20, run="f" * 32),
        an_acceptance(3),
    ):
        assert status(ratios, other).pending is not None


def test_a_failure_that_was_mended_does_not_freeze_the_baseline() -> None:
    ratios = noisy([2.0, 2.4, 2.0], [20, 10, 40])
    now = status(ratios)
    assert now.usual and now.pending is None
    assert now.accepted == (*range(20), *range(30, 70))
    assert now.baseline == statistics.median(ratios[-30:])
    (found,) = found_in(a_history(ratios))
    words = [change_words(METRICS["ratio"], now, change) for change in now.changes]
    assert all(one.endswith("not accepted, and over") for one in words) and not found.is_worse


def test_a_second_change_behind_an_accepted_one_is_open_again() -> None:
    now = status(noisy([2.0, 2.2, 2.5], [20, 20, 20]), an_acceptance(20))
    assert now.pending is not None and now.pending.index == 40
    assert now.accepted == tuple(range(20, 40)) and now.baseline == pytest.approx(2.2, rel=0.005)


def test_an_acceptance_may_begin_a_baseline_where_nothing_changed() -> None:
    ratios = noisy([2.0], [50])
    assert status(ratios, an_acceptance(40)).baseline == statistics.median(ratios[40:])


def test_a_new_toolchain_opens_a_series_and_the_step_is_shown() -> None:
    ratios = noisy([2.0, 2.6], [20, 12])
    (found,) = found_in(a_history(ratios, [GCC_12] * 20 + [GCC_13] * 12))
    assert [len(one.series.points) for one in found.statuses] == [20, 12]
    assert [one.changes for one in found.statuses] == [(), ()]  # it is no change of the series
    (step,) = found.steps
    assert (step.low, step.high) == (statistics.median(ratios[:20]), statistics.median(ratios[20:]))
    assert (step.before.series.words, step.after.series.words) == ("GNU 12.2.0", "GNU 13.1.0")
    assert found.latest.baseline == statistics.median(ratios[20:])
    assert not is_still(METRICS["ratio"], step) and found.tells and not found.is_worse


def test_the_step_between_toolchains_is_that_of_the_levels_beside_it() -> None:
    ratios = noisy([2.0, 2.3, 2.3, 2.0], [20, 10, 10, 20])
    (found,) = found_in(a_history(ratios, [GCC_12] * 30 + [GCC_13] * 30))
    (step,) = found.steps
    assert (step.low, step.high) == (statistics.median(ratios[20:30]), statistics.median(ratios[30:40]))
    assert is_still(METRICS["ratio"], step)


def test_flags_and_facts_are_part_of_a_toolchain_and_its_name_is_not() -> None:
    ratios = [2.0] * 4
    flags = dataclasses.replace(GCC_12, flags=("-O3",))
    facts = dataclasses.replace(GCC_12, facts={"_GLIBCXX_ASSERTIONS": "on"})
    (found,) = found_in(a_history(ratios, [GCC_12, flags, facts, GCC_12]))
    assert [len(one.series.points) for one in found.statuses] == [2, 1, 1]
    assert GCC_12.fingerprint == dataclasses.replace(GCC_12, name="mine").fingerprint


def test_each_machine_has_tracks_of_its_own() -> None:
    here, there = a_run(0), a_run(1, machine="b" * 32)
    assert len(found_in([here, a_pair(here, 2.0), there, a_pair(there, 3.0)])) == 2


def counted(counts: Sequence[int | None]) -> list[Record]:
    rows: list[Record] = []
    for number, count in enumerate(counts):
        run = a_run(number)
        rows += [run, CountRecord("indexing/sum", "gcc-o2", "at", 4096, None, 64, count, 0, 0, run=run.run)]
    return rows


def test_an_exact_metric_changes_at_once_and_goes_back_at_once() -> None:
    (found,) = found_in(counted([64_000, 64_000, None, 65_000, 65_000]), metric="instructions")
    assert found.is_worse and found.latest.pending is not None and found.latest.pending.index == 2
    assert found.latest.baseline == 1000
    (found,) = found_in(counted([64_000, 65_000, 64_000]), metric="instructions")
    assert not found.is_worse and found.latest.accepted == (0, 2)
    (found,) = found_in(counted([64_000, 64_100]), metric="instructions")  # 1.6 of 1,000 are below 0.2 %
    assert not found.tells
    (found,) = found_in(counted([65_000, 64_000]), metric="instructions")
    assert found.latest.pending is not None and not found.is_worse  # better, and to be accepted all the same


def test_a_fault_that_is_no_longer_caught_is_worse() -> None:
    rows: list[Record] = []
    for number, outcome in enumerate(("trapped", "trapped", "silent")):
        run = a_run(number)
        detail = "touched" if outcome == "silent" else None
        rows += [run, ProofRecord(run.run, "indexing/sum", "at", "gcc-o2", "one_past_end", outcome, detail)]  # type: ignore[arg-type]
    (found,) = found_in(rows, metric="outcome")
    assert found.is_worse
    words = change_words(METRICS["outcome"], found.latest, found.latest.changes[0])
    assert words.startswith("trapped (caught) to silent: touched, not accepted")


def test_what_is_asked_for_must_be_there() -> None:
    with pytest.raises(UsageError, match="--metric speed: there are outcome, instructions,"):
        metric_of("speed")
    (found,) = found_in(a_history([2.0]))
    assert matching([found.track], "sum/at") == [found.track]
    with pytest.raises(UsageError, match="finds none of 1 series, for instance not indexing/sum/at"):
        matching([found.track], "sort")
    with pytest.raises(UsageError, match="is not a regular expression"):
        matching([found.track], "(")
