"""Views: ops that change only shape, strides and offset, so no backend has a kernel for them."""

from __future__ import annotations

from math import prod
from operator import itemgetter
from typing import Any

from corelib.dispatcher.modes import active
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

    if entry.op.kind == "view":
        body = entry.op.body

        def method(self: Tensor, *size: Any) -> Any:
            if len(size) == 1 and type(size[0]) is not int:
                size = size[0]
            return entry(self, size) if self._requires_grad or active.count else body(self, size)
    else:

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


_ONE = (1,)


@op(kind="view", on=(), vjp=lambda g, input_shape: g.reshape(input_shape))
def view(input: Tensor, size: Any) -> Tensor:
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
_view_shape = Tensor.view  # type: ignore[attr-defined]


def _view_method(self: Tensor, *size: Any, dtype: Any = None) -> Tensor:
    """The same memory in another shape, or, given a dtype, seen as elements of that."""
    if dtype is None and (not size or not hasattr(size[0], "itemsize") or isinstance(size[0], Tensor)):
        return _view_shape(self, *size)
    return view_as_dtype(self, size[0] if dtype is None else dtype)


Tensor.view = _view_method  # type: ignore[attr-defined,assignment]


def view_as_dtype(input: Tensor, dtype: Any) -> Tensor:
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
    made = Tensor._make(input._own_storage(), dtype, shape, strides, offset)
    made._base = input._base if input._base is not None else input
    return made
method_with_varargs("reshape", reshape)


@op(kind="view", aliases=("swapaxes", "swapdims"), vjp=lambda g, dim0, dim1: g.transpose(dim0, dim1))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """A view with two dimensions swapped.

    >>> import corelib as torch
    >>> torch.zeros(2, 3).transpose(0, 1).shape
    torch.Size([3, 2])
    """
    old = input._strides
    shape, strides = list(input._shape), list(contiguous_strides(input._shape) if old is None else old)
    try:  # negative dims index from the end by themselves
        shape[dim0], shape[dim1] = shape[dim1], shape[dim0]
        strides[dim0], strides[dim1] = strides[dim1], strides[dim0]
    except (IndexError, TypeError):  # a 0-d tensor's transpose is itself
        wrap_dim("transpose", dim0, len(shape), "dim0")
        wrap_dim("transpose", dim1, len(shape), "dim1")
    return input._as_view(tuple(shape), tuple(strides), input._offset, input._numel)


@op(kind="view", on=(), vjp=lambda g: g)
def alias(input: Tensor) -> Tensor:
    """The whole tensor as a view of itself: what `x[:]` is."""
    return input._as_view(input._shape, input._strides, input._offset, input._numel)


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


@op(kind="view", on=(), vjp=lambda g, input_shape: sum_to(g, input_shape))
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
    strides = input._strides
    if strides is None:
        strides = contiguous_strides(shape)
    lead = len(to) - len(shape)
    if lead == 0:  # the same number of dimensions, each kept or repeated: anything else is explained below
        steps = [s if n == m else 0 if m == 1 and n >= 0 else -1 for n, m, s in zip(to, shape, strides)]
        if -1 not in steps:
            return input._as_view(to, tuple(steps), input._offset, prod(to))
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


@op(kind="view", vjp=lambda g, input_shape: g.reshape(input_shape))
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A view with a new dimension of size 1 at `dim`.

    >>> import corelib as torch
    >>> torch.zeros(2).unsqueeze(-1).shape
    torch.Size([2, 1])
    """
    shape = input._shape
    ndim = len(shape)
    at = dim if type(dim) is int and 0 <= dim <= ndim else wrap_dim("unsqueeze", dim, ndim + 1)
    made = shape[:at] + _ONE + shape[at:]
    strides = input._strides
    if strides is not None:
        strides = strides[:at] + ((shape[at] * strides[at],) if at < ndim else _ONE) + strides[at:]
    return input._as_view(made, strides, input._offset, input._numel)


@op(kind="view", vjp=lambda g, input_shape, dim, index: select_backward(g, input_shape, dim, index))
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


def select_backward(g: Tensor, shape: Any, dim: int, index: int) -> Tensor:
    """Zeros in the shape of the input, with `g` at the index."""
    made = g.new_zeros(shape)  # type: ignore[attr-defined]
    made.select(dim, index).copy_(g)
    return made  # type: ignore[no-any-return]


@op(kind="view", vjp=lambda g, input_shape: g.reshape(input_shape), grad_name="SqueezeBackward0")
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """A view without the dimensions of size 1: all of them, or those of `dim` (an int or several) that have size 1.

    >>> import corelib as torch
    >>> torch.zeros(1, 2, 1).squeeze(0).shape
    torch.Size([2, 1])
    """
    shape, strides = input._shape, input._strides
    if strides is None:
        strides = contiguous_strides(shape)
    if type(dim) is int and -len(shape) <= dim < len(shape):
        if shape[dim] != 1:
            return input._as_view(shape, strides, input._offset, input._numel)
        at = dim if dim >= 0 else dim + len(shape)
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


@op(kind="view", on=("torch",), vjp=lambda g, dims: g.permute(_inverse(dims, len(g._shape))))
def permute(input: Tensor, dims: Any) -> Tensor:
    """A view with the dimensions in another order.

    >>> import corelib as torch
    >>> torch.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])
    """
    shape, strides = input._shape, input._strides
    if strides is None:
        strides = contiguous_strides(shape)
    if type(dims) is tuple and len(dims) == len(shape) == len(set(dims)) > 1:
        try:
            if min(dims) >= 0:
                pick = itemgetter(*dims)
                return input._as_view(pick(shape), pick(strides), input._offset, input._numel)
        except (IndexError, TypeError):
            pass  # the checks below say what is wrong
    order = _ints("permute", dims, "dims")
    if len(order) != len(shape):
        raise RuntimeError(
            f"permute(): permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
            f"desired ordering of dimensions i.e. input.dim() = {len(shape)} is not equal to len(dims) = {len(order)}"
        )
    at = [wrap_dim("permute", d, len(shape), "dims") for d in order]
    if len(set(at)) != len(at):
        raise RuntimeError(f"permute(): permute(): duplicate dims are not allowed, got {list(order)}")
    return input._as_view(
        tuple([shape[d] for d in at]), tuple([strides[d] for d in at]), input._offset, input._numel
    )


method_with_varargs("permute", permute)


def _inverse(dims: Any, ndim: int) -> tuple[int, ...]:
    at = [d % ndim for d in dims]
    return tuple([at.index(i) for i in range(ndim)])


@op()
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """A view with the dimensions `source` moved to the places `destination`; the others keep their order.

    >>> import corelib as torch
    >>> torch.zeros(2, 3, 4).movedim(0, -1).shape
    torch.Size([3, 4, 2])
    """
    ndim = len(input._shape)
    src = [wrap_dim("movedim", d, ndim, "source") for d in ((source,) if isinstance(source, int) else source)]
    dst = [wrap_dim("movedim", d, ndim, "destination") for d in ((destination,) if isinstance(destination, int) else destination)]
    if len(src) != len(dst):
        raise RuntimeError(
            f"movedim(): Invalid source or destination dims: source ({src} dims) should contain the same number of dims as "
            f"destination ({dst} dims)"
        )
    if len(set(src)) != len(src) or len(set(dst)) != len(dst):
        raise RuntimeError(f"movedim(): repeated dim in `source` ({src}) or `destination` ({dst})")
    if ndim == 0:
        return permute(input, ())  # type: ignore[no-any-return]
    order = [-1] * ndim
    for s, d in zip(src, dst, strict=True):
        order[d] = s
    rest = iter([d for d in range(ndim) if d not in src])
    return permute(input, tuple([next(rest) if d < 0 else d for d in order]))  # type: ignore[no-any-return]


@op(on=("torch",))
def moveaxis(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Another name of `movedim`."""
    return movedim(input, source, destination)  # type: ignore[no-any-return]


Tensor.moveaxis = moveaxis  # type: ignore[attr-defined,assignment]


def _flip_all(self: Tensor) -> Tensor:
    """The dimensions in reverse order; the transpose of a matrix."""
    if len(self._shape) == 2:
        return t(self)  # type: ignore[no-any-return]
    return permute(self, tuple(range(len(self._shape) - 1, -1, -1)))  # type: ignore[no-any-return]


def _matrix_transpose(self: Tensor) -> Tensor:
    """The last two dimensions swapped."""
    if len(self._shape) < 2:
        raise RuntimeError(f"mT: tensor.mT is only supported on matrices or batches of matrices. Got {len(self._shape)}-D tensor.")
    return transpose(self, -2, -1)  # type: ignore[no-any-return]


def _adjoint(self: Tensor) -> Tensor:
    """The transpose of a matrix."""
    if len(self._shape) not in (0, 2):
        raise RuntimeError(f"H: tensor.H is only supported on matrices (2-D tensors). Got {len(self._shape)}-D tensor.")
    return t(self)  # type: ignore[no-any-return]


Tensor.T = property(_flip_all)  # type: ignore[attr-defined,assignment]
Tensor.mT = property(_matrix_transpose)  # type: ignore[attr-defined,assignment]
Tensor.H = property(_adjoint)  # type: ignore[attr-defined,assignment]


def _narrowed(g: Tensor, input_shape: Any, dim: int, start: int, length: int, step: int) -> Tensor:
    made = g.new_zeros(input_shape)  # type: ignore[attr-defined]
    strided_slice(made, dim, start, length, step).copy_(g)
    return made  # type: ignore[no-any-return]


@op(kind="view", on=(), grad_name="SliceBackward0", vjp=_narrowed)
def strided_slice(input: Tensor, dim: int, start: int, length: int, step: int) -> Tensor:
    """A view of `length` places along `dim`, from `start`, `step` apart; the arguments are already checked."""
    shape, strides = input._shape, input.stride()
    return input._as_view(
        (*shape[:dim], length, *shape[dim + 1 :]),
        strides if step == 1 else (*strides[:dim], strides[dim] * step, *strides[dim + 1 :]),
        input._offset + start * strides[dim],
        input._numel // shape[dim] * length if shape[dim] else 0,
    )


@op()
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """A view of `length` places along `dim` from `start`.

    >>> import corelib as torch
    >>> torch.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """
    if not input._shape:
        raise RuntimeError("narrow(): narrow() cannot be applied to a 0-dim tensor.")
    at = wrap_dim("narrow", dim, len(input._shape))
    n = input._shape[at]
    start = int(start)
    if length < 0:
        raise RuntimeError(f"narrow(): narrow(): length must be non-negative, got {length}.")
    if not -n <= start <= n:
        raise IndexError(f"narrow(): start out of range (expected to be in range of [{-n}, {n}], but got {start})")
    start = start + n if start < 0 else start
    if start + length > n:
        raise RuntimeError(f"narrow(): start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return strided_slice(input, at, start, length, 1)  # type: ignore[no-any-return]


@op(kind="view", vjp=lambda g, input, size, stride, storage_offset: _strided_backward(g, input, size, stride, storage_offset))
def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of the storage with any shape, strides and offset, in elements; RuntimeError where it would leave the storage.

    >>> import corelib as torch
    >>> torch.arange(4).as_strided((3, 2), (1, 1))
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    shape, strides = _ints("as_strided", size, "size"), _ints("as_strided", stride, "stride")
    offset = input._offset if storage_offset is None else storage_offset
    if len(shape) != len(strides):
        raise RuntimeError(f"as_strided(): mismatch in length of strides and shape: {list(strides)} for {list(shape)}")
    if any(s < 0 for s in strides):
        raise RuntimeError(f"as_strided(): Negative strides are not supported at the moment, got strides: {list(strides)}")
    if offset < 0:
        raise RuntimeError(f"as_strided(): Tensor: invalid storage offset {offset}")
    needed = (offset + 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))) * input._dtype.itemsize
    held = input._own_storage().nbytes()
    if 0 not in shape and needed > held:
        raise RuntimeError(
            f"as_strided(): setStorage: sizes {list(shape)}, strides {list(strides)}, storage offset {offset}, and itemsize "
            f"{input._dtype.itemsize} requiring a storage size of {needed} are out of bounds for storage of size {held}"
        )
    return input._as_view(shape, strides, offset, prod(shape))


def _strided_backward(g: Tensor, input: Tensor, size: Any, stride: Any, storage_offset: Any) -> Tensor:
    """Each memory place gathers the gradients of all elements that showed it."""
    from corelib.ops import arange

    def places(shape: Any, strides: Any, start: int) -> Any:
        at: Any = arange(1, device=g._device).reshape(()) + start
        for i, (n, s) in enumerate(zip(shape, strides, strict=True)):
            step = arange(n, device=g._device) * s
            at = at + step.reshape((n, *[1] * (len(shape) - 1 - i)))
        return at.expand(tuple(shape)).reshape((-1,))

    shape, strides = tuple(input._shape), input.stride()
    offset = input._offset if storage_offset is None else storage_offset
    low = offset if offset < input._offset else input._offset
    span = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + input._offset - low if input._numel else 0
    reach = 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) + offset - low if g._numel else 0
    flat = g.new_zeros((span if span > reach else reach,))  # type: ignore[attr-defined]
    flat = flat.scatter_add(0, places(size, stride, offset - low), g.reshape((-1,)))  # type: ignore[attr-defined]
    return flat.index_select(0, places(shape, strides, input._offset - low)).reshape(shape)  # type: ignore[no-any-return]


@op(kind="view", vjp=lambda g, input_shape, offset, dim1, dim2: _diagonal_backward(g, input_shape, offset, dim1, dim2))
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A view of a diagonal of two dimensions, which becomes the last dimension; `offset` above (below if negative) the main.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])
    """
    ndim = len(input._shape)
    a, b = wrap_dim("diagonal", dim1, ndim, "dim1"), wrap_dim("diagonal", dim2, ndim, "dim2")
    if a == b:
        raise RuntimeError(f"diagonal(): diagonal dimensions cannot be identical {dim1}, {dim2}")
    shape, strides = input._shape, input.stride()
    n, m = shape[a], shape[b]
    length = min(n, m - offset) if offset >= 0 else min(n + offset, m)
    length = length if length > 0 else 0
    start = input._offset
    if length:
        start += offset * strides[b] if offset >= 0 else -offset * strides[a]
    rest = [i for i in range(ndim) if i not in (a, b)]
    made = (*[shape[i] for i in rest], length)
    return input._as_view(made, (*[strides[i] for i in rest], strides[a] + strides[b]), start, prod(made))


def _diagonal_backward(g: Tensor, input_shape: Any, offset: int, dim1: int, dim2: int) -> Tensor:
    made = g.new_zeros(input_shape)  # type: ignore[attr-defined]
    made.diagonal(offset, dim1, dim2).copy_(g)
    return made  # type: ignore[no-any-return]
