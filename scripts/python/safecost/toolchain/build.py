"""Builds the runner, and each case as one plugin per profile; a failure costs that plugin only."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from safecost.core import processes
from safecost.core.errors import ToolError
from safecost.core.locks import alone
from safecost.core.paths import BUILD, ROOT, RUNNER, Folders
from safecost.core.progress import Steps
from safecost.core.tools import ask, closed_environment, newest_tool
from safecost.machine import isa_levels
from safecost.suite.calibrations import is_calibration
from safecost.suite.cases import CaseFiles
from safecost.suite.profiles import BuildProfile
from safecost.toolchain import training

# How Ninja tells that a step of so many is done, but for those that look whether its own file is up to date.
_EDGE = re.compile(rb"\[(\d+)/(\d+)\] (?!Re-)")

_FAMILIES = {"gcc": "g++", "clang": "clang++"}  # a profile that names one means its newest compiler here
_DECIDING = ("LC_ALL", "HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN")  # of the environment, beside what PATH leads to


@dataclass(slots=True)
class Built:
    """What a build made: plugins by (case, profile); why profiles are absent; what the compilers said of failures.

    `trained` are the hashes of the counts that guided trained plugins.
    """

    plugins: dict[tuple[str, str], Path] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    compilers: dict[str, str] = field(default_factory=dict)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    trained: dict[tuple[str, str], str] = field(default_factory=dict)


def werror() -> str:
    """ON where warnings are errors, as continuous integration wants it."""
    return "ON" if os.environ.get("SAFECOST_WERROR", "0") not in {"", "0"} else "OFF"


def build_runner() -> Path:
    """Build the runner and the prover through their preset; raises ToolError with what the compiler said."""
    with alone(BUILD / "runner.lock"):
        fresh = not _configured_here()
        if fresh:  # never built, or in a checkout that was moved since: its commands name the old place
            _must(
                ["cmake", "--fresh", "--preset", "runner", "-B", str(BUILD), f"-DSAFECOST_WERROR={werror()}"],
                "configured",
            )
        programs = ["safecost-runner", "safecost-prover", "safecost-oracle"]
        clean = ["--clean-first"] if fresh else []
        _must(["cmake", "--build", str(BUILD), *clean, "--target", *programs], "built")
    return RUNNER


def _configured_here() -> bool:
    """Was the runner's build configured for this checkout and this folder?"""
    cache = BUILD / "CMakeCache.txt"
    if not cache.exists() or not (BUILD / "build.ninja").exists():
        return False
    lines = cache.read_text(encoding="utf-8", errors="replace").splitlines()
    wanted = {f"CMAKE_HOME_DIRECTORY:INTERNAL={ROOT}", f"CMAKE_CACHEFILE_DIR:INTERNAL={BUILD.resolve()}"}
    return wanted <= set(lines)


def _must(command: Sequence[str], verb: str) -> None:
    try:
        done = processes.run(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            close_fds=False,
            env=closed_environment(),
        )
    except FileNotFoundError as error:
        raise ToolError(f"{command[0]} is not installed: see 'scripts/safecost doctor'.") from error
    if done.returncode != 0:
        tail = "\n".join(done.stdout.decode(errors="replace").splitlines()[-40:])
        raise ToolError(f"the runner could not be {verb} ({' '.join(command)}):\n{tail}")


def build_all(
    folders: Folders, cases: Sequence[CaseFiles], profiles: Sequence[BuildProfile], what: str = "build"
) -> Built:
    """Build the runner, and every case with every profile, side by side on all processors.

    One build at a time in a folder: two would take each other's files away.
    """
    with alone(folders.build / "plugins.lock"):
        return _build_all(folders, cases, profiles, what)


def _build_all(folders: Folders, cases: Sequence[CaseFiles], profiles: Sequence[BuildProfile], what: str) -> Built:
    built = Built()
    lock = threading.Lock()
    # Two profiles at a time, each with a job a CPU: while one configures or waits for its last plugin, the other works.
    jobs = os.cpu_count() or 1
    wanted = {profile.name: _targets(cases, profile) for profile in profiles}
    # A trained profile is built twice.
    left = {p.name: len(wanted[p.name]) * (1 if p.trained is None else 2) for p in profiles}
    with Steps(what, 1 + sum(left.values())) as steps, processes.workers(2) as pool:

        def step(done: int) -> None:
            with lock:
                steps.step(done)

        def runner() -> None:
            build_runner()
            step(1)

        runner_built = pool.submit(runner)

        def build_profile(profile: BuildProfile) -> None:
            def stepped(done: int) -> None:
                left[profile.name] -= done
                step(done)

            if profile.trained is not None:
                processes.result(runner_built)  # by which it is trained
            targets = wanted[profile.name]
            outcome = _outcome_of(folders, profile, [case for case in cases if case.name in targets], jobs, stepped)
            step(left[profile.name])
            with lock:
                built.compilers[profile.name] = outcome.compiler
                if outcome.absent is not None:
                    built.absent[profile.name] = outcome.absent
                    return
                built.failures |= {(name, profile.name): output for name, output in outcome.failures.items()}
                built.plugins |= {
                    (name, profile.name): outcome.folder / f"{name}.so"
                    for name in targets
                    if name not in outcome.failures
                }
                built.trained |= {(name, profile.name): digest for name, digest in outcome.trained.items()}

        for done in [runner_built, *(pool.submit(build_profile, profile) for profile in profiles)]:
            processes.result(done)
    return built


@dataclass(slots=True)
class _ProfileOutcome:
    """What the build of a profile came to: its folder, and by case what failed, and the hash of what guided it."""

    folder: Path
    compiler: str = ""
    absent: str | None = None
    failures: dict[str, str] = field(default_factory=dict)
    trained: dict[str, str] = field(default_factory=dict)


def _outcome_of(
    folders: Folders, profile: BuildProfile, cases: Sequence[CaseFiles], jobs: int, step: Callable[[int], None]
) -> _ProfileOutcome:
    """Build cases with a profile; of one that is trained first what counts, which is then run."""
    build = _ProfileBuild(folders, profile)
    outcome = _ProfileOutcome(build.folder, absent=isa_levels.gap(flag for flag, _ in profile.flags))
    instrumented = _ProfileBuild(folders, profile, "instrumented")
    if outcome.absent is None and profile.trained is not None:
        outcome.absent = instrumented.configure() or training.gap(instrumented.compiler)
        outcome.compiler = instrumented.compiler
        if outcome.absent is None:
            outcome.failures = instrumented.make([case.name for case in cases], jobs, step)
            for case in cases:
                if case.name not in outcome.failures:
                    message = training.train(case, profile.name, instrumented.folder, instrumented.compiler)
                    outcome.failures |= {} if message is None else {case.name: message}
    if outcome.absent is None:
        outcome.absent = build.configure()
        outcome.compiler = build.compiler
    if outcome.absent is not None:
        return outcome
    names = [case.name for case in cases if case.name not in outcome.failures]
    if profile.trained is not None:
        outcome.trained = {name: training.hand_over(name, instrumented.folder, build.folder) for name in names}
    outcome.failures |= build.make(names, jobs, step)
    return outcome


def _targets(cases: Iterable[CaseFiles], profile: BuildProfile) -> list[str]:
    rust = profile.language == "rust"
    return [case.name for case in cases if any((file.suffix == ".rs") == rust for file in case.files)]


class _ProfileBuild:
    """One profile's build folder; of one that is trained there are two, of which the instrumented one counts."""

    def __init__(self, folders: Folders, profile: BuildProfile, kind: str = "profiles") -> None:
        self._folders, self._profile = folders, profile
        self.folder = folders.build / kind / profile.name
        self._training = "" if profile.trained is None else "trained" if kind == "profiles" else kind
        self.compiler = ""

    def configure(self) -> str | None:
        """Make the build folder ready; returns why the profile is absent on this machine, or None."""
        stamp = self.folder / "configured-from"
        key = self._key()
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != key:
            # What another compiler made, or plain CMake in an environment that nobody knows, is never used again.
            self._clear()
            done = self._run(
                [
                    *("cmake", "-S", str(ROOT / "bench"), "-B", str(self.folder), "-G", "Ninja"),
                    *(f"-DSAFECOST_PROFILE={self._profile.file}", f"-DSAFECOST_WERROR={werror()}"),
                    f"-DSAFECOST_CASES={';'.join(map(str, self._folders.cases))}",
                    f"-DSAFECOST_COMPILER={_compiler(self._profile.compiler)[0]}",
                    f"-DSAFECOST_TRAINING={self._training}",
                    *(f"-DSAFECOST_BUILD={BUILD}", "-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF"),
                ]
            )
            if done.returncode != 0:
                return f"its build cannot be configured: {_last_error(done.stdout)}"
            stamp.write_text(key, encoding="utf-8")
        status: Mapping[str, str] = json.loads((self.folder / "profile.json").read_text(encoding="utf-8"))
        self.compiler = status["version"]
        if status["status"] != "absent":
            return None
        shutil.rmtree(self.folder)  # with what CMake remembers: what is missing may be there the next time
        return status["reason"]

    def _clear(self) -> None:
        """Remove all but the layouts, which another process may be loading."""
        for entry in self.folder.iterdir() if self.folder.exists() else ():
            if entry.name == "layouts":
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _key(self) -> str:
        """A digest of whatever would lead to another build.

        Profile and those it builds on, cases' folders, the checkout, the environment, and the compiler that the profile
        uses; no other compiler, and of PATH only what it leads to.
        """
        written = (self._profile.file, self._profile.file.with_name(f"{self._profile.plain}.json"))
        # An ad-hoc profile holds what it has from its plain sibling.
        texts = [file.read_text(encoding="utf-8") for file in written if file.exists()]
        around = {name: value for name, value in closed_environment().items() if name in _DECIDING}
        unpacked = sorted(map(str, BUILD.glob("libcxx-*"))) if self._profile.library == "libc++" else []
        helpers = [*(shutil.which(name) for name in ("as", "ld", "cc")), *unpacked]
        places = [str(ROOT), str(self.folder), *map(str, self._folders.cases)]
        flags = [flag for flag, _ in self._profile.flags]
        parts = [*places, werror(), json.dumps([around, helpers, flags]), *_compiler(self._profile.compiler), *texts]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def make(self, names: Sequence[str], jobs: int, step: Callable[[int], None]) -> dict[str, str]:
        """Build these cases; returns, for each that failed, what was said. `step` is reported how many more are
        done."""
        if not names:
            return {}
        targets = [name.replace("/", ".") for name in names]
        command = ["cmake", "--build", str(self.folder), "--parallel", str(jobs), "--target"]
        done = 0

        def heard(line: bytes) -> None:
            nonlocal done
            if edge := _EDGE.match(line):
                now = len(names) * int(edge[1]) // int(edge[2])
                step(now - done)
                done = now

        ended = self._run([*command, *targets, "--", "-k", "0"], heard)
        step(len(names) - done)
        if ended.returncode == 0:
            return {}
        failures = {}
        for name, target in zip(names, targets, strict=True):  # what is up to date costs nothing here
            again = self._run([*command, target])
            if again.returncode != 0:
                failures[name] = _diagnostics(again.stdout)
                (self.folder / f"{name}.so").unlink(missing_ok=True)  # an older one must not be measured
        return failures

    @staticmethod
    def _run(command: Sequence[str], heard: Callable[[bytes], None] | None = None) -> subprocess.CompletedProcess[str]:
        done = processes.run(
            command,
            heard=heard,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            close_fds=False,
            env=closed_environment(),
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(errors="replace"))


def _diagnostics(output: str) -> str:
    """What the compiler said: a build's output without its progress and the commands that failed."""
    kept, skip = [], False
    for line in output.splitlines():
        if skip:
            skip = False  # the command itself, in one line
        elif line.startswith("FAILED: "):
            skip = True
        elif not re.match(r"\[\d+/\d+\] |ninja: build stopped", line):
            kept.append(line)
    return "\n".join(kept).strip() or output


def _compiler(wanted: str) -> tuple[str, str]:
    """The path of the compiler that a profile means, and what changes when it does; empty where there is none."""
    return _compiler_on(wanted, os.environ.get("PATH", os.defpath))


@cache  # a compiler that is installed or updated while this process builds takes nothing away from it
def _compiler_on(wanted: str, path: str) -> tuple[str, str]:
    if wanted in _FAMILIES:
        newest = newest_tool(_FAMILIES[wanted], asks=("-dumpfullversion", "-dumpversion"))
        command = None if newest is None else str(newest.path)
    else:
        command = shutil.which(wanted, path=os.pathsep.join((path, str(Path.home() / ".cargo" / "bin"))))
    if command is None:
        return "", ""
    real = Path(command).resolve()
    said = ask([command, "-vV" if "rustc" in real.name or "rustup" in real.name else "--version"])
    return command, f"{command} {real} {real.stat().st_mtime_ns} {said}"


def _last_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "error" in line.lower()]
    return lines[-1] if lines else "no reason was given"


def without_compiler(profiles: Iterable[BuildProfile]) -> dict[str, str]:
    """The profiles, by name, whose compiler is not on this machine, with that."""
    return {profile.name: profile.compiler for profile in profiles if not _compiler(profile.compiler)[0]}


def sha256(path: Path) -> str:
    """The hash of a plugin's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build_with_calibration(folders: Folders, cases: Sequence[CaseFiles], profiles: Sequence[BuildProfile]) -> Built:
    """Build every case with every profile, and the calibrations with one in C++: the first plain one that is present.

    One profile is enough, since calibrations test clock, rounds and statistics, which all profiles share; their two
    panels take a quick run about a second, and each further profile another one. Where nothing but calibrations was
    chosen they are what was asked for, and are built with every profile.
    """
    ours = [case for case in cases if is_calibration(case)]
    others = [case for case in cases if not is_calibration(case)]
    if not others:
        return build_all(Folders.of(()), ours, profiles)
    built = build_all(folders, others, profiles)
    present = [profile for profile in profiles if profile.language == "c++" and profile.name not in built.absent]
    present.sort(key=lambda profile: (profile.trained is not None, profile.plain != profile.name))
    if ours and present:
        more = build_all(Folders.of(()), ours, present[:1], "build calibrations")
        built.plugins |= more.plugins
        built.failures |= more.failures
        built.trained |= more.trained
    return built
