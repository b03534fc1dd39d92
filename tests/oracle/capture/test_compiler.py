"""compile and torch.compiler: what is compiled gives the results it gives without, and what PyTorch refuses is refused."""

from __future__ import annotations

import copy
import pickle
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
def test_modules_are_wrapped_as_pytorch_wraps_them() -> None:
    seen = []
    for T in (corelib, torch):
        T.manual_seed(0)
        net = T.nn.Sequential(T.nn.Linear(2, 1), T.nn.Dropout())
        made = T.compile(net, backend="eager")
        made.note = 3
        seen.append([
            type(made).__name__, repr(made), list(made.state_dict()), [n for n, _ in made.named_modules()], made._orig_mod is net, net.note,
            len(made), made.eval().training, net.training, net[1].training, made.train() is made, net[1].training,
            made.load_state_dict(made.state_dict()), isinstance(made, T._dynamo.OptimizedModule), T.compile(net, disable=True) is net, net.compile(),
            [p is q for p, q in zip(made.parameters(), net.parameters(), strict=True)], made.eval()(T.ones(1, 2)).tolist() == net(T.ones(1, 2)).tolist(),
            type(T.compile(backend="eager")(net)).__name__, type(copy.deepcopy(made)._orig_mod).__name__, made.requires_grad_(False)._orig_mod[0].weight.requires_grad,
        ])  # fmt: skip
        del made.note
        assert not hasattr(net, "note")
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            made.nothing  # noqa: B018
        with pytest.raises(TypeError, match="Linear does not support len"):
            len(T.compile(T.nn.Linear(1, 1), backend="eager"))
    assert seen[0] == seen[1]
    assert corelib.compile(corelib.compile(net_of := corelib.nn.Linear(2, 1)))._orig_mod is net_of
    assert type(pickle.loads(pickle.dumps(corelib.compile(corelib.nn.Linear(2, 1))))._orig_mod) is corelib.nn.Linear


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
    import corelib._dynamo.eval_frame as frames

    assert frames.OptimizedModule is dynamo.OptimizedModule
    with pytest.raises(RuntimeError, match="no graph to explain"):
        dynamo.explain(f)
    with pytest.raises(RuntimeError, match="state_dict"):
        dynamo.export(f)


def test_onnx_is_refused_with_what_to_do() -> None:
    assert corelib.onnx.is_in_onnx_export() is torch.onnx.is_in_onnx_export() is False
    with pytest.raises(corelib.onnx.OnnxExporterError, match=r"state_dict"):
        corelib.onnx.export(corelib.nn.Linear(1, 1), corelib.ones(1, 1), "x.onnx")
