"""Activations: layers that apply one function elementwise or along a dimension, and attention."""

from __future__ import annotations

from typing import ClassVar

from corelib.as_torch.warned import warn
from corelib.nn import functional as F
from corelib.nn import init as _init
from corelib.nn._arguments import DeviceLike
from corelib.nn.modules._attention import Projections
from corelib.nn.modules._pointwise import Activation, AlongDim, Inplace, Shrink, WithAlpha, WithSettings
from corelib.nn.modules._weights import new_parameter
from corelib.nn.modules.module import Module
from corelib.nn.parameter import Parameter
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid",
    "LogSoftmax", "Mish", "MultiheadAttention", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax",
    "Softmax2d", "Softmin", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold",
]


class Sigmoid(Activation):
    """1 / (1 + exp(-x)), elementwise.

    >>> import corelib as torch
    >>> torch.nn.Sigmoid()(torch.tensor([0.0]))
    tensor([0.5000])
    """

    _function = staticmethod(F.sigmoid)


class LogSigmoid(Activation):
    """The logarithm of sigmoid, elementwise.

    >>> import corelib as torch
    >>> torch.nn.LogSigmoid()(torch.tensor([0.0]))
    tensor([-0.6931])
    """

    _function = staticmethod(F.logsigmoid)


class Tanh(Activation):
    """Hyperbolic tangent, elementwise.

    >>> import corelib as torch
    >>> torch.nn.Tanh()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """

    _function = staticmethod(F.tanh)


class Tanhshrink(Activation):
    """x - tanh(x), elementwise.

    >>> import corelib as torch
    >>> torch.nn.Tanhshrink()(torch.tensor([1.0]))
    tensor([0.2384])
    """

    _function = staticmethod(F.tanhshrink)


class Softsign(Activation):
    """x / (1 + |x|), elementwise.

    >>> import corelib as torch
    >>> torch.nn.Softsign()(torch.tensor([1.0]))
    tensor([0.5000])
    """

    _function = staticmethod(F.softsign)


class ReLU(Inplace):
    """max(0, x), elementwise; ``inplace`` writes into the input.

    >>> import corelib as torch
    >>> torch.nn.ReLU()(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    _function = staticmethod(F.relu)


class SELU(Inplace):
    """ELU with the scale and alpha that keep mean and variance, elementwise; ``inplace`` writes into the input.

    >>> import corelib as torch
    >>> torch.nn.SELU()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.0507])
    """

    _function = staticmethod(F.selu)


class SiLU(Inplace):
    """x · sigmoid(x), elementwise; ``inplace`` writes into the input.

    >>> import corelib as torch
    >>> torch.nn.SiLU()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7311])
    """

    _function = staticmethod(F.silu)


class Mish(Inplace):
    """x · tanh(softplus(x)), elementwise; ``inplace`` writes into the input.

    >>> import corelib as torch
    >>> torch.nn.Mish()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8651])
    """

    _function = staticmethod(F.mish)


class Hardswish(Inplace):
    """x · clamp(x + 3, 0, 6) / 6, elementwise; ``inplace`` writes into the input.

    >>> import corelib as torch
    >>> torch.nn.Hardswish()(torch.tensor([-4.0, 1.0]))
    tensor([-0.0000, 0.6667])
    """

    _function = staticmethod(F.hardswish)

    def extra_repr(self) -> str:
        return ""


class Hardsigmoid(Inplace):
    """clamp(x + 3, 0, 6) / 6, elementwise; ``inplace`` writes into the input.

    >>> import corelib as torch
    >>> torch.nn.Hardsigmoid()(torch.tensor([-4.0, 0.0]))
    tensor([0.0000, 0.5000])
    """

    _function = staticmethod(F.hardsigmoid)

    def extra_repr(self) -> str:
        return ""


class ELU(WithAlpha):
    """x above 0, ``alpha`` · (exp(x) - 1) below, elementwise; ``inplace`` writes into the input.

    >>> import corelib as torch
    >>> torch.nn.ELU()(torch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    _function = staticmethod(F.elu)


class CELU(WithAlpha):
    """max(0, x) + min(0, ``alpha`` · (exp(x / ``alpha``) - 1)), elementwise; ``inplace`` writes into the input.

    >>> import corelib as torch
    >>> torch.nn.CELU()(torch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    _function = staticmethod(F.celu)


class LeakyReLU(WithSettings):
    """x above 0, ``negative_slope`` · x below, elementwise; ``inplace`` writes into the input.

    >>> import corelib as torch
    >>> torch.nn.LeakyReLU(0.1)(torch.tensor([-1.0, 2.0]))
    tensor([-0.1000,  2.0000])
    """

    negative_slope: float
    inplace: bool
    _shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(negative_slope=negative_slope, inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class RReLU(WithSettings):
    """x above 0; below, x times a slope: drawn for each element from [``lower``, ``upper``) in training, their mean otherwise.

    ``inplace`` writes into the input. Xu et al., "Empirical evaluation of rectified activations in convolutional network", 2015.

    >>> import corelib as torch
    >>> torch.nn.RReLU(0.25, 0.75).eval()(torch.tensor([-2.0, 2.0]))
    tensor([-1.,  2.])
    """

    lower: float
    upper: float
    inplace: bool
    _shown = ("lower", "upper")

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__(lower=lower, upper=upper, inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class PReLU(WithSettings):
    """x above 0, a learned slope times x below: one slope, or ``num_parameters`` of them, one a channel (dimension 1).

    >>> import corelib as torch
    >>> torch.nn.PReLU()(torch.tensor([-1.0, 2.0])).detach()
    tensor([-0.2500,  2.0000])
    """

    num_parameters: int
    init: float
    weight: Parameter
    _shown = ("num_parameters",)

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: DeviceLike = None, dtype: DType | None = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = new_parameter(num_parameters, device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the slopes to their initial value."""
        _init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)


class Hardtanh(WithSettings):
    """x cut to ``min_val`` … ``max_val``, elementwise; ``inplace`` writes into the input.

    Raises AssertionError unless ``min_val`` is below ``max_val``.

    >>> import corelib as torch
    >>> torch.nn.Hardtanh()(torch.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """

    min_val: float
    max_val: float
    inplace: bool
    _shown: ClassVar[tuple[str, ...]] = ("min_val", "max_val")

    def __init__(
        self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False, min_value: float | None = None, max_value: float | None = None,
    ) -> None:
        super().__init__()
        for old, new, value in (("min_value", "min_val", min_value), ("max_value", "max_val", max_value)):
            if value is not None:
                warn(f"keyword argument `{old}` is deprecated and renamed to `{new}`", FutureWarning)
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise AssertionError(f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})")

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class ReLU6(Hardtanh):
    """min(max(0, x), 6), elementwise; ``inplace`` writes into the input.

    >>> import corelib as torch
    >>> torch.nn.ReLU6()(torch.tensor([-3.0, 8.0]))
    tensor([0., 6.])
    """

    _shown = ()

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)


class Threshold(WithSettings):
    """x above ``threshold``, ``value`` elsewhere, elementwise; ``inplace`` writes into the input.

    >>> import corelib as torch
    >>> torch.nn.Threshold(0.5, 20.0)(torch.tensor([0.0, 1.0]))
    tensor([20.,  1.])
    """

    threshold: float
    value: float
    inplace: bool
    _shown = ("threshold", "value")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(threshold=threshold, value=value, inplace=inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)


class GELU(WithSettings):
    """x · Φ(x), elementwise; ``approximate="tanh"`` is the faster form with tanh instead of erf.

    >>> import corelib as torch
    >>> torch.nn.GELU()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8413])
    """

    approximate: str

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate=approximate)

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Softplus(WithSettings):
    """log(1 + exp(``beta`` · x)) / ``beta``, elementwise; x itself where ``beta`` · x is above ``threshold``.

    >>> import corelib as torch
    >>> torch.nn.Softplus()(torch.tensor([0.0, 30.0]))
    tensor([ 0.6931, 30.0000])
    """

    beta: float
    threshold: float
    _shown = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta=beta, threshold=threshold)

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)


class Hardshrink(Shrink):
    """x where |x| is above ``lambd``, 0 elsewhere, elementwise.

    >>> import corelib as torch
    >>> torch.nn.Hardshrink()(torch.tensor([0.2, 1.0]))
    tensor([0., 1.])
    """

    _function = staticmethod(F.hardshrink)


class Softshrink(Shrink):
    """x moved towards 0 by ``lambd`` and not beyond it, elementwise.

    >>> import corelib as torch
    >>> torch.nn.Softshrink()(torch.tensor([0.2, 1.0]))
    tensor([0.0000, 0.5000])
    """

    _function = staticmethod(F.softshrink)


class Softmax(AlongDim):
    """exp(x) / sum(exp(x)) along ``dim``.

    >>> import corelib as torch
    >>> torch.nn.Softmax(dim=0)(torch.zeros(4))
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    _function = staticmethod(F.softmax)


class LogSoftmax(AlongDim):
    """The logarithm of softmax along ``dim``, computed without overflow.

    >>> import corelib as torch
    >>> torch.nn.LogSoftmax(dim=0)(torch.zeros(4))
    tensor([-1.3863, -1.3863, -1.3863, -1.3863])
    """

    _function = staticmethod(F.log_softmax)


class Softmin(AlongDim):
    """softmax of the negated input along ``dim``.

    >>> import corelib as torch
    >>> torch.nn.Softmin(dim=0)(torch.zeros(4))
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    _function = staticmethod(F.softmin)


class Softmax2d(Module):
    """softmax over the channels of (N, C, H, W) or (C, H, W). Raises ValueError for another number of dimensions.

    >>> import corelib as torch
    >>> torch.nn.Softmax2d()(torch.zeros(4, 1, 1)).flatten()
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3)


class GLU(AlongDim):
    """The first half along ``dim`` times sigmoid of the second half.

    >>> import corelib as torch
    >>> torch.nn.GLU()(torch.tensor([2.0, 0.0]))
    tensor([1.])
    """

    _function = staticmethod(F.glu)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim)

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, -1 if self.dim is None else self.dim)


class MultiheadAttention(Projections):
    """Attention in `num_heads` heads of embed_dim / num_heads each, with projections before and after.

    dropout: of the weights; kdim, vdim: sizes of keys and values where they are not embed_dim; add_bias_kv: a learned key and value more;
    add_zero_attn: a key and value of zeros more; batch_first: (n, l, e) in place of (l, n, e). ValueError for sizes that are not
    positive, AssertionError where num_heads does not divide embed_dim.

    >>> import corelib as torch
    >>> x = torch.randn(5, 3, 8)
    >>> output, weights = torch.nn.MultiheadAttention(8, 2)(x, x, x)
    >>> output.shape, weights.shape
    (torch.Size([5, 3, 8]), torch.Size([3, 5, 5]))

    Source: Vaswani et al., Attention is all you need, 2017.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False, add_zero_attn: bool = False,
        kdim: int | None = None, vdim: int | None = None, batch_first: bool = False, device: DeviceLike = None, dtype: DType | None = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} instead")
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = kdim if kdim is not None else embed_dim
        self.vdim = vdim if vdim is not None else embed_dim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")

        self._make_parameters(bias, add_bias_kv, device, dtype)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None, need_weights: bool = True,
        attn_mask: Tensor | None = None, average_attn_weights: bool = True, is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        swap = self.batch_first and query.dim() == 3
        if swap:  # a tensor given twice stays one, which saves projections
            same = (key is query, value is key)
            query = query.transpose(0, 1)
            key = query if same[0] else key.transpose(0, 1)
            value = key if same[1] else value.transpose(0, 1)
        output, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k, self.bias_v,
            self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias, training=self.training,
            key_padding_mask=key_padding_mask, need_weights=need_weights, attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim, q_proj_weight=self.q_proj_weight, k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight, average_attn_weights=average_attn_weights, is_causal=is_causal,
        )
        return (output.transpose(0, 1) if swap else output), weights
