"""What `inference_mode` leaves on the tensors made inside it: a mode of the dispatcher that marks them."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.modes import Mode
from corelib.tensor.tensor import Tensor


class MarkInference(Mode):
    """Marks every new tensor; a view of a normal tensor stays normal, as in PyTorch."""

    def dispatch(self, op: Any, call: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the op and mark what it made."""
        made = call(*args, **kwargs)
        for t in made if isinstance(made, tuple) else (made,):
            if isinstance(t, Tensor) and not any(t is a for a in args):
                t._inference = t._base is None or t._base._inference
        return made
