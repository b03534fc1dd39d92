"""LRScheduler, the base of all schedules, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import ref

from corelib.as_torch.warned import warn
from corelib.optim.optimizer import Group, Number, Optimizer, StateDict
from corelib.tensor.tensor import Tensor

Factor = Callable[[int], float]  # of the epoch

_ORDER = (
    "In PyTorch 1.1.0 and later, you should call them in the opposite order: `optimizer.step()` before "
    "`lr_scheduler.step()`.  Failure to do this will result in PyTorch skipping the first value of the learning rate "
    "schedule. See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)


def of_groups(optimizer: Optimizer, key: str) -> list[Number]:
    """An option of each parameter group."""
    # Tensors are copied, so that changing a returned rate does not change the optimizer's.
    return [g[key].clone() if isinstance(g[key], Tensor) else g[key] for g in optimizer.param_groups]


def checked(optimizer: Optimizer) -> Optimizer:
    """The optimizer; TypeError for what is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def set_rate(group: Group, lr: Number) -> None:
    """Give a parameter group another rate; one that is a tensor stays the same tensor."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(lr)
    else:
        group["lr"] = lr


def for_groups(name: str, optimizer: Optimizer, value: Number | list[float] | list[Number]) -> list[Number]:
    """An option for each parameter group: a list of as many, or one for all; ValueError for a list of another length."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value.clone() if isinstance(value, Tensor) else value for _ in range(groups)]
    if len(value) != groups:
        raise ValueError(f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, param_groups has {groups}.")
    return list(value)


def functions_for(optimizer: Optimizer, functions: Factor | list[Factor]) -> list[Factor]:
    """A function for each parameter group."""
    groups = len(optimizer.param_groups)
    if not isinstance(functions, (list, tuple)):
        return [functions] * groups
    if len(functions) != groups:
        raise ValueError(f"Expected {groups} lr_lambdas, but got {len(functions)}")
    return list(functions)


def warn_of_epoch() -> None:
    """The warning of a `step` that was told its epoch."""
    warn(
        "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use "
        "`scheduler.step()` to step the scheduler.",
        UserWarning,
    )


class LRScheduler:
    """The base of all schedules; a subclass gives `get_lr`, the rates of the epoch `self.last_epoch`.

    last_epoch: -1 to begin; otherwise the epoch to resume after, and the optimizer's groups must have "initial_lr"
    (KeyError). TypeError where `optimizer` is not one.
    """

    _get_lr_called_within_step = False
    _is_initial = False
    _last_lr: list[Number]

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                lr = group["lr"]
                group.setdefault("initial_lr", lr.clone() if isinstance(lr, Tensor) else lr)
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with last_epoch "
                    f">= 0 (={last_epoch}): load the optimizer's state first, or leave last_epoch at -1 for a new run"
                )
        self.base_lrs: list[Number] = of_groups(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _note_steps(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> StateDict:
        """Every attribute except the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: StateDict) -> None:
        """Take over what `state_dict` returned."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[Number]:
        """The rate of each parameter group that this schedule set last."""
        return self._last_lr

    def get_lr(self) -> list[Number]:
        """The rate of each parameter group at `self.last_epoch`; for `step` to call, see `get_last_lr`."""
        raise NotImplementedError(f"{type(self).__name__} has no get_lr()")

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch, or to `epoch` (deprecated); call it after the optimizer's `step`."""
        if self._step_count == 1:
            if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
                warn(
                    "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. "
                    "Please, make sure to call `optimizer.step()` before `lr_scheduler.step()`. See more details at "
                    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate",
                    UserWarning,
                )
            elif not self.optimizer._opt_called:
                warn(
                    f"Detected call of `lr_scheduler.step()` before `optimizer.step()`. {_ORDER}",
                    UserWarning,
                )
        self._step_count += 1
        if epoch is not None:
            warn_of_epoch()
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                values = self.get_lr()
            else:
                self.last_epoch = epoch
                closed_form = getattr(self, "_get_closed_form_lr", self.get_lr)
                values = closed_form()
        finally:
            self._get_lr_called_within_step = False
        self._set_rates(values)

    def _set_rates(self, values: list[Number]) -> None:
        for group, lr in zip(self.optimizer.param_groups, values, strict=True):
            set_rate(group, lr)
        self._last_lr = of_groups(self.optimizer, "lr")

    def _check_within_step(self) -> None:
        if not self._get_lr_called_within_step:
            warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
            )

    def _scaled(self, factor: float) -> list[Number]:
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _unchanged(self) -> list[Number]:
        return of_groups(self.optimizer, "lr")


class _LRScheduler(LRScheduler):
    """The name that the class had before PyTorch 2.0; schedules of programs derive from it."""



def _note_steps(optimizer: Optimizer) -> None:
    """Have the optimizer's `step` leave a mark, so that a schedule stepped before it can be told."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    bound: Any = optimizer.step
    step: Callable[..., Any] = bound.__func__
    # Weak, or the optimizer would hold itself through its own method.
    weak = ref(optimizer)

    @wraps(step)
    def noted(*args: Any, **kwargs: Any) -> Any:
        this = weak()
        assert this is not None  # it is called through its owner
        this._opt_called = True
        return step(this, *args, **kwargs)

    noted.__dict__["_wrapped_by_lr_sched"] = True
    patched: Any = optimizer
    patched.step = noted
