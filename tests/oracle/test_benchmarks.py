"""The benchmark cases compute the same in both libraries, and the harness measures, prints, doubts and refuses as it says."""

import json

import numpy as np
import pytest
import torch

import corelib
from benchmarks import report
from benchmarks.__main__ import main
from benchmarks.cases import CASES, construction
from benchmarks.goals import GOALS
from benchmarks.machine import Watch
from benchmarks.processes import PROCESS_CASES
from benchmarks.rounds import Measured, Worker, measure
from benchmarks.worker import measured

RANDOM = ("wide_randn", "wide_dropout")  # their numbers differ from call to call; so many of them are drawn here as there
UNSTABLE = ("wide_sort",)  # which of two equal elements comes first is not promised
SLOW = ("first_elementwise_16M", "wide_resnet18_forward", "wide_adamw_10m")  # their ops are in other cases, smaller


def tensors_in(given):
    """The tensors of a result, or those that a step works on: gradients and weights in what its function holds."""
    if isinstance(given, torch.Tensor | corelib.Tensor):
        yield given.detach()
        if given.is_leaf and given.grad is not None:
            yield given.grad
    elif isinstance(given, tuple | list):
        for x in given:
            yield from tensors_in(x)
    elif isinstance(given, torch.nn.Module | corelib.nn.Module):
        yield from tensors_in([*given.parameters(), *given.buffers()])
    elif isinstance(given, int | float):
        yield np.array(given)
    elif hasattr(given, "__self__") and hasattr(given.__self__, "param_groups"):  # an optimizer's step
        yield from tensors_in([p for group in given.__self__.param_groups for p in group["params"]])
    elif callable(given) and getattr(given, "__closure__", None):
        for cell in given.__closure__:
            yield from tensors_in(cell.cell_contents)


@pytest.mark.parametrize("name", [name for name in CASES if name not in SLOW])
def test_a_case_computes_the_same_in_both_libraries(name):
    found = []
    for T in (torch, corelib):
        T.manual_seed(0)
        step = CASES[name](T, "cpu")
        results = [step()]
        found.append([np.asarray(t if isinstance(t, np.ndarray) else t.float() if t.dtype in (torch.bfloat16, corelib.bfloat16) else t) for t in tensors_in([results, step])])
    theirs, ours = found
    assert len(theirs) == len(ours) > 0 or (name == "wide_build_vit" and theirs == ours == [])
    for a, b in zip(theirs, ours, strict=True):
        assert a.shape == b.shape
        if name not in RANDOM and not (name in UNSTABLE and a.dtype == np.int64):
            scale = max(1.0, float(np.abs(a).max(initial=0.0)))
            np.testing.assert_allclose(b / scale, a / scale, rtol=0, atol=2e-3)


@pytest.mark.parametrize("build", [construction.build_vit_tiny, construction.build_gpt2, construction.build_small_layers])
def test_a_model_is_built_with_the_same_weights_in_both_libraries(build):
    theirs, ours = dict(build(torch)().named_parameters()), dict(build(corelib)().named_parameters())
    assert list(theirs) == list(ours)
    for name, p in theirs.items():
        np.testing.assert_allclose(ours[name].detach().numpy(), p.detach().numpy(), rtol=2e-6, atol=2e-7, err_msg=name)


def test_there_are_the_two_sets_and_each_case_has_a_goal():
    assert [sum(name.startswith(of) for name in CASES) for of in ("first_", "wide_")] == [22, 36]
    assert set(GOALS) == set(CASES) and len({c.name for c in PROCESS_CASES}) == len(PROCESS_CASES)


def test_a_step_is_timed_however_short_or_long_it_is():
    calls = []
    assert 0 < measured(lambda: calls.append(1), 0.002) < 1e-4 and len(calls) > 100
    assert measured(lambda: sum(range(200_000)), 0.001) > 1e-4


def test_each_round_measures_pytorch_the_library_and_pytorch_again():
    (row,) = measure(["first_bmm"], "torch", rounds=2, threads=1, seconds=0.02, device="cpu", told=lambda what: None)
    # How near to 1 the ratio is depends on what else the machine does.
    assert row.error is None and len(row.figures) in (2, 4) and all(len(times) == 3 and min(times) > 0 for times in row.figures)


def test_what_fails_is_a_row_that_says_so_and_the_others_are_measured():
    rows = measure(["first_add_small", "no such case"], "corelib", rounds=1, threads=1, seconds=0.01, device="cpu", told=lambda what: None)
    assert rows[0].error is None and rows[1].error == "no such case with corelib: KeyError: 'no such case'"
    with Worker("no_such_library", 1, "cpu") as worker, pytest.raises(RuntimeError, match="the process ended with status 1"):
        worker.time_of("first_add_small", 0.01)
    assert report.mean(rows) == 0.0 and "failed: no such case" in report.markdown({"first": rows}, report.conditions(1, 1, "corelib", "cpu", 0.0), "corelib")


def test_the_ratio_is_a_median_of_neighbours_and_above_one_where_we_are_faster():
    row = Measured("n", "us", [(10.0, 5.0, 10.0), (12.0, 5.0, 12.0), (1000.0, 5.0, 1000.0), (1.0, 5.0, 1.0)], goal=2.0)
    assert (row.ratio, row.middle, row.itself, row.void) == (2.2, (2.0, 2.4), 1.0, False)
    assert Measured("n", "us", [(10.0, 5.0, 9.0)]).void and not Measured("n", "us", [(10.0, 5.0, 9.6)]).void
    assert report.mean([Measured("a", "us", [(100.0, 1.0, 100.0)]), Measured("b", "us", [(1.0, 3.0, 1.0)])]) == pytest.approx(1.0)


def test_a_run_that_cannot_be_trusted_says_why():
    row = Measured("n", "us", [(10.0, 5.0, 5.0)], goal=2.0)
    table = report.markdown({"first": [row]}, report.conditions(1, 1, "corelib", "cpu", 0.5), "corelib")
    assert "This run is void: others used 0.50 processors" in table and "differs from itself by more than 5% in n" in table and "2 met" in table
    watch = Watch()
    sum(range(3_000_000))  # this process's own work is nobody else's
    assert watch.others() is None or watch.others() >= 0


def test_the_program_prints_json_for_the_cases_that_are_asked_for(capsys):
    assert main(["--quick", "--json", "--threads", "1", "--filter", "add_small"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [r["name"] for r in printed["results"]["first"]] == ["first_add_small", "first_add_small_grad"]
    assert printed["conditions"]["threads"] == 1 and all(r["ratio"] > 0 and len(r["figures"]) >= 2 for r in printed["results"]["first"])


def test_a_filter_without_a_case_says_so(capsys):
    assert main(["--filter", "no such case"]) == 1
    assert "no case has 'no such case'" in capsys.readouterr().err


def test_loading_pictures_is_measured_for_both_libraries(tmp_path):
    from benchmarks import pictures

    pictures.generate(tmp_path, 4)
    assert len(list(tmp_path.glob("class*/*.jpg"))) == 4
    for library in ("torch", "corelib"):
        assert pictures.figure(library, "by hand", tmp_path, 0) > 0
    failed = pictures.measured("no such row", tmp_path / "none", 0, 1, "corelib")
    assert "no class folder" in failed.error.lower() or "FileNotFoundError" in failed.error
