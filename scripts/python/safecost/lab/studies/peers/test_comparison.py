"""The table on made-up trials: what counts as different, found and missed, and at which seconds."""

from __future__ import annotations

import pytest

from safecost.lab.studies.peers.comparison import DASH, compared, over_links
from safecost.lab.studies.peers.records import PeerEstimate, Trial, TrialKey


def trial(
    tool: str,
    pair: str,
    ratio: float,
    *,
    width: float | None = None,
    different: bool = False,
    beyond: bool | None = None,
    seconds: float = 1.0,
    repeat: int = 0,
) -> Trial:
    low, high = (None, None) if width is None else (ratio / (1 + width), ratio * (1 + width))
    key = TrialKey(tool, "sum", pair, seconds, repeat)
    return Trial(key, seconds + 0.1, PeerEstimate(ratio, low, high, different, beyond))


def cells_of(trials: list[Trial], row: str) -> tuple[str, ...]:
    rows = {name: tuple(cells) for name, *cells in compared(trials, ("mine", "other", "absent")).rows}
    return rows[row]


TRIALS = [
    trial("mine", "aa", 1.001, width=0.002, beyond=False),
    trial("mine", "aa", 0.997, width=0.001, different=True, beyond=False, repeat=1),
    trial("mine", "aa", 1.5, width=0.001, different=True, beyond=True, seconds=0.2),  # counts nowhere but for its time
    trial("mine", "plus_1", 1.01, width=0.001, different=True, beyond=False),
    trial("mine", "plus_1", 0.98, width=0.001, different=True, beyond=True, repeat=1),
    trial("mine", "plus_2", 1.02, width=0.001, different=True, beyond=True),
    trial("mine", "plus_2", 1.02, width=0.03, different=False, beyond=False, repeat=1),
    trial("mine", "plus_2", 1.02, width=0.03, different=True, beyond=True, seconds=0.2),
    trial("other", "aa", 1.02, different=True),
    trial("other", "plus_1", 1.03, different=False),
]


@pytest.mark.parametrize(
    ("row", "mine", "other"),
    [
        ("A/A called different, 0.2 s", "100 % (1 of 1)", DASH),
        ("A/A called different, 1 s", "50 % (1 of 2)", "100 % (1 of 1)"),
        ("A/A called slower or faster, beyond 1 %", "0 % (0 of 2)", DASH),
        ("A/A error, median / p95, %", "0.20 / 0.29", "1.98 / 1.98"),
        ("intervals that miss the truth", "33 % (2 of 6)", DASH),
        ("half-width, median / p90, %", "0.10 / 1.58", DASH),
        ("+1 % found, 1 s", "50 % (1 of 2)", "0 % (0 of 1)"),
        ("+1 % found, 0.2 s", DASH, DASH),
        ("+1 % called faster, after 1 s", "50 % (1 of 2)", "0 % (0 of 1)"),
        ("+2 % found, 1 s", "50 % (1 of 2)", DASH),
        ("+2 % found, 0.2 s", "100 % (1 of 1)", DASH),
        ("+2 % called slower, beyond 1 %, after 1 s", "50 % (1 of 2)", DASH),
        ("seconds it took on the wall, of 0.2 / 1, median", "0.30 / 1.10", f"{DASH} / 1.10"),
    ],
)
def test_a_row(row: str, mine: str, other: str) -> None:
    assert cells_of(TRIALS, row)[:2] == (mine, other)


def test_a_tool_that_is_not_there_has_dashes() -> None:
    rows = compared(TRIALS, ("mine", "other", "absent")).rows
    assert {row[3] for row in rows} == {DASH, f"{DASH} / {DASH}"}


def test_no_trials_are_a_table_too() -> None:
    assert {cell for row in compared([], ("mine",)).rows for cell in row[1:]} == {DASH, ""}


def test_links_are_grouped_whole_and_at_the_longest_time() -> None:
    steady = [trial("mine", "aa", 1.01 + 0.001 * i, repeat=i) for i in range(6)]
    around = [trial("mine", "plus_1", 1.01 + 0.001 * (i - 2), repeat=i) for i in range(6)]
    rest = [trial("mine", "plus_2", 2.0, repeat=i) for i in range(5)]
    short = [trial("mine", "aa", 2.0, seconds=0.2, repeat=i) for i in range(6)]
    count, missed, width = over_links([*steady, *around, *rest, *short], 6)["mine"]
    assert (count, missed) == (2, 1)
    assert width == pytest.approx(0.247, abs=0.003)
