"""What higher rooms give to every tensor: the op table its methods and operators, the graph its gradients, printing its text.

A slot: `TensorBase` is empty here and filled by `attach` and `extend`. Its names and signatures are in base.pyi,
which `python -m tools.stubs` writes, so that type checkers know in every room what a tensor can do.
"""

from __future__ import annotations

from typing import TypeVar

C = TypeVar("C", bound=type)

_OWN = frozenset(("__dict__", "__doc__", "__module__", "__qualname__", "__slots__", "__weakref__", "__annotations__", "__firstlineno__"))


class TensorBase:
    """The base of `Tensor` that holds its methods; PyTorch's has the same name."""

    __slots__ = ()


def attach(name: str, value: object) -> None:
    """Give every tensor a method or property."""
    setattr(TensorBase, name, value)


def extend(source: C) -> C:
    """Give every tensor what a class defines: a decorator for a subclass of `Tensor` that exists for nothing else."""
    for name, value in vars(source).items():
        if name not in _OWN:
            attach(name, value)
    return source
