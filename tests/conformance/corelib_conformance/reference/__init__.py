"""The reference: NumPy in float64, with a bound on what a correct device may differ, element by element.

It is a backend like any other, device type `reference`, registered by `here()`; so every op, its body and its derivatives run
on it as the op table has them, from the primitives alone. What it gives for a sample is a value and a bound for each element.
"""

from __future__ import annotations

from typing import Any

_registration: Any = None


def here() -> str:
    """The name of the reference device; the first call registers it."""
    global _registration
    if _registration is None:
        import corelib
        from corelib_conformance.reference.backend import ReferenceBackend

        _registration = corelib.backends.register(ReferenceBackend())
    return "reference"


def value_and_bound(tensor: Any) -> tuple[Any, Any]:
    """The exact values of a tensor of the reference device, and for each how far a correct device may be from it."""
    tensor = tensor.detach()
    if tensor.device.type != "reference":  # what a program has moved to the host itself
        array = tensor.numpy()
        return array.astype("float64" if tensor.is_floating_point() else "int64"), 0.0 * array.astype("float64")
    native = tensor._array()
    return native.value, native.error
