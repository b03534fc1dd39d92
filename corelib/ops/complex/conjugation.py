"""Conjugates and negatives as views: `conj()` shares its tensor's memory and only marks it, as does `.imag` of a conjugate.

The marks are bits of the tensor's key (see tensor/keys.py). Views of a marked tensor have its marks. Whoever computes with one gets a
resolved array of it (`Tensor._array`); whoever writes into one finds no kernel under its key, and `write_lazily` writes the conjugate or
negative into the memory. What hands out memory itself (numpy(), DLPack, view(dtype)) refuses, as PyTorch does.
"""

from __future__ import annotations

from threading import get_ident

from corelib.dispatcher.calls.elementwise import _execute
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public, show
from corelib.dispatcher.op import TABLE
from corelib.ops.elementwise.unary import _no_bool_neg
from corelib.tensor.base import attach
from corelib.tensor.device import Native
from corelib.tensor.keys import dispatch_key
from corelib.tensor.tensor import Tensor


def marked(t: Tensor, conj: bool, neg: bool) -> Tensor:
    """A view with these marks instead of its own."""
    made = t._as_view(t._shape, t._strides, t._offset, t._numel)
    made._key = dispatch_key(t._key.device_type, t._key.layout, conj, neg)
    return made


@op(kind="view", on=(), grad_name="ConjBackward0", vjp=lambda g: g.conj())
def conjugated(input: Tensor) -> Tensor:
    """A view of complex numbers that shows their conjugates."""
    if not input._dtype.is_complex:
        raise RuntimeError(f"_conj(): only complex numbers have a conjugate view, got {input._dtype}")
    return marked(input, not input._key.conj, input._key.neg)


@op(kind="view", on=(), grad_name="NegViewBackward0", vjp=lambda g: -g)
def negated(input: Tensor) -> Tensor:
    """A view that shows the negatives; the node's gradient is a copy."""
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
