"""What PyTorch calls the ops of the table, and the functions and nodes beside them: the names that profiles and counters of operations show.

Most have PyTorch's name. The tables have those that stand behind a public name here under another one, and what PyTorch's form of a call calls
in turn: a linear layer is t and addmm there, zeros is empty and zero_. What here is one kernel is shown in those steps, since that is how
programs written for PyTorch look for it; the time of the whole stands with the step that does the work, marked by a star, the others take none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from corelib.graph.rule import Args


class Step(NamedTuple):
    """One op by PyTorch's name, without `aten::`, and what it calls. `works`: whether it takes the time; `args`: its operands, where known."""

    name: str
    inner: tuple[Any, ...] = ()
    works: bool = False
    args: Args | None = None

    def walk(self) -> Iterator[Step]:
        """It and all inside it, the outer ones first."""
        yield self
        for step in self.inner:
            yield from step.walk()


# What these call in turn, wherever they stand. A name that begins with a dot is shown without `aten::`.
_ALWAYS = """
_to_copy: empty_strided copy_
bmm: resolve_conj resolve_conj
copied: empty_like(empty) copy_
detach: .detach
detach_: .detach_
diagonal: as_strided
empty_like: empty_strided
expand: as_strided
isnan: ne
item: _local_scalar_dense
mm: resolve_conj resolve_conj
movedim: permute
narrow: slice
new_empty: empty
new_zeros: new_empty zero_
nll_loss_nd: nll_loss(nll_loss_forward)
number: _to_copy
permute: as_strided
select: as_strided
slice: as_strided
squeeze: as_strided
squeeze_: as_strided_
swapaxes: transpose
t: transpose
transpose: as_strided
transpose_: as_strided_
unfold: as_strided
unsqueeze: as_strided
unsqueeze_: as_strided_
zeros: empty zero_
zeros_like: empty_like zero_
"""
_SHOWN_AS = {"number": "to", "copied": "clone"}

# One op of the table a line.
_OPS = """
_bernoulli_of: bernoulli
_div_rounded: div
_round: round
_trunc_divide: div
affine_grid: affine_grid_generator
arange_: arange
attention: _scaled_dot_product_attention_math
batch_norm: batch_norm(_batch_norm_impl_index(empty native_batch_norm*(empty_like(empty) empty empty empty empty zeros zero_ empty empty)))
batch_norm_training: native_batch_norm
celu_of: celu
cholesky_of: linalg_cholesky_ex
conjugated: conj_physical
constant_in: scalar_tensor
constant_pad: constant_pad_nd
copied: copy
cross_entropy: cross_entropy_loss(log_softmax(to _log_softmax*) nll_loss_nd)
cross_entropy_of_logits: binary_cross_entropy_with_logits*(log_sigmoid(log_sigmoid_forward(empty_like(empty) empty_like(empty))) empty_like fill_ sub_ mul_ sub_ mean(sum(as_strided fill_) div_(number)))
cross_entropy_of_two: binary_cross_entropy
ctc_paths: _ctc_loss
cummax_along: cummax
cummin_along: cummin
det_of: _linalg_det
deviation: std*(empty as_strided)
eig_of: linalg_eig
eigenpairs_as_found: linalg_eig
eigh_of: _linalg_eigh
elu_of: elu
embedding_rows: embedding(index_select*(empty select select))
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
kthvalue_along: kthvalue
layer_norm: layer_norm(native_layer_norm*(empty empty empty view view))
layer_norm_backward: native_layer_norm_backward
ldl_of: linalg_ldl_factor_ex
ldl_system: linalg_ldl_solve
leaky_relu_of: leaky_relu
log_softmax_along: log_softmax(_log_softmax*)
log_softmax_backward: _log_softmax_backward_data
logsigmoid: log_sigmoid
lstm_gates: _thnn_fused_lstm_cell
lu_of: linalg_lu_factor_ex
made_from: tensor
magnitude: abs*(empty abs)
max_all: max*(empty fill_)
max_along: max*(unsqueeze_ unsqueeze_ squeeze_ squeeze_)
max_windows: max_pool2d(max_pool2d_with_indices*)
median_all: median
median_along: median
min_all: min*(empty fill_)
min_along: min*(unsqueeze_ unsqueeze_ squeeze_ squeeze_)
mish_of: mish
mode_along: mode
nanmedian_all: nanmedian
nanmedian_along: nanmedian
negated: _neg_view
nll: nll_loss_nd(nll_loss(nll_loss_forward*))
normal_of: normal
phase: angle
pinv_of: linalg_pinv
places_in_order: argsort
prelu_of: _prelu_kernel
put_rows: index_put
qr_of: linalg_qr
rectify: relu*(clamp_min)
reflectors_of: geqrf
relu_backward: threshold_backward
safe_softmax_along: _safe_softmax
scatter_set: scatter
select_where: where
selu_of: selu
smooth_error: smooth_l1_loss
huber_error: huber_loss
softmax_along: softmax(_softmax*)
softmax_backward: _softmax_backward_data
softmax_nll: cross_entropy_loss(log_softmax(to _log_softmax*) nll_loss_nd)
softmax_nll_backward: nll_loss_backward(zero_)
sort_along: sort
split_sizes: split_with_sizes
square_system: linalg_solve
squared_error: mse_loss
stack_along: stack*(cat view)
strided_slice: slice
svd_of: _linalg_svd
swish: silu
take_rows: index_select
threshold_of: threshold
topk_along: topk
triangular_system: linalg_solve_triangular
true_div: div
true_places: nonzero*(empty as_strided_)
unpool_windows: max_unpool2d
upper_as_lower: triu
variance: var*(empty as_strided)
vector_norm: linalg_vector_norm*(as_strided)
window_spread: avg_pool2d_backward
window_sum: avg_pool2d
"""

# What PyTorch's op of a name calls.
_BY_NAME = """
binary_cross_entropy_with_logits: binary_cross_entropy_with_logits*(log_sigmoid(log_sigmoid_forward(empty_like(empty) empty_like(empty))) empty_like fill_ sub_ mul_ sub_ mean(sum(as_strided fill_) div_(number)))
clamp_: clamp_*(to)
cross_entropy: cross_entropy_loss(log_softmax(to _log_softmax*) nll_loss_nd)
nll_loss: nll_loss_nd(nll_loss(nll_loss_forward*))
T: numpy_T*(permute)
__and__: __and__(bitwise_and*)
__bool__: is_nonzero*(item)
__float__: item*
__iand__: __iand__(bitwise_and_*)
__index__: item*
__int__: item*
__ior__: __ior__(bitwise_or_*)
__or__: __or__(bitwise_or*)
__xor__: __xor__(bitwise_xor*)
abs: abs*(empty abs)
addmm: addmm*(expand copy_ resolve_conj resolve_conj)
all: all*(as_strided fill_)
allclose: allclose*(isclose all item)
any: any*(as_strided fill_)
arange: arange*(empty arange(resize_))
argmax: argmax*(as_strided)
argmin: argmin*(as_strided)
as_tensor: empty* to lift_fresh
bernoulli: bernoulli*(empty_like(empty) bernoulli_)
broadcast_to: broadcast_to*(expand)
clamp: clamp*(to)
complex: complex*(empty complex)
conv1d: conv1d(convolution(_convolution*))
conv2d: conv2d(convolution(_convolution*))
conv3d: conv3d(convolution(_convolution*))
conv_transpose1d: conv_transpose1d(convolution(_convolution*))
conv_transpose2d: conv_transpose2d(convolution(_convolution*))
conv_transpose3d: conv_transpose3d(convolution(_convolution*))
convolution: convolution(_convolution*)
cumsum: cumsum*(to)
diag_embed: diag_embed*(zeros diagonal copy_)
dot: dot*(empty fill_)
dropout: dropout*(empty_like bernoulli_ div_(number) mul)
embedding: embedding(index_select*(empty select select))
equal: equal*(is_same_size)
expand_as: expand_as*(expand)
eye: eye*(empty eye(resize_ zero_))
flip: flip*(empty_like as_strided)
from_numpy: lift_fresh*
full: full*(empty fill_)
full_like: full_like*(empty_like fill_)
gather: gather*(to)
hardtanh: hardtanh*(empty_like hardtanh(clamp(to)))
hann_window: hann_window*(empty arange(resize_) mul_ cos_ mul_ add_ narrow)
hstack: hstack*(cat)
index_select: index_select*(empty select select)
l1_loss: broadcast_tensors l1_loss*(sub abs(empty abs) mean(sum(as_strided fill_) div_(number)))
linalg_vector_norm: linalg_vector_norm*(as_strided)
linspace: linspace*(empty linspace)
log_softmax: log_softmax(_log_softmax*)
logspace: logspace*(empty logspace)
logsumexp: logsumexp*(empty logsumexp)
mT: mT*(transpose)
masked_fill: masked_fill*(copied masked_fill_)
max_pool2d: max_pool2d(max_pool2d_with_indices*)
mean: mean*(sum(as_strided fill_) div_(number))
mse_loss: broadcast_tensors mse_loss*(resize_ empty mean(sum(as_strided fill_) div_(number)))
mv: mv*(empty addmv_)
new_full: new_full*(new_empty fill_)
new_ones: new_ones*(new_empty fill_)
nonzero: nonzero*(empty as_strided_)
norm: linalg_vector_norm*(as_strided)
normal: normal*(empty normal_)
numpy: detach* to resolve_conj resolve_neg
one_hot: one_hot*(aminmax(fill_ fill_) item item zeros unsqueeze scatter_(to))
ones: ones*(empty fill_)
ones_like: ones_like*(empty_like fill_)
outer: outer*(reshape(view) mul)
pad: pad(constant_pad_nd*(empty fill_ narrow narrow copy_))
pow: pow*(result_type to)
rand: rand*(empty uniform_)
rand_like: rand_like*(empty_like uniform_)
randint: randint*(empty random_)
randint_like: randint_like*(empty_like random_)
randn: randn*(empty normal_)
randn_like: randn_like*(empty_like normal_)
randperm: randperm*(empty randperm(scalar_tensor resize_ resize_))
relu: relu*(clamp_min)
relu6: relu6(hardtanh*(empty_like hardtanh(clamp(to))))
relu_: relu_*(clamp_min_)
roll: roll*(narrow narrow cat)
scaled_dot_product_attention: scaled_dot_product_attention(_scaled_dot_product_attention_math*)
scatter: scatter*(copy_)
smooth_l1_loss: broadcast_tensors smooth_l1_loss*(resize_ empty mean(sum(as_strided fill_) div_(number)))
softmax: softmax(_softmax*)
sort: sort*(copy_ arange(empty arange(resize_)) as_strided copy_)
stack: stack*(cat view)
std: std*(empty as_strided)
sum: sum*(as_strided fill_)
t_: t_*(transpose_)
tensor: empty* to lift_fresh detach_
tolist: resolve_conj resolve_neg*
trace: trace*(empty)
unique: _unique2
var: var*(empty as_strided)
view_as: view_as*(view)
vstack: vstack*(cat)
where: where*(empty)
zeros_like: zeros_like*(empty_like zero_)
"""

# What is called in a node of the graph.
_NODES = """
AbsBackward0: sgn* mul
AvgPool2DBackward0: avg_pool2d_backward*(zero_)
BinaryCrossEntropyWithLogitsBackward0: sigmoid* sub_ mul_ div_(number)
EluBackward0: elu_backward
EmbeddingBackward0: embedding_backward(embedding_dense_backward*(zeros view))
GatherBackward0: gather_backward*(new_zeros scatter_add_(to))
GeluBackward0: gelu_backward
IndexBackward0: new_zeros _index_put_impl_*(as_strided reshape(view))
LeakyReluBackward0: leaky_relu_backward
GruGatesBackward0: _thnn_fused_gru_cell_backward
LogSoftmaxBackward0: _log_softmax_backward_data
LstmGatesBackward0: _thnn_fused_lstm_cell_backward
MaskedFillBackward0: masked_fill*(copied masked_fill_)
MaxBackward0: value_selecting_reduction_backward*(unsqueeze unsqueeze zeros scatter_(to))
MaxPool2DWithIndicesBackward0: max_pool2d_with_indices_backward*(zero_)
MeanBackward0: expand div*(number)
MeanBackward1: unsqueeze expand div*(number)
MinBackward0: value_selecting_reduction_backward*(unsqueeze unsqueeze zeros scatter_(to))
MseLossBackward0: mse_loss_backward*(zeros_like(empty_like(empty) zero_) mse_loss_backward)
NativeBatchNormBackward0: native_batch_norm_backward*(empty_like(empty) empty empty)
NativeLayerNormBackward0: native_layer_norm_backward*(empty empty empty)
NllLossBackward0: nll_loss_backward*(zero_)
ReluBackward0: threshold_backward
SelectBackward0: select_backward*(zeros select copy_)
SigmoidBackward0: sigmoid_backward
SiluBackward0: silu_backward
SliceBackward0: slice_backward*(zeros slice copy_)
SmoothL1LossBackward0: smooth_l1_loss_backward*(zeros_like(empty_like(empty) zero_) smooth_l1_loss_backward)
SoftmaxBackward0: _softmax_backward_data
SplitBackward0: cat
SqueezeBackward1: unsqueeze
SumBackward0: expand
SumBackward1: unsqueeze expand*
TanhBackward0: tanh_backward
UnbindBackward0: stack*(cat view)
UnsqueezeBackward0: squeeze
"""


def _rows(table: str) -> dict[str, str]:
    return {name: steps for name, _, steps in (line.partition(": ") for line in table.split("\n") if line)}


_always, _by_name, _nodes = _rows(_ALWAYS), _rows(_BY_NAME), _rows(_NODES)
OPS = _rows(_OPS)
"""Steps by the name of an op of the table."""
OPEN = frozenset(("einsum", "gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell", "tensordot"))
"""Ops that are made of others here as in PyTorch: those are shown inside them. What else an op here is made of is its own affair."""


@cache
def steps(written: str) -> tuple[Step, ...]:
    """Steps as the tables write them, what they call in brackets."""
    found: list[list[Step]] = [[]]
    for token in re.findall(r"[.\w]+\*?|[()]", written):
        if token == "(":
            found.append([])
        elif token == ")":
            inner = tuple(found.pop())
            found[-1][-1] = found[-1][-1]._replace(inner=inner)
        else:
            name = token.rstrip("*")
            found[-1].append(Step(_SHOWN_AS.get(name, name), steps(_always.get(name, "")), token != name))
    return tuple(found[0])


def named(name: str, args: Args | None) -> tuple[Step, ...]:
    """The steps of PyTorch's op of a name. The operands are those of the first, and of the one that works."""
    found = steps(_by_name.get(name, name))
    if args is None or not found:
        return found
    return tuple([with_args(step, args) for step in found])


def with_args(step: Step, args: Args, first: bool = True) -> Step:
    inner = tuple([with_args(each, args, False) for each in step.inner])
    return step._replace(inner=inner, args=args if first or step.works else step.args)


_FOR_EACH = {"CatBackward0": "narrow ", "StackBackward0": "select "}


def node_steps(name: str, inputs: int) -> tuple[Step, ...] | None:
    """What PyTorch calls in a node of the graph with so many inputs; None where that is what is called here."""
    written = _FOR_EACH[name] * inputs if name in _FOR_EACH else _nodes.get(name)
    return None if written is None else steps(written)
