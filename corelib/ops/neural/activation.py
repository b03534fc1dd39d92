"""Activations. Each names its derivative as an op too, so that backends may fuse both and second derivatives follow."""

from __future__ import annotations

from collections.abc import Callable

from corelib.dispatcher.calls.elementwise import fitting_number, output_strides
from corelib.dispatcher.calls.inplace import inplace as run_inplace
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import TABLE, Infer, Inferred, Op
from corelib.ops.elementwise.unary import in_float32, is_half
from corelib.ops.elementwise.where import select_where
from corelib.tensor.base import attach
from corelib.tensor.dtype import dtype as DType, float32, kind_name
from corelib.tensor.size import wrap_dim
from corelib.tensor.limits import finfo
from corelib.tensor.tensor import Tensor


def _float_only(name: str) -> Callable[..., None]:
    def check(dtype: DType, *operands: object) -> None:
        if not dtype.is_floating_point:
            raise NotImplementedError(f"{name}(): \"{name}_cpu\" not implemented for '{kind_name(dtype)}'; floating dtypes are accepted")

    return check


def _float_or_complex(name: str) -> Callable[..., None]:
    real = _float_only(name)

    def check(dtype: DType, *operands: object) -> None:
        if not dtype.is_complex:
            real(dtype, *operands)

    return check


def _relu_check(dtype: DType, *operands: object) -> None:
    if dtype.name == "bool":
        raise RuntimeError("relu(): Boolean inputs not supported for relu")


@op(kind="binary", on=(), numbers=False)
def relu_backward(g: Tensor, y: Tensor) -> Tensor:
    """`g`, but 0 where the result was 0 or less: a NaN lets `g` pass, as PyTorch's does."""
    return select_where(y <= 0, 0.0, g)


@op(
    kind="unary", on=(), check=_relu_check, grad_name="ReluBackward0",
    vjp=lambda g, out: relu_backward(g, out) if not g._requires_grad else select_where(out <= 0, 0.0, g),
)
def rectify(input: Tensor) -> Tensor:
    """max(x, 0)."""
    return input.maximum(input.new_zeros(()))


@public("torch", "nn.functional")
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), elementwise.

    >>> import corelib as torch
    >>> torch.relu(torch.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    if inplace:
        return relu_(input)
    return rectify(input)


@public("torch", "nn.functional")
def relu_(input: Tensor) -> Tensor:
    """The in-place form of `relu`."""
    return run_inplace(TABLE["rectify"], (input,))


attach("relu", rectify)
attach("relu_", relu_)


def _any_dtype(dtype: DType) -> None:
    """Nothing is refused."""


def _infer_like_input(name: str, check: Callable[[DType], None] | None = None) -> Infer:
    """The infer of an activation: the result is as the input, whose dtype must be floating unless another `check` is given."""
    accept = check or _float_only(name)

    def infer(input: Tensor, *rest: object) -> Inferred:
        accept(input._dtype)
        floating = input._dtype.is_floating_point
        fitting: list[object] = [x if floating and type(x) is float and -1e4 < x < 1e4 else _as_computed(name, x, input._dtype) for x in rest]
        return (input._shape, input._dtype, output_strides((input,), input._shape)), (input, *fitting)

    return infer


def _as_computed(name: str, x: object, dtype: DType) -> object:
    """A number of an activation, in the dtype that it is computed in; what is no number as it is."""
    return fitting_number(name, x, dtype, float32) if isinstance(x, (int, float)) and not isinstance(x, bool) else x


_INV_SQRT2, _INV_SQRT_2PI = 0.7071067811865476, 0.3989422804014327
_TANH_SCALE, _TANH_CUBE = 0.7978845608028654, 0.044715


def _infer_gelu(input: Tensor, approximate: str) -> Inferred:
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"gelu(): approximate argument must be either none or tanh, got {approximate!r}")
    _float_only("gelu")(input._dtype)
    return (input._shape, input._dtype, output_strides((input,), input._shape)), (input, approximate)


@op(on=(), infer=lambda g, x, approximate: ((x._shape, x._dtype), (g, x, approximate)))
def gelu_backward(g: Tensor, x: Tensor, approximate: str) -> Tensor:
    """The gradient of gelu."""
    if is_half(x):
        return in_float32(lambda g, x: gelu_backward(g, x, approximate), g, x)
    if approximate == "none":
        slope = 0.5 * (1 + (x * _INV_SQRT2).erf()) + x * _INV_SQRT_2PI * (x * x * -0.5).exp()
        return g * slope
    t = (_TANH_SCALE * (x + _TANH_CUBE * x * x * x)).tanh()
    inner = _TANH_SCALE * (1 + 3 * _TANH_CUBE * x * x)
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner)


@op(on=("nn.functional",), out="exact", infer=_infer_gelu, vjp=lambda g, input, approximate: gelu_backward(g, input, approximate))
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the normal distribution function of x (Hendrycks and Gimpel, 2016), or its tanh approximation.

    >>> import corelib as torch
    >>> torch.nn.functional.gelu(torch.tensor([0., 1.]))
    tensor([0.0000, 0.8413])
    """
    if is_half(input):
        return in_float32(lambda x: gelu(x, approximate), input)
    if approximate == "none":
        return 0.5 * input * (1 + (input * _INV_SQRT2).erf())
    inner = _TANH_SCALE * (input + _TANH_CUBE * input * input * input)
    return 0.5 * input * (1 + inner.tanh())


@op(kind="unary", on=(), check=_float_or_complex("silu"), complex_body=True, grad_name="SiluBackward0",
    vjp=lambda g, input: _silu_slope(g, input))
def swish(input: Tensor) -> Tensor:
    """x times sigmoid(x)."""
    if is_half(input):
        return in_float32(lambda x: swish(x), input)
    return input * input.sigmoid()


def _silu_slope(g: Tensor, input: Tensor) -> Tensor:
    s = input.sigmoid()
    return g * (s * (1 + input * (1 - s)))


_SLOPES = {"elu": "alpha", "celu": "alpha", "leaky_relu": "negative_slope"}
"""Activations whose gradient in place is found from the result alone, and the argument that says whether it can be."""


def refuse_slope(name: str, made: Tensor, slope: float) -> None:
    """Let backward raise RuntimeError, as PyTorch's does, where a negative slope was used in place: the result does not tell the input's sign."""
    if slope < 0:

        def refuse(g: Tensor) -> Tensor:
            raise RuntimeError(
                f"{name}_(): In-place {name} backward calculation is triggered with a negative slope ({slope}) which is not supported. "
                "Please call the out-of-place version of the function instead."
            )

        made.register_hook(refuse)


def _with_inplace(name: str, core: Op, doc: str) -> Callable[..., Tensor]:
    """A function with PyTorch's `inplace` flag around a functional op."""
    compute: Callable[..., Tensor] = core.entry

    def function(input: Tensor, *args: float, inplace: bool = False, **names: float) -> Tensor:
        if len(args) > len(core.params) - 1:  # `inplace` given by position
            args, inplace = args[:-1], bool(args[-1])
        if inplace:
            made = run_inplace(core, (input, *args), names)
            if made._requires_grad and name in _SLOPES:
                refuse_slope(name, made, args[0] if args else names.get(_SLOPES[name], 1))
            return made
        return compute(input, *args, **names)

    def in_place(input: Tensor, *args: float, **names: float) -> Tensor:
        return function(input, *args, inplace=True, **names)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    in_place.__name__ = in_place.__qualname__ = name + "_"
    in_place.__doc__ = f"The in-place form of `{name}`."
    places = ("torch", "nn.functional") if name in ("celu", "selu") else ("nn.functional",)
    if name in ("celu", "elu", "hardtanh", "leaky_relu", "selu", "threshold"):  # those that PyTorch has
        public(*(("torch", "nn.functional") if name == "threshold" else places))(in_place)
    return public(*places)(function)


silu = _with_inplace("silu", TABLE["swish"], """x times sigmoid(x), elementwise (Elfwing et al., 2017).

    >>> import corelib as torch
    >>> torch.nn.functional.silu(torch.tensor([0.]))
    tensor([0.])
    """)


def _elu_vjp(g: Tensor, input: Tensor, alpha: float) -> Tensor:
    return select_where(input <= 0, g * (alpha * select_where(input < 0, input, 0.0).exp()), g)


@op(on=(), grad_name="EluBackward0", infer=_infer_like_input("elu"), vjp=_elu_vjp)
def elu_of(input: Tensor, alpha: float = 1.0) -> Tensor:
    """x above 0, alpha * (exp(x) - 1) below."""
    if is_half(input):
        return in_float32(lambda x: elu_of(x, alpha), input)
    return select_where(input < 0, alpha * select_where(input < 0, input, 0.0).expm1(), input)


elu = _with_inplace("elu", TABLE["elu_of"], """x above 0 and alpha * (exp(x) - 1) below, elementwise (Clevert et al., 2015).

    >>> import corelib as torch
    >>> torch.nn.functional.elu(torch.tensor([1.]))
    tensor([1.])
    """)


@op(on=(), grad_name="LeakyReluBackward0", infer=_infer_like_input("leaky_relu"),
    vjp=lambda g, input, negative_slope: select_where(input > 0, g, g * negative_slope))
def leaky_relu_of(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """x above 0, negative_slope * x below."""
    return select_where(input > 0, input, input * negative_slope)


leaky_relu = _with_inplace("leaky_relu", TABLE["leaky_relu_of"], """x above 0 and negative_slope * x below, elementwise.

    >>> import corelib as torch
    >>> torch.nn.functional.leaky_relu(torch.tensor([-1.]), 0.1)
    tensor([-0.1000])
    """)


def _softplus_vjp(g: Tensor, input: Tensor, beta: float, threshold: float) -> Tensor:
    scaled = input * beta
    return select_where(scaled > threshold, g, g * select_where(scaled >= threshold, float(threshold), scaled).sigmoid())


@op(on=("nn.functional",), out="exact", infer=_infer_like_input("softplus"), vjp=_softplus_vjp)
def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(beta * x)) / beta, elementwise; x itself where beta * x is above the threshold.

    >>> import corelib as torch
    >>> torch.nn.functional.softplus(torch.tensor([0.]))
    tensor([0.6931])
    """
    if is_half(input):
        return in_float32(lambda x: softplus(x, beta, threshold), input)
    scaled = input * beta
    # log(1 + e^s) = max(s, 0) + log1p(e^-|s|), which neither overflows nor loses small values
    made = (scaled.clamp_min(0) + (-scaled.abs()).exp().log1p()) / beta
    return select_where(scaled > threshold, input, made)


@op(on=("nn.functional",), out="exact", overlap="itself", grad_name="LogSigmoidBackward0", infer=_infer_like_input("log_sigmoid_forward"),
    vjp=lambda g, input: g * (-input).sigmoid())
def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), elementwise, without overflow.

    >>> import corelib as torch
    >>> torch.nn.functional.logsigmoid(torch.tensor([0.]))
    tensor([-0.6931])
    """
    if is_half(input):
        return in_float32(lambda x: logsigmoid(x), input)
    return input.clamp_max(0) - (-input.abs()).exp().log1p()


def _hardtanh_vjp(g: Tensor, input: Tensor, min_val: float, max_val: float) -> Tensor:
    return select_where((input > min_val) & (input < max_val), g, 0.0)


def _infer_hardtanh(input: Tensor, min_val: float, max_val: float) -> Inferred:
    if input._dtype.name == "bool":
        raise RuntimeError("hardtanh(): Bool inputs not supported for hardtanh")
    if min_val > max_val:
        raise ValueError(f"hardtanh(): min_val cannot be greater than max_val, got {min_val} and {max_val}")
    return _infer_like_input("hardtanh", _any_dtype)(input, min_val, max_val)


@op(on=(), grad_name="HardtanhBackward0", infer=_infer_hardtanh, vjp=_hardtanh_vjp)
def hardtanh_of(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """x cut to a range."""
    return input.clamp(min_val, max_val)


hardtanh = _with_inplace("hardtanh", TABLE["hardtanh_of"], "x cut to the range from min_val (default -1) to max_val (default 1).")


@public("nn.functional")
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """x cut to the range from 0 to 6."""
    return hardtanh(input, 0.0, 6.0, inplace=inplace)


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@op(on=(), grad_name="EluBackward0", infer=_infer_like_input("elu"),
    vjp=lambda g, input: _elu_vjp(g * _SELU_SCALE, input, _SELU_ALPHA))
def selu_of(input: Tensor) -> Tensor:
    """Self-normalizing elu (Klambauer et al., 2017)."""
    if is_half(input):
        return in_float32(lambda x: selu_of(x), input)
    below = _SELU_ALPHA * select_where(input > 0, 0.0, input).expm1()
    return _SELU_SCALE * select_where(input > 0, input, below)


selu = _with_inplace("selu", TABLE["selu_of"], "scale * elu(x, alpha) with the constants that keep mean and variance.")


def _celu_vjp(g: Tensor, input: Tensor, alpha: float) -> Tensor:
    return select_where(input <= 0, g * (select_where(input < 0, input, 0.0) / alpha).exp(), g)


def _infer_celu(input: Tensor, alpha: float) -> Inferred:
    if alpha == 0:
        raise RuntimeError("celu(): ZeroDivisionError: alpha cannot be 0 for CELU")
    return _infer_like_input("elu")(input, alpha)


@op(on=(), grad_name="CeluBackward0", infer=_infer_celu, vjp=_celu_vjp)
def celu_of(input: Tensor, alpha: float = 1.0) -> Tensor:
    """x above 0, alpha * (exp(x / alpha) - 1) below."""
    if is_half(input):
        return in_float32(lambda x: celu_of(x, alpha), input)
    return select_where(input < 0, alpha * (select_where(input < 0, input, 0.0) / alpha).expm1(), input)


celu = _with_inplace("celu", TABLE["celu_of"], "x above 0 and alpha * (exp(x / alpha) - 1) below, elementwise.")


def _mish_vjp(g: Tensor, input: Tensor) -> Tensor:
    t = softplus(input, 1, float("inf")).tanh()
    return g * (t + input * (1 - t * t) * input.sigmoid())


@op(on=(), grad_name="MishBackward0", infer=_infer_like_input("mish"), vjp=_mish_vjp)
def mish_of(input: Tensor) -> Tensor:
    """x times tanh(softplus(x))."""
    if is_half(input):
        return in_float32(lambda x: mish_of(x), input)
    return input * softplus(input, 1, float("inf")).tanh()


mish = _with_inplace("mish", TABLE["mish_of"], "x times tanh(softplus(x)), elementwise (Misra, 2019).")


@op(on=("nn.functional",))
def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|), elementwise."""
    return input / (1 + input.abs())


@op(on=("nn.functional",))
def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x), elementwise."""
    return input - input.tanh()


@op(on=(), grad_name="HardsigmoidBackward0", infer=_infer_like_input("hardsigmoid"),
    vjp=lambda g, input: select_where((input > -3) & (input < 3), g / 6, 0.0))
def hardsigmoid_of(input: Tensor) -> Tensor:
    """x / 6 + 1/2 cut to the range from 0 to 1."""
    if is_half(input):
        return in_float32(lambda x: hardsigmoid_of(x), input)
    return (input + 3).clamp(0, 6) / 6


hardsigmoid = _with_inplace("hardsigmoid", TABLE["hardsigmoid_of"], "x / 6 + 1/2 cut to the range from 0 to 1, elementwise.")


def _hardswish_vjp(g: Tensor, input: Tensor) -> Tensor:
    slope = select_where(input < 3, input / 3 + 0.5, 1.0)
    return g * select_where(input <= -3, 0.0, slope)


@op(on=(), grad_name="HardswishBackward0", infer=_infer_like_input("hardswish"), vjp=_hardswish_vjp)
def hardswish_of(input: Tensor) -> Tensor:
    """x times hardsigmoid(x)."""
    if is_half(input):
        return in_float32(lambda x: hardswish_of(x), input)
    return input * (input + 3).clamp(0, 6) / 6


hardswish = _with_inplace("hardswish", TABLE["hardswish_of"], "x times hardsigmoid(x), elementwise.")


def _shrink_vjp(g: Tensor, input: Tensor, lambd: float) -> Tensor:
    return select_where((input < -lambd) | (input > lambd), g, 0.0)


@op(on=("torch", "Tensor", "nn.functional"), out="exact", grad_name="HardshrinkBackward0", infer=_infer_like_input("hardshrink"), vjp=_shrink_vjp)
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x, or 0 where |x| is at most lambd."""
    if is_half(input):
        lambd = float(input._dtype.np.type(lambd))  # a number of the dtype, as what it is compared with
    return select_where((input >= -lambd) & (input <= lambd), 0.0, input)


def _infer_softshrink(input: Tensor, lambd: float) -> Inferred:
    if not 0 <= lambd <= finfo(input._dtype).max:
        raise RuntimeError(f"softshrink(): lambda must be in range [0, {finfo(input._dtype).max:.6g}] for input dtype {kind_name(input._dtype)}, but found {lambd}")
    return _infer_like_input("softshrink")(input, lambd)


@op(on=("nn.functional",), out="exact", grad_name="SoftshrinkBackward0", infer=_infer_softshrink, vjp=_shrink_vjp)
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved lambd towards 0, and 0 where |x| is at most lambd."""
    if is_half(input):
        return in_float32(lambda x: softshrink(x, lambd), input)
    return select_where(input > lambd, input - lambd, select_where(input < -lambd, input + lambd, input * 0))


def _threshold_check(dtype: DType) -> None:
    if dtype.name == "bool":
        raise NotImplementedError("threshold(): \"threshold_cpu\" not implemented for 'Bool'; numbers are accepted")


@op(on=(), grad_name="ThresholdBackward0", infer=_infer_like_input("threshold", _threshold_check),
    vjp=lambda g, input, threshold: select_where(input <= threshold, 0.0, g))
def threshold_of(input: Tensor, threshold: float, value: float) -> Tensor:
    """x above the threshold, else the value."""
    return select_where(input <= threshold, value, input)


threshold = _with_inplace("threshold", TABLE["threshold_of"], """x where it is above `threshold`, else `value`, elementwise.

    >>> import corelib as torch
    >>> torch.nn.functional.threshold(torch.tensor([1., 3.]), 2, 0)
    tensor([0., 3.])
    """)


@op(
    kind="binary", on=(), numbers=False, check=_float_only("prelu"), grad_name="PreluKernelBackward0",
    vjp={
        "input": lambda g, input, weight: select_where(input > 0, g, weight * g),
        "weight": lambda g, input: select_where(input > 0, 0.0, input * g),
    },
)
def prelu_of(input: Tensor, weight: Tensor) -> Tensor:
    """x above 0 and weight * x below."""
    return select_where(input > 0, input, weight * input)


@op(on=("torch", "Tensor", "nn.functional"))
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x above 0 and weight * x below; one weight, or one for each channel (dimension 1).

    RuntimeError for weights of more than one dimension, of another number than channels, and of another dtype than the input.
    """
    for what, t in (("input", input), ("weight", weight)):
        if not isinstance(t, Tensor):
            raise TypeError(f"prelu(): argument '{what}' must be Tensor, not {type(t).__name__}")
    if input._dtype is not weight._dtype:
        raise RuntimeError(f"prelu(): Type promoting not supported. Got {input._dtype} and {weight._dtype}")
    if len(weight._shape) > 1:
        raise RuntimeError(f"prelu(): Expected `weight` to be a scalar or 1D tensor, but got: ndim = {len(weight._shape)}")
    if weight._numel != 1:
        if not input._shape:
            raise RuntimeError("prelu(): Not allow zero-dim input tensor.")
        channels = input._shape[1] if len(input._shape) > 1 else 1
        if channels != weight._numel:
            raise RuntimeError(
                f"prelu(): Mismatch of parameter numbers and input channel size. Found parameter numbers = {weight._numel} and channel size = {channels}."
            )
    shape = [1] * len(input._shape)
    if len(shape) > 1:
        shape[1] = weight._numel
    return prelu_of(input, weight.reshape(tuple(shape)))


@op(on=("nn.functional",))
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along `dim` times the sigmoid of the second (Dauphin et al., 2016)."""
    at = wrap_dim("glu", dim, len(input._shape))
    if not input._shape:
        raise RuntimeError("glu(): glu does not support 0-dimensional tensors")
    n = input._shape[at]
    if n % 2:
        raise RuntimeError(f"glu(): Halving dimension must be even, but dimension {at} is size {n}")
    a, b = input.chunk(2, at)
    return a * b.sigmoid()
