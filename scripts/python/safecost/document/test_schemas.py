"""Tests that the checked-in schemas are those of the types, and that they refuse what the types refuse."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest

from safecost.core.decoding import Misfit, decode
from safecost.document.evidence import AnyAnswer
from safecost.document.plan import AnyPlan
from safecost.testing import schemas
from safecost.testing.sample_evidence import described, rounds, times, variant
from safecost.testing.sample_plans import PLANS, REFUSED


@pytest.mark.parametrize("name", schemas.generated())
def test_a_schema_is_that_of_the_types(name: str) -> None:
    file = schemas.file_of(name)
    assert file.read_text(encoding="utf-8") == schemas.generated()[name], f"{file} is out of date: {schemas.RENEW}"


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schemas.generated()[f"document/schemas/{name}"]))


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: type(plan).__name__)
def test_a_plan_fits_its_schema_and_comes_back(plan: AnyPlan) -> None:
    data = msgspec.json.encode(plan)
    assert list(validator("plan.schema.json").iter_errors(json.loads(data))) == []
    assert decode(data, type(plan)) == plan


@pytest.mark.parametrize(("plan", "place", "value"), REFUSED)
def test_a_plan_that_the_types_refuse_fits_no_schema(plan: AnyPlan, place: str, value: Any) -> None:
    plain = msgspec.to_builtins(plan)
    *path, last = place.split(".")
    part = plain
    for step in path:
        part = part[int(step) if step.isdigit() else step]
    part[last] = value
    assert list(validator("plan.schema.json").iter_errors(plain))
    with pytest.raises(Misfit):
        decode(json.dumps(plain), type(plan))


def test_an_answer_fits_its_schema_and_comes_back() -> None:
    answer = times(["a", "b"], rounds([[1.0] * 8, [2.0] * 8]))
    schema = validator("evidence.schema.json")
    plain = json.loads(msgspec.json.encode(answer))
    assert list(schema.iter_errors(plain)) == []
    assert msgspec.json.decode(msgspec.json.encode(answer), type=AnyAnswer) == answer
    for change in ({"protocol": 0}, {"safecost": {**plain["safecost"], "calls": 0}}, {"surplus": 1}):
        assert list(schema.iter_errors({**plain, **change}))
    del plain["protocol"]
    assert list(schema.iter_errors(plain))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"parameters": [{"size": 8, "rate": 1.5, "threads": None, "label": "", "tier": 0}]},
         "parameters[0].rate is 1.5, and must be a number of at most 1"),
        ({"parameters": [{"size": 2**48 + 1, "rate": None, "threads": None, "label": "", "tier": 0}]},
         "parameters[0].size is 281474976710657, and must be a whole number of at most 281474976710656"),
        ({"parameters": [{"size": 8, "rate": None, "threads": None, "label": "\x1b[31m", "tier": 0}]},
         "parameters[0].label is"),
        ({"language": "c"}, 'language is "c", and must be one of c++, rust'),
        ({"facts": {"a": 1}}, "facts.a is 1, and must be a text"),
        ({"variants": [variant("raw") for _ in range(65)]}, "variants is a list with 65 entries, and must be a list"),
    ],
)  # fmt: skip
def test_a_description_that_no_document_can_hold_is_told_by_place_and_value(
    change: dict[str, Any], sentence: str
) -> None:
    plain = msgspec.to_builtins(described(variant())) | msgspec.to_builtins(change)
    with pytest.raises(Misfit) as misfit:
        decode(json.dumps(plain), type(described()))
    assert str(misfit.value).startswith(sentence)
