"""corelib.vision.models.feature_extraction: nodes of a model, their names, and what they give."""

import copy
import pickle

import pytest

import corelib as torch
from corelib.nn.modules.module import Module
from corelib.vision import models
from corelib.vision.models.feature_extraction import create_feature_extractor, get_graph_node_names


class Net(torch.nn.Module):
    """A shortcut past a layer, a parameter, sizes, and a branch that is only there in training."""

    def __init__(self):
        super().__init__()
        self.line = torch.nn.Linear(3, 3)
        self.act = torch.nn.ReLU(inplace=True)
        self.scale = torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))
        self.head = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh())
        self.extra = torch.nn.Linear(3, 1)

    def forward(self, x, by=2.0):
        n, width = x.shape
        out = self.act(self.line(x)) + x * by
        out = (self.scale * out).reshape(n, width // 1)
        if self.training:
            return self.head(out), self.extra(out)
        return self.head(self.act(out))


NAMES = ["x", "by", "getattr", "getitem", "getitem_1", "line", "act", "mul", "add", "scale", "mul_1", "floordiv", "reshape"]


def test_nodes_are_named_by_their_places():
    net = Net().eval()
    with pytest.warns(UserWarning, match="others in training than in evaluation"):
        train, evaluation = get_graph_node_names(net)
    assert train == [*NAMES, "head.0", "head.1", "extra"]
    assert evaluation == [*NAMES, "act_1", "head.0", "head.1"]
    assert not net.training and not net.head.training


def test_values_are_those_of_the_model():
    torch.manual_seed(0)
    net = Net().eval()
    x = torch.randn(4, 3)
    features = create_feature_extractor(net, {"line": "line", "add": "sum", "head": "end"}, suppress_diff_warning=True)
    out = features(x)
    assert list(out) == ["line", "sum", "end"]
    torch.testing.assert_close(out["sum"], torch.relu(net.line(x)) + 2 * x)
    torch.testing.assert_close(out["end"], net(x))
    assert bool((out["line"] >= 0).all())  # the activation works in place
    torch.testing.assert_close(features(x, by=0.0)["sum"], torch.relu(net.line(x)))
    assert sorted(features.state_dict()) == ["head.0.bias", "head.0.weight", "line.bias", "line.weight", "scale"]
    assert features.line is net.line and features.scale is net.scale and repr(features).startswith("Net(")


def test_modes_can_give_different_things():
    net = Net().train()
    features = create_feature_extractor(net, train_return_nodes=["extra"], eval_return_nodes=["act_1", "reshape"], suppress_diff_warning=True)
    x = torch.ones(1, 3)
    assert features.training and list(features(x)) == ["extra"]
    assert list(features.eval()(x)) == ["reshape", "act_1"] and not net.line.training


def test_extractors_are_copied_and_pickled():
    features = create_feature_extractor(models.squeezenet1_1().eval(), ["features.3"])
    x = torch.randn(1, 3, 40, 40)
    for again in (copy.deepcopy(features), pickle.loads(pickle.dumps(features))):
        assert torch.equal(again(x)["features.3"], features(x)["features.3"])


def test_wrong_requests_are_refused():
    net = Net()
    for wanted, told in (({}, "must be given"), ({"train_return_nodes": ["act"]}, "together"), ({"return_nodes": ["lin"]}, "no node 'lin'")):
        with pytest.raises(ValueError, match=told):
            create_feature_extractor(net, suppress_diff_warning=True, **wanted)
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        create_feature_extractor(net, ["act"], suppress_diff_warning=True)()
    with pytest.raises(TypeError, match="written in Python"):
        get_graph_node_names(net, {"autowrap_functions": [len]})


class Asks(torch.nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class Takes(torch.nn.Module):
    def forward(self, *x):
        return x


def test_what_cannot_be_traced_is_told_and_leaves_modules_as_they_are():
    before = Module.__call__, Module.__getattr__
    with pytest.raises(ValueError, match="whether it is true"):
        get_graph_node_names(Asks())
    with pytest.raises(ValueError, match=r"\*args"):
        get_graph_node_names(Takes())
    assert (Module.__call__, Module.__getattr__) == before
    assert get_graph_node_names(torch.nn.Sequential(Asks()), {"leaf_modules": [Asks]})[0] == ["input", "0"]


def test_layers_of_vision_are_single_nodes():
    names = get_graph_node_names(models.mobilenet_v3_small())[1]
    assert names[:5] == ["x", "features.0", "features.1.block.0", "features.1.block.1", "features.1.block.2"]
