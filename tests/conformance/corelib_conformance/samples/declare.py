"""How samples are declared, and how one is called: data that the suite and the comparison with PyTorch share.

A sample is data (`Spec`: shape, dtype, memory layout, range of values), arguments, and the op's name; or a function of
`T`, the library, and the tensors. Whoever runs it gets tensors made from the same numbers with the same strides and offset.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import ml_dtypes
import numpy as np

from .listed import LISTED

INTS = ("uint8", "int8", "int16", "int32", "int64")
HALVES = ("float16", "bfloat16")
WIDE = ("float32", "float64")
FLOATS = HALVES + WIDE
ALL = ("bool", *INTS, *FLOATS)
LAYOUTS = ("contiguous", "transposed", "permuted", "strided", "offset", "expanded")
EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
TINY = {"float16": 2.0**-24, "bfloat16": 2.0**-133, "float32": 2.0**-149, "float64": 2.0**-1074}
Facts = dict[str, Any]
"""What is said by keyword: of an op beyond its name, or in a call."""


@dataclass(frozen=True)
class Spec:
    """A tensor to make: the sample's dtype unless `dtype` says another, `values` or numbers drawn from [low, high]."""

    shape: tuple[int, ...]
    layout: str = "contiguous"
    dtype: str | None = None
    low: float | None = None
    high: float | None = None
    values: Any = None
    unique: bool = False
    nonzero: bool = False
    grad: bool = True

    def geometry(self) -> tuple[int, tuple[int, ...], int]:
        """Elements of the storage, strides and offset."""
        order = list(range(len(self.shape)))
        if self.layout == "transposed" and order:
            order[0], order[-1] = order[-1], order[0]
        elif self.layout == "permuted":
            order.reverse()
        elif self.layout == "channels_last":
            order = [0, *order[2:], 1]
        strides, step = [0] * len(order), 2 if self.layout == "strided" else 1
        for position, dim in enumerate(reversed(order)):
            if self.layout == "expanded" and position == len(order) - 1:
                continue
            strides[dim] = step
            step *= max(self.shape[dim], 1)
        offset = {"offset": 3, "strided": 1}.get(self.layout, 0)
        return step + offset + (2 if offset else 0) if 0 not in self.shape else 4, tuple(strides), offset

    def storage(self, rng: np.random.Generator, dtype: str) -> np.ndarray[Any, Any]:
        """The numbers of the whole storage, of a NumPy type that holds the dtype's values."""
        count, strides, offset = self.geometry()
        wide = np.dtype("float32" if dtype == "bfloat16" else dtype)
        low, high = self.low, self.high
        flat: np.ndarray[Any, Any]
        if self.unique:
            flat = rng.permutation(count) - (0 if dtype in ("uint8", "bool") else count // 2)
            flat = flat * 0.25 + 0.125 if dtype in FLOATS else flat
        elif dtype in FLOATS:
            flat = rng.uniform(-3.0 if low is None else low, 3.0 if high is None else high, count)
        elif dtype == "bool":
            flat = rng.integers(0, 2, count)
        else:
            low = 0 if dtype == "uint8" and (low is None or low < 0) else -9 if low is None else int(np.ceil(low))
            flat = rng.integers(low, 10 if high is None else max(int(high), low) + 1, count)
        if self.nonzero:
            flat = np.where(flat == 0, 1, flat)
        flat = np.ascontiguousarray(flat.astype(wide))
        if self.values is not None and 0 not in self.shape:
            view = np.lib.stride_tricks.as_strided(flat[offset:], self.shape, [s * wide.itemsize for s in strides])
            view[...] = np.asarray(self.values, dtype=np.float64 if dtype in FLOATS else None).astype(wide)
        if dtype == "bfloat16":  # numbers that it can hold, so that nothing has to be rounded on the way
            return flat.astype(ml_dtypes.bfloat16).astype(wide)
        return flat

    def build(self, T: Any, numbers: np.ndarray[Any, Any], dtype: str) -> Any:
        flat = T.from_numpy(numbers.copy())
        if dtype == "bfloat16":
            flat = flat.to(T.bfloat16)
        count, strides, offset = self.geometry()
        if self.layout == "contiguous" and count == max(int(np.prod(self.shape)), 1):
            return flat.view(self.shape)
        return flat.as_strided(self.shape, strides, offset)

    def __str__(self) -> str:
        extra = [w for w in (self.dtype, self.layout if self.layout != "contiguous" else None) if w]
        if self.values is not None and np.size(self.values) <= 8:
            extra.append(f"values={self.values}")
        return f"tensor({', '.join([str(list(self.shape)), *extra])})"


def spec(*shape: int, **facts: Any) -> Spec:
    return Spec(tuple(shape), **facts)


def index(values: Any, dtype: str = "int64", **facts: Any) -> Spec:
    """A tensor of the given numbers; never differentiated."""
    return Spec(np.shape(values), values=values, dtype=dtype, grad=False, **facts)


class Named:
    """An attribute of the library, such as a dtype, as an argument."""

    def __init__(self, path: str) -> None:
        self.path = path

    def of(self, T: Any) -> Any:
        for part in self.path.split("."):
            T = getattr(T, part)
        return T

    def stands_in(self, T: Any) -> bool:
        """Whether the library, or a class of it, has such an attribute."""
        try:
            self.of(T)
        except AttributeError:
            return False
        return True

    def __repr__(self) -> str:
        return f"T.{self.path}"


@dataclass
class Sample:
    """One call: arguments in which a Spec stands for a tensor, or `call(T, *tensors, **kwargs)`."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    call: Callable[..., Any] | None = None
    dtypes: tuple[str, ...] | None = None
    grad: bool = True
    inplace: bool = True
    out: bool = True
    ulps: dict[str, float] | None = None


@dataclass
class Op:
    """The samples of one op and how close the results must be.

    ulps: allowed distance in units of the result dtype's last place, 0 for exact. scaled: the distance is also scaled
    with the largest number around and the square root of the number of elements (reductions, products).
    casts: also compared with out= of other dtypes. second_slack: how much farther the second derivatives may be; first_slack: in float64, the first.
    needs: a dtype that a device must have too, by the dtype of the case.
    extension: made of ops without a body, which go to the host where a device has no kernel of them.
    also: dtypes that corelib computes and PyTorch refuses; own_grad: corelib has a derivative and PyTorch has none. Both are for the suite alone.
    strides: "exact" (views), "dense" (dims of more than one element), or "" where PyTorch promises none.
    """

    name: str
    samples: list[Sample] = field(default_factory=list)
    path: str = ""
    ulps: float | dict[str, float] = 0
    scaled: bool = False
    strides: str = "dense"
    dtypes: tuple[str, ...] = ALL
    grad: bool = True
    second: bool = True
    values: bool = True
    forms: tuple[str, ...] = ("function", "method", "inplace", "out")
    casts: bool = True
    second_slack: float = 1.0
    first_slack: float = 1.0
    extension: bool = False
    needs: dict[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    own_grad: bool = False

    def add(self, *args: Any, **kwargs: Any) -> Op:
        """One more sample: the op called with these arguments."""
        self.samples.append(Sample(args, kwargs))
        return self

    def but(self, **facts: Any) -> Op:
        """Change the sample added last, e.g. its dtypes."""
        self.samples[-1] = replace(self.samples[-1], **facts)
        return self

    def limit(self, which: Callable[[Sample], bool], **facts: Any) -> Op:
        """Change all samples added so far that `which` picks."""
        self.samples = [replace(s, **facts) if which(s) else s for s in self.samples]
        return self

    def call(self, function: Callable[..., Any], *args: Any, **facts: Any) -> Op:
        """One more sample: a function of the library and the tensors."""
        self.samples.append(Sample(args, call=function, **facts))
        return self

    def tolerance(self, dtype: str, sample: Sample | None = None) -> float:
        ulps = sample.ulps if sample is not None and sample.ulps is not None else self.ulps
        return ulps.get(dtype, ulps.get("", 4)) if isinstance(ulps, dict) else ulps


OPS: dict[str, Op] = {}


def op(name: str, path: str = "", **facts: Any) -> Op:
    """Declare an op. `path` is where the function lives when it is not the top of the library, e.g. nn.functional.

    Of the neural ops that are not listed, whose turn comes later, only the floating dtypes are compared.
    """
    if name in OPS:
        raise ValueError(f"op {name} is declared twice")
    if name not in LISTED and path.startswith("nn.functional"):
        facts = {"dtypes": FLOATS} | facts | {"strides": ""}
    OPS[name] = Op(name, path=path or name, **facts)
    return OPS[name]


def specs_of(value: Any) -> Iterator[Spec]:
    if isinstance(value, Spec):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from specs_of(item)
    elif isinstance(value, dict):
        yield from specs_of(list(value.values()))


def fill(value: Any, T: Any, tensors: Iterator[Any]) -> Any:
    """The arguments with tensors in place of Specs and the library's attributes in place of their names."""
    if isinstance(value, Spec):
        return next(tensors)
    if isinstance(value, Named):
        return value.of(T)
    if isinstance(value, (list, tuple)) and not isinstance(value, slice):
        return type(value)(fill(item, T, tensors) for item in value)
    if isinstance(value, dict):
        return {key: fill(item, T, tensors) for key, item in value.items()}
    return value


def describe(op: Op, sample: Sample, form: str, dtype: str) -> str:
    """The call as text."""
    if sample.call is not None:
        code = sample.call.__code__
        where = f"{os.path.basename(code.co_filename)}:{code.co_firstlineno}"
        head, parts = f"{op.name} [{where}] ", [show(a) for a in sample.args]
    else:
        head = {"function": "T." + op.path, "method": "x." + op.name, "inplace": "x." + op.name + "_"}.get(
            form, f"T.{op.path}[{form}]"
        )
        parts = [show(a) for a in sample.args]
    parts += [f"{k}={show(v)}" for k, v in sample.kwargs.items()]
    return f"{head}({', '.join(parts)}) of {dtype}"


def show(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(show(v) for v in value)}]"
    return str(value) if isinstance(value, Spec) else repr(value)


class Inputs:
    """The numbers of a sample's tensors, and the tensors of either library."""

    def __init__(self, op: Op, number: int, sample: Sample, dtype: str, seed: int = 0) -> None:
        self.rng = np.random.default_rng(zlib.crc32(f"{op.name}/{number}/{dtype}{f'/{seed}' if seed else ''}".encode()))
        self.specs = [*specs_of(sample.args), *specs_of(sample.kwargs)]
        self.dtypes = [s.dtype or dtype for s in self.specs]
        self.numbers = [s.storage(self.rng, d) for s, d in zip(self.specs, self.dtypes, strict=True)]

    def build(self, T: Any) -> list[Any]:
        return [s.build(T, n, d) for s, n, d in zip(self.specs, self.numbers, self.dtypes, strict=True)]


def invoke(op: Op, sample: Sample, form: str, T: Any, tensors: list[Any], out: Any = None) -> Any:
    """Call the op in one of its forms."""
    feed = iter(tensors)
    args, kwargs = fill(sample.args, T, feed), fill(sample.kwargs, T, feed)
    if sample.call is not None:
        return sample.call(T, *args, **kwargs)
    if form == "function":
        return Named(op.path).of(T)(*args, **kwargs)
    if form == "out":
        return Named(op.path).of(T)(*args, **kwargs, out=out)
    return getattr(args[0], op.name + ("_" if form == "inplace" else ""))(*args[1:], **kwargs)


def is_empty(sample: Sample) -> bool:
    """Whether an argument has no elements, so that PyTorch may never come to its kernel's checks."""
    return any(0 in s.shape for s in specs_of([*sample.args, *sample.kwargs.values()]))


def flatten(value: Any) -> list[Any]:
    """The leaves of a nest of tuples and lists; None stays."""
    if isinstance(value, (list, tuple)) and not hasattr(value, "numel"):
        return [leaf for item in value for leaf in flatten(item)]
    return [value]
