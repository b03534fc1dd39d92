"""What families of distributions are made with: parameters broadcast, chances and their logarithms, triangular matrices as vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any, Generic, TypeVar, overload

from corelib.graph.grad_mode import enable_grad
from corelib.ops.construction.construct import tensor
from corelib.ops.construction.creation import arange
from corelib.ops.neural.softmax import softmax
from corelib.ops.random.random import randn
from corelib.ops.shape.shapes import broadcast_tensors
from corelib.tensor.device import DeviceLike
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.limits import finfo
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["broadcast_all", "clamp_probs", "lazy_property", "logits_to_probs", "probs_to_logits", "tril_matrix_to_vec", "vec_to_tril_matrix"]

R = TypeVar("R", covariant=True)
euler_constant = 0.57721566490153286060
NUMBER = (int, float, bool)


def _is_tensor(value: object) -> bool:
    return isinstance(value, Tensor) or hasattr(type(value), "__torch_function__")


def broadcast_all(*values: Tensor | float) -> tuple[Tensor, ...]:
    """Tensors of one shape, made of tensors and numbers; a number has the first tensor's dtype and device, or the default ones.

    ValueError for what is neither a tensor nor a number.

    >>> import corelib as torch
    >>> torch.distributions.utils.broadcast_all(torch.zeros(2), 1)
    (tensor([0., 0.]), tensor([1., 1.]))
    """
    if not all(_is_tensor(v) or isinstance(v, NUMBER) for v in values):
        raise ValueError(
            "broadcast_all(): Input arguments must all be instances of Number, torch.Tensor or objects implementing "
            f"__torch_function__, but got {', '.join(type(v).__name__ for v in values)}"
        )
    first = next((v for v in values if isinstance(v, Tensor)), None)
    options: dict[str, Any] = {"dtype": get_default_dtype()} if first is None else {"dtype": first.dtype, "device": first.device}
    tensors: list[Any] = [v if _is_tensor(v) else tensor(v, **options) for v in values]
    return broadcast_tensors(*tensors)


def of_shape(t: Tensor, shape: Size) -> Tensor:
    """A tensor of a shape that it broadcasts to: itself, where it has that already."""
    return t if t.shape == shape else t.expand(shape)


def standard_normal(shape: Sequence[int], dtype: DType, device: DeviceLike) -> Tensor:
    """Normal numbers, as `randn`."""
    return randn(shape, dtype=dtype, device=device)


def sum_rightmost(value: Tensor, dims: int) -> Tensor:
    """The sum over the last `dims` dimensions."""
    return value.reshape((*value.shape[:-dims], -1)).sum(-1) if dims else value


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Chances of logits: of the log-odds of one event each, or of the log-chances along the last dimension, up to a constant.

    >>> import corelib as torch
    >>> torch.distributions.utils.logits_to_probs(torch.zeros(2))
    tensor([0.5000, 0.5000])
    """
    return logits.sigmoid() if is_binary else softmax(logits, dim=-1)


def clamp_probs(probs: Tensor) -> Tensor:
    """Chances kept within [eps, 1 - eps], with the dtype's eps.

    >>> import corelib as torch
    >>> torch.distributions.utils.clamp_probs(torch.tensor([0., 0.5]))
    tensor([1.1921e-07, 5.0000e-01])
    """
    eps = finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Logits of chances, which are clamped first: log-odds of one event each, or log-chances along the last dimension.

    >>> import corelib as torch
    >>> torch.distributions.utils.probs_to_logits(torch.tensor([0.5]), is_binary=True)
    tensor([0.])
    """
    kept = clamp_probs(probs)
    return kept.log() - (-kept).log1p() if is_binary else kept.log()


class lazy_property(Generic[R]):
    """A property that is computed when it is first asked for, with gradients, and is an attribute of the object from then on.

    >>> from corelib.distributions.utils import lazy_property
    >>> class Square:
    ...     @lazy_property
    ...     def area(self): return 4.
    >>> square = Square(); square.area, square.__dict__
    (4.0, {'area': 4.0})
    """

    def __init__(self, wrapped: Callable[[Any], R]) -> None:
        self.wrapped = wrapped
        function: Any = self  # is called by the name of what it wraps, as a function would
        update_wrapper(function, wrapped)

    @overload
    def __get__(self, instance: None, obj_type: Any = None) -> _LazyAndProperty[R]: ...

    @overload
    def __get__(self, instance: object, obj_type: Any = None) -> R: ...

    def __get__(self, instance: object, obj_type: Any = None) -> R | _LazyAndProperty[R]:
        if instance is None:
            return _LazyAndProperty(self.wrapped)
        with enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


class _LazyAndProperty(lazy_property[R], property):
    """What a class shows of a lazy property: one, and a property for tools that read documentation."""

    def __init__(self, wrapped: Callable[[Any], R]) -> None:
        property.__init__(self, wrapped)


def _triangle(n: int, diag: int, device: DeviceLike) -> Tensor:
    at = arange(n, device=device)
    return at < at.view(-1, 1) + (diag + 1)


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The elements on and below a diagonal of square matrices, row by row, as vectors. ValueError for a diagonal outside the matrix.

    >>> import corelib as torch
    >>> torch.distributions.utils.tril_matrix_to_vec(torch.tensor([[1., 0.], [2., 3.]]))
    tensor([1., 2., 3.])
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"tril_matrix_to_vec(): diag ({diag}) provided is outside [{-n}, {n - 1}].")
    return mat[..., _triangle(n, diag, mat.device)]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """Square matrices whose elements on and below a diagonal are those of vectors, row by row, and 0 above it.

    ValueError where no square matrix has that many.

    >>> import corelib as torch
    >>> torch.distributions.utils.vec_to_tril_matrix(torch.tensor([1., 2., 3.]))
    tensor([[1., 0.],
            [2., 3.]])
    """
    root = ((1 + 2 * diag) ** 2 + 8 * vec.shape[-1] + 4 * abs(diag) * (diag + 1)) ** 0.5
    side = (root - (1 + 2 * diag)) / 2
    if round(side) - side > finfo(vec.dtype).eps:
        raise ValueError(
            f"vec_to_tril_matrix(): The size of last dimension is {vec.shape[-1]} which cannot be expressed as "
            "the lower triangular part of a square D x D matrix."
        )
    n = round(side)
    mat = vec.new_zeros((*vec.shape[:-1], n, n))
    mat[..., _triangle(n, diag, vec.device)] = vec
    return mat


_standard_normal, _sum_rightmost = standard_normal, sum_rightmost  # PyTorch's names, which libraries upon it use
