"""PyTorch's `torch.utils`: here the data package under its PyTorch name, what deterministic mode does, and DLPack's capsules."""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.utils import data as data, deterministic as deterministic, dlpack as dlpack
from corelib.utils.swapping import set_module as set_module, swap_tensors as swap_tensors

deterministic.__class__ = deterministic.Setting

_paths_below(__name__)
