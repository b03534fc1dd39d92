"""The version of this core, for the face, the command and the plugins; and what PyTorch was built with, which is none of its own devices."""

__version__ = "0.1.0"
debug = False
cuda: str | None = None
cudnn: str | None = None
hip: str | None = None
rocm: str | None = None
xpu: str | None = None
git_version = "unknown"
