"""What a part of a model runs in, to be had again when it is run again: random numbers on their devices, and autocast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from corelib import devices
from corelib.amp.autocast_mode import autocast
from corelib.amp.state import get_autocast_dtype, is_autocast_available, is_autocast_cache_enabled, is_autocast_enabled
from corelib.as_torch.warned import warn
from corelib.ops.random.generator import fork_rng, get_rng_state, set_rng_state
from corelib.tensor.tensor import Tensor


class DefaultDeviceType:
    """The device type whose random numbers are kept where no tensor among the arguments is off the cpu."""

    _default_device_type: str | None = None

    @staticmethod
    def set_device_type(device: str = "cuda") -> None:
        """Set it."""
        DefaultDeviceType._default_device_type = device

    @staticmethod
    def get_device_type() -> str:
        """That which was set, else "cuda" where one can be used, else "cpu"."""
        if DefaultDeviceType._default_device_type is None:
            DefaultDeviceType._default_device_type = "cuda" if devices.cuda.is_available() else "cpu"
        return DefaultDeviceType._default_device_type


def tensors_in(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from tensors_in(v)
    elif isinstance(value, dict):
        for v in value.values():
            yield from tensors_in(v)


def _infer_device_type(*args: Any) -> str:
    """The device type of the arguments, the cpu apart; of several, cuda or the first, with a warning."""
    found = [t.device.type for t in tensors_in(args) if t.device.type not in ("cpu", "meta")]
    if len(set(found)) > 1:
        warn(
            "Tensor arguments, excluding CPU tensors, are detected on at least two types of devices. Device state will only be saved for "
            "devices of a single device type, and the remaining devices will be ignored. Consequently, if any checkpointed functions involve "
            "randomness, this may result in incorrect gradients. (Note that if CUDA devices are among the devices detected, it will be "
            f"prioritized; otherwise, the first device encountered will be selected.)\nDevice types: {sorted(set(found))} first device type: "
            f"{found[0]}",
        )  # fmt: skip
    return "cuda" if "cuda" in found else found[0] if found else DefaultDeviceType.get_device_type()


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """The devices, by index, of the tensors among arguments, the cpu apart, and the states of their random numbers."""
    kind = _infer_device_type(*args)
    ids = [t.device.index or 0 for t in tensors_in(args) if t.device.type == kind and kind not in ("cpu", "meta")]
    return ids, [get_rng_state(f"{kind}:{i}") for i in ids]


def set_device_states(devices: Sequence[int], states: Sequence[Tensor], *, device_type: str | None = None) -> None:
    """Put the random numbers of devices into states that `get_device_states` gave."""
    kind = DefaultDeviceType.get_device_type() if device_type is None else device_type
    if kind != "meta":
        for i, state in zip(devices, states, strict=False):
            set_rng_state(state, f"{kind}:{i}")


class Surroundings:
    """What a forward runs in, to be had again for its recomputation: random numbers and autocast."""

    def __init__(self, preserve: bool, args: tuple[Any, ...]) -> None:
        self.device_type = _infer_device_type(*args)
        self.preserve = preserve
        if preserve:
            self.cpu_state = get_rng_state()
            self.devices, self.states = get_device_states(*args)
        self.regions = [
            {"device_type": kind, "enabled": is_autocast_enabled(kind), "dtype": get_autocast_dtype(kind), "cache_enabled": is_autocast_cache_enabled()}
            for kind in dict.fromkeys((self.device_type, "cpu")) if is_autocast_available(kind)
        ]

    @contextmanager
    def again(self) -> Iterator[None]:
        """Inside, all is as it was."""
        with ExitStack() as stack:
            if self.preserve:
                stack.enter_context(fork_rng(devices=self.devices, device_type=self.device_type))
                set_rng_state(self.cpu_state)
                set_device_states(self.devices, self.states, device_type=self.device_type)
            for region in self.regions:
                stack.enter_context(autocast(**region))  # type: ignore[arg-type]  # names of its own parameters
            yield
