"""What an editor must know of a user's program; checked by mypy, never run. The calls of `wrong` are all mistakes."""

import corelib as torch
from corelib import nn
from corelib.utils.data import DataLoader, TensorDataset

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.softmax(-1)
reveal_type(y)
reveal_type(torch.cat([x, y]).reshape(2, -1).sum(dim=0, keepdim=True))
reveal_type(x.shape)
reveal_type(x.dtype)
z: torch.Tensor = (x @ x + 2 * y - y / 3).sum()
z.backward()
half: torch.dtype = torch.float16
numbers: list[float] = x.detach().to(half).tolist()
zeros = torch.zeros(2, 3, dtype=torch.int64, device="cpu").add_(1, alpha=2).clamp(0, max=1)
model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
loss = nn.functional.cross_entropy(model(x.reshape(1, 2)), torch.tensor([0]))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for batch in DataLoader(TensorDataset(zeros), batch_size=2):
    print(batch, loss.item(), x.grad)
with torch.no_grad():
    optimizer.step()


def wrong() -> None:
    """Each of these lines is flagged."""
    x.softmx(-1)
    x.softmax("last")
    x.softmax(-1, keepdims=True)
    torch.zeros(2, dtype="float32")
    torch.cat(1, 2)
    nn.functional.gelu()
    x.reshape("2", "3")
    x.add(2, alpha="1")
