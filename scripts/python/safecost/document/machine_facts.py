"""Which machine it is: what of it decides times, in the one list that all comparisons of machines use."""

from __future__ import annotations

from dataclasses import dataclass

from safecost.core.text import size_text
from safecost.document.types import Machine

UNKNOWN = "not known"
UNKNOWN_VIRTUALIZATION = "yes (unknown)"  # what names its kind is a package that may come between two runs


@dataclass(frozen=True, slots=True)
class MachineFact:
    """One fact, such as `the processor`: its exact value, and what a reader is shown."""

    what: str
    value: str | int | float | bool | None
    words: str

    @property
    def part(self) -> str:
        """What the fact is about, such as `processor`."""
        return self.what.removeprefix("the ")

    @property
    def name(self) -> str:
        """The same as the head of a row, such as `Processor`."""
        return self.part[:1].upper() + self.part[1:]

    def differs(self, other: MachineFact) -> bool:
        """Is it another machine's? A virtual machine that did not tell its kind may be of any."""
        values = (self.value, other.value)
        return self.value != other.value and (UNKNOWN_VIRTUALIZATION not in values or None in values)


def machine_facts(machine: Machine) -> tuple[MachineFact, ...]:
    """What decides times; not the load, which comes and goes, and is noise.

    Runs are resumed, and series of a history told apart, by `what` and `value`: neither must change.
    """
    exact = ", ".join(f"L{cache.level} {cache.kind} {cache.bytes}" for cache in machine.caches)
    caches = ", ".join(f"L{cache.level} {cache.kind} {size_text(cache.bytes)}" for cache in machine.caches)
    turbo = {True: "on", False: "off", None: UNKNOWN}[machine.turbo]
    randomization = machine.address_randomization
    return (
        MachineFact("the processor", machine.cpu, machine.cpu),
        MachineFact("the architecture", machine.architecture, machine.architecture),
        MachineFact("the number of CPUs", machine.logical_cpus, str(machine.logical_cpus)),
        MachineFact("the caches", exact, caches or UNKNOWN),
        MachineFact("the kernel", machine.kernel, machine.kernel),
        MachineFact("the distribution", machine.distribution, machine.distribution),
        MachineFact("the virtual machine", machine.virtualization, machine.virtualization or "none seen"),
        MachineFact("the frequency governor", machine.governor, machine.governor or UNKNOWN),
        MachineFact("turbo", machine.turbo, turbo),
        MachineFact("address randomization", randomization, UNKNOWN if randomization is None else str(randomization)),
    )
