"""What PyTorch calls the ops of the table: the names that profiles and counters of operations show.

Most ops have PyTorch's name. The table has those that stand behind a public name here under another one, or that do in one step what are
several ops in PyTorch: `affine` is linear, in which an addmm runs.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeAlias

from corelib.dispatcher.op import Op
from corelib.graph.rule import Args
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import Shape

# One op a line: its name, and PyTorch's, the outer ones first.
_TABLE = """
_adam_step_: _fused_adam_
_bernoulli_of: bernoulli
_div_rounded: div
_round: round
_sgd_step_: _fused_sgd_
_trunc_divide: div
affine_grid: affine_grid_generator
arange_: arange
attention: _scaled_dot_product_attention_math
batch_norm: batch_norm _batch_norm_impl_index
batch_norm_training: native_batch_norm
celu_of: celu
cholesky_of: linalg_cholesky_ex
conjugated: conj_physical
constant_in: scalar_tensor
constant_pad: constant_pad_nd
copied: copy
cross_entropy: cross_entropy_loss
cross_entropy_of_logits: binary_cross_entropy_with_logits
cross_entropy_of_two: binary_cross_entropy
ctc_paths: _ctc_loss
cummax_along: cummax
cummin_along: cummin
det_of: _linalg_det
deviation: std
eig_of: linalg_eig
eigenpairs_as_found: linalg_eig
eigh_of: _linalg_eigh
elu_of: elu
embedding_rows: embedding
exp_of: linalg_matrix_exp
fft_complex: _fft_c2c
filled: fill
fractional_windows: fractional_max_pool2d
frexp_parts: frexp
grid_sample: grid_sampler
gru_gates: _thnn_fused_gru_cell
hardsigmoid_of: hardsigmoid
hardswish_of: hardswish
hardtanh_of: hardtanh
interpolate: upsample
kthvalue_along: kthvalue
layer_norm: layer_norm native_layer_norm
layer_norm_backward: native_layer_norm_backward
ldl_of: linalg_ldl_factor_ex
ldl_system: linalg_ldl_solve
leaky_relu_of: leaky_relu
log_softmax_along: log_softmax _log_softmax
log_softmax_backward: _log_softmax_backward_data
logsigmoid: log_sigmoid
lstm_gates: _thnn_fused_lstm_cell
lu_of: linalg_lu_factor_ex
made_from: tensor
magnitude: abs
max_all: max
max_along: max
max_windows: max_pool2d_with_indices
median_all: median
median_along: median
min_all: min
min_along: min
mish_of: mish
mode_along: mode
nanmedian_all: nanmedian
nanmedian_along: nanmedian
negated: _neg_view
nll: nll_loss
normal_of: normal
phase: angle
pinv_of: linalg_pinv
places_in_order: argsort
prelu_of: _prelu_kernel
put_rows: index_put
qr_of: linalg_qr
rectify: relu
reflectors_of: geqrf
relu_backward: threshold_backward
safe_softmax_along: _safe_softmax
scatter_set: scatter
select_where: where
selu_of: selu
smooth_error: smooth_l1_loss
softmax_along: softmax _softmax
softmax_backward: _softmax_backward_data
softmax_nll: log_softmax _log_softmax
softmax_nll_backward: nll_loss_backward
sort_along: sort
split_sizes: split_with_sizes
square_system: linalg_solve
squared_error: mse_loss
stack_along: stack
strided_slice: slice
svd_of: _linalg_svd
swish: silu
take_rows: index_select
threshold_of: threshold
to_copy: to _to_copy
topk_along: topk
triangular_system: linalg_solve_triangular
true_div: div
true_places: nonzero
unpool_windows: max_unpool2d
upper_as_lower: triu
variance: var
vector_norm: linalg_vector_norm
window_spread: avg_pool2d_backward
window_sum: avg_pool2d
"""
_NAMES = {name: tuple(theirs.split()) for name, _, theirs in (line.partition(": ") for line in _TABLE.split("\n") if line)}


Call: TypeAlias = tuple[str, Args]
"""An op by PyTorch's name, without `aten::`, and its operands."""


class Shaped:
    """An operand that only PyTorch's form of a call has: a matrix that is read as its transpose, or as rows."""

    __slots__ = ("_dtype", "_shape")

    def __init__(self, shape: Shape, dtype: DType) -> None:
        self._shape = shape
        self._dtype = dtype

    @property
    def shape(self) -> Shape:
        """Its shape."""
        return self._shape

    def stride(self) -> Shape:
        """As if it were row-major."""
        return tuple(prod(self._shape[i + 1 :]) for i in range(len(self._shape)))


def _linear(args: Args) -> list[Call]:
    input, weight, bias = args
    rows = Shaped((prod(input._shape[:-1]), input._shape[-1]), input._dtype)
    turned = Shaped((weight._shape[1], weight._shape[0]), weight._dtype)
    if bias is not None:
        return [("linear", args), ("addmm", (bias, rows, turned, 1, 1))]
    return [("linear", args), ("matmul", (input, turned)), ("mm", (rows, turned))]


def _matmul(args: Args) -> list[Call]:
    ranks = len(args[0]._shape), len(args[1]._shape)
    inner = {(1, 1): "dot", (2, 1): "mv", (1, 2): "mv", (2, 2): "mm"}.get(ranks)
    return [("matmul", args)] + ([(inner, args)] if inner else [])


_BY_ARGUMENTS: dict[str, Callable[[Args], list[Call]]] = {
    "affine": _linear,
    "matmul": _matmul,
    "batched_matmul": lambda args: [("mm" if len(args[0]._shape) == 2 else "bmm", args)],
    "linear_backward": lambda args: [("linear_backward", args), ("mm", args)],
}
_CONVOLUTIONS = ("convolution", "conv_input", "conv_weight")


def aten_calls(op: Op, args: Args, in_backward: bool) -> list[Call]:
    """What PyTorch calls a call, the outermost name first, and the operands that it has under each."""
    name = op.name
    if name in _CONVOLUTIONS:
        return [("convolution_backward", args)] if in_backward else [("convolution", args), ("_convolution", args)]
    chosen = _BY_ARGUMENTS.get(name)
    if chosen is not None:
        try:
            return chosen(args)
        except (AttributeError, IndexError, ValueError):  # what the op refuses a moment later
            return [(name, args)]
    return [(each, args) for each in _NAMES.get(name, (name,))]
