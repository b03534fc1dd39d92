"""torch.autograd.grad_mode: whether operations are recorded. The switches themselves are in `corelib.graph.grad_mode`."""

from corelib.dispatcher.inference import inference_mode as inference_mode
from corelib.graph.grad_mode import enable_grad as enable_grad, no_grad as no_grad, set_grad_enabled as set_grad_enabled
