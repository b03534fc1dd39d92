"""The cross entropy of a linear layer's outputs, which need not all be there at once."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from corelib.as_torch.warned import warn
from corelib.autograd import grad
from corelib.autograd.function import Function
from corelib.dispatcher.namespaces import public
from corelib.graph.grad_mode import enable_grad, grad_mode
from corelib.ops.losses.classes import cross_entropy
from corelib.ops.products.linear import linear
from corelib.ops.shape.joining import cat
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:  # the layers are made of these functions
    from corelib.nn.modules.linear_cross_entropy_options import LinearCrossEntropyOptions


def _in_pieces(x: Any, weight: Any, target: Any, bias: Any, scale: Any, ignore_index: int, options: LinearCrossEntropyOptions) -> Any:
    """Each row's loss, (n,), from pieces that the backward pass computes again."""
    n = x._shape[0]
    rows = options.rows(n, x._shape[1], weight._shape[0])
    half = x._dtype.itemsize == 2
    added_in = options.acc_dtype or (D.float32 if half else x._dtype)

    def piece(first: int, x: Any, weight: Any, bias: Any) -> Any:
        logits = linear(x, weight, bias)
        return cross_entropy(logits, target.narrow(0, first, x._shape[0]), scale, ignore_index=ignore_index, reduction="none")

    class Pieces(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any, bias: Any) -> Any:
            ctx.save_for_backward(x, weight, bias)
            return cat([piece(i, x.narrow(0, i, min(rows, n - i)), weight, bias) for i in range(0, n, rows)])

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, weight, bias = ctx.saved_tensors
            if grad_mode.enabled:  # create_graph: the derivative's own graph needs all rows at once
                present = [t for t in (x, weight, bias) if t is not None and t.requires_grad]
                with_graph = iter(grad(piece(0, x, weight, bias), present, g, create_graph=True))
                return tuple(next(with_graph) if t is not None and t.requires_grad else None for t in (x, weight, bias))
            parts, totals = [], [None, None]
            for i in range(0, n, rows):
                m = min(rows, n - i)
                leaves = [t.detach().requires_grad_() for t in (x.narrow(0, i, m), weight, bias) if t is not None]
                with enable_grad():
                    made = piece(i, *leaves, *[None] * (3 - len(leaves)))
                found = grad(made, leaves, g.narrow(0, i, m))
                parts.append(found[0])
                for k, one in enumerate(found[1:]):
                    totals[k] = one.to(added_in) if totals[k] is None else totals[k] + one.to(added_in)
            return (cat(parts), *[None if t is None else t.to(x.dtype) for t in totals])

    return Pieces.apply(x, weight, bias)


@public("nn.functional", fits=True)
def linear_cross_entropy(
    input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None, weight: Tensor | None = None, reduction: str = "mean",
    ignore_index: int | None = None, label_smoothing: float = 0.0, options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    """`cross_entropy` of `linear(input, linear_weight, linear_bias)`.

    input: (n, features) or (features,). linear_weight: (classes, *out_features, features). target: classes (n, *out_features), or
    probabilities of the logits' shape. options: go through the batch in pieces, where the target is classes, without smoothing and
    `out_features`; otherwise they are ignored with a warning.

    >>> import corelib as torch
    >>> torch.nn.functional.linear_cross_entropy(torch.zeros(1, 2), torch.zeros(4, 2), torch.tensor([1])).exp()
    tensor(4.)
    """
    x: Any = input
    if len(x._shape) not in (1, 2):
        raise RuntimeError(f"linear_cross_entropy(): expected input with dimensionality 1 or 2, got {len(x._shape)}")
    if len(linear_weight._shape) < 2:
        raise RuntimeError(f"linear_cross_entropy(): expected linear_weight with dimensionality at least 2, got {len(linear_weight._shape)}")
    classes, *inner, features = linear_weight._shape
    if x._shape[-1] != features:
        raise RuntimeError(
            f"linear_cross_entropy(): expected equal input and linear_weight last dimensions (in_features), got {x._shape[-1]} and {features}, respectively"
        )
    if linear_bias is not None and linear_bias._shape != (classes, *inner):
        raise RuntimeError(f"linear_cross_entropy(): expected linear_bias shape {(classes, *inner)}, got {tuple(linear_bias._shape)}")
    if inner and len(x._shape) == 1:
        raise RuntimeError(
            f"linear_cross_entropy(): K-dimensional loss defined by linear_weight shape {tuple(linear_weight._shape)} requires batched input, "
            f"(N, {features}), got unbatched input with shape {tuple(x._shape)}"
        )
    shape = (*x._shape[:-1], classes, *inner)
    if target._shape == shape and ignore_index is not None:
        raise RuntimeError("linear_cross_entropy(): ignore_index cannot be specified when target contains probabilities")
    ignored = -100 if ignore_index is None else ignore_index
    if options is not None:
        if not inner and reduction in ("mean", "sum", "none") and label_smoothing == 0 and target._dtype is D.int64 and target._shape != shape:
            wide, classes_of = (x, target) if len(x._shape) == 2 else (x.unsqueeze(0), target.unsqueeze(0))
            losses: Tensor = _in_pieces(wide, linear_weight, classes_of, linear_bias, weight, ignored, options)
            if reduction == "sum":
                return losses.sum()
            if reduction == "none":
                return losses if len(x._shape) == 2 else losses.squeeze(0)
            counted: Any = (classes_of != ignored).to(losses.dtype)
            if weight is not None:
                counted = counted * weight.index_select(0, classes_of.masked_fill(classes_of == ignored, 0)).to(losses.dtype)
            mean: Tensor = losses.sum() / counted.sum()
            return mean
        warn(
            "linear_cross_entropy: ``options`` ignored; chunked path needs reduction in {'mean','sum','none'}, label_smoothing == 0, target.dtype == int64, "
            f"out_features == (). Got reduction={reduction!r}, label_smoothing={label_smoothing}, target.dtype={target._dtype}, out_features={tuple(inner)}.",
        )
    flat: Any = linear_weight.reshape((classes * prod(inner), features))
    bias: Any = linear_bias
    logits = linear(x, flat, None if bias is None else bias.reshape((-1,))).reshape(shape)
    return cross_entropy(logits, target, weight=weight, reduction=reduction, ignore_index=ignored, label_smoothing=label_smoothing)


