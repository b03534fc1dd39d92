"""The streams of random numbers after one seed: ours and PyTorch's on the CPU, bit for bit or to rounding."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

import corelib
from corelib.ops.random.generator import Generator

from ..pairs import host_array

SEEDS = (0, 1, 42, 2**31, 2**40 + 5, 2**64 - 1)
SIZES = (0, 1, 5, 15, 16, 17, 31, 100, 1000, 65537)
FLOATS = ("float16", "bfloat16", "float32", "float64")
EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
RANDINT = {
    "bool": [(0, 2)],
    "uint8": [(0, 256), (3, 7)],
    "int8": [(-128, 128), (0, 10)],
    "int16": [(-(2**15), 2**15)],
    "int32": [(0, 10), (-5, 2**28 - 5), (0, 2**28 - 1), (-(2**31), 2**31)],
    "int64": [(0, 10), (-7, 2**32), (0, 2**28), (-(2**63), 2**63 - 1), (2**40, 2**62), (5, 6)],
    "float16": [(0, 10), (-2048, 2049)],
    "bfloat16": [(0, 10), (-256, 257)],
    "float32": [(0, 10), (-(2**24), 2**24)],
    "float64": [(0, 10), (0, 2**53), (-(2**40), 2**40)],
}


def words_used(draw: Callable[[], Any]) -> int:
    """How many 32-bit words PyTorch's generator gave for `draw`, fewer than 624."""
    torch.manual_seed(0)
    draw()
    return int(struct.unpack_from("<Q", torch.get_rng_state().numpy().tobytes(), 16)[0])


# Builds with MKL ask MKL's own generator on Intel processors, which our streams do not follow.
needs_own_exponential = pytest.mark.skipif(
    words_used(lambda: torch.empty(50).exponential_()) != 100, reason="this PyTorch draws exponential_ from MKL"
)
needs_own_bernoulli = pytest.mark.skipif(
    words_used(lambda: torch.empty(50).bernoulli_(0.5)) != 100, reason="this PyTorch draws bernoulli_(p) from MKL"
)


def np_dtype(name: str) -> Any:
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def seeded(seed: int) -> Generator:
    torch.manual_seed(seed)
    return Generator().manual_seed(seed)


def assert_same_bits(ours: Any, theirs: torch.Tensor) -> None:
    expected = host_array(theirs)
    assert ours.dtype == expected.dtype
    assert ours.tobytes() == expected.tobytes()


def assert_rounded_alike(ours: Any, theirs: torch.Tensor, scale: float = 1.0) -> None:
    """Equal to 8 units (half precisions: 1) in the last place of the number, or of `scale` where that is larger."""
    expected = host_array(theirs)
    assert ours.dtype == expected.dtype
    eps = EPS[ours.dtype.name]
    units = 1 if ours.dtype.itemsize == 2 else 8
    wide, wanted = ours.astype(np.float64), expected.astype(np.float64)
    same = (wide == wanted) | (np.abs(wide - wanted) <= units * eps * np.maximum(np.abs(wanted), scale))
    assert same.all(), (ours[~same][:3], expected[~same][:3])


def assert_in_step(generator: Generator) -> None:
    """Both generators are in one state; the waiting normal number may differ in the last places."""
    ours, theirs = generator._state_bytes().tobytes(), torch.get_rng_state().numpy().tobytes()
    assert ours[:5016] == theirs[:5016]
    assert ours[5040:] == theirs[5040:]
    assert struct.unpack_from("<d", ours, 5024)[0] == pytest.approx(
        struct.unpack_from("<d", theirs, 5024)[0], rel=1e-14
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_rand_is_the_same_bit_for_bit(seed: int, dtype: str) -> None:
    generator = seeded(seed)
    for n in SIZES:
        assert_same_bits(generator.random_uniform(n, np_dtype(dtype)), torch.rand(n, dtype=getattr(torch, dtype)))
    assert_in_step(generator)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("bounds", [(-0.3, 0.7), (0.1, 0.9), (0.0, 3.0), (-1 / 3, 1 / 3), (-5.0, -5.0), (100.0, 101.0)])
def test_uniform_is_the_same_bit_for_bit(dtype: str, bounds: tuple[float, float]) -> None:
    for seed in SEEDS:
        generator = seeded(seed)
        for n in (0, 1, 17, 20000):
            theirs = torch.empty(n, dtype=getattr(torch, dtype)).uniform_(*bounds)
            assert_same_bits(generator.random_uniform(n, np_dtype(dtype), *bounds), theirs)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", list(RANDINT))
def test_randint_is_the_same_bit_for_bit(seed: int, dtype: str) -> None:
    generator = seeded(seed)
    for low, high in RANDINT[dtype]:
        for n in SIZES:
            theirs = torch.randint(low, high, (n,), dtype=getattr(torch, dtype))
            assert_same_bits(generator.random_integers(n, low, high, np_dtype(dtype)), theirs)
    assert_in_step(generator)


@pytest.mark.filterwarnings("ignore:.*out of bounds")
@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("float16", 0, 5000),
        ("float16", -65504, 65504),
        ("bfloat16", -1000, 3),
        ("float32", 0, 2**25),
        ("float32", -(2**40) - 1, 2**33 + 1),
        ("float64", -(2**60) - 1, 2**55 + 1),
        ("float64", 2**53 + 1, 2**53 + 7),
    ],
)
def test_randint_past_what_a_float_holds_narrows_its_range_alike(dtype: str, low: int, high: int) -> None:
    generator = seeded(3)
    theirs = torch.randint(low, high, (1000,), dtype=getattr(torch, dtype))
    assert_same_bits(generator.random_integers(1000, low, high, np_dtype(dtype)), theirs)


@pytest.mark.parametrize("dtype", list(RANDINT))
def test_random_without_bounds_is_the_same_bit_for_bit(dtype: str) -> None:
    generator = seeded(5)
    for n in SIZES:
        theirs = torch.empty(n, dtype=getattr(torch, dtype)).random_()
        assert_same_bits(generator.random_integers(n, None, None, np_dtype(dtype)), theirs)
    assert_in_step(generator)


def test_the_whole_range_of_64_bits_is_the_same_bit_for_bit() -> None:
    generator = seeded(6)
    theirs = torch.empty(1000, dtype=torch.int64).random_(-(2**63), None)
    assert_same_bits(generator.random_integers(1000, -(2**63), 2**63, np.dtype("int64")), theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_randperm_is_the_same_bit_for_bit(seed: int) -> None:
    generator = seeded(seed)
    for n in (*SIZES, 2, 3, 511, 512, 513, 200003):
        assert_same_bits(generator.permutation(n, np.dtype("int64")), torch.randperm(n))
    for dtype, n in (("int32", 1000), ("uint8", 255), ("int16", 700), ("float32", 600), ("float16", 2048)):
        theirs = torch.randperm(n, dtype=getattr(torch, dtype))
        assert_same_bits(generator.permutation(n, np_dtype(dtype)), theirs)
    assert_in_step(generator)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("of", ["float32", "bool", "int64", "bfloat16"])
def test_bernoulli_of_a_tensor_is_the_same_bit_for_bit(dtype: str, of: str) -> None:
    for seed in SEEDS:
        generator = seeded(seed)
        for n in SIZES:
            p = torch.linspace(0, 1, n, dtype=torch.float64).to(getattr(torch, dtype))
            theirs = torch.empty(n, dtype=getattr(torch, of)).bernoulli_(p)
            assert_same_bits(generator.bernoulli(host_array(p), n, np_dtype(of)), theirs)
        assert_in_step(generator)


@needs_own_bernoulli
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_bernoulli_of_a_number_is_the_same_bit_for_bit(p: float) -> None:
    generator = seeded(7)
    for n in SIZES:
        assert_same_bits(generator.bernoulli(p, n, np.dtype("float32")), torch.empty(n).bernoulli_(p))
    assert_in_step(generator)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_randn_is_the_same_to_rounding(seed: int, dtype: str) -> None:
    generator = seeded(seed)
    for n in SIZES:
        ours = generator.random_normal(n, np_dtype(dtype))
        assert_rounded_alike(ours, torch.randn(n, dtype=getattr(torch, dtype)))
    assert_in_step(generator)


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal_with_mean_and_std_is_the_same_to_rounding(dtype: str) -> None:
    generator = seeded(8)
    for n in SIZES:
        for mean, std in ((0.3, 0.7), (-4.0, 0.02), (2.0, 0.0), (0.0, 3.0)):
            theirs = torch.empty(n, dtype=getattr(torch, dtype)).normal_(mean, std)
            ours = generator.random_normal(n, np_dtype(dtype), mean, std)
            assert_rounded_alike(ours, theirs, max(abs(mean), std))
    assert_in_step(generator)


@pytest.mark.parametrize("n", [131072, 200003])
def test_what_is_drawn_in_several_chunks_is_the_same(n: int) -> None:
    generator = seeded(12)
    for std in (0.02, 1e-20, 1e20):
        assert_rounded_alike(generator.random_normal(n, np_dtype("float32"), 0.0, std), torch.empty(n).normal_(0.0, std), std)
    for low, high in ((-1.0, 1.0), (0.0, 0.1), (-1e-37, 1e-37), (-0.3, 0.3), (-0.1, 0.3)):
        assert_same_bits(generator.random_uniform(n, np_dtype("float32"), low, high), torch.empty(n).uniform_(low, high))
    assert_in_step(generator)


@pytest.mark.parametrize("layout", ["plain", "transposed", "gaps", "part", "channels last"])
def test_numbers_are_drawn_into_a_tensor_of_any_strides(layout: str) -> None:
    def drawn(lib: Any) -> Any:
        lib.manual_seed(13)
        whole = lib.zeros(4, 6, 5, 8)
        t = {
            "plain": whole, "transposed": whole.transpose(1, 3), "gaps": whole[:, :, :, ::2], "part": whole[1:3],
            "channels last": whole.contiguous(memory_format=lib.channels_last),
        }[layout]  # fmt: skip
        first = t.uniform_(-2.0, 2.0).clone()
        second = t.normal_(0.0, 0.5).clone()
        return first.numpy(), second.numpy(), whole.numpy()

    for ours, theirs in zip(drawn(corelib), drawn(torch), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fewer_than_16_normal_numbers_are_the_same_bit_for_bit(dtype: str) -> None:
    generator = seeded(9)
    for n in (1, 2, 3, 15, 1, 7, 0, 4):
        ours = generator.random_normal(n, np_dtype(dtype))
        assert_rounded_alike(ours, torch.randn(n, dtype=getattr(torch, dtype)), 0.0)
    assert_in_step(generator)


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal_on_a_strided_tensor_follows_the_stream_of_pairs(dtype: str) -> None:
    generator = seeded(10)
    for n in (16, 17, 1001):
        theirs = torch.empty(2 * n, dtype=getattr(torch, dtype))[::2].normal_()
        assert_rounded_alike(generator.random_normal(n, np_dtype(dtype), contiguous=False), theirs)
    assert_in_step(generator)


@pytest.mark.parametrize("dtype", FLOATS)
def test_log_normal_cauchy_and_geometric_are_the_same_to_rounding(dtype: str) -> None:
    generator = seeded(11)
    kind, theirs = np_dtype(dtype), getattr(torch, dtype)
    for n in (0, 1, 15, 16, 1001):
        assert_rounded_alike(generator.log_normal(n, kind), torch.empty(n, dtype=theirs).log_normal_(), 0.0)
        assert_rounded_alike(generator.cauchy(n, kind), torch.empty(n, dtype=theirs).cauchy_())
        assert_same_bits(generator.geometric(n, 0.3, kind), torch.empty(n, dtype=theirs).geometric_(0.3))
    assert_same_bits(generator.geometric(9, 0.3, np.dtype("int64")), torch.empty(9, dtype=torch.int64).geometric_(0.3))
    assert_in_step(generator)


@needs_own_exponential
@pytest.mark.parametrize("dtype", FLOATS)
def test_exponential_is_the_same_to_rounding(dtype: str) -> None:
    generator = seeded(12)
    for n in SIZES:
        for rate in (1.0, 0.5, 7.0):
            theirs = torch.empty(n, dtype=getattr(torch, dtype)).exponential_(rate)
            assert_rounded_alike(generator.exponential(n, rate, np_dtype(dtype)), theirs, 0.0)
    assert_in_step(generator)


@pytest.mark.parametrize("dtype", FLOATS)
def test_multinomial_with_replacement_is_the_same(dtype: str) -> None:
    for seed in SEEDS:
        generator = seeded(seed)
        for rows, categories, samples in ((1, 1, 2), (3, 10, 7), (5, 1000, 100), (1, 3, 5000)):
            weights = torch.rand(rows, categories, dtype=getattr(torch, dtype))
            weights[:, 0] += 0.5
            weights[:, -1] = weights[:, -1] * (categories == 1)
            generator._set_state_bytes(torch.get_rng_state().numpy())
            theirs = torch.multinomial(weights, samples, replacement=True)
            assert_same_bits(generator.multinomial(host_array(weights), samples, True), theirs)
        assert_in_step(generator)


@needs_own_exponential
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("replacement", [False, True])
def test_multinomial_of_one_sample_is_the_same(dtype: str, replacement: bool) -> None:
    generator = seeded(13)
    for _ in range(50):
        weights = torch.rand(4, 65, dtype=getattr(torch, dtype))
        generator._set_state_bytes(torch.get_rng_state().numpy())
        theirs = torch.multinomial(weights, 1, replacement)
        assert_same_bits(generator.multinomial(host_array(weights), 1, replacement), theirs)
    assert_in_step(generator)


@needs_own_exponential
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_multinomial_without_replacement_is_the_same(dtype: str) -> None:
    generator = seeded(14)
    for rows, categories, samples in ((1, 2, 2), (3, 10, 7), (5, 1000, 100), (1, 500, 500)):
        weights = torch.rand(rows, categories, dtype=getattr(torch, dtype)) + 0.01
        generator._set_state_bytes(torch.get_rng_state().numpy())
        theirs = torch.multinomial(weights, samples)
        assert_same_bits(generator.multinomial(host_array(weights), samples), theirs)
    assert_in_step(generator)


@pytest.mark.parametrize("seed", range(20))
def test_any_sequence_of_draws_stays_in_step(seed: int) -> None:
    generator = seeded(seed)
    choose = np.random.RandomState(seed)
    for _ in range(60):
        n = int(choose.choice([0, 1, 2, 3, 15, 16, 17, 33, 623, 624, 625, 1000]))
        dtype = str(choose.choice(FLOATS))
        kind, theirs = np_dtype(dtype), getattr(torch, dtype)
        draw = int(choose.randint(6))
        if draw == 0:
            assert_same_bits(generator.random_uniform(n, kind), torch.rand(n, dtype=theirs))
        elif draw == 1:
            assert_rounded_alike(generator.random_normal(n, kind), torch.randn(n, dtype=theirs))
        elif draw == 2:
            high = int(choose.choice([7, 2**28 + 1]))
            assert_same_bits(generator.random_integers(n, 0, high, np.dtype("int64")), torch.randint(high, (n,)))
        elif draw == 3:
            assert_same_bits(generator.permutation(n, np.dtype("int64")), torch.randperm(n))
        elif draw == 4:
            p = np.full(n, 0.4, np.float32)
            assert_same_bits(generator.bernoulli(p, n, np.dtype("float32")), torch.bernoulli(torch.from_numpy(p)))
        else:
            assert_rounded_alike(generator.log_normal(n, kind), torch.empty(n, dtype=theirs).log_normal_(), 0.0)
        assert_in_step(generator)


@pytest.mark.parametrize("drawn", [0, 1, 623, 624, 625, 5000])
def test_pytorch_continues_from_our_state_and_we_from_its(drawn: int) -> None:
    generator = Generator().manual_seed(15)
    generator.random_uniform(drawn, np.dtype("float32"))
    generator.random_normal(3, np.dtype("float32"))
    torch.set_rng_state(torch.from_numpy(generator._state_bytes()))
    assert_same_bits(generator.random_uniform(700, np.dtype("float32")), torch.rand(700))
    assert_rounded_alike(generator.random_normal(5, np.dtype("float32")), torch.randn(5))
    torch.manual_seed(16)
    torch.rand(drawn)
    torch.randn(1)
    generator._set_state_bytes(torch.get_rng_state().numpy())
    assert generator.initial_seed() == 16
    assert_same_bits(generator._state_bytes(), torch.get_rng_state())
    assert_same_bits(generator.random_uniform(700, np.dtype("float32")), torch.rand(700))
    assert_rounded_alike(generator.random_normal(5, np.dtype("float32")), torch.randn(5))


def test_the_state_tensor_is_pytorchs() -> None:
    generator = seeded(17)
    state = generator.get_state()
    assert isinstance(state, corelib.Tensor)
    assert_same_bits(state.numpy(), torch.get_rng_state())


@pytest.mark.parametrize("seed", [-1, -5, -(2**63), 2**64 - 1, 2**64, -(2**63) - 1, 1.5, True, "1"])
def test_seeds_are_accepted_and_refused_alike(seed: Any) -> None:
    def outcome(generator: Any) -> Any:
        try:
            return generator.manual_seed(seed).initial_seed()
        except (ValueError, RuntimeError, TypeError) as error:
            return type(error)

    assert outcome(Generator()) == outcome(torch.Generator())


def test_a_generator_that_was_not_seeded_begins_alike() -> None:
    generator = Generator()
    assert generator.initial_seed() == torch.Generator().initial_seed()
    assert_same_bits(generator.random_uniform(9, np.dtype("float32")), torch.rand(9, generator=torch.Generator()))
