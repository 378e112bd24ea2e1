"""Revisions: what is taken out of git, and what is refused in words, on small repositories made here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from safecost.compare.live import revisions
from safecost.compare.live.revisions import take_out
from safecost.core.errors import UsageError

BORDER = "#define SAFECOST_ABI_VERSION {version}u\n"


def git(repository: Path, *words: str) -> str:
    own = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", "-C", str(repository), *own, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write(repository: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = repository / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def commit(repository: Path, files: dict[str, str]) -> str:
    write(repository, files)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "one")
    return git(repository, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "suite é"
    folder.mkdir()
    git(folder, "init", "-q")
    commit(folder, {"src/kernel/abi.h": BORDER.format(version=2), "bench/a/b.cc": "old", "README.md": "read"})
    git(folder, "tag", "old")
    commit(folder, {"bench/a/b.cc": "new", "bench/profiles/gcc-o2.json": "{}"})
    return folder


def test_a_revision_is_its_bench_folder_as_it_was(repository: Path, tmp_path: Path) -> None:
    old, new = (take_out(name, repository, tmp_path / "out") for name in ("old", "HEAD"))
    assert (old.bench / "a/b.cc").read_text() == "old"
    assert (new.bench / "a/b.cc").read_text() == "new"
    assert old.commit == git(repository, "rev-parse", "old")
    assert new.profiles == new.bench / "profiles"
    assert [entry.name for entry in (tmp_path / "out" / str(old.commit)).iterdir()] == ["bench"], "cases, nothing else"


def test_the_working_tree_is_taken_as_it_is(repository: Path) -> None:
    write(repository, {"bench/a/b.cc": "edited"})
    found = take_out(".", repository)
    assert (found.commit, (found.bench / "a/b.cc").read_text()) == (None, "edited")


def test_it_is_taken_out_once_and_whole(repository: Path, tmp_path: Path) -> None:
    first = take_out("old", repository, tmp_path / "out")
    (first.bench / "kept").touch()
    assert (take_out("old", repository, tmp_path / "out").bench / "kept").exists()
    unfinished = tmp_path / "out" / f"{git(repository, 'rev-parse', 'HEAD')}.unfinished"
    write(unfinished, {"bench/left/over.cc": "of an interrupt"})
    assert not (take_out("HEAD", repository, tmp_path / "out").bench / "left").exists()


@pytest.mark.parametrize("name", ["nowhere", "--output=/tmp/x", "old:bench", "HEAD~99", ""])
def test_what_is_no_revision_is_refused(repository: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no commit, branch or tag"):
        take_out(name, repository, tmp_path / "out")


def test_another_kernel_border_is_refused_with_both_versions(repository: Path, tmp_path: Path) -> None:
    commit(repository, {"src/kernel/abi.h": BORDER.format(version=3)})
    with pytest.raises(UsageError, match=r"old \([0-9a-f]{12}\) are written for version 2 .* has version 3"):
        take_out("old", repository, tmp_path / "out")
    take_out("HEAD", repository, tmp_path / "out")


def test_a_revision_before_the_border_is_refused(repository: Path, tmp_path: Path) -> None:
    git(repository, "checkout", "-q", "--orphan", "ancient")
    git(repository, "rm", "-q", "--cached", "src/kernel/abi.h")
    git(repository, "commit", "-q", "-m", "before")
    with pytest.raises(UsageError, match="older than the kernel border"):
        take_out("ancient", repository, tmp_path / "out")


def test_a_revision_without_cases_is_refused(repository: Path, tmp_path: Path) -> None:
    git(repository, "rm", "-rq", "bench")
    git(repository, "commit", "-q", "-m", "none")
    with pytest.raises(UsageError, match="has no bench folder"):
        take_out("HEAD", repository, tmp_path / "out")


def test_a_folder_that_is_no_checkout_is_told(tmp_path: Path) -> None:
    write(tmp_path / "copy", {"src/kernel/abi.h": BORDER.format(version=2)})
    with pytest.raises(UsageError, match="is no git checkout"):
        take_out("HEAD", tmp_path / "copy", tmp_path / "out")


def test_without_git_it_is_told_how_to_get_it(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Exception, match="git is not installed"):
        revisions.take_out("HEAD", repository, tmp_path / "out")
