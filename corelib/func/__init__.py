"""torch.func: functions of functions. Gradients, products with Jacobians, whole Jacobians, and functions of one sample mapped over many.

They are made of the graph that autograd records, so they nest, and go with `backward` and with each other, without levels of their own.
"""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.func.gradients import debug_unwrap as debug_unwrap, functionalize as functionalize, grad as grad, grad_and_value as grad_and_value, vjp as vjp
from corelib.func.jacobians import hessian as hessian, jacfwd as jacfwd, jacrev as jacrev, jvp as jvp, linearize as linearize
from corelib.func.mapping import vmap as vmap
from corelib.func.modules import (
    functional_call as functional_call, replace_all_batch_norm_modules_ as replace_all_batch_norm_modules_, stack_module_state as stack_module_state,
)
from corelib.func.rearranging import rearrange as rearrange

__all__ = [
    "debug_unwrap", "functional_call", "functionalize", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "rearrange",
    "replace_all_batch_norm_modules_", "stack_module_state", "vjp", "vmap",
]  # fmt: skip

_paths_below(__name__)
