"""Arguments that are looked at before an op runs: a tensor is no bool, word, layout or memory format, though its class has a `__torch_function__`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import corelib as torch
import pytest
from corelib.dispatcher.operands import fit
from corelib.tensor.overrides import no_torch_function


class OfKind:
    """What `fit` knows of a function of one argument."""

    name = "f"
    params: tuple[str, ...] = ("x",)

    def __init__(self, kind: str) -> None:
        self.checked = {0: kind}


class Silent(torch.Tensor):
    """A subclass that says that it has none."""

    __torch_function__ = no_torch_function  # type: ignore[assignment]  # as PyTorch's own classes without one do


class StandsForATensor:
    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> str:
        return "answered"


KINDS = [("b", "bool"), ("bn", "bool"), ("w", "str"), ("l", "torch.layout"), ("m", "torch.memory_format")]


@pytest.mark.parametrize(("kind", "named"), KINDS)
@pytest.mark.parametrize("value", [torch.tensor(1), torch.ones(2), torch.ones(2).as_subclass(Silent)], ids=["of one number", "of two", "subclass"])
def test_a_tensor_is_no_bool_word_layout_or_format(kind: str, named: str, value: torch.Tensor) -> None:
    with pytest.raises(TypeError, match=rf"f\(\): argument 'x' \(position 1\) must be {named}, not {type(value).__name__}"):
        fit(OfKind(kind), 0, value)


@pytest.mark.parametrize(("kind", "named"), KINDS)
def test_what_stands_for_a_tensor_is_left_to_be_asked(kind: str, named: str) -> None:
    value = StandsForATensor()
    assert fit(OfKind(kind), 0, value) is value


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda x, t: torch.std(x, keepdim=t), "keepdim"),
        (lambda x, t: x.std(keepdim=t), "keepdim"),
        (lambda x, t: torch.clone(x, memory_format=t), "memory_format"),
        (lambda x, t: torch.histogram(x, 2, density=t), "density"),
        (lambda x, t: torch.stft(x, 4, window=torch.ones(4), return_complex=True, pad_mode=t), "pad_mode"),
    ],
)  # fmt: skip
def test_functions_and_methods_refuse_a_tensor_there_at_every_call(call: Callable[[Any, Any], Any], argument: str) -> None:
    for _ in range(2):  # the first call of an op compiles what looks at its arguments
        with pytest.raises(TypeError, match=f"argument '{argument}'.* not Tensor"):
            call(torch.ones(8), torch.tensor(1))
