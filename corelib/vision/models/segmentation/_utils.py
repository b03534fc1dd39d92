"""What segmentation models share: a backbone, a classifier of its last features, and perhaps one of features before them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from inspect import Parameter, Signature
from typing import Any, TypeVar

from corelib.nn import Module, functional as F
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum, register_model
from corelib.vision.models._families import weights_table
from corelib.vision.models._meta import _VOC_CATEGORIES
from corelib.vision.models._utils import IntermediateLayerGetter, _ovewrite_value_param, handle_legacy_interface
from corelib.vision.models.mobilenetv3 import MobileNetV3
from corelib.vision.models.resnet import ResNet
from corelib.vision.transforms._presets import SemanticSegmentation

M = TypeVar("M", bound=Module)

voc_weights = partial(
    weights_table, prefix="COCO_WITH_VOC_LABELS_", merits=("COCO-val2017-VOC-labels", "miou", "pixel_acc"), categories=_VOC_CATEGORIES,
    preset=SemanticSegmentation,
)  # fmt: skip


def resized(x: Tensor, size: Sequence[int]) -> Tensor:
    """Scores of another size, linear between them."""
    out: Tensor = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
    return out


class _SimpleSegmentationModel(Module):
    def __init__(self, backbone: Module, classifier: Module, aux_classifier: Module | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = classifier
        self.aux_classifier = aux_classifier

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The scores (N, classes, H, W) of images (N, 3, H, W): "out", and "aux" where there is an auxiliary classifier."""
        size = x.shape[-2:]
        features = self.backbone(x)
        result: dict[str, Tensor] = OrderedDict(out=resized(self.classifier(features["out"]), size))
        if self.aux_classifier is not None:
            result["aux"] = resized(self.aux_classifier(features["aux"]), size)
        return result


def resnet_parts(backbone: ResNet, aux: bool | None) -> tuple[IntermediateLayerGetter, int, int]:
    """A ResNet whose last stage (and the one before it) is given out, and their channels."""
    return IntermediateLayerGetter(backbone, {"layer4": "out"} | ({"layer3": "aux"} if aux else {})), 2048, 1024


def stages_of(backbone: MobileNetV3) -> tuple[Module, int, int, int, int]:
    """The features of a MobileNet, and of its fourth stage and its last: places and channels."""
    features = list(backbone.features)
    stages = [0, *(i for i, block in enumerate(features) if getattr(block, "_is_cn", False)), len(features) - 1]
    low, high = stages[-4], stages[-1]
    return backbone.features, low, high, features[low].out_channels, features[high].out_channels


def mobilenet_parts(backbone: MobileNetV3, aux: bool | None) -> tuple[IntermediateLayerGetter, int, int]:
    """A MobileNet whose last stage (and one before it) is given out, and their channels."""
    features, low, high, low_channels, high_channels = stages_of(backbone)
    return IntermediateLayerGetter(features, {str(high): "out"} | ({str(low): "aux"} if aux else {})), high_channels, low_channels


def segmentation_builder(
    name: str,
    assemble: Callable[..., M],
    weights: type[WeightsEnum],
    backbone: Callable[..., Module],
    backbone_weights: type[WeightsEnum],
    backbone_options: dict[str, Any],
    auxiliary: bool = True,
) -> Callable[..., M]:
    """The registered function `name`, which makes a segmentation model on a backbone.

    assemble: called with the backbone, num_classes and, if there can be an auxiliary classifier, whether there is.
    """
    published = backbone_weights["IMAGENET1K_V1"]
    enum = weights

    def build(
        *, weights: Any = None, progress: bool = True, num_classes: int | None = None, aux_loss: bool | None = None,
        weights_backbone: Any = published, **kwargs: Any,
    ) -> M:  # fmt: skip
        if aux_loss and not auxiliary:
            raise NotImplementedError(f"{name}(): this model has no auxiliary classifier, so aux_loss must be False")
        chosen, trained = enum.verify(weights), backbone_weights.verify(weights_backbone)
        if chosen is not None:
            trained = None
            num_classes = _ovewrite_value_param("num_classes", num_classes, len(chosen.meta["categories"]))
            if auxiliary:
                aux_loss = _ovewrite_value_param("aux_loss", aux_loss, True)
        elif num_classes is None:
            num_classes = 21
        model = assemble(backbone(weights=trained, **backbone_options), num_classes, *([aux_loss] if auxiliary else []))
        if chosen is not None:
            model.load_state_dict(chosen.get_state_dict(progress=progress, check_hash=True))
        return model

    build.__name__ = build.__qualname__ = name
    build.__module__ = assemble.__module__
    build.__doc__ = f"""{name}, {assemble.__doc__}

    weights: a member of {enum.__name__}, its name, or None for a model that is not trained; then the backbone has weights_backbone.
    progress: a bar while they are downloaded. num_classes: 21 unless the weights decide. aux_loss: whether there is an auxiliary classifier.
    """
    keyword = partial(Parameter, kind=Parameter.KEYWORD_ONLY)
    parameters = [
        keyword("weights", default=None, annotation=enum | None),
        keyword("progress", default=True, annotation=bool),
        keyword("num_classes", default=None, annotation=int | None),
        keyword("aux_loss", default=None, annotation=bool | None),
        keyword("weights_backbone", default=published, annotation=backbone_weights | None),
        Parameter("kwargs", Parameter.VAR_KEYWORD, annotation=Any),
    ]
    if not auxiliary:
        del parameters[3]
    build.__dict__["__signature__"] = Signature(parameters, return_annotation=assemble.__globals__[assemble.__annotations__["return"]])
    legacy = handle_legacy_interface(
        weights=("pretrained", enum["COCO_WITH_VOC_LABELS_V1"]), weights_backbone=("pretrained_backbone", published)
    )
    return register_model()(legacy(build))


