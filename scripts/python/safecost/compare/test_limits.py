"""Tests of the files of limits and of known-bad rows: what they may say, and how what they may not is refused."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from safecost.compare.limits import limit_of, read_known_bad, read_limits
from safecost.compare.rows import Limit, exact_row
from safecost.compare.test_gate import AT, SPAN
from safecost.core.errors import UsageError
from safecost.testing.refusals import one_sentence

LIMITS = """
[[limit]]
metric = "code_bytes"
relative = 0.05
absolute = 16

[[limit]]
name = "indexing/*/at/*"
metric = "instructions"
relative = 0.01
"""
KNOWN_BAD = """
[[known_bad]]
name = "strings/*"
metric = "instructions"
reason = "GCC 13 unrolls less, see its bug 1"
expires = 2026-06-30
"""


def put(folder: Path, text: str, name: str = "rules.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_limits(tmp_path: Path) -> None:
    rules = read_limits(put(tmp_path, LIMITS))
    assert limit_of(exact_row(AT, "code_bytes", 1.0, 1.0), rules) == Limit(0.05, 16.0)
    assert limit_of(exact_row(AT, "instructions", 1.0, 1.0), rules) == Limit(0.01, 0.0)
    assert limit_of(exact_row(SPAN, "instructions", 1.0, 1.0), rules) is None


def test_known_bad_rows(tmp_path: Path) -> None:
    (entry,) = read_known_bad(put(tmp_path, KNOWN_BAD))
    assert (entry.name, entry.metric, entry.expires) == ("strings/*", "instructions", date(2026, 6, 30))
    assert entry.reason == "GCC 13 unrolls less, see its bug 1"


def test_json_says_the_same(tmp_path: Path) -> None:
    text = '{"known_bad": [{"name": "a/b", "reason": "r", "expires": "2026-06-30"}]}'
    (entry,) = read_known_bad(put(tmp_path, text, "rules.json"))
    assert (entry.name, entry.metric) == ("a/b", "*")
    assert read_limits(put(tmp_path, '{"limit": [{"relative": 0.5}]}', "rules.json"))[0].relative == 0.5
    assert not read_limits(put(tmp_path, ""))
    assert not read_known_bad(put(tmp_path, ""))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[limit]\n", "is not TOML"),
        ("limit = 3", "limit is 3, and must be a list"),
        ("[[limits]]\n", 'has the unknown entry "limits"'),
        ("[[limit]]\nrelativ = 1", 'limit[0] has the unknown entry "relativ"'),
        ("[[limit]]\nrelative = -1", "limit[0].relative is -1, and must be a number of at least 0"),
        ('[[limit]]\nrelative = "1 %"', 'limit[0].relative is "1 %", and must be a number'),
        ('[[limit]]\nmetric = "instruction"', 'entry 1 is of the metric "instruction", which there is none of'),
        ('[[limit]]\nmetric = "catch"', 'limit 1 is of "catch", which is no number: excuse it with --known-bad'),
        ('[[limit]]\nmetric = "*_time"\nabsolute = 3', "limit 1 is of a time and has an absolute part"),
        ("[[limit]]\nrelative = inf", "limit[0].relative"),
        ("[[limit]]\nrelative = nan", "limit[0].relative is nan, and must be a finite number"),
        (f"{'a.' * 50_000}b = 1", "has a line with 50000 dots, and at most 250 are read: break it"),
    ],
)
def test_limits_that_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_limits(put(tmp_path, text))
    assert said in one_sentence(str(caught.value))
    assert "rules.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[known_bad]]\nname = "a"\nexpires = 2026-06-30', 'known_bad[0] lacks "reason"'),
        ('[[known_bad]]\nname = "a"\nreason = "r"', 'known_bad[0] lacks "expires"'),
        ('[[known_bad]]\nreason = "r"\nexpires = 2026-06-30', 'known_bad[0] lacks "name"'),
        ('[[known_bad]]\nname = "a"\nreason = ""\nexpires = 2026-06-30', "known_bad[0].reason"),
        ('[[known_bad]]\nname = "a"\nreason = "r"\nexpires = "never"', "known_bad[0].expires"),
        (
            '[[known_bad]]\nname = "a"\nreason = "r"\nexpires = "2026-02-30"',
            'is "2026-02-30", and must be a day',
        ),
        ('[[known_bad]]\nname = "a"\nreason = "r"\nexpires = 2026-06-30T01:02:03Z', "known_bad[0].expires"),
        ('[[known_bad]]\nname = "a"\nreason = "r"\nexpires = 2026-06-30\nmetric = "time"', 'the metric "time"'),
    ],
)
def test_excuses_that_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_known_bad(put(tmp_path, text))
    assert said in one_sentence(str(caught.value))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    with (tmp_path / "huge.toml").open("wb") as file:
        file.truncate(1 << 40)
    os.mkfifo(tmp_path / "pipe.toml")
    for name, said in (
        ("none.toml", "does not exist: give limits as TOML or JSON"),
        ("bytes.toml", "is not UTF-8"),
        ("deep.json", "is nested too deeply"),
        ("huge.toml", f"has {1 << 40} bytes"),
        (".", "is not a file"),
        ("pipe.toml", "is not a file"),
        ("/dev/zero", "is not a file"),
        ("x" * 5_000, "cannot be read: File name too long"),
        ("nul\0", "cannot be read"),
    ):
        with pytest.raises(UsageError) as caught:
            read_limits(tmp_path / name)
        assert said in one_sentence(str(caught.value))
