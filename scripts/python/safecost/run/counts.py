"""Counts what a call does: instructions under Callgrind, allocations natively. A busy machine changes neither.

Instructions are exact: the environment is fixed, libc is told to forget what else this processor could do, each
contender is counted in a fork of its own whose heap and stack begin alike, and what the call itself takes is taken
off again by counting an empty kernel. Whatever still differs between two counts is not given out as a number.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from safecost.core import locks, privacy, processes
from safecost.core.decoding import Misfit, decode
from safecost.core.paths import BUILD, RUNNER
from safecost.core.progress import Steps
from safecost.core.text import shown
from safecost.document.evidence import CountLine, DescribedPoint, PluginDescription
from safecost.document.measured import Count, Counting
from safecost.document.plan import PROTOCOL, Arm, CountPlan, PanelPlan, PluginAt, encoded
from safecost.run.panels import PlannedPanel

CALLS = 32  # inputs of a pool, each called once
SEED = 1  # of inputs: the same in every run, so that counts of two runs compare
TIER = 0  # larger sizes take longer and add no instruction that the smallest does not have
PRELOADED = BUILD / "safecost-allocations.so"
_TOLD_ONE_BY_ONE = 4  # contenders of a case that failed alike
_FOLDER = Path("/tmp")  # whatever TMPDIR says: paths are copied, and their length counts

# What a program that asks libc's string functions gets otherwise differs by processor. What is taken away leaves the
# functions of plain x86-64. Names of two ages of glibc (before and after 2.33) stand side by side; unknown ones do
# nothing. AVX_Fast_Unaligned_Load is derived from AVX2, and chooses memcpy by itself.
_CAPABILITIES = (
    *("AVX", "AVX_Usable", "AVX2", "AVX2_Usable", "AVX_Fast_Unaligned_Load", "AVX512F", "AVX512F_Usable"),
    *("AVX512VL", "AVX512BW", "EVEX", "BMI1", "BMI2", "LZCNT", "ERMS", "FSRM", "Prefer_ERMS", "Prefer_FSRM", "RTM"),
    *("SSE4_1", "SSE4_2", "SSSE3", "Fast_Unaligned_Copy"),
)
_NEVER = 0x40000000  # bytes: larger than any block that is copied
_TUNABLES = {
    "glibc.cpu.hwcaps": ",".join(f"-{name}" for name in _CAPABILITIES),
    "glibc.cpu.x86_data_cache_size": "0x8000",
    "glibc.cpu.x86_shared_cache_size": "0x100000",
    "glibc.cpu.x86_non_temporal_threshold": f"{_NEVER:#x}",
    "glibc.cpu.x86_rep_movsb_threshold": f"{_NEVER:#x}",
    "glibc.cpu.x86_rep_stosb_threshold": f"{_NEVER:#x}",
}
PINNED_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "GLIBC_TUNABLES": ":".join(f"{name}={value}" for name, value in _TUNABLES.items()),
}


SKIPPED = Counting("skipped", None, None, ())


@dataclass(frozen=True, slots=True)
class CountTarget:
    """A contender at a parameter, and the profile whose plugin draws its inputs."""

    case: str
    profile: str
    variant: str
    parameter: DescribedPoint
    generator: str


class CountIssue(NamedTuple):
    """What could not be counted, and why; without a target it is all of a case."""

    case: str
    target: CountTarget | None
    message: str


@dataclass(frozen=True, slots=True)
class CountResult:
    """What a run document says of counts, and what went wrong."""

    counting: Counting = SKIPPED
    counts: tuple[Count, ...] = ()
    troubles: tuple[CountIssue, ...] = ()


@dataclass(frozen=True, slots=True)
class PluginFolders:
    """Where the plugins of (case, profile) lie, and the folder of each case's data."""

    plugins: Mapping[tuple[str, str], Path]
    data: Mapping[str, Path]


def targets(
    panels: Iterable[PlannedPanel], descriptions: Mapping[tuple[str, str], PluginDescription]
) -> list[CountTarget]:
    """Every contender of the panels once, at the parameters that are counted.

    `descriptions` are what the plugins of (case, profile) say of themselves. Where a contender's own plugin draws
    inputs it does, so that its count does not depend on which other profiles a run has.
    """
    generators: dict[str, list[str]] = {}
    for (case, profile), said in descriptions.items():
        if said.parameters:
            generators.setdefault(case, []).append(profile)
    found: dict[tuple[str, str, str, DescribedPoint], CountTarget] = {}
    for panel in panels:
        drawing = generators.get(panel.case, ())
        if panel.parameter.tier > TIER or not drawing:
            continue
        for arm in panel.contenders:
            key = (panel.case, arm.profile, arm.variant, panel.parameter)
            generator = arm.profile if arm.profile in drawing else drawing[0]
            found.setdefault(key, CountTarget(panel.case, arm.profile, arm.variant, panel.parameter, generator))
    return list(found.values())


def count(wanted: Sequence[CountTarget], folders: PluginFolders, seconds: float) -> CountResult:
    """Count every target: allocations once, instructions twice in environments of different size, which must agree.

    `seconds` is how long one contender may take. Cases are counted side by side. Where Valgrind is missing only
    allocations are counted, and the result says so. An interrupt ends all that was started.
    """
    path, tool, missing = _valgrind()
    by_case: dict[str, list[CountTarget]] = {}
    for target in wanted:
        by_case.setdefault(target.case, []).append(target)
    passes = [_Pass(None, ""), *(_Pass(path, padding) for padding in ("", "x" * 1000) if path)]
    # The longest first, so that no processor is left with one at the end.
    jobs = [(case, one) for case in sorted(by_case, key=lambda case: -len(by_case[case])) for one in reversed(passes)]
    answers: dict[tuple[str, _Pass], list[CountLine]] = {}
    with Steps("count", len(jobs)) as steps, processes.workers(len(os.sched_getaffinity(0))) as pool:

        def work(job: tuple[str, _Pass]) -> list[CountLine]:
            return _ask(by_case[job[0]], folders, job[1], seconds)

        for job, answer in zip(jobs, pool.map(work, jobs), strict=True):
            answers[job] = answer
            steps.step()
    counts: list[Count] = []
    troubles: list[CountIssue] = []
    for case, members in by_case.items():
        for number, target in enumerate(members):
            heard = [answers[case, one][number] for one in passes]
            said = dict.fromkeys(answer.problem for answer in heard if answer.problem is not None)
            troubles += [CountIssue(case, target, problem) for problem in said]
            counts += _count_of(target, heard, missing)
    if tool and counts and all(one.instructions is None and one.reason is None for one in counts):
        missing = "the runner was built without Valgrind's headers: remove the build folder and try again"
        counts = [replace(one, reason=missing) for one in counts]
    status: Literal["counted", "absent"] = "counted" if missing is None else "absent"
    return CountResult(Counting(status, tool, missing, _pins()), tuple(counts), _shortened(troubles))


@dataclass(frozen=True, slots=True)
class _Pass:
    """One go over all cases: under Valgrind at the path `tool`, with `padding` in the environment; else natively."""

    tool: str | None
    padding: str

    def command(self, dumps: Path, out: int) -> list[str]:
        runner = [str(RUNNER), "count", f"--out=/dev/fd/{out}"]
        if self.tool is None:
            return runner
        quiet = ["-q", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no"]
        return [self.tool, *quiet, f"--callgrind-out-file={dumps}/%p", *runner]

    def environment(self) -> dict[str, str]:
        if self.tool is None:
            return {**PINNED_ENVIRONMENT, "LD_PRELOAD": str(PRELOADED)}
        return PINNED_ENVIRONMENT | ({"SAFECOST_PADDING": self.padding} if self.padding else {})


def _valgrind() -> tuple[str | None, str | None, str | None]:
    """The path of Valgrind and its version, or why there is none."""
    path = shutil.which("valgrind")
    if path is None:
        return None, None, "Valgrind is not installed: apt install valgrind"
    try:
        done = processes.run([path, "--version"], seconds=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, None, f"Valgrind cannot be started: {type(error).__name__}"
    said = next(iter(done.stdout.decode(errors="replace").strip().splitlines()), "it said nothing")
    said = privacy.scrub(said, (), 100)
    if done.returncode != 0:
        return None, None, f"Valgrind does not work here: {said}"
    return path, f"Callgrind of {said}", None


def _ask(wanted: Sequence[CountTarget], folders: PluginFolders, one: _Pass, seconds: float) -> list[CountLine]:
    """What the runner answers to each target: counts, or a "problem"."""
    root = _FOLDER if os.access(_FOLDER, os.W_OK) else None
    with locks.scratch(root) as folder, tempfile.TemporaryFile() as results:
        for inner in ("dumps", "plugins", "scratch"):
            (folder / inner).mkdir()
        (folder / "data").symlink_to(folders.data[wanted[0].case].resolve())
        for profile in {name for target in wanted for name in (target.profile, target.generator)}:
            (folder / "plugins" / f"{profile}.so").symlink_to(folders.plugins[wanted[0].case, profile].resolve())
        requests = _requests(wanted, folder, seconds)
        ended = ""
        try:
            done = processes.run(
                one.command(folder / "dumps", results.fileno()),
                requests.encode(),
                60 + seconds * len(wanted),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(results.fileno(),),
                env=one.environment(),
                cwd=folder,
            )
            if done.returncode != 0:
                ended = _ended(done.returncode, done.stderr)
        except subprocess.TimeoutExpired:
            ended = "did not come back in time"
        except OSError as error:
            ended = f"could not be started: {error.strerror}"
        results.seek(0)
        return _answers(results.read(10_000_000), len(wanted), ended)


def _requests(wanted: Sequence[CountTarget], folder: Path, seconds: float) -> str:
    """What the runner reads: for all that one fork loads plugins and inputs for, a plan, and a line for each target."""
    groups: dict[tuple[str, str, DescribedPoint], list[tuple[int, CountTarget]]] = {}
    for number, target in enumerate(wanted):
        groups.setdefault((target.generator, target.profile, target.parameter), []).append((number, target))
    lines = []
    for members in groups.values():
        lines.append(encoded(_plan(members[0][1], folder, seconds)).decode())
        lines += [f"{number} {target.variant}" for number, target in members]
        lines.append("")
    return "".join(f"{line}\n" for line in lines)


def _plan(target: CountTarget, folder: Path, seconds: float) -> CountPlan:
    def path(profile: str) -> str:
        return f"{folder}/plugins/{profile}.so"

    panel = PanelPlan(
        case=target.case,
        data=f"{folder}/data",
        scratch=f"{folder}/scratch",
        size=target.parameter.size,
        rate=target.parameter.rate,
        threads=target.parameter.threads,
        workers=target.parameter.workers,
        seed=SEED,
        pool_bytes=1,
        fewest_inputs=CALLS,
        generator=PluginAt(profile=target.generator, path=path(target.generator)),
        contenders=(Arm(profile=target.profile, path=path(target.profile), variant=target.variant),),
    )
    return CountPlan(panel=panel, dumps=f"{folder}/dumps", seconds=seconds)


def _ended(code: int, said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    how = f"crashed: {signal.strsignal(-code) or -code}" if code < 0 else f"ended with exit code {code}"
    return f"{how} ({lines[-1][:300]})" if lines else how


def _answers(text: bytes, wanted: int, ended: str) -> list[CountLine]:
    """The answer to each request, read with distrust: a kernel shares its process with what writes them."""
    found: dict[int, CountLine] = {}
    for line in text.decode(errors="replace").splitlines():
        try:
            head = msgspec.json.decode(line, type=_LineHead)
        except (ValueError, RecursionError):
            continue
        answer = _sound(line, head)
        if head.index not in found or answer.problem is not None:  # it may have left processes behind after its answer
            found[head.index] = answer
    missing = f"the runner {ended or 'gave no count of it'}"
    return [found.get(number) or _without(number, missing) for number in range(wanted)]


class _LineHead(msgspec.Struct):
    index: int
    protocol: Any = None


def _without(number: int, problem: str) -> CountLine:
    return CountLine(index=number, problem=problem[:2_000] or "the runner gave no reason")


def _sound(line: str, head: _LineHead) -> CountLine:
    if head.protocol != PROTOCOL:
        return _without(head.index, f"the runner speaks protocol {shown(head.protocol)} instead of {PROTOCOL}")
    try:
        answer = decode(line, CountLine)
    except Misfit as misfit:
        return _without(head.index, f"the runner counted what cannot be: {misfit}")
    if answer.problem is not None:
        return _without(head.index, answer.problem)
    if answer.calls != CALLS:
        return _without(head.index, f"the runner made {answer.calls} calls instead of {CALLS}")
    return answer


def _count_of(target: CountTarget, heard: Sequence[CountLine], missing: str | None) -> list[Count]:
    """The count of a target from all passes, the native one first; none at all where every pass failed."""
    native, *valgrind = heard
    if all(answer.problem is not None for answer in heard):
        return []
    instructions, reason = None, missing
    for answer in valgrind:
        if answer.problem is not None:
            instructions, reason = None, f"could not be counted: {answer.problem}"
            break
        if instructions is not None and answer.instructions != instructions:
            other = answer.instructions
            instructions, reason = None, f"differs from one count to the next: {instructions:,} and {other:,}"
            break
        instructions = answer.instructions
    size, rate, *more = target.parameter.place
    reason = None if reason is None else reason[:1_000]
    counted = (CALLS, instructions, native.allocations, native.allocated_bytes)
    return [Count(target.case, target.profile, target.variant, size, rate, *counted, reason, *more)]


def _shortened(troubles: Sequence[CountIssue]) -> tuple[CountIssue, ...]:
    """The same trouble of many targets of a case, such as a Valgrind that fails, told once for the case."""
    groups: dict[tuple[str, str], list[CountIssue]] = {}
    for trouble in troubles:
        groups.setdefault((trouble.case, trouble.message), []).append(trouble)
    return tuple(
        one
        for group in groups.values()
        for one in (group if len(group) <= _TOLD_ONE_BY_ONE else [group[0]._replace(target=None)])
    )


def _pins() -> tuple[tuple[str, str], ...]:
    return (
        ("inputs", f"{CALLS} of seed {SEED}, called once each, after one uncounted call of each"),
        ("heap", "a fork of a process that has loaded this plugin, drawn these inputs and allocated nothing else"),
        ("stack", "begins at a multiple of 64 KiB, whatever the environment's size"),
        ("addresses", "chosen by Valgrind, the same each time"),
        ("border", "instructions of an empty kernel's calls are subtracted, its own two excepted"),
        *((f"environment {name}", value) for name, value in PINNED_ENVIRONMENT.items()),
        ("folder", f"{_FOLDER}/safecost-LXXXXXXX, so that paths have one length"),
        ("processor", "as Valgrind shows it; nothing but libc was seen to ask"),
    )
