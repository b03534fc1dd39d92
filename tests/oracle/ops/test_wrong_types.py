"""Arguments of a wrong type in every function's first places: where PyTorch says TypeError, so does corelib, and it does not just go on."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..harness import quiet

ROOMS = ("Tensor", "", "nn.functional", "linalg", "special", "fft")
ELSEWHERE = {  # they set what all others see, or run until told to stop
    "get_rng_state", "manual_seed", "seed", "save", "load",
    "autocast_increment_nesting", "autocast_decrement_nesting", "clear_autocast_cache",
    "use_deterministic_algorithms", "compile", "fork", "record_stream", "share_memory_",
}  # fmt: skip
NAMED_ALIKE = ["keepdim", "descending", "largest", "sorted", "stable", "some", "upper", "accumulate", "unbiased", "right", "return_inverse", "return_counts", "full_matrices", "compute_uv", "wrap", "increasing", "with_replacement", "assume_unique", "invert", "equal_nan", "training", "train", "hermitian", "left"]
NO_NUMBERS = {  # lists, and what is a method of no arguments in PyTorch
    "column_stack", "hstack", "vstack", "dstack", "row_stack", "meshgrid", "cumulative_trapezoid", "trapezoid", "trapz", "contiguous", "is_contiguous", "index_put_", "multi_dot", "is_complex", "is_floating_point", "numel", "is_set_to",
}  # fmt: skip


def functions() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        mine, theirs = found(corelib, room), found(torch, room)
        for name in sorted({*dir(mine)} & {*dir(theirs)}):
            if not name.startswith("_" if room else ("_", "set_")) and name not in ELSEWHERE and callable(getattr(theirs, name)) and not inspect.isclass(getattr(theirs, name)):
                yield room, name


def found(T: Any, room: str) -> Any:
    for part in room.split(".") if room else ():
        T = getattr(T, part)
    return T


def parameters(room: str, name: str) -> list[str]:
    try:
        return list(inspect.signature(getattr(found(corelib, room), name)).parameters)
    except (TypeError, ValueError):
        return []


def came(T: Any, room: str, name: str, *args: Any, **kwargs: Any) -> str:
    given = [T.ones(2, 3) if x is ... else x for x in args]
    with quiet():
        try:
            getattr(found(T, room), name)(*given, **kwargs)
        except Exception as error:
            return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
    return "a result"


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_no_tensor_is_a_type_error_and_no_attribute_error(room: str) -> None:
    wrong = []
    for place, name in functions():
        if place != room or name in NO_NUMBERS:
            continue
        for args in ((3,), (..., 3), (..., "a"), (..., None), (..., ..., object()), (..., 0, "a"), (..., 2.5, ...)):
            if room == "Tensor" and args == (3,):
                continue
            theirs, mine = came(torch, room, name, *args), came(corelib, room, name, *args)
            if theirs == "TypeError" and mine in ("AttributeError", "NameError", "RecursionError", "UnboundLocalError"):
                wrong.append((name, args, mine))
    assert not wrong


@pytest.mark.parametrize("room", ["Tensor", "", "linalg", "special"])
def test_what_is_no_bool_is_refused_where_pytorch_refuses_it(room: str) -> None:
    wrong = []
    for place, name in functions():
        if place == room and name != "native_dropout":  # whose `train` may be None
            for keyword in [k for k in NAMED_ALIKE if k in parameters(room, name)]:
                for value in (1, "a"):
                    for args in ((...,), (..., 0), (..., ...)):
                        if came(torch, room, name, *args, **{keyword: value}) == "TypeError" and came(torch, room, name, *args, **{keyword: True}) == "a result":
                            mine = came(corelib, room, name, *args, **{keyword: value})
                            if mine == "a result":
                                wrong.append((name, keyword, value, mine))
    assert not wrong


@pytest.mark.parametrize("call", [
    ("", "addcmul", ..., ..., 3), ("", "dist", ..., 3), ("Tensor", "dist", ..., 2.5), ("linalg", "vecdot", ..., 3), ("", "clamp", ..., ..., 3), ("Tensor", "requires_grad_", ..., 1), ("Tensor", "fill_diagonal_", ..., 0, 1), ("Tensor", "view_as", ..., 3),
    ("Tensor", "expand_as", ..., 3), ("Tensor", "resize_as_", ..., 3), ("Tensor", "is_same_size", ..., 3), ("Tensor", "type_as", ..., 3), ("", "block_diag", ..., 3), ("", "broadcast_tensors", 3), ("", "atleast_1d", 3), ("", "real", 3), ("", "kron", ..., 3),
])  # fmt: skip
def test_numbers_are_no_tensors(call: tuple[Any, ...]) -> None:
    assert came(torch, *call) == came(corelib, *call) == "TypeError"


def test_numpy_bools_are_bools() -> None:
    assert corelib.ones(2, 3).sum(0, keepdim=np.True_).shape == (1, 3)  # as NumPy's integers are integers
