"""PyTorch's `torch.utils`: here the data package under its PyTorch name."""

from corelib.utils import data as data
