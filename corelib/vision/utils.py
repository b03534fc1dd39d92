"""Pictures put side by side, written to files, and drawn upon: boxes, masks, key points; and flows as colours."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from corelib.as_torch.warned import warn
from corelib.graph.grad_mode import no_grad
from corelib.ops.construction.construct import from_numpy, tensor as new_tensor
from corelib.ops.elementwise.where import where
from corelib.ops.shape.joining import stack
from corelib.tensor import dtype as D
from corelib.tensor.limits import finfo
from corelib.tensor.tensor import Tensor
from corelib.vision._optional import pillow

__all__ = ["_Image_fromarray", "draw_bounding_boxes", "draw_keypoints", "draw_segmentation_masks", "flow_to_image", "make_grid", "save_image"]

Colour = str | tuple[int, int, int]
Colours = list[Colour] | Colour | None


@no_grad()
def make_grid(
    tensor: Tensor | list[Tensor], nrow: int = 8, padding: int = 2, normalize: bool = False, value_range: tuple[float, float] | None = None,
    scale_each: bool = False, pad_value: float = 0.0,
) -> Tensor:  # fmt: skip
    """Pictures (n, c, h, w), or a list of them, side by side in one picture, `nrow` in a row; of one channel as of three.

    padding, pad_value: how wide the lines between them are, and their value. normalize: values brought to 0 to 1, from `value_range` or their
    own range, that of each picture with `scale_each`. TypeError for what is no tensor.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.utils.make_grid(torch.ones(5, 1, 4, 4), nrow=3, padding=1).shape
    torch.Size([3, 11, 16])
    """
    if isinstance(tensor, list):
        for one in tensor:
            if not isinstance(one, Tensor):
                raise TypeError(f"make_grid(): tensor or list of tensors expected, got a list containing {type(one)}")
        tensor = stack(tensor, 0)
    elif not isinstance(tensor, Tensor):
        raise TypeError(f"make_grid(): tensor or list of tensors expected, got {type(tensor)}")
    if tensor.dim() == 2:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() == 3:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() == 4 and tensor.shape[1] == 1:
        tensor = tensor.repeat((1, 3, 1, 1))
    if normalize is True:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError("make_grid(): value_range has to be a tuple (min, max) if specified. min and max are numbers")
        tensor = tensor.clone()
        for part in tensor if scale_each is True else (tensor,):
            low, high = value_range if value_range is not None else (float(part.min()), float(part.max()))
            part.clamp_(min=low, max=high).sub_(low).div_(max(high - low, 1e-5))
    count, channels = tensor.shape[:2]
    if count == 1:
        return tensor.squeeze(0)
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    height, width = tensor.shape[2] + padding, tensor.shape[3] + padding
    grid = tensor.new_full((channels, height * rows + padding, width * columns + padding), pad_value)
    for n in range(count):
        top, left = n // columns * height + padding, n % columns * width + padding
        grid[:, top : top + height - padding, left : left + width - padding] = tensor[n]
    return grid


@no_grad()
def save_image(tensor: Tensor | list[Tensor], fp: str | os.PathLike[str] | IO[bytes], format: str | None = None, **kwargs: Any) -> None:
    """Write a picture with values from 0 to 1, or a grid of them (`make_grid` of the further arguments), to a file; format: else by its name.

    >>> import corelib as torch, corelib.vision as vision, io
    >>> file = io.BytesIO()
    >>> vision.utils.save_image(torch.ones(3, 2, 2), file, "png")
    >>> file.getvalue()[1:4]
    b'PNG'
    """
    samples = make_grid(tensor, **kwargs).mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0).to("cpu", D.uint8).numpy()
    pillow("Image", "save_image()").fromarray(np.ascontiguousarray(samples)).save(fp, format=format)


def _Image_fromarray(obj: np.ndarray[Any, Any], mode: str) -> Any:
    """A picture of Pillow's that takes an array's bytes as `mode` has them, whatever the array's type is."""
    size = (1, obj.shape[0]) if obj.ndim == 1 else (obj.shape[1], obj.shape[0])
    return pillow("Image", "_Image_fromarray()").frombuffer(mode, size, np.ascontiguousarray(obj).tobytes(), "raw", mode, 0, 1)


def _checked(function: str, image: Tensor, channels: tuple[int, ...]) -> None:
    if not isinstance(image, Tensor):
        raise TypeError(f"{function}(): The image must be a tensor, got {type(image)}")
    if image.dtype is not D.uint8 and not image.is_floating_point():
        raise ValueError(f"{function}(): The image dtype must be uint8 or float, got {image.dtype}")
    if image.dim() != 3:
        raise ValueError(f"{function}(): Pass individual images, not batches: got {image.dim()} dimensions")
    if image.shape[0] not in channels:
        raise ValueError(f"{function}(): Only images of {' or '.join(map(str, channels))} channels are supported, got {image.shape[0]}")


def _to_pillow(image: Tensor) -> Any:
    """A picture of three channels for drawing; values from 0 to 1 become bytes."""
    if image.is_floating_point():
        image = image.mul(255.0 + 1.0 - 1e-3).to(D.uint8)
    return pillow("Image", "drawing").fromarray(np.ascontiguousarray(image.permute(1, 2, 0).cpu().numpy()))


def _from_pillow(drawn: Any, dtype: D.dtype) -> Tensor:
    image = from_numpy(np.array(drawn)).permute(2, 0, 1)
    return image.to(dtype).mul_(1.0 / 255.0) if dtype.is_floating_point else image


@no_grad()
def draw_bounding_boxes(
    image: Tensor, boxes: Tensor, labels: list[str] | None = None, colors: Colours = None, fill: bool | None = False, width: int = 1, font: str | None = None,
    font_size: int | None = None, label_colors: Colours = None, label_background_colors: Colours = None, fill_labels: bool = False,
) -> Tensor:  # fmt: skip
    """A picture (1 or 3, H, W; uint8, or floats from 0 to 1) with boxes drawn upon it.

    boxes: (n, 4) as x1, y1, x2, y2, or (n, 8) as four corners. colors, label_colors, label_background_colors: names, triples, or lists of them.
    fill: also inside, so that what is there is still seen. font: the name of a TrueType font's file for the labels.

    >>> import corelib as torch, corelib.vision as vision
    >>> drawn = vision.utils.draw_bounding_boxes(torch.zeros(3, 4, 4, dtype=torch.uint8), torch.tensor([[0, 0, 2, 2]]), colors="white")
    >>> drawn[0]
    tensor([[255, 255, 255,   0],
            [255,   0, 255,   0],
            [255, 255, 255,   0],
            [  0,   0,   0,   0]], dtype=torch.uint8)
    """
    _checked("draw_bounding_boxes", image, (1, 3))
    if boxes.shape[-1] == 4 and bool((boxes[:, :2] > boxes[:, 2:]).any()):
        raise ValueError("draw_bounding_boxes(): Boxes need to be in (xmin, ymin, xmax, ymax) format. Use torchvision.ops.box_convert to convert them")
    count = boxes.shape[0]
    if count == 0:
        warn("boxes doesn't contain any box. No box was drawn")
        return image
    if labels is not None and len(labels) != count:
        raise ValueError(f"draw_bounding_boxes(): Number of boxes ({count}) and labels ({len(labels)}) mismatch. Please specify labels for each box.")
    if boxes.shape[-1] not in (4, 8):
        raise IndexError(f"draw_bounding_boxes(): boxes should be of 4 numbers, or of 8 for four corners, got {tuple(boxes.shape)}")
    edges = _colours(colors, count)
    words = _colours(label_colors or "black", count) if label_colors or fill_labels else edges
    grounds = _colours(label_background_colors, count) if fill_labels and label_background_colors else edges
    fonts = pillow("ImageFont", "draw_bounding_boxes()")
    if font is None and font_size is not None:
        warn("Argument 'font_size' will be ignored since 'font' is not set.")
    used = fonts.load_default() if font is None else fonts.truetype(font=font, size=font_size or 10)
    drawn = _to_pillow(image.expand(3, -1, -1) if image.shape[0] == 1 else image)
    draw = pillow("ImageDraw", "draw_bounding_boxes()").ImageDraw(drawn, "RGBA" if fill else None)
    for n, box in enumerate(boxes.to(D.int64).tolist()):
        inside = (*edges[n], 100) if fill else None
        if len(box) > 4:
            _outline(draw, box, inside, edges[n], width)
        else:
            draw.rectangle(box, width=width, outline=edges[n], fill=inside)
        if labels is not None and labels[n] is not None:
            at = (box[0] + width + 1, box[1] + width + 1)
            if fill_labels:
                left, top, right, bottom = draw.textbbox(at, labels[n], font=used)
                draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=grounds[n])
            draw.text(at, labels[n], fill=words[n], font=used)
    return _from_pillow(drawn, image.dtype)


def _outline(draw: Any, box: list[int], fill: Any, outline: Any, width: int) -> None:
    """A box of four corners, its first side dashed: that is where it is upright."""
    corners = list(zip(box[::2], box[1::2], strict=True))
    _dashed(draw, corners[0], corners[1], width, outline)
    for n in range(1, len(corners)):
        draw.line((corners[n], corners[(n + 1) % len(corners)]), width=width, fill=outline)
    draw.polygon(box, fill=fill, outline=None, width=0)


def _dashed(draw: Any, start: tuple[float, float], end: tuple[float, float], width: int, fill: Any, dash: float = 5) -> None:
    """A line of dashes and spaces, each `dash` long."""
    x, y = start
    left = ((end[0] - x) ** 2 + (end[1] - y) ** 2) ** 0.5
    shown = True
    while left > 0:
        length = min(left, dash)
        angle = math.atan2(end[1] - y, end[0] - x)
        to = (x + math.cos(angle) * length, y + math.sin(angle) * length)
        if shown:
            draw.line([(x, y), to], fill, width, None)
        (x, y), left, shown = to, left - length, not shown


@no_grad()
def draw_segmentation_masks(image: Tensor, masks: Tensor, alpha: float = 0.8, colors: Colours = None) -> Tensor:
    """A picture (3, H, W; uint8, or floats from 0 to 1) with masks (n, H, W) or (H, W) of bool in colours over it.

    alpha: how little of the picture is seen through them, from 0 to 1. Where masks overlap it is black.
    """
    _checked("draw_segmentation_masks", image, (3,))
    if masks.dim() == 2:
        masks = masks[None]
    if masks.dim() != 3:
        raise ValueError(f"draw_segmentation_masks(): masks must be of shape (H, W) or (batch_size, H, W), got {tuple(masks.shape)}")
    if masks.dtype is not D.bool:
        raise ValueError(f"draw_segmentation_masks(): The masks must be of dtype bool. Got {masks.dtype}")
    if masks.shape[-2:] != image.shape[-2:]:
        raise ValueError(
            f"draw_segmentation_masks(): The image and the masks must have the same height and width, got {tuple(image.shape[-2:])} and {tuple(masks.shape[-2:])}"
        )
    if masks.shape[0] == 0:
        warn("masks doesn't contain any mask. No mask was drawn")
        return image
    drawn: Tensor = image.detach()
    for mask, colour in zip(masks, _colours(colors, masks.shape[0], image.dtype), strict=False):
        drawn = where(mask, new_tensor(colour, dtype=image.dtype, device=image.device)[:, None, None], drawn)
    drawn = where(masks.sum(0) > 1, new_tensor(0, dtype=image.dtype, device=image.device), drawn)
    mixed: Tensor = image * (1 - alpha) + drawn * alpha
    return mixed.to(image.dtype)


@no_grad()
def draw_keypoints(
    image: Tensor, keypoints: Tensor, connectivity: list[tuple[int, int]] | None = None, colors: Colour | None = None, radius: int = 2, width: int = 3,
    visibility: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """A picture (3, H, W; uint8, or floats from 0 to 1) with key points (instances, k, 2; x, y) drawn as discs, and lines between some.

    connectivity: pairs of points with a line between them. visibility (instances, k): which points are drawn.
    """
    _checked("draw_keypoints", image, (3,))
    if keypoints.dim() != 3:
        raise ValueError(f"draw_keypoints(): keypoints must be of shape (num_instances, K, 2), got {tuple(keypoints.shape)}")
    shape = keypoints.shape[:-1]
    if visibility is not None:
        if visibility.dim() == 3:
            visibility = visibility.squeeze(-1)
        if visibility.dim() != 2 or visibility.shape != shape:
            raise ValueError(f"draw_keypoints(): visibility must be of shape (num_instances, K), {tuple(shape)}, got {tuple(visibility.shape)}")
    seen: list[list[bool]] = [[True] * shape[1]] * shape[0] if visibility is None else visibility.cpu().bool().tolist()
    drawn = _to_pillow(image)
    draw = pillow("ImageDraw", "draw_keypoints()").Draw(drawn)
    for points, there in zip(keypoints.to(D.int64).tolist(), seen, strict=True):
        for (x, y), shown in zip(points, there, strict=True):
            if shown:
                draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colors, outline=None, width=0)
        for one, other in connectivity or ():
            if there[one] and there[other]:
                draw.line((tuple(points[one]), tuple(points[other])), width=width)
    return _from_pillow(drawn, image.dtype)


_WHEEL = ((15, 0, 1, 1), (6, 1, 0, -1), (4, 1, 2, 1), (11, 2, 1, -1), (13, 2, 0, 1), (6, 0, 2, -1))
"""The wheel of colours (Baker et al., A Database and Evaluation Methodology for Optical Flow, 2007): how many steps, which channel is full,
which changes, and whether it grows or shrinks."""


def _wheel() -> np.ndarray[Any, Any]:
    parts = []
    for steps, full, changing, sign in _WHEEL:
        part = np.zeros((steps, 3), np.float32)
        ramp = np.floor(np.float32(255) * np.arange(steps, dtype=np.float32) / np.float32(steps))
        part[:, full], part[:, changing] = 255, ramp if sign > 0 else 255 - ramp
        parts.append(part)
    return np.concatenate(parts)


@no_grad()
def flow_to_image(flow: Tensor) -> Tensor:
    """A flow (2, H, W) or (n, 2, H, W) of float32 as colours in uint8: the direction is the hue, the length, over the longest, how strong it is.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.utils.flow_to_image(torch.tensor([1., 0.]).view(2, 1, 1)).flatten()
    tensor([255,   0,   0], dtype=torch.uint8)
    """
    if flow.dtype is not D.float32:
        raise ValueError(f"flow_to_image(): Flow should be of dtype torch.float, got {flow.dtype}.")
    flows = flow[None] if flow.dim() == 3 else flow
    if flows.dim() != 4 or flows.shape[1] != 2:
        raise ValueError(f"flow_to_image(): Input flow should have shape (2, H, W) or (N, 2, H, W), got {tuple(flow.shape)}.")
    flows = flows / (flows.pow(2).sum(1).sqrt().max() + finfo(flow.dtype).eps)
    norm = flows.pow(2).sum(1).sqrt()
    wheel = from_numpy(_wheel()).to(flow.device)
    angle = (-flows[:, 1]).atan2(-flows[:, 0]) / math.pi
    place = (angle + 1) / 2 * (wheel.shape[0] - 1)
    first = place.floor().to(D.int64)
    second = where(first + 1 == wheel.shape[0], 0, first + 1)
    share = place - first
    hues = []
    for channel in wheel.unbind(1):
        hue = (1 - share) * (channel[first] / 255.0) + share * (channel[second] / 255.0)
        hues.append((255 * (1 - norm * (1 - hue))).floor().to(D.uint8))
    image = stack(hues, 1)
    return image[0] if flow.dim() == 3 else image


def _colours(colours: Colours, count: int, dtype: D.dtype = D.uint8) -> list[Any]:
    """A triple for each of `count` things, from 0 to 255, or to 1 in a floating point dtype."""
    found: Sequence[Any]
    if colours is None:
        found = [tuple(n * shade % 255 for shade in (2**25 - 1, 2**15 - 1, 2**21 - 1)) for n in range(count)]
    elif isinstance(colours, list):
        if len(colours) < count:
            raise ValueError(f"Number of colors must be equal or larger than the number of objects, but got {len(colours)} < {count}.")
        found = colours
    elif not isinstance(colours, (tuple, str)):
        raise ValueError(f"colors must be a tuple or a string, or a list thereof, but got {colours}.")
    elif isinstance(colours, tuple) and len(colours) != 3:
        raise ValueError(f"If passed as tuple, colors should be an RGB triplet, but got {colours}.")
    else:
        found = [colours] * count
    named = [pillow("ImageColor", "drawing").getrgb(colour) if isinstance(colour, str) else colour for colour in found]
    if not dtype.is_floating_point:
        return named
    if colours is None:  # torchvision's are tensors, and divided as such
        return [tuple(float(np.float32(v) / np.float32(255)) for v in colour) for colour in named]
    return [tuple(v / 255 for v in colour) for colour in named]
