"""Every case of the suite keeps what CONTRIBUTING.md asks of a case, as far as its sources show it."""

from __future__ import annotations

import re
from functools import cache

import pytest

from safecost.core.paths import BENCH, Folders
from safecost.suite import cases
from safecost.suite.cases import CaseFiles

# Cases that measure the harness: their ratios are known by construction, so there is nothing to break.
CALIBRATION = "calibration/"
_FAULT = re.compile(r"\.fault\(\s*\{(.*?)\}\)\s*(?=\.)", re.DOTALL)
_SPOKEN = re.compile(
    r"\.(fault_kernel<[^;]*?>|inexpressible|claims)\(([^;]*?)\)\s*(?=[.;#]|$)", re.DOTALL | re.MULTILINE
)


@cache
def suite() -> tuple[CaseFiles, ...]:
    return tuple(cases.find(Folders.of([BENCH])))


def source(case: CaseFiles, suffix: str = ".cc") -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in case.files if file.suffix == suffix)


def declared(text: str) -> dict[str, str]:
    """Each declared fault of a C++ source with its declaration."""
    made = {}
    for body in _FAULT.findall(text):
        name = re.search(r'\.name = "(\w+)"', body)
        assert name is not None, body
        made[name[1]] = body
    return made


def table_of(twin: str) -> str:
    """What a twin lists, without the modules that follow it."""
    return twin.partition("case! {")[2].partition("\n}\n")[0]


def twin_faults(listed: str) -> set[str]:
    """The faults that a twin's variants speak of."""
    listed = re.sub(r'"(?:[^"\\]|\\.)*"', '""', listed)
    blocks = re.findall(r"\{([^{}]*)\}", listed)
    return {name for block in blocks for name in re.findall(r"(\w+)\s*:", block)}


def every(test: object) -> object:
    return pytest.mark.parametrize("case", suite(), ids=lambda case: case.name)(test)


@every
def test_the_first_line_is_a_question(case: CaseFiles) -> None:
    assert case.question.endswith("?"), case.question
    assert case.question[0].isupper()


@every
def test_names_are_told_apart_by_their_language(case: CaseFiles) -> None:
    cxx = re.findall(r'\.(?:raw|safe|control)<[^;"]*?>\(\s*"(\w+)"|\.gap\(\s*"(\w+)"', source(case))
    names = ["".join(pair) for pair in cxx]
    rust = re.findall(r"^\s*(?:raw|safe)\s+(\w+)\s*\(", source(case, ".rs"), re.MULTILINE)
    assert not [name for name in names if name.startswith("rust")]
    assert [name for name in rust if not name.startswith("rust_")] == []
    assert len(set(rust)) == len(rust)


@every
def test_a_raw_baseline_comes_first(case: CaseFiles) -> None:
    roles = re.findall(r"\.(raw|safe|control|gap)[<(]", source(case).partition("auto the_case")[2])
    assert roles[0] == "raw", roles
    if not case.name.startswith(CALIBRATION):
        assert "safe" in roles, "nothing to compare raw with"


@every
def test_each_variant_says_where_its_code_comes_from(case: CaseFiles) -> None:
    if case.name.startswith(CALIBRATION):
        return
    for variant in re.split(r"\.(?=(?:raw|safe|gap)<)", source(case).partition("auto the_case")[2])[1:]:
        origins = re.findall(r"\.(library|ordinary|bespoke)\(\)", variant)
        assert len(origins) == 1 or variant.startswith("gap"), variant
    for variant in re.findall(r"^\s*(?:raw|safe)\s+rust_.*(?:\n.*)?", source(case, ".rs"), flags=re.MULTILINE):
        assert re.search(r"\[(library|ordinary|bespoke)( trusted_core)?\]", variant), variant


@every
def test_some_raw_code_is_ordinary(case: CaseFiles) -> None:
    described = re.split(r"\.(?=(?:raw|safe|gap|calibration)[<(])", source(case).partition("auto the_case")[2])
    ordinary = [one for one in described if one.startswith("raw<") and ".bespoke()" not in one]
    assert ordinary, "the price over ordinary raw code needs some"


@every
def test_there_is_a_twin_or_a_reason_why_there_is_none(case: CaseFiles) -> None:
    if case.has_twin:
        text = source(case, ".rs")
        assert re.search(r"^\s*raw\s+rust_\w+", text, re.MULTILINE), "a twin has an unchecked control"
        assert re.search(r"^\s*safe\s+rust_\w+", text, re.MULTILINE), "a twin has a safe variant"
    else:
        head = source(case).partition("#include")[0]
        assert "no Rust twin" in head, "say in the head comment why there is no Rust twin"


@every
def test_faults_are_declared_in_full(case: CaseFiles) -> None:
    faults = declared(source(case))
    if case.name.startswith(CALIBRATION):
        assert not faults
        return
    assert faults, "a case declares at least one fault"
    for name, body in faults.items():
        for part in ("cwe", "description", "contract"):
            assert f".{part} =" in body, f"{name} has no {part}"
        cwe = re.search(r"\.cwe = (\d+)", body)
        assert cwe is not None
        assert int(cwe[1]) > 0, name
        if "SAFECOST_FAULT_KERNEL" not in body:
            assert f'commits("{name}")' in source(case), f"generate never commits {name}"


@every
def test_nobody_speaks_of_a_fault_that_is_not_declared(case: CaseFiles) -> None:
    text = source(case)
    faults = declared(text)
    assert set(re.findall(r'commits\("(\w+)"\)', text)) <= set(faults)
    for kind, arguments in _SPOKEN.findall(text.partition("auto the_case")[2]):
        said = re.findall(r'"([^"]*)"', arguments)
        names = said[1:] if kind == "claims" else said[:1]
        assert set(names) <= set(faults), (kind, names)
    assert twin_faults(table_of(source(case, ".rs"))) <= set(faults)


@every
def test_each_variant_says_what_becomes_of_faults_in_the_program(case: CaseFiles) -> None:
    text = source(case).partition("auto the_case")[2]
    in_program = {name for name, body in declared(source(case)).items() if "SAFECOST_FAULT_KERNEL" in body}
    for variant in re.split(r"\.(?=(?:raw|safe)<)", text)[1:]:
        spoken = {re.findall(r'"([^"]*)"', said)[0] for kind, said in _SPOKEN.findall(variant) if kind != "claims"}
        assert in_program <= spoken, variant.split("(")[0]
    listed = table_of(source(case, ".rs"))
    for variant in re.split(r"^\s*(?=(?:raw|safe)\s+rust_)", listed, flags=re.MULTILINE)[1:]:
        written = re.sub(r"\bclaims\s*\{[^}]*\}", "", variant)
        assert in_program <= twin_faults(written), variant.split("(")[0]


# What stays in its own memory and answers wrongly, or reads what was never set: such idioms catch nothing. Nor does
# what is right where it is used, and leaves it to everybody to use it.
CATCH_NOTHING = {
    "concurrency/counter": {"atomic_ref", "lock_guard"},
    "concurrency/read_mostly_config": {"shared_mutex"},
    "concurrency/spawn_join": {"thread"},
    "indexing/gather": {"branch", "clamp", "mask"},
    "types/buffer_fill": {"array"},
}


@every
def test_safe_variants_claim_something(case: CaseFiles) -> None:
    text = source(case).partition("auto the_case")[2]
    for variant in re.split(r"\.(?=(?:raw|safe|gap|control)[<(])", text)[1:]:
        silent = variant.startswith("safe") and ".claims(" not in variant
        assert not silent or re.findall(r'"(\w+)"', variant)[0] in CATCH_NOTHING.get(case.name, ()), variant


def test_the_readers_of_sources_see_what_is_there() -> None:
    text = '.fault({.name = "a", .cwe = 1})\n .fault({.name = "b", .oracles = (1 | 2)})\n .raw<raw>("raw", "x")'
    assert list(declared(text)) == ["a", "b"]
    twin = (
        'case! { Input:\n raw rust_a(V) "s: {x}" { a: k, b: "why: {c}" };\n safe rust_b(V) "s" claims { d: "" };\n}\n'
    )
    assert twin_faults(table_of(f"{twin}struct C {{ e: u32 }}")) == {"a", "b", "d"}
    spoken = '.fault_kernel<f<g, H>>("a")\n .claims("always", "a",\n "b")\n .inexpressible("c", "why (E0502)");'
    assert [kind.split("<")[0] for kind, _ in _SPOKEN.findall(spoken)] == ["fault_kernel", "claims", "inexpressible"]
