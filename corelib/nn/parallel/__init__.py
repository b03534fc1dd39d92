"""torch.nn.parallel: one module on several devices of this process, each with a part of the batch.

The parts are ordinary copies between devices, so that the graph leads back through them: gradients of the replicas add up in the module.
"""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.nn.parallel.data_parallel import DataParallel as DataParallel, data_parallel as data_parallel
from corelib.nn.parallel.distributed import DistributedDataParallel as DistributedDataParallel
from corelib.nn.parallel.parallel_apply import parallel_apply as parallel_apply
from corelib.nn.parallel.replicate import replicate as replicate
from corelib.nn.parallel.scatter_gather import gather as gather, scatter as scatter

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel", "gather", "parallel_apply", "replicate", "scatter"]

_paths_below(__name__)
