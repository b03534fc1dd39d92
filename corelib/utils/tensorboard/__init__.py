"""Records for tensorboard, as torch.utils.tensorboard; needs the tensorboard package: `pip install "corelib[tensorboard]"`."""

from corelib.utils.tensorboard.protocol import check as _check
from corelib.utils.tensorboard.writer import FileWriter as FileWriter, SummaryWriter as SummaryWriter

__all__ = ["FileWriter", "SummaryWriter"]

_check()
