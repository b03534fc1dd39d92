"""Examples for the pages of functions whose docstrings have none, mostly forms of others. `pages.py` runs each and shows what it gives.

One line for each: the function's name on its page, then statements, the last of them an expression.
"""

from __future__ import annotations

import ast
import warnings
from typing import Any

TABLE = """
Tensor.const_data_ptr: torch.ones(1).const_data_ptr() > 0
Tensor.ipu: hasattr(torch.ones(1), "ipu")
Tensor.mtia: hasattr(torch.ones(1), "mtia")
Tensor.xpu: hasattr(torch.ones(1), "xpu")
Tensor.is_distributed: torch.ones(1).is_distributed()
Tensor.is_shared: torch.ones(1).share_memory_().is_shared()
Tensor.module_load: torch.zeros(2).module_load(torch.ones(2))
Tensor.resize: torch.arange(4).resize(2, 2)
Tensor.resize_as: torch.arange(4).resize_as(torch.ones(2, 2))
Tensor.storage_type: torch.ones(2).storage_type().__name__
celu: torch.celu(torch.tensor([-1., 1.]))
nn.functional.glu: torch.nn.functional.glu(torch.tensor([1., 2., 0., 0.]))
hardshrink: torch.hardshrink(torch.tensor([-1., 0.25, 1.]))
nn.functional.hardsigmoid: torch.nn.functional.hardsigmoid(torch.tensor([-3., 0., 3.]))
nn.functional.hardswish: torch.nn.functional.hardswish(torch.tensor([-3., 1., 3.]))
nn.functional.hardtanh: torch.nn.functional.hardtanh(torch.tensor([-2., 0.5, 2.]))
Tensor.log_softmax: torch.zeros(2).log_softmax(0)
nn.functional.mish: torch.nn.functional.mish(torch.tensor([0., 1.]))
prelu: torch.prelu(torch.tensor([-1., 1.]), torch.tensor([0.25]))
Tensor.relu: torch.tensor([-1., 1.]).relu()
nn.functional.relu6: torch.nn.functional.relu6(torch.tensor([-1., 3., 8.]))
relu_: torch.relu_(torch.tensor([-1., 1.]))
selu: torch.selu(torch.tensor([0., 1.]))
Tensor.softmax: torch.zeros(2).softmax(0)
nn.functional.softmin: torch.nn.functional.softmin(torch.zeros(2), 0)
nn.functional.softshrink: torch.nn.functional.softshrink(torch.tensor([-1., 0.25, 1.]))
nn.functional.softsign: torch.nn.functional.softsign(torch.tensor([-1., 1.]))
nn.functional.tanhshrink: torch.nn.functional.tanhshrink(torch.tensor([0., 1.]))
threshold: torch.threshold(torch.tensor([1., 3.]), 2., 0.)
celu_: torch.celu_(torch.tensor([-1., 1.]))
nn.functional.elu_: torch.nn.functional.elu_(torch.tensor([-1., 1.]))
nn.functional.hardtanh_: torch.nn.functional.hardtanh_(torch.tensor([-2., 0.5]))
nn.functional.leaky_relu_: torch.nn.functional.leaky_relu_(torch.tensor([-1., 1.]))
selu_: torch.selu_(torch.tensor([0., 1.]))
threshold_: torch.threshold_(torch.tensor([1., 3.]), 2., 0.)
Tensor.div_: torch.tensor([7., -7.]).div_(2, rounding_mode="floor")
Tensor.float_power_: torch.tensor([2.], dtype=torch.float64).float_power_(3)
dsplit: [tuple(t.shape) for t in torch.dsplit(torch.ones(2, 2, 4), 2)]
dstack: torch.dstack([torch.tensor([1, 2]), torch.tensor([3, 4])])
hsplit: torch.hsplit(torch.arange(4), 2)
vsplit: torch.vsplit(torch.arange(4).reshape(2, 2), 2)
adjoint: torch.adjoint(torch.tensor([[1 + 2j, 3j]]))
is_conj: torch.is_conj(torch.tensor([1j]).conj())
is_neg: torch.is_neg(torch.tensor([1j]).conj().imag)
resolve_conj: torch.resolve_conj(torch.tensor([1j]).conj())
resolve_neg: torch.resolve_neg(torch.tensor([-1.]))
view_as_complex_copy: torch.view_as_complex_copy(torch.tensor([[1., 2.]]))
view_as_real_copy: torch.view_as_real_copy(torch.tensor([1 + 2j]))
conv_transpose1d: torch.conv_transpose1d(torch.ones(1, 1, 3), torch.ones(1, 1, 2))
Tensor.bfloat16: torch.tensor([1]).bfloat16()
Tensor.bool: torch.tensor([0, 2]).bool()
Tensor.byte: torch.tensor([1.5]).byte()
Tensor.cdouble: torch.tensor([1.]).cdouble()
Tensor.cfloat: torch.tensor([1.]).cfloat()
Tensor.char: torch.tensor([1.5]).char()
Tensor.contiguous: torch.ones(2, 3).t().contiguous().stride()
Tensor.copy_: torch.zeros(2, 2).copy_(torch.tensor([1, 2]))
Tensor.cpu: torch.ones(1).cpu().device
detach: torch.ones(1, requires_grad=True).detach().requires_grad
detach_: torch.ones(1, requires_grad=True).detach_().requires_grad
Tensor.double: torch.tensor([1]).double()
fill_: torch.fill_(torch.zeros(2), 7)
Tensor.float: torch.tensor([1]).float()
Tensor.half: torch.tensor([1]).half()
Tensor.int: torch.tensor([1.5]).int()
Tensor.is_set_to: x = torch.ones(2); x.is_set_to(x.view(2))
Tensor.long: torch.tensor([1.5]).long()
Tensor.record_stream: torch.ones(1).record_stream(torch.cpu.current_stream()) is None
Tensor.resize_: torch.tensor([1, 2, 3, 4]).resize_(2, 2)
Tensor.short: torch.tensor([1.5]).short()
Tensor.to: torch.tensor([1.5]).to(torch.int64)
Tensor.type: torch.tensor([1.5]).type()
Tensor.type_as: torch.tensor([1.5]).type_as(torch.tensor([1]))
zero_: torch.zero_(torch.ones(2))
empty: torch.empty(2, 3).shape
empty_like: torch.empty_like(torch.ones(2, 3)).shape
empty_strided: torch.empty_strided((2, 3), (1, 2)).stride()
full_like: torch.full_like(torch.ones(2), 7)
Tensor.new_empty: torch.ones(1).new_empty(2).dtype
Tensor.new_empty_strided: torch.ones(1).new_empty_strided((2, 3), (1, 2)).stride()
Tensor.new_full: torch.ones(1).new_full((2,), 7)
Tensor.new_ones: torch.tensor([1]).new_ones(2)
Tensor.new_tensor: torch.ones(1).new_tensor([1, 2])
Tensor.new_zeros: torch.tensor([1]).new_zeros(2)
ones_like: torch.ones_like(torch.tensor([5, 6]))
scalar_tensor: torch.scalar_tensor(2)
zeros_like: torch.zeros_like(torch.tensor([5, 6]))
cholesky: torch.cholesky(torch.tensor([[4.]]))
linalg.cholesky_ex: torch.linalg.cholesky_ex(torch.tensor([[4.]])).info
geqrf: torch.geqrf(torch.tensor([[3.], [4.]])).tau
lu: torch.lu(torch.tensor([[4., 2.], [2., 3.]]))[0]
linalg.lu_factor_ex: torch.linalg.lu_factor_ex(torch.tensor([[4., 2.], [2., 3.]])).pivots
lu_unpack: torch.lu_unpack(*torch.linalg.lu_factor(torch.tensor([[4., 2.], [2., 3.]])))[1]
qr: torch.qr(torch.tensor([[2., 1.], [0., 3.]]))[1].abs()
svd: torch.svd(torch.tensor([[3., 0.], [0., 2.]]))[1]
Tensor.fill_diagonal_: torch.zeros(2, 2).fill_diagonal_(1)
nn.functional.alpha_dropout: torch.nn.functional.alpha_dropout(torch.ones(2), 0.5)
nn.functional.feature_alpha_dropout: torch.nn.functional.feature_alpha_dropout(torch.ones(1, 2), 0.5)
nn.functional.batch_norm: torch.nn.functional.batch_norm(torch.tensor([[1.], [3.]]), None, None, training=True, eps=1e-5)
nn.functional.instance_norm: torch.nn.functional.instance_norm(torch.tensor([[[1., 3.]]]), eps=0.)
alpha_dropout_: torch.alpha_dropout_(torch.ones(2), 0.5, train=False)
nn.functional.dropout1d: torch.nn.functional.dropout1d(torch.ones(2, 2), 0.5)
nn.functional.dropout2d: torch.nn.functional.dropout2d(torch.ones(1, 2, 2, 1), 0.5).flatten()
nn.functional.dropout3d: torch.nn.functional.dropout3d(torch.ones(1, 2, 1, 1, 2), 0.5).flatten()
dropout_: torch.dropout_(torch.ones(4), 0.5, True)
feature_alpha_dropout_: torch.feature_alpha_dropout_(torch.ones(1, 2), 0.5, train=False)
nn.functional.lp_pool1d: torch.nn.functional.lp_pool1d(torch.tensor([[3., 4.]]), 2, 2)
nn.functional.lp_pool2d: torch.nn.functional.lp_pool2d(torch.ones(1, 2, 2), 2, 2)
nn.functional.lp_pool3d: torch.nn.functional.lp_pool3d(torch.ones(1, 2, 2, 2), 1, 2)
fft.fft2: torch.fft.fft2(torch.ones(2, 2))
fft.fftn: torch.fft.fftn(torch.ones(2, 2))
fft.hfft2: torch.fft.hfft2(torch.ones(2, 2))
fft.hfftn: torch.fft.hfftn(torch.ones(2, 2))
fft.ifft2: torch.fft.ifft2(torch.ones(2, 2))
fft.ifftn: torch.fft.ifftn(torch.ones(2, 2))
fft.ihfft2: torch.fft.ihfft2(torch.ones(2, 2)).real
fft.ihfftn: torch.fft.ihfftn(torch.ones(2, 2)).real
fft.irfft2: torch.fft.irfft2(torch.ones(2, 2))
fft.irfftn: torch.fft.irfftn(torch.ones(2, 2))
fft.rfft2: torch.fft.rfft2(torch.ones(2, 2))
fft.rfftn: torch.fft.rfftn(torch.ones(2, 2))
Tensor.polygamma: torch.tensor([1.]).polygamma(1)
Tensor.polygamma_: torch.tensor([1.]).polygamma_(1)
argwhere: torch.argwhere(torch.tensor([0, 5, 6]))
index_put_: torch.index_put_(torch.zeros(3), (torch.tensor([1]),), torch.tensor(7.))
nn.functional.upsample: torch.nn.functional.interpolate(torch.tensor([[[1., 2.]]]), scale_factor=2)
nn.functional.upsample_bilinear: torch.nn.functional.interpolate(torch.tensor([[[[1., 2.]]]]), size=(1, 3), mode="bilinear", align_corners=True)
nn.functional.upsample_nearest: torch.nn.functional.interpolate(torch.tensor([[[1., 2.]]]), size=4, mode="nearest")
atleast_1d: torch.atleast_1d(torch.tensor(1))
atleast_2d: torch.atleast_2d(torch.tensor([1, 2]))
atleast_3d: torch.atleast_3d(torch.tensor([1, 2])).shape
fliplr: torch.fliplr(torch.tensor([[1, 2]]))
flipud: torch.flipud(torch.tensor([1, 2]))
hstack: torch.hstack([torch.tensor([1]), torch.tensor([2])])
vstack: torch.vstack([torch.tensor([1, 2]), torch.tensor([3, 4])])
bilinear: torch.bilinear(torch.ones(1, 2), torch.ones(1, 3), torch.ones(1, 2, 3), None)
linalg.inv_ex: torch.linalg.inv_ex(torch.tensor([[2.]])).inverse
lu_solve: torch.lu_solve(torch.tensor([[2.]]), *torch.linalg.lu_factor(torch.tensor([[4.]])))
slogdet: torch.slogdet(torch.eye(2)).sign
linalg.solve_ex: torch.linalg.solve_ex(torch.tensor([[2.]]), torch.tensor([[4.]])).result
triangular_solve: torch.triangular_solve(torch.tensor([[4.]]), torch.tensor([[2.]])).solution
nn.functional.huber_loss: torch.nn.functional.huber_loss(torch.tensor([3.]), torch.tensor([0.]))
nn.functional.triplet_margin_with_distance_loss: torch.nn.functional.triplet_margin_with_distance_loss(torch.zeros(1, 2), torch.zeros(1, 2), torch.ones(1, 2))
linalg.diagonal: torch.linalg.diagonal(torch.eye(2))
frobenius_norm: torch.frobenius_norm(torch.tensor([3., 4.]))
linalg.matmul: torch.linalg.matmul(torch.ones(1, 2), torch.ones(2, 1))
nuclear_norm: torch.nuclear_norm(torch.eye(2))
pinverse: torch.pinverse(torch.tensor([[2.]]))
chain_matmul: torch.chain_matmul(torch.ones(1, 2), torch.ones(2, 1))
nn.functional.multi_head_attention_forward: x = torch.ones(2, 1, 4); f = torch.nn.functional.multi_head_attention_forward; f(x, x, x, 4, 2, torch.ones(12, 4), torch.zeros(12), None, None, False, 0., torch.eye(4), torch.zeros(4))[0].shape
Tensor.rsub: torch.rsub(torch.tensor([1]), 3)
moveaxis: torch.moveaxis(torch.ones(2, 3, 4), 0, 2).shape
Tensor.is_pinned: torch.ones(1).is_pinned()
adaptive_avg_pool1d: torch.adaptive_avg_pool1d(torch.tensor([[1., 3., 5., 7.]]), 2)
nn.functional.adaptive_max_pool1d: torch.nn.functional.adaptive_max_pool1d(torch.tensor([[1., 3., 5., 7.]]), 2)
nn.functional.adaptive_max_pool1d_with_indices: torch.nn.functional.adaptive_max_pool1d_with_indices(torch.tensor([[1., 3., 5., 7.]]), 2)[1]
nn.functional.adaptive_max_pool2d: torch.nn.functional.adaptive_max_pool2d(torch.ones(1, 4, 4), 2).shape
nn.functional.adaptive_max_pool2d_with_indices: torch.nn.functional.adaptive_max_pool2d_with_indices(torch.arange(4.).reshape(1, 2, 2), 1)[1]
nn.functional.adaptive_max_pool3d: torch.nn.functional.adaptive_max_pool3d(torch.ones(1, 4, 4, 4), 2).shape
nn.functional.adaptive_max_pool3d_with_indices: torch.nn.functional.adaptive_max_pool3d_with_indices(torch.arange(8.).reshape(1, 2, 2, 2), 1)[1]
max_pool1d: torch.max_pool1d(torch.tensor([[1., 3., 2., 0.]]), 2)
nn.functional.max_pool1d_with_indices: torch.nn.functional.max_pool1d_with_indices(torch.tensor([[1., 3., 2., 0.]]), 2)[1]
max_pool2d: torch.max_pool2d(torch.arange(4.).reshape(1, 2, 2), 2)
nn.functional.max_pool2d_with_indices: torch.nn.functional.max_pool2d_with_indices(torch.arange(4.).reshape(1, 2, 2), 2)[1]
max_pool3d: torch.max_pool3d(torch.arange(8.).reshape(1, 2, 2, 2), 2)
nn.functional.max_pool3d_with_indices: torch.nn.functional.max_pool3d_with_indices(torch.arange(8.).reshape(1, 2, 2, 2), 2)[1]
Tensor.bernoulli_: torch.zeros(3).bernoulli_(0.5)
Tensor.cauchy_: torch.zeros(2).cauchy_()
Tensor.exponential_: torch.zeros(2).exponential_()
Tensor.geometric_: torch.zeros(2).geometric_(0.5)
Tensor.log_normal_: torch.zeros(2).log_normal_()
Tensor.normal_: torch.zeros(2).normal_()
rand_like: torch.rand_like(torch.zeros(2))
randint_like: torch.randint_like(torch.zeros(3), 10)
randn_like: torch.randn_like(torch.zeros(2))
Tensor.random_: torch.zeros(3).random_(10)
Tensor.uniform_: torch.zeros(2).uniform_(1, 2)
rrelu_: torch.rrelu_(torch.tensor([-1., 1.]), 0.5, 0.5)
gru: y, h = torch.gru(torch.ones(3, 1, 2), torch.zeros(1, 1, 1), [torch.ones(3, 2), torch.ones(3, 1)], False, 1, 0., False, False, False); y.shape
gru_cell: torch.gru_cell(torch.ones(1, 2), torch.zeros(1, 1), torch.ones(3, 2), torch.ones(3, 1)).shape
lstm: y, h, c = torch.lstm(torch.ones(3, 1, 2), [torch.zeros(1, 1, 1)] * 2, [torch.ones(4, 2), torch.ones(4, 1)], False, 1, 0., False, False, False); y.shape
lstm_cell: torch.lstm_cell(torch.ones(1, 2), [torch.zeros(1, 1)] * 2, torch.ones(4, 2), torch.ones(4, 1))[1].shape
rnn_relu: y, h = torch.rnn_relu(torch.ones(3, 1, 2), torch.zeros(1, 1, 1), [torch.ones(1, 2), torch.ones(1, 1)], False, 1, 0., False, False, False); y.flatten()
rnn_relu_cell: torch.rnn_relu_cell(torch.ones(1, 2), torch.zeros(1, 1), torch.ones(1, 2), torch.ones(1, 1))
rnn_tanh: y, h = torch.rnn_tanh(torch.ones(3, 1, 2), torch.zeros(1, 1, 1), [torch.ones(1, 2), torch.ones(1, 1)], False, 1, 0., False, False, False); y.shape
rnn_tanh_cell: torch.rnn_tanh_cell(torch.zeros(1, 2), torch.zeros(1, 1), torch.ones(1, 2), torch.ones(1, 1))
as_strided_: torch.as_strided_(torch.arange(4), (2, 2), (2, 1))
broadcast_tensors: [tuple(t.shape) for t in torch.broadcast_tensors(torch.ones(2, 1), torch.ones(3))]
Tensor.expand_as: torch.tensor([1, 2]).expand_as(torch.ones(2, 2))
Tensor.reshape_as: torch.arange(4).reshape_as(torch.ones(2, 2))
split_with_sizes: torch.split_with_sizes(torch.arange(3), [1, 2])
Tensor.squeeze_: torch.ones(1, 2).squeeze_(0)
Tensor.swapaxes_: torch.ones(2, 3).swapaxes_(0, 1).shape
Tensor.swapdims_: torch.ones(2, 3).swapdims_(0, 1).shape
Tensor.t_: torch.ones(2, 3).t_().shape
Tensor.transpose_: torch.ones(2, 3).transpose_(0, 1).shape
Tensor.unsqueeze_: torch.ones(2).unsqueeze_(0).shape
Tensor.view_as: torch.arange(4).view_as(torch.ones(2, 2))
std_mean: torch.std_mean(torch.tensor([1., 3.]))
var_mean: torch.var_mean(torch.tensor([1., 3.]))
nn.functional.fractional_max_pool2d_with_indices: torch.nn.functional.fractional_max_pool2d_with_indices(torch.ones(1, 1, 4, 4), 2, output_size=2)[0].shape
nn.functional.fractional_max_pool3d_with_indices: torch.nn.functional.fractional_max_pool3d_with_indices(torch.ones(1, 1, 4, 4, 4), 2, output_size=2)[0].shape
alias_copy: torch.alias_copy(torch.tensor([1, 2]))
Tensor.apply_: torch.tensor([1., 2.]).apply_(lambda v: v + 1)
as_strided_copy: torch.as_strided_copy(torch.arange(4), (2,), (2,))
detach_copy: torch.detach_copy(torch.tensor([1, 2]))
diagonal_copy: torch.diagonal_copy(torch.eye(2))
Tensor.dim_order: torch.ones(2, 3).t().dim_order()
expand_copy: torch.expand_copy(torch.tensor([1]), (2,))
get_device: torch.get_device(torch.ones(1))
is_inference: torch.is_inference(torch.ones(1))
is_nonzero: torch.is_nonzero(torch.tensor([1]))
is_same_size: torch.is_same_size(torch.ones(2), torch.ones(3))
is_signed: torch.is_signed(torch.ones(1))
Tensor.map2_: torch.tensor([1., 2.]).map2_(torch.tensor([3., 4.]), torch.ones(2), lambda a, b, c: a + b + c)
Tensor.map_: torch.tensor([1., 2.]).map_(torch.tensor([3., 4.]), lambda a, b: a * b)
narrow_copy: torch.narrow_copy(torch.arange(4), 0, 1, 2)
permute_copy: torch.permute_copy(torch.ones(2, 3), (1, 0)).shape
resize_as_: torch.resize_as_(torch.arange(4), torch.ones(2, 2))
rsub: torch.rsub(torch.tensor([1]), 3)
select_copy: torch.select_copy(torch.arange(3), 0, 1)
slice_copy: torch.slice_copy(torch.arange(4), 0, 1, 3)
split_copy: torch.split_copy(torch.arange(3), 2)
split_with_sizes_copy: torch.split_with_sizes_copy(torch.arange(3), [1, 2])
squeeze_copy: torch.squeeze_copy(torch.ones(1, 2))
Tensor.sum_to_size: torch.ones(2, 3).sum_to_size(1, 3)
t_copy: torch.t_copy(torch.ones(2, 3)).shape
transpose_copy: torch.transpose_copy(torch.ones(2, 3), 0, 1).shape
unbind_copy: torch.unbind_copy(torch.tensor([1, 2]))
unfold_copy: torch.unfold_copy(torch.arange(4), 0, 2, 2)
unsqueeze_copy: torch.unsqueeze_copy(torch.tensor([1, 2]), 0)
view_copy: torch.view_copy(torch.arange(4), (2, 2))
Tensor.view: torch.arange(4).view(2, -1)
Tensor.where: torch.tensor([1, 2]).where(torch.tensor([True, False]), 0)
"""

EXAMPLES: dict[str, str] = dict(line.split(": ", 1) for line in TABLE.strip().splitlines())

NEEDS_A_GPU = {
    "Tensor.cuda": ">>> torch.ones(1).cuda().device\ndevice(type='cuda', index=0)",
    "Tensor.pin_memory": ">>> torch.ones(1).pin_memory().is_pinned()\nTrue",
}
"""What is not run here."""


def example(name: str) -> str:
    """The example of a function, by its name on its page, with what it gives, as a session of Python's shows it; "" without one."""
    import corelib

    if name in NEEDS_A_GPU:
        return ">>> import corelib as torch  # on a machine with a GPU\n" + NEEDS_A_GPU[name]
    code = EXAMPLES.get(name)
    if code is None:
        return ""
    steps = ast.parse(code).body
    corelib.manual_seed(0)
    space: dict[str, Any] = {"torch": corelib}
    lines = [">>> import corelib as torch"]
    for step in steps[:-1]:
        lines.append(f">>> {ast.get_source_segment(code, step)}")
        exec(ast.get_source_segment(code, step) or "", space)
    last = ast.get_source_segment(code, steps[-1]) or ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecated functions, whose pages say so
        made = eval(last, space)
    return "\n".join([*lines, f">>> {last}", *([] if made is None else [repr(made)])])
