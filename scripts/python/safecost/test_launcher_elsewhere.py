"""Tests of scripts/safecost --build DIR: where it builds, and what becomes of a checkout that cannot be written to."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from safecost.test_launcher import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.mark.parametrize("words", [["--build", "a place"], ["--build=a place"]])
def test_a_build_elsewhere_is_handed_on_as_an_absolute_path(tree: Tree, words: list[str]) -> None:
    started = tree.start("run", *words, "--quick")
    assert started.stdout.splitlines()[1:] == [
        f"BUILD={tree.machine}/a place",
        "<-m>",
        "<safecost>",
        "<run>",
        "<--quick>",
    ]
    assert (tree.root / ".venv").is_dir() and not (tree.machine / "a place").exists()  # a checkout that can be written
    assert tree.start("run", SAFECOST_BUILD="/elsewhere").stdout.splitlines()[1] == "BUILD=/elsewhere"
    missing = tree.start("run", "--build")
    assert (missing.returncode, missing.stderr) == (2, "safecost: --build needs a folder\n")


def read_only(tree: Tree, *words: str) -> subprocess.CompletedProcess[str]:
    """The launcher where the tree is mounted read-only, as it is for nobody but those who run this."""
    root = tree.root
    mount = f"mount --bind '{root}' '{root}' && mount -o remount,ro,bind '{root}' && cd '{tree.machine}' && exec \"$@\""
    clean = ("env", "-i", f"PATH={tree.machine}/bin", f"MACHINE={tree.machine}")
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", mount, "sh", *clean, str(root / "scripts/safecost")]
    return subprocess.run([*command, *words], capture_output=True, text=True, timeout=30, check=False)


def test_a_checkout_that_cannot_be_written_to_has_its_environment_where_it_is_built(tree: Tree) -> None:
    started = read_only(tree, "run")
    if "unshare" in started.stderr or "mount:" in started.stderr:
        pytest.skip("nothing can be mounted here")
    assert started.returncode == 1 and not (tree.root / ".venv").exists()
    assert started.stderr.endswith(
        f"safecost: {tree.root} cannot be written to, so no .venv can be made there; give --build DIR\n"
    )
    started = read_only(tree, "run", "--build", "elsewhere")
    assert started.stdout.splitlines()[1] == f"BUILD={tree.machine}/elsewhere"
    assert (tree.machine / "elsewhere" / ".venv" / "stamp-run").exists()
