"""What libraries and older programs take from PyTorch beside its documented names: types of torch.distributed, the hub's parts, what steps are written with."""

from __future__ import annotations

import os
import warnings
from typing import Any

import pytest
import torch
import torch.distributed.distributed_c10d
import torch.distributed.nn
import torch.nn.parallel._functions
import torch.optim.optimizer as their_steps
import torch.utils.backcompat

import corelib
import corelib.distributed.device_mesh
import corelib.distributed.distributed_c10d
import corelib.distributed.nn.functional
import corelib.nn.parallel._functions
import corelib.optim.optimizer as our_steps
import corelib.utils.backcompat

BOTH = pytest.mark.parametrize("library", [torch, corelib], ids=["torch", "corelib"])
OPERATIONS = "SUM AVG PRODUCT MIN MAX BAND BOR BXOR PREMUL_SUM".split()


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_of_reductions(name):
    told = []
    for library in (torch, corelib):
        op = getattr(library.distributed.ReduceOp, name)
        told.append([repr(op), str(op), int(op), library.distributed.ReduceOp.RedOpType(int(op)) == op])
        try:
            whole = library.distributed.ReduceOp(op)
            told[-1] += [whole == op, repr(whole.op)]
        except RuntimeError as error:
            assert "PREMUL_SUM" in str(error)
    assert told[0] == told[1]


def test_the_older_name_of_operations_warns():
    for library in (torch, corelib):
        with pytest.warns(FutureWarning, match="reduce_op` is deprecated"):
            assert int(library.distributed.reduce_op.MAX) == 4


@pytest.mark.parametrize("name", ["GLOO", "nccl", "Mpi", "ucc"])
def test_names_of_backends(name):
    assert corelib.distributed.Backend(name) == torch.distributed.Backend(name)
    assert isinstance(corelib.distributed.Backend(name), str)


def test_nobody_belongs_to_a_group():
    for library in (torch, corelib):
        distributed = library.distributed
        assert distributed.group.WORLD is None and distributed.GroupMember.WORLD is None and distributed.GroupMember.NON_GROUP_MEMBER == -100
        assert not isinstance(3, (distributed.ProcessGroup, distributed.Store, distributed.Work))
        assert library.distributed.distributed_c10d.ReduceOp is distributed.ReduceOp


@pytest.mark.parametrize("name", ["DeviceMesh", "FileStore", "HashStore", "P2POp", "PrefixStore", "ProcessGroup", "TCPStore"])
def test_what_needs_processes_refuses(name):
    with pytest.raises(RuntimeError, match=f"{name}.*no process groups yet"):
        getattr(corelib.distributed, name)("x", 1)


@pytest.mark.parametrize("name", corelib.distributed.nn.__all__)
def test_collectives_with_gradients_refuse(name):
    assert callable(getattr(torch.distributed.nn, name))
    for module in (corelib.distributed.nn, corelib.distributed.nn.functional):
        with pytest.raises(RuntimeError, match=f"distributed.nn.{name}.*no process groups yet"):
            getattr(module, name)(corelib.ones(1))


def test_the_hubs_parts(monkeypatch):
    for environment in ({}, {"XDG_CACHE_HOME": "~/kept"}, {"TORCH_HOME": "/elsewhere"}):
        for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert corelib.hub._get_torch_home() == torch.hub._get_torch_home() == os.path.dirname(corelib.hub.get_dir())
    for name in ("resnet18-bfd8deac.pth", "plain.pth"):
        theirs, ours = torch.hub.HASH_REGEX.search(name), corelib.hub.HASH_REGEX.search(name)
        assert (theirs and theirs.group(1)) == (ours and ours.group(1))


@BOTH
def test_settings_of_the_first_versions(library):
    for setting in (library.utils.backcompat.broadcast_warning, library.utils.backcompat.keepdim_warning):
        assert setting.enabled is False
        setting.enabled = True
        assert setting.get_enabled() is True
        setting.set_enabled(False)


def written(library: Any) -> list[Any]:
    """An optimizer as other libraries write it, after some steps; and what its parts say."""
    parts = their_steps if library is torch else our_steps

    class Plain(parts.Optimizer):
        def __init__(self, params: parts.ParamsT, lr: float, differentiable: bool = False) -> None:
            super().__init__(params, {"lr": lr, "differentiable": differentiable})

        @parts._use_grad_for_differentiable
        def step(self) -> bool:
            for group in self.param_groups:
                params, grads = [list(group["params"]), [p.grad for p in group["params"]]]
                parts._view_as_real(params, grads)
                for p, g in zip(params, grads, strict=True):
                    with library.no_grad():
                        p.add_(g, alpha=-parts._get_value(library.tensor(group["lr"], dtype=library.float64)))
            return library.is_grad_enabled()

    weights = [library.nn.Parameter(library.arange(3.0)), library.nn.Parameter(library.tensor([1 + 2j, 3 - 1j]))]
    told = []
    for differentiable in (False, True):
        optimizer = Plain(weights, 0.1, differentiable)
        sum((w * w.conj()).real.sum() for w in weights).backward()
        told += [optimizer.step(), library.is_grad_enabled()]
    told += [value for w in weights for value in w.tolist()]
    told += [parts._to_scalar(library.ones(1)).ndim, parts._to_scalar(2), parts._get_value(3), parts._stack_if_compiling([1, 2])]
    given = [library.nn.Parameter(library.ones(2)), None]
    told += [parts._default_to_fused_or_foreach(given, differentiable, fused) for differentiable in (True, False) for fused in (False, True)]
    return told


def test_parts_of_optimizers():
    theirs, ours = written(torch), written(corelib)
    for a, b in zip(ours, theirs, strict=True):
        assert a == (pytest.approx(b) if isinstance(b, (float, complex)) else b)
    assert "cpu" not in our_steps._get_capturable_supported_devices()


@pytest.mark.parametrize("activation", ["relu", "gelu", "tanh"])
def test_a_transformers_activation(activation):
    told = []
    for library in (torch, corelib):
        try:
            told.append(library.nn.modules.transformer._get_activation_fn(activation)(library.tensor([-1.0, 0.5])).tolist())
        except RuntimeError as error:
            told.append(str(error))
    assert told[1] == (told[0] if isinstance(told[0], str) else pytest.approx(told[0]))


@pytest.mark.parametrize("call", [
    lambda made, x: made.Broadcast.apply([0, 1], x), lambda made, x: made.Gather.apply("cpu", 0, x, x),
])  # fmt: skip
def test_functions_between_devices_refuse_the_host(call):
    told = []
    for library in (torch, corelib):
        with pytest.raises(AssertionError) as refused, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call(library.nn.parallel._functions, library.ones(2))
        told.append(str(refused.value))
    assert told[0] == told[1]


def test_the_value_of_full_like_has_a_name():
    for library in (torch, corelib):
        assert library.full_like(library.ones(2), fill_value=3).tolist() == library.full_like(input=library.ones(2), fill_value=3).tolist() == [3.0, 3.0]
        for call in (lambda: library.zeros_like(library.ones(2), fill_value=3), lambda: library.full_like(library.ones(2), 1, fill_value=3)):
            with pytest.raises(TypeError):
                call()
