"""What training changes, on documents with planted prices and planted costs of checks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from safecost.document.judged import Proof
from safecost.document.measured import Code, Panel
from safecost.document.types import Document, Parameter, Profile
from safecost.report import charts
from safecost.report import page as report
from safecost.report.training import effects as training
from safecost.report.training.effects import CheapestChange, TrainingEffect, share_interval
from safecost.testing.made_up_panel import Arm, make_panel
from safecost.testing.sample_cases import SUM_L1, SUM_L2
from safecost.testing.whole_report import whole

PLAIN, HARDENED, TRAINED, BOTH = "gcc-o2", "gcc-assertions", "gcc-o2-trained", "gcc-assertions-trained"
SUM = "indexing/sum"


def panel(profile: str, at: Parameter, times: Mapping[str, float]) -> Panel:
    """A panel of a plain profile without noise."""
    roles = {name: "raw" if name == "raw" else "safe" for name in times}
    arms = [Arm(name, profile, roles[name], time, 0.0) for name, time in times.items()]  # type: ignore[arg-type]
    return make_panel(SUM, profile, at, arms, [("idiom", index, 0) for index in range(1, len(arms))])


def hardened(profile: str, plain: str, ratios: Mapping[str, float]) -> Panel:
    """A panel of a hardened profile: each safe variant beside itself in the plain build."""
    own = [Arm(name, profile, "safe", 100.0 * ratio, 0.0) for name, ratio in ratios.items()]
    theirs = [Arm(name, plain, "safe", 100.0, 0.0) for name in ratios]
    raw = [Arm("raw", profile, "raw", 100.0, 0.0), Arm("raw", plain, "raw", 100.0, 0.0)]
    pairs = [("profile", 2 + i, 2 + len(own) + i) for i in range(len(own))]
    return make_panel(SUM, profile, SUM_L1, [*raw, *own, *theirs], pairs)  # type: ignore[arg-type]


def codes(profile: str, plain: str, differing: tuple[str, ...], same: tuple[str, ...] = ()) -> list[Code]:
    return [
        Code(SUM, of, name, 4, 1, 0, 0, 0, of if name in differing else f"{plain} {name}")
        for name in (*differing, *same)
        for of in (profile, plain)
    ]


def proofs(*caught: tuple[str, str]) -> tuple[Proof, ...]:
    return tuple(
        Proof(SUM, profile, variant, "one_past_end", "reported", None, "idiom", None, None, None, (), None)
        for variant, profile in caught
    )


@pytest.fixture
def planted(sample_document: Document) -> Document:
    """Untrained `at` is the cheapest, at 1.10; trained it costs 1.25, and range_for 1.05. Checks cost 4 before."""
    plain, assertions, *others = sample_document.profiles
    use = ("-fprofile-use", "counts")
    profiles: list[Profile] = [
        plain,
        assertions,
        replace(plain, name=TRAINED, plain=TRAINED, trained=PLAIN, flags=(*plain.flags, use)),
        replace(assertions, name=BOTH, plain=TRAINED, trained=HARDENED,
                flags=(*plain.flags, use, *assertions.flags[1:])),
        *others,
    ]  # fmt: skip
    return replace(
        sample_document,
        profiles=tuple(profiles),
        panels=(
            panel(PLAIN, SUM_L1, {"raw": 100.0, "at": 110.0, "range_for": 120.0}),
            panel(PLAIN, SUM_L2, {"raw": 100.0, "at": 105.0, "range_for": 120.0}),
            panel(TRAINED, SUM_L1, {"raw": 80.0, "at": 100.0, "range_for": 84.0}),
            panel(TRAINED, SUM_L2, {"raw": 50.0, "at": 50.0, "range_for": 50.0}),
            hardened(HARDENED, PLAIN, {"at": 2.0, "span": 8.0}),
            hardened(BOTH, TRAINED, {"at": 2.0}),
        ),
        # When trained, span has the same code hardened as plain, so nothing of it was timed.
        codes=(
            *codes(HARDENED, PLAIN, ("at", "span"), ("range_for",)),
            *codes(BOTH, TRAINED, ("at",), ("span", "range_for")),
        ),
        proofs=proofs(*((variant, profile) for variant in ("at", "range_for") for profile in (PLAIN, TRAINED))),
        counts=(),
    )


def effect(document: Document) -> TrainingEffect:
    (only,) = training.training(document)
    return only


def test_prices_with_training_and_without(planted: Document) -> None:
    training_effect = effect(planted)
    assert (training_effect.profile, training_effect.trained_profile) == (PLAIN, TRAINED)
    best, spatial = training_effect.prices
    assert (best.tier, best.scope, spatial.scope) == ("best known", "every fault", "spatial faults")
    assert spatial.changes == best.changes  # the one fault of the case is spatial
    assert best.cases == 1
    assert [best.without, best.trained] == pytest.approx([1.10, 1.05])
    assert best.changes == (CheapestChange(SUM, "at", "range_for", True),)


def test_a_tie_is_another_idiom_within_the_margin(planted: Document) -> None:
    tie = panel(TRAINED, SUM_L1, {"raw": 80.0, "at": 84.2, "range_for": 84.0})
    best, _ = effect(replace(planted, panels=(*planted.panels[:2], tie, *planted.panels[3:]))).prices
    assert best.changes == (CheapestChange(SUM, "at", "range_for", False),)
    same = panel(TRAINED, SUM_L1, {"raw": 80.0, "at": 83.9, "range_for": 84.0})
    best, _ = effect(replace(planted, panels=(*planted.panels[:2], same, *planted.panels[3:]))).prices
    assert best.changes == ()


def test_an_idiom_that_no_longer_stops_everything_is_beyond_any_margin(planted: Document) -> None:
    lets_through = replace(planted, proofs=proofs(("at", PLAIN), ("range_for", TRAINED)))
    best, _ = effect(lets_through).prices
    assert best.changes == (CheapestChange(SUM, "at", "range_for", True),)


def test_checks_that_training_removes_cost_nothing(planted: Document) -> None:
    (checks,) = effect(planted).checks
    assert (checks.profile, checks.trained_profile, checks.idioms, checks.cases) == (HARDENED, BOTH, 2, 1)
    # Untrained sqrt(2 * 8) = 4, trained sqrt(2 * 1): of an extra 3 there is 0.414 left.
    assert [checks.without, checks.trained] == pytest.approx([4, math.sqrt(2)])
    assert checks.share == pytest.approx((math.sqrt(2) - 1) / 3)
    assert checks.share_interval is None  # of one case


def test_raw_code_is_compared_at_the_same_places(planted: Document) -> None:
    assert effect(planted).raw == pytest.approx(math.sqrt(0.8 * 0.5))
    fewer = effect(replace(planted, panels=(planted.panels[0], *planted.panels[2:])))
    assert fewer.raw == pytest.approx(0.8)
    # Where only the hardened siblings were asked for, raw code is in their panels.
    assert effect(replace(planted, panels=planted.panels[4:])).raw == pytest.approx(1.0)


@pytest.mark.parametrize("missing", [(PLAIN, HARDENED), (TRAINED, BOTH)])
def test_without_its_partner_nothing_is_reported(planted: Document, missing: tuple[str, str]) -> None:
    kept = replace(planted, panels=tuple(panel for panel in planted.panels if panel.profile not in missing))
    assert training.training(kept) == () and training.terminal_lines(kept) == []
    assert "What training changes" not in report.markdown(kept, charts.draw(kept))


def test_the_interval_of_the_share_that_is_left() -> None:
    before, after = [1.04, 1.08, 1.12, 1.2], [1.005, 1.04, 1.02, 1.06]
    exact = share_interval(before, [ratio**0.25 for ratio in before])
    assert exact == pytest.approx((0.2405, 0.2465), abs=0.005)
    wide = share_interval(before, after)
    assert wide is not None and wide[0] < 0.25 < wide[1]
    assert share_interval([1.0, 1.1], [1.0, 1.1]) is None  # some draws have no extra time at all
    assert share_interval([1.1], [1.0]) is None


def test_the_report_and_the_terminal_tell_the_same(planted: Document) -> None:
    price, spatial, checks = training.terminal_lines(planted)
    assert "gcc-o2: spatial faults cost 1.050 and 1.100 best known, over" in spatial
    assert price == (
        "training, gcc-o2-trained and gcc-o2: every fault costs 1.050 and 1.100 best known, over ordinary raw code;"
        " the cheapest idiom is another one in 1 of 1 case, 1 by more than 1 %"
    )
    assert checks == (
        "training, gcc-o2-trained and gcc-o2: checks of gcc-assertions cost 1.414 and 4.000 in 2 idioms in 1 case;"
        " 0.138 of their extra time is left"
    )
    drawn = charts.draw(planted)
    for text in (whole(planted, drawn), report.markdown(planted, drawn)):
        for words in ("What training changes", "range_for for at", "1.050", "1.414", "0.138", "0.632"):
            assert words in text
