"""NumPy's names for arguments (axis, keepdims, x1, x2, x, a): every function that takes them in PyTorch takes them here, and gives the same."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch

import corelib

from ..pairs import both, quiet, refusals_of

ARGUMENTS = {
    "chunk": ["2"], "tensor_split": ["2"], "unsafe_chunk": ["2"], "unsafe_split": ["1"], "select": [], "narrow": [], "index_select": [], "gather": [], "take_along_dim": ["zeros"], "topk": ["1"], "kthvalue": ["1"],
    "quantile": ["0.5"], "nanquantile": ["0.5"], "trapezoid": [], "trapz": [], "cross": ["x"], "renorm": ["2"], "stack": [], "cat": [], "unflatten": [], "scatter": [], "scatter_add": [], "scatter_reduce": [], "index_copy": [],
    "index_fill": [], "index_add": [], "index_reduce": [], "select_scatter": ["x[0]"], "slice_scatter": ["x"], "repeat_interleave": ["2"], "linalg.cross": ["x"], "linalg.vecdot": ["x"], "cosine_similarity": None,
}  # fmt: skip
"""What goes between the first argument and `axis`, where it is anything; None where the name is not taken (cosine_similarity is one function with nn.functional's)."""
AFTER = {
    "select": "index=0", "narrow": "start=0, length=2", "index_select": "index=zeros[0]", "gather": "index=zeros", "unflatten": "sizes=(3, 1)", "scatter": "index=zeros, src=x", "scatter_add": "index=zeros, src=x",
    "renorm": "maxnorm=1", "scatter_reduce": "index=zeros, src=x, reduce='sum'", "index_copy": "index=places, source=x", "index_fill": "index=places, value=2", "index_add": "index=places, source=x", "index_reduce": "index=places, source=x, reduce='prod'", "select_scatter": "index=0",
}  # fmt: skip
LISTS = ("stack", "cat", "concat", "concatenate")
KEPT = ("sum", "mean", "prod", "amax", "amin", "max", "min", "argmax", "argmin", "any", "all", "var", "std", "logsumexp", "median", "mode", "var_mean", "aminmax", "linalg.norm", "linalg.vector_norm", "nansum")
SEVERAL_DIMS = ("fft.fft2", "fft.ifft2", "fft.rfft2", "fft.irfft2", "fft.hfft2", "fft.ihfft2", "linalg.matrix_norm", "nuclear_norm", "linalg.norm")


def found(T: Any, path: str) -> Any:
    for part in path.split("."):
        T = getattr(T, part)
    return T


def with_dim() -> list[str]:
    """The functions of the package and of its rooms that have a parameter `dim` and that PyTorch has in C."""
    paths = []
    for room in ("", "linalg.", "fft.", "special."):
        for name in dir(found(corelib, room[:-1]) if room else corelib):
            mine, theirs = getattr(found(corelib, room[:-1]) if room else corelib, name), getattr(found(torch, room[:-1]) if room else torch, name, None)
            if callable(mine) and not inspect.isclass(mine) and isinstance(theirs, type(torch.add)) and not name.startswith("_") and "dim" in inspect.signature(mine).parameters:
                paths.append(room + name)
    return paths


def call(path: str, name: str, more: str = "") -> str:
    first = "[x, x]" if path in LISTS else "x"
    given = ", ".join([first, *(ARGUMENTS.get(path) or [])])
    value = "(0, 1)" if path in SEVERAL_DIMS else "0"
    return f"T.{path}({given}, {name}={value}{', ' + AFTER[path] if path in AFTER else ''}{more})"


def value(T: Any, expression: str) -> str:
    names = {"T": T, "x": T.tensor([[3.0, 1, 2], [5, 4, 6], [7, 9, 8]]), "zeros": T.zeros(3, 3, dtype=T.int64), "places": T.tensor([2, 0, 1])}
    with quiet():
        return repr(eval(expression, names))


@pytest.mark.parametrize("path", [p for p in with_dim() if ARGUMENTS.get(p, []) is not None])
def test_axis_is_dim(path: str) -> None:
    expression = call(path, "axis")
    try:
        want = value(torch, expression)
    except TypeError:
        with pytest.raises(TypeError):
            value(corelib, expression)
        return
    assert value(corelib, expression) == value(corelib, call(path, "dim"))
    assert value(corelib, expression) == want or path.startswith("fft.")  # whose last digits differ


@pytest.mark.parametrize("path", KEPT)
def test_keepdims_is_keepdim(path: str) -> None:
    mine, theirs = both(lambda T: value(T, call(path, "axis", ", keepdims=True")))
    assert mine == theirs


@pytest.mark.parametrize("expression", [
    "T.add(x1=x, x2=x)", "T.mul(x1=x, x2=2)", "T.sub(x, x2=x, alpha=2)", "T.sin(x=x)", "T.exp(a=x)", "T.sqrt(x1=x)", "T.maximum(x1=x, x2=x)", "x.add(x2=x)", "x.sum(axis=0)", "x.unsqueeze(axis=0)", "x.argsort(axis=0)",
    "x.max(axis=0).values", "x.sum(axis=(0, 1), keepdims=True, dtype=T.float64)", "T.eq(x1=x, x2=x)", "T.sum(x, axis=0, out=T.empty(3))", "T.cumsum(x, axis=0, out=T.empty(3, 3))", "T.unbind(x, axis=1)", "x.unbind(axis=1)",
])  # fmt: skip
def test_names_of_operands_and_of_methods(expression: str) -> None:
    mine, theirs = both(lambda T: value(T, expression))
    assert mine == theirs


@pytest.mark.parametrize("expression", [
    "T.sum(x, 0, axis=0)", "T.unsqueeze(x)", "T.unsqueeze(x, 0, 1)", "T.sin(x, x)", "T.sin()", "T.sin(x, a=x)", "T.add(x)", "T.add(x, y=1)", "T.sum(x, 0, True, 1)", "T.nn.functional.softmax(x, axis=0)", "T.index_select(x, axis=0)", "T.unsqueeze(x, 0, axis=1)",
])  # fmt: skip
def test_what_is_left_out_or_given_twice_is_refused(expression: str) -> None:
    refusals_of(lambda T: value(T, expression))


def test_users_see_the_signature_without_them() -> None:
    assert str(inspect.signature(corelib.unsqueeze)) == "(input: 'Tensor', dim: 'int') -> 'Tensor'"
    assert list(inspect.signature(corelib.sum).parameters) == ["input", "dim", "keepdim", "dtype", "out"]
