"""Padding: more places at the ends of dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from corelib.dispatcher.calls.elementwise import fitting_number
from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.ops.construction.creation import tabulated
from corelib.ops.conversion.copying import copy_elements
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.shape.permutation import in_format_of
from corelib.tensor.dtype import Number, int64
from corelib.tensor.size import LEAST, SMALL, Shape
from corelib.tensor.tensor import Tensor

Pads: TypeAlias = Sequence[tuple[int, int]]
"""For each dimension, how many places are added before and behind it."""


def _cut(x: Tensor, pads: Pads) -> Tensor:
    """The inverse of padding: the middle that remains when `pads` (begin, end for each dimension) go."""
    for d, (a, b) in enumerate(pads):
        if a > 0 or b > 0:
            a, b = (a if a > 0 else 0), (b if b > 0 else 0)
            x = x.narrow(d, a, x._shape[d] - a - b)
    return x


def _pad_backward(g: Tensor, pads: Pads) -> Tensor:
    kept = _cut(g, pads)
    if all(a >= 0 and b >= 0 for a, b in pads):
        return kept
    return constant_pad(kept, tuple((-a if a < 0 else 0, -b if b < 0 else 0) for a, b in pads), 0.0)


def _padded_shape(input: Tensor, pads: Pads) -> Shape:
    return tuple([n + a + b for n, (a, b) in zip(input._shape, pads, strict=True)])


def _infer_pad(input: Tensor, pads: Pads, value: Number) -> Inferred:
    shape = _padded_shape(input, pads)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"pad(): The input size {list(input._shape)}, plus negative padding {pads}, resulted in a negative output size {list(shape)}, which is invalid.")
    for d, (n, (a, b)) in enumerate(zip(input._shape, pads, strict=True)):
        if n + min(a, 0) + min(b, 0) < 0:
            raise RuntimeError(f"pad(): length must be non-negative: padding {(a, b)} cuts more than the {n} places of dimension {d} off")
    if type(value) is int and not LEAST < value < SMALL:
        value = float(value)  # as which PyTorch takes it
    return (shape, input._dtype), (input, pads, fitting_number("pad", value, input._dtype))


@op(on=(), infer=_infer_pad, grad_name="ConstantPadNdBackward0", vjp=_pad_backward)
def constant_pad(input: Tensor, pads: Pads, value: Number) -> Tensor:
    """Places of one value before and behind each dimension; negative numbers cut places off."""
    made = input.new_full(_padded_shape(input, pads), value)
    source = _cut(input, tuple((-a, -b) for a, b in pads))
    target = _cut(made, pads)
    copy_elements(target, source)
    return made


def zero_pad(input: Tensor, padding: Sequence[int]) -> Tensor:
    """Zeros on both sides of the spatial dimensions (those after the first two)."""
    if not any(padding):
        return input
    return constant_pad(input, ((0, 0), (0, 0), *[(p, p) for p in padding]), 0.0)


@op(on=("nn.functional",))
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: Number | None = None) -> Tensor:
    """Places added at the ends of the last dimensions: `pad` is (begin, end) of the last, then of the one before, ...

    mode: "constant" (with `value`, default 0), "reflect", "replicate" or "circular". Negative numbers cut places off.

    >>> import corelib as torch
    >>> torch.nn.functional.pad(torch.tensor([1, 2]), (1, 1))
    tensor([0, 1, 2, 0])
    """
    sizes = tuple(int(p) for p in pad)
    ndim = len(input._shape)
    if len(sizes) % 2:
        raise RuntimeError(f"pad(): Padding length must be divisible by 2, got {list(sizes)}")
    if len(sizes) > 2 * ndim:
        raise RuntimeError(f"pad(): Padding length should be less than or equal to two times the input dimension but got padding length {len(sizes)} and input of dimension {ndim}")
    pads = [(0, 0)] * ndim
    for i in range(len(sizes) // 2):
        pads[ndim - 1 - i] = (sizes[2 * i], sizes[2 * i + 1])
    if mode == "constant":
        return in_format_of(input, constant_pad(input, tuple(pads), 0 if value is None else value))
    if value not in (None, 0):
        raise ValueError(f"pad(): Padding mode '{mode}' doesn't take in value argument, got {value}")
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"pad(): Unrecognised padding mode {mode!r}; accepted are constant, reflect, replicate and circular")
    if input._dtype.name == "bool" and mode != "circular":
        raise NotImplementedError(f"pad(): mode {mode!r} is not implemented for 'Bool'; numbers are accepted")
    spatial = len(sizes) // 2
    if ndim not in (spatial + 1, spatial + 2):
        raise NotImplementedError(
            f"pad(): Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now: got padding of length {len(sizes)} "
            f"for an input of {ndim} dimensions"
        )
    if mode != "circular" and 0 in input._shape[-spatial - 1 :]:
        raise RuntimeError(
            f"pad(): Expected {spatial + 1}D or {spatial + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(input._shape)}"
        )
    made = input
    for d, (a, b) in enumerate(pads):
        if a or b:
            with KNOWN:
                made = made.index_select(d, _places(mode, made, d, a, b))
    return in_format_of(input, made.clone() if made is input else made)


def _places(mode: str, x: Tensor, dim: int, before: int, behind: int) -> Tensor:
    n = x._shape[dim]
    if mode == "reflect" and (before >= n or behind >= n):
        raise RuntimeError(
            f"pad(): Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
            f"({before}, {behind}) at dimension {dim} of input {list(x._shape)}"
        )
    if mode == "circular" and (before > n or behind > n):
        raise RuntimeError(f"pad(): Padding value causes wrapping around more than once: ({before}, {behind}) for size {n}")
    if n == 0 and mode == "replicate":
        raise RuntimeError(f"pad(): Expected non-zero size at dimension {dim} for replicate, got {list(x._shape)}")
    at = range(-before, n + behind)
    if mode == "circular":
        first, kept = max(-before, 0), n + min(before, 0) + min(behind, 0)  # what is cut off does not come back
        at = range(-max(before, 0), kept + max(behind, 0)) if kept > 0 else range(0)

    def places() -> list[int]:
        if mode == "reflect":
            return [-i if i < 0 else 2 * (n - 1) - i if i >= n else i for i in at]
        return [min(max(i, 0), n - 1) for i in at] if mode == "replicate" else [first + i % kept for i in at]

    return tabulated(x, (len(at),), places, int64)
