"""How exactly products of float32 matrices are computed where a device has quicker, less exact ways."""

from __future__ import annotations

_CHOICES = ("highest", "high", "medium")
_chosen = "highest"


def set_float32_matmul_precision(precision: str) -> None:
    """Say how exact products of float32 matrices are: "highest" (the default) in float32; "high" and "medium" allow a device to round
    their factors to ten bits (TF32) first, where it has that. ValueError for anything else.

    >>> import corelib as torch
    >>> torch.set_float32_matmul_precision("highest")
    """
    global _chosen
    if precision not in _CHOICES:
        raise ValueError(f"set_float32_matmul_precision(): precision must be one of {', '.join(map(repr, _CHOICES))}, got {precision!r}")
    _chosen = precision


def get_float32_matmul_precision() -> str:
    """How exact products of float32 matrices are.

    >>> import corelib as torch
    >>> torch.get_float32_matmul_precision()
    'highest'
    """
    return _chosen


class Matmul:
    """`corelib.backends.cuda.matmul`: PyTorch's other name for the same choice."""

    @property
    def allow_tf32(self) -> bool:
        """Whether float32 products may round their factors to ten bits."""
        return _chosen != "highest"

    @allow_tf32.setter
    def allow_tf32(self, allowed: bool) -> None:
        if not isinstance(allowed, bool):
            raise TypeError(f"allow_tf32 must be a bool, got {type(allowed).__name__}")
        set_float32_matmul_precision("high" if allowed else "highest")


class Cuda:
    """`corelib.backends.cuda`."""

    matmul = Matmul()


class Cudnn:
    """`corelib.backends.cudnn`: corelib uses no cuDNN (its kernels for convolution are its own, and give the same numbers in every
    run), so the switches have nothing to switch. They are kept for programs that set them; AttributeError for names that are none of them."""

    __slots__ = ("allow_tf32", "benchmark", "deterministic", "enabled")

    def __init__(self) -> None:
        self.enabled = True
        self.benchmark = False
        self.deterministic = False
        self.allow_tf32 = True

    @staticmethod
    def is_available() -> bool:
        """False."""
        return False

    @staticmethod
    def version() -> None:
        """None."""
