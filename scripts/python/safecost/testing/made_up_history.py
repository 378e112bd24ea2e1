"""Made-up histories for tests: series with planted steps, and any records whatever."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from safecost.document import io as document
from safecost.document.measured import Pair
from safecost.document.outcome import DETAILS
from safecost.document.types import Document
from safecost.history.records import (
    Acceptance,
    CodeRecord,
    CountRecord,
    PairRecord,
    ProofRecord,
    Record,
    RunRecord,
    Toolchain,
)

GCC_12 = Toolchain("gcc-o2", "c++", "libstdc++", "GNU 12.2.0", ("-O2",), {"_GLIBCXX_ASSERTIONS": "off"})
GCC_13 = dataclasses.replace(GCC_12, compiler="GNU 13.1.0")
SUBJECT = "indexing/sum/at/size:4096@gcc-o2 over raw@gcc-o2"


def a_run(number: int, **changes: Any) -> RunRecord:
    """A run of the day `number` after 2026-01-01."""
    plain = RunRecord(
        run=f"{number:032x}",
        started=f"{datetime(2026, 1, 1, 3, tzinfo=UTC) + timedelta(days=number):%Y-%m-%dT%H:%M:%SZ}",
        mode="full",
        complete=True,
        suite_version="0.1.0",
        commit=f"{number:040x}",
        modified=False,
        margin=0.01,
        machine="a" * 32,
        machine_facts={"the processor": "Made-up CPU 9000", "the number of CPUs": 2},
        load=0.5,
        steal_share=0.0,
        toolchains=(GCC_12,),
        sources={"indexing/sum": "c" * 32},
    )
    return dataclasses.replace(plain, **changes)


def a_pair(run: RunRecord, ratio: float, **changes: Any) -> PairRecord:
    """The pair SUBJECT in a run."""
    plain = PairRecord(
        run.run, "indexing/sum", "gcc-o2", "idiom", "at", "gcc-o2", "raw", "gcc-o2", 4096, None, "L1", None,
        ratio, ratio * 0.999, ratio * 1.001, 0.968, "slower", 12, 0.002,
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)


def a_history(ratios: Sequence[float], toolchains: Sequence[Toolchain] | None = None) -> list[Record]:
    """One run a day, each with one ratio."""
    found: list[Record] = []
    for number, ratio in enumerate(ratios):
        run = a_run(number, toolchains=(toolchains[number] if toolchains else GCC_12,))
        found += [run, a_pair(run, ratio)]
    return found


def an_acceptance(number: int, **changes: Any) -> Acceptance:
    """Somebody accepts SUBJECT from the run of that day on."""
    plain = Acceptance(a_run(number).run, SUBJECT, "ratio", "Ada", "on purpose", "2026-12-31T00:00:00Z")
    return dataclasses.replace(plain, **changes)


def noisy(levels: Sequence[float], lengths: Sequence[int], sigma: float = 0.003, seed: int = 1) -> list[float]:
    """Ratios on planted levels, with normal noise of the logarithm."""
    steps = np.repeat(np.log(np.asarray(levels)), lengths)
    return [float(value) for value in np.exp(steps + np.random.default_rng(seed).normal(0, sigma, len(steps)))]


def write_runs(folder: Path, plain: Document, factors: Sequence[float], compilers: Sequence[str] = ()) -> list[Path]:
    """Run documents of following days, whose idiom costs are those of `plain` times a factor, with a little noise."""
    random, files = np.random.default_rng(7), []
    for number, factor in enumerate(factors):
        panels = tuple(
            dataclasses.replace(
                panel,
                pairs=tuple(_scaled(pair, factor if pair.kind == "idiom" else 1.0, random) for pair in panel.pairs),
            )
            for panel in plain.panels
        )
        run = dataclasses.replace(plain.run, started=a_run(number).started, finished=a_run(number).started)
        suite = dataclasses.replace(plain.suite, commit=f"{number + 1:040x}")
        profiles = plain.profiles
        if compilers:
            profiles = tuple(
                dataclasses.replace(one, compiler=compilers[number]) if one.name.startswith("gcc") else one
                for one in profiles
            )
        files.append(folder / f"run-{number:03d}.json")
        made = dataclasses.replace(plain, panels=panels, run=run, suite=suite, profiles=profiles)
        document.write(made, files[-1])
    return files


def _scaled(pair: Pair, factor: float, random: np.random.Generator) -> Pair:
    factor = (factor if pair.kind == "idiom" else 1.0) * math.exp(random.normal(0, 0.001))
    return dataclasses.replace(
        pair,
        ratio=pair.ratio * factor,
        ratios=tuple(ratio * factor for ratio in pair.ratios),
        low=None if pair.low is None else pair.low * factor,
        high=None if pair.high is None else pair.high * factor,
    )


_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"], include_characters="\n\t"), max_size=12
)  # what is no calibration character
_NAME = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
_CASE = st.from_regex(r"[a-z][a-z0-9_]{0,9}/[a-z][a-z0-9_]{0,9}", fullmatch=True)
_WORD = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=12)
_DIGEST = st.text("0123456789abcdef", min_size=32, max_size=32)
_POSITIVE = st.floats(min_value=1e-9, max_value=1e6)
_COUNT = st.integers(0, 10**15)
_SIZE = st.integers(0, 1 << 48)
_RATE = st.none() | st.floats(0, 1)
_FACTS = st.dictionaries(_NAME, st.none() | st.booleans() | st.integers(-(1 << 62), 1 << 62) | _POSITIVE | _TEXT)
_TOOLCHAINS = st.builds(
    Toolchain, _NAME, st.sampled_from(["c++", "rust"]), _WORD, st.none() | _WORD,
    st.lists(_TEXT, max_size=3).map(tuple), st.dictionaries(_NAME, _TEXT, max_size=3),
)  # fmt: skip
_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}")


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """Any history that could be: some runs with rows of every kind, and acceptances; keys are unique."""
    found: list[Record] = []
    for run in draw(st.lists(_DIGEST, max_size=4, unique=True)):
        found.append(
            draw(
                st.builds(
                    RunRecord,
                    st.just(run),
                    _MOMENTS,
                    _WORD,
                    st.booleans(),
                    _WORD,
                    st.none() | _WORD,
                    st.none() | st.booleans(),
                    _POSITIVE,
                    _DIGEST,
                    _FACTS,
                    _POSITIVE,
                    st.floats(0, 1),
                    st.lists(_TOOLCHAINS, max_size=2).map(tuple),
                    st.dictionaries(_CASE, _DIGEST, max_size=2),
                )
            )
        )
        found += draw(st.lists(_rows(run), max_size=6))
    return list({(one.RECORD, one.run, one.subject): one for one in found}.values())


def _rows(run: str) -> st.SearchStrategy[Record]:
    kinds = st.sampled_from(["idiom", "profile", "language", "full", "aa", "calibration"])
    verdicts = st.sampled_from(["slower", "faster", "equivalent", "inconclusive"])
    maybe, of = st.none() | _POSITIVE, st.just(run)
    rows: list[st.SearchStrategy[Record]] = [
        st.builds(
            PairRecord, of, _CASE, _NAME, kinds, _NAME, _NAME, _NAME, _NAME, _SIZE, _RATE, _TEXT, maybe, _POSITIVE,
            maybe, maybe, _RATE, verdicts, _COUNT, maybe,
        ),
        st.builds(
            CountRecord, _CASE, _NAME, _NAME, _SIZE, _RATE, st.integers(1, 10**9), st.none() | _COUNT,
            st.none() | _COUNT, st.none() | _COUNT, run=of,
        ),
        st.builds(CodeRecord, _CASE, _NAME, _NAME, _COUNT, _COUNT, _COUNT, _COUNT, _COUNT, run=of),
        st.sampled_from([(kind, detail) for kind, details in DETAILS.items() for detail in sorted(details)]).flatmap(
            lambda both: st.builds(
                ProofRecord, of, _CASE, _NAME, _NAME, _NAME, st.just(both[0]), st.just(both[1])
            )
        ),
        st.builds(Acceptance, of, _TEXT, _WORD, _TEXT, _TEXT, _MOMENTS),
    ]  # fmt: skip
    return st.one_of(rows)
