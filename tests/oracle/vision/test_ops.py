"""torchvision.ops: what torchvision has in Python beside it, what it has compiled beside plain loops from its formulas; gradients by differences.

CORELIB_VISION=whole tries ten times as many regions and boxes.
"""

import os

import corelib
import corelib.vision as vision
import cv2
import numpy as np
import pytest
import torch
from corelib.autograd import gradcheck

from ..pairs import assert_close, both, errors_of
from .beside import torchvision
from .references import bins_of_whole_pixels, deformed, kept_by_nms, read_between, ps_mean, roi_max

MORE = 10 if os.environ.get("CORELIB_VISION") == "whole" else 1
OPS = {corelib: vision.ops, torch: torchvision.ops}


def some_boxes(rng, count, side=100.0, dtype=np.float32):
    corner = rng.random((count, 2)) * side
    return np.concatenate((corner, corner + rng.random((count, 2)) * side / 2 + 0.5), 1).astype(dtype)


def seeds(count):
    return range(count * MORE)


FORMATS = ("xyxy", "xywh", "cxcywh"), ("xywhr", "cxcywhr", "xyxyxyxy")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.float16])
@pytest.mark.parametrize(("before", "after"), [(a, b) for kind in FORMATS for a in kind for b in kind])
def test_box_convert(before, after, dtype):
    rng = np.random.default_rng(1)
    for shape in ((7,), (2, 3), (0,)):
        data = (rng.random((*shape, {"xywhr": 5, "cxcywhr": 5, "xyxyxyxy": 8}.get(before, 4))) * 60).astype(dtype)
        ours, theirs = both(lambda T: OPS[T].box_convert(T.from_numpy(data), before, after))
        assert_close(ours, theirs, rtol=2e-3 if dtype == np.float16 else 2e-5, atol=6e-2 if dtype == np.float16 else 1e-4)


def test_box_convert_refuses_what_torchvision_refuses():
    for pair in (("xyxy", "xywhr"), ("cxcywhr", "xywh"), ("xy", "xyxy"), ("xyxy", "nothing")):
        mine, theirs = errors_of(lambda T: OPS[T].box_convert(T.ones(2, 4), *pair))
        assert type(mine) is type(theirs), pair


PAIRS = ["box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int16])
@pytest.mark.parametrize("name", PAIRS)
def test_overlaps_of_each_with_each(name, dtype):
    for seed in seeds(3):
        rng = np.random.default_rng(seed)
        first, second = some_boxes(rng, 6, dtype=dtype), some_boxes(rng, 4, dtype=dtype)
        first[0] = second[0]
        for a, b in ((first, second), (first[None].repeat(2, 0), second[None].repeat(2, 0)), (first[:0], second)):
            ours, theirs = both(lambda T: getattr(OPS[T], name)(T.from_numpy(a), T.from_numpy(b)))
            assert_close(ours, theirs, name)


@pytest.mark.parametrize("fmt", FORMATS[0])
def test_areas_and_overlaps_in_other_formats(fmt):
    rng = np.random.default_rng(5)
    first, second = (rng.random((n, 4)).astype(np.float32) * 20 for n in (5, 6))
    for dtype in (np.float32, np.float16, np.uint8):
        assert_close(*both(lambda T: OPS[T].box_area(T.from_numpy(first.astype(dtype)), fmt)))
    assert_close(*both(lambda T: OPS[T].box_iou(T.from_numpy(first), T.from_numpy(second), fmt)))
    for call in (lambda T: OPS[T].box_area(T.ones(1, 4), "xywhr"), lambda T: OPS[T].box_iou(T.ones(1, 4), T.ones(1, 4), "xy")):
        mine, theirs = errors_of(call)
        assert type(mine) is type(theirs)


def test_clipping_small_boxes_and_boxes_of_masks():
    rng = np.random.default_rng(2)
    for shape in ((9, 4), (2, 3, 4)):
        data = (rng.random(shape) * 80 - 20).astype(np.float32)
        assert_close(*both(lambda T: OPS[T].clip_boxes_to_image(T.from_numpy(data), (30, 40))))
    for least in (0.0, 5.0, 60.0):
        assert_close(*both(lambda T: OPS[T].remove_small_boxes(T.from_numpy(some_boxes(np.random.default_rng(3), 20)), least)))
    masks = rng.random((6, 9, 11)) < 0.05
    masks[2] = False
    for kind in (bool, np.uint8, np.float32):
        assert_close(*both(lambda T: OPS[T].masks_to_boxes(T.from_numpy(masks.astype(kind)))))
    assert_close(*both(lambda T: OPS[T].masks_to_boxes(T.zeros(0, 3, 4))))


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_nms_keeps_what_a_plain_loop_keeps(threshold):
    for seed in seeds(8):
        rng = np.random.default_rng(seed)
        count = int(rng.integers(0, 120))
        boxes, scores = some_boxes(rng, count), rng.random(count).astype(np.float32)
        if seed % 2:
            scores = np.round(scores, 1)  # equal scores
            boxes = np.round(boxes / 10) * 10
        found = vision.ops.nms(corelib.from_numpy(boxes), corelib.from_numpy(scores), threshold)
        assert found.dtype is corelib.int64 and found.tolist() == kept_by_nms(boxes, scores, threshold)


def test_nms_of_some_thousands():
    rng = np.random.default_rng(0)
    boxes, scores = some_boxes(rng, 2500, 300.0), rng.random(2500).astype(np.float32)
    assert vision.ops.nms(corelib.from_numpy(boxes), corelib.from_numpy(scores), 0.4).tolist() == kept_by_nms(boxes, scores, 0.4)


@pytest.mark.parametrize("count", [0, 30, 1200])
def test_batched_nms(monkeypatch, count):
    def plain(boxes, scores, threshold):
        return torch.tensor(kept_by_nms(boxes.numpy(), scores.numpy(), threshold), dtype=torch.int64)

    monkeypatch.setattr(torchvision.ops.boxes, "nms", plain)
    rng = np.random.default_rng(count)
    boxes, scores, kinds = some_boxes(rng, count), rng.random(count).astype(np.float32), rng.integers(0, 4, count)
    assert_close(*both(lambda T: OPS[T].batched_nms(T.from_numpy(boxes), T.from_numpy(scores), T.from_numpy(kinds), 0.3)))


def test_rotated_boxes_overlap_as_in_opencv():
    for seed in seeds(4):
        rng = np.random.default_rng(seed)
        first, second = (np.concatenate((rng.random((n, 2)) * 20, rng.random((n, 2)) * 15 + 1, rng.random((n, 1)) * 360 - 180), 1) for n in (9, 7))
        first[0], first[1, :4] = second[0], second[1, :4]
        first[2], second[2] = [5, 5, 4, 4, 0], [5, 5, 2, 2, 90]
        found = vision.ops.box_iou(corelib.from_numpy(first), corelib.from_numpy(second), "cxcywhr").numpy()
        for i, a in enumerate(first):
            for j, b in enumerate(second):
                _, points = cv2.rotatedRectangleIntersection(*[((x, y), (w, h), -r) for x, y, w, h, r in (a, b)])
                shared = 0.0 if points is None or len(points) < 3 else cv2.contourArea(cv2.convexHull(points))
                assert found[i, j] == pytest.approx(shared / (a[2] * a[3] + b[2] * b[3] - shared), abs=2e-4), (a, b)
        for fmt in ("xywhr", "xyxyxyxy"):
            given = [vision.ops.box_convert(corelib.from_numpy(boxes), "cxcywhr", fmt) for boxes in (first, second)]
            np.testing.assert_allclose(vision.ops.box_iou(*given, fmt).numpy(), found, atol=1e-6)


def regions_of(rng, count, n, height, width, dtype=np.float32, scale=1.0):
    """Regions in a picture, over its borders, of no size and the wrong way round."""
    corner = rng.random((count, 2)) * [width * 1.2, height * 1.2] - [width * 0.1, height * 0.1]
    size = rng.random((count, 2)) * [width, height] * 0.8 - 0.4
    picture = rng.integers(0, n, (count, 1))
    return np.concatenate((picture, corner / scale, (corner + size) / scale), 1).astype(dtype)


ALIGN = torchvision.ops.roi_align.__globals__["_roi_align"].__wrapped__


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("ratio", [-1, 0, 1, 2, 3])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 7)])
def test_roi_align_and_its_gradient(size, ratio, aligned):
    for seed in seeds(2):
        rng = np.random.default_rng(seed)
        scale = (1.0, 0.5, 0.25)[seed % 3]
        data = rng.standard_normal((2, 3, 13, 10)).astype(np.float32)
        boxes = regions_of(rng, 12, 2, 13, 10, scale=scale)
        ours, theirs = corelib.from_numpy(data.copy()).requires_grad_(), torch.from_numpy(data.copy()).requires_grad_()
        mine = vision.ops.roi_align(ours, corelib.from_numpy(boxes), size, scale, ratio, aligned)
        other = ALIGN(theirs, torch.from_numpy(boxes), scale, *size, ratio, aligned)
        # Torchvision's own Python has no rule for places outside of the picture, and no gradient for regions without any: those by the plain loop.
        inside = read_between(data.astype(np.float64), boxes.astype(np.float64), size, scale, ratio, aligned)
        np.testing.assert_allclose(mine.detach().numpy(), inside, rtol=1e-4, atol=2e-5)
        near = np.abs(other.detach().numpy() - inside).reshape(len(boxes), -1).max(1) < 1e-4
        within = (near & (boxes[:, 3:] - boxes[:, 1:3] > 0).all(1)).nonzero()[0]
        assert len(within)
        weights, boxes = rng.standard_normal(inside[within].shape).astype(np.float32), boxes[within]
        (vision.ops.roi_align(ours, corelib.from_numpy(boxes), size, scale, ratio, aligned) * corelib.from_numpy(weights)).sum().backward()
        (ALIGN(theirs, torch.from_numpy(boxes), scale, *size, ratio, aligned) * torch.from_numpy(weights)).sum().backward()
        assert_close(ours.grad, theirs.grad, rtol=1e-3, atol=2e-5)


def test_roi_align_of_boxes_by_picture_and_of_none():
    data = np.random.default_rng(0).standard_normal((2, 3, 8, 9)).astype(np.float32)
    lists = [some_boxes(np.random.default_rng(n), n, 6.0) for n in (3, 2)]
    joined = np.concatenate([np.c_[np.full(len(b), n), b] for n, b in enumerate(lists)]).astype(np.float32)
    one = vision.ops.roi_align(corelib.from_numpy(data), [corelib.from_numpy(b) for b in lists], 3, sampling_ratio=2)
    two = vision.ops.RoIAlign(3, 1.0, 2)(corelib.from_numpy(data), corelib.from_numpy(joined))
    assert (one == two).all() and one.shape == (5, 3, 3, 3)
    for pool in (vision.ops.roi_align, vision.ops.roi_pool):
        x = corelib.from_numpy(data).requires_grad_()
        none = pool(x, corelib.zeros(0, 5), 2)
        none.sum().backward()
        assert none.shape == (0, 3, 2, 2) and x.grad.abs().sum() == 0
    for wrong in (corelib.ones(2, 4), [corelib.ones(2, 5)], None):
        with pytest.raises(AssertionError):
            vision.ops.roi_align(corelib.from_numpy(data), wrong, 2)
        with pytest.raises(AssertionError):
            torchvision.ops.roi_align(torch.from_numpy(data), torch.ones(wrong.shape) if isinstance(wrong, corelib.Tensor) else [torch.ones(2, 5)] if wrong else None, 2)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 7)])
def test_roi_pool(size):
    for seed in seeds(3):
        rng = np.random.default_rng(seed)
        scale = (1.0, 0.5, 0.25)[seed % 3]
        data, boxes = rng.standard_normal((2, 3, 13, 10)), regions_of(rng, 12, 2, 13, 10, np.float64, scale)
        x = corelib.from_numpy(data).requires_grad_()
        found = vision.ops.roi_pool(x, corelib.from_numpy(boxes), size, scale)
        value, slope = roi_max(data, boxes, size, scale)
        np.testing.assert_array_equal(found.detach().numpy(), value)
        found.sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), slope)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 2)])
def test_position_sensitive_pooling(size):
    for seed in seeds(3):
        rng = np.random.default_rng(seed)
        scale = (1.0, 0.5, 0.25)[seed % 3]
        data, boxes = rng.standard_normal((2, 2 * size[0] * size[1], 11, 12)), regions_of(rng, 10, 2, 11, 12, np.float64, scale)
        x, given = corelib.from_numpy(data), corelib.from_numpy(boxes)
        np.testing.assert_allclose(vision.ops.ps_roi_pool(x, given, size, scale).numpy(), ps_mean(data, boxes, size, scale), atol=1e-12)
        for ratio in (-1, 1, 2):
            expected = read_between(data, boxes, size, scale, ratio, True, own_channels=True)
            np.testing.assert_allclose(vision.ops.ps_roi_align(x, given, size, scale, ratio).numpy(), expected, atol=1e-12, equal_nan=True)
    assert bins_of_whole_pixels(3.0, 2, 5, 5)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), ((1, 2), (2, 1), (2, 1))])
@pytest.mark.parametrize("masked", [False, True])
def test_deformable_convolution(stride, padding, dilation, parts, groups, masked):
    rng = np.random.default_rng(parts)
    weight = rng.standard_normal((4, 4 // groups, 3, 2))
    data, bias = rng.standard_normal((2, 4, 7, 8)), rng.standard_normal(4)
    pair = [(v, v) if isinstance(v, int) else v for v in (stride, padding, dilation)]
    out = [(side + 2 * p - (d * (k - 1) + 1)) // s + 1 for side, s, p, d, k in zip((7, 8), *pair, (3, 2))]
    offset = rng.standard_normal((2, 2 * parts * 6, *out)) * 1.5
    offset[0, 0] = 0.0
    mask = rng.random((2, parts * 6, *out)) if masked else None
    given = [corelib.from_numpy(each) for each in (data, offset, weight, bias)]
    found = vision.ops.deform_conv2d(*given, stride, padding, dilation, None if mask is None else corelib.from_numpy(mask))
    np.testing.assert_allclose(found.numpy(), deformed(data, offset, weight, bias, *pair, mask), atol=1e-10)


def test_deformable_convolution_without_offsets_is_a_convolution():
    torch.manual_seed(0)
    weight, bias, x = torch.randn(6, 2, 3, 3), torch.randn(6), torch.randn(2, 4, 9, 9)
    plain = torch.nn.functional.conv2d(x, weight, bias, 2, 1, 1, 2)
    ours = vision.ops.deform_conv2d(*[corelib.from_numpy(t.numpy()) for t in (x, torch.zeros(2, 18, 5, 5), weight, bias)], 2, 1)
    assert_close(ours, plain, rtol=1e-4, atol=1e-5)


def test_gradients_by_differences():
    rng = np.random.default_rng(4)

    def leaf(*shape):
        return corelib.from_numpy(rng.standard_normal(shape)).requires_grad_()

    boxes = corelib.from_numpy(regions_of(rng, 4, 2, 6, 5, np.float64))
    for size, channels in ((2, 4), ((1, 2), 2)):
        x = leaf(2, channels, 6, 5)
        for ratio in (2, -1):
            assert gradcheck(lambda x: vision.ops.roi_align(x, boxes, size, 1.0, ratio), (x,))
        assert gradcheck(lambda x: vision.ops.roi_pool(x, boxes, size), (x,))
        assert gradcheck(lambda x: vision.ops.ps_roi_pool(x, boxes, size), (x,))
        assert gradcheck(lambda x: vision.ops.ps_roi_align(x, boxes, size, 1.0, 2), (x,))
    mask = corelib.rand(2, 4, 3, 3, dtype=corelib.float64).requires_grad_()
    assert gradcheck(lambda *a: vision.ops.deform_conv2d(*a[:4], mask=a[4]), (leaf(2, 2, 4, 4), leaf(2, 8, 3, 3), leaf(3, 2, 2, 2), leaf(3), mask))
    first, second = (corelib.from_numpy(some_boxes(rng, 3, dtype=np.float64)).requires_grad_() for _ in range(2))
    for name in (*PAIRS[:3], "generalized_box_iou_loss", "distance_box_iou_loss"):
        assert gradcheck(getattr(vision.ops, name), (first, second)), name
    assert gradcheck(lambda x, t: vision.ops.sigmoid_focal_loss(x, t), (leaf(5), corelib.rand(5, dtype=corelib.float64)))


LOSSES = ["generalized_box_iou_loss", "distance_box_iou_loss", "complete_box_iou_loss"]


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_boxes_and_their_gradients(name, reduction):
    for seed in seeds(3):
        rng = np.random.default_rng(seed)
        first, second = some_boxes(rng, 8), some_boxes(rng, 8)
        second[0], second[1] = first[0], first[1] + 200

        def loss(T):
            a, b = (T.from_numpy(x.copy()).requires_grad_() for x in (first, second))
            found = getattr(OPS[T], name)(a, b, reduction)
            found.sum().backward()
            return found.detach(), a.grad, b.grad

        for mine, other in zip(*both(loss)):
            assert_close(mine, other, name, rtol=1e-4, atol=1e-6)
    for few in (np.zeros((0, 4), np.float32), first[:1].astype(np.int64), first[0]):
        assert_close(*both(lambda T: getattr(OPS[T], name)(T.from_numpy(few), T.from_numpy(few), reduction)))
    mine, theirs = errors_of(lambda T: getattr(OPS[T], name)(T.ones(1, 4), T.ones(1, 4), "most"))
    assert type(mine) is type(theirs)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize(("alpha", "gamma"), [(0.25, 2), (-1, 2), (0.9, 0.5), (0, 0)])
def test_focal_loss(alpha, gamma, reduction):
    rng = np.random.default_rng(7)
    logits, targets = (rng.standard_normal((4, 5)) * 4).astype(np.float32), (rng.random((4, 5)) < 0.4).astype(np.float32)

    def loss(T):
        x = T.from_numpy(logits.copy()).requires_grad_()
        found = OPS[T].sigmoid_focal_loss(x, T.from_numpy(targets), alpha, gamma, reduction)
        found.sum().backward()
        return found.detach(), x.grad

    for mine, other in zip(*both(loss)):
        assert_close(mine, other, rtol=1e-4, atol=1e-6)
    for wrong in ({"alpha": 2}, {"reduction": "most"}):
        mine, theirs = errors_of(lambda T: OPS[T].sigmoid_focal_loss(T.ones(1), T.ones(1), **wrong))
        assert type(mine) is type(theirs)


@pytest.mark.parametrize(("name", "shape"), [("drop_block2d", (2, 3, 9, 8)), ("drop_block3d", (2, 2, 5, 6, 7))])
def test_drop_block_is_torchvisions_for_the_same_noise(monkeypatch, name, shape):
    data, rng = np.random.default_rng(0).standard_normal(shape).astype(np.float32), np.random.default_rng(5)
    noises = {}

    def drawn(self, p):
        key = tuple(self.shape)
        noises.setdefault((key, p), (rng.random(key) < p).astype(np.float32))
        return self.copy_((corelib if isinstance(self, corelib.Tensor) else torch).from_numpy(noises[key, p]))

    monkeypatch.setattr(corelib.Tensor, "bernoulli_", drawn)
    monkeypatch.setattr(torch.Tensor, "bernoulli_", drawn)
    for p, block, inplace in ((0.3, 3, False), (0.1, 5, True), (0.5, 1, False), (1.0, 7, False), (0.0, 3, False)):
        assert_close(*both(lambda T: getattr(OPS[T], name)(T.from_numpy(data.copy()), p, block, inplace)), rtol=1e-4)
    kind = {"drop_block2d": "DropBlock2d", "drop_block3d": "DropBlock3d"}[name]
    assert_close(*both(lambda T: getattr(OPS[T], kind)(0.3, 3)(T.from_numpy(data))), rtol=1e-4)
    assert_close(*both(lambda T: getattr(OPS[T], kind)(0.3, 3).eval()(T.from_numpy(data))))
    for wrong in ({"p": 2.0, "block_size": 3}, {"p": 0.5, "block_size": 2}):
        mine, theirs = errors_of(lambda T: getattr(OPS[T], name)(T.ones(*shape), **wrong))
        assert type(mine) is type(theirs)
    mine, theirs = errors_of(lambda T: getattr(OPS[T], name)(T.ones(3), 0.5, 3))
    assert type(mine) is type(theirs)


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("extra", [None, "LastLevelMaxPool", "LastLevelP6P7", "LastLevelP6P7 of the map"])
def test_feature_pyramid(norm, extra):
    def pyramid(T):
        T.manual_seed(3)
        module = OPS[T].feature_pyramid_network
        added = {None: lambda: None, "LastLevelMaxPool": lambda: module.LastLevelMaxPool(), "LastLevelP6P7": lambda: module.LastLevelP6P7(4, 4)}
        added["LastLevelP6P7 of the map"] = lambda: module.LastLevelP6P7(8, 4)
        made = module.FeaturePyramidNetwork([3, 5, 8], 4, added[extra](), T.nn.BatchNorm2d if norm else None)
        rng = np.random.default_rng(1)
        maps = {f"m{n}": T.from_numpy(rng.standard_normal((2, c, side, side + 1)).astype(np.float32)) for n, (c, side) in enumerate(((3, 16), (5, 9), (8, 4)))}
        return made, made(maps)

    (mine, found), (theirs, expected) = both(pyramid)
    assert list(found) == list(expected)
    for name in expected:
        assert_close(found[name].detach(), expected[name].detach(), name, rtol=1e-3, atol=1e-4)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    for name, value in theirs.state_dict().items():
        assert_close(mine.state_dict()[name], value, name)


def test_feature_pyramid_reads_states_of_its_first_version():
    def loaded(T):
        T.manual_seed(1)
        made = OPS[T].FeaturePyramidNetwork([3, 4], 2)
        old = {name.replace(".0.0.", ".0.").replace(".1.0.", ".1."): value * 2 for name, value in made.state_dict().items()}
        made.load_state_dict(old)
        return made.state_dict()

    mine, theirs = both(loaded)
    for name, value in theirs.items():
        assert_close(mine[name], value)
    for wrong in (lambda T: OPS[T].FeaturePyramidNetwork([0, 3], 2), lambda T: OPS[T].FeaturePyramidNetwork([2, 3], 2, T.nn.Identity())):
        ours, other = errors_of(wrong)
        assert type(ours) is type(other)


def test_regions_over_several_scales(monkeypatch):
    def by_python(input, rois, spatial_scale, height, width, sampling_ratio, aligned):
        return ALIGN(input, rois, spatial_scale, height, width, sampling_ratio, aligned)

    monkeypatch.setitem(torchvision.ops.roi_align.__globals__, "_roi_align", by_python)
    for seed in seeds(2):
        rng = np.random.default_rng(seed)
        maps = {f"m{n}": rng.standard_normal((2, 3, 256 >> n, 192 >> n)).astype(np.float32) for n in range(2, 5)}
        maps["other"] = rng.standard_normal((2, 3, 3, 3)).astype(np.float32)
        lists = [some_boxes(rng, count, 120.0) for count in (5, 3)]
        for names, size in ((["m2", "m3", "m4"], 3), (["m3"], (2, 3))):
            def pooled(T):
                pool = OPS[T].MultiScaleRoIAlign(names, size, 2, canonical_scale=60)
                found = pool({k: T.from_numpy(v) for k, v in maps.items()}, [T.from_numpy(b) for b in lists], [(256, 192), (250, 190)])
                return found, repr(pool), pool.scales
            (mine, said, scales), (other, told, others) = both(pooled)
            assert_close(mine, other, rtol=1e-4, atol=1e-5)
            assert said == told and scales == others


REPRS = {
    "RoIAlign": (7, 0.25, 2, True), "RoIPool": ((3, 4), 0.5), "PSRoIAlign": (3, 0.5, 2), "PSRoIPool": (3, 0.5), "DropBlock2d": (0.1, 3), "DropBlock3d": (0.1, 3, True),
}  # fmt: skip


@pytest.mark.parametrize("name", REPRS)
def test_modules_say_what_they_are(name):
    mine, other = both(lambda T: repr(getattr(OPS[T], name)(*REPRS[name])))
    assert mine == other


def test_deformable_layers_are_initialized_and_shown_alike():
    for arguments in ((4, 6, 3), (4, 6, (3, 2), 2, 1, 2, 2, False), (2, 2, 1, 1, (0, 1))):
        mine, theirs = both(lambda T: (T.manual_seed(0), OPS[T].DeformConv2d(*arguments))[1])
        assert repr(mine) == repr(theirs) and list(mine.state_dict()) == list(theirs.state_dict())
        for name, value in theirs.state_dict().items():
            assert_close(mine.state_dict()[name], value)
    mine, theirs = errors_of(lambda T: OPS[T].DeformConv2d(3, 4, 3, groups=2))
    assert type(mine) is type(theirs)


def test_all_names_are_there():
    assert set(torchvision.ops.__all__) == set(vision.ops.__all__)
    assert [name for name in torchvision.ops.__all__ if not callable(getattr(vision.ops, name))] == []


def test_nms_compares_a_float_with_the_threshold_as_it_was_given():
    boxes = np.array([[0, 0, 10, 1], [8, 0, 12, 1], [0, 0, 5, 1], [0, 0, 1, 1]], np.float32)  # 2 of 12 and 5 of 10: sixths and halves
    scores = np.array([4, 3, 2, 1], np.float32)
    for threshold in (1 / 6, 0.1, 0.5, 0.16666667, 0.16666666):
        found = vision.ops.nms(corelib.from_numpy(boxes), corelib.from_numpy(scores), threshold)
        assert found.tolist() == kept_by_nms(boxes, scores, threshold), threshold
