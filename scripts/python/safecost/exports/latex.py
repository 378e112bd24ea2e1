"""Tables for papers: a longtable with booktabs' rules for each family, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence

from safecost.core.text import visible
from safecost.document.rows import KINDS
from safecost.exports.selected import Selected
from safecost.history.records import PairRecord

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": "{-}",  # two would join to a dash
}


def latex(selected: Selected) -> str:
    """A fragment to \\input, with the packages that it needs named in its first lines."""
    run, machine = selected.document.run, selected.document.machine
    families: dict[str, list[PairRecord]] = {}
    for pair in selected.costs:
        families.setdefault(pair.case.partition("/")[0], []).append(pair)
    compilers = ", ".join(
        f"{one.name}: {one.compiler}" for one in selected.document.profiles if one.compiler and one.status == "measured"
    )
    where = f"{machine.cpu}, {machine.distribution}; {run.mode} run of {run.started[:10]}; {compilers}"
    lines = [
        "% Written by safecost export --format latex.",
        r"% Needs \usepackage[T1]{fontenc}, \usepackage{textcomp}, \usepackage{booktabs}, \usepackage{longtable}.",
    ]
    for family, pairs in families.items():
        lines += _table(family, pairs, where)
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """A text that TeX prints as it is, whatever it holds; what T1 fonts lack is spelled out."""
    shown = visible(" ".join(text.split()))
    return "".join(_SPECIAL.get(char, char) if " " <= char <= "~" else f"[U+{ord(char):04X}]" for char in shown)


def _table(family: str, pairs: Sequence[PairRecord], where: str) -> list[str]:
    head = r"case & idiom & compared & profile & parameters & ratio & interval & verdict \\"
    caption = f"Ratios of {family}: time of an idiom over what it is compared with. {where}."
    return [
        "",
        r"\begin{longtable}{llllllll}",
        rf"\caption{{{escaped(caption)}}}\\",
        r"\toprule",
        head,
        r"\midrule",
        r"\endfirsthead",
        r"\toprule",
        head,
        r"\midrule",
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        *(_row(pair) for pair in pairs),
        r"\end{longtable}",
    ]


def _row(pair: PairRecord) -> str:
    parameters = (pair.label or f"size {pair.size}") + pair.beside
    interval = "--" if pair.low is None or pair.high is None else f"{pair.low:.3f}--{pair.high:.3f}"
    reference = KINDS[pair.kind].reference if pair.kind != "idiom" else pair.against
    texts = [pair.case.partition("/")[2], pair.variant, reference, pair.profile, parameters]
    cells = [*(escaped(text) for text in texts), f"{pair.ratio:.3f}", interval, escaped(pair.verdict)]
    return " & ".join(cells) + r" \\"
