"""The run document: what is refused and in which words, that it survives writing, and that nothing private leaves."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from desk import document as module
from desk.document import (
    Case,
    Document,
    Pair,
    contender_name,
    encode,
    from_json,
    parse,
    read,
    scrub,
    to_json,
    write,
)
from desk.errors import DeskError, UsageError

HOST = "measuring-box"
Edit = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def _named_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the machine a name that no text holds by accident."""
    monkeypatch.setattr(socket, "gethostname", lambda: HOST)


def at(place: str, value: Any) -> Edit:
    """An edit that puts `value` at a place such as `panels.3.pairs.0.ratio`."""

    def edit(plain: Any) -> None:
        *steps, last = [int(step) if step.isdigit() else step for step in place.split(".")]
        for step in steps:
            plain = plain[step]
        plain[last] = value

    return edit


def without(place: str) -> Edit:
    """An edit that removes the entry at a place."""

    def edit(plain: Any) -> None:
        *steps, last = [int(step) if step.isdigit() else step for step in place.split(".")]
        for step in steps:
            plain = plain[step]
        del plain[last]

    return edit


def again(place: str) -> Edit:
    """An edit that appends the first entry of a list once more."""

    def edit(plain: Any) -> None:
        for step in place.split("."):
            plain = plain[int(step) if step.isdigit() else step]
        plain.append(plain[0])

    return edit


def refusal(document: Document, edit: Edit) -> str:
    """The words in which the edited document is refused."""
    plain = to_json(document)
    edit(plain)
    with pytest.raises(UsageError) as caught:
        parse(json.dumps(plain).encode(), "run.json")
    return one_sentence(str(caught.value))


def one_sentence(words: str) -> str:
    """The words, after checking that they are one printable line with one full stop, at the end."""
    assert words.isprintable()
    assert words.endswith((".", "update."))
    assert len(words) < 500
    return words


def test_a_document_survives_writing(sample_document: Document, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write(sample_document, path)
    assert read(path) == sample_document
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_the_same_document_gives_the_same_bytes(sample_document: Document, tmp_path: Path) -> None:
    write(sample_document, tmp_path / "one.json")
    write(read(tmp_path / "one.json"), tmp_path / "two.json")
    data = (tmp_path / "one.json").read_bytes()
    assert data == (tmp_path / "two.json").read_bytes()
    assert data.endswith(b"\n}\n")
    assert list(json.loads(data)) == sorted(json.loads(data))
    assert "±2.9 %".encode() in data  # not escaped


def test_whole_numbers_for_fractions_give_the_same_bytes(sample_document: Document) -> None:
    written = replace(sample_document.run, contender_seconds=1)
    assert encode(replace(sample_document, run=written)) == encode(
        replace(sample_document, run=replace(sample_document.run, contender_seconds=1.0))
    )


def test_the_schema_is_valid_and_strict_and_mirrors_the_types() -> None:
    schema = json.loads(module.SCHEMA_FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    compared = 0

    def compare(kind: Any, part: Any) -> None:
        nonlocal compared
        part = schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        if is_dataclass(kind):
            hints = get_type_hints(kind)
            assert list(part["properties"]) == part["required"] == [field.name for field in fields(kind)], kind
            assert part["additionalProperties"] is False
            compared += 1
            for name, hint in hints.items():
                compare(hint, part["properties"][name])
        elif get_args(kind) and part.get("type") == "array" and "items" in part and part["items"]:
            assert part["maxItems"] > 0
            compare(get_args(kind)[0], part["items"])
        elif "enum" in part:
            assert tuple(part["enum"]) == get_args(kind) or kind is str
        elif "string" in part.get("type", ""):
            assert "pattern" in part or "maxLength" in part, part
        elif part.get("type") in ("number", "integer"):
            assert "maximum" in part, part
            assert "minimum" in part or "exclusiveMinimum" in part, part

    compare(Document, schema)
    assert compared == len([kind for kind in vars(module).values() if is_dataclass(kind)])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "run.json is cut off at line 1, column 1: the file is incomplete."),
        (b'{\n "schema": "safeco', "run.json is cut off at line 2, column 12: the file is incomplete."),
        (b'{"a": [1, 2', "run.json is cut off at line 1, column 12: the file is incomplete."),
        (b'{"a": 1,\n oops}', "run.json is not JSON: Expecting property name enclosed in double quotes at line 2, col"),
        (b"PK\x03\x04\xff", "run.json is not UTF-8: byte 4 is 0xff."),
        (b'{"a": 1, "b": {"\\u001b": 1, "\\u001b": 2}}', r'run.json has the key "\x1b" twice in one object.'),
        (b"[" * 100_000, "run.json is nested too deeply for a run document."),
        (b"1" * 5000, "run.json holds a number with too many digits."),
        (b"[]", "run.json is not a run document: its schema is not safecost-run."),
        (b'{"schema": "other"}', "run.json is not a run document: its schema is not safecost-run."),
        (
            b'{"schema": "safecost-run", "schema_version": 2}',
            "run.json was written by a newer safecost (schema 2; this one reads 1): update.",
        ),
        (b'{"schema": "safecost-run"}', 'run.json: the document lacks "schema_version".'),
        (b'{"schema": "safecost-run", "x": NaN}', "run.json: x is nan, and must be a finite number."),
        (b'{"schema": "safecost-run", "x": [-Infinity]}', "run.json: x[0] is -inf, and must be a finite number."),
        (b'{"schema": "safecost-run", "x": 1e999}', "run.json: x is inf, and must be a finite number."),
        (
            b'{"schema": "safecost-run", "x":' + b"[" * 50 + b"]" * 50 + b"}",
            "run.json is nested too deeply for a run document: see x[0][0][0].",
        ),
    ],
)
def test_what_is_no_document_is_refused_in_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)) as caught:
        parse(data, "run.json")
    one_sentence(str(caught.value))


def test_every_truncation_is_refused(sample_document: Document) -> None:
    data = encode(sample_document)
    for end in range(0, len(data) - 2, 997):
        with pytest.raises(UsageError, match=r"cut off|not JSON|not UTF-8"):
            parse(data[:end], "run.json")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (at("panels.3.pairs.0.ratio", -1), "run.json: panels[3].pairs[0].ratio is -1, and must be at least 1e-09."),
        (at("panels.0.pairs.0.ratio", "1"), 'panels[0].pairs[0].ratio is "1", and must be of type number.'),
        (at("panels.0.pairs.0.ratio", None), "panels[0].pairs[0].ratio is null, and must be of type number."),
        (at("panels.0.pairs.0.verdict", "better"), "must be one of slower, faster, equivalent, unresolved."),
        (at("panels.0.pairs.0.ratios", []), "panels[0].pairs[0].ratios is a list with 0 entries, and must have at lea"),
        (at("panels.0.size", 1.5), "panels[0].size is 1.5, and must be of type integer."),
        (at("panels.0.size", True), "panels[0].size is true, and must be of type integer."),
        (at("panels.0.rate", 2), "panels[0].rate is 2, and must be at most 1."),
        (at("panels.0.contenders.0.nanoseconds.2", 0), "nanoseconds[2] is 0, and must be above 0."),
        (at("run.margin", 10**400), "run.margin is 1000"),
        (
            at("machine.noise", ["x"] * 101),
            "machine.noise is a list with 101 entries, and must have at most 100 entries",
        ),
        (at("cases.0.question", "x" * 4001), "and must have at most 4000 characters."),
        (at("run.started", "yesterday"), 'run.started is "yesterday", and must match ^[0-9]{4}-'),
        (at("extra", 1), 'the document has the unknown entry "extra".'),
        (at("cases.0.<b>\x1b[31m", 1), r'cases[0] has the unknown entry "<b>\x1b[31m".'),
        (without("machine.cpu"), 'machine lacks "cpu".'),
        (at("profiles.0.flags.0", ["-O2"]), "profiles[0].flags[0] is a list with 1 entries, and must have at least 2"),
        (at("schema_version", 0), "schema_version is 0, and must be 1."),
        (at("cases.0.question", "a\x1b[2Jb"), "cases[0].question holds the control character U+001B."),
        (at("cases.0.sources.0.text", "a\x00"), "cases[0].sources[0].text holds the control character U+0000."),
        (at("cases.0.sources.0.text", "a\u202eb"), "holds the control character U+202E."),
        (at("cases.0.question", "\ud800"), "cases[0].question holds the control character U+D800."),
        (at("profiles.0.facts.x", "\x07"), "profiles[0].facts.x holds the control character U+0007."),
    ],
)
def test_what_breaks_the_schema_is_named_with_its_place_and_value(
    sample_document: Document, edit: Edit, words: str
) -> None:
    assert words in refusal(sample_document, edit)


HOSTILE = ["<b>x</b>", "../x", "a/b/c", "..", "", "a\n", "A", "[red]x", "a b", "x" * 65, "é"]
NAMES = ["cases.0.family", "cases.0.case", "cases.0.variants.0.name", "profiles.0.name", "panels.0.case"]


@pytest.mark.parametrize("place", [*NAMES, "gaps.0.profile", "problems.0.variant", "panels.0.contenders.0.variant"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused(sample_document: Document, place: str, name: str) -> None:
    assert "and must match" in refusal(sample_document, at(place, name))


@pytest.mark.parametrize(
    "name", ["../run.json", "/etc/passwd", ".bashrc", "a..b", "a\\b", "a\n", "<i>.cc", "", "x" * 101]
)
def test_sources_have_plain_file_names(sample_document: Document, name: str) -> None:
    assert "and must match" in refusal(sample_document, at("cases.0.sources.0.name", name))


def test_a_long_value_is_shortened(sample_document: Document) -> None:
    words = refusal(sample_document, at("cases.0.family", "Z" * 1000))
    assert f'cases[0].family is "{"Z" * 79}…", and must match' in words


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (at("panels.1.case", "indexing/none"), "panels[1] names the case indexing/none, which the document does not"),
        (at("panels.1.profile", "none"), "panels[1] names the profile none, which the document does not have."),
        (at("panels.1.size", 7), "panels[1] is at size 7, rate None, which indexing/sum does not list among its param"),
        (at("panels.0.contenders.1.profile", "none"), "panels[0] names the profile none, which"),
        (at("panels.0.contenders.1.variant", "none"), "panels[0].contenders[1] names the variant none, which indexing"),
        (at("panels.0.contenders.1.nanoseconds", [1.0]), "panels[0].contenders[1] has 1 times for 6 launches."),
        (at("panels.0.pairs.1.numerator", 5), "pairs[1] names contender 5, and the panel has 5, counted from 0."),
        (at("panels.0.pairs.1.denominator", 2), "panels[0].pairs[1] compares contender 2 with itself."),
        (at("panels.0.pairs.1.ratios", [1.0] * 5), "panels[0].pairs[1] has 5 ratios for 6 launches."),
        (at("panels.0.pairs.1.level", None), "panels[0].pairs[1] has part of an interval: low, high and level"),
        (at("panels.0.pairs.1.ratio", 3.0), "panels[0].pairs[1] has the ratio 3.0 outside of its interval"),
        (at("panels.10.pairs.1.verdict", "faster"), "panels[10].pairs[1] is called faster without an interval."),
        (at("plugins.2.case", "a/b"), "plugins[2] names the case a/b, which the document does not have."),
        (at("gaps.0.profile", "none"), "gaps[0] names the profile none, which the document does not have."),
        (at("problems.1.case", "a/b"), "problems[1] names the case a/b, which the document does not have."),
        (at("profiles.1.plain", "none"), "profiles[1].plain is none, a profile that the document does not have."),
        (at("profiles.3.against", "none"), "profiles[3].against is none, a profile that the document does not have."),
        (again("cases"), "cases has indexing/sum twice."),
        (again("profiles"), "profiles has gcc-o2 twice."),
        (again("cases.0.variants"), "cases[0].variants has raw (c++) twice."),
        (again("cases.0.sources"), "cases[0].sources has sum.cc twice."),
        (again("cases.0.faults"), "cases[0].faults has one_past_end twice."),
    ],
)
def test_references_that_lead_nowhere_are_refused(sample_document: Document, edit: Edit, words: str) -> None:
    assert words in refusal(sample_document, edit)


def test_an_idiom_may_have_one_name_in_two_languages(sample_document: Document) -> None:
    plain = to_json(sample_document)
    plain["cases"][0]["variants"].append({"name": "raw", "role": "raw", "language": "rust", "summary": ""})
    assert len(parse(json.dumps(plain).encode(), "run.json").cases[0].variants) == 8


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"none\.json does not exist"):
        read(tmp_path / "none.json")
    with pytest.raises(UsageError, match="is not a file"):
        read(tmp_path)
    with pytest.raises(UsageError, match=r"cannot be read|does not exist"):
        read(tmp_path / "a\x00b")
    with pytest.raises(UsageError) as caught:
        read(tmp_path / "a\x1b[31mb")
    assert "a\\x1b[31mb" in one_sentence(str(caught.value))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is not a file"):  # and does not wait for a writer
        read(tmp_path / "pipe")

    big = tmp_path / "big.json"
    with big.open("wb") as file:
        file.truncate(module.SIZE_LIMIT + 1)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read although too large"))
    with pytest.raises(UsageError, match=r"has 268435457 bytes, and a run document at most 268435456"):
        read(big)


def test_what_is_too_large_is_neither_parsed_nor_written(
    sample_document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encode(sample_document)
    monkeypatch.setattr(module, "SIZE_LIMIT", len(data))
    write(sample_document, tmp_path / "fits.json")
    monkeypatch.setattr(module, "SIZE_LIMIT", len(data) - 1)
    with pytest.raises(UsageError, match=rf"run\.json has {len(data)} bytes"):
        parse(data, "run.json")
    with pytest.raises(DeskError, match=rf"was not written: the document has {len(data)} bytes"):
        write(sample_document, tmp_path / "run.json")
    assert not (tmp_path / "run.json").exists()


def with_text(document: Document, text: str) -> Document:
    first, *rest = document.cases
    return replace(document, cases=(replace(first, question=text), *rest))


PROJECT = Path(module.__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("see /home/someone/x.cc", "a home folder"),
        ("-I/Users/someone/include", "a home folder"),
        (r"C:\Users\someone\x.cc", "a home folder"),
        ("-I/root/include", "a home folder"),
        ("HOME=/root", "a home folder"),
        (f"built on {HOST}.", "the host's name"),
        (f"in {PROJECT}/bench/x.cc", "this project's folder"),
    ],
)
def test_nothing_private_is_written(sample_document: Document, tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "run.json"
    with pytest.raises(DeskError, match=rf"cases\[0\]\.question holds {what}, which must not leave") as caught:
        write(with_text(sample_document, text), path)
    assert not isinstance(caught.value, UsageError)
    assert text not in str(caught.value)
    assert not list(tmp_path.iterdir())
    write(with_text(sample_document, scrub(text, [])), path)


@pytest.mark.parametrize("text", [f"pre{HOST}", f"{HOST}-2", "sysroot/rootfs", "the /home page", f"{PROJECT}-2/x"])
def test_what_only_resembles_something_private_is_written(sample_document: Document, tmp_path: Path, text: str) -> None:
    write(with_text(sample_document, text), tmp_path / "run.json")
    assert scrub(text, []) == text


@pytest.mark.parametrize("host", ["cpu", "localhost", "indexing"])
def test_hosts_named_like_common_words_hinder_nothing(
    sample_document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    write(with_text(sample_document, "The cpu of localhost."), tmp_path / "run.json")


def test_a_home_elsewhere_is_private(
    sample_document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/srv/people/someone"))
    with pytest.raises(DeskError, match="a home folder"):
        write(with_text(sample_document, "/srv/people/someone/x"), tmp_path / "run.json")


def test_a_project_right_below_the_root_hinders_no_relative_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__file__", "/src/scripts/desk/document.py")
    assert scrub("../src/a.h bench/src/b -I/src/kernel /src/c.cc:1", []) == "../src/a.h bench/src/b -I./kernel ./c.cc:1"


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda d: replace(d, run=replace(d.run, margin=float("nan"))), "run.margin is nan, and must be a finite"),
        (lambda d: with_text(d, "\x1b"), r"cases[0].question holds the control character U+001B"),
        (lambda d: replace(d, profiles=d.profiles[1:]), "which the document does not have"),
        (lambda d: replace(d, schema_version=3), "schema 3"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(
    sample_document: Document, tmp_path: Path, broken: Callable[[Document], Document], words: str
) -> None:
    path = tmp_path / "run.json"
    path.write_text("the run before")
    with pytest.raises(DeskError, match=re.escape(words)) as caught:
        write(broken(sample_document), path)
    assert not isinstance(caught.value, UsageError)
    assert path.read_text() == "the run before"


def test_a_failed_write_leaves_the_old_document_and_no_litter(
    sample_document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    path.write_text("the run before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DeskError, match=r"run\.json cannot be written: No space left on device\."):
        write(sample_document, path)
    assert path.read_text() == "the run before"
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(DeskError, match="No such file or directory"):
        write(sample_document, tmp_path / "missing" / "run.json")


def test_the_document_is_on_disk_before_it_has_its_name(
    sample_document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def noted_fsync(handle: int) -> None:
        steps.append("fsync")
        fsync(handle)

    def noted_replace(path: Path, target: Path) -> Path:
        steps.append("replace")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    write(sample_document, tmp_path / "run.json")
    assert steps == ["fsync", "replace", "fsync"]


def test_scrub_makes_compiler_output_fit() -> None:
    output = (
        "\x1b[01m\x1b[K/build/tree/sum.cc:3:\x1b[m\r\n"
        "\x1b]8;;file://measuring-box/build/tree/sum.cc\x1b\\link\x1b]8;;\x07\x1b(B in /build/lib/x.h\t\x00\u202e!\n"
        "from /home/someone/y.h"
    )
    replacements = [("/build", "<build>"), ("/build/tree", "bench"), ("", "nothing")]
    assert scrub(output, replacements) == "bench/sum.cc:3:\nlink in <build>/lib/x.h\t!\nfrom ~/y.h"


def test_scrub_bounds_the_length() -> None:
    assert scrub("x" * 100, [], limit=100) == "x" * 100
    text = scrub("x" * 101, [], limit=100)
    assert len(text) == 100
    assert text.endswith("\n(1 or more characters left out)")


PATHS = [
    "/home/",
    "/ho",
    "me/",
    "/root",
    "/",
    "/Users/",
    "C:\\Users\\",
    "\\",
    "~",
    ".",
    str(PROJECT),
    HOST,
    "x",
    "-",
    " ",
]
ESCAPES = ["\n", "\r", "\x1b", "[", "]8;;", "m", "\x07", "\x9b", "\u202e", "\ud800"]
PIECES = st.sampled_from(PATHS + ESCAPES)


@given(st.lists(PIECES, max_size=30).map("".join), st.integers(40, 120))
def test_whatever_scrub_returns_can_be_written(text: str, limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: HOST)
        clean = scrub(text, [("x", "/home/x")], limit)
        assert len(clean) <= limit
        assert not module._CONTROL.search(clean)
        assert not any(expression.search(clean) for expression, _, _ in module._private())
        assert scrub(clean, [], limit) == clean


def test_contender_names() -> None:
    assert contender_name("indexing/sum", "at", 4096, None, "gcc-o2") == "indexing/sum/at/size:4096@gcc-o2"
    assert (
        contender_name("errors/x", "expected", 16, 0.01, "clang-o2") == "errors/x/expected/size:16/rate:0.01@clang-o2"
    )


def test_types_follow_the_hints(sample_document: Document) -> None:
    plain = to_json(sample_document)
    plain["panels"][0]["size"] = 4096.0
    plain["panels"][0]["pairs"][0]["ratios"] = [1, 1, 1, 1, 1, 1]
    panel = from_json(Document, plain).panels[0]
    assert isinstance(panel.size, int)
    assert panel.pairs[0].ratios == (1.0,) * 6
    assert {type(ratio) for ratio in panel.pairs[0].ratios} == {float}
    assert isinstance(panel.pairs[0], Pair)
    assert isinstance(sample_document.cases[0], Case)
    assert sample_document.cases[0].name == "indexing/sum"


def test_the_sample_is_what_it_says(sample_document: Document) -> None:
    pairs = [pair for panel in sample_document.panels for pair in panel.pairs]
    assert {pair.verdict for pair in pairs} == {"slower", "faster", "equivalent", "unresolved"}
    assert {pair.kind for pair in pairs} == {"idiom", "profile", "language", "full", "null"}
    assert {case.status for case in sample_document.cases} == {"measured", "struck"}
    assert {profile.status for profile in sample_document.profiles} == {"measured", "absent"}
