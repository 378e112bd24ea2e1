"""Tests of the sentences about noise: each fact makes exactly its own, and a quiet machine none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safecost.document.types import Machine
from safecost.machine import noise
from safecost.machine.perf_event import Answer

QUIET = Machine(
    cpu="Intel(R) Xeon(R)",
    architecture="x86_64",
    logical_cpus=16,
    memory_bytes=1 << 34,
    caches=(),
    kernel="Linux 6.1.0",
    distribution="Debian GNU/Linux 12 (bookworm)",
    virtualization=None,
    governor="performance",
    turbo=False,
    address_randomization=2,
    hardware_counters=True,
    load_before=0.5,
    load_after=1.0,
    steal_share=0.002,
    noise=(),
)
CALM = noise.Surroundings(smt=False, usable_cpus=16, quota_cpus=None, counters=Answer(True))


def test_a_quiet_machine_makes_no_noise() -> None:
    assert noise.noise_sources(QUIET, CALM) == ()
    assert noise.noise_sources(replace(QUIET, governor=None, turbo=None), CALM) == ()


@pytest.mark.parametrize(
    ("machine", "around", "words"),
    [
        (replace(QUIET, load_before=0.51), CALM, "load was 0.51"),
        (replace(QUIET, steal_share=0.031), CALM, "3.1%"),
        (replace(QUIET, virtualization="kvm"), CALM, "virtual machine (kvm)"),
        (replace(QUIET, virtualization="yes (unknown)"), CALM, "virtual machine (of unknown kind)"),
        (replace(QUIET, governor="powersave"), CALM, "governor is powersave"),
        (replace(QUIET, turbo=True), CALM, "Turbo is on"),
        (replace(QUIET, address_randomization=0), CALM, "Address randomization is off"),
        (replace(QUIET, hardware_counters=False), replace(CALM, counters=Answer(False, "why")), "counters: why."),
        (QUIET, replace(CALM, smt=True), "SMT is on"),
        (QUIET, replace(CALM, quota_cpus=1.5), "limits this process to 1.5 CPUs"),
        (QUIET, replace(CALM, usable_cpus=8), "8 of 16 logical CPUs"),
        (replace(QUIET, logical_cpus=2), replace(CALM, usable_cpus=2), "only 2 logical CPUs"),
        (replace(QUIET, logical_cpus=1), replace(CALM, usable_cpus=1), "only one logical CPU:"),
    ],
)
def test_one_fact_one_sentence(machine: Machine, around: noise.Surroundings, words: str) -> None:
    (source,) = noise.noise_sources(machine, around)
    assert words in source.sentence
    assert source.sentence.endswith(".")
    assert noise.with_noise(machine, around).noise == (source.sentence,)
