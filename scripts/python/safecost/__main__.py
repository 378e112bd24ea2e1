"""`python -m safecost`: the command `scripts/safecost`."""

import sys

from safecost.cli import entry

sys.exit(entry())
