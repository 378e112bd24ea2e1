from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from safecost.document.types import Document
from safecost.report import case_page
from safecost.testing.browser import complaints, requests
from safecost.testing.hostile import HOSTILE
from safecost.testing.sample_document import build_sample_document

EVIL = "".join(HOSTILE).replace("\x00", "").replace("\ud800", "")


def evil_document() -> Document:
    """Names are as the schema demands them; each text that nobody checks attacks."""
    made = build_sample_document()
    codes = tuple(dataclasses.replace(code, listing=f"{code.listing}\nx {EVIL}\n- {EVIL}") for code in made.codes)
    cases = tuple(
        dataclasses.replace(
            case,
            question=EVIL,
            sources=tuple(dataclasses.replace(one, text=f"{EVIL}\n{one.text}{EVIL}") for one in case.sources),
        )
        for case in made.cases
    )
    machine = dataclasses.replace(made.machine, cpu=EVIL)
    return dataclasses.replace(made, codes=codes, cases=cases, machine=machine)


def page(document: Document) -> str:
    return case_page.page(document, document.cases[0])


def test_a_page_for_each_case(sample_document: Document, tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    for name in ("old.case.html", "notes.html"):
        (tmp_path / "cases" / name).write_text("")
    names = [f"{case.family}.{case.case}.html" for case in sample_document.cases]
    assert case_page.write(sample_document, tmp_path) == [tmp_path / "cases" / name for name in names]
    assert {path.name for path in (tmp_path / "cases").iterdir()} == {*names, "notes.html"}


def test_names_that_no_file_should_have_get_no_page(sample_document: Document) -> None:
    for family in ("../up", "a/b", "<b>", "", "A", "-x"):
        case = dataclasses.replace(sample_document.cases[0], family=family)
        assert case_page.address(case) is None


def test_the_page_says_why_and_holds_sources_and_listings(sample_document: Document) -> None:
    text = page(sample_document)
    assert "times as long as raw" in text
    assert "1 check is emitted; raw has none." in text
    assert "SAFECOST_RAW(raw)" in text
    assert "c jae 20" in text
    assert text == page(sample_document)


def test_the_page_allows_itself_its_own_style_and_script_and_nothing_else() -> None:
    text = page(evil_document())
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    for kind, allowed in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(allowed.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "<img" not in text
    assert "\u202e" not in text


def opened(browser: webdriver.Chrome, document: Document, folder: Path, fragment: str = "") -> str:
    path, *_ = case_page.write(document, folder)
    requests(browser), complaints(browser)
    browser.get("about:blank")
    browser.get(path.as_uri() + fragment)
    return path.as_uri()


@pytest.mark.browser
def test_two_builds_stand_side_by_side_and_others_can_be_chosen(
    browser: webdriver.Chrome, sample_document: Document, tmp_path: Path
) -> None:
    opened(browser, sample_document, tmp_path, "#at@gcc-o2")
    selects = [Select(found) for found in browser.find_elements(By.CSS_SELECTOR, "#compared select")]
    assert [select.first_selected_option.text for select in selects] == ["raw (gcc-o2)", "at (gcc-o2)"]
    assert browser.find_element(By.CSS_SELECTOR, "table.listing td.c").text.strip() == "c jae 20"
    assert browser.find_elements(By.CSS_SELECTOR, "table.listing tr.right-only td.f")
    selects[1].select_by_visible_text("raw (gcc-o2)")
    assert not browser.find_elements(By.CSS_SELECTOR, "table.listing td.c")
    assert not browser.find_elements(By.CSS_SELECTOR, "table.listing .left-only, table.listing .right-only")
    browser.find_element(By.CSS_SELECTOR, "a.pick").click()
    assert browser.find_elements(By.CSS_SELECTOR, "table.listing td.c")
    assert complaints(browser) == []


@pytest.mark.browser
def test_the_page_fits_a_phone(browser: webdriver.Chrome, sample_document: Document, tmp_path: Path) -> None:
    opened(browser, sample_document, tmp_path)
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 400
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.browser
def test_a_hostile_document_runs_nothing_and_draws_nothing_foreign(browser: webdriver.Chrome, tmp_path: Path) -> None:
    where = opened(browser, evil_document(), tmp_path, "#%zz")
    assert browser.execute_script("return typeof window.pwned") == "undefined"
    for foreign in ("img", "iframe", "object", "svg", "script ~ script", "[onload]", "[onerror]"):
        assert browser.find_elements(By.CSS_SELECTOR, foreign) == []
    assert {address.partition("#")[0] for address in requests(browser)} <= {where, "about:blank"}
    assert browser.find_elements(By.CSS_SELECTOR, "table.listing td.c")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 1280
