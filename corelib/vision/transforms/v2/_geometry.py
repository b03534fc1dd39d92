"""Where pixels, boxes and points go: sizes, crops, flips, maps of the plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from corelib.vision import tv_tensors
from corelib.vision.transforms import _arguments as A, _draws as draws, _kernels_geometry as shapes, transforms as v1
from corelib.vision.transforms._interpolation import InterpolationMode
from corelib.vision.transforms.v2 import functional as F
from corelib.vision.transforms.v2._color import passes
from corelib.vision.transforms.v2._queries import check_padding, fill_of, fills, has_any, number_or_two, query_size
from corelib.vision.transforms.v2._transform import Params, Transform, _RandomApplyTransform

Mode = InterpolationMode | str | int


class RandomHorizontalFlip(_RandomApplyTransform):
    """Left and right exchanged, with probability `p`."""

    _v1_transform_cls = v1.RandomHorizontalFlip

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.horizontal_flip, inpt)


class RandomVerticalFlip(_RandomApplyTransform):
    """Top and bottom exchanged, with probability `p`."""

    _v1_transform_cls = v1.RandomVerticalFlip

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.vertical_flip, inpt)


class Resize(Transform):
    """In another size: (h, w), or the shorter edge, the longer one at most `max_size`; without a size the longer one is `max_size`.

    >>> import corelib as torch
    >>> from corelib.vision.transforms import v2
    >>> v2.Resize(8)(torch.zeros(3, 32, 16)).shape
    torch.Size([3, 16, 8])
    """

    _v1_transform_cls = v1.Resize

    def __init__(self, size: int | Sequence[int] | None, interpolation: Mode = "bilinear", max_size: int | None = None, antialias: bool | None = True) -> None:
        super().__init__()
        if isinstance(size, int):
            size = [size]
        elif isinstance(size, Sequence) and len(size) in (1, 2):
            size = list(size)
        elif size is not None:
            raise ValueError(f"Resize(): size can be an integer, a sequence of one or two, or None, but got {size}")
        elif not isinstance(max_size, int):
            raise ValueError(f"Resize(): max_size must be an integer when size is None, but got {max_size}")
        self.size = size
        self.interpolation = interpolation
        self.max_size = max_size
        self.antialias = antialias

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.resize, inpt, size=self.size, interpolation=self.interpolation, max_size=self.max_size, antialias=self.antialias)


class CenterCrop(Transform):
    """A rectangle (h, w), or a square, around the middle."""

    _v1_transform_cls = v1.CenterCrop

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = A._setup_size(size)

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.center_crop, inpt, output_size=self.size)


class RandomResizedCrop(Transform):
    """A part of the image, of a random area and aspect ratio, resized to (h, w) (Szegedy et al., 2015)."""

    _v1_transform_cls = v1.RandomResizedCrop

    def __init__(
        self, size: int | Sequence[int], scale: Any = (0.08, 1.0), ratio: Any = (3.0 / 4.0, 4.0 / 3.0), interpolation: Mode = "bilinear",
        antialias: bool | None = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.size = A._setup_size(size)
        for name, given in (("scale", scale), ("ratio", ratio)):
            if not isinstance(given, Sequence) or len(given) != 2:
                raise TypeError(f"RandomResizedCrop(): {name} should be a sequence of two floats, but got {given!r}")
        A.check_ranges(scale, ratio)
        self.scale = scale
        self.ratio = ratio
        self.interpolation = interpolation
        self.antialias = antialias
        self._log_ratio = draws.log_of(ratio)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        height, width = query_size(flat_inputs)
        found = draws.resized_crop(height, width, self.scale, self.ratio, self._log_ratio)
        return dict(zip(("top", "left", "height", "width"), found, strict=True))

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.resized_crop, inpt, **params, size=self.size, interpolation=self.interpolation, antialias=self.antialias)


class _Crops(Transform):
    size: Any

    def _call_kernel(self, functional: Callable[..., Any], inpt: Any, *args: Any, **kwargs: Any) -> Any:
        passes(self, inpt)
        return super()._call_kernel(functional, inpt, *args, **kwargs)

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        if has_any(flat_inputs, tv_tensors.BoundingBoxes, tv_tensors.Mask):
            raise TypeError(f"BoundingBoxes and Masks are not supported by {type(self).__name__}()")


class FiveCrop(_Crops):
    """The four corners and the middle, as a tuple."""

    _v1_transform_cls = v1.FiveCrop

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = A._setup_size(size)

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.five_crop, inpt, size=self.size)


class TenCrop(_Crops):
    """The five crops of the image, and those of it flipped, as a tuple."""

    _v1_transform_cls = v1.TenCrop

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = A._setup_size(size)
        self.vertical_flip = vertical_flip

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.ten_crop, inpt, size=self.size, vertical_flip=self.vertical_flip)


class Pad(Transform):
    """More pixels around: all sides alike, (left and right, top and bottom), or (left, top, right, bottom).

    fill: a value, one for each channel, or a dictionary of them by type, with "others" for the rest.
    """

    _v1_transform_cls = v1.Pad

    def __init__(self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        check_padding(padding)
        A.check_padding_mode(padding_mode)
        self.padding = padding if isinstance(padding, int) else list(padding)
        self.fill = fill
        self._fill = fills(fill)
        self.padding_mode = padding_mode

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.pad, inpt, padding=self.padding, fill=fill_of(self._fill, type(inpt)), padding_mode=self.padding_mode)


class RandomRotation(Transform):
    """Turned by a random angle: -degrees to degrees, or a range."""

    _v1_transform_cls = v1.RandomRotation

    def __init__(self, degrees: Any, interpolation: Mode = "nearest", expand: bool = False, center: Any = None, fill: Any = 0) -> None:
        super().__init__()
        self.degrees = A._setup_angle(degrees, name="degrees")
        self.interpolation = interpolation
        self.expand = expand
        self.fill = fill
        self._fill = fills(fill)
        A.check_affine_ranges(None, None, center)
        self.center = center

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"angle": draws.uniform(self.degrees[0], self.degrees[1])}

    def transform(self, inpt: Any, params: Params) -> Any:
        fill = fill_of(self._fill, type(inpt))
        return self._call_kernel(F.rotate, inpt, **params, interpolation=self.interpolation, expand=self.expand, center=self.center, fill=fill)


class RandomAffine(Transform):
    """Turned, shifted by a part of the image, scaled and sheared, each at random within its range."""

    _v1_transform_cls = v1.RandomAffine

    def __init__(
        self, degrees: Any, translate: Any = None, scale: Any = None, shear: Any = None, interpolation: Mode = "nearest", fill: Any = 0, center: Any = None
    ) -> None:
        super().__init__()
        self.degrees = A._setup_angle(degrees, name="degrees")
        A.check_affine_ranges(translate, scale, center)
        self.translate = translate
        self.scale = scale
        self.shear = None if shear is None else A._setup_angle(shear, name="shear", req_sizes=(2, 4))
        self.interpolation = interpolation
        self.fill = fill
        self._fill = fills(fill)
        self.center = center

    def make_params(self, flat_inputs: list[Any]) -> Params:
        height, width = query_size(flat_inputs)
        found = draws.affine(self.degrees, self.translate, self.scale, self.shear, [width, height])
        return dict(zip(("angle", "translate", "scale", "shear"), found, strict=True))

    def transform(self, inpt: Any, params: Params) -> Any:
        fill = fill_of(self._fill, type(inpt))
        return self._call_kernel(F.affine, inpt, **params, interpolation=self.interpolation, fill=fill, center=self.center)


class RandomCrop(Transform):
    """A rectangle (h, w) at a random place, of the image padded first where that is asked for.

    ValueError where it is larger than the image, unless `pad_if_needed`.
    """

    _v1_transform_cls = v1.RandomCrop

    def __init__(self, size: int | Sequence[int], padding: Any = None, pad_if_needed: bool = False, fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        self.size = A._setup_size(size)
        if padding is not None:
            check_padding(padding)
        if pad_if_needed or padding is not None:
            A.check_padding_mode(padding_mode)
        self.padding = A.parse_padding(padding) if padding else None
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self._fill = fills(fill)
        self.padding_mode = padding_mode

    def make_params(self, flat_inputs: list[Any]) -> Params:
        height, width = query_size(flat_inputs)
        left, right, top, bottom = self.padding or (0, 0, 0, 0)
        height, width = height + top + bottom, width + left + right
        h, w = self.size
        if self.pad_if_needed:  # on both sides as much as is lacking in all
            down, across = max(h - height, 0), max(w - width, 0)
            left, right, top, bottom = left + across, right + across, top + down, bottom + down
            height, width = height + 2 * down, width + 2 * across
        if height < h or width < w:
            raise ValueError(f"RandomCrop(): a crop of {(h, w)} is larger than the {'padded ' if self.padding else ''}image of {(height, width)}")
        at_top = draws.integer(0, height - h + 1) if height > h else 0
        at_left = draws.integer(0, width - w + 1) if width > w else 0
        padding = [left, top, right, bottom]
        needs_crop = height > h or width > w
        return {"needs_crop": needs_crop, "top": at_top, "left": at_left, "height": h, "width": w, "needs_pad": any(padding), "padding": padding}

    def transform(self, inpt: Any, params: Params) -> Any:
        if params["needs_pad"]:
            inpt = self._call_kernel(F.pad, inpt, padding=params["padding"], fill=fill_of(self._fill, type(inpt)), padding_mode=self.padding_mode)
        if params["needs_crop"]:
            inpt = self._call_kernel(F.crop, inpt, top=params["top"], left=params["left"], height=params["height"], width=params["width"])
        return inpt


class RandomPerspective(_RandomApplyTransform):
    """The corners moved inwards by up to a part of half the image, with probability `p`."""

    _v1_transform_cls = v1.RandomPerspective

    def __init__(self, distortion_scale: float = 0.5, p: float = 0.5, interpolation: Mode = "bilinear", fill: Any = 0) -> None:
        super().__init__(p=p)
        if not 0 <= distortion_scale <= 1:
            raise ValueError(f"RandomPerspective(): distortion_scale should be between 0 and 1, but got {distortion_scale}")
        self.distortion_scale = distortion_scale
        self.interpolation = interpolation
        self.fill = fill
        self._fill = fills(fill)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        height, width = query_size(flat_inputs)
        return {"coefficients": A._get_perspective_coeffs(*draws.perspective(width, height, self.distortion_scale))}

    def transform(self, inpt: Any, params: Params) -> Any:
        fill = fill_of(self._fill, type(inpt))
        return self._call_kernel(F.perspective, inpt, startpoints=None, endpoints=None, fill=fill, interpolation=self.interpolation, **params)


class ElasticTransform(Transform):
    """Random smooth displacements, as strong as `alpha` and as smooth as `sigma` (Simard et al., 2003)."""

    _v1_transform_cls = v1.ElasticTransform

    def __init__(self, alpha: float | Sequence[float] = 50.0, sigma: float | Sequence[float] = 5.0, interpolation: Mode = "bilinear", fill: Any = 0) -> None:
        super().__init__()
        self.alpha = number_or_two(alpha, "alpha")
        self.sigma = number_or_two(sigma, "sigma")
        self.interpolation = interpolation
        self.fill = fill
        self._fill = fills(fill)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"displacement": shapes.elastic_displacement(self.alpha, self.sigma, query_size(flat_inputs))}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.elastic, inpt, **params, fill=fill_of(self._fill, type(inpt)), interpolation=self.interpolation)
