"""`safecost catch`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from safecost.catch import outcomes, table
from safecost.catch.proving import Proving, ProvingOptions
from safecost.core.command import code_of, examples
from safecost.core.console import no_commands, output
from safecost.core.paths import Folders
from safecost.suite import claims
from safecost.suite import profiles as profile_files
from safecost.suite.command import choosing


@click.command(
    "catch",
    epilog=examples(
        "safecost catch                                every case, the default profiles",
        "safecost catch --filter sum --details         one case, with a sentence for each outcome",
        "safecost catch --profiles all --out catch.json",
        "safecost catch --sanitize                     sanitizers and Memcheck confirm each fault of raw code",
    )
    + "\n\n\b\nExit codes: 0 fine; 1 something could not be built or proved; 2 usage; 5 a broken claim: raw code"
    + "\ntrapped in a plain profile, an idiom that does not catch what it claims to, a fault that no raw code commits,"
    + "\nand with --sanitize a variant that is not clean on valid input. A tool that is missing is reported, no more.",
)
@choosing
@click.option("--details", is_flag=True, help="A sentence for each outcome: by what, owed to whom, and the evidence.")
@click.option("--unclaimed", is_flag=True, help="Also list what safe variants catch without claiming to.")
@click.option(
    "--sanitize", is_flag=True, help="Ask sanitizers and Memcheck, too: is each fault real, valid input clean?"
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Draw places and magnitudes of faults as another time.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write the outcomes to FILE, as JSON.")
def catch(
    expression: str | None,
    profiles: str | None,
    ad_hoc: tuple[str, ...],
    case_folders: tuple[Path, ...],
    details: bool,
    unclaimed: bool,
    sanitize: bool,
    seed: int | None,
    out: Path | None,
) -> int:
    """Commit every fault in every variant, and tell which are caught, by what, and what became of the others."""
    chosen = profile_files.choose(profiles, ad_hoc)
    options = ProvingOptions(chosen, Folders.of(case_folders), expression, sanitize=sanitize)
    proving = Proving(options if seed is None else replace(options, seed=seed))
    code: int | None = None
    try:
        proving.run()
    except KeyboardInterrupt as interrupt:
        code = code_of(interrupt)
        print("interrupted: showing what was proved", file=sys.stderr)
    proved = proving.proved
    if out is not None:
        outcomes.write(proved, out)
    with no_commands(sys.stdout, sys.stderr):
        table.render(proved, output(), details)
    print(f"places and magnitudes of the faults: --seed {proving.options.seed}", file=sys.stderr)
    for outcome in claims.unclaimed(proved.outcomes, proving.facts) if unclaimed else ():
        print(f"unclaimed: {table.line_of(outcome)}")
    return proved.exit_code if code is None else code
