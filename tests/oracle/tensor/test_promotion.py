"""Type promotion against PyTorch's, over all pairs of dtypes and kinds of operands."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from corelib.tensor import dtype as D
from corelib.tensor import promotion
from corelib.tensor.tensor import Tensor

NAMES = [d.name for d in D.ALL]
NUMBERS = (True, 3, 2.5, 1j)
KINDS = [(name, shape) for name in NAMES for shape in ((2,), ())] + [(number, None) for number in NUMBERS]


def oracle(name: str) -> torch.dtype:
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def theirs(kind: tuple[Any, Any]) -> Any:
    what, shape = kind
    return what if shape is None else torch.empty(shape, dtype=oracle(what))


def ours(kind: tuple[Any, Any]) -> Any:
    """Promotion looks at dtype and shape alone, so a tensor without memory is enough."""
    what, shape = kind
    if shape is None:
        return what
    t = object.__new__(Tensor)
    t._dtype, t._shape = D.dtype_named(what), shape
    return t


def named(dtype: torch.dtype) -> str:
    # There is no complex32 here: complex64 takes its place.
    return str(dtype).removeprefix("torch.").replace("complex32", "complex64")


@pytest.fixture(params=[d.name for d in D.FLOATS])
def default(request: pytest.FixtureRequest) -> Iterator[str]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(oracle(request.param))
    promotion.set_default_dtype(D.dtype_named(request.param))
    yield request.param
    torch.set_default_dtype(before)
    promotion.set_default_dtype(D.dtype_named(named(before)))


def test_the_default_dtype_is_the_one_that_was_set(default: str) -> None:
    assert promotion.get_default_dtype() is D.dtype_named(default)
    assert named(torch.get_default_dtype()) == default


def test_every_pair_of_dtypes_promotes_as_in_pytorch() -> None:
    for a, b in itertools.product(NAMES, NAMES):
        got = promotion.promote_types(D.dtype_named(a), D.dtype_named(b))
        assert got.name == named(torch.promote_types(oracle(a), oracle(b))), (a, b)


def test_every_pair_of_dtypes_casts_as_in_pytorch() -> None:
    for a, b in itertools.product(NAMES, NAMES):
        got = promotion.can_cast(D.dtype_named(a), D.dtype_named(b))
        assert got == torch.can_cast(oracle(a), oracle(b)), (a, b)


def test_every_pair_of_operands_promotes_as_in_pytorch(default: str) -> None:
    for a, b in itertools.product(KINDS, KINDS):
        want = named(torch.result_type(theirs(a), theirs(b)))
        assert promotion.result_type(ours(a), ours(b)).name == want, (a, b)


def test_three_operands_promote_as_in_pytorch() -> None:
    # PyTorch's result_type takes two operands, but addcmul follows the same rule with three.
    names = ("uint8", "int32", "float16", "bfloat16", "float32", "float64")
    reals = [(name, shape) for name in names for shape in ((2,), ())]
    for a, b, c in itertools.product(reals, reals, reals):
        operands = [theirs(k) for k in (a, b, c)]
        want = torch.addcmul(*[x.zero_() for x in operands]).dtype
        assert promotion.result_type(ours(a), ours(b), ours(c)).name == named(want), (a, b, c)


@pytest.mark.parametrize("python", [bool, int, float, complex])
def test_python_types_stand_for_dtypes_as_in_pytorch(python: Any) -> None:
    for name in NAMES:
        got = promotion.promote_types(D.dtype_named(name), python)
        assert got.name == named(torch.promote_types(oracle(name), python))


def test_numpy_scalars_count_as_numbers_as_in_pytorch() -> None:
    import numpy as np

    # Not np.bool_, which PyTorch takes for a float; it is a bool here.
    for number in (np.float32(1), np.float64(1), np.int8(1), np.int64(1)):
        for name in NAMES:
            want = named(torch.result_type(theirs((name, (2,))), number))
            assert promotion.result_type(ours((name, (2,))), number).name == want, (name, number)


@pytest.mark.parametrize("wrong", ["int32", "complex64", "bool"])
def test_a_default_dtype_that_is_not_floating_point_is_the_same_error(wrong: str) -> None:
    with pytest.raises(TypeError) as got:
        torch.set_default_dtype(oracle(wrong))
    with pytest.raises(TypeError) as raised:
        promotion.set_default_dtype(D.dtype_named(wrong))
    assert str(got.value) in str(raised.value)


@pytest.mark.parametrize("wrong", ["float32", None, float, 1])
def test_a_default_dtype_that_is_no_dtype_is_the_same_error(wrong: Any) -> None:
    with pytest.raises(TypeError) as got:
        torch.set_default_dtype(wrong)
    with pytest.raises(TypeError) as raised:
        promotion.set_default_dtype(wrong)
    assert str(got.value) in str(raised.value)


@pytest.mark.parametrize("wrong", ["a", None, [1.0]])
def test_result_type_refuses_what_pytorch_refuses(wrong: Any) -> None:
    with pytest.raises(TypeError):
        torch.result_type(torch.ones(2), wrong)
    with pytest.raises(TypeError, match=r"result_type\(\): argument in position 2 must be Tensor or Number"):
        promotion.result_type(ours(("float32", (2,))), wrong)


def test_promote_types_refuses_what_pytorch_refuses() -> None:
    with pytest.raises(TypeError):
        torch.promote_types(torch.float32, 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"'type2' \(position 2\) must be torch.dtype, not int"):
        promotion.promote_types(D.float32, 1)  # type: ignore[arg-type]
