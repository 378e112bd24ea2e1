"""The matrix of a family: what became of each fault, idioms by faults, and within a cell profile by profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from safecost.core.text import counted, visible
from safecost.document.outcome import LETTERS, UNSHOWN
from safecost.document.types import Document
from safecost.report.charts.canvas import CHEAPER, INK, PAPER, SOFT, WIDTH, Canvas, Chart
from safecost.report.charts.text import fit
from safecost.report.safety import Mark, MarkStyle, Matrix, matrices

_UNSHOWN = {LETTERS[kind] for kind in UNSHOWN}
ROW, TITLE, HEAD, BETWEEN = 18.0, 20.0, 18.0, 16.0  # heights: an idiom, a case's name, its faults' names, a gap
LEFT, APART = 190.0, 10.0  # width of the idioms' names, and of the gap between two faults
NARROWEST, WIDEST = 9.0, 20.0  # of one profile within a cell
NOTES = (
    "Dark: caught. Grey: too late, by luck, or contained. White: let through. The letters are those of the",
    "glossary; a box spans the profiles, in the order that stands beside the case, that tell the same.",
)
# Dark, grey, and white, so that a grey print tells them apart; the letters tell the rest.
FILLS: dict[MarkStyle, tuple[str, str]] = {
    "caught": (CHEAPER, PAPER),
    "halfway": ("#b9c0c6", INK),
    "missed": (PAPER, INK),
}


def runs(cell: Sequence[Mark]) -> list[list[tuple[int, Mark]]]:
    """A cell as runs of neighbouring profiles whose outcomes have the same words; each mark with its place."""
    return [list(same) for _, same in groupby(enumerate(cell), key=lambda placed: (placed[1].letter, placed[1].words))]


def draw_matrices(document: Document) -> Iterator[Chart]:
    """One chart a family of which anything was proved, its cases below each other; without disqualified cases."""
    proved = [matrix for matrix in matrices(document) if not matrix.disqualified]
    for family, members in groupby(proved, key=lambda matrix: matrix.case.split("/")[0]):
        yield _draw(family, list(members))


def _draw(family: str, cases: Sequence[Matrix]) -> Chart:
    narrowest = min(_wide(matrix) for matrix in cases)
    right = max(LEFT + _width(matrix, narrowest) for matrix in cases)
    heights = [TITLE + HEAD + ROW * len(matrix.rows) + BETWEEN for matrix in cases]
    canvas = Canvas(_title(family, cases), max(WIDTH, right + 12), 44 + sum(heights))
    canvas.notes(NOTES)
    top = 44.0
    for place, (matrix, height) in enumerate(zip(cases, heights, strict=True)):
        _case(canvas, matrix, place, top, narrowest)
        top += height
    return canvas.finish(f"matrix-{family}", "matrix", family)


def _wide(matrix: Matrix) -> float:
    """Width of one profile within a cell, such that all faults fit beside each other."""
    faults, profiles = max(1, len(matrix.faults)), max(1, len(matrix.profiles))
    return max(NARROWEST, min(WIDEST, ((WIDTH - LEFT - 12) / faults - APART) / profiles))


def _width(matrix: Matrix, wide: float) -> float:
    return len(matrix.faults) * (wide * len(matrix.profiles) + APART)


def _case(canvas: Canvas, matrix: Matrix, place: int, top: float, wide: float) -> None:
    across = wide * len(matrix.profiles)
    canvas.text(12, top + 14, fit(matrix.case, 12, 240), size=12, weight="bold")
    canvas.text(264, top + 14, fit(" · ".join(matrix.profiles), 10.5, WIDTH - 276), size=10.5, color=SOFT)
    for column, fault in enumerate(matrix.faults):
        x = LEFT + column * (across + APART)
        canvas.text(x, top + TITLE + 13, fit(fault, 10.5, across + APART - 4), size=10.5, color=SOFT)
    axes = canvas.strip(LEFT, top + TITLE + HEAD, _width(matrix, wide), ROW * len(matrix.rows))
    for line, (variant, role, cells) in enumerate(matrix.rows):
        shade = SOFT if role == "raw" else INK
        canvas.text(
            LEFT - 8, top + TITLE + HEAD + ROW * line + 13, fit(variant, 11, LEFT - 24), ha="right", color=shade
        )
        for column, (fault, cell) in enumerate(zip(matrix.faults, cells, strict=True)):
            for run in runs(cell):
                first, mark = run[0]
                if mark.look == "unproved":  # as of a Rust idiom in a profile of C++
                    continue
                gid = f"run-{place}-{line}-{column}-{first}"
                _box(axes, mark, (column * (across + APART) + first * wide, ROW * line), wide * len(run), gid)
                names = ", ".join(same.profile for _, same in run)
                canvas.tips[gid] = [visible(f"{variant}, {fault}: {mark.words} ({names})")]


def _box(axes: Axes, mark: Mark, corner: tuple[float, float], across: float, gid: str) -> None:
    x, y = corner
    fill, ink = FILLS[mark.look]
    axes.add_patch(Rectangle((x + 0.5, y + 1), across - 1, ROW - 2, fc=fill, ec=SOFT, lw=0.6, gid=gid))
    axes.text(x + across / 2, y + 13, mark.letter, ha="center", size=10.5, color=ink)


def _title(family: str, cases: Sequence[Matrix]) -> str:
    """One sentence: of how many faults in how many contenders how many are caught, and by raw code."""
    marks = [(role, mark) for matrix in cases for _, role, cells in matrix.rows for cell in cells for mark in cell]
    told = {
        kind: [mark.look == "caught" for role, mark in marks if role == kind and mark.look != "unproved"]
        for kind in ("safe", "raw")
    }
    words = sum(role == "safe" and mark.letter in _UNSHOWN for role, mark in marks)
    return (
        f"{family}: safe idioms catch {sum(told['safe'])} of {counted(len(told['safe']), 'fault')} "
        f"({words} inexpressible), "
        f"raw code {sum(told['raw'])} of {len(told['raw'])}"
    )
