"""`torchvision.version`: the torchvision whose names and semantics these are, and corelib's version."""

from __future__ import annotations

from corelib.version import __version__ as _corelib, cuda as cuda, git_version as git_version

TORCHVISION = "0.28.0"
"""The torchvision whose names and semantics these are."""
__version__ = f"{TORCHVISION}+corelib.{_corelib}"
