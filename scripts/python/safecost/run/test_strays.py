"""Nothing holds the driver: what forks, daemonises, stops itself or floods stderr costs its limit in every stage."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from safecost.catch import oracles
from safecost.core.paths import ORACLE, PROVER, Folders
from safecost.document import evidence
from safecost.document.evidence import DescribedPoint
from safecost.document.plan import Arm, ConfirmPlan, PanelPlan, PluginAt, ProvePlan, VerifyPlan
from safecost.run import counts
from safecost.suite import cases as case_files
from safecost.suite import profiles
from safecost.testing import commands
from safecost.testing.commands import SUM, case_text, put
from safecost.toolchain import build, runner

pytestmark = pytest.mark.build

LIMITS = {"describe": 1.0, "verify": 1.0, "prove": 6.0, "confirm": 12.0, "count": 6.0, "time": 3.0}  # seconds
ENDING = 5.0  # seconds beyond the limit
SLACK = 10.0  # seconds for a machine that is busy with something else
MEMORY = 300 << 20  # bytes of the driver's
MARK = f"8{os.getpid():07}"  # how long a stray sleeps: its command line tells it from others

INCLUDES = "#include <unistd.h>\n\n#include <csignal>\n#include <cstdio>\n"
TOP = f"""
bool start_daemon() {{
  if (fork() != 0) return true;
  setsid();
  if (fork() == 0) {{
    std::signal(SIGTERM, SIG_IGN);
    execlp("sleep", "sleep", "{MARK}", nullptr);
  }}
  _exit(0);
}}
bool flood() {{
  static const std::vector<char> block(1 << 20, 'x');
  for (int i = 0; i < 1'000; ++i) std::fwrite(block.data(), 1, block.size(), stderr);
  return true;
}}
"""
FAULT = '.fault({.name = "past", .cwe = 125, .description = "a", .contract = "b"})'


def odd_case(top: str, body: str) -> str:
    text = case_text({"raw": SUM, "odd": f"{body} {SUM}"}, top=top, added=FAULT)
    return text.replace("#include", f"{INCLUDES}#include", 1)


def kernel(body: str) -> str:
    return odd_case(TOP, f"static bool once = {body}; digest += once ? 0 : 1;")


def constructor(body: str) -> str:
    return odd_case(f"{TOP}const bool once = {body};", "")


CASES = {
    "daemon_constructor": constructor("start_daemon()"),
    "stopped_constructor": constructor("std::raise(SIGSTOP) == 0"),
    "flooding_constructor": constructor("flood()"),
    "daemon_kernel": kernel("start_daemon()"),
    "stopped_kernel": kernel("std::raise(SIGSTOP) == 0"),
    "flooding_kernel": kernel("flood()"),
}
LEAVES, LATE = "behind", "did not come back"
# What each stage says of it: a part of its problem; None where it may be fine, or is for another check to find.
EXPECTED = {
    "daemon_constructor": dict.fromkeys(("describe", "verify", "prove", "confirm", "count", "time"), LEAVES),
    "stopped_constructor": dict.fromkeys(("describe", "verify", "prove", "confirm", "count", "time"), LATE),
    "daemon_kernel": {"prove": LEAVES, "confirm": LEAVES, "count": LEAVES},
    "stopped_kernel": {"verify": LATE, "prove": "hung", "confirm": "hung", "count": LATE, "time": LATE},
}


def stages(case: str, plugin: Path, scratch: Path) -> dict[str, Callable[[], str]]:
    """Each stage on one plugin; what it gives is the problems that it has, or what became of the odd kernel."""
    at = PluginAt(profile="gcc-o2", path=str(plugin))
    point = DescribedPoint(size=512, rate=None, threads=None, label="L1", tier=0)

    def verify(*, describe_only: bool) -> str:
        plan = VerifyPlan(case=case, plugins=(at,), timeout_seconds=1.0, describe_only=describe_only)
        answer = runner.call("verify", plan, evidence.VerifyAnswer, 30.0)
        return (
            answer.message if isinstance(answer, runner.Failure) else " ".join(one.message for one in answer.problems)
        )

    def prove() -> str:
        plan = ProvePlan(case=case, plugin=at, data=".", scratch=str(scratch), timeout_seconds=0.25)
        answer = runner.call("prove", plan, evidence.ProveAnswer, LIMITS["prove"], PROVER)
        if isinstance(answer, runner.Failure):
            return answer.message
        return " ".join(look.end for proof in answer.proofs for look in proof.seen)

    def confirm() -> str:
        plan = ConfirmPlan(case=case, plugin=at, data=".", scratch=str(scratch), timeout_seconds=1.0, largest_valid=8)
        answer = runner.call(
            "confirm", plan, evidence.ConfirmAnswer, LIMITS["confirm"], ORACLE, oracles._memcheck(scratch)
        )
        return answer.message if isinstance(answer, runner.Failure) else " ".join(one.end for one in answer.proofs)

    def count() -> str:
        targets = [counts.CountTarget(case, "gcc-o2", name, point, "gcc-o2") for name in ("odd", "raw")]
        folders = counts.PluginFolders({(case, "gcc-o2"): plugin}, {case: scratch})
        return " ".join(one.message for one in counts.count(targets, folders, 1.0).troubles)

    def measure() -> str:
        arms = tuple(Arm(profile="gcc-o2", path=str(plugin), variant=name) for name in ("raw", "odd"))
        plan = PanelPlan(
            case=case,
            data=".",
            scratch=str(scratch),
            size=512,
            rate=None,
            threads=None,
            seed=1,
            generator=at,
            contenders=arms,
        )
        answer = runner.call("time", plan, evidence.TimeAnswer, LIMITS["time"])
        return answer.message if isinstance(answer, runner.Failure) else ""

    return {
        "describe": lambda: verify(describe_only=True),
        "verify": lambda: verify(describe_only=False),
        "prove": prove,
        "confirm": confirm,
        "count": count,
        "time": measure,
    }


def driver(case: str, plugin: str, scratch: str) -> None:
    """All stages on one plugin, in a process of its own: prints what each said, how long it took, and the memory."""
    answer = {}
    for name, stage in stages(case, Path(plugin), Path(scratch)).items():
        begun = time.monotonic()
        message = stage()
        answer[name] = (message, time.monotonic() - begun, left())
    # ru_maxrss would begin at the size of the process that started this one.
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="utf-8"), re.MULTILINE)
    print(json.dumps({"stages": answer, "memory": int(peak[1]) << 10 if peak else 0}))


def left() -> list[int]:
    """Processes that have loaded a plugin of these, and strays."""
    stray, plugin = f"sleep\0{MARK}\0".encode(), b"/strays/"
    return [
        int(path.name)
        for path in Path("/proc").glob("[0-9]*")
        if int(path.name) != os.getpid() and (content(path / "cmdline") == stray or plugin in content(path / "maps"))
    ]


def content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


@cache
def built() -> dict[str, Path]:
    folder = commands.workshop() / "strays"
    for name, text in CASES.items():
        put(folder, f"strays/{name}", text)
    folders = Folders.of([folder])
    made = build.build_all(folders, case_files.find(folders), profiles.choose("gcc-o2", ()))
    assert not made.failures, made.failures
    return {case.rpartition("/")[2]: path for (case, _), path in made.plugins.items()}


@pytest.fixture(scope="module", autouse=True)
def cleared() -> Iterator[None]:
    yield
    commands.forget(commands.workshop() / "strays")


@pytest.mark.parametrize("name", CASES)
def test_nothing_holds_the_driver(name: str, tmp_path: Path) -> None:
    words = f"from safecost.run import test_strays as it; it.MARK = {MARK!r}; it.driver(*__import__('sys').argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", words, f"strays/{name}", str(built()[name]), str(tmp_path)],
        env=commands.environment(),
        capture_output=True,
        text=True,
        timeout=commands.PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    for stage, (message, seconds, strays) in answer["stages"].items():
        assert not strays, (stage, message)
        assert EXPECTED.get(name, {}).get(stage, "") in message, (stage, message)
        assert seconds < LIMITS[stage] + ENDING + SLACK, (stage, seconds)
    assert 0 < answer["memory"] < MEMORY
    assert not left()
