"""Embeddings, and the one-hot vectors they stand for."""

from __future__ import annotations

from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.graph.grad_mode import is_grad_enabled, no_grad
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import KNOWN, check_index, ends, onto, take_rows
from corelib.tensor import dtype as D
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


def _infer_rows(weight: Tensor, indices: Tensor, padding_idx: int, scale: bool) -> Inferred:
    if indices._dtype not in (D.int64, D.int32):
        raise RuntimeError(f"embedding(): Expected tensor for argument 'indices' to have one of the following scalar types: Long, Int; but got {indices._dtype} instead")
    if len(weight._shape) != 2:
        raise RuntimeError(f"embedding(): 'weight' must be 2-D, got shape {list(weight._shape)}")
    if indices._dtype is not D.int64:
        indices = indices.long()
    check_index("embedding", indices, weight._shape[0], 0, of=weight)
    return ((*indices._shape, weight._shape[1]), weight._dtype), (weight, indices, padding_idx, scale)


def _rows_vjp(g: Tensor, weight_shape: Shape, indices: Tensor, padding_idx: int, scale: bool) -> Tensor:
    flat, rows = indices.reshape((-1,)), g.reshape((-1, weight_shape[1]))
    if padding_idx >= 0:
        rows = select_where((flat == padding_idx).unsqueeze(1), 0.0, rows)
    if scale:
        with KNOWN:
            counts = flat.new_zeros((weight_shape[0],)).scatter_add(0, flat, flat.new_ones(flat._shape))
            rows = rows / counts.index_select(0, flat).to(rows._dtype).unsqueeze(1)
    return onto("put_rows", rows.new_zeros(weight_shape), flat, rows, True)


@op(on=(), infer=_infer_rows, grad_name="EmbeddingBackward0", vjp=_rows_vjp)
def embedding_rows(weight: Tensor, indices: Tensor, padding_idx: int, scale: bool) -> Tensor:
    """The rows of `weight` that `indices` say."""
    return take_rows(weight, indices)


def shrink_rows(weight: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are looked up, in place, to at most a norm."""
    check_index("embedding", indices, weight._shape[0], 0)
    with no_grad(), KNOWN:
        used = indices.reshape((-1,)).unique()
        rows = take_rows(weight.detach(), used)
        norms = rows.norm(norm_type, 1, True)
        shrunk = select_where(norms > max_norm, rows * (max_norm / (norms + 1e-7)), rows)
        weight.detach().index_put_((used,), shrunk)


def row_number(name: str, padding_idx: int | None, n: int) -> int:
    """A padding_idx that counts from the front; -1 is none."""
    if padding_idx is None:
        return -1
    if not -n <= padding_idx < n:
        raise AssertionError(f"{name}(): Padding_idx must be within num_embeddings, got {padding_idx} for {n} rows")
    return padding_idx + n if padding_idx < 0 else padding_idx


@op(on=("nn.functional",))
def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:
    """The rows of `weight` (n, d) that the integers of `input` say: (*) gives (*, d). IndexError out of range.

    padding_idx: a row that gets no gradient. max_norm: rows with a larger norm are shrunk to it in place first.

    >>> import corelib as torch
    >>> torch.nn.functional.embedding(torch.tensor([1, 0]), torch.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    if sparse and weight.requires_grad and is_grad_enabled():
        raise NotImplementedError("embedding(): sparse=True needs sparse gradients, which corelib does not have yet")
    if not isinstance(weight, Tensor):
        raise TypeError(f"embedding(): argument 'weight' (position 2) must be Tensor, not {type(weight).__name__}")
    at = row_number("embedding", padding_idx, weight._shape[0] if weight._shape else 0)
    if max_norm is not None:
        shrink_rows(weight, input, max_norm, norm_type)
    return embedding_rows(weight, input, at, scale_grad_by_freq)


@op(on=("nn.functional",))
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Vectors with a one at the place that each integer says: (*) gives (*, num_classes), by default one more than the largest.

    >>> import corelib as torch
    >>> torch.nn.functional.one_hot(torch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    if tensor._dtype is not D.int64:
        raise RuntimeError(f"one_hot(): one_hot is only applicable to index tensor of type LongTensor, got {tensor._dtype}")
    if tensor._numel == 0:
        if num_classes <= 0:
            raise RuntimeError(f"one_hot(): Can not infer total number of classes from empty tensor (num_classes={num_classes})")
        return tensor.new_zeros((*tensor._shape, num_classes))
    if tensor._device.type == "meta":
        low, high = 0, 0 if num_classes != -1 else int(tensor.amax())  # no value to check; and none to count to, which item() says
    else:
        low, high = ends([tensor])[0]
    if low < 0:
        raise RuntimeError(f"one_hot(): Class values must be non-negative, got {low}")
    if num_classes == -1:
        num_classes = high + 1
    elif num_classes < 1:
        raise RuntimeError(f"one_hot(): num_classes should be positive, got {num_classes}")
    elif high >= num_classes:
        raise RuntimeError(f"one_hot(): Class values must be smaller than num_classes, got {high} for num_classes={num_classes}")
    return (tensor.unsqueeze(-1) == arange(num_classes, device=tensor._device)).long().contiguous()
