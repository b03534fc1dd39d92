"""corelib.vision.ops.misc and stochastic_depth: their values, shapes and errors."""

import pytest

import corelib as torch
from corelib.vision.ops import misc
from corelib.vision.ops.stochastic_depth import StochasticDepth, stochastic_depth


def test_rows_are_left_out_and_the_rest_is_scaled():
    torch.manual_seed(0)
    out = stochastic_depth(torch.ones(200, 2, 3), 0.25, "row")
    rows = out.flatten(1)
    kept = (rows[:, 0] != 0).sum().item()
    assert 120 < kept < 180
    assert sorted(rows.unique().tolist()) == pytest.approx([0.0, 4 / 3]) and bool((rows == rows[:, :1]).all())


def test_a_batch_is_left_out_as_one():
    torch.manual_seed(0)
    sums = {stochastic_depth(torch.ones(4, 1), 0.5, "batch").sum().item() for _ in range(30)}
    assert sums == {0.0, 8.0}


@pytest.mark.parametrize("mode", ["row", "batch"])
def test_nothing_changes_outside_of_training(mode):
    x = torch.randn(3, 2)
    assert stochastic_depth(x, 0.9, mode, training=False) is x and stochastic_depth(x, 0.0, mode) is x
    layer = StochasticDepth(0.9, mode)
    assert layer.eval()(x) is x and repr(layer) == f"StochasticDepth(p=0.9, mode={mode})"
    assert stochastic_depth(x, 1.0, mode).abs().sum() == 0


@pytest.mark.parametrize(("p", "mode", "told"), [(-0.1, "row", "between 0 and 1"), (1.1, "row", "between 0 and 1"), (0.5, "column", "'batch' or 'row'")])
def test_other_probabilities_and_modes_are_refused(p, mode, told):
    with pytest.raises(ValueError, match=told):
        stochastic_depth(torch.ones(1), p, mode)


def test_convolutions_keep_the_size_and_have_a_bias_without_a_norm():
    layer = misc.Conv2dNormActivation(3, 4, kernel_size=(3, 5), dilation=2)
    assert layer(torch.zeros(1, 3, 9, 9)).shape == (1, 4, 9, 9) and layer.out_channels == 4
    assert layer[0].padding == (2, 4) and layer[0].bias is None and len(layer) == 3 and layer[2].inplace
    bare = misc.Conv2dNormActivation(3, 4, norm_layer=None, activation_layer=None)
    assert len(bare) == 1 and bare[0].bias is not None
    volume = misc.Conv3dNormActivation(1, 2, kernel_size=3, dilation=(1, 2, 3), activation_layer=torch.nn.GELU, inplace=None)
    assert volume(torch.zeros(1, 1, 5, 5, 5)).shape == (1, 2, 5, 5, 5) and volume[0].padding == (1, 2, 3)
    with pytest.warns(UserWarning, match="base class"):
        misc.ConvNormActivation(1, 1)


def test_channels_are_scaled_by_their_means():
    layer = misc.SqueezeExcitation(2, 1)
    for conv, weight, bias in ((layer.fc1, [[[[1.0]], [[1.0]]]], [0.0]), (layer.fc2, [[[[1.0]]], [[[-1.0]]]], [0.0, 0.0])):
        conv.weight.data.copy_(torch.tensor(weight))
        conv.bias.data.copy_(torch.tensor(bias))
    x = torch.tensor([[[[1.0, 3.0]], [[0.0, 2.0]]]])
    s = torch.sigmoid(torch.tensor([3.0, -3.0])).view(1, 2, 1, 1)  # the means are 2 and 1
    torch.testing.assert_close(layer(x), x * s)


def test_an_mlp_has_norms_between_its_layers():
    layer = misc.MLP(4, [8, 6, 2], norm_layer=torch.nn.LayerNorm, activation_layer=torch.nn.Tanh, bias=False, dropout=0.5)
    assert [type(part).__name__ for part in layer] == ["Linear", "LayerNorm", "Tanh", "Dropout"] * 2 + ["Linear", "Dropout"]
    assert layer(torch.zeros(3, 4)).shape == (3, 2) and layer[0].bias is None
    with pytest.raises(TypeError, match="activation_layer"):
        misc.MLP(4, [8, 2], activation_layer=None)


def test_a_frozen_norm_uses_its_buffers_and_loads_those_of_a_batch_norm():
    norm = torch.nn.BatchNorm2d(2)
    norm.running_mean.copy_(torch.tensor([1.0, -1.0]))
    norm.running_var.copy_(torch.tensor([4.0, 0.25]))
    norm.weight.data.copy_(torch.tensor([2.0, 3.0]))
    frozen = misc.FrozenBatchNorm2d(2)
    frozen.load_state_dict(norm.state_dict())
    x = torch.randn(2, 2, 3, 3)
    torch.testing.assert_close(frozen.train()(x), norm.eval()(x))
    assert repr(frozen) == "FrozenBatchNorm2d(2, eps=1e-05)" and not list(frozen.parameters())


def test_dimensions_are_permuted():
    assert misc.Permute([0, 2, 3, 1])(torch.zeros(1, 2, 3, 4)).shape == (1, 3, 4, 2)
