"""torch.special: special functions, elementwise. Nothing is computed here: every name is a function of the op table that says
`special` where it is declared.
"""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.ops import namespace

globals().update(namespace("special"))
__all__ = [*namespace("special")]

_paths_below(__name__)
