"""What programs ask of `torch.cuda` before they use it: facts of a device, statistics, seeds, and what only PyTorch's own CUDA code has."""

from __future__ import annotations

import os
from contextlib import contextmanager
from collections.abc import Iterable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

from corelib.as_torch.warned import warn
from corelib.contract.backend import Backend, UnsupportedError
from corelib.dispatcher.plugins.checks import NoDeviceError
from corelib.dispatcher.plugins.loaded import AT_WORK
from corelib.dispatcher.runtime import Runtime
from corelib.dispatcher.streams import runtime_of
from corelib.ops.random.generator import Generator, default_of
from corelib.tensor.device import DeviceLike
from corelib.tensor.tensor import Tensor


class DeviceProperties(SimpleNamespace):
    """What a backend tells of a device: name, total_memory in bytes, and more where its driver does. AttributeError for what it does not tell."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"get_device_properties(): the backend does not tell {name!r} of a device; it tells {', '.join(vars(self))}")


def count_of(device_type: str) -> int:
    """How many devices of a type there are; 0 where the type cannot be used."""
    try:
        return int(runtime_of(device_type, None).backend.device_count())
    except RuntimeError:  # not installed, or unavailable: `corelib backends` tells why
        return 0


def runtime_there(device_type: str, device: DeviceLike = None) -> Runtime:
    """The runtime of a device of a type, by default the current one. NoDeviceError where the type has none."""
    try:
        return runtime_of(device_type, device)
    except NoDeviceError:
        raise
    except RuntimeError as error:
        if count_of(device_type):
            raise
        raise NoDeviceError(f"Torch not compiled with {device_type.upper()} enabled, or no device is here: {error}") from None


class Queries(ModuleType):
    """The part of a device module that asks, and does nothing to a device. `device` arguments as everywhere in it."""

    device_type: str

    def _of(self, device: DeviceLike) -> Runtime:
        return runtime_there(self.device_type, device)

    def device_count(self) -> int:
        """How many devices of this type there are; 0 where the type cannot be used."""
        return count_of(self.device_type)

    def _generator(self, device: DeviceLike) -> Generator:
        return default_of(self._of(device).device)

    # The devices

    def init(self) -> None:
        """Start the backend, as its first use does. NoDeviceError where there is no device."""
        self._of(None)

    def is_initialized(self) -> bool:
        """Whether the backend has been started."""
        return self.device_type in AT_WORK

    @property
    def _initialized(self) -> bool:  # what copies of PyTorch's own checkpoint read
        return self.is_initialized()

    def get_device_properties(self, device: DeviceLike = None) -> DeviceProperties:
        """name and total_memory of a device, and what else its backend tells (major, minor and multi_processor_count for cuda).

        NoDeviceError without a device, AttributeError for asking what the backend does not tell.
        """
        runtime = self._of(device)
        backend = runtime.backend
        facts: dict[str, Any] = {"name": backend.device_name(runtime.index), **backend.device_facts(runtime.index)}
        if "total_memory" not in facts and type(backend).memory_info is not Backend.memory_info:
            facts["total_memory"] = backend.memory_info(runtime.index)[1]
        return DeviceProperties(**facts)

    def get_device_capability(self, device: DeviceLike = None) -> tuple[int, int]:
        """(major, minor): a cuda device's compute capability. NoDeviceError without a device, UnsupportedError for a type that has no such thing."""
        found = vars(self.get_device_properties(device))
        if "major" not in found:
            raise UnsupportedError(f"get_device_capability(): devices of type {self.device_type!r} have no compute capability")
        return int(found["major"]), int(found["minor"])

    def is_bf16_supported(self, including_emulation: bool = True) -> bool:
        """Whether bfloat16 can be computed on the current device; including_emulation: by way of another dtype too. False without a device."""
        if not self.device_count():
            return False
        return self._of(None).backend.dtypes.get("bfloat16") in ("native", *(("emulated",) if including_emulation else ()))

    def is_tf32_supported(self) -> bool:
        """Whether the current device multiplies in TF32: a cuda device of compute capability 8 and above."""
        return self.device_type == "cuda" and self.device_count() > 0 and self.get_device_capability()[0] >= 8

    def can_device_access_peer(self, device: DeviceLike, peer_device: DeviceLike) -> bool:
        """Whether memory is copied from one device to another without the host. ValueError for an index that is none."""
        one, other = self._of(device), self._of(peer_device)
        return one is not other and type(one.backend).copy_between is not Backend.copy_between

    def get_arch_list(self) -> list[str]:
        """The architectures that kernels were compiled for beforehand: none, they are compiled where they run."""
        return []

    def get_gencode_flags(self) -> str:
        """The compiler's flags for `get_arch_list`: ""."""
        return ""

    @property
    def default_generators(self) -> tuple[Generator, ...]:
        """The default generator of each device; () without one."""
        return tuple(self._generator(index) for index in range(self.device_count()))

    @contextmanager
    def device_of(self, obj: Any) -> Iterator[None]:
        """A context in which the type's bare name stands for the device of a tensor or storage; it changes nothing for one of another type."""
        place = getattr(obj, "device", None)
        if place is None or place.type != self.device_type:
            yield
            return
        with self.device(place):
            yield

    device: Any

    # Random numbers

    def seed(self) -> None:
        """Seed the current device's default generator with a number from the system."""
        if self.device_count():
            self._generator(None).seed()

    def seed_all(self) -> None:
        """Seed the default generators of all devices with one number from the system."""
        drawn = int.from_bytes(os.urandom(8), "little")
        for index in range(self.device_count()):
            self._generator(index).manual_seed(drawn)

    def get_rng_state_all(self) -> list[Tensor]:
        """The states of all devices' default generators."""
        return [self._generator(index).get_state() for index in range(self.device_count())]

    def set_rng_state_all(self, new_states: Iterable[Tensor]) -> None:
        """Put the default generators of the devices, one after the other, into these states."""
        for index, state in enumerate(new_states):
            self._generator(index).set_state(state)

    # Memory

    def memory_stats(self, device: DeviceLike = None) -> dict[str, int]:
        """The caching allocator's figures by name; nothing without a device."""
        raise NotImplementedError

    def memory_stats_as_nested_dict(self, device: DeviceLike = None) -> dict[str, Any]:
        """`memory_stats` as dictionaries in dictionaries, by the parts of the names."""
        nested: dict[str, Any] = {}
        for name, value in self.memory_stats(device).items():
            *path, last = name.split(".")
            at = nested
            for part in path:
                at = at.setdefault(part, {})
            at[last] = value
        return nested

    def host_memory_stats(self) -> dict[str, int]:
        """The figures of page-locked host memory: corelib keeps none, so there are none."""
        return {}

    def host_memory_stats_as_nested_dict(self) -> dict[str, Any]:
        """`host_memory_stats` as dictionaries in dictionaries: none."""
        return {}

    def memory_summary(self, device: DeviceLike = None, abbreviated: bool = False) -> str:
        """The caching allocator's figures as a table to print. NoDeviceError without a device."""
        runtime = self._of(device)
        stats = self.memory_stats(device)
        rows = [(name, f"{n / 2**20:.2f} MiB" if "bytes" in name else str(n)) for name, n in stats.items() if not abbreviated or "peak" not in name]
        wide = max(len(name) for name, _ in rows)
        line = "=" * (wide + 18)
        return "\n".join([line, f" memory of {runtime.device}", line, *(f" {name:<{wide}} {value:>15}" for name, value in rows), line, ""])

    def memory_snapshot(self, mempool_id: Any = None, include_traces: bool = True) -> NoReturn:
        """UnsupportedError: the allocator keeps no list of its blocks; `memory_stats` has its figures."""
        self._of(None)
        raise UnsupportedError("memory_snapshot(): corelib's allocator keeps no list of its blocks; memory_stats() and memory_summary() have its figures")

    def memory_cached(self, device: DeviceLike = None) -> int:
        """`memory_reserved` by its deprecated name, with a FutureWarning."""
        warn("`torch.cuda.memory_cached` has been renamed to `torch.cuda.memory_reserved`", FutureWarning)
        return int(self.memory_reserved(device))

    def max_memory_cached(self, device: DeviceLike = None) -> int:
        """`max_memory_reserved` by its deprecated name, with a FutureWarning."""
        warn("`torch.cuda.max_memory_cached` has been renamed to `torch.cuda.max_memory_reserved`", FutureWarning)
        return int(self.max_memory_reserved(device))

    def reset_max_memory_allocated(self, device: DeviceLike = None) -> None:
        """`reset_peak_memory_stats` by a deprecated name, with a FutureWarning."""
        warn("torch.cuda.reset_max_memory_allocated now calls torch.cuda.reset_peak_memory_stats", FutureWarning)
        self.reset_peak_memory_stats(device)

    def reset_max_memory_cached(self, device: DeviceLike = None) -> None:
        """`reset_peak_memory_stats` by a deprecated name, with a FutureWarning."""
        warn("torch.cuda.reset_max_memory_cached now calls torch.cuda.reset_peak_memory_stats", FutureWarning)
        self.reset_peak_memory_stats(device)

    memory_reserved: Any
    max_memory_reserved: Any
    reset_peak_memory_stats: Any

    def ipc_collect(self) -> None:
        """Give back what other processes no longer use: no memory of a device is shared with other processes, so there is nothing."""
        self._of(None)

    def get_per_process_memory_fraction(self, device: DeviceLike = None) -> float:
        """1.0: corelib sets no limit of its own."""
        self._of(device)
        return 1.0

    def set_per_process_memory_fraction(self, fraction: float, device: DeviceLike = None) -> None:
        """UnsupportedError for less than 1.0: corelib sets no limit of its own. TypeError for what is no float, ValueError outside [0, 1]."""
        self._of(device)
        if not isinstance(fraction, float):
            raise TypeError("set_per_process_memory_fraction(): Invalid type for fraction argument, must be `float`")
        if not 0 <= fraction <= 1:
            raise ValueError(f"set_per_process_memory_fraction(): Invalid fraction value: {fraction}. Allowed range: 0~1")
        if fraction < 1:
            raise UnsupportedError("set_per_process_memory_fraction(): corelib sets no limit of its own; empty_cache() gives kept memory back to the driver")

    # Debugging

    def get_sync_debug_mode(self) -> int:
        """0: corelib does not look for calls that wait. NoDeviceError without a device."""
        self._of(None)
        return 0

    def set_sync_debug_mode(self, debug_mode: int | str) -> None:
        """0 or "default"; UnsupportedError for "warn" and "error", as corelib does not look for calls that wait."""
        self._of(None)
        if debug_mode not in (0, "default", 1, "warn", 2, "error"):
            raise RuntimeError(f"set_sync_debug_mode(): invalid value of debug_mode, expected one of `default`, `warn`, `error`, got {debug_mode!r}")
        if debug_mode not in (0, "default"):
            raise UnsupportedError("set_sync_debug_mode(): corelib does not look for calls that wait for a device; torch.profiler shows where time goes")

    def is_current_stream_capturing(self) -> bool:
        """False: no graph of calls is captured on devices of this type. RuntimeError without a device, as from PyTorch without CUDA."""
        self._of(None)
        return False


def _refusal(name: str, instead: str) -> Any:
    def refuse(self: Queries, *args: Any, **kwargs: Any) -> NoReturn:
        if not self.device_count():
            self._of(None)
        raise UnsupportedError(f"torch.{self.device_type}.{name}(): {instead}")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = f"UnsupportedError: {instead}. NoDeviceError without a device."
    return refuse


_GRAPHS = "graphs of recorded work are cuda's alone; torch.compile(model) fuses calls where a backend can"
_MEMORY = "corelib's allocator is its own; a backend's `allocate` and `free` are where another's memory comes in (docs/backends.md)"
_HANDLES = "corelib hands out no handles of the libraries that a backend calls"
_REFUSED = {
    "graph": _GRAPHS, "make_graphed_callables": _GRAPHS, "graph_pool_handle": _GRAPHS, "CUDAGraph": _GRAPHS, "XPUGraph": _GRAPHS,
    "MemPool": _MEMORY, "use_mem_pool": _MEMORY, "CUDAPluggableAllocator": _MEMORY, "XPUPluggableAllocator": _MEMORY, "change_current_allocator": _MEMORY,
    "caching_allocator_alloc": _MEMORY, "caching_allocator_delete": _MEMORY, "get_allocator_backend": _MEMORY,
    "current_blas_handle": _HANDLES, "current_solver_handle": _HANDLES, "cudart": _HANDLES, "get_stream_from_external": _HANDLES, "ExternalStream": _HANDLES,
    "reset_accumulated_memory_stats": "corelib's allocator counts from the start; take differences of memory_stats()",
    "reset_accumulated_host_memory_stats": "corelib keeps no figures of page-locked host memory",
    "reset_peak_host_memory_stats": "corelib keeps no figures of page-locked host memory",
}  # fmt: skip
for _name, _instead in _REFUSED.items():
    setattr(Queries, _name, _refusal(_name, _instead))


def _by_driver(name: str) -> Any:
    def refuse(self: Queries, device: DeviceLike = None) -> NoReturn:
        raise ModuleNotFoundError(f"torch.{self.device_type}.{name}(): corelib does not use nvidia-ml-py; its package pynvml, or nvidia-smi, tells it")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = "ModuleNotFoundError, as from PyTorch without nvidia-ml-py: pynvml, or nvidia-smi, tells it."
    return refuse


for _name in ("utilization", "temperature", "power_draw", "clock_rate", "memory_usage", "device_memory_used", "list_gpu_processes"):
    setattr(Queries, _name, _by_driver(_name))
