"""`torch.version`: PyTorch's version, and what it was built with: none of PyTorch's own devices."""

from __future__ import annotations

from corelib.as_torch.versions import __version__ as __version__

__all__ = ["__version__", "cuda", "debug", "git_version", "hip", "rocm", "xpu"]

debug = False
cuda: str | None = None
cudnn: str | None = None
hip: str | None = None
rocm: str | None = None
xpu: str | None = None
git_version = "unknown"
