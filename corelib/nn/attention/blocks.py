"""BlockMask: which blocks of queries and keys a mask allows as a whole, in part, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import prod
from typing import Any, Self

from corelib.nn import functional as F
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.where import where
from corelib.tensor import dtype as D
from corelib.tensor.device import DeviceLike
from corelib.tensor.tensor import Tensor

BLOCK = 128
MaskMod = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
Ordered = tuple[Tensor, Tensor]


def noop_mask(batch: Tensor, head: Tensor, token_q: Tensor, token_kv: Tensor) -> Tensor:
    """The mask_mod that allows everything."""
    return batch.new_ones((), dtype=D.bool)


def _sliced(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
    raise RuntimeError(
        "Cannot use mask_mod from a sliced BlockMask: its indices would count from the slice. Give it one that adds the offset: "
        "block_mask[...].mask_mod = ..."
    )


def _to_ordered(dense: Tensor) -> Ordered:
    """Of each row: how many blocks there are, and the columns of all, those that are there first."""
    return dense.to(D.int32).sum(-1).to(D.int32), dense.to(D.int32).argsort(-1, descending=True, stable=True).to(D.int32)


def _to_dense(counts: Tensor, columns: Tensor) -> Tensor:
    """The blocks that are there as 1 and the others as 0, int32."""
    n = columns.size(-1)
    at = where(arange(n, device=columns.device) < counts.unsqueeze(-1), columns.clamp(max=n), n).long()  # one more column takes what is not there
    return columns.new_zeros((*columns.shape[:-1], n + 1), dtype=D.int32).scatter(-1, at, 1)[..., :n].contiguous()


class BlockMask:
    """A function of indices, mask_mod, with the blocks of BLOCK_SIZE (queries, keys) in which it allows anything; `create_block_mask` makes one.

    kv_num_blocks (B, H, rows) counts a row's blocks that it allows in part, kv_indices (B, H, rows, columns) begins with their columns, and
    full_kv_num_blocks and full_kv_indices say the same of those that it allows as a whole; the q_ ones say it by columns.
    """

    _TENSORS = (
        "kv_num_blocks", "kv_indices", "full_kv_num_blocks", "full_kv_indices", "q_num_blocks", "q_indices", "full_q_num_blocks", "full_q_indices",
    )

    def __init__(
        self, seq_lengths: tuple[int, int], kv_num_blocks: Tensor, kv_indices: Tensor, full_kv_num_blocks: Tensor | None, full_kv_indices: Tensor | None,
        q_num_blocks: Tensor | None, q_indices: Tensor | None, full_q_num_blocks: Tensor | None, full_q_indices: Tensor | None,
        BLOCK_SIZE: tuple[int, int] = (BLOCK, BLOCK), mask_mod: MaskMod = noop_mask,
    ) -> None:  # fmt: skip
        if kv_indices.dim() < 2:
            raise RuntimeError("BlockMask must have at least 2 dimensions")
        self.seq_lengths = seq_lengths
        self.kv_num_blocks, self.kv_indices = kv_num_blocks, kv_indices
        self.full_kv_num_blocks, self.full_kv_indices = full_kv_num_blocks, full_kv_indices
        self.q_num_blocks, self.q_indices = q_num_blocks, q_indices
        self.full_q_num_blocks, self.full_q_indices = full_q_num_blocks, full_q_indices
        self.BLOCK_SIZE = BLOCK_SIZE
        self.mask_mod = mask_mod

    @classmethod
    def from_kv_blocks(
        cls, kv_num_blocks: Tensor, kv_indices: Tensor, full_kv_num_blocks: Tensor | None = None, full_kv_indices: Tensor | None = None,
        BLOCK_SIZE: int | tuple[int, int] = BLOCK, mask_mod: MaskMod | None = None, seq_lengths: tuple[int, int] | None = None,
        compute_q_blocks: bool = True,
    ) -> Self:  # fmt: skip
        """A BlockMask from the blocks of each row; those of each column are found from them, unless compute_q_blocks is False."""
        if kv_indices.dim() < 2:
            raise RuntimeError("BlockMask must have at least 2 dimensions")
        if (full_kv_num_blocks is None) != (full_kv_indices is None):
            raise AssertionError("full_kv_num_blocks and full_kv_indices must be both provided or omitted")
        sizes = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else BLOCK_SIZE
        q_num = q_ind = full_q_num = full_q_ind = None
        if compute_q_blocks:
            q_num, q_ind = _to_ordered(_to_dense(kv_num_blocks, kv_indices).mT)
            if full_kv_num_blocks is not None and full_kv_indices is not None:
                full_q_num, full_q_ind = _to_ordered(_to_dense(full_kv_num_blocks, full_kv_indices).mT)
        lengths = seq_lengths or (kv_indices.size(-2) * sizes[0], kv_indices.size(-1) * sizes[1])
        return cls(
            lengths, kv_num_blocks, kv_indices, full_kv_num_blocks, full_kv_indices, q_num, q_ind, full_q_num, full_q_ind, sizes, mask_mod or noop_mask
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """(B, H, queries, keys)."""
        return (*self.kv_indices.shape[:-2], *self.seq_lengths)

    def numel(self) -> int:
        """The number of scores, masked or not."""
        return prod(self.shape)

    def dense_kinds(self) -> tuple[Tensor, Tensor | None]:
        """The partial blocks and the full ones (None where they are not listed apart) as 0 and 1, int32."""
        partial = _to_dense(self.kv_num_blocks, self.kv_indices)
        if self.full_kv_num_blocks is None or self.full_kv_indices is None:
            return partial, None
        return partial, _to_dense(self.full_kv_num_blocks, self.full_kv_indices)

    def to_dense(self) -> Tensor:
        """The blocks in which anything is allowed as 1, the others as 0: (B, H, rows, columns), int32."""
        partial, full = self.dense_kinds()
        return partial if full is None else partial | full

    def sparsity(self) -> float:
        """The percentage of scores in blocks in which nothing is allowed."""
        blocks = int(self.kv_num_blocks.sum()) + (0 if self.full_kv_num_blocks is None else int(self.full_kv_num_blocks.sum()))
        return 100 * (1 - blocks * self.BLOCK_SIZE[0] * self.BLOCK_SIZE[1] / self.numel())

    def as_tuple(self, flatten: bool = True) -> tuple[Any, ...]:
        """The attributes in the order of PyTorch's, in which None stands for the ones that are for its kernels; flatten: sizes one by one."""
        tensors = [getattr(self, name) for name in self._TENSORS] + [None] * 4
        if flatten:
            return (*self.seq_lengths, *tensors, *self.BLOCK_SIZE, self.mask_mod)
        return (self.seq_lengths, *tensors, self.BLOCK_SIZE, self.mask_mod)

    def to(self, device: DeviceLike) -> BlockMask:
        """The same on another device."""
        moved: dict[str, Any] = {name: None if (t := getattr(self, name)) is None else t.to(device) for name in self._TENSORS}
        return BlockMask(self.seq_lengths, **moved, BLOCK_SIZE=self.BLOCK_SIZE, mask_mod=self.mask_mod)

    def __getitem__(self, index: Any) -> BlockMask:
        """The blocks of some batches, heads and rows; its mask_mod raises RuntimeError until it is set to one that counts from there."""
        padded = (*(index if isinstance(index, tuple) else (index,)), slice(None), slice(None), slice(None))[:3]
        at = tuple(
            i if not isinstance(i, int) else slice(i + n, i + n + 1) if i < 0 else slice(i, i + 1) for i, n in zip(padded, self.kv_num_blocks.shape)
        )
        full_num, full_ind = self.full_kv_num_blocks, self.full_kv_indices
        return BlockMask.from_kv_blocks(
            self.kv_num_blocks[at], self.kv_indices[at], None if full_num is None else full_num[at], None if full_ind is None else full_ind[at],
            self.BLOCK_SIZE, _sliced, self.seq_lengths, self.q_indices is not None,
        )  # fmt: skip

    def _adjust(self, new_q_len: int, new_kv_len: int) -> BlockMask:
        """The same mask_mod for fewer queries and keys."""
        rows, columns = (-(-n // size) for n, size in zip((new_q_len, new_kv_len), self.BLOCK_SIZE))

        def cut(counts: Tensor, indices: Tensor) -> Ordered:
            counts, indices = counts[:, :, :rows], indices[:, :, :rows, :columns]
            counts = where(counts < columns, counts, columns)
            return (indices < counts.unsqueeze(-1)).sum(-1).to(D.int32), indices

        full_num, full_ind = self.full_kv_num_blocks, self.full_kv_indices
        full = (None, None) if full_num is None or full_ind is None else cut(full_num, full_ind)
        return BlockMask.from_kv_blocks(
            *cut(self.kv_num_blocks, self.kv_indices), full[0], full[1], self.BLOCK_SIZE, self.mask_mod, (new_q_len, new_kv_len), self.q_indices is not None,
        )  # fmt: skip

    def to_string(self, grid_size: int | tuple[int, int] = (20, 20), limit: int = 4) -> str:
        """A picture of the blocks, at most grid_size of them and `limit` heads: full, partial (or several unlike), and empty ones."""
        dense = self.to_dense().float()
        *batches, rows, columns = dense.shape
        high, wide = (grid_size, grid_size) if isinstance(grid_size, int) else grid_size
        down, across = max(1, -(-rows // high)), max(1, -(-columns // wide))
        pictures = []
        for n, at in enumerate(product(*map(range, batches))):
            if n == limit:
                pictures += [
                    "...", "To print out more, set BlockMask.to_string(limit=N)",
                    "You can also index (BlockMask[batch, head]) to choose a specific batch or head",
                ]  # fmt: skip
                break
            lines = [f"{at}\n"]
            for r in range(0, rows, down):
                shares = [float(dense[at][r : r + down, c : c + across].mean()) for c in range(0, columns, across)]
                lines.append("".join(("█" if share == 1 else "░" if share else " ") * 2 for share in shares) + "\n")
            pictures.append("".join(lines))
        return "\n".join(pictures)

    def __str__(self) -> str:
        return f"BlockMask(shape={self.shape}, sparsity={self.sparsity():.2f}%, \n{self.to_string().strip()}\n)"

    def __repr__(self) -> str:
        shapes = [f"    {name}={None if t is None else t.shape},\n" for name, t in ((name, getattr(self, name)) for name in self._TENSORS)]
        mod = getattr(self.mask_mod, "__name__", self.mask_mod)
        return (
            f"BlockMask(\n{''.join(shapes)}    BLOCK_SIZE={self.BLOCK_SIZE},\n    shape={self.shape},\n    sparsity={self.sparsity():.2f}%,\n"
            f"    mask_mod={mod}\n)"
        )


BlockMask.__module__ = "corelib.nn.attention.flex_attention"


def blocks_of(mask: Tensor, mask_mod: MaskMod, sizes: tuple[int, int], separate_full_blocks: bool) -> BlockMask:
    """The BlockMask of a boolean mask (B, H, queries, keys)."""
    b, h, q, kv = mask.shape
    rows, columns = -(-q // sizes[0]), -(-kv // sizes[1])
    padded = F.pad(mask, (0, columns * sizes[1] - kv, 0, rows * sizes[0] - q))
    counts = padded.reshape(b, h, rows, sizes[0], columns, sizes[1]).sum((3, 5))
    there, whole = counts > 0, counts == sizes[0] * sizes[1]
    full = _to_ordered(whole) if separate_full_blocks else (None, None)
    partial = _to_ordered(there & ~whole if separate_full_blocks else there)
    return BlockMask.from_kv_blocks(*partial, full[0], full[1], sizes, mask_mod, (q, kv))
