"""Optimizers and learning-rate schedules, with PyTorch's names, state and defaults."""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.optim import lr_scheduler as lr_scheduler, swa_utils as swa_utils
from corelib.optim.adadelta import Adadelta as Adadelta
from corelib.optim.adafactor import Adafactor as Adafactor
from corelib.optim.adagrad import Adagrad as Adagrad
from corelib.optim.adam import Adam as Adam
from corelib.optim.adamax import Adamax as Adamax
from corelib.optim.adamw import AdamW as AdamW
from corelib.optim.asgd import ASGD as ASGD
from corelib.optim.lbfgs import LBFGS as LBFGS
from corelib.optim.muon import Muon as Muon
from corelib.optim.nadam import NAdam as NAdam
from corelib.optim.optimizer import Optimizer as Optimizer
from corelib.optim.radam import RAdam as RAdam
from corelib.optim.rmsprop import RMSprop as RMSprop
from corelib.optim.rprop import Rprop as Rprop
from corelib.optim.sgd import SGD as SGD
from corelib.optim.swapping import swap_in_optimizer_params_and_state as swap_in_optimizer_params_and_state

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Muon", "NAdam", "Optimizer", "RAdam",
    "RMSprop", "Rprop", "lr_scheduler", "swa_utils", "swap_in_optimizer_params_and_state",
]

_paths_below(__name__)
