"""Tests that launches and solo mode speak Google Benchmark's language: its own tools read what they write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from safecost.core.decoding import convert
from safecost.document.measured import RoundTimes
from safecost.testing import commands
from safecost.testing.commands import safecost

pytestmark = pytest.mark.build


def compare_py() -> Path:
    """Google Benchmark's compare.py, wherever its package puts it."""
    places = [shutil.which("compare.py"), "/usr/share/benchmark/compare.py"]
    if shutil.which("dpkg"):
        listed = subprocess.run(["dpkg", "-L", "libbenchmark-tools"], capture_output=True, text=True, check=False)
        places += [line for line in listed.stdout.splitlines() if line.endswith("/compare.py")]
    for place in places:
        if place and Path(place).exists():
            return Path(place)
    pytest.skip("Google Benchmark's compare.py is not installed (apt install libbenchmark-tools)")


def launches(profile: str) -> list[Path]:
    return sorted((commands.calm().out / "launches").glob(f"calm.sum.512@{profile}.*.json"))


def test_each_launch_is_google_benchmarks_json() -> None:
    files = sorted((commands.calm().out / "launches").glob("*.json"))
    assert files
    for file in files:
        launch = json.loads(file.read_text(encoding="utf-8"))
        assert {"date", "num_cpus", "mhz_per_cpu", "caches", "library_build_type"} <= launch["context"].keys()
        assert not {"host_name", "executable"} & launch["context"].keys()
        times = launch["safecost"]["nanoseconds"]
        for benchmark, rounds in zip(launch["benchmarks"], times, strict=True):
            assert benchmark["run_type"] == "iteration" and benchmark["time_unit"] == "ns"
            assert benchmark["iterations"] == launch["safecost"]["calls"] * len(rounds)
            middle = sorted(rounds)[len(rounds) // 2 - 1 : len(rounds) // 2 + 1]
            assert middle[0] * 0.999 <= benchmark["real_time"] <= middle[-1] * 1.001


def test_a_launch_names_every_contender_of_its_panel() -> None:
    launch = json.loads(launches("gcc-o2-assertions")[0].read_text(encoding="utf-8"))
    names = {benchmark["name"] for benchmark in launch["benchmarks"]}
    panels = [panel for panel in commands.calm().document.panels if panel.case == "calm/sum"]
    (panel,) = (panel for panel in panels if panel.profile == "gcc-o2-assertions")
    assert names == {f"calm/sum/{arm.variant}/size:512@{arm.profile}" for arm in panel.contenders}


def test_the_document_holds_the_medians_of_the_launches() -> None:
    panel = next(panel for panel in commands.calm().document.panels if panel.case == "calm/sum")
    for launch, file in zip(panel.launches, launches(panel.profile), strict=True):
        written = json.loads(file.read_text(encoding="utf-8"))
        assert launch.seed == written["safecost"]["order_seed"]
        at = panel.launches.index(launch)
        for arm, times in zip(panel.contenders, convert(written["safecost"], RoundTimes).counted, strict=True):
            assert arm.nanoseconds[at] == pytest.approx(float(np.nanmedian(times)))
        for benchmark, times in zip(written["benchmarks"], written["safecost"]["nanoseconds"], strict=True):
            assert benchmark["real_time"] == pytest.approx(float(np.median(times)), rel=1e-3)


def test_google_benchmarks_compare_reads_two_launches() -> None:
    one, other, *_ = launches("gcc-o2")
    done = subprocess.run(
        [sys.executable, str(compare_py()), "--no-color", "benchmarks", str(one), str(other)],
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("calm/sum/at/size:512@gcc-o2")]
    assert len(rows) == 1 and len(rows[0].split()) == 7  # name, two changes, two old and two new times


def solo(*flags: str) -> dict[str, Any]:
    commands.calm()
    ended = safecost("solo", "--cases", commands.cases(), "--filter", "calm/sum", "--profiles", "gcc-o2", "--", *flags)
    assert ended.code == 0, ended
    result: dict[str, Any] = json.loads(ended.out)
    return result


def test_solo_mode_honours_google_benchmarks_flags() -> None:
    result = solo(
        *("--benchmark_format=json", "--benchmark_min_time=0.01", "--benchmark_filter=/(raw|at)/"),
        "--benchmark_repetitions=2",
    )
    names = [run["run_name"] for run in result["benchmarks"] if run["run_type"] == "iteration"]
    assert names == ["calm/sum/raw/size:512@gcc-o2"] * 2 + ["calm/sum/at/size:512@gcc-o2"] * 2
    assert {"mean", "median", "stddev"} <= {run.get("aggregate_name") for run in result["benchmarks"]}
    assert all(run["iterations"] > 10 for run in result["benchmarks"] if run["run_type"] == "iteration")


def test_solo_mode_needs_something_to_time() -> None:
    commands.calm()
    ended = safecost("solo", "--cases", commands.cases(), "--filter", "calm/sum/at@nobody", "--profiles", "gcc-o2")
    assert ended.code == 1 and "nothing is left to time" in ended.err
