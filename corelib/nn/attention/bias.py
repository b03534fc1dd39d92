"""Causal biases for `scaled_dot_product_attention`, by name and size."""

from __future__ import annotations

from enum import IntEnum, auto
from typing import Self

from corelib.dispatcher.warned import warn
from corelib.ops.construction.construct import as_subclass
from corelib.ops.construction.creation import ones
from corelib.tensor.device import DeviceLike
from corelib.tensor.dtype import bool as bool_
from corelib.tensor.overrides import no_torch_function
from corelib.tensor.tensor import Tensor

__all__ = ["CausalBias", "CausalVariant", "causal_lower_right", "causal_upper_left"]


class CausalVariant(IntEnum):
    """To which corner of the scores the triangle of a causal bias is aligned.

    UPPER_LEFT: `tril(ones(size))`. LOWER_RIGHT: `tril(ones(size), diagonal=size[1] - size[0])`.
    """

    UPPER_LEFT = auto()
    LOWER_RIGHT = auto()


class CausalBias(Tensor):
    """A causal bias of (seq_len_q, seq_len_kv): as attn_mask it means the boolean mask of its variant, on whatever device the query is.

    A warning for LOWER_RIGHT with more queries than keys, where some queries see nothing. AssertionError for what is no CausalVariant.

    >>> import corelib as torch
    >>> torch.nn.attention.bias.causal_lower_right(2, 3)
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """

    __torch_function__ = no_torch_function  # type: ignore[assignment]  # attention looks at the class

    def __new__(cls, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> Self:
        if not isinstance(variant, CausalVariant):
            raise AssertionError(f"variant must be a CausalVariant, got {type(variant).__name__}")
        return as_subclass(_triangle(variant, seq_len_q, seq_len_kv, "cpu"), cls)

    def __init__(self, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> None:
        self.variant = variant
        self.seq_len_q = seq_len_q
        self.seq_len_kv = seq_len_kv
        if seq_len_q > seq_len_kv and variant == CausalVariant.LOWER_RIGHT:
            warn("Lower right causal bias will produce NaNs in the output when seq_len_q > seq_len_kv!")

    def _materialize(self, device: DeviceLike = None) -> Tensor:
        """The boolean mask as a tensor, on the cpu by default."""
        return _triangle(self.variant, self.seq_len_q, self.seq_len_kv, "cpu" if device is None else device)

    def __repr__(self) -> str:  # type: ignore[override]  # as Parameter's
        return repr(self._materialize())


def _triangle(variant: CausalVariant, q: int, kv: int, device: DeviceLike) -> Tensor:
    full = ones(q, kv, dtype=bool_, device=device)
    return full.tril(0 if variant == CausalVariant.UPPER_LEFT else kv - q)


def causal_upper_left(*size: int) -> CausalBias:
    """The causal bias of two sizes whose triangle begins in the upper left: what is_causal=True means.

    >>> import corelib as torch
    >>> torch.nn.attention.bias.causal_upper_left(2, 3)
    tensor([[ True, False, False],
            [ True,  True, False]])
    """
    return CausalBias(CausalVariant.UPPER_LEFT, *_two("causal_upper_left", size))


def causal_lower_right(*size: int) -> CausalBias:
    """The causal bias of two sizes whose triangle ends in the lower right, as for queries that come after cached keys."""
    return CausalBias(CausalVariant.LOWER_RIGHT, *_two("causal_lower_right", size))


def _two(name: str, size: tuple[int, ...]) -> tuple[int, int]:
    if len(size) != 2:
        raise AssertionError(f"{name}() only supports 2D tensors, got {len(size)}D")
    return size
