"""torchvision.ops: operators on boxes and regions of pictures, losses of boxes, and layers that vision models share.

All are written with corelib's own operators, so that every device and every derivative has them.

>>> import corelib as torch, corelib.vision as vision
>>> vision.ops.box_iou(torch.tensor([[0., 0., 2., 2.]]), torch.tensor([[0., 0., 1., 2.]]))
tensor([[0.5000]])
"""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.vision.ops.boxes import (
    batched_nms as batched_nms, box_area as box_area, box_convert as box_convert, box_iou as box_iou, clip_boxes_to_image as clip_boxes_to_image,
    complete_box_iou as complete_box_iou, distance_box_iou as distance_box_iou, generalized_box_iou as generalized_box_iou,
    masks_to_boxes as masks_to_boxes, nms as nms, remove_small_boxes as remove_small_boxes,
)
from corelib.vision.ops.ciou_loss import complete_box_iou_loss as complete_box_iou_loss
from corelib.vision.ops.deform_conv import DeformConv2d as DeformConv2d, deform_conv2d as deform_conv2d
from corelib.vision.ops.diou_loss import distance_box_iou_loss as distance_box_iou_loss
from corelib.vision.ops.drop_block import DropBlock2d as DropBlock2d, DropBlock3d as DropBlock3d, drop_block2d as drop_block2d, drop_block3d as drop_block3d
from corelib.vision.ops.feature_pyramid_network import FeaturePyramidNetwork as FeaturePyramidNetwork
from corelib.vision.ops.focal_loss import sigmoid_focal_loss as sigmoid_focal_loss
from corelib.vision.ops.giou_loss import generalized_box_iou_loss as generalized_box_iou_loss
from corelib.vision.ops.misc import (
    MLP as MLP, Conv2dNormActivation as Conv2dNormActivation, Conv3dNormActivation as Conv3dNormActivation, FrozenBatchNorm2d as FrozenBatchNorm2d,
    Permute as Permute, SqueezeExcitation as SqueezeExcitation,
)
from corelib.vision.ops.poolers import MultiScaleRoIAlign as MultiScaleRoIAlign
from corelib.vision.ops.ps_roi_align import PSRoIAlign as PSRoIAlign, ps_roi_align as ps_roi_align
from corelib.vision.ops.ps_roi_pool import PSRoIPool as PSRoIPool, ps_roi_pool as ps_roi_pool
from corelib.vision.ops.roi_align import RoIAlign as RoIAlign, roi_align as roi_align
from corelib.vision.ops.roi_pool import RoIPool as RoIPool, roi_pool as roi_pool
from corelib.vision.ops.stochastic_depth import StochasticDepth as StochasticDepth, stochastic_depth as stochastic_depth

__all__ = [
    "Conv2dNormActivation", "Conv3dNormActivation", "DeformConv2d", "DropBlock2d", "DropBlock3d", "FeaturePyramidNetwork",
    "FrozenBatchNorm2d", "MLP", "MultiScaleRoIAlign", "PSRoIAlign", "PSRoIPool", "Permute", "RoIAlign", "RoIPool", "SqueezeExcitation",
    "StochasticDepth", "batched_nms", "box_area", "box_convert", "box_iou", "clip_boxes_to_image", "complete_box_iou",
    "complete_box_iou_loss", "deform_conv2d", "distance_box_iou", "distance_box_iou_loss", "drop_block2d", "drop_block3d",
    "generalized_box_iou", "generalized_box_iou_loss", "masks_to_boxes", "nms", "ps_roi_align", "ps_roi_pool", "remove_small_boxes",
    "roi_align", "roi_pool", "sigmoid_focal_loss", "stochastic_depth",
]  # fmt: skip

_paths_below(__name__)
