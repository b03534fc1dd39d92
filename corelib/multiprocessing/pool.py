"""Pools under PyTorch's path: multiprocessing's own, whose workers take and give tensors as shared memory."""

from multiprocessing.pool import Pool as Pool, ThreadPool as ThreadPool

__all__ = ["Pool"]
