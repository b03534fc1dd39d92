"""`corelib.utils.summary`: known counts of known models, and what it says of inputs that do not fit."""

import corelib
import pytest
from corelib import nn
from corelib.utils import summary


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


# By hand: a filter of 5 x 5 for each pair of channels, at 28 x 28 and 10 x 10 places; a multiplication and an addition are two.
LENET = {
    "features.0": (6 * 25 + 6, 2 * 6 * 25 * 28 * 28),
    "features.3": (16 * 6 * 25 + 16, 2 * 16 * 6 * 25 * 10 * 10),
    "classifier.0": (400 * 120 + 120, 2 * 400 * 120),
    "classifier.2": (120 * 84 + 84, 2 * 120 * 84),
    "classifier.4": (84 * 10 + 10, 2 * 84 * 10),
}


def by_path(found):
    return {layer.path: layer for layer in found.layers}


def test_a_lenets_parameters_and_flops_are_those_counted_by_hand():
    found = summary(LeNet(), (1, 1, 32, 32))
    assert (found.parameters, found.trainable, found.flops) == (61_706, 61_706, 833_040)
    assert found.parameter_bytes == 4 * 61_706 and found.buffers == 0
    assert {layer.path: (layer.parameters, layer.flops) for layer in found.layers if layer.parameters} == LENET
    assert by_path(found)["features.3"].output_shape == "[1, 16, 10, 10]"
    assert by_path(found)[""].output_shape == "[1, 10]"


def test_flops_grow_with_the_batch_and_parameters_do_not():
    found = summary(LeNet(), (7, 1, 32, 32))
    assert (found.parameters, found.flops) == (61_706, 7 * 833_040)


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_rows_add_up_to_the_totals_at_every_depth(depth):
    found = summary(LeNet(), (1, 1, 32, 32), depth=depth)
    assert sum(layer.parameters for layer in found.layers) == found.parameters == 61_706
    assert sum(layer.trainable for layer in found.layers) == found.trainable
    assert sum(layer.flops for layer in found.layers) == found.flops == 833_040
    assert len(found.layers) == [1, 3, 14, 14][depth]


def test_a_vgg_has_the_parameters_of_its_paper_and_nothing_is_computed_on_meta():
    """Configuration A of arXiv:1409.1556: 133 million parameters."""
    layers, channels = [], 3
    for width in (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"):
        layers += [nn.MaxPool2d(2)] if width == "M" else [nn.Conv2d(channels, width, 3, padding=1, device="meta"), nn.ReLU()]
        channels = channels if width == "M" else width
    with corelib.device("meta"):
        head = [nn.Linear(512 * 49, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 1000)]
    found = summary(nn.Sequential(nn.Sequential(*layers), nn.Flatten(), *head), (1, 3, 224, 224))
    assert found.parameters == 132_863_336
    assert found.flops == 15_218_180_096  # twice the 7.6 thousand million multiplications
    assert by_path(found)[""].output_shape == "[1, 1000]"


class Twice(nn.Module):
    """A layer under two names, and a weight in two layers."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.again = self.first
        self.embed = nn.Embedding(10, 4)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens):
        return self.head(self.again(self.first(self.embed(tokens))))


def test_shared_modules_and_reused_parameters_are_counted_once():
    found = summary(Twice(), (2, 3), dtypes=corelib.int64)
    rows = by_path(found)
    assert found.parameters == 20 + 40
    assert (rows["first"].parameters, rows["again"].parameters, rows["again"].shared_with) == (20, 0, "first")
    assert (rows["embed"].parameters, rows["head"].parameters) == (40, 0)
    assert found.reused == (("head.weight", "embed.weight"),)
    assert (rows["first"].calls, rows["first"].flops) == (2, 2 * 2 * 6 * 16)
    text = str(found)
    assert "again: Linear (is first)" in text and "[2, 3, 4] (last of 2 calls)" in text and "Counted once: head.weight is embed.weight" in text


class Several(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(3, 5), nn.Linear(4, 5)

    def forward(self, a, b, *, scale=None):
        made = self.left(a) + self.right(b)
        return {"sum": made if scale is None else made * scale, "parts": (a, None)}


@pytest.mark.parametrize(
    "given",
    [
        {"input_size": [(2, 3), (2, 4)]},
        {"input_size": ((2, 3), (2, 4)), "dtypes": [corelib.float32, corelib.float32]},
        {"input_size": {"b": (2, 4), "a": (2, 3)}},
        {"input_size": {"b": (2, 4), "a": (2, 3), "scale": (5,)}, "dtypes": {"scale": corelib.int64}},
        {"input_data": (corelib.ones(2, 3), corelib.ones(2, 4))},
        {"input_data": {"b": corelib.ones(2, 4), "a": corelib.ones(2, 3), "scale": 3.0}},
    ],
    ids=["sizes", "sizes and dtypes", "sizes by name", "dtypes by name", "data", "data by name"],
)
def test_models_take_several_inputs_and_keywords(given):
    found = summary(Several(), **given)
    assert found.layers[0].output_shape == "sum: [2, 5], parts: ([2, 3], None)"
    assert found.flops == 2 * 2 * 3 * 5 + 2 * 2 * 4 * 5


def test_without_an_input_the_model_is_not_called():
    found = summary(Several())
    assert (found.parameters, found.flops, found.layers[1].output_shape) == (45, None, None)
    assert "FLOPs" not in str(found) and "Output shape" not in str(found)


def test_what_the_call_would_change_is_as_it_was():
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout())
    model[2].eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    corelib.manual_seed(3)
    drawn = corelib.rand(2)
    corelib.manual_seed(3)
    summary(model, (1, 3))  # one sample: batch normalization refuses that in training
    assert corelib.equal(corelib.rand(2), drawn)
    assert [m.training for m in model.modules()] == [True, True, True, False]
    assert all(corelib.equal(v, before[k]) for k, v in model.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_frozen_parameters_buffers_and_half_types():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).to(corelib.float64)
    model[0].requires_grad_(False)
    found = summary(model, (4, 3))
    assert (found.parameters, found.trainable, found.parameter_bytes) == (12, 4, 96)
    assert (found.buffers, found.buffer_bytes) == (5, 2 * 2 * 8 + 8)
    assert "Elements of buffers: 5 (40 bytes)" in str(found)
    half = summary(nn.Linear(2, 2).to(corelib.bfloat16), (1, 2))
    assert (half.parameter_bytes, half.flops) == (12, 8)


def test_lists_of_layers_are_not_said_to_be_uncalled():
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
    found = summary(model, (1, 4, 8), depth=1)
    assert by_path(found)["layers"].output_shape == "" and "not called" not in str(found)
    assert by_path(found)["layers"].parameters == found.parameters == sum(p.numel() for p in model.parameters())


def test_lazy_layers_are_counted_once_they_know_their_size():
    model = nn.Sequential(nn.LazyLinear(5), nn.Linear(5, 1))
    assert summary(model).parameters == 6
    assert summary(model, (2, 7)).parameters == 7 * 5 + 5 + 6


def test_a_layer_that_fails_is_named_with_its_input_and_those_that_ran():
    with pytest.raises(RuntimeError) as told:
        summary(LeNet(), (1, 1, 28, 28))
    text = str(told.value)
    assert text.startswith("summary(): the model could not be called with input_size=(1, 1, 28, 28): layer 'classifier.0', Linear(in_features=400, ")
    assert "refused an input of [1, 256]" in text and "(1x256 and 400x120)" in text
    assert "Layers that ran before: features, features.0, " in text
    assert isinstance(told.value.__cause__, RuntimeError)


def test_an_error_that_a_layer_catches_does_not_end_the_summary():
    class Tries(nn.Module):
        def __init__(self):
            super().__init__()
            self.wide, self.narrow = nn.Linear(9, 1), nn.Linear(3, 1)

        def forward(self, x):
            try:
                return self.wide(x)
            except RuntimeError:
                return self.narrow(x)

    rows = by_path(summary(Tries(), (1, 3)))
    assert (rows["wide"].output_shape, rows["narrow"].output_shape) == (None, "[1, 1]")


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ({"input_size": 3}, ValueError, r"'input_size' must be a shape such as .*got 3"),
        ({"input_size": (2, 3.0)}, ValueError, r"got \(2, 3.0\)"),
        ({"input_size": [(1, 3), (-1, 3)]}, ValueError, r"got \(-1, 3\)"),
        ({"input_size": (1, 3), "input_data": corelib.ones(1, 3)}, ValueError, "not both"),
        ({"input_size": (1, 3), "dtypes": [corelib.float32] * 2}, ValueError, "a dtype for each of the 1 inputs"),
        ({"input_size": (1, 3), "dtypes": ["float32"]}, ValueError, "got 'float32'"),
        ({"input_data": corelib.ones(1, 3), "dtypes": [corelib.float32]}, ValueError, "'dtypes' is for input_size"),
        ({"input_size": (1, 3), "device": "meta"}, ValueError, r"but the model lies on cpu; move it: model.to\('meta'\)"),
        ({"depth": -1}, ValueError, "'depth' must be a number of levels"),
        ({"input_size": {"z": (1, 3)}}, RuntimeError, "unexpected keyword argument 'z'"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(given, error, match):
    with pytest.raises(error, match=match):
        summary(nn.Linear(3, 1), **given)


def test_only_modules_are_summarized():
    with pytest.raises(TypeError, match="'model' must be an nn.Module, not function"):
        summary(lambda x: x)
