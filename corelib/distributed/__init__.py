"""torch.distributed: corelib has no process groups yet. What asks says so; what needs one raises RuntimeError, and says what a single process does."""

from __future__ import annotations

import enum
import os
from typing import Any, NoReturn

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.as_torch.warned import warn as _warn


def is_available() -> bool:
    """False: corelib has no process groups yet.

    >>> import corelib as torch
    >>> torch.distributed.is_available() and torch.distributed.is_initialized()
    False
    """
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_nccl_available() -> bool:
    """False."""
    return False


def is_gloo_available() -> bool:
    """False."""
    return False


def is_mpi_available() -> bool:
    """False."""
    return False


def is_ucc_available() -> bool:
    """False."""
    return False


def is_xccl_available() -> bool:
    """False."""
    return False


def is_backend_available(backend: str) -> bool:
    """False for each."""
    return False


def is_torchelastic_launched() -> bool:
    """Whether torchrun started this process."""
    return os.environ.get("TORCHELASTIC_RUN_ID") is not None


def get_node_local_rank(fallback_rank: int | None = None) -> int:
    """The process's number on its machine as a launcher gives it in LOCAL_RANK, or fallback_rank; RuntimeError where there is neither."""
    if "LOCAL_RANK" in os.environ:
        return int(os.environ["LOCAL_RANK"])
    if fallback_rank is not None:
        return int(fallback_rank)
    raise RuntimeError(
        "LOCAL_RANK is not in the environment. Consider passing fallback_rank to allow `get_node_local_rank` to work, assuming you are not running in "
        "a multi-device context and want the code to run locally instead."
    )


class DistError(RuntimeError):
    """An error of communication between processes."""


class DistBackendError(DistError):
    """An error of what communicates."""


class DistNetworkError(DistError):
    """An error of the network."""


class DistStoreError(DistError):
    """An error of the store by which processes meet."""


class _RedOpType(enum.IntEnum):
    """What `all_reduce` and its like do with the processes' values."""

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4
    BAND = 5
    BOR = 6
    BXOR = 7
    PREMUL_SUM = 8

    def __repr__(self) -> str:
        return f"<RedOpType.{self.name}: {int(self)}>"

    def __str__(self) -> str:
        return f"RedOpType.{self.name}"


class ReduceOp:
    """An operation of `all_reduce`, as `ReduceOp.SUM`; programs name it in their signatures and defaults.

    >>> import corelib as torch
    >>> torch.distributed.ReduceOp.SUM
    <RedOpType.SUM: 0>
    """

    RedOpType = _RedOpType
    SUM, AVG, PRODUCT, MIN, MAX = _RedOpType.SUM, _RedOpType.AVG, _RedOpType.PRODUCT, _RedOpType.MIN, _RedOpType.MAX
    BAND, BOR, BXOR, PREMUL_SUM = _RedOpType.BAND, _RedOpType.BOR, _RedOpType.BXOR, _RedOpType.PREMUL_SUM

    def __init__(self, op: _RedOpType) -> None:
        self.op = _RedOpType(op)
        if self.op == _RedOpType.PREMUL_SUM:
            raise RuntimeError("ReduceOp(): PREMUL_SUM needs its factor, which only NCCL's groups of processes take; multiply the tensor, and take SUM")

    def __eq__(self, other: object) -> bool:
        return self.op == (other.op if isinstance(other, ReduceOp) else other)

    def __hash__(self) -> int:
        return hash(self.op)

    def __repr__(self) -> str:
        return f"<torch.distributed.distributed_c10d.ReduceOp {self.op!r}>"


class _reduce_op:
    @property
    def _said(self) -> type[ReduceOp]:
        _warn("`torch.distributed.reduce_op` is deprecated, please use `torch.distributed.ReduceOp` instead", FutureWarning)
        return ReduceOp

    def __getattr__(self, name: str) -> Any:
        if name not in _RedOpType.__members__:
            raise AttributeError(name)
        return getattr(self._said, name)


reduce_op = _reduce_op()
"""ReduceOp's older name, which warns."""


class Backend(str):
    """The name of what communicates, in small letters: Backend("GLOO") is "gloo".

    >>> import corelib as torch
    >>> torch.distributed.Backend("NCCL") == torch.distributed.Backend.NCCL
    True
    """

    UNDEFINED, GLOO, NCCL, UCC, MPI, XCCL, FAKE = "undefined", "gloo", "nccl", "ucc", "mpi", "xccl", "fake"

    def __new__(cls, name: str) -> Backend:
        if not isinstance(name, str):
            raise ValueError("Backend constructor parameter must be string-ish")
        return super().__new__(cls, name.lower())


class GroupMember:
    """What stands for all processes, where there is a group of them (WORLD), and for none of them."""

    WORLD: Any = None
    NON_GROUP_MEMBER = -100


class group:
    """`group.WORLD`: None, for no group of processes was made."""

    WORLD: Any = None


_SINGLE = {
    "get_rank": "its rank is 0", "get_world_size": "its world size is 1", "barrier": "it waits for nobody", "all_reduce": "the sum over one process is the tensor",
    "broadcast": "the tensor is there already", "destroy_process_group": "there is no group to destroy",
    "init_process_group": "leave the call out, as for `torch.distributed.is_available()` False",
}  # fmt: skip
_GROUPED = (
    "all_gather", "all_gather_into_tensor", "all_gather_object", "all_reduce", "all_to_all", "all_to_all_single", "barrier", "batch_isend_irecv",
    "broadcast", "broadcast_object_list", "destroy_process_group", "gather", "gather_object", "get_backend", "get_global_rank", "get_group_rank",
    "get_process_group_ranks", "get_rank", "get_world_size", "init_device_mesh", "init_process_group", "irecv", "isend", "monitored_barrier", "new_group",
    "new_subgroups", "new_subgroups_by_enumeration", "recv", "recv_object_list", "reduce", "reduce_scatter", "reduce_scatter_tensor", "scatter",
    "scatter_object_list", "send", "send_object_list", "split_group",
)  # fmt: skip


def refusing(name: str, where: str = "torch.distributed") -> Any:
    """A function that says that it needs process groups, and what a single process does instead."""
    single = _SINGLE.get(name, "it needs none, with all data at hand")

    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            f"{where}.{name}(): corelib has no process groups yet (torch.distributed.is_available() is False). A single process needs none: "
            f"{single}; several devices of one process: torch.nn.DataParallel"
        )

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = f"RuntimeError: corelib has no process groups yet. For a single process: {single}."
    return refuse


for _name in _GROUPED:
    globals()[_name] = refusing(_name)


def _absent(name: str) -> type:
    refuse = refusing(name)

    def __new__(cls: type, *args: Any, **kwargs: Any) -> Any:
        refuse()

    return type(name, (), {"__doc__": refuse.__doc__, "__module__": __name__, "__new__": __new__})


for _name in ("DeviceMesh", "FileStore", "GradBucket", "HashStore", "P2POp", "PrefixStore", "ProcessGroup", "Reducer", "Store", "TCPStore", "Work"):
    globals()[_name] = _absent(_name)  # for annotations and isinstance, to which no object here belongs
__all__ = [
    _name for _name, _value in globals().items()
    if _name[0] != "_" and _name != "refusing" and (getattr(_value, "__module__", None) == __name__ or _name == "reduce_op")
]  # fmt: skip
_paths_below(__name__)
