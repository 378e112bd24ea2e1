"""Verdicts on planted stops that would be misread, and on real cases: what must be trapped, and what must not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from safecost.catch import classify as verdict
from safecost.catch import outcomes, proving
from safecost.catch.mechanism import Checks, mechanism_of
from safecost.cli import entry
from safecost.code import check_sites
from safecost.core.paths import BENCH, PACKAGE, PROVER, Folders
from safecost.document.evidence import ProveAnswer, WorldsProof
from safecost.document.outcome import ALL_KINDS, DETAILS, LETTERS, Outcome
from safecost.document.plan import PROTOCOL, PluginAt, ProvePlan, encoded
from safecost.suite import cases, claims, profiles
from safecost.testing.sample_evidence import digest, fault, proof, world
from safecost.toolchain import build, runner

_SCHEMA = Path(__file__).with_name("outcomes.schema.json")
VALIDATOR = jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))
PLANTED = PACKAGE / "testing" / "planted_cases"
OVERFLOW = "trapping: clang -O2 -fsanitize=signed-integer-overflow -fsanitize-trap=signed-integer-overflow"


@cache
def proved() -> proving.Proved:
    """The planted case in a plain profile, the hardened one, and one whose compiler places traps."""
    chosen = [*profiles.choose("gcc-o2,gcc-o2-hardened", ()), *profiles.choose(None, [OVERFLOW])]
    return proving.Proving(proving.ProvingOptions(chosen, Folders.of([PLANTED]), seed=1, hang_seconds=0.25)).run()


def outcome(variant: str, fault: str = "planted", profile: str = "gcc-o2") -> Outcome:
    found = [one for one in proved().outcomes if (one.variant, one.fault, one.profile) == (variant, fault, profile)]
    assert len(found) == 1, proved().troubles
    return found[0]


@pytest.mark.build
@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ("in_time", "trapped"),
        ("after_write", "detected late"),
        ("after_read", "detected late"),
        ("by_accident", "terminated"),
        ("throws", "reported: exception"),
        ("throws_late", "detected late"),
        ("double_free", "allocator stop"),
        ("stray_trap", "crashed: stray trap"),
        ("hangs", "hung"),
        ("terminates", "terminated"),
        ("breaks_contract", "trapped"),
        ("breaks_contract_afar", "trapped"),
        ("leaves", "terminated"),
        ("null_read", "crashed: null"),
        ("wild_read", "crashed: wild"),
        ("lucky_value", "silent: touched"),
        ("writes", "silent: corrupted"),
        ("leaks", "silent: leaked"),
        ("uninitialised", "silent: read foreign"),
        ("wrong_value", "contained"),
        ("raw", "silent: read foreign"),
        ("good", "inexpressible"),
        ("always_stops", "no verdict"),
    ],
)
def test_a_planted_stop_is_called_what_it_is(variant: str, words: str) -> None:
    one = outcome(variant)
    assert one.words == words, one


@pytest.mark.build
def test_a_check_that_does_not_count_for_the_fault_traps_nothing() -> None:
    assert outcome("in_time", "only_told").words == "terminated"


@pytest.mark.build
def test_an_overflow_trap_is_the_wrong_reason_for_a_fault_of_memory() -> None:
    one = outcome("overflows", profile="trapping")
    assert (one.words, one.mechanism, one.text) == ("terminated", "Clang trap", "add overflow")


@pytest.mark.build
@pytest.mark.parametrize("variant", ["breaks_contract", "breaks_contract_afar"])
def test_a_failed_contract_is_told_from_other_ways_to_terminate(variant: str) -> None:
    for profile in ("gcc-o2", "gcc-o2-hardened", "trapping"):
        one = outcome(variant, profile=profile)
        assert (one.words, one.mechanism, one.attribution) == ("trapped", "GSL contract", "idiom"), one


@pytest.mark.build
def test_the_profile_is_owed_what_only_it_does() -> None:
    copies, smashes = (outcome(name, profile="gcc-o2-hardened") for name in ("copies", "smashes"))
    assert (copies.words, copies.mechanism, copies.attribution) == ("trapped", "FORTIFY", "profile")
    assert (smashes.words, smashes.mechanism, smashes.attribution) == ("detected late", "stack protector", "profile")
    assert outcome("in_time", profile="gcc-o2-hardened").attribution == "idiom"
    assert outcome("double_free").attribution == "platform"
    assert outcome("null_read").attribution == "system"


@pytest.mark.build
def test_zeroed_locals_neutralise_and_do_not_prevent() -> None:
    assert outcome("uninitialised", profile="gcc-o2-hardened").words == "silent: neutralised"


@pytest.mark.build
def test_what_prevents_is_clean_and_right_everywhere() -> None:
    assert outcome("good", "past_end").words == "prevented"
    assert outcome("raw", "past_end").words == "silent: read foreign"


@pytest.mark.build
def test_nothing_is_proved_of_the_tape_alone() -> None:
    assert {"raw", "good"} <= {one.variant for one in proved().outcomes}
    assert "dispatch_only" not in {one.variant for one in proved().outcomes}


@pytest.mark.build
def test_a_faulty_program_that_nobody_wrote_gives_no_verdict() -> None:
    one = outcome("good", "only_told")
    assert one.kind == "no_verdict" and "nobody has written" in (one.reason or "")


@pytest.mark.build
def test_evidence_names_block_offset_and_state() -> None:
    guard = next(seen for seen in outcome("writes").evidence if seen.kind == "guard")
    assert (guard.size, guard.offset, guard.freed, guard.worlds) == (32, 32, False, "G")
    assert guard.text == "writes 0 bytes past the end of a block of 32 bytes"


@pytest.mark.build
def test_raw_code_in_a_plain_profile_is_never_trapped() -> None:
    assert not [one for one in real().outcomes if one.role == "raw" and one.kind == "trapped"]
    assert real().troubles == []


@cache
def real() -> proving.Proved:
    chosen = profiles.choose("gcc-o2,gcc-o2-assertions,rust", ())
    return proving.Proving(
        proving.ProvingOptions(chosen, Folders.of([]), seed=1, filter="^(indexing/sum|ownership|errors)")
    ).run()


@pytest.mark.build
@pytest.mark.parametrize(
    ("name", "words", "attribution"),
    [
        ("indexing/sum/raw/one_past_end@gcc-o2", "silent: read foreign", None),
        ("indexing/sum/index/one_past_end@gcc-o2", "silent: read foreign", None),
        ("indexing/sum/index/one_past_end@gcc-o2-assertions", "trapped", "profile"),
        ("indexing/sum/at/one_past_end@gcc-o2-assertions", "reported: exception", "idiom"),
        ("indexing/sum/range_for/one_past_end@gcc-o2", "prevented", "idiom"),
        ("indexing/sum/rust_unchecked/one_past_end@rust", "silent: read foreign", None),
        ("indexing/sum/rust_index/one_past_end@rust", "reported: panic", "idiom"),
        ("ownership/linked_list/raw/use_after_free@gcc-o2", "silent: read foreign", None),
        ("ownership/linked_list/raw/double_free@gcc-o2", "allocator stop", "platform"),
        ("ownership/linked_list/raw/leak@gcc-o2", "silent: leaked", None),
        ("ownership/linked_list/unique_ptr/use_after_free@gcc-o2", "crashed: null", "system"),
        ("ownership/linked_list/unique_ptr/double_free@gcc-o2", "prevented", "idiom"),
        ("ownership/linked_list/arena_at/use_after_free@gcc-o2", "reported: exception", "idiom"),
        ("ownership/linked_list/rust_box/double_free@rust", "prevented", "idiom"),
        ("errors/read_name/raw/one_too_small@gcc-o2", "silent: corrupted", None),
        ("errors/read_name/raw/uninitialised@gcc-o2", "silent: read foreign", None),
        ("errors/read_name/expected/ignored_error@gcc-o2", "silent: wrong value", None),
        ("errors/read_name/expected/ignored_error@gcc-o2-assertions", "trapped", "profile"),
        ("errors/read_name/exception/ignored_error@gcc-o2", "reported: exception", "idiom"),
        ("errors/read_name/rust_unchecked/wrong_size@rust", "silent: corrupted", None),
        ("errors/read_name/rust_result/ignored_error@rust", "reported: panic", "idiom"),
        ("errors/read_name/rust_result/uninitialised@rust", "inexpressible", "idiom"),
    ],
)
def test_real_cases_come_out_as_they_must(name: str, words: str, attribution: str | None) -> None:
    (found,) = [one for one in real().outcomes if f"{one.case}/{one.variant}/{one.fault}@{one.profile}" == name]
    # What becomes of a program that wrote beside a block depends on the C library's version; nothing of ours stops it.
    noticed = [("allocator stop", "platform"), ("crashed: wild", "system")] if words == "silent: corrupted" else []
    assert (found.words, found.attribution) in [(words, attribution), *noticed]


@pytest.mark.build
def test_libcxx_checks_are_registered_by_name_or_where_they_were_merged() -> None:
    chosen = profiles.choose("clang-o2-libcxx-fast", ())
    found = (
        proving.Proving(proving.ProvingOptions(chosen, Folders.of([]), seed=1, filter="^iteration/sort$"))
        .run()
        .outcomes
    )
    told = {(one.variant, one.fault): (one.words, one.text) for one in found}
    assert told["span_introsort", "one_past_end"] == ("trapped", check_sites.MERGED)
    words, text = told["span_sort", "one_past_end"]
    assert words == "trapped" and "count out of range" in (text or "")


@pytest.mark.build
@pytest.mark.parametrize("case", ["indexing/sum", "ownership/linked_list"])
def test_ten_repeats_are_identical_outside_the_real_world(case: str, tmp_path: Path) -> None:
    folders = Folders.of([])
    found = cases.choose(cases.find(folders), cases.pattern_of(f"^{case}$"))
    plugin = build.build_all(folders, found, profiles.choose("gcc-o2", ())).plugins[case, "gcc-o2"]
    plan = ProvePlan(
        case=case, plugin=PluginAt(profile="gcc-o2", path=str(plugin)), data=str(BENCH), scratch=str(tmp_path)
    )
    repeats = []
    for _ in range(10):
        told = runner.call("prove", plan, ProveAnswer, 60, PROVER)
        assert isinstance(told, ProveAnswer)
        proofs: Any = msgspec.to_builtins(told.proofs)
        for point in (point for one in proofs for point in one["points"]):
            for kind in ("control", "right", "faulted"):
                (point[kind] or {}).pop("R", None)
        repeats.append(json.dumps(proofs))
    assert len(set(repeats)) == 1


def judged(made: WorldsProof, confirmed_by: Sequence[Any] = (), role: Any = "safe") -> Outcome:
    name = Outcome("family/case", "gcc-o2", "at", role, "fault", "no_verdict")
    return verdict.judge(name, fault(), made, Checks.of_flags((), {}), confirmed_by)


def test_a_removed_path_is_deleted_where_a_sanitizer_saw_it() -> None:
    assert judged(proof()).kind == "prevented"
    assert judged(proof(), ["sanitizer"]).kind == "deleted"


def test_what_no_world_can_see_was_not_deleted() -> None:
    name = Outcome("family/case", "gcc-o2", "raw", "raw", "mismatched_free", "no_verdict")
    mismatched = fault(cwe=762, reference=False)
    judgement = verdict.judge(name, mismatched, proof(reference=None), Checks.of_flags((), {}), ["sanitizer"])
    assert judgement.words == "silent: nothing seen"


def test_raw_code_prevents_nothing_unless_it_claims_to() -> None:
    assert judged(proof(), role="raw").words == "silent: nothing seen"
    assert judged(proof(claim="always"), role="raw").kind == "prevented"


def test_the_right_value_in_the_real_world_alone_prevents_nothing() -> None:
    assert judged(proof({"A": world(result=digest(11))})).words == "silent: read foreign"


def test_a_check_that_flips_with_the_memory_around_is_luck() -> None:
    assertion = world(
        end="stopped",
        said="a.h:1: f: Assertion 'x' failed.\n",
        stop={"signal": "SIGABRT", "code": 0, "hook": "abort", "message": "", "pc": None, "callers": []},
    )
    assert judged(proof(dict.fromkeys("RABGF", assertion))).kind == "trapped"
    assert judged(proof(dict.fromkeys("RBGF", assertion))).kind != "trapped"
    assert judged(proof(dict.fromkeys("ABGF", assertion))).kind == "silent"


def test_a_control_that_differs_between_worlds_gives_no_verdict() -> None:
    made = proof(control={"B": world(result=digest(11))})
    assert judged(made).kind == "no_verdict"


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ({"end": "not_made", "stage": "start", "said": "cannot make a world: mmap"}, "world G cannot be made"),
        ({"exhausted": True}, "world G had no room"),
        ({"end": "hung", "stage": "run"}, "a valid call did not end in time in world G"),
    ],
)
def test_trouble_of_the_harness_is_no_broken_claim(seen: dict[str, Any], reason: str) -> None:
    made = judged(proof(control={"G": world(**seen)}, claim="always"))
    assert made.words == "no verdict: harness"
    assert reason in (made.reason or "")
    assert list(claims.broken([made], {})) == []
    assert list(claims.broken([judged(proof(control={"G": world(result=digest(9))}, claim="always"))], {})) != []


TRAP = {"signal": "SIGILL", "code": 0, "instruction": "0f0b000000000000", "pc": {"module": "plugin", "offset": 16}}


def test_a_bare_trap_is_a_check_only_where_it_is_registered() -> None:
    stopped = world(end="stopped", stop=TRAP)
    assert mechanism_of(stopped, Checks.of_flags((), {})).check is None
    assert mechanism_of(stopped, Checks.of_flags((), {16: "index out of range"})).check == "assertion"
    flags = ["-fsanitize=bounds", "-fsanitize-trap=bounds"]
    assert mechanism_of(stopped, Checks.of_flags(flags, {})).check == "trap"
    elsewhere = {**TRAP, "pc": {"module": "libc.so.6", "offset": 16}}
    assert mechanism_of(world(end="stopped", stop=elsewhere), Checks.of_flags(flags, {16: "x"})).check is None


def test_an_error_asked_for_its_value_is_a_check_of_abseil() -> None:
    text = "Attempting to fetch value instead of handling error NOT_FOUND: no such file"
    stop: dict[str, Any] = {"signal": "SIGABRT", "code": 0, "hook": "abort", "message": "", "pc": None, "callers": []}
    told = mechanism_of(
        world(end="stopped", stop=stop, said=f"[./absl/status/statusor.cc : 83] RAW: {text}\n"), Checks.of_flags((), {})
    )
    assert (told.name, told.check, told.site) == ("Abseil check", "assertion", "./absl/status/statusor.cc : 83")
    assert told.text == text
    other = world(end="stopped", stop=stop, said="[./absl/base/x.cc : 83] RAW: out of memory\n")
    assert mechanism_of(other, Checks.of_flags((), {})).how == "terminated"


def test_the_immediate_of_a_clang_trap_is_its_kind() -> None:
    stop = {**TRAP, "instruction": "670fb94012000000"}
    assert mechanism_of(world(end="stopped", stop=stop), Checks.of_flags((), {})).text == "out of bounds"
    stop = {**TRAP, "instruction": "670fb90066666666"}
    assert mechanism_of(world(end="stopped", stop=stop), Checks.of_flags((), {})).text == "add overflow"


def test_plain_raw_code_is_held_to_account() -> None:
    trapped = Outcome("f/c", "gcc-o2", "raw", "raw", "x", "trapped")
    elsewhere = Outcome("f/c", "gcc-o2-hardened", "raw", "raw", "x", "trapped")
    plain = {"gcc-o2": "gcc-o2", "gcc-o2-hardened": "gcc-o2"}
    assert [trouble.where for trouble in proving.trapped_raw([trapped, elsewhere], plain)] == ["f/c/raw/x@gcc-o2"]


def test_every_outcome_has_a_letter_of_its_own_and_details_have_their_kind() -> None:
    assert set(LETTERS) == set(ALL_KINDS)
    assert len(set(LETTERS.values())) == len(LETTERS)
    assert set(DETAILS) <= set(ALL_KINDS)


@pytest.mark.build
def test_what_is_written_fits_the_schema(tmp_path: Path) -> None:
    outcomes.write(proved(), tmp_path / "catch.json")
    made = json.loads((tmp_path / "catch.json").read_text(encoding="utf-8"))
    assert list(VALIDATOR.iter_errors(made)) == []
    made["outcomes"][0]["kind"] = "safe"
    assert list(VALIDATOR.iter_errors(made)) != []


def _plan(**changes: Any) -> str:
    """A plan of a plugin that is not there."""
    plan = ProvePlan(plugin=PluginAt(profile="p", path="/nowhere.so"), data=".", scratch=".")
    return json.dumps(json.loads(encoded(plan)) | changes)


@pytest.mark.build
@pytest.mark.parametrize(
    ("words", "plan", "code", "said"),
    [
        (["--help"], None, 0, ""),
        ([], None, 2, "give the command"),
        (["prove"], None, 2, "give --plan"),
        (["prove", "--plann=-"], None, 2, "--plann=- is no option"),
        (["prove", "--plan=-"], "[]", 1, "no JSON object"),
        (["prove", "--plan=-"], "{}", 1, f"speaks {PROTOCOL}, and the plan names none: remove the build folder"),
        (["prove", "--plan=-"], f'{{"protocol": {PROTOCOL}, "plan": "prove"}}', 1, "plugin is missing from the plan"),
        (["prove", "--plan=-"], _plan(), 1, "cannot be loaded"),
        (["prove", "--plan=-"], _plan(timeout_seconds=0), 1, "timeout_seconds is 0, and must be a number from"),
        (["prove", "--plan=-"], _plan(protocol=1), 1, f"this program speaks {PROTOCOL}, and the plan is of 1"),
        (["prove", "--plan=-"], _plan(plan="confirm"), 1, "plan is \"confirm\", and must be \"prove\""),
    ],
)  # fmt: skip
def test_the_prover_says_what_it_wants(words: Sequence[str], plan: str | None, code: int, said: str) -> None:
    build.build_runner()
    done = subprocess.run([PROVER, *words], input=plan or "", capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert said in done.stderr.replace("'", "")


@pytest.mark.build
def test_the_environment_changes_nothing(tmp_path: Path) -> None:
    folders = Folders.of([])
    found = cases.choose(cases.find(folders), cases.pattern_of("^indexing/sum$"))
    plugins = build.build_all(folders, found, profiles.choose("gcc-o2,rust", ())).plugins
    plan = ProvePlan(
        plugin=PluginAt(profile="rust", path=str(plugins["indexing/sum", "rust"])),
        generator=PluginAt(profile="gcc-o2", path=str(plugins["indexing/sum", "gcc-o2"])),
        data=".",
        scratch=str(tmp_path),
        pairs=(("rust_index", "one_past_end"),),
    )
    done = subprocess.run(
        [PROVER, "prove", "--plan=-"],
        input=encoded(plan).decode(),
        env={"RUST_BACKTRACE": "full"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "index out of bounds" in done.stdout
    assert "stack backtrace" not in done.stdout


@pytest.mark.build
def test_the_command_prints_a_matrix_and_ends_well(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["catch", "--filter", "indexing/sum", "--profiles", "gcc-o2-assertions", "--details"]
    assert entry([*words, "--out", str(tmp_path / "catch.json")]) == 0
    out = capfd.readouterr().out
    assert "one_past_end" in out and "T trapped" in out
    assert "indexing/sum/index/one_past_end@gcc-o2-assertions: trapped [profile] by libstdc++ assertion" in out
    made = json.loads((tmp_path / "catch.json").read_text(encoding="utf-8"))
    assert {one["profile"] for one in made["outcomes"]} == {"gcc-o2-assertions"}
    assert list(VALIDATOR.iter_errors(made)) == []
