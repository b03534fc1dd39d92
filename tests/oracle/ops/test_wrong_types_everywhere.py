"""A value of each type in the place of every argument of the functions in PyTorch's tables, a quarter of them at each commit: what one library refuses, the other does.

Beside PyTorch's answer corelib's counts as wrong where it goes on with what PyTorch refuses by TypeError ("taken"), where the error is
Python's own about a missing attribute and the like ("unnamed"), and where it refuses what PyTorch takes ("refused"). What is left
of these stands, with the reason, in wrong_types_left.txt, line by line; a line that no longer holds is an error too.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ..chosen import part
from ..harness import quiet, subject
from ..opdb.entries import entries, ours_of
from ..opdb.translate import Translation

SHARDS = 24
VALUES: dict[str, Callable[[Any], Any]] = {
    "None": lambda T: None, "'a'": lambda T: "a", "1": lambda T: 1, "1.5": lambda T: 1.5, "1j": lambda T: 1j, "True": lambda T: True, "object": lambda T: object(),
    "[1]": lambda T: [1], "[1.5]": lambda T: [1.5], "['a']": lambda T: ["a"], "float32": lambda T: T.float32, "int64(1)": lambda T: np.int64(1), "float32(1)": lambda T: np.float32(1),
    "tensor(1)": lambda T: T.tensor(1), "tensor(1.)": lambda T: T.tensor(1.0), "tensor([1.,1.])": lambda T: T.ones(2),
}  # fmt: skip
PYTHONS_OWN = ("AttributeError", "UnboundLocalError", "NameError", "KeyError", "RecursionError")
OF_ALL = ("too_many", "generator", "device", "layout", "requires_grad", "pin_memory", "out")  # the same in all functions, and asked for elsewhere
LEFT = Path(__file__).with_name("wrong_types_left.txt")


@cache
def left() -> frozenset[str]:
    lines = LEFT.read_text().splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def came(call: Callable[[], Any]) -> str:
    with quiet():
        try:
            call()
        except Exception as error:
            return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
    return "a result"


def judged(theirs: str, mine: str) -> str:
    if mine == "a result":
        return "taken" if theirs == "TypeError" else ""
    if theirs == "a result":
        return "refused"
    return "unnamed" if mine in PYTHONS_OWN and mine != theirs else ""


def samples(name: str) -> list[Any]:
    """The sample with most arguments and that with fewest, of the first dozen small ones."""
    info, dtypes = entries()[name].info, entries()[name].dtypes()
    torch.manual_seed(7)
    found = []
    with quiet():  # PyTorch makes some with functions that it calls old
        for sample in info.sample_inputs("cpu", torch.float32 if torch.float32 in dtypes else dtypes[0]):
            if not isinstance(sample.input, torch.Tensor) or sample.input.numel() < 5000:
                found.append(sample)
            if len(found) > 12:
                break
    found.sort(key=lambda sample: -len(sample.args) - len(sample.kwargs))
    return found[:1] + found[1:][-1:]


def places(mine: Any, sample: Any, form: str) -> Iterator[tuple[str, int | str]]:
    """The arguments of a call, by name where there is one, and where they stand: those of the sample and those that it leaves out."""
    parameters: Mapping[str, inspect.Parameter] = {}
    with contextlib.suppress(TypeError, ValueError):  # a function whose signature cannot be found
        parameters = inspect.signature(mine).parameters
    names = list(parameters)
    for i in range(form == "method", 1 + len(sample.args)):
        yield names[i] if i < len(names) else str(i), i
    for name in sample.kwargs:
        yield name, name
    if not any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
        for i, (name, p) in enumerate(parameters.items()):
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and i > len(sample.args) and name not in sample.kwargs and name not in OF_ALL:
                yield name, name


def copied(values: Any) -> Any:
    return tuple(x.clone() if isinstance(x, torch.Tensor) else x for x in values)


def outcomes(name: str) -> Iterator[str]:
    """A line for each argument in which the libraries differ: how, the function, its form, the argument, the values."""
    info = entries()[name].info
    for form, theirs in (("function", info.op), ("method", info.method_variant)):
        try:
            mine = ours_of(theirs, info.name) if theirs is not None else None
        except AttributeError:
            continue
        seen: set[str] = set()
        for sample in samples(name) if mine is not None else []:
            for argument, place in places(mine, sample, form):
                if argument in seen:
                    continue
                seen.add(argument)
                differ: dict[str, list[str]] = {}
                for value, make in VALUES.items():

                    def run(T: Any, function: Any, translate: Callable[[Any], Any], make: Any = make, sample: Any = sample, place: Any = place) -> str:
                        args, kwargs = list(translate(copied((sample.input, *sample.args)))), dict(translate(sample.kwargs))
                        into: Any = args if isinstance(place, int) else kwargs
                        into[place] = make(T)
                        T.manual_seed(7)
                        return came(lambda: function(*args, **kwargs))

                    found = judged(run(torch, theirs, lambda x: x), run(subject, mine, Translation()))
                    if found:
                        differ.setdefault(found, []).append(value)
                for how, values in differ.items():
                    yield f"{how} {name} {form} {argument} {' '.join(values)}"


def of(shard: int) -> list[str]:
    return sorted(entries())[shard::SHARDS]


@pytest.mark.parametrize("shard", part(range(SHARDS), 0.25))
def test_what_pytorch_refuses_is_refused_and_what_it_takes_is_taken(shard: int) -> None:
    names = of(shard)
    found = {line for name in names for line in outcomes(name)}
    known = {line for line in left() if line.split(" ")[1] in names}
    assert not found - known, "new:\n" + "\n".join(sorted(found - known))
    assert not known - found, "no longer so, and to be taken from the list:\n" + "\n".join(sorted(known - found))
