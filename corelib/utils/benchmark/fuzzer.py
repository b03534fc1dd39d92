"""Fuzzer: tensors of sizes, steps and layouts that are drawn, for benchmarks that should hold for more than one case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

from corelib.ops.random.generator import manual_seed
from corelib.ops.random.random import rand, randint
from corelib.tensor.dtype import dtype as DType, float32
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor

__all__ = ["FuzzedParameter", "FuzzedTensor", "Fuzzer", "ParameterAlias"]

Params = dict[str, Any]


class FuzzedParameter:
    """A number that is drawn.

    distribution: "loguniform" or "uniform" between minval and maxval, or a dictionary of values and their probabilities.
    strict: drawn once for all tries of a set, not anew when the others are refused. AssertionError for another distribution.
    """

    def __init__(
        self, name: str, minval: float | None = None, maxval: float | None = None, distribution: str | dict[Any, float] | None = None,
        strict: bool = False,
    ) -> None:  # fmt: skip
        self._name = name
        self._minval: Any = minval
        self._maxval: Any = maxval
        self.strict = strict
        if isinstance(distribution, dict):
            if any(p < 0 for p in distribution.values()):
                raise AssertionError("Probabilities cannot be negative")
            if minval is not None or maxval is not None:
                raise AssertionError("When passing a custom distribution, 'minval' and 'maxval' must be None")
        elif distribution not in ("loguniform", "uniform"):
            raise AssertionError(f"Unknown distribution: {distribution}")
        self._distribution = distribution

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self._name

    def sample(self, state: Any) -> Any:
        """A value, from a `numpy.random.RandomState`."""
        least, most = self._minval, self._maxval
        if isinstance(self._distribution, dict):
            return list(self._distribution)[state.choice(np.arange(len(self._distribution)), p=tuple(self._distribution.values()))]
        if self._distribution == "loguniform":
            drawn = int(2 ** state.uniform(low=None if least is None else np.log2(least), high=None if most is None else np.log2(most)))
            return least if least is not None and drawn < least else most if most is not None and drawn > most else drawn
        if isinstance(least, int) and isinstance(most, int):
            return int(state.randint(low=least, high=most + 1))
        return state.uniform(low=least, high=most)


class ParameterAlias:
    """A value of a distribution that stands for whatever another parameter is."""

    def __init__(self, alias_to: str) -> None:
        self.alias_to = alias_to

    def __repr__(self) -> str:
        return f"ParameterAlias[alias_to: {self.alias_to}]"


class FuzzedTensor:
    """A tensor whose size, steps and order of dimensions depend on parameters.

    size, steps: numbers, or names of parameters. probability_contiguous: how often its dimensions keep their order. min_elements, max_elements,
    max_allocation_bytes: what sets of parameters have to fit. dim_parameter: the parameter that says how many dimensions there are.
    tensor_constructor: makes it, from size, dtype and the parameters.
    """

    def __init__(
        self, name: str, size: tuple[str | int, ...], steps: tuple[str | int, ...] | None = None, probability_contiguous: float = 0.5,
        min_elements: int | None = None, max_elements: int | None = None, max_allocation_bytes: int | None = None, dim_parameter: str | None = None,
        roll_parameter: str | None = None, dtype: DType = float32, cuda: bool = False, tensor_constructor: Callable[..., Tensor] | None = None,
    ) -> None:  # fmt: skip
        self._name = name
        self._size = size
        self._steps = steps
        self._probability_contiguous = probability_contiguous
        self._min_elements = min_elements
        self._max_elements = max_elements
        self._max_allocation_bytes = max_allocation_bytes
        self._dim_parameter = dim_parameter
        self._dtype = dtype
        self._cuda = cuda
        self._tensor_constructor = tensor_constructor

    @property
    def name(self) -> str:
        """The tensor's name."""
        return self._name

    @staticmethod
    def default_tensor_constructor(size: Any, dtype: DType, **kwargs: Any) -> Tensor:
        """Random numbers: from 0 to 1, or integers from 1 to 126."""
        made: Tensor = rand(size=size, dtype=dtype) if dtype.is_floating_point or dtype.is_complex else randint(1, 127, size=size, dtype=dtype)
        return made

    def _make_tensor(self, params: Params, state: Any) -> tuple[Tensor, dict[str, Any]]:
        size, steps, allocated = self._sizes(params)
        raw = (self._tensor_constructor or self.default_tensor_constructor)(size=allocated, dtype=self._dtype, **params)
        if self._cuda:
            raw = raw.to("cuda")
        order = np.arange(len(size))
        if state.rand() > self._probability_contiguous:
            while len(size) > 1 and np.all(order == np.arange(len(size))):
                order = state.permutation(raw.dim())
            raw = raw.permute(tuple(int(d) for d in order)).contiguous().permute(tuple(int(d) for d in np.argsort(order)))
        made = raw[tuple(slice(0, n * step, step) for n, step in zip(size, steps, strict=True))]
        return made, {"numel": made.numel(), "order": order, "steps": steps, "is_contiguous": made.is_contiguous(), "dtype": str(self._dtype)}

    def _sizes(self, params: Params) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        dim = len(self._size) if self._dim_parameter is None else params[self._dim_parameter]

        def known(values: tuple[Any, ...]) -> tuple[int, ...]:
            found = tuple(params.get(value, value) for value in values)[:dim]
            return found + (1,) * (dim - len(found))

        size, steps = known(self._size), known(self._steps or ())
        return size, steps, tuple(n * step for n, step in zip(size, steps, strict=True))

    def satisfies_constraints(self, params: Params) -> bool:
        """Whether the tensor that these parameters make is within its bounds."""
        size, _, allocated = self._sizes(params)
        elements, nbytes = prod(map(int, size)), prod(map(int, allocated)) * self._dtype.itemsize
        if elements < 0:
            raise AssertionError("Computed number of elements is negative")
        return not (
            (self._max_elements is not None and elements > self._max_elements) or (self._min_elements is not None and elements < self._min_elements)
            or (self._max_allocation_bytes is not None and nbytes > self._max_allocation_bytes)
        )  # fmt: skip


class Fuzzer:
    """Draws parameters and makes tensors of them.

    parameters, tensors: FuzzedParameter and FuzzedTensor, alone or in lists. constraints: functions of the parameters that have to be true.
    seed: of NumPy's generator, so that a run can be repeated. ValueError for a name that both have.
    """

    def __init__(
        self, parameters: list[FuzzedParameter | list[FuzzedParameter]], tensors: list[FuzzedTensor | list[FuzzedTensor]],
        constraints: list[Callable[..., Any]] | None = None, seed: int | None = None,
    ) -> None:  # fmt: skip
        self._seed = int(np.random.RandomState().randint(0, 2**32 - 1, dtype=np.int64)) if seed is None else seed
        self._parameters = [p for each in parameters for p in ([each] if isinstance(each, FuzzedParameter) else each)]
        self._tensors = [t for each in tensors for t in ([each] if isinstance(each, FuzzedTensor) else each)]
        self._constraints = constraints or []
        both = {p.name for p in self._parameters} & {t.name for t in self._tensors}
        if both:
            raise ValueError(f"Duplicate names in parameters and tensors: {both}")
        self._rejections = self._total_generated = 0

    def take(self, n: int) -> Iterator[tuple[dict[str, Tensor], dict[str, Any], Params]]:
        """`n` times (tensors, their properties, parameters), each by name."""
        state = np.random.RandomState(self._seed)
        manual_seed(int(state.randint(low=0, high=2**63, dtype=np.int64)))
        for _ in range(n):
            params = self._generate(state)
            made = {t.name: t._make_tensor(params, state) for t in self._tensors}
            yield {name: tensor for name, (tensor, _) in made.items()}, {name: facts for name, (_, facts) in made.items()}, params

    @property
    def rejection_rate(self) -> float:
        """The share of drawn sets that were refused."""
        return self._rejections / self._total_generated if self._total_generated else 0.0

    def _generate(self, state: Any) -> Params:
        strict: Params = {}
        for _ in range(1000):
            drawn: Params = {}
            for p in self._parameters:
                if not p.strict:
                    drawn[p.name] = p.sample(state)
                else:
                    if p.name not in strict:
                        strict[p.name] = p.sample(state)
                    drawn[p.name] = strict[p.name]
            params = self._resolved(drawn)
            self._total_generated += 1
            if all(fits(params) for fits in self._constraints) and all(t.satisfies_constraints(params) for t in self._tensors):
                return params
            self._rejections += 1
        raise ValueError("Failed to generate a set of valid parameters.")

    @staticmethod
    def _resolved(params: Params) -> Params:
        params = dict(params)
        while left := sum(isinstance(value, ParameterAlias) for value in params.values()):
            for key, value in params.items():
                if isinstance(value, ParameterAlias):
                    params[key] = params[value.alias_to]
            if left == sum(isinstance(value, ParameterAlias) for value in params.values()):
                raise ValueError(f"ParameterAlias cycle detected\n{params}")
        return params
