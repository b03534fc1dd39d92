"""A warning is shown at the line of the user's program that caused it, however deep below it comes from."""

import functools
import warnings
from pathlib import Path

import corelib as torch
import numpy as np
import pytest

F = torch.nn.functional


def scheduler():
    return torch.optim.lr_scheduler.StepLR(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1), 1)


def hooked():
    layer = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Linear(1, 1))
    layer.register_backward_hook(lambda module, before, after: None)
    return layer


CASES = {
    "an op's first call": lambda: F.mse_loss(torch.ones(2), torch.ones(3, 2)),
    "softmax": lambda: F.softmax(torch.ones(2, 2)),
    "a layer": lambda: torch.nn.Softmax()(torch.ones(2)),
    "a layer in a layer": lambda: torch.nn.Sequential(torch.nn.Sequential(torch.nn.Softmax()))(torch.ones(2)),
    "meshgrid": lambda: torch.meshgrid(torch.ones(2), torch.ones(2)),
    "old init": lambda: torch.nn.init.normal(torch.ones(2)),
    "tensor of a tensor": lambda: torch.tensor(torch.ones(2)),
    "scheduler": lambda: scheduler().step(),
    "get_lr": lambda: scheduler().get_lr(),
    "grid_sample": lambda: F.grid_sample(torch.ones(1, 1, 2, 2), torch.zeros(1, 2, 2, 2)),
    "a loss's old arguments": lambda: torch.nn.L1Loss(size_average=True),
    "a loss function's old arguments": lambda: F.l1_loss(torch.ones(2), torch.ones(2), reduce=True),
    "dropout2d": lambda: F.dropout2d(torch.ones(2, 2)),
    "an attribute": lambda: torch.ones(2, 3, 4).T,
    "grad of no leaf": lambda: (torch.ones(2, requires_grad=True) * 2).grad,
    "weight_norm": lambda: torch.nn.utils.weight_norm(torch.nn.Linear(1, 1)),
    "GRU": lambda: torch.nn.GRU(1, 1, 1, dropout=0.5),
    "transformer": lambda: torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(3, 3), 1),
    "autocast": lambda: torch.cuda.amp.autocast(),
    "range": lambda: torch.range(0, 3),
    "checkpoint": lambda: torch.utils.checkpoint.checkpoint(lambda a: a, torch.ones(1)),
    "clip_grad_norm": lambda: torch.nn.utils.clip_grad_norm([torch.nn.Parameter(torch.ones(1))], 1.0),
    "upsample": lambda: F.upsample(torch.ones(1, 1, 2, 2), 4),
    "searchsorted": lambda: torch.searchsorted(torch.ones(4), torch.ones(4, 2)[:, 0]),
    "backward hook": lambda: hooked()(torch.ones(1, 1, requires_grad=True)),
    "array that cannot be written": lambda: torch.from_numpy(np.frombuffer(b"abcd", dtype="uint8")),
    "hardtanh": lambda: torch.nn.Hardtanh(min_value=-1.0),
    "resize": lambda: torch.ones(2).resize(2),
    "complex": lambda: torch.complex(torch.ones(1), torch.ones(1)).to(torch.float32),
    "through functools and contextlib": lambda: functools.reduce(lambda a, b: F.softmax(a), [torch.ones(2, 2), 1]),
    "in no_grad": torch.no_grad()(lambda: F.softmin(torch.ones(2, 2))),
    "old order": lambda: torch.ones(2).add_(2, torch.ones(2)),
    "DataLoader": lambda: torch.utils.data.DataLoader([1], num_workers=1000),
}


@pytest.mark.parametrize("name", CASES)
def test_a_warning_is_shown_at_the_users_line(name):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        torch.set_warn_always(True)
        try:
            CASES[name]()
        finally:
            torch.set_warn_always(False)
    assert told
    assert {w.filename for w in told} == {__file__}
    first = CASES[name].__code__.co_firstlineno if hasattr(CASES[name], "__code__") and CASES[name].__name__ == "<lambda>" else None
    if name not in ("scheduler", "get_lr", "backward hook", "in no_grad"):
        assert told[0].lineno == first


def test_no_warning_counts_its_callers():
    root = Path(torch.__file__).parent
    told = {str(path.relative_to(root)) for path in root.rglob("*.py") if "warnings.warn(" in path.read_text(encoding="utf-8")}
    assert told <= {"tensor/storage.py"}, "use corelib.as_torch.warned.warn, which finds the user's line"
