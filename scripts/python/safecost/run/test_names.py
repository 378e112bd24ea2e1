"""A contender has one name: the runner's C++ and the driver's Python make the same one of every contender."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from safecost.core.paths import BENCH, RUNNER, Folders
from safecost.document.evidence import PluginDescription
from safecost.document.plan import SoloPlan, encoded
from safecost.run import stages
from safecost.run.schedule import PUBLISH
from safecost.run.state import RunOptions, RunState, begun, planned_panels
from safecost.run.timing import panel_plan
from safecost.suite.profiles import choose
from safecost.testing import commands
from safecost.toolchain import runner

# Rates that need nine digits, a whole one, one with an exponent; and threads 1 and 2, which a case has at all sizes.
RATES = """.size_and_rate(64, 0.123456789, "L1")
                    .size_and_rate(64, 0.333333333, "L1")
                    .size_and_rate(64, 1.0, "L1")
                    .size_and_rate(64, 0.00001, "L1")"""
WORKERS = '.size_and_workers(64, 1, "L1").size_and_workers(64, 2, "L1")'
THREADS = '.size_and_threads(64, 1, "L1").size_and_threads(64, 2, "L1")'


def built(state: RunState) -> RunState:
    """The state with every plugin built and described, and none verified, which takes long."""
    state = stages.build(state)
    descriptions: dict[tuple[str, str], PluginDescription] = {}
    for (case, profile), path in state.built.plugins.items():
        descriptions |= {(case, one.profile): one for one in runner.describe(case, {profile: path})}
    return replace(state, descriptions=descriptions)


def both(state: RunState, scratch: Path) -> tuple[list[str], list[str]]:
    """The names of every contender, as the runner lists them and as the driver makes them."""
    panels = planned_panels(state)
    plugins = state.built.plugins
    plans = [panel_plan(state, panel, 1, scratch, lambda *key: (plugins[key],)) for panel in panels]
    file = scratch / "plan.json"
    file.write_bytes(encoded(SoloPlan(panels=tuple(plans))))
    command = [str(RUNNER), "solo", "--plan", str(file), "--benchmark_list_tests=true"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # Google Benchmark is given panels of more threads last: one that was started cannot be undone.
    made = [name for panel in panels for name in panel.names]
    return sorted(done.stdout.split()), sorted(made)


@pytest.mark.build
def test_over_every_case_at_every_size(tmp_path: Path) -> None:
    options = RunOptions(PUBLISH, choose("gcc-o2", ()), Folders.of([BENCH]), None, tmp_path)
    listed, made = both(built(begun(options)), tmp_path)
    assert listed == made
    assert any("/threads:2@" in name for name in made) and any("/rate:" in name for name in made)


@pytest.mark.build
def test_with_rates_of_nine_digits_threads_and_workers(tmp_path: Path) -> None:
    text = commands.case_text({"raw": commands.SUM, "at": commands.AT}, size=64)
    for case, points in (("a/rates", RATES), ("a/threads", THREADS), ("a/workers", WORKERS)):
        commands.put(tmp_path / "cases", case, text.replace('.size(64, "L1")', points))
    options = RunOptions(PUBLISH, choose("gcc-o2", ()), Folders.of([tmp_path / "cases"]), None, tmp_path)
    listed, made = both(built(begun(options)), tmp_path)
    assert listed == made
    assert "a/rates/at/size:64/rate:0.123456789@gcc-o2" in made
    assert "a/rates/at/size:64/rate:1@gcc-o2" in made and "a/rates/at/size:64/rate:1e-05@gcc-o2" in made
    assert "a/threads/at/size:64/threads:1@gcc-o2" in made and "a/threads/at/size:64/threads:2@gcc-o2" in made
    assert "a/workers/at/size:64/workers:1@gcc-o2" in made
    if len(os.sched_getaffinity(0)) > 1:
        assert "a/workers/at/size:64/workers:2@gcc-o2" in made
    assert len(set(made)) == len(made)
