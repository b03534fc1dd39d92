"""Optimizers and learning-rate schedules, with PyTorch's names, state and defaults."""

from corelib.optim import lr_scheduler as lr_scheduler
from corelib.optim.adam import Adam as Adam
from corelib.optim.adamw import AdamW as AdamW
from corelib.optim.optimizer import Optimizer as Optimizer
from corelib.optim.sgd import SGD as SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "lr_scheduler"]
