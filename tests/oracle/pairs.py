"""One thing done with corelib and then with PyTorch, and how the two things that come of it are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

import corelib

from .harness import quiet as quiet

LIBRARIES = (corelib, torch)


def both(make: Callable[[Any], Any]) -> list[Any]:
    """What `make(T)` gives with corelib, and what it gives with PyTorch."""
    return [make(T) for T in LIBRARIES]


def both_seeded(seed: int, make: Callable[[Any], Any]) -> list[Any]:
    """As `both`, each library started at the same seed."""

    def seeded(T: Any) -> Any:
        T.manual_seed(seed)
        return make(T)

    return both(seeded)


def errors_of(call: Callable[[Any], Any]) -> list[Exception]:
    """What each library raises for an ill-formed call."""
    errors: list[Exception] = []
    for T in LIBRARIES:
        with quiet(), pytest.raises(Exception) as caught:
            call(T)
        errors.append(caught.value)
    return errors


def refusals_of(call: Callable[[Any], Any]) -> list[str]:
    """What each library says to an ill-formed call, once both have raised an error of the same type."""
    mine, theirs = errors_of(call)
    assert type(mine) is type(theirs), [mine, theirs]
    return [str(mine), str(theirs)]


def tensors(T: Any, *shapes: tuple[int, ...], seed: int = 3, grad: bool = True, dtype: Any = np.float32) -> list[Any]:
    """Leaves with the same normal numbers in either library."""
    rng = np.random.default_rng(seed)
    return [T.from_numpy(rng.standard_normal(s).astype(dtype)).requires_grad_(grad) for s in shapes]


def leaves(value: Any) -> list[Any]:
    """What stands in a nest of tuples and lists, None left out."""
    if isinstance(value, (tuple, list)):
        return [leaf for v in value for leaf in leaves(v)]
    return [] if value is None else [value]


def as_array(tensor: Any) -> np.ndarray[Any, Any]:
    return np.asarray(tensor.detach().resolve_conj().resolve_neg().cpu().numpy())


def host_array(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """The elements of one of PyTorch's tensors in NumPy's type of the same dtype, bfloat16 too."""
    if tensor.dtype is torch.bfloat16:
        return tensor.detach().contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return tensor.detach().numpy()


def assert_close(ours: Any, theirs: Any, what: str = "", rtol: float = 2e-5, atol: float = 2e-6) -> None:
    """Two tensors of one dtype and one shape, whose numbers are near one another."""
    assert str(ours.dtype) == str(theirs.dtype), what
    assert tuple(ours.shape) == tuple(theirs.shape), what
    np.testing.assert_allclose(as_array(ours), as_array(theirs), rtol=rtol, atol=atol, err_msg=what)


def assert_arrays_close(ours: Iterable[Any], theirs: Iterable[Any], rtol: float, atol: float = 0.0) -> None:
    """As many arrays or lists of numbers on one side as on the other, each near its partner."""
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=rtol, atol=atol)
