"""What a notebook shows of a tensor: a table of a vector or a matrix, the text of others. Only what is shown is read, as in printing."""

from __future__ import annotations

from html import escape
from math import isinf

from corelib.ops.conversion.printing import element_texts, elements_at_edges, get_printoptions, grad_fn_name
from corelib.tensor.base import TensorBase, attach
from corelib.tensor.dtype import HELD
from corelib.tensor.layout import strided
from corelib.tensor.tensor import Tensor

_LONGEST = 20
"""Longer rows and columns show only their edges, as many elements as the print options say."""
_DOTS = "&#8230;"


def tensor_html(t: Tensor) -> str | None:
    """HTML of a tensor for a notebook; None, so that the notebook shows the text, where its class has a text
    of its own, or takes functions over.

    >>> import corelib as torch
    >>> print(torch.tensor([1, 2])._repr_html_())
    <table>
    <caption style="text-align: left">tensor of shape (2,), int64, cpu</caption>
    <tr><th>0</th><th>1</th></tr>
    <tr><td style="text-align: right">1</td><td style="text-align: right">2</td></tr>
    </table>
    >>> print(torch.tensor(1.5)._repr_html_())
    <pre>tensor(1.5000)</pre>
    """
    kind = type(t)
    if not _ours(kind, "__repr__") or not _ours(kind, "__torch_function__"):
        return None
    shape, device, edge = tuple(t._shape), t._device, get_printoptions()["edgeitems"]
    if len(shape) not in (1, 2) or 0 in shape or not edge or device.type == "meta" or t._dtype in HELD or t.layout is not strided:
        return f"<pre>{escape(repr(t))}</pre>"
    longest = None if isinf(get_printoptions()["threshold"]) else max(_LONGEST, 2 * edge)
    array = elements_at_edges(t, longest)
    array = array.reshape(-1, array.shape[-1])
    rows = _table(element_texts(array, t._dtype.name), shape, longest, edge)
    return "\n".join(["<table>", f'<caption style="text-align: left">{escape(_caption(t, kind.__name__, shape))}</caption>', *rows, "</table>"])


def _ours(kind: type, method: str) -> bool:
    """Whether a class has a method from tensors or parameters, if at all."""
    owner = next((base for base in kind.__mro__ if method in vars(base)), TensorBase)
    return owner is TensorBase or "_shown_as" in vars(owner)


def _caption(t: Tensor, name: str, shape: tuple[int, ...]) -> str:
    grad_fn = grad_fn_name(t)
    said = f", grad_fn=<{grad_fn}>" if grad_fn is not None else ", requires_grad=True" if t.requires_grad else ""
    return f"{'tensor' if name == 'Tensor' else name} of shape {shape}, {t._dtype.name}, {t._device}{said}"


def _table(texts: list[list[str]], shape: tuple[int, ...], longest: int | None, edge: int) -> list[str]:
    """The rows, with the numbers of rows and columns before them."""
    numbers = [_numbers(n, longest, edge) for n in shape]
    cut = longest is not None and shape[-1] > longest
    heads = [""] * (len(shape) == 2) + numbers[-1]
    found = ["<tr>" + "".join(f"<th>{head}</th>" for head in heads) + "</tr>"]
    cells = [[*row[:edge], _DOTS, *row[edge:]] if cut else row for row in ([escape(text) for text in row] for row in texts)]
    if len(shape) == 2 and longest is not None and shape[0] > longest:
        cells.insert(edge, [_DOTS] * len(numbers[-1]))
    for n, row in enumerate(cells):
        head = f"<th>{numbers[0][n]}</th>" if len(shape) == 2 else ""
        found.append(f"<tr>{head}" + "".join(f'<td style="text-align: right">{cell}</td>' for cell in row) + "</tr>")
    return found


def _numbers(n: int, longest: int | None, edge: int) -> list[str]:
    if longest is None or n <= longest:
        return [str(i) for i in range(n)]
    return [*[str(i) for i in range(edge)], _DOTS, *[str(i) for i in range(n - edge, n)]]


attach("_repr_html_", tensor_html)
