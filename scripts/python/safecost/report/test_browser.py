"""Opens the report in headless Chromium: it shows its tables and charts, sorts, filters, and runs nothing foreign."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from safecost.core import glossary
from safecost.cross_run import page as cross_run_page
from safecost.cross_run.agreement import Given, cross_run
from safecost.document.rows import rows
from safecost.document.types import Document
from safecost.report import charts
from safecost.report import page as report
from safecost.testing.changed_document import slower, sound_document
from safecost.testing.hostile import HOSTILE, hostile
from safecost.testing.sample_document import build_sample_document

pytestmark = pytest.mark.browser

SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
)


def programs() -> tuple[str, str]:
    """Paths of Chromium and its driver; skips, or fails where SAFECOST_REQUIRE_BROWSER=1, if one is missing."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        missing = "chromium" if browser is None else "chromedriver"
        reason = f"{missing} was not found: apt install chromium chromium-driver"
        if os.environ.get("SAFECOST_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return browser, driver


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    binary, driver = programs()
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    yield chrome
    chrome.quit()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report.write(build_sample_document(), tmp_path_factory.mktemp("calm"))


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report.write(hostile(build_sample_document()), tmp_path_factory.mktemp("evil"))


def requests(browser: webdriver.Chrome) -> list[str]:
    """Addresses asked for since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]  # type: ignore[no-untyped-call]
    return [
        message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"
    ]


def complaints(browser: webdriver.Chrome) -> list[str]:
    """What the console holds since the last call."""
    return [entry["message"] for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]


@pytest.fixture
def shown(browser: webdriver.Chrome, calm: Path) -> webdriver.Chrome:
    requests(browser), complaints(browser)
    browser.get(calm.as_uri())
    return browser


def visible_rows(browser: webdriver.Chrome, table: str) -> list[WebElement]:
    return [row for row in browser.find_elements(By.CSS_SELECTOR, f"#{table} tbody tr") if row.is_displayed()]


def column(browser: webdriver.Chrome, head: str) -> list[str]:
    """Texts of a column of the pairs, of the rows that are shown, from top to bottom."""
    found = browser.execute_script(
        """const table = document.getElementById("table-pairs");
        const column = [...table.tHead.rows[0].cells].findIndex((cell) => cell.textContent.trim() === arguments[0]);
        const rows = [...table.tBodies[0].rows].filter((row) => row.offsetParent !== null);
        return rows.map((row) => row.cells[column].innerText);""",
        head,
    )
    return [str(text) for text in found]


def head(browser: webdriver.Chrome, label: str) -> WebElement:
    heads = browser.find_elements(By.CSS_SELECTOR, "#table-pairs thead th")
    return next(found for found in heads if found.text.startswith(label))


def test_tables_and_charts_are_in_place(shown: webdriver.Chrome, sample_document: Document) -> None:
    pairs = sum(len(panel.pairs) for panel in sample_document.panels)
    assert len(visible_rows(shown, "table-pairs")) == pairs
    assert len(visible_rows(shown, "table-problems")) == len(sample_document.problems)
    assert len(visible_rows(shown, "table-gaps")) == len(sample_document.gaps)
    assert len(visible_rows(shown, "table-profiles")) == len(sample_document.profiles)
    figures = shown.find_elements(By.CSS_SELECTOR, "figure")
    # A matrix of faults is on the page as a table that leads to its evidence.
    assert len(figures) == sum(chart.kind != "matrix" for chart in charts.draw(sample_document))
    for details in shown.find_elements(By.CSS_SELECTOR, "details:has(> figure)"):
        details.find_element(By.TAG_NAME, "summary").click()
    for figure in figures:
        drawing = figure.find_element(By.TAG_NAME, "svg")
        assert drawing.is_displayed()
        assert drawing.size["width"] > 600
        assert drawing.size["height"] > 100
    # Every pair has a mark in a forest, save what hardening does to raw code where safe code shows what it costs.
    # Counts, and cost against catch, have marks of their own.
    hardened = [row for row in rows(sample_document) if row.kind == "profile"]
    told_by_safe = {row.family for row in hardened if row.role == "safe"}
    left_out = sum(row.role == "raw" and row.family in told_by_safe for row in hardened)
    assert left_out == 2
    marks = shown.find_elements(By.CSS_SELECTOR, '[id*=".marks-"]:not([id^="counts."]):not([id^="safety."]) use')
    assert len(marks) == pairs - left_out
    assert all(mark.size["width"] > 3 for mark in marks[:10])


def test_nothing_is_asked_from_the_network_and_the_console_is_silent(shown: webdriver.Chrome, calm: Path) -> None:
    assert requests(shown) == [calm.as_uri()]
    assert complaints(shown) == []
    assert shown.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_style_and_script_are_let_through_by_the_policy(shown: webdriver.Chrome) -> None:
    assert shown.find_element(By.CSS_SELECTOR, "figure").value_of_css_property("border-radius") == "8px"
    assert shown.find_elements(By.CSS_SELECTOR, "#table-pairs thead button")


def test_sorting_by_ratio_sorts_both_ways_and_says_so(shown: webdriver.Chrome) -> None:
    before = [float(text) for text in column(shown, "Ratio")]
    assert before != sorted(before)
    head(shown, "Ratio").find_element(By.TAG_NAME, "button").click()
    assert [float(text) for text in column(shown, "Ratio")] == sorted(before)
    assert head(shown, "Ratio").get_attribute("aria-sort") == "ascending"
    head(shown, "Ratio").find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert [float(text) for text in column(shown, "Ratio")] == sorted(before, reverse=True)
    assert head(shown, "Ratio").get_attribute("aria-sort") == "descending"
    head(shown, "Idiom").find_element(By.TAG_NAME, "button").click()
    assert column(shown, "Idiom") == sorted(column(shown, "Idiom"))
    assert head(shown, "Ratio").get_attribute("aria-sort") is None


def test_rows_without_a_value_stay_last_both_ways(shown: webdriver.Chrome) -> None:
    for _ in range(2):
        head(shown, "Interval").find_element(By.TAG_NAME, "button").click()
        intervals = column(shown, "Interval")
        assert intervals.count("–") == 3
        assert intervals[-3:] == ["–"] * 3


def test_filters_filter_and_count(shown: webdriver.Chrome) -> None:
    tools = shown.find_element(By.XPATH, "//div[@class='tools'][following-sibling::*[1]//table[@id='table-pairs']]")
    total = len(visible_rows(shown, "table-pairs"))
    families, profiles, _, verdicts = (Select(found) for found in tools.find_elements(By.TAG_NAME, "select"))
    verdicts.select_by_visible_text("slower")
    assert {text.split()[-1] for text in column(shown, "Verdict")} == {"slower"}
    families.select_by_visible_text("errors")
    profiles.select_by_visible_text("gcc-o2")
    assert set(column(shown, "Case")) == {"errors/sqrt_chain"}
    assert set(column(shown, "Profile")) == {"gcc-o2"}
    assert tools.find_element(By.TAG_NAME, "output").text == f"1 of {total} rows"
    for select in (families, profiles, verdicts):
        select.select_by_visible_text("all")
    tools.find_element(By.TAG_NAME, "input").send_keys("RANGE_FOR")
    assert set(column(shown, "Idiom")) == {"range_for"}
    assert 0 < len(visible_rows(shown, "table-pairs")) < total


def test_a_letter_of_the_matrix_opens_its_evidence(shown: webdriver.Chrome) -> None:
    mark = shown.find_element(By.CSS_SELECTOR, "a.mark[href^='#proof-']")
    row = shown.find_element(By.ID, str(mark.get_attribute("href")).partition("#")[2])
    assert not row.is_displayed()
    mark.click()
    assert row.is_displayed()


def test_page_fits_a_phone_and_tables_scroll_in_their_own_box(shown: webdriver.Chrome) -> None:
    shown.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        assert shown.execute_script("return document.documentElement.scrollWidth") <= 400
        wide = shown.find_element(By.XPATH, "//table[@id='table-pairs']/..")
        assert int(wide.get_property("scrollWidth")) > int(wide.get_property("clientWidth"))  # type: ignore[arg-type]
    finally:
        shown.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_hostile_document_runs_nothing_and_draws_nothing_foreign(browser: webdriver.Chrome, evil: Path) -> None:
    requests(browser), complaints(browser)
    browser.get(evil.as_uri())
    for details in browser.find_elements(By.CSS_SELECTOR, "body > main > details > summary"):
        details.click()
    assert browser.execute_script("return typeof window.pwned") == "undefined"
    for foreign in (
        "img",
        "iframe",
        "object",
        "script ~ script",
        "[onload]",
        "[onerror]",
        f"a:not([href^='#'], [href='{glossary.FILE}'])",
    ):
        assert browser.find_elements(By.CSS_SELECTOR, foreign) == []
    assert requests(browser) == [evil.as_uri()]
    assert complaints(browser) == []
    assert browser.find_elements(By.CSS_SELECTOR, "#table-pairs thead button")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 1280


def side_by_side(folder: Path, *, evil: bool) -> Path:
    """The page of two runs that disagree on one idiom."""
    made = sound_document()
    both = (made, slower(made, "indexing/sum/span@gcc-o2", 1.2))
    names = HOSTILE[:2] if evil else ("one", "two")
    runs = [Given(letter, *given) for letter, *given in zip("AB", names, hostile(both) if evil else both, strict=True)]
    return cross_run_page.write(cross_run(runs), [names[0]], folder)


def test_runs_side_by_side_are_in_place_and_can_be_sorted(browser: webdriver.Chrome, tmp_path: Path) -> None:
    page = side_by_side(tmp_path, evil=False)
    requests(browser), complaints(browser)
    browser.get(page.as_uri())
    assert len(visible_rows(browser, "table-apart")) == 2
    pairs = visible_rows(browser, "table-pairs")
    assert "span" in pairs[0].text
    apart = column(browser, "Apart")
    heading = next(
        found for found in browser.find_elements(By.CSS_SELECTOR, "#table-pairs th") if found.text == "Apart"
    )
    heading.find_element(By.TAG_NAME, "button").click()
    assert column(browser, "Apart") != apart
    drawings = browser.find_elements(By.CSS_SELECTOR, "figure svg")
    assert len(drawings) == 2
    assert all(one.size["width"] > 600 and one.size["height"] > 100 for one in drawings)
    assert len(browser.find_elements(By.CSS_SELECTOR, "[id='several-apart.run-1'] use")) == 2
    assert requests(browser) == [page.as_uri()]
    assert complaints(browser) == []


def test_hostile_runs_side_by_side_run_nothing_and_draw_nothing_foreign(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    page = side_by_side(tmp_path, evil=True)
    requests(browser), complaints(browser)
    browser.get(page.as_uri())
    assert browser.execute_script("return typeof window.pwned") == "undefined"
    for foreign in (
        "img",
        "iframe",
        "object",
        "script ~ script",
        "[onload]",
        "[onerror]",
        f"a:not([href^='#'], [href='{glossary.FILE}'])",
    ):
        assert browser.find_elements(By.CSS_SELECTOR, foreign) == []
    assert requests(browser) == [page.as_uri()]
    assert complaints(browser) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 1280
