"""The forms in which a sample of op_db is run: function, method, in place, out=, other memory, gradients, errors."""

from __future__ import annotations

import contextlib
import re
import signal
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.testing._internal.opinfo.core import SampleInput

from ..harness import subject
from .compare import compare
from .entries import Entry, ours_of
from .translate import Translation

SEED = 20261129
SECONDS = 60  # a sample that takes longer counts as one that hangs
# Whose elements are whatever the memory held.
UNINITIALISED = {"empty", "empty_like", "empty_permuted", "empty_strided", "new_empty", "new_empty_strided", "resize_", "resize_as_"}
# PyTorch leaves open which of equal values these give the place of; with the position of `dim` among the arguments after the input.
CHOICES = {"kthvalue": 1, "topk": 1, "mode": 0, "median": 0, "nanmedian": 0}
# Entries that draw random numbers: other devices draw from streams of their own, so only shape and dtype are compared there.
DRAWN = re.compile(
    "bernoulli|cauchy|exponential|geometric|log_normal|normal|uniform|multinomial|rand.*|nn.functional.(.*dropout.*|rrelu|fractional_max_pool.*)"
    "|(svd|pca)_lowrank"
)
DROPS = {"nn.functional.multi_head_attention_forward": ("training", True), "nn.functional.scaled_dot_product_attention": ("dropout_p", 0.0)}
FORWARD = ("function", "noncontiguous", "method", "inplace", "out", "conj", "neg")
FORMS = (*FORWARD, "gradient", "second", "error")
DIFFERENTIATED = (torch.float32, torch.float64, torch.complex64, torch.complex128)


@dataclass
class Outcome:
    """What came of the samples of one entry, dtype and form."""

    entry: str
    dtype: str
    form: str
    compared: int = 0
    failures: list[tuple[int, str, str]] = field(default_factory=list)  # number, the sample, the difference


class Hang(Exception):
    """A sample took longer than `SECONDS`."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Hang(f"longer than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def attempt(call: Callable[[], Any]) -> tuple[Any, Exception | None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with limited():
                return call(), None
        except Exception as error:
            return None, error


def seeded(T: Any, call: Callable[[], Any]) -> tuple[Any, Exception | None]:
    T.manual_seed(SEED)
    return attempt(call)


def errors_apart(got: Exception | None, want: Exception | None, result: Any) -> str:
    if want is None and got is not None:
        return f"raised {type(got).__name__}: {str(got)[:300]}"
    if got is None and want is not None:
        return f"computed {str(result)[:80]!r}, PyTorch raises {type(want).__name__}: {str(want)[:160]}"
    if type(got).__name__.lstrip("_") != type(want).__name__.lstrip("_"):
        return f"raised {type(got).__name__}: {str(got)[:160]}; PyTorch raises {type(want).__name__}: {str(want)[:160]}"
    return ""


class Run:
    """Runs an entry's samples of one dtype."""

    def __init__(self, entry: Entry, dtype: torch.dtype, *, strides: bool = False, device: str = "cpu") -> None:
        self.entry, self.info, self.dtype, self.strides, self.device = entry, entry.info, dtype, strides, device
        self.defined = entry.info.name not in UNINITIALISED

    def values(self, sample: SampleInput) -> bool:
        """Whether the elements of the result are to be those that PyTorch has."""
        name = self.info.name
        if self.device != "cpu" and (DRAWN.fullmatch(name) or (name in DROPS and sample.kwargs.get(*DROPS[name]))):
            return False
        return self.defined

    def samples(self, *, requires_grad: bool = False) -> Iterator[SampleInput]:
        torch.manual_seed(SEED)
        yield from self.info.sample_inputs("cpu", self.dtype, requires_grad=requires_grad)

    def run(self, form: str, only: int | None = None) -> Outcome:
        outcome = Outcome(self.entry.name, str(self.dtype).removeprefix("torch."), form)
        for number, sample, check in getattr(self, form)():
            if only is not None and number != only:
                continue
            torch.manual_seed(SEED)
            difference, broken = attempt(check)
            if broken:
                difference = f"the comparison raised {type(broken).__name__}: {broken!s:.300}"
            if difference is None:
                continue
            outcome.compared += 1
            if difference:
                outcome.failures.append((number, sample.summary() if isinstance(sample, SampleInput) else str(sample), difference))
        return outcome

    def ours(self, theirs: Any) -> Callable[..., Any]:
        return ours_of(theirs, self.info.name)

    def called(self, theirs: Callable[..., Any], sample: SampleInput, find: Callable[..., Any] | None = None) -> str:
        """Both libraries' result of one call, and the input after it."""
        translation = Translation(self.device)
        try:
            mine = (find or self.ours)(theirs)
            arguments, keywords = translation((sample.input, *sample.args)), translation(sample.kwargs)
        except AttributeError as error:
            return f"missing: {error}"
        want, expected = seeded(torch, lambda: theirs(sample.input, *sample.args, **sample.kwargs))
        got, error = seeded(subject, lambda: mine(*arguments, **keywords))
        if error or expected:
            return errors_apart(error, expected, got)
        process = translation(sample.output_process_fn_grad)
        shown, error = attempt(lambda: process(got))
        if error:
            return f"what is done with the result raised {type(error).__name__}: {error!s:.200}"
        found = compare(shown, sample.output_process_fn_grad(want), self.info, values=self.values(sample), strides=self.strides)
        if found and self.info.name in CHOICES and not compare(got[0], want[0], self.info) and chosen_alike(self.info.name, sample, got, want):
            found = f"other places of equal values: {found}"
        if not found and isinstance(sample.input, torch.Tensor):
            found = compare(arguments[0], sample.input, self.info, values=self.values(sample), where="input after the call: ")
        return found

    # Forms: each gives the samples, and for each a function that says how the libraries differ.

    def function(self) -> Iterator[tuple[int, Any, Callable[[], str | None]]]:
        for number, sample in enumerate(self.samples()):
            yield number, sample, lambda s=sample: self.called(self.info.op, s)

    def noncontiguous(self) -> Iterator[tuple[int, Any, Callable[[], str | None]]]:
        for number, sample in enumerate(self.samples()):
            yield number, sample, lambda s=sample: self.called(self.info.op, s.noncontiguous())

    def method(self) -> Iterator[tuple[int, Any, Callable[[], str | None]]]:
        variant = self.info.method_variant
        if variant is None or variant is self.info.op:
            return
        for number, sample in enumerate(self.samples()):
            yield number, sample, lambda s=sample: self.called(variant, s, named_method)

    def inplace(self) -> Iterator[tuple[int, Any, Callable[[], str | None]]]:
        variant = self.info.inplace_variant
        if variant is None or variant is self.info.op:
            return
        for number, sample in enumerate(self.samples()):
            if isinstance(sample.input, torch.Tensor):
                yield number, sample, lambda s=sample: self.called(variant, s.transform(copied), named_method)

    def conj(self) -> Iterator[tuple[int, Any, Callable[[], str | None]]]:
        if not self.dtype.is_complex or not self.info.test_conjugated_samples:
            return
        for number, sample in enumerate(self.samples()):
            yield number, sample, lambda s=sample: self.called(self.info.op, s.transform(conjugated))

    def neg(self) -> Iterator[tuple[int, Any, Callable[[], str | None]]]:
        if not self.info.test_neg_view or self.dtype not in (torch.float64, torch.complex128):
            return
        for number, sample in enumerate(self.samples()):
            yield number, sample, lambda s=sample: self.called(self.info.op, s.transform(negated))

    def out(self) -> Iterator[tuple[int, Any, Callable[[], str | None]]]:
        if not self.info.supports_out:
            return
        for number, sample in enumerate(self.samples()):
            yield number, sample, lambda s=sample: self.written(s)

    def written(self, sample: SampleInput) -> str | None:
        """Both libraries' result written to tensors with steps between their elements."""
        call = lambda s: self.info.op(s.input, *s.args, **s.kwargs)  # noqa: E731
        made, error = seeded(torch, lambda: call(sample))
        if error or sample.kwargs.get("as_tuple") or not (isinstance(made, torch.Tensor) or (isinstance(made, (tuple, list)) and all(isinstance(m, torch.Tensor) for m in made))):
            return None
        into = spaced(made) if isinstance(made, torch.Tensor) else type(made)(map(spaced, made)) if type(made) in (list, tuple) else tuple(map(spaced, made))
        sample = SampleInput(sample.input, args=sample.args, kwargs={**sample.kwargs, "out": into}, output_process_fn_grad=sample.output_process_fn_grad)
        return self.called(self.info.op, sample)

    def gradient(self) -> Iterator[tuple[int, Any, Callable[[], str | None]]]:
        yield from self.differentiated(1)

    def second(self) -> Iterator[tuple[int, Any, Callable[[], str | None]]]:
        if self.info.supports_gradgrad and self.dtype in (torch.float64, torch.complex128):
            yield from self.differentiated(2)

    def differentiated(self, order: int) -> Iterator[tuple[int, Any, Callable[[], str | None]]]:
        if not self.info.supports_autograd or self.dtype not in DIFFERENTIATED or self.dtype not in self.entry.dtypes(gradients=True):
            return
        for number, sample in enumerate(self.samples(requires_grad=True)):
            yield number, sample, lambda s=sample: self.derivatives(s, order)

    def derivatives(self, sample: SampleInput, order: int) -> str | None:
        translation = Translation(self.device)
        try:
            mine = self.ours(self.info.op)
            arguments, keywords = translation((sample.input, *sample.args)), translation(sample.kwargs)
        except AttributeError as error:
            return f"missing: {error}"
        # What is masked out has the same derivatives in both, nan too: only a check with finite differences has to leave it out.
        wrapper = (lambda op, *a, **k: op(*a, **k)) if self.info.gradcheck_wrapper.__name__.startswith("gradcheck_wrapper_masked") else self.info.gradcheck_wrapper
        process, wrapped = translation(sample.output_process_fn_grad), translation.name(wrapper)
        theirs = leaves((sample.input, sample.args, sample.kwargs))
        ours = [translation.tensor(t) for t in theirs]

        def expected() -> Any:
            result = wrapper(self.info.op, sample.input, *sample.args, **sample.kwargs)
            return grads(torch, sample.output_process_fn_grad(result), theirs, order)

        want, refused = seeded(torch, expected)
        got, error = seeded(subject, lambda: grads(subject, process(wrapped(mine, *arguments, **keywords)), ours, order))
        if error or refused:
            return errors_apart(error, refused, got)
        if order > 1:
            got, want = ([none_for_zeros(T, g) for g in found] for T, found in ((subject, got), (torch, want)))
        else:  # PyTorch leaves out some derivatives that are zero everywhere
            got = [none_for_zeros(subject, g) if w is None else g for g, w in zip(got, want, strict=True)]
        return compare(got, want, self.info, values=self.values(sample), where="gradients: ")

    def error(self) -> Iterator[tuple[int, Any, Callable[[], str | None]]]:
        if self.info.error_inputs_func is None or self.dtype is not self.entry.dtypes()[-1]:
            return
        torch.manual_seed(SEED)
        for number, wrong in enumerate(self.info.error_inputs("cpu")):
            yield number, wrong.sample_input, lambda s=wrong.sample_input: self.called(self.info.op, s)


def chosen_alike(name: str, sample: SampleInput, got: Any, want: Any) -> bool:
    """Whether the places that corelib gives hold the values that PyTorch gives."""
    position = CHOICES[name]
    dim = sample.kwargs.get("dim", sample.args[position] if len(sample.args) > position else -1)
    places = torch.tensor(got[1].tolist(), dtype=torch.int64).reshape(want[1].shape)
    values = want[0]
    if values.dim() < sample.input.dim():  # keepdim=False
        places, values = places.unsqueeze(dim), values.unsqueeze(dim)
    return torch.equal(sample.input.detach().gather(dim, places), values.detach())


def named_method(variant: Any) -> Any:
    """The method of corelib's for one of PyTorch's, which an operator of Python's may be."""
    if getattr(variant, "__module__", "") in ("_operator", "operator"):
        return variant
    return Translation().function(variant)


def copied(value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) and value.layout is torch.strided else value


def conjugated(value: Any) -> Any:
    return torch.conj(torch.conj_physical(value)) if isinstance(value, torch.Tensor) and value.is_complex() else value


def negated(value: Any) -> Any:
    return torch._neg_view(-value) if isinstance(value, torch.Tensor) and value.dtype is not torch.bool else value


def spaced(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of the same shape and dtype whose elements lie two steps apart, holding something else."""
    room = torch.zeros((*tensor.shape, 2), dtype=tensor.dtype, device=tensor.device)
    return room.fill_(1)[..., 0]


def leaves(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value] if value.requires_grad else []
    if isinstance(value, (list, tuple)):
        return [leaf for v in value for leaf in leaves(v)]
    if isinstance(value, dict):
        return leaves(list(value.values()))
    return []


def none_for_zeros(T: Any, gradient: Any) -> Any:
    """None where all of a derivative is zero but for rounding: a library may leave such a one out."""
    if gradient is None or not gradient.numel():
        return None
    nothing = 1e-13 if gradient.dtype in (T.float64, T.complex128) else 0.0
    return None if gradient.detach().abs().max().item() <= nothing else gradient


def outputs(T: Any, value: Any) -> list[Any]:
    if isinstance(value, T.Tensor):
        return [value] if value.requires_grad else []
    if isinstance(value, (list, tuple)):
        return [o for v in value for o in outputs(T, v)]
    return []


def grads(T: Any, result: Any, inputs: list[Any], order: int) -> list[Any]:
    """The derivatives of a fixed combination of the outputs with respect to the inputs, or the derivatives of these."""
    found = []
    for step in range(order):
        outs = outputs(T, result)
        if not outs or not inputs:
            return [None] * len(inputs)
        weights = [cotangent(T, o, step).requires_grad_(order > 1) for o in outs]
        found = list(T.autograd.grad(outs, inputs, weights, create_graph=step + 1 < order, allow_unused=True))
        result, inputs = found, [*inputs, *weights]
    return found


def cotangent(T: Any, tensor: Any, step: int) -> Any:
    """The same numbers in either library."""
    count = max(tensor.numel(), 1)
    steps = T.arange(count, dtype=T.float64).mul_(0.37 + step).sin_().add_(0.1)
    if tensor.is_complex():
        steps = T.complex(steps, T.arange(count, dtype=T.float64).mul_(0.71).cos_())
    return steps[: tensor.numel()].reshape(tensor.shape).to(tensor.device, tensor.dtype)
