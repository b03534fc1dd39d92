"""Ill-formed calls: what PyTorch refuses, and what corelib's message must mention.

A case is the op's name as the message should have it, a call of the library `T`, and parts of the message: the values,
shapes, dtypes or names of arguments that were wrong. An alternative is written with |.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Refusal:
    op: str
    call: Callable[[Any], Any]
    mentions: tuple[str, ...]


REFUSALS: list[Refusal] = []


def refuse(op: str, call: Callable[[Any], Any], *mentions: str) -> None:
    REFUSALS.append(Refusal(op, call, mentions))


def F(T: Any) -> Any:
    return T.nn.functional


def ints(T: Any, *values: Any) -> Any:
    return T.tensor(list(values))


# Creation.
refuse("zeros|size", lambda T: T.zeros(-1), "-1")
refuse("ones|size", lambda T: T.ones(2, -3), "-3")
refuse("zeros", lambda T: T.zeros(2.5), "float|2.5")
refuse("zeros", lambda T: T.zeros("2"), "str|'2'")
refuse("zeros", lambda T: T.zeros(2, dtype="float32"), "dtype", "str|'float32'")
refuse("zeros", lambda T: T.zeros(2, colour="red"), "colour")
refuse("device", lambda T: T.zeros(2, device="gpu"), "gpu")
refuse("device", lambda T: T.zeros(2, device="cpu:x"), "cpu:x")
refuse("device", lambda T: T.device("cpu:-1"), "-1")
refuse("device", lambda T: T.device("no such device"), "no such device")
refuse("arange", lambda T: T.arange(0, 5, -1), "-1|sign|step")
refuse("arange", lambda T: T.arange(0, 5, 0), "0|nonzero", "step")
refuse("arange", lambda T: T.arange(0, float("inf")), "inf")
refuse("linspace", lambda T: T.linspace(0, 1, -1), "-1", "steps|step")
refuse("eye", lambda T: T.eye(-1), "-1", "n")
refuse("full", lambda T: T.full((2,), "a"), "str|'a'", "fill_value")
refuse("tensor", lambda T: T.tensor([[1, 2], [3]]), "1", "2")
refuse("tensor", lambda T: T.tensor(["a"]), "str")
refuse("tensor", lambda T: T.tensor([1, None]), "NoneType|None")
refuse("tensor|requires_grad", lambda T: T.tensor([1, 2], requires_grad=True), "int64|Long|floating")
refuse("requires_grad", lambda T: T.ones(2, dtype=T.int64).requires_grad_(), "int64|Long|floating")
refuse("randint|random_", lambda T: T.randint(5, 5, (2,)), "5")
refuse("randperm", lambda T: T.randperm(-1), "-1")
refuse("bernoulli", lambda T: T.bernoulli(T.tensor([0.5, 1.5])), "0", "1")
refuse("bernoulli", lambda T: T.bernoulli(T.ones(2), 1.5), "1.5")
refuse("normal", lambda T: T.normal(0.0, -1.0, (2,)), "-1", "std")
refuse("multinomial", lambda T: T.multinomial(T.tensor([1.0, -1.0]), 1), "-1|< 0|negative")
refuse("multinomial", lambda T: T.multinomial(T.tensor([0.0, 0.0]), 1), "sum|0")
refuse("multinomial", lambda T: T.multinomial(T.tensor([1.0, 1.0]), 3), "3|num_samples", "replacement")
refuse("multinomial", lambda T: T.multinomial(T.ones(2, 2, 2), 1), "3|dim")
refuse("multinomial", lambda T: T.multinomial(T.ones(2), 0), "0", "num_samples|n_sample")
refuse("multinomial", lambda T: T.multinomial(ints(T, 1, 2), 1), "int64|Long")
refuse("from_numpy", lambda T: T.from_numpy([1, 2]), "list", "ndarray")

# Views and shapes.
refuse("view", lambda T: T.ones(2, 3).view(4), "4", "6|[2, 3]|(2, 3)")
refuse("view", lambda T: T.ones(2, 3).t().view(6), "stride|contiguous", "reshape")
refuse("view", lambda T: T.ones(2, 3).view(-1, -1), "-1")
refuse("view", lambda T: T.ones(2, 3).view(-1, 4), "4", "6")
refuse("view", lambda T: T.ones(2, 3).view(-2, 3), "-2")
refuse("view", lambda T: T.ones(0, 3).view(-1, 0), "-1|ambiguous", "0")
refuse("reshape", lambda T: T.ones(2, 3).reshape(7), "7", "6|[2, 3]|(2, 3)")
refuse("reshape", lambda T: T.reshape(T.ones(2, 3), (5, -1)), "5", "6")
refuse("transpose", lambda T: T.ones(2, 3).transpose(0, 2), "2", "dim")
refuse("transpose", lambda T: T.ones(2, 3).transpose(-3, 1), "-3", "dim")
refuse("permute", lambda T: T.ones(2, 3).permute(0), "2", "1")
refuse("permute", lambda T: T.ones(2, 3).permute(0, 0), "0")
refuse("permute", lambda T: T.ones(2, 3).permute(0, 2), "2")
refuse("squeeze", lambda T: T.ones(2, 3).squeeze(2), "2")
refuse("unsqueeze", lambda T: T.ones(2, 3).unsqueeze(4), "4")
refuse("unsqueeze", lambda T: T.ones(2, 3).unsqueeze(-4), "-4")
refuse("expand", lambda T: T.ones(2, 3).expand(2, 4), "4", "3")
refuse("expand", lambda T: T.ones(2, 3).expand(3), "3")
refuse("expand", lambda T: T.ones(3).expand(-1, 3), "-1")
refuse("flatten", lambda T: T.ones(2, 3).flatten(1, 0), "start_dim|start", "1")
refuse("flatten", lambda T: T.ones(2, 3).flatten(2), "2")
refuse("t", lambda T: T.ones(2, 3, 4).t(), "3", "2")
refuse("mT", lambda T: T.ones(3).mT, "1|2")
refuse("chunk", lambda T: T.ones(4).chunk(0), "0", "chunk")
refuse("chunk", lambda T: T.ones(4).chunk(2, 1), "1", "dim")
refuse("split", lambda T: T.ones(4).split([1, 2]), "4", "[1, 2]|(1, 2)|3")
refuse("split", lambda T: T.ones(4).split(-1), "-1")
refuse("split", lambda T: T.ones(4).split(2, 1), "1", "dim")
refuse("cat", lambda T: T.cat([T.ones(2, 3), T.ones(2, 4)]), "3", "4")
refuse("cat", lambda T: T.cat([T.ones(2, 3), T.ones(2)]), "2", "1")
refuse("cat", lambda T: T.cat([]), "empty|non-empty")
refuse("cat", lambda T: T.cat([T.ones(2)], 1), "1", "dim")
refuse("cat", lambda T: T.cat([T.ones(2), 3]), "int", "1")
refuse("cat", lambda T: T.cat(3), "int")
refuse("cat", lambda T: T.cat([T.tensor(1.0), T.tensor(2.0)]), "zero-dimensional|0-d|0 dim")
refuse("stack", lambda T: T.stack([T.ones(2), T.ones(3)]), "2", "3")
refuse("stack", lambda T: T.stack([]), "empty|non-empty")
refuse("stack", lambda T: T.stack([T.ones(2)], 3), "3", "dim")
refuse("repeat", lambda T: T.ones(2, 3).repeat(2), "1|2")
refuse("repeat", lambda T: T.ones(2).repeat(-1), "-1")
refuse("repeat_interleave", lambda T: T.ones(3).repeat_interleave(ints(T, 1, 2)), "2", "3")
refuse("repeat_interleave", lambda T: T.ones(3).repeat_interleave(-1), "-1|negative")
refuse("flip", lambda T: T.ones(2, 3).flip(2), "2", "dim")
refuse("flip", lambda T: T.ones(2, 3).flip(0, 0), "0")
refuse("roll", lambda T: T.ones(2, 3).roll((1, 2), 0), "shifts", "dims")
refuse("roll", lambda T: T.ones(2, 3).roll(1, 2), "2", "dim")
refuse("select", lambda T: T.ones(2, 3).select(0, 2), "2", "index")
refuse("select", lambda T: T.ones(2, 3).select(2, 0), "2", "dim")
refuse("narrow", lambda T: T.ones(4).narrow(0, 2, 3), "2", "3", "4")
refuse("narrow", lambda T: T.ones(4).narrow(0, 0, -1), "-1", "length")
refuse("unbind", lambda T: T.ones(2).unbind(1), "1", "dim")
refuse("unfold", lambda T: T.ones(4).unfold(0, 5, 1), "5", "4")
refuse("unfold", lambda T: T.ones(4).unfold(0, 2, 0), "0", "step")
refuse("diagonal", lambda T: T.ones(2, 3).diagonal(0, 1, 1), "1", "dim")
refuse("tril", lambda T: T.ones(3).tril(), "1|2", "dim")
refuse("movedim", lambda T: T.ones(2, 3).movedim((0, 1), (0,)), "source", "destination")
refuse("as_strided", lambda T: T.ones(4).as_strided((3,), (2,)), "storage", "5|20|16|4")
refuse("as_strided", lambda T: T.ones(4).as_strided((2, 2), (1,)), "2", "1")

# Indexing.
refuse("index", lambda T: T.ones(3)[3], "3", "dim|dimension")
refuse("index", lambda T: T.ones(3)[-4], "-4", "3")
refuse("index", lambda T: T.ones(2, 3)[0, 0, 0], "3|too many", "2")
refuse("index", lambda T: T.tensor(1.0)[0], "0-dim|0-d|scalar|0")
refuse("index", lambda T: T.ones(3)["a"], "str|'a'")
refuse("index", lambda T: T.ones(3)[1.0], "float|1.0")
refuse("index", lambda T: T.ones(3)[T.ones(2)], "float", "int64|long")
refuse("index", lambda T: T.ones(3)[ints(T, 0, 5)], "5", "3")
refuse("index", lambda T: T.ones(3)[T.tensor([True, False])], "2", "3")
refuse("index", lambda T: T.ones(3, 3)[ints(T, 0, 1), ints(T, 0, 1, 2)], "2", "3")
refuse("index|slice", lambda T: T.ones(3)[::-1], "-1|step", "step|greater")
refuse("index", lambda T: T.ones(3).__setitem__(5, 1.0), "5", "3")
refuse("index|copy|expand", lambda T: T.ones(3, 4).__setitem__(0, T.ones(3)), "3", "4")
refuse("index_select", lambda T: T.ones(3).index_select(0, ints(T, 3)), "3|range")
refuse("index_select", lambda T: T.ones(3).index_select(0, T.ones(2)), "index", "float")
refuse("index_select", lambda T: T.ones(3).index_select(0, T.tensor([[0]])), "index", "2|[1, 1]|(1, 1)")
refuse("gather", lambda T: T.ones(3).gather(0, T.ones(2)), "index", "float32|Float|int64")
refuse("gather", lambda T: T.ones(3).gather(0, ints(T, 3)), "3", "index")
refuse("gather", lambda T: T.ones(3, 4).gather(0, ints(T, 1)), "1", "2")
refuse("gather", lambda T: T.ones(2, 3).gather(1, T.zeros(3, 1, dtype=T.int64)), "3", "2")
refuse("gather", lambda T: T.ones(3).gather(1, ints(T, 1)), "1", "dim")
refuse("scatter", lambda T: T.ones(3).scatter(0, ints(T, 3), T.ones(1)), "3", "index")
refuse("scatter", lambda T: T.ones(3).scatter(0, T.ones(1), T.ones(1)), "index", "float32|Float|int64")
refuse("scatter", lambda T: T.ones(3).scatter(0, ints(T, 0), ints(T, 2)), "dtype|type", "int64|Long")
refuse("scatter_add", lambda T: T.ones(3).scatter_add(0, ints(T, 0, 1), T.ones(1)), "1", "2")
refuse("scatter_add", lambda T: T.ones(3).scatter_add(0, ints(T, -4), T.ones(1)), "-4")
refuse("masked_fill", lambda T: T.ones(3).masked_fill(ints(T, 1, 0, 1), 1), "mask", "int64|bool")
refuse("masked_fill", lambda T: T.ones(3).masked_fill(T.tensor([True, False]), 1), "2", "3")
refuse("masked_fill", lambda T: T.ones(3).masked_fill(T.tensor([True, False, True]), T.ones(2)), "value", "1|0")
refuse("masked_select", lambda T: T.ones(3).masked_select(T.ones(3)), "mask|bool", "float|Float|bool")
refuse("where", lambda T: T.where(T.ones(3), 1.0, 0.0), "condition|bool", "float|Float|bool")
refuse("where", lambda T: T.where(T.tensor([True, False]), T.ones(3), T.ones(3)), "2", "3")
refuse("take_along_dim", lambda T: T.take_along_dim(T.ones(3), T.ones(1), 0), "ind", "float|Float|int64")
refuse("index_put", lambda T: T.ones(3).index_put((ints(T, 4),), T.ones(1)), "4", "3")
refuse("index_put", lambda T: T.ones(3).index_put((ints(T, 0),), ints(T, 1)), "dtype|type", "int64|Long")

# Elementwise.
refuse("add", lambda T: T.ones(3) + T.ones(4), "3", "4")
refuse("mul", lambda T: T.ones(2, 3) * T.ones(2), "3", "2")
refuse("add", lambda T: T.ones(2) + "a", "str")
refuse("add", lambda T: T.add(T.ones(2), "a"), "str")
refuse("add", lambda T: T.add(T.ones(2)), "other")
refuse("add", lambda T: T.add(T.ones(2), 1, gamma=2), "gamma")
refuse("add", lambda T: T.add(ints(T, 1), ints(T, 1), alpha=1.5), "alpha", "1.5|int|float")
refuse("sub", lambda T: T.tensor([True]) - T.tensor([False]), "bool")
refuse("neg", lambda T: -T.tensor([True]), "bool", "logical_not|~")
refuse("add", lambda T: ints(T, 1).add_(1.5), "Float|float32", "Long|int64")
refuse("mul", lambda T: ints(T, 1).mul_(T.ones(1)), "Float|float32", "Long|int64")
refuse("div", lambda T: ints(T, 1).div_(2), "Float|float32", "Long|int64")
refuse("div", lambda T: T.div(T.ones(2), 2, rounding_mode="up"), "up", "trunc", "floor")
refuse("add", lambda T: T.ones(1).add_(T.ones(3)), "1", "3")
refuse("add", lambda T: T.ones(1, 1).expand(1, 3).add_(1), "memory|expand|overlap")
refuse("add", lambda T: T.add(T.ones(2), T.ones(2), out=T.ones(2, dtype=T.int64)), "Float|float32", "Long|int64")
refuse("add", lambda T: T.add(T.ones(2), T.ones(2), out="a"), "out", "str")
refuse("exp", lambda T: ints(T, 1).exp_(), "Float|float32", "Long|int64")
refuse("pow", lambda T: ints(T, 2) ** -1, "-1|negative", "int")
refuse("floor_divide|div", lambda T: ints(T, 2) // 0, "0|zero")
refuse("remainder", lambda T: ints(T, 2) % 0, "0|zero")
refuse("bitwise_and", lambda T: T.ones(2) & T.ones(2), "float32|Float")
refuse("bitwise_not", lambda T: ~T.ones(2), "float32|Float")
refuse("bitwise_left_shift|lshift", lambda T: T.ones(2).bitwise_left_shift(T.ones(2)), "float32|Float")
refuse("clamp", lambda T: T.ones(2).clamp(), "min", "max")
refuse("maximum", lambda T: T.maximum(T.ones(2), 1), "other", "int")
refuse("logical_and", lambda T: T.logical_and(T.ones(2), T.ones(3)), "2", "3")
refuse("lerp", lambda T: T.lerp(T.ones(2), ints(T, 1, 2), 0.5), "int64|Long|long", "float")
refuse("atan2", lambda T: T.atan2(T.ones(2), T.ones(3)), "2", "3")
refuse("exp", lambda T: T.exp([1.0]), "list", "Tensor")
refuse("exp", lambda T: T.exp(), "input")
refuse("item|Tensor", lambda T: T.ones(2).item(), "2")
refuse("bool|Boolean", lambda T: bool(T.ones(2)), "more than one|2")
refuse("bool|Boolean", lambda T: bool(T.ones(0)), "no values|0|empty")
refuse("int|item|Tensor|scalar", lambda T: int(T.ones(2)), "2|one element")
refuse("float|item|Tensor|scalar", lambda T: float(T.ones(3)), "3|one element")
refuse("len", lambda T: len(T.tensor(1)), "0-d|0")
refuse("iter|iteration", lambda T: list(T.tensor(1)), "0-d|0")
refuse("tolist|numpy", lambda T: T.ones(2, requires_grad=True).numpy(), "detach", "grad")
refuse("to|device", lambda T: T.ones(2).to("nowhere"), "nowhere")
refuse("copy", lambda T: T.ones(2).copy_(T.ones(3)), "2", "3")
refuse("Tensor|attribute", lambda T: T.ones(2).no_such_method(), "no_such_method")

# Reductions and order.
refuse("sum", lambda T: T.ones(2, 3).sum(2), "2", "dim")
refuse("sum", lambda T: T.ones(2, 3).sum((0, 0)), "0", "dim")
refuse("sum", lambda T: T.ones(2, 3).sum("a"), "str|'a'", "dim")
refuse("mean", lambda T: ints(T, 1, 2).mean(), "int64|Long", "float")
refuse("mean", lambda T: T.ones(2, 3).mean(-3), "-3", "dim")
refuse("prod", lambda T: T.ones(2, 3).prod(5), "5", "dim")
refuse("var", lambda T: ints(T, 1, 2).var(), "int64|Long|float")
refuse("max", lambda T: T.ones(0).max(), "0|empty|no identity")
refuse("max", lambda T: T.ones(2, 0).max(1), "1", "0")
refuse("max", lambda T: T.ones(2, 3).max(2), "2", "dim")
refuse("amax", lambda T: T.ones(0, 2).amax(0), "0", "dim")
refuse("argmax", lambda T: T.ones(0).argmax(), "0|empty")
refuse("argmax", lambda T: T.ones(2).argmax(3), "3", "dim")
refuse("all", lambda T: T.ones(2).all(1), "1", "dim")
refuse("norm", lambda T: ints(T, 3, 4).norm(), "int64|Long|float")
refuse("logsumexp", lambda T: T.ones(2).logsumexp(1), "1", "dim")
refuse("cumsum", lambda T: T.ones(2).cumsum(1), "1", "dim")
refuse("cumsum", lambda T: T.ones(2).cumsum(), "dim")
refuse("sort", lambda T: T.ones(2).sort(1), "1", "dim")
refuse("argsort|sort", lambda T: T.ones(2).argsort(-2), "-2", "dim")
refuse("topk", lambda T: T.ones(3).topk(4), "4", "3|k")
refuse("topk", lambda T: T.ones(3).topk(1, 1), "1", "dim")
refuse("bincount", lambda T: T.ones(3).bincount(), "float32|Float|int")
refuse("bincount", lambda T: ints(T, 1, -1).bincount(), "-1|negative")
refuse("bincount", lambda T: T.tensor([[1, 2]]).bincount(), "2|1-d", "dim|1-d|[1, 2]")
refuse("bincount", lambda T: ints(T, 1, 2).bincount(minlength=-1), "-1", "minlength")
refuse("unique", lambda T: T.ones(2).unique(dim=1), "1", "dim")

# Products.
refuse("mm", lambda T: T.mm(T.ones(2, 3), T.ones(2, 3)), "2x3|[2, 3]|(2, 3)")
refuse("mm", lambda T: T.mm(T.ones(2), T.ones(2, 2)), "1|2-D", "2")
refuse("mm", lambda T: T.mm(T.ones(2, 2), T.ones(2, 2, dtype=T.float64)), "float|float32", "double|float64")
refuse("bmm", lambda T: T.bmm(T.ones(2, 3, 4), T.ones(3, 4, 5)), "2", "3")
refuse("bmm", lambda T: T.bmm(T.ones(3, 4), T.ones(1, 4, 5)), "2|3")
refuse("matmul|mm", lambda T: T.ones(2, 3) @ T.ones(2, 3), "2", "3")
refuse("matmul|dot", lambda T: T.ones(3) @ T.ones(4), "3", "4")
refuse("matmul", lambda T: T.tensor(1.0) @ T.ones(1), "0", "1")
refuse("matmul", lambda T: T.ones(2, 3, 4) @ T.ones(3, 4, 5), "2", "3")
refuse("matmul", lambda T: T.ones(2, 2) @ 3, "int")
refuse("addmm", lambda T: T.addmm(T.ones(4), T.ones(2, 3), T.ones(3, 5)), "4", "5")
refuse("baddbmm", lambda T: T.baddbmm(T.ones(4), T.ones(2, 3, 4), T.ones(2, 4, 5)), "4", "5")
refuse("outer", lambda T: T.outer(T.ones(2, 2), T.ones(2)), "2", "1")
refuse("dot", lambda T: T.dot(T.ones(2), T.ones(3)), "2", "3")
refuse("dot", lambda T: T.dot(T.ones(2, 2), T.ones(2)), "1|1-D", "2")
refuse("mv", lambda T: T.mv(T.ones(2, 3), T.ones(2)), "3", "2")
refuse("einsum", lambda T: T.einsum("ij,jk->ik", T.ones(2, 3)), "2|operand", "1")
refuse("einsum", lambda T: T.einsum("ij,jk->ik", T.ones(2, 3), T.ones(4, 5)), "3", "4")
refuse("einsum", lambda T: T.einsum("ij->iz", T.ones(2, 3)), "z")
refuse("einsum", lambda T: T.einsum("ijk", T.ones(2, 3)), "3", "2")
refuse("einsum", lambda T: T.einsum("i1->i", T.ones(2, 3)), "1|i1->i")
refuse("einsum", lambda T: T.einsum("ij->ii", T.ones(2, 3)), "i")
refuse("tensordot", lambda T: T.tensordot(T.ones(2, 3), T.ones(2, 3), 1), "3", "2")

# Neural networks.
refuse("linear", lambda T: F(T).linear(T.ones(2, 3), T.ones(5, 4)), "3", "4")
refuse("softmax", lambda T: F(T).softmax(T.ones(2), 1), "1", "dim")
refuse("softmax", lambda T: T.softmax(ints(T, 1, 2), 0), "int64|Long")
refuse("log_softmax", lambda T: T.log_softmax(T.ones(2), 2), "2", "dim")
refuse("gelu", lambda T: F(T).gelu(T.ones(2), approximate="fast"), "fast", "tanh")
refuse("conv1d", lambda T: F(T).conv1d(T.ones(1, 3, 5), T.ones(2, 4, 3)), "3", "4")
refuse("conv2d", lambda T: F(T).conv2d(T.ones(1, 3, 5, 5), T.ones(2, 4, 3, 3)), "3", "4", "weight|[2, 4, 3, 3]")
refuse("conv2d", lambda T: F(T).conv2d(T.ones(1, 3, 2, 2), T.ones(2, 3, 3, 3)), "2", "3", "kernel|Kernel")
refuse("conv2d", lambda T: F(T).conv2d(T.ones(3, 3), T.ones(2, 3, 3, 3)), "[3, 3]|(3, 3)|2")
refuse("conv2d", lambda T: F(T).conv2d(T.ones(1, 3, 5, 5), T.ones(2, 3, 3, 3), T.ones(3)), "bias", "3", "2")
refuse("conv2d", lambda T: F(T).conv2d(T.ones(1, 3, 5, 5), T.ones(2, 3, 3, 3), stride=0), "stride", "0|positive")
refuse(
    "conv2d", lambda T: F(T).conv2d(T.ones(1, 3, 5, 5), T.ones(2, 3, 3, 3), stride=2, padding="same"), "same", "strid"
)
refuse("conv2d", lambda T: F(T).conv2d(T.ones(1, 3, 5, 5), T.ones(4, 2, 3, 3), groups=2), "3", "2")
refuse("conv_transpose2d", lambda T: F(T).conv_transpose2d(T.ones(1, 3, 5, 5), T.ones(4, 3, 3, 3)), "3", "4")
refuse("max_pool2d", lambda T: F(T).max_pool2d(T.ones(1, 1, 2, 2), 3), "2", "3|kernel|small")
refuse("max_pool2d", lambda T: F(T).max_pool2d(T.ones(1, 1, 4, 4), 2, padding=2), "pad", "2")
refuse("max_pool2d", lambda T: F(T).max_pool2d(T.ones(4), 2), "[4]|(4,)|1")
refuse("max_pool2d", lambda T: F(T).max_pool2d(T.ones(1, 1, 4, 4), 0), "kernel", "0")
refuse("avg_pool2d", lambda T: F(T).avg_pool2d(T.ones(1, 1, 4, 4), 2, padding=2), "pad", "2")
refuse("avg_pool2d", lambda T: F(T).avg_pool2d(T.ones(1, 1, 4, 4), 2, divisor_override=0), "divisor", "0|zero")
refuse("batch_norm", lambda T: F(T).batch_norm(T.ones(2, 3), T.zeros(4), T.ones(4)), "4", "3", "running_mean")
refuse("batch_norm", lambda T: F(T).batch_norm(T.ones(1, 3), T.zeros(3), T.ones(3), training=True), "1", "3")
refuse("batch_norm", lambda T: F(T).batch_norm(T.ones(2, 3), T.zeros(3), None, training=True), "running_mean", "running_var")
refuse("instance_norm", lambda T: F(T).instance_norm(T.ones(2, 3, 4), None, T.ones(3)), "running_mean", "running_var")
refuse("layer_norm", lambda T: F(T).layer_norm(T.ones(2, 3), (4,)), "4", "3")
refuse("group_norm", lambda T: F(T).group_norm(T.ones(2, 6), 4), "4", "6")
refuse("rms_norm", lambda T: F(T).rms_norm(T.ones(2, 3), (4,)), "4", "3")
refuse("dropout", lambda T: F(T).dropout(T.ones(2), 1.5), "1.5", "0", "1")
refuse("embedding|index", lambda T: F(T).embedding(ints(T, 5), T.ones(5, 3)), "5|range")
refuse("embedding", lambda T: F(T).embedding(T.ones(2), T.ones(5, 3)), "float32|Float", "int64|Long|int")
refuse("one_hot", lambda T: F(T).one_hot(ints(T, -1)), "-1|negative")
refuse("one_hot", lambda T: F(T).one_hot(ints(T, 3), 3), "3")
refuse("one_hot", lambda T: F(T).one_hot(T.ones(2)), "float32|Float|int64|index")
refuse("pad", lambda T: F(T).pad(T.ones(2, 3), (1, 2, 3)), "3", "pad|2")
refuse("pad", lambda T: F(T).pad(T.ones(2), (1, 1, 1, 1)), "4", "1|2")
refuse("pad", lambda T: F(T).pad(T.ones(1, 2, 3), (3, 0), "reflect"), "3", "pad")
refuse("pad", lambda T: F(T).pad(T.ones(1, 2, 3), (1, 0), "mirror"), "mirror")
refuse("interpolate", lambda T: F(T).interpolate(T.ones(1, 1, 2, 2)), "size", "scale_factor")
refuse("interpolate", lambda T: F(T).interpolate(T.ones(1, 1, 2, 2), size=3, scale_factor=2), "size", "scale_factor")
refuse("interpolate", lambda T: F(T).interpolate(T.ones(1, 1, 2, 2), 3, mode="sharp"), "sharp")
refuse("interpolate", lambda T: F(T).interpolate(T.ones(1, 1, 2, 2), 3, align_corners=True), "align_corners")
refuse("interpolate", lambda T: F(T).interpolate(T.ones(1, 2, 2), 3, mode="bilinear"), "3", "4|bilinear")
refuse(
    "scaled_dot_product_attention",
    lambda T: F(T).scaled_dot_product_attention(T.ones(2, 3), T.ones(2, 4), T.ones(2, 4)),
    "3",
    "4",
)
refuse(
    "scaled_dot_product_attention",
    lambda T: F(T).scaled_dot_product_attention(*[T.ones(2, 2)] * 3, attn_mask=T.ones(2, 2), is_causal=True),
    "attn_mask",
    "is_causal",
)
refuse("cross_entropy|nll_loss", lambda T: F(T).cross_entropy(T.ones(2, 3), ints(T, 0, 3)), "3")
refuse("cross_entropy|nll_loss", lambda T: F(T).cross_entropy(T.ones(2, 3), ints(T, 0, 1, 2)), "2", "3")
refuse(
    "cross_entropy|nll_loss", lambda T: F(T).cross_entropy(T.ones(2, 3), T.ones(2)), "float32|Float|int64|Long|[2]|(2,)"
)
refuse(
    "cross_entropy",
    lambda T: F(T).cross_entropy(T.ones(2, 3), ints(T, 0, 1), label_smoothing=2.0),
    "2",
    "label_smoothing",
)
refuse("nll_loss", lambda T: F(T).nll_loss(T.ones(2, 3), ints(T, 0, -1)), "-1", "3|range|bounds")
refuse("nll_loss", lambda T: F(T).nll_loss(T.ones(2, 3), ints(T, 0, 1), weight=T.ones(2)), "weight", "3", "2")
refuse("nll_loss", lambda T: F(T).nll_loss(T.ones(2, 3), ints(T, 0, 1), reduction="avg"), "avg")
refuse("mse_loss|broadcast|size", lambda T: F(T).mse_loss(T.ones(2), T.ones(3)), "2", "3")
refuse("l1_loss", lambda T: F(T).l1_loss(T.ones(2), T.ones(2), reduction="max"), "max")
refuse("smooth_l1_loss", lambda T: F(T).smooth_l1_loss(T.ones(2), T.ones(2), beta=-1.0), "beta", "-1|negative")
refuse("binary_cross_entropy", lambda T: F(T).binary_cross_entropy(T.tensor([2.0]), T.ones(1)), "0", "1")
refuse("binary_cross_entropy", lambda T: F(T).binary_cross_entropy(T.rand(2), T.ones(3)), "2", "3")
refuse(
    "binary_cross_entropy_with_logits",
    lambda T: F(T).binary_cross_entropy_with_logits(T.rand(2), T.ones(3)),
    "2",
    "3",
)
refuse("kl_div", lambda T: F(T).kl_div(T.ones(2), T.ones(2), reduction="avg"), "avg")

# Autograd.


def twice(T: Any) -> None:
    y = (T.ones(2, requires_grad=True) ** 2).sum()
    y.backward()
    y.backward()


def changed(T: Any) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1)
    z.sum().backward()


def view_of_leaf(T: Any) -> None:
    T.ones(2, requires_grad=True)[0].add_(1)


def unused(T: Any) -> None:
    x, y = T.ones(2, requires_grad=True), T.ones(2, requires_grad=True)
    T.autograd.grad(x.sum(), [x, y])


refuse("backward|grad", lambda T: (T.ones(2, requires_grad=True) * 2).backward(), "scalar", "[2]|(2,)|scalar")
refuse("backward", twice, "retain_graph")
refuse("backward|grad", lambda T: T.ones(1).sum().backward(), "requires_grad|require grad", "grad_fn")
refuse("add_|in-place", lambda T: T.ones(2, requires_grad=True).add_(1), "leaf", "in-place")
refuse("in-place", view_of_leaf, "leaf", "view")
refuse("backward|in-place|inplace", changed, "version", "1", "0")
refuse("grad", unused, "allow_unused", "used")
refuse("backward|grad", lambda T: (T.ones(2, requires_grad=True) * 2).backward(T.ones(3)), "2", "3")
refuse("grad", lambda T: T.autograd.grad(T.ones(1), T.ones(1)), "requires_grad|require grad")
refuse("requires_grad", lambda T: (T.ones(2, requires_grad=True) * 2).requires_grad_(False), "leaf", "detach")
refuse("requires_grad", lambda T: setattr(T.ones(2, dtype=T.int64), "requires_grad", True), "float|Long|int64")
refuse("grad", lambda T: setattr(T.ones(2), "grad", T.ones(3)), "2", "3")
refuse("out", lambda T: T.add(T.ones(2, requires_grad=True), 1, out=T.ones(2)), "out", "grad")
refuse(
    "deepcopy",
    lambda T: __import__("copy").deepcopy(T.ones(2, requires_grad=True) * 2),
    "leaf|Tensors created explicitly",
)
refuse("manual_seed", lambda T: T.manual_seed("a"), "str|'a'|int")
refuse("Generator|manual_seed", lambda T: T.Generator().manual_seed(1.5), "float|1.5|int")
