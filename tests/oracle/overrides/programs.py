"""Programs with classes and modes that answer PyTorch's functions, each a function of the library that gives what can be written as JSON.

`python -m tests.oracle.overrides corelib` runs all of them and prints what they give: in a process of its own, because a library whose
functions once ask for `__torch_function__` goes on asking.
"""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
import sys
import threading
from typing import Any

PROGRAMS: dict[str, Any] = {}


def program(function: Any) -> Any:
    PROGRAMS[function.__name__] = function
    return function


def shown(x: Any) -> Any:
    """A value as JSON has it, with the names of its types."""
    if hasattr(x, "detach") and hasattr(x, "tolist"):
        return [type(x).__name__, x.detach().as_subclass(library().Tensor).tolist()]
    if isinstance(x, (list, tuple)):
        return [type(x).__name__, *map(shown, x)]
    return x if isinstance(x, (int, float, str, bool, type(None))) else str(x).replace("corelib.", "torch.")


def library() -> Any:
    """The one that this process runs."""
    return sys.modules["corelib" if sys.argv[1:] == ["corelib"] else "torch"]


def logging_class(T: Any, said: list[str]) -> Any:
    class LoggingTensor(T.Tensor):  # type: ignore[misc,name-defined]
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is not T.Tensor.__repr__:
                said.append(f"{func.__name__} {[t.__name__ for t in types]} {len(args)} {kwargs}")
            return super().__torch_function__(func, types, args, kwargs or {})

    return LoggingTensor


@program
def logging_tensor(T: Any) -> Any:
    said: list[str] = []
    kind = logging_class(T, said)
    x = T.tensor([[1.0, 2.0], [3.0, 4.0]]).as_subclass(kind)
    w = T.ones(2, 2)
    y = ((x @ w + 1) * 2 - x / 3).relu()
    z = T.cat([y, w]).sum(0, keepdim=True)
    z[0, 1] = 5.0
    y += 1
    y.mul_(2).clamp_(max=20)
    parts = T.softmax(y, dim=-1).split(1, dim=1)
    best = y.max(1)
    found = [z, y, *parts, best.values, best.indices, x.T, x[0], -x, abs(x), x > 2, 1 - x, 2**x, x // 2, x % 2, T.stack((w, x)), x.reshape(-1), T.where(x > 1, x, w)]
    return said, [shown(each) for each in found], x.shape == (2, 2), str(x.dtype), repr(x), x.tolist(), float(x.sum())


@program
def operators(T: Any) -> Any:
    said: list[str] = []
    kind = logging_class(T, said)
    made = {"x": T.tensor([1.0, 2.0]).as_subclass(kind), "y": T.tensor([3.0, 4.0]), "i": T.tensor([1, 6]).as_subclass(kind), "T": T}
    results = []
    for expression in (
        "x+y y+x x+1 1+x x-y 1-x x*y 2*x x/y 1/x x//y 1//x x%y 5%x x**2 2**x x@y y@x -x +x abs(x) ~i i&1 1&i i|1 1|i i^1 1^i i<<1 1<<i i>>1 1>>i x==y x!=1 x<y x<=y "
        "x>y x>=y len(x) bool(x[0]) int(x[0]) float(x[0]) x.ndim x.is_leaf x.requires_grad x.grad x.data x.device x.layout x.is_cuda x.nbytes x.itemsize x.real x.grad_fn "
        "x.size() x.dim() x.numel() x.stride() x.is_contiguous() x.storage_offset() x.element_size() x.numpy().tolist() x.tolist() x[1].item()"
    ).split():
        said.clear()
        value = eval(expression, made)
        results.append([expression, list(said), shown(value)])
    for statement in (
        "x+=1 x-=1 x*=2 x/=2 x//=1 x%=5 x**=2 i&=7 i|=1 i^=1 i<<=1 i>>=1 x[0]=1 x[0]=y[0] y[0]=x[0] x.data=y x.requires_grad=True x.grad=T.ones(2)"
    ).split():
        said.clear()
        exec(statement, made)
        results.append([statement, list(said), shown(made["x"]), shown(made["i"])])
    return results


@program
def methods_and_functions(T: Any) -> Any:
    said: list[str] = []
    kind = logging_class(T, said)
    results = []
    for expression in (
        "x.sum() T.sum(x) x.mean(0) T.mean(x,dim=1,keepdim=True) x.add(1,alpha=2) T.add(y,x) x.to(T.float64) x.double() x.detach() x.clone() x.view(4) x.permute(1,0) "
        "x.unsqueeze(0) T.squeeze(x) x.expand(3,2,2) x.type_as(y) x.new_zeros(2) x.new_tensor([1.0]) T.zeros_like(x) T.ones_like(x) T.full_like(x,3) T.matmul(y,x) T.einsum('ij,jk->ik',x,y) "
        "T.linalg.norm(x) T.norm(x) x.norm() T.equal(x,y) T.allclose(x,x) T.chunk(x,2) x.unbind() T.max(x) T.max(x,0) x.sort() T.topk(x,1) T.nn.functional.linear(x,y) "
        "T.nn.functional.mse_loss(x,y) T.nn.functional.dropout(x,0.5,False) T.nn.functional.layer_norm(x,(2,)) T.broadcast_tensors(x,y) T.meshgrid(x[0],y[0],indexing='ij') "
        "T.clamp(x,0,2) T.exp(x) x.exp() x.cumsum(0) T.gather(x,0,i) x.index_select(0,i[0]) x.masked_fill(x>1,0) T.numel(x) T.is_floating_point(x) T.is_tensor(x) "
        "x.fill_diagonal_(0) T.tril(x) x.any() T.flatten(x) x.flatten(0) x.is_floating_point() x.cpu() x.float() x.long() x.type() x.contiguous() x.t() T.transpose(x,0,1) "
        "T.nn.functional.pad(x,(1,1)) T.nn.functional.one_hot(i) x.repeat(2,1) T.isnan(x) T.pow(x,2) T.sqrt(x) x.unique() T.unique(x) T.bmm(x[None],y[None])"
    ).split():
        said.clear()
        made = {"x": T.tensor([[1.0, 2.0], [3.0, 4.0]]).as_subclass(kind), "y": T.tensor([[1.0, 0.5], [0.25, 2.0]]), "i": T.tensor([[0, 1], [1, 0]]), "T": T}
        value = eval(expression, made)
        results.append([expression, [each.split(" {")[0].rpartition("]")[0] for each in said], shown(value)])
    return results


@program
def metadata_in_a_class_that_is_no_tensor(T: Any) -> Any:
    class MetadataTensor:
        def __init__(self, data: Any, metadata: Any = None, **kwargs: Any) -> None:
            self._t = T.as_tensor(data, **kwargs)
            self._metadata = metadata

        def __repr__(self) -> str:
            return f"Metadata:\n{self._metadata}\n\ndata:\n{self._t}"

        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if kwargs is None:
                kwargs = {}
            metadatas = tuple(a._metadata for a in args if hasattr(a, "_metadata"))
            args = [getattr(a, "_t", a) for a in args]
            assert len(metadatas) > 0
            ret = func(*args, **kwargs)
            return MetadataTensor(ret, metadata=metadatas[0])

    metadata = {"owner": "Ministry of Silly Walks"}
    m = MetadataTensor([[1.0, 2.0], [3.0, 4.0]], metadata=metadata)
    t = T.tensor([[1.0, 2.0], [1.0, 2.0]])
    results = [T.add(t, m), T.mul(t, m), T.mean(m), T.sum(m, 0), T.log(m), t + m, T.nn.functional.relu(m), T.reshape(m, (4,)), T.matmul(m, t), T.softmax(m, dim=0), T.max(m)]
    return [[shown(each._t), each._metadata, repr(each)] for each in results], T.overrides.is_tensor_like(m)


@program
def handled_functions(T: Any) -> Any:
    handled: dict[Any, Any] = {}

    def implements(function: Any) -> Any:
        @functools.wraps(function)
        def decorator(func: Any) -> Any:
            handled[function] = func
            return func

        return decorator

    class ScalarTensor:
        def __init__(self, n: int, value: float) -> None:
            self._n, self._value = n, value

        def __repr__(self) -> str:
            return f"ScalarTensor(N={self._n}, value={self._value})"

        def tensor(self) -> Any:
            return self._value * T.eye(self._n)

        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if kwargs is None:
                kwargs = {}
            if func not in handled or not all(issubclass(t, (T.Tensor, ScalarTensor)) for t in types):
                return NotImplemented
            return handled[func](*args, **kwargs)

    def ensure(data: Any) -> Any:
        return data.tensor() if isinstance(data, ScalarTensor) else T.as_tensor(data)

    @implements(T.mean)
    def mean(input: Any) -> float:
        return float(input._value) / input._n

    @implements(T.add)
    def add(input: Any, other: Any) -> Any:
        if isinstance(input, ScalarTensor) and isinstance(other, ScalarTensor):
            return ScalarTensor(input._n, input._value + other._value)
        return T.add(ensure(input), ensure(other))

    d = ScalarTensor(2, 3)
    refusals = []
    for call in (lambda: T.mul(d, 3), lambda: T.nn.functional.mse_loss(d, d)):
        try:
            call()
        except TypeError as error:
            refusals.append(str(error).split("\n")[0].split(" on types")[0])
    return T.mean(d), repr(T.add(d, d)), shown(T.add(d, T.tensor([[1, 1], [1, 1]]))), refusals


@program
def who_is_asked_first(T: Any) -> Any:
    said: list[str] = []

    def answering(name: str, base: Any, answer: Any) -> Any:
        def asked(cls: Any, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            said.append(name)
            return answer

        return type(name, (base,), {"__torch_function__": classmethod(asked)})

    A = answering("A", T.Tensor, NotImplemented)
    B = answering("B", A, "b")
    C = answering("C", object, "c")
    E = answering("E", T.Tensor, NotImplemented)
    a, b, e, c = T.ones(1).as_subclass(A), T.ones(1).as_subclass(B), T.ones(1).as_subclass(E), C()
    results = []
    for call in (lambda: T.add(a, b), lambda: T.add(b, a), lambda: T.add(a, c), lambda: a + b, lambda: T.add(a, e), lambda: T.cat([a, e]), lambda: a.exp(), lambda: T.stack([e, c])):
        said.clear()
        try:
            results.append([call(), list(said)])
        except TypeError as error:
            results.append(["TypeError", str(error).split("\n")[0].split(" on types")[0], list(said)])
    return results


@program
def subclasses_stay(T: Any) -> Any:
    class Sub(T.Tensor):  # type: ignore[misc,name-defined]
        def twice(self) -> Any:
            return self * 2

    class Below(Sub):
        pass

    x = T.tensor([1.0, 2.0]).as_subclass(Sub)
    y = x.twice().sqrt()[0]
    pairs = x.sort()
    made = [x + 1, y, x.twice(), T.stack([x, x]), *x.split(1), pairs.values, x.max(0).indices, x.to(T.float64), x.T, x.view(1, 2), x.detach(), x.clone(), x.bool(), x.data]
    both = x + T.ones(2).as_subclass(Below)
    tuples = type(x.unbind()).__name__, type(x.shape).__name__, type(pairs).__name__
    direct = Sub([1.0, 2.0])
    return (
        [shown(each) for each in made], type(both).__name__, tuples, isinstance(pairs, tuple), repr(x), repr(x > 1), str(both), type(direct).__name__, direct.tolist(),
        type(copy.copy(x)).__name__, len(x), [type(each).__name__ for each in x], x.tolist(), [type(each).__name__ for each in T.broadcast_tensors(x, T.ones(1))],
    )  # fmt: skip


@program
def gradients_of_subclasses(T: Any) -> Any:
    class Sub(T.Tensor):  # type: ignore[misc,name-defined]
        pass

    x = T.tensor([1.0, 2.0, 3.0]).as_subclass(Sub).requires_grad_()
    w = T.tensor([0.5, -1.0, 2.0], requires_grad=True)
    y = (x * w).exp().sum() + T.nn.functional.softmax(x, 0)[0] + x.view(3)[1:].prod()
    y.backward()
    z = (x**2).sum()
    (g,) = T.autograd.grad(z, x)
    out = [shown(x.grad), shown(w.grad), shown(y), y.requires_grad, x.is_leaf, y.is_leaf, shown(g)]
    seen = []
    handle = x.register_hook(lambda grad: seen.append(type(grad).__name__))
    x.sum().backward()
    handle.remove()
    v = x.detach().clone()
    v.requires_grad_()
    u = v * 1
    u[0] = 7.0
    u.sum().backward()
    with T.no_grad():
        v -= 0.1 * v.grad
    parameter = T.nn.Parameter(T.ones(2).as_subclass(Sub))
    module = T.nn.Linear(3, 2)
    with T.no_grad():
        module.weight.fill_(1.0)
        module.bias.fill_(0.5)
    through = module(x.detach())
    return out, seen, shown(v.grad), shown(v), isinstance(parameter, T.nn.Parameter), parameter.requires_grad, shown(through)


@program
def names_of_functions(T: Any) -> Any:
    V = T.overrides
    functions = {
        "torch": "add mean cat exp where matmul relu stack softmax zeros_like clamp", "Tensor": "add mean exp add_ __add__ view to reshape __getitem__ backward __len__ detach sum",
        "nn.functional": "linear layer_norm mse_loss cross_entropy dropout", "linalg": "norm svd eigh", "fft": "fft ifft rfft",
    }  # fmt: skip
    found = []
    overridable = {f for each in V.get_overridable_functions().values() for f in each if callable(f)}
    stand_ins = V.get_testing_overrides()
    for place, names in functions.items():
        space = functools.reduce(getattr, [] if place == "torch" else place.split("."), T)
        for name in names.split():
            function = getattr(space, name)
            found.append([place, name, V.resolve_name(function), V.is_tensor_method_or_property(function), function in overridable])
    getters = [[V.resolve_name(getattr(T.Tensor, name).__get__), V.is_tensor_method_or_property(getattr(T.Tensor, name).__get__)] for name in ("shape", "dtype", "grad", "T")]
    ignored = V.get_ignored_functions()
    stood = [stand_ins[f](*[None] * len([p for p in inspect.signature(stand_ins[f]).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD])) for f in (T.exp, T.matmul, T.Tensor.sum)]
    return (
        found, getters, [f in ignored for f in (T.zeros, T.tensor, T.arange, T.rand, T.exp, T.Tensor.as_subclass)], stood, V.resolve_name(len),
        [T.Tensor.grad.__get__ in V.get_default_nowrap_functions(), T.Tensor.data.__get__ in V.get_default_nowrap_functions()],
    )  # fmt: skip


@program
def redispatched(T: Any) -> Any:
    said: list[str] = []
    V = T.overrides

    class Deep(T.Tensor):  # type: ignore[misc,name-defined]
        depth = 0

        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            said.append(f"{'  ' * cls.depth}{func.__name__}")
            cls.depth += 1
            result = V.redispatch_function(func, types, args, kwargs or {})
            cls.depth -= 1
            return result

    def scaled(a: Any, b: Any) -> Any:
        if V.has_torch_function((a, b)):
            return V.handle_torch_function(scaled, (a, b), a, b)
        return a * b + 1

    result = scaled(Deep(T.tensor([3.0])), Deep(T.tensor([4.0])))
    return said, shown(result)


@program
def attributes_and_pickles(T: Any) -> Any:
    class Noted(T.Tensor):  # type: ignore[misc,name-defined]
        @staticmethod
        def __new__(cls: Any, data: Any, note: str = "", *args: Any, **kwargs: Any) -> Any:
            return super().__new__(cls, data, *args, **kwargs)

        def __init__(self, data: Any, note: str = "") -> None:
            self.note = note

        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = super().__torch_function__(func, types, args, kwargs or {})
            notes = [a.note for a in args if isinstance(a, Noted) and hasattr(a, "note")]
            if isinstance(result, Noted) and notes:
                result.note = notes[0]
            return result

    x = Noted(T.tensor([1.0, 2.0]), "cm")
    y = x * 3 + 1
    return y.note, shown(y), x.sum().note, shown(x[1]), x.view(2, 1).note, T.exp(x).note, isinstance(x, T.Tensor), type(x.as_subclass(T.Tensor)).__name__


class Kept:
    """Made into a class of the library's tensors by the program below: pickle finds it by this name."""


@program
def pickled(T: Any) -> Any:
    global Kept
    Kept = type("Kept", (T.Tensor,), {"__module__": __name__})  # type: ignore[misc]
    x = T.tensor([1.0, 2.0]).as_subclass(Kept)
    again = pickle.loads(pickle.dumps(x))
    return type(again).__name__, again.tolist(), type(copy.copy(x)).__name__


@program
def made_by_its_new(T: Any) -> Any:
    class Made(T.Tensor):  # type: ignore[misc,name-defined]
        @staticmethod
        def __new__(cls: Any, data: Any, require_grad: bool = False) -> Any:
            return T.Tensor._make_subclass(cls, data, require_grad)

    base = T.tensor([1.0, 2.0])
    x, y = Made(base), Made(base, True)
    base[0] = 5.0
    (y * 2).sum().backward()
    return shown(x), shown(y), x.requires_grad, y.requires_grad, y.is_leaf, shown(y.grad), type(x + 1).__name__


@program
def one_thread_alone(T: Any) -> Any:
    said: list[str] = []

    class Saying(T.overrides.TorchFunctionMode):  # type: ignore[misc,name-defined]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            said.append(func.__name__)
            return func(*args, **kwargs or {})

    with Saying():
        T.ones(1)
        thread = threading.Thread(target=lambda: T.zeros(1).add(1))
        thread.start()
        thread.join()
        T.ones(1)
    return said


@program
def errors_go_through(T: Any) -> Any:
    said: list[str] = []
    kind = logging_class(T, said)
    x = T.ones(2, 3).as_subclass(kind)
    errors = []
    for call in (lambda: x + T.ones(4), lambda: T.matmul(x, x), lambda: x.view(5), lambda: x.nothing, lambda: x.sum(7), lambda: T.cat([x, T.ones(2, 4, 5)]), lambda: x.exp(1, 2)):
        try:
            call()
        except Exception as error:
            errors.append(type(error).__name__)
    return errors, type(x + 1).__name__, T.overrides.has_torch_function((x,))
