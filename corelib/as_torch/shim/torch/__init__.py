"""PyTorch's name in a process that was started under as_torch: corelib."""

import sys

from corelib.as_torch import install

del sys.modules[__name__]
install()
