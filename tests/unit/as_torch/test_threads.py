"""Parts of corelib that are loaded when they are first asked for, by many threads at once."""

import subprocess
import sys

PROGRAM = """
import threading
import corelib as T
names = ["nn", "optim", "autograd", "utils", "linalg", "fft", "distributions", "amp", "serialization", "profiler", "special", "func", "random", "save", "cuda", "jit"]
start, errors = threading.Barrier(2 * len(names) + 2), []

def ask(what):
    start.wait()
    try:
        what()
    except BaseException as error:
        errors.append(repr(error))

threads = [threading.Thread(target=ask, args=(lambda name=name: getattr(T, name),), daemon=True) for name in names * 2]
threads += [threading.Thread(target=ask, args=(lambda: (T.ones(2, requires_grad=True) * 2).sum().backward(),), daemon=True) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(200)
assert not errors and not any(thread.is_alive() for thread in threads), errors
print("right")
"""


def test_threads_that_ask_for_different_parts_at_once():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300)
    assert done.stdout == "right\n", done.stderr
