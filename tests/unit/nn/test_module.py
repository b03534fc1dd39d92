"""Module: what is registered, how it is found, moved, cast, copied and called."""

import copy
import pickle

import pytest

import corelib as torch
from corelib import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3)
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("steps", torch.zeros(1, dtype=torch.int64))
        self.register_buffer("cache", torch.zeros(2), persistent=False)
        self.register_buffer("absent", None)
        self.text = "plain"

    def forward(self, x, *, shift=0.0):
        return self.norm(self.first(x)) * self.scale + shift


def test_assigned_parameters_buffers_and_modules_are_registered():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == [
        "scale", "first.weight", "first.bias", "norm.weight", "norm.bias",
    ]
    assert [name for name, _ in net.named_buffers()] == [
        "steps", "cache", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked",
    ]
    assert [name for name, _ in net.named_children()] == ["first", "norm"]
    assert [name for name, _ in net.named_modules()] == ["", "first", "norm"]
    assert [type(m).__name__ for m in net.modules()] == ["Net", "Linear", "BatchNorm1d"]
    assert "text" in net.__dict__ and "scale" not in net.__dict__


def test_named_members_take_a_prefix_and_may_stay_on_the_surface():
    net = Net()
    assert [name for name, _ in net.named_parameters("top", recurse=False)] == ["top.scale"]
    assert len(list(net.buffers(recurse=False))) == 2


def test_a_shared_parameter_and_a_shared_module_are_listed_once():
    net = nn.Module()
    layer = nn.Linear(2, 2)
    net.a, net.b = layer, layer
    net.tied = layer.weight
    assert [name for name, _ in net.named_parameters()] == ["tied", "a.bias"]
    assert len(list(net.named_parameters(remove_duplicate=False))) == 5
    assert [name for name, _ in net.named_modules()] == ["", "a"]
    assert [name for name, _ in net.named_modules(remove_duplicate=False)] == ["", "a", "b"]
    assert len(list(net.children())) == 1


def test_assigning_one_kind_over_another_moves_the_name():
    m = nn.Module()
    m.x = 3
    m.x = nn.Parameter(torch.ones(1))
    assert "x" in m._parameters and "x" not in m.__dict__
    del m.x
    m.x = nn.ReLU()
    assert "x" in m._modules
    m.x = nn.Parameter(torch.ones(1))
    assert "x" in m._parameters and "x" not in m._modules
    m.x = None
    assert m.x is None and m._parameters == {"x": None}


def test_assigning_a_tensor_to_a_buffer_replaces_it_and_keeps_whether_it_persists():
    net = Net()
    net.cache = torch.ones(5)
    net.steps = torch.ones(1)
    assert net.cache.shape == (5,)
    assert "cache" not in net.state_dict() and "steps" in net.state_dict()


def test_a_buffer_object_is_registered_with_its_persistence():
    m = nn.Module()
    m.kept = nn.Buffer(torch.ones(1))
    m.left = nn.Buffer(torch.ones(1), persistent=False)
    assert list(m.state_dict()) == ["kept"]
    assert [name for name, _ in m.named_buffers()] == ["kept", "left"]


def test_a_plain_tensor_is_not_registered():
    m = nn.Module()
    m.t = torch.ones(1)
    assert list(m.state_dict()) == [] and "t" in m.__dict__


@pytest.mark.parametrize("value", [nn.Parameter(torch.ones(1)), nn.ReLU(), nn.Buffer(torch.ones(1))])
def test_assigning_before_init_says_so(value):
    class Early(nn.Module):
        def __init__(self):
            self.x = value

    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
        Early()


def test_plain_attributes_may_be_set_before_init():
    class Early(nn.Module):
        def __init__(self, n):
            self.n = n
            super().__init__()

    assert Early(3).n == 3


def test_deleted_names_are_gone_from_every_registry():
    net = Net()
    del net.scale, net.cache, net.first, net.text
    assert not any(hasattr(net, name) for name in ("scale", "cache", "first", "text"))
    assert net._non_persistent_buffers_set == set()
    with pytest.raises(AttributeError):
        del net.scale


def test_submodules_parameters_and_buffers_are_found_by_path():
    net = nn.Sequential(Net())
    assert net.get_submodule("") is net
    assert net.get_submodule("0.first") is net[0].first
    assert net.get_parameter("0.first.weight") is net[0].first.weight
    assert net.get_buffer("0.norm.running_mean") is net[0].norm.running_mean
    net.set_submodule("0.first", nn.Linear(2, 3, bias=False), strict=True)
    assert net[0].first.bias is None
    with pytest.raises(AttributeError, match="has no attribute `second`"):
        net.set_submodule("0.second", nn.ReLU(), strict=True)


def test_train_and_eval_reach_every_module():
    net = Net()
    assert net.eval() is net and not any(m.training for m in net.modules())
    assert net.train() is net and all(m.training for m in net.modules())


def test_requires_grad_and_zero_grad_reach_every_parameter():
    net = Net()
    net(torch.ones(4, 2)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad(set_to_none=False)
    assert all(p.grad.abs().sum().item() == 0 for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert net.requires_grad_(False) is net
    assert not any(p.requires_grad for p in net.parameters())


def test_apply_calls_children_before_parents():
    seen = []
    net = Net()
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "BatchNorm1d", "Net"]


def test_to_casts_floating_point_tensors_only_and_keeps_the_parameters_objects():
    net = Net()
    params = list(net.parameters())
    net(torch.ones(3, 2)).sum().backward()
    grads = [p.grad for p in params]
    assert net.to(torch.float64) is net
    assert all(a is b for a, b in zip(net.parameters(), params, strict=True))
    assert all(p.dtype is torch.float64 and p.grad.dtype is torch.float64 for p in params)
    assert all(p.grad is g for p, g in zip(params, grads, strict=True))
    assert net.steps.dtype is torch.int64
    assert net.norm.running_mean.dtype is torch.float64
    assert net.norm.num_batches_tracked.dtype is torch.int64


@pytest.mark.parametrize(
    ("cast", "dtype"),
    [
        (lambda m: m.float(), torch.float32),
        (lambda m: m.double(), torch.float64),
        (lambda m: m.half(), torch.float16),
        (lambda m: m.bfloat16(), torch.bfloat16),
        (lambda m: m.to(dtype=torch.float64), torch.float64),
        (lambda m: m.to("cpu", torch.float64), torch.float64),
        (lambda m: m.to(torch.device("cpu"), dtype=torch.float64, non_blocking=True), torch.float64),
        (lambda m: m.to(torch.ones(1, dtype=torch.float64)), torch.float64),
        (lambda m: m.to(tensor=torch.ones(1, dtype=torch.float16)), torch.float16),
        (lambda m: m.to("cpu"), torch.float32),
        (lambda m: m.cpu(), torch.float32),
    ],
)
def test_every_form_of_cast_gives_its_dtype(cast, dtype):
    net = cast(Net())
    assert {p.dtype for p in net.parameters()} == {dtype}
    assert net.steps.dtype is torch.int64


def test_type_casts_integer_tensors_too():
    assert Net().type(torch.float64).steps.dtype is torch.float64


def test_a_meta_module_is_moved_by_to_empty():
    layer = nn.Linear(2, 3, device="meta")
    assert layer.weight.is_meta
    layer.to_empty(device="cpu")
    assert not layer.weight.is_meta and layer.weight.shape == (3, 2)
    assert isinstance(layer.weight, nn.Parameter) and layer.weight.requires_grad
    with pytest.raises(NotImplementedError, match="to_empty"):
        nn.Linear(2, 3, device="meta").to("cpu")


def test_layers_are_made_with_the_given_dtype():
    for layer in (
        nn.Linear(2, 2, dtype=torch.float64),
        nn.Conv2d(1, 1, 1, dtype=torch.float64),
        nn.BatchNorm2d(2, dtype=torch.float64),
        nn.LayerNorm(2, dtype=torch.float64),
        nn.GroupNorm(1, 2, dtype=torch.float64),
        nn.RMSNorm(2, dtype=torch.float64),
        nn.Embedding(2, 2, dtype=torch.float64),
    ):
        assert {p.dtype for p in layer.parameters()} == {torch.float64}


def test_a_call_passes_positional_and_keyword_arguments_to_forward():
    net = Net().eval()
    x = torch.ones(3, 2)
    assert (net(x, shift=2.0) - net(x)).tolist() == [[2.0] * 3] * 3


def test_a_forward_set_on_the_instance_is_called():
    layer = nn.Linear(2, 2)
    layer.forward = lambda x: "mine"
    assert layer(3) == "mine"


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r'Module \[Module\] is missing the required "forward" function'):
        nn.Module()(1)


def test_a_reparametrized_weight_is_used():
    layer = nn.Linear(2, 2, bias=False)
    weight = layer.weight
    del layer.weight
    layer.weight = weight * 2
    assert "weight" not in layer._parameters
    assert layer(torch.ones(1, 2)).tolist() == (torch.ones(1, 2) @ (weight * 2).t()).tolist()


def test_deepcopy_and_pickle_give_an_equal_module_of_its_own():
    net = Net()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert repr(other) == repr(net)
        assert list(other.state_dict()) == list(net.state_dict())
        assert other.scale is not net.scale
        assert (other.first.weight == net.first.weight).all().item()
        x = torch.ones(3, 2)
        assert other.eval()(x).tolist() == copy.deepcopy(net).eval()(x).tolist()


def test_deepcopy_keeps_tied_parameters_tied():
    net = nn.Module()
    net.a = nn.Linear(2, 2)
    net.b = nn.Linear(2, 2)
    net.b.weight = net.a.weight
    other = copy.deepcopy(net)
    assert other.a.weight is other.b.weight and other.a.weight is not net.a.weight


def test_dir_lists_what_is_registered_and_no_numbers():
    names = dir(nn.Sequential(Net()))
    assert "0" not in names and "forward" in names
    assert {"scale", "first", "steps"} <= set(dir(Net()))


def test_printing_nests_children_and_extra_lines():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.ReLU())

        def extra_repr(self):
            return "one\ntwo"

    assert repr(Odd()) == (
        "Odd(\n  one\n  two\n  (inner): Sequential(\n    (0): ReLU()\n  )\n)"
    )


def test_zero_size_linear_warns_and_works():
    with pytest.warns(UserWarning, match="zero-element"):
        layer = nn.Linear(0, 2)
    assert layer(torch.ones(3, 0)).shape == (3, 2)


def test_to_refuses_what_it_does_not_know():
    with pytest.raises(TypeError, match="only accepts floating point"):
        nn.Linear(1, 1).to(torch.int32)
    with pytest.raises(TypeError, match="unexpected keyword argument 'kind'"):
        nn.Linear(1, 1).to(kind=3)
    with pytest.raises(TypeError, match="multiple values for argument 'dtype'"):
        nn.Linear(1, 1).to(torch.float64, dtype=torch.float64)
