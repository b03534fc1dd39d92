"""torchvision.datasets: data sets of pictures in files on disk, which most of them fetch if they are asked to.

>>> import corelib.vision as vision
>>> vision.datasets.FakeData(size=2, image_size=(3, 8, 8))
Dataset FakeData
    Number of datapoints: 2
"""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.vision.datasets.caltech import Caltech101 as Caltech101, Caltech256 as Caltech256
from corelib.vision.datasets.cifar import CIFAR10 as CIFAR10, CIFAR100 as CIFAR100
from corelib.vision.datasets.country211 import Country211 as Country211
from corelib.vision.datasets.dtd import DTD as DTD
from corelib.vision.datasets.eurosat import EuroSAT as EuroSAT
from corelib.vision.datasets.fakedata import FakeData as FakeData
from corelib.vision.datasets.fer2013 import FER2013 as FER2013
from corelib.vision.datasets.flowers102 import Flowers102 as Flowers102
from corelib.vision.datasets.folder import DatasetFolder as DatasetFolder, ImageFolder as ImageFolder
from corelib.vision.datasets.food101 import Food101 as Food101
from corelib.vision.datasets.gtsrb import GTSRB as GTSRB
from corelib.vision.datasets.imagenette import Imagenette as Imagenette
from corelib.vision.datasets.mnist import EMNIST as EMNIST, KMNIST as KMNIST, MNIST as MNIST, QMNIST as QMNIST, FashionMNIST as FashionMNIST
from corelib.vision.datasets.moving_mnist import MovingMNIST as MovingMNIST
from corelib.vision.datasets.omniglot import Omniglot as Omniglot
from corelib.vision.datasets.rendered_sst2 import RenderedSST2 as RenderedSST2
from corelib.vision.datasets.semeion import SEMEION as SEMEION
from corelib.vision.datasets.stl10 import STL10 as STL10
from corelib.vision.datasets.sun397 import SUN397 as SUN397
from corelib.vision.datasets.svhn import SVHN as SVHN
from corelib.vision.datasets.usps import USPS as USPS
from corelib.vision.datasets.vision import VisionDataset as VisionDataset

__all__ = [
    "CIFAR10", "CIFAR100", "Caltech101", "Caltech256", "Country211", "DTD", "DatasetFolder", "EMNIST", "EuroSAT", "FER2013", "FakeData",
    "FashionMNIST", "Flowers102", "Food101", "GTSRB", "ImageFolder", "Imagenette", "KMNIST", "MNIST", "MovingMNIST", "Omniglot", "QMNIST",
    "RenderedSST2", "SEMEION", "STL10", "SUN397", "SVHN", "USPS", "VisionDataset",
]  # fmt: skip

_paths_below(__name__)
