"""Elements scattered along a dimension, set or added: each becomes `put_rows` on the flattened tensor."""

from __future__ import annotations

from corelib.dispatcher.calls.elementwise import fitting_number
from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Infer, Inferred
from corelib.dispatcher.operands import Aside
from corelib.dispatcher.warned import warn
from corelib.ops.indexing.gathering import _check_same_rank, _flat_places, gather
from corelib.ops.indexing.rows import KNOWN, _integer_index, check_index, put_rows, within_bounds
from corelib.tensor.dtype import Number
from corelib.tensor.size import Shape, wrap_dim
from corelib.tensor.tensor import Tensor


def _infer_index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, alpha: Number) -> Inferred:
    index = _integer_index("index_add", index, int32=True)
    at = wrap_dim("index_add", dim, len(input._shape))
    if source._dtype is not input._dtype:
        raise RuntimeError(f"index_add(): self ({input._dtype}) and source ({source._dtype}) must have the same scalar type")
    n = input._shape[at] if input._shape else 1
    expected = (*input._shape[:at], index._numel, *input._shape[at + 1 :]) if input._shape else ()
    if source._shape != expected and not (not input._shape and source._numel == 1):
        raise RuntimeError(
            f"index_add(): Source/destination tensor must have same slice shapes; source has shape {list(source._shape)}, "
            f"accepted is {list(expected)}"
        )
    check_index("index_add", index, n, at, of=input if input._shape else None)
    alpha = fitting_number("index_add", alpha, input._dtype)
    return (input._shape, input._dtype), (input, at, index, source, alpha)


@op(
    infer=_infer_index_add, out="exact", inplace=True,
    vjp={
        "input": lambda g: g,
        "source": within_bounds(lambda g, dim, index, alpha: g.index_select(dim, index) * alpha if g._shape else g * alpha),
    },
)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
    """`input` with each slice of `source` added at its index along `dim`; equal indices add up.

    >>> import corelib as torch
    >>> torch.zeros(2).index_add(0, torch.tensor([1, 1]), torch.ones(2))
    tensor([0., 2.])
    """
    if alpha != 1:
        source = source * alpha
    if not input._shape:
        return input + source.reshape(())
    rows = put_rows(input.movedim(dim, 0), index.reshape((-1,)), source.movedim(dim, 0), True)
    return rows.movedim(0, dim).contiguous()


def _infer_scatter(name: str) -> Infer:
    def infer(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Inferred:
        if not isinstance(src, Tensor):
            raise TypeError(f"{name}(): argument 'src' must be Tensor, not {type(src).__name__}")
        at, index = _check_same_rank(name, input, dim, index, (("Src", src),))
        if src._dtype is not input._dtype:
            raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype, got {input._dtype} and {src._dtype}")
        for d, n in enumerate(index._shape if index._numel else ()):
            m = input._shape[d] if input._shape else 1
            if (d != at and n > m) or n > (src._shape[d] if src._shape else 1):
                raise RuntimeError(
                    f"{name}(): Expected index {list(index._shape)} to be no larger than self {list(input._shape)} apart from "
                    f"dimension {at} and to be no larger size than src {list(src._shape)}"
                )
        check_index(name, index, input._shape[at] if input._shape else 1, at, RuntimeError, of=input)
        return (input._shape, input._dtype), (input, at, index, src)

    return infer


def _cut(src: Tensor, shape: Shape) -> Tensor:
    """The leading part of `src` that an index of this shape refers to."""
    made = src
    for d, n in enumerate(shape):
        if src._shape and made._shape[d] != n:
            made = made.narrow(d, 0, n)
    return made


def _uncut(g: Tensor, shape: Shape) -> Tensor:
    if g._shape == shape:
        return g
    made = g.new_zeros(shape)
    part = made
    for d, n in enumerate(g._shape):
        part = part.narrow(d, 0, n)
    part.copy_(g)
    return made


def _put_flat(input: Tensor, dim: int, index: Tensor, src: Tensor, accumulate: bool) -> Tensor:
    if index._numel == 0:
        return input.clone()
    flat = input.contiguous().reshape((-1,))
    places = _flat_places(input._shape, dim, index) if input._shape and index._shape else index
    rows = put_rows(flat, places.reshape((-1,)), _cut(src, index._shape).reshape((-1,)), accumulate)
    return rows.reshape(input._shape)


@op(
    infer=_infer_scatter("scatter_add"), overlap="apart", out="exact", inplace=True,
    vjp={"input": lambda g: g, "src": within_bounds(lambda g, dim, index, src_shape: _uncut(g.gather(dim, index), src_shape))},
)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with every element of `src` added where `index` says along `dim`; equal places add up.

    >>> import corelib as torch
    >>> torch.zeros(3).scatter_add(0, torch.tensor([0, 0, 2]), torch.ones(3))
    tensor([2., 0., 1.])
    """
    return _put_flat(input, dim, index, src, True)


@within_bounds
def _overwritten(g: Tensor, dim: int, index: Tensor) -> Tensor:
    """A gradient without what was overwritten."""
    return scatter_set(g, dim, index, g.new_zeros(index._shape))


@op(
    on=(), infer=_infer_scatter("scatter"), grad_name="ScatterBackward0",
    vjp={
        "input": _overwritten,
        "src": within_bounds(lambda g, dim, index, src_shape: _uncut(g.gather(dim, index), src_shape)),
    },
)
def scatter_set(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with elements of `src` set where `index` says."""
    return _put_flat(input, dim, index, src, False)


@op(inplace=True, overlap="apart", out="exact")
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Aside[Tensor | Number | None] = None, *,
    value: Aside[Tensor | Number | None] = None, reduce: str | None = None,
) -> Tensor:
    """`input` with the elements of `src`, or a number, put where `index` says along `dim`.

    reduce: "add" or "multiply" joins them with what was there. Equal places are not ordered.

    >>> import corelib as torch
    >>> torch.zeros(3).scatter(0, torch.tensor([2]), 5.)
    tensor([0., 0., 5.])
    """
    if src is not None and value is not None:
        raise TypeError("scatter(): arguments 'src' and 'value' stand for the same: give one")
    if src is None:
        src = value
    if src is None:
        raise TypeError("scatter(): one of the arguments 'src' and 'value' is needed")
    if not isinstance(src, Tensor):
        if not isinstance(src, (int, float, complex)):
            raise TypeError(f"scatter(): argument 'src' must be Tensor or Number, not {type(src).__name__}")
        src = input.new_full(index._shape, src)
    elif reduce is not None:
        warn(
            "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future PyTorch release. Use "
            "torch.scatter_reduce instead for more reduction options."
        )
    if reduce is None:
        return scatter_set(input, dim, index, src)
    if reduce == "add":
        return scatter_add(input, dim, index, src)
    if reduce == "multiply":
        if not input._shape or not index._shape:
            return input * src
        # one place of `index` along dim at a time: within it no element is met twice
        made = input.clone()
        at = wrap_dim("scatter", dim, len(input._shape))
        steps = 0 if not index._numel else 1 if index._device.type == "meta" else index._shape[at]  # without values one is as good as all
        check_index("scatter", index, input._shape[at], at, RuntimeError)
        with KNOWN:
            for i in range(steps):
                place = index.narrow(at, i, 1)
                factor = _cut(src, index._shape).narrow(at, i, 1)
                made = scatter_set(made, at, place, gather(made, at, place) * factor)
        return made
    raise RuntimeError(f"scatter(): argument 'reduce' must be either add or multiply, got {reduce!r}")
