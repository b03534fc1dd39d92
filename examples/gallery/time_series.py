"""A time series: windows of 28 days foretell the day after. At least nine tenths of the later days' variance are explained."""
import corelib as torch
import pandas as pd
from corelib import nn
from corelib.datasets import Windows, chronological_split
from corelib.utils.data import DataLoader
from gallery_data import series
from gallery_plots import curves

torch.manual_seed(0)
visitors = (pd.read_csv(series())["visitors"] - 110) / 30
train, test = chronological_split(Windows(visitors, length=28), [0.8, 0.2])
model = nn.Sequential(nn.Linear(28, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(40):
    for batch, day in DataLoader(train, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(batch), day)
        loss.backward()
        optimizer.step()
batch, real = test[:]
foretold = model(batch).detach()
print(f"explained {1 - (foretold - real).var() / real.var():.3f}")
curves("Visitors, the last 100 days", "day", "scaled", real=real[-100:], foretold=foretold[-100:])
