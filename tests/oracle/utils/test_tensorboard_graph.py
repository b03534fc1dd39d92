"""SummaryWriter.add_graph beside PyTorch's: the same module scopes, kinds of ops in each, and shapes."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

import corelib

if find_spec("tensorboard") is not None:
    import torch.utils.tensorboard

    import corelib.utils.tensorboard
pytestmark = pytest.mark.skipif(find_spec("tensorboard") is None, reason="the tensorboard package is not installed")


def mlp(T: Any) -> tuple[Any, Any]:
    class Net(T.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = T.nn.Linear(8, 16)
            self.body = T.nn.Sequential(T.nn.ReLU(), T.nn.Dropout(0.5), T.nn.Linear(16, 4, bias=False))

        def forward(self, x: Any) -> Any:
            h = self.first(x)
            return T.softmax(self.body(h) + h[:, :4] * 2, 1)

    return Net(), T.randn(2, 8)


def cnn(T: Any) -> tuple[Any, Any]:
    layers = [T.nn.Conv2d(3, 4, 3, padding=1), T.nn.BatchNorm2d(4), T.nn.ReLU(inplace=True), T.nn.MaxPool2d(2), T.nn.AdaptiveAvgPool2d(2), T.nn.Flatten(), T.nn.Linear(16, 4)]
    return T.nn.Sequential(*layers), T.randn(2, 3, 8, 8)


def residual(T: Any) -> tuple[Any, Any]:
    class Block(T.nn.Module):
        def __init__(self, n: int) -> None:
            super().__init__()
            self.conv = T.nn.Conv2d(n, n, 3, padding=1, bias=False)
            self.norm = T.nn.BatchNorm2d(n)

        def forward(self, x: Any) -> Any:
            return T.nn.functional.relu(self.norm(self.conv(x)) + x)

    class Net(T.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = T.nn.ModuleList([Block(3), Block(3)])
            self.head = T.nn.Linear(3 * 16, 2)

        def forward(self, x: Any, y: Any) -> Any:
            for block in self.blocks:
                x = block(x)
            x = T.cat([x[:, :1], y, x[:, 2:]], 1)
            return self.head(x.view(x.size()[0], -1)), x.mean((2, 3))

    return Net(), (T.randn(2, 3, 4, 4), T.randn(2, 1, 4, 4))


def in_place(T: Any) -> tuple[Any, Any]:
    class Net(T.nn.Module):
        def forward(self, x: Any) -> Any:
            y = x * 1.0
            y.add_(x)
            a, b = y.chunk(2, 1)
            return (a @ b.t()).sigmoid().max(1)[0]

    return Net(), T.randn(3, 4)


def events(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    (file,) = folder.iterdir()
    for event in EventFileLoader(str(file)).Load():
        if event.graph_def:
            return GraphDef.FromString(event.graph_def)
    return None


def drawn(T: Any, make: Any, folder: Path) -> tuple[Any, ...]:
    T.manual_seed(0)
    net, x = make(T)
    net.train()
    with T.utils.tensorboard.SummaryWriter(folder) as writer:
        writer.add_graph(net, x)
    assert net.training and all(m.training for m in net.modules())
    nodes = events(folder).node
    kinds = {(n.name.rpartition("/")[0], n.op) for n in nodes if not n.op.startswith(("prim::", "IO"))}
    shapes = sorted(
        (n.name.rpartition("/")[0], n.op, [d.size for s in n.attr["_output_shapes"].list.shape for d in s.dim])
        for n in nodes if n.op.startswith("aten::") and n.op not in ("aten::Int", "aten::size", "aten::slice", "aten::select", "aten::chunk")
    )  # fmt: skip
    scopes = {re.sub(r"/[^/]*$", "", n.name) for n in nodes}
    io = sorted((n.name.split("/")[0], [d.size for s in n.attr["_output_shapes"].list.shape for d in s.dim]) for n in nodes if n.op == "IO Node")
    state = sorted(n.name.rpartition("/")[0] for n in nodes if n.op == "prim::GetAttr")
    return scopes, kinds, shapes, io, state, {n.op for n in nodes}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [mlp, cnn, residual, in_place], ids=lambda f: f.__name__)
def test_graphs(make: Any, tmp_path: Path) -> None:
    got, want = (drawn(T, make, tmp_path / T.__name__) for T in (corelib, torch))
    for g, w in zip(got, want, strict=True):
        assert g == w


@pytest.mark.filterwarnings("ignore")
def test_inputs_are_nodes_that_are_there(tmp_path: Path) -> None:
    net, x = residual(corelib)
    with corelib.utils.tensorboard.SummaryWriter(tmp_path) as writer:
        writer.add_graph(net, x)
    nodes = events(tmp_path).node
    names = [n.name for n in nodes]
    assert len(set(names)) == len(names)
    assert {i for n in nodes for i in n.input} <= set(names)


@pytest.mark.filterwarnings("ignore")
def test_what_fails_says_so(tmp_path: Path, capsys: Any) -> None:
    for T in (corelib, torch):
        net = T.nn.Linear(2, 2)
        with T.utils.tensorboard.SummaryWriter(tmp_path / T.__name__) as writer, pytest.raises(RuntimeError):
            writer.add_graph(net, T.ones(3))
        assert "Error occurs, No graph saved" in capsys.readouterr().out
        assert net.training
