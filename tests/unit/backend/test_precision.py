"""Whether products of float32 matrices may be less exact: one choice with PyTorch's two names."""

import corelib
import pytest


def test_the_two_names_are_one_choice():
    assert corelib.get_float32_matmul_precision() == "highest" and corelib.backends.cuda.matmul.allow_tf32 is False
    try:
        corelib.backends.cuda.matmul.allow_tf32 = True
        assert corelib.get_float32_matmul_precision() == "high"
        corelib.set_float32_matmul_precision("medium")
        assert corelib.backends.cuda.matmul.allow_tf32 is True
    finally:
        corelib.set_float32_matmul_precision("highest")
    assert corelib.backends.cuda.matmul.allow_tf32 is False


def test_other_choices_are_refused():
    with pytest.raises(ValueError, match="must be one of 'highest', 'high', 'medium', got 'low'"):
        corelib.set_float32_matmul_precision("low")
    with pytest.raises(RuntimeError, match="expects a bool, but got int"):
        corelib.backends.cuda.matmul.allow_tf32 = 1
    assert corelib.get_float32_matmul_precision() == "highest"
