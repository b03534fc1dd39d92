"""How the functions of CuPy's modules are called: one at a time, in all threads together."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

from simulated_cuda.errors import CudaError
from simulated_cuda.machine import MACHINE

F = TypeVar("F", bound=Callable[..., object])


def told_as(translated: Callable[[CudaError], Exception]) -> Callable[[F], F]:
    """A call of a module, whose own class of errors is made of CUDA's by `translated`."""

    def call(function: F) -> F:
        @functools.wraps(function)
        def called(*args: object, **kwargs: object) -> object:
            with MACHINE.lock:
                try:
                    return function(*args, **kwargs)
                except CudaError as error:
                    raise translated(error) from None

        return called  # type: ignore[return-value]

    return call
