"""What idioms claim to stop, compared with what became of the faults.

A variant claims a fault under conditions, of which any is enough: `kernel/abi.h` lists them. Each is decided by what a
plugin's own compiler saw (its facts), never by a profile's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from safecost.document.outcome import DETAILS, Outcome

BuildFacts = Mapping[str, str]
"""What a plugin reports of itself: a macro, or "overflow checks", and its value; "off" where there is none."""

_LIBCXX_UNCHECKED = {"off", "0", "2", "(1 << 1)"}  # _LIBCPP_HARDENING_MODE_NONE, as a number and as it is spelled


def _libstdcxx(facts: BuildFacts) -> bool:
    return facts.get("_GLIBCXX_ASSERTIONS", "off") != "off"


def _libcxx(facts: BuildFacts) -> bool:
    return facts.get("_LIBCPP_HARDENING_MODE", "off") not in _LIBCXX_UNCHECKED


INEXPRESSIBLE = "inexpressible"
"""What is claimed of data that an idiom is said to have no way to go wrong with: that the fault is prevented."""

SAMPLED = "sampled"

CONDITIONS: dict[str, Callable[[BuildFacts], bool]] = {
    "always": lambda _: True,
    INEXPRESSIBLE: lambda _: True,
    SAMPLED: lambda _: True,
    "libstdc++": _libstdcxx,
    "libc++": _libcxx,
    "assertions": lambda facts: _libstdcxx(facts) or _libcxx(facts),
    "fortify": lambda facts: facts.get("_FORTIFY_SOURCE", "off") not in {"off", "0"},
    "overflow-checks": lambda facts: facts.get("overflow checks") == "on",
}


def _words(claim: str) -> list[str]:
    return [word.strip() for word in claim.split(",")]


def unknown(claim: str) -> list[str]:
    """The conditions of a claim that nobody can decide; one of them would make it hold nowhere, unnoticed."""
    return [word for word in _words(claim) if word not in CONDITIONS]


def applies(claim: str, facts: BuildFacts) -> bool:
    """Does a claim ("always", "libc++,fortify") speak of a plugin with these facts?"""
    return any(CONDITIONS[word](facts) for word in _words(claim) if word in CONDITIONS)


def broken(outcomes: Sequence[Outcome], facts: Mapping[tuple[str, str], BuildFacts]) -> Iterator[tuple[str, str]]:
    """(where, what is wrong) for each claim that does not hold; `facts` are by (case, profile).

    An outcome without a verdict breaks a claim as well: what was not shown does not hold. Only where nobody looked, as
    the oracle was not asked or the harness had trouble, nothing is known.
    """
    for one in outcomes:
        if one.claim is None:
            continue
        where = f"{one.case}/{one.variant}/{one.fault}@{one.profile}"
        if words := unknown(one.claim):
            known = ", ".join(CONDITIONS)
            yield where, f"claims to be caught under {', '.join(map(repr, words))}, which is none of {known}"
        elif (
            not _kept(one)
            and one.detail not in DETAILS["no_verdict"]
            and applies(one.claim, facts.get((one.case, one.profile), {}))
        ):
            seen = f"{one.words}{f' ({one.reason})' if one.reason else ''}"
            yield where, f"claimed: caught ({one.claim}); seen: {seen}; the case is disqualified"


def _kept(one: Outcome) -> bool:
    """Is the outcome what was claimed, where the claim holds?"""
    if one.claim == INEXPRESSIBLE:
        return one.kind == "prevented"
    return one.caught or (one.kind == "sampled" and SAMPLED in _words(one.claim or ""))


def unclaimed(outcomes: Sequence[Outcome], facts: Mapping[tuple[str, str], BuildFacts]) -> list[Outcome]:
    """Safe variants that caught what they do not claim to: luck, or a claim that is missing."""
    return [
        one
        for one in outcomes
        if one.caught
        and one.kind != "inexpressible"
        and one.role == "safe"
        and not (one.claim and applies(one.claim, facts.get((one.case, one.profile), {})))
    ]
