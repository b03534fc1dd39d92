"""module_db: each module made, run forward and backward, in both libraries, from the same seed and from the same parameters."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import torch
from torch.testing._internal.common_modules import ModuleInfo, ModuleInput, module_db

from ..harness import subject
from .compare import compare
from .forms import Outcome, errors_apart, grads, leaves, seeded
from .translate import Translation

INFOS = {info.name: info for info in module_db}
DTYPES = (torch.float32, torch.float64, torch.complex64, torch.complex128)


def cases() -> Iterator[tuple[str, torch.dtype]]:
    for name, info in INFOS.items():
        for dtype in DTYPES:
            if dtype in info.dtypes:
                yield name, dtype


def run(name: str, dtype: torch.dtype, only: int | None = None) -> Outcome:
    info = INFOS[name]
    outcome = Outcome(name, str(dtype).removeprefix("torch."), "module")
    number = 0
    for training in (True, False):
        torch.manual_seed(3)
        for sample in info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training):
            if only in (None, number):
                outcome.compared += 1
                if found := difference(info, sample, dtype, training):
                    outcome.failures.append((number, f"{sample.desc or sample.constructor_input.args}", found))
            number += 1
    for sample in errors(info, dtype):
        outcome.compared += 1
        if found := refused(info, sample):
            outcome.failures.append((number, str(sample.module_error_input.desc), found))
        number += 1
    return outcome


def made(T: Any, info: ModuleInfo, arguments: Any, keywords: Any) -> Any:
    cls = getattr(T.nn, info.module_cls.__name__)
    return cls(*arguments, **keywords)


def difference(info: ModuleInfo, sample: ModuleInput, dtype: torch.dtype, training: bool) -> str:
    translation = Translation()
    try:
        construct = sample.constructor_input
        keywords = {"dtype": dtype, **construct.kwargs} if takes_dtype(info) else construct.kwargs
        ours, our_keywords = translation(construct.args), translation(keywords)
        theirs, refused_ = seeded(torch, lambda: made(torch, info, construct.args, keywords).to(dtype).train(training))
        mine, error = seeded(subject, lambda: made(subject, info, ours, our_keywords).to(translation(dtype)).train(training))
        forward = sample.forward_input
        arguments, options = translation(forward.args), translation(forward.kwargs)
    except AttributeError as error_:
        return f"missing: {error_}"
    if error or refused_:
        return errors_apart(error, refused_, mine)
    if not info.is_lazy and (found := states_apart(mine, theirs, "as it was made: ")):
        return found
    inputs = leaves((forward.args, forward.kwargs))
    our_inputs = [translation.tensor(t) for t in inputs]
    want, refused_ = seeded(torch, lambda: theirs(*forward.args, **forward.kwargs))
    got, error = seeded(subject, lambda: mine(*arguments, **options))
    if error or refused_:
        return errors_apart(error, refused_, got)
    if found := compare(got, want, None):
        return found
    our_inputs += list(mine.parameters())
    inputs += list(theirs.parameters())
    want, refused_ = seeded(torch, lambda: grads(torch, want, inputs, 1))
    got, error = seeded(subject, lambda: grads(subject, got, our_inputs, 1))
    if error or refused_:
        return errors_apart(error, refused_, got)
    return compare(got, want, None, where="gradients: ", loose=10) or states_apart(mine, theirs, "afterwards: ")


def states_apart(mine: Any, theirs: Any, when: str) -> str:
    ours, state = mine.state_dict(), theirs.state_dict()
    if list(ours) != list(state):
        return f"{when}state_dict has {list(ours)}, PyTorch's {list(state)}"
    return compare(list(ours.values()), list(state.values()), None, where=f"{when}state_dict ")


def takes_dtype(info: ModuleInfo) -> bool:
    return "dtype" in inspect.signature(info.module_cls.__init__).parameters


def errors(info: ModuleInfo, dtype: torch.dtype) -> list[Any]:
    if info.module_error_inputs_func is None:
        return []
    torch.manual_seed(3)
    return list(info.module_error_inputs_func(info, device="cpu", dtype=dtype, requires_grad=False, training=False))


def refused(info: ModuleInfo, wrong: Any) -> str:
    translation = Translation()
    construct, forward = wrong.module_error_input.constructor_input, wrong.module_error_input.forward_input

    def whole(T: Any, construct_args: Any, construct_kwargs: Any, args: Any, kwargs: Any) -> Any:
        module = made(T, info, construct_args, construct_kwargs)
        return module if args is None else module(*args, **kwargs)

    parts = (construct.args, construct.kwargs, forward and forward.args, forward and forward.kwargs)
    ours = [translation(p) for p in parts]
    _, expected = seeded(torch, lambda: whole(torch, *parts))
    got, error = seeded(subject, lambda: whole(subject, *ours))
    return errors_apart(error, expected, got)
