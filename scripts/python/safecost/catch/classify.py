"""Decides what became of a fault, from evidence of several memory worlds: never from a signal or a value alone.

Worlds, by letter: R real malloc; A and B two patterns around and behind blocks; G and F inaccessible pages behind and
before them. docs/CATCHING.md has the rules and what each was learned from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from safecost.catch.mechanism import Checks, Mechanism, mechanism_of
from safecost.document.evidence import DeclaredFault, MemoryPlace, PointProof, WorldRun, Worlds, WorldsProof
from safecost.document.outcome import CAUGHT, Detail, Evidence, EvidenceKind, Outcome, World
from safecost.suite.claims import INEXPRESSIBLE

PATTERNS: tuple[World, World] = ("A", "B")
PAGES: tuple[World, World] = ("G", "F")
# Weaknesses of arithmetic: only for these is an overflow trap the right reason.
_ARITHMETIC = frozenset({190, 191, 369, 682, 128, 131, 195})
# Weaknesses that no world can see: to all of them, new and malloc are one allocator, which a C++ library may make so.
_UNSEEN_BY_WORLDS = frozenset({762})
_LEAVES = "leaves"
# Oracles of memory: raw code that commits such a fault leaves its own.
_OF_MEMORY = frozenset({"guard", "canary", "memcheck", "sanitizer"})
_BEFORE_THE_KERNEL = frozenset({"start", "warm", "generate", "prepare", "reset"})


def judge(
    outcome: Outcome, fault: DeclaredFault, proof: WorldsProof, checks: Checks, confirmed_by: Collection[EvidenceKind]
) -> Outcome:
    """Fill in an outcome, whose names are given, for one proof of the prover's.

    `fault` is its declaration and `confirmed_by` the oracles beyond the worlds (a sanitizer, Memcheck) that saw the
    error in the same source. Attribution needs other profiles' outcomes: see `attribute`.
    """
    # Data can be given to whoever takes data: what has no way to go wrong there comes out prevented.
    ran = proof.inexpressible is not None and bool(proof.points)
    outcome = replace(outcome, claim=INEXPRESSIBLE if ran else proof.claim)
    if proof.inexpressible is not None and not ran:
        return replace(outcome, kind="inexpressible", reason=proof.inexpressible)
    if not proof.points:
        return replace(outcome, kind="no_verdict", reason="nobody has written the faulty program in this idiom")
    by_size = {point.size: _at(outcome, fault, proof, point, checks, confirmed_by) for point in proof.points}
    decisive = _decisive(by_size)
    if ran and decisive.kind == "prevented":
        decisive = replace(decisive, reason=f"{decisive.reason}; {proof.inexpressible}")
    return decisive


def _decisive(by_size: Mapping[int, Outcome]) -> Outcome:
    """What became of a fault, from what became of it at each size: caught is only what is caught at all of them.

    Of the sizes at which it is not caught the smallest decides, where every world looks.
    """

    def badness(size: int) -> int:
        kind = by_size[size].kind
        return 0 if kind in CAUGHT else 1 if kind == "sampled" else 2 if kind == "no_verdict" else 3

    chosen = by_size[max(sorted(by_size), key=badness)]
    elsewhere = {str(size): seen.words for size, seen in sorted(by_size.items()) if seen.words != chosen.words}
    chances = [seen.chance for seen in by_size.values() if seen.chance is not None]
    if chosen.kind == "sampled":
        chosen = replace(chosen, chance=(sum(caught for caught, _ in chances), sum(looks for _, looks in chances)))
    return replace(chosen, sizes=tuple(sorted(by_size)), elsewhere=elsewhere)


def _at(
    outcome: Outcome,
    fault: DeclaredFault,
    proof: WorldsProof,
    point: PointProof,
    checks: Checks,
    confirmed_by: Collection[EvidenceKind],
) -> Outcome:
    """What became of the fault at one size."""
    outcome = replace(outcome, size=point.size, seed=point.seed)
    measure = point.control
    objection = unclean(measure, checks)
    if objection is not None and point.right is not None:
        # A bug that needs no special input shows on any: then the program without it is the control.
        measure = point.right
        objection = unclean(measure, checks)
    if objection is not None and (trouble := _trouble(measure, valid=True)) is not None:
        return replace(outcome, kind="no_verdict", detail="harness", reason=trouble)
    if objection is not None or point.faulted is None:
        return replace(outcome, kind="no_verdict", reason=f"without the fault: {objection}")
    if (trouble := _trouble(point.faulted, valid=False)) is not None:
        return replace(outcome, kind="no_verdict", detail="harness", reason=trouble)
    worlds = point.faulted
    ends = {letter: mechanism_of(seen, checks) for letter, seen in worlds.items()}
    outcome = replace(outcome, worlds={letter: _told(ends[letter], worlds[letter]) for letter in worlds})
    for letter, seen in worlds.items():
        if seen.end == "not_made" or seen.stage in _BEFORE_THE_KERNEL:
            return replace(outcome, kind="no_verdict", reason=f"the kernel was never called in {letter}")
    outcome = replace(outcome, evidence=tuple(_evidence(fault, proof, point, worlds)))
    if point.again:
        outcome = _of_chance(outcome, fault, [mechanism_of(seen, checks) for seen in point.again])
        if outcome.kind == "sampled":
            return outcome
    if ends["R"].check is not None:
        return _stopped_by_check(outcome, fault, ends)
    return _not_stopped(outcome, fault, point, ends, confirmed_by)


def _trouble(worlds: Worlds, valid: bool) -> str | None:
    """What kept the prover from looking, which says nothing of the program; None where nothing did."""
    for letter, seen in worlds.items():
        if seen.end == "not_made" and seen.stage == "start":
            said = f": {seen.said.strip()}" if seen.said.strip() else ""
            return f"world {letter} cannot be made on this machine, look at its limits of memory (ulimit -v){said}"
        if seen.exhausted:
            return f"world {letter} had no room for so many blocks"
        if seen.end == "hung" and valid:
            return f"a valid call did not end in time in world {letter}: is the machine busy?"
    return None


def _of_chance(outcome: Outcome, fault: DeclaredFault, ends: Sequence[Mechanism]) -> Outcome:
    """A mitigation that looks by chance catches in some processes on the very same input, and not in others."""
    stopped = [end for end in ends if end.check in fault.stops]
    if not stopped or len(stopped) == len(ends):
        return outcome
    name, text = stopped[0].name, stopped[0].text
    return replace(outcome, kind="sampled", mechanism=name, text=text, chance=(len(stopped), len(ends)))


def unclean(control: Worlds, checks: Checks) -> str | None:
    """What is wrong with a proof without a fault; None where it ran clean and alike in every world."""
    for letter, seen in control.items():
        end = mechanism_of(seen, checks)
        if seen.end != "returned" or end.check is not None:
            what = end.name or end.how
            return f"{what}{f' ({end.text})' if end.text else ''} in world {letter}"
        if seen.exhausted:
            return f"world {letter} had no room for so many blocks"
        if seen.damage is not None:
            return f"memory was changed that nobody owns in world {letter}"
        if seen.frees is not None:
            return f"a block was freed wrongly in world {letter}"
    if len({seen.value for seen in control.values()}) > 1:
        return "its result depends on where memory lies or what is in it"
    return None


def _told(end: Mechanism, seen: WorldRun) -> str:
    if end.how == "returned" and end.check is None:
        return "returned"
    where = None if seen.stop is None else seen.stop.place
    if end.how == "crashed" and where is not None:
        return f"{end.name} {_place(where)}"
    return end.name or end.how


def _stopped_by_check(outcome: Outcome, fault: DeclaredFault, ends: Mapping[World, Mechanism]) -> Outcome:
    """A check ended the program a user would run, or reported an error: was it in time, for this, and no accident?"""
    check = ends["R"]
    outcome = replace(outcome, mechanism=check.name, text=check.text)
    touched = [one for one in outcome.evidence if one.kind in {"guard", "freed", "canary", "foreign"}]
    if touched:
        return replace(outcome, kind="detected_late", reason=f"before it: {touched[0].text}")
    others = [letter for letter, end in ends.items() if (end.check, end.site) != (check.check, check.site)]
    if others:
        reason = f"the check does not stop it in world {', '.join(others)}: it looks at something else"
        return replace(outcome, kind="terminated", reason=reason)
    if check.check not in fault.stops:
        return replace(outcome, kind="terminated", reason=f"{check.name} is no check for this fault")
    if check.arithmetic and fault.cwe not in _ARITHMETIC:
        return replace(outcome, kind="terminated", reason=f"a check of arithmetic ({check.text}), not of memory")
    if check.how == "returned":
        return replace(outcome, kind="reported", detail=check.check)  # type: ignore[arg-type]
    return replace(outcome, kind="trapped")


def _not_stopped(
    outcome: Outcome,
    fault: DeclaredFault,
    point: PointProof,
    ends: Mapping[World, Mechanism],
    confirmed_by: Collection[EvidenceKind],
) -> Outcome:
    """No check of this fault's ended the program a user would run: something else did, or nothing."""
    user = ends["R"]
    named = replace(outcome, mechanism=user.name, text=user.text)
    match user.how:
        case "hung":
            return replace(named, kind="hung", reason="it did not come back, twice")
        case "late":
            return replace(named, kind="detected_late", reason="this check looks only after the damage is done")
        case "allocator":
            return replace(named, kind="allocator_stop", reason="malloc's own check; it depends on the heap's history")
        case "terminated" | "left":
            return replace(named, kind="terminated")
        case "crashed":
            return replace(named, kind="crashed", detail=user.crash)
    kinds = {one.kind for one in outcome.evidence}
    if detail := _silent(outcome.evidence):
        return replace(outcome, kind="silent", detail=detail)
    if confirmed_by and fault.cwe not in _UNSEEN_BY_WORLDS:
        reason = f"the compiler removed it: {' and '.join(sorted(confirmed_by))} saw it in the same source"
        return replace(outcome, kind="deleted", reason=reason)
    if "value" in kinds:
        if _is_of_memory(fault):
            return replace(outcome, kind="contained", reason="it touched its own memory alone, and answers wrongly")
        return replace(outcome, kind="silent", detail="wrong_value")
    if point.reference is None:
        return replace(outcome, kind="silent", detail="nothing_seen", reason="no world saw anything of it")
    if outcome.role == "raw" and outcome.claim is None:
        reason = "no world saw anything, and the result is right; raw code prevents nothing unless it claims to"
        return replace(outcome, kind="silent", detail="nothing_seen", reason=reason)
    return replace(outcome, kind="prevented", reason="clean in every world, and the result is the reference's")


def _is_of_memory(fault: DeclaredFault) -> bool:
    """Does the fault lead raw code out of its memory? An overflow or an ignored error has a wrong value by itself."""
    return fault.cwe not in _ARITHMETIC and bool(_OF_MEMORY & set(fault.oracles))


def _silent(evidence: Sequence[Evidence]) -> Detail | None:
    """What a program did to memory that went on as if nothing had happened; the worst of it, None for nothing."""
    kinds = {one.kind for one in evidence}
    left_behind = {one.text.startswith(_LEAVES) for one in evidence if one.kind == "ledger"}
    if kinds & {"canary", "own"} or False in left_behind:
        return "corrupted"
    if "foreign" in kinds:
        return "read_foreign"
    if kinds & {"guard", "freed"}:
        return "touched"
    return "leaked" if True in left_behind else None


def _evidence(fault: DeclaredFault, proof: WorldsProof, point: PointProof, worlds: Worlds) -> Iterator[Evidence]:
    """Everything that shows the error itself, whatever ended the program."""
    yield from _of_pages(worlds)
    for letter in _in(worlds, (*PATTERNS, *PAGES)):
        if (damage := worlds[letter].damage) is not None and damage.first is not None:
            text = f"{damage.bytes} bytes changed that nobody owns, the first {_place(damage.first)}"
            yield _with_place("canary", letter, text, damage.first)
            break
    for letter in _in(worlds, PATTERNS):
        if (own := worlds[letter].own) is not None:
            text = f"changes what a valid call leaves alone, first {_place(own)} that is its own"
            yield _with_place("own", letter, text, own)
    if (foreign := _foreign(worlds)) is not None:
        yield Evidence("foreign", "".join(_in(worlds, PATTERNS)), foreign)
    yield from _of_ledger(fault, point, worlds)
    value = _shown_value(proof, worlds)
    if value is not None and point.reference is not None and value != point.reference:
        text = f"the result is {value}, not {point.reference} as the reference has it"
        yield Evidence("value", "".join(worlds), text)


def _in(worlds: Worlds, letters: Sequence[World]) -> list[World]:
    """Those of the worlds that were entered: at a timed size not all are."""
    return [letter for letter in letters if letter in worlds]


def _of_pages(worlds: Worlds) -> Iterator[Evidence]:
    """Accesses that a page without access stopped, one for each block and offset."""
    seen: dict[str, Evidence] = {}
    for letter in _in(worlds, PAGES):
        stop = worlds[letter].stop
        where = None if stop is None else stop.place
        if stop is None or where is None or where.kind != "block":
            continue
        text = f"{stop.access}s {_place(where)}"
        kind: EvidenceKind = "freed" if where.freed else "guard"
        before = seen[text].worlds if text in seen else ""
        seen[text] = _with_place(kind, before + letter, text, where)
    yield from seen.values()


def _with_place(kind: EvidenceKind, worlds: str, text: str, where: MemoryPlace) -> Evidence:
    return Evidence(kind, worlds, text, where.size, where.offset, where.freed)


def _place(where: MemoryPlace) -> str:
    """Where an address lies: `4 bytes past the end of a block of 32 bytes`."""
    if where.kind == "stack":
        return "beside the stack"
    size, offset = where.size, where.offset
    block = f"a {'freed ' if where.freed else ''}block of {size} bytes"
    if offset < 0:
        return f"{-offset} bytes before {block}"
    if offset >= size:
        return f"{offset - size} bytes past the end of {block}"
    return f"{offset} bytes into {block}"


def _foreign(worlds: Worlds) -> str | None:
    """How the result depends on memory that the program does not own; None where it does not."""
    # Where no world with a pattern was entered, what a user would see is compared with what a page stops.
    first, second = (worlds[letter] for letter in ((_in(worlds, PATTERNS) or ["R"]) * 2)[:2])
    if first.end == second.end == "returned":
        if first.value != second.value:
            return f"the result is {_spoken(first)} or {_spoken(second)}, as the memory around is filled"
    elif _way(first) != _way(second):
        return f"it {_way(first)} or {_way(second)}, as the memory around is filled"
    returned = {seen.value for seen in worlds.values() if seen.end == "returned"}
    if len(returned) > 1:
        return "the result differs with what is in the memory around"
    real = worlds["R"]
    if real.end == "returned" and real.report is None and len({_way(real), _way(first), _way(second)}) > 1:
        return f"it {_way(first)} where the memory around is filled with a pattern"
    return None


def _way(seen: WorldRun) -> str:
    if seen.end == "returned":
        return "returns" if seen.report is None else "tells of an error"
    return seen.end.replace("_", " ") if seen.stop is None else f"ends with {seen.stop.signal}"


def _spoken(seen: WorldRun) -> str:
    return str(seen.digest if seen.digest and seen.digest.strip("0") else seen.result)


def _of_ledger(fault: DeclaredFault, point: PointProof, worlds: Worlds) -> Iterator[Evidence]:
    for letter in _in(worlds, (*PATTERNS, *PAGES)):
        if (frees := worlds[letter].frees) is not None:
            what = "frees twice" if frees.double else "frees what is no block"
            text = f"{what}, {frees.double + frees.bad} times"
            yield (
                Evidence("ledger", letter, text)
                if frees.first is None
                else _with_place("ledger", letter, text, frees.first)
            )
            break
    # A leak counts only where the fault may be one: a program that reports an error may keep what the report needs.
    if "ledger" not in fault.oracles:
        return
    for letter in _in(worlds, (*PATTERNS, *PAGES)):
        seen = worlds[letter]
        leak = seen.leak
        if leak is not None and leak.blocks > 0 and seen.end == "returned" and seen.report is None:
            # A bug in the program leaks on any input; then it is the right program that must not.
            control = point.control if point.right is None else point.right
            # A program that makes more blocks has fewer worlds; the one beside is asked, as none of them may leak.
            beside = control.get(letter) or next(iter(control.values()))
            if beside.leak is None:
                size = None if leak.first is None else leak.first.size
                text = f"{_LEAVES} {leak.blocks} blocks behind, {leak.bytes} bytes"
                yield Evidence("ledger", letter, text, size, None, False)
            return


def _shown_value(proof: WorldsProof, worlds: Worlds) -> str | None:
    """The value that is compared with the reference, where all worlds that returned agree on it."""
    values = {
        seen.digest if proof.digests else seen.result
        for seen in worlds.values()
        if seen.end == "returned" and seen.report is None
    }
    return values.pop() if len(values) == 1 else None


def attribute(
    outcomes: Sequence[Outcome], plain: Mapping[str, str], checks: Mapping[tuple[str, str], Checks]
) -> list[Outcome]:
    """Say of each outcome to whom it is owed; `plain` gives each profile's plain sibling, `checks` by (case, profile).

    What the same variant does in the plain sibling is the idiom's doing; what it does only here is the profile's.
    """
    known = {(one.case, one.profile, one.variant, one.fault): one for one in outcomes}
    made = []
    for one in outcomes:
        sibling = known.get((one.case, plain[one.profile], one.variant, one.fault))
        made.append(_attributed(one, sibling, checks.get((one.case, one.profile))))
    return made


def _attributed(one: Outcome, sibling: Outcome | None, checks: Checks | None) -> Outcome:
    if one.kind == "allocator_stop":
        return replace(one, attribution="platform")
    if one.kind == "crashed":
        return replace(one, attribution="system")
    if one.kind in {"silent", "prevented"} and _is_neutralised(one, sibling, checks):
        reason = "locals start as zero here; the plain sibling reads what somebody left there"
        return replace(one, kind="silent", detail="neutralised", attribution="profile", reason=reason)
    if one.caught or one.kind in {"detected_late", "terminated"}:
        alike = sibling is None or sibling.kind == one.kind or (one.caught and sibling.caught)
        return replace(one, attribution="idiom" if alike else "profile")
    return one


def _is_neutralised(one: Outcome, sibling: Outcome | None, checks: Checks | None) -> bool:
    if sibling is None or sibling.profile == one.profile or checks is None or not checks.zeroes_locals:
        return False
    clean = one.kind == "prevented" or one.detail in {"wrong_value", "nothing_seen"}
    return clean and sibling.kind == "silent" and sibling.detail == "read_foreign"
