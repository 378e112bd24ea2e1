"""What a file's DWARF says of its machine code: which source made it, and what was inlined."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator

from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE
from elftools.dwarf.ranges import BaseAddressEntry
from elftools.elf.elffile import ELFFile


class DebugInfo:
    """The debug information of an ELF file, which may have none."""

    def __init__(self, elf: ELFFile) -> None:
        self._elf = elf
        present = elf.has_dwarf_info(strict=True)
        self._dwarf = elf.get_dwarf_info(relocate_dwarf_sections=False) if present else None
        self._units = sorted(
            (low, high, number)
            for number, unit in enumerate(self._compile_units())
            for low, high in self._ranges(unit, unit.get_top_DIE())
        )

    def unit_at(self, address: int) -> int | None:
        """The number of the compilation unit that made this address."""
        at = bisect.bisect_right(self._units, address, key=lambda unit: unit[0]) - 1
        return self._units[at][2] if at >= 0 and address < self._units[at][1] else None

    def inlined(self, start: str) -> dict[str, list[tuple[int, int]]]:
        """Where the inlined functions are whose name starts so: ranges of addresses by name."""
        places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        if not self._mentions(start.encode()):
            return places
        names: dict[int, str | None] = {}
        for unit in self._compile_units():
            for entry in unit.iter_DIEs():
                if entry.tag != "DW_TAG_inlined_subroutine" or "DW_AT_abstract_origin" not in entry.attributes:
                    continue
                origin = entry.get_DIE_from_attribute("DW_AT_abstract_origin")
                if origin.offset not in names:
                    names[origin.offset] = _name(origin, start)
                if name := names[origin.offset]:
                    places[name] += self._ranges(unit, entry)
        return places

    def _mentions(self, text: bytes) -> bool:
        """Is this text in the debug information? Most files need not be read further."""
        sections = map(self._elf.get_section_by_name, (".debug_str", ".debug_info"))
        return any(text in section.data() for section in sections if section is not None)

    def _compile_units(self) -> Iterator[CompileUnit]:
        return self._dwarf.iter_CUs() if self._dwarf is not None else iter(())

    def _ranges(self, unit: CompileUnit, entry: DIE) -> Iterator[tuple[int, int]]:
        """The addresses that an entry speaks of, each range by its start and its end."""
        # Linkers write 0 for the start of code that they left out.
        return ((low, high) for low, high in self._all_ranges(unit, entry) if low > 0)

    def _all_ranges(self, unit: CompileUnit, entry: DIE) -> Iterator[tuple[int, int]]:
        low, high, ranges = (entry.attributes.get(f"DW_AT_{name}") for name in ("low_pc", "high_pc", "ranges"))
        lists = None if self._dwarf is None or ranges is None else self._dwarf.range_lists()
        if lists is not None and ranges is not None:
            start = unit.get_top_DIE().attributes.get("DW_AT_low_pc")
            base = start.value if start is not None else 0
            for part in lists.get_range_list_at_offset(ranges.value, unit):
                if isinstance(part, BaseAddressEntry):
                    base = part.base_address
                else:
                    shift = 0 if part.is_absolute else base
                    yield part.begin_offset + shift, part.end_offset + shift
        elif low is not None and high is not None:
            # What ends a range is an address, or its size.
            yield low.value, high.value if high.form == "DW_FORM_addr" else low.value + high.value


def _name(function: DIE, start: str) -> str | None:
    """The mangled name of a function, or its plain one, if it starts so."""
    for attribute in ("DW_AT_linkage_name", "DW_AT_name"):
        if attribute in function.attributes:
            name: str = function.attributes[attribute].value.decode(errors="replace")
            if name.startswith(start):
                return name
    return None
