"""save and load: PyTorch's file format, read and written without PyTorch, and safetensors.

`corelib.save` and `corelib.load` are these; `load` takes only data unless told otherwise. The module `safetensors` has
`save_file` and `load_file`.
"""

from __future__ import annotations

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.serialization import safetensors as safetensors
from corelib.serialization.safe_globals import (
    add_safe_globals as add_safe_globals,
)
from corelib.serialization.safe_globals import (
    clear_safe_globals as clear_safe_globals,
)
from corelib.serialization.safe_globals import (
    get_safe_globals as get_safe_globals,
)
from corelib.serialization.safe_globals import (
    safe_globals as safe_globals,
)
from corelib.serialization.save_load import load as load
from corelib.serialization.save_load import save as save

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "safetensors", "save"]

_paths_below(__name__)
