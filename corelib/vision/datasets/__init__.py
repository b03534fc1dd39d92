"""torchvision.datasets: data sets of pictures in files on disk, which most of them fetch if they are asked to.

>>> import corelib.vision as vision
>>> vision.datasets.FakeData(size=2, image_size=(3, 8, 8))
Dataset FakeData
    Number of datapoints: 2
"""

from typing import Any as _Any

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.vision.datasets.caltech import Caltech101 as Caltech101, Caltech256 as Caltech256
from corelib.vision.datasets.celeba import CelebA as CelebA
from corelib.vision.datasets.cifar import CIFAR10 as CIFAR10, CIFAR100 as CIFAR100
from corelib.vision.datasets.cityscapes import Cityscapes as Cityscapes
from corelib.vision.datasets.clevr import CLEVRClassification as CLEVRClassification
from corelib.vision.datasets.coco import CocoCaptions as CocoCaptions, CocoDetection as CocoDetection
from corelib.vision.datasets.country211 import Country211 as Country211
from corelib.vision.datasets.dtd import DTD as DTD
from corelib.vision.datasets.eurosat import EuroSAT as EuroSAT
from corelib.vision.datasets.fakedata import FakeData as FakeData
from corelib.vision.datasets.fer2013 import FER2013 as FER2013
from corelib.vision.datasets.fgvc_aircraft import FGVCAircraft as FGVCAircraft
from corelib.vision.datasets.flickr import Flickr8k as Flickr8k, Flickr30k as Flickr30k
from corelib.vision.datasets.flowers102 import Flowers102 as Flowers102
from corelib.vision.datasets.folder import DatasetFolder as DatasetFolder, ImageFolder as ImageFolder
from corelib.vision.datasets.food101 import Food101 as Food101
from corelib.vision.datasets.gtsrb import GTSRB as GTSRB
from corelib.vision.datasets.imagenet import ImageNet as ImageNet
from corelib.vision.datasets.imagenette import Imagenette as Imagenette
from corelib.vision.datasets.kitti import Kitti as Kitti
from corelib.vision.datasets.lfw import LFWPairs as LFWPairs, LFWPeople as LFWPeople
from corelib.vision.datasets.mnist import EMNIST as EMNIST, KMNIST as KMNIST, MNIST as MNIST, QMNIST as QMNIST, FashionMNIST as FashionMNIST
from corelib.vision.datasets.moving_mnist import MovingMNIST as MovingMNIST
from corelib.vision.datasets.omniglot import Omniglot as Omniglot
from corelib.vision.datasets.oxford_iiit_pet import OxfordIIITPet as OxfordIIITPet
from corelib.vision.datasets.pcam import PCAM as PCAM
from corelib.vision.datasets.places365 import Places365 as Places365
from corelib.vision.datasets.rendered_sst2 import RenderedSST2 as RenderedSST2
from corelib.vision.datasets.sbd import SBDataset as SBDataset
from corelib.vision.datasets.semeion import SEMEION as SEMEION
from corelib.vision.datasets.stanford_cars import StanfordCars as StanfordCars
from corelib.vision.datasets.stl10 import STL10 as STL10
from corelib.vision.datasets.sun397 import SUN397 as SUN397
from corelib.vision.datasets.svhn import SVHN as SVHN
from corelib.vision.datasets.usps import USPS as USPS
from corelib.vision.datasets.vision import VisionDataset as VisionDataset
from corelib.vision.datasets.voc import VOCDetection as VOCDetection, VOCSegmentation as VOCSegmentation
from corelib.vision.datasets.widerface import WIDERFace as WIDERFace

__all__ = [
    "CIFAR10", "CIFAR100", "CLEVRClassification", "Caltech101", "Caltech256", "CelebA", "Cityscapes", "CocoCaptions", "CocoDetection",
    "Country211", "DTD", "DatasetFolder", "EMNIST", "EuroSAT", "FER2013", "FGVCAircraft", "FakeData", "FashionMNIST", "Flickr30k",
    "Flickr8k", "Flowers102", "Food101", "GTSRB", "ImageFolder", "ImageNet", "Imagenette", "KMNIST", "Kitti", "LFWPairs", "LFWPeople",
    "MNIST", "MovingMNIST", "Omniglot", "OxfordIIITPet", "PCAM", "Places365", "QMNIST", "RenderedSST2", "SBDataset", "SEMEION", "STL10",
    "SUN397", "SVHN", "StanfordCars", "USPS", "VOCDetection", "VOCSegmentation", "VisionDataset", "WIDERFace",
    "wrap_dataset_for_transforms_v2",
]  # fmt: skip


def wrap_dataset_for_transforms_v2(dataset: _Any, target_keys: _Any = None) -> _Any:
    """The data set with its samples wrapped for `transforms.v2`; `tv_tensors._dataset_wrapper` says how."""
    from corelib.vision.tv_tensors._dataset_wrapper import wrap_dataset_for_transforms_v2 as wrap  # which imports this

    return wrap(dataset, target_keys)


_paths_below(__name__)
