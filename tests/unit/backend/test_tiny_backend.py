"""The tiny backend, examples/tiny_backend: small, complete, without NumPy in its kernels, and right."""

import ast
import collections
import sys
from pathlib import Path

import corelib
import pytest

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "tiny_backend"
FILES = sorted((FOLDER / "corelib_tiny_backend").glob("*.py"))


@pytest.fixture(scope="module")
def tiny():
    """The device's name; where it is not installed, its backend is registered for this module."""
    from corelib.dispatcher.plugins.manager import entries

    if any(e.device_type == "tiny" for e in entries()):
        yield "tiny"
        return
    sys.path.insert(0, str(FOLDER))
    from corelib_tiny_backend.backend import TinyBackend

    with corelib.backends.register(TinyBackend()):
        yield "tiny"
    sys.path.remove(str(FOLDER))


def test_it_is_at_most_300_lines():
    assert len(FILES) == 3
    assert sum(len(path.read_text().splitlines()) for path in FILES) <= 300


def test_its_kernels_know_no_numpy():
    tree = ast.parse((FOLDER / "corelib_tiny_backend" / "kernels.py").read_text())
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert imported == {"math", "operator", "corelib.backend"}


def test_it_has_the_primitives_and_nothing_else(tiny):
    corelib.zeros(1, device=tiny)
    named = {name for name, op in corelib.ops.TABLE.items() if any(k.device_type == tiny for k in op.kernels)}
    assert named == {name for name, op in corelib.ops.TABLE.items() if op.primitive}


@pytest.mark.parametrize("level", [0, 1])
def test_it_reaches_the_required_levels(tiny, level):
    pytest.importorskip("corelib_conformance", reason="a distribution of its own: pip install -e tests/conformance")
    from corelib_conformance.plan import plan
    from corelib_conformance.run import run
    from corelib_conformance.target import Target

    counts = collections.Counter()
    for result in run(Target(tiny), [c for c in plan() if c.level == level]):
        counts[result.status] += 1
        assert result.status in ("pass", "unsupported"), (result.case.id, result.message)
    assert counts["pass"] > counts["unsupported"] > 0


def test_every_other_op_and_gradient_comes_with_them(tiny):
    corelib.manual_seed(0)
    x = corelib.randn(4, 5)
    for function in (
        lambda t: t.softmax(-1), lambda t: corelib.nn.functional.gelu(t), lambda t: t.sort(1).values, lambda t: t.cumsum(0),
        lambda t: corelib.nn.functional.layer_norm(t, (5,)), lambda t: t @ t.T, lambda t: t[:, [0, 2]].std(1), lambda t: t.tanh() + t.erf(),
    ):
        both = []
        for device in (tiny, "cpu"):
            t = x.detach().to(device).requires_grad_()
            made = function(t)
            (made * made).sum().backward()
            both.append((made.detach().cpu(), t.grad.cpu()))
        for mine, host in zip(*both, strict=True):
            assert corelib.allclose(mine, host, rtol=1e-4, atol=1e-5)


def test_it_trains(tiny):
    corelib.manual_seed(0)
    x, truth = corelib.randn(32, 3).to(tiny), corelib.tensor([[1.0], [-2.0], [0.5]], device=tiny)
    model = corelib.nn.Linear(3, 1).to(tiny)
    optimizer = corelib.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(60):
        loss = corelib.nn.functional.mse_loss(model(x), x @ truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.01
