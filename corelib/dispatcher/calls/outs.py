"""The `out=` form: a result is checked against the tensor it is to be written into, and written."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from corelib.dispatcher.op import Op
from corelib.graph.grad_mode import grad_mode
from corelib.tensor.dtype import kind_name
from corelib.tensor.promotion import can_cast
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


def store(op: Op, result: Tensor, out: object) -> Tensor:
    """Write an op's result into `out`, which is resized where its shape differs, as PyTorch does."""
    return _store(op.name, op.facts.out == "exact", result, out)


def stored(op: Op, result: Tensor, out: Tensor | None) -> Tensor:
    """An op's result, or `out` with it written in, where one is given."""
    return result if out is None else store(op, result, out)


def _store(name: str, exact: bool, result: Tensor, out: object) -> Tensor:
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if out._requires_grad and grad_mode.enabled:
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    if exact and out._dtype is not result._dtype:
        raise RuntimeError(
            f"{name}(): Expected out tensor to have dtype {result._dtype}, but got {out._dtype} instead"
        )
    if out._dtype is not result._dtype and not can_cast(result._dtype, out._dtype):
        raise RuntimeError(
            f"{name}(): result type {kind_name(result._dtype)} can't be cast to the desired output type {kind_name(out._dtype)}"
        )
    if out._device is not result._device:
        raise RuntimeError(
            f"{name}(): Expected all tensors to be on the same device, but found at least two devices, "
            f"{result._device} and {out._device}!"
        )
    if out._shape != result._shape:
        resize_out(name, out, result._shape)
    out.copy_(result)
    return out


def store_all(name: str, results: Sequence[Tensor], out: object) -> list[Tensor]:
    """Write several results into the tensors of `out`, which must be as many, and of their dtypes."""
    if not isinstance(out, (tuple, list)):
        raise TypeError(f"{name}(): argument 'out' must be tuple of Tensors, not {type(out).__name__}")
    if len(out) != len(results):
        raise TypeError(f"{name}(): argument 'out': expected tuple of {len(results)} elements but got {len(out)}")
    if any(r._requires_grad for r in results):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments "
            "requires grad."
        )
    return [_store(name, True, r, o) for r, o in zip(results, out, strict=True)]


def resize_out(name: str, out: Tensor, shape: Shape) -> None:
    """Give `out` a new shape, with PyTorch's warning where it was not empty."""
    if out._numel:
        warnings.warn(
            f"{name}(): An output with one or more elements was resized since it had shape {list(out._shape)}, which "
            f"does not match the required output shape {list(shape)}. This behavior is deprecated, and in a future "
            "PyTorch release outputs will not be resized unless they have zero elements.",
            UserWarning,
            stacklevel=4,
        )
    out.resize_(shape)
