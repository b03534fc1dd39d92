"""torch.nn.attention: which kernels `scaled_dot_product_attention` may choose, biases that are known by name, and attention with a function of the scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.ops.neural.attention import ALLOWED as _ALLOWED, SDPBackend as SDPBackend

__all__ = [
    "SDPBackend", "WARN_FOR_UNFUSED_KERNELS", "activate_flash_attention_impl", "current_flash_attention_impl", "list_flash_attention_impls",
    "register_flash_attention_impl", "restore_flash_attention_impl", "sdpa_kernel",
]

WARN_FOR_UNFUSED_KERNELS = False
"""Whether a causal bias warns where it is computed as products and a softmax."""


@contextmanager
def sdpa_kernel(backends: list[SDPBackend] | SDPBackend, set_priority: bool = False) -> Iterator[Any]:
    """A context, or a decorator, in which `scaled_dot_product_attention` may choose these kernels alone; those before come back after it.

    corelib has `SDPBackend.MATH` and, where a device has a kernel for the whole, `SDPBackend.FLASH_ATTENTION`, which it prefers; set_priority
    changes nothing of that, as both give the same numbers. Where none of the allowed can run, `scaled_dot_product_attention` raises RuntimeError.
    AssertionError for what is neither an SDPBackend nor a list.

    >>> import corelib as torch
    >>> from corelib.nn.attention import SDPBackend, sdpa_kernel
    >>> q = torch.ones(1, 1, 2, 4)
    >>> with sdpa_kernel(SDPBackend.MATH):
    ...     torch.nn.functional.scaled_dot_product_attention(q, q, q).sum().item()
    8.0
    """
    if not isinstance(backends, (list, SDPBackend)):
        raise AssertionError(f"sdpa_kernel(): Backend must be an instance of SDPBackend or a list of SDPBackend instances, got {type(backends).__name__}")
    before = set(_ALLOWED)
    wanted = set(SDPBackend) & {*(backends if isinstance(backends, list) else [backends])} - {SDPBackend.ERROR}
    _ALLOWED.clear()
    _ALLOWED.update(wanted)
    try:
        yield {}
    finally:
        _ALLOWED.clear()
        _ALLOWED.update(before)


def list_flash_attention_impls() -> list[str]:
    """The implementations of flash attention for cuda that could be activated: none.

    >>> import corelib as torch
    >>> torch.nn.attention.list_flash_attention_impls()
    []
    """
    return []


def current_flash_attention_impl() -> str | None:
    """The implementation of flash attention that was activated: None."""
    return None


def register_flash_attention_impl(impl: str, *, register_fn: Callable[..., Any]) -> NoReturn:
    """RuntimeError: a kernel pack registers kernels for attention here (docs/backends.md)."""
    raise RuntimeError(f"register_flash_attention_impl({impl!r}): corelib's kernels for attention are registered by a kernel pack, entry-point group corelib.kernels")


def activate_flash_attention_impl(impl: str) -> NoReturn:
    """ValueError: there is none."""
    raise ValueError(f"activate_flash_attention_impl(): Unknown flash attention impl {impl!r}. Available implementations: []")


def restore_flash_attention_impl() -> None:
    """Nothing was activated, and nothing is to be put back."""


_paths_below(__name__)
