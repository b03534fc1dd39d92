"""torch.backends.mkldnn: corelib does not use oneDNN. The settings are kept for programs that set and read them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from corelib.as_torch.finder import become
from corelib.backends._settings import FP32Precision, Settings, Verbose, flag, precision

__all__ = ["MkldnnModule", "flags", "is_acl_available", "is_available", "set_flags", "verbose"]

enabled: bool
deterministic: bool
allow_tf32: bool | None
fp32_precision: str

VERBOSE_OFF = 0
VERBOSE_ON = 1
VERBOSE_ON_CREATION = 2


@become(__name__)
class MkldnnModule(Settings):
    """The class of this module, whose properties are its settings."""

    enabled = flag("torch.backends.mkldnn", "enabled", True)
    deterministic = flag("torch.backends.mkldnn", "deterministic", False)
    matmul = FP32Precision("mkldnn", "matmul")
    conv = FP32Precision("mkldnn", "conv")
    rnn = FP32Precision("mkldnn", "rnn")
    fp32_precision = precision("mkldnn", "all", ("generic", "all"))  # as PyTorch: setting it sets all libraries'

    @property
    def allow_tf32(self) -> bool | None:
        """None: it is for Intel's GPUs alone. What is set is not kept, as in a PyTorch without them."""
        return None

    @allow_tf32.setter
    def allow_tf32(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise RuntimeError(f"torch.backends.mkldnn.allow_tf32 expects a bool, but got {type(value).__name__}")


_module = MkldnnModule(__name__)


def is_available() -> bool:
    """False."""
    return False


def is_acl_available() -> bool:
    """False."""
    return False


class verbose(Verbose):
    """What oneDNN would print of its calls: nothing for VERBOSE_OFF. AssertionError on entering with another level, as without oneDNN."""

    _library = "MKLDNN"


def set_flags(
    _enabled: bool | None = None, _deterministic: bool | None = None, _allow_tf32: bool | None = None, _fp32_precision: str | None = "none"
) -> tuple[Any, ...]:
    """Set what is not None; returns what was set before, in the same order."""
    names = ("enabled", "deterministic", "allow_tf32", "fp32_precision")
    before = tuple(getattr(_module, name) for name in names)
    for name, value in zip(names, (_enabled, _deterministic, _allow_tf32, _fp32_precision)):
        if value is not None:
            setattr(_module, name, value)
    return before


@contextmanager
def flags(enabled: bool = False, deterministic: bool = False, allow_tf32: bool = True, fp32_precision: str = "none") -> Iterator[None]:
    """A context with these settings, the given and the defaults; those before come back after it."""
    before = set_flags(enabled, deterministic, allow_tf32, fp32_precision)
    try:
        yield
    finally:
        set_flags(*before)
