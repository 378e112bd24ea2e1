"""docs/COMPARING.md is run as it stands: its files are written, its commands run, and what it shows comes out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from safecost import cli
from safecost.compare.rows import METRICS, VERDICTS
from safecost.compare.test_google_benchmark import file_of, one, repeated
from safecost.core.paths import ROOT
from safecost.document import io as document
from safecost.testing.changed_document import sound_document, with_counts, with_proofs

PAGE = (ROOT / "docs" / "COMPARING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(console|toml)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def write_runs(folder: Path) -> None:
    """The runs and files that the page speaks of."""
    base = sound_document()
    head = with_counts(base, "at", lambda count: replace(count, instructions=64 * 10_000))
    head = with_proofs(head, "span@gcc-assertions", lambda one: replace(one, outcome="silent", detail="corrupted"))
    for name, made in (("base", base), ("head", head)):
        (folder / name).mkdir()
        document.write(made, folder / name / "run.json")
    times = [10.0, 10.1] * 3
    before = file_of(*repeated("BM_sort/1024", *times), one("BM_gone", 5.0))
    after = file_of(*repeated("BM_sort/1024", *(1.2 * time for time in times)))
    (folder / "before.json").write_text(json.dumps(before), encoding="utf-8")
    (folder / "after.json").write_text(json.dumps(after), encoding="utf-8")


def lacking(shown: str, said: str) -> list[str]:
    """The lines that the page shows and the command did not say; the page may leave words out, but adds none."""
    rest = " ".join(said.split())
    missing = []
    for line in shown.splitlines():
        words = " (?:[^─]{0,80}? )?".join(re.escape(word) for word in line.split())
        if not re.search(words, rest):
            missing.append(line)
    return missing


def test_the_examples_of_the_page(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "SAFECOST_TODAY"):
        monkeypatch.delenv(name, raising=False)
    write_runs(tmp_path)
    assert [language for language, _ in BLOCKS].count("console") >= 4
    for language, text in BLOCKS:
        if language == "toml":
            Path(text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")
            continue
        command, *shown, last = text.splitlines()
        code = cli.entry(command.removeprefix("$ scripts/safecost ").split())
        said = capsys.readouterr()
        assert last == f"exit code {code}", said
        assert lacking("\n".join(shown), said.out) == [], said.out


def test_an_example_can_fail() -> None:
    assert lacking("Gate: 3, regression.", "Gate: 0, passes.") == ["Gate: 3, regression."]


def test_the_page_names_every_metric_and_verdict() -> None:
    for metric in METRICS:
        assert f"`{metric}`" in PAGE, metric
    for verdict in VERDICTS:
        assert f"*{verdict}*" in PAGE, verdict
