"""Functions and methods that are no ops of the table as PyTorch's calls: factories, conversions, subscripts, views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.graph.rule import Args
from corelib.profiler.aten.calls import numbered
from corelib.profiler.aten.tables import Step, named, steps, with_args
from corelib.tensor.tensor import Tensor

_VIEWED = ("flatten", "ravel", "unflatten", "reshape_as")


def function_steps(name: str, args: Args, result: Any) -> tuple[Step, ...]:
    """What PyTorch makes of a call of a function that is no op of the table, once its result is known."""
    made = BY_RESULT.get(name)
    if made is None:
        return numbered(name, args) if name.endswith("_") else named(name, args)
    try:
        found = made(args, result)
    except (AttributeError, IndexError, TypeError, ValueError):
        found = name
    return tuple([with_args(step, args) for step in steps(found)]) if isinstance(found, str) else found


def _cast(args: Args, result: Any) -> str:
    return "" if not isinstance(result, Tensor) else "to*" if result is args[0] else "to*(_to_copy)"


def _reshaped(args: Args, result: Any, view: str = "view", name: str = "reshape") -> str:
    x = args[0]
    if not result._shares(x):
        return f"{name}*(copied _unsafe_view)"
    return f"{name}*({view if x.is_contiguous() else '_reshape_alias'})"


def _extreme(name: str) -> Callable[[Args, Any], str]:
    return lambda args, result: f"{name}*(empty fill_)" if isinstance(result, Tensor) else f"{name}*(unsqueeze_ unsqueeze_ squeeze_ squeeze_)"


def _repeated(outer: str, inner: str) -> Callable[[Args, Any], str]:
    return lambda args, result: f"{outer}*({' '.join([inner] * len(result))})"


def _viewed(name: str) -> Callable[[Args, Any], str]:
    return lambda args, result: _reshaped(args, result, "view", name)


def _split_at(name: str) -> Callable[[Args, Any], str]:
    return lambda args, result: f"{name}(tensor_split*({'slice ' * len(result)}))"


def _subscript(args: Args) -> tuple[str, str]:
    """The views that an index makes, and what takes elements by tensors, if there is any."""
    index = args[1] if isinstance(args[1], tuple) else (args[1],)
    found, tensors, masks, dim = "", 0, 0, 0
    shape = args[0]._shape
    for part in index:
        if part is None:
            found += " unsqueeze"
        elif part is Ellipsis:
            dim = len(shape) - sum(1 for each in index[index.index(part) + 1 :] if each is not None)
        elif isinstance(part, slice):
            if part.indices(shape[dim]) != (0, shape[dim], 1):
                found += " slice"
            dim += 1
        elif isinstance(part, int) and not isinstance(part, bool):
            found += " select"
            dim += 1
        elif getattr(getattr(part, "_dtype", None), "name", "") == "bool":
            masks += 1
            dim += len(part._shape)
            tensors += len(part._shape)
        else:
            tensors += 1
            dim += 1
    looked = f"nonzero(empty as_strided_) {'select ' * tensors}" if masks else ""
    return found, f"index*({looked}as_strided {'reshape(view) ' * tensors})" if tensors else ""


def _get(args: Args, result: Any) -> str:
    views, taken = _subscript(args)
    return f"{views or ('' if taken else 'alias')} {taken}"


def _set(args: Args, result: Any) -> str:
    views, taken = _subscript(args)
    value = args[2]
    number = not isinstance(value, Tensor)
    mask = args[1] if isinstance(args[1], Tensor) else None
    if taken:
        masked = number and mask is not None and mask._dtype.name == "bool"
        put = "index_put_*(_index_put_impl_(item masked_fill_))" if masked else "index_put_*(_index_put_impl_)"
    else:
        one = views.count("select") == len(args[0]._shape)  # a single element
        put = "fill_*(copy_)" if number and not one else "copy_*"
    return f"{'lift_fresh' if number else ''} {views} {put}"


BY_RESULT: dict[str, Callable[[Args, Any], Any]] = {  # ops of the table among them
    **dict.fromkeys(("to", "double", "float", "half", "bfloat16", "long", "int", "short", "char", "byte", "bool", "cpu", "cuda", "type", "cfloat", "cdouble"), _cast),
    "type_as": lambda args, result: f"type_as({_cast(args, result)})",
    "clone": lambda args, result: "clone*(empty_strided copy_)",
    "contiguous": lambda args, result: "" if result is args[0] else "contiguous*(copied)",
    "reshape": _reshaped,
    **{name: _viewed(name) for name in _VIEWED},
    "split": lambda args, result: f"split*({'narrow ' * len(result)})" if isinstance(args[1], int) else f"split_with_sizes*({'as_strided ' * len(result)})",
    "unbind": _repeated("unbind", "select"),
    **{name: _split_at(name) for name in ("hsplit", "vsplit", "dsplit")},
    "tensor_split": _repeated("tensor_split", "slice"),
    "as_tensor": lambda args, result: "lift_fresh to*" if hasattr(args[0], "__array__") and not isinstance(args[0], Tensor) else "to*" if isinstance(args[0], Tensor) else "empty* to lift_fresh",
    "dropout": lambda args, result: "dropout" if result is args[0] else named("dropout", args),
    "max": _extreme("max"),
    "min": _extreme("min"),
    "where": lambda args, result: named("where", args) if len(args) < 3 or (isinstance(args[1], Tensor) and isinstance(args[2], Tensor)) else "where(scalar_tensor to where*(empty))",
    "__getitem__": _get,
    "__setitem__": _set,
}
