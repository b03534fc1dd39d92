"""What data sets of pictures have in common: a root folder, transforms, and how they are shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from corelib.data.dataset import Dataset

__all__ = ["StandardTransform", "VisionDataset"]

T_co = TypeVar("T_co", covariant=True)
Change = Callable[..., Any]
Root = str | os.PathLike[str]


class VisionDataset(Dataset[T_co]):
    """The base of data sets of pictures: subclasses write `__getitem__` and `__len__`, and say more of themselves in `extra_repr`.

    root: the folder. transforms: a function of a picture and its target; or `transform` of the picture and `target_transform` of the target,
    not both kinds (ValueError).

    >>> import corelib.vision as vision
    >>> class Numbers(vision.datasets.VisionDataset):
    ...     def __len__(self):
    ...         return 3
    >>> Numbers("somewhere", target_transform=int)
    Dataset Numbers
        Number of datapoints: 3
        Root location: somewhere
        StandardTransform
    Target transform: <class 'int'>
    """

    _repr_indent = 4

    def __init__(
        self, root: Root | None = None, transforms: Change | None = None, transform: Change | None = None, target_transform: Change | None = None
    ) -> None:
        self.root: Any = os.path.expanduser(root) if isinstance(root, str) else root
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise ValueError(f"{type(self).__name__}: Only transforms or transform/target_transform can be passed as argument")
        self.transform, self.target_transform = transform, target_transform
        self.transforms = StandardTransform(transform, target_transform) if separate else transforms

    def __getitem__(self, index: int) -> T_co:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__ of its own")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__ of its own")

    def _transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        """A picture and its target as the two transforms have them."""
        return (
            image if self.transform is None else self.transform(image),
            target if self.target_transform is None else self.target_transform(target),
        )

    def _transformed_together(self, image: Any, target: Any) -> tuple[Any, Any]:
        """A picture and its target as the transform of both has them."""
        return (image, target) if self.transforms is None else self.transforms(image, target)

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if getattr(self, "transforms", None) is not None:
            body.append(repr(self.transforms))
        return "\n".join([f"Dataset {type(self).__name__}", *(" " * self._repr_indent + line for line in body)])

    def _format_transform_repr(self, transform: Change, head: str) -> list[str]:
        return _shown(transform, head)

    def extra_repr(self) -> str:
        """Further lines of what is shown."""
        return ""


class StandardTransform:
    """Two transforms as one: of a picture, and of its target."""

    def __init__(self, transform: Change | None = None, target_transform: Change | None = None) -> None:
        self.transform, self.target_transform = transform, target_transform

    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        return (
            input if self.transform is None else self.transform(input),
            target if self.target_transform is None else self.target_transform(target),
        )

    def _format_transform_repr(self, transform: Change, head: str) -> list[str]:
        return _shown(transform, head)

    def __repr__(self) -> str:
        parts = ((self.transform, "Transform: "), (self.target_transform, "Target transform: "))
        return "\n".join([type(self).__name__, *(line for part, head in parts if part is not None for line in _shown(part, head))])


def _shown(transform: Change, head: str) -> list[str]:
    """What a transform says of itself, after a heading and in line with it."""
    first, *others = repr(transform).splitlines()
    return [head + first, *(" " * len(head) + line for line in others)]
