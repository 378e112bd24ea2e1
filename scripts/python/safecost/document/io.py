"""The run document: its types, and the only way to read, check and write one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from safecost.core import compressed, files
from safecost.core.decoding import parse_json, strict
from safecost.core.errors import ToolError, UsageError
from safecost.core.text import file_name, shown
from safecost.document.checks import refuse_contradictions, refuse_private, well_formed
from safecost.document.types import Document

SIZE_LIMIT = 256 * 1024 * 1024  # bytes; far above any real run, and low enough to hold in memory
RUN_FILE = "run.json"  # as a run writes it
REPORT_FILE = "report.html"  # of what is drawn of it, the last
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
        raise UsageError(f"{name} holds a run that has not ended: 'scripts/safecost run --resume {name}' finishes it.")
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
    return compressed.expanded(files.read_given(path, SIZE_LIMIT, wanted), file_name(path), SIZE_LIMIT)


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
        files.refuse_oversized(len(data), SIZE_LIMIT, "the document", "a run of fewer cases or profiles")
    except UsageError as error:
        raise ToolError(f"{file_name(path)} was not written: {error}") from error
    refuse_private(to_json(document), file_name(path))
    try:
        files.replace(path, data, durable=True)
    except OSError as error:
        raise ToolError(f"{file_name(path)} cannot be written: {error.strerror}.") from error


def _decoded(data: bytes, name: str) -> Any:
    files.refuse_oversized(len(data), SIZE_LIMIT, name, "the run.json of a run")
    return parse_json(data, name)


def checked(plain: Any, name: str) -> Document:
    """The document that decoded JSON describes, after every check; raises UsageError that begins with `name`."""
    name = shown(name, quoted=False, limit=400)
    document = msgspec.convert(well_formed(plain, name), Document)
    refuse_contradictions(document, name)
    return document


def now() -> str:
    """The time as the document has it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
