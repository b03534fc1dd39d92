"""Dtypes that tensors are made of and nothing is computed in: int1 to int7, uint1 to uint7 and the bits, beside PyTorch's.

Copies of the integers among them, which PyTorch refuses (it has them for bits), copy bytes here, and a tensor of them is printed by its bytes.
"""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch

import corelib

from ..coverage.calls import compared
from ..harness import quiet

INTEGERS = [f"{sign}int{n}" for sign in ("", "u") for n in range(1, 8)]
BITS = ["bits1x8", "bits2x4", "bits4x2", "bits8", "bits16"]


def made(T: Any, d: Any) -> Any:
    return T.arange(4, dtype=T.uint8).view(d)


def shown(x: Any) -> Any:
    """A tensor by its dtype, its strides and its bytes."""
    if isinstance(x, torch.Tensor | corelib.Tensor):
        numbers = x if "bits" not in str(x.dtype) and "int" in str(x.dtype) and x.dtype.itemsize > 2 else x.view(corelib.uint8 if isinstance(x, corelib.Tensor) else torch.uint8)
        return str(x.dtype), tuple(x.shape), x.stride(), numbers.tolist()
    return [shown(i) for i in x] if isinstance(x, tuple | list) else str(x) if isinstance(x, torch.dtype | corelib.dtype) else x


CASES: dict[str, Callable[[Any, Any], Any]] = {
    "what it says": lambda T, d: (repr(d), d.itemsize, d.is_floating_point, d.is_complex, d.to_real()), "its sign": lambda T, d: d.is_signed, "its complex": lambda T, d: d.to_complex(),
    "iinfo": lambda T, d: T.iinfo(d), "finfo": lambda T, d: T.finfo(d), "pickled": lambda T, d: pickle.loads(pickle.dumps(d)) is d,
    "empty": lambda T, d: T.empty(3, 2, dtype=d).stride(), "zeros": lambda T, d: T.zeros(4, dtype=d), "zeros_like": lambda T, d: T.zeros_like(made(T, d)),
    "zero_": lambda T, d: made(T, d).zero_(), "ones": lambda T, d: T.ones(4, dtype=d), "full": lambda T, d: T.full((4,), 1, dtype=d), "of a number": lambda T, d: T.tensor([1], dtype=d),
    "arange": lambda T, d: T.arange(4, dtype=d), "bytes and back": lambda T, d: made(T, d), "to int16's": lambda T, d: made(T, d).view(T.int16), "a part": lambda T, d: made(T, d)[1:],
    "an element": lambda T, d: made(T, d)[0].item(), "elements": lambda T, d: made(T, d).tolist(), "numpy": lambda T, d: made(T, d).numpy(), "itself": lambda T, d: made(T, d).to(d),
    "from bytes by value": lambda T, d: T.arange(4, dtype=T.uint8).to(d), "to int32": lambda T, d: made(T, d).to(T.int32), "float": lambda T, d: made(T, d).float(),
    "copied from bytes": lambda T, d: T.empty(made(T, d).shape, dtype=d).copy_(T.zeros(made(T, d).shape, dtype=T.uint8)), "add": lambda T, d: made(T, d) + made(T, d),
    "eq": lambda T, d: made(T, d) == made(T, d), "equal": lambda T, d: T.equal(made(T, d), made(T, d)), "sum": lambda T, d: made(T, d).sum(), "max": lambda T, d: made(T, d).max(),
    "and": lambda T, d: made(T, d) & made(T, d), "sort": lambda T, d: made(T, d).sort(), "flip": lambda T, d: made(T, d).flip(0), "nonzero": lambda T, d: made(T, d).nonzero(),
    "unique": lambda T, d: made(T, d).unique(), "a number set": lambda T, d: made(T, d).__setitem__(0, 1), "fill_": lambda T, d: made(T, d).fill_(1), "picked": lambda T, d: made(T, d)[T.tensor([0])],
    "cat": lambda T, d: T.cat([made(T, d), made(T, d)]), "stack": lambda T, d: T.stack([made(T, d), made(T, d)]), "chunk": lambda T, d: made(T, d).chunk(2),
    "sizes": lambda T, d: (made(T, d).element_size(), made(T, d).nbytes, made(T, d).untyped_storage().nbytes()), "type": lambda T, d: made(T, d).type(),
    "promoted": lambda T, d: T.promote_types(d, T.int32), "result_type": lambda T, d: T.result_type(made(T, d), 1), "can_cast": lambda T, d: T.can_cast(d, T.float32),
    "deepcopy": lambda T, d: copy.deepcopy(made(T, d)), "requires_grad_": lambda T, d: made(T, d).requires_grad_(), "a parameter": lambda T, d: T.nn.Parameter(made(T, d), requires_grad=False).data,
    "meta": lambda T, d: T.empty(3, dtype=d, device="meta").dtype, "as default": lambda T, d: T.set_default_dtype(d),
}  # fmt: skip
OF_BITS: dict[str, Callable[[Any, Any], Any]] = {
    "clone": lambda T, d: made(T, d).clone(), "copy_": lambda T, d: T.zeros(made(T, d).shape, dtype=d).copy_(made(T, d)), "repeat": lambda T, d: made(T, d).repeat(2),
    "expand": lambda T, d: made(T, d)[:1].expand(3).contiguous(), "transposed": lambda T, d: made(T, d).reshape(-1, 2).t().contiguous(), "saved": lambda T, d: saved(T, made(T, d)),
}  # fmt: skip


def saved(T: Any, x: Any) -> Any:
    file = io.BytesIO()
    T.save(x, file)
    file.seek(0)
    return T.load(file)


def outcome(T: Any, name: str, case: Callable[[Any, Any], Any]) -> Any:
    with quiet():
        try:
            return shown(case(T, getattr(T, name)))
        except (RuntimeError, TypeError, NotImplementedError, IndexError) as error:
            # PyTorch has RuntimeError where it finds no number to load, and NotImplementedError, which is one, elsewhere
            return "RuntimeError" if isinstance(error, RuntimeError) else type(error).__name__


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", [*INTEGERS, *BITS])
def test_it_is_held_as_in_pytorch(name: str, case: str) -> None:
    assert outcome(corelib, name, CASES[case]) == outcome(torch, name, CASES[case])
    compared(f"torch.{name}")


@pytest.mark.parametrize("case", OF_BITS)
@pytest.mark.parametrize("name", BITS)
def test_bits_are_copied_as_in_pytorch(name: str, case: str) -> None:
    assert outcome(corelib, name, OF_BITS[case]) == outcome(torch, name, OF_BITS[case])


@pytest.mark.parametrize("name", [*INTEGERS, *BITS])
def test_copies_are_of_bytes_on_every_device(name: str) -> None:
    d = getattr(corelib, name)
    x = made(corelib, d)
    places = ["cpu", "opencl"] if corelib.opencl.is_available() else ["cpu"]
    for place in places:
        y = x.to(place)
        for z in (y, y.clone(), corelib.zeros(x.shape, dtype=d, device=place).copy_(y), corelib.cat([y, y])[: len(x)], saved(corelib, y)):
            assert z.dtype is d and z.device.type == place and z.cpu().view(corelib.uint8).tolist() == [0, 1, 2, 3]
        assert corelib.zeros(3, dtype=d, device=place).cpu().view(corelib.uint8).count_nonzero() == 0
    assert f"dtype=torch.{name}" in repr(x) and repr(x).startswith("tensor([")


def test_one_bit_has_two_names() -> None:
    for T in (torch, corelib):
        assert T.bit is T.uint1
    compared("torch.bit")
