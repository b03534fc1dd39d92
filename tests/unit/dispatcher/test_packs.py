"""A kernel pack, installed for real, replaces one op of the cpu device: it computes, passes on, and is seen in the report."""

import json

import pytest

from .conftest import PLUGINS, install

PROGRAM = """
import json, math
import corelib as torch
torch.backends.set_report(True)
many, few = torch.tensor([-1.0, 0.5, 2.0]), torch.tensor([1.0])
got = many.tanh().tolist() + few.tanh().tolist() + many.double().tanh().tolist()[:1]
good = all(math.isclose(a, math.tanh(b), rel_tol=1e-6) for a, b in zip(got, [-1.0, 0.5, 2.0, 1.0, -1.0]))
rows = [[r.op, r.path, r.calls] for r in torch.backends.report() if r.op == "tanh"]
packed = torch.backends.report().ops("pack corelib-test-cpu-pack")
torch.backends.set_report(False)
still = math.isclose(many.tanh()[2].item(), math.tanh(2.0), rel_tol=1e-6)
print(json.dumps([good, rows, packed, still]))
"""


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return install(tmp_path_factory.mktemp("cpu_pack"), PLUGINS / "cpu_pack")


def test_a_pack_replaces_an_op_passes_on_what_it_does_not_take_and_is_named_in_the_report(run, pack):
    good, rows, packed, still = json.loads(run(PROGRAM, path=[pack]))
    assert good and still
    assert rows == [["tanh", "native", 2], ["tanh", "pack corelib-test-cpu-pack", 1]]
    assert packed == ["tanh"]


def test_without_it_the_backends_own_kernel_runs(run):
    good, rows, packed, _ = json.loads(run(PROGRAM))
    assert good and rows == [["tanh", "native", 3]] and packed == []


def test_the_command_lists_it(run, pack):
    listed = run("-m", "corelib.cli", "backends", path=[pack])
    assert "corelib-test-cpu-pack" in listed and "cpu" in listed
