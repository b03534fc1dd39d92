"""A call of a module as a graph: which ops ran on what, in which modules. For `SummaryWriter.add_graph`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from corelib.dispatcher.modes import Mode
from corelib.dispatcher.op import Entry, Kwargs, Op
from corelib.dispatcher.regions import Recorder, watched
from corelib.graph.rule import Args
from corelib.nn.modules.module import Module
from corelib.profiler.aten.calls import aten_steps
from corelib.profiler.aten.functions import function_steps
from corelib.profiler.aten.tables import Step
from corelib.profiler.watching import Watch
from corelib.pytree import tree_leaves
from corelib.tensor.named import NamedTuple
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

_CONVOLUTIONS = ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution")
_LISTS = ("chunk", "split", "split_with_sizes", "tensor_split", "unbind", "hsplit", "vsplit", "dsplit", "meshgrid", "broadcast_tensors")
"""Ops whose results are one list in PyTorch's graphs."""
_ENTERS = ("tensor", "as_tensor", "from_numpy")
"""Functions whose results are constants of a graph."""


class Drawn(NamedTuple):
    """A node of the graph: its name with the modules around it, PyTorch's kind of it, its inputs' names, its shape where it is a tensor, and what is shown of it."""

    name: str
    kind: str
    inputs: list[str]
    shape: tuple[int, ...] | None = None
    attributes: str = ""


class _Length(int):
    """The size of a tensor's dimension, which knows where it comes from."""

    of: Tensor
    dim: int


def _one(found: tuple[Step, ...]) -> list[str]:
    """The step that is a call itself, where others go before it."""
    return [next((step for step in found if step.works), found[-1]).name] if found else []


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, (tuple, list)):
        return [t for each in value for t in _tensors(each)]
    return [x for x in tree_leaves(value) if isinstance(x, Tensor)]


def _subscript(index: Any, ndim: int) -> list[tuple[str, list[Any]]]:
    """What an index does, step by step: an op, and its arguments beside the tensor."""
    parts = index if isinstance(index, tuple) else (index,)
    made: list[tuple[str, list[Any]]] = []
    taken: list[Any] = []
    dim = 0
    for part in parts:
        if part is None:
            made.append(("unsqueeze", [dim]))
            dim += 1
        elif part is Ellipsis:
            dim += max(0, ndim - sum(1 for each in parts if each is not None and each is not Ellipsis))
        elif isinstance(part, slice):
            made.append(("slice", [dim, part.start or 0, (1 << 63) - 1 if part.stop is None else part.stop, 1 if part.step is None else part.step]))
            dim += 1
        elif isinstance(part, int) and not isinstance(part, bool):
            made.append(("select", [dim, part]))
        else:
            taken += [*[None] * (dim - len(taken)), part]
            dim += 1
    return [*made, ("index", [taken])] if taken else made


class _Tracer(Mode, Recorder):
    inside = True

    def __init__(self, module: Module) -> None:
        self.nodes: list[Drawn] = []
        self.root = type(module).__name__
        self.scopes: list[str] = []
        self._names: dict[int, str] = {}  # by a tensor's id
        self._kept: list[Any] = []  # so that no id is another tensor's later
        self._lengths: dict[tuple[int, int], str] = {}
        self._inside = 0
        self._count = 0
        self._owned = {id(t): name for name, t in [*module.named_buffers(), *module.named_parameters()]}
        self._types = {name: type(m).__name__ for name, m in module.named_modules()}
        self._leaving = False

    # What is seen

    def dispatch(self, op: Op, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        """An op runs."""
        if self._inside:
            return call(*args, **kwargs)
        whole = (*args, *[kwargs.get(p) for p in op.params[len(args) :]])
        kinds = _one(aten_steps(op, whole, False))
        return self._run(lambda result: kinds, whole, lambda: call(*args, **kwargs))

    def dispatch_function(self, name: str, call: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """A function that is made of ops is called."""
        return self.function(name, call, args, kwargs)

    def function(self, name: str, call: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """A function that is no op of the table is called."""
        if self._inside:
            return call(*args, **kwargs)
        if name in ("size", "shape"):
            return self._sizes(call(*args, **kwargs), args)
        if name in ("backward", "tolist", "numpy", "item", *_ENTERS):
            with self._unseen():
                return call(*args, **kwargs)
        whole = (*args, *kwargs.values())

        def kinds(result: Any) -> list[str]:
            return _one(function_steps(name, whole, result))

        if name == "__getitem__":
            with self._unseen():
                result = call(*args, **kwargs)
            self._draw_subscript(args[0], _subscript(args[1], args[0].dim()), result)
            return result
        if name == "__setitem__":
            with self._unseen():
                call(*args, **kwargs)
            made = _subscript(args[1], args[0].dim())
            last = ("copy_", [args[2]]) if isinstance(args[2], Tensor) else ("fill_", [args[2]])
            changed = ("index_put_", [made[-1][1][0], args[2]]) if made and made[-1][0] == "index" else last
            self._draw_subscript(args[0], [*[step for step in made if step[0] != "index"], changed], args[0])
            return None

        return self._run(kinds, whole, lambda: call(*args, **kwargs))

    def wants_inplace(self, op: Op) -> bool:
        """Whether this is an in-place op that is not known yet."""
        return not self._inside

    @contextmanager
    def inplace(self, op: Op, args: Args) -> Iterator[None]:
        """An in-place op runs."""
        with self._unseen():
            yield
        name = aten_steps(op, args, False)[-1].name
        self._draw([name if name.endswith("_") else f"{name}_"], args, args[0])

    @contextmanager
    def module(self, of: Module) -> Iterator[None]:
        """Let the modules below one, while it is called, be the scopes of what runs in them."""
        with ExitStack() as hooks:
            for name, m in of.named_modules():
                if m is of:
                    continue
                scope = f"{type(m).__name__}[{name.rpartition('.')[2]}]"
                for handle in (m.register_forward_pre_hook(self._enter(scope)), m.register_forward_hook(self._leave, always_call=True)):
                    hooks.callback(handle.remove)
            yield

    def _enter(self, scope: str) -> Callable[..., None]:
        return lambda module, given: self.scopes.append(scope)

    def _leave(self, *of: Any) -> None:
        self.scopes.pop()

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    def _run(self, kinds: Callable[[Any], list[str]], args: Args, call: Callable[[], Any]) -> Any:
        with self._unseen():
            result = call()
            found = kinds(result)
        self._draw(found, args, result)
        return result

    # What is drawn

    def begin(self, name: str, args: str | None = None) -> Any:
        """Stretches that the program names are no part of the graph."""

    def enter(self, given: list[tuple[str, Any]]) -> None:
        """The arguments of the module's call."""
        for name, value in given:
            for i, t in enumerate(_tensors(value)):
                self._add(t, f"input/{name}{f'.{i}' if i else ''}", "IO Node", [])

    def leave(self, result: Any) -> None:
        """What the module has returned."""
        self._leaving = True
        name = self._value(result)
        shape = tuple(result._shape) if isinstance(result, Tensor) else (1,)
        self.nodes.insert(self._inputs_end(), Drawn("output/output.1", "IO Node", [name], shape))

    def _inputs_end(self) -> int:
        return sum(node.name.startswith("input/") for node in self.nodes)

    def _draw(self, kinds: list[str], args: Args, result: Any) -> None:
        if not kinds or not _tensors(result):
            return
        inputs = [self._value(x) for x in args]
        kind = "_convolution" if kinds[0] in _CONVOLUTIONS else kinds[0]
        if kind in _LISTS:
            made = self._new(f"aten::{kind}", inputs)
            for t in result:
                self._know(t, self._new("prim::ListUnpack", [made], tuple(t._shape)))
            return
        for t in _tensors(result):
            self._know(t, self._new(f"aten::{kind}", inputs, tuple(t._shape)))

    def _draw_subscript(self, of: Tensor, made: list[tuple[str, list[Any]]], result: Any) -> None:
        name = self._value(of)
        for i, (kind, given) in enumerate(made):
            name = self._new(f"aten::{kind}", [name, *map(self._value, given)], tuple(result._shape) if i == len(made) - 1 else None)
        self._know(result, name)

    def _new(self, kind: str, inputs: list[str], shape: tuple[int, ...] | None = None, attributes: str = "{}") -> str:
        self._count += 1
        name = "/".join((self.root, *self.scopes, str(self._count)))
        self.nodes.append(Drawn(name, kind, inputs, shape, attributes))
        return name

    def _add(self, t: Tensor, name: str, kind: str, inputs: list[str], attributes: str = "") -> str:
        self.nodes.append(Drawn(name, kind, inputs, tuple(t._shape), attributes))
        self._know(t, name)
        return name

    def _know(self, t: Tensor, name: str) -> None:
        self._names[id(t)] = name
        self._kept.append(t)

    def _value(self, x: Any) -> str:
        """The name of a value, whose node is drawn where it has none yet."""
        if isinstance(x, Tensor):
            return self._names.get(id(x)) or self._state_or_constant(x)
        if isinstance(x, _Length):
            return self._length(x)
        if isinstance(x, dict):
            return self._new("prim::DictConstruct", [name for key, v in x.items() for name in (self._value(key), self._value(v))])
        if isinstance(x, (list, tuple)) and not isinstance(x, str):
            kind = "prim::TupleConstruct" if isinstance(x, tuple) and any(isinstance(each, Tensor) for each in x) and self._leaving else "prim::ListConstruct"
            return self._new(kind, [self._value(each) for each in x])
        return self._new("prim::Constant", [], None, "{}" if x is None else f"{{ value : {int(x) if isinstance(x, bool) else x}}}")

    def _state_or_constant(self, t: Tensor) -> str:
        path = self._owned.get(id(t))
        if path is None:
            return self._add(t, self._new_name(), "prim::Constant", [], "{ value : <Tensor>}")
        scopes = [self.root]
        owner, _, last = path.rpartition(".")
        parts = owner.split(".") if owner else []
        for i, part in enumerate(parts):
            scopes.append(f"{self._types['.'.join(parts[: i + 1])]}[{part}]")
        name = "/".join((*scopes, last, last))
        self.nodes.append(Drawn(name, "prim::GetAttr", [], None, f"{{ name :  {last} }}"))
        self._know(t, name)
        return name

    def _new_name(self) -> str:
        self._count += 1
        return "/".join((self.root, *self.scopes, str(self._count)))


    def _sizes(self, found: Any, args: Args) -> Any:
        """Sizes that know of which tensor they are, so that what is made with them is drawn as made from it."""
        if not isinstance(args[0], Tensor):
            return found
        of = args[0]
        if isinstance(found, int):
            return self._measured(found, of, args[1])
        made: Any = tuple.__new__(Size, [self._measured(n, of, i) for i, n in enumerate(found)])
        return made

    def _measured(self, n: int, of: Tensor, dim: int) -> int:
        made = _Length(n)
        made.of, made.dim = of, dim
        return made

    def _length(self, n: _Length) -> str:
        key = id(n.of), n.dim
        found = self._lengths.get(key)
        if found is None:
            size = self._new("aten::size", [self._value(n.of), self._value(n.dim)])
            found = self._lengths[key] = self._new("aten::Int", [self._new("prim::NumToTensor", [size], ())])
        return found


def traced(module: Module, args: tuple[Any, ...]) -> list[Drawn]:
    """What runs in a call of a module, in the order of the call; the module is in evaluation meanwhile. What it raises comes through."""
    training = [(m, m.training) for m in module.modules()]
    tracer = _Tracer(module)
    watch = Watch(tracer.function, ("size",), ("shape",))
    before = watched.recorder
    module.eval()
    try:
        parameters = list(inspect.signature(module.forward).parameters)
        tracer.enter([(parameters[min(i, len(parameters) - 1)], x) for i, x in enumerate(args)])
        watch.begin()
        watched.recorder = tracer
        try:
            with tracer.module(module), tracer:
                result = module(*args)
        finally:
            watched.recorder = before
            watch.end()
        tracer.leave(result)
    finally:
        for m, was in training:
            m.training = was
    return tracer.nodes
