"""Empty, unbatched and 0-d inputs of layers, losses and functions: what PyTorch gives, or the error it raises."""

from __future__ import annotations

import pytest

from ..told import same

PIECES = [
    "nn.Linear(3,2)(T.ones(0,3)).shape", "nn.Linear(3,2)(T.ones(3)).shape", "nn.Linear(0,2)(T.ones(4,0)).shape", "nn.Bilinear(2,3,4)(T.ones(0,2),T.ones(0,3)).shape", "nn.Bilinear(2,3,4)(T.ones(2),T.ones(3)).shape",
    "nn.Conv1d(2,3,2)(T.ones(2,5)).shape", "nn.Conv2d(2,3,2)(T.ones(0,2,4,4)).shape", "nn.Conv2d(2,3,2)(T.ones(2,4,4)).shape", "nn.Conv3d(2,3,2)(T.ones(2,4,4,4)).shape", "nn.Conv2d(2,3,2)(T.ones(1,2,0,4)).shape",
    "nn.Conv2d(2,3,1)(T.ones(1,2,0,4)).shape", "nn.ConvTranspose2d(2,3,2)(T.ones(0,2,4,4)).shape", "nn.ConvTranspose2d(2,3,2)(T.ones(2,4,4)).shape", "nn.MaxPool1d(2)(T.ones(2,4)).shape", "nn.MaxPool2d(2)(T.ones(0,2,4,4)).shape",
    "nn.MaxPool2d(2)(T.ones(2,4,4)).shape", "nn.MaxPool2d(2)(T.ones(1,0,4,4)).shape", "nn.MaxPool2d(2)(T.ones(1,2,0,4)).shape", "nn.AvgPool2d(2)(T.ones(0,2,4,4)).shape", "nn.AvgPool1d(2)(T.ones(2,4)).shape",
    "nn.AvgPool3d(2)(T.ones(0,1,4,4,4)).shape", "nn.LPPool2d(2,2)(T.ones(0,2,4,4)).shape", "nn.LPPool1d(2,2)(T.ones(2,4)).shape", "nn.AdaptiveAvgPool2d(2)(T.ones(0,2,4,4)).shape", "nn.AdaptiveAvgPool2d(2)(T.ones(2,4,4)).shape",
    "nn.AdaptiveAvgPool2d(0)(T.ones(1,2,4,4)).shape", "nn.AdaptiveMaxPool1d(2)(T.ones(2,4)).shape", "nn.AdaptiveMaxPool2d(2)(T.ones(0,2,4,4)).shape", "nn.AdaptiveMaxPool3d(2)(T.ones(2,4,4,4)).shape", "nn.BatchNorm1d(3)(T.ones(0,3)).shape",
    "nn.BatchNorm1d(3).eval()(T.ones(0,3)).shape", "nn.BatchNorm2d(3)(T.ones(0,3,2,2)).shape", "nn.BatchNorm2d(3)(T.ones(2,3,0,2)).shape", "nn.BatchNorm1d(3)(T.ones(3))", "nn.InstanceNorm1d(3)(T.ones(3,4)).shape",
    "nn.InstanceNorm2d(3)(T.ones(0,3,2,2)).shape", "nn.InstanceNorm2d(3)(T.ones(3,2,2)).shape", "nn.GroupNorm(1,3)(T.ones(0,3,2)).shape", "nn.GroupNorm(1,3)(T.ones(2,3,0)).shape", "nn.GroupNorm(1,3)(T.ones(3))", "nn.LayerNorm(3)(T.ones(0,3)).shape",
    "nn.LayerNorm((0,))(T.ones(2,0)).shape", "nn.LayerNorm(3)(T.ones(3)).shape", "nn.RMSNorm(3)(T.ones(0,3)).shape", "nn.LocalResponseNorm(2)(T.ones(0,3,2)).shape", "nn.LocalResponseNorm(2)(T.ones(2,0,2)).shape", "nn.PReLU()(T.tensor(-1.)).shape",
    "nn.PReLU(3)(T.ones(0,3)).shape", "nn.PReLU(3)(T.ones(3))", "nn.Softmax(0)(T.tensor(1.))", "nn.Softmax(1)(T.ones(2,0)).shape", "nn.Softmax2d()(T.ones(0,2,2,2)).shape", "nn.Softmax2d()(T.ones(2,2,2)).shape", "nn.LogSoftmax(0)(T.ones(0)).shape",
    "nn.GLU()(T.ones(0,4)).shape", "nn.GLU()(T.ones(2,0)).shape", "nn.GLU()(T.tensor(1.))", "nn.Embedding(3,2)(T.ones(0,dtype=T.int64)).shape", "nn.Embedding(3,2)(T.tensor(1)).shape", "nn.Embedding(3,0)(T.tensor([1])).shape",
    "nn.EmbeddingBag(3,2)(T.ones(0,2,dtype=T.int64)).shape", "nn.EmbeddingBag(3,2)(T.ones(0,dtype=T.int64),T.tensor([0,0])).tolist()", "nn.RNN(2,3)(T.ones(4,2))[0].shape", "nn.RNN(2,3)(T.ones(0,1,2))", "nn.RNN(2,3)(T.ones(4,0,2))[0].shape",
    "nn.LSTM(2,3)(T.ones(4,2))[1][0].shape", "nn.LSTM(2,3,batch_first=True)(T.ones(0,4,2))[0].shape", "nn.LSTM(2,3)(T.ones(0,2))", "nn.GRU(2,3,bidirectional=True)(T.ones(4,2))[0].shape", "nn.GRUCell(2,3)(T.ones(2)).shape",
    "nn.GRUCell(2,3)(T.ones(0,2)).shape", "nn.LSTMCell(2,3)(T.ones(2))[0].shape", "nn.LSTMCell(2,3)(T.ones(0,2))[0].shape", "nn.RNNCell(2,3)(T.ones(0,2)).shape", "nn.MultiheadAttention(2,1)(T.ones(3,2),T.ones(3,2),T.ones(3,2))[0].shape",
    "nn.MultiheadAttention(2,1)(T.ones(3,0,2),T.ones(3,0,2),T.ones(3,0,2))[0].shape", "nn.MultiheadAttention(2,1)(T.ones(0,1,2),T.ones(0,1,2),T.ones(0,1,2))[0].shape", "nn.TransformerEncoderLayer(2,1,2)(T.ones(3,2)).shape",
    "nn.TransformerEncoderLayer(2,1,2)(T.ones(3,0,2)).shape", "nn.TransformerDecoderLayer(2,1,2)(T.ones(3,2),T.ones(4,2)).shape", "F.scaled_dot_product_attention(T.ones(0,2,3),T.ones(0,2,3),T.ones(0,2,3)).shape",
    "F.scaled_dot_product_attention(T.ones(1,0,3),T.ones(1,2,3),T.ones(1,2,3)).shape", "F.scaled_dot_product_attention(T.ones(1,2,3),T.ones(1,0,3),T.ones(1,0,3))", "F.scaled_dot_product_attention(T.ones(2,3),T.ones(2,3),T.ones(2,3)).shape",
    "F.mse_loss(T.ones(0),T.ones(0))", "F.l1_loss(T.ones(0),T.ones(0),reduction='sum')", "F.mse_loss(T.tensor(1.),T.tensor(2.))", "F.smooth_l1_loss(T.ones(0),T.ones(0))", "F.huber_loss(T.ones(0,3),T.ones(0,3))",
    "F.cross_entropy(T.ones(0,3),T.ones(0,dtype=T.int64))", "F.cross_entropy(T.ones(3),T.tensor(1))", "F.cross_entropy(T.ones(3),T.ones(3)/3)", "F.cross_entropy(T.ones(0,3),T.ones(0,3))", "F.cross_entropy(T.ones(2,3,0),T.ones(2,0,dtype=T.int64))",
    "F.cross_entropy(T.ones(2,0),T.zeros(2,dtype=T.int64))", "F.nll_loss(T.ones(3),T.tensor(1))", "F.nll_loss(T.ones(0,3,2,2),T.ones(0,2,2,dtype=T.int64))", "F.binary_cross_entropy(T.ones(0),T.ones(0))",
    "F.binary_cross_entropy_with_logits(T.ones(0),T.ones(0))", "F.binary_cross_entropy(T.tensor(.5),T.tensor(1.))", "F.kl_div(T.ones(0),T.ones(0),reduction='batchmean')", "F.kl_div(T.tensor(1.),T.tensor(1.),reduction='batchmean')",
    "F.poisson_nll_loss(T.ones(0),T.ones(0))", "F.gaussian_nll_loss(T.ones(0),T.ones(0),T.ones(0))", "F.hinge_embedding_loss(T.ones(0),T.ones(0))", "F.soft_margin_loss(T.ones(0),T.ones(0))", "F.margin_ranking_loss(T.ones(0),T.ones(0),T.ones(0))",
    "F.margin_ranking_loss(T.tensor(1.),T.tensor(2.),T.tensor(1.))", "F.multi_margin_loss(T.ones(3),T.tensor(1))", "F.multi_margin_loss(T.tensor(1.),T.tensor(0))", "F.multilabel_margin_loss(T.ones(3),T.tensor([1,-1,0]))",
    "F.multilabel_margin_loss(T.tensor(1.),T.tensor(0))", "F.multilabel_soft_margin_loss(T.ones(0,3),T.ones(0,3))", "F.cosine_embedding_loss(T.ones(0,3),T.ones(0,3),T.ones(0))", "F.cosine_embedding_loss(T.ones(3),T.ones(3),T.tensor(1.))",
    "F.triplet_margin_loss(T.ones(0,3),T.ones(0,3),T.ones(0,3))", "F.triplet_margin_loss(T.ones(3),T.ones(3),T.ones(3))", "F.triplet_margin_with_distance_loss(T.ones(0,3),T.ones(0,3),T.ones(0,3))",
    "F.ctc_loss(T.zeros(3,0,2).log_softmax(2),T.ones(0,1,dtype=T.int64),T.ones(0,dtype=T.int64),T.ones(0,dtype=T.int64))", "F.ctc_loss(T.zeros(3,2).log_softmax(1),T.tensor([1]),T.tensor(3),T.tensor(1))",
    "F.ctc_loss(T.zeros(3,1,2).log_softmax(2),T.zeros(1,0,dtype=T.int64),(3,),(0,))", "F.pairwise_distance(T.ones(0,3),T.ones(0,3)).shape", "F.pairwise_distance(T.ones(3),T.ones(3))", "F.cosine_similarity(T.ones(0,3),T.ones(0,3)).shape",
    "F.cosine_similarity(T.tensor(1.),T.tensor(1.),0)", "F.pdist(T.ones(0,3)).shape", "F.pdist(T.ones(1,3)).shape", "T.cdist(T.ones(0,3),T.ones(2,3)).shape", "T.cdist(T.ones(2,0),T.ones(3,0))", "F.normalize(T.ones(0,3)).shape",
    "F.normalize(T.tensor(2.),dim=0)", "F.one_hot(T.ones(0,dtype=T.int64))", "F.one_hot(T.ones(0,dtype=T.int64),3).shape", "F.one_hot(T.tensor(1),3)", "F.unfold(T.ones(0,2,4,4),2).shape", "F.unfold(T.ones(2,4,4),2).shape",
    "F.fold(T.ones(0,4,9),(4,4),2).shape", "F.fold(T.ones(4,9),(4,4),2).shape", "F.pixel_shuffle(T.ones(0,4,2,2),2).shape", "F.pixel_shuffle(T.ones(4,2,2),2).shape", "F.channel_shuffle(T.ones(0,4,2,2),2).shape",
    "nn.ChannelShuffle(2)(T.ones(4,2)).shape", "F.pad(T.ones(0,3),(1,1)).shape", "F.pad(T.ones(2,0),(1,1))", "F.pad(T.ones(0,2,3),(1,1),mode='reflect').shape", "F.pad(T.ones(2,3),(1,1),mode='replicate').shape",
    "F.pad(T.ones(1,2,0),(1,1),mode='circular')", "F.interpolate(T.ones(0,1,4,4),scale_factor=2).shape", "F.interpolate(T.ones(1,0,4,4),scale_factor=2).shape", "F.interpolate(T.ones(1,1,0,4),scale_factor=2)",
    "F.grid_sample(T.ones(0,1,4,4),T.ones(0,2,2,2),align_corners=False).shape", "F.grid_sample(T.ones(1,1,4,4),T.ones(1,0,2,2),align_corners=False).shape", "F.grid_sample(T.ones(1,0,4,4),T.ones(1,2,2,2),align_corners=False).shape",
    "F.affine_grid(T.ones(0,2,3),(0,1,2,2),align_corners=False)", "F.dropout(T.ones(0)).shape", "F.alpha_dropout(T.ones(0,3)).shape", "F.rrelu(T.ones(0)).shape", "F.bilinear(T.ones(0,2),T.ones(0,3),T.ones(4,2,3)).shape",
    "F.embedding(T.ones(0,dtype=T.int64),T.ones(3,2),max_norm=1.).shape", "F.local_response_norm(T.ones(2,3),2)", "F.softmin(T.ones(0),dim=0).shape", "F.threshold(T.ones(0),1,2).shape", "T.linalg.norm(T.ones(0))",
    "T.linalg.norm(T.ones(0),float('inf'))", "T.linalg.matrix_norm(T.ones(0,0))", "T.linalg.matrix_norm(T.ones(0,3),2)", "T.linalg.vector_norm(T.ones(0,3),float('inf'),dim=1)", "T.linalg.vector_norm(T.ones(0,3),float('inf'),dim=0)",
    "T.linalg.svd(T.ones(0,3)).S.shape", "T.linalg.qr(T.ones(0,3)).R.shape", "T.linalg.eigh(T.ones(0,0)).eigenvalues.shape", "T.linalg.inv(T.ones(0,0)).shape", "T.linalg.det(T.ones(0,0))", "T.linalg.slogdet(T.ones(0,0))",
    "T.linalg.solve(T.ones(0,0),T.ones(0,2)).shape", "T.linalg.pinv(T.ones(0,3)).shape", "T.linalg.lstsq(T.ones(0,0),T.ones(0,2)).solution.shape", "T.linalg.cholesky(T.ones(0,0)).shape", "T.linalg.matrix_rank(T.ones(0,3))",
    "T.linalg.cond(T.ones(0,0))", "T.linalg.matrix_power(T.ones(0,0),2).shape", "T.linalg.multi_dot([T.ones(0,2),T.ones(2,3)]).shape", "T.linalg.eig(T.ones(0,0)).eigenvalues.shape", "T.matrix_exp(T.ones(0,0)).shape", "T.trace(T.ones(0,0))",
    "T.cov(T.ones(0,2,dtype=T.int64).float())", "T.cov(T.ones(2,3,dtype=T.int64))", "T.corrcoef(T.ones(0))", "T.quantile(T.ones(0),.5)", "T.median(T.ones(0))", "T.mode(T.ones(0))", "T.max(T.ones(0))", "T.max(T.ones(0,3),1).values.shape",
    "T.max(T.ones(0,3),0)", "T.argmax(T.ones(0))", "T.amax(T.ones(0,3),1).shape", "T.amax(T.ones(0,3),0)", "T.aminmax(T.ones(0))", "T.sort(T.ones(0)).values.shape", "T.topk(T.ones(0),0).values.shape", "T.topk(T.ones(0),1)", "T.kthvalue(T.ones(0),1)",
    "T.cumsum(T.ones(0),0).shape", "T.cummax(T.ones(0),0).values.shape", "T.logsumexp(T.ones(0),0)", "T.logcumsumexp(T.ones(0),0).shape", "T.unique(T.ones(0)).shape", "T.unique(T.ones(0,3),dim=0).shape", "T.unique(T.ones(0,3),dim=1).shape",
    "T.unique_consecutive(T.ones(0,3),dim=0).shape", "T.bincount(T.ones(0,dtype=T.int64))", "T.bincount(T.ones(0,dtype=T.int64),minlength=3)", "T.histc(T.ones(0),3)", "T.histogram(T.ones(0),3)", "T.histogramdd(T.ones(0,2),[2,2]).hist",
    "T.searchsorted(T.ones(0),T.ones(2))", "T.bucketize(T.ones(0),T.ones(2)).shape", "T.nonzero(T.ones(0)).shape", "T.nonzero(T.tensor(1)).shape", "T.masked_select(T.ones(0),T.ones(0,dtype=T.bool)).shape",
    "T.take(T.ones(0),T.ones(0,dtype=T.int64)).shape", "T.take(T.ones(0),T.tensor([0]))", "T.gather(T.ones(0,3),0,T.ones(0,3,dtype=T.int64)).shape", "T.index_select(T.ones(0,3),0,T.ones(0,dtype=T.int64)).shape",
    "T.index_select(T.tensor(1.),0,T.tensor([0]))", "T.index_add(T.ones(0,3),0,T.ones(0,dtype=T.int64),T.ones(0,3)).shape", "T.scatter(T.ones(0),0,T.ones(0,dtype=T.int64),1.).shape", "T.repeat_interleave(T.ones(0),2).shape",
    "T.repeat_interleave(T.tensor(1.),2)", "T.tensor_split(T.ones(0),3)", "T.chunk(T.ones(0),3)", "T.split(T.ones(0),2)", "T.split(T.ones(0),0)", "T.stack([T.ones(0)]*2).shape", "T.cartesian_prod(T.ones(0),T.ones(2)).shape",
    "T.combinations(T.ones(0)).shape", "T.meshgrid(T.ones(0),T.ones(2),indexing='ij')[0].shape", "T.diag(T.ones(0)).shape", "T.diag_embed(T.ones(0)).shape", "T.tril(T.ones(0,3)).shape", "T.roll(T.ones(0),1).shape", "T.rot90(T.ones(0,3)).shape",
    "T.flip(T.ones(0),(0,)).shape", "T.kron(T.ones(0),T.ones(2)).shape", "T.tensordot(T.ones(2,0),T.ones(0,3),1)", "T.einsum('ij,jk->ik',T.ones(2,0),T.ones(0,3))", "T.bmm(T.ones(0,2,3),T.ones(0,3,4)).shape",
    "T.bmm(T.ones(2,2,0),T.ones(2,0,4)).sum()", "T.matmul(T.ones(0),T.ones(0))", "T.matmul(T.tensor(1.),T.ones(1))", "T.mv(T.ones(2,0),T.ones(0))", "T.dot(T.ones(0),T.ones(0))", "T.outer(T.ones(0),T.ones(2)).shape", "T.trapezoid(T.ones(0))",
    "T.trapezoid(T.ones(2,0)).shape", "T.gradient(T.ones(0))", "T.diff(T.ones(0)).shape", "T.diff(T.ones(1)).shape", "T.fft.fft(T.ones(0))", "T.stft(T.ones(0),4,window=T.ones(4),return_complex=True)", "T.multinomial(T.ones(0,3),2).shape",
    "T.multinomial(T.ones(0),1)", "T.bernoulli(T.ones(0)).shape", "T.normal(T.ones(0),T.ones(0)).shape", "T.randperm(0)", "T.linspace(0,1,0)", "T.arange(0)", "T.vander(T.ones(0)).shape", "T.block_diag(T.ones(0),T.ones(2)).shape",
    "T.isin(T.ones(0),T.ones(2)).shape", "T.isin(T.ones(2),T.ones(0))", "T.equal(T.ones(0),T.ones(0))", "T.allclose(T.ones(0),T.ones(0))", "T.all(T.ones(0))", "T.any(T.ones(0))", "T.prod(T.ones(0))", "T.mean(T.ones(0))", "T.nanmean(T.ones(0))",
    "T.nanmedian(T.ones(0))", "T.dist(T.ones(0),T.ones(0))", "T.renorm(T.ones(0,3),2,0,1.).shape", "T.count_nonzero(T.ones(0))", "nn.utils.rnn.pad_sequence([T.ones(0),T.ones(2)])", "nn.utils.rnn.pad_sequence([])",
    "nn.utils.rnn.pack_sequence([T.ones(0)])", "nn.utils.clip_grad_norm_([],1.)", "nn.utils.parameters_to_vector([])", "nn.Flatten()(T.ones(0,2,3)).shape", "nn.Flatten()(T.tensor(1.))", "nn.Unflatten(1,(2,0))(T.ones(2,0)).shape",
    "nn.Unfold(2)(T.ones(0,2,4,4)).shape", "nn.CosineSimilarity()(T.ones(0,3),T.ones(0,3)).shape", "nn.Identity()(T.ones(0)).shape", "nn.Sequential()(T.ones(0)).shape", "nn.AdaptiveLogSoftmaxWithLoss(4,6,[2])(T.ones(4),T.tensor(1)).output.shape",
    "nn.AdaptiveLogSoftmaxWithLoss(4,6,[2])(T.ones(0,4),T.ones(0,dtype=T.int64)).output.shape", "nn.AdaptiveLogSoftmaxWithLoss(4,6,[2]).log_prob(T.ones(0,4)).shape", "nn.AdaptiveLogSoftmaxWithLoss(4,6,[2]).predict(T.ones(0,4)).shape",
    "nn.LayerNorm((3,0),elementwise_affine=False)(T.ones(0,3,0)).shape", "T.linalg.cond(T.ones(2,0,0))", "F.interpolate(T.ones(1,0,4,4),scale_factor=2)", "F.interpolate(T.ones(1,0,4),scale_factor=2)",
    "F.interpolate(T.ones(1,0,4,4),scale_factor=2,mode='bilinear')", "F.interpolate(T.ones(1,0,4,4),size=2,mode='area').shape", "F.interpolate(T.ones(0,1,4,4),scale_factor=2,mode='bicubic').shape", "F.interpolate(T.ones(0,0,4,4),scale_factor=2)",
    "T.cov(T.ones(2,1))", "T.corrcoef(T.ones(2,1))", "T.cov(T.ones(0))", "w=T.ones(2,0,requires_grad=True); l=nn.LayerNorm((2,0)); l(w).sum().backward(); w.grad.shape",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_as_pytorch(piece: str) -> None:
    same(piece)
