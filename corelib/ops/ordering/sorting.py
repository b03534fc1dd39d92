"""Order: sorting, the largest and smallest with their places, distinct elements, counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import TABLE, Infer, Inferred
from corelib.dispatcher.operands import Aside
from corelib.graph.grad_mode import grad_mode
from corelib.graph.rule import without_derivative, without_slope
from corelib.ops.conversion.copying import kept_strides
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.predicates import need_values
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import KNOWN, ends, within_bounds
from corelib.ops.reduction.reductions import amax, amin, reduced
from corelib.ops.return_types import MinAndMax, ValuesAndIndices, values_and_indices
from corelib.ops.shape.joining import cat
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.dtype import kind_name
from corelib.tensor.size import Shape, wrap_dim
from corelib.tensor.tensor import Tensor

_Sort, _Topk = values_and_indices("sort"), values_and_indices("topk")


def _infer_arg(name: str) -> Infer:
    def infer(input: Tensor, dim: object, keepdim: bool) -> Inferred:
        if dim is not None and not isinstance(dim, int):
            raise TypeError(f"{name}(): argument 'dim' must be int or None, not {type(dim).__name__}")
        if input._dtype is D.bool:
            raise NotImplementedError(f"{name}(): \"{name}_cpu\" not implemented for 'Bool'")
        dims, shape = reduced(name, input, dim, keepdim)
        if dim is None:
            if input._numel == 0:
                raise IndexError(
                    f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
                    f"the 'dim' argument (got shape {list(input._shape)})."
                )
            return (shape, D.int64), (input, None, keepdim)
        at = wrap_dim(name, dim, len(input._shape))
        if input._shape and input._shape[at] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {at} to have non-zero size, got shape {list(input._shape)}.")
        return (shape, D.int64), (input, at, keepdim)

    return infer


def _place(input: Tensor, best: Tensor, dim: int) -> Tensor:
    """The first place along `dim` where the input equals the best, NaN counting as equal to NaN."""
    n = input._shape[dim] if input._shape else 1
    hit = (input == best) | ((input != input) & (best != best))
    shape = [1] * len(input._shape)
    if shape:
        shape[dim] = n
    places = arange(n, device=input._device).reshape(tuple(shape))
    return amin(select_where(hit, places, n), dim, True)


def _arg(input: Tensor, dim: int | None, keepdim: bool, extreme: Callable[[Tensor, int, bool], Tensor]) -> Tensor:
    if dim is None:
        flat = input.reshape((-1,))
        found = _place(flat, extreme(flat, 0, True), 0)
        return found.reshape((1,) * len(input._shape) if keepdim else ())
    found = _place(input, extreme(input, dim, True), dim)
    return found if keepdim or not input._shape else found.squeeze(dim)


@op(ref="argmax", infer=_infer_arg("argmax"), overlap="unchecked", out="exact")
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is: in the flattened tensor, or along `dim`. The first of equals; NaN is largest.

    >>> import corelib as torch
    >>> torch.tensor([1, 5, 5]).argmax()
    tensor(1)
    """
    return _arg(input, dim, keepdim, amax)


@op(ref="argmin", infer=_infer_arg("argmin"), overlap="unchecked", out="exact")
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is: in the flattened tensor, or along `dim`. The first of equals; NaN is smallest.

    >>> import corelib as torch
    >>> torch.tensor([3, 1, 1]).argmin()
    tensor(1)
    """
    return _arg(input, dim, keepdim, amin)


@within_bounds
def put_back(gs: tuple[Tensor | None, ...], input_shape: Shape, dim: int, keepdim: bool, out1: Tensor) -> Tensor | None:
    """The gradient of elements that were chosen along a dimension, at the places which they came from."""
    g = gs[0]
    if g is None or not input_shape:
        return g
    if not keepdim:
        g, out1 = g.unsqueeze(dim), out1.unsqueeze(dim)
    return g.new_zeros(input_shape).scatter_add(dim, out1, g)


def _put_back(gs: tuple[Tensor | None, ...], input_shape: Shape, dim: int, out1: Tensor) -> Tensor | None:
    return put_back(gs, input_shape, dim, True, out1)


def _infer_extreme_dim(name: str) -> Infer:
    def infer(input: Tensor, dim: int, keepdim: bool) -> Inferred:
        at = wrap_dim(name, dim, len(input._shape))
        if input._shape and input._shape[at] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {at} to have non-zero size, got shape {list(input._shape)}.")
        _, shape = reduced(name, input, at, keepdim)
        return [(shape, input._dtype), (shape, D.int64)], (input, at, keepdim)

    return infer


def _extreme(input: Tensor, dim: int, keepdim: bool, best: Callable[[Tensor, int, bool], Tensor]) -> tuple[Tensor, Tensor]:
    indices = _arg(input, dim, True, best)
    values = best(input, dim, True)
    if not keepdim and input._shape:
        values, indices = values.squeeze(dim), indices.squeeze(dim)
    return values, indices


@op(on=(), out="exact", several=True, grad_name="MaxBackward0", infer=_infer_extreme_dim("max"), vjp=put_back)
def max_along(input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The largest elements along a dimension, and where they are."""
    return _extreme(input, dim, keepdim, amax)


@op(on=(), out="exact", several=True, grad_name="MinBackward0", infer=_infer_extreme_dim("min"), vjp=put_back)
def min_along(input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The smallest elements along a dimension, and where they are."""
    return _extreme(input, dim, keepdim, amin)


def _infer_extreme_all(name: str) -> Infer:
    def infer(input: Tensor) -> Inferred:
        if input._numel == 0:
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
                f"'dim' argument (got shape {list(input._shape)})."
            )
        return ((), input._dtype), (input,)

    return infer


def among_equals(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    """The gradient of one of all elements, in equal shares for those that equal it: where it is NaN, for those that are."""
    hit = (input == out) | ((out != out) & (input != input))
    return select_where(hit, g / hit.sum(), 0.0)


@op(on=(), out=True, overlap="itself", grad_name="MaxBackward1", infer=_infer_extreme_all("max"), vjp=among_equals)
def max_all(input: Tensor) -> Tensor:
    """The largest of all elements."""
    return amax(input)


@op(on=(), out=True, overlap="itself", grad_name="MinBackward1", infer=_infer_extreme_all("min"), vjp=among_equals)
def min_all(input: Tensor) -> Tensor:
    """The smallest of all elements."""
    return amin(input)


def _max_or_min(
    name: str, everything: Callable[..., Tensor], along: Callable[[Tensor, int, bool], tuple[Tensor, Tensor]], pairwise: str,
) -> Callable[..., Any]:
    kind = values_and_indices(name)

    def extreme(
        input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None,
        out: Tensor | tuple[Tensor, ...] | None = None,
    ) -> Any:
        if not isinstance(input, Tensor):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        if other is not None and (dim is not None or keepdim):
            raise TypeError(f"{name}(): argument 'other' goes with neither dim nor keepdim")
        if isinstance(dim, Tensor):
            dim, other = None, dim
        if other is not None:
            return TABLE[pairwise].entry(input, other, out=out)
        if dim is None:
            return everything(input, out=out)
        made = along(input, dim, keepdim)
        return kind(*(made if out is None else write(name, tuple(made), out, (input,))))

    extreme.__name__ = extreme.__qualname__ = name
    word = {"max": "largest", "min": "smallest"}[name]
    extreme.__doc__ = f"""The {word} element of all; with `dim` the {word} along it and their indices; with a tensor, of pairs.

    >>> import corelib as torch
    >>> torch.{name}(torch.tensor([[1, 5], [3, 2]]), 1).indices
    tensor({[1, 0] if name == "max" else [0, 1]})
    """
    return extreme


max = public("torch")(_max_or_min("max", max_all, max_along, "maximum"))
min = public("torch")(_max_or_min("min", min_all, min_along, "minimum"))
attach("max", max)
attach("min", min)


@public("torch", outs=True)
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinAndMax:
    """The smallest and the largest element, of all or along `dim`.

    >>> import corelib as torch
    >>> torch.aminmax(torch.tensor([3, 1])).max
    tensor(3)
    """
    dims = () if dim is None else dim
    return MinAndMax(amin(input, dims, keepdim), amax(input, dims, keepdim))


def _infer_sort(input: Tensor, dim: int, descending: bool, stable: bool) -> Inferred:
    dim = wrap_dim("sort", dim, len(input._shape))
    strides = kept_strides(input)
    return [(input._shape, input._dtype, strides), (input._shape, D.int64, strides)], (input, dim, bool(descending), bool(stable))


@op(on=(), out="exact", several=True, grad_name="SortBackward0", infer=_infer_sort, vjp=_put_back)
def sort_along(input: Tensor, dim: int, descending: bool, stable: bool) -> tuple[Tensor, Tensor]:
    """A bitonic sort of (element, place) pairs: log² n rounds of compare and swap over the whole tensor at once."""
    if input._numel < 2:
        return input.clone(), input.new_zeros(input._shape, dtype=D.int64)
    if input._shape[dim] == 1:  # each line is in order
        return input.clone().contiguous(), input.new_zeros(input._shape, dtype=D.int64)
    x = input.movedim(dim, -1)
    n = x._shape[-1]
    size = 1 << (n - 1).bit_length() if n > 1 else n
    place = arange(size, device=input._device).expand((*x._shape[:-1], size))
    if size > n:  # pads sort behind everything: their places are larger than any element's, see `behind`
        x = cat([x, x.new_zeros((*x._shape[:-1], size - n))], -1)
    values = x
    i = arange(size, device=input._device)
    block = 2
    while block <= size:
        step = block // 2
        while step:
            partner = i ^ step
            with KNOWN:
                other, other_place = values.index_select(-1, partner), place.index_select(-1, partner)
            first = _before(values, place, other, other_place, n, descending)
            # the lower place of a pair keeps the earlier element where its block runs upwards
            upwards = ((i & block) == 0) == ((i & step) == 0)
            keep = first == upwards
            values, place = select_where(keep, values, other), select_where(keep, place, other_place)
            step //= 2
        block *= 2
    values, place = values.narrow(-1, 0, n), place.narrow(-1, 0, n)
    return values.movedim(-1, dim).contiguous(), place.movedim(-1, dim).contiguous()


def _before(a: Tensor, pa: Tensor, b: Tensor, pb: Tensor, n: int, descending: bool) -> Tensor:
    """Whether pair a sorts before pair b: pads last, NaN as the largest, equal elements by place."""
    less = (a > b) if descending else (a < b)
    more = (b > a) if descending else (b < a)
    if a._dtype.is_floating_point:
        na, nb = a != a, b != b
        less, more = (less | (na & ~nb), more | (nb & ~na)) if descending else (less | (nb & ~na), more | (na & ~nb))
    earlier = less | (~more & (pa < pb))
    pad_a, pad_b = pa >= n, pb >= n
    return (~pad_a & pad_b) | ((pad_a == pad_b) & select_where(pad_a, pa < pb, earlier))


@public("torch")
def sort(
    input: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = False, *, out: tuple[Tensor, ...] | None = None
) -> ValuesAndIndices:
    """The elements in order along `dim`, and where they came from; NaN counts as the largest. Always stable.

    >>> import corelib as torch
    >>> torch.sort(torch.tensor([3, 1, 2])).values
    tensor([1, 2, 3])
    """
    if isinstance(dim, bool):
        descending, dim = dim, -1
    made = sort_along(input, dim, descending, bool(stable))
    return _Sort(*(made if out is None else write("sort", tuple(made), out, (input,))))


@public("torch")
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False, out: Tensor | None = None) -> Tensor:
    """The indices that put the elements in order along `dim`.

    >>> import corelib as torch
    >>> torch.argsort(torch.tensor([3, 1, 2]))
    tensor([1, 2, 0])
    """
    made = sort_along(input.detach() if isinstance(input, Tensor) else input, dim, descending, stable)[1]
    return made if out is None else write("argsort", made, out, (input,))


def _infer_topk(input: Tensor, k: int, dim: int, largest: bool, sorted: bool) -> Inferred:
    if input._dtype is D.bool:
        raise RuntimeError("topk(): topk does not support bool dtypes on CPU; number dtypes are accepted")
    dim = wrap_dim("topk", dim, len(input._shape))
    if not isinstance(k, int):
        raise TypeError(f"topk(): argument 'k' (position 2) must be int, not {type(k).__name__}")
    n = input._shape[dim] if input._shape else 1
    if not 0 <= k <= n:
        raise RuntimeError(f"topk(): selected index k out of range: k={k} for dimension {dim} of size {n}")
    shape = (*input._shape[:dim], k, *input._shape[dim + 1 :]) if input._shape else ()
    return [(shape, input._dtype), (shape, D.int64)], (input, k, dim, largest, sorted)


@op(on=(), out="exact", several=True, grad_name="TopkBackward0", infer=_infer_topk, vjp=_put_back)
def topk_along(input: Tensor, k: int, dim: int, largest: bool, sorted: bool) -> tuple[Tensor, Tensor]:
    """The first k of the sorted elements."""
    values, indices = sort_along(input, dim, largest, True)
    if not input._shape:
        return values, indices
    return values.narrow(dim, 0, k).contiguous(), indices.narrow(dim, 0, k).contiguous()


@public("torch")
def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: tuple[Tensor, ...] | None = None
) -> ValuesAndIndices:
    """The `k` largest (or smallest) elements along `dim`, and where they are.

    >>> import corelib as torch
    >>> torch.topk(torch.tensor([3, 1, 2]), 2).values
    tensor([3, 2])
    """
    made = topk_along(input, k, dim, largest, sorted)
    return _Topk(*(made if out is None else write("topk", tuple(made), out, (input,))))


for _name, _function in (("sort", sort), ("argsort", argsort), ("topk", topk), ("aminmax", aminmax)):
    attach(_name, _function)


def _refuse_slope(g: Tensor, name: str) -> Tensor:
    made: Tensor = (without_derivative if name in _WHOLE else without_slope)(name)(g)
    return made


_WHOLE = ("bincount", "histogram")
"""What PyTorch's generic node stands for; the others have nodes of their own."""


@op(
    on=(), vjp={"source": _refuse_slope},
    grad_name=lambda source, made, name: ("NotImplemented" if name in _WHOLE else f"{name.title().replace('_', '')}Backward0", (0,)),
)
def made_from(source: Tensor, made: Aside[Tensor], name: str) -> Tensor:
    """What the op `name` made of a source: it stays in the graph, and its gradient is refused, as in PyTorch."""
    return made.clone()


def kept_in_graph(source: Tensor, made: Tensor, name: str) -> Tensor:
    """`made_from`, where there is something to record."""
    return made_from(source, made, name) if source._requires_grad and grad_mode.enabled else made


def _check_bincount(input: Tensor, weights: Tensor | None, minlength: int) -> None:
    if input._dtype not in D.INTEGERS:
        raise NotImplementedError(
            f"bincount(): \"bincount_cpu\" not implemented for '{kind_name(input._dtype)}'; integer dtypes are accepted"
        )
    if len(input._shape) != 1:
        raise RuntimeError(
            f"bincount(): only supports 1-d non-negative integral inputs, got shape {list(input._shape)} and {input._dtype}"
        )
    if minlength < 0:
        raise RuntimeError(f"bincount(): minlength should be >= 0, got {minlength}")
    if weights is not None and weights._shape != input._shape:
        raise RuntimeError(f"bincount(): weights should be 1-d and have the same length as input, got {list(weights._shape)}")


@op()
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 occurs in a vector of integers, or the sum of its `weights`.

    >>> import corelib as torch
    >>> torch.bincount(torch.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    _check_bincount(input, weights, minlength)
    need_values("bincount", input)
    low, high = ends([input])[0] if input._numel else (0, -1)
    if low < 0:
        raise RuntimeError("bincount(): only supports 1-d non-negative integral inputs, but the input has negative elements")
    n = high + 1
    n = n if n > minlength else minlength
    if weights is None:
        one = input.new_ones(input._shape, dtype=D.int64)
    else:
        one = weights.detach() if weights._dtype is D.float32 else weights.detach().to(D.float64)
    with KNOWN:
        made = one.new_zeros((n,)).scatter_add(0, input.to(D.int64), one)
    return made if weights is None else kept_in_graph(weights, made, "bincount")
