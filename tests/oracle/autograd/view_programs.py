"""Random programs of views and in-place changes, with and without recording, for PyTorch and corelib to run step by step."""

from __future__ import annotations

import random
import warnings
from typing import Any

Step = tuple[Any, ...]
Program = list[Step]

VIEWS = (
    "view", "first", "rest", "narrow", "t", "transpose", "unsqueeze", "reshape", "expand", "diagonal", "as_strided", "slice2", "alias",
    "view_as", "squeeze", "unfold", "permute", "movedim", "flatten",
)  # fmt: skip
SEVERAL = ("split", "chunk", "unbind", "unsafe_split", "tensor_split", "unsafe_chunk")
CHANGES = (
    "mul_2", "add_", "mul_", "exp_", "sigmoid_", "zero_", "copy_", "set_first", "set_index", "fill_", "masked_fill_", "sub_scalar",
    "neg_", "clamp_", "addcmul_", "index_add_", "set_mask", "pow_", "sin_", "relu_", "lerp_", "div_", "set_slice", "tanh_", "softplus_",
    "self_mul_", "eq_", "floor_", "cumsum_", "add_view", "silu_", "sqrt_",
)  # fmt: skip
SHAPE_CHANGES = ("t_", "unsqueeze_", "squeeze_", "transpose_")
OPS = ("mul", "add", "exp", "sum", "mul_2", "clone", "matmul", "cat", "relu", "where")
MODES = ("no_grad", "enable_grad", "inference_mode")


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
            step: Step = ("view", r.choice(VIEWS), a, n)
        elif kind < 0.36:
            step = ("several", r.choice(SEVERAL), a, n)
        elif kind < 0.66:
            step = ("change", r.choice(CHANGES), a, b)
        elif kind < 0.69:
            step = ("change", r.choice(SHAPE_CHANGES), a, b)
        elif kind < 0.82:
            step = ("op", r.choice(OPS), a, b)
        elif kind < 0.92:
            step = ("flag", r.choice(("detach", "requires_grad_", "retain_grad", "detach_", "data", "no_grad_leaf", "set_data", "hook")), a, b)
        else:
            step = ("backward", a)
        program.append((mode, *step))
    program.append((None, "backward", r.randrange(64)))
    return program


def _view(T: Any, name: str, x: Any, n: int) -> Any:
    match name:
        case "view": return x.view(-1)
        case "first": return x[0]
        case "rest": return x[1:]
        case "narrow": return x.narrow(0, 0, 1)
        case "t": return x.t()
        case "transpose": return x.transpose(0, -1)
        case "unsqueeze": return x.unsqueeze(0)
        case "reshape": return x.reshape(-1, 1)
        case "expand": return x.expand(2, *x.shape)
        case "diagonal": return x.diagonal()
        case "as_strided": return T.as_strided(x, (2,), (1,))
        case "slice2": return x[::2]
        case "alias": return x[:]
        case "view_as": return x.view_as(x)
        case "squeeze": return x.squeeze()
        case "unfold": return x.unfold(0, 2, 1)
        case "permute": return x.permute(*reversed(range(x.dim())))
        case "movedim": return x.movedim(0, -1)
        case "flatten": return x.flatten()
    raise AssertionError(name)


def _several(T: Any, name: str, x: Any) -> Any:
    match name:
        case "split": return x.split(1)
        case "chunk": return x.chunk(2)
        case "unbind": return x.unbind()
        case "unsafe_split": return T.unsafe_split(x, 1)
        case "unsafe_chunk": return T.unsafe_chunk(x, 2)
        case "tensor_split": return x.tensor_split(2)
    raise AssertionError(name)


def _change(T: Any, name: str, x: Any, y: Any) -> None:
    match name:
        case "mul_2": x.mul_(2)
        case "add_": x.add_(y)
        case "mul_": x.mul_(y)
        case "exp_": x.exp_()
        case "sigmoid_": x.sigmoid_()
        case "zero_": x.zero_()
        case "copy_": x.copy_(y)
        case "set_first": x[0] = y
        case "set_index": x[T.tensor([0])] = 2.0
        case "fill_": x.fill_(1.5)
        case "masked_fill_": x.masked_fill_(x > 1, 0.5)
        case "sub_scalar": x.sub_(0.25)
        case "neg_": x.neg_()
        case "clamp_": x.clamp_(-1, 1)
        case "addcmul_": x.addcmul_(y, y)
        case "index_add_": x.index_add_(0, T.tensor([0]), x[:1].detach().clone())
        case "set_mask": x[x > 0.5] = 0.25
        case "pow_": x.pow_(2)
        case "sin_": x.sin_()
        case "relu_": x.relu_()
        case "lerp_": x.lerp_(y, 0.25)
        case "div_": x.div_(2)
        case "set_slice": x[1:] = y
        case "tanh_": x.tanh_()
        case "softplus_": T.nn.functional.silu(x, inplace=True)
        case "self_mul_": x.mul_(x)
        case "eq_": x.eq_(1)
        case "floor_": x.floor_()
        case "cumsum_": x.cumsum_(0)
        case "add_view": x.add_(x[0])
        case "silu_": T.nn.functional.elu(x, inplace=True)
        case "sqrt_": x.abs_().add_(1).sqrt_()
        case "t_": x.t_()
        case "unsqueeze_": x.unsqueeze_(0)
        case "squeeze_": x.squeeze_()
        case "transpose_": x.transpose_(0, -1)


def _op(T: Any, name: str, x: Any, y: Any) -> Any:
    match name:
        case "mul": return x * y
        case "add": return x + y
        case "exp": return (x * 0.25).exp()
        case "sum": return x.sum()
        case "mul_2": return x * 2
        case "clone": return x.clone()
        case "matmul": return x @ y
        case "cat": return T.cat([x, y])
        case "relu": return x.relu()
        case "where": return T.where(x > 0, x, y)
    raise AssertionError(name)


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

    def _step(self, step: Step) -> None:
        T, x = self.T, self.tensors[step[2 if step[0] != "backward" else 1] % len(self.tensors)]
        match step[0]:
            case "view": self.tensors.append(_view(T, step[1], x, step[3]))
            case "several": self.tensors.extend(_several(T, step[1], x)[:2])
            case "change": _change(T, step[1], x, self.tensors[step[3] % len(self.tensors)])
            case "op": self.tensors.append(_op(T, step[1], x, self.tensors[step[3] % len(self.tensors)]))
            case "flag": self._flag(step[1], x, self.tensors[step[3] % len(self.tensors)])
            case "backward": (x * (x.detach() + 1.5)).sum().backward(retain_graph=True)

    def _flag(self, name: str, x: Any, y: Any) -> None:
        match name:
            case "detach": self.tensors.append(x.detach())
            case "data": self.tensors.append(x.data)
            case "requires_grad_": x.requires_grad_()
            case "no_grad_leaf": x.requires_grad_(False)
            case "retain_grad": x.retain_grad()
            case "detach_": x.detach_()
            case "set_data": x.data = y.detach().clone()
            case "hook":
                x.register_hook(lambda g: self.seen.append(None if g is None else _rounded(g)))

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
                    list(t.shape), list(t.stride()), _rounded(t.detach()), t.requires_grad, leaf, made, version, t._is_view(), t.is_inference(),
                    None if t.grad is None else _rounded(t.grad), t.retains_grad,
                ))
        return [found, self.seen]


def _rounded(t: Any) -> Any:
    def plain(x: Any) -> Any:
        return [plain(y) for y in x] if isinstance(x, list) else float(f"{x:.6g}") if x == x else "nan"

    return plain(t.tolist())
