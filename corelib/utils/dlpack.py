"""`torch.utils.dlpack`: tensors exchanged with other libraries as DLPack capsules, which share their memory.

>>> import corelib as torch
>>> x = torch.arange(3)
>>> y = torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(x))
>>> y[0] = 7
>>> x
tensor([7, 1, 2])
"""

from __future__ import annotations

from enum import IntEnum

from corelib.ops.conversion.interchange import from_dlpack as from_dlpack
from corelib.tensor.tensor import Tensor

__all__ = ["DLDeviceType", "from_dlpack", "to_dlpack"]


class DLDeviceType(IntEnum):
    """DLPack's numbers of device types, as `__dlpack_device__()` gives them.

    >>> import corelib as torch
    >>> torch.utils.dlpack.DLDeviceType(torch.ones(1).__dlpack_device__()[0]).name
    'kDLCPU'
    """

    kDLCPU = 1
    kDLCUDA = 2
    kDLCUDAHost = 3
    kDLOpenCL = 4
    kDLVulkan = 7
    kDLMetal = 8
    kDLVPI = 9
    kDLROCM = 10
    kDLROCMHost = 11
    kDLExtDev = 12
    kDLCUDAManaged = 13
    kDLOneAPI = 14
    kDLWebGPU = 15
    kDLHexagon = 16
    kDLMAIA = 17


def to_dlpack(tensor: Tensor) -> object:
    """A DLPack capsule over the memory of a tensor, for one `from_dlpack` of whatever library; `from_dlpack(tensor)` does without.

    BufferError for a tensor that requires grad or whose dtype or device DLPack cannot carry; TypeError for what is no tensor.

    >>> import corelib as torch
    >>> type(torch.utils.dlpack.to_dlpack(torch.ones(2))).__name__
    'PyCapsule'
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"to_dlpack(): argument 'tensor' must be Tensor, not {type(tensor).__name__}")
    capsule: object = tensor.__dlpack__()
    return capsule
