"""What the study of the gate plants: heads that are no worse than base, or worse in one known way."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from safecost.compare.rows import Metric
from safecost.core.errors import ToolError

CASES = Path(__file__).with_name("gate_cases")
WALK, REPEAT = "gate/walk", "gate/repeat"


@dataclass(frozen=True, slots=True)
class Plant:
    """A head that differs from base in a place or two of a case: the first of each change becomes the second.

    `found_by` are the metrics of which one has to be a regression in `variant`; none for a head that is no worse.
    Where only time may find it, nothing exact is looked at.
    """

    name: str
    what: str
    case: str
    changes: tuple[tuple[str, str], ...]
    variant: str | None = None
    found_by: tuple[Metric, ...] = ()

    @property
    def timed_only(self) -> bool:
        """Is it to be found by times alone?"""
        return bool(self.found_by) and all(metric.endswith("_time") for metric in self.found_by)

    def apply(self, folder: Path) -> None:
        """Write the head's cases; raises ToolError where the place to change is not there once."""
        shutil.copytree(CASES, folder)
        file = folder / f"{self.case}.cc"
        text = file.read_text(encoding="utf-8")
        for old, new in self.changes:
            if text.count(old) != 1:
                raise ToolError(f"{self.case}.cc has {text.count(old)} places for {self.name}: it needs one.")
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")


_BACKWARDS = """\
SAFECOST_KERNEL backwards(const Values& context) {
  std::int64_t total = 0;
  for (auto value = context.values.rbegin(); value != context.values.rend(); ++value) total += *value;
  return static_cast<std::uint64_t>(total);
}
"""
_LAST = '.safe<at>("at", "vector::at, which throws");'
_RANGE_FOR = "for (const std::int32_t value : context.values) total += value;"
_AT = "total += values.at(i);"
_IDIOM = "SAFECOST_KERNEL idiom(Values& context) { return repeated<100>(context); }"

NOTHING = Plant(
    "one more idiom",
    "the same code; head has one more idiom, so that its functions lie elsewhere",
    WALK,
    (
        ("// Here a head may have one more idiom.\n", _BACKWARDS),
        (_LAST, f'{_LAST[:-1]}\n.safe<backwards>("backwards", "reverse iterators");'),
    ),
)
PLANTS = (
    Plant(
        "one more instruction",
        "one instruction that does nothing for each element",
        WALK,
        ((_AT, f'{{ {_AT} asm volatile("nop"); }}'),),
        "at",
        ("instructions",),
    ),
    Plant(
        "vectorisation lost",
        "the compiler may no longer add up several elements at once",
        WALK,
        ((_RANGE_FOR, _RANGE_FOR.replace("total += value;", '{ total += value; asm volatile("" : "+r"(total)); }')),),
        "range_for",
        ("vectorised",),
    ),
    Plant(
        "check dropped",
        "the bound is no longer checked, which makes the code faster",
        WALK,
        ((_AT, "total += values[i];"),),
        "at",
        ("catch",),
    ),
    Plant(
        "one more allocation",
        "16 bytes are allocated and freed in each call",
        WALK,
        ((_RANGE_FOR, f"void* volatile block = ::operator new(16);\n::operator delete(block);\n{_RANGE_FOR}"),),
        "range_for",
        ("allocations",),
    ),
    Plant(
        "2 % more time",
        "102 calls of a function instead of 100; only times are looked at",
        REPEAT,
        ((_IDIOM, _IDIOM.replace("100", "102")),),
        "idiom",
        ("direct_time", "idiom_time"),
    ),
)
