"""torch._foreach_*: one function of a list of tensors for every tensor in it, which optimizers and training loops call.

`_foreach_add(xs, ys)` gives `[x + y for x, y in zip(xs, ys)]`, `_foreach_add_(xs, ys)` changes the xs and gives them back. The others are one number
or tensor for all, a list of numbers, or a list of tensors, as PyTorch's overloads have it. RuntimeError for lists of different lengths, and for
empty ones. Each tensor's part is the op of that name, with its promotion and its gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from corelib.ops.elementwise.arithmetic import pow as _pow
from corelib.ops.linalg.matrix_norms import linalg_vector_norm as vector_norm
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor

Tensors = Sequence[Tensor]
Numbers = (bool, int, float, complex)

_UNARY = (
    "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "erf", "erfc", "exp", "expm1", "floor", "frac", "lgamma", "log", "log10", "log1p", "log2", "neg",
    "reciprocal", "round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
)  # fmt: skip
# What stands in for the op where the other is a number, and whether it may be one tensor for all.
_BINARY = {
    "add": ("add", True), "sub": ("sub", False), "mul": ("mul", True), "div": ("div", True), "maximum": ("clamp_min", False), "minimum": ("clamp_max", False),
    "clamp_min": ("clamp_min", False), "clamp_max": ("clamp_max", False), "pow": ("pow", False),
}  # fmt: skip
_SCALED = ("add", "sub")


def _tensors(name: str, what: str, given: Any) -> Tensors:
    if not isinstance(given, (list, tuple)) or not all(isinstance(x, Tensor) for x in given):
        raise TypeError(f"{name}(): argument '{what}' must be tuple or list of Tensors, not {type(given).__name__}")
    if not given:
        raise RuntimeError(f"{name}(): Tensor list must have at least one tensor.")
    return given


def _same(name: str, xs: Tensors, others: Any, what: str = "other") -> Tensors:
    found = _tensors(name, what, others)
    if len(found) != len(xs):
        raise RuntimeError(f"{name}(): Tensor lists must have the same number of tensors, got {len(xs)} and {len(found)}")
    return found


def _numbers(name: str, xs: Tensors, given: Any) -> Sequence[Any]:
    if len(given) != len(xs):
        raise RuntimeError(f"{name}(): Tensor list must have same number of elements as scalar list, got {len(xs)} and {len(given)}")
    return list(given)


def _is_numbers(given: Any) -> bool:
    return isinstance(given, (list, tuple)) and bool(given) and all(isinstance(x, Numbers) for x in given)


def _one(name: str, *given: Any) -> Any:
    """The one of several keywords that was given."""
    found = [x for x in given if x is not None]
    if len(found) != 1:
        raise TypeError(f"{name}(): takes one of other, scalar and scalars beside the tensors, got {len(found)}")
    return found[0]


def _each(name: str, xs: Tensors, method: str, *rest: Any, inplace: bool, **options: Any) -> Tensors:
    """The method of every tensor, with the items of what else there is."""
    call = getattr(Tensor, method + "_" if inplace else method)
    results = [call(x, *items, **options) for x, *items in zip(xs, *rest, strict=True)]
    return xs if inplace else tuple(results)


def _unary(op: str, inplace: bool) -> Callable[..., Any]:
    name = f"_foreach_{op}{'_' if inplace else ''}"

    def function(self: Tensors) -> Any:
        return _each(name, _tensors(name, "self", self), op, inplace=inplace)

    return _named(function, name, f"`{op}` of every tensor{', in place' if inplace else ''}.")


def _binary(op: str, inplace: bool) -> Callable[..., Any]:
    name = f"_foreach_{op}{'_' if inplace else ''}"
    with_number, takes_tensor = _BINARY[op]

    def function(self: Any, other: Any = None, *, alpha: Any = None, scalar: Any = None, scalars: Any = None, exponent: Any = None) -> Any:
        other = _one(name, other, scalar, scalars, exponent)
        if isinstance(self, Numbers) and op == "pow" and not inplace:
            return tuple(_pow(self, e) for e in _tensors(name, "exponent", other))
        xs = _tensors(name, "self", self)
        options = {} if alpha is None else {"alpha": alpha}
        if options and op not in _SCALED:
            raise TypeError(f"{name}(): got an unexpected keyword argument 'alpha'; add and sub take it")
        if isinstance(other, Tensor) and not takes_tensor and not other.dim():
            other = other.item()
        if isinstance(other, Tensor) and takes_tensor and other.dim():
            raise RuntimeError(f"{name}(): scalar tensor expected to be 0 dim but it has {other.dim()} dimensions and {other.numel()} elements.")
        if isinstance(other, Numbers) or (isinstance(other, Tensor) and takes_tensor):
            if options and not isinstance(other, Tensor):
                raise TypeError(f"{name}(): alpha scales tensors, not the number {other!r}")
            return _each(name, xs, op if isinstance(other, Tensor) else with_number, [other] * len(xs), inplace=inplace, **options)
        if _is_numbers(other):
            return _each(name, xs, with_number, _numbers(name, xs, other), inplace=inplace)
        return _each(name, xs, op, _same(name, xs, other), inplace=inplace, **options)

    if op in ("maximum", "minimum") and inplace:  # of which there is no method
        def function_(self: Any, other: Any = None, *, scalar: Any = None, scalars: Any = None) -> Tensors:
            return _foreach_copy_(self, plain(self, _one(name, other, scalar, scalars)))

        plain = _binary(op, False)
        return _named(function_, name, f"`{op}` of every tensor and another, in place.")
    return _named(function, name, f"`{op}` of every tensor and a number, or another tensor{', in place' if inplace else ''}.")


def _pointwise(op: str, inplace: bool) -> Callable[..., Any]:
    name = f"_foreach_{op}{'_' if inplace else ''}"

    def function(self: Tensors, tensor1: Tensors, tensor2: Tensors, value: Any = None, *, scalars: Any = None) -> Any:
        xs = _tensors(name, "self", self)
        rest = (_same(name, xs, tensor1, "tensor1"), _same(name, xs, tensor2, "tensor2"))
        factors = value if scalars is None else scalars
        if isinstance(factors, Tensor):
            if factors.device.type != "cpu" or factors.dim() != 1 or len(factors) != len(xs):
                raise RuntimeError(
                    f"{name}(): scalars must be a tensor of dimension 1 on the cpu with {len(xs)} elements, as many as there are tensors, got one of shape "
                    f"{list(factors.shape)} on {factors.device}"
                )
            factors = factors.tolist()
        factors = [1 if factors is None else factors] * len(xs) if factors is None or isinstance(factors, Numbers) else _numbers(name, xs, factors)
        call = getattr(Tensor, op + "_" if inplace else op)
        results = [call(x, a, b, value=factor) for x, a, b, factor in zip(xs, *rest, factors, strict=True)]
        return xs if inplace else tuple(results)

    return _named(function, name, f"`{op}` of every tensor with two others, scaled by a number each{', in place' if inplace else ''}.")


def _lerp(inplace: bool) -> Callable[..., Any]:
    name = f"_foreach_lerp{'_' if inplace else ''}"

    def function(self: Tensors, tensors1: Tensors, weight: Any = None, *, weights: Any = None) -> Any:
        xs = _tensors(name, "self", self)
        ends, weight = _same(name, xs, tensors1, "tensors1"), _one(name, weight, weights)
        each = [weight] * len(xs) if isinstance(weight, Numbers) else _numbers(name, xs, weight) if _is_numbers(weight) else _same(name, xs, weight, "weights")
        return _each(name, xs, "lerp", ends, each, inplace=inplace)

    return _named(function, name, f"`lerp` of every tensor to another{', in place' if inplace else ''}.")


def _named(function: Any, name: str, doc: str) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function  # type: ignore[no-any-return]  # the same function


def _foreach_clone(self: Tensors, *, memory_format: Any = None) -> tuple[Tensor, ...]:
    """A copy of every tensor."""
    options = {} if memory_format is None else {"memory_format": memory_format}
    return tuple(x.clone(**options) for x in _tensors("_foreach_clone", "self", self))


def _foreach_copy_(self: Tensors, src: Tensors, non_blocking: bool = False) -> Tensors:
    """Write the elements of every tensor of `src` into one of `self`, of any dtype and device."""
    xs = _tensors("_foreach_copy_", "self", self)
    for x, source in zip(xs, _same("_foreach_copy_", xs, src, "src"), strict=True):
        x.copy_(source, non_blocking)
    return xs


def _foreach_zero_(self: Tensors) -> Tensors:
    """Set every element of every tensor to zero."""
    for x in _tensors("_foreach_zero_", "self", self):
        x.zero_()
    return self


def _foreach_max(self: Tensors) -> tuple[Tensor, ...]:
    """The largest element of every tensor."""
    return tuple(x.max() for x in _tensors("_foreach_max", "self", self))


def _foreach_mm(self: Tensors, mat2: Tensors) -> tuple[Tensor, ...]:
    """The product of every matrix with another."""
    xs = _tensors("_foreach_mm", "self", self)
    return tuple(x.mm(y) for x, y in zip(xs, _same("_foreach_mm", xs, mat2, "mat2"), strict=True))


def _foreach_norm(self: Tensors, ord: Any = 2, dtype: DType | None = None) -> tuple[Tensor, ...]:
    """The norm of the elements of every tensor, `linalg.vector_norm`."""
    return tuple(vector_norm(x, ord, dtype=dtype) for x in _tensors("_foreach_norm", "self", self))


def _foreach_powsum(self: Tensors, ord: Any = 2, dtype: DType | None = None) -> tuple[Tensor, ...]:
    """The sum of the absolute values of every tensor's elements, each to the power `ord`: the norm without its root."""
    return tuple((x if dtype is None else x.to(dtype)).abs().pow(ord).sum() for x in _tensors("_foreach_powsum", "self", self))


FUNCTIONS: dict[str, Any] = {}
"""All of them by name."""
for _in in (False, True):
    for _op in _UNARY:
        FUNCTIONS[f"_foreach_{_op}{'_' * _in}"] = _unary(_op, _in)
    for _op in _BINARY:
        FUNCTIONS[f"_foreach_{_op}{'_' * _in}"] = _binary(_op, _in)
    for _op in ("addcdiv", "addcmul"):
        FUNCTIONS[f"_foreach_{_op}{'_' * _in}"] = _pointwise(_op, _in)
    FUNCTIONS[f"_foreach_lerp{'_' * _in}"] = _lerp(_in)
for _function in (_foreach_clone, _foreach_copy_, _foreach_zero_, _foreach_max, _foreach_mm, _foreach_norm, _foreach_powsum):
    FUNCTIONS[_function.__name__] = _function
globals().update(FUNCTIONS)
