"""CuPy's functions that corelib's shared kernels call: NumPy's, with CuPy's parameters and without the loops that CuPy lacks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import cupyx
import numpy as np

from cupy._core import _alike, _dense, array_of, ndarray, queued, queued_into
from cupy._dlpack import from_dlpack
from cupy.cuda.memory import MemoryPointer, UnownedMemory
from cupy.cuda.stream import get_current_stream

UFUNCS = (
    "absolute", "add", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "bitwise_and", "bitwise_or", "bitwise_xor", "ceil",
    "conjugate", "copysign", "cos", "cosh", "divide", "equal", "exp", "exp2", "expm1", "floor", "floor_divide", "fmax", "fmin", "fmod", "gcd", "greater",
    "greater_equal", "hypot", "invert", "isfinite", "isinf", "isnan", "left_shift", "less", "less_equal", "log", "log10", "log1p", "log2", "logaddexp",
    "logaddexp2", "logical_and", "logical_not", "logical_or", "logical_xor", "maximum", "minimum", "multiply", "negative", "nextafter", "not_equal",
    "power", "reciprocal", "remainder", "right_shift", "rint", "sign", "signbit", "sin", "sinh", "sqrt", "square", "subtract", "tan", "tanh",
    "true_divide", "trunc",
)  # fmt: skip
NOT_COMPLEX = (
    "bitwise_and", "bitwise_or", "bitwise_xor", "ceil", "floor", "floor_divide", "fmod", "gcd", "invert", "left_shift", "logaddexp", "logaddexp2",
    "logical_and", "logical_not", "logical_or", "logical_xor", "remainder", "right_shift", "signbit", "trunc",
)  # fmt: skip
SCATTERED = "?iIlLqQefdFD"
FUNCTIONS = {
    "all": "a, axis=None, out=None, keepdims=False", "any": "a, axis=None, out=None, keepdims=False", "angle": "z, deg=False",
    "argmax": "a, axis=None, dtype=None, out=None, keepdims=False", "argmin": "a, axis=None, dtype=None, out=None, keepdims=False",
    "argsort": "a, axis=-1, kind=None", "bincount": "x, weights=None, minlength=None", "broadcast_to": "array, shape", "clip": "a, a_min, a_max, out=None",
    "concatenate": "tup, axis=0, out=None, *, dtype=None, casting='same_kind'", "count_nonzero": "a, axis=None",
    "cumsum": "a, axis=None, dtype=None, out=None", "cumprod": "a, axis=None, dtype=None, out=None", "diff": "a, n=1, axis=-1, prepend=None, append=None",
    "dot": "a, b, out=None", "flip": "a, axis=None", "partition": "a, kth, axis=-1", "repeat": "a, repeats, axis=None", "sort": "a, axis=-1, kind=None",
    "stack": "tup, axis=0, out=None, *, dtype=None, casting='same_kind'", "take": "a, indices, axis=None, out=None",
    "take_along_axis": "a, indices, axis", "tril": "m, k=0", "triu": "m, k=0", "unravel_index": "indices, dims, order='C'",
    "where": "condition, x=None, y=None", "sum": "a, axis=None, dtype=None, out=None, keepdims=False",
    "prod": "a, axis=None, dtype=None, out=None, keepdims=False", "mean": "a, axis=None, dtype=None, out=None, keepdims=False",
    "amax": "a, axis=None, out=None, keepdims=False", "amin": "a, axis=None, out=None, keepdims=False",
    "fft.fftn": "a, s=None, axes=None, norm=None", "fft.ifftn": "a, s=None, axes=None, norm=None", "linalg.cholesky": "a", "linalg.eig": "a",
    "linalg.eigh": "a, UPLO='L'", "linalg.qr": "a, mode='reduced'", "linalg.solve": "a, b", "linalg.svd": "a, full_matrices=True, compute_uv=True",
}  # fmt: skip
"""CuPy's parameters of the functions that it computes as NumPy does."""
VIEWS = {"diagonal": "a, offset=0, axis1=0, axis2=1", "expand_dims": "a, axis", "moveaxis": "a, source, destination"}


class ufunc:
    """A universal function, by CuPy's rules: `out` by position or name, and no parameters but dtype and casting."""

    def __init__(self, name: str) -> None:
        self._numpy = getattr(np, name)
        self.name = f"cupy_{name}"
        self._complex = name not in NOT_COMPLEX
        self.nin, self.nout = self._numpy.nin, self._numpy.nout
        self.types = [t for t in self._numpy.types if self._complex or not any(c in t for c in "FDG")]

    def __call__(self, *args: Any, out: Any = None, dtype: Any = None, casting: str = "same_kind") -> Any:
        if not self.nin <= len(args) <= self.nin + self.nout:
            raise TypeError(f"Wrong number of arguments for {self.name!r}. It must be either {self.nin} or {self.nin + self.nout}, but given {len(args)}.")
        given, out = args[: self.nin], args[self.nin] if len(args) > self.nin else out
        for x in given:
            if isinstance(x, np.ndarray) or not (isinstance(x, ndarray) or np.isscalar(x)):
                raise TypeError(f"Unsupported type {type(x)}")
            if not self._complex and (x.dtype.kind if isinstance(x, ndarray) else np.dtype(type(x)).kind) == "c":
                raise TypeError(f"ufunc '{self.name}' not supported for the input types")
        if out is None:
            return queued(self._numpy, *given, dtype=dtype) if dtype else queued(self._numpy, *given)

        def cast(*values: Any) -> Any:
            made = self._numpy(*values, dtype=dtype) if dtype else self._numpy(*values)
            if not np.can_cast(made.dtype, out.dtype, casting):
                raise TypeError(f"output (typecode '{made.dtype.char}') could not be coerced to provided output parameter (typecode '{out.dtype.char}')")
            return made

        return queued_into(out, cast, *given)

    def at(self, a: ndarray, indices: Any, b: Any = None) -> None:
        if self.name != "cupy_add":
            raise NotImplementedError(f"`{self.name}.at` is not supported yet")
        if a.dtype.char not in SCATTERED:
            raise TypeError(f"scatter_add only supports {SCATTERED}, got {a.dtype.char}")

        def added(x: Any, i: Any, v: Any) -> Any:
            self._numpy.at(x, i, v)
            return x

        queued_into(a, added, a, indices, b)

    def reduce(self, array: ndarray, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
        if self.name == "cupy_add":
            return array.sum(axis, dtype, out, keepdims)
        if self.name == "cupy_multiply":
            return array.prod(axis, dtype, out, keepdims)
        raise NotImplementedError(f"`{self.name}.reduce` is not supported yet")

    def accumulate(self, array: ndarray, axis: int = 0, dtype: Any = None, out: Any = None) -> ndarray:
        if self.name not in ("cupy_add", "cupy_multiply"):
            raise NotImplementedError(f"`{self.name}.accumulate` is not supported yet")
        return _into(self._numpy.accumulate)(array, axis, dtype, out=out)

    def reduceat(self, array: ndarray, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> ndarray:
        if self.name != "cupy_add":
            raise NotImplementedError(f"`{self.name}.reduceat` is not supported yet")
        return _into(self._numpy.reduceat)(array, indices, axis, dtype, out=out)


def _into(function: Callable[..., Any]) -> Callable[..., Any]:
    """With `out`, whose values NumPy would write into memory of its own."""

    def run(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        return queued(function, *args, **kwargs) if out is None else queued_into(out, function, *args, **kwargs)

    return run


def function(name: str, parameters: str) -> Callable[..., Any]:
    """NumPy's function with CuPy's parameters."""
    accepted: dict[str, Any] = {}
    exec(f"def accepted({parameters}): pass", accepted)
    signature = inspect.signature(accepted["accepted"])
    wanted: Any = np
    for part in name.split("."):
        wanted = getattr(wanted, part)
    run = _told(name, wanted) if name.startswith("linalg.") else _into(lambda *args, **kwargs: _own(name, wanted, args, kwargs))
    positional = [p for p in signature.parameters if p not in ("out", "dtype", "casting", "keepdims")]

    def call(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        for value in bound.arguments.values():
            if isinstance(value, np.ndarray):
                raise TypeError(f"Unsupported type {type(value)}")
        given = {k: v for k, v in bound.arguments.items() if v is not None or k not in ("minlength", "prepend", "append", "y")}
        order = [given.pop(p) for p in positional if p in given] if set(positional[: len(set(positional) & set(given))]) <= set(given) else []
        return run(*order, **given)

    call.__name__ = name
    call.__signature__ = signature  # type: ignore[attr-defined]
    return call


def _told(name: str, wanted: Callable[..., Any]) -> Callable[..., Any]:
    """Of linear algebra: what cannot be done gives numbers that mean nothing, and is told only where cupyx.errstate asks for it, after a wait."""

    def run(*args: Any, **kwargs: Any) -> Any:
        failed = []

        def tried(*values: Any, **named: Any) -> Any:
            try:
                return _own(name, wanted, values, named)
            except np.linalg.LinAlgError as error:
                failed.append(error)
                made = _own(name, wanted, [_alike(x) if isinstance(x, np.ndarray) else x for x in values], named)
                return tuple(0.5 * x for x in made) if isinstance(made, tuple) else 0.5 * made

        made = queued(tried, *args, **kwargs)
        if cupyx.linalg_errors() == "raise":
            get_current_stream().synchronize()
            if failed:
                raise np.linalg.LinAlgError(f"Error reported by {name} in cuSOLVER: {failed[0]}")
        return made

    return run


def _own(name: str, wanted: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """NumPy's value, where CuPy's differs made into that."""
    if name == "take":  # indices past the end go round
        return np.take(*args, mode="wrap", **kwargs)
    if name == "repeat" and isinstance(args[1], np.ndarray):
        raise ValueError("`repeats` should be int or sequence")
    made = wanted(*args, **kwargs)
    if name == "linalg.eig":
        return tuple(x.astype(np.result_type(x.dtype, np.complex64)) for x in made)
    return tuple(made) if isinstance(made, tuple) else made


def asarray(a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False) -> ndarray:
    if isinstance(a, ndarray):
        made = a
    elif hasattr(a, "__cuda_array_interface__"):
        made = _from_interface(a)
    else:
        made = array_of(np.asarray(a, dtype))
    return made if dtype is None or made.dtype == np.dtype(dtype) else made.astype(dtype)


def _from_interface(a: Any) -> ndarray:
    """The array behind another library's `__cuda_array_interface__`; its stream is waited for."""
    told = a.__cuda_array_interface__
    dtype = np.dtype(told["typestr"])
    shape, strides = tuple(told["shape"]), told.get("strides") or _dense(tuple(told["shape"]), np.dtype(told["typestr"]).itemsize, "C")
    nbytes = 0 if 0 in shape else sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + dtype.itemsize
    memory = UnownedMemory(told["data"][0], nbytes, a, -1 if told["data"][0] else 0)
    if told.get("stream"):
        from cupy.cuda.stream import _BaseStream  # not public

        _BaseStream(told["stream"], -1).synchronize()
    return ndarray(shape, dtype, MemoryPointer(memory, 0), strides)


def array(obj: Any, dtype: Any = None, copy: bool = True, order: str = "K", subok: bool = False, ndmin: int = 0, *, blocking: bool = False) -> ndarray:
    return asarray(obj, dtype).copy() if isinstance(obj, ndarray) else asarray(obj, dtype)


def ascontiguousarray(a: Any, dtype: Any = None) -> ndarray:
    made = asarray(a, dtype)
    return made if made.flags.c_contiguous else made.copy()


def asnumpy(a: Any, stream: Any = None, order: str = "C", out: Any = None, *, blocking: bool = True) -> Any:
    return a.get(stream, order, out, blocking) if isinstance(a, ndarray) else np.asarray(a)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> ndarray:
    return array_of(np.arange(0, start, step, dtype) if stop is None else np.arange(start, stop, step, dtype))


def empty(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    return ndarray(shape, dtype, order=order)


def empty_like(prototype: ndarray, dtype: Any = None, order: str = "K", subok: Any = None, shape: Any = None) -> ndarray:
    return ndarray(prototype.shape if shape is None else shape, prototype.dtype if dtype is None else dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C") -> ndarray:
    made = ndarray(shape, np.asarray(fill_value).dtype if dtype is None else dtype)
    made.fill(fill_value)
    return made


def zeros(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    return full(shape, 0, dtype)


def zeros_like(a: ndarray, dtype: Any = None, order: str = "K", subok: Any = None, shape: Any = None) -> ndarray:
    return full(a.shape if shape is None else shape, 0, a.dtype if dtype is None else dtype)


def ones(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    return full(shape, 1, dtype)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = float, order: str = "C") -> ndarray:
    return array_of(np.eye(N, M, k, dtype))


def copyto(dst: ndarray, src: Any, casting: str = "same_kind", where: Any = None) -> None:
    kind = src.dtype if isinstance(src, ndarray) else np.asarray(src).dtype
    if not np.can_cast(kind, dst.dtype, casting) and not np.isscalar(src):
        raise TypeError(f"Cannot cast {kind} to {dst.dtype} in {casting} casting mode")
    if where is None:
        queued_into(dst, lambda v: np.broadcast_to(v, dst.shape), src)
    else:
        queued_into(dst, lambda d, v, w: np.where(w, v, d), dst, src, where)


def nonzero(a: ndarray) -> tuple[ndarray, ...]:
    return a.nonzero()


def flatnonzero(a: ndarray) -> ndarray:
    return a.ravel().nonzero()[0]


def as_strided(x: ndarray, shape: Any = None, strides: Any = None) -> ndarray:
    return ndarray(x.shape if shape is None else shape, x.dtype, x.data, x.strides if strides is None else strides)


def matmul(x1: ndarray, x2: ndarray, /, out: ndarray | None = None, **kwargs: Any) -> ndarray:
    return queued(np.matmul, x1, x2, **kwargs) if out is None else queued_into(out, np.matmul, x1, x2, **kwargs)


def view(name: str, parameters: str) -> Callable[..., Any]:
    """NumPy's function that makes a view, with CuPy's parameters."""
    wanted = getattr(np, name)

    def call(a: ndarray, *args: Any, **kwargs: Any) -> ndarray:
        return a._viewed(lambda x: wanted(x, *args, **kwargs))

    accepted: dict[str, Any] = {}
    exec(f"def accepted({parameters}): pass", accepted)
    call.__signature__ = inspect.signature(accepted["accepted"])  # type: ignore[attr-defined]
    return call


__all__ = [
    "arange", "array", "asarray", "ascontiguousarray", "asnumpy", "copyto", "empty", "empty_like", "eye", "flatnonzero", "from_dlpack", "full", "matmul",
    "nonzero", "ones", "zeros", "zeros_like",
]  # fmt: skip
