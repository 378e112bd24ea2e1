"""The stages of a run that time nothing: each is given the state of the run, and returns it with what it adds.

Where an interrupt must not cost what was found, a stage returns it together with the interrupt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from safecost.catch import proving as catch
from safecost.code import disassembly
from safecost.core import locks, processes
from safecost.core.console import quote
from safecost.core.errors import ToolError
from safecost.core.progress import Steps
from safecost.document import evidence
from safecost.document.judged import Proof
from safecost.document.outcome import Outcome
from safecost.document.plan import PluginAt, VerifyPlan
from safecost.document.types import MARKS
from safecost.reject import rulings
from safecost.run import counts
from safecost.run.state import WRONG, RunState, planned_panels
from safecost.suite.cases import CaseFiles
from safecost.toolchain import runner
from safecost.toolchain.build import build_with_calibration, without_compiler

StageResult = tuple[RunState, KeyboardInterrupt | None]

_OF_CASE = re.compile(r"^([a-z][a-z0-9_]*/[a-z][a-z0-9_]*)")
_INPUTS = "inputs"  # in the place of a profile: a plugin of somebody else's that draws the inputs


def build(state: RunState) -> RunState:
    """Build the runner and every plugin; what cannot be built is reported before the minutes that this takes."""
    lacking = without_compiler(state.profiles)
    for name, compiler in lacking.items():
        quote(f"profile {name} will be skipped: there is no {compiler}; scripts/safecost doctor tells how to get it")
    built = build_with_calibration(state.options.folders, state.cases, state.profiles)
    facts = runner.call("facts", None, evidence.FactsAnswer, 60)
    if isinstance(facts, runner.Failure):
        raise ToolError(f"the runner {facts.message}: remove the build folder and try again.")
    if any("No space left on device" in output for output in built.failures.values()):
        raise ToolError(f"the disk of {state.options.folders.build} is full: make room and try again.")
    state = replace(state, built=built, runner_facts=facts)
    for name, reason in built.absent.items():
        if name not in lacking:
            quote(f"skipped: profile {name}: {reason}")
    for (case, profile), output in sorted(built.failures.items()):
        quote(f"does not compile: {case} with {profile}:\n{output}")
        first = next((line for line in output.splitlines() if "error" in line), "")
        state = state.with_problem("build", f"does not compile: {first}\n{output}".strip(), case=case, profile=profile)
    return state


def verify(state: RunState) -> StageResult:
    """Compare every contender's digests, several cases at a time, and read the machine code of what was built."""
    interrupt = None
    try:
        with Steps("verify", len(state.cases)) as steps, processes.workers() as pool:
            for case, result in zip(state.cases, pool.map(partial(_verified, state), state.cases), strict=True):
                state = _with_verification(state, case, result)
                steps.step()
        codes, complaints = disassembly.of_run(state.built.plugins, state.descriptions)
        state = replace(state, codes=tuple(codes))
        for complaint in complaints:
            quote(f"no machine code: {complaint}")
    except KeyboardInterrupt as interrupted:
        interrupt = interrupted
    return state, interrupt


def _verified(state: RunState, case: CaseFiles) -> evidence.VerifyAnswer | runner.Failure:
    plugins = tuple(
        PluginAt(profile=profile.name, path=str(state.built.plugins[case.name, profile.name]))
        for profile in state.profiles
        if (case.name, profile.name) in state.built.plugins
    )
    with locks.scratch() as scratch:
        plan = VerifyPlan(
            case=case.name,
            data=str(case.data),
            scratch=str(scratch),
            plugins=plugins,
            tier=state.options.mode.tier,
            timeout_seconds=state.options.verify_seconds,
        )
        return runner.call("verify", plan, evidence.VerifyAnswer, 600)


def _with_verification(state: RunState, case: CaseFiles, result: evidence.VerifyAnswer | runner.Failure) -> RunState:
    if isinstance(result, runner.Failure):
        return state.with_problem(result.kind, f"while it was verified, the runner {result.message}", case=case.name)
    descriptions = {**state.descriptions, **{(case.name, one.profile): one for one in result.plugins}}
    noted = set()
    for problem in result.problems:
        kind, profile = problem.kind, problem.profile
        if kind in {"crash", "hang"} and problem.size is None:
            kind = "load"  # no kernel was called yet: it costs this plugin only
        what = (kind, None if kind == "alike" else profile, None if kind in {"pool", "alike"} else problem.variant)
        if what in noted:
            continue  # the same once more, at another size or of inputs that all variants share, says nothing new
        noted.add(what)
        state = state.with_problem(kind, problem.message, case.name, problem.variant, profile, problem.place)
        if kind == "trouble" and problem.variant is None:  # with the inputs of all
            descriptions = {key: one for key, one in descriptions.items() if key[0] != case.name}
        elif kind not in WRONG and kind not in MARKS:
            descriptions.pop((case.name, profile or ""), None)
    return replace(state, descriptions=descriptions)


def prove(state: RunState) -> StageResult:
    """Commit every fault of every case that was not disqualified, in all that was built, and note what is broken."""
    # Every profile of the run, the plain siblings among them: attribution and the frontier need them.
    profiles = [profile for profile in state.profiles if not profile.is_rebuild]
    options, mode = state.options, state.options.mode
    proving = catch.Proving(
        catch.ProvingOptions(profiles, options.folders, seed=options.seed, tier=mode.tier, races=mode.name != "quick")
    )
    proving.cases = [case for case in state.cases if case.name not in state.disqualified]
    interrupt = None
    try:
        # Without the plugins that verification could not use.
        usable = {key: path for key, path in state.built.plugins.items() if key in state.descriptions}
        built = replace(state.built, plugins=usable)
        proving.watch_races(built)
        proving.prove(built)
    except KeyboardInterrupt as interrupted:  # what was proved stays
        interrupt = interrupted
    outcomes = [one for one in proving.proved.outcomes if (one.case, one.profile) in state.descriptions]
    state = replace(state, proofs=tuple(map(proof_of, outcomes)))
    names = {case.name for case in state.cases}
    for issue in proving.proved.troubles:
        match = _OF_CASE.match(issue.where)
        case = match[0] if match and match[0] in names else None
        state = state.with_problem("claim" if issue.broken else "prove", f"{issue.where}: {issue.message}", case)
    return state, interrupt


def proof_of(outcome: Outcome) -> Proof:
    """An outcome as the document has it."""
    return Proof(
        outcome.case,
        outcome.profile,
        outcome.variant,
        outcome.fault,
        outcome.kind,
        outcome.detail,
        outcome.attribution,
        None if outcome.mechanism is None else " ".join(outcome.mechanism.split())[:200] or None,
        outcome.text,
        outcome.reason,
        tuple(f"{seen.worlds}: {seen.text}"[:400] for seen in outcome.evidence[:32]),
        outcome.claim,
        outcome.size,
        outcome.seed,
        outcome.sizes,
        outcome.elsewhere or None,
        outcome.chance,
    )


def reject(state: RunState) -> RunState:
    """Compile the suite's snippets, in runs of the whole suite that are not quick, and note what is broken."""
    options = state.options
    if options.mode.name == "quick" or options.filter is not None or not options.folders.is_suite:
        return state
    rejections = rulings.collect()
    state = replace(state, rejections=tuple(rejections))
    for rejection, ruling in rulings.broken(rejections):
        snippet = f"{rejection.topic}/{rejection.misuse} ({rejection.way}, {rejection.language})"
        state = state.with_problem("snippet", f"{snippet}: {rulings.SUBJECTS[ruling.by]}: {ruling.reason}")
    return state


def count(state: RunState, drawn_by: Mapping[str, Path] | None = None) -> RunState:
    """Count instructions and allocations of every contender, unless that is not wanted.

    A profile built a second time has nothing new to count. `drawn_by` names, by case, plugins of others that draw
    the inputs.
    """
    if not state.options.count:
        return state
    rebuilt = {profile.name for profile in state.profiles if profile.is_rebuild}
    own = [panel for panel in planned_panels(state) if panel.profile not in rebuilt]
    targets = counts.targets(own, state.descriptions)
    plugins = dict(state.built.plugins)
    if drawn_by:
        plugins |= {(case, _INPUTS): path for case, path in drawn_by.items()}
        targets = [replace(one, generator=_INPUTS) if one.case in drawn_by else one for one in targets]
    folders = counts.PluginFolders(plugins, {case.name: case.data for case in state.cases})
    counted = counts.count(targets, folders, state.options.verify_seconds * 6)
    state = replace(state, counted=counted)
    for case, target, message in counted.troubles:
        words = f"while it was counted: {message}"
        if target is None:
            state = state.with_problem("count", words, case)
        else:
            state = state.with_problem("count", words, case, target.variant, target.profile, target.parameter.place)
    return state
