"""DLPack: a capsule over an array, after the consumer's stream has been told to wait for ours; and an array over a capsule."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from cupy._core import ndarray
from cupy.cuda.device import Device
from cupy.cuda.memory import MemoryPointer, UnownedMemory
from cupy.cuda.stream import _BaseStream, get_current_stream
from cupy_backends.cuda.api import runtime

CUDA = 2
_CODES = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}
_KINDS = {code: kind for kind, code in _CODES.items()}
_NAME, _USED = b"dltensor", b"used_dltensor"
_DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_DESTRUCTOR = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32), ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64), ("manager", ctypes.c_void_p), ("deleter", _DELETER),
    ]  # fmt: skip


_api = ctypes.pythonapi
_new, _pointer, _valid, _rename = _api.PyCapsule_New, _api.PyCapsule_GetPointer, _api.PyCapsule_IsValid, _api.PyCapsule_SetName
_new.restype, _new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
_valid.restype, _valid.argtypes = ctypes.c_int, [ctypes.py_object, ctypes.c_char_p]
_rename.restype, _rename.argtypes = ctypes.c_int, [ctypes.py_object, ctypes.c_char_p]

_held: dict[int, tuple[Any, ...]] = {}
"""What capsules that are on their way point into, by their address."""


@_DELETER
def _delete(address: int) -> None:
    _held.pop(address, None)


def exported(array: ndarray, stream: int | None, max_version: Any, dl_device: Any, copy: Any) -> object:
    """CuPy's `__dlpack__`: the order is made between the stream that is current now and the consumer's."""
    if copy is True or (dl_device is not None and tuple(dl_device) != array.__dlpack_device__()):
        raise BufferError("the stand-in exports to the array's own device, without a copy")
    consumer = runtime.streamLegacy if stream is None else int(stream)
    if consumer < -1:
        raise ValueError(f"On CUDA, the valid stream for the DLPack protocol is -1, 1, 2, or any larger value, but {stream} was provided")
    current = get_current_stream()
    if consumer >= 0 and (consumer or runtime.streamLegacy) != (current.ptr or runtime.streamLegacy):
        _BaseStream(consumer, -1).wait_event(current.record())
    shape = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
    strides = (ctypes.c_int64 * max(array.ndim, 1))(*[s // array.itemsize for s in array.strides])
    made = _Tensor(
        array.data.ptr, CUDA, array.data.device_id, array.ndim, _CODES[array.dtype.kind], array.itemsize * 8, 1, shape, strides, 0, None, _delete
    )
    _held[ctypes.addressof(made)] = (made, shape, strides, array)
    return _new(ctypes.addressof(made), _NAME, ctypes.cast(_drop, ctypes.c_void_p))


class _Owner:
    """Lets the producer free its memory when the last array over it has gone."""

    def __init__(self, tensor: _Tensor) -> None:
        self.tensor = tensor

    def __del__(self) -> None:
        if self.tensor.deleter:
            self.tensor.deleter(ctypes.addressof(self.tensor))


def from_dlpack(array: Any, *, device: Any = None, copy: Any = None) -> ndarray:
    """An array over another library's memory on one of these devices."""
    kind, index = array.__dlpack_device__()
    if kind != CUDA or device is not None or copy:
        raise BufferError("the stand-in imports from CUDA devices, without a copy")
    with Device(index):
        capsule = array.__dlpack__(stream=get_current_stream().ptr or runtime.streamLegacy)
    tensor = _Tensor.from_address(_pointer(capsule, _NAME))
    _rename(capsule, _USED)
    dtype = np.dtype(f"{_KINDS[tensor.code]}{tensor.bits // 8}")
    shape = tuple(tensor.shape[: tensor.ndim])
    strides = [s * dtype.itemsize for s in tensor.strides[: tensor.ndim]] if tensor.strides else None
    nbytes = (1 + sum((n - 1) * abs(s) // dtype.itemsize for n, s in zip(shape, strides or [dtype.itemsize] * len(shape), strict=True))) * dtype.itemsize
    memory = UnownedMemory((tensor.data or 0) + tensor.byte_offset, nbytes, _Owner(tensor), tensor.device_id)
    return ndarray(shape, dtype, MemoryPointer(memory, 0), strides)


@_DESTRUCTOR
def _drop(capsule: int) -> None:
    """A capsule that nobody took lets its memory go; called with the capsule as a bare address while it dies."""
    address = _raw_pointer(capsule, _NAME) if _raw_valid(capsule, _NAME) else None
    if address:
        _held.pop(address, None)


_raw_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)(("PyCapsule_IsValid", _api))
_raw_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(("PyCapsule_GetPointer", _api))
