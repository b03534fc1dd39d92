"""TreeSpec: the structure of a tree without its leaves, from which a tree with other leaves is made."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any

from corelib.as_torch.warned import warn
from corelib.pytree.registry import BUILTIN_TYPES, STANDARD_DICT_TYPES, SUPPORTED_NODES, ConstantNode, Context, PyTree, _get_node_type


class TreeSpec:
    """A structure. `type` is the class of its root, None for a leaf.

    num_nodes, num_leaves, num_children: how many nodes, leaves, and children of the root there are.
    """

    __slots__ = ("_children", "_context", "num_children", "num_leaves", "num_nodes", "type")

    type: Any
    _context: Context
    _children: list[Any]
    num_nodes: int
    num_leaves: int
    num_children: int

    def __init__(self, type: Any, context: Context, children_specs: list[Any]) -> None:
        if type is None and (context is not None or children_specs):
            raise AssertionError("leaf node should not have a context" if context is not None else "leaf node should not have children")
        set_ = object.__setattr__
        set_(self, "type", type)
        set_(self, "_context", context)
        set_(self, "_children", children_specs)
        set_(self, "num_nodes", 1 + sum(child.num_nodes for child in children_specs))
        set_(self, "num_leaves", 1 if type is None else sum(child.num_leaves for child in children_specs))
        set_(self, "num_children", len(children_specs))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot assign to field {name!r} of a TreeSpec")

    def __reduce__(self) -> Any:
        return TreeSpec, (self.type, self._context, self._children)

    def __repr__(self, indent: int = 0) -> str:
        if self.type is None:
            return "*"
        indent += 2
        inner = (",\n" + " " * indent).join(child.__repr__(indent) for child in self._children)
        return f"TreeSpec({self.type.__name__}, {self._context}, [{inner}])"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, TreeSpec):
            return NotImplemented
        return str(self.type) == str(other.type) and bool(self._context == other._context) and self._children == other._children

    def __hash__(self) -> int:
        context: Any
        if self.type is defaultdict:
            context = (self._context[0], tuple(self._context[1]))
        elif self.type in (dict, OrderedDict):
            context = tuple(self._context)
        elif self.type is None or self.type in BUILTIN_TYPES:
            context = self._context
        else:
            context = self._context.value if isinstance(self._context, ConstantNode) else None
        return hash((self.type, context, tuple(self._children)))

    @property
    def context(self) -> Context:
        """What the root has beside its children."""
        return self._context

    @property
    def children_specs(self) -> list[Any]:
        """The former name of `children()`."""
        warn(
            "`treespec.children_specs` is deprecated. Use `treespec.child(index)` to access a single child, or `treespec.children()` to get all children.",
            FutureWarning,
        )  # fmt: skip
        return self._children

    def is_leaf(self) -> bool:
        """Whether it is the structure of a leaf."""
        return self.num_nodes == 1 and self.num_leaves == 1

    def children(self) -> list[Any]:
        """The structures of the root's children."""
        return self._children.copy()

    def child(self, index: int) -> Any:
        """The structure of one of them."""
        return self._children[index]

    def flatten_up_to(self, tree: PyTree) -> list[PyTree]:
        """The parts of a tree that stand where this structure has leaves; ValueError where the tree is of another structure above them."""
        found: list[PyTree] = []
        self._collect(tree, found)
        return found

    def _collect(self, node: PyTree, found: list[PyTree]) -> None:
        if self.is_leaf():
            found.append(node)
            return
        cls = _get_node_type(node)
        children: Any
        if self.type in STANDARD_DICT_TYPES and cls in STANDARD_DICT_TYPES:
            self._check_arity(len(node))
            keys = self._context[1] if self.type is defaultdict else self._context
            missing, extra = {*keys} - {*node}, {*node} - {*keys}
            if missing or extra:
                message = f"; missing key(s): {missing}" if missing else ""
                raise ValueError(f"Node keys mismatch{message}{f'; extra key(s): {extra}' if extra else ''}.")
            children = [node[key] for key in keys]
        else:
            own = self.type not in BUILTIN_TYPES
            if cls != self.type:
                raise ValueError(f"{'Type' if own else 'Node type'} mismatch; expected {self.type!r}, but got {cls!r}.")
            children, context = SUPPORTED_NODES[cls].flatten_fn(node)
            self._check_arity(len(children))
            if cls is not deque and context != self._context:
                raise ValueError(
                    f"Node context mismatch for custom node type {self.type!r}." if own
                    else f"Node context mismatch for node type {self.type!r}; expected {self._context!r}, but got {context!r}."
                )
        for child, spec in zip(children, self._children, strict=True):
            spec._collect(child, found)

    def _check_arity(self, n: int) -> None:
        if n != self.num_children:
            raise ValueError(f"Node arity mismatch; expected {self.num_children}, but got {n}.")

    def unflatten(self, leaves: Iterable[Any]) -> PyTree:
        """A tree of this structure with these leaves; ValueError where they are too few or too many."""
        if not isinstance(leaves, (list, tuple)):
            leaves = list(leaves)
        if len(leaves) != self.num_leaves:
            raise ValueError(
                f"treespec.unflatten(leaves): `leaves` has length {len(leaves)} but the spec refers to a pytree that holds {self.num_leaves} items ({self})."
            )
        return self._made_of(iter(leaves))

    def _made_of(self, leaves: Any) -> PyTree:
        if self.is_leaf():
            return next(leaves)
        return SUPPORTED_NODES[self.type].unflatten_fn([child._made_of(leaves) for child in self._children], self._context)


PyTreeSpec = TreeSpec


class _LeafMeta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, TreeSpec) and instance.is_leaf()


class LeafSpec(TreeSpec, metaclass=_LeafMeta):
    """The structure of a leaf; `treespec_leaf()` gives it without a warning."""

    __slots__ = ()

    def __init__(self) -> None:
        warn(
            "`isinstance(treespec, LeafSpec)` is deprecated, use `isinstance(treespec, TreeSpec) and treespec.is_leaf()` instead.", FutureWarning,
        )  # fmt: skip
        super().__init__(None, None, [])


_LEAF_SPEC = TreeSpec(None, None, [])


def treespec_leaf() -> TreeSpec:
    """The structure of a leaf."""
    return _LEAF_SPEC


def treespec_tuple(iterable: Iterable[TreeSpec] = (), /) -> TreeSpec:
    """The structure of a tuple of such structures."""
    children = list(iterable)
    if not all(isinstance(child, TreeSpec) for child in children):
        raise ValueError(f"Expected a tuple of TreeSpec values, got: {children!r}.")
    return TreeSpec(tuple, None, children)


def treespec_dict(mapping: Mapping[Any, TreeSpec] | Iterable[tuple[Any, TreeSpec]] = (), /, **kwargs: TreeSpec) -> TreeSpec:
    """The structure of a dictionary of such structures."""
    found = dict(mapping, **kwargs)
    if not all(isinstance(child, TreeSpec) for child in found.values()):
        raise ValueError(f"Expected a dictionary of TreeSpec values, got: {found!r}.")
    return TreeSpec(dict, list(found), list(found.values()))


def _is_constant_holder(spec: TreeSpec) -> bool:
    return isinstance(spec._context, ConstantNode)


def _retrieve_constant(spec: TreeSpec) -> Any:
    if not _is_constant_holder(spec):
        raise AssertionError("spec does not correspond to a registered constant pytree")
    return spec.unflatten([])


class _Asterisk(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return "*"


def treespec_pprint(treespec: TreeSpec) -> str:
    """The structure as its tree would be printed, with * for each leaf.

    >>> from corelib.utils import _pytree as pytree
    >>> pytree.treespec_pprint(pytree.tree_structure({"a": [1, 2]}))
    "{'a': [*, *]}"
    """
    return repr(treespec.unflatten([_Asterisk("*")] * treespec.num_leaves))
