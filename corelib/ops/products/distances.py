"""Distances between vectors: of pairs, of all pairs of two sets, of all pairs of one, and of whole tensors."""

from __future__ import annotations

from corelib.dispatcher.declare import op
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.shape.diagonals import triu_indices
from corelib.tensor.tensor import Tensor


@op(on=("torch", "nn.functional"))
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension.

    >>> import corelib as torch
    >>> torch.pairwise_distance(torch.tensor([[0., 0.]]), torch.tensor([[3., 4.]]))
    tensor([5.0000])
    """
    return (x1 - x2 + eps).norm(p, -1, keepdim)


@op()
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of `input - other`, broadcast.

    >>> import corelib as torch
    >>> torch.dist(torch.tensor([0., 0.]), torch.tensor([3., 4.]))
    tensor(5.)
    """
    return (input - other).norm(p)


def _floats(name: str, *tensors: Tensor) -> None:
    for i, t in enumerate(tensors):
        if not t._dtype.is_floating_point:
            raise RuntimeError(f"{name}(): {name} only supports floating-point dtypes, X{i + 1} got: {t._dtype}")


@op(on=("torch",))
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norms of the differences of all pairs of rows: (..., n, m) and (..., r, m) give (..., n, r). RuntimeError for p < 0.

    compute_mode is checked, and the differences are always computed as such, which is the exact way.

    >>> import corelib as torch
    >>> torch.cdist(torch.tensor([[0., 0.]]), torch.tensor([[3., 4.], [0., 1.]]))
    tensor([[5., 1.]])
    """
    if compute_mode not in ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"):
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    for i, t in enumerate((x1, x2)):
        if len(t._shape) < 2:
            raise RuntimeError(f"cdist(): cdist only supports at least 2D tensors, X{i + 1} got: {len(t._shape)}D")
    _floats("cdist", x1, x2)
    if x1._shape[-1] != x2._shape[-1]:
        raise RuntimeError(f"cdist(): X1 and X2 must have the same number of columns. X1: {x1._shape[-1]} X2: {x2._shape[-1]}")
    if p < 0:
        raise RuntimeError("cdist(): cdist only supports non-negative p values")
    apart = x1.unsqueeze(-2) - x2.unsqueeze(-3)
    return apart.norm(p, -1)


@op(on=("torch", "nn.functional"))
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norms of the differences of all pairs of rows of a matrix, i < j, as one vector. RuntimeError for p < 0.

    >>> import corelib as torch
    >>> torch.pdist(torch.tensor([[0., 0.], [3., 4.], [0., 1.]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    if len(input._shape) != 2:
        raise RuntimeError(f"pdist(): pdist only supports 2D tensors, got: {len(input._shape)}D")
    if not input._dtype.is_floating_point:
        raise RuntimeError("pdist(): pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist(): pdist only supports non-negative p values")
    n = input._shape[0]
    first, second = triu_indices(n, n, 1, device=input._device)
    with KNOWN:
        return (input.index_select(0, first) - input.index_select(0, second)).norm(p, -1)
