"""The log-probabilities of targets under a softmax whose rare classes lie in clusters of their own (Grave et al., 2017)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from corelib.ops.indexing.reads import read_together
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.neural.softmax import log_softmax_along
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor


def target_log_probs(
    input: Tensor, target: Tensor, head: Callable[[Tensor], Tensor], tails: Sequence[Callable[[Tensor], Tensor]], cutoffs: Sequence[int]
) -> Tensor:
    """The log-probability (n,) of each row's target. head: rows to the frequent classes, then one place for each cluster; tails: rows to the
    classes of one cluster; cutoffs: where the clusters begin, and the number of classes.

    Which rows belong to which cluster is decided on the host, from one read of the targets.
    """
    numbers = read_together(target)[0] if target._device.type != "meta" else None
    low, high = (int(numbers.min()), int(numbers.max())) if numbers is not None and numbers.size else (0, 0)
    if low < 0 or high >= cutoffs[-1]:
        raise RuntimeError(f"Target values should be in [0, {cutoffs[-1] - 1}], but values in range [{low}, {high}] were found. ")
    output, places = input.new_zeros(target._shape), target
    for i, (first, last) in enumerate(pairwise(cutoffs)):
        chosen = [] if numbers is None else ((numbers >= first) & (numbers < last)).nonzero()[0].tolist()
        if not chosen:
            continue
        rows = target.new_tensor(chosen, dtype=D.int64)
        with KNOWN:
            mine = input.index_select(0, rows)
        log = log_softmax_along(tails[i](mine), 1)  # a module, whose own indices are checked
        with KNOWN:
            here = log.gather(1, (target.index_select(0, rows) - first).unsqueeze(1)).squeeze(1)
            output = output.index_copy(0, rows, here)
            places = places.index_fill(0, rows, cutoffs[0] + i)
    log = log_softmax_along(head(input), 1)
    with KNOWN:
        return output + log.gather(1, places.unsqueeze(1)).squeeze(1)
