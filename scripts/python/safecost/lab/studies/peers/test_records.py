"""Trials in a file: what was interrupted goes on, what does not belong together is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecost.core.errors import UsageError
from safecost.lab.studies.peers.kernels import DEVELOPED, PUBLISHED, chosen, sources
from safecost.lab.studies.peers.overhead import LEAST, Overhead
from safecost.lab.studies.peers.records import PeerEstimate, Trial, TrialFile, TrialKey
from safecost.lab.studies.peers_study import scheduled

TRIAL = Trial(TrialKey("mine", "sum", "aa", 0.2, 0), 0.21, PeerEstimate(1.001, 0.99, None, False, True))


def test_a_file_of_trials_is_taken_up_again_without_what_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "new" / "peers.jsonl"
    TrialFile(path, {"cpu": "this"}).add(TRIAL)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"tool": "mine", "ker')
    again = TrialFile(path, {"cpu": "this"})
    assert again.trials == [TRIAL]
    again.add(TRIAL)
    assert TrialFile(path, {"cpu": "this"}).trials == [TRIAL, TRIAL]


def test_trials_of_another_machine_and_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "peers.jsonl"
    TrialFile(path, {"cpu": "this"})
    with pytest.raises(UsageError, match="has trials with cpu this, and now it is that: give another --out"):
        TrialFile(path, {"cpu": "that"})
    path.write_text("# notes\n", encoding="utf-8")
    with pytest.raises(UsageError, match="holds no trials"):
        TrialFile(path, {"cpu": "this"})
    assert path.read_text(encoding="utf-8") == "# notes\n"


def test_a_study_goes_on_with_what_is_left_in_the_same_order() -> None:
    whole = scheduled(["a", "b"], DEVELOPED[:2], [0.2, 1.0], 2, set())
    assert len(whole) == len(set(whole)) == 2 * 2 * 3 * 2 * 2
    assert {trial.repeat for trial in whole[: len(whole) // 2]} == {0}
    assert scheduled(["a", "b"], DEVELOPED[:2], [0.2, 1.0], 2, set(whole[:5])) == whole[5:]
    assert whole[:12] != sorted(whole[:12], key=str)


def test_what_is_published_was_not_tuned_on() -> None:
    assert len(PUBLISHED) >= 8 and len(DEVELOPED) == 4
    assert not {kernel.case for kernel in PUBLISHED} & {kernel.case for kernel in DEVELOPED}


def test_kernels_are_chosen_by_set_and_by_name() -> None:
    assert chosen("developed,gather,list") == (*DEVELOPED, *(it for it in PUBLISHED if it.name == "gather"))
    with pytest.raises(UsageError, match="'quick' is no set and no kernel: developed, published, all, straight"):
        chosen("quick")


def test_a_case_of_several_files_is_repeated_with_all_of_them(tmp_path: Path) -> None:
    for name in ("linked_list.cc", "tape.cc", "tape.h"):
        (tmp_path / name).touch()
    texts = sources(DEVELOPED[2], tmp_path / "linked_list.cc")
    assert set(texts) == {"list.cc", "tape.cc"}
    assert f'#include "{tmp_path / "linked_list.cc"}"\n#define PEERS_SIZE 64\n' in texts["list.cc"]
    assert texts["tape.cc"].endswith(f'#include "{tmp_path / "tape.cc"}"\n')


def test_a_tool_is_told_less_by_what_it_takes_beside() -> None:
    overhead = Overhead()
    assert (overhead.beside("a"), overhead.told("a", 1.0)) == (None, 1.0)
    overhead.took("a", 1.0, 1.4)
    assert overhead.told("a", 1.0) == pytest.approx(0.6)
    overhead.took("a", 0.6, 0.8)
    assert overhead.told("a", 1.0) == pytest.approx(0.7)
    assert overhead.told("a", 0.1) == LEAST
    assert overhead.told("b", 0.1) == 0.1
