"""What torchvision shows of reading, operators, drawing and data sets is here, with the same parameters and defaults."""

import inspect

import corelib.vision as vision
import pytest

from .beside import torchvision

MISSING = set("""
    CLEVRClassification CREStereo CarlaStereo CelebA Cityscapes CocoCaptions CocoDetection ETH3DStereo FGVCAircraft FallingThingsStereo Flickr30k Flickr8k
    FlyingChairs FlyingThings3D HD1K HMDB51 INaturalist ImageNet InStereo2k Kinetics Kitti Kitti2012Stereo Kitti2015Stereo KittiFlow LFWPairs LFWPeople
    LSUN LSUNClass Middlebury2014Stereo OxfordIIITPet PCAM PhotoTour Places365 SBDataset SBU SceneFlowStereo Sintel SintelStereo StanfordCars UCF101
    VOCDetection VOCSegmentation WIDERFace wrap_dataset_for_transforms_v2
""".split())
"""Data sets that corelib lacks, and what torchvision wraps them in."""


def parameters(of):
    """Names, kinds and defaults; of defaults that are functions or classes their names."""
    found = inspect.signature(of).parameters.values()
    return [(p.name, p.kind, getattr(p.default, "__name__", str(p.default))) for p in found]


@pytest.mark.parametrize("part", ["io", "ops", "utils", "datasets"])
def test_all_names_of_a_part_have_torchvisions_parameters(part):
    ours, theirs = getattr(vision, part), getattr(torchvision, part)
    names = set(theirs.__all__) - MISSING
    assert set(ours.__all__) == names
    wrong = [name for name in names - {"ImageReadMode"} if parameters(getattr(ours, name)) != parameters(getattr(theirs, name))]
    assert wrong == []
