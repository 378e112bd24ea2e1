"""Tests of what scripts/safecost installs with apt, what it leaves alone, and what it says of the rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safecost.test_launcher import PIP, PYTHON, SCRIPTS, VENV, Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_root_installs_what_is_missing_and_nothing_else(tree: Tree) -> None:
    missing = ["libfmt-dev", "clang-19"]
    tree.install(*(name for name in tree.packages("need", "run") if name not in missing))
    started = tree.start("run")
    assert tree.did() == [VENV, PIP, "update", "install libfmt-dev clang-19"]
    assert "--yes --no-remove --no-install-recommends" in tree.asked()[-1]
    assert "minutes: libfmt-dev clang-19\n" in started.stderr
    assert "apt complains" in started.stderr and "apt talks" not in started.stdout + started.stderr
    assert started.returncode == 7
    tree.start("run")
    assert tree.did() == []


def test_what_apt_lacks_is_named_with_its_cost_and_not_asked_for_again(tree: Tree) -> None:
    tree.install(*(name for name in tree.packages("need", "run") if name not in {"libmsgsl-dev", "valgrind"}))
    tree.write("not-offered", "libmsgsl-dev")
    started = tree.start("run")
    assert tree.did() == [VENV, PIP, "update", "install valgrind"]
    assert "libmsgsl-dev is missing, and with it: the gsl::span and gsl::at idioms" in started.stderr
    assert started.returncode == 7
    started = tree.start("run")
    assert (started.returncode, tree.did()) == (7, [])
    assert "libmsgsl-dev is missing" in started.stderr
    tree.install(*tree.packages("need", "run"))
    assert tree.start("run").stderr == ""


def test_nothing_is_removed_for_a_package_and_the_others_are_installed(tree: Tree) -> None:
    tree.install(*tree.packages("need"))
    tree.write("refused", "lld-19")
    started = tree.start("run")
    assert "lld-19 is left out: it would remove mine" in started.stderr
    assert "lld-19 is missing, and with it: several layouts" in started.stderr
    others = " ".join(name for name in tree.packages("run") if name != "lld-19")
    assert (started.returncode, tree.did()[-1]) == (7, f"install {others}")


def test_the_newest_llvm_is_taken_where_19_is_not_to_be_had(tree: Tree) -> None:
    tree.install(*tree.packages("need"))
    tree.write("llvms", "21", "23", "22")
    tree.llvm = 23
    tree.start("run")
    assert tree.did()[-1] == f"install {' '.join(tree.packages('run'))}"
    assert "clang-23" in tree.packages("run")
    tree.start("run")
    assert tree.did() == []


def test_a_second_libcxx_is_unpacked_where_things_are_built(tree: Tree) -> None:
    tree.program("dpkg-deb", 'cat "$2" >"$3/unpacked"\n')
    tree.install(*tree.packages("need"), "libc++-19-dev", "libc++abi-19-dev")
    tree.write("llvms", "22")
    tree.llvm = 22
    started = tree.start("run", "--build", "place")
    assert tree.did()[-2:] == [
        "download libc++-22-dev libc++abi-22-dev",
        f"install {' '.join(name for name in tree.packages('run') if 'libc++' not in name)}",
    ]
    assert (tree.machine / "place/libcxx-22/unpacked").read_text(encoding="utf-8") == "packed\n"
    assert "unpacking libc++-22-dev libc++abi-22-dev into" in started.stderr
    assert tree.start("run", "--build", "place").stderr == ""
    assert tree.did() == []


def test_a_machine_without_rust_is_told_so_before_anything_is_installed(tree: Tree) -> None:
    tree.install()
    assert "there is no rustc, so Rust will be skipped" in tree.start("run").stderr.partition("installing")[0]


def test_others_are_told_the_command(tree: Tree) -> None:
    tree.program("id", "echo 1000\n")
    tree.install(*(name for name in tree.packages("need", "run") if name != "ninja-build"))
    started = tree.start("run")
    assert started.returncode == 1
    command = "sudo apt-get update && sudo apt-get install --no-remove --no-install-recommends ninja-build\n"
    assert f"\n{command}" in started.stderr
    assert "without ninja-build; --no-setup goes on all the same" in started.stderr
    assert (started.stdout, tree.did()) == ("", [VENV, PIP])
    assert tree.start("run", "--no-setup").returncode == 7


def test_others_go_on_without_what_no_build_needs(tree: Tree) -> None:
    tree.program("id", "echo 1000\n")
    tree.install(*tree.packages("need"), "clang-19")
    tree.write("llvms", "19", "22")
    started = tree.start("run")
    assert started.returncode == 7
    assert "lld-19 is missing, and with it: several layouts of each plugin" in started.stderr
    assert "clang" not in started.stderr.partition("sudo")[0].replace("libclang-rt", "")


def test_nothing_is_asked_of_others_when_all_is_there(tree: Tree) -> None:
    tree.program("id", "echo 1000\n")
    assert tree.start("run").returncode == 7


@pytest.mark.parametrize("verb", ["doctor", "report", "list"])
def test_what_builds_nothing_needs_no_packages(tree: Tree, verb: str) -> None:
    tree.install()
    tree.start(verb)
    assert tree.did() == [VENV, PIP]


def test_apt_is_asked_again_before_giving_up(tree: Tree) -> None:
    tree.install()
    tree.plant("apt-fails")
    started = tree.start("run")
    assert started.returncode == 1
    assert tree.did() == [VENV, PIP, *["update"] * 3]
    assert "apt could not do this" in started.stderr
    assert "no build can do without g++ cmake" in started.stderr


def test_a_machine_without_python_gets_one(tree: Tree) -> None:
    (tree.machine / "bin/python3").unlink()
    started = tree.start("run")
    assert tree.did() == ["update", "install python3 python3-venv", VENV, PIP]
    assert started.returncode == 7


def test_a_long_silence_is_broken(tree: Tree) -> None:
    tree.program("sleep", "exec /bin/sleep 0.1\n")
    tree.program("python3", '[ "$2" != pip ] || /bin/sleep 1\n' + PYTHON)
    (tree.machine / "python").write_bytes((tree.machine / "bin/python3").read_bytes())
    assert "safecost: pip install: 20 s\n" in tree.start("run").stderr


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("dnf", r"sudo dnf install python3 gcc-c\+\+ libstdc\+\+-static cmake .* clang .*valgrind-devel"),
        ("pacman", r"sudo pacman -S --needed python gcc cmake .* clang .*valgrind"),
        ("another", "scripts/packages.txt tells what each is for"),
    ],
)
def test_without_apt_the_compilers_are_the_users(tree: Tree, program: str, command: str) -> None:
    (tree.machine / "bin/apt-get").unlink()
    tree.program(program, "exit 1\n")
    tree.install()
    started = tree.start("run")
    assert started.returncode == 7
    assert "no apt here" in started.stderr
    assert re.search(f"{command} ?$", started.stderr, re.MULTILINE)
    assert tree.did() == [VENV, PIP]
    assert tree.start("run").stderr == ""


def test_every_line_of_the_list_of_packages_has_a_group_three_names_and_a_purpose() -> None:
    lines = (SCRIPTS / "packages.txt").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    assert len(entries) > 15
    for line in entries:
        name = r"(-|[a-zA-Z0-9][a-zA-Z0-9+.,-]+)"
        assert re.fullmatch(rf"(python|need|run|test) [a-z0-9][a-zN0-9+.-]+ {name} {name}  # \S.*", line), line
    names = [line.split()[1] for line in entries]
    assert len(names) == len(set(names))
