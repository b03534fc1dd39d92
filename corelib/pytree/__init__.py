"""Trees of Python's collections, and of classes that are registered: torch.utils._pytree. It knows nothing of tensors."""

from corelib.pytree.keys import (
    GetAttrKey as GetAttrKey, KeyEntry as KeyEntry, KeyPath as KeyPath, MappingKey as MappingKey, SequenceKey as SequenceKey, key_get as key_get,
    keystr as keystr,
)
from corelib.pytree.registry import (
    BUILTIN_TYPES as BUILTIN_TYPES, CONSTANT_NODES as CONSTANT_NODES, Context as Context, ConstantNode as ConstantNode,
    DumpableContext as DumpableContext, FlattenFn as FlattenFn, FlattenFunc as FlattenFunc, FlattenWithKeysFn as FlattenWithKeysFn,
    FlattenWithKeysFunc as FlattenWithKeysFunc, FromDumpableContextFn as FromDumpableContextFn,
    NO_SERIALIZED_TYPE_NAME_FOUND as NO_SERIALIZED_TYPE_NAME_FOUND, NodeDef as NodeDef, PyTree as PyTree,
    SERIALIZED_TYPE_TO_PYTHON_TYPE as SERIALIZED_TYPE_TO_PYTHON_TYPE, STANDARD_DICT_TYPES as STANDARD_DICT_TYPES, SUPPORTED_NODES as SUPPORTED_NODES,
    SUPPORTED_SERIALIZED_TYPES as SUPPORTED_SERIALIZED_TYPES, ToDumpableContextFn as ToDumpableContextFn, UnflattenFn as UnflattenFn,
    UnflattenFunc as UnflattenFunc, _deregister_pytree_node as _deregister_pytree_node, _get_node_type as _get_node_type,
    _private_register_pytree_node as _private_register_pytree_node, _register_namedtuple as _register_namedtuple,
    _register_pytree_node as _register_pytree_node, is_constant_class as is_constant_class, is_namedtuple as is_namedtuple,
    is_namedtuple_class as is_namedtuple_class, is_namedtuple_instance as is_namedtuple_instance, is_structseq as is_structseq,
    is_structseq_class as is_structseq_class, is_structseq_instance as is_structseq_instance, register_constant as register_constant,
    register_dataclass as register_dataclass, register_pytree_node as register_pytree_node,
)
from corelib.pytree.trees import (
    FnAny as FnAny, TypeAny as TypeAny, _broadcast_to_and_flatten as _broadcast_to_and_flatten, _generate_key_paths as _generate_key_paths,
    _is_leaf as _is_leaf, _is_namedtuple_instance as _is_namedtuple_instance, arg_tree_leaves as arg_tree_leaves, map_only as map_only,
    tree_all as tree_all, tree_all_only as tree_all_only, tree_any as tree_any, tree_any_only as tree_any_only, tree_flatten as tree_flatten,
    tree_flatten_with_path as tree_flatten_with_path, tree_is_leaf as tree_is_leaf, tree_iter as tree_iter, tree_leaves as tree_leaves,
    tree_leaves_with_path as tree_leaves_with_path, tree_map as tree_map, tree_map_ as tree_map_, tree_map_only as tree_map_only,
    tree_map_only_ as tree_map_only_, tree_map_with_path as tree_map_with_path, tree_structure as tree_structure, tree_unflatten as tree_unflatten,
)
from corelib.pytree.treespec import (
    LeafSpec as LeafSpec, PyTreeSpec as PyTreeSpec, TreeSpec as TreeSpec, _LEAF_SPEC as _LEAF_SPEC, _is_constant_holder as _is_constant_holder,
    _retrieve_constant as _retrieve_constant, treespec_dict as treespec_dict, treespec_leaf as treespec_leaf, treespec_pprint as treespec_pprint,
    treespec_tuple as treespec_tuple,
)
from corelib.pytree.written import (
    DEFAULT_TREESPEC_SERIALIZATION_PROTOCOL as DEFAULT_TREESPEC_SERIALIZATION_PROTOCOL, EnumEncoder as EnumEncoder,
    enum_object_hook as enum_object_hook, pytree_to_str as pytree_to_str, str_to_pytree as str_to_pytree, treespec_dumps as treespec_dumps,
    treespec_loads as treespec_loads,
)
