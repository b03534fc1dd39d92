"""Which kernel a functional of the second transforms runs: by the type of its input, in a table that users may add to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from types import FunctionType
from typing import Any, TypeVar

from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors
from corelib.vision.tv_tensors import TVTensor

Kernel = Callable[..., Any]
F = TypeVar("F", bound=Kernel)


class PILImage:
    """Stands in the table for Pillow's class, which need not be there."""


_KERNEL_REGISTRY: dict[Kernel, dict[type, Kernel]] = {}
_FOUND: dict[tuple[Kernel, type], Kernel] = {}
"""What has been looked up."""
BUILTIN = frozenset((tv_tensors.Image, tv_tensors.Video, tv_tensors.Mask, tv_tensors.BoundingBoxes, tv_tensors.KeyPoints, TVTensor))


def is_pure_tensor(inpt: Any) -> bool:
    """Whether this is a tensor that does not say what it is."""
    return isinstance(inpt, Tensor) and not isinstance(inpt, TVTensor)


def functional(declared: Kernel) -> Any:
    """A functional, declared by its parameters and docstring: it runs the kernel for its first argument, which gets the others by name."""
    name, (first, *others) = declared.__name__, signature(declared).parameters
    given = "".join(f", {each}={each}" for each in others)
    scope: dict[str, Any] = {"kernel": _get_kernel}
    exec(f"def {name}({', '.join([first, *others])}):\n    return kernel({name}, type({first}))({first}{given})", scope)  # our own text
    made: Any = scope[name]
    for each in ("__defaults__", "__annotations__", "__doc__", "__module__", "__qualname__"):
        setattr(made, each, getattr(declared, each))
    _KERNEL_REGISTRY[made] = {}
    return made


def register(functional: Kernel, *types: type, wrapped: bool = True) -> Callable[[F], F]:
    """A decorator: the kernel of a functional for types. Images, masks and videos come to it as plain tensors and are made such again, unless it is not `wrapped`."""

    def put(kernel: F) -> F:
        for each in types:
            _KERNEL_REGISTRY[functional][each] = _as_plain(kernel) if wrapped and issubclass(each, TVTensor) else kernel
        return kernel

    return put


def _as_plain(kernel: Kernel) -> Kernel:
    @wraps(kernel)
    def plain(inpt: Any, *args: Any, **kwargs: Any) -> Any:
        made = kernel(inpt.as_subclass(Tensor), *args, **kwargs)
        if isinstance(made, tuple):  # of crops
            return tuple(tv_tensors.wrap(each, like=inpt) for each in made)
        return tv_tensors.wrap(made, like=inpt)

    return plain


def _known_of(kind: Any) -> tuple[str, ...]:
    found: tuple[str, ...] = kind._known
    return found


def register_on_canvas(functional: Kernel, kind: type) -> Callable[[F], F]:
    """A decorator: the kernel of a functional for boxes or points, which takes what they know, and as much of the other arguments as it has names for.

    It gives a plain tensor, or one and the new canvas.
    """
    names = tuple(signature(functional).parameters)[1:]

    def put(kernel: F) -> F:
        taken = frozenset(signature(kernel).parameters)
        known = tuple(each for each in _known_of(kind) if each in taken)

        @wraps(kernel)
        def plain(inpt: Any, *args: Any, **kwargs: Any) -> Any:
            kwargs.update(zip(names, args, strict=False))
            given = {name: value for name, value in kwargs.items() if name in taken}
            for each in known:
                given[each] = getattr(inpt, each)
            made = kernel(inpt.as_subclass(Tensor), **given)
            if isinstance(made, tuple):
                return tv_tensors.wrap(made[0], like=inpt, canvas_size=made[1])
            return tv_tensors.wrap(made, like=inpt)

        _KERNEL_REGISTRY[functional][kind] = plain
        return kernel

    return put


def _get_kernel(functional: Kernel, input_type: type, *, allow_passthrough: bool = False) -> Kernel:
    """The kernel for a type or the nearest that it is derived from. TypeError where there is none, unless what is not known may pass as it is."""
    found = _FOUND.get((functional, input_type))
    if found is not None:
        return found
    registry = _KERNEL_REGISTRY.get(functional)
    if not registry:
        raise ValueError(f"No kernel registered for functional {functional.__name__}.")
    for cls in input_type.__mro__:
        known = PILImage if (cls.__module__, cls.__name__) == ("PIL.Image", "Image") else cls
        if known in registry:
            _FOUND[functional, input_type] = registry[known]
            return registry[known]
        if cls is TVTensor:  # one that says what it is, and is not this, is no plain tensor either
            break
    if allow_passthrough:
        return lambda inpt, *args, **kwargs: inpt
    raise TypeError(f"{functional.__name__}(): expected one of {[each.__name__ for each in registry]}, but got {input_type}")


def register_kernel(functional: Kernel | str, tv_tensor_cls: type) -> Callable[[F], F]:
    """A decorator: this kernel does a functional, or the one of that name, to a subclass of `tv_tensors.TVTensor` of one's own.

    The kernel gets the tensor as it is, and the functional's other arguments by name. ValueError for a builtin class, or for no functional.

    >>> import corelib as torch
    >>> from corelib.vision import tv_tensors
    >>> from corelib.vision.transforms.v2 import functional as F
    >>> class Depth(tv_tensors.TVTensor):
    ...     pass
    >>> @F.register_kernel("horizontal_flip", Depth)
    ... def flip_depth(inpt):
    ...     return tv_tensors.wrap(inpt.flip(-1), like=inpt)
    >>> F.horizontal_flip(torch.tensor([1, 2]).as_subclass(Depth)).tolist()
    [2, 1]
    """
    from corelib.vision.transforms.v2 import functional as face  # which imports this

    if isinstance(functional, str):
        if not hasattr(face, functional):
            raise ValueError(f"register_kernel(): there is no functional {functional!r} in transforms.v2.functional")
        functional = getattr(face, functional)
    elif not (callable(functional) and getattr(functional, "__module__", "").startswith(face.__name__)):
        raise ValueError(f"register_kernel(): kernels can only be registered for functionals of transforms.v2.functional, but got {functional}")
    if not (isinstance(tv_tensor_cls, type) and issubclass(tv_tensor_cls, TVTensor)):
        raise ValueError(f"register_kernel(): kernels can only be registered for subclasses of tv_tensors.TVTensor, but got {tv_tensor_cls}")
    if tv_tensor_cls in BUILTIN:
        raise ValueError(f"register_kernel(): {tv_tensor_cls} has a kernel of its own")
    registry = _KERNEL_REGISTRY.setdefault(functional, {})  # type: ignore[arg-type]
    if tv_tensor_cls in registry:
        raise ValueError(f"register_kernel(): {functional} already has a kernel for {tv_tensor_cls}")
    _FOUND.clear()

    def put(kernel: F) -> F:
        registry[tv_tensor_cls] = kernel
        return kernel

    return put


def named(kernel: Any, name: str, first: str) -> Any:
    """The same kernel under another name, whose first argument has another name too."""
    code: Any = kernel.__code__
    made: Any = FunctionType(
        code.replace(co_name=name, co_varnames=(first, *code.co_varnames[1:])), kernel.__globals__, name, kernel.__defaults__, kernel.__closure__
    )
    made.__kwdefaults__, made.__doc__, made.__qualname__ = kernel.__kwdefaults__, kernel.__doc__, name
    old: Mapping[str, Any] = kernel.__annotations__
    made.__annotations__ = {first if key == code.co_varnames[0] else key: value for key, value in old.items()}
    return made


def video_of(functional: Kernel, kernel: Any) -> Any:
    """An image's kernel as that of videos, whose frames are images."""
    made = named(kernel, kernel.__name__.replace("_image", "_video"), "video")
    register(functional, tv_tensors.Video)(made)
    return made
