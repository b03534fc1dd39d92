"""state_dict and load_state_dict: names, metadata, strictness, errors and hooks."""

from collections import OrderedDict

import pytest

import corelib as torch
from corelib import nn


def small():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def test_state_dict_is_an_ordered_dict_with_versions():
    state = small().state_dict(prefix="top.")
    assert type(state) is OrderedDict
    assert list(state) == [
        "top.0.weight", "top.0.bias", "top.1.weight", "top.1.bias",
        "top.1.running_mean", "top.1.running_var", "top.1.num_batches_tracked",
    ]
    assert state._metadata == {"top": {"version": 1}, "top.0": {"version": 1}, "top.1": {"version": 2}}


def test_tensors_of_a_state_dict_share_memory_and_are_detached_unless_kept():
    net = small()
    state = net.state_dict()
    assert state["0.weight"].data_ptr() == net[0].weight.data_ptr()
    assert not state["0.weight"].requires_grad
    assert net.state_dict(keep_vars=True)["0.weight"] is net[0].weight


def test_state_dict_fills_a_given_destination():
    filled = {}
    assert small().state_dict(destination=filled, prefix="x.") is filled
    assert "x.0.weight" in filled
    with pytest.warns(FutureWarning, match="Positional args"):
        assert list(nn.Linear(1, 1).state_dict({}, "y.")) == ["y.weight", "y.bias"]


def test_loading_copies_values_into_the_same_parameters():
    net, other = small(), small()
    weight = net[0].weight
    assert repr(net.load_state_dict(other.state_dict())) == "<All keys matched successfully>"
    assert net[0].weight is weight
    assert weight.tolist() == other[0].weight.tolist()
    assert weight.data_ptr() != other[0].weight.data_ptr()
    assert weight.requires_grad


def test_loading_casts_to_the_dtype_of_the_module():
    net = small()
    net.load_state_dict(small().double().state_dict())
    assert net[0].weight.dtype is torch.float32


def test_assigning_takes_the_tensors_themselves():
    net, state = small(), small().double().state_dict()
    net[0].weight.requires_grad_(False)
    net.load_state_dict(state, assign=True)
    assert net[0].weight.dtype is torch.float64
    assert net[0].weight.data_ptr() == state["0.weight"].data_ptr()
    assert isinstance(net[0].weight, nn.Parameter)
    assert not net[0].weight.requires_grad and net[0].bias.requires_grad


def test_assigning_reaches_a_meta_module_and_copying_warns():
    net = nn.Linear(2, 3, device="meta")
    state = nn.Linear(2, 3).state_dict()
    with pytest.warns(UserWarning, match="no-op"):
        net.load_state_dict(state)
    assert net.weight.is_meta
    net.load_state_dict(state, assign=True)
    assert not net.weight.is_meta and net.weight.requires_grad


def test_missing_unexpected_and_misshapen_keys_are_all_named():
    state = small().state_dict()
    del state["0.bias"]
    state["1.extra"] = torch.ones(1)
    state["2.weight"] = torch.ones(1)
    state["0.weight"] = torch.ones(5, 2)
    with pytest.raises(RuntimeError) as caught:
        small().load_state_dict(state)
    assert str(caught.value) == (
        "Error(s) in loading state_dict for Sequential:\n"
        '\tMissing key(s) in state_dict: "0.bias". \n'
        '\tUnexpected key(s) in state_dict: "2.weight", "1.extra". \n'
        "\tsize mismatch for 0.weight: copying a param with shape torch.Size([5, 2]) from checkpoint, "
        "the shape in current model is torch.Size([3, 2])."
    )


def test_loading_not_strictly_returns_the_names_but_still_refuses_other_shapes():
    state = small().state_dict()
    del state["0.bias"]
    state["more"] = torch.ones(1)
    missing, unexpected = small().load_state_dict(state, strict=False)
    assert (missing, unexpected) == (["0.bias"], ["more"])
    state["0.weight"] = torch.ones(5, 2)
    with pytest.raises(RuntimeError, match="size mismatch for 0.weight"):
        small().load_state_dict(state, strict=False)


def test_the_given_state_dict_is_not_changed():
    state = small().state_dict()
    before = list(state)
    small().load_state_dict(state)
    assert list(state) == before


def test_a_one_element_vector_loads_into_a_scalar():
    m = nn.Module()
    m.s = nn.Parameter(torch.tensor(1.0))
    m.load_state_dict({"s": torch.tensor([3.0])})
    assert m.s.item() == 3.0 and m.s.shape == ()


def test_non_persistent_buffers_are_neither_saved_nor_missed():
    m = nn.Module()
    m.register_buffer("cache", torch.ones(1), persistent=False)
    assert not m.state_dict()
    m.load_state_dict({})
    with pytest.raises(RuntimeError, match='Unexpected key\\(s\\) in state_dict: "cache"'):
        m.load_state_dict({"cache": torch.ones(1)})


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.count = 0

    def get_extra_state(self):
        return {"count": self.count}

    def set_extra_state(self, state):
        self.count = state["count"]


def test_extra_state_is_saved_and_loaded():
    m = nn.Sequential(Counting())
    m[0].count = 4
    state = m.state_dict()
    assert state == {"0._extra_state": {"count": 4}}
    other = nn.Sequential(Counting())
    other.load_state_dict(state)
    assert other[0].count == 4
    with pytest.raises(RuntimeError, match='Missing key\\(s\\) in state_dict: "0._extra_state"'):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match='Unexpected key\\(s\\) in state_dict: "0._extra_state"'):
        nn.Sequential(nn.ReLU()).load_state_dict(state)


def test_state_dict_hooks_run_before_and_after_and_may_change_the_result():
    m = nn.Linear(1, 1)
    seen = []
    m.register_state_dict_pre_hook(lambda module, prefix, keep_vars: seen.append((module is m, prefix, keep_vars)))

    def drop_bias(module, state, prefix, metadata):
        del state[prefix + "bias"]

    handle = m.register_state_dict_post_hook(drop_bias)
    assert list(m.state_dict(prefix="p.")) == ["p.weight"]
    assert seen == [(True, "p.", False)]
    handle.remove()
    assert list(m.state_dict()) == ["weight", "bias"]


def test_a_public_post_hook_must_return_none_and_a_private_one_may_replace():
    m = nn.Linear(1, 1)
    m._register_state_dict_hook(lambda module, state, prefix, metadata: OrderedDict(only=1))
    assert m.state_dict() == {"only": 1}

    def public(module, state, prefix, metadata):
        return state

    m.register_state_dict_post_hook(public)
    with pytest.raises(RuntimeError, match="must return None"):
        m.state_dict()
    with pytest.raises(RuntimeError, match="Cannot register the same function"):
        m._register_state_dict_hook(public)


def test_load_hooks_may_rename_keys_and_forgive_missing_ones():
    m = nn.Linear(1, 1)

    def rename(module, state, prefix, metadata, strict, missing, unexpected, errors):
        assert module is m
        state[prefix + "weight"] = state.pop(prefix + "w")

    m.register_load_state_dict_pre_hook(rename)
    m.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    assert repr(m.load_state_dict({"w": torch.ones(1, 1)})) == "<All keys matched successfully>"
    assert m.weight.item() == 1.0


def test_a_private_load_hook_gets_no_module_unless_it_asks():
    m = nn.Linear(1, 1)
    lengths = []
    m._register_load_state_dict_pre_hook(lambda *args: lengths.append(len(args)))
    m._register_load_state_dict_pre_hook(lambda *args: lengths.append(len(args)), with_module=True)
    m.load_state_dict(m.state_dict())
    assert lengths == [7, 8]


def test_a_post_load_hook_must_return_none():
    m = nn.Linear(1, 1)
    m.register_load_state_dict_post_hook(lambda module, keys: keys)
    with pytest.raises(AssertionError, match="not expected to return new values"):
        m.load_state_dict(m.state_dict())


def test_a_subclass_may_read_an_older_version():
    class Renamed(nn.Linear):
        _version = 3

        def _load_from_state_dict(self, state, prefix, metadata, *rest):
            if metadata.get("version", 1) < 3:
                state[prefix + "weight"] = state.pop(prefix + "kernel")
            super()._load_from_state_dict(state, prefix, metadata, *rest)

    new = nn.Sequential(Renamed(1, 1, bias=False))
    new.load_state_dict({"0.kernel": torch.full((1, 1), 7.0)})
    assert new[0].weight.item() == 7.0
    assert new.state_dict()._metadata["0"] == {"version": 3}
    new.load_state_dict(new.state_dict())
