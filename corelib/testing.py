"""torch.testing: values compared within tolerances, and tensors to test with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.as_torch.warned import warn
from corelib.ops.complex.complex_numbers import view_as_real
from corelib.ops.construction.construct import from_numpy, tensor
from corelib.ops.construction.creation import empty
from corelib.ops.random.random import randint
from corelib.tensor.device import device as Device
from corelib.tensor.dtype import bool as bool_, dtype as DType, int64
from corelib.tensor.layout import memory_format as MemoryFormat
from corelib.tensor.limits import finfo, iinfo
from corelib.tensor.tensor import Tensor

Message = str | Callable[[str], str] | None
Array = NDArray[Any]

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

_PRECISION = {
    "float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7), "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}  # fmt: skip
"""rtol and atol by dtype, as PyTorch has them; 0 for the others."""


def _tolerances(dtypes: Iterable[str], rtol: float | None, atol: float | None) -> tuple[float, float]:
    if (rtol is None) != (atol is None):
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {'rtol' if rtol is None else 'atol'}.")
    if rtol is not None and atol is not None:
        return rtol, atol
    found = [_PRECISION.get(d, (0.0, 0.0)) for d in dtypes]
    return max(f[0] for f in found), max(f[1] for f in found)


def _mismatch(what: str, got: Array, want: Array, rtol: float, atol: float, equal_nan: bool) -> str:
    """The text that says how two arrays differ; "" where they do not."""
    exact = rtol == atol == 0
    with np.errstate(all="ignore"):
        far = np.abs(got - want)
        same = (got == want) | (np.isfinite(want) & (far <= atol + rtol * np.abs(want)))
        if equal_nan:
            same |= np.isnan(got) & np.isnan(want)
        if same.all():
            return ""
        relative = far / np.abs(want)
    kind = "equal" if exact else "close"
    if not got.shape:
        lines = [f"Expected {want.item()} but got {got.item()}."]
        for name, value, limit in (("Absolute", far, atol), ("Relative", relative, rtol)):
            lines.append(f"{name} difference: {value.item()}{'' if exact else f' (up to {limit} allowed)'}")
        return f"Scalars are not {kind}!\n\n" + "\n".join(lines)
    wrong = ~same
    lines = [f"Mismatched elements: {wrong.sum()} / {wrong.size} ({wrong.sum() / wrong.size * 100:.1f}%)"]
    for name, value, limit in (("absolute", far, atol), ("relative", relative, rtol)):
        at = np.unravel_index(int(np.argmax(np.where(wrong, value, 0))), value.shape)
        place = tuple(int(i) for i in at)
        lines.append(f"Greatest {name} difference: {value[at].item()} at index {place}{'' if exact else f' (up to {limit} allowed)'}")
    return f"{what} are not {kind}!\n\n" + "\n".join(lines)


def _array(t: Tensor) -> Array:
    wide = t.detach().cpu().resolve_neg()
    if wide.is_complex():
        whole: Array = wide.cdouble().resolve_conj().numpy()
        return whole
    result: Array = wide.double().numpy() if wide.is_floating_point() else wide.long().numpy()
    return result


class _Comparison:
    def __init__(
        self, rtol: float | None, atol: float | None, equal_nan: bool, device: bool, dtype: bool, layout: bool, stride: bool, subclasses: bool,
        msg: Message,
    ) -> None:
        self.rtol, self.atol, self.equal_nan, self.msg = rtol, atol, equal_nan, msg
        self.device, self.dtype, self.layout, self.stride, self.subclasses = device, dtype, layout, stride, subclasses

    def fail(self, text: str, path: tuple[Any, ...]) -> None:
        if path:
            text += "\n\nThe failure occurred for item " + "".join(f"[{p!r}]" for p in path)
        raise AssertionError(text if self.msg is None else self.msg(text) if callable(self.msg) else self.msg)

    def tensors(self, got: Tensor, want: Tensor, path: tuple[Any, ...]) -> None:
        if got.shape != want.shape:
            self.fail(f"The values for attribute 'shape' do not match: {got.shape} != {want.shape}.", path)
        for asked, name in ((self.layout, "layout"), (self.device, "device"), (self.dtype, "dtype")):
            if asked and getattr(got, name) != getattr(want, name):
                self.fail(f"The values for attribute {name!r} do not match: {getattr(got, name)} != {getattr(want, name)}.", path)
        if self.stride and got.stride() != want.stride():
            self.fail(f"The values for attribute 'stride()' do not match: {got.stride()} != {want.stride()}.", path)
        names = [str(t.dtype).rpartition(".")[2] for t in (got, want)]
        rtol, atol = _tolerances(names, self.rtol, self.atol)
        if got.is_meta or want.is_meta:
            raise NotImplementedError("Comparing meta tensors is currently not supported.")
        text = _mismatch("Tensor-likes", _array(got), _array(want), rtol, atol, self.equal_nan)
        if text:
            self.fail(text, path)

    def numbers(self, got: complex, want: complex, path: tuple[Any, ...]) -> None:
        if self.dtype and type(got) is not type(want):
            self.fail(f"The (d)types do not match: {type(got)} != {type(want)}.", path)
        rtol, atol = _tolerances(["int64" if isinstance(x, int) else "float64" for x in (got, want)], self.rtol, self.atol)
        text = _mismatch("Scalars", np.asarray(got), np.asarray(want), rtol, atol, self.equal_nan)
        if text:
            self.fail(text, path)

    def values(self, got: Any, want: Any, path: tuple[Any, ...] = ()) -> None:
        texts = (str, bytes)
        if isinstance(got, Tensor) and isinstance(want, Tensor):
            if not self.subclasses and type(got) is not type(want):
                raise TypeError(f"No comparison pair was able to handle inputs of type {type(got)} and {type(want)}.")
            self.tensors(got, want, path)
        elif isinstance(got, np.ndarray) and isinstance(want, np.ndarray):
            self.tensors(from_numpy(got), from_numpy(want), path)
        elif isinstance(got, bool) and isinstance(want, bool):
            if got is not want:
                self.fail(f"Booleans mismatch: {got} is not {want}", path)
        elif isinstance(got, (int, float, complex)) and isinstance(want, (int, float, complex)) and not isinstance(got, bool) and not isinstance(want, bool):
            self.numbers(got, want, path)
        elif isinstance(got, Mapping) and isinstance(want, Mapping):
            missing, added = sorted(want.keys() - got.keys(), key=str), sorted(got.keys() - want.keys(), key=str)
            if missing or added:
                self.fail(
                    f"The keys of the mappings do not match:\nMissing keys in the actual mapping: {missing}\nAdditional keys in the actual mapping: {added}", path
                )
            for key in want:
                self.values(got[key], want[key], (*path, key))
        elif isinstance(got, Sequence) and isinstance(want, Sequence) and not isinstance(got, texts) and not isinstance(want, texts):
            if len(got) != len(want):
                self.fail(f"The length of the sequences mismatch: {len(got)} != {len(want)}", path)
            for i, (a, b) in enumerate(zip(got, want, strict=True)):
                self.values(a, b, (*path, i))
        elif got is None and want is None:
            return
        elif got is None or want is None:
            self.fail(f"None mismatch: {got} is not {want}", path)
        else:
            raise TypeError(f"No comparison pair was able to handle inputs of type {type(got)} and {type(want)}.")


def assert_close(
    actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None, atol: float | None = None, equal_nan: bool = False,
    check_device: bool = True, check_dtype: bool = True, check_layout: bool = True, check_stride: bool = False, msg: Message = None,
) -> None:
    """AssertionError unless |actual - expected| <= atol + rtol * |expected| everywhere, and shapes, dtypes and devices are the same.

    Tensors, arrays, numbers, and sequences and mappings of them. The tolerances go by dtype (float32: 1.3e-6 and 1e-5); integers must be
    equal. Give both or neither. msg: the error's text, or a function of the one that there would be. TypeError for what cannot be compared.

    >>> import corelib as torch
    >>> torch.testing.assert_close(torch.ones(2), torch.ones(2) + 1e-7)
    >>> torch.testing.assert_close({"a": 1}, {"a": 2})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    AssertionError: Scalars are not equal!
    ...
    """
    if (rtol is None) != (atol is None):
        _tolerances((), rtol, atol)
    _Comparison(rtol, atol, equal_nan, check_device, check_dtype, check_layout, check_stride, allow_subclasses, msg).values(actual, expected)


def assert_allclose(actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None, equal_nan: bool = True, msg: str = "") -> None:
    """`assert_close` by its older name, deprecated as in PyTorch: of tensors or what makes some, whatever their dtypes."""
    warn("`torch.testing.assert_allclose()` is deprecated since 1.12. Please use `torch.testing.assert_close()` instead.", FutureWarning)
    got = actual if isinstance(actual, Tensor) else tensor(actual)
    want = expected if isinstance(expected, Tensor) else tensor(expected, dtype=got.dtype)
    if rtol is None and atol is None:
        names = [str(t.dtype).rpartition(".")[2] for t in (got, want)]
        rtol, atol = (max(v) for v in zip(*({"float16": (1e-3, 1e-3), "float32": (1e-4, 1e-5), "float64": (1e-5, 1e-8)}.get(n, (0.0, 0.0)) for n in names), strict=True))
    assert_close(got, want, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, check_device=True, check_stride=False, msg=msg or None)


def _range(dtype: DType, low: float | None, high: float | None, least: float, most: float, defaults: tuple[float, float]) -> tuple[float, float]:
    low, high = defaults[0] if low is None else low, defaults[1] if high is None else high
    if low != low or high != high:
        raise ValueError(f"`low` and `high` cannot be NaN, but got {low=} and {high=}")
    floating = dtype.is_floating_point or dtype.is_complex
    if low == high and floating:
        warn("Passing `low==high` to `torch.testing.make_tensor` for floating types is deprecated. Use `torch.full(...)` instead.", FutureWarning)
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    elif high < least or low >= most:
        raise ValueError(f"The value interval specified by `low` and `high` is [{low}, {high}), but {dtype} only supports [{least}, {most})")
    low, high = min(max(low, least), most), min(max(high, least), most)
    return (low, high) if floating else (math.ceil(low), math.ceil(high))


def make_tensor(
    *shape: Any, dtype: DType, device: Device | str | int, low: float | None = None, high: float | None = None, requires_grad: bool = False,
    noncontiguous: bool = False, exclude_zero: bool = False, memory_format: MemoryFormat | None = None,
) -> Tensor:
    """A tensor of numbers drawn from [low, high), by default [-9, 9) for floats and the parts of complex numbers, [-9, 10) for integers and both values for bool.

    noncontiguous: every other element of a larger one. exclude_zero: ones, or the smallest normal number, for zeros. ValueError for bounds
    that the dtype does not have, and for a gradient of integers.

    >>> import corelib as torch
    >>> torch.testing.make_tensor((3,), dtype=torch.float32, device="cpu", low=-1, high=1).shape
    torch.Size([3])
    """
    if len(shape) == 1 and isinstance(shape[0], Sequence):
        shape = tuple(shape[0])
    if noncontiguous and memory_format is not None:
        raise ValueError(f"The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got {noncontiguous=} and {memory_format=}")
    whole = not (dtype.is_floating_point or dtype.is_complex)
    if requires_grad and whole:
        raise ValueError(f"`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype=}")
    apart = noncontiguous and math.prod(shape) > 1
    size = (*shape[:-1], 2 * shape[-1]) if apart else shape
    if dtype is bool_:
        first, last = _range(dtype, low, high, 0, 2, (0, 2))
        made: Tensor = randint(int(first), int(last), size, device=device, dtype=dtype)
    elif whole:
        limits = iinfo(dtype)
        most = limits.max + (dtype is not int64)
        first, last = _range(dtype, low, high, limits.min, most, (-9, 10))
        made = randint(int(first), int(last), size, device=device, dtype=dtype)
    else:
        first, last = _range(dtype, low, high, finfo(dtype).min, finfo(dtype).max, (-9, 9))
        made = empty(size, device=device, dtype=dtype)
        parts = view_as_real(made) if dtype.is_complex else made
        if last - first > finfo(dtype).max:  # whose width the dtype does not hold
            parts.uniform_(first / 2, last / 2).mul_(2)
        else:
            parts.uniform_(first, last)
    if apart:
        made = made[..., 1::2]
    elif memory_format is not None:
        made = made.clone(memory_format=memory_format)
    if exclude_zero:
        made[made == 0] = 1 if whole else finfo(dtype).tiny
    return made if whole else made.requires_grad_(requires_grad)

_paths_below(__name__)
