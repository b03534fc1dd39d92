"""Generators: seeding, state, algorithms, default generators, forks, errors, and the definition of philox."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import corelib
from corelib.ops.random import generator as module
from corelib.ops.random.generator import Generator, default_of, fork_rng
from corelib.ops.random.philox import philox4x64, philox_bits

F32, F64, I64 = np.dtype("float32"), np.dtype("float64"), np.dtype("int64")
BF16 = np.dtype(ml_dtypes.bfloat16)
ALGORITHMS = ("mt19937", "philox")


@pytest.fixture(autouse=True)
def _defaults_as_they_were() -> Iterator[None]:
    with fork_rng():
        yield


def made(algorithm: str, seed: int = 1) -> Generator:
    return Generator(algorithm=algorithm).manual_seed(seed)


def philox_by_hand(seed: int, offset: int, index: int) -> int:
    """The word of one element, in Python's integers, written down from the module's definition."""
    mask = (1 << 64) - 1
    c, k = [index // 4, offset, 0, 0], [seed, 0]
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * c[0], 0xCA5A826395121157 * c[2]
        c = [second >> 64 ^ c[1] ^ k[0], second & mask, first >> 64 ^ c[3] ^ k[1], first & mask]
        k = [(k[0] + 0x9E3779B97F4A7C15) & mask, (k[1] + 0xBB67AE8584CAA73B) & mask]
    return c[index % 4]


# Philox


def test_philox_gives_the_known_answers_of_its_authors() -> None:
    zero = np.zeros(1, np.uint64)
    ones = np.full(1, 2**64 - 1, np.uint64)
    assert [int(w[0]) for w in philox4x64(np, (zero,) * 4, (0, 0))] == [
        0x16554D9ECA36314C,
        0xDB20FE9D672D0FDC,
        0xD7E772CEE186176B,
        0x7E68B68AEC7BA23B,
    ]
    assert [int(w[0]) for w in philox4x64(np, (ones,) * 4, (2**64 - 1, 2**64 - 1))] == [
        0x87B092C3013FE90B,
        0x438C3C67BE8D0224,
        0x9CC7D7C69CD777B6,
        0xA09CAEBF594F0BA0,
    ]


@pytest.mark.parametrize(("seed", "offset"), [(0, 0), (1, 0), (7, 3), (2**64 - 1, 2**64 - 1), (2**40 + 1, 1)])
def test_philox_bits_are_the_documented_words(seed: int, offset: int) -> None:
    bits = philox_bits(seed, offset, 1001)
    assert bits.dtype == np.uint64
    for i in (0, 1, 2, 3, 4, 5, 500, 1000):
        assert int(bits[i]) == philox_by_hand(seed, offset, i)
    blocks = np.arange(251, dtype=np.uint64)
    rest = np.zeros_like(blocks)
    with np.errstate(over="ignore"):
        words = philox4x64(np, (blocks, rest + np.uint64(offset), rest, rest), (seed, 0))
    assert np.array_equal(np.stack(words, 1).reshape(-1)[:1001], bits)


@pytest.mark.parametrize("n", [0, 1, 3, 4, 5, 1000])
def test_an_elements_number_does_not_depend_on_how_many_there_are(n: int) -> None:
    whole = {what: draw(made("philox"), 1002) for what, draw in PHILOX_DRAWS.items()}
    for what, draw in PHILOX_DRAWS.items():
        assert np.array_equal(draw(made("philox"), n), whole[what][:n]), what


PHILOX_DRAWS: dict[str, Any] = {
    "uniform": lambda g, n: g.random_uniform(n, F32),
    "normal": lambda g, n: g.random_normal(n, F32),
    "integers": lambda g, n: g.random_integers(n, 0, 10, I64),
    "bernoulli": lambda g, n: g.bernoulli(0.3, n, F32),
    "exponential": lambda g, n: g.exponential(n, 2.0, F64),
}


def test_philox_numbers_are_the_documented_ones() -> None:
    words = [philox_by_hand(9, 0, i) for i in range(6)]
    uniform24 = [Fraction(w >> 40, 2**24) for w in words]
    uniform53 = [Fraction(w >> 11, 2**53) for w in words]

    def draw() -> Generator:
        return made("philox", 9)

    assert draw().random_uniform(6, F32).tolist() == uniform24
    assert draw().random_uniform(6, F64).tolist() == uniform53
    assert draw().random_integers(6, -5, 95, I64).tolist() == [-5 + w % 100 for w in words]
    assert draw().random_integers(6, -(2**63), 2**63, I64).view(np.uint64).tolist() == words
    assert draw().permutation(6, I64).tolist() == sorted(range(6), key=words.__getitem__)
    assert draw().bernoulli(0.4, 6, I64).tolist() == [w >> 11 < math.ceil(0.4 * 2**53) for w in words]
    p = np.full(6, 0.4, np.float32)
    assert draw().bernoulli(p, 6, I64).tolist() == [w >> 40 < math.ceil(float(p[0]) * 2**24) for w in words]
    normal = draw().random_normal(5, F64)
    for pair in range(3):
        radius = math.sqrt(-2 * math.log(1 - uniform53[2 * pair]))
        angle = 2 * math.pi * float(uniform53[2 * pair + 1])
        expected = [radius * math.cos(angle), radius * math.sin(angle)][: 5 - 2 * pair]
        assert normal[2 * pair : 2 * pair + 2] == pytest.approx(expected, rel=1e-14)


def test_every_philox_draw_takes_one_offset() -> None:
    generator = made("philox", 3)
    for drawn, draw in enumerate(PHILOX_DRAWS.values()):
        assert generator.get_offset() == drawn
        draw(generator, 7)
    assert generator.reserve() == (3, 5)
    assert generator.get_offset() == 6
    generator.set_offset(0)
    assert np.array_equal(generator.random_uniform(7, F32), made("philox", 3).random_uniform(7, F32))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_numbers_have_their_distributions_moments(algorithm: str) -> None:
    n, generator = 100_000, made(algorithm, 2)
    for dtype in (F32, F64):
        normal = generator.random_normal(n, dtype, 1.0, 2.0).astype(np.float64)
        assert normal.mean() == pytest.approx(1.0, abs=0.03)
        assert normal.std() == pytest.approx(2.0, abs=0.03)
        assert (np.abs(normal - 1) < 2).mean() == pytest.approx(0.6827, abs=0.01)
        uniform = generator.random_uniform(n, dtype, -1.0, 3.0)
        assert uniform.mean() == pytest.approx(1.0, abs=0.02)
        assert uniform.var() == pytest.approx(16 / 12, abs=0.02)
    assert generator.exponential(n, 4.0, F64).mean() == pytest.approx(0.25, abs=0.005)
    assert generator.bernoulli(0.2, n, F64).mean() == pytest.approx(0.2, abs=0.01)
    assert generator.geometric(n, 0.25, F64).mean() == pytest.approx(4.0, abs=0.1)
    assert np.median(generator.cauchy(n, F64, 2.0, 1.0)) == pytest.approx(2.0, abs=0.05)
    assert np.log(generator.log_normal(n, F64, 0.5, 0.1)).mean() == pytest.approx(0.5, abs=0.01)
    assert np.bincount(generator.random_integers(n, 0, 4, I64)) == pytest.approx(n / 4, rel=0.03)
    order = generator.permutation(1000, I64)
    assert np.array_equal(np.sort(order), np.arange(1000))
    assert np.corrcoef(order, np.arange(1000))[0, 1] == pytest.approx(0, abs=0.15)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_half_precision_number_never_reaches_the_upper_end(algorithm: str) -> None:
    generator = made(algorithm)
    for dtype in (BF16, np.dtype("float16")):
        drawn = generator.random_uniform(100_000, dtype)
        assert drawn.dtype == dtype
        assert drawn.min() >= 0
        assert drawn.max() < 1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("replacement", [True, False])
def test_multinomial_follows_the_weights(algorithm: str, replacement: bool) -> None:
    generator = made(algorithm)
    weights = np.tile(np.array([1.0, 0.0, 3.0, 6.0], np.float32), (4000, 1))
    drawn = generator.multinomial(weights, 2, replacement)
    assert drawn.shape == (4000, 2)
    assert drawn.dtype == np.int64
    assert np.bincount(drawn[:, 0], minlength=4) / 4000 == pytest.approx([0.1, 0, 0.3, 0.6], abs=0.03)
    assert (drawn[:, 0] != drawn[:, 1]).all() != replacement


def test_multinomial_without_replacement_takes_every_category_once() -> None:
    drawn = made("mt19937").multinomial(np.ones((3, 50), BF16), 50)
    assert np.array_equal(np.sort(drawn, axis=1), np.tile(np.arange(50), (3, 1)))


@pytest.mark.parametrize("n", [0, 1, 2, 511, 512, 513, 5000])
def test_a_permutation_holds_every_index_once(n: int) -> None:
    for algorithm in ALGORITHMS:
        assert np.array_equal(np.sort(made(algorithm).permutation(n, I64)), np.arange(n))


# State


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_state_continues_where_it_was_taken(algorithm: str) -> None:
    generator = made(algorithm, 2**63 + 1)
    generator.random_normal(3, F32)
    state = generator.get_state()
    expected = generator.random_normal(5, F32), generator.random_uniform(5, F32)
    for other in (generator, Generator(algorithm=algorithm)):
        other.set_state(state)
        assert other.initial_seed() == 2**63 + 1
        assert np.array_equal(other.random_normal(5, F32), expected[0])
        assert np.array_equal(other.random_uniform(5, F32), expected[1])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("duplicate", [Generator.clone_state, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))])
def test_a_copy_goes_on_from_the_same_state_by_itself(algorithm: str, duplicate: Any) -> None:
    generator = made(algorithm)
    generator.random_uniform(3, F32)
    other = duplicate(generator)
    assert other.algorithm == algorithm
    assert other.device is generator.device
    expected = generator.random_uniform(5, F32)
    assert np.array_equal(other.random_uniform(5, F32), expected)
    assert not np.array_equal(generator.random_uniform(5, F32), expected)


def test_a_state_array_can_be_written_without_touching_the_generator() -> None:
    generator = made("mt19937")
    expected = generator.clone_state().random_uniform(4, F32)
    generator._state_bytes()[:] = 0
    assert np.array_equal(generator.random_uniform(4, F32), expected)


def test_seeding_forgets_the_normal_number_that_waits() -> None:
    generator = made("mt19937")
    first = generator.random_normal(1, F32)
    generator.manual_seed(1)
    assert np.array_equal(generator.random_normal(1, F32), first)


def test_seed_takes_entropy_and_tells_it() -> None:
    generator = Generator()
    seed = generator.seed()
    assert generator.initial_seed() == seed
    assert generator.seed() != seed


@pytest.mark.parametrize(
    ("algorithm", "state", "message"),
    [
        ("mt19937", bytes(16), "size 5056 but found the input RNG state size to be 16"),
        ("mt19937", bytes(5056), "Invalid mt19937 state"),
        ("philox", bytes(5056), "expected 16 bytes, got 5056"),
    ],
)
def test_another_algorithms_state_is_refused_and_changes_nothing(algorithm: str, state: bytes, message: str) -> None:
    generator = made(algorithm)
    before = generator._state_bytes()
    with pytest.raises(RuntimeError, match=message):
        generator._set_state_bytes(np.frombuffer(state, np.uint8))
    assert np.array_equal(generator._state_bytes(), before)


def test_a_state_must_be_a_byte_tensor() -> None:
    generator = Generator()
    with pytest.raises(TypeError, match=r"expected a torch.ByteTensor, but got bytes"):
        generator.set_state(bytes(5056))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"must be a torch.ByteTensor on the CPU, but got torch.float32 on cpu"):
        generator.set_state(corelib.from_numpy(np.zeros(5056, np.float32)))


def test_threads_share_a_generator_without_losing_or_repeating_words() -> None:
    for algorithm in ALGORITHMS:
        generator = made(algorithm)
        drawn: list[Any] = []

        def draw(generator: Generator = generator, drawn: list[Any] = drawn) -> None:
            drawn.extend(generator.random_uniform(64, F64) for _ in range(50))

        threads = [threading.Thread(target=draw) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = made(algorithm)
        whole = np.concatenate([expected.random_uniform(64, F64) for _ in range(200)])
        assert np.array_equal(np.sort(np.concatenate(drawn)), np.sort(whole))


# The default generators


def test_a_device_has_one_default_of() -> None:
    cpu = default_of("cpu")
    assert default_of(corelib.device("cpu")) is cpu
    assert cpu.algorithm == "mt19937"
    assert default_of("cuda") is default_of("cuda:0")
    assert default_of("cuda:1") is not default_of("cuda:0")
    assert default_of("cuda").algorithm == "philox"
    assert default_of("cuda").device.type == "cuda"


def test_manual_seed_seeds_all_devices_also_those_used_later() -> None:
    default_of("cuda")
    assert module.manual_seed(-3) is default_of("cpu")
    for device in ("cpu", "cuda", "opencl:1"):
        assert default_of(device).initial_seed() == 2**64 - 3
    assert module.initial_seed() == 2**64 - 3


def test_manual_seed_makes_philox_the_default_everywhere() -> None:
    cpu = default_of("cpu")
    assert module.manual_seed(4, algorithm="philox") is cpu
    assert cpu.algorithm == "philox"
    assert Generator().algorithm == "philox"
    ours, theirs = cpu.random_normal(100, F32), default_of("cuda").random_normal(100, F32)
    assert np.array_equal(ours, theirs)
    module.manual_seed(4)
    assert cpu.algorithm == "philox"
    module.manual_seed(4, algorithm="mt19937")
    assert cpu.algorithm == "mt19937"
    assert default_of("cuda").algorithm == "mt19937"


def test_the_module_s_seed_seeds_every_device_with_what_it_returns() -> None:
    default_of("cuda")
    seed = module.seed()
    assert default_of("cpu").initial_seed() == default_of("cuda").initial_seed() == seed


def test_the_rng_state_of_a_device_is_got_and_set() -> None:
    for device in ("cpu", "cuda"):
        state = module.get_rng_state(device)
        expected = default_of(device).random_uniform(5, F32)
        module.set_rng_state(state, device)
        assert np.array_equal(default_of(device).random_uniform(5, F32), expected)


def test_fork_rng_restores_states_seeds_and_algorithms() -> None:
    cpu = module.manual_seed(5)
    cuda = default_of("cuda")
    expected = cpu.clone_state().random_uniform(5, F32), cuda.clone_state().random_uniform(5, F32)
    with fork_rng():
        module.manual_seed(6, algorithm="philox")
        cuda.random_uniform(3, F32)
        default_of("opencl")
    assert cpu.algorithm == "mt19937"
    assert Generator().algorithm == "mt19937"
    assert np.array_equal(cpu.random_uniform(5, F32), expected[0])
    assert np.array_equal(cuda.random_uniform(5, F32), expected[1])
    assert default_of("opencl").initial_seed() == 5


def test_fork_rng_restores_after_an_error() -> None:
    cpu = module.manual_seed(5)
    with pytest.raises(KeyError), fork_rng():
        raise KeyError(cpu.random_uniform(5, F32).shape)
    assert np.array_equal(cpu.random_uniform(5, F32), Generator().manual_seed(5).random_uniform(5, F32))


def test_fork_rng_restores_the_devices_named_and_the_cpu_only() -> None:
    cpu = module.manual_seed(5)
    zero, one = default_of("cuda:0"), default_of("cuda:1")
    with fork_rng(devices=[1]):
        for generator in (cpu, zero, one):
            generator.random_uniform(5, F32)
    assert (zero.get_offset(), one.get_offset()) == (1, 0)
    assert np.array_equal(cpu.random_uniform(5, F32), Generator().manual_seed(5).random_uniform(5, F32))


def test_fork_rng_is_a_decorator_and_can_be_switched_off() -> None:
    cuda = default_of("cuda")

    @fork_rng()
    def draw() -> int:
        cuda.random_uniform(5, F32)
        return cuda.get_offset()

    before = cuda.get_offset()
    assert draw() == before + 1
    assert cuda.get_offset() == before
    with fork_rng(enabled=False):
        cuda.random_uniform(5, F32)
    assert cuda.get_offset() == before + 1


# Errors


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda g: Generator(algorithm="pcg"), ValueError, "must be 'mt19937', 'philox' or None, but got 'pcg'"),
        (lambda g: g.manual_seed(1.5), RuntimeError, "expected a long, but got float"),
        (lambda g: g.manual_seed(2**64), ValueError, "Overflow when unpacking long long"),
        (lambda g: g.get_offset(), RuntimeError, "algorithm 'mt19937' does not use offset"),
        (lambda g: g.set_offset(1), RuntimeError, "does not use offset"),
        (lambda g: g.random_uniform(3, F32, 1.0, 0.0), RuntimeError, "found from=1.0 > to=0.0"),
        (lambda g: g.random_uniform(3, F32, -3e38, 3e38), RuntimeError, "found to=3e\\+38 and from=-3e\\+38"),
        (lambda g: g.random_uniform(3, np.dtype("float16"), 0, 1e6), RuntimeError, "to=1000000.0 is out of bounds"),
        (lambda g: g.random_uniform(3, F64, -math.inf, 0), RuntimeError, "from=-inf is out of bounds"),
        (lambda g: g.random_normal(3, F32, 0.0, -1.0), RuntimeError, "found std -1.0"),
        (lambda g: g.random_normal(3, F32, 0.0, math.nan), RuntimeError, "found std nan"),
        (lambda g: g.random_integers(3, 5, 5, I64), RuntimeError, "from=5 >= to=5"),
        (lambda g: g.random_integers(3, 0, 257, np.dtype("uint8")), RuntimeError, "out of bounds for uint8"),
        (lambda g: g.random_integers(3, -1, 2, np.dtype("bool")), RuntimeError, "out of bounds for bool"),
        (lambda g: g.random_integers(3, 0, 70000, np.dtype("float16")), RuntimeError, "out of bounds for float16"),
        (lambda g: g.random_integers(3, None, 5, I64), RuntimeError, "both 'from' and 'to' or neither"),
        (lambda g: g.permutation(-1, I64), RuntimeError, "non-negative, got -1"),
        (lambda g: g.permutation(300, np.dtype("uint8")), RuntimeError, "too large for result tensor type uint8"),
        (lambda g: g.bernoulli(1.5, 3, F32), RuntimeError, "p to be in \\[0, 1\\], but got p=1.5"),
        (lambda g: g.bernoulli(np.array([0.5, math.nan]), 2, F32), RuntimeError, "bernoulli got p=nan"),
        (lambda g: g.bernoulli(np.array([0.5, 0.5]), 3, F32), RuntimeError, "expected 3 probabilities.* got 2"),
        (lambda g: g.exponential(3, 0.0), RuntimeError, "found lambda=0.0"),
        (lambda g: g.geometric(3, 1.0, F32), RuntimeError, "got p=1.0"),
        (lambda g: g.log_normal(3, F32, 0.0, 0.0), RuntimeError, "found std=0.0"),
        (lambda g: g.cauchy(3, F32, 0.0, 0.0), RuntimeError, "found sigma=0.0"),
        (lambda g: g.multinomial(np.ones((1, 2)), 0), RuntimeError, "n_sample <= 0 samples, got 0"),
        (lambda g: g.multinomial(np.ones((1, 2)), 3), RuntimeError, "without replacement, got 3 > 2"),
        (lambda g: g.multinomial(np.array([[1.0, -1.0]]), 1), RuntimeError, "element < 0"),
        (lambda g: g.multinomial(np.array([[1.0, math.inf]]), 4, True), RuntimeError, "inf"),
        (lambda g: g.multinomial(np.zeros((1, 2)), 1), RuntimeError, "sum of probabilities <= 0"),
    ],
)
def test_a_wrong_argument_is_refused_and_draws_nothing(call: Any, error: type[Exception], message: str) -> None:
    generator = made("mt19937")
    before = generator._state_bytes()
    with pytest.raises(error, match=message):
        call(generator)
    assert np.array_equal(generator._state_bytes(), before)


def test_integers_past_what_a_float_holds_are_warned_about() -> None:
    with pytest.warns(UserWarning, match=r"to - 1 is out of bounds \[-\(2\^24\), 2\^24\]"):
        made("mt19937").random_integers(3, 0, 2**25, F32)


def test_a_generator_shows_its_device_and_algorithm() -> None:
    assert repr(Generator()) == "Generator(device='cpu', algorithm='mt19937')"
    assert repr(Generator("cuda:1")) == "Generator(device='cuda:1', algorithm='philox')"


def test_numpy_is_imported_by_the_first_draw_only() -> None:
    code = (
        "import sys; import corelib; from corelib.ops.random import generator as g; g.manual_seed(0); "
        "assert 'numpy' not in sys.modules; g.default_of('cpu').random_uniform(1, 'float32'); "
        "assert 'numpy' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
