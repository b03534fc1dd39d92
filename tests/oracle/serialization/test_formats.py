"""Every format that PyTorch writes, read by the other library: the legacy one, whole models, checkpoints' index files, safetensors."""

from __future__ import annotations

import importlib
import io
import json
import pickle
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import corelib
from corelib.serialization.names import torch_name

UNSAVED = re.compile(r"bit|u?int[1-7]")  # PyTorch does not know them when it saves; test_held_dtypes.py has them
DTYPES = [
    d for d in dir(corelib) if isinstance(getattr(corelib, d), corelib.dtype) and isinstance(getattr(torch, d, None), torch.dtype) and not UNSAVED.fullmatch(d)
]  # fmt: skip
BOTH = [(torch, corelib), (corelib, torch), (corelib, corelib)]


def elements(m: Any, name: str) -> Any:
    """Four elements of a dtype."""
    d = getattr(m, name)
    if name.startswith("bits"):
        return m.arange(4 * d.itemsize, dtype=m.uint8).view(d)
    return m.arange(4).to(d)


def raw(tensor: Any) -> bytes:
    return bytes(tensor.contiguous().untyped_storage().tolist())


def dumped(m: Any, obj: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO(b"xx")  # files are read from where they stand
    file.seek(2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        m.save(obj, file, **options)
    file.seek(2)
    return file


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize(("writer", "reader"), BOTH)
def test_every_dtype_comes_back_the_same(name: str, writer: Any, reader: Any) -> None:
    for weights_only in (True, False):
        back = reader.load(dumped(writer, elements(writer, name)), weights_only=weights_only)
        assert str(back.dtype) == f"torch.{getattr(torch, name)}".removeprefix("torch.") and raw(back) == raw(elements(reader, name))


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize(("writer", "reader"), BOTH)
def test_every_dtype_comes_back_from_the_legacy_format(name: str, writer: Any, reader: Any) -> None:
    obj = {"a": elements(writer, name), "empty": elements(writer, name)[:0]}
    obj["view"] = obj["a"][1:3]
    file = dumped(writer, obj, _use_new_zipfile_serialization=False)
    try:
        torch.load(dumped(torch, elements(torch, name), _use_new_zipfile_serialization=False))
    except AttributeError:  # PyTorch cannot read its own files with dtypes that have no storage class
        if reader is torch:
            return
    for weights_only in (True, False):
        file.seek(2)
        back = reader.load(file, weights_only=weights_only)
        assert raw(back["a"]) == raw(elements(reader, name)) and back["empty"].shape == (0,)
        assert back["view"].untyped_storage().data_ptr() == back["a"].untyped_storage().data_ptr() and back["view"].storage_offset() == 1



def models(m: Any) -> dict[str, Callable[[], Any]]:
    n = m.nn
    return {
        "linear": lambda: n.Linear(3, 2), "cnn": lambda: n.Sequential(n.Conv2d(3, 2, 3), n.BatchNorm2d(2), n.ReLU(), n.MaxPool2d(2)),
        "lstm": lambda: n.LSTM(3, 4, 2, bidirectional=True), "gru": lambda: n.GRU(3, 4), "encoder": lambda: n.TransformerEncoderLayer(4, 2, 8, activation="gelu"),
        "transformer": lambda: n.Transformer(4, 2, 1, 1, 8), "attention": lambda: n.MultiheadAttention(4, 2), "embedding": lambda: n.Embedding(4, 3),
        "bag": lambda: n.EmbeddingBag(4, 3), "list": lambda: n.ModuleList([n.Linear(2, 2), n.Dropout()]), "dict": lambda: n.ModuleDict({"a": n.Tanh()}),
        "parameters": lambda: n.ParameterList([m.ones(2)]), "loss": lambda: n.CrossEntropyLoss(m.ones(3)), "weight_norm": lambda: n.utils.weight_norm(n.Linear(2, 3)),
        "spectral": lambda: n.utils.spectral_norm(n.Linear(2, 3)), "lazy": lambda: n.LazyLinear(3), "group": lambda: n.GroupNorm(2, 4), "prelu": lambda: n.PReLU(),
        "upsample": lambda: n.Upsample(scale_factor=2), "unflatten": lambda: n.Unflatten(1, (2, 2)), "bilinear": lambda: n.Bilinear(2, 3, 4),
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # weight_norm is deprecated, lazy modules may change
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("which", list(models(torch)))
@pytest.mark.parametrize(("writer", "reader"), BOTH)
def test_whole_models_are_read_by_the_other(writer: Any, reader: Any, which: str, legacy: bool) -> None:
    model = models(writer)[which]()
    back = reader.load(dumped(writer, model, _use_new_zipfile_serialization=not legacy), weights_only=False)
    assert type(back) is type(models(reader)[which]()) and repr(back) == repr(model)
    for (name, ours), (key, theirs) in zip(model.state_dict().items(), back.state_dict().items(), strict=True):
        assert name == key and (which == "lazy" or ours.tolist() == theirs.tolist())
    back.eval()
    model.eval()
    if which in ("linear", "weight_norm", "spectral", "lazy"):
        width = 3 if which == "linear" else 2
        assert torch.allclose(torch.tensor(model(writer.ones(1, width)).tolist()), torch.tensor(back(reader.ones(1, width)).tolist())) or which == "lazy"
    if which in ("lstm", "gru", "encoder"):
        x = (5, 1, 4 if which == "encoder" else 3)
        one, two = ((out[0] if isinstance(out, tuple) else out).tolist() for out in (model(writer.ones(*x)), back(reader.ones(*x))))
        assert torch.allclose(torch.tensor(one), torch.tensor(two), atol=1e-5)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop", "LBFGS", "Adafactor"])
@pytest.mark.parametrize(("writer", "reader"), BOTH)
def test_whole_optimizers_and_schedulers_are_read_by_the_other(writer: Any, reader: Any, kind: str) -> None:
    def steps(m: Any, optimizer: Any) -> list[Any]:
        (p,) = optimizer.param_groups[0]["params"]
        for _ in range(2):
            p.grad = m.ones(3)
            optimizer.step(*((lambda: m.tensor(1.0),) if kind == "LBFGS" else ()))
        return p.tolist()

    made = getattr(writer.optim, kind)([writer.nn.Parameter(writer.ones(3))], lr=0.1)
    steps(writer, made)
    back = reader.load(dumped(writer, made), weights_only=False)
    assert type(back) is getattr(reader.optim, kind) and repr(back) == repr(made)
    if kind == "LBFGS" and reader is torch:  # PyTorch's own forgets its parameters in a pickle
        return
    assert steps(reader, back) == pytest.approx(steps(writer, made))


def test_classes_and_functions_are_written_under_pytorchs_names() -> None:
    wrong = {}
    for path in ("nn", "optim", "optim.lr_scheduler", "utils.data", "nn.utils.parametrizations", "nn.utils.prune", "nn.functional", "linalg", "fft"):
        mine, theirs = (importlib.import_module(f"{m}.{path}") for m in ("corelib", "torch"))
        for name in dir(theirs):
            ours, their = getattr(mine, name, None), getattr(theirs, name)
            if name.startswith("_") or not isinstance(their, type) or not isinstance(ours, type) or not their.__module__.startswith("torch.") or their.__module__ in ("torch._C", "torch"):
                continue
            if issubclass(their, (torch.Tensor, torch.dtype)) or (their.__module__, their.__qualname__) == torch_name(ours):
                continue
            wrong[f"{path}.{name}"] = torch_name(ours), f"{their.__module__}.{their.__qualname__}"
    assert wrong == {}
    for name in ("relu", "gelu", "softmax", "cross_entropy", "linear", "tanh"):
        file = dumped(corelib, [getattr(corelib.nn.functional, name)])
        assert torch.load(file, weights_only=False) == [getattr(torch.nn.functional, name)]
        assert corelib.load(dumped(torch, [getattr(torch.nn.functional, name)]), weights_only=False) == [getattr(corelib.nn.functional, name)]
    for name in ("relu", "matmul", "ones"):
        assert corelib.load(dumped(torch, [getattr(torch, name)]), weights_only=False) == [getattr(corelib, name)]


def test_listed_classes_are_read_without_trusting_the_file() -> None:
    for m in (torch, corelib):
        n, before = m.nn.modules, len(m.serialization.get_safe_globals())
        with m.serialization.safe_globals([n.linear.Linear, n.container.Sequential, n.activation.ReLU, set]):
            for writer in (torch, corelib):
                back = m.load(dumped(writer, writer.nn.Sequential(writer.nn.Linear(2, 2), writer.nn.ReLU())), weights_only=True)
                assert repr(back) == repr(m.nn.Sequential(m.nn.Linear(2, 2), m.nn.ReLU()))
        assert len(m.serialization.get_safe_globals()) == before


@pytest.mark.parametrize(("writer", "reader"), BOTH)
def test_sharded_checkpoints_are_put_together_by_their_index(tmp_path: Path, writer: Any, reader: Any) -> None:
    model = writer.nn.Sequential(writer.nn.Linear(2, 3), writer.nn.Linear(3, 1))
    shards: dict[str, dict[str, Any]] = {}
    for i, (name, tensor) in enumerate(model.state_dict().items()):
        shards.setdefault(f"pytorch_model-{i % 2 + 1:05d}-of-00002.bin", {})[name] = tensor
    for file, part in shards.items():
        writer.save(part, tmp_path / file)
    index = {"metadata": {"total_size": 1}, "weight_map": {name: file for file, part in shards.items() for name in part}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    found: dict[str, Any] = {}
    for file in sorted(set(json.loads((tmp_path / "pytorch_model.bin.index.json").read_text())["weight_map"].values())):
        found |= reader.load(tmp_path / file, map_location="cpu", weights_only=True, mmap=True)
    back = reader.nn.Sequential(reader.nn.Linear(2, 3), reader.nn.Linear(3, 1))
    back.load_state_dict(found, assign=True)
    assert {k: v.tolist() for k, v in back.state_dict().items()} == {k: v.tolist() for k, v in model.state_dict().items()}


# Run by one library and then by the other, with `torch` for either.
SAFETENSORS = '''
import json, sys, os
from safetensors import safe_open
from safetensors.torch import load, load_file, load_model, save, save_file, save_model
folder, other, act = sys.argv[1:4]
tensors = {n: torch.arange(6).reshape(2, 3).to(getattr(torch, n)) for n in sys.argv[4:]}
save_file(tensors, folder + "/plain.safetensors", metadata={"format": "pt", "by": "a test"})
back = load_file(folder + "/plain.safetensors")
assert all(torch.equal(back[n], tensors[n]) and back[n].dtype == tensors[n].dtype for n in tensors)
again = load(save({"a": torch.ones(2)}))
assert torch.equal(again["a"], torch.ones(2))
model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 2))
model[1].again = model[1].weight
for p in model.parameters():
    torch.nn.init.constant_(p, 0.5)
save_model(model, folder + "/model.safetensors")
if os.path.exists(other + "/plain.safetensors"):
    theirs = load_file(other + "/plain.safetensors")
    assert all(torch.equal(theirs[n], tensors[n]) for n in tensors)
    for p in model.parameters():
        torch.nn.init.zeros_(p)
    print(load_model(model, other + "/model.safetensors"), model[0].weight.sum().item(), model[1].again is model[1].weight)
with safe_open(folder + "/plain.safetensors", framework="pt", device="cpu") as f:
    part = f.get_slice("float32")
    print(sorted(f.keys()), sorted(f.metadata().items()), part.get_shape(), part.get_dtype(), part[:, 1:].tolist(), f.get_tensor("int64").tolist())
for wrong in ({"a": model[0].weight, "b": model[0].weight[1:]}, {"a": torch.ones(2, 3).t()}, [torch.ones(1)]):
    try:
        save_file(wrong, folder + "/wrong.safetensors")
    except Exception as error:
        print(type(error).__name__)
'''


def test_the_safetensors_package_works_unchanged(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    dtypes = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"]
    said = []
    for first, second in (("import torch", "mine"), ("import corelib.as_torch as a; a.install(); import torch", "theirs"), ("import torch", "mine")):
        other = "theirs" if second == "mine" else "mine"
        for folder in (second, other):
            (tmp_path / folder).mkdir(exist_ok=True)
        program = tmp_path / "program.py"
        program.write_text(first + SAFETENSORS)
        arguments = [sys.executable, "-W", "ignore", str(program), str(tmp_path / second), str(tmp_path / other), "x", *dtypes]
        ran = subprocess.run(arguments, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        said.append(ran.stdout.splitlines())
    assert said[1] == said[2] and said[0] == said[1][1:]


def test_corelib_reads_safetensors_by_itself(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    from safetensors.torch import save_file

    save_file({"a": torch.arange(3), "b": torch.ones(2, dtype=torch.bfloat16)}, tmp_path / "a.safetensors")
    for m in (torch, corelib):
        back = m.load(str(tmp_path / "a.safetensors"), map_location=m.device("cpu"))
        assert back["a"].tolist() == [0, 1, 2] and back["b"].dtype is m.bfloat16


def test_plain_pickles_of_pytorchs_tensors_are_read_under_its_name(tmp_path: Path) -> None:
    theirs = {"t": torch.arange(3).float(), "p": torch.nn.Parameter(torch.ones(2)), "s": torch.Size([2]), "d": torch.float16, "v": torch.device("cpu"), "m": torch.nn.Linear(1, 1)}
    (tmp_path / "t.pkl").write_bytes(pickle.dumps(theirs))
    program = "import corelib.as_torch as a; a.install(); import pickle, sys; o = pickle.load(open(sys.argv[1], 'rb')); print(o['t'], o['p'], o['s'], o['d'], o['v'], o['m'])"
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "t.pkl")], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == " ".join(str(theirs[k]) for k in "tpsdvm"), ran.stderr



