"""How an op is recorded and how its node runs, written out for the op's signature.

For every op the same is to be done: find where the operands' gradients flow, save what the gradients use, and later call
the vjps with it. Loops over operands would cost more than many a small kernel, so the two functions are text with one line
an operand, compiled when the op is first recorded. (Operands that are lists have their number only at the call; their
loops are in `recording`.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from corelib.graph.node import Grads
from corelib.graph.rule import Recorder, Rule

Scope: TypeAlias = dict[str, Any]
"""What the compiled functions call, by name."""

_RECORD = """
def record(args, outs):
    {unpack}
    {edges}
    if {none}: return
    node = new({cls})
    node.edges = ({tuple})
    node.seq = next_number()
    {saves}
    node.saved = ({saved})
    node.versions = {versions}
    finish(node, outs)
"""

_FINISH = """
    if type(outs) is tuple: return finish(node, outs)
    node.shape = outs._shape
    node.dtype = dtype = outs._dtype
    if dtype.is_floating_point:
        outs._edge = (node, 0)
        outs._requires_grad = True
        if outs._base is not None and outs._storage._version: outs._view_version = outs._storage._version
    elif dtype.is_complex: finish_complex(node, outs)
    if anomaly.watching: watched(node)
"""

_APPLY = """
def apply(self, g):
    saved = self.saved
    if saved is None: raise RuntimeError(SECOND_TIME)
    {unpack}
    versions = self.versions
    if versions is not None:
        {versions}
    {rejoin}
    {list}
    {edges} = self.edges
    return {grads}
"""


def compile_record(rule: Rule, cls: type, n: int, scope: Scope) -> Recorder:
    """`record(args, outs)` for `n` arguments: makes the node of a call, if an operand needs a gradient."""
    if not rule.differentiable:
        return lambda args, outs: None
    lines, saves = [], []
    positions = [i for i, _ in rule.differentiable]
    for i in positions:
        if i >= n:
            lines.append(f"e{i} = None")
            continue
        lines += [
            f"if a{i} is not None and {requires_grad(rule, i)}:",
            f"    e{i} = a{i}._edge",
            f"    if e{i} is None or a{i}._base is not None: e{i} = edge_of(a{i})",
            f"else: e{i} = None",
        ]
    outputs = 2 * len(rule.params) + 1  # where the outputs of an op with several begin
    picked = {p for _, picks in rule.differentiable for p in picks}
    slots = ["None"] * max(outputs, 1 + max(picked, default=0))
    versions = ["None"] * len(slots)
    for p in sorted(p for p in picked if p >= 0):
        users = [i for i, picks in rule.differentiable if p in picks]
        always = len(users) == len(positions)
        wanted = " or ".join(f"e{i} is not None" for i in users)
        given = p - 1 if p <= len(rule.params) else p - len(rule.params) - 1
        if len(rule.params) < p < outputs:
            slots[p] = f"a{given}._shape" if always else f"a{given}._shape if {wanted} else None"
            continue
        slots[p], versions[p] = f"s{p}", f"v{p}"
        saves.append(f"s{p} = v{p} = None")
        keep = f"s{p} = a{given}" if given < n else f"s{p} = defaults[{given}]"
        if p == 0 or p >= outputs:
            keep = f"s{p} = outs._alias()" if p == 0 else f"s{p} = outs[{p - outputs}]._alias()"
            seen = f"v{p} = 0"  # its memory is new
        elif rule.geometry_only or given in rule.numbers:
            seen, versions[p] = "pass", "None"
        elif given in rule.operands:
            seen = f"v{p} = (0 if s{p}._storage is None else s{p}._storage._version) if not s{p}._inference else refuse(s{p})"
            if given not in rule.tensors:
                seen = f"if type(s{p}) not in PLAIN: {seen}"
        else:
            seen = f"if type(s{p}) not in PLAIN: v{p} = versions_of(s{p})"
        saves += [keep, seen] if always else [f"if {wanted}:", f"    {keep}", f"    {seen}"]
    watched = [v for v in versions if v != "None"]
    every = f"({', '.join(versions)},)"
    full = "".join(f"a{i}, " if i < n else f"defaults[{i}], " for i in range(len(rule.params)))
    source = _RECORD.format(
        cls=f"form_node(rule, form({full}))" if callable(rule.naming) else "cls",
        unpack="".join(f"a{i}, " for i in range(n)) + "= args" if n else "pass",
        edges="\n    ".join(lines),
        none=" and ".join(f"e{i} is None" for i in positions),
        tuple="".join(f"e{i}, " for i in positions),
        saves="\n    ".join(saves) or "pass",
        saved="".join(f"{s}, " for s in slots),
        versions=f"None if {' is None and '.join(watched)} is None else {every}" if watched else "None",
    ).replace("    finish(node, outs)\n", _FINISH.lstrip("\n"))
    made: Recorder = _compiled(source, "record", {"rule": rule, "cls": cls, "form": rule.naming, "defaults": rule.defaults, **scope})
    return made


def requires_grad(rule: Rule, i: int) -> str:
    """Source: whether operand i, which is not None, requires grad; what may be a Python number has no such attribute."""
    return f"a{i}._requires_grad" if i in rule.tensors or i in rule.optional else f"getattr(a{i}, '_requires_grad', False)"


def compile_apply(rule: Rule, scope: Scope) -> Callable[..., Grads]:
    """`apply(self, g)`: the gradients of the operands from the output's, by the op's vjps."""
    assert rule.vjps is not None
    outputs = 2 * len(rule.params) + 1
    used = sorted({p for _, picks in rule.differentiable for p in picks})
    checks = [
        f"if versions[{p}] is not None: check_version(self, s{p}, versions[{p}])" if 0 < p < outputs and p - 1 not in rule.operands else
        f"if versions[{p}] is not None and (0 if s{p}._storage is None else s{p}._storage._version) != versions[{p}]: "
        f"check_version(self, s{p}, versions[{p}])"
        for p in used if 0 <= p <= len(rule.params) or p >= outputs
    ]
    names = {p: f"s{p}" for p in used}
    joined = [(p, max(p - outputs, 0)) for p in used if p == 0 or p >= outputs]
    edges = "".join(f"e{i}, " for i, _ in rule.differentiable)
    grads, before, made = [], [], {}
    for i, _ in rule.differentiable:
        slope = rule.vjps[i]
        assert slope is not None
        function, picks, group = slope
        call = f"f{i}(g{''.join(', ' + names[p] for p in picks)})"
        scope = {**scope, f"f{i}": function}
        if group is None:
            grads.append(f"{call} if e{i} is not None else None")
            continue
        if group[0] not in made:
            members = [j for j, v in enumerate(rule.vjps) if v is not None and v[2] is not None and v[2][0] == group[0]]
            needs = f"({''.join(f'e{j} is not None, ' for j in members)})"
            made[group[0]] = f"got{i}"
            any_needed = " or ".join(f"e{j} is not None" for j in members)
            call = f"f{i}(g{''.join(', ' + (needs if p == -1 else names[p]) for p in picks)})"
            before.append(f"got{i} = {call} if {any_needed} else NONE" if len(members) < len(rule.differentiable) else f"got{i} = {call}")
        grads.append(f"{made[group[0]]}[{group[1]}] if e{i} is not None else None")
    source = _APPLY.format(
        unpack="\n    ".join(f"s{p} = saved[{p}]" for p in used if p >= 0) or "pass",
        versions="\n        ".join(checks) or "pass",
        rejoin="\n    ".join(f"if s{p} is not None and grad_mode.enabled: s{p} = rejoined(s{p}, self, {k})" for p, k in joined) or "pass",
        list="if self.outputs == 1: g = [g]" if rule.several else "pass",
        edges=edges,
        grads=f"[{', '.join(grads)}]",
    )
    if before:
        source = source.replace("    return [", "    " + "\n    ".join(before) + "\n    return [")
    apply: Callable[..., Grads] = _compiled(source, "apply", {"NONE": (None,) * len(rule.params), **scope})
    return apply


def _compiled(source: str, name: str, scope: Scope) -> Any:
    exec(source, scope)  # our own text: nothing of a user's reaches it
    return scope[name]
