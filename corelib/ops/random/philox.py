"""Philox4x64-10: random numbers that depend on the seed, the draw and the element's index only, on every device.

A generator has a *seed* (64 bits) and an *offset*, the number of draws made so far. One draw fills one tensor of n
elements, counted in row-major order, and then adds 1 to the offset, whatever n is. Element i of a draw has one word of
64 bits, so it is the same however many elements there are and in whatever order or on whatever device they are made:

    counter = (i // 4, offset, 0, 0)        four words of 64 bits, the first changes fastest
    key     = (seed, 0)
    word(i) = Philox4x64-10(counter, key)[i % 4]

Philox4x64-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011) is ten rounds, all
modulo 2^64, with hi and lo the halves of a 128-bit product; the key is raised after each round:

    hi0, lo0 = 0xD2E7470EE14C6C93 * c0;  hi1, lo1 = 0xCA5A826395121157 * c2
    c0, c1, c2, c3 = hi1 ^ c1 ^ k0, lo1, hi0 ^ c3 ^ k1, lo0
    k0 += 0x9E3779B97F4A7C15;  k1 += 0xBB67AE8584CAA73B

From words to numbers:

    uniform24(i) = (word(i) >> 40) * 2^-24          float32 arithmetic; also what float16 and bfloat16 begin with
    uniform53(i) = (word(i) >> 11) * 2^-53          float64 arithmetic
    uniform      = u * (high - low) + low           in the dtype, half precisions in float32; what rounds to high is low
    bernoulli(p) = u < p                            uniform24 for p of 32 bits or fewer, else uniform53; that is
                                                    word >> 40 < ceil(p * 2^24), or word >> 11 < ceil(p * 2^53)
    integer      = low + word % (high - low)        a range of 2^64 is the word itself
    normal       of the pair 2k, 2k + 1, with r = sqrt(-2 * log(1 - u(2k))) and t = 2 pi * u(2k + 1):
                   element 2k is r * cos(t), element 2k + 1 is r * sin(t); float64 from uniform53, others from uniform24
                   in float32. An odd n makes its last pair whole, and drops the second of it.
    permutation  = the order that sorts word(0) .. word(n - 1), equal words by index
    the others   are made from uniform53 in float64, as on the CPU: exponential -log1p(-u) / lambda, and so on.

Words, uniforms, bernoulli, integers and permutations are bit-identical everywhere; normal numbers and the others are to
rounding of the device's own log, cos and sin.
"""

from __future__ import annotations

import math
import struct
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from corelib.contract.kernels import Native

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    from corelib.tensor.host import np

_STATE = struct.Struct("<QQ")
STATE_BYTES = _STATE.size
_MASK64 = 0xFFFFFFFFFFFFFFFF
MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
ROUNDS = 10
_NO_WORDS = (0, 0, 0, 0)

Block: TypeAlias = tuple[Native, Native, Native, Native]
"""The four words of a counter, or those made of it, of many at once."""


def philox_bits(seed: int, offset: int, n: int) -> NDArray[np.uint64]:
    """The words of the elements 0 .. n - 1 of draw `offset`: a NumPy uint64 array. They are NumPy's own Philox.

    >>> from corelib.ops.random.philox import philox_bits
    >>> [hex(word) for word in philox_bits(1, 0, 2).tolist()]
    ['0xcb7ea744cf19bb4c', '0xa34eacbe1377d650']
    """
    stream = Philox(seed)
    stream.offset = offset
    return stream.words(n, True)


def _before(offset: int) -> NDArray[np.uint64]:
    """The counter below (0, offset, 0, 0): NumPy raises the counter before it makes a block."""
    return np.array((_MASK64, offset - 1, 0, 0) if offset else (_MASK64,) * 4, np.uint64)


def philox4x64(xp: ModuleType, counter: Block, key: tuple[int, int]) -> Block:
    """The four words of each counter, in the uint64 arithmetic of `xp`, a module with NumPy's functions.

    `counter` holds four uint64 arrays of one shape. This is for devices that make their own random numbers, and the
    definition that `philox_bits` is tested against.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        hi0, lo0 = _multiply(xp, c0, MULTIPLIERS[0])
        hi1, lo1 = _multiply(xp, c2, MULTIPLIERS[1])
        c0, c1, c2, c3 = hi1 ^ c1 ^ xp.uint64(k0), lo1, hi0 ^ c3 ^ xp.uint64(k1), lo0
        k0, k1 = (k0 + WEYL[0]) & _MASK64, (k1 + WEYL[1]) & _MASK64
    return c0, c1, c2, c3


def _multiply(xp: ModuleType, a: Native, b: int) -> tuple[Native, Native]:
    """The halves, high and low, of the 128-bit products a * b, from 32-bit parts."""
    low32, by32 = xp.uint64(0xFFFFFFFF), xp.uint64(32)
    a_high, a_low = a >> by32, a & low32
    b_high, b_low = xp.uint64(b >> 32), xp.uint64(b & 0xFFFFFFFF)
    middle = a_high * b_low + (a_low * b_low >> by32)
    carry = a_low * b_high + (middle & low32)
    return a_high * b_high + (middle >> by32) + (carry >> by32), a * xp.uint64(b)


class Philox:
    """The draws of one seed (0 to 2^64 - 1), from offset 0."""

    __slots__ = ("_engine", "_offset", "_seed")
    algorithm = "philox"

    def __init__(self, seed: int) -> None:
        self._engine: np.random.Philox | None = None
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Begin the draws of `seed`, at offset 0."""
        self._seed = seed
        self._offset = 0

    @property
    def initial_seed(self) -> int:
        """The seed these draws began with."""
        return self._seed

    @property
    def offset(self) -> int:
        """The number of draws made so far."""
        return self._offset

    @offset.setter
    def offset(self, offset: int) -> None:
        self._offset = offset & _MASK64

    def reserve(self) -> tuple[int, int]:
        """The seed and offset of the next draw, which the caller makes: the offset is one on afterwards."""
        offset = self._offset
        self._offset = (offset + 1) & _MASK64
        return self._seed, offset

    # State

    def state_bytes(self) -> bytes:
        """Seed and offset, 8 bytes each, little end first."""
        return _STATE.pack(self._seed, self._offset)

    def set_state_bytes(self, state: bytes) -> None:
        """Continue from `state`; RuntimeError where it is not a state of philox."""
        if len(state) != STATE_BYTES:
            raise RuntimeError(
                f"set_state: RNG state is wrong size: expected {STATE_BYTES} bytes, got {len(state)} (this generator's "
                "algorithm is philox)"
            )
        self._seed, self._offset = _STATE.unpack(state)

    # Distributions

    def words(self, n: int, wide: bool) -> NDArray[np.uint64]:
        """n uint64 numbers of 64 random bits, which `wide` does not change."""
        engine = self._engine
        if engine is None:  # made once, because making one takes ten times as long as setting its state
            engine = self._engine = np.random.Philox(key=0)
        seed, offset = self.reserve()
        engine.state = {
            "bit_generator": "Philox",
            "state": {"counter": _before(offset), "key": np.array((seed, 0), np.uint64)},
            "buffer": _NO_WORDS,  # type: ignore[typeddict-item]  # any sequence serves, and a tuple is the fastest
            "buffer_pos": 4,
            "has_uint32": 0,
            "uinteger": 0,
        }
        return engine.random_raw(n)

    def uniform24(self, n: int) -> NDArray[np.float32]:
        """n float32 numbers in [0, 1), multiples of 2^-24."""
        return (self.words(n, True) >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)

    def uniform53(self, n: int) -> NDArray[np.float64]:
        """n float64 numbers in [0, 1), multiples of 2^-53."""
        return (self.words(n, True) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def integers(self, n: int, span: int) -> NDArray[np.uint64]:
        """n uint64 numbers below `span`, from 1 to 2^64."""
        words = self.words(n, True)
        return words if span == 1 << 64 else words % np.uint64(span)

    def normal(self, n: int, kind: str, contiguous: bool) -> NDArray[np.floating]:
        """n standard normal numbers, in float64 where `kind` is "float64", else float32; strides change nothing."""
        even = n + n % 2
        uniforms = (self.uniform53 if kind == "float64" else self.uniform24)(even).reshape(-1, 2)
        one, two_pi = uniforms.dtype.type(1), uniforms.dtype.type(2 * math.pi)
        radii = np.sqrt(uniforms.dtype.type(-2) * np.log(one - uniforms[:, 0]))
        angles = uniforms[:, 1] * two_pi
        out = np.empty((even // 2, 2), uniforms.dtype)
        np.multiply(radii, np.cos(angles), out=out[:, 0])
        np.multiply(radii, np.sin(angles), out=out[:, 1])
        return out.reshape(-1)[:n]

    def normal53(self, n: int) -> NDArray[np.floating]:
        """n standard normal numbers in float64."""
        return self.normal(n, "float64", True)

    def permutation(self, n: int) -> NDArray[np.int64]:
        """The integers 0 .. n - 1 in random order, int64."""
        return np.argsort(self.words(n, True), kind="stable").astype(np.int64, copy=False)
