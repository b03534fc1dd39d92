"""The host's array module, NumPy, imported when first used: `import corelib` must not pay for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from corelib.as_torch.finder import LOADING


class _LazyNumPy:
    """Stands in for the module `numpy`; each attribute is kept after its first use."""

    def __getattr__(self, name: str) -> Any:
        with LOADING:  # NumPy's own parts import each other, and do not bear two threads that begin at once
            import numpy  # start-up: half of what `import corelib` would cost

        value = getattr(numpy, name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:
    import numpy as np
else:
    np = _LazyNumPy()

HostArray: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"
"""A NumPy array of any shape and dtype."""
HostDType: TypeAlias = "np.dtype[Any]"
"""A dtype of NumPy's."""

__all__ = ["HostArray", "HostDType", "np"]
