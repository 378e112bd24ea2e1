"""`safecost test`: builds and runs every test, the runner's by CTest and the driver's by pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from safecost.core.errors import HARNESS, OK
from safecost.core.paths import BUILD, ROOT
from safecost.toolchain.build import werror


def run(quick: bool) -> int:
    """Run the steps in order and stop at the first that fails; returns the exit code."""
    steps: list[Sequence[str]] = [
        # Plugins are the driver's to build: what plain CMake makes of them in a caller's environment it does not use.
        ["cmake", "--preset", "default", "-B", str(BUILD), "-DSAFECOST_PROFILES=none", f"-DSAFECOST_WERROR={werror()}"],
        ["cmake", "--build", str(BUILD)],
        ["ctest", "--test-dir", str(BUILD), "--output-on-failure"],
    ]
    pytest = [sys.executable, "-m", "pytest", "-c", "scripts/pyproject.toml", "--rootdir", "scripts", "scripts/python"]
    light = [*pytest, "-n", "auto", "-m", "not build and not browser"]
    # One after the other: they share builds, and what they time or kill must not wait for a neighbour.
    steps = [light] if quick else [*steps, light, [*pytest, "-m", "build or browser"]]
    for step in steps:
        print(f"== {' '.join(step)}", file=sys.stderr, flush=True)
        if subprocess.run(step, cwd=ROOT, check=False, env=os.environ).returncode != 0:
            print(f"safecost: the tests stopped at: {' '.join(step)}", file=sys.stderr)
            return HARNESS
    return OK
