"""Complex numbers and Fourier transforms. The operands are real, the parts of complex numbers lying side by side, and so are the results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..declare import WIDE, Facts, Op, op, spec

FACTS: Facts = {"dtypes": WIDE, "ulps": 64, "scaled": True, "strides": "", "casts": False, "extension": True, "needs": {"float32": "complex64", "float64": "complex128"}}
PAIR, SQUARE, MANY = (3, 2), (3, 3, 2), (2, 3, 4, 2)


def parts(T: Any, x: Any) -> Any:
    """What is compared: the two parts of complex numbers, anything else as it is."""
    return T.view_as_real(x.resolve_conj()) if hasattr(x, "is_complex") and x.is_complex() else x


def declare(name: str, path: str, run: Callable[..., Any], *shapes: Any, **more: Any) -> Op:
    """Samples of a function of complex tensors; a shape that does not end in 2 is that of a real one."""
    o = op(f"complex_{name}", path, **(FACTS | more))
    for each in shapes:
        operands = [each] if isinstance(each[0], int) else each
        for layout in ("contiguous", "offset"):
            o.call(_called(run, operands), *[spec(*shape, layout=layout, low=0.25, high=2) for shape in operands])
    return o


def _called(run: Callable[..., Any], shapes: Any) -> Callable[..., Any]:
    def call(T: Any, *tensors: Any) -> Any:
        given = [T.view_as_complex(t) if shape and shape[-1] == 2 else t for t, shape in zip(tensors, shapes, strict=True)]
        return parts(T, run(T, *given))

    return call


for name in "exp log sqrt sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh log2 log10 log1p expm1 exp2 rsqrt sigmoid reciprocal square neg abs angle sgn conj conj_physical".split():
    declare(name, name, lambda T, z, name=name: getattr(T, name)(z), PAIR, MANY)
for name in "isnan isinf isfinite isreal logical_not".split():
    declare(name, name, lambda T, z, name=name: getattr(T, name)(z), PAIR, grad=False)
for name in "add sub mul true_divide pow".split():
    declare(name, name, lambda T, z, w, name=name: getattr(T, name)(z, w), (PAIR, PAIR), (SQUARE, PAIR), (PAIR, (3,)))
for name in "eq ne logical_and logical_or logical_xor".split():
    declare(name, name, lambda T, z, w, name=name: getattr(T, name)(z, w), (PAIR, PAIR), grad=False)
declare("scalars", "mul", lambda T, z: (2 - z * 1j) / (z + (1 + 2j)), PAIR, MANY)
declare("real", "real", lambda T, z: z.real * 2 + z.imag, PAIR, MANY)
declare("complex", "complex", lambda T, a, b: T.complex(a, b * 2), ((3,), (3,)), ((3, 4), (4,)))
declare("polar", "polar", lambda T, a, b: T.polar(a, b * 2), ((3,), (3,)), ((3, 4), (4,)))
declare("sum", "sum", lambda T, z: z.sum(0), SQUARE, MANY)
declare("mean", "mean", lambda T, z: z.mean(), SQUARE, MANY)
declare("prod", "prod", lambda T, z: z.prod(-1), SQUARE)
declare("cumsum", "cumsum", lambda T, z: z.cumsum(0), SQUARE)
declare("cumprod", "cumprod", lambda T, z: z.cumprod(0), SQUARE)
declare("norm", "linalg.vector_norm", lambda T, z: T.linalg.vector_norm(z), PAIR, SQUARE)
declare("matmul", "matmul", lambda T, z, w: z @ w, (SQUARE, SQUARE), (SQUARE, PAIR), (PAIR, PAIR), ((2, 3, 3, 2), SQUARE))
declare("vdot", "vdot", lambda T, z, w: T.vdot(z, w), (PAIR, PAIR))
declare("addmm", "addmm", lambda T, z, w: T.addmm(z, w, w, beta=2, alpha=0.5), (SQUARE, SQUARE))
declare("where", "where", lambda T, z, w: T.where(z.real > 1, z, w), (PAIR, PAIR))
declare("cat", "cat", lambda T, z, w: T.cat([z, w]), (PAIR, PAIR), (SQUARE, SQUARE))
declare("flip", "flip", lambda T, z: z.flip(0).mT, SQUARE)
declare("index", "index_select", lambda T, z: z[[2, 0]] * z.index_select(0, T.tensor([1, 1])), SQUARE)
declare("index_add", "index_add", lambda T, z, w: z.index_add(0, T.tensor([1, 1, 0]), w), (SQUARE, SQUARE))
declare("gather", "gather", lambda T, z: z.gather(0, T.tensor([[2, 0, 1]])), SQUARE)
declare("scatter_add", "scatter_add", lambda T, z, w: z.scatter_add(0, T.tensor([[2, 0, 1]]), w[:1]), (SQUARE, SQUARE))
declare("pad", "nn.functional.pad", lambda T, z: T.nn.functional.pad(z, (1, 2)), SQUARE)
declare("adjoint", "adjoint", lambda T, z: z.mH @ z, SQUARE, (2, 2, 3, 2))
declare("to", "Tensor.to", lambda T, z: z.to(T.complex128) * 2, PAIR, SQUARE, needs={"float32": "complex128", "float64": "complex128"})
declare("solve", "linalg.solve", lambda T, z, w: T.linalg.solve(z + 4 * T.eye(3).to(z.dtype), w), (SQUARE, SQUARE), (SQUARE, PAIR))
declare("inv", "linalg.inv", lambda T, z: T.linalg.inv(z + 4 * T.eye(3).to(z.dtype)), SQUARE)
declare("det", "linalg.det", lambda T, z: T.linalg.det(z + 4 * T.eye(3).to(z.dtype)), SQUARE)
declare("eigvals", "linalg.eigvals", lambda T, z: T.linalg.eigvals(z * 0.1 + T.diag(T.arange(1, 4)).to(z.dtype)).abs().sort().values, SQUARE)
for kind in ("fft", "ifft", "hfft", "irfft", "rfft", "ihfft"):
    real = kind in ("rfft", "ihfft")
    one, several = ((5,), (2, 6)) if real else ((5, 2), (3, 4, 2))
    for n, norm in ((None, None), (4, "ortho"), (7, "forward")):
        declare(f"{kind}{n or ''}", f"fft.{kind}", lambda T, z, kind=kind, n=n, norm=norm: getattr(T.fft, kind)(z, n, norm=norm), one, several)
    for suffix in ("2", "n"):
        declare(f"{kind}{suffix}_all", f"fft.{kind}{suffix}", lambda T, z, name=kind + suffix: getattr(T.fft, name)(z), (3, 4) if real else (3, 4, 2))
declare("stft", "stft", lambda T, x: T.stft(x, 4, window=T.hann_window(4).to(x.dtype) + 0.5, return_complex=True), ((12,),))
