"""For tests: compilers of this machine, of whatever version they are."""

from __future__ import annotations

import pytest

from safecost.core.tools import newest_tool, numbers
from safecost.suite.toolbox import compilers


def newest(name: str) -> str:
    """The path of the newest compiler of this name; the test is skipped where profiles would find none, either."""
    floor = {command: tool.floor for tool in compilers() for command in tool.commands}.get(name, ())
    tool = newest_tool(name)
    if tool is None or numbers(tool.version) < floor:
        pytest.skip(f"no {name} of at least {'.'.join(map(str, floor)) or 'any version'} is installed")
    return str(tool.path)
