"""Pretrained weights as enums, and the register of models: by name, with filters, with the weights that each has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, EnumMeta
from fnmatch import filter as matching
from functools import partial
from inspect import signature
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_args

from corelib.hub import load_state_dict_from_url
from corelib.nn import Module

__all__ = ["Weights", "WeightsEnum", "get_model", "get_model_builder", "get_model_weights", "get_weight", "list_models", "register_model"]

M = TypeVar("M", bound=Module)

BUILTIN_MODELS: dict[str, Callable[..., Module]] = {}
"""Every registered model: its name and the function that makes it."""

if TYPE_CHECKING:

    class _Members(EnumMeta):
        """For type checkers: the names of weights come from tables."""

        def __getattr__(cls, name: str) -> Any: ...

else:
    _Members = EnumMeta


@dataclass
class Weights:
    """Where pretrained weights are, what makes the transforms of their images, and what is known of them.

    url: the file of the state_dict. transforms: called, it gives the preset. meta: num_params, min_size (height, width), categories, ….
    Two are equal where their parts are, partial functions compared by what they call with what.
    """

    url: str
    transforms: Callable[..., Any]
    meta: dict[str, Any]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Weights):
            return NotImplemented
        ours, theirs = (
            (t.func, t.args, t.keywords) if isinstance(t := weights.transforms, partial) else t for weights in (self, other)
        )
        return self.url == other.url and self.meta == other.meta and ours == theirs


class WeightsEnum(Enum, metaclass=_Members):
    """The pretrained weights of one model; each member's value is a `Weights`, and DEFAULT is the best of them.

    >>> from corelib.vision.models import ResNet50_Weights
    >>> ResNet50_Weights.DEFAULT, ResNet50_Weights.DEFAULT.meta["num_params"]
    (ResNet50_Weights.IMAGENET1K_V2, 25557032)
    """

    @classmethod
    def verify(cls, obj: object) -> Self | None:
        """The member that is meant by a member, by its name with or without the enum's, or None. TypeError for anything else, KeyError for no name."""
        if obj is None or isinstance(obj, cls):
            return obj
        if type(obj) is str:
            return cls[obj.replace(f"{cls.__name__}.", "")]
        raise TypeError(f"verify(): expected weights of {cls.__name__}, the name of one, or None, got {type(obj).__name__}")

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """`hub.load_state_dict_from_url` of their file; other arguments go there."""
        return load_state_dict_from_url(self.url, *args, **kwargs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self._name_}"

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return getattr, (type(self), self._name_)  # by name, so that a pickle holds no classes

    @property
    def url(self) -> str:
        """Where the file is."""
        return self._weights.url

    @property
    def transforms(self) -> Callable[..., Any]:
        """Called, it gives the preset that images need."""
        return self._weights.transforms

    @property
    def meta(self) -> dict[str, Any]:
        """What is known of them: num_params, min_size, categories, …."""
        return self._weights.meta

    @property
    def _weights(self) -> Weights:
        found: Weights = self.value
        return found


def register_model(name: str | None = None) -> Callable[[Callable[..., M]], Callable[..., M]]:
    """Decorate a function that makes a model, so that `get_model` finds it, under `name` or its own. ValueError for a name that is taken."""

    def register(fn: Callable[..., M]) -> Callable[..., M]:
        key = name if name is not None else fn.__name__
        if key in BUILTIN_MODELS:
            raise ValueError(f"register_model(): there is a model of the name {key!r} already")
        BUILTIN_MODELS[key] = fn
        return fn

    return register


def get_model_builder(name: str) -> Callable[..., Module]:
    """The function that makes the model of that name, in any case. ValueError for an unknown one."""
    try:
        return BUILTIN_MODELS[name.lower()]
    except KeyError:
        raise ValueError(f"get_model_builder(): unknown model {name!r}; list_models() has the names") from None


def get_model(name: str, **config: Any) -> Module:
    """The model of that name, made with the arguments.

    >>> from corelib.vision.models import get_model
    >>> get_model("squeezenet1_1", num_classes=10).num_classes
    10
    """
    return get_model_builder(name)(**config)


def get_model_weights(name: Callable[..., Module] | str) -> type[WeightsEnum]:
    """The enum of the weights of a model, which is given by name or by the function that makes it."""
    return _get_enum_from_fn(get_model_builder(name) if isinstance(name, str) else name)


def _get_enum_from_fn(fn: Callable[..., Module]) -> type[WeightsEnum]:
    for kind in _kinds_of_weights(fn):
        if isinstance(kind, type) and issubclass(kind, WeightsEnum):
            return kind
    raise ValueError(f"get_model_weights(): {getattr(fn, '__name__', fn)} has no argument weights whose annotation is a WeightsEnum")


def _kinds_of_weights(fn: Callable[..., Module]) -> tuple[Any, ...]:
    """The annotation of the argument weights, and the parts of a union."""
    parameter = signature(fn).parameters.get("weights")
    return () if parameter is None else (parameter.annotation, *get_args(parameter.annotation))


def get_weight(name: str) -> WeightsEnum:
    """The weights of a full name, as "ResNet50_Weights.IMAGENET1K_V1". ValueError for an ill-formed name or an unknown enum, KeyError for the member."""
    enum, dot, member = name.partition(".")
    if not dot or "." in member:
        raise ValueError(f"get_weight(): expected the name of an enum, a point, and the name of weights, got {name!r}")
    for fn in BUILTIN_MODELS.values():
        for kind in _kinds_of_weights(fn):
            if isinstance(kind, type) and issubclass(kind, WeightsEnum) and kind.__name__ == enum:
                return kind[member]
    raise ValueError(f"get_weight(): no model has weights of the name {enum!r}")


def list_models(
    module: ModuleType | None = None, include: Iterable[str] | str | None = None, exclude: Iterable[str] | str | None = None
) -> list[str]:
    """The names of all models in order; those of one package, those that match any of `include`, without those that match any of `exclude`.

    Patterns are fnmatch's.

    >>> from corelib.vision.models import list_models
    >>> list_models(include="resnet*", exclude=["*50", "*1*2"])
    ['resnet101', 'resnet18', 'resnet34']
    """
    names = {n for n, fn in BUILTIN_MODELS.items() if module is None or fn.__module__.rpartition(".")[0] == module.__name__}
    if include:
        names = _any_of(include, names)
    if exclude:
        names -= _any_of(exclude, names)
    return sorted(names)


def _any_of(patterns: Iterable[str] | str, names: set[str]) -> set[str]:
    return {name for pattern in ([patterns] if isinstance(patterns, str) else patterns) for name in matching(names, pattern)}
