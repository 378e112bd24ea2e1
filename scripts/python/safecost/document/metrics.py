"""Every metric, one row each: what compares, limits, keeps, exports, prints or documents metrics reads this table.

`python -m safecost.document.metrics` writes the table of docs/COMPARING.md anew. CONTRIBUTING.md adds a metric.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from safecost.core.paths import ROOT
from safecost.core.text import percent
from safecost.document.outcome import CAUGHT

Part = Literal["case", "problem", "proof", "ruling", "count", "code", "pair", "sides"]
"""What a metric is read from: a part of a run document; `sides` are a base and a head, timed by whoever compares."""

Scale = Literal["words", "number", "presence", "time"]
"""Words must hold. A number is exact, and of a presence a comparison asks only whether it is above 0. A time is
estimated."""

TIERS: dict[Scale, str] = {"words": "0, must hold", "number": "1, exact", "presence": "1, exact", "time": "2, time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSpec:
    """A metric.

    `name` is its name in comparisons and limits, `key` in histories and exports; one without a key says in `unkept`
    why. `value` reads it from a part, as a number of one call where the part counts several. `worse` is the direction
    that is worse; 0: more is worse, and whether less is, another metric tells. `relative` and `absolute` are how much
    more is no regression: the larger of a share and a number of its unit.
    """

    name: str
    words: str
    of: Part
    scale: Scale = "number"
    value: Callable[[Any], float | None] | None = None
    key: str = ""
    unkept: str = ""
    meaning: str = ""
    unit: str = ""
    heading: str = ""
    worse: Literal[-1, 0, 1] = 1
    relative: float = 0.0
    absolute: float = 0.0
    regression: str = "more"
    per_architecture: bool = False

    @property
    def tier(self) -> Literal["exact", "time"]:
        """Times are estimated; everything else is the same whenever it is looked at."""
        return "time" if self.scale == "time" else "exact"

    @property
    def column(self) -> str:
        """What heads its column in a table of a report."""
        return self.heading or self.words.capitalize()

    def read(self, part: Any) -> float | None:
        """Its value in a part of a document, or in the record that a history has of that."""
        return None if self.value is None else self.value(part)


def _per_call(field: str) -> Callable[[Any], float | None]:
    def value(count: Any) -> float | None:
        total = getattr(count, field)
        return None if total is None else total / count.calls

    return value


def _field(name: str) -> Callable[[Any], float | None]:
    def value(part: Any) -> float | None:
        number = getattr(part, name)
        return None if number is None else float(number)

    return value


def _time_of_pair(name: str, words: str) -> MetricSpec:
    return MetricSpec(
        name=name, words=words, of="pair", scale="time", value=_field("ratio"), key="ratio",
        meaning="time of a pair's numerator over its denominator", unit="ratio", regression=_BEYOND,
    )  # fmt: skip


_BEYOND = "the interval of the change lies beyond the margin"

METRICS = (
    MetricSpec(
        name="result", words="result", of="case", scale="words",
        unkept="a case whose contenders disagree has no records",
        regression="never: a case whose contenders disagree is a *wrong result*",
    ),
    MetricSpec(
        name="claim", words="claim", of="problem", scale="words",
        unkept="the outcome of the fault that it is about is kept",
        regression="never: a promise that head breaks is a *broken claim*",
    ),
    MetricSpec(
        name="catch", words="catch", of="proof", scale="words", worse=-1,
        value=lambda proof: float(proof.outcome in CAUGHT), key="outcome", meaning="what became of a fault",
        unit="1 if caught", regression="a fault that base catches and head does not",
    ),
    MetricSpec(
        name="ruling", words="compile-time ruling", of="ruling", scale="words", worse=-1,
        unkept="docs/REJECTED.md has the rulings of each compiler",
        regression="a misuse that a compiler rejected and does not any more",
    ),
    MetricSpec(
        name="instructions", words="instructions", of="count", value=_per_call("instructions"), key="instructions",
        meaning="instructions of a call", unit="instructions/call", relative=0.002, absolute=1.0, per_architecture=True,
    ),
    MetricSpec(
        name="allocations", words="allocations", of="count", value=_per_call("allocations"), key="allocations",
        meaning="allocations of a call", unit="allocations/call",
    ),
    MetricSpec(
        name="allocated_bytes", words="allocated bytes", of="count", value=_per_call("allocated_bytes"),
        key="allocated-bytes", meaning="bytes allocated in a call", unit="bytes/call", heading="Bytes allocated",
    ),
    MetricSpec(
        name="code_bytes", words="code bytes", of="code", value=_field("bytes"), key="code-bytes",
        meaning="bytes of machine code", unit="bytes", per_architecture=True,
    ),
    MetricSpec(
        name="checks", words="checks", of="code", value=_field("checks"), key="checks", meaning="emitted checks",
        unit="checks", worse=0, per_architecture=True,
    ),
    MetricSpec(
        name="vectorised", words="vectorised", of="code", scale="presence", worse=-1, value=_field("packed"),
        key="packed", meaning="instructions on vectors", unit="instructions", heading="Packed",
        regression="arithmetic on vectors before, none now", per_architecture=True,
    ),
    _time_of_pair("idiom_time", "idiom cost"),
    _time_of_pair("profile_time", "profile cost"),
    _time_of_pair("language_time", "language gap"),
    MetricSpec(
        name="direct_time", words="time, head over base", of="sides", scale="time",
        unkept="only a comparison of two sides has it", regression=_BEYOND,
    ),
    MetricSpec(
        name="benchmark_time", words="time in ns, unpaired", of="sides", scale="time",
        unkept="only a comparison of two sides has it", regression=f"{_BEYOND}; always advice",
    ),
)  # fmt: skip

_BY_NAME = {spec.name: spec for spec in METRICS}


def spec_of(name: str) -> MetricSpec:
    """The metric of a name that comparisons use; raises KeyError where there is none."""
    return _BY_NAME[name]


def metrics_of(*parts: Part) -> list[MetricSpec]:
    """The metrics that are read from these parts, in the order of the table."""
    return [spec for spec in METRICS if spec.of in parts]


def kept(specs: Sequence[MetricSpec] = METRICS) -> dict[str, MetricSpec]:
    """The metrics that histories and exports have, by key, of those that share one the first: they are read alike."""
    found: dict[str, MetricSpec] = {}
    for spec in specs:
        if spec.key:
            found.setdefault(spec.key, spec)
    return found


def omissions(specs: Sequence[MetricSpec] = METRICS) -> Iterator[str]:
    """What rows forget, as sentences."""
    for spec in specs:
        if bool(spec.key) == bool(spec.unkept):
            yield f"{spec.name} needs a key for history and exports, or in `unkept` the reason why it has none."
        if spec.key and not (spec.value and spec.meaning and spec.unit):
            yield f"{spec.name} has the key {spec.key}: say how it is read, what it means and in which unit."


# ---- the table of docs/COMPARING.md ----------------------------------------------------------------------------------

PAGE = ROOT / "docs" / "COMPARING.md"
RENEW = "PYTHONPATH=scripts/python .venv/bin/python -m safecost.document.metrics"
_TABLE = re.compile(r"(?<=<!-- metrics begin -->\n).*?(?=<!-- metrics end -->)", re.DOTALL)


def page_with_table(page: str, specs: Sequence[MetricSpec] = METRICS) -> str:
    """The text of docs/COMPARING.md with the table of these metrics."""
    lines = ["| tier | metric | key | unit of the key | a regression is |", "|---|---|---|---|---|"]
    for spec in specs:
        more = f"more than {percent(spec.relative)} more, and more than {spec.absolute:g}" if spec.relative else "more"
        regression = more if spec.regression == "more" else spec.regression
        key = f"`{spec.key}`" if spec.key else "–"
        lines.append(f"| {TIERS[spec.scale]} | `{spec.name}` | {key} | {spec.unit or '–'} | {regression} |")
    return _TABLE.sub("\n".join(lines).replace("\\", r"\\") + "\n", page)


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
