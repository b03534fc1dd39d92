"""compile and torch.compiler: what is compiled gives the results it gives without, and what PyTorch refuses is refused."""

from __future__ import annotations

import warnings

import corelib
import numpy as np
import pytest
import torch
from corelib.dispatcher import compilation


@pytest.fixture(autouse=True)
def not_said_yet():
    compilation._said.clear()


pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated")


def f(x):
    return (x * 2).sum()


def test_compile_runs_eagerly_and_says_so_once() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for made in (corelib.compile(f), corelib.compile(f, mode="max-autotune"), corelib.compile(fullgraph=True, dynamic=True)(f), corelib.compile(f, backend="eager")):
            assert made(corelib.ones(3)).item() == torch.compile(f, backend="eager")(torch.ones(3)).item() == 6
    assert [str(w.message) for w in caught if "no compiler yet" in str(w.message)] == ["compile(): corelib has no compiler yet; what is compiled runs eagerly, as it is written. (Said once.)"]


@pytest.mark.filterwarnings("ignore:compile")
def test_modules_are_compiled_to_themselves() -> None:
    net = corelib.nn.Linear(2, 1)
    assert corelib.compile(net) is net and net.compile() is None and list(corelib.compile(net).state_dict()) == ["weight", "bias"]


@pytest.mark.filterwarnings("ignore:compile")
@pytest.mark.parametrize("options", [{"mode": "fast"}, {"backend": "no_such_backend"}, {"mode": "default", "options": {"x": 1}}])
def test_what_pytorch_refuses_is_refused(options) -> None:
    for T in (corelib, torch):
        with pytest.raises(Exception) as caught:
            T.compile(f, **options)(T.ones(1))
        assert isinstance(caught.value, RuntimeError) or T is torch


def test_facts_and_decorators() -> None:
    for T in (corelib, torch):
        c = T.compiler
        assert [c.is_compiling(), c.is_dynamo_compiling(), c.is_exporting()] == [False] * 3
        assert c.disable(f)(T.ones(2)).item() == c.disable()(f)(T.ones(2)).item() == c.disable(recursive=False)(f)(T.ones(2)).item() == 4
        assert c.allow_in_graph(f)(T.ones(2)).item() == c.assume_constant_result(f)(T.ones(2)).item() == 4
        c.reset()
        c.cudagraph_mark_step_begin()
        with c.set_stance("force_eager"):
            assert f(T.ones(2)).item() == 4
        with pytest.raises(AssertionError):
            c.allow_in_graph(3)
        assert "inductor" in c.list_backends()
        made = c.wrap_numpy(lambda a, k=0: (np.negative(a), {"sum": a.sum(keepdims=True) + k}))(T.arange(3.0), k=T.ones(1))
        assert made[0].tolist() == [0, -1, -2] and made[1]["sum"].tolist() == [4]


def test_a_stance_that_pytorch_does_not_have_is_refused() -> None:
    with pytest.raises(RuntimeError, match="accepted are default"):
        corelib.compiler.set_stance("no such stance")


@pytest.mark.filterwarnings("ignore:compile")
def test_dynamo_is_read_and_set() -> None:
    import corelib._dynamo as dynamo

    dynamo.config.suppress_errors = True
    dynamo.config.of_tomorrow = 3
    assert dynamo.config.suppress_errors is True and dynamo.config.cache_size_limit == 8
    dynamo.reset()
    dynamo.mark_dynamic(corelib.ones(1), 0)
    assert dynamo.optimize("inductor")(f) is f and dynamo.is_compiling() is False and dynamo.disable(f) is f
    assert not isinstance(corelib.compile(corelib.nn.Linear(1, 1)), dynamo.OptimizedModule)
    with pytest.raises(RuntimeError, match="no graph to explain"):
        dynamo.explain(f)
    with pytest.raises(RuntimeError, match="state_dict"):
        dynamo.export(f)


def test_onnx_is_refused_with_what_to_do() -> None:
    assert corelib.onnx.is_in_onnx_export() is torch.onnx.is_in_onnx_export() is False
    with pytest.raises(corelib.onnx.OnnxExporterError, match=r"state_dict"):
        corelib.onnx.export(corelib.nn.Linear(1, 1), corelib.ones(1, 1), "x.onnx")
