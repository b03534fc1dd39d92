"""Sequences of different lengths: padded to one length, or packed step by step, the longest sequence first."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from corelib.ops.construction.creation import arange, empty_like
from corelib.ops.shape.joining import cat, stack
from corelib.ops.ordering.sorting import sort
from corelib.tensor import dtype as _dtypes
from corelib.ops.construction.construct import as_tensor, tensor
from corelib.tensor.dtype import int64
from corelib.tensor.tensor import Tensor

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence", "pad_sequence",
    "unpack_sequence", "unpad_sequence",
]


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """Sequences packed by `pack_padded_sequence` or `pack_sequence`, which make these: do not make one by hand.

    data: the elements of all sequences, step by step; batch_sizes: how many sequences have each step (on the CPU); sorted_indices,
    unsorted_indices: where each sequence was before they were sorted by length, and where it is now, or None.
    """

    __slots__ = ()

    def __new__(
        cls, data: Any, batch_sizes: Tensor | None = None, sorted_indices: Tensor | None = None, unsorted_indices: Tensor | None = None
    ) -> PackedSequence:
        if batch_sizes is None:
            data, batch_sizes = data
        elif batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. They should be "
                "instantiated by functions like pack_sequence and pack_padded_sequences in nn.utils.rnn. "
                "https://pytorch.org/docs/stable/nn.html#torch.nn.utils.rnn.pack_sequence"
            )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The data with another dtype or on another device, where the indices follow; itself where nothing changes."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        indices = [None if i is None else i.to(data.device) for i in (self.sorted_indices, self.unsorted_indices)]
        return PackedSequence(data, self.batch_sizes, *indices)

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """On the CPU."""
        return self.to(*args, device="cpu", **kwargs)

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """On a cuda device."""
        return self.to(*args, device="cuda", **kwargs)

    def pin_memory(self) -> PackedSequence:
        """With the data in pinned memory."""
        indices = [None if i is None else i.pin_memory() for i in (self.sorted_indices, self.unsorted_indices)]
        return PackedSequence(self.data.pin_memory(), self.batch_sizes, *indices)

    def is_pinned(self) -> bool:
        """Whether the data is in pinned memory."""
        return bool(self.data.is_pinned())

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a cuda device."""
        return bool(self.data.is_cuda)


def _cast(name: str, dtype: str) -> None:
    def method(self: PackedSequence) -> PackedSequence:
        return self.to(dtype=getattr(_dtypes, dtype))

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"With data of dtype {dtype}."
    setattr(PackedSequence, name, method)


for _name, _dtype in (
    ("double", "float64"), ("float", "float32"), ("half", "float16"), ("long", "int64"), ("int", "int32"), ("short", "int16"), ("char", "int8"),
    ("byte", "uint8"),
):
    _cast(_name, _dtype)


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Where each place of a permutation went; None for None.

    >>> import corelib as torch
    >>> torch.nn.utils.rnn.invert_permutation(torch.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    places = arange(permutation.numel(), device=permutation.device)
    return empty_like(permutation).scatter_(0, permutation, places)


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | list[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Padded sequences, (t, n, *) or with batch_first (n, t, *), without their padding, step by step.

    enforce_sorted: the sequences must come in order of their lengths, the longest first; False sorts them. RuntimeError for
    lengths that do not fit.

    >>> import corelib as torch
    >>> torch.nn.utils.rnn.pack_padded_sequence(torch.tensor([[1, 4], [2, 5], [3, 0]]), [3, 2]).data
    tensor([1, 4, 2, 5, 3])
    """
    given: Tensor = lengths.to(int64) if isinstance(lengths, Tensor) else as_tensor(lengths, dtype=int64, device="cpu")
    sorted_indices = None
    if not enforce_sorted:
        given, sorted_indices = sort(given, descending=True)
        sorted_indices = sorted_indices.to(input.device)
        input = input.index_select(0 if batch_first else 1, sorted_indices)
    if input.numel() == 0:
        raise RuntimeError("Cannot pack empty tensors.")
    x = input.transpose(0, 1) if batch_first else input
    if given.device.type != "cpu":
        raise RuntimeError(f"'lengths' argument should be a 1D CPU int64 tensor, but got {given.dim()}D {given.device} Long tensor")
    if given.dim() != 1 or given.size(0) != x.size(1):
        raise RuntimeError(f"Expected `len(lengths)` to be equal to batch_size, but got {given.numel()} (batch_size={x.size(1)})")
    sizes = given.tolist()
    if sizes[-1] <= 0:
        raise RuntimeError("Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0")
    if any(a < b for a, b in pairwise(sizes)):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to "
            "pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability."
        )
    if sizes[0] > x.size(0):
        raise RuntimeError(f"Expected the longest of 'lengths' to be at most {x.size(0)}, the length of the padded input, got {sizes[0]}")
    counts = [sum(n > t for n in sizes) for t in range(sizes[0])]
    data = cat([x[t, :count] for t, count in enumerate(counts)])
    return PackedSequence(data, tensor(counts, dtype=int64, device="cpu"), sorted_indices, None)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """(padded sequences, lengths) of packed ones, in the order that they had before they were packed.

    total_length: pad to this length; ValueError where the longest sequence is longer.

    >>> import corelib as torch
    >>> packed = torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2]), torch.tensor([3])])
    >>> torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2],
            [3, 0]]), tensor([2, 1]))
    """
    counts = sequence.batch_sizes.tolist()
    if total_length is not None and total_length < len(counts):
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {len(counts)}"
        )
    length, batch = total_length or len(counts), counts[0]
    steps = []
    for step in sequence.data.split(counts):
        missing = batch - step.size(0)
        pad = step.new_full((missing, *step.shape[1:]), padding_value)
        steps.append(cat([step, pad]) if missing else step)
    rest = length - len(counts)
    if rest:
        steps += [sequence.data.new_full((batch, *sequence.data.shape[1:]), padding_value)] * rest
    padded = stack(steps)
    lengths = tensor([sum(n > i for n in counts) for i in range(batch)], dtype=int64, device="cpu")
    if batch_first:
        padded = padded.transpose(0, 1)
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(0 if batch_first else 1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices.cpu()]
    return padded, lengths


def pad_sequence(
    sequences: Iterable[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (length, *) of different lengths as one tensor (longest, n, *), or with batch_first (n, longest, *), padded.

    RuntimeError for what cannot be iterated, and for an unknown `padding_side` ("right" or "left").

    >>> import corelib as torch
    >>> torch.nn.utils.rnn.pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}")
    given = list(sequences)
    if not given:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    longest = max(s.size(0) for s in given)
    rows = []
    for s in given:
        pad = s.new_full((longest - s.size(0), *s.shape[1:]), padding_value)
        parts = [s, pad] if padding_side == "right" else [pad, s]
        rows.append(cat(parts) if pad.numel() else s)
    return stack(rows, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded tensor without their padding."""
    x = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[:n] for row, n in zip(x, lengths.tolist(), strict=True)]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences (length, *) packed step by step; as `pack_padded_sequence`."""
    lengths = as_tensor([v.size(0) for v in sequences], device="cpu")
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences that were packed, in their order."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
