"""What became of faults, as a file of JSON; outcomes.schema.json is made of the types here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from safecost.catch.confirmation import Confirmation, Dirty
from safecost.catch.proving import Proved, ProvingIssue
from safecost.core import files
from safecost.core.decoding import filled
from safecost.document.evidence import ConfirmingTool
from safecost.document.outcome import Outcome, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedOutcome(Outcome):
    """An outcome, and whether it counts as catching the fault."""

    caught: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedConfirmation(Confirmation):
    """A confirmation, and its answer."""

    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class OutcomesFile:
    """One outcome for each variant, profile and fault, and what oracles beside the worlds saw, if asked."""

    schema: Literal["safecost-outcomes"]
    schema_version: Literal[1]
    outcomes: tuple[ProvedOutcome, ...]
    troubles: tuple[ProvingIssue, ...]
    confirmations: tuple[ProvedConfirmation, ...]
    dirty: tuple[Dirty, ...]
    gaps: Mapping[ConfirmingTool, Text]


def write(proved: Proved, file: Path) -> None:
    """Write everything that was found out."""
    outcomes = tuple(filled(ProvedOutcome, one) for one in proved.outcomes)
    confirmations = tuple(filled(ProvedConfirmation, one) for one in proved.confirmations)
    made = filled(
        OutcomesFile, proved,
        schema="safecost-outcomes", schema_version=1, outcomes=outcomes, confirmations=confirmations,
    )  # fmt: skip
    text = json.dumps(msgspec.to_builtins(made), indent=1, ensure_ascii=False) + "\n"
    files.replace(file, text.encode(), durable=False)
