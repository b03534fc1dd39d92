"""Operators on boxes and regions on a device give what they give on the host, with nothing computed there; without float64 too."""

import corelib as torch
import corelib.vision as vision
import pytest
from corelib.vision import ops

torch.manual_seed(0)
CORNERS = torch.rand(40, 2) * 50
BOXES = torch.cat([CORNERS, CORNERS + torch.rand(40, 2) * 20 + 1], 1)
SCORES = torch.rand(40)
MAPS = torch.randn(2, 4, 12, 12)
START = torch.rand(6, 2) * 6
ROIS = torch.cat([torch.tensor([[0.0], [1.0]] * 3), START, START + torch.rand(6, 2) * 6], 1)
OFFSETS, WEIGHT = torch.randn(2, 18, 10, 10), torch.randn(3, 4, 3, 3)

CALLS = {
    "nms": (lambda b, s: ops.nms(b, s, 0.3), BOXES, SCORES),
    "batched_nms": (lambda b, s: ops.batched_nms(b, s, (s * 3).long(), 0.3), BOXES, SCORES),
    "complete_box_iou": (ops.complete_box_iou, BOXES[:5], BOXES[5:9]),
    "rotated": (lambda b, s: ops.box_iou(torch.cat([b, s[:, None] * 90], 1), torch.cat([b, s[:, None] * 50], 1), "cxcywhr"), BOXES[:6], SCORES[:6]),
    "masks_to_boxes": (lambda x: ops.masks_to_boxes(x[:, 0] > 1), MAPS),
    "flow_to_image": (lambda x: vision.utils.flow_to_image(x[:, :2]), MAPS),
    "make_grid": (lambda x: vision.utils.make_grid(x[:, :3], normalize=True), MAPS),
}
WITH_GRADIENTS = {
    "roi_align": (lambda x, r: ops.roi_align(x, r, 3, 1.0, 2), MAPS, ROIS),
    "roi_align, adaptive": (lambda x, r: ops.roi_align(x, r, 3), MAPS, ROIS),
    "roi_pool": (lambda x, r: ops.roi_pool(x, r, 3), MAPS, ROIS),
    "ps_roi_align": (lambda x, r: ops.ps_roi_align(x, r, 2), MAPS, ROIS),
    "ps_roi_pool": (lambda x, r: ops.ps_roi_pool(x, r, 2), MAPS, ROIS),
    "deform_conv2d": (lambda x, o, w: ops.deform_conv2d(x, o, w), MAPS, OFFSETS, WEIGHT),
    "complete_box_iou_loss": (ops.complete_box_iou_loss, BOXES[:5], BOXES[5:10]),
    "sigmoid_focal_loss": (lambda x: ops.sigmoid_focal_loss(x, (x > 0).float()), MAPS),
}


def near(found, expected):
    assert found.device.type != "cpu" and found.dtype is expected.dtype
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("device", ["opencl", "singlecl"])
@pytest.mark.parametrize("name", CALLS)
def test_on_a_device_as_on_the_host(name, device):
    call, *given = CALLS[name]
    near(call(*[t.to(device) for t in given]), call(*given))


@pytest.mark.parametrize("device", ["opencl", "singlecl"])
@pytest.mark.parametrize("name", WITH_GRADIENTS)
def test_gradients_on_a_device_as_on_the_host(name, device):
    call, first, *others = WITH_GRADIENTS[name]
    slopes = []
    for where in ("cpu", device):
        x = first.to(where).detach().clone().requires_grad_()
        call(x, *[t.to(where) for t in others]).pow(2).sum().backward()
        slopes.append(x.grad)
    near(slopes[1], slopes[0])
