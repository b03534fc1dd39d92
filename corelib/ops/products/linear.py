"""linear: the layer that everything else is built from."""

from __future__ import annotations

from math import prod

from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import Inferred, Spec
from corelib.ops.products.einsum import einsum
from corelib.ops.shape.joining import cat, stack
from corelib.ops.products.products import batched_matmul, check_same_dtype, matmul, mm
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor


def _infer_linear(input: Tensor, weight: Tensor, bias: Tensor | None) -> Inferred:
    a, w = input._shape, weight._shape
    if len(w) != 2:
        raise RuntimeError(f"linear(): argument 'weight' must be a matrix (out_features, in_features), got shape {list(w)}")
    if not a or a[-1] != w[1]:
        rows = prod(a[:-1])
        raise RuntimeError(
            f"linear(): mat1 and mat2 shapes cannot be multiplied ({rows}x{a[-1] if a else 1} and {w[1]}x{w[0]}): input has shape "
            f"{list(a)}, weight {list(w)}"
        )
    if input._dtype is not weight._dtype or (bias is not None and bias._dtype is not weight._dtype):
        check_same_dtype("linear", input, weight, "" if bias is None else "mat1 and mat2")
        if bias is not None:
            check_same_dtype("linear", bias, weight, "self and mat2")
    if bias is not None and bias._shape != (w[0],) and bias._shape not in ((), (1,)):
        raise RuntimeError(f"linear(): argument 'bias' must have shape [{w[0]}], got {list(bias._shape)}")
    return ((*a[:-1], w[0]), input._dtype), (input, weight, bias)


def _rows(x: Tensor) -> Tensor:
    return x if len(x._shape) == 2 else x.reshape((prod(x._shape[:-1]), x._shape[-1]))


_NOTHING = (0,)


def _infer_backward(g: Tensor, input: Tensor, weight: Tensor, needs: tuple[bool, ...]) -> Inferred:
    of_input, of_weight, of_bias = needs
    rows, dtype = weight._shape, g._dtype
    specs: list[Spec] = [(input._shape if of_input else _NOTHING, dtype), (rows if of_weight else _NOTHING, dtype), (rows[:1] if of_bias else _NOTHING, dtype)]
    return specs, (g, input, weight, needs)


@op(on=(), several=True, infer=_infer_backward)
def linear_backward(g: Tensor, input: Tensor, weight: Tensor, needs: tuple[bool, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of linear's input, weight and bias; an empty tensor for one that is not needed."""
    rows, none = _rows(g), g.new_empty((0,))
    dx = mm(rows, weight).reshape(input._shape) if needs[0] else none
    dw = mm(rows.t(), _rows(input)) if needs[1] else none
    return dx, dw, rows.sum(0) if needs[2] else none


def _vjp(g: Tensor, input: Tensor, weight: Tensor, needs: tuple[bool, ...]) -> tuple[Tensor, Tensor, Tensor]:
    if len(g._shape) == 1:
        g, input = g.unsqueeze(0), input.unsqueeze(0)
        dx, dw, db = linear_backward(g, input, weight, needs)
        return dx.squeeze(0) if needs[0] else dx, dw, db
    return linear_backward(g, input, weight, needs)


def _form(input: Tensor, weight: Tensor, bias: Tensor | None) -> tuple[str, tuple[int, ...]]:
    return ("MmBackward0", (0, 1)) if bias is None else ("AddmmBackward0", (0, 1, 2))


@op(on=(), infer=_infer_linear, grad_name=_form, vjp={("input", "weight", "bias"): _vjp})
def affine(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias` for a weight of two dimensions."""
    made = batched_matmul(_rows(input) if input._shape[:-1] else input.unsqueeze(0), weight.t())
    if bias is not None:
        made = made + bias
    return made.reshape((*input._shape[:-1], weight._shape[0]))


@public("nn.functional")
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None, *, out: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`: the last dimension of `input` goes from in_features to out_features.

    weight: (out_features, in_features), or (in_features) for a single output without a dimension; bias: (out_features) or
    None.

    >>> import corelib as torch
    >>> torch.nn.functional.linear(torch.ones(1, 2), torch.eye(2), torch.tensor([1., 2.]))
    tensor([[2., 3.]])
    """
    if out is not None:
        written: Tensor = write("linear", linear(input, weight, bias), out, (input, weight, bias), "exact", "itself")
        return written
    if isinstance(weight, Tensor) and len(weight._shape) == 1 and isinstance(input, Tensor):
        made = matmul(input, weight)
        return made if bias is None else made + bias
    return affine(input, weight, bias)


@op(on=("torch", "nn.functional"))
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """out[..., k] = input1 @ weight[k] @ input2 + bias[k]."""
    made = einsum("...i,kij,...j->...k", input1, weight, input2)
    return made if bias is None else made + bias


_GROUPED = ("float32", "bfloat16", "float16")


@public("nn.functional")
def grouped_mm(mat_a: Tensor, mat_b: Tensor, *, offs: Tensor | None = None, bias: Tensor | None = None, out_dtype: DType | None = None) -> Tensor:
    """The matrix products of groups of rows or columns, of several lengths, as a mixture of experts has them.

    mat_a, mat_b: 3-d, whose groups are the first dimension, or 2-d, cut where `offs` (int32, one number a group) says that a group ends:
    (rows, k) by groups (g, k, n) is (rows, n); (g, m, k) by (k, columns) is (m, columns); (m, k) by (k, n) cuts k and is (g, m, n). Two 3-d
    matrices need no `offs` and are (g, m, n). What lies beyond the last offset is 0. RuntimeError for a bias, which PyTorch does not take yet either.

    >>> import corelib as torch
    >>> tokens, experts = torch.ones(3, 4), torch.stack([torch.ones(4, 4), 2 * torch.ones(4, 4)])
    >>> torch.nn.functional.grouped_mm(tokens, experts, offs=torch.tensor([1, 3], dtype=torch.int32))[:, 0]
    tensor([4., 8., 8.])
    """
    a, b = mat_a._shape, mat_b._shape
    _check_grouped(mat_a, mat_b, offs, bias, out_dtype)
    if offs is None:
        return mat_a.bmm(mat_b)
    ends: list[int] = offs.tolist()
    parts = list(zip([0, *ends], ends))
    if len(a) == 2 and len(b) == 2:
        return stack([mat_a[:, start:end].mm(mat_b[start:end]) for start, end in parts])
    if len(a) == 2:
        rows = [mat_a[start:end].mm(mat_b[i]) for i, (start, end) in enumerate(parts)]
        return cat([*rows, mat_a.new_zeros((a[0] - sum([len(each) for each in rows]), b[2]))])
    columns = [mat_a[i].mm(mat_b[:, start:end]) for i, (start, end) in enumerate(parts)]
    return cat([*columns, mat_a.new_zeros((a[1], b[1] - sum([each._shape[1] for each in columns])))], 1)


def _check_grouped(mat_a: Tensor, mat_b: Tensor, offs: Tensor | None, bias: Tensor | None, out_dtype: DType | None) -> None:
    """RuntimeError for what PyTorch's refuses."""
    a, b = mat_a._shape, mat_b._shape
    for name, x in (("mat_a", mat_a), ("mat_b", mat_b)):
        if x._dtype.name not in _GROUPED:
            raise RuntimeError(f"grouped_mm(): Expected {name} to be Float32, BFloat16 or Float16 matrix, got {x._dtype}")
    for name, x in (("mat_a", mat_a), ("mat_b", mat_b)):
        if len(x._shape) not in (2, 3):
            raise RuntimeError(f"grouped_mm(): {name} has to be 2 or 3d, got shape {list(x._shape)}")
    cuts = len(a) == 2 or len(b) == 2
    if a[-1] != b[-2]:
        raise RuntimeError(f"grouped_mm(): contraction dimension of mat_a and mat_b must match, got shapes {list(a)} and {list(b)}")
    if (offs is not None) is not cuts:
        raise RuntimeError("grouped_mm(): Have to provide offsets if there is a 2d matrix, or no offset if both matrices are 3d")
    if offs is not None:
        if len(offs._shape) != 1:
            raise RuntimeError(f"grouped_mm(): offs has to be 1D, got shape {list(offs._shape)}")
        if offs._dtype.name != "int32":
            raise RuntimeError(f"grouped_mm(): Offsets have to be int32, got {offs._dtype}")
    groups = [x._shape[0] for x in (mat_a, mat_b) if len(x._shape) == 3] + ([] if offs is None else [len(offs)])
    if any(n != groups[0] for n in groups):
        raise RuntimeError(f"grouped_mm(): matrix batch sizes have to match, got {groups}")
    if bias is not None:
        raise RuntimeError("grouped_mm(): Bias not supported yet")
    if out_dtype is not None and out_dtype is not mat_a._dtype:
        raise RuntimeError(f"grouped_mm(): Grouped gemm output dtype must match `mat_a` dtype, got {out_dtype} for {mat_a._dtype}")
