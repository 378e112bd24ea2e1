"""Fixtures of all tests."""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from safecost.document.types import Document
from safecost.testing.refusals import HOST
from safecost.testing.sample_document import build_sample_document

if TYPE_CHECKING:
    from safecost.report.charts import Chart

# A busy machine must not turn a test red, and a red test must be red again on the next run.
settings.register_profile("safecost", deadline=None, derandomize=True, database=None)
settings.load_profile("safecost")

# Planted cases may cause warnings; and a build within the test and one of a command it starts must be the same build.
os.environ["SAFECOST_WERROR"] = "0"

# Whoever starts the tests in the background of a script (`&`, nohup) has them ignore SIGINT, and every command that
# they start inherits that. A handler here is none there: commands are interruptible, as from a terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def sample_document() -> Document:
    return build_sample_document()


@pytest.fixture(scope="session")
def drawn(sample_document: Document) -> tuple[Chart, ...]:
    """The charts of the sample document; drawing them takes a second."""
    from safecost.report import charts  # noqa: PLC0415  # most tests do without Matplotlib, which is slow to load

    return charts.draw(sample_document)


@pytest.fixture
def named_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the machine a name that no text holds by accident."""
    monkeypatch.setattr(socket, "gethostname", lambda: HOST)
