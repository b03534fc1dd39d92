"""Random programs of views and in-place changes, with and without recording, for PyTorch and corelib to run step by step."""

from __future__ import annotations

import random
import warnings
from typing import Any

Step = tuple[Any, ...]
Program = list[Step]

MODES = ("no_grad", "enable_grad", "inference_mode")


VIEWS: dict[str, Any] = {
    "view": lambda T, x: x.view(-1),
    "first": lambda T, x: x[0],
    "rest": lambda T, x: x[1:],
    "narrow": lambda T, x: x.narrow(0, 0, 1),
    "t": lambda T, x: x.t(),
    "transpose": lambda T, x: x.transpose(0, -1),
    "unsqueeze": lambda T, x: x.unsqueeze(0),
    "reshape": lambda T, x: x.reshape(-1, 1),
    "expand": lambda T, x: x.expand(2, *x.shape),
    "diagonal": lambda T, x: x.diagonal(),
    "as_strided": lambda T, x: T.as_strided(x, (2,), (1,)),
    "slice2": lambda T, x: x[::2],
    "alias": lambda T, x: x[:],
    "view_as": lambda T, x: x.view_as(x),
    "squeeze": lambda T, x: x.squeeze(),
    "permute": lambda T, x: x.permute(tuple(reversed(range(x.dim())))),
    "movedim": lambda T, x: x.movedim(0, -1),
    "flatten": lambda T, x: x.flatten(),
}
SEVERAL: dict[str, Any] = {
    "split": lambda T, x: x.split(1),
    "chunk": lambda T, x: x.chunk(2),
    "unbind": lambda T, x: x.unbind(),
    "unsafe_split": lambda T, x: T.unsafe_split(x, 1),
    "unsafe_chunk": lambda T, x: T.unsafe_chunk(x, 2),
    "tensor_split": lambda T, x: x.tensor_split(2),
}
CHANGES: dict[str, Any] = {
    "mul_2": lambda T, x, y: x.mul_(2),
    "add_": lambda T, x, y: x.add_(y),
    "mul_": lambda T, x, y: x.mul_(y),
    "exp_": lambda T, x, y: x.exp_(),
    "sigmoid_": lambda T, x, y: x.sigmoid_(),
    "zero_": lambda T, x, y: x.zero_(),
    "copy_": lambda T, x, y: x.copy_(y),
    "set_first": lambda T, x, y: x.__setitem__(0, y),
    "set_index": lambda T, x, y: x.__setitem__(T.tensor([0]), 2.0),
    "fill_": lambda T, x, y: x.fill_(1.5),
    "masked_fill_": lambda T, x, y: x.masked_fill_(x > 1, 0.5),
    "sub_scalar": lambda T, x, y: x.sub_(0.25),
    "neg_": lambda T, x, y: x.neg_(),
    "clamp_": lambda T, x, y: x.clamp_(-1, 1),
    "addcmul_": lambda T, x, y: x.addcmul_(y, y),
    "index_add_": lambda T, x, y: x.index_add_(0, T.tensor([0]), x[:1].detach().clone()),
    "set_mask": lambda T, x, y: x.__setitem__(x > 0.5, 0.25),
    "pow_": lambda T, x, y: x.pow_(2),
    "sin_": lambda T, x, y: x.sin_(),
    "relu_": lambda T, x, y: x.relu_(),
    "lerp_": lambda T, x, y: x.lerp_(y, 0.25),
    "div_": lambda T, x, y: x.div_(2),
    "set_slice": lambda T, x, y: x.__setitem__(slice(1, None), y),
    "tanh_": lambda T, x, y: x.tanh_(),
    "softplus_": lambda T, x, y: T.nn.functional.silu(x, inplace=True),
    "self_mul_": lambda T, x, y: x.mul_(x),
    "eq_": lambda T, x, y: x.eq_(1),
    "floor_": lambda T, x, y: x.floor_(),
    "cumsum_": lambda T, x, y: x.cumsum_(0),
    "add_view": lambda T, x, y: x.add_(x[0]),
    "silu_": lambda T, x, y: T.nn.functional.elu(x, inplace=True),
    "sqrt_": lambda T, x, y: x.abs_().add_(1).sqrt_(),
    "t_": lambda T, x, y: x.t_(),
    "unsqueeze_": lambda T, x, y: x.unsqueeze_(0),
    "squeeze_": lambda T, x, y: x.squeeze_(),
    "transpose_": lambda T, x, y: x.transpose_(0, -1),
}
OPS: dict[str, Any] = {
    "mul": lambda T, x, y: x * y,
    "add": lambda T, x, y: x + y,
    "exp": lambda T, x, y: (x * 0.25).exp(),
    "sum": lambda T, x, y: x.sum(),
    "mul_2": lambda T, x, y: x * 2,
    "clone": lambda T, x, y: x.clone(),
    "matmul": lambda T, x, y: x @ y,
    "cat": lambda T, x, y: T.cat([x, y]),
    "relu": lambda T, x, y: x.relu(),
    "where": lambda T, x, y: T.where(x > 0, x, y),
}
FLAGS = ("detach", "requires_grad_", "retain_grad", "detach_", "data", "no_grad_leaf", "hook")
SHAPE_CHANGES = ("t_", "unsqueeze_", "squeeze_", "transpose_")


def random_program(seed: int, steps: int = 10) -> Program:
    """A program: each step makes or changes one of the tensors t0, t1, ... that there are by then."""
    r = random.Random(seed)
    program: Program = []
    for i in range(r.randint(1, 3)):
        program.append(("make", r.choice(((4,), (2, 3), (2, 2), (3, 1))), r.random() < 0.55, seed + i))
    for _ in range(steps):
        a, b, n = r.randrange(64), r.randrange(64), r.randrange(8)
        mode = r.choice(MODES) if r.random() < 0.15 else None
        kind = r.random()
        if kind < 0.30:
            step: Step = ("view", r.choice(list(VIEWS)), a, n)
        elif kind < 0.36:
            step = ("several", r.choice(list(SEVERAL)), a, n)
        elif kind < 0.66:
            step = ("change", r.choice(list(CHANGES)), a, b)
        elif kind < 0.69:
            step = ("change", r.choice(SHAPE_CHANGES), a, b)
        elif kind < 0.82:
            step = ("op", r.choice(list(OPS)), a, b)
        elif kind < 0.92:
            step = ("flag", r.choice(FLAGS), a, b)
        else:
            step = ("backward", a)
        program.append((mode, *step))
    program.append((None, "backward", r.randrange(64)))
    return program


class Run:
    """One library's run of a program."""

    def __init__(self, T: Any) -> None:
        self.T = T
        self.tensors: list[Any] = []
        self.seen: list[Any] = []

    def do(self, step: Step) -> tuple[str, Any]:
        """Run one step: what each tensor is afterwards, or the type of the error."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if step[0] == "make":
                    _, shape, grad, seed = step
                    r = random.Random(seed)
                    n = 1
                    for s in shape:
                        n *= s
                    self.tensors.append(self.T.tensor([r.uniform(-2, 2) for _ in range(n)], dtype=self.T.float64).reshape(shape).clone())
                    if grad:
                        self.tensors[-1].requires_grad_()
                elif step[0] is None:
                    self._step(step[1:])
                else:
                    with getattr(self.T, step[0])():
                        self._step(step[1:])
        except Exception as error:  # whatever it is, it is compared
            return type(error).__name__, str(error)[:200]
        return "", ""

    def excused(self, step: Step, error: str) -> bool:
        """Whether from here on PyTorch's own account of things is not to be had: it changes an inference tensor before it refuses to;
        the pieces of unsafe_chunk in inference mode; and a leaf that was changed and has views before it requires grad."""
        if "inference tensor" in error or (step[0] == "inference_mode" and step[1] == "several" and step[2].startswith("unsafe")):
            return True
        if step[0] == "inference_mode" and step[1] == "flag" and step[2] == "detach_":
            return True
        if len(step) < 4 or step[0] == "make" or step[1] != "flag":
            return False
        x = self.tensors[step[3] % len(self.tensors)]
        if step[2] == "no_grad_leaf":  # views made without recording keep requiring grad
            return any(t._is_view() for t in self.tensors)
        return bool(step[2] == "requires_grad_" and not x.is_inference() and x._version > 0)

    def _step(self, step: Step) -> None:
        T, x = self.T, self.tensors[step[2 if step[0] != "backward" else 1] % len(self.tensors)]
        y = self.tensors[step[3] % len(self.tensors)] if len(step) > 3 else x
        if step[0] == "view":
            self.tensors.append(VIEWS[step[1]](T, x))
        elif step[0] == "several":
            self.tensors.extend(SEVERAL[step[1]](T, x)[:2])
        elif step[0] == "change":
            CHANGES[step[1]](T, x, y)
        elif step[0] == "op":
            self.tensors.append(OPS[step[1]](T, x, y))
        elif step[0] == "flag":
            self._flag(step[1], x)
        else:
            (x * (x.detach() + 1.5)).sum().backward(retain_graph=True)

    def _flag(self, name: str, x: Any) -> None:
        if name in ("detach", "data"):
            self.tensors.append(x.detach() if name == "detach" else x.data)
        elif name == "no_grad_leaf":
            x.requires_grad_(False)
        elif name == "hook":
            x.register_hook(lambda g: self.seen.append(None if g is None else _rounded(g)))
        else:
            getattr(x, name)()

    def state(self) -> list[Any]:
        """What can be seen of every tensor."""
        found: list[Any] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for t in self.tensors:
                try:
                    leaf, made = t.is_leaf, t.grad_fn is not None
                except RuntimeError:
                    leaf = made = "refused"
                try:
                    version = None if t.is_inference() else t._version
                except RuntimeError:
                    version = None
                found.append((
                    list(t.shape), [s for n, s in zip(t.shape, t.stride(), strict=True) if n > 1], _rounded(t.detach()), t.requires_grad, leaf, made, version, t._is_view(), t.is_inference(),
                    None if t.grad is None else _rounded(t.grad), t.retains_grad,
                ))
        return [found, self.seen]


def _rounded(t: Any) -> Any:
    def plain(x: Any) -> Any:
        return [plain(y) for y in x] if isinstance(x, list) else float(f"{x:.6g}") if x == x else "nan"

    return plain(t.tolist())
