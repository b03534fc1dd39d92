"""torch.cpu.amp."""

from corelib.amp.by_device import names_of

globals().update(names_of("cpu"))
__all__ = ["GradScaler", "autocast"]  # noqa: F822  # filled above
