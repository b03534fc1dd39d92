"""Tensor: a shape, strides and an offset over a Storage, with a dtype, a device and a layout.

The slots are what the entry functions read and write, so they are plain values:

- `_native` is the backend's array of exactly this tensor's elements, or None until a kernel needs it;
- `_storage` is None for a small fresh host tensor until somebody asks: its `_native` then owns the memory. Whoever
  makes a second tensor over the same memory asks first, so shared memory always has one shared Storage;
- `_strides` is None for row-major contiguous;
- `_edge` is (node, output number) where gradients flow to, None for what needs none and for leaves not used yet;
- `_base` is the tensor that this one is a view of.

The operators and methods that are ops come from the op table, and what a tensor knows of its gradient from the graph: both are put on
`TensorBase`, whose stub says what they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from operator import attrgetter
from typing import TYPE_CHECKING, Any, overload

from corelib.tensor.base import TensorBase
from corelib.tensor.device import Native, device as Device
from corelib.tensor.dtype import Number, dtype as DType
from corelib.tensor.keys import DispatchKey
from corelib.tensor.layout import CHANNELS_INNERMOST, layout as Layout, memory_format as MemoryFormat
from corelib.tensor.overrides import OVERRIDES, no_torch_function
from corelib.tensor.size import _CONTIGUOUS, MOST, NATIVE_DIMS, SIZES, Shape, Size, Strides, check_inside, contiguous_strides, is_contiguous, size_of, wrap_dim
from corelib.tensor.storage import SHORT, Storage, TypedStorage, _warn_typed_storage_removal

_new = object.__new__


class Tensor(TensorBase):
    """A multi-dimensional array of one dtype on one device. Make one with `corelib.tensor`, `zeros`, `from_numpy`, ...

    >>> import corelib as torch
    >>> x = torch.tensor([[1., 2.], [3., 4.]])
    >>> x.t().stride(), (x @ x).sum()
    ((1, 2), tensor(54.))
    """

    __slots__ = (
        "__dict__", "__weakref__", "_base", "_device", "_dtype", "_edge", "_key", "_native", "_numel", "_offset",
        "_requires_grad", "_shape", "_storage", "_strides",
    )
    _base: Tensor | None
    _device: Device
    _dtype: DType
    _edge: Any
    _key: DispatchKey
    _native: Native
    _numel: int
    _offset: int
    _requires_grad: bool
    _shape: Shape
    _storage: Storage | None
    _strides: Strides | None

    # Rarely set, so they live in the instance's dictionary when they are.
    _grad: Tensor | None = None
    _backward_hooks: dict[int, Any] | None = None
    _retains_grad = False
    _inference = False
    _creation = 0  # of a view: how it was made (corelib.graph.views), where that is not the usual way
    _borrows_grad = False  # of a view: it requires grad because its base does, and is no part of the graph
    _view_version = 0  # of a view: the version of the memory when its edge was made
    _shown_as = "Tensor"  # the class that prints as tensors do; a class without one of its own prints its name too
    name: str | None = None
    __array_priority__ = 1000

    @staticmethod
    def _make(
        storage: Storage,
        dtype: DType,
        shape: Shape,
        strides: Strides | None,
        offset: int,
        requires_grad: bool = False,
    ) -> Tensor:
        """A tensor over a storage; nothing is copied and nothing is checked."""
        t = _new(Tensor)
        device = storage.device
        runtime = device.runtime
        t._native = None
        t._storage = storage
        t._shape = shape
        t._strides = None if strides is None or strides == contiguous_strides(shape) else strides
        t._offset = offset
        t._numel = prod(shape)
        t._dtype = dtype
        t._device = device
        t._key = runtime.key
        t._requires_grad = requires_grad
        t._edge = None
        t._base = None
        return t

    @staticmethod
    def _empty(device: Device, dtype: DType, shape: Shape, strides: Strides | None = None) -> Tensor:
        """A new tensor whose elements are not set; `strides` must be dense."""
        runtime: Any = device._runtime
        t = _new(Tensor)
        t._shape = shape
        t._numel = numel = prod(shape)
        if numel < runtime.small_limit and strides is None:
            try:
                t._native = runtime.small_empty(shape, dtype._np if dtype._np is not None else dtype.np)
                t._storage = None
            except ValueError:
                if len(shape) <= NATIVE_DIMS:
                    raise
                t._native = None
                t._storage = Storage.allocate(device, numel * dtype.itemsize)
        else:
            nbytes = numel * dtype.itemsize
            if nbytes > MOST:
                raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)} (elements of {dtype.itemsize} bytes)")
            if strides is None and runtime.whole_arrays and len(shape) <= NATIVE_DIMS:
                t._native = runtime.allocator.lend_array(shape, dtype._np if dtype._np is not None else dtype.np, nbytes)
                t._storage = None
            else:
                t._native = None
                t._storage = Storage.allocate(device, nbytes)
        t._strides = strides
        t._offset = 0
        t._dtype = dtype
        t._device = device
        t._key = runtime.key
        t._requires_grad = False
        t._edge = None
        t._base = None
        return t

    def _as_view(self, shape: Shape, strides: Strides | None, offset: int, numel: int) -> Tensor:
        """A view of this tensor's memory. Its gradient edge is the caller's business."""
        storage = self._storage
        t = _new(Tensor)
        t._native = None
        t._storage = storage if storage is not None else self._own_storage()
        t._shape = shape
        t._strides = None if strides is None or strides == (_CONTIGUOUS.get(shape) or contiguous_strides(shape)) else strides
        t._offset = offset
        t._numel = numel
        t._dtype = self._dtype
        t._device = self._device
        t._key = self._key
        t._requires_grad = False
        t._edge = None
        base = self._base
        if base is None:
            t._base = self
        else:
            t._base = base
            if self._creation:
                t._creation = self._creation
        return t

    def _alias(self) -> Tensor:
        """A second tensor over the same memory, outside the graph and not a view."""
        t = _new(Tensor)
        t._native = self._native
        storage = self._storage
        t._storage = storage if storage is not None else self._own_storage()
        t._shape = self._shape
        t._strides = self._strides
        t._offset = self._offset
        t._numel = self._numel
        t._dtype = self._dtype
        t._device = self._device
        t._key = self._key
        t._requires_grad = False
        t._edge = None
        t._base = None
        return t

    def _unresolved(self) -> Tensor:
        """What lies in memory, where this tensor shows it conjugated or negated; outside the graph."""
        t = self._alias()
        t._key = self._key.plain
        return t

    def _own_storage(self) -> Storage:
        """The Storage; made now around the native array of a small host tensor that had none."""
        storage = self._storage
        if storage is None:
            runtime: Any = self._device._runtime
            raw = runtime.small_buffer(self._native)
            storage = self._storage = _new(Storage)._over(self._device, raw, self._numel * self._dtype.itemsize)
        return storage

    def _shares(self, other: Tensor) -> bool:
        """Whether both lie in one memory, wherever in it."""
        a, b = self._storage, other._storage
        return self is other or (a is not None and b is not None and (a is b or (a._raw is b._raw and a._raw is not None)))

    def _array(self) -> Native:
        """The backend's native array of these elements."""
        native = self._native
        if native is None:
            if self._key.lazy:  # only for reading, never kept: what writes finds no kernel under this key
                return self._resolved_array()
            if len(self._shape) > NATIVE_DIMS:
                return self._within_native_dims()._array()
            runtime: Any = self._device._runtime
            strides, storage = self._strides, self._storage
            if storage is None:
                storage = self._own_storage()
            if storage._state >= SHORT:
                check_inside(self._shape, self.stride(), self._offset, self._dtype.itemsize, storage._nbytes)
            native = self._native = runtime.native(
                storage._raw,
                self._dtype,
                self._shape,
                strides or _CONTIGUOUS.get(self._shape) or contiguous_strides(self._shape),
                self._offset,
                runtime.index,
            )
        return native

    def _within_native_dims(self) -> Tensor:
        """The same elements without leading dimensions of size 1, which change no broadcast; for the native array of a tensor of very many."""
        drop = len(self._shape) - NATIVE_DIMS
        if not self._numel:
            return self._as_view((0,), None, 0, 0)
        if any(n != 1 for n in self._shape[:drop]):
            raise RuntimeError(f"only tensors with up to {NATIVE_DIMS} dims are supported, got {len(self._shape)} dims")
        strides = self._strides
        return self._as_view(self._shape[drop:], strides and strides[drop:], self._offset, self._numel)

    def _bump(self) -> None:
        """Count one in-place change of the memory."""
        self._own_storage()._version += 1

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if (cls.__torch_function__ is not no_torch_function or "__torch_dispatch__" in vars(cls)) and hasattr(OVERRIDES, "value"):
            OVERRIDES.value(cls)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The function itself, whose results become of this class."""
        return OVERRIDES.value(cls, func, types, args, kwargs)

    # What a tensor is.

    if TYPE_CHECKING:

        @property
        def dtype(self) -> DType:
            """What one element is."""
            return self._dtype

        @property
        def device(self) -> Device:
            """Where the elements live."""
            return self._device
    else:  # the same, quicker
        dtype = property(attrgetter("_dtype"), doc="What one element is.")
        device = property(attrgetter("_device"), doc="Where the elements live.")

    @property
    def layout(self) -> Layout:
        """How the elements lie in memory; `corelib.strided`."""
        return self._key.layout

    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        try:
            return SIZES[self._shape]
        except KeyError:
            return size_of(self._shape)

    @overload
    def size(self, dim: None = None) -> Size: ...

    @overload
    def size(self, dim: int) -> int: ...

    def size(self, dim: int | None = None) -> Size | int:
        """The shape, or the size of dimension `dim`; IndexError where there is no such dimension."""
        if dim is None:
            return self.shape
        if not self._shape:
            wrap_dim("size", dim, 0)
            raise IndexError(f"size(): argument 'dim': dimension specified as {dim} but tensor has no dimensions")
        try:
            return self._shape[dim]
        except (IndexError, TypeError):
            return self._shape[wrap_dim("size", dim, len(self._shape))]

    @overload
    def stride(self, dim: None = None) -> Strides: ...

    @overload
    def stride(self, dim: int) -> int: ...

    def stride(self, dim: int | None = None) -> Strides | int:
        """The distance in elements between neighbours along each dimension, or along `dim`."""
        strides = self._strides
        if strides is None:
            strides = contiguous_strides(self._shape)
        if dim is None:
            return strides
        return strides[wrap_dim("stride", dim, len(strides))]

    def storage_offset(self) -> int:
        """Where the first element lies in the storage, in elements."""
        return self._offset

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    ndimension = dim

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    def numel(self) -> int:
        """The number of elements."""
        return self._numel

    nelement = numel

    def element_size(self) -> int:
        """The size of one element in bytes."""
        return self._dtype.itemsize

    @property
    def itemsize(self) -> int:
        """The size of one element in bytes."""
        return self._dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self._numel * self._dtype.itemsize

    def is_contiguous(self, memory_format: MemoryFormat | None = None) -> bool:
        """Whether the elements lie in row-major order without gaps."""
        strides = self._strides
        if memory_format is not None and memory_format.name in CHANNELS_INNERMOST:
            s, shape = self.stride(), self._shape
            if len(shape) != CHANNELS_INNERMOST[memory_format.name]:
                return False
            return is_contiguous((shape[0], *shape[2:], shape[1]), (s[0], *s[2:], s[1]))
        return strides is None or is_contiguous(self._shape, strides)

    def untyped_storage(self) -> Storage:
        """The memory under this tensor, shared with every view of it."""
        return self._own_storage()._itself()

    def storage(self) -> TypedStorage:
        """The memory under this tensor as elements of its dtype. Deprecated, as in PyTorch, which is said once: use `untyped_storage()`."""
        _warn_typed_storage_removal()
        return TypedStorage(self.untyped_storage(), self._dtype)

    def data_ptr(self) -> int:
        """The address of the first element on its device; 0 for a tensor without elements."""
        if self._numel == 0:
            return 0
        return self._own_storage().data_ptr() + self._offset * self._dtype.itemsize

    @property
    def _version(self) -> int:
        storage = self._storage
        return 0 if storage is None else storage._version

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating-point one."""
        return self._dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is a complex one."""
        return self._dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the dtype has negative values."""
        return self._dtype.is_signed

    @property
    def is_cuda(self) -> bool:
        """Whether the device type is cuda."""
        return self._device.type == "cuda"

    @property
    def is_cpu(self) -> bool:
        """Whether the device type is cpu."""
        return self._device.type == "cpu"

    @property
    def is_meta(self) -> bool:
        """Whether it has a shape but no data."""
        return self._device.type == "meta"

    @property
    def is_sparse(self) -> bool:
        """Whether the layout is sparse; no layout is, so far."""
        return False

    @property
    def is_quantized(self) -> bool:
        """Whether the dtype is quantized; none is, so far."""
        return False

    def get_device(self) -> int:
        """The device's index; -1 where the device type has none."""
        index = self._device.index
        return -1 if index is None else index

    def is_same_size(self, other: Tensor) -> bool:
        """Whether another tensor has the same shape."""
        if not isinstance(other, Tensor):
            raise TypeError(f"is_same_size(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}")
        return self._shape == other._shape

    def is_inference(self) -> bool:
        """Whether it was made under `inference_mode`."""
        return self._inference or (self._base is not None and self._base._inference)

    # Python's protocols.

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError("len() of a 0-d tensor")
        return self._shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __hash__(self) -> int:
        return id(self)

    def __format__(self, spec: str) -> str:
        if not self._shape and type(self) is Tensor and self._device.type != "meta":
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __bool__(self) -> bool:
        if self._numel != 1:
            what = "no values" if self._numel == 0 else "more than one value"
            raise RuntimeError(f"bool(): Boolean value of Tensor with {what} is ambiguous (shape {list(self._shape)})")
        return bool(self.item())

    def __float__(self) -> float:
        return float(self._real("double"))

    def __int__(self) -> int:
        return int(self._real("int64_t"))

    def _real(self, wanted: str) -> float:
        value = self._only("float" if wanted == "double" else "int")
        if isinstance(value, complex):
            if value.imag:
                raise RuntimeError(f"value cannot be converted to type {wanted} without overflow")
            return value.real
        return value

    def _only(self, wanted: str) -> Number:
        if self._numel != 1:
            raise ValueError(
                f"{wanted}(): only one element tensors can be converted to Python scalars, got {self._numel} elements (shape "
                f"{list(self._shape)})"
            )
        only: Number = self.item()
        return only

    def __complex__(self) -> complex:
        if self._numel != 1:
            raise ValueError(f"only one element tensors can be converted to Python scalars, got shape {list(self._shape)}")
        return complex(self.item())

    def __index__(self) -> int:
        if self._dtype.is_floating_point or self._numel != 1:
            raise TypeError(
                "__index__(): only integer tensors of a single element can be converted to an index, got "
                f"{self._dtype} with {self._numel} elements"
            )
        return int(self.item())

    def __contains__(self, element: object) -> bool:
        if not isinstance(element, (Tensor, int, float, bool)):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        return bool(self.eq(element).any())

    def _is_view(self) -> bool:
        return self._base is not None and not self._base._inference
