"""A shared object as its ELF file describes it: functions, what the loader writes, bytes, debug information."""

from __future__ import annotations

import bisect
import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import SymbolTableSection

from safecost.code.debug_info import DebugInfo
from safecost.core.errors import ToolError

_CODE = frozenset({"STT_FUNC", "STT_NOTYPE", "STT_LOOS"})  # types of symbols of functions; the last is an IFUNC's
_MOST = 1024  # entries of a jump table


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function: its address in the file, its size in bytes, its mangled name."""

    address: int
    size: int
    name: str


class ElfFile:
    """A little-endian ELF64 file; raises ToolError for one that cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._reading():
            self._bytes = path.read_bytes()
            self._elf = ELFFile(io.BytesIO(self._bytes))
            if self._elf.elfclass != 64 or not self._elf.little_endian:
                raise ELFError("only little-endian ELF64 files are")
            self.machine: str = self._elf["e_machine"]
            self._segments = [
                (segment["p_vaddr"], segment["p_offset"], segment["p_filesz"])
                for segment in self._elf.iter_segments("PT_LOAD")
            ]
            self._symbols = list(self._read_symbols())
        # Of several symbols at an address the last counts.
        by_address = {symbol.address: symbol for symbol in self._symbols if symbol.size > 0}
        self.functions = [by_address[address] for address in sorted(by_address)]
        self._starts = [symbol.address for symbol in self.functions]
        self._names = {symbol.address: symbol.name for symbol in (*self._symbols, *self.functions)}

    def symbol_at(self, address: int) -> Symbol | None:
        """The function that holds this address."""
        at = bisect.bisect_right(self._starts, address) - 1
        if at < 0:
            return None
        symbol = self.functions[at]
        return symbol if address < symbol.address + symbol.size else None

    def name_at(self, address: int) -> str | None:
        """The name of what begins at this address."""
        return self._names.get(address)

    def bytes_at(self, address: int, size: int) -> bytes:
        """The bytes that the loader maps to an address; fewer where the segment's part of the file ends."""
        for low, offset, length in self._segments:
            if low <= address < low + length:
                start = offset + address - low
                return self._bytes[start : min(start + size, offset + length)]
        return b""

    def distances(self, address: int) -> Iterator[int]:
        """The signed 32-bit numbers from an address on, to the end of what is loaded there."""
        numbers = self.bytes_at(address, 4 * _MOST)
        return (number for (number,) in struct.iter_unpack("<i", numbers[: len(numbers) & ~3]))

    @cached_property
    def slots(self) -> dict[int, str | int]:
        """What the loader writes where: a symbol's address, by its name, or an address in this file."""
        slots: dict[int, str | int] = {}
        with self._reading():
            for section in self._elf.iter_sections("SHT_RELA"):
                assert isinstance(section, RelocationSection)
                symbols = self._elf.get_section(section["sh_link"])
                for entry in section.iter_relocations():
                    if entry["r_info_sym"] == 0:
                        slots[entry["r_offset"]] = entry["r_addend"]
                    elif isinstance(symbols, SymbolTableSection):
                        slots[entry["r_offset"]] = symbols.get_symbol(entry["r_info_sym"]).name
        return slots

    def same_source(self, address: int, other: int) -> bool:
        """Did one compilation unit make both addresses? False where the file has no such debug information."""
        unit = self._debug_info.unit_at(address)
        return unit is not None and unit == self._debug_info.unit_at(other)

    def inlined(self, start: str) -> dict[str, list[tuple[int, int]]]:
        """Where the inlined functions are whose name starts so, by their name."""
        with self._reading():
            return self._debug_info.inlined(start)

    @cached_property
    def _debug_info(self) -> DebugInfo:
        with self._reading():
            return DebugInfo(self._elf)

    def _read_symbols(self) -> Iterator[Symbol]:
        table = self._elf.get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            return
        for symbol in table.iter_symbols():
            if symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_info"]["type"] in _CODE and symbol.name:
                yield Symbol(symbol["st_value"], symbol["st_size"], symbol.name)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ToolError(f"{self._path.name} cannot be read: {error.strerror}.") from error
        except ToolError:
            raise
        except Exception as error:  # a damaged file makes pyelftools raise almost anything
            raise ToolError(f"{self._path.name} cannot be read as an ELF file: {error}; build it again.") from error
