"""A softmax over very many classes, in pieces of less and less width."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from corelib.nn import functional as F
from corelib.nn._arguments import DeviceLike
from corelib.nn.modules.container import ModuleList, Sequential
from corelib.nn.modules.linear import Linear
from corelib.nn.modules.module import Module
from corelib.ops.losses.clusters import target_log_probs
from corelib.ops.shape.joining import cat
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):
    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """A softmax over many classes, sorted by frequency: a head of the frequent ones, and tails of less and less width.

    ``cutoffs`` are the first classes of the tails; tail i has in_features / div_value^(i + 1) hidden features. ``forward(input, target)``
    gives the log-probability of each target and their mean, negated. ValueError unless the cutoffs are increasing and between 1 and
    n_classes - 1. Grave et al., "Efficient softmax approximation for GPUs", 2017.

    >>> import corelib as torch
    >>> torch.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [4])(torch.randn(3, 8), torch.tensor([0, 5, 9])).output.shape
    torch.Size([3])
    """

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Iterable[int], div_value: float = 4.0, head_bias: bool = False, device: DeviceLike = None, dtype: DType | None = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if cutoffs != sorted(set(cutoffs)) or min(cutoffs) <= 0 or max(cutoffs) > n_classes - 1 or any(int(c) != c for c in cutoffs):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 and "
                f"n_classes-1, got {cutoffs} for {n_classes} classes"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, device=device, dtype=dtype)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            hidden, classes = int(in_features // div_value ** (i + 1)), self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(
                    Linear(in_features, hidden, bias=False, device=device, dtype=dtype), Linear(hidden, classes, bias=False, device=device, dtype=dtype)
                )
            )

    def reset_parameters(self) -> None:
        """Draw the initial weights again."""
        self.head.reset_parameters()
        for tail in self.tail.children():
            for layer in tail.children():
                layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        dims = target_.dim()
        if dims > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if input_.dim() != dims + 1:
            raise RuntimeError(f"{dims}D target tensor expects {dims + 1}D input tensors, but found inputs with size {input_.size()}")
        if dims and input_.size(0) != target_.size(0):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        input, target = (input_, target_) if dims else (input_.unsqueeze(0), target_.unsqueeze(0))
        output = target_log_probs(input, target, self.head, list(self.tail), self.cutoffs)
        loss = (-output).mean()
        return _ASMoutput(output if dims else output.squeeze(0), loss)

    def _all(self, input: Tensor, head: Tensor) -> Tensor:
        log = F.log_softmax(head, dim=1)
        parts = [log[:, : self.shortlist_size]]
        for i, tail in enumerate(self.tail.children()):
            parts.append(F.log_softmax(tail(input), dim=1) + log[:, self.shortlist_size + i].unsqueeze(1))
        return cat(parts, 1)

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes: (N, in_features) to (N, n_classes)."""
        return self._all(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each row: (N, in_features) to (N,). The tails are looked at only where the head says so."""
        head = self.head(input)
        output = head.argmax(1)
        rows = (output >= self.shortlist_size).nonzero().squeeze(1)
        if rows.numel():
            found = self._all(input.index_select(0, rows), head.index_select(0, rows)).argmax(1)
            output = output.index_copy(0, rows, found)
        result: Tensor = output
        return result
