# Written by `python -m tools.stubs`, from the op table. Change that or the source, not this file.
from builtins import bool as _bool, complex as _complex, float as _float, int as _int, str as _str, tuple as _tuple
from collections.abc import Sequence as _Sequence
from typing import Any as _Any
from corelib.tensor.dtype import dtype as _DType
from corelib.tensor.tensor import Tensor as _Tensor

def adaptive_avg_pool1d(input: _Tensor, output_size: _int | _Sequence[_int | None]) -> _Tensor:
    """The means of `output_size` windows that cover the last dimension evenly."""
def adaptive_avg_pool2d(input: _Tensor, output_size: _int | _Sequence[_int | None]) -> _Tensor:
    """The means of windows that cover the last two dimensions evenly; None in `output_size` keeps a dimension."""
def adaptive_avg_pool3d(input: _Tensor, output_size: _int | _Sequence[_int | None]) -> _Tensor:
    """The means of windows that cover the last three dimensions evenly; None in `output_size` keeps a dimension."""
def adaptive_max_pool1d(input: _Tensor, output_size: _int | _Sequence[_int | None], return_indices: _bool = ...) -> _Any:
    """The largest of each of `output_size` windows that cover the last dimension evenly."""
def adaptive_max_pool1d_with_indices(input: _Tensor, *args: _Any, return_indices: _bool = ..., **kwargs: _Any) -> _Any:
    """`adaptive_max_pool1d` with return_indices=True: (values, indices)."""
def adaptive_max_pool2d(input: _Tensor, output_size: _int | _Sequence[_int | None], return_indices: _bool = ...) -> _Any:
    """The largest of each window, where windows cover the last two dimensions evenly."""
def adaptive_max_pool2d_with_indices(input: _Tensor, *args: _Any, return_indices: _bool = ..., **kwargs: _Any) -> _Any:
    """`adaptive_max_pool2d` with return_indices=True: (values, indices)."""
def adaptive_max_pool3d(input: _Tensor, output_size: _int | _Sequence[_int | None], return_indices: _bool = ...) -> _Any:
    """The largest of each window, where windows cover the last three dimensions evenly."""
def adaptive_max_pool3d_with_indices(input: _Tensor, *args: _Any, return_indices: _bool = ..., **kwargs: _Any) -> _Any:
    """`adaptive_max_pool3d` with return_indices=True: (values, indices)."""
def affine_grid(theta: _Tensor, size: _Sequence[_int], align_corners: _bool | None = ...) -> _Tensor:
    """The places that affine maps (n, 2, 3) or (n, 3, 4) send each pixel of an output of `size` (n, c, *spatial) to."""
def alpha_dropout(input: _Tensor, p: _float = ..., training: _bool = ..., inplace: _bool = ...) -> _Tensor:
    """Dropout for selu: dropped elements take its lowest value, and mean and variance stay (Klambauer et al., 2017)."""
def avg_pool1d(input: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., ceil_mode: _bool = ..., count_include_pad: _bool = ...) -> _Tensor:
    """The mean of each window along the last dimension; `stride` defaults to the window."""
def avg_pool2d(input: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., ceil_mode: _bool = ..., count_include_pad: _bool = ..., divisor_override: _int | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The mean of each window over the last two dimensions; `stride` defaults to the window."""
def avg_pool3d(input: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., ceil_mode: _bool = ..., count_include_pad: _bool = ..., divisor_override: _int | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The mean of each window over the last three dimensions; arguments as those of `avg_pool2d`."""
def batch_norm(input: _Tensor, running_mean: _Tensor | None, running_var: _Tensor | None, weight: _Tensor | None = ..., bias: _Tensor | None = ..., training: _bool = ..., momentum: _float = ..., eps: _float = ...) -> _Tensor:
    """Each channel (dimension 1) to mean 0 and variance 1, then times `weight` plus `bias` (Ioffe and Szegedy, 2015)."""
def bilinear(input1: _Tensor, input2: _Tensor, weight: _Tensor, bias: _Tensor | None = ...) -> _Tensor:
    """out[..., k] = input1 @ weight[k] @ input2 + bias[k]."""
def binary_cross_entropy(input: _Tensor, target: _Tensor, weight: _Tensor | None = ..., size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ...) -> _Tensor:
    """The cross entropy of probabilities `input` from 0 to 1 against `target`; each logarithm is at least -100."""
def binary_cross_entropy_with_logits(input: _Tensor, target: _Tensor, weight: _Tensor | None = ..., size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ..., pos_weight: _Tensor | None = ...) -> _Tensor:
    """The cross entropy of sigmoid(input) against `target`, without overflow; `pos_weight` weighs the positive ones."""
def celu(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """x above 0 and alpha * (exp(x / alpha) - 1) below, elementwise."""
def celu_(input: _Tensor, *args: _Any, **names: _float) -> _Tensor:
    """The in-place form of `celu`."""
def channel_shuffle(input: _Tensor, groups: _int) -> _Tensor:
    """The channels (dimension 1) of (n, c, *) in `groups`, interleaved. RuntimeError where groups do not divide c."""
def conv1d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _str | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., groups: _int = ...) -> _Tensor:
    """Slide a kernel along one dimension: input (b, c, n) or (c, n), weight (o, c / groups, k)."""
def conv2d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _str | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., groups: _int = ...) -> _Tensor:
    """Slide a kernel over two dimensions: input (b, c, h, w) or (c, h, w), weight (o, c / groups, kh, kw)."""
def conv3d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _str | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., groups: _int = ...) -> _Tensor:
    """Slide a kernel over three dimensions: input (b, c, d, h, w), weight (o, c / groups, kd, kh, kw)."""
def conv_tbc(input: _Tensor, weight: _Tensor, bias: _Tensor, pad: _int = ...) -> _Tensor:
    """A convolution over sequences (time, batch, channels) with weights (width, channels, out channels) and a bias (out channels)."""
def conv_transpose1d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _Sequence[_int] = ..., output_padding: _int | _Sequence[_int] = ..., groups: _int = ..., dilation: _int | _Sequence[_int] = ...) -> _Tensor:
    """The transpose of `conv1d`: its gradient with respect to the input. weight: (c, o / groups, k)."""
def conv_transpose2d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _Sequence[_int] = ..., output_padding: _int | _Sequence[_int] = ..., groups: _int = ..., dilation: _int | _Sequence[_int] = ...) -> _Tensor:
    """The transpose of `conv2d`: its gradient with respect to the input. weight: (c, o / groups, kh, kw)."""
def conv_transpose3d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _Sequence[_int] = ..., output_padding: _int | _Sequence[_int] = ..., groups: _int = ..., dilation: _int | _Sequence[_int] = ...) -> _Tensor:
    """The transpose of `conv3d`: its gradient with respect to the input. weight: (c, o / groups, kd, kh, kw)."""
def cosine_embedding_loss(input1: _Tensor, input2: _Tensor, target: _Tensor, margin: _float = ..., size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ...) -> _Tensor:
    """1 - cos(input1, input2) where target is 1, and max(0, cos - margin) where it is -1; inputs (n, d) or (d)."""
def cosine_similarity(x1: _Tensor, x2: _Tensor, dim: _int = ..., eps: _float = ...) -> _Tensor:
    """The cosine of the angle between vectors along `dim`."""
def cross_entropy(input: _Tensor, target: _Tensor, weight: _Tensor | None = ..., size_average: _bool | None = ..., ignore_index: _int = ..., reduce: _bool | None = ..., reduction: _str = ..., label_smoothing: _float = ...) -> _Tensor:
    """The cross entropy of softmax(input) over dimension 1 against `target`: classes (n, *), or probabilities (n, c, *)."""
def ctc_loss(log_probs: _Tensor, targets: _Tensor, input_lengths: _Tensor | _int | _Sequence[_int], target_lengths: _Tensor | _int | _Sequence[_int], blank: _int = ..., reduction: _str = ..., zero_infinity: _bool = ...) -> _Tensor:
    """Minus the log-likelihood of labels without known places, under log-probabilities (t, n, classes) or (t, classes)."""
def dropout(input: _Tensor, p: _float = ..., training: _bool = ..., inplace: _bool = ...) -> _Tensor:
    """Each element set to zero with probability `p` in training, the others divided by 1 - p (Hinton et al., 2012)."""
def dropout1d(input: _Tensor, p: _float = ..., training: _bool = ..., inplace: _bool = ...) -> _Tensor:
    """Whole channels set to zero with probability `p` in training, the others divided by 1 - p."""
def dropout2d(input: _Tensor, p: _float = ..., training: _bool = ..., inplace: _bool = ...) -> _Tensor:
    """Whole channels set to zero with probability `p` in training, the others divided by 1 - p."""
def dropout3d(input: _Tensor, p: _float = ..., training: _bool = ..., inplace: _bool = ...) -> _Tensor:
    """Whole channels set to zero with probability `p` in training, the others divided by 1 - p."""
def elu(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """x above 0 and alpha * (exp(x) - 1) below, elementwise (Clevert et al., 2015)."""
def elu_(input: _Tensor, *args: _Any, **names: _float) -> _Tensor:
    """The in-place form of `elu`."""
def embedding(input: _Tensor, weight: _Tensor, padding_idx: _int | None = ..., max_norm: _float | None = ..., norm_type: _float = ..., scale_grad_by_freq: _bool = ..., sparse: _bool = ...) -> _Tensor:
    """The rows of `weight` (n, d) that the integers of `input` say: (*) gives (*, d). IndexError out of range."""
def embedding_bag(input: _Tensor, weight: _Tensor, offsets: _Tensor | None = ..., max_norm: _float | None = ..., norm_type: _float = ..., scale_grad_by_freq: _bool = ..., mode: _str = ..., sparse: _bool = ..., per_sample_weights: _Tensor | None = ..., include_last_offset: _bool = ..., padding_idx: _int | None = ...) -> _Tensor:
    """The sum, mean or maximum of the rows of `weight` (n, d) in each bag: (bags, d). Zeros for an empty bag."""
def feature_alpha_dropout(input: _Tensor, p: _float = ..., training: _bool = ..., inplace: _bool = ...) -> _Tensor:
    """`alpha_dropout` of whole channels, dimension 1: all of a channel's elements or none."""
def fold(input: _Tensor, output_size: _int | _Sequence[_int], kernel_size: _int | _Sequence[_int], dilation: _int | _Sequence[_int] = ..., padding: _int | _Sequence[_int] = ..., stride: _int | _Sequence[_int] = ...) -> _Tensor:
    """Columns (n, c * kernel's elements, windows) added up where their windows lie: (n, c, *output_size)."""
def fractional_max_pool2d(input: _Tensor, kernel_size: _int | _Sequence[_int], output_size: _int | _Sequence[_int] | None = ..., output_ratio: _float | _Sequence[_float] | None = ..., return_indices: _bool = ..., _random_samples: _Tensor | None = ...) -> _Tensor:
    """The largest element of windows whose places are drawn at random, so that any output size can be had."""
def fractional_max_pool2d_with_indices(input: _Tensor, kernel_size: _int | _Sequence[_int], output_size: _int | _Sequence[_int] | None = ..., output_ratio: _float | _Sequence[_float] | None = ..., return_indices: _bool = ..., _random_samples: _Tensor | None = ...) -> _tuple[_Tensor, ...]:
    """`fractional_max_pool2d` and the flat places of what it found."""
def fractional_max_pool3d(input: _Tensor, kernel_size: _int | _Sequence[_int], output_size: _int | _Sequence[_int] | None = ..., output_ratio: _float | _Sequence[_float] | None = ..., return_indices: _bool = ..., _random_samples: _Tensor | None = ...) -> _Tensor:
    """The largest element of windows whose places are drawn at random, so that any output size can be had."""
def fractional_max_pool3d_with_indices(input: _Tensor, kernel_size: _int | _Sequence[_int], output_size: _int | _Sequence[_int] | None = ..., output_ratio: _float | _Sequence[_float] | None = ..., return_indices: _bool = ..., _random_samples: _Tensor | None = ...) -> _tuple[_Tensor, ...]:
    """`fractional_max_pool3d` and the flat places of what it found."""
def gaussian_nll_loss(input: _Tensor, target: _Tensor | _int | _float | _bool | _complex, var: _Tensor | _float, full: _bool | _int = ..., eps: _float = ..., reduction: _str = ...) -> _Tensor:
    """(log(var) + (input - target)² / var) / 2, var at least `eps`; full: with the constant log(2 pi) / 2."""
def gelu(input: _Tensor, approximate: _str = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """x times the normal distribution function of x (Hendrycks and Gimpel, 2016), or its tanh approximation."""
def glu(input: _Tensor, dim: _int = ...) -> _Tensor:
    """The first half along `dim` times the sigmoid of the second (Dauphin et al., 2016)."""
def grid_sample(input: _Tensor, grid: _Tensor, mode: _str = ..., padding_mode: _str = ..., align_corners: _bool | None = ...) -> _Tensor:
    """The input (n, c, *sizes) read at places (n, *out, 2 or 3) given as x, y (and z) from -1 to 1: (n, c, *out)."""
def group_norm(input: _Tensor, num_groups: _int, weight: _Tensor | None = ..., bias: _Tensor | None = ..., eps: _float = ...) -> _Tensor:
    """Groups of channels of each sample to mean 0 and variance 1, then times `weight` plus `bias` (Wu and He, 2018)."""
def grouped_mm(mat_a: _Tensor, mat_b: _Tensor, *, offs: _Tensor | None = ..., bias: _Tensor | None = ..., out_dtype: _DType | None = ...) -> _Tensor:
    """The matrix products of groups of rows or columns, of several lengths, as a mixture of experts has them."""
def gumbel_softmax(logits: _Tensor, tau: _float = ..., hard: _bool = ..., eps: _float = ..., dim: _int = ...) -> _Tensor:
    """Samples of the Gumbel-softmax distribution: softmax((logits + Gumbel noise) / tau) along `dim`; hard: one-hot, with the gradient"""
def hardshrink(input: _Tensor, lambd: _float = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """x, or 0 where |x| is at most lambd."""
def hardsigmoid(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """x / 6 + 1/2 cut to the range from 0 to 1, elementwise."""
def hardswish(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """x times hardsigmoid(x), elementwise."""
def hardtanh(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """x cut to the range from min_val (default -1) to max_val (default 1)."""
def hardtanh_(input: _Tensor, *args: _Any, **names: _float) -> _Tensor:
    """The in-place form of `hardtanh`."""
def hinge_embedding_loss(input: _Tensor, target: _Tensor, margin: _float = ..., size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ...) -> _Tensor:
    """The input where target is 1, and what it lacks to `margin` where target is -1."""
def huber_loss(input: _Tensor, target: _Tensor, reduction: _str = ..., delta: _float = ..., weight: _Tensor | None = ...) -> _Tensor:
    """delta times the smooth L1 loss with beta = delta (Huber, 1964)."""
def instance_norm(input: _Tensor, running_mean: _Tensor | None = ..., running_var: _Tensor | None = ..., weight: _Tensor | None = ..., bias: _Tensor | None = ..., use_input_stats: _bool = ..., momentum: _float = ..., eps: _float = ...) -> _Tensor:
    """Each channel of each sample to mean 0 and variance 1 (Ulyanov et al., 2016)."""
def interpolate(input: _Tensor, size: _int | _Sequence[_int] | None = ..., scale_factor: _float | _Sequence[_float] | None = ..., mode: _str = ..., align_corners: _bool | None = ..., recompute_scale_factor: _bool | None = ..., antialias: _bool = ...) -> _Tensor:
    """The spatial dimensions (those after the first two) resized to `size` or by `scale_factor`."""
def kl_div(input: _Tensor, target: _Tensor, size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ..., log_target: _bool = ...) -> _Tensor:
    """target * (log(target) - input): the divergence of log-probabilities `input` from `target`; "batchmean" divides by the batch."""
def l1_loss(input: _Tensor, target: _Tensor, size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ..., weight: _Tensor | None = ...) -> _Tensor:
    """The mean of |input - target|."""
def layer_norm(input: _Tensor, normalized_shape: _Sequence[_int], weight: _Tensor | None = ..., bias: _Tensor | None = ..., eps: _float = ...) -> _Tensor:
    """Mean 0 and variance 1 over the last dimensions, then times `weight` plus `bias` (Ba et al., 2016)."""
def leaky_relu(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """x above 0 and negative_slope * x below, elementwise."""
def leaky_relu_(input: _Tensor, *args: _Any, **names: _float) -> _Tensor:
    """The in-place form of `leaky_relu`."""
def linear(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """`input @ weight.T + bias`: the last dimension of `input` goes from in_features to out_features."""
def linear_cross_entropy(input: _Tensor, linear_weight: _Tensor, target: _Tensor, *, linear_bias: _Tensor | None = ..., weight: _Tensor | None = ..., reduction: _str = ..., ignore_index: _int | None = ..., label_smoothing: _float = ..., options: _Any = ...) -> _Tensor:
    """`cross_entropy` of `linear(input, linear_weight, linear_bias)`."""
def local_response_norm(input: _Tensor, size: _int, alpha: _float = ..., beta: _float = ..., k: _float = ...) -> _Tensor:
    """input / (k + alpha * mean of squares over `size` neighbouring channels)**beta, channels being dimension 1."""
def log_softmax(input: _Tensor, dim: _int | None = ..., _stacklevel: _int = ..., dtype: _DType | None = ...) -> _Tensor:
    """The logarithm of softmax, without its loss of digits."""
def logsigmoid(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """log(sigmoid(x)), elementwise, without overflow."""
def lp_pool1d(input: _Tensor, norm_type: _float, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., ceil_mode: _bool = ...) -> _Tensor:
    """The p-norm of each window over the last 1 dimension, p being `norm_type`; `stride` defaults to the window."""
def lp_pool2d(input: _Tensor, norm_type: _float, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., ceil_mode: _bool = ...) -> _Tensor:
    """The p-norm of each window over the last 2 dimensions, p being `norm_type`; `stride` defaults to the window."""
def lp_pool3d(input: _Tensor, norm_type: _float, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., ceil_mode: _bool = ...) -> _Tensor:
    """The p-norm of each window over the last 3 dimensions, p being `norm_type`; `stride` defaults to the window."""
def margin_ranking_loss(input1: _Tensor, input2: _Tensor, target: _Tensor, margin: _float = ..., size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ...) -> _Tensor:
    """max(0, margin - target * (input1 - input2)): target 1 where the first should rank higher, -1 where the second."""
def max_pool1d(input: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., ceil_mode: _bool = ..., return_indices: _bool = ...) -> _Any:
    """The largest element of each window over 1 dimension(s), NaN counting as largest; `stride` defaults to the window."""
def max_pool1d_with_indices(input: _Tensor, *args: _Any, return_indices: _bool = ..., **kwargs: _Any) -> _Any:
    """`max_pool1d` with return_indices=True: (values, indices)."""
def max_pool2d(input: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., ceil_mode: _bool = ..., return_indices: _bool = ...) -> _Any:
    """The largest element of each window over 2 dimension(s), NaN counting as largest; `stride` defaults to the window."""
def max_pool2d_with_indices(input: _Tensor, *args: _Any, return_indices: _bool = ..., **kwargs: _Any) -> _Any:
    """`max_pool2d` with return_indices=True: (values, indices)."""
def max_pool3d(input: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., ceil_mode: _bool = ..., return_indices: _bool = ...) -> _Any:
    """The largest element of each window over 3 dimension(s), NaN counting as largest; `stride` defaults to the window."""
def max_pool3d_with_indices(input: _Tensor, *args: _Any, return_indices: _bool = ..., **kwargs: _Any) -> _Any:
    """`max_pool3d` with return_indices=True: (values, indices)."""
def max_unpool1d(input: _Tensor, indices: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., output_size: _Sequence[_int] | None = ...) -> _Tensor:
    """The elements that max_pool1d found put back at the places it gave in `indices`, zeros elsewhere."""
def max_unpool2d(input: _Tensor, indices: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., output_size: _Sequence[_int] | None = ...) -> _Tensor:
    """The elements that max_pool2d found put back at the places it gave in `indices`, zeros elsewhere."""
def max_unpool3d(input: _Tensor, indices: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., output_size: _Sequence[_int] | None = ...) -> _Tensor:
    """The elements that max_pool3d found put back at the places it gave in `indices`, zeros elsewhere."""
def mish(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """x times tanh(softplus(x)), elementwise (Misra, 2019)."""
def mse_loss(input: _Tensor, target: _Tensor, size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ..., weight: _Tensor | None = ...) -> _Tensor:
    """The mean of (input - target)²."""
def multi_head_attention_forward(query: _Tensor, key: _Tensor, value: _Tensor, embed_dim_to_check: _int, num_heads: _int, in_proj_weight: _Tensor | None, in_proj_bias: _Tensor | None, bias_k: _Tensor | None, bias_v: _Tensor | None, add_zero_attn: _bool, dropout_p: _float, out_proj_weight: _Tensor, out_proj_bias: _Tensor | None, training: _bool = ..., key_padding_mask: _Tensor | None = ..., need_weights: _bool = ..., attn_mask: _Tensor | None = ..., use_separate_proj_weight: _bool = ..., q_proj_weight: _Tensor | None = ..., k_proj_weight: _Tensor | None = ..., v_proj_weight: _Tensor | None = ..., static_k: _Tensor | None = ..., static_v: _Tensor | None = ..., average_attn_weights: _bool = ..., is_causal: _bool = ...) -> _tuple[_Tensor, _Tensor | None]:
    """(output, weights or None) of attention in `num_heads` heads, with the projections before and after it."""
def multi_margin_loss(input: _Tensor, target: _Tensor, p: _int = ..., margin: _float = ..., weight: _Tensor | None = ..., size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ...) -> _Tensor:
    """The mean over the other classes of max(0, margin - input[target] + input[class])**p, p 1 or 2; times the target's weight."""
def multilabel_margin_loss(input: _Tensor, target: _Tensor, size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ...) -> _Tensor:
    """The mean over classes of the sum over pairs of a target and another class of max(0, 1 - input[target] + input[other])."""
def multilabel_soft_margin_loss(input: _Tensor, target: _Tensor | _int | _float | _bool | _complex, weight: _Tensor | _int | _float | _bool | _complex | None = ..., size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ...) -> _Tensor:
    """The mean over classes (last dimension) of the binary cross entropy of logits, one value for each row before the reduction."""
def native_channel_shuffle(input: _Tensor, groups: _int) -> _Tensor:
    """`nn.functional.channel_shuffle`."""
def nll_loss(input: _Tensor, target: _Tensor, weight: _Tensor | None = ..., size_average: _bool | None = ..., ignore_index: _int = ..., reduce: _bool | None = ..., reduction: _str = ...) -> _Tensor:
    """Minus the log-probability, in `input` (n, c, *), of each class in `target` (n, *); the mean is weighed by `weight`."""
def normalize(input: _Tensor, p: _float | None = ..., dim: _int | _Sequence[_int] | None = ..., eps: _float = ..., out: _Tensor | None = ...) -> _Tensor:
    """Divided by its p-norm along `dim`, or by `eps` where that is larger."""
def one_hot(tensor: _Tensor, num_classes: _int = ...) -> _Tensor:
    """Vectors with a one at the place that each integer says: (*) gives (*, num_classes), by default one more than the largest."""
def pad(input: _Tensor, pad: _Sequence[_int], mode: _str = ..., value: _int | _float | _bool | _complex | None = ...) -> _Tensor:
    """Places added at the ends of the last dimensions: `pad` is (begin, end) of the last, then of the one before, ..."""
def pairwise_distance(x1: _Tensor, x2: _Tensor, p: _float = ..., eps: _float = ..., keepdim: _bool = ...) -> _Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension."""
def pdist(input: _Tensor, p: _float = ...) -> _Tensor:
    """The p-norms of the differences of all pairs of rows of a matrix, i < j, as one vector. RuntimeError for p < 0."""
def pixel_shuffle(input: _Tensor, upscale_factor: _int) -> _Tensor:
    """(*, c * r², h, w) as (*, c, h * r, w * r). RuntimeError where r² does not divide the channels."""
def pixel_unshuffle(input: _Tensor, downscale_factor: _int) -> _Tensor:
    """(*, c, h * r, w * r) as (*, c * r², h, w), the inverse of `pixel_shuffle`. RuntimeError where r does not divide h and w."""
def poisson_nll_loss(input: _Tensor, target: _Tensor, log_input: _bool = ..., full: _bool = ..., size_average: _bool | None = ..., eps: _float = ..., reduce: _bool | None = ..., reduction: _str = ...) -> _Tensor:
    """exp(input) - target * input, the negative log-likelihood of counts; without log_input, input - target * log(input + eps)."""
def prelu(input: _Tensor, weight: _Tensor) -> _Tensor:
    """x above 0 and weight * x below; one weight, or one for each channel (dimension 1)."""
def relu(input: _Tensor, inplace: _bool = ...) -> _Tensor:
    """max(x, 0), elementwise."""
def relu6(input: _Tensor, inplace: _bool = ...) -> _Tensor:
    """x cut to the range from 0 to 6."""
def relu_(input: _Tensor) -> _Tensor:
    """The in-place form of `relu`."""
def rms_norm(input: _Tensor, normalized_shape: _Sequence[_int], weight: _Tensor | None = ..., eps: _float | None = ...) -> _Tensor:
    """Divided by the root of the mean square over the last dimensions, then times `weight` (Zhang and Sennrich, 2019)."""
def rrelu(input: _Tensor, lower: _float = ..., upper: _float = ..., training: _bool = ..., inplace: _bool = ...) -> _Tensor:
    """x above 0; below, x times a slope drawn for each element from [lower, upper) in training, their mean otherwise."""
def rrelu_(input: _Tensor, lower: _float = ..., upper: _float = ..., training: _bool = ...) -> _Tensor:
    """`rrelu` in place."""
def scaled_dot_product_attention(query: _Tensor, key: _Tensor, value: _Tensor, attn_mask: _Tensor | None = ..., dropout_p: _float = ..., is_causal: _bool = ..., scale: _float | None = ..., enable_gqa: _bool = ...) -> _Tensor:
    """softmax(query @ key.T * scale + mask) @ value (Vaswani et al., 2017)."""
def selu(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """scale * elu(x, alpha) with the constants that keep mean and variance."""
def selu_(input: _Tensor, *args: _Any, **names: _float) -> _Tensor:
    """The in-place form of `selu`."""
def sigmoid(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """1 / (1 + exp(-input)), elementwise."""
def silu(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """x times sigmoid(x), elementwise (Elfwing et al., 2017)."""
def smooth_l1_loss(input: _Tensor, target: _Tensor, size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ..., beta: _float = ...) -> _Tensor:
    """The mean of 0.5 * d² / beta where d = |input - target| is below beta, else d - 0.5 * beta."""
def soft_margin_loss(input: _Tensor, target: _Tensor, size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ...) -> _Tensor:
    """log(1 + exp(-target * input)), targets 1 and -1."""
def softmax(input: _Tensor, dim: _int | None = ..., _stacklevel: _int = ..., dtype: _DType | None = ...) -> _Tensor:
    """Numbers along `dim` made positive with sum 1: exp(x) / sum(exp(x)). `dtype` casts the input first."""
def softmin(input: _Tensor, dim: _int | None = ..., _stacklevel: _int = ..., dtype: _DType | None = ...) -> _Tensor:
    """softmax of the negated input."""
def softplus(input: _Tensor, beta: _float = ..., threshold: _float = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """log(1 + exp(beta * x)) / beta, elementwise; x itself where beta * x is above the threshold."""
def softshrink(input: _Tensor, lambd: _float = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """x moved lambd towards 0, and 0 where |x| is at most lambd."""
def softsign(input: _Tensor) -> _Tensor:
    """x / (1 + |x|), elementwise."""
def tanh(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The hyperbolic tangent, elementwise."""
def tanhshrink(input: _Tensor) -> _Tensor:
    """x - tanh(x), elementwise."""
def threshold(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """x where it is above `threshold`, else `value`, elementwise."""
def threshold_(input: _Tensor, *args: _Any, **names: _float) -> _Tensor:
    """The in-place form of `threshold`."""
def triplet_margin_loss(anchor: _Tensor, positive: _Tensor, negative: _Tensor, margin: _float = ..., p: _float = ..., eps: _float = ..., swap: _bool = ..., size_average: _bool | None = ..., reduce: _bool | None = ..., reduction: _str = ...) -> _Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-norm of differences; swap: with the smaller of the negative's"""
def triplet_margin_with_distance_loss(anchor: _Tensor, positive: _Tensor, negative: _Tensor, *, distance_function: _Any = ..., margin: _float = ..., swap: _bool | _int = ..., reduction: _str = ...) -> _Tensor:
    """As `triplet_margin_loss`, with any distance function of two tensors; the Euclidean distance by default."""
def unfold(input: _Tensor, kernel_size: _int | _Sequence[_int], dilation: _int | _Sequence[_int] = ..., padding: _int | _Sequence[_int] = ..., stride: _int | _Sequence[_int] = ...) -> _Tensor:
    """The windows of (n, c, h, w) or (c, h, w) as columns, (n, c * kernel's elements, windows): what a convolution multiplies."""
def upsample(input: _Tensor, size: _int | _Sequence[_int] | None = ..., scale_factor: _float | _Sequence[_float] | None = ..., mode: _str = ..., align_corners: _bool | None = ...) -> _Tensor:
    """`interpolate` by its old name, deprecated as in PyTorch."""
def upsample_bilinear(input: _Tensor, size: _int | _Sequence[_int] | None = ..., scale_factor: _float | _Sequence[_float] | None = ...) -> _Tensor:
    """`interpolate` with mode "bilinear" and align_corners, deprecated as in PyTorch."""
def upsample_nearest(input: _Tensor, size: _int | _Sequence[_int] | None = ..., scale_factor: _float | _Sequence[_float] | None = ...) -> _Tensor:
    """`interpolate` with mode "nearest", deprecated as in PyTorch."""
