"""Copies: between dtypes, devices and strides. `copy` is the primitive; it casts and takes any strides."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TYPE_CHECKING

from corelib.dispatcher.calls.fallback import missing
from corelib.dispatcher.calls.inplace import check_writable
from corelib.dispatcher.calls.outcome import after, next_computed
from corelib.dispatcher.calls.primitive import COPY, apart, as_bytes, refuse_shared, run_primitive
from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import TABLE, Op
from corelib.dispatcher.warned import warn
from corelib.graph.grad_mode import grad_mode, no_grad
from corelib.graph.inplace import adopt, before_change
from corelib.graph.tangents import FORWARD, tangent_of
from corelib.ops.construction.creation import _number, check_dtype, full_like
from corelib.ops.construction.legacy import TensorType, dtype_of
from corelib.ops.conversion.pinning import copied_later
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.device import DeviceLike, device as Device, resolve
from corelib.tensor.dtype import Number, dtype as DType, kind_name
from corelib.tensor.layout import (
    CHANNELS_INNERMOST, contiguous_format, innermost_strides, memory_format as MemoryFormat,
)
from corelib.tensor.promotion import as_dtype
from corelib.tensor.size import Strides, broadcast_shapes, contiguous_strides, is_dense, permuted_strides
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:
    from corelib.dispatcher.streams import Stream


@op(kind="creation", on=())
def copy(out: Tensor, input: Tensor) -> None:
    """Primitive: `out` takes the elements of `input`, cast to its dtype; any strides, broadcast to `out`'s shape."""
    raise KernelOnly


_COPY = TABLE["copy"]


@COPY.fill
def copy_elements(out: Tensor, input: Tensor) -> None:
    """Copy elements into an existing tensor, across dtypes and devices; nothing is checked or recorded."""
    if out._numel == 0:
        return
    if out._device is not input._device:
        _copy_across(out, input)
        return
    if input._dtype is not out._dtype:
        if input._dtype in D.HELD or out._dtype in D.HELD:
            kind = input._dtype if input._dtype in D.HELD else out._dtype
            raise NotImplementedError(f"copy_(): \"copy_\" not implemented for '{kind_name(kind)}': its elements are no numbers; view(torch.uint8) has their bytes")
        if input._dtype.is_complex is not out._dtype.is_complex:
            _copy_part(out, input)
            return
    table = _COPY.kernels.get(out._key)
    kernel = None if table is None else table.get(out._dtype)
    if kernel is None:
        if out._key.lazy:
            _copy_unresolved(out, input)
            return
        if out._dtype in D.HELD:
            copy_elements(as_bytes(out), as_bytes(input))
            return
        kernel = missing(_COPY, out._device, out._dtype, (out, input))  # raises: a primitive has no body
    if input._shape != out._shape and not out._device.runtime.strided_any:
        input = input.expand(out._shape)
    target, source = out._native, input._native
    if target is None:
        target = out._array()
    if source is None:
        source = input._array()
    try:
        got = kernel(target, source)
    except Exception as error:
        got = after(error, _COPY, out._device, (target, source), partial(kernel, target, source))
    if got is not None and got is not target and not next_computed(_COPY, out._device, out._dtype, got, target, source):
        missing(_COPY, out._device, out._dtype, (out, input))  # raises: a primitive has no body


def _copy_unresolved(out: Tensor, input: Tensor) -> None:
    """Into a tensor that shows its memory conjugated or negated: the memory takes the elements turned in the same way."""
    key = out._key
    with no_grad():
        if input._dtype is not out._dtype:
            input = to_copy(input, out._dtype, out._device)
        if key.neg:
            input = input._neg_view()
        if key.conj:
            input = input.conj()
    copy_elements(out._unresolved(), input)


def _copy_part(out: Tensor, input: Tensor) -> None:
    """Between complex and real numbers: the real parts, or for bool whether a number is not 0."""
    with no_grad():
        if out._dtype.is_complex:
            out.imag.fill_(0)
            copy_elements(out.real, input)
        elif out._dtype is D.bool:
            copy_elements(out, input != 0)
        else:
            copy_elements(out, input.real)


def _copy_across(out: Tensor, input: Tensor) -> None:
    """Between devices: cast on the source where it can, then bytes, through the host where the backend has no other way."""
    if input._device.type == "meta":
        raise NotImplementedError(f"to(): Cannot copy out of meta tensor; no data! (to device {out._device})")
    if out._device.type == "meta":
        return
    if input._dtype is not out._dtype:
        input = to_copy(input, out._dtype, input._device)
    if input._shape != out._shape:
        input = input.expand(out._shape)
    if input._strides is not None or input._offset or input._key.lazy:
        input = input.clone(memory_format=contiguous_format)
    staged = out if out._strides is None and not out._key.lazy else Tensor._empty(out._device, out._dtype, out._shape)
    out._device.runtime.bring(
        staged._own_storage()._raw, staged._offset * out._dtype.itemsize, input._device.runtime,
        input._own_storage()._raw, input._offset * input._dtype.itemsize, input.nbytes,
    )  # fmt: skip
    if staged is not out:
        copy_elements(out, staged)


def _back(g: Tensor, input: Tensor) -> Tensor:
    if g._dtype.is_complex and not input._dtype.is_complex:
        g = g.real
    return g.to(device=input._device, dtype=input._dtype)


@op(on=(), grad_name="ToCopyBackward0", vjp=lambda g, input: _back(g, input))
def to_copy(input: Tensor, dtype: DType, device: Device, memory_format: MemoryFormat | None = None) -> Tensor:
    """A copy with another dtype or on another device; dense strides are kept."""
    made = Tensor._empty(device, dtype, input._shape, kept_strides(input, memory_format))
    copy_elements(made, input)
    return made


TABLE["to_copy"].rule.geometry_only = True


def channels_last_strides(t: Tensor, format: str) -> Strides | None:
    """The strides of a tensor with the channels innermost; None for row-major, RuntimeError for another number of dimensions."""
    found = innermost_strides("contiguous", t._shape, format)
    return None if found == contiguous_strides(t._shape) else found


def kept_strides(t: Tensor, memory_format: MemoryFormat | None = None) -> Strides | None:
    """The strides of a copy that preserves the order of dimensions; None for row-major."""
    if memory_format is not None and memory_format.name in CHANNELS_INNERMOST:
        return channels_last_strides(t, memory_format.name)
    strides = t._strides
    if strides is None or (memory_format is not None and memory_format.name == "contiguous_format"):
        return None
    if is_dense(t._shape, strides):
        return None if t.is_contiguous() else strides
    return permuted_strides(t._shape, strides)


@op(vjp=lambda g: g)
def clone(input: Tensor, *, memory_format: MemoryFormat | None = None) -> Tensor:
    """A copy with memory of its own; gradients flow through it.

    memory_format: `preserve_format` (default) keeps dense strides, `contiguous_format` gives row-major ones.

    >>> import corelib as torch
    >>> x = torch.zeros(2); y = x.clone(); y[0] = 1; x
    tensor([0., 0.])
    """
    made = Tensor._empty(input._device, input._dtype, input._shape, kept_strides(input, memory_format))
    copy_elements(made, input)
    return made


def contiguous(self: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """This tensor if it is row-major contiguous, else a copy that is."""
    if memory_format is not None and not isinstance(memory_format, MemoryFormat):
        raise TypeError(f"contiguous(): argument 'memory_format' must be torch.memory_format, not {type(memory_format).__name__}")
    if memory_format is not None and memory_format.name in CHANNELS_INNERMOST:
        if channels_last_strides(self, memory_format.name) == self._strides or self.is_contiguous(memory_format):
            return self
        return clone(self, memory_format=memory_format)
    if self._strides is None or self.is_contiguous():
        return self
    return clone(self, memory_format=contiguous_format)


attach("contiguous", contiguous)


@op(on=("torch", "Tensor"))
def detach(input: Tensor) -> Tensor:
    """The same memory outside the graph: in-place changes are shared, gradients are not."""
    made = input._alias()
    if input._inference:
        made._inference = True
    return made


def detach_(self: Tensor) -> Tensor:
    """Take this tensor out of the graph in place; RuntimeError for views."""
    if self._base is not None:
        raise RuntimeError("detach_(): Can't detach views in-place. Use detach() instead.")
    self._edge = None
    self._requires_grad = False
    return self


attach("detach_", detach_)


def to(self: Tensor, *args: object, **kwargs: object) -> Tensor:
    """This tensor with another dtype or device: `to(dtype)`, `to(device)`, `to(device, dtype)`, `to(other)`.

    Keywords: dtype, device, non_blocking (default False), copy (default False), memory_format. Returns this very tensor
    where nothing changes and `copy` is False.
    """
    dtype, device, copy_ = kwargs.get("dtype"), kwargs.get("device"), kwargs.get("copy", False)
    memory_format, later = kwargs.get("memory_format"), kwargs.get("non_blocking", False)
    unknown = set(kwargs) - {"dtype", "device", "non_blocking", "copy", "memory_format", "other"}
    if unknown:
        raise TypeError(f"to() got an unexpected keyword argument '{sorted(unknown)[0]}'")
    if "other" in kwargs:
        args = (kwargs["other"], *args)
    rest = list(args)
    if rest:
        first = rest.pop(0)
        if isinstance(first, (D.dtype, type)):
            dtype = as_dtype("to", "dtype", 1, first)
        elif isinstance(first, Tensor):
            dtype, device = first._dtype, first._device
        elif first is None or isinstance(first, (str, int, Device)):
            device = first
            if rest and (isinstance(rest[0], (D.dtype, type)) or rest[0] is None):
                dtype = rest.pop(0)
        else:
            raise TypeError(
                f"to(): received an invalid argument of type {type(first).__name__}; accepted are a dtype, a device, a "
                "device and a dtype, or a Tensor"
            )
        if rest:  # non_blocking, copy
            later, copy_ = rest[0], rest[1] if len(rest) > 1 else copy_
    if type(later) is not bool or type(copy_) is not bool:
        raise TypeError(f"to(): arguments 'non_blocking' and 'copy' must be bool, not {type(later).__name__} and {type(copy_).__name__}")
    if dtype is not None and not isinstance(dtype, D.dtype):
        dtype = as_dtype("to", "dtype", 1, dtype)
    if memory_format is not None and not isinstance(memory_format, MemoryFormat):
        raise TypeError(f"to(): argument 'memory_format' must be torch.memory_format, not {type(memory_format).__name__}")
    if memory_format is not None and memory_format.name == "preserve_format":
        memory_format = None
    dtype = dtype or self._dtype
    place = self._device if device is None else resolve(device)
    if dtype is self._dtype and place is self._device and not copy_:
        return self if memory_format is None else contiguous(self, memory_format)
    if place is not self._device or dtype is not self._dtype:
        check_dtype("to", dtype, place)
    if self._dtype.is_complex and not dtype.is_complex and dtype is not D.bool:
        warn("Casting complex values to real discards the imaginary part", UserWarning)
    if later and place is not self._device and memory_format is None:
        made = copied_later(self, dtype, place)
        if made is not None:
            return made
    return to_copy(self, dtype, place, memory_format)


attach("to", to)


def cpu(self: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """This tensor on the CPU."""
    return to(self, "cpu", memory_format=memory_format)


def cuda(self: Tensor, device: DeviceLike = None, non_blocking: bool = False, memory_format: MemoryFormat | None = None) -> Tensor:
    """This tensor on a cuda device."""
    return to(self, "cuda" if device is None else device, non_blocking=non_blocking, memory_format=memory_format)


attach("cpu", cpu)
attach("cuda", cuda)


def record_stream(self: Tensor, stream: Stream) -> None:
    """Say that a stream uses this tensor: its memory is given to others only after what is in that stream when it is freed.

    On a device that is done with everything when a call returns there is nothing to say.
    """
    if stream._runtime.backend.asynchronous:
        stream._runtime.allocator.seen_in(self._own_storage()._raw, stream.queue)


attach("record_stream", record_stream)


def _converter(dtype: DType, name: str) -> Callable[..., Tensor]:
    def convert(self: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
        return self if self._dtype is dtype and memory_format is None else to(self, dtype, memory_format=memory_format)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"This tensor as {dtype}."
    return convert


for _name in ("half", "bfloat16", "float", "double", "short", "int", "long", "bool", "cfloat", "cdouble"):
    attach(_name, _converter(getattr(D, _name), _name))
for _name, _dtype in (("byte", D.uint8), ("char", D.int8)):
    attach(_name, _converter(_dtype, _name))


def type_(self: Tensor, dtype: DType | type[object] | str | None = None, non_blocking: bool = False) -> Any:
    """This tensor as another dtype, or, without one, the name of its type."""
    if dtype is None:
        module = "torch" if self._device.type == "cpu" else f"torch.{self._device.type}"
        return f"{module}.{kind_name(self._dtype)}Tensor"
    name = dtype if isinstance(dtype, str) else f"{dtype.__module__}.{dtype.__name__}" if isinstance(dtype, TensorType) else ""
    if name.startswith("torch.cuda."):
        return to(self, "cuda", dtype_of(f"torch.{name[11:]}"))
    return to(self, dtype_of(dtype))


attach("type", type_)


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor with the dtype and device of another."""
    if not isinstance(other, Tensor):
        raise TypeError(f"type_as(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}")
    return to(self, other)


attach("type_as", type_as)


@op(on=(), grad_name="CopyBackwards", vjp={"src": lambda g: g})
def copied(input: Tensor, src: Tensor) -> Tensor:
    """What `input.copy_(src)` leaves in `input`."""
    made = Tensor._empty(input._device, input._dtype, input._shape)
    copy_elements(made, src)
    return made


def _recorded(op: Op, self: Tensor, value: Tensor | Number) -> Tensor:
    """An in-place change as the graph sees it: the tensor becomes what an op of it and the value gives."""
    before = before_change(op.rule, self, (value,))
    result: Tensor = op.entry(before, value)
    copy_elements(self, result)
    self._bump()
    adopt(op.rule, self, result, before)
    return self


def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Copy the elements of `src`, broadcast and cast, into this tensor in place."""
    if not isinstance(src, Tensor):
        if not isinstance(src, (int, float, complex)):
            raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}")
        return self.fill_(src)
    if src._dtype.is_complex and not self._dtype.is_complex:
        warn("Casting complex values to real discards the imaginary part")
    check_writable("copy_", self)
    if src._shape != self._shape and broadcast_shapes(self._shape, src._shape) != self._shape:
        raise RuntimeError(
            f"copy_(): output with shape {list(self._shape)} doesn't match the broadcast shape of src {list(src._shape)}"
        )
    shared = src is not self and src._shares(self)
    if shared:
        refuse_shared("copy_", self, (src,), marked=True)
    tangent = None if FORWARD.mode is None else tangent_of(src)
    if grad_mode.enabled and (self._requires_grad or src._requires_grad):
        _recorded(TABLE["copied"], self, src)
    else:
        copy_elements(self, apart(self, src) if shared else src)
        self._bump()
    if FORWARD.mode is not None:
        FORWARD.mode.overwrite(self, tangent)
    return self


attach("copy_", copy_)


@op(on=(), grad_name="FillBackward0", vjp=lambda g: g.new_zeros(g.shape))
def filled(input: Tensor, value: Number) -> Tensor:
    """What `input.fill_(value)` leaves in `input`."""
    return full_like(input, value)


@public("torch", names=("fill",))
def filled_with(input: Tensor, value: Tensor | Number) -> Tensor:
    """A tensor of the input's shape, dtype and device with one value, a number or a 0-d tensor; the input's gradient is 0.

    >>> import corelib as torch
    >>> torch.fill(torch.ones(2), 3)
    tensor([3., 3.])
    """
    if isinstance(value, Tensor):
        return fill_(input * 0, value)
    return filled(input, value)


def fill_(self: Tensor, value: Tensor | Number) -> Tensor:
    """Set every element in place."""
    if isinstance(value, Tensor):
        check_writable("fill_", self)
        if value._shape:
            raise RuntimeError(
                f"fill_(): only supports 0-dimension value tensor but got tensor with {len(value._shape)} dimensions."
            )
        return copy_(self, value.clone() if value._shares(self) else value)
    if FORWARD.mode is not None:
        FORWARD.mode.overwrite(self, None)
    check_writable("fill_", self, "accepted")  # one value written twice is the same value
    if grad_mode.enabled and self._requires_grad:
        return _recorded(TABLE["filled"], self, value)
    if self._numel:
        run_primitive("fill", self, _number("fill_", value, self))
    self._bump()
    return self


def zero_(self: Tensor) -> Tensor:
    """Set every element to zero in place."""
    return fill_(self, 0)


attach("fill_", fill_)
attach("zero_", zero_)


@op(on=(), vjp={"made": lambda g: g, "input": lambda g, input: input.new_zeros(input._shape)})
def constant_in(made: Tensor, input: Tensor) -> Tensor:
    """What was made, as a function of `input` that does not change with it: it belongs to the graph, with a gradient of 0."""
    return made.clone()


def unmoved_by(input: Tensor, made: Tensor) -> Tensor:
    """What was made, which does not change with `input`; part of the graph where `input` is."""
    return constant_in(made, input) if input._requires_grad else made
