"""What a profile says of programs as people write them: the names and counts of key_averages() and the memory, beside PyTorch."""

from __future__ import annotations

import gc
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

import corelib

BOTH = (corelib, torch)


def mlp(T: Any) -> Any:
    T.manual_seed(0)
    net = T.nn.Sequential(T.nn.Linear(8, 16), T.nn.ReLU(), T.nn.Dropout(0.5), T.nn.Linear(16, 4))
    optimizer = T.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

    def step() -> None:
        x, y = T.randn(6, 8), T.randint(0, 4, (6,))
        optimizer.zero_grad()
        loss = T.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        loss.item()

    step()
    return step


def cnn(T: Any) -> Any:
    T.manual_seed(0)
    layers = (T.nn.Conv2d(3, 4, 3, padding=1), T.nn.BatchNorm2d(4), T.nn.ReLU(), T.nn.MaxPool2d(2), T.nn.Flatten(), T.nn.Linear(64, 4))
    net = T.nn.Sequential(*layers)
    optimizer = T.optim.Adam(net.parameters())

    def step() -> None:
        x, y = T.rand(2, 3, 8, 8), T.tensor([0, 1])
        optimizer.zero_grad()
        made = net(x)
        T.nn.CrossEntropyLoss()(made, y).backward()
        optimizer.step()
        (made.argmax(1) == y).sum().item()
        made.detach().cpu().numpy()

    step()
    return step


def attention(T: Any) -> Any:
    T.manual_seed(0)
    inner, outer, norm = T.nn.Linear(8, 24), T.nn.Linear(8, 8), T.nn.LayerNorm(8)

    def step() -> None:
        x = T.randn(2, 5, 8)
        q, k, v = (t.view(2, 5, 2, 4).transpose(1, 2) for t in inner(norm(x)).chunk(3, dim=-1))
        mask = T.tril(T.ones(5, 5)).view(1, 1, 5, 5)
        weights = ((q @ k.transpose(-2, -1)) * 0.5).masked_fill(mask[:, :, :5, :5] == 0, float("-inf"))
        y = (T.softmax(weights, dim=-1) @ v).transpose(1, 2).contiguous().view(2, 5, 8)
        (x + outer(y)).sum().backward()

    step()
    return step


def recurrent(T: Any) -> Any:
    T.manual_seed(0)
    embedding, lstm, head = T.nn.Embedding(10, 8), T.nn.LSTM(8, 6, batch_first=True), T.nn.Linear(6, 10)

    def step() -> None:
        state = (T.zeros(1, 2, 6), T.zeros(1, 2, 6))
        made, state = lstm(embedding(T.arange(8).view(2, 4)), state)
        tuple(s.detach() for s in state)
        head(made[:, -1, :]).mean().backward()

    step()
    return step


def cell(T: Any) -> Any:
    T.manual_seed(0)
    linear = T.nn.Linear(14, 6)

    def step() -> None:
        h = T.zeros(2, 6)
        for x in T.randn(3, 2, 8).unbind(0):
            h = T.tanh(linear(T.cat([x, h], 1)))
        T.stack([h, h]).mean().backward()

    step()
    return step


def regression(T: Any) -> Any:
    T.manual_seed(0)
    w = T.zeros(3, 1, requires_grad=True)

    def step() -> None:
        x = T.linspace(-1, 1, 12).reshape(4, 3)
        loss = T.nn.functional.mse_loss(x.mm(w), T.full((4, 1), 2.0))
        loss.backward()
        with T.no_grad():
            w.sub_(w.grad * 0.1)
            w.grad.zero_()
        float(loss.detach())

    step()
    return step


# A program; what in it PyTorch calls otherwise inside ops that are made otherwise here: names without `aten::`, and how many of PyTorch's counts are the same at least.
PROGRAMS: list[tuple[Any, str, int]] = [
    (mlp, "resolve_conj", 58),
    (cnn, "as_strided as_strided_ empty empty_like fill_ mkldnn_convolution resize_ resolve_conj sum zero_", 75),
    # the products of four dimensions are recorded as bmm here, and chunks in one step, where PyTorch records the expansion and the reshaping too
    (attention, "_reshape_alias _unsafe_view as_strided clone copy_ empty empty_like expand narrow reshape resize_ resolve_conj slice view zero_ "
                "CloneBackward0 ExpandBackward0 UnsafeViewBackward0 ViewBackward0", 58),
    # PyTorch's LSTM is one op of oneDNN
    (recurrent, "MkldnnRnnLayerBackward0 AddmmBackward0 TBackward0 add add_ addmm as_strided cat clone contiguous copy_ cudnn_is_acceptable empty empty_like empty_strided "
                "expand fill_ linear mkldnn_rnn_layer mkldnn_rnn_layer_backward mm reshape resolve_conj select sum t transpose view zero_ zeros_like", 30),
    (cell, "resolve_conj", 48),
    (regression, "resolve_conj", 37),
]  # fmt: skip


def counts(T: Any, program: Any) -> dict[str, int]:
    step = program(T)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with T.profiler.profile(activities=[T.profiler.ProfilerActivity.CPU]) as prof:
            step()
    return {a.key.replace("aten::", ""): a.count for a in prof.key_averages()}


@pytest.mark.parametrize(("program", "otherwise", "least"), PROGRAMS, ids=lambda x: getattr(x, "__name__", ""))
def test_names_and_counts(program: Any, otherwise: str, least: int) -> None:
    got, want = counts(corelib, program), counts(torch, program)
    differ = {name: (got.get(name), n) for name, n in want.items() if got.get(name) != n and name.rpartition(" ")[2] not in otherwise.split()}
    assert not differ, differ
    assert sum(got.get(name) == n for name, n in want.items()) >= least


# Calls of functions, one by one: their own events and what PyTorch calls in them.
CALLS = """
T.ones(2, 3)|T.zeros(2)|T.empty(3)|T.full((2,), 1.)|T.arange(4)|T.linspace(0, 1, 5)|T.logspace(0, 1, 5)|T.eye(3)|T.rand(2)|T.randn(2)|T.randint(3, (2,))|T.randperm(4)
T.tensor([1.])|T.ones_like(m)|T.zeros_like(m)|T.empty_like(m)|T.full_like(m, 2)|T.rand_like(m)|T.randn_like(m)|T.randint_like(m, 3)|m.new_zeros(2)|m.new_ones(2)|m.new_empty(2)
m.new_full((2,), 1.)|T.as_tensor([1, 2])|T.normal(0., 1., (2,))|T.empty_strided((2, 2), (2, 1))|T.tril_indices(3, 3)|T.complex(m, m)
x.view(6, 4)|x.transpose(0, 1)|x[0]|x[:, 1]|x[..., 1:3]|x[:, None]|x[None]|x[0, 1:2, None]|x.mT|x.permute(2, 0, 1)|x.reshape(24)|x.transpose(0, 1).reshape(24)
x.flatten(1)|x.unsqueeze(0)|x.squeeze(0)|x.squeeze()|x.expand(2, 3, 4)|x.expand_as(x)|x.as_strided((2, 2), (1, 1))|x.narrow(0, 0, 1)|x.select(0, 1)|x.chunk(2)|x.split(1)
x.split([1, 1])|x.unbind(0)|x.movedim(0, 1)|x.swapaxes(0, 1)|x.diagonal()|x.unfold(2, 2, 1)|x.detach()|x.contiguous()|x.mT.contiguous()|x.clone()|x.view_as(x)|m.t()|m.T
T.flip(x, [0])|T.broadcast_to(x, (2, 2, 3, 4))|x.tensor_split(2)|x.hsplit(3)|x.ravel()|x.unflatten(2, (2, 2))|x.to("cpu")|x.to(T.float64)|x.double()|x.float()|x.type_as(x)
x[0, 0, 0].item()|x.tolist()|x.numpy()|bool(x[0, 0, 0] > 0)|float(x[0, 0, 0])|[r for r in m]|x.cpu()|x.masked_fill(x > 0, 1.)|m.fill_(1)|m.zero_()|m.copy_(m.double())
m.normal_()|m.uniform_()|m.add_(1)|m.clamp(0, 1)|m.clamp_(0, 1)|m.relu()|m.relu_()|F.relu(m, inplace=True)|F.relu(m, True)|F.dropout(m, .5)|F.dropout(m, .5, False)|m @ m.t()|x @ x.mT|x @ m.t()|m @ m[0]|m[0] @ m[0]
F.linear(m, m)|F.linear(m, m, m[:, 0])|F.linear(x, m, m[0, :3])|m.softmax(1)|m.log_softmax(1)|F.cross_entropy(m, T.tensor([0, 1, 2]))|F.nll_loss(m, T.tensor([0, 1, 2]))
F.mse_loss(m, m)|F.embedding(T.tensor([0, 1]), m)|F.layer_norm(m, (4,))|F.batch_norm(m, None, None, training=True)|F.gelu(m)|F.silu(m)|m.sum()|m.sum(1)|m.mean()|m.max()
m.max(1)|m.norm()|T.cat([m, m])|T.stack([m, m])|T.where(m > 0, m, m)|T.where(m > 0, m, 0.)|T.tril(m)|m.topk(2)|m.sort()|m.cumsum(0)|m.pow(2)|m.sqrt()|m.abs()|-m|m + 1|1 - m
m / 2|2 / m|m * m|m > 0|T.isnan(m)|m.nonzero()|T.outer(m[0], m[0])|F.pad(m, (1, 1))|F.one_hot(T.tensor([0, 1]), 3)|F.max_pool2d(x, 2)|F.avg_pool2d(x, 2)|T.lerp(m, m, .5)
T.roll(m, 1, 0)|T.diag_embed(m)|x[x > 3]|x[T.tensor([0, 1])]|x.__setitem__(0, 1.)|x.__setitem__((0, 0, 0), 3)|x.__setitem__(x > 2, 0.)
g.tanh().sum().backward()|g.relu().sum().backward()|g.softmax(1).mean().backward()|F.mse_loss(g, m).backward()|g[0].sum().backward()
T.stack([g, g]).sum().backward()|T.cat([g, g]).sum().backward()|g.max(1).values.sum().backward()|F.cross_entropy(g, T.tensor([0, 1, 2])).backward()
"""  # fmt: skip


def forest(T: Any, call: str) -> list[Any]:
    T.manual_seed(0)
    scope = {"T": T, "F": T.nn.functional, "x": T.randn(2, 3, 4), "m": T.randn(3, 4), "g": T.randn(3, 4, requires_grad=True)}
    code = compile(call, "call", "eval")
    with T.profiler.profile(activities=[T.profiler.ProfilerActivity.CPU]) as prof:
        eval(code, scope)

    def tree(event: Any) -> Any:
        return event.name, [tree(c) for c in sorted(event.cpu_children, key=lambda c: c.time_range.start) if c.name not in ("aten::resolve_conj", "aten::contiguous")]

    return [tree(event) for event in prof.events() if event.cpu_parent is None]


@pytest.mark.parametrize(("mode", "n"), [("nearest", 1), ("nearest", 2), ("nearest", 3), ("nearest-exact", 2), ("linear", 1), ("bilinear", 2), ("bicubic", 2), ("trilinear", 3), ("area", 2)])
def test_names_of_resizing(mode: str, n: int) -> None:
    got, want = (forest(T, f"F.interpolate(T.ones(1, 1{', 4' * n}), scale_factor=2, mode={mode!r})")[-1][0] for T in BOTH)
    assert got == want


@pytest.mark.parametrize("call", [c for line in CALLS.strip().split("\n") for c in line.split("|")])
def test_events_of_a_call(call: str) -> None:
    assert forest(corelib, call) == forest(torch, call)


MEMORY = {
    "created and freed": "a = T.ones(1000); b = a * a; del a; del b",
    "rebound": "x = T.zeros(256)\nfor _ in range(3): x = x + x\ndel x",
    "a view keeps its base": "a = T.ones(10, 10); v = a[2:]; del a; v.sum(); del v",
    "in place": "a = T.ones(100); a.add_(a); a.mul_(a)",
    "factories": "a = T.empty(5); b = T.full((7,), 1.); c = T.arange(9); d = T.zeros_like(b); e = a.new_ones(3)",
    "casts": "a = T.ones(64); b = a.double(); c = a.to(T.float32); del b",
    "before": "del KEPT['x']",
    "matrices": "a = T.ones(8, 8); b = T.ones(8, 8); c = a @ b; del a, b, c",
    "a region": "with T.profiler.record_function('r'):\n    a = T.ones(50); del a; b = T.ones(25)",
}


@pytest.mark.parametrize("program", MEMORY.values(), ids=MEMORY)
def test_memory(program: str) -> None:
    def found(T: Any) -> Any:
        scope: dict[str, Any] = {"T": T, "KEPT": {"x": T.ones(123)}}
        code = compile(program, "program", "exec")
        gc.collect()  # what another test left in a cycle would be freed in the middle of this one's record
        with T.profiler.profile(activities=[T.profiler.ProfilerActivity.CPU], profile_memory=True) as prof:
            exec(code, scope)
        tops = [(e.name, e.cpu_memory_usage) for e in prof.events() if e.cpu_parent is None]
        averages = {a.key: (a.count, a.self_cpu_memory_usage, a.cpu_memory_usage) for a in prof.key_averages() if a.self_cpu_memory_usage}
        return tops, averages

    assert found(corelib) == found(torch)


def test_memory_in_the_trace(tmp_path: Path) -> None:
    for T in BOTH:
        gc.collect()
        with T.profiler.profile(activities=[T.profiler.ProfilerActivity.CPU], profile_memory=True) as prof:
            a = T.ones(1000)
            del a
        prof.export_chrome_trace(str(tmp_path / "trace.json"))
        seen = [e["args"] for e in json.loads((tmp_path / "trace.json").read_text())["traceEvents"] if e["name"] == "[memory]"]
        assert [s["Bytes"] for s in seen] == [4000, -4000]
        assert all(s["Device Type"] == 0 and "Total Allocated" in s for s in seen)
