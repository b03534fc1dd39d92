"""Modules made without drawing their initial values, and convolutions' weights laid out anew."""

from __future__ import annotations

import inspect
from typing import Any

from corelib.nn.conv import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d
from corelib.nn.module import Module

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format", "skip_init"]


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """A module whose parameters are allocated and not initialized. RuntimeError unless its class takes a ``device``.

    >>> import corelib as torch
    >>> torch.nn.utils.skip_init(torch.nn.Linear, 5, 1)
    Linear(in_features=5, out_features=1, bias=True)
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    device = kwargs.pop("device", "cpu")
    return module_cls(*args, **kwargs, device="meta").to_empty(device=device)


def _converted(module: Module, kinds: Any, memory_format: Any) -> Module:
    for child in module.modules():
        if isinstance(child, kinds):
            weight: Any = child.weight
            weight.data = weight.detach().clone(memory_format=memory_format)
    return module


def convert_conv2d_weight_memory_format(module: Module, memory_format: Any) -> Module:
    """Lay out the weights of all Conv2d and ConvTranspose2d in a memory format; in place."""
    return _converted(module, (Conv2d, ConvTranspose2d), memory_format)


def convert_conv3d_weight_memory_format(module: Module, memory_format: Any) -> Module:
    """Lay out the weights of all Conv3d and ConvTranspose3d in a memory format; in place."""
    return _converted(module, (Conv3d, ConvTranspose3d), memory_format)
