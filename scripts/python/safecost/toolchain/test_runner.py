"""Tests of how the driver calls the runner: whatever becomes of that process, it is a result or a named failure."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from safecost.core import processes
from safecost.core.errors import ToolError
from safecost.document.evidence import CallAnswer
from safecost.document.plan import PROTOCOL, PluginAt, ProvePlan, encoded
from safecost.toolchain import runner
from safecost.toolchain.runner import Failure, is_starved

# The last argument is --out=FILE.
ANSWER = CallAnswer(contender="a/b/raw/size:3@gcc-o2", digest="0" * 16)
PLAN = ProvePlan(plugin=PluginAt(profile="gcc-o2", path="sum.so"), data=".", scratch=".")


def answering(text: str) -> str:
    return f"for out; do :; done; echo '{text}' >\"${{out#--out=}}\"\n"


RESULT = answering(msgspec.json.encode(ANSWER).decode())


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    return tmp_path / "runner"


def call(fake: Path, script: str, seconds: float = 30.0) -> object:
    fake.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
    fake.chmod(0o755)
    return runner.call("call", PLAN, CallAnswer, seconds, fake)


def test_the_result_is_what_the_runner_wrote_whatever_a_kernel_prints(fake: Path) -> None:
    assert call(fake, "echo hello; echo hello >&2\n" + RESULT) == ANSWER


def test_the_plan_comes_by_stdin(fake: Path) -> None:
    said = fake.with_name("stdin")
    call(fake, f'[ "$1 $2" = "call --plan=-" ] && cat >{said}')
    assert said.read_bytes() == encoded(PLAN)


def test_a_plan_that_would_be_refused_is_not_sent(fake: Path) -> None:
    with pytest.raises(
        ToolError,
        match=r"^a ProvePlan cannot be sent to the runner: seed is -1, and must be a whole number of at least 0\.",
    ):
        runner.call("call", replace(PLAN, seed=-1), CallAnswer, 30.0, fake)


@pytest.mark.parametrize(
    ("answer", "spoken"),
    [('{"contender": "a", "digest": "b"}', "null"), ('{"protocol": 99}', "99"), ('{"protocol": "1"}', '"1"'),
     ('{"protocol": true}', "true")],
)  # fmt: skip
def test_a_runner_of_another_protocol_is_refused_by_name(fake: Path, answer: str, spoken: str) -> None:
    with pytest.raises(ToolError) as refused:
        call(fake, answering(answer))
    assert str(refused.value) == (
        f"runner speaks protocol {spoken}, and this safecost speaks {PROTOCOL}: it is of another source;"
        f" remove {fake.parent} and try again."
    )


def test_a_runner_that_refuses_our_protocol_ends_the_command(fake: Path) -> None:
    said = "protocol: this program speaks 2, and the plan is of 1: remove the build folder and try again"
    with pytest.raises(ToolError, match=r"^safecost-prover: this program speaks 2, and the plan is of 1: remove"):
        call(fake, f"echo 'safecost-prover: {said}' >&2; exit 1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"digest": 1}, "digest is 1, and must be a text"),
        ({"digest": "0" * 15}, 'digest is "000000000000000", and must be a text that matches'),
        ({"extra": 1}, 'it has the unknown entry "extra"'),
        ({"evidence": "times"}, 'evidence is "times", and must be "call"'),
    ],
)
def test_an_answer_that_cannot_be_names_the_field_and_the_value(
    fake: Path, change: dict[str, object], message: str
) -> None:
    plain = msgspec.to_builtins(ANSWER) | change
    failure = call(fake, answering(json.dumps(plain)))
    assert isinstance(failure, Failure)
    assert failure.kind == "crash"
    assert failure.message.startswith(f"gave an answer of runner that cannot be: {message}")


@pytest.mark.parametrize(
    ("script", "kind", "message"),
    [
        ("echo 'safecost-runner: load: gcc-o2 cannot be loaded' >&2; exit 1", "load", "gcc-o2 cannot be loaded"),
        ("echo 'safecost-runner: digest: at gives 1, raw gives 2' >&2; exit 5", "digest", "at gives 1, raw gives 2"),
        ("echo 'safecost-runner: cannot fork: no memory' >&2; exit 1", "timing", "cannot fork: no memory"),
        ("echo 'load: says a kernel' >&2; exit 1", "crash", "exit code 1 and no result (load: says a kernel)"),
        ("exit 3", "crash", "ended the process with exit code 3 and no result"),
        ("exit 0", "crash", "ended the process with exit code 0 and no result"),
        ('for out; do :; done; echo \'{"tol\' >"${out#--out=}"', "crash", "exit code 0 and no result"),
        ("echo oops >&2; kill -SEGV $$", "crash", "crashed: Segmentation fault (oops)"),
    ],
)
def test_a_runner_that_ends_badly(fake: Path, script: str, kind: str, message: str) -> None:
    failure = call(fake, script)
    assert isinstance(failure, Failure)
    assert failure.kind == kind and failure.message.endswith(message)


def test_a_runner_that_waited_for_a_processor_did_not_hang(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "share_of_a_processor", lambda: 0.05)
    failure = call(fake, "sleep 60", 0.5)
    assert isinstance(failure, Failure) and failure.kind == "trouble"
    assert failure.message.startswith("did not come back within 0.5 s, and got less than a tenth of a processor")
    assert not is_starved(10.0, 1.1)
    assert is_starved(10.0, 0.9)
    monkeypatch.setattr(runner, "share_of_a_processor", lambda: 0.5)
    assert not is_starved(10.0, 0.0)  # what sleeps uses no processor, however many there are


def test_a_runner_that_was_killed_from_outside_is_trouble(fake: Path) -> None:
    failure = call(fake, "kill -KILL $$")
    assert isinstance(failure, Failure) and failure.kind == "trouble"
    assert "out of memory" in failure.message


def test_what_the_runner_was_in_is_heard_and_no_part_of_the_message(fake: Path) -> None:
    said = "echo 'Assertion failed' >&2; echo 'safecost-runner: in mine/one/at/size:8@gcc-o2' >&2; kill -ABRT $$"
    assert call(fake, said) == Failure("crash", "crashed: Aborted (Assertion failed)", "mine/one/at/size:8@gcc-o2")
    late = "trap 'echo safecost-runner: in mine/one/at >&2; exit' TERM; sleep 60 & wait"
    assert call(fake, late, 0.5) == Failure("hang", "did not come back within 0.5 s", "mine/one/at")


def test_a_runner_that_hangs_is_ended_with_all_that_it_started(fake: Path, tmp_path: Path) -> None:
    begun = time.monotonic()
    script = f"trap '' TERM; sleep 60 & echo $! >'{tmp_path}/child'; wait; sleep 60"
    assert call(fake, script, 0.5) == Failure("hang", "did not come back within 0.5 s")
    assert time.monotonic() - begun < 20
    child = Path("/proc") / (tmp_path / "child").read_text(encoding="ascii").strip() / "stat"
    assert not child.exists() or child.read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"


def test_a_daemon_holds_nobody_and_is_ended(fake: Path) -> None:
    begun = time.monotonic()
    seconds = str(10_000_000 + os.getpid())
    assert call(fake, f"setsid -f sleep {seconds}; echo last words >&2\n" + RESULT) == ANSWER
    assert call(fake, f"setsid -f sleep {seconds}; sleep 60", 0.5) == Failure("hang", "did not come back within 0.5 s")
    assert time.monotonic() - begun < 20
    assert not [path for path in Path("/proc").glob("[0-9]*") if words_of(path) == ["sleep", seconds]]


def words_of(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")[:-1]
    except OSError:
        return []


def test_of_a_flood_the_last_words_are_kept_and_little_else(fake: Path) -> None:
    flood = ["sh", "-c", "head -c 200000000 /dev/zero >&2; echo last words >&2"]
    done = processes.run(flood, seconds=60, stderr=subprocess.PIPE)
    assert done.stderr.endswith(b"\0last words\n") and len(done.stderr) == 64 << 10
    assert call(fake, "echo first >&2; yes >&2", 0.5) == Failure("hang", "did not come back within 0.5 s")


def test_what_is_stopped_still_tells_where_it_was(fake: Path) -> None:
    stopped = "trap 'echo safecost-runner: in mine/one/at >&2; exit' TERM; kill -STOP $$; sleep 60 & wait"
    assert call(fake, stopped, 0.5) == Failure("hang", "did not come back within 0.5 s", "mine/one/at")


def test_a_launch_draws_the_size_of_its_environment_and_takes_nothing_of_the_callers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET", "1")
    drawn = [runner.environment() for _ in range(20)]
    assert all(environment.keys() == {"PATH", "LC_ALL", "SAFECOST_PADDING"} for environment in drawn)
    assert len({len(environment["SAFECOST_PADDING"]) for environment in drawn}) > 10


def test_after_an_interrupt_programs_can_be_started_again() -> None:
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), processes.workers(2) as pool:
        sleepers = [pool.submit(processes.run, ["sleep", "60"]) for _ in range(5)]
        while not sleepers[1].running():
            time.sleep(0.01)
        time.sleep(0.1)
        raise KeyboardInterrupt
    assert time.monotonic() - begun < 20
    assert all(sleeper.cancelled() or sleeper.done() for sleeper in sleepers)
    assert processes.run(["true"]).returncode == 0
