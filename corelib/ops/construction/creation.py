"""Tensors from nothing: filled, counted, or left unset. `fill` and `arange_` are primitives; the rest is shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from corelib.as_torch.warned import warn
from corelib.dispatcher.calls.elementwise import fitting_number, number
from corelib.dispatcher.calls.outs import created, of_out
from corelib.dispatcher.calls.primitive import run_primitive
from corelib.dispatcher.determinism import UNSET
from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.operands import Aside
from corelib.graph.grad_mode import grad_mode
from corelib.ops.construction.construct import _from_array, tensor
from corelib.ops.elementwise.where import select_where
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.device import DeviceLike, device as Device, resolve
from corelib.tensor.dtype import Number, dtype as DType, held, kind_name
from corelib.tensor.host import np
from corelib.tensor.layout import CHANNELS_INNERMOST, innermost_strides, layout as Layout, memory_format as MemoryFormat
from corelib.tensor.limits import iinfo
from corelib.tensor.promotion import as_dtype, get_default_dtype
from corelib.tensor.size import SMALL, Shape, Strides, contiguous_strides, integers, is_dense, permuted_strides
from corelib.tensor.tensor import Tensor


@op(kind="creation", on=())
def fill(out: Tensor, value: Number) -> None:
    """Primitive: set every element of `out` to a Python number."""
    raise KernelOnly


@op(kind="creation", on=())
def arange_(out: Tensor, start: Number, step: Number) -> None:
    """Primitive: element i of the 1-d `out` becomes `start + i * step`."""
    raise KernelOnly


def parse_size(name: str, size: Sequence[object]) -> Shape:
    """A shape from `f(2, 3)` or `f((2, 3))`; RuntimeError for negative sizes, TypeError for what is no int."""
    given: Any = size[0] if len(size) == 1 and type(size[0]) is not int else size
    if type(given) is tuple:
        for n in given:
            if type(n) is not int or not 0 <= n < SMALL:
                break
        else:
            return given
    shape = integers(name, "size", given, 1)
    for n in shape:
        if n < 0:
            raise RuntimeError(f"{name}(): Trying to create tensor with negative dimension {n}: {list(shape)}")
    return shape


def _blank(
    name: str, shape: Shape, dtype: DType | None, layout: Layout | None, device: DeviceLike, strides: Strides | None = None
) -> Tensor:
    if layout is not None and layout.name != "strided":
        raise RuntimeError(f"{name}(): argument 'layout' must be torch.strided, got {layout}")
    if dtype is None:
        dtype = get_default_dtype()
    elif not isinstance(dtype, D.dtype):
        dtype = as_dtype(name, "dtype", 2, dtype)
    place = resolve(device)
    check_dtype(name, dtype, place)
    made = Tensor._empty(place, dtype, shape, strides)
    if grad_mode.inference:
        made._inference = True
    return made


def fill_unset(t: Tensor) -> None:
    """What deterministic mode puts where nothing is set: nan, True, or the largest integer."""
    kind = t._dtype
    if t._numel and t._device.type != "meta":
        value = float("nan") if kind.is_floating_point or kind.is_complex else True if kind is D.bool else iinfo(kind).max
        run_primitive("fill", t, complex(value, 0) if kind.is_complex else value)


def check_dtype(name: str, dtype: DType, place: Device) -> None:
    """NotImplementedError for a dtype that the device's backend declares absent."""
    dtypes = (place._runtime or place.runtime).backend.dtypes  # the slot first: the property is a call on every creation's path
    if dtypes.get(dtype.name, "absent") == "absent" and held(dtype, dtypes) == "absent":
        have = ", ".join(f"torch.{n}" for n, c in dtypes.items() if c != "absent")
        advice = ". float() makes float32 of a tensor or a model" if dtype is D.float64 and "torch.float32" in have else ""
        raise NotImplementedError(f"{name}(): device {place} has no {dtype}; its dtypes are {have}{advice}")


_FILLS = ("zeros", "ones", "full", "eye", "empty", "randperm")
"""What may be written into a tensor whose elements repeat themselves, as PyTorch does not look."""


def _finish(t: Tensor, requires_grad: bool, out: Tensor | None, name: str, pin_memory: bool) -> Tensor:
    if pin_memory:
        t = t.pin_memory()
    if out is not None:
        t = created(name, t, out, keeps_shape=name in ("arange", "linspace", "logspace", "range"), overlap="unchecked" if name in _FILLS else "itself")
    return t.requires_grad_(requires_grad) if requires_grad else t


@op(kind="creation", on=("torch",))
def full(
    size: Sequence[int], fill_value: Aside[Tensor | Number], *, dtype: DType | None = None, layout: Layout | None = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False, out: Aside[Tensor | None] = None,
) -> Tensor:
    """A tensor of shape `size` with every element `fill_value`.

    dtype defaults to what the value says: bool, int64 or the default float.

    >>> import corelib as torch
    >>> torch.full((2, 2), 7)
    tensor([[7, 7],
            [7, 7]])
    """
    shape = parse_size("full", (size,))
    if out is not None:
        dtype, device = of_out("full", out, dtype, device)
    if isinstance(fill_value, Tensor):
        dtype = fill_value._dtype if dtype is None else dtype
        fill_value = fill_value.item()
    if dtype is None:
        dtype = _dtype_of(fill_value)
    t = _blank("full", shape, dtype, layout, device)
    run_primitive("fill", t, _number("full", fill_value, t))
    return _finish(t, requires_grad, out, "full", pin_memory)


def _dtype_of(value: object) -> DType | None:
    """What a number says of the dtype; None for a float, which is of the default one."""
    if isinstance(value, int):
        return D.bool if isinstance(value, bool) else D.int64
    return get_default_dtype().to_complex() if isinstance(value, complex) else None


def _number(name: str, value: object, t: Tensor) -> Number:
    """A number as an element of a tensor; PyTorch fills one element by way of float64."""
    if not isinstance(value, (bool, int, float, complex)):
        item = getattr(value, "item", None)
        if item is None:
            raise TypeError(f"{name}(): argument 'fill_value' must be Number, not {type(value).__name__}")
        found: Number = item()
        value = found
    return fitting_number(name, value, t._dtype, D.float64 if t._numel == 1 else None)


def _filler(name: str, value: int) -> Callable[..., Tensor]:
    def made(
        *size: int | Sequence[int], dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
        requires_grad: bool = False, pin_memory: bool = False, out: Tensor | None = None, **names: int | Sequence[int],
    ) -> Tensor:
        if names:
            size = _named_size(name, size, names)
        if out is not None:
            dtype, device = of_out(name, out, dtype, device)
        t = _blank(name, parse_size(name, size), dtype, layout, device)
        run_primitive("fill", t, float(value) if t._dtype.is_floating_point else bool(value) if t._dtype is D.bool else value)
        return _finish(t, requires_grad, out, name, pin_memory)

    made.__name__ = made.__qualname__ = name
    made.__doc__ = f"""A tensor of shape `size`, all {name}; dtype defaults to the default float.

    >>> import corelib as torch
    >>> torch.{name}(2)
    tensor([{value}., {value}.])
    """
    return made


def _named_size(
    name: str, size: tuple[int | Sequence[int], ...], names: dict[str, int | Sequence[int]]
) -> tuple[int | Sequence[int], ...]:
    if set(names) == {"size"} and not size:
        return (names["size"],)
    raise TypeError(f"{name}() got an unexpected keyword argument '{next(k for k in names if k != 'size')}'")


zeros, ones = public("torch")(_filler("zeros", 0)), public("torch")(_filler("ones", 1))


@public("torch")
def empty(
    *size: int | Sequence[int], dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
    requires_grad: bool = False, pin_memory: bool = False, memory_format: MemoryFormat | None = None, out: Tensor | None = None,
    **names: int | Sequence[int],
) -> Tensor:
    """A tensor of shape `size` whose elements are whatever was in its memory."""
    if names:
        size = _named_size("empty", size, names)
    if out is not None:
        dtype, device = of_out("empty", out, dtype, device)
    shape = parse_size("empty", size)
    strides = None if memory_format is None else _format_strides("empty", shape, memory_format)
    if out is not None:  # whose elements stay
        out.resize_(shape, memory_format=memory_format)
        if UNSET.filled:
            fill_unset(out)
        return out.requires_grad_(requires_grad) if requires_grad else out
    t = _blank("empty", shape, dtype, layout, device, strides)
    if UNSET.filled:
        fill_unset(t)
    return _finish(t, requires_grad, None, "empty", pin_memory)


def _format_strides(name: str, shape: Shape, memory_format: MemoryFormat) -> Strides | None:
    """The strides of a new tensor in a memory format; None for row-major, RuntimeError where the shape has no such format."""
    if memory_format.name == "contiguous_format":
        return None
    if memory_format.name not in CHANNELS_INNERMOST:
        raise RuntimeError(f"{name}(): unsupported memory format option {memory_format}; accepted are contiguous_format, {', '.join(CHANNELS_INNERMOST)}")
    strides = innermost_strides(name, shape, memory_format.name)
    return None if strides == contiguous_strides(shape) else strides


def _named_value(name: str, args: tuple[object, ...], names: dict[str, object]) -> tuple[object, ...]:
    if name == "full_like" and set(names) == {"fill_value"} and not args:
        return (names["fill_value"],)
    raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(names))}'")


def _like(name: str, make: Callable[..., None]) -> Callable[..., Tensor]:
    def like(
        input: Tensor, *args: object, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
        requires_grad: bool = False, memory_format: MemoryFormat | None = None, pin_memory: bool = False, **names: object,
    ) -> Tensor:
        if names:
            args = _named_value(name, args, names)
        if not isinstance(input, Tensor):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        place = input._device if device is None else resolve(device)
        dtype = input._dtype if dtype is None else dtype
        strides = input._strides
        if memory_format is not None and memory_format.name != "preserve_format":
            strides = _format_strides(name, input._shape, memory_format)
        elif strides is not None:
            if is_dense(input._shape, strides):
                strides = None if contiguous_strides(input._shape) == strides else strides
            else:
                strides = permuted_strides(input._shape, strides)
        t = _blank(name, input._shape, dtype, layout, place, strides)
        make(name, t, *args)
        return _finish(t, requires_grad, None, name, pin_memory)

    like.__name__ = like.__qualname__ = name
    like.__doc__ = f"""As `{name[:-5]}`, with the shape, and unless given the dtype and device, of `input`."""
    return like


def _fill_with(value: Number) -> Callable[[str, Tensor], None]:
    return lambda name, t: run_primitive("fill", t, _number(name, value, t))


zeros_like = public("torch")(_like("zeros_like", _fill_with(0)))
ones_like = public("torch")(_like("ones_like", _fill_with(1)))
empty_like = public("torch")(_like("empty_like", lambda name, t: fill_unset(t) if UNSET.filled else None))
full_like = public("torch")(_like("full_like", lambda name, t, fill_value: run_primitive("fill", t, _number(name, fill_value, t))))


def new_like(name: str, make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method `new_NAME` of a function that makes tensors."""

    def new(
        self: Tensor, *args: object, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
        requires_grad: bool = False, pin_memory: bool = False, **names: object,
    ) -> Tensor:
        return make(
            *args, dtype=self._dtype if dtype is None else dtype, layout=layout, device=self._device if device is None else device,
            requires_grad=requires_grad, pin_memory=pin_memory, **names,
        )

    new.__name__ = new.__qualname__ = "new_" + name
    new.__doc__ = f"As `corelib.{name}`, with this tensor's dtype and device unless given."
    return new


for _name, _make in (("zeros", zeros), ("ones", ones), ("empty", empty), ("full", full)):
    attach("new_" + _name, new_like(_name, _make))


def _new_tensor(
    self: Tensor, data: object, *, dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A tensor with a copy of `data`, with this tensor's dtype and device unless given."""
    return tensor(data, dtype=self._dtype if dtype is None else dtype, device=device or self._device, requires_grad=requires_grad, pin_memory=pin_memory)


attach("new_tensor", _new_tensor)


def tabulated(like: Tensor, shape: Shape, values: Callable[[], object], dtype: DType | None = None) -> Tensor:
    """A tensor of numbers that Python computes, on `like`'s device and, unless given, of its dtype; on meta they are not computed.

    shape: that of the result, whatever the nesting of what `values` returns.
    """
    if like._device.type == "meta":
        return Tensor._empty(like._device, like._dtype if dtype is None else dtype, shape)
    return tensor(values(), dtype=like._dtype if dtype is None else dtype, device=like._device).reshape(shape)


def _real(what: str, x: object) -> float:
    """An end or the step of arange: a number, or a tensor of one. TypeError for anything else."""
    if not isinstance(x, (int, float)) and getattr(x, "shape", None) == () and hasattr(x, "item"):
        x = x.item()
    if not isinstance(x, (int, float)):
        raise TypeError(f"arange(): argument '{what}' must be Number, not {type(x).__name__}")
    number(x)
    return x


@public("torch")
def arange(
    start: Tensor | float | None = None, end: Tensor | float | None = None, step: Tensor | float = 1, *, dtype: DType | None = None,
    layout: Layout | None = None, device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The numbers from `start` up to, and without, `end`, `step` apart.

    dtype defaults to int64 where all three are integers. RuntimeError for a zero step or one of the wrong sign.

    >>> import corelib as torch
    >>> torch.arange(1, 6, 2)
    tensor([1, 3, 5])
    """
    if end is None:
        start, end = 0, start
    elif start is None:
        start = 0
    if type(end) is int and type(start) is int and type(step) is int and step == 1 and 0 <= end - start < SMALL and start > -SMALL and dtype is None and out is None:
        t = _blank("arange", (end - start,), D.int64, layout, device)
        run_primitive("arange_", t, start, 1)
        return _finish(t, requires_grad, None, "arange", pin_memory)
    if end is None:
        raise TypeError("arange(): missing the argument 'end' (position 1)")
    start, end, step = _real("start", start), _real("end", end), _real("step", step)
    if step == 0:
        raise RuntimeError("arange(): argument 'step': step must be nonzero, got 0")
    if out is not None:
        dtype, device = of_out("arange", out, dtype, device)
    whole = D.int64 if all(isinstance(x, int) for x in (start, end, step)) else None
    dtype = whole if dtype is None else as_dtype("arange", "dtype", 4, dtype)
    if not all(abs(x) != float("inf") and x == x for x in (start, end, step)):
        raise RuntimeError(f"arange(): unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError(
            f"arange(): upper bound and lower bound inconsistent with step sign: start={start}, end={end}, step={step}"
        )
    if dtype is not None and not dtype.is_floating_point and dtype is not D.bool:
        length = (end - start) / step
        start, end, step = (int(fitting_number("arange", x, D.int64).real) for x in (start, end, step))
        if step == 0:
            raise ValueError(f"arange(): argument 'step': step must be nonzero for dtype {dtype}")
        n = -((start - end) // step) if dtype is D.int64 else max(ceil(length), 0)  # other dtypes are counted before they are cut
    else:
        length = (end - start) / step
        if not length < 2.0**63:
            raise RuntimeError(f"arange(): invalid size, possible overflow? (from {start} to {end}, step {step})")
        n = max(ceil(length), 0)
    t = _blank("arange", (n,), dtype, layout, device)
    if t._dtype is D.bool:
        raise NotImplementedError("arange(): \"arange_cpu\" not implemented for 'Bool'; integer and float dtypes are accepted")
    run_primitive("arange_", t, *((float(start), float(step)) if t._dtype.is_floating_point else (start, step)))
    return _finish(t, requires_grad, out, "arange", pin_memory)


@public("torch", names=("range",))
def range_(
    start: float = 0, end: float | None = None, step: float = 1, *, dtype: DType | None = None, layout: Layout | None = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False, out: Tensor | None = None,
) -> Tensor:
    """The numbers from `start` up to `end`, which is one of them where a step ends on it; the default dtype. `arange` takes its place.

    >>> import corelib as torch, warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     torch.range(1, 3)
    tensor([1., 2., 3.])
    """
    warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with Python's range builtin. "
        "Instead, use torch.arange, which produces values in [start, end).", UserWarning,
    )  # fmt: skip
    if end is None:
        raise TypeError("range(): missing the argument 'end' (position 2)")
    if step == 0:
        raise RuntimeError("range(): argument 'step': step must be nonzero, got 0")
    if not all(abs(x) != float("inf") and x == x for x in (start, end)):
        raise RuntimeError(f"range(): unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError(f"range(): upper bound and lower bound inconsistent with step sign: start={start}, end={end}, step={step}")
    count = int((end - start) / step) + 1
    made = dtype or (out.dtype if out is not None else get_default_dtype())
    return arange(
        start, start + (count - 0.5) * step, step, dtype=made, layout=layout, device=device, requires_grad=requires_grad, pin_memory=pin_memory, out=out
    )


@public("torch")
def linspace(
    start: Tensor | Number, end: Tensor | Number, steps: int, *, dtype: DType | None = None, layout: Layout | None = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False, out: Tensor | None = None,
) -> Tensor:
    """`steps` numbers evenly spaced from `start` to `end`, both included.

    RuntimeError for negative `steps`.

    >>> import corelib as torch
    >>> torch.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if steps < 0:
        raise RuntimeError(f"linspace(): number of steps must be non-negative, got {steps}")
    start, end = (x.item() if isinstance(x, Tensor) else x for x in (start, end))
    for what, x in (("start", start), ("end", end)):
        if not isinstance(x, (int, float, complex, np.number)):
            raise TypeError(f"linspace(): argument '{what}' must be Number, not {type(x).__name__}")
    if out is not None:
        dtype, device = of_out("linspace", out, dtype, device)
    turns = isinstance(start, complex) or isinstance(end, complex)
    kind = get_default_dtype().to_complex() if turns else get_default_dtype()
    dtype = kind if dtype is None else dtype
    if turns and not dtype.is_complex:
        raise RuntimeError(f"linspace(): torch.linspace(): inferred dtype {kind_name(kind)} can't be safely cast to passed dtype {kind_name(dtype)}")
    if dtype.is_floating_point:
        for x in (start, end):
            fitting_number("linspace", x, dtype)
    if dtype is D.bool and steps > 1:
        raise NotImplementedError("linspace(): \"linspace_cpu\" not implemented for 'Bool'; numbers are accepted")
    place = resolve(device)
    wide = D.float64 if place.runtime.backend.dtypes.get("float64") == "native" else D.float32
    work = dtype.to_real() if dtype.is_complex else wide if dtype is D.float32 or not dtype.is_floating_point else dtype
    if not (dtype.is_floating_point or dtype.is_complex):
        start, end = fitting_number("linspace", start, dtype), fitting_number("linspace", end, dtype)  # elements of the dtype, as every one is
    if steps < 2:
        return _finish(full((steps,), start, dtype=dtype, device=place), requires_grad, out, "linspace", pin_memory)
    # From both ends towards the middle, as PyTorch does, so that the last element is `end` exactly.
    step = (end - start) / (steps - 1)
    if dtype is D.float32:  # ends and step are its numbers, and each element is rounded once, as by PyTorch's fused operation
        low, high = np.asarray([start, end], dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            start, end, step = float(low), float(high), float((high - low) / np.float32(steps - 1))
            if steps <= 1 << 12 and place.type != "meta":  # few are written by the host
                at = np.arange(steps)
                made = np.where(at < steps // 2, at * step + start, end - (steps - 1 - at) * step).astype(np.float32)
                return _finish(_from_array(made, place, copy=False), requires_grad, out, "linspace", pin_memory)
    exact = dtype.is_floating_point and (dtype.itemsize == 2 or steps > 1 << 24)
    places = arange(steps, dtype=D.int64 if exact else work, device=place)
    i, left = (places.to(work), (places.neg() + (steps - 1)).to(work)) if exact else (places, places.neg() + (steps - 1))
    if dtype.itemsize == 2 and dtype.is_floating_point:  # each step of it is rounded, as in PyTorch
        low, high, count = [full((), x, dtype=dtype) for x in (start, end, steps - 1)]
        step = float(((high - low) / count).item())
    first = i * step + start
    last = end - left * step
    t = select_where(places < steps // 2, first, last)
    if not (dtype.is_floating_point or dtype.is_complex):
        t = t.trunc()
    return _finish(t.to(dtype), requires_grad, out, "linspace", pin_memory)


@public("torch")
def eye(
    n: int, m: int | None = None, *, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
    requires_grad: bool = False, pin_memory: bool = False, out: Tensor | None = None,
) -> Tensor:
    """The n×m matrix with ones on its diagonal.

    >>> import corelib as torch
    >>> torch.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    m = n if m is None else m
    for what, x in (("n", n), ("m", m)):
        if x < 0:
            raise RuntimeError(f"eye(): {what} must be greater or equal to 0, got {x}")
    if out is not None:
        dtype, device = of_out("eye", out, dtype, device)
    t = zeros(n, m, dtype=dtype, layout=layout, device=device)
    if n and m:
        diagonal = t._as_view((min(n, m),), (m + 1,), 0, min(n, m))
        run_primitive("fill", diagonal, _number("eye", 1, t))
    return _finish(t, requires_grad, out, "eye", pin_memory)


@public("torch")
def scalar_tensor(
    s: Tensor | Number, *, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:
    """A 0-d tensor that holds one number."""
    t = full((), s, dtype=get_default_dtype() if dtype is None else dtype, layout=layout, device=device, pin_memory=pin_memory)
    return t.requires_grad_(requires_grad) if requires_grad else t
