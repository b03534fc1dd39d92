"""What ran where, and the policy for what may run on the host."""

import threading
import warnings

import corelib
import pytest
from corelib import backends
from corelib.dispatcher import report


@pytest.fixture(autouse=True)
def fresh():
    """Each test starts with nothing counted, the default policy and the report off, and leaves it so."""
    backends.reset_report()
    yield
    backends.set_report(False)
    backends.set_fallback("warn")
    backends.reset_report()


def kernel_of(name):
    """The kernel that the table has for an op on float32 on the cpu."""
    from corelib.dispatcher.op import TABLE

    x = corelib.ones(1)
    return TABLE[name].kernel_for(x._key, x.dtype)


def test_the_default_policy_is_to_warn_and_setting_one_returns_the_one_before():
    assert backends.get_fallback() == "warn"
    assert backends.set_fallback("allow") == "warn"
    assert backends.get_fallback() == "allow"


@pytest.mark.parametrize("policy", ["never", None, True])
def test_a_policy_that_is_none_of_the_three_is_refused_with_the_three(policy):
    with pytest.raises(ValueError, match=r"policy must be one of 'error', 'warn', 'allow', got"):
        backends.set_fallback(policy)
    assert backends.get_fallback() == "warn"


def test_a_fallback_warns_once_for_an_op_and_device_with_the_bytes_and_how_to_silence_it():
    with pytest.warns(backends.FallbackWarning) as caught:
        for _ in range(3):
            report.on_fallback("svd", "good:0", 4096)
            report.on_fallback("svd", "good:1", 4096)
            report.on_fallback("qr", "good:0", 16)
    told = [str(w.message) for w in caught]
    assert len(told) == 3
    assert told[0].startswith("svd(): device good:0 has no kernel for it")
    assert "4096 bytes" in told[0]
    assert 'set_fallback("allow") silences it' in told[0]
    assert [w.filename for w in caught] == [__file__] * 3


def test_a_reset_lets_a_fallback_warn_again():
    for _ in range(2):
        backends.reset_report()
        with pytest.warns(backends.FallbackWarning, match="svd"):
            report.on_fallback("svd", "good:0", 1)


def test_the_policy_allow_is_silent():
    backends.set_fallback("allow")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report.on_fallback("svd", "good:0", 1)
    assert len(backends.report()) == 0  # the caller records what it moved


def test_the_policy_error_raises_with_op_device_and_bytes():
    backends.set_fallback("error")
    told = r"svd\(\): device good:0 has no kernel.*12 bytes.*forbidden"
    with pytest.raises(backends.FallbackError, match=told) as raised:
        report.on_fallback("svd", "good:0", 12)
    assert isinstance(raised.value, NotImplementedError)


def test_host_fallbacks_are_counted_by_device_type_while_the_report_is_off():
    report.record("svd", "good:0", "host", 100)
    report.record("svd", "good:1", "host", 50)
    found = backends.report()
    assert list(found) == [report.Row("svd", "good", "host", 2, 150)]
    assert "Only host fallbacks are counted; corelib.backends.set_report(True)" in str(found)


def test_counts_from_threads_are_not_lost():
    def count():
        for _ in range(2000):
            report.record("svd", "good", "host", 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [(r.calls, r.nbytes) for r in backends.report()] == [(8000, 8000)]


def test_kernels_are_counted_only_while_the_report_is_on():
    x = corelib.ones(3)
    assert backends.set_report(True) is False
    y = x + x
    z = y * y
    assert backends.set_report(True) is True
    backends.set_report(False)
    w = z + z
    found = backends.report()
    assert w.tolist() == [8.0, 8.0, 8.0]
    path = found.rows[0].path
    assert path == "native" or path.startswith("pack ")
    assert [(r.op, r.device, r.path, r.calls, r.nbytes) for r in found] == [
        ("add", "cpu", path, 1, 0), ("mul", "cpu", path, 1, 0),
    ]  # fmt: skip
    assert found.ops(path) == found.ops(path, "cpu") == ["add", "mul"]
    assert found.ops(path, "cuda") == found.ops("host") == []


def test_the_path_of_a_call_is_as_before_once_the_report_is_off():
    before = kernel_of("add")
    backends.set_report(True)
    assert kernel_of("add") is not before
    backends.set_report(False)
    assert kernel_of("add") is before


def test_a_kernel_that_passes_to_the_next_is_not_counted():
    passes = report.counting("add", "good", lambda out: NotImplemented)
    takes = report.counting("add", "good", lambda out: None)
    assert passes(0) is NotImplemented
    assert len(backends.report()) == 0
    assert takes(0) is None
    assert report.counting("add", "good", takes) is takes
    assert backends.report().rows == [("add", "good", "native", 1, 0)]


def test_the_report_prints_as_a_table():
    report.record("add", "cpu", "native", 0)
    report.record("svd", "good:0", "host", 4096)
    backends.set_report(True)
    assert str(backends.report()).splitlines() == [
        "device  path    op   calls  bytes moved",
        "cpu     native  add      1            0",
        "good    host    svd      1         4096",
    ]
    backends.reset_report()
    assert str(backends.report()) == "Nothing to report."


FALLS_BACK = """
import warnings
import numpy as np
import corelib
from corelib.tensor.keys import dispatch_key
from corelib.dispatcher.declare import op
from corelib.dispatcher.op import TABLE
from corelib.tensor.tensor import Tensor

@op(kind="extension", infer=lambda x: ((tuple(x.shape), x.dtype), (x,)))
def in_order(x: Tensor, /) -> Tensor:
    "Sorted, where the host alone has a kernel."
    ...

corelib.ones(1)
TABLE["in_order"].kernels[dispatch_key("cpu", corelib.strided)] = {
    corelib.float32: lambda out, x: out.__setitem__(..., np.sort(x))
}
x = corelib.tensor([3.0, 1.0, 2.0]).to("good:1")
in_order = TABLE["in_order"].entry
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    y = in_order(x), in_order(x)
print(y[1].tolist(), y[1].device, len(caught), caught[0].filename)
print(*corelib.backends.report().rows[0])
corelib.backends.set_fallback("error")
try:
    in_order(x)
except NotImplementedError as error:
    print(error)
"""


def test_an_op_that_only_the_host_can_run_goes_there_with_one_warning_and_is_reported(run):
    result, row, refused = run(FALLS_BACK).splitlines()
    assert result == "[1.0, 2.0, 3.0] good:1 1 <string>"
    assert row == "in_order good host 2 48"  # 12 bytes there and 12 back, twice
    assert refused.startswith("in_order(): device good:1 has no kernel for it")


def test_a_device_that_is_first_used_while_the_report_is_on_is_counted(run):
    shown = run(
        "import corelib\n"
        "corelib.backends.set_report(True)\n"
        "x = corelib.ones(2, device='good') + 1\n"
        "print(*corelib.backends.report().ops('native', 'good'))"
    )
    assert shown.split() == ["add", "fill"]
