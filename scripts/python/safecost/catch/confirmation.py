"""Is each fault of raw code real? What its declared oracles saw of it, and what was not clean without any fault.

An oracle is what a fault names as able to confirm it: pages without access, a sanitizer, Memcheck, the ledger of
blocks, canaries, the value, or a detector of races. docs/CATCHING.md says what each can see.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, get_args

from msgspec import Meta

from safecost.document.evidence import ConfirmingTool, DeclaredFault
from safecost.document.outcome import EvidenceKind, Outcome, Text
from safecost.document.outcome import Oracle as OracleName
from safecost.document.values import CaseName, Label, Name, ProfileName

# What a world's evidence confirms; a result that depends on foreign bytes is a wrong value wherever it comes out right.
_OF_EVIDENCE: dict[EvidenceKind, OracleName] = {
    "guard": "guard",
    "freed": "guard",
    "canary": "canary",
    "own": "value",
    "foreign": "value",
    "ledger": "ledger",
    "value": "value",
}
_WORLDS: frozenset[OracleName] = frozenset({"guard", "ledger", "canary", "value"})
_MOST_SIGHTINGS = 32  # of one fault in one variant; more of them say nothing new


@dataclass(frozen=True, slots=True)
class Sighting:
    """One error that an oracle saw: `kind` is its own word for it ("heap-buffer-overflow"), `function` where.

    Where a block is known: its `size`, the `offset` of the access from its start, both in bytes, and whether it was
    `freed`. `profile` is the build that was watched.
    """

    oracle: OracleName
    profile: ProfileName
    kind: Label
    text: Text
    function: Text | None = None
    size: int | None = None
    offset: int | None = None
    freed: bool | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What became of the question whether one raw variant really commits one fault.

    `declared` are its oracles; `missed` those that could look and saw nothing; `gaps` why others could not look;
    `seen` is what was seen instead, in words, for a reader who wonders. `harmless` says that nobody saw anything and
    the result is right all the same: code that tolerates the broken contract, or a fault that is none.
    """

    case: CaseName
    variant: Name
    fault: Name
    declared: tuple[OracleName, ...]
    sightings: Annotated[tuple[Sighting, ...], Meta(max_length=_MOST_SIGHTINGS)] = ()
    missed: tuple[OracleName, ...] = ()
    gaps: tuple[Text, ...] = ()
    seen: Text = ""
    harmless: bool = False

    @property
    def confirmed(self) -> bool:
        """Did a declared oracle see it?"""
        return any(one.oracle in self.declared for one in self.sightings)

    @property
    def undecided(self) -> bool:
        """Is it unconfirmed only because none of its oracles could look?"""
        return not self.confirmed and not self.missed

    @property
    def answers_wrongly(self) -> bool:
        """Is a wrong answer all that anybody saw? So raw code ends that checks, and returns an error."""
        return {one.oracle for one in self.sightings} == {"value"}

    @property
    def name(self) -> str:
        """The contender and the fault."""
        return f"{self.case}/{self.variant}/{self.fault}"

    @property
    def words(self) -> str:
        """The answer as a sentence."""
        kinds = dict.fromkeys(f"{one.oracle}: {one.kind}" for one in self.sightings if one.oracle in self.declared)
        told = f"confirmed by {', '.join(kinds)}" if kinds else "not confirmed"
        if self.harmless:
            told += ", and the result is right"
        if self.missed:
            told += f"; nothing seen by {', '.join(self.missed)}"
        return told + "".join(f"; {gap}" for gap in self.gaps)


@dataclass(frozen=True, slots=True)
class Dirty:
    """An error on valid input: the program is wrong without any fault. `size` and `rate` are the input's."""

    case: CaseName
    variant: Name
    profile: ProfileName
    tool: ConfirmingTool
    size: Annotated[int, Meta(ge=0)]
    rate: float | None
    kind: Label
    text: Text
    function: Text | None = None

    @property
    def words(self) -> str:
        """What is wrong, as a sentence."""
        where = f" in {self.function}" if self.function else ""
        return (
            f"{self.tool} on valid input of size {self.size}: {self.kind}{where}{f': {self.text}' if self.text else ''}"
        )


@dataclass(frozen=True, slots=True)
class Observed:
    """A tool looked at one variant with one fault: what it saw of it, how that ended, and if the result is right."""

    tool: ConfirmingTool
    profile: str
    end: str
    sightings: tuple[Sighting, ...]
    right: bool | None = None


Watched = Mapping[tuple[str, str, str], Sequence[Observed]]  # by (case, variant, fault)


def saw_in_source(watched: Watched) -> dict[tuple[str, str, str], frozenset[EvidenceKind]]:
    """Which errors a sanitizer saw in the source of a variant: a compiler that removes one of them deletes it."""
    kinds: frozenset[EvidenceKind] = frozenset({"sanitizer"})
    return {
        name: kinds
        for name, observations in watched.items()
        if any(observation.tool == "sanitizer" and observation.sightings for observation in observations)
    }


def combine(
    outcomes: Sequence[Outcome],
    faults: Mapping[str, Sequence[DeclaredFault]],
    watched: Watched,
    gaps: Mapping[ConfirmingTool, str],
    plain: Collection[str],
) -> list[Confirmation]:
    """One confirmation for each raw variant and fault that it has a way to commit, from all that was seen.

    `outcomes` are those of the worlds, of which the ones in the `plain` profiles count; `faults` the declarations by
    case; `gaps` say why a tool did not look at anything.
    """
    declared = {(case, fault.name): fault for case, all_of in faults.items() for fault in all_of}
    raw: dict[tuple[str, str, str], list[Outcome]] = {}
    for one in outcomes:
        if one.role == "raw" and one.profile in plain and _commits(one) and (one.case, one.fault) in declared:
            raw.setdefault((one.case, one.variant, one.fault), []).append(one)
    return [_confirmation(ones, declared[name[0], name[2]], watched.get(name, ()), gaps) for name, ones in raw.items()]


def _commits(one: Outcome) -> bool:
    """Is there a program to be looked at, and no claim that it prevents the fault?"""
    written = one.kind != "inexpressible" and not (
        one.kind == "no_verdict" and not one.worlds and one.detail != "not_asked"
    )
    return written and not (one.claim is not None and one.caught)


def _confirmation(
    ones: Sequence[Outcome],
    fault: DeclaredFault,
    observations: Sequence[Observed],
    gaps: Mapping[ConfirmingTool, str],
) -> Confirmation:
    declared = fault.oracles
    sightings = [
        Sighting(_OF_EVIDENCE[seen.kind], one.profile, seen.kind, seen.text, None, seen.size, seen.offset, seen.freed)
        for one in ones
        for seen in one.evidence
        if seen.kind in _OF_EVIDENCE
    ]
    sightings += [seen for observation in observations for seen in observation.sightings]
    # What never comes back has no value at all.
    hangs = [one for one in ones if one.kind == "hung"]
    sightings += [Sighting("value", one.profile, "hung", one.reason or "it did not come back") for one in hangs]
    saw = {seen.oracle for seen in sightings}
    could = _WORLDS | {observation.tool for observation in observations}
    first = ones[0]
    ends = [f"{one.profile}: {one.words}" for one in ones] + [
        f"{observation.tool}: {observation.end}" for observation in observations
    ]
    return Confirmation(
        first.case,
        first.variant,
        first.fault,
        declared,
        tuple(dict.fromkeys(sightings))[:_MOST_SIGHTINGS],
        tuple(oracle for oracle in declared if oracle in could and oracle not in saw),
        tuple(
            f"{tool}: {gaps.get(tool, 'no build of this variant that it watches')}"
            for tool in get_args(ConfirmingTool)
            if tool in declared and tool not in could
        ),
        ", ".join(ends),
        not sightings and fault.reference and all(one.detail == "nothing_seen" for one in ones),
    )


def unconfirmed(confirmations: Sequence[Confirmation]) -> Iterator[tuple[str, str]]:
    """Where and what: raw code that was not seen to commit its fault by any oracle that could look.

    A variant that is `harmless`, or only answers wrongly, is accepted where another raw variant of the case was seen to
    commit the same fault.
    """
    real = {(one.case, one.fault) for one in confirmations if one.confirmed}
    for one in confirmations:
        tolerates = one.harmless or one.answers_wrongly
        if one.confirmed or one.undecided or (tolerates and (one.case, one.fault) in real):
            continue
        others = sorted({f"{seen.oracle} ({seen.kind})" for seen in one.sightings})
        told = f"; others that it does not declare did: {', '.join(others)}" if others else ""
        yield (
            one.name,
            f"raw code was not seen to commit it. Looked for by {', '.join(one.missed)}{told}; seen: {one.seen}. "
            "The fault, or its list of oracles, is not what it says",
        )
