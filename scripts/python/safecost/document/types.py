"""What a run document is made of, and what each part may hold; run.schema.json is made of these dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta

from safecost.document import values
from safecost.document.evidence import ProblemKind
from safecost.document.judged import Proof, Rejection
from safecost.document.measured import Code, Count, Counting, Panel
from safecost.document.outcome import Oracle, Stop
from safecost.document.points import AtPoint, beside_size
from safecost.document.values import (
    Bytes,
    CaseName,
    Commit,
    Cwe,
    FactName,
    FileName,
    FreeText,
    Label,
    Language,
    LibraryName,
    Load,
    Moment,
    Name,
    Origin,
    Output,
    ProfileName,
    RandomSeed,
    Rate,
    Role,
    Sha256,
    Share,
    Size,
    SourceText,
    Threads,
    Word,
    Workers,
)  # fmt: skip

SCHEMA: Final = "safecost-run"
SCHEMA_VERSION: Final = 4

_FEW = Meta(max_length=64)

CacheKind = Literal["data", "instruction", "unified"]


@dataclass(frozen=True, slots=True)
class Suite:
    """The state of the suite that measured."""

    version: Word
    commit: Commit | None
    modified: bool | None


@dataclass(frozen=True, slots=True)
class StageSeconds:
    """Wall time of each stage, in seconds."""

    build: values.Duration
    verify: values.Duration
    catch: values.Duration
    reject: values.Duration
    count: values.Duration
    measure: values.Duration


@dataclass(frozen=True, slots=True)
class Runner:
    """The program that loaded and timed the plugins."""

    compiler: Word
    benchmark_version: Word
    benchmark_build: Word
    abi_version: Annotated[int, Meta(ge=1, le=1000)]


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked for, and when; `complete` is false after an interruption.

    A panel may end at each of `analyses`, numbers of launches of which the last is the most. `false_discovery_rate` is
    the rate at which slower and faster are controlled over all pairs of the run, None where they are not.
    """

    mode: Literal["quick", "default", "full", "publish"]
    seed: RandomSeed
    started: Moment
    finished: Moment | None
    complete: bool
    seconds: StageSeconds
    analyses: Annotated[tuple[Annotated[int, Meta(ge=1, le=1000)], ...], Meta(min_length=1, max_length=16)]
    epoch_seconds: Annotated[float, Meta(gt=0, le=1000)]
    contender_seconds: Annotated[float, Meta(gt=0, le=100_000)]
    margin: Annotated[float, Meta(gt=0, le=0.5)]
    false_discovery_rate: Annotated[float, Meta(gt=0, le=0.5)] | None
    resumed: Annotated[int, Meta(ge=0, le=100_000)]
    filter: Annotated[str, Meta(max_length=1000)] | None
    runner: Runner

    @property
    def launches(self) -> int:
        """The most launches that a panel may have."""
        return self.analyses[-1]


@dataclass(frozen=True, slots=True)
class Cache:
    """One cache of the processor."""

    level: Annotated[int, Meta(ge=1, le=8)]
    kind: CacheKind
    bytes: Bytes


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured, and what makes noise there."""

    cpu: Word
    architecture: Word
    logical_cpus: Annotated[int, Meta(ge=1, le=65_536)]
    memory_bytes: Bytes
    caches: Annotated[tuple[Cache, ...], Meta(max_length=64)]
    kernel: Word
    distribution: Word
    virtualization: Word | None
    governor: Word | None
    turbo: bool | None
    address_randomization: Annotated[int, Meta(ge=0, le=2)] | None
    hardware_counters: bool
    load_before: Load
    load_after: Load
    steal_share: Share
    noise: Annotated[tuple[FreeText, ...], Meta(max_length=100)]


@dataclass(frozen=True, slots=True)
class Profile:
    """Compiler, standard library and flags; `flags` are (flag, why) and `facts` what the compiler reports of itself.

    `trained` names the profile that this one is, guided by what its own instrumented build counted.
    """

    name: ProfileName
    summary: FreeText
    language: Language
    library: LibraryName
    plain: ProfileName
    against: ProfileName | None
    status: Literal["measured", "absent"]
    reason: FreeText | None
    compiler: Word | None
    flags: Annotated[tuple[tuple[FreeText, FreeText], ...], Meta(max_length=200)]
    facts: Annotated[Mapping[FactName, FreeText], Meta(max_length=200)]
    trained: ProfileName | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One source file of a case."""

    name: FileName
    text: SourceText


@dataclass(frozen=True, slots=True)
class Parameter(AtPoint):
    """A point at which a case is measured.

    `threads` says how many threads the timed process has had, where the case asks: 2 is a process in which one was
    started and has ended. `workers` is how many work at once for a kernel that has several. `gap` says why this machine
    cannot measure the point.
    """

    size: Size
    rate: Rate | None
    label: Label
    threads: Threads | None = None
    workers: Workers | None = None
    gap: FreeText | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to solve the task of a case.

    `algorithm` names what it does where that is not what the case's first raw variant does; `practised` marks a raw
    one that C programs use for the task. `origin` says where its code comes from: a published library, what a good
    programmer writes in an afternoon, or made for this case, which for raw code is the best that is known; None where
    it does not say. `trusted_core` marks a safe one that runs unchecked code of its own inside; `added_later` one that
    was written after its case was frozen, which no price of the case counts.
    """

    name: Name
    role: Role
    language: Language
    summary: FreeText
    algorithm: Name | None = None
    practised: bool = False
    origin: Origin | None = None
    trusted_core: bool = False
    added_later: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A bug that the raw variant commits.

    `oracles` can confirm it, `stops` count as stopping it; `reference` says that the right result is declared.
    """

    name: Name
    cwe: Cwe
    kind: Literal["input", "tape", "kernel"]
    description: FreeText
    contract: FreeText
    oracles: Annotated[tuple[Oracle, ...], Meta(max_length=7)] = ()
    stops: Annotated[tuple[Stop, ...], Meta(max_length=6)] = ()
    reference: bool = False


NOT_REACHED = "the run ended before it was measured"  # why a case was not measured that nothing is wrong with


@dataclass(frozen=True, slots=True)
class Case:
    """One task with its variants; `held_out` marks one that was written after the suite's prices were fixed.

    Of one that is `straight` no branch depends on data, so its inputs lie where its sizes say.
    """

    family: Name
    case: Name
    question: FreeText
    status: Literal["measured", "disqualified", "not_built", "not_measured"]
    reason: FreeText | None
    system_bound: bool
    sources: Annotated[tuple[Source, ...], Meta(max_length=32)]
    parameters: Annotated[tuple[Parameter, ...], _FEW]
    variants: Annotated[tuple[Variant, ...], _FEW]
    faults: Annotated[tuple[Fault, ...], _FEW]
    held_out: bool = False
    straight: bool = False

    @property
    def name(self) -> str:
        """The reference used elsewhere in the document: `family/case`."""
        return f"{self.family}/{self.case}"


@dataclass(frozen=True, slots=True)
class Plugin:
    """The shared object built from one case in one profile; `trained` is the hash of the counts that guided it."""

    case: CaseName
    profile: ProfileName
    sha256: Sha256
    bytes: Bytes
    trained: Sha256 | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """An idiom that a toolchain cannot build."""

    case: CaseName
    variant: Name
    profile: ProfileName
    reason: FreeText


MARKS = frozenset({"kept", "moved", "alike", "branches"})
"""Kinds of problems that stop nothing: a context keeps results, prepare does work, all results are alike."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong; `disqualifies` says that it disqualified its case.

    `claim` and `snippet` are broken promises: of what is caught, and of what a compiler rejects. `trouble` is the
    machine's, and says nothing of the code. `kept`, `moved` and `alike` are marks.
    """

    kind: Literal[ProblemKind, "build", "timing", "count", "resume", "prove", "claim", "snippet"]
    case: CaseName | None
    variant: Name | None
    profile: ProfileName | None
    size: Size | None
    rate: Rate | None
    message: Output
    disqualifies: bool
    threads: Threads | None = None
    workers: Workers | None = None

    @property
    def beside(self) -> str:
        """What was given beside the size, to be put behind it; often nothing."""
        return beside_size(self.rate, self.threads, self.workers)

    @property
    def is_mark(self) -> bool:
        """Is it about how to read what was measured, and nothing wrong?"""
        return self.kind in MARKS


@dataclass(frozen=True, slots=True)
class Document:
    """A whole run."""

    schema: Literal["safecost-run"]
    schema_version: Literal[4]
    suite: Suite
    run: Run
    machine: Machine
    profiles: Annotated[tuple[Profile, ...], Meta(max_length=100)]
    cases: Annotated[tuple[Case, ...], Meta(max_length=2_000)]
    plugins: Annotated[tuple[Plugin, ...], Meta(max_length=100_000)]
    gaps: Annotated[tuple[Gap, ...], Meta(max_length=20_000)]
    panels: Annotated[tuple[Panel, ...], Meta(max_length=20_000)]
    counting: Counting
    counts: Annotated[tuple[Count, ...], Meta(max_length=200_000)]
    codes: Annotated[tuple[Code, ...], Meta(max_length=100_000)]
    proofs: Annotated[tuple[Proof, ...], Meta(max_length=100_000)]
    rejections: Annotated[tuple[Rejection, ...], Meta(max_length=2_000)]
    problems: Annotated[tuple[Problem, ...], Meta(max_length=20_000)]
