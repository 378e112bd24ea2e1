"""Tests of the schedule: which launch comes when, what ends a panel, and that a seed decides all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecost.run import schedule
from safecost.run.panels import PlannedPanel
from safecost.run.schedule import MODES, Schedule, order, seed_of
from safecost.testing.sample_evidence import point

SMALL = point(2048, None, "L1", 0)
MANY = [PlannedPanel(f"family/case_{i}", "gcc-o2", SMALL, ()) for i in range(20)]
ANALYSES = (8, 12, 20)


def never() -> bool:
    return False


def always() -> bool:
    return True


def played(
    panels: list[PlannedPanel], seed: int, may_end: Callable[[PlannedPanel, int], bool]
) -> list[tuple[int, PlannedPanel]]:
    """All launches of a run in which `may_end` decides by panel and number of launches."""
    plan, found = Schedule(panels, ANALYSES, seed), []
    done: Counter[PlannedPanel] = Counter()
    for number, visited in plan:
        for panel in visited:
            found.append((number, panel))
            done[panel] += 1
            plan.measured(panel, lambda panel=panel: may_end(panel, done[panel]))  # type: ignore[misc]
    return found


def test_the_modes_have_the_documented_looks() -> None:
    analyses = {name: mode.analyses for name, mode in MODES.items()}
    assert analyses == {"quick": (9,), "default": (8, 12), "full": (8, 12, 20), "publish": (8, 12, 20, 30)}
    assert {name: mode.tier for name, mode in MODES.items()} == {"quick": 0, "default": 0, "full": 1, "publish": 2}
    rates = {name: mode.false_discovery_rate for name, mode in MODES.items()}
    assert rates == {"quick": None, "default": None, "full": 0.05, "publish": 0.05}


def test_each_launch_visits_every_panel_once_in_an_order_of_its_own() -> None:
    orders = [order(MANY, launch, 1) for launch in range(6)]
    assert all(Counter(one) == Counter(MANY) for one in orders)
    assert len({tuple(panel.case for panel in one) for one in [MANY, *orders]}) == 7


def test_every_place_of_a_launch_is_as_likely_for_every_panel() -> None:
    places = Counter(order(MANY, launch, seed).index(MANY[3]) for launch in range(20) for seed in range(100))
    assert len(places) == 20 and min(places.values()) > 60 and max(places.values()) < 140  # of 100 expected


def test_the_seed_decides_the_order_and_the_seeds() -> None:
    assert order(MANY, 0, 1) == order(list(reversed(MANY)), 0, 1) != order(MANY, 0, 2)
    seeds = {seed_of(seed, launch, panel) for seed in (1, 2) for launch in range(30) for panel in MANY}
    assert len(seeds) == 2 * 30 * 20 and all(0 <= seed < 2**53 for seed in seeds)
    assert seed_of(1, 0, MANY[0]) != seed_of(1, 0, MANY[0], "order")


def test_a_seed_stays_the_same_for_ever() -> None:
    """A run of an older version can be repeated: these numbers change only with a new schema."""
    assert seed_of(7, 3, PlannedPanel("indexing/sum", "gcc-o2", SMALL, ())) == 4720187538717153


def test_a_launch_begins_when_the_one_before_has_ended_for_all() -> None:
    numbers = [number for number, _ in played(MANY, 1, lambda _, __: False)]
    assert numbers == sorted(numbers) and len(numbers) == 20 * 20


@given(st.sets(st.tuples(st.integers(0, 19), st.sampled_from([8, 12])), max_size=20), st.integers(0, 2**32 - 1))
def test_a_panel_that_ends_changes_nothing_for_the_others(ends: set[tuple[int, int]], seed: int) -> None:
    early = {MANY[at]: analysis for at, analysis in ends}
    whole = played(MANY, seed, lambda _, __: False)
    found = played(MANY, seed, lambda panel, done: done >= early.get(panel, 99))
    assert found == [(number, panel) for number, panel in whole if number < early.get(panel, 99)]


def test_only_a_look_ends_a_panel_and_the_last_needs_no_reason() -> None:
    asked: list[int] = []
    plan = Schedule(MANY[:1], ANALYSES, 1)
    for number, (panel,) in plan:

        def may_end(number: int = number) -> bool:
            asked.append(number + 1)
            return False

        plan.measured(panel, may_end)
    assert asked == [8, 12]
    assert plan.ended == {MANY[0]: "all_launches"}


def test_what_is_left_counts_no_panel_that_has_ended() -> None:
    plan = Schedule(MANY[:3], ANALYSES, 1)
    assert plan.left() == 60
    for _ in range(8):
        plan.measured(MANY[0], always)
    plan.measured(MANY[1], never)
    plan.breaks(MANY[2])
    assert plan.ended == {MANY[0]: "decided", MANY[2]: "broken"}
    assert plan.left() == 19
    assert schedule.summary(plan.ended, 20) == "1 of 2 panels were decided before launch 20"


def test_a_broken_panel_is_visited_no_more() -> None:
    plan = Schedule(MANY[:2], ANALYSES, 1)
    numbers = []
    for number, visited in plan:
        numbers += [number for panel in visited if panel == MANY[1]]
        if number == 2:
            plan.breaks(MANY[1])
        plan.measured(MANY[0], never)
    assert numbers == [0, 1, 2]
    assert plan.ended[MANY[1]] == "broken"


@pytest.mark.parametrize("panels", [[], MANY[:1]])
def test_a_run_of_nothing_or_of_one_panel_ends(panels: list[PlannedPanel]) -> None:
    assert len(played(panels, 1, lambda _, __: True)) == 8 * len(panels)
