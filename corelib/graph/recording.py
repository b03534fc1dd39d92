"""Recording: the nodes of ops, what they save, and how a call becomes one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

from corelib.graph.anomaly import anomaly, remember
from corelib.graph.compiled import compile_apply, compile_record
from corelib.graph.edges import edge_of
from corelib.graph.grad_mode import grad_mode
from corelib.graph.node import Edge, Gradient, Grads, Node, next_number
from corelib.graph.handles import Hook
from corelib.graph.rule import Args, Outs, Recorder, Rule
from corelib.graph.saved import SECOND_TIME, Version, SavedTensor, check_version, current_hooks, rejoined, unpacked
from corelib.tensor.tensor import Tensor

_new = object.__new__

class OpNode(Node):
    """A node of an op of the table. `saved` is (out, *arguments, *shapes) with None for what no gradient uses."""

    __slots__ = ()
    rule: Rule

    def apply(self, g: Gradient) -> Grads:
        nodes: Any = node_class(self.rule)
        nodes.apply = made = compile_apply(self.rule, _SCOPE)  # for this op's nodes, from now on
        return made(self, g)

    def _kept(self) -> dict[str, bool]:
        rule, names = self.rule, {}
        params = ["self" if rule.operands and at == rule.operands[0] else name for at, name in enumerate(rule.params)]
        last = 2 * len(params) + 1
        for at in sorted({at for _, picks in rule.differentiable for at in picks if at >= 0}):
            value = None if self.saved is None or at >= len(self.saved) else self.saved[at]
            is_tensor = at >= last or at == 0 or isinstance(value, (Tensor, SavedTensor))
            name = f"result{at - last}" if at >= last else "result" if at == 0 else params[at - 1] if at <= len(params) else f"{params[at - len(params) - 1]}_sym_sizes"
            names[name] = is_tensor
        return names

    def _kept_at(self, at: int, raw: bool) -> Any:
        last = 2 * len(self.rule.params) + 1
        if self.saved is None and not raw:
            raise RuntimeError(SECOND_TIME)
        return self._shown(at, raw, 0 if at == 0 else at - last if at >= last else -1)

    def _shown(self, at: int, raw: bool, output: int) -> Any:
        if raw:
            return RawSaved(self, at, output >= 0)
        value = self.saved[at]
        if self.versions is not None and self.versions[at] is not None:
            check_version(self, value, self.versions[at])
        value = unpacked(value)
        return rejoined(value, self, output) if output >= 0 and isinstance(value, Tensor) else value

    def release(self) -> None:
        """Forget saved tensors; a node that saved none can run again."""
        if self.versions is not None:
            self.saved = None


class ListsNode(OpNode):
    """A node of an op with lists of tensors among its operands; their vjps return lists of gradients."""

    __slots__ = ()
    counts: Sequence[int] = ()  # for each parameter, its number of tensors; -1 for one that is no list

    def apply(self, g: Gradient) -> Grads:
        saved = self.saved
        if saved is None:
            raise RuntimeError(SECOND_TIME)
        if self.versions is not None:
            for value, version in zip(saved, self.versions, strict=True):
                if version is not None:
                    check_version(self, value, version)
        if saved[0] is not None and grad_mode.enabled:
            saved = (rejoined(saved[0], self, 0), *saved[1:])
        if self.rule.several and self.outputs == 1:
            g = [g]
        grads: list[Tensor | None] = []
        for vjp, n in zip(self.rule.vjps or (), self.counts, strict=True):
            if vjp is None or n == 0:
                continue
            start = len(grads)
            needs = tuple(e is not None for e in self.edges[start : start + (n if n > 0 else 1)])
            if not any(needs):
                grads.extend([None] * len(needs))
                continue
            got = vjp.function(g, *[needs if p == -1 else saved[p] for p in vjp.picks])
            grads.extend(got if n > 0 else [got])
        return grads


class ConstantNode(OpNode):
    """A node of an op without slope that was run in place: the gradient is zero."""

    __slots__ = ()

    def apply(self, g: Gradient) -> Grads:
        return [g.new_zeros(g._shape)]


def form_node(rule: Rule, form: tuple[str, tuple[int, ...]]) -> type[OpNode]:
    """The class of the nodes of one form of an op: (name, which operands it has)."""
    found = _FORMS.get(form)
    if found is None:
        name, shown = form
        found = _FORMS[form] = type(name, (node_class(rule),), {"shown": shown, "__slots__": (), "__module__": "builtins"})
    return found


_FORMS: dict[tuple[str, tuple[int, ...]], type[OpNode]] = {}


def keep_saved(made: Tensor, since: int) -> Tensor:
    """A result whose nodes newer than number `since` have saved nothing but constants of the op's own: they keep them, and can run again."""
    left = [] if made._edge is None else [made._edge[0]]
    while left:
        node = left.pop()
        if node.seq > since:
            node.versions = None
            left.extend([edge[0] for edge in node.edges if edge is not None])
    return made


def _saved_names(rule: Rule) -> dict[str, property]:
    """`_saved_x`: what was saved of operand x, `_saved_self` of the first and `_saved_result` of the output; `_raw_saved_x`: the same as a
    SavedTensor, which takes hooks. Properties, for a class with `__getattr__` makes every look at a node slow."""
    params, last = rule.params, 2 * len(rule.params) + 1
    first = rule.operands[0] if rule.operands else -1
    found = {}
    for at in {at for _, picks in rule.differentiable for at in picks if at >= 0}:
        names = ["result"] if at == 0 else [f"result{at - last}"]
        if 0 < at < last:
            place, ending = (at - 1) % len(params), "_sym_sizes" if at > len(params) else ""
            names = [params[place] + ending, *["self" + ending] * (place == first)]
        for name in names:
            for way in ("", "_raw"):
                found[f"{way}_saved_{name}"] = property(partial(OpNode._kept_at, at=at, raw=way != ""))
    return found


def node_class(rule: Rule) -> type[OpNode]:
    """The class of an op's nodes, named as PyTorch names them: `log_softmax` gives LogSoftmaxBackward0."""
    found: type[OpNode] | None = rule.node_class
    if found is None:
        name = rule.naming
        if not isinstance(name, str):
            name = "".join(part[:1].upper() + part[1:] for part in rule.name.strip("_").split("_")) + "Backward0"
        base = ConstantNode if rule.vjps is None else ListsNode if rule.lists else OpNode
        found = rule.node_class = type(name, (base,), {"rule": rule, "__slots__": (), "__module__": "builtins", **_saved_names(rule)})
    return found


def node_along(rule: Rule) -> type[OpNode]:
    """The class of a reduction's nodes where it was given dimensions: PyTorch numbers that form as the op's second."""
    found: type[OpNode] | None = _ALONG.get(rule.name)
    if found is None:
        base = node_class(rule)
        found = _ALONG[rule.name] = type(base.__name__[:-1] + "1", (base,), {"__slots__": (), "__module__": "builtins"})
    return found


_ALONG: dict[str, type[OpNode]] = {}


def record(rule: Rule, args: Args, outs: Outs) -> None:
    """Record an op of any signature, if one of its differentiable operands requires grad.

    `outs` is a Tensor, or a tuple of them for an op with several outputs.
    """
    if rule.lists:
        _record_lists(rule, args, outs)
    else:
        recorder(rule, len(args))(args, outs)


def recorder(rule: Rule, n: int) -> Recorder:
    """What records a call of an op without lists, from `n` arguments and the output."""
    found = rule.recorders.get(n)
    if found is None:
        found = rule.recorders[n] = compile_record(rule, node_class(rule), n, _SCOPE)
    return found


def _record_lists(rule: Rule, args: Args, outs: Outs) -> None:
    """As `record`, where some operands are lists."""
    edges: list[Edge] = []
    uses: list[int] = []
    n = len(rule.params)
    counts = [0] * n
    for i, picks in rule.differentiable:
        arg = args[i] if i < len(args) else None
        listed = isinstance(arg, (tuple, list))
        members: Any = arg if listed else (arg,)
        counts[i] = len(members) if listed else -1
        found = [edge_of(t) if t is not None and getattr(t, "_requires_grad", False) else None for t in members]
        edges.extend(found)
        if any(found):
            uses.extend(picks)
    if not any(edges):
        return
    node: Any = _new(node_class(rule))
    node.edges = tuple(edges)
    node.counts = counts
    node.seq = next_number()
    saved: list[Any] = [None] * (2 * n + 1)
    versions: list[Version] = [None] * len(saved)
    for p in set(uses):
        if p > n:
            saved[p] = args[p - n - 1]._shape
        elif p == 0:
            saved[p] = outs._alias()
        elif p > 0:
            saved[p] = args[p - 1] if p <= len(args) else rule.defaults[p - 1]
        if 0 <= p <= n and saved[p] is not None and not rule.geometry_only:
            versions[p] = _versions(saved[p])
    node.saved = saved
    node.versions = versions if any(v is not None for v in versions) else None
    _finish(node, outs if type(outs) is tuple else (outs,))


def _finish(node: OpNode, outs: tuple[Tensor, ...]) -> None:
    """Join a node and the outputs of its op."""
    if not outs:
        return
    if len(outs) == 1:
        node.shape, node.dtype = outs[0]._shape, outs[0]._dtype
    else:
        node.outputs = len(outs)
        node.shape = [o._shape for o in outs]
        node.dtype = [o._dtype for o in outs]
    node.device = outs[0]._device
    of_complex = False
    for number, o in enumerate(outs):
        dtype = o._dtype
        if dtype.is_floating_point or dtype.is_complex:
            o._edge = (node, number)
            o._requires_grad = True
            of_complex = of_complex or dtype.is_complex
            if o._base is not None and o._version:
                o._view_version = o._version
    if of_complex:
        conjugated(node)
    if anomaly.watching:
        watched(node)


def watched(node: OpNode) -> None:
    """What anomaly mode, and hooks for saved tensors, do with a new node."""
    if anomaly.enabled:
        remember(node)
    hooks = current_hooks()
    if hooks is not None:
        pack_saved(node, *hooks)


def pack_saved(node: OpNode, pack: Hook, unpack: Hook) -> None:
    """Give what a node has saved to a pair of hooks, and let the node ask for it again when it runs."""
    kept: list[Any] = list(node.saved)
    versions = [None] * len(kept) if node.versions is None else list(node.versions)
    found = False
    for i in _order(node.rule):
        value = kept[i]
        if isinstance(value, Tensor):
            kept[i] = SavedTensor(value, i == 0 or i > 2 * len(node.rule.params), node).register_hooks(pack, unpack)
        elif type(value) in (tuple, list) and any(isinstance(v, Tensor) for v in value):
            kept[i] = tuple([SavedTensor(v, False, node).register_hooks(pack, unpack) if isinstance(v, Tensor) else v for v in value])
        else:
            continue
        versions[i], found = None, True
    if found:
        node.saved, node.versions = tuple(kept), (tuple(versions) if any(v is not None for v in versions) else None)
        packed(node)


def _order(rule: Rule) -> list[int]:
    """The places of what nodes of an op save, in the order in which its gradients use them."""
    return list(dict.fromkeys(p for _, picks in rule.differentiable for p in picks if p >= 0))


class RawSaved:
    """What a node has saved at one place. `register_hooks(pack, unpack)` has it kept as `pack` returns it, until `unpack` gives it back."""

    __slots__ = ("_at", "_node", "_output")

    def __init__(self, node: OpNode, at: int, output: bool) -> None:
        self._node, self._at, self._output = node, at, output

    def register_hooks(self, pack_hook: Hook, unpack_hook: Hook) -> None:
        """As `SavedTensor.register_hooks`. RuntimeError the second time, and where the graph was freed."""
        node, at = self._node, self._at
        if node.saved is None:
            raise RuntimeError(SECOND_TIME)
        value = node.saved[at]
        if isinstance(value, SavedTensor):
            value.register_hooks(pack_hook, unpack_hook)
            return
        if not isinstance(value, Tensor):
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        kept = SavedTensor(value, self._output, node).register_hooks(pack_hook, unpack_hook)
        node.saved = (*node.saved[:at], kept, *node.saved[at + 1 :])
        if node.versions is not None:
            node.versions = (*node.versions[:at], None, *node.versions[at + 1 :])
        packed(node)


class _Packed(OpNode):
    """A node whose saved tensors are with hooks."""

    __slots__ = ()

    def apply(self, g: Gradient) -> Grads:
        kept = self.saved
        if kept is None:
            raise RuntimeError(SECOND_TIME)
        opened: list[Any] = list(kept)
        for i in _order(self.rule):
            opened[i] = unpacked(kept[i])
        self.saved = tuple(opened)
        try:
            return super().apply(g)
        finally:
            if self.saved is not None:
                self.saved = kept

    def release(self) -> None:
        self.saved = None


_PACKED: dict[type[OpNode], type[OpNode]] = {}


def packed(node: OpNode) -> None:
    """Make a node one whose saved tensors are with hooks."""
    kind = type(node)
    if not issubclass(kind, _Packed):
        found = _PACKED.get(kind)
        if found is None:
            found = _PACKED[kind] = type(kind.__name__, (_Packed, kind), {"__slots__": (), "__module__": "builtins"})
        node.__class__ = found


class _Conjugated(OpNode):
    """A node of complex numbers. A rule v(g) that is linear in g, as those for real numbers are, gives the derivative of a function of
    complex ones by the conjugate of v(conjugate of g): g times the conjugate slope, as PyTorch has it."""

    __slots__ = ()

    def apply(self, g: Gradient) -> Grads:
        turned = [_conjugate(x) for x in g] if isinstance(g, (list, tuple)) else _conjugate(g)
        return [_conjugate(x) for x in super().apply(turned)]


def _conjugate(g: Any) -> Any:
    return g if g is None or not g._dtype.is_complex else g.conj_physical()  # computed: a rule may use it several times


_CONJUGATED: dict[type[OpNode], type[OpNode]] = {}


def conjugated(node: OpNode) -> None:
    """Let a node whose op has no rule of its own for complex numbers use that for real ones."""
    if node.rule.complex:
        return
    kind = type(node)
    found = _CONJUGATED.get(kind)
    if found is None:
        found = _CONJUGATED[kind] = type(kind.__name__, (_Conjugated, kind), {"__slots__": (), "__module__": "builtins"})
    node.__class__ = found


def finish_complex(node: OpNode, out: Tensor) -> None:
    """Join a node and its op's complex output."""
    conjugated(node)
    out._edge = (node, 0)
    out._requires_grad = True
    if out._base is not None and out._version:
        out._view_version = out._version


# What needs no look for tensors inside.
_PLAIN = frozenset((int, float, bool, complex, str, type(None)))


def _versions(value: Any) -> Version:
    if type(value) in (tuple, list):
        if _PLAIN.issuperset(map(type, value)):
            return None
        found = tuple(_versions(v) for v in value)
        return found if any(v is not None for v in found) else None
    if not isinstance(value, Tensor):
        return None
    if value._inference:
        _refuse_inference(value)
    return value._version


def _refuse_inference(t: Tensor) -> NoReturn:
    raise RuntimeError(
        f"Inference tensors cannot be saved for backward, got one of shape {list(t._shape)}. Please do not save Tensors "
        "created in inference mode in computation graph. To work around this, you can make a clone to get a normal tensor "
        "and use it in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
    )


# What the compiled functions call.
_SCOPE = {
    "new": _new, "next_number": next_number, "edge_of": edge_of, "finish": _finish, "anomaly": anomaly, "watched": watched,
    "form_node": form_node, "versions_of": _versions, "refuse": _refuse_inference,
    "PLAIN": _PLAIN, "finish_complex": finish_complex,
    "grad_mode": grad_mode, "SECOND_TIME": SECOND_TIME, "check_version": check_version, "rejoined": rejoined,
}
