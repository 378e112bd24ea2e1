"""Panels of base and head, and the difference of two log ratios, compared with times that are made up."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from safecost.compare.live.arms import Builds, aa_ratios, only, panels_of, parts, quantities, side_of, timed
from safecost.document.evidence import DescribedVariant
from safecost.run.panels import PlannedPanel
from safecost.testing.sample_evidence import planned, point

SIZE = point(64, None, "L1", 0)
RAW, AA, AT = planned("raw", "raw"), planned("aa", "aa", 1.0), planned("at", "safe")
EVERYONE = (RAW, AA, AT)


def both(base: tuple[DescribedVariant, ...], head: tuple[DescribedVariant, ...]) -> Builds:
    return {"base:gcc-o2": base, "head:gcc-o2": head}


def panel(base: tuple[DescribedVariant, ...] = EVERYONE, head: tuple[DescribedVariant, ...] = EVERYONE) -> PlannedPanel:
    (made,) = panels_of("a/b", both(base, head), [SIZE])
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
    (made,) = panels_of("a/b", {"base:old": EVERYONE, "head:new": EVERYONE}, [SIZE])
    assert made.profile == "new"
    assert {arm.profile for arm in made.contenders} == {"base:old", "head:new"}


def test_several_profiles_of_head_share_the_panel_of_their_base() -> None:
    """Planted: of `new` an idiom costs 3 % more, of `newest` raw code is 20 % faster and the idiom as it was."""
    builds = {"base:old": EVERYONE, "head:new": EVERYONE, "head:newest": (*EVERYONE, planned("span", "safe"))}
    (one,) = panels_of("a/b", builds, [SIZE])
    assert one.profile == "new+newest"
    assert sorted((arm.profile, arm.variant) for arm in one.contenders) == sorted(
        [*((build, name) for build in builds for name in ("raw", "at")), ("head:new", "aa")]
    )
    slower = {("head:new", "at"): 1.03, ("head:newest", "raw"): 0.8}
    random = np.random.default_rng(7)
    launches = []
    for _ in range(6):
        shared = random.lognormal(0.0, 0.3, 40)
        launches.append([list(slower.get((arm.profile, arm.variant), 1.0) * shared) for arm in one.contenders])
    found = {}
    for each in timed(one, launches):
        head = parts(one.contenders[each.quantity.arms[1]].profile)[1]
        found[head, each.quantity.variant, each.quantity.metric] = np.median(each.ratios)
    assert found == pytest.approx(
        {
            ("new", "raw", "direct_time"): 1.0,
            ("new", "at", "direct_time"): 1.03,
            ("new", "at", "idiom_time"): 1.03,
            ("newest", "raw", "direct_time"): 0.8,
            ("newest", "at", "direct_time"): 1.0,
            ("newest", "at", "idiom_time"): 1.25,
        }
    )


def test_the_more_profiles_the_fewer_variants_share_a_panel() -> None:
    many = (RAW, AA, *(planned(f"v{i}", "safe") for i in range(4)))
    for count, panels in ((2, 1), (3, 2), (6, 4)):
        builds = {"base:p0": many} | {f"head:p{at}": many for at in range(1, count)}
        found = panels_of("a/b", builds, [SIZE])
        assert len(found) == panels, count
        assert max(len(one.contenders) for one in found) <= 13


def test_many_variants_are_spread_over_panels_that_all_have_raw_code_of_both() -> None:
    many = (RAW, AA, *(planned(f"v{i}", "safe") for i in range(9)))
    found = panels_of("a/b", both(many, many), [SIZE])
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
    assert panels_of("a/b", both((AT,), (planned("other", "safe"),)), [SIZE]) == []


def test_a_filter_keeps_raw_code_beside_what_it_finds() -> None:
    many = (RAW, AA, AT, planned("span", "safe"))
    (made,) = panels_of("a/b", both(many, many), [SIZE], re.compile("a/b/at/size:64@gcc"))
    assert {arm.variant for arm in made.contenders} == {"raw", "aa", "at"}
    assert panels_of("a/b", both(many, many), [SIZE], re.compile("size:65")) == []


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
