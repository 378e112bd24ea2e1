"""What a run document is made of: one dataclass for each object of run.schema.json, its fields in the same order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from safecost.document.outcome import CAUGHT, Attribution, Detail, Oracle, OutcomeKind, Stop, spoken
from safecost.stats.pairs import Verdict

SCHEMA = "safecost-run"
SCHEMA_VERSION = 3

Role = Literal["raw", "safe", "aa", "calibration"]
Language = Literal["c++", "rust"]
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

    version: str
    commit: str | None
    modified: bool | None


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall time of each stage, in seconds."""

    build: float
    verify: float
    catch: float
    reject: float
    count: float
    measure: float


@dataclass(frozen=True, slots=True)
class Runner:
    """The program that loaded and timed the plugins."""

    compiler: str
    benchmark_version: str
    benchmark_build: str
    abi_version: int


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked for, and when; `complete` is false after an interruption.

    A panel may end at each of `analyses`, numbers of launches of which the last is the most. `false_discovery_rate` is
    the rate at which slower and faster are controlled over all pairs of the run, None where they are not.
    """

    mode: Literal["quick", "default", "full", "publish"]
    seed: int
    started: str
    finished: str | None
    complete: bool
    seconds: Seconds
    analyses: tuple[int, ...]
    epoch_seconds: float
    contender_seconds: float
    margin: float
    false_discovery_rate: float | None
    resumed: int
    filter: str | None
    runner: Runner

    @property
    def launches(self) -> int:
        """The most launches that a panel may have."""
        return self.analyses[-1]


@dataclass(frozen=True, slots=True)
class Cache:
    """One cache of the processor."""

    level: int
    kind: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured, and what makes noise there."""

    cpu: str
    architecture: str
    logical_cpus: int
    memory_bytes: int
    caches: tuple[Cache, ...]
    kernel: str
    distribution: str
    virtualization: str | None
    governor: str | None
    turbo: bool | None
    address_randomization: int | None
    hardware_counters: bool
    load_before: float
    load_after: float
    steal_share: float
    noise: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """Compiler, standard library and flags; `flags` are (flag, why) and `facts` what the compiler reports of itself."""

    name: str
    summary: str
    language: Language
    library: Literal["libstdc++", "libc++", "std"]
    plain: str
    against: str | None
    status: Literal["measured", "absent"]
    reason: str | None
    compiler: str | None
    flags: tuple[tuple[str, str], ...]
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """One source file of a case."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Parameter(AtPoint):
    """A point at which a case is measured.

    `threads` says how many threads the timed process has had, where the case asks: 2 is a process in which one was
    started and has ended.
    """

    size: int
    rate: float | None
    label: str
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to solve the task of a case.

    `algorithm` names what it does where that is not what the case's first raw variant does; `practised` marks a raw
    one that C programs use for the task.
    """

    name: str
    role: Role
    language: Language
    summary: str
    algorithm: str | None = None
    practised: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A bug that the raw variant commits.

    `oracles` can confirm it, `stops` count as stopping it; `reference` says that the right result is declared.
    """

    name: str
    cwe: int
    kind: Literal["input", "tape", "kernel"]
    description: str
    contract: str
    oracles: tuple[Oracle, ...] = ()
    stops: tuple[Stop, ...] = ()
    reference: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One task with its variants."""

    family: str
    case: str
    question: str
    status: Literal["measured", "disqualified", "not_built", "not_measured"]
    reason: str | None
    system_bound: bool
    sources: tuple[Source, ...]
    parameters: tuple[Parameter, ...]
    variants: tuple[Variant, ...]
    faults: tuple[Fault, ...]

    @property
    def name(self) -> str:
        """The reference used elsewhere in the document: `family/case`."""
        return f"{self.family}/{self.case}"


@dataclass(frozen=True, slots=True)
class Plugin:
    """The shared object built from one case in one profile."""

    case: str
    profile: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Gap:
    """An idiom that a toolchain cannot build."""

    case: str
    variant: str
    profile: str
    reason: str


@dataclass(frozen=True, slots=True)
class Launch:
    """One fresh process measuring one panel; `layout` numbers the link of the plugins that it loaded."""

    seed: int
    layout: int
    calls: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Contender:
    """A variant in a profile; `nanoseconds` per call, one median per launch."""

    variant: str
    profile: str
    role: Role
    nanoseconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contenders (indices into the panel) and their ratio; above 1 the numerator is slower.

    `planted` is the ratio that A/A pairs and calibrations were built to have. `p` is the sign test's probability of
    launches so far beyond the margin if the median is not, `q` the same after the control of false discoveries.
    """

    kind: PairKind
    numerator: int
    denominator: int
    planted: float | None
    ratios: tuple[float, ...]
    ratio: float
    low: float | None
    high: float | None
    level: float | None
    verdict: Verdict
    reason: str | None
    detectable: float | None
    p: float | None
    q: float | None


@dataclass(frozen=True, slots=True)
class Panel(AtPoint):
    """The contenders timed together, launch by launch; `ended` says why there are no more launches."""

    case: str
    profile: str
    size: int
    rate: float | None
    label: str
    ended: Literal["decided", "all_launches", "broken", "interrupted"]
    launches: tuple[Launch, ...]
    contenders: tuple[Contender, ...]
    pairs: tuple[Pair, ...]
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Counting:
    """How instructions were counted: by which tool, or why not; `pins` are (what was pinned, to what)."""

    status: Literal["counted", "absent", "skipped"]
    tool: str | None
    reason: str | None
    pins: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Count(AtPoint):
    """What `calls` calls of a contender did, one on each input of its pool: instructions, allocations, bytes of these.

    `instructions` is None where they were not counted or are not the same in every run, and `reason` says why.
    """

    case: str
    profile: str
    variant: str
    size: int
    rate: float | None
    calls: int
    instructions: int | None
    allocations: int | None
    allocated_bytes: int | None
    reason: str | None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """The machine code of a kernel as its plugin holds it, out-of-line parts of the same function included.

    `bytes` and `instructions` are its size; `checks` the branches to code that only reports an error, `packed` the
    instructions on vectors of numbers, `calls` the calls that are no part of a check. `listing` is the disassembly,
    one instruction a line: a mark (space, `c` check, `f` code that reports a failed check, `h` code that only an
    exception reaches, `v` packed, `j` jump, `x` call), a space, the text. A line with the mark `-` is no instruction
    but the heading of what follows: an out-of-line part, or a function that the kernel calls, which is not counted.
    """

    case: str
    profile: str
    variant: str
    bytes: int
    instructions: int
    checks: int
    packed: int
    calls: int
    listing: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one compiler does with a misuse of memory; `expected` is a tag, `accepts` or `n/a: why`.

    `newly_rejected`: it says more than was expected, as a newer compiler may. `broken`: what was expected does not
    hold, and `reason` says how. `said` is the diagnostic, `tag` its option, code or lint.
    """

    by: CompilerName
    version: str | None
    flags: str
    expected: str
    outcome: RulingOutcome
    tag: str | None
    said: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A snippet with one misuse of memory, on line `line` of `source`, and what the compilers do with it.

    `way` is how the code is written: as it comes, with a stricter type, with attributes, under a warning that bans a
    construct, for an analyser, or so that the compiler evaluates it.
    """

    topic: str
    misuse: str
    way: Way
    language: Language
    cwe: int
    title: str
    line: int
    source: str
    rulings: tuple[Ruling, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of one fault in one variant, built by one profile; docs/CATCHING.md has the words.

    `mechanism` is what stopped or told it and `said` what that said; `reason` tells why the outcome is what it is where
    that does not follow from the rest. `evidence` is what memory worlds saw, `WORLDS: what`. `claim` names the checks
    under which the variant claims to catch it.
    """

    case: str
    profile: str
    variant: str
    fault: str
    outcome: OutcomeKind
    detail: Detail | None
    attribution: Attribution | None
    mechanism: str | None
    said: str | None
    reason: str | None
    evidence: tuple[str, ...]
    claim: str | None

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
    case: str | None
    variant: str | None
    profile: str | None
    size: int | None
    rate: float | None
    message: str
    disqualifies: bool
    threads: int | None = None

    @property
    def beside(self) -> str:
        """What was given beside the size, to be put behind it; often nothing."""
        return beside_size(self.rate, self.threads)


@dataclass(frozen=True, slots=True)
class Document:
    """A whole run."""

    schema: str
    schema_version: int
    suite: Suite
    run: Run
    machine: Machine
    profiles: tuple[Profile, ...]
    cases: tuple[Case, ...]
    plugins: tuple[Plugin, ...]
    gaps: tuple[Gap, ...]
    panels: tuple[Panel, ...]
    counting: Counting
    counts: tuple[Count, ...]
    codes: tuple[Code, ...]
    proofs: tuple[Proof, ...]
    rejections: tuple[Rejection, ...]
    problems: tuple[Problem, ...]


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
