"""Whole programs in a process of their own: every start method, `spawn`, and models that several processes train (Hogwild)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

METHODS = ("fork", "spawn", "forkserver")


def run(tmp_path, body, *arguments, home=None):
    """What a program prints; `home` is where it runs."""
    path = tmp_path / "program.py"
    path.write_text("import sys, time, os, signal\nimport corelib as torch\nimport corelib.multiprocessing as mp\n" + body, encoding="utf-8")
    done = subprocess.run([sys.executable, str(path), *arguments], capture_output=True, text=True, timeout=300, cwd=home or os.getcwd(), check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split("\n")[:-1]


SHARED = """
def work(i, x, model, queue, done):
    x[i] += 1
    with torch.no_grad():
        model.weight[i] += 10
    queue.put((i, x[1:], model.weight.requires_grad, type(model.weight).__name__, x.dtype, torch.full((2,), float(i))))
    done.wait()

if __name__ == "__main__":
    method, strategy = sys.argv[1:]
    mp.set_sharing_strategy(strategy)
    context = mp.get_context(method)
    x = torch.zeros(4, dtype=torch.bfloat16)
    model = torch.nn.Linear(2, 2).share_memory()
    tied = torch.nn.Sequential(model, model)
    before = model.weight.detach().clone()
    x.share_memory_()
    queue, done = context.Queue(), context.Event()
    started = mp.start_processes(work, (x, tied[1], queue, done), nprocs=2, join=False, start_method=method)
    got = sorted([queue.get() for _ in range(2)], key=lambda g: g[0])
    done.set()
    while not started.join():
        pass
    print(x.tolist(), (model.weight - before).round().tolist())
    print([(g[0], g[1].untyped_storage() is x.untyped_storage(), *g[2:5], g[5].tolist(), g[5].is_shared()) for g in got])
"""


@pytest.mark.parametrize("strategy", ["file_descriptor", "file_system"])
@pytest.mark.parametrize("method", METHODS)
def test_every_start_method_shares(tmp_path, method, strategy):
    first, second = run(tmp_path, SHARED, method, strategy)
    assert first == "[1.0, 1.0, 0.0, 0.0] [[10.0, 10.0], [10.0, 10.0]]"
    assert second == str([(i, True, True, "Parameter", "bf", [float(i)] * 2, True) for i in range(2)]).replace("'bf'", "torch.bfloat16")


HOGWILD = """
import math
class SharedAdam(torch.optim.Adam):  # its state is there from the start, and shared
    def __init__(self, params, lr):
        super().__init__(params, lr=lr)
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p].update(step=torch.zeros(1), exp_avg=p.data.new().resize_as_(p.data).zero_(), exp_avg_sq=p.data.new().resize_as_(p.data).zero_())

    def share_memory(self):
        for group in self.param_groups:
            for p in group["params"]:
                for value in self.state[p].values():
                    value.share_memory_()

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                grad, state = p.grad.data, self.state[p]
                state["step"] += 1
                state["exp_avg"].mul_(beta1).add_(grad, alpha=1 - beta1)
                state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
                n = state["step"].item()
                size = group["lr"] * math.sqrt(1 - beta2 ** n) / (1 - beta1 ** n)
                p.data.addcdiv_(state["exp_avg"], state["exp_avg_sq"].sqrt().add_(group["eps"]), value=-size)

def data():
    g = torch.Generator().manual_seed(1)
    x = torch.randn(256, 8, generator=g)
    return x, (x @ torch.randn(8, 1, generator=g)).tanh()

def net():
    return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))

def loss_of(model):
    x, y = data()
    return torch.nn.functional.mse_loss(model(x), y)

def train(rank, shared, how, optimizer, steps, losses):
    torch.manual_seed(rank)
    local = net() if how == "a3c" else shared
    if how == "sgd":
        optimizer = torch.optim.SGD(shared.parameters(), lr=0.1, momentum=0.5)
    x, y = data()
    for _ in range(100):
        pick = torch.randint(256, (32,))
        if how == "a3c":
            local.load_state_dict(shared.state_dict())
        local.zero_grad(set_to_none=False)  # the shared model has these very gradients
        torch.nn.functional.mse_loss(local(x[pick]), y[pick]).backward()
        if how == "a3c":
            for p, mine in zip(shared.parameters(), local.parameters()):
                if p.grad is not None:
                    break
                p._grad = mine.grad
        optimizer.step()
        with steps.get_lock():
            steps.value += 1
    losses.put((rank, float(loss_of(shared))))

if __name__ == "__main__":
    method, how = sys.argv[1:]
    torch.manual_seed(0)
    context = mp.get_context(method)
    model = net()
    model.share_memory()
    optimizer = SharedAdam(model.parameters(), lr=0.01)
    optimizer.share_memory()
    before = float(loss_of(model))
    start = [p.detach().clone() for p in model.parameters()]
    losses, steps = context.SimpleQueue(), context.Value("i", 0)
    processes = [context.Process(target=train, args=(rank, model, how, optimizer, steps, losses)) for rank in range(3)]
    for p in processes:
        p.start()
    for p in processes:
        p.join()
    assert [p.exitcode for p in processes] == [0, 0, 0]
    seen = [losses.get() for _ in processes]
    last = float(loss_of(model))
    print(last < before / 4, steps.value, all(bool((p != s).any()) for p, s in zip(model.parameters(), start)))
    print(min(abs(value - last) for _, value in seen) < 1e-6)  # the worker that ended last saw what all had done
    print(optimizer.state[model[0].weight]["step"].item() > 0 or how == "sgd")
"""


@pytest.mark.parametrize(("method", "how"), [("fork", "sgd"), ("spawn", "sgd"), ("fork", "a3c"), ("spawn", "a3c"), ("forkserver", "a3c")])
def test_several_processes_train_one_model(tmp_path, method, how):
    assert run(tmp_path, HOGWILD, method, how) == ["True 300 True", "True", "True"]


GRADIENTS = """
def work(i, model):
    for p in model.parameters():
        p.grad.add_(i + 1)

if __name__ == "__main__":
    model = torch.nn.Linear(2, 2)
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    model.share_memory()
    mp.start_processes(work, (model,), nprocs=2, start_method="fork")
    print([p.grad.unique().tolist() for p in model.parameters()])
"""


def test_shared_gradients_are_accumulated_by_forked_processes(tmp_path):
    assert run(tmp_path, GRADIENTS) == ["[[3.0], [3.0]]"]


SPAWN = """
def good(i, a, b):
    a[i] = b + i

def bad(i):
    if i == 1:
        raise ValueError("wrong in one")
    time.sleep(60)

def leaves(i):
    os._exit(3) if i == 0 else time.sleep(60)

def killed(i):
    os.kill(os.getpid(), signal.SIGKILL) if i == 0 else time.sleep(60)

def failure(f):
    try:
        mp.spawn(f, nprocs=2)
    except mp.ProcessException as error:
        told = error
    return type(told).__name__, told.error_index, told.error_pid > 0, getattr(told, "exit_code", None), getattr(told, "signal_name", None), str(told).strip().splitlines()

if __name__ == "__main__":
    x = torch.zeros(3).share_memory_()
    print(mp.spawn(good, args=(x, 5), nprocs=3), x.tolist())
    context = mp.spawn(good, (x, 1), 2, join=False, daemon=True)
    print(type(context).__name__, len(context.pids()), [p.daemon for p in context.processes])
    while not context.join(timeout=0.5):
        pass
    print(x.tolist())
    kind, index, pid, code, name, text = failure(bad)
    print(kind, index, pid, code, text[0], text[-1])
    print(*failure(leaves))
    print(*failure(killed))
    print(not [n for n in os.listdir("/tmp") if n.startswith("corelib-errorfile") and os.stat("/tmp/" + n).st_mtime > time.time() - 5])
"""


def test_spawn_tells_which_process_failed_and_how(tmp_path):
    lines = run(tmp_path, SPAWN)
    assert lines[:3] == ["None [5.0, 6.0, 7.0]", "ProcessContext 2 [True, True]", "[1.0, 2.0, 7.0]"]
    assert lines[3] == "ProcessRaisedException 1 True None -- Process 1 terminated with the following error: ValueError: wrong in one"
    assert lines[4] == "ProcessExitedException 0 True 3 None ['process 0 terminated with exit code 3']"
    assert lines[5] == "ProcessExitedException 0 True -9 SIGKILL ['process 0 terminated with signal SIGKILL']"
    assert lines[6] == "True"


POOL = """
def double(x):
    x.mul_(2)
    return x, x.sum()

if __name__ == "__main__":
    from corelib.multiprocessing.pool import Pool as Other
    from corelib.multiprocessing.queue import Queue, SimpleQueue
    x = [torch.full((3,), float(i)).share_memory_() for i in range(4)]
    for make in (mp.get_context(sys.argv[1]).Pool, Other, mp.Pool):
        with make(2) as pool:
            got = pool.map(double, x)
            print([g.data_ptr() == t.data_ptr() for (g, _), t in zip(got, x)], [s.item() for _, s in got])
    for make in (Queue, SimpleQueue):
        queue = make()
        queue.put(x[1])
        print(queue.get().data_ptr() == x[1].data_ptr())
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_pools_change_the_memory_in_place(tmp_path, method):
    lines = run(tmp_path, POOL, method)
    for times, line in zip((2, 4, 8), lines):
        assert line == f"[True, True, True, True] {[float(3 * i * times) for i in range(4)]}"
    assert lines[3:] == ["True", "True"]


LAST = """
def work(queue):
    queue.put(torch.full((3,), 7.0))

def goes_on(queue):
    queue.put(torch.full((2,), 8.0))
    time.sleep(1)  # what was sent is on its way before the process ends

def unread(queue):
    queue.put(torch.ones(3))

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    for target in (work, goes_on):
        queue = context.Queue()
        child = context.Process(target=target, args=(queue,))
        child.start()
        while queue.empty():
            time.sleep(0.05)
        time.sleep(2)
        print(queue.get(timeout=30).tolist())
        child.join()
    lost = context.Queue()
    child = context.Process(target=unread, args=(lost,))
    child.start()
    child.join()
    try:
        lost.get(timeout=30)
    except (OSError, EOFError) as error:
        print(error.__notes__[0][:42])
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_what_a_process_sends_last_arrives_if_it_is_read_soon(tmp_path, method):
    assert run(tmp_path, LAST, method) == ["[7.0, 7.0, 7.0]", "[8.0, 8.0]", "The process that sent this tensor has ended "[:42]]


def test_a_process_ends_with_its_parent(tmp_path):
    body = """
def work():
    mp._prctl_pr_set_pdeathsig(signal.SIGKILL)
    mp._set_thread_name("corelib worker")
    print(os.getpid(), mp._get_thread_name(), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    mp.get_context("fork").Process(target=work).start()
    time.sleep(1)
    os._exit(0)
"""
    pid, name = run(tmp_path, body)[0].split(" ", 1)
    assert name == "corelib worker"
    import time

    for _ in range(50):
        if not os.path.exists(f"/proc/{pid}"):
            return
        with open(f"/proc/{pid}/stat") as stat:
            if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                return
        time.sleep(0.1)
    raise AssertionError("the child is still there")
