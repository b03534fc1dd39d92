"""torch.cuda.amp."""

from corelib.amp.autocast_mode import amp_definitely_not_available as amp_definitely_not_available
from corelib.amp.by_device import names_of

globals().update(names_of("cuda"))
__all__ = ["GradScaler", "amp_definitely_not_available", "autocast", "custom_bwd", "custom_fwd"]  # noqa: F822  # filled above
