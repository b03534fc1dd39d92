"""What programs rely on without thinking: formats, Python's types as dtypes, pickles, copies and weak references, old spellings."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import corelib

PIECES = """
f"{T.tensor(1.23456):.4f}"
f"{T.tensor(3):d}"
f"{T.tensor([1.,2.])}"
f"{T.tensor([1.,2.]):.2f}"
f"{T.tensor(5.0):>10}"
T.ones(2,3).sum(axis=0)
T.ones(2,3).mean(axis=1,keepdims=True).shape
T.sum(T.ones(2,3),axis=1,keepdims=True).shape
T.ones(2,3).max(axis=1).values
T.cat([T.ones(2)],axis=0)
T.stack([T.ones(2)],axis=0)
T.ones(2,3).std(axis=0,keepdims=True).shape
T.softmax(T.ones(2,3),axis=1)
T.ones(2,3).unsqueeze(axis=0).shape
T.argmax(T.ones(2,3),axis=1)
T.norm(T.ones(2,3),dim=1)
T.ones(2,3).cumsum(axis=0)
T.ones(2,3).argmax(axis=1,keepdims=True)
T.ones(2,3).any(axis=1)
T.concatenate([T.ones(2)],axis=0)
T.ones(2,dtype=int).dtype
T.ones(2).to(bool)
T.ones(2).to(int).dtype, T.ones(2).to(float).dtype
T.zeros(2,dtype=float).dtype
T.zeros(2,dtype=complex).dtype
T.tensor([1],dtype=bool)
T.arange(3,dtype=float)
T.ones(2).sum(dtype=int)
T.nn.Linear(2,2,dtype=float).weight.dtype
T.nn.Linear(2,2).to(float).weight.dtype
T.Tensor.__array_priority__
np.asarray(T.ones(2)), np.ones(2)+T.ones(2), type(np.ones(2)*T.ones(2))
np.array(T.ones(2),dtype=np.int32)
np.float32(2)*T.ones(2)
T.ones(2)*np.float32(2)
hasattr(T.ones(2),"__cuda_array_interface__")
T.ones(2,requires_grad=True).numpy()
nograd(T, lambda: T.ones(2,requires_grad=True).numpy())
nograd(T, lambda: np.asarray(T.ones(2,requires_grad=True)))
type(T.ones(2,3).max(0)).__name__, type(T.ones(2,3).max(0)).__module__
T.ones(2,3).max(0)
type(T.sort(T.ones(2))).__qualname__
pickle.loads(pickle.dumps(T.ones(2).max(0)))
copy.deepcopy(T.ones(2).max(0))
pickle.loads(pickle.dumps(T.float32)) is T.float32
pickle.loads(pickle.dumps(T.Size([1,2])))
pickle.loads(pickle.dumps(T.device("cpu")))
pickle.loads(pickle.dumps(T.strided)) is T.strided
pickle.loads(pickle.dumps(T.channels_last)) is T.channels_last
pickle.loads(pickle.dumps(T.Generator().manual_seed(3))).initial_seed()
copy.copy(T.ones(2))
weakref.ref(x:=T.ones(2))() is x
weakref.ref(x:=T.nn.Linear(1,1))() is x
weakref.ref(x:=T.Generator())() is x
weakref.ref(x:=T.optim.SGD([T.nn.Parameter(T.ones(1))],0.1))() is x
weakref.ref(x:=T.ones(1).storage())() is x
weakref.ref(x:=T.ones(1).untyped_storage())() is x
weakref.ref(x:=T.float32)() is x
weakref.ref(x:=T.nn.Linear(1,1).register_forward_hook(print))() is x
repr(pickle.loads(pickle.dumps(T.optim.Adam([T.nn.Parameter(T.ones(1))]))))
repr(copy.deepcopy(T.optim.Adam([T.nn.Parameter(T.ones(1))])))
pickle.loads(pickle.dumps(sched(T))).last_epoch
copy.deepcopy(sched(T)).last_epoch
copy.deepcopy(T.nn.Sequential(T.nn.Linear(1,1)))
pickle.loads(pickle.dumps(T.nn.Parameter(T.ones(2))))
pickle.loads(pickle.dumps(T.ones(2,requires_grad=True)))
copy.deepcopy(T.ones(2,requires_grad=True)*2)
pickle.loads(pickle.dumps(T.ones(2,requires_grad=True)*2))
T.ones(2).data[0]
T.tensor(2.0).data[0]
T.tensor(2.).data.item()
T.autograd.Variable(T.ones(1),volatile=True)
T.autograd.Variable(T.ones(1),requires_grad=True).requires_grad
T.ones(1).volatile
ver(T)
T.ones(2).as_subclass(T.nn.Parameter)
T.ones(2).as_subclass(T.Tensor)
T.ones(2).const_data_ptr() != 0
T.ones(2).module_load(T.zeros(2))
T.ones(2).module_load(T.zeros(2),assign=True)
T.ones(2).is_distributed()
T.ones(2).resize(1,2)
T.ones(2).resize_as(T.ones(1,2))
repr(T.optim.SGD([T.nn.Parameter(T.ones(1))],0.1))
int(T.tensor(3)), float(T.tensor(3)), complex(T.tensor(3)), bool(T.tensor(3)), T.tensor(3).__index__()
round(T.tensor(3.7)), T.tensor(3.7).__round__(1)
len(T.ones(2)), list(T.ones(2)), T.ones(2).__contains__(1)
hash(x:=T.ones(2))==id(x) or hash(x)==hash(x)
T.ones(2).__array__(np.float64)
T.ones(2).__format__("")
format(T.tensor(1.5),".1e")
"%.3f" % T.tensor(1.5)
"%d" % T.tensor(3)
"{:.2f}".format(T.tensor(1.5).item())
T.nn.Parameter(T.ones(2)).__dict__
T.ones(2).__dict__
T.nn.Module().ipu()
T.nn.Module().mtia()
T.nn.Module().xpu()
T.return_types.max((1, 2))
x.n_fields, x.n_sequence_fields, x.n_unnamed_fields
y.n_fields, y.n_sequence_fields, y.n_unnamed_fields
T.Size([1, 2]) * 2, 2 * T.Size([1]), T.Size([1]) * True
(3,) + T.Size([1]), T.Size([1]) + (3,), T.Size([1]) + T.Size([2]), sum([T.Size([1]), T.Size([2])], ())
T.Size([1]) + [2]
[2] + T.Size([1])
T.Size([1]) + 2
T.Size([1]) * 1.5
T.Size([1]) + ("a",)
z.untyped_storage()._cdata == z[1:].untyped_storage()._cdata, z.storage()._cdata == z[0].storage()._cdata, z.untyped_storage()._cdata == z.clone().untyped_storage()._cdata
T.utils.data.ConcatDataset([[1], [2, 3]]).cummulative_sizes
T.ones(1).cuda()
T.ones(1, device="cuda")
T.nn.Linear(1, 1).cuda()
T.nn.Linear(1, 1).to("cuda")
T.ones(1).to("cuda:1")
T.version.cuda, T.version.hip, T.version.xpu, T.version.debug, isinstance(T.version.git_version, str)
T.__version__ < (99, 1), T.__version__ > "0.0.1", isinstance(T.__version__, str)
T.hub.HASH_REGEX.search("a-0123.pth").group(1), T.hub.READ_DATA_CHUNK, T.hub.DEFAULT_CACHE_DIR, T.hub.ENV_TORCH_HOME, T.hub.ENV_XDG_CACHE_HOME
saved(T, T.ones(2).max(0))
saved(T, T.sort(T.ones(2)))
"""


def nograd(m: Any, function: Callable[[], Any]) -> Any:
    with m.no_grad():
        return function()


def sched(m: Any) -> Any:
    return m.optim.lr_scheduler.StepLR(m.optim.SGD([m.nn.Parameter(m.ones(1))], 0.1), 1)


def ver(m: Any) -> Any:
    """What is changed through .data is not seen by the graph."""
    x = m.ones(2, requires_grad=True)
    y = x * 2
    z = y * y
    y.data.mul_(3)
    seen = y._version
    z.sum().backward()
    return seen, x.grad


def saved(m: Any, obj: Any) -> Any:
    file = io.BytesIO()
    m.save(obj, file)
    return [(torch if other == "torch" else corelib).load(io.BytesIO(file.getvalue()), weights_only=False) for other in ("torch", "corelib")]


def outcome(m: Any, piece: str) -> str:
    scope = {"T": m, "x": m.ones(2, 2).max(0), "z": m.ones(3), "y": m.linalg.svd(m.ones(1, 1)), "np": np, "pickle": pickle, "copy": copy, "weakref": weakref, "nograd": nograd, "sched": sched, "ver": ver, "saved": saved}
    try:
        return repr(eval(piece, scope)).replace("corelib", "torch")
    except Exception as error:
        return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")


@pytest.mark.parametrize("piece", PIECES.strip().splitlines())
def test_what_programs_rely_on(piece: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = outcome(torch, piece)
        if wanted == "AssertionError" and "cuda" in piece and any(info.device_type == "cuda" for info in corelib.backends.list()):
            wanted = "RuntimeError"  # what a PyTorch that was built with CUDA says where there is no GPU
        assert outcome(corelib, piece) == wanted


def test_devices_that_nobody_provides_are_refused() -> None:
    for name in ("ipu", "xpu", "mtia"):
        for thing in (lambda m: m.ones(2), lambda m: m.nn.Linear(1, 1)):
            with pytest.raises(RuntimeError):
                getattr(thing(corelib), name)()
