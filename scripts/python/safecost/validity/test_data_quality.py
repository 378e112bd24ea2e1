"""What A/A pairs and calibrations say of a run: the arithmetic, its words, and planted lies."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import matplotlib as mpl
import pytest
from rich.console import Console
from scipy.stats import binom

from safecost.document.io import encode, parse
from safecost.document.rows import PairRow, rows
from safecost.document.types import Document
from safecost.report import charts, table
from safecost.report import page as report
from safecost.report.charts.canvas import SETTINGS
from safecost.report.charts.spread import draw_spread
from safecost.report.table import table_rows
from safecost.testing.drawings import marks, row, words
from safecost.testing.hostile import hostile
from safecost.testing.sample_calibration import with_calibration
from safecost.testing.whole_report import whole
from safecost.validity import data_quality
from safecost.validity.advisories import advisories, conclusion
from safecost.validity.data_quality import at_least, coverage
from safecost.validity.words import aa_sentences, coverage_sentence, noise


@pytest.fixture(scope="module")
def honest(sample_document: Document) -> Document:
    return with_calibration(sample_document)


def calibration(
    planted: float, low: float | None, high: float | None, ratio: float, verdict: str, **more: Any
) -> PairRow:
    return row(
        kind="calibration",
        role="calibration",
        planted=planted,
        low=low,
        high=high,
        ratio=ratio,
        verdict=verdict,
        **more,
    )


def aa(low: float | None, high: float | None, level: float | None = 0.96875) -> PairRow:
    return row(kind="aa", role="aa", planted=1.0, low=low, high=high, level=level)


# ---- probabilities ---------------------------------------------------------------------------------------------------


def test_chances_of_events_that_differ_add_up() -> None:
    assert at_least(2, [0.5] * 3) == pytest.approx(binom.sf(1, 3, 0.5))
    assert at_least(0, [0.1, 0.7]) == pytest.approx(1.0)
    assert at_least(1, [0.1, 0.7]) == pytest.approx(1 - 0.9 * 0.3)
    assert at_least(2, [0.1, 0.7]) == pytest.approx(0.07)
    assert at_least(3, [0.1, 0.7]) == 0.0


# ---- intervals that miss ---------------------------------------------------------------------------------------------


def test_misses_are_counted_against_what_the_levels_let_expect() -> None:
    found = [aa(0.999, 1.001)] * 46 + [aa(1.001, 1.002), aa(0.99, 0.999), aa(None, None, None)]
    seen = coverage(found)
    assert seen is not None
    assert (seen.count, seen.misses) == (48, 2)
    assert seen.expected == pytest.approx(1.5)
    assert seen.chance == pytest.approx(binom.sf(1, 48, 0.03125))
    assert str(coverage_sentence(seen, "1")).startswith(
        "2 of 48 intervals miss 1; at a level of 96.9 % about 1.5 are expected, "
        "and so many or more happen by chance in 44"
    )
    assert "no sign against them" in str(coverage_sentence(seen, "1"))


def test_too_many_misses_are_no_accident() -> None:
    says = coverage_sentence(coverage([aa(1.001, 1.002)] * 5), "1")
    assert says is not None and says.endswith("the intervals of this run are too narrow.")


def test_an_interval_holds_its_own_ends_and_nothing_is_said_without_one() -> None:
    assert data_quality.holds(aa(1.0, 1.1)) and data_quality.holds(aa(0.9, 1.0))
    assert data_quality.holds(aa(1.000001, 1.1)) is False
    assert coverage([aa(None, None, None), row(kind="aa")]) is None
    assert coverage_sentence(None, "1") is None


# ---- calibrations
# --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "finding", "held"),
    [
        (calibration(1.02, 1.015, 1.025, 1.02, "slower"), "beyond the margin", True),
        (calibration(1.01, 1.005, 1.015, 1.01, "inconclusive"), "beyond 1", True),
        (calibration(0.98, 0.985, 0.995, 0.99, "inconclusive"), "beyond 1", False),
        (calibration(1.02, 0.999, 1.025, 1.01, "inconclusive"), "not found", True),
        (calibration(1.02, 0.95, 0.96, 0.955, "faster"), "not found", False),  # beyond the margin, on the wrong side
        (calibration(0.98, 1.02, 1.03, 1.025, "slower"), "not found", False),
        (calibration(1.02, None, None, 1.02, "inconclusive"), "not found", None),
        (calibration(1.0, 0.999, 1.001, 1.0, "equivalent"), None, True),
    ],
)
def test_a_difference_is_found_on_its_own_side_only(one: PairRow, finding: str | None, held: bool | None) -> None:
    (judged,) = data_quality.calibrations([one])
    assert (judged.finding, judged.held) == (finding, held)


def test_disqualified_calibrations_say_nothing() -> None:
    assert data_quality.calibrations([calibration(1.02, 1.015, 1.025, 1.02, "slower", disqualified=True)]) == ()


def test_honest_calibrations_leave_a_quiet_run_fit_for_a_gate(honest: Document) -> None:
    known = data_quality.quality(rows(honest))
    assert [one.finding for one in known.calibrations] == ["beyond 1", *["beyond the margin"] * 3]
    assert advisories(honest) == ()
    assert conclusion(honest).startswith(
        "Believe what this run calls slower or faster by more than 1 %: identical code"
    )
    assert conclusion(honest).endswith("and every planted difference above that was found.")


def test_a_control_that_lies_is_reported_as_not_found(sample_document: Document) -> None:
    """It says that it repeats its base 102 times, and repeats it 100 times."""
    liar = with_calibration(sample_document, {"plus_2": 1.0})
    assert advisories(liar) == (
        "1 of 3 planted differences above 1 % was not found: calibration/straight/plus_2/size:1024@gcc-o2 was built"
        " to be"
        " 1.020 and reads 1.000 (1.000-1.000, which holds 1).",
        "1 of 4 calibrations reads more than 0.5 % beside what was planted.",
    )
    assert conclusion(liar) == "Take these times as advice only, for the reasons given above."
    drawn = charts.draw(liar)
    assert '<span class="chip bad">not found</span>' in whole(liar, drawn)
    assert "**not found**" in report.markdown(liar, drawn)
    assert re.search(r"calibrations: 3 of 4 planted differences found, the worst read \S+ for 1.0200", shown(liar))


def test_a_small_lie_is_found_by_the_interval(sample_document: Document) -> None:
    liar = with_calibration(sample_document, {"plus_5": 1.04})
    assert advisories(liar) == ("1 of 4 calibrations reads more than 0.5 % beside what was planted.",)


def shown(document: Document) -> str:
    console = Console(file=io.StringIO(), width=300)
    table.render(document, console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


# ---- where they appear -----------------------------------------------------------------------------------------------


def test_calibrations_are_no_costs(sample_document: Document, honest: Document) -> None:
    assert table_rows(honest) == table_rows(sample_document)
    assert report.headline(honest) == report.headline(sample_document)
    names = {chart.name: chart for chart in charts.draw(honest)}
    assert {name for name in names if "calibration" in name} == set()
    assert not any("calibration" in word for word in words(names["map"].svg))
    page = report.site(honest, tuple(names.values()))["pairs.html"]
    pairs = json.loads(page.split('id="pairs-data">')[1].split("</script>")[0])
    assert {row[4] for row in pairs if row[0]["words"] == "calibration/straight"} <= {"A/A pair"}
    assert "calibration/straight/plus_1" in report.site(honest, ())["quality.html"]


def test_a_document_with_calibrations_is_read_as_it_was_written(honest: Document) -> None:
    assert parse(encode(honest), "run.json") == honest


def test_a_run_without_aa_pairs_and_calibrations_cannot_be_believed(sample_document: Document) -> None:
    nothing = dataclasses.replace(sample_document, panels=())
    assert conclusion(nothing).startswith("Nothing was measured whose ratio is known")
    assert aa_sentences(data_quality.quality(rows(nothing))) == []
    assert "calibrations: none, so nothing shows" in shown(sample_document)


def test_aa_pairs_called_different_are_called_wrong() -> None:
    found = [aa(0.999, 1.001), dataclasses.replace(aa(1.02, 1.03), verdict="slower", ratio=1.025)]
    first, second, third = aa_sentences(data_quality.quality(found))
    assert first == "Of 2 A/A pairs, the same source as two functions, 1 equivalent, 1 slower, which is wrong."
    assert second.startswith("1 of them differs by more than 0.5 %;")
    assert "lies between 1.3 % and 98.7 %" in third


def test_aa_pairs_of_several_workers_stand_beside_all_others() -> None:
    of_workers = dataclasses.replace(aa(1.01, 1.03), ratio=1.02, workers=2)
    said = aa_sentences(data_quality.quality([aa(0.999, 1.001), of_workers]))
    assert said[-1].startswith("1 of them is of kernels with several workers: their median distance from 1 is 2 %")
    assert len(said) == len(aa_sentences(data_quality.quality([of_workers]))) + 1


def test_every_aa_pair_has_its_dot_and_outliers_are_marked(honest: Document) -> None:
    (spread,) = [chart for chart in charts.draw(honest) if chart.name == "spread"]
    found = [one for one in rows(honest) if one.kind == "aa"]
    outliers = [one for one in found if data_quality.distance(one.ratio) > data_quality.TOLERANCE]
    assert len(marks(spread, "calm-")) == len(found) - len(outliers)
    assert len(marks(spread, "outlier-")) == len(outliers)
    assert len(marks(spread, "calm-")) > 5


def test_a_thousand_aa_pairs_take_no_more_room_than_fifty(sample_document: Document) -> None:
    def height(count: int) -> float:
        with mpl.rc_context(SETTINGS):
            (spread,) = draw_spread(sample_document, [aa(0.999, 1.001)] * count)
        assert len(marks(spread, "calm-")) == count
        return float(str(ET.fromstring(spread.svg).get("height")))

    assert height(1) < height(50) == height(1000)


def test_noise_is_told_with_its_limits(sample_document: Document) -> None:
    machine = dataclasses.replace(
        sample_document.machine, steal_share=0.2, load_before=3.0, address_randomization=0, governor="powersave"
    )
    told = {thing.name: thing for thing in noise(dataclasses.replace(sample_document, machine=machine))}
    assert told["Taken by the host"].beyond and not told["Load before"].beyond
    assert told["Contended"].value == "0 %"
    assert told["Address randomization"].meaning == "all launches share one draw of addresses"
    assert told["Frequency governor"].meaning == "the frequency may change in a run"
    assert not any(thing.beyond for thing in noise(sample_document))


def test_hostile_names_of_calibrations_stay_words(honest: Document) -> None:
    evil = hostile(honest)
    page, text = whole(evil, ()), report.markdown(evil, ())
    section = page[page.index('id="table-calibrations"') : page.index('id="noise"')]
    assert section.count("plus_1&lt;script&gt;") == 1
    assert "<script>window" not in page and "<script>window" not in text
