"""Which classes are nodes of a tree, and how each is taken apart and put together again. All others are leaves."""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable
from pkgutil import resolve_name
from typing import Any, Generic, NamedTuple, TypeVar

from corelib.as_torch.warned import warn
from corelib.pytree.keys import GetAttrKey, KeyEntry, MappingKey, SequenceKey

T = TypeVar("T")

Context = Any
"""What a node has beside its children: the keys of a dictionary."""
PyTree = Any
"""Any object: a node, or a leaf."""
DumpableContext = Any
"""A context as something that JSON can write."""
FlattenFn = Callable[[PyTree], tuple[list[Any], Context]]
UnflattenFn = Callable[[Iterable[Any], Context], PyTree]
FlattenWithKeysFn = Callable[[PyTree], tuple[list[tuple[KeyEntry, Any]], Any]]
ToDumpableContextFn = Callable[[Context], DumpableContext]
FromDumpableContextFn = Callable[[DumpableContext], Context]
FlattenFunc, UnflattenFunc, FlattenWithKeysFunc = FlattenFn, UnflattenFn, FlattenWithKeysFn

NO_SERIALIZED_TYPE_NAME_FOUND = "NO_SERIALIZED_TYPE_NAME_FOUND"
STANDARD_DICT_TYPES: frozenset[type] = frozenset({dict, OrderedDict, defaultdict})
BUILTIN_TYPES: frozenset[Any] = frozenset({tuple, list, dict, namedtuple, OrderedDict, defaultdict, deque})


class NodeDef(NamedTuple):
    """How the objects of a class are taken apart and put together."""

    type: type[Any]
    flatten_fn: FlattenFn
    unflatten_fn: UnflattenFn
    flatten_with_keys_fn: FlattenWithKeysFn | None


class _SerializeNodeDef(NamedTuple):
    typ: type[Any]
    serialized_type_name: str
    to_dumpable_context: ToDumpableContextFn | None
    from_dumpable_context: FromDumpableContextFn | None


SUPPORTED_NODES: dict[Any, NodeDef] = {}
SUPPORTED_SERIALIZED_TYPES: dict[Any, _SerializeNodeDef] = {}
SERIALIZED_TYPE_TO_PYTHON_TYPE: dict[str, Any] = {}
CONSTANT_NODES: set[type] = set()
_NODE_REGISTRY_LOCK = threading.RLock()


def register_pytree_node(
    cls: type[Any], flatten_fn: FlattenFn, unflatten_fn: UnflattenFn, *, serialized_type_name: str | None = None,
    to_dumpable_context: ToDumpableContextFn | None = None, from_dumpable_context: FromDumpableContextFn | None = None,
    flatten_with_keys_fn: FlattenWithKeysFn | None = None,
) -> None:  # fmt: skip
    """Make the objects of a class nodes.

    flatten_fn: gives (children, context) of an object; unflatten_fn: an object of (children, context). flatten_with_keys_fn: as flatten_fn, with
    (key, child) in place of each child, for paths. serialized_type_name and the two functions of contexts: for `treespec_dumps`.
    ValueError for a class that is registered already.

    >>> from corelib.utils import _pytree as pytree
    >>> class Pair:
    ...     def __init__(self, a, b):
    ...         self.a, self.b = a, b
    >>> pytree.register_pytree_node(Pair, lambda p: ([p.a, p.b], None), lambda children, _: Pair(*children))
    >>> pytree.tree_leaves([Pair(1, 2), 3])
    [1, 2, 3]
    """
    with _NODE_REGISTRY_LOCK:
        if cls in SUPPORTED_NODES:
            raise ValueError(f"{cls} is already registered as pytree node.")
    _private_register_pytree_node(
        cls, flatten_fn, unflatten_fn, serialized_type_name=serialized_type_name, to_dumpable_context=to_dumpable_context,
        from_dumpable_context=from_dumpable_context, flatten_with_keys_fn=flatten_with_keys_fn,
    )  # fmt: skip


def _private_register_pytree_node(
    cls: Any, flatten_fn: FlattenFn, unflatten_fn: UnflattenFn, *, serialized_type_name: str | None = None,
    to_dumpable_context: ToDumpableContextFn | None = None, from_dumpable_context: FromDumpableContextFn | None = None,
    flatten_with_keys_fn: FlattenWithKeysFn | None = None,
) -> None:  # fmt: skip
    with _NODE_REGISTRY_LOCK:
        if cls in SUPPORTED_NODES:
            warn(f"{cls} is already registered as pytree node. Overwriting the previous registration.")
        if (to_dumpable_context is None) != (from_dumpable_context is None):
            raise ValueError(f"Both to_dumpable_context and from_dumpable_context for {cls} must be None or registered.")
        SUPPORTED_NODES[cls] = NodeDef(cls, flatten_fn, unflatten_fn, flatten_with_keys_fn)
        name = NO_SERIALIZED_TYPE_NAME_FOUND if serialized_type_name is None else serialized_type_name
        SUPPORTED_SERIALIZED_TYPES[cls] = _SerializeNodeDef(cls, name, to_dumpable_context, from_dumpable_context)
        SERIALIZED_TYPE_TO_PYTHON_TYPE[name] = cls


def _register_pytree_node(cls: type[Any], flatten_fn: FlattenFn, unflatten_fn: UnflattenFn, *args: Any, **kwargs: Any) -> None:
    """The former name of `register_pytree_node`, which warned of a second registration."""
    warn("`_register_pytree_node` is deprecated. Please use `register_pytree_node` instead.", FutureWarning)
    if any(x is not None for x in (*args, kwargs.pop("to_str_fn", None), kwargs.pop("maybe_from_str_fn", None))):
        warn(
            "`to_str_fn` and `maybe_from_str_fn` is deprecated. Please use `to_dumpable_context` and `from_dumpable_context` instead.", FutureWarning,
        )  # fmt: skip
    _private_register_pytree_node(cls, flatten_fn, unflatten_fn, **kwargs)


def _deregister_pytree_node(cls: type[Any]) -> None:
    with _NODE_REGISTRY_LOCK:
        del SUPPORTED_NODES[cls]
        SERIALIZED_TYPE_TO_PYTHON_TYPE.pop(SUPPORTED_SERIALIZED_TYPES.pop(cls).serialized_type_name)
        CONSTANT_NODES.discard(cls)


def register_dataclass(
    cls: type[Any], *, field_names: list[str] | None = None, drop_field_names: list[str] | None = None, serialized_type_name: str | None = None
) -> None:
    """Make the objects of a dataclass nodes, whose children are its fields; those that are None belong to the context.

    field_names: which fields; all that `__init__` takes for None. drop_field_names: those that are left out of the tree. ValueError for names
    that are not the dataclass's fields, and for another class without field_names.
    """
    if not dataclasses.is_dataclass(cls):
        if field_names is None:
            raise ValueError(f"field_names must be specified with a list of all fields used to initialize {cls}, as it is not a dataclass.")
        names = field_names
    else:
        fields = [f.name for f in dataclasses.fields(cls) if f.init]
        names = fields if field_names is None else field_names
        wanted = {*fields} - {*(drop_field_names or [])} if field_names is not None else {*names}
        if wanted != {*names}:
            message = "field_names does not include all dataclass fields.\n"
            if missing := wanted - {*names}:
                message += (
                    f"Missing fields in `field_names`: {missing}. If you want to include these fields in the pytree, please add them to `field_names`, "
                    "otherwise please add them to `drop_field_names`.\n"
                )
            if unexpected := {*names} - wanted:
                message += f"Unexpected fields in `field_names`: {unexpected}. Please remove these fields, or add them to `drop_field_names`.\n"
            raise ValueError(message)

    def flatten(obj: Any) -> tuple[list[Any], Context]:
        there = [name for name in names if getattr(obj, name) is not None]
        return [getattr(obj, name) for name in there], [there, [name for name in names if name not in there]]

    def unflatten(values: Iterable[Any], context: Context) -> Any:
        there, none = context
        return cls(**dict(zip(there, values, strict=True)), **dict.fromkeys(none))

    def flatten_with_keys(obj: Any) -> tuple[list[tuple[KeyEntry, Any]], Context]:
        values, (there, _) = flatten(obj)
        return [(GetAttrKey(name), value) for name, value in zip(there, values, strict=True)], there

    _private_register_pytree_node(cls, flatten, unflatten, serialized_type_name=serialized_type_name, flatten_with_keys_fn=flatten_with_keys)


@dataclasses.dataclass(frozen=True, slots=True)
class ConstantNode(Generic[T]):
    """The context of an object that is part of the structure."""

    value: T


def register_constant(cls: type[Any]) -> None:
    """Make the objects of a class parts of the structure: nodes without children. TypeError where it has no `__eq__` or `__hash__` of its own."""
    for name, lacks in (("__eq__", getattr(cls, "__eq__", None) is object.__eq__), ("__hash__", getattr(cls, "__hash__", None) is None)):
        if lacks:
            raise TypeError(f"register_constant(cls) expects `cls` to have a non-default `{name}` implementation.")
    with _NODE_REGISTRY_LOCK:
        _private_register_pytree_node(
            cls, lambda x: ([], ConstantNode(x)), lambda _, context: context.value, flatten_with_keys_fn=lambda x: ([], ConstantNode(x))
        )
        CONSTANT_NODES.add(cls)


def is_constant_class(cls: type[Any]) -> bool:
    """Whether the objects of a class are parts of the structure."""
    return isinstance(cls, type) and cls in CONSTANT_NODES


def is_namedtuple_class(cls: type) -> bool:
    """Whether a class is one of `collections.namedtuple` or `typing.NamedTuple`."""
    if not (isinstance(cls, type) and issubclass(cls, tuple)):
        return False
    fields = getattr(cls, "_fields", None)
    return (
        isinstance(fields, tuple) and all(type(field) is str for field in fields)
        and callable(getattr(cls, "_make", None)) and callable(getattr(cls, "_asdict", None))
    )  # fmt: skip


def is_namedtuple_instance(obj: object) -> bool:
    """Whether an object is a named tuple."""
    return is_namedtuple_class(type(obj))


def is_namedtuple(obj: object | type) -> bool:
    """Whether an object is a named tuple, or a class of such."""
    return is_namedtuple_class(obj if isinstance(obj, type) else type(obj))


_MAY_BE_BASE = 1 << 10  # the flag of CPython's classes that others may inherit


def is_structseq_class(cls: type) -> bool:
    """Whether a class is one of CPython's own named tuples, as `time.struct_time`."""
    return (
        isinstance(cls, type) and cls.__bases__ == (tuple,)
        and all(isinstance(getattr(cls, name, None), int) for name in ("n_fields", "n_sequence_fields", "n_unnamed_fields"))
        and not cls.__flags__ & _MAY_BE_BASE
    )  # fmt: skip


def is_structseq_instance(obj: object) -> bool:
    """Whether an object is of such a class."""
    return is_structseq_class(type(obj))


def is_structseq(obj: object | type) -> bool:
    """Whether an object is of such a class, or one itself."""
    return is_structseq_class(obj if isinstance(obj, type) else type(obj))


def _get_node_type(tree: Any) -> Any:
    cls = type(tree)
    return namedtuple if is_namedtuple_class(cls) else cls


# How Python's own collections are taken apart.


def _keyed(key: Callable[[Any], KeyEntry], keys: Iterable[Any], values: Iterable[Any]) -> list[tuple[KeyEntry, Any]]:
    return [(key(k), v) for k, v in zip(keys, values, strict=True)]


def _numbered(values: Any) -> list[tuple[KeyEntry, Any]]:
    return _keyed(SequenceKey, range(len(values)), values)


def _named_context(cls: Any) -> DumpableContext:
    known = SUPPORTED_SERIALIZED_TYPES.get(cls)
    if known is None or known.serialized_type_name == NO_SERIALIZED_TYPE_NAME_FOUND:
        raise NotImplementedError(
            f"Can't serialize TreeSpec of namedtuple class {cls} because we didn't register a serializated_type_name. Please register using "
            "`_register_namedtuple`."
        )
    return known.serialized_type_name


def _named_class(name: DumpableContext) -> Context:
    if name not in SERIALIZED_TYPE_TO_PYTHON_TYPE:
        raise NotImplementedError(f"Can't deserialize TreeSpec of namedtuple class {name} because we couldn't find a serializated name.")
    return SERIALIZED_TYPE_TO_PYTHON_TYPE[name]


def _default_context(context: Context) -> DumpableContext:
    factory, keys = context
    return {"default_factory_module": factory.__module__, "default_factory_name": factory.__qualname__, "dict_context": keys}


def _default_of(dumped: DumpableContext) -> Context:
    expected = {"default_factory_module", "default_factory_name", "dict_context"}
    if not isinstance(dumped, dict) or {*dumped} != expected:
        raise AssertionError(f"dumpable_context must be a dict with the keys {expected}, got {dumped!r}")
    return [resolve_name(f"{dumped['default_factory_module']}:{dumped['default_factory_name']}"), dumped["dict_context"]]


def _register_namedtuple(cls: type[Any], *, serialized_type_name: str) -> None:
    """Give a class of named tuples a name, so that structures with it can be written."""
    _private_register_pytree_node(
        cls, lambda d: (list(d), type(d)), lambda values, context: context(*values), serialized_type_name=serialized_type_name,
        to_dumpable_context=_named_context, from_dumpable_context=_named_class,
        flatten_with_keys_fn=lambda d: (_keyed(GetAttrKey, d._fields, d), type(d)),
    )  # fmt: skip


_private_register_pytree_node(
    tuple, lambda d: (list(d), None), lambda values, _: tuple(values), serialized_type_name="builtins.tuple",
    flatten_with_keys_fn=lambda d: (_numbered(d), None),
)  # fmt: skip
_private_register_pytree_node(
    list, lambda d: (d, None), lambda values, _: list(values), serialized_type_name="builtins.list", flatten_with_keys_fn=lambda d: (_numbered(d), None)
)
_private_register_pytree_node(
    dict, lambda d: (list(d.values()), list(d)), lambda values, keys: dict(zip(keys, values, strict=True)), serialized_type_name="builtins.dict",
    flatten_with_keys_fn=lambda d: (_keyed(MappingKey, d, d.values()), list(d)),
)  # fmt: skip
_private_register_pytree_node(
    namedtuple, lambda d: (list(d), type(d)), lambda values, context: context(*values), serialized_type_name="collections.namedtuple",
    to_dumpable_context=_named_context, from_dumpable_context=_named_class,
    flatten_with_keys_fn=lambda d: (_keyed(GetAttrKey, d._fields, d), type(d)),
)  # fmt: skip
_private_register_pytree_node(
    OrderedDict, lambda d: (list(d.values()), list(d)), lambda values, keys: OrderedDict(zip(keys, values, strict=True)),
    serialized_type_name="collections.OrderedDict", flatten_with_keys_fn=lambda d: (_keyed(MappingKey, d, d.values()), list(d)),
)  # fmt: skip
_private_register_pytree_node(
    defaultdict, lambda d: (list(d.values()), [d.default_factory, list(d)]), lambda values, c: defaultdict(c[0], zip(c[1], values, strict=True)),
    serialized_type_name="collections.defaultdict", to_dumpable_context=_default_context, from_dumpable_context=_default_of,
    flatten_with_keys_fn=lambda d: (_keyed(MappingKey, d, d.values()), [d.default_factory, list(d)]),
)  # fmt: skip
_private_register_pytree_node(
    deque, lambda d: (list(d), d.maxlen), lambda values, length: deque(values, maxlen=length), serialized_type_name="collections.deque",
    flatten_with_keys_fn=lambda d: (_numbered(d), d.maxlen),
)  # fmt: skip
