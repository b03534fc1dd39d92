"""torchvision's data sets (read from generated files), transforms and picture utilities, of arrays; no models."""

from torchvision import datasets, models, transforms, utils

__version__ = "0.28.0"
