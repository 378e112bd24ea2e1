"""Tests of scripts/fresh_machines, where debootstrap, chroot, apt and git are scripts that only keep a diary."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from safecost.core.paths import ROOT

SCRIPT = ROOT / "scripts/fresh_machines"
REAL = (
    *("sh", "cat", "cp", "date", "dirname", "env", "grep", "head", "ls"),
    *("mkdir", "mktemp", "paste", "readlink", "rm", "sed", "sort", "tail", "tr"),
)
PROGRAMS = {
    "apt-config": """echo 'Acquire::http::Proxy "http://proxy:1";'; echo 'APT::Other "2";'""",
    "apt-get": """case $1 in
indextargets) echo http://other.example/security; echo http://mirror.example/debian/ ;;
*) echo "apt-get $*" >>"$MACHINE/diary"; cp "$MACHINE/debootstrap" "$MACHINE/bin/debootstrap" ;;
esac""",
    # Ends with 3 where the words ask for it; none of them is run.
    "chroot": """echo "chroot $*" >>"$MACHINE/diary"
case $* in
*dpkg-query*) printf '%s\\n' 14.2.0 19.1.7 - 3.31.6 3.13.5 20240722.0 10.1.1 1.9.1 ;;
*'exit 3'*) echo no; exit 3 ;;
esac""",
    "git": """case $* in
*rev-parse*) echo 0123456789ab ;;
*clone*) for folder; do :; done; mkdir -p "$folder/results/local/a-run" ;;
esac""",
    "id": "echo 0",
    "mount": 'echo "mount $*" >>"$MACHINE/diary"',
    "unshare": """while :; do case $1 in --*) shift ;; *) break ;; esac; done; exec "$@\"""",
}
DEBOOTSTRAP = """#!/bin/sh
echo "debootstrap $*" >>"$MACHINE/diary"
case " $* " in *" broken "*) echo "E: no such suite"; exit 1 ;; esac
for word; do
    case $word in
        /*) mkdir -p "$word/etc/apt/apt.conf.d" "$word/root" "$word/usr/local/share/ca-certificates" ;;
    esac
done
"""


class Host:
    """A machine of which the script knows only the PATH that is made here."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin, self.roots = folder, folder / "bin", folder / "roots"
        self.bin.mkdir()
        self.roots.mkdir()
        for name in REAL:
            (self.bin / name).symlink_to(shutil.which(name) or name)
        for name, text in PROGRAMS.items():
            self.program(name, text)
        (folder / "debootstrap").write_text(DEBOOTSTRAP, encoding="ascii")
        (folder / "debootstrap").chmod(0o755)
        shutil.copy(folder / "debootstrap", self.bin)

    def program(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
        path.chmod(0o755)

    def start(self, *words: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "diary").unlink(missing_ok=True)
        environment = {"PATH": str(self.bin), "MACHINE": str(self.folder), "TMPDIR": str(self.roots)}
        return subprocess.run(
            [SCRIPT, *words], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=30, check=False
        )

    def diary(self, program: str) -> list[str]:
        lines = (self.folder / "diary").read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith(f"{program} ")]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_each_command_is_a_row_with_its_versions_and_its_exit_code(host: Host) -> None:
    ended = host.start("--command", "exit 3", "--command", "true || no", "--also", "", "12", "testing")
    assert ended.returncode == 1, ended.stderr
    rows = [line.split(" | ") for line in ended.stdout.splitlines() if line.startswith(("| 12", "| testing"))]
    assert [(row[0], row[9], row[11]) for row in rows] == [
        ("| 12", "`exit 3`", "3 |"),
        ("| 12", "`true \\|\\| no`", "0 |"),
        ("| testing", "`exit 3`", "3 |"),
        ("| testing", "`true \\|\\| no`", "0 |"),
    ]
    assert rows[0][1:9] == ["14.2.0", "19.1.7", "-", "3.31.6", "3.13.5", "20240722.0", "10.1.1", "1.9.1"]
    assert len(ended.stdout.splitlines()[2].split(" | ")) == len(rows[0])
    out = host.folder / "fresh-machines"
    assert (out / "12/1.log").read_text() == "no\n" and (out / "testing/results/a-run").is_dir()
    assert list(host.roots.iterdir()) == []  # the roots are gone
    assert not host.diary("apt-get")
    assert host.start("--command", "true", "--out", "fine", "13").returncode == 0


def test_both_commands_of_the_readme_are_run_where_none_is_named(host: Host) -> None:
    assert host.start("13").returncode == 0
    ran = [line.rpartition(" sh -c ")[2] for line in host.diary("chroot")]
    assert [line for line in ran if line.startswith("scripts/")] == ["scripts/safecost run", "scripts/safecost test"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Two commands")[2]
    assert [line.split("#")[0].strip() for line in readme.split("\n\n")[1].splitlines()] == ran[-3:-1]


def test_a_root_has_the_mirrors_and_the_network_of_its_host(host: Host) -> None:
    host.start("--keep", "--out", "theirs", "13")
    host.start("--keep", "--out", "ours", "--mirror", "http://ours.example/debian/", "unstable")
    (theirs,), (ours,) = host.roots.glob("*/13"), host.roots.glob("*/unstable")
    assert (theirs / "etc/apt/sources.list").read_text().splitlines() == [
        "deb http://mirror.example/debian trixie main",
        "deb http://mirror.example/debian trixie-updates main",
        "deb http://mirror.example/debian-security trixie-security main",
    ]
    assert (ours / "etc/apt/sources.list").read_text() == "deb http://ours.example/debian unstable main\n"
    assert (theirs / "etc/apt/apt.conf.d/99network").read_text() == 'Acquire::http::Proxy "http://proxy:1";\n'


def test_a_root_that_cannot_be_made_is_a_row_and_the_next_suite_is_tried(host: Host) -> None:
    ended = host.start("--command", "true", "broken", "13")
    assert ended.returncode == 1 and "E: no such suite" in ended.stderr
    rows = [line for line in ended.stdout.splitlines() if line.startswith(("| broken", "| 13"))]
    assert [row.split(" | ")[9] for row in rows] == ["`debootstrap`", "`true`"]
    assert rows[0].endswith("| 1 |") and rows[1].endswith("| 0 |")


def test_nothing_but_debootstrap_is_installed_on_the_host(host: Host) -> None:
    (host.bin / "debootstrap").unlink()
    assert host.start("--command", "true", "13").returncode == 0
    assert [line.split()[-1] for line in host.diary("apt-get")] == ["update", "debootstrap"]
    assert "--no-remove" in host.diary("apt-get")[1]
    inside = [line for line in host.diary("chroot") if "install" in line]
    assert len(inside) == 1 and inside[0].endswith(" rustc")  # in the root


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no suite is named"),
        (("--frequency", "3"), "there is no option --frequency"),
        (("--mirror",), "--mirror needs a value"),
        (("../12",), "../12 is no suite of Debian"),
        (("--out", ".", "12"), "--out . exists already"),
    ],
)
def test_usage_is_refused_before_anything_is_made(host: Host, words: tuple[str, ...], message: str) -> None:
    ended = host.start(*words)
    assert ended.returncode == 2 and message in ended.stderr
    assert list(host.roots.iterdir()) == [] and not (host.folder / "diary").exists()


def test_only_root_may_try(host: Host) -> None:
    host.program("id", "echo 1000")
    ended = host.start("12")
    assert ended.returncode == 2 and "only root" in ended.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_finds_nothing_in_it() -> None:
    done = subprocess.run(["shellcheck", "-x", SCRIPT], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout
