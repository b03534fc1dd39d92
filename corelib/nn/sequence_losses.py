"""Losses of sequences without known places, and of very many classes."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import corelib
from corelib import Tensor
from corelib.nn import functional as F
from corelib.nn.containers import ModuleList, Sequential
from corelib.nn.linear import Linear
from corelib.nn.loss import NLLLoss, _Loss, _WeightedLoss
from corelib.nn.module import Module
from corelib.nn.linear_losses import LinearCrossEntropyOptions

__all__ = ["AdaptiveLogSoftmaxWithLoss", "CTCLoss", "LinearCrossEntropyLoss", "NLLLoss2d"]


class CTCLoss(_Loss):
    """Minus the log-likelihood of labels without known places; see ``nn.functional.ctc_loss``.

    ``forward(log_probs, targets, input_lengths, target_lengths)``. Graves et al., "Connectionist temporal classification", 2006.

    >>> import corelib as torch
    >>> torch.nn.CTCLoss()(torch.full((2, 1, 2), 0.5).log(), torch.tensor([[1]]), [2], [1]).exp()
    tensor(1.3333)
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity)


class NLLLoss2d(NLLLoss):
    """NLLLoss by an old name, deprecated as in PyTorch."""

    def __init__(
        self, weight: Tensor | None = None, size_average: bool | None = None, ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
    ) -> None:
        warnings.warn("`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement.", FutureWarning, stacklevel=2)
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class LinearCrossEntropyLoss(_WeightedLoss):
    """Cross entropy of a linear layer of its own: (N, in_features) to ``num_classes`` logits, times ``out_features`` places.

    ``options`` goes through the batch in pieces; see ``nn.functional.linear_cross_entropy``. RuntimeError for a weight of another shape
    than (num_classes,) and for a ``label_smoothing`` outside [0, 1].

    >>> import corelib as torch
    >>> torch.nn.LinearCrossEntropyLoss(5, 10)(torch.randn(2, 5), torch.tensor([1, 7])).shape
    torch.Size([])
    """

    def __init__(
        self, in_features: int, num_classes: int, *, out_features: tuple[int, ...] = (), bias: bool = False, device: Any = None, dtype: Any = None,
        reduction: str = "mean", weight: Tensor | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        if weight is not None and weight.shape != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__(weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.linear = Linear(in_features, num_classes * math.prod(out_features), bias=bias, device=device, dtype=dtype)
        self.options = options

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        places = (self.num_classes, *self.out_features)
        weight, bias = self.linear.weight.reshape((*places, self.linear.in_features)), self.linear.bias
        return F.linear_cross_entropy(
            input, weight, target, linear_bias=None if bias is None else bias.reshape(places), weight=self.weight, reduction=self.reduction,
            ignore_index=self.ignore_index, label_smoothing=self.label_smoothing, options=self.options,
        )

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, "
            f"bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )


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
        self, in_features: int, n_classes: int, cutoffs: Any, div_value: float = 4.0, head_bias: bool = False, device: Any = None, dtype: Any = None,
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
        for inner, outer in self.tail.children():  # type: ignore[misc,attr-defined]
            inner.reset_parameters()
            outer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        dims = target_.dim()
        if dims > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if input_.dim() != dims + 1:
            raise RuntimeError(f"{dims}D target tensor expects {dims + 1}D input tensors, but found inputs with size {input_.size()}")
        if dims and input_.size(0) != target_.size(0):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        input, target = (input_, target_) if dims else (input_.unsqueeze(0), target_.unsqueeze(0))
        low, high = (int(target.min()), int(target.max())) if target.numel() else (0, 0)
        if low < 0 or high >= self.n_classes:
            raise RuntimeError(f"Target values should be in [0, {self.n_classes - 1}], but values in range [{low}, {high}] were found. ")
        output, places = input.new_zeros(target.size(0)), target
        for i, (first, last) in enumerate(zip(self.cutoffs[:-1], self.cutoffs[1:], strict=True)):
            rows = ((target >= first) & (target < last)).nonzero().squeeze(1)
            if rows.numel():
                log = F.log_softmax(self.tail[i](input.index_select(0, rows)), dim=1)
                here = log.gather(1, (target.index_select(0, rows) - first).unsqueeze(1)).squeeze(1)
                output = output.index_copy(0, rows, here)
                places = places.index_fill(0, rows, self.shortlist_size + i)
        output = output + F.log_softmax(self.head(input), dim=1).gather(1, places.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output if dims else output.squeeze(0), loss)

    def _all(self, input: Tensor, head: Tensor) -> Tensor:
        log = F.log_softmax(head, dim=1)
        parts = [log[:, : self.shortlist_size]]
        for i, tail in enumerate(self.tail.children()):
            parts.append(F.log_softmax(tail(input), dim=1) + log[:, self.shortlist_size + i].unsqueeze(1))
        return corelib.cat(parts, 1)

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
        return output  # type: ignore[no-any-return]
