"""What is done with trees: take their leaves, make trees of leaves, and call functions on every leaf."""

from __future__ import annotations

import functools
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from corelib.as_torch.warned import warn
from corelib.pytree.keys import KeyPath
from corelib.pytree.registry import SUPPORTED_NODES, PyTree, _get_node_type, is_namedtuple_instance
from corelib.pytree.treespec import _LEAF_SPEC, TreeSpec

IsLeaf = Callable[[PyTree], bool] | None
TypeAny = type[Any] | tuple[type[Any], ...] | types.UnionType
FnAny = Callable[[Any], Any]


def tree_is_leaf(tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether an object is a leaf: of no registered class, or because `is_leaf` says so."""
    return (is_leaf is not None and is_leaf(tree)) or _get_node_type(tree) not in SUPPORTED_NODES


def tree_flatten(tree: PyTree, is_leaf: IsLeaf = None) -> tuple[list[Any], TreeSpec]:
    """The leaves of a tree, and its structure.

    is_leaf: tells of an object whether it is to be a leaf, though of a registered class.

    >>> from corelib.utils import _pytree as pytree
    >>> leaves, structure = pytree.tree_flatten({"a": [1, 2], "b": 3})
    >>> leaves, pytree.tree_unflatten([4, 5, 6], structure)
    ([1, 2, 3], {'a': [4, 5], 'b': 6})
    """
    leaves: list[Any] = []

    def walk(node: PyTree) -> TreeSpec:
        if tree_is_leaf(node, is_leaf):
            leaves.append(node)
            return _LEAF_SPEC
        cls = _get_node_type(node)
        children, context = SUPPORTED_NODES[cls].flatten_fn(node)
        return TreeSpec(cls, context, [walk(child) for child in children])

    structure = walk(tree)
    return leaves, structure


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> PyTree:
    """A tree of a structure with these leaves. TypeError for what is no structure."""
    if not isinstance(treespec, TreeSpec):
        if not isinstance(leaves, TreeSpec):
            raise TypeError(f"Expected `treespec` to be an instance of PyTreeSpec but got item of type {type(treespec)}.")
        leaves, treespec = treespec, leaves
    return treespec.unflatten(leaves)


def tree_iter(tree: PyTree, is_leaf: IsLeaf = None) -> Iterator[Any]:
    """The leaves of a tree, one by one."""
    if tree_is_leaf(tree, is_leaf):
        yield tree
    else:
        for child in SUPPORTED_NODES[_get_node_type(tree)].flatten_fn(tree)[0]:
            yield from tree_iter(child, is_leaf)


def tree_leaves(tree: PyTree, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves of a tree."""
    return list(tree_iter(tree, is_leaf))


def tree_structure(tree: PyTree, is_leaf: IsLeaf = None) -> TreeSpec:
    """The structure of a tree."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(func: Callable[..., Any], tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """A tree of what a function gives for each leaf, and for what the other trees have in its place.

    >>> from corelib.utils import _pytree as pytree
    >>> pytree.tree_map(lambda a, b: a + b, {"x": 1, "y": (2,)}, {"x": 10, "y": (20,)})
    {'x': 11, 'y': (22,)}
    """
    leaves, structure = tree_flatten(tree, is_leaf)
    return structure.unflatten(map(func, leaves, *[structure.flatten_up_to(rest) for rest in rests]))


def tree_map_(func: Callable[..., Any], tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """Call a function on each leaf, and on what the other trees have in its place; the tree is returned as it is."""
    leaves, structure = tree_flatten(tree, is_leaf)
    deque(map(func, leaves, *[structure.flatten_up_to(rest) for rest in rests]), maxlen=0)
    return tree


def map_only(type_or_types_or_pred: TypeAny | Callable[[Any], bool], /) -> Callable[[FnAny], FnAny]:
    """Makes of a function one that leaves alone what is not of these types, or what the predicate refuses."""
    fits: Callable[[Any], bool]
    if isinstance(type_or_types_or_pred, (type, tuple, types.UnionType)):
        kinds: Any = type_or_types_or_pred
        fits = lambda x: isinstance(x, kinds)  # noqa: E731  # one of two ways to the same question
    elif callable(type_or_types_or_pred):
        fits = type_or_types_or_pred
    else:
        raise TypeError("Argument must be a type, a tuple of types, or a callable.")

    def wrapper(func: FnAny) -> FnAny:
        @functools.wraps(func)
        def wrapped(x: Any) -> Any:
            return func(x) if fits(x) else x

        return wrapped

    return wrapper


def tree_map_only(type_or_types_or_pred: TypeAny | Callable[[Any], bool], /, func: FnAny, tree: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """`tree_map` on the leaves of some types, or those that a predicate takes; others stay.

    >>> from corelib.utils import _pytree as pytree
    >>> pytree.tree_map_only(int, lambda x: x + 1, [1, "a", 2.0])
    [2, 'a', 2.0]
    """
    return tree_map(map_only(type_or_types_or_pred)(func), tree, is_leaf=is_leaf)


def tree_map_only_(type_or_types_or_pred: TypeAny | Callable[[Any], bool], /, func: FnAny, tree: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """`tree_map_` on the leaves of some types, or those that a predicate takes."""
    return tree_map_(map_only(type_or_types_or_pred)(func), tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether a predicate is true of every leaf."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether a predicate is true of any leaf."""
    return any(map(pred, tree_iter(tree, is_leaf)))


def tree_all_only(type_or_types: TypeAny, /, pred: FnAny, tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether a predicate is true of every leaf of some types."""
    return all(pred(x) for x in tree_iter(tree, is_leaf) if isinstance(x, type_or_types))


def tree_any_only(type_or_types: TypeAny, /, pred: FnAny, tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether a predicate is true of any leaf of some types."""
    return any(pred(x) for x in tree_iter(tree, is_leaf) if isinstance(x, type_or_types))


def arg_tree_leaves(*args: PyTree, **kwargs: PyTree) -> list[Any]:
    """The leaves of all arguments."""
    return [leaf for tree in (*args, *kwargs.values()) for leaf in tree_iter(tree)]


def _broadcast_to_and_flatten(tree: PyTree, treespec: TreeSpec, is_leaf: IsLeaf = None) -> list[Any] | None:
    """The leaves of a tree that is the top of a structure, each as often as the structure has leaves there; None where it is not its top."""
    found: list[Any] = []
    try:
        tree_map_(
            lambda leaf, part: found.extend([leaf] * tree_structure(part, is_leaf).num_leaves), tree, treespec.unflatten([0] * treespec.num_leaves),
            is_leaf=is_leaf,
        )  # fmt: skip
    except ValueError:
        return None
    return found


# With paths


def _generate_key_paths(key_path: KeyPath, tree: PyTree, is_leaf: IsLeaf = None) -> Iterator[tuple[KeyPath, Any]]:
    node = None if is_leaf is not None and is_leaf(tree) else SUPPORTED_NODES.get(_get_node_type(tree))
    if node is None:
        yield key_path, tree
        return
    if node.flatten_with_keys_fn is None:
        raise ValueError(
            f"Did not find a flatten_with_keys_fn for type: {_get_node_type(tree)}. Please pass a flatten_with_keys_fn argument to register_pytree_node."
        )
    for key, child in node.flatten_with_keys_fn(tree)[0]:
        yield from _generate_key_paths((*key_path, key), child, is_leaf)


def tree_leaves_with_path(tree: PyTree, is_leaf: IsLeaf = None) -> list[tuple[KeyPath, Any]]:
    """(path, leaf) for each leaf."""
    return list(_generate_key_paths((), tree, is_leaf))


def tree_flatten_with_path(tree: PyTree, is_leaf: IsLeaf = None) -> tuple[list[tuple[KeyPath, Any]], TreeSpec]:
    """(path, leaf) for each leaf, and the structure."""
    return tree_leaves_with_path(tree, is_leaf), tree_structure(tree, is_leaf)


def tree_map_with_path(func: Callable[..., Any], tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """As `tree_map`, with the path of each leaf as the function's first argument."""
    found, structure = tree_flatten_with_path(tree, is_leaf)
    columns = [*zip(*found, strict=True), *[structure.flatten_up_to(rest) for rest in rests]]
    return structure.unflatten(func(*row) for row in zip(*columns, strict=True))


# Former names


def _is_leaf(tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    warn("_is_leaf is private and will be removed in a future release. Please use tree_is_leaf instead.", FutureWarning)
    return tree_is_leaf(tree, is_leaf)


def _is_namedtuple_instance(tree: Any) -> bool:
    warn(
        "_is_namedtuple_instance is private and will be removed in a future release. Please use is_namedtuple_instance instead.", FutureWarning
    )
    return is_namedtuple_instance(tree)
