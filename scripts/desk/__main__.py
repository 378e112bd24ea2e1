"""`python -m desk`: the command `scripts/safecost`."""

import sys

from desk.cli import entry

sys.exit(entry())
