"""Which branches of a function are checks: a small analysis over its basic blocks.

A block *fails* when no path from it comes to an end of the function and some path ends in a failure: a trap, or a call
that reports an error and never returns. A *check* is a conditional branch of which one way fails and the other does
not. Branches are counted, not failures, since compilers let many checks share one report. What only an exception
reaches, a landing pad, has no branch to it and is kept apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from safecost.code.instruction_sets import Instruction

CHECK, FAILURE, PACKED, JUMP, CALL, HANDLER, PLAIN = "c", "f", "v", "j", "x", "h", " "


@dataclass(slots=True)
class _Block:
    instructions: list[Instruction]
    successors: list[int] = field(default_factory=list)  # addresses of blocks: the branch's target first
    leaves: bool = False  # may come to an end of the function
    failure: bool = False  # ends in a trap or a call that reports and never returns


class ControlFlow:
    """The blocks of a function whose parts may lie apart, `parts` the instructions of each, the entry's first.

    No part is empty. `fails` judges a callee by its name and address: does it report an error and never return?
    `entries` are where others begin than whoever calls the function: what its workers are given.
    """

    def __init__(
        self,
        parts: Sequence[Sequence[Instruction]],
        fails: Callable[[str | None, int | None], bool],
        entries: Collection[int] = (),
    ) -> None:
        self._fails = fails
        self._blocks = self._cut(parts)
        for block, following in self._blocks.values():
            self._connect(block, following)
        entry = parts[0][0].address if parts else None
        starts = [*([] if entry is None else [entry]), *entries]
        blocks = {address: block for address, (block, _) in self._blocks.items()}
        self._leaving = _closure(blocks, {address for address, block in blocks.items() if block.leaves})
        self._reaching_failure = _closure(blocks, {address for address, block in blocks.items() if block.failure})
        self._reached = _reached(blocks, starts)
        self.blocks: Mapping[int, _Block] = blocks
        self.entry = entry

    def fails(self, address: int | None) -> bool:
        """Does every path from the block at this address end in a failure?"""
        return address in self._reaching_failure and address not in self._leaving

    def marks(self) -> dict[int, str]:
        """The mark of every instruction, by its address."""
        found: dict[int, str] = {}
        for address, block in self.blocks.items():
            for instruction in block.instructions:
                found[instruction.address] = self._mark(address, block, instruction)
        return found

    def _mark(self, address: int, block: _Block, instruction: Instruction) -> str:
        if address not in self._reached:
            # What is left behind a report that does not return, as compilers leave it, is no handler.
            left = all(one.flow in {"trap", "jump"} for one in block.instructions) and self.fails(address)
            return FAILURE if left else HANDLER
        if self.fails(address):
            return FAILURE
        if instruction.flow == "branch":
            ways = [self.fails(way) for way in block.successors]
            outside = instruction.target not in self.blocks
            if outside:  # a branch that is a call as the last act
                ways.append(self._fails(instruction.callee, instruction.target))
            return CHECK if any(ways) else JUMP  # both would fail the block itself
        if instruction.flow == "call":
            return CALL
        if instruction.flow in {"jump", "unknown"}:
            leaves = instruction.flow == "jump" and instruction.target not in self.blocks
            return CALL if leaves else JUMP
        return PACKED if instruction.packed else PLAIN

    def _cut(self, parts: Sequence[Sequence[Instruction]]) -> dict[int, tuple[_Block, int | None]]:
        """Blocks by address, each with the address of what follows it in its part."""
        inside = {one.address for part in parts for one in part}
        leaders = {part[0].address for part in parts}
        for part in parts:
            for one, following in zip(part, [*part[1:], None], strict=True):
                if one.flow in {"jump", "branch"} and one.target in inside:
                    leaders.add(one.target)
                leaders.update(target for target in one.targets if target in inside)
                if following is not None and self._ends_block(one):
                    leaders.add(following.address)
        blocks: dict[int, tuple[_Block, int | None]] = {}
        for part in parts:
            starts = [at for at, one in enumerate(part) if one.address in leaders]
            for start, end in zip(starts, [*starts[1:], len(part)], strict=True):
                after = part[end].address if end < len(part) else None
                blocks[part[start].address] = (_Block(list(part[start:end])), after)
        return blocks

    def _ends_block(self, one: Instruction) -> bool:
        return one.flow not in {"next", "call"} or (one.flow == "call" and self._fails(one.callee, one.target))

    def _connect(self, block: _Block, following: int | None) -> None:
        last = block.instructions[-1]
        if last.flow in {"jump", "branch"}:
            if last.target in self._blocks:
                block.successors.append(last.target)
            elif self._fails(last.callee, last.target):
                block.failure = True
            else:
                block.leaves = True
            if last.flow == "jump":
                return
        elif last.targets:
            block.successors += [target for target in last.targets if target in self._blocks]
            return
        elif last.flow in {"return", "unknown"}:
            block.leaves = True
            return
        elif last.flow == "trap" or self._ends_block(last):
            block.failure = True
            return
        if following is not None:
            block.successors.append(following)
        else:
            block.leaves = True  # off the end: more than this text tells


def _closure(blocks: Mapping[int, _Block], seeds: set[int]) -> set[int]:
    """The seeds and every block from which one of them can be reached."""
    before: dict[int, list[int]] = {}
    for address, block in blocks.items():
        for successor in block.successors:
            before.setdefault(successor, []).append(address)
    found, todo = set(seeds), list(seeds)
    while todo:
        for address in before.get(todo.pop(), ()):
            if address not in found:
                found.add(address)
                todo.append(address)
    return found


def _reached(blocks: Mapping[int, _Block], entries: Sequence[int]) -> set[int]:
    """What control reaches from the entries without an exception: all blocks where a jump table hides its targets."""
    found: set[int] = set()
    todo = list(entries)
    while todo:
        address = todo.pop()
        if address in found:
            continue
        found.add(address)
        block = blocks[address]
        last = block.instructions[-1]
        if last.flow == "unknown" and not last.targets:
            return set(blocks)
        todo += block.successors
    return found
