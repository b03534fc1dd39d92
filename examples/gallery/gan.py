"""Two networks against each other: one makes points, the other tells them from real ones (Goodfellow et al. 2014, arXiv:1406.2661).

The real points lie around a circle. At the end at least 80 of 100 made ones lie near it, on all of its eight parts.
"""

import math

import corelib as torch
from corelib import nn
from gallery_plots import plt, save

torch.manual_seed(0)


def real(n):
    angle = torch.rand(n) * 2 * math.pi
    return torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(n, 2)


maker = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
judge = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
of_maker = torch.optim.Adam(maker.parameters(), lr=5e-4, betas=(0.5, 0.999))
of_judge = torch.optim.Adam(judge.parameters(), lr=1e-3, betas=(0.5, 0.999))
loss_of, yes, no = nn.BCEWithLogitsLoss(), torch.full((256, 1), 0.9), torch.zeros(256, 1)
for _step in range(3000):
    made = maker(torch.randn(256, 8))
    loss = loss_of(judge(real(256)), yes) + loss_of(judge(made.detach()), no)
    of_judge.zero_grad()
    loss.backward()
    of_judge.step()
    loss = loss_of(judge(made), yes)
    of_maker.zero_grad()
    loss.backward()
    of_maker.step()
with torch.no_grad():
    made = maker(torch.randn(1000, 8))
near = (made.norm(dim=1) - 1).abs() < 0.2
parts = ((torch.atan2(made[:, 1], made[:, 0]) + math.pi) / (math.pi / 4)).long().clamp(0, 7)
print(f"near {near.float().mean():.3f}")
print(f"parts {int((torch.bincount(parts[near], minlength=8) > 10).sum())}")
figure, axes = plt.subplots(figsize=(4, 4))
axes.scatter(*real(400).T.numpy(), s=4, label="real")
axes.scatter(*made[:400].T.numpy(), s=4, label="made")
axes.set(title="Points on a circle", aspect="equal")
axes.legend()
save(figure)
