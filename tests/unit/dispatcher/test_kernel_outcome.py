"""What kernels return and raise: only None and NotImplemented are results, and what is raised says which kernel it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import corelib as torch
import numpy as np
import pytest
from corelib.dispatcher.op import TABLE
from corelib.tensor.keys import dispatch_key
from corelib.tensor.layout import strided
from corelib_cpu_numpy.backend import NumpyBackend

KEY = dispatch_key("cpu", strided)
BIG = NumpyBackend.small_limit


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Any], None]]:
    """Puts a function in the place of the float32 kernels of the cpu device."""
    torch.ones(1)
    saved: list[tuple[str, Any]] = []

    def put(name: str, function: Any) -> None:
        monkeypatch.setattr(TABLE[name], "chains", {})
        saved.append((name, TABLE[name].kernels.setdefault(KEY, {}).get(torch.float32)))
        TABLE[name].kernels[KEY][torch.float32] = function

    yield put
    for name, before in saved:
        if before is None:
            del TABLE[name].kernels[KEY][torch.float32]
        else:
            TABLE[name].kernels[KEY][torch.float32] = before


def ones(*shape: int) -> torch.Tensor:
    return torch.ones(*shape)


CALLS = [
    ("exp", lambda x: x.exp()),
    ("exp", lambda x: x.expand(BIG, 2).exp()),
    ("exp", lambda x: torch.exp(x, out=torch.empty(2))),
    ("add", lambda x: x + x),
    ("add", lambda x: x.expand(BIG, 2) + 1),
    ("add", lambda x: x.add_(x)),
    ("add", lambda x: x.as_strided((1,), (2,)).add_(3)),
    ("sum", lambda x: x.sum()),
    ("sum", lambda x: x.sum(0)),
    ("mm", lambda x: x.view(1, 2) @ x.view(2, 1)),
    ("cat", lambda x: torch.cat((x, x))),
    ("fill", lambda x: x.fill_(2.0)),
    ("copy", lambda x: x.clone()),
    ("index_put", lambda x: x.__setitem__(torch.tensor([0]), 3.0)),
    ("_sgd_step_", lambda x: step(x)),
]


def step(x: torch.Tensor) -> None:
    p = torch.nn.Parameter(x)
    p.grad = x.detach()
    torch.optim.SGD([p], lr=0.1).step()


@pytest.mark.parametrize("returned", [np.ones(2, np.float32), 0, False, ()], ids=["array", "0", "False", "()"])
@pytest.mark.parametrize(("name", "call"), CALLS)
def test_returned_results_are_refused(kernel: Any, name: str, call: Any, returned: object) -> None:
    x = ones(2)
    kernel(name, lambda *args: returned)
    with pytest.raises(TypeError, match="writes its result into `out`"):
        call(x)


def test_a_kernel_may_return_its_out(kernel: Any) -> None:
    """As one does that is a lambda over a function of NumPy's with `out=`."""
    x = ones(2, 3)
    kernel("add", lambda out, a, b: np.add(a, b, out=out))
    assert (x + x).tolist() == x.add_(x).tolist() == [[2.0] * 3] * 2
    assert torch.add(x, x, out=torch.empty(2, 3)).tolist() == x.t().add(2.0).t().tolist() == [[4.0] * 3] * 2


@pytest.mark.parametrize(("name", "call"), CALLS)
def test_what_a_kernel_raises_has_a_note(kernel: Any, name: str, call: Any) -> None:
    def fails(*args: object) -> None:
        raise ZeroDivisionError("the driver's words")

    x = ones(2)
    kernel(name, fails)
    with pytest.raises(ZeroDivisionError) as found:
        call(x)
    assert str(found.value) == "the driver's words"
    (note,) = found.value.__notes__
    assert f"kernel '{name}' of the cpu backend" in note
    assert "float32" in note


def test_another_number_of_arguments(kernel: Any) -> None:
    x = ones(2, 3)
    kernel("add", lambda out, a: None)
    with pytest.raises(TypeError, match="positional argument") as found:
        x + 1.5
    (note,) = found.value.__notes__
    assert "kernel(out, *inputs, *attributes)" in note
    assert "torch.float32 of shape [2, 3], 1.5" in note


def test_a_primitive_whose_kernel_passes(kernel: Any) -> None:
    x = ones(2)
    kernel("exp", lambda out, a: NotImplemented)
    with pytest.raises(NotImplementedError, match="kernel passed these arguments on") as found:
        x.exp()
    assert "dtypes that work" not in str(found.value)


def test_what_an_op_refuses_has_no_note() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError") as found:
        torch.tensor([1]) // torch.tensor([0])
    assert not getattr(found.value, "__notes__", [])
    with pytest.raises(torch.linalg.LinAlgError) as error:
        torch.linalg.cholesky(-torch.eye(2))
    assert not getattr(error.value, "__notes__", [])


@pytest.mark.parametrize("call", [lambda x: x.expand(BIG, 2) + 1, lambda x: torch.add(x, x, out=torch.empty(2))], ids=["large", "out="])
def test_a_kernel_that_is_short_of_memory_is_called_once_more(kernel: Any, call: Any) -> None:
    """When what is kept for reuse was given back; then the error has the figures."""
    calls: list[int] = []

    def short(out: Any, a: Any, b: Any) -> None:
        calls.append(1)
        if len(calls) != 2:
            raise MemoryError("short")
        np.add(a, b, out=out)

    x = ones(2)
    kernel("add", short)
    assert call(x).reshape(-1)[0].item() == 2 and len(calls) == 2
    with pytest.raises(torch.OutOfMemoryError, match=r"what add\(\) needs"):
        call(x)
