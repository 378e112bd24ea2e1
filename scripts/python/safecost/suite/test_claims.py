"""What idioms claim is compared with them: a planted lie ends in 5, and names who lied, where, and what was seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecost.catch import proving
from safecost.core.errors import WRONG_RESULT
from safecost.core.paths import PACKAGE, Folders
from safecost.document.outcome import Outcome
from safecost.suite import claims, profiles
from safecost.suite.cases import find
from safecost.testing.commands import Ended, safecost

PLAIN = {"_GLIBCXX_ASSERTIONS": "off", "_LIBCPP_HARDENING_MODE": "off", "_FORTIFY_SOURCE": "off"}
LYING = PACKAGE / "testing" / "lying_cases"


@pytest.mark.parametrize(
    ("claim", "facts", "holds"),
    [
        ("always", {}, True),
        ("assertions", PLAIN, False),
        ("assertions", {**PLAIN, "_GLIBCXX_ASSERTIONS": "on"}, True),
        ("assertions", {**PLAIN, "_LIBCPP_HARDENING_MODE": "4"}, True),
        ("assertions", {**PLAIN, "_LIBCPP_HARDENING_MODE": "(1 << 2)"}, True),
        ("assertions", {**PLAIN, "_LIBCPP_HARDENING_MODE": "(1 << 1)"}, False),
        ("libc++", {**PLAIN, "_GLIBCXX_ASSERTIONS": "on"}, False),
        ("libstdc++", {**PLAIN, "_LIBCPP_HARDENING_MODE": "4"}, False),
        ("libc++, fortify", {**PLAIN, "_FORTIFY_SOURCE": "3"}, True),
        ("fortify", {**PLAIN, "_FORTIFY_SOURCE": "0"}, False),
        ("overflow-checks", {"overflow checks": "on"}, True),
        ("overflow-checks", {"overflow checks": "off"}, False),
        ("overflow-checks", PLAIN, False),
    ],
)
def test_facts_decide_where_a_claim_holds(claim: str, facts: claims.BuildFacts, holds: bool) -> None:
    assert claims.applies(claim, facts) is holds


def outcome(kind: str, claim: str | None, profile: str = "gcc-o2") -> Outcome:
    return Outcome("f/c", profile, "at", "safe", "x", kind, claim=claim)  # type: ignore[arg-type]


def test_a_claim_that_does_not_hold_is_broken_where_it_was_made() -> None:
    facts = {("f/c", "gcc-o2"): PLAIN, ("f/c", "checked"): {**PLAIN, "_GLIBCXX_ASSERTIONS": "on"}}
    kept = [outcome("trapped", "assertions", "checked"), outcome("silent", "assertions"), outcome("silent", None)]
    assert list(claims.broken(kept, facts)) == []
    lied = [outcome("silent", "assertions", "checked"), outcome("no_verdict", "always")]
    assert [where for where, _ in claims.broken(lied, facts)] == ["f/c/at/x@checked", "f/c/at/x@gcc-o2"]


def test_a_condition_that_nobody_knows_is_broken_and_not_passed_over() -> None:
    ((_, said),) = claims.broken([outcome("trapped", "allways")], {})
    assert said.startswith("claims to be caught under 'allways', which is none of always")


def test_what_is_caught_without_a_claim_is_told_and_breaks_nothing() -> None:
    facts = {("f/c", "gcc-o2"): PLAIN}
    lucky, claimed = outcome("prevented", None), outcome("prevented", "always")
    elsewhere, missed = outcome("prevented", "assertions"), outcome("silent", None)
    assert claims.unclaimed([lucky, claimed, elsewhere, missed], facts) == [lucky, elsewhere]
    assert list(claims.broken([lucky, elsewhere, missed], facts)) == []


@pytest.fixture(scope="module")
def lying() -> Ended:
    return safecost("catch", "--cases", str(LYING), "--profiles", "gcc-o2,gcc-o2-assertions,rust", "--unclaimed")


@pytest.mark.build
def test_a_planted_lie_strikes_its_case(lying: Ended) -> None:
    assert lying.code == WRONG_RESULT
    assert (
        "broken: planted/lies/index/past_end@gcc-o2: claimed: caught (always); seen: silent: read foreign" in lying.err
    )
    assert "planted/lies/rust_lies/past_end@rust: claimed: caught (always); seen: silent" in lying.err


@pytest.mark.build
def test_true_claims_beside_it_break_nothing(lying: Ended) -> None:
    broken = [line.split(": ")[1] for line in lying.err.splitlines() if line.startswith("broken: ")]
    # clang-o2 is there since Rust is compared with it; under assertions the claim is true.
    lies = ["index/past_end@gcc-o2", "rust_lies/past_end@rust", "index/past_end@clang-o2"]
    assert sorted(broken) == sorted(f"planted/lies/{lie}" for lie in lies)
    assert "unclaimed: planted/lies/modest/past_end@gcc-o2: reported: exception" in lying.out


@pytest.mark.build
def test_a_claim_of_a_fault_that_is_not_declared_is_refused(tmp_path: Path) -> None:
    text = (LYING / "planted" / "lies.cc").read_text(encoding="utf-8")
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "slips.cc").write_text(text.replace('"always", "past_end"', '"always", "past_the_end"'))
    folders = Folders.of([tmp_path])
    assert [case.name for case in find(folders)] == ["planted/slips"]
    proved = proving.Proving(proving.ProvingOptions(profiles.choose("gcc-o2", ()), folders)).run()
    assert "speaks of a fault past_the_end that it does not declare" in proved.troubles[0].message
