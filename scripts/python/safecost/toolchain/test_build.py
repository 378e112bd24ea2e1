"""Building: what a build tool says becomes progress, and what a compiler says is kept."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from safecost.core import processes
from safecost.core.paths import BENCH, Folders
from safecost.suite import profiles
from safecost.toolchain import build


def test_lines_are_heard_as_they_are_said() -> None:
    heard: list[bytes] = []
    ended = processes.run(["sh", "-c", "echo one; echo two; exit 3"], heard=heard.append, stdout=subprocess.PIPE)
    assert heard == [b"one\n", b"two\n"]
    assert (ended.returncode, ended.stdout) == (3, b"one\ntwo\n")


@pytest.mark.parametrize(
    ("said", "code", "steps"),
    [
        ("[0/2] Re-checking globbed directories...\n[1/4] Building\n[2/4] Linking\n[4/4] Linking", 0, [1, 1]),
        ("[1/1] Re-running CMake...\n[1/3] Building\n[3/3] Linking", 0, [2]),
        ("ninja: no work to do.", 0, [2]),
        ("[1/4] Building\nFAILED: a.o\nninja: build stopped", 1, [2]),
    ],
)
def test_progress_is_what_ninja_says_and_ends_with_all(
    said: str, code: int, steps: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "cmake"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\nexit {code}\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (profile,) = profiles.choose("gcc-o2", ())
    told: list[int] = []
    failures = build._ProfileBuild(Folders.of([BENCH]), profile).make(["a/one", "a/two"], 1, told.append)
    assert [step for step in told if step] == steps
    assert set(failures) == ({"a/one", "a/two"} if code else set())


def test_a_signal_that_another_thread_was_given_is_heard_while_waiting() -> None:
    """The handler runs in the main thread, which nothing wakes but the end of what it waits for, or of its patience."""
    heard: list[float] = []
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.append(time.monotonic()))
    try:
        with processes.workers(1) as pool:

            def give_and_go_on() -> float:
                time.sleep(0.5)  # until the main thread waits
                signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
                given = time.monotonic()
                time.sleep(3.0)
                return given

            (given,) = pool.map(lambda _: give_and_go_on(), [None])
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard and heard[0] - given < 2.5
