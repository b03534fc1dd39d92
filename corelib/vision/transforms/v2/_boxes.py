"""Formats, canvases, dtypes and conversions: what a thing is, and which of them make sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from corelib.as_torch.warned import warn
from corelib.pytree import tree_flatten, tree_unflatten
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors
from corelib.vision.transforms import functional as F1, transforms as v1
from corelib.vision.transforms._functional_pil import _is_pil_image
from corelib.vision.transforms.v2 import functional as F
from corelib.vision.transforms.v2._queries import get_bounding_boxes, get_keypoints, is_pure_tensor, labels_getter_of
from corelib.vision.transforms.v2._transform import Params, Transform
from corelib.vision.transforms.v2.functional._queries import boxes_that_are, points_that_are
from corelib.vision.tv_tensors import BoundingBoxes, BoundingBoxFormat, KeyPoints


class ConvertBoundingBoxFormat(Transform):
    """Boxes in another format, "XYXY", "XYWH", "CXCYWH" or, of turned ones, "XYWHR", "CXCYWHR", "XYXYXYXY"."""

    _transformed_types = (BoundingBoxes,)

    def __init__(self, format: str | BoundingBoxFormat) -> None:
        super().__init__()
        self.format = format

    def transform(self, inpt: BoundingBoxes, params: Params) -> Tensor:
        return F.convert_bounding_box_format(inpt, new_format=self.format)


class ClampBoundingBoxes(Transform):
    """Boxes held within their canvas, as their own mode says ("auto") or another."""

    _transformed_types = (BoundingBoxes,)

    def __init__(self, clamping_mode: str | None = "auto") -> None:
        super().__init__()
        self.clamping_mode = clamping_mode

    def transform(self, inpt: BoundingBoxes, params: Params) -> Tensor:
        return F.clamp_bounding_boxes(inpt, clamping_mode=self.clamping_mode)


class ClampKeyPoints(Transform):
    """Points held on their canvas."""

    _transformed_types = (KeyPoints,)

    def transform(self, inpt: KeyPoints, params: Params) -> Tensor:
        return F.clamp_keypoints(inpt)


class SetClampingMode(Transform):
    """What the transforms after it do to boxes beyond their canvas: "soft", "hard" or None."""

    _transformed_types = (BoundingBoxes,)

    def __init__(self, clamping_mode: str | None) -> None:
        super().__init__()
        self.clamping_mode = clamping_mode
        if clamping_mode not in (None, "soft", "hard"):
            raise ValueError(f"SetClampingMode(): clamping_mode must be 'soft', 'hard' or None, but got {clamping_mode!r}")

    def transform(self, inpt: BoundingBoxes, params: Params) -> Any:
        made: Any = inpt.clone()
        made.clamping_mode = self.clamping_mode
        return made


class _Sanitize(Transform):
    """Boxes or points that make no sense taken away, and with them their labels."""

    _kind: ClassVar[Any]  # what finds them among the inputs

    def _valid(self, found: Any) -> Tensor:
        raise NotImplementedError

    def __init__(self, labels_getter: Any) -> None:
        super().__init__()
        self.labels_getter = labels_getter
        self._labels_getter = labels_getter_of(labels_getter)

    def forward(self, *inputs: Any) -> Any:
        given = inputs if len(inputs) > 1 else inputs[0]
        labels = self._labels_getter(given)
        if isinstance(labels, Tensor):
            labels = (labels,)
        for each in () if labels is None else labels if isinstance(labels, (tuple, list)) else (labels,):
            if not isinstance(each, Tensor):
                raise ValueError(f"{type(self).__name__}(): the labels must be a tensor, several, or None, but got {type(each)}")
        flat, spec = tree_flatten(given)
        found = type(self)._kind(flat)
        for label in labels or ():
            if found.shape[0] != label.shape[0]:
                raise ValueError(f"{type(self).__name__}(): {found.shape[0]} boxes or points do not fit labels of the shape {tuple(label.shape)}")
        params = {"valid": self._valid(found), "labels": labels}
        return tree_unflatten([self.transform(inpt, params) for inpt in flat], spec)

    def transform(self, inpt: Any, params: Params) -> Any:
        is_label = params["labels"] is not None and any(inpt is label for label in params["labels"])
        kinds: Any = self._transformed_types
        if not (is_label or isinstance(inpt, kinds)):
            return inpt
        if isinstance(inpt, tv_tensors.Mask) and not is_label and not _fits(inpt, params["valid"]):
            return inpt  # of segmentation, which is not one for each box
        made = inpt[params["valid"]]
        return made if is_label else tv_tensors.wrap(made, like=inpt)


def _fits(mask: Tensor, valid: Tensor) -> bool:
    return mask.ndim > 0 and mask.shape[0] == valid.shape[0]


class SanitizeBoundingBoxes(_Sanitize):
    """Boxes that are too small or leave their canvas taken away, and with them their labels and masks.

    labels_getter: how to find the labels in a sample, one tensor or several; by default what "labels" says in a dictionary; None: there are none.
    """

    _transformed_types = (BoundingBoxes, tv_tensors.Mask)
    _kind: ClassVar[Any] = staticmethod(get_bounding_boxes)

    def __init__(self, min_size: float = 1.0, min_area: float = 1.0, labels_getter: Any = "default") -> None:
        if min_size < 1:
            raise ValueError(f"SanitizeBoundingBoxes(): min_size must be >= 1, but got {min_size}")
        if min_area < 1:
            raise ValueError(f"SanitizeBoundingBoxes(): min_area must be >= 1, but got {min_area}")
        Transform.__init__(self)
        self.min_size = min_size
        self.min_area = min_area
        self.labels_getter = labels_getter
        self._labels_getter = labels_getter_of(labels_getter)

    def _valid(self, found: BoundingBoxes) -> Tensor:
        return boxes_that_are(found, found.format, found.canvas_size, self.min_size, self.min_area)


class SanitizeKeyPoints(_Sanitize):
    """Points, or rows of points, that leave their canvas taken away, and with them their labels."""

    _transformed_types = (KeyPoints,)
    _kind: ClassVar[Any] = staticmethod(get_keypoints)

    def __init__(self, labels_getter: Any = None) -> None:
        super().__init__(labels_getter)

    def _valid(self, found: KeyPoints) -> Tensor:
        return points_that_are(found, found.canvas_size)


class Identity(Transform):
    """Everything as it is."""

    def transform(self, inpt: Any, params: Params) -> Any:
        return inpt


class Lambda(Transform):
    """A function of whatever is of given types, by default of everything."""

    _transformed_types = (object,)

    def __init__(self, lambd: Callable[[Any], Any], *types: type) -> None:
        super().__init__()
        self.lambd = lambd
        self.types = types or self._transformed_types

    def transform(self, inpt: Any, params: Params) -> Any:
        return self.lambd(inpt) if isinstance(inpt, self.types) else inpt

    def extra_repr(self) -> str:
        name = getattr(self.lambd, "__name__", None)
        types = f"types={[each.__name__ for each in self.types]}"
        return f"{name}, {types}" if name else types


class ToDtype(Transform):
    """Images and videos, or by a dictionary of types any others, in another dtype; scale: whose white is the other's, of images and videos.

    >>> import corelib as torch
    >>> from corelib.vision.transforms import v2
    >>> v2.ToDtype(torch.float32, scale=True)(torch.tensor([[[0, 255]]], dtype=torch.uint8))
    tensor([[[0., 1.]]])
    """

    _transformed_types = (Tensor,)

    def __init__(self, dtype: DType | dict[Any, DType | None], scale: bool = False) -> None:
        super().__init__()
        if not isinstance(dtype, (dict, DType)):
            raise ValueError(f"ToDtype(): dtype must be a dict or a torch.dtype, but got {type(dtype)}")
        if isinstance(dtype, dict) and Tensor in dtype and (tv_tensors.Image in dtype or tv_tensors.Video in dtype):
            warn(
                "ToDtype(): dtype has torch.Tensor and tv_tensors.Image or Video; a plain torch.Tensor will *not* be transformed, by this or any other "
                "transform, where a sample has an Image or a Video",
            )
        self.dtype = dtype
        self.scale = scale

    def transform(self, inpt: Any, params: Params) -> Any:
        picture = is_pure_tensor(inpt) or isinstance(inpt, (tv_tensors.Image, tv_tensors.Video))
        if not isinstance(self.dtype, dict):
            return self._call_kernel(F.to_dtype, inpt, dtype=self.dtype, scale=self.scale) if picture else inpt
        if type(inpt) not in self.dtype and "others" not in self.dtype:
            raise ValueError(
                f'ToDtype(): no dtype was given for {type(inpt)}. "others" says what becomes of whatever is not named, as in '
                'dtype={tv_tensors.Mask: torch.int64, "others": None}, which leaves it'
            )
        dtype = self.dtype[type(inpt) if type(inpt) in self.dtype else "others"]
        if dtype is not None:
            return self._call_kernel(F.to_dtype, inpt, dtype=dtype, scale=self.scale)
        if self.scale and picture:
            warn("ToDtype(): scale is True, but no dtype was given for images or videos: nothing is scaled")
        return inpt


class ConvertImageDtype(Transform):
    """Images and videos in another dtype, whose white is the other's; `ToDtype(dtype, scale=True)` does the same."""

    _v1_transform_cls = v1.ConvertImageDtype

    def __init__(self, dtype: DType = D.float32) -> None:
        super().__init__()
        self.dtype = dtype

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.to_dtype, inpt, dtype=self.dtype, scale=True)


class PILToTensor(Transform):
    """A PIL Image as a plain tensor (c, h, w) of its own dtype."""

    _transformed_types = (_is_pil_image,)

    def transform(self, inpt: Any, params: Params) -> Tensor:
        return F.pil_to_tensor(inpt)


class ToImage(Transform):
    """A plain tensor, an array (h, w, c) or a PIL Image as a `tv_tensors.Image`; nothing is scaled."""

    _transformed_types = (is_pure_tensor, _is_pil_image, np.ndarray)

    def transform(self, inpt: Any, params: Params) -> tv_tensors.Image:
        return F.to_image(inpt)


class ToPILImage(Transform):
    """A tensor (c, h, w) or an array (h, w, c) as a PIL Image, of a mode or of that which its dtype and channels suggest."""

    _transformed_types = (is_pure_tensor, tv_tensors.Image, np.ndarray)

    def __init__(self, mode: str | None = None) -> None:
        super().__init__()
        self.mode = mode

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.to_pil_image(inpt, mode=self.mode)


class ToPureTensor(Transform):
    """Whatever says what it is as a plain tensor, which no longer does."""

    _transformed_types = (tv_tensors.TVTensor,)

    def transform(self, inpt: Any, params: Params) -> Tensor:
        made: Tensor = inpt.as_subclass(Tensor)
        return made


class ToTensor(Transform):
    """A PIL Image or an array as a tensor from 0 to 1; deprecated: `ToImage()` and then `ToDtype(torch.float32, scale=True)` give the same."""

    _transformed_types = (_is_pil_image, np.ndarray)

    def __init__(self) -> None:
        warn("ToTensor() is deprecated; use v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])")
        super().__init__()

    def transform(self, inpt: Any, params: Params) -> Tensor:
        return F1.to_tensor(inpt)


class UniformTemporalSubsample(Transform):
    """So many frames of a video, evenly over its time."""

    _transformed_types = (Tensor,)

    def __init__(self, num_samples: int) -> None:
        super().__init__()
        self.num_samples = num_samples

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.uniform_temporal_subsample, inpt, num_samples=self.num_samples)
