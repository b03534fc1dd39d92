"""`corelib.data` under its PyTorch name, `torch.utils.data`."""

from corelib.data import *  # noqa: F403
from corelib.data import collate as _collate, dataset as dataset, sampler as sampler  # noqa: F401
