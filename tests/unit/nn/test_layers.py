"""Layers: what the oracle cannot say, such as randomness of dropout and the public names."""

import subprocess
import sys

import pytest

import corelib as torch
from corelib import nn


def test_dropout_drops_about_p_and_scales_the_rest():
    torch.manual_seed(0)
    out = nn.Dropout(0.25)(torch.ones(10000))
    kept = out != 0
    assert abs(kept.float().mean().item() - 0.75) < 0.02
    assert (out[kept] - 1 / 0.75).abs().max().item() < 1e-6


def test_dropout_passes_gradients_where_it_kept():
    x = torch.ones(1000, requires_grad=True)
    out = nn.Dropout(0.5)(x)
    out.sum().backward()
    assert x.grad.tolist() == out.detach().tolist()


def test_channel_dropout_drops_whole_channels():
    torch.manual_seed(0)
    layers = {nn.Dropout1d(): (50, 4, 3), nn.Dropout2d(): (50, 4, 3, 2), nn.Dropout3d(): (50, 4, 3, 2, 2)}
    for layer, shape in layers.items():
        values = layer(torch.ones(shape)).reshape(200, -1)
        kept = values[:, 0] != 0
        assert (values == values[:, :1]).all()
        assert 60 < kept.sum().item() < 140


def test_dropout_of_everything_is_zero_and_in_evaluation_nothing_is_dropped():
    assert nn.Dropout(1.0)(torch.ones(5)).tolist() == [0.0] * 5
    assert nn.Dropout(1.0).eval()(torch.ones(5)).tolist() == [1.0] * 5


def test_functional_lists_its_names_and_refuses_others():
    import corelib.nn.functional as F

    assert set(dir(F)) >= {"relu", "cross_entropy"}
    for name in F.__all__:
        assert callable(getattr(F, name)), name
    with pytest.raises(AttributeError, match=r"'corelib.nn.functional' has no attribute 'nothing'"):
        F.nothing  # noqa: B018


def test_importing_nn_imports_no_numpy():
    code = "import sys, corelib.nn; corelib.nn.Linear; assert 'numpy' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_is_there():
    for name in nn.__all__:
        assert getattr(nn, name) is not None


def test_a_small_network_learns():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([0, 1, 1, 0])
    loss_fn = nn.CrossEntropyLoss()
    for _ in range(300):
        net.zero_grad()
        loss = loss_fn(net(x), y)
        loss.backward()
        with torch.no_grad():
            for p in net.parameters():
                p.sub_(p.grad * 0.5)
    assert loss.item() < 0.1
    assert net(x).argmax(1).tolist() == [0, 1, 1, 0]
