"""The document of a run as far as it has come: what its stages found, brought into the document's form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from safecost.core import privacy
from safecost.document import io as document
from safecost.document import types as doc
from safecost.machine import facts as machine
from safecost.machine.facts import Sample
from safecost.run import panels
from safecost.stats.fdr import after_control, q_values
from safecost.stats.pairs import PairSummary, launch_ratio, summarise
from safecost.suite import revision as suite_revision
from safecost.suite.cases import CaseFiles
from safecost.suite.profiles import BuildProfile
from safecost.toolchain.build import sha256

if TYPE_CHECKING:  # the stages call this module, which only reads what they found
    from safecost.run.journal import TimedLaunch
    from safecost.run.measure import Measurement

# What the launches of a panel gave; one entry a launch, so that an interrupt leaves no half of one.
Results = list[tuple[doc.Launch, list[list[float]]]]  # nanoseconds: [contender][round]

PanelPairKey = tuple[panels.PlannedPanel, int]  # a pair: its panel, and its place in it
# A/A pairs and calibrations are no discoveries: they say how much to believe the others.
_DISCOVERIES = frozenset({"idiom", "profile", "full", "language"})


@dataclass(slots=True)
class Earlier:
    """What launches of earlier sessions took: seconds of wall time, and ticks of the CPUs, in all and stolen."""

    seconds: float = 0.0
    stolen: int = 0
    ticks: int = 0

    def add(self, timed: TimedLaunch) -> None:
        """Count a launch that was not measured in this session."""
        self.seconds += timed.seconds
        self.stolen += timed.stolen_ticks
        self.ticks += timed.ticks


@dataclass(frozen=True, slots=True)
class PairRatios:
    """A comparison that a panel is for, and its ratio in each launch."""

    arms: panels.PlannedPair
    ratios: tuple[float, ...]


def _clean(run: Measurement, text: str, limit: int = 4_000) -> str:
    return privacy.clean(run.options.folders, text, limit)


def assemble(run: Measurement) -> doc.Document:
    """Everything that is known of a run so far."""
    mode, facts = run.options.mode, run.runner_facts
    plan = run.journal.plan if run.journal else None
    return doc.Document(
        schema="safecost-run",
        schema_version=doc.SCHEMA_VERSION,
        suite=plan.suite if plan else suite_revision.revision(),
        run=doc.Run(
            mode=mode.name,
            seed=run.options.seed,
            started=plan.started if plan else run.started,
            finished=document.now(),
            complete=run.complete,
            seconds=_seconds(run),
            analyses=mode.analyses,
            epoch_seconds=mode.epoch_seconds,
            contender_seconds=mode.contender_seconds,
            margin=run.options.margin,
            false_discovery_rate=mode.false_discovery_rate,
            resumed=plan.resumed if plan else 0,
            filter=None if run.options.filter is None else _clean(run, run.options.filter, 1_000),
            runner=doc.Runner(
                facts.compiler if facts else "unknown",
                facts.benchmark.version if facts else "unknown",
                facts.benchmark.build if facts else "unknown",
                facts.abi_version if facts else 1,
            ),
        ),
        machine=machine.after(run.machine, _sample(run)),
        profiles=tuple(_profile(run, profile) for profile in run.profiles),
        cases=tuple(_case(run, case) for case in run.cases),
        plugins=tuple(
            doc.Plugin(case, profile, sha256(path), path.stat().st_size)
            for (case, profile), path in sorted(run.built.plugins.items())
            if path.exists()
        ),
        gaps=tuple(
            doc.Gap(case, variant.name, profile, _clean(run, variant.gap))
            for (case, profile), said in sorted(run.descriptions.items(), key=lambda item: item[0])
            for variant in said.variants
            if variant.gap is not None
        ),
        panels=_panels(run),
        proofs=tuple(run.proofs),
        rejections=tuple(run.rejections),
        codes=tuple(replace(code, listing=_clean(run, code.listing, 200_000)) for code in run.codes),
        counting=run.counted.counting,
        counts=tuple(
            replace(count, reason=None if count.reason is None else _clean(run, count.reason))
            for count in run.counted.counts
        ),
        problems=tuple(run.problems),
    )


def _profile(run: Measurement, profile: BuildProfile) -> doc.Profile:
    said = next((facts for (_, name), facts in run.descriptions.items() if name == profile.name), None)
    reason = run.built.absent.get(profile.name)
    return doc.Profile(
        name=profile.name,
        summary=_clean(run, profile.summary),
        language=profile.language,  # type: ignore[arg-type]
        library=profile.library,  # type: ignore[arg-type]
        plain=profile.plain,
        against=profile.against,
        status="absent" if reason else "measured",
        reason=None if reason is None else _clean(run, reason),
        compiler=_clean(run, run.built.compilers.get(profile.name, "")) or None,
        flags=tuple((_clean(run, flag), _clean(run, why)) for flag, why in profile.flags),
        facts={key: _clean(run, value) for key, value in said.facts.items()} if said else {},
    )


def _case(run: Measurement, case: CaseFiles) -> doc.Case:
    family, _, name = case.name.partition("/")
    described = [said for (of, _), said in run.descriptions.items() if of == case.name]
    generator = next((said for said in described if said.parameters), None)
    status, reason = _status(run, case, bool(described))
    variants: dict[tuple[str, str], doc.Variant] = {}
    for said in described:
        for one in said.variants:
            summary = _clean(run, one.summary)
            variant = doc.Variant(one.name, one.role, said.language, summary, one.algorithm, one.practised)
            variants.setdefault((variant.name, variant.language), variant)
    return doc.Case(
        family=family,
        case=name,
        question=_clean(run, case.question),
        status=status,
        reason=reason,
        system_bound=bool(generator and generator.system_bound),
        sources=tuple(
            doc.Source(file.name, _clean(run, file.read_text(encoding="utf-8", errors="replace"), 200_000))
            for file in case.files
        ),
        parameters=tuple(
            doc.Parameter(p.size, p.rate, p.label, p.threads) for p in (generator.parameters if generator else ())
        ),
        variants=tuple(variants.values()),
        faults=tuple(
            doc.Fault(
                fault.name,
                fault.cwe,
                fault.kind,
                _clean(run, fault.description),
                _clean(run, fault.contract),
                fault.oracles,
                fault.stops,
                fault.reference,
            )
            for fault in (generator.faults if generator else ())
        ),
    )


def _status(
    run: Measurement, case: CaseFiles, described: bool
) -> tuple[Literal["measured", "disqualified", "not_built", "not_measured"], str | None]:
    disqualifies = [problem for problem in run.problems if problem.case == case.name and problem.disqualifies]
    if disqualifies:
        first = disqualifies[0]
        who = f"{first.variant}@{first.profile} " if first.variant else ""
        return "disqualified", _clean(run, f"{who}{first.message.splitlines()[0]}")
    if any(panel.case == case.name and launches for panel, launches in run.results.items()):
        return "measured", None
    stopped = not (run.complete or run.seconds["verify"])  # before there was anything to describe
    if not stopped and not described and not any(name == case.name for name, _ in run.built.plugins):
        return "not_built", "no profile could build it"
    if not run.complete:
        return "not_measured", "the run ended before it was measured"
    for problem in run.problems:
        if problem.case == case.name:
            return "not_measured", _clean(run, f"{problem.profile or 'it'} {problem.message.splitlines()[0]}")
    return "not_measured", None


def _seconds(run: Measurement) -> doc.Seconds:
    """Of build and verification those of the last session, of measuring those of all."""
    return doc.Seconds(**run.seconds | {"measure": round(run.seconds["measure"] + run.earlier.seconds, 3)})


def _sample(run: Measurement) -> Sample:
    """The load before the first session, and the worse of the shares that the host took away."""
    sample, earlier = run.sampler.stop(), run.earlier
    share = max(sample.steal_share, machine.steal_share((0, 0), (earlier.stolen, earlier.ticks)))
    before = run.journal.plan.load_before if run.journal else sample.load_before
    return replace(sample, steal_share=share, load_before=max(before, sample.load_before))


def compared(run: Measurement, panel: panels.PlannedPanel, results: Results) -> list[PairRatios]:
    """The comparisons that a panel is for, with the ratio of each launch so far."""
    profile = next(profile for profile in run.profiles if profile.name == panel.profile)
    typical = [float(np.median(values)) for values in zip(*_medians(results), strict=True)]
    return [
        PairRatios(arms, tuple(launch_ratio(launch[arms.numerator], launch[arms.denominator]) for _, launch in results))
        for arms in panels.pairs(panel, profile, typical)
    ]


def _medians(results: Results) -> list[list[float]]:
    return [[float(np.median(rounds)) for rounds in launch] for _, launch in results]


def _panels(run: Measurement) -> tuple[doc.Panel, ...]:
    """Every panel that has a launch, with verdicts after the control of false discoveries where there is one."""
    found = [(panel, results, compared(run, panel, results)) for panel, results in run.results.items() if results]
    said = {
        (panel, at): summarise(pair.ratios, run.options.margin, analyses=run.options.mode.analyses)
        for panel, _, pairs in found
        for at, pair in enumerate(pairs)
    }
    disqualified = {problem.case for problem in run.problems if problem.disqualifies}
    discoveries = [
        (panel, at)
        for panel, _, pairs in found
        for at, pair in enumerate(pairs)
        if panel.case not in disqualified and pair.arms.kind in _DISCOVERIES
    ]
    controlled = dict(_controlled([(key, said[key]) for key in discoveries], run.options.mode.false_discovery_rate))

    def pair_of(key: PanelPairKey, pair: PairRatios) -> doc.Pair:
        one, q = controlled.get(key, (said[key], None))
        arms = pair.arms
        return doc.Pair(
            arms.kind, arms.numerator, arms.denominator, arms.planted, pair.ratios, one.ratio, one.low, one.high,
            one.level, one.verdict, one.reason, one.detectable, one.p, q,
        )  # fmt: skip

    return tuple(
        doc.Panel(
            case=panel.case,
            profile=panel.profile,
            size=panel.parameter.size,
            rate=panel.parameter.rate,
            threads=panel.parameter.threads,
            label=panel.parameter.label,
            ended=run.schedule.ended.get(panel, "interrupted"),
            launches=tuple(launch for launch, _ in results),
            contenders=tuple(
                doc.Contender(arm.variant, arm.profile, arm.role, times)
                for arm, times in zip(panel.contenders, zip(*_medians(results), strict=True), strict=True)
            ),
            pairs=tuple(pair_of((panel, at), pair) for at, pair in enumerate(pairs)),
        )
        for panel, results, pairs in found
    )


def _controlled(
    summaries: Sequence[tuple[PanelPairKey, PairSummary]], rate: float | None
) -> Iterator[tuple[PanelPairKey, tuple[PairSummary, float]]]:
    """Verdicts and q-values after the control of false discoveries over all of them; nothing without a rate."""
    if rate is not None:
        for (key, summary), q in zip(summaries, q_values([one.p for _, one in summaries]), strict=True):
            yield key, (after_control(summary, q, rate), q)
