"""What the modules of models share: older forms of their arguments, arguments that weights decide, and layers whose outputs are wanted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Any, TypeVar

from corelib.as_torch.warned import warn
from corelib.nn import Module, ModuleDict
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum

M = TypeVar("M")
V = TypeVar("V")
_ABSENT = object()


class IntermediateLayerGetter(ModuleDict):
    """A model's direct children up to the last that is wanted, run one after another; the outputs wanted come back under new names.

    return_layers: names of children and the names of their outputs. ValueError for a child that is not there. The model must run its
    children in the order in which it has them, each once.

    >>> import corelib as torch
    >>> from corelib.vision.models._utils import IntermediateLayerGetter
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2), torch.nn.ReLU())
    >>> getter = IntermediateLayerGetter(net, {"0": "flat", "1": "line"})
    >>> [(name, tuple(out.shape)) for name, out in getter(torch.ones(3, 2, 2)).items()], len(getter)
    ([('flat', (3, 4)), ('line', (3, 2))], 2)
    """

    _version = 2

    def __init__(self, model: Module, return_layers: dict[str, str]) -> None:
        children = dict(model.named_children())
        wanted = {str(name) for name in return_layers}
        if not set(return_layers) <= set(children):
            raise ValueError(f"IntermediateLayerGetter(): {sorted(wanted - set(children))} are no children of the model, which has {list(children)}")
        kept: OrderedDict[str, Module] = OrderedDict()
        for name, child in children.items():
            kept[name] = child
            wanted.discard(name)
            if not wanted:
                break
        super().__init__(kept)
        self.return_layers = return_layers

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        out: OrderedDict[str, Tensor] = OrderedDict()
        for name, module in self.items():
            x = module(x)
            if name in self.return_layers:
                out[self.return_layers[name]] = x
        return out


def _make_divisible(v: float, divisor: int, min_value: int | None = None) -> int:
    """The multiple of `divisor` nearest to `v`, at least `min_value` (`divisor`), and not below nine tenths of `v`."""
    nearest = max(divisor if min_value is None else min_value, int(v + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * v else nearest


def _assert(holds: bool, message: str) -> None:
    """AssertionError with the message unless it holds; one node of a traced model."""
    if not holds:
        raise AssertionError(message)


def kwonly_to_pos_or_kw(fn: Callable[..., M]) -> Callable[..., M]:
    """Let a function's keyword-only arguments be given by position too, with a warning. TypeError for a function that has none."""
    names = list(signature(fn).parameters)
    first = next((i for i, p in enumerate(signature(fn).parameters.values()) if p.kind is Parameter.KEYWORD_ONLY), None)
    if first is None:
        raise TypeError(f"kwonly_to_pos_or_kw(): {fn.__name__} has no keyword-only arguments")

    @wraps(fn)
    def call(*args: Any, **kwargs: Any) -> M:
        if len(args) > first:
            named = dict(zip(names[first:], args[first:]))
            warn(f"{fn.__name__}(): {', '.join(named)} by position is deprecated since torchvision 0.13; write {', '.join(f'{n}=...' for n in named)}")
            kwargs.update(named)
        return fn(*args[:first], **kwargs)

    return call


def handle_legacy_interface(**weights: tuple[str, Any]) -> Callable[[Callable[..., M]], Callable[..., M]]:
    """Let a function that makes a model take `pretrained=True` for `weights=...`, with a warning.

    Each keyword is an argument for weights; its value is the older argument's name, and the weights that True meant, or a function of the
    keyword arguments that gives them.
    """

    def decorate(builder: Callable[..., M]) -> Callable[..., M]:
        @kwonly_to_pos_or_kw
        @wraps(builder)
        def build(*args: Any, **kwargs: Any) -> M:
            for name, (older, meant) in weights.items():
                _replace_older(builder.__name__, kwargs, name, older, meant)
            return builder(*args, **kwargs)

        return build

    return decorate


def _replace_older(fn: str, kwargs: dict[str, Any], name: str, older: str, meant: Any) -> None:
    """Put weights, or None, in the place of a bool that was given for them or under the older name."""
    given = kwargs.get(name, _ABSENT)
    if given is None or isinstance(given, WeightsEnum) or (isinstance(given, str) and given != "legacy") or (given is _ABSENT and older not in kwargs):
        return
    if given is not _ABSENT:
        kwargs[older] = kwargs.pop(name)
    weights = None
    if kwargs[older]:
        weights = meant(kwargs) if callable(meant) else meant
        if not isinstance(weights, WeightsEnum):
            raise ValueError(f"{fn}(): there are no weights for {older}=True")
    if given is _ABSENT:
        warn(f"{fn}(): {older} is deprecated since torchvision 0.13; use {name} instead")
    best = f", or {name}={type(weights).__name__}.DEFAULT for the best there are" if weights is not None else ""
    warn(f"{fn}(): anything but weights, their name or None is deprecated for {name} since torchvision 0.13; write {name}={weights}{best}")
    del kwargs[older]
    kwargs[name] = weights


def _ovewrite_named_param(kwargs: dict[str, Any], param: str, new_value: object) -> None:
    """Set an argument that weights decide. ValueError where it was given with another value."""
    if kwargs.setdefault(param, new_value) != new_value:
        raise ValueError(f"{param} must be {new_value} for these weights or this model, got {kwargs[param]}")


def _ovewrite_value_param(param: str, actual: V | None, expected: V) -> V:
    """The value that weights decide. ValueError where another was given."""
    if actual is not None and actual != expected:
        raise ValueError(f"{param} must be {expected} for these weights, got {actual}")
    return expected
