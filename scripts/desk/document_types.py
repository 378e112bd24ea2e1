"""What a run document is made of: one dataclass for each object of run.schema.json, its fields in the same order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SCHEMA = "safecost-run"
SCHEMA_VERSION = 1

Role = Literal["raw", "safe", "null"]
Language = Literal["c++", "rust"]
PairKind = Literal["idiom", "profile", "language", "full", "null"]
Verdict = Literal["slower", "faster", "equivalent", "unresolved"]


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
    """What was asked for, and when; `complete` is false after an interruption."""

    mode: Literal["quick", "default", "full"]
    seed: int
    started: str
    finished: str | None
    complete: bool
    seconds: Seconds
    launches: int
    epoch_seconds: float
    contender_seconds: float
    margin: float
    filter: str | None
    runner: Runner


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
class Parameter:
    """A point at which a case is measured."""

    size: int
    rate: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to solve the task of a case."""

    name: str
    role: Role
    language: Language
    summary: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A bug that the raw variant commits."""

    name: str
    cwe: int
    kind: Literal["input", "tape", "kernel"]
    description: str
    contract: str


@dataclass(frozen=True, slots=True)
class Case:
    """One task with its variants."""

    family: str
    case: str
    question: str
    status: Literal["measured", "struck", "not_built", "not_measured"]
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
    """One fresh process measuring one panel."""

    seed: int
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
    """Two contenders (indices into the panel) and their ratio; above 1 the numerator is slower."""

    kind: PairKind
    numerator: int
    denominator: int
    ratios: tuple[float, ...]
    ratio: float
    low: float | None
    high: float | None
    level: float | None
    verdict: Verdict
    reason: str | None
    detectable: float | None


@dataclass(frozen=True, slots=True)
class Panel:
    """The contenders timed together, launch by launch."""

    case: str
    profile: str
    size: int
    rate: float | None
    label: str
    launches: tuple[Launch, ...]
    contenders: tuple[Contender, ...]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong; `strikes` says that it struck its case."""

    kind: Literal[
        "build", "load", "abi", "layout", "exports", "folded", "pool", "digest", "growth", "crash", "hang", "timing"
    ]
    case: str | None
    variant: str | None
    profile: str | None
    size: int | None
    rate: float | None
    message: str
    strikes: bool


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
    problems: tuple[Problem, ...]


def contender_name(case: str, variant: str, size: int, rate: float | None, profile: str) -> str:
    """The name a contender has everywhere, for instance `indexing/sum/at/size:4096@gcc-o2`; `case` is `family/case`."""
    parameters = f"size:{size}" if rate is None else f"size:{size}/rate:{rate:g}"
    return f"{case}/{variant}/{parameters}@{profile}"
