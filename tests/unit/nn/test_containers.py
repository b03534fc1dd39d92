"""Sequential, ModuleList, ModuleDict, ParameterList and ParameterDict as the lists and dictionaries they are."""

from collections import OrderedDict

import pytest

import corelib as torch
from corelib import nn


def three():
    return nn.ReLU(), nn.Tanh(), nn.Sigmoid()


@pytest.mark.parametrize("kind", [lambda *m: nn.Sequential(*m), lambda *m: nn.ModuleList(m)], ids=["seq", "list"])
def test_numbered_containers_index_slice_and_delete_as_lists_do(kind):
    a, b, c = three()
    held = kind(a, b, c)
    assert len(held) == 3 and list(held) == [a, b, c]
    assert held[0] is a and held[-1] is c and held[torch.tensor(1)] is b
    assert list(held[1:]) == [b, c] and type(held[1:]) is type(held)
    held[1] = c
    assert held[1] is c
    del held[0]
    assert list(held) == [c, c] and list(held._modules) == ["0", "1"]
    assert held.pop(1) is c and len(held) == 1
    held.append(a).extend([b])
    assert list(held) == [c, a, b]
    held.insert(1, b)
    assert list(held) == [c, b, a, b] and list(held._modules) == ["0", "1", "2", "3"]
    del held[1:3]
    assert list(held) == [c, b] and list(held._modules) == ["0", "1"]
    assert "0" not in dir(held)
    with pytest.raises(IndexError, match="index 5 is out of range"):
        held[5]
    with pytest.raises(TypeError):
        held["a"]


def test_sequential_runs_its_modules_in_turn():
    seq = nn.Sequential(OrderedDict(twice=nn.Linear(1, 1, bias=False), act=nn.ReLU()))
    with torch.no_grad():
        seq.twice.weight.fill_(2.0)
    assert seq(torch.tensor([[3.0], [-3.0]])).tolist() == [[6.0], [0.0]]
    assert list(seq[:1]._modules) == ["twice"]


def test_sequentials_add_and_multiply():
    a, b, c = three()
    assert list(nn.Sequential(a) + nn.Sequential(b, c)) == [a, b, c]
    seq = nn.Sequential(a)
    seq += nn.Sequential(b)
    assert list(seq) == [a, b]
    assert list(seq * 2) == list(2 * seq) == [a, b, a, b]
    seq *= 3
    assert list(seq) == [a, b] * 3
    seq += seq
    assert len(seq) == 12
    with pytest.raises(ValueError, match="Non-positive multiplication factor 0"):
        seq * 0
    with pytest.raises(ValueError, match="supports only objects of Sequential"):
        seq + [a]


def test_sequential_inserts_at_negative_positions_and_checks_them():
    a, b, c = three()
    seq = nn.Sequential(a, b)
    seq.insert(-1, c)
    assert list(seq) == [a, c, b]
    with pytest.raises(IndexError, match="out of range: 7"):
        seq.insert(7, c)


def test_module_list_adds_any_iterable():
    a, b, c = three()
    held = nn.ModuleList([a]) + [b]
    held += (c,)
    assert list(held) == [a, b, c] and isinstance(held, nn.ModuleList)
    with pytest.raises(NotImplementedError, match="missing the required"):
        held(1)


def test_module_dict_is_a_dictionary():
    a, b, c = three()
    held = nn.ModuleDict({"a": a})
    held["b"] = b
    held.update([("c", c)])
    assert list(held) == list(held.keys()) == ["a", "b", "c"] and len(held) == 3
    assert list(held.values()) == [a, b, c] and dict(held.items())["c"] is c
    assert "a" in held and held.a is a and held.pop("a") is a and "a" not in held
    held.update(nn.ModuleDict({"b": c}))
    assert held["b"] is c
    del held["b"]
    held.clear()
    assert len(held) == 0
    with pytest.raises(ValueError, match="has length 1; 2 is required"):
        held.update([["a"]])


def test_parameter_list_makes_parameters_of_tensors_and_keeps_other_values():
    held = nn.ParameterList([torch.ones(2), "text"])
    held.append(nn.Parameter(torch.zeros(1)))
    assert isinstance(held[0], nn.Parameter) and held[1] == "text" and len(held) == 3
    assert [name for name, _ in held.named_parameters()] == ["0", "2"]
    held[1] = torch.ones(1)
    held += [torch.ones(3)]
    assert len(list(held.parameters())) == 4 and held[-1].shape == (3,)
    part = held[1:3]
    assert type(part) is nn.ParameterList and len(part) == 2 and part[0] is held[1]
    with pytest.raises(IndexError):
        held[4]


def test_parameter_dict_is_a_dictionary():
    held = nn.ParameterDict(OrderedDict(b=torch.ones(1), a=torch.zeros(2)))
    assert list(held) == ["b", "a"] and list(reversed(held)) == ["a", "b"]
    assert isinstance(held["a"], nn.Parameter) and held.a is held["a"]
    assert held.get("x", 3) == 3 and held.setdefault("x", 4) == 4 and held.pop("x") == 4
    more = held | nn.ParameterDict({"c": torch.ones(3)})
    assert list(more) == ["b", "a", "c"] and more["a"] is held["a"]
    held |= {"d": torch.ones(1)}
    assert [name for name, _ in held.named_parameters()] == ["b", "a", "d"]
    assert held.popitem()[0] == "d" and len(held) == 2
    assert list(held.fromkeys(["p", "q"], 1).items()) == [("p", 1), ("q", 1)]
    assert held.copy()["a"] is held["a"]
    del held["a"]
    held.clear()
    assert len(held) == 0 and list(held.parameters()) == []


def test_parameter_containers_cannot_be_called():
    for held in (nn.ParameterList(), nn.ParameterDict()):
        with pytest.raises(RuntimeError, match="should not be called"):
            held(1)
