"""What PyTorch warns of, with its category and its words."""

from __future__ import annotations

import re

import pytest

from ..told import same

PIECES = [
    "F.softmax(v)", "F.log_softmax(v)", "F.softmin(v)", "nn.Softmax()(v)", "nn.LogSoftmax()(v)", "T.tensor([1.0]).std()", "T.tensor([1.0]).var()", "T.std(T.ones(1, 3), 0)", "T.var(T.ones(1, 3), 0)", "T.std_mean(T.tensor([1.0]))", "T.var_mean(T.tensor([1.0]))",
    "T.tensor([1.0]).var(correction=2)", "T.std(T.ones(0))", "T.ones(2, 1).std(1)", "T.tensor([1.0]).std(unbiased=False)", "b.T", "v.T", "m.T", "T.tensor(1.0).T", "T.tensor(1.0).H", "T.tensor(1.0).mT", "v[T.tensor([1, 0, 1], dtype=T.uint8)]",
    "v[T.tensor([1, 0, 1], dtype=T.uint8)] = 3; v", "v[T.tensor([1, 0, 1], dtype=T.uint8)] = x; v", "T.where(T.tensor([1, 0, 1], dtype=T.uint8), v, v)", "v.masked_fill(T.tensor([1, 0, 1], dtype=T.uint8), 2)", "v.masked_select(T.tensor([1, 0, 1], dtype=T.uint8))", "F.mse_loss(v, v, size_average=True)", "F.mse_loss(v, v, reduce=False)", "nn.MSELoss(size_average=False)(v, v)",
    "F.cross_entropy(sq, T.tensor([0, 1, 2]), size_average=True)", "F.kl_div(v, v)", "F.kl_div(v, v, size_average=True)", "F.kl_div(v, v, reduction='batchmean')", "F.mse_loss(T.ones(2), T.ones(2, 2))", "F.l1_loss(T.ones(2), T.ones(2, 2))", "F.huber_loss(T.ones(2), T.ones(2, 2))",
    "o = T.optim.SGD([x.requires_grad_()], lr=0.1); s = T.optim.lr_scheduler.StepLR(o, 1); s.step()", "o = T.optim.SGD([x.requires_grad_()], lr=0.1); s = T.optim.lr_scheduler.StepLR(o, 1); o.step(); s.step(3)", "T.ones(1).expand(3).masked_fill_(T.tensor([True, False, True]), 2)",
    "o = T.optim.SGD([x.requires_grad_()], lr=0.1); s = T.optim.lr_scheduler.StepLR(o, 1); s.get_lr()", "T.ones(1).expand(3).fill_(2)", "T.ones(1).expand(3).add_(1)", "T.ones(1).expand(3).index_put_((i,), x)", "F.dropout2d(T.ones(2, 2), 0.0)", "F.dropout2d(T.ones(2, 2, 2), 0.0)",
    "F.dropout3d(T.ones(2, 2), 0.0)", "c = T.autograd.detect_anomaly(); 0", "c = T.autograd.set_detect_anomaly(False); 0", "w = x.requires_grad_(); (w * w).sum().backward(create_graph=True); w.grad.requires_grad", "w = x.requires_grad_(); T.autograd.grad((w * w).sum(), w, create_graph=True)[0].requires_grad",
    "m[[[0, 1], [0, 1]]]", "m[[slice(0, 1), slice(0, 1)]]", "w = (x.requires_grad_() * 2).grad", "T.tensor(x)", "T.chain_matmul(sq, sq)", "T.cholesky(T.eye(2))", "T.lu(sq)[1]", "sq.lu()[1]", "T.range(0, 3)", "T.complex(x, x).float()", "x.copy_(T.complex(x, x))", "x.to(T.complex64).copy_(x)",
    "v.scatter_(0, i, x, reduce='add')", "v.scatter(0, i, x, reduce='multiply')", "v.scatter(0, i, 2.0, reduce='add')", "F.affine_grid(T.ones(1, 2, 3), (1, 1, 1, 1), align_corners=True)", "F.affine_grid(T.ones(1, 2, 3), (1, 1, 2, 2))",
    "F.gumbel_softmax(v, eps=1e-5, hard=True).sum()", "F.gumbel_softmax(v, hard=True).sum()", "F.upsample(image, scale_factor=2)", "F.interpolate(image, scale_factor=1.5, recompute_scale_factor=True)", "nn.init.kaiming_uniform_(T.ones(0, 2))", "nn.utils.clip_grad_norm([x], 1.0)", "nn.LSTM(2, 2, dropout=0.5).dropout",
    "T.meshgrid(v, v)", "o = T.empty(3); T.add(x, x, out=o)", "o = T.empty(1, 2); T.sum(m, 0, out=o)", "T.from_numpy(np.broadcast_to(np.ones(1), (3,)))", "T.frombuffer(b'abcd', dtype=T.uint8)",
    "v.index_reduce(0, i, x, 'prod')", "v.index_reduce_(0, i, x, 'mean')", "T.searchsorted(m.mT, m.mT.contiguous())", "T.searchsorted(m, m.mT.contiguous().mT)", "T.searchsorted(m, m, sorter=T.zeros(1, dtype=T.int64).expand(m.shape))", "T.bucketize(m.mT, v)",
    "nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), 1).use_nested_tensor", "nn.TransformerEncoder(nn.TransformerEncoderLayer(3, 3, batch_first=True), 1).use_nested_tensor", "nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, batch_first=True, norm_first=True), 1).use_nested_tensor",
    "nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, batch_first=True, activation=T.tanh), 1).use_nested_tensor", "nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, batch_first=True, bias=False), 1).use_nested_tensor", "nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, batch_first=True), 1).num_layers",
    "nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), 1, enable_nested_tensor=False).use_nested_tensor", "nn.Transformer(4, 2, 1, 1, 8).nhead", "T.qr(T.eye(2))[1].abs()", "T.triangular_solve(T.ones(2, 1), T.eye(2))[0]", "F.conv1d(T.ones(1, 1, 4), T.ones(1, 1, 2), padding='same')",
    "F.mse_loss(v, v, reduction='elementwise_mean')", "T.set_default_tensor_type('torch.FloatTensor')",
]  # fmt: skip


def _words(text: str) -> str:
    """How a warning begins, without the name of the function, which corelib's have more often."""
    return re.sub(r"^\w+\(\): ", "", text)[:60]


@pytest.mark.parametrize("piece", PIECES)
def test_as_pytorch(piece: str) -> None:
    mine, theirs = same(piece)
    assert [_words(w) for w in mine[2]] == [_words(w) for w in theirs[2]]
