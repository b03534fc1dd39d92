"""Hooks of Modules: the global ones, and the call path that runs them.

``Module.__call__`` goes right to ``forward`` when neither the module nor this file's registries have a hook;
``call_with_hooks`` is where it goes otherwise.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from corelib.autograd.function import Function
from corelib.dispatcher.warned import warn
from corelib.graph.grad_mode import is_grad_enabled
from corelib.graph.handles import Hooks as Hooks, RemovableHandle as RemovableHandle, add_hook
from corelib.tensor.tensor import Tensor

__all__ = [
    "RemovableHandle",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

_Grads = tuple[Tensor | None, ...]

# A module's own, by kind.
REGISTRIES = (
    "_call_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)

buffer_registration_hooks: Hooks = OrderedDict()
module_registration_hooks: Hooks = OrderedDict()
parameter_registration_hooks: Hooks = OrderedDict()

_forward_pre_hooks: Hooks = OrderedDict()
_forward_hooks: Hooks = OrderedDict()
_forward_hooks_with_kwargs: Hooks = OrderedDict()
_forward_hooks_always_called: Hooks = OrderedDict()
_backward_pre_hooks: Hooks = OrderedDict()
_backward_hooks: Hooks = OrderedDict()
_global_form: list[bool] = []
"""[whether the global backward hooks are full ones], once there was one: they are all of one form."""

# The ids of all of these that a call must run: what ``Module.__call__`` tests.
global_hooks: Hooks = OrderedDict()


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` whenever a module registers a buffer; what it returns replaces it."""
    return add_hook(buffer_registration_hooks, hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, submodule)`` whenever a module registers a child; what it returns replaces it."""
    return add_hook(module_registration_hooks, hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, param)`` whenever a module registers a parameter; what it returns replaces it."""
    return add_hook(parameter_registration_hooks, hook)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before every module's forward; what it returns replaces the arguments."""
    return add_hook(_forward_pre_hooks, hook, marks=((global_hooks, True),))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after every module's forward; what it returns replaces the output."""
    marks = (
        (global_hooks, True),
        (_forward_hooks_with_kwargs, with_kwargs),
        (_forward_hooks_always_called, always_call),
    )
    return add_hook(_forward_hooks, hook, marks=marks)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before every module's backward; what it returns replaces ``grad_output``."""
    return add_hook(_backward_pre_hooks, hook, marks=((global_hooks, True),))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` after every backward; what it returns replaces ``grad_input``."""
    if _global_form == [False]:
        raise RuntimeError(f"{_ONE_FORM} as a global Module hook. Please use only one of them.")
    _global_form[:] = [True]
    return add_hook(_backward_hooks, hook, marks=((global_hooks, True),))


_ONE_FORM = "Cannot use both regular backward hooks and full backward hooks"


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """``Module.register_backward_hook`` for every module; deprecated in favour of ``register_module_full_backward_hook``.

    RuntimeError where a global full backward hook was registered before.
    """
    if _global_form == [True]:
        raise RuntimeError(f"{_ONE_FORM} as a global Module hook. Please use only one of them.")
    _global_form[:] = [False]
    return add_hook(_backward_hooks, hook, marks=((global_hooks, True),))


class HooksMixin:
    """``register_forward_hook`` and the like, for Module; and the hooks that its call runs."""

    # The ids of every hook that a call must run, of whatever kind: the one test a call makes.
    _call_hooks: Hooks
    _backward_pre_hooks: Hooks
    _backward_hooks: Hooks
    _forward_hooks: Hooks
    _forward_hooks_with_kwargs: Hooks
    _forward_hooks_always_called: Hooks
    _forward_pre_hooks: Hooks
    _forward_pre_hooks_with_kwargs: Hooks
    # Whether the backward hooks are full ones, once there was one.
    _is_full_backward_hook: bool | None = None
    forward: Callable[..., Any]

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` in the backward of the last operation of ``forward``, with that one's gradients.

        Deprecated in favour of ``register_full_backward_hook``, whose ``grad_input`` are the module's; a FutureWarning says when
        what this one sees is not all of it. RuntimeError where a full backward hook was registered before.

        >>> import corelib as torch
        >>> layer = torch.nn.ReLU()
        >>> handle = layer.register_backward_hook(lambda module, grad_input, grad_output: (2 * grad_input[0],))
        >>> x = torch.tensor([1., -1.], requires_grad=True)
        >>> layer(x * 1).sum().backward()
        >>> x.grad
        tensor([2., 0.])
        """
        if self._is_full_backward_hook is True:
            raise RuntimeError(f"{_ONE_FORM} on a single Module. Please use only one of them.")
        self._is_full_backward_hook = False
        return add_hook(self._backward_hooks, hook, marks=((self._call_hooks, True),))

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before ``forward``; what it returns replaces the arguments.

        With ``with_kwargs`` it is ``hook(module, args, kwargs)`` and returns None or both. ``prepend`` puts it first.
        """
        marks = ((self._call_hooks, True), (self._forward_pre_hooks_with_kwargs, with_kwargs))
        return add_hook(self._forward_pre_hooks, hook, prepend, marks)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after ``forward``; what it returns replaces the output.

        With ``with_kwargs`` it is ``hook(module, args, kwargs, output)``. ``always_call`` runs it also if forward
        raised, with None for the output. ``prepend`` puts it first.
        """
        marks = (
            (self._call_hooks, True),
            (self._forward_hooks_with_kwargs, with_kwargs),
            (self._forward_hooks_always_called, always_call),
        )
        return add_hook(self._forward_hooks, hook, prepend, marks)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` when the outputs' gradients are known; what it returns replaces them."""
        return add_hook(self._backward_pre_hooks, hook, prepend, ((self._call_hooks, True),))

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the inputs' gradients are known.

        What it returns replaces ``grad_input``. Both are tuples, with None for what is not a Tensor.
        """
        if self._is_full_backward_hook is False:
            raise RuntimeError(f"{_ONE_FORM} on a single Module. Please use only one of them.")
        self._is_full_backward_hook = True
        return add_hook(self._backward_hooks, hook, prepend, ((self._call_hooks, True),))


def call_with_hooks(module: HooksMixin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run ``module.forward`` between the hooks that are registered for it, in PyTorch's order: global ones first."""
    called: set[int] = set()
    result: Any = None
    try:
        args, kwargs = _run_forward_pre_hooks(module, args, kwargs)
        user_hooks = [*(_backward_hooks.values() if _global_form == [True] else ()), *(module._backward_hooks.values() if module._is_full_backward_hook else ())]
        user_pre_hooks = [*_backward_pre_hooks.values(), *module._backward_pre_hooks.values()]
        backward = BackwardHook(module, user_hooks, user_pre_hooks) if user_hooks or user_pre_hooks else None
        if backward is not None:
            args = backward.setup_input_hook(args)

        result = module.forward(*args, **kwargs)

        for hook_id, hook, with_kwargs, always in _forward_hooks_of(module):
            if always:
                called.add(hook_id)
            replaced = hook(module, args, kwargs, result) if with_kwargs else hook(module, args, result)
            if replaced is not None:
                result = replaced
        if backward is not None:
            if not isinstance(result, (Tensor, tuple)):
                warn(
                    "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but "
                    f"received {type(result)}",
                )
            result = backward.setup_output_hook(result)
        regular = [*(_backward_hooks.values() if _global_form == [False] else ()), *(module._backward_hooks.values() if module._is_full_backward_hook is False else ())]
        if regular:
            hook_last_node(module, regular, args, result)
        return result
    except Exception:
        for hook_id, hook, with_kwargs, always in _forward_hooks_of(module):
            if not always or hook_id in called:
                continue
            try:
                replaced = hook(module, args, kwargs, result) if with_kwargs else hook(module, args, result)
                if replaced is not None:
                    result = replaced
            except Exception as error:
                warn(
                    "module forward hook with ``always_call=True`` raised an exception that was silenced as another "
                    f"error was raised in forward: {error}",
                )
        raise


def hook_last_node(module: HooksMixin, hooks: list[Callable[..., Any]], args: tuple[Any, ...], result: Any) -> None:
    """Regular backward hooks go to the node that made the (first) output; what they cannot see is told."""
    first = result
    while not isinstance(first, Tensor):
        first = next(v for v in first.values() if isinstance(v, Tensor)) if isinstance(first, dict) else first[0]
    node = first.grad_fn
    if node is None:
        return
    for hook in hooks:
        node.register_hook(partial(hook, module))
    missing = _not_seen(node, args, (result,) if isinstance(result, Tensor) else result)
    if missing:
        warn(missing, FutureWarning)


def _not_seen(node: Any, inputs: Any, outputs: Any) -> str:
    """What a regular backward hook on a node lacks of a module's gradients, in PyTorch's words, or ""."""
    kept = "Please use register_full_backward_hook to get the documented behavior."
    removed = "is deprecated and will be removed in future versions. This hook will be missing"
    for what, values, grad in (("return", outputs, "grad_output"), ("take as input", inputs, "grad_input")):
        if not (isinstance(values, tuple) and all(isinstance(v, Tensor) for v in values)):
            return f"Using non-full backward hooks on a Module that does not {what} a single Tensor or a tuple of Tensors {removed} some of the {grad}. {kept}"
    nodes = {t.grad_fn for t in outputs if t.grad_fn is not None}
    if not nodes or (len(nodes) == 1 and node not in nodes):
        return f"Using a non-full backward hook when outputs are nested in python data structure {removed} some grad_output."
    if len(nodes) > 1:
        return f"Using a non-full backward hook when outputs are generated by different autograd Nodes {removed} some grad_output. {kept}"
    if {t.grad_fn for t in inputs if t.grad_fn is not None} != {n[0] for n in node.next_functions}:
        return f"Using a non-full backward hook when the forward contains multiple autograd Nodes {removed} some grad_input. {kept}"
    return ""


def _run_forward_pre_hooks(
    module: HooksMixin, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    for hook_id, hook in (*_forward_pre_hooks.items(), *module._forward_pre_hooks.items()):
        if hook_id in module._forward_pre_hooks_with_kwargs:
            replaced = hook(module, args, kwargs)
            if replaced is not None:
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                    )
                args, kwargs = replaced
        else:
            replaced = hook(module, args)
            if replaced is not None:
                args = replaced if isinstance(replaced, tuple) else (replaced,)
    return args, kwargs


def _forward_hooks_of(module: HooksMixin) -> list[tuple[int, Callable[..., Any], bool, bool]]:
    """(id, hook, takes kwargs, called even on an error) of the hooks that follow ``module.forward``."""
    found = [
        (hook_id, hook, hook_id in _forward_hooks_with_kwargs, hook_id in _forward_hooks_always_called)
        for hook_id, hook in _forward_hooks.items()
    ]
    with_kwargs, always = module._forward_hooks_with_kwargs, module._forward_hooks_always_called
    found += [
        (hook_id, hook, hook_id in with_kwargs, hook_id in always) for hook_id, hook in module._forward_hooks.items()
    ]
    return found


class BackwardHookFunction(Function):
    """The identity: a node of the graph at which a module's backward begins or ends."""

    @staticmethod
    def forward(ctx: Any, *args: Tensor) -> tuple[Tensor, ...]:
        ctx.mark_non_differentiable(*[arg for arg in args if not arg.requires_grad])
        return args

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        return grads


def _mark_boundary(tensors: list[Tensor]) -> tuple[Tensor, ...]:
    """``tensors`` again, behind one common node of the graph."""
    marked = BackwardHookFunction.apply(*tensors)
    return marked if isinstance(marked, tuple) else (marked,)


class BackwardHook:
    """One call's full backward hooks: on a node before and one after the module's part of the graph."""

    def __init__(self, module: HooksMixin, user_hooks: list[Callable[..., Any]], user_pre_hooks: list[Callable[..., Any]]) -> None:
        self.module = module
        self.user_hooks = user_hooks
        self.user_pre_hooks = user_pre_hooks
        self.grad_outputs: _Grads | None = None
        self.n_inputs = self.n_outputs = -1
        self.input_positions: list[int] | None = None
        self.output_positions: list[int] | None = None

    def setup_input_hook(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """``args`` behind the node at which the module's backward ends."""
        marked, self.input_positions = self._mark(args, self._leave_backward)
        self.n_inputs = len(args)
        return marked

    def setup_output_hook(self, result: Any) -> Any:
        """``result`` behind the node at which the module's backward begins."""
        results = result if isinstance(result, tuple) else (result,)
        marked, self.output_positions = self._mark(results, self._enter_backward)
        self.n_outputs = len(results)
        return marked if isinstance(result, tuple) else marked[0]

    def _mark(self, values: tuple[Any, ...], hook: Callable[..., Any]) -> tuple[tuple[Any, ...], list[int] | None]:
        positions = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
        tensors: list[Tensor] = [values[i] for i in positions]
        if not (is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)):
            return values, None
        marked = _mark_boundary(tensors)
        node = next(tensor.grad_fn for tensor in marked if tensor.grad_fn is not None)
        node.register_hook(hook)
        filled = list(values)
        for i, tensor in zip(positions, marked, strict=True):
            filled[i] = tensor
        # A named tuple is made again from its fields.
        return (tuple(filled) if type(values) is tuple else type(values)(*filled)), positions

    def _enter_backward(self, _: _Grads, grad_output: _Grads) -> _Grads:
        assert self.output_positions is not None
        self.grad_outputs = _spread(self.output_positions, grad_output, self.n_outputs)
        for user_pre_hook in self.user_pre_hooks:
            replaced = user_pre_hook(self.module, self.grad_outputs)
            if replaced is None:
                continue
            if len(replaced) != len(self.grad_outputs):
                raise RuntimeError(
                    f"Backward pre hook returned an invalid number of grad_output, got {len(replaced)}, "
                    f"but expected {len(self.grad_outputs)}"
                )
            self.grad_outputs = replaced
        outgoing = self.grad_outputs
        if self.input_positions is None:
            self._run_without_inputs()
        return tuple(outgoing[i] for i in self.output_positions)

    def _run_without_inputs(self) -> None:
        warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs "
            "require gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
            "#torch.nn.Module.register_full_backward_hook for more details.",
        )
        nothing = (None,) * self.n_inputs
        for user_hook in self.user_hooks:
            replaced = user_hook(self.module, nothing, self.grad_outputs)
            if replaced is not None and not (isinstance(replaced, tuple) and all(grad is None for grad in replaced)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )
        self.grad_outputs = None

    def _leave_backward(self, grad_input: _Grads, _: _Grads) -> _Grads | None:
        if self.grad_outputs is None:
            # The gradient reached the inputs by another way than through the module's outputs.
            return None
        assert self.input_positions is not None
        grads = _spread(self.input_positions, grad_input, self.n_inputs)
        for user_hook in self.user_hooks:
            replaced = user_hook(self.module, grads, self.grad_outputs)
            if replaced is None:
                continue
            if len(replaced) != len(grads):
                raise RuntimeError(
                    f"Backward hook returned an invalid number of grad_input, got {len(replaced)}, "
                    f"but expected {len(grads)}"
                )
            grads = replaced
        self.grad_outputs = None
        return tuple(grads[i] for i in self.input_positions)


def _spread(positions: list[int], values: _Grads, size: int) -> _Grads:
    spread: list[Tensor | None] = [None] * size
    for i, value in zip(positions, values, strict=True):
        spread[i] = value
    return tuple(spread)
