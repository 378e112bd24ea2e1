"""What goes wrong, as one exception per documented exit code."""

from __future__ import annotations

OK = 0
HARNESS = 1
USAGE = 2
REGRESSION = 3
TOO_NOISY = 4
WRONG_RESULT = 5


class ToolError(Exception):
    """Something failed; the message is one sentence naming the thing, the value and the remedy."""

    exit_code = HARNESS


class UsageError(ToolError):
    """What the user asked for does not exist or cannot be read."""

    exit_code = USAGE
