"""The update of one parameter by SGD, Adam, RMSprop and Adagrad, each as one op that changes its tensors in place; and of many by SGD or Adam.

A backend may have a kernel of the same name, which gets the native arrays in the order of the op's parameters and
changes all of them but the gradient. The bodies keep PyTorch's order of operations, so that trajectories agree to
rounding. Nothing is recorded, whether or not recording is on: an update is no part of any graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from corelib.contract.kernels import Native
from corelib.dispatcher.calls import fallback
from corelib.dispatcher.calls.inplace import check_writable
from corelib.dispatcher.calls.outcome import after, next_computed
from corelib.dispatcher.declare import op
from corelib.dispatcher.modes import active
from corelib.dispatcher.op import TABLE, Op
from corelib.graph.grad_mode import no_grad
from corelib.tensor.tensor import Tensor


def update(name: str) -> Callable[..., None]:
    """The update of that name, for an optimizer to call once a parameter: an op, or where nobody watches calls what that runs."""
    op = TABLE[name]
    found: Callable[..., None] = op.entry if active.count else op.body
    return found


def updates(
    name: str, rows: Sequence[tuple[Tensor | None, ...]], attributes: tuple[float, ...], counts: Sequence[Tensor] | None = None
) -> bool:
    """The update of that name, `_sgd_steps_` or `_adam_steps_`, of many parameters with one set of options, where their device has a kernel for
    that; False, and nothing done, where each is to be updated by itself.

    rows: each (parameter, gradient, states), where a state that there is not is None for all. counts: the numbers of steps on the device, in
    place of the first of the attributes; one is added to each.
    """
    param = rows[0][0]
    assert param is not None
    device, dtype = param._device, param._dtype
    table = TABLE[name].kernels.get(param._key)
    kernel = None if table is None else table.get(dtype)
    if kernel is None or active.count:
        return False
    for row in rows:
        first = row[0]
        assert first is not None
        if first._inference:
            return False
        for t in row:
            if t is not None and (t._dtype is not dtype or t._device is not device or t._strides is not None):
                return False
        if any(t is not None and t._numel != first._numel for t in row[1:3]):
            return False
    columns: list[Any] = [[None if t is None else t._array() for t in column] for column in zip(*rows, strict=True)]
    if counts is not None:
        columns.append([t._array() for t in counts])
    try:
        got = kernel(*columns, *attributes)
    except Exception as error:
        got = after(error, TABLE[name], device, (*columns, *attributes), partial(kernel, *columns, *attributes))
    if got is not None:
        return False
    for t in (*[t for row in rows for t in (row[0], *row[2:])], *(counts or ())):
        if t is not None:
            t._own_storage()._version += 1
    return True


class Together:
    """Calls of an update that are kept, and made at once for all parameters with the same options."""

    def __init__(self, name: str, one: Callable[..., None], width: int) -> None:
        self._name = name
        self._one = one
        self._width = width
        self._rows: dict[tuple[Any, ...], list[tuple[Tensor | None, ...]]] = {}

    @classmethod
    def of(cls, name: str, one: Callable[..., None], width: int, params: Sequence[Tensor]) -> Together | None:
        """Where the parameters' device has the kernel `name`, of many; else None. one: the update of one; width: how many tensors it is given."""
        return cls(name, one, width) if params and TABLE[name].kernels.get(params[0]._key) is not None else None

    def add(self, *args: Any) -> None:
        """One call, with the arguments of the update of one."""
        self._rows.setdefault(args[self._width :], []).append(args[: self._width])

    def run(self) -> None:
        """Make the calls."""
        for options, rows in self._rows.items():
            if not updates(self._name, rows, options):
                for row in rows:
                    self._one(*row, *options)


def _run_kernel(
    op: Op, param: Tensor, grad: Tensor, states: tuple[Tensor | None, ...], attributes: tuple[float, ...]
) -> bool:
    """Run the backend's kernel on tensors of one shape, dtype and device; False where the body has to do it."""
    device = param._device
    dtype, shape = param._dtype, param._shape
    table = op.kernels.get(param._key)
    kernel = None if table is None else table.get(dtype)
    if kernel is None or grad._dtype is not dtype or grad._device is not device or grad._shape != shape:
        return False
    if param._strides is not None or grad._strides is not None or param._inference:
        with no_grad():  # a leaf that requires grad is just what is updated here
            check_writable(op.name, param)
        if not device.runtime.strided_any:
            return False
    natives: list[Native] = []
    for t in states:
        if t is None:
            natives.append(None)
            continue
        if t._dtype is not dtype or t._device is not device or t._shape != shape:
            return False
        if t._strides is not None and not device.runtime.strided_any:
            return False
        native = t._native
        natives.append(t._array() if native is None else native)
    target, gradient = param._native, grad._native
    if target is None:
        target = param._array()
    if gradient is None:
        gradient = grad._array()
    given = (target, gradient, *natives, *attributes)
    try:
        got = kernel(*given)
    except Exception as error:
        got = after(error, op, device, given, partial(kernel, *given))
    if got is not None and got is not target and not next_computed(op, device, dtype, got, *given):
        return False
    storage = param._storage
    if storage is None:
        storage = param._own_storage()
    storage._version += 1
    for t in states:
        if t is not None:
            t._own_storage()._version += 1
    return True


@op(kind="composite", on=())
def _sgd_step_(
    param: Tensor, grad: Tensor, momentum_buffer: Tensor | None, lr: float, momentum: float, dampening: float,
    weight_decay: float, nesterov: bool, maximize: bool, first: bool,
) -> None:
    """One step of SGD on `param`. `momentum_buffer` is None without momentum; at the `first` step it is only written.

    All tensors have one shape and one floating dtype.
    """
    attributes = (lr, momentum, dampening, weight_decay, nesterov, maximize, first)
    if not _run_kernel(TABLE["_sgd_step_"], param, grad, (momentum_buffer,), attributes):
        with no_grad():
            _sgd_body(param, grad, momentum_buffer, *attributes)


def _sgd_body(
    param: Tensor, grad: Tensor, momentum_buffer: Tensor | None, lr: float, momentum: float, dampening: float,
    weight_decay: float, nesterov: bool, maximize: bool, first: bool,
) -> None:
    fallback.ran_body(TABLE["_sgd_step_"], param._device)
    step = -grad if maximize else grad
    if weight_decay != 0:
        step = step.add(param, alpha=weight_decay)
    if momentum_buffer is not None:
        if first:
            momentum_buffer.copy_(step)
        else:
            momentum_buffer.mul_(momentum).add_(step, alpha=1 - dampening)
        step = step.add(momentum_buffer, alpha=momentum) if nesterov else momentum_buffer
    param.add_(step, alpha=-lr)


@op(kind="composite", on=())
def _adam_step_(
    param: Tensor, grad: Tensor, exp_avg: Tensor, exp_avg_sq: Tensor, max_exp_avg_sq: Tensor | None, step: int,
    lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, amsgrad: bool, maximize: bool,
    decoupled: bool,
) -> None:
    """Step number `step` (from 1) of Adam on `param`, or of AdamW where weight decay is `decoupled`.

    All tensors have one shape and one floating dtype, and `max_exp_avg_sq` is None without `amsgrad`.
    """
    attributes = (step, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize, decoupled)
    states = (exp_avg, exp_avg_sq, max_exp_avg_sq)
    if not _run_kernel(TABLE["_adam_step_"], param, grad, states, attributes):
        with no_grad():
            _adam_body(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, *attributes)


def _adam_body(
    param: Tensor, grad: Tensor, exp_avg: Tensor, exp_avg_sq: Tensor, max_exp_avg_sq: Tensor | None, step: int,
    lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, amsgrad: bool, maximize: bool,
    decoupled: bool,
) -> None:
    fallback.ran_body(TABLE["_adam_step_"], param._device)
    g = -grad if maximize else grad
    if weight_decay != 0:
        if decoupled:
            param.mul_(1 - lr * weight_decay)
        else:
            g = g.add(param, alpha=weight_decay)
    exp_avg.lerp_(g, 1 - beta1)
    square = exp_avg_sq.mul_(beta2).addcmul_(g, g, value=1 - beta2)
    if amsgrad and max_exp_avg_sq is not None:
        square = max_exp_avg_sq.copy_(max_exp_avg_sq.maximum(square))
    denominator = (square.sqrt() / (1 - beta2**step) ** 0.5).add_(eps)
    param.addcdiv_(exp_avg, denominator, value=-lr / (1 - beta1**step))


@op(kind="composite", on=())
def _sgd_steps_(
    params: Sequence[Tensor], grads: Sequence[Tensor], momentum_buffers: Sequence[Tensor | None], lr: float, momentum: float, dampening: float,
    weight_decay: float, nesterov: bool, maximize: bool, first: bool,
) -> None:
    """`_sgd_step_` of many parameters of one device and dtype, whose tensors are contiguous."""
    for each in zip(params, grads, momentum_buffers, strict=True):
        _sgd_step_(*each, lr, momentum, dampening, weight_decay, nesterov, maximize, first)


@op(kind="composite", on=())
def _adam_steps_(
    params: Sequence[Tensor], grads: Sequence[Tensor], exp_avgs: Sequence[Tensor], exp_avg_sqs: Sequence[Tensor],
    max_exp_avg_sqs: Sequence[Tensor | None], step: int | Sequence[Tensor], lr: float, beta1: float, beta2: float, eps: float, weight_decay: float,
    amsgrad: bool, maximize: bool, decoupled: bool,
) -> None:
    """`_adam_step_` of many parameters of one device and dtype, whose tensors are contiguous; `step` may be their counts on the device."""
    if not isinstance(step, int):
        raise NotImplementedError("_adam_steps_: counts of steps on the device need a kernel")
    for each in zip(params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, strict=True):
        _adam_step_(*each, step, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize, decoupled)


@op(kind="composite", on=())
def _rmsprop_step_(
    param: Tensor, grad: Tensor, square_avg: Tensor, grad_avg: Tensor | None, momentum_buffer: Tensor | None, lr: float, alpha: float, eps: float,
    weight_decay: float, momentum: float,
) -> None:
    """One step of RMSprop on `param`; `grad_avg` is there where it is centered, and `momentum_buffer` with momentum.

    All tensors have one shape and one floating dtype.
    """
    attributes = (lr, alpha, eps, weight_decay, momentum)
    if not _run_kernel(TABLE["_rmsprop_step_"], param, grad, (square_avg, grad_avg, momentum_buffer), attributes):
        fallback.ran_body(TABLE["_rmsprop_step_"], param._device)
        with no_grad():
            rmsprop_update(param, grad, square_avg, grad_avg, momentum_buffer, *attributes)


def rmsprop_update(
    param: Tensor, grad: Tensor, square_avg: Tensor, grad_avg: Tensor | None, momentum_buffer: Tensor | None, lr: float, alpha: float, eps: float,
    weight_decay: float, momentum: float,
) -> None:
    """The same as ops one after the other, which are recorded where recording is on."""
    g = grad if weight_decay == 0 else grad.add(param, alpha=weight_decay)
    square_avg.mul_(alpha).addcmul_(g, g, value=1 - alpha)
    spread = square_avg
    if grad_avg is not None:
        grad_avg.lerp_(g, 1 - alpha)
        spread = square_avg.addcmul(grad_avg, grad_avg, value=-1)
    root = spread.sqrt().add(eps)
    if momentum_buffer is not None:
        momentum_buffer.mul_(momentum).addcdiv_(g, root)
        param.add_(momentum_buffer, alpha=-lr)
    else:
        param.addcdiv_(g, root, value=-lr)


@op(kind="composite", on=())
def _adagrad_step_(param: Tensor, grad: Tensor, total: Tensor, rate: float, eps: float, weight_decay: float) -> None:
    """One step of Adagrad on `param`, with the sum of squares in `total`; `rate` has its decay in it."""
    if not _run_kernel(TABLE["_adagrad_step_"], param, grad, (total,), (rate, eps, weight_decay)):
        fallback.ran_body(TABLE["_adagrad_step_"], param._device)
        with no_grad():
            adagrad_update(param, grad, total, rate, eps, weight_decay)


def adagrad_update(param: Tensor, grad: Tensor, total: Tensor, rate: float, eps: float, weight_decay: float) -> None:
    """The same as ops one after the other."""
    g = grad if weight_decay == 0 else grad.add(param, alpha=weight_decay)
    total.addcmul_(g, g, value=1)
    param.addcdiv_(g, total.sqrt().add(eps), value=-rate)
