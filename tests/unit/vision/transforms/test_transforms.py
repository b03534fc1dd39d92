"""Transforms of both generations on a few pixels whose results are known."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import corelib as torch
from corelib.vision import transforms, tv_tensors
from corelib.vision.transforms import functional as F1, v2
from corelib.vision.transforms.v2 import functional as F2

RAMP = torch.arange(12, dtype=torch.uint8).reshape(1, 3, 4)


@pytest.mark.parametrize("F", [F1, F2])
def test_pixels_are_moved(F: Any) -> None:
    assert F.hflip(RAMP)[0, 0].tolist() == [3, 2, 1, 0]
    assert F.vflip(RAMP)[0, :, 0].tolist() == [8, 4, 0]
    assert F.crop(RAMP, 1, 2, 2, 2).tolist() == [[[6, 7], [10, 11]]]
    assert F.crop(RAMP, -1, 3, 2, 2).tolist() == [[[0, 0], [3, 0]]]
    assert F.center_crop(RAMP, [1, 2]).tolist() == [[[5, 6]]]
    assert F.pad(RAMP, [1, 0], padding_mode="symmetric")[0, 0].tolist() == [0, 0, 1, 2, 3, 3]
    assert F.pad(RAMP, [2, 0, 0, 0], fill=9)[0, 0].tolist() == [9, 9, 0, 1, 2, 3]
    assert F.resize(RAMP, [3, 2], antialias=False)[0, 0].tolist() == [0, 2] or F is F2
    assert F.rotate(RAMP, 180).tolist() == RAMP.flip(-1, -2).tolist()
    assert F.affine(RAMP, 0.0, [1, 0], 1.0, [0.0, 0.0], fill=7)[0, 0].tolist() == [7, 0, 1, 2]


@pytest.mark.parametrize("F", [F1, F2])
def test_values_are_changed(F: Any) -> None:
    image = torch.tensor([[[10]], [[200]], [[90]]], dtype=torch.uint8)
    assert F.invert(image).flatten().tolist() == [245, 55, 165]
    assert F.solarize(image, 100).flatten().tolist() == [10, 55, 90]
    assert F.posterize(image, 2).flatten().tolist() == [0, 192, 64]
    assert F.adjust_brightness(image, 2.0).flatten().tolist() == [20, 255, 180]
    assert F.rgb_to_grayscale(image).item() == 130
    assert F.adjust_saturation(image, 0.0).flatten().tolist() == [130, 130, 130]
    assert F.adjust_hue(image, 1 / 3).flatten().tolist() in ([90, 10, 200], [89, 10, 199], [90, 10, 199], [89, 10, 200])
    assert F.convert_image_dtype(image, torch.float32)[0].item() == pytest.approx(10 / 255)
    torch.testing.assert_close(F.normalize(torch.ones(2, 1, 1), [0.5, 0.0], [0.25, 2.0]).flatten(), torch.tensor([2.0, 0.5]))


def test_arrays_become_tensors() -> None:
    array = np.array([[[0, 51], [102, 255]]], dtype=np.uint8)
    made = transforms.ToTensor()(array)
    assert made.shape == (2, 1, 2)
    torch.testing.assert_close(made[:, 0], torch.tensor([[0.0, 0.4], [0.2, 1.0]]))
    assert transforms.ToTensor()(np.zeros((2, 3), np.int32)).dtype is torch.int32


def test_random_transforms_draw_what_a_seed_says() -> None:
    _ = torch.manual_seed(0)
    assert transforms.RandomCrop.get_params(torch.zeros(1, 20, 30), (5, 5)) == (12, 15, 5, 5)
    _ = torch.manual_seed(0)
    assert transforms.RandomRotation.get_params([-10.0, 10.0]) == pytest.approx(-0.0748682, abs=1e-6)
    _ = torch.manual_seed(0)
    flip = transforms.RandomHorizontalFlip(0.5)
    assert [flip(RAMP)[0, 0, 0].item() for _ in range(6)] == [3, 0, 3, 3, 3, 0]


def test_a_sample_is_transformed_as_one() -> None:
    sample = {
        "image": tv_tensors.Image(RAMP), "boxes": tv_tensors.BoundingBoxes([[0, 0, 1, 2]], format="XYXY", canvas_size=(3, 4)),
        "points": tv_tensors.KeyPoints([[0, 1]], canvas_size=(3, 4)), "mask": tv_tensors.Mask(RAMP[0]), "label": torch.tensor(7), "name": "a",
    }  # fmt: skip
    made = v2.RandomHorizontalFlip(p=1.0)(sample)
    assert made["image"][0, 0].tolist() == [3, 2, 1, 0]
    assert made["boxes"].tolist() == [[3, 0, 4, 2]]
    assert made["points"].tolist() == [[3, 1]]
    assert made["mask"][0].tolist() == [3, 2, 1, 0]
    assert (made["label"], made["name"]) == (sample["label"], "a")
    assert type(made["boxes"]) is tv_tensors.BoundingBoxes
    larger = v2.Resize((6, 8))(sample)
    assert larger["boxes"].tolist() == [[0, 0, 2, 4]]
    assert larger["boxes"].canvas_size == larger["points"].canvas_size == (6, 8)


def test_boxes_have_six_formats() -> None:
    boxes = torch.tensor([[2.0, 4.0, 6.0, 10.0]])
    assert F2.convert_bounding_box_format(boxes, "XYXY", "CXCYWH").tolist() == [[4.0, 7.0, 4.0, 6.0]]
    turned = F2.convert_bounding_box_format(torch.tensor([[4.0, 7.0, 4.0, 6.0, 90.0]]), "CXCYWHR", "XYXYXYXY")
    torch.testing.assert_close(turned, torch.tensor([[1.0, 9.0, 1.0, 5.0, 7.0, 5.0, 7.0, 9.0]]), rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="rotated and unrotated"):
        F2.convert_bounding_box_format(boxes, "XYXY", "XYWHR")
    assert F2.clamp_bounding_boxes(boxes, tv_tensors.BoundingBoxFormat.XYXY, (8, 5), "soft").tolist() == [[2.0, 4.0, 5.0, 8.0]]


def test_labels_are_mixed_as_much_as_images() -> None:
    _ = torch.manual_seed(1)
    images, labels = v2.MixUp(num_classes=2)(torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1), torch.tensor([0, 1]))
    assert images[0].item() == pytest.approx(labels[0, 1].item())
    torch.testing.assert_close(labels.sum(1), torch.ones(2))


def test_wrong_arguments_say_what_is_accepted() -> None:
    with pytest.raises(ValueError, match="padding_mode should be one of"):
        F2.pad(RAMP, 1, padding_mode="mirror")
    with pytest.raises(TypeError, match="1 or 3 channels, but got 2"):
        F1.adjust_brightness(torch.zeros(2, 3, 3), 1.0)
    with pytest.raises(ValueError, match="larger than the image"):
        transforms.RandomCrop(9)(RAMP)
    with pytest.raises(ValueError, match="expected an image"):
        F2.five_crop(torch.zeros(3), [1, 1])
    with pytest.raises(RuntimeError, match=r"jpeg\(\): expected uint8 .*, but got torch.uint8 of the shape \(4, 4\)"):
        F2.jpeg(RAMP[0, :, :3].new_zeros(4, 4), 50)
    for module, kind in ((transforms, transforms.AugMix), (v2, v2.AugMix)):
        with pytest.raises(ValueError, match="severity should be between 1 and 10, but got 11"):
            kind(11)
        assert module.AugMix(10).severity == 10
    with pytest.raises(TypeError, match=r"resize\(\): expected one of"):
        F2.resize("text", [3])  # type: ignore[arg-type]


def test_neither_pillow_nor_the_second_transforms_are_loaded_unasked() -> None:
    code = (
        "import sys; sys.modules['PIL'] = None\n"
        "import corelib as torch\n"
        "from corelib.vision import transforms\n"
        "assert 'corelib.vision.tv_tensors' not in sys.modules\n"
        "from corelib.vision.transforms import v2\n"
        "assert v2.Resize(2)(transforms.Resize(4)(torch.zeros(1, 8, 8))).shape == (1, 2, 2)\n"
        "try:\n    transforms.ToPILImage()(torch.zeros(1, 2, 2))\n"
        "except ImportError as error:\n    assert 'corelib[vision]' in str(error)\n"
        "else:\n    raise AssertionError\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
