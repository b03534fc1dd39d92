"""Generators: where random numbers come from, one default generator a device, and the functions that seed them.

A generator follows one of two algorithms, which differ in their words and are alike in what is made of them:

- "mt19937": PyTorch's CPU stream. After `manual_seed(s)`, rand, uniform_, randint, randperm and bernoulli of a tensor p
  are PyTorch's bit for bit, normal numbers to rounding. The default on the CPU. See corelib.ops.random.mt19937.
- "philox": counter-based and keyed on the element's index, the same on every device. The default on all others, and
  everywhere after `manual_seed(s, algorithm="philox")`. See corelib.ops.random.philox.

Generators live on the host and their sampling methods return NumPy arrays, so a seed gives one set of numbers on all
devices. What the methods draw, and where PyTorch's numbers are others, is said in corelib.ops.random.sampling.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable, Iterable
from functools import wraps
from os import urandom
from typing import TYPE_CHECKING, ParamSpec, SupportsIndex, TypeAlias, TypeVar

from corelib.contract.forks import free_in_child
from corelib.ops.construction.construct import from_numpy
from corelib.ops.random.mt19937 import Mt19937
from corelib.ops.random.philox import Philox
from corelib.ops.random.sampling import Sampler
from corelib.tensor.device import DeviceLike, device as Device
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    from corelib.tensor.host import np

__all__ = ["fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state", "thread_safe_generator"]

P = ParamSpec("P")
R = TypeVar("R")
Stream: TypeAlias = Mt19937 | Philox

_ALGORITHMS: dict[str, type[Stream]] = {"mt19937": Mt19937, "philox": Philox}
_UNSEEDED = 67280421310721  # the seed of a generator that was given none, as in PyTorch


class Generator(Sampler):
    """A stream of random numbers for one device: `Generator(device="cpu", algorithm=None)`.

    `algorithm` is "mt19937" or "philox"; None is the device's default (see the module). ValueError for another name.

    >>> import corelib as torch
    >>> g = torch.Generator().manual_seed(0)
    >>> torch.rand(2, generator=g)
    tensor([0.4963, 0.7682])
    """

    __slots__ = ("__weakref__", "_device")

    def __init__(self, device: DeviceLike = "cpu", algorithm: str | None = None) -> None:
        self._device = Device(device)
        if self._device.type == "meta":
            raise RuntimeError("Generator: META device type not an accelerator: tensors on meta have no elements to draw")
        super().__init__(_stream_class(algorithm, self._device)(_UNSEEDED))

    @property
    def device(self) -> Device:
        """The device whose tensors this generator is for."""
        return self._device

    @property
    def algorithm(self) -> str:
        """ "mt19937" or "philox"."""
        return self._stream.algorithm

    def __repr__(self) -> str:
        return f"Generator(device={str(self._device)!r}, algorithm={self.algorithm!r})"

    def __reduce__(self) -> tuple[Callable[..., Generator], tuple[str, str, bytes]]:
        return _restore, (str(self._device), self.algorithm, self._state_bytes().tobytes())

    # Seeds and state

    def manual_seed(self, seed: int) -> Generator:
        """Begin the stream of `seed`, from -2^63 to 2^64 - 1 (a negative one counts from 2^64), and return self.

        >>> import corelib as torch
        >>> torch.Generator().manual_seed(-1).initial_seed() == 2**64 - 1
        True
        """
        seed = _checked_seed(seed)
        with self._lock:
            self._stream.seed(seed)
        return self

    def seed(self) -> int:
        """Seed from the operating system's entropy, and return the seed (0 to 2^64 - 1)."""
        seed = _entropy()
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        """The seed the stream began with (0 to 2^64 - 1)."""
        return self._stream.initial_seed

    def _state_bytes(self) -> NDArray[np.uint8]:
        """The state as a NumPy uint8 array: PyTorch's 5056 bytes for mt19937, seed and offset in 16 for philox."""
        with self._lock:
            return np.frombuffer(bytearray(self._stream.state_bytes()), np.uint8)

    def _set_state_bytes(self, state: bytes | NDArray[np.uint8]) -> None:
        """Continue from what `_state_bytes` gave; RuntimeError for another algorithm's state or none."""
        with self._lock:
            self._stream.set_state_bytes(bytes(state))

    def get_state(self) -> Tensor:
        """The state as a CPU uint8 tensor; of mt19937 it is PyTorch's own, which PyTorch's `set_state` reads.

        >>> import corelib as torch
        >>> torch.Generator().get_state().shape
        torch.Size([5056])
        """
        return from_numpy(self._state_bytes())

    def set_state(self, new_state: Tensor) -> Generator:
        """Continue from what `get_state` gave, here or in PyTorch; the generator itself is returned.

        TypeError where it is not a CPU uint8 tensor, RuntimeError where it is not a state of this algorithm.

        >>> import corelib as torch
        >>> g = torch.Generator(); state = g.get_state(); first = torch.rand(1, generator=g)
        >>> bool(torch.rand(1, generator=g.set_state(state)) == first)
        True
        """
        if not isinstance(new_state, Tensor):
            raise TypeError(f"set_state(): expected a torch.ByteTensor, but got {type(new_state).__name__}")
        if new_state.dtype.name != "uint8" or new_state.device.type != "cpu":
            raise TypeError(
                "set_state(): RNG state must be a torch.ByteTensor on the CPU, "
                f"but got {new_state.dtype} on {new_state.device}"
            )
        self._set_state_bytes(new_state.numpy().tobytes())
        return self

    def clone_state(self) -> Generator:
        """Another generator, of the same device and algorithm, in the same state."""
        return _restore(str(self._device), self.algorithm, self._state_bytes())

    def get_offset(self) -> int:
        """The number of draws made so far; RuntimeError unless the algorithm is philox."""
        return self._philox("get_offset").offset

    def set_offset(self, offset: int) -> None:
        """Go to draw number `offset`; RuntimeError unless the algorithm is philox."""
        self._philox("set_offset").offset = offset

    def reserve(self) -> tuple[int, int]:
        """Seed and offset of the next draw, for a device that makes it itself; RuntimeError unless philox."""
        with self._lock:
            return self._philox("reserve").reserve()

    def _philox(self, what: str) -> Philox:
        if not isinstance(self._stream, Philox):
            raise RuntimeError(
                f"{what}(): a Generator with algorithm '{self.algorithm}' does not use offset; one made with "
                "algorithm='philox' does"
            )
        return self._stream


class _NoWords(Philox):
    """A stream of no numbers, whatever number is asked for."""

    __slots__ = ()

    def words(self, n: int, wide: bool) -> NDArray[np.uint64]:
        """None."""
        return np.empty(0, np.uint64)

    def normal(self, n: int, kind: str, contiguous: bool) -> NDArray[np.floating]:
        """None."""
        return super().normal(0, kind, contiguous)


class _NoNumbers(Generator):
    """What tensors on meta draw from: arguments are checked as ever, the arrays are empty, and no generator's state changes."""

    __slots__ = ()

    def __init__(self) -> None:
        Sampler.__init__(self, _NoWords(0))
        self._device = Device("meta")


NO_NUMBERS = _NoNumbers()


def _restore(device: str, algorithm: str, state: bytes | NDArray[np.uint8]) -> Generator:
    made = Generator(device, algorithm)
    made._set_state_bytes(state)
    return made


# The default generators

_defaults: dict[tuple[str, int], Generator] = {}
_process_algorithm: str | None = None
_process_seed: int | None = None
_defaults_lock = free_in_child(allocate_lock())


def _stream_class(algorithm: str | None, device: Device) -> type[Stream]:
    if algorithm is None:
        algorithm = _process_algorithm or ("mt19937" if device.type == "cpu" else "philox")
    try:
        return _ALGORITHMS[algorithm]
    except (KeyError, TypeError):
        raise ValueError(f"Generator: algorithm must be 'mt19937', 'philox' or None, but got {algorithm!r}") from None


def _checked_seed(seed: SupportsIndex) -> int:
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
    number = int(seed)
    if not -(1 << 63) <= number < 1 << 64:
        raise ValueError(
            f"manual_seed: Overflow when unpacking long long: seed must be in [-2^63, 2^64 - 1], got {number}"
        )
    return number % (1 << 64)


def _entropy() -> int:
    return int.from_bytes(urandom(8), "little")


def default_of(device: Device | str = "cpu") -> Generator:
    """The generator that `device` draws from where none is given; one of an index not named is that of index 0.

    >>> from corelib.ops.random.generator import default_of
    >>> default_of("cpu") is default_of("cpu")
    True
    """
    if isinstance(device, str):
        device = Device(device)
    key = (device.type, device.index or 0)
    found = _defaults.get(key)
    if found is None:
        with _defaults_lock:
            found = _defaults.get(key)
            if found is None:
                found = Generator(device)
                found.manual_seed(_entropy() if _process_seed is None else _process_seed)
                _defaults[key] = found
    return found


def _reseed(seed: int, algorithm: str | None) -> Generator:
    global _process_algorithm, _process_seed
    cpu = default_of("cpu")
    if algorithm is not None:
        made = _stream_class(algorithm, cpu.device)
        _process_algorithm = algorithm
        for each in _defaults.values():
            with each._lock:
                each._stream = made(seed)
    _process_seed = seed
    for each in _defaults.values():
        each.manual_seed(seed)
    return cpu


def manual_seed(seed: int, algorithm: str | None = None) -> Generator:
    """Seed the default generators of all devices, also those not used yet, and return the CPU's.

    `seed` goes from -2^63 to 2^64 - 1, ValueError outside it. `algorithm` "philox" or "mt19937" becomes the default of
    every device and of later Generators; None leaves what is.

    >>> import corelib as torch
    >>> _ = torch.manual_seed(0); torch.rand(2)
    tensor([0.4963, 0.7682])
    """
    try:
        number = int(seed)
    except ValueError:
        raise ValueError(f"manual_seed(): argument 'seed' must be a number, got {seed!r}") from None
    return _reseed(_checked_seed(number), algorithm)


def seed() -> int:
    """Seed the default generators of all devices from the operating system's entropy, and return the seed."""
    chosen = _entropy()
    _reseed(chosen, None)
    return chosen


def initial_seed() -> int:
    """The seed of the CPU's default generator.

    >>> import corelib as torch
    >>> _ = torch.manual_seed(7); torch.initial_seed()
    7
    """
    return default_of("cpu").initial_seed()


def default_states() -> dict[Generator, bytes]:
    """The state of each default generator; the CPU's among them."""
    default_of()
    return {generator: generator._state_bytes().tobytes() for generator in list(_defaults.values())}


def restore_default_states(states: dict[Generator, bytes]) -> None:
    """Put default generators into states that `default_states` gave."""
    for generator, state in states.items():
        generator._set_state_bytes(state)


def get_rng_state(device: Device | str = "cpu") -> Tensor:
    """The state of a device's default generator, the CPU's unless another is named, as a CPU uint8 tensor."""
    return default_of(device).get_state()


def set_rng_state(new_state: Tensor, device: Device | str = "cpu") -> None:
    """Put a device's default generator, the CPU's unless another is named, into a state `get_rng_state` gave."""
    default_of(device).set_state(new_state)


def __getattr__(name: str) -> Generator:
    if name == "default_generator":  # the CPU's, made when it is first asked for
        return default_of("cpu")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class fork_rng:
    """A context, or a decorator, at whose end the default generators are as they were at its beginning.

    All devices' are restored, with their algorithms; `devices`, as in PyTorch, names those to restore beside the CPU's,
    as devices or strings, or as indices of `device_type`. With `enabled=False` nothing is restored.

    >>> import corelib as torch
    >>> from corelib.ops.random.generator import fork_rng
    >>> _ = torch.manual_seed(0)
    >>> with fork_rng():
    ...     _ = torch.rand(5)
    >>> torch.rand(2)
    tensor([0.4963, 0.7682])
    """

    def __init__(self, devices: Iterable[Device | str | int] | None = None, enabled: bool = True, device_type: str = "cuda") -> None:
        self._enabled = enabled
        self._devices = None if devices is None else ["cpu", *(_device_named(d, device_type) for d in devices)]
        self._saved: list[tuple[str | None, int | None, dict[Generator, tuple[type[Stream], NDArray[np.uint8]]]]] = []

    def __enter__(self) -> None:
        if not self._enabled:
            return
        default_of("cpu")
        chosen = list(_defaults.values()) if self._devices is None else [default_of(d) for d in self._devices]
        states = {g: (type(g._stream), g._state_bytes()) for g in chosen}
        self._saved.append((_process_algorithm, _process_seed, states))

    def __exit__(self, *exception: object) -> None:
        global _process_algorithm, _process_seed
        if not self._enabled:
            return
        _process_algorithm, _process_seed, states = self._saved.pop()
        for generator, (kind, state) in states.items():
            stream = kind(0)
            stream.set_state_bytes(bytes(state))
            with generator._lock:
                generator._stream = stream
        if self._devices is None:  # a device first used inside begins anew, as if it had not been
            for key in [key for key, generator in _defaults.items() if generator not in states]:
                del _defaults[key]

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def forked(*args: P.args, **kwargs: P.kwargs) -> R:
            with self:
                return function(*args, **kwargs)

        return forked


def _device_named(wanted: Device | str | int, device_type: str) -> Device | str:
    return f"{device_type}:{wanted}" if isinstance(wanted, int) else wanted


def place_of(generator: Generator | None) -> Device:
    """The device that a generator draws for; the cpu where there is none. TypeError for what is no generator."""
    if generator is None:
        return Device("cpu")
    if not isinstance(generator, Generator):
        raise TypeError(f"argument 'generator' must be torch.Generator, not {type(generator).__name__}")
    return generator.device


def thread_safe_generator() -> Generator | None:
    """The generator of a worker of a `DataLoader` that is a thread; None elsewhere, where functions take the default one.

    Workers are processes here, each with a default generator of its own, so it is None.

    >>> import corelib as torch
    >>> torch.randint(3, (2,), generator=torch.thread_safe_generator()).shape
    torch.Size([2])
    """
    return None
