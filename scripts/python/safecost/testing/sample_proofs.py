"""Made-up proofs of the sample document: one of every outcome, and one contender of which nothing was proved."""

from __future__ import annotations

from collections.abc import Sequence

from safecost.document.judged import Proof
from safecost.document.outcome import Attribution, Detail, OutcomeKind
from safecost.document.types import Case, Profile

_Told = tuple[OutcomeKind, Detail | None, Attribution | None]
_PAST = "G: reads 0 bytes past the end of a block of 16384 bytes"
# By case, variant and profile; what is not here was not proved: indexing/sum/range_for@clang-o2.
_TOLD: dict[tuple[str, str, str], _Told] = {
    ("sum", "raw", "gcc-o2"): ("silent", "read_foreign", None),
    ("sum", "at", "gcc-o2"): ("reported", "exception", "idiom"),
    ("sum", "span", "gcc-o2"): ("silent", "read_foreign", None),
    ("sum", "range_for", "gcc-o2"): ("prevented", None, "idiom"),
    ("sum", "raw", "gcc-assertions"): ("crashed", "guard", "system"),
    ("sum", "at", "gcc-assertions"): ("reported", "exception", "idiom"),
    ("sum", "span", "gcc-assertions"): ("trapped", None, "profile"),
    ("sum", "range_for", "gcc-assertions"): ("prevented", None, "idiom"),
    ("sum", "raw", "clang-o2"): ("deleted", None, None),
    ("sum", "at", "clang-o2"): ("terminated", None, "idiom"),
    ("sum", "span", "clang-o2"): ("allocator_stop", None, "platform"),
    ("sum", "index", "rust-o2"): ("reported", "panic", "idiom"),
    ("sum", "iterator", "rust-o2"): ("rejected", None, "idiom"),
    ("sqrt_chain", "raw", "gcc-o2"): ("silent", "wrong_value", None),
    ("sqrt_chain", "expected", "gcc-o2"): ("no_verdict", None, None),
    ("sqrt_chain", "exception", "gcc-o2"): ("inexpressible", None, "idiom"),
    ("sqrt_chain", "raw", "gcc-assertions"): ("hung", None, None),
    ("sqrt_chain", "expected", "gcc-assertions"): ("detected_late", None, "profile"),
    ("sqrt_chain", "exception", "gcc-assertions"): ("inexpressible", None, "idiom"),
    ("sqrt_chain", "raw", "clang-o2"): ("silent", "wrong_value", None),
    ("sqrt_chain", "expected", "clang-o2"): ("silent", "wrong_value", None),
    ("sqrt_chain", "exception", "clang-o2"): ("inexpressible", None, "idiom"),
}


def sample_proofs(cases: Sequence[Case], profiles: Sequence[Profile]) -> tuple[Proof, ...]:
    """The proofs of the sample's cases."""
    faults = {case.case: (case.name, fault.name) for case in cases for fault in case.faults}
    present = {profile.name for profile in profiles if profile.status == "measured"}
    return tuple(
        _proof(*faults[case], variant, profile, told)
        for (case, variant, profile), told in _TOLD.items()
        if profile in present
    )


def _proof(case: str, fault: str, variant: str, profile: str, told: _Told) -> Proof:
    outcome, detail, attribution = told
    stopped = outcome in {"trapped", "reported", "detected_late", "terminated"}
    return Proof(
        case,
        profile,
        variant,
        fault,
        outcome,
        detail,
        attribution,
        "made-up check" if stopped else None,
        "index >= size()" if stopped else None,
        "locals are not looked at" if outcome in {"no_verdict", "inexpressible"} else None,
        (_PAST,) if outcome in {"silent", "crashed", "detected_late"} else (),
        "always" if outcome == "inexpressible" else None,
    )
