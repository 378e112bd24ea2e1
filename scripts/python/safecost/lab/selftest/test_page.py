"""The document and the page of a self-test: complete, escaped, and the same for the same figures."""

from __future__ import annotations

import json
import lzma
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from safecost import cli
from safecost.core.errors import OK, UsageError
from safecost.lab.selftest import page
from safecost.lab.selftest.figures import (
    AaStudy,
    Accompanied,
    Counted,
    MeasuredRatio,
    Power,
    PowerPoint,
    SelfTest,
    WidthPoint,
    Widths,
)
from safecost.lab.selftest.targets import targets
from safecost.testing.sample_document import build_sample_document

MARGIN = 0.01


def made_up() -> SelfTest:
    sample = build_sample_document()
    errors = tuple(sorted(abs(np.random.default_rng(1).normal(0, 0.001, 270)).tolist()))
    aa_pairs = (
        AaStudy("idle", False, 6, 0.96875, 45, 270, 8, 0, 250, 1, errors, 0.4),
        AaStudy("busy", True, 6, 0.96875, 50, 100, 9, 1, 60, 12, tuple(3 * e for e in errors[:100]), 0.4),
    )
    points = tuple(PowerPoint(s, 60, n, 58, 0.004 / s) for s, n in ((0.05, 12), (0.1, 30), (0.5, 60), (1.0, 60)))
    power = (
        Power("idle", "calibration/straight", "plus_1", 1.01, points),
        Power("busy", "calibration/branchy", "plus_1", 1.01, points[:2]),
    )
    widths = (Widths("idle", (WidthPoint(0.1, 90, 0.0011, 0.004, 0.0006), WidthPoint(0.5, 90, 0.0007, 0.003, 0.0003))),)
    background = (
        Accompanied(
            "idle",
            "a/sum/at@gcc-o2",
            False,
            MeasuredRatio(1.1, 1.09, 1.11),
            MeasuredRatio(1.1, 1.0, 1.2),
            MeasuredRatio(1.2, 1.15, 1.3),
        ),
        Accompanied("idle", "<script>alert(1)</script>", True, *[MeasuredRatio(1, 0.99, 1.01)] * 3),
    )
    counted = Counted(30, 10, 30)
    return SelfTest(
        "2026-01-02T03:04:05Z", "2026-01-02T03:34:05Z", False, True, 7, sample.suite, sample.machine, 2,
        aa_pairs, power,
        widths, background, counted, targets(aa_pairs, power, widths, background, counted, MARGIN), ("a | `note` <b>",),
    )  # fmt: skip


def test_all_files_are_written_and_the_page_is_self_contained(tmp_path: Path) -> None:
    written = page.write(made_up(), tmp_path, MARGIN)
    text = written.read_text(encoding="utf-8")
    assert {file.name for file in (tmp_path / "charts").iterdir()} == {
        "selftest-aa-pairs.svg", "selftest-power.svg", "selftest-widths.svg", "selftest-background.svg",
    }  # fmt: skip
    assert not re.search(r"(src|href)=\"(?!#|glossary.html\")", text)
    assert "<script>alert" not in text
    assert "&lt;b&gt;" in text


def test_every_target_is_told_with_its_state_and_why(tmp_path: Path) -> None:
    made = made_up()
    page.write(made, tmp_path, MARGIN)
    for name in ("selftest.html", "selftest.md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert text.count("missed") >= sum(one.status == "missed" for one in made.targets) > 0
    plain = json.loads((tmp_path / "selftest.json").read_text(encoding="utf-8"))
    assert (plain["schema"], plain["schema_version"]) == ("safecost-selftest", 2)
    assert [one["status"] for one in plain["targets"]] == [one.status for one in made.targets]
    assert all(one.reason for one in made.targets if one.status in {"missed", "inconclusive"})


def test_a_record_is_read_again_and_gives_the_same_pages(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page.write(made_up(), tmp_path / "whole", MARGIN)
    record = tmp_path / "record"
    assert cli.entry(["report", str(tmp_path / "whole"), "--record", str(record)]) == OK
    assert {str(file.relative_to(record)) for file in record.rglob("*.*")} == {
        "selftest.json.xz", "selftest.md", "charts/selftest-aa-pairs.svg",
    }  # fmt: skip
    text = (record / "selftest.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\(([^)]+)\)", text) == ["../../docs/GLOSSARY.md", "charts/selftest-aa-pairs.svg"]
    assert "`scripts/safecost report record` draws the other charts" in text
    document = (tmp_path / "whole/selftest.json").read_bytes()
    assert lzma.decompress((record / "selftest.json.xz").read_bytes()) == document

    assert page.read(record / "selftest.json.xz") == made_up()
    assert cli.entry(["report", str(record), "--out", str(tmp_path / "again")]) == OK
    assert "report: " in capsys.readouterr().out
    for file in (tmp_path / "again").rglob("*.*"):
        assert file.read_bytes() == (tmp_path / "whole" / file.relative_to(tmp_path / "again")).read_bytes()
    assert (tmp_path / "again/selftest.html").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schema": "other"}, "is not the document of a self-test: its schema is not safecost-selftest."),
        ({"schema_version": 3}, "has schema 3, and this safecost reads 1 and 2."),
        ({"seed": "seven"}, "is malformed: Expected `int`, got `str` - at `$.seed`."),
        ({"aa_pairs": [{}]}, "is malformed: Object missing required field `background` - at `$.aa_pairs[0]`."),
    ],
)
def test_a_document_that_is_no_self_test_is_refused_in_one_sentence(
    tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    page.write(made_up(), tmp_path, MARGIN)
    file = tmp_path / "selftest.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(sentence)):
        page.read(file)


def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    texts = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        texts.append(page.write(made_up(), tmp_path / name, MARGIN).read_bytes())
    assert texts[0] == texts[1]


def test_an_interrupted_one_is_drawn_as_far_as_it_went(tmp_path: Path) -> None:
    empty = replace(
        made_up(), complete=False, aa_pairs=(), power=(), widths=(), accompanied=(), counted=None, targets=()
    )
    text = page.write(empty, tmp_path, MARGIN).read_text(encoding="utf-8")
    assert "interrupted" in text
    assert not list((tmp_path / "charts").iterdir())
