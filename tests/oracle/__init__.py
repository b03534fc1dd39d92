"""Every op against PyTorch on the CPU: values, dtypes, shapes, strides, gradients and exceptions."""

import pytest

# What fails in these is told as in a test's own file.
SHARED = ("harness", "pairs", "autograd.programs", "nn.modules", "backend.on_devices")
pytest.register_assert_rewrite(*[f"{__name__}.{name}" for name in SHARED])
