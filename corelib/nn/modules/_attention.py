"""The projections of attention: the weights before and after the heads, together where the sizes are one."""

from __future__ import annotations

from corelib.nn import init
from corelib.nn._arguments import DeviceLike
from corelib.nn.modules._weights import new_parameter
from corelib.nn.modules.linear import NonDynamicallyQuantizableLinear
from corelib.nn.modules.module import Module
from corelib.nn.parameter import Parameter
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor


class Projections(Module):
    """What MultiheadAttention learns."""

    embed_dim: int
    kdim: int
    vdim: int
    _qkv_same_embed_dim: bool
    bias_k: Tensor | None
    bias_v: Tensor | None

    def _make_parameters(self, bias: bool, add_bias_kv: bool, device: DeviceLike, dtype: DType | None) -> None:
        def weight(*shape: int) -> Parameter:
            return new_parameter(shape, device, dtype)

        if self._qkv_same_embed_dim:
            self.in_proj_weight = weight(3 * self.embed_dim, self.embed_dim)
            for name in ("q_proj_weight", "k_proj_weight", "v_proj_weight"):
                self.register_parameter(name, None)
        else:
            self.q_proj_weight = weight(self.embed_dim, self.embed_dim)
            self.k_proj_weight = weight(self.embed_dim, self.kdim)
            self.v_proj_weight = weight(self.embed_dim, self.vdim)
            self.register_parameter("in_proj_weight", None)
        if bias:
            self.in_proj_bias = weight(3 * self.embed_dim)
        else:
            self.register_parameter("in_proj_bias", None)
        self.out_proj = NonDynamicallyQuantizableLinear(self.embed_dim, self.embed_dim, bias=bias, device=device, dtype=dtype)
        if add_bias_kv:
            self.bias_k, self.bias_v = weight(1, 1, self.embed_dim), weight(1, 1, self.embed_dim)
        else:
            self.bias_k = self.bias_v = None

    def _reset_parameters(self) -> None:
        names = ["in_proj_weight"] if self._qkv_same_embed_dim else ["q_proj_weight", "k_proj_weight", "v_proj_weight"]
        for name in names:
            init.xavier_uniform_(getattr(self, name))
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                init.xavier_normal_(extra)
