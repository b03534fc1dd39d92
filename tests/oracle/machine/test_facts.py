"""Threads, warnings, facts of the build, and what programs read of torch._utils, torch._C, torch.types and torch.distributed, beside PyTorch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed
import torch.types

import corelib

from ..coverage.calls import compared
from ..coverage.expressions import evaluate, plain

LINES = """
T.compiled_with_cxx11_abi(), T.is_vulkan_available(), T.has_lapack, T.has_spectral
T.set_num_threads(0)
T.set_num_threads(1.5)
T.set_num_threads(True)
[n := T.get_num_threads(), T.set_num_threads(n), T.get_num_threads() == n]
T.set_num_threads(1), T.get_num_threads()
type(T.get_num_interop_threads())
T.set_num_interop_threads(0)
T.set_num_interop_threads("a")
T.init_num_threads()
T.set_flush_denormal(1)
type(T.set_flush_denormal(False))
T.is_warn_always_enabled(), T.set_warn_always(True), T.is_warn_always_enabled(), T.set_warn_always(False), T.is_warn_always_enabled()
T.set_warn_always(3)
type(T.__config__.show()), T.__config__.show()[:20]
type(T.__config__.parallel_info())
T.__future__.get_overwrite_module_params_on_conversion(), T.__future__.get_swap_module_params_on_conversion()
[T.__future__.set_swap_module_params_on_conversion(True), T.__future__.get_swap_module_params_on_conversion(), T.__future__.set_swap_module_params_on_conversion(False)]
T._utils._flatten_dense_tensors([x, x[0], x[:, 1]])
T._utils._unflatten_dense_tensors(T.arange(18.0), [x, x[0, :2], x[0]])
[[t.shape for t in group] for group in T._utils._take_tensors([x, x.double(), x, x[0], x.double()], 100)]
[t.dtype for t in T._utils._reorder_tensors_as([x, x, x.double()], [x, x.double(), x])]
T._utils._get_device_index(3), T._utils._get_device_index("cuda:2"), T._utils._get_device_index("cpu", allow_cpu=True)
T._utils._get_device_index("cpu")
T._utils._get_device_index("cuda")
T._utils.KeyErrorMessage("a b"), repr(T._utils.KeyErrorMessage("a b"))
T._utils.cpu_count()
T._C._get_tracing_state(), T._C._log_api_usage_once("x"), T._C._get_privateuse1_backend_name()
T._C.device is T.device, T._C.dtype is T.dtype, T._C.Size is T.Size, T._C.Generator is T.Generator, isinstance(x, T._C.TensorBase)
T._C.no_such_name
T.types.Device, T.types.Number
isinstance(1.5, T.types.Number), isinstance("a", T.types.Number)
T.distributed.is_initialized(), T.distributed.is_torchelastic_launched()
T.distributed.get_node_local_rank(3)
T.distributed.get_node_local_rank()
T.distributed.is_nccl_available(), T.distributed.is_mpi_available(), T.distributed.is_ucc_available(), T.distributed.is_xccl_available()
issubclass(T.distributed.DistBackendError, T.distributed.DistError), issubclass(T.distributed.DistError, RuntimeError)
[str(e("x")) for e in (T.distributed.DistError, T.distributed.DistBackendError, T.distributed.DistNetworkError, T.distributed.DistStoreError)]
""".strip().splitlines()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("line", LINES)
def test_line_gives_what_pytorch_gives(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    got, want = (plain(evaluate(line, T), T) for T in (corelib, torch))
    if line.startswith("T.types.Device"):
        got, want = [[set(str(v).replace("corelib.", "torch.").replace("torch.tensor.device.", "torch.").split(": ", 1)[-1].split(" | ")) for v in each] for each in (got, want)]
    assert got == want, f"{line}\n    got {got}\nPyTorch {want}"


def test_facts_that_differ_by_build() -> None:
    assert (corelib.has_mkl, corelib.has_openmp) == (False, False) and corelib.distributed.is_available() is False
    assert corelib.set_flush_denormal(True) is False
    for name in ("has_mkl", "has_openmp"):
        assert type(getattr(torch, name)) is bool
        compared(f"torch.{name}")


def test_interop_threads_are_set_once() -> None:
    assert corelib.get_num_interop_threads() >= 1
    corelib.set_num_interop_threads(2)
    assert corelib.get_num_interop_threads() == 2
    with pytest.raises(RuntimeError, match="cannot set number of interop threads"):
        corelib.set_num_interop_threads(3)


@pytest.mark.parametrize("overwrite", [False, True])
def test_parameters_are_converted_in_place_or_made_anew(overwrite: bool) -> None:
    found = []
    for T in (corelib, torch):
        T.__future__.set_overwrite_module_params_on_conversion(overwrite)
        try:
            model = T.nn.Linear(2, 2, bias=False)
            model.weight.requires_grad_()
            model(T.ones(1, 2)).sum().backward()
            before = model.weight
            model.double()
            found.append((model.weight is before, str(before.dtype), str(model.weight.dtype), str(model.weight.grad.dtype), model.weight.requires_grad))
        finally:
            T.__future__.set_overwrite_module_params_on_conversion(False)
    assert found[0] == found[1] and found[0][0] is not overwrite


@pytest.mark.parametrize("error", [ValueError("bad"), KeyError("key"), UnicodeDecodeError("utf-8", b"x", 0, 1, "why")])
def test_an_error_is_raised_again(error: Exception) -> None:
    found = []
    for T in (corelib, torch):
        try:
            raise error
        except Exception:
            wrapped = T._utils.ExceptionWrapper(where="in a worker")
        with pytest.raises(Exception) as caught:
            wrapped.reraise()
        found.append((type(caught.value), str(caught.value).splitlines()[:2], "Traceback" in str(caught.value)))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["init_process_group", "get_rank", "get_world_size", "barrier", "all_reduce", "broadcast", "new_group", "send"])
def test_what_needs_a_group_says_what_one_process_does(name: str) -> None:
    for T, arguments in ((corelib, ()), (corelib, (corelib.ones(1),))):
        with pytest.raises(RuntimeError, match="corelib has no process groups yet.*single process needs none"):
            getattr(T.distributed, name)(*arguments)
    with pytest.raises(ValueError):  # PyTorch: Default process group has not been initialized
        torch.distributed.get_rank()


def test_what_is_said_once_is_said_again_when_asked() -> None:
    corelib.set_warn_always(True)
    try:
        for _ in range(2):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                corelib.compile(lambda x: x)
            assert len(caught) == 1
    finally:
        corelib.set_warn_always(False)


SOBOL: list[tuple[dict[str, Any], list[str]]] = [
    ({"dimension": 1}, ["draw()", "draw(7)", "draw(0)", "fast_forward(3)", "draw(2)"]),
    ({"dimension": 5}, ["draw(16)", "reset()", "draw_base2(3)", "draw_base2(3)", "draw_base2(2)"]),
    ({"dimension": 64}, ["fast_forward(9)", "draw(4)", "draw(3, dtype=T.float64)"]),
    ({"dimension": 3, "scramble": True, "seed": 7}, ["draw(5)", "draw(11)", "reset()", "draw(2)", "sobolstate", "shift", "quasi"]),
    ({"dimension": 21, "scramble": True}, ["draw(9)", "draw(2, out=T.empty(0))"]),
    ({"dimension": 1111}, ["draw(6)"]),
    ({"dimension": 21201}, ["draw(2)"]),
]


@pytest.mark.parametrize(("made", "calls"), SOBOL)
@pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")
def test_sobol_points_are_pytorchs(made: dict[str, Any], calls: list[str]) -> None:
    found = []
    for T in (corelib, torch):
        T.manual_seed(11)
        engine = T.quasirandom.SobolEngine(**made)
        each: list[Any] = [repr(engine), engine.MAXBIT, engine.MAXDIM]
        for call in calls:
            try:
                result = eval(f"engine.{call}", {"engine": engine, "T": T})
                each.append(result.numpy() if isinstance(result, T.Tensor) else repr(result))
            except ValueError as error:
                each.append(type(error))
            each.append(engine.num_generated)
        found.append(each)
    for got, want in zip(*found):
        assert np.array_equal(got, want) if isinstance(want, np.ndarray) else got == want


@pytest.mark.parametrize("dimension", [0, 21202])
def test_sobol_refuses_other_dimensions(dimension: int) -> None:
    for T in (corelib, torch):
        with pytest.raises(ValueError, match="Supported range of dimensionality"):
            T.quasirandom.SobolEngine(dimension)
