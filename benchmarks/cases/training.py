"""Whole training steps: forward, loss, backward, optimizer, as a training loop writes them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from benchmarks.registry import case, data, indices, set_weights


def training_step(T: Any, model: Any, optimizer: Any, x: Any, y: Any) -> Any:
    """A function that makes one training step of a classifier and returns the loss."""
    loss_fn = T.nn.CrossEntropyLoss()

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def mlp(T: Any, *widths: int) -> Any:
    """Linear layers with ReLU between them."""
    layers: list[Any] = []
    for before, after in pairwise(widths):
        layers += [T.nn.Linear(before, after), T.nn.ReLU()]
    return set_weights(T, T.nn.Sequential(*layers[:-1]))


@case("training", "tiny MLP 16-32-10, batch 32, SGD", goal=1.5)
def tiny_mlp(T: Any) -> Any:
    model = mlp(T, 16, 32, 10)
    return training_step(T, model, T.optim.SGD(model.parameters(), lr=1e-3), data(T, 32, 16), indices(T, 10, 32))


@case("training", "tutorial MLP 784-512-512-10, batch 64, SGD", goal=1.0)
def tutorial_mlp_sgd(T: Any) -> Any:
    model = mlp(T, 784, 512, 512, 10)
    return training_step(T, model, T.optim.SGD(model.parameters(), lr=1e-3), data(T, 64, 784), indices(T, 10, 64))


@case("training", "tutorial MLP 784-512-512-10, batch 64, Adam", goal=1.0)
def tutorial_mlp_adam(T: Any) -> Any:
    model = mlp(T, 784, 512, 512, 10)
    return training_step(T, model, T.optim.Adam(model.parameters(), lr=1e-4), data(T, 64, 784), indices(T, 10, 64))


@case("training", "CNN of two convolutions, batch 32 of 28 x 28, SGD")
def cnn(T: Any) -> Any:
    nn = T.nn
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 10),
    )  # fmt: skip
    set_weights(T, model)
    return training_step(T, model, T.optim.SGD(model.parameters(), lr=1e-3), data(T, 32, 1, 28, 28), indices(T, 10, 32))


@case("training", "LSTM written out in small ops, 20 steps, batch 16, width 32, SGD")
def lstm_loop(T: Any) -> Any:
    steps, batch, width = 20, 16, 32
    x = data(T, steps, batch, width)
    weights = [data(T, width, 4 * width, seed=i).mul_(0.1).requires_grad_() for i in (1, 2)]
    bias = data(T, 4 * width, seed=3).mul_(0.1).requires_grad_()
    optimizer = T.optim.SGD([*weights, bias], lr=1e-3)
    start = T.zeros(batch, width)

    def step() -> Any:
        optimizer.zero_grad()
        h, c = start, start
        for t in range(steps):
            i, f, g, o = (x[t] @ weights[0] + h @ weights[1] + bias).chunk(4, 1)
            c = T.sigmoid(f) * c + T.sigmoid(i) * T.tanh(g)
            h = T.sigmoid(o) * T.tanh(c)
        loss = (h * h).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step
