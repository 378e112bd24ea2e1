"""How a proof ended, read from its evidence: which check stopped it, or what else did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from safecost.document.evidence import CodePlace, SignalStop, WorldRun
from safecost.document.outcome import Detail

# The kind of check in the immediate of Clang's trap instruction: SanitizerHandler's number in the compiler.
ARITHMETIC_TRAPS = {0: "add overflow", 3: "divrem overflow", 12: "mul overflow", 13: "negate overflow",
                    20: "shift out of bounds", 21: "sub overflow"}  # fmt: skip
_TRAPS = {
    **ARITHMETIC_TRAPS,
    1: "builtin unreachable",
    2: "cfi check fail",
    5: "dynamic type cache miss",
    6: "float cast overflow",
    7: "function type mismatch",
    8: "implicit conversion",
    9: "invalid builtin",
    10: "invalid objc cast",
    11: "load invalid value",
    14: "missing return",
    15: "nonnull arg",
    16: "nonnull return",
    17: "nullability arg",
    18: "out of bounds",
    19: "pointer overflow",
    22: "type mismatch",
    23: "alignment assumption",
    24: "vla bound not positive",
}

_LIBSTDCXX = re.compile(r"^(?P<site>[^\n]*?:\d+): [^\n]*: Assertion '(?P<text>[^\n]*)' failed\.$", re.MULTILINE)
_C_ASSERT = re.compile(r"^[^\n]*?(?P<site>[^\s:]+:\d+): [^\n]*: Assertion `(?P<text>[^\n]*)' failed\.$", re.MULTILINE)
_LIBCXX = re.compile(r"^(?P<site>[^\n]*?:\d+): assertion (?P<text>[^\n]*)$", re.MULTILINE | re.IGNORECASE)
_ABSEIL = re.compile(
    r"^\[(?P<site>[^\n\]]+\.(?:cc|h) : \d+)\] RAW: (?P<text>Attempting to fetch value[^\n]*)$", re.MULTILINE
)
_PANIC = re.compile(r"panicked at (?P<site>[^\n]*):\n(?P<text>[^\n]*)")
_TERMINATED = re.compile(r"(?:terminate called|libc\+\+abi: terminating)[^\n]*(?:\n\s*what\(\):[^\n]*)?")
_MALLOC = re.compile(
    r"(?:free|malloc|realloc|calloc|munmap_chunk|corrupted|double free|invalid|unlink|sysmalloc|Fatal glibc error: "
    r"malloc|malloc_consolidate|tcache)[^\n]*"
)


@dataclass(frozen=True, slots=True)
class Mechanism:
    """What ended a proof, or reported an error.

    `check` names the kind of stop as the kernel border does ("assertion", "exception" ...) and is None for what is no
    check; `how` is then "returned", "allocator", "terminated", "late", "crashed", "hung" or "left". `site` is the
    same in every process for one check at one place.
    """

    how: str
    name: str | None = None
    check: str | None = None
    site: str | None = None
    text: str | None = None
    crash: Detail | None = None
    arithmetic: bool = False


@dataclass(frozen=True, slots=True)
class Checks:
    """The check sites that a plugin's profile registers: of a library by address, of a compiler's flag by that flag."""

    sites: Mapping[int, str]
    compiler_traps: str | None  # the flag by which the compiler places traps without a text
    zeroes_locals: bool
    contracts: frozenset[int] = frozenset()  # return addresses of the calls by which a failed contract ends a program

    @classmethod
    def of_flags(
        cls, flags: Sequence[str], sites: Mapping[int, str], contracts: frozenset[int] = frozenset()
    ) -> Checks:
        """The checks that a profile's flags ask for."""
        words = [word for flag in flags for word in flag.split()]
        checked = next((word for word in words if word.startswith("-fsanitize=")), None)
        traps = any(word.startswith(("-fsanitize-trap", "-fsanitize-undefined-trap-on-error")) for word in words)
        zeroed = any(word.startswith("-ftrivial-auto-var-init=") for word in words)
        return cls(sites, checked if traps else None, zeroed, contracts)


def mechanism_of(seen: WorldRun, checks: Checks) -> Mechanism:
    """What ended the proof that left this evidence."""
    if seen.report is not None:
        kind = seen.report.stop
        return Mechanism("returned", kind.replace("_", " "), kind, kind, seen.report.text)
    if seen.end == "left":
        by_exit = seen.exit_code is not None and seen.exit_code >= 0
        how = f"exit code {seen.exit_code}" if by_exit else seen.signal or "an unknown signal"
        return Mechanism("left", "left by itself", text=how)
    stop = seen.stop
    if stop is None:
        return Mechanism(seen.end)
    signal = stop.signal
    if signal == "SIGABRT":
        return _aborted(stop, seen.said, checks)
    if signal in {"SIGILL", "SIGTRAP"}:
        return _trapped(stop, checks)
    if signal == "SIGFPE":
        return Mechanism("crashed", "SIGFPE", crash="arithmetic")
    return Mechanism("crashed", signal, crash=_crash(stop))


def _crash(stop: SignalStop) -> Detail:
    if stop.null:
        return "null"
    return "guard" if stop.place is not None else "wild"


def in_plugin(places: Iterable[CodePlace | None]) -> list[int]:
    """The offsets of those places that lie in the plugin."""
    return [place.offset for place in places if place is not None and place.module == "plugin"]


def _aborted(stop: SignalStop, said: str, checks: Checks) -> Mechanism:
    message = f"{stop.message}\n{said}"
    if stop.hook == "stack_protector" or "stack smashing detected" in message:
        return Mechanism("late", "stack protector", text="stack smashing detected")
    if "buffer overflow detected" in message or "%n in writable segment" in message:
        return Mechanism("stopped", "FORTIFY", "fortify", "fortify", "buffer overflow detected")
    for name, pattern in (("libstdc++ assertion", _LIBSTDCXX), ("assert", _C_ASSERT), ("libc++ assertion", _LIBCXX)):
        if found := pattern.search(message):
            return Mechanism("stopped", name, "assertion", f"{found['site']} {found['text']}", found["text"])
    if found := _ABSEIL.search(message):  # its text goes on with the error's, which is data
        return Mechanism("stopped", "Abseil check", "assertion", found["site"], found["text"])
    if found := _PANIC.search(message):
        return Mechanism("stopped", "panic", "panic", found["site"], found["text"])
    ways = in_plugin(stop.callers)
    if failed := [index for index, offset in enumerate(ways) if offset in checks.contracts]:
        site = "".join(f"@{offset}" for offset in ways[failed[0] :])
        return Mechanism("stopped", "GSL contract", "assertion", site, "Expects or Ensures")
    if found := _TERMINATED.search(message):
        return Mechanism("terminated", "std::terminate", text=found[0])
    if stop.hook == "none" and (found := _MALLOC.search(stop.message or said)):
        return Mechanism("allocator", "malloc's integrity check", text=found[0])
    return Mechanism("terminated", "abort", text=said.strip().splitlines()[-1] if said.strip() else None)


def _trapped(stop: SignalStop, checks: Checks) -> Mechanism:
    code = bytes.fromhex(stop.instruction or "")
    offset = next(iter(in_plugin([stop.pc])), -1)
    inside = offset >= 0
    if inside and code.startswith((b"\x67\x0f\xb9\x40", b"\x67\x0f\xb9\x00")):
        kind = code[4] if code[3] == 0x40 else 0  # the assembler leaves out a displacement of 0
        text = _TRAPS.get(kind, f"kind {kind}")
        return Mechanism("stopped", "Clang trap", "trap", f"{kind}@{offset}", text, arithmetic=kind in ARITHMETIC_TRAPS)
    if inside and code.startswith(b"\x0f\x0b"):
        if offset in checks.sites:
            return Mechanism("stopped", "libc++ hardening", "assertion", f"@{offset}", checks.sites[offset])
        if checks.compiler_traps is not None:
            return Mechanism("stopped", "compiler trap", "trap", f"@{offset}", checks.compiler_traps)
    return Mechanism("crashed", "stray trap instruction", crash="stray_trap")
