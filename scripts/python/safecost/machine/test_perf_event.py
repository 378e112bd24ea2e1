"""Tests of the question whether hardware counters can be read."""

from __future__ import annotations

import errno
import platform
import struct
from pathlib import Path

import pytest

from safecost.machine import perf_event


def test_the_attribute_is_laid_out_as_the_kernel_reads_it() -> None:
    attribute = perf_event.attribute()
    assert len(attribute) == 64
    assert struct.unpack_from("=IIQ", attribute) == (0, 64, 1)
    # exclude_kernel and exclude_hv are bits 5 and 6 of the word at offset 40; `disabled` (bit 0) must be clear.
    assert struct.unpack_from("=Q", attribute, 40) == (0b1100000,)


@pytest.mark.parametrize(
    ("code", "paranoid", "virtual", "words"),
    [
        (errno.EACCES, "3", False, "perf_event_paranoid is 3"),
        (errno.EACCES, "2", False, "forbids"),
        (errno.EPERM, None, False, "forbids"),
        (errno.ENOSYS, "2", False, "no perf_event_open"),
        (errno.ENOENT, "2", True, "virtual machine hides them"),
        (errno.EOPNOTSUPP, "2", False, "no driver"),
        (errno.E2BIG, "2", False, "E2BIG"),
    ],
)
def test_each_refusal_is_explained(code: int, paranoid: str | None, virtual: bool, words: str) -> None:
    answer = perf_event.explain(code, paranoid, virtual)
    assert not answer.available
    assert words in answer.reason


def test_a_counter_that_stays_at_zero_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perf_event, "count", lambda: 0)
    assert not perf_event.examine().available
    monkeypatch.setattr(perf_event, "count", lambda: 17)
    assert perf_event.examine() == perf_event.Answer(True)


def test_a_refusal_is_explained_from_this_machines_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise OSError(errno.EACCES, "perf_event_open")

    monkeypatch.setattr(perf_event, "count", refuse)
    setting = tmp_path / "proc/sys/kernel/perf_event_paranoid"
    setting.parent.mkdir(parents=True)
    setting.write_text("4\n", encoding="ascii")
    assert perf_event.examine(tmp_path).reason == "perf_event_paranoid is 4"


@pytest.mark.skipif(platform.system() != "Linux", reason="perf_event_open is Linux's")
def test_the_kernel_understands_the_call() -> None:
    try:
        assert perf_event.count() >= 0
    except OSError as error:
        # A malformed call would be answered by one of these.
        assert error.errno not in (errno.EINVAL, errno.EFAULT, errno.E2BIG, errno.EBADF)
