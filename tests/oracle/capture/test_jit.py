"""torch.jit on functions and modules that stay Python's: the results are those of PyTorch's compiled ones."""

from __future__ import annotations

import typing
import warnings
from typing import Any

import corelib
import pytest
import torch


pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated")


def double(x):
    return x * 2


def branch(x):
    if x.sum() > 0:
        return x.relu()
    return -x


@pytest.mark.parametrize("function", [double, branch])
@pytest.mark.parametrize("values", [[1.0, -2.0], [3.0, 1.0]])
def test_script_and_trace_give_functions_with_the_same_results(function, values) -> None:
    found = []
    for T in (corelib, torch):
        x = T.tensor(values)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append([T.jit.trace(double, x)(x).tolist(), T.jit.trace(double, (x,), check_trace=False)(x).tolist()])
    assert found[0] == found[1]
    assert corelib.jit.script(function)(corelib.tensor(values)).tolist() == function(torch.tensor(values)).tolist()


def test_modules_stay_modules() -> None:
    for T in (corelib, torch):
        net = T.nn.Sequential(T.nn.Linear(2, 2), T.nn.ReLU()).eval()
        x = T.ones(1, 2)
        want = net(x).tolist()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for made in (T.jit.script(net), T.jit.trace(net, x), T.jit.trace_module(net, {"forward": x}), T.jit.freeze(T.jit.script(net))):
                assert made(x).tolist() == want and isinstance(made, T.nn.Module)
            assert T.jit.optimize_for_inference(T.jit.script(net))(x).tolist()[0] == pytest.approx(want[0], abs=1e-6)
            with pytest.raises(RuntimeError, match=r"eval"):
                T.jit.freeze(T.jit.script(T.nn.Linear(1, 1).train()))


def test_facts() -> None:
    for T in (corelib, torch):
        assert T.jit.is_scripting() is False and T.jit.is_tracing() is False
        assert T.jit.annotate(list, [1]) == [1]

        @T.jit.ignore
        def one(x):
            return 1

        @T.jit.unused
        def two(x):
            return 2

        with pytest.warns(FutureWarning, match="deprecated"):
            dropped = T.jit.ignore(drop=True)
        with pytest.raises(RuntimeError, match="must be a bool or a function"):
            T.jit.ignore("x")

        @dropped
        def three(x):
            return 3

        @T.jit.export
        def four(x):
            return 4

        assert [f(0) for f in (one, two, three, four)] == [1, 2, 3, 4]
        assert T.jit.wait(T.jit.fork(lambda a, b=0: a + b, 1, b=2)) == 3
        with pytest.raises((RuntimeError, TypeError)):
            T.jit.trace(double)


# ruff: noqa: UP006, UP007, UP045  # the forms of typing are what is asked for
VALUES: list[tuple[Any, Any]] = [
    ([1, 2], list[int]), ([1, "a"], list[int]), (["a"], typing.List[str]), ({"a": 1}, dict[str, int]), ({"a": "b"}, dict[str, int]),  # noqa: UP006
    ((1, "a"), tuple[int, str]), ((1, 2), tuple[int, str]), ((1,), tuple[int, str]), (None, typing.Optional[int]), (3, typing.Optional[int]),
    ("a", typing.Optional[int]), (3, typing.Union[int, str]), (3.0, typing.Union[int, str]), (3, int), (3, float), (True, int), (3, (str, int)),
    (3, (str, float)), ([[1], [2]], list[list[int]]), ([[1], ["a"]], list[list[int]]), ({"a": [1]}, dict[str, list[int]]), ([1, None], list[int | None]),
    (None, list[int]), ("text", list[str]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "kind"), VALUES)
def test_isinstance_looks_into_containers(value, kind) -> None:
    assert corelib.jit.isinstance(value, kind) == torch.jit.isinstance(value, kind)


def test_isinstance_of_bare_containers_is_refused() -> None:
    for T in (corelib, torch):
        with pytest.raises(RuntimeError, match="without a contained type"):
            T.jit.isinstance([1], list)


def test_archives_are_refused_with_what_to_do(tmp_path) -> None:
    net = corelib.nn.Linear(1, 1)
    with pytest.raises(RuntimeError, match=r"state_dict"):
        corelib.jit.save(corelib.jit.script(net), tmp_path / "x.pt")
    with pytest.raises(RuntimeError, match=r"no TorchScript archives"):
        corelib.jit.load(tmp_path / "x.pt")
    with pytest.raises(RuntimeError, match="write the function in Python"):
        corelib.jit.CompilationUnit("def f(x): return x")
    assert not list(tmp_path.iterdir())
