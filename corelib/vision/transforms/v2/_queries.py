"""What transforms ask of their inputs, and of their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Number
from typing import Any

from corelib.vision import tv_tensors
from corelib.vision.transforms._functional_pil import _is_pil_image
from corelib.vision.transforms.v2.functional._queries import get_dimensions, get_size
from corelib.vision.transforms.v2.functional._registry import is_pure_tensor as is_pure_tensor
from corelib.vision.tv_tensors import BoundingBoxes, KeyPoints

Check = type | Callable[[Any], bool]
IMAGES: tuple[Check, ...] = (is_pure_tensor, tv_tensors.Image, _is_pil_image, tv_tensors.Video)


def check_type(obj: Any, types_or_checks: tuple[Check, ...]) -> bool:
    """Whether an object is of one of the types, or passes one of the checks."""
    return any(isinstance(obj, each) if isinstance(each, type) else each(obj) for each in types_or_checks)


def has_any(flat_inputs: list[Any], *types_or_checks: Check) -> bool:
    """Whether there is an input of any of the types."""
    return any(check_type(inpt, types_or_checks) for inpt in flat_inputs)


def has_all(flat_inputs: list[Any], *types_or_checks: Check) -> bool:
    """Whether there is an input of each of the types."""
    return all(any(check_type(inpt, (each,)) for inpt in flat_inputs) for each in types_or_checks)


def get_bounding_boxes(flat_inputs: list[Any]) -> BoundingBoxes:
    """The first boxes among the inputs. ValueError without any."""
    for inpt in flat_inputs:
        if isinstance(inpt, BoundingBoxes):
            return inpt
    raise ValueError("No bounding boxes were found in the sample")


def get_keypoints(flat_inputs: list[Any]) -> KeyPoints:
    """The first points among the inputs. ValueError without any."""
    for inpt in flat_inputs:
        if isinstance(inpt, KeyPoints):
            return inpt
    raise ValueError("No keypoints were found in the sample")


def query_chw(flat_inputs: list[Any]) -> tuple[int, int, int]:
    """The channels, height and width of all images and videos. TypeError without any, ValueError where they differ."""
    found = {tuple(get_dimensions(inpt)) for inpt in flat_inputs if check_type(inpt, IMAGES)}
    if not found:
        raise TypeError("No image or video was found in the sample")
    if len(found) > 1:
        raise ValueError(f"Found several CxHxW dimensions in the sample: {sorted(found)}")
    c, h, w = found.pop()
    return c, h, w


def query_size(flat_inputs: list[Any]) -> tuple[int, int]:
    """The height and width of everything that has them. TypeError where nothing has, ValueError where they differ."""
    sized = (*IMAGES, tv_tensors.Mask, BoundingBoxes, KeyPoints)
    found = {tuple(get_size(inpt)) for inpt in flat_inputs if check_type(inpt, sized)}
    if not found:
        raise TypeError("No image, video, mask, bounding boxes or keypoints were found in the sample")
    if len(found) > 1:
        raise ValueError(f"Found several HxW dimensions in the sample: {sorted(found)}")
    h, w = found.pop()
    return h, w


def number_or_two(arg: Any, name: str) -> list[float]:
    """Two floats of a number, of a sequence of one, or of two."""
    if not isinstance(arg, (int, float, Sequence)):
        raise TypeError(f"{name} should be a number or a sequence of numbers, but got {type(arg)}")
    if isinstance(arg, (int, float)):
        return [float(arg)] * 2
    if len(arg) not in (1, 2):
        raise ValueError(f"{name}: expected a sequence of 1 or 2, but got {len(arg)} elements")
    for each in arg:
        if not isinstance(each, (int, float)):
            raise ValueError(f"{name} should be a sequence of numbers, but got {type(each)} in it")
    return [float(arg[0]), float(arg[-1])]


def _one_fill(fill: Any) -> Any:
    if fill is None or isinstance(fill, (int, float)):
        return fill
    if not isinstance(fill, (Number, tuple, list)):
        raise TypeError(f"fill: accepted are numbers, tuples, lists and dicts of them, but got {type(fill)}")
    several: Any = fill
    return [float(v) for v in several]


def fills(fill: Any) -> dict[Any, Any]:
    """What each type is filled with: by its class, and by "others" what is not said. TypeError for what is no colour."""
    if not isinstance(fill, dict):
        return {"others": _one_fill(fill)}
    for key, value in fill.items():
        fill[key] = _one_fill(value)
    return fill


def fill_of(fill_dict: dict[Any, Any], inpt_type: type) -> Any:
    """What a type is filled with."""
    return fill_dict.get(inpt_type, fill_dict.get("others"))


def check_padding(padding: Any) -> None:
    """An int, or 1, 2 or 4 of them. ValueError for anything else."""
    if isinstance(padding, int) or (isinstance(padding, (tuple, list)) and len(padding) in (1, 2, 4) and all(isinstance(p, int) for p in padding)):
        return
    raise ValueError(f"padding must be an int or a tuple or list of 1, 2 or 4 of them, but got {padding}")


def _labels_of(inputs: Any) -> Any:
    """The labels of a sample: its second part where it is a pair, and of a dictionary what "labels" or a key like it says."""
    if isinstance(inputs, (tuple, list)):
        inputs = inputs[1]
    if is_pure_tensor(inputs):
        return inputs
    if not isinstance(inputs, Mapping):
        raise ValueError(
            f"labels_getter='default' needs a dictionary, or a pair whose second part is a dictionary or a tensor, but got {type(inputs)}; give a callable"
        )
    keys = [key for key in inputs if key.lower() == "labels"] or [key for key in inputs if "label" in key.lower()]
    if not keys:
        raise ValueError("No key of the sample says that it has labels: give a callable as labels_getter, or None if there are no labels")
    return inputs[keys[0]]


def labels_getter_of(labels_getter: Any) -> Any:
    """A function that finds a sample's labels. ValueError for what is none of "default", a callable and None."""
    if isinstance(labels_getter, str) and labels_getter == "default":
        return _labels_of
    if callable(labels_getter):
        return labels_getter
    if labels_getter is None:
        return _nothing
    raise ValueError(f"labels_getter should be 'default', a callable or None, but got {labels_getter!r}")


def _nothing(inputs: Any) -> None:
    """No labels."""
