"""Modules as functions of their parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from corelib.nn.modules.batchnorm import _BatchNorm
from corelib.nn.modules.module import Module
from corelib.nn.utils import stateless
from corelib.ops.shape.joining import stack
from corelib.tensor.tensor import Tensor

def functional_call(
    module: Module, parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]], args: Any = None,
    kwargs: dict[str, Any] | None = None, *, tie_weights: bool = True, strict: bool = False,
) -> Any:
    """Call a module with other tensors in place of its parameters and buffers, given by name in one dictionary or several.

    tie_weights: one tensor for all names of what the module has under several. strict: RuntimeError unless the names are just the
    module's. ValueError if two dictionaries have a name in common, or tied names get different tensors. What the module does to a
    tensor in place is seen in the dictionary.

    >>> import corelib as torch
    >>> net = torch.nn.Linear(2, 1, bias=False)
    >>> torch.func.functional_call(net, {"weight": torch.ones(1, 2)}, torch.tensor([2., 3.]))
    tensor([5.])
    """
    if isinstance(parameter_and_buffer_dicts, dict):
        given = parameter_and_buffer_dicts
    elif isinstance(parameter_and_buffer_dicts, Sequence):
        if not all(isinstance(d, dict) for d in parameter_and_buffer_dicts):
            raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
        repeated = [key for key, n in Counter(k for d in parameter_and_buffer_dicts for k in d).items() if n > 1]
        if repeated:
            raise ValueError(f"{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous")
        given = {k: v for d in parameter_and_buffer_dicts for k, v in d.items()}
    else:
        raise ValueError(f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(parameter_and_buffer_dicts)}")
    return stateless.call(module, given, args, kwargs, tie_weights, strict)


def _stacked(tensors: list[Tensor], name: str) -> Tensor:
    needs = {t.requires_grad for t in tensors}
    if len(needs) > 1:
        raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
    made = stack(tensors)
    return made.detach().requires_grad_() if needs == {True} else made


def stack_module_state(models: Iterable[Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of several models of one class, stacked by name along a new first dimension.

    >>> import corelib as torch
    >>> torch.func.stack_module_state([torch.nn.Linear(2, 3) for _ in range(4)])[0]["weight"].shape
    torch.Size([4, 3, 2])
    """
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({m.training for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if len({type(m) for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    parameters, buffers = [dict(m.named_parameters()) for m in models], [dict(m.named_buffers()) for m in models]
    return (
        {name: _stacked([p[name] for p in parameters], name) for name in parameters[0]},
        {name: _stacked([b[name] for b in buffers], name) for name in buffers[0]},
    )


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Let all batch norms in a module do without running statistics, so that they change nothing when they are called; the module is returned.

    >>> import corelib as torch
    >>> torch.func.replace_all_batch_norm_modules_(torch.nn.Sequential(torch.nn.BatchNorm1d(2)))[0].running_mean is None
    True
    """
    for module in root.modules():
        if isinstance(module, _BatchNorm) and module.track_running_stats:
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root
