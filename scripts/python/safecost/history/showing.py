"""What a history says, as a table, as JSON and as a verdict for a gate."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from safecost.core.console import new_table, printable, show_table
from safecost.core.progress import Steps
from safecost.core.text import counted
from safecost.document.metrics import MetricSpec
from safecost.history import series as followed
from safecost.history.changes import Search
from safecost.history.records import Acceptance, RunRecord
from safecost.history.series import RECORDS, Track
from safecost.history.status import Change, SeriesStatus, Step, is_worse, statuses, step_between
from safecost.history.store import Store

_MANY = 100  # runs or series, from which on it takes seconds
STILL = 0.01
"""A step of a ratio between two toolchains that is not told one by one is at most this, relatively."""


@dataclass(frozen=True, slots=True)
class TrackStatus:
    """A track with what is said of it: one standing for each series, one step between each two."""

    track: Track
    statuses: tuple[SeriesStatus, ...]
    steps: tuple[Step, ...]

    @property
    def latest(self) -> SeriesStatus:
        """The standing of the series with the newest point."""
        return max(self.statuses, key=lambda one: (one.series.points[-1].run.started, one.series.points[-1].run.run))

    @property
    def tells(self) -> bool:
        """Is there anything to tell beyond points on one level?"""
        return bool(self.steps) or any(one.changes or one.decisions for one in self.statuses)

    @property
    def is_worse(self) -> bool:
        """Is the newest level one for the worse that nobody has accepted?"""
        now = self.latest
        if now.pending is None or now.baseline is None:
            return False
        return is_worse(self.track.metric, now.baseline, now.pending.after)


def find(store: Store, metric: str, expression: str | None, *, aa_pairs: bool, search: Search) -> list[TrackStatus]:
    """Every track of a metric that the expression finds, analysed; raises ToolError."""
    chosen = followed.metric_of(metric)
    runs = store.runs()
    if len(runs) > _MANY:
        print(f"reading {counted(len(runs), 'run')}", file=sys.stderr)
    everything = followed.tracks(runs, store.rows(RECORDS[chosen.of]), chosen)
    tracks = followed.matching(
        [one for one in everything if aa_pairs or one.kind not in {"aa", "calibration"}], expression
    )
    return analysed(tracks, store.acceptances(), search)


def analysed(tracks: Iterable[Track], decided: Sequence[Acceptance], search: Search) -> list[TrackStatus]:
    """Tracks with their standings and the steps between toolchains."""
    found, every = [], list(tracks)
    with Steps("series", len(every)) if len(every) > _MANY else contextlib.nullcontext() as progress:
        for track in every:
            stands = statuses(track, decided, search)
            steps = tuple(step_between(before, after) for before, after in pairwise(stands))
            found.append(TrackStatus(track, tuple(stands), steps))
            if progress is not None:
                progress.step()
    return found


def render(found: Sequence[TrackStatus], out: Console, *, everything: bool) -> None:
    """Print what happened, run by run, and with `everything` a table; nothing from a document is read as markup."""
    if found and everything:
        _table(found, out, cross_run=len({one.track.machine for one in found}) > 1)
    for heading, events in _events(found):
        _say(out, heading, "bold")
        for words, style in events:
            _say(out, words, style, indent=2)
        out.print()
    pending = [one for one in found if one.latest.pending is not None]
    runs = {point.run.run for one in found for _, point in one.track.points}
    name = found[0].track.metric.meaning if found else "values"
    _say(
        out,
        f"{counted(len(found), 'series', 'series')} from {counted(len(runs), 'run')} ({name}):"
        f" {counted(len(pending), 'change')} not accepted, {sum(one.is_worse for one in found)} for the worse",
    )


def as_json(found: Sequence[TrackStatus]) -> str:
    """The same for programs: one object for each track."""
    return json.dumps([_plain(one) for one in found], indent=1, sort_keys=True, allow_nan=False) + "\n"


def relative(metric: MetricSpec, before: float, after: float) -> str:
    """A step in words, such as `+12.0 %`, or `caught to not caught`."""
    if metric.scale == "words" or before <= 0 or after <= 0:
        return f"{followed.amount(metric, before)} to {followed.amount(metric, after)}"
    share = 100 * math.expm1(math.log(after / before))
    return f"{share:+.1f} %" if abs(share) >= 0.05 else f"{share:+.2g} %"


def when(run: RunRecord) -> str:
    """A run in words: its day, and the commit of the suite."""
    commit = f", commit {run.commit[:10]}{' and changes' if run.modified else ''}" if run.commit else ""
    return f"{run.started[:10]}, run {run.run[:8]}{commit}"


def change_words(metric: MetricSpec, status: SeriesStatus, change: Change) -> str:
    """One change in words, without its run: how far, and who accepted it."""
    points = status.series.points
    if metric.scale == "words":
        step = f"{points[change.index - 1].words} to {points[change.index].words}"
    else:
        values = f"({followed.amount(metric, change.before)} to {followed.amount(metric, change.after)})"
        step = f"{relative(metric, change.before, change.after)} {values}"
    return f"{step}, {_decision(change, status)}"


def _events(found: Sequence[TrackStatus]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What happened, as a heading for each run at which something did, and lines with their styles, oldest first."""
    at: dict[tuple[str, str], tuple[str, list[tuple[str, str]]]] = {}

    def under(status: SeriesStatus, index: int, earlier: RunRecord) -> list[tuple[str, str]]:
        run = status.series.points[index].run
        return at.setdefault((run.started, run.run), (f"{when(run)}{_case(earlier, run)}", []))[1]

    still: dict[tuple[str, str], list[Step]] = {}
    for one in found:
        metric, name = one.track.metric, one.track.subject
        for status in one.statuses:
            for change in status.changes:
                style = ("red" if one.is_worse else "green") if change is status.pending else ""
                events = under(status, change.index, status.series.points[change.index - 1].run)
                events.append((f"change: {name}: {change_words(metric, status, change)}", style))
        for step in one.steps:
            events = under(step.after, 0, step.before.series.points[-1].run)
            if is_still(metric, step):
                first = step.after.series.points[0].run
                still.setdefault((first.run, _between(step)), []).append(step)
                continue
            size = f"{relative(metric, step.low, step.high)} {_between(step)}"
            events.append((f"toolchain: {name}: {size}; a new series, with a baseline of its own", "yellow"))
    for (_, between), steps in still.items():
        events = under(steps[0].after, 0, steps[0].before.series.points[-1].run)
        new = counted(len(steps), "new series", "new series")
        events.append((f"toolchain: {new} {between}, that moved nothing", ""))
    return [at[key] for key in sorted(at)]


def is_still(metric: MetricSpec, step: Step) -> bool:
    """Did a new toolchain leave a level where it was: a ratio within 1 %, an exact metric the same?"""
    if metric.tier == "exact":
        return step.low == step.high
    return max(step.low, step.high) / min(step.low, step.high) <= 1 + STILL


def _between(step: Step) -> str:
    old, new = step.before.series.words, step.after.series.words
    return f"from {old} to {new}" if old != new else f"with {new}, whose flags or own facts are others"


def _case(earlier: RunRecord, later: RunRecord) -> str:
    """What else is another one than in the run before, as far as runs tell."""
    said = []
    if earlier.commit and later.commit and earlier.commit != later.commit:
        said.append(f"before it commit {earlier.commit[:10]}")
    kernels = [run.machine_facts.get("the kernel") for run in (earlier, later)]
    if kernels[0] != kernels[1]:
        said.append(f"kernel {kernels[0]} to {kernels[1]}")
    return f" [{'; '.join(said)}]" if said else ""


def _decision(change: Change, status: SeriesStatus) -> str:
    one = change.acknowledged
    if one is not None:
        return f"accepted by {one.who} on {one.when[:10]}: {one.why}"
    return "not accepted, and over" if status.usual else "not accepted"


def _table(shown: Sequence[TrackStatus], out: Console, *, cross_run: bool) -> None:
    table = new_table(f"{shown[0].track.metric.key} of")
    if cross_run:
        table.add_column("machine", overflow="fold")
    for head in ("points", "baseline", "latest", "from baseline"):
        table.add_column(head, justify="right")
    for one in shown:
        now, metric = one.latest, one.track.metric
        last = now.series.points[-1]
        base = "–" if now.baseline is None else followed.amount(metric, now.baseline)
        apart = "–" if now.baseline is None else relative(metric, now.baseline, last.value)
        cells = [_plain_text(one.track.subject, out)]
        cells += [_plain_text(f"{one.track.machine_words} ({one.track.machine[:6]})", out)] if cross_run else []
        cells += [Text(text) for text in (str(len(now.series.points)), base, followed.said(metric, last), apart)]
        table.add_row(*cells, style="red" if one.is_worse else "")
    show_table(out, table)
    out.print()


def _plain(one: TrackStatus) -> dict[str, Any]:
    now = one.latest
    return {
        "subject": one.track.subject,
        "metric": one.track.metric.key,
        "kind": one.track.kind,
        "machine": one.track.machine,
        "points": len(now.series.points),
        "baseline": now.baseline,
        "accepted_points": min(30, len(now.accepted)),
        "latest": now.series.points[-1].value,
        "worse": one.is_worse,
        "changes": [
            {
                "toolchain": status.series.toolchain,
                "run": status.series.points[change.index].run.run,
                "started": status.series.points[change.index].run.started,
                "before": change.before,
                "after": change.after,
                "pending": change is status.pending,
                "accepted": None
                if change.acknowledged is None
                else {"who": change.acknowledged.who, "why": change.acknowledged.why, "when": change.acknowledged.when},
            }
            for status in one.statuses
            for change in status.changes
        ],
        "toolchains": [
            {
                "from": step.before.series.words,
                "to": step.after.series.words,
                "run": step.after.series.points[0].run.run,
                "before": step.low,
                "after": step.high,
            }
            for step in one.steps
        ],
    }


def _plain_text(text: str, out: Console) -> Text:
    return Text(printable(text, out), overflow="fold")


def _say(out: Console, line: str, style: str = "", *, indent: int = 0) -> None:
    text = _plain_text(line, out)
    text.stylize(style)
    if out.is_terminal:
        out.print(Padding(text, (0, 0, 0, indent)))
    else:  # one line each, for grep
        out.print(Text(" " * indent).append_text(text), soft_wrap=True)
