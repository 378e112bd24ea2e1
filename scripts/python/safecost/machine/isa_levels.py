"""Whether this processor runs code that was compiled for a microarchitecture level of x86-64."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

# What each level adds, as the System V ABI's supplement for x86-64 lists it ("Micro-Architecture Levels"), by the names
# that Linux gives these features in /proc/cpuinfo. Each level has all of those below it.
LEVELS = {
    "x86-64-v2": ("cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"),
    "x86-64-v3": ("abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"),
    "x86-64-v4": ("avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"),
}
_ASKS = re.compile(r"(?:-march=|-C ?target-cpu=)(x86-64-v[234])")


def gap(flags: Iterable[str], cpuinfo: str | None = None) -> str | None:
    """Why code compiled with these flags cannot run here, or None; flags that name no level are not judged."""
    asked = [match[1] for flag in flags if (match := _ASKS.fullmatch(flag))]
    if not asked:
        return None
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace") if cpuinfo is None else cpuinfo
    found = re.search(r"^flags\s*:(.*)$", text, re.MULTILINE)
    features = set(found[1].split()) if found else set()
    level = asked[-1]
    lacking = [name for below, names in LEVELS.items() if below <= level for name in names if name not in features]
    return f"this processor lacks {', '.join(lacking)} of {level}" if lacking else None
