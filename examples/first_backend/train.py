"""Fit a line on the device that first_backend.py provides: ordinary PyTorch code, and only the device is new."""

import corelib as torch

torch.manual_seed(0)
x = torch.randn(64, 3).to("first")
truth = torch.tensor([[1.0], [-2.0], [0.5]], device="first")
weight = torch.zeros(3, 1, device="first", requires_grad=True)
for _ in range(200):
    off = x @ weight - x @ truth
    loss = (off * off).sum() * (1 / 64)
    loss.backward()
    with torch.no_grad():
        weight -= 0.1 * weight.grad
    weight.grad = None
print(f"device {weight.device}, loss {loss.item():.1e}")
print([round(w, 3) for w in weight.flatten().tolist()])
