"""What a run document has of compilers' rulings and of proofs; see types.py for the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from safecost.document.outcome import CAUGHT, Attribution, Detail, OutcomeKind, spoken
from safecost.document.values import (
    CaseName,
    Cwe,
    FreeText,
    Language,
    Name,
    ProfileName,
    Size,
    SourceText,
    Word,
)

CompilerName = Literal["gcc", "clang", "rustc"]


Way = Literal["plain", "type", "attribute", "strict", "analyser", "evaluated"]


SizeKey = Annotated[str, Meta(pattern=r"^[0-9]{1,20}$(?!\n)")]
Looks = Annotated[int, Meta(ge=0, le=1_000)]
RulingOutcome = Literal["rejected", "accepted", "newly_rejected", "not_applicable", "absent", "broken"]
DIFFERS = "differs from "  # begins the reason of a ruling by another version than the snippet's


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one compiler does with a misuse of memory; `expected` is a tag, `accepts` or `n/a: why`.

    `newly_rejected`: it says more than was expected, as a newer compiler may. `broken`: what was expected does not
    hold, and `reason` says how; of another version than the snippet is written for it *differs*, and breaks nothing.
    `said` is the diagnostic, `tag` its option, code or lint.
    """

    by: CompilerName
    version: Word | None
    flags: FreeText
    expected: Word
    outcome: RulingOutcome
    tag: Word | None
    said: FreeText | None
    reason: FreeText | None

    @property
    def differs(self) -> bool:
        """Is this other than what the snippet expects of the version that it was written for?"""
        return self.reason is not None and self.reason.startswith(DIFFERS)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A snippet with one misuse of memory, on line `line` of `source`, and what the compilers do with it.

    `way` is how the code is written: as it comes, with a stricter type, with attributes, under a warning that bans a
    construct, for an analyser, or so that the compiler evaluates it.
    """

    topic: Name
    misuse: Name
    way: Way
    language: Language
    cwe: Cwe
    title: FreeText
    line: Annotated[int, Meta(ge=1, le=20_000)]
    source: SourceText
    rulings: Annotated[tuple[Ruling, ...], Meta(min_length=1, max_length=3)]


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of one fault in one variant, built by one profile; docs/CATCHING.md has the words.

    `mechanism` is what stopped it or reported it and `said` what that said; `reason` tells why the outcome is what it
    is where that does not follow from the rest. `evidence` is what memory worlds saw, `WORLDS: what`. `claim` names
    the checks under which the variant claims to catch it. `size` and `seed` are of the proof that decides, `sizes`
    all at which it was proved, `elsewhere` what came out at those where that was something else; `chance` in how many
    of how many processes a mitigation caught it that looks by chance.
    """

    case: CaseName
    profile: ProfileName
    variant: Name
    fault: Name
    outcome: OutcomeKind
    detail: Detail | None
    attribution: Attribution | None
    mechanism: Word | None
    said: FreeText | None
    reason: FreeText | None
    evidence: Annotated[tuple[FreeText, ...], Meta(max_length=32)]
    claim: Word | None
    size: Size | None = None
    seed: Annotated[int, Meta(ge=0, lt=2**53)] | None = None
    sizes: Annotated[tuple[Size, ...], Meta(max_length=64)] = ()
    elsewhere: Annotated[Mapping[SizeKey, Word], Meta(max_length=64)] | None = None
    chance: tuple[Looks, Looks] | None = None

    @property
    def caught(self) -> bool:
        """Is this one of the outcomes that count as catching the fault?"""
        return self.outcome in CAUGHT

    @property
    def words(self) -> str:
        """The outcome for a reader: `silent: read foreign`."""
        return spoken(self.outcome, self.detail)
