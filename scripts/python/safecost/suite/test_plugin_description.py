"""Tests of what a plugin may tell of itself: what no document can hold costs that plugin, not the run."""

from __future__ import annotations

from typing import Any

import pytest

from safecost.suite.plugin_description import objection


def said(**parts: Any) -> dict[str, Any]:
    """A plugin's description with one entry of each kind, or those given."""
    return {
        "language": "c++",
        "variants": [{"name": "raw"}],
        "parameters": [parameter()],
        "faults": [fault()],
        **parts,
    }


def fault(name: str = "one_past_end", cwe: int = 125) -> dict[str, Any]:
    return {"name": name, "cwe": cwe}


def parameter(
    size: int = 512, rate: float | None = None, label: str = "L1", threads: int | None = None
) -> dict[str, Any]:
    return {"size": size, "rate": rate, "label": label, "threads": threads}


def test_what_is_as_it_should_be() -> None:
    assert objection(said()) is None
    assert objection(said(language="rust", faults=[fault(cwe=0)])) is None
    assert objection(said(parameters=[parameter(rate=0.0), parameter(rate=1.0), parameter(label="beyond L3")])) is None
    assert objection(said(parameters=[parameter(threads=1), parameter(threads=2)])) is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (said(faults=[fault("One past!")]), "has a fault named 'One past!': use lower case, digits and _"),
        (said(faults=[fault(""), fault("b")]), "has a fault named ''"),
        (said(faults=[fault("a"), fault("b"), fault("a")]), "has two faults named a"),
        (said(faults=[fault(cwe=0)]), "speaks of a fault one_past_end that it does not declare"),
        (said(faults=[fault(cwe=100_000)]), "the CWE number 100000"),
        (said(faults=[fault(f"f{i}") for i in range(65)]), "has 65 faults, and 64 are the most"),
        (said(variants=[{"name": f"v{i}"} for i in range(65)]), "has 65 variants"),
        (said(parameters=[parameter(size=2**48 + 1)]), "is the largest size"),
        (said(parameters=[parameter(rate=1.5)]), "times size 512, rate 1.5, and a rate is from 0 to 1"),
        (said(parameters=[parameter(), parameter(label="L2")]), "times size 512 twice"),
        (said(parameters=[parameter(rate=0.5), parameter(rate=0.5)]), "times size 512, rate 0.5 twice"),
        (said(parameters=[parameter(threads=2), parameter(threads=2)]), "times size 512, threads 2 twice"),
        (said(parameters=[parameter(label="x" * 65)]), "labels size 512 with what is no short word"),
        (said(parameters=[parameter(label="a\nb")]), "labels size 512"),
        (said(parameters=[parameter(label="\x1b[31m")]), "labels size 512"),
    ],
)
def test_what_no_document_can_hold(wrong: dict[str, Any], sentence: str) -> None:
    assert sentence in str(objection(wrong))
