"""Automatic differentiation, as PyTorch's: a graph of nodes recorded by operations (`corelib.graph`) and run backwards by the engine."""

from typing import NoReturn as _NoReturn

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.autograd import anomaly_mode as anomaly_mode, forward_ad as forward_ad, function as function, functional as functional, graph as graph
from corelib.autograd.gradcheck import gradcheck as gradcheck, gradgradcheck as gradgradcheck
from corelib.autograd.engine import backward as backward, grad as grad
from corelib.autograd.function import Function as Function, NestedIOFunction as NestedIOFunction
from corelib.autograd.variable import Variable as Variable
from corelib.dispatcher.inference import inference_mode as inference_mode
from corelib.dispatcher.regions import kineto_available as kineto_available
from corelib.graph import grad_mode as grad_mode
from corelib.graph.anomaly import detect_anomaly as detect_anomaly, set_detect_anomaly as set_detect_anomaly
from corelib.graph.grad_mode import (
    enable_grad as enable_grad, enforce_grad_layout_policy as enforce_grad_layout_policy, is_multithreading_enabled as is_multithreading_enabled,
    is_view_replay_enabled as is_view_replay_enabled, no_grad as no_grad, set_grad_enabled as set_grad_enabled,
    set_multithreading_enabled as set_multithreading_enabled,
)
from corelib.graph.node import Node as Node
from corelib.graph.saved import SavedTensor as SavedTensor

__all__ = [
    "Function", "NestedIOFunction", "Node", "Variable", "backward", "detect_anomaly", "enable_grad", "enforce_grad_layout_policy", "grad", "grad_mode", "gradcheck", "gradgradcheck", "inference_mode", "kineto_available", "no_grad",
    "set_detect_anomaly", "set_grad_enabled", "set_multithreading_enabled", "variable",
]  # fmt: skip

_paths_below(__name__)


def variable(*args: object, **kwargs: object) -> _NoReturn:  # in the place of the module of that name, which `import` finds as before
    """Removed, as in PyTorch: RuntimeError. Use `corelib.tensor`."""
    raise RuntimeError("torch.autograd.variable(...) is deprecated, use torch.tensor(...) instead")
