"""Tests of the lines of progress that are written where there is no terminal."""

from __future__ import annotations

import pytest

from safecost.core import progress


def test_the_first_steps_promise_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.0)
    with progress.Steps("build", 100) as steps:
        steps.step()
        assert capsys.readouterr().err == "build: 1 of 100\n"
        steps.step(9)
        assert capsys.readouterr().err == "build: 10 of 100, about 0 s left\n"
