"""The document of a run as far as it has come: what its stages found, brought into the document's form."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from safecost.document import io as document
from safecost.document import types as doc
from safecost.document.evidence import DescribedPoint
from safecost.document.measured import Contender, Pair, Panel
from safecost.machine import facts as machine
from safecost.machine.facts import Sample
from safecost.run import panels
from safecost.run.journal import RunPlan
from safecost.run.panels import PlannedPair, medians, panel_ratios, within_launches
from safecost.run.state import RunState
from safecost.stats.fdr import after_control, q_values
from safecost.stats.pairs import PairSummary, summarise
from safecost.suite import revision as suite_revision
from safecost.suite.cases import CaseFiles
from safecost.suite.profiles import BuildProfile
from safecost.toolchain.build import sha256

PanelPairKey = tuple[panels.PlannedPanel, int]  # a pair: its panel, and its place in it
# A/A pairs and calibrations are no discoveries: they say how much to believe the others.
_DISCOVERIES = frozenset({"idiom", "profile", "full", "language"})


def assemble(state: RunState, sample: Sample, plan: RunPlan | None = None) -> doc.Document:
    """Everything that is known of a run so far; `plan` is the journal's, where there is one."""
    mode, facts = state.options.mode, state.runner_facts
    started = plan.started if plan else state.started
    return doc.Document(
        schema="safecost-run",
        schema_version=doc.SCHEMA_VERSION,
        suite=plan.suite if plan else suite_revision.revision(),
        run=doc.Run(
            mode=mode.name,
            seed=state.options.seed,
            started=started,
            finished=max(started, document.now()),  # a clock that is set meanwhile may be set back
            complete=state.complete,
            # Of build and verification those of the last session, of measuring those of all.
            seconds=doc.StageSeconds(
                **state.seconds | {"measure": round(state.seconds["measure"] + state.earlier.seconds, 3)}
            ),
            analyses=mode.analyses,
            epoch_seconds=mode.epoch_seconds,
            contender_seconds=mode.contender_seconds,
            margin=state.options.margin,
            false_discovery_rate=mode.false_discovery_rate,
            resumed=plan.resumed if plan else 0,
            filter=None if state.options.filter is None else state.clean(state.options.filter, 1_000),
            runner=doc.Runner(
                facts.compiler if facts else "unknown",
                facts.benchmark.version if facts else "unknown",
                facts.benchmark.build if facts else "unknown",
                facts.abi_version if facts else 1,
            ),
        ),
        machine=machine.after(state.machine, _sample(state, sample, plan)),
        profiles=tuple(_profile(state, profile) for profile in state.profiles),
        cases=tuple(_case(state, case) for case in state.cases),
        plugins=tuple(
            doc.Plugin(case, profile, sha256(path), path.stat().st_size, state.built.trained.get((case, profile)))
            for (case, profile), path in sorted(state.built.plugins.items())
            if path.exists()
        ),
        gaps=tuple(
            doc.Gap(case, variant.name, profile, state.clean(variant.gap))
            for (case, profile), said in sorted(state.descriptions.items(), key=lambda item: item[0])
            for variant in said.variants
            if variant.gap is not None
        ),
        panels=_panels(state),
        proofs=tuple(state.proofs),
        rejections=tuple(state.rejections),
        codes=tuple(
            replace(code, listing=state.clean(code.listing, 200_000), remarks=tuple(map(state.clean, code.remarks)))
            for code in state.codes
        ),
        counting=state.counted.counting,
        counts=tuple(
            replace(count, reason=None if count.reason is None else state.clean(count.reason))
            for count in state.counted.counts
        ),
        problems=tuple(state.problems),
    )


def _profile(state: RunState, profile: BuildProfile) -> doc.Profile:
    said = next((facts for (_, name), facts in state.descriptions.items() if name == profile.name), None)
    reason = state.built.absent.get(profile.name)
    if reason is None and not state.complete and profile.name not in state.built.compilers:
        reason = "the run ended before it was built"
    return doc.Profile(
        name=profile.name,
        summary=state.clean(profile.summary),
        language=profile.language,  # type: ignore[arg-type]
        library=profile.library,  # type: ignore[arg-type]
        plain=profile.plain,
        against=profile.against,
        status="absent" if reason else "measured",
        reason=None if reason is None else state.clean(reason),
        compiler=state.clean(state.built.compilers.get(profile.name, "")) or None,
        flags=tuple((state.clean(flag), state.clean(why)) for flag, why in profile.flags),
        facts={key: state.clean(value) for key, value in said.facts.items()} if said else {},
        trained=profile.trained,
    )


def _case(state: RunState, case: CaseFiles) -> doc.Case:
    family, _, name = case.name.partition("/")
    described = [said for (of, _), said in state.descriptions.items() if of == case.name]
    generator = next((said for said in described if said.parameters), None)
    status, reason = _status(state, case, bool(described))
    variants: dict[tuple[str, str], doc.Variant] = {}
    known = case.frozen
    for said in described:
        for one in said.variants:
            summary = state.clean(one.summary)
            written = one.role in ("raw", "safe")
            later = known is not None and written and known.added_later(case.name, one.name)
            marks = (one.algorithm, one.practised, one.origin, one.trusted_core, later)
            variant = doc.Variant(one.name, one.role, said.language, summary, *marks)
            variants.setdefault((variant.name, variant.language), variant)
    return doc.Case(
        family=family,
        case=name,
        question=state.clean(case.question),
        status=status,
        reason=reason,
        system_bound=bool(generator and generator.system_bound),
        straight=bool(generator and generator.straight),
        sources=tuple(
            doc.Source(file.name, state.clean(file.read_text(encoding="utf-8", errors="replace"), 200_000))
            for file in case.files
        ),
        parameters=tuple(
            doc.Parameter(p.size, p.rate, p.label, p.threads, p.workers, panels.gap_of(p))
            for p in _points(state, case.name)
        ),
        variants=tuple(variants.values()),
        faults=tuple(
            doc.Fault(
                fault.name,
                fault.cwe,
                fault.kind,
                state.clean(fault.description),
                state.clean(fault.contract),
                fault.oracles,
                fault.stops,
                fault.reference,
            )
            for fault in (generator.faults if generator else ())
        ),
        held_out=known is not None and known.holds_out(case.name),
    )


def _status(
    state: RunState, case: CaseFiles, described: bool
) -> tuple[Literal["measured", "disqualified", "not_built", "not_measured"], str | None]:
    disqualifies = [problem for problem in state.problems if problem.case == case.name and problem.disqualifies]
    if disqualifies:
        first = disqualifies[0]
        who = f"{first.variant}@{first.profile} " if first.variant else ""
        return "disqualified", state.clean(f"{who}{first.message.splitlines()[0]}")
    if any(panel.case == case.name and launches for panel, launches in state.results.items()):
        return "measured", None
    stopped = not (state.complete or state.seconds["verify"])  # before there was anything to describe
    if not stopped and not described and not any(name == case.name for name, _ in state.built.plugins):
        return "not_built", "no profile could build it"
    if not state.complete:
        return "not_measured", doc.NOT_REACHED
    for problem in state.problems:
        if problem.case == case.name:
            return "not_measured", state.clean(f"{problem.profile or 'it'} {problem.message.splitlines()[0]}")
    gap = next((reason for point in _points(state, case.name) if (reason := panels.gap_of(point))), None)
    return "not_measured", gap


def _points(state: RunState, case: str) -> tuple[DescribedPoint, ...]:
    """Where a case is timed, were this machine large enough."""
    by = state.generator(case)
    return () if by is None else state.descriptions[case, by].points


def _sample(state: RunState, sample: Sample, plan: RunPlan | None) -> Sample:
    """The load before the first session, and the worse of the shares that the host took away."""
    earlier = state.earlier
    share = max(sample.steal_share, machine.steal_share((0, 0), (earlier.stolen, earlier.ticks)))
    before = plan.load_before if plan else sample.load_before
    return replace(sample, steal_share=share, load_before=max(before, sample.load_before))


def _panels(state: RunState) -> tuple[Panel, ...]:
    """Every panel that has a launch, with verdicts after the control of false discoveries where there is one."""
    profiles = {profile.name: profile for profile in state.profiles}
    found = [
        (panel, results, panel_ratios(panel, profiles[panel.profile], results))
        for panel, results in state.results.items()
        if results
    ]
    summaries: dict[PanelPairKey, tuple[PairSummary, float | None]] = {
        (panel, at): (
            summarise(ratios, state.options.margin, analyses=state.options.mode.analyses, within=within),
            None,
        )
        for panel, results, pairs in found
        for at, ((_, ratios), within) in enumerate(
            zip(pairs, within_launches([arms for arms, _ in pairs], results), strict=True)
        )
    }
    rate, disqualified = state.options.mode.false_discovery_rate, state.disqualified
    if rate is not None:
        discoveries = [
            (panel, at)
            for panel, _, pairs in found
            for at, (arms, _) in enumerate(pairs)
            if panel.case not in disqualified and arms.kind in _DISCOVERIES
        ]
        for key, q in zip(discoveries, q_values([summaries[key][0].p for key in discoveries]), strict=True):
            summaries[key] = after_control(summaries[key][0], q, rate), q

    def pair_of(key: PanelPairKey, arms: PlannedPair, ratios: tuple[float, ...]) -> Pair:
        one, q = summaries[key]
        return Pair(
            arms.kind, arms.numerator, arms.denominator, arms.planted, ratios, one.ratio, one.low, one.high,
            one.level, one.verdict, one.reason, one.detectable, one.p, q, one.spread,
        )  # fmt: skip

    return tuple(
        Panel(
            case=panel.case,
            profile=panel.profile,
            size=panel.parameter.size,
            rate=panel.parameter.rate,
            threads=panel.parameter.threads,
            workers=panel.parameter.workers,
            label=panel.parameter.label,
            ended=state.ended.get(panel, "interrupted"),
            launches=tuple(launch for launch, _, _ in results),
            contenders=tuple(
                Contender(arm.variant, arm.profile, arm.role, times)
                for arm, times in zip(panel.contenders, zip(*medians(results), strict=True), strict=True)
            ),
            pairs=tuple(pair_of((panel, at), *pair) for at, pair in enumerate(pairs)),
        )
        for panel, results, pairs in found
    )
