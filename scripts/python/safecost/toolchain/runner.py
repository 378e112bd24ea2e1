"""Calls the runner: each call a process of its own, with a clean environment, a time limit and a contained end."""

from __future__ import annotations

import os
import re
import resource
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import msgspec

from safecost.core import processes
from safecost.core.decoding import Misfit, decode
from safecost.core.errors import ToolError
from safecost.core.paths import RUNNER
from safecost.core.text import shown
from safecost.document import evidence
from safecost.document.plan import PROTOCOL, AnyPlan, PluginAt, VerifyPlan, encoded

# The environment's size moves the stack, and placement with it: each launch draws one.
_MOST_PADDING = 4096
_LARGEST_ANSWER = 64 << 20  # bytes; a launch of the largest panel has some hundred thousands
A = TypeVar("A", bound=msgspec.Struct)


FailureKind = Literal[evidence.CallProblem, "timing"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A call of the runner that did not end well: `kind` is one of the run document's problem kinds.

    `contender` is the name of the one that was called when it ended by itself, where the runner could tell.
    """

    kind: FailureKind
    message: str
    contender: str | None = None


def environment() -> dict[str, str]:
    """Only what a program needs to start, and a padding of random length."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C.UTF-8",
        "SAFECOST_PADDING": "x" * secrets.randbelow(_MOST_PADDING),
    }


def call(
    verb: str,
    plan: AnyPlan | None,
    answer: type[A],
    seconds: float,
    program: Path = RUNNER,
    under: Sequence[str] = (),
    words: Sequence[str] = (),
) -> A | Failure:
    """Run one command of the runner on a plan, and read its answer; `under` is a tool that runs it, `words` its flags.

    `seconds` is how long it may take. Raises ToolError where the program speaks another protocol than this package.
    """
    command = [*under, str(program), verb, *words, *([] if plan is None else ["--plan=-"])]
    used = _seconds_of_children()
    with tempfile.TemporaryFile() as result:  # not stdout, which belongs to whatever a kernel prints
        try:
            done = processes.run(
                [*command, f"--out=/dev/fd/{result.fileno()}"],
                b"" if plan is None else encoded(plan),
                seconds,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(result.fileno(),),
                env=environment(),
            )
        except subprocess.TimeoutExpired as late:
            _, contender = _heard(late.stderr or b"")
            message = f"did not come back within {seconds:g} s"
            if is_starved(seconds, _seconds_of_children() - used):
                return Failure("trouble", f"{message}{_STARVED}", contender)
            return Failure("hang", message, contender)
        said, contender = _heard(done.stderr)
        if (
            done.returncode == -signal.SIGXFSZ or "cannot write all of /dev/fd/" in said
        ):  # nobody's fault but the disk's
            raise ToolError(f"{tempfile.gettempdir()} has no room for a launch's result: make some, or set TMPDIR.")
        if done.returncode == -signal.SIGKILL:
            return Failure("trouble", "was killed from outside, as a system does that is out of memory", contender)
        if done.returncode < 0:
            name = signal.strsignal(-done.returncode) or f"signal {-done.returncode}"
            return Failure("crash", f"crashed: {name}{_in_brackets(said)}", contender)
        if done.returncode != 0:
            if refusal := re.fullmatch(r"(safecost-[a-z]+): protocol: (.*)", said):
                raise ToolError(f"{refusal[1]}: {refusal[2]}.")
            return _told(said) or _left(done.returncode, said)
        if os.fstat(result.fileno()).st_size > _LARGEST_ANSWER:
            return Failure("crash", f"gave an answer of more than {_LARGEST_ANSWER >> 20} MiB")
        result.seek(0)
        data = result.read()
    try:
        spoken = msgspec.json.decode(data, type=_Spoken).protocol
    except ValueError:
        return _left(done.returncode, said)
    if type(spoken) is not int or spoken != PROTOCOL:
        raise ToolError(
            f"{program.name} speaks protocol {shown(spoken)}, and this safecost speaks {PROTOCOL}: it is of another"
            f" source; remove {program.parent} and try again."
        )
    try:
        return decode(data, answer)
    except Misfit as misfit:
        return Failure("crash", f"gave an answer of {program.name} that cannot be: {misfit}; rebuild it if that stays")


def describe(case: str, plugins: Mapping[str, Path]) -> tuple[evidence.PluginDescription, ...]:
    """What a case's plugins say of themselves, by profile; raises ToolError where one of them cannot be loaded."""
    at = tuple(PluginAt(profile=profile, path=str(path)) for profile, path in plugins.items())
    answer = call("verify", VerifyPlan(case=case, plugins=at, describe_only=True), evidence.VerifyAnswer, 60)
    if isinstance(answer, Failure) or len(answer.plugins) != len(plugins):
        raise ToolError(
            f"the plugin of {case} for {' or '.join(plugins)} cannot be loaded: see"
            f" 'scripts/safecost run --filter {case}'."
        )
    return answer.plugins


_STARVED = ", and got less than a tenth of a processor: try again when less else runs"


def is_starved(seconds: float, used: float) -> bool:
    """Did a process that used so many seconds of a processor wait for one, and not for something else?"""
    # A tenth: limits are ten times what is needed, and more. What sleeps or is stopped uses none either; so it must be
    # that this process gets no more.
    return used < seconds / 10 and share_of_a_processor() < 1 / 10


def share_of_a_processor() -> float:
    """How much of a processor this thread gets now that it wants one."""
    start, before = time.monotonic(), time.thread_time()
    while (wall := time.monotonic() - start) < 0.2:
        pass
    return (time.thread_time() - before) / wall


def _seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Spoken(msgspec.Struct):
    protocol: Any = None


_PREFIX = "safecost-runner: "
_PROVER = "safecost-prover: "
_ORACLE = "safecost-oracle: "
_INSIDE = f"{_PREFIX}in "
_KINDS: Mapping[str, FailureKind] = {kind: kind for kind in get_args(FailureKind)[:-3]}


def _told(line: str) -> Failure | None:
    """What the runner itself said last; None for a line of a kernel's, which then ended the process."""
    if not line.startswith((_PREFIX, _PROVER, _ORACLE)):
        return None
    line = line.removeprefix(_PREFIX).removeprefix(_PROVER).removeprefix(_ORACLE)
    kind, _, rest = line.partition(": ")
    return Failure(_KINDS[kind], rest) if kind in _KINDS else Failure("timing", line)


def _heard(stderr: bytes) -> tuple[str, str | None]:
    """The last line of what was said, and the contender that the runner named when a signal ended it."""
    lines = stderr.decode(errors="replace").strip().splitlines()
    inside = [line.removeprefix(_INSIDE).strip() for line in lines if line.startswith(_INSIDE)]
    others = [line for line in lines if not line.startswith(_INSIDE)]
    return others[-1] if others else "", inside[-1] if inside else None


def _left(code: int, said: str) -> Failure:
    return Failure("crash", f"ended the process with exit code {code} and no result{_in_brackets(said)}")


def _in_brackets(said: str) -> str:
    return f" ({said[:300]})" if said else ""
