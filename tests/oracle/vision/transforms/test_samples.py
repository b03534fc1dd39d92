"""Tensors that say what they are, and the transforms of whole samples and batches: as torchvision's."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import PIL.Image
import pytest

import corelib
from corelib.vision import tv_tensors as ours

from .images import OURS, THEIRS, Library, both, given, outcome, picture, pixels
from .test_second import sample

KINDS = ("XYXY", "XYWHR")


def things(library: Library) -> list[Any]:
    T, tv = library.T, library.tv
    return [
        tv.Image(T.arange(12.0).reshape(1, 3, 4)), tv.Mask(T.arange(6).reshape(2, 3)), tv.Video(T.zeros(2, 1, 2, 2)), tv.KeyPoints([[1.0, 2.0]], canvas_size=(4, 5)),
        tv.BoundingBoxes([[1.0, 2.0, 3.0, 4.0]], format="xyxy", canvas_size=(4, 5)), tv.BoundingBoxes([1, 2, 3, 4, 5], format=tv.BoundingBoxFormat.CXCYWHR, canvas_size=(4, 5), dtype=T.float32, clamping_mode=None),
        tv.Image([[1, 2], [3, 4]], dtype=T.float64, requires_grad=True), tv.Image(picture("RGB", (5, 4), 1)), tv.Mask(picture("L", (5, 4), 1)),
    ]  # fmt: skip


OPERATIONS: list[Any] = [
    lambda library, x: x + 1, lambda library, x: x.clone(), lambda library, x: x.to(library.T.float64), lambda library, x: x.to(library.T.float32), lambda library, x: x.detach(), lambda library, x: x[0], lambda library, x: x.mul(2).sum(),
    lambda library, x: library.T.stack([x, x]), lambda library, x: x.unbind(0), lambda library, x: x == x, lambda library, x: x.shape, lambda library, x: x.ndim, lambda library, x: str(x.dtype), lambda library, x: x.device.type, lambda library, x: x.tolist(),
    lambda library, x: x.float().requires_grad_(), lambda library, x: library.tv.wrap(library.T.ones_like(x.as_subclass(library.T.Tensor)), like=x), lambda library, x: x.max(0), lambda library, x: x.add_(0) if not x.requires_grad else 0,
    lambda library, x: copy.deepcopy(x), lambda library, x: library.F2.is_pure_tensor(x), lambda library, x: isinstance(x, library.tv.TVTensor), lambda library, x: library.T.cat([x, x.as_subclass(library.T.Tensor)]),
]  # fmt: skip


@pytest.mark.parametrize("kind", range(9))
@pytest.mark.parametrize("returned", ["Tensor", "TVTensor"])
def test_operations_give_plain_tensors_or_the_same_again(kind: int, returned: str) -> None:
    for i, operation in enumerate(OPERATIONS):

        def call(library: Library, operation: Any = operation) -> Any:
            with library.tv.set_return_type(returned):
                made = operation(library, things(library)[kind])
            return made, [type(x).__name__ for x in made] if isinstance(made, (tuple, list)) else type(made).__name__

        both(call, f"operation {i} of thing {kind}, {returned}")


def test_reprs_are_torchvisions() -> None:
    for mine, theirs in zip(things(OURS), things(THEIRS), strict=True):
        if not mine.requires_grad:  # as_subclass has a node of its own in PyTorch
            assert repr(mine) == repr(theirs)


def test_they_are_copied_and_pickled_with_what_they_know() -> None:
    for thing in things(OURS):
        for made in (copy.copy(thing), copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):
            assert type(made) is type(thing)
            assert getattr(made, "canvas_size", None) == getattr(thing, "canvas_size", None)
            assert made.tolist() == thing.tolist()


BATCHES: dict[str, Any] = {
    "pair": lambda library: (given(library, pixels((4, 3, 9, 11), "float32", 1)), library.T.tensor([0, 2, 1, 2])),
    "probabilities": lambda library: (given(library, pixels((4, 3, 9, 11), "float32", 1)), given(library, np.eye(4, 3, dtype=np.float32))),
    "dictionary": lambda library: {"image": library.tv.Image(given(library, pixels((4, 3, 9, 11), "float32", 2))), "labels": library.T.tensor([0, 2, 1, 2]), "name": "a"},
    "video": lambda library: (library.tv.Video(given(library, pixels((4, 2, 3, 9, 11), "float32", 3))), {"some_label": library.T.tensor([0, 2, 1, 2])}),
    "not a batch": lambda library: (given(library, pixels((3, 9, 11), "float32", 1)), library.T.tensor([0, 2, 1])),
    "of another size": lambda library: (given(library, pixels((4, 3, 9, 11), "float32", 1)), library.T.tensor([0, 2, 1])),
    "without labels": lambda library: {"image": given(library, pixels((4, 3, 9, 11), "float32", 1))},
    "with a mask": lambda library: (library.tv.Mask(given(library, pixels((4, 9, 11), "uint8", 1))), library.T.tensor([0, 2, 1, 2])),
}  # fmt: skip


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_batches_are_mixed_with_their_labels(name: str, batch: str) -> None:
    for seed in range(8):
        for alpha, classes in ((1.0, 3), (0.3, None), (0.7, 5)):

            def call(library: Library, alpha: float = alpha, classes: Any = classes) -> Any:
                return getattr(library.v2, name)(alpha=alpha, num_classes=classes)(BATCHES[batch](library))

            both(call, f"{name} of {batch}, alpha {alpha}, {classes} classes", seed)


SAMPLED: dict[str, Any] = {
    "ToDtype": lambda library: library.v2.ToDtype(library.T.float32, scale=True), "ToDtype plain": lambda library: library.v2.ToDtype(library.T.float64),
    "ToDtype by type": lambda library: library.v2.ToDtype({library.tv.Image: library.T.float32, library.tv.Mask: library.T.int64, "others": None}, scale=True),
    "ToDtype named": lambda library: library.v2.ToDtype({library.tv.BoundingBoxes: library.T.float64}), "Pad by type": lambda library: library.v2.Pad(3, fill={library.tv.Image: [1, 2, 3], library.tv.Mask: 1, "others": 5}),
    "RandomRotation by type": lambda library: library.v2.RandomRotation(40, fill={library.tv.Image: 9, "others": 0}), "Lambda": lambda library: library.v2.Lambda(lambda x: x + 1, library.tv.Image, library.tv.Mask),
    "SanitizeBoundingBoxes": lambda library: library.v2.SanitizeBoundingBoxes(), "SanitizeBoundingBoxes by function": lambda library: library.v2.SanitizeBoundingBoxes(min_size=4, labels_getter=lambda s: s["labels"]),
    "SanitizeBoundingBoxes without labels": lambda library: library.v2.SanitizeBoundingBoxes(labels_getter=None), "LinearTransformation": lambda library: library.v2.LinearTransformation(library.T.eye(12) * 2, library.T.arange(12.0)),
    "SanitizeKeyPoints": lambda library: library.v2.SanitizeKeyPoints(), "JPEG": lambda library: library.v2.JPEG((20, 60)),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLED)
def test_samples_are_transformed_by_type(name: str) -> None:
    kinds = ("picture",) if name == "JPEG" else ("video", "picture", "points", "plain", "XYXY", "CXCYWH", "XYXYXYXY")[name.endswith("function") :]  # of tensors it is torchvision's compiled part that encodes
    for kind in kinds:
        for seed in range(4):
            both(lambda library, kind=kind: SAMPLED[name](library)(sample(library, kind)), f"{name} of {kind}", seed)  # type: ignore[misc]


@pytest.mark.parametrize("generation", ["v1", "v2"])
def test_linear_transformations_are_torchvisions(generation: str) -> None:
    rng = np.random.default_rng(2)
    matrix, mean = rng.normal(size=(36, 36)).astype(np.float32), rng.normal(size=36).astype(np.float32)
    for shape, dtype in (((3, 3, 4), "float32"), ((2, 3, 3, 4), "float32"), ((3, 3, 4), "uint8"), ((3, 4, 4), "float32"), ((3, 3, 4), "float64")):

        def call(library: Library, shape: Any = shape, dtype: str = dtype) -> Any:
            made = getattr(library, generation).LinearTransformation(given(library, matrix), given(library, mean))
            return made(given(library, pixels(shape, dtype, 4)))

        both(call, f"{generation} {shape} {dtype}", near=2e-4 if dtype != "uint8" else 2e-3)
    for bad in (lambda a, b: (a[:3], b), lambda a, b: (a, b[:3]), lambda a, b: (a.double(), b)):
        assert not both(lambda library, bad=bad: getattr(library, generation).LinearTransformation(*bad(given(library, matrix), given(library, mean))), "refused")  # type: ignore[misc]


def test_parameters_are_drawn_alike_by_get_params() -> None:
    image = pixels((3, 30, 40), "float32", 1)
    calls: dict[str, Any] = {
        "RandomCrop": lambda library: (given(library, image), (10, 12)), "RandomResizedCrop": lambda library: (given(library, image), [0.1, 0.9], [0.5, 2.0]), "RandomPerspective": lambda library: (40, 30, 0.6),
        "ColorJitter": lambda library: ((0.5, 1.5), None, (0.1, 3.0), (-0.2, 0.2)), "RandomRotation": lambda library: ([-30.0, 20.0],), "RandomAffine": lambda library: ([-30.0, 20.0], [0.1, 0.2], [0.5, 1.0], [-3.0, 4.0], [40, 30]),
        "RandomErasing": lambda library: (given(library, image), (0.1, 0.3), (0.3, 3.0), None), "GaussianBlur": lambda library: (0.1, 2.0), "ElasticTransform": lambda library: ([20.0, 30.0], [1.0, 0.5], [9, 11]), "AutoAugment": lambda library: (25,),
    }  # fmt: skip
    for name, arguments in calls.items():
        for generation in ("v1", "v2"):
            for seed in range(5):
                assert both(lambda library, n=name, g=generation, a=arguments: getattr(getattr(library, g), n).get_params(*a(library)), f"{generation}.{name}", seed)  # type: ignore[misc]


def test_transforms_of_ones_own_and_kernels_of_ones_own() -> None:
    def call(library: Library) -> Any:
        v2, tv = library.v2, library.tv

        class Depth(tv.TVTensor):  # type: ignore[misc, name-defined]
            pass

        class Shift(v2.Transform):  # type: ignore[misc, name-defined]
            def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
                return {"by": library.T.rand(1).item(), "size": v2.query_size(flat_inputs)}

            def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
                if isinstance(inpt, library.T.Tensor) and not isinstance(inpt, (tv.BoundingBoxes, tv.KeyPoints, Depth)):
                    return inpt + params["by"]
                return self._call_kernel(v2.functional.horizontal_flip, inpt)

        @v2.functional.register_kernel(v2.functional.resize, Depth)
        def resize_depth(inpt: Any, **others: Any) -> Any:
            return tv.wrap(inpt.flip(0), like=inpt), sorted(others)

        depth = library.T.tensor([1, 2]).as_subclass(Depth)
        return Shift()(sample(library, "XYXY")), v2.functional.resize(depth, [3]), v2.CenterCrop(1)(depth), v2.Identity()(depth)

    assert both(call, "own")


def test_nothing_is_done_to_what_is_no_image() -> None:
    for name in ("Resize", "RandomCrop", "CenterCrop"):
        made = getattr(OURS.v2, name)(3)
        for nothing in ("text", 3, None, {"a": 1}):
            if name == "RandomCrop":
                assert isinstance(outcome(OURS, lambda library, m=made, n=nothing: m(n), 0), TypeError)  # type: ignore[misc]
            else:
                assert made(nothing) == nothing


def test_pictures_become_images_that_know_it() -> None:
    image = OURS.v2.ToImage()(picture("RGB", (5, 4), 1))
    assert type(image) is ours.Image
    assert image.shape == (3, 4, 5)
    assert isinstance(OURS.v2.ToPILImage()(image), PIL.Image.Image)
    assert type(OURS.v2.ToPureTensor()(image)) is corelib.Tensor
