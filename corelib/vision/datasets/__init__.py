"""torchvision.datasets: data sets of pictures in files on disk, which most of them fetch if they are asked to.

>>> import corelib.vision as vision
>>> vision.datasets.FakeData(size=2, image_size=(3, 8, 8))
Dataset FakeData
    Number of datapoints: 2
"""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.vision.datasets.caltech import Caltech101 as Caltech101, Caltech256 as Caltech256
from corelib.vision.datasets.cifar import CIFAR10 as CIFAR10, CIFAR100 as CIFAR100
from corelib.vision.datasets.fakedata import FakeData as FakeData
from corelib.vision.datasets.folder import DatasetFolder as DatasetFolder, ImageFolder as ImageFolder
from corelib.vision.datasets.mnist import EMNIST as EMNIST, KMNIST as KMNIST, MNIST as MNIST, QMNIST as QMNIST, FashionMNIST as FashionMNIST
from corelib.vision.datasets.moving_mnist import MovingMNIST as MovingMNIST
from corelib.vision.datasets.semeion import SEMEION as SEMEION
from corelib.vision.datasets.stl10 import STL10 as STL10
from corelib.vision.datasets.svhn import SVHN as SVHN
from corelib.vision.datasets.usps import USPS as USPS
from corelib.vision.datasets.vision import VisionDataset as VisionDataset

__all__ = [
    "CIFAR10", "CIFAR100", "EMNIST", "KMNIST", "MNIST", "QMNIST", "SEMEION", "STL10", "SVHN", "USPS", "Caltech101", "Caltech256", "DatasetFolder",
    "FakeData", "FashionMNIST", "ImageFolder", "MovingMNIST", "VisionDataset",
]  # fmt: skip

_paths_below(__name__)
