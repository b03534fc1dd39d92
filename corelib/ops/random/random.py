"""Random tensors. Numbers come from a device's Generator; see corelib/ops/random/generator.py for the streams.

Host streams are drawn into NumPy arrays and moved to the device, so a seed gives the same numbers everywhere. Uniform numbers,
integers and bernoulli of the Philox stream are made on the device where it has a kernel (drawing.py), the same bits again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from corelib.dispatcher.calls.inplace import check_writable, inplace
from corelib.dispatcher.calls.outs import of_out
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.operands import number
from corelib.dispatcher.op import TABLE
from corelib.graph.grad_mode import grad_mode, no_grad
from corelib.graph.tangents import FORWARD
from corelib.ops.complex.complex_numbers import view_as_real
from corelib.ops.construction.creation import _blank, _finish, empty_like, parse_size
from corelib.ops.conversion.copying import copy_elements, kept_strides
from corelib.ops.elementwise.predicates import any_true
from corelib.ops.random.drawing import drawn_tensor, drawn_there, filled, room_of
from corelib.ops.random.generator import NO_NUMBERS, Generator, default_of
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.device import DeviceLike, device as Device
from corelib.tensor.dtype import Number, dtype as DType, kind_name
from corelib.tensor.layout import layout as Layout, memory_format as MemoryFormat
from corelib.tensor.limits import finfo, iinfo
from corelib.tensor.size import LEAST, SMALL, Shape, integer
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:
    from corelib.ops.random.sampling import Array


def generator_of(name: str, generator: object, device: Device) -> Generator:
    """The generator to draw from: the one given, which must be of the device, or the device's default; on meta nothing is drawn."""
    if device.type == "meta" and (generator is None or isinstance(generator, Generator)):
        return NO_NUMBERS
    if generator is None:
        return default_of(device)
    if not isinstance(generator, Generator):
        raise TypeError(f"{name}(): argument 'generator' must be torch.Generator, not {type(generator).__name__}")
    if generator.device.type != device.type:
        raise RuntimeError(f"{name}(): Expected a '{device.type}' device type for generator but found '{generator.device.type}'")
    return generator


def _float_only(name: str, t: Tensor) -> None:
    if not t._dtype.is_floating_point:
        raise NotImplementedError(
            f"{name}(): \"{name}_cpu\" not implemented for '{kind_name(t._dtype)}'; floating dtypes are accepted"
        )


def _parts(t: Tensor) -> Tensor:
    """The tensor that numbers are drawn for: complex ones are drawn part by part, one after the other."""
    if not t._dtype.is_complex:
        return t
    return view_as_real(t)


def _by_parts(t: Tensor, draw: Callable[[Tensor], object]) -> None:
    """Draw the parts of complex numbers; what only shows conjugates is written to afterwards."""
    made = t.new_empty(t._shape) if t._key.conj else t
    draw(_parts(made))
    if made is not t:
        copy_elements(t, made)


def _in_a_row(out: Tensor | None, shape: Shape) -> bool:
    """Whether normal numbers go to elements without gaps; PyTorch draws others for a tensor that has gaps."""
    return out is None or out._shape != shape or out.is_contiguous()


_PART = 0.5**0.5
"""The standard deviation of each part of a complex number whose own is 1."""


@public("torch")
def rand(
    *sizes: int | Sequence[int], size: Sequence[int] | None = None, generator: Generator | None = None, out: Tensor | None = None, dtype: DType | None = None,
    layout: Layout | None = None, device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:
    """Uniform numbers from 0, included, to 1, excluded.

    >>> import corelib as torch
    >>> _ = torch.manual_seed(0); torch.rand(2)
    tensor([0.4963, 0.7682])
    """
    if out is not None:
        dtype, device = of_out("rand", out, dtype, device)
    t = _blank("rand", parse_size("rand", sizes if size is None else (size,)), dtype, layout, device)
    parts = _parts(t)
    _float_only("rand", parts)
    source = generator_of("rand", generator, t._device)
    if not drawn_there(parts, source, "uniform"):
        try:
            room = room_of(parts)
            array = source.random_uniform(parts._numel, parts._dtype.np, 0.0, 1.0, room)
            if array is not room:
                filled(parts, array)
        except MemoryError as error:
            raise parts._device.runtime.allocator.no_room("rand", error) from None
    return _finish(t, requires_grad, out, "rand", pin_memory)


@public("torch")
def randn(
    *sizes: int | Sequence[int], size: Sequence[int] | None = None, generator: Generator | None = None, out: Tensor | None = None, dtype: DType | None = None,
    layout: Layout | None = None, device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:
    """Normal numbers with mean 0 and standard deviation 1; of complex numbers each part has half the variance.

    >>> import corelib as torch
    >>> _ = torch.manual_seed(0); torch.randn(2)
    tensor([ 1.5410, -0.2934])
    """
    if out is not None:
        dtype, device = of_out("randn", out, dtype, device)
    t = _blank("randn", parse_size("randn", sizes if size is None else (size,)), dtype, layout, device)
    parts = _parts(t)
    _float_only("randn", parts)
    source = generator_of("randn", generator, t._device)
    try:
        scale = 1.0 if parts is t else _PART
        room = room_of(parts)
        array = source.random_normal(parts._numel, parts._dtype.np, 0.0, scale, _in_a_row(out, t._shape), room)
        if array is not room:
            filled(parts, array)
    except MemoryError as error:
        raise parts._device.runtime.allocator.no_room("randn", error) from None
    return _finish(t, requires_grad, out, "randn", pin_memory)


@public("torch")
def randint(
    *args: int | Sequence[int], low: int | None = None, high: int | None = None, size: Sequence[int] | None = None,
    generator: Generator | None = None, out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:
    """Uniform integers from `low` (default 0), included, to `high`, excluded: `randint(high, size)`, `randint(low, high, size)`.

    >>> import corelib as torch
    >>> _ = torch.manual_seed(0); torch.randint(10, (3,))
    tensor([4, 9, 3])
    """
    given: list[object] = [*args]
    if given and size is None and isinstance(given[-1], (tuple, list)):
        size = given[-1]
        del given[-1]
    last: object = given.pop() if given and high is None else high
    first: object = given.pop() if given and low is None else low
    if size is None or last is None or given:
        raise TypeError("randint(): expected (high, size) or (low, high, size)")
    low, high = integer("randint", "low", 0 if first is None else first), integer("randint", "high", last)
    if low >= high:
        raise RuntimeError(f"randint(): random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if out is not None:
        dtype, device = of_out("randint", out, dtype, device)
    t = _blank("randint", parse_size("randint", (size,)), D.int64 if dtype is None else dtype, layout, device)
    _in_range("randint", t, low, high)
    source = generator_of("randint", generator, t._device)
    if not drawn_there(t, source, "integers", low, high):
        try:
            filled(t, source.random_integers(t._numel, low, high, t._dtype.np))
        except MemoryError as error:
            raise t._device.runtime.allocator.no_room("randint", error) from None
    return _finish(t, requires_grad, out, "randint", pin_memory)


def _in_range(name: str, t: Tensor, low: int, high: int) -> None:
    if t._dtype.is_complex:
        raise RuntimeError(f"{name}(): check_random_bounds handles only integral, floating-point and boolean types, got {t._dtype}")
    if t._dtype in D.INTEGERS:
        limits = iinfo(t._dtype)
        if low < limits.min or high - 1 > limits.max:
            raise RuntimeError(
                f"{name}(): from={low} and to={high} are out of bounds for {t._dtype} ({limits.min} to {limits.max})"
            )


@public("torch")
def randperm(
    n: int, *, generator: Generator | None = None, out: Tensor | None = None, dtype: DType | None = None,
    layout: Layout | None = None, device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:
    """The integers from 0 to n - 1 in a random order.

    >>> import corelib as torch
    >>> _ = torch.manual_seed(0); torch.randperm(4)
    tensor([0, 1, 3, 2])
    """
    if dtype is D.bool:
        raise NotImplementedError("randperm(): \"randperm\" not implemented for 'Bool'; numbers are accepted")
    if n < 0:
        raise RuntimeError(f"randperm(): n must be non-negative, got {n}")
    if out is not None:
        dtype, device = of_out("randperm", out, dtype, device)
    t = _blank("randperm", (n,), D.int64 if dtype is None else dtype, layout, device)
    try:
        array = generator_of("randperm", generator, t._device).permutation(n, t._dtype.np)
    except MemoryError as error:
        raise t._device.runtime.allocator.no_room("randperm", error) from None
    return _finish(filled(t, array), requires_grad, out, "randperm", pin_memory)


def _like(name: str, make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def like(
        input: Tensor, *args: int, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
        requires_grad: bool = False, memory_format: MemoryFormat | None = None, **names: object,
    ) -> Tensor:
        if not isinstance(input, Tensor):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        strides = kept_strides(input, memory_format)
        if strides is not None and name == "randn_like":  # the stream of normal numbers is another one there
            made: Tensor = empty_like(input, dtype=dtype, device=device, memory_format=memory_format)
            made.normal_(generator=cast("Generator | None", names.get("generator")))
            return made.requires_grad_() if requires_grad else made
        made = make(*args, input._shape, dtype=input._dtype if dtype is None else dtype, device=input._device if device is None else device, **names)
        if strides is not None:  # the numbers stand in the order of memory
            flat = made
            made = Tensor._empty(flat._device, flat._dtype, flat._shape, strides)
            copy_elements(made._as_view((made._numel,), None, 0, made._numel), flat.reshape((-1,)))
        return made.requires_grad_() if requires_grad else made

    like.__name__ = like.__qualname__ = name
    like.__doc__ = f"As `{name[:-5]}`, with the shape, and unless given the dtype and device, of `input`."
    return like


rand_like = public("torch")(_like("rand_like", rand))
randn_like = public("torch")(_like("randn_like", randn))
randint_like = public("torch")(_like("randint_like", randint))


@op(
    on=(), grad_name=lambda drawn, mean, std, node: (node, tuple([i for i, x in ((1, mean), (2, std)) if isinstance(x, Tensor)])),
    vjp={"mean": lambda g, mean: g.new_zeros(mean.shape), "std": lambda g, std: g.new_zeros(std.shape)},
)
def normal_of(drawn: Tensor, mean: Tensor | Number, std: Tensor | Number, node: str) -> Tensor:
    """Numbers that were drawn with `mean` and `std`, which have a gradient of 0. `node` is the name in the graph."""
    return drawn.clone()


@public("torch")
def normal(
    mean: Tensor | float, std: Tensor | float = 1.0, size: int | Sequence[int] | None = None, *, generator: Generator | None = None,
    out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:
    """Normal numbers; `mean` and `std` are numbers (with `size`) or tensors, elementwise.

    >>> import corelib as torch
    >>> torch.normal(0., 1., (2, 3)).shape
    torch.Size([2, 3])
    """
    if size is not None or not isinstance(mean, Tensor):
        mean = number("normal", "mean", mean, 1)
    if size is not None or not isinstance(std, Tensor):
        std = number("normal", "std", std, 2)
    if isinstance(mean, Tensor):
        first = mean
    elif isinstance(std, Tensor):
        first = std
    else:
        if size is None:
            raise TypeError("normal(): argument 'size' is needed where mean and std are numbers")
        if std < 0:
            raise RuntimeError(f"normal(): normal expects std >= 0.0, but found std {std}")
        if out is not None:
            dtype, device = of_out("normal", out, dtype, device)
        t = _blank("normal", parse_size("normal", (size,)), dtype, layout, device)
        _float_only("normal", t)
        try:
            array = generator_of("normal", generator, t._device).random_normal(
                t._numel, t._dtype.np, float(mean), float(std), contiguous=_in_a_row(out, t._shape)
            )
        except MemoryError as error:
            raise t._device.runtime.allocator.no_room("normal", error) from None
        return _finish(filled(t, array), requires_grad, out, "normal", pin_memory)
    if isinstance(std, Tensor) and any_true(std < 0):
        raise RuntimeError("normal(): normal expects all elements of std >= 0.0")
    if not isinstance(std, Tensor) and not std >= 0:
        raise RuntimeError(f"normal(): normal expects std >= 0.0, but found std {std}")
    if grad_mode.enabled and out is None:
        parts = [x for x in (mean, std) if isinstance(x, Tensor) and x._requires_grad]
        if parts:
            numbers = [x.detach() if isinstance(x, Tensor) else x for x in (mean, std)]
            made = normal(numbers[0], numbers[1], size, generator=generator)
            form = 3 if isinstance(mean, Tensor) and isinstance(std, Tensor) else 1 if isinstance(mean, Tensor) else 2
            return normal_of(made, mean, std, f"NormalBackward{form}")
    with no_grad():
        shape = first._shape
        if isinstance(mean, Tensor) and isinstance(std, Tensor) and (std._shape != shape or std._device is not mean._device):
            shape = (mean + std)._shape
        if out is not None and not _in_a_row(out, shape):
            unit = out.new_empty_strided(shape, out.stride()).normal_(generator=generator)
        else:
            unit = randn(shape, generator=generator, dtype=first._dtype if out is None else out._dtype, device=first._device)
        return _finish(unit * std + mean, False, out, "normal", False)


@op(on=(), grad_name=lambda input, node: (node, (0,)), vjp={"input": lambda g: g.new_zeros(g.shape)})
def drawn_over(input: Tensor, node: str) -> Tensor:
    """What random numbers left in `input`: nothing of what it was, so its gradient is 0. `node` is the name in the graph."""
    return input.clone()


_NODES = {"uniform": 0, "normal": 0, "random": 2, "bernoulli": 2, "exponential": 0, "geometric": 0, "log_normal": 0, "cauchy": 0}


def _node_name(name: str, args: tuple[object, ...]) -> str:
    """PyTorch's name of the node of an in-place random method: its overloads are numbered."""
    number = _NODES[name]
    if name == "random":
        number -= len(args)
    if name == "bernoulli" and args and isinstance(args[0], Tensor):
        number = 1
    return f"{name.title().replace('_', '')}Backward{number}"


def _drawn(name: str, draw: Callable[..., Array | None]) -> None:
    """An in-place method that replaces the elements with random ones: what `draw` gives, or None where it has put them there."""

    def method(self: Tensor, *args: object, generator: Generator | None = None, **names: object) -> Tensor:
        check_writable(name, self)
        recorded, grad_mode.enabled = grad_mode.enabled, False
        try:
            array = draw(self, generator_of(name, generator, self._device), *args, **names)
            if array is not None:
                filled(self, array, by_memory=not any(isinstance(p, Tensor) for p in (*args, *names.values())))
        except MemoryError as error:
            raise self._device.runtime.allocator.no_room(name, error) from None
        finally:
            grad_mode.enabled = recorded
        self._bump()
        if FORWARD.mode is not None:
            FORWARD.mode.overwrite(self, None)
        if self._requires_grad and grad_mode.enabled:
            inplace(TABLE["drawn_over"], (self, _node_name(name.removesuffix("_"), (*args, *names.values()))))
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = draw.__doc__
    attach(name, method)


def _uniform(t: Tensor, source: Generator, from_: float = 0.0, to: float = 1.0, **names: float) -> Array | None:
    """Fill with uniform numbers from `from` to `to`."""
    from_ = names.pop("from", names.pop("a", from_))
    to = names.pop("b", to)
    if t._dtype.is_complex:
        _by_parts(t, lambda parts: parts.uniform_(from_, to, generator=source))
        return None
    _float_only("uniform_", t)
    if from_ > to:
        raise RuntimeError(f"uniform_(): uniform_ expects to return a [from, to) range, but found from={from_} > to={to}")
    if drawn_there(t, source, "uniform", float(from_), float(to)):
        return None
    room = room_of(t)
    array = source.random_uniform(t._numel, t._dtype.np, float(from_), float(to), room)
    return None if array is room else array


def _normal(t: Tensor, source: Generator, mean: float = 0.0, std: float = 1.0) -> Array | None:
    """Fill with normal numbers."""
    if t._dtype.is_complex and std >= 0:
        _by_parts(t, lambda parts: parts.normal_(mean, std * _PART, generator=source))  # the mean of both parts, as in PyTorch
        return None
    _float_only("normal_", t)
    if std < 0:
        raise RuntimeError(f"normal_(): normal_ expects std >= 0.0, but found std {std}")
    room = room_of(t)
    array = source.random_normal(t._numel, t._dtype.np, float(mean), float(std), t.is_contiguous(), room)
    return None if array is room else array


def _random(t: Tensor, source: Generator, *bounds: int, **names: int) -> Array | None:
    """Fill with uniform integers: of the dtype's whole range from 0, up to `to`, or from `from` up to `to`."""
    low, high = names.pop("from", 0), names.pop("to", None)
    if len(bounds) == 1:
        high = bounds[0]
    elif len(bounds) == 2:
        low, high = bounds
    if t._dtype.is_complex:
        raise NotImplementedError(f"random_(): \"random_kernel_cpu\" not implemented for '{kind_name(t._dtype)}'; real numbers are accepted")
    if high is None and low == 0:
        return source.random_integers(t._numel, None, None, t._dtype.np)
    if high is None:  # to the largest, which is one of them
        high = round(2 / finfo(t._dtype).eps) + 1 if t._dtype.is_floating_point else iinfo(t._dtype).max + 1
    elif type(high) is not int or not LEAST < high < SMALL:
        high = integer("random_", "to", high)
    low = integer("random_", "from", low)
    if low >= high:
        raise RuntimeError(f"random_(): random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    _in_range("random_", t, low, high)
    if drawn_there(t, source, "integers", low, high):
        return None
    return source.random_integers(t._numel, low, high, t._dtype.np)


def _bernoulli(t: Tensor, source: Generator, p: Tensor | float = 0.5) -> Array | None:
    """Fill with ones with probability `p`, a number or a tensor, else zeros."""
    if isinstance(p, Tensor):
        if t._device.type == "meta":
            p.expand(t._shape)
            return None
        probabilities = p.detach().expand(t._shape).numpy(force=True)
        return source.bernoulli(probabilities, t._numel, t._dtype.np)
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_(): bernoulli_ expects p to be in [0, 1], but got p={p}")
    if drawn_there(t, source, "bernoulli", float(p)):
        return None
    return source.bernoulli(float(p), t._numel, t._dtype.np)


def _exponential(t: Tensor, source: Generator, lambd: float = 1.0) -> Array:
    """Fill with exponentially distributed numbers of rate `lambd`."""
    _float_only("exponential_", t)
    if lambd <= 0:
        raise RuntimeError(f"exponential_(): exponential_ expects lambda > 0.0, but found lambda={lambd}")
    return source.exponential(t._numel, float(lambd), t._dtype.np)


def _geometric(t: Tensor, source: Generator, p: float) -> Array:
    """Fill with the number of tries, from 1, until the first success of probability `p`."""
    if t._dtype is D.bool or t._dtype.is_complex:
        raise NotImplementedError(f"geometric_(): \"geometric_\" not implemented for '{kind_name(t._dtype)}'; real numbers are accepted")
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_(): geometric_ expects p to be in (0, 1), but got p={p}")
    return source.geometric(t._numel, float(p), t._dtype.np)


def _log_normal(t: Tensor, source: Generator, mean: float = 1.0, std: float = 2.0) -> Array:
    """Fill with numbers whose logarithms are normal with `mean` and `std`."""
    _float_only("log_normal_", t)
    if std <= 0:
        raise RuntimeError(f"log_normal_(): log_normal_ expects std > 0.0, but found std={std}")
    return source.log_normal(t._numel, t._dtype.np, float(mean), float(std))


def _cauchy(t: Tensor, source: Generator, median: float = 0.0, sigma: float = 1.0) -> Array:
    """Fill with Cauchy numbers around `median`, of width `sigma`."""
    if not t._dtype.is_floating_point:
        raise RuntimeError(f"cauchy_(): Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you specified {t._dtype}")
    if sigma <= 0:
        raise RuntimeError(f"cauchy_(): cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    return source.cauchy(t._numel, t._dtype.np, float(median), float(sigma))


_drawn("uniform_", _uniform)
_drawn("normal_", _normal)
_drawn("random_", _random)
_drawn("bernoulli_", _bernoulli)
_drawn("exponential_", _exponential)
_drawn("geometric_", _geometric)
_drawn("log_normal_", _log_normal)
_drawn("cauchy_", _cauchy)


@op(on=(), grad_name="BernoulliBackward0", vjp=lambda g: g.new_zeros(g._shape))
def _bernoulli_of(input: Tensor, generator: Generator | None) -> Tensor:
    """Ones with the probabilities of the input, else zeros."""
    if input._device.type == "meta":
        return Tensor._empty(input._device, input._dtype, input._shape)
    chances = input.numpy(force=True)
    source = generator_of("bernoulli", generator, input._device)
    try:
        array = source.bernoulli(chances, input._numel, input._dtype.np)
    except MemoryError as error:
        raise input._device.runtime.allocator.no_room("bernoulli", error) from None
    return drawn_tensor(input._device, input._dtype, input._shape, array)


@public("torch")
def bernoulli(input: Tensor, p: Tensor | float | None = None, *, generator: Generator | None = None, out: Tensor | None = None) -> Tensor:
    """Ones with the probability that each element of `input` says (or `p` for all), else zeros.

    >>> import corelib as torch
    >>> torch.bernoulli(torch.tensor([0., 1.]))
    tensor([0., 1.])
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"bernoulli(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if p is not None:
        made: Tensor = Tensor._empty(input._device, input._dtype, input._shape).bernoulli_(p, generator=generator)
        return made
    _float_only("bernoulli", input)
    return _finish(_bernoulli_of(input, generator), False, out, "bernoulli", False)


attach("bernoulli", bernoulli)
