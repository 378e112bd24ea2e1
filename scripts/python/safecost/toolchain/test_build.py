"""Building: what a build tool says becomes progress, and what a compiler says is kept."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from safecost.core import processes
from safecost.core.errors import UsageError
from safecost.core.locks import alone
from safecost.core.paths import BENCH, ROOT, Folders
from safecost.core.tools import closed_environment, newest_tool
from safecost.suite import profiles
from safecost.testing.refusals import one_sentence
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


# What changes code behind a profile's back, or finds other programs and headers.
FOREIGN = (
    "CCC_OVERRIDE_OPTIONS", "CPATH", "CPLUS_INCLUDE_PATH", "COMPILER_PATH", "LIBRARY_PATH", "GCC_EXEC_PREFIX",
    "CXXFLAGS", "LDFLAGS", "CXX", "CMAKE_TOOLCHAIN_FILE", "CMAKE_CXX_COMPILER_LAUNCHER", "RUSTFLAGS", "RUSTC_WRAPPER",
    "LD_LIBRARY_PATH", "SOURCE_DATE_EPOCH",
)  # fmt: skip


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with one GCC and a CMake that writes down its environment, and a build folder of the test's own."""
    programs = {
        "cmake": f"env >{tmp_path}/seen; mkdir -p $4; echo '{STATUS}' >$4/profile.json",
        "g++-12": "echo 12.2.0",
    }
    for name, text in programs.items():
        add(tmp_path, name, text)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(build, "newest_tool", partial(newest_tool, folders=[tmp_path]))
    build._compiler_on.cache_clear()
    return tmp_path


STATUS = '{"status": "present", "reason": "", "version": "GNU 12.2.0", "abseil": ""}'


def add(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def profile_build(folder: Path, name: str = "gcc-o2") -> build._ProfileBuild:
    (profile,) = profiles.choose(name, ())
    return build._ProfileBuild(Folders((BENCH,), folder / "build"), profile)


def test_compilers_run_in_a_closed_environment(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FOREIGN:
        monkeypatch.setenv(name, "x")
    assert profile_build(machine).configure() is None
    seen = {line.partition("=")[0] for line in (machine / "seen").read_text().splitlines()}
    assert seen <= {*closed_environment(), "PWD", "OLDPWD", "SHLVL", "_"}  # the last are the stub's shell's
    assert not {*FOREIGN} & {*closed_environment()}


def test_what_was_built_in_an_unknown_environment_is_never_used_again(machine: Path) -> None:
    ours = profile_build(machine)
    assert ours.configure() is None
    plugin = ours.folder / "indexing" / "sum.so"
    plugin.parent.mkdir()
    plugin.touch()
    (ours.folder / "layouts").mkdir()
    assert ours.configure() is None and plugin.exists()  # nothing has changed
    (ours.folder / "configured-from").unlink()  # as plain CMake does before it builds
    assert ours.configure() is None
    assert not plugin.exists() and (ours.folder / "layouts").exists()


def test_a_key_is_of_the_profiles_own_compiler(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def key() -> str:
        build._compiler_on.cache_clear()  # as in another process
        return profile_build(machine)._key()

    before = key()
    add(machine, "clang++-99", "echo 99.0")
    add(machine, "rustc", "echo rustc 1.99.0")
    monkeypatch.setenv("PATH", f"/nowhere:{machine}:/usr/bin:/bin")
    monkeypatch.setenv("TMPDIR", str(machine))
    assert key() == before
    add(machine, "g++-99", "echo 99.0")
    newer = key()
    assert newer != before
    monkeypatch.setenv("RUSTUP_TOOLCHAIN", "nightly")
    other = key()
    assert other != newer
    monkeypatch.setattr(build, "ROOT", machine)
    assert key() != other


def test_an_ad_hoc_profile_that_hardens_another_has_a_key_of_its_flags(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "BUILD", machine)

    def key(flag: str) -> str:
        (_, profile) = profiles.choose(None, [f"mine: gcc-o2 + {flag}"])
        return build._ProfileBuild(Folders((BENCH,), machine / "build"), profile)._key()

    assert key("-ftrivial-auto-var-init=zero") == key("-ftrivial-auto-var-init=zero")
    assert key("-ftrivial-auto-var-init=zero") != key("-ftrivial-auto-var-init=pattern")


def test_a_compiler_that_is_installed_meanwhile_takes_nothing_away(machine: Path) -> None:
    before = profile_build(machine)._key()
    add(machine, "g++-99", "echo 99.0")
    add(machine, "g++-12", "echo 12.3.0")
    assert profile_build(machine)._key() == before


def test_a_moved_checkout_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "BUILD", tmp_path)
    assert not build._configured_here()
    (tmp_path / "build.ninja").touch()
    cache = f"CMAKE_CACHEFILE_DIR:INTERNAL={tmp_path}\nCMAKE_HOME_DIRECTORY:INTERNAL={{}}\n"
    (tmp_path / "CMakeCache.txt").write_text(cache.format(ROOT), encoding="utf-8")
    assert build._configured_here()
    (tmp_path / "CMakeCache.txt").write_text(cache.format("/before"), encoding="utf-8")
    assert not build._configured_here()


def test_a_build_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as caught, alone(tmp_path / "file" / "runner.lock"):
        pass
    assert one_sentence(str(caught.value)).endswith("build elsewhere with --build DIR, or SAFECOST_BUILD=DIR.")


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
