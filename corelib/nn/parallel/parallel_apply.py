"""Modules that run at the same time, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from corelib.graph.grad_mode import is_grad_enabled, set_grad_enabled
from corelib.nn.parallel.comm import DeviceId
from corelib.tensor.tensor import Tensor

__all__ = ["get_a_var", "parallel_apply"]


def get_a_var(obj: Any) -> Tensor | None:
    """The first tensor in nested lists, tuples and dicts; None where there is none."""
    if isinstance(obj, Tensor):
        return obj
    items = obj if isinstance(obj, (list, tuple)) else obj.items() if isinstance(obj, dict) else ()
    return next((found for found in map(get_a_var, items) if found is not None), None)


def parallel_apply(
    modules: Sequence[Callable[..., Any]], inputs: Sequence[Any], kwargs_tup: Sequence[dict[str, Any]] | None = None,
    devices: Sequence[DeviceId | None] | None = None,
) -> list[Any]:
    """What each module makes of its inputs (a tuple of arguments, or one argument) and keyword arguments, in threads.

    Recording is on in the threads as it is in the caller's. The first error of a module is raised, with the replica's number.
    ValueError for lists of different lengths.

    >>> import corelib as torch
    >>> torch.nn.parallel.parallel_apply([torch.nn.ReLU(), torch.nn.Identity()], [torch.tensor([-1.]), torch.tensor([-1.])])
    [tensor([0.]), tensor([-1.])]
    """
    kwargs_tup = [{}] * len(modules) if kwargs_tup is None else kwargs_tup
    places: Sequence[DeviceId | None] = [None] * len(modules) if devices is None else devices
    for what, given in (("inputs", inputs), ("kwargs", kwargs_tup), ("devices", places)):
        if len(given) != len(modules):
            raise ValueError(f"parallel_apply(): The number of modules {len(modules)} is not equal to the number of {what} {len(given)}")
    results: list[Any] = [None] * len(modules)
    errors: dict[int, Exception] = {}
    recording = is_grad_enabled()

    def work(i: int) -> None:
        given = inputs[i] if isinstance(inputs[i], (list, tuple)) else (inputs[i],)
        try:
            with set_grad_enabled(recording):
                results[i] = modules[i](*given, **kwargs_tup[i])
        except Exception as error:
            errors[i] = error

    if len(modules) == 1:
        work(0)
    else:
        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(modules))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for i, error in sorted(errors.items()):
        where = "" if places[i] is None else f" on device {places[i]}"
        error.add_note(f"in replica {i}{where}")
        raise error
    return results
