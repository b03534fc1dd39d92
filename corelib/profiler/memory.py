"""What memory a profile sees come and go: the bytes of new results, and those of memory that nobody holds any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

from corelib.tensor.tensor import Tensor


class MemoryWatch:
    """Knows the memory of tensors that ops have made while a profile is taken, and calls `freed(bytes, on_host)` when some is given back."""

    def __init__(self, freed: Callable[[int, bool], None]) -> None:
        self._freed = freed
        self._known: dict[int, ref[Any]] = {}
        self.allocated = 0
        """Bytes that they take."""

    def take(self, t: Tensor) -> int:
        """Know the memory of a tensor from now on; its bytes, 0 for what is known already."""
        owner = _owner(t)
        if owner is None or id(owner) in self._known:
            return 0
        nbytes = int(owner.nbytes() if callable(owner.nbytes) else owner.nbytes)
        if not nbytes:
            return 0
        key, host = id(owner), t._device.type == "cpu"

        def gone(_: Any) -> None:
            if self._known.pop(key, None) is not None:
                self.allocated -= nbytes
                self._freed(nbytes, host)

        self._known[key] = ref(owner, gone)
        self.allocated += nbytes
        return nbytes

    def end(self) -> None:
        """Forget everything."""
        self._known.clear()


def _owner(t: Tensor) -> Any:
    """The object with which a tensor's memory goes: the host array of a small tensor, else its storage."""
    storage = t._storage
    held = t._native if storage is None else storage._raw
    while held is not None and hasattr(held, "__array_interface__"):
        base = getattr(held, "base", None)
        if base is None or not hasattr(base, "__array_interface__"):
            break
        held = base
    if held is not None and hasattr(held, "__array_interface__") and getattr(storage, "_lease", None) is None:
        return held
    return storage
