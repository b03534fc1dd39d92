"""Shapes and strides as plain integer arithmetic, `Size`, what `Tensor.shape` returns, and integers as arguments.

An int, NumPy's integers, whatever has `__index__`, and a tensor of one integer are integers; bool, float, str and None are none.
In a sequence a bool may stand behind the first place, where it counts as 0 or 1. An integer must fit in 64 bits. The usual
arguments are ints, so callers look at the type themselves and come here with the rest:

    if type(k) is not int or not LEAST < k < SMALL:
        k = integer("topk", "k", k, 2)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any, SupportsIndex, TypeAlias, overload

Shape: TypeAlias = tuple[int, ...]
"""The size of each dimension."""
Strides: TypeAlias = tuple[int, ...]
"""How far apart, in elements, neighbours along each dimension lie."""
Dims: TypeAlias = int | Sequence[int] | None
"""One dimension, several, or all."""


SMALL = 2**29
LEAST = -SMALL  # a look-up, where `-SMALL` makes an object
"""Within this, Python compares an int at once: the frequent check, which spares most calls the exact one."""
_LIMIT = 2**63
MOST = _LIMIT - 1
NATIVE_DIMS = 64
"""How many dimensions a native array may have: NumPy's bound."""


def integer(op: str, argument: str, value: Any, position: int = 0) -> int:
    """An argument as an int. TypeError for what is no integer, ValueError for what does not fit in 64 bits.

    >>> import numpy
    >>> integer("topk", "k", numpy.int64(3))
    3
    """
    found = plain(value)
    if found is None:
        raise TypeError(f"{_named(op, argument, position)} must be int, not {type(value).__name__}")
    if not -_LIMIT <= found < _LIMIT:
        raise ValueError(f"{_named(op, argument, position)}: Overflow when unpacking long long (got {found}, which does not fit in 64 bits)")
    return found


def integers(op: str, argument: str, value: Any, position: int = 0, *, single: bool = True, holes: bool = False) -> tuple[int, ...]:
    """An argument as a tuple of ints; `single`: it may be one int; `holes`: some may be None. TypeError for anything else.

    >>> integers("zeros", "size", [2, True])
    (2, 1)
    """
    if not isinstance(value, (tuple, list)):
        found = plain(value) if single else None
        if found is None:
            raise TypeError(f"{_named(op, argument, position)} must be tuple of ints, not {type(value).__name__}")
        value = (found,)
    out: list[Any] = []
    for at, each in enumerate(value):
        n = each if type(each) is int else plain(each) if each is not None else None
        if n is None and type(each) is bool and at:
            n = int(each)
        if n is None and not (holes and each is None):
            kind = type(each).__name__
            if at == 0:
                raise TypeError(f"{_named(op, argument, position)} must be tuple of ints, but found element of type {kind} at pos 0")
            raise TypeError(
                f"{op}(): argument '{argument}' failed to unpack the object at pos {at + 1} with error \"type must be tuple of ints,but got {kind}\""
            )
        if n is not None and not -_LIMIT <= n < _LIMIT:
            raise TypeError(f"{op}(): argument '{argument}' failed to unpack the object at pos {at + 1} with error \"Overflow when unpacking long long\"")
        out.append(n)
    return tuple(out)


def plain(value: Any) -> int | None:
    """The int that a value stands for, or None."""
    if type(value) is int:
        return value
    dtype = getattr(value, "dtype", None)
    if isinstance(value, bool) or getattr(dtype, "name", "") == "bool" or not hasattr(value, "__index__"):
        return None
    try:
        return int(value.__index__())
    except TypeError:  # an array or a tensor of several elements, or of floats
        return None


def _named(op: str, argument: str, position: int) -> str:
    return f"{op}(): argument '{argument}'" + (f" (position {position})" if position else "")


class Size(tuple[int, ...]):
    """A tensor's shape: a tuple of ints with `numel()`.

    >>> import corelib as torch
    >>> torch.Size([2, 3]).numel()
    6
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable[SupportsIndex] = ()) -> Size:
        given = tuple(sizes)
        for n in given:
            if type(n) is not int:
                return tuple.__new__(cls, [_item(at, n) for at, n in enumerate(given)])
        return tuple.__new__(cls, given)

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return prod(self)

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> Size: ...

    def __getitem__(self, index: SupportsIndex | slice) -> int | Size:
        if isinstance(index, slice):
            return tuple.__new__(Size, tuple.__getitem__(self, index))
        return tuple.__getitem__(self, index)

    def __add__(self, other: Any) -> Size:
        if not isinstance(other, tuple):
            raise TypeError(f"can only concatenate tuple (not {type(other).__name__}) to torch.Size")
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: Any) -> Size:
        if not isinstance(other, tuple):
            raise TypeError(f"can only concatenate tuple (not {type(other).__name__}) to torch.Size")
        return Size(tuple.__add__(other, self))

    def __mul__(self, times: SupportsIndex) -> Size:
        return tuple.__new__(Size, tuple.__mul__(self, times))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple[object, tuple[Shape]]:
        return Size, (tuple(self),)


def _item(at: int, n: object) -> int:
    """One of a Size's ints."""
    found = int(n) if isinstance(n, bool) else plain(n)
    if found is None:
        raise TypeError(f"torch.Size() takes an iterable of 'int' (item {at} is '{type(n).__name__}')")
    return found


SIZES: dict[Shape, Size] = {}


def size_of(shape: Shape) -> Size:
    """The Size of a tensor's shape, which is kept in `SIZES` for the next who asks."""
    if len(SIZES) > 4096:
        SIZES.clear()
    made = SIZES[shape] = tuple.__new__(Size, shape)
    return made


_CONTIGUOUS: dict[Shape, Strides] = {}


def contiguous_strides(shape: Shape) -> Strides:
    """Row-major strides, in elements, of a shape; a zero-size dimension counts as one, as in PyTorch."""
    strides = _CONTIGUOUS.get(shape)
    if strides is None:
        out, step = [], 1
        for n in reversed(shape):
            out.append(step)
            step *= n if n > 1 else 1
        strides = tuple(reversed(out))
        if len(_CONTIGUOUS) > 4096:
            _CONTIGUOUS.clear()
        _CONTIGUOUS[shape] = strides
    return strides


def is_contiguous(shape: Shape, strides: Strides) -> bool:
    """Whether strides visit a shape's elements in row-major order without gaps."""
    if 0 in shape:
        return True
    step = 1
    for n, s in zip(reversed(shape), reversed(strides), strict=True):
        if n != 1:
            if s != step:
                return False
            step *= n
    return True


def is_dense(shape: Shape, strides: Strides) -> bool:
    """Whether the elements fill their memory without gaps or overlap, in some order of the dimensions."""
    step = 1
    for s, n in sorted((s, n) for n, s in zip(shape, strides, strict=True) if n != 1):
        if s != step:
            return False
        step *= n
    return True


def dense_strides(shape: Shape, rows: Sequence[Strides]) -> Strides | None:
    """Dense strides whose dimensions lie in the order of those of several tensors seen as `shape`; None where that is row-major.

    This is what PyTorch's elementwise ops give: an insertion sort from the innermost dimension, because "no opinion" (stride 0) makes
    the order partial; the first tensor that has an opinion of two dimensions decides.
    """
    perm = list(range(len(shape) - 1, -1, -1))
    for i in range(1, len(perm)):
        at = i
        for j in range(i - 1, -1, -1):
            order = _compare(perm[j], perm[at], rows, shape)
            if order > 0:
                perm[j], perm[at] = perm[at], perm[j]
                at = j
            elif order < 0:
                break
    out, step = [0] * len(shape), 1
    for d in perm:
        out[d] = step
        step *= max(shape[d], 1)
    found = tuple(out)
    return None if found == contiguous_strides(shape) or is_contiguous(shape, found) else found


def _compare(inner: int, outer: int, rows: Sequence[Strides], shape: Shape) -> int:
    for strides in rows:
        a, b = strides[inner], strides[outer]
        if a == 0 or b == 0:
            continue
        if a != b:
            return -1 if a < b else 1
        if shape[inner] > shape[outer]:
            return 1
    return 0


def permuted_strides(shape: Shape, strides: Strides) -> Strides | None:
    """Dense strides for a new tensor whose dimensions lie in the order of `strides`; None where that is row-major."""
    return dense_strides(shape, (strides,))


def broadcast_shapes(*shapes: Shape) -> Shape | None:
    """The shape that all broadcast to by NumPy's rules, or None."""
    ndim = max(map(len, shapes), default=0)
    out = [1] * ndim
    for shape in shapes:
        lead = ndim - len(shape)
        for i, n in enumerate(shape, lead):
            if n != 1 and out[i] != n:
                if out[i] != 1:
                    return None
                out[i] = n
    return tuple(out)


def expanded_strides(shape: Shape, strides: Strides, to: Shape) -> Strides:
    """Strides of a shape seen as the larger shape `to`: 0 where a dimension is repeated."""
    lead = len(to) - len(shape)
    return (0,) * lead + tuple(s if n == m else 0 for n, s, m in zip(shape, strides, to[lead:], strict=True))


def view_strides(shape: Shape, strides: Strides, to: Shape) -> Strides | None:
    """Strides that show a strided shape as the shape `to` without a copy, or None where a copy is needed."""
    try:
        return _VIEWS[shape, strides, to]
    except KeyError:
        found = _view_strides(shape, strides, to)
        if len(_VIEWS) > 4096:
            _VIEWS.clear()
        _VIEWS[shape, strides, to] = found
        return found


_VIEWS: dict[tuple[Shape, Strides, Shape], Strides | None] = {}


def _view_strides(shape: Shape, strides: Strides, to: Shape) -> Strides | None:
    """Worked out.

    Dimensions are grouped into runs that lie densely behind one another; each run must be split by whole dimensions
    of `to`. (PyTorch's computeStride.)
    """
    if 0 in to:
        return contiguous_strides(to) if shape != to else strides
    if not shape:
        return (1,) * len(to)
    out = [0] * len(to)
    j = len(to) - 1
    run_stride, run_numel, seen = strides[-1], 1, 1
    for i in range(len(shape) - 1, -1, -1):
        run_numel *= shape[i]
        if i == 0 or (shape[i - 1] != 1 and strides[i - 1] != run_numel * run_stride):
            while j >= 0 and (seen < run_numel or to[j] == 1):
                out[j] = seen * run_stride
                seen *= to[j]
                j -= 1
            if seen != run_numel:
                return None
            if i > 0:
                run_stride, run_numel, seen = strides[i - 1], 1, 1
    return tuple(out) if j == -1 else None


def wrap_dim(op: str, dim: int, ndim: int, name: str = "dim") -> int:
    """A dimension counted from the front; IndexError as PyTorch's where it is out of range."""
    if type(dim) is not int:
        dim = integer(op, name, dim)
    n = ndim or 1
    if -n <= dim < n:
        return dim + n if dim < 0 else dim
    integer(op, name, dim)  # one beyond 64 bits has an error of its own
    raise IndexError(
        f"{op}(): argument '{name}': Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})"
    )


def wrap_dims(op: str, dims: Any, ndim: int, name: str = "dim") -> tuple[int, ...]:
    """Several dimensions counted from the front, none twice; None or () means all of them."""
    if type(dims) is int and -ndim <= dims < ndim:
        return (dims if dims >= 0 else dims + ndim,)
    if dims is None:
        return tuple(range(ndim))
    if isinstance(dims, int) or not isinstance(dims, (tuple, list)):
        dims = (dims,)
    if not dims:
        return tuple(range(ndim))
    out = tuple([wrap_dim(op, d, ndim, name) for d in dims])
    if len(set(out)) != len(out):
        raise RuntimeError(f"{op}(): argument '{name}': dim {max(out, key=out.count)} appears multiple times in {dims}")
    return tuple(sorted(d for d in out if d < ndim))


def check_inside(shape: Shape, strides: Strides, offset: int, itemsize: int, nbytes: int) -> None:
    """RuntimeError where a storage of so many bytes, which was made smaller, no longer holds all elements."""
    needed = (offset + sum([(n - 1) * s for n, s in zip(shape, strides, strict=True)]) + 1) * itemsize
    if 0 not in shape and needed > nbytes:
        raise RuntimeError(
            f"The tensor of shape {list(shape)} lies beyond the end of its storage, which was resized to {nbytes} bytes (needed: {needed})"
        )
