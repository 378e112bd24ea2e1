"""`safecost rejected`: asks the compilers, shows the table, and writes the page of the documentation."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from safecost.core import pages
from safecost.core.command import examples
from safecost.core.console import new_table, no_commands, output, say, show_table
from safecost.core.errors import OK, WRONG_RESULT, UsageError
from safecost.core.text import counted
from safecost.document.judged import DIFFERS, Rejection
from safecost.reject import rows, rulings
from safecost.reject.rows import NAMES, by_status, cell, counted_outcomes, topics
from safecost.suite import snippets
from safecost.suite.cases import pattern_of
from safecost.suite.snippets import Snippet

_STYLES = {"rejects": "green", "now": "green", "accepts": "yellow", "BROKEN": "red"}


@click.command(
    "rejected",
    epilog=examples(
        "safecost rejected                                 every snippet, every compiler",
        "safecost rejected --filter lifetimes/ --compilers clang,rustc",
        "safecost rejected --snippets ~/my-snippets        those of a folder of yours",
        "safecost rejected --write docs/REJECTED.md        the page of the documentation",
    )
    + "\n\n\b\nExit codes: 0 every snippet is what it says (a missing compiler is skipped; one that has become"
    + "\nbetter, or differs as it is another version than the snippet's, is reported); 2 usage; 5 a snippet's claim"
    + "\ndoes not hold.",
)
@click.option("--filter", "expression", metavar="REGEX", help="Only snippets that match, as topic/file.")
@click.option("--compilers", metavar="NAMES", help="Of gcc, clang, rustc, with commas between (default: all).")
@click.option(
    "--snippets",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Read snippets from DIR instead of bench/compile-time.",
)
@click.option("--write", "page", metavar="FILE", type=click.Path(path_type=Path),
              help="Write the page with the table to FILE, unless a claim is broken.")  # fmt: skip
def rejected(expression: str | None, compilers: str | None, folder: Path | None, page: Path | None) -> int:
    """Show which misuse of memory compilers reject: C++ beside Rust, each snippet compiled with and without it."""
    return run(expression, compilers, folder, page, output())


def run(expression: str | None, compilers: str | None, folder: Path | None, page: Path | None, out: Console) -> int:
    """Ask `compilers` about the snippets that match, show what they do, and write the page where one is wanted.

    Returns 5 where a snippet's claim does not hold, else 0. Raises UsageError for what cannot be asked.
    """
    if page is not None and (expression or compilers or folder):
        raise UsageError("--write makes the page of all snippets and compilers: leave out the other options.")
    if page is not None and not page.resolve().parent.is_dir():
        raise UsageError(f"--write {page}: there is no such folder.")
    found = _choose(snippets.find(folder or snippets.FOLDER), expression)
    asked = {name: one for name, one in rulings.compilers_here().items() if name in rulings.chosen(compilers)}
    if not any(name in asked for one in found for name in one.expectations):
        raise UsageError(f"--compilers {compilers}: none of the chosen snippets is in the language of these.")
    missing = [one.reason for one in asked.values() if one.path is None]
    if page is not None and missing:
        raise UsageError(f"--write needs all compilers: {'; '.join(map(str, missing))}.")
    made = rulings.collect(found, asked)
    with no_commands(sys.stdout):
        show(made, out)
    for reason in missing:
        print(f"skipped: {reason}", file=sys.stderr)
    wrong = rulings.broken(made)
    if page is not None and not wrong:
        page.write_text(
            pages.markdown("rejected_page.md.jinja", rejected=rows, rejections=made), encoding="utf-8", newline="\n"
        )
        print(f"wrote {page}")
    return WRONG_RESULT if wrong else OK


def _choose(found: Sequence[Snippet], expression: str | None) -> list[Snippet]:
    pattern = pattern_of(expression)
    if pattern is None:
        return list(found)
    matching = [one for one in found if pattern.search(one.name)]
    if not matching:
        names = ", ".join(dict.fromkeys(one.topic for one in found))
        raise UsageError(f"--filter {expression!r} matches no snippet: the topics are {names}.")
    return matching


def show(made: Sequence[Rejection], out: Console) -> None:
    """The table, what has become better, is broken, or differs; nothing from a compiler is read as markup."""
    asked = dict.fromkeys(ruling.by for one in made for ruling in one.rulings)
    columns = [by for by in NAMES if by in asked]
    for topic, lines in topics(made):
        table = new_table(topic)
        table.add_column("CWE", justify="right")
        for by in columns:
            table.add_column(NAMES[by], overflow="fold")
        above = ""
        for line in lines:
            head = line.head
            way = "" if head.way == "plain" else f".{head.way}"
            name = f"  {way}" if head.misuse == above else f"{head.misuse}{way}"
            above = head.misuse
            cells = [cell(line.rulings.get(by)) for by in columns]
            styled = [Text(text, style=_STYLES.get(text.split()[0], "")) for text in cells]
            table.add_row(Text(name), Text(str(head.cwe)), *styled)
        show_table(out, table)
        out.print()
    for name, version, rejecting, all_of in counted_outcomes(made):
        say(out, f"{name} {version}: rejects {rejecting} of {counted(all_of, 'snippet')} it was asked about")
    for _, heading, found in by_status(made):
        say(out, f"{counted(len(found), 'misuse')}: {heading[0].lower()}{heading[1:]}")
    for one in made:
        for ruling in one.rulings:
            where = f"{_name(one)} with {ruling.by}"
            if ruling.differs:
                say(out, f"differs: {where}: {(ruling.reason or '').removeprefix(DIFFERS)}", "yellow")
            elif ruling.outcome == "newly_rejected":
                say(out, f"now rejected: {where}: {ruling.reason}; let the snippet say so", "green")
            elif ruling.outcome == "broken":
                say(out, f"broken: {where}: {ruling.reason}", "red")


def _name(one: Rejection) -> str:
    way = "" if one.way == "plain" else f".{one.way}"
    return f"{one.topic}/{one.misuse}{way}.{'cc' if one.language == 'c++' else 'rs'}"
