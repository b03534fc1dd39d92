"""MNIST, CIFAR and folders of pictures; `download=True` generates the files where they are absent."""

import os
import pickle
import struct
from pathlib import Path

import generated
import numpy as np
import torch
from torch.utils.data import Dataset


class VisionDataset(Dataset):
    """Pictures as arrays of height, width and channels in `data`, and what they are in `targets`."""

    def __init__(self, root, transform=None, target_transform=None):
        self.root, self.transform, self.target_transform = root, transform, target_transform

    def __getitem__(self, index):
        image, target = np.asarray(self.data[index]), int(self.targets[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __len__(self):
        return len(self.data)


class MNIST(VisionDataset):
    """MNIST's idx files in ROOT/MNIST/raw."""

    def __init__(self, root, train=True, transform=None, target_transform=None, download=False):
        super().__init__(root, transform, target_transform)
        raw, self.train = Path(root) / type(self).__name__ / "raw", train
        if download and not raw.exists():
            generated.mnist(raw)
        name = "train" if train else "t10k"
        images = (raw / f"{name}-images-idx3-ubyte").read_bytes()
        count, height, width = struct.unpack(">III", images[4:16])
        self.data = torch.from_numpy(np.frombuffer(images, np.uint8, offset=16).reshape(count, height, width).copy())
        labels = np.frombuffer((raw / f"{name}-labels-idx1-ubyte").read_bytes(), np.uint8, offset=8)
        self.targets = torch.from_numpy(labels.astype(np.int64))

    @property
    def train_data(self):
        return self.data

    test_data = train_data

    @property
    def train_labels(self):
        return self.targets

    test_labels = train_labels

    def __getitem__(self, index):
        image, target = self.data[index].numpy(), int(self.targets[index])
        if self.transform is not None:
            image = self.transform(image)
        return image, target if self.target_transform is None else self.target_transform(target)


class FashionMNIST(MNIST):
    """The same format in ROOT/FashionMNIST/raw."""


class CIFAR10(VisionDataset):
    """CIFAR-10's pickles in ROOT/cifar-10-batches-py."""

    folder, classes_, train_files, test_files, key = "cifar-10-batches-py", 10, [f"data_batch_{n}" for n in range(1, 6)], ["test_batch"], b"labels"

    def __init__(self, root, train=True, transform=None, target_transform=None, download=False):
        super().__init__(root, transform, target_transform)
        where, self.train = Path(root) / self.folder, train
        if download and not where.exists():
            generated.cifar(where, self.classes_)
        told = [pickle.loads((where / name).read_bytes()) for name in (self.train_files if train else self.test_files)]
        self.data = np.concatenate([each[b"data"] for each in told]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        self.targets = [label for each in told for label in each[self.key]]
        self.classes = [str(n) for n in range(self.classes_)]


class CIFAR100(CIFAR10):
    """CIFAR-100's pickles in ROOT/cifar-100-python."""

    folder, classes_, train_files, test_files, key = "cifar-100-python", 100, ["train"], ["test"], b"fine_labels"


class ImageFolder(VisionDataset):
    """Pictures in one folder a class, read by PIL."""

    def __init__(self, root, transform=None, target_transform=None):
        super().__init__(root, transform, target_transform)
        self.classes = sorted(each for each in os.listdir(root) if os.path.isdir(os.path.join(root, each)))
        self.class_to_idx = {each: n for n, each in enumerate(self.classes)}
        self.samples = [(os.path.join(root, c, f), n) for c, n in self.class_to_idx.items() for f in sorted(os.listdir(os.path.join(root, c)))]
        self.imgs, self.targets = self.samples, [n for _, n in self.samples]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        from PIL import Image

        path, target = self.samples[index]
        image = Image.open(path).convert("RGB")
        return (image if self.transform is None else self.transform(image)), target
