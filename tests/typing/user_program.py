"""What an editor must know of a user's program; checked by mypy, never run."""

import corelib as torch
from corelib import nn

x = torch.tensor([1.0, 2.0])
y = x.softmax(-1)
reveal_type(y)
z: torch.Tensor = (x @ x + y * 2).sum()
model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
loss = nn.functional.cross_entropy(model(x.reshape(1, 2)), torch.tensor([0]))
x.softmx(-1)
