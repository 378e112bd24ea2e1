"""Does an interval over launches hold what other placements of the same code would have shown?

    cd scripts/python && python -m safecost.lab.studies.placement_study --help

Times A/A pairs and idiom pairs of every case, interleaved in random order, in four kinds of processes: fresh ones of a
single link; of a fresh layout each, as a run makes them; one each of further layouts; and one each of padded builds.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from safecost.core.errors import ToolError
from safecost.core.paths import ROOT, Folders
from safecost.core.progress import Steps
from safecost.document import io as document
from safecost.document.evidence import DescribedPoint, TimeAnswer
from safecost.document.plan import Arm, PanelPlan, PluginAt
from safecost.lab.studies.common import Conducted, conduct, one_sentence, publish, timing
from safecost.lab.studies.placement_tables import Placed, markdown
from safecost.stats.pairs import launch_ratio
from safecost.suite import cases as case_files
from safecost.suite import profiles as profile_files
from safecost.suite.cases import CaseFiles
from safecost.toolchain import layouts, runner
from safecost.toolchain.build import Built, build_all
from safecost.toolchain.layouts import Layouts

IDIOMS = 3  # pairs of a panel beside its A/A pair: the first ones of the case
DOCUMENT = ROOT / "docs" / "PLACEMENT.md"


@dataclass(frozen=True, slots=True)
class PlacementExtent:
    """How much is timed: `links` single links and `sets` runs, of so many launches each; further layouts once each."""

    links: int
    sets: int
    launches: int
    relinks: int
    pads: int
    contender_seconds: float

    @property
    def shuffled(self) -> int:
        """How many shuffled layouts that takes; the first link is the one that the build made."""
        return self.links - 1 + self.sets * self.launches + self.relinks

    @property
    def processes(self) -> int:
        """Launches of one panel."""
        return (self.links + self.sets) * self.launches + self.relinks + self.pads


FULL = PlacementExtent(links=3, sets=3, launches=12, relinks=25, pads=13, contender_seconds=0.02)
QUICK = PlacementExtent(links=2, sets=2, launches=6, relinks=9, pads=5, contender_seconds=0.01)


@dataclass(frozen=True, slots=True)
class PlacementPanel:
    """What is timed together: a case in a profile, with the runner's plan but for the plugin's path."""

    case: CaseFiles
    profile: str
    generator: str
    parameter: DescribedPoint
    variants: tuple[str, ...]
    roles: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Process:
    """One launch: its panel, what it is for, the number of its set, and the file of the plugin."""

    panel: int
    kind: str
    number: int
    plugin: Path


def chosen(case: CaseFiles, built: Built, profiles: Sequence[str]) -> list[PlacementPanel]:
    """The panels of one case at its first size: raw, its A/A pair, and the first idioms."""
    here = [profile for profile in profiles if (case.name, profile) in built.plugins]
    if not here:
        return []
    described = runner.describe(case.name, {profile: built.plugins[case.name, profile] for profile in here})
    generator = next((one for one in described if one.parameters), None)
    if generator is None:
        raise ToolError(f"{case.name}: none of {', '.join(here)} makes its inputs: add a profile of C++.")
    panels = []
    for one in described:
        raw = [variant for variant in one.present if variant.role == "raw"][:1]
        aa = [variant for variant in one.present if variant.role == "aa"][:1]
        idioms = [variant for variant in one.present if variant.role == "safe"][:IDIOMS]
        names = tuple(variant.name for variant in [*raw, *aa, *idioms])
        roles = tuple(["raw", "aa", "safe"].index(variant.role) for variant in [*raw, *aa, *idioms])
        panels.append(PlacementPanel(case, one.profile, generator.profile, generator.parameters[0], names, roles))
    return panels


def schedule(
    panels: Sequence[PlacementPanel], built: Built, shuffled: Layouts, padded: Layouts, extent: PlacementExtent
) -> list[Process]:
    """Every launch of every panel, in random order, so that a slow minute hits all sources alike."""
    todo: list[Process] = []
    for at, panel in enumerate(panels):
        name, profile = panel.case.name, panel.profile
        layout = iter(range(extent.shuffled))
        links = [built.plugins[name, profile]]
        links += (shuffled.path(name, profile, next(layout)) for _ in range(extent.links - 1))
        for number, file in enumerate(links):
            todo += [Process(at, "links", number, file)] * extent.launches
        for number in range(extent.sets):
            todo += (
                Process(at, "shipped", number, shuffled.path(name, profile, next(layout)))
                for _ in range(extent.launches)
            )
        todo += (Process(at, "relinks", 0, shuffled.path(name, profile, one)) for one in layout)
        todo += (Process(at, "pads", 0, padded.path(name, profile, one)) for one in range(extent.pads))
    random.Random(1).shuffle(todo)
    return todo


def timed(
    process: Process, panel: PlacementPanel, built: Built, seconds: float, scratch: Path, seed: int
) -> list[float]:
    """The log ratios over raw of one launch, one a variant."""
    own = process.plugin
    generator = own if panel.generator == panel.profile else built.plugins[panel.case.name, panel.generator]
    plan = PanelPlan(
        case=panel.case.name,
        data=str(panel.case.data),
        scratch=str(scratch),
        size=panel.parameter.size,
        rate=panel.parameter.rate,
        threads=None,
        seed=1,
        order_seed=seed,
        epoch_seconds=200e-6,
        contender_seconds=seconds,
        generator=PluginAt(profile=panel.generator, path=str(generator)),
        contenders=tuple(Arm(profile=panel.profile, path=str(own), variant=variant) for variant in panel.variants),
    )
    result = runner.call("time", plan, TimeAnswer, 120)
    if isinstance(result, runner.Failure):
        raise ToolError(f"{panel.case.name} with {panel.profile} could not be timed: {result.message}")
    rounds = result.safecost.counted
    return [math.log(launch_ratio(one, rounds[0])) for one in rounds]


class PlacementStudy:
    """The study in the making; what was timed until an interrupt stays."""

    def __init__(self, extent: PlacementExtent, profiles: Sequence[str], expression: str | None) -> None:
        self.extent, self.started = extent, document.now()
        folders = Folders.of(())
        found = case_files.choose(case_files.find(folders), case_files.pattern_of(expression))
        known = profile_files.choose(",".join(profiles), ())
        self.built = build_all(folders, found, known)
        self.panels = [panel for case in found for panel in chosen(case, self.built, profiles)]
        if not self.panels:
            raise ToolError(f"no case was built with {', '.join(profiles)}: see 'scripts/safecost doctor'.")
        plugins = [(panel.case.name, panel.profile) for panel in self.panels]
        self.shuffled = layouts.make(self.built, plugins, range(extent.shuffled), "shuffled")
        self.padded = layouts.make(self.built, plugins, range(extent.pads), "padded")
        for (case, profile), said in (*self.shuffled.failures.items(), *self.padded.failures.items()):
            raise ToolError(f"{case} with {profile} cannot be linked again: {said}")
        self.results: list[dict[tuple[str, int], list[list[float]]]] = [{} for _ in self.panels]

    def run(self, scratch: Path) -> None:
        """Time everything, one launch at a time."""
        todo = schedule(self.panels, self.built, self.shuffled, self.padded, self.extent)
        with Steps("placement", len(todo)) as steps:
            for seed, process in enumerate(todo):
                panel = self.panels[process.panel]
                found = timed(process, panel, self.built, self.extent.contender_seconds, scratch, seed)
                self.results[process.panel].setdefault((process.kind, process.number), []).append(found)
                steps.step()

    def pairs(self) -> list[Placed]:
        """Every pair with what was timed of it so far."""
        made = []
        for panel, results in zip(self.panels, self.results, strict=True):
            for at in range(1, len(panel.variants)):

                def sets(kind: str, results: Any = results, at: int = at) -> tuple[tuple[float, ...], ...]:
                    kept = [launches for (of, _), launches in sorted(results.items()) if of == kind]
                    return tuple(tuple(one[at] for one in launches) for launches in kept)

                relinks, pads = (sum(sets(kind), ()) for kind in ("relinks", "pads"))
                name = (panel.case.name, panel.profile, panel.variants[at], panel.roles[at] == 1)
                made.append(Placed(*name, sets("links"), sets("shipped"), relinks, pads))
        return made


def section(study: PlacementStudy, done: Conducted) -> str:
    """The tables, below a line that says where, when and how much was timed."""
    extent = study.extent
    launches = sum(len(launches) for results in study.results for launches in results.values())
    complete = launches == extent.processes * len(study.panels)
    lines = [
        f"{done.words}{'' if complete else f'; interrupted after {launches} launches'}.",
        f"Layouts {study.shuffled.method}. {len(study.panels)} panels; of each {extent.links} links and {extent.sets} "
        f"sets of fresh layouts with {extent.launches} launches, {extent.relinks} further layouts and {extent.pads} "
        f"padded builds with one, {extent.contender_seconds * 1e3:g} ms a contender and launch.",
        "",
        *markdown(study.pairs()),
    ]
    return "\n".join(lines) + "\n"


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExamples:\n  python -m safecost.lab.studies.placement_study --quick --out placement.json\n"
    "  python -m safecost.lab.studies.placement_study --filter tokenize --profiles gcc-o2\n"
    "  python -m safecost.lab.studies.placement_study --docs      # renews docs/PLACEMENT.md, in about ten minutes",
)
@click.option("--quick", is_flag=True, help="Fewer launches: about two minutes.")
@click.option("--profiles", default="gcc-o2,clang-o2", show_default=True, help="Profiles with commas.")
@click.option("--filter", "expression", metavar="REGEX", help="Only cases that match.")
@timing("docs/PLACEMENT.md")
def main(quick: bool, profiles: str, expression: str | None, out: Path | None, docs: bool) -> None:
    """Tell whether intervals over launches hold what other placements of the same code show.

    An interrupt ends the timing; what was timed until then is written.
    """
    with one_sentence("placement"):
        study = PlacementStudy(QUICK if quick else FULL, profiles.split(","), expression)
        done = conduct("placement", study.started, study.run)
        results = {
            "extent": asdict(study.extent),
            "method": study.shuffled.method,
            "unit": "log ratio over raw",
            "pairs": [asdict(pair) for pair in study.pairs()],
        }
        publish(done, section(study, done), results, out, DOCUMENT if docs else None)


if __name__ == "__main__":
    main()
