from corelib.tensor.tensor import Tensor as Tensor
from corelib.tensor.dtype import *
from corelib.tensor.device import device
from corelib.tensor.construct import tensor, from_numpy, as_tensor
from corelib import ops
from corelib.ops.creation import *
from corelib.autograd.grad_mode import *
for _n, _e in ops.ENTRIES.items():
    if "torch" in _e.op.on: globals()[_n] = _e
