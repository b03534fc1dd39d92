"""Every functional of both generations, with random parameters, good and bad, on images of every kind."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import corelib

from ...harness import quiet
from .images import FEW, OURS, THEIRS, WHOLE, Library, both, given, picture, pixels

ROUNDS = 8 if WHOLE else 2
SHAPES = ((3, 19, 24), (1, 17, 12), (2, 3, 16, 21), (2, 1, 11, 13), (2, 2, 3, 9, 14), (3, 16, 16), (4, 12, 15), (3, 2, 2), (14, 17), (3, 1, 9), (2, 0, 3, 4))
DTYPES = ("uint8", "float32", "float64", "int16", "int32", "int64", "int8", "float16", "bool")
MODES = ("L", "RGB", "RGBA", "1", "I", "I;16", "F", "P", "LA")


def images(seed: int) -> dict[str, Any]:
    """Tensors of every kind, and Pillow's images."""
    rng = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for shape in SHAPES:
        for dtype in DTYPES[: 9 if shape == SHAPES[0] else 2]:
            found[f"{dtype} {shape}"] = pixels(shape, dtype, int(rng.integers(1000)))
    for mode in MODES:
        found[mode] = picture(mode, (23, 18), int(rng.integers(1000)))
    return found


def mode(rng: np.random.Generator) -> Any:
    name = rng.choice(["NEAREST", "NEAREST_EXACT", "BILINEAR", "BICUBIC", "BILINEAR", "BILINEAR", "LANCZOS"])
    return lambda t: t.InterpolationMode[name]


def fill(rng: np.random.Generator) -> Any:
    return [None, 0, 7, 0.5, [1.0, 2.0, 3.0], (9,), [0.25]][int(rng.integers(7))]


def corners(rng: np.random.Generator) -> tuple[Any, Any]:
    start = [[0, 0], [23, 0], [23, 18], [0, 18]]
    return start, [[int(x + rng.integers(-3, 4)), int(y + rng.integers(-3, 4))] for x, y in start]


def size(rng: np.random.Generator) -> Any:
    a, b = (int(x) for x in rng.integers(3, 40, 2))
    return [a, [a], [a, b], (b, a)][int(rng.integers(4))]


def shear(rng: np.random.Generator) -> Any:
    return [float(rng.normal()) * 20, [float(x) for x in rng.normal(size=2) * 15], [10.0]][int(rng.integers(3))]


def real(low: float, high: float) -> Any:
    return lambda rng: float(rng.uniform(low, high))


def whole(low: int, high: int) -> Any:
    return lambda rng: int(rng.integers(low, high))


def padding(rng: np.random.Generator) -> Any:
    p = [int(x) for x in rng.integers(-2, 6, 4)]
    return [abs(p[0]), [abs(p[0])], [abs(p[0]), abs(p[1])], p, tuple(p[:3])][int(rng.integers(5))]


def center(rng: np.random.Generator) -> Any:
    return [None, [3, 4.5], (0, 0)][int(rng.integers(3))]


def antialias(rng: np.random.Generator) -> Any:
    return bool(rng.integers(2))


PARAMETERS: dict[str, dict[str, Any]] = {
    "hflip": {}, "vflip": {}, "resize": {"size": size, "interpolation": mode, "antialias": antialias}, "center_crop": {"output_size": size},
    "crop": {"top": whole(-5, 9), "left": whole(-5, 9), "height": whole(1, 15), "width": whole(1, 15)},
    "resized_crop": {"top": whole(-2, 5), "left": whole(-2, 5), "height": whole(2, 9), "width": whole(2, 9), "size": size, "interpolation": mode, "antialias": antialias},
    "pad": {"padding": padding, "fill": fill, "padding_mode": lambda rng: str(rng.choice(["constant", "edge", "reflect", "symmetric"]))},
    "five_crop": {"size": whole(4, 12)}, "ten_crop": {"size": whole(4, 12), "vertical_flip": antialias},
    "rotate": {"angle": lambda rng: [float(rng.uniform(-400, 400)), 90, -180.0, 45][int(rng.integers(4))], "interpolation": mode, "expand": antialias, "center": center, "fill": fill},
    "affine": {"angle": real(-90, 90), "translate": lambda rng: [int(x) for x in rng.integers(-5, 6, 2)], "scale": real(0.4, 2), "shear": shear, "interpolation": mode, "fill": fill, "center": center},
    "perspective": {"startpoints,endpoints": corners, "interpolation": mode, "fill": fill},
    "adjust_brightness": {"brightness_factor": real(-0.1, 2.5)}, "adjust_contrast": {"contrast_factor": real(-0.1, 2.5)}, "adjust_saturation": {"saturation_factor": real(-0.1, 2.5)},
    "adjust_hue": {"hue_factor": real(-0.55, 0.55)}, "adjust_gamma": {"gamma": real(-0.1, 2.5), "gain": lambda rng: [1, 0.7, 1.4][int(rng.integers(3))]}, "adjust_sharpness": {"sharpness_factor": real(-0.1, 2.5)},
    "invert": {}, "posterize": {"bits": whole(-1, 10)}, "solarize": {"threshold": lambda rng: [float(rng.uniform(0, 1)), float(rng.uniform(0, 256)), 128][int(rng.integers(3))]}, "autocontrast": {}, "equalize": {},
    "gaussian_blur": {"kernel_size": lambda rng: [3, [5, 3], [3], 4, (7, 1)][int(rng.integers(5))], "sigma": lambda rng: [None, 1.2, [0.7, 2.0], [0.9], 0.0][int(rng.integers(5))]},
    "rgb_to_grayscale": {"num_output_channels": lambda rng: [1, 3, 2][int(rng.integers(3))]}, "to_grayscale": {"num_output_channels": lambda rng: [1, 3, 2][int(rng.integers(3))]},
    "normalize": {"mean": lambda rng: [[0.5], [0.1, 0.2, 0.3]][int(rng.integers(2))], "std": lambda rng: [[0.5], [0.1, 0.2, 0.3], [0.0]][int(rng.integers(3))]},
    "get_dimensions": {}, "get_image_num_channels": {}, "get_image_size": {}, "pil_to_tensor": {}, "to_tensor": {}, "to_pil_image": {},
}  # fmt: skip
SECOND: dict[str, dict[str, Any]] = {
    **{name: PARAMETERS[name] for name in PARAMETERS if name not in ("to_tensor", "get_image_size")},
    "grayscale_to_rgb": {}, "permute_channels": {"permutation": lambda rng: [int(x) for x in rng.permutation(3)]}, "get_size": {}, "get_num_channels": {}, "to_image": {},
    "gaussian_noise": {"mean": real(-0.1, 0.1), "sigma": real(-0.02, 0.2), "clip": antialias}, "get_num_frames": {}, "uniform_temporal_subsample": {"num_samples": whole(1, 4)},
}  # fmt: skip
BY_TENSOR = ("pil_to_tensor", "to_image", "gaussian_blur", "permute_channels")
LOOSE = {"adjust_hue": 0.02, "adjust_gamma": 0.02}


def drawn(parameters: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, draw in parameters.items():
        value = draw(rng)
        found.update(zip(name.split(","), value, strict=True) if "," in name else [(name, value)])
    return found


def against(function: str, second: bool, parameters: dict[str, Any]) -> None:
    """A functional on every image, with parameters drawn anew for each."""
    ran = 0
    for turn in range(ROUNDS):
        rng = np.random.default_rng(sum(map(ord, function)) + turn)
        for what, image in images(turn).items():
            if what == "I;16" and function in BY_TENSOR:
                continue  # which are uint16, a dtype that corelib has not
            chosen = drawn(parameters, rng)

            def call(library: Library, image: Any = image, chosen: dict[str, Any] = chosen) -> Any:
                F = library.F2 if second else library.F1
                more = {k: v(library.v1) if callable(v) else v for k, v in chosen.items()}
                return getattr(F, function)(given(library, image), **more)

            half = what.startswith("float16")
            shown = {k: v(OURS.v1).name if callable(v) else v for k, v in chosen.items()}
            few = 0.0 if what in MODES and "blur" not in function else LOOSE.get(function, FEW)
            ran += both(call, f"{function} of {what} with {shown}", turn, near=4e-3 if half else 2e-5, few=few)
    assert ran or function in ("get_num_frames",)


@pytest.mark.parametrize("function", PARAMETERS)
def test_a_function_of_the_first_gives_what_torchvisions_gives(function: str) -> None:
    against(function, False, PARAMETERS[function])


@pytest.mark.parametrize("function", SECOND)
def test_a_function_of_the_second_gives_what_torchvisions_gives(function: str) -> None:
    against(function, True, SECOND[function])


@pytest.mark.parametrize("second", [False, True])
def test_dtypes_are_converted_as_torchvisions(second: bool) -> None:
    for source in DTYPES:
        for target in DTYPES:
            if {source, target} in ({"float16", "int32"}, {"float16", "int64"}):
                continue  # whose white is infinite in the one
            image = pixels((3, 9, 11), source, 3)

            def call(library: Library, image: Any = image, target: str = target) -> Any:
                kind = getattr(library.T, target)
                return library.F2.to_dtype(given(library, image), kind, scale=True) if second else library.F1.convert_image_dtype(given(library, image), kind)

            both(call, f"{source} to {target}", near=2e-3 if "float16" in (source, target) else 2e-5)


@pytest.mark.parametrize("second", [False, True])
def test_parts_are_erased_and_displaced_as_torchvisions(second: bool) -> None:
    for what, image in images(4).items():
        shape = image.shape if isinstance(image, np.ndarray) else (3, 18, 23)
        v = np.random.default_rng(1).random((1, 4, 5), dtype=np.float32) * 100
        moves = (np.random.default_rng(2).random((1, *shape[-2:], 2), dtype=np.float32) - 0.5) * 0.2

        def erased(library: Library, image: Any = image) -> Any:
            return (library.F2 if second else library.F1).erase(given(library, image), 2, 3, 4, 5, given(library, v))

        def moved(library: Library, image: Any = image, moves: Any = moves) -> Any:
            F = library.F2 if second else library.F1
            return F.elastic_transform(given(library, image), given(library, moves), library.v1.InterpolationMode.BILINEAR, fill=3)

        half = what.startswith("float16")
        if what == "I;16":
            continue
        both(erased, f"erase of {what}", near=4e-3 if half else 2e-5)
        both(moved, f"elastic of {what}", near=4e-3 if half else 2e-5)


def test_every_public_name_is_there_with_torchvisions_arguments() -> None:
    compared = 0
    for ours, theirs in ((OURS.v1, THEIRS.v1), (OURS.F1, THEIRS.F1), (OURS.v2, THEIRS.v2), (OURS.F2, THEIRS.F2), (OURS.tv, THEIRS.tv)):
        for name, value in vars(theirs).items():
            if name.startswith("_") or not callable(value) or not getattr(value, "__module__", "").startswith("torchvision") or isinstance(value, type) and name in ("Image", "PILImage"):
                continue
            mine = getattr(ours, name)
            compared += 1
            if isinstance(value, type) and issubclass(value, __import__("enum").Enum):
                assert [(m.name, m.value) for m in mine] == [(m.name, m.value) for m in value]
                continue
            try:
                expected = inspect.signature(value).parameters
            except ValueError:
                continue
            got = inspect.signature(mine).parameters
            assert list(got) == list(expected), name
            for key, parameter in expected.items():
                default = got[key].default
                if parameter.default is inspect.Parameter.empty or isinstance(parameter.default, (int, float, str, tuple, type(None))):
                    assert default == parameter.default, (name, key)
                else:
                    assert str(default) == str(parameter.default), (name, key)
    assert compared > 300


def test_arrays_become_tensors_and_images_as_torchvisions() -> None:
    rng = np.random.default_rng(3)
    for shape in ((5, 7), (5, 7, 1), (5, 7, 2), (5, 7, 3), (5, 7, 4), (5, 7, 5), (2, 5, 7, 3)):
        for dtype in ("uint8", "int16", "int32", "float32", "float64", "int64", "bool"):
            array = (rng.random(shape) * 200).astype(dtype)
            for function in ("to_tensor", "to_pil_image"):
                for mode in (None, "L", "RGB", "F", "I", "HSV", "CMYK", "LA") if function == "to_pil_image" else (None,):
                    more = {} if mode is None else {"mode": mode}
                    what = f"{function} of {dtype} {shape} {mode}"
                    both(lambda library, f=function, a=array, m=more: getattr(library.F1, f)(a.copy(), **m), what)  # type: ignore[misc]
            both(lambda library, a=array: library.F2.to_image(a.copy()), f"to_image of {dtype} {shape}")  # type: ignore[misc]


def test_tensors_become_images_as_torchvisions() -> None:
    for shape in ((5, 7), (1, 5, 7), (2, 5, 7), (3, 5, 7), (4, 5, 7), (5, 5, 7), (2, 3, 5, 7)):
        for dtype in ("uint8", "int16", "int32", "float32", "float64", "int64"):
            image = pixels(shape, dtype, 5)
            for mode in (None, "L", "RGB", "F", "I", "I;16", "YCbCr", "RGBX", "LA"):
                both(lambda library, i=image, m=mode: library.F1.to_pil_image(given(library, i), m), f"{dtype} {shape} as {mode}")  # type: ignore[misc]


def test_brightness_by_an_int_and_pictures_too_small_or_too_few_to_smooth_are_torchvisions() -> None:
    image = pixels((3, 9, 11), "uint8", 5)
    assert both(lambda library: library.F1.adjust_brightness(given(library, image), 2), "brightness by 2")
    assert both(lambda library: library.F1.adjust_sharpness(given(library, pixels((2, 2, 3, 9, 2), "uint8", 6)), 0.5), "sharpness of five dimensions, too small")
    assert both(lambda library: library.F1.gaussian_blur(library.T.zeros(0, 3, 9, 11), 3), "blur of no pictures")
    for shape in ((2, 2, 3, 9, 9), (2, 0, 3, 9, 9)):
        assert not both(lambda library, shape=shape: library.F1.adjust_sharpness(library.T.ones(shape), 0.5), f"sharpness of {shape}")  # type: ignore[misc]
    assert not both(lambda library: library.F1.gaussian_blur(library.T.zeros(2, 3, 0, 11), 3), "blur of no rows")
    assert not both(lambda library: library.F1.gaussian_blur(library.T.zeros(0, 3, 2, 11), 5), "blur of no pictures that are too low")


def test_nothing_of_what_is_not_an_image_is_taken() -> None:
    for function, parameters in PARAMETERS.items():
        chosen = drawn(parameters, np.random.default_rng(0))

        def call(library: Library, function: str = function, chosen: dict[str, Any] = chosen) -> Any:
            return getattr(library.F1, function)("an image", **{k: v(library.v1) if callable(v) else v for k, v in chosen.items()})

        with quiet():
            assert not both(call, function)
    assert corelib.tensor(1).ndim == 0
