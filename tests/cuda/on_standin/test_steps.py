"""What a training step costs: launches, waits, and memory asked of the driver."""

from __future__ import annotations

import corelib as torch
import numpy as np
import pytest

from on_standin.models import model_and_batch

BACKEND = torch.device("cuda").runtime.backend
LAUNCHES = {"mlp": 56, "cnn": 54, "gpt": 125}
"""At most so many a step. PyTorch's profiler lists 245, 137 and 832 aten ops that call no other for such steps on the CPU, of which 129, 62 and 374 are
no views and allocations."""


def stepper(name, **options):
    model, x, y, loss = model_and_batch(name)
    optimizer = torch.optim.Adam(model.parameters(), **options)

    def step():
        made = loss(x, y)
        optimizer.zero_grad()
        made.backward()
        optimizer.step()
        return made

    return step


@pytest.mark.parametrize("name", LAUNCHES)
def test_a_step_does_not_wait_and_asks_the_driver_for_no_memory(name):
    step = stepper(name)
    for _ in range(3):
        step()
    memory = torch.cuda.memory_stats()
    waits, launches = BACKEND.waits, BACKEND.launcher.launches
    step()
    assert BACKEND.waits == waits
    assert 0 < BACKEND.launcher.launches - launches <= LAUNCHES[name]
    after = torch.cuda.memory_stats()
    assert {n: after[n] - memory[n] for n in ("num_device_alloc", "num_device_free")} == {"num_device_alloc": 0, "num_device_free": 0}
    assert step().item() > 0 and BACKEND.waits == waits + 1


@pytest.mark.parametrize(
    ("make", "calls"),
    [
        (lambda p: torch.optim.SGD(p, lr=0.1), 1), (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True), 1),
        (lambda p: torch.optim.Adam(p, lr=0.1, amsgrad=True), 1), (lambda p: torch.optim.AdamW(p, lr=0.1, maximize=True), 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_an_optimizer_updates_all_parameters_in_one_launch(make, calls, dtype):
    rng = np.random.default_rng(0)
    shapes = [(3, 5), (7,), (), (0, 4), (300,), (2, 2, 2), (1,), (64, 3)] * 3
    values, grads = ([rng.standard_normal(s).astype("f4") for s in shapes] for _ in "vg")
    ends = {}
    for device in ("cpu", "cuda"):
        params = [torch.tensor(v, dtype=dtype).to(device).requires_grad_() for v in values]
        for p, g in zip(params, grads, strict=True):
            p.grad = torch.tensor(g, dtype=dtype).to(device)
        optimizer = make(params)
        optimizer.step()
        before = BACKEND.launcher.launches
        optimizer.step()
        if device == "cuda":
            assert BACKEND.launcher.launches - before == calls
        ends[device] = [p.detach().cpu().to(torch.float64).numpy() for p in params]
    tolerance = {torch.float32: 1e-5, torch.bfloat16: 2e-2, torch.float64: 1e-12}[dtype]
    for a, b in zip(ends["cpu"], ends["cuda"], strict=True):
        np.testing.assert_allclose(b, a, rtol=tolerance, atol=tolerance)


def test_more_tensors_than_a_table_holds_take_more_launches():
    params = [torch.full((i + 1,), float(i), device="cuda", requires_grad=True) for i in range(70)]
    for p in params:
        p.grad = torch.ones_like(p)
    optimizer = torch.optim.SGD(params, lr=1.0)
    before = BACKEND.launcher.launches
    optimizer.step()
    assert BACKEND.launcher.launches - before == 3  # of 32, 32 and 6
    assert all(p.tolist() == [i - 1.0] * (i + 1) for i, p in enumerate(params))


def test_a_step_count_on_the_device_gives_the_same_steps():
    ends = []
    for capturable in (False, True):
        p = torch.arange(5.0, device="cuda").requires_grad_()
        optimizer = torch.optim.Adam([p], lr=0.1, amsgrad=True, capturable=capturable)
        for i in range(3):
            p.grad = torch.full((5,), i - 1.5, device="cuda")
            optimizer.step()
        ends.append(p.tolist())
        step = optimizer.state[p]["step"]
        assert step.device.type == ("cuda" if capturable else "cpu") and step.item() == 3
    np.testing.assert_allclose(ends[1], ends[0], rtol=1e-6)


WRONG = {
    "embedding": lambda i, x: torch.nn.functional.embedding(i, x), "index_select": lambda i, x: x.index_select(0, i), "index": lambda i, x: x[i],
    "index_put": lambda i, x: x.clone().__setitem__(i, 1.0), "index_add": lambda i, x: x.index_add(0, i, x[:2]),
    "gather": lambda i, x: x.gather(0, i.unsqueeze(1)), "scatter_add": lambda i, x: x.scatter_add(0, i.unsqueeze(1), x),
    "cross_entropy": lambda i, x: torch.nn.functional.cross_entropy(x[:2], i), "nll_loss": lambda i, x: torch.nn.functional.nll_loss(x[:2], i),
}  # fmt: skip


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
def test_a_wrong_index_is_told_at_the_next_wait_and_the_device_works_on(call):
    x, i = torch.rand(4, 3, device="cuda"), torch.tensor([1, 9], device="cuda")
    waits = BACKEND.waits
    call(i, x)
    assert BACKEND.waits == waits
    with pytest.raises(torch.AcceleratorError, match="device-side assert triggered: .*out of bounds"):
        torch.cuda.synchronize()
    torch.cuda.synchronize()
    assert x.shape == (4, 3) and (x - x).sum().item() == 0


def test_a_step_count_beside_a_fused_parameter_is_not_read():
    p = torch.ones(3, device="cuda", requires_grad=True)
    p.grad = torch.ones(3, device="cuda")
    optimizer = torch.optim.Adam([p], lr=0.1, fused=True)
    optimizer.step()
    waits = BACKEND.waits
    optimizer.step()
    assert BACKEND.waits == waits
    np.testing.assert_allclose(p.tolist(), [0.8] * 3, rtol=1e-5)
    assert optimizer.state[p]["step"].item() == 2


def test_where_launches_block_a_wrong_index_is_told_at_once(monkeypatch):
    monkeypatch.setattr(BACKEND, "checks_indices", False)  # as CUDA_LAUNCH_BLOCKING=1 has it from the start
    with pytest.raises(IndexError, match="index 9 is out of bounds for dimension 0 with size 4"):
        torch.nn.functional.embedding(torch.tensor([1, 9], device="cuda"), torch.rand(4, 3, device="cuda"))


def test_a_copy_from_ordinary_memory_does_not_wait_and_is_of_what_was_there():
    x = np.arange(1000, dtype=np.float32)
    waits = BACKEND.waits
    y = torch.from_numpy(x).to("cuda")
    x[:] = -1
    assert BACKEND.waits == waits
    assert y.tolist() == list(range(1000))
