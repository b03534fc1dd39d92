"""Functions beside the methods: views that are copied, the in-place methods that are functions too, and questions about a tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from corelib.dispatcher.calls.outs import of_out, write
from corelib.dispatcher.namespaces import naming_operands, public, show
from corelib.ops.construction.creation import _finish, linspace
from corelib.ops.shape.diagonals import _slice as of_dim
from corelib.ops.shape.joining import cat
from corelib.ops.shape.permutation import permute, t, transpose
from corelib.ops.shape.shapes import chunk, split, split_with_sizes, unbind, unfold
from corelib.ops.shape.slicing import as_strided, diagonal, narrow, select
from corelib.ops.shape.views import expand, spread, squeeze, unsqueeze, view
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.device import DeviceLike
from corelib.tensor.dtype import Number, dtype as DType
from corelib.tensor.layout import contiguous_format, layout as Layout, memory_format as MemoryFormat
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.tensor import Tensor


def _copied(name: str, of: Callable[..., Tensor | tuple[Tensor, ...]]) -> Callable[..., object]:
    def function(input: Tensor, *args: object, out: Tensor | Sequence[Tensor] | None = None, **kwargs: object) -> Any:
        made = of(input, *args, **kwargs)
        if isinstance(made, tuple):
            parts = tuple([part.clone(memory_format=contiguous_format) for part in made])
            return parts if out is None else _store_each(name, parts, out, input)
        copied = made.clone(memory_format=contiguous_format)
        return copied if out is None else write(name, copied, out, (input,))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"A copy of what `{name.removesuffix('_copy')}` shows."
    return public("torch")(function)


def _store_each(name: str, parts: tuple[Tensor, ...], out: object, input: Tensor) -> None:
    """Write the parts into as many tensors; as in PyTorch nothing is returned, and what `split_copy` writes into is not resized."""
    if isinstance(out, (tuple, list)) and len(out) != len(parts):
        raise RuntimeError(f"{name}(): expected an out= argument of size {len(parts)}, got size {len(out)}")
    if isinstance(out, (tuple, list)) and name == "split_copy":
        for part, o in zip(parts, out, strict=True):
            if isinstance(o, Tensor) and o._shape != part._shape:
                raise RuntimeError(f"{name}(): expected an out= of shape {list(part._shape)}, got {list(o._shape)}")
    write(name, parts, out, (input,), "exact", "itself")


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    return of_dim(input, dim, start, end, step)


for _name, _view in (
    ("alias", lambda x: x), ("as_strided", as_strided), ("detach", lambda x: x.detach()), ("diagonal", diagonal), ("expand", expand),
    ("narrow", narrow), ("permute", permute), ("select", select), ("slice", _slice), ("split", split), ("split_with_sizes", split_with_sizes),
    ("squeeze", squeeze), ("t", t), ("transpose", transpose), ("unbind", unbind), ("unfold", unfold), ("unsqueeze", unsqueeze), ("view", view),
):
    _made = _copied(f"{_name}_copy", _view)
    if _name == "narrow":
        show(_made, ("narrow_copy",), ("Tensor",))


def _apart(pieces: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Pieces that for autograd are no views: each may be changed in place, and the input's history does not see it."""
    for piece in pieces:
        piece._base = None
        piece._storage = piece._own_storage()._twin()
        piece._creation = 0
        piece._requires_grad = piece._requires_grad and not piece._borrows_grad
    return pieces


@public("torch", "Tensor")
def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """As `chunk`, with pieces that may be changed in place as if each had memory of its own.

    >>> import corelib as torch
    >>> torch.unsafe_chunk(torch.arange(4), 2)
    (tensor([0, 1]), tensor([2, 3]))
    """
    return _apart(chunk(input, chunks, dim))


@public("torch", "Tensor")
def unsafe_split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """As `split`, with pieces that may be changed in place as if each had memory of its own.

    >>> import corelib as torch
    >>> torch.unsafe_split(torch.arange(3), 2)
    (tensor([0, 1]), tensor([2]))
    """
    return _apart(split(tensor, split_size_or_sections, dim))


@public("torch", "Tensor")
def unsafe_split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """As `split_with_sizes`, with pieces that may be changed in place as if each had memory of its own.

    >>> import corelib as torch
    >>> torch.unsafe_split_with_sizes(torch.arange(3), [1, 2])
    (tensor([0]), tensor([1, 2]))
    """
    return _apart(split_with_sizes(input, split_sizes, dim))


# In-place methods that PyTorch has as functions of the package too.
_IN_PLACE = """
abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ as_strided_ asin_ asinh_ atan_ atanh_ ceil_ clamp_
clamp_max_ clamp_min_ clip_ conj_physical_ cos_ cosh_ deg2rad_ detach_ erf_ erfc_ exp2_ exp_ expm1_ fill_ fix_ floor_ frac_ gcd_ i0_
index_put_ lcm_ ldexp_ log10_ log1p_ log2_ log_ logit_ nan_to_num_ neg_ negative_ rad2deg_ reciprocal_ resize_as_ round_ rsqrt_ sigmoid_
sin_ sinc_ sinh_ sqrt_ square_ tan_ tanh_ trunc_ xlogy_ zero_
"""


def show_in_place() -> None:
    """Put them into the package, once all methods are on Tensor."""
    for name in _IN_PLACE.split():
        if hasattr(Tensor, name):
            method = getattr(Tensor, name)
            show(naming_operands(method) if hasattr(method, "__code__") and not hasattr(method, "op") else method, (name,), ("torch",))


@public("torch", "Tensor")
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element of a tensor is not zero; RuntimeError for more or fewer elements."""
    if input._numel != 1:
        raise RuntimeError(
            "is_nonzero(): Boolean value of Tensor with no values is ambiguous" if not input._numel
            else f"is_nonzero(): Boolean value of Tensor with more than one value is ambiguous, got shape {list(input._shape)}"
        )
    return bool(input)


@public("torch")
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    return input.is_same_size(other)


@public("torch")
def is_signed(input: Tensor) -> bool:
    """Whether a tensor's dtype has negative values."""
    return input.is_signed()


@public("torch")
def is_inference(input: Tensor) -> bool:
    """Whether a tensor was made under `inference_mode`."""
    return input.is_inference()


@public("torch")
def get_device(input: Tensor) -> int:
    """The index of a tensor's device; -1 where the device type has none."""
    return input.get_device()


@public("torch")
def typename(obj: object) -> str:
    """The name of an object's type: a tensor's legacy type name, else module and name.

    >>> import corelib as torch
    >>> torch.typename(torch.ones(1))
    'torch.FloatTensor'
    """
    if isinstance(obj, Tensor):
        name: str = obj.type()
        return name
    kind = obj if isinstance(obj, type) else type(obj)
    module = "" if kind.__module__ in ("builtins", "__builtin__") else f"{kind.__module__}."
    return module + kind.__qualname__


@public("torch", "Tensor", out="exact")
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The places of the first `size` elements that are not zero, (size, dimensions), with rows of `fill_value` for what is missing.

    >>> import corelib as torch
    >>> torch.nonzero_static(torch.tensor([0, 5]), size=2)
    tensor([[ 1],
            [-1]])
    """
    if size < 0:
        raise RuntimeError(f"nonzero_static(): 'size' must be an non-negative integer, got {size}")
    if input._device.type == "meta":
        return input.new_empty((size, len(input._shape)), dtype=D.int64)
    places: Tensor = input.nonzero()
    found = places[:size]
    missing = size - found._shape[0]
    return cat([found, found.new_full((missing, found._shape[1]), fill_value)]) if missing else found


@public("torch")
def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """`other - alpha * input`, elementwise."""
    if not isinstance(input, Tensor):
        raise TypeError(f"rsub(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if isinstance(alpha, float) and not any(k.is_floating_point or k.is_complex for k in (input._dtype, getattr(other, "_dtype", input._dtype))):
        raise RuntimeError(f"rsub(): For integral input tensors, argument alpha must not be a floating point number, got {alpha}.")
    return other - input * alpha if alpha != 1 else other - input


def sum_to_size(self: Tensor, *size: int) -> Tensor:
    """The sum over the dimensions in which this tensor is larger than a shape that broadcasts to its own."""
    shape = tuple(spread(size))
    lead = len(self._shape) - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, self._shape[lead:], strict=True)):
        raise RuntimeError(f"sum_to_size(): size {list(shape)} is not expandable to size {list(self._shape)}.")
    dims = [*range(lead), *[lead + i for i, n in enumerate(shape) if n == 1 and self._shape[lead + i] != 1]]
    return (self.sum(dims, True) if dims or not shape else self).reshape(shape)


def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: MemoryFormat | None = None) -> Tensor:
    """Resize in place to another tensor's shape, as `resize_`."""
    return self.resize_(the_template._shape, memory_format=memory_format)


def _each(self: Tensor, function: Callable[..., Number], *others: Tensor) -> Tensor:
    name = ("apply_", "map_", "map2_")[len(others)]
    if self._device.type != "cpu":
        raise TypeError(f"{name}(): can only be called on CPU tensors, got {self._device}")
    if self._requires_grad:
        raise RuntimeError(f"{name}(): can't call {name} on a Variable that requires grad. Use var.detach().{name}()")
    rows = zip(*[x.expand(self._shape).reshape((-1,)).tolist() for x in (self, *others)], strict=True)
    values = [function(*row) for row in rows]
    for value in values:
        if not isinstance(value, (int, float, complex)):
            raise TypeError(f"{name}(): the function must return a number, not {type(value).__name__}")
    made = self.new_tensor(values, dtype=self._dtype)
    return self.copy_(made.reshape(self._shape))


def apply_(self: Tensor, callable: Callable[..., Number]) -> Tensor:
    """Replace each element by a Python function of it; on the CPU only."""
    return _each(self, callable)


def map_(self: Tensor, tensor: Tensor, callable: Callable[..., Number]) -> Tensor:
    """Replace each element by a Python function of it and that of another tensor; on the CPU only."""
    return _each(self, callable, tensor)


def map2_(self: Tensor, tensor1: Tensor, tensor2: Tensor, callable: Callable[..., Number]) -> Tensor:
    """Replace each element by a Python function of it and those of two other tensors; on the CPU only."""
    return _each(self, callable, tensor1, tensor2)


def dim_order(self: Tensor, *, ambiguity_check: bool | Sequence[MemoryFormat] = False) -> tuple[int, ...]:
    """The dimensions from the outermost in memory to the innermost."""
    strides = self.stride()
    return tuple(sorted(range(len(self._shape)), key=lambda d: (-strides[d], -self._shape[d], d)))


def _is_none(self: Tensor) -> bool:
    return False


for _method in (sum_to_size, resize_as_, apply_, map_, map2_, dim_order):
    attach(_method.__name__, naming_operands(_method, 1) if _method in (resize_as_, map_, map2_) else _method)
for _name, _what in (
    ("is_xla", "XLA"), ("is_xpu", "XPU"), ("is_mps", "MPS"), ("is_mtia", "MTIA"), ("is_maia", "MAIA"), ("is_ipu", "IPU"),
    ("is_vulkan", "Vulkan"), ("is_mkldnn", "oneDNN"), ("is_nested", "nested"), ("is_sparse_csr", "CSR"),
):
    attach(_name, property(_is_none, doc=f"Whether this is a tensor of {_what}; none is, so far."))


@public("torch")
def logspace(
    start: Tensor | Number, end: Tensor | Number, steps: int, base: float = 10.0, *, dtype: DType | None = None,
    layout: Layout | None = None, device: DeviceLike = None, requires_grad: bool = False, out: Tensor | None = None,
) -> Tensor:
    """`steps` numbers from base**start to base**end, evenly spaced in the exponent, both ends included.

    >>> import corelib as torch
    >>> torch.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    if out is not None:
        dtype, device = of_out("logspace", out, dtype, device)
    default = get_default_dtype().to_complex() if any(isinstance(x, complex) for x in (start, end, base)) else get_default_dtype()
    kind = dtype or default
    if not (kind.is_floating_point or kind.is_complex):
        # the ends are elements of the dtype, as every one is
        start, end = [x if isinstance(x, complex) else int(x.item() if isinstance(x, Tensor) else x) for x in (start, end)]
    wide = kind if kind in (D.float32, D.float64) or kind.is_complex else D.float32 if kind.is_floating_point else D.float64
    made = (base ** linspace(start, end, steps, dtype=wide, layout=layout, device=device)).to(kind)
    return _finish(made, requires_grad, out, "logspace", False)
