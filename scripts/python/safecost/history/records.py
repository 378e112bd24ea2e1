"""What a history is made of: one frozen dataclass for each kind of line. docs/HISTORY.md has the format for users.

A record never changes and is added once: its key says which it is. Everything that is said of a series (baseline,
change points, steps between toolchains) is computed from records, never stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, get_type_hints

from msgspec import Meta

from safecost.document.measured import Code, Count
from safecost.document.outcome import CAUGHT, Detail, OutcomeKind, spoken
from safecost.document.points import AtPoint, contender_name
from safecost.document.values import (
    END,
    CaseName,
    FactName,
    FreeText,
    Label,
    Language,
    Load,
    Moment,
    Name,
    PairKind,
    ProfileName,
    Rate,
    Ratio,
    Share,
    Size,
    Threads,
    WholeNumber,
    Word,
    Workers,
)
from safecost.stats.pairs import Verdict

FORMAT_VERSION = 2
"""Version of the lines and of the database; a newer one is refused by name."""

RunName = Annotated[str, Meta(pattern=f"^[0-9a-f]{{32}}{END}", description="32 hexadecimal digits.")]
Line = Annotated[str, Meta(max_length=20_000)]
FactValue = FreeText | int | float | bool | None


def digest(value: object) -> str:
    """Thirty-two hexadecimal digits that identify a value made of JSON's types."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What a profile built with: compiler, standard library, flags, and what the compiler reports of itself."""

    name: ProfileName
    language: Language
    library: Word
    compiler: Word | None
    flags: tuple[FreeText, ...]
    facts: Mapping[FactName, FreeText]

    @property
    def fingerprint(self) -> str:
        """The same for the same toolchain, whatever the profile is called."""
        return digest([self.language, self.library, self.compiler, list(self.flags), dict(self.facts)])


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run: when, of which state of the suite, on which machine, with which toolchains.

    `run` is the hash of the run document; `machine` that of what decides times (`machine_facts` has it in words, and
    the kernel and the distribution, which do not count); `sources` are hashes of the cases' sources.
    """

    RECORD: ClassVar[str] = "run"
    run: RunName
    started: Moment
    mode: Word
    complete: bool
    suite_version: Word
    commit: Word | None
    modified: bool | None
    margin: float
    machine: Word
    machine_facts: Mapping[FactName, FactValue]
    load: Load
    steal_share: Share
    toolchains: tuple[Toolchain, ...]
    sources: Mapping[CaseName, Word]

    @property
    def subject(self) -> str:
        """What the record is about; with `run` the key of every record."""
        return "run"


@dataclass(frozen=True, slots=True)
class PairRecord(AtPoint):
    """The ratio of one pair with its interval and verdict; `against` is the denominator's variant.

    `panel` is the profile whose panel it was timed in: a panel that has no A/A pair of its own borrows one.
    """

    RECORD: ClassVar[str] = "pair"
    run: RunName
    case: CaseName
    panel: ProfileName
    kind: PairKind
    variant: Name
    profile: ProfileName
    against: Name
    against_profile: ProfileName
    size: Size
    rate: Rate | None
    label: Label
    planted: Ratio | None
    ratio: Ratio
    low: Ratio | None
    high: Ratio | None
    level: Share | None
    verdict: Verdict
    launches: WholeNumber
    detectable: float | None
    threads: Threads | None = None
    workers: Workers | None = None

    @property
    def subject(self) -> str:
        """What is compared with what. The fastest raw variant may be another one in each run, and is not named."""
        over = f"fastest raw@{self.against_profile}"
        if self.kind not in {"full", "language"}:
            over = f"{self.against}@{self.against_profile}"
        name = contender_name(self.case, self.variant, self.place, self.profile)
        where = "" if self.panel == self.profile else f" in {self.panel}"
        return f"{name} over {over}{where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRecord(Count):
    """What a run counted of a contender, all of it but the reason why something was not."""

    RECORD: ClassVar[str] = "count"
    run: RunName
    reason: None = field(default=None, init=False)

    @property
    def subject(self) -> str:
        """The contender."""
        return contender_name(self.case, self.variant, self.place, self.profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRecord(Code):
    """The machine code of a kernel in a run, all that is known of it but the listing and the compiler's remarks."""

    RECORD: ClassVar[str] = "code"
    run: RunName
    listing: str = field(default="", init=False)
    remarks: tuple[str, ...] = field(default=(), init=False)

    @property
    def subject(self) -> str:
        """The kernel as a profile built it."""
        return f"{self.case}/{self.variant}@{self.profile}"


@dataclass(frozen=True, slots=True)
class ProofRecord:
    """What became of a fault."""

    RECORD: ClassVar[str] = "proof"
    run: RunName
    case: CaseName
    variant: Name
    profile: ProfileName
    fault: Name
    outcome: OutcomeKind
    detail: Detail | None

    @property
    def subject(self) -> str:
        """The fault in the kernel that a profile built."""
        return f"{self.case}/{self.variant}/{self.fault}@{self.profile}"

    @property
    def words(self) -> str:
        """The outcome for a reader, with `caught` where it counts as that."""
        said = spoken(self.outcome, self.detail)
        return f"{said} (caught)" if self.outcome in CAUGHT else said


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Somebody took the values of one series from the run `run` on for the new normal: who, why and when."""

    RECORD: ClassVar[str] = "acceptance"
    run: RunName
    of: Line
    metric: Word
    who: Line
    why: Line
    when: Moment

    @property
    def subject(self) -> str:
        """The decision itself: two people may accept the same point, and both stay on record."""
        return digest([self.of, self.metric, self.who, self.why, self.when])


Record = RunRecord | PairRecord | CountRecord | CodeRecord | ProofRecord | Acceptance
KINDS: tuple[type[Record], ...] = (RunRecord, PairRecord, CountRecord, CodeRecord, ProofRecord, Acceptance)
"""In the order in which the records of one moment are written."""


def stored_fields(kind: Any) -> Mapping[str, Any]:
    """The fields of a record that are kept, with their types."""
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind) if one.init}
