"""Which safecost this is: its version, and the state of its git checkout."""

from __future__ import annotations

import re
import subprocess

from safecost.core.paths import ROOT, VERSION
from safecost.document.types import Suite


def revision() -> Suite:
    """The suite's version and the state of its git checkout, where there is one."""

    def git(*words: str) -> str | None:
        try:
            done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit, status = git("rev-parse", "HEAD"), git("status", "--porcelain")
    known = commit is not None and re.fullmatch("[0-9a-f]{40}", commit) is not None
    return Suite(VERSION, commit if known else None, bool(status) if known else None)
