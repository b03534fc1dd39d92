"""Arrays by CuPy's names. A view is made at once; whatever computes is queued in the current stream, and done by NumPy on the device's bytes.

What a function gives has its shape and dtype at once: NumPy is asked with numbers of the same kind in the arrays' place.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cupy.cuda.device import Device
from cupy.cuda.memory import MemoryPointer, UnownedMemory, alloc
from cupy.cuda.stream import _BaseStream, get_current_stream
from cupy_backends.cuda.api import runtime
from simulated_cuda.errors import fault
from simulated_cuda.machine import MACHINE
from simulated_cuda.order import Use


class ndarray:
    """An array in a device's memory."""

    __array_priority__ = 100

    def __init__(self, shape: Any, dtype: Any = float, memptr: MemoryPointer | None = None, strides: Any = None, order: str = "C") -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype.kind not in "biufc" or self.dtype.itemsize > 16:
            raise ValueError(f"Unsupported dtype {self.dtype}")
        self.shape = (shape,) if isinstance(shape, int) else tuple(map(int, shape))
        self.strides = tuple(strides) if strides is not None else _dense(self.shape, self.dtype.itemsize, order)
        self.data = alloc(self.size * self.itemsize) if memptr is None else memptr
        self.base: ndarray | None = None

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))
    itemsize = property(lambda self: self.dtype.itemsize)
    nbytes = property(lambda self: self.size * self.itemsize)
    device = property(lambda self: Device(self.data.device_id))
    flags = property(lambda self: self._like().flags)

    def _like(self) -> np.ndarray[Any, Any]:
        """An array on the host of the same shape, strides and dtype, over almost no memory: to ask NumPy about."""
        low, high = self._extent()
        return np.lib.stride_tricks.as_strided(np.zeros(high - low, np.uint8)[-low:].view(np.uint8)[: self.itemsize].view(self.dtype), self.shape, self.strides)

    def _extent(self) -> tuple[int, int]:
        """The bytes from the first to behind the last element, from `data` on."""
        if not self.size:
            return 0, 0
        steps = [(n - 1) * s for n, s in zip(self.shape, self.strides, strict=True)]
        return sum(min(s, 0) for s in steps), sum(max(s, 0) for s in steps) + self.itemsize

    def _use(self, write: bool) -> Use:
        low, high = self._extent()
        return Use(self.data.ptr + low, high - low, write)

    def _read(self) -> np.ndarray[Any, Any]:
        """The values, when the stream has come so far."""
        low, high = self._extent()
        if not self.size:
            return np.zeros(self.shape, self.dtype)
        dense = self.nbytes == high - low
        found = MACHINE.device_at(self.data.ptr).arena.read(self.data.ptr + low, high - low, not dense)
        return np.lib.stride_tricks.as_strided(found[-low : -low + self.itemsize].view(self.dtype), self.shape, self.strides).copy()

    def _write(self, values: Any) -> None:
        """Set the values, when the stream has come so far; what lies between them stays."""
        if not self.size:
            return
        arena = MACHINE.device_at(self.data.ptr).arena
        with np.errstate(all="ignore"):
            values = np.broadcast_to(values, self.shape).astype(self.dtype, copy=False)
        whole = next(d for d in range(self.ndim + 1) if self.strides[d:] == _dense(self.shape[d:], self.itemsize, "C"))
        for at in np.ndindex(self.shape[:whole]):
            place = self.data.ptr + sum(i * s for i, s in zip(at, self.strides, strict=False))
            arena.write(place, np.ascontiguousarray(values[at]).reshape(-1).view(np.uint8))

    def _place(self) -> ndarray:
        """The same place without its memory's owner: what is queued keeps nothing alive, here as on a device."""
        made = object.__new__(ndarray)
        made.dtype, made.shape, made.strides, made.base = self.dtype, self.shape, self.strides, None
        made.data = MemoryPointer(UnownedMemory(self.data.ptr, self.nbytes, None, self.data.device_id), 0)
        return made

    def _view(self, like: np.ndarray[Any, Any], offset: int) -> ndarray:
        made = ndarray(like.shape, like.dtype, self.data + offset, like.strides)
        made.base = self
        return made

    def _viewed(self, change: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]) -> ndarray:
        """A view that NumPy would make."""
        mine = self._like()
        made = change(mine)
        return self._view(made, made.ctypes.data - mine.ctypes.data if made.size else 0)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> ndarray:
        if _advanced(index):
            return queued(lambda x, i: x[i], self, index)
        return self._viewed(lambda x: x[index] if isinstance(x[index], np.ndarray) else x[index, ...] if isinstance(index, int) else x[(*index, ...)])

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, np.ndarray) and value.ndim:
            raise TypeError("non-scalar numpy.ndarray cannot be used for assignment")
        if _advanced(index):
            queued_into(self, lambda x, i, v: _assigned(x, i, v), self, index, value)
            return
        target = self[index]
        queued_into(target, lambda v: np.broadcast_to(v, target.shape), value)

    def __bool__(self) -> bool:
        return bool(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __index__(self) -> int:
        return self.get().__index__()

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly.")

    def get(self, stream: _BaseStream | None = None, order: str = "C", out: Any = None, blocking: bool = True) -> Any:
        made = np.empty(self.shape, self.dtype) if out is None else out
        with Device(self.data.device_id):
            dense = self if self.flags.c_contiguous else self.copy()
            stream = stream or get_current_stream()
            runtime.memcpyAsync(made.ctypes.data, dense.data.ptr, made.nbytes, runtime.memcpyDeviceToHost, stream.ptr)
            if blocking:
                stream.synchronize()
        return made

    def set(self, arr: Any, stream: _BaseStream | None = None) -> None:
        arr = np.ascontiguousarray(arr, self.dtype)
        stream = stream or get_current_stream()
        runtime.memcpyAsync(self.data.ptr, arr.ctypes.data, arr.nbytes, runtime.memcpyHostToDevice, stream.ptr)
        stream.synchronize()

    def tolist(self) -> Any:
        return self.get().tolist()

    def item(self) -> Any:
        return self.get().item()

    def view(self, dtype: Any = None, type: Any = None) -> ndarray:
        return self._viewed(lambda x: x.view() if dtype is None else x.view(dtype))

    def reshape(self, *shape: Any, order: str = "C", copy: Any = None) -> ndarray:
        wanted = shape[0] if len(shape) == 1 else shape
        mine = self._like()
        made = mine.reshape(wanted, order=order)
        return self._view(made, 0) if np.shares_memory(made, mine) or not self.size else queued(lambda x: x.reshape(wanted, order=order), self)

    def ravel(self, order: str = "C") -> ndarray:
        return self.reshape(-1, order=order)

    def transpose(self, *axes: Any) -> ndarray:
        return self._viewed(lambda x: x.transpose(*axes))

    T = property(lambda self: self.transpose())
    mT = property(lambda self: self.swapaxes(-1, -2))

    def swapaxes(self, axis1: int, axis2: int) -> ndarray:
        return self._viewed(lambda x: x.swapaxes(axis1, axis2))

    def squeeze(self, axis: Any = None) -> ndarray:
        return self._viewed(lambda x: x.squeeze(axis))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> ndarray:
        return self._viewed(lambda x: x.diagonal(offset, axis1, axis2))

    @property
    def real(self) -> ndarray:
        return self._viewed(lambda x: x.real)

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> ndarray:
        return self._viewed(lambda x: x.imag) if self.dtype.kind == "c" else queued(lambda x: np.zeros_like(x), self)

    @imag.setter
    def imag(self, value: Any) -> None:
        self.imag[...] = value

    def astype(self, dtype: Any, order: str = "K", casting: Any = None, subok: Any = None, copy: bool = True) -> ndarray:
        return self if not copy and self.dtype == np.dtype(dtype) else queued(lambda x: x.astype(dtype), self)

    def copy(self, order: str = "C") -> ndarray:
        return queued(lambda x: x.copy(order), self)

    def fill(self, value: Any) -> None:
        queued_into(self, lambda v: v, value)

    def conj(self) -> ndarray:
        return queued(np.conjugate, self)

    conjugate = conj

    def nonzero(self) -> tuple[ndarray, ...]:
        """Waits, as CuPy's does: how many there are is not known before."""
        return tuple(array_of(x) for x in self.get().nonzero())

    def take(self, indices: Any, axis: Any = None, out: Any = None) -> ndarray:
        return reduced(lambda x, i: np.take(x, i, axis, mode="wrap"), self, indices, out=out)

    def repeat(self, repeats: Any, axis: Any = None) -> ndarray:
        return queued(lambda x: np.repeat(x, repeats, axis), self)

    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        return reduced(np.sum, self, axis=axis, dtype=dtype, out=out, keepdims=keepdims)

    def prod(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        return reduced(np.prod, self, axis=axis, dtype=dtype, out=out, keepdims=keepdims)

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        return reduced(np.mean, self, axis=axis, dtype=dtype, out=out, keepdims=keepdims)

    def all(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        return reduced(np.all, self, axis=axis, out=out, keepdims=keepdims)

    def any(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        return reduced(np.any, self, axis=axis, out=out, keepdims=keepdims)

    def max(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        return reduced(np.max, self, axis=axis, out=out, keepdims=keepdims)

    def min(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        return reduced(np.min, self, axis=axis, out=out, keepdims=keepdims)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self.data.device_id

    def __dlpack__(self, *, stream: int | None = None, max_version: Any = None, dl_device: Any = None, copy: Any = None) -> object:
        from cupy._dlpack import exported  # which needs this module

        return exported(self, stream, max_version, dl_device, copy)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """Version 3, with the current stream where it is not the default one, as CuPy exports it."""
        stream = get_current_stream().ptr
        return {
            "shape": self.shape, "typestr": self.dtype.str, "descr": [("", self.dtype.str)], "version": 3, "stream": stream or 1,
            "strides": None if self.flags.c_contiguous else self.strides, "data": (self.data.ptr, False),
        }  # fmt: skip


def _dense(shape: tuple[int, ...], size: int, order: str) -> tuple[int, ...]:
    """The strides of an array without gaps."""
    made, step = [], size
    for n in reversed(shape) if order != "F" else shape:
        made.append(step)
        step *= max(n, 1)
    return tuple(made if order == "F" else reversed(made))


def _advanced(index: Any) -> bool:
    return any(isinstance(i, (ndarray, np.ndarray, list)) for i in (index if isinstance(index, tuple) else (index,)))


def _assigned(x: Any, index: Any, value: Any) -> Any:
    x[index] = value
    return x


def array_of(values: Any) -> ndarray:
    """A new array with these values on the current device."""
    values = np.asarray(values)
    made = ndarray(values.shape, values.dtype)
    queued_into(made, lambda: values)
    return made


def _each(x: Any, change: Callable[[ndarray], Any]) -> Any:
    """Arguments with something in the arrays' place."""
    if isinstance(x, ndarray):
        return change(x)
    if isinstance(x, (tuple, list)):
        return type(x)([_each(y, change) for y in x])
    return {k: _each(v, change) for k, v in x.items()} if isinstance(x, dict) else x


def _alike(x: ndarray) -> np.ndarray[Any, Any]:
    """Numbers that no function refuses: identity matrices, and 0 for places."""
    if x.dtype.kind in "biu":
        return np.zeros(x.shape, x.dtype)
    square = x.ndim > 1 and x.shape[-1] == x.shape[-2]
    return np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape).copy() if square else np.ones(x.shape, x.dtype)


def _queue(label: str, run: Callable[[], None], read: list[ndarray], written: list[ndarray]) -> None:
    """Put work into the current stream, after the checks that CuPy and the device make."""
    stream = MACHINE.stream(get_current_stream().ptr)
    for x in (*read, *written):
        home = x.data.device_id
        if home != stream.device.index and home not in stream.device.peers and x.size:
            raise ValueError(f"Array device must be same as the current device: array device = {home} while current = {stream.device.index}")
    with MACHINE.lock:
        uses = [x._use(False) for x in read if x.size] + [x._use(True) for x in written if x.size]
        MACHINE.scheduler.queue(stream, label, run, uses, sum(x.nbytes for x in (*read, *written)))


def _values(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    with np.errstate(all="ignore"):
        return function(*_each(args, ndarray._read), **_each(kwargs, ndarray._read))


def _arrays(x: Any) -> list[ndarray]:
    found: list[ndarray] = []
    _each(x, found.append)
    return found


def queued(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """New arrays with what NumPy's function gives, when the stream comes to it."""
    with np.errstate(all="ignore"):
        like = function(*_each(args, _alike), **_each(kwargs, _alike))
    several = isinstance(like, tuple)
    likes = [np.asarray(x) for x in (like if several else (like,))]
    outs = [ndarray(x.shape, x.dtype) for x in likes]
    places, given = [x._place() for x in outs], _each([args, kwargs], ndarray._place)

    def run() -> None:
        made = _values(function, *given)
        for out, x in zip(places, made if several else (made,), strict=True):
            if np.shape(x) != out.shape:
                raise fault(f"{function}: the result's shape {np.shape(x)} depends on the values: CuPy would wait here")
            out._write(x)

    _queue("array", run, _arrays([args, kwargs]), outs)
    return tuple(outs) if several else outs[0]


def queued_into(out: ndarray, function: Callable[..., Any], *args: Any, **kwargs: Any) -> ndarray:
    """The same into an array that is there."""
    place, given = out._place(), _each([args, kwargs], ndarray._place)
    _queue("array", lambda: place._write(_values(function, *given)), _arrays([args, kwargs]), [out])
    return out


def reduced(function: Callable[..., Any], *args: Any, out: ndarray | None = None, **kwargs: Any) -> ndarray:
    """A new array, or into `out` where it is given."""
    return queued(function, *args, **kwargs) if out is None else queued_into(out, function, *args, **kwargs)


def _operator(name: str) -> Callable[..., Any]:
    def operate(self: ndarray, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            raise TypeError(f"Unsupported type {type(other)}")
        return queued(lambda a, b: getattr(a, name)(b) if isinstance(a, np.ndarray) else getattr(np.asarray(a), name)(b), self, other)

    return operate


for _name in "add radd sub rsub mul rmul truediv rtruediv floordiv mod pow rpow matmul and or xor lshift rshift eq ne lt le gt ge".split():
    setattr(ndarray, f"__{_name}__", _operator(f"__{_name}__"))
for _name in "add sub mul truediv and or xor".split():
    setattr(ndarray, f"__i{_name}__", lambda self, other, _f=f"__{_name}__": queued_into(self, lambda a, b: getattr(a, _f)(b), self, other))
for _name in "neg abs invert".split():
    setattr(ndarray, f"__{_name}__", lambda self, _f=f"__{_name}__": queued(lambda a: getattr(a, _f)(), self))
