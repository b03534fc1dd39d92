"""Giving PyTorch's functions and Tensor's methods the code that asks for `__torch_function__`, once a program has a class or a mode with one.

A function keeps being the object that it is, whoever holds it, and gets other code; its own goes on in a copy. Methods and properties of
Tensor become others, so that `torch.Tensor.add` and `torch.add` can be told apart, as in PyTorch.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from corelib.autograd import engine
from corelib.dispatcher.namespaces import NAMESPACES, OUTSIDE
from corelib.nn import init
from corelib.overrides.asking import KINDS, by_default, call, call_below_classes, unasked
from corelib.tensor.base import TensorBase
from corelib.tensor.overrides import no_torch_function
from corelib.tensor.tensor import Tensor

NEVER = frozenset((
    "__new__", "__init__", "__init_subclass__", "__torch_function__", "__getattribute__", "__setattr__", "__delattr__", "__hash__", "__class__", "__dir__", "__iter__",
    "__subclasshook__", "__delitem__", "__slots__", "__doc__", "__module__", "as_subclass",
))  # fmt: skip
"""What of Tensor nobody is asked of, as in PyTorch."""
MODES_ONLY = frozenset(("as_tensor", "asarray", "from_numpy", "frombuffer", "tensor"))
"""Functions that take a subclass for the numbers in it."""
_OPERATORS = {
    "__add__": "add", "__radd__": "add", "__sub__": "sub", "__mul__": "mul", "__rmul__": "mul", "__truediv__": "div", "__mod__": "remainder", "__matmul__": "matmul",
    "__neg__": "neg", "__pos__": "positive", "__abs__": "abs", "__rand__": "bitwise_and", "__ror__": "bitwise_or", "__rxor__": "bitwise_xor", "__ne__": "ne",
    "__lt__": "lt", "__le__": "le", "__gt__": "gt", "__ge__": "ge", "__iadd__": "add_", "__isub__": "sub_", "__imul__": "mul_", "__itruediv__": "div_",
    "__ifloordiv__": "floor_divide_", "__imod__": "remainder_",
}  # fmt: skip
"""Python's operators that are known by the method which computes them."""
_CALLED = {"__pow__": "pow", "__ipow__": "pow_", "__rtruediv__": "__rdiv__"}
"""Those that only have another one's name."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


IN_PYTHON = _words(
    "align_tensors atleast_1d atleast_2d atleast_3d block_diag broadcast_shapes broadcast_tensors cartesian_prod cdist chain_matmul einsum lu meshgrid norm split stft "
    "tensordot unique unique_consecutive unravel_index"
)
"""Functions of the package that PyTorch has in Python, in torch.functional."""
_IN_CPP = _words(
    "adaptive_avg_pool1d avg_pool1d avg_pool2d avg_pool3d bilinear channel_shuffle conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d "
    "cosine_similarity gelu hardshrink linear logsigmoid native_channel_shuffle one_hot pairwise_distance pdist pixel_shuffle pixel_unshuffle prelu relu_ rrelu_ "
    "scaled_dot_product_attention selu_ softplus softshrink threshold_"
)
"""Functions of nn.functional that PyTorch has in C++; the others are in Python."""
_METHODS_IN_PYTHON = _words(
    "__array__ __contains__ __deepcopy__ __floordiv__ __format__ __ipow__ __len__ __pow__ __rdiv__ __reduce_ex__ __repr__ __reversed__ __rfloordiv__ __rlshift__ __rmatmul__ "
    "__rmod__ __rpow__ __rrshift__ __rsub__ __rtruediv__ align_to backward is_shared istft lu norm refine_names register_hook rename share_memory_ split stft storage "
    "storage_type unflatten unique unique_consecutive"
)

_lock = threading.RLock()
_done: list[bool] = []

# The template of a function's new code. It closes over as many names as the old code, because a function keeps its closure.
_TEMPLATE = """
def make({names}):
    def asking(*args, **kwargs):
        if 0: {used}
        ask = "ASK"; plain = "PLAIN"; public = "PUBLIC"; named = "NAMED"
        return ask(plain, public, args, kwargs{last})
    return asking
"""


@functools.cache
def _template(free: int, last: str) -> CodeType:
    names = ", ".join(f"n{i}" for i in range(free))
    scope: dict[str, Any] = {}
    exec(_TEMPLATE.format(names=names, used=names or "pass", last=last), scope)  # our own text
    code: CodeType = scope["make"](*range(free)).__code__
    return code


def install() -> None:
    """Let every function ask, from now on."""
    if _done:
        return
    with _lock:
        if _done:
            return
        for name, function in OUTSIDE.items():
            _ask_of(function, name)
        for function in (engine.grad, init.constant_, init.kaiming_uniform_, init.normal_, init.uniform_):
            _ask_of(function, function.__name__, named=True)
        for place, functions in NAMESPACES.items():
            if place != "aten":
                for name, function in functions.items():
                    in_python = name not in _IN_CPP and NAMESPACES["torch"].get(name) is not function if place == "nn.functional" else place == "torch" and name in IN_PYTHON
                    _ask_of(function, name, named=in_python)
        _methods()
        engine._run = unasked(engine._run)
        _done.append(True)


def of_subclass(cls: type[Any] | None, *how: Any) -> Any:
    """What a new subclass of Tensor needs. With `how`, what its `__torch_function__` gives where it does not define one; without a class, the
    answer to a call with an operand that is no tensor."""
    if cls is None:
        install()
        function, args, kwargs = how
        return (function if "_plain" in vars(function) else getattr(Tensor, function.__name__))(*args, **kwargs)
    if how:
        return by_default(cls, *how)
    if vars(cls).get("__torch_dispatch__", no_torch_function) is not no_torch_function:
        raise NotImplementedError(
            f"class {cls.__name__}: corelib has no __torch_dispatch__. Define __torch_function__(cls, func, types, args=(), kwargs=None), which is asked of every "
            "function that is called, or use corelib.dispatcher.Mode, which sees every op that runs"
        )
    if cls.__torch_function__ is not no_torch_function:
        install()
        KINDS.pop(cls, None)
    return None


def _ask_of(function: Any, name: str, named: bool = False) -> None:
    """Give a function the code that asks."""
    if not isinstance(function, FunctionType) or "_plain" in vars(function):
        return
    code = function.__code__
    plain = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    plain.__kwdefaults__ = function.__kwdefaults__
    plain.__qualname__ = function.__qualname__
    vars(function).setdefault("__wrapped__", plain)  # whose signature is shown
    vars(function)["_plain"] = plain
    ask: Callable[..., Any] = call_below_classes if name in MODES_ONLY else call
    made = _template(len(code.co_freevars), ", named" if named else "")
    values = {"ASK": ask, "PLAIN": plain, "PUBLIC": function, "NAMED": named}
    consts: tuple[Any, ...] = tuple([values.get(each, each) if isinstance(each, str) else each for each in made.co_consts])
    function.__code__ = made.replace(co_consts=consts, co_name=code.co_name, co_filename=code.co_filename)


def _methods() -> None:
    """Put methods, operators and properties that ask on Tensor."""
    operators: list[tuple[type, str, Any]] = []
    kinds: tuple[type[Any], ...] = (Tensor, TensorBase)
    for kind in kinds:
        for name, value in list(vars(kind).items()):
            if name in NEVER or (name.startswith("_") and not name.startswith("__")):
                continue
            if isinstance(value, property):
                setattr(kind, name, _property(value))
            elif name in _OPERATORS:
                operators.append((kind, name, value))
            elif isinstance(value, FunctionType):
                setattr(kind, name, _method(value, name, None))
    for of, name, value in operators:
        setattr(of, name, _method(value, name, getattr(Tensor, _OPERATORS[name])))


def _method(function: Any, name: str, public: Any) -> Any:
    plain = vars(function).get("_plain", function)
    in_python = name in _METHODS_IN_PYTHON

    def asking(*args: Any, **kwargs: Any) -> Any:
        return call(plain, public, args, kwargs, in_python)

    functools.update_wrapper(asking, function)
    vars(asking).pop("_plain", None)
    asking.__name__ = _CALLED.get(name, name)
    asking.__qualname__ = f"Tensor.{name}"
    asking.__module__ = "corelib"
    if public is None:
        public = asking
    return asking


def _property(old: property) -> property:
    made: property

    def get(*args: Any) -> Any:
        return call(read, made.__get__, args, {})

    def put(*args: Any) -> None:
        call(write, made.__set__, args, {})

    def remove(*args: Any) -> None:
        call(delete, made.__delete__, args, {})

    read: Any = old.fget
    write: Any = old.fset
    delete: Any = old.fdel
    made = property(get, None if write is None else put, None if delete is None else remove, old.__doc__)
    return made
