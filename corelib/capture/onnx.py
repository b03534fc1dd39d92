"""torch.onnx: exporting to ONNX, which needs a graph of the program, refuses and says what to do instead."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["OnnxExporterError", "export", "is_in_onnx_export"]


class OnnxExporterError(RuntimeError):
    """Why a model could not be exported."""


def is_in_onnx_export() -> bool:
    """False: nothing is being exported.

    >>> import corelib as torch
    >>> torch.onnx.is_in_onnx_export()
    False
    """
    return False


def export(model: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """OnnxExporterError: corelib does not turn programs into graphs. PyTorch reads the parameters that `torch.save` writes, and can export them."""
    raise OnnxExporterError(
        "onnx.export(): corelib does not turn programs into graphs. Save the parameters with torch.save(model.state_dict(), path); "
        "PyTorch loads that file into the same model, and exports it"
    )
