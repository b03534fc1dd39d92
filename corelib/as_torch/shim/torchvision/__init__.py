"""torchvision's name in a process that was started under as_torch: corelib.vision."""

import sys
from importlib import import_module

from corelib.as_torch import install

del sys.modules[__name__]
install()
import_module(__name__)
