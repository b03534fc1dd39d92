"""torch.linalg: linear algebra: factorizations, solvers, norms and products. Nothing is computed here: every name is a function of the op table that says
`linalg` where it is declared.
"""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.ops import namespace

globals().update(namespace("linalg"))
__all__ = [*namespace("linalg")]

_paths_below(__name__)
