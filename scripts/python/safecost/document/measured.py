"""What a run document has of times, counts and machine code; see types.py for the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta, Struct

from safecost.document.points import AtPoint
from safecost.document.values import (
    Bytes,
    CaseName,
    FreeText,
    Index,
    Label,
    Name,
    Nanoseconds,
    PairKind,
    ProfileName,
    RandomSeed,
    Rate,
    Ratio,
    Role,
    Sha256,
    Share,
    Size,
    SourceText,
    Threads,
    WholeNumber,
    Word,
    Workers,
)
from safecost.stats.pairs import Verdict
from safecost.stats.spread import Spread

WholeCount = Annotated[int, Meta(ge=0, le=2**62)]
_LAUNCHES = Meta(min_length=1, max_length=1000)


class Laying(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the contexts of all contenders lie in one placement."""

    mode: Literal["adjacent", "split", "jittered"]
    offset: Annotated[int, Meta(ge=0, lt=4096)]


SLOW_BEAT = 1.2
"""Beside a beat of the metronome that takes so many times a calm one somebody else used the core."""

FEWEST_ROUNDS = 8
"""Fewer rounds than that are no launch of a pair."""


@dataclass(frozen=True, slots=True)
class OperationTimes:
    """Nanoseconds of single operations of a contender, on all of its workers, exact for those that were noted.

    `reading` is what is noted of an operation that does nothing, and is in all others.
    """

    operations: WholeNumber
    p50: Nanoseconds
    p99: Nanoseconds
    p999: Nanoseconds
    longest: Nanoseconds
    reading: Nanoseconds


OfContenders = Annotated[tuple[OperationTimes | None, ...], Meta(max_length=1000)]
"""In the order of contenders, None for those whose operations nobody noted; empty where all are such."""


class RoundTimes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What Google Benchmark's JSON has no place for.

    `nanoseconds` a call are [contender][round], `beats` the slower one of the metronome before and after, `placements`
    which of `layings` a round was in. `calm_beat` is what a beat takes where nobody disturbs, as far as is known.
    """

    case: str
    order_seed: Annotated[int, Meta(ge=0)]
    calls: Annotated[int, Meta(ge=1, le=1 << 20)]
    calls_confirmed: bool
    prepared: tuple[WholeCount, ...]
    inputs: WholeCount
    estimate: str
    layings: Annotated[tuple[Laying, ...], Meta(min_length=1, max_length=64)]
    placements: list[Annotated[int, Meta(ge=0, lt=64)]]
    nanoseconds: list[Annotated[list[Nanoseconds], Meta(min_length=FEWEST_ROUNDS)]]
    calm_beat: Nanoseconds
    beats: list[list[Nanoseconds]]
    latencies: OfContenders = ()

    @property
    def contended(self) -> float:
        """The share of epochs beside a slow beat."""
        return float(np.mean(np.array(self.beats) > SLOW_BEAT * self.calm_beat))

    @property
    def counted(self) -> list[list[float]]:
        """The times that count: those beside slow beats are NaN.

        Where two contenders have too few calm rounds together all times count, and `contended` tells what they are
        worth. Which rounds go depends on beats alone, never on the times.
        """
        calm = np.array(self.beats) <= SLOW_BEAT * self.calm_beat
        together = calm.astype(np.int64) @ calm.T  # rounds that two contenders have calm, both of them
        times = np.array(self.nanoseconds)
        counted: list[list[float]] = (
            times if together.min() < FEWEST_ROUNDS else np.where(calm, times, np.nan)
        ).tolist()
        return counted


@dataclass(frozen=True, slots=True)
class Launch:
    """One fresh process measuring one panel; `layouts` number the links of the plugins that it loaded.

    `contended` is the share of epochs beside which the metronome was slow, None where nobody listened.
    """

    seed: RandomSeed
    layouts: Annotated[tuple[Annotated[int, Meta(ge=0, le=100_000)], ...], Meta(min_length=1, max_length=64)]
    calls: WholeNumber
    rounds: WholeNumber
    contended: Annotated[float, Meta(ge=0, le=1)] | None
    latencies: OfContenders = ()


@dataclass(frozen=True, slots=True)
class Contender:
    """A variant in a profile; `nanoseconds` per call, one median per launch."""

    variant: Name
    profile: ProfileName
    role: Role
    nanoseconds: Annotated[tuple[Nanoseconds, ...], _LAUNCHES]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contenders (indices into the panel) and their ratio; above 1 the numerator is slower.

    `planted` is the ratio that A/A pairs and calibrations were built to have. `p` is the sign test's probability of
    launches so far beyond the margin if the median is not, `q` the same after the control of false discoveries.
    `spread` says whether launches, their placements or their rounds make the interval wide.
    """

    kind: PairKind
    numerator: Index
    denominator: Index
    planted: Ratio | None
    ratios: Annotated[tuple[Ratio, ...], _LAUNCHES]
    ratio: Ratio
    low: Ratio | None
    high: Ratio | None
    level: Annotated[float, Meta(ge=0.5, le=1)] | None
    verdict: Verdict
    reason: FreeText | None
    detectable: Annotated[float, Meta(ge=0, le=1e9)] | None
    p: Share | None
    q: Share | None
    spread: Spread | None = None

    @property
    def interval(self) -> tuple[float, float, float] | None:
        """Low, high and level, None where there are too few launches."""
        if self.low is None or self.high is None:
            return None
        return self.low, self.high, self.level or 0.0


@dataclass(frozen=True, slots=True)
class Panel(AtPoint):
    """The contenders timed together, launch by launch; `ended` says why there are no more launches."""

    case: CaseName
    profile: ProfileName
    size: Size
    rate: Rate | None
    label: Label
    ended: Literal["decided", "all_launches", "broken", "interrupted"]
    launches: Annotated[tuple[Launch, ...], _LAUNCHES]
    contenders: Annotated[tuple[Contender, ...], Meta(min_length=1, max_length=64)]
    pairs: Annotated[tuple[Pair, ...], Meta(max_length=1000)]
    threads: Threads | None = None
    workers: Workers | None = None


@dataclass(frozen=True, slots=True)
class Counting:
    """How instructions were counted: by which tool, or why not; `pins` are (what was pinned, to what)."""

    status: Literal["counted", "absent", "skipped"]
    tool: Word | None
    reason: FreeText | None
    pins: Annotated[tuple[tuple[FreeText, FreeText], ...], Meta(max_length=100)]


@dataclass(frozen=True, slots=True)
class Count(AtPoint):
    """What `calls` calls of a contender did, one on each input of its pool: instructions, allocations, bytes of these.

    `instructions` is None where they were not counted or are not the same in every run, and `reason` says why.
    """

    case: CaseName
    profile: ProfileName
    variant: Name
    size: Size
    rate: Rate | None
    calls: Annotated[int, Meta(ge=1, le=10**9)]
    instructions: WholeNumber | None
    allocations: WholeNumber | None
    allocated_bytes: WholeNumber | None
    reason: FreeText | None
    threads: Threads | None = None
    workers: Workers | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """The machine code of a kernel as its plugin holds it, out-of-line parts of the same function included.

    `bytes` and `instructions` are its size; `checks` the branches to code that only reports an error, `packed` the
    instructions on vectors of numbers, `calls` the calls that are no part of a check. `listing` is the disassembly,
    one instruction a line: a mark (space, `c` check, `f` code that reports a failed check, `h` code that only an
    exception reaches, `v` packed, `j` jump, `x` call), a space, the text. A line with the mark `-` is no instruction
    but the heading of what follows: an out-of-line part, or a function that the kernel calls, which is not counted.
    `fingerprint` is a hash of the same text of the kernel and of everything of its source that it leads to.
    `remarks` is what the compiler said of its loops, vectorised or why not, where it was asked: `sum.cc:41: loop
    vectorized using 16 byte vectors`.
    """

    case: CaseName
    profile: ProfileName
    variant: Name
    bytes: Bytes
    instructions: WholeNumber
    checks: WholeNumber
    packed: WholeNumber
    calls: WholeNumber
    listing: SourceText
    fingerprint: Sha256 | None = None
    remarks: Annotated[tuple[FreeText, ...], Meta(max_length=200)] = ()

    def same_as(self, other: Code) -> bool:
        """Is it the other's code, but for addresses? By the listing where a document has no fingerprints."""
        if self.fingerprint is None or other.fingerprint is None:
            return self.listing == other.listing
        return self.fingerprint == other.fingerprint


def untouched(codes: Iterable[Code], plain: Mapping[str, str]) -> frozenset[tuple[str, str, str]]:
    """Case, profile and variant whose machine code is the same in the profile's plain sibling, which `plain` names."""
    known = {(one.case, one.profile, one.variant): one for one in codes}
    found = set()
    for (case, profile, variant), code in known.items():
        sibling = plain.get(profile, profile)
        other = known.get((case, sibling, variant))
        if sibling != profile and other is not None and code.same_as(other):
            found.add((case, profile, variant))
    return frozenset(found)
