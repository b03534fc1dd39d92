"""profile: what programs run, in which steps, and what is known of it, beside PyTorch."""

from __future__ import annotations

import gzip
import json
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

import corelib
from tests.oracle.coverage.calls import compared

BOTH = (corelib, torch)


def net(T: Any) -> Any:
    T.manual_seed(0)
    return T.nn.Sequential(T.nn.Linear(8, 16), T.nn.ReLU(), T.nn.Linear(16, 4))


def profile(T: Any, **options: Any) -> Any:
    return T.profiler.profile(activities=[T.profiler.ProfilerActivity.CPU], **options)


def train(T: Any) -> None:
    model = net(T)
    optimizer = T.optim.Adam(model.parameters())
    loader = T.utils.data.DataLoader(T.utils.data.TensorDataset(T.randn(6, 8)), batch_size=3)
    for (x,) in loader:
        with T.profiler.record_function("forward"):
            loss = model(x).pow(2).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def attend(T: Any) -> None:
    q = T.randn(2, 3, 5, 8, requires_grad=True)
    T.nn.functional.scaled_dot_product_attention(q, q, q).sum().backward()


def convolve(T: Any) -> None:
    made = T.nn.functional.conv2d(T.randn(2, 3, 8, 8), T.randn(4, 3, 3, 3, requires_grad=True), padding=1)
    T.nn.functional.max_pool2d(made, 2).sum().backward()


def change_in_place(T: Any) -> None:
    x = T.ones(3, 4)
    x.add_(1).mul_(x).clamp_(0, 2).zero_()
    x += 2
    x.fill_(1.0)
    x.copy_(T.zeros(4))


def many(T: Any) -> None:
    x, y = T.randn(4, 5), T.randn(5, 4)
    for f in (T.relu, T.sigmoid, T.tanh, T.exp, T.abs, T.sqrt, T.neg, T.isnan, T.cumsum, T.argmax, T.sort, T.var, T.std, T.norm):
        f(x, 0) if f in (T.cumsum, T.argmax, T.sort) else f(x)
    x @ y, x + 1, x / 2, x - x, x == x, x[0], x.t(), x.view(-1), x.reshape(2, 10), x.permute(1, 0), x.sum(), x.mean(0), x.max(), x.max(0), x.clone()  # noqa: B018
    x.softmax(1), x.log_softmax(1), x.to(T.float64), T.cat([x, x]), T.stack([x, x]), T.where(x > 0, x, x), x.gather(1, x.argmax(1, keepdim=True))  # noqa: B018
    F = T.nn.functional
    F.gelu(x), F.silu(x), F.elu(x), F.leaky_relu(x), F.hardtanh(x), F.mse_loss(x, x), F.layer_norm(x, (5,)), F.embedding(T.tensor([0, 1]), x)  # noqa: B018
    F.batch_norm(x, None, None, training=True), F.dropout(x, 0.5), F.pad(x, (1, 1)), F.cross_entropy(x, T.tensor([0, 1, 2, 3])), T.mm(x, y), T.addmm(x.mm(y), x, y)  # noqa: B018
    T.bmm(x[None], y[None]), T.matmul(x[None], y), T.mv(x, y[:, 0]), T.dot(x[0], x[1]), T.einsum("ij,jk->ik", x, y)  # noqa: B018


# What corelib's profile must have of PyTorch's: all but views and allocations that PyTorch makes inside its ops, and what those do to numbers.
INNER = {
    "aten::as_strided", "aten::empty", "aten::empty_like", "aten::empty_strided", "aten::resolve_conj", "aten::resolve_neg", "aten::fill_", "aten::copy_",
    "aten::t", "aten::transpose", "aten::detach", "detach", "aten::ones_like", "aten::zeros_like", "aten::result_type", "aten::_local_scalar_dense",
    "aten::item", "aten::random_", "aten::to", "aten::_to_copy", "TBackward0", "autograd::engine::evaluate_function: TBackward0", "aten::view", "aten::expand",
    "aten::select", "aten::zero_", "aten::resize_", "aten::zeros", "aten::ones", "aten::randn", "aten::normal_", "aten::lift_fresh", "aten::is_nonzero",
    "aten::_reshape_alias", "aten::_unsafe_view", "aten::alias", "aten::unsqueeze", "aten::squeeze", "aten::permute", "aten::reshape", "aten::contiguous",
    "aten::clone", "aten::clamp_min", "aten::clamp_min_", "aten::resize_as_", "aten::set_", "aten::mkldnn_convolution", "aten::squeeze_", "aten::unsqueeze_",
    "aten::div_", "aten::mul_", "aten::add_", "aten::slice", "aten::narrow", "aten::bernoulli_", "aten::ne", "aten::detach_", "detach_", "aten::uniform_", "aten::new_empty_strided", "aten::as_strided_", "aten::arange",
    "aten::broadcast_tensors", "aten::addmv_",
}  # fmt: skip


def names(T: Any, program: Any) -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with profile(T) as prof:
            program(T)
    return {event.name for event in prof.events()}


@pytest.mark.parametrize(("program", "own"), [
    (train, {"aten::mul", "aten::sub", "aten::addcmul", "aten::sqrt", "aten::addcdiv", "aten::addcdiv_", "aten::addcmul_", "aten::lerp_", "aten::lerp", "aten::addcdiv", "aten::div",
             "aten::threshold_backward", "aten::sum", "aten::pow", "aten::pow_", "aten::unbind"}),
    (attend, {"aten::_scaled_dot_product_flash_attention_for_cpu", "aten::_scaled_dot_product_flash_attention_for_cpu_backward", "ScaledDotProductFlashAttentionForCpuBackward0",
              "autograd::engine::evaluate_function: ScaledDotProductFlashAttentionForCpuBackward0"}),
    (convolve, {"aten::max_pool2d_with_indices_backward", "aten::max_pool2d"}),
    (change_in_place, set()),
    (many, {"aten::pow", "aten::_to_copy", "aten::nll_loss", "aten::nll_loss_nd", "aten::nll_loss_forward", "aten::embedding", "aten::index_select", "aten::native_layer_norm", "aten::div_",
            "aten::constant_pad_nd", "aten::native_dropout", "aten::linalg_vector_norm", "aten::norm", "aten::sum", "aten::isnan", "aten::eq", "aten::gt", "aten::dropout"}),
])  # fmt: skip
def test_names_of_events(program: Any, own: set[str]) -> None:
    """What PyTorch shows is shown under its name. `own`: what PyTorch does in an op that here is done in one step, or otherwise."""
    got, want = names(corelib, program), names(torch, program)
    assert want - INNER - own <= got, sorted(want - INNER - own - got)


def test_names_of_in_place_ops() -> None:
    assert names(corelib, change_in_place) >= {"aten::add_", "aten::mul_", "aten::clamp_", "aten::zero_", "aten::fill_", "aten::copy_"}


def test_regions_and_their_insides() -> None:
    """Optimizers, loaders, named stretches and nodes: the same names as often, and ops inside them."""

    def found(T: Any) -> Any:
        with profile(T) as prof:
            train(T)
        kept = [e for e in prof.events() if e.is_user_annotation or ("Backward0" in e.name and "TBackward0" not in e.name) or "AccumulateGrad" in e.name]
        counts: dict[str, int] = {}
        for e in kept:
            counts[e.name] = counts.get(e.name, 0) + 1
        inside = {e.name: e.cpu_parent.name if e.cpu_parent else None for e in kept}
        linear = next(e for e in prof.events() if e.name == "aten::linear")
        return counts, inside, {(e.name, e.scope) for e in kept}, linear.cpu_parent.name, [c.name for c in linear.cpu_children if c.name != "aten::t"]

    assert found(corelib) == found(torch)


def test_decorator_and_nesting() -> None:
    for T in BOTH:

        @T.profiler.record_function("whole")
        def double(x: Any) -> Any:
            with T.autograd.profiler.record_function("inner"):
                return x * 2

        with profile(T) as prof:
            double(T.ones(2))
        chain = [e for e in prof.events() if e.name in ("whole", "inner", "aten::mul")]
        assert [e.name for e in chain] == ["whole", "inner", "aten::mul"]
        assert chain[0].cpu_parent is None and chain[1].cpu_parent is chain[0] and chain[2].cpu_parent is chain[1]
        assert double(T.ones(2)).tolist() == [2, 2]


SHAPED = {"aten::add": "T.ones(2, 3) + T.ones(3)", "aten::mm": "T.ones(2, 3).mm(T.ones(3, 4))", "aten::relu": "T.ones(4).relu()",
          "aten::addmm": "T.nn.functional.linear(T.ones(2, 3), T.ones(5, 3), T.ones(5))", "aten::linear": "T.nn.functional.linear(T.ones(2, 3), T.ones(5, 3), T.ones(5))",
          "aten::bmm": "T.bmm(T.ones(2, 3, 4), T.ones(2, 4, 5))", "aten::sigmoid": "T.ones(2, 2).sigmoid()", "aten::cat": "T.cat([T.ones(2, 3), T.ones(1, 3)])",
          "aten::matmul": "T.ones(2, 3) @ T.ones(3, 4)"}  # fmt: skip


@pytest.mark.parametrize(("name", "expression"), SHAPED.items())
def test_shapes_memory_and_averages_by_shape(name: str, expression: str) -> None:
    def found(T: Any) -> Any:
        with profile(T, record_shapes=True, profile_memory=True) as prof:
            result = eval(expression, {"T": T})
        event = next(e for e in prof.events() if e.name == name)
        average = next(a for a in prof.key_averages(group_by_input_shape=True) if a.key == name)
        del result
        operands = 2 if name != "aten::addmm" and len(event.input_shapes) > 1 else len(event.input_shapes)
        return event.input_shapes[:operands], event.structured_input_shapes[:operands], event.input_dtypes[:1], event.cpu_memory_usage, average.input_shapes[:operands], average.count

    assert found(corelib) == found(torch)


FLOPS = ("T.ones(2, 3) @ T.ones(3, 4)", "T.ones(2, 3) * 2 + T.ones(3)", "T.nn.functional.conv2d(T.ones(2, 4, 9, 9), T.ones(6, 2, 3, 3), None, 2, 1, 1, 2)",
         "T.addmm(T.ones(2, 4), T.ones(2, 3), T.ones(3, 4))", "T.bmm(T.ones(2, 3, 4), T.ones(2, 4, 5))", "T.baddbmm(T.ones(2, 3, 5), T.ones(2, 3, 4), T.ones(2, 4, 5))",
         "T.nn.functional.linear(T.ones(2, 3), T.ones(5, 3, requires_grad=True), T.ones(5)).sum().backward()", "T.ones(2, 3).exp()")  # fmt: skip


@pytest.mark.parametrize("expression", FLOPS)
def test_operations(expression: str) -> None:
    def found(T: Any) -> Any:
        with profile(T, with_flops=True) as prof:
            eval(expression, {"T": T})
        return {a.key: a.flops for a in prof.key_averages() if a.flops}

    assert found(corelib) == found(torch)


def test_stacks(tmp_path: Path) -> None:
    with profile(corelib, with_stack=True) as prof:
        x = corelib.ones(3, requires_grad=True)
        (x * 2).sum().backward()
    mul = next(e for e in prof.events() if e.name == "aten::mul")
    assert mul.stack[0].startswith(__file__) and mul.stack[0].endswith("test_stacks")
    backward = next(e for e in prof.events() if e.name == "MulBackward0")
    assert backward.stack == mul.stack
    prof.export_stacks(str(tmp_path / "stacks.txt"), "self_cpu_time_total")
    assert "test_stacks" in (tmp_path / "stacks.txt").read_text()
    for T in BOTH:
        with profile(T) as prof:
            T.ones(1) + 1
        with pytest.raises(AssertionError, match="with_stack=True"):
            prof.export_stacks(str(tmp_path / "no.txt"))


SCHEDULES = [
    {"wait": 1, "warmup": 1, "active": 2}, {"wait": 0, "warmup": 1, "active": 1, "repeat": 2}, {"wait": 2, "warmup": 2, "active": 3, "skip_first": 3},
    {"wait": 3, "warmup": 1, "active": 1, "skip_first": 1, "skip_first_wait": 1}, {"wait": 1, "warmup": 0, "active": 1},
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("steps", SCHEDULES, ids=str)
def test_schedules(steps: dict[str, int], capfd: Any) -> None:
    actions = [[T.profiler.schedule(**steps)(i).name for i in range(20)] for T in BOTH]
    assert actions[0] == actions[1]

    def ready(T: Any) -> Any:
        seen = []

        def handler(prof: Any) -> None:
            seen.append((prof.step_num, sorted({e.name for e in prof.events() if e.name.startswith(("Prof", "aten::mul"))}), sum(e.name == "aten::mul" for e in prof.events())))

        with profile(T, schedule=T.profiler.schedule(**steps), on_trace_ready=handler) as prof:
            for _ in range(9):
                T.ones(2) * 2.0
                prof.step()
        return seen

    assert ready(corelib) == ready(torch)


@pytest.mark.parametrize("steps", [{"wait": -1, "warmup": 1, "active": 1}, {"wait": 0, "warmup": 1, "active": 0}], ids=str)
def test_schedules_that_are_refused(steps: dict[str, int]) -> None:
    for T in BOTH:
        with pytest.raises(AssertionError, match="Invalid profiler schedule arguments"):
            T.profiler.schedule(**steps)
        with pytest.raises(AssertionError, match="non-negative"):
            T.profiler.schedule(wait=0, warmup=1, active=1)(-1)


def test_start_stop_and_metadata(tmp_path: Path) -> None:
    for T, name in ((corelib, "trace.json"), (corelib, "trace.json.gz"), (torch, "trace.json"), (torch, "trace.json.gz")):
        prof = profile(T, record_shapes=True)
        with pytest.raises(AssertionError, match="must be initialized"):
            prof.key_averages()
        with pytest.raises(AssertionError, match="must be initialized"):
            prof.export_chrome_trace(str(tmp_path / "no.json"))
        prof.start()
        prof.add_metadata("who", "me")
        prof.add_metadata_json("numbers", "[1, 2]")
        with T.profiler.record_function("mine"):
            T.ones(2) * 2.0
        prof.stop()
        prof.export_chrome_trace(str(tmp_path / name))
        text = gzip.open(tmp_path / name, "rt").read() if name.endswith("gz") else (tmp_path / name).read_text()
        trace = json.loads(text)
        assert trace["who"] == "me" and trace["numbers"] == [1, 2] and trace["record_shapes"] == 1 and trace["schemaVersion"] == 1
        events = {e["name"]: e for e in trace["traceEvents"] if e.get("ph") == "X"}
        assert events["mine"]["cat"] == "user_annotation" and events["aten::mul"]["cat"] == "cpu_op"
        assert events["mine"]["ts"] <= events["aten::mul"]["ts"] and events["aten::mul"]["dur"] > 0
        assert events["aten::mul"]["args"]["Input Dims"][0] == [2]
        assert T.profiler.kineto_available() is True


def test_handler_for_tensorboard(tmp_path: Path) -> None:
    for T in BOTH:
        folder = tmp_path / T.__name__
        with profile(T, on_trace_ready=T.profiler.tensorboard_trace_handler(str(folder), "worker", use_gzip=True)):
            T.ones(2) * 2.0
        (file,) = folder.iterdir()
        assert file.name.startswith("worker.") and file.name.endswith(".pt.trace.json.gz")
        assert json.loads(gzip.open(file, "rt").read())["traceEvents"]


def test_profile_of_autograd() -> None:
    def found(T: Any) -> Any:
        P = T.autograd.profiler
        with P.profile(record_shapes=True) as prof:
            x = T.ones(3, requires_grad=True)
            (x * 2.0).sum().backward()
        with P.profile(enabled=False) as nothing:
            x + 1
        kept = ("aten::mul", "aten::sum", "MulBackward0", "SumBackward0")
        assert prof.total_average().count == len(prof.function_events) and prof.self_cpu_time_total > 0
        assert "Self CPU time total" in prof.table(sort_by="cpu_time_total", row_limit=2) and "aten::mul" in str(prof)
        return nothing, sorted((a.key, a.count) for a in prof.key_averages() if a.key in kept), str(P.profile())

    assert found(corelib) == found(torch)
    for T in BOTH:
        prof = T.autograd.profiler.profile()
        with prof, pytest.raises(RuntimeError, match="not reentrant"), prof:
            pass


def test_only_its_own_thread_is_recorded() -> None:
    for T in BOTH:
        with profile(T) as prof:
            other = threading.Thread(target=lambda: T.ones(2).exp())
            other.start()
            other.join()
            T.ones(2).tanh()
        seen = {e.name for e in prof.events()}
        assert "aten::tanh" in seen and "aten::exp" not in seen


def test_recording_can_pause() -> None:
    for T in BOTH:
        activities = [T.profiler.ProfilerActivity.CPU]
        with profile(T) as prof:
            T.ones(2).exp()
            prof.toggle_collection_dynamic(False, activities)
            T.ones(2).sin()
            prof.toggle_collection_dynamic(True, activities)
            T.ones(2).tanh()
        seen = {e.name for e in prof.events()}
        assert {"aten::exp", "aten::tanh"} <= seen and "aten::sin" not in seen


def test_steps_of_several() -> None:
    for T in BOTH:
        K = T.autograd.profiler.KinetoStepTracker
        first = K.current_step()
        K.init_step_count("a")
        K.init_step_count("b")
        assert [K.increment_step("a") - first, K.increment_step("b") - first, K.increment_step("b") - first] == [1, 1, 2]
        assert K.current_step() - first == 2
        assert K.erase_step_count("a") and K.erase_step_count("b") and not K.erase_step_count("a")


def test_enumerations() -> None:
    for name in ("ProfilerAction", "ProfilerActivity", "DeviceType"):
        got, want = (getattr(T.profiler, name).__members__ for T in BOTH)
        shared = {key: value.value for key, value in want.items()}
        if name == "DeviceType":
            shared = {key: value for key, value in shared.items() if key in got}
            assert {"CPU", "CUDA", "PrivateUse1", "OPENCL"} <= set(got)
        assert {key: value.value if isinstance(value.value, int) else int(value) for key, value in got.items()} == {k: int(v) for k, v in shared.items()}
        compared(f"torch.profiler.{name}")
    assert corelib.profiler.ProfilerActivity.CPU in corelib.profiler.supported_activities()
    assert torch.profiler.ProfilerActivity.CPU in torch.profiler.supported_activities()


def test_what_is_not_there_says_so() -> None:
    for T in BOTH:
        assert T.profiler.itt.is_available() in (False, True)
        with T.autograd.profiler.emit_nvtx(enabled=False), T.autograd.profiler.emit_itt(enabled=False):
            pass
        with pytest.raises(AssertionError, match="No valid profiler activities"):
            T.profiler.profile(activities=[])
    for call in (
        lambda: corelib.autograd.profiler.emit_nvtx().__enter__(), lambda: corelib.autograd.profiler.emit_itt().__enter__(),
        lambda: corelib.autograd.profiler.load_nvprof("x"), lambda: corelib.autograd.profiler.parse_nvprof_trace("x"),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match=r"profiler\.profile\(\)"):
            call()
    for call in (lambda: corelib.profiler.itt.mark("m"), lambda: corelib.profiler.itt.range_push("m"), lambda: corelib.profiler.itt.range_pop()):
        with pytest.raises(RuntimeError, match="ITT functions not installed"):
            call()
    with pytest.raises(RuntimeError, match="another profile"), profile(corelib), profile(corelib):
        pass
    with profile(corelib) as prof:  # and the one before has been left in order
        corelib.ones(2) + 1
    assert [e.name for e in prof.events() if e.cpu_parent is None] == ["aten::ones", "aten::add"]
