"""What makes a family of models from a table: enums of weights from rows, functions that make models from a line each, initial values.

A row of weights has the model's name as its enum has it, the weights' name without what the table's all begin with (`*` before the default), the
file's name, crop size (`-` for none), resize size, interpolation, the smallest side of an image, the number of parameters, two figures of
merit, GFLOPS for one image, and the file's size in MB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import EnumMeta
from functools import partial
from inspect import Parameter, Signature
from typing import Any, TypeVar, cast

from corelib.nn import BatchNorm2d, Conv2d, GroupNorm, Linear, Module, init
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import Weights, WeightsEnum, register_model
from corelib.vision.models._meta import _IMAGENET_CATEGORIES
from corelib.vision.models._utils import _ovewrite_named_param, handle_legacy_interface
from corelib.vision.transforms._presets import ImageClassification

M = TypeVar("M", bound=Module)
MakeLayer = Callable[..., Module]

_MODELS = "https://download.pytorch.org/models/"
_SWAG_LICENSE = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE"


def weights_table(
    module: str,
    rows: str,
    *,
    prefix: str = "IMAGENET1K_",
    merits: tuple[str, str, str] = ("ImageNet-1K", "acc@1", "acc@5"),
    categories: list[str] = _IMAGENET_CATEGORIES,
    preset: Callable[..., Any] = ImageClassification,
    presets: Mapping[str, Mapping[str, Any]] | None = None,
    metas: Mapping[str, Mapping[str, Any]] | None = None,
) -> Iterator[type[WeightsEnum]]:
    """One enum of weights for each model in the table, in its order. presets, metas: what a file's preset and meta have besides the columns."""
    members: dict[str, list[tuple[str, Weights]]] = {}
    defaults: dict[str, Weights] = {}
    for line in rows.strip().splitlines():
        model, name, file, crop, resize, interpolation, side, params, first, second, flops, size = line.split()
        options: dict[str, Any] = {} if crop == "-" else {"crop_size": int(crop)}
        options |= {"resize_size": int(resize), "interpolation": interpolation, **(presets or {}).get(file, {})}
        meta: dict[str, Any] = {
            "num_params": int(params), "min_size": (int(side), int(side)), "categories": categories,
            "_metrics": {merits[0]: {merits[1]: float(first), merits[2]: float(second)}}, "_ops": float(flops), "_file_size": float(size),
        }  # fmt: skip
        if "SWAG" in name:
            meta["license"] = _SWAG_LICENSE
        weights = Weights(f"{_MODELS}{file}.pth", partial(preset, **options), {**meta, **(metas or {}).get(file, {})})
        members.setdefault(model, []).append((prefix + name.removeprefix("*"), weights))
        if name.startswith("*"):
            defaults[model] = weights
    for model, listed in members.items():
        enum = EnumMeta.__call__(WeightsEnum, f"{model}_Weights", [*listed, ("DEFAULT", defaults[model])], module=module)
        enum.__doc__ = f"The pretrained weights that there are for {model}."
        yield cast("type[WeightsEnum]", enum)


def model_builder(
    family: Callable[..., M], name: str, weights: type[WeightsEnum], *settings: Any, legacy: str | None = "IMAGENET1K_V1", **options: Any
) -> Callable[..., M]:
    """The registered function `name`, which calls `family(weights, progress, *settings, **options)` with its own keyword arguments besides.

    legacy: the weights that `pretrained=True` means.
    """

    def build(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> M:
        return family(enum.verify(weights), progress, *settings, **options, **kwargs)

    enum = weights
    build.__name__ = build.__qualname__ = name
    build.__module__ = family.__module__
    build.__doc__ = f"""{name}, {family.__doc__}

    weights: a member of {enum.__name__}, its name, or None for a model that is not trained. progress: a bar while they are downloaded.
    """
    model = family.__annotations__["return"]
    build.__dict__["__signature__"] = Signature(  # what get_model_weights reads
        [
            Parameter("weights", Parameter.KEYWORD_ONLY, default=None, annotation=enum | None),
            Parameter("progress", Parameter.KEYWORD_ONLY, default=True, annotation=bool),
            Parameter("kwargs", Parameter.VAR_KEYWORD, annotation=Any),
        ],
        return_annotation=family.__globals__.get(model, model),
    )
    return register_model()(handle_legacy_interface(weights=("pretrained", legacy and enum[legacy]))(build))


def settled(make: Callable[..., M], *args: Any, **settings: Any) -> Callable[..., M]:
    """`make` with arguments that may not be given again, by keyword either (TypeError)."""
    return lambda **options: make(*args, **settings, **options)


def with_weights(make: Callable[..., M], weights: WeightsEnum | None, progress: bool, kwargs: dict[str, Any], **implied: Any) -> M:
    """The model `make(**kwargs)`, with pretrained weights if there are any, which decide its num_classes and the arguments `implied`."""
    if weights is None:
        return make(**kwargs)
    for name, value in {**implied, "num_classes": len(weights.meta["categories"])}.items():
        _ovewrite_named_param(kwargs, name, value)
    model = make(**kwargs)
    model.load_state_dict(weights.get_state_dict(progress=progress, check_hash=True))
    return model


Fill = Callable[[Tensor], Any]


def initialize(
    model: Module, conv: Fill, linear: Fill | None = None, *, zero_biases: bool = True, norms: tuple[type[Module], ...] = (BatchNorm2d, GroupNorm)
) -> None:
    """Fill the weights of convolutions and linear layers, module by module; set their biases to 0; norms start as the identity.

    Linear layers stay as they are without `linear`, and biases unless `zero_biases`.
    """
    for module in model.modules():
        if isinstance(module, norms):
            init.ones_(module.weight)
            init.zeros_(module.bias)
        elif fill := conv if isinstance(module, Conv2d) else linear if isinstance(module, Linear) else None:
            fill(module.weight)
            if zero_biases and module.bias is not None:
                init.zeros_(module.bias)


kaiming = partial(init.kaiming_normal_, mode="fan_out", nonlinearity="relu")
"""He's normal values, by the number of outputs of a weight."""
