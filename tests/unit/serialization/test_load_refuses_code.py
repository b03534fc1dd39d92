"""A file is data: whatever a file says, `load` runs nothing and touches nothing outside of what it returns."""

from __future__ import annotations

import os
import pickle
import struct
from collections import Counter, OrderedDict, defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import corelib
from corelib import serialization

P = b"\x80\x02"
DANGEROUS = {
    "os.system": P + b"cos\nsystem\nX\x04\x00\x00\x00true\x85R.",
    "posix.system": P + b"cposix\nsystem\nX\x04\x00\x00\x00true\x85R.",
    "subprocess.call": P + b"csubprocess\ncall\nX\x04\x00\x00\x00true\x85R.",
    "builtins.eval": P + b"c__builtin__\neval\nX\x01\x00\x00\x001\x85R.",
    "builtins.getattr": P + b"c__builtin__\ngetattr\ncollections\nOrderedDict\nX\x08\x00\x00\x00__init__\x86R.",
    "builtins.exec": b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93\x8c\x01x\x85R.",
    "corelib.load": P + b"ccorelib\nload\nX\x01\x00\x00\x00x\x85R.",
    "torch.load": P + b"ctorch\nload\nX\x01\x00\x00\x00x\x85R.",
    "torch.storage._load_from_bytes": P + b"ctorch.storage\n_load_from_bytes\nX\x01\x00\x00\x00x\x85R.",
    "corelib.tensor.tensor.Tensor": P + b"ccorelib.tensor.tensor\nTensor\n.",
    "collections.OrderedDict.__init__": b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93.",
    "copyreg._reconstructor": P + b"ccopy_reg\n_reconstructor\n.",
    "builtins.list": P + b"c__builtin__\nlist\n.",
    "torch.uint16": P + b"ctorch\nuint16\n.",
}


@pytest.mark.parametrize("name", DANGEROUS)
def test_a_global_that_is_not_data_is_refused_by_its_name(name: str, archive_of: Any) -> None:
    with pytest.raises(pickle.UnpicklingError) as caught:
        corelib.load(archive_of(DANGEROUS[name]))
    assert name in str(caught.value) and "Accepted with weights_only=True are tensors" in str(caught.value)


CALLS_AND_CHANGES = {
    "a call of a str": P + b"X\x01\x00\x00\x00a)R.",
    "a call of a class that only names a type": P + b"ctorch\nTensor\n)R.",
    "a call of a storage type": P + b"ctorch\nFloatStorage\n)R.",
    "a call of a dtype": P + b"ctorch\nfloat32\n)R.",
    "a call of a parameter": P + b"ctorch.nn.parameter\nParameter\n)R.",
    "a new object of a class that only names a type": P + b"ctorch\nTensor\n)\x81.",
    "a new object of a list": P + b"])\x81.",
    "a new object with keywords": b"\x80\x04\x8c\x05torch\x8c\x06Tensor\x93)}\x92.",
    "attributes of a class": P + b"ctorch\nTensor\nN}X\x01\x00\x00\x00aK\x01s\x86b.",
    "attributes of OrderedDict itself": P + b"ccollections\nOrderedDict\nN}X\x01\x00\x00\x00aK\x01s\x86b.",
    "attributes of a function": P + b"ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x01sb.",
    "attributes of a dtype": P + b"ctorch\nfloat32\nN}X\x08\x00\x00\x00itemsizeK\x01s\x86b.",
    "attributes of a dict": P + b"}}b.",
    "attributes that hide a method": P + b"ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsK\x01sb.",
    "appending to a tuple": P + b")K\x01a.",
    "appending to a class": P + b"ccollections\nOrderedDict\nK\x01a.",
    "an item of a list": P + b"]K\x01K\x02s.",
    "adding to a list": b"\x80\x04](K\x01\x90.",
    "a bytearray of a number": P + b"c__builtin__\nbytearray\n\x8a\x08\x00\x00\x00\x00\x00\x01\x00\x00\x85R.",
    "bytes of a number": P + b"c__builtin__\nbytes\nK\x05\x85R.",
    "another encoding": P + b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.",
    "a set of a str": P + b"c__builtin__\nset\nX\x01\x00\x00\x00a\x85R.",
    "a set of lists": P + b"c__builtin__\nset\n]]a\x85R.",
    "a Counter of a str": P + b"ccollections\nCounter\nX\x01\x00\x00\x00a\x85R.",
    "a negative Size": P + b"ctorch\nSize\nJ\xff\xff\xff\xff\x85\x85R.",
    "a Size of floats": P + b"ctorch\nSize\nG?\xf0\x00\x00\x00\x00\x00\x00\x85\x85R.",
    "a device of a number": P + b"ctorch\ndevice\nK\x00\x85R.",
    "another layout": P + b"ctorch.serialization\n_get_layout\nX\x05\x00\x00\x00other\x85R.",
    "arguments that are no tuple": P + b"ccollections\nOrderedDict\n]R.",
    "wrong arguments": P + b"ctorch._utils\n_rebuild_tensor_v2\n)R.",
    "an unhashable key": P + b"}]K\x01s.",
    "a key without a value": P + b"}(K\x01u.",
    "a persistent id of another kind": P + b"X\x06\x00\x00\x00moduleK\x01\x86Q.",
    "a persistent id that is a number": P + b"K\x01Q.",
    "text protocol": P + b"I1\n.",
    "an extension": P + b"\x82\x01.",
    "an unknown protocol": b"\x80\x09N.",
    "an empty stack": P + b".",
    "an empty stack in a call": P + b"R.",
    "no mark": P + b"t.",
    "too few for a tuple": P + b"N\x87.",
    "a memo never set": P + b"h\x05.",
    "no end": P + b"N",
    "a str longer than the file": P + b"X\xff\xff\xff\xffab.",
    "bytes longer than the file": b"\x80\x05\x8e" + struct.pack("<Q", 2**60) + b"a.",
    "a number longer than the file": P + b"\x8b\xff\xff\xff\x7f1.",
    "a name that does not end": P + b"ctorch",
    "a str that is not UTF-8": P + b"X\x01\x00\x00\x00\xff.",
    "nothing": b"",
}


@pytest.mark.parametrize("what", CALLS_AND_CHANGES)
def test_calls_changes_and_damage_in_the_pickle_are_refused(what: str, archive_of: Any) -> None:
    with pytest.raises(pickle.UnpicklingError, match=r"^load\(\)"):
        corelib.load(archive_of(CALLS_AND_CHANGES[what]))
    assert not hasattr(corelib.Tensor, "a") and not hasattr(OrderedDict, "a") and corelib.float32.itemsize == 4


def test_deep_and_huge_values_are_refused_without_being_printed(archive_of: Any) -> None:
    deep = b"N" + b"\x85" * 100_000
    for function in (b"ctorch\nSize\n", b"c__builtin__\nset\n", b"ctorch\ndevice\n"):
        with pytest.raises(pickle.UnpicklingError) as caught:
            corelib.load(archive_of(P + function + deep + b"R."))
        assert len(str(caught.value)) < 1000
    # Each tuple holds the one before twice: its hash would take 2**64 steps.
    doubling = b"N" + b"q\x00h\x00\x86" * 64
    for key in (doubling, deep):
        for pickled in (b"}" + key + b"Ns.", b"c__builtin__\nset\n]" + key + b"a\x85R."):
            with pytest.raises(pickle.UnpicklingError, match="a key of a dict or an item of a set"):
                corelib.load(archive_of(P + pickled))
    huge = b"\x8b" + struct.pack("<i", 5000) + b"\x7f" * 5000
    with pytest.raises(pickle.UnpicklingError):
        corelib.load(archive_of(P + b"ctorch\nSize\n" + huge + b"\x85\x85R."))


@pytest.mark.parametrize("name", ["_shape", "_storage", "requires_grad", "data", "__class__", "_creation", 3])
def test_attributes_of_a_tensor_that_are_not_the_users_are_refused(name: Any, call: Any, file_of: Any) -> None:
    x = corelib.ones(2)
    parts = (x.storage(), 0, (2,), (1,), False, OrderedDict())
    rebuild, cls = call("torch._utils", "x").named, call("torch", "x").named
    rebuild.name, cls.name = "_rebuild_tensor_v2", "Tensor"
    typed = call("torch._tensor", "_rebuild_from_type_v2", rebuild, cls, parts, {name: 1})
    parameter = call("torch._utils", "_rebuild_parameter_with_state", x, True, OrderedDict(), {name: 1})
    for obj in (typed, parameter):
        with pytest.raises(pickle.UnpicklingError, match="an attribute of a tensor is"):
            corelib.load(file_of(obj))


def test_rebuilding_from_another_function_or_class_is_refused(call: Any, file_of: Any) -> None:
    x = corelib.ones(2)
    cls = call("torch", "Tensor").named
    for function in ("Size", "device"):
        bad = call("torch._tensor", "_rebuild_from_type_v2", call("torch", function).named, cls, (), {})
        with pytest.raises(pickle.UnpicklingError, match="the function that rebuilds a tensor"):
            corelib.load(file_of(bad))
    rebuild = call("torch._utils", "_rebuild_tensor_v2").named
    parts = (x.storage(), 0, (2,), (1,), False, OrderedDict())
    bad = call("torch._tensor", "_rebuild_from_type_v2", rebuild, call("torch", "Size").named, parts, {})
    with pytest.raises(pickle.UnpicklingError, match="the class of a tensor"):
        corelib.load(file_of(bad))
    bad = call("torch._utils", "_rebuild_tensor_v2", x.storage(), 0, (2,), (1,), False, OrderedDict([(1, 2)]))
    with pytest.raises(pickle.UnpicklingError, match="hooks are not data"):
        corelib.load(file_of(bad))


class Point:
    def __init__(self, x: int) -> None:
        self.x = x


class Slotted:
    __slots__ = ("x",)


class Kept(corelib.Tensor):
    pass


def test_the_users_classes_need_the_users_word(saved: Any) -> None:
    objects = [Fraction(1, 3), Point(3), defaultdict(list, a=[1]), 1]
    slotted = Slotted()
    slotted.x = corelib.ones(2)
    objects.append(slotted)
    with pytest.raises(pickle.UnpicklingError, match=r"Fraction was not an allowed .*add_safe_globals\(\[Fraction\]\)"):
        corelib.load(saved(objects))
    with serialization.safe_globals([Fraction, Point, defaultdict, (list, "builtins.list"), Slotted]):
        back = corelib.load(saved(objects))
    assert back[0] == Fraction(1, 3) and back[1].x == 3 and back[2] == {"a": [1]} and back[2]["b"] == []
    assert back[4].x.tolist() == [1, 1]
    with pytest.raises(pickle.UnpicklingError):
        corelib.load(saved(objects))
    assert corelib.load(saved(objects), weights_only=False)[1].x == 3


def test_tensor_subclasses_keep_their_class_when_listed(saved: Any) -> None:
    from corelib.ops.construction.construct import as_subclass

    x = as_subclass(corelib.arange(3), Kept)
    x.note = "kept"
    with pytest.raises(pickle.UnpicklingError, match="Kept"):
        corelib.load(saved(x))
    with serialization.safe_globals([Kept]):
        back = corelib.load(saved(x))
    assert type(back) is Kept and back.note == "kept" and back.tolist() == [0, 1, 2]


def test_blocked_modules_stay_blocked_when_listed(archive_of: Any) -> None:
    with serialization.safe_globals([(os.system, "os.system"), os.system]):
        for name in ("os.system", "posix.system"):
            with pytest.raises(pickle.UnpicklingError, match="is blocked"):
                corelib.load(archive_of(DANGEROUS[name]))


def test_the_list_of_safe_globals_can_be_added_to_read_and_cleared() -> None:
    assert serialization.get_safe_globals() == []
    serialization.add_safe_globals([Fraction])
    with serialization.safe_globals([Fraction, Point]):
        assert serialization.get_safe_globals() == [Fraction, Point]
    assert serialization.get_safe_globals() == [Fraction]
    serialization.clear_safe_globals()
    assert serialization.get_safe_globals() == []
    with pytest.raises(ValueError, match="tuple of length 2"):
        serialization.add_safe_globals([(Fraction, "a", "b")])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="second item in tuple to be str"):
        serialization.add_safe_globals([(Fraction, Fraction)])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="expected classes, functions"):
        serialization.add_safe_globals(["fractions.Fraction"])  # type: ignore[list-item]


def test_trusted_files_may_hold_modules_and_name_pytorchs_classes(saved: Any, call: Any, file_of: Any) -> None:
    model = corelib.nn.Sequential(corelib.nn.Linear(3, 2), corelib.nn.ReLU())
    with pytest.raises(pickle.UnpicklingError, match=r"torch\.nn\.modules"):
        corelib.load(saved(model))
    back = corelib.load(saved(model), weights_only=False)
    assert type(back[0]) is corelib.nn.Linear and back[0].weight.tolist() == model[0].weight.tolist()
    assert type(back[0].weight) is corelib.nn.Parameter
    named = file_of([call("torch.nn.modules.linear", "Linear").named, call("torch.optim.adamw", "AdamW").named])
    assert corelib.load(named, weights_only=False) == [corelib.nn.Linear, corelib.optim.AdamW]
    with pytest.raises(pickle.UnpicklingError, match=r"torch\.jit\.freeze_it, for which corelib has nothing"):
        corelib.load(file_of(call("torch.jit", "freeze_it").named), weights_only=False)


def test_trusted_files_may_call_what_they_like(archive_of: Any, tmp_path: Path) -> None:
    assert corelib.load(archive_of(P + b"c__builtin__\nlen\n]\x85R."), weights_only=False) == 0
    assert Counter(corelib.load(archive_of(P + b"](K\x01K\x01e."), weights_only=False)) == {1: 2}
