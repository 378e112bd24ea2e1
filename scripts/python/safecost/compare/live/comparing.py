"""A live comparison: both sides built and looked at, then timed in the same processes; what comes out is rows.

What is exact comes from two documents, as between two runs. Times come from panels that hold both, at the same time.
"""

from __future__ import annotations

import secrets
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from safecost.compare.documents import PARTS, compare, merged
from safecost.compare.documents import side as side_facts
from safecost.compare.live import reasons
from safecost.compare.live.arms import (
    Pairing,
    Quantity,
    aa_ratios,
    build_name,
    only,
    panels_of,
    parts,
    quantities,
    timed,
)
from safecost.compare.live.sides import LiveSide, matching, renamed, restricted
from safecost.compare.live.timing import LiveBench, Timings
from safecost.compare.rows import Comparison, ComparisonRow, RowPlace, judged, time_row
from safecost.compare.rows import SideFacts as NamedSide
from safecost.core import locks, processes
from safecost.core.decoding import filled
from safecost.core.errors import ToolError
from safecost.core.progress import Steps
from safecost.core.text import shown
from safecost.document.evidence import VerifyAnswer
from safecost.document.plan import PluginAt, VerifyPlan
from safecost.document.types import MARKS, Document
from safecost.run import remarks
from safecost.run.panels import PlannedPanel
from safecost.run.schedule import DEFAULT, Mode
from safecost.stats.pairs import summarise
from safecost.toolchain import runner
from safecost.toolchain.build import sha256
from safecost.validity.advisories import of_machine, outlying
from safecost.validity.data_quality import MOST_OUTLIERS, TOLERANCE, AaSpread, distance

CONFIRMING = replace(DEFAULT, analyses=(8, 12, 20))
"""How often what fails is timed again, at most; it ends at the first look that decides."""

# What base and head have in one process is no accident of one of them.
_NOT_COMPARED = frozenset({"rulings of compilers", "times"})


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared with what: two sides, and by which of their profiles."""

    base: LiveSide
    head: LiveSide
    pairings: tuple[Pairing, ...]


@dataclass(slots=True)
class Together:
    """What came out where both sides' plugins of a case were loaded and verified together.

    `differing` tells, by case, how results differ on the same inputs; `apart` why a case cannot be timed in one
    process; `redrawn` holds cases for which the sides draw other inputs from the same seed.
    """

    differing: dict[str, str] = field(default_factory=dict)
    apart: dict[str, str] = field(default_factory=dict)
    redrawn: list[str] = field(default_factory=list)


class Comparing:
    """A live comparison in the making; `comparison()` tells what is known so far, also after an interrupt."""

    def __init__(self, sides: Sides, *, seed: int | None = None, prove: bool = True) -> None:
        self.sides, self.prove = sides, prove
        self.base, self.head = sides.base, sides.head
        self.seed = secrets.randbits(32) if seed is None else seed
        self.mode: Mode = self.head.state.options.mode
        self.margin = self.head.state.options.margin
        self.together = Together()
        self.panels: list[PlannedPanel] = []
        self.timings = Timings()
        self.complete = False
        self._bench = LiveBench(self.base, self.head)
        self._looked: dict[tuple[RowPlace, str], ComparisonRow] = {}  # rows after fresh launches

    # ---- stages ------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """All stages in order; an interrupt leaves what was found out until then."""
        self.prepare()
        self.examine()
        self.time()
        self.explain()
        self.complete = True

    def prepare(self) -> None:
        """Build and verify both sides, each by itself and then together; raises ToolError where nothing is common."""
        for side in (self.base, self.head):
            print(f"{side.name}: {side.title}", file=sys.stderr)
            side.prepare()
        self._verify_together()
        if not any(self._in_both()):
            raise ToolError(
                f"{self.base.title} and {self.head.title} have no case in common that both could build: see above."
            )
        self.panels = list(self._panels())

    def examine(self) -> None:
        """What is exact: proofs, instructions and allocations of both sides."""
        self.base.count_on_inputs_of(self.head, self.together.redrawn)
        for side in (self.base, self.head):
            if self.prove:
                side.prove()
            side.count()

    def time(self) -> None:
        """Time base and head against each other."""
        if self.panels:
            # The layouts of a confirmation are made when there is one.
            self._bench.link(self.panels, self.mode, self.seed)
            timings, interrupt = self._bench.time(self.panels, self.mode, self.seed, self.margin)
            known = self.timings
            self.timings = Timings(
                known.launches | timings.launches,
                known.broken | timings.broken,
                known.wrong | timings.wrong,
                known.contended + timings.contended,
            )
            if interrupt is not None:
                raise interrupt

    def explain(self) -> None:
        """Ask the compilers of two profiles why kernels have become what they are."""
        found = set(reasons.changed(self.comparison().rows, self.sides.pairings))
        for side in (self.base, self.head):
            keys = {(case, pairing.of(side.name)) for case, pairing in found}
            side.measurement.state = remarks.asked(side.state, keys)

    def again(self, seed: int) -> Comparing:
        """Another comparison of what is built and verified already, with launches of its own."""
        other = Comparing(self.sides, seed=seed, prove=self.prove)
        other.together, other.panels, other._bench = self.together, self.panels, self._bench
        self.head.measurement.sampler.start()
        return other

    def _verify_together(self) -> None:
        """Load both sides' plugins of each case, and let all compute the same inputs, which head draws."""
        cases = list(dict.fromkeys(case for case, _ in self._in_both()))
        with Steps("verify base and head together", len(cases)) as steps, processes.workers() as pool:
            for case, result in zip(cases, pool.map(self._verify_case, cases), strict=True):
                self._take(case, result)
                steps.step()
        self.together.apart |= dict.fromkeys(
            self.together.differing, "base and head compute different results from the same inputs"
        )

    def _verify_case(self, case: str) -> VerifyAnswer | runner.Failure:
        plugins = tuple(
            PluginAt(profile=build_name(side.name, by), path=str(side.state.built.plugins[name, by]))
            for side in (self.head, self.base)  # the first that draws inputs draws them for all
            for name, by in side.state.descriptions
            if name == case
        )
        with locks.scratch() as scratch:
            plan = VerifyPlan(
                case=case,
                data=str(self.head.state.data(case)),
                scratch=str(scratch),
                plugins=plugins,
                tier=self.mode.tier,
                timeout_seconds=self.head.state.options.verify_seconds,
            )
            return runner.call("verify", plan, VerifyAnswer, 600)

    def _take(self, case: str, result: VerifyAnswer | runner.Failure) -> None:
        """Sort what was found: each side was fine by itself, so this is between them."""
        if isinstance(result, runner.Failure):
            self.together.apart[case] = f"together, the runner {result.message}"
            return
        for problem in result.problems:
            where = "@".join(filter(None, (problem.variant, problem.profile)))
            said = f"{where}: {problem.message}" if where else problem.message
            if problem.kind == "digest":
                self.together.differing.setdefault(case, said)
            elif problem.kind == "pool":
                self.together.redrawn.append(case)
            elif problem.kind not in {"growth", *MARKS}:  # of a side alone, which was told of it
                self.together.apart.setdefault(case, said)

    def _in_both(self) -> Iterator[tuple[str, Pairing]]:
        """The cases and pairings that both sides built, described, and did not disqualify."""
        disqualified = self.base.state.disqualified | self.head.state.disqualified
        for case in (one.name for one in self.head.state.cases):
            for pairing in self.sides.pairings:
                both = (case, pairing.base) in self.base.state.descriptions
                both = both and (case, pairing.head) in self.head.state.descriptions
                if both and case not in disqualified:
                    yield case, pairing

    def _panels(self) -> Iterator[PlannedPanel]:
        sharing: dict[tuple[str, str], list[str]] = {}  # profiles of head, by case and by base's profile
        for case, pairing in self._in_both():
            sharing.setdefault((case, pairing.base), []).append(pairing.head)
        for (case, base), heads in sharing.items():
            if self.head.state.generator(case) is None:
                continue
            builds = {build_name("base", base): self.base.state.variants(case, base)}
            builds |= {build_name("head", head): self.head.state.variants(case, head) for head in heads}
            for panel in panels_of(case, builds, self.head.points(case), self.head.state.pattern):
                if case in self.together.apart:
                    self.timings.broken[panel] = self.together.apart[case]
                    self.timings.launches[panel] = []
                else:
                    yield panel

    # ---- confirmation ------------------------------------------------------------------------------------------------

    def confirm(self, rows: Sequence[ComparisonRow]) -> tuple[ComparisonRow, ...]:
        """These rows, each regression in time, certain or suspected, looked at once more: with fresh launches, layouts,
        inputs and order.

        A regression is confirmed where the fresh launches alone show one beyond the row's own limit; one that they do
        not show is inconclusive from then on. What was suspected only is decided by them: the row tells what they say
        where they show a regression, and stays as it was otherwise. There may be more of them than there were at first,
        since what may turn a gate red is worth it: of six launches one that was disturbed is enough to hide a
        regression, of twenty none.
        """
        failing = [
            row
            for row in rows
            if row.key not in self._looked
            and (row.suspected or (row.tier == "time" and row.verdict == "regression" and row.confirmed is None))
        ]
        by_place = {(place, quantity.metric): panel for panel in self.panels for place, quantity in self._places(panel)}
        wanted: dict[PlannedPanel, set[str]] = {}
        for row in failing:
            if row.key in by_place and row.place.variant is not None:
                wanted.setdefault(by_place[row.key], set()).add(row.place.variant)
        again = {only(panel, frozenset(variants)): variants for panel, variants in wanted.items()}
        if not again:
            return tuple(rows)
        mode = replace(self.mode, analyses=max(CONFIRMING.analyses, self.mode.analyses, key=max))
        mode = replace(mode, contender_seconds=max(CONFIRMING.contender_seconds, mode.contender_seconds))
        self._bench.link([*again], mode, self.seed + 1)
        fresh, interrupt = self._bench.time(
            [*again], mode, self.seed + 1, self.margin,
            deciding=again, what="look again at what fails or may",
        )  # fmt: skip
        if interrupt is not None:
            raise interrupt
        seen = {row.key: row for row in self._time_rows(fresh, mode)}
        self._looked |= {row.key: after_fresh(row, seen.get(row.key)) for row in failing}
        return tuple(self._looked.get(row.key, row) for row in rows)

    # ---- what came out -----------------------------------------------------------------------------------------------

    def comparison(self) -> Comparison:
        """Every row known so far, judged by the default limits."""
        held = [part for part in PARTS if part[0] not in _NOT_COMPARED]
        titles = self.base.title, self.head.title
        made = merged([compare(*both, titles, self.margin, held) for both in self._documents()])
        found = (*(self._with_results(row) for row in made.rows), *self._time_rows(self.timings))
        codes = (reasons.kernels(side.state.codes) for side in (self.base, self.head))
        rows = tuple(reasons.with_reasons(found, self.sides.pairings, *codes))
        return replace(
            made,
            base=_with_facts(made.base, self.base),
            head=_with_facts(side_facts(self._exact(self.head, self.sides.pairings), self.head.title), self.head),
            how="live",
            margin=self.margin,
            rows=rows,
            warnings=(*made.warnings, *self._warnings()),
            advisory=(*made.advisory, *self._advisory()),
            gone=(*made.gone, *([] if self.complete else ["The comparison was interrupted."])),
        )

    def _documents(self) -> Iterator[tuple[Document, Document]]:
        """What is exact of each side, under head's names of profiles: once for each time that base has another one."""
        left = list(self.sides.pairings)
        while left:
            names: dict[str, str] = {}
            for pairing in left:
                names.setdefault(pairing.base, pairing.head)
            now = [pairing for pairing in left if names[pairing.base] == pairing.head]
            left = [pairing for pairing in left if pairing not in now]
            other = {base: head for base, head in names.items() if base != head}
            yield renamed(self._exact(self.base, now), other), self._exact(self.head, now)

    @staticmethod
    def _exact(side: LiveSide, pairings: Sequence[Pairing]) -> Document:
        profiles = frozenset(pairing.of(side.name) for pairing in pairings)
        document = matching(side.state.pattern, restricted(side.document(), profiles))
        cases = tuple(
            replace(one, status="measured") if one.status == "not_measured" and one.reason is None else one
            for one in document.cases
        )
        return replace(document, cases=cases)

    def _with_results(self, row: ComparisonRow) -> ComparisonRow:
        """Results are right where both sides agree on them, not only the contenders of each, and go on to be."""
        case = row.place.case
        said = self.together.differing.get(case) or self.timings.wrong.get(case)
        if row.metric != "result" or said is None or row.verdict not in ("unchanged", "changed"):
            return row
        words = "differs from base" if case in self.together.differing else "goes wrong"
        return replace(row, head=words, verdict="wrong", note=shown(said, quoted=False, limit=400))

    def _places(self, panel: PlannedPanel) -> Iterator[tuple[RowPlace, Quantity]]:
        at = panel.parameter
        for one in quantities(panel):
            head = parts(panel.contenders[one.arms[1]].profile)[1]
            against = f"{one.against}@{head}" if one.metric == "idiom_time" else self.base.title
            place = filled(RowPlace, at, panel, variant=one.variant, profile=head, fault=None, against=against)
            yield place, one

    def _time_rows(self, timings: Timings, mode: Mode | None = None) -> Iterator[ComparisonRow]:
        same = self._same_plugins()
        told: set[tuple[RowPlace, str]] = set()
        for panel, launches in timings.launches.items():
            known = {one.quantity: one for one in timed(panel, launches)}
            for place, quantity in self._places(panel):
                if (place, quantity.metric) in told:  # raw code is in every group of its case
                    continue
                told.add((place, quantity.metric))
                if quantity not in known:
                    if panel in timings.broken:
                        yield ComparisonRow(place, quantity.metric, None, None, "missing", note=timings.broken[panel])
                    continue
                one = known[quantity]
                said = summarise(one.ratios, self.margin, analyses=(mode or self.mode).analyses)
                interval = None
                if said.low is not None and said.high is not None and said.level is not None:
                    interval = (said.low, said.high, said.level)
                note = said.reason or timings.broken.get(panel)
                row = time_row(
                    place, quantity.metric, one.base, one.base * said.ratio, interval, self.margin,
                    same_code=(place.case, place.profile) in same, note=note,
                )  # fmt: skip
                yield self._looked.get(row.key, row) if timings is self.timings else row

    def _same_plugins(self) -> set[tuple[str, str | None]]:
        """Cases and profiles whose plugins are the same bytes on both sides."""
        base, head = self.base.state.built.plugins, self.head.state.built.plugins
        return {
            (case, pairing.head)
            for case, pairing in self._in_both()
            if sha256(base[case, pairing.base]) == sha256(head[case, pairing.head])
        }

    def _warnings(self) -> Iterator[str]:
        for case in dict.fromkeys(self.together.redrawn):
            yield f"Base and head draw other inputs for {case} from the same seed: both were given head's."
        for panel, why in self.timings.broken.items():
            where = f"{panel.case}@{panel.profile} at size {panel.parameter.size}"
            yield f"{where} could not be timed: {shown(why, quoted=False, limit=400)}"

    def _advisory(self) -> Iterator[str]:
        """Why these times are advice only: A/A pairs that are off, and what else ran on the machine."""
        ratios = [
            summarise(found, self.margin).ratio
            for panel, launches in self.timings.launches.items()
            if (found := aa_ratios(panel, launches))
        ]
        distances = sorted(map(distance, ratios))
        outliers = sum(far > TOLERANCE for far in distances)
        if outliers > MOST_OUTLIERS * len(distances):
            yield outlying(AaSpread(len(distances), outliers, distances[len(distances) // 2], distances[-1]))
        contended = statistics.fmean(self.timings.contended) if self.timings.contended else None
        yield from of_machine(self.head.measurement.sampler.stop().steal_share, contended)


def after_fresh(row: ComparisonRow, fresh: ComparisonRow | None) -> ComparisonRow:
    """A regression in time, certain or suspected, after fresh launches; `fresh` is what they alone say, if anything.

    What they deny is inconclusive; what was suspected is theirs to decide.
    """
    if fresh is None or row.limit is None:
        return row
    shown_again = judged(fresh, row.limit).verdict == "regression"
    if row.suspected:
        fresh = replace(fresh, confirmed=True, note="undecided until fresh launches")
        return judged(fresh, row.limit) if shown_again else row
    note_of_both = row.note if shown_again else "fresh launches do not show it"
    return judged(replace(row, confirmed=shown_again, note=note_of_both), row.limit)


def _with_facts(made: NamedSide, side: LiveSide) -> NamedSide:
    """What a reader wants to know of a side; the suite that measured is the harness of both."""
    facts = [("harness" if what == "suite" else what, how) for what, how in made.facts]
    return replace(made, facts=(*side.facts, *facts))
