"""Types and enumerations that users name but do not make, and what refuses alike in both libraries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import corelib

from .calls import compared
from .expressions import assert_same, evaluate

LIBRARIES = (corelib, torch)


def members(kind: Any) -> dict[str, int]:
    return {name: int(getattr(member, "value", member)) for name, member in kind.__members__.items()}


@pytest.mark.parametrize("name", ["torch.profiler.DeviceType", "torch.profiler.ProfilerActivity", "torch.profiler.ProfilerAction", "torch.Tag"])
def test_enumeration_has_the_same_members(name: str) -> None:
    got, want = (eval(name, {"torch": T}) for T in LIBRARIES)
    assert members(got) == members(want)
    for member in members(want):
        mine, theirs = getattr(got, member), getattr(want, member)
        assert (str(mine), repr(mine), mine.name, mine == theirs.value, hash(mine) == hash(getattr(got, member))) == (
            str(theirs), repr(theirs), theirs.name, theirs == theirs.value, True,
        )
        assert got(theirs.value) is mine
    compared(name)


@pytest.mark.parametrize(("name", "number"), [("SymInt", 3), ("SymFloat", 3.5), ("SymBool", True)])
def test_plain_numbers_are_not_symbolic(name: str, number: Any) -> None:
    """Of sizes that are known nothing is of these types, and the functions for them give plain numbers."""
    for T in LIBRARIES:
        kind = getattr(T, name)
        assert isinstance(kind, type)
        assert kind.__name__ == name
        assert not isinstance(number, kind)
        assert not isinstance(T.ones(3).shape[0], kind)
        assert type(T.sym_int(3.5)) is int
        with pytest.raises(TypeError):
            kind()
    compared(f"torch.{name}")


def test_fatal_error_is_caught_as_an_exception_alone() -> None:
    for T in LIBRARIES:
        assert T.FatalError.__mro__[1:] == (Exception, BaseException, object)
        with pytest.raises(T.FatalError, match="over"):
            raise T.FatalError("over")
    compared("torch.FatalError")


EXPRESSIONS = """
T.Storage is T.FloatStorage
(s.dtype, s.tolist()) for s in [T.Storage([1.5, 2.0])]
T.empty(2, 3, memory_format=T.legacy_contiguous_format).stride()
x.contiguous(memory_format=T.legacy_contiguous_format)
T.legacy_contiguous_format is T.contiguous_format
T.jagged == T.strided, str(T.jagged), isinstance(T.jagged, T.layout)
T.sym_fresh_size(3)
T.sym_fresh_size(T.tensor(3.5))
T.sym_fresh_size(x)
T.autograd.kineto_available()
T.segment_reduce(x, "sum", lengths=T.tensor([1, 2]))
T.segment_reduce(x, "mean", lengths=T.tensor([2, 0, 1]), initial=1.0)
T.segment_reduce(x[:, 0], "max", offsets=T.tensor([0, 1, 3]))
T.segment_reduce(x, "prod", lengths=T.tensor([[1, 3]] * 3), axis=1)
T.segment_reduce(x, "min", lengths=T.tensor([1, 1]))
""".strip().splitlines()


@pytest.mark.filterwarnings("ignore:.*TypedStorage")
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression_is_as_in_pytorch(expression: str) -> None:
    assert_same(f"[{expression}]" if " for " in expression else expression)


def test_legacy_storage_is_that_of_floats() -> None:
    compared("torch.Storage")


@pytest.mark.parametrize("name", ["SymInt", "SymFloat", "SymBool"])
def test_nodes_of_numbers_are_refused(name: str) -> None:
    assert evaluate(f"T.{name}()", corelib) is evaluate(f"T.{name}()", torch) is TypeError


def test_removed_variable_says_what_to_use() -> None:
    for T in LIBRARIES:
        with pytest.raises(RuntimeError, match="is deprecated, use torch.tensor"):
            T.autograd.variable(3)
    from corelib.autograd.variable import Variable  # the module of that name is found as before

    assert Variable is corelib.autograd.Variable
    compared("torch.autograd.variable")


@pytest.mark.filterwarnings("ignore:.*should not be instantiated")
def test_a_nested_function_is_a_function() -> None:
    def run(T: Any) -> Any:
        class Triple(T.autograd.NestedIOFunction):  # type: ignore[misc]
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x * 2

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * 3

        x = T.ones(2, requires_grad=True)
        y = Triple.apply(x)
        y.sum().backward()
        for extended in (T.autograd.NestedIOFunction().forward_extended, T.autograd.NestedIOFunction().backward_extended):
            with pytest.raises(NotImplementedError):
                extended(x)
        return y.tolist(), x.grad.tolist(), issubclass(Triple, T.autograd.Function)

    assert run(corelib) == run(torch)


REFUSED: list[tuple[str, Callable[[Any], Any], type[Exception]]] = [
    ("torch.Tensor.ipu", lambda T: T.ones(2).ipu(), RuntimeError),
    ("torch.Tensor.pin_memory", lambda T: T.ones(2).pin_memory(), RuntimeError),
    ("torch.UntypedStorage.pin_memory", lambda T: T.ones(2).untyped_storage().pin_memory(), RuntimeError),
]


@pytest.mark.skipif(torch.accelerator.is_available() or corelib.cuda.is_available(), reason="for machines without another device")
@pytest.mark.parametrize(("name", "call", "error"), REFUSED)
def test_what_needs_another_device_is_refused_without_one(name: str, call: Callable[[Any], Any], error: type[Exception]) -> None:
    for T in LIBRARIES:
        with pytest.raises(error):
            call(T)
    compared(name)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "bool"])
def test_tensor_of_a_file(tmp_path: Path, dtype: str) -> None:
    def run(T: Any) -> Any:
        path, kind = str(tmp_path / T.__name__), getattr(T, dtype)
        made = T.from_file(path, shared=True, size=4, dtype=kind)
        zeros = made.tolist()
        made.copy_(T.tensor([1, 0, 3, 0]))
        private = T.from_file(path, shared=False, size=3, dtype=kind)
        again = private.tolist()
        private[0] = 0
        return zeros, made.tolist(), again, private.tolist(), T.from_file(path, size=4, dtype=kind).tolist(), (tmp_path / T.__name__).stat().st_size, str(private.dtype)

    assert run(corelib) == run(torch)


def test_tensor_of_a_file_that_is_not_there_or_too_short(tmp_path: Path) -> None:
    for T in LIBRARIES:
        with pytest.raises(RuntimeError, match="unable to open file"):
            T.from_file(str(tmp_path / "none"), size=2)
        T.from_file(str(tmp_path / "short"), shared=True, size=2)
        with pytest.raises(RuntimeError):
            T.from_file(str(tmp_path / "short"), size=100)
