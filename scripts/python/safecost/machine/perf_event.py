"""Whether the kernel lets us read hardware counters, found out by opening one and letting it count."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass
from pathlib import Path

# perf_event_open's number; every architecture but x86 has taken the generic table's since 2011.
CALL_NUMBERS = {"x86_64": 298, "aarch64": 241, "riscv64": 241, "loongarch64": 241, "ppc64le": 319, "s390x": 331}
ATTRIBUTE_BYTES = 64  # PERF_ATTR_SIZE_VER0, which every kernel knows
HARDWARE, INSTRUCTIONS = 0, 1  # PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS
USER_CODE_ONLY = 1 << 5 | 1 << 6  # exclude_kernel, exclude_hv: allowed up to perf_event_paranoid 2


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether instructions can be counted; if not, why (a clause) and what could be done."""

    available: bool
    reason: str = ""
    remedy: str | None = None


def attribute() -> bytes:
    """Encode the perf_event_attr that counts this process's own instructions from the moment it is opened."""
    # type, size, config, sample_period, sample_type, read_format, flags; the rest of version 0 is zero.
    head = struct.pack("=IIQQQQQ", HARDWARE, ATTRIBUTE_BYTES, INSTRUCTIONS, 0, 0, 0, USER_CODE_ONLY)
    return head.ljust(ATTRIBUTE_BYTES, b"\0")


def explain(code: int, paranoid: str | None, virtual: bool) -> Answer:
    """Say what an errno of perf_event_open means; `paranoid` is the text of perf_event_paranoid."""
    if code in (errno.EACCES, errno.EPERM):
        if paranoid and paranoid.lstrip("-").isdigit() and int(paranoid) > 2:
            return Answer(False, f"perf_event_paranoid is {paranoid}", "sudo sysctl kernel.perf_event_paranoid=2")
        return Answer(
            False, "the container or the kernel forbids perf_event_open", "allow perf_event_open in its seccomp profile"
        )
    if code == errno.ENOSYS:
        return Answer(False, "the kernel has no perf_event_open")
    if code in (errno.ENOENT, errno.EOPNOTSUPP, errno.ENODEV, errno.ENXIO):
        if virtual:
            return Answer(False, "the virtual machine hides them", "let the host give its guest a PMU")
        return Answer(False, "the kernel has no driver for this processor's")
    return Answer(False, f"perf_event_open failed with {errno.errorcode.get(code, code)}")


def count() -> int:
    """Open a counter of instructions and return what it read; raises OSError with the kernel's errno."""
    number = CALL_NUMBERS.get(platform.machine())
    if number is None or platform.system() != "Linux":
        raise OSError(errno.ENOSYS, "no perf_event_open here")
    system_call = ctypes.CDLL(None, use_errno=True).syscall
    system_call.restype = ctypes.c_long
    # This process, any CPU, no group, close on exec.
    descriptor = system_call(
        ctypes.c_long(number), attribute(), ctypes.c_int(0), ctypes.c_int(-1), ctypes.c_int(-1), ctypes.c_ulong(8)
    )
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "perf_event_open")
    try:
        return int(struct.unpack("=Q", os.read(descriptor, 8))[0])
    finally:
        os.close(descriptor)


def examine(root: Path = Path("/")) -> Answer:
    """Try it out; a counter that opens but stays at zero is none."""
    try:
        if count() > 0:
            return Answer(True)
    except OSError as error:
        paranoid = root / "proc/sys/kernel/perf_event_paranoid"
        text = paranoid.read_text(encoding="ascii").strip() if paranoid.is_file() else None
        cpuinfo = root / "proc/cpuinfo"
        virtual = cpuinfo.is_file() and " hypervisor " in cpuinfo.read_text(encoding="utf-8", errors="replace")
        return explain(error.errno or 0, text, virtual)
    return Answer(False, "a counter opens but stays at zero, as under some hypervisors")
