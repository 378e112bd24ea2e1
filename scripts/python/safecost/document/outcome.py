"""What happened when a program committed a fault: the words of the matrix. docs/CATCHING.md explains each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, get_args

from msgspec import Meta

from safecost.document.values import CaseName, Name, ProfileName

OutcomeKind = Literal[
    "rejected",
    "inexpressible",
    "trapped",
    "reported",
    "prevented",
    "sampled",
    "contained",
    "detected_late",
    "allocator_stop",
    "terminated",
    "crashed",
    "silent",
    "deleted",
    "hung",
    "no_verdict",
]
# What an outcome's kind leaves open; None for the others.
Detail = Literal[
    # reported
    "error_value",
    "exception",
    "panic",
    # crashed
    "null",
    "guard",
    "wild",
    "arithmetic",
    "stray_trap",
    # no_verdict
    "harness",
    # silent
    "corrupted",
    "read_foreign",
    "touched",
    "leaked",
    "wrong_value",
    "neutralised",
    "nothing_seen",
    "raced",
    # no_verdict
    "not_asked",
]
Attribution = Literal["idiom", "profile", "platform", "system"]
Oracle = Literal["guard", "sanitizer", "memcheck", "ledger", "canary", "value", "race"]
Stop = Literal["assertion", "trap", "fortify", "exception", "panic", "error_value"]
World = Literal["R", "A", "B", "G", "F"]
EvidenceKind = Literal["guard", "freed", "canary", "own", "foreign", "ledger", "value", "sanitizer", "memcheck", "race"]

Text = Annotated[str, Meta(max_length=400)]

CAUGHT: frozenset[OutcomeKind] = frozenset({"rejected", "inexpressible", "trapped", "reported", "prevented"})
# Caught by a reason alone: nobody can run a program that cannot be written. Counts and prices tell their share.
UNSHOWN: frozenset[OutcomeKind] = frozenset({"inexpressible"})
DETAILS: dict[OutcomeKind, frozenset[str]] = {
    "reported": frozenset({"error_value", "exception", "panic"}),
    "crashed": frozenset({"null", "guard", "wild", "arithmetic", "stray_trap"}),
    "silent": frozenset(
        {"corrupted", "read_foreign", "touched", "leaked", "wrong_value", "neutralised", "nothing_seen", "raced"}
    ),
    "no_verdict": frozenset({"harness", "not_asked"}),
}
# One or two letters for a matrix: capitals for what counts as caught.
LETTERS: dict[str, str] = {
    "rejected": "J",
    "inexpressible": "X",
    "trapped": "T",
    "reported": "R",
    "prevented": "P",
    "sampled": "%",
    "contained": "o",
    "detected_late": "l",
    "allocator_stop": "m",
    "terminated": "t",
    "crashed": "c",
    "silent": "s",
    "deleted": "d",
    "hung": "h",
    "no_verdict": "?",
}


# What each outcome means, in the words of docs/CATCHING.md.
MEANINGS: dict[OutcomeKind, str] = {
    "rejected": "the compiler refuses the program, with the expected diagnostic",
    "inexpressible": "the idiom has no way to write the program; the variant says why, and nobody can run it",
    "trapped": "a check ended the program before the damage",
    "reported": "the program was reported: error value, exception, caught panic",
    "prevented": "nothing happened that should not, and the result is that of the program without the fault",
    "sampled": "caught in some processes and not in others, by a mitigation that looks by chance",
    "contained": "nothing but its own memory was touched, and the answer is wrong, without a word",
    "detected_late": "a check ended the program after the damage",
    "allocator_stop": "malloc noticed; it might not, next time",
    "terminated": "the program ended by itself: std::terminate, exit, a check of something else",
    "crashed": "null (below 64 KiB), guard (a page of a block), wild, arithmetic, or a stray trap instruction",
    "silent": "it went on: corrupted, read foreign, touched (without effect), leaked, wrong value, neutralised, "
    "nothing seen, raced",
    "deleted": "the compiler removed the faulting code",
    "hung": "it did not come back",
    "no_verdict": "the control was not clean, nobody wrote the faulty program, the only oracle was not asked, or the "
    "harness had trouble",
}
OWED: dict[Attribution, str] = {
    "idiom": "what the plain sibling does, too",
    "profile": "what only this hardened profile does",
    "platform": "malloc's doing",
    "system": "a page fault",
}


def spoken(kind: OutcomeKind, detail: Detail | None = None) -> str:
    """An outcome for a reader: `silent: read foreign`."""
    return (kind if detail is None else f"{kind}: {detail}").replace("_", " ")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that confirms the error itself, whatever became of the program.

    `worlds` are the letters of those that saw it. Where a block is known: its `size`, the `offset` of the access from
    its start, both in bytes, and whether it was `freed`.
    """

    kind: EvidenceKind
    worlds: Annotated[str, Meta(pattern="^[RABGF]*$")]
    text: Text
    size: int | None = None
    offset: int | None = None
    freed: bool | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one variant, built by one profile, with one fault.

    `size` and `seed` are those of the proof that decides, `sizes` all at which it was proved, and `elsewhere` tells
    what came out at those where it was something else. `chance` is in how many of how many processes a mitigation
    caught it that looks by chance.
    `mechanism` is what stopped it or reported it ("libstdc++ assertion"), `text` what that said, `reason` why the
    outcome is what it is where that does not follow from the rest. `worlds` tells, by letter, how each world ended.
    """

    case: CaseName
    profile: ProfileName
    variant: Name
    role: Literal["raw", "safe"]
    fault: Name
    kind: OutcomeKind
    detail: Detail | None = None
    attribution: Attribution | None = None
    mechanism: Annotated[str, Meta(max_length=80)] | None = None
    text: Text | None = None
    reason: Text | None = None
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=16)] = ()
    worlds: Mapping[World, Annotated[str, Meta(max_length=200)]] = field(default_factory=dict)
    claim: Annotated[str, Meta(max_length=80)] | None = None
    size: int | None = None
    seed: int | None = None
    sizes: tuple[int, ...] = ()
    elsewhere: Mapping[str, Annotated[str, Meta(max_length=80)]] = field(default_factory=dict)
    chance: tuple[int, int] | None = None

    @property
    def caught(self) -> bool:
        """Is this one of the outcomes that count as catching the fault?"""
        return self.kind in CAUGHT

    @property
    def words(self) -> str:
        """The outcome for a reader: `silent: read foreign`."""
        return spoken(self.kind, self.detail)

    @property
    def confirmed(self) -> bool:
        """Did any world see the error itself?"""
        return bool(self.evidence)


ALL_KINDS: tuple[OutcomeKind, ...] = get_args(OutcomeKind)
