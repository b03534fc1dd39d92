"""torchvision 0.28.0 beside PyTorch's CPU build: `from .beside import torchvision`."""

from __future__ import annotations

from . import operators  # isort: skip  # torchvision asks for them when it is imported
import torchvision
from torchvision.transforms import v2

__all__ = ["operators", "torchvision", "v2"]
