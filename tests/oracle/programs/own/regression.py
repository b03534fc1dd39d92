"""A net fitted to a curve, with a schedule, clipped gradients and a checkpoint that is read again."""

import argparse
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Dropout(0.1), nn.Linear(hidden, 1))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.seen += x.size(0)
        return self.layers(x)


parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=3)
args = parser.parse_args()
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
x = torch.linspace(-1, 1, 64).unsqueeze(1)
y = torch.sin(math.pi * x) + 0.1 * torch.randn(64, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
net = Net(16).to(device)
optimizer = torch.optim.AdamW(net.parameters(), lr=0.02, weight_decay=0.01)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
for epoch in range(args.epochs):
    net.train()
    for a, b in loader:
        optimizer.zero_grad()
        loss = F.smooth_l1_loss(net(a.to(device)), b.to(device))
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
    scheduler.step()
    print(f"epoch {epoch}: loss {loss.item():.6f}, lr {scheduler.get_last_lr()[0]:.4f}")
torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, "net.pt")
told = torch.load("net.pt")
again = Net(16)
again.load_state_dict(told["net"])
again.eval()
net.eval()
with torch.no_grad():
    assert torch.equal(again(x), net(x)) and int(again.seen) == 64 * args.epochs
