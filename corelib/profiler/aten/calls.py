"""Ops of the table as PyTorch's calls: what depends on the operands, and else what the tables say."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeAlias

from corelib.dispatcher.op import Op
from corelib.graph.rule import Args
from corelib.profiler.aten.tables import OPS, Step, named, steps, with_args
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor

Call: TypeAlias = tuple[str, Args]
"""An op by PyTorch's name, without `aten::`, and its operands."""


class Shaped:
    """An operand that only PyTorch's form of a call has: a matrix that is read as its transpose, or as rows."""

    __slots__ = ("_dtype", "_shape")

    def __init__(self, shape: Shape, dtype: DType) -> None:
        self._shape = shape
        self._dtype = dtype

    @property
    def shape(self) -> Shape:
        """Its shape."""
        return self._shape

    def stride(self) -> Shape:
        """As if it were row-major."""
        return tuple(prod(self._shape[i + 1 :]) for i in range(len(self._shape)))


def _linear(args: Args) -> tuple[Step, ...]:
    input, weight, bias = args
    rows = Shaped((prod(input._shape[:-1]), input._shape[-1]), input._dtype)
    turned = Shaped((weight._shape[1], weight._shape[0]), weight._dtype)
    (t,), many = steps("t"), len(input._shape) > 2
    if bias is None:
        return (Step("linear", (t, *_product((input, turned))), args=args),)
    addmm = Step("addmm", steps("expand copy_ resolve_conj resolve_conj"), True, (bias, rows, turned, 1, 1))
    if not many:
        return (Step("linear", (t, addmm), args=args),)
    if input.is_contiguous():
        return (Step("linear", (*steps("view"), t, addmm, *steps("view")), args=args),)
    return (Step("linear", (t, *_product((input, turned)), *steps("add_")), args=args),)


def _product(args: Args) -> tuple[Step, ...]:
    """matmul: what it is made of depends on the number of dimensions."""
    a, b = args[0]._shape, args[1]._shape
    inner = {(1, 1): "dot*(empty fill_)", (2, 1): "mv*(empty addmv_)", (1, 2): "t mv*(empty addmv_)", (2, 2): "mm*"}.get((len(a), len(b)))
    if inner is None and len(a) > 2 and len(b) == 2:
        rows = Shaped((prod(a[:-1]), a[-1]), args[0]._dtype)
        reshape, mm, view = steps("reshape(view) mm* _unsafe_view")
        return (Step("matmul", (reshape, mm._replace(args=(rows, args[1])), view), args=args),)
    if inner is None:
        first, second = ("reshape(view)" if x.is_contiguous() else "reshape(_reshape_alias)" for x in args[:2])
        inner = f"expand {first} expand {second} bmm* _unsafe_view"
    return (Step("matmul", tuple([step._replace(args=args) if step.works else step for step in steps(inner)]), args=args),)


def _linear_backward(args: Args) -> tuple[Step, ...]:
    needs = args[3]
    found = list(steps("t mm*" * bool(needs[0]) + " t mm* t" * bool(needs[1])))
    for i, step in enumerate(found):
        if step.works:  # the formula counts both products at once
            found[i] = step._replace(args=args)
            break
    return tuple(found) + (steps("sum(fill_) view") if len(needs) > 2 and needs[2] else ())


def numbered(name: str, args: Args) -> tuple[Step, ...]:
    """An op of two operands of which one is a number: PyTorch makes a tensor of that."""
    if name in ("add", "sub", "mul", "div", "eq", "ne", "lt", "le", "gt", "ge", "remainder", "add_", "sub_", "mul_", "div_") and len(args) > 1:
        if not isinstance(args[0], Tensor):
            if name == "sub":
                return (Step("rsub", (Step("sub", steps("number"), True, args),), args=args),)
            if name == "div":
                return (Step("reciprocal"), Step("mul", steps("number"), True, args))
        if not (isinstance(args[0], Tensor) and isinstance(args[1], (Tensor, Shaped))):
            return (Step(name, steps("number"), True, args),)
    return named(name, args)


def _sgd(args: Args) -> tuple[Step, ...]:
    """A step of SGD: here one kernel, in PyTorch one op after the other."""
    buffer, decay, nesterov, maximize, first = args[2], *args[6:10]
    written = "neg " * bool(maximize) + "add " * (decay != 0)
    if buffer is not None:
        written += "copy_ " if first else "mul_(number) add_ "
        written += "add " * bool(nesterov)
    return steps(written + "add_*")


def _adam(args: Args) -> tuple[Step, ...]:
    """A step of Adam or AdamW, of which the same is true."""
    decay, amsgrad, maximize, decoupled = args[10:14]
    written = "neg " * bool(maximize) + "add_(number) " + ("" if decay == 0 else "mul_(number) " if decoupled else "add ")
    written += f"lerp_ mul_(number) addcmul_ item {'maximum ' * bool(amsgrad)}sqrt div(number) add_(number) addcdiv_*"
    return steps(written)


def _resized(args: Args) -> tuple[Step, ...]:
    """interpolate, which is an op of its own for each mode and number of dimensions."""
    n, mode = len(args[0].shape) - 2, args[3]
    if mode == "area":
        return named(f"adaptive_avg_pool{n}d", args)
    if mode == "nearest-exact":
        return named(f"_upsample_nearest_exact{n}d", args)
    return named(f"{'_' * bool(args[6])}upsample_{mode}{n}d{'_aa' * bool(args[6])}", args)


def _rmsprop(args: Args) -> tuple[Step, ...]:
    """A step of RMSprop."""
    mean, buffer, decay = args[3], args[4], args[8]
    written = "add " * (decay != 0) + "mul_(number) addcmul_ "
    written += "lerp_ addcmul sqrt_ " if mean is not None else "sqrt "
    written += "add_(number) " + ("mul_(number) addcdiv_ add_*" if buffer is not None else "addcdiv_*")
    return steps(written)


def _adagrad(args: Args) -> tuple[Step, ...]:
    """A step of Adagrad."""
    return steps("add " * (args[5] != 0) + "addcmul_ sqrt add_(number) addcdiv_*")


_BY_ARGUMENTS: dict[str, Callable[[Args], tuple[Step, ...]]] = {
    "affine": _linear,
    "matmul": _product,
    "batched_matmul": lambda args: named("mm" if len(args[0]._shape) == 2 else "bmm", args),
    "linear_backward": _linear_backward,
    "interpolate": _resized,
    "_sgd_step_": _sgd,
    "_adam_step_": _adam,
    "_rmsprop_step_": _rmsprop,
    "_adagrad_step_": _adagrad,
    "chunk": lambda args: (Step("chunk", (Step("split", steps("narrow") * min(args[1], args[0].shape[args[2]]), True),), args=args),),
    "split_sizes": lambda args: (Step("split_with_sizes", steps("as_strided") * len(args[1]), args=args),),
    "unbind": lambda args: (Step("unbind", steps("select") * args[0].shape[args[1]], args=args),),
}
_CONVOLUTIONS = ("convolution", "conv_input", "conv_weight")


def aten_steps(op: Op, args: Args, in_backward: bool) -> tuple[Step, ...]:
    """What PyTorch makes of a call of an op."""
    name = op.name
    if name in _CONVOLUTIONS:
        return (Step("convolution_backward", args=args),) if in_backward else (Step("convolution", (Step("_convolution", (), True, args),), args=args),)
    chosen = _BY_ARGUMENTS.get(name)
    if chosen is not None:
        try:
            return chosen(args)
        except (AttributeError, IndexError, TypeError, ValueError):  # what the op refuses a moment later
            return (Step(name, args=args),)
    written = OPS.get(name)
    if written is None or written.isidentifier():
        name = written or name
        return numbered(name, args) if op.kind == "binary" else named(name, args)
    return tuple([with_args(step, args) for step in steps(written)])


def aten_calls(op: Op, args: Args, in_backward: bool) -> list[Call]:
    """What PyTorch calls a call: the outermost names, and those of what does the work inside, with their operands."""
    found = aten_steps(op, args, in_backward)
    return [(step.name, args if step.args is None else step.args) for each in found for step in each.walk() if step is each or step.works]
