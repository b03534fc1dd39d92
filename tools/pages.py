"""The manual pages of docs/ops, one for each file that declares functions of tensors: `python -m tools.pages docs/ops` writes them.

Everything on them is in the op table: names, signature, what it computes with an example (tests run it), kind, dtypes, gradient, and which
backends have a kernel.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import corelib.nn  # noqa: F401  (declares the functions of nn.functional that need the engine)
from corelib.as_torch.naming import DECLARED
from corelib.backend.codegen import register
from corelib.contract.kernels import KernelTable
from corelib.dispatcher.namespaces import NAMESPACES
from corelib.dispatcher.op import TABLE, Op
from tools.examples import example
from corelib.tensor import dtype as D
from corelib.tensor.device import cpu
from corelib.tensor.tensor import Tensor

KINDS = {
    "unary": "elementwise, of one tensor", "binary": "elementwise, of two operands that broadcast", "elementwise": "elementwise", "reduction": "a reduction",
    "view": "a view: the result shares the input's memory", "composite": "made of other ops", "creation": "makes a tensor from nothing", "extension": "an extension",
}  # fmt: skip


class _Anything:
    """A launcher that takes whatever the code generator asks of it, to see for which ops it has kernels."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self


def _generated() -> frozenset[str]:
    table = KernelTable()
    register(table, _Anything(), tuple(D.REALS))  # type: ignore[arg-type]
    return frozenset(table.table)


def _known_by(function: Any) -> tuple[str, str, str]:
    """What is the same of a function and of those that check its arguments first, which may differ by place."""
    return *_declared(function), function.__doc__ or ""


def _declared(function: Any) -> tuple[str, str]:
    """The module that declares a function and its name there, whatever it says of itself for pickle."""
    return DECLARED.get(function) or (getattr(function, "__module__", "") or "", getattr(function, "__qualname__", repr(function)))


def shown() -> dict[str, dict[str, Any]]:
    """By module that declares them, then by first name: each public function once, with all its names."""
    names: dict[tuple[str, str, str], tuple[Any, list[str]]] = {}
    spaces: list[tuple[str, dict[str, Any]]] = [(space, found) for space, found in sorted(NAMESPACES.items(), key=lambda s: s[0] != "torch")]
    for space, found in spaces:
        for name, function in found.items():
            prefix = "torch." if space == "torch" else f"torch.{space}."
            names.setdefault(_known_by(function), (function, []))[1].append(prefix + name)
    for name in dir(Tensor):
        function = inspect.getattr_static(Tensor, name)
        if not name.startswith("_") and getattr(function, "__module__", None) is not None:
            names.setdefault(_known_by(function), (function, []))[1].append(f"Tensor.{name}")
    pages: dict[str, dict[str, Any]] = {}
    for function, known in names.values():
        module = _declared(function)[0]
        if callable(function) and not isinstance(function, type) and module.startswith(("corelib.ops.", "corelib.nn.")) and not _written_from(known):
            pages.setdefault(module, {})[known[0]] = (function, sorted(known, key=lambda n: n.startswith("Tensor.")))
    return pages


def _written_from(names: list[str]) -> bool:
    """Whether it is the in-place form of an op, which the op's own entry tells of."""
    last = names[0].rpartition(".")[2]
    return last.endswith("_") and len(names) == 1 and last[:-1] in TABLE and TABLE[last[:-1]].facts.inplace


def _gradient(op: Op) -> str:
    if op.facts.result is not None and not op.facts.result.is_floating_point:
        return "none"
    if op.rule.vjps is not None:
        what = [p for p, rule in zip(op.params, op.rule.vjps, strict=True) if rule is not None]
        return f"a rule of its own, with respect to {', '.join(f'`{w}`' for w in what)}"
    return "none" if op.kind == "creation" else "through the ops that it is made of"


def _kernels(op: Op, generated: frozenset[str]) -> tuple[str, str]:
    """Which backends have a kernel, and for which dtypes the host's is."""
    table = op.kernels.get(cpu.runtime.key) or {}
    where = ["cpu_numpy"] * bool(table) + ["opencl", "cuda_cupy"] * (op.name in generated)
    return ", ".join(where), ", ".join(sorted((d.name for d in table), key=[d.name for d in D.ALL].index))


def entry(function: Any, names: list[str], generated: frozenset[str]) -> str:
    """One function's part of a page."""
    op: Op | None = getattr(function, "op", None)
    title = names[0].removeprefix("torch.")
    try:
        signature = str(inspect.signature(function))
    except ValueError:
        signature = "(...)"
    doc = inspect.cleandoc(function.__doc__ or "")
    text, mark, shown = doc.partition(">>>")
    session = (mark + shown).rstrip() or example(title)
    lines = [f"## {title}", "", f"    {title}{signature}", "", text.strip(), ""]
    if session:
        lines += ["```python", session, "```", ""]
    facts = [f"Names: {', '.join(f'`{n}`' for n in names)}."]
    if op is not None:
        kernels, dtypes = _kernels(op, generated)
        kind = "a primitive: every backend has a kernel of it" if op.primitive else KINDS[op.kind]
        also = [f"`{op.name}_`"] * op.facts.inplace + ["`out=`"] * bool(op.facts.out)
        facts.append(f"Kind: {kind}{'; also ' + ' and '.join(also) if also else ''}.")
        facts.append(f"Gradient: {_gradient(op)}.")
        facts.append(f"Kernels: {kernels} ({dtypes})." if dtypes else f"Kernels: {kernels}." if kernels else "Kernels: none; its body runs on every device.")
    else:
        facts.append("Made of other ops, whose kernels and derivatives it has.")
    return "\n".join([*lines, *[f"- {f}" for f in facts], ""])


def _about(module: str) -> str:
    """What a module says it is for."""
    return inspect.cleandoc(sys.modules[module].__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def pages() -> dict[str, str]:
    """The text of every page by file name, the index among them."""
    generated, made = _generated(), {}
    rows: dict[str, list[str]] = {}
    total = 0
    for module, functions in sorted(shown().items(), key=lambda f: f[0].rpartition(".")[2]):
        family = module.rpartition(".")[2]
        parts = [entry(function, names, generated) for _, (function, names) in sorted(functions.items(), key=lambda f: f[0].rpartition(".")[2].lower())]
        path = module.replace(".", "/") + ".py"
        made[f"{family}.md"] = f"# {family.replace('_', ' ').capitalize()}\n\n{_about(module)}\n\nDeclared in `{path}`.\n\n" + "\n".join(parts)
        links = ", ".join(f"`{name.removeprefix('torch.')}`" for name in sorted(functions, key=lambda n: n.rpartition(".")[2].lower()))
        rows.setdefault(module.rpartition(".")[0], []).append(f"- [{family.replace('_', ' ')}]({family}.md): {links}")
        total += len(functions)
    folders = "\n".join(f"## {folder.rpartition('.')[2]}\n\n{_about(folder)}\n\n" + "\n".join(lines) + "\n" for folder, lines in sorted(rows.items()))
    made["index.md"] = (
        f"# Every function of tensors\n\nThe {total} functions of the op table, by the folder and file that declare them; {len(TABLE)} ops are behind them. Written by "
        "`python -m tools.pages docs/ops`.\n\n" + folders
    )
    return made


def main(target: str) -> None:
    """Write the pages, and take away those of files that are no more."""
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    for old in folder.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "docs/ops")
