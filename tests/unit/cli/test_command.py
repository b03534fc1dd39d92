"""The `corelib` command, run as a user runs it."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import corelib
import pytest
from corelib.cli import main
from corelib.cli.backends import table



def command(*arguments, code=0, interpreter=(), **environment):
    """Standard output and standard error of the command."""
    done = subprocess.run(
        [sys.executable, *interpreter, "-W", "error", "-m", "corelib.cli", *arguments],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "COLUMNS": "120", **environment},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def core_only(tmp_path):
    """Arguments for an interpreter that sees corelib and this environment's packages, but no metadata: no plugin."""
    site_packages = Path(importlib.util.find_spec("numpy").origin).parents[1]
    (tmp_path / "corelib").symlink_to(Path(corelib.__file__).parent)
    for entry in site_packages.iterdir():
        if not entry.name.startswith("corelib") and entry.suffix not in (".dist-info", ".egg-info", ".pth"):
            (tmp_path / entry.name).symlink_to(entry)
    return {"interpreter": ("-S",), "PYTHONPATH": str(tmp_path)}


def test_the_version_is_the_packages():
    assert command("--version") == (f"corelib {corelib.__version__}\n", "")


def test_without_a_command_it_shows_what_there_is(capsys):
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert "backends" in shown
    assert "quickstart" in shown


def test_an_unknown_command_is_refused_with_those_that_are_known(capsys):
    with pytest.raises(SystemExit) as left:
        main(["train"])
    assert left.value.code == 2
    assert "'backends'" in capsys.readouterr().err.replace("choose from backends", "choose from 'backends'")


def test_backends_is_a_table_with_a_row_for_each_device_type(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")  # other tests' devices are listed too
    assert main(["backends"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "DEVICE TYPE"
    assert [word for word in ("PROVIDER", "STATUS", "DTYPES", "DEVICES") if word not in lines[0]] == []
    assert lines[2].split()[:4] == ["meta", "corelib", corelib.__version__, "available"]
    assert any(line.split()[:2] == ["cpu", "corelib-cpu-numpy"] for line in lines)


def test_backends_as_json_has_the_same_facts(capsys):
    assert main(["backends", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["corelib"] == corelib.__version__
    assert shown["plugin_api"] == [1, 0]
    rows = {b["device_type"]: b for b in shown["backends"]}
    assert rows["meta"]["available"] is True
    assert rows["cpu"]["dtypes"]["float32"] == "native"
    assert rows["cpu"]["devices"] == ["cpu"]
    assert rows["cpu"]["capabilities"]["host_memory"] is True
    assert [name for name in ("cpu", "meta") if name in shown["not_installed"]] == []


def test_core_alone_lists_meta_and_says_what_to_install_for_the_cpu(core_only):
    shown, errors = command("backends", **core_only)
    assert errors == ""
    rows = [line for line in shown.splitlines()[2:] if line and not line.startswith((" ", "Not installed"))]
    assert [row.split()[:4] for row in rows] == [["meta", "corelib", corelib.__version__, "available"]]
    assert 'Not installed: cpu. To get it: pip install "corelib[cpu]"' in shown


def test_core_alone_runs_on_meta_and_says_what_to_install_when_the_cpu_is_used(core_only):
    program = (
        "import corelib\nprint((corelib.ones(2, 3, device='meta') + 1).shape)\n"
        "try: corelib.ones(2)\nexcept RuntimeError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-W", "error", "-c", program],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": core_only["PYTHONPATH"]},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    size, message = done.stdout.splitlines()
    assert size == "torch.Size([2, 3])"
    assert message.startswith("device 'cpu': no installed package provides it")
    assert 'pip install "corelib[cpu]"' in message


def test_the_quickstarts_module_is_loaded_only_for_the_quickstart():
    program = "import sys; from corelib.cli import main; main(['backends']); sys.exit('corelib.nn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_a_device_that_cannot_be_used_is_told_in_one_line_without_a_traceback():
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's: pip install 'corelib[examples]'")
    shown, errors = command("quickstart", "--device", "cuda:0", "--no-progress", "--epochs", "1", code=1)
    if "is installed but unavailable" not in errors:
        assert 'pip install "corelib[cuda]"' in errors
    assert "Traceback" not in shown + errors


def test_a_device_that_is_none_is_a_wrong_argument_and_the_types_that_there_are_are_listed(capsys):
    with pytest.raises(SystemExit) as left:
        main(["quickstart", "--device", "tpu9"])
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert "argument --device: device(): Expected one of cpu, " in told
    assert told.endswith(": tpu9\n")


def test_a_table_wraps_long_cells_and_never_cuts_a_word():
    text = table(("A", "B"), [("short", "several words that do not fit"), ("incomprehensibilities", "x")], 32)
    assert max(map(len, text.splitlines())) <= 32
    assert [word for word in ("several", "words", "that", "fit", "incomprehensibilities") if word not in text] == []
