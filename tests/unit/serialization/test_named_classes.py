"""A file names classes of nn, which serialization does not import: they are found when they are met."""

import subprocess
import sys

import corelib
import pytest
from corelib.tensor.rooms import NAMED


def test_nn_is_loaded_when_a_file_holds_a_parameter_and_not_before(tmp_path):
    plain, parameters = tmp_path / "plain.pt", tmp_path / "parameters.pt"
    corelib.save(corelib.ones(2), plain)
    corelib.save([corelib.nn.Parameter(corelib.ones(2)), corelib.nn.Buffer(corelib.ones(2), persistent=False)], parameters)
    program = f"""
import sys
from corelib.serialization import load
load({str(plain)!r})
print('corelib.nn' in sys.modules)
p, b = load({str(parameters)!r})
print('corelib.nn' in sys.modules, type(p).__name__, p.requires_grad, type(b).__name__, b.persistent)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["False", "True Parameter True Buffer False"]


def test_a_room_says_so_where_it_has_no_such_name():
    assert NAMED.value("nn", "Linear") is corelib.nn.Linear
    with pytest.raises(AttributeError, match="NoSuchLayer"):
        NAMED.value("nn", "NoSuchLayer")
