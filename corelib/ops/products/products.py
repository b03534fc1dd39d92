"""Products of matrices and vectors. `batched_matmul` is the primitive; half types accumulate in float32."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from corelib.dispatcher.calls.elementwise import fitting_number
from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import Infer, Inferred
from corelib.ops.elementwise.unary import in_float32
from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number, kind_name
from corelib.tensor.size import Shape, broadcast_shapes, integer, wrap_dim
from corelib.tensor.tensor import Tensor


def check_same_dtype(name: str, a: Tensor, b: Tensor, what: str = "") -> None:
    """RuntimeError where two factors have different dtypes, `what` being what a product with something added calls them; NotImplementedError for bool."""
    if a._dtype is not b._dtype:
        kinds = kind_name(a._dtype), kind_name(b._dtype)
        said = f"{what} must have the same dtype, but got {kinds[0]} and {kinds[1]}" if what else f"expected m1 and m2 to have the same dtype, but got: {kinds[0]} != {kinds[1]}"
        advice = "; NumPy's numbers are float64 where nothing else is said, t.float() makes them float32" if {a._dtype, b._dtype} == {D.float64, D.float32} else ""
        raise RuntimeError(f"{name}(): {said}. Convert one, such as t.to({b._dtype}){advice}")
    if a._dtype.name == "bool":
        raise NotImplementedError(f"{name}(): \"addmm_impl_cpu_\" not implemented for 'Bool'")


def check_fits(name: str, input: Tensor, shape: Shape) -> None:
    """RuntimeError where what is added to a product does not broadcast to the product's shape."""
    if broadcast_shapes(input._shape, shape) != shape:
        raise RuntimeError(f"{name}(): The expanded size of the tensor {list(shape)} must match the existing size {list(input._shape)}")


def _matrix(name: str, what: str, t: Tensor, ndim: int, kind: str) -> None:
    if len(t._shape) != ndim:
        raise RuntimeError(f"{name}(): argument '{what}' must be a {kind}, got shape {list(t._shape)} ({len(t._shape)}D)")


def _infer_mm(input: Tensor, mat2: Tensor) -> Inferred:
    a, b = input._shape, mat2._shape
    if len(a) != 2 or len(b) != 2 or a[1] != b[0] or input._dtype is not mat2._dtype or input._dtype.order == 0:
        _matrix("mm", "input", input, 2, "matrix")
        _matrix("mm", "mat2", mat2, 2, "matrix")
        if a[1] != b[0]:
            raise RuntimeError(f"mm(): mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})")
        check_same_dtype("mm", input, mat2)
    return ((a[0], b[1]), input._dtype), (input, mat2)


@op(
    infer=_infer_mm, overlap="itself", out="exact", ref="matmul",
    vjp={"input": lambda g, mat2: g.mm(mat2.t()), "mat2": lambda g, input: input.t().mm(g)},
)
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices: (n, k) by (k, m) gives (n, m). RuntimeError where the sizes do not fit.

    >>> import corelib as torch
    >>> torch.eye(2).mm(torch.ones(2, 1))
    tensor([[1.],
            [1.]])
    """
    return batched_matmul(input, mat2)


def _infer_batched(input: Tensor, other: Tensor) -> Inferred:
    a, b = input._shape, other._shape
    batch: Shape | None = a[:-2]
    if batch != b[:-2]:
        batch = broadcast_shapes(a[:-2], b[:-2])
        if batch is None:
            raise RuntimeError(f"batched_matmul(): the batches of matrices, of shapes {list(a)} and {list(b)}, do not broadcast")
    return ((*batch, a[-2], b[-1]), input._dtype), (input, other)


def _first_slope(g: Tensor, other: Tensor) -> Tensor:
    return batched_matmul(g, other.transpose(-2, -1))


def _second_slope(g: Tensor, input: Tensor) -> Tensor:
    return batched_matmul(input.transpose(-2, -1), g)


@op(infer=_infer_batched, on=(), grad_name="BmmBackward0", vjp={"input": _first_slope, "other": _second_slope})
def batched_matmul(input: Tensor, other: Tensor) -> Tensor:
    """Primitive: matrices (..., n, k) by (..., k, m), leading dimensions broadcast; half types add up in float32."""
    raise KernelOnly


def _check_bmm(name: str, a: Tensor, b: Tensor) -> None:
    _matrix(name, "batch1" if name != "bmm" else "input", a, 3, "3D tensor")
    _matrix(name, "batch2" if name != "bmm" else "mat2", b, 3, "3D tensor")
    if a._shape[0] != b._shape[0] or a._shape[2] != b._shape[1]:
        raise RuntimeError(
            f"{name}(): Expected size for first two dimensions of batch2 tensor to be: [{a._shape[0]}, {a._shape[2]}] but got: "
            f"[{b._shape[0]}, {b._shape[1]}] (batch1 has shape {list(a._shape)})."
        )
    check_same_dtype(name, a, b)


@op(out="exact", overlap="unchecked", ref="matmul")
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices: (b, n, k) by (b, k, m) gives (b, n, m).

    >>> import corelib as torch
    >>> torch.ones(4, 2, 3).bmm(torch.ones(4, 3, 5)).shape
    torch.Size([4, 2, 5])
    """
    _check_bmm("bmm", input, mat2)
    return batched_matmul(input, mat2)


def _infer_vector(name: str) -> Infer:
    def infer(input: Tensor, other: Tensor) -> Inferred:
        a, b = input._shape, other._shape
        if name == "dot":
            if len(a) != 1 or len(b) != 1:
                raise RuntimeError(f"dot(): 1D tensors expected, but got {len(a)}D and {len(b)}D tensors (shapes {list(a)}, {list(b)})")
            if a != b:
                raise RuntimeError(
                    f"dot(): inconsistent tensor size, expected tensor [{a[0]}] and src [{b[0]}] to have the same number of "
                    f"elements, but got {a[0]} and {b[0]} elements respectively"
                )
            shape: Shape = ()
        else:
            if len(a) != 2 or len(b) != 1:
                raise RuntimeError(f"mv(): vector + matrix @ vector expected, got shapes {list(a)} and {list(b)}")
            if a[1] != b[0]:
                raise RuntimeError(f"mv(): size mismatch, got input ({a[0]}), mat ({a[0]}x{a[1]}), vec ({b[0]})")
            shape = (a[0],)
        if input._dtype is not other._dtype:
            raise RuntimeError(f"{name}(): expected both vectors to have same dtype, but found {input._dtype} and {other._dtype}")
        check_same_dtype(name, input, other)
        return (shape, input._dtype), (input, other)

    return infer


@op(
    infer=_infer_vector("dot"), overlap="itself", out="exact", ref="dot",
    vjp={"input": lambda g, tensor: g * tensor, "tensor": lambda g, input: g * input},
)
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The inner product of two vectors.

    >>> import corelib as torch
    >>> torch.dot(torch.tensor([2, 3]), torch.tensor([2, 1]))
    tensor(7)
    """
    return batched_matmul(input.unsqueeze(0), tensor.unsqueeze(1)).reshape(())


@op(
    infer=_infer_vector("mv"), overlap="unchecked", out="exact", ref="matmul",
    vjp={
        "input": lambda g, vec: g.unsqueeze(1) * vec.unsqueeze(0),
        "vec": lambda g, input: input.t().mv(g),
    },
)
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix (n, m) and a vector (m).

    >>> import corelib as torch
    >>> torch.eye(2).mv(torch.tensor([1., 2.]))
    tensor([1., 2.])
    """
    return batched_matmul(input, vec.unsqueeze(1)).reshape((input._shape[0],))


@op(out=True, aliases=("ger",), ref="outer")
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The outer product of two vectors: element (i, j) is input[i] * vec2[j].

    >>> import corelib as torch
    >>> torch.outer(torch.tensor([1, 2]), torch.tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    _matrix("outer", "input", input, 1, "1-D tensor")
    _matrix("outer", "vec2", vec2, 1, "1-D tensor")
    return input.unsqueeze(1) * vec2.unsqueeze(0)


@op(out="exact", overlap="itself", ref="matmul")
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product, as Python's `@`: vectors, matrices and batches of matrices, whose batches broadcast.

    Two vectors give their inner product; a vector and a matrix give a vector. RuntimeError where the sizes do not fit.

    >>> import corelib as torch
    >>> torch.matmul(torch.ones(2, 3), torch.ones(3))
    tensor([3., 3.])
    """
    if not isinstance(other, Tensor):
        raise TypeError(f"matmul(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    a, b = input._shape, other._shape
    n, m = len(a), len(b)
    if n == 2 and m == 2:
        return mm(input, other)
    if n == 1 and m == 1:
        return dot(input, other)
    if n == 2 and m == 1:
        return mv(input, other)
    if n == 0 or m == 0:
        raise RuntimeError(f"matmul(): both arguments to matmul need to be at least 1D, but they are {n}D and {m}D")
    check_same_dtype("matmul", input, other)
    if n == 1:
        return matmul(input.unsqueeze(0), other).squeeze(-2)
    if a[-1] != b[-2 if m > 1 else 0]:
        raise RuntimeError(
            f"matmul(): mat1 and mat2 shapes cannot be multiplied ({prod(a[:-1])}x{a[-1]} and "
            f"{b[-2] if m > 1 else b[0]}x{b[-1] if m > 1 else 1})"
        )
    if m == 1:
        return matmul(input, other.unsqueeze(-1)).squeeze(-1)
    if m == 2:  # one large product in place of many small ones
        flat = mm(input.reshape((prod(a[:-1]), a[-1])), other)
        return flat.reshape((*a[:-1], b[-1]))
    if broadcast_shapes(a[:-2], b[:-2]) is None:
        raise RuntimeError(
            f"matmul(): The size of tensor a ({list(a)}) must match the size of tensor b ({list(b)}) at non-singleton batch "
            "dimensions"
        )
    return batched_matmul(input, other)


def _scaled(x: Tensor, factor: Number, name: str = "addmm") -> Tensor:
    """A product times alpha or beta, which is one of its numbers: of integers, the fraction is cut off."""
    return x if factor == 1 else x * fitting_number(name, factor, x._dtype, D.float32)


def _infer_addmm(input: Tensor, mat1: Tensor, mat2: Tensor, beta: Number, alpha: Number) -> Inferred:
    _matrix("addmm", "mat1", mat1, 2, "matrix")
    _matrix("addmm", "mat2", mat2, 2, "matrix")
    a, b = mat1._shape, mat2._shape
    if a[1] != b[0]:
        raise RuntimeError(f"addmm(): mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})")
    check_same_dtype("addmm", mat1, mat2, "mat1 and mat2")
    if input._dtype is not mat1._dtype:
        check_same_dtype("addmm", input, mat2, "self and mat2")
    shape = (a[0], b[1])
    check_fits("addmm", input, shape)
    if alpha != 1:
        alpha = fitting_number("addmm", alpha, mat1._dtype, D.float32)
    if beta != 1:
        beta = fitting_number("addmm", beta, mat1._dtype, D.float32)
    return (shape, mat1._dtype), (input, mat1, mat2, beta, alpha)


@op(
    infer=_infer_addmm, overlap="first", out="exact", inplace=True,
    vjp={
        "input": lambda g, beta: _scaled(g, beta),
        "mat1": lambda g, mat2, alpha: _scaled(mm(g, mat2.t()), alpha),
        "mat2": lambda g, mat1, alpha: _scaled(mm(mat1.t(), g), alpha),
    },
)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """`beta * input + alpha * (mat1 @ mat2)`; with beta 0 `input` is ignored, NaN and all.

    >>> import corelib as torch
    >>> torch.addmm(torch.ones(2), torch.eye(2), torch.eye(2))
    tensor([[2., 1.],
            [1., 2.]])
    """
    if mat1._dtype.itemsize == 2 and mat1._dtype.is_floating_point:
        return in_float32(lambda x, a, b: addmm(x, a, b, beta=beta, alpha=alpha), input, mat1, mat2)
    product = _scaled(mm(mat1, mat2), alpha)
    return product if beta == 0 else _scaled(input, beta) + product


@op(
    out="exact", overlap="first", inplace=True,
    vjp={
        "input": lambda g, beta: _scaled(g, beta),
        "batch1": lambda g, batch2, alpha: _scaled(bmm(g, batch2.transpose(1, 2)), alpha),
        "batch2": lambda g, batch1, alpha: _scaled(bmm(batch1.transpose(1, 2), g), alpha),
    },
)
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """`beta * input + alpha * (batch1 @ batch2)` for batches of matrices.

    >>> import corelib as torch
    >>> torch.baddbmm(torch.zeros(1), torch.ones(1, 1, 2), torch.ones(1, 2, 1))
    tensor([[[2.]]])
    """
    _check_bmm("baddbmm", batch1, batch2)
    product = _scaled(batched_matmul(batch1, batch2), alpha)
    check_fits("baddbmm", input, product._shape)
    return product if beta == 0 else (_scaled(input, beta) + product).contiguous()


@public("torch", whole=True)
def tensordot(a: Tensor, b: Tensor, dims: int | Sequence[int | Sequence[int] | Tensor] = 2, out: Tensor | None = None) -> Tensor:
    """The sum of products over `dims`: a number of trailing and leading dimensions, or two lists of dimensions.

    >>> import corelib as torch
    >>> torch.tensordot(torch.ones(2, 3), torch.ones(3, 4), dims=1).shape
    torch.Size([2, 4])
    """
    for what, x in (("a", a), ("b", b)):
        if not isinstance(x, Tensor):
            raise TypeError(f"tensordot(): argument '{what}' must be Tensor, not {type(x).__name__}")
    if isinstance(dims, bool) or not (isinstance(dims, (int, tuple, list)) or (isinstance(dims, Tensor) and dims._numel)):
        raise RuntimeError(
            f"tensordot(): expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists or Tensor, got dims={dims!r}"
        )
    if isinstance(dims, Tensor) and dims._numel == 1:
        dims = integer("tensordot", "dims", dims)
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot(): expects dims >= 0, but got dims={dims}")
        if dims > min(a.dim(), b.dim()):
            raise RuntimeError(f"tensordot(): expects dims < ndim_a or ndim_b, but got dims={dims} for {a.dim()}D and {b.dim()}D tensors")
        da, db = list(range(a.dim() - dims, a.dim())), list(range(dims))
    else:
        da, db = ([d] if isinstance(d, int) else list(d.tolist() if isinstance(d, Tensor) else d) for d in dims)
    if len(da) != len(db):
        raise RuntimeError(f"tensordot(): both dimension lists should have same length, got {da} and {db}")
    da = [wrap_dim("tensordot", d, a.dim()) for d in da]
    db = [wrap_dim("tensordot", d, b.dim()) for d in db]
    for i, j in zip(da, db, strict=True):
        if a._shape[i] != b._shape[j] and 1 not in (a._shape[i], b._shape[j]):
            raise RuntimeError(
                f"tensordot(): contracted dimensions need to match, but first has size {a._shape[i]} in dim {i} and second has "
                f"size {b._shape[j]} in dim {j}"
            )
        if a._shape[i] != b._shape[j]:
            if a._shape[i] == 1:
                b = b.sum(j, True, dtype=b._dtype)
            else:
                a = a.sum(i, True, dtype=a._dtype)
    fa, fb = [d for d in range(a.dim()) if d not in da], [d for d in range(b.dim()) if d not in db]
    k = prod(a._shape[d] for d in da)
    left = a.permute((*fa, *da)).reshape((prod(a._shape[d] for d in fa), k))
    right = b.permute((*db, *fb)).reshape((k, prod(b._shape[d] for d in fb)))
    made = mm(left, right).reshape((*[a._shape[d] for d in fa], *[b._shape[d] for d in fb]))
    return made if out is None else write("tensordot", made, out, (a, b), "exact", "itself")
