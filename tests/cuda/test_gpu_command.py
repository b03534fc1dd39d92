"""`python -m benchmarks.gpu` rehearsed: on the stand-in, and where there is nothing that it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.gpu import __main__ as command, report
from benchmarks.gpu.surroundings import ROOT, Surroundings

HERE = Path(__file__).parent
BUDGET = 75


def run(folder, *options, budget=BUDGET, **environment):
    """The command on the stand-in; its exit status, what it said and its report."""
    paths = [str(HERE / "standin"), str(HERE), str(ROOT)]
    around = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "CORELIB_CUDA_STANDIN": "seed=1,checked=0", **environment}
    given = [sys.executable, "-m", "benchmarks.gpu", "--results", str(folder), "--budget", str(budget), *options]
    done = subprocess.run(given, capture_output=True, text=True, env=around, cwd=folder, timeout=budget * 3 + 120, check=False)
    found = sorted(folder.glob("gpu-*.json"))
    return done, json.loads(found[0].read_text()) if found else None, found


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    return run(tmp_path_factory.mktemp("rehearsal"))


def test_each_part_is_in_the_report(rehearsed):
    done, data, files = rehearsed
    assert done.returncode in (0, 1), done.stderr
    parts = {part["name"]: part for part in data["parts"]}
    assert list(parts) == list(command.PARTS)
    assert "no GPU" in data["name"] and "stand-in" in files[0].name
    facts = parts["environment"]["facts"]
    assert facts["cupy"].endswith("standin") and facts["devices"] == 2 and facts["total_memory"] == 2 << 30
    assert parts["sanitizer"]["status"] == "absent" or "memcheck" in str(parts["sanitizer"])
    level = parts["conformance"]["facts"]["level 0"].split()
    assert level[0] == level[3] != "0" and not [w for w in parts["conformance"]["wrong"] if "timeout" not in w and "not done" not in w]
    assert parts["quickstart"]["facts"]["waits a step, without loss.item()"] == 0
    assert 0 < parts["quickstart"]["facts"]["launches a step"] <= 60
    assert {"case", "ours"} <= set(parts["cases"]["rows"][0])
    assert any("GB/s" in str(value) for value in parts["roofline"]["facts"].values())
    text = files[0].with_suffix(".md").read_text()
    assert all(f"## {name}" in text for name in command.PARTS) and "| first_train_mlp_adam |" in text


def test_the_exit_status_says_whether_all_was_right(rehearsed):
    done, data, _ = rehearsed
    wrong = [part["name"] for part in data["parts"] if part["wrong"] or part["status"] not in ("done", "absent")]
    assert done.returncode == (1 if wrong else 0)


def test_what_fails_is_listed_and_the_run_goes_on(tmp_path):
    done, data, _ = run(tmp_path, "--device", "opencl:7", "--parts", "environment,quickstart,conformance", budget=60)
    assert done.returncode == 1
    assert [part["name"] for part in data["parts"]] == ["environment", "quickstart", "conformance"]
    assert all(part["wrong"] for part in data["parts"])
    assert data["parts"][1]["status"] == "failed" and "opencl" in data["parts"][1]["wrong"][-1]


def test_a_part_that_does_not_end_is_ended_and_what_it_wrote_counts(tmp_path, monkeypatch):
    out = tmp_path / "endless.jsonl"
    program = "import json, sys, time\nout = open(sys.argv[sys.argv.index('--out') + 1], 'w')\nprint(json.dumps({'fact': ['begun', 1]}), file=out, flush=True)\nout.write('{\"cut')\nout.flush()\ntime.sleep(600)\n"
    (tmp_path / "endless.py").write_text(program)
    monkeypatch.setattr(command, "GRACE", 1.0)
    monkeypatch.setattr(command, "module_of", lambda name: [str(tmp_path / "endless.py")])
    args = type("Args", (), {"device": "cuda", "seed": 0})()
    made = command.run("endless", args, 1.0, out, dict(os.environ))
    assert made["status"].startswith("ended after 1 s") and made["facts"] == {"begun": 1} and made["seconds"] < 30


def test_an_interpreter_without_numpy_is_told_so(tmp_path):
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    if not base.exists():
        base = Path(sys.executable)
    done = subprocess.run([str(base), "-S", "-m", "benchmarks.gpu"], capture_output=True, text=True, cwd=ROOT, env={"PATH": os.environ["PATH"]}, check=False)
    assert done.returncode == 2 and "needs numpy and cupy" in done.stderr


def test_packages_that_are_missing_are_replaced_and_plugins_found(monkeypatch):
    monkeypatch.setattr("benchmarks.gpu.surroundings._installed", lambda distribution: False)
    with Surroundings() as around:
        around.missing = []
        folder = next(p for p in around.environment["PYTHONPATH"].split(os.pathsep) if "corelib-gpu-" in p)
        names = sorted(path.name for path in Path(folder).iterdir())
    assert names == [f"{name}-0.1.0.dist-info" for name in ("corelib_conformance", "corelib_cpu_numpy", "corelib_cuda_cupy")]


@pytest.mark.parametrize("name", ["pluggy", "importlib_metadata", "ml_dtypes", "sklearn"])
def test_the_replacements_serve_corelib(name):
    """corelib adds two numbers with the replacement before the real package on the path."""
    place = ROOT / "benchmarks" / "gpu" / "instead"
    code = (
        f"import sys; sys.path.insert(0, {str(place)!r}); import {name}\nassert {name}.__file__.startswith({str(place)!r})\n"
        "import corelib as torch\nprint((torch.ones(2) + 1).tolist(), torch.zeros(2, dtype=torch.bfloat16).dtype)\n"
        "from corelib.cli.quickstart import Digits\nprint(len(Digits()))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split("\n")
    assert said[:2] == ["[2.0, 2.0] torch.bfloat16", "1797"]


def test_the_report_is_read_again_and_lines_that_were_cut_off_are_left_out(tmp_path):
    path = tmp_path / "part.jsonl"
    path.write_text('{"fact": ["a", 1]}\n{"row": {"x": 2}}\n{"wrong": "no | yes"}\n{"fact": ["a", 3]}\n{"ro')
    found = {"name": "p", "status": "done", "seconds": 1.0, **report.read(path)}
    assert found["facts"] == {"a": 3} and found["rows"] == [{"x": 2}] and found["wrong"] == ["no | yes"]
    report.write(tmp_path, "gpu-x", {"device": "cuda", "name": "X", "seed": 0, "budget": 1.0}, [found])
    assert "- no \\| yes" in (tmp_path / "gpu-x.md").read_text()
