"""The run document: its types, and the only way to read, check and write one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from safecost.core import compressed, files
from safecost.core.decoding import strict
from safecost.core.errors import ToolError, UsageError
from safecost.core.text import file_name, shown
from safecost.document.checks import refuse_contradictions, refuse_private, well_formed
from safecost.document.types import Document

SIZE_LIMIT = 256 * 1024 * 1024  # bytes; far above any real run, and low enough to hold in memory
RUN_FILE = "run.json"  # as a run writes it
RECORD_FILE = RUN_FILE + compressed.SUFFIX  # as it is published


def to_json(value: Any) -> Any:
    """Plain dictionaries, lists and scalars of a document or a part of one."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    return value


def find_run(folder: Path) -> Path | None:
    """The run document in a folder, plain or compressed; None where there is none."""
    return next((file for name in (RUN_FILE, RECORD_FILE) if (file := folder / name).exists()), None)


def run_file(path: Path) -> Path:
    """The document of a run that is given as its folder or as the document; raises UsageError if it is not finished.

    A file need not exist: whoever reads it says so.
    """
    if not path.is_dir():
        return path
    file = find_run(path)
    if file is None and (path / "plan.json").exists():
        name = file_name(path)
        raise UsageError(f"{name} holds a run that has not ended: 'safecost run --resume {name}' finishes it.")
    return file or path / RUN_FILE


def read(path: Path) -> Document:
    """The document of the run in the folder or file `path`; raises UsageError that says what is wrong with it."""
    file = run_file(path)
    return checked(read_json(file), str(file))


def read_json(path: Path, wanted: str = "the run.json of a run") -> Any:
    """What the file `path` holds, as JSON has it; raises UsageError where that is none, or too much of it.

    `wanted` says in a message what the file should have been.
    """
    return _decoded(read_bytes(path, wanted), file_name(path))


def read_bytes(path: Path, wanted: str = "the run.json of a run") -> bytes:
    """What the file `path` holds, decompressed; raises UsageError as read_json does."""
    name = file_name(path)
    try:
        if not path.exists():
            raise UsageError(f"{name} does not exist: give {wanted}.")
        if not path.is_file():
            raise UsageError(f"{name} is not a file: give {wanted}.")
        _refuse_oversized(path.stat().st_size, name)
        return compressed.expanded(path.read_bytes(), name, SIZE_LIMIT)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        cause = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{name} cannot be read: {cause}.") from error


def parse(data: bytes, name: str) -> Document:
    """The document in `data`; raises UsageError beginning with `name` and saying the first thing wrong."""
    return checked(_decoded(data, shown(name, quoted=False, limit=400)), name)


def encode(document: Document) -> bytes:
    """The bytes of a document: the same for the same document, and one value in a line, so that runs can be diffed."""
    # JSON writes 1.0 and 1 for the same number; a field of the type float is written as one.
    plain = msgspec.to_builtins(msgspec.convert(to_json(document), strict(Document, bounded=False)))
    return (json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def write(document: Document, path: Path) -> None:
    """Writes atomically: `path` holds the old document or the whole new one, also after a power cut.

    Raises ToolError, and writes nothing, if the document could not be read back or holds anything private.
    """
    try:
        checked(to_json(document), "the document")
        data = encode(document)
        _refuse_oversized(len(data), "the document")
    except UsageError as error:
        raise ToolError(f"{file_name(path)} was not written: {error}") from error
    refuse_private(to_json(document), file_name(path))
    try:
        files.replace(path, data, durable=True)
    except OSError as error:
        raise ToolError(f"{file_name(path)} cannot be written: {error.strerror}.") from error


def _refuse_oversized(size: int, name: str) -> None:
    if size > SIZE_LIMIT:
        raise UsageError(f"{name} has {size} bytes, and a run document at most {SIZE_LIMIT}: this is something else.")


def _decoded(data: bytes, name: str) -> Any:
    _refuse_oversized(len(data), name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8: byte {error.start} is 0x{data[error.start]:02x}.") from error

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
            raise UsageError(f"{name} has the key {shown(twice)} twice in one object.")
        return result

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        where = f"at line {error.lineno}, column {error.colno}"
        if not text[error.pos :].strip() or error.msg.startswith("Unterminated string"):
            raise UsageError(f"{name} is cut off {where}: the file is incomplete.") from error
        raise UsageError(f"{name} is not JSON: {error.msg} {where}.") from error
    except RecursionError as error:
        raise UsageError(f"{name} is nested too deeply for a run document.") from error
    except ValueError as error:  # Python refuses integers of thousands of digits
        raise UsageError(f"{name} holds a number with too many digits.") from error


def checked(plain: Any, name: str) -> Document:
    """The document that decoded JSON describes, after every check; raises UsageError that begins with `name`."""
    name = shown(name, quoted=False, limit=400)
    document = msgspec.convert(well_formed(plain, name), Document)
    refuse_contradictions(document, name)
    return document


def now() -> str:
    """The time as the document has it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
