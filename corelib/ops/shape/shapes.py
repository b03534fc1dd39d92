"""Shapes in pieces and by other names: splitting, unbinding, windows, flattening."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from corelib.dispatcher.calls.inplace import check_writable
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import naming_operands, public
from corelib.dispatcher.op import TABLE
from corelib.graph.edges import edge_of, move_retained
from corelib.graph.grad_mode import grad_mode
from corelib.graph.node import AccumulateGrad
from corelib.graph.views import MULTI_OUTPUT
from corelib.ops.construction.creation import arange
from corelib.ops.indexing.rows import within_bounds
from corelib.ops.shape.joining import cat, stack
from corelib.ops.shape.slicing import strided_slice
from corelib.ops.shape.views import expand, method_with_varargs, spread, view
from corelib.tensor.base import attach
from corelib.tensor.dtype import int64
from corelib.tensor.size import Shape, broadcast_shapes, integer, integers, wrap_dim
from corelib.tensor.tensor import Tensor
from corelib.ops.shape import permutation as permutation  # puts transpose and its like on Tensor


def _split_backward(gs: Sequence[Tensor | None], input_shape: Shape, sizes: Sequence[int], dim: int) -> Tensor:
    some = next(g for g in gs if g is not None)
    shape = input_shape
    parts = [
        some.new_zeros((*shape[:dim], n, *shape[dim + 1 :])) if g is None else g for g, n in zip(gs, sizes, strict=True)
    ]
    return cat(parts, dim)


@op(kind="view", on=(), several=True, grad_name="SplitBackward0", vjp=_split_backward)
def split_sizes(input: Tensor, sizes: Sequence[int], dim: int) -> tuple[Tensor, ...]:
    """Views of consecutive pieces along `dim`, of checked sizes."""
    piece = TABLE["strided_slice"].body
    made, start = [], 0
    for n in sizes:
        made.append(piece(input, dim, start, n, 1))
        made[-1]._creation = MULTI_OUTPUT
        start += n
    return tuple(made)


@public("torch")
def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive pieces along `dim`: of a size (the last may be smaller), or of the listed sizes.

    >>> import corelib as torch
    >>> torch.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"split(): argument 'tensor' (position 1) must be Tensor, not {type(tensor).__name__}")
    if not tensor._shape:
        raise RuntimeError("split(): split expects at least a 1-dimensional tensor")
    at = wrap_dim("split", dim, len(tensor._shape))
    n = tensor._shape[at]
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        if size < 0:
            raise RuntimeError(f"split(): split expects split_size be non-negative, but got split_size={size}")
        if size == 0:
            if n:
                raise RuntimeError(f"split(): split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
            sizes: tuple[int, ...] = (0,)
        else:
            count = -(-n // size) or 1
            sizes = (size,) * (count - 1) + (n - size * (count - 1),)
    else:
        sizes = integers("split", "split_sizes", split_size_or_sections)
        if any(s < 0 for s in sizes) or sum(sizes) != n:
            raise RuntimeError(
                f"split(): split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {at}), "
                f"but got split_sizes={list(sizes)}"
            )
    return split_sizes(tensor, sizes, at)


@public("torch")
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive pieces of the listed sizes along `dim`."""
    return split(input, list(integers("split_with_sizes", "split_sizes", split_sizes)), dim)


attach("split_with_sizes", split_with_sizes)


@op()
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of at most `chunks` pieces of equal size along `dim` (the last may be smaller).

    >>> import corelib as torch
    >>> torch.arange(5).chunk(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    if not input._shape:
        raise RuntimeError("chunk(): chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk(): chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = input._shape[wrap_dim("chunk", dim, len(input._shape))]
    size = -(-n // chunks)
    if size == 0:
        return split(input, [0] * chunks, dim)
    return split(input, size, dim)


@public("torch")
def tensor_split(input: Tensor, indices_or_sections: Tensor | int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of pieces along `dim`: a number of nearly equal ones, or cut at the listed indices.

    >>> import corelib as torch
    >>> torch.arange(5).tensor_split(3)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if not input._shape:
        raise RuntimeError("tensor_split(): tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    at = wrap_dim("tensor_split", dim, len(input._shape))
    n = input._shape[at]
    if isinstance(indices_or_sections, Tensor) and (indices_or_sections._dtype is not int64 or len(indices_or_sections._shape) > 1):
        raise RuntimeError(
            "tensor_split(): tensor_split expected tensor_indices_or_sections to be an int64 tensor with zero or one dimensions, got "
            f"{indices_or_sections._dtype} of shape {list(indices_or_sections._shape)}"
        )
    if isinstance(indices_or_sections, Tensor) and not indices_or_sections._shape:
        indices_or_sections = integer("tensor_split", "indices_or_sections", indices_or_sections, 2)
    if isinstance(indices_or_sections, int):
        k = indices_or_sections
        if k <= 0:
            raise RuntimeError(f"tensor_split(): number of sections must be larger than 0, got {k}")
        sizes = [n // k + (i < n % k) for i in range(k)]
        edges = [sum(sizes[:i]) for i in range(k)]
    else:
        cuts = indices_or_sections.tolist() if isinstance(indices_or_sections, Tensor) else list(indices_or_sections)
        edges = [0, *[min(max(c + n if c < 0 else c, 0), n) for c in cuts], n]
        sizes = [max(b - a, 0) for a, b in zip(edges, edges[1:], strict=False)]  # noqa: RUF007  (itertools would be one more import)
    return tuple([strided_slice(input, at, a, size, 1) for a, size in zip(edges, sizes, strict=False)])


def _unbind_backward(gs: Sequence[Tensor | None], dim: int) -> Tensor:
    some = next(g for g in gs if g is not None)
    return stack([some.new_zeros(some._shape) if g is None else g for g in gs], dim)


@op(kind="view", several=True, vjp=_unbind_backward)
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of every index along `dim`, which disappears.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).unbind()
    (tensor([1, 2]), tensor([3, 4]))
    """
    if not input._shape:
        raise IndexError("unbind(): Dimension specified as 0 but tensor has no dimensions")
    at = wrap_dim("unbind", dim, len(input._shape))
    shape, strides = input._shape, input.stride()
    rest, steps = shape[:at] + shape[at + 1 :], strides[:at] + strides[at + 1 :]
    numel = prod(rest)
    made = tuple([input._as_view(rest, steps, input._offset + i * strides[at], numel) for i in range(shape[at])])
    for t in made:
        t._creation = MULTI_OUTPUT
    return made


@within_bounds
def _unfold_backward(g: Tensor, input_shape: Shape, dimension: int, size: int, step: int) -> Tensor:
    n = input_shape[dimension] if input_shape else 1
    if not input_shape:
        return g.reshape(())
    dimension %= len(input_shape)
    count = g._shape[dimension]
    places = arange(count, device=g._device).unsqueeze(1) * step + arange(size, device=g._device)
    moved = g.movedim(dimension, -2)
    rest = moved._shape[:-2]
    made = g.new_zeros((n, *rest)).index_add(0, places.reshape((-1,)), moved.reshape((*rest, -1)).movedim(-1, 0))
    return made.movedim(0, dimension)


@op(kind="view", on=("Tensor",), vjp=_unfold_backward)
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """A view of all windows of `size` along a dimension, `step` apart; the window becomes the last dimension.

    >>> import corelib as torch
    >>> torch.arange(4).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    shape, strides = input._shape, input.stride()
    at = wrap_dim("unfold", dimension, len(shape), "dimension")
    n = shape[at] if shape else 1
    if size > n or size < 0:
        raise RuntimeError(f"unfold(): maximum size for tensor at dimension {at} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"unfold(): step is {step} but must be > 0")
    if not shape:
        return input._as_view((size,), (1,), input._offset, size)
    made = (*shape[:at], (n - size) // step + 1, *shape[at + 1 :], size)
    steps = (*strides[:at], strides[at] * step, *strides[at + 1 :], strides[at])
    return input._as_view(made, steps, input._offset, prod(made))


@op()
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from `start_dim` to `end_dim` as one.

    >>> import corelib as torch
    >>> torch.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
    shape = input._shape
    if not shape:
        wrap_dim("flatten", start_dim, 0, "start_dim")
        wrap_dim("flatten", end_dim, 0, "end_dim")
        return input.reshape((1,))
    a = wrap_dim("flatten", start_dim, len(shape), "start_dim")
    b = wrap_dim("flatten", end_dim, len(shape), "end_dim")
    if a > b:
        raise RuntimeError(f"flatten(): flatten() has invalid args: start_dim ({start_dim}) cannot come after end_dim ({end_dim})")
    if a == b:
        return input
    return input.reshape((*shape[:a], prod(shape[a : b + 1]), *shape[b + 1 :]))


@op()
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension, next to each other: a view where they are, else a copy.

    >>> import corelib as torch
    >>> torch.zeros(2, 3).ravel().shape
    torch.Size([6])
    """
    return input.contiguous().view((-1,))


@op()
def unflatten(input: Tensor, dim: int, sizes: int | Sequence[int]) -> Tensor:
    """One dimension as several, of the given sizes; one may be -1.

    >>> import corelib as torch
    >>> torch.zeros(2, 6).unflatten(1, (2, 3)).shape
    torch.Size([2, 2, 3])
    """
    at = wrap_dim("unflatten", dim, len(input._shape))
    given = integers("unflatten", "sizes", sizes)
    made = list(given)
    n = input._shape[at]
    if not made:
        raise RuntimeError("unflatten(): unflatten: sizes must be non-empty")
    if -1 in made:
        known = prod(s for s in made if s != -1)
        if known and n % known == 0:
            made[made.index(-1)] = n // known
    if prod(made) != n:
        raise RuntimeError(
            f"unflatten(): unflatten: Provided sizes {list(given)} don't multiply up to the size of dim {at} ({n}) in the input tensor"
        )
    return view(input, (*input._shape[:at], *made, *input._shape[at + 1 :])) if input._strides is None else input.reshape(
        (*input._shape[:at], *made, *input._shape[at + 1 :])
    )


@op(on=("torch",))
def broadcast_to(input: Tensor, size: int | Sequence[int]) -> Tensor:
    """A view expanded to `size`.

    >>> import corelib as torch
    >>> torch.ones(1).broadcast_to((2, 2)).shape
    torch.Size([2, 2])
    """
    return expand(input, integers("broadcast_to", "size", size))


method_with_varargs("broadcast_to", broadcast_to)


@public("torch")
def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Views of all tensors in the shape that they broadcast to; one that has it already is returned itself."""
    given = spread(tensors)
    shape = broadcast_shapes(*[t._shape for t in given])
    if shape is None:
        raise RuntimeError(f"broadcast_tensors(): shapes {[list(t._shape) for t in given]} cannot be broadcast together")
    return tuple([t if t._shape == shape else expand(t, shape) for t in given])


def _as(name: str, method: str) -> Callable[[Tensor, Tensor], Tensor]:
    def like(self: Tensor, other: Tensor) -> Tensor:
        made: Tensor = getattr(self, method)(tuple(other._shape))
        return made

    like.__name__ = like.__qualname__ = name
    like.__doc__ = f"As `{method}`, with the shape of another tensor."
    return like


for _name, _method in (("view_as", "view"), ("reshape_as", "reshape"), ("expand_as", "expand")):
    attach(_name, naming_operands(_as(_name, _method), 1))
attach("split", split)
attach("tensor_split", tensor_split)


def _in_place(name: str, view_of: Callable[..., Tensor]) -> None:
    """`squeeze_`, `t_` and their like: the tensor itself takes the view's shape."""

    def method(self: Tensor, *args: object, **named: object) -> Tensor:
        if self._requires_grad or self.is_inference():
            check_writable(name, self, "accepted")
        recorded = self._requires_grad and grad_mode.enabled
        before = self._alias()
        if recorded:
            before._edge, before._requires_grad = edge_of(self), True
        made = view_of(before, *args, **named)
        self._bump()
        if recorded:
            if self._retains_grad:
                move_retained(before._edge, made._edge)
            self._edge, self._view_version = made._edge, self._version
        elif self._edge is not None and type(self._edge[0]) is AccumulateGrad:
            self._edge = None  # where gradients arrive has the old shape
        self._shape, self._strides, self._native = made._shape, made._strides, None
        self._offset, self._numel = made._offset, made._numel
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"The in-place form of `{name[:-1]}`."
    attach(name, method)


for _name in ("squeeze", "unsqueeze", "transpose", "t", "as_strided", "swapaxes", "swapdims"):
    _in_place(_name + "_", getattr(Tensor, _name))
