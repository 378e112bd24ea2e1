"""Races between threads: which builds the detector watches, and what became of a fault that is one.

A race is judged by ThreadSanitizer alone. The worlds cannot: they belong to one thread, and what a race does to a
result differs from run to run whatever the memory around is filled with.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from safecost.catch.confirmation import Dirty, Observed
from safecost.catch.oracles import Job
from safecost.core.errors import ToolError
from safecost.core.paths import ORACLE, Folders
from safecost.document.evidence import ConfirmingTool, DeclaredFault, WorldsProof
from safecost.document.outcome import Evidence, Outcome
from safecost.reject.rows import NAMES, WAYS
from safecost.suite import profiles as profile_files
from safecost.suite import snippets
from safecost.suite.cases import CaseFiles
from safecost.toolchain import runner
from safecost.toolchain.build import Built, build_all

_NOT_ASKED = "only ThreadSanitizer can tell: scripts/safecost catch --sanitize asks it"
_NO_RANDOM_ADDRESSES = ("setarch", "-R")
# Weaknesses of which a race is made: no synchronisation at all, or of the wrong thing.
_WEAKNESSES = frozenset({362, 366, 820, 821})


def jobs(cases: Sequence[CaseFiles], folders: Folders, built: Built) -> tuple[list[Job], str | None, Built]:
    """What the detector watches, built for it: the cases of which a fault names it; or why it cannot look at them."""
    wanted = [case for case in cases if _declares_race(case, built)]
    if not wanted:
        return [], None, Built()
    profile = profile_files.race_detecting()
    detecting = build_all(folders, wanted, [profile])
    if profile.name in detecting.absent:
        return [], detecting.absent[profile.name], detecting
    under = starts_under(folders.build / "profiles" / profile.name / ORACLE.name)
    if isinstance(under, str):
        return [], under, detecting
    plugins = {case: detecting.plugins.get((case.name, profile.name)) for case in wanted}
    watched = [Job("race", case, profile, at, at, under) for case, at in plugins.items() if at is not None]
    return watched, None, detecting


def _declares_race(case: CaseFiles, built: Built) -> bool:
    for (name, profile), plugin in built.plugins.items():
        if name != case.name:
            continue
        try:
            (description,) = runner.describe(name, {profile: plugin})
        except ToolError:
            continue  # the prover says why
        if any("race" in fault.oracles for fault in description.faults):
            return True
    return False


def starts_under(host: Path) -> tuple[str, ...] | str:
    """The words before the host's name with which it starts; what it says itself where it starts with none.

    The runtime wants its own part of the address space. Newer ones start themselves again where addresses are drawn
    from too wide a range; for older ones `setarch` does, and a container may forbid both.
    """
    last = ""
    for words in ((), _NO_RANDOM_ADDRESSES):
        try:
            done = subprocess.run(
                [*words, host, "--help"], capture_output=True, text=True, errors="replace", timeout=60, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return words
        last = last or next((line for line in done.stderr.splitlines() if line.strip()), "")
    return f"its host does not start: {' '.join(last.split()) or 'it says nothing'}"


def judge(
    outcome: Outcome,
    fault: DeclaredFault,
    proof: WorldsProof,
    observations: Sequence[Observed],
    dirty: Iterable[Dirty],
    gaps: Mapping[ConfirmingTool, str],
) -> Outcome:
    """Fill in an outcome, whose names are given, by what the detector saw of the same source.

    `observations` are all tools' of this variant with this fault; `dirty` and `gaps` all that there are.
    """
    outcome = replace(outcome, claim=proof.claim)
    if proof.inexpressible is not None:
        return replace(outcome, kind="inexpressible", reason=proof.inexpressible)
    if not proof.written:
        return replace(outcome, kind="no_verdict", reason="nobody has written the faulty program in this idiom")
    outcome = replace(outcome, size=fault.size, sizes=(fault.size,))
    looks = [observation for observation in observations if observation.tool == "race"]
    if not looks:
        reason = f"ThreadSanitizer cannot look: {gaps['race']}" if "race" in gaps else _NOT_ASKED
        return replace(outcome, kind="no_verdict", detail="not_asked", reason=reason)
    wrong = [one for one in dirty if (one.case, one.variant, one.tool) == (outcome.case, outcome.variant, "race")]
    if wrong:
        return replace(outcome, kind="no_verdict", reason=f"without the fault: {wrong[0].kind}")
    return _judged(outcome, fault, proof, looks[0])


def _judged(outcome: Outcome, fault: DeclaredFault, proof: WorldsProof, look: Observed) -> Outcome:
    seen = tuple(Evidence("race", "", one.text, one.size, one.offset, one.freed) for one in look.sightings)[:16]
    if seen:
        return replace(outcome, kind="silent", detail="raced", evidence=seen)
    if look.end == "reported":
        counts = "exception" in fault.stops
        reported = replace(outcome, mechanism="exception", kind="reported" if counts else "terminated")
        return replace(reported, detail="exception") if counts else reported
    if look.end == "hung":
        return replace(outcome, kind="hung", reason="it did not come back")
    if look.right is False:
        return replace(outcome, kind="silent", detail="wrong_value", reason="no race, and a wrong result")
    if look.end != "returned":
        return replace(outcome, kind="terminated", reason=look.end)
    if look.right is None or (outcome.role == "raw" and proof.claim is None):
        return replace(outcome, kind="silent", detail="nothing_seen", reason="no race was seen")
    reason = "ThreadSanitizer saw no race in the same source, and the result is the reference's"
    return replace(outcome, kind="prevented", reason=reason)


def rejections(folder: Path = snippets.FOLDER) -> Iterator[str]:
    """What stops a race before the program runs, a line a misuse: the compilers, and under what condition.

    As the snippets expect it; `safecost rejected` asks the compilers.
    """
    lines: dict[str, list[str]] = {}
    for snippet in snippets.find(folder):
        if snippet.cwe not in _WEAKNESSES:
            continue
        words = lines.setdefault(f"{snippet.topic}/{snippet.misuse}", [])
        for by, expected in snippet.expectations.items():
            if expected.kind in {"accepts", "not_applicable"}:
                continue
            how = "" if expected.kind == "text" else f" {expected.value}"
            words.append(f"{NAMES[by]}{how}{'' if snippet.way == 'plain' else f' {WAYS[snippet.way]}'}")
    for misuse, words in lines.items():
        yield f"{misuse}: {', '.join(words) or 'accepted by all'}"
