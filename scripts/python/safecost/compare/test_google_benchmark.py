"""Tests of reading Google Benchmark's JSON: units, repetitions, aggregates, errors, and files as they come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecost.compare import inputs as comparison_inputs
from safecost.compare.google_benchmark import BenchmarkTimes, parse, times_of
from safecost.core.errors import UsageError
from safecost.document import io as document
from safecost.testing.changed_document import sound_document
from safecost.testing.refusals import one_sentence


def file_of(*entries: dict[str, Any], **context: Any) -> dict[str, Any]:
    return {
        "context": {"date": "2026-01-01", "num_cpus": 2, "host_name": "box", **context},
        "benchmarks": list(entries),
    }


def one(name: str, time: Any = 10.0, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "run_name": name, "run_type": "iteration", "repetitions": 1, "repetition_index": 0, "threads": 1,
        "iterations": 7, "real_time": time, "cpu_time": 1.0, "time_unit": "ns", **more,
    }  # fmt: skip


def repeated(name: str, *times: float) -> list[dict[str, Any]]:
    return [one(name, time, repetitions=len(times), repetition_index=at) for at, time in enumerate(times)]


def aggregate(name: str, what: str, time: float, **more: Any) -> dict[str, Any]:
    return one(f"{name}_{what}", time, run_name=name, run_type="aggregate", aggregate_name=what, **more)


def read(*entries: dict[str, Any]) -> dict[str, BenchmarkTimes]:
    return dict(parse(file_of(*entries), "x.json").times)


@pytest.mark.parametrize(("unit", "nanoseconds"), [("ns", 2.5), ("us", 2.5e3), ("ms", 2.5e6), ("s", 2.5e9)])
def test_units(unit: str, nanoseconds: float) -> None:
    assert read(one("BM_x", 2.5, time_unit=unit))["BM_x"].middle == pytest.approx(nanoseconds)


def test_repetitions_count_and_their_aggregates_do_not() -> None:
    entries = repeated("BM_x/8", 3.0, 1.0, 2.0)
    entries += [aggregate("BM_x/8", "mean", 2.0), aggregate("BM_x/8", "cv", 0.5, aggregate_unit="percentage")]
    times = read(*entries)
    assert times == {"BM_x/8": BenchmarkTimes((3.0, 1.0, 2.0))}
    assert times["BM_x/8"].middle == 2.0


def test_aggregates_alone_give_the_median_or_else_the_mean() -> None:
    entries = [aggregate("BM_x", "mean", 2.0), aggregate("BM_x", "median", 1.5), aggregate("BM_x", "stddev", 0.1)]
    assert read(*entries) == {"BM_x": BenchmarkTimes((1.5,), "median")}
    assert read(entries[0], entries[2]) == {"BM_x": BenchmarkTimes((2.0,), "mean")}


def test_complexity_has_no_time() -> None:
    big = {"name": "BM_x_BigO", "run_name": "BM_x", "run_type": "aggregate", "aggregate_name": "BigO", "big_o": "N"}
    rms = {"name": "BM_x_RMS", "run_name": "BM_x", "run_type": "aggregate", "aggregate_name": "RMS", "rms": 0.1}
    assert read(one("BM_x"), big, rms) == {"BM_x": BenchmarkTimes((10.0,))}


def test_old_versions_have_no_run_type() -> None:
    old = [{"name": "BM_x", "iterations": 3, "real_time": time, "time_unit": "us"} for time in (1.0, 2.0)]
    old += [{"name": "BM_x_mean", "iterations": 3, "real_time": 1.5, "time_unit": "us"}]
    assert read(*old) == {"BM_x": BenchmarkTimes((1000.0, 2000.0))}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"error_occurred": True, "error_message": "no file"}, "no file"),
        ({"error_occurred": True}, "it does not say why"),
        ({"skipped": True, "skip_message": "not here"}, "not here"),
        ({"real_time": 0}, "it has a time that no clock shows"),
        ({"real_time": -1.0}, "it has a time that no clock shows"),
        ({"real_time": float("nan")}, "it has a time that no clock shows"),
        ({"real_time": 10**400}, "it has a time that no clock shows"),
    ],
)
def test_a_benchmark_without_a_usable_time(more: dict[str, Any], said: str) -> None:
    found = parse(file_of(one("BM_x", **more), one("BM_y")), "x.json")
    assert found.times["BM_x"] == BenchmarkTimes((), error=said)
    assert found.times["BM_y"].values == (10.0,)
    assert found.warnings == (f'x.json has no usable time of 1 of 2 benchmarks, among them "BM_x": {said}.',)


def test_two_benchmarks_of_one_name_have_no_time() -> None:
    assert read(one("BM_x", 1.0), one("BM_x", 2.0))["BM_x"].error == (
        "two benchmarks have this name, and nothing says which is meant"
    )


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        (file_of({"real_time": 1}), "x.json: benchmarks[0] has no name"),
        (file_of(one("BM_x"), "?"), "x.json: benchmarks[1] has no name"),  # type: ignore[arg-type]
        (file_of(one("BM_x", "fast")), 'benchmarks[0] has the real_time "fast", and must have a number'),
        (file_of(one("BM_x", True)), "benchmarks[0] has the real_time true"),
        (
            file_of(one("BM_x", time_unit="h")),
            'benchmarks[0] has the time unit "h", and must have one of ns, us, ms, s',
        ),
        (file_of(one("BM_x", time_unit=["ns"])), "benchmarks[0] has the time unit a list"),
        (file_of(one("x" * 5000)), "has a name of 5000 characters"),
        (file_of(json_schema_version=2), "x.json is of Google Benchmark's JSON version 2; this safecost reads 1"),
    ],
)
def test_what_cannot_be_understood_is_refused(plain: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(plain, "x.json")
    assert said in one_sentence(str(caught.value))


def test_facts_hold_no_name_of_a_host() -> None:
    found = parse(file_of(one("BM_x"), executable="/home/me/bench", library_build_type="debug"), "x.json")
    assert found.facts == (("measured", "2026-01-01"), ("CPUs", "2"), ("library build", "debug"))


NAMES = "name run_name run_type aggregate iteration aggregate_name median mean real_time ns time_unit BM_x BM_x_mean"
WORDS = st.sampled_from([*NAMES.split(), "error_occurred", "error_message", "skipped", "repetition_index"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(WORDS, ANYTHING, max_size=8), max_size=4), ANYTHING)
def test_whatever_a_file_holds_it_is_read_or_refused_in_a_sentence(entries: list[dict[str, Any]], context: Any) -> None:
    for entry in entries:
        entry.setdefault("name", "BM_x")
    try:
        found = parse({"context": context, "benchmarks": entries}, "x.json")
    except UsageError as error:
        one_sentence(str(error))
        return
    for times in found.times.values():
        assert (times.error is None) == bool(times.values)
        assert all(0.0 < value < 1e22 for value in times.values)


# ---- compared --------------------------------------------------------------------------------------------------------


def put(folder: Path, name: str, plain: Any) -> Path:
    file = folder / name
    file.write_text(json.dumps(plain), encoding="utf-8")
    return file


def verdicts(tmp_path: Path, base: Any, head: Any) -> dict[str, tuple[str, str | None]]:
    made = comparison_inputs.compare(put(tmp_path, "base.json", base), put(tmp_path, "head.json", head))
    assert made.how == "unpaired" and made.advisory
    return {row.name: (row.verdict, row.note) for row in made.rows}


def test_two_files_are_compared_by_name_and_only_repetitions_decide(tmp_path: Path) -> None:
    base = file_of(
        *repeated("BM_slow", *[10.0, 10.1, 9.9, 10.0, 10.1, 9.9]), *repeated("BM_same", *[5.0] * 6), one("BM_once"),
        one("BM_gone"), one("BM_broke"), aggregate("BM_mean", "mean", 2.0),
    )  # fmt: skip
    head = file_of(
        *repeated("BM_slow", *[12.0, 12.1, 11.9, 12.0, 12.1, 11.9]), *repeated("BM_same", *[5.01] * 6),
        one("BM_once", 99.0), one("BM_broke", error_occurred=True, error_message="no"), one("BM_new"),
        aggregate("BM_mean", "mean", 9.0),
    )  # fmt: skip
    assert verdicts(tmp_path, base, head) == {
        "BM_slow": ("regression", None),
        "BM_same": ("unchanged", None),
        "BM_once": ("inconclusive", "base has 1 repetition, and an interval needs 6"),
        "BM_gone": ("missing", None),
        "BM_broke": ("missing", "no"),
        "BM_mean": ("inconclusive", "base has only the mean of its repetitions, not each"),
        "BM_new": ("new", None),
    }


@pytest.mark.parametrize("time", [float("nan"), -1.0, 0, 1e308])
def test_a_head_without_a_usable_time_is_named_and_not_called_another_suite(tmp_path: Path, time: float) -> None:
    with pytest.raises(UsageError) as caught:
        verdicts(tmp_path, file_of(one("BM_x")), file_of(one("BM_x", time)))
    sentence = one_sentence(str(caught.value))
    assert 'head.json has no usable time of 1 of 1 benchmarks, among them "BM_x": it has a time that no' in sentence
    assert sentence.endswith("nothing was compared.") and "nothing in common" not in sentence


def test_a_run_has_benchmarks_under_its_contenders_names(tmp_path: Path) -> None:
    made = sound_document()
    times = times_of(made)
    assert times["indexing/sum/at/size:4096@gcc-o2"].values == made.panels[0].contenders[2].nanoseconds
    assert "errors/sqrt_chain/expected/size:16/rate:0.01@gcc-o2" in times
    # Raw code of a plain profile is in panels of hardened ones, too; its own panel counts.
    assert times["indexing/sum/raw/size:4096@gcc-o2"].values == made.panels[0].contenders[0].nanoseconds
    document.write(made, tmp_path / "run.json")
    name = "indexing/sum/at/size:4096@gcc-o2"
    solo = put(tmp_path, "solo.json", file_of(*repeated(name, *[4000.0] * 6)))
    found = comparison_inputs.compare(tmp_path / "run.json", solo)
    (row,) = (row for row in found.rows if row.head is not None)
    assert (row.name, row.verdict, row.metric) == (name, "regression", "benchmark_time")
