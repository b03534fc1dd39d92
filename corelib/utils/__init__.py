"""PyTorch's `torch.utils`: here the data package under its PyTorch name, and what deterministic mode does."""

from corelib.utils import data as data, deterministic as deterministic

deterministic.__class__ = deterministic.Setting
