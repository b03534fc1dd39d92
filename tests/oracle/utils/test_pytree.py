"""utils._pytree beside PyTorch's: what is done with a table of trees, and what is refused."""

from __future__ import annotations

import dataclasses
import enum
import time
import warnings
from collections import OrderedDict, defaultdict, deque, namedtuple
from typing import Any

import pytest
import torch.utils._pytree as theirs

import corelib.utils._pytree as mine

Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = 1


TREES = [
    1, None, (), [], {}, [1, 2], (1, (2, [3])), {"b": 1, "a": [2, 3]}, OrderedDict([("z", 1), ("a", (2,))]), defaultdict(int, {"k": 1, "l": [2]}),
    deque([1, 2, 3], maxlen=5), Point(1, [2, Point(3, 4)]), {"x": None, 1: (None, [])}, [[[[]]]], time.gmtime(0), {1, 2}, "text", {Colour.RED: [1], "d": {}},
]  # fmt: skip
CALLS = """
U.tree_leaves(tree)
str(U.tree_structure(tree))
U.tree_unflatten(list(range(U.tree_structure(tree).num_leaves)), U.tree_structure(tree))
U.tree_map(lambda x: (x, 1), tree)
U.tree_map(lambda x, y: [x, y], tree, tree)
U.tree_map_(print, tree) is tree
U.tree_map_only(int, lambda x: x + 1, tree)
U.tree_map_only((int, str), lambda x: 0, tree)
U.tree_map_only(int | str, lambda x: 0, tree)
U.tree_map_only(lambda x: x == 1, lambda x: 7, tree)
U.tree_map_only_(int, lambda x: x, tree) is tree
U.tree_all(lambda x: x is not None, tree), U.tree_any(lambda x: x is None, tree)
U.tree_all_only(int, lambda x: x > 1, tree), U.tree_any_only(int, lambda x: x > 1, tree)
list(U.tree_iter(tree)), U.tree_is_leaf(tree), U.arg_tree_leaves(tree, 1, k=tree)
U.tree_leaves(tree, is_leaf=lambda x: isinstance(x, (tuple, dict)))
[(U.keystr(path), leaf) for path, leaf in U.tree_leaves_with_path(tree)]
[U.keystr(path) for path, _ in U.tree_flatten_with_path(tree, is_leaf=lambda x: isinstance(x, list))[0]]
[U.key_get(tree, path) for path, _ in U.tree_flatten_with_path(tree)[0]]
[U.keystr(path) for path, _ in U.tree_leaves_with_path(tree)] and U.tree_map_with_path(lambda path, x: U.keystr(path), tree)
U.treespec_pprint(U.tree_structure(tree))
(lambda s: (s.num_nodes, s.num_leaves, s.num_children, s.is_leaf(), str(s.type), [str(c) for c in s.children()], s == U.tree_structure(tree), str(s.context)))(U.tree_structure(tree))
U.treespec_dumps(U.tree_structure(tree))
U.treespec_loads(U.treespec_dumps(U.tree_structure(tree))) == U.tree_structure(tree)
U.tree_structure(tree).flatten_up_to(tree)
U.tree_structure(tree).flatten_up_to([1, [2, 3]])
U.tree_structure(tree).flatten_up_to({"a": 1, "b": 2})
U.tree_structure([1, 2]).flatten_up_to(tree)
U.tree_structure({"b": 1, "a": 2}).flatten_up_to(tree)
U.tree_unflatten([1], U.tree_structure(tree))
U.tree_unflatten([1], tree)
U._broadcast_to_and_flatten(tree, U.tree_structure(tree))
U._broadcast_to_and_flatten(3, U.tree_structure(tree))
U.is_namedtuple(tree), U.is_namedtuple_instance(tree), U.is_namedtuple_class(type(tree)), U.is_structseq(tree), U.is_structseq_instance(tree), U.is_structseq_class(type(tree))
U.map_only(int)(lambda x: 5)(tree)
hash(U.tree_structure(tree)) == hash(U.tree_structure(tree))
""".strip().splitlines()


def outcome(expression: str, U: Any, **names: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return eval(expression, {"U": U, **names})
        except Exception as error:
            return type(error), str(error) if not isinstance(error, TypeError) else ""


@pytest.mark.parametrize("expression", CALLS)
def test_trees(expression: str, capsys: Any) -> None:
    for tree in TREES:
        got, want = (outcome(expression, U, tree=tree) for U in (mine, theirs))
        assert repr(got).replace("corelib", "torch") == repr(want), tree


OTHERS = """
U.treespec_leaf().is_leaf(), str(U.treespec_leaf())
str(U.treespec_tuple([U.treespec_leaf(), U.tree_structure([1])])), str(U.treespec_dict(a=U.treespec_leaf()))
U.treespec_tuple([1])
U.treespec_dict({"a": 1})
U.treespec_dumps(U.tree_structure(1), protocol=9)
U.treespec_loads('[9, {}]')
U.treespec_loads('[1, {"type": "no", "context": null, "children_spec": []}]')
U.map_only(3)
U.pytree_to_str(U.tree_structure([1]))
U.str_to_pytree(U.treespec_dumps(U.tree_structure([1]))) == U.tree_structure([1])
U.tree_structure([1]).children_specs
str(U.tree_structure([1, 2]).child(0))
isinstance(U.tree_structure(1), U.LeafSpec), isinstance(U.tree_structure([1]), U.LeafSpec), isinstance(U.tree_structure([1]), U.TreeSpec)
str(U.LeafSpec()), U.LeafSpec() == U.tree_structure(1)
U.SequenceKey(1), U.MappingKey("a"), U.GetAttrKey("b"), str(U.GetAttrKey("b")), U.SequenceKey(1) == U.SequenceKey(1)
sorted(str(t) for t in U.BUILTIN_TYPES), sorted(str(t) for t in U.STANDARD_DICT_TYPES)
U.tree_structure((1, 2)) == U.tree_structure([1, 2]), U.tree_structure({"a": 1}) == U.tree_structure({"b": 1})
U.tree_map(lambda x, y: x, [1, 2], [1])
U.tree_map(lambda x, y: x, deque([1], maxlen=2), deque([5], maxlen=3))
U.tree_map(lambda x, y: x, OrderedDict(a=1), {"a": 2})
U.enum_object_hook({"a": 1})
""".strip().splitlines()


@pytest.mark.parametrize("expression", OTHERS)
def test_other_calls(expression: str) -> None:
    got, want = (outcome(expression, U, deque=deque, OrderedDict=OrderedDict) for U in (mine, theirs))
    assert repr(got).replace("corelib", "torch") == repr(want)


def test_registered_classes() -> None:
    for U in (mine, theirs):

        class Pair:
            def __init__(self, a: Any, b: Any) -> None:
                self.a, self.b = a, b

        def register(**more: Any) -> None:
            U.register_pytree_node(Pair, lambda p: ([p.a, p.b], None), lambda values, _: Pair(*values), **more)  # noqa: B023

        register()
        with pytest.raises(ValueError, match="already registered"):
            register()
        assert U.tree_leaves([Pair(1, (2, 3)), 4]) == [1, 2, 3, 4]
        assert U.tree_map(lambda x: x + 1, Pair(1, 2)).b == 3
        with pytest.raises(ValueError, match="flatten_with_keys_fn"):
            U.tree_leaves_with_path(Pair(1, 2))
        with pytest.raises(NotImplementedError, match="No registered serialization name"):
            U.treespec_dumps(U.tree_structure(Pair(1, 2)))
        with pytest.raises(ValueError, match="mismatch"):
            U.tree_structure(Pair(1, 2)).flatten_up_to([1, 2])
        U._deregister_pytree_node(Pair)
        assert U.tree_is_leaf(Pair(1, 2))
        with pytest.raises(ValueError, match="Both to_dumpable_context and from_dumpable_context"):
            register(to_dumpable_context=str)


def test_dataclasses_and_constants() -> None:
    for U in (mine, theirs):

        @dataclasses.dataclass
        class Data:
            a: Any
            b: Any = None

        U.register_dataclass(Data, serialized_type_name=f"{U.__name__}.Data")
        assert U.tree_leaves(Data(1, [2])) == [1, 2] and U.tree_leaves(Data(1)) == [1]
        assert U.tree_map(lambda x: x * 2, Data(1, 2)) == Data(2, 4)
        assert [U.keystr(p) for p, _ in U.tree_leaves_with_path(Data(1, [2]))] == [".a", ".b[0]"]
        assert U.treespec_loads(U.treespec_dumps(U.tree_structure(Data(1, 2)))) == U.tree_structure(Data(1, 2))
        with pytest.raises(ValueError, match="Missing fields"):
            U.register_dataclass(Data, field_names=["a"])
        with pytest.raises(ValueError, match="Unexpected fields"):
            U.register_dataclass(Data, field_names=["a", "b", "c"])
        with pytest.raises(ValueError, match="field_names must be specified"):
            U.register_dataclass(int)

        @dataclasses.dataclass(frozen=True)
        class Setting:
            n: int

        U.register_constant(Setting)
        assert U.is_constant_class(Setting) and not U.is_constant_class(int)
        leaves, structure = U.tree_flatten([1, Setting(2)])
        assert leaves == [1] and U.tree_unflatten([5], structure) == [5, Setting(2)]
        assert structure == U.tree_structure([9, Setting(2)]) and structure != U.tree_structure([9, Setting(3)])
        with pytest.raises(TypeError, match="__eq__"):
            U.register_constant(type("Plain", (), {}))


def test_named_tuples_that_are_written() -> None:
    for U in (mine, theirs):
        made = namedtuple("Made", "a b")  # type: ignore[misc]
        with pytest.raises(NotImplementedError, match="serialize TreeSpec of namedtuple class"):
            U.treespec_dumps(U.tree_structure(made(1, 2)))
        U._register_namedtuple(made, serialized_type_name=f"{U.__name__}.Made")
        assert U.treespec_loads(U.treespec_dumps(U.tree_structure(made(1, 2)))) == U.tree_structure(made(1, 2))


def test_structures_written_by_one_are_read_by_the_other() -> None:
    for tree in TREES[:11]:
        assert str(mine.treespec_loads(theirs.treespec_dumps(theirs.tree_structure(tree)))) == str(theirs.tree_structure(tree))
        assert str(theirs.treespec_loads(mine.treespec_dumps(mine.tree_structure(tree)))) == str(mine.tree_structure(tree))
