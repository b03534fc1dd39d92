"""torch.fft: discrete Fourier transforms and what belongs to them. Nothing is computed here: every name is a function of the op table that says
`fft` where it is declared.
"""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.ops import namespace

globals().update(namespace("fft"))
__all__ = [*namespace("fft")]

_paths_below(__name__)
