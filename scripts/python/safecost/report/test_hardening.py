"""What hardening costs the code it touches, on documents with planted ratios."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from safecost.document.judged import Proof
from safecost.document.measured import Code, Panel
from safecost.document.outcome import OutcomeKind
from safecost.document.rows import valid_rows
from safecost.document.types import Document, Parameter
from safecost.report import charts, hardening
from safecost.report import page as report
from safecost.report.charts.forest import forest_title
from safecost.report.hardening import HardeningPrice
from safecost.testing.made_up_panel import Arm, make_panel
from safecost.testing.sample_cases import CHAIN, SUM_L1, SUM_L2
from safecost.testing.whole_report import whole

PLAIN, HARDENED = "gcc-o2", "gcc-assertions"
SUM, CASE_OF_ERRORS = "indexing/sum", "errors/sqrt_chain"


def panel(case: str, at: Parameter, ratios: Mapping[str, float], alone: Sequence[str] = ()) -> Panel:
    """A panel of the hardened profile without noise: raw code takes nine times as long hardened, others as planted."""
    own = [Arm(name, HARDENED, "safe", 100.0 * ratio, 0.0) for name, ratio in ratios.items()]
    own += [Arm(name, HARDENED, "safe", 100.0, 0.0) for name in alone]
    theirs = [Arm(name, PLAIN, "safe", 100.0, 0.0) for name in ratios]
    raw = [Arm("raw", HARDENED, "raw", 900.0, 0.0), Arm("raw", PLAIN, "raw", 100.0, 0.0)]
    pairs = [("profile", 0, 1), *(("profile", 2 + i, 2 + len(own) + i) for i in range(len(ratios)))]
    return make_panel(case, HARDENED, at, [*raw, *own, *theirs], pairs)  # type: ignore[arg-type]


def code(case: str, variant: str, profile: str, listing: str) -> Code:
    return Code(case, profile, variant, 4, 1, 0, 0, 0, listing)


def codes(case: str, differing: Sequence[str], same: Sequence[str] = ()) -> tuple[Code, ...]:
    return tuple(
        code(case, name, profile, profile if name in differing else "ret")
        for name in (*differing, *same)
        for profile in (PLAIN, HARDENED)
    )


@pytest.fixture
def planted(sample_document: Document) -> Document:
    """Costs 4 and 1 in one case, at the worse of two sizes, 1.1 in another; range_for is untouched."""
    return replace(
        sample_document,
        panels=(
            panel(SUM, SUM_L1, {"at": 1.0, "span": 2.0}, ["range_for"]),
            panel(SUM, SUM_L2, {"at": 0.9, "span": 4.0}, ["range_for"]),
            panel(CASE_OF_ERRORS, CHAIN, {"expected": 1.1}),
        ),
        codes=(*codes(SUM, ["raw", "at", "span"], ["range_for"]), *codes(CASE_OF_ERRORS, ["raw", "expected"])),
        proofs=(),
        counts=(),
    )


def price(document: Document) -> HardeningPrice:
    (made,) = hardening.hardening(document)
    return made


def test_planted_ratios_give_mean_median_and_worst(planted: Document) -> None:
    made = price(planted)
    # Of sum sqrt(4 * 1) = 2, of sqrt_chain 1.1: cases weigh alike, though sum has two idioms at two sizes.
    assert made.mean == pytest.approx(math.sqrt(2 * 1.1))
    assert made.median == pytest.approx((2 + 1.1) / 2)
    assert made.highest is not None
    assert (made.highest.variant, made.highest.label) == ("span", SUM_L2.label)
    assert made.highest.ratio == pytest.approx(4)
    assert [row.variant for row in made.worst] == ["span", "expected", "at"]


def test_what_is_touched_is_counted_without_raw_code(planted: Document) -> None:
    made = price(planted)
    assert (made.profile, made.plain, made.flags) == (HARDENED, PLAIN, ("-D_GLIBCXX_ASSERTIONS",))
    assert (made.touched, made.idioms, made.touched_cases, made.cases, made.unknown) == (3, 4, 2, 2, 0)


def test_a_variant_whose_code_is_the_same_is_not_touched_though_it_was_timed(planted: Document) -> None:
    same = replace(planted, codes=(*codes(SUM, ["raw", "at"], ["span", "range_for"]), *planted.codes[8:]))
    made = price(same)
    assert made.mean == pytest.approx(math.sqrt(1 * 1.1))
    assert (made.touched, made.idioms) == (2, 4)


def test_a_fingerprint_tells_more_than_a_listing(planted: Document) -> None:
    deeper = tuple(
        replace(one, fingerprint=one.profile) if one.variant == "range_for" else one for one in planted.codes
    )
    assert price(replace(planted, codes=deeper)).touched == 4


def test_without_machine_code_nothing_is_called_touched(planted: Document) -> None:
    made = price(replace(planted, codes=()))
    assert (made.mean, made.median, made.touched, made.unknown) == (None, None, 0, 3)
    assert "the code of 3 was not read" in hardening.reach(made)


def test_a_disqualified_case_has_no_share(planted: Document) -> None:
    cases = tuple(replace(one, status="disqualified") if one.name == SUM else one for one in planted.cases)
    made = price(replace(planted, cases=cases))
    assert made.mean == pytest.approx(1.1)
    assert (made.touched, made.idioms, made.cases) == (1, 1, 1)


def test_a_build_of_the_same_flags_is_no_hardening(planted: Document) -> None:
    plain, hardened, *others = planted.profiles
    assert hardening.hardening(replace(planted, profiles=(plain, replace(hardened, flags=plain.flags), *others))) == ()


def proof(variant: str, profile: str, outcome: OutcomeKind, case: str = SUM, fault: str = "one_past_end") -> Proof:
    return Proof(case, profile, variant, fault, outcome, None, None, None, None, None, (), None)


@pytest.mark.parametrize(
    ("variant", "plain", "hardened", "caught", "let_through", "elsewhere"),
    [
        ("span", "silent", "trapped", 1, 1, 0),
        ("span", "silent", "silent", 0, 1, 0),
        ("span", "crashed", "reported", 1, 1, 0),
        ("span", "trapped", "trapped", 0, 0, 0),
        ("span", "no_verdict", "trapped", 0, 0, 0),
        ("span", "silent", "no_verdict", 0, 0, 0),
        ("raw", "silent", "trapped", 0, 0, 0),
        ("range_for", "silent", "trapped", 0, 0, 1),
    ],
)
def test_faults_newly_caught(
    planted: Document,
    variant: str,
    plain: OutcomeKind,
    hardened: OutcomeKind,
    caught: int,
    let_through: int,
    elsewhere: int,
) -> None:
    proofs = (proof(variant, PLAIN, plain), proof(variant, HARDENED, hardened))
    made = price(replace(planted, proofs=proofs))
    assert (made.caught, made.let_through, made.caught_untouched) == (caught, let_through, elsewhere)


def test_the_report_and_the_terminal_tell_the_same(planted: Document) -> None:
    document = replace(planted, proofs=(proof("span", PLAIN, "silent"), proof("span", HARDENED, "trapped")))
    cost, faults = hardening.terminal_lines(document)
    assert cost == (
        "hardening, gcc-assertions over gcc-o2: 1.483 (1.100 – 2.000) on average,"
        " median 1.550 (1.100 – 2.000), worst 4.000 (4.000 – 4.000)"
        " indexing/sum/span, L2; touches 3 of 4 idioms in 2 of 2 cases"
    )
    assert faults == "hardening, faults newly caught by gcc-assertions: 1 of 1 let through"
    drawn = charts.draw(document)
    for text in (whole(document, drawn), report.markdown(document, drawn)):
        for words in ("What hardening costs the code it touches", "3 of 4 idioms", "1.483", "1.550", "1 of 1 let"):
            assert words in text


def test_a_chart_says_whose_profile_cost_it_shows(planted: Document) -> None:
    rows = [row for row in valid_rows(planted) if row.kind == "profile" and row.family == "indexing"]
    raw = [row for row in rows if row.role == "raw"]
    assert "of 2 profile costs of raw code exceed" in forest_title("indexing", "profile", raw, 0.01)
    titles = [chart.title for chart in charts.draw(planted) if chart.kind == "profile" and chart.family == "indexing"]
    assert titles and all("of 4 profile costs of safe code exceed" in title for title in titles)
