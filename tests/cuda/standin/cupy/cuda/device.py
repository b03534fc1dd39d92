"""Devices and the libraries' handles by CuPy's names."""

from __future__ import annotations

import threading

from cupy_backends.cuda.api import runtime

_stack = threading.local()
_handles = threading.local()


def get_device_id() -> int:
    return runtime.getDevice()


class Device:
    """A device; in a `with` block the current one."""

    def __init__(self, device: Device | int | None = None) -> None:
        self.id = runtime.getDevice() if device is None else int(device)

    def __int__(self) -> int:
        return self.id

    def __enter__(self) -> Device:
        _stack.__dict__.setdefault("ids", []).append(runtime.getDevice())
        runtime.setDevice(self.id)
        return self

    def __exit__(self, *args: object) -> None:
        runtime.setDevice(_stack.ids.pop())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and self.id == other.id

    def __hash__(self) -> int:
        return self.id

    def __repr__(self) -> str:
        return f"<CUDA Device {self.id}>"

    def use(self) -> Device:
        runtime.setDevice(self.id)
        return self

    def synchronize(self) -> None:
        with self:
            runtime.deviceSynchronize()

    @property
    def compute_capability(self) -> str:
        numbers = (runtime.deviceAttributeComputeCapabilityMajor, runtime.deviceAttributeComputeCapabilityMinor)
        return "".join(str(runtime.deviceGetAttribute(a, self.id)) for a in numbers)

    @property
    def mem_info(self) -> tuple[int, int]:
        with self:
            return runtime.memGetInfo()

    @property
    def cublas_handle(self) -> int:
        """This thread's handle for this device."""
        from cupy_backends.cuda.libs import cublas  # loaded when it is needed, as CuPy does

        found: dict[int, int] = _handles.__dict__.setdefault("cublas", {})
        if self.id not in found:
            with self:
                found[self.id] = cublas.create()
        return found[self.id]

    @property
    def cusolver_handle(self) -> int:
        """This thread's handle for this device."""
        from cupy_backends.cuda.libs import cusolver  # loaded when it is needed, as CuPy does

        found: dict[int, int] = _handles.__dict__.setdefault("cusolver", {})
        if self.id not in found:
            with self:
                found[self.id] = cusolver.create()
        return found[self.id]


def get_cublas_handle() -> int:
    return Device().cublas_handle


def get_compute_capability() -> str:
    return Device().compute_capability
