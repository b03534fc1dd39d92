"""What all distributions have: shapes, checks of parameters and values, and the names of what can be asked of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from corelib.as_torch.warned import warn
from corelib.distributions.constraints import Constraint, is_dependent
from corelib.distributions.utils import lazy_property
from corelib.graph.grad_mode import no_grad
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["Distribution"]


def all_true(valid: Tensor) -> bool:
    """Whether every element is True."""
    return bool(valid.all())


class Distribution:
    """A probability distribution, or a batch of them: `batch_shape` of distributions whose samples have `event_shape`.

    With `validate_args`, or by default (`set_default_validate_args`), parameters and values are checked against their constraints,
    ValueError otherwise. What a family does not have is a NotImplementedError.

    >>> import corelib as torch
    >>> m = torch.distributions.Normal(torch.zeros(2), torch.ones(2))
    >>> m.batch_shape, m.event_shape, m.sample((3,)).shape
    (torch.Size([2]), torch.Size([]), torch.Size([3, 2]))
    """

    if TYPE_CHECKING:  # read only, for families that compute them

        @property
        def has_rsample(self) -> bool: ...

        @property
        def has_enumerate_support(self) -> bool: ...
    else:
        has_rsample = False
        has_enumerate_support = False
    _validate_args = __debug__

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions check their arguments where `validate_args` is not given; True unless Python runs with -O.

        >>> import corelib as torch
        >>> torch.distributions.Distribution.set_default_validate_args(True)
        """
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args(): argument 'value' must be True or False, got {value!r}")
        Distribution._validate_args = value

    def __init__(
        self, batch_shape: Sequence[int] = Size(), event_shape: Sequence[int] = Size(), validate_args: bool | None = None
    ) -> None:
        self._batch_shape = batch_shape if isinstance(batch_shape, Size) else Size(batch_shape)
        self._event_shape = event_shape if isinstance(event_shape, Size) else Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()
        super().__init__()

    def _check_parameters(self) -> None:
        try:
            needed = self.arg_constraints
        except NotImplementedError:
            needed = {}
            warn(
                f"{self.__class__} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize the distribution "
                "with `validate_args=False` to turn off validation.",
            )  # fmt: skip
        for name, constraint in needed.items():
            if is_dependent(constraint):
                continue  # on values that only others know
            if name not in self.__dict__ and isinstance(getattr(type(self), name), lazy_property):
                continue  # made of what has been checked
            value = getattr(self, name)
            if not all_true(constraint.check(value)):
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution {self!r} "
                    f"to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        """The same distribution with its batch dimensions expanded, without memory. A subclass that has its own `__init__` says how.

        >>> import corelib as torch
        >>> torch.distributions.Normal(0., 1.).expand((2,)).batch_shape
        torch.Size([2])
        """
        raise NotImplementedError(f"{type(self).__name__} has no expand()")

    def _expanded(
        self, cls: type[Distribution], batch_shape: Sequence[int], instance: Distribution | None, batched: Sequence[str] = (),
        kept: Sequence[str] = (),
    ) -> Self:  # fmt: skip
        """What `expand` of a family does: the attributes in `batched` are expanded, distributions among them too, those in `kept` taken over."""
        new = self._get_checked_instance(cls, instance)
        shape = Size(batch_shape)
        own = self.__dict__
        for name in batched:
            if name in own:
                value = own[name]
                tail = () if isinstance(value, Distribution) else value.shape[len(self._batch_shape):]
                setattr(new, name, value.expand(shape + tail))
        for name in kept:
            if name in own:
                setattr(new, name, own[name])
        Distribution.__init__(new, shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @property
    def batch_shape(self) -> Size:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one sample of one distribution."""
        return self._event_shape

    @property
    def arg_constraints(self) -> dict[str, Constraint]:
        """The constraint of each parameter that is a tensor, by name."""
        raise NotImplementedError(f"{type(self).__name__} has no arg_constraints")

    @property
    def support(self) -> Constraint | None:
        """The constraint that samples satisfy."""
        raise NotImplementedError(f"{type(self).__name__} has no support")

    @property
    def mean(self) -> Tensor:
        """The mean."""
        raise NotImplementedError(f"{type(self).__name__} has no mean")

    @property
    def mode(self) -> Tensor:
        """Where the density or the chance is largest."""
        raise NotImplementedError(f"{self.__class__} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The variance, elementwise."""
        raise NotImplementedError(f"{type(self).__name__} has no variance")

    @property
    def stddev(self) -> Tensor:
        """The standard deviation, elementwise."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        """Numbers of shape `sample_shape + batch_shape + event_shape`, without gradients."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        """As `sample`, as a function of the parameters, through which gradients flow; families with `has_rsample` have it."""
        raise NotImplementedError(f"{type(self).__name__} has no rsample(): its samples have no gradient; use sample()")

    def sample_n(self, n: int) -> Tensor:
        """`sample((n,))`. Deprecated, with a FutureWarning."""
        warn("`sample_n(n)` will be deprecated. Use `sample((n,))` instead.", FutureWarning)
        return self.sample(Size((n,)))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the chance, at `value`."""
        raise NotImplementedError(f"{type(self).__name__} has no log_prob()")

    def cdf(self, value: Tensor) -> Tensor:
        """The chance of a number up to `value`."""
        raise NotImplementedError(f"{type(self).__name__} has no cdf()")

    def icdf(self, value: Tensor) -> Tensor:
        """The number whose `cdf` is `value`."""
        raise NotImplementedError(f"{type(self).__name__} has no icdf()")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution along a first dimension; the batch dimensions are of size 1 without `expand`.

        >>> import corelib as torch
        >>> torch.distributions.Bernoulli(torch.tensor([0.5])).enumerate_support()
        tensor([[0.],
                [1.]])
        """
        raise NotImplementedError(f"{type(self).__name__} has no enumerate_support()")

    def entropy(self) -> Tensor:
        """The entropy in nats, of shape `batch_shape`."""
        raise NotImplementedError(f"{type(self).__name__} has no entropy()")

    def perplexity(self) -> Tensor:
        """e to the power of the entropy."""
        return self.entropy().exp()

    def _extended_shape(self, sample_shape: Sequence[int] = Size()) -> Size:
        """The shape of a sample."""
        if type(sample_shape) is Size and not sample_shape:
            return self._batch_shape + self._event_shape if self._event_shape else self._batch_shape
        return Size(sample_shape) + self._batch_shape + self._event_shape

    def _validate_sample(self, value: Tensor) -> None:
        """ValueError unless a value has the shape of samples, or one that broadcasts to it, and lies in the support."""
        if not isinstance(value, Tensor):
            raise ValueError(f"The value argument to log_prob must be a Tensor, got {type(value).__name__}")
        start = value.ndim - len(self._event_shape)
        if value.shape[start:] != self._event_shape:
            raise ValueError(f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}.")
        expected = self._batch_shape + self._event_shape
        if any(i != 1 and j != 1 and i != j for i, j in zip(reversed(value.shape), reversed(expected), strict=False)):
            raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {expected}.")
        try:
            support = self.support
        except NotImplementedError:
            warn(
                f"{self.__class__} does not define `support` to enable sample validation. Please initialize the distribution with "
                "`validate_args=False` to turn off validation.",
            )  # fmt: skip
            return
        assert support is not None
        if not all_true(support.check(value)):
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the support "
                f"({support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def _get_checked_instance(self, cls: type[Distribution], _instance: Any = None) -> Self:
        """An object to fill by `expand`; NotImplementedError where a subclass has an `__init__` of its own and no `expand`."""
        if _instance is None and type(self).__init__ != cls.__init__:
            raise NotImplementedError(
                f"Subclass {self.__class__.__name__} of {cls.__name__} that defines a custom __init__ method "
                "must also define a custom .expand() method."
            )
        made: Self = self.__new__(type(self)) if _instance is None else _instance
        return made

    def __repr__(self) -> str:
        values = {name: self.__dict__[name] for name in self.arg_constraints if name in self.__dict__}
        shown = ", ".join(f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in values.items())
        return f"{self.__class__.__name__}({shown})"
