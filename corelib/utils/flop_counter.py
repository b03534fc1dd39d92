"""FlopCounterMode: the floating-point operations of products and convolutions, forward and backward, by module and by op."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from math import prod
from typing import Any, Self

from corelib.as_torch.warned import warn
from corelib.dispatcher.modes import Mode, below
from corelib.dispatcher.op import Entry, Kwargs, Op
from corelib.graph.grad_mode import grad_mode
from corelib.graph.rule import Args
from corelib.ops import aten
from corelib.profiler.aten.calls import Shaped, aten_calls
from corelib.pytree import tree_map, tree_map_
from corelib.tensor.tensor import Tensor
from corelib.utils.module_tracker import ModuleTracker

__all__ = ["FlopCounterMode", "register_flop_formula"]

Formula = Callable[..., int]
flop_registry: dict[Any, Formula] = {}
"""The formulas, by `torch.ops.aten.NAME`."""


def get_shape(i: Any) -> Any:
    """A tensor's shape; anything else as it is."""
    return i.shape if isinstance(i, (Tensor, Shaped)) else i


def shape_wrapper(f: Formula) -> Formula:
    """A formula of shapes as one of tensors."""

    @wraps(f)
    def of_tensors(*args: Any, out_val: Any = None, **kwargs: Any) -> int:
        args, kwargs, out_shape = tree_map(get_shape, (args, kwargs, out_val))
        return f(*args, out_shape=out_shape, **kwargs)

    return of_tensors


def register_flop_formula(targets: Any, get_raw: bool = False) -> Callable[[Formula], Formula]:
    """A decorator for the formula of an op, or of a list of such: it gets the shapes of the operands and `out_shape`, and returns a count.

    targets: `torch.ops.aten.NAME`. get_raw: the formula gets the tensors themselves, and `out_val`. ValueError for another target, RuntimeError
    for one that has a formula.

    >>> import corelib as torch
    >>> from corelib.utils.flop_counter import FlopCounterMode
    >>> counts = FlopCounterMode(display=False, custom_mapping={torch.ops.aten.exp: lambda x, out_shape: x.numel()})
    >>> with counts:
    ...     _ = torch.ones(2, 3).exp()
    >>> counts.get_total_flops()
    6
    """

    def register_all(formula: Formula) -> Formula:
        if not get_raw:
            formula = shape_wrapper(formula)

        def register(target: Any) -> None:
            if not isinstance(target, aten.Overloads):
                raise ValueError(
                    f"register_flop_formula(targets): expected each target to be OpOverloadPacket (i.e. torch.ops.aten.foo), got {target} which is of type {type(target)}"
                )
            if target in flop_registry:
                raise RuntimeError(f"duplicate registrations for {target}")
            flop_registry[target] = formula

        tree_map_(register, targets)
        return formula

    return register_all


@register_flop_formula(aten.packet("mm"))
def mm_flop(a_shape: Any, b_shape: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """A product of matrices."""
    m, k = a_shape
    k2, n = b_shape
    if k != k2:
        raise AssertionError(f"matmul: inner dimensions must match (k == k2), got {k} and {k2}")
    return int(m * n * 2 * k)


@register_flop_formula(aten.packet("addmm"))
def addmm_flop(self_shape: Any, a_shape: Any, b_shape: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """A product of matrices, added to something."""
    return mm_flop_of(a_shape, b_shape)


@register_flop_formula(aten.packet("bmm"))
def bmm_flop(a_shape: Any, b_shape: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """A batch of products."""
    return bmm_flop_of(a_shape, b_shape)


@register_flop_formula(aten.packet("baddbmm"))
def baddbmm_flop(self_shape: Any, a_shape: Any, b_shape: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """A batch of products, added to something."""
    return bmm_flop_of(a_shape, b_shape)


def mm_flop_of(a_shape: Any, b_shape: Any) -> int:
    """The operations of a product of matrices of these shapes."""
    return int(a_shape[0] * b_shape[1] * 2 * a_shape[1])


def bmm_flop_of(a_shape: Any, b_shape: Any) -> int:
    """The operations of a batch of products; the dimensions of the batch may be several, and broadcast."""
    batch = prod(max(x, y) for x, y in zip(reversed(a_shape[:-2]), reversed(b_shape[:-2]), strict=False))
    more = prod(a_shape[: -2 - len(b_shape[:-2])] if len(a_shape) > len(b_shape) else b_shape[: len(b_shape) - len(a_shape)])
    return int(batch * more * a_shape[-2] * b_shape[-1] * 2 * a_shape[-1])


def conv_flop_count(x_shape: Any, w_shape: Any, out_shape: Any, transposed: bool = False) -> int:
    """The operations of a convolution: for each point of the output (of the input, where it is transposed) every weight once; no bias."""
    c_out, c_in, *kernel = w_shape
    return int(prod((x_shape if transposed else out_shape)[2:]) * prod(kernel) * x_shape[0] * c_out * c_in * 2)


@register_flop_formula([aten.packet(name) for name in ("convolution", "_convolution", "cudnn_convolution", "_slow_conv2d_forward", "convolution_overrideable")])
def conv_flop(
    x_shape: Any, w_shape: Any, _bias: Any, _stride: Any, _padding: Any, _dilation: Any, transposed: bool, *args: Any, out_shape: Any = None, **kwargs: Any
) -> int:
    """A convolution."""
    return conv_flop_count(x_shape, w_shape, out_shape, transposed=transposed)


@register_flop_formula(aten.packet("convolution_backward"))
def conv_backward_flop(
    grad_out_shape: Any, x_shape: Any, w_shape: Any, _bias: Any, _stride: Any, _padding: Any, _dilation: Any, transposed: bool, _output_padding: Any,
    _groups: Any, output_mask: Any, out_shape: Any, **kwargs: Any,
) -> int:  # fmt: skip
    """The gradients of a convolution: that of the input is a convolution the other way round, that of the weight one of input and gradient."""

    def turned(shape: Any) -> list[int]:
        return [shape[1], shape[0], *shape[2:]]

    count = 0
    if output_mask[0]:
        count += conv_flop_count(grad_out_shape, w_shape, get_shape(out_shape[0]), not transposed)
    if output_mask[1]:
        first, second = (grad_out_shape, x_shape) if transposed else (x_shape, grad_out_shape)
        count += conv_flop_count(turned(first), turned(second), turned(get_shape(out_shape[1])), transposed=False)
    return count


def sdpa_flop_count(query_shape: Any, key_shape: Any, value_shape: Any) -> int:
    """The operations of attention: the scores, and their product with the values; heads of key and value may be fewer than those of the query."""
    b, h_q, s_q, d_q = query_shape
    b2, h_kv, s_k, d2 = key_shape
    b3, h3, s3, d_v = value_shape
    if not (b == b2 == b3 and h_kv == h3 and d_q == d2 and s_k == s3):
        raise AssertionError(f"sdpa_flop_count: query/key/value shapes are incompatible: q={query_shape}, k={key_shape}, v={value_shape}")
    if h_q < h_kv or h_q % h_kv != 0:
        raise AssertionError(f"sdpa_flop_count: query heads ({h_q}) must be a multiple of key/value heads ({h_kv})")
    return int(2 * b * h_q * s_q * s_k * (d_q + d_v))


def sdpa_flop(query_shape: Any, key_shape: Any, value_shape: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """Attention, as a formula for `register_flop_formula`; here it is counted as the products that it is made of."""
    return sdpa_flop_count(query_shape, key_shape, value_shape)


def sdpa_backward_flop(
    grad_out_shape: Any, query_shape: Any, key_shape: Any, value_shape: Any, *args: Any, out_shape: Any = None, **kwargs: Any
) -> int:
    """The gradients of attention where the scores are computed anew: five products."""
    b, h_q, s_q, d_q = query_shape
    s_k, d_v = key_shape[2], value_shape[3]
    if not (b == key_shape[0] == value_shape[0] == grad_out_shape[0] and key_shape[1] == value_shape[1] and h_q == grad_out_shape[1]):
        raise AssertionError("sdpa_backward_flop_count: batch/heads mismatch among tensors")
    return int(2 * b * h_q * s_q * s_k * (3 * d_q + 2 * d_v))


# From corelib's ops to what PyTorch counts.

Counted = tuple[str, Args, Any]
"""PyTorch's op, its operands, and what makes its output of the op's own result; None where that is it."""
_INSIDE_NOT_COUNTED = frozenset(("mv", "dot", "vdot", "addmv", "outer", "addr", "cdist", "bilinear", "addbmm"))
"""Ops that have no formula in PyTorch, whatever they are made of."""


def _folds(a: Any, b: Any) -> bool:
    """Whether PyTorch makes one product of matrices of a batch with a matrix."""
    larger, smaller = (a, b) if len(a._shape) >= len(b._shape) else (b, a)
    return len(larger._shape) >= 3 and len(smaller._shape) <= 2 and (smaller._requires_grad or larger is a)


def _product(a: Any, b: Any) -> list[Counted]:
    if len(b._shape) == 1:
        return []  # PyTorch's mv and dot have no formula
    rows = Shaped((1, *a._shape), a._dtype) if len(a._shape) == 1 else a
    if len(rows._shape) == len(b._shape) == 2:
        return [("mm", (rows, b), None)]
    if _folds(a, b):
        first, second = rows._shape, b._shape
        if len(first) > 2:
            return [("mm", (Shaped((prod(first[:-1]), first[-1]), a._dtype), b), None)]
        return [("mm", (rows, Shaped((second[-2], prod(second[:-2]) * second[-1]), b._dtype)), None)]
    return [("bmm", (rows, b), None)]


def _gradients_of_linear(g: Any, input: Any, weight: Any, needs: tuple[bool, ...]) -> list[Counted]:
    n, (out, inner) = prod(g._shape[:-1]), weight._shape
    found: list[Counted] = []
    if needs[0]:
        found.append(("mm", (Shaped((n, out), g._dtype), weight), None))
    if needs[1]:
        found.append(("mm", (Shaped((out, n), g._dtype), Shaped((n, inner), g._dtype)), None))
    return found


def _backward(g: Any, x: Any, w: Any, transposed: bool, dx: Any, dw: Any) -> list[Counted]:
    mask = (dx is not None, dw is not None, False)
    return [("convolution_backward", (g, x, w, None, None, None, None, transposed, None, None, mask), lambda result: (result if mask[0] else None, dw, None))]


def _convolution(input: Any, weight: Any, *rest: Any) -> list[Counted]:
    if grad_mode.task is not None:  # the gradient of a transposed one
        return _backward(input, None, weight, True, (), None)
    return [("convolution", (input, weight, None, None, None, None, False), None)]


def _conv_input(y: Any, weight: Any, shape: Any, *rest: Any) -> list[Counted]:
    if grad_mode.task is not None:
        return _backward(y, None, weight, False, shape, None)
    return [("convolution", (y, weight, None, None, None, None, True), None)]


def _conv_weight(y: Any, input: Any, shape: Any, *rest: Any) -> list[Counted]:
    return _backward(y, input, Shaped(tuple(shape), y._dtype), False, None, shape)


def _steps(inputs: Any, weights: Any) -> list[Counted]:
    """All steps of a recurrent layer: each multiplies its state by the weights."""
    return [("mm", (Shaped((prod(inputs._shape[:2]), weights._shape[1]), inputs._dtype), Shaped(tuple(weights._shape[::-1]), inputs._dtype)), None)]


def _gradients_of_steps(g: Any, weights: Any) -> list[Counted]:
    """Those of every state, the first one too, and of the weights."""
    n, (out, inner) = prod(g._shape[:2]), weights._shape
    into_weights = Shaped((out, n), g._dtype), Shaped((n, inner), g._dtype)
    return [("mm", (Shaped((n, out), g._dtype), weights), None), ("mm", into_weights, None)]


_AS_PYTORCH: dict[str, Callable[..., list[Counted]]] = {
    "affine": lambda *args: [(*aten_calls_of_linear(args), None)],
    "linear_backward": _gradients_of_linear,
    "matmul": _product,
    "mm": lambda a, b, *rest: [("mm", (a, b), None)],
    "bmm": lambda a, b, *rest: [("bmm", (a, b), None)],
    "batched_matmul": _product,
    "convolution": _convolution,
    "conv_input": _conv_input,
    "conv_weight": _conv_weight,
    "lstm_steps": lambda gates, hidden, cell, weights, *rest: _steps(gates, weights),
    "lstm_steps_backward": lambda g, hidden, cell, weights, *rest: _gradients_of_steps(g, weights),
    "gru_steps": lambda inputs, hidden, weights, *rest: _steps(inputs, weights),
    "gru_steps_backward": lambda g, hidden, weights, *rest: _gradients_of_steps(g, weights),
}


def aten_calls_of_linear(args: Args) -> tuple[str, Args]:
    """The product that a linear layer is in PyTorch."""
    input, weight, bias = args
    rows = Shaped((prod(input._shape[:-1]), input._shape[-1]), input._dtype)
    turned = Shaped((weight._shape[1], weight._shape[0]), weight._dtype)
    return ("mm", (rows, turned)) if bias is None else ("addmm", (bias, rows, turned))


class _Counter(Mode):
    """Tells the counter of each op, and not of those that it is made of where it has been counted."""

    inside = True

    def __init__(self, counter: FlopCounterMode) -> None:
        self.counter = counter
        self.within = False

    def dispatch(self, op: Op, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        """Count an op."""
        if self.within:
            return call(*args, **kwargs)
        try:
            found = self._counted(op, args, kwargs)
        except (AttributeError, IndexError, TypeError, ValueError):  # what the op refuses a moment later
            found = None
        self.within = found is not None
        try:
            result = call(*args, **kwargs)
        finally:
            self.within = False
        for name, operands, out in found or ():
            named = kwargs if name == op.name else {}
            self.counter._count(aten.packet(name), result if out is None else out(result), operands, named)
        return result

    def _counted(self, op: Op, args: Args, kwargs: Kwargs) -> list[Counted] | None:
        own = _AS_PYTORCH.get(op.name)
        if own is not None:
            return own(*args)
        name = aten_calls(op, args, False)[0][0]
        if name in _INSIDE_NOT_COUNTED:
            return []
        return [(name, args, None)] if aten.packet(name) in self.counter.flop_registry else None

    def dispatch_function(self, name: str, call: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """A function that is made of ops: they are counted."""
        with below(self):
            return call(*args, **kwargs)


class FlopCounterMode:
    """A context that counts floating-point operations: products of matrices and convolutions, by PyTorch's formulas, a multiplication and an addition as two.

    depth: how deep the table goes into modules. display: print it at the end. custom_mapping: more formulas, by `torch.ops.aten.NAME`.
    mods is not needed any more. Scaled dot-product attention and LSTM layers are counted as the products that they are made of, which
    PyTorch leaves out on the cpu.

    >>> import corelib as torch
    >>> from corelib.utils.flop_counter import FlopCounterMode
    >>> model = torch.nn.Linear(8, 4)
    >>> with FlopCounterMode(display=False) as counter:
    ...     model(torch.ones(2, 8)).sum().backward()
    >>> counter.get_total_flops(), counter.get_flop_counts()["Linear"]
    (256, {<aten.addmm>: 128, <aten.mm>: 128})
    """

    def __init__(self, mods: Any = None, depth: int = 2, display: bool = True, custom_mapping: dict[Any, Any] | None = None) -> None:
        if mods is not None:
            warn("mods argument is not needed anymore, you can stop passing it")
        self.flop_counts: dict[str, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
        self.depth = depth
        self.display = display
        own = {k: v if getattr(v, "_get_raw", False) else shape_wrapper(v) for k, v in (custom_mapping or {}).items()}
        self.flop_registry = {**flop_registry, **own}
        self.mod_tracker = ModuleTracker()
        self.mode: _Counter | None = None

    def get_total_flops(self) -> int:
        """The operations so far."""
        return sum(self.flop_counts["Global"].values())

    def get_flop_counts(self) -> dict[str, dict[Any, int]]:
        """The operations by module, and by op."""
        return {name: dict(counts) for name, counts in self.flop_counts.items()}

    def get_table(self, depth: int | None = None) -> str:
        """The operations of the modules as a table, those inside others under them, down to a depth."""
        depth = depth or self.depth or 999999
        total = self.get_total_flops()
        unit = get_suffix_str(total)

        def lines(name: str, indent: int) -> list[list[str]]:
            counts = self.flop_counts[name]
            entries = [(name, sum(counts.values())), *[(f" - {op}", n) for op, n in counts.items()]]
            return [[" " * indent + text, convert_num_with_suffix(n, unit), convert_to_percent_str(n, total)] for text, n in entries]

        rows: list[list[str]] = []
        covered = False
        for name in sorted(self.flop_counts):
            level = name.count(".") + 1
            if name != "Global" and level <= depth:
                covered = covered or sum(self.flop_counts[name].values()) >= total
                rows += lines(name, level - 1)
        if "Global" in self.flop_counts and not covered:
            rows = lines("Global", 0) + [[" " + text, n, share] for text, n, share in rows]
        return _table(["Module", "FLOP", "% Total"], rows or [["Global", "0", "0%"]])

    def __enter__(self) -> Self:
        self.flop_counts.clear()
        self.mod_tracker.__enter__()
        self.mode = _Counter(self)
        self.mode.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        if self.mode is None:
            raise AssertionError("Internal error: FlopCounter.__exit__ called but mode is None")
        self.mode.__exit__(*exception)
        self.mode = None
        self.mod_tracker.__exit__()
        if self.display:
            print(self.get_table(self.depth))

    def _count(self, packet: Any, out: Any, args: Args, kwargs: Kwargs) -> None:
        formula = self.flop_registry.get(packet)
        if formula is not None:
            count = formula(*args, **kwargs, out_val=out)
            for name in self.mod_tracker.now():
                self.flop_counts[name][packet] += count


SUFFIXES = ("", "K", "M", "B", "T")


def get_suffix_str(number: int) -> str:
    """The unit for a number of some digits."""
    return SUFFIXES[max(0, min(len(SUFFIXES) - 1, (len(str(number)) - 2) // 3))]


def convert_num_with_suffix(number: int, suffix: str) -> str:
    """A number in a unit."""
    return f"{number / 1000 ** SUFFIXES.index(suffix):.3f}{suffix}"


def convert_to_percent_str(num: int, denom: int) -> str:
    """A share in percent."""
    return f"{num / denom:.2%}" if denom else "0%"


def _table(header: list[str], rows: list[list[str]]) -> str:
    """Columns of text: the first to the left, the others to the right, as tabulate's plain tables."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    widths = [max(width, len(title) + 2) for width, title in zip(widths, header, strict=True)]

    def line(cells: list[str]) -> str:
        return "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(cells, widths, strict=True))).rstrip()

    return "\n".join([line(header), "  ".join("-" * w for w in widths), *map(line, rows)])
