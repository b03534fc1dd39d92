"""What an error is told of the layer that raised it: a traceback shows it under the error, whose own text stays PyTorch's."""

from __future__ import annotations

from typing import Any

from corelib.tensor.tensor import Tensor

TOLD = (RuntimeError, ValueError, TypeError, IndexError)
"""Errors of what a layer was given."""


def tell_layer(error: Exception, owner: Any, name: str, layer: Any, given: Any) -> None:
    """Add to an error which layer of `owner` raised it, and the shape of what that was given.

    >>> import corelib as torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(4, 1))
    >>> try:
    ...     model(torch.ones(5, 2))
    ... except RuntimeError as error:
    ...     print(error.__notes__[0])
    In layer 1 of Sequential, Linear(in_features=4, out_features=1, bias=True), which was given a tensor of shape [5, 3]
    """
    extra = "..." if layer._modules else layer.extra_repr()
    shape = f", which was given a tensor of shape {list(given.shape)}" if isinstance(given, Tensor) else ""
    error.add_note(f"In layer {name} of {owner._get_name()}, {layer._get_name()}({extra}){shape}")
