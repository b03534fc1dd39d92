"""torch._foreach_*: every overload, in place and not, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import corelib

NAMES = sorted(name for name in dir(torch) if name.startswith("_foreach_"))


def tensors(m: Any, scale: float = 1.0) -> list[Any]:
    return [m.tensor([[0.3, 0.7], [0.2, 0.9]]) * scale, m.tensor([0.5, 0.25]) * scale, m.tensor(0.4) * scale]


def arguments(m: Any, name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """What a function is called with beside its first list, by the overloads of its schema."""
    plain = name.removeprefix("_foreach_").rstrip("_")
    two, three = tensors(m, 0.5), tensors(m, 2.0)
    if plain in ("addcdiv", "addcmul"):
        return [((two, three), {}), ((two, three, 2), {}), ((two, three), {"value": 0.5}), ((two, three, [1, 2.0, 3]), {}), ((two, three, m.tensor([1.0, 2.0, 3.0])), {}), ((two, three), {"scalars": [1.0, 2.0, 3.0]}), ((two, three, m.ones(2)), {}), ((two, three[:2]), {})]
    if plain == "lerp":
        return [((two, three), {}), ((two, 0.5), {}), ((two, [0.1, 0.2, 0.3]), {}), ((two,), {"weight": 0.25}), ((two, [0.1]), {})]
    if plain == "copy":
        return [((two,), {}), ((two, True), {}), (([two[0].double(), *two[1:]],), {}), ((two[:1],), {})]
    if plain == "mm":
        return []
    if plain in ("norm", "powsum"):
        return [((), {}), ((1,), {}), ((3,), {"dtype": m.float64}), ((float("inf"),), {}) if plain == "norm" else ((2,), {})]
    if plain in ("add", "sub", "mul", "div", "maximum", "minimum", "clamp_min", "clamp_max", "pow"):
        found = [((two,), {}), ((2,), {}), ((0.35,), {}), (([0.1, 0.6, 2],), {}), ((two[:2],), {}), (([1.0],), {})]
        if plain in ("add", "sub"):
            found += [((two,), {"alpha": 2}), ((m.tensor(0.5),), {}), ((m.tensor(0.5),), {"alpha": 3}), ((m.ones(2),), {})]
        if plain in ("mul", "div"):
            found += [((m.tensor(0.5),), {}), ((m.ones(2),), {})]
        return found
    return [((), {})]


def outcome(m: Any, name: str, call: int) -> Any:
    xs = tensors(m)
    args, kwargs = arguments(m, name)[call]
    try:
        found = getattr(m, name)(xs, *args, **kwargs)
    except Exception as error:
        return type(error).__name__
    kind = "self" if found is xs else type(found).__name__
    return kind, [(str(x.dtype), tuple(x.shape), x.reshape(-1).tolist()) for x in found], [x._version for x in xs]


@pytest.mark.parametrize(("name", "call"), [(name, i) for name in NAMES for i in range(len(arguments(torch, name)))])
def test_every_overload(name: str, call: int) -> None:
    mine, theirs = outcome(corelib, name, call), outcome(torch, name, call)
    if isinstance(mine, str) or isinstance(theirs, str):
        assert mine == theirs
        return
    assert (mine[0], mine[2]) == (theirs[0], theirs[2])
    for (dtype, shape, values), (its_dtype, its_shape, wanted) in zip(mine[1], theirs[1], strict=True):
        assert (dtype, shape) == (its_dtype, its_shape) and values == pytest.approx(wanted, abs=1e-6, rel=1e-5)


def test_all_of_them_are_there() -> None:
    assert [name for name in NAMES if not hasattr(corelib, name)] == []


def test_special_lists() -> None:
    for m in (torch, corelib):
        with pytest.raises(RuntimeError, match="at least one tensor"):
            m._foreach_add([], 1)
        with pytest.raises(TypeError, match="tuple"):
            m._foreach_exp(3)
        assert [x.tolist() for x in m._foreach_pow(2.0, [m.tensor([1.0, 2.0])])] == [[2.0, 4.0]]
        assert [x.tolist() for x in m._foreach_mm([m.eye(2)], [m.ones(2, 2)])] == [[[1.0, 1.0], [1.0, 1.0]]]
        assert m._foreach_maximum([m.tensor([float("nan"), 1.0])], 2.0)[0][1].item() == 2.0
        assert [str(x.dtype) for x in m._foreach_add([m.arange(2), m.ones(1)], 1.5)] == ["torch.float32"] * 2
        p = m.ones(2, requires_grad=True)
        sum(x.sum() for x in m._foreach_mul([p, p], [2.0, 3.0])).backward()
        assert p.grad.tolist() == [5.0, 5.0]
        with pytest.raises(RuntimeError, match="leaf Variable"):
            m._foreach_add_([p], 1)
        params = [m.nn.Parameter(m.ones(2))]
        with m.no_grad():
            m._foreach_add_(params, [m.ones(2)], alpha=-0.5)
        assert params[0].tolist() == [0.5, 0.5]
