"""The benchmark cases compute the same in both libraries, and the harness measures, prints and refuses as it says."""

import json
import sys

import numpy as np
import pytest
import torch

import benchmarks.cases
import corelib
from benchmarks import report
from benchmarks.__main__ import THREADS, main
from benchmarks.cases import construction
from benchmarks.processes import PROCESS_CASES
from benchmarks.registry import CASES, Case
from benchmarks.timing import check_same, compare, measure

SLOW = ("add, 16 M elements", "matmul, 2048")


@pytest.mark.parametrize("case", [c for c in CASES if c.name not in SLOW], ids=lambda c: c.name)
def test_a_case_gives_the_same_result_in_both_libraries(case):
    theirs, ours = case.setup(torch), case.setup(corelib)
    for _ in range(3):
        a, b = theirs(), ours()
        assert tuple(a.shape) == tuple(b.shape)
        check_same(case.name, a, b)


@pytest.mark.parametrize("build", [construction.build_vit_tiny, construction.build_gpt2, construction.build_small_layers])
def test_a_model_is_built_with_the_same_weights_in_both_libraries(build):
    theirs, ours = dict(build(torch)().named_parameters()), dict(build(corelib)().named_parameters())
    assert list(theirs) == list(ours)
    for name, p in theirs.items():
        np.testing.assert_allclose(ours[name].detach().numpy(), p.detach().numpy(), rtol=2e-6, atol=2e-7, err_msg=name)


def test_every_case_has_a_name_of_its_own():
    names = [c.name for c in (*CASES, *PROCESS_CASES)]
    assert len(set(names)) == len(names)
    assert benchmarks.cases.__doc__


def test_cases_that_differ_are_refused():
    different = Case("test", "constants", lambda T: lambda: T.ones(2) * (2 if T is torch else 3), None)
    with pytest.raises(RuntimeError, match="constants: the libraries' results differ"):
        measure(different, torch, corelib, rounds=1, sample=1e-4)


def test_a_library_measured_against_itself_is_about_as_fast():
    case = next(c for c in CASES if c.name == "matmul, 64")
    result = measure(case, torch, torch, rounds=11, sample=2e-3)
    assert 0.5 < result.ratio < 2.0


def test_the_ratio_is_of_medians_and_above_one_where_we_are_faster():
    result = compare("f", "n", "us", 2.0, [(10.0, 5.0), (12.0, 6.0), (1000.0, 5.0)])
    assert (result.torch, result.ours, result.ratio) == (12.0, 5.0, 2.4)
    table = report.markdown([result], report.conditions(1, "corelib", quick=True), "corelib")
    assert "| f | n | 12 µs | 5 µs | **2.40** |" in table
    assert "| 2 met |" in table


def test_the_program_prints_json_for_the_cases_that_are_asked_for(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--quick", "--json", "--filter", "small add"])
    for name in THREADS:  # so that what main sets there goes again
        monkeypatch.setenv(name, "1")
    threads = torch.get_num_threads()
    try:
        assert main() == 0
    finally:
        torch.set_num_threads(threads)
    printed = json.loads(capsys.readouterr().out)
    assert [r["name"] for r in printed["results"]] == ["small add", "small add with grad"]
    assert printed["conditions"]["threads"] == 1
    assert all(r["ratio"] > 0 for r in printed["results"])


def test_a_filter_without_a_case_says_so(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--filter", "no such case"])
    for name in THREADS:
        monkeypatch.setenv(name, "1")
    assert main() == 1
    assert "no case has 'no such case'" in capsys.readouterr().err
