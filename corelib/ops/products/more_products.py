"""Products of several operands, and those that are written in terms of the plain ones: linalg's that need no factorization."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import TABLE
from corelib.dispatcher.warned import warn
from corelib.ops.conversion.copying import unmoved_by
from corelib.ops.construction.creation import arange, eye
from corelib.ops.elementwise.where import select_where
from corelib.ops.shape.joining import cat, listed
from corelib.ops.products.products import _scaled, bmm, check_fits, check_same_dtype, matmul, mm, mv
from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number
from corelib.tensor.layout import contiguous_format
from corelib.tensor.size import wrap_dim
from corelib.tensor.tensor import Tensor


def _vector(name: str, what: str, t: Tensor, dims: int = 1) -> None:
    if len(t._shape) != dims:
        raise RuntimeError(f"{name}(): Expected {dims}-D argument {what}, but got {len(t._shape)}-D")


@op(out="exact", overlap="first", inplace=True)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """`beta * input + alpha * (mat @ vec)`; with beta 0 `input` is ignored.

    >>> import corelib as torch
    >>> torch.addmv(torch.ones(2), torch.eye(2), torch.tensor([2., 3.]))
    tensor([3., 4.])
    """
    _vector("addmv", "mat", mat, 2)
    _vector("addmv", "vec", vec)
    product = _scaled(mv(mat, vec), alpha, "addmv")
    check_fits("addmv", input, product._shape)
    return product if beta == 0 else (_scaled(input, beta, "addmv") + product).contiguous()


@op(out=True, inplace=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """`beta * input + alpha * outer(vec1, vec2)`; with beta 0 `input` is ignored.

    >>> import corelib as torch
    >>> torch.addr(torch.zeros(1, 2), torch.tensor([2.]), torch.tensor([3., 4.]))
    tensor([[6., 8.]])
    """
    _vector("addr", "vec1", vec1)
    _vector("addr", "vec2", vec2)
    product = vec1.unsqueeze(1) * vec2.unsqueeze(0)
    check_fits("addr", input, product._shape)
    for what, factor in (("beta", beta), ("alpha", alpha)):
        if type(factor) is float and not any(t._dtype.is_floating_point or t._dtype.is_complex for t in (product, input)):
            raise RuntimeError(f"addr(): For integral input tensors, argument {what} must not be a floating point number, got {factor}.")
        if type(factor) is bool and product._dtype is not D.bool:
            raise RuntimeError(f"addr(): Boolean {what} only supported for Boolean results, got {factor} for {product._dtype}.")
    if product._dtype is D.bool:  # where sums and multiples are truth values again
        made = product if alpha else product & ~product
        return made if not beta else input | made
    product = _scaled(product, alpha, "addr")
    return product if beta == 0 else _scaled(input, beta, "addr") + product


@op(out="exact", overlap="first", inplace=True)
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """`beta * input + alpha *` the sum over the batch of `batch1 @ batch2`.

    >>> import corelib as torch
    >>> torch.addbmm(torch.zeros(1, 1), torch.ones(3, 1, 2), torch.ones(3, 2, 1))
    tensor([[6.]])
    """
    product = _scaled(bmm(batch1, batch2).sum(0, dtype=batch1._dtype), alpha, "addbmm")
    check_fits("addbmm", input, product._shape)
    return product if beta == 0 else (_scaled(input, beta, "addbmm") + product).contiguous()


@op(out="exact", overlap="itself")
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sums of products over the last dimensions of both; with a 0-d operand the product.

    >>> import corelib as torch
    >>> torch.inner(torch.tensor([1, 2]), torch.tensor([3, 4]))
    tensor(11)
    """
    if not input._shape or not other._shape:
        return input * other
    if input._shape[-1] != other._shape[-1]:
        raise RuntimeError(f"inner(): inner() the last dimension must match on both input tensors but got shapes {list(input._shape)} and {list(other._shape)}")
    n = input._shape[-1]
    if input._numel and other._numel:
        check_same_dtype("inner", input, other)
    a, b = input.reshape((prod(input._shape[:-1]), n)), other.reshape((prod(other._shape[:-1]), n))
    product = mm(a, b.t()) if n or input._dtype is not D.bool else a.new_zeros((a._shape[0], b._shape[0]))
    return product.reshape(input._shape[:-1] + other._shape[:-1])


@op(out="exact", overlap="itself")
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The inner product of two vectors, of the first's conjugate where numbers are complex.

    >>> import corelib as torch
    >>> torch.vdot(torch.tensor([1, 2]), torch.tensor([3, 4]))
    tensor(11)
    """
    return input.conj().dot(other)


@op(out=True)
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: each element of `input` times all of `other`, dimension by dimension.

    >>> import corelib as torch
    >>> torch.kron(torch.tensor([1, 10]), torch.tensor([1, 2]))
    tensor([ 1,  2, 10, 20])
    """
    n = max(len(input._shape), len(other._shape))
    a, b = ((1,) * (n - len(t._shape)) + t._shape for t in (input, other))
    wide = input.reshape(tuple([x for m in a for x in (m, 1)])) * other.reshape(tuple([x for m in b for x in (1, m)]))
    return wide.reshape(tuple([x * y for x, y in zip(a, b, strict=True)]))


@op()
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal.

    >>> import corelib as torch
    >>> torch.trace(torch.tensor([[1, 2], [3, 4]]))
    tensor(5)
    """
    if len(input._shape) != 2:
        raise RuntimeError(f"trace(): expected a matrix, but got tensor with dim {len(input._shape)}")
    if input._dtype is D.bool:
        raise NotImplementedError("trace(): \"trace\" not implemented for 'Bool'; numbers are accepted")
    return input.diagonal().sum()


@op(on=("linalg",), out="exact", overlap="apart")
def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The cross products of vectors of three along `dim`, broadcast.

    >>> import corelib as torch
    >>> torch.linalg.cross(torch.tensor([1, 0, 0]), torch.tensor([0, 1, 0]))
    tensor([0, 0, 1])
    """
    if len(input._shape) != len(other._shape):
        raise RuntimeError(f"linalg.cross: inputs must have the same number of dimensions, got {len(input._shape)} and {len(other._shape)}")
    at = wrap_dim("linalg.cross", dim, len(input._shape))
    if input._shape[at] != 3 or other._shape[at] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {input._shape[at]} and {other._shape[at]}")
    a, b = input.roll(-1, at), other.roll(-1, at)
    c, d = input.roll(-2, at), other.roll(-2, at)
    return a * d - c * b


@public("torch", "Tensor", whole=True)
def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """As `linalg.cross`; without `dim` along the first dimension of size 3.

    >>> import corelib as torch
    >>> torch.cross(torch.tensor([1, 0, 0]), torch.tensor([0, 1, 0]), 0)
    tensor([0, 0, 1])
    """
    if dim is None:
        warn(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly or simply use "
            "torch.linalg.cross.\nThe default value of dim will change to agree with that of linalg.cross in a future release."
        )
        dim = next((d for d, n in enumerate(input._shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("cross(): no dimension of size 3 in input")
    made: Tensor = TABLE["linalg_cross"].entry(input, other, dim=dim, out=out)
    return made


@op(on=("linalg",), out="exact", overlap="unchecked")
def linalg_vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The inner products of vectors along `dim`, broadcast.

    >>> import corelib as torch
    >>> torch.linalg.vecdot(torch.tensor([1, 2]), torch.tensor([3, 4]))
    tensor(11)
    """
    return (x.conj() * y).sum(dim)


@op(on=("torch", "Tensor"), out=True, aliases=("linalg.matrix_power",))
def matrix_power(input: Tensor, n: int) -> Tensor:
    """Square matrices (..., m, m) multiplied `n` times; the identity for 0, powers of the inverse for negative ones.

    linalg.LinAlgError where that does not exist.

    >>> import corelib as torch
    >>> torch.matrix_power(torch.tensor([[1., 1.], [0., 1.]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    if len(input._shape) < 2:
        raise RuntimeError("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
    if input._shape[-1] != input._shape[-2]:
        raise RuntimeError(f"linalg.matrix_power: A must be batches of square matrices, but they are {input._shape[-2]} by {input._shape[-1]} matrices")
    if n < 0:
        return matrix_power(TABLE["inverse"].entry(input), -n)
    if n == 0:
        one = eye(input._shape[-1], dtype=input._dtype, device=input._device).expand(input._shape).contiguous()
        return unmoved_by(input, one)
    made: Tensor | None = None
    square = input
    while n:  # by squaring
        if n & 1:
            made = square if made is None else matmul(made, square)
        n >>= 1
        if n:
            square = matmul(square, square)
    return input.clone(memory_format=contiguous_format) if made is None or made is input else made


def _cheapest(sizes: list[int]) -> list[list[int]]:
    """Where to split a chain of matrices, by the fewest multiplications (Cormen et al., Introduction to algorithms, chapter 15.2)."""
    n = len(sizes) - 1
    cost = [[0] * n for _ in range(n)]
    split = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            each = [(cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)]
            cost[i][j], split[i][j] = min(each)
    return split


@public("linalg", names=("linalg_multi_dot",), whole=True)
def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The product of two or more matrices, in the order that takes the fewest multiplications; the first and the last may be vectors.

    >>> import corelib as torch
    >>> torch.linalg.multi_dot([torch.ones(2, 3), torch.ones(3, 4), torch.ones(4)])
    tensor([12., 12.])
    """
    given = list(listed("multi_dot", tensors))
    if len(given) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(given)}")
    for i, t in enumerate(given):
        ends = i in (0, len(given) - 1)
        if len(t._shape) not in ((1, 2) if ends else (2,)):
            kind = "1D or 2D" if ends else "2D"
            raise RuntimeError(f"multi_dot(): tensor {i} must be {kind} but got {len(t._shape)}D")
        check_same_dtype("multi_dot", given[0], t)
    first, last = len(given[0]._shape) == 1, len(given[-1]._shape) == 1
    if first:
        given[0] = given[0].unsqueeze(0)
    if last:
        given[-1] = given[-1].unsqueeze(1)
    for i in range(len(given) - 1):
        if given[i]._shape[1] != given[i + 1]._shape[0]:
            raise RuntimeError(f"multi_dot(): tensors {i} and {i + 1} with shapes {list(given[i]._shape)} and {list(given[i + 1]._shape)} cannot be multiplied")
    split = _cheapest([given[0]._shape[0], *[t._shape[1] for t in given]])

    def product(i: int, j: int) -> Tensor:
        return given[i] if i == j else mm(product(i, split[i][j]), product(split[i][j] + 1, j))

    made = product(0, len(given) - 1)
    made = made.squeeze(0) if first else made
    made = made.squeeze(-1) if last else made
    return made if out is None else write("multi_dot", made, out, tensors, "exact", "itself")


@public("torch", whole=True)
def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """`linalg.multi_dot` of matrices given one by one."""
    warn(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot instead, which accepts a "
        "list of two or more tensors rather than multiple parameters."
    )
    if len(matrices) == 1:
        return matrices[0]
    return multi_dot(matrices, out=out)


@public("linalg", names=("vander",))
def powers_of(x: Tensor, *, N: int | None = None) -> Tensor:
    """The Vandermonde matrices of vectors (*, n): their powers from 0 up to N - 1 (n - 1), (*, n, N). RuntimeError for N < 2.

    >>> import corelib as torch
    >>> torch.linalg.vander(torch.tensor([1, 2]), N=3)
    tensor([[1, 1, 1],
            [1, 2, 4]])
    """
    if x._dtype.name == "bool":
        raise RuntimeError("linalg.vander(): linalg.vander supports floating point, complex, and integer tensors, but got Bool")
    n = N if N is not None else x._shape[-1] if x._shape else 1
    if n <= 1:
        raise RuntimeError(f"linalg.vander(): N must be greater than 1, got {n}")
    x = x if x._shape else x.reshape((1,))
    powers = x.unsqueeze(-1).expand((*x._shape, n - 1)).cumprod(-1)
    return cat([powers.new_ones((*x._shape, 1)), powers], -1)


@public("torch")
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The Vandermonde matrix of a vector: its powers from N - 1 down to 0, or up with `increasing`.

    >>> import corelib as torch
    >>> torch.vander(torch.tensor([1, 2]), 3)
    tensor([[1, 1, 1],
            [4, 2, 1]])
    """
    if len(x._shape) != 1:
        raise RuntimeError(f"vander(): x must be a one-dimensional tensor, got shape {list(x._shape)}")
    n = x._shape[0] if N is None else N
    if n < 0:
        raise RuntimeError(f"vander(): N must be non-negative, got {n}")
    powers = arange(n, device=x._device)
    return x.unsqueeze(-1) ** (powers if increasing else powers.flip(0))


@op(inplace=True, out="exact")
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """`input` with every slice along `dim` whose p-norm is above `maxnorm` scaled down to it.

    >>> import corelib as torch
    >>> torch.renorm(torch.tensor([[3., 4.], [0.3, 0.4]]), 2, 0, 1.)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    if len(input._shape) < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {len(input._shape)} dimensions")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    at = wrap_dim("renorm", dim, len(input._shape))
    size = input.norm(p, [d for d in range(len(input._shape)) if d != at], True)
    return (input * select_where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)).contiguous()
