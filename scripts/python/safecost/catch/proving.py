"""Proves what each idiom catches: builds, has the prover commit every fault, and decides what became of each."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeVar

from msgspec import Meta

from safecost.catch import classify as verdict
from safecost.catch import confirmation, oracles, races
from safecost.catch.confirmation import Confirmation, Dirty
from safecost.catch.mechanism import Checks, in_plugin
from safecost.code.check_sites import check_sites, contracts
from safecost.core import locks, privacy, processes
from safecost.core.errors import HARNESS, OK, WRONG_RESULT
from safecost.core.paths import PROVER, Folders
from safecost.core.progress import Steps
from safecost.document import evidence
from safecost.document.outcome import EvidenceKind, Outcome
from safecost.document.plan import PluginAt, ProvePlan
from safecost.document.values import DISPATCH_ONLY, FreeText
from safecost.suite import cases as case_files
from safecost.suite import claims
from safecost.suite import profiles as profile_files
from safecost.suite.cases import CaseFiles
from safecost.suite.profiles import BuildProfile, with_siblings
from safecost.toolchain import runner
from safecost.toolchain.build import Built, build_all

_PROVER_SECONDS = 300.0
_HANG_SECONDS = 0.25  # of computing: a proof takes milliseconds; a hang is looked at again for four times as long
MOST_TIER = 2  # SAFECOST_TIER_PUBLISH in kernel/abi.h: every size that is ever timed
_Texts = TypeVar("_Texts", Outcome, Confirmation, confirmation.Sighting, Dirty)


@dataclass(frozen=True, slots=True)
class ProvingOptions:
    """What the user asked for: faults are drawn from `seed`, and proved at the sizes of tiers up to `tier`, too.

    `confirmed` tells, by (case, variant, fault), who else saw the error in the source;
    `sanitize` asks sanitizers and Memcheck, too, whether each fault is real, which adds to it;
    `races` asks ThreadSanitizer about faults that are races.
    """

    profiles: Sequence[BuildProfile]
    folders: Folders
    filter: str | None = None
    seed: int = field(default_factory=lambda: secrets.randbits(32))
    tier: int = MOST_TIER
    hang_seconds: float = _HANG_SECONDS
    confirmed: Mapping[tuple[str, str, str], frozenset[EvidenceKind]] = field(default_factory=dict)
    sanitize: bool = False
    races: bool = True


@dataclass(frozen=True, slots=True)
class ProvingIssue:
    """Something that went wrong: `broken` where a claim or the suite itself is, not a build or a machine."""

    where: Annotated[str, Meta(max_length=300)]
    message: FreeText
    broken: bool


@dataclass(slots=True)
class Proved:
    """Everything that was found out so far; `faults` are the declarations of each case.

    `confirmations`, `dirty` and `gaps` (why a tool could not look, by its name) are there where oracles were asked.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    faults: dict[str, Sequence[evidence.DeclaredFault]] = field(default_factory=dict)
    troubles: list[ProvingIssue] = field(default_factory=list)
    confirmations: list[Confirmation] = field(default_factory=list)
    dirty: list[Dirty] = field(default_factory=list)
    gaps: dict[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """5 where a claim is broken, 1 where something could not be built or proved, else 0."""
        if any(trouble.broken for trouble in self.troubles):
            return WRONG_RESULT
        return HARNESS if self.troubles or not self.outcomes else OK


class Proving:
    """One set of proofs in the making."""

    def __init__(self, options: ProvingOptions) -> None:
        self.options = options
        self.pattern = case_files.pattern_of(options.filter)
        self.cases = case_files.choose(case_files.find(options.folders), self.pattern)
        self.profiles = with_siblings(options.profiles)
        self.proved = Proved()
        self._checks: dict[tuple[str, str], Checks] = {}
        self.facts: dict[tuple[str, str], claims.BuildFacts] = {}
        self._found: oracles.ToolSightings | None = None
        self._raced = oracles.ToolSightings()

    def run(self) -> Proved:
        """Build and prove everything that was asked for."""
        sanitized = [profile_files.sanitized()] if self.options.sanitize else []
        built = build_all(self.options.folders, self.cases, [*self.profiles, *sanitized])
        for name, reason in built.absent.items():
            print(f"skipped: profile {name}: {reason}", file=sys.stderr)
        self._note_failures(built)
        self.watch_races(built)
        if self.options.sanitize:
            self._watch(built, *sanitized)
        self.prove(built)
        return self.proved

    def _note_failures(self, built: Built) -> None:
        for (name, by), said in sorted(built.failures.items()):
            self._note(f"{name}@{by}", f"does not compile:\n{said}")

    def watch_races(self, built: Built) -> None:
        """Ask ThreadSanitizer about faults that are races, which no world can see."""
        if not self.options.races:
            return
        wanted, no_detector, detecting = races.jobs(self.cases, self.options.folders, built)
        self._note_failures(detecting)
        self._raced = oracles.watch(wanted, self.options.folders, self.options.seed)
        if no_detector is not None:
            self._raced.gaps = {"race": self._clean_text(no_detector)}
        self._note_seen(self._raced)

    def _watch(self, built: Built, sanitized: BuildProfile) -> None:
        """Ask the oracles beside the worlds; first, since an outcome may rest on what they saw."""
        wanted, gaps = oracles.jobs(self.cases, self.profiles, sanitized, built, self._generator)
        found = oracles.watch(wanted, self.options.folders, self.options.seed)
        found.gaps = {tool: self._clean_text(reason) for tool, reason in gaps.items()} | self._raced.gaps
        self._note_seen(found)
        seen = confirmation.saw_in_source(found.observations)
        self.options = replace(self.options, confirmed={**self.options.confirmed, **seen})
        for key, observations in self._raced.observations.items():
            found.observations.setdefault(key, []).extend(observations)
        self._found = found

    def _note_seen(self, found: oracles.ToolSightings) -> None:
        """What tools could not look at, and what is not clean on valid input."""
        self.proved.gaps |= {str(tool): reason for tool, reason in found.gaps.items()}
        for where, message in found.failures:
            self._note(where, message)
        for dirty in map(self._clean, found.dirty):
            self.proved.dirty.append(dirty)
            name = f"{dirty.case}/{dirty.variant}@{dirty.profile}"
            self.proved.troubles.append(ProvingIssue(name, dirty.words[:4_000], broken=True))

    def prove(self, built: Built) -> None:
        """Prove what was built; several plugins at a time, each in a prover of its own."""
        jobs = [
            (case, profile)
            for case in self.cases
            for profile in self.profiles
            if (case.name, profile.name) in built.plugins
        ]
        found: list[Outcome] = []
        try:
            with Steps("prove", len(jobs)) as steps, processes.workers() as pool:
                results = pool.map(lambda job: self._evidence(job[0], job[1], built), jobs)
                for (case, profile), told in zip(jobs, results, strict=True):
                    found += self._judge(case, profile, told, built)
                    steps.step()
        finally:  # an interrupt leaves what was proved
            self._conclude(found)

    def _conclude(self, found: Sequence[Outcome]) -> None:
        """What needs the outcomes of several profiles: whose doing it was, and what is broken."""
        plain = {profile.name: profile.plain for profile in self.profiles}
        attributed = verdict.attribute(found, plain, self._checks)
        # A profile from the command line is its own plain sibling, whatever it checks.
        suite = profile_files.shipped()
        self.proved.troubles += trapped_raw(attributed, {name: plain[name] for name in plain if name in suite})
        self.proved.troubles += _of_harness(attributed)
        self.proved.troubles += [ProvingIssue(*said, broken=True) for said in claims.broken(attributed, self.facts)]
        if self._found is None:
            self.proved.troubles += self._unconfirmed(attributed, plain)
        else:
            self._confirm(attributed, [name for name in plain if plain[name] == name and name in suite], self._found)
        self.proved.outcomes = [one for one in attributed if self._is_wanted(one)]

    def _confirm(self, outcomes: Sequence[Outcome], plain: Sequence[str], found: oracles.ToolSightings) -> None:
        """Whether every fault is real, from all that the worlds and the other oracles saw of raw code."""
        made = confirmation.combine(outcomes, self.proved.faults, found.observations, found.gaps, plain)
        self.proved.confirmations = [
            replace(
                self._clean(one),
                sightings=tuple(map(self._clean, one.sightings)),
                gaps=tuple(map(self._clean_text, one.gaps)),
            )
            for one in made
        ]
        for where, message in confirmation.unconfirmed(self.proved.confirmations):
            self.proved.troubles.append(ProvingIssue(where[:300], message[:4_000], broken=True))

    def _evidence(self, case: CaseFiles, profile: BuildProfile, built: Built) -> evidence.ProveAnswer | runner.Failure:
        def plugin(name: str) -> PluginAt:
            return PluginAt(profile=name, path=str(built.plugins[case.name, name]))

        generator = self._generator(case, profile, built)
        if generator is None:
            return runner.Failure("load", f"no C++ plugin of {case.name} was built that could make its inputs")
        with locks.scratch() as scratch:
            plan = ProvePlan(
                case=case.name,
                plugin=plugin(profile.name),
                generator=plugin(generator),
                data=str(case.data),
                scratch=str(scratch),
                seed=self.options.seed,
                tier=self.options.tier,
                timeout_seconds=self.options.hang_seconds,
            )
            return runner.call("prove", plan, evidence.ProveAnswer, _PROVER_SECONDS, PROVER)

    def _generator(self, case: CaseFiles, profile: BuildProfile, built: Built) -> str | None:
        if profile.language != "rust":
            return profile.name
        candidates = (profile.against, *(other.name for other in self.profiles if other.language != "rust"))
        return next((name for name in candidates if name and (case.name, name) in built.plugins), None)

    def _judge(
        self, case: CaseFiles, profile: BuildProfile, answer: evidence.ProveAnswer | runner.Failure, built: Built
    ) -> Iterator[Outcome]:
        plugin = built.plugins[case.name, profile.name]
        where = f"{case.name}@{profile.name}"
        if isinstance(answer, runner.Failure):
            self._note(where, f"could not be proved: {answer.message}")
            return
        stops = [seen.stop for proof in answer.proofs for seen in proof.seen if seen.stop is not None]
        # Where proofs ended at a trap instruction that says nothing of itself, and the calls that led them to abort().
        traps = set(in_plugin(stop.pc for stop in stops if (stop.instruction or "").startswith("0f0b")))
        calls = set(in_plugin(caller for stop in stops for caller in stop.callers))
        sibling = None if profile.plain == profile.name else built.plugins.get((case.name, profile.plain))
        sites = check_sites(plugin, traps, sibling) if traps else {}
        checks = Checks.of_flags([flag for flag, _ in profile.flags], sites, contracts(plugin, calls))
        self._checks[case.name, profile.name] = checks
        self.facts[case.name, profile.name] = answer.plugin.facts
        self.proved.faults.setdefault(case.name, answer.faults)
        faults = {fault.name: fault for fault in answer.faults}
        roles = {variant.name: variant.role for variant in answer.plugin.variants}
        for proof in answer.proofs:
            if proof.variant in DISPATCH_ONLY:
                continue
            role: Any = roles[proof.variant]  # the prover proves raw and safe variants
            name = Outcome(case.name, profile.name, proof.variant, role, proof.fault, "no_verdict")
            judged = self._clean(self._judge_proof(name, faults[proof.fault], proof, checks))
            yield replace(judged, claim=(judged.claim or "")[:80] or None)

    def _judge_proof(
        self, name: Outcome, fault: evidence.DeclaredFault, proof: evidence.WorldsProof, checks: Checks
    ) -> Outcome:
        key = name.case, name.variant, name.fault
        if "race" not in fault.oracles:
            return verdict.judge(name, fault, proof, checks, self.options.confirmed.get(key, frozenset()))
        seen = self._raced
        return races.judge(name, fault, proof, seen.observations.get(key, ()), seen.dirty, seen.gaps)

    def _clean_text(self, text: str) -> str:
        return privacy.clean(self.options.folders, text, 400)

    def _clean(self, one: _Texts) -> _Texts:
        """Texts come from plugins, compilers and tools: no path of this machine, and no end of them."""
        texts = {name: getattr(one, name, None) for name in ("text", "reason", "claim", "function", "seen")}
        cleaned: dict[str, Any] = {key: self._clean_text(text) for key, text in texts.items() if text is not None}
        return replace(one, **cleaned)

    def _is_wanted(self, one: Outcome) -> bool:
        if one.profile not in {profile.name for profile in self.options.profiles}:
            return False
        if self.pattern is not None and self.pattern.search(one.case):
            return True
        name = f"{one.case}/{one.variant}/{one.fault}@{one.profile}"
        return self.pattern is None or any(map(self.pattern.search, (name, f"{one.case}/{one.variant}@{one.profile}")))

    def _unconfirmed(self, outcomes: Sequence[Outcome], plain: Mapping[str, str]) -> Iterator[ProvingIssue]:
        """Faults that no plain raw code was seen to commit, though the worlds are declared to be able to see it."""
        languages = {profile.name: profile.language for profile in self.profiles}
        for case, faults in self.proved.faults.items():
            for fault in faults:
                if not set(fault.oracles) & {"guard", "ledger", "canary", "value"}:
                    continue
                raws = [
                    one
                    for one in outcomes
                    if (one.case, one.fault, one.role) == (case, fault.name, "raw")
                    and plain[one.profile] == one.profile
                    and languages[one.profile] != "rust"
                ]
                if any(one.detail == "harness" for one in raws):
                    continue
                if raws and not any(one.confirmed or one.kind in {"crashed", "hung"} for one in raws):
                    message = "no world saw raw code commit it: the fault, or its oracle, is not what it says"
                    yield ProvingIssue(f"{case}: {fault.name}", message, broken=True)

    def _note(self, where: str, message: str) -> None:
        clean = privacy.clean(self.options.folders, message, 4_000) or "it said nothing"
        self.proved.troubles.append(ProvingIssue(where, clean, broken=False))


def _of_harness(outcomes: Sequence[Outcome]) -> Iterator[ProvingIssue]:
    """Trouble of the prover's, once for each plugin."""
    first: dict[str, Outcome] = {}
    for outcome in outcomes:
        if outcome.detail == "harness":
            first.setdefault(f"{outcome.case}@{outcome.profile}", outcome)
    for where, outcome in first.items():
        yield ProvingIssue(where, f"cannot be proved here: {outcome.reason}", broken=False)


def trapped_raw(outcomes: Sequence[Outcome], plain: Mapping[str, str]) -> Iterator[ProvingIssue]:
    """What must not be: raw code trapped in a plain profile."""
    for one in outcomes:
        where = f"{one.case}/{one.variant}/{one.fault}@{one.profile}"
        if one.role == "raw" and one.kind == "trapped" and plain.get(one.profile) == one.profile:
            yield ProvingIssue(where, f"raw code in a plain profile was trapped by {one.mechanism}", broken=True)
