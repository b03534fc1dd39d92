"""Connectionist temporal classification (Graves et al., 2006): how likely unsegmented labels are under a sequence of log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.dispatcher.operands import Aside
from corelib.ops.construction.creation import arange, full
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.reads import read_together
from corelib.ops.indexing.rows import KNOWN, within_bounds
from corelib.ops.losses.losses import reduction_of
from corelib.ops.shape.joining import cat, stack
from corelib.ops.spatial.padding import constant_pad
from corelib.tensor import dtype as D
from corelib.tensor.host import np
from corelib.tensor.dtype import Number
from corelib.tensor.tensor import Tensor

_NEVER = float("-inf")


def _added(*terms: Tensor) -> Tensor:
    """log of the sum of exponentials of several tensors, -inf where all are."""
    top = terms[0]
    for t in terms[1:]:
        top = top.maximum(t)
    base = select_where(top == _NEVER, 0.0, top)
    total = (terms[0] - base).exp()
    for t in terms[1:]:
        total = total + (t - base).exp()
    return total.log() + base


class _Paths:
    """The blanks and labels (n, 2s + 1) that a path goes through, and the log-probability of each at each time."""

    def __init__(self, log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int) -> None:
        self.t, n, _ = log_probs._shape
        device = log_probs._device
        blanks = full(targets._shape, blank, dtype=D.int64, device=device)
        ones = full((n, 1), blank, dtype=D.int64, device=device)
        self.labels = ones if targets._shape[1] == 0 else stack([blanks, targets], 2).reshape((n, -1))
        if targets._shape[1]:
            self.labels = cat([self.labels, ones], 1)
        self.places = arange(self.labels._shape[1], device=device)
        self.log = log_probs.gather(2, self.labels.unsqueeze(0).expand((self.t, *self.labels._shape)))
        self.last = (2 * target_lengths).unsqueeze(1)  # the final blank
        self.ends = (input_lengths - 1).unsqueeze(1)
        # A label may follow another without a blank between them, unless they are the same.
        two_back = self.shifted(self.labels, 2, -1)
        self.skips = (self.places % 2 == 1) & (self.places > 1) & (self.labels != two_back)
        self.shape, self.device, self.target_lengths = self.labels._shape, device, target_lengths

    def shifted(self, x: Tensor, by: int, fill: Number) -> Tensor:
        """Each place's `by`-th neighbour before it, or behind it if negative."""
        width = x._shape[1]
        if abs(by) >= width:
            return x.new_full(x._shape, fill)
        wide = constant_pad(x, ((0, 0), (max(by, 0), max(-by, 0))), fill)
        return wide.narrow(1, max(-by, 0), width)

    def alphas(self) -> list[Tensor]:
        """For each time, the log-probability (n, 2s + 1) of all ways to be at a place."""
        rows = [select_where(self.places < 2, self.log[0], _NEVER)]
        for t in range(1, self.t):
            a = rows[-1]
            skip = select_where(self.skips, self.shifted(a, 2, _NEVER), _NEVER)
            rows.append(_added(a, self.shifted(a, 1, _NEVER), skip) + self.log[t])
        return rows

    def betas(self) -> list[Tensor]:
        """For each time, the log-probability of all ways to go on from a place, itself included."""
        rows: list[Tensor] = []
        final = (self.places == self.last) | ((self.places == self.last - 1) & (self.target_lengths > 0).unsqueeze(1))
        skips = self.shifted(self.skips.long(), -2, 0) != 0
        b: Tensor | None = None
        for t in reversed(range(self.t)):
            start = select_where(final, self.log[t], _NEVER)
            if b is None:
                b = select_where(self.ends == t, start, _NEVER)
            else:
                skip = select_where(skips, self.shifted(b, -2, _NEVER), _NEVER)
                moved = _added(b, self.shifted(b, -1, _NEVER), skip) + self.log[t]
                b = select_where(self.ends == t, start, select_where(self.ends > t, moved, _NEVER))
            rows.append(b)
        return rows[::-1]

    def loss(self, alphas: list[Tensor]) -> Tensor:
        """Minus the log-probability of each sample's labels: (n,)."""
        n, width = self.shape
        if self.t == 0:
            return select_where(self.target_lengths == 0, self.log.new_zeros((n,)), float("inf"))
        at = self.ends.clamp(0).reshape((1, n, 1)).expand((1, n, width))
        a = stack(alphas).gather(0, at).squeeze(0)
        end = a.gather(1, self.last).squeeze(1)
        before = a.gather(1, (self.last - 1).clamp(0)).squeeze(1)
        before = select_where(self.target_lengths > 0, before, _NEVER)
        none = select_where(self.target_lengths == 0, 0.0, float("inf")).to(end._dtype)
        return select_where(self.ends.squeeze(1) < 0, none, -_added(end, before))


@within_bounds
def _backward(
    g: Tensor, log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int, zero_infinity: bool,
    out: Tensor,
) -> Tensor:
    """PyTorch's gradient, which takes the log-probabilities for a log-softmax: probabilities minus posteriors."""
    if log_probs._device.type == "meta":
        return log_probs * g.reshape((1, -1, 1))
    paths = _Paths(log_probs, targets, input_lengths, target_lengths, blank)
    if paths.t == 0:
        return log_probs.new_zeros(log_probs._shape)
    alphas = paths.alphas()
    loss = paths.loss(alphas) if zero_infinity else out
    joint = stack(alphas) + stack(paths.betas()) - paths.log + loss.reshape((1, -1, 1))
    posterior = select_where(joint == _NEVER, 0.0, joint.exp())
    index = paths.labels.unsqueeze(0).expand(posterior._shape)
    spread = log_probs.new_zeros(log_probs._shape).scatter_add(2, index, posterior)
    made = (log_probs.exp() - spread) * g.reshape((1, -1, 1))
    times = arange(paths.t, device=log_probs._device).reshape((-1, 1, 1))
    made = select_where(times < input_lengths.reshape((1, -1, 1)), made, 0.0)
    return select_where((loss == float("inf")).reshape((1, -1, 1)), 0.0, made) if zero_infinity else made


def _infer(log_probs: Tensor, *rest: object) -> Inferred:
    return ((log_probs._shape[1],), log_probs._dtype), (log_probs, *rest)


@op(on=(), infer=_infer, grad_name="CtcLossBackward0", vjp={"log_probs": _backward})
def ctc_paths(
    log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int, zero_infinity: bool
) -> Tensor:
    """The loss of each sample, from padded targets (n, s) and lengths as tensors."""
    paths = _Paths(log_probs, targets, input_lengths, target_lengths, blank)
    loss = paths.loss(paths.alphas() if paths.t else [])
    return select_where(loss == float("inf"), 0.0, loss) if zero_infinity else loss


def _read(*values: Tensor | int | Sequence[int]) -> list[Any]:
    """The lengths and the targets on the host, all with one read; of targets without values, on meta, themselves."""
    found: list[Any] = list(values)
    there = [i for i, v in enumerate(values) if isinstance(v, Tensor) and not (i == 2 and v._device.type == "meta")]
    for i, array in zip(there, read_together(*[values[i] for i in there]), strict=True):  # type: ignore[arg-type]
        found[i] = array if i == 2 else array.tolist()
    return found


def _integral(what: str, value: object) -> None:
    if isinstance(value, Tensor) and value._dtype not in D.INTEGERS:
        raise RuntimeError(f"ctc_loss(): {what} must be integral, got {value._dtype}")


def _lengths(what: str, value: int | Sequence[int], n: int) -> list[int]:
    made = [value] if isinstance(value, int) else [int(v) for v in value]
    if len(made) != n:
        raise RuntimeError(f"ctc_loss(): {what} must be of size batch_size, {n}, got {len(made)}")
    if min(made, default=0) < 0:
        raise RuntimeError(f"ctc_loss(): Expected {what} to have value at least 0, but got value {min(made)}")
    return made


def _padded(numbers: Any, labels: list[int], joined: bool, blank: int, classes: int) -> Any:
    """The labels (n, s) of each sample, blanks behind them; from all of them one after the other (`joined`) or (n, at least s)."""
    made = np.full((len(labels), max(labels, default=0)), blank, "int64")
    at = 0
    for i, length in enumerate(labels):
        made[i, :length] = numbers[at : at + length] if joined else numbers.reshape(len(labels), -1)[i, :length]
        at += length
    if made.size and not 0 <= made.min() <= made.max() < classes:
        wrong = made.min() if made.min() < 0 else made.max()
        raise RuntimeError(f"ctc_loss(): Expected targets to have values from 0 to {classes - 1}, but got value {wrong}")
    return made


@op(on=("nn.functional",))
def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Aside[Tensor | int | Sequence[int]],
    target_lengths: Aside[Tensor | int | Sequence[int]], blank: int = 0, reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:
    """Minus the log-likelihood of labels without known places, under log-probabilities (t, n, classes) or (t, classes).

    targets: (n, s) padded, or all labels one after another. The lengths: (n,) each. zero_infinity: no loss and no gradient where the
    input is too short for its labels. With "mean" each loss is divided by its target's length first. float32 and float64.

    >>> import corelib as torch
    >>> x = torch.full((2, 1, 2), 0.5).log()
    >>> torch.nn.functional.ctc_loss(x, torch.tensor([[1]]), [2], [1]).exp()
    tensor(1.3333)
    """
    reduction = reduction_of("ctc_loss", reduction)
    if log_probs._dtype not in (D.float32, D.float64):
        raise RuntimeError(f"ctc_loss(): \"ctc_loss\" not implemented for '{log_probs._dtype}'; float32 and float64 are accepted")
    if targets._dtype not in D.INTEGERS:
        raise RuntimeError(f"ctc_loss(): targets must be of an integer dtype, got {targets._dtype}")
    batched = len(log_probs._shape) == 3
    x = log_probs if batched else log_probs.unsqueeze(1)
    if len(x._shape) != 3:
        raise RuntimeError(f"ctc_loss(): Expected log_probs of 2 or 3 dimensions, got {len(log_probs._shape)}")
    t, n, classes = x._shape
    if not x._numel:
        raise RuntimeError(f"ctc_loss(): log_probs tensor must not be empty, got shape {list(log_probs._shape)}")
    _integral("input_lengths", input_lengths)
    _integral("target_lengths", target_lengths)
    lengths, parts, numbers = _read(input_lengths, target_lengths, targets)
    inputs, labels = _lengths("input_lengths", lengths, n), _lengths("target_lengths", parts, n)
    if not 0 <= blank < classes:
        raise RuntimeError(f"ctc_loss(): blank must be in label range, got {blank} for {classes} classes")
    for b, length in enumerate(inputs):
        if length < 0 or length > t:
            raise RuntimeError(f"ctc_loss(): Expected input_lengths to have value at most {t} and at least 0, but got value {length} (while checking arguments for batch {b})")
    if min(labels, default=0) < 0:
        raise RuntimeError(f"ctc_loss(): Expected target_lengths to be non-negative, but got {labels}")
    longest = max(labels, default=0)
    shape = targets._shape
    joined = len(shape) == 1 and batched
    if joined and shape[0] != sum(labels):
        raise RuntimeError(f"ctc_loss(): Expected targets to have {sum(labels)} elements, the sum of target_lengths, but got {shape[0]}")
    if not joined:
        shape = shape if batched else (1, targets._numel)
        if len(shape) != 2 or shape[0] != n or shape[1] < longest:
            raise RuntimeError(f"ctc_loss(): Expected targets of shape ({n}, at least {longest}), or of one dimension, but got {list(targets._shape)}")
    y = x.new_tensor(_padded(numbers, labels, joined, blank, classes), dtype=D.int64) if numbers is not targets else x.new_empty((n, longest), dtype=D.int64)
    input_at, target_at = x.new_tensor(inputs, dtype=D.int64), x.new_tensor(labels, dtype=D.int64)
    with KNOWN:
        loss = ctc_paths(x, y, input_at, target_at, blank, zero_infinity)
    if reduction == "mean":
        return (loss / target_at.clamp(1).to(loss._dtype)).mean()
    if reduction == "sum":
        return loss.sum()
    return loss if batched else loss.squeeze(0)
