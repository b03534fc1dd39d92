"""Broken backends that the suite must catch: the cpu's, each with one fault, a counter that shows that the fault took effect, and
the case that has to name it.

A fault is a function of (table, mutant) that replaces kernels, or a class that overrides the runtime. Faults of core (gradients,
random numbers) are context managers around the run.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any
from unittest import SkipTest

import corelib
import numpy as np
from corelib.backend import KernelTable
from corelib.tensor.dtype import FLOATS, INTEGERS, NUMBERS, REALS
from corelib_cpu_numpy.backend import NumpyBackend

MUTANTS: dict[str, Mutant] = {}


class Mutant:
    """One broken backend: how to make it, and the case that must kill it."""

    def __init__(self, name: str, killer: str, make: Any, around: Any = contextlib.nullcontext) -> None:
        self.name, self.killer, self._make, self.around = name, killer, make, around
        self.hits = 0

    def backend(self) -> Any:
        """A fresh backend with the fault, its counter at zero."""
        self.hits = 0
        return self._make(self)

    def hit(self) -> None:
        """The fault took effect."""
        self.hits += 1


class Clean(NumpyBackend):
    """The cpu's backend as a device of its own, whose memory the host does not see."""

    device_type = "mutant"
    host_memory = False
    small_limit = 0

    def __init__(self, mutant: Any = None) -> None:
        super().__init__()
        self.small_allocation = None
        self.mutant = mutant

    def device_to_host(self, buffer: Any, offset: int, nbytes: int, index: int) -> Any:
        return super().device_to_host(buffer, offset, nbytes, index).copy()

    def kernels(self) -> KernelTable:
        shared, table = super().kernels(), KernelTable()
        for name, by_dtype in shared.table.items():
            table.table[name] = dict(by_dtype)
        return table


def mutant(name: str, killer: str) -> Any:
    """Declare a fault in kernels: `fault(table, mutant)` changes the table."""

    def declared(fault: Any) -> Any:
        def make(self: Mutant) -> Any:
            class Broken(Clean):
                def kernels(self) -> KernelTable:
                    table = super().kernels()
                    fault(table, self.mutant)
                    return table

            return Broken(self)

        MUTANTS[name] = Mutant(name, killer, make)
        return fault

    return declared


def mutant_class(name: str, killer: str) -> Any:
    """Declare a fault in the runtime, as a subclass of `Clean`."""

    def declared(cls: Any) -> Any:
        MUTANTS[name] = Mutant(name, killer, lambda self: cls(self))
        return cls

    return declared


def mutant_core(name: str, killer: str) -> Any:
    """Declare a fault in core, as a context manager of (mutant)."""

    def declared(function: Any) -> Any:
        made = Mutant(name, killer, Clean)
        made.around = lambda: contextlib.contextmanager(function)(made)
        MUTANTS[name] = made
        return function

    return declared


def after(table: KernelTable, name: str, dtypes: Any, spoil: Any, mutant: Mutant) -> None:
    """Run the right kernel, then `spoil(out, *args)`; it counts where out changes by it."""
    for dtype in dtypes:
        right = table[name].get(dtype)
        if right is None:
            continue

        def run(out: Any, *args: Any, right: Any = right) -> Any:
            found = right(out, *args)
            if found is NotImplemented:
                return found
            before = np.array(out)
            with np.errstate(all="ignore"):
                spoil(out, *args)
            if before.tobytes() != np.array(out).tobytes():
                mutant.hit()
            return None

        table.table[name][dtype] = run


def instead(table: KernelTable, name: str, dtypes: Any, wrong: Any, mutant: Mutant) -> None:
    """Run `wrong(out, *args)` in place of the kernel; it counts where out differs from what the kernel gives."""
    for dtype in dtypes:
        right = table[name].get(dtype)
        if right is None:
            continue

        def run(out: Any, *args: Any, right: Any = right) -> Any:
            kept = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
            good = np.empty_like(out)
            if right(good, *kept) is NotImplemented:
                return NotImplemented
            with np.errstate(all="ignore"):
                wrong(out, *args)
            if good.tobytes() != np.array(out).tobytes():
                mutant.hit()
            return None

        table.table[name][dtype] = run


def scaled(out: Any, factor: float) -> None:
    out[...] = out * np.asarray(factor, out.dtype)


# Values.


@mutant("scale by 1 + 1e-4", "1/sizes/mul/float32/forward")
def scale(table: Any, m: Any) -> None:
    after(table, "mul", FLOATS, lambda out, a, b: scaled(out, 1.0001), m)


@mutant("sum in half precision", "1/sizes/sum/float32/forward")
def low_precision(table: Any, m: Any) -> None:
    instead(table, "sum", [corelib.float32], lambda out, x, dims, keep: np.add.reduce(x.astype(np.float16), dims, np.float16, out, keep), m)


@mutant("sum of long integers by way of floats", "1/values/sum/int64/forward")
def float_sum(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any, dims: Any, keep: Any) -> None:
        out[...] = np.add.reduce(x.astype(np.float64), dims, None, None, keep).astype(np.int64)

    instead(table, "sum", [corelib.int64], wrong, m)


@mutant("drop the last K", "1/sizes/batched_matmul/float32/forward")
def drop_last(table: Any, m: Any) -> None:
    for name in ("batched_matmul", "mm"):
        instead(table, name, FLOATS, lambda out, a, b: np.copyto(out, (a[..., :-1] @ b[..., :-1, :]) if a.shape[-1] > 1 else a @ b), m)


@mutant("ignore the batch in products", "1/sizes/batched_matmul/float32/forward")
def first_batch(table: Any, m: Any) -> None:
    instead(table, "batched_matmul", FLOATS, lambda out, a, b: np.copyto(out, a @ b if a.ndim < 3 else np.broadcast_to((a[:1] @ b[:1]), out.shape)), m)


@mutant("wrong past element 256", "1/sizes/add/float32/forward")
def past_256(table: Any, m: Any) -> None:
    def spoil(out: Any, a: Any, b: Any) -> None:
        if out.ndim == 1:
            out[256:] = 0

    after(table, "add", FLOATS, spoil, m)


@mutant("zero values under 1e-5", "1/values/add/float32/forward")
def zero_small(table: Any, m: Any) -> None:
    def spoil(out: Any, a: Any, b: Any) -> None:
        out[np.abs(out) < 1e-5] = 0

    after(table, "add", [corelib.float32], spoil, m)


@mutant("lose the sign of zero", "1/values/neg/float32/forward")
def lose_sign(table: Any, m: Any) -> None:
    after(table, "neg", FLOATS, lambda out, x: np.add(out, 0, out), m)


@mutant("swallow NaN in maximum", "1/values/maximum/float32/forward")
def swallow_nan(table: Any, m: Any) -> None:
    instead(table, "maximum", FLOATS, lambda out, a, b: np.fmax(a, b, out), m)


@mutant("swallow NaN in amax", "1/values/amax/float32/forward")
def swallow_nan_reduced(table: Any, m: Any) -> None:
    instead(table, "amax", FLOATS, lambda out, x, dims, keep: np.fmax.reduce(x, dims, None, out, keep), m)


@mutant("wrong tie in argmax", "2/forward/argmax/int64/forward")
def wrong_tie(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any, dim: Any, keepdim: Any) -> None:
        if dim is None:
            out[...] = x.size - 1 - np.argmax(x.reshape(-1)[::-1])
        else:
            found = x.shape[dim] - 1 - np.argmax(np.flip(x, dim), dim) if x.ndim else 0
            out[...] = np.expand_dims(found, dim) if keepdim and x.ndim else found

    instead(table, "argmax", REALS, wrong, m)


@mutant("compute long integers in 32 bits", "1/values/add/int64/forward")
def narrow(table: Any, m: Any) -> None:
    instead(table, "add", [corelib.int64], lambda out, a, b: np.copyto(out, (np.asarray(a).astype(np.int32) + np.asarray(b).astype(np.int32))), m)


@mutant("saturate small integers", "1/values/add/int8/forward")
def saturate(table: Any, m: Any) -> None:
    instead(table, "add", [corelib.int8], lambda out, a, b: np.copyto(out, np.clip(np.asarray(a, np.int32) + b, -128, 127), casting="unsafe"), m)


@mutant("overflow early in exp", "1/values/exp/float32/forward")
def early_overflow(table: Any, m: Any) -> None:
    def spoil(out: Any, x: Any) -> None:
        out[out > 1e30] = np.inf

    after(table, "exp", [corelib.float32], spoil, m)


@mutant("sine of large arguments in few digits", "1/values/sin/float32/forward")
def bad_reduction(table: Any, m: Any) -> None:
    instead(table, "sin", [corelib.float32], lambda out, x: np.copyto(out, np.sin(x - np.float32(6.2831855) * np.round(x / np.float32(6.2831855)))), m)


@mutant("round in place of cutting off", "1/sizes/copy/int32/forward")
def rounding_cast(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any) -> None:
        np.copyto(out, np.round(x.astype(np.float64)) if x.dtype.kind == "f" else x, casting="unsafe")

    instead(table, "copy", INTEGERS, wrong, m)


@mutant("truncate in floor division", "1/sizes/floor_divide/int32/forward")
def truncated(table: Any, m: Any) -> None:
    instead(table, "floor_divide", INTEGERS, lambda out, a, b: np.copyto(out, np.trunc(np.asarray(a) / np.asarray(b)), casting="unsafe"), m)


@mutant("remainder with C's sign", "1/sizes/remainder/float32/forward")
def c_remainder(table: Any, m: Any) -> None:
    instead(table, "remainder", FLOATS, lambda out, a, b: np.copyto(out, np.fmod(a, b)), m)


@mutant("shift past the width", "1/values/bitwise_left_shift/int32/forward")
def wrapped_shift(table: Any, m: Any) -> None:
    instead(table, "bitwise_left_shift", [corelib.int32], lambda out, a, b: np.copyto(out, np.left_shift(a, np.asarray(b, np.int32) % 32)), m)


@mutant("true division by a product with the reciprocal in half precision", "1/sizes/true_div/float32/forward")
def reciprocal_half(table: Any, m: Any) -> None:
    instead(table, "true_div", [corelib.float32], lambda out, a, b: np.copyto(out, a * (1 / np.asarray(b).astype(np.float16)).astype(np.float32)), m)


@mutant("condition of where turned round at ends", "1/sizes/select_where/float32/forward")
def turned_condition(table: Any, m: Any) -> None:
    def spoil(out: Any, c: Any, a: Any, b: Any) -> None:
        if out.size and out.ndim == 1:
            out[-1] = (b if not isinstance(b, np.ndarray) else b[-1]) if c[-1] else (a if not isinstance(a, np.ndarray) else a[-1])

    after(table, "select_where", FLOATS, spoil, m)


@mutant("softmax without its largest taken off", "2/forward/softmax/float32/forward")
def naive_softmax(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any, dim: Any, *rest: Any) -> None:
        e = np.exp(x)
        out[...] = 1 if not x.ndim else e / e.sum(dim, keepdims=True)

    instead(table, "softmax_along", [corelib.float32], wrong, m)


@mutant("variance without its correction", "2/forward/var/float32/forward")
def biased(table: Any, m: Any) -> None:
    instead(table, "variance", FLOATS, lambda out, x, dims, correction, keep: np.copyto(out, np.var(x, axis=dims, keepdims=keep)), m)


@mutant("a derivative without its sum", "4/gradient/softmax/float32/backward")
def no_sum(table: Any, m: Any) -> None:
    instead(table, "softmax_backward", FLOATS, lambda out, g, y, dim: np.multiply(g, y, out), m)


@mutant("relu's derivative at zero", "4/gradient/relu/float32/backward")
def slope_at_zero(table: Any, m: Any) -> None:
    instead(table, "relu_backward", FLOATS, lambda out, g, y: np.multiply(g, y >= 0, out), m)


# Memory and layout.


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


@mutant("refuse what is empty", "1/sizes/sub/float32/forward")
def refuse_empty(table: Any, m: Any) -> None:
    def spoil(out: Any, a: Any, b: Any) -> None:
        if not out.size:
            m.hit()
            raise ValueError("nothing to do")

    after(table, "sub", FLOATS, spoil, m)


@mutant("refuse 0-d", "1/sizes/floor/float32/forward")
def refuse_0d(table: Any, m: Any) -> None:
    def spoil(out: Any, x: Any) -> None:
        if not out.ndim:
            m.hit()
            raise IndexError("too few dimensions")

    after(table, "floor", FLOATS, spoil, m)


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
                kept.append(corelib.device("mutant").runtime.allocator.allocate(512))
                self.mutant.hit()

            table.table["fill"][dtype] = fill
        return table


@mutant_class("never give back", "0/freed")
class NeverBack(Clean):
    def kernels(self) -> KernelTable:
        runtime_allocator = type(corelib.device("cpu").runtime.allocator)
        original = runtime_allocator.release
        backend = self

        def release(self: Any, buffer: Any, nbytes: int) -> None:
            if self._backend is backend and nbytes > 70_000:
                backend.mutant.hit()
                return
            original(self, buffer, nbytes)

        runtime_allocator.release = release
        self.undo = lambda: setattr(runtime_allocator, "release", original)
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


# What is said.


@mutant_class("supports nothing", "1/sizes/add/float32/forward")
class Nothing(Clean):
    def kernels(self) -> KernelTable:
        self.mutant.hit()
        table = super().kernels()
        for name in list(table.table):
            if name not in ("fill", "copy"):
                del table.table[name]
        return table


@mutant("raises skip", "1/sizes/add/float32/forward")
def raises_skip(table: Any, m: Any) -> None:
    def spoil(out: Any, a: Any, b: Any) -> None:
        m.hit()
        raise SkipTest("not today")

    after(table, "add", NUMBERS, spoil, m)


@mutant("claims a dtype that it does not compute", "1/sizes/sub/float64/forward")
def claims_too_much(table: Any, m: Any) -> None:
    for name in ("sub", "add", "mul"):
        del table.table[name][corelib.float64]
    m.hit()


@mutant_class("claims less than it does", "1/sizes/sub/float32/forward")
class ClaimsTooLittle(Clean):
    @property
    def unsupported(self) -> dict[str, str]:
        self.mutant.hit()
        return {"sub/float32": "there is no subtraction here"}


@mutant_class("an event that measures nothing is declared absent", "0/capabilities")
class HiddenEvents(Clean):
    def capabilities(self) -> dict[str, Any]:
        self.mutant.hit()
        return super().capabilities() | {"memory_info": True}


@mutant("computes on the host in silence", "3/nothing_on_the_host")
def silent_host(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any) -> None:
        m.hit()
        out[...] = corelib.from_numpy(np.array(x)).tanh().numpy()

    instead(table, "tanh", [corelib.float32], wrong, m)


# Core.


@mutant_core("repeated random numbers", "3/random_numbers")
def repeated(m: Any) -> Any:
    from corelib.tensor.generator import Generator

    original, first = Generator.random_uniform, {}

    def random_uniform(self: Any, n: int, *rest: Any) -> Any:
        made = original(self, n, *rest)
        m.hit()
        return first.setdefault((id(self), n), made)

    Generator.random_uniform = random_uniform
    try:
        yield
    finally:
        Generator.random_uniform = original


@mutant_core("a broadcast gradient not summed", "4/accumulation")
def not_summed(m: Any) -> Any:
    from corelib.autograd import engine

    original = engine.fitted

    def fitted(g: Any, shape: Any, node: Any, i: int) -> Any:
        m.hit()
        while len(g.shape) > len(shape):
            g = g[0]
        for d, n in enumerate(shape):
            if n == 1 != g.shape[d]:
                g = g.narrow(d, 0, 1)
        return g

    engine.fitted = fitted
    try:
        yield
    finally:
        engine.fitted = original


@mutant_core("a gradient overwritten, not accumulated", "4/accumulation")
def overwritten(m: Any) -> Any:
    from corelib.autograd import engine

    original = engine._accumulate

    def accumulate(node: Any, g: Any, create_graph: bool) -> None:
        leaf = node.variable
        if leaf.grad is not None:
            m.hit()
            leaf.grad = None
        original(node, g, create_graph)

    engine._accumulate = accumulate
    try:
        yield
    finally:
        engine._accumulate = original
