"""What makes noise on a machine and what could be done about it, told from facts alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from safecost.document.machine_facts import UNKNOWN_VIRTUALIZATION
from safecost.document.types import Machine
from safecost.machine import perf_event

BUSY_LOAD = 0.5  # one-minute load above which something was certainly running
STEAL_WORTH_NAMING = 0.002  # below it, a whole run lost less than two parts in a thousand
FEW_CPUS = 4


@dataclass(frozen=True, slots=True)
class NoiseSource:
    """One thing that makes noise here, as a sentence, and what could be done about it (None: nothing from inside)."""

    sentence: str
    remedy: str | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What makes noise but has no field of its own in the document."""

    smt: bool
    usable_cpus: int
    quota_cpus: float | None
    counters: perf_event.Answer


def noise_sources(machine: Machine, around: Surroundings) -> tuple[NoiseSource, ...]:
    """Name every source of noise that the facts show, the worst first."""
    return tuple(_from_the_host(machine, around)) + tuple(_from_the_processor(machine, around))


def _from_the_host(machine: Machine, around: Surroundings) -> Iterable[NoiseSource]:
    if machine.load_before > BUSY_LOAD:
        yield NoiseSource(
            f"The load was {machine.load_before:.2f} at the start: something was running, or had just been.",
            "stop what else is running and wait a minute",
        )
    if machine.steal_share > STEAL_WORTH_NAMING:
        yield NoiseSource(
            f"The host took away {machine.steal_share:.1%} of the CPU time while measuring.",
            "measure at another time, or on a host that is not shared",
        )
    if machine.virtualization:
        kind = machine.virtualization if machine.virtualization != UNKNOWN_VIRTUALIZATION else "of unknown kind"
        yield NoiseSource(
            f"This is a virtual machine ({kind}): its host may pause it or move it between cores.",
            "measure on real hardware, or on a host that pins its guests",
        )
    if around.quota_cpus is not None:
        yield NoiseSource(
            f"A control group limits this process to {around.quota_cpus:g} CPUs and stops it when they are used up.",
            "start the container without a CPU limit",
        )
    if around.usable_cpus < machine.logical_cpus:
        yield NoiseSource(
            f"This process may use {around.usable_cpus} of {machine.logical_cpus} logical CPUs.",
            "widen the CPU set, unless these CPUs were set aside for measuring",
        )
    if around.usable_cpus < FEW_CPUS:
        count = "one logical CPU" if around.usable_cpus == 1 else f"{around.usable_cpus} logical CPUs"
        yield NoiseSource(
            f"There is room on only {count}: the system's own work gets between the measurements.",
            f"use a machine with {FEW_CPUS} CPUs or more",
        )


def _from_the_processor(machine: Machine, around: Surroundings) -> Iterable[NoiseSource]:
    if not machine.hardware_counters:
        yield NoiseSource(f"No hardware counters: {around.counters.reason}.", around.counters.remedy)
    if machine.governor not in (None, "performance"):
        yield NoiseSource(
            f"The frequency governor is {machine.governor}, not performance: the clock follows the load.",
            "sudo cpupower frequency-set --governor performance",
        )
    if machine.turbo:
        yield NoiseSource(
            "Turbo is on: the clock follows the temperature and what the other cores do.",
            "switch it off: `echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo` (Intel), "
            "`echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost` (others)",
        )
    if around.smt:
        yield NoiseSource(
            "SMT is on: two logical CPUs share a core and slow each other down.",
            "echo off | sudo tee /sys/devices/system/cpu/smt/control",
        )
    if machine.address_randomization == 0:
        yield NoiseSource(
            "Address randomization is off: every launch gets one and the same placement, which no interval shows.",
            "sudo sysctl kernel.randomize_va_space=2, and no `setarch -R`",
        )


def with_noise(machine: Machine, around: Surroundings) -> Machine:
    """Return the machine with its sentences of noise renewed from its facts."""
    return replace(machine, noise=tuple(source.sentence for source in noise_sources(machine, around)))
