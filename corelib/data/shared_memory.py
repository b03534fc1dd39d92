"""How a batch travels between processes: small ones through the pipe, large ones in a file without a name.

Protocol 5 of pickle hands out the buffers of arrays and tensors, wherever they are in the batch. Above a threshold they are
written once to an anonymous file in memory, whose descriptor goes through the socket; the receiver maps it, and its arrays
and tensors live there. The file never has a name that could be left behind: the kernel frees it with its last descriptor
and mapping, however the processes end.
"""

from __future__ import annotations

import io
import os
import pickle
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from corelib.multiprocessing.memory import SHARES as PASSES_FILES, anonymous_file, mapped, write
from corelib.ops.construction.construct import from_numpy
from corelib.tensor.dtype import bfloat16
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

THRESHOLD = 1 << 16
_ALIGN = 64
_PROTOCOL = 5

Blob = bytes | bytearray | memoryview
"""A pickle, or a buffer that belongs to it."""


class _Pickler(pickle.Pickler):
    """Gives the memory of plain host tensors as buffers, with their strides and without a copy of its own."""

    def reducer_override(self, obj: Any) -> Any:
        if not isinstance(obj, Tensor):
            return NotImplemented
        if obj.device.type != "cpu":
            raise RuntimeError(
                f"DataLoader: a worker's batch holds a tensor on {obj.device}; workers give tensors on the cpu, "
                f"move them in the loop: for batch in loader: batch = batch.to({str(obj.device)!r})"
            )
        if not obj.is_leaf:
            raise RuntimeError(
                "DataLoader: a worker's batch holds a tensor with a history; only leaves travel between processes, detach() it first"
            )
        if type(obj) is not Tensor or obj.requires_grad or obj.dtype is bfloat16:
            return NotImplemented
        array = obj.numpy(force=True)
        # Row-major in the order of its memory, so that channels_last batches arrive as such.
        order = sorted(range(array.ndim), key=lambda d: -abs(array.strides[d]))
        dense = array.transpose(order)
        if order == list(range(array.ndim)) or not dense.flags.c_contiguous:
            return _tensor, (array if array.flags.c_contiguous else array.copy(), None)
        return _tensor, (dense, tuple(order.index(d) for d in range(array.ndim)))


def _tensor(array: NDArray[Any], dims: tuple[int, ...] | None) -> Tensor:
    made: Tensor = from_numpy(array)
    return made if dims is None else made.permute(dims)


def pack(value: Any) -> list[Blob]:
    """The pickle of a value, and its buffers, which still share the value's memory."""
    buffers: list[pickle.PickleBuffer] = []
    head = io.BytesIO()
    _Pickler(head, _PROTOCOL, buffer_callback=buffers.append).dump(value)
    return [head.getbuffer(), *(buffer.raw() for buffer in buffers)]


def unpack(blobs: list[Blob]) -> Any:
    """The value; its large arrays and tensors live in the memory of the blobs."""
    return pickle.loads(blobs[0], buffers=blobs[1:])


def send(connection: Connection, header: Any, blobs: list[Blob]) -> None:
    """Send a header and blobs; OSError where nobody listens any more."""
    sizes = [len(blob) for blob in blobs]
    if sum(sizes) < THRESHOLD or not PASSES_FILES:
        connection.send((header, [bytearray(blob) for blob in blobs], None))
        return
    descriptor = anonymous_file("corelib_batch")
    try:
        start = 0
        for blob, size in zip(blobs, sizes, strict=True):
            write(descriptor, start, blob)
            start += size + -size % _ALIGN
        os.ftruncate(descriptor, start)
        connection.send((header, None, sizes))
        reduction.send_handle(connection, descriptor, None)
    finally:
        os.close(descriptor)


def receive(connection: Connection) -> tuple[Any, list[Blob]]:
    """A header and blobs that `send` sent; EOFError where the sender is gone."""
    header, blobs, sizes = connection.recv()
    if sizes is None:
        return header, blobs
    try:
        descriptor = reduction.recv_handle(connection)
    except RuntimeError as error:  # what multiprocessing says when the kernel had no descriptor left for us
        raise RuntimeError(
            "DataLoader: too many open files to receive a batch in shared memory; raise the limit with `ulimit -n`"
        ) from error
    try:
        memory = mapped(descriptor, 0, sum(size + -size % _ALIGN for size in sizes)).data
    finally:
        os.close(descriptor)
    made: list[Blob] = []
    start = 0
    for size in sizes:
        made.append(memory[start : start + size])
        start += size + -size % _ALIGN
    return header, made
