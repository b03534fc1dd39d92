"""A function of its own with a backward, gradients of gradients, and steps by hand."""

import torch


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2 * x * grad


w = torch.randn(5, requires_grad=True)
x, y = torch.randn(20, 5), torch.randn(20)
for step in range(20):
    fit = (Square.apply(x) @ w - y).pow(2).mean()
    (slope,) = torch.autograd.grad(fit, w, create_graph=True)
    loss = fit + 0.01 * slope.norm()
    loss.backward()
    with torch.no_grad():
        w -= 0.05 * w.grad
        w.grad.zero_()
    print(step, loss.item())
