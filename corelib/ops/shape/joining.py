"""Tensors joined, repeated, turned round, and cut to triangles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import TABLE, Inferred
from corelib.graph.grad_mode import no_grad
from corelib.ops.construction.creation import arange
from corelib.ops.conversion.copying import copy_elements, kept_strides
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.shape.slicing import strided_slice
from corelib.ops.shape.views import method_with_varargs, spread
from corelib.ops.shape.permutation import format_of
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.layout import CHANNELS_INNERMOST, contiguous_format, innermost_strides
from corelib.tensor.promotion import result_type
from corelib.tensor.size import Dims, Shape, integers, wrap_dim
from corelib.tensor.tensor import Tensor


def _parts(tensors: Sequence[Tensor], dim: int) -> tuple[Shape, DType, list[Tensor], int]:
    """What `cat` of these comes to: its shape and dtype, the tensors in that dtype, and the dimension counted from the front."""
    if isinstance(tensors, Tensor):
        raise TypeError("cat(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    if not tensors:
        raise ValueError("cat(): expected a non-empty list of Tensors")
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"cat(): expected Tensor as element {i} in argument 'tensors', but got {type(t).__name__}")
    first = tensors[0]
    # PyTorch lets empty 1-d tensors go with any shape.
    real = [t for t in tensors if t._shape != (0,)] or [first]
    ndim = len(real[0]._shape)
    for i, t in enumerate(tensors):
        if not t._shape:
            raise RuntimeError(f"cat(): zero-dimensional tensor (at position {i}) cannot be concatenated")
    at = wrap_dim("cat", dim, ndim) if real[0]._shape != (0,) else 0  # PyTorch does not look at it where all are passed over
    total = 0
    dtype = first._dtype
    for i, t in enumerate(tensors):
        if t._dtype is not dtype:
            dtype = result_type(tensors[0].new_empty((1,), dtype=dtype), t.new_empty((1,)))
        if t._device is not first._device:
            raise RuntimeError(
                f"cat(): Expected all tensors to be on the same device, but found at least two devices, {first._device} and "
                f"{t._device}!"
            )
        if t._shape == (0,) and ndim != 1:
            continue
        if len(t._shape) != ndim:
            raise RuntimeError(
                f"cat(): Tensors must have same number of dimensions: got {ndim} and {len(t._shape)} (tensor number {i})"
            )
        for d in range(ndim):
            if d != at and t._shape[d] != real[0]._shape[d]:
                raise RuntimeError(
                    f"cat(): Sizes of tensors must match except in dimension {at}. Expected size {real[0]._shape[d]} but got "
                    f"size {t._shape[d]} for tensor number {i} in the list."
                )
        total += t._shape[at]
    shape = real[0]._shape
    given = [t if t._dtype is dtype else t.to(dtype) for t in tensors]
    return (*shape[:at], total, *shape[at + 1 :]), dtype, given, at


def _alike(tensors: Sequence[Tensor], dim: int) -> tuple[Shape, int] | None:
    """The shape of `cat` of contiguous tensors of one dtype and device that agree in all but `dim`, and the dimension; None for others."""
    first = tensors[0]
    shape, dtype, device = first._shape, first._dtype, first._device
    ndim = len(shape)
    if not -ndim <= dim < ndim or shape == (0,):
        return None
    if dim < 0:
        dim += ndim
    total = len(tensors) * shape[dim]
    for t in tensors:
        if t._dtype is not dtype or t._device is not device or t._strides is not None:
            return None
        if (own := t._shape) != shape:
            if len(own) != ndim or own[:dim] != shape[:dim] or own[dim + 1 :] != shape[dim + 1 :] or own == (0,):
                return None
            total += own[dim] - shape[dim]
    return (*shape[:dim], total, *shape[dim + 1 :]), dim


def _infer_cat(tensors: Sequence[Tensor], dim: int) -> Inferred:
    if type(tensors) in (list, tuple) and type(dim) is int and tensors and type(tensors[0]) is Tensor:
        try:
            found = _alike(tensors, dim)
        except AttributeError:  # something else is among them
            found = None
        if found is not None:
            return (found[0], tensors[0]._dtype), (list(tensors), found[1])
    shape, dtype, given, at = _parts(tensors, dim)
    formats = {format_of(t) for t in tensors} if all(t._strides is not None for t in tensors) else {None}
    if len(formats) == 1 and (format := formats.pop()) is not None and len(shape) == CHANNELS_INNERMOST[format]:
        return (shape, dtype, innermost_strides("cat", shape, format)), (given, at)
    return (shape, dtype), (given, at)


def _cat_backward(g: Tensor, tensors: Sequence[Tensor], dim: int, needs: Sequence[bool]) -> list[Tensor | None]:
    grads: list[Tensor | None] = []
    start = 0
    for t, need in zip(tensors, needs, strict=True):
        if t._shape == (0,) and len(g._shape) != 1:
            grads.append(g.new_zeros((0,)) if need else None)
            continue
        n = t._shape[dim]
        grads.append(strided_slice(g, dim, start, n, 1) if need else None)
        start += n
    return grads


@op(
    infer=_infer_cat, on=("torch",), out="type", overlap="apart", ref="concatenate", aliases=("concat", "concatenate"),
    vjp={"tensors": lambda g, tensors, dim, needs: _cat_backward(g, tensors, dim, needs)},
)
def cat(tensors: list[Tensor], dim: int = 0) -> Tensor:
    """The tensors one behind the other along `dim`; their other sizes must agree. dtypes are promoted.

    >>> import corelib as torch
    >>> torch.cat([torch.tensor([1]), torch.tensor([2, 3])])
    tensor([1, 2, 3])
    """
    shape, dtype, tensors, dim = _parts(tensors, dim)
    made = Tensor._empty(tensors[0]._device, dtype, shape)
    start = 0
    for t in tensors:
        if t._shape == (0,) and len(shape) != 1:
            continue
        copy_elements(strided_slice(made, dim, start, t._shape[dim], 1), t)
        start += t._shape[dim]
    return made


TABLE["cat"].rule.geometry_only = True


def _infer_stack(tensors: Sequence[Tensor], dim: int) -> Inferred:
    first = tensors[0]
    dtype, device, shape = first._dtype, first._device, first._shape
    for t in tensors:
        if t._dtype is not dtype or t._device is not device or t._strides is not None:
            break
    else:
        return ((*shape[:dim], len(tensors), *shape[dim:]), dtype), (list(tensors), dim)
    with no_grad():
        spec, _ = _infer_cat([t.unsqueeze(dim) for t in tensors], dim)
    return spec, ([t if t._dtype is spec[1] else t.to(spec[1]) for t in tensors], dim)


@op(on=(), infer=_infer_stack, grad_name="StackBackward0", vjp={"tensors": lambda g, dim: list(g.unbind(dim))})
def stack_along(tensors: list[Tensor], dim: int) -> Tensor:
    """`stack` of checked tensors."""
    return cat([t.unsqueeze(dim) for t in tensors], dim)


@op(on=("torch",), out="type", ref="stack")
def stack(tensors: list[Tensor], dim: int = 0) -> Tensor:
    """The tensors, all of one shape, along a new dimension.

    >>> import corelib as torch
    >>> torch.stack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    if not isinstance(tensors, (list, tuple)):
        raise TypeError(f"stack(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}")
    if not tensors:
        raise RuntimeError("stack(): stack expects a non-empty TensorList")
    shape = getattr(tensors[0], "_shape", None)
    for i, t in enumerate(tensors):
        if type(t) is Tensor and t._shape == shape:
            continue
        if not isinstance(t, Tensor):
            raise TypeError(f"stack(): expected Tensor as element {i} in argument 'tensors', but got {type(t).__name__}")
        if t._shape != shape:
            raise RuntimeError(
                f"stack(): stack expects each tensor to be equal size, but got {list(tensors[0]._shape)} at entry 0 and {list(t._shape)} at entry {i}"
            )
    return stack_along(tensors, wrap_dim("stack", dim, len(tensors[0]._shape) + 1))


def joined(tensors: Sequence[Tensor], dim: int, out: Tensor | None) -> Tensor:
    """`cat` with its `out=`."""
    made: Tensor = TABLE["cat"].entry(tensors, dim, out=out)
    return made


def _at_least(x: Tensor, ndim: int) -> Tensor:
    return x.reshape((1,) * (ndim - len(x._shape)) + x._shape) if len(x._shape) < ndim else x


def _at_least_of(ndim: int) -> Callable[..., Tensor]:
    def function(*tensors: Tensor) -> Any:
        made = tuple([_raised(t, ndim) for t in spread(tensors)])
        return made[0] if len(tensors) == 1 and isinstance(tensors[0], Tensor) else made

    function.__name__ = function.__qualname__ = f"atleast_{ndim}d"
    function.__doc__ = f"The tensor, or each of several, with at least {ndim} dimension(s), new ones having size 1."
    return function


def _raised(x: Tensor, ndim: int) -> Tensor:
    have = len(x._shape)
    if have >= ndim:
        return x
    if ndim == 3 and have == 2:
        return x.unsqueeze(-1)
    if ndim == 3 and have == 1:
        return x.unsqueeze(0).unsqueeze(-1)
    return x.reshape((1,) * (ndim - have) + x._shape)


atleast_1d, atleast_2d, atleast_3d = (public("torch")(_at_least_of(n)) for n in (1, 2, 3))


def listed(name: str, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
    """The tensors of a sequence. TypeError for a tensor, whose rows nobody meant, and for what is no tensor; RuntimeError for none."""
    if isinstance(tensors, Tensor) or not isinstance(tensors, (tuple, list)):
        raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}")
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): expected Tensor as element {i} in argument 0, but got {type(t).__name__}")
    if not len(tensors):
        raise RuntimeError(f"{name}(): {name} expects a non-empty TensorList")
    return tensors


@public("torch")
def hstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors side by side: along the second dimension, or the first for vectors."""
    made = [_at_least(t, 1) for t in listed("hstack", tensors)]
    return joined(made, 0 if len(made[0]._shape) == 1 else 1, out)


@public("torch", names=("vstack", "row_stack"))
def vstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors below each other, vectors as rows."""
    return joined([_at_least(t, 2) for t in listed("vstack", tensors)], 0, out)


def _repeat_backward(g: Tensor, input_shape: Shape, repeats: Sequence[int]) -> Tensor:
    lead = len(repeats) - len(input_shape)
    shape = (1,) * lead + input_shape
    split = [n for pair in zip(repeats, shape, strict=True) for n in pair]
    if 0 in repeats:
        return g.new_zeros(input_shape)
    return g.reshape(tuple(split)).sum(tuple(range(0, len(split), 2))).reshape(input_shape)


@op(on=(), vjp=_repeat_backward)
def repeat(input: Tensor, repeats: int | Sequence[int]) -> Tensor:
    """The tensor repeated along each dimension; more repeats than dimensions add dimensions in front.

    >>> import corelib as torch
    >>> torch.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    times = integers("repeat", "repeats", repeats)
    lead = len(times) - len(input._shape)
    if lead < 0:
        raise RuntimeError(
            f"repeat(): Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: got "
            f"{list(times)} for shape {list(input._shape)}"
        )
    if any(n < 0 for n in times):
        raise RuntimeError(f"repeat(): Trying to create tensor with negative dimension, repeats {list(times)}")
    shape = (1,) * lead + input._shape
    split = [n for pair in zip(times, shape, strict=True) for n in pair]
    ones = [n for m in shape for n in (1, m)]
    made = input.reshape(tuple(ones)).expand(tuple(split))
    made = made.clone(memory_format=contiguous_format)
    return made.reshape(tuple([a * b for a, b in zip(times, shape, strict=True)]))


method_with_varargs("repeat", repeat)


@op(on=("torch",))
def tile(input: Tensor, dims: int | Sequence[int]) -> Tensor:
    """The tensor repeated as `repeat` does; missing leading repeats count as 1.

    >>> import corelib as torch
    >>> torch.tensor([1, 2]).tile(2)
    tensor([1, 2, 1, 2])
    """
    times = integers("tile", "dims", dims)
    return repeat(input, (1,) * (len(input._shape) - len(times)) + times)


method_with_varargs("tile", tile)


@public("torch")
def repeat_interleave(
    input: Tensor, repeats: Tensor | int | list[int] | tuple[int, ...] | None = None, dim: int | None = None, *,
    output_size: int | None = None,
) -> Tensor:
    """Each element repeated in its place, along `dim` or flattened; `repeats` is a number or one for each element.

    >>> import corelib as torch
    >>> torch.repeat_interleave(torch.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    if repeats is None:  # of indices: how often each occurs
        return repeat_interleave(arange(input._shape[0], device=input._device), input)
    if dim is None:
        input, dim = input.reshape((-1,)), 0
    at = wrap_dim("repeat_interleave", dim, len(input._shape))
    n = input._shape[at]
    if isinstance(repeats, (list, tuple)):
        repeats = input.new_tensor(list(repeats), dtype=D.int64)
    if isinstance(repeats, Tensor):
        if repeats._dtype not in (D.int64, D.int32):
            raise NotImplementedError(f"repeat_interleave(): \"repeat_interleave_cpu\" not implemented for {repeats._dtype} repeats; int64 and int32 are accepted")
        if len(repeats._shape) > 1 or (repeats._numel not in (1, n)):
            raise RuntimeError(
                f"repeat_interleave(): repeats must have the same size as input along dim, but got repeats.size(0) = "
                f"{repeats._numel} and input.size({at}) = {n}"
            )
        if repeats._device.type == "meta":
            if output_size is None:
                raise RuntimeError("repeat_interleave(): cannot repeat_interleave a meta tensor without output_size")
            return input.index_select(at, input.new_empty((output_size,), dtype=D.int64))
        counts = repeats.expand((n,)).tolist()
        if any(c < 0 for c in counts):
            raise RuntimeError("repeat_interleave(): repeats can not be negative")
        if len(set(counts)) != 1:
            places = [i for i, c in enumerate(counts) for _ in range(c)]
            with KNOWN:
                return input.index_select(at, input.new_tensor(places, dtype=D.int64))
        times: int = counts[0]
    else:
        times = int(repeats)
        if times < 0:
            raise RuntimeError("repeat_interleave(): repeats can not be negative")
    shape = input._shape
    wide = input.unsqueeze(at + 1).expand((*shape[: at + 1], times, *shape[at + 1 :]))
    made = wide.clone(memory_format=contiguous_format)
    return made.reshape((*shape[:at], n * times, *shape[at + 1 :]))


attach("repeat_interleave", repeat_interleave)


def _infer_flip(input: Tensor, dims: int | Sequence[int]) -> Inferred:
    n = len(input._shape)
    if type(dims) is tuple and len(dims) == 1 and type(dims[0]) is int and -n <= dims[0] < n:  # nothing to be said against it
        return (input._shape, input._dtype, kept_strides(input)), (input, (dims[0] % n,))
    at = tuple([wrap_dim("flip", d, n, "dims") for d in integers("flip", "dims", dims)])
    if len(set(at)) != len(at):
        raise RuntimeError(f"flip(): dim {max(at, key=at.count)} appears multiple times in the list of dims {list(integers('flip', 'dims', dims))}")
    return (input._shape, input._dtype, kept_strides(input)), (input, tuple(d for d in at if d < n))


@op(infer=_infer_flip, on=("torch",), ref="flip", vjp=lambda g, dims: g.flip(dims))
def flip(input: Tensor, dims: int | Sequence[int]) -> Tensor:
    """A copy with the elements along `dims` in reverse.

    >>> import corelib as torch
    >>> torch.arange(3).flip(0)
    tensor([2, 1, 0])
    """
    made = input
    for d in integers("flip", "dims", dims):
        n = input._shape[d]
        with KNOWN:
            made = made.index_select(d, (n - 1) - arange(n, device=input._device))
    return made.clone() if made is input else made


method_with_varargs("flip", flip)


def _reversed(self: Tensor) -> Tensor:
    """What Python's `reversed` gives: the rows in the opposite order, or a tensor without dimensions as it is."""
    return flip(self, (0,)) if self._shape else self


attach("__reversed__", _reversed)


@op()
def fliplr(input: Tensor) -> Tensor:
    """A copy with the second dimension in reverse. RuntimeError for a vector."""
    if len(input._shape) < 2:
        raise RuntimeError(f"fliplr(): Input must be >= 2-d., got shape {list(input._shape)}")
    return flip(input, (1,))


@op()
def flipud(input: Tensor) -> Tensor:
    """A copy with the first dimension in reverse. RuntimeError for a scalar."""
    if not input._shape:
        raise RuntimeError("flipud(): Input must be >= 1-d., got a scalar")
    return flip(input, (0,))


@op(vjp=lambda g, shifts, dims: g.roll(_negated(shifts), dims))
def roll(input: Tensor, shifts: int | Sequence[int], dims: Dims = None) -> Tensor:
    """A copy with the elements moved by `shifts` places along `dims` (flattened without), the last ones coming round.

    >>> import corelib as torch
    >>> torch.arange(4).roll(1)
    tensor([3, 0, 1, 2])
    """
    moves = integers("roll", "shifts", shifts)
    if dims is None or dims == ():
        if len(moves) != 1:
            raise RuntimeError(f"roll(): shifts and dimensions must align. shifts: {len(moves)}, dims: 0")
        return roll(input.reshape((-1,)), moves, (0,)).reshape(input._shape)
    along = integers("roll", "dims", dims)
    if len(along) != len(moves):
        raise RuntimeError(f"roll(): shifts and dimensions must align. shifts: {len(moves)}, dims: {len(along)}")
    made = input
    for by, d in zip(moves, along, strict=True):
        at = wrap_dim("roll", d, len(input._shape), "dims")
        n = made._shape[at]
        if n and by % n:
            cut = n - by % n
            made = cat([strided_slice(made, at, cut, n - cut, 1), strided_slice(made, at, 0, cut, 1)], at)
    return made.clone() if made is input else made


def _negated(shifts: int | Sequence[int]) -> tuple[int, ...]:
    return tuple([-n for n in integers("roll", "shifts", shifts)])


def _triangle(name: str, input: Tensor, diagonal: int, lower: bool) -> Tensor:
    if len(input._shape) < 2:
        raise RuntimeError(f"{name}(): input tensor must have at least 2 dimensions, got shape {list(input._shape)}")
    n, m = input._shape[-2:]
    # no diagonal lies further out
    rows = arange(n, device=input._device).unsqueeze(1) + min(max(diagonal, -n - 1), m + 1)
    columns = arange(m, device=input._device)
    inside = columns <= rows if lower else columns >= rows
    return select_where(inside, input, False if input._dtype is D.bool else 0)


@op(out="exact", inplace=True, overlap="unchecked", repeats="accepted", ref="tril", vjp=lambda g, diagonal: g.tril(diagonal))
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of a matrix or batch of matrices, the rest zero.

    >>> import corelib as torch
    >>> torch.ones(2, 2).tril()
    tensor([[1., 0.],
            [1., 1.]])
    """
    return _triangle("tril", input, diagonal, True)


@op(out="exact", inplace=True, overlap="unchecked", repeats="accepted", ref="triu", vjp=lambda g, diagonal: g.triu(diagonal))
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of a matrix or batch of matrices, the rest zero.

    >>> import corelib as torch
    >>> torch.ones(2, 2).triu()
    tensor([[1., 1.],
            [0., 1.]])
    """
    return _triangle("triu", input, diagonal, False)


@public("torch", out=True)
def _chunk_cat(tensors: Sequence[Tensor], dim: int, num_chunks: int) -> Tensor:
    """Each tensor cut along `dim` into `num_chunks` equal pieces, filled up with zeros, what follows `dim` laid out flat, and all joined: the
    shape is (before dim, num_chunks, the rest), `dim` being counted in all of them alike.

    >>> import corelib as torch
    >>> torch._chunk_cat([torch.ones(3), torch.full((2,), 2.)], 0, 2)
    tensor([[1., 1., 2.],
            [1., 0., 2.]])
    """
    if not tensors:
        raise RuntimeError("_chunk_cat(): expects a non-empty input tensor list")
    if num_chunks < 1:
        raise RuntimeError(f"_chunk_cat(): expects positive num_chunks, got {num_chunks}")
    if dim < 0 and len({t.dim() for t in tensors}) > 1:
        raise RuntimeError(f"_chunk_cat(): expects non-negative dim when input tensors have different ndims, got {dim}")
    dim = wrap_dim("_chunk_cat", dim, tensors[0].dim())
    if any(dim >= t.dim() for t in tensors):
        raise RuntimeError(f"_chunk_cat(): expects dim < ndim for all input tensors, got dim {dim} and {[t.dim() for t in tensors]} dimensions")
    pieces = []
    for t in tensors:
        lead, n = t.shape[:dim], t.shape[dim]
        if not t.numel():
            raise RuntimeError("_chunk_cat(): expects non-empty tensors")
        if missing := -n % num_chunks:
            t = cat([t, t.new_zeros((*lead, missing, *t.shape[dim + 1 :]))], dim)
        pieces.append(t.reshape((*lead, num_chunks, -1)))
    return cat(pieces, dim + 1)
