"""The errors of a newcomer's first hour: PyTorch's types and words, and then what to do about it."""

from __future__ import annotations

import traceback

import corelib as torch
import numpy
import pytest
from corelib import nn
from corelib.nn import functional as F

SCORES = torch.zeros(4, 3)


def two_layers() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))


def backward_twice() -> None:
    x = torch.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    y.backward()


def loaded(change) -> None:
    model = two_layers()
    model.load_state_dict(change(model.state_dict()))


# What a newcomer does, the error's type, PyTorch's words in it, what we add.
ERRORS = {
    "gpu": (lambda: torch.ones(2, device="gpu"), RuntimeError, "Expected one of cpu, cuda", "device string: gpu; did you mean 'cuda'?"),
    "upper case": (lambda: torch.ones(2).to("CUDA"), RuntimeError, "device type at start of device string: CUDA", "did you mean 'cuda'?"),
    "misspelt": (lambda: torch.device("cpuu:0"), RuntimeError, "at start of device string: cpuu:0", "did you mean 'cpu'?"),
    "no such index": (lambda: torch.ones(2, device="cpu:1"), RuntimeError, "invalid device index 1", "the cpu backend has one device, cpu:0"),
    "linear": (lambda: nn.Linear(3, 4)(torch.ones(2, 5)), RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x5 and 3x4)", "input has shape [2, 5], weight [4, 3]"),
    "a layer of several": (
        lambda: nn.Sequential(nn.ReLU(), nn.Linear(3, 4), nn.Linear(5, 1))(torch.ones(2, 3)), RuntimeError,
        "mat1 and mat2 shapes cannot be multiplied (2x4 and 5x1)",
        "In layer 2 of Sequential, Linear(in_features=5, out_features=1, bias=True), which was given a tensor of shape [2, 4]",
    ),
    "a layer in a layer": (
        lambda: nn.Sequential(nn.ReLU(), nn.Sequential(nn.Conv2d(3, 1, 1)))(torch.ones(2, 1, 4, 4)), RuntimeError, "to have 3 channels, but got 1 channels instead",
        "In layer 0 of Sequential, Conv2d(3, 1, kernel_size=(1, 1), stride=(1, 1)), which was given a tensor of shape [2, 1, 4, 4]\nIn layer 1 of Sequential, Sequential(...)",
    ),
    "numbers from NumPy": (
        lambda: nn.Linear(2, 2)(torch.from_numpy(numpy.ones((3, 2)))), RuntimeError, "mat1 and mat2 must have the same dtype, but got Double and Float",
        "NumPy's numbers are float64 where nothing else is said, t.float() makes them float32",
    ),
    "integers": (lambda: nn.Linear(2, 2)(torch.ones(3, 2).long()), RuntimeError, "mat1 and mat2 must have the same dtype, but got Long and Float", "t.to(torch.float32)"),
    "without bias": (lambda: torch.ones(2, 2).mm(torch.ones(2, 2).double()), RuntimeError, "expected m1 and m2 to have the same dtype, but got: Float != Double", "Convert one"),
    "bias": (lambda: F.linear(torch.ones(2, 2), torch.ones(2, 2), torch.ones(2).double()), RuntimeError, "self and mat2 must have the same dtype, but got Double and Float", "Convert"),
    "labels of int32": (lambda: F.cross_entropy(SCORES, torch.zeros(4).int()), RuntimeError, "expected target dtype to be Long or Byte, but got Int", "target.long()"),
    "labels of floats": (lambda: F.cross_entropy(SCORES, torch.zeros(4)), RuntimeError, "expected target dtype to be Long or Byte, but got Float", "Probabilities need the input's shape, [4, 3]"),
    "labels of bool": (lambda: F.nll_loss(SCORES, torch.zeros(4).bool()), RuntimeError, "expected target dtype to be Long or Byte, but got Bool", "target.long()"),
    "a column of labels": (lambda: F.cross_entropy(SCORES, torch.zeros(4, 1).long()), RuntimeError, "0D or 1D target tensor expected, multi-target not supported", "target.squeeze(1)"),
    "a class too many": (lambda: F.cross_entropy(SCORES, torch.tensor([0, 1, 2, 3])), IndexError, "Target 3 is out of bounds", "classes are 0 to 2"),
    "backward twice": (backward_twice, RuntimeError, "Trying to backward through the graph a second time", "Specify retain_graph=True"),
    "backward of many": (lambda: (torch.ones(2, requires_grad=True) * 2).backward(), RuntimeError, "grad can be implicitly created only for scalar outputs", "y.backward(torch.ones_like(y))"),
    "numpy() of what requires grad": (lambda: torch.ones(2, requires_grad=True).numpy(), RuntimeError, "Can't call numpy() on Tensor that requires grad.", "Use tensor.detach().numpy() instead."),
    "keys of DataParallel": (
        lambda: loaded(lambda s: {f"module.{k}": v for k, v in s.items()}), RuntimeError, 'Missing key(s) in state_dict: "0.weight", "0.bias"',
        'before them, as a model in DataParallel has them. Load {key.removeprefix("module."): value for key, value in state_dict.items()}',
    ),
    "keys of a part": (
        lambda: nn.Sequential(two_layers()).load_state_dict(two_layers().state_dict()), RuntimeError, 'Unexpected key(s) in state_dict: ',
        'Load {"0." + key: value for key, value in state_dict.items()}',
    ),
    "a whole checkpoint": (
        lambda: loaded(lambda s: {"epoch": 3, "model": s}), RuntimeError, 'Unexpected key(s) in state_dict: "epoch", "model"',
        'did you mean load_state_dict(checkpoint["model"])?',
    ),
    "other sizes": (lambda: loaded(lambda s: {**s, "1.bias": torch.ones(9)}), RuntimeError, "size mismatch for 1.bias: copying a param with shape torch.Size([9]) from checkpoint", ""),
    "a model as parameters": (lambda: torch.optim.SGD(nn.Linear(2, 2), lr=0.1), TypeError, "'Linear' object is not iterable", "SGD(model.parameters(), ...)"),
    "a method as parameters": (lambda: torch.optim.Adam(nn.Linear(2, 2).parameters), TypeError, "'method' object is not iterable", "Adam(model.parameters(), ...)"),
    "a Sequential as parameters": (lambda: torch.optim.SGD(two_layers(), lr=0.1), TypeError, "optimizer can only optimize Tensors, but one of the params is", "model.parameters()"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_a_first_error_says_what_pytorch_says_and_what_to_do(name):
    attempt, kind, pytorchs, ours = ERRORS[name]
    with pytest.raises(kind) as caught:
        attempt()
    assert pytorchs in str(caught.value)
    shown = "".join(traceback.format_exception_only(caught.value))
    assert ours in shown
    assert "Raised by the kernel" not in shown  # what backends are told is not for here


def test_forgetting_zero_grad_is_silent_as_in_pytorch():
    w = torch.ones(1, requires_grad=True)
    for _ in range(2):
        (w * 2).backward()
    assert w.grad.tolist() == [4.0]


def test_the_layer_is_a_note_and_the_errors_text_stays_pytorchs():
    with pytest.raises(RuntimeError) as caught:
        nn.Sequential(nn.Linear(3, 4))(torch.ones(2, 5))
    assert "In layer" not in str(caught.value) and caught.value.__notes__[0].startswith("In layer 0 of Sequential")


def test_errors_that_are_no_layers_fault_get_no_note():
    class Stops(nn.Module):
        def forward(self, x):
            raise StopIteration

    with pytest.raises(StopIteration) as caught:
        nn.Sequential(Stops())(torch.ones(1))
    assert not hasattr(caught.value, "__notes__")


def test_a_dtype_that_a_device_lacks_is_told_with_those_that_it_has(monkeypatch):
    backend = torch.device("cpu").runtime.backend
    monkeypatch.setattr(backend, "dtypes", {"float32": "native", "int64": "native"})
    with pytest.raises(NotImplementedError, match=r"ones\(\): device cpu has no torch.float64; its dtypes are torch.float32, torch.int64. float\(\) makes float32 of a"):
        torch.ones(2, dtype=torch.float64)
