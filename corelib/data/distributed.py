"""DistributedSampler: one process's share of a dataset that several processes train on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized
from typing import Any, cast

from corelib.data.sampler import Sampler
from corelib.ops.random.generator import Generator
from corelib.ops.random.random import randperm

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """The indices of process `rank` of `num_replicas`: every one takes each num_replicas-th, in one order that all share.

    shuffle: the order is random, by `seed` and the epoch that `set_epoch` says; PyTorch's own order. drop_last: leave out the last indices
    where the dataset does not divide evenly; otherwise the first ones are given again. ValueError for a rank outside, and where
    num_replicas or rank is not given, since there is no process group to ask.

    >>> list(DistributedSampler(range(5), num_replicas=2, rank=1, shuffle=False))
    [1, 3, 0]
    """

    def __init__(
        self, dataset: Any, num_replicas: int | None = None, rank: int | None = None, shuffle: bool = True, seed: int = 0, drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            missing = " and ".join(name for name, given in (("num_replicas", num_replicas), ("rank", rank)) if given is None)
            raise ValueError(
                f"DistributedSampler(): {missing} not given, and the default process group has not been initialized; "
                "write DistributedSampler(dataset, num_replicas=..., rank=...)"
            )
        if rank >= num_replicas or rank < 0:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        self.shuffle = shuffle
        self.seed = seed
        size = len(cast(Sized, dataset))
        self.num_samples = math.ceil((size - num_replicas) / num_replicas) if drop_last and size % num_replicas else math.ceil(size / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        size = len(cast(Sized, self.dataset))
        indices = randperm(size, generator=Generator().manual_seed(self.seed + self.epoch)).tolist() if self.shuffle else list(range(size))
        if len(indices) < self.total_size:
            indices = (indices * math.ceil(self.total_size / len(indices)))[: self.total_size]
        return iter(indices[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Say which pass over the data comes next, so that its order is another; before each pass."""
        self.epoch = epoch
