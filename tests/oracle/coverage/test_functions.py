"""Functions and methods that the op table does not generate tests of, one expression each, in both libraries."""

from __future__ import annotations

import pytest

import corelib

from .expressions import assert_same, evaluate

EXPRESSIONS = """
T.masked.amax(x, 1, mask=x > 0.4)
T.masked.amin(x, 1, mask=x > 0.4)
T.masked.argmax(x, 1, mask=x > 0.4)
T.masked.argmin(x, 1, mask=x > 0.4)
T.masked.cumprod(x, 1, mask=x > 0.4)
T.masked.cumsum(x, 1, mask=x > 0.4)
T.masked.log_softmax(x, 1, mask=x > 0.4)
T.masked.logsumexp(x, 1, mask=x > 0.4)
T.masked.mean(x, 1, mask=x > 0.4)
T.masked.median(x, 1, mask=x > 0.4)
T.masked.prod(x, 1, mask=x > 0.4)
T.masked.softmax(x, 1, mask=x > 0.4)
T.masked.softmin(x, 1, mask=x > 0.4)
T.masked.std(x, 1, mask=x > 0.4)
T.masked.sum(x, 1, mask=x > 0.4)
T.masked.var(x, 1, mask=x > 0.4)
T.masked.logaddexp(x, x, input_mask=x > 0, other_mask=x > 0)
T.masked.norm(x, 2.0, 1, mask=x > 0.4)
T.masked.normalize(x, 2.0, 1, mask=x > 0.4)
T.signal.windows.bartlett(8)
T.signal.windows.blackman(8)
T.signal.windows.cosine(8)
T.signal.windows.exponential(8, tau=2.0)
T.signal.windows.gaussian(8, std=1.5)
T.signal.windows.general_cosine(8, a=[0.46, 0.23, 0.31])
T.signal.windows.general_hamming(8, alpha=0.5)
T.signal.windows.hamming(8)
T.signal.windows.hann(8)
T.signal.windows.kaiser(8, beta=10.0)
T.signal.windows.nuttall(8)
T.alpha_dropout(x, 0.5, True)
T.alpha_dropout(x, 0.5, False)
T.alpha_dropout_(x.clone(), 0.5, True)
T.feature_alpha_dropout(x, 0.5, True)
T.feature_alpha_dropout_(x, 0.5, True)
T.dropout_(x.clone(), 0.5, True)
T.asarray([1, 2, 3])
T.asarray(x) is x
T.empty_strided((2, 3), (1, 2)).stride()
x.new_empty_strided((2, 3), (1, 2)).stride()
T.fill(x, 2.0)
T.from_dlpack(x)
T.from_dlpack(x.numpy())
T.frombuffer(bytearray(b"abcdefgh"), dtype=T.int16)
T.get_rng_state()
T.random.get_rng_state()
T.set_rng_state(T.get_rng_state())
T.random.set_rng_state(T.random.get_rng_state())
T.initial_seed()
T.random.initial_seed()
type(T.seed()) is int
type(T.random.seed()) is int
T.is_storage(x.untyped_storage()), T.is_storage(x)
T.is_tensor(x), T.is_tensor(3)
T.rrelu_(x.clone(), 0.1, 0.3)
T.nn.functional.rrelu_(x.clone(), 0.1, 0.3, True)
T.threshold(x, 0.5, 2.0)
T.threshold_(x.clone(), 0.5, 2.0)
T.nn.functional.threshold(x, 0.5, 2.0)
T.nn.functional.threshold_(x.clone(), 0.5, 2.0)
T.view_as_complex_copy(x.reshape(3, 2, 2))
T.group_norm(x.reshape(1, 4, 3), 2, T.ones(4), T.zeros(4))
T.layer_norm(x, (4,), T.ones(4), T.zeros(4))
T.gru_cell(x, x[:, :2].contiguous(), T.ones(6, 4) * 0.1, T.ones(6, 2) * 0.2, None, None)
T.lstm_cell(x, (x[:, :2].contiguous(), x[:, 2:].contiguous()), T.ones(8, 4) * 0.1, T.ones(8, 2) * 0.2)
T.rnn_tanh_cell(x, x[:, :2].contiguous(), T.ones(2, 4) * 0.1, T.ones(2, 2) * 0.2)
T.rnn_relu_cell(x, x[:, :2].contiguous(), T.ones(2, 4) * 0.1, T.ones(2, 2) * 0.2)
T.rnn_tanh(x.reshape(3, 1, 4), T.zeros(1, 1, 2), [T.ones(2, 4) * 0.1, T.ones(2, 2) * 0.2], False, 1, 0.0, False, False, False)
T.rnn_relu(x.reshape(3, 1, 4), T.zeros(1, 1, 2), [T.ones(2, 4) * 0.1, T.ones(2, 2) * 0.2], False, 1, 0.0, False, False, False)
T.gru(x.reshape(3, 1, 4), T.zeros(1, 1, 2), [T.ones(6, 4) * 0.1, T.ones(6, 2) * 0.2], False, 1, 0.0, False, False, False)
T.lstm(x.reshape(3, 1, 4), (T.zeros(1, 1, 2), T.zeros(1, 1, 2)), [T.ones(8, 4) * 0.1, T.ones(8, 2) * 0.2], False, 1, 0.0, False, False, False)
[(f.bits, f.eps, f.max, f.min, f.tiny, f.resolution) for d in (T.float16, T.bfloat16, T.float32, T.float64) for f in [T.finfo(d)]]
[(i.bits, i.max, i.min) for d in (T.uint8, T.int8, T.int16, T.int32, T.int64) for i in [T.iinfo(d)]]
T.Event().query()
x.broadcast_to(2, 3, 4)
x.clone().exponential_(2.0)
x.get_device()
(x.is_cpu, x.is_cuda, x.is_ipu, x.is_maia, x.is_meta, x.is_mtia, x.is_quantized, x.is_sparse)
x.is_signed(), x.byte().is_signed()
(x.layout, x.name)
x.abs().polygamma(1)
x.abs().polygamma_(2)
x.clone().swapaxes_(0, 1)
x.clone().swapdims_(0, 1)
T.nn.functional.adaptive_max_pool1d(x[None], 2, True)
T.nn.functional.adaptive_max_pool1d_with_indices(x[None], 2)
T.nn.functional.adaptive_max_pool2d_with_indices(x[None], 2)
T.nn.functional.adaptive_max_pool3d_with_indices(x[None, None], 1)
T.nn.functional.alpha_dropout(x, 0.5, True)
T.nn.functional.dropout1d(x, 0.5, True)
T.nn.functional.dropout2d(x[None, None], 0.5, True)
T.nn.functional.dropout3d(x[None, None], 0.5, True)
T.nn.functional.fractional_max_pool2d_with_indices(x[None], 2, output_size=2, _random_samples=T.full((1, 1, 2), 0.3))
T.nn.functional.fractional_max_pool3d_with_indices(T.arange(216.).reshape(1, 6, 6, 6), 2, output_size=2, _random_samples=T.full((1, 1, 3), 0.3))
T.nn.functional.max_pool1d_with_indices(x[None], 2)
T.nn.functional.max_pool2d_with_indices(x[None], 2)
T.nn.functional.max_pool3d_with_indices(x[None, None], 1)
T.nn.functional.upsample_bilinear(x[None, None], scale_factor=2)
T.nn.functional.upsample_nearest(x[None, None], scale_factor=2)
T.nn.functional.multi_head_attention_forward(x[:, None], x[:, None], x[:, None], 4, 2, T.ones(12, 4) * 0.1, T.zeros(12), None, None, False, 0.0, T.eye(4), T.zeros(4))
T.nn.init.kaiming_uniform(T.empty(3, 4))
T.nn.init.sparse(T.empty(3, 4), 0.5)
T.nn.init.xavier_normal(T.empty(3, 4))
T.nn.RNNBase("LSTM", 3, 4)
T.nn.RNNBase("GRU", 3, 4, 2).state_dict()
T.nn.RNNCellBase(3, 4, True, 2).state_dict()
T.nn.utils.convert_conv3d_weight_memory_format(T.nn.Conv3d(2, 2, 2), T.channels_last_3d).weight
T.nn.utils.fuse_conv_bn_weights(x[:, :, None], None, T.zeros(3), T.ones(3), 1e-5, T.ones(3), T.zeros(3))
T.nn.utils.fuse_linear_bn_weights(x, None, T.zeros(3), T.ones(3), 1e-5, T.ones(3), T.zeros(3))
T.nn.utils.get_total_norm([x, x * 2])
T.nn.utils.parameters_to_vector([T.nn.Parameter(x), T.nn.Parameter(x[0])])
[(T.nn.utils.vector_to_parameters(T.ones(12), [p]), p) for p in [T.nn.Parameter(x)]]
[(p.sum().backward(), T.nn.utils.clip_grad_value_([p], 0.5), p.grad) for p in [T.nn.Parameter(x)]]
[(p.sum().backward(), T.nn.utils.clip_grads_with_norm_([p], 1.0, T.tensor(2.0)), p.grad) for p in [T.nn.Parameter(x)]]
T.nn.utils.rnn.PackedSequence(x, T.tensor([2, 1])).batch_sizes
T.nn.utils.parametrize.ParametrizationList([T.nn.Tanh()], x)
T.nn.utils.prune.LnStructured(1, 2, 0).prune(x)
T.nn.utils.prune.RandomStructured(1, 0).prune(x)
T.nn.utils.prune.RandomUnstructured(0.5).prune(x)
T.nn.utils.prune.Identity().prune(x)
T.nn.utils.prune.CustomFromMask(x > 0).prune(x)
len(T.nn.utils.prune.PruningContainer())
T.nn.grad.conv1d_input((2, 3, 9), x.reshape(2, 3, 2), T.ones(2, 2, 8))
T.nn.grad.conv1d_weight(x.reshape(2, 3, 2), (4, 3, 2), T.ones(2, 4, 1))
T.nn.grad.conv2d_input((1, 3, 5, 5), x.reshape(1, 3, 2, 2).expand(2, 3, 2, 2), T.ones(1, 2, 4, 4))
T.nn.grad.conv2d_weight(x.reshape(1, 3, 2, 2), (2, 3, 1, 1), T.ones(1, 2, 1, 1), stride=2)
T.nn.grad.conv3d_input((1, 3, 2, 2, 2), x.reshape(4, 3, 1, 1, 1), T.ones(1, 4, 2, 2, 2))
T.nn.grad.conv3d_weight(x.reshape(1, 3, 1, 2, 2), (2, 3, 1, 1, 1), T.ones(1, 2, 1, 2, 2))
T.nn.grad.conv2d_input((1, 3, 5, 5), x.reshape(1, 3, 2, 2), T.ones(1, 2, 4, 4))
T.nn.parallel.replicate(T.nn.ReLU(), [0])
T.utils.flop_counter.addmm_flop((2,), (2, 3), (3, 4))
T.utils.flop_counter.baddbmm_flop((2,), (5, 2, 3), (5, 3, 4))
T.utils.flop_counter.bmm_flop(T.ones(5, 2, 3), T.ones(5, 3, 4))
T.utils.flop_counter.conv_flop(T.ones(1, 3, 8, 8), T.ones(4, 3, 3, 3), None, None, None, None, False, out_val=T.ones(1, 4, 6, 6))
T.autograd.forward_ad.UnpackedDualTensor(x, x + 1)
""".strip().splitlines()

STORAGES = """
T.UntypedStorage(8).nbytes()
T.UntypedStorage(8).size()
T.UntypedStorage(8).fill_(3).tolist()
T.UntypedStorage(48).copy_(x.untyped_storage()).tolist()
x.untyped_storage().clone().tolist()
x.untyped_storage().cpu().tolist()
x.untyped_storage().to(device="cpu").tolist()
x.untyped_storage().device
x.untyped_storage().element_size()
(x.untyped_storage().is_cuda, x.untyped_storage().is_pinned(), x.untyped_storage().is_shared())
x.storage().clone().tolist()
x.storage().data_ptr() == x.data_ptr()
x.storage().device
x.storage().element_size()
x.storage().is_cuda
x.storage().nbytes()
x.storage().size()
x.storage().untyped().tolist()
x.untyped_storage().bfloat16().tolist()
x.untyped_storage().bool().tolist()
x.untyped_storage().byte().tolist()
x.untyped_storage().char().tolist()
x.untyped_storage().complex_double().tolist()
x.untyped_storage().complex_float().tolist()
x.untyped_storage().double().tolist()
x.untyped_storage().float().tolist()
x.untyped_storage().half().tolist()
x.untyped_storage().int().tolist()
x.untyped_storage().long().tolist()
x.untyped_storage().short().tolist()
x.storage().fill_(2.5).tolist()
T.FloatStorage(12).copy_(x.storage()).tolist()
""".strip().splitlines()

GENERATORS = """
T.Generator().clone_state().get_state()
T.Generator().device
type(T.Generator().seed()) is int
T.Generator().manual_seed(5).set_state(T.Generator().manual_seed(6).get_state()).initial_seed()
T.Generator().get_offset()
T.Generator().set_offset(4)
""".strip().splitlines()


@pytest.mark.filterwarnings("ignore:.*(nn.init|deprecated|has_cuda|nn.functional.upsample|TypedStorage)")
@pytest.mark.parametrize("expression", [*EXPRESSIONS, *STORAGES, *GENERATORS])
def test_expression_is_as_in_pytorch(expression: str) -> None:
    assert_same(expression)


def test_states_of_generators_continue_where_they_were_taken() -> None:
    assert_same("[(T.rand(2, generator=g), g.set_state(s), T.rand(2, generator=g)) for g in [T.Generator()] for s in [g.manual_seed(3).get_state()]][0][::2]")


def test_the_offset_of_a_philox_generator() -> None:
    """PyTorch's generator on the CPU has none, and says so; on other devices it counts in fours, as here."""
    assert evaluate("T.Generator().get_offset()", corelib) is RuntimeError
    generator = corelib.Generator(algorithm="philox")
    assert generator.get_offset() == 0
    generator.set_offset(8)
    assert generator.get_offset() == 8
