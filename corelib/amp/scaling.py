"""The two computations of gradient scaling, on the gradients' devices and without waiting for them."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.graph.grad_mode import no_grad
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor


def _amp_foreach_non_finite_check_and_unscale_(self: Sequence[Tensor], found_inf: Tensor, inv_scale: Tensor) -> None:
    """Multiply tensors by `inv_scale` in place, and set `found_inf` to 1 where one of their elements is infinite or NaN.

    found_inf, inv_scale: float32 tensors of one element, on the tensors' device.
    """
    for name, t in (("inv_scale", inv_scale), ("found_inf", found_inf)):
        if t.numel() != 1 or t.dtype is not D.float32:
            raise RuntimeError(f"_amp_foreach_non_finite_check_and_unscale_(): {name} must be a float32 tensor of 1 element, got {t.dtype}, {list(t.shape)}")
    with no_grad():
        for g in self:
            if not g.is_floating_point():
                raise RuntimeError(f"_amp_foreach_non_finite_check_and_unscale_(): tensors must be floating-point, got {g.dtype}")
            infinite = g.isfinite().all().logical_not().to(D.float32)
            found_inf.copy_(found_inf.maximum(infinite.reshape(found_inf.shape)))
            g.copy_(g.to(D.float32) * inv_scale if g.dtype.itemsize < 4 else g * inv_scale)


def _amp_update_scale_(
    self: Tensor, growth_tracker: Tensor, found_inf: Tensor, scale_growth_factor: float, scale_backoff_factor: float, growth_interval: int
) -> Tensor:
    """Change a scale in place: backed off where `found_inf` is not zero, grown after `growth_interval` calls in a row without, while it stays finite.

    self, found_inf: float32 tensors of one element. growth_tracker: an int32 one that counts those calls.
    """
    for name, t, dtype in (("growth_tracker", growth_tracker, D.int32), ("current_scale", self, D.float32), ("found_inf", found_inf, D.float32)):
        if t.numel() != 1 or t.dtype is not dtype:
            raise RuntimeError(f"_amp_update_scale_(): {name} must be a tensor of 1 element and {dtype}, got {t.dtype}, {list(t.shape)}")
    with no_grad():
        found = found_inf != 0
        count = growth_tracker + 1
        full = count == growth_interval
        grown = (self.to(D.float64) * scale_growth_factor).to(D.float32)
        grows = full & grown.isfinite() & ~found
        backed = (self.to(D.float64) * scale_backoff_factor).to(D.float32)
        self.copy_(backed.where(found, grown.where(grows, self)))
        growth_tracker.copy_(count.masked_fill(full | found, 0))
    return self
