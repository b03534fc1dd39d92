"""`torch.version`: PyTorch's version, and what it was built with: none of PyTorch's own devices."""

from __future__ import annotations

from corelib.as_torch.versions import __version__ as __version__
from corelib.version import cuda as cuda, cudnn as cudnn, debug as debug, git_version as git_version, hip as hip, rocm as rocm, xpu as xpu

__all__ = ["__version__", "cuda", "debug", "git_version", "hip", "rocm", "xpu"]
