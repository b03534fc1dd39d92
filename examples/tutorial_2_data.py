"""Datasets and DataLoaders: one's own Dataset, ready-made batches, and a look at one image."""

from sklearn.datasets import load_digits

import corelib as torch
from corelib.utils.data import DataLoader, Dataset


class DigitsDataset(Dataset):
    """The handwritten digits that scikit-learn ships: the first 1437 to train on, the others to test on."""

    def __init__(self, train=True, transform=None, target_transform=None):
        digits = load_digits()
        part = slice(0, 1437) if train else slice(1437, None)
        self.images = digits.images[part]
        self.labels = digits.target[part]
        self.transform = transform
        self.target_transform = target_transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, idx):
        image = self.images[idx]
        label = int(self.labels[idx])
        if self.transform:
            image = self.transform(image)
        if self.target_transform:
            label = self.target_transform(label)
        return image, label


def to_tensor(image):
    """An image as a float32 tensor of one channel, its pixels from 0 to 1."""
    return torch.from_numpy(image).to(torch.float32).div(16).unsqueeze(0)


def one_hot(label):
    """A digit as a vector of zeros with a one at its place."""
    return torch.zeros(10, dtype=torch.float).scatter_(0, torch.tensor(label), value=1)


training_data = DigitsDataset(train=True, transform=to_tensor)
test_data = DigitsDataset(train=False, transform=to_tensor, target_transform=one_hot)
print(f"Images: {len(training_data)} to train on, {len(test_data)} to test on")

torch.manual_seed(0)
train_dataloader = DataLoader(training_data, batch_size=64, shuffle=True)
test_dataloader = DataLoader(test_data, batch_size=64, shuffle=False)

train_features, train_labels = next(iter(train_dataloader))
print(f"Feature batch shape: {train_features.size()}")
print(f"Labels batch shape: {train_labels.size()}")
img = train_features[0].squeeze()
label = train_labels[0]
for row in img.tolist():
    print("".join(" .:-=+*#%@"[round(v * 9)] * 2 for v in row))
print(f"Label: {label}")

test_features, test_labels = next(iter(test_dataloader))
print(f"One-hot label: {test_labels[0]}")
print(f"Batches: {len(train_dataloader)} to train on, {len(test_dataloader)} to test on")
