"""Long sums, with an error bound that grows with the logarithm of their length.

NumPy adds in pairs where the elements to add lie innermost in memory; along any other dimension it adds one by one, and a sum of 2^25
ones in float32 stops at 2^24. So a long sum is made in steps: what lies innermost first, then blocks of `BLOCK` rows, and then the
blocks' sums in the same way. No element goes through more than a few times `CHAIN` additions.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from corelib.backend.signatures import Ints
from corelib.backend.xp.guard import Module
from corelib.contract.kernels import Native

CHAIN, BLOCK = 128, 64
"""So many numbers are added one by one without ado; into blocks of so many is cut what is longer."""

_RUN = 1 << 19  # the longest run that is cast in pieces of NumPy's buffer, whose sums are added one by one
_NARROW, _WIDTH = 1 << 9, 1 << 14  # rows up to this are put side by side, until they are so wide
_PRODUCTS = 1024  # the longest run whose products einsum adds up


class Sums:
    """Sums over the arrays of one module."""

    def __init__(self, xp: Module) -> None:
        self._xp = xp
        self._add = xp.add.reduce

    def total(self, x: Native, dims: Ints, dtype: Native = None, keepdim: bool = False, out: Native = None) -> Native:
        """The sum along `dims`, counted from the front, in `dtype` or that of x; written into `out` where it is given."""
        ndim = x.ndim
        if len(dims) == ndim:
            easy = dtype is None and x.flags.c_contiguous
        else:
            easy = dtype is None and len(dims) == 1 and dims[0] == ndim - 1 and x.strides[-1] == x.itemsize
        if not easy:
            length = 1
            for d in dims:
                length *= x.shape[d]
            easy = length <= CHAIN
            if not easy and ndim == 2 and len(dims) == 1 and length <= CHAIN * BLOCK:  # said in short
                rows = x if dims[0] == 0 else x.T
                if 0 < rows.strides[1] < rows.strides[0] and (rows is x or not keepdim):
                    parts = self._folded(rows, 0, dtype) if self._foldable(rows, 0) else self._blocks(rows, 0, BLOCK, dtype)
                    return self._add(parts, 0, None, out, keepdim)
        if easy:
            return self._add(x, dims if len(dims) < ndim else None, dtype, out, keepdim)
        if not x.size:
            return self._add(x, dims, dtype, out, keepdim)
        order = sorted(range(ndim), key=lambda d: -abs(x.strides[d]))  # as in memory
        laid = x.transpose(order)
        summed = [at for at, d in enumerate(order) if d in dims]
        made = self._long(*_merged(laid, summed), dtype).reshape([1 if at in summed else n for at, n in enumerate(laid.shape)])
        made = made.transpose([order.index(d) for d in range(ndim)])
        if not keepdim:
            made = made.reshape([n for d, n in enumerate(x.shape) if d not in dims])
        if out is None:
            return made
        out[...] = made
        return out

    def _long(self, x: Native, dims: list[int], dtype: Native) -> Native:
        while True:
            shape, strides = x.shape, x.strides
            dims = [d for d in dims if shape[d] > 1]
            if not dims:
                return x if dtype is None else x.astype(dtype)
            again = next((d for d in dims if not strides[d]), None)
            if again is not None:  # one element, seen many times
                of_one = self._long(x[(*[slice(None)] * again, slice(0, 1))], dims, dtype)
                return of_one * of_one.dtype.type(shape[again])
            inner = min([d for d, n in enumerate(shape) if n > 1 and strides[d]], key=lambda d: abs(strides[d]))
            run = shape[inner] if inner in dims else 1
            long_cast = dtype is not None and dtype != x.dtype and run > _RUN
            if prod([shape[d] for d in dims]) <= run * CHAIN and not long_cast:
                return self._add(x, tuple(dims), dtype)
            # what lies innermost first
            d = inner if run > 1 else min(dims, key=lambda d: abs(strides[d]))
            n = shape[d]
            if run == 1 and n > CHAIN and d == inner - 1 and inner == x.ndim - 1 and self._foldable(x, d):
                x = self._folded(x, d, dtype)
            elif run == 1 and n > CHAIN:
                x = self._blocks(x, d, BLOCK, dtype)
            elif long_cast:
                x = self._blocks(x, d, 1 << 13, dtype)
            else:
                x = self._add(x, d, dtype, None, True)
            dtype = None

    def _blocks(self, x: Native, d: int, size: int, dtype: Native) -> Native:
        """The sums of blocks of elements that follow each other in dimension d."""
        n, before, behind = x.shape[d], x.shape[:d], x.shape[d + 1 :]
        count, left = divmod(n, size)
        where = (slice(None),) * d
        made = self._xp.empty((*before, count + (left > 0), *behind), x.dtype if dtype is None else dtype)
        whole = x[(*where, slice(0, count * size))].reshape((*before, count, size, *behind))
        self._add(whole, d + 1, dtype, made[(*where, slice(0, count))])
        if left:
            self._add(x[(*where, slice(count * size, n))], d, dtype, made[(*where, slice(count, None))], True)
        return made

    @staticmethod
    def _foldable(x: Native, d: int) -> bool:
        m = x.shape[d + 1]
        return bool(m <= _NARROW and x.strides[d] == m * x.strides[d + 1])

    def _folded(self, x: Native, d: int, dtype: Native) -> Native:
        """The sums of rows that are far apart, where there are so many short ones, along the last but one dimension, that several are added as one."""
        n, m = x.shape[d:]
        side = min(n // BLOCK, max(_WIDTH // m, 1))
        count, left = divmod(n, side)
        before = x.shape[:d]
        wide = x[..., : count * side, :].reshape((*before, count, side * m))
        made = self._long(wide, [d], dtype) if count > CHAIN else self._add(wide, d, dtype)
        made = made.reshape((*before, side, m))
        if left:
            made[..., :left, :] += x[..., count * side :, :]
        return made

    def products(self, a: Native, b: Native, dims: Ints) -> Native:
        """The sum of a * b, of one shape of up to three dimensions, along `dims`."""
        letters, last = "ijk"[: a.ndim], a.ndim - 1
        if last in dims and len(dims) == 1:
            n = a.shape[last]
            part = next((p for p in range(min(n, _PRODUCTS), 63, -1) if n % p == 0), n)
            if part == n <= _PRODUCTS:
                return self._xp.einsum(f"{letters},{letters}->{letters[:-1]}", a, b)
            if part < n and a.flags.c_contiguous and b.flags.c_contiguous:
                shape = (*a.shape[:-1], n // part, part)
                parts = self._xp.einsum("...m,...m->...", a.reshape(shape), b.reshape(shape))
                return self.total(parts, (last,))
        elif last in dims:
            return self.total(self.products(a, b, (last,)), tuple([d for d in dims if d != last]))
        elif dims == (0,):
            n = a.shape[0]
            if n <= CHAIN:
                return self._xp.einsum(f"{letters},{letters}->{letters[1:]}", a, b)
            count = n // BLOCK
            shape = (count, BLOCK, *a.shape[1:])
            made = self._xp.empty((count + 1, *a.shape[1:]), a.dtype)
            within = f"m{letters},m{letters}->m{letters[1:]}"
            made[:count] = self._xp.einsum(within, a[: count * BLOCK].reshape(shape), b[: count * BLOCK].reshape(shape))
            made[count] = self._xp.einsum(f"{letters},{letters}->{letters[1:]}", a[count * BLOCK :], b[count * BLOCK :])
            return self.total(made, (0,))
        return self.total(a * b, dims)


def _merged(x: Native, dims: Sequence[int]) -> tuple[Native, list[int]]:
    """The array with neighbouring dimensions that lie in order as one, and which of these are summed."""
    shape: list[int] = []
    steps: list[int] = []
    flags: list[bool] = []
    for d, n in enumerate(x.shape):
        step, summed = x.strides[d], d in dims
        if n == 1:
            continue
        if shape and flags[-1] == summed and steps[-1] == step * n:
            shape[-1] *= n
            steps[-1] = step
        else:
            shape.append(n)
            steps.append(step)
            flags.append(summed)
    return x.reshape(shape), [d for d, summed in enumerate(flags) if summed]
