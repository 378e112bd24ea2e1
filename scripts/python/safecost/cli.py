"""The command line: gathers the commands of the rooms, loads the one that is called, and ends with its exit code."""

from __future__ import annotations

import errno
import io
import os
import re
import signal
import sys
from collections.abc import Sequence
from functools import partial
from types import FrameType

import click

from safecost.core import locks
from safecost.core.command import ENDING, Terminated, code_of, examples, load
from safecost.core.errors import HARNESS, OK, USAGE, ToolError
from safecost.core.paths import VERSION
from safecost.core.text import shortened

# Where a room has its command, and what the list of commands says of it.
COMMANDS = {
    "catch": ("safecost.catch.command:catch", "Commit every fault in every variant, and show which are caught."),
    "compare": (
        "safecost.compare.command:compare",
        "Compare two runs, revisions or profiles, with a gate.",
    ),
    "debug": ("safecost.code.command:debug", "Start a debugger that stops at one kernel."),
    "doctor": ("safecost.machine.command:doctor", "Show what this machine has and lacks, and what makes noise on it."),
    "explain": (
        "safecost.explain.command:explain",
        "Show why an idiom is slower, by counts, source and machine code.",
    ),
    "export": ("safecost.exports.command:export", "Write a finished run in the format of another tool."),
    "findings": ("safecost.report.command:findings", "Write what a run shows, in words with figures from the run."),
    "history": ("safecost.history.command:history", "Keep runs, and find where their numbers changed."),
    "list": ("safecost.suite.command:list_cases", "List the cases with their questions, or the profiles."),
    "new": ("safecost.suite.command:new_case", "Write the skeleton of a case and its Rust twin."),
    "pace": ("safecost.lab.command:pace", "Measure safecost itself on this machine."),
    "rejected": ("safecost.reject.command:rejected", "Show which misuse of memory compilers reject."),
    "report": ("safecost.cross_run.command:report", "Write the report of a run, of several runs, or of a self-test."),
    "run": ("safecost.run.command:run", "Build, verify, measure, and draw."),
    "selftest": ("safecost.lab.command:selftest", "Measure how far this machine's numbers can be trusted."),
    "solo": ("safecost.run.command:solo", "Let Google Benchmark time each contender by itself."),
    "test": ("safecost.lab.command:test", "Run all tests of safecost."),
    "toolchain": (
        "safecost.toolchain.command:toolchain",
        "Run safecost with the compilers of another Debian.",
    ),
}

# What a command needs of a room above its own; imports only go down.
SERVICES = {
    "show": "safecost.report.command:show",
    "self_tests": "safecost.lab.selftest.command",
}


class Gathered(click.Group):
    """A group of commands whose modules are imported when a command is called, and not to list them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the list."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of this name."""
        return load(COMMANDS[cmd_name][0]) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands in the words of the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(
    cls=Gathered,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "obj": SERVICES},
    epilog=examples(
        "safecost run                          measure the default profiles",
        "safecost run --quick --filter sort    one case, in seconds",
        "safecost list                         the cases and their questions",
        "safecost compare BASE HEAD            what has changed between two runs",
        "safecost doctor                       what this machine has and lacks",
    ),
)
@click.version_option(VERSION, prog_name="safecost")
@click.option("--no-setup", is_flag=True, help="Install nothing (read by the launcher).")
@click.option("--build", metavar="DIR", help="Build in DIR, not in the checkout (read by the launcher).")
def main(no_setup: bool, build: str | None) -> None:
    """What memory safety costs in C++, and what it buys, measured."""
    del no_setup, build
    locks.clear_scratch()


def entry(arguments: list[str] | None = None) -> int:
    """Run the command line and return the documented exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character must not end a run
    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:  # and not as nohup leaves it
            signal.signal(number, partial(_terminate, [output for output in (1, 2) if os.isatty(output)]))
    try:
        code = main.main(args=arguments, prog_name="scripts/safecost", standalone_mode=False)
        sys.stdout.flush()  # here, where a full disk or a closed pipe is still told in words
    except ToolError as error:
        return _fail(str(error), error.exit_code)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.UsageError as error:
        where = f" (see '{error.ctx.command_path} --help')" if error.ctx else ""
        return _fail(f"{error.format_message().rstrip('.')}{where}", error.exit_code)
    except (KeyboardInterrupt, click.Abort) as interrupt:
        return _fail("interrupted", code_of(interrupt))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HARNESS
    except OSError as error:
        name = re.sub(r"[^\w./ -]", "?", shortened(str(error.filename or ""), 400))
        # Only what was given can be too long.
        code = USAGE if error.errno == errno.ENAMETOOLONG else HARNESS
        return _fail(f"{error.strerror or error}{f': {name}' if name else ''}", code)
    return code if isinstance(code, int) else OK


def _terminate(terminals: Sequence[int], number: int, frame: FrameType | None) -> None:
    if number == signal.SIGHUP:  # these are gone, and who writes to them fails
        for output in terminals:
            os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    raise Terminated(number)


def _fail(message: str, code: int) -> int:
    print(f"safecost: {message}", file=sys.stderr)
    return code
