"""The models of both libraries side by side: made alike, with the same state, and what comes of them compared."""

from __future__ import annotations

import os
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

import corelib
import corelib.vision.models
import corelib.vision.ops.misc

from .beside import torchvision

WHOLE = os.environ.get("CORELIB_VISION") == "whole"
NOT_BUILT = ("detection", "video", "optical_flow", "quantization")
OURS, THEIRS = corelib.vision.models, torchvision.models
NAMES = [n for n in THEIRS.list_models() if THEIRS.get_model_builder(n).__module__.split(".")[2] not in NOT_BUILT]
VIDEO = ["mc3_18", "r2plus1d_18", "r3d_18", "s3d"]
"""The models of videos that are built; `test_video_models` has their tests."""
SEGMENTATION = {n for n in NAMES if "segmentation" in THEIRS.get_model_builder(n).__module__}
SIDES = (SimpleNamespace(T=corelib, M=OURS, ops=corelib.vision.ops.misc), SimpleNamespace(T=torch, M=THEIRS, ops=torchvision.ops.misc))


@contextmanager
def at_ease() -> Iterator[None]:
    """Without the warnings that models give for their defaults."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def made(name: str, seed: int = 0, **options: Any) -> list[Any]:
    """A model of each library, not trained."""
    options = {"weights": None, **({"weights_backbone": None} if name in SEGMENTATION else {}), **options}
    return built(lambda side: side.M.get_model(name, **options), seed)


def built(make: Callable[[Any], Any], seed: int = 0) -> list[Any]:
    """What `make(side)` gives with each library, started at the same seed."""
    models = []
    for side in SIDES:
        side.T.manual_seed(seed)
        with at_ease():
            models.append(make(side))
    return models


def on_meta(name: str) -> list[Any]:
    """Models without numbers, in either library."""
    options = {"weights": None, **({"weights_backbone": None} if name in SEGMENTATION else {})}

    def make(side: Any) -> Any:
        with side.T.device("meta"):
            return side.M.get_model(name, **options)

    return built(make)


def described(model: Any) -> dict[str, Any]:
    """Names, shapes and dtypes in their orders, and how it prints."""
    return {
        "state": [(k, tuple(v.shape), str(v.dtype)) for k, v in model.state_dict().items()],
        "modules": [n for n, _ in model.named_modules()],
        "parameters": [(n, p.requires_grad) for n, p in model.named_parameters()],
        "buffers": [n for n, _ in model.named_buffers()],
        "printed": repr(model),
    }


def with_one_state(models: list[Any], seed: int) -> None:
    """Give both PyTorch's start, but with statistics, scales and heads that do not hide anything."""
    ours, theirs = models
    rng = np.random.default_rng(seed)
    state = theirs.state_dict()
    for key, value in state.items():
        if key.endswith("running_mean") or "heads.head" in key:
            value.copy_(torch.from_numpy(rng.normal(0, 0.1, value.shape)))
        elif key.endswith("running_var"):
            value.copy_(torch.from_numpy(rng.uniform(0.5, 1.5, value.shape)))
        elif "layer_scale" in key:
            value.fill_(0.1)
    theirs.load_state_dict(state)
    ours.load_state_dict(as_corelib(state))


def as_corelib(state: Any) -> Any:
    """A state_dict of PyTorch's as one of corelib's."""
    copied: Any = OrderedDict((k, corelib.from_numpy(v.numpy().copy())) for k, v in state.items())
    copied._metadata = state._metadata
    return copied


def outputs(result: Any) -> dict[str, Any]:
    """Every tensor of what a model gives, by name."""
    if isinstance(result, dict):
        return dict(result)
    return dict(result._asdict()) if hasattr(result, "_asdict") else {"out": result}
