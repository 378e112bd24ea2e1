"""The study of placement: what counts as a miss, what chance alone would miss, and where its tables go."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from safecost.lab.studies import placement_study as study
from safecost.lab.studies.common import insert
from safecost.lab.studies.placement_tables import Placed, chance_of_a_miss, distance, markdown, missed
from safecost.stats.pairs import Interval


def placed(
    is_rebuild: bool = True, links: float = 0.0, shipped: float = 0.0, relinks: float = 0.0, pads: float = 0.0
) -> Placed:
    """A pair whose launches scatter by a thousandth around these log ratios."""

    def around(middle: float, count: int) -> tuple[float, ...]:
        return tuple(middle + 1e-3 * (i - (count - 1) / 2) for i in range(count))

    return Placed(
        "indexing/sum", "gcc-o2", "aa" if is_rebuild else "at", is_rebuild,
        (around(links, 6),), (around(shipped, 6),), around(relinks, 9), around(pads, 5),
    )  # fmt: skip


def test_an_interval_over_one_link_can_miss_what_fresh_layouts_hold() -> None:
    pairs = [placed(links=-0.036), placed(is_rebuild=False, links=0.2, shipped=0.1, relinks=0.1, pads=0.3)]
    for aa_pairs, off in ((True, 0.036), (False, 0.1)):
        one, fresh = (missed(pairs, source, aa_pairs) for source in ("one link", "fresh layouts"))
        assert one is not None and fresh is not None
        assert (one.intervals, one.missed, one.beyond) == (1, 1, 1 if aa_pairs else 0)
        assert one.worst == pytest.approx(off - 2.5e-3)
        assert (fresh.intervals, fresh.missed, fresh.worst, fresh.beyond) == (1, 0, 0.0, 0)
        assert (one.off_pads, fresh.off_pads) == (1, 0 if aa_pairs else 1)
        assert one.low <= 1.0 <= one.high and fresh.low == 0.0 < fresh.high < 1.0


def test_a_aa_pair_is_held_against_one_and_an_idiom_against_further_layouts() -> None:
    assert placed(relinks=0.5).truth == 0.0
    assert placed(is_rebuild=False, relinks=0.5).truth == pytest.approx(0.5)


def test_distance_is_zero_inside_and_grows_on_both_sides() -> None:
    interval = Interval(-1.0, 2.0, 0.95)
    assert [distance(interval, value) for value in (-3.0, -1.0, 0.0, 2.0, 2.5)] == [2.0, 0.0, 0.0, 0.0, 0.5]


@pytest.mark.parametrize(("launches", "others", "low", "high"), [(12, 0, 0.038, 0.040), (12, 25, 0.05, 0.12)])
def test_chance_alone_misses_so_often(launches: int, others: int, low: float, high: float) -> None:
    assert low < chance_of_a_miss(launches, others) < high


def test_chance_is_that_of_any_distribution() -> None:
    draw = np.random.default_rng(2)
    sets, truth = np.sort(draw.standard_cauchy((4_000, 6))), np.median(draw.standard_cauchy((4_000, 9)), axis=1)
    seen = float(np.mean((truth < sets[:, 0]) | (truth > sets[:, -1])))
    assert chance_of_a_miss(6, 9) == pytest.approx(seen, abs=0.02)


def test_an_interrupted_study_has_tables_too() -> None:
    few = Placed("indexing/sum", "gcc-o2", "aa", True, ((0.01,),), (), (), ())
    assert missed([few], "one link", True) is None
    assert "| indexing/sum/aa@gcc-o2 | 0.00% | +1.01% | – | – | – |" in markdown([few])


def test_ratios_are_shown_as_changes() -> None:
    text = "\n".join(markdown([placed(is_rebuild=False, relinks=math.log(0.5), shipped=1.0)]))
    assert "-50.00%" in text and "**no**" in text


def test_the_document_has_the_marks_of_the_tables(tmp_path: Path) -> None:
    copy = tmp_path / "PLACEMENT.md"
    copy.write_text(study.DOCUMENT.read_text(encoding="utf-8"), encoding="utf-8")
    insert(copy, "placement", "| new |\n")
    assert "<!-- placement.md begins -->\n| new |\n<!-- placement.md ends -->" in copy.read_text(encoding="utf-8")


def test_layouts_are_used_once_and_extents_add_up() -> None:
    for extent in (study.FULL, study.QUICK):
        assert extent.shuffled == extent.links - 1 + extent.sets * extent.launches + extent.relinks
        assert extent.launches >= 6


@pytest.mark.build
def test_a_small_study(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(study, "QUICK", study.PlacementExtent(2, 1, 6, 3, 2, 0.001))
    out = tmp_path / "placement.json"
    words = ["--quick", "--filter", "indexing/sum", "--profiles", "gcc-o2", "--out", str(out)]
    ended = CliRunner().invoke(study.main, words)
    if "LLD is not installed" in ended.output:
        pytest.skip("no LLD here")
    assert ended.exit_code == 0, ended.output
    assert "| A/A pairs | a layout each | 1 |" in ended.output
    assert out.exists()
