"""The calls that are run under autocast: name -> (a function of the library and its float operands, the operands' shapes)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Shape = tuple[int, ...]
CALLS: dict[str, tuple[Callable[..., Any], tuple[Shape, ...]]] = {}


def _add(name: str, call: Callable[..., Any], *shapes: Shape) -> None:
    assert name not in CALLS, name
    CALLS[name] = call, shapes


def _places(T: Any, x: Any, *numbers: int) -> Any:
    return T.tensor(numbers, device=x.device)


def _eye(T: Any, x: Any) -> Any:
    return x + T.eye(x.shape[-1], dtype=x.dtype, device=x.device) * 4


for _name in ("matmul", "mm"):
    _add(_name, lambda T, a, b, n=_name: getattr(T, n)(a, b), (3, 4), (4, 2))
_add("matmul_operator", lambda T, a, b: a @ b, (3, 4), (4, 2))
_add("matmul_vector", lambda T, a, b: T.matmul(a, b), (3, 4), (4,))
_add("matmul_batched", lambda T, a, b: T.matmul(a, b), (2, 3, 4), (4, 2))
_add("mv", lambda T, a, b: T.mv(a, b), (3, 4), (4,))
_add("bmm", lambda T, a, b: T.bmm(a, b), (2, 3, 4), (2, 4, 2))
_add("addmm", lambda T, a, b, c: T.addmm(a, b, c), (3, 2), (3, 4), (4, 2))
_add("addmv", lambda T, a, b, c: T.addmv(a, b, c), (3,), (3, 4), (4,))
_add("addr", lambda T, a, b, c: T.addr(a, b, c), (3, 2), (3,), (2,))
_add("baddbmm", lambda T, a, b, c: T.baddbmm(a, b, c), (2, 3, 2), (2, 3, 4), (2, 4, 2))
_add("addbmm", lambda T, a, b, c: T.addbmm(a, b, c), (3, 2), (2, 3, 4), (2, 4, 2))
_add("dot", lambda T, a, b: T.dot(a, b), (4,), (4,))
_add("vdot", lambda T, a, b: T.vdot(a, b), (4,), (4,))
_add("inner", lambda T, a, b: T.inner(a, b), (3, 4), (2, 4))
_add("outer", lambda T, a, b: T.outer(a, b), (3,), (2,))
_add("einsum", lambda T, a, b: T.einsum("ij,jk->ik", a, b), (3, 4), (4, 2))
_add("tensordot", lambda T, a, b: T.tensordot(a, b, 1), (3, 4), (4, 2))
_add("chain_matmul", lambda T, a, b: T.linalg.multi_dot([a, b]), (3, 4), (4, 2))
_add("linalg.vecdot", lambda T, a, b: T.linalg.vecdot(a, b), (3, 4), (3, 4))
_add("kron", lambda T, a, b: T.kron(a, b), (2, 2), (2, 3))
_add("linear", lambda T, a, w, b: T.nn.functional.linear(a, w, b), (3, 4), (2, 4), (2,))
_add("linear_without_bias", lambda T, a, w: T.nn.functional.linear(a, w), (3, 4), (2, 4))
_add("bilinear", lambda T, a, b, w: T.nn.functional.bilinear(a, b, w), (3, 4), (3, 2), (5, 4, 2))
for _n in (1, 2, 3):
    _add(f"conv{_n}d", lambda T, x, w, b, n=_n: getattr(T.nn.functional, f"conv{n}d")(x, w, b, padding=1), (2, 3, *[5] * _n), (4, 3, *[3] * _n), (4,))
    _add(f"conv_transpose{_n}d", lambda T, x, w, n=_n: getattr(T.nn.functional, f"conv_transpose{n}d")(x, w), (2, 3, *[4] * _n), (3, 2, *[3] * _n))
    _add(f"max_pool{_n}d", lambda T, x, n=_n: getattr(T.nn.functional, f"max_pool{n}d")(x, 2), (2, 3, *[4] * _n))
    _add(f"avg_pool{_n}d", lambda T, x, n=_n: getattr(T.nn.functional, f"avg_pool{n}d")(x, 2), (2, 3, *[4] * _n))
    _add(f"adaptive_avg_pool{_n}d", lambda T, x, n=_n: getattr(T.nn.functional, f"adaptive_avg_pool{n}d")(x, 2), (2, 3, *[4] * _n))
    _add(f"adaptive_max_pool{_n}d", lambda T, x, n=_n: getattr(T.nn.functional, f"adaptive_max_pool{n}d")(x, 2), (2, 3, *[4] * _n))
_add("conv2d_same", lambda T, x, w: T.nn.functional.conv2d(x, w, padding="same"), (2, 3, 5, 5), (4, 3, 3, 3))
_add("prelu", lambda T, x, w: T.nn.functional.prelu(x, w), (3, 4), (1,))
_add("attention", lambda T, q, k, v: T.nn.functional.scaled_dot_product_attention(q, k, v), (1, 2, 3, 4), (1, 2, 3, 4), (1, 2, 3, 4))
for _name in (
    "acos asin cosh erfinv exp expm1 log10 log2 log1p reciprocal rsqrt sinh tan sin cos tanh sigmoid relu abs neg sqrt sign floor round square erf "
    "softplus silu gelu mish hardtanh elu selu celu leaky_relu logsigmoid softsign tanhshrink hardswish hardsigmoid"
).split():
    _add(_name, lambda T, x, n=_name: (getattr(T, n, None) or getattr(T.nn.functional, n))(abs(x) / 8 + 0.1), (3, 4))
_add("log", lambda T, x: T.log(abs(x) + 0.1), (3, 4))
_add("pow", lambda T, x: x**2, (3, 4))
_add("pow_tensor", lambda T, x, y: T.pow(abs(x), y), (3, 4), (3, 4))
_add("pow_of_a_number", lambda T, x: 2**x, (3, 4))
for _name in ("add", "sub", "mul", "div", "maximum", "minimum", "atan2", "fmod", "remainder", "hypot", "logaddexp"):
    _add(_name, lambda T, a, b, n=_name: getattr(T, n)(a, abs(b) + 1), (3, 4), (3, 4))
for _name in ("addcmul", "addcdiv", "lerp"):
    _add(_name, lambda T, a, b, c, n=_name: getattr(T, n)(a, b, abs(c) + 1), (3, 4), (3, 4), (3, 4))
_add("where", lambda T, a, b: T.where(a > 0, a, b), (3, 4), (3, 4))
for _name in ("sum", "mean", "prod", "amax", "std", "var", "median", "max", "nansum", "argmax", "all"):
    _add(_name, lambda T, x, n=_name: getattr(T, n)(x), (3, 4))
    if _name not in ("all",):
        _add(f"{_name}_along", lambda T, x, n=_name: getattr(T, n)(x, dim=1), (3, 4))
for _name in ("cumsum", "cumprod", "logsumexp", "logcumsumexp", "cummax"):
    _add(_name, lambda T, x, n=_name: getattr(T, n)(x, 1), (3, 4))
for _name in ("softmax", "log_softmax", "softmin"):
    _add(f"F.{_name}", lambda T, x, n=_name: getattr(T.nn.functional, n)(x, dim=1), (3, 4))
_add("softmax", lambda T, x: T.softmax(x, 1), (3, 4))
_add("Tensor.softmax", lambda T, x: x.softmax(1), (3, 4))
_add("sum_as_half", lambda T, x: T.sum(x, dtype=T.float16), (3, 4))
_add("softmax_as_double", lambda T, x: T.softmax(x, 1, dtype=T.float64), (3, 4))
_add("norm", lambda T, x: T.norm(x), (3, 4))
_add("norm_method", lambda T, x: x.norm(), (3, 4))
_add("norm_along", lambda T, x: T.norm(x, 2, 1), (3, 4))
_add("linalg.norm", lambda T, x: T.linalg.norm(x), (3, 4))
_add("linalg.vector_norm", lambda T, x: T.linalg.vector_norm(x), (3, 4))
_add("linalg.matrix_norm", lambda T, x: T.linalg.matrix_norm(x), (3, 4))
_add("F.normalize", lambda T, x: T.nn.functional.normalize(x), (3, 4))
_add("renorm", lambda T, x: T.renorm(x, 2, 0, 1.0), (3, 4))
_add("dist", lambda T, a, b: T.dist(a, b), (3, 4), (3, 4))
_add("cdist", lambda T, a, b: T.cdist(a, b), (3, 4), (2, 4))
_add("pdist", lambda T, a: T.nn.functional.pdist(a), (3, 4))
_add("pairwise_distance", lambda T, a, b: T.nn.functional.pairwise_distance(a, b), (3, 4), (3, 4))
_add("cosine_similarity", lambda T, a, b: T.nn.functional.cosine_similarity(a, b), (3, 4), (3, 4))
_add("layer_norm", lambda T, x, w, b: T.nn.functional.layer_norm(x, (4,), w, b), (3, 4), (4,), (4,))
_add("group_norm", lambda T, x, w, b: T.nn.functional.group_norm(x, 2, w, b), (3, 4, 2), (4,), (4,))
_add("rms_norm", lambda T, x: T.nn.functional.rms_norm(x, (4,)), (3, 4))
_add("batch_norm", lambda T, x: T.nn.functional.batch_norm(x, None, None, training=True), (6, 4))
_add("instance_norm", lambda T, x: T.nn.functional.instance_norm(x), (2, 3, 4))
for _name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits", "poisson_nll_loss", "soft_margin_loss"):
    _add(_name, lambda T, a, b, n=_name: getattr(T.nn.functional, n)(a, b), (3, 4), (3, 4))
_add("kl_div", lambda T, a, b: T.nn.functional.kl_div(a, abs(b), reduction="batchmean"), (3, 4), (3, 4))
_add("binary_cross_entropy", lambda T, a, b: T.nn.functional.binary_cross_entropy(a.sigmoid(), b.sigmoid()), (3, 4), (3, 4))
_add("hinge_embedding_loss", lambda T, a: T.nn.functional.hinge_embedding_loss(a, _places(T, a, 1, -1, 1, -1)), (3, 4))
_add("margin_ranking_loss", lambda T, a, b: T.nn.functional.margin_ranking_loss(a, b, _places(T, a, 1, -1, 1)), (3,), (3,))
_add("cosine_embedding_loss", lambda T, a, b: T.nn.functional.cosine_embedding_loss(a, b, _places(T, a, 1, -1, 1)), (3, 4), (3, 4))
_add("triplet_margin_loss", lambda T, a, b, c: T.nn.functional.triplet_margin_loss(a, b, c), (3, 4), (3, 4), (3, 4))
_add("multi_margin_loss", lambda T, a: T.nn.functional.multi_margin_loss(a, _places(T, a, 1, 0, 2)), (3, 4))
_add("multilabel_margin_loss", lambda T, a: T.nn.functional.multilabel_margin_loss(a, _places(T, a, 1, 0, -1, 2)), (4,))
_add("multilabel_soft_margin_loss", lambda T, a, b: T.nn.functional.multilabel_soft_margin_loss(a, b), (3, 4), (3, 4))
_add("cross_entropy", lambda T, a: T.nn.functional.cross_entropy(a, _places(T, a, 1, 0, 2)), (3, 4))
_add("nll_loss", lambda T, a: T.nn.functional.nll_loss(a, _places(T, a, 1, 0, 2)), (3, 4))
_add("gaussian_nll_loss", lambda T, a, b, c: T.nn.functional.gaussian_nll_loss(a, b, abs(c)), (3, 4), (3, 4), (3, 4))
_add("cat", lambda T, a, b: T.cat([a, b]), (3, 4), (2, 4))
_add("stack", lambda T, a, b: T.stack([a, b]), (3, 4), (3, 4))
_add("index_copy", lambda T, a, b: T.index_copy(a, 0, _places(T, a, 0, 2), b), (3, 4), (2, 4))
_add("scatter_add", lambda T, a, b: T.scatter_add(a, 0, T.zeros(2, 4, dtype=T.int64, device=a.device), b), (3, 4), (2, 4))
_add("index_put", lambda T, a, b: T.index_put(a, (_places(T, a, 0, 2),), b), (3, 4), (4,))
_add("cross", lambda T, a, b: T.cross(a, b, dim=1), (4, 3), (4, 3))
_add("embedding", lambda T, w: T.nn.functional.embedding(_places(T, w, 0, 2), w), (3, 4))
_add("trace", lambda T, x: T.trace(x), (3, 3))
_add("quantile", lambda T, x: T.quantile(x.float(), 0.5), (3, 4))
_add("interpolate", lambda T, x: T.nn.functional.interpolate(x, scale_factor=2, mode="nearest"), (1, 2, 3, 3))
_add("interpolate_bilinear", lambda T, x: T.nn.functional.interpolate(x, scale_factor=2, mode="bilinear"), (1, 2, 3, 3))
_add("grid_sample", lambda T, x, g: T.nn.functional.grid_sample(x, g, align_corners=False), (1, 2, 3, 3), (1, 2, 2, 2))
_add("pad_constant", lambda T, x: T.nn.functional.pad(x, (1, 1)), (1, 2, 3))
for _name in ("reflect", "replicate"):
    _add(f"pad_{_name}_1d", lambda T, x, n=_name: T.nn.functional.pad(x, (1, 1), mode=n), (1, 2, 3))
    _add(f"pad_{_name}_2d", lambda T, x, n=_name: T.nn.functional.pad(x, (1, 1, 1, 1), mode=n), (1, 2, 3, 3))
    _add(f"pad_{_name}_3d", lambda T, x, n=_name: T.nn.functional.pad(x, (1, 1, 1, 1, 1, 1), mode=n), (1, 2, 3, 3, 3))
for _name in ("svdvals", "inv", "det", "cond", "matrix_rank", "eigvalsh", "pinv", "slogdet"):
    _add(f"linalg.{_name}", lambda T, x, n=_name: getattr(T.linalg, n)(_eye(T, x)), (3, 3))
_add("linalg.solve", lambda T, a, b: T.linalg.solve(_eye(T, a), b), (3, 3), (3, 2))
_add("linalg.qr", lambda T, x: T.linalg.qr(_eye(T, x))[1].abs(), (3, 3))
_add("linalg.cholesky", lambda T, x: T.linalg.cholesky(_eye(T, x * 0)), (3, 3))
_add("linalg.svd", lambda T, x: T.linalg.svd(_eye(T, x))[1], (3, 3))
_add("linalg.eigh", lambda T, x: T.linalg.eigh(_eye(T, x))[0], (3, 3))
_add("fft.fft", lambda T, x: T.fft.fft(x), (3, 4))
_add("fft.rfft2", lambda T, x: T.fft.rfft2(x), (4, 4))
_add("polar", lambda T, x, y: T.polar(abs(x), y), (3, 4), (3, 4))
_add("cov", lambda T, x: T.cov(x), (3, 4))
_add("matrix_power", lambda T, x: T.matrix_power(x, 2), (3, 3))
_add("glu", lambda T, x: T.nn.functional.glu(x), (3, 4))
_add("dropout_in_eval", lambda T, x: T.nn.functional.dropout(x, 0.5, training=False), (3, 4))
_add("masked_fill", lambda T, x: x.masked_fill(x > 0, 1.0), (3, 4))
_add("add_in_place", lambda T, a, b: a.clone().add_(b), (3, 4), (3, 4))
_add("exp_in_place", lambda T, a: a.clone().exp_(), (3, 4))
_add("matmul_out", lambda T, a, b: T.mm(a, b, out=T.empty(3, 2, dtype=a.dtype, device=a.device)), (3, 4), (4, 2))
_add("sort", lambda T, x: T.sort(x)[0], (3, 4))
_add("local_response_norm", lambda T, x: T.nn.functional.local_response_norm(x, 2), (2, 3, 4))
