"""Nodes of models and what they give, beside torchvision's feature extraction, which traces with PyTorch's fx."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import corelib
from corelib.vision.models import feature_extraction as ours

from ..pairs import assert_close, leaves, tensors
from .networks import SIDES, WHOLE, at_ease, made, with_one_state
from .test_models import VARIANTS, images, options_of

from torchvision.models import feature_extraction as theirs  # isort: skip

NETS = "resnet18 densenet121 googlenet mobilenet_v3_small shufflenet_v2_x0_5 regnet_y_400mf efficientnet_b0 swin_t lraspp_mobilenet_v3_large".split()
MORE = (
    "alexnet vgg11_bn resnet50 squeezenet1_0 inception_v3 mobilenet_v2 mobilenet_v3_large mnasnet0_5 regnet_x_400mf efficientnet_v2_s convnext_tiny vit_b_32 "
    "swin_v2_t maxvit_t resnext50_32x4d fcn_resnet50 deeplabv3_mobilenet_v3_large"
).split()
EXTRACT = (ours, theirs)


@pytest.mark.parametrize("name", [*NETS, *(MORE if WHOLE else [])])
def test_nodes_have_the_same_names_in_the_same_order(name):
    names = []
    for extract, model in zip(EXTRACT, made(name, **options_of(name))):
        with at_ease():
            names.append(extract.get_graph_node_names(model))
    assert names[0] == names[1]


SMALL = ("vit", "vit, convolutions", "maxvit", "swin v2", "densenet, plain")
PLAIN = {**VARIANTS, "densenet, plain": lambda s: s.M.densenet.DenseNet(8, (2, 3, 2, 1), 16, bn_size=2, num_classes=5)}


@pytest.mark.parametrize("what", SMALL)
def test_small_networks_have_the_same_nodes_and_values(what):
    models = []
    for side in SIDES:
        models.append(PLAIN[what](side))
    with_one_state(models, seed=1)
    names = [extract.get_graph_node_names(model.eval(), suppress_diff_warning=True)[1] for extract, model in zip(EXTRACT, models)]
    assert names[0] == names[1]
    layers = [n for n in names[0] if not any(part in n for part in ("getattr", "getitem", "floordiv", "size", "eq", "_assert", "dim", "mul"))]
    features = [extract.create_feature_extractor(model, layers[1:], suppress_diff_warning=True) for extract, model in zip(EXTRACT, models)]
    mine, other = (f(x) for f, x in zip(features, images(what, 2, side=32 if "vit" in what and "max" not in what else 64)))
    assert list(mine) == list(other)
    for key in other:
        for a, b in zip(leaves(mine[key]), leaves(other[key]), strict=True):
            assert_close(a, b, key, rtol=1e-3, atol=1e-5 * max(1.0, float(b.detach().abs().max())))


QUERIES: dict[str, tuple[str, Any]] = {
    "modules": ("resnet18", {"layer1": "a", "layer3.0": "b"}),
    "a list": ("resnet18", ["layer2.0.add", "maxpool", "flatten"]),
    "before an activation in place": ("resnet18", ["bn1", "layer1.0.bn1", "layer1.0.relu_1"]),
    "the input": ("resnet18", {"x": "in", "conv1": "out"}),
    "stages": ("mobilenet_v3_small", {f"features.{i}": str(i) for i in (1, 4, 9)}),
    "stages of swin": ("swin_t", ["features.1", "features.3.1.attn", "norm", "flatten"]),
    "stages of efficientnet": ("efficientnet_b0", ["features.2.1.stochastic_depth", "features.3", "classifier"]),
    "dense": ("densenet121", {"features.denseblock1.denselayer2.cat": "x", "features.transition1": "y"}),
    "halves": ("shufflenet_v2_x0_5", ["stage2.1.chunk", "stage3"]),
    "segments": ("lraspp_mobilenet_v3_large", ["backbone.4", "classifier.scale", "interpolate"]),
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("what", QUERIES)
def test_features_keys_and_states_are_the_same(what, training):
    name, wanted = QUERIES[what]
    models = made(name)
    with_one_state(models, seed=9)
    found = []
    for side, extract, model, x in zip(SIDES, EXTRACT, models, images(name, 2, "float64")):
        with at_ease():
            features = extract.create_feature_extractor(model.double().train(training), wanted)
        assert features.training is training
        side.T.manual_seed(2)
        found.append((features, features(x)))
    (mine, out), (other, value) = found
    assert list(out) == list(value)
    for key in value:
        for a, b in zip(leaves(out[key]), leaves(value[key]), strict=True):
            assert_close(a, b, key, rtol=1e-8, atol=1e-10)
    assert list(mine.state_dict()) == list(other.state_dict())
    assert [n for n, _ in mine.named_modules()] == [n for n, _ in other.named_modules()]


def test_nodes_can_differ_by_mode():
    models = made("googlenet", init_weights=False)
    for extract, model in zip(EXTRACT, models):
        with pytest.warns(UserWarning):
            extract.get_graph_node_names(model)
        with at_ease():
            features = extract.create_feature_extractor(model, train_return_nodes=["aux1.fc2"], eval_return_nodes={"inception4a": "aux1"})
        x = images("googlenet", 2)[extract is theirs]
        assert list(features.train()(x)) == ["aux1.fc2"] and list(features.eval()(x)) == ["aux1"]
        assert features.eval()(x)["aux1"].shape[1] == 512


BAD = {
    "nothing": {},
    "one mode": {"train_return_nodes": ["fc"]},
    "both": {"return_nodes": ["fc"], "train_return_nodes": ["fc"], "eval_return_nodes": ["fc"]},
    "not there": {"return_nodes": ["layer9"]},
    "part of a name": {"return_nodes": ["layer"]},
}


@pytest.mark.parametrize("what", BAD)
def test_wrong_requests_raise_the_same_errors(what):
    for extract, model in zip(EXTRACT, made("resnet18")):
        with pytest.raises(ValueError):
            extract.create_feature_extractor(model, **BAD[what])


def double(x, by):
    return x * by if by > 1 else x


def model_of_ones_own(T):
    class Layer(T.nn.Module):
        def forward(self, x):
            return x + 1 if x.sum() > 0 else x

    class Net(T.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = T.nn.Parameter(T.ones(3))
            self.register_buffer("shift", T.full((3,), 2.0))
            self.layer = Layer()
            self.act = T.nn.ReLU()

        def forward(self, x, by=3):
            a, b = double(x, by).split(2)
            x = T.cat([a, b]) * self.scale + self.shift
            x = 1.0 - self.layer(x) / 2 - self.scale
            return T.nn.functional.softmax(-self.act(self.act(x)), dim=-1)[:, None].transpose(0, 1)

    return Net, Layer


def test_functions_and_modules_of_ones_own_are_nodes():
    found = []
    for side, extract, (x,) in zip(SIDES, EXTRACT, (tensors(s.T, (4, 3), grad=False) for s in SIDES)):
        Net, Layer = model_of_ones_own(side.T)
        net = Net()
        options = {"leaf_modules": [Layer], "autowrap_functions": [double]}
        names = extract.get_graph_node_names(net, dict(options))[0]
        features = extract.create_feature_extractor(net, names[2:], tracer_kwargs=dict(options))
        found.append((names, features(x, by=2), features(x, 2), list(features.state_dict())))
    (names, out, same, keys), (wanted, value, _, theirs_keys) = found
    assert names == wanted and keys == theirs_keys
    for key, other in value.items():
        for a, b, c in zip(leaves(out[key]), leaves(same[key]), leaves(other), strict=True):
            assert_close(a, c, key)
            assert_close(b, c, key)


def test_extractors_are_copied_pickled_and_share_what_they_need():
    model = made("resnet18")[0].eval()
    features = ours.create_feature_extractor(model, ["layer1"])
    x = images("resnet18", 1)[0]
    assert features.layer1 is not model.layer1 and features.conv1 is model.conv1 and not hasattr(features, "layer2")
    assert repr(features).startswith("ResNet(")
    for again in (copy.deepcopy(features), pickle.loads(pickle.dumps(features))):
        assert_close(again(x)["layer1"], features(x)["layer1"], rtol=0, atol=0)
        assert again.conv1.weight is not model.conv1.weight
    features(x.requires_grad_())["layer1"].sum().backward()
    assert x.grad is not None and model.conv1.weight.grad is not None


@pytest.mark.parametrize("call", [lambda x: x if x else 1, lambda x: list(x), lambda x: len(x), lambda x: range(x)])
def test_what_depends_on_values_cannot_be_traced(call):
    class Net(corelib.nn.Module):
        def forward(self, x):
            return call(x)

    with pytest.raises(ValueError, match="traced value"):
        ours.get_graph_node_names(Net())
    assert isinstance(corelib.nn.Module()._parameters, dict) and corelib.nn.Linear(2, 2)(corelib.ones(1, 2)).shape == (1, 2)


def test_concrete_arguments_decide_and_must_be_given_again():
    for side, extract, (x,) in zip(SIDES, EXTRACT, (tensors(s.T, (2, 3), grad=False) for s in SIDES)):

        class Net(side.T.nn.Module):
            def forward(self, x, twice=False, k=2):
                return x + x * k if twice else x

        assert extract.get_graph_node_names(Net(), concrete_args={"twice": True})[0] == ["x", "twice", "eq", "_assert", "k", "mul", "add"]
        features = extract.create_feature_extractor(Net(), ["add"], concrete_args={"twice": True})
        assert_close(features(x, True, k=4)["add"], tensors(side.T, (2, 3), grad=False)[0] * 5)
        with pytest.raises(AssertionError):
            features(x)
