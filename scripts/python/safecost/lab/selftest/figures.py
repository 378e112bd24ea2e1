"""What a self-test found, as plain data: everything its document, page and charts are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from safecost.document.types import Machine, Suite

BackgroundLoad = Literal["idle", "busy"]
TargetStatus = Literal["met", "missed", "inconclusive", "not measured"]


@dataclass(frozen=True, slots=True)
class AaStudy:
    """Pairs of the same source twice, each judged by intervals over `launches` launches.

    `errors` holds |ratio - 1| of every interval's middle, `missed` counts intervals that do not hold 1, `called` the
    verdicts slower or faster, `outliers` the middles beyond 0.5 %. `built_twice` tells pairs of one profile built a
    second time from two functions of one plugin.
    """

    background: BackgroundLoad
    built_twice: bool
    launches: int
    level: float
    pairs: int
    intervals: int
    missed: int
    called: int
    equivalent: int
    outliers: int
    errors: tuple[float, ...]
    seconds_per_pair: float


@dataclass(frozen=True, slots=True)
class PowerPoint:
    """Of so many trials, each of some launches with `seconds` for the pair in all, how many found what was planted.

    A trial has found it if its whole interval lies on the planted side of 1; `covered` if it holds the planted ratio;
    `called` if it lies wholly beyond the margin, None in documents that did not tell.
    """

    seconds: float
    trials: int
    found: int
    covered: int
    half_width: float
    called: int | None = None


@dataclass(frozen=True, slots=True)
class Power:
    """How a planted effect is found over the seconds that a pair is given."""

    background: BackgroundLoad
    case: str
    variant: str
    planted: float
    points: tuple[PowerPoint, ...]


@dataclass(frozen=True, slots=True)
class WidthPoint:
    """Half-widths (relative) of pairs given so many seconds: over launches, and over the rounds of one launch."""

    seconds: float
    pairs: int
    over_launches: float
    over_launches_p90: float
    over_rounds: float


@dataclass(frozen=True, slots=True)
class Widths:
    """How well ratios are known over the seconds that a pair is given."""

    background: BackgroundLoad
    points: tuple[WidthPoint, ...]


@dataclass(frozen=True, slots=True)
class MeasuredRatio:
    """A ratio as one way of measuring gives it, with its interval over launches."""

    ratio: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Accompanied:
    """A pair in its panel, alone in a process, and each arm in a process of its own by Google Benchmark."""

    background: BackgroundLoad
    pair: str
    aa: bool
    panel: MeasuredRatio
    alone: MeasuredRatio
    google: MeasuredRatio


@dataclass(frozen=True, slots=True)
class Counted:
    """Instruction counts of some contenders in several runs, each in another environment."""

    contenders: int
    runs: int
    identical: int


@dataclass(frozen=True, slots=True)
class AccuracyTarget:
    """A number to beat: what was wanted, what was found, and why it was missed or cannot be decided."""

    name: str
    wanted: str
    found: str
    status: TargetStatus
    reason: str


@dataclass(frozen=True, slots=True)
class SelfTest:
    """A whole self-test."""

    started: str
    finished: str
    quick: bool
    complete: bool
    seed: int
    suite: Suite
    machine: Machine
    neighbours: int
    aa_pairs: tuple[AaStudy, ...]
    power: tuple[Power, ...]
    widths: tuple[Widths, ...]
    accompanied: tuple[Accompanied, ...]
    counted: Counted | None
    targets: tuple[AccuracyTarget, ...]
    notes: tuple[str, ...]
