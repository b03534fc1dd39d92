"""Automatic differentiation, as PyTorch's: a graph of nodes recorded by operations (`corelib.graph`) and run backwards by the engine."""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.autograd import anomaly_mode as anomaly_mode, function as function, functional as functional, graph as graph
from corelib.autograd.checking import gradcheck as gradcheck, gradgradcheck as gradgradcheck
from corelib.autograd.engine import backward as backward, grad as grad
from corelib.autograd.function import Function as Function
from corelib.dispatcher.inference import inference_mode as inference_mode
from corelib.graph import grad_mode as grad_mode
from corelib.graph.anomaly import detect_anomaly as detect_anomaly, set_detect_anomaly as set_detect_anomaly
from corelib.graph.grad_mode import enable_grad as enable_grad, no_grad as no_grad, set_grad_enabled as set_grad_enabled
from corelib.graph.node import Node as Node

__all__ = [
    "Function", "Node", "backward", "detect_anomaly", "enable_grad", "grad", "gradcheck", "gradgradcheck", "inference_mode", "no_grad",
    "set_detect_anomaly", "set_grad_enabled",
]  # fmt: skip

_paths_below(__name__)
