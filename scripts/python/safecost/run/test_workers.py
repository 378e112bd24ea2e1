"""The whole command on a case of workers: both of its points, with the code that workers run, and none too many."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

from safecost.testing.commands import Outcome, arguments, case_text, cases, environment, put, quick, read, workshop

pytestmark = pytest.mark.build

TOP = "std::atomic<std::uint64_t> all;"
ADD = """all = 0;
  digest = SAFECOST_IN_PARALLEL(worker) {
    std::uint64_t own = 0;
    for (std::size_t i = worker; i < in.size(); i += safecost::worker_count()) WHAT;
    return own;
  };
  digest += all;"""
SIZES = '.size_and_workers(1024, 1, "uncontended").size_and_workers(1024, 2, "contended")'


def text() -> str:
    """One adds up first, the other competes for one number."""
    kernels = {"raw": ADD.replace("WHAT", "own += in[i]"), "shared": ADD.replace("WHAT", "all += in[i]")}
    made = case_text(kernels, top=TOP).replace('.size(512, "L1")', SIZES)
    return made.replace(
        '#include "kernel/case.h"', '#include <atomic>\n#include "kernel/case.h"\n#include "kernel/workers.h"'
    )


@cache
def outcome() -> Outcome:
    put(cases(), "workers/add", text())
    out = workshop() / "workers"
    ended = quick(out, "--filter", "^workers/", "--count", profiles="gcc-o2,clang-o2")
    assert (out / "run.json").exists(), ended.err
    return Outcome(ended, out, read(out))


several = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="this process may use one processor")


@several
def test_both_points_are_timed_and_competing_costs() -> None:
    made = outcome().document
    assert not [one.message for one in made.problems if one.case == "workers/add"]
    panels = [panel for panel in made.panels if panel.case == "workers/add" and panel.profile == "gcc-o2"]
    assert [panel.workers for panel in panels] == [1, 2]
    ratios = [pair.ratio for panel in panels for pair in panel.pairs if pair.kind == "idiom"]
    assert len(ratios) == 2 and all(ratio > 1.5 for ratio in ratios)  # an atomic addition against a plain one
    assert all(pair.planted == 1 for panel in panels for pair in panel.pairs if pair.kind == "aa")


def test_what_workers_run_is_the_code_of_its_kernel() -> None:
    made = outcome().document
    codes = {(code.profile, code.variant): code for code in made.codes if code.case == "workers/add"}
    for profile in ("gcc-o2", "clang-o2"):
        for variant in ("raw", "shared", "aa"):
            listing = codes[profile, variant].listing
            body = listing.partition("- on each worker\n")[2].partition("\n- ")[0]
            assert ("lock" in body) == (variant == "shared"), listing
            assert body.count("\n") > 5 and "h " not in {line[:2] for line in body.splitlines()[:5]}
        assert codes[profile, "raw"].instructions == codes[profile, "aa"].instructions


@several
def test_instructions_of_all_workers_count_where_they_are_exact() -> None:
    made = outcome().document
    if made.counting.status != "counted":
        pytest.skip(f"instructions were not counted: {made.counting.reason}")
    counts = {
        one.workers: one
        for one in made.counts
        if (one.case, one.variant, one.profile) == ("workers/add", "raw", "gcc-o2")
    }
    alone, together = counts[1].instructions, counts[2].instructions
    assert alone is not None and together is not None
    assert alone < together < 1.2 * alone  # the same work by two, and what the host does


def test_where_workers_would_take_turns_nothing_is_timed() -> None:
    put(cases(), "workers/add", text())
    out: Path = workshop() / "turns"
    words = ("run", "--quick", "--cases", cases(), "--profiles", "gcc-o2", "--filter", "^workers/", "--out", out)
    one = min(os.sched_getaffinity(0))
    done = subprocess.run(
        ["taskset", "-c", str(one), *arguments(*words)], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = read(out)
    assert [panel.workers for panel in made.panels if panel.case == "workers/add"] == [1]
    (case,) = (case for case in made.cases if case.name == "workers/add")
    assert [point.gap for point in case.parameters] == [
        None,
        "2 workers would take turns on the 1 processor that this process may use",
    ]
    assert "workers 2: 2 workers would take turns" in done.stdout
