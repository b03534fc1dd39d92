"""torch.nn.functional: the ops that neural networks call, under PyTorch's names. Nothing is computed here: every name is a
function of the op table that says `nn.functional` where it is declared.
"""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.nn.linear_losses import linear_cross_entropy as linear_cross_entropy
from corelib.ops import namespace

globals().update(namespace("nn.functional"))
__all__ = [*namespace("nn.functional")]

_paths_below(__name__)
