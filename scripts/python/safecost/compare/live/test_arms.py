"""Panels of base and head, and the difference of two log ratios, compared with times that are made up."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from safecost.compare.live.arms import TOGETHER, Pairing, aa_ratios, only, panels_of, quantities, side_of, timed
from safecost.document.evidence import DescribedVariant
from safecost.run.panels import PlannedPanel
from safecost.testing.sample_evidence import planned, point

SAME = Pairing("gcc-o2", "gcc-o2")
SIZE = point(64, None, "L1", 0)
RAW, AA, AT = planned("raw", "raw"), planned("aa", "aa", 1.0), planned("at", "safe")
EVERYONE = (RAW, AA, AT)


def panel(base: tuple[DescribedVariant, ...] = EVERYONE, head: tuple[DescribedVariant, ...] = EVERYONE) -> PlannedPanel:
    (made,) = panels_of("a/b", SAME, [SIZE], base, head)
    return made


def made_up(panel: PlannedPanel, times: dict[tuple[str, str], float], launches: int = 6) -> list[list[list[float]]]:
    """Rounds in which every arm shares the round's noise and has a little of its own."""
    random = np.random.default_rng(7)
    found = []
    for _ in range(launches):
        shared = random.lognormal(0.0, 0.3, 40)
        found.append(
            [
                list(times[side_of(arm), arm.variant] * shared * random.lognormal(0.0, 0.0005, 40))
                for arm in panel.contenders
            ]
        )
    return found


def test_four_arms_and_one_aa_pair_share_a_panel() -> None:
    arms = [(side_of(arm), arm.variant, arm.profile) for arm in panel().contenders]
    assert sorted(arms) == sorted(
        [
            *((side, name, f"{side}:gcc-o2") for side in ("base", "head") for name in ("raw", "at")),
            ("head", "aa", "head:gcc-o2"),
        ]
    )


def test_two_profiles_are_named_after_head() -> None:
    (made,) = panels_of("a/b", Pairing("old", "new"), [SIZE], EVERYONE, EVERYONE)
    assert made.profile == "new"
    assert {arm.profile for arm in made.contenders} == {"base:old", "head:new"}


def test_many_variants_are_spread_over_panels_that_all_have_raw_code_of_both() -> None:
    many = (RAW, AA, *(planned(f"v{i}", "safe") for i in range(2 * TOGETHER + 1)))
    found = panels_of("a/b", SAME, [SIZE], many, many)
    assert len(found) == 3
    assert len({one.profile for one in found}) == 3, "each panel draws its own order"
    timed_once = [
        arm.variant for one in found for arm in one.contenders if arm.role == "safe" and side_of(arm) == "head"
    ]
    assert sorted(timed_once) == sorted(one.name for one in many if one.role == "safe")
    for one in found:
        assert sum(arm.role == "raw" for arm in one.contenders) == 2
        assert len(one.contenders) <= 11


def test_what_only_one_side_has_is_not_timed() -> None:
    found = panel(EVERYONE, (*EVERYONE, planned("new", "safe")))
    assert {arm.variant for arm in found.contenders} == {"raw", "aa", "at"}
    assert panels_of("a/b", SAME, [SIZE], (AT,), (planned("other", "safe"),)) == []


def test_a_filter_keeps_raw_code_beside_what_it_finds() -> None:
    many = (RAW, AA, AT, planned("span", "safe"))
    (made,) = panels_of("a/b", SAME, [SIZE], many, many, re.compile("a/b/at/size:64@gcc"))
    assert {arm.variant for arm in made.contenders} == {"raw", "aa", "at"}
    assert panels_of("a/b", SAME, [SIZE], many, many, re.compile("size:65")) == []


def test_direct_time_is_head_over_base() -> None:
    one = panel()
    times = {("base", "raw"): 10.0, ("head", "raw"): 10.0, ("head", "aa"): 10.0, ("base", "at"): 20.0}
    times["head", "at"] = 20.4
    found = {(each.quantity.variant, each.quantity.metric): each for each in timed(one, made_up(one, times))}
    assert np.median(found["at", "direct_time"].ratios) == pytest.approx(1.02, abs=2e-4)
    assert np.median(found["raw", "direct_time"].ratios) == pytest.approx(1.0, abs=2e-4)
    assert found["at", "direct_time"].base == 1.0
    assert np.median(aa_ratios(one, made_up(one, times))) == pytest.approx(1.0, abs=2e-4)


def test_what_slows_all_code_alike_changes_no_idiom_time() -> None:
    """The difference of two log ratios: planted here are +30 % on all of head, and +2 % on top for one idiom."""
    one = panel()
    times = {("base", "raw"): 10.0, ("base", "at"): 15.0, ("head", "raw"): 13.0, ("head", "aa"): 13.0}
    for extra in (1.0, 1.02):
        times["head", "at"] = 15.0 * 1.3 * extra
        found = {
            each.quantity.metric: each for each in timed(one, made_up(one, times)) if each.quantity.variant == "at"
        }
        assert np.median(found["idiom_time"].ratios) == pytest.approx(extra, abs=2e-4)
        assert found["idiom_time"].base == pytest.approx(1.5, abs=1e-3)
        assert np.median(found["direct_time"].ratios) == pytest.approx(1.3 * extra, abs=4e-4)


def test_swapping_the_sides_mirrors_every_ratio() -> None:
    one = panel()
    times = {
        ("base", "raw"): 10.0,
        ("base", "at"): 15.0,
        ("head", "raw"): 12.0,
        ("head", "aa"): 12.0,
        ("head", "at"): 21.0,
    }
    launches = made_up(one, times)
    for each in quantities(one):
        swapped = type(each)(each.variant, each.metric, each.arms[::-1], each.raws and each.raws[::-1])
        for rounds in launches:
            assert math.log(each.ratio(rounds)) == pytest.approx(-math.log(swapped.ratio(rounds)), abs=1e-12)


def test_without_raw_code_on_both_sides_there_is_no_idiom_time() -> None:
    one = panel((AT, RAW), (AT,))
    assert [each.metric for each in quantities(one)] == ["direct_time"]


def test_no_launch_no_quantity() -> None:
    assert timed(panel(), []) == []


def test_a_confirmation_times_what_fails_and_what_it_is_over() -> None:
    many = (RAW, AA, AT, planned("span", "safe"), planned("list", "safe"))
    one = panel(many, many)
    again = only(one, frozenset({"span"}))
    assert sorted(arm.variant for arm in again.contenders) == ["aa", "raw", "raw", "span", "span"]
    assert (again.case, again.profile, again.parameter) == (one.case, one.profile, one.parameter)
