"""Handwritten digits: a small convolutional network on the pictures that scikit-learn ships. At least 97 of 100 unseen ones are right."""

import corelib as torch
from corelib import nn
from corelib.utils.data import DataLoader, TensorDataset
from gallery_plots import grid
from sklearn.datasets import load_digits

torch.manual_seed(0)
found = load_digits()
images, labels = torch.tensor(found.images, dtype=torch.float32).unsqueeze(1) / 16, torch.tensor(found.target)
order = torch.randperm(len(images))
train, test = order[:1437], order[1437:]
model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.2), nn.Linear(512, 10)
)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=12 * 23)
for epoch in range(12):
    for x, y in DataLoader(TensorDataset(images[train], labels[train]), batch_size=64, shuffle=True):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        schedule.step()
model.eval()
with torch.no_grad():
    said = model(images[test]).argmax(1)
wrong = (said != labels[test]).nonzero()[:, 0]
print(f"accuracy {1 - len(wrong) / len(test):.3f}")
shown = torch.cat([wrong, torch.arange(16)])[:16]
grid(f"What is read as {said[shown].tolist()}", images[test][shown, 0].numpy())
