"""Kinds of values in a run document, and what each may be."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta

END = r"$(?!\n)"
"""The end of a text, in Python's expressions as in those of JSON Schema."""

_NAME = "[a-z][a-z0-9_]{0,63}"

Name = Annotated[str, Meta(pattern=f"^{_NAME}{END}", description="Family, case or variant.")]
CaseName = Annotated[str, Meta(pattern=f"^{_NAME}/{_NAME}{END}", description="family/case")]
ProfileName = Annotated[str, Meta(pattern=f"^(?!.*[.][.])[a-z][a-z0-9_.+-]{{0,63}}{END}")]
FileName = Annotated[
    str,
    Meta(
        pattern=f"^(?!.*[.][.])[A-Za-z0-9_][A-Za-z0-9_.+-]{{0,99}}{END}",
        description="A plain file name: no folder, no leading dot.",
    ),
]
FactName = Annotated[str, Meta(pattern=f"^[A-Za-z0-9_][A-Za-z0-9_.+ -]{{0,99}}{END}")]
Commit = Annotated[str, Meta(pattern=f"^[0-9a-f]{{40}}{END}")]
Sha256 = Annotated[str, Meta(pattern=f"^[0-9a-f]{{64}}{END}")]
Moment = Annotated[
    str,
    Meta(
        pattern=f"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z{END}",
        description="UTC, to the second.",
    ),
]

Word = Annotated[
    str,
    Meta(min_length=1, max_length=200, pattern=r"^[^\n\t]*" + END, description="A short text in one line."),
]
Label = Annotated[str, Meta(max_length=64)]
FreeText = Annotated[str, Meta(max_length=4_000)]
Output = Annotated[str, Meta(max_length=20_000, description="A sentence, and of a build the compiler's output.")]
SourceText = Annotated[str, Meta(max_length=200_000)]

Size = Annotated[int, Meta(ge=0, le=2**48, description="Elements or bytes, as the case defines.")]
Rate = Annotated[float, Meta(ge=0, le=1)]
Threads = Annotated[int, Meta(ge=1, le=2)]
Workers = Annotated[int, Meta(ge=1, le=64)]
RandomSeed = Annotated[int, Meta(ge=0)]
Bytes = Annotated[int, Meta(ge=0, le=2**60)]
WholeNumber = Annotated[int, Meta(ge=0, le=10**15)]
Cwe = Annotated[int, Meta(ge=1, le=99_999)]
Index = Annotated[int, Meta(ge=0, le=63)]
Share = Annotated[float, Meta(ge=0, le=1)]
Duration = Annotated[float, Meta(ge=0, le=1e8)]
Load = Annotated[float, Meta(ge=0, le=1e6)]
Nanoseconds = Annotated[float, Meta(gt=0, le=1e15, description="Time per call.")]
Ratio = Annotated[float, Meta(ge=1e-9, le=1e9, description="Above 1 the numerator is slower.")]

DISPATCH_ONLY = frozenset({"dispatch_only", "rust_dispatch_only"})
"""Names of variants that read a tape of operations, tell them apart, and do nothing. They are timed beside raw code and
compete with nobody: they are in no pair, no price and no proof."""

# Flags that tell where an uninstalled compiler has its library, and are no choice of whoever compares compilers.
PLACES = re.compile(
    r"-nostd(inc|lib)\+\+|-lc\+\+abi|(-isystem|-idirafter|-stdlib\+\+-isystem|-I|-L|-B).*"
    r"|--(sysroot|gcc-install-dir|gcc-toolchain)=.*|-Wl,-rpath,.*|[/…].*"
)

Role = Literal["raw", "safe", "aa", "calibration"]
Origin = Literal["library", "ordinary", "bespoke"]
Language = Literal["c++", "rust"]
LibraryName = Literal["libstdc++", "libc++", "std"]
PairKind = Literal["idiom", "profile", "language", "full", "aa", "calibration"]
