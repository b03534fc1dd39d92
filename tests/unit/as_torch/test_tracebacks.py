"""What a program's errors look like under as_torch: its own frames, those of modules, and nothing of what is between an operator and its kernel."""

import re
import signal
import subprocess
import sys
import textwrap
import time

import corelib
import pytest

HEAD = "import torch\nfrom torch import nn\nones = torch.ones\n"

# The program, the functions whose frames are shown ("..." where other modules' frames may lie), the error.
CASES = {
    "operator": ("ones(2, 3) + ones(4)", ["<module>"], "RuntimeError: add(): The size of tensor a"),
    "in place": ("x = ones(2)\nx += ones(3)", ["<module>"], "RuntimeError: add"),
    "mixed dtypes": ("ones(2, 3) * ones(4, dtype=torch.int64)", ["<module>"], "RuntimeError: mul()"),
    "no operand": ("torch.mm(ones(2, 2), 3)", ["<module>"], "TypeError: mm(): argument 'mat2' (position 2) must be Tensor, not int"),
    "layers": (
        "net = nn.Sequential(nn.Linear(4, 3), nn.Linear(5, 1))\nnet(ones(2, 4))", ["<module>", "_call_impl", "forward", "_call_impl", "forward"],
        "RuntimeError: linear(): mat1 and mat2 shapes cannot be multiplied (2x3 and 5x1)",
    ),
    "dtype": ("nn.functional.cross_entropy(ones(2, 3), torch.tensor([0, 1]).int())", ["<module>"], "RuntimeError: cross_entropy(): expected target dtype to be Long or Byte, but got Int"),
    "index": ("ones(2)[7]", ["<module>"], "IndexError: "),
    "backward twice": ("y = ones(3, requires_grad=True).exp().sum()\ny.backward()\ny.backward()", ["<module>"], "RuntimeError: Trying to backward"),
    "tensor hook": ("x = ones(2, requires_grad=True)\nx.register_hook(lambda g: g @ ones(3))\n(x * 2).sum().backward()", ["<module>", "<lambda>"], "RuntimeError: dot()"),
    "module hook": (
        "net = nn.Linear(1, 1)\nnet.register_forward_hook(lambda *a: 1 / 0)\nnet(ones(1, 1))", ["<module>", "_call_impl", "call_with_hooks", "<lambda>"],
        "ZeroDivisionError: division by zero",
    ),
    "a jit function": ("@torch.jit.script\ndef f(x):\n    return x @ ones(9)\nf(ones(2, 2))", ["<module>", "f"], "RuntimeError: mv()"),
    "no_grad": ("@torch.no_grad()\ndef f(x):\n    return x.view(5)\nf(ones(4))", ["<module>", "f"], "RuntimeError: view()"),
    "a Function": (
        "class F(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        return x * 2\n    @staticmethod\n"
        "    def backward(ctx, g):\n        return g / 'a'\nF.apply(ones(2, requires_grad=True)).sum().backward()", ["<module>", "backward"], "TypeError: ",
    ),
    "absent": ("ones(1).no_such_name()", ["<module>"], "AttributeError: 'Tensor' object has no attribute 'no_such_name'"),
    "exec": ("exec(compile('ones(2) + ones(3)', '<string>', 'exec'))", ["<module>", "<module>"], "RuntimeError: add()"),
}  # fmt: skip


def run(tmp_path, text, *options, code=1, env=None):
    (tmp_path / "program.py").write_text(HEAD + textwrap.dedent(text))
    done = subprocess.run([sys.executable, "-m", "corelib.as_torch", *options, "program.py"], cwd=tmp_path, capture_output=True, text=True, env=env)
    assert done.returncode == code, done.stderr
    return done.stderr


def frames(said):
    return re.findall(r'^  File ".*", line \d+, in (.*)$', said, re.M)


@pytest.mark.parametrize("name", CASES)
def test_a_traceback_is_the_programs(tmp_path, name):
    text, shown, error = CASES[name]
    said = run(tmp_path, text)
    assert frames(said) == shown and error in said
    assert said.startswith("Traceback") and "During handling" not in said and said.count("Traceback") == 1


def test_all_frames_are_shown_when_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("CORELIB_TRACEBACK", "full")
    said = run(tmp_path, "ones(2, 3) + ones(4)")
    assert "dispatcher/calls" in said and "During handling" not in said


def test_the_programs_own_causes_are_kept(tmp_path):
    said = run(tmp_path, "try:\n    ones(2) + ones(3)\nexcept RuntimeError as error:\n    raise ValueError('mine') from error")
    assert frames(said) == ["<module>", "<module>"] and "direct cause" in said


def test_without_as_torch_no_look_up_is_shown():
    with pytest.raises(RuntimeError) as caught:
        corelib.ones(2, 3) + corelib.ones(4)
    assert caught.value.__context__ is None
    try:
        {}["mine"]
    except KeyError as mine:
        with pytest.raises(RuntimeError) as caught:
            corelib.ones(2, 3) + corelib.ones(5)
        assert caught.value.__context__ is mine


def test_a_worker_shows_the_programs_frames(tmp_path):
    said = run(tmp_path, """
        class D(torch.utils.data.Dataset):
            def __len__(self):
                return 4
            def __getitem__(self, i):
                return ones(2)[i]
        if __name__ == "__main__":
            list(torch.utils.data.DataLoader(D(), num_workers=1))
    """)  # fmt: skip
    assert "subscript.py" not in said and "in __getitem__" in said and "IndexError" in said


def test_a_spawned_process_shows_the_programs_frames(tmp_path):
    said = run(tmp_path, """
        import torch.multiprocessing
        def work(rank):
            ones(2)[rank + 5]
        if __name__ == "__main__":
            torch.multiprocessing.spawn(work)
    """)  # fmt: skip
    assert "subscript.py" not in said and "in work" in said and "torch.multiprocessing.spawn.ProcessRaisedException" in said


def test_a_module_that_is_run_shows_its_own_frames(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__main__.py").write_text("import torch\ntorch.ones(2) + torch.ones(3)\n")
    done = subprocess.run([sys.executable, "-m", "corelib.as_torch", "-m", "package"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and frames(done.stderr) == ["<module>"], done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupt_shows_the_program(tmp_path):
    (tmp_path / "program.py").write_text("import torch, time\nprint('ready', flush=True)\ndef wait():\n    time.sleep(60)\nwait()\n")
    def heard() -> None:  # also where these tests run in a shell's background, which ignores it
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    command = [sys.executable, "-m", "corelib.as_torch", "program.py"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heard) as process:
        process.stdout.readline()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == -signal.SIGINT and frames(said) == ["<module>", "wait"] and said.endswith("KeyboardInterrupt\n"), said
