"""`safecost solo`: Google Benchmark itself times each contender, with all of its own flags."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from safecost.core.errors import ToolError
from safecost.core.paths import RUNNER
from safecost.document.plan import SoloPlan, encoded
from safecost.document.points import Place
from safecost.run import stages
from safecost.run.panels import PlannedContender
from safecost.run.state import RunState, planned_panels
from safecost.run.timing import panel_plan


def counter_flags(machine_has: bool, library_reads: bool, flags: Sequence[str]) -> tuple[list[str], str | None]:
    """Flags with which Google Benchmark reads hardware counters, or none and a sentence why; the user's own win."""
    if any(flag.startswith("--benchmark_perf_counters") for flag in flags):
        return [], None
    if not machine_has:
        return [], "no hardware counters: this machine offers none."
    if not library_reads:
        return [], "no hardware counters: this Google Benchmark was built without libpfm."
    return ["--benchmark_perf_counters=INSTRUCTIONS,CYCLES,BRANCH-MISSES"], None


def solo(state: RunState, scratch: Path, flags: Sequence[str]) -> int:
    """Build, then let Google Benchmark time every contender of the chosen profiles; returns its exit code."""
    state, interrupt = stages.verify(stages.build(state))
    if interrupt is not None:
        raise interrupt
    for problem in state.problems:
        where = "@".join(filter(None, (problem.variant, problem.profile)))
        print(f"{problem.case}: {where}: {problem.message.splitlines()[0]}", file=sys.stderr)
    seen: set[tuple[str, Place, PlannedContender]] = set()
    plans = []
    for panel in planned_panels(state):
        place = (panel.case, panel.parameter.place)
        fresh = tuple(arm for arm in panel.contenders if arm.role != "aa" and (*place, arm) not in seen)
        seen |= {(*place, arm) for arm in fresh}
        if fresh:
            panel = replace(panel, contenders=fresh)  # noqa: PLW2901 - the panel without what another has timed
            plans.append(
                panel_plan(state, panel, state.options.seed, scratch, lambda *key: (state.built.plugins[key],))
            )
    if not plans:
        raise ToolError("nothing is left to time: see 'scripts/safecost run' for what went wrong.")
    reads = state.runner_facts is not None and state.runner_facts.benchmark.perf_counters
    counters, why_not = counter_flags(state.machine.hardware_counters, reads, flags)
    if why_not:
        print(f"solo: {why_not}", file=sys.stderr)
    file = scratch / "plan.json"
    file.write_bytes(encoded(SoloPlan(panels=tuple(plans))))
    return subprocess.run([str(RUNNER), "solo", "--plan", str(file), *counters, *flags], check=False).returncode
