"""The cache of compiled objects, and what happens where there is no compiler, or one that fails: NumPy computes, with one warning."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from corelib_cpu_native import compilers

PROGRAM = """
import warnings
warnings.simplefilter("always")
import corelib as torch
torch.backends.set_report(True)
x = torch.arange(8.0)
assert (x + x).tolist() == [2.0 * i for i in range(8)] and (x + 1).tolist() == [1.0 + i for i in range(8)]
print(*sorted({row.path for row in torch.backends.report() if row.op == "add"}), sep=", ")
"""
PACK, NUMPY = "pack corelib-cpu-native", "native"


def objects(cache: Path) -> dict[str, tuple[int, bytes]]:
    return {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in cache.glob("*.so")}


def test_the_second_run_compiles_nothing(child, tmp_path):
    cache = tmp_path / "cache"
    assert child(PROGRAM, cache).stdout.strip() == PACK
    made = objects(cache)
    assert made and stat.S_IMODE(cache.stat().st_mode) == 0o700
    second = child(PROGRAM, cache)
    assert second.stdout.strip() == PACK and second.stderr == "" and objects(cache) == made


@pytest.mark.parametrize("harm", ["cut", "changed", "sum gone", "sum empty", "a link"])
def test_an_object_that_is_not_whole_is_compiled_again(child, tmp_path, harm):
    cache = tmp_path / "cache"
    child(PROGRAM, cache)
    made = objects(cache)
    for file in cache.glob("*.so"):
        data = file.read_bytes()
        if harm == "cut":
            file.write_bytes(data[:-100])
        elif harm == "changed":
            file.write_bytes(data[:1000] + bytes([data[1000] ^ 1]) + data[1001:])
        elif harm == "a link":
            file.rename(tmp_path / file.name)
            file.symlink_to(tmp_path / file.name)
        else:
            file.with_suffix(".sum").write_text("") if harm == "sum empty" else file.with_suffix(".sum").unlink()
    again = child(PROGRAM, cache)
    assert again.stdout.strip() == PACK and again.stderr == ""
    assert {name: data for name, (_, data) in objects(cache).items()}.keys() == made.keys()
    assert not any(file.is_symlink() for file in cache.glob("*.so"))


def test_a_folder_that_others_may_write_to_is_not_used(child, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    assert child(PROGRAM, cache).stdout.strip() == PACK and not list(cache.iterdir())
    above = tmp_path / "above"
    above.mkdir()
    above.chmod(0o777)
    assert child(PROGRAM, above / "cache").stdout.strip() == PACK and not list(above.rglob("*.so"))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_a_folder_of_somebody_else_is_not_used(child, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    os.chown(cache, 12345, 12345)
    assert child(PROGRAM, cache).stdout.strip() == PACK and not list(cache.iterdir())


def test_a_place_where_no_folder_can_be_made_is_no_error(child, tmp_path):
    (tmp_path / "file").write_text("")
    done = child(PROGRAM, tmp_path / "file" / "cache")
    assert done.stdout.strip() == PACK and done.stderr == ""


def test_a_full_disk_is_no_error(child, tmp_path):
    limited = PROGRAM.replace("import warnings", "import corelib_cpu_native.cache as cache\ndef full(*args): raise OSError(28, 'No space left on device')\ncache._keep = full\nimport warnings")
    assert child(limited, tmp_path / "cache").stdout.strip() == PACK


def test_processes_that_compile_at_once_do_not_disturb_each_other(tmp_path):
    env = {**os.environ, "CORELIB_NATIVE_CACHE": str(tmp_path / "cache")}
    running = [subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) for _ in range(3)]
    for process in running:
        out, err = process.communicate(timeout=180)
        assert out.strip() == PACK and err == ""


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("name", "text", "said"), [
        ("fails", "echo wrong >&2; exit 3", "ended with status 3"), ("crashes", "kill -SEGV $$", "ended with status"),
        ("makes nothing", "exit 0", "kernels.so"), ("makes what is none", "echo no > kernels.so", "cannot be made"), ("hangs", "sleep 600", "took longer than 1 s"),
    ],
)  # fmt: skip
def test_a_compiler_that_does_not_work_leaves_it_to_numpy_with_a_warning(child, tmp_path, name, text, said):
    program = PROGRAM if name != "hangs" else PROGRAM.replace("import warnings", "import corelib_cpu_native.compilers as c\nc._SECONDS = 1\nimport warnings")
    done = child(program, CC=script(tmp_path / "cc", text))
    assert done.returncode == 0 and done.stdout.strip() == NUMPY
    assert done.stderr.count("NativeWarning") == 1 and said in done.stderr, done.stderr


def test_a_compiler_that_is_older_than_the_processor_is_asked_without_what_it_does_not_know(child, tmp_path):
    features = [flag for flag in compilers.flags() if flag.startswith("-m")]
    if not features:
        pytest.skip("nothing of this processor is named to the compiler")
    real = compilers.compiler().command[0]
    old = script(tmp_path / "old", f"case \" $* \" in *' {features[-1]} '*) echo \"unrecognized command-line option '{features[-1]}'\" >&2; exit 1;; esac; exec {real} \"$@\"")
    done = child(PROGRAM, CC=old)
    assert done.stdout.strip() == PACK and done.stderr == ""


def test_a_compiler_that_does_not_work_is_an_error_in_deterministic_mode(child, tmp_path):
    program = PROGRAM.replace("import warnings", "import corelib\ncorelib.use_deterministic_algorithms(True)\nimport warnings")
    done = child(program, CC=script(tmp_path / "cc", "exit 3"))
    assert done.returncode == 1 and "its kernel in C could not be made" in done.stderr, done.stderr


def test_without_a_compiler_numpy_computes_and_the_command_says_why(child, tmp_path):
    (tmp_path / "empty").mkdir()
    env = {"PATH": str(tmp_path / "empty"), "CC": ""}
    if find_spec("ziglang") is None:
        done = child(PROGRAM, **env)
        assert done.stdout.strip() == NUMPY and done.stderr == ""
        listed = child("from corelib.cli import main; import corelib; corelib.ones(1); main(['backends'])", **env)
        assert "there is no C compiler" in listed.stdout and listed.stderr == ""
    else:
        assert child(PROGRAM, **env).stdout.strip() == PACK


def test_it_can_be_switched_off(child):
    done = child(PROGRAM, CORELIB_NATIVE="0")
    assert done.stdout.strip() == NUMPY and done.stderr == ""


def test_the_commands_show_fill_and_clear_the_cache(child, tmp_path):
    cache = tmp_path / "cache"
    command = "import sys; from corelib.cli import main; sys.exit(main({}))"
    assert "0 compiled texts" in child(command.format(["cache"]), cache).stdout
    child(PROGRAM, cache)
    assert "0 compiled texts" not in child(command.format(["cache"]), cache).stdout
    cleared = child(command.format(["cache", "--clear"]), cache).stdout
    assert "removed" in cleared and not list(cache.iterdir())
