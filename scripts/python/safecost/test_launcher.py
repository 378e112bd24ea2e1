"""Tests of scripts/safecost in a copy of the tree, where apt, dpkg, pip and Python are scripts that keep a diary."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from safecost.core.paths import ROOT

SCRIPTS = ROOT / "scripts"
FILES = ("safecost", "system_packages", "packages.txt", "requirements.txt", "requirements-test.txt", "pyproject.toml")
COREUTILS = ("sh", "cat", "cksum", "id", "readlink", "rm", "sed", "tr", "mv", "mkdir", "chmod", "cp", "flock")

# Knows the packages that the file `installed` lists, as dpkg-query prints them in the launcher's format.
DPKG_QUERY = """\
shift 3  # -W -f FORMAT
for package; do
    if grep -qx "$package" "$MACHINE/installed"; then printf '%s=installed|' "$package"
    else printf '%s=config-files|' "$package"; fi
done
exit 1
"""
# Cannot install what `refused` lists without removing the package `mine`.
APT_GET = """\
case " $* " in *" --simulate "*)
    for word; do
        grep -qsx "$word" "$MACHINE/refused" || continue
        case " $* " in *" --no-remove "*) exit 100 ;; *) echo "Remv mine [1]" ;; esac
    done
    exit 0 ;;
esac
echo "apt-get $*" >>"$MACHINE/diary"
echo "apt talks"
echo "apt complains" >&2
[ ! -e "$MACHINE/apt-fails" ] || exit 100
case " $* " in *" download "*) echo packed >downloaded.deb && exit ;; esac
for word; do case $word in -* | *=* | update | install) ;; *) echo "$word" >>"$MACHINE/installed" ;; esac; done
case " $* " in *" python3-venv "*) cp "$MACHINE/python" "$MACHINE/bin/python3" ;; esac
"""
# Offers all but what `not-offered` lists, and of LLVM what `llvms` does.
APT_CACHE = """\
shift
for package; do
    case $package in
        clang-[0-9]*) grep -qx "${package#clang-}" "$MACHINE/llvms" && answer=1 || answer="(none)" ;;
        *) grep -qsx "$package" "$MACHINE/not-offered" && answer="(none)" || answer=1 ;;
    esac
    printf '%s:\n  Installed: (none)\n  Candidate: %s\n' "$package" "$answer"
done
"""
# Stands for the system's Python, for the one in .venv, and for pip and the driver.
PYTHON = """\
case $1 in
-c) [ ! -e "$MACHINE/too-old" ] ;;
-P) [ "$2" != -c ] || { [ -e "$MACHINE/filled" ]; exit; }
    shift; echo "PYTHONPATH=$PYTHONPATH"; echo "BUILD=${SAFECOST_BUILD-}"; for word; do echo "<$word>"; done; exit 7 ;;
-m) echo "python $*" >>"$MACHINE/diary"; echo "python talks"
    case $2 in
    venv) [ "$3" = --clear ] && rm -rf "$4" && mkdir -p "$4/bin" && cp "$MACHINE/python" "$4/bin/python" ;;
    pip) rm -f "$MACHINE/filled"; [ ! -e "$MACHINE/pip-fails" ] && : >"$MACHINE/filled" ;;
    esac ;;
esac
"""


class Tree:
    """A copy of the launcher and its lists, on a machine of which only the PATH made here is known."""

    def __init__(self, folder: Path) -> None:
        self.llvm = 19
        self.machine = folder / "machine"
        self.root = folder / "a tree"
        self.diary = self.machine / "diary"
        (self.machine / "bin").mkdir(parents=True)
        (self.root / "scripts").mkdir(parents=True)
        for name in FILES:
            shutil.copy(SCRIPTS / name, self.root / "scripts")
        for name in (*COREUTILS, "grep"):
            if found := shutil.which(name):
                (self.machine / "bin" / name).symlink_to(found)
        self.program("dpkg-query", DPKG_QUERY)
        self.program("apt-get", APT_GET)
        self.program("apt-cache", APT_CACHE)
        self.write("llvms", "19")
        self.program("id", "echo 0\n")
        self.program("sleep", '[ "$1" -lt 10 ] || exec /bin/sleep "$1"\n')
        self.program("python3", PYTHON)
        shutil.copy(self.machine / "bin/python3", self.machine / "python")
        self.install(*self.packages("need", "run"))

    def program(self, name: str, text: str) -> None:
        path = self.machine / "bin" / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{text}", encoding="ascii")
        path.chmod(0o755)

    def packages(self, *groups: str) -> list[str]:
        lines = (self.root / "scripts/packages.txt").read_text(encoding="utf-8").splitlines()
        names = [words[1] for line in lines if (words := line.split()) and words[0] in groups]
        return [re.sub(r"-N\b", f"-{self.llvm}", name) for name in names]

    def write(self, name: str, *lines: str) -> None:
        (self.machine / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def install(self, *packages: str) -> None:
        self.write("installed", *packages)

    def plant(self, name: str) -> Path:
        path = self.machine / name
        path.touch()
        return path

    def start(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the launcher from a folder of its own; the diary is emptied first."""
        self.diary.unlink(missing_ok=True)
        return subprocess.run(
            [environment.pop("launcher", str(self.root / "scripts/safecost")), *words],
            cwd=self.machine,
            env={"PATH": str(self.machine / "bin"), "MACHINE": str(self.machine), **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def asked(self) -> list[str]:
        """Tell what apt and Python were asked to do, word by word."""
        return self.diary.read_text(encoding="utf-8").splitlines() if self.diary.exists() else []

    def did(self) -> list[str]:
        """Tell the same in short: apt's verb and packages, and for Python `venv` or the list that pip was given."""
        short = []
        for line in self.asked():
            if line.startswith("apt-get"):
                words = [word for word in line.split() if not word.startswith("-") and "=" not in word]
                short.append(" ".join(words[1:]))
            else:
                short.append(line.rpartition("/")[2])
        return short


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


VENV = ".venv"
PIP = "requirements.txt"
PIP_TEST = "requirements-test.txt"


def test_the_first_start_prepares_and_the_second_does_nothing(tree: Tree) -> None:
    first = tree.start("run", "two words", "", "*")
    assert tree.did() == [VENV, PIP]
    assert first.returncode == 7
    expected = f"PYTHONPATH={tree.root}/scripts/python\nBUILD=\n<-m>\n<safecost>\n<run>\n<two words>\n<>\n<*>\n"
    assert first.stdout == expected
    assert "python talks" in first.stderr
    second = tree.start("run", "two words", "", "*")
    assert tree.did() == []
    assert (second.stdout, second.stderr) == (expected, "")


def test_pip_checks_hashes_and_builds_nothing(tree: Tree) -> None:
    tree.start("run")
    (line,) = [line for line in tree.asked() if " pip " in line]
    assert "--require-hashes" in line
    assert "--only-binary :all:" in line


def test_through_a_symlink(tree: Tree) -> None:
    link = tree.machine / "link"
    link.symlink_to(tree.root / "scripts/safecost")
    second = tree.machine / "second"
    second.symlink_to("link")
    started = tree.start("list", launcher=str(second))
    assert started.stdout.startswith(f"PYTHONPATH={tree.root}/scripts/python\n")


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["run", "--help"]])
def test_help_before_any_set_up(tree: Tree, words: list[str]) -> None:
    tree.install()
    started = tree.start(*words)
    assert started.returncode == 0
    assert started.stdout.startswith("Usage: scripts/safecost ")
    assert tree.did() == []
    assert not (tree.root / ".venv").exists()


def test_version_before_any_set_up(tree: Tree) -> None:
    started = tree.start("--version")
    assert re.fullmatch(r"safecost \d+\.\d+\.\d+\n", started.stdout)
    assert (started.returncode, tree.did()) == (0, [])


def test_help_and_version_afterwards_are_the_desks(tree: Tree) -> None:
    tree.start("run")
    assert "<--help>" in tree.start("--help").stdout
    assert tree.start().stdout.endswith("<-m>\n<safecost>\n")
    tree.install()  # even where packages have gone since
    assert "<--version>" in tree.start("--version").stdout
    assert tree.did() == []


def test_test_needs_more_than_run(tree: Tree) -> None:
    tree.start("run")
    tree.start("test")
    assert tree.did() == [PIP_TEST, "update", f"install {' '.join(tree.packages('test'))}"]
    tree.start("test")
    assert tree.did() == []
    tree.start("run")
    assert tree.did() == []


def test_test_alone_makes_an_environment_that_run_can_use(tree: Tree) -> None:
    tree.install(*tree.packages("need", "run", "test"))
    tree.start("test", "--slow")
    assert tree.did() == [VENV, PIP_TEST]
    tree.start("run")
    assert tree.did() == []


def test_test_on_a_bare_machine_installs_for_run_and_test(tree: Tree) -> None:
    tree.install()
    tree.start("test")
    assert tree.did() == [VENV, PIP_TEST, "update", f"install {' '.join(tree.packages('need', 'run', 'test'))}"]


def test_only_the_first_word_is_the_command(tree: Tree) -> None:
    tree.start("run", "--filter", "test")
    assert tree.did() == [VENV, PIP]
    tree.install()
    tree.start("run", "--filter", "doctor")
    assert tree.did()[0] == "update"


def test_quick_tests_build_nothing_and_open_no_browser(tree: Tree) -> None:
    assert tree.start("test", "--quick").returncode == 7
    assert tree.did() == [VENV, PIP_TEST]


def test_a_python_that_is_too_old_is_refused(tree: Tree) -> None:
    tree.plant("too-old")
    started = tree.start("run")
    assert started.returncode == 1
    assert "no python3 of at least 3.11" in started.stderr
    assert not (tree.root / ".venv").exists()


def test_the_oldest_python_is_the_one_that_the_desk_declares() -> None:
    declared = re.search(r'^requires-python = ">=3\.(\d+)"$', (SCRIPTS / "pyproject.toml").read_text(), re.MULTILINE)
    accepted = re.search(r"sys\.version_info < \(3, (\d+)\)", (SCRIPTS / "safecost").read_text())
    assert declared and accepted
    assert declared[1] == accepted[1]


def test_a_newer_python_beside_an_old_one_is_taken(tree: Tree) -> None:
    tree.program("python3", "exit 1\n")
    shutil.copy(tree.machine / "python", tree.machine / "bin/python3.12")
    assert tree.start("run").returncode == 7
    assert tree.did() == [VENV, PIP]


def test_a_set_up_that_failed_or_was_interrupted_starts_again(tree: Tree) -> None:
    fails = tree.plant("pip-fails")
    started = tree.start("run")
    assert started.returncode == 1
    assert "pip could not install scripts/requirements.txt" in started.stderr
    assert started.stdout == ""
    assert (tree.root / ".venv/bin/python").exists()
    assert tree.start("--help").stdout.startswith("Usage")
    fails.unlink()
    assert tree.start("run").returncode == 7
    assert tree.did() == [VENV, PIP]


def test_a_failed_upgrade_to_test_is_not_taken_for_complete(tree: Tree) -> None:
    tree.install(*tree.packages("need", "run", "test"))
    tree.start("run")
    tree.plant("pip-fails")
    assert tree.start("test").returncode == 1
    assert list((tree.root / ".venv").glob("stamp-*")) == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_changed_requirements_make_a_new_environment(tree: Tree, name: str) -> None:
    tree.start("run")
    path = tree.root / "scripts" / name
    path.write_text(path.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    tree.start("run")
    assert tree.did() == [VENV, PIP]


def test_another_python_makes_a_new_environment(tree: Tree) -> None:
    tree.start("run")
    python = tree.root / ".venv/bin/python"
    python.rename(python.with_name("python3.13"))
    python.symlink_to("python3.13")  # what a new release of the distribution looks like
    tree.start("run")
    assert tree.did() == [VENV, PIP]


def test_a_python_that_has_gone_makes_a_new_environment(tree: Tree) -> None:
    tree.start("run")
    python = tree.root / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/gone/python3.9")
    tree.start("run")
    assert tree.did() == [VENV, PIP]


def test_a_moved_tree_gets_a_new_environment(tree: Tree) -> None:
    tree.start("run")
    tree.root = tree.root.rename(tree.root.with_name("moved"))
    tree.start("run")
    assert tree.did() == [VENV, PIP]


@pytest.mark.parametrize("words", [["run"], ["--no-setup", "run"]])
def test_what_another_tree_owns_is_never_emptied(tree: Tree, words: list[str]) -> None:
    theirs = tree.machine / "theirs"
    (theirs / "bin").mkdir(parents=True)
    (theirs / "precious").touch()
    (tree.root / ".venv").symlink_to(theirs)
    started = tree.start(*words)
    assert started.returncode == 1 and "is a link, and not up to date" in started.stderr
    assert tree.did() == [] and (theirs / "precious").exists()


@pytest.mark.parametrize(
    ("words", "environment"),
    [(["--no-setup", "run"], {}), (["run", "x", "--no-setup"], {}), (["run"], {"SAFECOST_NO_SETUP": "1"})],
)
def test_no_setup_makes_the_environment_and_asks_no_apt(
    tree: Tree, words: list[str], environment: dict[str, str]
) -> None:
    tree.install()
    started = tree.start(*words, **environment)
    assert started.returncode == 7
    assert tree.did() == [VENV, PIP]
    assert "apt" not in started.stderr


def test_no_setup_makes_an_environment_again_that_was_not_finished(tree: Tree) -> None:
    tree.plant("pip-fails")
    started = tree.start("run", "--no-setup")
    assert started.returncode == 1
    assert "PIP_NO_INDEX=1 PIP_FIND_LINKS=DIR" in started.stderr
    (tree.machine / "pip-fails").unlink()
    assert tree.start("run", "--no-setup").returncode == 7
    assert tree.did() == [VENV, PIP]


def test_no_setup_goes_on_with_what_is_there_and_is_not_handed_on(tree: Tree) -> None:
    tree.start("run")
    tree.install()
    started = tree.start("run", "--no-setup", "x")
    assert started.stdout.endswith("<safecost>\n<run>\n<x>\n")
    assert (started.stderr, tree.did()) == ("", [])
    (tree.root / ".venv/stamp-run").unlink()
    started = tree.start("run", "--no-setup", "x")
    assert started.stdout.endswith("<run>\n<x>\n")
    assert "incomplete or out of date" in started.stderr
    assert tree.did() == []


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    checked = subprocess.run(
        ["shellcheck", "-x", "scripts/safecost", "scripts/system_packages"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert (checked.returncode, checked.stdout) == (0, "")
