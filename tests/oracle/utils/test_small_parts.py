"""Weak dictionaries, locks in files, contexts as decorators, throughput: beside PyTorch; and what refuses says what to do."""

from __future__ import annotations

import gc
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.utils._contextlib
import torch.utils._foreach_utils
import torch.utils.file_baton
import torch.utils.throughput_benchmark
import torch.utils.weak

import corelib
import corelib.utils._contextlib
import corelib.utils._foreach_utils
import corelib.utils.backend_registration
import corelib.utils.bundled_inputs
import corelib.utils.collect_env
import corelib.utils.cpp_extension
import corelib.utils.file_baton
import corelib.utils.mobile_optimizer
import corelib.utils.throughput_benchmark
import corelib.utils.weak

BOTH = (corelib, torch)


def test_weak_dictionaries() -> None:
    for T in BOTH:
        W = T.utils.weak
        a, b = T.ones(2), T.ones(2)
        d = W.WeakTensorKeyDictionary({a: 1})
        d[b] = 2
        assert d[a] == 1 and d.get(b) == 2 and len(d) == 2 and a in d and T.ones(2) not in d and 3 not in d
        assert [v for _, v in d.items()] == [1, 2] and next(iter(d.keys())) is a and list(d.values()) == [1, 2]
        assert d.setdefault(a, 5) == 1 and d.pop(b) == 2 and d.pop(b, 7) == 7 and len(d.keyrefs()) == 1
        both = d | {b: 4}
        assert both[b] == 4 and len(d) == 1 and d == d.copy() and both != d
        both |= {a: 9}
        assert both[a] == 9 and ({b: 1} | d)[b] == 1
        with pytest.raises(KeyError):
            d[T.ones(1)]
        del both[b]
        key, value = both.popitem()
        assert key is a and value == 9
        reference, same = W.WeakIdRef(a), W.WeakIdRef(a)
        assert reference == same and hash(reference) == hash(same) and reference() is a and not W.WeakIdRef(b) == reference
        weak = W.TensorWeakRef(a)
        assert weak() is a
        del a, key
        gc.collect()
        assert len(d) == 0 and list(d) == []
        with pytest.raises(AssertionError):
            W.TensorWeakRef(3)


def test_locks_in_files(tmp_path: Path) -> None:
    for T in BOTH:
        path = str(tmp_path / T.__name__)
        baton, other = (T.utils.file_baton.FileBaton(path, wait_seconds=0.01) for _ in range(2))
        assert baton.try_acquire() and not other.try_acquire()
        baton.release()
        other.wait()
        assert other.try_acquire()
        other.release()


def test_contexts_as_decorators() -> None:
    def found(T: Any) -> Any:
        C = T.utils._contextlib
        log: list[str] = []

        class Logged(C._DecoratorContextManager):
            def __enter__(self) -> None:
                log.append("in")

            def __exit__(self, *exception: object) -> None:
                log.append("out")

        class Bare(C._NoParamDecoratorContextManager):
            __enter__, __exit__ = Logged.__enter__, Logged.__exit__

        @Logged()
        def double(x: int) -> int:
            log.append("body")
            return x * 2

        @Bare
        def count(n: int) -> Any:
            for i in range(n):
                log.append(str((yield i)))
            return "end"

        generator = count(2)
        got = [double(2), next(generator), generator.send("sent")]
        try:
            generator.send("more")
        except StopIteration as end:
            got.append(end.value)
        thrown = count(1)
        next(thrown)
        with pytest.raises(ValueError):
            thrown.throw(ValueError("x"))
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            made = Logged()(int)("3")
        for wrong in (lambda: C.context_decorator(Logged(), double), lambda: C.context_decorator(Logged, int)):
            try:
                wrong()
            except (AssertionError, RuntimeError) as error:
                got.append(type(error))
        return got, log, made, [w.category for w in seen], C.context_decorator(lambda: Logged(), lambda: 5)()

    assert found(corelib) == found(torch)


def test_foreach_support() -> None:
    for T in BOTH:
        F = T.utils._foreach_utils
        assert T.Tensor in F._foreach_supported_types and F._device_has_foreach_support(T.device("cpu"))
        assert F._has_foreach_support([T.ones(1)], T.device("cpu"))
        assert isinstance(F._get_foreach_kernels_supported_devices(), list) and "cpu" in F._get_fused_kernels_supported_devices()
        groups = F._group_tensors_by_device_and_dtype([[T.ones(1), T.ones(1, dtype=T.float64), T.ones(2)], [T.zeros(1), T.zeros(1), T.zeros(2)]], with_indices=True)
        assert {str(key[1]): ([[x.tolist() for x in each] for each in lists], places) for key, (lists, places) in groups.items()} == {
            "torch.float32": ([[[1], [1, 1]], [[0], [0, 0]]], [0, 2]), "torch.float64": ([[[1]], [[0]]], [1]),
        }  # fmt: skip


def test_throughput(tmp_path: Path) -> None:
    for T in BOTH:
        M = T.utils.throughput_benchmark
        bench = M.ThroughputBenchmark(T.nn.Linear(2, 3))
        bench.add_input(T.ones(1, 2))
        assert bench.run_once(T.ones(4, 2)).shape == (4, 3)
        stats = bench.benchmark(num_calling_threads=2, num_warmup_iters=1, num_iters=20)
        assert stats.num_iters >= 20 and stats.latency_avg_ms > 0 and stats.iters_per_second > 0 and stats.total_time_seconds > 0
        assert "Total number of iterations:" in str(stats)
        assert [M.format_time(time_us=3.5), M.format_time(time_ms=3.5), M.format_time(time_s=3.5)] == ["3.500us", "3.500ms", "3.500s"]
    with pytest.raises(RuntimeError, match="add_input"):
        corelib.utils.throughput_benchmark.ThroughputBenchmark(corelib.nn.Linear(1, 1)).benchmark()


def test_set_module() -> None:
    for T in BOTH:

        class Thing:
            pass

        T.utils.set_module(Thing, "elsewhere")
        assert Thing.__module__ == "elsewhere"
        with pytest.raises(TypeError):
            T.utils.set_module(Thing, 3)


def test_what_needs_a_library_in_c_says_what_to_do() -> None:
    E, M, B = corelib.utils.cpp_extension, corelib.utils.mobile_optimizer, corelib.utils.bundled_inputs
    for call in (E.load, E.load_inline, E.CppExtension, E.CUDAExtension, E.SyclExtension, E.BuildExtension, E.include_paths, E.library_paths, E.BuildExtension.with_options):
        with pytest.raises(NotImplementedError, match="docs/write_a_backend.md"):
            call()
    for call in (M.optimize_for_mobile, B.augment_model_with_bundled_inputs, B.bundle_inputs):
        with pytest.raises(NotImplementedError, match="TorchScript"):
            call()
    with pytest.raises(NotImplementedError, match="new-backend"):
        corelib.utils.rename_privateuse1_backend("mine")
    with pytest.raises(NotImplementedError, match="new-backend"):
        corelib.utils.backend_registration.generate_methods_for_privateuse1_backend()


def test_what_asks_of_compilers_answers() -> None:
    import torch.utils.cpp_extension as theirs

    mine = corelib.utils.cpp_extension
    assert mine.is_ninja_available() in (True, False) and theirs.is_ninja_available() in (True, False)
    assert mine.get_cxx_compiler() == theirs.get_cxx_compiler()
    assert mine.check_compiler_is_gcc("gcc") == theirs.check_compiler_is_gcc("gcc")
    assert mine.get_default_build_root().endswith("torch_extensions") and theirs.get_default_build_root().endswith("torch_extensions")


def test_environment() -> None:
    import torch.utils.collect_env as theirs

    mine = corelib.utils.collect_env
    info = mine.get_env_info()
    assert set(theirs.SystemEnv._fields) - set(info._fields) <= {"intel_gpu_models", "pip_packages"} or len(set(theirs.SystemEnv._fields) - set(info._fields)) < 3
    text = mine.pretty_str(info)
    assert "PyTorch version: corelib" in text and "Python version:" in text and "cpu: " in text
    headings = [line.split(":")[0] for line in theirs.env_info_fmt.splitlines() if ":" in line]
    assert [h for h in headings if f"{h}:" not in text] == []
    assert mine.run("echo hello")[:2] == theirs.run("echo hello")[:2] == (0, "hello")


def test_bottleneck(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys, torch\nx = torch.ones(2, 2, requires_grad=True)\n(x @ x).sum().backward()\nprint('ran with', sys.argv[1:])\n")
    done = subprocess.run([sys.executable, "-m", "corelib.utils.bottleneck", str(script), "--flag"], capture_output=True, text=True, check=True)
    assert done.stdout.count("ran with ['--flag']") == 2
    for word in ("Environment Summary", "cProfile output", "autograd profiler output", "aten::mm"):
        assert word in done.stdout
