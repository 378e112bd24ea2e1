"""What is printed for a reader at a terminal."""

from __future__ import annotations

import io
import os
import pty

import pytest
from rich.console import Console

from safecost.core.console import LONGEST, new_table, output, printable, quote, say, show_table


def console(encoding: str = "utf-8", width: int = 40) -> tuple[Console, io.BytesIO]:
    written = io.BytesIO()
    return Console(file=io.TextIOWrapper(written, encoding=encoding, write_through=True), width=width), written


@pytest.mark.parametrize(
    ("text", "encoding", "line"),
    [
        ("two\n lines\t", "utf-8", "two lines"),
        ("\x1b[31mred\u202e", "utf-8", "⟨U+001B⟩[31mred⟨U+202E⟩"),
        ("Ada ✓", "ascii", "Ada ?"),
        ("x" * 11, "utf-8", "x" * 9 + "…"),
    ],
)
def test_a_text_becomes_one_line_that_every_terminal_can_print(text: str, encoding: str, line: str) -> None:
    assert printable(text, console(encoding)[0], 10 if text.startswith("x") else None) == line


def test_a_sentence_is_no_markup_wraps_and_has_an_end() -> None:
    out, written = console()
    say(out, "[bold]word[/bold] " + "x" * 2 * LONGEST)
    lines = written.getvalue().decode().splitlines()
    assert lines[0].startswith("[bold]word[/bold]")
    assert max(map(len, lines)) == 40 and sum(map(len, lines)) <= LONGEST


def test_only_a_terminal_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    sentence = "word " * 100
    piped = io.StringIO()
    say(output(piped), sentence)
    assert piped.getvalue().count("\n") == 1
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, os.fdopen(ours):
        assert output(terminal).width < 1000
    monkeypatch.setenv("COLUMNS", "50")
    assert output(io.StringIO()).width == 50


def test_no_name_in_a_table_is_broken_and_sentences_wrap_there() -> None:
    out, written = console(width=20)
    table = new_table("one", "two")
    table.add_row("x" * 30, "several words that wrap")
    show_table(out, table)
    text = written.getvalue().decode()
    assert "x" * 30 in text and "several words" not in text
    assert out.width == 20


def test_columns_of_a_table_break_what_is_too_long() -> None:
    out, written = console(width=20)
    table = new_table("one", "two")
    table.add_row("x" * 30, "y")
    out.print(table)
    assert written.getvalue().decode().count("x") == 30


def test_what_a_compiler_wrote_is_shown_and_obeyed_by_nobody(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    quote("x.cc:1: error\n::error::owned\x1b[31m")
    stop, *shown, resume = capsys.readouterr().err.splitlines()
    assert shown == ["x.cc:1: error", "::error::owned⟨U+001B⟩[31m"]
    assert stop.startswith("::stop-commands::") and resume == f"::{stop.removeprefix('::stop-commands::')}::"
    monkeypatch.delenv("GITHUB_ACTIONS")
    quote("x")
    assert capsys.readouterr().err == "x\n"
