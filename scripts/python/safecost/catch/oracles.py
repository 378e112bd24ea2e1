"""Has the oracles' host commit faults under sanitizers and Memcheck, and reads what those tools said.

What a tool says is text from a process that ran wrong code: it is searched for patterns, cut, and never believed to
be whole.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from safecost.catch.confirmation import Dirty, Observed, Sighting
from safecost.core import locks, processes
from safecost.core.paths import ORACLE, Folders
from safecost.core.progress import Steps
from safecost.core.tools import newest_tool
from safecost.document import evidence
from safecost.document.evidence import ConfirmingTool
from safecost.document.plan import ConfirmPlan, PluginAt
from safecost.suite.cases import CaseFiles
from safecost.suite.profiles import BuildProfile
from safecost.toolchain import runner
from safecost.toolchain.build import Built

_HOST_SECONDS = 300.0
_HANG_SECONDS = {"sanitizer": 5.0, "memcheck": 20.0, "race": 5.0}  # a proof takes milliseconds, or tenths of a second
_LARGEST_VALID = {"sanitizer": 65_536, "memcheck": 2_048, "race": 2_048}  # elements of a valid input
_MOST_XML = 4 << 20  # bytes
_MOST_TEXT = 300  # characters

# Sanitizers' reports of arithmetic: they confirm no fault of memory.
_ARITHMETIC_KINDS = re.compile(r"integer|overflow|shift|divide|float|implicit")
_OF_POINTERS = frozenset({"pointer-overflow"})
ARITHMETIC_WEAKNESSES = frozenset({128, 131, 190, 191, 195, 369, 680, 681, 682, 1335, 1339})

_REGION = re.compile(
    r"is located (\d+) bytes (after|before|inside of|to the right of|to the left of) (\d+)-byte region"
)
_ACCESS = re.compile(r"^(READ|WRITE) of size (\d+)", re.MULTILINE)
_BLOCK = re.compile(r"is ([\d,]+) bytes (after|before|inside) a block of size ([\d,]+) (alloc'd|free'd|in arena)")
_WITHIN = re.compile(r"(\d{1,15}) bytes into a block of (\d{1,15}) bytes")
_THREAD = re.compile(r"thread (\d+)")
_BEHIND = frozenset({"after", "to the right of"})
_BEFORE = frozenset({"before", "to the left of"})


@dataclass(slots=True)
class ToolSightings:
    """What the tools saw: looks at faults by (case, variant, fault), errors on valid input, and what went wrong."""

    observations: dict[tuple[str, str, str], list[Observed]] = field(default_factory=dict)
    dirty: list[Dirty] = field(default_factory=list)
    gaps: dict[ConfirmingTool, str] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Job:
    """One plugin that one tool watches; `generator` makes the inputs, `under` are words before the host's name."""

    tool: ConfirmingTool
    case: CaseFiles
    profile: BuildProfile
    plugin: Path
    generator: Path
    under: tuple[str, ...] = ()


def jobs(
    cases: Sequence[CaseFiles],
    profiles: Sequence[BuildProfile],
    sanitized: BuildProfile,
    built: Built,
    generator: Callable[[CaseFiles, BuildProfile, Built], str | None],
) -> tuple[list[Job], dict[ConfirmingTool, str]]:
    """What is to be watched: the sanitized plugin of each case, and those of plain profiles; and what cannot be."""
    gaps: dict[ConfirmingTool, str] = {}
    made: list[Job] = []
    if sanitized.name in built.absent:
        gaps["sanitizer"] = built.absent[sanitized.name]
    if shutil.which("valgrind") is None:
        gaps["memcheck"] = "Valgrind is not installed: apt install valgrind"
    for case in cases:
        own = built.plugins.get((case.name, sanitized.name))
        if own is not None and "sanitizer" not in gaps:
            made.append(Job("sanitizer", case, sanitized, own, own))
        for profile in profiles if "memcheck" not in gaps else ():
            plugin = built.plugins.get((case.name, profile.name))
            by = generator(case, profile, built)
            if plugin is not None and by is not None and profile.plain == profile.name:
                made.append(Job("memcheck", case, profile, plugin, built.plugins[case.name, by]))
    return made, gaps


def watch(wanted: Sequence[Job], folders: Folders, seed: int) -> ToolSightings:
    """Have every job's faults and valid inputs run where its tool watches, several at a time."""
    found = ToolSightings()
    if not wanted:
        return found
    with Steps("watch", len(wanted)) as steps, processes.workers() as pool:
        for job, told in zip(wanted, pool.map(lambda job: _watch(job, folders, seed), wanted), strict=True):
            if isinstance(told, runner.Failure):
                found.failures.append((f"{job.case.name}@{job.profile.name}", f"{job.tool}: {told.message}"))
            else:
                for (variant, fault), observation in told[0]:
                    found.observations.setdefault((job.case.name, variant, fault), []).append(observation)
                found.dirty += told[1]
            steps.step()
    return found


_Observations = tuple[list[tuple[tuple[str, str], Observed]], list[Dirty]]


def _watch(job: Job, folders: Folders, seed: int) -> _Observations | runner.Failure:
    with locks.scratch() as scratch:
        reports = scratch / "reports"
        inputs = scratch / "inputs"
        reports.mkdir()
        inputs.mkdir()
        plan = ConfirmPlan(
            case=job.case.name,
            plugin=PluginAt(profile=job.profile.name, path=str(job.plugin)),
            generator=PluginAt(profile=job.profile.name, path=str(job.generator)),
            data=str(job.case.data),
            scratch=str(inputs),
            seed=seed,
            timeout_seconds=_HANG_SECONDS[job.tool],
            largest_valid=_LARGEST_VALID[job.tool],
        )
        host, under = ORACLE, _memcheck(reports)
        if job.tool != "memcheck":  # a runtime of its own, in a host of its own
            host, under = folders.build / "profiles" / job.profile.name / ORACLE.name, job.under
        answer = runner.call("confirm", plan, evidence.ConfirmAnswer, _HOST_SECONDS, host, under)
        return answer if isinstance(answer, runner.Failure) else read(job, answer, reports)


def _memcheck(reports: Path) -> tuple[str, ...]:
    # Redzones as wide as faults go past a block: who writes over Memcheck's own records ends it before it says a word.
    looks = ("-q", "--tool=memcheck", "--redzone-size=1024", "--leak-check=no", "--error-limit=no")
    tells = ("--num-callers=12", "--xml=yes", f"--xml-file={reports}/%p.xml")
    return ("valgrind", *looks, *tells)


def read(job: Job, answer: evidence.ConfirmAnswer, reports: Path) -> _Observations:
    """What the host's answer says of each fault, and of valid input; `reports` holds Memcheck's files."""
    weaknesses = {fault.name: fault.cwe for fault in answer.faults}
    proofs = answer.proofs
    offsets = {offset for proof in proofs for report in proof.reports for offset in report.frames}
    functions = functions_at(job.plugin, sorted(offsets)) if offsets else {}
    leaky = {proof.variant for proof in proofs if proof.fault is None and proof.leaked_bytes}
    observations: list[tuple[tuple[str, str], Observed]] = []
    dirty: list[Dirty] = []
    for proof in proofs:
        seen = list(_sightings(job, proof, reports, functions))
        if proof.fault is None:
            dirty += _dirty(job, proof, seen)
            continue
        if proof.variant in leaky:
            seen = [one for one in seen if one.kind != "leak"]
        cwe = weaknesses[proof.fault]
        counting = tuple(one for one in seen if counts(one, cwe))
        observation = Observed(job.tool, job.profile.name, _end(proof, seen), counting, proof.right)
        observations.append(((proof.variant, proof.fault), observation))
    return observations, dirty


def counts(seen: Sighting, cwe: int) -> bool:
    """Does a report count for a fault of that weakness? One of arithmetic says nothing of a fault of memory.

    A race is between two threads: a block that one thread frees and uses is none.
    """
    if seen.oracle == "race":
        return len(set(_THREAD.findall(seen.text))) > 1
    if seen.oracle != "sanitizer" or seen.kind in _OF_POINTERS or cwe in ARITHMETIC_WEAKNESSES:
        return True
    of_memory = seen.kind.endswith("buffer-overflow") or "stack-overflow" in seen.kind or "container" in seen.kind
    return of_memory or not _ARITHMETIC_KINDS.search(seen.kind)


def _end(proof: evidence.WatchedProof, seen: Sequence[Sighting]) -> str:
    kinds = ", ".join(dict.fromkeys(one.kind for one in seen))
    return kinds or proof.end.replace("_", " ")


def _dirty(job: Job, proof: evidence.WatchedProof, seen: Sequence[Sighting]) -> Iterator[Dirty]:
    where = (job.case.name, proof.variant, job.profile.name, job.tool, proof.size, proof.rate)
    for one in seen:
        yield Dirty(*where, one.kind, one.text, one.function)
    if not seen and proof.end != "returned":
        yield Dirty(*where, "does not come back", proof.end.replace("_", " "))
    elif not seen and proof.errors:
        yield Dirty(*where, "errors", f"{proof.errors} errors, of which nothing is reported")


def _sightings(
    job: Job, proof: evidence.WatchedProof, reports: Path, functions: Mapping[int, str]
) -> Iterator[Sighting]:
    if job.tool == "memcheck":
        yield from _of_memcheck(reports / f"{proof.process}.xml", job.profile.name)
    for report in proof.reports:
        yield _of_sanitizer(report, job.profile.name, functions)
    if proof.leaked_bytes:
        amount = f"{proof.leaked_bytes} bytes are lost" if job.tool == "memcheck" else "a block is lost"
        yield Sighting(job.tool, job.profile.name, "leak", amount)


def _of_sanitizer(report: evidence.SanitizerReport, profile: str, functions: Mapping[int, str]) -> Sighting:
    text = report.text
    function = next((functions[at] for at in report.frames if at in functions), None)
    if report.tool == "thread":
        block = _WITHIN.search(text)
        place = (int(block[2]), int(block[1])) if block else (None, None)
        return Sighting("race", profile, _word(report.kind), _cut(text), function, *place)
    if report.tool == "undefined":
        return Sighting("sanitizer", profile, _word(report.kind), _cut(text), function)
    access = _ACCESS.search(text)
    parts = [f"{access[1].lower()}s {access[2]} bytes" if access else ""]
    size = offset = None
    if region := _REGION.search(text):
        size, offset = _place(region)
        parts.append(f"{region[1]} bytes {region[2]} a region of {size} bytes")
    freed = "freed by thread" in text if region else None
    return Sighting(
        "sanitizer", profile, _word(report.kind), _cut(", ".join(filter(None, parts))), function, size, offset, freed
    )


def _place(found: re.Match[str]) -> tuple[int, int]:
    distance, size = (int(found[group].replace(",", "")[:15]) for group in (1, 3))
    return size, size + distance if found[2] in _BEHIND else -distance if found[2] in _BEFORE else distance


def _word(kind: str) -> str:
    return re.sub(r"[^\w .-]", "?", kind)[:64] or "unknown"


def _cut(text: str) -> str:
    return " ".join(text.split())[:_MOST_TEXT]


def _of_memcheck(file: Path, profile: str) -> Iterator[Sighting]:
    """The errors in a file of Memcheck's, whole or cut off."""
    if not file.is_file():
        return
    with file.open("rb") as source:
        text = source.read(_MOST_XML)
    if b"<!" in text:  # Memcheck writes neither a DOCTYPE nor entities: somebody else did
        return
    parser: Any = ElementTree.XMLPullParser(["end"])
    try:
        parser.feed(text)
        ended = [event[1] for event in parser.read_events()]
    except ElementTree.ParseError:
        return
    for error in ended:
        if not isinstance(error, ElementTree.Element) or error.tag != "error":
            continue
        kind = error.findtext("kind") or "unknown"
        if kind.startswith("Leak_"):
            continue  # counted by the host, which knows what was lost before
        what = error.findtext("what") or error.findtext("xwhat/text") or ""
        near = error.findtext("auxwhat") or ""
        block = _BLOCK.search(near)
        size, offset = _place(block) if block else (None, None)
        place = f", {block[1]} bytes {block[2]} a block of {size} bytes" if block else ""
        freed = block[4] == "free'd" if block else None
        yield Sighting("memcheck", profile, _word(kind), _cut(what + place), _first_of_ours(error), size, offset, freed)


def _first_of_ours(error: ElementTree.Element) -> str | None:
    """The innermost function of the plugin; None where the host itself saw the error, at the border."""
    stack = error.find("stack")
    for frame in stack.findall("frame") if stack is not None else ():
        where = Path(frame.findtext("obj") or "").name
        if where == ORACLE.name:
            return None
        if not where.startswith(("vgpreload_", "libc.so", "libstdc++", "ld-linux")):
            return _cut(frame.findtext("fn") or "") or None
    return None


def functions_at(plugin: Path, offsets: Sequence[int]) -> dict[int, str]:
    """The function of the case's own source at each offset in a plugin; looked up once for all."""
    words = ["--functions", "--inlines", "--addresses", "--demangle", f"--exe={plugin}"]
    try:
        done = subprocess.run(
            [*_symbolizer(), *words, *map(hex, offsets)], capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError:
        return {}
    return dict(_functions(done.stdout.splitlines()))


def _symbolizer() -> list[str]:
    """LLVM's, or binutils', which knows Clang's inlined functions less well: it names the innermost by its symbol."""
    symbolizer = newest_tool("llvm-symbolizer")
    return ["addr2line"] if symbolizer is None else [str(symbolizer.path), "--output-style=GNU"]


def _functions(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """From addr2line: an address, then a function and its line for each call that was inlined, innermost first."""
    address, best, own = -1, "", False
    rest = iter(lines)
    for line in rest:
        if re.fullmatch(r"0x[0-9a-f]+", line):
            if best:
                yield address, best
            address, best, own = int(line, 16), "", False
            continue
        where = next(rest, "")
        ours = not where.startswith(("/", "?"))  # the project's files have no path of a machine
        if line != "??" and not line.startswith("_Z") and (not best or (ours and not own)):
            best, own = _cut(line), ours
    if best:
        yield address, best
