"""Counts, sums and moments: those that skip NaN, pairs of moments, covariance, histograms."""

from __future__ import annotations

from builtins import range as builtin_range
from collections.abc import Callable, Sequence
from math import prod

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.warned import warn
from corelib.ops.complex.complex_numbers import view_as_complex, view_as_real
from corelib.ops.construction.creation import linspace
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.reads import first_true, read_together
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.ordering.searching import places_in_order
from corelib.ops.ordering.sorting import kept_in_graph
from corelib.ops.reduction.reductions import mean, std, sum, var
from corelib.ops.return_types import Histogram, HistogramOfMany
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType, kind_name
from corelib.tensor.size import Dims, plain
from corelib.tensor.tensor import Tensor


@op()
def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements are not zero, of all or along `dim`.

    >>> import corelib as torch
    >>> torch.count_nonzero(torch.tensor([0, 2, 3]))
    tensor(2)
    """
    return sum((input != 0).to(D.int64), dim)


@op(out=True, overlap="unchecked")
def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum of the elements that are not NaN, of all or along `dim`.

    >>> import corelib as torch
    >>> torch.nansum(torch.tensor([1., float("nan")]))
    tensor(1.)
    """
    if input._dtype.is_complex:
        raise RuntimeError("nansum(): nansum does not support complex inputs")
    kept = select_where(input == input, input, 0) if input._dtype.is_floating_point else input
    return sum(kept, dim, keepdim, dtype=dtype)


@op(out=True, overlap="itself")
def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean of the elements that are not NaN, of all or along `dim`.

    >>> import corelib as torch
    >>> torch.nanmean(torch.tensor([1., float("nan"), 3.]))
    tensor(2.)
    """
    if not input._dtype.is_floating_point:
        raise RuntimeError(f"nanmean(): expected input to have floating point or complex dtype but got {input._dtype}")
    count = sum((input == input).to(D.int64), dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / count


def _pair_of(name: str, first: Callable[..., Tensor], word: str) -> Callable[..., tuple[Tensor, Tensor]]:
    def function(
        input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
    ) -> tuple[Tensor, Tensor]:
        spread = first(input, dim, unbiased, keepdim, correction=correction)
        return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The {word} and the mean of all elements, or along `dim`; the arguments are those of `{name[:3]}`."
    return public("torch")(function)


var_mean, std_mean = _pair_of("var_mean", var, "variance"), _pair_of("std_mean", std, "standard deviation")


def _weights(what: str, weights: Tensor | None, n: int, whole: bool) -> Tensor | None:
    if weights is None:
        return None
    if len(weights._shape) > 1:
        raise RuntimeError(f"cov(): expected {what} to have one or fewer dimensions but got {what} with {len(weights._shape)} dimensions")
    if whole and weights._dtype.is_floating_point:
        raise RuntimeError(f"cov(): expected {what} to have integral dtype but got {what} with {weights._dtype} dtype")
    if not whole and not weights._dtype.is_floating_point:
        raise RuntimeError(f"cov(): expected {what} to have floating point dtype but got {what} with {weights._dtype} dtype")
    if weights._numel != n:
        raise RuntimeError(f"cov(): expected {what} to have the same numel as there are observations in the input but got {weights._numel} != {n}")
    return weights


@op()
def cov(input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
    """The covariance matrix of the rows of `input` (variables), whose columns are observations; a vector's is its variance.

    correction: what is taken from the number of observations; fweights: how often each counts (integers); aweights: how much.

    >>> import corelib as torch
    >>> torch.cov(torch.tensor([[1., 2., 3.], [3., 2., 1.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if len(input._shape) > 2:
        raise RuntimeError(f"cov(): expected input to have two or fewer dimensions but got an input with {len(input._shape)} dimensions")
    if input._dtype is D.bool:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = input.reshape((1, -1)) if len(input._shape) < 2 else input
    n = x._shape[1]
    frequency, importance = _weights("fweights", fweights, n, True), _weights("aweights", aweights, n, False)
    given = [(what, t) for what, t in (("fweights", frequency), ("aweights", importance)) if t is not None]
    negative = first_true(*[lambda t=t: t < 0 for _, t in given]) if given else None
    if negative is not None:
        raise RuntimeError(f"cov(): {given[negative][0]} cannot be negative")
    w = frequency if importance is None else importance if frequency is None else frequency * importance
    if w is None and n - correction <= 0:
        warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.")
    if not n or not x._shape[0]:
        return x.new_full((x._shape[0], x._shape[0]), float("nan")).squeeze()
    if not (x._dtype.is_floating_point or x._dtype.is_complex):
        x = x.float()
    total: Tensor | int = n if w is None else w.sum()
    average = x.mean(1, True) if w is None else (x * w).sum(1, True) / total
    if w is not None and importance is not None and correction:
        left: Tensor | float = total - correction * (w * importance).sum() / total
    else:
        left = total - correction
    off = x - average
    made = off @ (off if w is None else off * w).mH
    least = max(left, 0) if not isinstance(left, Tensor) else left.clamp(min=0)
    return (made / least if isinstance(least, Tensor) or least else made / 0.0).squeeze()


@op()
def corrcoef(input: Tensor) -> Tensor:
    """The correlations of the rows of `input` (variables), whose columns are observations, cut to -1 to 1.

    >>> import corelib as torch
    >>> torch.corrcoef(torch.tensor([[1., 2., 3.], [3., 2., 1.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if len(input._shape) > 2:
        raise RuntimeError(f"corrcoef(): expected input to have two or fewer dimensions but got an input with {len(input._shape)} dimensions")
    made = cov(input)
    if not made._shape:
        return made / made
    spread = made.diagonal().sqrt()
    made = made / spread.unsqueeze(1) / spread.unsqueeze(0)
    if made._dtype.is_complex:
        return view_as_complex(view_as_real(made).clamp(-1, 1))
    return made.clamp(-1, 1)


def _range(name: str, input: Tensor, low: float, high: float, of_data: bool = False) -> tuple[float, float]:
    """The ends of a histogram: as given, or those of the data where they are equal; `of_data`: these have been looked for."""
    if low > high:
        raise RuntimeError(f"{name}(): max must be larger than min, got {low} and {high}")
    if low == high and not of_data and input._numel and input._device.type != "meta":
        low, high = [float(x) for x in read_together(*input.aminmax())]
    if not (low - low == 0 and high - high == 0):
        raise RuntimeError(f"{name}(): range of [{low}, {high}] is not finite")
    if low == high and not input._numel and name == "histogram":
        return low, high + 1
    return (low - 0.5, high + 0.5) if low == high and name == "histogram" else (low - 1, high + 1) if low == high else (low, high)


def _binned(x: Tensor, low: float, high: float, bins: int) -> tuple[Tensor, Tensor]:
    """For each element its bin, and whether it lies in the range."""
    inside = (x >= low) & (x <= high)
    at = ((select_where(inside, x, low) - low) * bins / (high - low)).to(D.int64)
    return at.clamp(max=bins - 1), inside


@op(out="exact", overlap="unchecked")
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of `bins` equal parts of the range from `min` to `max`, or of the data where both are equal.

    >>> import corelib as torch
    >>> torch.histc(torch.tensor([1., 2., 1.]), 2, 1, 2)
    tensor([2., 1.])
    """
    if not input._dtype.is_floating_point:
        raise NotImplementedError(f"histc(): \"histogram_cpu\" not implemented for '{kind_name(input._dtype)}'; floats are accepted")
    if bins <= 0:
        raise RuntimeError(f"histc(): bins must be > 0, got {bins}")
    x = input.detach().reshape((-1,))
    low, high = _range("histc", x, float(min), float(max))
    at, inside = _binned(x, low, high, bins)
    with KNOWN:
        return x.new_zeros((bins,)).index_add(0, at, inside.to(x._dtype))


@public("torch", "Tensor", outs=True, overlap="unchecked")
def histogram(
    input: Tensor, bins: Tensor | int = 100, *, range: tuple[float, float] | None = None, weight: Tensor | None = None, density: bool = False
) -> Histogram:
    """(hist, bin_edges): the sum of the weights (1 each by default) of the elements in each bin, the last one closed on both sides.

    bins: a number of equal ones over `range` (the data's by default), or their edges in order. density: divided by width and total.

    >>> import corelib as torch
    >>> torch.histogram(torch.tensor([1., 2., 1.]), 2, range=(0., 3.)).hist
    tensor([2., 1.])
    """
    x = input.detach().reshape((-1,))
    if not x._dtype.is_floating_point:
        raise NotImplementedError(f"histogram(): \"histogram_cpu\" not implemented for {x._dtype}; floats are accepted")
    if weight is not None and weight._shape != input._shape:
        raise RuntimeError(f"histogram(): if weight tensor is provided it should have the same shape as the input tensor, got {list(weight._shape)} and {list(input._shape)}")
    edges, at, inside = _placed("histogram", x, bins, range)
    counted = inside.to(x._dtype) if weight is None else select_where(inside, weight.detach().reshape((-1,)), 0.0)
    with KNOWN:
        hist = x.new_zeros((edges._numel - 1,)).index_add(0, at, counted)
    if density:
        hist = hist / hist.sum() / (edges[1:] - edges[:-1])
    return Histogram(kept_in_graph(input, hist, "histogram"), edges)


def _placed(name: str, x: Tensor, bins: Tensor | int, range: tuple[float, float] | None, of_data: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """The edges of the bins; for each number of the vector `x` the bin that it is in, and whether it is in one."""
    if isinstance(bins, Tensor):
        edges, n = bins.clone(), bins._numel - 1
        at = places_in_order(edges, x, True, False) - 1
        inside = (x >= edges[0]) & (x <= edges[-1])
        return edges, at.clamp(0, n - 1), inside
    if bins <= 0:
        raise RuntimeError(f"{name}(): bins must be > 0, got {bins}")
    low, high = _range("histogram", x, *(range if range is not None else (0.0, 0.0)), of_data)
    edges = linspace(low, high, bins + 1, dtype=x._dtype, device=x._device)
    at, inside = _binned(x, low, high, bins)
    # a step to the side where the rounding of the position and that of the edges disagree
    with KNOWN:
        at = select_where(x < edges.take(at), at - 1, at)
        at = select_where((x >= edges.take(at + 1)) & (at < bins - 1), at + 1, at).clamp(0, bins - 1)
    return edges, at, inside


@public("torch")
def histogramdd(
    input: Tensor, bins: int | Sequence[int] | Sequence[Tensor], *, range: Sequence[float] | None = None, weight: Tensor | None = None, density: bool = False
) -> HistogramOfMany:
    """(hist, bin_edges): a histogram of vectors, the last dimension of `input`, with as many dimensions as these have numbers.

    bins: a number for all dimensions or for each, or the edges in each. range: the lowest and highest of each dimension, one after the other; the
    data's by default. weight: of each vector. density: divided by the volume of each bin and the total.

    >>> import corelib as torch
    >>> torch.histogramdd(torch.tensor([[0., 1.], [1., 0.], [1., 1.]]), [2, 2]).hist
    tensor([[0., 1.],
            [1., 1.]])
    """
    if input.dim() < 2:
        raise RuntimeError(f"histogramdd(): expected an input of at least 2 dimensions (..., D), got {input.dim()}")
    x = input.detach().reshape((-1, input._shape[-1]))
    d = x._shape[1]
    if not x._dtype.is_floating_point:
        raise NotImplementedError(f"histogramdd(): \"histogramdd_cpu\" not implemented for {x._dtype}; floats are accepted")
    if weight is not None and weight._shape != input._shape[:-1]:
        raise RuntimeError(f"histogramdd(): expected a weight of shape {list(input._shape[:-1])}, got {list(weight._shape)}")
    count = plain(bins)
    each: list[Tensor | int] = [count] * d if count is not None else [*bins] if isinstance(bins, (tuple, list)) else []
    if len(each) != d or (range is not None and len(range) != 2 * d):
        raise RuntimeError(f"histogramdd(): The size of bins must be equal to the innermost dimension of the input, {d}, and a range has twice as many numbers")
    at, inside, edges = x.new_zeros((x._shape[0],), dtype=D.int64), x.new_ones((x._shape[0],), dtype=D.bool), []
    spans: list[tuple[float, float]] = [(0.0, 0.0) if range is None else (float(range[2 * i]), float(range[2 * i + 1])) for i in builtin_range(d)]
    if x._numel and x._device.type != "meta" and any(isinstance(b, int) and low == high for b, (low, high) in zip(each, spans, strict=True)):
        ends = list(zip(*[t.tolist() for t in read_together(x.amin(0), x.amax(0))], strict=True))
        spans = [of_data if low == high else (low, high) for (low, high), of_data in zip(spans, ends, strict=True)]
    for i, b in enumerate(each):
        mine, place, counts = _placed("histogramdd", x[:, i].contiguous(), b, spans[i], True)
        at, inside = at * (mine._numel - 1) + place, inside & counts
        edges.append(mine)
    sizes = [e._numel - 1 for e in edges]
    counted = inside.to(x._dtype) if weight is None else select_where(inside, weight.detach().reshape((-1,)), 0.0)
    with KNOWN:
        hist = x.new_zeros((prod(sizes),)).index_add(0, at, counted).reshape(sizes)
    if density:
        hist = hist / hist.sum()
        for i, e in enumerate(edges):
            hist = hist / (e[1:] - e[:-1]).reshape([-1 if k == i else 1 for k in builtin_range(d)])
    return HistogramOfMany(hist, tuple(edges))
