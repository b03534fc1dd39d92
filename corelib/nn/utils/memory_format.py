"""Convolutions' weights laid out anew."""

from __future__ import annotations

from corelib.nn.modules.conv import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d
from corelib.nn.modules.module import Module
from corelib.tensor.layout import memory_format as MemoryFormat

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]


def _converted(module: Module, kinds: tuple[type[Module], ...], memory_format: MemoryFormat) -> Module:
    for child in module.modules():
        if isinstance(child, kinds):
            weight = child.weight
            weight.data = weight.detach().clone(memory_format=memory_format)
    return module


def convert_conv2d_weight_memory_format(module: Module, memory_format: MemoryFormat) -> Module:
    """Lay out the weights of all Conv2d and ConvTranspose2d in a memory format; in place."""
    return _converted(module, (Conv2d, ConvTranspose2d), memory_format)


def convert_conv3d_weight_memory_format(module: Module, memory_format: MemoryFormat) -> Module:
    """Lay out the weights of all Conv3d and ConvTranspose3d in a memory format; in place."""
    return _converted(module, (Conv3d, ConvTranspose3d), memory_format)
