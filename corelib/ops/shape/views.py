"""Views in another shape: ops that change only shape, strides and offset, so no backend has a kernel for them.

Views that choose elements are in slicing.py, views in another order of dimensions in permutation.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeVar

from corelib.dispatcher.calls.primitive import COPY
from corelib.dispatcher.declare import op
from corelib.dispatcher.modes import active
from corelib.dispatcher.op import TABLE
from corelib.graph.edges import summed
from corelib.graph.grad_mode import off
from corelib.tensor.base import attach
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.promotion import as_dtype
from corelib.tensor.size import LEAST, MOST, SMALL, Dims, Size, contiguous_strides, integers, view_strides, wrap_dim
from corelib.tensor.tensor import Tensor

T = TypeVar("T")


def spread(given: tuple[T, ...]) -> list[T]:
    """The arguments of `f(a, b)`, or of `f([a, b])`."""
    only: object = given[0] if len(given) == 1 else None
    return list(only if isinstance(only, (list, tuple)) else given)


def method_with_varargs(name: str, entry: Callable[..., Tensor]) -> None:
    """Let the method take `x.f(2, 3)` as well as `x.f((2, 3))`."""

    what = TABLE[name].params[1]
    if TABLE[name].kind == "view":
        body: Callable[..., Tensor] = TABLE[name].body

        def method(self: Tensor, *size: int | Sequence[int], named: Sequence[int] | None = None) -> Tensor:
            if not size:
                if named is None:
                    raise TypeError(f"{name}() missing 1 required positional argument: '{what}'")
                size = (named,)
            given: Any = size[0] if len(size) == 1 and type(size[0]) is not int else size
            if type(given) is Size:
                given = tuple(given)
            elif type(given) is tuple:
                for n in given:
                    if type(n) is not int or not LEAST < n < SMALL:
                        given = integers(name, what, given, 1)
                        break
            else:
                given = integers(name, what, given, 1)
            return entry(self, given) if self._requires_grad or active.count or off else body(self, given)
    else:

        def method(self: Tensor, *size: int | Sequence[int], named: Sequence[int] | None = None) -> Tensor:
            if not size:
                if named is None:
                    raise TypeError(f"{name}() missing 1 required positional argument: '{what}'")
                size = (named,)
            return entry(self, size[0] if len(size) == 1 and type(size[0]) is not int else size)

    code = method.__code__
    by_name = {"named": what, "size": "sizes"}
    method.__code__ = code.replace(co_varnames=tuple([by_name.get(n, n) for n in code.co_varnames]))
    method.__kwdefaults__ = {what: None}
    method.__annotations__ = {by_name.get(n, n): note for n, note in method.__annotations__.items()}
    method.__name__ = method.__qualname__ = name
    method.__doc__ = entry.__doc__
    attach(name, method)


def filled_size(name: str, input: Tensor, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with its -1 worked out; RuntimeError where the number of elements does not fit."""
    known = 1
    unknown = None
    for i, n in enumerate(shape):
        if n < 0:
            if n != -1:
                raise RuntimeError(f"{name}(): invalid shape dimension {n} at index {i} of shape {list(shape)}")
            if unknown is not None:
                raise RuntimeError(f"{name}(): only one dimension can be inferred, got shape {list(shape)}")
            unknown = i
        else:
            known *= n
    numel = input._numel
    if unknown is None:
        if known != numel:
            raise RuntimeError(f"{name}(): shape '{list(shape)}' is invalid for input of size {numel}")
        return shape
    if known == 0:
        if numel == 0:
            raise RuntimeError(
                f"{name}(): cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension "
                "size -1 can be any value and is ambiguous"
            )
        raise RuntimeError(f"{name}(): shape '{list(shape)}' is invalid for input of size {numel}")
    if numel % known:
        raise RuntimeError(f"{name}(): shape '{list(shape)}' is invalid for input of size {numel}")
    return (*shape[:unknown], numel // known, *shape[unknown + 1 :])


def counted(name: str, shape: tuple[int, ...]) -> int:
    """The number of elements of a view that repeats some; RuntimeError where 64 bits do not hold it."""
    n = prod(shape)
    if n > MOST:
        raise RuntimeError(f"{name}(): numel: integer multiplication overflow for sizes {list(shape)}")
    return n


_ONE = (1,)


@op(kind="view", on=(), vjp=lambda g, input_shape: g.reshape(input_shape))
def view(input: Tensor, size: int | Sequence[int]) -> Tensor:
    """The same memory in another shape; one size may be -1. RuntimeError where the strides do not allow it.

    >>> import corelib as torch
    >>> torch.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    numel = input._numel
    if input._strides is None and type(size) is tuple and size:
        known = prod(size)
        if known == numel and type(known) is int and min(size) >= 0:  # nothing to work out
            return input._as_view(size, None, input._offset, numel)
    shape = filled_size("view", input, size if type(size) is tuple else integers("view", "size", size, 1))
    if input._strides is None:
        return input._as_view(shape, None, input._offset, input._numel)
    strides = view_strides(input._shape, input.stride(), shape)
    if strides is None:
        raise RuntimeError(
            f"view(): view size is not compatible with input tensor's size and stride (size {list(input._shape)}, stride "
            f"{list(input.stride())}, wanted {list(shape)}): at least one dimension spans across two contiguous subspaces. "
            "Use .reshape(...) instead."
        )
    return input._as_view(shape, strides, input._offset, input._numel)


@op(aliases=())
def reshape(input: Tensor, shape: int | Sequence[int]) -> Tensor:
    """Another shape: a view where the strides allow it, else a copy. One size may be -1.

    >>> import corelib as torch
    >>> torch.arange(6).reshape(3, 2).t().reshape(6)
    tensor([0, 2, 4, 1, 3, 5])
    """
    wanted = filled_size("reshape", input, shape if type(shape) is tuple else integers("reshape", "shape", shape, 1))
    recorded = input._requires_grad or active.count or off
    if input._strides is None and not recorded:
        return input._as_view(wanted, None, input._offset, input._numel)
    if input._strides is None or view_strides(input._shape, input._strides, wanted) is not None:
        return view(input, wanted) if recorded else TABLE["view"].body(input, wanted)
    if not recorded:  # the same without the calls: what was copied into is seen in the other shape
        made = Tensor._empty(input._device, input._dtype, input._shape)
        COPY.value(made, input)
        made._own_storage()
        made._native, made._shape = None, wanted
        return made
    made = view(input.contiguous(), wanted)
    made._base = None  # the copy is nobody else's
    return made


method_with_varargs("view", view)
_view_shape: Callable[..., Tensor] = Tensor.view


def _view_method(
    self: Tensor, *sizes: int | Sequence[int] | DType, size: Sequence[int] | None = None, dtype: DType | None = None
) -> Tensor:
    """The same memory in another shape, or, given a dtype, seen as elements of that."""
    if sizes and dtype is None:
        first = sizes[0]
        if type(first) is int or type(first) is tuple or not isinstance(first, (DType, type)):
            return _view_shape(self, *sizes)
        dtype = as_dtype("view", "dtype", 1, first)
    return _view_shape(self, *sizes, size=size) if dtype is None else view_as_dtype(self, dtype)


attach("view", _view_method)


def view_as_dtype(input: Tensor, dtype: DType) -> Tensor:
    """The same bytes as elements of another dtype; the last dimension grows or shrinks with the element size."""
    old, new = input._dtype.itemsize, dtype.itemsize
    shape, strides, offset = input._shape, input.stride(), input._offset
    if old != new:
        if not shape:
            raise RuntimeError(f"view(): self.dim() cannot be 0 to view {input._dtype} as {dtype} (different element sizes)")
        if strides[-1] != 1:
            raise RuntimeError(f"view(): self.stride(-1) must be 1 to view {input._dtype} as {dtype} (different element sizes), but got {strides[-1]}")
        if old > new:
            k = old // new
            shape, strides, offset = (*shape[:-1], shape[-1] * k), (*[s * k for s in strides[:-1]], 1), offset * k
        else:
            k = new // old
            for what, x in (("self.size(-1)", shape[-1]), ("self.storage_offset()", offset), *(("self.stride", s) for s in strides[:-1])):
                if x % k:
                    raise RuntimeError(f"view(): {what} must be divisible by {k} to view {input._dtype} as {dtype} (different element sizes), but got {x}")
            shape, strides, offset = (*shape[:-1], shape[-1] // k), (*[s // k for s in strides[:-1]], 1), offset // k
    if input._key.lazy:
        bit = "conjugate view tensors" if input._key.conj else "tensors with negative bit set"
        raise RuntimeError(f"view(): torch.Tensor.view is not supported for {bit} when converting to a different dtype.")
    return Tensor._make(input._own_storage(), dtype, shape, strides, offset)  # no view for autograd, as in PyTorch


method_with_varargs("reshape", reshape)


@op(kind="view", on=(), vjp=lambda g: g)
def alias(input: Tensor) -> Tensor:
    """The whole tensor as a view of itself: what `x[:]` is."""
    return input._as_view(input._shape, input._strides, input._offset, input._numel)


@op(kind="view", on=(), vjp=lambda g, input_shape: summed(g, input_shape))
def expand(input: Tensor, size: int | Sequence[int]) -> Tensor:
    """A view in which dimensions of size 1 are repeated without memory (stride 0); -1 keeps a size.

    >>> import corelib as torch
    >>> torch.tensor([[1], [2]]).expand(-1, 3).stride()
    (1, 0)
    """
    to = size if type(size) is tuple else integers("expand", "size", size, 1)
    shape = input._shape
    if not shape and 1 not in to and -1 not in to:
        return input._as_view(to, (0,) * len(to), input._offset, counted("expand", to))
    strides = input._strides
    if strides is None:
        strides = contiguous_strides(shape)
    lead = len(to) - len(shape)
    if lead == 0:  # the same number of dimensions, each kept or repeated: anything else is explained below
        steps = [s if n == m else 0 if m == 1 and n >= 0 else -1 for n, m, s in zip(to, shape, strides)]
        if -1 not in steps:
            return input._as_view(to, tuple(steps), input._offset, counted("expand", to))
    if lead < 0:
        raise RuntimeError(
            f"expand(): the number of sizes provided ({len(to)}) must be greater or equal to the number of dimensions in "
            f"the tensor ({len(shape)}); got size {list(to)} for shape {list(shape)}"
        )
    out_shape, out_strides = list(to), [0] * len(to)
    for i in range(len(to) - 1, -1, -1):
        n = to[i]
        if i < lead:
            if n < 0:
                raise RuntimeError(
                    f"expand(): The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}"
                )
            # A new dimension strides over all that lies inside it, as PyTorch counts it.
            out_strides[i] = 0 if n != 1 else (out_shape[i + 1] * out_strides[i + 1] if i + 1 < len(to) else 1)
            continue
        have = shape[i - lead]
        if n == -1 or n == have:
            out_shape[i], out_strides[i] = have, strides[i - lead]
        elif have != 1 or n < 0:
            raise RuntimeError(
                f"expand(): The expanded size of the tensor ({n}) must match the existing size ({have}) at non-singleton "
                f"dimension {i}. Target sizes: {list(to)}. Tensor sizes: {list(shape)}"
            )
    made = tuple(out_shape)
    return input._as_view(made, tuple(out_strides), input._offset, counted("expand", made))


method_with_varargs("expand", expand)


@op(kind="view", vjp=lambda g, input_shape: g.reshape(input_shape))
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A view with a new dimension of size 1 at `dim`.

    >>> import corelib as torch
    >>> torch.zeros(2).unsqueeze(-1).shape
    torch.Size([2, 1])
    """
    shape = input._shape
    ndim = len(shape)
    at = dim if 0 <= dim <= ndim else wrap_dim("unsqueeze", dim, ndim + 1)
    strides = input._strides
    if at == 0 and shape:
        return input._as_view(_ONE + shape, None if strides is None else (shape[0] * strides[0], *strides), input._offset, input._numel)
    made = shape[:at] + _ONE + shape[at:]
    if strides is not None:
        strides = strides[:at] + ((shape[at] * strides[at],) if at < ndim else _ONE) + strides[at:]
    return input._as_view(made, strides, input._offset, input._numel)


def _squeeze_form(input: Tensor, dim: Dims) -> tuple[str, tuple[int, ...]]:
    return f"SqueezeBackward{0 if dim is None else 1 if isinstance(dim, int) else 2}", (0,)


@op(kind="view", vjp=lambda g, input_shape: g.reshape(input_shape), grad_name=_squeeze_form)
def squeeze(input: Tensor, dim: Dims = None) -> Tensor:
    """A view without the dimensions of size 1: all of them, or those of `dim` (an int or several) that have size 1.

    >>> import corelib as torch
    >>> torch.zeros(1, 2, 1).squeeze(0).shape
    torch.Size([2, 1])
    """
    shape, strides = input._shape, input._strides
    if strides is None:
        strides = contiguous_strides(shape)
    ndim = len(shape)
    if type(dim) is int and -ndim <= dim < ndim:
        if shape[dim] != 1:
            return input._as_view(shape, strides, input._offset, input._numel)
        at = dim if dim >= 0 else dim + ndim
        return input._as_view(
            shape[:at] + shape[at + 1 :], strides[:at] + strides[at + 1 :], input._offset, input._numel
        )
    if dim is None:
        drop = {i for i, n in enumerate(shape) if n == 1}
    else:
        dims = (dim,) if isinstance(dim, int) else tuple(dim)
        drop = {d for d in (wrap_dim("squeeze", d, len(shape)) for d in dims) if d < len(shape) and shape[d] == 1}
    keep = [i for i in range(len(shape)) if i not in drop]
    return input._as_view(
        tuple([shape[i] for i in keep]), tuple([strides[i] for i in keep]), input._offset, input._numel
    )
