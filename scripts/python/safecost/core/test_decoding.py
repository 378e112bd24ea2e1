"""Tests of reading JSON as a type: what does not fit is reported by place, value, and what it must be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from safecost.core.decoding import Misfit, convert, decode, filled, parse_json, strict
from safecost.core.errors import UsageError


class Inner(Struct, frozen=True, forbid_unknown_fields=True):
    size: Annotated[int, Meta(ge=0, le=8)]
    role: Literal["raw", "safe"]
    rate: Annotated[float, Meta(gt=0, le=1)] | None = None


class Outer(Struct, frozen=True, forbid_unknown_fields=True, tag_field="plan", tag="outer"):
    inner: Annotated[tuple[Inner, ...], Meta(min_length=1, max_length=2)]
    pair: tuple[str, int] = ("a", 1)
    facts: Mapping[str, Annotated[str, Meta(max_length=4)]] = {}
    name: Annotated[str, Meta(pattern="^[a-z]+$")] = "a"


GOOD: dict[str, Any] = {"inner": [{"size": 1, "role": "raw"}]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"inner": [{"size": 1, "role": "raw"}, {"size": 9, "role": "raw"}]},
         "inner[1].size is 9, and must be a whole number of at most 8"),
        ({"inner": [{"size": 1.5, "role": "raw"}]}, "inner[0].size is 1.5, and must be a whole number"),
        ({"inner": [{"size": True, "role": "raw"}]}, "inner[0].size is true, and must be a whole number"),
        ({"inner": [{"size": 1, "role": "good"}]}, 'inner[0].role is "good", and must be one of raw, safe'),
        ({"inner": [{"size": 1, "role": "raw", "rate": 0}]}, "inner[0].rate is 0, and must be a number above 0"),
        ({"inner": [{"size": 1, "role": "raw", "rate": "x"}]}, 'inner[0].rate is "x", and must be a number or null'),
        ({"inner": [{"size": 1}]}, 'inner[0] lacks "role"'),
        ({"inner": [{"size": 1, "role": "raw", "x": 1}]}, 'inner[0] has the unknown entry "x"'),
        ({"inner": []}, "inner is a list with 0 entries, and must be a list with at least 1 entries"),
        ({"inner": {}}, "inner is an object with 0 entries, and must be a list"),
        ({"pair": ["a", "b"]}, 'pair[1] is "b", and must be a whole number'),
        ({"facts": {"a": "long text"}}, 'facts.a is "long text", and must be a text with at most 4 characters'),
        ({"name": "A"}, 'name is "A", and must be a text that matches ^[a-z]+$'),
        ({"plan": "inner"}, 'plan is "inner", and must be "outer"'),
        ({"more": 1}, 'it has the unknown entry "more"'),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_by_place_and_value(change: dict[str, Any], sentence: str) -> None:
    assert decode(json.dumps(GOOD), Outer) == convert(GOOD, Outer)
    with pytest.raises(Misfit) as misfit:
        decode(json.dumps({**GOOD, **change}), Outer)
    assert str(misfit.value) == sentence
    with pytest.raises(Misfit) as misfit:
        convert({**GOOD, **change}, Outer)
    assert str(misfit.value) == sentence


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff", b"[" * 100_000, b'{"inner": NaN}', b'{"inner": ' + b"[" * 100_000]
)
def test_what_is_no_json_or_nested_without_end_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|nested|must be|truncated|decode"):
        decode(data, Outer)


@dataclass(frozen=True)
class Plain:
    inner: tuple[Inner, ...]
    other: Annotated[int, Meta(ge=0)] | None = None


@dataclass(frozen=True)
class Holder:
    several: Mapping[str, Plain]


def test_a_dataclass_made_strict_refuses_what_it_does_not_know() -> None:
    good = {"several": {"a": {"inner": [], "other": 1}, "b": {"inner": []}}}
    assert convert(good, Holder).several["b"] == Plain(())
    assert convert(good, strict(Holder)).several["a"].other == 1
    with pytest.raises(Misfit, match=r"^several\.a has the unknown entry \"x\"$"):
        convert({"several": {"a": {"inner": [], "x": 1}}}, strict(Holder))
    assert (
        convert({"several": {"a": {"inner": [], "other": -1}}}, strict(Holder, bounded=False)).several["a"].other == -1
    )
    with pytest.raises(Misfit, match=r"^several\.a\.other is -1, and must be a whole number of at least 0$"):
        convert({"several": {"a": {"inner": [], "other": -1}}}, strict(Holder))


@dataclass(frozen=True, slots=True)
class MarkedPoint:
    """A place with a mark."""

    x: int
    y: int
    mark: str
    kept: None = field(default=None, init=False)


def test_the_first_source_with_a_value_counts_and_what_is_given_counts_more() -> None:
    made = filled(MarkedPoint, SimpleNamespace(x=1, mark="a"), SimpleNamespace(x=2, y=3, kept=4), mark="b")
    assert made == MarkedPoint(1, 3, "b")


def test_a_value_that_no_source_has_is_an_error_with_its_name() -> None:
    with pytest.raises(AttributeError, match="'y'"):
        filled(MarkedPoint, SimpleNamespace(x=1, mark="a"))


@pytest.mark.parametrize("text", ['{"a": [1, 2', '{"a": "b', '{"a": nul', '{"a": t', '{"a":'])
def test_a_text_that_ends_too_early_is_cut_off(text: str) -> None:
    with pytest.raises(UsageError, match="the file is cut off at column"):
        parse_json(text, "the file")


@pytest.mark.parametrize("text", ['{"a": n}', '{"a": nil', "{} t", '{"a": 1} {'])
def test_what_is_wrong_before_its_end_is_no_json(text: str) -> None:
    with pytest.raises(UsageError, match="the file is not JSON"):
        parse_json(text, "the file")
