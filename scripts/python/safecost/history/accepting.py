"""Accepts new levels of series: who, why and when are kept with the point from which on they hold."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime

from safecost.core.errors import UsageError
from safecost.core.text import CONTROL, counted
from safecost.history import series as followed
from safecost.history import showing
from safecost.history.changes import Search
from safecost.history.records import Acceptance, RunRecord
from safecost.history.showing import TrackStatus
from safecost.history.store import Store

MOST_WORDS = 2000


def accept(
    store: Store, expression: str, metric: str, why: str, who: str | None, run: str | None, search: Search
) -> list[str]:
    """Add an acceptance for each series that the expression finds, and return a line for each; raises UsageError."""
    words = {"--reason": why.strip(), "--by": (who if who is not None else _user()).strip()}
    for option, text in words.items():
        if not text:
            raise UsageError(f"{option} is empty: those who read the history later need it.")
        if len(text) > MOST_WORDS or (CONTROL.search(text) and not text.isprintable()):
            raise UsageError(f"{option} must be one line of at most {MOST_WORDS} characters.")
    found = showing.find(store, metric, expression, aa_pairs=True, search=search)
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    chosen = _since(found, _run_of(store.runs(), run)) if run is not None else _pending(found)
    if not chosen:
        what = "has a change that is not accepted" if run is None else f"has a point of the run {run}"
        raise UsageError(f"None of {counted(len(found), 'series', 'series')} {what}: nothing was accepted.")
    decisions = [
        Acceptance(at.run, one.track.subject, metric, words["--by"], words["--reason"], now) for one, at, _ in chosen
    ]
    store.add(decisions)
    return [f"accepted: {one.track.name}: {said}" for one, _, said in chosen]


def _pending(found: Sequence[TrackStatus]) -> list[tuple[TrackStatus, RunRecord, str]]:
    """Each last level that nobody has accepted: the run at which it begins, and the change in words."""
    chosen = []
    for one in found:
        now = one.latest
        if (change := now.pending) is not None:
            first = now.series.points[change.index].run
            step = showing.relative(one.track.metric, change.before, change.after)
            chosen.append((one, first, f"{step}, since {showing.when(first)}"))
    return chosen


def _since(found: Sequence[TrackStatus], run: RunRecord) -> list[tuple[TrackStatus, RunRecord, str]]:
    chosen = []
    for one in found:
        values = [point for _, point in one.track.points if point.run.run == run.run]
        if values:
            value = followed.said(one.track.metric, values[0])
            chosen.append((one, run, f"the baseline begins at {value}, {showing.when(run)}"))
    return chosen


def _run_of(runs: Sequence[RunRecord], prefix: str) -> RunRecord:
    found = [run for run in runs if len(prefix) >= 4 and run.run.startswith(prefix)]
    if len(found) != 1:
        what = "no run" if not found else f"{len(found)} runs"
        raise UsageError(f"--run {prefix}: {what} of the history has a number that begins so; four digits at least.")
    return found[0]


def _user() -> str:
    try:
        done = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        done = None
    if done is None or not done.stdout.strip():
        raise UsageError("Nobody is named: git has no user.name here, so say with --by who accepts.")
    return done.stdout
