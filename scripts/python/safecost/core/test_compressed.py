"""Compressed files: what comes out is what went in, and no file makes the reader hold more than it should."""

from __future__ import annotations

import lzma
import tracemalloc
from pathlib import Path

import pytest

from safecost.core import compressed
from safecost.core.errors import UsageError

DATA = b'{"schema": "safecost-run", "values": [' + b"1, " * 5000 + b"2]}\n"
SMALL = compressed.compress(DATA)


def expanded(data: bytes, most: int = 100_000) -> bytes:
    return compressed.expanded(data, "run.json.xz", most)


def test_what_comes_out_is_what_went_in_with_any_settings_of_xz() -> None:
    assert expanded(SMALL) == expanded(lzma.compress(DATA, preset=0)) == expanded(DATA) == DATA
    assert compressed.compress(DATA) == SMALL
    assert len(SMALL) < len(DATA) / 20
    assert expanded(compressed.compress(b"")) == b""


def test_a_limit_holds_for_what_comes_out() -> None:
    assert expanded(SMALL, len(DATA)) == DATA
    with pytest.raises(UsageError, match=r"^run\.json\.xz has more than 15041 bytes once decompressed: this is someth"):
        expanded(SMALL, len(DATA) - 1)
    assert len(DATA) == 15042


def test_a_bomb_is_never_held() -> None:
    bomb = lzma.compress(bytes(64 * 1024 * 1024), preset=6)
    tracemalloc.start()
    with pytest.raises(UsageError, match="has more than 1000000 bytes once decompressed"):
        expanded(bomb, 1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16_000_000  # 8 MiB of it are the dictionary of xz -6


def test_a_file_that_asks_for_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "_MEMORY", 1024 * 1024)
    with pytest.raises(UsageError, match=r"cannot be decompressed: memory usage limit exceeded; fetch it again\.$"):
        expanded(SMALL)


def test_a_file_that_is_cut_off_anywhere_is_refused_in_one_sentence() -> None:
    for end in range(len(compressed.MAGIC), len(SMALL)):
        with pytest.raises(
            UsageError, match=r"^run\.json\.xz (is cut off|cannot be decompressed): .*fetch it again\.$"
        ):
            expanded(SMALL[:end])


def test_a_file_with_any_byte_changed_is_refused_in_one_sentence() -> None:
    for place in range(len(compressed.MAGIC), len(SMALL)):
        broken = bytearray(SMALL)
        broken[place] ^= 0x10
        with pytest.raises(
            UsageError, match=r"^run\.json\.xz (is cut off|cannot be decompressed|has more|holds \d+ b)"
        ):
            expanded(bytes(broken))


def test_bytes_behind_the_end_are_refused() -> None:
    with pytest.raises(UsageError, match=r"holds 3 bytes behind its compressed data: this is something else\.$"):
        expanded(SMALL + b"abc")


def test_what_is_published_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.json.xz"
    path.write_bytes(lzma.compress(DATA, preset=0))  # as another version of the library would write it
    before = path.read_bytes()
    compressed.publish(DATA, path, 100_000)
    assert path.read_bytes() == before
    with pytest.raises(UsageError, match="holds another document: results are never overwritten"):
        compressed.publish(DATA + b"\n", path, 100_000)
    assert path.read_bytes() == before
    compressed.publish(DATA, tmp_path / "new.xz", 100_000)
    assert expanded((tmp_path / "new.xz").read_bytes()) == DATA
