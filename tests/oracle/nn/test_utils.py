"""nn.utils beside PyTorch's: parametrizations, norms of weights, pruning, fusion, initialization skipped, functional calls."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest
import torch
import torch.nn.utils.prune  # noqa: F401  (which PyTorch loads when it is asked for)

import corelib

from ..pairs import assert_close, both, leaves, refusals_of, tensors
from .modules import assert_same_gradients


def assert_same(run: Any) -> None:
    """What a function of the library gives with each: tensors near one another, everything else equal."""

    def same(mine: Any, theirs: Any) -> None:
        if isinstance(theirs, dict):
            same(list(mine.items()), list(theirs.items()))
        elif isinstance(theirs, (list, tuple)):
            assert len(mine) == len(theirs), (mine, theirs)
            for a, b in zip(mine, theirs, strict=True):
                same(a, b)
        elif hasattr(theirs, "detach"):
            assert_close(mine, theirs)
        else:
            assert mine == theirs

    same(*both(run))


def symmetric(T: Any) -> Any:
    class Symmetric(T.nn.Module):  # type: ignore[misc,name-defined]
        def forward(self, x: Any) -> Any:
            return x.triu() + x.triu(1).mT

        def right_inverse(self, x: Any) -> Any:
            return x.triu()

    return Symmetric()


def two_parts(T: Any) -> Any:
    class Product(T.nn.Module):  # type: ignore[misc,name-defined]
        def forward(self, a: Any, b: Any) -> Any:
            return a * b

        def right_inverse(self, x: Any) -> Any:
            return x.abs(), x.sign()

    return Product()


def state(module: Any) -> list[Any]:
    return [list(module.state_dict().items()), repr(module), [n for n, _ in module.named_parameters()]]


def test_a_parametrized_weight() -> None:
    def run(T: Any) -> Any:
        P = T.nn.utils.parametrize
        T.manual_seed(0)
        layer = P.register_parametrization(T.nn.Linear(3, 3), "weight", symmetric(T))
        seen = [state(layer), layer.weight, P.is_parametrized(layer), P.is_parametrized(layer, "bias"), P.type_before_parametrizations(layer) is T.nn.Linear]
        layer.weight = T.arange(9.0).reshape(3, 3)
        (x,) = tensors(T, (2, 3))
        layer(x).sum().backward()
        seen += [layer.weight, layer.parametrizations.weight.original.grad, layer.bias.grad]
        other = copy.deepcopy(layer)
        with P.cached():
            seen += [layer.weight is layer.weight]
        P.register_parametrization(layer, "weight", symmetric(T))
        seen += [state(layer), len(layer.parametrizations.weight)]
        seen += [type(other).__name__, other.weight, P.is_parametrized(other)]
        P.remove_parametrizations(layer, "weight")
        last = P.register_parametrization(T.nn.Linear(2, 2), "weight", symmetric(T))
        P.remove_parametrizations(last, "weight", leave_parametrized=False)
        return [*seen, state(layer), type(layer).__name__, state(last)]

    assert_same(run)


def test_a_copy_stays_parametrized() -> None:
    # PyTorch's copies share a class, from which the property goes.
    P = corelib.nn.utils.parametrize
    layer = P.register_parametrization(corelib.nn.Linear(2, 2), "weight", symmetric(corelib))
    other = copy.deepcopy(layer)
    P.remove_parametrizations(layer, "weight")
    assert P.is_parametrized(other) and other.weight.shape == (2, 2) and not P.is_parametrized(layer)


def test_several_originals_and_transfer() -> None:
    def run(T: Any) -> Any:
        P = T.nn.utils.parametrize
        T.manual_seed(0)
        layer = P.register_parametrization(T.nn.Linear(3, 2), "weight", two_parts(T))
        seen = [state(layer), layer.weight, layer.parametrizations.weight.ntensors]
        optimizer = T.optim.SGD(layer.parameters(), lr=0.5)
        layer(T.ones(1, 3)).sum().backward()
        optimizer.step()
        seen.append(layer.weight)
        other = P.transfer_parametrizations_and_params(layer, T.nn.Linear(3, 2))
        seen += [other.weight, other.parametrizations.weight.original0 is layer.parametrizations.weight.original0]
        P.remove_parametrizations(layer, "weight")
        return [*seen, state(layer)]

    assert_same(run)


REFUSED = [
    "P.register_parametrization(nn.Linear(2, 2), 'gain', nn.ReLU())", "P.register_parametrization(nn.Linear(2, 3), 'weight', nn.Flatten(0))", "P.remove_parametrizations(nn.Linear(2, 2), 'weight')",
    "P.remove_parametrizations(P.register_parametrization(nn.Linear(2, 2), 'weight', two), 'weight', leave_parametrized=False)", "setattr(P.register_parametrization(nn.Linear(2, 2), 'weight', nn.ReLU()), 'weight', torch.ones(2, 2))",
    "P.register_parametrization(nn.Linear(2, 2), 'weight', nn.ReLU()).__getstate__()", "U.parametrizations.spectral_norm(nn.Linear(2, 2), 'gain')", "U.parametrizations.spectral_norm(nn.Linear(2, 2), dim=2)",
    "U.parametrizations.spectral_norm(nn.Linear(2, 2), n_power_iterations=0)", "U.parametrizations.orthogonal(nn.Linear(2, 2), 'bias')", "U.parametrizations.orthogonal(nn.Linear(2, 2), orthogonal_map='qr')",
    "U.spectral_norm(U.spectral_norm(nn.Linear(2, 2)))", "U.remove_spectral_norm(nn.Linear(2, 2))", "U.remove_weight_norm(nn.Linear(2, 2))", "U.weight_norm(nn.LazyLinear(2))", "U.spectral_norm(nn.LazyLinear(2))",
    "U.prune.l1_unstructured(nn.Linear(2, 2), 'weight', 9)", "U.prune.l1_unstructured(nn.Linear(2, 2), 'weight', -1)", "U.prune.l1_unstructured(nn.Linear(2, 2), 'weight', 1.5)", "U.prune.l1_unstructured(nn.Linear(2, 2), 'weight', 'a')",
    "U.prune.ln_structured(nn.Linear(2, 2), 'bias', 1, 2, 0)", "U.prune.random_structured(nn.Linear(2, 2), 'weight', 1, 2)", "U.prune.remove(nn.Linear(2, 2), 'weight')",
    "U.prune.custom_from_mask(nn.Linear(2, 2), 'weight', torch.ones(3))", "U.prune.global_unstructured([(nn.Linear(2, 2), 'weight')], U.prune.LnStructured, amount=1, n=2)",
    "U.fuse_conv_bn_eval(nn.Conv1d(1, 1, 1), nn.BatchNorm1d(1))", "U.fuse_linear_bn_eval(nn.Linear(2, 3).eval(), nn.BatchNorm1d(2).eval())", "U.skip_init(nn.ReLU)", "U.skip_init(int)",
    "torch.func.functional_call(nn.Linear(2, 2), 3)", "torch.func.functional_call(nn.Linear(2, 2), [{'bias': torch.ones(2)}, {'bias': torch.ones(2)}])", "torch.func.functional_call(nn.Linear(2, 2), {'bias': torch.ones(2)}, torch.ones(2), strict=True)",
    "torch.func.stack_module_state([])", "torch.func.stack_module_state([nn.Linear(2, 2), nn.Linear(2, 2).eval()])", "torch.func.stack_module_state([nn.Linear(2, 2), nn.ReLU()])",
]  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_refuses_what_pytorch_refuses(expression: str) -> None:
    refusals_of(lambda T: eval(expression, {"torch": T, "nn": T.nn, "U": T.nn.utils, "P": T.nn.utils.parametrize, "two": two_parts(T)}))


@pytest.mark.parametrize("make", ["Linear(4, 3)", "Conv2d(2, 3, 2)", "ConvTranspose1d(2, 3, 2)"])
@pytest.mark.parametrize("way", ["parametrizations.weight_norm", "parametrizations.weight_norm#None", "parametrizations.spectral_norm", "weight_norm", "weight_norm#None", "spectral_norm"])
def test_norms_of_weights(make: str, way: str) -> None:
    name, _, none = way.partition("#")
    shape = {"Linear(4, 3)": (2, 4), "Conv2d(2, 3, 2)": (1, 2, 4, 4), "ConvTranspose1d(2, 3, 2)": (1, 2, 4)}[make]

    def use(T: Any) -> Any:
        T.manual_seed(2)
        function = T.nn.utils
        for part in name.split("."):
            function = getattr(function, part)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            layer = function(eval(f"nn.{make}", {"nn": T.nn}), **({"dim": None} if none else {}))
        (x,) = tensors(T, shape)
        seen = [state(layer)]
        optimizer = T.optim.SGD(layer.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            y = layer(x)
            (y * y).sum().backward()
            optimizer.step()
        seen += [y, [p.grad for p in layer.parameters()], x.grad]
        saved = layer.state_dict()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            fresh = function(eval(f"nn.{make}", {"nn": T.nn}), **({"dim": None} if none else {}))
        fresh.load_state_dict(saved)
        seen += [fresh.eval()(x), layer.eval()(x)]
        if "param" in name:
            T.nn.utils.parametrize.remove_parametrizations(layer, "weight")
        else:
            getattr(T.nn.utils, "remove_" + name)(layer)
        return [*seen, state(layer), layer(x)]

    assert_same(use)


def test_states_of_the_older_norms_load() -> None:
    def run(T: Any) -> Any:
        T.manual_seed(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            old = T.nn.utils.weight_norm(T.nn.Linear(3, 2))
        new = T.nn.utils.parametrizations.weight_norm(T.nn.Linear(3, 2))
        new.load_state_dict(old.state_dict())
        return [new(T.ones(1, 3)), old(T.ones(1, 3))]

    assert_same(run)


def test_pruning() -> None:
    def run(T: Any) -> Any:
        prune = T.nn.utils.prune
        T.manual_seed(3)
        net = T.nn.Sequential(T.nn.Linear(4, 6), T.nn.ReLU(), T.nn.Linear(6, 2))
        seen = []
        prune.l1_unstructured(net[0], "weight", 0.4)
        seen += [state(net[0]), net[0].weight]
        prune.ln_structured(net[0], "weight", 1, 2, 0)
        seen += [net[0].weight, len(next(iter(net[0]._forward_pre_hooks.values())))]
        prune.random_unstructured(net[2], "weight", 5)
        prune.random_structured(net[2], "weight", 0.2, -1)
        prune.identity(net[2], "bias")
        seen += [net[2].weight, prune.is_pruned(net)]
        net(T.ones(1, 4)).sum().backward()
        seen += [net[0].weight_orig.grad, net[2].bias_orig.grad]
        prune.remove(net[0], "weight")
        seen += [state(net[0])]
        prune.custom_from_mask(net[0], "bias", T.tensor([1, 0, 1, 0, 1, 1]))
        prune.global_unstructured([(net[0], "weight"), (net[2], "weight")], prune.L1Unstructured, amount=12)
        method = prune.L1Unstructured(amount=2)
        return [*seen, net[0].bias, net[0].weight, net[2].weight, method.prune(T.tensor([3.0, -1.0, 2.0, 0.5])), net(T.ones(1, 4))]

    assert_same(run)


def test_fusion_and_skipped_initialization() -> None:
    def run(T: Any) -> Any:
        T.manual_seed(4)
        seen = []
        for layer, bn, transpose in (
            (T.nn.Conv2d(2, 3, 2), T.nn.BatchNorm2d(3), False), (T.nn.Conv2d(2, 3, 2, bias=False), T.nn.BatchNorm2d(3, affine=False), False), (T.nn.ConvTranspose2d(2, 3, 2), T.nn.BatchNorm2d(3), True),
        ):  # fmt: skip
            bn(layer(tensors(T, (2, 2, 4, 4))[0]))
            fused = T.nn.utils.fuse_conv_bn_eval(layer.eval(), bn.eval(), transpose)
            seen += [state(fused), [p.requires_grad for p in fused.parameters()], fused(tensors(T, (1, 2, 4, 4))[0])]
        linear, bn = T.nn.Linear(3, 4), T.nn.BatchNorm1d(4)
        bn(linear(tensors(T, (5, 3))[0]))
        fused = T.nn.utils.fuse_linear_bn_eval(linear.eval(), bn.eval())
        seen += [state(fused), fused(tensors(T, (2, 3))[0])]
        empty = T.nn.utils.skip_init(T.nn.Linear, 3, 2, dtype=T.float64)
        seen += [[(n, tuple(p.shape), str(p.dtype), p.device.type, p.requires_grad) for n, p in empty.named_parameters()]]
        net = T.nn.Sequential(T.nn.Conv2d(3, 4, 2), T.nn.Conv1d(3, 4, 2))
        T.nn.utils.convert_conv2d_weight_memory_format(net, T.channels_last)
        return [*seen, net[0].weight, net[0].weight.stride(), net[1].weight.stride()]

    assert_same(run)


def test_functional_calls() -> None:
    def run(T: Any) -> Any:
        T.manual_seed(5)
        call = T.func.functional_call
        net = T.nn.Sequential(T.nn.Linear(3, 2), T.nn.BatchNorm1d(2))
        (x, w) = tensors(T, (4, 3), (2, 3))
        own = net[0].weight
        buffers = {"1.running_mean": T.zeros(2), "1.num_batches_tracked": T.tensor(5)}
        y = call(net, ({"0.weight": w}, buffers), x)
        grads = T.autograd.grad((y * y * y).sum(), [w, net[0].bias, x])
        seen = [y, list(grads), buffers, net[0].weight is own, net[1].num_batches_tracked]

        class Tied(T.nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.a = T.nn.Parameter(T.ones(1))
                self.b = self.a

            def forward(self, x: Any, times: float = 1.0) -> Any:
                return (x + self.a + self.b) * times

        tied = Tied()
        seen += [call(tied, {"a": T.zeros(1)}, T.zeros(1)), call(tied, {"a": T.zeros(1)}, T.zeros(1), {"times": 2.0}, tie_weights=False)]
        with pytest.raises(ValueError, match="tied"):
            call(tied, {"a": T.zeros(1), "b": T.ones(1)}, T.zeros(1))
        with pytest.raises(RuntimeError):
            call(tied, {"c": T.zeros(1)}, T.zeros(1), strict=True)
        with pytest.warns(FutureWarning, match="stateless"):
            seen.append(T.nn.utils.stateless.functional_call(tied, {"a": T.zeros(1)}, T.zeros(1)))
        parameters, extra = T.func.stack_module_state([T.nn.Linear(2, 1), T.nn.Linear(2, 1)])
        return [*seen, parameters, extra, [p.requires_grad for p in parameters.values()]]

    assert_same(run)


def test_the_old_name_of_clipping() -> None:
    def make(T: Any) -> Any:
        (x,) = tensors(T, (3,))
        (x * x).sum().backward()
        with pytest.warns(FutureWarning, match="clip_grad_norm"):
            norm = T.nn.utils.clip_grad_norm([x], 0.5)
        return leaves([norm, x.grad, x * 1]), [x]

    assert_same_gradients(make)
