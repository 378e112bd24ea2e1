"""Files that are kept compressed: xz, the smallest of the formats that Python reads by itself."""

from __future__ import annotations

import lzma
from pathlib import Path

from safecost.core import files
from safecost.core.errors import UsageError

SUFFIX = ".xz"
MAGIC = b"\xfd7zXZ\x00"  # no JSON begins so
_PRESET = 9 | lzma.PRESET_EXTREME
_MEMORY = 128 * 1024 * 1024  # bytes; xz -9 needs 65 MiB, and a header may ask for gigabytes


def compress(data: bytes) -> bytes:
    """The data as one xz stream: the same bytes for the same data and the same liblzma."""
    return lzma.compress(data, preset=_PRESET)


def expanded(data: bytes, name: str, most: int) -> bytes:
    """The data, decompressed if it is compressed.

    Raises UsageError that begins with `name` where it is damaged, or where more than `most` bytes come out: no more
    than that is ever held.
    """
    if not data.startswith(MAGIC):
        return data
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
    try:
        plain = decompressor.decompress(data, max_length=most + 1)
    except lzma.LZMAError as error:
        raise UsageError(f"{name} cannot be decompressed: {str(error).lower()}; fetch it again.") from error
    if len(plain) > most:
        raise UsageError(f"{name} has more than {most} bytes once decompressed: this is something else.")
    if not decompressor.eof:
        raise UsageError(f"{name} is cut off: its compressed data ends too early; fetch it again.")
    if decompressor.unused_data:
        count = len(decompressor.unused_data)
        raise UsageError(f"{name} holds {count} bytes behind its compressed data: this is something else.")
    return plain


def publish(data: bytes, path: Path, most: int) -> None:
    """Write the data compressed; a file that holds it already stays as it is.

    Raises UsageError where the file holds anything else: what is published is never overwritten.
    """
    if path.exists():
        if expanded(path.read_bytes(), str(path), most) != data:
            raise UsageError(f"{path} holds another document: results are never overwritten, choose another folder.")
        return
    files.replace(path, compress(data), durable=False)
