"""What core promises of every device, and a device of core: overlapping memory, returned results, two devices, retained gradients, ties."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import corelib
from corelib.dispatcher.op import TABLE
from corelib_conformance.checks import check
from corelib_conformance.checks.runtime import expect
from corelib_conformance.result import Case, Failure
from corelib_conformance.target import Target


def refused(what: str, wrong: Callable[[], Any], *kinds: type[Exception]) -> None:
    """Failure unless a call raises an error of one of the kinds."""
    try:
        wrong()
    except kinds:
        return
    except Exception as error:
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise Failure(f"{what}: {type(error).__name__} ({error}) in place of {wanted}") from None
    raise Failure(f"{what}: no error")


@check(1)
def returned_results(target: Target, case: Case) -> None:
    """A kernel that returns what it should have written is refused, and what one raises has a note that says which it was."""
    x, y = (corelib.ones(n, device=target.name) for n in (3, 40_000))
    by_dtype = TABLE["add"].kernels[target.runtime.key]
    right = by_dtype[corelib.float32]

    def raises(*given: Any) -> None:
        raise ArithmeticError("the driver's words")

    try:
        by_dtype[corelib.float32] = lambda *given: "a result"
        for t in (x, y):
            refused("a kernel that returns its result", partial(corelib.add, t, t), TypeError)
            refused("a kernel that returns its result, in place", partial(t.add_, t), TypeError)
        by_dtype[corelib.float32] = raises
        for t in (x, y):
            try:
                t + t
            except ArithmeticError as error:
                notes = " ".join(getattr(error, "__notes__", ()))
                expect(str(error) == "the driver's words", f"another error arrives than the kernel raised: {error}")
                expect("'add'" in notes and target.device.type in notes and "float32" in notes, f"the error's note says {notes!r}")
            else:
                raise Failure("what a kernel raises does not arrive")
    finally:
        by_dtype[corelib.float32] = right
    expect((x + x).cpu().tolist() == [2, 2, 2], "the kernel does not compute as before")


@check(2)
def overlap(target: Target, case: Case) -> None:
    """Writing over what is still to be read is refused before anything is written, and so is an element written twice."""
    x = corelib.arange(12.0, device=target.name)
    for what, wrong in {
        "copy_ of a shifted view": lambda: x[1:].copy_(x[:-1]),
        "out= over a shifted operand": lambda: corelib.mul(x[:4], 2.0, out=x[1:5]),
        "in place with a part of itself": lambda: x.sub_(x[:1]),
        "in place with a shifted view": lambda: x[1:].add_(x[:-1]),
        "in place on expanded memory": lambda: x[:1].expand(3).add_(1.0),
        "a row from its matrix": lambda: x.view(3, 4).sub_(x.view(3, 4)[:1]),
    }.items():
        refused(what, wrong, RuntimeError)
        expect(x.cpu().tolist() == list(range(12)), f"{what}: refused, and yet something was written")
    x.add_(x)
    expect(x.cpu().tolist() == list(range(0, 24, 2)), "in place with itself")
    x[:6].copy_(x[6:])
    expect(x.cpu().tolist() == [12, 14, 16, 18, 20, 22] * 2, "a copy between two halves of one memory")


@check(2)
def numbers_that_do_not_fit(target: Target, case: Case) -> None:
    """A Python number beyond a dtype's range is refused, and the last one within it is taken exactly."""
    target.require(case.dtype)
    kind = getattr(corelib, case.dtype)
    limits: Any = corelib.finfo(kind) if kind.is_floating_point else corelib.iinfo(kind)
    low, high = limits.min, limits.max
    beyond = [high * 2, -high * 2] if kind.is_floating_point else [high + 1, 2**70, 1e30, float("inf")]
    beyond += [low - 1] if kind.is_signed and not kind.is_floating_point else []
    x = corelib.zeros(2, dtype=kind, device=target.name)
    mask, index = corelib.tensor([True, False], device=target.name), corelib.tensor([0], device=target.name)
    writers: dict[str, Callable[[Any], Any]] = {
        "masked_fill": lambda value: x.masked_fill(mask, value), "index_fill": lambda value: x.index_fill(0, index, value),
        "masked_fill_": lambda value: x.masked_fill_(mask, value),
    }
    if not kind.is_floating_point:
        writers["full"] = lambda value: corelib.full((1,), value, dtype=kind, device=target.name)
        writers["fill_"] = lambda value: x[:1].fill_(value)
    for value in beyond:
        for what, write in writers.items():
            refused(f"{what} of {case.dtype} with {value}", partial(write, value), RuntimeError, OverflowError)
        expect(x.cpu().tolist() == [0, 0], f"{value} was refused, and yet something was written")
    for value in (low, high):
        for what, write in writers.items():
            expect(write(value).cpu().tolist() in ([value, 0], [value]), f"{what} of {case.dtype} with {value}, which fits")
        x.zero_()


@check(0)
def two_devices(target: Target, case: Case) -> None:
    """Each device of a type has its memory: tensors of two do not see each other, and a device that there is not is refused."""
    backend, kind = target.backend, target.device.type
    count = backend.device_count() if backend.indexed else 1
    refused(f"the device behind the last, {kind}:{count}", lambda: corelib.ones(2, device=f"{kind}:{count}"), RuntimeError)
    names = [f"{kind}:{i}" for i in range(count)] if backend.indexed else [kind]
    for n in (3, 5000):
        kept = [corelib.empty(n, device=name).fill_(float(i)) for i, name in enumerate(names) for _ in range(3)]
        for i, t in enumerate(kept):
            expect(str(t.device) == names[i // 3], f"asked for on {names[i // 3]}, made on {t.device}")
            expect(np.all(t.cpu().numpy() == i // 3), f"a tensor of {t.device} shows what was written on another device")
            twin = t.clone()
            expect(twin.device is t.device and np.all(twin.cpu().numpy() == i // 3), f"a clone of a tensor of {t.device}")
            at = getattr(twin._array(), "device_index", t.device.index or 0)
            expect(at == (t.device.index or 0), f"memory for {t.device} lies on device {at}")
    if count > 1:
        a, b = (corelib.ones(3, device=name) for name in names[:2])
        refused("an op of tensors of two devices", lambda: a + b, RuntimeError)


@check(0)
def copies_between_devices(target: Target, case: Case) -> None:
    """Copies to every other device of the type, and to the host, have the same elements, and memory of their own; a way through the host
    is in the report."""
    backend, kind = target.backend, target.device.type
    places = [f"{kind}:{i}" for i in range(backend.device_count())] if backend.indexed else [kind]

    def hops() -> int:
        return sum(r.nbytes for r in corelib.backends.report() if (r.op, r.device, r.path) == ("copy", kind, "host"))

    for place in [p for p in places if p != target.name] + ["cpu"]:
        host = corelib.arange(600.0).view(20, 30)
        x = host.to(target.name, copy=True)
        views: dict[str, Callable[[Any], Any]] = {
            "all": lambda t: t, "rows": lambda t: t[3:9], "a column": lambda t: t[:, 4], "transposed": lambda t: t.t(),
            "expanded": lambda t: t[2:3].expand(4, 30), "an element": lambda t: t[5, 7],
        }
        for what, view in views.items():
            before = hops()
            there = view(x).to(place)
            expect(str(there.device) == place, f"asked for on {place}, made on {there.device}")
            got = there.cpu().clone().numpy()
            expect(np.array_equal(got, view(host).numpy()), f"{what}: other elements on {place}: {got.reshape(-1)[:5]}")
            if place != "cpu":
                moved = 0 if backend.capabilities()["copy_between"] else 2 * view(host).numel() * 4
                expect(hops() - before == moved, f"{what}: the report counts {hops() - before} bytes through the host, and it is {moved}")
        into = corelib.zeros(20, 30, device=place)
        into[4:10].copy_(x[4:10])
        x.fill_(-1.0)
        expect(np.array_equal(into.cpu().numpy()[4:10], host.numpy()[4:10]), f"copy_ into a view on {place}")
        expect(not into.cpu().numpy()[:4].any(), f"copy_ into a view on {place} wrote beside it")


@check(4)
def retained_gradients(target: Target, case: Case) -> None:
    """`retain_grad` keeps the gradient of a result, of a view, and of what is changed in place afterwards, as it was then."""
    x: Any = corelib.tensor([1.0, 2.0, 3.0], device=target.name, requires_grad=True)
    a = x * 3
    a.retain_grad()
    b = a[1:]
    b.retain_grad()
    (b * b).sum().backward()
    for what, got, want in (("a view", b, [12, 18]), ("a result", a, [0, 12, 18]), ("a leaf", x, [0, 36, 54])):
        expect(got.grad is not None, f"no gradient of {what} is kept")
        expect(got.grad.cpu().tolist() == want, f"the gradient of {what} is {got.grad.cpu().tolist()}, and right is {want}")
    y = x.detach().requires_grad_()
    c = y * 1
    c.retain_grad()
    c.mul_(2)
    (c + 1).sum().backward()
    expect(c.grad is not None and c.grad.cpu().tolist() == [1, 1, 1], "the gradient of what was changed in place")
    expect(y.grad.cpu().tolist() == [2, 2, 2], "the gradient before a change in place")
    d = y * 2
    (d * d).sum().backward()
    expect(d.grad_fn is not None and not d.retains_grad, "a gradient is kept that nobody asked for")


@check(4)
def ties(target: Target, case: Case) -> None:
    """Of equal values the first is chosen, and gradients are shared or given to the first, as PyTorch does."""

    def made() -> Any:
        return corelib.tensor([1.0, 3.0, 3.0, 0.0, 0.0], device=target.name, requires_grad=True)

    other = corelib.tensor([1.0, 3.0, 2.0, 4.0, 0.0], device=target.name)
    for what, function, want in (
        ("amax", lambda x: x.amax(), [0, 0.5, 0.5, 0, 0]), ("amin", lambda x: x.amin(), [0, 0, 0, 0.5, 0.5]),
        ("max", lambda x: x.max(), [0, 0.5, 0.5, 0, 0]), ("max along a dimension", lambda x: x.max(0).values, [0, 1, 0, 0, 0]),
        ("min along a dimension", lambda x: x.min(0).values, [0, 0, 0, 1, 0]),
        ("maximum", lambda x: corelib.maximum(x, other).sum(), [0.5, 0.5, 1, 0, 0.5]),
        ("minimum", lambda x: corelib.minimum(x, other).sum(), [0.5, 0.5, 0, 1, 0.5]),
        ("clamp", lambda x: x.clamp(0.0, 3.0).sum(), [1, 1, 1, 1, 1]), ("abs", lambda x: x.abs().sum(), [1, 1, 1, 0, 0]),
        ("relu", lambda x: x.relu().sum(), [1, 1, 1, 0, 0]),
    ):
        x = made()
        function(x).backward()
        expect(x.grad.cpu().tolist() == want, f"the gradient of {what} is {x.grad.cpu().tolist()}, and right is {want}")
    x = made().detach()
    for what, got, index in (
        ("argmax", x.argmax(), 1), ("argmin", x.argmin(), 3), ("max", x.max(0).indices, 1), ("min", x.min(0).indices, 3),
        ("sort", x.sort(stable=True).indices, [3, 4, 0, 1, 2]), ("argsort", corelib.argsort(x, descending=True, stable=True), [1, 2, 0, 3, 4]),
    ):
        expect(got.cpu().tolist() == index, f"{what}: the index is {got.cpu().tolist()}, and right is {index}")
