"""Studies of what lies below and above a pair: rounds, panels that share an arm, whole runs, and choosing a winner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from safecost.core.errors import ToolError
from safecost.lab.studies.of_pairs import PRECISION, SPREAD
from safecost.lab.studies.simulate import EDGE, MARGIN, Array, autocorrelated, judge, normal, settled
from safecost.lab.studies.tables import Table, rate, table
from safecost.stats.fdr import q_values
from safecost.stats.pairs import launch_ratio, summarise
from safecost.stats.sequential import ANALYSES, may_end
from safecost.stats.sign_test import interval_ranks
from safecost.stats.spread import within_launch

RATE = 0.05
PAIRS = 8  # of a panel; all have its raw arm as denominator
PANELS = 25  # of a run


def rounds(random: np.random.Generator, trials: int) -> Table:
    """Six launches of 70 rounds: an interval over all rounds, and one over the launches' medians."""
    trials, launches, count = max(2, trials // 10), 6, 70
    rows = []
    for rho in (0.0, 0.5, 0.9):
        for between in (0.0, 0.005):
            noise = SPREAD * autocorrelated(rho)(random, trials * launches, count).reshape(trials, launches, count)
            logs = noise + between * random.normal(size=(trials, launches, 1))
            held = []
            for values in (logs.reshape(trials, -1), np.median(logs, axis=2)):
                (rank,), _ = interval_ranks((values.shape[1],), 0.95)
                ordered = np.sort(values, axis=1)
                held.append(rate((ordered[:, rank - 1] <= 0.0) & (ordered[:, -rank] >= 0.0)))
            rows.append([f"{rho:g}, launches differ by {100 * between:.1f} %", *held])
    return table(["correlation of neighbouring rounds", "over 420 rounds (95 %)", "over 6 launches (96.9 %)"], rows)


def estimators(random: np.random.Generator, trials: int) -> Table:
    """The error of a launch's ratio (root mean square, true ratio 1) by estimator; 70 rounds, 0.5 % noise an epoch."""
    trials, count = max(2, trials // 10), 70
    rows = []
    for name in (
        "nothing else",
        "5 % of epochs take twice as long",
        "5 % of rounds do, both arms",
        "clock in two states",
    ):
        top, bottom = (np.exp(SPREAD * random.normal(size=(trials, count))) for _ in range(2))
        if name.startswith("5 % of epochs"):
            top, bottom = (arm * np.where(random.random(arm.shape) < 0.05, 2.0, 1.0) for arm in (top, bottom))
        elif name.startswith("5 % of rounds"):
            both = np.where(random.random(top.shape) < 0.05, 2.0, 1.0)
            top, bottom = top * both, bottom * both
        elif name.startswith("clock"):
            both = np.where(random.random(top.shape) < 0.5, 1.3, 1.0)
            top, bottom = top * both, bottom * both
        shipped = np.exp(np.median(np.log(top) - np.log(bottom), axis=1))
        if not np.allclose(shipped[:20], [launch_ratio(*arms) for arms in zip(top[:20], bottom[:20], strict=True)]):
            raise ToolError("The study's ratio of a launch is not launch_ratio's: mend lab.studies.of_runs.")
        found = (
            shipped,
            np.median(top, axis=1) / np.median(bottom, axis=1),
            top.mean(axis=1) / bottom.mean(axis=1),
            top.min(axis=1) / bottom.min(axis=1),
        )
        rows.append([name, *(f"{100 * np.sqrt(np.mean(np.log(one) ** 2)):.3f} %" for one in found)])
    head = ["disturbance", "median of ratios (shipped)", "ratio of medians", "ratio of means", "ratio of minima"]
    return table(head, rows)


def discoveries(random: np.random.Generator, trials: int) -> Table:
    """False discoveries among what a run calls slower or faster, and what it finds; by how much of the noise is raw's.

    The pairs that are not beyond the margin are exactly at it, the worst case; on both sides of it in the last rows.
    """
    runs = max(2, trials // 50)
    rows = []
    for share in (0.0, 0.1, 0.5):
        for raw, sides in ((0.0, 1), (0.5, 1), (0.9, 1), (0.9, 2)):
            beyond = random.random((runs, PANELS, PAIRS)) < share
            side = np.where(random.random(beyond.shape) < 0.5, -1.0, 1.0) if sides == 2 else 1.0
            truth = side * np.where(beyond, EDGE + 0.006, EDGE)
            logs = truth[..., None] + _panel_noise(random, runs, 12, raw)
            p = judge(logs.reshape(-1, 12)).p.reshape(runs, -1)
            real = beyond.reshape(runs, -1)
            accepted = (
                p <= RATE,
                np.array([q_values(list(row)) for row in p]) <= RATE,
                false_discovery_control(p, axis=1, method="by") <= RATE,
            )
            cells = [" / ".join((_false_share(one, real), _found(one, real))) for one in accepted]
            where = "both sides" if sides == 2 else "one side"
            rows.append([f"{100 * share:.0f} % beyond, raw {100 * raw:.0f} %, {where}", *cells])
    head = ["pairs beyond the margin, share of raw in the noise", "no control", "Benjamini-Hochberg (shipped)"]
    return table([*head, "Benjamini-Yekutieli"], rows)


def beyond(random: np.random.Generator, trials: int) -> Table:
    """What p a pair needs before its panel may end: launches spent, and what is left after the control."""
    runs = max(2, trials // 500)
    needs = (None, 0.02, 0.005, 0.001)
    rows = [["none" if needed is None else f"{needed:g}"] for needed in needs]
    for share in (0.05, 0.2, 0.5):
        real = random.random((runs, PANELS, PAIRS)) < share
        truth = np.where(real, np.log1p(random.uniform(0.02, 0.06, real.shape)), 0.002)
        logs = truth[..., None] + _panel_noise(random, runs, ANALYSES[-1], 0.5)
        for row, needed in zip(rows, needs, strict=True):  # on the same launches, so that rows can be compared
            used, p = _ended(logs, needed)
            q = np.array([q_values(list(one)) for one in p.reshape(runs, -1)])
            row += [f"{used.mean():.1f}", _found(q <= RATE, real.reshape(runs, -1))]
    of = [f"{what}, {share} % beyond" for share in (5, 20, 50) for what in ("launches", "left")]
    return table(["p needed to end", *of], rows)


def winner(random: np.random.Generator, trials: int) -> Table:
    """The cheapest of idioms that all cost exactly 1.015, chosen and estimated on the same launches, or on others."""
    trials = max(2, trials // 10)
    rows = []
    for idioms in (5, 20):
        for count in (6, 12, 30):
            logs = np.log(1.015) + SPREAD * random.normal(size=(trials, idioms, count))
            cells = []
            for chosen_on, told_from in ((logs, logs), (logs[..., 0::2], logs[..., 1::2])):
                best = np.argmin(np.median(chosen_on, axis=2), axis=1)
                told = np.median(told_from, axis=2)[np.arange(trials), best]
                cells += [f"{np.exp(np.median(told)):.4f}", rate(told <= EDGE)]
            said = judge(logs.reshape(-1, count))
            best = np.argmin(np.median(logs, axis=2), axis=1)
            high = said.high.reshape(trials, idioms)[np.arange(trials), best]
            rows.append([f"{idioms}, K = {count}", cells[0], cells[1], rate(high < np.log(1.015)), cells[2], cells[3]])
    head = ["idioms, launches", "same launches: ratio", "within 1 %", "interval below 1.015"]
    return table([*head, "odd choose, even tell: ratio", "within 1 %"], rows)


def _panel_noise(random: np.random.Generator, runs: int, launches: int, raw: float) -> Array:
    """Log ratios of shape (runs, PANELS, PAIRS, launches); the share `raw` of their variance is the raw arm's."""
    own = random.normal(size=(runs, PANELS, PAIRS, launches))
    shared = random.normal(size=(runs, PANELS, 1, launches))
    noise: Array = SPREAD * (np.sqrt(1.0 - raw) * own - np.sqrt(raw) * shared)
    return noise


def _ended(logs: Array, needed: float | None) -> tuple[Array, Array]:
    """Launches of each panel, and p of each pair, where panels end as soon as all their pairs are settled."""
    runs, panels, pairs, _ = logs.shape
    used = np.full((runs, panels), float(ANALYSES[-1]))
    p = np.empty((runs, panels, pairs))
    open_ = np.ones((runs, panels), dtype=bool)
    for analysis in ANALYSES:
        here = judge(logs[..., :analysis].reshape(-1, analysis), ANALYSES)
        ends = np.all(settled(here, PRECISION, needed).reshape(runs, panels, pairs), axis=2)
        ends = ends | np.full((runs, panels), analysis == ANALYSES[-1])
        for index in range(min(5, panels)):
            ratios = [list(row) for row in np.exp(logs[0, index, :, :analysis])]
            if may_end(ratios, MARGIN, PRECISION, needed) != ends[0, index]:
                raise ToolError("The study ends another panel than may_end: mend lab.studies.simulate.settled.")
        ends &= open_
        used[ends], p[ends] = analysis, here.p.reshape(runs, panels, pairs)[ends]
        open_ &= ~ends
    return used, p


def _false_share(accepted: NDArray[np.bool_], real: NDArray[np.bool_]) -> str:
    """The mean over runs of the share of false ones among the accepted."""
    share = (accepted & ~real).sum(axis=1) / np.maximum(accepted.sum(axis=1), 1)
    return f"{100.0 * share.mean():.1f} %"


def _found(accepted: NDArray[np.bool_], real: NDArray[np.bool_]) -> str:
    return f"{100.0 * (accepted & real).sum() / real.sum():.0f} %" if real.any() else "–"


def spread(random: np.random.Generator, trials: int) -> Table:
    """What shares of an interval's variance are put down to launches, placements and rounds, where they are known."""
    rows = []
    # The median of four and of eight normal values varies by so much of them; that of n rounds by pi/2n.
    for launches, placements, many, median in ((6, 4, 12, 0.298), (8, 8, 152, 0.168), (20, 4, 40, 0.298)):
        for shares in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (2, 1, 1), (1, 0, 3)):
            scales = np.sqrt(np.array(shares) / (1.0, median, np.pi / 2 / many))
            found = np.array(
                [_shares(random, launches, placements, many, scales) for _ in range(max(trials // 500, 1))]
            )
            cells = [
                f"{100 * mean:.0f} ± {100 * sd:.0f} %" for mean, sd in zip(found.mean(0), found.std(0), strict=True)
            ]
            what = f"{launches} launches of {many} rounds in {placements} placements"
            rows.append([what, " : ".join(map(str, shares)), *cells])
    return table(["pair", "variances", "launches", "placements", "rounds"], rows)


def _shares(
    random: np.random.Generator, launches: int, placements: int, rounds: int, scales: Array
) -> tuple[float, float, float]:
    """The shares that one pair gets whose launches, placements and rounds scatter by `scales`."""
    at = np.tile(np.arange(placements), rounds // placements)
    logs = (
        scales[0] * normal(random, launches, 1)
        + scales[1] * normal(random, launches, placements)[:, at]
        + scales[2] * normal(random, launches, rounds)
    )
    within = [within_launch(launch[None], at.tolist())[:, 0] for launch in logs]
    found = summarise(np.exp(np.median(logs, axis=1)).tolist(), MARGIN, within=within).spread
    if found is None:
        raise ToolError("Launches that differ have a spread: see safecost.stats.spread.")
    return found.launches, found.placements, found.rounds
