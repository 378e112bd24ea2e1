"""The recipes of docs/ci: what they call exists, what they may do is little, the gate ends as the comparison does."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from safecost import cli
from safecost.core.command import load
from safecost.core.paths import ROOT

FOLDER = ROOT / "docs" / "ci"
GATE = FOLDER / "gate.sh"
RECIPES = ("github-actions.yml", "gitlab-ci.yml")
# Notes what it was asked for, writes what a run and a history would, and ends as the test wants.
SAFECOST = """\
#!/bin/sh
printf '%s\\n' "$*" >>"$ASKED"
case $1 in
    compare)
        while [ $# -gt 0 ]; do
            case $1 in
                --case-folders) cat "$2/case.cc" "$3/case.cc" >>"$ASKED" ;;
                --junit) echo '<testsuites/>' >"$2" ;;
            esac
            shift
        done
        exit "$CODE"
        ;;
    run) mkdir "$3" && echo run >"$3/run.json" ;;
    history)
        case $2 in
            import) cat "$3" >"$5" ;;
            add) date +%N >>"$5" ;;
            export) cat "$6" >"$4" ;;
        esac
        ;;
esac
"""


def lines_of(name: str) -> Iterator[list[str]]:
    """The words of each line of a recipe that calls the gate."""
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if "gate.sh" in line and not line.lstrip().startswith("#"):
            words = shlex.split(line.strip().removeprefix("- ").strip("'"))
            assert words[0].endswith("/safecost/docs/ci/gate.sh"), line
            yield words[1:]


def options_of_gate() -> set[str]:
    text = subprocess.run(["sh", GATE, "--help"], capture_output=True, text=True, check=True).stdout
    listed = re.findall(r"^  (?:-h, )?(--[a-z-]+)(?: \| (--[a-z-]+))?", text, re.MULTILINE)
    return {option for each in listed for option in each if option}


def options_of(command: str) -> set[str]:
    options = load(cli.COMMANDS[command][0]).params
    return {option for parameter in options for option in (*parameter.opts, *parameter.secondary_opts)}


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_call_the_gate_with_options_that_exist(name: str) -> None:
    called = list(lines_of(name))
    assert called
    for words in called:
        given = [word for word in words if word.startswith("--")]
        assert given
        assert set(given) <= options_of_gate(), words


def test_the_gate_calls_safecost_with_options_that_exist() -> None:
    text = GATE.read_text(encoding="utf-8")
    shared = set(re.findall(r"--[a-z-]+", text.partition("\nmeasure() {")[2].partition("\n}")[0]))
    compared = set(re.findall(r"--[a-z-]+", text.partition("\ncompare() {")[2].partition("\n}")[0]))
    compared |= set(re.findall(r"^ *set -- (--[a-z-]+)", text, re.MULTILINE))
    assert {"--filter", "--profiles"} <= shared
    assert {"--gate", "--junit", "--case-folders", "--revisions"} <= compared
    assert shared | compared | {"--quick", "--full"} <= options_of("compare")
    assert shared | {"--out", "--cases", "--quick", "--full"} <= options_of("run")


def test_what_is_used_of_others_is_pinned_by_its_commit() -> None:
    text = (FOLDER / "github-actions.yml").read_text(encoding="utf-8")
    used = re.findall(r"uses: (.*)", text)
    assert used
    for one in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


def test_a_pull_request_may_read_only_and_puts_no_words_into_a_shell() -> None:
    text = (FOLDER / "github-actions.yml").read_text(encoding="utf-8")
    assert "pull_request_target" not in text
    assert re.search(r"^permissions: \{\}$", text, re.MULTILINE)
    gate, _, history = text.partition("\n  history:\n")
    assert "write" not in gate.partition("\njobs:\n")[2]
    assert "if: github.event_name == 'push'" in history
    for script in re.findall(r"run: (?:\|\n((?: {10}.*\n)+)|(.*))", text):
        assert "${{" not in "".join(script)


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_are_yaml(name: str) -> None:
    made = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    if name.startswith("github"):
        assert made["permissions"] == {}
        assert {job: one["permissions"] for job, one in made["jobs"].items()} == {
            "gate": {"contents": "read"},
            "history": {"contents": "write"},
        }
        assert all("run" in step or "uses" in step for job in made["jobs"].values() for step in job["steps"])
    else:
        assert all(isinstance(line, str) for line in [*made["safecost"]["before_script"], *made["safecost"]["script"]])
        assert made["safecost"]["artifacts"]["reports"]["junit"] == "safecost-gate/compare.xml"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    done = subprocess.run(["shellcheck", GATE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# ---- the gate itself, with a safecost that only notes what it is asked for -------------------------------------------


class Project:
    """A project under git with one case that has changed, its origin, and a safecost that notes what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.origin = folder / "a project", folder / "origin.git"
        self.asked_file, self.safecost = folder / "asked", folder / "safecost"
        self.safecost.write_text(SAFECOST, encoding="utf-8")
        self.safecost.chmod(0o755)
        (self.folder / "the cases").mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", "--bare", self.origin], check=True)
        self.git("init", "--quiet")
        self.git("remote", "add", "origin", str(self.origin))
        for text in ("old", "new"):
            (self.folder / "the cases" / "case.cc").write_text(f"// {text}\n", encoding="utf-8")
            self.git("add", ".")
            self.git("commit", "--quiet", "-m", text)
        self.git("push", "--quiet", "origin", "HEAD:refs/heads/main")

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
        done = subprocess.run(
            ["git", *who, *words], cwd=self.folder, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def gate(self, *words: str, code: int = 0, cases: str = "the cases") -> subprocess.CompletedProcess[str]:
        given = ["--cases", cases] if cases else []
        return subprocess.run(
            ["sh", GATE, "--safecost", self.safecost, *given, *words],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "ASKED": str(self.asked_file), "CODE": str(code), "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def asked(self) -> list[str]:
        return self.asked_file.read_text(encoding="utf-8").splitlines() if self.asked_file.exists() else []


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize("code", [0, 1, 3, 4, 5])
def test_the_gate_ends_as_the_comparison_does(project: Project, code: int) -> None:
    done = project.gate("--out", "results", code=code)
    assert done.returncode == code, done.stderr
    assert (project.folder / "results" / "compare.xml").exists()


def test_base_is_taken_out_of_git_and_head_is_the_working_tree(project: Project) -> None:
    (project.folder / "the cases" / "case.cc").write_text("// not committed\n", encoding="utf-8")
    done = project.gate("--quick", "--profiles", "gcc-o2", "--", "--time", "auto")
    assert done.returncode == 0, done.stderr
    command, old, new = project.asked()
    assert (old, new) == ("// old", "// not committed")
    assert command.startswith("compare --gate --time advisory --junit ")
    assert " --time auto" in command.partition("--case-folders")[2]  # the later one counts
    assert command.endswith("--profiles gcc-o2 --quick")
    assert project.git("status", "--porcelain", "--", "the cases").strip() == 'M "the cases/case.cc"'


def test_a_shallow_clone_fetches_the_base(project: Project, tmp_path: Path) -> None:
    base = project.git("rev-parse", "HEAD^").strip()
    shallow = tmp_path / "shallow"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", "--branch=main", project.origin.as_uri(), shallow], check=True
    )
    subprocess.run(["git", "-C", project.origin, "config", "uploadpack.allowAnySHA1InWant", "true"], check=True)
    project.folder = shallow
    done = project.gate("--base", base)
    assert done.returncode == 0, done.stderr
    assert project.asked()[1:] == ["// old", "// new"]


def test_two_folders_need_no_git(project: Project, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "case.cc").write_text(f"// {name}\n", encoding="utf-8")
    done = project.gate("--base-cases", str(tmp_path / "one"), "--cases", str(tmp_path / "two"), cases="")
    assert done.returncode == 0, done.stderr
    assert project.asked()[1:] == ["// one", "// two"]


def test_a_run_is_appended_to_the_history_and_again(project: Project) -> None:
    for count, out in enumerate(("first", "second"), 1):
        done = project.gate("--out", out, "--history", "safecost-history", code=3)
        assert done.returncode == 3, done.stderr
        kept = project.git("ls-remote", "origin", "refs/heads/safecost-history").split()[0]
        project.git("fetch", "--quiet", "origin", "safecost-history")
        assert project.git("ls-tree", "-r", "--name-only", kept).split() == ["history.jsonl"]
        assert len(project.git("show", f"{kept}:history.jsonl").splitlines()) == count
    assert project.git("worktree", "list").count("\n") == 1
    assert project.git("branch", "--list").split() == ["*", project.git("branch", "--show-current").strip()]


def test_no_run_is_spent_on_a_comparison_that_was_refused(project: Project) -> None:
    done = project.gate("--history", "safecost-history", code=2)
    assert done.returncode == 2
    assert not [line for line in project.asked() if line.startswith(("run", "history"))]


def test_a_history_that_cannot_be_pushed_is_not_passed_over(project: Project) -> None:
    hook = project.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    done = project.gate("--history", "safecost-history")
    assert done.returncode == 1
    assert "the history was not appended to" in done.stderr
    assert done.stderr.count("cannot be pushed to") == 5


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--nonsense"], "there is no option --nonsense"),
        (["--base"], "--base needs a value"),
        (["--base", "no-such-revision"], "there is no revision no-such-revision here"),
        (["--base", "--upload-pack=touch pwned"], "there is no revision --upload-pack=touch pwned here"),
        (["--base", "a", "--base-cases", "b"], "exclude each other"),
        (["--cases", "nowhere"], "--cases nowhere is no folder"),
        (["--history", "a b"], "--history a b is no name of a branch"),
        (["--history", "--all"], "--history --all is no name of a branch"),
        (["--out", "the cases"], "--out the cases exists already"),
        (["--safecost", "/nowhere"], "/nowhere is no command"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_done(
    project: Project, words: list[str], sentence: str
) -> None:
    done = project.gate(*words)
    assert (done.returncode, project.asked()) == (2, [])
    assert sentence in done.stderr
    assert not (project.folder / "pwned").exists()
    assert not (project.folder / "safecost-gate").exists()


def test_a_first_set_of_cases_is_told_that_there_is_no_base(project: Project) -> None:
    (project.folder / "more").mkdir()
    done = project.gate("--cases", "more", cases="")
    assert done.returncode == 2
    assert "has no folder more: a first set of cases has no base" in done.stderr
