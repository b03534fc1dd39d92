"""Which ops autocast runs in which dtype: PyTorch's list for the cpu, and its list for accelerators, by the names of ops and functions here.

An op that no list names runs in the dtypes it is given. Where PyTorch's is made of other ops, which autocast sees, so is ours (`THROUGH`).
"""

from __future__ import annotations

from typing import Any

LOWER, FULL, FULL_BY_DTYPE, WIDEST, BANNED = "lower", "float32", "float32 by dtype=", "widest", "banned"
"""Operands become the lower precision; or float32; or an argument `dtype` does, where none was given; or all operands become the widest of their dtypes; or the op is refused."""


def _table(**lists: str) -> dict[str, str]:
    return {name: policy for policy, names in ((globals()[key], names) for key, names in lists.items()) for name in names.split()}


CPU = _table(
    LOWER="""
        conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution bmm mm batched_matmul linalg_vecdot baddbmm addmm
        addbmm affine matmul prelu scaled_dot_product_attention lstm
    """,
    FULL="""
        avg_pool3d binary_cross_entropy grid_sample grid_sampler grid_sampler_2d grid_sampler_3d polar prod quantile nanquantile stft cdist trace view_as_complex cholesky
        cholesky_inverse cholesky_solve inverse lu_solve linalg_householder_product ormqr pinverse max_pool3d max_unpool2d
        max_unpool3d adaptive_avg_pool3d mse_loss cosine_embedding_loss nll_loss hinge_embedding_loss poisson_nll_loss smooth_l1_loss
        cross_entropy l1_loss huber_loss margin_ranking_loss soft_margin_loss triplet_margin_loss multi_margin_loss ctc_loss kl_div
        multilabel_margin_loss binary_cross_entropy_with_logits fft_fft fft_ifft fft_fft2 fft_ifft2 fft_fftn fft_ifftn fft_rfft fft_irfft
        fft_rfft2 fft_irfft2 fft_rfftn fft_irfftn fft_hfft fft_ihfft linalg_cond linalg_matrix_rank linalg_solve linalg_cholesky
        linalg_svdvals linalg_eigvals linalg_eigvalsh linalg_tensorinv linalg_tensorsolve geqrf lu qr svd triangular_solve
        fractional_max_pool2d fractional_max_pool3d adaptive_max_pool3d linalg_qr linalg_cholesky_ex linalg_svd linalg_eig linalg_eigh
        linalg_lstsq linalg_inv_ex reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d replication_pad3d
    """,
    WIDEST="stack cat index_copy",
)  # fmt: skip
ACCELERATOR = _table(
    LOWER="""
        conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution prelu addmm addmv addr matmul einsum mm mv
        linalg_vecdot affine addbmm baddbmm bmm batched_matmul chain_matmul linalg_multi_dot lstm_cell gru_cell rnn_tanh_cell
        rnn_relu_cell rnn_tanh rnn_relu lstm gru scaled_dot_product_attention
    """,
    FULL="""
        acos asin cosh erfinv exp expm1 log log10 log2 log1p reciprocal rsqrt sinh tan pow softplus layer_norm rms_norm group_norm
        cosine_similarity poisson_nll_loss cosine_embedding_loss nll_loss hinge_embedding_loss kl_div l1_loss smooth_l1_loss huber_loss
        mse_loss margin_ranking_loss multilabel_margin_loss soft_margin_loss triplet_margin_loss multi_margin_loss
        binary_cross_entropy_with_logits dist pdist cdist renorm logsumexp square cross_entropy nuclear_norm frobenius_norm interpolate
    """,
    FULL_BY_DTYPE="prod softmax log_softmax softmax_along log_softmax_along cumprod cumsum linalg_vector_norm linalg_matrix_norm norm sum",
    WIDEST="addcdiv addcmul atan2 bilinear cross dot vdot grid_sample grid_sampler index_put tensordot scatter_add inner",
    BANNED="binary_cross_entropy",
)  # fmt: skip

def called(name: str, args: tuple[Any, ...]) -> str:
    """The name under which the lists have a call."""
    if name == "pad" and len(args) > 2 and args[2] in ("reflect", "replicate"):
        return f"{'reflection' if args[2] == 'reflect' else 'replication'}_pad{len(args[1]) // 2}d"
    return name


THROUGH = frozenset(_table(LOWER="""
    addmv addr corrcoef cov cross_entropy embedding_bag gaussian_nll_loss gumbel_softmax inner instance_norm kron linalg_cond
    linalg_norm linalg_pinv local_response_norm matrix_power multilabel_soft_margin_loss normalize outer pairwise_distance pinverse
    softmin triplet_margin_loss
"""))  # fmt: skip
"""The ops whose bodies autocast sees, where no list has the op itself."""

REFUSAL = (
    "torch.nn.functional.binary_cross_entropy and torch.nn.BCELoss are unsafe to autocast.\nMany models use a sigmoid layer right before the "
    "binary cross entropy layer.\nIn this case, combine the two layers using torch.nn.functional.binary_cross_entropy_with_logits\nor "
    "torch.nn.BCEWithLogitsLoss.  binary_cross_entropy_with_logits and BCEWithLogits are\nsafe to autocast."
)
