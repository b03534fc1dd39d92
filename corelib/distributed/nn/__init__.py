"""torch.distributed.nn: collectives that gradients go through. corelib has no process groups yet: each raises RuntimeError that says so."""

from corelib.distributed import refusing

NAMES = ("all_gather", "all_reduce", "all_to_all", "all_to_all_single", "broadcast", "gather", "reduce", "reduce_scatter", "scatter")

for _name in NAMES:
    globals()[_name] = refusing(_name, "torch.distributed.nn")
