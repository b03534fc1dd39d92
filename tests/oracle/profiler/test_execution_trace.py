"""Execution traces: the same file in both libraries, as far as what a program computes is told in it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import torch

import corelib

LIBRARIES = (corelib, torch)


def traced(T: Any, path: Path) -> Any:
    """What a small training step leaves in the file."""
    x, w = T.ones(2, 3), T.full((3, 4), 0.5, requires_grad=True)
    observer = T.profiler.ExecutionTraceObserver()
    before = observer.is_registered
    assert observer.register_callback(str(path)) is observer
    assert (before, observer.is_registered) == (False, True)
    assert observer.get_output_file_path() == str(path)
    observer.start()
    with T.profiler.record_function("mine"):
        y = x.mm(w).relu()
    y.sum().backward()
    observer.stop()
    x.exp()
    observer.start()
    x.mul(x)
    observer.stop()
    observer.unregister_callback()
    assert not observer.is_registered
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def of(found: Any, name: str) -> list[Any]:
    return [node for node in found["nodes"] if node["name"] == name]


@pytest.mark.parametrize("suffix", [".json", ".json.gz"])
def test_trace_of_a_step(tmp_path: Path, suffix: str, capfd: Any) -> None:
    got, want = (traced(T, tmp_path / f"{T.__name__}{suffix}") for T in LIBRARIES)
    assert got.keys() == want.keys()
    assert got["schema"] == want["schema"]
    assert [node["name"] for node in got["nodes"][::-1]][0] == "[pytorch|profiler|execution_trace|process]"
    for name in ("aten::mm", "aten::relu", "mine", "MmBackward0", "ReluBackward0", "SumBackward0", "aten::mul", "torch::autograd::AccumulateGrad"):
        mine, theirs = of(got, name), of(want, name)
        assert len(mine) == len(theirs) > 0, name
        assert mine[0].keys() == theirs[0].keys()
        assert [a["name"] for a in mine[0]["attrs"]] == [a["name"] for a in theirs[0]["attrs"]]
        assert {a["name"]: a["value"] for a in mine[0]["attrs"]}["scope"] == {a["name"]: a["value"] for a in theirs[0]["attrs"]}["scope"]
    assert not of(got, "aten::exp")
    for name in ("aten::mm", "aten::relu", "aten::mul"):
        mine, theirs = of(got, name)[0], of(want, name)[0]
        for part in ("inputs", "outputs"):
            for fact in ("shapes", "types", "strides"):
                assert mine[part][fact] == theirs[part][fact], (name, part, fact)
            assert [value[2:] for value in mine[part]["values"]] == [value[2:] for value in theirs[part]["values"]]  # all but the numbers of tensor and storage
    for found in (got, want):  # the product's result is what relu takes, and both lie in what the program has named
        mm, relu, region = of(found, "aten::mm")[0], of(found, "aten::relu")[0], of(found, "mine")[0]
        assert mm["outputs"]["values"][0][0] == relu["inputs"]["values"][0][0]
        assert mm["ctrl_deps"] == relu["ctrl_deps"] == region["id"]


def test_settings_of_an_observer(tmp_path: Path, monkeypatch: Any) -> None:
    def run(T: Any) -> Any:
        kind = T.profiler.ExecutionTraceObserver
        observer = kind()
        path = str(tmp_path / f"{T.__name__}.json")
        said = [observer.get_output_file_path(), observer.get_resources_dir(), kind.get_resources_dir_for_et_path(path), kind.build_execution_trace_obs_from_env()]
        observer.register_callback(path)
        observer.set_extra_resource_collection(True)
        said += [Path(observer.get_resources_dir()).name.removeprefix(T.__name__), observer.is_running()]
        observer.start()
        said.append(observer.is_running())
        observer.cleanup()
        return said, observer.is_running(), observer.is_registered

    monkeypatch.delenv("ENABLE_PYTORCH_EXECUTION_TRACE", raising=False)
    assert run(corelib) == run(torch)


def test_a_trace_beside_a_profile_is_refused(tmp_path: Path) -> None:
    observer = corelib.profiler.ExecutionTraceObserver().register_callback(str(tmp_path / "trace"))
    with pytest.raises(NotImplementedError, match="Right: observer.start"):
        corelib.profiler.profile(execution_trace_observer=observer)
    with corelib.profiler.profile(), pytest.raises(RuntimeError, match="another profile"):
        observer.start()
