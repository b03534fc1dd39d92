"""utils.benchmark: the same times give the same figures, texts and tables; the same seed the same tensors."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.benchmark as theirs

import corelib
import corelib.utils.benchmark as mine

BOTH = (mine, theirs)
TIMES = [[2e-6], [1e-6, 1.1e-6, 1.2e-6, 0.9e-6, 1.05e-6], [0.5, 0.9, 0.2, 0.7, 0.6], [3e-3] * 6, [12.0, 12.5, 11.5, 14.0], [4e-9, 5e-9, 6e-9, 5e-9]]
SPECS = [
    {"stmt": "x + x", "setup": "pass"}, {"stmt": "x\ny", "setup": "a\nb", "sub_label": "s"}, {"stmt": "x", "setup": "y", "label": "L", "sub_label": "s", "description": "d", "num_threads": 4},
    {"stmt": "x\ny", "setup": "", "label": "L"},
]  # fmt: skip


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("times", TIMES, ids=str)
def test_measurement(times: list[float], spec: dict[str, Any]) -> None:
    def found(U: Any) -> Any:
        m = U.Measurement(10, times, U.TaskSpec(**spec))
        figures = [m.median, m.mean, m.iqr]
        return (np.float64(figures).round(15).tolist(), m.times, m.significant_figures, m.has_warnings, m.meets_confidence(0.2), m.title, m.as_row_name, m.stmt, m.num_threads,
                m.task_spec.summarize(), m.task_spec.setup_str(), repr(m).split("\n")[1:])  # fmt: skip

    assert found(mine) == found(theirs)


@pytest.mark.parametrize(("trim", "colour", "rowwise", "warn"), list(itertools.product((False, True), repeat=4)))
def test_tables(trim: bool, colour: bool, rowwise: bool, warn: bool) -> None:
    def table(U: Any, envs: tuple[str | None, ...]) -> str:
        rows = []
        for i, (label, sub, description, threads, env) in enumerate(itertools.product(("A", "B"), ("small", "much larger"), ("one", "two", "three"), (1, 4), envs)):
            if i % 7 != 3:
                spec = U.TaskSpec("f(x)", "pass", label=label, sub_label=sub, description=description, num_threads=threads, env=env)
                rows.append(U.Measurement(3, [(1 + i * i) * t for t in (1e-6, 1.3e-6, 1.01e-6, 1.02e-6)], spec))
        compare = U.Compare(rows[:2])
        compare.extend_results(rows[2:])
        if trim:
            compare.trim_significant_figures()
        if colour:
            compare.colorize(rowwise=rowwise)
        if warn:
            compare.highlight_warnings()
        return str(compare)

    for envs in ((None,), ("first", "the second")):
        assert table(mine, envs) == table(theirs, envs)


def test_what_is_refused() -> None:
    for U in BOTH:
        with pytest.raises(ValueError, match="Measurement"):
            U.Compare([1])
        with pytest.raises(ValueError, match="`str` stmt"):
            U.Timer(lambda: 1)
        with pytest.raises(ValueError, match="global_setup is C"):
            U.Timer("x", global_setup="y")
        with pytest.raises(ValueError, match="Invalid language"):
            U.Timer("x", language="rust")
        for name in ("repeat", "autorange"):
            with pytest.raises(NotImplementedError, match="blocked_autorange"):
                getattr(U.Timer(), name)()
        with pytest.raises(ValueError, match="repeats"):
            U.Timer().collect_callgrind(repeats=0)
    with pytest.raises(NotImplementedError, match="blocked_autorange"):
        mine.Timer().collect_callgrind()
    with pytest.raises(NotImplementedError, match="Python"):
        mine.Timer("x;", language="c++")
    for name in ("CallgrindStats", "FunctionCounts", "FunctionCount"):
        with pytest.raises(NotImplementedError, match="collect_callgrind"):
            getattr(mine, name)()


def test_small_functions() -> None:
    for x in (1e-9, 3e-8, 9.99e-7, 1e-6, 2.5e-4, 0.03, 0.999, 1.0, 7.0, 400.0):
        assert mine.select_unit(x) == theirs.select_unit(x)
        for n in (1, 2, 3):
            assert mine.trim_sigfig(x, n) == theirs.trim_sigfig(x, n)
    assert [mine.unit_to_english(u) for u in ("ns", "us", "ms", "s")] == [theirs.unit_to_english(u) for u in ("ns", "us", "ms", "s")]
    assert mine.ordered_unique([3, 1, 3]) == theirs.ordered_unique([3, 1, 3])
    spec = {"stmt": "x", "setup": "pass"}
    merged = [[(m.number_per_run, m.raw_times) for m in U.Measurement.merge([U.Measurement(2, [2.0, 4.0], U.TaskSpec(**spec)), U.Measurement(1, [3.0], U.TaskSpec(**spec))])] for U in BOTH]
    assert merged[0] == merged[1]


def test_timers() -> None:
    for U, T in ((mine, corelib), (theirs, torch)):
        timer = U.Timer("seen.append(torch.__name__); y = x + 1", setup="x = torch.ones(2)", globals={"seen": (seen := [])}, label="add", sub_label="s", description="d", env="e")
        once = timer.timeit(20)
        assert once.number_per_run == 20 and len(once.raw_times) == 1 and once.median > 0 and seen[0] == T.__name__ and len(seen) == 22
        assert (once.label, once.sub_label, once.description, once.env) == ("add", "s", "d", "e")
        calls: list[Any] = []
        blocked = timer.blocked_autorange(min_run_time=0.01, callback=lambda n, t: calls.append((n, t)))
        assert sum(blocked.raw_times) >= 0.01 and [t for _, t in calls] == blocked.raw_times and calls[0][0] == blocked.number_per_run
        assert timer.adaptive_autorange(threshold=10.0, min_run_time=0.001, max_run_time=0.5).median > 0
        assert U.timer() <= U.timer()
        assert U.Language.PYTHON.value == 0
        assert U.CopyIfCallgrind(3, setup="s").value == 3
        with U.set_torch_threads(1):
            pass
        U.Compare([once]).print()


@pytest.mark.parametrize("seed", range(6))
def test_fuzzers(seed: int) -> None:
    def drawn(U: Any, T: Any) -> Any:
        fuzzer = U.Fuzzer(
            parameters=[
                U.FuzzedParameter("k0", 2, 16, "loguniform"), U.FuzzedParameter("k1", 2, 16, "uniform", strict=True), U.FuzzedParameter("dim", distribution={2: 0.4, 3: 0.4, 1: 0.1}),
                [U.FuzzedParameter("k2", distribution={1: 0.3, 4: 0.2, U.ParameterAlias("k0"): 0.3}), U.FuzzedParameter("scale", 0.5, 2.0, "uniform")],
            ],
            tensors=[
                U.FuzzedTensor("x", size=("k0", "k1", 3), steps=("k2", 1, 1), min_elements=4, max_elements=4000, dim_parameter="dim"),
                [U.FuzzedTensor("y", size=("k1", 2), probability_contiguous=0.1, dtype=T.int64, max_allocation_bytes=4096)],
            ],
            constraints=[lambda p: p["k0"] != 7], seed=seed,
        )  # fmt: skip
        found = []
        for tensors, facts, params in fuzzer.take(5):
            facts = {name: {k: v.tolist() if k == "order" else v for k, v in each.items()} for name, each in facts.items()}
            found.append((params, facts, {name: (t.tolist(), tuple(t.stride())) for name, t in tensors.items()}))
        return found, fuzzer.rejection_rate

    weights = {2: 0.4, 3: 0.4, 1: 0.1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcomes = []
        for U, T in ((mine, corelib), (theirs, torch)):
            try:
                outcomes.append(drawn(U, T))
            except (ValueError, AssertionError) as error:
                outcomes.append(str(error))
    assert outcomes[0] == outcomes[1], weights


def test_fuzzers_that_are_refused() -> None:
    for U in BOTH:
        with pytest.raises(AssertionError, match="Unknown distribution"):
            U.FuzzedParameter("k", 1, 2, "normal")
        with pytest.raises(AssertionError, match="cannot be negative"):
            U.FuzzedParameter("k", distribution={1: -1.0})
        with pytest.raises(ValueError, match="Duplicate names"):
            U.Fuzzer([U.FuzzedParameter("x", 1, 2, "uniform")], [U.FuzzedTensor("x", (1,))])
        with pytest.raises(ValueError, match="Failed to generate"):
            list(U.Fuzzer([U.FuzzedParameter("k", 1, 2, "uniform")], [], constraints=[lambda p: False], seed=0).take(1))
        assert repr(U.ParameterAlias("k")) == "ParameterAlias[alias_to: k]"
