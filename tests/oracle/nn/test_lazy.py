"""Lazy modules beside PyTorch's: before their first input, after it, copied, cast, loaded; and the refusals."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

import corelib

from ..pairs import both, quiet, tensors
from .modules import evaluate

ROWS: list[tuple[str, tuple[int, ...]]] = [
    ("nn.LazyLinear(3)", (2, 5)), ("nn.LazyLinear(3, bias=False)", (4, 2, 5)),
    ("nn.LazyConv1d(4, 2)", (2, 3, 5)), ("nn.LazyConv1d(4, 2, bias=False)", (3, 5)), ("nn.LazyConv2d(4, 2, stride=2, padding=1, groups=2)", (2, 6, 5, 5)),
    ("nn.LazyConv3d(2, 2, padding_mode='circular', padding=1)", (1, 3, 3, 3, 3)), ("nn.LazyConvTranspose1d(4, 2)", (2, 3, 5)),
    ("nn.LazyConvTranspose2d(4, 2, stride=2, output_padding=1, groups=2)", (2, 6, 5, 5)), ("nn.LazyConvTranspose3d(2, 2)", (1, 3, 3, 3, 3)),
    ("nn.LazyBatchNorm1d()", (4, 3)), ("nn.LazyBatchNorm2d(affine=False)", (4, 3, 2, 2)), ("nn.LazyBatchNorm3d(0.1, 0.5, track_running_stats=False)", (4, 3, 2, 2, 2)),
    ("nn.LazyInstanceNorm1d()", (4, 3, 5)), ("nn.LazyInstanceNorm2d(bias=False)", (2, 3, 4, 4)), ("nn.LazyInstanceNorm3d(affine=False)", (2, 3, 2, 2, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "shape"), ROWS, ids=[row[0] for row in ROWS])
def test_lazy_modules_are_pytorchs(expression: str, shape: tuple[int, ...]) -> None:
    def run(T: Any) -> Any:
        with quiet():
            layer = evaluate(expression, T)
            seen: list[Any] = [repr(layer), list(layer.state_dict()), [repr(v) for v in layer.state_dict().values() if "Uninit" in repr(v)], layer.has_uninitialized_params()]
            doubled = evaluate(expression, T).double()
            empty = evaluate(expression, T)
        empty.load_state_dict(evaluate(expression, T).state_dict())
        seen.append(empty.has_uninitialized_params())
        T.manual_seed(3)
        (x,) = tensors(T, shape, grad=False)
        y = layer(x)
        seen += [repr(layer), [(k, tuple(v.shape)) for k, v in layer.state_dict().items()], [p.requires_grad for p in layer.parameters()]]
        seen += [str(doubled(x.double()).dtype), type(layer).__name__]
        fresh = evaluate(expression, T)
        fresh.load_state_dict(layer.state_dict())
        seen += [fresh.has_uninitialized_params(), repr(fresh)]
        values = [y, *layer.state_dict().values()]
        if "Instance" not in expression:  # which PyTorch leaves without its number of features
            values.append(fresh(x))
            seen.append(repr(fresh))
        return seen, [v.detach().double().numpy() for v in values]

    (told, numbers), (expected, others) = both(run)
    assert told == expected
    for mine, theirs in zip(numbers, others, strict=True):
        assert mine.shape == theirs.shape
        assert abs(mine - theirs).max() < 1e-5


def test_what_has_no_shape_cannot_be_used() -> None:
    for T in (corelib, torch):
        weight = T.nn.LazyLinear(2).weight
        assert repr(weight) == "<UninitializedParameter>"
        with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter"):
            _ = weight.shape
        for use in (lambda w: w + 1, lambda w: w.sum(), lambda w: w.detach(), lambda w: w[0], lambda w, T=T: T.relu(w)):
            with pytest.raises(ValueError, match="Attempted to use an uninitialized parameter"):
                use(weight)
        ready = T.nn.Linear(3, 2)
        with pytest.raises(RuntimeError, match="Can't access the shape"):
            ready.load_state_dict(T.nn.LazyLinear(2).state_dict())
        weight.materialize((2, 3), dtype=T.float64)
        assert type(weight) is T.nn.Parameter and weight.shape == (2, 3) and weight.requires_grad and weight.dtype == T.float64
        buffer = T.nn.UninitializedBuffer(dtype=T.float16)
        buffer.materialize((4,))
        assert buffer.shape == (4,) and buffer.dtype == T.float16 and not buffer.requires_grad


def test_copies_are_apart_and_networks_print_as_pytorchs() -> None:
    texts = []
    for T in (corelib, torch):
        net = T.nn.Sequential(T.nn.LazyLinear(4), T.nn.ReLU(), T.nn.LazyLinear(1))
        other = copy.deepcopy(net)
        net(T.ones(2, 3))
        assert other[0].has_uninitialized_params() and not isinstance(net[0], T.nn.LazyLinear)
        assert other(T.ones(2, 7)).shape == (2, 1)
        texts.append((repr(net), repr(other)))
        optimizer = T.optim.SGD(net.parameters(), lr=0.1)
        net(T.ones(2, 3)).sum().backward()
        optimizer.step()
    assert texts[0] == texts[1]


def test_a_module_of_ones_own() -> None:
    from corelib.nn.modules.lazy import LazyModuleMixin

    class Scale(LazyModuleMixin, corelib.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = corelib.nn.UninitializedParameter()

        def initialize_parameters(self, x: Any) -> None:  # type: ignore[override]
            self.scale.materialize(x.shape[-1:])
            corelib.nn.init.ones_(self.scale)

        def forward(self, x: Any) -> Any:
            return x * self.scale

    class Forgets(Scale):
        def initialize_parameters(self, x: Any) -> None:  # type: ignore[override]
            pass

    assert Scale()(corelib.ones(2, 3)).shape == (2, 3)
    with pytest.raises(RuntimeError, match="has not been fully initialized"):
        Forgets()(corelib.ones(2, 3))
