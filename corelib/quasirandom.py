"""torch.quasirandom: Sobol sequences, the same points as PyTorch's.

Direction numbers: S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30, 2008
(new-joe-kuo-6). Those of the first 64 dimensions are here; the others, up to 21201, are read from the file that SciPy brings.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corelib.ops.construction.construct import from_numpy
from corelib.ops.random.generator import Generator
from corelib.ops.random.random import randint
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.tensor import Tensor

__all__ = ["SobolEngine"]

Ints = NDArray[np.int64]

_NUMBERS = """
3:1 7:1,3 11:1,3,1 13:1,1,1 19:1,1,3,3 25:1,3,5,13 37:1,1,5,5,17 41:1,1,5,5,5 47:1,1,7,11,19 55:1,1,5,1,1 59:1,1,1,3,11
61:1,3,5,5,31 67:1,3,3,9,7,49 91:1,1,1,15,21,21 97:1,3,1,13,27,49 103:1,1,1,15,7,5 109:1,3,1,15,13,25 115:1,1,5,5,19,61
131:1,3,7,11,23,15,103 137:1,3,7,13,13,15,69 143:1,1,3,13,7,35,63 145:1,3,5,9,1,25,53 157:1,3,1,13,9,35,107 167:1,3,1,5,27,61,31
171:1,1,5,11,19,41,61 185:1,3,5,3,3,13,69 191:1,1,7,13,1,19,1 193:1,3,7,5,13,19,59 203:1,1,3,9,25,29,41 211:1,3,5,13,23,1,55
213:1,3,7,3,13,59,17 229:1,3,1,3,5,53,69 239:1,1,5,5,23,33,13 241:1,1,7,7,1,61,123 247:1,1,7,9,13,61,49 253:1,3,3,5,3,55,33
285:1,3,1,15,31,13,49,245 299:1,3,5,15,31,59,63,97 301:1,3,1,11,11,11,77,249 333:1,3,1,11,27,43,71,9 351:1,1,7,15,21,11,81,45
355:1,3,7,3,25,31,65,79 357:1,3,1,1,19,11,3,205 361:1,1,5,9,19,21,29,157 369:1,3,7,11,1,33,89,185 391:1,3,3,3,15,9,79,71
397:1,3,7,11,15,39,119,27 425:1,1,3,1,11,31,97,225 451:1,1,1,3,23,43,57,177 463:1,3,7,7,17,17,37,71 487:1,3,1,5,27,63,123,213
501:1,1,3,5,11,43,53,133 529:1,3,5,5,29,17,47,173,479 539:1,3,3,11,3,1,109,9,69 545:1,1,1,5,17,39,23,5,343
557:1,3,1,5,25,15,31,103,499 563:1,1,1,11,11,17,63,105,183 601:1,1,5,11,9,29,97,231,363 607:1,1,5,15,19,45,41,7,383
617:1,3,7,7,31,19,83,137,221 623:1,1,1,3,23,15,111,223,83 631:1,1,5,13,31,15,55,25,161 637:1,1,3,13,25,47,39,87,257
"""
"""From the second dimension on: the primitive polynomial over GF(2) as a number, and the first direction numbers."""


@cache
def _small() -> list[tuple[int, list[int]]]:
    rows = (row.split(":") for row in _NUMBERS.split())
    return [(int(polynomial), [int(n) for n in numbers.split(",")]) for polynomial, numbers in rows]


def _numbers(dimension: int) -> list[tuple[int, list[int]]]:
    """The polynomials and first numbers of the dimensions from the second on."""
    if dimension - 1 <= len(_small()):
        return _small()[: dimension - 1]
    scipy = find_spec("scipy")
    path = "" if scipy is None or scipy.origin is None else os.path.join(os.path.dirname(scipy.origin), "stats", "_sobol_direction_numbers.npz")
    if not os.path.exists(path):
        raise RuntimeError(
            f"SobolEngine: dimension (={dimension}) above {len(_small()) + 1} needs SciPy's table of direction numbers: pip install scipy"
        )
    with np.load(path) as file:
        polynomials, numbers = file["poly"][1:dimension], file["vinit"][1:dimension]
    return [(int(p), [int(n) for n in row[: int(p).bit_length() - 1]]) for p, row in zip(polynomials, numbers)]


def _directions(dimension: int, bits: int) -> Ints:
    """The direction numbers of all dimensions, shifted to `bits` bits: (dimension, bits)."""
    made = np.ones((dimension, bits), np.int64)
    for row, (polynomial, first) in zip(made[1:], _numbers(dimension)):
        degree = len(first)
        v = first[:bits]
        for j in range(degree, bits):
            new = v[j - degree]
            for k in range(degree):
                if polynomial >> (degree - 1 - k) & 1:
                    new ^= v[j - k - 1] << (k + 1)
            v.append(new)
        row[:] = v
    shifted: Ints = made << np.arange(bits - 1, -1, -1)
    return shifted


class SobolEngine:
    """Points of a Sobol sequence in the unit cube: `draw(n)` gives the next n, (n, dimension).

    dimension: 1 to 21201, ValueError for others; RuntimeError above 64 where SciPy, which brings their direction numbers, is not installed.
    scramble: shift and mix the digits at random (Owen, 1998), with the seed that is given, or drawn from the default generator.

    >>> import corelib as torch
    >>> torch.quasirandom.SobolEngine(2).draw(3)
    tensor([[0.0000, 0.0000],
            [0.5000, 0.5000],
            [0.7500, 0.2500]])
    """

    MAXBIT = 30
    MAXDIM = 21201

    def __init__(self, dimension: int, scramble: bool = False, seed: int | None = None) -> None:
        if dimension > self.MAXDIM or dimension < 1:
            raise ValueError(f"SobolEngine: Supported range of dimensionality for SobolEngine is [1, {self.MAXDIM}], got {dimension}")
        self.seed = seed
        self.scramble = scramble
        self.dimension = dimension
        state, shift = _directions(dimension, self.MAXBIT), np.zeros(dimension, np.int64)
        if scramble:
            state, shift = self._scrambled(state)
        self.sobolstate = from_numpy(state)
        self.shift = from_numpy(shift)
        self.quasi = from_numpy(shift.copy())
        self._first_point = (self.quasi / 2**self.MAXBIT).reshape(1, -1)
        self.num_generated = 0

    def _scrambled(self, state: Ints) -> tuple[Ints, Ints]:
        generator = None if self.seed is None else Generator().manual_seed(self.seed)
        bits = self.MAXBIT
        digits: Ints = randint(2, (self.dimension, bits), generator=generator).numpy()
        shift = (digits << np.arange(bits)).sum(1)
        matrices: Ints = np.tril(randint(2, (self.dimension, bits, bits), generator=generator).numpy())
        matrices[:, np.arange(bits), np.arange(bits)] = 1
        rows = (matrices << np.arange(bits - 1, -1, -1)).sum(2)
        mixed = np.zeros_like(state)
        for p in range(bits):
            mixed |= (np.bitwise_count(rows[:, p, None] & state) & 1).astype(np.int64) << (bits - 1 - p)
        return mixed, shift

    def _advance(self, n: int, after: int) -> Ints:
        """The next n points as integers, the first of them `after` behind the second of the sequence; `quasi` becomes the last."""
        counts = np.arange(after, after + n, dtype=np.int64)
        lowest_zero = np.bitwise_count(counts & ~(counts + 1))
        state: Ints = self.sobolstate.numpy()
        steps = np.concatenate([self.quasi.numpy()[None], state[:, lowest_zero].T])
        points: Ints = np.bitwise_xor.accumulate(steps, 0)[1:]
        if n:
            self.quasi = from_numpy(points[-1].copy())
        return points

    def draw(self, n: int = 1, out: Tensor | None = None, dtype: DType | None = None) -> Tensor:
        """The next n points, (n, dimension), of `dtype` (the default one); into `out`, which is resized, where it is given."""
        wanted = dtype or get_default_dtype()
        if self.num_generated:
            points = self._advance(n, self.num_generated - 1)
        else:
            points = np.concatenate([self.shift.numpy()[None], self._advance(n - 1, 0)])
        result: Tensor = from_numpy(points).to(wanted) * 2.0**-self.MAXBIT
        self.num_generated += n
        return result if out is None else out.resize_as_(result).copy_(result)

    def draw_base2(self, m: int, out: Tensor | None = None, dtype: DType | None = None) -> Tensor:
        """The next 2**m points. ValueError unless all points drawn so far then are a power of 2, which their balance needs."""
        n = 2**m
        total = self.num_generated + n
        if total & (total - 1):
            raise ValueError(
                f"draw_base2(): The balance properties of Sobol' points require n to be a power of 2. {self.num_generated} points have been previously "
                f"generated, then: n={self.num_generated}+2**{m}={total}. If you still want to do this, please use 'SobolEngine.draw()' instead."
            )
        return self.draw(n, out, dtype)

    def reset(self) -> SobolEngine:
        """Begin the sequence anew."""
        self.quasi = self.shift.clone()
        self.num_generated = 0
        return self

    def fast_forward(self, n: int) -> SobolEngine:
        """Leave out the next n points."""
        if self.num_generated:
            self._advance(n, self.num_generated - 1)
        else:
            self._advance(n - 1, 0)
        self.num_generated += n
        return self

    def __repr__(self) -> str:
        told: list[Any] = [f"dimension={self.dimension}"]
        if self.scramble:
            told.append("scramble=True")
        if self.seed is not None:
            told.append(f"seed={self.seed}")
        return f"{type(self).__name__}({', '.join(told)})"
