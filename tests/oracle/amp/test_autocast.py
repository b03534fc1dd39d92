"""Regions of autocast, their settings, and Functions that take part in them."""

from __future__ import annotations

import threading
import warnings
from typing import Any

from ..autograd.programs import collection, leaf, raises

program, test_a_program_does_as_in_pytorch = collection()


def told(f: Any) -> list[Any]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        f()
    return [(w.category.__name__, str(w.message).split(" (Triggered")[0]) for w in seen]


@program
def regions_nest_and_come_back(T: Any) -> Any:
    x, seen = T.ones(2, 2), []
    seen.append([T.is_autocast_enabled("cpu"), (x @ x).dtype is T.float32])
    with T.autocast("cpu"):
        seen.append([T.is_autocast_enabled("cpu"), (x @ x).dtype is T.bfloat16])
        with T.autocast("cpu", enabled=False):
            seen.append([T.is_autocast_enabled("cpu"), (x @ x).dtype is T.float32])
            with T.amp.autocast("cpu", dtype=T.float16):
                seen.append([str(T.get_autocast_dtype("cpu")), str((x @ x).dtype)])
        seen.append(str((x @ x).dtype))
        seen.append(str(T.get_autocast_dtype("cpu")))
    seen.append([T.is_autocast_enabled("cpu"), str((x @ x).dtype)])
    return seen


@program
def one_object_is_entered_twice(T: Any) -> Any:
    x, region, seen = T.ones(2, 2), T.autocast("cpu"), []
    for _ in range(2):
        with region:
            seen.append(str((x @ x).dtype))
    return seen, str((x @ x).dtype)


@program
def a_function_is_decorated(T: Any) -> Any:
    @T.autocast("cpu", dtype=T.bfloat16)
    def f(x: Any, scale: float = 1.0) -> Any:
        "Of f."
        return x @ x * scale

    decorated = T.amp.autocast_mode.autocast_decorator(T.autocast("cpu"), f)
    return str(f(T.ones(2, 2), scale=2.0).dtype), f.__name__, f.__doc__, str(decorated(T.ones(2, 2)).dtype), str((T.ones(2, 2) @ T.ones(2, 2)).dtype)


@program
def only_functions_are_decorated(T: Any) -> Any:
    return raises(lambda: T.autocast("cpu")(3)), raises(lambda: T.autocast(T.device("cpu"))), raises(lambda: T.autocast("foo")), raises(lambda: T.autocast("meta"))


@program
def an_error_leaves_no_region(T: Any) -> Any:
    def fail() -> None:
        with T.autocast("cpu"):
            T.ones(2, 2) @ T.ones(3, 3)

    return raises(fail), T.is_autocast_enabled("cpu"), str((T.ones(2, 2) @ T.ones(2, 2)).dtype)


@program
def another_thread_has_its_own(T: Any) -> Any:
    seen = []
    with T.autocast("cpu"):
        thread = threading.Thread(target=lambda: seen.append([T.is_autocast_enabled("cpu"), str((T.ones(2, 2) @ T.ones(2, 2)).dtype)]))
        thread.start()
        thread.join()
    return seen


@program
def gradients_come_in_the_dtypes_of_leaves(T: Any) -> Any:
    w, b, x = T.full((2, 3), 0.3, requires_grad=True), T.zeros(2, requires_grad=True), T.full((4, 3), 0.7, requires_grad=True)
    with T.autocast("cpu"):
        y = T.nn.functional.linear(x, w, b)
        loss = T.nn.functional.mse_loss(y, T.ones(4, 2))
    loss.backward()
    return y, loss, w.grad, b.grad, x.grad


@program
def backward_inside_a_region(T: Any) -> Any:
    w, x = T.full((2, 3), 0.3, requires_grad=True), T.full((4, 3), 0.7)
    with T.autocast("cpu"):
        loss = (x @ w.t()).relu().float().sum()
        loss.backward()
    return loss, w.grad


@program
def a_weight_that_is_used_twice_is_cast_once(T: Any) -> Any:
    w = T.ones(2, 2, requires_grad=True)

    def casts(**settings: Any) -> int:
        with T.autocast("cpu", **settings):
            made = [T.mm(w, T.ones(2, 2)) for _ in range(3)]
        return len({id(y.grad_fn.next_functions[0][0]) for y in made})

    return casts(), casts(cache_enabled=False), T.is_autocast_cache_enabled()


@program
def a_weight_changed_between_regions_is_cast_anew(T: Any) -> Any:
    w, seen = T.ones(2, 2, requires_grad=True), []
    for _ in range(2):
        with T.autocast("cpu"):
            seen.append(w @ T.ones(2, 2))
        with T.no_grad():
            w.add_(1)
    return seen


@program
def nested_regions_share_their_casts(T: Any) -> Any:
    w = T.ones(2, 2, requires_grad=True)
    with T.autocast("cpu"):
        with T.autocast("cpu"):
            a = T.mm(w, T.ones(2, 2))
        b = T.mm(w, T.ones(2, 2))
    return a.grad_fn.next_functions[0][0] is b.grad_fn.next_functions[0][0]


@program
def settings_by_hand(T: Any) -> Any:
    seen = [T.autocast_increment_nesting(), T.autocast_decrement_nesting()]
    T.set_autocast_enabled("cpu", True)
    seen.append(str((T.ones(2, 2) @ T.ones(2, 2)).dtype))
    T.set_autocast_dtype("cpu", T.float16)
    seen.append(str((T.ones(2, 2) @ T.ones(2, 2)).dtype))
    T.set_autocast_dtype("cpu", T.bfloat16)
    T.set_autocast_enabled("cpu", False)
    T.set_autocast_cache_enabled(False)
    seen.append(T.is_autocast_cache_enabled())
    T.set_autocast_cache_enabled(True)
    T.clear_autocast_cache()
    return seen, T.is_autocast_enabled(), T.is_autocast_enabled("xpu"), str(T.get_autocast_dtype("cuda")), str(T.get_autocast_dtype("xpu"))


@program
def which_devices_have_it(T: Any) -> Any:
    return [T.amp.is_autocast_available(d) for d in ("cpu", "cuda", "xpu", "mps", "meta")], raises(lambda: T.amp.is_autocast_available("foo")), T.amp.autocast_mode.is_autocast_available("cpu")


@program
def old_names_warn(T: Any) -> Any:
    def all_of_them() -> None:
        T.set_autocast_cpu_enabled(T.is_autocast_cpu_enabled())
        T.set_autocast_cpu_dtype(T.get_autocast_cpu_dtype())
        T.set_autocast_gpu_dtype(T.get_autocast_gpu_dtype())
        T.set_autocast_xla_enabled(T.is_autocast_xla_enabled())
        T.set_autocast_xla_dtype(T.get_autocast_xla_dtype())
        T.set_autocast_ipu_enabled(T.is_autocast_ipu_enabled())
        T.set_autocast_ipu_dtype(T.get_autocast_ipu_dtype())

    return told(all_of_them)


@program
def what_cannot_be_is_told(T: Any) -> Any:
    return told(lambda: T.autocast("cpu", dtype=T.float64)), told(lambda: T.autocast("cuda")), told(lambda: T.autocast("cuda", enabled=False)), T.autocast("cpu", dtype=T.bfloat16)._enabled


@program
def the_modules_of_one_device_warn(T: Any) -> Any:
    def run() -> None:
        with T.cpu.amp.autocast():
            seen.append(str((T.ones(2, 2) @ T.ones(2, 2)).dtype))
        T.cpu.amp.GradScaler()
        T.cuda.amp.custom_fwd(lambda ctx: None)
        T.cuda.amp.custom_bwd(lambda ctx: None)
        T.cuda.amp.GradScaler(enabled=False)
        T.cuda.amp.autocast(enabled=False)

    seen: list[Any] = []
    return told(run), seen, T.cuda.amp.amp_definitely_not_available()


def function_of(T: Any, cast: Any, log: list[Any]) -> Any:
    class Product(T.autograd.Function):
        @staticmethod
        @T.amp.custom_fwd(device_type="cpu", cast_inputs=cast)
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            ctx.save_for_backward(a, b)
            log.append([str(a.dtype), T.is_autocast_enabled("cpu"), str(a.mm(b).dtype)])
            return a.mm(b)

        @staticmethod
        @T.amp.custom_bwd(device_type="cpu")
        def backward(ctx: Any, g: Any) -> Any:
            a, b = ctx.saved_tensors
            log.append([str(g.dtype), T.is_autocast_enabled("cpu")])
            return g.to(a.dtype).mm(b.t()), a.t().mm(g.to(a.dtype))

    return Product


@program
def functions_take_part(T: Any) -> Any:
    log: list[Any] = []
    for cast in (None, T.float32, T.bfloat16):
        x = T.ones(2, 2, requires_grad=True)
        with T.autocast("cpu"):
            y = function_of(T, cast, log).apply(x, x * 2)
        y.sum().backward()
        log.append([str(y.dtype), x.grad.tolist()])
        function_of(T, cast, log).apply(x, x).sum().backward()
    return log, raises(lambda: T.amp.custom_fwd(None, device_type=3)), raises(lambda: T.amp.custom_bwd(None, device_type=3))


@program
def modules_of_every_kind(T: Any) -> Any:
    x, F = T.full((3, 2, 4), 0.25), T.nn
    with T.autocast("cpu"), T.no_grad():
        return [
            str(made.dtype)
            for made in (
                F.Linear(4, 3)(x), F.Conv1d(2, 3, 1)(x), F.LSTM(4, 3)(x)[0], F.GRU(4, 3)(x)[0], F.RNN(4, 3)(x)[0], F.LSTMCell(4, 3)(x[0])[0], F.GRUCell(4, 3)(x[0]),
                F.RNNCell(4, 3)(x[0]), F.MultiheadAttention(4, 2)(x, x, x)[0], F.TransformerEncoderLayer(4, 2, 8, dropout=0.0)(x), F.LayerNorm(4)(x), F.BatchNorm1d(2)(x),
                F.Sequential(F.Linear(4, 3), F.ReLU(), F.Linear(3, 2), F.Softmax(-1))(x), F.Embedding(5, 4)(T.tensor([1])), F.PReLU()(x), F.Bilinear(4, 4, 2)(x, x),
            )
        ]


@program
def in_inference_mode(T: Any) -> Any:
    w = T.ones(2, 2, requires_grad=True)
    with T.autocast("cpu"), T.inference_mode():
        a = w @ w
    with T.inference_mode(), T.autocast("cpu"):
        b = w @ w
    return str(a.dtype), a.is_inference(), str(b.dtype), b.is_inference()


@program
def a_cast_made_without_gradients_keeps_none_from_the_leaf(T: Any) -> Any:
    w = leaf(T).reshape(1, 3).detach().requires_grad_()
    with T.autocast("cpu"):
        with T.no_grad():
            w @ w.t()
        y = w @ T.ones(3, 1)
    return y.requires_grad


@program
def out_is_left_alone(T: Any) -> Any:
    x, made = T.ones(2, 2), T.zeros(2, 2)
    with T.autocast("cpu"):
        T.mm(x, x, out=made)
    return made
