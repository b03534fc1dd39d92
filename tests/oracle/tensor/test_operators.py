"""Python's operators with whatever may stand beside a tensor, beside PyTorch: the same answer, or the other operand's, or an error."""

from __future__ import annotations

import operator as o
import warnings

import corelib
import numpy as np
import pytest
import torch

NAMES = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift", "matmul")
BINARY = {name: getattr(o, name + "_" if name in ("and", "or") else name) for name in NAMES}
INPLACE = {"i" + name: getattr(o, "i" + name) for name in NAMES}
COMPARISONS = {name: getattr(o, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")}


class Knows:
    """Has an answer to every operator."""

    __hash__ = object.__hash__


for _name in NAMES:
    setattr(Knows, f"__r{_name}__", lambda self, other, name=_name: f"r{name}")
for _name in COMPARISONS:
    setattr(Knows, f"__{_name}__", lambda self, other, name=_name: name)


class Strange:
    """Has none."""


OTHERS = {
    "None": None, "str": "a", "list": [1, 2], "tuple": (1, 2), "dict": {}, "set": {1}, "ellipsis": ..., "knows": Knows(), "strange": Strange(),
    "int64 array": np.array([1, 2]), "float64 array": np.array([1.5, 2.0]), "float32 array": np.array([1.5, 2.0], np.float32),
    "bool array": np.array([True, False]), "0-d array": np.array(2), "matrix": np.array([[1, 2], [3, 4]]), "three": np.array([1, 2, 3]),
    "objects": np.array([1, None], object), "words": np.array(["a", "b"]), "int64": np.int64(2), "float32": np.float32(1.5),
    "float64": np.float64(1.5), "bool": np.bool_(True), "int": 2, "float": 0.5, "True": True,
}  # fmt: skip


def tensors(T):
    return [T.tensor([1.0, 2.0]), T.tensor([1, 2]), T.tensor([True, False]), T.tensor(3), T.tensor(2.5)]


def answer(function, x, y):
    """What comes out, in words that are the same in both libraries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = function(x, y)
        except (TypeError, RuntimeError, ValueError) as error:
            return next(kind.__name__ for kind in (TypeError, RuntimeError, ValueError) if isinstance(error, kind))
    if isinstance(made, (torch.Tensor, corelib.Tensor)):
        return str(made.dtype).rpartition(".")[2], tuple(made.shape), [f"{x:.5g}" for x in made.reshape(-1).tolist()]
    return repr(made)


def copied(other):
    return other.copy() if isinstance(other, np.ndarray) else other


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", [*BINARY, *INPLACE, *COMPARISONS, "divmod"])
def test_operators_answer_as_pytorchs(name, kind):
    function = {**BINARY, **INPLACE, **COMPARISONS, "divmod": divmod}[name]
    for ours, theirs in zip(tensors(corelib), tensors(torch), strict=True):
        a, b = copied(OTHERS[kind]), copied(OTHERS[kind])
        left = answer(function, ours, a), answer(function, theirs, b)
        assert left[0] == left[1], (name, kind, theirs)
        if name in INPLACE:
            assert answer(lambda x, y: x, ours, None) == answer(lambda x, y: x, theirs, None)
            continue
        right = answer(function, a, ours), answer(function, b, theirs)
        assert right[0] == right[1], ("reflected", name, kind, theirs)


def test_comparisons_with_what_is_no_number():
    x = corelib.ones(2)
    assert (x == None) is False and (x != None) is True and not (x == "a") and x != [1.0, 1.0]  # noqa: E711
    assert x not in (None, "a") and x in [x]


@pytest.mark.parametrize("function", [
    lambda T, t: np.add(t, t), lambda T, t: np.equal(t, t), lambda T, t: np.sin(t), lambda T, t: np.add(t, 1), lambda T, t: np.divmod(t, t)[1],
    lambda T, t: np.concatenate([t, t]), lambda T, t: np.where(t > 1, t, 0), lambda T, t: np.exp(t[0]), lambda T, t: np.isnan(t),
    lambda T, t: np.asarray(t, dtype=np.int64), lambda T, t: np.add.outer(t, t), lambda T, t: np.linalg.norm(t),
    lambda T, t: np.asarray(t.requires_grad_()), lambda T, t: np.sin(t.requires_grad_()), lambda T, t: np.ones(2) + t.requires_grad_(),
    lambda T, t: t.requires_grad_() * np.ones(2), lambda T, t: np.float64(2) * t.requires_grad_(), lambda T, t: np.asarray(t)[0],
])  # fmt: skip
def test_numpys_functions_of_tensors(function):
    def shown(T):
        made = answer(lambda T, t: function(T, t), T, T.tensor([1.0, 2.0]))
        return made.replace("corelib", "torch") if isinstance(made, str) else made

    assert shown(corelib) == shown(torch)
