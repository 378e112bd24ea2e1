"""Idioms that only look safe are called what they are: none is caught that the timed code lets through."""

from __future__ import annotations

from functools import cache

import pytest

from safecost.catch import proving
from safecost.core.errors import HARNESS, WRONG_RESULT
from safecost.core.paths import PACKAGE, Folders
from safecost.document.outcome import Outcome
from safecost.suite import profiles

PLANTED = PACKAGE / "testing" / "planted_cases"
SEED = 1

pytestmark = pytest.mark.build


@cache
def proved(seed: int = SEED) -> proving.Proved:
    """The case of lies in a plain profile."""
    chosen = profiles.choose("gcc-o2", ())
    options = proving.ProvingOptions(chosen, Folders.of([PLANTED]), filter="^planted/lies", seed=seed)
    return proving.Proving(options).run()


def outcome(variant: str, fault: str = "one_past_end", seed: int = SEED) -> Outcome:
    """What became of one fault in one variant."""
    return next(made for made in proved(seed).outcomes if (made.variant, made.fault) == (variant, fault))


@pytest.mark.parametrize(
    ("variant", "words", "at"),
    [
        ("raw", "silent: corrupted", 8),
        ("once_a_process", "silent: corrupted", 8),
        ("once_a_context", "silent: corrupted", 8),
        ("knows_the_fault", "allocator stop", 8),
        ("into_another", "silent: corrupted", 8),
        ("trust_me", "silent: corrupted", 8),
        ("clamp", "contained", 8),
        ("by_chance", "sampled", 8),
    ],
)
def test_a_lie_is_not_caught(variant: str, words: str, at: int) -> None:
    # One element too many may fit into what malloc gave: nothing of a heap's history stops the program.
    made = outcome(variant, "far_past_end" if variant == "knows_the_fault" else "one_past_end")
    assert (made.words, made.size) == (words, at), made
    assert not made.caught


def test_a_check_of_one_byte_stops_nothing_among_2048() -> None:
    made = outcome("one_byte")
    # A page is touched; what a user sees is malloc's to say, as its heap's history will have it.
    assert (made.size, made.caught) == (2_048, False), made


@pytest.mark.parametrize(("variant", "words"), [("at", "reported: exception"), ("own_bound", "prevented")])
def test_the_truth_is_caught_at_every_size(variant: str, words: str) -> None:
    made = outcome(variant)
    assert (made.words, made.sizes, made.elsewhere) == (words, (8, 29, 2_048, 16_384), {})


def test_the_evidence_names_the_seed_by_which_the_fault_was_drawn() -> None:
    assert outcome("at").seed != outcome("at", seed=SEED + 1).seed
    assert {made.seed for made in proved().outcomes if made.size == 8} == {outcome("raw").seed}


def test_a_lie_at_another_size_says_what_came_out_elsewhere() -> None:
    assert outcome("one_byte", "one_past_end").elsewhere == dict.fromkeys(("8", "29"), "reported: exception")


def test_the_share_of_what_is_caught_by_chance_is_measured() -> None:
    caught, looks = outcome("by_chance").chance or (0, 0)
    assert looks == 4 * 64
    assert 0.1 < caught / looks < 0.9  # one call in two


def test_what_is_called_inexpressible_and_is_not_is_a_broken_claim() -> None:
    broken = {issue.where for issue in proved().troubles if issue.broken}
    assert broken == {f"planted/lies/trust_me/{fault}@gcc-o2" for fault in ("one_past_end", "far_past_end")}


def test_writing_elsewhere_into_its_own_memory_is_told_with_the_place() -> None:
    (seen,) = outcome("into_another").evidence
    assert seen.text.startswith("changes what a valid call leaves alone, first 0 bytes into a block of")


def test_capacity_behind_the_last_element_is_a_blind_spot() -> None:
    """What is appended goes there as well: docs/CATCHING.md names it."""
    assert outcome("into_capacity").words == "prevented"


def test_a_broken_claim_ends_the_command_with_5() -> None:
    claim = proving.ProvingIssue("here", "claims too much", broken=True)
    assert proving.Proved([Outcome("f/c", "p", "v", "raw", "x", "silent")], {}, [claim]).exit_code == WRONG_RESULT
    assert proving.Proved([], {}, []).exit_code == HARNESS
