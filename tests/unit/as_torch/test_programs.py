"""Programs that say `import torch` run: from a file, a module, a string; their children too."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest


def run(*arguments, cwd=None, code=0, stdin=None):
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, input=stdin, timeout=300)
    assert done.returncode == code, done.stderr
    return done


def program(tmp_path: Path, text: str, name: str = "program.py") -> str:
    (tmp_path / name).write_text(textwrap.dedent(text))
    return name


def as_torch(tmp_path: Path, text: str, *arguments, code=0, options=(), stdin=None):
    return run("-m", "corelib.as_torch", *options, program(tmp_path, text), *arguments, cwd=tmp_path, code=code, stdin=stdin)


def test_a_script_sees_its_arguments_its_folder_and_its_name(tmp_path):
    program(tmp_path, "import torch\nthree = torch.tensor(3)", "beside.py")
    done = as_torch(tmp_path, """
        import sys, torch, beside
        print(sys.argv, __name__, __file__, beside.three, sys.modules["__main__"].sys is sys)
    """, "a", "--report")  # fmt: skip
    assert done.stdout == "['program.py', 'a', '--report'] __main__ program.py tensor(3) True\n"


def test_a_module_a_string_and_a_folder(tmp_path):
    (tmp_path / "package").mkdir()
    program(tmp_path, "import torch, sys\nprint(torch.ones(2), sys.argv[1:], __spec__.name)", "package/__main__.py")
    assert run("-m", "corelib.as_torch", "-m", "package", "x", cwd=tmp_path).stdout == "tensor([1., 1.]) ['x'] package.__main__\n"
    assert run("-m", "corelib.as_torch", "-c", "import torch, sys; print(torch.ones(1), sys.argv)", "x").stdout == "tensor([1.]) ['-c', 'x']\n"
    program(tmp_path, "import torch, sys\nprint(torch.zeros(1), sys.argv[1:])", "package/__main__.py")
    assert run("-m", "corelib.as_torch", "package", "x", cwd=tmp_path).stdout == "tensor([0.]) ['x']\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [([], 2, "usage:"), (["-m"], 1, "-m expects"), (["--wrong", "x.py"], 1, "unknown option --wrong"), (["no_such.py"], 1, "can't open file 'no_such.py'")],
)  # fmt: skip
def test_a_wrong_command_line_says_so(tmp_path, arguments, code, said):
    assert said in run("-m", "corelib.as_torch", *arguments, cwd=tmp_path, code=code).stderr


def test_paths_and_modules_are_corelibs(tmp_path):
    as_torch(tmp_path, """
        import torch, corelib
        import torch.nn as nn, torch.nn.functional as F, torch.utils.data.dataloader
        from torch.utils.data.dataset import TensorDataset
        from torch.nn.modules.linear import Linear
        import torch.nn.utils.spectral_norm
        assert torch.nn is corelib.nn and F is corelib.nn.functional and Linear is corelib.nn.Linear is nn.Linear
        assert torch.utils.data.DataLoader is torch.utils.data.dataloader.DataLoader is corelib.utils.data.DataLoader
        assert callable(torch.nn.utils.spectral_norm) and torch.Tensor is corelib.Tensor and TensorDataset is torch.utils.data.TensorDataset
        assert torch.cuda is corelib.cuda and __import__("sys").modules["torch.cuda"] is torch.cuda
        from torch import *
        assert isinstance(torch.tensor([1]), Tensor) and torch.random.manual_seed is torch.manual_seed
        for name in ("dispatcher", "data", "cli", "contract"):
            assert not hasattr(torch, name), name
    """)  # fmt: skip


def test_versions(tmp_path):
    as_torch(tmp_path, """
        import importlib.metadata, importlib.util
        assert importlib.metadata.version("torch").startswith("2.13.0+corelib.")
        import torch, corelib
        assert importlib.metadata.version("torch") == torch.__version__ == torch.version.__version__ != corelib.__version__
        assert torch.__version__ >= (2, 1) and torch.__version__ > "2.9.1" and torch.__version__.split("+")[0] == "2.13.0"
        assert torch.version.cuda is None and importlib.util.find_spec("torch") is not None
    """)  # fmt: skip


def test_what_is_absent_is_named_and_reported(tmp_path):
    done = as_torch(tmp_path, """
        import importlib.util, torch
        assert importlib.util.find_spec("torch.no_such") is None
        try:
            import torch.no_such.thing
        except ModuleNotFoundError as error:
            print(error, error.name)
        for space, name in ((torch, "dsmm"), (torch, "nothing_of_it"), (torch.nn, "Nothing"), (torch.ones(1), "sparse_resize_"), (torch, "AliasDb")):
            try:
                getattr(space, name)
            except AttributeError as error:
                print(error, error.name)
    """, options=["--report"])  # fmt: skip
    assert done.stdout.splitlines() == [
        "No module named 'torch.no_such' torch.no_such",
        "module 'torch' has no attribute 'dsmm': PyTorch has it, corelib lacks it; docs/coverage.md lists what is missing dsmm",
        "module 'torch' has no attribute 'nothing_of_it' nothing_of_it",
        "module 'torch.nn' has no attribute 'Nothing' Nothing",
        "'Tensor' object has no attribute 'sparse_resize_': PyTorch has it, corelib lacks it; docs/coverage.md lists what is missing sparse_resize_",
        "module 'torch' has no attribute 'AliasDb': PyTorch has it, but not for users AliasDb",
    ]
    for line in ("torch.dsmm  1", "torch.Tensor.sparse_resize_  1", "torch.nn.Nothing  1", "torch.no_such  2"):
        assert line in done.stderr


def test_the_report_tells_what_went_to_the_host(tmp_path):
    assert "asked for and absent: nothing" in as_torch(tmp_path, "import torch", options=["--report"]).stderr


def test_tracebacks_begin_in_the_program_and_name_its_lines(tmp_path):
    done = as_torch(tmp_path, "import torch\n\ndef f():\n    torch.ones(2) + torch.ones(3)\n\nf()\n", code=1)
    assert done.stderr.index('File "program.py", line 6') < done.stderr.index("line 4, in f")
    frames = [line for line in done.stderr.splitlines() if line.startswith("  File")]
    assert "torch.ones(2) + torch.ones(3)" in done.stderr and not any("as_torch" in frame for frame in frames)


def test_exit_codes_are_the_programs(tmp_path):
    as_torch(tmp_path, "import torch, sys; sys.exit(7)", code=7)
    as_torch(tmp_path, "import torch, os, signal; signal.signal(signal.SIGINT, signal.default_int_handler); os.kill(os.getpid(), signal.SIGINT)", code=-2)


def test_sources_doctests_and_the_debugger(tmp_path):
    as_torch(tmp_path, '''
        """
        >>> import torch
        >>> torch.ones(2)
        tensor([1., 1.])
        """
        import doctest, inspect, torch
        def f(): return 1
        assert inspect.getsource(f).strip() == "def f(): return 1" and "class Linear" in inspect.getsource(torch.nn.Linear)
        assert doctest.testmod() == (0, 2), doctest.testmod()
    ''')  # fmt: skip
    name = program(tmp_path, "import torch\nx = torch.ones(3)\nprint(x)\n", "debugged.py")
    done = run("-m", "corelib.as_torch", "-m", "pdb", name, cwd=tmp_path, stdin="next\nnext\np x.shape\ncontinue\nquit\n")
    assert "torch.Size([3])" in done.stdout and "debugged.py(3)" in done.stdout


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_children_inherit_it(tmp_path, method):
    done = as_torch(tmp_path, f"""
        import multiprocessing, subprocess, sys, torch
        from torch.utils.data import DataLoader, TensorDataset
        def double(x):
            assert torch.__version__.startswith("2.13.0+corelib")
            return (x * 2).sum().item()
        if __name__ == "__main__":
            with multiprocessing.get_context({method!r}).Pool(1) as pool:
                print(pool.apply(double, (torch.ones(3),)))
            data = DataLoader(TensorDataset(torch.arange(4.)), num_workers=1, multiprocessing_context={method!r})
            print([x.item() for x, in data])
            print(subprocess.run([sys.executable, "-c", "import torch; print(torch.__version__)"], capture_output=True, text=True).stdout.strip())
    """)  # fmt: skip
    six, data, version = done.stdout.splitlines()
    assert six == "6.0" and data == "[0.0, 1.0, 2.0, 3.0]" and version.startswith("2.13.0+corelib.")


def test_install_in_a_program_and_twice():
    code = "import corelib.as_torch as a; a.install(); a.install(); import torch, corelib, sys; assert torch.nn is corelib.nn; print(len(sys.path), sum(type(f).__module__ == 'corelib.as_torch.torch' for f in sys.meta_path))"
    assert run("-c", code).stdout.split()[1] == "1"


def test_another_torch_that_is_imported_already_is_refused(tmp_path):
    program(tmp_path, "", "torch.py")
    done = run("-c", "import torch, corelib.as_torch; corelib.as_torch.install()", cwd=tmp_path, code=1)
    assert "RuntimeError: as_torch.install(): PyTorch has been imported already, from " in done.stderr


def test_without_it_torch_means_nothing_else():
    assert "ModuleNotFoundError" in run("-c", "import corelib, sys; sys.path = [p for p in sys.path if 'site-packages' not in p]; import torch", code=1).stderr


def test_pickles_that_name_either(tmp_path):
    as_torch(tmp_path, """
        import pickle, torch
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
        data = pickle.dumps(model, protocol=2)
        for d in (data, data.replace(b"corelib.nn", b"torch.nn")):
            loaded = pickle.loads(d)
            assert type(loaded[0]) is torch.nn.Linear and torch.equal(loaded[0].weight, model[0].weight)
        torch.save(model, "model.pt")
    """)  # fmt: skip
    run("-c", "import corelib as T; print(T.load('model.pt', weights_only=False)[0].weight.shape)", cwd=tmp_path)


def test_a_program_from_standard_input(tmp_path):
    assert run("-m", "corelib.as_torch", "-", "x", cwd=tmp_path, stdin="import torch, sys\nprint(torch.ones(1), sys.argv)").stdout == "tensor([1.]) ['-', 'x']\n"


def test_threads_that_import_at_the_same_time(tmp_path):
    done = as_torch(tmp_path, """
        import faulthandler, importlib, threading
        faulthandler.dump_traceback_later(60, exit=True)
        names = ["nn.functional", "optim", "utils.data", "distributions", "nn.modules.linear", "nn.utils.rnn", "cuda", "jit", "optim.lr_scheduler"] * 2
        together, wrong = threading.Barrier(len(names)), []
        def load(name):
            together.wait()
            try:
                importlib.import_module(f"torch.{name}")
                import torch
                torch.nn.Linear(2, 2)(torch.ones(1, 2)).sum().backward()
            except Exception as error:
                wrong.append((name, error))
        threads = [threading.Thread(target=load, args=(name,)) for name in names]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        print(wrong)
    """)  # fmt: skip
    assert done.stdout == "[]\n"


def test_the_package_is_a_package_with_modules_in_it(tmp_path):
    as_torch(tmp_path, """
        import importlib.util, inspect, os, pkgutil
        import torch
        assert os.path.isdir(torch.__path__[0]) and os.path.isfile(torch.__file__)
        found = {module.name: module.ispkg for module in pkgutil.iter_modules(torch.__path__)}
        assert found["nn"] and found["cuda"] and found["jit"] is False and not {"dispatcher", "tensor", "as_torch"} & set(found)
        assert "torch.nn.modules.linear" in {module.name for module in pkgutil.walk_packages(torch.nn.__path__, "torch.nn.")}
        assert importlib.util.find_spec("torch.nope") is None and importlib.util.find_spec("torch.nn.functional") is not None
        assert {"tensor", "jit", "nn", "__version__", "Tensor"} <= set(dir(torch))
        assert inspect.getsource(torch.utils.data.DataLoader).startswith("class DataLoader")
        assert inspect.getsource(torch.nn.Linear).startswith("class Linear")
        from torch.version import cuda, __version__
        from torch.utils.data.dataloader import *
        assert DataLoader is torch.utils.data.DataLoader and callable(default_collate)
    """)  # fmt: skip
