"""What a model computes, as a list of nodes: its forward runs once with proxies, which note what is done with them.

A node is a call of a layer, a function or a method, or a parameter that is used; its arguments are numbers and other nodes. Modules of
`corelib.nn` and `corelib.vision.ops` are layers, whatever they compute inside; all other modules are gone through. The control flow of
Python happens while this goes on: what depends on the values of tensors, or on sizes, cannot be traced (TraceError).
"""

from __future__ import annotations

import dis
import inspect
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from types import FrameType, FunctionType, ModuleType
from typing import Any

from corelib.nn import Module, Parameter, Sequential
from corelib.overrides import install, is_tensor_method_or_property
from corelib.tensor.tensor import Tensor
from corelib.vision.models._utils import _assert

_LAYERS = re.compile(r"(corelib|torch)\.nn(\.|$)")
_OPS = re.compile(r"(corelib\.vision|torchvision)\.ops(\.|$)")
"""The modules of Python whose classes are layers; a class made of one of the latter is a layer too."""


class TraceError(ValueError):
    """A model does what cannot be done with a value that is not there yet."""


class Node:
    """One step: `op` is "placeholder", "get_attr", "call_module", "call_function" or "call_method", `name` its name in the model ("" for none)."""

    def __init__(self, op: str, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], name: str = "") -> None:
        self.op, self.target, self.args, self.kwargs, self.name = op, target, args, kwargs, name

    def inputs(self) -> list[Node]:
        """The nodes whose values it needs."""
        found: list[Node] = []
        mapped((self.args, self.kwargs), lambda leaf: found.append(leaf) if isinstance(leaf, Node) else None)
        return found


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same nest of tuples, lists, dicts and slices with other leaves."""
    if isinstance(value, tuple):
        parts = [mapped(v, change) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, list):
        return [mapped(v, change) for v in value]
    if isinstance(value, dict):
        return {k: mapped(v, change) for k, v in value.items()}
    if isinstance(value, slice):
        return slice(*(mapped(v, change) for v in (value.start, value.stop, value.step)))
    return change(value)


class Proxy:
    """A value that is not there yet."""

    def __init__(self, tracer: Tracer, node: Node | None) -> None:
        self._tracer = tracer
        self._made = node

    @property
    def _node(self) -> Node:
        assert self._made is not None
        return self._made

    def __getattr__(self, name: str) -> Attribute:
        if name.startswith("__"):  # a question that Python or a library asks of every object
            raise AttributeError(name)
        return Attribute(self, name)

    def __repr__(self) -> str:
        return f"Proxy({self._node.name})"

    def __iter__(self) -> Iterator[Proxy]:
        frame = inspect.currentframe()
        assert frame is not None and frame.f_back is not None
        return iter([self[i] for i in range(_unpacked(frame.f_back))])

    def __bool__(self) -> bool:
        raise TraceError("a traced value was asked whether it is true: what the model does depends on its input")

    def __len__(self) -> int:
        raise TraceError("len() of a traced value is not known; x.shape[0] can be traced")

    def __index__(self) -> int:
        raise TraceError("a traced value was taken for a number")

    __hash__ = object.__hash__

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Proxy:
        found: list[Proxy] = []
        mapped((args, kwargs or {}), lambda leaf: found.append(leaf) if isinstance(leaf, Proxy) else None)
        tracer = found[0]._tracer
        if is_tensor_method_or_property(func):
            return tracer.node("call_method", func.__name__, args, kwargs or {})
        return tracer.node("call_function", func, args, kwargs or {})

    def __getitem__(self, index: Any) -> Proxy:
        return self._tracer.node("call_function", operator.getitem, (self, index), {})


def _unpacked(frame: FrameType) -> int:
    """Into how many names the statement at which a frame stands unpacks a value."""
    for instruction in dis.get_instructions(frame.f_code):
        if instruction.offset == frame.f_lasti and instruction.opname == "UNPACK_SEQUENCE":
            return int(instruction.argval)
    raise TraceError("a traced value cannot be iterated over, except to unpack it into names")


def _binary(function: Callable[[Any, Any], Any], reflected: bool) -> Callable[[Proxy, Any], Proxy]:
    def call(self: Proxy, other: Any) -> Proxy:
        return self._tracer.node("call_function", function, (other, self) if reflected else (self, other), {})

    return call


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor", "lshift", "rshift"):
    _plain = _name.rstrip("_")
    setattr(Proxy, f"__{_plain}__", _binary(getattr(operator, _name), False))
    setattr(Proxy, f"__r{_plain}__", _binary(getattr(operator, _name), True))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Proxy, f"__{_name}__", _binary(getattr(operator, _name), False))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Proxy, f"__{_name}__", lambda self, f=getattr(operator, _name): self._tracer.node("call_function", f, (self,), {}))


class Attribute(Proxy):
    """An attribute of a proxy: called, it is a method; used otherwise, a value."""

    def __init__(self, of: Proxy, name: str) -> None:
        super().__init__(of._tracer, None)
        self._of = of
        self._name = name

    @property
    def _node(self) -> Node:
        if self._made is None:
            self._made = self._tracer.node("call_function", getattr, (self._of, self._name), {})._node
        return self._made

    def __call__(self, *args: Any, **kwargs: Any) -> Proxy:
        return self._tracer.node("call_method", self._name, (self._of, *args), kwargs)


def _printed(target: Any) -> str:
    """A target as a name: `relu`, `getitem`, `layer1_0_weight`."""
    name = re.sub("[^0-9a-zA-Z_]+", "_", target if isinstance(target, str) else target.__name__)
    if name.startswith("__") and name.endswith("__"):
        name = name[2:-2]
    name = re.sub(r"(?<=[^_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return f"_{name}" if name[0].isdigit() else name


class Tracer:
    """Runs a model's forward and keeps the `nodes`.

    leaf_modules: classes that are layers too. autowrap_functions: functions of Python (TypeError for others), and autowrap_modules: modules
    of them, which are one node when called with a traced value, by their names in the modules of the model's classes.
    """

    def __init__(
        self,
        leaf_modules: Iterable[type[Module]] = (),
        autowrap_functions: Iterable[Callable[..., Any]] = (),
        autowrap_modules: Iterable[ModuleType] = (),
    ) -> None:
        self.leaf_modules = tuple(leaf_modules)
        self.wrapped: list[FunctionType] = []
        for function in (*autowrap_functions, *(f for m in autowrap_modules for f in vars(m).values() if isinstance(f, FunctionType))):
            if not isinstance(function, FunctionType):
                raise TypeError(f"Tracer(): autowrap_functions must be functions written in Python, got {function}")
            self.wrapped.append(function)
        self.nodes: list[Node] = []
        self._names: dict[str, int] = {}
        self._inside = ""

    def is_leaf_module(self, m: Module) -> bool:
        """Whether a module is one node."""
        if isinstance(m, self.leaf_modules):
            return True
        if _LAYERS.match(type(m).__module__):
            return not isinstance(m, Sequential)
        return any(_OPS.match(kind.__module__) for kind in type(m).__mro__)

    def trace(self, root: Module, concrete_args: dict[str, Any] | None = None) -> list[Node]:
        """The nodes of a model; concrete_args: arguments of its forward that are no traced values, and must be given so again."""
        install()
        self._paths = {module: path for path, module in root.named_modules()}
        self._tensors = {id(t): path for path, t in (*root.named_parameters(), *root.named_buffers())}
        self._parameters: dict[str, Proxy] = {}
        arguments: dict[str, Any] = {}
        for name, parameter in inspect.signature(root.forward).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise TraceError(f"the forward of {type(root).__name__} takes *args or **kwargs, which are not traced")
            default = () if parameter.default is parameter.empty else (parameter.default,)
            arguments[name] = given = self.node("placeholder", name, default, {})
            if concrete_args is not None and name in concrete_args:
                arguments[name] = fixed = concrete_args[name]
                self.node("call_function", _assert, (given == fixed, f"{name} was traced with the value {fixed}, and must have it"), {})
        with self._watching():
            root.forward(**arguments)
        return self.nodes

    def node(self, op: str, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Proxy:
        """One more step, as a proxy of its value."""
        args, kwargs = mapped((args, kwargs), self._argument)
        path = target if op == "call_module" else ".".join(filter(None, (self._inside, _printed(target))))
        made = Node(op, target, args, kwargs, self._named(path))
        self.nodes.append(made)
        return Proxy(self, made)

    def _named(self, path: str) -> str:
        """The path, numbered from its second use on; a number at its end does not count."""
        path = re.sub(r"(?<=.)_[0-9]+$", "", path)
        count = self._names[path] = self._names.get(path, -1) + 1
        return f"{path}_{count}" if count else path

    def _argument(self, value: Any) -> Any:
        if isinstance(value, Proxy):
            return value._node
        if isinstance(value, Tensor) and id(value) in self._tensors:
            made = Node("get_attr", self._tensors[id(value)], (), {})
            self.nodes.append(made)
            return made
        return value

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """While this is on, calls of modules, parameters of modules and wrapped functions come here."""
        call, get = Module.__call__, Module.__getattr__

        def watched_call(module: Module, *args: Any, **kwargs: Any) -> Any:
            path, before = self._paths.get(module), self._inside
            if path is None:
                raise TraceError(f"a module is called that is no part of the model: {type(module).__name__}")
            self._inside = path
            try:
                return self.node("call_module", path, args, kwargs) if self.is_leaf_module(module) else call(module, *args, **kwargs)
            finally:
                self._inside = before

        def watched_get(module: Module, name: str) -> Any:
            value = get(module, name)
            path = self._tensors.get(id(value)) if isinstance(value, Parameter) else None
            if path is None:
                return value
            if path not in self._parameters:
                self._parameters[path] = self.node("get_attr", path, (), {})
            return self._parameters[path]

        with ExitStack() as stack:
            for owner, name, replaced in ((Module, "__call__", watched_call), (Module, "__getattr__", watched_get)):
                stack.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, replaced)
            for scope in self._scopes():
                for name, function in [(n, f) for n, f in scope.items() if isinstance(f, FunctionType) and f in self.wrapped]:
                    stack.callback(scope.__setitem__, name, function)
                    scope[name] = self._watched_function(function)
            yield

    def _scopes(self) -> list[dict[str, Any]]:
        """The global names of the modules in which the model's classes and the wrapped functions are written."""
        written = [function for module in self._paths for function in [type(module).forward] if isinstance(function, FunctionType)]
        return list({id(f.__globals__): f.__globals__ for f in (*written, *self.wrapped)}.values())

    def _watched_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            found: list[Any] = []
            mapped((args, kwargs), lambda leaf: found.append(leaf) if isinstance(leaf, Proxy) else None)
            return self.node("call_function", function, args, kwargs) if found else function(*args, **kwargs)

        return call


def run(nodes: list[Node], owner: Module, arguments: dict[str, Any], wanted: dict[str, Node]) -> dict[str, Any]:
    """The values of the wanted nodes; layers and parameters are the owner's. What no later node needs is let go."""
    last = {id(used): i for i, node in enumerate(nodes) for used in node.inputs()}
    kept = {id(node) for node in wanted.values()}
    values: dict[int, Any] = {}
    for i, node in enumerate(nodes):
        args, kwargs = mapped((node.args, node.kwargs), lambda leaf: values[id(leaf)] if isinstance(leaf, Node) else leaf)
        if node.op == "placeholder":
            if node.target not in arguments and not args:
                raise TypeError(f"forward() missing a required argument: {node.target!r}")
            value = arguments.get(node.target, *args)
        elif node.op == "get_attr":
            value = operator.attrgetter(node.target)(owner)
        elif node.op == "call_module":
            value = owner.get_submodule(node.target)(*args, **kwargs)
        elif node.op == "call_method":
            value = getattr(args[0], node.target)(*args[1:], **kwargs)
        else:
            value = node.target(*args, **kwargs)
        values[id(node)] = value
        for used in node.inputs():
            if last[id(used)] == i and id(used) not in kept:
                values.pop(id(used), None)
    return {name: values[id(node)] for name, node in wanted.items()}
