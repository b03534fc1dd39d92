"""What the cases are made of: numbers that are the same for both libraries, a backward, a training step."""

import numpy as np


def rnd(T, dev, *shape, seed=0, scale=1.0):
    return T.from_numpy(np.random.default_rng(seed).standard_normal(shape).astype("f4") * np.float32(scale)).to(dev)


def ints(T, dev, hi, *shape, seed=3):
    return T.from_numpy(np.random.default_rng(seed).integers(0, hi, shape)).to(dev)


def grad_of(T, f, *leaves):
    def step():
        for x in leaves:
            x.grad = None
        f().sum().backward()
    return step


def train(T, dev, model, x, y, loss_fn, opt):
    model.to(dev)

    def step():
        opt.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        opt.step()
    return step
