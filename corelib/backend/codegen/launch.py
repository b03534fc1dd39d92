"""Between generated sources and a driver: what a backend must give so that the generated kernels run on its devices."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

import numpy as np
from corelib.backend.codegen.prelude import Target
from corelib.backend.signatures import Buffer
from corelib.contract.backend import AcceleratorError, Backend, StridedArray
from corelib.tensor import dtype as D
from corelib.tensor.device import device
from corelib.tensor.storage import Storage
from numpy.typing import NDArray

Compiled: TypeAlias = Any
"""A kernel, as a driver has it when it has been compiled."""


class Launcher(ABC):
    """One backend's way to compile and to run. The kernels below it are shared by all of its devices."""

    target: Target
    style: str
    """ "loop" where few items do much each, "grid" where many items do little; see prelude.py."""
    units: int
    """How many items run at the same time, roughly: what "loop" kernels are cut for."""

    tensors = 8
    """Of how many tensors one kernel may be given the pointers; OpenCL promises room for 1024 bytes of arguments."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._marks: dict[tuple[int, Hashable], Buffer] = {}
        self._wrong: dict[str, int] = {}  # what may be wrong, in order, by the number that a mark is raised to

    @abstractmethod
    def compile(self, index: int, source: str, name: str) -> Compiled:
        """A driver's kernel object for device `index`; RuntimeError with the compiler's words where it does not compile."""

    @abstractmethod
    def run(self, index: int, kernel: Compiled, items: int, group: int, buffers: list[Buffer], params: bytes) -> None:
        """Queue a kernel over `items` work items, a multiple of `group`, in groups of that size. Its arguments are the
        buffers and then, unless it is empty, `params`, one struct by value."""

    def scratch(self, index: int, nbytes: int) -> Storage:
        """Memory, in its `_raw`, for the kernels that are queued until it is dropped; work queued later may use it again."""
        return Storage.allocate(device(self.backend.device_type, index), nbytes)

    def read(self, index: int, buffer: Buffer, nbytes: int) -> NDArray[np.uint8]:
        """The first bytes of a buffer as a NumPy uint8 array, when all that was queued has been done."""
        data: NDArray[np.uint8] = self.backend.device_to_host(buffer, 0, nbytes, index)
        return data

    # What kernels find wrong in values, where nobody waits for it: PyTorch's device-side assertions.

    @property
    def later(self) -> bool:
        """Whether wrong values are told when the device is next waited for, and not by the call that was given them."""
        return self.backend.checks_indices

    def mark(self, index: int, wrong: str, ndim: int) -> tuple[StridedArray, int]:
        """The queue's mark, an int32 seen in `ndim` dimensions, and what a kernel raises it to (`mark_max`) where `wrong` is so."""
        number = self._wrong.setdefault(wrong, len(self._wrong) + 1)
        return StridedArray(self.mark_of(index), D.int32, (1,) * ndim, (0,) * ndim, 0, index), number

    def mark_of(self, index: int) -> Buffer:
        """Where the mark of this thread's queue is, on device `index`; made at first."""
        key = (index, self.queue_of(index))
        if key not in self._marks:
            self._marks[key] = self.lowered(self.backend.allocate(512, index), index)
        return self._marks[key]

    def queue_of(self, index: int) -> Hashable:
        """What names the queue that this thread's work goes to: each has a mark of its own, for nothing orders one's work with another's."""
        return None

    def marks(self, index: int, every: bool) -> list[Buffer]:
        """The marks that kernels of this thread's queue may have raised, or those of every queue of the device."""
        return [mark for key, mark in list(self._marks.items()) if key[0] == index and (every or key[1] == self.queue_of(index))]

    def lowered(self, mark: Buffer, index: int) -> Buffer:
        """A mark that says nothing is wrong."""
        self.backend.host_to_device(mark, 0, np.zeros(4, np.uint8), index)
        return mark

    def tell(self, index: int, marks: list[Buffer], raised: NDArray[np.int32]) -> None:
        """AcceleratorError for a mark that a kernel has raised; they are lowered again."""
        if raised.any():
            for mark in marks:
                self.lowered(mark, index)
            raise AcceleratorError(
                f"{self.backend.device_type.upper()} error: device-side assert triggered: {list(self._wrong)[raised.max() - 1]}. It is told when the device "
                "is next waited for, so the call that was wrong came earlier; with CUDA_LAUNCH_BLOCKING=1 in the environment that call raises"
            )

    def drawing(self, index: int, seed: int, draw: int) -> tuple[StridedArray, int] | None:
        """While a graph is captured: where its seed and first draw lie on the device, two int64, and how many draws later this one is. Else None."""
        return None

    def kernel(self, op_name: str, source: Callable[[str, Target], str]) -> Kernel:
        """A kernel from a function that writes its source, compiled for each device when it first runs there."""
        name = "k_" + re.sub(r"\W", "_", op_name)
        return Kernel(self, name, source(name, self.target))


class Kernel:
    """One generated kernel, and what the driver made of it on each device."""

    def __init__(self, launcher: Launcher, name: str, source: str) -> None:
        self.name = name
        self.source = source
        self.numbers: list[tuple[str, Callable[[Any], float | bytes]]] = []
        self._launcher = launcher
        self._compiled: dict[int, Compiled] = {}

    def launch(self, index: int, items: int, buffers: list[Buffer], params: bytes, group: int = 1) -> None:
        """Queue the kernel on a device."""
        made = self._compiled.get(index)
        if made is None:
            made = self._compiled[index] = self._launcher.compile(index, self.source, self.name)
        self._launcher.run(index, made, items, group, buffers, params)
