"""Structures as text, in PyTorch's format, and read from it."""

from __future__ import annotations

import functools
import json
from enum import Enum
from pkgutil import resolve_name
from typing import Any

from corelib.as_torch.warned import warn
from corelib.pytree.registry import NO_SERIALIZED_TYPE_NAME_FOUND, SERIALIZED_TYPE_TO_PYTHON_TYPE, SUPPORTED_SERIALIZED_TYPES
from corelib.pytree.treespec import _LEAF_SPEC, TreeSpec

DEFAULT_TREESPEC_SERIALIZATION_PROTOCOL = 1


class EnumEncoder(json.JSONEncoder):
    """JSON with members of enumerations."""

    def default(self, obj: object) -> Any:
        """A member of an enumeration as its class and name."""
        if isinstance(obj, Enum):
            return {"__enum__": True, "fqn": f"{type(obj).__module__}:{type(obj).__qualname__}", "name": obj.name}
        return super().default(obj)


def enum_object_hook(obj: dict[str, Any]) -> Any:
    """What was written as a member of an enumeration as that member."""
    if "__enum__" not in obj:
        return obj
    return resolve_name(obj["fqn"])[obj["name"]]


def _plain(spec: TreeSpec) -> dict[str, Any]:
    if spec.is_leaf():
        return {"type": None, "context": None, "children_spec": []}
    known = SUPPORTED_SERIALIZED_TYPES.get(spec.type)
    if known is None:
        raise NotImplementedError(f"Serializing {spec.type} in pytree is not registered.")
    if known.serialized_type_name == NO_SERIALIZED_TYPE_NAME_FOUND:
        raise NotImplementedError(
            f"No registered serialization name for {spec.type} found. Please update your _register_pytree_node call with a `serialized_type_name` kwarg."
        )
    if known.to_dumpable_context is not None:
        context = known.to_dumpable_context(spec.context)
    else:
        try:
            context = json.dumps(spec.context, cls=EnumEncoder)
        except TypeError as error:
            raise TypeError(
                "Unable to serialize context. Please make the context json dump-able, or register a custom serializer using _register_pytree_node."
            ) from error
    return {"type": known.serialized_type_name, "context": context, "children_spec": [_plain(child) for child in spec.children()]}


def _read(plain: dict[str, Any]) -> TreeSpec:
    if plain["type"] is None and plain["context"] is None and not plain["children_spec"]:
        return _LEAF_SPEC
    if plain["type"] not in SERIALIZED_TYPE_TO_PYTHON_TYPE:
        raise NotImplementedError(f"Deserializing {plain['type']} in pytree is not registered.")
    cls = SERIALIZED_TYPE_TO_PYTHON_TYPE[plain["type"]]
    read = SUPPORTED_SERIALIZED_TYPES[cls].from_dumpable_context
    if read is not None:
        context = read(plain["context"])
    else:
        try:
            context = json.loads(plain["context"], object_hook=enum_object_hook)
        except TypeError as error:
            raise TypeError(
                "Unable to deserialize context. Please make the context json load-able, or register a custom serializer using _register_pytree_node."
            ) from error
    return TreeSpec(cls, context, list(map(_read, plain["children_spec"])))


def _check_protocol(protocol: int) -> None:
    if protocol != DEFAULT_TREESPEC_SERIALIZATION_PROTOCOL:
        raise ValueError(f"Unknown protocol {protocol}. Available protocols: {[DEFAULT_TREESPEC_SERIALIZATION_PROTOCOL]}")


def treespec_dumps(treespec: TreeSpec, protocol: int | None = None) -> str:
    """A structure as JSON, which PyTorch reads too. NotImplementedError for a class without a name for it."""
    if not isinstance(treespec, TreeSpec):
        raise TypeError(f"Expected `treespec` to be an instance of PyTreeSpec but got item of type {type(treespec)}.")
    protocol = DEFAULT_TREESPEC_SERIALIZATION_PROTOCOL if protocol is None else protocol
    _check_protocol(protocol)
    return json.dumps((protocol, _plain(treespec)), cls=EnumEncoder)


@functools.lru_cache
def treespec_loads(serialized: str) -> TreeSpec:
    """A structure from what `treespec_dumps`, here or PyTorch's, has written.

    >>> from corelib.utils import _pytree as pytree
    >>> pytree.treespec_loads(pytree.treespec_dumps(pytree.tree_structure([1, (2, 3)])))
    TreeSpec(list, None, [*,
      TreeSpec(tuple, None, [*,
        *])])
    """
    protocol, plain = json.loads(serialized)
    _check_protocol(protocol)
    return _read(plain)


def pytree_to_str(treespec: TreeSpec) -> str:
    """The former name of `treespec_dumps`."""
    warn("`pytree_to_str` is deprecated. Please use `treespec_dumps` instead.", FutureWarning)
    return treespec_dumps(treespec)


def str_to_pytree(json: str) -> TreeSpec:
    """The former name of `treespec_loads`."""
    warn("`str_to_pytree` is deprecated. Please use `treespec_loads` instead.", FutureWarning)
    return treespec_loads(json)
