"""Edits that spoil a document, and the words in which it is then refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from safecost.core.errors import UsageError
from safecost.document.io import parse, to_json
from safecost.document.types import Document

HOST = "measuring-box"  # what the fixture `named_host` calls this machine; no text holds it by accident
Edit = Callable[[Any], Any]


def at(place: str, value: Any) -> Edit:
    """An edit that puts `value` at a place such as `panels.3.pairs.0.ratio`."""

    def edit(plain: Any) -> None:
        *steps, last = _steps(place)
        _below(plain, steps)[last] = value

    return edit


def without(place: str) -> Edit:
    """An edit that removes the entry at a place."""

    def edit(plain: Any) -> None:
        *steps, last = _steps(place)
        del _below(plain, steps)[last]

    return edit


def again(place: str) -> Edit:
    """An edit that appends the first entry of a list once more."""

    def edit(plain: Any) -> None:
        entries = _below(plain, _steps(place))
        entries.append(entries[0])

    return edit


def _steps(place: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in place.split(".")]


def _below(plain: Any, steps: Iterable[str | int]) -> Any:
    for step in steps:
        plain = plain[step]
    return plain


def with_text(document: Document, text: str) -> Document:
    """The document with `text` as the question of its first case."""
    first, *rest = document.cases
    return replace(document, cases=(replace(first, question=text), *rest))


def refusal(document: Document, edit: Edit) -> str:
    """The words in which the edited document is refused."""
    plain = to_json(document)
    edit(plain)
    with pytest.raises(UsageError) as caught:
        parse(json.dumps(plain).encode(), "run.json")
    return one_sentence(str(caught.value))


def one_sentence(words: str) -> str:
    """The words, after checking that they are one short, printable line that ends with a full stop."""
    assert words.isprintable()
    assert words.endswith(".")
    assert len(words) < 500
    return words
