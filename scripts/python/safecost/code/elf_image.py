"""The bytes of a shared object as the loader would lay them out; only what lies in its file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_LOAD = 1  # type of a segment that is loaded
_HEADER = struct.Struct("<16x2xHIQQQIHHH")  # of ELF64: machine to the number of program headers
_SEGMENT = struct.Struct("<IIQQQQQQ")
_MOST = 1024  # entries of a jump table


class Image:
    """A little-endian ELF64 file; one of another kind has no bytes at any address."""

    def __init__(self, path: Path) -> None:
        self._bytes = path.read_bytes()
        self._segments = list(self._read())

    def distances(self, address: int) -> Iterator[int]:
        """The signed 32-bit numbers from an address on, to the end of what is loaded there."""
        for low, offset, size in self._segments:
            if low <= address < low + size:
                start = offset + address - low
                end = min(offset + size, start + 4 * _MOST)
                yield from (
                    value for (value,) in struct.iter_unpack("<i", self._bytes[start : end - (end - start) % 4])
                )

    def _read(self) -> Iterator[tuple[int, int, int]]:
        """Address, offset in the file and size of every segment."""
        if len(self._bytes) < _HEADER.size or self._bytes[:6] != b"\x7fELF\x02\x01":
            return
        _, _, _, table, _, _, _, width, count = _HEADER.unpack_from(self._bytes)
        for number in range(count):
            at = table + number * width
            if at + _SEGMENT.size > len(self._bytes):
                return
            kind, _, offset, address, _, size, _, _ = _SEGMENT.unpack_from(self._bytes, at)
            if kind == _LOAD and offset + size <= len(self._bytes):
                yield address, offset, size
