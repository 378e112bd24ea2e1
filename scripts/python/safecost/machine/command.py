"""`safecost doctor`."""

from __future__ import annotations

import click

from safecost.core.command import examples
from safecost.core.console import output
from safecost.machine import doctor as examination


@click.command("doctor", epilog=examples("safecost doctor"))
def doctor() -> int:
    """Tell what was found, what is missing and how to get it, and what makes noise on this machine."""
    findings = examination.examine()
    examination.render(findings, output())
    return examination.exit_code(findings)
