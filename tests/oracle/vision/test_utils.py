"""torchvision.utils beside torchvision's: grids, files and drawings, to the last byte; flows as colours within one step of 255.

CORELIB_VISION=whole tries ten times as many drawings.
"""

import io
import os
import warnings

import corelib
import corelib.vision as vision
import numpy as np
import pytest
import torch
from PIL import Image

from ..pairs import assert_close, both, errors_of
from .beside import torchvision

UTILS = {corelib: vision.utils, torch: torchvision.utils}
MORE = 10 if os.environ.get("CORELIB_VISION") == "whole" else 1
RNG = np.random.default_rng


def same(call):
    """What both give for a call of (library, its utils), exactly."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mine, theirs = both(lambda T: call(T, UTILS[T]))
    assert str(mine.dtype) == str(theirs.dtype) and tuple(mine.shape) == tuple(theirs.shape)
    np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


def picture(seed, shape=(3, 40, 50), dtype=np.uint8):
    found = RNG(seed).random(shape)
    return (found * 256).astype(np.uint8) if dtype == np.uint8 else found.astype(dtype)


GRIDS = [
    {}, {"nrow": 3}, {"nrow": 1, "padding": 0}, {"padding": 5, "pad_value": 0.5}, {"normalize": True}, {"normalize": True, "value_range": (0.25, 0.75)},
    {"normalize": True, "scale_each": True}, {"normalize": True, "scale_each": True, "value_range": (-1, 1), "nrow": 2},
]  # fmt: skip


@pytest.mark.parametrize("options", GRIDS, ids=str)
@pytest.mark.parametrize("shape", [(7, 3, 5, 6), (1, 3, 5, 6), (4, 1, 5, 6), (1, 1, 3, 3), (3, 5, 6), (1, 5, 6), (5, 6), (3, 2, 4, 4)])
def test_grids_and_what_is_saved_of_them(options, shape):
    data = picture(1, shape, np.float32) * 2 - 0.5
    same(lambda T, u: u.make_grid(T.from_numpy(data.copy()), **options))

    def saved(T, u):
        file = io.BytesIO()
        u.save_image(T.from_numpy(data.copy()), file, "png", **options)
        return T.from_numpy(np.array(Image.open(file)))

    if (shape[1] if len(shape) == 4 else 3) in (1, 3):
        same(saved)


def test_grids_of_lists_and_of_other_dtypes():
    for dtype in (np.uint8, np.int64, np.float64):
        data = [(picture(n, (3, 4, 5), np.float64) * 50).astype(dtype) for n in range(5)]
        same(lambda T, u: u.make_grid([T.from_numpy(each) for each in data], nrow=2, padding=1, pad_value=3))
    for wrong in (lambda T, u: u.make_grid("x"), lambda T, u: u.make_grid([T.ones(1, 2, 2), 1]), lambda T, u: u.make_grid(T.ones(2, 3, 2, 2), normalize=True, value_range=[0, 1])):
        mine, theirs = errors_of(lambda T: wrong(T, UTILS[T]))
        assert type(mine) is type(theirs)


def test_a_grid_leaves_the_pictures_as_they_are(tmp_path):
    data = picture(3, (4, 3, 5, 5), np.float32)
    x = corelib.from_numpy(data.copy())
    vision.utils.make_grid(x, normalize=True)
    np.testing.assert_array_equal(x.numpy(), data)
    vision.utils.save_image(x, tmp_path / "a.jpg")
    vision.utils.save_image(x, str(tmp_path / "b.bmp"), format="BMP")
    with Image.open(tmp_path / "a.jpg") as one, Image.open(tmp_path / "b.bmp") as two:
        assert one.format == "JPEG" and two.size == (30, 9)


def boxes_of(rng, count, rotated=False):
    corner = rng.random((count, 2)) * [45, 35] - 3
    boxes = np.concatenate((corner, corner + rng.random((count, 2)) * 30), 1)
    if rotated:
        angles = np.concatenate((boxes[:, :2], rng.random((count, 2)) * 25 + 2, rng.random((count, 1)) * 360), 1)
        return torchvision.ops.box_convert(torch.from_numpy(angles), "xywhr", "xyxyxyxy").numpy()
    return boxes


NAMED = ["red", (0, 255, 3), "#00f", "olive", (1, 2, 3)]
BOXES = [
    {}, {"colors": "red"}, {"colors": (3, 200, 9), "width": 3}, {"colors": NAMED, "fill": True}, {"labels": True}, {"labels": True, "label_colors": "white", "fill_labels": True},
    {"labels": True, "fill_labels": True, "label_background_colors": NAMED, "label_colors": NAMED, "colors": "blue"}, {"labels": True, "label_colors": NAMED[:5], "width": 2},
    {"labels": True, "font_size": 12}, {"fill": True, "width": 4},
]  # fmt: skip


@pytest.mark.parametrize("rotated", [False, True])
@pytest.mark.parametrize("options", BOXES, ids=str)
def test_boxes_are_drawn_as_by_torchvision(options, rotated):
    for seed in range(MORE):
        for shape, dtype in (((3, 40, 50), np.uint8), ((1, 40, 50), np.uint8), ((3, 40, 50), np.float32), ((3, 40, 50), np.float64)):
            boxes = boxes_of(RNG(seed), 5, rotated)
            told = {**options, **({"labels": ["a", "Bear", None, "", "x y"]} if "labels" in options else {})}
            same(lambda T, u: u.draw_bounding_boxes(T.from_numpy(picture(seed, shape, dtype)), T.from_numpy(boxes), **told))


def test_boxes_refuse_what_torchvision_refuses():
    good = ((3, 8, 8), "uint8", [[0, 0, 3, 3]])
    for shape, dtype, boxes, more in (
        ((8, 8), *good[1:], {}), ((2, 8, 8), *good[1:], {}), ((3, 8, 8), "int64", good[2], {}), (*good[:2], [[3, 0, 0, 3]], {}), (*good, {"labels": ["a", "b"]}),
        (*good, {"colors": []}), (*good, {"colors": 3}), (*good, {"colors": (1, 2)}), (*good, {"colors": "no such"}),
    ):  # fmt: skip
        mine, theirs = errors_of(lambda T: UTILS[T].draw_bounding_boxes(T.zeros(*shape, dtype=getattr(T, dtype)), T.tensor(boxes), **more))
        assert type(mine) is type(theirs), (mine, theirs)
    mine, theirs = errors_of(lambda T: UTILS[T].draw_bounding_boxes(np.zeros((3, 4, 4)), T.zeros(1, 4)))
    assert type(mine) is type(theirs)
    for T in UTILS:
        image = T.zeros(3, 4, 4, dtype=T.uint8)
        with pytest.warns(UserWarning, match="doesn't contain any box"):
            assert UTILS[T].draw_bounding_boxes(image, T.zeros(0, 4)) is image
        with pytest.warns(UserWarning, match="'font_size' will be ignored"):
            UTILS[T].draw_bounding_boxes(image, T.zeros(1, 4), font_size=3)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("options", [{}, {"alpha": 0.0}, {"alpha": 1.0}, {"colors": "red"}, {"colors": NAMED, "alpha": 0.35}, {"colors": (9, 8, 7)}], ids=str)
def test_masks_are_drawn_as_by_torchvision(options, dtype):
    for seed in range(3 * MORE):
        masks = RNG(seed).random((4, 9, 11)) < 0.3
        for some in (masks, masks[0], masks[:1]):
            same(lambda T, u: u.draw_segmentation_masks(T.from_numpy(picture(seed, (3, 9, 11), dtype)), T.from_numpy(some), **options))


def test_masks_refuse_what_torchvision_refuses():
    for image, masks in (((3, 4, 4), ("bool", (2, 4, 5))), ((1, 4, 4), ("bool", (4, 4))), ((3, 4, 4), ("uint8", (4, 4))), ((4, 4), ("bool", (4, 4))), ((3, 4, 4), ("bool", (1, 1, 4, 4)))):
        mine, theirs = errors_of(lambda T: UTILS[T].draw_segmentation_masks(T.zeros(*image), T.zeros(*masks[1], dtype=getattr(T, masks[0]))))
        assert type(mine) is type(theirs)
    for T in UTILS:
        with pytest.warns(UserWarning, match="doesn't contain any mask"):
            UTILS[T].draw_segmentation_masks(T.zeros(3, 4, 4), T.zeros(0, 4, 4, dtype=T.bool))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("options", [{}, {"colors": "red", "radius": 4}, {"connectivity": [(0, 1), (1, 2), (3, 0)], "width": 1}, {"colors": (1, 200, 3), "connectivity": [(2, 3)], "width": 5}], ids=str)
def test_key_points_are_drawn_as_by_torchvision(options, dtype):
    for seed in range(2 * MORE):
        points = RNG(seed).random((3, 4, 2)) * [55, 45] - 2
        seen = RNG(seed).random((3, 4, 1)) < 0.6
        for visibility in (None, seen, seen[..., 0], seen[..., 0].astype(np.float32)):
            def drawn(T, u):
                return u.draw_keypoints(T.from_numpy(picture(seed, dtype=dtype)), T.from_numpy(points), visibility=None if visibility is None else T.from_numpy(visibility), **options)
            same(drawn)


def test_key_points_refuse_what_torchvision_refuses():
    for image, points, seen in (((3, 4, 4), (2, 2), None), ((1, 4, 4), (1, 2, 2), None), ((3, 4, 4), (1, 2, 2), (1, 3)), ((3, 4, 4), (1, 2, 2), (2,)), ((4, 4), (1, 2, 2), None)):
        mine, theirs = errors_of(lambda T: UTILS[T].draw_keypoints(T.zeros(*image), T.zeros(*points), visibility=None if seen is None else T.ones(*seen)))
        assert type(mine) is type(theirs)


def test_flows_as_colours():
    for seed in range(5 * MORE):
        flow = (RNG(seed).standard_normal((2, 2, 13, 17)) * 10 ** RNG(seed).uniform(-3, 3)).astype(np.float32)
        flow[0, :, 0, :4] = [[0, 1, -1, 0], [0, 0, 0, 2]]
        for some in (flow, flow[0], flow * 0):
            mine, theirs = both(lambda T: UTILS[T].flow_to_image(T.from_numpy(some)))
            assert str(mine.dtype) == str(theirs.dtype) and tuple(mine.shape) == tuple(theirs.shape)
            off = np.abs(mine.numpy().astype(int) - theirs.numpy())
            assert off.max() <= 1 and (off > 0).mean() < 0.01  # a last bit of atan2, just at a step
    for shape, dtype in (((2, 3, 3), "float64"), ((3, 3, 3), "float32"), ((2, 3), "float32")):
        ours, other = errors_of(lambda T: UTILS[T].flow_to_image(T.zeros(*shape, dtype=getattr(T, dtype))))
        assert type(ours) is type(other)


def test_pictures_of_pillow_from_any_array():
    for data, mode in ((picture(0, (4, 5)), "L"), (picture(0, (4, 5, 3)), "RGB"), (np.arange(6, dtype=np.int32).reshape(2, 3), "I"), (picture(0, (4, 6))[:, ::2], "L")):
        mine, theirs = (u._Image_fromarray(data, mode) for u in UTILS.values())
        assert mine.mode == theirs.mode and mine.tobytes() == theirs.tobytes()
    assert_close(*both(lambda T: T.ones(1)))
