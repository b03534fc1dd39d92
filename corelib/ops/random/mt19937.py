"""PyTorch's CPU stream of random numbers: the 32-bit words of mt19937, and what PyTorch makes of them.

`Mt19937(seed)` draws what `torch.manual_seed(seed)` lets PyTorch draw on the CPU:

- *uniform float32* (float16 and bfloat16 too): one word, its low 24 bits over 2^24.
- *uniform float64*: two words, the first the high half; the low 53 of these 64 bits over 2^53.
- *integers*: one word, or two where the range is 2^28 or more, modulo the range.
- *normal, 16 elements or more and contiguous*: blocks of 16 uniforms, the first 8 the radius as sqrt(-2 log(1 - u)),
  the last 8 the angle 2 pi u; 8 cosines, then 8 sines. Where 16 does not divide n, 16 more uniforms make the last 16
  elements again. float32 and float64 draw n uniforms before that, half precisions only those of the whole blocks.
- *normal otherwise*: float64 pairs, of which the second waits in the generator for the next such draw.
- *permutation*: for i in 0 .. n - 2, element i changes places with element i + word % (n - i).

The words are NumPy's, from its own mt19937 under legacy seeding, whose state is PyTorch's too; the cpu may have a kernel
that draws them (engine.py). Uniforms and integers are PyTorch's bit for bit; normal numbers are to rounding, because
sine, cosine and logarithm are NumPy's.
Source: PyTorch's aten/src/ATen/core/DistributionsHelper.h and native/cpu/DistributionTemplates.h.
"""

from __future__ import annotations

import math
import struct
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from corelib.contract.forks import free_in_child
from corelib.ops.random.engine import drawn, memory_of, unit53, WORDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    from corelib.tensor.host import np

STATE_BYTES = 5056
# PyTorch's CPUGeneratorImplState: seed, left, seeded, next, 624 words of 8 bytes, the normal sample in float64 (x, y,
# rho, valid) and in float32 (sample, valid).
_HEAD = struct.Struct("<QiiQ")
_TAIL = struct.Struct("<dddi4xf?3x")
_CHUNK = 1 << 16  # words drawn at a time, so that what follows finds them in cache
_KERNEL_FROM = 1 << 8  # numbers that are worth the call of a kernel
_PAIRED_FROM = 1 << 11  # words from which NumPy's 64-bit integers, quicker each and slower to call, gain on its words
_ROWS_FROM = 1 << 11  # numbers from which rows of eight, put in order, are quicker than blocks of sixteen
_LITTLE = 1 if sys.byteorder == "little" else 0  # where in two words the high half lies
_HALF24 = 2.0**23
_UNIT24 = 2.0**-24
_TWO_WORDS_FROM = 1 << 28
_PERMUTATION_TWO_WORDS_FROM = (2**32 - 1) // 20
_VECTOR_PERMUTATION_FROM = 512  # below this a loop over a list is faster than the sort


class Mt19937:
    """The stream of one seed (0 to 2^64 - 1, of which mt19937 takes the low 32 bits)."""

    __slots__ = ("_engine", "_integers", "_memory", "_next_double", "_next_float", "_seed", "_untouched")
    algorithm = "mt19937"

    def __init__(self, seed: int) -> None:
        self._engine: np.random.MT19937 | None = None
        self._memory: NDArray[np.int32] | None = None  # the engine's own, where it has been asked for
        self._integers: np.random.RandomState | None = None  # over the same engine
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Begin the stream of `seed`; NumPy is not needed before the first draw."""
        self._seed = seed
        self._engine = self._integers = self._memory = None
        self._untouched = True
        self._next_double: float | None = None
        self._next_float: float | None = None

    @property
    def initial_seed(self) -> int:
        """The seed this stream began with."""
        return self._seed

    def _started(self) -> np.random.MT19937:
        engine = self._engine
        if engine is None:
            engine = np.random.MT19937(0)
            free_in_child(engine.lock)
            seeded: Any = np.random.RandomState(self._seed & 0xFFFFFFFF).get_state(legacy=False)
            engine.state = seeded
            self._engine = engine
        return engine

    # State, in PyTorch's layout

    def state_bytes(self) -> bytes:
        """The 5056 bytes of PyTorch's `get_rng_state()`."""
        state = self._started().state["state"]
        # Where a block is used up, PyTorch's `left` is 1; `next` tells a fresh seed (0) from a used block (624).
        at = 0 if self._untouched else int(state["pos"])
        left = 1 if self._untouched else WORDS + 1 - at
        double, single = self._next_double, self._next_float
        return (
            _HEAD.pack(self._seed, left, 1, at)
            + bytes(state["key"].astype("<u8"))
            + _TAIL.pack(0.0, double or 0.0, 0.0, double is not None, single or 0.0, single is not None)
        )

    def set_state_bytes(self, state: bytes) -> None:
        """Continue from `state`; RuntimeError where it is not a state of mt19937."""
        if len(state) != STATE_BYTES:
            raise RuntimeError(
                f"set_state: Expected a CPUGeneratorImplState of size {STATE_BYTES} but found the input RNG state size "
                f"to be {len(state)} (this generator's algorithm is mt19937)"
            )
        seed, left, seeded, at = _HEAD.unpack_from(state)
        words = np.frombuffer(state, "<u8", WORDS, _HEAD.size)
        _, double, _, has_double, single, has_single = _TAIL.unpack_from(state, _HEAD.size + 8 * WORDS)
        untouched = left == 1 and at != WORDS
        if seeded != 1 or at > WORDS or (left != WORDS + 1 - at and not untouched):
            raise RuntimeError(f"set_state: Invalid mt19937 state (seeded={seeded}, left={left}, next={at})")
        engine = np.random.MT19937(0)
        pos = WORDS if left == 1 else at
        engine.state = {"bit_generator": "MT19937", "state": {"key": words.astype(np.uint32), "pos": pos}}
        self._engine, self._integers, self._memory, self._seed, self._untouched = engine, None, None, seed, untouched
        self._next_double = double if has_double else None
        self._next_float = single if has_single else None

    # Words

    def _words(self, n: int) -> NDArray[np.uint64]:
        if n:
            self._untouched = False
        if n >= _KERNEL_FROM:
            out = np.empty(n, np.int64)
            if all(self._by_kernel(out[begin:end]) for begin, end in self._chunks(n)):
                return out.view(np.uint64)
        return (self._engine or self._started()).random_raw(n)

    def _by_kernel(self, out: NDArray[Any]) -> bool:
        """Whether a kernel has filled a flat array."""
        memory = self._own_memory()
        if memory is None or not drawn(out, memory):
            return False
        self._untouched = False
        return True

    def _fill53(self, out: NDArray[np.float64]) -> None:
        """Fill a flat array with uniform numbers."""
        if out.size < _KERNEL_FROM or not self._by_kernel(out):
            out[...] = unit53(self._words(2 * out.size))

    def _fill24(self, out: NDArray[np.float32]) -> None:
        """Fill a flat array with the low 24 bits of as many words."""
        n = out.size
        if n >= _KERNEL_FROM and self._by_kernel(out):
            return
        if n < _PAIRED_FROM:
            out[...] = self._words(n).view(np.int64) & 0xFFFFFF
            return
        # NumPy's 64-bit integers of the whole range are two words each, the first the high half: quicker than words one by one.
        self._untouched = False
        if self._integers is None:
            self._integers = np.random.RandomState(self._started())
        pairs = self._integers.randint(0, 1 << 64, n // 2, dtype=np.uint64)
        pairs &= np.uint64(0x00FFFFFF00FFFFFF)
        halves, even = pairs.view(np.int32), n - n % 2
        first = _LITTLE
        out[0:even:2], out[1:even:2] = halves[first::2], halves[1 - first :: 2]
        if even != n:
            out[even:] = self._words(1).view(np.int64) & 0xFFFFFF

    def _chunks(self, n: int) -> list[tuple[int, int]]:
        return [(begin, min(begin + _CHUNK, n)) for begin in range(0, n, _CHUNK)]

    def _words64(self, n: int) -> NDArray[np.uint64]:
        words = self._words(2 * n)
        return words[0::2] << np.uint64(32) | words[1::2]

    # Taking back: what draws numbers one by one draws them in blocks, and returns what is left of one

    def _own_memory(self) -> NDArray[np.int32] | None:
        if self._memory is None:
            self._memory = memory_of(self._started())
        return self._memory

    def engine_state(self) -> Any:
        """Where the words are now, for `rewind`: the engine's memory, which is read and written a hundred times quicker than its `state`."""
        memory = self._own_memory()
        return self._started().state if memory is None else memory.copy()

    def rewind(self, state: Any, words: int) -> None:
        """Go to `words` words behind `state`."""
        engine = self._started()
        if self._memory is not None and isinstance(state, np.ndarray):
            self._memory[...] = state
        else:
            engine.state = state
        engine.random_raw(words, output=False)

    def take_kept(self) -> float | None:
        """The normal number that waits for the next draw of such, if one does; it waits no longer."""
        kept, self._next_double = self._next_double, None
        return kept

    def keep(self, kept: float | None) -> None:
        """Let a normal number wait for the next draw of such."""
        self._next_double = kept

    # Distributions

    def uniform24(self, n: int) -> NDArray[np.float32]:
        """n float32 numbers in [0, 1), multiples of 2^-24."""
        out = np.empty(n, np.float32)
        self.fill_uniform24(out)
        return out

    def fill_uniform24(self, out: NDArray[np.float32], low: float = 0.0, high: float = 1.0) -> None:
        """Fill a flat array with numbers in [low, high), rounded once, as the fused instruction of PyTorch's kernels does it."""
        centred = low == -high and high > _LEAST_UNDER_ROOT
        for begin in range(0, out.size, _CHUNK):
            part = out[begin : begin + _CHUNK]
            self._fill24(part)
            if centred:  # u (high - low) + low is (word - 2^23) 2^-23 high, of which only the last step rounds
                part -= _HALF24
                part *= high / _HALF24
            elif not low:
                part *= _UNIT24
                if high != 1:
                    part *= high
            else:
                start, end = np.float32(low), np.float32(high)
                made = part * np.float64(_UNIT24 * float(end - start))
                made += float(start)
                part[...] = made
                # rounding can reach the upper end, which is not in the range
                np.copyto(part, start, where=part == end)

    def uniform53(self, n: int) -> NDArray[np.floating]:
        """n float64 numbers in [0, 1), multiples of 2^-53."""
        out = np.empty(n, np.float64)
        for begin, end in self._chunks(n):
            self._fill53(out[begin:end])
        return out

    def integers(self, n: int, span: int) -> NDArray[np.uint64]:
        """n uint64 numbers below `span`, from 1 to 2^64."""
        if span >= _TWO_WORDS_FROM:
            words = self._words64(n)
            return words if span == 1 << 64 else words % np.uint64(span)
        return (self._words(n).astype(np.uint32) % np.uint32(span)).astype(np.uint64)

    def words(self, n: int, wide: bool) -> NDArray[np.uint64]:
        """n uint64 numbers of 32 random bits, or of 64 where `wide`."""
        return self._words64(n) if wide else self._words(n)

    def normal(self, n: int, kind: str, contiguous: bool) -> NDArray[np.floating]:
        """n standard normal numbers, as PyTorch fills a tensor of n elements.

        `kind` is "float64", "float32" or "half"; half precisions get float32 numbers. float64 where n < 16 or the
        tensor is not contiguous.
        """
        if n < 16 or not contiguous:
            return self.normal53(n)
        if kind != "float64":
            made = np.empty(n, np.float32)
            self.fill_normal24(made, skip=kind == "float32")
            return made
        whole = n - n % 16
        out = np.empty(n, np.float64)
        _box_muller(self.uniform53(n)[:whole], out[:whole])
        if whole != n:
            _box_muller(self.uniform53(16), out[n - 16 :])
        return out

    def fill_normal24(self, out: NDArray[np.float32], mean: float = 0.0, std: float = 1.0, skip: bool = True) -> None:
        """Fill a flat array of 16 elements or more with float32 normal numbers; `skip` draws n uniforms first where 16 does not divide n."""
        n = out.size
        whole = n - n % 16
        if n < _ROWS_FROM:
            if whole:
                self._fill24(out[:whole])
                _few_box_muller24(out[:whole].reshape(-1, 2, 8), mean, std)
            if whole != n:
                if skip:
                    self._words(n - whole)
                last = out[n - 16 :]
                self._fill24(last)
                _few_box_muller24(last.reshape(1, 2, 8), mean, std)
            return
        scratch = np.empty((3, min(whole, _CHUNK) // 2), np.float32)
        for begin in range(0, whole, _CHUNK):
            part = out[begin : min(begin + _CHUNK, whole)]
            self._fill24(part)
            _box_muller24(part, scratch, mean, std)
        if whole != n:
            if skip:
                self._words(n - whole)
            last = out[n - 16 :]
            self._fill24(last)
            _box_muller24(last, scratch, mean, std)

    def normal53(self, n: int) -> NDArray[np.float64]:
        """n standard normal numbers in float64, in pairs of which an odd one is kept for the next such draw."""
        out = np.empty(n, np.float64)
        kept = self._next_double
        begin = 0
        if n and kept is not None:
            out[0] = kept
            self._next_double = None
            begin = 1
        pairs = (n - begin + 1) // 2
        if not pairs:
            return out
        uniforms = self.uniform53(2 * pairs)
        if pairs <= 8:  # the mathematics library's own functions are PyTorch's, to the last bit
            samples: list[float] = []
            for u1, u2 in zip(*[iter(uniforms.tolist())] * 2, strict=True):
                radius, angle = math.sqrt(-2.0 * math.log1p(-u2)), 2.0 * math.pi * u1
                samples += (radius * math.cos(angle), radius * math.sin(angle))
            last = samples[-1]
            out[begin:] = samples[: n - begin]
        else:
            radii, angles = np.sqrt(-2.0 * np.log1p(-uniforms[1::2])), 2.0 * math.pi * uniforms[0::2]
            sines = radii * np.sin(angles)
            last = float(sines[-1])
            out[begin::2] = radii * np.cos(angles)
            out[begin + 1 :: 2] = sines[: (n - begin) // 2]
        if (n - begin) % 2:
            self._next_double = last
        return out

    def permutation(self, n: int) -> NDArray[np.int64]:
        """The integers 0 .. n - 1 in random order, int64."""
        swaps = max(n - 1, 0)
        if n < _VECTOR_PERMUTATION_FROM:
            order = list(range(n))
            for i, word in enumerate(self._words(swaps).tolist()):
                j = i + word % (n - i)
                order[i], order[j] = order[j], order[i]
            return np.array(order, np.int64)
        if n < _PERMUTATION_TWO_WORDS_FROM:
            jumps = self._words(swaps).astype(np.uint32) % np.arange(n, 1, -1, dtype=np.uint32)
        else:
            jumps = self._words64(swaps) % np.arange(n, 1, -1, dtype=np.uint64)
        steps = np.arange(n, dtype=np.int64)
        targets = steps.copy()
        targets[:-1] += jumps.astype(np.int64)
        return _swap_all(steps, targets)


    def permutations(self, count: int, n: int, first: int) -> NDArray[np.int64]:
        """The first numbers of `count` permutations, side by side: a place is settled once it has been swapped."""
        made = np.empty((count, first), np.int64)
        swaps = n - 1
        if n >= _PERMUTATION_TWO_WORDS_FROM:
            for row in made:
                row[...] = self.permutation(n)[:first]
            return made
        left = np.arange(n, n - min(first, swaps), -1, dtype=np.uint32)
        together = max(_CHUNK * 4 // n, 1)
        for begin in range(0, count, together):
            lanes = np.arange(min(together, count - begin))
            words = self._words(swaps * lanes.size).reshape(lanes.size, swaps)[:, : left.size]
            targets = (words.astype(np.uint32) % left).astype(np.int64).T + np.arange(left.size)[:, None]
            order = np.repeat(np.arange(n, dtype=np.int64)[:, None], lanes.size, 1)
            for i, target in enumerate(targets):
                settled = order[target, lanes]
                order[target, lanes] = order[i]
                order[i] = settled
            made[begin : begin + lanes.size] = order[:first].T
        return made


@cache
def _places(capacity: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """In rows of eight: which of a chunk are radii, and which angles; and where in scratch its rows are in the end, cosines before sines.

    To take such rows is several times quicker than loops over eight numbers at a time.
    """
    each = np.arange(capacity)
    return 2 * each, 2 * each + 1, np.stack((each + 2 * capacity, each + capacity), 1).reshape(-1)


def _few_box_muller24(blocks: NDArray[np.float32], mean: float, std: float) -> None:
    """The same of blocks (n, 2, 8), in fewer steps, which are slower where there are many."""
    radii = blocks[:, 0] * np.float32(-_UNIT24)
    radii += 1
    np.log(radii, out=radii)
    under = _LEAST_UNDER_ROOT < std < _MOST_UNDER_ROOT
    radii *= -2 * std * std if under else -2
    np.sqrt(radii, out=radii)
    if not under:
        radii *= std
    angles = blocks[:, 1] * np.float32(_TURN24)
    np.multiply(np.cos(angles), radii, out=blocks[:, 0])
    np.multiply(np.sin(angles, out=angles), radii, out=blocks[:, 1])
    if mean:
        blocks += mean


def _box_muller24(out: NDArray[np.float32], scratch: NDArray[np.float32], mean: float, std: float) -> None:
    """Normal numbers in place of as many 24-bit words, through three rows of scratch that each have room for half of them."""
    half, rows = out.size // 2, out.reshape(-1, 8)
    of_radii, of_angles, together = _places(scratch.shape[1] // 8)
    radii, sines, cosines = scratch[:, :half]
    np.take(rows, of_radii[: half // 8], 0, radii.reshape(-1, 8), "clip")
    np.take(rows, of_angles[: half // 8], 0, sines.reshape(-1, 8), "clip")
    radii *= -_UNIT24
    radii += 1
    np.log(radii, out=radii)
    # the variance goes under the root, where it costs no pass of its own, unless float32 does not hold it there
    under = _LEAST_UNDER_ROOT < std < _MOST_UNDER_ROOT
    radii *= -2 * std * std if under else -2
    np.sqrt(radii, out=radii)
    if not under:
        radii *= std
    sines *= _TURN24
    np.cos(sines, out=cosines)
    np.sin(sines, out=sines)
    cosines *= radii
    sines *= radii
    if mean:
        cosines += mean
        sines += mean
    np.take(scratch.reshape(-1, 8), together[: half // 4], 0, rows, "clip")


_LEAST_UNDER_ROOT, _MOST_UNDER_ROOT = 1e-15, 1e15
_TURN24 = 3.1415927410125732 * 2.0**-23  # a turn in float32, over 2^24


def _box_muller(uniforms: NDArray[np.floating], out: NDArray[np.floating]) -> None:
    blocks, filled = uniforms.reshape(-1, 2, 8), out.reshape(-1, 2, 8)
    one, two_pi = out.dtype.type(1), out.dtype.type(2 * math.pi)
    radii = np.log(one - blocks[:, 0])
    radii *= out.dtype.type(-2)
    np.sqrt(radii, out=radii)
    angles = blocks[:, 1] * two_pi
    np.multiply(np.cos(angles), radii, out=filled[:, 0])
    np.multiply(np.sin(angles), radii, out=filled[:, 1])


def _swap_all(steps: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """What swapping element i with element targets[i] >= i, one i after the other, makes of 0 .. n - 1.

    Position p holds at step i what the last earlier step aimed at p put there: the element that stood at that step's
    own place. So the elements follow a chain of steps, which doubling follows for all at once.
    """
    # One sort of (target, step) packed into a word lines up the steps that aimed at one place, in their order.
    packed = np.sort(targets << 32 | steps)
    target, step = packed >> 32, packed & 0xFFFFFFFF
    again = target[1:] == target[:-1]
    before = np.full(len(steps), -1, np.int64)  # the last earlier step with the same target
    before[step[1:][again]] = step[:-1][again]
    carried = steps.copy()  # carried[i]: which step's place the element standing at i when step i begins came from
    elsewhere = target != step
    carried[target[elsewhere]] = step[elsewhere]  # later steps overwrite earlier ones
    while True:
        further = carried[carried]
        if np.array_equal(further, carried):
            break
        carried = further
    return np.where(before >= 0, carried[before], np.where(targets == steps, carried, targets))
