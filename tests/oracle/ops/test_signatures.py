"""Names and order of parameters beside PyTorch's own table of operators, for functions of the package and methods."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch

import corelib

from ..harness import COUNTS

OTHER = {
    "cholesky_solve": "PyTorch's documentation says L, as here", "orgqr": "PyTorch's documentation says tau, as here", "polygamma": "n is the method's only argument",
    "dsplit": "one parameter for both forms, as PyTorch's documentation has it", "hsplit": "as dsplit", "vsplit": "as dsplit", "tensor_split": "as dsplit", "unsafe_split": "as dsplit",
    "rrelu": "inplace of nn.functional.rrelu for a generator", "rrelu_": "no generator", "record_stream": "PyTorch's documentation says stream, as here",
    "histogramdd": "range is given by name, as PyTorch's documentation has it", "ormqr": "PyTorch's documentation says tau and other, as here",
}  # fmt: skip


def positional(function: Any) -> list[str] | None:
    """The names of the parameters that can be given by position, the first called self; None where they are not told."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    return ["self", *[p.name for p in parameters[1:] if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]]


def forms(name: str) -> list[list[str]]:
    """The positional parameters of each form that PyTorch has of an operator."""
    packet = getattr(torch.ops.aten, name, None)
    found = []
    for overload in packet.overloads() if packet is not None else ():
        schema = getattr(packet, overload)._schema
        if not any(a.is_out for a in schema.arguments) and "Dimname" not in str(schema):
            found.append(["self", *[a.name.replace("self", "input") for a in schema.arguments[1:] if not a.kwarg_only]])
    return found


CASES = [
    pytest.param(space, name, id=f"{space}.{name}")
    for space, mine, theirs in (("torch", corelib, torch), ("Tensor", corelib.Tensor, torch.Tensor))
    for name in dir(mine)
    if not name.startswith("_") and callable(getattr(mine, name)) and not inspect.isclass(getattr(mine, name)) and name not in OTHER
    and (space == "Tensor" or isinstance(getattr(theirs, name, None), type(torch.add))) and positional(getattr(mine, name)) and forms(name)
]  # fmt: skip


@pytest.mark.parametrize(("space", "name"), CASES)
def test_parameters_have_pytorchs_names_in_its_order(space: str, name: str) -> None:
    mine = positional(getattr(corelib if space == "torch" else corelib.Tensor, name)) or []
    assert any(mine[: len(form)] == form for form in forms(name)), f"{name}{mine} is none of {forms(name)}"
    COUNTS["signatures compared"] += 1


def test_forms_of_the_package_that_differ_from_those_of_nn_functional() -> None:
    x = torch.arange(12.0).reshape(2, 3, 2)
    weight, bias, mean, var = torch.rand(3), torch.rand(3), torch.rand(3), torch.rand(3)
    given = [t.clone() for t in (x, weight, bias, mean, var)]
    mine = [corelib.from_numpy(t.numpy().copy()) for t in given]
    for name in ("batch_norm", "instance_norm"):
        got, want = (getattr(T, name)(*each, False, 0.1, 1e-5, True) for T, each in ((corelib, mine), (torch, given)))
        assert corelib.allclose(got, corelib.from_numpy(want.numpy()), atol=1e-6)
    for call in (lambda T, t: T.softmax(t, 1, T.float64), lambda T, t: T.log_softmax(t, 1, T.float64), lambda T, t: T.dropout(t, 0.5, train=False), lambda T, t: T.pow(t, exponent=2)):
        assert corelib.allclose(call(corelib, mine[0]), corelib.from_numpy(call(torch, given[0]).numpy()))
