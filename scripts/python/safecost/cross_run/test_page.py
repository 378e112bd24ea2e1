"""The page and the Markdown of several runs: what they say, what they escape, and what the command refuses."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from safecost import cli
from safecost.core import glossary
from safecost.core.errors import OK, USAGE
from safecost.cross_run import chart as drawing
from safecost.cross_run import inputs as cross_run_inputs
from safecost.cross_run import page as cross_run_page
from safecost.cross_run.agreement import LETTERS, CrossRun, Given, cross_run
from safecost.document import io as document
from safecost.document.types import Document
from safecost.report.sections import FORMS
from safecost.report.test_page import Tags
from safecost.report.test_sections import refuse_difference
from safecost.testing.changed_document import noisy, rebuilt, slower, sound_document, with_proofs
from safecost.testing.hostile import HOSTILE, hostile


def perturbed(made: Document) -> Document:
    """The same measured elsewhere: another processor and compiler, one idiom slower, one fault caught no more."""
    other = noisy(slower(rebuilt(made), "indexing/sum/span@gcc-o2", 1.2), 0.003, 3)
    first = next(one for one in made.proofs if one.caught)
    other = with_proofs(
        other,
        f"{first.variant}@{first.profile}",
        lambda one: replace(one, outcome="silent", detail="read_foreign", attribution=None, claim=None),
    )
    profiles = tuple(replace(one, compiler="GNU 14.1.0") if one.name == "gcc-o2" else one for one in other.profiles)
    return replace(
        other,
        machine=replace(other.machine, cpu="Other CPU 1"),
        profiles=profiles,
        run=replace(other.run, seed=5),
    )


@pytest.fixture(scope="module")
def two() -> tuple[Document, Document]:
    made = sound_document()
    return made, perturbed(made)


def held(*documents: Document, names: tuple[str, ...] = ("one", "two", "three")) -> CrossRun:
    return cross_run([Given(letter, name, made) for letter, name, made in zip(LETTERS, names, documents, strict=False)])


@pytest.fixture(scope="module")
def calm(two: tuple[Document, Document]) -> CrossRun:
    return held(*two)


@pytest.fixture(scope="module")
def attack(two: tuple[Document, Document]) -> CrossRun:
    evil: tuple[Document, Document] = hostile(two)
    return held(*evil, names=HOSTILE[:2])


def page(found: CrossRun) -> str:
    return cross_run_page.page(found, ["a note"], drawing.draw(found))


def text_of(found: CrossRun) -> str:
    return cross_run_page.markdown(found, ["a note"], drawing.draw(found))


def test_both_forms_and_the_contents_have_the_same_sections(calm: CrossRun) -> None:
    refuse_difference({"several.html": page(calm)}, text_of(calm))
    named = {Path(name).name for one in cross_run_page.SECTIONS for name in map(one.file, FORMS)}
    folder = Path(cross_run_page.__file__).parent / "templates" / cross_run_page.STEM
    assert {file.name for file in folder.iterdir()} == named


def test_the_page_says_how_many_agree_and_what_differs(calm: CrossRun) -> None:
    words = " ".join("".join(f" {text} " for text in Tags(page(calm)).text).split())
    apart = len(calm.of("apart"))
    assert apart == 2
    assert f"Of {len(calm.pairs)} pairs that both runs have, {len(calm.pairs) - 2} agree, 2 contradict." in words
    assert "Furthest apart is indexing/sum/span/size:" in words
    assert "processor, compiler of gcc-o2" in words
    assert "Other CPU 1" in words
    assert "GNU 14.1.0" in words
    assert "in some only" in words
    assert "a note" in words


def test_markdown_says_the_same(calm: CrossRun) -> None:
    text = text_of(calm)
    assert cross_run_page.headline(calm) in text
    assert "| Processor | Made-up CPU 9000 | Other CPU 1 |" in text
    assert "| gcc-o2: compiler | GNU 12.2.0 | GNU 14.1.0 |" in text
    rows = re.findall(
        r"^\| idiom cost \| indexing/sum \| span .*\| other \| processor, compiler of gcc-o2 \|$", text, re.M
    )
    assert len(rows) == 2
    assert "**in some only**" in text


def test_markdown_tables_are_tables(calm: CrossRun) -> None:
    parser = MarkdownIt("commonmark").enable("table")
    tags = Tags(parser.render(text_of(calm)))
    assert tags.tags.count("table") == 6
    assert "|" not in "".join(tags.text)


def test_the_page_allows_itself_its_own_style_and_script_and_nothing_else(calm: CrossRun) -> None:
    text = page(calm)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    for kind, code in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    found = Tags(text)
    assert not [name for name, _ in found.attributes if name.startswith("on") or name in {"style", "src", "srcset"}]
    ids = [value for name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {value for name, value in found.attributes if name == "href"}
    assert all(link.startswith("#") or link == glossary.FILE for link in links)
    assert {link[1:] for link in links if link != glossary.FILE} <= set(ids)


def test_hostile_words_stay_words_in_the_page(calm: CrossRun, attack: CrossRun) -> None:
    friendly, evil = Tags(page(calm)), Tags(page(attack))
    assert set(evil.tags) <= set(friendly.tags)
    assert evil.tags.count("script") == 1
    assert {name for name, _ in evil.attributes} <= {name for name, _ in friendly.attributes}
    assert all(value.startswith("#") or value == glossary.FILE for name, value in evil.attributes if name == "href")
    text = "".join(evil.text)
    assert HOSTILE[0] in text
    assert "{{7*7}}" in text
    assert "\u202e" not in text


def test_hostile_words_stay_words_in_markdown(calm: CrossRun, attack: CrossRun) -> None:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    kinds = {token.type for token in parser.parse(text_of(calm))}
    assert {token.type for token in parser.parse(text_of(attack))} <= kinds
    rendered = Tags(parser.render(text_of(attack)))
    assert set(rendered.tags) <= set(Tags(parser.render(text_of(calm))).tags)
    assert all(value.startswith("charts/") for name, value in rendered.attributes if name == "src")


def test_hostile_words_stay_words_in_a_terminal(attack: CrossRun) -> None:
    for line in cross_run_page.terminal_lines(attack, []):
        assert line.isprintable()


def test_the_same_documents_give_the_same_bytes_and_old_charts_go(tmp_path: Path, calm: CrossRun) -> None:
    (tmp_path / "a" / "charts").mkdir(parents=True)
    for name in ("several-together.svg", "several-apart.svg", "map.svg"):
        (tmp_path / "a" / "charts" / name).write_text("old")
    for folder in ("a", "b"):
        cross_run_page.write(calm, [], tmp_path / folder)
    (tmp_path / "a" / "charts" / "map.svg").unlink()
    first = {path.relative_to(tmp_path / "a"): path.read_bytes() for path in (tmp_path / "a").rglob("*.*")}
    second = {path.relative_to(tmp_path / "b"): path.read_bytes() for path in (tmp_path / "b").rglob("*.*")}
    assert first == second
    for target in re.findall(rb"\]\((charts/[^)]+)\)", first[Path("several.md")]):
        assert Path(target.decode()) in first
    same = held(calm.runs[0].document, calm.runs[0].document)
    cross_run_page.write(same, [], tmp_path / "a")
    assert not (tmp_path / "a" / "charts" / "several-apart.svg").exists()


def test_long_tables_are_cut_and_say_so(monkeypatch: pytest.MonkeyPatch, calm: CrossRun) -> None:
    monkeypatch.setattr(cross_run_page, "PAGE_ROWS", 1)
    monkeypatch.setattr(cross_run_page, "MARKDOWN_ROWS", 1)
    assert f"The first 1 of {len(calm.pairs)} rows." in page(calm)
    assert "The first 1 of 2 rows" in text_of(calm)


def test_runs_with_nothing_in_common_make_a_page_too(two: tuple[Document, Document]) -> None:
    empty = replace(two[0], panels=(), proofs=(), plugins=(), cases=(), profiles=(), gaps=(), counts=(), codes=())
    found = held(two[0], empty)
    assert "These 2 runs have no pair in common." in page(found)
    assert "These 2 runs have no pair in common." in text_of(found)


def test_three_runs_have_three_columns(two: tuple[Document, Document]) -> None:
    found = held(*two, replace(two[0], run=replace(two[0].run, seed=9)))
    assert "two or more of 3 runs have" in page(found)
    assert "A and B" in page(found)


# ---- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path: Path, two: tuple[Document, Document]) -> tuple[Path, Path]:
    made = []
    for name, one in zip(("first", "second"), two, strict=True):
        folder = tmp_path / name
        folder.mkdir()
        document.write(one, folder / "run.json")
        made.append(folder)
    return made[0], made[1]


def command(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    code = cli.entry(["report", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, " ".join(said.err.split())


def test_the_command_writes_all_and_says_the_worst(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    code, out, err = command(capsys, *folders, "--out", tmp_path / "out")
    assert (code, err) == (OK, "")
    assert "2 contradict" in out
    assert "idiom cost, indexing/sum/span/size:" in out
    assert {path.name for path in (tmp_path / "out").rglob("*.*")} == {
        "glossary.html",
        "several.html", "several.md", "several-apart.svg", "several-together.svg",
    }  # fmt: skip
    assert str(tmp_path) not in (tmp_path / "out" / "several.html").read_text(encoding="utf-8")


def test_a_record_has_one_chart_and_says_how_to_make_the_rest(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    assert command(capsys, *folders, "--record", tmp_path / "out")[0] == OK
    assert {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")} == {
        "several.md", "charts/several-apart.svg",
    }  # fmt: skip
    text = (tmp_path / "out" / "several.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\(([^)]+)\)", text) == ["../../docs/GLOSSARY.md", "charts/several-apart.svg"]
    assert "`scripts/safecost report first second` makes several.html" in text


def test_the_same_run_twice_is_shown_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    plain = json.loads((folders[0] / "run.json").read_text(encoding="utf-8"))
    (copy / "run.json").write_text(json.dumps(plain), encoding="utf-8")  # other bytes, the same run
    code, out, _ = command(capsys, *folders, copy, "--out", tmp_path / "out")
    assert code == OK
    assert "copy is the same run as A (first), so it is shown once." in out
    assert "C" not in [line.partition(":")[0] for line in out.splitlines()]
    assert "is shown once" in (tmp_path / "out" / "several.md").read_text(encoding="utf-8")
    code, _, err = command(capsys, folders[0], copy)
    assert code == USAGE
    assert "to see runs side by side give another one" in err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schema_version": 1}, "was written by an older safecost (schema 1; this one reads 2 and newer)"),
        ({"schema_version": 5}, "was written by a newer safecost (schema 5; this one reads 4): update."),
        ({"schema": "something"}, "is not a run document"),
    ],
)
def test_other_schemas_are_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    folders: tuple[Path, Path],
    change: dict[str, object],
    sentence: str,
) -> None:
    file = folders[1] / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | change), encoding="utf-8")
    code, out, err = command(capsys, *folders, "--out", tmp_path / "out")
    assert (code, out) == (USAGE, "")
    assert sentence in err
    assert not (tmp_path / "out").exists()


def test_too_many_or_too_large_runs_are_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folders: tuple[Path, Path]
) -> None:
    code, _, err = command(capsys, *[folders[0]] * 13)
    assert (code, "13 runs are given, and a page has room for 12" in err) == (USAGE, True)
    monkeypatch.setattr(cross_run_inputs, "MOST_BYTES", 1000)
    code, _, err = command(capsys, *folders)
    assert (code, "at most 1000 are held side by side" in err) == (USAGE, True)


def test_what_is_missing_or_not_finished_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    code, _, err = command(capsys, folders[0], tmp_path / "nowhere")
    assert (code, "nowhere does not exist" in err) == (USAGE, True)
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "plan.json").write_text("{}")
    code, _, err = command(capsys, folders[0], tmp_path / "begun")
    assert (code, "'scripts/safecost run --resume" in err) == (USAGE, True)
