"""torch.autograd.grad_mode: whether operations are recorded. The switches themselves are in `corelib.graph.grad_mode`."""

from corelib.dispatcher.inference import inference_mode as inference_mode
from corelib.graph.grad_mode import (
    _force_original_view_tracking as _force_original_view_tracking, enable_grad as enable_grad,
    enforce_grad_layout_policy as enforce_grad_layout_policy, no_grad as no_grad, set_grad_enabled as set_grad_enabled,
    set_multithreading_enabled as set_multithreading_enabled,
)
