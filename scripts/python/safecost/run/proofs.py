"""The two stages of a run that time nothing: what idioms catch, and what compilers reject."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from safecost.catch import proving as catch
from safecost.document import types as doc
from safecost.document.outcome import Outcome
from safecost.reject import rulings as rejected

if TYPE_CHECKING:  # the stages belong to a run
    from safecost.run.measure import Measurement
    from safecost.toolchain.build import Built

_OF_CASE = re.compile(r"^([a-z][a-z0-9_]*/[a-z][a-z0-9_]*)")


def prove(run: Measurement) -> None:
    """Commit every fault of every case that was not disqualified, in all that was built, and note what is broken."""
    disqualified = {problem.case for problem in run.problems if problem.disqualifies}
    # Every profile of the run, the plain siblings among them: attribution and the frontier need them.
    profiles = [profile for profile in run.profiles if not profile.is_rebuild]
    proving = catch.Proving(catch.ProvingOptions(profiles, run.options.folders))
    proving.cases = [case for case in run.cases if case.name not in disqualified]
    try:
        proving.prove(_usable(run))
    finally:  # an interrupt leaves what was proved
        described = {(case, profile) for case, profile in run.descriptions}
        run.proofs = [proof_of(one) for one in proving.proved.outcomes if (one.case, one.profile) in described]
        for trouble in proving.proved.troubles:
            found = _OF_CASE.match(trouble.where)
            case = found[0] if found and found[0] in {case.name for case in run.cases} else None
            run.note("claim" if trouble.broken else "prove", case, f"{trouble.where}: {trouble.message}")


def _usable(run: Measurement) -> Built:
    """What was built without the plugins that verification could not use and has told of."""
    plugins = {key: path for key, path in run.built.plugins.items() if key in run.descriptions}
    return replace(run.built, plugins=plugins)


def proof_of(one: Outcome) -> doc.Proof:
    """An outcome as the document has it."""
    return doc.Proof(
        one.case,
        one.profile,
        one.variant,
        one.fault,
        one.kind,
        one.detail,
        one.attribution,
        None if one.mechanism is None else " ".join(one.mechanism.split())[:200] or None,
        one.text,
        one.reason,
        tuple(f"{seen.worlds}: {seen.text}"[:400] for seen in one.evidence[:32]),
        one.claim,
    )


def ask_compilers(run: Measurement) -> None:
    """Compile the suite's snippets, in runs of the whole suite that are not quick, and note what is broken."""
    if run.options.mode.name == "quick" or run.options.filter is not None or not run.options.folders.is_suite:
        return
    run.rejections = rejected.collect()
    for one, ruling in rejected.broken(run.rejections):
        snippet = f"{one.topic}/{one.misuse} ({one.way}, {one.language})"
        run.note("snippet", None, f"{snippet}: {rejected.SUBJECTS[ruling.by]}: {ruling.reason}")
