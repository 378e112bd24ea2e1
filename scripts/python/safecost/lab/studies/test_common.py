"""How studies are run, and how their tables get into documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from safecost.core.errors import HARNESS, ToolError, UsageError
from safecost.lab.studies.common import conduct, insert, one_sentence, publish


def marked(tmp_path: Path, text: str) -> Path:
    document = tmp_path / "STUDY.md"
    document.write_text(f"above\n<!-- tried.md begins -->\n{text}<!-- tried.md ends -->\nbelow\n", encoding="utf-8")
    return document


def test_tables_go_between_the_marks_and_nowhere_else(tmp_path: Path) -> None:
    document = marked(tmp_path, "old\n")
    insert(document, "tried", "new \\1\n")
    insert(document, "tried", "new \\1\n")
    assert document.read_bytes() == marked(tmp_path, "new \\1\n").read_bytes()
    with pytest.raises(UsageError, match=r"0 places for other\.md: it needs one, from <!-- other\.md begins"):
        insert(document, "other", "new")


def test_an_interrupted_study_is_printed_and_kept_and_changes_no_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, out = marked(tmp_path, "old\n"), tmp_path / "out.json"

    def interrupted(scratch: Path) -> None:
        assert scratch.is_dir()
        raise KeyboardInterrupt

    done = conduct("tried", "2026-01-02T03:04:05Z", interrupted)
    assert done.interrupted and done.words.startswith("Measured 2026-01-02, ")
    with pytest.raises(SystemExit) as ended:
        publish(done, "| half |\n", {"pairs": [1]}, out, document)
    assert ended.value.code == 130
    assert capsys.readouterr().out == "| half |\n"
    plain = json.loads(out.read_text(encoding="utf-8"))
    assert (plain["schema"], plain["complete"], plain["pairs"]) == ("safecost-tried", False, [1])
    assert "old" in document.read_text(encoding="utf-8")


def test_a_complete_study_is_put_into_its_document(tmp_path: Path) -> None:
    document = marked(tmp_path, "old\n")
    publish(conduct("tried", "2026-01-02T03:04:05Z", lambda _: None), "| whole |\n", {}, None, document)
    assert document.read_bytes() == marked(tmp_path, "| whole |\n").read_bytes()


def test_what_fails_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, one_sentence("tried"):
        raise ToolError("it is broken.")
    assert (ended.value.code, capsys.readouterr().err) == (HARNESS, "tried: it is broken.\n")
