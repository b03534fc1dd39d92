"""The table of Kullback-Leibler divergences, and how one is found in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from corelib.as_torch.warned import warn
from corelib.distributions.distribution import Distribution
from corelib.tensor.tensor import Tensor

Pair: TypeAlias = tuple[type[Distribution], type[Distribution]]
F = TypeVar("F", bound=Callable[..., Tensor])

_KL_REGISTRY: dict[Pair, Callable[..., Tensor]] = {}
_KL_MEMOIZE: dict[Pair, Callable[..., Tensor] | None] = {}


def register_kl(type_p: type[Distribution], type_q: type[Distribution]) -> Callable[[F], F]:
    """A decorator: the function gives `kl_divergence(p, q)` for distributions of these classes and of their subclasses.

    Where several fit, the most specific one is taken, by `type_p` first; a RuntimeWarning says where that is not clear. TypeError for what
    is no class of distributions.

    >>> import corelib as torch
    >>> D = torch.distributions
    >>> class Mine(D.Normal): pass
    >>> @D.register_kl(Mine, Mine)
    ... def kl(p, q): return torch.tensor(7.)
    >>> D.kl_divergence(Mine(0., 1.), Mine(0., 1.))
    tensor(7.)
    """
    for name, kind in (("type_p", type_p), ("type_q", type_q)):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"register_kl(): Expected {name} to be a Distribution subclass but got {kind}")

    def decorator(function: F) -> F:
        _KL_REGISTRY[type_p, type_q] = function
        _KL_MEMOIZE.clear()
        return function

    return decorator


def _more_specific(first: Pair, second: Pair) -> bool:
    """Whether a pair of classes is below another, the first of each counting first."""
    for mine, other in zip(first, second, strict=True):
        if not issubclass(mine, other):
            return False
        if mine is not other:
            break
    return True


def _lowest(pairs: list[Pair]) -> Pair:
    lowest = pairs[0]
    for pair in pairs[1:]:
        if _more_specific(pair, lowest):
            lowest = pair
    return lowest


def _find(type_p: type[Distribution], type_q: type[Distribution]) -> Callable[..., Tensor] | None:
    fitting = [(p, q) for p, q in _KL_REGISTRY if issubclass(type_p, p) and issubclass(type_q, q)]
    if not fitting:
        return None
    left_p, left_q = _lowest(fitting)
    right_q, right_p = _lowest([(q, p) for p, q in fitting])
    found = _KL_REGISTRY[left_p, left_q]
    if found is not _KL_REGISTRY[right_p, right_q]:
        warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please register_kl({left_p.__name__}, {right_q.__name__})",
            RuntimeWarning,
        )  # fmt: skip
    return found


def kl_divergence(p: Any, q: Any) -> Tensor:
    """The Kullback-Leibler divergence of p from q, the mean under p of log p(x) - log q(x), of shape `batch_shape`.

    NotImplementedError for pairs of families without a formula; `register_kl` adds one.

    >>> import corelib as torch
    >>> D = torch.distributions
    >>> D.kl_divergence(D.Normal(0., 1.), D.Normal(1., 1.))
    tensor(0.5000)
    """
    pair = type(p), type(q)
    if pair not in _KL_MEMOIZE:
        _KL_MEMOIZE[pair] = _find(*pair)
    function = _KL_MEMOIZE[pair]
    if function is None:
        raise NotImplementedError(f"No KL(p || q) is implemented for p type {p.__class__.__name__} and q type {q.__class__.__name__}")
    return function(p, q)
