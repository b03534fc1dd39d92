"""What torchvision shows of reading, operators, drawing and data sets is here, with the same parameters and defaults."""

import inspect

import corelib.vision as vision
import pytest

from .beside import torchvision

MISSING = set("""
    CREStereo CarlaStereo ETH3DStereo FallingThingsStereo FlyingChairs FlyingThings3D HD1K HMDB51 INaturalist InStereo2k Kinetics Kitti2012Stereo
    Kitti2015Stereo KittiFlow LSUN LSUNClass Middlebury2014Stereo PhotoTour SBU SceneFlowStereo Sintel SintelStereo UCF101
""".split())
"""Data sets that corelib lacks."""


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
