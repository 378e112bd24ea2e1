"""Functions that report an error and never return, by their mangled names, and how names are written for readers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from functools import cache

from safecost.core import processes
from safecost.core.tools import newest_tool

# Only where a chain of calls ends, or leaves the plugin: what calls one of these on every path is found by its code.
_NEVER_RETURN = re.compile(
    r"""(?:
        abort | _?_?exit | _Exit | quick_exit
      | __stack_chk_fail\w* | __chk_fail | __fortify_fail\w* | __assert\w*_fail\w* | __assert_rtn
      | __ubsan_handle_\w+_abort | __cxa_(?:re)?throw | __cxa_bad_(?:cast|typeid) | __cxa_throw_bad_array\w+
      | __cxa_(?:pure|deleted)_virtual | __cxa_call_unexpected | __cxa_call_terminate | __clang_call_terminate
      | _Unwind_Resume\w* | rust_begin_unwind | rust_panic
      | _ZSt9terminatev | _ZSt1[0-9]unexpectedv | _ZSt20__replacement_assert\w* | _ZSt\d+__glibcxx_assert_fail\w*
      | _ZSt\d+__throw_\w+ | _ZNSt\w*?\d+__throw_\w+ | _ZNKSt\w*?\d+__throw_\w+
      | _ZNSt3__1\d+__libcpp_verbose_abort\w*
      | _ZN4absl\w*?(?:ThrowStd|ThrowBad|ThrowDelegate)\w+
      | _ZN4core9panicking\w+ | _ZN3std9panicking(?:11begin_panic|20rust_panic_with_hook)\w+
      | _ZN4core6option(?:13expect_failed|13unwrap_failed)\w+ | _ZN4core6result13unwrap_failed\w+
      | _ZN4core5slice5index\d+slice_\w+_fail\w* | _ZN4core3str16slice_error_fail\w*
      | _ZN4core4cell\d+panic_\w+ | _ZN5alloc5alloc18handle_alloc_error\w+
      | _ZN5alloc7raw_vec(?:12handle_error|17capacity_overflow)\w+
      | _R\w*4core9panicking\w+ | _R\w*5alloc18handle_alloc_error\w* | _R\w*7raw_vec12handle_error\w*
      | _R\w*(?:13expect_failed|13unwrap_failed|slice_\w+_fail\w*|16slice_error_fail)\w*
    )""",
    re.VERBOSE,
)
_LONGEST = 60
_RUST_CODES = {"$LT$": "<", "$GT$": ">", "$RF$": "&", "$BP$": "*", "$LP$": "(", "$RP$": ")", "$C$": ",", "..": "::"}


def fails_by_name(name: str) -> bool:
    """Is this known to report an error and never return? `name` as a symbol, perhaps with `@plt` or a version."""
    return _NEVER_RETURN.fullmatch(name.partition("@")[0]) is not None


def readable(names: Iterable[str]) -> dict[str, str]:
    """Mangled names as readers write them, without parameters, return types and hashes, and not long."""
    wanted = sorted(set(names))
    plain = [name.partition("@")[0] for name in wanted]
    return {name: _shortened(demangled) for name, demangled in zip(wanted, _demangled(plain), strict=True)}


def _demangled(names: list[str]) -> list[str]:
    """The names as a demangler writes them, and as they are where there is none."""
    demangler = _demangler()
    if demangler is None:
        return names
    done = processes.run([demangler], "\n".join(names).encode(), 60, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    lines = done.stdout.decode(errors="replace").split("\n")[: len(names)]
    return lines if done.returncode == 0 and len(lines) == len(names) else names


@cache
def _demangler() -> str | None:
    """LLVM's, else GNU's, which does not read all that Clang writes."""
    tool = newest_tool("llvm-cxxfilt") or newest_tool("c++filt")
    return str(tool.path) if tool is not None else None


def _shortened(name: str) -> str:
    if name.startswith("_Z"):
        name = _spelled(name)
    name = re.sub(r"::h[0-9a-f]{16}$", "", name)
    for code, character in _RUST_CODES.items():
        name = name.replace(code, character)
    name = re.sub(r"\$u([0-9a-f]{2,5})\$", lambda found: chr(int(found[1], 16)), name)
    name = re.sub(r"\[abi:[^\]]*\]", "", name)
    name = name.replace("(anonymous namespace)", "{anonymous}").replace("operator()", "operator\0")
    name = _without_nested(name, "(", ")").replace("\0", "()")
    name = re.sub(r"\b(?:const|noexcept)\s*$", "", name).strip()
    operator = re.search(r"operator\W.*$", name)
    rest = name[: operator.start()] if operator else name
    short = rest if rest.startswith("<") else _without_nested(rest, "<", ">", "<>")
    # A demangled template begins with what it returns.
    short = short if short.startswith("<") else short.rsplit(" ", 1)[-1]
    short += re.sub(r"\s*<.*>$", "", operator[0]) if operator else ""
    return short if len(short) <= _LONGEST else short[: _LONGEST - 1] + "…"


def _without_nested(text: str, opening: str, closing: str, instead: str = "") -> str:
    """The text without what stands in brackets, however deep."""
    kept, depth = [], 0
    for character in text:
        if character == opening:
            if depth == 0:
                kept.append(instead)
            depth += 1
        elif character == closing and depth > 0:
            depth -= 1
        elif depth == 0:
            kept.append(character)
    return "".join(kept)


def _spelled(mangled: str) -> str:
    """The identifiers at the start of a name that no demangler reads: `safecost::kernel` of `_ZN8safecost6kernelI…`."""
    found: list[str] = []
    opening = re.match(r"_ZN?[KVrO]*", mangled)
    at = opening.end() if opening else 0
    if mangled.startswith("St", at):
        found.append("std")
        at += 2
    while match := re.match(r"[KVrO]*(\d+)", mangled[at:]):
        start = at + match.end()
        at = start + int(match[1])
        found.append(mangled[start:at])
    return "::".join(found) or mangled
