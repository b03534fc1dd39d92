"""The options of LinearCrossEntropyLoss, where PyTorch has them. Their class is declared beside the op that reads them."""

from corelib.ops.linear_losses import LinearCrossEntropyOptions

__all__ = ["LinearCrossEntropyOptions"]

LinearCrossEntropyOptions.__module__ = __name__  # what is printed and pickled is the public path
