"""What a run leaves behind while it measures, so that it can be taken up again: a plan, and a file for each launch.

    <run>/plan.json       what was asked for, and what must be the same in every session: sources, machine, builds
    <run>/launches/       one file a launch, written whole as the launch ends; `lock` is held by the one who measures

Anybody may have edited the folder: everything is checked on the way in, and what does not fit exactly is measured
again. Nothing private goes in. A launch is not synchronised with the disk: a process that is killed loses nothing by
it, and what a power cut spoils is measured again.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from safecost.core import files, locks
from safecost.core.decoding import Misfit, decode
from safecost.core.errors import ToolError, UsageError
from safecost.core.text import shown
from safecost.document import io as document
from safecost.document import types as doc
from safecost.document.evidence import TimeAnswer
from safecost.document.measured import Launch
from safecost.run.panels import PlannedPanel
from safecost.toolchain.runner import Failure

SCHEMA_VERSION = 1
_LARGEST_PLAN = 4 << 20  # bytes; a run of the whole suite needs some tens of thousands
_LARGEST_LAUNCH = 64 << 20
_HASH = re.compile("[0-9a-f]{64}")

Again = Literal["--cases", "--profile", "--filter"]
AGAIN: tuple[Again, ...] = get_args(Again)
SessionFacts = Mapping[str, Annotated[str, Meta(max_length=20_000)] | int | float | bool | None]
Names = Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=1000)]
Ticks = Annotated[int, Meta(ge=0, le=2**53)]


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """What the user asked for: `again` are options whose values may be private, to be given again by who resumes.

    `profiles` are those of the suite, `filter` is None where it is to be given again.
    """

    mode: Literal["quick", "default", "full", "publish"]
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    profiles: Names
    filter: Annotated[str, Meta(max_length=1000)] | None
    again: tuple[Again, ...]
    count: bool


class RunPlan(Struct, frozen=True, forbid_unknown_fields=True, tag_field="schema", tag="safecost-plan"):
    """The plan of a run; `fixed` holds what must be the same in every session, by theme."""

    run: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]
    started: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$(?!\n)")]
    load_before: Annotated[float, Meta(ge=0, le=1e6)]
    resumed: Annotated[int, Meta(ge=0, le=99_999)]
    suite: doc.Suite
    asked: Asked
    fixed: Mapping[str, SessionFacts]
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class TimedLaunch:
    """A launch that was measured: nanoseconds are [contender][round], `placements` those of
    rounds; `seconds` of wall time, and ticks of its CPUs."""

    launch: Launch
    nanoseconds: list[list[float]]
    placements: list[int]
    seconds: float
    stolen_ticks: int
    ticks: int
    answer: TimeAnswer | None = None  # the runner's, of a launch of this session


class PanelName(Struct, frozen=True, forbid_unknown_fields=True):
    """What tells a panel from others."""

    case: str
    profile: str
    size: int
    rate: float | None
    threads: int | None
    workers: int | None = None


class Entry(Struct, frozen=True, kw_only=True):
    """What stands in a launch's file beside the runner's times: of which launch of which run it is."""

    run: str
    panel: PanelName
    launch: int
    seed: int
    failure: Failure | None = None


class TimedEntry(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same of a launch that did not fail: how long it took, and ticks of its CPUs, stolen and all."""

    layouts: tuple[int, ...]
    seconds: Annotated[float, Meta(gt=0, le=1e6)]
    ticks: tuple[Ticks, Ticks]


class AnyFile(Struct, frozen=True, kw_only=True):
    """A launch's file, whatever became of the launch."""

    journal: Entry


class TimedFile(TimeAnswer, frozen=True, kw_only=True):
    """A launch that did not fail."""

    journal: TimedEntry


class Journal:
    """The files of one run, held by one process at a time."""

    def __init__(self, folder: Path, plan: RunPlan, lock: IO[bytes], *, resuming: bool) -> None:
        self.folder, self.plan, self._lock, self.resuming = folder, plan, lock, resuming
        self._launches = folder / "launches"

    @classmethod
    def begin(cls, folder: Path, asked: Asked, started: str, load_before: float, suite: doc.Suite) -> Journal:
        """Start the journal of a new run in an empty folder; raises ToolError where it cannot be written."""
        plan = RunPlan(secrets.token_hex(16), started, load_before, 0, suite, asked, {})
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
        self._lock.close()

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

    def take(
        self, panel: PlannedPanel, number: int, seed: int, drawn: Sequence[int]
    ) -> TimedLaunch | Failure | Misfit | None:
        """What is known of a launch: its times, how it failed, why its file is of no use; None where there is none."""
        try:
            data = files.read_plain(self._file(panel, number), _LARGEST_LAUNCH)
        except FileNotFoundError:
            return None
        except OSError as error:
            return Misfit(error.strerror or "it cannot be read")
        try:
            return self._checked(data, panel, number, seed, drawn)
        except Misfit as doubt:
            return doubt
        except ValueError:
            return Misfit("it is no JSON, or cut off")

    def put(self, panel: PlannedPanel, number: int, timed: TimedLaunch, times: TimeAnswer) -> None:
        """Write a launch that was measured; `times` are the runner's. Raises ToolError where there is no room."""
        entry = TimedEntry(
            run=self.plan.run,
            panel=_identity(panel),
            launch=number,
            seed=timed.launch.seed,
            layouts=timed.launch.layouts,
            seconds=timed.seconds,
            ticks=(timed.stolen_ticks, timed.ticks),
        )
        self._put(panel, number, TimedFile(**asdict(times), journal=entry))

    def put_failure(self, panel: PlannedPanel, number: int, seed: int, failure: Failure) -> None:
        """Write that a launch failed, so that no later session forgets it; the message must hold nothing private."""
        entry = Entry(run=self.plan.run, panel=_identity(panel), launch=number, seed=seed, failure=failure)
        self._put(panel, number, AnyFile(journal=entry))

    def _put(self, panel: PlannedPanel, number: int, file: AnyFile | TimedFile) -> None:
        with _writing(self.folder):
            files.replace(self._file(panel, number), msgspec.json.encode(file) + b"\n", durable=False)

    def _file(self, panel: PlannedPanel, number: int) -> Path:
        rate = "" if panel.parameter.rate is None else f"r{panel.parameter.rate!r}"
        threads = "" if panel.parameter.threads is None else f"t{panel.parameter.threads}"
        workers = "" if panel.parameter.workers is None else f"w{panel.parameter.workers}"
        name = f"{panel.case}.{panel.parameter.size}{rate}{threads}{workers}@{panel.profile}.{number:02}.json".replace(
            "/", "."
        )
        return self._launches / name

    def _checked(
        self, data: bytes, panel: PlannedPanel, number: int, seed: int, drawn: Sequence[int]
    ) -> TimedLaunch | Failure:
        entry = decode(data, AnyFile).journal
        expected = {"run": self.plan.run, "panel": _identity(panel), "launch": number, "seed": seed}
        for key, value in expected.items():
            if getattr(entry, key) != value:
                raise Misfit(f"it belongs to another {key}")
        if entry.failure is not None:
            return entry.failure
        file = decode(data, TimedFile)
        if file.journal.layouts != tuple(drawn):
            raise Misfit("it belongs to other layouts")
        times = _times(file, panel, seed)
        seen = file.safecost
        launch = Launch(seed, tuple(drawn), seen.calls, len(times[0]), seen.contended, seen.latencies)
        return TimedLaunch(launch, times, seen.placements, file.journal.seconds, *file.journal.ticks)

    def _write_plan(self, plan: RunPlan) -> None:
        self.plan = plan
        data = msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n"
        with _writing(self.folder):
            files.replace(self.folder / "plan.json", data, durable=True)


class _Version(Struct):
    schema_version: Any = None


def read_plan(folder: Path) -> RunPlan:
    """The plan of the run in a folder; raises UsageError saying why there is none."""
    file = folder / "plan.json"
    refused = f"{folder} cannot be resumed:"
    try:
        data = files.read_plain(file, _LARGEST_PLAN)
        version = decode(data, _Version).schema_version
        if version != SCHEMA_VERSION:
            raise UsageError(
                f"{refused} plan.json has schema {shown(version)}, and this safecost reads {SCHEMA_VERSION};"
                " resume it with the safecost that began it, or start a new run."
            )
        return decode(data, RunPlan)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"{refused} it holds no plan.json; give the folder of a run, or start a new run.") from error
    except OSError as error:
        raise UsageError(f"{refused} plan.json: {error.strerror}; start a new run.") from error
    except Misfit as misfit:
        raise UsageError(f"{refused} plan.json: {misfit}; start a new run.") from misfit
    except ValueError as error:
        raise UsageError(f"{refused} plan.json is no JSON, or cut off; start a new run.") from error


def _locked(folder: Path) -> IO[bytes]:
    """The lock that holds the run for this process, or UsageError; it is let go when the process ends."""
    lock = locks.opened(folder / "launches" / "lock")
    if not locks.taken(lock):
        lock.close()
        raise UsageError(f"{folder} is being measured by another safecost: wait for it, or end it.")
    return lock


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turns an error of the system into one sentence."""
    try:
        yield
    except OSError as error:
        raise ToolError(
            f"{folder} cannot be written to: {error.strerror or error}; what was measured is kept: make room, then"
            f" 'scripts/safecost run --resume {folder}'."
        ) from error


def _identity(panel: PlannedPanel) -> PanelName:
    return PanelName(panel.case, panel.profile, *panel.parameter.place)


def _times(file: TimedFile, panel: PlannedPanel, seed: int) -> list[list[float]]:
    """The times that the runner wrote, once they fit the panel."""
    if [one.get("name") for one in file.benchmarks] != panel.names:
        raise Misfit("it has other contenders")
    if file.safecost.order_seed != seed or file.safecost.case != panel.case:
        raise Misfit("its times are of another launch")
    rounds = file.safecost.nanoseconds
    if len(rounds) != len(panel.contenders):
        raise Misfit("it lacks the times of a contender")
    beats = file.safecost.beats
    counts = {len(file.safecost.placements), *map(len, rounds), *map(len, beats)}
    if len(counts) != 1 or len(beats) != len(rounds):
        raise Misfit("its contenders differ in rounds")
    if len(file.safecost.latencies) not in {0, len(rounds)}:
        raise Misfit("it lacks the latencies of a contender")
    return file.safecost.counted


def _told(value: Any) -> str:
    return "absent" if value is None else shown(value, limit=120)


def unfinished(folder: Path) -> Path | None:
    """The newest run below a folder that was begun and not finished or not drawn; by the time that its plan names."""
    found = []
    for plan in folder.glob("*/plan.json"):
        with contextlib.suppress(UsageError):
            if not (is_drawn(plan.parent) and is_complete(plan.parent)):
                found.append((read_plan(plan.parent).started, plan.parent))
    return max(found)[1] if found else None


def is_complete(folder: Path) -> bool:
    """Whether a run's document is there and says that nothing is left to do."""
    try:
        return document.read(folder / document.RUN_FILE).run.complete
    except UsageError:
        return False


def is_drawn(folder: Path) -> bool:
    """Whether a run's report is there, and no older than its document."""
    try:
        report, run = ((folder / name).stat().st_mtime_ns for name in (document.REPORT_FILE, document.RUN_FILE))
    except OSError:
        return False
    return report >= run
