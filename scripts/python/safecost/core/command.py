"""What the commands of all rooms share: examples in the help, folders for results, and what a signal means."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from safecost.core.errors import UsageError
from safecost.core.paths import LOCAL_RESULTS

INTERRUPTED = 128 + signal.SIGINT
ENDING = (signal.SIGTERM, signal.SIGHUP)  # beside Ctrl-C: somebody's kill, a terminal that was closed


class Terminated(KeyboardInterrupt):
    """Asked to end by a signal other than Ctrl-C: what was measured is written all the same."""

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__()
        self.code = 128 + number


def code_of(interrupt: BaseException) -> int:
    """The exit code of a command that a signal ended."""
    # click makes an Abort of what reaches it.
    cause = interrupt.__cause__ or interrupt
    return cause.code if isinstance(cause, Terminated) else INTERRUPTED


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """An impatient second Ctrl-C must not cost the document."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, *ENDING)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def examples(*lines: str) -> str:
    """An epilog that click does not rewrap, with the command as it can be typed in a checkout."""
    return "\b\nExamples:\n" + "\n".join(f"  {line.replace('safecost ', 'scripts/safecost ')}" for line in lines)


Command = Callable[..., Any]


def with_options(command: Command, *options: Callable[[Command], Command]) -> Command:
    """The command with several options, in the order of its help."""
    for option in reversed(options):
        command = option(command)
    return command


def load(reference: str) -> Any:
    """What `module:name` names, or `module` alone; the module is imported here, and no earlier."""
    module, _, name = reference.partition(":")
    loaded = importlib.import_module(module)
    return getattr(loaded, name) if name else loaded


def service(context: click.Context, name: str) -> Any:
    """What the command line provides of a room above the caller's, which the caller must not import."""
    services: Mapping[str, str] = context.obj
    return load(services[name])


def local_folder(name: str) -> Path:
    """Where results go that were given no folder."""
    return LOCAL_RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}-{name}"


def make_folder(folder: Path) -> Path:
    """Make a folder for results and return it; raises UsageError, before anything is measured, where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(f"--out {folder} cannot be written to: {error.strerror}; give a folder with --out.") from error
    return folder


def short_path(path: Path) -> str:
    """A path relative to here where that is shorter."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("../..") else str(path)
