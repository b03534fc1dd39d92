"""What can be profiled: kinds of devices, and the activities of theirs that a profile collects."""

from __future__ import annotations

from enum import Enum

from corelib.tensor.device import DEVICE_TYPES


class DeviceType(Enum):
    """Where an event happened, by PyTorch's numbers. A device type that PyTorch does not know is PrivateUse1."""

    CPU = 0
    CUDA = 1
    MKLDNN = 2
    OPENGL = 3
    OPENCL = 4
    IDEEP = 5
    HIP = 6
    FPGA = 7
    MAIA = 8
    XLA = 9
    Vulkan = 10
    Metal = 11
    XPU = 12
    MPS = 13
    Meta = 14
    HPU = 15
    VE = 16
    Lazy = 17
    IPU = 18
    MTIA = 19
    PrivateUse1 = 20


class ProfilerActivity(Enum):
    """What a profile collects: the ops that the host starts (CPU), and the time they take on a device of another type.

    PrivateUse1 stands for every device type beside cpu and cuda: what `corelib.opencl` does is of it.
    """

    CPU = 0
    XPU = 1
    CUDA = 2
    HPU = 3
    MTIA = 4
    PrivateUse1 = 5


def activity_of(device_type: str) -> ProfilerActivity:
    """The activity that a device type's work belongs to."""
    return {"cpu": ProfilerActivity.CPU, "cuda": ProfilerActivity.CUDA}.get(device_type, ProfilerActivity.PrivateUse1)


def supported_activities() -> set[ProfilerActivity]:
    """What a profile can collect here: CPU, and what belongs to the other device types for which a plugin is installed.

    >>> import corelib as torch
    >>> torch.profiler.ProfilerActivity.CPU in torch.profiler.supported_activities()
    True
    """
    return {ProfilerActivity.CPU, *(activity_of(name) for name in DEVICE_TYPES.value() if name != "meta")}
