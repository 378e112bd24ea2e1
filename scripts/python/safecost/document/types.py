"""What a run document is made of, and what each part may hold; run.schema.json is made of these dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta

from safecost.document import values
from safecost.document.outcome import CAUGHT, Attribution, Detail, Oracle, OutcomeKind, Stop, spoken
from safecost.document.values import (
    Bytes,
    CaseName,
    Commit,
    Cwe,
    FactName,
    FileName,
    FreeText,
    Index,
    Label,
    Load,
    Moment,
    Name,
    Nanoseconds,
    Output,
    ProfileName,
    RandomSeed,
    Rate,
    Ratio,
    Sha256,
    Share,
    Size,
    SourceText,
    Threads,
    WholeNumber,
    Word,
)  # fmt: skip
from safecost.stats.pairs import Verdict

SCHEMA: Final = "safecost-run"
SCHEMA_VERSION: Final = 3

_FEW = Meta(max_length=64)
_LAUNCHES = Meta(min_length=1, max_length=1000)

Role = Literal["raw", "safe", "aa", "calibration"]
Language = Literal["c++", "rust"]
CacheKind = Literal["data", "instruction", "unified"]
PairKind = Literal["idiom", "profile", "language", "full", "aa", "calibration"]
CompilerName = Literal["gcc", "clang", "rustc"]
Way = Literal["plain", "type", "attribute", "strict", "analyser", "evaluated"]
RulingOutcome = Literal["rejected", "accepted", "newly_rejected", "not_applicable", "absent", "broken"]


Place = tuple[int, float | None, int | None]
"""Size, rate and threads: where a case is measured."""


class AtPoint:
    """What is at one of the points at which a case is measured: it has a size, a rate and a number of threads."""

    __slots__ = ()

    if TYPE_CHECKING:  # fields of whoever inherits this

        @property
        def size(self) -> int: ...  # noqa: D102
        @property
        def rate(self) -> float | None: ...  # noqa: D102
        @property
        def threads(self) -> int | None: ...  # noqa: D102

    @property
    def place(self) -> Place:
        """What tells the point from the case's others."""
        return self.size, self.rate, self.threads

    @property
    def beside(self) -> str:
        """What is given beside the size, to be put behind it, such as `, rate 0.01, threads 2`; often nothing."""
        return beside_size(self.rate, self.threads)


@dataclass(frozen=True, slots=True)
class Suite:
    """The state of the suite that measured."""

    version: Word
    commit: Commit | None
    modified: bool | None


@dataclass(frozen=True, slots=True)
class Seconds:
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
    seconds: Seconds
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
    """Compiler, standard library and flags; `flags` are (flag, why) and `facts` what the compiler reports of itself."""

    name: ProfileName
    summary: FreeText
    language: Language
    library: Literal["libstdc++", "libc++", "std"]
    plain: ProfileName
    against: ProfileName | None
    status: Literal["measured", "absent"]
    reason: FreeText | None
    compiler: Word | None
    flags: Annotated[tuple[tuple[FreeText, FreeText], ...], Meta(max_length=200)]
    facts: Annotated[Mapping[FactName, FreeText], Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class Source:
    """One source file of a case."""

    name: FileName
    text: SourceText


@dataclass(frozen=True, slots=True)
class Parameter(AtPoint):
    """A point at which a case is measured.

    `threads` says how many threads the timed process has had, where the case asks: 2 is a process in which one was
    started and has ended.
    """

    size: Size
    rate: Rate | None
    label: Label
    threads: Threads | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to solve the task of a case.

    `algorithm` names what it does where that is not what the case's first raw variant does; `practised` marks a raw
    one that C programs use for the task.
    """

    name: Name
    role: Role
    language: Language
    summary: FreeText
    algorithm: Name | None = None
    practised: bool = False


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
    oracles: Annotated[tuple[Oracle, ...], Meta(max_length=6)] = ()
    stops: Annotated[tuple[Stop, ...], Meta(max_length=6)] = ()
    reference: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One task with its variants."""

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

    @property
    def name(self) -> str:
        """The reference used elsewhere in the document: `family/case`."""
        return f"{self.family}/{self.case}"


@dataclass(frozen=True, slots=True)
class Plugin:
    """The shared object built from one case in one profile."""

    case: CaseName
    profile: ProfileName
    sha256: Sha256
    bytes: Bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """An idiom that a toolchain cannot build."""

    case: CaseName
    variant: Name
    profile: ProfileName
    reason: FreeText


@dataclass(frozen=True, slots=True)
class Launch:
    """One fresh process measuring one panel; `layout` numbers the link of the plugins that it loaded."""

    seed: RandomSeed
    layout: Annotated[int, Meta(ge=0, le=100_000)]
    calls: WholeNumber
    rounds: WholeNumber


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


@dataclass(frozen=True, slots=True)
class Code:
    """The machine code of a kernel as its plugin holds it, out-of-line parts of the same function included.

    `bytes` and `instructions` are its size; `checks` the branches to code that only reports an error, `packed` the
    instructions on vectors of numbers, `calls` the calls that are no part of a check. `listing` is the disassembly,
    one instruction a line: a mark (space, `c` check, `f` code that reports a failed check, `h` code that only an
    exception reaches, `v` packed, `j` jump, `x` call), a space, the text. A line with the mark `-` is no instruction
    but the heading of what follows: an out-of-line part, or a function that the kernel calls, which is not counted.
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


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one compiler does with a misuse of memory; `expected` is a tag, `accepts` or `n/a: why`.

    `newly_rejected`: it says more than was expected, as a newer compiler may. `broken`: what was expected does not
    hold, and `reason` says how. `said` is the diagnostic, `tag` its option, code or lint.
    """

    by: CompilerName
    version: Word | None
    flags: FreeText
    expected: Word
    outcome: RulingOutcome
    tag: Word | None
    said: FreeText | None
    reason: FreeText | None


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
    the checks under which the variant claims to catch it.
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

    @property
    def caught(self) -> bool:
        """Is this one of the outcomes that count as catching the fault?"""
        return self.outcome in CAUGHT

    @property
    def words(self) -> str:
        """The outcome for a reader: `silent: read foreign`."""
        return spoken(self.outcome, self.detail)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong; `disqualifies` says that it disqualified its case.

    `claim` and `snippet` are broken promises: of what is caught, and of what a compiler rejects.
    """

    kind: Literal[
        "build",
        "load",
        "abi",
        "layout",
        "exports",
        "folded",
        "pool",
        "digest",
        "growth",
        "crash",
        "hang",
        "timing",
        "count",
        "resume",
        "prove",
        "claim",
        "snippet",
    ]
    case: CaseName | None
    variant: Name | None
    profile: ProfileName | None
    size: Size | None
    rate: Rate | None
    message: Output
    disqualifies: bool
    threads: Threads | None = None

    @property
    def beside(self) -> str:
        """What was given beside the size, to be put behind it; often nothing."""
        return beside_size(self.rate, self.threads)


@dataclass(frozen=True, slots=True)
class Document:
    """A whole run."""

    schema: Literal["safecost-run"]
    schema_version: Literal[3]
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


def contender_name(
    case: str, variant: str, size: int, rate: float | None, profile: str, threads: int | None = None
) -> str:
    """The name a contender has everywhere, for instance `indexing/sum/at/size:4096@gcc-o2`; `case` is `family/case`.

    The runner makes the same one (`contender_name` in src/runner/contender.cc).
    """
    parameters = f"size:{size}" if rate is None else f"size:{size}/rate:{_rate(rate)}"
    if threads is not None:
        parameters += f"/threads:{threads}"
    return f"{case}/{variant}/{parameters}@{profile}"


def _rate(rate: float) -> str:
    """With as many digits as are needed to read it back, as the runner writes it."""
    return repr(float(rate)).removesuffix(".0")


def beside_size(rate: float | None, threads: int | None, separator: str = ", ") -> str:
    """What a case is given beside a size, to be put behind it, such as `, rate 0.01`; nothing where it is nothing."""
    rated = "" if rate is None else f"{separator}rate {_rate(rate)}"
    return rated if threads is None else f"{rated}{separator}threads {threads}"
