"""The text of a tensor, character for character PyTorch's, and the options that govern it.

Only what is shown is read: of a long tensor the edges alone are copied to the host, on any device. The width and the
notation (integers, fixed point, scientific) are chosen from the shown elements, in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, TYPE_CHECKING, TypeAlias

from corelib.dispatcher.calls.primitive import as_bytes
from corelib.ops.conversion.interchange import host_array
from corelib.tensor.dtype import HELD
from corelib.tensor.base import attach
from corelib.tensor.host import np
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["format_array", "format_tensor", "get_printoptions", "printoptions", "set_printoptions"]

Array: TypeAlias = "NDArray[Any]"

_PROFILES: dict[str, dict[str, float]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": float("inf"), "edgeitems": 3, "linewidth": 80},
}


class _Options:
    """What `set_printoptions` sets; one for the process."""

    __slots__ = ("edgeitems", "linewidth", "precision", "sci_mode", "threshold")

    def __init__(self) -> None:
        self.precision: int = 4
        self.threshold: float = 1000
        self.edgeitems: int = 3
        self.linewidth: float = 80
        self.sci_mode: bool | None = None


_OPTIONS = _Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: float | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed; what is not given stays, except `sci_mode`, which goes back to None.

    precision: digits after the point (4). threshold: the number of elements above which only the edges are shown
    (1000). edgeitems: how many are shown at each end of a dimension then (3). linewidth: characters a line (80).
    profile: "default", "short" (2 digits, 2 edge items) or "full" (no threshold); the other arguments override it.
    sci_mode: True or False for scientific notation always or never; None lets the values decide.

    TypeError for a value that is not a number, ValueError for a negative one or an unknown profile.

    >>> import corelib as torch
    >>> torch.set_printoptions(precision=2)
    >>> torch.tensor([1.12345])
    tensor([1.12])
    >>> torch.set_printoptions(profile="default")
    >>> torch.tensor([1.12345])
    tensor([1.1235])
    """
    if profile is not None and profile not in _PROFILES:
        accepted = ", ".join(_PROFILES)
        raise ValueError(f"set_printoptions(): argument 'profile' must be one of {accepted}, got {profile!r}")
    wanted: dict[str, float] = dict(_PROFILES[profile]) if profile is not None else {}
    given = (("precision", precision), ("threshold", threshold), ("edgeitems", edgeitems), ("linewidth", linewidth))
    for name, value in given:
        if value is None:
            continue
        whole = name in ("precision", "edgeitems")
        if not hasattr(value, "__index__" if whole else "__float__"):
            kind = "int" if whole else "Number"
            raise TypeError(f"set_printoptions(): argument '{name}' must be {kind}, not {type(value).__name__}")
        if not value >= 0:
            raise ValueError(f"set_printoptions(): argument '{name}' must be at least 0, got {value}")
        wanted[name] = value
    for name, value in wanted.items():
        setattr(_OPTIONS, name, value)
    _OPTIONS.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options now in force, as a dictionary that `set_printoptions(**...)` takes.

    >>> from corelib.ops.conversion.printing import get_printoptions
    >>> get_printoptions()["precision"]
    4
    """
    return {name: getattr(_OPTIONS, name) for name in ("precision", "threshold", "edgeitems", "linewidth", "sci_mode")}


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Set print options for a block; takes what `set_printoptions` takes.

    >>> import corelib as torch
    >>> from corelib.ops.conversion.printing import printoptions
    >>> with printoptions(sci_mode=True, precision=1):
    ...     print(torch.tensor([1.5, 20.0]))
    tensor([1.5e+00, 2.0e+01])
    """
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


def format_tensor(t: Tensor, *, tensor_contents: str | None = None) -> str:
    """The text of a tensor, what `repr` gives; `tensor_contents` stands in for the elements.

    >>> import corelib as torch
    >>> from corelib.ops.conversion.printing import format_tensor
    >>> format_tensor(torch.zeros(2, dtype=torch.int32))
    'tensor([0, 0], dtype=torch.int32)'
    """
    kind = type(t)
    plain = kind is Tensor or "_shown_as" in vars(kind)
    device = t.device
    array = None
    if tensor_contents is None and t.numel() and device.type != "meta":
        array = _shown_elements(t)
    text = format_array(
        array,
        t.dtype.name,
        shape=tuple(t.shape),
        prefix="tensor(" if plain else f"{kind.__name__}(",
        contents="..." if device.type == "meta" and tensor_contents is None else tensor_contents,
        device=None if device.type == "cpu" else str(device),
        grad_fn=grad_fn_name(t),
        requires_grad=t.requires_grad,
    )
    return f"Parameter({text})" if t._shown_as == "Parameter" and not plain else text


def grad_fn_name(t: Tensor) -> str | None:
    """The name of a tensor's grad_fn; None where it has none."""
    try:
        node = t.grad_fn
    except RuntimeError:
        # A view made under no_grad whose base was changed in place since has no grad_fn, but still a text.
        return "Invalid"
    return None if node is None else type(node).__name__


def format_array(
    array: Array | None,
    dtype: str,
    *,
    shape: tuple[int, ...] | None = None,
    prefix: str = "tensor(",
    contents: str | None = None,
    device: str | None = None,
    grad_fn: str | None = None,
    requires_grad: bool = False,
) -> str:
    """The text of a tensor with the elements of `array` and the dtype called `dtype`, such as "float32".

    shape: the tensor's, where `array` holds only the elements that are shown of it. contents: text in place of the
    elements, with which `array` may be None. device: named if given. grad_fn: the node's name.
    """
    if shape is None:
        if array is None:
            raise TypeError("format_array(): argument 'shape' must be given where 'array' is None")
        shape = array.shape
        if shape and _is_summarized(shape):
            array = array[np.ix_(*_shown_indices(shape))]
    default = get_default_dtype().name
    suffixes = []
    if device is not None:
        suffixes.append(f"device='{device}'")
    is_meta = device == "meta"
    if is_meta or 0 in shape:
        if is_meta or len(shape) != 1:
            suffixes.append(f"size={shape}")
        dtype_is_evident = dtype == default
    else:
        if not _OPTIONS.edgeitems:
            suffixes.append(f"size={shape}")
        dtype_is_evident = dtype in (default, "int64", "bool", "complex128" if default == "float64" else "complex64")
    if not dtype_is_evident:
        suffixes.append(f"dtype=torch.{dtype}")
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    if contents is None:
        contents = "[]" if 0 in shape or array is None else _elements_text(array, dtype, shape, len(prefix))
    return _with_suffixes(prefix + contents, suffixes, len(prefix))


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    parts = [text]
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if length + len(suffix) + 2 > _OPTIONS.linewidth:
            parts.append(",\n" + " " * indent + suffix)
            length = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            length += len(suffix) + 2
    return "".join(parts) + ")"


def _is_summarized(shape: tuple[int, ...]) -> bool:
    return prod(shape) > _OPTIONS.threshold


def _shown_indices(shape: tuple[int, ...]) -> list[list[int] | range]:
    """For each dimension of a summarized tensor, the indices whose elements are shown."""
    edge = _OPTIONS.edgeitems
    return [range(n) if n <= 2 * edge else [*range(edge), *range(n - edge, n)] for n in shape]


def _shown_elements(t: Tensor) -> Array:
    """The elements of `t` that are shown, on the host."""
    if t.dtype in HELD:
        t = as_bytes(t)
    return elements_at_edges(t, 2 * _OPTIONS.edgeitems if _is_summarized(t.shape) else None)


def elements_at_edges(t: Tensor, longest: int | None) -> Array:
    """A tensor's elements on the host; of dimensions that are longer than `longest` only those at the two edges."""
    shape, edge = t.shape, _OPTIONS.edgeitems
    if longest is None:
        whole: Array = host_array(t)
        return whole
    # The two ends of a dimension are a dimension of size 2 with a long stride, so one view holds all that is shown.
    split: list[int] = []
    strides: list[int] = []
    shown: list[int] = []
    for n, s in zip(shape, t.stride(), strict=True):
        if n > longest:
            split += (2, edge)
            strides += ((n - edge) * s, s)
            shown.append(2 * edge)
        else:
            split.append(n)
            strides.append(s)
            shown.append(n)
    numel = prod(shown)
    if numel == 0:
        return np.empty(shown)
    view = t._as_view(tuple(split), tuple(strides), t.storage_offset(), numel)
    edges: Array = host_array(view).reshape(shown)
    return edges


def _elements_text(array: Array, dtype: str, shape: tuple[int, ...], indent: int) -> str:
    """The nested brackets; `array` holds what is shown of a tensor of this shape."""
    summarized = _is_summarized(shape)
    if summarized and shape and not _OPTIONS.edgeitems:
        return "[...]"
    values, element = _formatted(array, dtype)
    if not shape:
        return element(values.item())
    rows = values.tolist()
    for _ in range(len(shape) - values.ndim):  # a native array has fewer dimensions than a tensor may have
        rows = [rows]
    return _block(rows, shape, indent, summarized, element)


def _formatted(array: Array, dtype: str) -> tuple[Array, _PlainFormat]:
    """The elements as they are printed, and what makes the text of one."""
    # bfloat16 is no dtype of NumPy's own, so it is asked for by name.
    if dtype == "bfloat16" or array.dtype.kind == "f":
        values = array.astype(np.float64)
        return values, _FloatFormat(values)
    if array.dtype.kind == "c":
        values = array.astype(np.complex128)
        return values, _ComplexFormat(values)
    return array, _PlainFormat(array)


def element_texts(array: Array, dtype: str) -> list[list[str]]:
    """The texts of a matrix' elements, as printing has them; `dtype` is the tensor's, by name."""
    values, element = _formatted(array, dtype)
    return [[element(value).strip() for value in row] for row in values.tolist()]


def _block(values: list[Any], shape: tuple[int, ...], indent: int, summarized: bool, element: _PlainFormat) -> str:
    edge = _OPTIONS.edgeitems
    split = summarized and shape[0] > 2 * edge
    if len(shape) == 1:
        texts = [element(v) for v in values]
        if split:
            # The space before the dots is PyTorch's: an element's text is padded, and so are they.
            texts.insert(edge, " ...")
        room = (_OPTIONS.linewidth - indent) / (element.width + 2)
        per_line = max(1, len(texts) if room > len(texts) else int(room))
        lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    texts = [_block(v, shape[1:], indent + 1, summarized, element) for v in values]
    if split:
        texts.insert(edge, "...")
    return "[" + ("," + "\n" * (len(shape) - 1) + " " * (indent + 1)).join(texts) + "]"


class _PlainFormat:
    """Formats integers and bools; `width` is the widest one's."""

    width = 1

    def __init__(self, values: Array) -> None:
        if values.dtype.kind in "iu":
            # The widest is the largest or the smallest.
            self.width = max(len(str(values.min())), len(str(values.max())))
        else:
            self.width = max(len(str(v)) for v in values.ravel().tolist())

    def __call__(self, value: Any) -> str:
        return str(value).rjust(self.width)


class _FloatFormat(_PlainFormat):
    """Formats floats: as integers where all are, scientifically where the range is wide, else with a fixed point."""

    def __init__(self, values: Array) -> None:
        precision, self.sci = _OPTIONS.precision, False
        self.spec, self.point = ".0f", True
        finite = values[np.isfinite(values) & (values != 0)]
        if not finite.size:
            return
        magnitudes = np.abs(finite)
        smallest, largest = float(magnitudes.min()), float(magnitudes.max())
        self.point = bool((finite == np.ceil(finite)).all())
        if _OPTIONS.sci_mode is None:
            self.sci = largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4
        else:
            self.sci = bool(_OPTIONS.sci_mode)
        if self.sci:
            self.spec, self.point = f".{precision}e", False
        elif not self.point:
            self.spec = f".{precision}f"
        # Zeros, infinities and NaNs do not widen the column, in PyTorch as here.
        self.width = max(len(format(v, self.spec)) for v in finite.tolist()) + self.point

    def __call__(self, value: float) -> str:
        text = format(value, self.spec)
        if self.point and value - value == 0.0:  # a finite number
            text += "."
        return text.rjust(self.width)


class _ComplexFormat(_PlainFormat):
    """Formats complex numbers: each part as the floats of all such parts are."""

    def __init__(self, values: Array) -> None:
        self.real, self.imag = _FloatFormat(values.real), _FloatFormat(values.imag)
        self.width = self.real.width + self.imag.width + 1

    def __call__(self, value: complex) -> str:
        imag = (self.imag(value.imag) + "j").lstrip()
        return self.real(value.real) + ("" if imag[0] in "+-" else "+") + imag


attach("__repr__", format_tensor)
