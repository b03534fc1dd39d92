"""Distributions: what a generator makes of the words of its algorithm, as NumPy arrays.

After the same seed the arrays hold PyTorch's numbers, where the algorithm is mt19937: uniform numbers, integers,
permutations and bernoulli of an array bit for bit, the others to rounding. float16 and bfloat16 numbers are float32
ones, rounded, as in PyTorch. Numbers are in the order of the memory that PyTorch would fill.

PyTorch's builds with MKL make `bernoulli_(p)` of a number p (so dropout's mask) and `exponential_` (so multinomial
without replacement) with MKL's generator on Intel processors. There our numbers differ from theirs, and are those that
PyTorch makes on all other processors: one float64 uniform for each element.
"""

from __future__ import annotations

from _thread import allocate_lock
from typing import TYPE_CHECKING, Any, TypeAlias

from corelib.as_torch.warned import warn
from corelib.contract.forks import free_in_child
from corelib.ops.random import serial
from corelib.ops.random.mt19937 import Mt19937

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike, NDArray

    from corelib.ops.random.philox import Philox

    Array: TypeAlias = NDArray[Any]
else:
    from corelib.tensor.host import np

_DIGITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}  # of the significand
_NAMES: dict[DTypeLike, str] = {}


class Sampler:
    """Draws from one stream, one call at a time."""

    __slots__ = ("_lock", "_stream")

    def __init__(self, stream: Mt19937 | Philox) -> None:
        self._stream = stream
        self._lock = free_in_child(allocate_lock())

    def random_uniform(
        self, n: int, np_dtype: DTypeLike, low: float = 0.0, high: float = 1.0, room: Array | None = None
    ) -> Array:
        """n uniform numbers in [low, high), of a floating dtype. RuntimeError for low > high or a range too large.

        `room`, a flat float32 array of n, is what is filled and returned where the numbers can be drawn right into it.
        """
        name = _name(np_dtype)
        if not low <= high:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}")
        scaled = low != 0.0 or high != 1.0
        if scaled:
            check_uniform_bounds(low, high, name)
        if name == "float32" and isinstance(self._stream, Mt19937):
            made = np.empty(n, np.float32) if room is None else room
            with self._lock:
                self._stream.fill_uniform24(made, low, high)
            return made
        with self._lock:
            unit = self._stream.uniform53(n) if name == "float64" else self._stream.uniform24(n)
        if scaled:
            to, start = unit.dtype.type(high), unit.dtype.type(low)
            unit = _multiply_add(unit, to - start, start)
        elif name in ("float32", "float64"):
            return unit
        out = _cast(unit, np_dtype, name)
        # Rounding can reach the upper end, which is not in the range.
        out[out == np.asarray(high).astype(out.dtype)] = low
        return out

    def random_normal(
        self, n: int, np_dtype: DTypeLike, mean: float = 0.0, std: float = 1.0, contiguous: bool = True, room: Array | None = None
    ) -> Array:
        """n normal numbers, of a floating dtype. RuntimeError for std < 0.

        `contiguous` says whether the tensor to fill is: PyTorch's stream differs for one of 16 elements or more.
        `room`, a flat float32 array of n, is what is filled and returned where the numbers can be drawn right into it.
        """
        name = _name(np_dtype)
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        if name == "float32" and contiguous and n >= 16 and isinstance(self._stream, Mt19937):
            made = np.empty(n, np.float32) if room is None else room
            with self._lock:
                self._stream.fill_normal24(made, mean, std)
            return made
        kind = name if name in ("float64", "float32") else "half"
        with self._lock:
            out = self._stream.normal(n, kind, contiguous)
        if mean != 0.0 or std != 1.0:
            out = _multiply_add(out, out.dtype.type(std), out.dtype.type(mean))
        return _cast(out, np_dtype, name)

    def random_integers(self, n: int, low: int | None, high: int | None, np_dtype: DTypeLike) -> Array:
        """n integers in [low, high), of any real dtype.

        Both None means what `Tensor.random_()` does: from 0 to the largest of an integer dtype, or to 2^digits of a
        floating one. RuntimeError for low >= high or bounds that the dtype does not hold.
        """
        name = _name(np_dtype)
        if low is None or high is None:
            if low is not None or high is not None:
                raise RuntimeError(f"random_ expects both 'from' and 'to' or neither, but got from={low}, to={high}")
            top = (1 << _DIGITS[name]) + 1 if name in _DIGITS else _integer_bounds(name)[1] + 1
            with self._lock:
                drawn = self._stream.words(n, name in ("float64", "int64")) % np.uint64(top)
            return _cast(drawn.view(np.int64), np_dtype, name)
        if low >= high:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        low, high = _checked_bounds(low, high, name)
        with self._lock:
            drawn = self._stream.integers(n, high - low)
        if high - low != 1 << 64:  # that range is all words, each as it is
            drawn += np.uint64(low & 0xFFFFFFFFFFFFFFFF)
        return _cast(drawn.view(np.int64), np_dtype, name)

    def permutation(self, n: int, np_dtype: DTypeLike) -> Array:
        """The integers 0 .. n - 1 in random order. RuntimeError for n < 0 or more than the dtype holds."""
        name = _name(np_dtype)
        if n < 0:
            raise RuntimeError(f"randperm: n must be non-negative, got {n}")
        most = 1 << _DIGITS[name] if name in _DIGITS else _integer_bounds(name)[1]
        if n > most:
            raise RuntimeError(
                f"randperm: n (={n}) is too large for result tensor type {name}, which holds up to {most}"
            )
        with self._lock:
            return _cast(self._stream.permutation(n), np_dtype, name)

    def permutations(self, count: int, n: int, first: int) -> Array:
        """The first numbers, `first` of them, of `count` permutations of n, drawn one after the other: int64 of shape (count, first)."""
        with self._lock:
            if isinstance(self._stream, Mt19937) and n:
                return self._stream.permutations(count, n, first)
            rows = [self._stream.permutation(n)[:first] for _ in range(count)]
        return np.array(rows, np.int64).reshape(count, first)

    def bernoulli(self, p: float | Array, n: int, np_dtype: DTypeLike) -> Array:
        """n ones and zeros, one with probability `p`: a number, or an array of n of them. RuntimeError outside [0, 1].

        A number and float64 arrays are compared with float64 uniforms, other arrays with float32 ones.
        """
        if isinstance(p, float | int):
            if not 0 <= p <= 1:
                raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
            wide = True
        else:
            p = np.asarray(p).reshape(-1)
            wide = p.dtype == np.float64
            p = p if wide else p.astype(np.float32)
            if p.size not in (1, n):
                raise RuntimeError(f"bernoulli: expected {n} probabilities, one for each element, but got {p.size}")
            inside = (p >= 0) & (p <= 1)
            if not inside.all():
                wrong = p[~inside][0]
                raise RuntimeError(
                    f"Expected p_in >= 0 && p_in <= 1 to be true, but got false: bernoulli got p={wrong}"
                )
        with self._lock:
            uniform = self._stream.uniform53(n) if wide else self._stream.uniform24(n)
        return (uniform < p).astype(np_dtype)

    def exponential(self, n: int, lambd: float = 1.0, np_dtype: DTypeLike = "float32") -> Array:
        """n exponential numbers of rate `lambd`. RuntimeError unless lambd > 0."""
        name = _name(np_dtype)
        if not lambd > 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
        with self._lock:
            uniform = self._stream.uniform53(n)
        return _cast(-1.0 / lambd * np.log1p(-uniform), np_dtype, name)

    def geometric(self, n: int, p: float, np_dtype: DTypeLike) -> Array:
        """n geometric numbers (from 1) with chance of success `p`. RuntimeError unless 0 < p < 1."""
        name = _name(np_dtype)
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
        with self._lock:
            uniform = self._stream.uniform53(n)
        with np.errstate(divide="ignore"):  # log(0) at the one uniform in 2^53 that is 0
            return _cast(np.ceil(np.log(uniform) / np.log1p(-p)), np_dtype, name)

    def log_normal(self, n: int, np_dtype: DTypeLike, mean: float = 1.0, std: float = 2.0) -> Array:
        """n numbers whose logarithms are normal. RuntimeError unless std > 0."""
        name = _name(np_dtype)
        if not std > 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
        with self._lock:
            normal = self._stream.normal53(n)
        with np.errstate(over="ignore"):
            return _cast(np.exp(_multiply_add(normal, np.float64(std), np.float64(mean))), np_dtype, name)

    def cauchy(self, n: int, np_dtype: DTypeLike, median: float = 0.0, sigma: float = 1.0) -> Array:
        """n Cauchy numbers. RuntimeError unless sigma > 0."""
        name = _name(np_dtype)
        if not sigma > 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
        with self._lock:
            uniform = self._stream.uniform53(n)
        with np.errstate(over="ignore"):
            return _cast(median + sigma * np.tan(np.pi * (uniform - 0.5)), np_dtype, name)

    def gamma(self, shapes: Array) -> Array:
        """Standard gamma numbers in float64 for a flat array of shapes, of float32 or float64; mt19937's alone."""
        with self._lock:
            return serial.gamma(self._words_one_by_one(), shapes)

    def poisson(self, rates: Array) -> Array:
        """Counts in float64 for a flat array of rates, each 0 or more; mt19937's alone."""
        with self._lock:
            return serial.poisson(self._words_one_by_one(), rates)

    def binomial(self, counts: Array, chances: Array) -> Array:
        """Successes in float64 for flat arrays of trials and chances, both of float32 or of float64; mt19937's alone."""
        with self._lock:
            return serial.binomial(self._words_one_by_one(), counts, chances)

    def _words_one_by_one(self) -> Mt19937:
        if not isinstance(self._stream, Mt19937):
            raise RuntimeError("numbers drawn one by one are mt19937's; philox draws them all at once")
        return self._stream

    def multinomial(self, weights: Array, num_samples: int, replacement: bool = False) -> Array:
        """Indices drawn by `weights` (rows, categories), each row apart: int64 of shape (rows, num_samples).

        RuntimeError for weights that are negative, infinite, NaN or all zero, and for more samples than categories
        without replacement. The order among equal values of weight / exponential, which half precisions meet, is the
        index's and not PyTorch's.
        """
        rows, categories = weights.shape
        if num_samples <= 0:
            raise RuntimeError(f"multinomial: cannot sample n_sample <= 0 samples, got {num_samples}")
        if not replacement and num_samples > categories:
            raise RuntimeError(
                "multinomial: cannot sample n_sample > prob_dist.size(-1) samples without replacement, "
                f"got {num_samples} > {categories}"
            )
        name = _name(weights.dtype)
        wide = weights if name in ("float32", "float64") else weights.astype(np.float32)
        if not ((wide >= 0) & np.isfinite(wide)).all():
            raise RuntimeError("multinomial: probability tensor contains either `inf`, `nan` or element < 0")
        if not (wide > 0).any(axis=1).all():
            raise RuntimeError("multinomial: invalid multinomial distribution (sum of probabilities <= 0)")
        if replacement and num_samples > 1:
            return self._with_replacement(wide, num_samples)
        # The largest of weight / Exp(1) are a sample without replacement (the Gumbel trick, exponentiated).
        times = self.exponential(rows * categories, 1.0, weights.dtype).reshape(rows, categories)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.asarray(weights / times, wide.dtype)
        if num_samples == 1:
            largest: Array = ratio.argmax(axis=1)
            return largest.reshape(rows, 1)
        ratio[np.isnan(ratio)] = np.inf  # NaN is the largest in PyTorch, and the last in NumPy's sort
        return np.argsort(-ratio, axis=1, kind="stable")[:, :num_samples].astype(np.int64, copy=False)

    def _with_replacement(self, weights: Array, num_samples: int) -> Array:
        below = np.cumsum(weights, axis=1, dtype=weights.dtype)
        below /= below[:, -1:].copy()
        below[:, -1] = 1
        with self._lock:
            uniform = self._stream.uniform53(len(weights) * num_samples).reshape(-1, num_samples)
        out = np.empty(uniform.shape, np.int64)
        for row, bounds in enumerate(below.astype(np.float64)):
            out[row] = np.searchsorted(bounds, uniform[row])
        return out


def _name(np_dtype: DTypeLike) -> str:
    name = _NAMES.get(np_dtype)
    if name is None:
        name = _NAMES[np_dtype] = np.dtype(np_dtype).name
    return name


def _cast(values: Array, np_dtype: DTypeLike, name: str) -> Array:
    if values.dtype == np_dtype:
        return values
    if name in ("float16", "bfloat16") and values.dtype != np.float32:
        values = values.astype(np.float32)  # as PyTorch's conversions, which go by way of float32
    with np.errstate(over="ignore"):
        return values.astype(np_dtype, copy=False)


def check_uniform_bounds(low: float, high: float, name: str) -> None:
    """RuntimeError where a bound, or the range between them, is more than the dtype holds."""
    largest = {"float16": 65504.0, "bfloat16": 3.3895313892515355e38, "float32": 3.4028234663852886e38}.get(
        name, 1.7976931348623157e308
    )
    for what, bound in (("from", low), ("to", high)):
        if not -largest <= bound <= largest:
            raise RuntimeError(f"uniform_: {what}={bound} is out of bounds for {name}, which holds up to {largest}")
    if not high - low <= largest:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{name}>::max(), but found to={high} and from={low}, "
            "whose difference is larger"
        )


def _multiply_add(x: NDArray[np.floating], factor: np.floating, shift: np.floating) -> NDArray[np.floating]:
    """x * factor + shift, rounded once, as the fused instruction of PyTorch's kernels does it."""
    if shift == 0:
        scaled: NDArray[np.floating] = x * factor
        return scaled
    if x.dtype == np.float32:
        return (x.astype(np.float64) * float(factor) + float(shift)).astype(np.float32)
    # The errors of product and sum are exact (Dekker, Knuth) and go in before the last rounding.
    product = x * factor
    total = product + shift
    with np.errstate(over="ignore", invalid="ignore"):
        part = x * 134217729.0
        x_high = part - (part - x)
        factor_part = factor * 134217729.0
        factor_high = factor_part - (factor_part - factor)
        x_low, factor_low = x - x_high, factor - factor_high
        lost = ((x_high * factor_high - product) + x_high * factor_low + x_low * factor_high) + x_low * factor_low
        shared = total - product
        lost += (product - (total - shared)) + (shift - shared)
        exact = total + lost
    made: NDArray[np.floating] = np.where(np.isfinite(exact), exact, total)
    return made


# Bounds of integers


def _integer_bounds(name: str) -> tuple[int, int]:
    if name == "bool":
        return 0, 1
    limits = np.iinfo(name)
    return int(limits.min), int(limits.max)


def _checked_bounds(low: int, high: int, name: str) -> tuple[int, int]:
    """The bounds, narrowed as PyTorch does to what a floating dtype holds; RuntimeError outside the dtype."""
    if name in _DIGITS:
        least, most = -(1 << 63), (1 << 63) - 1
        if name == "float16":
            least, most = -65504, 65504
    else:
        least, most = _integer_bounds(name)
    if low < least or high - 1 > most:
        raise RuntimeError(
            f"random_: from={low} or to - 1={high - 1} is out of bounds for {name}, which holds {least} to {most}"
        )
    if name not in _DIGITS:
        return low, high
    limit = 1 << _DIGITS[name]
    for what, bound in (("from", low), ("to - 1", high - 1)):
        if not -limit <= bound <= limit:
            warn(
                f"{what} is out of bounds [-(2^{_DIGITS[name]}), 2^{_DIGITS[name]}]: {name} does not hold every "
                "integer outside them, so the numbers are not uniform there",
                UserWarning,
            )
    above, below = _held(low + 1, name), _held(high - 1, name)
    if above < low:
        low = above + (1 << (abs(low + 1).bit_length() - _DIGITS[name]))
    if below >= high:
        high = below - (1 << (abs(high - 1).bit_length() - _DIGITS[name]))
    return low, high


def _held(number: int, name: str) -> int:
    """The nearest number that the dtype holds."""
    digits = _DIGITS[name]
    extra = max(abs(number).bit_length() - digits, 0)
    down = number >> extra << extra
    rest, half = number - down, 1 << extra >> 1
    up = rest > half or (rest == half and extra > 0 and down >> extra & 1)
    return down + (1 << extra) if up else down
