"""What happens before what: a clock for each stream, carried by events and waits, and for each allocation who used it last.

Two uses of the same bytes of which one writes, in two streams between which nothing orders them, are a race, whichever came first this time.
It is named when the later one is queued, so the call that forgot to wait is in the traceback. A kernel is taken to use the whole
allocations that its arguments point into; const pointers are read only.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from simulated_cuda.errors import fault

Clock = dict[int, int]
"""For each stream, by its number, how much of its work has happened."""


class Use(NamedTuple):
    """A range of device memory that a piece of work reads or writes."""

    address: int
    nbytes: int
    write: bool


class Seen(NamedTuple):
    """A use that was queued: by which stream, as its which piece, of what name."""

    stream: int
    tick: int
    label: str


def merge(into: Clock, other: Clock) -> None:
    """Let `into` know what `other` knows."""
    for stream, tick in other.items():
        if tick > into.get(stream, 0):
            into[stream] = tick


class Allocations:
    """A device's live allocations, and the latest uses of each."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self.sizes: dict[int, int] = {}
        self._uses: dict[int, dict[tuple[int, int, bool, int], Seen]] = {}

    def add(self, address: int, nbytes: int) -> None:
        self._starts.insert(bisect_right(self._starts, address), address)
        self.sizes[address] = nbytes
        self._uses[address] = {}

    def remove(self, address: int) -> None:
        self._starts.remove(address)
        del self.sizes[address], self._uses[address]

    def holding(self, address: int) -> tuple[int, int] | None:
        """(start, size) of the allocation in which an address lies."""
        at = bisect_right(self._starts, address) - 1
        if at < 0:
            return None
        start = self._starts[at]
        return (start, self.sizes[start]) if address < start + self.sizes[start] else None

    def use(self, use: Use, by: Seen, clock: Clock) -> None:
        """Note a use; StandinFault where it races with one before it."""
        found = self.holding(use.address)
        if found is None:
            return  # the memory itself tells when the work is done
        uses = self._uses[found[0]]
        end = use.address + use.nbytes
        for (low, high, write, stream), seen in list(uses.items()):
            if low >= end or high <= use.address:
                continue
            if seen.tick <= clock.get(stream, 0):
                if use.write and use.address <= low and high <= end:  # whoever comes later is ordered by this one
                    del uses[low, high, write, stream]
                continue
            if write or use.write:
                raise fault(
                    f"race: {by.label} in stream {by.stream} {'writes' if use.write else 'reads'} {use.nbytes} bytes at {use.address:#x}, which "
                    f"{seen.label} in stream {seen.stream} {'writes' if write else 'reads'}, and nothing orders the two: an event, a wait or a "
                    "synchronization is missing"
                )
        uses[use.address, end, use.write, by.stream] = by

    def forget(self, clock: Clock) -> None:
        """Drop what has happened before everything that will come."""
        for uses in self._uses.values():
            for key, seen in list(uses.items()):
                if seen.tick <= clock.get(seen.stream, 0):
                    del uses[key]
