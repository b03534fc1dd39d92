"""Learning-rate schedules: each sets its optimizer's learning rates once when made and again at every `step()`.

Most are chainable: the next rate follows from the present one, so several schedules can work on one optimizer.
"""

from corelib.optim.lr_scheduler.base import LRScheduler as LRScheduler, _LRScheduler as _LRScheduler
from corelib.optim.lr_scheduler.combined import ChainedScheduler as ChainedScheduler, SequentialLR as SequentialLR
from corelib.optim.lr_scheduler.cosine import (
    CosineAnnealingLR as CosineAnnealingLR,
    CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts,
)
from corelib.optim.lr_scheduler.cyclic import CyclicLR as CyclicLR, OneCycleLR as OneCycleLR
from corelib.optim.lr_scheduler.factors import (
    ConstantLR as ConstantLR,
    ExponentialLR as ExponentialLR,
    LambdaLR as LambdaLR,
    LinearLR as LinearLR,
    MultiplicativeLR as MultiplicativeLR,
    MultiStepLR as MultiStepLR,
    PolynomialLR as PolynomialLR,
    StepLR as StepLR,
)
from corelib.optim.lr_scheduler.plateau import ReduceLROnPlateau as ReduceLROnPlateau

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR", "LRScheduler",
    "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR",
]
