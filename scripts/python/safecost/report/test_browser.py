"""Opens the report in headless Chromium: it shows its tables and charts, sorts, filters, and runs nothing foreign."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from safecost.core import glossary
from safecost.cross_run import page as cross_run_page
from safecost.cross_run.agreement import Given, cross_run
from safecost.document.rows import rows
from safecost.document.types import Document
from safecost.report import charts
from safecost.report import page as report
from safecost.report.sections import LABELS
from safecost.testing.browser import complaints, requests
from safecost.testing.changed_document import slower, sound_document
from safecost.testing.hostile import HOSTILE, hostile
from safecost.testing.sample_document import build_sample_document

pytestmark = pytest.mark.browser

OWN = ", ".join(f"[href^='{name}.html']" for name in LABELS)  # the pages of a report


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report.write(build_sample_document(), tmp_path_factory.mktemp("calm"))


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report.write(hostile(build_sample_document()), tmp_path_factory.mktemp("evil"))


@pytest.fixture
def shown(browser: webdriver.Chrome, calm: Path) -> webdriver.Chrome:
    requests(browser), complaints(browser)
    browser.get(calm.as_uri())
    return browser


@pytest.fixture
def pairs(browser: webdriver.Chrome, calm: Path) -> webdriver.Chrome:
    return opened(browser, calm.with_name("pairs.html"))


def opened(browser: webdriver.Chrome, page: Path, fragment: str = "") -> webdriver.Chrome:
    browser.get("about:blank")
    requests(browser), complaints(browser)
    browser.get(page.as_uri() + fragment)
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


def test_tables_and_charts_are_in_place(browser: webdriver.Chrome, calm: Path, sample_document: Document) -> None:
    pairs = sum(len(panel.pairs) for panel in sample_document.panels)
    tables = {
        ("pairs", "table-pairs"): pairs,
        ("report", "table-problems"): len(sample_document.problems),
        ("about", "table-gaps"): len(sample_document.gaps),
        ("about", "table-profiles"): len(sample_document.profiles),
    }
    for (page, table), count in tables.items():
        assert len(visible_rows(opened(browser, calm.with_name(f"{page}.html")), table)) == count, table
    figures, marks = 0, 0
    for page in report.site(sample_document, charts.draw(sample_document)):
        opened(browser, calm.with_name(page))
        for details in browser.find_elements(By.CSS_SELECTOR, "details:has(> figure)"):
            details.find_element(By.TAG_NAME, "summary").click()
        for figure in browser.find_elements(By.CSS_SELECTOR, "figure"):
            drawing = figure.find_element(By.TAG_NAME, "svg")
            assert drawing.is_displayed()
            assert drawing.size["width"] > 600
            assert drawing.size["height"] > 100
            figures += 1
        found = browser.find_elements(By.CSS_SELECTOR, '[id*=".marks-"]:not([id^="counts."]):not([id^="safety."]) use')
        assert all(mark.size["width"] > 3 for mark in found[:10])
        marks += len(found)
    # A matrix of faults is on the page of its case as a table that leads to its evidence.
    assert figures == sum(chart.kind != "matrix" for chart in charts.draw(sample_document))
    # Every pair has a mark in a forest, save what hardening does to raw code where safe code shows what it costs.
    # Counts, and cost against catch, have marks of their own.
    hardened = [row for row in rows(sample_document) if row.kind == "profile"]
    told_by_safe = {row.family for row in hardened if row.role == "safe"}
    left_out = sum(row.role == "raw" and row.family in told_by_safe for row in hardened)
    assert left_out == 2
    assert marks == pairs - left_out


def test_nothing_is_asked_from_the_network_and_the_console_is_silent(shown: webdriver.Chrome, calm: Path) -> None:
    assert requests(shown) == [calm.as_uri()]
    assert complaints(shown) == []
    assert shown.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_style_and_script_are_let_through_by_the_policy(shown: webdriver.Chrome) -> None:
    assert shown.find_element(By.CSS_SELECTOR, "figure").value_of_css_property("border-radius") == "8px"
    assert shown.find_elements(By.CSS_SELECTOR, "#table-tallies thead button")


def test_sorting_by_ratio_sorts_both_ways_and_says_so(pairs: webdriver.Chrome) -> None:
    before = [float(text) for text in column(pairs, "Ratio")]
    assert before != sorted(before)
    head(pairs, "Ratio").find_element(By.TAG_NAME, "button").click()
    assert [float(text) for text in column(pairs, "Ratio")] == sorted(before)
    assert head(pairs, "Ratio").get_attribute("aria-sort") == "ascending"
    head(pairs, "Ratio").find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert [float(text) for text in column(pairs, "Ratio")] == sorted(before, reverse=True)
    assert head(pairs, "Ratio").get_attribute("aria-sort") == "descending"
    head(pairs, "Idiom").find_element(By.TAG_NAME, "button").click()
    assert column(pairs, "Idiom") == sorted(column(pairs, "Idiom"))
    assert head(pairs, "Ratio").get_attribute("aria-sort") is None


def test_rows_without_a_value_stay_last_both_ways(pairs: webdriver.Chrome) -> None:
    for _ in range(2):
        head(pairs, "Interval").find_element(By.TAG_NAME, "button").click()
        intervals = column(pairs, "Interval")
        assert intervals.count("–") == 3
        assert intervals[-3:] == ["–"] * 3


def test_filters_filter_and_count(pairs: webdriver.Chrome) -> None:
    tools = pairs.find_element(By.XPATH, "//div[@class='tools'][following-sibling::*[1]//table[@id='table-pairs']]")
    total = len(visible_rows(pairs, "table-pairs"))
    families, profiles, _, verdicts = (Select(found) for found in tools.find_elements(By.TAG_NAME, "select"))
    verdicts.select_by_visible_text("slower")
    assert {text.split()[-1] for text in column(pairs, "Verdict")} == {"slower"}
    families.select_by_visible_text("errors")
    profiles.select_by_visible_text("gcc-o2")
    assert set(column(pairs, "Case")) == {"errors/sqrt_chain"}
    assert set(column(pairs, "Profile")) == {"gcc-o2"}
    assert tools.find_element(By.TAG_NAME, "output").text == f"1 of {total} rows"
    for select in (families, profiles, verdicts):
        select.select_by_visible_text("all")
    tools.find_element(By.TAG_NAME, "input").send_keys("RANGE_FOR")
    WebDriverWait(pairs, 10).until(lambda _: set(column(pairs, "Idiom")) == {"range_for"})
    assert set(column(pairs, "Idiom")) == {"range_for"}
    assert 0 < len(visible_rows(pairs, "table-pairs")) < total


def test_what_was_chosen_is_in_the_address_and_comes_back(pairs: webdriver.Chrome, calm: Path) -> None:
    tools = pairs.find_element(By.CLASS_NAME, "tools")
    Select(tools.find_elements(By.TAG_NAME, "select")[1]).select_by_visible_text("gcc-o2")
    head(pairs, "Ratio").find_element(By.TAG_NAME, "button").click()
    chosen, address = column(pairs, "Ratio"), pairs.current_url
    assert address.endswith("#table-pairs?Profile=gcc-o2&sort=Ratio")
    opened(pairs, calm.with_name("pairs.html"), "#" + address.partition("#")[2])
    assert column(pairs, "Ratio") == chosen
    assert set(column(pairs, "Profile")) == {"gcc-o2"}


def test_search_finds_a_weakness_by_its_name_and_leads_to_it(shown: webdriver.Chrome, calm: Path) -> None:
    shown.find_element(By.CSS_SELECTOR, "#search input").send_keys("out-of-bounds READ")
    first = shown.find_element(By.CSS_SELECTOR, "#search li a")
    assert first.text == "Out-of-bounds Read (CWE-125)"
    first.click()
    assert shown.current_url == calm.with_name("faults.html").as_uri() + "#cwe-125"
    assert shown.find_element(By.ID, "cwe-125").is_displayed()


def test_a_letter_of_the_matrix_opens_its_evidence(browser: webdriver.Chrome, calm: Path) -> None:
    opened(browser, calm.parent / "cases" / "indexing.sum.html")
    mark = browser.find_element(By.CSS_SELECTOR, "a.mark[href^='#']")
    row = browser.find_element(By.ID, str(mark.get_attribute("href")).partition("#")[2])
    assert not row.is_displayed()
    mark.click()
    assert row.is_displayed()


def test_page_fits_a_phone_and_tables_scroll_in_their_own_box(pairs: webdriver.Chrome) -> None:
    pairs.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        assert pairs.execute_script("return document.documentElement.scrollWidth") <= 400
        wide = pairs.find_element(By.XPATH, "//table[@id='table-pairs']/..")
        assert int(wide.get_property("scrollWidth")) > int(wide.get_property("clientWidth"))  # type: ignore[arg-type]
    finally:
        pairs.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_hostile_document_runs_nothing_and_draws_nothing_foreign(browser: webdriver.Chrome, evil: Path) -> None:
    for page in ("report.html", "pairs.html", "faults.html", "about.html", "quality.html"):
        look_at(browser, evil.with_name(page))


def look_at(browser: webdriver.Chrome, evil: Path) -> None:
    opened(browser, evil)
    for details in browser.find_elements(By.CSS_SELECTOR, "body > main > details > summary"):
        details.click()
    assert browser.execute_script("return typeof window.pwned") == "undefined"
    for foreign in (
        "img",
        "iframe",
        "object",
        "script:not([type]) ~ script:not([type])",
        "[onload]",
        "[onerror]",
        f"a:not([href^='#'], [href='{glossary.FILE}'], {OWN})",
    ):
        assert browser.find_elements(By.CSS_SELECTOR, foreign) == []
    assert set(requests(browser)) <= {evil.as_uri(), "about:blank"}
    assert complaints(browser) == []
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
