"""The records that a run document gives to the history."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from safecost.core.decoding import filled
from safecost.core.errors import UsageError
from safecost.core.text import shown
from safecost.document import io as documents
from safecost.document.machine_facts import machine_facts
from safecost.document.types import Document, Machine
from safecost.history.records import (
    CodeRecord,
    CountRecord,
    PairRecord,
    ProofRecord,
    Record,
    RunRecord,
    Toolchain,
    digest,
)

_PASSING = frozenset({"the kernel", "the distribution"})
"""Facts that are reported but open no new series: hosts are updated monthly, and user code between system calls hardly
notices; if it does, the series shows a step at that run. Compilers and libraries are the toolchain's facts."""


def records(document: Document, name: str) -> tuple[Record, ...]:
    """Every record of a document, the run first, disqualified cases left out; raises UsageError beginning with
    `name`."""
    run = hashlib.sha256(documents.encode(document)).hexdigest()[:32]
    found: tuple[Record, ...] = (_run(document, run), *_rows(document, run))
    twice, times = Counter((one.RECORD, one.subject) for one in found).most_common(1)[0]
    if times > 1:
        raise UsageError(f"{name} has the {twice[0]} {shown(twice[1], quoted=False)} twice.")
    return found


def machine_fingerprint(machine: Machine) -> str:
    """The same for machines whose times may be put into one series."""
    return digest({fact.what: fact.value for fact in machine_facts(machine) if fact.what not in _PASSING})


def _run(document: Document, run: str) -> RunRecord:
    machine, facts = document.machine, machine_facts(document.machine)
    return filled(
        RunRecord,
        document.run,
        document.suite,
        machine,
        run=run,
        suite_version=document.suite.version,
        machine=machine_fingerprint(machine),
        machine_facts={fact.what: fact.value for fact in facts},
        load=max(machine.load_before, machine.load_after),
        toolchains=tuple(
            filled(Toolchain, one, flags=tuple(flag for flag, _ in one.flags))
            for one in document.profiles
            if one.status == "measured"
        ),
        sources={case.name: digest([[one.name, one.text] for one in case.sources]) for case in document.cases},
    )


def _rows(document: Document, run: str) -> Iterator[Record]:
    disqualified = {case.name for case in document.cases if case.status == "disqualified"}
    for panel in document.panels:
        if panel.case in disqualified:
            continue
        for pair in panel.pairs:
            top, bottom = panel.contenders[pair.numerator], panel.contenders[pair.denominator]
            yield filled(
                PairRecord, pair, panel,
                run=run, panel=panel.profile, variant=top.variant, profile=top.profile, against=bottom.variant,
                against_profile=bottom.profile, launches=len(pair.ratios),
            )  # fmt: skip
    for count in document.counts:
        if count.case not in disqualified:
            yield filled(CountRecord, count, run=run)
    for code in document.codes:
        if code.case not in disqualified:
            yield filled(CodeRecord, code, run=run)
    for proof in document.proofs:  # a broken claim disqualifies its case, and is what the history has to show
        yield filled(ProofRecord, proof, run=run)
