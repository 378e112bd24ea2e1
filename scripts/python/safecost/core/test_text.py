"""How values are written, and that no text does anything but be read."""

from __future__ import annotations

import pytest

from safecost.core.text import counted, number, percent, shown, size_text, visible


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.000"),
        (0.1234, "0.123"),
        (12.345, "12.35"),
        (812.14, "812.1"),
        (60300.4, "60,300"),
        (0.00012, "0.00012"),
        (0.0051234, "0.00512"),
    ],
)
def test_numbers_keep_about_four_digits(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.01, "1 %"), (0.0045, "0.45 %"), (0.096875, "9.7 %"), (0.96875, "96.9 %"), (1.234, "123 %"), (56.78, "5,678 %")],
)
def test_shares_are_written_as_percentages(share: float, text: str) -> None:
    assert percent(share) == text


def test_counts_agree_with_their_nouns() -> None:
    assert counted(1, "launch") == "1 launch"
    assert counted(0, "A/A pair") == "0 A/A pairs"
    assert counted(2, "launch", "launches") == "2 launches"


@pytest.mark.parametrize(("value", "text"), [(49152, "48 KiB"), (8_000_000_000, "7.45 GiB"), (12, "12 bytes")])
def test_sizes(value: int, text: str) -> None:
    assert size_text(value) == text


def test_what_is_unseen_is_spelled_out() -> None:
    assert visible("a\u202eb\x07\u200b\n\té") == "a⟨U+202E⟩b⟨U+0007⟩⟨U+200B⟩\n\té"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\x1b[31m\n", r'"a\x1b[31m\n"'),
        ("x" * 81, f'"{"x" * 79}…"'),
        ([1, 2], "a list with 2 entries"),
        (None, "null"),
        (1.5, "1.5"),
    ],
)
def test_values_are_shown_on_one_short_line(value: object, text: str) -> None:
    assert shown(value) == text
