"""What was timed, a line of JSON for each trial, so that a study can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safecost.core.errors import UsageError

PLANTED: Mapping[str, float] = {"aa": 1.0, "plus_1": 1.01, "plus_2": 1.02}
"""The true ratio over the base, by pair: so many calls over the base's 100."""


@dataclass(frozen=True, slots=True)
class PeerEstimate:
    """What a tool made of a pair: the ratio over the base, its interval if it has one, and whether it says different.

    `beyond` tells whether it says so against a margin, of tools that have one.
    """

    ratio: float
    low: float | None
    high: float | None
    different: bool
    beyond: bool | None = None


@dataclass(frozen=True, slots=True)
class TrialKey:
    """Which trial: the tool, the kernel, the pair, the seconds that it was given, and the number of the repeat."""

    tool: str
    kernel: str
    pair: str
    seconds: float
    repeat: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial, with the seconds that it took on the wall."""

    key: TrialKey
    wall: float
    estimate: PeerEstimate


def cells(
    tools: Sequence[str], kernels: Sequence[str], seconds: Sequence[float], repeats: int
) -> Iterator[list[TrialKey]]:
    """The trials of each repeat."""
    for repeat in range(repeats):
        yield [
            TrialKey(tool, kernel, pair, each, repeat)
            for tool in tools
            for kernel in kernels
            for pair in PLANTED
            for each in seconds
        ]


class TrialFile:
    """The trials of a study in a file, whose first line says of what suite, machine and tools they are."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self.path = path
        self.trials: list[Trial] = []
        if path.exists() and path.stat().st_size:
            head, *lines = path.read_text(encoding="utf-8").splitlines()
            self._check(head, about)
            self.trials = [trial for line in lines if (trial := _read(line)) is not None]
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Whole again, without a line that was cut off.
        path.write_text("".join(f"{line}\n" for line in (json.dumps(about), *map(_line, self.trials))), "utf-8")

    def _check(self, head: str, about: Mapping[str, Any]) -> None:
        try:
            before = json.loads(head)
        except ValueError:
            before = None
        if not isinstance(before, dict):
            raise UsageError(f"{self.path} holds no trials: give another --out.")
        for name, value in json.loads(json.dumps(about)).items():
            if before.get(name) != value:
                raise UsageError(
                    f"{self.path} has trials with {name} {before.get(name)}, and now it is {value}: give another --out."
                )

    def add(self, trial: Trial) -> None:
        """Note a trial; it is in the file at once."""
        self.trials.append(trial)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(trial) + "\n")


def _line(trial: Trial) -> str:
    return json.dumps({**asdict(trial.key), "wall": trial.wall, **asdict(trial.estimate)})


def _read(line: str) -> Trial | None:
    """The trial of a line; None for one that was cut off."""
    try:
        plain = json.loads(line)
        key = TrialKey(*(plain.pop(name) for name in TrialKey.__dataclass_fields__))
        return Trial(key, plain.pop("wall"), PeerEstimate(**plain))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
