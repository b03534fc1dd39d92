"""Attention whose scores a function changes, and whose mask is a function of the indices.

The functions are called once, with tensors of indices that broadcast against each other: batch (B, 1, 1, 1), head (H, 1, 1), query (Q, 1)
and key (KV,). Whatever is elementwise in them, or looks values up (`bias[h, q_idx - kv_idx]`), gives what a call for each score would.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, TypedDict

from corelib.nn.attention.blocks import BLOCK, BlockMask as BlockMask, MaskMod, blocks_of, noop_mask as noop_mask
from corelib.ops.construction.creation import arange, zeros
from corelib.ops.elementwise.where import where
from corelib.ops.products.products import matmul
from corelib.tensor import dtype as D
from corelib.tensor.device import DeviceLike, get_default_device
from corelib.tensor.tensor import Tensor

__all__ = [
    "AuxOutput", "AuxRequest", "BlockMask", "FlexKernelOptions", "and_masks", "create_block_mask", "create_mask", "flex_attention", "noop_mask", "or_masks",
]

ScoreMod = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


class FlexKernelOptions(TypedDict, total=False):
    """Options for PyTorch's compiled kernels; corelib computes attention with its own ops, and has nothing that they could change."""

    BACKEND: str
    BLOCK_M: int
    BLOCK_N: int
    FORCE_USE_FLEX_ATTENTION: bool
    PRESCALE_QK: bool
    ROWS_GUARANTEED_SAFE: bool
    BLOCKS_ARE_CONTIGUOUS: bool
    USE_TMA: bool
    num_warps: int
    num_stages: int


class AuxRequest(NamedTuple):
    """What `flex_attention(return_aux=...)` shall give beside its output."""

    lse: bool = False
    max_scores: bool = False


class AuxOutput(NamedTuple):
    """What `flex_attention(return_aux=...)` gives beside its output: None for what was not asked for."""

    lse: Tensor | None = None
    max_scores: Tensor | None = None


def _indices(b: int, h: int, q: int, kv: int, device: DeviceLike) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    shapes = ((b, 1, 1, 1), (h, 1, 1), (q, 1), (kv,))
    found = tuple(arange(shape[0], device=device).reshape(shape) for shape in shapes)
    return found[0], found[1], found[2], found[3]


def _arguments(function: Callable[..., Any]) -> int:
    """How many arguments without a default a function takes."""
    if not callable(function):
        raise AssertionError(f"a score_mod or mask_mod must be a function, got {type(function).__name__}")
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in kinds and p.default is inspect.Parameter.empty for p in inspect.signature(function).parameters.values())


def create_mask(
    mod_fn: ScoreMod | MaskMod, B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: DeviceLike = None
) -> Tensor:
    """The boolean mask (B, H, Q_LEN, KV_LEN) that a function says: mask_mod(b, h, q_idx, kv_idx) by its value, score_mod(score, b, h, q_idx, kv_idx)
    by where it does not make a score of 0 minus infinity. B and H: 1 for None; device: the default one.

    >>> from corelib.nn.attention.flex_attention import create_mask
    >>> create_mask(lambda b, h, q_idx, kv_idx: q_idx >= kv_idx, None, None, 2, 2)
    tensor([[[[ True, False],
              [ True,  True]]]])
    """
    place = get_default_device() if device is None else device
    shape = (B or 1, H or 1, Q_LEN, KV_LEN)
    given: Callable[..., Tensor] = mod_fn
    count = _arguments(mod_fn)
    if count not in (4, 5):
        raise AssertionError(f"create_mask(): mod_fn must take 4 arguments (a mask_mod) or 5 (a score_mod), got one of {count}")
    if count == 5:
        changed = given(zeros(shape, device=place), *_indices(*shape, place))
        return ~changed.isneginf().expand(shape)
    return given(*_indices(*shape, place)).expand(shape).clone()


def create_block_mask(
    mask_mod: MaskMod, B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: DeviceLike = None,
    BLOCK_SIZE: int | tuple[int, int] = BLOCK, _compile: bool = False, separate_full_blocks: bool = True,
    compute_dq_write_order: bool = False, dq_kv_order: bool = True,
) -> BlockMask:  # fmt: skip
    """A function mask_mod(b, h, q_idx, kv_idx) with the blocks of BLOCK_SIZE (queries, keys) in which it allows all, some or none.

    B and H: 1 for None, which fits any; device: the default one; separate_full_blocks: whether blocks that are allowed as a whole are listed apart.
    AssertionError for a function of another number of arguments, NotImplementedError for compute_dq_write_order, which is for PyTorch's kernels.

    >>> from corelib.nn.attention.flex_attention import create_block_mask
    >>> create_block_mask(lambda b, h, q_idx, kv_idx: q_idx >= kv_idx, None, None, 256, 256).sparsity()
    25.0
    """
    if _arguments(mask_mod) != 4:
        raise AssertionError(f"create_block_mask() requires a mask_mod function of (b, h, q_idx, kv_idx), got {mask_mod}")
    if compute_dq_write_order:
        raise NotImplementedError("create_block_mask(): compute_dq_write_order orders sums of PyTorch's kernels; corelib's have one order, leave it False")
    sizes = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else BLOCK_SIZE
    mask = create_mask(mask_mod, B, H, Q_LEN, KV_LEN, device)
    return blocks_of(mask, mask_mod, (sizes[0], sizes[1]), separate_full_blocks)


def _combined(name: str, masks: tuple[MaskMod, ...], start: bool) -> MaskMod:
    if not all(callable(m) for m in masks):
        raise RuntimeError(f"{name}(): All inputs should be callable mask_mods: {masks}")

    def combined(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
        made = b.new_full((), start, dtype=D.bool)
        for mask in masks:
            found = mask(b, h, q_idx, kv_idx)
            made = made & found if start else made | found
        return made

    combined.__name__ = combined.__qualname__ = name[:-1]
    return combined


def or_masks(*mask_mods: MaskMod) -> MaskMod:
    """A mask_mod that allows what any of these allows. RuntimeError for what cannot be called."""
    return _combined("or_masks", mask_mods, False)


def and_masks(*mask_mods: MaskMod) -> MaskMod:
    """A mask_mod that allows what all of these allow. RuntimeError for what cannot be called.

    >>> from corelib.nn.attention.flex_attention import and_masks, create_mask
    >>> near = and_masks(lambda b, h, q, kv: q >= kv, lambda b, h, q, kv: q - kv < 2)
    >>> create_mask(near, None, None, 3, 3).sum().item()
    5
    """
    return _combined("and_masks", mask_mods, True)


def _check(query: Tensor, key: Tensor, value: Tensor, block_mask: BlockMask | None, enable_gqa: bool) -> None:
    if query.dim() != 4 or key.dim() != 4 or value.dim() != 4:
        raise NotImplementedError(f"flex_attention(): query, key and value must have 4 dimensions, got {query.dim()}, {key.dim()} and {value.dim()}")
    if not query.dtype is key.dtype is value.dtype:
        raise ValueError(f"flex_attention(): Expected query, key, and value to have the same dtype, but got {query.dtype}, {key.dtype} and {value.dtype}")
    if query.size(-1) != key.size(-1):
        raise ValueError(f"flex_attention(): Expect query and key/value to have the same embedding dimension but got E={query.size(-1)} and E={key.size(-1)}.")
    if query.size(0) != key.size(0) and (block_mask is None or block_mask.kv_num_blocks.size(0) != 1 or key.size(0) != 1):
        raise RuntimeError(f"flex_attention(): Expect query and key/value to have the same batch size, or key's to be 1, but got {query.size(0)} and {key.size(0)}")
    if query.size(1) != key.size(1) and not enable_gqa:
        raise ValueError(
            f"flex_attention(): Expect query and key/value to have the same number of heads but got Hq={query.size(1)} and Hkv={key.size(1)}. "
            "Try setting enable_gqa=True for GQA."
        )
    if enable_gqa and query.size(1) % key.size(1):
        raise ValueError(f"flex_attention(): Expect number of query heads to be a multiple of kv heads for GQA but got Hq={query.size(1)} and Hkv={key.size(1)}.")
    if block_mask is None:
        return
    sizes = (query.size(-2), key.size(-2))
    if block_mask.seq_lengths != sizes:
        raise ValueError(
            f"flex_attention(): block_mask was created for block_mask.shape={block_mask.shape} but got q_len={sizes[0]} and kv_len={sizes[1]}. Create a "
            "new block mask with create_block_mask, or take its rows with block_mask[:, :, index]"
        )
    if block_mask.kv_indices.device != query.device:
        raise RuntimeError(f"flex_attention(): Expect q/k/v and block_mask to be on the same device but got {query.device} and {block_mask.kv_indices.device}.")


def flex_attention(
    query: Tensor, key: Tensor, value: Tensor, score_mod: ScoreMod | None = None, block_mask: BlockMask | None = None, scale: float | None = None,
    enable_gqa: bool = False, return_lse: bool = False, kernel_options: FlexKernelOptions | None = None, *, return_aux: AuxRequest | None = None,
) -> Tensor | tuple[Tensor, Tensor] | tuple[Tensor, AuxOutput]:  # fmt: skip
    """Attention whose scores a function changes: softmax(score_mod(query @ key.T * scale), where block_mask allows) @ value.

    query (B, Hq, L, E), key (B, Hkv, S, E), value (B, Hkv, S, Ev) give (B, Hq, L, Ev). score_mod(score, b, h, q_idx, kv_idx) gets all scores and
    tensors of indices that broadcast; scale: 1 / sqrt(E); enable_gqa: each head of key and value is for Hq / Hkv of the query's. return_lse, or
    return_aux=AuxRequest(lse=, max_scores=): (output, logsumexp of the scores) or (output, AuxOutput). A query that may attend to nothing gives 0.
    It is computed with the ops of the device, with gradients on every device. ValueError for shapes and dtypes that do not fit.

    >>> import corelib as torch
    >>> from corelib.nn.attention.flex_attention import flex_attention
    >>> q = torch.ones(1, 1, 2, 4)
    >>> flex_attention(q, q, q, score_mod=lambda score, b, h, q_idx, kv_idx: score - (q_idx - kv_idx).abs()).shape
    torch.Size([1, 1, 2, 4])
    """
    _check(query, key, value, block_mask, enable_gqa)
    given = query.dtype
    if given in (D.float16, D.bfloat16):
        query, key, value = query.float(), key.float(), value.float()
    if query.size(1) != key.size(1):
        times = query.size(1) // key.size(1)
        key, value = key.repeat_interleave(times, 1), value.repeat_interleave(times, 1)
    scores = matmul(query * (query.size(-1) ** -0.5 if scale is None else scale), key.mT)
    b, h, q, kv = scores.shape
    indices = _indices(b, h, q, kv, scores.device)
    if score_mod is not None:
        scores = score_mod(scores, *indices).to(scores.dtype)
    if block_mask is not None:
        scores = where(_allowed(block_mask, indices), scores, float("-inf"))
    top = scores.amax(-1, keepdim=True)
    base = where(top.isneginf(), 0.0, top).detach()
    weights = (scores - base).exp()
    total = weights.sum(-1, keepdim=True)
    out: Tensor = (matmul(weights, value) / where(total == 0, 1.0, total)).to(given)
    if return_aux is None and not return_lse:
        return out
    lse = (base + total.log()).squeeze(-1)
    if return_aux is None:
        return out, lse
    return out, AuxOutput(lse if return_aux.lse else None, top.squeeze(-1) if return_aux.max_scores else None)


def _allowed(block_mask: BlockMask, indices: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
    """Where a score counts: in full blocks, and in partial ones where mask_mod says so."""
    rows, columns = block_mask.BLOCK_SIZE
    q, kv = (i // size for i, size in zip(indices[2:], (rows, columns)))
    partial, full = block_mask.dense_kinds()
    allowed = partial.bool()[:, :, q, kv] & block_mask.mask_mod(*indices)
    return allowed if full is None else allowed | full.bool()[:, :, q, kv]
