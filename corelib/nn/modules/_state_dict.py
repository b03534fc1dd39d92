"""The part of Module that turns its parameters and buffers into a state_dict and reads them back.

A state_dict is an OrderedDict from dotted names to tensors, with an attribute ``_metadata`` that holds every
module's version, as PyTorch writes it.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from corelib.as_torch.warned import warn
from corelib.graph.grad_mode import no_grad
from corelib.graph.handles import Hooks, RemovableHandle, add_hook
from corelib.nn.parameter import Parameter, is_lazy
from corelib.tensor.tensor import Tensor

_EXTRA_STATE = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` returns: the names it missed and those it had no use for."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"


class _WrappedHook:
    """A hook that is called with the module first, or without it: PyTorch's class of this name, as it is in pickled modules."""

    def __init__(self, hook: Callable[..., Any], module: Any = None) -> None:
        self.hook = hook
        self.with_module = module is not None
        if module is not None:
            self.module = weakref.ref(module)  # which holds the hook

    def __call__(self, module: Any, *args: Any) -> Any:
        return self.hook(module, *args) if self.with_module else self.hook(*args)

    def __getstate__(self) -> dict[str, Any]:
        state = {"hook": self.hook, "with_module": self.with_module}
        return {**state, "module": self.module()} if self.with_module else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.hook, self.with_module = state["hook"], state["with_module"]
        if self.with_module:
            if state["module"] is None:
                raise RuntimeError("You are trying to revive the hook of a dead Module!")
            self.module = weakref.ref(state["module"])


_WrappedHook.__module__ = "corelib.nn.modules.module"


class StateDictMixin:
    """``state_dict``, ``load_state_dict`` and their hooks, for Module."""

    _version: int
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _non_persistent_buffers_set: set[str]
    _modules: dict[str, Any]
    _state_dict_hooks: Hooks
    _state_dict_pre_hooks: Hooks
    _load_state_dict_pre_hooks: Hooks
    _load_state_dict_post_hooks: Hooks

    def get_extra_state(self) -> Any:
        """What to put into the state_dict beside tensors; who overrides it overrides set_extra_state too."""
        raise RuntimeError("get_extra_state() is called only where a subclass overrides it")

    def set_extra_state(self, state: Any) -> None:
        """Take what ``get_extra_state`` returned when the state_dict was made."""
        raise RuntimeError("set_extra_state() is called only where a subclass overrides it")

    def _has_own(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(StateDictMixin, method)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict`` is made."""
        return add_hook(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after ``state_dict`` is made; it returns None."""
        # PyTorch's mark, so that one hook is not registered both ways.
        marked: Any = hook
        marked._from_public_api = True
        return add_hook(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that was previously registered via "
                "register_state_dict_post_hook"
            )
        return add_hook(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)``.

        It runs before the module's own tensors are read and may change any of these in place.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        return add_hook(self._load_state_dict_pre_hooks, _WrappedHook(hook, self if with_module else None))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after the module is loaded; it may change the keys in place."""
        return add_hook(self._load_state_dict_post_hooks, hook)

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        for name, param in self._parameters.items():
            if param is not None:
                destination[prefix + name] = param if keep_vars else param.detach()
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = buffer if keep_vars else buffer.detach()
        if self._has_own("get_extra_state"):
            destination[prefix + _EXTRA_STATE] = self.get_extra_state()

    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Every parameter and persistent buffer by its dotted name; the tensors share the module's memory.

        ``prefix`` goes before each name. With ``keep_vars`` the tensors are the module's own, else they are detached.
        ``destination``, if given, is filled and returned.

        >>> import corelib as torch
        >>> list(torch.nn.Linear(2, 3).state_dict())
        ['weight', 'bias']
        """
        if args:
            warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.state_dict for details.",
                FutureWarning,
            )
            destination = args[0] if destination is None else destination
            prefix = args[1] if len(args) > 1 and not prefix else prefix
            keep_vars = args[2] if len(args) > 2 and not keep_vars else keep_vars
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            replaced = hook(self, destination, prefix, local_metadata)
            if replaced is not None:
                if getattr(hook, "_from_public_api", False):
                    raise RuntimeError("state_dict post-hook must return None")
                destination = replaced
        result: dict[str, Any] = destination
        return result

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Read this module's own tensors, not its children's; a subclass may override it to read older versions."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)

        transient = self._non_persistent_buffers_set
        local_state: dict[str, Tensor] = {
            name: tensor
            for name, tensor in (
                *self._parameters.items(),
                *((name, buffer) for name, buffer in self._buffers.items() if name not in transient),
            )
            if tensor is not None
        }
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, tensor in local_state.items():
            key = prefix + name
            if key in state_dict:
                error = self._load_tensor(name, key, tensor, state_dict[key], assign)
                if error:
                    error_msgs.append(error)
            elif strict:
                missing_keys.append(key)

        extra_state = prefix + _EXTRA_STATE
        if self._has_own("set_extra_state"):
            if extra_state in state_dict:
                self.set_extra_state(state_dict[extra_state])
            elif strict:
                missing_keys.append(extra_state)
        elif strict and extra_state in state_dict:
            unexpected_keys.append(extra_state)

        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != extra_state:
                    first, dot, _ = key[len(prefix) :].partition(".")
                    if first not in (self._modules if dot else local_state):
                        unexpected_keys.append(key)

    def _load_tensor(self, name: str, key: str, tensor: Tensor, loaded: object, assign: bool) -> str | None:
        """Copy or assign one tensor; the text of what is wrong with it, if something is."""
        if not isinstance(loaded, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from '
                f"checkpoint but received {type(loaded)}"
            )
        if is_lazy(tensor) and is_lazy(loaded):
            return None
        # Checkpoints of PyTorch before 0.4 hold 0-d parameters with one dimension.
        if len(tensor.shape) == 0 and tuple(loaded.shape) == (1,):
            loaded = loaded[0]
        if loaded.shape != tensor.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {loaded.shape} from checkpoint, "
                f"the shape in current model is {tensor.shape}."
            )
        if tensor.is_meta and not loaded.is_meta and not assign:
            warn(
                f"for {key}: copying from a non-meta parameter in the checkpoint to a meta parameter in the current "
                "model, which is a no-op. (Did you mean to pass `assign=True` to assign items in the state dictionary "
                "to their corresponding key in the module instead of copying them in place?)",
            )
        try:
            with no_grad():
                if not assign:
                    tensor.copy_(loaded)
                else:
                    if isinstance(tensor, Parameter):
                        if isinstance(loaded, Parameter):
                            loaded.requires_grad_(tensor.requires_grad)
                        else:
                            loaded = Parameter(loaded, requires_grad=tensor.requires_grad)
                    setattr(self, name, loaded)
        except Exception as error:
            return (
                f'While copying the parameter named "{key}", whose dimensions in the model are {tensor.size()} and '
                f"whose dimensions in the checkpoint are {loaded.size()}, an exception occurred : {error.args}."
            )
        return None

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy the tensors of ``state_dict`` into this module and its children.

        With ``strict`` every name must match. With ``assign`` the tensors themselves are taken, with their dtype and
        device, instead of their values.

        Returns the names that were missing and those that were not expected. Raises RuntimeError with every name
        that does not match and every tensor of another shape, TypeError if ``state_dict`` is not a mapping.

        >>> import corelib as torch
        >>> torch.nn.Linear(2, 3).load_state_dict(torch.nn.Linear(2, 3).state_dict())
        <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing_keys: list[str] = []
        unexpected_keys: list[str] = []
        error_msgs: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        # A copy, since _load_from_state_dict and hooks may change it.
        copied: Any = OrderedDict(state_dict)
        if metadata is not None:
            copied._metadata = metadata

        def load(module: Any, found: dict[str, Any], prefix: str) -> None:
            local_metadata = {} if metadata is None else metadata.get(prefix[:-1], {})
            if assign:
                local_metadata = {**local_metadata, "assign_to_params_buffers": True}
            module._load_from_state_dict(
                found, prefix, local_metadata, True, missing_keys, unexpected_keys, error_msgs
            )
            for name, child in module._modules.items():
                if child is not None:
                    child_prefix = f"{prefix}{name}."
                    load(child, {k: v for k, v in found.items() if k.startswith(child_prefix)}, child_prefix)
            incompatible = IncompatibleKeys(missing_keys, unexpected_keys)
            for hook in module._load_state_dict_post_hooks.values():
                if hook(module, incompatible) is not None:
                    raise AssertionError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new "
                        "values, if incompatible_keys need to be modified, it should be done inplace."
                    )

        load(self, copied, "")
        if strict:
            if unexpected_keys:
                names = ", ".join(f'"{key}"' for key in unexpected_keys)
                error_msgs.insert(0, f"Unexpected key(s) in state_dict: {names}. ")
            if missing_keys:
                names = ", ".join(f'"{key}"' for key in missing_keys)
                error_msgs.insert(0, f"Missing key(s) in state_dict: {names}. ")
        if error_msgs:
            listed = "\n\t".join(error_msgs)
            refused = RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{listed}")
            advice = _advice(copied, missing_keys, unexpected_keys) if strict else ""
            if advice:
                refused.add_note(advice)
            raise refused
        return IncompatibleKeys(missing_keys, unexpected_keys)


def _advice(state_dict: Mapping[str, Any], missing: list[str], unexpected: list[str]) -> str:
    """What to do where the names do not match for a reason that is often the one."""
    nested = next((key for key in unexpected if isinstance(state_dict.get(key), Mapping)), None)
    if nested is not None:
        return f'"{nested}" is a dictionary itself; did you mean load_state_dict(checkpoint["{nested}"])?'
    if not missing or not unexpected:
        return ""
    renamed = "{%s: value for key, value in state_dict.items()}"
    prefix = _prefix(unexpected, missing)
    if prefix:
        of = {"module.": ", as a model in DataParallel has them", "_orig_mod.": ", as a compiled model has them"}.get(prefix, "")
        return f'The unexpected keys are the missing ones with "{prefix}" before them{of}. Load ' + renamed % f'key.removeprefix("{prefix}")'
    prefix = _prefix(missing, unexpected)
    return f'The missing keys are the unexpected ones with "{prefix}" before them. Load ' + renamed % f'"{prefix}" + key' if prefix else ""


def _prefix(longer: list[str], shorter: list[str]) -> str:
    """What stands before each name of one list, which then are those of the other; "" where that is not so."""
    prefix = next((longer[0].removesuffix(name) for name in shorter if longer[0].endswith(f".{name}")), "")
    return prefix if prefix and {name.removeprefix(prefix) for name in longer} == set(shorter) and all(name.startswith(prefix) for name in longer) else ""
