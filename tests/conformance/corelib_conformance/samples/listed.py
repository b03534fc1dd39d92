"""The names of the ops that must have samples: those that ordinary training code calls."""

CREATION = """
zeros ones full empty arange linspace eye zeros_like ones_like full_like empty_like rand_like randn_like randint_like
new_zeros new_ones new_full new_empty new_tensor rand randn randint randperm multinomial bernoulli normal
"""
VIEWS = """
view reshape transpose permute squeeze unsqueeze expand flatten t T mT chunk split cat stack repeat repeat_interleave
flip roll select narrow unbind unfold diagonal tril triu movedim as_strided contiguous clone detach
"""
INDEXING = """
getitem setitem index_select gather scatter scatter_add masked_fill masked_select where nonzero index_put
take_along_dim
"""
POINTWISE = """
add sub mul div true_divide floor_divide remainder pow rsub radd rmul rtruediv rfloordiv rmod rpow
abs neg sign exp log log1p expm1 log2 log10 sqrt rsqrt reciprocal sin cos tan asin acos atan atan2 sinh cosh tanh
sigmoid erf floor ceil round trunc clamp maximum minimum lerp addcmul addcdiv eq ne lt le gt ge logical_and logical_or
logical_xor logical_not bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift isnan
isinf isfinite nan_to_num
"""
REDUCTIONS = """
sum mean prod var std max min amax amin argmax argmin any all norm logsumexp cumsum cumprod sort argsort topk unique
bincount
"""
PRODUCTS = "mm bmm matmul addmm baddbmm outer dot mv einsum tensordot"
NEURAL = """
linear softmax log_softmax relu gelu silu elu leaky_relu softplus conv1d conv2d conv_transpose2d max_pool2d avg_pool2d
adaptive_avg_pool2d adaptive_max_pool2d batch_norm layer_norm group_norm rms_norm dropout embedding one_hot pad
interpolate scaled_dot_product_attention cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss binary_cross_entropy
binary_cross_entropy_with_logits kl_div
"""
LISTED = " ".join([CREATION, VIEWS, INDEXING, POINTWISE, REDUCTIONS, PRODUCTS, NEURAL]).split()
