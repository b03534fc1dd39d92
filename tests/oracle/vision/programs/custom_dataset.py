"""The data set of PyTorch's beginner tutorial (Datasets & DataLoaders, "Creating a Custom Dataset for your files"), and a few steps of training."""

import os
import sys

import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.io import read_image


class CustomImageDataset(Dataset):
    def __init__(self, annotations_file, img_dir, transform=None, target_transform=None):
        self.img_labels = pd.read_csv(annotations_file)
        self.img_dir = img_dir
        self.transform = transform
        self.target_transform = target_transform

    def __len__(self):
        return len(self.img_labels)

    def __getitem__(self, idx):
        img_path = os.path.join(self.img_dir, self.img_labels.iloc[idx, 0])
        image = read_image(img_path)
        label = self.img_labels.iloc[idx, 1]
        if self.transform:
            image = self.transform(image)
        if self.target_transform:
            label = self.target_transform(label)
        return image, label


if __name__ == "__main__":
    torch.manual_seed(7)
    folder = sys.argv[1]
    data = CustomImageDataset(os.path.join(folder, "labels.csv"), folder, transform=lambda image: image.float() / 255)
    print(len(data), data[3][0].shape, data[3][0].dtype, int(data[3][1]))
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 14 * 14, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        for images, labels in DataLoader(data, batch_size=8, shuffle=True):
            loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            print(labels.tolist(), f"{float(images.sum()):.3f} {loss.item():.4f}")
