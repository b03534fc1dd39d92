"""Views: ops that change only shape, strides and offset, so no backend has a kernel for them."""

from __future__ import annotations

from math import prod
from typing import Any

from corelib.dispatcher.op import op
from corelib.tensor.size import contiguous_strides, view_strides, wrap_dim
from corelib.tensor.tensor import Tensor


def _ints(name: str, size: Any, what: str = "shape") -> tuple[int, ...]:
    """A tuple of ints from one argument; TypeError for what is none."""
    if isinstance(size, int):
        return (size,)
    try:
        return tuple([n if type(n) is int else n.__index__() for n in size])
    except (AttributeError, TypeError):
        raise TypeError(f"{name}(): argument '{what}' (position 1) must be tuple of ints, not {size!r}") from None


def method_with_varargs(name: str, entry: Any) -> None:
    """Let the method take `x.f(2, 3)` as well as `x.f((2, 3))`."""

    def method(self: Tensor, *size: Any) -> Any:
        if len(size) == 1 and type(size[0]) is not int:
            return entry(self, size[0])
        return entry(self, size)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = entry.__doc__
    setattr(Tensor, name, method)


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


@op(kind="view", on=(), vjp=lambda g, input: g.reshape(input._shape))
def view(input: Tensor, size: Any) -> Tensor:
    """The same memory in another shape; one size may be -1. RuntimeError where the strides do not allow it.

    >>> import corelib as torch
    >>> torch.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    shape = filled_size("view", input, size if type(size) is tuple else _ints("view", size))
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
def reshape(input: Tensor, shape: Any) -> Tensor:
    """Another shape: a view where the strides allow it, else a copy. One size may be -1.

    >>> import corelib as torch
    >>> torch.arange(6).reshape(3, 2).t().reshape(6)
    tensor([0, 2, 4, 1, 3, 5])
    """
    shape = filled_size("reshape", input, shape if type(shape) is tuple else _ints("reshape", shape))
    if input._strides is None or view_strides(input._shape, input.stride(), shape) is not None:
        return view(input, shape)  # type: ignore[no-any-return]
    return view(input.contiguous(), shape)  # type: ignore[attr-defined,no-any-return]


method_with_varargs("view", view)
method_with_varargs("reshape", reshape)


@op(kind="view", aliases=("swapaxes", "swapdims"), vjp=lambda g, dim0, dim1: g.transpose(dim0, dim1))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """A view with two dimensions swapped.

    >>> import corelib as torch
    >>> torch.zeros(2, 3).transpose(0, 1).shape
    torch.Size([3, 2])
    """
    ndim = len(input._shape)
    a, b = wrap_dim("transpose", dim0, ndim, "dim0"), wrap_dim("transpose", dim1, ndim, "dim1")
    shape, strides = list(input._shape), list(input.stride())
    if ndim:
        shape[a], shape[b] = shape[b], shape[a]
        strides[a], strides[b] = strides[b], strides[a]
    return input._as_view(tuple(shape), tuple(strides), input._offset, input._numel)


@op(kind="view", grad_name="TBackward0", vjp=lambda g: g.t())
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; vectors and 0-d tensors as they are. RuntimeError for more dimensions.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).t()
    tensor([[1, 3],
            [2, 4]])
    """
    shape = input._shape
    if len(shape) == 2:
        n, m = shape
        strides = input._strides
        return input._as_view((m, n), (1, m if m > 1 else 1) if strides is None else (strides[1], strides[0]), input._offset, input._numel)
    if len(shape) > 2:
        raise RuntimeError(f"t(): t() expects a tensor with <= 2 dimensions, but self is {len(shape)}D (shape {list(shape)})")
    return input._as_view(shape, input._strides, input._offset, input._numel)


@op(kind="view", on=(), vjp=lambda g, input: sum_to(g, input._shape))
def expand(input: Tensor, size: Any) -> Tensor:
    """A view in which dimensions of size 1 are repeated without memory (stride 0); -1 keeps a size.

    >>> import corelib as torch
    >>> torch.tensor([[1], [2]]).expand(-1, 3).stride()
    (1, 0)
    """
    to = size if type(size) is tuple else _ints("expand", size)
    shape = input._shape
    if not shape and 1 not in to and -1 not in to:
        return input._as_view(to, (0,) * len(to), input._offset, prod(to))
    strides = input.stride()
    lead = len(to) - len(shape)
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
    return input._as_view(made, tuple(out_strides), input._offset, prod(made))


method_with_varargs("expand", expand)


def sum_to(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A gradient summed back over the dimensions that were expanded."""
    from corelib.autograd.engine import fitted

    return fitted(g, shape, None, 0)


@op(kind="view", vjp=lambda g, input: g.reshape(input._shape))
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A view with a new dimension of size 1 at `dim`.

    >>> import corelib as torch
    >>> torch.zeros(2).unsqueeze(-1).shape
    torch.Size([2, 1])
    """
    shape = input._shape
    at = wrap_dim("unsqueeze", dim, len(shape) + 1)
    if input._strides is None:
        return input._as_view((*shape[:at], 1, *shape[at:]), None, input._offset, input._numel)
    strides = input._strides
    new = shape[at] * strides[at] if at < len(shape) else 1
    return input._as_view((*shape[:at], 1, *shape[at:]), (*strides[:at], new, *strides[at:]), input._offset, input._numel)


@op(kind="view", vjp=lambda g, input, dim, index: select_backward(g, input, dim, index))
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """A view of one index along `dim`, which disappears. IndexError where the index is out of range.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).select(1, 0)
    tensor([1, 3])
    """
    shape = input._shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    at = wrap_dim("select", dim, len(shape))
    n = shape[at]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {at} (accepted are {-n} to {n - 1})"
        )
    if index < 0:
        index += n
    strides = input._strides
    if strides is None:
        strides = contiguous_strides(shape)
    rest = shape[:at] + shape[at + 1 :]
    return input._as_view(
        rest, strides[:at] + strides[at + 1 :], input._offset + index * strides[at], input._numel // n
    )


def select_backward(g: Tensor, input: Tensor, dim: int, index: int) -> Tensor:
    """Zeros in the shape of the input, with `g` at the index."""
    made = g.new_zeros(input._shape)  # type: ignore[attr-defined]
    made.select(dim, index).copy_(g)
    return made  # type: ignore[no-any-return]
