"""Roots of other Debians, where debootstrap, apt and chroot are scripts that only keep a diary."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from safecost import cli
from safecost.core.errors import HARNESS, OK, USAGE
from safecost.core.paths import LOCAL_RESULTS, ROOT
from safecost.toolchain import command, roots

OFFERED = "g++-9 g++-16 g++-16-multilib clang-19 clang-23 clang-23-doc clang-format-24 libc++-24-dev"
PROGRAMS = {
    "apt-config": ":",
    "apt-get": '[ "$1" = indextargets ] && echo http://mirror.example/debian/',
    # The last word is a folder where debootstrap is asked for a root.
    "debootstrap": """echo "debootstrap $*" >>"$DIARY"
for word; do case $word in /*) root=$word ;; broken) exit 1 ;; esac; done
mkdir -p "$root/etc/apt/apt.conf.d" "$root/usr/local/share/ca-certificates" "$root/usr/bin"
touch "$root/usr/bin/g++-16" "$root/usr/bin/clang++-23" "$root/usr/bin/clang++-doc" "$root/usr/bin/rustc\"""",
    "chroot": f"""shift; echo "inside $*" >>"$DIARY"
case $* in *pkgnames*) printf '%s\\n' {OFFERED} ;; *nonsense*) exit 100 ;; esac""",
    "mount": 'echo "mount $*" >>"$DIARY"',
    "unshare": """while :; do case $1 in --*) shift ;; *) break ;; esac; done; exec "$@\"""",
}


@pytest.fixture
def diary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the programs write what they were asked for."""
    programs, file = tmp_path / "bin", tmp_path / "diary"
    programs.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("DIARY", str(file))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return file


def asked(diary: Path, program: str) -> list[str]:
    lines = diary.read_text(encoding="utf-8").splitlines() if diary.exists() else []
    return [line.removeprefix(program).strip() for line in lines if line.startswith(f"{program} ")]


def add(folder: Path, *words: str) -> int:
    return cli.entry(["toolchain", "add", *words, "--folder", str(folder)])


def test_a_root_has_the_newest_compilers_of_its_debian(
    diary: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert add(tmp_path / "roots", "sid", "--also", "g++-9,libboost-dev") == OK
    (made,) = asked(diary, "debootstrap")
    assert f" sid {tmp_path}/roots/sid.coming http://mirror.example/debian" in made
    (installed,) = [line for line in asked(diary, "inside") if " install " in line]
    assert installed.partition("--no-install-recommends ")[2].split() == [
        "g++-16", "clang-23", "lld-23", "libclang-rt-23-dev", "libc++-23-dev", "libc++abi-23-dev",
        "rustc", "python3", "python3-venv", "g++-9", "libboost-dev",
    ]  # fmt: skip
    assert capfd.readouterr().out.startswith("sid: clang++-23, g++-16, rustc\nnext: ")
    assert [entry.name for entry in (tmp_path / "roots").iterdir()] == ["sid"]
    assert cli.entry(["toolchain", "list", "--folder", str(tmp_path / "roots")]) == OK
    assert capfd.readouterr().out.startswith("sid: clang++-23, g++-16, rustc; ")


def test_mirror_and_suite_can_be_given(diary: Path, tmp_path: Path) -> None:
    assert add(tmp_path, "old", "--suite", "12", "--mirror", "http://ours.example/debian/") == OK
    assert " bookworm " in asked(diary, "debootstrap")[0]
    sources = (tmp_path / "old/etc/apt/sources.list").read_text(encoding="utf-8")
    assert sources.startswith("deb http://ours.example/debian bookworm main\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("broken",), "no root of broken could be made"),
        (("sid", "--also", "nonsense"), "could not install"),
    ],
)
def test_what_fails_leaves_nothing(
    diary: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    assert add(tmp_path / "roots", *words) == HARNESS
    assert sentence in capfd.readouterr().err
    assert list((tmp_path / "roots").iterdir()) == []
    assert asked(diary, "debootstrap")


def test_usage_is_refused_before_anything_is_made(
    diary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "roots/sid").mkdir(parents=True)
    for words, sentence in {
        ("sid",): "is there already",
        ("../sid",): "name a suite of Debian",
        ("a", "--suite", "-x"): "name a suite of Debian",
    }.items():
        assert add(tmp_path / "roots", *words) == USAGE
        assert sentence in capsys.readouterr().err
    assert not diary.exists()


def test_only_root_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert add(tmp_path, "sid") == HARNESS
    assert "only root can" in capsys.readouterr().err


def test_a_root_runs_the_checkout_and_gives_its_results(
    diary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert add(tmp_path, "sid") == OK
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execvp", lambda _, words: started.append(words))
    monkeypatch.setattr(command, "LOCAL_RESULTS", tmp_path / "results")
    cli.entry(["toolchain", "run", "--folder", str(tmp_path), "sid", "--", "run", "--quick", "--filter", "^a b"])
    diary.unlink()
    assert subprocess.run(started[0], check=False).returncode == 0
    place = tmp_path / "sid/root"
    assert asked(diary, "mount")[:3] == [
        f"--bind {ROOT} {place}/safecost",
        f"-o remount,bind,ro {place}/safecost",
        f"--bind {LOCAL_RESULTS} {place}/build/results/local",
    ]
    (inside,) = asked(diary, "inside")
    assert inside.endswith("sh scripts/safecost --build /root/build run --quick --filter ^a b")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("gone", "--", "run"), "no root 'gone' in "),
        (("sid", "--", "run", "--out", "x"), "--out is not for a root: it builds in itself, and results come to"),
        (("sid", "--", "--build=x", "run"), "--build=x is not for a root"),
        (("sid",), "Missing argument"),
    ],
)
@pytest.mark.usefixtures("diary")
def test_what_cannot_run_in_a_root_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    assert add(tmp_path, "sid") == OK
    assert cli.entry(["toolchain", "run", "--folder", str(tmp_path), *words]) == USAGE
    assert sentence in capfd.readouterr().err


def test_a_root_is_removed_but_not_while_something_is_mounted_in_it(
    diary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert add(tmp_path, "sid") == OK and diary.exists()
    real = Path.read_text
    mounts = f"1 2 0:3 / / rw - ext4 x rw\n4 1 0:5 / {tmp_path}/sid/proc rw - proc proc rw\n"

    def read_text(self: Path, encoding: str | None = None) -> str:
        return mounts if str(self) == "/proc/self/mountinfo" else real(self, encoding)

    monkeypatch.setattr(Path, "read_text", read_text)
    words = ["toolchain", "remove", "sid", "--folder", str(tmp_path)]
    assert cli.entry(words) == HARNESS
    assert f"{tmp_path}/sid/proc is mounted: unmount it" in capfd.readouterr().err
    monkeypatch.undo()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert cli.entry(words) == OK
    assert not (tmp_path / "sid").exists()
    assert roots.roots(tmp_path) == []
