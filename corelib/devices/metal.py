"""Devices that corelib has no backend for: torch.mps has names of its own, and answers as a PyTorch that is built without."""

from __future__ import annotations

from typing import Any, NoReturn

from corelib.devices.accelerator import Accelerator


class Metal(Accelerator):
    """`torch.mps`: without a plugin for it there is no device, and what needs one raises NoDeviceError."""

    def __init__(self) -> None:
        super().__init__("mps")

    def current_allocated_memory(self) -> int:
        """What tensors hold now, in bytes."""
        return self.memory_allocated() if self.device_count() else self._none()

    def driver_allocated_memory(self) -> int:
        """What tensors hold, and what is kept for others, in bytes."""
        return self.memory_reserved() if self.device_count() else self._none()

    def recommended_max_memory(self) -> int:
        """The memory of the device, in bytes."""
        return self.mem_get_info()[1]

    def compile_shader(self, source: str) -> NoReturn:
        """RuntimeError: corelib compiles no Metal shaders."""
        raise RuntimeError("torch.mps.compile_shader(): MPS is not available; a backend's kernels are a plugin (docs/backends.md)")

    def _none(self) -> Any:
        self._of(None)
