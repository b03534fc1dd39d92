"""Transforms of transforms: one after another, or some of them at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from corelib.nn.modules.container import ModuleList
from corelib.ops.construction.construct import tensor
from corelib.ops.random.choosing import multinomial
from corelib.ops.random.random import randperm
from corelib.vision.transforms import _draws as draws, transforms as v1
from corelib.vision.transforms.v2._transform import Transform


def _checked(transforms: Any, *also: type) -> Any:
    given: Any = transforms
    if not isinstance(transforms, (Sequence, *also)):
        raise TypeError(f"transforms should be a sequence of callables, but got {type(transforms)}")
    if not len(given):
        raise ValueError("Pass at least one transform")
    return transforms


def _in_turn(transforms: Any, inputs: tuple[Any, ...]) -> Any:
    several = len(inputs) > 1
    outputs: Any = None
    for transform in transforms:
        outputs = transform(*inputs)
        inputs = outputs if several else (outputs,)
    return outputs


class _Listed(Transform):
    transforms: Any

    def extra_repr(self) -> str:
        return "\n".join(f"    {t}" for t in self.transforms)


class Compose(_Listed):
    """Transforms one after another.

    >>> import corelib as torch
    >>> from corelib.vision.transforms import v2
    >>> v2.Compose([v2.CenterCrop(1), v2.ToDtype(torch.float32, scale=True)])(torch.tensor([[[255]]], dtype=torch.uint8))
    tensor([[[1.]]])
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        super().__init__()
        self.transforms = _checked(transforms)

    def forward(self, *inputs: Any) -> Any:
        return _in_turn(self.transforms, inputs)


class RandomApply(_Listed):
    """All of the transforms, with probability `p`, or none."""

    _v1_transform_cls = v1.RandomApply

    def __init__(self, transforms: Sequence[Callable[..., Any]] | ModuleList, p: float = 0.5) -> None:
        super().__init__()
        self.transforms = _checked(transforms, ModuleList)
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"RandomApply(): p should be a number from 0.0 to 1.0, but got {p}")
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        if draws.chance() >= self.p:
            return inputs if len(inputs) > 1 else inputs[0]
        return _in_turn(self.transforms, inputs)


class RandomChoice(Transform):
    """One of the transforms, of weights `p`, which are even by default."""

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: Sequence[float] | None = None) -> None:
        _checked(transforms)
        if p is None:
            p = [1] * len(transforms)
        elif len(p) != len(transforms):
            raise ValueError(f"RandomChoice(): expected as many p as transforms ({len(transforms)}), but got {len(p)}")
        super().__init__()
        self.transforms = transforms
        total = sum(p)
        self.p = [each / total for each in p]

    def forward(self, *inputs: Any) -> Any:
        return self.transforms[int(multinomial(tensor(self.p), 1))](*inputs)


class RandomOrder(Transform):
    """The transforms in a random order."""

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        _checked(transforms)
        super().__init__()
        self.transforms = transforms

    def forward(self, *inputs: Any) -> Any:
        return _in_turn([self.transforms[i] for i in randperm(len(self.transforms)).tolist()], inputs)
