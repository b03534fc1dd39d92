"""Numbers drawn one after the other, each by rejection: it takes as many uniform numbers as it needs, and the next begins where it ends.

So are PyTorch's on the CPU, and these are the same where the stream is mt19937:

- *gamma*: Marsaglia and Tsang (2000), a normal number and a uniform one each time; below 1 that of a + 1, times u^(1/a).
- *Poisson*: products of uniform numbers down to exp(-rate), and from a rate of 10 on PTRS (Hörmann, 1993).
- *binomial*: geometric waiting times (Devroye, 1986), and from a mean of 10 on BTRS (Hörmann, 1993).

They are made in Python's floats, with the constants in single precision that PyTorch's source has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, cos, exp, floor, lgamma, log, log1p, pi, sin, sqrt
from operator import length_hint
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from corelib.ops.random.mt19937 import Mt19937

    Array: TypeAlias = NDArray[Any]
else:
    from corelib.tensor.host import np

_MANY = 64  # from here on gamma numbers are drawn together
_BLOCK = 1 << 13  # uniform numbers drawn at a time, at most
_INFINITY, _NAN = float("inf"), float("nan")
_TINY = 5e-324  # in the place of 0, whose logarithm math.log refuses
_TWO_PI = 2.0 * pi
_SQUEEZE = 0.03310000151395798  # in single precision
# log k! less ((k + 1/2) log(k + 1) - (k + 1) + log(2 pi) / 2), what Stirling's formula lacks, for k up to 9.
_STIRLING_RESTS = (
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211, 0.0138761288230707,
    0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287,
)  # fmt: skip


class Uniforms:
    """Uniform numbers of 53 bits, one by one; `close` gives back to the stream what has not been taken."""

    def __init__(self, stream: Mt19937, expected: int) -> None:
        self._stream = stream
        self._size = min(max(expected, 8), _BLOCK)
        self._block: Iterator[float] = iter(())
        self._before: Any = None
        self.take: Callable[[], float] = self._all().__next__

    def _all(self) -> Iterator[float]:
        while True:
            self._before = self._stream.engine_state()
            self._block = iter(self._stream.uniform53(self._size).tolist())
            yield from self._block

    def close(self) -> None:
        """Put the stream behind the last number that was taken."""
        if self._before is not None:
            left = length_hint(self._block)
            if left:
                self._stream.rewind(self._before, 2 * (self._size - left))


def gamma(stream: Mt19937, shapes: Array) -> Array:
    """Standard gamma numbers in float64, for a flat array of shapes in float32 or float64; NaN for negative ones and NaN, 0 for 0."""
    kind = shapes.dtype.type
    one = kind(1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        low = shapes < one
        d = (np.where(low, shapes + one, shapes) - kind(np.float32(1) / np.float32(3))).astype(np.float64)
        widths = 1.0 / np.sqrt(9.0 * d)
    if len(shapes) >= _MANY and (shapes >= one).all() and np.mean(shapes < 2) < 0.01:
        return _many_gamma(stream, d, widths)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        powers = np.where(low, one / shapes, kind(0)).astype(np.float64).tolist()
    c = widths.tolist()
    usable = (shapes > 0).tolist()
    uniforms = Uniforms(stream, 4 * len(shapes))
    uniform, kept = uniforms.take, stream.take_kept()
    out: list[float] = []
    for i, scale in enumerate(d.tolist()):
        if not usable[i]:
            out.append(0.0 if shapes[i] == 0 else _NAN)
            continue
        shape, width = scale, c[i]
        if powers[i]:
            scale *= (1.0 - uniform()) ** powers[i]
        while True:
            while True:
                if kept is None:
                    angle, radius = _TWO_PI * uniform(), sqrt(-2.0 * log1p(-uniform()))
                    x, kept = radius * cos(angle), radius * sin(angle)
                else:
                    x, kept = kept, None
                y = 1.0 + width * x
                if y > 0.0:
                    break
            v, u, xx = y * y * y, 1.0 - uniform(), x * x
            if u < 1.0 - _SQUEEZE * xx * xx or log(u) < 0.5 * xx + shape * (1.0 - v + log(v)):
                break
        out.append(scale * v)
    uniforms.close()
    stream.keep(kept)
    return np.array(out, np.float64)


def _many_gamma(stream: Mt19937, d: Array, c: Array) -> Array:
    """The same for many shapes of 1 and more, few of them below 2 (where normal numbers are too low so often that nothing is won), whose normal and uniform numbers stand in the stream at places known beforehand: two each
    from four numbers in a row. Nine of ten are accepted whatever the shape; only the others are looked at one by one."""
    out = np.empty(len(d), np.float64)
    shapes, widths, done = d.tolist(), c.tolist(), 0
    kept, span = stream.take_kept(), _BLOCK
    while done < len(out):
        head = int(kept is not None)
        pairs = min(span, (len(out) - done) * 9 // 16 + 8)
        before = stream.engine_state()
        drawn = stream.uniform53(head + 4 * pairs)
        rows = drawn[head:].reshape(pairs, 4)
        x, u = np.empty(head + 2 * pairs), np.empty(head + 2 * pairs)
        if kept is not None:
            x[0], u[0] = kept, drawn[0]
        radius, angle = np.sqrt(-2.0 * np.log1p(-rows[:, 1])), _TWO_PI * rows[:, 0]
        x[head::2], x[head + 1 :: 2] = radius * np.cos(angle), radius * np.sin(angle)
        u[head::2], u[head + 1 :: 2] = rows[:, 2], rows[:, 3]
        np.subtract(1.0, u, out=u)
        xx = x * x
        doubtful = np.flatnonzero((u >= 1.0 - _SQUEEZE * xx * xx) | (x < -2.4))  # 1 + c x is above 0 from -2.44 on
        rejected: list[int] = []
        cut = len(x)
        for i, normal, chance in zip(doubtful.tolist(), x[doubtful].tolist(), u[doubtful].tolist(), strict=True):
            at = done + i - len(rejected)
            if at >= len(out):
                break
            y = 1.0 + widths[at] * normal
            if y <= 0.0:  # no uniform number is drawn for it: the places are others from here on
                cut = i
                break
            v, square = y * y * y, normal * normal
            if not (chance < 1.0 - _SQUEEZE * square * square or log(chance) < 0.5 * square + shapes[at] * (1.0 - v + log(v))):
                rejected.append(i)
        accepted = np.ones(cut, np.bool_)
        accepted[rejected] = False
        places = np.flatnonzero(accepted)[: len(out) - done]
        y = 1.0 + c[done : done + len(places)] * x[places]
        out[done : done + len(places)] = d[done : done + len(places)] * (y * y * y)
        done += len(places)
        used = cut if done < len(out) else int(places[-1]) + 1
        behind = used - head  # attempts from the rows
        if used < head:  # not even the number that waited
            taken = 0
        else:
            taken = head + 4 * (behind // 2) + 3 * (behind % 2)
            kept = float(x[head + behind]) if behind % 2 else None
        span = min(2 * span, _BLOCK) if cut == len(x) else max(span // 2, 128)  # so that little is drawn in vain
        if done < len(out) and cut < len(x):  # the normal number that was too low
            if kept is None:
                taken += 2
                kept = float(x[cut + 1])
            else:
                kept = None
        stream.rewind(before, 2 * taken)
    stream.keep(kept)
    return out


def poisson(stream: Mt19937, rates: Array) -> Array:
    """Counts in float64 for a flat array of rates, which are 0 or more."""
    uniforms = Uniforms(stream, 2 * len(rates))
    uniform = uniforms.take
    out = []
    for rate in rates.astype(np.float64).tolist():
        if rate >= 10.0:
            out.append(_many(rate, uniform))
        elif rate == 0.0:
            out.append(0)
        else:
            limit, product, count = exp(-rate), uniform(), 0
            while product > limit:
                product *= uniform()
                count += 1
            out.append(count)
    uniforms.close()
    return np.array(out, np.float64)


def _many(rate: float, uniform: Callable[[], float]) -> float:
    """PTRS."""
    if rate == _INFINITY:
        return rate
    logarithm = log(rate)
    b = 0.931 + 2.53 * sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = uniform() - 0.5, uniform()
        us = (0.5 - abs(u)) or _TINY
        k = floor((2 * a / us + b) * u + rate + 0.43) if us > _TINY else -1
        if us >= 0.07 and v <= v_r:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        if log(v or _TINY) + log(inverse_alpha) - log(a / (us * us) + b) <= -rate + k * logarithm - lgamma(k + 1.0):
            return k


def binomial(stream: Mt19937, counts: Array, chances: Array) -> Array:
    """Successes in float64 for flat arrays of trials and chances, both in float32 or both in float64."""
    uniforms = Uniforms(stream, 4 * len(counts))
    uniform, kind = uniforms.take, counts.dtype.type
    rarer = np.where(chances > 0.5, (1.0 - chances.astype(np.float64)).astype(kind), chances)
    with np.errstate(all="ignore"):
        products = counts * rarer
        deviations = np.sqrt(products * (kind(1) - rarer)).astype(np.float64).tolist()
        odds = (rarer / (kind(1) - rarer)).astype(np.float64).tolist()
        middles = np.floor((counts + kind(1)) * rarer).astype(np.float64).tolist()
        logarithms = np.log1p(-rarer).astype(np.float64).tolist()
    means, rare, often = products.astype(np.float64).tolist(), rarer.astype(np.float64).tolist(), (chances > 0.5).tolist()
    chance_list = chances.tolist()
    out: list[float] = []
    for i, count in enumerate(counts.astype(np.float64).tolist()):
        if count <= 0.0 or chance_list[i] <= 0.0:
            found = 0.0
        elif chance_list[i] >= 1.0:
            found = count
        else:
            if means[i] >= 10.0:
                found = _btrs(count, rare[i], means[i], deviations[i], odds[i], middles[i], uniform)
            else:
                found, waited, per_trial = 0.0, 0.0, logarithms[i]
                while True:
                    waited += ceil(log(uniform() or _TINY) / per_trial)
                    if waited > count:
                        break
                    found += 1.0
            if often[i]:
                found = count - found
        out.append(found)
    uniforms.close()
    return np.array(out, np.float64)


def _rest(k: float) -> float:
    if k <= 9:
        return _STIRLING_RESTS[int(k)]
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)


def _btrs(count: float, p: float, mean: float, deviation: float, r: float, m: float, uniform: Callable[[], float]) -> float:
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = mean + 0.5
    v_r = 0.92 - 4.2 / b
    alpha = (2.83 + 5.1 / b) * deviation
    while True:
        u, v = uniform() - 0.5, uniform()
        us = 0.5 - abs(u)
        if us == 0.0:
            continue
        k = float(floor((2 * a / us + b) * u + c))
        if k < 0 or k > count:
            continue
        if us >= 0.07 and v <= v_r:
            return k
        bound = (
            (m + 0.5) * log((m + 1) / (r * (count - m + 1)))
            + (count + 1) * log((count - m + 1) / (count - k + 1))
            + (k + 0.5) * log(r * (count - k + 1) / (k + 1))
            + _rest(m) + _rest(count - m) - _rest(k) - _rest(count - k)
        )  # fmt: skip
        if log(v * alpha / (a / (us * us) + b) or _TINY) <= bound:
            return k
