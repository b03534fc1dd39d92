"""Automatic mixed precision, as torch.amp: `autocast` chooses the dtype that each op runs in, `GradScaler` keeps small gradients from vanishing."""

from corelib.amp import autocast_mode as autocast_mode, grad_scaler as grad_scaler
from corelib.amp.autocast_mode import (
    autocast as autocast, custom_bwd as custom_bwd, custom_fwd as custom_fwd,
    is_autocast_available as is_autocast_available,
)
from corelib.amp.grad_scaler import GradScaler as GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
