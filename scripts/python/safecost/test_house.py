"""Tests of the house: rooms that say what they are, few modules in each, short files, and one meaning a class name."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from safecost.core.paths import PACKAGE

MODULES = 16  # of a room: more are no longer seen at a glance
LINES = 400

FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted({file.parent for file in FILES})
NOT_PRODUCT = re.compile(r"testing/.*|(.*/)?(test_\w+|conftest)\.py")
PRODUCT = [file for file in FILES if not NOT_PRODUCT.fullmatch(file.relative_to(PACKAGE).as_posix())]
CAP_WORDS = re.compile(r"_?[A-Z]\w*[a-z]\w*")


def named(paths: list[Path]) -> list[str]:
    return [path.relative_to(PACKAGE).as_posix() for path in paths]


def classes(file: Path) -> list[str]:
    """The classes and the type aliases of a module."""
    names: list[str] = []
    for node in ast.parse(file.read_bytes()).body:
        match node:
            case (
                ast.ClassDef(name=name)
                | ast.Assign(targets=[ast.Name(id=name)])
                | ast.AnnAssign(target=ast.Name(id=name))
            ):
                names.append(name)
    return [name for name in names if CAP_WORDS.fullmatch(name)]


def imported(file: Path) -> set[str]:
    """What a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(module)):
                names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("room", ROOMS, ids=named(ROOMS))
def test_a_room_says_what_it_is_and_what_it_must_not_know(room: Path) -> None:
    docstring = ast.get_docstring(ast.parse((room / "__init__.py").read_bytes())) or ""
    assert len(re.findall(r"[.](?=\s|$)", docstring)) >= 2, docstring


def test_no_room_has_more_modules_than_are_seen_at_a_glance() -> None:
    counts = Counter(file.parent for file in PRODUCT if file.name != "__init__.py")
    assert {room.name: count for room, count in counts.items() if count > MODULES} == {}


def test_no_file_is_longer_than_is_read_in_one_go() -> None:
    lengths = {name: file.read_bytes().count(b"\n") for file, name in zip(FILES, named(FILES), strict=True)}
    assert {name: length for name, length in lengths.items() if length > LINES} == {}


def test_a_class_name_has_one_meaning() -> None:
    homes: dict[str, list[Path]] = {}
    for file in PRODUCT:
        for name in classes(file):
            homes.setdefault(name, []).append(file)
    assert {name: named(files) for name, files in homes.items() if len(files) > 1} == {}


def test_no_product_module_uses_what_is_for_tests() -> None:
    assert [file.name for file in PRODUCT if any(name.startswith("safecost.testing") for name in imported(file))] == []
