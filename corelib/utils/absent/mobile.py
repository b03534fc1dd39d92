"""Programs for phones: `mobile_optimizer` and `bundled_inputs` work on TorchScript, which corelib does not have."""

from __future__ import annotations

from enum import Enum
from typing import Any, NoReturn

__all__ = [
    "MobileOptimizerType", "augment_many_model_functions_with_bundled_inputs", "augment_model_with_bundled_inputs",
    "bundle_inputs", "bundle_large_tensor", "bundle_randn", "generate_mobile_module_lints", "optimize_for_mobile",
]


class MobileOptimizerType(Enum):
    """What PyTorch's optimizer for phones does to a program."""

    CONV_BN_FUSION = 1
    INSERT_FOLD_PREPACK_OPS = 2
    REMOVE_DROPOUT = 3
    FUSE_ADD_RELU = 4
    HOIST_CONV_PACKED_PARAMS = 5
    CONV_1D_TO_2D = 6
    VULKAN_AUTOMATIC_GPU_TRANSFER = 7


def _refuse(what: str) -> NoReturn:
    raise NotImplementedError(
        f"{what}(): it works on TorchScript's programs, which corelib does not have. Save the weights (corelib.save(model.state_dict(), path), or safetensors) and load "
        "them in PyTorch, which has them, for a phone"
    )


def optimize_for_mobile(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no TorchScript."""
    _refuse("optimize_for_mobile")


def generate_mobile_module_lints(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no TorchScript."""
    _refuse("generate_mobile_module_lints")


def bundle_inputs(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no TorchScript."""
    _refuse("bundle_inputs")


def augment_model_with_bundled_inputs(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no TorchScript."""
    _refuse("augment_model_with_bundled_inputs")


def augment_many_model_functions_with_bundled_inputs(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no TorchScript."""
    _refuse("augment_many_model_functions_with_bundled_inputs")


def bundle_randn(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no TorchScript."""
    _refuse("bundle_randn")


def bundle_large_tensor(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no TorchScript."""
    _refuse("bundle_large_tensor")
