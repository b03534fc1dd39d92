"""Boxes of all formats and points: converted, clamped and moved as torchvision's."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from .images import WHOLE, Library, both, given

ROUNDS = 60 if WHOLE else 8
UPRIGHT, TURNED = ("XYXY", "XYWH", "CXCYWH"), ("XYWHR", "CXCYWHR", "XYXYXYXY")
CANVAS = (40, 52)
NEAR = 2e-4
"""Of coordinates in pixels: PyTorch's sines, cosines and square roots are a last bit apart from any other's, and divided by nearly nothing at times."""


def boxes(kind: str, dtype: str, rng: np.random.Generator, n: int = 5) -> Any:
    """Boxes that reach beyond their canvas now and then."""
    cx, cy = rng.uniform(-5, CANVAS[1] + 5, n), rng.uniform(-5, CANVAS[0] + 5, n)
    w, h, r = rng.uniform(1, 30, n), rng.uniform(1, 25, n), rng.uniform(-180, 180, n)
    upright = {"XYXY": [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], "XYWH": [cx - w / 2, cy - h / 2, w, h], "CXCYWH": [cx, cy, w, h]}
    if kind in upright:
        return np.stack(upright[kind], -1).astype(dtype)
    if kind == "CXCYWHR":
        return np.stack([cx, cy, w, h, r], -1).astype(dtype)
    cos, sin = np.cos(np.deg2rad(r)), np.sin(np.deg2rad(r))
    x, y = cx - w / 2 * cos - h / 2 * sin, cy + w / 2 * sin - h / 2 * cos
    if kind == "XYWHR":
        return np.stack([x, y, w, h, r], -1).astype(dtype)
    across, up, down, along = w * cos, w * sin, h * cos, h * sin
    return np.stack([x, y, x + across, y - up, x + across + along, y - up + down, x + along, y + down], -1).astype(dtype)


def boxes_of(library: Library, array: Any, kind: str, mode: Any) -> Any:
    return library.tv.BoundingBoxes(given(library, array), format=kind, canvas_size=CANVAS, clamping_mode=mode)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32"])
def test_formats_become_one_another(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(ROUNDS):
        for old, new in (*product(UPRIGHT, UPRIGHT), *product(TURNED, TURNED), ("XYXY", "XYWHR"), ("XYWHR", "CXCYWH")):
            if dtype.startswith("int") and (old in TURNED or new in TURNED):
                continue
            array = boxes(old, dtype, rng)
            for inplace in (False, True):

                def call(library: Library, a: Any = array, old: str = old, new: str = new, inplace: bool = inplace) -> Any:
                    return library.F2.convert_bounding_box_format(given(library, a), old, new, inplace)

                both(call, f"{old} to {new} of {dtype}", near=NEAR)
            both(lambda library, a=array, o=old, n=new: library.F2.convert_bounding_box_format(boxes_of(library, a, o, "soft"), new_format=n), f"{old} to {new}", near=NEAR)  # type: ignore[misc]


MOVES: dict[str, Any] = {
    "horizontal_flip": lambda rng: {}, "vertical_flip": lambda rng: {}, "resize": lambda rng: {"size": [int(x) for x in rng.integers(10, 80, 2)]},
    "resize shorter": lambda rng: {"size": [int(rng.integers(10, 60))], "max_size": 70},
    "affine": lambda rng: {"angle": float(rng.uniform(-90, 90)), "translate": [3, -2], "scale": float(rng.uniform(0.5, 1.5)), "shear": [float(rng.uniform(-20, 20)), 5.0], "center": [None, [4, 5]][int(rng.integers(2))]},
    "rotate": lambda rng: {"angle": float(rng.uniform(-180, 180)), "expand": bool(rng.integers(2))}, "pad": lambda rng: {"padding": [int(x) for x in rng.integers(0, 9, 4)]},
    "pad reflect": lambda rng: {"padding": 2, "padding_mode": "reflect"}, "crop": lambda rng: {"top": int(rng.integers(-3, 9)), "left": int(rng.integers(-3, 9)), "height": int(rng.integers(9, 30)), "width": int(rng.integers(9, 30))},
    "center_crop": lambda rng: {"output_size": [int(x) for x in rng.integers(8, 60, 2)]},
    "resized_crop": lambda rng: {"top": 3, "left": int(rng.integers(0, 9)), "height": 20, "width": int(rng.integers(9, 30)), "size": [30, 33]},
    "perspective": lambda rng: {"startpoints": [[0, 0], [51, 0], [51, 39], [0, 39]], "endpoints": [[int(rng.integers(0, 6)), 2], [48, int(rng.integers(0, 6))], [50, 35], [1, 36]]},
    "elastic": lambda rng: {"displacement": ((rng.random((1, *CANVAS, 2)) - 0.5) * 0.2).astype(np.float32)},
    "clamp_bounding_boxes": lambda rng: {}, "clamp_bounding_boxes hard": lambda rng: {"clamping_mode": "hard"}, "clamp_bounding_boxes none": lambda rng: {"clamping_mode": None}, "get_size": lambda rng: {},
    "sanitize_bounding_boxes": lambda rng: {"min_size": float(rng.uniform(1, 9)), "min_area": 30.0}, "get_num_channels": lambda rng: {}, "five_crop": lambda rng: {"size": 8},
}  # fmt: skip


@pytest.mark.parametrize("kind", (*UPRIGHT, *TURNED))
@pytest.mark.parametrize("name", MOVES)
def test_boxes_are_moved(name: str, kind: str) -> None:
    function, rng = name.split()[0], np.random.default_rng(len(name) + len(kind))
    for _ in range(ROUNDS):
        for mode in ("soft", "hard", None):
            dtype = "int64" if kind in UPRIGHT and rng.integers(3) == 0 else "float64" if rng.integers(4) == 0 else "float32"
            array, chosen = boxes(kind, dtype, rng), MOVES[name](rng)

            def call(library: Library, a: Any = array, chosen: Any = chosen, mode: Any = mode) -> Any:
                return getattr(library.F2, function)(boxes_of(library, a, kind, mode), **{k: given(library, v) for k, v in chosen.items()})

            near = 2e-2 if kind in TURNED and dtype == "float32" else NEAR
            if kind in TURNED and mode == "hard":
                near = 0.2
            # A turned box that is cut to nearly nothing has any angle.
            both(call, f"{name} of {dtype} {kind}, {mode}, with {chosen}", near=near, few=0.2, odd=0.1 if kind in TURNED else 0.0)


POINTS = {name: MOVES[name] for name in MOVES if not name.startswith(("clamp", "sanitize"))} | {"clamp_keypoints": lambda rng: {}, "sanitize_keypoints": lambda rng: {}}


@pytest.mark.parametrize("name", POINTS)
def test_points_are_moved(name: str) -> None:
    function, rng = name.split()[0], np.random.default_rng(len(name))
    for turn in range(ROUNDS):
        for shape in ((6, 2), (3, 4, 2)):
            points = (rng.uniform(-3, 55, shape)).astype(["float32", "float64", "int64"][turn % 3])
            chosen = POINTS[name](rng)

            def call(library: Library, p: Any = points, chosen: Any = chosen) -> Any:
                made = library.tv.KeyPoints(given(library, p), canvas_size=CANVAS)
                return getattr(library.F2, function)(made, **{k: given(library, v) for k, v in chosen.items()})

            both(call, f"{name} of {points.dtype} {shape} with {chosen}", near=NEAR, few=0.2)


def test_wrong_arguments_are_refused_alike() -> None:
    array = np.array([[1.0, 2.0, 3.0, 4.0]], dtype=np.float32)
    calls: list[Any] = [
        lambda library: library.F2.convert_bounding_box_format(given(library, array), "XYXY"), lambda library: library.F2.convert_bounding_box_format(given(library, array), new_format="XYXY"),
        lambda library: library.F2.convert_bounding_box_format(boxes_of(library, array, "XYXY", "soft"), "XYWH", "XYXY"), lambda library: library.F2.convert_bounding_box_format("boxes", "XYWH", "XYXY"),
        lambda library: library.F2.clamp_bounding_boxes(given(library, array)), lambda library: library.F2.clamp_bounding_boxes(boxes_of(library, array, "XYXY", None), clamping_mode="other"),
        lambda library: library.F2.clamp_bounding_boxes(boxes_of(library, array, "XYXY", None), canvas_size=(3, 4)), lambda library: library.F2.clamp_keypoints(given(library, array)),
        lambda library: library.F2.sanitize_bounding_boxes(given(library, array)), lambda library: library.F2.sanitize_bounding_boxes(boxes_of(library, array, "XYXY", None), format="XYXY"),
        lambda library: library.F2.sanitize_keypoints(given(library, array[:, :2])), lambda library: library.tv.BoundingBoxes(given(library, array), format="ABCD", canvas_size=(2, 3)),
        lambda library: library.tv.BoundingBoxes(given(library, array[None]), format="XYXY", canvas_size=(2, 3)), lambda library: library.tv.BoundingBoxes([[1, 2, 3, 4, 5]], format="XYWHR", canvas_size=(2, 3)),
        lambda library: library.tv.BoundingBoxes(given(library, array), format="XYXY", canvas_size=(2, 3), clamping_mode="auto"), lambda library: library.tv.KeyPoints([[1, 2, 3]], canvas_size=(2, 3)),
        lambda library: library.tv.Image([1, 2]), lambda library: library.tv.Video(given(library, array)), lambda library: library.tv.is_rotated_bounding_format(3), lambda library: library.tv.set_return_type("other"),
        lambda library: library.F2.register_kernel("no_such", library.tv.TVTensor), lambda library: library.F2.register_kernel("resize", library.tv.Image), lambda library: library.F2.register_kernel("resize", int),
        lambda library: library.F2.register_kernel(len, library.tv.TVTensor), lambda library: library.F2.jpeg(boxes_of(library, array, "XYXY", None), 3), lambda library: library.v2.JPEG(True), lambda library: library.v2.JPEG((5, 101)),
        lambda library: library.v2.MixUp()(given(library, array), given(library, array)), lambda library: library.v2.Transform()(given(library, array)), lambda library: library.v2.ToDtype("float32"),
        lambda library: library.v2.SanitizeBoundingBoxes(0.5), lambda library: library.v2.SanitizeBoundingBoxes(labels_getter=3), lambda library: library.v2.SanitizeBoundingBoxes()({"image": 3}), lambda library: library.v2.Compose([]), lambda library: library.v2.Compose(3),
        lambda library: library.v2.RandomChoice([len], p=[1, 2]), lambda library: library.v2.RandomCrop((3, 4, 5)), lambda library: library.v2.Pad((1, 2, 3)), lambda library: library.v2.Pad(1, fill="white"), lambda library: library.v2.RandomZoomOut(side_range=(0.5, 2)),
        lambda library: library.v2.RandomHorizontalFlip(1.5), lambda library: library.v2.Resize(None), lambda library: library.v2.Resize("large"), lambda library: library.v2.ColorJitter(-1), lambda library: library.v2.ColorJitter(hue=0.7),
        lambda library: library.v2.GaussianBlur(4), lambda library: library.v2.GaussianBlur(3, (2.0, 1.0)), lambda library: library.v2.RandomAffine(-4), lambda library: library.v2.RandomAffine(3, translate=(2, 0)), lambda library: library.v2.RandomAffine(3, scale=(0, 1)),
        lambda library: library.v2.RandomErasing(value="other"), lambda library: library.v2.AugMix(11), lambda library: library.v2.RandAugment(-1), lambda library: library.v2.SetClampingMode("auto"), lambda library: library.v2.RandomIoUCrop()(given(library, array)),
        lambda library: library.v1.Resize("large"), lambda library: library.v1.Resize((1, 2, 3)), lambda library: library.v1.Pad("a"), lambda library: library.v1.Pad((1, 2, 3)), lambda library: library.v1.Lambda(3), lambda library: library.v1.RandomOrder(3),
        lambda library: library.v1.RandomChoice([len], p=3), lambda library: library.v1.ColorJitter("a"), lambda library: library.v1.ColorJitter((1, 2, 3)), lambda library: library.v1.RandomRotation(-3), lambda library: library.v1.RandomRotation((1, 2, 3)),
        lambda library: library.v1.RandomErasing(2), lambda library: library.v1.RandomErasing(scale=3), lambda library: library.v1.GaussianBlur(3, "a"), lambda library: library.v1.ElasticTransform(3), lambda library: library.v1.ElasticTransform([1.0]), lambda library: library.v1.ElasticTransform([1, 2]),
        lambda library: library.v1.AugMix(0), lambda library: library.v1.AutoAugment("other"), lambda library: library.v1.RandomResizedCrop(3, scale=3), lambda library: library.v1.CenterCrop((1, 2, 3)),
    ]  # fmt: skip
    for i, call in enumerate(calls):
        assert not both(call, f"call {i}"), i
