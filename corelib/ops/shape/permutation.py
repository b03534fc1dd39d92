"""Views with the dimensions in another order, the properties T, mT and H, and results in the memory format of an input."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.warned import warn
from corelib.ops.shape.views import method_with_varargs
from corelib.tensor.base import attach
from corelib.tensor.layout import channels_last, channels_last_3d, suggested_format
from corelib.tensor.size import contiguous_strides, integers, wrap_dim
from corelib.tensor.tensor import Tensor


@op(kind="view", aliases=("swapdims",), vjp=lambda g, dim0, dim1: g.transpose(dim0, dim1))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """A view with two dimensions swapped.

    >>> import corelib as torch
    >>> torch.zeros(2, 3).transpose(0, 1).shape
    torch.Size([3, 2])
    """
    old = input._strides
    shape, strides = list(input._shape), list(contiguous_strides(input._shape) if old is None else old)
    try:  # negative dims index from the end by themselves
        shape[dim0], shape[dim1] = shape[dim1], shape[dim0]
        strides[dim0], strides[dim1] = strides[dim1], strides[dim0]
    except (IndexError, TypeError):  # a 0-d tensor's transpose is itself
        wrap_dim("transpose", dim0, len(shape), "dim0")
        wrap_dim("transpose", dim1, len(shape), "dim1")
    return input._as_view(tuple(shape), tuple(strides), input._offset, input._numel)


@public("torch", "Tensor")
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose` by another name, as NumPy has it.

    >>> import corelib as torch
    >>> torch.zeros(2, 3).swapaxes(0, 1).shape
    torch.Size([3, 2])
    """
    return transpose(input, axis0, axis1)


@op(kind="view", grad_name="TBackward0", vjp=lambda g: g.t())
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; vectors and 0-d tensors as they are. RuntimeError for more dimensions.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).t()
    tensor([[1, 3],
            [2, 4]])
    """
    shape = input._shape
    if len(shape) == 2:
        n, m = shape
        strides = input._strides
        return input._as_view((m, n), (1, m if m > 1 else 1) if strides is None else (strides[1], strides[0]), input._offset, input._numel)
    if len(shape) > 2:
        raise RuntimeError(f"t(): t() expects a tensor with <= 2 dimensions, but self is {len(shape)}D (shape {list(shape)})")
    return input._as_view(shape, input._strides, input._offset, input._numel)


@op(kind="view", on=("torch",), vjp=lambda g, dims: g.permute(_inverse(dims, len(g._shape))))
def permute(input: Tensor, dims: int | Sequence[int]) -> Tensor:
    """A view with the dimensions in another order.

    >>> import corelib as torch
    >>> torch.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])
    """
    shape, strides = input._shape, input._strides
    if strides is None:
        strides = contiguous_strides(shape)
    if type(dims) is tuple and len(dims) == len(shape) == len(set(dims)) > 1:
        try:
            if min(dims) >= 0:
                pick = itemgetter(*dims)
                return input._as_view(pick(shape), pick(strides), input._offset, input._numel)
        except (IndexError, TypeError):
            pass  # the checks below say what is wrong
    order = dims if type(dims) is tuple else integers("permute", "dims", dims)
    if len(order) != len(shape):
        raise RuntimeError(
            f"permute(): permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
            f"desired ordering of dimensions i.e. input.dim() = {len(shape)} is not equal to len(dims) = {len(order)}"
        )
    at = [wrap_dim("permute", d, len(shape), "dims") for d in order]
    if len(set(at)) != len(at):
        raise RuntimeError(f"permute(): permute(): duplicate dims are not allowed, got {list(order)}")
    return input._as_view(
        tuple([shape[d] for d in at]), tuple([strides[d] for d in at]), input._offset, input._numel
    )


method_with_varargs("permute", permute)


def _inverse(dims: Sequence[int], ndim: int) -> tuple[int, ...]:
    at = [d % ndim for d in dims]
    return tuple([at.index(i) for i in range(ndim)])


@op()
def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """A view with the dimensions `source` moved to the places `destination`; the others keep their order.

    >>> import corelib as torch
    >>> torch.zeros(2, 3, 4).movedim(0, -1).shape
    torch.Size([3, 4, 2])
    """
    ndim = len(input._shape)
    src = [wrap_dim("movedim", d, ndim, "source") for d in ((source,) if isinstance(source, int) else source)]
    dst = [wrap_dim("movedim", d, ndim, "destination") for d in ((destination,) if isinstance(destination, int) else destination)]
    if len(src) != len(dst):
        raise RuntimeError(
            f"movedim(): Invalid source or destination dims: source ({src} dims) should contain the same number of dims as "
            f"destination ({dst} dims)"
        )
    if len(set(src)) != len(src) or len(set(dst)) != len(dst):
        raise RuntimeError(f"movedim(): repeated dim in `source` ({src}) or `destination` ({dst})")
    if ndim == 0:
        return permute(input, ())
    order = [-1] * ndim
    for s, d in zip(src, dst, strict=True):
        order[d] = s
    rest = iter([d for d in range(ndim) if d not in src])
    return permute(input, tuple([next(rest) if d < 0 else d for d in order]))


@op(on=("torch",))
def moveaxis(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Another name of `movedim`."""
    return movedim(input, source, destination)


attach("moveaxis", moveaxis)


def _flip_all(self: Tensor) -> Tensor:
    """The dimensions in reverse order; the transpose of a matrix."""
    if len(self._shape) != 2:
        _warn_of_flip(self)
    return permute(self, tuple(range(len(self._shape) - 1, -1, -1)))


def _warn_of_flip(self: Tensor) -> None:
    warn(
        "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases." if not self._shape
        else "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an error in a "
        "future release. Consider `x.mT` to transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse "
        "the dimensions of a tensor."
    )


def _matrix_transpose(self: Tensor) -> Tensor:
    """The last two dimensions swapped."""
    return of_matrices("mT", self)


def of_matrices(name: str, self: Tensor) -> Tensor:
    """The last two dimensions swapped; RuntimeError for a vector, a warning for a single number."""
    if not self._shape:
        warn(
            f"Tensor.{name} is deprecated on 0-D tensors. This function is the identity in these cases.", UserWarning
        )
        return self
    if len(self._shape) < 2:
        raise RuntimeError(f"{name}: tensor.{name} is only supported on matrices or batches of matrices. Got {len(self._shape)}-D tensor.")
    return transpose(self, -2, -1)


def _adjoint(self: Tensor) -> Tensor:
    """The transpose of a matrix, conjugated where it is complex."""
    if len(self._shape) not in (0, 2):
        raise RuntimeError(f"H: tensor.H is only supported on matrices (2-D tensors). Got {len(self._shape)}-D tensor.")
    if not self._shape:
        warn("Tensor.H is deprecated on 0-D tensors. Consider using x.conj().")
    return t(self).conj() if self._dtype.is_complex else t(self)


attach("T", property(_flip_all))
attach("mT", property(_matrix_transpose))
attach("H", property(_adjoint))


def format_of(t: Tensor, line: bool = False) -> str | None:
    """The memory format with the channels innermost that a tensor lies in, or None.

    line: one of three dimensions (n, c, l) is taken for (n, c, 1, l), as PyTorch computes windows along a line.
    """
    shape, strides = t._shape, t._strides
    if strides is None:
        return None
    if line and len(shape) == 3:
        shape, strides = (*shape[:2], 1, shape[2]), (*strides[:2], shape[2] * strides[2], strides[2])
    return suggested_format(shape, strides)


def in_format_of(input: Tensor, made: Tensor, line: bool = False) -> Tensor:
    """What was made, in the memory format of the input: with the channels innermost, or row-major. Gradients flow through it.

    This is the rule for what is no elementwise op and yet keeps the input's format: windows, pixels, channels, padding, joining.
    """
    if input._strides is None and made._strides is None:
        return made
    return in_format(made, format_of(input, line), line)


def in_format(made: Tensor, format: str | None, line: bool = False) -> Tensor:
    """What was made, in a memory format with the channels innermost, or row-major."""
    if format is None or (line and len(made._shape) != 3):
        return made.contiguous()
    if line:
        return made.unsqueeze(2).contiguous(memory_format=channels_last).squeeze(2)
    return made.contiguous(memory_format=channels_last if format == "channels_last" else channels_last_3d)
