"""Faults in how memory, strides and order are treated."""

from __future__ import annotations

import time
from typing import Any

import corelib
import numpy as np
from corelib.backend import KernelTable
from corelib.tensor.dtype import FLOATS
from corelib.tensor.storage import Storage

from .mutants import Clean, after, instead, mutant, mutant_class


@mutant("ignore strides", "1/layouts/neg/float32/forward")
def ignore_strides(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any) -> None:
        flat = np.lib.stride_tricks.as_strided(x, (x.size,), (x.itemsize,)) if min(x.strides, default=1) > 0 else x.reshape(-1)
        np.copyto(out, -flat.reshape(x.shape))

    instead(table, "neg", [corelib.float32], wrong, m)


@mutant("expanded operands read on", "1/layouts/mul/float32/forward")
def ignore_zero_strides(table: Any, m: Any) -> None:
    def spoil(out: Any, a: Any, b: Any) -> None:
        for x in (a, b):
            if isinstance(x, np.ndarray) and 0 in x.strides and x.ndim == out.ndim and x.size > 1:
                out[..., -1] = 0

    after(table, "mul", [corelib.float32], spoil, m)


@mutant("write past the end", "1/sizes/exp/float32/forward")
def past_the_end(table: Any, m: Any) -> None:
    def spoil(out: Any, x: Any) -> None:
        if out.ndim == 1 and out.size and out.base is not None:
            np.lib.stride_tricks.as_strided(out, (out.size + 1,), out.strides)[-1] = 7
            m.hit()

    after(table, "exp", [corelib.float32], spoil, m)


@mutant("change an input", "1/sizes/sqrt/float32/forward")
def change_input(table: Any, m: Any) -> None:
    def spoil(out: Any, x: Any) -> None:
        if x.size:
            x.reshape(-1)[:1] = 3
            m.hit()

    after(table, "sqrt", [corelib.float32], spoil, m)


@mutant("repeated indices are added once", "1/sizes/put_rows/float32/forward")
def add_once(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any, index: Any, values: Any, accumulate: bool) -> None:
        np.copyto(out, x)
        if accumulate:
            out[index] += values
        else:
            out[index] = values

    instead(table, "put_rows", FLOATS, wrong, m)


@mutant("the last row is never taken", "1/sizes/take_rows/float32/forward")
def off_by_one(table: Any, m: Any) -> None:
    instead(table, "take_rows", FLOATS, lambda out, x, index: np.copyto(out, x[np.minimum(index, max(x.shape[0] - 2, 0))]), m)


def refused(table: Any, m: Any, name: str, which: Any, error: Exception) -> None:
    """An op that raises an error for the outputs that `which` picks."""

    def spoil(out: Any, *operands: Any) -> None:
        if which(out):
            m.hit()
            raise error

    after(table, name, FLOATS, spoil, m)


@mutant("refuse what is empty", "1/sizes/sub/float32/forward")
def refuse_empty(table: Any, m: Any) -> None:
    refused(table, m, "sub", lambda out: not out.size, ValueError("nothing to do"))


@mutant("refuse 0-d", "1/sizes/floor/float32/forward")
def refuse_0d(table: Any, m: Any) -> None:
    refused(table, m, "floor", lambda out: not out.ndim, IndexError("too few dimensions"))


@mutant("one error in 200 calls", "3/determinism")
def seldom(table: Any, m: Any) -> None:
    calls = [0]

    def spoil(out: Any, a: Any, b: Any) -> None:
        calls[0] += 1
        if calls[0] % 50 == 0 and out.size:
            out.reshape(-1)[:1] = 99

    after(table, "mul", [corelib.float32], spoil, m)


@mutant_class("ignore offsets", "0/views_share")
class IgnoreOffsets(Clean):
    def native(self, buffer: Any, dtype: Any, shape: Any, strides: Any, offset: int, index: int) -> Any:
        if offset:
            self.mutant.hit()
        return super().native(buffer, dtype, shape, strides, 0, index)


@mutant_class("copy where a view is promised", "0/views_share")
class CopyViews(Clean):
    def native(self, buffer: Any, dtype: Any, shape: Any, strides: Any, offset: int, index: int) -> Any:
        array = super().native(buffer, dtype, shape, strides, offset, index)
        if not array.flags.c_contiguous and array.size:
            self.mutant.hit()
            return array.copy()
        return array


@mutant_class("keep the host's memory", "0/copies_are_copies")
class KeepMemory(Clean):
    """Copies lazily: what the host changes meanwhile is seen."""

    late: tuple[Any, ...] | None = None

    def host_to_device(self, buffer: Any, offset: int, data: Any, index: int) -> None:
        self._do()
        self.late = (buffer, offset, data)

    def _do(self) -> None:
        if self.late is not None:
            buffer, offset, data = self.late
            self.late = None
            super().host_to_device(buffer, offset, data, 0)
            self.mutant.hit()

    def device_to_host(self, buffer: Any, offset: int, nbytes: int, index: int) -> Any:
        self._do()
        return super().device_to_host(buffer, offset, nbytes, index)


@mutant_class("no wait before reading", "0/order")
class NoWait(Clean):
    """An asynchronous device whose reads do not wait: every fifth fill is done after the next read."""

    asynchronous = True

    def default_queue(self, index: int) -> Any:
        return "queue"

    def kernels(self) -> KernelTable:
        table = super().kernels()
        self.late: list[Any] = []
        calls = [0]
        for dtype, right in dict(table["fill"]).items():

            def fill(out: Any, value: Any, right: Any = right) -> None:
                calls[0] += 1
                if calls[0] % 5 == 0 and out.size > 1000:
                    self.late.append((right, out, value))
                else:
                    right(out, value)

            table.table["fill"][dtype] = fill
        return table

    def device_to_host(self, buffer: Any, offset: int, nbytes: int, index: int) -> Any:
        data = super().device_to_host(buffer, offset, nbytes, index)
        for right, out, value in self.late:
            right(out, value)
            self.mutant.hit()
        self.late.clear()
        return data


@mutant_class("blocks that overlap", "0/many_sizes")
class Overlap(Clean):
    last: Any = None

    def allocate(self, nbytes: int, index: int) -> Any:
        if self.last is not None and self.last.nbytes >= nbytes:
            self.mutant.hit()
            return self.last[:nbytes]
        self.last = super().allocate(nbytes, index)
        return self.last


@mutant_class("a leak", "0/nothing_leaks")
class Leak(Clean):
    def kernels(self) -> KernelTable:
        table = super().kernels()
        kept: list[Any] = []
        for dtype, right in dict(table["fill"]).items():

            def fill(out: Any, value: Any, right: Any = right) -> None:
                right(out, value)
                kept.append(Storage.allocate(corelib.device("mutant"), 512))
                self.mutant.hit()

            table.table["fill"][dtype] = fill
        return table


@mutant_class("never give back", "0/freed")
class NeverBack(Clean):
    def kernels(self) -> KernelTable:
        runtime_allocator: Any = type(corelib.device("cpu").runtime.allocator)
        original = runtime_allocator._take_back
        backend = self

        def take_back(memory: Any) -> None:
            if memory._backend is backend:
                large = [note for note in memory._freed if memory._lent[note].size > 70_000]
                for note in large:
                    backend.mutant.hit()
                    memory._freed.remove(note)
            original(memory)

        runtime_allocator._take_back = take_back
        self.undo = lambda: setattr(runtime_allocator, "_take_back", original)
        return super().kernels()


@mutant_class("a race between threads", "0/threads")
class Race(Clean):
    def kernels(self) -> KernelTable:
        table = super().kernels()
        shared = np.zeros(1 << 16)
        for dtype, right in dict(table["fill"]).items():

            def fill(out: Any, value: Any, right: Any = right) -> None:
                if out.ndim != 1 or out.size > shared.size or not out.size:
                    return right(out, value)
                shared[: out.size] = value
                time.sleep(0.0005)
                if shared[0] != value:
                    self.mutant.hit()
                np.copyto(out, shared[: out.size], casting="unsafe")
                return None

            table.table["fill"][dtype] = fill
        return table


@mutant_class("an endless appetite", "0/out_of_memory")
class NoLimit(Clean):
    def allocate(self, nbytes: int, index: int) -> Any:
        if nbytes > 1 << 45:
            self.mutant.hit()
            nbytes = 4096
        return super().allocate(nbytes, index)


class TwoDevices(Clean):
    """Two devices, between which there is a way past the host."""

    indexed = True

    def device_count(self) -> int:
        return 2

    def copy_between(self, target: Any, to: int, source: Any, start: int, nbytes: int, target_index: int, source_index: int) -> None:
        self._bytes(target)[to : to + nbytes] = self._bytes(source)[start : start + nbytes]


@mutant_class("the second device's memory is the first's", "0/two_devices")
class OneMemory(TwoDevices):
    made: dict[tuple[int, int], Any]
    counts: dict[tuple[int, int], int]

    def allocate(self, nbytes: int, index: int) -> Any:
        self.__dict__.setdefault("made", {})
        counts = self.__dict__.setdefault("counts", {})
        counts[index, nbytes] = n = counts.get((index, nbytes), -1) + 1
        if (nbytes, n) in self.made and index:
            self.mutant.hit()
        else:
            self.made[nbytes, n] = super().allocate(nbytes, index)
        return self.made[nbytes, n]


@mutant_class("a copy between devices goes to the front", "0/copies_between_devices")
class ToTheFront(TwoDevices):
    def copy_between(self, target: Any, to: int, source: Any, start: int, nbytes: int, target_index: int, source_index: int) -> None:
        if to:
            self.mutant.hit()
        super().copy_between(target, 0, source, start, nbytes, target_index, source_index)
