"""Tests of which contenders are timed together, and which of them are compared."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from safecost.run import panels
from safecost.run.panels import PlannedContender, PlannedPanel
from safecost.suite.profiles import BuildProfile
from safecost.testing.sample_evidence import planned, point

SMALL = point(2_048, None, "L1", 0)
LARGE = point(65_536, None, "L2", 1)
CASE = "indexing/sum"
CXX = (
    planned("raw", "raw"), planned("raw_restrict", "raw"), planned("at", "safe"),
    planned("aa", "aa", 1.0)
)  # fmt: skip
RUST = (planned("unchecked", "raw"), planned("index", "safe"))


def profile(name: str, plain: str | None = None, against: str | None = None, own_flags: int = 1) -> BuildProfile:
    return BuildProfile(
        name, "", "rust" if against else "c++", "", "", plain or name, against, True, True, (), own_flags, Path(name)
    )  # fmt: skip


PLAIN = profile("gcc-o2", own_flags=7)
HARDENED = profile("gcc-o2-hardened", plain="gcc-o2")
AA = profile("gcc-o2-again", plain="gcc-o2", own_flags=0)
CLANG = profile("clang-o2")
TWIN = profile("rust", against="clang-o2")
CHECKED_TWIN = profile("rust-checked", plain="rust", against="clang-o2")
ALL = (PLAIN, HARDENED, AA, CLANG, TWIN, CHECKED_TWIN)
VARIANTS: panels.Variants = {
    (CASE, one.name): RUST if one.language == "rust" else CXX for one in ALL
}  # fmt: skip


def panel_of(one: BuildProfile, variants: panels.Variants = VARIANTS) -> PlannedPanel:
    (found,) = panels.plan([CASE], [one], {CASE: [SMALL]}, variants, 0)
    return found


def pairs_of(one: BuildProfile, nanoseconds: dict[str, float] | None = None) -> set[tuple[str, str, str]]:
    """(kind, numerator, denominator) with contenders as variant@profile."""
    panel = panel_of(one)
    names = [f"{arm.variant}@{arm.profile}" for arm in panel.contenders]
    times = [(nanoseconds or {}).get(name, 100.0) for name in names]
    found = [
        (str(pair.kind), names[pair.numerator], names[pair.denominator]) for pair in panels.pairs(panel, one, times)
    ]
    assert len(found) == len(set(found))
    return set(found)


# ---- who is timed together -------------------------------------------------------------------------------------------


def test_a_plain_profile_times_its_own_variants() -> None:
    arms = panel_of(PLAIN).contenders
    assert [(arm.variant, arm.role, arm.planted) for arm in arms] == [(one.name, one.role, one.planted) for one in CXX]
    assert {arm.profile for arm in arms} == {"gcc-o2"}


def of_plain(untouched: panels.Untouched) -> list[PlannedContender]:
    arms = panels.contenders_of(CASE, HARDENED, VARIANTS, untouched)
    return [arm for arm in arms if arm.profile != HARDENED.name]


def test_a_hardened_profile_brings_its_plain_sibling_variant_by_variant() -> None:
    raw = [PlannedContender("raw", "gcc-o2", "raw"), PlannedContender("raw_restrict", "gcc-o2", "raw")]
    assert of_plain(frozenset()) == [*raw, PlannedContender("at", "gcc-o2", "safe")]
    # Raw code stays, since full cost is over it.
    assert of_plain({(CASE, HARDENED.name, name) for name in ("raw", "at")}) == raw
    assert len(of_plain({(CASE, "another", "at")})) == 3


def test_a_safe_variant_that_only_the_plain_sibling_has_is_not_timed_beside_the_hardened_ones() -> None:
    fewer = {**VARIANTS, (CASE, HARDENED.name): tuple(one for one in CXX if one.name != "at")}
    assert [arm.variant for arm in panel_of(HARDENED, fewer).contenders if arm.role == "safe"] == []


def test_an_idiom_of_a_twin_is_not_timed_beside_one_of_that_name_in_cxx() -> None:
    alike = {**VARIANTS, (CASE, TWIN.name): (RUST[0], planned("at", "safe"))}
    arms = panel_of(TWIN, alike).contenders
    assert [arm.variant for arm in arms if arm.profile == "clang-o2"] == ["raw", "raw_restrict", "aa"]


def test_what_is_built_twice_is_timed_twice_though_its_code_is_the_same() -> None:
    arms = panels.contenders_of(CASE, AA, VARIANTS, {(CASE, AA.name, one.name) for one in CXX})
    assert arms == panel_of(AA).contenders


def test_a_profile_built_twice_brings_every_variant_twice() -> None:
    arms = panel_of(AA).contenders
    assert Counter(arm.profile for arm in arms) == {"gcc-o2-again": 4, "gcc-o2": 3}


def test_a_twin_brings_the_raw_code_and_the_aa_pair_of_the_cxx_profile() -> None:
    others = {arm for arm in panel_of(TWIN).contenders if arm.profile != TWIN.name}
    assert others == {
        PlannedContender("raw", "clang-o2", "raw"),
        PlannedContender("raw_restrict", "clang-o2", "raw"),
        PlannedContender("aa", "clang-o2", "aa", 1.0),
    }


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_panel_holds_exactly_one_aa_pair_and_nobody_twice(one: BuildProfile) -> None:
    arms = panel_of(one).contenders
    assert [arm.role for arm in arms].count("aa") == 1
    assert len(arms) == len(set(arms))


def test_a_panel_without_a_aa_pair_of_its_own_borrows_one_only() -> None:
    plain, clang = ((CASE, name) for name in ("rust", "clang-o2"))
    arms = panel_of(CHECKED_TWIN, {**VARIANTS, plain: CXX, clang: CXX}).contenders
    assert [arm.profile for arm in arms if arm.role == "aa"] == ["rust"]


def test_a_profile_that_could_not_be_built_has_no_panel_and_is_no_sibling() -> None:
    some = {key: value for key, value in VARIANTS.items() if key[1] != "gcc-o2"}
    assert panels.plan([CASE], [PLAIN, HARDENED], {CASE: [SMALL]}, some, 0) == [panel_of(HARDENED, some)]
    assert {arm.profile for arm in panel_of(HARDENED, some).contenders} == {"gcc-o2-hardened"}


def test_a_tier_holds_the_sizes_below_it() -> None:
    def sizes(tier: int) -> list[int]:
        return [one.parameter.size for one in panels.plan([CASE], [PLAIN], {CASE: [SMALL, LARGE]}, VARIANTS, tier)]

    assert (sizes(0), sizes(1)) == ([2_048], [2_048, 65_536])


@pytest.mark.parametrize(
    ("expression", "variants"),
    [
        ("indexing", {"raw", "raw_restrict", "at", "aa"}),
        ("sum$", {"raw", "raw_restrict", "at", "aa"}),
        ("sum/at", {"raw", "raw_restrict", "at", "aa"}),
        ("sum/at$", {"raw", "raw_restrict", "at", "aa"}),
        ("sum/at@gcc-o2$", {"raw", "raw_restrict", "at", "aa"}),
        ("sum/raw", {"raw", "raw_restrict", "aa"}),
        ("sum/at/size:2048@gcc-o2$", {"raw", "raw_restrict", "at", "aa"}),
        ("size:4096", set()),
        ("@gcc-o3", set()),
    ],
)
def test_a_filter_keeps_what_the_matching_contenders_are_judged_by(expression: str, variants: set[str]) -> None:
    found = panels.plan([CASE], [PLAIN], {CASE: [SMALL]}, VARIANTS, 0, re.compile(expression))
    assert {arm.variant for panel in found for arm in panel.contenders} == variants


def test_a_filter_by_profile_drops_the_panels_of_others() -> None:
    found = panels.plan([CASE], [PLAIN, CLANG], {CASE: [SMALL]}, VARIANTS, 0, re.compile("@clang-o2"))
    assert [panel.profile for panel in found] == ["clang-o2"]


@pytest.mark.parametrize(
    ("expression", "safe"),
    [
        ("sum/at", ["at@gcc-o2-hardened", "at@gcc-o2"]),
        ("sum/at@gcc-o2-hardened", ["at@gcc-o2-hardened", "at@gcc-o2"]),
        ("sum/raw", []),
        ("sum/at@gcc-o2$", None),
    ],
)
def test_a_filter_keeps_a_hardened_variant_beside_itself(expression: str, safe: list[str] | None) -> None:
    found = panels.plan([CASE], [HARDENED], {CASE: [SMALL]}, VARIANTS, 0, re.compile(expression))
    arms = [f"{arm.variant}@{arm.profile}" for panel in found for arm in panel.contenders if arm.role == "safe"]
    assert (arms if found else None) == safe


# ---- who is compared -------------------------------------------------------------------------------------------------


def test_in_a_plain_profile_idioms_are_compared_with_the_first_raw_code() -> None:
    assert pairs_of(PLAIN) == {
        ("aa", "aa@gcc-o2", "raw@gcc-o2"),
        ("idiom", "raw_restrict@gcc-o2", "raw@gcc-o2"),
        ("idiom", "at@gcc-o2", "raw@gcc-o2"),
    }


def test_a_hardened_profile_has_idiom_profile_and_full_costs() -> None:
    hardened, plain = "gcc-o2-hardened", "gcc-o2"
    assert pairs_of(HARDENED, {f"raw_restrict@{plain}": 90.0}) == {
        ("aa", f"aa@{hardened}", f"raw@{hardened}"),
        ("idiom", f"raw_restrict@{hardened}", f"raw@{hardened}"),
        ("idiom", f"at@{hardened}", f"raw@{hardened}"),
        ("profile", f"raw@{hardened}", f"raw@{plain}"),
        ("profile", f"raw_restrict@{hardened}", f"raw_restrict@{plain}"),
        ("profile", f"at@{hardened}", f"at@{plain}"),
        ("full", f"at@{hardened}", f"raw_restrict@{plain}"),  # the fastest raw code is what safety is paid against
    }


def test_the_fastest_raw_code_of_the_plain_sibling_is_chosen_by_its_time() -> None:
    full = {pair for pair in pairs_of(HARDENED, {"raw@gcc-o2": 80.0}) if pair[0] == "full"}
    assert full == {("full", "at@gcc-o2-hardened", "raw@gcc-o2")}


def test_a_profile_built_twice_is_a_aa_pair_variant_by_variant() -> None:
    twice = {pair for pair in pairs_of(AA) if pair[2].endswith("@gcc-o2")}
    assert twice == {("aa", f"{name}@gcc-o2-again", f"{name}@gcc-o2") for name in ("raw", "raw_restrict", "at")}
    assert {kind for kind, _, _ in pairs_of(AA)} == {"aa"}  # its idioms are counted with the other profile


def test_a_twin_has_a_language_gap_over_the_fastest_raw_cxx() -> None:
    assert pairs_of(TWIN, {"raw_restrict@clang-o2": 90.0}) == {
        ("idiom", "index@rust", "unchecked@rust"),
        ("language", "unchecked@rust", "raw_restrict@clang-o2"),
        ("language", "index@rust", "raw_restrict@clang-o2"),
        ("aa", "aa@clang-o2", "raw@clang-o2"),
    }


def test_a_checked_twin_has_profile_and_full_costs_over_the_plain_twin_as_well() -> None:
    kinds = Counter(kind for kind, _, _ in pairs_of(CHECKED_TWIN))
    assert kinds == {"idiom": 1, "profile": 2, "full": 1, "language": 2, "aa": 1}


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_nobody_is_compared_with_itself_and_aa_pairs_only_as_aa_pairs(one: BuildProfile) -> None:
    for kind, numerator, denominator in pairs_of(one):
        assert numerator != denominator
        assert ("aa@" in numerator + denominator) <= (kind == "aa")


def test_the_tape_alone_is_timed_and_compared_with_nobody() -> None:
    tape = planned("dispatch_only", "raw")
    variants = {(CASE, one.name): (*VARIANTS[CASE, one.name], tape) for one in ALL}
    for one in (PLAIN, HARDENED, CLANG, TWIN):
        panel = panel_of(one, variants)
        alone = [at for at, arm in enumerate(panel.contenders) if arm.variant == "dispatch_only"]
        assert [panel.contenders[at].profile for at in alone] == [one.name]  # not once more in a sibling's panel
        times = [1.0 if at in alone else 100.0 for at in range(len(panel.contenders))]
        compared = {at for pair in panels.pairs(panel, one, times) for at in (pair.numerator, pair.denominator)}
        assert not compared & set(alone)
