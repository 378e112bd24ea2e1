"""Tests of what is read about the machine, on texts captured from several of them."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from safecost.document.types import Cache
from safecost.machine import facts as machine

AMD_GUEST = """\
processor	: 0
vendor_id	: AuthenticAMD
model name	: AMD EPYC
siblings	: 2
flags		: fpu vme de pse tsc rdrand hypervisor lahf_lm cmp_legacy
bugs		: sysret_ss_attrs

processor	: 1
model name	: a name that only the second processor has
"""
INTEL_LAPTOP = """\
processor	: 0
vendor_id	: GenuineIntel
model name	: 11th Gen Intel(R) Core(TM) i7-1165G7   @ 2.80GHz
flags		: fpu vme de pse tsc rdrand lahf_lm
"""
NEOVERSE = """\
processor	: 0
BogoMIPS	: 243.75
Features	: fp asimd evtstrm aes
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x3
CPU part	: 0xd0c
CPU revision	: 1
"""
# Columns: user nice system idle iowait irq softirq steal guest guest_nice.
STAT = """\
cpu  4882 0 2297 171288 327 0 61 25 900 10
cpu0 1201 0 756 87377 16 0 13 11 0 0
intr 1
"""


def write(root: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("cpuinfo", "architecture", "name"),
    [
        (AMD_GUEST, "x86_64", "AMD EPYC"),
        (INTEL_LAPTOP, "x86_64", "11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz"),
        (NEOVERSE, "aarch64", "ARM Neoverse N1"),
        (NEOVERSE.replace("0xd0c", "0xfff"), "aarch64", "ARM implementer 0x41, part 0xfff"),
        ("processor\t: 0\nuarch\t\t: sifive,u74-mc\n", "riscv64", "sifive,u74-mc"),
        ("", "aarch64", "unknown aarch64 processor"),
    ],
)
def test_processor_name(cpuinfo: str, architecture: str, name: str) -> None:
    assert machine.processor_name(cpuinfo, architecture) == name


def test_virtualization_without_the_tool_is_read_from_the_flag() -> None:
    assert machine.virtualization(AMD_GUEST, {"PATH": "/nowhere"}) == "yes (unknown)"
    assert machine.virtualization(INTEL_LAPTOP, {"PATH": "/nowhere"}) is None
    assert machine.virtualization("model name\t: hypervisor\n", {"PATH": "/nowhere"}) is None


@pytest.mark.parametrize(
    ("answer", "cpuinfo", "expected"),
    [("kvm", INTEL_LAPTOP, "kvm"), ("none", INTEL_LAPTOP, None), ("none", AMD_GUEST, "yes (unknown)")],
)
def test_virtualization_by_the_tool(tmp_path: Path, answer: str, cpuinfo: str, expected: str | None) -> None:
    tool = tmp_path / "systemd-detect-virt"
    tool.write_text(f'#!/bin/sh\n[ "$1" = --vm ] && echo {answer}\n', encoding="ascii")
    tool.chmod(0o755)
    assert machine.virtualization(cpuinfo, {"PATH": str(tmp_path)}) == expected


def test_memory() -> None:
    assert machine.memory_bytes("MemTotal:       24684100 kB\nMemFree:        1 kB\n") == 24684100 * 1024
    assert machine.memory_bytes("") == 0


@pytest.mark.parametrize(
    ("text", "size"), [("48K", 49152), ("32M", 1 << 25), ("512", 512), ("1G", 1 << 30), ("", None), ("many", None)]
)
def test_size(text: str, size: int | None) -> None:
    assert machine.size_bytes(text) == size


def test_a_system_without_os_release_has_an_unknown_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> dict[str, str]:
        raise OSError("there is none")

    monkeypatch.setattr(platform, "freedesktop_os_release", missing)
    assert machine.distribution_name() == "unknown"


def test_ticks_leave_out_guest_time_which_user_time_holds() -> None:
    assert machine.cpu_ticks(STAT) == (25, 4882 + 2297 + 171288 + 327 + 61 + 25)
    assert machine.cpu_ticks("") == (0, 0)
    assert machine.cpu_ticks("cpu  1 2 3 4\n") == (0, 10)  # kernels before 2.6.11 know no steal


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ((25, 1000), (75, 2000), 0.05),
        ((25, 1000), (25, 2000), 0.0),
        ((25, 1000), (25, 1000), 0.0),
        ((25, 1000), (20, 2000), 0.0),  # some hypervisors let it run backwards
        ((0, 0), (10, 5), 1.0),
    ],
)
def test_steal_share(before: tuple[int, int], after: tuple[int, int], share: float) -> None:
    assert machine.steal_share(before, after) == pytest.approx(share)


def test_sampler_compares_two_readings(tmp_path: Path) -> None:
    root = write(tmp_path, {"proc/stat": "cpu  100 0 100 800 0 0 0 0 0 0\n"})
    sampler = machine.Sampler(root)
    write(root, {"proc/stat": "cpu  150 0 100 810 0 0 0 40 0 0\n"})
    sample = sampler.stop()
    assert sample.steal_share == pytest.approx(0.4)
    assert sample.load_before >= 0 and sample.load_after >= 0


@pytest.mark.parametrize(
    ("text", "cpus"), [("max 100000", None), ("150000 100000", 1.5), ("", None), ("50000 100000", 0.5)]
)
def test_quota(text: str, cpus: float | None) -> None:
    assert machine.quota_of(text) == cpus


def test_quota_of_the_first_kind() -> None:
    assert machine.quota_of_v1("-1", "100000") is None
    assert machine.quota_of_v1("200000", "100000") == 2.0


def test_the_tightest_group_above_us_counts(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/slice/job\n",
            "sys/fs/cgroup/slice/job/cpu.max": "400000 100000\n",
            "sys/fs/cgroup/slice/cpu.max": "150000 100000\n",
        },
    )
    assert machine.cpu_quota(root) == 1.5


def test_a_container_sees_its_limit_at_the_top(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/self/cgroup": "8:memory:/docker/0123\n2:cpu,cpuacct:/docker/0123\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    )
    assert machine.cpu_quota(root) == 0.5
    assert machine.cpu_quota(tmp_path / "elsewhere") is None


def test_caches_come_nearest_first_and_skip_what_has_no_size(tmp_path: Path) -> None:
    texts: dict[str, str] = {}
    for index, (level, kind, size) in enumerate(
        [("1", "Instruction", "32K"), ("1", "Data", "48K"), ("3", "Unified", "32768K"), ("2", "Unified", "")]
    ):
        folder = f"cache/index{index}"
        texts |= {f"{folder}/level": level, f"{folder}/type": kind, f"{folder}/size": size}
    assert machine.caches(write(tmp_path, texts)) == (
        Cache(1, "data", 49152),
        Cache(1, "instruction", 32768),
        Cache(3, "unified", 32768 << 10),
    )
    assert machine.caches(tmp_path / "hidden") == ()


def test_governors_are_named_once(tmp_path: Path) -> None:
    write(tmp_path, {f"cpu{n}/cpufreq/scaling_governor": "powersave\n" for n in range(4)})
    assert machine.governor(tmp_path) == "powersave"
    write(tmp_path, {"cpu3/cpufreq/scaling_governor": "performance\n"})
    assert machine.governor(tmp_path) == "performance, powersave"
    assert machine.governor(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("intel_pstate/no_turbo", "0", True),
        ("intel_pstate/no_turbo", "1", False),
        ("cpufreq/boost", "1", True),
        ("cpufreq/boost", "0", False),
        ("cpufreq/boost", "<unknown>", None),
    ],
)
def test_turbo(tmp_path: Path, name: str, text: str, expected: bool | None) -> None:
    assert machine.turbo(write(tmp_path, {name: text})) is expected


def test_smt(tmp_path: Path) -> None:
    assert not machine.smt(tmp_path)
    write(tmp_path, {"cpu0/topology/thread_siblings_list": "0,4\n", "smt/active": "notsupported\n"})
    assert machine.smt(tmp_path)
    assert not machine.smt(write(tmp_path, {"smt/active": "0\n"}))


def test_address_randomization_may_be_off_for_this_process_alone(tmp_path: Path) -> None:
    write(tmp_path, {"sys/kernel/randomize_va_space": "2\n", "self/personality": "00000000\n"})
    assert machine.address_randomization(tmp_path) == 2
    write(tmp_path, {"self/personality": "00040000\n"})
    assert machine.address_randomization(tmp_path) == 0
    assert machine.address_randomization(tmp_path / "none") is None


def test_after_puts_a_sample_into_facts_and_their_noise() -> None:
    before = machine.facts()
    later = machine.after(before, machine.Sample(load_before=7.5, load_after=3.0, steal_share=0.25))
    assert (later.load_before, later.load_after, later.steal_share) == (7.5, 3.0, 0.25)
    assert any("7.50" in sentence for sentence in later.noise)
    assert any("25.0%" in sentence for sentence in later.noise)
    assert not any("7.50" in sentence for sentence in before.noise)


@pytest.mark.skipif(platform.system() != "Linux", reason="reads /proc and /sys")
def test_facts_of_this_machine() -> None:
    here = machine.facts()
    assert here.logical_cpus == os.cpu_count()
    assert here.memory_bytes > 1 << 28
    assert here.architecture == platform.machine()
    assert here.kernel.startswith("Linux ")
    assert here.address_randomization in (0, 1, 2, None)
    assert here.hardware_counters is not any("hardware counters" in sentence for sentence in here.noise)


def test_no_host_name_and_no_path_gets_into_the_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(
        tmp_path,
        {
            "proc/cpuinfo": AMD_GUEST,
            "proc/sys/kernel/hostname": "planted\n",
            "etc/hostname": "planted\n",
            "proc/self/cgroup": "0::/user.slice/planted\n",
        },
    )
    monkeypatch.setattr(platform, "node", lambda: "planted")
    text = repr(machine.facts(root))
    assert "AMD EPYC" in text
    assert "planted" not in text
    assert str(tmp_path) not in text
