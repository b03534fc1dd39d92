"""Functions ask for `__torch_function__` from the first class or mode on that has one, and not before; each check in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHECKS = {
    "nothing asks before": """
class Parameter(torch.nn.Parameter): pass
assert "_plain" not in vars(torch.add)
assert "corelib.overrides" not in sys.modules
""",
    "a subclass makes functions ask": """
held, signature = torch.add, inspect.signature(torch.sum)
class Sub(torch.Tensor): pass
assert torch.add is held and "_plain" in vars(held)
assert type(held(torch.ones(2).as_subclass(Sub), 1)) is Sub
assert inspect.signature(torch.sum) == signature
assert torch.Tensor.add is not torch.add
""",
    "a mode makes functions ask": """
seen = []
class Saying(torch.overrides.TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        seen.append(func.__name__)
        return func(*args, **kwargs or {})
with Saying():
    torch.ones(2).sum(0, keepdim=True)
torch.ones(2)
assert seen == ["ones", "sum"]
""",
    "an object that is no tensor makes functions ask": """
class Stand:
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return func.__name__, len(args), kwargs
s = Stand()
assert torch.sum(s, 0) == ("sum", 2, None)
assert torch.nn.functional.relu(s)[0] == "relu"
assert (torch.ones(1) + s)[0] == "add"
assert torch.cat([torch.ones(1), s])[0] == "cat"
""",
    "an object that is no tensor is refused by its own error": """
for call in (lambda: torch.sum(object()), lambda: torch.relu(3), lambda: torch.ones(1) + object(), lambda: torch.cat([1])):
    try: call()
    except TypeError: pass
    else: raise AssertionError
assert "corelib.overrides" not in sys.modules
""",
    "functions that were called before and functions that were not": """
x = torch.arange(6.).reshape(2, 3)
torch.flip(x, [0])
class Sub(torch.Tensor): pass
y = x.as_subclass(Sub)
for got, want in ((torch.flip(y, [0]), [[3., 4., 5.], [0., 1., 2.]]), (torch.roll(y, 1, 1), [[2., 0., 1.], [5., 3., 4.]]), (y.narrow(1, 0, 1), [[0.], [3.]])):
    assert type(got) is Sub and got.tolist() == want
assert torch.roll(x, 1, 1).tolist() == [[2., 0., 1.], [5., 3., 4.]]
""",
    "training goes on beside a subclass": """
torch.manual_seed(0)
class Sub(torch.Tensor): pass
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
losses = []
for _ in range(20):
    loss = torch.nn.functional.mse_loss(model(torch.ones(8, 3).as_subclass(Sub)), torch.zeros(8, 1))
    optimizer.zero_grad(); loss.backward(); optimizer.step(); losses.append(loss.item())
assert type(loss) is Sub and losses[-1] < losses[0]
assert all(type(p) is torch.nn.Parameter and type(p.grad) is torch.Tensor for p in model.parameters())
""",
    "what dispatch below autograd would need is refused": """
from corelib.utils._python_dispatch import TorchDispatchMode
def of_classes():
    class Below(torch.Tensor):
        __torch_function__ = torch._C._disabled_torch_function_impl
        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None): ...
def of_modes():
    class Mode(TorchDispatchMode): ...
    Mode()
class Sub(torch.Tensor): pass
for call in (of_classes, of_modes, lambda: torch.Tensor._make_wrapper_subclass(Sub, (2,))):
    try: call()
    except NotImplementedError as error: assert "__torch_function__" in str(error)
    else: raise AssertionError
""",
    "threads with modes of their own": """
import threading
class Nothing(torch.overrides.BaseTorchFunctionMode): pass
def work():
    for _ in range(200):
        with Nothing():
            assert torch.ones(2).add(1).sum().item() == 4
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
from corelib.overrides.asking import count
assert count.modes == 0
""",
}


@pytest.mark.parametrize("name", CHECKS)
def test_functions_ask(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import sys, inspect\nimport corelib as torch\n{CHECKS[name]}"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
