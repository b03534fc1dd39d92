"""Batches mixed with themselves, labels and all: MixUp and CutMix."""

from __future__ import annotations

from math import sqrt
from typing import Any

from corelib.distributions.beta import Beta
from corelib.ops.construction.construct import tensor
from corelib.ops.neural.embedding import one_hot
from corelib.pytree import tree_flatten, tree_unflatten
from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors
from corelib.vision.transforms import _draws as draws
from corelib.vision.transforms._functional_pil import _is_pil_image
from corelib.vision.transforms.v2._queries import has_any, is_pure_tensor, labels_getter_of, query_size
from corelib.vision.transforms.v2._transform import BOXES_AND_SUCH, Params, Transform


class _Mixing(Transform):
    """Each image of a batch mixed with the one before, and its label as much."""

    def __init__(self, *, alpha: float = 1.0, num_classes: int | None = None, labels_getter: Any = "default") -> None:
        super().__init__()
        self.alpha = float(alpha)
        self._dist = Beta(tensor([alpha]), tensor([alpha]))
        self.num_classes = num_classes
        self._labels_getter = labels_getter_of(labels_getter)

    def forward(self, *inputs: Any) -> Any:
        given = inputs if len(inputs) > 1 else inputs[0]
        flat, spec = tree_flatten(given)
        needed = self._needs_transform_list(flat)
        name = type(self).__name__
        if has_any(flat, _is_pil_image, *BOXES_AND_SUCH):
            raise ValueError(f"{name}() does not support PIL images, bounding boxes, keypoints and masks")
        labels = self._labels_getter(given)
        if not isinstance(labels, Tensor):
            raise ValueError(f"{name}(): the labels must be a tensor, but got {type(labels)}")
        if labels.ndim not in (1, 2):
            raise ValueError(f"{name}(): labels should be (batch_size,) of classes or (batch_size, num_classes) of probabilities, but got {tuple(labels.shape)}")
        if labels.ndim == 2 and self.num_classes is not None and labels.shape[-1] != self.num_classes:
            raise ValueError(f"{name}(): labels of {labels.shape[-1]} classes do not fit num_classes (={self.num_classes}), which may be None")
        if labels.ndim == 1 and self.num_classes is None:
            raise ValueError(f"{name}(): num_classes must be given where labels are classes (1D)")
        params = {"labels": labels, "batch_size": labels.shape[0], **self.make_params([x for x, needs in zip(flat, needed, strict=True) if needs])}
        # The labels have to be transformed too, by their identity, even where they are a plain tensor beside images.
        needed[next(i for i, inpt in enumerate(flat) if inpt is labels)] = True
        return tree_unflatten([self.transform(x, params) if needs else x for x, needs in zip(flat, needed, strict=True)], spec)

    def _mixed(self, inpt: Tensor, params: Params) -> Tensor:
        raise NotImplementedError

    def transform(self, inpt: Any, params: Params) -> Any:
        if inpt is params["labels"]:
            return self._mixed_labels(inpt, params["weight"])
        picture = isinstance(inpt, (tv_tensors.Image, tv_tensors.Video))
        if not (picture or is_pure_tensor(inpt)):
            return inpt
        dims = 5 if isinstance(inpt, tv_tensors.Video) else 4
        if inpt.ndim != dims:
            raise ValueError(f"{type(self).__name__}(): expected a batch of {dims} dimensions, but got {inpt.ndim}")
        if inpt.shape[0] != params["batch_size"]:
            raise ValueError(f"{type(self).__name__}(): a batch of {inpt.shape[0]} does not fit {params['batch_size']} labels")
        made = self._mixed(inpt.as_subclass(Tensor), params)
        return tv_tensors.wrap(made, like=inpt) if picture else made

    def _mixed_labels(self, label: Tensor, weight: float) -> Tensor:
        if label.ndim == 1:
            label = one_hot(label, num_classes=self.num_classes if self.num_classes is not None else -1)
        if not label.dtype.is_floating_point:
            label = label.float()
        return label.roll(1, 0).mul_(1.0 - weight).add_(label.mul(weight))


class MixUp(_Mixing):
    """Each image of a batch blended with the one before, and its label as much, by a weight from Beta(alpha, alpha) (Zhang et al., 2018).

    labels_getter: how to find the labels in a sample; by default its second part, or what "labels" says in a dictionary.

    >>> import corelib as torch
    >>> from corelib.vision.transforms import v2
    >>> images, labels = v2.MixUp(num_classes=3)(torch.rand(2, 3, 4, 4), torch.tensor([0, 2]))
    >>> images.shape, labels.shape
    (torch.Size([2, 3, 4, 4]), torch.Size([2, 3]))
    """

    def make_params(self, flat_inputs: list[Any]) -> Params:
        weight = float(self._dist.sample(()))
        return {"lam": weight, "weight": weight}

    def _mixed(self, inpt: Tensor, params: Params) -> Tensor:
        return inpt.roll(1, 0).mul_(1.0 - params["lam"]).add_(inpt.mul(params["lam"]))


class CutMix(_Mixing):
    """A random rectangle of each image of a batch taken from the one before, and its label as much as its area (Yun et al., 2019).

    labels_getter: how to find the labels in a sample; by default its second part, or what "labels" says in a dictionary.
    """

    def make_params(self, flat_inputs: list[Any]) -> Params:
        lam = float(self._dist.sample(()))
        height, width = query_size(flat_inputs)
        x, y = draws.integer(0, width), draws.integer(0, height)
        side = 0.5 * sqrt(1.0 - lam)
        half_w, half_h = int(side * width), int(side * height)
        x1, y1, x2, y2 = max(x - half_w, 0), max(y - half_h, 0), min(x + half_w, width), min(y + half_h, height)
        weight = float(1.0 - (x2 - x1) * (y2 - y1) / (width * height))
        return {"box": (x1, y1, x2, y2), "lam_adjusted": weight, "weight": weight}

    def _mixed(self, inpt: Tensor, params: Params) -> Tensor:
        x1, y1, x2, y2 = params["box"]
        made = inpt.clone()
        made[..., y1:y2, x1:x2] = inpt.roll(1, 0)[..., y1:y2, x1:x2]
        return made
