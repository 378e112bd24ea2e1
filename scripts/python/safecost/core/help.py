"""What the help of every command has."""

from __future__ import annotations


def examples(*lines: str) -> str:
    """An epilog that click does not rewrap."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
