"""A time series: windows of 28 days foretell the day after. At least nine tenths of the later days' variance are explained."""
import corelib as torch
import pandas as pd
from corelib import nn
from corelib.utils.data import DataLoader, TensorDataset
from gallery_data import series
from gallery_plots import curves

torch.manual_seed(0)
values = torch.tensor(pd.read_csv(series())["visitors"].to_numpy(), dtype=torch.float32)
windows = ((values - 110) / 30).unfold(0, 29, 1)
train, test = windows[:1600], windows[1600:]
model = nn.Sequential(nn.Linear(28, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(40):
    for (batch,) in DataLoader(TensorDataset(train), batch_size=64, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(batch[:, :-1])[:, 0], batch[:, -1])
        loss.backward()
        optimizer.step()
foretold, real = model(test[:, :-1])[:, 0].detach(), test[:, -1]
print(f"explained {1 - (foretold - real).var() / real.var():.3f}")
curves("Visitors, the last 100 days", "day", "scaled", real=real[-100:], foretold=foretold[-100:])
