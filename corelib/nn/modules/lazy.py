"""Lazy layers: those whose number of inputs is read off the first batch, whereupon they become ordinary ones.

The layers themselves stand beside the ordinary ones. A lazy layer's constructor is its layer's without the number of inputs; that is
told once, by `without_inputs`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ClassVar, Concatenate, ParamSpec

from corelib.nn.modules.module import Module
from corelib.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy

__all__ = ["LazyModuleMixin"]

_P = ParamSpec("_P")


class LazyModuleMixin(Module):
    """For modules that make their parameters when they see their first input, by ``initialize_parameters``.

    Until then they hold UninitializedParameters; afterwards they are of class ``cls_to_become``. A subclass comes before the module's
    class in the bases. A state_dict may be made and loaded in either state.

    >>> import corelib as torch
    >>> net = torch.nn.LazyLinear(3)
    >>> net(torch.ones(2, 5)).shape, net
    (torch.Size([2, 3]), Linear(in_features=5, out_features=3, bias=True))
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        for name, tensor in (*self._parameters.items(), *self._buffers.items()):
            if tensor is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = tensor if is_lazy(tensor) or keep_vars else tensor.detach()

    def _lazy_load_hook(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Give what is uninitialized here the shape of what is loaded."""
        for name, tensor in (*self._parameters.items(), *self._buffers.items()):
            loaded = state_dict.get(prefix + name)
            if loaded is not None and is_lazy(tensor) and not is_lazy(loaded):
                tensor.materialize(loaded.shape)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialize the parameters for these arguments of ``forward``; to be overridden."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer has no shape yet."""
        return any(is_lazy(t) for t in (*self._parameters.values(), *self._buffers.values()))

    def _infer_parameters(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {type(self).__name__} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become


class LazyLayer(LazyModuleMixin):
    """What the lazy layers share; a subclass is also of its layer's class, after this one."""

    _inputs: ClassVar[str]  # the attribute that is the number of inputs, 0 until they are seen

    def _uninitialize(self) -> None:
        """Put what has no shape yet in the place of the parameters, and of the buffers but those that count."""
        for name, parameter in list(self._parameters.items()):
            if parameter is not None:
                setattr(self, name, UninitializedParameter(device=parameter.device, dtype=parameter.dtype))
        for name, buffer in list(self._buffers.items()):
            if buffer is not None and buffer.dim():
                setattr(self, name, UninitializedBuffer(device=buffer.device, dtype=buffer.dtype))

    def _materialize(self, **shapes: tuple[int, ...]) -> None:
        """Give the parameters and buffers that there are their shapes and their initial values."""
        for name, shape in shapes.items():
            tensor = getattr(self, name)
            if is_lazy(tensor):
                tensor.materialize(shape)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the initial values again, once there are any."""
        if not self.has_uninitialized_params() and getattr(self, self._inputs) != 0:
            layer: Any = super()
            layer.reset_parameters()


def without_inputs(
    layer: Callable[Concatenate[Any, int, _P], None],
) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, _P], None]]:
    """Give a constructor the arguments of ``layer``'s, defaults included, without the first one, the number of inputs."""
    given = signature(layer)
    this, _, *rest = given.parameters.values()
    own = given.replace(parameters=[this, *rest])

    def place(init: Callable[..., None]) -> Callable[Concatenate[Any, _P], None]:
        @wraps(init)
        def constructor(self: Any, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
            try:
                bound = own.bind(self, *args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{type(self).__name__}.__init__(): {error}") from None
            bound.apply_defaults()
            init(*bound.args, **bound.kwargs)

        vars(constructor)["__signature__"] = own
        return constructor

    return place
