"""optim_db: each optimizer takes the same steps in both libraries, from the same parameters and gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, OptimizerInfo, optim_db

from ..harness import subject
from .compare import compare
from .forms import Outcome, errors_apart, seeded
from .translate import Translation

INFOS = {info.optim_cls.__name__: info for info in optim_db if not info.only_supports_sparse_grads}
DTYPES = (torch.float32, torch.float64, torch.complex64, torch.complex128)
STEPS = 7


def cases() -> Iterator[tuple[str, torch.dtype]]:
    for name, info in INFOS.items():
        for dtype in DTYPES:
            if info.supports_complex or not dtype.is_complex:
                yield name, dtype


def run(name: str, dtype: torch.dtype, only: int | None = None) -> Outcome:
    info = INFOS[name]
    outcome = Outcome(name, str(dtype).removeprefix("torch."), "optimizer")
    number = 0
    for sample in info.optim_inputs_func(device="cpu"):
        for flags in ({}, *({flag: True} for flag in (*info.supported_impls, "maximize") if flag != "capturable")):
            if only in (None, number):
                outcome.compared += 1
                if found := difference(info, {**sample.kwargs, **flags}, dtype):
                    outcome.failures.append((number, f"{sample.kwargs} {flags}", found))
            number += 1
    for wrong in info.optim_error_inputs_func(device="cpu", dtype=dtype):
        outcome.compared += 1
        if found := refused(info, wrong):
            outcome.failures.append((number, str(wrong.optimizer_error_input.desc), found))
        number += 1
    return outcome


def parameters(dtype: torch.dtype) -> list[torch.nn.Parameter]:
    torch.manual_seed(11)
    return [torch.nn.Parameter(torch.randn(*shape, dtype=torch.complex128 if dtype.is_complex else torch.float64).to(dtype)) for shape in ((3, 4), (4, 2))]


def stepped(T: Any, cls: Any, params: list[Any], kwargs: dict[str, Any]) -> Any:
    """The parameters and the state after some steps."""
    optimizer = cls(params, **kwargs)
    inputs = T.arange(6, dtype=T.float64).reshape(2, 3).sin().to(params[0].dtype)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = ((inputs @ params[0]).tanh() @ params[1] - 0.3).abs().square().sum()
        loss.backward()
        return loss

    losses = [optimizer.step(closure) for _ in range(STEPS)]
    state = optimizer.state_dict()
    return [losses, list(params), {p: dict(s) for p, s in state["state"].items()}, state["param_groups"]]


def difference(info: OptimizerInfo, kwargs: dict[str, Any], dtype: torch.dtype) -> str:
    translation = Translation()
    theirs = parameters(dtype)
    if info.optim_cls is torch.optim.LBFGS and dtype in (torch.float32, torch.complex64):
        kwargs = {**kwargs, "max_iter": 2}  # each iteration multiplies what rounding has left in the ones before
    try:
        mine, options, cls = translation(theirs), translation(kwargs), getattr(subject.optim, info.optim_cls.__name__)
    except AttributeError as error_:
        return f"missing: {error_}"
    want, expected = seeded(torch, lambda: stepped(torch, info.optim_cls, theirs, kwargs))
    got, error = seeded(subject, lambda: stepped(subject, cls, mine, options))
    if error or expected:
        return errors_apart(error, expected, got)
    if found := compare(got[:2], want[:2], None, loose=30):
        return found
    for p, theirs_ in want[2].items():
        if list(got[2].get(p, {})) != list(theirs_):
            return f"state of parameter {p}: {list(got[2].get(p, {}))}, PyTorch has {list(theirs_)}"
        if found := compare(list(got[2][p].values()), list(theirs_.values()), None, where=f"state of parameter {p} ({list(theirs_)}): ", loose=30):
            return found
    keys = [sorted(g) for g in got[3]], [sorted(g) for g in want[3]]
    return "" if keys[0] == keys[1] else f"groups hold {keys[0]}, PyTorch's {keys[1]}"


def refused(info: OptimizerInfo, wrong: Any) -> str:
    translation = Translation()
    sample = wrong.optimizer_error_input
    try:
        params, options = translation(sample.params), translation(sample.kwargs)
        for mine, theirs in zip(params, sample.params, strict=True) if isinstance(params, list) else ():
            if getattr(theirs, "grad", None) is not None:
                mine.grad = translation(theirs.grad)
        cls = getattr(subject.optim, info.optim_cls.__name__)
    except AttributeError as error_:
        return f"missing: {error_}"

    def whole(kind: Any, given: Any, keywords: Any) -> Any:
        optimizer = kind(given, **keywords)
        return optimizer if wrong.error_on == OptimizerErrorEnum.CONSTRUCTION_ERROR else optimizer.step()

    _, expected = seeded(torch, lambda: whole(info.optim_cls, sample.params, sample.kwargs))
    got, error = seeded(subject, lambda: whole(cls, params, options))
    return errors_apart(error, expected, got)
