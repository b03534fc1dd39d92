"""What a transform of the second kind is: called with any nest of images, boxes and so on, it draws its parameters once and does to each its own."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, ClassVar

from corelib.nn.modules.module import Module
from corelib.pytree import tree_flatten, tree_unflatten
from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors
from corelib.vision.transforms import _draws as draws
from corelib.vision.transforms._functional_pil import _is_pil_image
from corelib.vision.transforms.v2._queries import check_type, has_any, is_pure_tensor
from corelib.vision.transforms.v2.functional._registry import _get_kernel

Params = dict[str, Any]
_SHOWN = (bool, int, float, str, tuple, list, enum.Enum)
BOXES_AND_SUCH = (tv_tensors.BoundingBoxes, tv_tensors.KeyPoints, tv_tensors.Mask)


class Transform(Module):
    """The base of transforms. One of your own says what it draws, `make_params`, and what it does to each input, `transform`.

    Of a nest of lists, tuples and dictionaries, images, videos, masks, boxes, points and PIL Images are transformed; of plain tensors the first,
    where there is no image or video beside it. Everything else passes.

    >>> import corelib as torch
    >>> from corelib.vision import tv_tensors
    >>> from corelib.vision.transforms import v2
    >>> class Brighter(v2.Transform):
    ...     def make_params(self, flat_inputs):
    ...         return {"by": 2.0}
    ...     def transform(self, inpt, params):
    ...         return self._call_kernel(v2.functional.adjust_brightness, inpt, params["by"])
    >>> Brighter()({"image": tv_tensors.Image(torch.full((1, 1, 1), 0.25)), "label": 3})["image"].item()
    0.5
    """

    _transformed_types: ClassVar[tuple[type | Callable[[Any], bool], ...]] = (Tensor, _is_pil_image)
    _v1_transform_cls: ClassVar[type | None] = None
    """The first transform of the same name, whose get_params is this one's too."""

    def __init_subclass__(cls) -> None:
        draw = getattr(cls._v1_transform_cls, "get_params", None)
        if draw is not None:
            of: Any = cls
            of.get_params = staticmethod(draw)

    def __init__(self) -> None:
        super().__init__()

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Raise what has to be raised for inputs that the transform is not for."""

    def make_params(self, flat_inputs: list[Any]) -> Params:
        """What is drawn, once for all inputs that are transformed."""
        return {}

    def _call_kernel(self, functional: Callable[..., Any], inpt: Any, *args: Any, **kwargs: Any) -> Any:
        """The functional's kernel for this input; without one it passes."""
        return _get_kernel(functional, type(inpt), allow_passthrough=True)(inpt, *args, **kwargs)

    def transform(self, inpt: Any, params: Params) -> Any:
        """What becomes of one input."""
        raise NotImplementedError(f"{type(self).__name__} does not say what becomes of an input: define transform(self, inpt, params)")

    def forward(self, *inputs: Any) -> Any:
        flat, spec = tree_flatten(inputs if len(inputs) > 1 else inputs[0])
        self.check_inputs(flat)
        return tree_unflatten(self._transformed(flat), spec)

    def _transformed(self, flat: list[Any]) -> list[Any]:
        needed = self._needs_transform_list(flat)
        params = self.make_params([inpt for inpt, needs in zip(flat, needed, strict=True) if needs])
        return [self.transform(inpt, params) if needs else inpt for inpt, needs in zip(flat, needed, strict=True)]

    def _needs_transform_list(self, flat_inputs: list[Any]) -> list[bool]:
        """Which inputs are transformed: those of the types that it is for, and of plain tensors at most one."""
        alone = len(flat_inputs) == 1 and type(flat_inputs[0]) is Tensor
        plain_too = alone or not has_any(flat_inputs, tv_tensors.Image, tv_tensors.Video, _is_pil_image)
        needed = []
        for inpt in flat_inputs:
            needs = check_type(inpt, self._transformed_types)
            if needs and is_pure_tensor(inpt):
                needs, plain_too = plain_too, False
            needed.append(needs)
        return needed

    def extra_repr(self) -> str:
        shown = [f"{k}={v}" for k, v in self.__dict__.items() if not k.startswith("_") and k != "training" and isinstance(v, _SHOWN)]
        return ", ".join(shown)


class _RandomApplyTransform(Transform):
    """A transform that is done with a probability."""

    def __init__(self, p: float = 0.5) -> None:
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"{type(self).__name__}(): p should be a number from 0.0 to 1.0, but got {p}")
        super().__init__()
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        given = inputs if len(inputs) > 1 else inputs[0]
        flat, spec = tree_flatten(given)
        self.check_inputs(flat)
        if draws.chance() >= self.p:
            return given
        return tree_unflatten(self._transformed(flat), spec)
