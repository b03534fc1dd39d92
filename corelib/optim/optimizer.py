"""Optimizer: parameter groups, per-parameter state, hooks, and state dicts that PyTorch's optimizers can load.

A subclass gives `defaults` and a `step`. The state dict has PyTorch's structure and keys, so it goes either way.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import wraps
from itertools import chain
from typing import Any

from corelib.as_torch.warned import warn
from corelib.contract.allocator import capturing
from corelib.graph.grad_mode import enable_grad
from corelib.graph.handles import Hooks, RemovableHandle, add_hook
from corelib.dispatcher.regions import record_function, watched
from corelib.ops.complex.complex_numbers import view_as_real
from corelib.ops.construction.construct import tensor
from corelib.ops.construction.creation import full_like
from corelib.optim.for_authors import (
    _default_to_fused_or_foreach as _default_to_fused_or_foreach, _get_capturable_supported_devices as _get_capturable_supported_devices,
    _get_value as _get_value, _stack_if_compiling as _stack_if_compiling, _to_scalar as _to_scalar,
    _use_grad_for_differentiable as _use_grad_for_differentiable, _view_as_real as _view_as_real,
)  # fmt: skip
from corelib.tensor.device import device as Device
from corelib.tensor.dtype import float32, float64
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.tensor import Tensor

__all__ = ["Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]

Group = dict[str, Any]  # a parameter group: "params" and the options
State = dict[str, Any]  # what is kept for one parameter
StateDict = dict[str, Any]
Params = Iterable[Tensor] | Iterable[Group] | Iterable[tuple[str, Tensor]]
ParamsT = Params  # PyTorch's name of it
Number = float | Tensor  # a hyperparameter, which may be a one-element tensor
Hook = Callable[..., Any]

_all_step_pre_hooks: Hooks = OrderedDict()
_all_step_post_hooks: Hooks = OrderedDict()


class _Required:
    """The default of an option that every parameter group has to give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


def register_optimizer_step_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before every optimizer's step; it may return new (args, kwargs)."""
    return add_hook(_all_step_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after every optimizer's step."""
    return add_hook(_all_step_post_hooks, hook)


def _with_step_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(step)
    def hooked(*args: Any, **kwargs: Any) -> Any:
        self: Optimizer = args[0]
        before, after = self._optimizer_step_pre_hooks, self._optimizer_step_post_hooks
        if watched.recorder is not None:
            with record_function(f"Optimizer.step#{type(self).__name__}.step"):
                return between_hooks(self, args, kwargs)
        if not (before or after or _all_step_pre_hooks or _all_step_post_hooks):
            return step(*args, **kwargs)
        return between_hooks(self, args, kwargs)

    def between_hooks(self: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        before, after = self._optimizer_step_pre_hooks, self._optimizer_step_post_hooks
        for hook in chain(_all_step_pre_hooks.values(), before.values()):
            changed = hook(self, args, kwargs)
            if changed is not None:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                    )
                args, kwargs = changed
        result = step(*args, **kwargs)
        for hook in chain(after.values(), _all_step_post_hooks.values()):
            hook(self, args, kwargs)
        return result

    hooked.__dict__["hooked"] = True
    return hooked


def as_number(x: Number) -> float:
    """A hyperparameter as a Python number, also where the user gave a one-element tensor."""
    return x.item() if isinstance(x, Tensor) else x


def as_real(value: Any) -> Any:
    """A complex tensor as the pairs of real numbers that it is stored as, which is how optimizers update it; anything else as it is."""
    return view_as_real(value.resolve_conj()) if isinstance(value, Tensor) and value.is_complex() else value


def filled_like(p: Tensor, value: float) -> Tensor:
    """A tensor beside a parameter, of its dtype, with one number everywhere: in both parts where it is complex."""
    return full_like(p, complex(value, value) if p.is_complex() else value)


def loss_of(closure: Callable[[], Any] | None) -> Any:
    """What a step's closure returns, called with gradients on; None where there is no closure."""
    if closure is None:
        return None
    with enable_grad():
        return closure()


def step_count(value: float = 0.0, device: Device | str = "cpu") -> Tensor:
    """A count of steps as PyTorch keeps it: a float tensor, on the host unless said otherwise."""
    return tensor(value, dtype=float64 if get_default_dtype() == float64 else float32, device=device)


def step_count_for(group: Group, p: Tensor, value: float = 0.0) -> Tensor:
    """The count of a parameter: beside it where the group is `fused` or `capturable`, else on the host, where adding one launches no kernel."""
    return tensor(value, dtype=float32, device=p.device) if group.get("fused") or group.get("capturable") else step_count(value)


def check_one_element(name: str, value: object) -> None:
    """ValueError where a hyperparameter is a tensor of more or fewer elements than one."""
    if isinstance(value, Tensor) and value.numel() != 1:
        raise ValueError(f"Tensor {name} must be 1-element, got one of shape {tuple(value.shape)}")


def check_not_negative(optimizer: str, label: str, name: str, value: Any) -> None:
    """ValueError for an option below zero (or NaN), TypeError for one that is no number."""
    try:
        fits = value >= 0
    except TypeError:
        if isinstance(value, Tensor):
            raise
        raise TypeError(
            f"{optimizer}(): argument '{name}' must be a number or a one-element Tensor, not {type(value).__name__}"
        ) from None
    if not fits:
        raise ValueError(f"Invalid {label}: {value} ({optimizer}: '{name}' must be >= 0)")


def check_switches(name: str, foreach: bool | None, fused: bool | None, differentiable: bool) -> None:
    """RuntimeError for the combinations of implementation switches that PyTorch refuses."""
    if fused and differentiable:
        raise RuntimeError(f"{name}(): `fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError(f"{name}(): `fused` and `foreach` cannot be `True` together.")


def check_fused(p: Tensor) -> None:
    """RuntimeError where `fused=True` is asked for a parameter that is not floating point."""
    if not p.is_floating_point():
        raise RuntimeError(
            f"`fused=True` requires all the params to be floating point Tensors, but got {p.dtype} on {p.device.type}"
        )


def check_capturable(group: Group) -> None:
    """AssertionError, PyTorch's type for what it too refuses off its accelerators, where a group asks for `capturable`."""
    if group.get("capturable"):
        raise AssertionError(
            "If capturable=True, params and state_steps must be on supported devices: Adam and AdamW have it for contiguous parameters of one "
            "dtype on cuda, and no other optimizer; make this one with capturable=False"
        )


class Optimizer:
    """What every optimizer is: groups of parameters with their options, and a state for each parameter.

    params: tensors, (name, tensor) pairs as `named_parameters()` gives them, or dictionaries with a "params" entry and
    options of that group's own. defaults: the options of the groups that do not give them.

    TypeError for a bare tensor, a set, or something that is not a tensor; ValueError for no parameters at all, for a
    tensor that is not a leaf, for one that is in two groups, and where only some have names.
    """

    state: defaultdict[Any, Any]
    param_groups: list[Group]
    defaults: dict[str, Any]
    _opt_called = False
    """Whether `step` has been called since a schedule began to look."""

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._set_up_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"{_typename(params)}; put it in a list: [tensor]"
            )
        self.state = defaultdict(dict)
        self.param_groups = []
        try:
            groups: list[Any] = list(params)
        except TypeError as error:
            if hasattr(params, "parameters") or callable(params):
                error.add_note(f"An optimizer takes parameters, not a model or a method: {type(self).__name__}(model.parameters(), ...)")
            raise
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _set_up_hooks(self) -> None:
        for name in ("step_pre", "step_post", "state_dict_pre", "state_dict_post", "load_state_dict_pre",
                     "load_state_dict_post"):
            self.__dict__.setdefault(f"_optimizer_{name}_hooks", OrderedDict())
        self._patch_step_function()

    _optimizer_step_pre_hooks: Hooks
    _optimizer_step_post_hooks: Hooks
    _optimizer_state_dict_pre_hooks: Hooks
    _optimizer_state_dict_post_hooks: Hooks
    _optimizer_load_state_dict_pre_hooks: Hooks
    _optimizer_load_state_dict_post_hooks: Hooks

    @staticmethod
    def profile_hook_step(func: Callable[..., Any]) -> Callable[..., Any]:
        """A `step` that runs the hooks of steps, and that a profiler shows as `Optimizer.step#NAME.step`."""
        return _with_step_hooks(func)

    def _patch_step_function(self) -> None:
        # On the class, as in PyTorch: a scheduler replaces `step` on the instance and must find a plain method.
        cls: Any = type(self)
        if not getattr(cls.step, "hooked", False):
            cls.step = _with_step_hooks(cls.step)

    def _cuda_graph_capture_health_check(self) -> None:
        """RuntimeError where a step is captured in a graph although a group's numbers of steps are not on the device."""
        if capturing() and not all(group["capturable"] for group in self.param_groups):
            raise RuntimeError(
                f"Attempting CUDA graph capture of step() for an instance of {type(self).__name__} but param_groups' capturable is False."
            )

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._set_up_hooks()
        self.defaults.setdefault("differentiable", False)

    def _complete_groups(self, **options: Any) -> None:
        """Give the groups of a state from before an option existed its value."""
        for group in self.param_groups:
            for name, value in options.items():
                group.setdefault(name, value)

    def _counts_as_tensors(self) -> None:
        """Make tensors of the step counts of a state from when they were numbers."""
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state.get(p)
                if state and "step" in state and not isinstance(state["step"], Tensor):
                    state["step"] = step_count_for(group, p, float(state["step"]))

    def __repr__(self) -> str:
        groups = []
        for i, group in enumerate(self.param_groups):
            options = "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
            groups.append(f"\nParameter Group {i}\n{options}")
        return f"{type(self).__name__} ({''.join(groups)})"

    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return new (args, kwargs)."""
        return add_hook(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return add_hook(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before `state_dict`; before the other hooks with `prepend`."""
        return add_hook(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after `state_dict`; it may return another state dict."""
        return add_hook(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before `load_state_dict`; it may return another state dict."""
        return add_hook(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` after `load_state_dict`."""
        return add_hook(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    def state_dict(self) -> StateDict:
        """The state as a dictionary: "state" by parameter number, "param_groups" with numbers in place of parameters.

        >>> import corelib as torch
        >>> optimizer = torch.optim.SGD([torch.zeros(2, requires_grad=True)], lr=0.1)
        >>> optimizer.state_dict()["param_groups"][0]["params"]
        [0]
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        numbers: dict[int, int] = {}
        first = 0
        groups = []
        for group in self.param_groups:
            for i, p in enumerate(group["params"], first):
                numbers.setdefault(id(p), i)
            packed = {key: value for key, value in group.items() if key != "params"}
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            first += len(packed["params"])
            groups.append(packed)
        state = {numbers[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()}
        state_dict: StateDict = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            changed = hook(self, state_dict)
            if changed is not None:
                state_dict = changed
        return state_dict

    def load_state_dict(self, state_dict: StateDict) -> None:
        """Take over a state dict, this library's or PyTorch's own structure; tensors are cast to their parameter.

        ValueError where the number of groups, or of parameters in a group, is another. Names do not matter: parameters
        are matched by position.
        """
        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = hook(self, state_dict)
            if changed is not None:
                state_dict = changed
        groups, saved = self.param_groups, deepcopy(state_dict["param_groups"])
        if len(groups) != len(saved):
            raise ValueError(
                f"loaded state dict has a different number of parameter groups: {len(saved)}, the optimizer has "
                f"{len(groups)}"
            )
        for i, (group, new) in enumerate(zip(groups, saved, strict=True)):
            if len(group["params"]) != len(new["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                    f"group {i} has {len(new['params'])} parameters, the optimizer's has {len(group['params'])}"
                )
        numbers = chain.from_iterable(g["params"] for g in saved)
        by_number = dict(zip(numbers, chain.from_iterable(g["params"] for g in groups), strict=True))
        on_device = {
            number for g in saved if g.get("fused") or g.get("capturable") for number in g["params"]
        }
        state: defaultdict[Any, Any] = defaultdict(dict)
        for k, v in state_dict["state"].items():
            if k in by_number:
                state[by_number[k]] = _cast(by_number[k], v, None, k in on_device)
            else:
                state[k] = v
        for group, new in zip(groups, saved, strict=True):
            new["params"] = group["params"]
            if "param_names" in group:
                new.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros where `set_to_none` is False."""
        if watched.recorder is not None:
            with record_function(f"Optimizer.zero_grad#{type(self).__name__}.zero_grad"):
                self._zero_grad(set_to_none)
        else:
            self._zero_grad(set_to_none)

    def _zero_grad(self, set_to_none: bool) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                else:
                    if grad.grad_fn is not None:
                        grad.detach_()
                    else:
                        grad.requires_grad_(False)
                    grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters once. `closure` recomputes the loss and its gradients, and its result is returned."""
        raise NotImplementedError(f"{type(self).__name__} has no step()")

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters with options of its own; options it does not give are the defaults."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        if "params" not in param_group:
            raise KeyError(f"params: a parameter group needs a 'params' entry, got the keys {sorted(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in "
                "sets will change between runs. Please use a list instead."
            )
        entries = [params] if isinstance(params, Tensor) else list(params)
        names = [entry[0] for entry in entries if isinstance(entry, tuple)]
        tensors = [entry[1] if isinstance(entry, tuple) else entry for entry in entries]
        if names:
            if len(names) != len(tensors):
                raise ValueError(
                    "all optimizer params should be with/without names. Some param names are missing: "
                    f"{len(names)} of {len(tensors)} have one"
                )
            param_group["param_names"] = names
        param_group["params"] = tensors
        self._check_params(tensors)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization parameter {name}"
                )
            param_group.setdefault(name, default)
        if len(tensors) != len({id(p) for p in tensors}):
            warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
            )
        self._check_against_groups(param_group)
        self.param_groups.append(param_group)

    def _check_params(self, tensors: list[Tensor]) -> None:
        for p in tensors:
            if not isinstance(p, Tensor):
                advice = ": give it model.parameters()" if hasattr(p, "parameters") else ""
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {_typename(p)}{advice}")
            if not self.defaults.get("differentiable") and not (p.is_leaf or p.retains_grad):
                raise ValueError(
                    f"can't optimize a non-leaf Tensor: one of the params, of shape {tuple(p.shape)}, is a result of "
                    "other tensors; call .detach() and .requires_grad_() on it first"
                )

    def _check_against_groups(self, param_group: Group) -> None:
        known: set[int] = set()
        for group in self.param_groups:
            known.update(id(p) for p in group["params"])
            if ("param_names" in param_group) != ("param_names" in group):
                which = "with names" if "param_names" in param_group else "without names"
                raise ValueError(
                    f"all optimizer param groups should be with/without names. cannot add param group {which} to the "
                    "optimizer"
                )
        if any(id(p) in known for p in param_group["params"]):
            raise ValueError("some parameters appear in more than one parameter group")


def _typename(value: Any) -> str:
    cls = type(value)
    return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _cast(param: Tensor, value: Any, key: str | None, step_on_device: bool) -> Any:
    """A loaded value with its tensors on the parameter's device, and in its dtype unless it is the step count."""
    if isinstance(value, Tensor):
        if key == "step":
            # A count in half precision would stop at 2048, so it keeps its own dtype, and its place on the host.
            return value.to(dtype=float32, device=param.device) if step_on_device else value
        if param.is_floating_point():
            return value.to(dtype=param.dtype, device=param.device)
        return value.to(device=param.device)
    if isinstance(value, dict):
        return {k: _cast(param, v, k, step_on_device) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        of_its_kind: Callable[..., Any] = type(value)
        return of_its_kind(_cast(param, v, None, step_on_device) for v in value)
    return value
