"""What a notebook shows of a module: the tree that its text is, with levels that can be folded."""

from __future__ import annotations

from html import escape
from typing import Any

_OPEN = 2
"""So many levels are unfolded at first."""


def is_tree(kind: type) -> bool:
    """Whether a class's text is corelib's own: a user's may be no tree."""
    printed = next(base for base in kind.__mro__ if "__repr__" in vars(base))
    return printed.__module__.partition(".")[0] in ("corelib", "torch")


def module_html(module: Any, name: str = "", level: int = 0) -> str:
    """A module and those in it.

    >>> import corelib as torch
    >>> print(torch.nn.Sequential(torch.nn.ReLU())._repr_html_())
    <details open><summary>Sequential</summary>
    <div style="margin-left: 1.5em">(0): ReLU()</div>
    </details>
    """
    label = f"({name}): " if name else ""
    extra = module.extra_repr()
    children = [(n, m) for n, m in module._modules.items() if m is not None]
    indented = ' style="margin-left: 1.5em"' if level else ""
    if not children or not is_tree(type(module)):
        text = f"{module._get_name()}({extra})" if is_tree(type(module)) else repr(module)
        shown = f"<pre>{escape(label + text)}</pre>" if "\n" in text else escape(label + text)
        return f"<div{indented}>{shown}</div>"
    head = escape(label + module._get_name() + (f"({' '.join(extra.split())})" if extra else ""))
    inside = "\n".join(module_html(child, child_name, level + 1) for child_name, child in children)
    return f"<details{' open' if level < _OPEN else ''}{indented}><summary>{head}</summary>\n{inside}\n</details>"
