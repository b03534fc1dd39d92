"""The `out=` form of every function: one rule for what a result may be written into, and how.

All is checked before anything is written: `out` is a tensor (or as many as there are results) outside the graph, on the result's
device, of a dtype that the result's can be cast to (or just its own), and does not share memory with an operand in a way that
`calls.primitive` refuses. One of another shape is resized, with PyTorch's warning unless it was empty, and then lies as the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.as_torch.warned import warn
from corelib.dispatcher.calls.primitive import COPY, apart, refuse_read_only, refuse_repeats, refuse_shared
from corelib.dispatcher.op import Op
from corelib.graph.grad_mode import grad_mode
from corelib.graph.inplace import check_inference
from corelib.tensor import dtype as D
from corelib.tensor.device import DeviceLike, device as Device, resolve
from corelib.tensor.dtype import dtype as DType, kind_name
from corelib.tensor.promotion import can_cast
from corelib.tensor.size import Shape, Strides, is_dense
from corelib.tensor.tensor import Tensor


def store(op: Op, result: Tensor, out: object, *operands: object) -> Tensor:
    """Write an op's result into `out`, by the rule of the op."""
    made: Tensor = write(op.name, result, out, operands, rule_of(op), op.facts.overlap)
    return made


def rule_of(op: Op) -> str:
    """Which dtypes an op's `out=` may have; see `write`."""
    given = op.facts.out
    return given if given in ("exact", "bool", "type") else "safe"


def stored(op: Op, result: Tensor, out: Tensor | None, *operands: object) -> Tensor:
    """An op's result, or `out` with it written in, where one is given."""
    return result if out is None else store(op, result, out, *operands)


def write(
    name: str, results: Any, out: object, operands: Sequence[object] = (), rule: str = "exact", overlap: str = "partial"
) -> Any:
    """Write one result, or several, into `out`, and return it, or the same kind of tuple.

    operands: what was read, lists of tensors included. rule: the dtypes that `out` may have: the "exact" one, any that it can be cast
    to ("safe"; "type", where another is a TypeError), "bool" or uint8, or "any". overlap: see `dispatcher.declare.op`.
    """
    if isinstance(results, Tensor):
        _check(name, results, out, operands, rule, overlap)
        return _place(name, results, out)
    if not isinstance(out, (tuple, list)):
        raise TypeError(f"{name}(): argument 'out' must be tuple of Tensors, not {type(out).__name__}")
    if len(out) != len(results):
        raise TypeError(f"{name}(): argument 'out': expected tuple of {len(results)} elements but got {len(out)}")
    for r, o in zip(results, out, strict=True):
        _check(name, r, o, operands, rule, overlap)
    made = [_place(name, r, o) for r, o in zip(results, out, strict=True)]
    return tuple(made) if type(results) is tuple else type(results)(*made)


def _check(name: str, result: Tensor, out: object, operands: Sequence[object], rule: str, overlap: str) -> None:
    """Raise what there is to be said against writing a result into `out`."""
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if (out._requires_grad or result._requires_grad) and grad_mode.enabled:
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    if out.is_inference():
        check_inference(name, out)
    if rule == "exact" and out._dtype is not result._dtype:
        raise RuntimeError(f"{name}(): Expected out tensor to have dtype {result._dtype}, but got {out._dtype} instead")
    if rule == "bool" and out._dtype not in (D.bool, D.uint8):
        raise RuntimeError(f"{name}(): {name} only supports bool tensor for result, got: {kind_name(out._dtype)}; uint8 is accepted too")
    if rule in ("safe", "type") and out._dtype is not result._dtype and not can_cast(result._dtype, out._dtype):
        raise (RuntimeError if rule == "safe" else TypeError)(
            f"{name}(): result type {kind_name(result._dtype)} can't be cast to the desired output type {kind_name(out._dtype)}"
        )
    if out._device is not result._device:
        raise RuntimeError(
            f"{name}(): Expected all tensors to be on the same device, but found at least two devices, "
            f"{result._device} and {out._device}!"
        )
    if overlap == "unchecked":
        return
    if overlap == "apart":  # looked at before it is resized
        refuse_repeats(name, out)
    if out._storage is not None and out._shape != result._shape:  # it is resized to these elements, if its memory is enough
        if (out._offset + result._numel) * out._dtype.itemsize > out._storage._nbytes:
            return
        out = out._as_view(result._shape, None, out._offset, result._numel)
    else:
        refuse_read_only(name, out)
        refuse_repeats(name, out)
    refuse_shared(name, out, operands, overlap)
    for x in operands:
        if isinstance(x, (tuple, list)):
            refuse_shared(name, out, x, overlap)


def created(name: str, made: Tensor, out: object, keeps_shape: bool = False, overlap: str = "itself") -> Tensor:
    """Write what a function without operands made into `out`, which is resized without a warning.

    keeps_shape: one of another shape with as many elements is filled as it is.
    """
    if keeps_shape and isinstance(out, Tensor) and out._numel == made._numel:
        made = made.view(out._shape)
    _check(name, made, out, (), "any", overlap)
    if isinstance(out, Tensor) and out._shape != made._shape and name != "arange":  # whose resizing PyTorch warns of
        out.resize_(made._shape)
    return _place(name, made, out)


def of_out(name: str, out: object, dtype: DType | None, device: DeviceLike) -> tuple[DType, Device]:
    """The dtype and device of what is made for `out`: its own. RuntimeError where others are asked for."""
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if dtype is not None and dtype is not out._dtype:
        raise RuntimeError(f"{name}(): dtype {dtype} does not match dtype of out parameter ({out._dtype})")
    if device is not None and resolve(device) is not out._device:
        raise RuntimeError(f"{name}(): device {resolve(device)} does not match device of out parameter ({out._device})")
    return out._dtype, out._device


def _place(name: str, result: Tensor, out: Any) -> Tensor:
    if out._shape != result._shape:
        resize_out(name, out, result._shape, result._strides if result._strides is None or is_dense(result._shape, result._strides) else None)
    COPY.value(out, apart(out, result))
    out._bump()
    written: Tensor = out
    return written


def resize_out(name: str, out: Tensor, shape: Shape, strides: Strides | None = None) -> None:
    """Give `out` a new shape and dense strides, with PyTorch's warning where it was not empty."""
    if out._numel:
        warn(
            f"{name}(): An output with one or more elements was resized since it had shape {list(out._shape)}, which "
            f"does not match the required output shape {list(shape)}. This behavior is deprecated, and in a future "
            "PyTorch release outputs will not be resized unless they have zero elements.",
            UserWarning,
        )
    out.resize_(shape)
    if out._strides != strides:
        out._strides, out._native = strides, None
