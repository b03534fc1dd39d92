"""Steps of an optimizer on other parameters and another state than its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from corelib.optim.optimizer import Group, Optimizer, StateDict
from corelib.tensor.tensor import Tensor

__all__ = ["swap_in_optimizer_params_and_state"]

_NAME = "swap_in_optimizer_params_and_state()"


@contextmanager
def swap_in_optimizer_params_and_state(optimizer: Optimizer, swapin_parameters: Mapping[str, Tensor], swapin_optim_state: StateDict) -> Iterator[None]:
    """While it lasts, the optimizer has other parameters, in the order of its own, and the state of a `state_dict()`; then its own again.

    What a step writes into the state's tensors stays in `swapin_optim_state`; what it puts in their place does not. RuntimeError for an optimizer
    without state, and where groups, their options or the number of parameters are others than the optimizer's.

    >>> import corelib as torch
    >>> own, other = torch.ones(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    >>> optimizer = torch.optim.SGD([own], lr=0.5, momentum=0.9)
    >>> own.grad, other.grad = torch.ones(1), torch.ones(1)
    >>> optimizer.step()
    >>> with torch.optim.swap_in_optimizer_params_and_state(optimizer, {"p": other}, optimizer.state_dict()):
    ...     optimizer.step()
    >>> own.tolist(), [round(x, 2) for x in other.tolist()]
    ([0.5], [-0.95])
    """
    if not optimizer.state:
        raise RuntimeError(f"{_NAME}: requires initialized optimizer state; take a step, or load a state dict, first")
    state, groups = _parts(swapin_optim_state, len(optimizer.param_groups))
    numbers = [_numbers_of(i, group, new) for i, (group, new) in enumerate(zip(optimizer.param_groups, groups, strict=True))]
    parameters = list(swapin_parameters.values())
    if sum(map(len, numbers)) > len(parameters):
        raise RuntimeError(f"{_NAME}: the optimizer has {sum(map(len, numbers))} parameters, got {len(parameters)}")
    unknown = set(state) - {number for each in numbers for number in each}
    if unknown:
        raise RuntimeError(f"{_NAME}: swapin_optim_state['state'] has keys that no group's 'params' has: {sorted(unknown, key=str)}")
    own_state, own_groups = optimizer.state, [dict(group) for group in optimizer.param_groups]
    try:
        swapped: defaultdict[Any, Any] = defaultdict(dict)
        rest = iter(parameters)
        for group, new, each in zip(optimizer.param_groups, groups, numbers, strict=True):
            params = [next(rest) for _ in each]
            group.update({**new, "params": params})
            swapped.update({p: dict(state.get(number, {})) for p, number in zip(params, each, strict=True)})
        optimizer.state = swapped
        yield
    finally:
        for group, before in zip(optimizer.param_groups, own_groups, strict=True):
            group.clear()
            group.update(before)
        optimizer.state = own_state


def _parts(given: Any, groups: int) -> tuple[dict[Any, Any], list[Any]]:
    """The state and the groups of a state dict; RuntimeError for what is none."""
    state, params = (given.get("state"), given.get("param_groups")) if isinstance(given, dict) else (None, None)
    if not isinstance(state, dict) or not isinstance(params, list):
        raise RuntimeError(f"{_NAME}: swapin_optim_state must be what optimizer.state_dict() gives: a dict with 'state' and 'param_groups', got {type(given).__name__}")
    if len(params) != groups:
        raise RuntimeError(f"{_NAME}: swapin_optim_state has a different number of parameter groups: {len(params)}, the optimizer has {groups}")
    return state, params


def _numbers_of(i: int, group: Group, new: Any) -> list[int]:
    """The numbers of a group's parameters in a state dict."""
    numbers = new.get("params") if isinstance(new, dict) else None
    if not isinstance(numbers, list) or not all(isinstance(number, int) for number in numbers):
        raise RuntimeError(f"{_NAME}: param_groups[{i}]['params'] must be a list of the numbers that state_dict() gives parameters")
    if len(numbers) != len(group["params"]):
        raise RuntimeError(f"{_NAME}: param group {i} has a different number of params: {len(numbers)}, the optimizer's has {len(group['params'])}")
    if set(new) != set(group):
        raise RuntimeError(f"{_NAME}: param group {i} must have the options of the optimizer's, {sorted(group)}, got {sorted(new)}")
    return numbers
