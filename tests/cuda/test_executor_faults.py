"""Each planted fault (planted.py) is caught, and the same work without it passes."""

from __future__ import annotations

import corelib
import numpy as np
import pytest
from arena_device import arena_launches, ArenaBackend
from executor import Fault, Module, prepare
from corelib.backend.codegen.prelude import CUDA
from executor.runtime import available
from planted import Edit, Launched, PLANTED, WORK

pytestmark = pytest.mark.skipif(bool(available()), reason=available())


@pytest.fixture(scope="module")
def device():
    backend = ArenaBackend(nbytes=1 << 30)
    with arena_launches(backend), corelib.backends.register(backend):
        yield backend


def made(work, backend):
    """The result of some work, as the device left it, and NumPy's; the texts that it generated are kept for the planting."""
    rng = np.random.default_rng(5)
    arrays = [rng.standard_normal(shape).astype(work.dtype) for shape in work.shapes]
    tensors = [corelib.from_numpy(a).to("arena") for a in arrays]
    return work.run(*tensors).cpu().numpy().astype("f8"), work.want(*[a.astype("f8") for a in arrays])


@pytest.fixture(scope="module")
def clean(device):
    """Every work without faults is right. What will be planted is compiled at once, which is quicker."""
    for name, work in WORK.items():
        got, want = made(work, device)
        np.testing.assert_allclose(got, want, work.rtol, work.atol, err_msg=name)
    assert not device.faults
    prepare([
        new for planted in PLANTED.values() if isinstance(planted.how, Edit) for text, kernel in device.launcher.texts.items()
        if kernel == WORK[planted.work].kernel and (new := edited(planted.how, text)) != text
    ])  # fmt: skip


def edited(edit, text):
    """A text with an edit in what follows the prelude."""
    prelude = CUDA.text(True)
    return prelude + text.removeprefix(prelude).replace(edit.old, edit.new)


ROWS = []


def kinds(planted):
    return planted.caught.split(" or ")


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_caught(device, clean, name, monkeypatch):
    planted = PLANTED[name]
    work, changed = WORK[planted.work], []

    def plant(compiled, grid, block, arguments):
        if compiled.function.name != work.kernel:
            return compiled.function, grid, block, arguments
        if not isinstance(planted.how, Edit):
            changed.append(name)
            return (compiled.function, *planted.how(Launched(grid, block, arguments), device.arena))
        new = edited(planted.how, compiled.text)
        changed.extend([name] if new != compiled.text else [])
        return Module(new).function(work.kernel), grid, block, arguments

    monkeypatch.setattr(device.launcher, "planted", plant)
    caught = set()
    for seed in range(2):
        device.seed = seed
        try:
            got, want = made(work, device)
        except Fault as fault:
            assert work.kernel in str(fault)
            caught.add(fault.kind)
        else:
            caught |= set() if np.allclose(got, want, work.rtol, work.atol) else {"value"}
        assert changed, f"{name}: nothing was changed"
        assert caught, f"{name}: not caught"
    assert caught <= set(kinds(planted)), f"caught as {caught}"
    ROWS.append(f"| {name} | {planted.work} | {' or '.join(sorted(caught))} |")


def test_the_table_of_planted_faults(capsys):
    assert len(PLANTED) >= 50 and {planted.work for planted in PLANTED.values()} == set(WORK)
    with capsys.disabled():
        print("\n| planted | in | caught as |\n|---|---|---|\n" + "\n".join(ROWS))
