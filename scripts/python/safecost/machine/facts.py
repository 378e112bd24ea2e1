"""What the machine is and what makes noise on it, from /proc, /sys and the kernel; never a host name, user or path.

Read here, as psutil and py-cpuinfo would give the processor's name, memory, ticks and load, and nothing of the rest.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from safecost.document.machine_facts import UNKNOWN_VIRTUALIZATION
from safecost.document.types import Cache, CacheKind, Machine
from safecost.machine import perf_event
from safecost.machine.noise import Surroundings, with_noise

# ARM processors tell two numbers instead of a name: (implementer, part), as listed in the kernel's cputype.h.
ARM_CORES = {
    (0x41, 0xD03): "ARM Cortex-A53",
    (0x41, 0xD08): "ARM Cortex-A72",
    (0x41, 0xD0B): "ARM Cortex-A76",
    (0x41, 0xD0C): "ARM Neoverse N1",
    (0x41, 0xD40): "ARM Neoverse V1",
    (0x41, 0xD49): "ARM Neoverse N2",
    (0x41, 0xD4F): "ARM Neoverse V2",
    (0xC0, 0xAC3): "Ampere-1",
}
NO_RANDOMIZATION = 0x0040000  # ADDR_NO_RANDOMIZE of personality(2), what `setarch -R` sets


@dataclass(frozen=True, slots=True)
class Sample:
    """What happened between two moments: one-minute loads, and the share of CPU time (0 to 1) the host took away."""

    load_before: float
    load_after: float
    steal_share: float


def processor_name(cpuinfo: str, architecture: str) -> str:
    """Name the processor from the text of /proc/cpuinfo; ARM parts by number where the list above lacks them."""
    fields: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        key, separator, value = line.partition(":")
        if separator:
            fields.setdefault(key.strip(), value.strip())
    if named := fields.get("model name") or fields.get("cpu model"):
        return " ".join(named.split())
    try:
        implementer, part = int(fields["CPU implementer"], 16), int(fields["CPU part"], 16)
    except (KeyError, ValueError):
        return fields.get("uarch") or f"unknown {architecture} processor"
    return ARM_CORES.get((implementer, part), f"ARM implementer {implementer:#x}, part {part:#x}")


def memory_bytes(meminfo: str) -> int:
    """Read the usable memory, in bytes, from the text of /proc/meminfo; 0 where it is not told."""
    found = re.search(r"^MemTotal:\s*(\d+) kB", meminfo, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def size_bytes(text: str) -> int | None:
    """Turn sysfs's `48K`, `1M` or `512` into bytes; None where it is none of them."""
    found = re.fullmatch(r"(\d+)([KMG]?)", text.strip())
    return int(found[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[found[2]] if found else None


def distribution_name() -> str:
    """The name of the distribution for readers."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:  # there is no os-release(5)
        return "unknown"


def cpu_ticks(stat: str) -> tuple[int, int]:
    """Read (stolen, all) ticks since boot from the text of /proc/stat; guest time is already inside user time."""
    found = re.search(r"^cpu ((?: \d+)+)", stat, re.MULTILINE)
    ticks = [int(field) for field in found[1].split()[:8]] if found else []
    return (ticks[7] if len(ticks) == 8 else 0), sum(ticks)


def ticks(root: Path = Path("/")) -> tuple[int, int]:
    """Read (stolen, all) ticks since boot; zeros where the kernel does not tell."""
    return cpu_ticks(read(root / "proc/stat") or "")


def steal_share(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Share of the CPU time between two readings of `cpu_ticks` that the host gave to others, from 0 to 1."""
    passed = after[1] - before[1]
    return min(1.0, max(0.0, (after[0] - before[0]) / passed)) if passed > 0 else 0.0


def quota_of(maximum: str) -> float | None:
    """Read how many CPUs a cgroup-v2 `cpu.max` allows; None for no limit."""
    words = maximum.split()
    if len(words) != 2 or words[0] == "max" or int(words[1]) <= 0:
        return None
    return int(words[0]) / int(words[1])


def quota_of_v1(quota: str, period: str) -> float | None:
    """Read the same from cgroup v1's `cpu.cfs_quota_us` and `cpu.cfs_period_us`; -1 is no limit."""
    return int(quota) / int(period) if int(quota) > 0 and int(period) > 0 else None


def read(path: Path) -> str | None:
    """Read a small text file of the kernel's, stripped; None where it is missing or may not be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


_CACHE_KINDS: Mapping[str, CacheKind] = {"Data": "data", "Instruction": "instruction", "Unified": "unified"}


def caches(cpu: Path) -> tuple[Cache, ...]:
    """Read the caches of one CPU's sysfs folder, nearest first; none where a virtual machine hides them."""
    found = []
    for index in sorted(cpu.glob("cache/index*")):
        level, kind, size = (read(index / name) for name in ("level", "type", "size"))
        known = _CACHE_KINDS.get(kind or "")
        if level and known and level.isdigit() and (size_of_it := size_bytes(size or "")):
            found.append(Cache(level=int(level), kind=known, bytes=size_of_it))
    return tuple(sorted(found, key=lambda cache: (cache.level, cache.kind)))


def governor(cpus: Path) -> str | None:
    """Read the frequency governor of all CPUs; several are named with commas between them."""
    named = {text for path in cpus.glob("cpu[0-9]*/cpufreq/scaling_governor") if (text := read(path))}
    return ", ".join(sorted(named)) or None


def turbo(cpus: Path) -> bool | None:
    """Tell whether the clock may rise above its nominal rate; None where the kernel does not say."""
    if (off := read(cpus / "intel_pstate/no_turbo")) in ("0", "1"):
        return off == "0"
    if (boost := read(cpus / "cpufreq/boost")) in ("0", "1"):
        return boost == "1"
    return None


def smt(cpus: Path) -> bool:
    """Tell whether two logical CPUs share a core."""
    if (active := read(cpus / "smt/active")) in ("0", "1"):
        return active == "1"
    siblings = read(cpus / "cpu0/topology/thread_siblings_list") or ""
    return "," in siblings or "-" in siblings


def address_randomization(proc: Path) -> int | None:
    """Read randomize_va_space; 0 also where this process alone has it switched off."""
    setting = read(proc / "sys/kernel/randomize_va_space")
    own = read(proc / "self/personality")
    try:
        if own and int(own, 16) & NO_RANDOMIZATION:
            return 0
        return int(setting) if setting in ("0", "1", "2") else None
    except ValueError:
        return None


def cpu_quota(root: Path) -> float | None:
    """Find the tightest CPU limit of the control groups this process is in, in CPUs; None for no limit."""
    limits: list[float | None] = []
    base = root / "sys/fs/cgroup"
    for line in (read(root / "proc/self/cgroup") or "").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        group = path.strip("/")
        # Inside a container the path is often the host's; then only the top of what is mounted can be read.
        for folder in [Path(group), *Path(group).parents]:
            if maximum := read(base / folder / "cpu.max"):
                limits.append(quota_of(maximum))
            quota, period = (read(base / "cpu" / folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
            if quota and period:
                limits.append(quota_of_v1(quota, period))
    return min((limit for limit in limits if limit is not None), default=None)


def virtualization(cpuinfo: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Name the virtual machine around us, by systemd-detect-virt where it is installed; None on real hardware."""
    if tool := shutil.which("systemd-detect-virt", path=environment.get("PATH")):
        try:
            answer = subprocess.run([tool, "--vm"], capture_output=True, text=True, timeout=5, check=False).stdout
        except (OSError, subprocess.TimeoutExpired):
            answer = ""
        if (name := answer.strip()) and name != "none":
            return name
    # Processors of x86 say themselves that they are virtual ones.
    return UNKNOWN_VIRTUALIZATION if re.search(r"^flags\s*:.*\bhypervisor\b", cpuinfo, re.MULTILINE) else None


class Sampler:
    """Load and steal between `start` and `stop`, for what a run has to say about its company."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self.start()

    def start(self) -> None:
        """Take the first reading."""
        self._load, self._ticks = load(), ticks(self._root)

    def stop(self) -> Sample:
        """Take the second reading and compare."""
        return Sample(self._load, load(), steal_share(self._ticks, ticks(self._root)))


def load() -> float:
    """Return the one-minute load average; 0 where the system has none."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return 0.0


def surroundings(root: Path = Path("/")) -> Surroundings:
    """Read what makes noise but is no field of the document."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Surroundings(
        smt=smt(root / "sys/devices/system/cpu"),
        usable_cpus=usable,
        quota_cpus=cpu_quota(root),
        counters=perf_event.examine(root),
    )


def facts(root: Path = Path("/")) -> Machine:
    """Describe this machine as it is now, with the noise that can be seen before measuring; `after` adds the rest."""
    cpuinfo = read(root / "proc/cpuinfo") or ""
    cpus = root / "sys/devices/system/cpu"
    around = surroundings(root)
    now = load()
    machine = Machine(
        cpu=processor_name(cpuinfo, platform.machine()),
        architecture=platform.machine(),
        logical_cpus=os.cpu_count() or 1,
        memory_bytes=memory_bytes(read(root / "proc/meminfo") or ""),
        caches=caches(cpus / "cpu0"),
        kernel=f"{platform.system()} {platform.release()}",
        distribution=distribution_name(),
        virtualization=virtualization(cpuinfo),
        governor=governor(cpus),
        turbo=turbo(cpus),
        address_randomization=address_randomization(root / "proc"),
        hardware_counters=around.counters.available,
        load_before=now,
        load_after=now,
        steal_share=0.0,
        noise=(),
    )
    return with_noise(machine, around)


def after(machine: Machine, sample: Sample) -> Machine:
    """Return the machine with what was sampled during a run; `machine` is what `facts` said before it."""
    sampled = replace(
        machine, load_before=sample.load_before, load_after=sample.load_after, steal_share=sample.steal_share
    )
    return with_noise(sampled, surroundings())
