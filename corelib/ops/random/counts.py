"""Counts drawn at random: Poisson's and the binomial distribution, elementwise, by rejection (Hörmann, 1993: the transformed rejection methods
PTRS and BTRS) where the mean is 10 or more, else by counting waiting times (Devroye, 1986). From mt19937 one after the other (serial.py), as
PyTorch's; from philox, which is the devices' own, all at once."""

from __future__ import annotations

from math import log as logarithm, pi

from corelib.dispatcher.namespaces import public
from corelib.ops.construction.creation import empty_like
from corelib.ops.construction.construct import from_numpy
from corelib.ops.elementwise.exponential import exp, log
from corelib.ops.elementwise.gamma import lgamma
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.reads import read_together
from corelib.ops.random.drawing import filled
from corelib.ops.random.generator import Generator
from corelib.ops.random.random import drawn_over, generator_of
from corelib.tensor import dtype as D
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor

_FEW = 10.0


def on_host(*tensors: Tensor) -> list[Tensor]:
    """Where the numbers are drawn, as all that come from a stream: how many are needed is known only as they come, and each look at a device
    would be a wait. They are read once, all together."""
    if tensors[0].device.runtime.backend.host_memory:
        return list(tensors)
    return [from_numpy(np.array(array)) for array in read_together(*tensors)]


def _uniform(like: Tensor, source: Generator) -> Tensor:
    """Uniform numbers in (0, 1)."""
    drawn = filled(like.new_empty(like.shape), source.random_uniform(like.numel(), like.dtype.np, 0.0, 1.0))
    return drawn.clamp(min=1e-30)


def _checked(name: str, what: str, t: Tensor, low: float, high: float) -> None:
    if t.numel() and not bool(((t >= low) & (t <= high)).all()):
        raise RuntimeError(f"{name}(): expected all elements of {what} to be between {low} and {high}, and none to be NaN")


def _few_poisson(rate: Tensor, source: Generator) -> Tensor:
    """How many uniform numbers can be multiplied before the product is below exp(-rate)."""
    limit = exp(-rate)
    product, count = rate.new_ones(rate.shape), rate.new_zeros(rate.shape)
    while True:
        product = product * _uniform(rate, source)
        going = product > limit
        if not bool(going.any()):
            return count
        count = count + going.to(count.dtype)


def _many_poisson(rate: Tensor, source: Generator) -> Tensor:
    """PTRS."""
    b = 0.931 + 2.53 * rate.sqrt()
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    vr = 0.9277 - 3.6224 / (b - 2)
    found = rate.new_full(rate.shape, -1.0)
    while True:
        u, v = _uniform(rate, source) - 0.5, _uniform(rate, source)
        us = 0.5 - u.abs()
        k = ((2 * a / us + b) * u + rate + 0.43).floor()
        fits = (k >= 0) & ((us >= 0.013) | (v <= us))
        left = log(v) + log(inverse_alpha) - log(a / (us * us) + b)
        right = k * log(rate) - rate - lgamma(k.clamp(min=0) + 1)
        fits = ((us >= 0.07) & (v <= vr)) | (fits & (left <= right))
        found = select_where((found < 0) & fits, k, found)
        if not bool((found < 0).any()):
            return found


def _poisson(rate: Tensor, source: Generator) -> Tensor:
    many = rate >= _FEW
    few = _few_poisson(select_where(many, 0.0, rate), source)
    if not bool(many.any()):
        return few
    return select_where(many, _many_poisson(select_where(many, rate, _FEW), source), few)


@public("torch")
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Counts drawn from Poisson distributions with the rates `input`, in its shape and floating dtype. RuntimeError for negative rates.

    The gradient is zero, as in PyTorch.

    >>> import corelib as torch
    >>> torch.poisson(torch.zeros(2))
    tensor([0., 0.])
    """
    if not input.dtype.is_floating_point:
        raise NotImplementedError(f'poisson(): "poisson_cpu" not implemented for {input.dtype}; floats are accepted')
    source = generator_of("poisson", generator, input.device)
    if input.device.type == "meta":
        made = empty_like(input)
    else:
        wide = input.detach().to(D.float32) if input.dtype.itemsize == 2 else input.detach()
        (rate,) = on_host(wide)
        _checked("poisson", "input", rate, 0.0, float("inf"))
        if source.algorithm == "mt19937":
            made = from_numpy(source.poisson(rate.numpy().reshape(-1)).reshape(rate.shape)).to(input.dtype).to(input.device)
        else:
            made = _poisson(rate, source).to(input.device).to(input.dtype)
    return drawn_over(input, "PoissonBackward0").copy_(made) if input.requires_grad else made


def _few_binomial(count: Tensor, p: Tensor, source: Generator) -> Tensor:
    """How many waiting times, geometric ones, fit into `count` trials."""
    scale = log((1 - p).clamp(min=1e-30))
    total, found = count.new_zeros(count.shape), count.new_zeros(count.shape)
    while True:
        wait = (log(_uniform(count, source)) / select_where(scale == 0, -1e-30, scale)).floor() + 1
        total = total + wait
        going = (total <= count) & (p > 0)
        if not bool(going.any()):
            return found
        found = found + going.to(found.dtype)
        total = select_where(going, total, count + 1)


def _stirling_rest(k: Tensor) -> Tensor:
    """What Stirling's formula lacks of log k!: log k! - ((k + 1/2) log(k + 1) - (k + 1) + log(2 pi) / 2)."""
    return lgamma(k + 1) - ((k + 0.5) * log(k + 1) - (k + 1) + 0.5 * logarithm(2 * pi))


def _many_binomial(count: Tensor, p: Tensor, source: Generator) -> Tensor:
    """BTRS, for p up to 1/2 and a mean of 10 and more."""
    deviation = (count * p * (1 - p)).sqrt()
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = count * p + 0.5
    v_r = 0.92 - 4.2 / b
    r = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * deviation
    m = ((count + 1) * p).floor()
    found = count.new_full(count.shape, -1.0)
    while True:
        u, v = _uniform(count, source) - 0.5, _uniform(count, source)
        us = 0.5 - u.abs()
        k = ((2 * a / us + b) * u + c).floor()
        inside = (k >= 0) & (k <= count)
        at = select_where(inside, k, m)
        bound = (
            (m + 0.5) * log((m + 1) / (r * (count - m + 1)))
            + (count + 1) * log((count - m + 1) / (count - at + 1))
            + (at + 0.5) * log(r * (count - at + 1) / (at + 1))
            + _stirling_rest(m) + _stirling_rest(count - m) - _stirling_rest(at) - _stirling_rest(count - at)
        )  # fmt: skip
        fits = ((us >= 0.07) & (v <= v_r)) | (log(v * alpha / (a / (us * us) + b)) <= bound)
        found = select_where((found < 0) & fits & inside, k, found)
        if not bool((found < 0).any()):
            return found


@public("torch")
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Successes in `count` trials of probability `prob`, elementwise; both floating and of one dtype. RuntimeError for probabilities outside [0, 1].

    >>> import corelib as torch
    >>> torch.binomial(torch.tensor([3., 3.]), torch.tensor([0., 1.]))
    tensor([0., 3.])
    """
    if count.dtype is not prob.dtype:
        raise RuntimeError(f"binomial(): expected count and prob of one dtype, got {count.dtype} and {prob.dtype}")
    if not count.dtype.is_floating_point:
        raise NotImplementedError(f'binomial(): "binomial_cpu" not implemented for {count.dtype}; floats are accepted')
    if count.device.type == "meta":
        return empty_like(count + prob)
    source = generator_of("binomial", generator, count.device)
    kind = D.float32 if count.dtype.itemsize == 2 else count.dtype
    trials, p = on_host(*[t.detach().to(kind) for t in (count, prob)])
    _checked("binomial", "count", trials, 0.0, float("inf"))
    _checked("binomial", "prob", p, 0.0, 1.0)
    trials, p = (t.expand((trials + p).shape) for t in (trials, p))
    if source.algorithm == "mt19937":
        made = from_numpy(source.binomial(*(t.numpy().reshape(-1) for t in (trials, p))).reshape(trials.shape)).to(count.dtype).to(count.device)
    else:
        made = _all_at_once(trials.floor(), p, source).to(count.device).to(count.dtype)
    return drawn_over(count, "BinomialBackward0").copy_(made) if count.requires_grad else made


def _all_at_once(n: Tensor, q: Tensor, source: Generator) -> Tensor:
    rare = select_where(q > 0.5, 1 - q, q)
    many = n * rare >= _FEW
    found = _few_binomial(select_where(many, 0.0, n), select_where(many, 0.0, rare), source)
    if bool(many.any()):
        found = select_where(many, _many_binomial(select_where(many, n, 100.0), select_where(many, rare, 0.5), source), found)
    return select_where(q > 0.5, n - found, found)
