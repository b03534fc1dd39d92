"""Gamma and Dirichlet numbers, and how they move with their shapes: the derivatives of a sample as of a function (implicit
reparameterization: less the derivative of the distribution function by the shape, over the density)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.graph.rule import without_derivative, without_slope
from corelib.ops.construction.construct import from_numpy
from corelib.ops.elementwise.exponential import exp, log, log1p
from corelib.ops.elementwise.gamma import digamma
from corelib.ops.elementwise.unary import sqrt
from corelib.ops.elementwise.where import select_where
from corelib.ops.random.counts import on_host
from corelib.ops.random.generator import Generator
from corelib.ops.random.random import generator_of
from corelib.tensor import dtype as D
from corelib.tensor.dtype import kind_name
from corelib.tensor.host import np
from corelib.tensor.limits import finfo
from corelib.tensor.tensor import Tensor

_NAN = float("nan")
# The logarithm of d gamma / d shape, between the two expansions, as a quotient of polynomials in log(shape) whose coefficients are
# polynomials in log(x / shape); Figurnov, Mohamed, Mnih, "Implicit Reparameterization Gradients" (2018), with PyTorch's numbers.
_BETWEEN = (
    ((0.16009398, 0.53487893, 0.040121004), (-0.094634809, 0.1298071, -0.0065914022), (0.025146376, 0.065735949, -0.0026286047),
     (-0.0030648343, -0.0015649758, -0.0013441777)),
    ((1.0, 0.16639465, 0.017050642), (0.32668115, 0.020070113, -0.0021309326), (0.10406089, -0.0035938915, 0.00085092367),
     (0.0014179084, -0.00058392623, -1.5247877e-07)),
)  # fmt: skip
# What d beta / d shape is times x (digamma(total) - digamma(shape)) / (total - shape): a quotient of polynomials in u = log(x),
# a = log(shape) - u and b = log(total) - a, by powers of u, of a and of b; Jankowiak, Obermeyer, "Pathwise Derivatives Beyond the
# Reparameterization Trick" (2018), with PyTorch's numbers.
_CORRECTION = (
    (((1.003668233, -0.01061107488, -0.0657888334, 0.01201642863), (0.6336835991, -0.3557432599, 0.05486251648, -0.001465281033),
      (-0.03276231906, 0.004474107445, 0.002429354597, -0.0001557569013)),
     ((0.221950385, -0.3187676331, 0.01799915743, 0.01074823814), (-0.2951249643, 0.06219954479, 0.01535556598, 0.001550077057),
      (0.02155310298, 0.004170831599, 0.001292462449, 6.976601077e-05)),
     ((-0.05980841433, 0.008441916499, 0.01085618172, 0.002319392565), (0.02911413504, 0.01400243777, -0.002721828457, 0.000751041181),
      (0.005900514878, -0.001936558688, -9.495446725e-06, 5.385558597e-05))),
    (((1.0, -0.02924021934, -0.04438342661, 0.007285809825), (0.6357567472, -0.3473456711, 0.05454656494, -0.002407477521),
      (-0.03301322327, 0.004845219414, 0.00231480583, -0.0002307248149)),
     ((0.5925320577, -0.1757678135, 0.01505928619, 0.000564515273), (0.1014815858, -0.06589186703, 0.01272886114, -0.0007316646956),
      (-0.007258481865, 0.001096195486, 0.0003934994223, -4.12701925e-05)),
     ((0.06469649321, -0.0236701437, 0.002902096474, -5.896963079e-05), (0.001925008108, -0.002869809258, 0.0008000589141, -6.063713228e-05),
      (-0.0003477407336, 6.959756487e-05, 1.097287507e-05, -1.650964693e-06))),
)  # fmt: skip


def _rising(x: Tensor, coefficients: tuple[float | Tensor, ...]) -> Tensor:
    """A polynomial by Horner, its coefficients from the constant up."""
    total = x * coefficients[-1]
    for coefficient in coefficients[-2:0:-1]:
        total = (total + coefficient) * x
    return total + coefficients[0]


# Numbers


def _standard(shapes: Tensor, source: Generator) -> Tensor:
    """Gamma numbers in float64, drawn on the host for the shapes in their order; a device's are read once."""
    (host,) = on_host(shapes)
    if source.algorithm == "mt19937":
        return from_numpy(source.gamma(host.numpy().reshape(-1)).reshape(host.shape))
    return _together(host.to(D.float64), source)


def _together(shapes: Tensor, source: Generator) -> Tensor:
    """Marsaglia and Tsang's for all at once, until each has been accepted."""

    def drawn(draw: Callable[[int, Any], Any]) -> Tensor:
        return from_numpy(draw(shapes.numel(), np.dtype("float64")).reshape(shapes.shape))

    low = shapes < 1
    d = select_where(low, shapes + 1, shapes) - 1 / 3
    c = 1 / sqrt(9 * d)
    found = select_where(shapes > 0, -1.0, select_where(shapes == 0, 0.0, _NAN)) * shapes.new_ones(shapes._shape)
    boost = select_where(low, exp(log1p(-drawn(source.random_uniform)) / shapes), 1.0)
    while bool((found < 0).any()):
        x = drawn(source.random_normal)
        u = 1 - drawn(source.random_uniform)
        y = 1 + c * x
        v = y * y * y
        kept = (y > 0) & (log(u) < 0.5 * x * x + d * (1 - v + log(select_where(y > 0, v, 1.0))))
        found = select_where((found < 0) & kept, boost * d * v, found)
    return found


def _checked(name: str, input: Tensor) -> Tensor:
    """The shapes without the graph, in float32 or float64."""
    if not input._dtype.is_floating_point:
        raise NotImplementedError(f"{name}(): \"{name}\" not implemented for '{kind_name(input._dtype)}'; floating dtypes are accepted")
    plain = input.detach()
    return plain.to(D.float32) if input._dtype.itemsize == 2 else plain


def _gamma_vjp(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    return g * standard_gamma_grad_of(input, out)


@op(on=(), grad_name="StandardGammaBackward0", vjp=_gamma_vjp)
def standard_gamma_of(input: Tensor, generator: Generator | None) -> Tensor:
    """As `_standard_gamma`."""
    shapes = _checked("_standard_gamma", input)
    source = generator_of("_standard_gamma", generator, input._device)
    if input._device.type == "meta":
        return Tensor._empty(input._device, input._dtype, input._shape)
    made = _standard(shapes, source).to(input._dtype)
    tiny = finfo(input._dtype).tiny
    return select_where(made < tiny, tiny, made).to(input._device)


@op(on=(), vjp=without_derivative("_sample_dirichlet"))
def sample_dirichlet_of(input: Tensor, generator: Generator | None) -> Tensor:
    """As `_sample_dirichlet`."""
    shapes = _checked("_sample_dirichlet", input)
    source = generator_of("_sample_dirichlet", generator, input._device)
    if input._device.type == "meta":
        return Tensor._empty(input._device, input._dtype, input._shape)
    (host,) = on_host(shapes)
    drawn = _standard(host.to(D.float64), source).clamp(min=finfo(D.float64).tiny)
    limits = finfo(input._dtype)
    return (drawn / drawn.sum(-1, True)).to(input._dtype).clamp(min=limits.tiny, max=1 - limits.eps / 2).to(input._device)


# Derivatives


def _wide(*tensors: Tensor) -> tuple[Tensor, ...]:
    return tuple([t.detach().to(D.float64) for t in tensors])


@op(on=(), vjp={"input": without_slope("_standard_gamma_grad"), "output": without_slope("_standard_gamma_grad")})
def standard_gamma_grad_of(input: Tensor, output: Tensor) -> Tensor:
    """As `_standard_gamma_grad`."""
    alpha, x = _wide(input, output)
    small, large = x < 0.8, alpha > 8
    # near 0: the series of the distribution function, term by term
    at = select_where(small, x, 0.5)
    term, first, second = at.new_ones(at._shape), 1 / alpha, 1 / (alpha * alpha)
    for i in range(1, 6):
        term = term * (-at / i)
        first = first + term / (alpha + i)
        second = second + term / ((alpha + i) * (alpha + i))
    power = exp(alpha * log(at))
    density = exp((alpha - 1) * log(at) - at)
    near = -((log(at) - digamma(alpha)) * (power * first) - power * second) / density
    near = select_where(near == near, near, 0.0)
    # large shapes: Rice's saddle point, which is singular at the mean
    a = select_where(large, alpha, 10.0)
    middle = (0.9 * a <= x) & (x <= 1.1 * a)
    centre = (
        (1 + 24 * a * (1 + 12 * a)) * (1440 * (a * a) + 6 * x * (53 - 120 * x) - 65 * x * x / a + a * (107 + 3600 * x)) / (1244160 * (a * a) * (a * a))
    )
    y = select_where(small | middle, a * 2, x)
    root, ratio = sqrt(8 * a), log(y / a)
    third = (y - a - a * ratio) ** -1.5
    away = ratio * (root / (a - y) + select_where(y < a, -third, third)) - sqrt(2 / a) * (a + y) / ((a - y) * (a - y))
    away = -(1 + 1 / (12 * a) * (1 + 1 / (24 * a))) * y * away / root
    # and between
    u, v = log(select_where(small, alpha, x) / alpha), log(alpha)
    over, under = (_rising(v, tuple([_rising(u, c) for c in part])) for part in _BETWEEN)
    made = select_where(small, near, select_where(large, select_where(middle, centre, away), exp(over / under)))
    return made.to(output._dtype)


def _beta_near_0(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """By alpha, for x near 0."""
    factor = digamma(alpha) - digamma(alpha + beta) - log(x)
    term, total = x.new_ones(x._shape), (factor + 1 / alpha) / alpha
    for i in range(1, 11):
        term = term * ((i - beta) * x / i)
        total = total + term / (alpha + i) * (factor + 1 / (alpha + i))
    made = x * exp(-beta * log1p(-x)) * total
    return select_where(made == made, made, 0.0)


def _beta_near_1(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """By beta, for x near 0."""
    factor = digamma(alpha + beta) - digamma(beta)
    term, product, slope, total = x.new_ones(x._shape), x.new_ones(x._shape), x.new_zeros(x._shape), factor / alpha
    for i in range(1, 9):
        term = term * (-x / i)
        slope = slope * (beta - i) + product
        product = product * (beta - i)
        total = total + term / (alpha + i) * (slope + factor * product)
    made = -exp((1 - beta) * log1p(-x)) * total
    return select_where(made == made, made, 0.0)


def _beta_large(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """By a, for a and b both large: Rice's saddle point, which is singular at the mean."""
    total = a + b
    mean, deviation = a / total, sqrt(a * b / (total + 1)) / total
    middle = (mean - 0.1 * deviation <= x) & (x <= mean + 0.1 * deviation)
    poly = 47 * x * (b * b) * (b * b) + a * (
        (43 + 20 * (16 + 27 * b) * x) * (b * b) * b
        + a * (3 * (59 + 180 * b - 90 * x) * (b * b) + a * ((453 + 1620 * b * (1 - x) - 455 * x) * b + a * (8 * (1 - x) * (135 * b - 11))))
    )
    centre = (1 + 12 * a) * (1 + 12 * b) / (total * total) / (1 - x) * poly / (12960 * a * a * a * b * b * (1 + 12 * total))
    x = select_where(middle, mean / 2, x)
    stirling = 1 + 1 / (12 * a) + 1 / (288 * a * a)
    stirling = stirling * (1 + 1 / (12 * b) + 1 / (288 * b * b)) / (1 + 1 / (12 * total) + 1 / (288 * total * total))
    lean = a * (x - 1) + b * x
    first = (2 * (a * a) * (x - 1) + a * b * (x - 1) - x * (b * b)) / (sqrt(2 * a / b) * total**1.5 * lean * lean)
    fourth = (b * log(b / (total * (1 - x))) + a * log(a / (total * x))) ** -1.5
    sum_ = first + 0.5 * log(a / (total * x)) * (sqrt(8 * a * b / total) / lean + select_where(x < mean, fourth, -fourth))
    return select_where(middle, centre, -stirling * x / sqrt(2 * a * b / total) * sum_)


@op(on=(), vjp={"x": without_slope("_dirichlet_grad"), "alpha": without_slope("_dirichlet_grad"), "total": without_slope("_dirichlet_grad")})
def dirichlet_grad_of(x: Tensor, alpha: Tensor, total: Tensor) -> Tensor:
    """As `_dirichlet_grad`."""
    x_, a, t = _wide(x, alpha, total)
    b = t - a
    boundary = t * x_ * (1 - x_)
    near_0 = (x_ <= 0.5) & (boundary < 2.5)
    near_1 = (x_ >= 0.5) & (boundary < 0.75)
    large = (a > 6) & (b > 6)
    low = _beta_near_0(select_where(near_0, x_, 0.25), a, b)
    high = -_beta_near_1(select_where(near_1, 1 - x_, 0.25), b, a)
    both = _beta_large(select_where(near_0 | near_1, 0.5, x_), select_where(large, a, 10.0), select_where(large, b, 10.0))
    rest = select_where(near_0 | near_1, 0.5, x_)
    u = log(rest)
    v = log(a) - u
    w = log(t) - v
    over, under = (_rising(u, tuple([_rising(v, tuple([_rising(w, c) for c in row])) for row in part])) for part in _CORRECTION)
    made = over / under * (rest * (digamma(t) - digamma(a)) / b)
    made = select_where(near_0, low, select_where(near_1, high, select_where(large, both, made)))
    return made.to(x._dtype)


@public("torch")
def _standard_gamma(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Gamma numbers of scale 1 with the shapes `input`, in its shape and floating dtype; NaN for negative shapes.

    The gradient is that of the number as a function of the shape, by implicit reparameterization. After a seed the numbers on the
    cpu are PyTorch's.

    >>> import corelib as torch
    >>> (torch._standard_gamma(torch.ones(3)) > 0).all().item()
    True
    """
    return standard_gamma_of(input, generator)


@public("torch")
def _sample_dirichlet(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Dirichlet numbers with the concentrations `input` along its last dimension, which sum up to 1 there; in its floating dtype.

    After a seed the numbers on the cpu are PyTorch's. `distributions.Dirichlet` gives them a gradient.

    >>> import corelib as torch
    >>> torch._sample_dirichlet(torch.ones(2, 3)).sum(-1).allclose(torch.ones(2))
    True
    """
    return sample_dirichlet_of(input, generator)


@public("torch")
def _standard_gamma_grad(input: Tensor, output: Tensor) -> Tensor:
    """How gamma numbers `output` move with their shapes `input`: the derivative, to about three digits or more; in float64 within.

    >>> import corelib as torch
    >>> torch._standard_gamma_grad(torch.tensor([1.]), torch.tensor([1.]))
    tensor([1.1736])
    """
    return standard_gamma_grad_of(input, output)


@public("torch")
def _dirichlet_grad(x: Tensor, alpha: Tensor, total: Tensor) -> Tensor:
    """How Dirichlet numbers `x` move with their own concentrations `alpha`, of which `total` is the sum, over 1 - x; in float64 within.

    >>> import corelib as torch
    >>> torch._dirichlet_grad(torch.tensor([0.5]), torch.tensor([1.]), torch.tensor([2.]))
    tensor([0.6931])
    """
    return dirichlet_grad_of(x, alpha, total)
