"""`GradScaler`: losses are scaled up before backward, so that small gradients do not vanish in float16, and gradients down again before a step."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterable
from enum import Enum
from typing import Any

from corelib.amp.autocast_mode import amp_definitely_not_available
from corelib.amp.scaling import _amp_foreach_non_finite_check_and_unscale_, _amp_update_scale_
from corelib.as_torch.warned import warn
from corelib.graph.grad_mode import no_grad
from corelib.ops import full
from corelib.tensor import dtype as D
from corelib.tensor.device import device as Device
from corelib.tensor.tensor import Tensor

__all__ = ["GradScaler", "OptState"]


class OptState(Enum):
    """How far an optimizer's step has come."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


def _fresh() -> dict[str, Any]:
    return {"stage": OptState.READY, "found_inf_per_device": {}}


class _Copies:
    """A tensor on every device that asks for it, copied once to each."""

    def __init__(self, master: Tensor) -> None:
        self.master = master
        self.made: dict[Device, Tensor] = {}

    def get(self, device: Device) -> Tensor:
        found = self.made.get(device)
        if found is None:
            found = self.made[device] = self.master.to(device=device, copy=True)
        return found


class GradScaler:
    """Scales losses, and checks and unscales gradients: `scale(loss).backward()`, `step(optimizer)`, `update()`.

    device: whose tensors it is meant for; "cuda" without a device gives a warning and a scaler that does nothing. init_scale: the first
    scale. growth_factor (> 1), growth_interval: the scale grows after so many steps in a row without an infinite gradient.
    backoff_factor (< 1): after a step with one, which is left out, the scale shrinks. enabled: False makes `step` the optimizer's own and
    all else nothing.

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> sgd, scaler = torch.optim.SGD([w], lr=0.5), torch.amp.GradScaler("cpu", init_scale=8.)
    >>> scaler.scale(w.sum()).backward()
    >>> w.grad
    tensor([8., 8.])
    >>> _ = scaler.step(sgd); scaler.update(); w
    tensor([0.5000, 0.5000], requires_grad=True)
    """

    def __init__(
        self, device: str = "cuda", init_scale: float = 2.0**16, growth_factor: float = 2.0, backoff_factor: float = 0.5,
        growth_interval: int = 2000, enabled: bool = True,
    ) -> None:  # fmt: skip
        self._device = device
        self._enabled = enabled
        if device == "cuda" and enabled and amp_definitely_not_available():
            warn("torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.")
            self._enabled = False
        if not self._enabled:
            return
        if growth_factor <= 1.0:
            raise AssertionError("The growth factor must be > 1.0.")
        if backoff_factor >= 1.0:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._init_scale = init_scale
        self._scale: Tensor | None = None
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._init_growth_tracker = 0
        self._growth_tracker: Tensor | None = None
        self._per_optimizer_states: dict[int, dict[str, Any]] = defaultdict(_fresh)

    def _begun(self, function: str) -> tuple[Tensor, Tensor]:
        fix = "This may indicate your script did not use scaler.scale(loss or outputs) earlier in the iteration."
        if self._scale is None:
            raise AssertionError(f"Attempted {function} but _scale is None.  {fix}")
        if self._growth_tracker is None:
            raise AssertionError(f"Attempted {function} but _growth_tracker is None.  {fix}")
        return self._scale, self._growth_tracker

    def _scale_on(self, device: Device) -> Tensor:
        if self._scale is None:
            self._scale = full((), self._init_scale, dtype=D.float32, device=device)
            self._growth_tracker = full((), self._init_growth_tracker, dtype=D.int32, device=device)
        return self._scale

    def scale(self, outputs: Any) -> Any:
        """A tensor, or those of an iterable of them at any depth, times the scale. ValueError for anything else."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._scale_on(outputs.device).to(device=outputs.device)
        copies: list[_Copies] = []

        def scaled(value: Any) -> Any:
            if isinstance(value, Tensor):
                if not copies:
                    copies.append(_Copies(self._scale_on(value.device)))
                return value * copies[0].get(value.device)
            if isinstance(value, Iterable):
                made = map(scaled, value)
                return type(value)(made) if isinstance(value, (list, tuple)) else made
            raise ValueError("outputs must be a Tensor or an iterable of Tensors")

        return scaled(outputs)

    def _unscale_grads_(self, optimizer: Any, inv_scale: Tensor, found_inf: Tensor, allow_fp16: bool) -> dict[Device, Tensor]:
        inverse, found = _Copies(inv_scale), _Copies(found_inf)
        lists: dict[tuple[Device, D.dtype], list[Tensor]] = defaultdict(list)
        with no_grad():
            for group in optimizer.param_groups:
                for param in group["params"]:
                    if not isinstance(param, Tensor):
                        raise AssertionError(f"expected param to be torch.Tensor, got {type(param).__name__}")
                    if param.grad is None:
                        continue
                    if not allow_fp16 and param.grad.dtype is D.float16:
                        raise ValueError("Attempting to unscale FP16 gradients.")
                    lists[param.grad.device, param.grad.dtype].append(param.grad)
            for (device, _), grads in lists.items():
                _amp_foreach_non_finite_check_and_unscale_(grads, found.get(device), inverse.get(device))
        return found.made

    def unscale_(self, optimizer: Any) -> None:
        """Divide an optimizer's gradients by the scale, in place, and note whether one was infinite; `step` does it otherwise.

        RuntimeError the second time before `update`, and after `step`. ValueError for float16 gradients.
        """
        if not self._enabled:
            return
        scale, _ = self._begun("unscale_")
        state = self._per_optimizer_states[id(optimizer)]
        if state["stage"] is OptState.UNSCALED:
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        if state["stage"] is OptState.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        inverse = scale.double().reciprocal().float()
        found_inf = full((), 0.0, dtype=D.float32, device=scale.device)
        state["found_inf_per_device"] = self._unscale_grads_(optimizer, inverse, found_inf, False)
        state["stage"] = OptState.UNSCALED

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> float | None:
        """Unscale an optimizer's gradients, unless `unscale_` has, and take its step if all of them are finite; what that returns, or None.

        RuntimeError for a closure and the second time before `update`.
        """
        if not self._enabled:
            taken: float | None = optimizer.step(*args, **kwargs)
            return taken
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._begun("step")
        state = self._per_optimizer_states[id(optimizer)]
        if state["stage"] is OptState.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if getattr(optimizer, "_step_supports_amp_scaling", False):
            return self._own_step(optimizer, state, args, kwargs)
        if state["stage"] is OptState.READY:
            self.unscale_(optimizer)
        if not state["found_inf_per_device"]:
            raise AssertionError("No inf checks were recorded for this optimizer.")
        made: float | None = None
        if not sum(v.item() for v in state["found_inf_per_device"].values()):
            made = optimizer.step(*args, **kwargs)
        state["stage"] = OptState.STEPPED
        return made

    def _own_step(self, optimizer: Any, state: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> float | None:
        """The step of an optimizer that unscales its gradients itself."""
        unscaled = state["stage"] is OptState.UNSCALED
        passes_itself = "grad_scaler" in inspect.signature(optimizer.step).parameters
        if passes_itself:
            warn(
                "GradScaler is going to stop passing itself as a keyword argument to the passed optimizer. In the near future GradScaler "
                "registers `grad_scale: Tensor` and `found_inf: Tensor` to the passed optimizer and let the optimizer use them directly.",
                FutureWarning,
            )  # fmt: skip
            kwargs["grad_scaler"] = self
        else:
            if not unscaled:
                self._check_inf_per_device(optimizer)
            scale = self._scale_on(Device("cpu"))
            found: Any = sum(t.to(scale.device) for t in state["found_inf_per_device"].values())
            before = getattr(optimizer, "grad_scale", None)
            optimizer.grad_scale = None if unscaled else scale if before is None else scale * before
            optimizer.found_inf = found
        made: float | None = optimizer.step(*args, **kwargs)
        state["stage"] = OptState.STEPPED
        if not passes_itself:
            del optimizer.grad_scale, optimizer.found_inf
        return made

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Grow or shrink the scale by what the steps since the last `update` have met, or set it to `new_scale`.

        AssertionError where no step was taken.
        """
        if not self._enabled:
            return
        scale, tracker = self._begun("update")
        if new_scale is not None:
            if isinstance(new_scale, float):
                scale.fill_(new_scale)
            else:
                reason = "new_scale should be a float or a 1-element torch.cuda.FloatTensor or torch.FloatTensor with requires_grad=False."
                if not isinstance(new_scale, Tensor) or new_scale.numel() != 1 or new_scale.requires_grad:
                    raise AssertionError(reason)
                scale.copy_(new_scale)
        else:
            found = [t.to(scale.device) for state in self._per_optimizer_states.values() for t in state["found_inf_per_device"].values()]
            if not found:
                raise AssertionError("No inf checks were recorded prior to update.")
            combined = found[0]
            for other in found[1:]:
                combined = combined + other
            _amp_update_scale_(scale, tracker, combined, self._growth_factor, self._backoff_factor, self._growth_interval)
        self._per_optimizer_states = defaultdict(_fresh)

    def get_scale(self) -> float:
        """The scale; 1.0 where the scaler is not enabled."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else float(self._scale.item())

    def get_growth_factor(self) -> float:
        """By how much the scale grows."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set by how much the scale grows."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """By how much the scale shrinks."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set by how much the scale shrinks."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many steps the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set after how many steps the scale grows."""
        self._growth_interval = new_interval

    def _get_growth_tracker(self) -> int:
        if not self._enabled:
            return 0
        return self._init_growth_tracker if self._growth_tracker is None else int(self._growth_tracker.item())

    def is_enabled(self) -> bool:
        """Whether it does anything."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """Its state as a dictionary: "scale", "growth_factor", "backoff_factor", "growth_interval" and "_growth_tracker"; empty where not enabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(), "growth_factor": self._growth_factor, "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval, "_growth_tracker": self._get_growth_tracker(),
        }  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. RuntimeError for an empty one."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError("The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler.")
        self._init_scale = state_dict["scale"]
        if self._scale is not None:
            self._scale.fill_(state_dict["scale"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._init_growth_tracker = state_dict["_growth_tracker"]
        if self._growth_tracker is not None:
            self._growth_tracker.fill_(state_dict["_growth_tracker"])

    def __getstate__(self) -> dict[str, Any]:
        kept = self.__dict__.copy()
        if self._enabled:
            if self._per_optimizer_states:
                raise AssertionError("A GradScaler instance may only be pickled at the beginning of an iteration, or at the end after scaler.update().")
            kept.update(_init_scale=self.get_scale(), _init_growth_tracker=self._get_growth_tracker(), _scale=None, _growth_tracker=None)
        return kept

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _check_inf_per_device(self, optimizer: Any) -> dict[Device, Tensor]:
        scale, _ = self._begun("_check_inf_per_device")
        one, found_inf = (full((), value, dtype=D.float32, device=scale.device) for value in (1.0, 0.0))
        found = self._per_optimizer_states[id(optimizer)]["found_inf_per_device"] = self._unscale_grads_(optimizer, one, found_inf, True)
        return found

    def _found_inf_per_device(self, optimizer: Any) -> dict[Device, Tensor]:
        found: dict[Device, Tensor] = self._per_optimizer_states[id(optimizer)]["found_inf_per_device"]
        return found
