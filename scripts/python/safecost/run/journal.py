"""What a run leaves behind while it measures, so that it can be taken up again: a plan, and a file for each launch.

    <run>/plan.json       what was asked for, and what must be the same in every session: sources, machine, builds
    <run>/launches/       one file a launch, written whole as the launch ends; `lock` is held by the one who measures

Anybody may have edited the folder: everything is checked on the way in, and what does not fit exactly is measured
again. Nothing private goes in. A launch is not synchronised with the disk: a process that is killed loses nothing by
it, and what a power cut spoils is measured again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from jsonschema import Draft202012Validator

from safecost.core import files
from safecost.core.errors import ToolError, UsageError
from safecost.core.text import shown
from safecost.document import io as document
from safecost.document import types as doc
from safecost.run.panels import PlannedPanel
from safecost.toolchain.runner import Failure

SCHEMA_VERSION = 1
_LARGEST_PLAN = 4 << 20  # bytes; a run of the whole suite needs some tens of thousands
_LARGEST_LAUNCH = 64 << 20
_MOST_NANOSECONDS = 1e15
_FEWEST_ROUNDS = 8
_HASH = re.compile("[0-9a-f]{64}")

AGAIN = ("--cases", "--profile", "--filter")
SessionFacts = Mapping[str, str | int | float | bool | None]

_NAMES = {"type": "array", "items": {"type": "string", "maxLength": 64}, "maxItems": 1000}
_PLAN: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["schema", "schema_version", "run", "started", "load_before", "resumed", "suite", "asked", "fixed"],
    "properties": {
        "schema": {"const": "safecost-plan"},
        "schema_version": {"type": "integer"},
        "run": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "started": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "load_before": {"type": "number", "minimum": 0, "maximum": 1e6},
        "resumed": {"type": "integer", "minimum": 0, "maximum": 99_999},
        "suite": {
            "type": "object",
            "additionalProperties": False,
            "required": ["version", "commit", "modified"],
            "properties": {
                "version": {"type": "string", "maxLength": 64},
                "commit": {"type": ["string", "null"], "pattern": "^[0-9a-f]{40}$"},
                "modified": {"type": ["boolean", "null"]},
            },
        },
        "asked": {
            "type": "object",
            "additionalProperties": False,
            "required": ["mode", "seed", "profiles", "filter", "again", "count"],
            "properties": {
                "mode": {"enum": ["quick", "default", "full", "publish"]},
                "seed": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
                "profiles": _NAMES,
                "filter": {"type": ["string", "null"], "maxLength": 1000},
                "again": {"type": "array", "items": {"enum": list(AGAIN)}, "uniqueItems": True},
                "count": {"type": "boolean"},
            },
        },
        "fixed": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": ["string", "number", "boolean", "null"], "maxLength": 20_000},
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked for: `again` are options whose values may be private, to be given again by who resumes.

    `profiles` are those of the suite, `filter` is None where it is to be given again.
    """

    mode: Literal["quick", "default", "full", "publish"]
    seed: int
    profiles: tuple[str, ...]
    filter: str | None
    again: tuple[str, ...]
    count: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a run; `fixed` holds what must be the same in every session, by theme."""

    run: str
    started: str
    load_before: float
    resumed: int
    suite: doc.Suite
    asked: Asked
    fixed: Mapping[str, SessionFacts]


@dataclass(frozen=True, slots=True)
class TimedLaunch:
    """A launch that was measured: nanoseconds are [contender][round]; `seconds` of wall time, and ticks of its CPUs."""

    launch: doc.Launch
    nanoseconds: list[list[float]]
    seconds: float
    stolen_ticks: int
    ticks: int


@dataclass(frozen=True, slots=True)
class Unusable:
    """A launch's file that is there and cannot be believed, and why."""

    reason: str


def names_of(panel: PlannedPanel) -> list[str]:
    """The full names of a panel's contenders, in their order."""
    at = panel.parameter
    return [
        doc.contender_name(panel.case, arm.variant, at.size, at.rate, arm.profile, at.threads)
        for arm in panel.contenders
    ]


class Journal:
    """The files of one run, held by one process at a time."""

    def __init__(self, folder: Path, plan: Plan, lock: int, *, resuming: bool) -> None:
        self.folder, self.plan, self._lock, self.resuming = folder, plan, lock, resuming
        self._launches = folder / "launches"

    @classmethod
    def begin(cls, folder: Path, asked: Asked, started: str, load_before: float, suite: doc.Suite) -> Journal:
        """Start the journal of a new run in an empty folder; raises ToolError where it cannot be written."""
        plan = Plan(secrets.token_hex(16), started, load_before, 0, suite, asked, {})
        with _writing(folder):
            (folder / "launches").mkdir()
            journal = cls(folder, plan, _locked(folder), resuming=False)
        journal._write_plan(plan)
        return journal

    @classmethod
    def take_up(cls, folder: Path) -> Journal:
        """Open the journal of a run that was ended; raises UsageError where there is none, or somebody measures."""
        plan = read_plan(folder)
        launches = folder / "launches"
        if launches.is_symlink() or not launches.is_dir():
            raise UsageError(f"{folder} cannot be resumed: it has no folder 'launches'; start a new run.")
        with _writing(folder):
            journal = cls(folder, plan, _locked(folder), resuming=True)
            for place in (folder, launches):
                files.remove_temporaries(place)
        return journal

    def close(self) -> None:
        """Let others have the run."""
        os.close(self._lock)

    def count_session(self) -> None:
        """Note that the run was taken up once more, once nothing stands against it."""
        if self.resuming:
            self._write_plan(replace(self.plan, resumed=self.plan.resumed + 1))

    def fix(self, theme: str, facts: SessionFacts, remedy: str) -> None:
        """Note what must be the same in every session of a run, or compare it with what was noted.

        Raises UsageError naming the first thing that is another one, with both values, and the remedy.
        """
        known = self.plan.fixed.get(theme)
        if known is None:
            self._write_plan(replace(self.plan, fixed={**self.plan.fixed, theme: dict(facts)}))
            return
        for key in [*known, *(key for key in facts if key not in known)]:
            was, now = known.get(key), facts.get(key)
            if was != now:
                hashes = all(isinstance(one, str) and _HASH.fullmatch(one) for one in (was, now))
                what = "has changed" if hashes else f"is {_told(now)} now, and was {_told(was)}"
                raise UsageError(
                    f"{self.folder} cannot be resumed: {shown(key, quoted=False)} {what}; {remedy}, or start a new run."
                )

    def take(self, panel: PlannedPanel, number: int, seed: int, layout: int) -> TimedLaunch | Failure | Unusable | None:
        """What is known of a launch: its times, how it failed, why its file is of no use; None where there is none."""
        try:
            data = files.read_plain(self._file(panel, number), _LARGEST_LAUNCH)
        except FileNotFoundError:
            return None
        except OSError as error:
            return Unusable(error.strerror or "it cannot be read")
        try:
            return self._checked(json.loads(data, parse_constant=_refuse), panel, number, seed, layout)
        except _Doubt as doubt:
            return Unusable(str(doubt))
        except (ValueError, RecursionError):
            return Unusable("it is no JSON, or cut off")

    def put(self, panel: PlannedPanel, number: int, timed: TimedLaunch, result: Mapping[str, Any]) -> None:
        """Write a launch that was measured; `result` is the runner's. Raises ToolError where there is no room."""
        self._put(panel, number, timed.launch.seed, dict(result), {
            "layout": timed.launch.layout, "seconds": timed.seconds, "ticks": [timed.stolen_ticks, timed.ticks],
        })  # fmt: skip

    def put_failure(self, panel: PlannedPanel, number: int, seed: int, failure: Failure) -> None:
        """Write that a launch failed, so that no later session forgets it; the message must hold nothing private."""
        self._put(panel, number, seed, {}, {"failure": asdict(failure)})

    def _put(
        self, panel: PlannedPanel, number: int, seed: int, result: dict[str, Any], more: Mapping[str, Any]
    ) -> None:
        entry = {"run": self.plan.run, "panel": _identity(panel), "launch": number, "seed": seed, **more}
        data = json.dumps({**result, "journal": entry}) + "\n"
        with _writing(self.folder):
            files.replace(self._file(panel, number), data.encode(), durable=False)

    def _file(self, panel: PlannedPanel, number: int) -> Path:
        rate = "" if panel.parameter.rate is None else f"r{panel.parameter.rate!r}"
        threads = "" if panel.parameter.threads is None else f"t{panel.parameter.threads}"
        name = f"{panel.case}.{panel.parameter.size}{rate}{threads}@{panel.profile}.{number:02}.json".replace("/", ".")
        return self._launches / name

    def _checked(self, read: Any, panel: PlannedPanel, number: int, seed: int, layout: int) -> TimedLaunch | Failure:
        entry = read.get("journal") if isinstance(read, dict) else None
        if not isinstance(entry, dict):
            raise _Doubt("it is no launch of safecost")
        expected = {"run": self.plan.run, "panel": _identity(panel), "launch": number, "seed": seed}
        for key, value in expected.items():
            if json.dumps(entry.get(key)) != json.dumps(value):
                raise _Doubt(f"it belongs to another {key}")
        if "failure" in entry:
            return _failure(entry["failure"])
        if entry.get("layout") != layout:
            raise _Doubt("it belongs to another layout")
        times = _times(read, panel, seed)
        ticks = entry.get("ticks")
        if not isinstance(ticks, list) or len(ticks) != 2 or not all(_whole(one, 0, 2**53) for one in ticks):
            raise _Doubt("its ticks are no numbers")
        seconds = _number(entry.get("seconds"), 1e6)
        launch = doc.Launch(seed, layout, read["safecost"]["calls"], len(times[0]))
        return TimedLaunch(launch, times, seconds, *ticks)

    def _write_plan(self, plan: Plan) -> None:
        self.plan = plan
        plain = {"schema": "safecost-plan", "schema_version": SCHEMA_VERSION, **document.to_json(plan)}
        with _writing(self.folder):
            files.replace(self.folder / "plan.json", (json.dumps(plain, indent=1) + "\n").encode(), durable=True)


def read_plan(folder: Path) -> Plan:
    """The plan of the run in a folder; raises UsageError saying why there is none."""
    file = folder / "plan.json"
    refused = f"{folder} cannot be resumed:"
    try:
        plain = json.loads(files.read_plain(file, _LARGEST_PLAN), parse_constant=_refuse)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"{refused} it holds no plan.json; give the folder of a run, or start a new run.") from error
    except OSError as error:
        raise UsageError(f"{refused} plan.json: {error.strerror}; start a new run.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{refused} plan.json is no JSON, or cut off; start a new run.") from error
    version = plain.get("schema_version") if isinstance(plain, dict) else None
    if version != SCHEMA_VERSION:
        raise UsageError(
            f"{refused} plan.json has schema {shown(version)}, and this safecost reads {SCHEMA_VERSION};"
            " resume it with the safecost that began it, or start a new run."
        )
    wrong = next(Draft202012Validator(_PLAN).iter_errors(plain), None)
    if wrong is not None:
        place = ".".join(map(str, wrong.absolute_path)) or "it"
        raise UsageError(f"{refused} plan.json: {shown(place, quoted=False)} is not as written; start a new run.")
    asked = plain["asked"]
    return Plan(
        plain["run"], plain["started"], plain["load_before"], plain["resumed"], doc.Suite(**plain["suite"]),
        Asked(**asked | {key: tuple(asked[key]) for key in ("profiles", "again")}), plain["fixed"],
    )  # fmt: skip


def _locked(folder: Path) -> int:
    """The descriptor that holds the run for this process; it is let go when the process ends, in whatever way."""
    lock = os.open(folder / "launches" / "lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise UsageError(f"{folder} is being measured by another safecost: wait for it, or end it.") from error
    return lock


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turns an error of the system into one sentence."""
    try:
        yield
    except OSError as error:
        raise ToolError(
            f"{folder} cannot be written to: {error.strerror or error}; what was measured is kept: make room, then"
            f" 'safecost run --resume {folder}'."
        ) from error


class _Doubt(ValueError):
    """Why a launch's file is not believed."""


def _refuse(_: str) -> float:
    raise _Doubt("it holds a number that is not finite")


def _identity(panel: PlannedPanel) -> dict[str, Any]:
    at = panel.parameter
    return {"case": panel.case, "profile": panel.profile, "size": at.size, "rate": at.rate, "threads": at.threads}


def _whole(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _number(value: Any, most: float) -> float:
    if type(value) not in (int, float) or not math.isfinite(value) or not 0 < value <= most:
        raise _Doubt("it holds a number that cannot be")
    return float(value)


def _times(read: Mapping[str, Any], panel: PlannedPanel, seed: int) -> list[list[float]]:
    """The times that the runner wrote, once they fit the panel."""
    benchmarks, said = read.get("benchmarks"), read.get("safecost")
    if not isinstance(benchmarks, list) or not isinstance(said, dict):
        raise _Doubt("it holds no times")
    names = [one.get("name") if isinstance(one, dict) else None for one in benchmarks]
    if names != names_of(panel):
        raise _Doubt("it has other contenders")
    if said.get("order_seed") != seed or said.get("case") != panel.case:
        raise _Doubt("its times are of another launch")
    if not _whole(said.get("calls"), 1, 1 << 20):
        raise _Doubt("its number of calls cannot be")
    rounds = said.get("nanoseconds")
    if not isinstance(rounds, list) or len(rounds) != len(names) or not all(isinstance(one, list) for one in rounds):
        raise _Doubt("it lacks the times of a contender")
    if len({len(one) for one in rounds}) != 1 or len(rounds[0]) < _FEWEST_ROUNDS:
        raise _Doubt("its contenders differ in rounds, or have too few")
    return [[_number(value, _MOST_NANOSECONDS) for value in one] for one in rounds]


_FAILURES = {"load", "abi", "layout", "exports", "folded", "pool", "digest", "crash", "hang", "timing"}


def _failure(said: Any) -> Failure:
    texts = isinstance(said, dict) and said.keys() == {"kind", "message", "contender"}
    if not texts or said["kind"] not in _FAILURES or not isinstance(said["message"], str):
        raise _Doubt("it tells of no failure that can be")
    contender = said["contender"]
    return Failure(said["kind"], said["message"], contender if isinstance(contender, str) else None)


def _told(value: Any) -> str:
    return "absent" if value is None else shown(value, limit=120)


def unfinished(folder: Path) -> Path | None:
    """The newest run below a folder that was begun and not finished; by the time that its plan names."""
    found = []
    for plan in folder.glob("*/plan.json"):
        with contextlib.suppress(UsageError):
            if not is_complete(plan.parent):
                found.append((read_plan(plan.parent).started, plan.parent))
    return max(found)[1] if found else None


def is_complete(folder: Path) -> bool:
    """Whether a run's document is there and says that nothing is left to do."""
    try:
        return document.read(folder / document.RUN_FILE).run.complete
    except UsageError:
        return False
