"""The memory of NumPy's engine of mt19937, and the op that draws from it, which a kernel does many times quicker than NumPy."""

from __future__ import annotations

from functools import cache
from typing import Any, TYPE_CHECKING

from corelib.dispatcher.calls.outcome import computed
from corelib.dispatcher.declare import op
from corelib.dispatcher.op import TABLE
from corelib.tensor.device import cpu
from corelib.tensor.dtype import float32, float64, int64
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    from corelib.tensor.host import np

WORDS = 624
_HIGH53, _UNIT53 = 2.0**-21, 2.0**-53
_DTYPES = {"f": float32, "d": float64, "l": int64, "q": int64}


def unit53(words: NDArray[np.uint64]) -> NDArray[np.floating]:
    """The uniform numbers that two words each make."""
    halves = words.view(np.int64)
    unit = (halves[0::2] & 0x1FFFFF) * _HIGH53
    unit += halves[1::2] * _UNIT53
    return unit


@op(kind="creation", on=())
def mt19937(out: Tensor, memory: Tensor) -> None:
    """Fill `out`, in row-major order, with what the next words of an engine are in its dtype, and move the engine on.

    float32: the low 24 bits of one. float64: the uniform number of two. int64: one as it is. `memory`, int32, has the engine's 624 words and
    how many of them are used up.
    """
    engine, held = np.random.MT19937(0), memory.numpy().view(np.uint32)
    engine.state = {"bit_generator": "MT19937", "state": {"key": held[:WORDS], "pos": int(held[WORDS])}}
    words = engine.random_raw(out.numel() * (2 if out.dtype is float64 else 1))
    made = words & 0xFFFFFF if out.dtype is float32 else unit53(words) if out.dtype is float64 else words
    out.numpy()[...] = made.reshape(out.shape)
    left = engine.state["state"]
    held[:WORDS], held[WORDS] = left["key"], left["pos"]


def drawn(out: NDArray[Any], memory: NDArray[np.int32]) -> bool:
    """Whether the cpu has a kernel of the op, and it has filled a flat array."""
    dtype, runtime = _DTYPES[out.dtype.char], cpu.runtime
    kernel = TABLE["mt19937"].kernel_for(runtime.key, dtype)
    return kernel is not None and computed(TABLE["mt19937"], kernel, runtime.device, dtype, out, memory)


class _Memory:
    """The memory of an engine: its words, and how many of them are used up."""

    def __init__(self, address: int) -> None:
        self.__array_interface__ = {"data": (address, False), "shape": (WORDS + 1,), "typestr": np.dtype(np.int32).str, "version": 3}


def memory_of(engine: np.random.MT19937) -> NDArray[np.int32] | None:
    """An engine's own memory, as the op has it; None for a NumPy that keeps it otherwise."""
    return np.asarray(_Memory(engine.ctypes.state_address)) if _memory_is_open() else None


@cache
def _memory_is_open() -> bool:
    """Whether NumPy keeps an engine's words where `_Memory` has them."""
    engine = np.random.MT19937(1)
    engine.random_raw(5, output=False)
    state, memory = engine.state["state"], np.asarray(_Memory(engine.ctypes.state_address))
    return bool(memory[WORDS] == state["pos"] and np.array_equal(memory[:WORDS].view(np.uint32), state["key"]))
