"""The checks of a document: what is refused, and in which words."""

from __future__ import annotations

import json
from dataclasses import is_dataclass
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from safecost.document import judged, measured
from safecost.document import types as document_types
from safecost.document.io import parse, to_json
from safecost.document.types import Document
from safecost.testing import schemas
from safecost.testing.refusals import Edit, again, at, refusal, without


def test_every_part_of_the_schema_is_bounded() -> None:
    schema = json.loads(schemas.generated()["document/schemas/run.schema.json"])
    Draft202012Validator.check_schema(schema)

    def bounded(part: Any) -> None:
        if part.get("type") == "object" and "properties" in part:
            assert part["additionalProperties"] is False, part
            for entry in part["properties"].values():
                bounded(entry)
        elif part.get("type") == "object":
            assert part["maxProperties"] > 0, part
            bounded(part["additionalProperties"])
        elif part.get("type") == "array":
            assert part["maxItems"] > 0, part
            for entry in (*part.get("prefixItems", ()), *([part["items"]] if part["items"] else ())):
                bounded(entry)
        elif part.get("type") == "string":
            assert "pattern" in part or "maxLength" in part, part
        elif part.get("type") in ("number", "integer"):
            assert "minimum" in part or "exclusiveMinimum" in part, part
        for choice in part.get("anyOf", ()):
            bounded(choice)

    for part in schema["$defs"].values():
        bounded(part)
    modules = (document_types, measured, judged)
    parts = {kind for module in modules for kind in vars(module).values() if is_dataclass(kind)}
    assert len(schema["$defs"]) == len(parts)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            at("panels.3.pairs.0.ratio", -1),
            "run.json: panels[3].pairs[0].ratio is -1, and must be a number of at",
        ),
        (at("panels.0.pairs.0.ratio", "1"), 'panels[0].pairs[0].ratio is "1", and must be a number.'),
        (at("panels.0.pairs.0.ratio", None), "panels[0].pairs[0].ratio is null, and must be a number."),
        (at("panels.0.pairs.0.verdict", "better"), "must be one of slower, faster, equivalent, inconclusive."),
        (
            at("panels.0.pairs.0.ratios", []),
            "pairs[0].ratios is a list with 0 entries, and must be a list with",
        ),
        (at("panels.0.size", 1.5), "panels[0].size is 1.5, and must be a whole number."),
        (at("panels.0.size", True), "panels[0].size is true, and must be a whole number."),
        (at("panels.0.rate", 2), "panels[0].rate is 2, and must be a number of at most 1."),
        (at("panels.0.contenders.0.nanoseconds.2", 0), "nanoseconds[2] is 0, and must be a number above 0."),
        (at("run.margin", 10**400), "run.margin is 1000"),
        (
            at("machine.noise", ["x"] * 101),
            "machine.noise is a list with 101 entries, and must be a list with at most 100 entries",
        ),
        (at("cases.0.question", "x" * 4001), "and must be a text with at most 4000 characters."),
        (at("rejections.0.way", "magic"), 'rejections[0].way is "magic", and must be one of plain, type, attribute'),
        (at("rejections.0.rulings.0.by", "msvc"), "must be one of gcc, clang, rustc."),
        (at("run.started", "yesterday"), 'run.started is "yesterday", and must be a text that matches ^[0-9]{4}-'),
        (at("extra", 1), 'the document has the unknown entry "extra".'),
        (at("cases.0.<b>\x1b[31m", 1), r'cases[0] has the unknown entry "<b>\x1b[31m".'),
        (without("machine.cpu"), 'machine lacks "cpu".'),
        (at("profiles.0.flags.0", ["-O2"]), "profiles[0].flags[0] is a list with 1 entries, and must be"),
        (
            at("schema_version", 0),
            "was written by an older safecost (schema 0; this one reads 2 and newer): measure again, or read it with"
            " the safecost"
            " that wrote it.",
        ),
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
    assert "and must be a text" in refusal(sample_document, at(place, name))


@pytest.mark.parametrize(
    "name", ["../run.json", "/etc/passwd", ".bashrc", "a..b", "a\\b", "a\n", "<i>.cc", "", "x" * 101]
)
def test_sources_have_plain_file_names(sample_document: Document, name: str) -> None:
    assert "and must be a text" in refusal(sample_document, at("cases.0.sources.0.name", name))


def test_a_long_value_is_shortened(sample_document: Document) -> None:
    words = refusal(sample_document, at("cases.0.family", "Z" * 1000))
    assert f'cases[0].family is "{"Z" * 79}…", and must be a text that matches' in words


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (at("panels.1.case", "indexing/none"), "panels[1] names the case indexing/none, which the document does not"),
        (at("panels.1.profile", "none"), "panels[1] names the profile none, which the document does not have."),
        (at("panels.1.size", 7), "panels[1] is at size 7, which indexing/sum does not list among its param"),
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
        (again("rejections"), "rejections has lifetimes/inner_scope (plain, c++) twice."),
        (again("rejections.0.rulings"), "rejections[0].rulings has gcc twice."),
        (at("rejections.1.line", 6), "rejections[1].line is 6, beyond the end of its source."),
        (at("run.finished", "2001-01-01T00:00:00Z"), "run.finished is 2001-01-01T00:00:00Z, before it was started, 20"),
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
    told = {"role": "raw", "language": "rust", "summary": "", "algorithm": None, "practised": False}
    plain["cases"][0]["variants"].append({"name": "raw", **told})
    assert len(parse(json.dumps(plain).encode(), "run.json").cases[0].variants) == 8
