"""Reads JSON and TOML as a type, and fills a type from others; a misfit is reported by place, value, and remedy."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import tomllib
import types
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from safecost.core import files
from safecost.core.errors import UsageError
from safecost.core.text import CONTROL, file_name, shown

SMALL = 1024 * 1024  # bytes of a file that somebody writes by hand
DEEPEST = 12  # levels; a run document needs seven
_MOST_DOTS = 250  # in a line of TOML, whose reader takes time with the square of a key's parts

JsonPath = tuple[str | int, ...]
_T = TypeVar("_T")


class Misfit(ValueError):
    """JSON that is no such type; the message names the first thing that does not fit, without a full stop."""


def decode(data: bytes | str, kind: type[_T]) -> _T:
    """The value of a type that JSON holds; raises Misfit where it does not fit, ValueError where it is no JSON."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        try:
            raise Misfit(misfit(msgspec.json.decode(data), kind) or str(error)) from error
        except RecursionError:
            raise Misfit("it is nested too deeply") from error


def convert(plain: Any, kind: type[_T], root: str = "it") -> _T:
    """The same of JSON that has been read already; `root` is what a message calls the whole of it."""
    try:
        return msgspec.convert(plain, type=kind)
    except msgspec.ValidationError as error:
        raise Misfit(misfit(plain, kind, root=root) or str(error)) from error


def read_small(path: Path, kind: type[_T], wanted: str, name: str = "") -> _T:
    """What a small file says, JSON where it is named so, else TOML; raises UsageError naming the first thing wrong.

    `name` is what a message calls the file, where that is not its path.
    """
    data, name = files.read_given(path, SMALL, wanted, name), name or file_name(path)
    plain = parse_json(data, name) if path.suffix == ".json" else parse_toml(data, name)
    refuse_leaves(plain, name)
    try:
        return convert(plain, kind, "the file")
    except Misfit as misfit:
        raise UsageError(f"{name}: {misfit}.") from misfit


def parse_json(data: bytes | str, name: str) -> Any:
    """What JSON says; raises UsageError where it is none, or says a thing twice."""
    text = data if isinstance(data, str) else _text(data, name)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
            raise UsageError(f"{name} has the key {shown(twice)} twice in one object.")
        return result

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if "\n" in text.rstrip() else ""
        where = f"at {line}column {error.colno}"
        rest = text[error.pos :].strip()
        begun = error.msg == "Expecting value" and any(word.startswith(rest) for word in ("true", "false", "null"))
        if not rest or begun or error.msg.startswith("Unterminated string"):
            raise UsageError(f"{name} is cut off {where}: the file is incomplete.") from error
        raise UsageError(f"{name} is not JSON: {error.msg} {where}.") from error
    except RecursionError as error:
        raise UsageError(f"{name} is nested too deeply.") from error
    except ValueError as error:  # Python refuses integers of thousands of digits
        raise UsageError(f"{name} holds a number with too many digits.") from error


def parse_toml(data: bytes, name: str) -> dict[str, Any]:
    """What TOML says; raises UsageError where it is none."""
    text = _text(data, name)
    dots = max(line.count(".") for line in text.split("\n"))
    if dots > _MOST_DOTS:
        raise UsageError(f"{name} has a line with {dots} dots, and at most {_MOST_DOTS} are read: break it.")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise UsageError(f"{name} is nested too deeply.") from error
    except ValueError as error:
        raise UsageError(f"{name} is not TOML: {shown(str(error), quoted=False, limit=200)}.") from error


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8: byte {error.start} is 0x{data[error.start]:02x}.") from error


def refuse_leaves(plain: Any, name: str) -> None:
    """Raises UsageError naming the first value of decoded JSON that no schema can exclude."""
    for place, leaf in leaves(plain):
        if len(place) > DEEPEST:
            raise UsageError(f"{name} is nested too deeply: see {place_words(place[:4])}.")
        if isinstance(leaf, float) and not math.isfinite(leaf):
            raise UsageError(f"{name}: {place_words(place)} is {leaf}, and must be a finite number.")
        if isinstance(leaf, str) and (control := CONTROL.search(leaf)):
            raise UsageError(f"{name}: {place_words(place)} holds the control character U+{ord(control[0]):04X}.")


def leaves(value: Any, place: JsonPath = ()) -> Iterator[tuple[JsonPath, Any]]:
    """Every scalar and where it is; what lies below DEEPEST is handed out whole."""
    if isinstance(value, (dict, list)) and len(place) <= DEEPEST:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*place, key))
    else:
        yield place, value


def place_words(place: Iterable[str | int]) -> str:
    """A place as `panels[3].pairs[0].ratio`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{shown(step, quoted=False)}" for step in place)
    return "".join(steps).removeprefix(".") or "the document"


@cache
def strict(kind: Any, *, bounded: bool = True) -> Any:
    """The type with a struct that refuses unknown entries in the place of every dataclass.

    Without `bounded` values may be anything of their types.
    """
    part = partial(strict, bounded=bounded)
    if dataclasses.is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        members = [
            (one.name, part(hints[one.name]), *([] if one.default is dataclasses.MISSING else [one.default]))
            for one in dataclasses.fields(kind)
            if one.init  # what nobody can set is not kept
        ]
        return msgspec.defstruct(kind.__name__, members, frozen=True, kw_only=True, forbid_unknown_fields=True)  # type: ignore[union-attr]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        inner = part(arguments[0])
        return Annotated[(inner, *arguments[1:])] if bounded else inner
    if origin in {Union, types.UnionType}:
        return Union[tuple(map(part, arguments))]  # noqa: UP007
    if origin is Literal:
        return kind if bounded else Any
    return kind if origin is None else origin[tuple(map(part, arguments))]


def misfit(plain: Any, kind: Any, place: str = "", root: str = "it") -> str | None:
    """The first thing in plain JSON that does not fit a type: `panels[3].size is -1, and must be int >= 0`."""
    try:
        msgspec.convert(plain, type=kind)
    except msgspec.ValidationError as error:
        for value, part, name in _parts(plain, kind):
            if sentence := misfit(value, part, f"{place}{name}".removeprefix(".")):
                return sentence
        return _sentence(plain, kind, place or root, str(error))
    return None


def _sentence(plain: Any, kind: Any, place: str, error: str) -> str:
    message = error.partition(" - at ")[0]
    if message.startswith("Object missing required field"):
        return f"{place} lacks {shown(message.split('`')[1])}"
    if message.startswith("Object contains unknown field"):
        return f"{place} has the unknown entry {shown(message.split('`')[1])}"
    if message.startswith("Invalid value"):  # of the field by which a struct is known
        config = kind.__struct_config__
        where = f"{place}.{config.tag_field}".removeprefix("it.")
        return f"{where} is {shown(plain.get(config.tag_field))}, and must be {shown(config.tag)}"
    return f"{place} is {shown(plain)}, and must be {_words(kind, message)}"


def _words(kind: Any, message: str) -> str:
    choices = [value for member in _members(kind) if get_origin(member) is Literal for value in get_args(member)]
    if choices:
        return f"one of {', '.join(map(str, choices))}"
    if message.startswith("Invalid RFC3339 encoded date"):
        return _NOUNS["date"]
    return _english(message.removeprefix("Expected ").partition(", got ")[0])


_NOUNS = {
    "int": "a whole number", "float": "a number", "str": "a text", "bool": "true or false", "array": "a list",
    "object": "an object", "null": "null", "date": "a day, YYYY-MM-DD",
}  # fmt: skip
_BOUNDS = {">=": "of at least", "<=": "of at most", ">": "above", "<": "below"}


def _english(expected: str) -> str:
    """What msgspec expects, such as "`int` >= 1" or "`array | null` of length <= 64", for a reader."""
    found = re.fullmatch(
        r"`([^`]*)`(?: of length (>=|<=) (\d+)| (>=|<=|>|<) (\S+)| matching regex (.*))?", expected, re.S
    )
    if found is None:
        return expected.replace("`", "")
    nouns = " or ".join(_NOUNS.get(noun, noun) for noun in found[1].split(" | "))
    if found[2]:
        unit = "characters" if found[1].startswith("str") else "entries"
        return f"{nouns} with {'at least' if found[2] == '>=' else 'at most'} {found[3]} {unit}"
    if found[4]:
        return f"{nouns} {_BOUNDS[found[4]]} {found[5].removesuffix('.0')}"
    return f"{nouns} that matches {shown(found[6].strip(chr(39)), quoted=False)}" if found[6] else nouns


def _members(kind: Any) -> list[Any]:
    """The types of a union, without what is annotated to them."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in {Union, types.UnionType}:
        return [part for member in get_args(kind) for part in _members(member)]
    return [kind]


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _parts(plain: Any, kind: Any) -> Iterator[tuple[Any, Any, str]]:
    """The parts of a value, each with its type and what it adds to the place."""
    for member in _members(kind):
        origin, arguments = get_origin(member), get_args(member)
        if isinstance(plain, list) and isinstance(origin, type) and issubclass(origin, Sequence):
            if len(arguments) == 2 and arguments[1] is ...:
                arguments = arguments[:1]
            several = arguments * len(plain) if len(arguments) == 1 else arguments
            yield from ((value, part, f"[{at}]") for at, (value, part) in enumerate(zip(plain, several, strict=False)))
        elif isinstance(plain, dict) and isinstance(origin, type) and issubclass(origin, Mapping):
            yield from ((key, arguments[0], f".{shown(key, quoted=False)}") for key in plain)
            yield from ((value, arguments[1], f".{shown(key, quoted=False)}") for key, value in plain.items())
        elif isinstance(plain, dict) and (dataclasses.is_dataclass(member) or _is_struct(member)):
            hints = _hints(member)
            yield from ((plain[key], part, f".{key}") for key, part in hints.items() if key in plain)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def filled(kind: type[_T], *sources: object, **others: Any) -> _T:
    """A `kind` whose fields are `others`, and where these lack one, the attribute of the first source that has it."""
    names = [one.name for one in dataclasses.fields(kind) if one.init and one.name not in others]  # type: ignore[arg-type]
    has = {name: next((one for one in sources if hasattr(one, name)), None) for name in names}
    return kind(**{name: getattr(source, name) for name, source in has.items()}, **others)
