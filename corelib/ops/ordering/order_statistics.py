"""Elements by their rank: kthvalue, median, mode, quantiles; each from one sort along a dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import Infer, Inferred, Spec
from corelib.graph.views import own_memory
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.predicates import any_true
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.ordering.sorting import among_equals, put_back, sort_along
from corelib.ops.reduction.reductions import reduced
from corelib.ops.reduction.scans import cummax_along
from corelib.ops.return_types import ValuesAndIndices, values_and_indices
from corelib.tensor import dtype as D
from corelib.tensor.size import wrap_dim
from corelib.tensor.tensor import Tensor

_Kthvalue, _Mode = values_and_indices("kthvalue"), values_and_indices("mode")


def _refuse_bool(name: str, input: Tensor) -> None:
    if input._dtype is D.bool:
        raise NotImplementedError(f"{name}(): \"{name}_cpu\" not implemented for 'Bool'")


def _chosen(name: str, input: Tensor, dim: int, keepdim: bool) -> tuple[int, list[Spec]]:
    """The dimension counted from the front, and what becomes of one element and its place along it."""
    at = wrap_dim(name, dim, len(input._shape))
    if input._shape and input._shape[at] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {at} to have non-zero size.")
    _, shape = reduced(name, input, at, keepdim)
    return at, [(shape, input._dtype), (shape, D.int64)]


def _infer_kthvalue(input: Tensor, k: int, dim: int, keepdim: bool) -> Inferred:
    _refuse_bool("kthvalue", input)
    at, found = _chosen("kthvalue", input, dim, keepdim)
    size = input._shape[at] if input._shape else 1
    if not (isinstance(k, int) and 1 <= k <= size):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {at}, got k={k} for size {size}")
    return found, (input, k, at, keepdim)


def _infer_median(name: str) -> Infer:
    def infer(input: Tensor, dim: int, keepdim: bool) -> Inferred:
        _refuse_bool(name, input)
        at, found = _chosen(name, input, dim, keepdim)
        return found, (input, at, keepdim)

    return infer


def _ranked(input: Tensor, dim: int, keepdim: bool, rank: int | Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """(element, place) at a rank along `dim`: a number, or a function of the sorted values that gives a tensor of ranks."""
    if not input._shape:
        return input.clone(), input.new_zeros((), dtype=D.int64)
    values, places = sort_along(input, dim, False, True)
    if callable(rank):
        at = rank(values)
        with KNOWN:
            values, places = values.gather(dim, at), places.gather(dim, at)
    else:
        values, places = values.narrow(dim, rank, 1), places.narrow(dim, rank, 1)
    if not keepdim:
        values, places = values.squeeze(dim), places.squeeze(dim)
    return values.contiguous(), places.contiguous()


@op(on=(), out="exact", several=True, grad_name="KthvalueBackward0", infer=_infer_kthvalue, vjp=put_back)
def kthvalue_along(input: Tensor, k: int, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The kth smallest element along a dimension, and its place."""
    return _ranked(input, dim, keepdim, k - 1)


@public("torch", "Tensor")
def kthvalue(
    input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: tuple[Tensor, ...] | None = None
) -> ValuesAndIndices:
    """(values, indices) of the kth smallest elements along `dim`, k counted from 1.

    >>> import corelib as torch
    >>> torch.kthvalue(torch.tensor([3., 1., 2.]), 2).values
    tensor(2.)
    """
    made = kthvalue_along(input, k, dim, keepdim)
    return _Kthvalue(*(made if out is None else write("kthvalue", made, out, (input,))))


def _middle(values: Tensor, dim: int, skip: bool) -> Tensor:
    """The lower median's rank in sorted lines: of the numbers (`skip`), or NaN's where there is one."""
    n = values._shape[dim]
    if not values._dtype.is_floating_point:
        missing = values.new_zeros((*values._shape[:dim], 1, *values._shape[dim + 1 :]), dtype=D.int64)
    else:
        missing = (values != values).sum(dim, True)
    if skip:
        return ((n - 1 - missing) // 2).clamp(min=0)
    return select_where(missing > 0, n - missing, (n - 1) // 2)


@op(on=(), out="exact", several=True, grad_name="MedianBackward1", infer=_infer_median("median"), vjp=put_back)
def median_along(input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The lower median along a dimension, and its place."""
    return _ranked(input, dim, keepdim, lambda values: _middle(values, dim, False))


@op(on=(), out="exact", several=True, grad_name="NanmedianBackward1", infer=_infer_median("nanmedian"), vjp=put_back)
def nanmedian_along(input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The lower median of the numbers along a dimension, and its place."""
    return _ranked(input, dim, keepdim, lambda values: _middle(values, dim, True))


def _infer_all(input: Tensor) -> Inferred:
    return ((), input._dtype), (input,)


@op(on=(), grad_name="MedianBackward0", infer=_infer_all, vjp=among_equals)
def median_all(input: Tensor) -> Tensor:
    """The lower median of all elements."""
    return median_along(input.reshape((-1,)), 0, False)[0]


@op(on=(), grad_name="NanmedianBackward0", infer=_infer_all, vjp=among_equals)
def nanmedian_all(input: Tensor) -> Tensor:
    """The lower median of all elements that are numbers."""
    return nanmedian_along(input.reshape((-1,)), 0, False)[0]


def _median(name: str, everything: Callable[[Tensor], Tensor], along: Callable[[Tensor, int, bool], tuple[Tensor, Tensor]], doc: str) -> Callable[..., Any]:
    kind = values_and_indices(name)

    def function(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: tuple[Tensor, ...] | None = None) -> Any:
        if dim is None:
            if out is not None:
                raise TypeError(f"{name}(): missing the argument 'dim' (position 2): the median of all elements takes no out=")
            if not input._numel:
                return input.new_full((), float("nan"))
            return everything(input)
        made = along(input, dim, keepdim)
        return kind(*(made if out is None else write(name, made, out, (input,))))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return public("torch", "Tensor")(function)


median = _median("median", median_all, median_along, """The median of all elements, or (values, indices) along `dim`: of an even number the lower of the middle two.
    NaN where there is one.

    >>> import corelib as torch
    >>> torch.median(torch.tensor([3., 1., 2., 4.]))
    tensor(2.)
    """)
nanmedian = _median("nanmedian", nanmedian_all, nanmedian_along, """The median of all elements that are not NaN, or (values, indices) along `dim`; as `median`.

    >>> import corelib as torch
    >>> torch.nanmedian(torch.tensor([3., float("nan"), 2.]))
    tensor(2.)
    """)


def _infer_mode(input: Tensor, dim: int, keepdim: bool) -> Inferred:
    at, found = _chosen("mode", input, dim, keepdim)
    return found, (input, at, keepdim)


@op(on=(), out="exact", several=True, grad_name="ModeBackward0", infer=_infer_mode, vjp=put_back)
def mode_along(input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The most frequent element along a dimension, the smallest of those that tie, and its last place."""

    def longest(values: Tensor) -> Tensor:
        # the length of the run of equal elements that ends at each place, whose first maximum is the end of the longest
        n = values._shape[dim]
        place = arange(n, device=values._device).reshape((-1,) + (1,) * (len(values._shape) - 1 - dim))
        new = values.new_ones(values._shape, dtype=D.bool)
        if n > 1:
            new.narrow(dim, 1, n - 1).copy_(values.narrow(dim, 1, n - 1) != values.narrow(dim, 0, n - 1))
        start, _ = cummax_along(select_where(new, place, 0), dim)
        return (place - start).argmax(dim, True)

    return _ranked(input, dim, keepdim, longest)


@public("torch", "Tensor")
def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: tuple[Tensor, ...] | None = None) -> ValuesAndIndices:
    """(values, indices) of the most frequent elements along `dim`, the smallest where several are, each with its last place.

    >>> import corelib as torch
    >>> torch.mode(torch.tensor([1, 2, 2])).values
    tensor(2)
    """
    made = mode_along(input, dim, keepdim)
    return _Mode(*(made if out is None else write("mode", made, out, (input,))))


@op(out="exact")
def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension.

    >>> import corelib as torch
    >>> torch.msort(torch.tensor([3, 1, 2]))
    tensor([1, 2, 3])
    """
    return sort_along(input, 0, False, False)[0]


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(
    name: str, input: Tensor, q: Tensor | float, dim: int | None, keepdim: bool, interpolation: str, skip: bool
) -> Tensor:
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}(): q must be in the range [0, 1] but got {q}")
        q = input.new_tensor(q)
    elif any_true(~((q >= 0) & (q <= 1))):
        raise RuntimeError(f"{name}(): q values must be in the range [0, 1]")
    if input._dtype not in (D.float32, D.float64):
        raise RuntimeError(f"{name}(): input tensor must be either float or double dtype, got {input._dtype}")
    if len(q._shape) > 1:
        raise RuntimeError(f"{name}(): q must be a scalar or 1D tensor, got shape {list(q._shape)}")
    if q._dtype is not input._dtype:
        raise RuntimeError(f"{name}(): q tensor must be same dtype as the input tensor, got {q._dtype} and {input._dtype}")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(f"{name}(): interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}")
    if not input._numel:
        raise RuntimeError(f"{name}(): input tensor must be non-empty")
    shape = input._shape
    x = input.reshape((-1,)) if dim is None else input.movedim(wrap_dim(name, dim, len(shape)), -1) if shape else input.reshape((1,))
    values = sort_along(x, -1, False, False)[0]
    n = values._shape[-1]
    missing = (values != values).sum(-1, True)
    last = (n - 1 - missing).clamp(min=0) if skip else n - 1
    ranks = q.reshape((-1,)) * last if skip else select_where(missing > 0, float(n - 1), q.reshape((-1,)) * last)
    if interpolation in ("lower", "higher", "nearest"):
        ranks = ranks.floor() if interpolation == "lower" else ranks.ceil() if interpolation == "higher" else ranks.round()
        with KNOWN:
            made = values.gather(-1, ranks.to(D.int64))
    else:
        below = ranks.floor()
        with KNOWN:
            low, high = values.gather(-1, below.to(D.int64)), values.gather(-1, ranks.ceil().to(D.int64))
        made = low.lerp(high, 0.5 if interpolation == "midpoint" else ranks - below)
    made = made.movedim(-1, 0)  # q's dimension comes first
    if keepdim:
        if dim is None:
            made = made.reshape((made._shape[0],) + (1,) * len(shape))
        elif shape:
            made = made.unsqueeze(1 + wrap_dim(name, dim, len(shape)))
    return made if q._shape else made.squeeze(0)


def _quantile_of(name: str, skip: bool, doc: str) -> Callable[..., Tensor]:
    def function(
        input: Tensor, q: Tensor | float, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
        out: Tensor | None = None,
    ) -> Tensor:
        made: Tensor = own_memory(_quantile(name, input, q, dim, keepdim, interpolation, skip), (input,))
        return made if out is None else write(name, made, out, (input, q), "exact", "itself")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return public("torch", "Tensor", whole=True)(function)


quantile = _quantile_of("quantile", False, """The qth quantiles, q from 0 to 1 (a number or a vector, whose dimension comes first), of all elements or along `dim`.

    interpolation, between the two elements around: "linear", "lower", "higher", "midpoint" or "nearest". NaN where there is one.

    >>> import corelib as torch
    >>> torch.quantile(torch.tensor([1., 2., 3.]), 0.25)
    tensor(1.5000)
    """)
nanquantile = _quantile_of("nanquantile", True, """As `quantile`, of the elements that are not NaN.

    >>> import corelib as torch
    >>> torch.nanquantile(torch.tensor([1., float("nan"), 3.]), 0.5)
    tensor(2.)
    """)
