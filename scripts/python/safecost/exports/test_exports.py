"""Tests that other tools can read what is exported: the tools themselves where they are here, or their schemas."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from safecost import cli
from safecost.document import io as document
from safecost.document.metrics import METRICS, MetricSpec, spec_of
from safecost.document.types import Document
from safecost.exports.formats import FORMATS
from safecost.exports.latex import escaped
from safecost.exports.selected import select
from safecost.run.test_google_benchmark import compare_py
from safecost.testing.hostile import HOSTILE, hostile

# The interface BenchmarkResult of github-action-benchmark (src/extract.ts): a custom tool gives a list of them.
GITHUB_ACTION_BENCHMARK = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "value": {"type": "number"},
            "range": {"type": "string"},
            "unit": {"type": "string"},
            "extra": {"type": "string"},
        },
        "required": ["name", "value", "unit"],
        "additionalProperties": False,
    },
}
# https://bencher.dev/bmf.json, and the longest names that its documentation allows.
BENCHER = {
    "type": "object",
    "propertyNames": {"maxLength": 1024},
    "patternProperties": {
        ".+": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"maxLength": 64},
            "patternProperties": {
                ".+": {
                    "type": "object",
                    "properties": {
                        "value": {"type": "number"},
                        "lower_value": {"type": "number"},
                        "upper_value": {"type": "number"},
                    },
                    "required": ["value"],
                    "additionalProperties": False,
                }
            },
        }
    },
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, sample_document: Document) -> Path:
    file = tmp_path_factory.mktemp("run") / "run.json"
    document.write(sample_document, file)
    return file


def exported(made: Document, form: str, expression: str | None = None) -> Any:
    text = FORMATS[form](select(made, expression))
    return text if form in {"csv", "latex"} else json.loads(text)


def command(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    code = cli.entry(["export", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_run_gives_the_same_bytes_without_disqualified_cases(
    capsys: pytest.CaptureFixture[str], run: Path, tmp_path: Path, form: str
) -> None:
    code, out, err = command(capsys, run, "--format", form)
    assert (code, err) == (0, "") and out
    assert command(capsys, run.parent, "--format", form, "--out", tmp_path / "out")[0] == 0
    assert (tmp_path / "out").read_bytes() == out.encode()
    assert "indexing/gather" not in out
    assert "sqrt" in out or form == "prices", "its only size fits into no cache, so it has no price"


def test_google_benchmarks_compare_reads_it_and_tests_the_launches(
    sample_document: Document, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slower = dataclasses.replace(
        sample_document,
        panels=tuple(
            dataclasses.replace(
                panel,
                contenders=tuple(
                    dataclasses.replace(arm, nanoseconds=tuple(2 * time for time in arm.nanoseconds))
                    if arm.variant == "at"
                    else arm
                    for arm in panel.contenders
                ),
            )
            for panel in sample_document.panels
        ),
    )
    document.write(slower, tmp_path / "slower.json")
    for file, out in ((run, "base.json"), (tmp_path / "slower.json", "head.json")):
        assert command(capsys, file, "--format", "google-benchmark", "--out", tmp_path / out)[0] == 0
    arguments = [sys.executable, str(compare_py()), "--no-color", "--dump_to_json", str(tmp_path / "compared.json")]
    done = subprocess.run(
        [*arguments, "benchmarks", str(tmp_path / "base.json"), str(tmp_path / "head.json")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    compared = {one["name"]: one for one in json.loads((tmp_path / "compared.json").read_text())}
    at, raw = (compared[f"indexing/sum/{name}/size:4096@gcc-o2"] for name in ("at", "raw"))
    assert [one["time"] for one in at["measurements"]] == pytest.approx([1.0] * 6)
    assert [one["time"] for one in raw["measurements"]] == [0.0] * 6
    assert at["utest"]["time_pvalue"] < 0.05 < raw["utest"]["time_pvalue"]
    timed = {arm.variant for panel in sample_document.panels for arm in panel.contenders}
    assert {name.split("/")[2] for name in compared if "/" in name} == timed


def test_google_benchmark_has_each_launch_once(sample_document: Document) -> None:
    made = exported(sample_document, "google-benchmark")
    found = [one for one in made["benchmarks"] if one["name"] == "indexing/sum/raw/size:4096@gcc-o2"]
    (panel,) = (one for one in sample_document.panels if (one.profile, one.size) == ("gcc-o2", 4096))
    assert [one["real_time"] for one in found] == list(panel.contenders[0].nanoseconds)
    assert [one["repetition_index"] for one in found] == list(range(len(panel.launches)))
    assert found[0]["iterations"] == panel.launches[0].calls * panel.launches[0].rounds
    assert not {"host_name"} & made["context"].keys()


def test_github_action_benchmark_takes_it(sample_document: Document) -> None:
    made = exported(sample_document, "github-action-benchmark")
    jsonschema.validate(made, GITHUB_ACTION_BENCHMARK)
    names = [one["name"] for one in made]
    assert len(set(names)) == len(names)
    one = next(one for one in made if one["name"] == "indexing/sum/at/size:4096@gcc-o2 over raw@gcc-o2")
    pair = sample_document.panels[0].pairs[1]
    assert one["value"] == pair.ratio and one["unit"] == "ratio" and "slower" in one["extra"]
    assert {
        "name": "instructions of indexing/sum/raw/size:4096@gcc-o2",
        "unit": "instructions/call",
        "value": 3080,
    } in made


def test_bencher_takes_it(sample_document: Document) -> None:
    made = exported(sample_document, "bencher")
    jsonschema.validate(made, BENCHER)
    pair = sample_document.panels[0].pairs[1]
    assert made["indexing/sum/at/size:4096@gcc-o2 over raw@gcc-o2"] == {
        "ratio": {"value": pair.ratio, "lower_value": pair.low, "upper_value": pair.high}
    }
    contender = made["indexing/sum/raw/size:4096@gcc-o2"]
    assert contender["instructions"] == {"value": 3080.0} and contender["latency"]["value"] > 0
    assert made["indexing/sum/at@gcc-o2"] == {
        "code-bytes": {"value": 40.0}, "checks": {"value": 1.0}, "packed": {"value": 0.0}
    }  # fmt: skip
    assert made["indexing/sum/at/one_past_end@gcc-o2"] == {"outcome": {"value": 1.0}}


def unexported(document: Document, specs: Iterable[MetricSpec]) -> dict[str, set[str]]:
    """By format, the keys of metrics that it should have and does not."""
    measures = {key for one in exported(document, "bencher").values() for key in one}
    columns = set(next(csv.reader(io.StringIO(exported(document, "csv"), newline=""))))
    counters = {key for one in exported(document, "google-benchmark")["benchmarks"] for key in one}
    kept = [spec for spec in specs if spec.key]
    exact = {spec.key for spec in kept if spec.of in ("count", "code")}
    times = {spec.key for spec in kept if spec.of == "pair"}
    wanted = {"bencher": {spec.key for spec in kept}, "csv": exact | times, "google-benchmark": exact}
    there = {"bencher": measures, "csv": columns, "google-benchmark": counters}
    return {form: lacking for form, keys in wanted.items() if (lacking := keys - there[form])}


def test_every_metric_is_exported(sample_document: Document) -> None:
    assert unexported(sample_document, METRICS) == {}
    extra = dataclasses.replace(spec_of("code_bytes"), name="extra", key="extra")
    everywhere = {form: {"extra"} for form in ("bencher", "csv", "google-benchmark")}
    assert unexported(sample_document, [*METRICS, extra]) == everywhere


def test_csv_comes_back_whole(sample_document: Document) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(sample_document, "csv"), newline="")))
    pairs = [pair for panel in sample_document.panels for pair in panel.pairs]
    assert [float(row["ratio"]) for row in rows] == [pair.ratio for pair in pairs]
    assert [row["verdict"] for row in rows] == [pair.verdict for pair in pairs]
    assert [row["low"] for row in rows] == ["" if pair.low is None else repr(pair.low) for pair in pairs]
    shares = [sum(float(row[f"width_{name}"] or 0) for name in ("launches", "placements", "rounds")) for row in rows]
    assert shares == [pytest.approx(float(pair.spread is not None)) for pair in pairs] and 1.0 in shares


@pytest.mark.parametrize("cell", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", 'a"b', "a,b", "a\r\nb"])
def test_a_spreadsheet_gets_no_formula_from_a_stranger(sample_document: Document, cell: str) -> None:
    first, *rest = sample_document.panels
    made = dataclasses.replace(sample_document, panels=(dataclasses.replace(first, label=cell), *rest))
    row = next(csv.DictReader(io.StringIO(exported(made, "csv"), newline="")))
    assert row["label"] == (f"'{cell}" if cell[0] in "=+-@\t" else cell)


def test_a_filter_chooses_and_one_that_finds_nothing_is_told(
    capsys: pytest.CaptureFixture[str], sample_document: Document, run: Path
) -> None:
    made = exported(sample_document, "github-action-benchmark", "sum/at/.*@clang-o2 over")
    assert [one["name"].split(" over")[0] for one in made] == [
        f"indexing/sum/at/size:{size}@clang-o2" for size in (4096, 262144)
    ]
    for words, said in (
        (("--filter", "nobody"), "--filter 'nobody' finds nothing in the run"),
        (("--filter", "("), "is not a regular expression"),
        (("--out", run.parent / "none" / "x"), "none/x cannot be written: No such file"),
    ):
        code, out, err = command(capsys, run, "--format", "csv", *words)
        assert code in (1, 2) and out == "" and said in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none.json", "--format", "csv"), "none.json does not exist: give the run.json of a run"),
        (("RUN", "--format", "pdf"), "--format pdf writes several files: give the folder with --out"),
        (("RUN", "--format", "png", "--out", "x", "--filter", "sum"), "draws the whole run"),
        (("RUN", "--format", "xml"), "'xml' is not one of"),
        (("RUN",), "Missing option '--format'"),
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], run: Path, words: tuple[str, ...], said: str) -> None:
    code, out, err = command(capsys, *(run if word == "RUN" else word for word in words))
    assert code == 2 and out == "" and said in err


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_pictures_have_the_charts_of_the_report_and_the_same_bytes_twice(
    capsys: pytest.CaptureFixture[str], sample_document: Document, tmp_path: Path, kind: str
) -> None:
    small = dataclasses.replace(sample_document, panels=sample_document.panels[:1], proofs=())
    document.write(small, tmp_path / "run.json")
    made = []
    for folder in ("once", "twice"):
        assert command(capsys, tmp_path / "run.json", "--format", kind, "--out", tmp_path / folder)[0] == 0
        made.append({file.name: file.read_bytes() for file in (tmp_path / folder).iterdir()})
    assert made[0] == made[1] and f"forest-indexing-idiom.{kind}" in made[0]
    for data in made[0].values():
        if kind == "png":
            assert data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB`\x82")
            assert struct.unpack(">II", data[16:24])[0] >= 980 * 2 - 1
        else:
            assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
            assert (b"CreationDate" not in data and b"/Type3" not in data and b"/TrueType" in data) or b"Type0" in data


def test_latex_prints_every_character_as_it_is() -> None:
    assert escaped(r"50% of $x_1 & y^2 ~ #3 {a\b}") == (
        r"50\% of \$x\_1 \& y\textasciicircum{}2 \textasciitilde{} \#3 \{a\textbackslash{}b\}"
    )
    assert escaped("a\nb\tc") == "a b c" and escaped("naïve") == "na[U+00EF]ve"
    assert escaped("--gcc") == "{-}{-}gcc"


def bare(text: str) -> str:
    """What is left of LaTeX's special characters when all that is escaped is taken out."""
    text = re.sub(r"\\[{}$&#%_]|\\text\w+\{\}|\{-\}", "", text)
    return "".join(sorted(set(text) & set("\\{}$&#%_^~<>|\"'`")))


@pytest.mark.parametrize("text", [*HOSTILE, r"\input{/etc/passwd}", r"\write18{rm}", "".join(map(chr, range(0x250)))])
def test_nothing_from_a_stranger_is_a_command_of_tex(text: str) -> None:
    assert bare(escaped(text)) == ""
    assert escaped(text).isascii() and escaped(text).isprintable()


def test_hostile_texts_stay_texts_in_every_format(sample_document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    # Halves of surrogate pairs are refused when a document is read, and have no bytes.
    monkeypatch.setattr("safecost.testing.hostile.HOSTILE", [text.replace("\ud800", "") for text in HOSTILE])
    made = hostile(sample_document)
    texts = {form: FORMATS[form](select(made, None)) for form in FORMATS if form != "csv"}
    for form in ("google-benchmark", "github-action-benchmark", "bencher"):
        json.loads(texts[form])
    rows = [line for line in texts["latex"].splitlines() if line.endswith(r" \\") and " & " in line]
    assert rows and all(line.count(" & ") == 7 and bare(line.removesuffix(r"\\")) == "&" for line in rows)


@pytest.mark.skipif(
    not shutil.which("pdflatex"), reason="there is no pdflatex here (apt install texlive-latex-recommended)"
)
def test_pdflatex_takes_the_tables(sample_document: Document, tmp_path: Path) -> None:
    (tmp_path / "tables.tex").write_text(exported(sample_document, "latex"))
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage{textcomp}\n\\usepackage{booktabs}\n"
        "\\usepackage{longtable}\n\\begin{document}\n\\input{tables}\n\\end{document}\n"
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def test_prices_say_in_how_many_cases_and_over_what(sample_document: Document) -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["prices"](select(sample_document, None)))))
    assert {row["tier"] for row in rows} == {"best known"}, "the sample states no origins"
    made = next(
        row for row in rows if (row["profile"], row["scope"], row["over"]) == ("gcc-o2", "every fault", "ordinary raw")
    )
    assert (made["priced"], made["cases"], made["low"]) == ("1", "1", "")
    assert float(made["mean"]) == float(made["worst"]) == float(made["median"]) > 0
    assert made["worst_contender"].startswith("indexing/sum/")
