"""corelib.nn's hooks and its errors against torch.nn's."""

from __future__ import annotations


import warnings

import pytest
import torch

import corelib
from ..pairs import as_array, assert_close, errors_of
from .modules import evaluate

ERRORS = [
    "nn.Linear(2, 3)(torch.ones(4, 5))",
    "nn.Linear(2, 3, 4, 5, 6, 7)",
    "nn.Linear(-1, 3)",
    "nn.Conv2d(3, 4, 3, groups=2)",
    "nn.Conv2d(3, 4, 3, groups=0)",
    "nn.Conv2d(4, 3, 3, groups=2)",
    "nn.Conv2d(3, 4, 3, padding='full')",
    "nn.Conv2d(3, 4, 3, padding='same', stride=2)",
    "nn.Conv2d(3, 4, 3, padding_mode='mirror')",
    "nn.ConvTranspose2d(3, 4, 3, padding_mode='reflect')",
    "nn.ConvTranspose2d(3, 4, 3, stride=2)(torch.ones(1, 3, 4, 4), output_size=[20, 20])",
    "nn.ConvTranspose2d(3, 4, 3, stride=2)(torch.ones(1, 3, 4, 4), output_size=[20])",
    "nn.Dropout(1.5)",
    "nn.Dropout(-0.1)",
    "nn.HuberLoss(delta='1')",
    "nn.BatchNorm1d(3)(torch.ones(2, 3, 4, 4))",
    "nn.BatchNorm2d(3)(torch.ones(2, 3))",
    "nn.BatchNorm1d(3)(torch.ones(1, 3))",
    "nn.GroupNorm(4, 6)",
    "nn.CircularPad1d(1)(torch.ones(3))",
    "nn.Softmax2d()(torch.ones(3))",
    "nn.Hardtanh(2.0, 1.0)",
    "nn.Embedding(3, 2, padding_idx=5)",
    "nn.Embedding(3, 2, padding_idx=-4)",
    "nn.Embedding.from_pretrained(torch.ones(3))",
    "nn.Embedding(3, 2)(torch.tensor([3]))",
    "nn.Unflatten(1, 3)",
    "nn.Unflatten(1, (2, 1.5))",
    "nn.Module(3)",
    "nn.Module(a=3)",
    "nn.Module()(3)",
    "nn.Module().foo",
    "nn.Module().register_buffer('a.b', torch.ones(1))",
    "nn.Module().register_buffer('', torch.ones(1))",
    "nn.Module().register_buffer(3, torch.ones(1))",
    "nn.Module().register_buffer('forward', torch.ones(1))",
    "nn.Module().register_buffer('a', 3)",
    "nn.Module().register_parameter('a', torch.ones(1))",
    "nn.Module().register_parameter('a.b', None)",
    "nn.Module().register_parameter('a', 'text')",
    "nn.Module().add_module('a', 3)",
    "nn.Module().add_module('a.b', nn.ReLU())",
    "nn.Module().add_module('', nn.ReLU())",
    "nn.Module().add_module(3, nn.ReLU())",
    "nn.Module().train(3)",
    "nn.Linear(2, 2).to(torch.int64)",
    "nn.Linear(2, 2).to('nowhere')",
    "nn.Linear(2, 2).to(foo=3)",
    "nn.Linear(2, 2).to(device=3.5)",
    "nn.Linear(2, 2).to(dtype=3)",
    "nn.Linear(2, 2).to(torch.float32, torch.float64)",
    "setattr(nn.Linear(2, 2), 'weight', 3)",
    "setattr(nn.Linear(2, 2), 'weight', torch.ones(2, 2))",
    "setattr(nn.Sequential(nn.ReLU()), '0', 3)",
    "setattr(nn.BatchNorm1d(2), 'running_mean', 3)",
    "delattr(nn.Linear(2, 2), 'nothing')",
    "nn.Linear(2, 2).load_state_dict(3)",
    "nn.Linear(2, 2).load_state_dict({})",
    "nn.Linear(2, 2).load_state_dict(nn.Linear(3, 2).state_dict())",
    "nn.Linear(2, 2).load_state_dict(nn.Sequential(nn.Linear(2, 2)).state_dict())",
    "nn.Linear(2, 2).load_state_dict({'weight': 3, 'bias': torch.ones(2)})",
    "nn.Sequential(nn.Linear(2, 2)).load_state_dict({'0.weight': torch.ones(2, 2), '1.x': torch.ones(1)})",
    "nn.Sequential(nn.Linear(2, 2)).get_submodule('1')",
    "nn.Sequential(nn.Linear(2, 2)).get_submodule('0.weight')",
    "nn.Sequential(nn.Linear(2, 2)).get_parameter('0.x')",
    "nn.Sequential(nn.BatchNorm1d(2)).get_parameter('0.running_mean')",
    "nn.Sequential(nn.Linear(2, 2)).get_buffer('0.weight')",
    "nn.Sequential(nn.Linear(2, 2)).set_submodule('', nn.ReLU())",
    "nn.Sequential(nn.ReLU())[1]",
    "nn.Sequential(nn.ReLU())['0']",
    "nn.Sequential(3)",
    "nn.Sequential(nn.ReLU()) + 3",
    "nn.Sequential(nn.ReLU()) * 0",
    "nn.Sequential(nn.ReLU()) * 1.5",
    "nn.Sequential(nn.ReLU()).insert(3, nn.ReLU())",
    "nn.Sequential(nn.ReLU()).insert(0, 3)",
    "nn.ModuleList([nn.ReLU()])[1]",
    "nn.ModuleList(3)",
    "nn.ModuleList([3])",
    "nn.ModuleList([nn.ReLU()])(torch.ones(1))",
    "nn.ModuleDict({'a': nn.ReLU()})['b']",
    "nn.ModuleDict({'a': 3})",
    "nn.ModuleDict([['a']])",
    "nn.ModuleDict([3])",
    "nn.ModuleDict(3)",
    "nn.ModuleDict({'keys': nn.ReLU()})",
    "nn.ParameterList(torch.ones(2))",
    "nn.ParameterList(3)",
    "nn.ParameterList([torch.ones(1)])[1]",
    "nn.ParameterList()(1)",
    "nn.ParameterDict({3: torch.ones(1)})",
    "nn.ParameterDict(3)",
    "nn.ParameterDict()(1)",
    "nn.Parameter(torch.tensor([1, 2]))",
    "nn.init.calculate_gain('softmax')",
    "nn.init.calculate_gain('leaky_relu', 'a')",
    "nn.init.eye_(torch.ones(3))",
    "nn.init.dirac_(torch.ones(3, 3))",
    "nn.init.dirac_(torch.ones(3, 3, 3), 2)",
    "nn.init.xavier_uniform_(torch.ones(3))",
    "nn.init.kaiming_uniform_(torch.ones(3, 3), mode='fan')",
    "nn.init.kaiming_normal_(torch.ones(3, 3), nonlinearity='softmax')",
    "nn.init.orthogonal_(torch.ones(3))",
    "nn.init.sparse_(torch.ones(3), 0.1)",
    "nn.MSELoss(reduction='max')(torch.ones(2), torch.ones(2))",
    "nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([0, 3]))",
    "nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([0]))",
]


@pytest.mark.parametrize("expression", ERRORS)
def test_misuse_raises_torchs_exception(expression):
    mine, theirs = errors_of(lambda T: evaluate(expression, T))
    assert isinstance(mine, type(theirs)), mine
    if "state_dict" in expression or "Module()" in expression or "get_" in expression:
        assert str(mine).replace("corelib.nn.modules", "torch.nn.modules") == str(theirs)


class Recorder:
    """Registers every kind of hook on a small network and writes down their order."""

    def __init__(self, library, global_hooks):
        self.lines = []
        library.manual_seed(0)
        nn = library.nn
        self.net = nn.Sequential(collections_of(nn))
        module = __import__(global_hooks, fromlist=["x"])
        handles = [
            module.register_module_forward_pre_hook(self.note("global pre")),
            module.register_module_forward_hook(self.note("global post")),
            module.register_module_full_backward_pre_hook(self.note("global back pre")),
            module.register_module_full_backward_hook(self.note("global back")),
        ]
        for child in self.net.modules():
            child.register_forward_pre_hook(self.note("pre"))
            child.register_forward_pre_hook(self.note("pre first"), prepend=True)
            child.register_forward_hook(self.note("post"))
            child.register_forward_hook(self.note("post kwargs"), with_kwargs=True)
            child.register_full_backward_pre_hook(self.note("back pre"))
            child.register_full_backward_hook(self.note("back"))
            child.register_full_backward_hook(self.note("back first"), prepend=True)
        try:
            x = library.arange(6.0).reshape(3, 2).requires_grad_()
            self.net(x).sum().backward()
            self.grad = x.grad
        finally:
            for handle in handles:
                handle.remove()

    def note(self, kind):
        def hook(module, *args):
            shown = [self.show(arg) for arg in args]
            self.lines.append(f"{kind} {type(module).__name__} {shown}")

        return hook

    def show(self, value):
        if isinstance(value, tuple):
            return tuple(self.show(v) for v in value)
        return [round(float(v), 3) + 0.0 for v in as_array(value).ravel()] if hasattr(value, "shape") else value


def collections_of(nn):
    from collections import OrderedDict

    return OrderedDict(fc=nn.Linear(2, 2), act=nn.Tanh(), out=nn.Linear(2, 1))


def test_hooks_run_in_torchs_order_with_torchs_values():
    ours = Recorder(corelib, "corelib.nn.modules.module")
    theirs = Recorder(torch, "torch.nn.modules.module")
    assert [line.split(" [")[0] for line in ours.lines] == [line.split(" [")[0] for line in theirs.lines]
    assert ours.lines == theirs.lines
    assert_close(ours.grad, theirs.grad, "gradient")


def test_hooks_replace_what_torchs_replace():
    grads = []
    for library in (corelib, torch):
        library.manual_seed(0)
        layer = library.nn.Linear(2, 2)
        layer.register_forward_pre_hook(lambda module, args: args[0] * 2)
        layer.register_forward_hook(lambda module, args, out: out * 3)
        layer.register_full_backward_pre_hook(lambda module, grad: (grad[0] * 5,))
        layer.register_full_backward_hook(lambda module, grad_in, grad_out: (grad_in[0] * 7,))
        x = library.ones(1, 2, requires_grad=True)
        layer(x).sum().backward()
        grads += [x.grad, layer.weight.grad]
    assert_close(grads[0], grads[2], "input")
    assert_close(grads[1], grads[3], "weight")


def test_backward_hook_without_input_gradients_fires_and_warns_as_in_torch():
    seen = []
    for library in (corelib, torch):
        layer = library.nn.Linear(2, 2)
        layer.register_full_backward_hook(lambda module, grad_in, grad_out: seen.append((grad_in, len(grad_out))))
        with pytest.warns(UserWarning, match="no inputs require gradients"):
            layer(library.ones(1, 2)).sum().backward()
    assert seen[0] == seen[1] == ((None,), 1)


class _Pair:
    """Modules whose outputs a regular backward hook sees all of, or not."""

    MODULES = {
        "one node": lambda T: T.nn.ReLU(),
        "two outputs": lambda T: _made(T, lambda x: (x * 2, x + 1)),
        "a list": lambda T: _made(T, lambda x: [x * 2]),
        "two nodes": lambda T: _made(T, lambda x: (x * 2) + 1),
        "several outputs of one node": lambda T: _made(T, lambda x: x.split(1)),
        "without gradient": lambda T: _made(T, lambda x: x.detach()),
    }


def _made(T, function):
    class Made(T.nn.Module):
        def forward(self, x):
            return function(x)

    return Made()


@pytest.mark.parametrize("name", _Pair.MODULES)
@pytest.mark.parametrize("replaced", [False, True])
def test_regular_backward_hooks(name, replaced):
    def seen(T):
        module, calls = _Pair.MODULES[name](T), []

        def hook(module, grad_input, grad_output):
            calls.append([[None if g is None else g.tolist() for g in grads] for grads in (grad_input, grad_output)])
            return tuple(None if g is None else g * 3 for g in grad_input) if replaced else None

        handle = module.register_backward_hook(hook)
        t = T.tensor([1.0, -2.0], requires_grad=True)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            made = module(t * 1)
            made = made if isinstance(made, T.Tensor) else made[0]
            if made.requires_grad:
                made.sum().backward()
        handle.remove()
        module(t * 1)
        return calls, None if t.grad is None else t.grad.tolist(), [(w.category, str(w.message)) for w in told]

    assert seen(corelib) == seen(torch)


def test_regular_and_full_backward_hooks_do_not_mix():
    for T in (torch, corelib):
        for first, second in (("register_backward_hook", "register_full_backward_hook"), ("register_full_backward_hook", "register_backward_hook")):
            module = T.nn.ReLU()
            getattr(module, first)(print)
            with pytest.raises(RuntimeError, match="Cannot use both regular backward hooks and full backward hooks on a single Module"):
                getattr(module, second)(print)
