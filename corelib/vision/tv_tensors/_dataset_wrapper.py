"""Data sets whose samples say what they are: masks, boxes and videos in place of images, lists and tensors, before their transforms see them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from copy import copy
from typing import Any

from corelib.ops.construction.construct import from_numpy, tensor
from corelib.ops.shape.joining import stack
from corelib.tensor.tensor import Tensor
from corelib.vision import datasets
from corelib.vision._optional import optional
from corelib.vision.transforms.v2 import functional as F
from corelib.vision.tv_tensors import BoundingBoxes, BoundingBoxFormat, Mask

__all__ = ["wrap_dataset_for_transforms_v2"]

Wrapper = Callable[[int, Any], Any]
Keys = Collection[str] | str | None
_WRAPPERS: dict[type, Callable[[Any, Keys], Wrapper]] = {}
"""For a kind of data set what makes the function of an index and a sample that wraps the sample."""
_WITH_KEYS = (datasets.CocoDetection, datasets.VOCDetection, datasets.Kitti, datasets.WIDERFace)


def wrap_dataset_for_transforms_v2(dataset: Any, target_keys: Keys = None) -> Any:
    """The data set with its samples wrapped for `transforms.v2`: boxes and masks in them are such, and its transforms are given them.

    target_keys: which keys of targets that are dictionaries are kept, "all" of them, or by default "boxes", "labels" and "image_id"; only of
    CocoDetection, VOCDetection, Kitti and WIDERFace (ValueError). The list of dictionaries of the first and third becomes one dictionary of lists.
    TypeError for a data set that is not known.

    >>> import corelib.vision as vision
    >>> data = vision.datasets.wrap_dataset_for_transforms_v2(vision.datasets.FakeData(2))
    Traceback (most recent call last):
        ...
    TypeError: No wrapper exists for dataset class FakeData. Please wrap the output yourself.
    """
    if not (target_keys is None or target_keys == "all" or (isinstance(target_keys, Collection) and all(isinstance(key, str) for key in target_keys))):
        raise ValueError(f"target_keys can be None, 'all', or a collection of strings, the keys to be returned, but got {target_keys}")
    kind = type(f"Wrapped{type(dataset).__name__}", (_Wrapped, type(dataset)), {})  # so that it is an instance of the data set's class too
    return kind(dataset, target_keys)


class _Wrapped:
    """In front of a data set's own class: gives its samples wrapped, and then transformed."""

    def __init__(self, dataset: Any, target_keys: Keys) -> None:
        kind = type(dataset)
        if not isinstance(dataset, datasets.VisionDataset):
            raise TypeError(f"wrap_dataset_for_transforms_v2() is meant for subclasses of VisionDataset, but got a {kind.__name__!r} instead")
        known = next((each for each in kind.__mro__ if each in _WRAPPERS), None)
        if known is None:
            raise TypeError(f"No wrapper exists for dataset class {kind.__name__}. Please wrap the output yourself.")
        if target_keys is not None and known not in _WITH_KEYS:
            raise ValueError(f"target_keys is only supported for {', '.join(each.__name__ for each in _WITH_KEYS)}, but got {known.__name__}")
        self._dataset = dataset
        self._target_keys = target_keys
        self._wrapper = _WRAPPERS[known](dataset, target_keys)
        for name in ("transform", "target_transform", "transforms"):  # which are to see wrapped samples: the data set itself gives raw ones
            setattr(self, name, getattr(dataset, name))
            setattr(dataset, name, None)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "_dataset"), name)

    def __getitem__(self, idx: int) -> Any:
        sample = self._wrapper(idx, self._dataset[idx])
        transforms: Any = self.transforms
        return sample if transforms is None else transforms(*sample)

    def __len__(self) -> int:
        return len(self._dataset)

    def __reduce__(self) -> Any:
        dataset = copy(self._dataset)
        dataset.transform, dataset.target_transform, dataset.transforms = self.transform, self.target_transform, self.transforms
        return wrap_dataset_for_transforms_v2, (dataset, self._target_keys)


def _wraps(*kinds: type) -> Callable[[Callable[[Any, Keys], Wrapper]], Callable[[Any, Keys], Wrapper]]:
    def put(make: Callable[[Any, Keys], Wrapper]) -> Callable[[Any, Keys], Wrapper]:
        _WRAPPERS.update(dict.fromkeys(kinds, make))
        return make

    return put


def _refuse(what: str) -> None:
    raise RuntimeError(f"{what} is not supported by wrap_dataset_for_transforms_v2(). Please wrap the output yourself.")


def _chosen(target_keys: Keys, available: set[str], default: Keys) -> set[str]:
    keys = default if target_keys is None else target_keys
    if keys == "all":
        return available
    assert keys is not None
    extra = set(keys) - available
    if extra:
        raise ValueError(f"Target keys {sorted(extra)} are not available; there are {sorted(available)}")
    return set(keys)


def _lists_of(dicts: Iterable[dict[str, Any]]) -> dict[str, list[Any]]:
    """A dictionary of lists of what dictionaries have."""
    found: dict[str, list[Any]] = {}
    for each in dicts:
        for key, value in each.items():
            found.setdefault(key, []).append(value)
    return found


def _size(image: Any) -> tuple[int, int]:
    height, width = F.get_size(image)
    return height, width


def _corners(boxes: Any, image: Any) -> Any:
    """Boxes as x, y, width, height as those by two corners."""
    given = BoundingBoxes(boxes, format=BoundingBoxFormat.XYWH, canvas_size=_size(image))
    return F.convert_bounding_box_format(given, new_format=BoundingBoxFormat.XYXY)


def _by_type(target: Any, kinds: Iterable[str], wrappers: dict[str, Callable[[Any], Any]]) -> Any:
    """The parts of a target, each wrapped by what it is for."""
    parts = target if isinstance(target, (tuple, list)) else [target]
    made = tuple([wrappers[kind](part) if kind in wrappers else part for kind, part in zip(kinds, parts, strict=False)])
    return made[0] if len(made) == 1 else made


@_wraps(
    datasets.Caltech256, datasets.CIFAR10, datasets.CIFAR100, datasets.MNIST, datasets.FashionMNIST, datasets.GTSRB, datasets.DatasetFolder,
    datasets.ImageFolder, datasets.ImageNet, datasets.Imagenette, datasets.CocoCaptions,
)  # fmt: skip
def _as_it_is(dataset: Any, target_keys: Keys) -> Wrapper:
    return lambda idx, sample: sample


@_wraps(datasets.Caltech101)
def _caltech101(dataset: Any, target_keys: Keys) -> Wrapper:
    if "annotation" in dataset.target_type:
        _refuse("Caltech101 with target_type=['annotation', ...]")
    return _as_it_is(dataset, target_keys)


@_wraps(datasets.VOCSegmentation)
def _segmentation(dataset: Any, target_keys: Keys) -> Wrapper:
    return lambda idx, sample: (sample[0], Mask(sample[1]))


@_wraps(datasets.SBDataset)
def _sbd(dataset: Any, target_keys: Keys) -> Wrapper:
    if dataset.mode == "boundaries":
        _refuse("SBDataset with mode='boundaries'")
    return _segmentation(dataset, target_keys)


def _coco_mask(segmentation: Any, size: tuple[int, int]) -> Tensor:
    masks = optional("pycocotools.mask", "CocoDetection", "pip install pycocotools")
    if isinstance(segmentation, list):
        segmentation = masks.merge(masks.frPyObjects(segmentation, *size))
    elif not isinstance(segmentation, dict):
        raise ValueError(f"A segmentation of COCO should be a dict or a list, but got {type(segmentation)}")
    elif not isinstance(segmentation["counts"], str):
        segmentation = masks.frPyObjects(segmentation, *size)
    return from_numpy(masks.decode(segmentation))


@_wraps(datasets.CocoDetection)
def _coco(dataset: Any, target_keys: Keys) -> Wrapper:
    given = {"segmentation", "area", "iscrowd", "image_id", "bbox", "category_id"}
    keys = _chosen(target_keys, given | {"boxes", "masks", "labels"}, {"image_id", "boxes", "labels"})

    def wrapper(idx: int, sample: Any) -> Any:
        image, told = sample
        if not told:
            return image, {"image_id": dataset.ids[idx]}
        lists = _lists_of(told)
        target: dict[str, Any] = {}
        if "image_id" in keys:
            target["image_id"] = dataset.ids[idx]
        if "boxes" in keys:
            target["boxes"] = _corners(lists["bbox"], image)
        if "masks" in keys:
            target["masks"] = Mask(stack([_coco_mask(each, _size(image)) for each in lists["segmentation"]]))
        if "labels" in keys:
            target["labels"] = tensor(lists["category_id"])
        return image, {**target, **{key: lists[key] for key in keys - {"image_id", "boxes", "masks", "labels"}}}

    return wrapper


_VOC = ["__background__", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"]
_KITTI = ["Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc", "DontCare"]


@_wraps(datasets.VOCDetection)
def _voc(dataset: Any, target_keys: Keys) -> Wrapper:
    keys = _chosen(target_keys, {"annotation", "boxes", "labels"}, {"boxes", "labels"})

    def wrapper(idx: int, sample: Any) -> Any:
        image, told = sample
        lists = _lists_of(told["annotation"]["object"])
        target = told if "annotation" in keys else {}
        if "boxes" in keys:
            rows = [[int(box[part]) for part in ("xmin", "ymin", "xmax", "ymax")] for box in lists["bndbox"]]
            target["boxes"] = BoundingBoxes(rows, format=BoundingBoxFormat.XYXY, canvas_size=_size(image))
        if "labels" in keys:
            target["labels"] = tensor([_VOC.index(name) for name in lists["name"]])
        return image, target

    return wrapper


@_wraps(datasets.Kitti)
def _kitti(dataset: Any, target_keys: Keys) -> Wrapper:
    given = {"type", "truncated", "occluded", "alpha", "bbox", "dimensions", "location", "rotation_y"}
    keys = _chosen(target_keys, given | {"boxes", "labels"}, {"boxes", "labels"})

    def wrapper(idx: int, sample: Any) -> Any:
        image, told = sample
        if told is None:
            return sample
        lists = _lists_of(told)
        target: dict[str, Any] = {}
        if "boxes" in keys:
            target["boxes"] = BoundingBoxes(lists["bbox"], format=BoundingBoxFormat.XYXY, canvas_size=_size(image))
        if "labels" in keys:
            target["labels"] = tensor([_KITTI.index(name) for name in lists["type"]])
        return image, {**target, **{key: lists[key] for key in keys - {"boxes", "labels"}}}

    return wrapper


@_wraps(datasets.WIDERFace)
def _widerface(dataset: Any, target_keys: Keys) -> Wrapper:
    keys = _chosen(target_keys, {"bbox", "blur", "expression", "illumination", "occlusion", "pose", "invalid"}, "all")

    def wrapper(idx: int, sample: Any) -> Any:
        image, told = sample
        if told is None:
            return sample
        target = {key: told[key] for key in keys}
        if "bbox" in keys:
            target["bbox"] = _corners(target["bbox"], image)
        return image, target

    return wrapper


@_wraps(datasets.CelebA)
def _celeba(dataset: Any, target_keys: Keys) -> Wrapper:
    if any(kind in dataset.target_type for kind in ("attr", "landmarks")):
        _refuse("CelebA with target_type=['attr', 'landmarks', ...]")

    def wrapper(idx: int, sample: Any) -> Any:
        image, target = sample
        return image, _by_type(target, dataset.target_type, {"bbox": lambda box: _corners(box, image)})

    return wrapper


@_wraps(datasets.OxfordIIITPet)
def _oxford_iiit_pet(dataset: Any, target_keys: Keys) -> Wrapper:
    def wrapper(idx: int, sample: Any) -> Any:
        image, target = sample
        return image, None if target is None else _by_type(target, dataset._target_types, {"segmentation": Mask})

    return wrapper


def _instances(image: Any) -> dict[str, Any]:
    """A mask and a class for each number in a picture of instances: the class times 1,000 and the instance, or the class alone."""
    data = Mask(image)
    numbers = data.as_subclass(Tensor).unique()
    masks = stack([data.as_subclass(Tensor) == number for number in numbers])
    return {"masks": Mask(masks), "labels": stack([number // 1000 if number >= 1000 else number for number in numbers])}


@_wraps(datasets.Cityscapes)
def _cityscapes(dataset: Any, target_keys: Keys) -> Wrapper:
    if any(kind in dataset.target_type for kind in ("polygon", "color")):
        _refuse("Cityscapes with target_type=['polygon', 'color', ...]")

    def wrapper(idx: int, sample: Any) -> Any:
        image, target = sample
        return image, _by_type(target, dataset.target_type, {"instance": _instances, "semantic": Mask})

    return wrapper
