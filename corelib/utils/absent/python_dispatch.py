"""torch.utils._python_dispatch: modes and classes with `__torch_dispatch__`, which corelib does not have, and what to use."""

from __future__ import annotations

from typing import Any, NoReturn


class TorchDispatchMode:
    """In PyTorch a mode that sees every op below autograd, by its C++ name. NotImplementedError: here `torch.overrides.TorchFunctionMode` sees every
    function that a program calls, and `corelib.dispatcher.Mode` every op that runs."""

    def __init__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(
            f"{type(self).__name__}: corelib has no __torch_dispatch__. Wrong: class M(TorchDispatchMode). Right: class M(torch.overrides.TorchFunctionMode) with "
            "__torch_function__(self, func, types, args=(), kwargs=None), which sees every function that is called, or class M(corelib.dispatcher.Mode) with "
            "dispatch(self, op, call, args, kwargs), which sees every op that runs"
        )


def is_traceable_wrapper_subclass(t: object) -> bool:
    """False: no tensor is a wrapper with a `__torch_dispatch__`."""
    return False


def _get_current_dispatch_mode() -> None:
    """None: no such mode can be entered."""


def _get_current_dispatch_mode_stack() -> list[Any]:
    """None of them: no such mode can be entered."""
    return []
