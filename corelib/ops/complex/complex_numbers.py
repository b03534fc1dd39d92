"""Complex numbers: made of parts and taken apart, conjugates, magnitudes and angles.

A complex tensor is a view of a real one with a last dimension of 2, and the other way round. `conj()` is a view, too: it shares its
tensor's memory and only marks it, as does `.imag` of a conjugate, which shows negatives. The marks are bits of the tensor's key (see
tensor/keys.py), and views of a marked tensor have its marks. Whoever computes with one gets a resolved array of it (`Tensor._array`);
whoever writes into one finds no kernel under its key, and the copy into it writes what is turned into the memory. What hands out memory
itself (numpy(), DLPack, view(dtype)) refuses, as PyTorch does. Derivatives follow PyTorch: the gradient of a real loss is
dL/d(real) + 1j * dL/d(imag); see graph/recording.py for how rules for real numbers serve for complex ones.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from threading import get_ident

from corelib.dispatcher.calls.elementwise import _execute
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public, show
from corelib.dispatcher.op import TABLE, Inferred
from corelib.ops.construction.creation import check_dtype
from corelib.ops.elementwise.where import select_where
from corelib.ops.elementwise.unary import _no_bool_neg
from corelib.ops.shape.joining import stack
from corelib.ops.shape.permutation import of_matrices
from corelib.ops.shape.shapes import broadcast_tensors
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.device import Native
from corelib.tensor.dtype import Number, dtype as DType, kind_name
from corelib.tensor.keys import dispatch_key
from corelib.tensor.size import Shape, Strides, contiguous_strides
from corelib.tensor.tensor import Tensor


def marked(t: Tensor, conj: bool, neg: bool) -> Tensor:
    """A view with these marks instead of its own."""
    made = t._as_view(t._shape, t._strides, t._offset, t._numel)
    made._key = dispatch_key(t._key.device_type, t._key.layout, conj, neg)
    return made


@op(kind="view", on=(), grad_name="ConjBackward0", vjp=lambda g: g.conj())
def conjugated(input: Tensor) -> Tensor:
    """A view of complex numbers that shows their conjugates.

    >>> import corelib as torch
    >>> torch._conj(torch.tensor([1 + 2j])).is_conj()
    True
    """
    if not input._dtype.is_complex:
        raise RuntimeError(f"_conj(): only complex numbers have a conjugate view, got {input._dtype}")
    return marked(input, not input._key.conj, input._key.neg)


@op(kind="view", on=(), grad_name="NegViewBackward0", vjp=lambda g: -g)
def negated(input: Tensor) -> Tensor:
    """A view that shows the negatives; the node's gradient is a copy.

    >>> import corelib as torch
    >>> torch._neg_view(torch.tensor([1., 2.]))
    tensor([-1., -2.])
    """
    _no_bool_neg(input._dtype, input)
    return marked(input, input._key.conj, not input._key.neg)


TABLE["conjugated"].rule.complex = TABLE["negated"].rule.complex = True
show(conjugated, ("_conj",), ("torch", "Tensor"))
show(negated, ("_neg_view",), ("torch", "Tensor"))


@public("torch", "Tensor")
def conj(input: Tensor) -> Tensor:
    """The conjugate, elementwise: a view of the same memory, which is marked; the tensor itself where it is real.

    >>> import corelib as torch
    >>> z = torch.tensor([1 + 2j])
    >>> z.conj(), z.conj().is_conj(), z.conj().data_ptr() == z.data_ptr()
    (tensor([1.-2.j]), True, True)
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"conj(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return conjugated(input) if input._dtype.is_complex else input


def resolved(t: Tensor) -> Tensor:
    """A marked tensor's elements in memory of their own, outside the graph."""
    key, plain = t._key, t._unresolved()
    for name, wanted in (("conj_physical", key.conj), ("neg", key.neg)):
        if wanted:
            plain = _execute(TABLE[name], (plain,), (plain,), plain._dtype, plain._device, plain._shape)
    return plain


def _resolved_array(self: Tensor) -> Native:
    """The native array of a marked tensor's elements, for a kernel that reads it.

    Its memory is this tensor's until the same thread asks for another: a kernel that has not run keeps what it was given.
    """
    made = resolved(self)
    self.__dict__.setdefault("_resolutions", {})[get_ident()] = made
    return made._array()


attach("_resolved_array", _resolved_array)
attach("_resolutions", None)  # where there is none


@public("torch", "Tensor")
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself, or a copy with its conjugates in memory where it is only marked as conjugated.

    >>> import corelib as torch
    >>> torch.tensor([1 + 2j]).conj().resolve_conj().is_conj()
    False
    """
    return input.clone() if input._key.conj else input


@public("torch", "Tensor")
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself, or a copy with its negatives in memory where it is only marked as negated.

    >>> import corelib as torch
    >>> torch.tensor([1 + 2j]).conj().imag.resolve_neg().is_neg()
    False
    """
    return input.clone() if input._key.neg else input


@public("torch", "Tensor")
def is_conj(input: Tensor) -> bool:
    """Whether the tensor shows its memory conjugated: what `conj()` of complex numbers returns, and views of that.

    >>> import corelib as torch
    >>> torch.tensor([1 + 2j]).conj()[0].is_conj()
    True
    """
    return input._key.conj


@public("torch", "Tensor")
def is_neg(input: Tensor) -> bool:
    """Whether the tensor shows its memory negated: `.imag` of a conjugate, and views of that.

    >>> import corelib as torch
    >>> torch.tensor([1 + 2j]).conj().imag.is_neg()
    True
    """
    return input._key.neg


def _but_got(dtype: D.dtype) -> str:
    return "but got Half, whose complex numbers (complex32) corelib does not have" if dtype is D.float16 else f"but got {kind_name(dtype)}"


def _retyped(input: Tensor, dtype: DType, shape: Shape, strides: Strides, offset: int, numel: int) -> Tensor:
    """A view of the same memory whose elements are of another dtype."""
    made = input._as_view(shape, strides, offset, numel)
    made._dtype = dtype
    return made


def _view_as_real_vjp(g: Tensor) -> Tensor:
    return view_as_complex(g.contiguous())


@op(kind="view", vjp=_view_as_real_vjp)
def view_as_real(input: Tensor) -> Tensor:
    """The same memory as real numbers: (*) gives (*, 2), real and imaginary parts.

    >>> import corelib as torch
    >>> torch.view_as_real(torch.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    if not input._dtype.is_complex:
        raise RuntimeError("view_as_real(): view_as_real is only supported for complex tensors")
    if input._key.conj:
        raise RuntimeError(
            "view_as_real(): view_as_real doesn't work on unresolved conjugated tensors.  To resolve the conjugate tensor so you can view it "
            "as real, use self.resolve_conj(); however, be warned that the resulting tensor will NOT alias the original."
        )
    strides = (*[2 * s for s in input.stride()], 1)
    return _retyped(input, input._dtype.to_real(), (*input._shape, 2), strides, 2 * input._offset, 2 * input._numel)


@op(kind="view", vjp=lambda g: view_as_real(g.contiguous().resolve_conj()))
def view_as_complex(input: Tensor) -> Tensor:
    """The same memory as complex numbers: (*, 2), real and imaginary parts, gives (*). RuntimeError where the parts do not lie together.

    >>> import corelib as torch
    >>> torch.view_as_complex(torch.tensor([[1., 2.]]))
    tensor([1.+2.j])
    """
    if input._dtype not in (D.float32, D.float64):
        raise RuntimeError(f"view_as_complex(): expected a tensor of Float or Double, {_but_got(input._dtype)}")
    check_dtype("view_as_complex", input._dtype.to_complex(), input._device)
    if not input._shape or input._shape[-1] != 2:
        raise RuntimeError(f"view_as_complex(): Tensor must have a last dimension of size 2, got shape {list(input._shape)}")
    steps = input.stride()
    if steps[-1] != 1:
        raise RuntimeError(f"view_as_complex(): Tensor must have a last dimension with stride 1, got strides {list(steps)}")
    if any(s % 2 for s, n in zip(steps[:-1], input._shape, strict=False) if n > 1) or input._offset % 2:
        raise RuntimeError(f"view_as_complex(): Tensor must have a stride and an offset divisible by 2 for all but last dimension, got {list(steps)}, {input._offset}")
    strides = tuple(s // 2 if n > 1 else c for s, n, c in zip(steps[:-1], input._shape, contiguous_strides(input._shape[:-1]), strict=False))
    return _retyped(input, input._dtype.to_complex(), input._shape[:-1], strides, input._offset // 2, input._numel // 2)


TABLE["view_as_real"].rule.complex = TABLE["view_as_complex"].rule.complex = True


@public("torch")
def real(input: Tensor) -> Tensor:
    """The real parts, a view; the tensor itself where it is real.

    >>> import corelib as torch
    >>> torch.real(torch.tensor([1 + 2j]))
    tensor([1.])
    """
    if not input._dtype.is_complex:
        return input
    return view_as_real(conj(input) if input._key.conj else input)[..., 0]


@public("torch")
def imag(input: Tensor) -> Tensor:
    """The imaginary parts, a view. RuntimeError for a tensor of real numbers.

    >>> import corelib as torch
    >>> torch.imag(torch.tensor([1 + 2j]))
    tensor([2.])
    """
    if not input._dtype.is_complex:
        raise RuntimeError(f"imag(): imag is not implemented for tensors with non-complex dtypes, got {input._dtype}")
    if input._key.conj:
        return negated(view_as_real(conj(input))[..., 1])
    return view_as_real(input)[..., 1]


def _put_part(which: str) -> Callable[[Tensor, Tensor | Number], None]:
    def put(self: Tensor, value: Tensor | Number) -> None:
        part = real(self) if which == "real" else imag(self)
        part.copy_(value if isinstance(value, Tensor) else part.new_tensor(value))

    return put


attach("real", property(real, _put_part("real"), doc="The real parts, a view."))
attach("imag", property(imag, _put_part("imag"), doc="The imaginary parts, a view."))


def _parts(name: str, first: str, second: str, a: Tensor, b: Tensor) -> None:
    for what, t in ((first, a), (second, b)):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): argument '{what}' must be Tensor, not {type(t).__name__}")
    for t in (a, b):
        if t._dtype not in (D.float32, D.float64):
            raise RuntimeError(f"{name}(): Expected both inputs to be Float or Double tensors, {_but_got(t._dtype)}")
    if a._dtype is not b._dtype:
        raise RuntimeError(f"{name}(): Expected object of scalar type {kind_name(a._dtype)} but got scalar type {kind_name(b._dtype)} for second argument")


@op(on=("torch",), out="exact")
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """Complex numbers of their real and imaginary parts, float32 or float64.

    >>> import corelib as torch
    >>> torch.complex(torch.tensor([1.]), torch.tensor([2.]))
    tensor([1.+2.j])
    """
    _parts("complex", "real", "imag", real, imag)
    return view_as_complex(stack(list(broadcast_tensors(real, imag)), -1))


@op(on=("torch",), out="exact")
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """Complex numbers of their magnitudes and angles in radians.

    >>> import corelib as torch
    >>> torch.polar(torch.tensor([2.]), torch.tensor([0.]))
    tensor([2.+0.j])
    """
    _parts("polar", "abs", "angle", abs, angle)
    return complex(abs * angle.cos(), abs * angle.sin())


@op(kind="unary", complex_body=True, inplace=True, out="exact", vjp=lambda g: g.conj())
def conj_physical(input: Tensor) -> Tensor:
    """The conjugate, elementwise, computed at once.

    >>> import corelib as torch
    >>> torch.conj_physical(torch.tensor([1 + 2j]))
    tensor([1.-2.j])
    """
    if not input._dtype.is_complex:
        return input.clone()
    return complex(real(input), -imag(input))


TABLE["conj_physical"].rule.complex = True


def _as_real(input: Tensor) -> Inferred:
    return (input._shape, input._dtype.to_real()), (input,)


def _magnitude_vjp(g: Tensor, input: Tensor) -> Tensor:
    return g * sgn(input)


@op(on=(), infer=_as_real, grad_name="AbsBackward0", vjp=_magnitude_vjp)
def magnitude(input: Tensor) -> Tensor:
    """The magnitudes of complex numbers."""
    a, b = real(input).abs(), imag(input).abs()
    return a.hypot(b)


def _phase_slope(g: Tensor, input: Tensor) -> Tensor:
    size = magnitude(input)
    nothing = size == 0
    return select_where(nothing, 0.0, g * input / select_where(nothing, 1.0, size * size) * 1j)


@op(on=(), infer=_as_real, grad_name="AngleBackward0", vjp=_phase_slope)
def phase(input: Tensor) -> Tensor:
    """The angles of complex numbers."""
    return imag(input).atan2(real(input))


TABLE["magnitude"].rule.complex = TABLE["phase"].rule.complex = True
TABLE["abs"].complex_as = magnitude


@op(out=True)
def angle(input: Tensor) -> Tensor:
    """The angle in radians, elementwise; of real numbers 0, or pi for negative ones.

    >>> import corelib as torch
    >>> torch.angle(torch.tensor([1j, -1 + 0j]))
    tensor([1.5708, 3.1416])
    """
    if input._dtype.is_complex:
        return phase(input)
    x = input if input._dtype.is_floating_point else input.to(D.float32)
    return select_where(x != x, x, select_where(x < 0, pi, x * 0.0))


@op(inplace=True, out="exact")
def sgn(input: Tensor) -> Tensor:
    """z / abs(z), elementwise, and 0 for 0; the sign of real numbers.

    >>> import corelib as torch
    >>> torch.sgn(torch.tensor([3 + 4j, 0j]))
    tensor([0.6000+0.8000j, 0.0000+0.0000j])
    """
    if not input._dtype.is_complex:
        return input.sign()
    size = magnitude(input)
    return input / select_where(size == 0, 1.0, size)


@public("torch", "Tensor")
def isreal(input: Tensor) -> Tensor:
    """Whether the imaginary part is 0, elementwise.

    >>> import corelib as torch
    >>> torch.isreal(torch.tensor([1 + 0j, 1j]))
    tensor([ True, False])
    """
    if input._dtype.is_complex:
        return imag(input) == 0
    return input == input if not input._dtype.is_floating_point else (input == input) | (input != input)


@public("torch", "Tensor")
def adjoint(input: Tensor) -> Tensor:
    """The conjugate of the transpose of matrices."""
    return _adjoint("adjoint()", input)


def _adjoint(name: str, input: Tensor) -> Tensor:
    return conj(of_matrices(name, input))


attach("mH", property(lambda self: _adjoint("mH", self), doc="The conjugate of the transpose of matrices."))


@public("torch", out="exact")
def view_as_real_copy(input: Tensor) -> Tensor:
    """A copy of what `view_as_real` shows."""
    return view_as_real(input).clone()


@public("torch", out="exact")
def view_as_complex_copy(input: Tensor) -> Tensor:
    """A copy of what `view_as_complex` shows."""
    return view_as_complex(input).clone()
