"""The policy for host fallbacks, with ops that only the host can run, on a real plugin device that has three kernels."""

from __future__ import annotations

import json

import pytest

PRELUDE = """
import json, sys, threading, warnings
import numpy as np
import corelib
from corelib import backends
from corelib.tensor.keys import dispatch_key
from corelib.dispatcher.declare import op
from corelib.dispatcher.op import TABLE
from corelib.tensor.tensor import Tensor

@op(kind="extension", infer=lambda x, descending=False: ((tuple(x.shape), x.dtype), (x, descending)),
    vjp=lambda g, x, descending: g + g)
def in_order(x: Tensor, descending: bool = False) -> Tensor:
    "Sorted; only the host has a kernel."
    ...

@op(kind="extension", infer=lambda tensors: ((tuple(tensors[0].shape), tensors[0].dtype), (tensors,)))
def highest(tensors: list[Tensor]) -> Tensor:
    "The largest of several, elementwise; only the host has a kernel."
    ...

@op(kind="extension", several=True, infer=lambda x: ([(tuple(x.shape), x.dtype), ((), x.dtype)], (x,)))
def shifted(x: Tensor) -> tuple[Tensor, Tensor]:
    "x - min(x), and min(x); only the host has a kernel."
    ...

@op(kind="extension", infer=lambda x: ((tuple(x.shape), x.dtype), (x,)))
def nowhere(x: Tensor) -> Tensor:
    "No device has a kernel."
    ...

corelib.ones(1)
HOST = dispatch_key("cpu", corelib.strided)

def sort(out, x, descending):
    out[...] = np.sort(x)[..., ::-1] if descending else np.sort(x)

def largest(out, tensors):
    out[...] = np.maximum.reduce(tensors)

def shift(outs, x):
    outs[1][...] = x.min()
    outs[0][...] = x - x.min()

for name, kernel in (("in_order", sort), ("highest", largest), ("shifted", shift)):
    TABLE[name].kernels[HOST] = {corelib.float32: kernel}
in_order, highest, shifted, nowhere = (TABLE[n].entry for n in ("in_order", "highest", "shifted", "nowhere"))
x = corelib.tensor([3.0, 1.0, 2.0]).to("good:1")

def told(call):
    "The messages of the warnings that a call gives."
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert all(w.category is backends.FallbackWarning for w in caught), caught
    return [str(w.message) for w in caught]

def refused(call):
    try:
        call()
    except Exception as error:
        return [type(error).__name__, isinstance(error, NotImplementedError), str(error)]

def rows():
    return [list(r) for r in backends.report()]
"""


@pytest.fixture
def answer(run):
    """What an expression, or a program that sets `answer`, gives where the plugin device `good` is installed."""

    def ask(program):
        lines = program.strip().splitlines()
        return json.loads(run("\n".join([PRELUDE, *lines, "print(json.dumps(answer))"])))

    return ask


def test_by_default_a_fallback_warns_once_for_an_op_and_device(answer):
    found = answer("""
elsewhere = x.to("good:0")
answer = [backends.get_fallback(), told(lambda: [in_order(x) for _ in range(3)]), told(lambda: in_order(elsewhere)),
    told(lambda: in_order(x + x)), told(lambda: shifted(x))]
""")
    policy, first, other_device, again, other_op = found
    assert policy == "warn" and again == []
    assert first == [
        "in_order(): device good:1 has no kernel for it, so it runs on the host; this call moves 12 bytes there, and the result "
        "back. This is said once for in_order on good:1. "
        'corelib.backends.set_fallback("allow") silences it, set_fallback("error") forbids it.'
    ]
    assert [m.partition(" has no")[0] for m in other_device + other_op] == ["in_order(): device good:0", "shifted(): device good:1"]


def test_the_result_is_right_and_on_the_device(answer):
    found = answer("""
backends.set_fallback("allow")
rest, least = shifted(x)
view = corelib.arange(12.0).view(3, 4).to("good:1").t()[1:, ::2]
answer = [
    [r.tolist() for r in (in_order(x), in_order(x, True), in_order(x, descending=True), rest, least, highest([x, x + 1, in_order(x)]))],
    [str(r.device) for r in (in_order(x), rest, least, highest([x, x]))], in_order(view).tolist(), x.tolist(),
]
""")
    values, devices, of_view, unchanged = found
    assert values == [[1, 2, 3], [3, 2, 1], [3, 2, 1], [2, 0, 1], 1, [4, 2, 3]]
    assert devices == ["good:1"] * 4 and of_view == [[1, 9], [2, 10], [3, 11]] and unchanged == [3, 1, 2]


def test_allow_says_nothing_and_counts_calls_and_bytes_both_ways(answer):
    found = answer("""
backends.set_fallback("allow")
silent = told(lambda: [in_order(x), in_order(x.to("good:0")), shifted(x), highest([x, x])])
shown = rows(), str(backends.report())
backends.reset_report()
answer = [silent, shown, rows()]
""")
    silent, (shown, text), after = found
    assert silent == [] and after == []
    assert shown == [  # the copy is that from one of the backend's devices to another
        ["copy", "good", "host", 1, 24], ["highest", "good", "host", 1, 36], ["in_order", "good", "host", 2, 48], ["shifted", "good", "host", 1, 28],
    ]  # fmt: skip
    assert text.splitlines()[:2] == ["device  path  op        calls  bytes moved", "good    host  copy          1           24"]


def test_the_bytes_of_a_list_of_tensors_are_in_the_warning(answer):
    assert "moves 24 bytes there" in answer("answer = told(lambda: highest([x, x]))")[0]


def test_error_forbids_it_says_what_to_do_and_moves_nothing(answer):
    found = answer("""
before = backends.set_fallback("error")
first = refused(lambda: in_order(x)), refused(lambda: highest([x, x]))
nothing = rows()
backends.set_fallback("warn")
answer = [before, first, nothing, len(told(lambda: in_order(x))), in_order(x).tolist()]
""")
    before, (first, of_list), nothing, warned, result = found
    assert before == "warn" and nothing == [] and warned == 1 and result == [1, 2, 3], "the refusals were no first time"
    assert first == [
        "FallbackError", True,
        "in_order(): device good:1 has no kernel for it, and running it on the host (12 bytes to move there) is forbidden by "
        'corelib.backends.set_fallback("error"); "warn" or "allow" would let it',
    ]  # fmt: skip
    assert "(24 bytes to move there)" in of_list[2]


def test_a_policy_that_is_none_is_refused_and_changes_nothing(answer):
    found = answer("""
backends.set_fallback("allow")
answer = [[refused(lambda: backends.set_fallback(bad)) for bad in ("never", "", None, True, "Warn", b"warn")], backends.get_fallback()]
""")
    refusals, policy = found
    assert policy == "allow" and len(refusals) == 6
    for (kind, _, text), got in zip(refusals, ["'never'", "''", "None", "True", "'Warn'", "b'warn'"], strict=True):
        assert kind == "ValueError"
        assert text == f"set_fallback(): policy must be one of 'error', 'warn', 'allow', got {got}"


def test_the_host_and_a_device_with_a_kernel_fall_back_nowhere(answer):
    found = answer("""
backends.set_fallback("error")
TABLE["in_order"].kernels[dispatch_key("good", corelib.strided)] = {corelib.float32: sort}
answer = [in_order(x).tolist(), str(in_order(x).device), in_order(x.cpu()).tolist(), (x + x).tolist(), rows()]
""")
    assert found == [[1, 2, 3], "good:1", [1, 2, 3], [6, 2, 4], []]


def test_the_meta_device_has_shapes_and_no_fallback(answer):
    found = answer("""
backends.set_fallback("error")
m = corelib.empty(2, 3, device="meta")
answer = [list(in_order(m).shape), str(in_order(m).device), [list(t.shape) for t in shifted(m)], rows()]
""")
    assert found == [[2, 3], "meta", [[2, 3], []], []]


def test_what_the_host_cannot_do_either_is_an_error_that_says_so(answer):
    found = answer("""
backends.set_fallback("allow")
answer = [refused(lambda: nowhere(x)), refused(lambda: nowhere(x.cpu())), refused(lambda: in_order(x.to(corelib.float64))),
    refused(lambda: in_order(x.cpu().double())), rows()]
""")
    *refusals, counted = found
    assert counted == [] and all(kind == "NotImplementedError" for kind, _, _ in refusals)
    on_device, on_host, device_dtype, host_dtype = [text for _, _, text in refusals]
    assert "(device good:1): the good backend has no kernel 'nowhere' and neither has the host" in on_device
    assert "nowhere_cpu" in on_host and "device cpu" in on_host
    assert "'Double' (device good:1)" in device_dtype
    assert "'Double' (device cpu): dtypes that work here: torch.float32" in host_dtype


def test_an_op_that_is_no_extension_never_goes_to_the_host(answer):
    found = answer("""
backends.set_fallback("allow")
answer = [refused(lambda: x * x), rows()]
""")
    (kind, _, text), counted = found
    assert kind == "NotImplementedError" and counted == []
    assert "the good backend has no kernel 'mul', which every backend must have" in text


def test_gradients_flow_through_a_fallback_by_the_ops_own_rule(answer):
    found = answer("""
backends.set_fallback("allow")
w = corelib.tensor([3.0, 1.0, 2.0]).to("good:1").requires_grad_()
y = in_order(w)
y.backward(corelib.ones(3).to("good:1"))
answer = [y.requires_grad, y.grad_fn is not None, w.grad.tolist(), str(w.grad.device), rows()[0][3]]
""")
    assert found == [True, True, [2, 2, 2], "good:1", 1]


def test_threads_together_are_told_once_and_counted_all(answer):
    found = answer("""
def body():
    for _ in range(20):
        in_order(x)
threads = [threading.Thread(target=body) for _ in range(8)]
def all_of_them():
    for t in threads: t.start()
    for t in threads: t.join()
answer = [len(told(all_of_them)), rows()]
""")
    assert found == [1, [["in_order", "good", "host", 160, 160 * 24]]]


def test_the_warning_names_the_users_line_and_a_filter_can_make_it_an_error(answer):
    found = answer("""
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    in_order(x)
backends.reset_report()
warnings.simplefilter("error", backends.FallbackWarning)
answer = [caught[0].filename, refused(lambda: in_order(x))[0], issubclass(backends.FallbackWarning, UserWarning), rows()]
""")
    assert found == ["<string>", "FallbackWarning", True, []]


def test_set_warn_always_lets_the_warning_be_said_each_time(answer):
    found = answer("""
counts = [len(told(lambda: in_order(x))) for _ in range(2)]
corelib.set_warn_always(True)
counts += [len(told(lambda: in_order(x))) for _ in range(2)]
corelib.set_warn_always(False)
answer = [*counts, len(told(lambda: in_order(x)))]
""")
    assert found == [1, 0, 1, 1, 0]
