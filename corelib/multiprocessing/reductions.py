"""How tensors and storages go to other processes: as where their memory is, not as a copy of it.

The reducers are multiprocessing's own, registered when this module is imported: queues, pipes, pools and the arguments of processes
use them, under every start method. A message says which file it means, and where in it; the descriptor comes with the process that is
being started, or else from the process that sent it, which must still be there when the message is read.
"""

from __future__ import annotations

import os
import threading
import weakref
from multiprocessing import context, process, reduction, resource_sharer, util
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from time import monotonic, sleep
from typing import Any

from corelib.as_torch.warned import warn
from corelib.contract.forks import free_in_child
from corelib.multiprocessing.memory import File, Key, Segment, key_of as fd_id, open_files, received
from corelib.multiprocessing.sharing import cache as shared_cache, segment_of, share, shared_storage
from corelib.ops.construction.construct import as_subclass, rebuild
from corelib.tensor.device import resolve
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.layout import strided
from corelib.tensor.size import Shape, Strides
from corelib.tensor.storage import Storage, TypedStorage
from corelib.tensor.tensor import Tensor

__all__ = [
    "StorageWeakRef", "fd_id", "init_reductions", "rebuild_meta_tensor", "rebuild_storage", "rebuild_storage_empty", "rebuild_tensor",
    "rebuild_typed_storage", "reduce_storage", "reduce_tensor", "reduce_typed_storage", "shared_cache",
]  # fmt: skip


class StorageWeakRef:
    """A weak reference to a Storage: equal to others of the same one, and `expired()` once it is gone."""

    __slots__ = ("_hash", "_ref")

    def __init__(self, storage: Storage | TypedStorage) -> None:
        of = (storage.untyped() if isinstance(storage, TypedStorage) else storage)._itself()
        self._ref = weakref.ref(of)
        self._hash = id(of)

    def expired(self) -> bool:
        """Whether the Storage is gone."""
        return self._ref() is None

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StorageWeakRef) and self._ref == other._ref


# The server of multiprocessing that gives descriptors to other processes; its public DupFd would hold one more for every message.
_sharer: Any = vars(resource_sharer)["_resource_sharer"]


_SECONDS_TO_STAY = 5.0
_offering = free_in_child(threading.Lock())


def _stay(_: object) -> None:
    """Let a child process stay at its end, for a few seconds, until what it has sent is fetched: its last results are often still on their way."""
    util.Finalize(None, _wait_for_receivers, exitpriority=-10)  # after the threads that feed its queues
    util.Finalize(None, _wait_for_offer, args=(True,), exitpriority=100)  # before the server's address would go


def _wait_for_offer(again: bool) -> None:
    """Let an offer that a queue's thread is making keep the server's address. The end of a process goes through its duties twice."""
    with _offering:
        if again:
            util.Finalize(None, _wait_for_offer, args=(False,), exitpriority=100)


def _wait_for_receivers() -> None:
    if process.parent_process() is None:
        return
    parent, end = os.getppid(), monotonic() + _SECONDS_TO_STAY
    while _sharer._cache and os.getppid() == parent and monotonic() < end:
        sleep(0.01)


class _Offer:
    """A descriptor that the receiver of a message asks the sender for; the file stays open here until then."""

    def __init__(self, file: File) -> None:
        def send(connection: Connection, pid: int) -> None:
            reduction.send_handle(connection, file.descriptor, pid)

        with _offering:
            self._name = _sharer.register(send, lambda: None)
            # multiprocessing takes the server's address away at the very beginning of a process's end; it is to stay as long as the process
            # does, and goes with its folder, as the last
            unlink = getattr(vars(_sharer._listener).get("_listener"), "_unlink", None)
            if unlink is not None:
                unlink.cancel()

    def detach(self) -> int:
        """The descriptor, in the receiver."""
        try:
            with _sharer.get_connection(self._name) as connection:
                return reduction.recv_handle(connection)
        except RuntimeError as error:  # what multiprocessing says when the kernel had no descriptor left for us
            raise RuntimeError(
                "too many open files to receive a tensor: raise the limit with `ulimit -n`, or let the sender call "
                "torch.multiprocessing.set_sharing_strategy('file_system')"
            ) from error
        except (OSError, EOFError) as error:
            error.add_note("The process that sent this tensor has ended before it was received; keep it alive until then.")
            raise


_carried: weakref.WeakKeyDictionary[Any, set[Key]] = weakref.WeakKeyDictionary()  # by a process that is being started: what it is given
_lock = threading.Lock()


def _way_to(file: File) -> Any:
    """What gives the other process the descriptor; None where it has been given it in this same message."""
    starting = context.get_spawning_popen()
    if starting is None:
        return _Offer(file)
    with _lock:
        given = _carried.setdefault(starting, set())
        if file.key in given:
            return None
        given.add(file.key)
    return reduction.DupFd(file.descriptor)


def rebuild_storage(way: Any, key: Key, start: int, size: int) -> Storage:
    """The Storage over a piece of a file that another process has sent."""
    file = open_files[key] if way is None else received(way.detach())
    return shared_storage(Segment(file, start, size))


def rebuild_storage_empty(cls: type[Storage]) -> Storage:
    """A Storage without bytes."""
    return cls()


def reduce_storage(storage: Storage) -> tuple[Any, ...]:
    """How a Storage goes to another process; it is moved to shared memory for it. RuntimeError where it is not on the cpu."""
    if storage.device.type == "meta":
        raise RuntimeError("Cannot pickle meta storage; try pickling a meta tensor instead")
    _refuse_devices("storage", storage.device)
    if not storage.nbytes():
        return rebuild_storage_empty, (Storage,)
    if not storage.is_shared():
        share([storage])
    segment = segment_of(storage)
    return rebuild_storage, (_way_to(segment.file), segment.file.key, segment.start, segment.size)


def rebuild_typed_storage(storage: Storage, dtype: DType) -> TypedStorage:
    """A TypedStorage over what another process has sent."""
    return TypedStorage(storage, dtype)


def reduce_typed_storage(storage: TypedStorage) -> tuple[Any, ...]:
    """How a TypedStorage goes to another process."""
    return rebuild_typed_storage, (storage.untyped()._itself(), storage.dtype)


def _refuse_devices(what: str, device: Any) -> None:
    if device.type != "cpu":
        raise RuntimeError(
            f"Cannot send a {what} on {device} to another process: only memory of the cpu is shared; send it as .cpu() and move it to the "
            "device there"
        )


def rebuild_tensor(
    cls: type[Tensor], storage: Storage, dtype: DType, shape: Shape, strides: Strides | None, offset: int, requires_grad: bool,
    bits: tuple[bool, bool] | None,
) -> Tensor:  # fmt: skip
    """A tensor over memory that another process has sent: a leaf, which requires a gradient as there."""
    return rebuild(cls, storage, dtype, shape, strides, offset, requires_grad, {}, bits)


def rebuild_meta_tensor(cls: type[Tensor], dtype: DType, shape: Shape, strides: Strides | None, offset: int, nbytes: int, requires_grad: bool) -> Tensor:
    """A tensor without memory."""
    made = Tensor._make(Storage.allocate(resolve("meta"), nbytes), dtype, shape, strides, offset, requires_grad)
    return made if cls is Tensor else as_subclass(made, cls)


def reduce_tensor(tensor: Tensor) -> tuple[Any, ...]:
    """How a tensor goes to another process: the same memory there, moved to shared memory for it.

    Its gradient, hooks and attributes stay behind. RuntimeError for one with a history, and for one that is not on the cpu.
    """
    if tensor.requires_grad and not tensor.is_leaf:
        raise RuntimeError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support crossing process "
            "boundaries.  If you just want to transfer the data, call detach() on the tensor before serializing (e.g., putting it on the queue)."
        )
    for hook in (tensor._backward_hooks or {}).values():
        if not getattr(hook, "__torch_unserializable__", False):
            warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, you can decorate the function with "
                "@torch.utils.hooks.unserializable_hook to suppress this warning",
            )
    place = (tensor._dtype, tensor._shape, tensor._strides, tensor._offset)
    if tensor.layout is not strided:
        made: tuple[Any, ...] = tensor.__reduce_ex__(2)  # its parts are tensors
        return made
    if tensor.device.type == "meta":
        return rebuild_meta_tensor, (type(tensor), *place, tensor.untyped_storage().nbytes(), tensor.requires_grad)
    _refuse_devices("tensor", tensor.device)
    if tensor._own_storage().nbytes() and not tensor.is_shared():
        share([tensor])  # before anything here holds its Storage, so that nobody has to be looked for
    storage = tensor._own_storage()._itself()
    key = tensor._key
    return rebuild_tensor, (type(tensor), storage, *place, tensor._requires_grad, (key.conj, key.neg) if key.lazy else None)


def init_reductions() -> None:
    """Give multiprocessing these ways for tensors and storages; done when this module is imported."""
    ForkingPickler.register(Tensor, reduce_tensor)
    ForkingPickler.register(TypedStorage, reduce_typed_storage)
    kinds: list[type[Storage]] = [Storage]
    while kinds:
        kind = kinds.pop()
        ForkingPickler.register(kind, _reduce_owner)
        kinds.extend(kind.__subclasses__())


def _reduce_owner(storage: Storage) -> tuple[Any, ...]:
    return reduce_storage(storage._itself())


init_reductions()
util.register_after_fork(init_reductions, _stay)
_stay(None)
