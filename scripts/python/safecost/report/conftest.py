"""Fixtures of tests that open reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selenium import webdriver


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    from safecost.testing.browser import started  # noqa: PLC0415  # most tests here open no page

    chrome = started(tmp_path_factory.mktemp("profile"))
    yield chrome
    chrome.quit()
