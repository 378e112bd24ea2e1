"""What the runner, the prover and the oracles' host answer: descriptions, problems, times, counts, proofs, sightings.

evidence.schema.json is made of these types. Everything in it comes from a process that ran code of plugins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from safecost.document.measured import RoundTimes
from safecost.document.outcome import Oracle, Stop, World
from safecost.document.plan import PROTOCOL
from safecost.document.points import AtPoint
from safecost.document.values import Language, Name, Origin, Rate, Role, Size, Threads, WholeNumber, Workers

Stage = Literal["start", "warm", "generate", "prepare", "reset", "run", "digest", "release"]
ConfirmingTool = Literal["sanitizer", "memcheck", "race"]
# What ends a call of the runner badly, and so whatever it was called for.
CallProblem = Literal[
    "load", "abi", "layout", "exports", "folded", "pool", "digest", "growth", "leftover", "trouble", "crash", "hang"
]
MarkKind = Literal["kept", "moved", "alike", "branches"]
ProblemKind = Literal[CallProblem, MarkKind]

PlainLabel = Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$(?!\n)")]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$(?!\n)")]
UnsignedCount = Annotated[int, Meta(ge=0, le=2**62)]
CodeBytes = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$(?!\n)")]


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Answer(_Part, frozen=True, kw_only=True, tag_field="evidence"):
    protocol: int = PROTOCOL


class LibraryFacts(_Part, frozen=True, kw_only=True):
    """Google Benchmark as it was built for the runner."""

    build: str
    version: str
    perf_counters: bool


class FactsAnswer(_Answer, frozen=True, kw_only=True, tag="facts"):
    """What the runner is made of."""

    abi_version: int
    compiler: str
    benchmark: LibraryFacts


# ---- what a plugin says of itself ------------------------------------------------------------------------------------


class DescribedPoint(_Part, AtPoint, frozen=True, kw_only=True):
    """A point at which a case is timed."""

    size: Size
    rate: Rate | None
    threads: Threads | None
    label: PlainLabel
    tier: UnsignedCount
    workers: Workers | None = None


class DescribedVariant(_Part, frozen=True, kw_only=True):
    """A variant; `gap` says why it is not there, `address` is its kernel's in the plugin's file."""

    name: Name
    role: Role
    planted: Annotated[float, Meta(ge=0.01, le=100)] | None
    summary: str
    algorithm: Name | None
    practised: bool
    origin: Origin | None
    trusted_core: bool
    gap: str | None
    address: UnsignedCount | None


class DeclaredFault(_Part, frozen=True, kw_only=True):
    """A fault as a case declares it, of which a twin says its name only; `reference`: it has a digest."""

    name: Name
    kind: Literal["input", "tape", "kernel"]
    cwe: Annotated[int, Meta(ge=0, le=99_999)]
    size: UnsignedCount
    description: str
    contract: str
    oracles: tuple[Oracle, ...]
    stops: tuple[Stop, ...]
    reference: bool


_Few = Meta(max_length=64)  # as many as the run document holds


_CLAIMS_NOTHING = {"L1": "small", "L2": "large"}
_FITS = re.compile(rf"\b({'|'.join(_CLAIMS_NOTHING)})\b")


class PluginDescription(_Part, frozen=True, kw_only=True):
    """What a plugin says of itself."""

    profile: str
    case: str
    language: Language
    layout: str
    system_bound: bool
    straight: bool
    minimum_size: UnsignedCount
    facts: Mapping[str, str]
    parameters: Annotated[tuple[DescribedPoint, ...], _Few]
    variants: Annotated[tuple[DescribedVariant, ...], _Few]
    faults: Annotated[tuple[DeclaredFault, ...], _Few]

    @property
    def present(self) -> tuple[DescribedVariant, ...]:
        """The variants that are there."""
        return tuple(variant for variant in self.variants if variant.gap is None)

    @property
    def points(self) -> tuple[DescribedPoint, ...]:
        """Where it can be timed, with labels that are true of what is walked: all of a pool, and not one input.

        A case says which cache an input fits into. Only of a straight one the pool fits there, too; that of another
        lies in L2 or beyond whatever its inputs are, so L1 and L2 become names that claim nothing.
        """
        if self.straight:
            return self.parameters
        return tuple(
            replace(point, label=_FITS.sub(lambda fits: _CLAIMS_NOTHING[fits[0]], point.label))
            for point in self.parameters
        )


class VerifyProblem(_Part, frozen=True, kw_only=True):
    """What is wrong with a plugin or a contender, and where."""

    kind: ProblemKind
    profile: str | None
    variant: str | None
    size: Size | None
    rate: Rate | None
    threads: Threads | None
    message: str
    workers: Workers | None = None

    @property
    def place(self) -> tuple[int | None, float | None, int | None, int | None]:
        """The point at which it was seen."""
        return self.size, self.rate, self.threads, self.workers


class VerifyAnswer(_Answer, frozen=True, kw_only=True, tag="verification"):
    """The plugins that can be believed, what is wrong with others, and how many digests were compared."""

    plugins: tuple[PluginDescription, ...]
    problems: tuple[VerifyProblem, ...]
    checked: UnsignedCount


# ---- times and counts ------------------------------------------------------------------------------------------------


class TimeAnswer(_Answer, frozen=True, kw_only=True, tag="times"):
    """A launch, as a file of Google Benchmark's, whose own entries are handed on as they are."""

    context: Mapping[str, Any]
    benchmarks: tuple[Mapping[str, Any], ...]
    safecost: RoundTimes


class CallAnswer(_Answer, frozen=True, kw_only=True, tag="call"):
    """The last of the calls that were made, for a debugger or to train a plugin."""

    contender: str
    digest: Digest


class CountLine(_Answer, frozen=True, kw_only=True, tag="count"):
    """A line of the answer to a request to count: the counts of one variant, or why there are none."""

    index: WholeNumber
    calls: WholeNumber | None = None
    instructions: WholeNumber | None = None
    allocations: WholeNumber | None = None
    allocated_bytes: WholeNumber | None = None
    problem: str | None = None


# ---- what a proof saw ------------------------------------------------------------------------------------------------


class MemoryPlace(_Part, frozen=True, kw_only=True):
    """Where an address lies, seen from the nearest block, which the stage `made` allocated."""

    kind: Literal["block", "stack"]
    freed: bool
    made: Stage
    size: UnsignedCount
    offset: int


class CodePlace(_Part, frozen=True, kw_only=True):
    """Where code lies: `module` is "plugin" or the name of a library."""

    module: str
    offset: UnsignedCount


class SignalStop(_Part, frozen=True, kw_only=True):
    """A signal, and what is known of where it came from; `null` is an address below 64 KiB."""

    signal: str
    code: int
    pc: CodePlace | None
    # SIGSEGV and SIGBUS
    place: MemoryPlace | None = None
    access: Literal["read", "write"] | None = None
    null: bool = False
    # SIGILL and SIGTRAP
    instruction: CodeBytes | None = None
    # SIGABRT
    hook: Literal["none", "abort", "stack_protector"] = "none"
    callers: tuple[CodePlace | None, ...] = ()
    message: str = ""


class ErrorReport(_Part, frozen=True, kw_only=True):
    """An error that the program was reported."""

    stop: Stop | Literal["unknown"]
    text: str


class MemoryDamage(_Part, frozen=True, kw_only=True):
    """Bytes that nobody owned and somebody changed."""

    bytes: UnsignedCount
    first: MemoryPlace | None


class WrongFrees(_Part, frozen=True, kw_only=True):
    """Blocks given back wrongly."""

    double: UnsignedCount
    bad: UnsignedCount
    first: MemoryPlace | None


class LeakedBlocks(_Part, frozen=True, kw_only=True):
    """Blocks that the kernel left behind, less those of others that it freed."""

    blocks: int
    bytes: int
    first: MemoryPlace | None


class WorldRun(_Part, frozen=True, kw_only=True):
    """One process of a proof: how it ended, in which stage, and what it did to memory."""

    end: Literal["left", "returned", "stopped", "hung", "not_made"]
    stage: Stage
    result: Digest | None = None  # it and `digest` where it returned
    digest: Digest | None = None
    report: ErrorReport | None = None
    stop: SignalStop | None = None
    exit_code: int | None = None  # where it left; negative by a signal
    signal: str | None = None
    damage: MemoryDamage | None = None
    frees: WrongFrees | None = None
    leak: LeakedBlocks | None = None
    exhausted: bool = False
    own: MemoryPlace | None = None  # the first byte of its own that it changed and a valid call leaves alone
    aligned: Literal["objects", "all"] | None = None
    said: str = ""

    @property
    def value(self) -> tuple[str | None, str | None]:
        """What came out."""
        return self.result, self.digest


Worlds = Mapping[World, WorldRun]


class PointProof(_Part, frozen=True, kw_only=True):
    """A variant with a fault at one size, in several worlds, its input drawn from `seed`.

    `control` is the same without the fault, up to the first world that was not clean; `right` the right program on the
    input of the wrong one, where the fault is in the program; `reference` the digest of who prevents the fault, where
    there is one. `again` are further processes of world R, of what claims to catch by chance.
    """

    size: Size
    seed: Annotated[int, Meta(ge=0, lt=2**53)]
    reference: Digest | None = None
    control: Worlds = {}
    right: Worlds | None = None
    faulted: Annotated[Worlds, Meta(min_length=2)] | None = None
    again: Annotated[tuple[WorldRun, ...], Meta(max_length=1000)] = ()

    @property
    def seen(self) -> tuple[WorldRun, ...]:
        """Every process of the proof."""
        every = [seen for worlds in (self.control, self.right, self.faulted) for seen in (worlds or {}).values()]
        return (*every, *self.again)


class WorldsProof(_Part, frozen=True, kw_only=True):
    """A variant with a fault, at small sizes and at those that are timed; at none where nobody can run the program."""

    variant: Name
    fault: Name
    claim: str | None
    inexpressible: str | None
    written: bool
    digests: bool = False
    points: Annotated[tuple[PointProof, ...], _Few] = ()

    @property
    def seen(self) -> tuple[WorldRun, ...]:
        """Every process of the proof."""
        return tuple(seen for point in self.points for seen in point.seen)


class ProveAnswer(_Answer, frozen=True, kw_only=True, tag="proofs"):
    """What the prover saw of a plugin; `faults` are those of the one that makes its inputs."""

    plugin: PluginDescription
    faults: Annotated[tuple[DeclaredFault, ...], _Few]
    proofs: tuple[WorldsProof, ...]


# ---- what a sanitizer or Memcheck reported ---------------------------------------------------------------------------


class SanitizerReport(_Part, frozen=True, kw_only=True):
    """One report; `frames` are offsets in the plugin, innermost first."""

    tool: Literal["address", "undefined", "memcheck", "thread"]
    kind: str
    text: str
    frames: tuple[UnsignedCount, ...]


class WatchedProof(_Part, frozen=True, kw_only=True):
    """One process that a tool watched: of valid input where `fault` is None. Memcheck's own file has its number.

    `right` says, of a fault that is a race, whether the result is the reference's.
    """

    variant: Name
    fault: Name | None
    size: Size
    rate: Rate | None
    process: UnsignedCount
    errors: UnsignedCount
    leaked_bytes: int | None
    reports: tuple[SanitizerReport, ...]
    end: str
    right: bool | None = None


class ConfirmAnswer(_Answer, frozen=True, kw_only=True, tag="sightings"):
    """What a tool reported of a plugin."""

    plugin: PluginDescription
    tool: ConfirmingTool
    faults: Annotated[tuple[DeclaredFault, ...], _Few]
    proofs: tuple[WatchedProof, ...]


AnyAnswer = FactsAnswer | VerifyAnswer | TimeAnswer | CallAnswer | CountLine | ProveAnswer | ConfirmAnswer
