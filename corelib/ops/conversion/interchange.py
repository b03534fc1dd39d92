"""Sharing memory with others: NumPy, DLPack, and the array interface of CUDA libraries."""

from __future__ import annotations

from typing import Any

from corelib.contract.kernels import Native
from corelib.graph.grad_mode import grad_mode
from corelib.tensor import dtype as D
from corelib.tensor.base import extend
from corelib.tensor.device import DeviceLike, cpu, device as Device, resolve
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.size import NATIVE_DIMS, contiguous_strides
from corelib.tensor.storage import FIXED, Lent, ReadOnlyStorage, Storage
from corelib.tensor.tensor import Tensor


def wrap(array: Native, dtype: DType, host: Device) -> Tensor:
    """A tensor over the memory of a NumPy array. ValueError for strides that a tensor cannot have."""
    itemsize = dtype.itemsize
    if type(array) is not np.ndarray:
        array = array.view(np.ndarray)  # a subclass has arithmetic of its own: masks, matrices, units
    if array.dtype is not dtype.np:
        array = array.view(dtype.np)  # equal, but another object, as pickles make it: kernels know a dtype by its object
    if any(s < 0 for s in array.strides):
        raise ValueError(
            "from_numpy(): At least one stride in the given numpy array is negative, and tensors with negative strides are "
            "not currently supported. (You can probably work around this by making a copy of your array with array.copy().)"
        )
    if any(s % itemsize for s in array.strides):
        raise ValueError(
            f"from_numpy(): given numpy array strides {array.strides} not a multiple of the element byte size {itemsize}. "
            "Copy the numpy array to reallocate the memory."
        )
    runtime = host.runtime
    t = object.__new__(Tensor)
    t._native = array
    t._storage = None
    t._shape = tuple(array.shape)
    t._numel = array.size
    t._strides = None
    t._offset = 0
    t._dtype = dtype
    t._device = host
    t._key = runtime.key
    t._requires_grad = False
    t._edge = None
    t._base = None
    if not array.flags.c_contiguous or array.base is not None or not array.flags.owndata or not array.flags.writeable:
        strides = tuple(s // itemsize for s in array.strides)
        span = 1 + sum((n - 1) * s for n, s in zip(array.shape, strides, strict=True)) if array.size else 0
        flat = np.lib.stride_tricks.as_strided(array, (span,), (itemsize,)) if span else array.reshape(-1)
        kind = Storage if array.flags.writeable else ReadOnlyStorage
        t._storage = kind(host, runtime.small_buffer(flat), span * itemsize)
        t._strides = None if strides == contiguous_strides(t._shape) or array.flags.c_contiguous else strides
    if grad_mode.inference:
        t._inference = True
    return t


def to_numpy(t: Tensor, force: bool) -> Native:
    """What `Tensor.numpy` does."""
    if force:
        t = t.detach().cpu()
    if t._requires_grad and grad_mode.enabled:
        raise RuntimeError(
            "numpy(): Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    if t._key.lazy:
        if not force:
            bit, way = ("conjugate", "resolve_conj") if t._key.conj else ("negative", "resolve_neg")
            raise RuntimeError(f"numpy(): Can't call numpy() on Tensor that has {bit} bit set. Use tensor.{way}().numpy() instead.")
        t = t.clone()
    return host_array(t, shared=True)


def host_array(t: Tensor, shared: bool = False) -> Native:
    """A NumPy array of the elements: the very memory on the host; a copy from other devices unless `shared`."""
    if not (t._device._runtime or t._device.runtime).backend.host_memory:
        if t._device.type == "meta" and not shared:
            raise NotImplementedError(
                "tolist(): Cannot copy out of meta tensor; no data! It has only a shape and a dtype."
            )
        if shared:
            raise TypeError(
                f"numpy(): can't convert {t._device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to "
                "host memory first."
            )
        t = t.detach().to(cpu)
    if t._dtype in D.HELD:
        kind = D.kind_name(t._dtype)
        if shared:
            raise TypeError(f"numpy(): Got unsupported ScalarType {kind}; view(torch.uint8).numpy() has the bytes")
        raise NotImplementedError(f"\"_local_scalar_dense_{t._device.type}\" not implemented for '{kind}': its elements are no numbers; view(torch.uint8) has their bytes")
    array = t._array()
    if shared and array.ndim != len(t._shape):
        raise ValueError(f"numpy(): maximum supported dimension for an ndarray is {NATIVE_DIMS}, got {len(t._shape)}")
    if not shared or t._numel == 0:
        return array
    storage = t._own_storage()
    storage._itself()._state |= FIXED
    if storage._lease is None:
        # The array owns, or keeps alive, its own memory; a new array object, so that its shape stays ours.
        return array.view()
    if t._dtype is D.bfloat16:
        lent = np.asarray(Lent(storage, array.view(np.uint16).__array_interface__))
        return lent.view(array.dtype)
    return np.asarray(Lent(storage, array.__array_interface__))


_DLPACK_DEVICES = {"cpu": 1, "cuda": 2, "opencl": 4}


def dlpack_device(t: Tensor) -> tuple[int, int]:
    """DLPack's (device type, index) of a tensor; ValueError for a meta tensor, which has no memory."""
    if t._device.type == "meta":
        raise ValueError("__dlpack_device__(): Unknown device type meta for Dlpack")
    return _DLPACK_DEVICES.get(t._device.type, 12), t._device.index or 0


def _refuse_conj(t: Tensor) -> None:
    if t._key.conj:
        raise BufferError("__dlpack__(): Can't export tensors with the conjugate bit set")


def to_dlpack(t: Tensor, **kwargs: object) -> object:
    """A DLPack capsule over the tensor's memory."""
    if t._requires_grad:
        raise BufferError("__dlpack__(): Can't export tensors that require gradient, use tensor.detach()")
    _refuse_conj(t)
    t = t.resolve_neg()
    backend = t._device.runtime.backend
    if not backend.host_memory:
        export = getattr(backend, "dlpack", None)
        if export is None:
            raise BufferError(f"__dlpack__(): the {t._device.type} backend does not provide DLPack")
        return export(t._array(), **kwargs)
    if t._dtype is D.bfloat16:
        raise BufferError("__dlpack__(): NumPy cannot export bfloat16 by DLPack")
    stream = kwargs.pop("stream", None)
    if stream is not None:
        if not isinstance(stream, int):
            raise TypeError(f"__dlpack__(): stream must be int or None, got {type(stream).__name__}")
        raise AssertionError(f"__dlpack__(): stream should be None on cpu, got {stream}")
    return host_array(t, shared=True).__dlpack__(**kwargs)


def cuda_array_interface(t: Tensor) -> dict[str, object]:
    """What `__cuda_array_interface__` says of a tensor; AttributeError, as the protocol asks, off the cuda devices."""
    if t._device.type != "cuda":
        raise AttributeError(f"Can't get __cuda_array_interface__ on a tensor on {t._device}; use tensor.cuda() to copy it to a GPU first")
    if t._requires_grad:
        raise RuntimeError("Can't get __cuda_array_interface__ on Variable that requires grad. Use tensor.detach() first.")
    if t._dtype is D.bfloat16:
        raise TypeError("__cuda_array_interface__ has no bfloat16; view the tensor as int16 first")
    if t._key.lazy:
        raise RuntimeError("__cuda_array_interface__ shows memory as it is; use tensor.resolve_conj().resolve_neg() first")
    size = t._dtype.itemsize
    return {
        "typestr": t._dtype.np.str, "shape": tuple(t._shape), "strides": None if t._strides is None else tuple([s * size for s in t._strides]),
        "data": (t.data_ptr() if t._numel else 0, False), "version": 2,
    }


def adopt(external: object, device_type: str) -> Tensor:
    """A tensor over the memory of another library's array on a device."""
    buffer, dtype, shape, strides, index = Device(device_type).runtime.backend.adopt(external)
    span = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) if 0 not in shape else 0
    storage = Storage(Device(device_type, index).runtime.device, buffer, span * dtype.itemsize)
    storage._state = FIXED
    return Tensor._make(storage, dtype, shape, strides, 0)


class _Capsule:
    """A DLPack capsule of host memory as the object that NumPy wants."""

    __slots__ = ("_capsule",)

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __dlpack__(self, **kwargs: object) -> object:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def from_dlpack(external: object, *, device: DeviceLike = None, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of any object with `__dlpack__`; BufferError where its device is not the host's."""
    if isinstance(external, Tensor):  # also of a dtype or device that NumPy could not pass on
        if external._requires_grad:
            raise BufferError("from_dlpack(): Can't export tensors that require gradient, use tensor.detach()")
        _refuse_conj(external)
        dlpack_device(external)
        alias = external._alias()
        place = external._device if device is None else resolve(device)
        return alias.to(place, copy=bool(copy))
    if type(external).__name__ == "PyCapsule":
        if "used_dltensor" in repr(external):
            raise RuntimeError(
                "from_dlpack(): received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might have "
                "already constructed a tensor from it once."
            )
        external = _Capsule(external)
    if not hasattr(external, "__dlpack__"):
        raise TypeError(f"from_dlpack(): expected an object with __dlpack__ or a capsule, got {type(external).__name__}")
    kind, index = external.__dlpack_device__() if hasattr(external, "__dlpack_device__") else (1, 0)
    for device_type, number in _DLPACK_DEVICES.items():
        if number == kind and device_type != "cpu":
            adopted = adopt(external, device_type)
            place = adopted._device if device is None else resolve(device)
            return adopted.to(place, copy=bool(copy))
    array = np.from_dlpack(external)
    if not array.flags.writeable:
        # NumPy marks arrays from older exporters read-only only because they cannot say otherwise.
        interface = dict(array.__array_interface__)
        interface["data"] = (interface["data"][0], False)
        holder = Lent(array, interface)
        array = np.asarray(holder)
    made = wrap(array, D.from_numpy_dtype(array.dtype), cpu.runtime.device)
    made._own_storage()._state |= FIXED
    if copy:
        made = made.clone()
    return made if device is None else made.to(resolve(device))


@extend
class Exchanged(Tensor):
    """What every tensor gets from here."""

    def item(self) -> Any:
        """The only element as a Python number; RuntimeError where there is not just one.

        >>> import corelib as torch
        >>> torch.tensor([1.5]).item()
        1.5
        """
        if self._numel != 1:
            raise RuntimeError(
                f"item(): a Tensor with {self._numel} elements cannot be converted to Scalar; exactly 1 is accepted"
            )
        try:
            return host_array(self).item()
        except NotImplementedError:
            if self._device.type != "meta":
                raise
            raise RuntimeError("item(): Tensor.item() cannot be called on meta tensors, which have no data") from None

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; a number for a 0-d tensor.

        >>> import corelib as torch
        >>> torch.tensor([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        """
        array = host_array(self)
        found = array.astype("float64").tolist() if self._dtype.name == "bfloat16" else array.tolist()
        for _ in range(len(self._shape) - array.ndim):
            found = [found]
        return found

    def numpy(self, *, force: bool = False) -> Native:
        """A NumPy array that shares this tensor's memory; the array keeps the memory alive.

        RuntimeError for a tensor that requires grad, TypeError for one that is not in the host's memory; with `force`
        it is detached and copied to the host first.

        >>> import corelib as torch
        >>> x = torch.zeros(2); x.numpy()[0] = 1; x
        tensor([1., 0.])
        """
        return to_numpy(self, force)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Native:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"__array__(): {array.dtype} cannot become {dtype} without a copy, and copy=False allows none")
            return array.astype(dtype)
        return array.copy() if copy else array

    @property
    def __cuda_array_interface__(self) -> dict[str, object]:
        return cuda_array_interface(self)

    def __dlpack__(self, **kwargs: object) -> object:
        return to_dlpack(self, **kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return dlpack_device(self)
