"""One pool of threads: the same bits with any number of them, for kernels and OpenBLAS's products together, in several threads and forked children."""

from __future__ import annotations

import pytest

BITS = """
import hashlib, sys
import corelib as torch
torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else {threads})
torch.manual_seed(0)
x = torch.randn(300, 1000)
made = [(x * 2 + 1).exp(), torch.nn.functional.gelu(x), x.t() * x.t(), torch.nn.functional.linear(x[:32, :16], x[:8, :16])]
print(hashlib.sha256(b"".join(t.contiguous().numpy().tobytes() for t in made)).hexdigest(), torch.get_num_threads())
"""


def test_bits_do_not_depend_on_the_number_of_threads(child, tmp_path):
    told = [child(BITS.format(threads=n), tmp_path / "cache").stdout.split() for n in (1, 2, 3, 8)]
    assert len({bits for bits, _ in told}) == 1 and [int(n) for _, n in told] == [1, 2, 3, 8]


TOGETHER = """
import threading
import numpy as np
import corelib as torch
torch.set_num_threads(3)
torch.manual_seed(0)
a, z = torch.randn(400, 400), torch.randn(1 << 19)
product, value, plain = (a @ a).sum().item(), z.exp().sum().item(), float((a.numpy() @ a.numpy()).sum())
wrong = []
def products():
    for _ in range(30): wrong.extend([1] * ((a @ a).sum().item() != product))
def numpys():
    for _ in range(30): wrong.extend([2] * (abs(float((a.numpy() @ a.numpy()).sum()) - plain) > 1e-2 * abs(plain)))
def values():
    for _ in range(60): wrong.extend([3] * (z.exp().sum().item() != value))
threads = [threading.Thread(target=f) for f in (products, products, numpys, values, values)]
[t.start() for t in threads]; [t.join() for t in threads]
print(wrong)
"""


def test_products_and_kernels_in_several_threads_at_once(child, tmp_path):
    done = child(TOGETHER, tmp_path / "cache")
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


CHANGING = """
import threading
import corelib as torch
a = torch.randn(300, 300)
z = torch.randn(1 << 18)
stop = []
def work():
    while not stop: a @ a; z.exp()
threads = [threading.Thread(target=work) for _ in range(2)]
[t.start() for t in threads]
for i in range(200): torch.set_num_threads(1 + i % 3); (z + 1)
stop.append(1); [t.join() for t in threads]
print("ended")
"""


def test_the_number_of_threads_may_change_while_they_work(child, tmp_path):
    assert child(CHANGING, tmp_path / "cache").stdout.strip() == "ended"


FORKED = """
import os, threading
import corelib as torch
torch.set_num_threads(2)
a, z = torch.randn(300, 300), torch.randn(1 << 19)
product, value = (a @ a).sum().item(), z.exp().sum().item()
stop = []
def work():
    while not stop: a @ a; z.exp()
thread = threading.Thread(target=work); thread.start()
statuses = []
for i in range(10):
    child = os.fork()
    if child == 0:
        ok = (a @ a).sum().item() == product and z.exp().sum().item() == value and (z + 1).numel() == 1 << 19
        os._exit(0 if ok else 1)
    statuses.append(os.waitpid(child, 0)[1])
stop.append(1); thread.join()
print(statuses)
"""


@pytest.mark.filterwarnings("ignore")
def test_a_forked_child_computes_while_its_parent_does(child, tmp_path):
    done = child(FORKED, tmp_path / "cache")
    assert done.stdout.strip() == str([0] * 10), done.stdout + done.stderr


INTERRUPTED = """
import signal
import corelib as torch
from corelib.dispatcher.op import TABLE
torch.set_num_threads({threads})
x, w = torch.randn(64, 64, 96, 96), torch.randn(256, 64, 3, 3)
torch.conv2d(x[:1, :, :8, :8], w)  # compiled now
class Told(BaseException): pass
def handler(number, frame): raise Told
def told(call, out):
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        call()
        return "not told"
    except Told:
        return "left" if bool(out.isnan().any()) else "ended"
signal.signal(signal.SIGALRM, handler)
out = torch.full((64, 256, 94, 94), float("nan"))
kernel = TABLE["convolution"].kernel_for(x._key, torch.float32)
print(told(lambda: kernel(out.numpy(), x.numpy(), w.numpy(), None, (1, 1), (0, 0), (1, 1), 1), out))
signal.signal(signal.SIGALRM, lambda number, frame: print("heard", end=" "))
signal.setitimer(signal.ITIMER_REAL, 0.05)
made = torch.conv2d(x, w)
print((made[:1] - torch.conv2d(x[:1], w)).abs().max().item(), (x + x).isnan().any().item())
"""


@pytest.mark.parametrize("threads", [1, 3])
def test_a_signal_is_heard_between_the_pieces_of_a_long_kernel(child, tmp_path, threads):
    """Its exception leaves the rest undone; one that raises nothing changes nothing."""
    done = child(INTERRUPTED.format(threads=threads), tmp_path / "cache")
    assert done.stdout.split() == ["left", "heard", "0.0", "False"], done.stdout + done.stderr
