"""torch.distributed.nn: collectives that gradients go through. corelib has no process groups yet: each raises RuntimeError that says so."""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.distributed import refusing

__all__ = ["all_gather", "all_reduce", "all_to_all", "all_to_all_single", "broadcast", "gather", "reduce", "reduce_scatter", "scatter"]  # made here

for _name in __all__:
    globals()[_name] = refusing(_name, "torch.distributed.nn")
_paths_below(__name__)
