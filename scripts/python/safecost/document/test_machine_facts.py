"""The facts of a machine: their exact values, by which runs are resumed, and their words."""

from __future__ import annotations

from dataclasses import replace

from safecost.document.machine_facts import machine_facts
from safecost.document.types import Document


def test_exact_values_stay_as_journals_and_histories_have_them(sample_document: Document) -> None:
    machine = replace(sample_document.machine, virtualization=None, turbo=None)
    facts = {fact.what: fact.value for fact in machine_facts(machine)}
    assert list(facts) == [
        "the processor", "the architecture", "the number of CPUs", "the caches", "the kernel", "the distribution",
        "the virtual machine", "the frequency governor", "turbo", "address randomization",
    ]  # fmt: skip
    assert facts["the caches"] == ", ".join(f"L{one.level} {one.kind} {one.bytes}" for one in machine.caches)
    assert (facts["the virtual machine"], facts["turbo"]) == (None, None)
    assert facts["the number of CPUs"] == machine.logical_cpus


def test_a_reader_is_shown_words_for_what_is_missing(sample_document: Document) -> None:
    bare = replace(sample_document.machine, virtualization=None, turbo=False, governor=None, caches=())
    words = {fact.name: fact.words for fact in machine_facts(bare)}
    assert words["Virtual machine"] == "none seen"
    assert (words["Turbo"], words["Frequency governor"], words["Caches"]) == ("off", "not known", "not known")
