"""summary: a model's layers as a table, with output shapes, parameters and floating-point operations, and their totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from typing import Any

from corelib.graph.grad_mode import no_grad
from corelib.nn.modules.container import ModuleDict, ModuleList, ParameterDict, ParameterList
from corelib.nn.modules.module import Module
from corelib.nn.parameter import is_lazy
from corelib.ops.construction.creation import ones, zeros
from corelib.tensor import dtype as D
from corelib.tensor.device import DeviceLike, device as Device, resolve
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor
from corelib.utils.flop_counter import FlopCounterMode

__all__ = ["Layer", "ModelSummary", "summarize"]

_LISTS = (ModuleDict, ModuleList, ParameterDict, ParameterList)
_HEADS = ("Layer", "Output shape", "Parameters", "Trainable", "FLOPs")


@dataclass(frozen=True)
class Layer:
    """One row. What lies in layers that have rows of their own is counted there, so that the rows add up to the totals."""

    path: str
    """The dotted name in the model; "" is the model itself."""
    kind: str
    """Its class."""
    depth: int
    output_shape: str | None
    """The shape of what its last call returned, such as "[1, 10]"; "" of a list of layers, which nobody calls, and None where it was not called."""
    calls: int
    parameters: int
    trainable: int
    flops: int
    shared_with: str | None = None
    """The path of the row that counts this very module, where it is in the model under several names."""


@dataclass(frozen=True)
class ModelSummary:
    """What `summary` returns: `print` shows the table. Bytes are those of parameters and buffers as they lie in memory."""

    layers: tuple[Layer, ...]
    parameters: int
    trainable: int
    buffers: int
    flops: int | None
    """Of one call, a multiplication and an addition as two; None where no input was given."""
    parameter_bytes: int
    buffer_bytes: int
    reused: tuple[tuple[str, str], ...] = ()
    """(name, the name under which it is counted) of parameters that are in several layers."""

    def __str__(self) -> str:
        ran = self.flops is not None
        rows = [(*_names(layer, self.layers), _shown_shape(layer, ran), *map(_figure, _counts(layer))) for layer in self.layers]
        return "\n".join([*_table(rows, ran), *self._totals()])

    __repr__ = __str__

    def _totals(self) -> Iterator[str]:
        yield f"Parameters: {self.parameters:,} ({_size(self.parameter_bytes)}), trainable: {self.trainable:,}"
        if self.buffers:
            yield f"Elements of buffers: {self.buffers:,} ({_size(self.buffer_bytes)})"
        if self.flops is not None:
            yield f"FLOPs of one call: {self.flops:,}"
        for name, first in self.reused:
            yield f"Counted once: {name} is {first}"


def summarize(
    model: Module, input_size: Any = None, input_data: Any = None, dtypes: Any = None, device: DeviceLike = None, depth: int = 3
) -> ModelSummary:
    """What `corelib.utils.summary` does."""
    if not isinstance(model, Module):
        raise TypeError(f"summary(): argument 'model' must be an nn.Module, not {type(model).__name__}")
    if type(depth) is not int or depth < 0:
        raise ValueError(f"summary(): argument 'depth' must be a number of levels, 0 or more, got {depth!r}")
    if input_size is not None and input_data is not None:
        raise ValueError("summary(): give input_size or input_data, not both")
    watched = _Watched(model)
    inputs = _inputs(model, input_size, input_data, dtypes, device)
    if inputs is not None:
        watched.run(*inputs, "input_data" if input_size is None else f"input_size={input_size!r}")
    return _summary(model, watched, depth, inputs is not None)


class _Watched:
    """A model whose layers tell, while it runs, what they return and how many operations each does by itself."""

    def __init__(self, model: Module) -> None:
        self.model = model
        self.names = {module: name for name, module in reversed(list(model.named_modules(remove_duplicate=False)))}
        self.counter = FlopCounterMode(display=False)
        self.flops: dict[Module, int] = {}
        self.calls: dict[Module, int] = {}
        self.shapes: dict[Module, str] = {}
        self.running: list[tuple[Module, Any, int, list[int]]] = []  # the layer, its inputs, the count before, those of the layers in it

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any], given: str) -> None:
        """Call the model as for evaluation, without gradients; RuntimeError that names the layer which failed."""
        modes = [(module, module.training) for module in self.names]
        handles = [module.register_forward_pre_hook(self._before, prepend=True, with_kwargs=True) for module in self.names]
        handles += [module.register_forward_hook(self._after) for module in self.names]
        try:
            self.model.eval()
            with no_grad(), self.counter:
                self.model(*args, **kwargs)
        except Exception as error:
            raise RuntimeError(self._told(error, given)) from error
        finally:
            for handle in handles:
                handle.remove()
            for module, mode in modes:
                module.training = mode

    def _before(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.running.append((module, (*args, *kwargs.values()), self.counter.get_total_flops(), []))

    def _after(self, module: Module, args: tuple[Any, ...], output: Any) -> None:
        while self.running[-1][0] is not module:  # one that raised, and whose error was caught
            self.running.pop()
        _, _, before, inside = self.running.pop()
        done = self.counter.get_total_flops() - before
        self.flops[module] = self.flops.get(module, 0) + done - sum(inside)
        if self.running:
            self.running[-1][3].append(done)
        self.calls[module] = self.calls.get(module, 0) + 1
        self.shapes[module] = shape_text(output)

    def _told(self, error: Exception, given: str) -> str:
        said = f"{type(error).__name__}: {error}"
        if not self.running:
            return f"summary(): the model could not be called with {given}: {said}"
        module, inputs, _, _ = self.running[-1]
        where = f"layer {self.names[module]!r}, {_typed(module)}," if self.names[module] else f"{_typed(module)} itself"
        ran = [name for layer, name in self.names.items() if layer in self.calls and name]
        before = f" Layers that ran before: {', '.join(reversed(ran))}." if ran else ""
        return (
            f"summary(): the model could not be called with {given}: {where} refused an input of {shape_text(inputs) or 'nothing'}: {said}.{before} "
            "The first dimension of an input is usually the batch"
        )


def _inputs(model: Module, sizes: Any, data: Any, dtypes: Any, device: DeviceLike) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """The arguments of the model's call, by position and by name; None where there are none to call it with."""
    lies_on = next((t.device for t in chain(model.parameters(), model.buffers())), None)
    where = lies_on if device is None else resolve(device)
    if lies_on is not None and where is not lies_on:
        raise ValueError(f"summary(): argument 'device' is {where}, but the model lies on {lies_on}; move it: model.to({str(where)!r})")
    if data is not None:
        if dtypes is not None:
            raise ValueError("summary(): argument 'dtypes' is for input_size; tensors of input_data have theirs")
        moved = {k: _moved(v, where) for k, v in data.items()} if isinstance(data, Mapping) else [_moved(v, where) for v in _sequence(data)]
    elif sizes is not None:
        named = _named_sizes(sizes)
        kinds = _kinds(dtypes, named, next((p.dtype for p in model.parameters() if p.is_floating_point()), None))
        made = {name: _made(size, kinds[name], where) for name, size in named.items()}
        moved = made if isinstance(sizes, Mapping) else list(made.values())
    else:
        return None
    return ((), moved) if isinstance(moved, dict) else (tuple(moved), {})


def _sequence(data: Any) -> Sequence[Any]:
    return data if isinstance(data, (tuple, list)) else (data,)


def _moved(value: Any, where: Device | None) -> Any:
    return value.to(where) if isinstance(value, Tensor) and where is not None else value


def _named_sizes(sizes: Any) -> dict[Any, tuple[int, ...]]:
    """The sizes by their argument's name or number; ValueError for what is none."""
    several = sizes
    if not isinstance(sizes, Mapping):
        if not isinstance(sizes, Sequence) or isinstance(sizes, str):
            raise _no_size(sizes)
        several = dict(enumerate(sizes if sizes and all(isinstance(s, Sequence) for s in sizes) else [sizes]))
    for size in several.values():
        if not isinstance(size, Sequence) or isinstance(size, str) or not all(type(n) is int and n >= 0 for n in size):
            raise _no_size(size)
    return {name: tuple(size) for name, size in several.items()}


def _no_size(got: Any) -> ValueError:
    return ValueError(
        f"summary(): argument 'input_size' must be a shape such as (1, 3, 224, 224), a list of shapes for several inputs, or a dict of "
        f"shapes by the names of forward's parameters; got {got!r}"
    )


def _kinds(dtypes: Any, named: dict[Any, tuple[int, ...]], usual: DType | None) -> dict[Any, DType]:
    """A dtype for each input: as given, else that of the model's parameters."""
    if dtypes is None or isinstance(dtypes, DType):
        return dict.fromkeys(named, dtypes or usual or D.float32)
    if not isinstance(dtypes, Mapping):
        if not isinstance(dtypes, Sequence) or len(dtypes) != len(named):
            raise ValueError(f"summary(): argument 'dtypes' must have a dtype for each of the {len(named)} inputs, got {dtypes!r}")
        dtypes = dict(zip(named, dtypes, strict=True))
    wrong = [kind for kind in dtypes.values() if not isinstance(kind, DType)] + [name for name in dtypes if name not in named]
    if wrong:
        raise ValueError(f"summary(): argument 'dtypes' must have dtypes such as torch.float32, for inputs that input_size names; got {wrong[0]!r}")
    return {name: dtypes.get(name, usual or D.float32) for name in named}


def _made(size: tuple[int, ...], kind: DType, where: Device | None) -> Tensor:
    """An input: ones, and for integers zeros, which are indices everywhere. No random numbers: the program's stay as they are."""
    floating = kind.is_floating_point or kind.is_complex
    return ones(size, dtype=kind, device=where) if floating else zeros(size, dtype=kind, device=where)


def _summary(model: Module, watched: _Watched, depth: int, ran: bool) -> ModelSummary:
    counted: dict[int, str] = {}
    reused: list[tuple[str, str]] = []
    rows: dict[Module, str] = {}
    layers: list[Layer] = []
    total = _Tally()

    def own(module: Module, path: str) -> _Tally:
        """What lies in a module itself, and was not counted elsewhere."""
        tally = _Tally()
        for name, param in module._parameters.items():
            if param is None or is_lazy(param):
                continue
            full = f"{path}.{name}" if path else name
            if counted.setdefault(id(param), full) != full:
                reused.append((full, counted[id(param)]))
            else:
                tally.add(param)
        return tally

    def row(module: Module, path: str, level: int, tally: _Tally, flops: int, shared: str | None = None) -> None:
        shape = watched.shapes.get(module, "" if isinstance(module, _LISTS) else None)
        layers.append(Layer(path, type(module).__name__, level, shape, watched.calls.get(module, 0), tally.parameters, tally.trainable, flops, shared))

    def visit(module: Module, path: str, level: int) -> None:
        if module in rows:
            row(module, path, level, _Tally(), 0, rows[module])
            return
        rows[module] = path
        tally, flops = own(module, path), watched.flops.get(module, 0)
        if level == depth:
            for name, inner in module.named_modules(prefix=path):
                if inner not in rows:
                    rows[inner] = name
                    tally.add_all(own(inner, name))
                    flops += watched.flops.get(inner, 0)
        total.add_all(tally)
        row(module, path, level, tally, flops)
        if level < depth:
            for name, child in module._modules.items():
                if child is not None:
                    visit(child, f"{path}.{name}" if path else name, level + 1)

    visit(model, "", 0)
    buffers = [b for b in model.buffers() if not is_lazy(b)]
    return ModelSummary(
        tuple(layers), total.parameters, total.trainable, sum(b.numel() for b in buffers), watched.counter.get_total_flops() if ran else None,
        total.bytes, sum(b.numel() * b.element_size() for b in buffers), tuple(reused),
    )  # fmt: skip


@dataclass
class _Tally:
    parameters: int = 0
    trainable: int = 0
    bytes: int = 0

    def add(self, param: Tensor) -> None:
        n = prod(param.shape)
        self.parameters += n
        self.trainable += n * param.requires_grad
        self.bytes += n * param.element_size()

    def add_all(self, other: _Tally) -> None:
        self.parameters += other.parameters
        self.trainable += other.trainable
        self.bytes += other.bytes


def shape_text(output: Any) -> str:
    """The shapes of the tensors in what a layer took or returned, as they lie in it."""
    if isinstance(output, Tensor):
        return str(list(output.shape))
    if isinstance(output, Mapping):
        return ", ".join(f"{name}: {_inner(value)}" for name, value in output.items())
    if isinstance(output, (tuple, list)):
        return ", ".join(map(_inner, output))
    return "None" if output is None else type(output).__name__


def _inner(value: Any) -> str:
    return f"({shape_text(value)})" if isinstance(value, (tuple, list, Mapping)) else shape_text(value)


def _typed(module: Module) -> str:
    text = module.extra_repr()
    return f"{type(module).__name__}({text})" if "\n" not in text else type(module).__name__


def _names(layer: Layer, layers: tuple[Layer, ...]) -> tuple[str]:
    if not layer.depth:
        return (layer.kind,)
    name = layer.path.rpartition(".")[2]
    shared = f" (is {layer.shared_with or 'the model'})" if layer.shared_with is not None else ""
    return (f"{'  ' * layer.depth}{name}: {layer.kind}{shared}",)


def _shown_shape(layer: Layer, ran: bool) -> str:
    if layer.output_shape is None:
        return "not called" if ran else ""
    return layer.output_shape + (f" (last of {layer.calls} calls)" if layer.calls > 1 else "")


def _counts(layer: Layer) -> tuple[int, int, int]:
    return layer.parameters, layer.trainable, layer.flops


def _figure(n: int) -> str:
    return f"{n:,}" if n else "-"


def _table(rows: list[tuple[str, ...]], ran: bool) -> list[str]:
    """Columns of text, figures to the right; without those that only a call gives, where there was none."""
    shown = [0, 1, 2, 3, 4] if ran else [0, 2, 3]
    widths = {i: max(len(row[i]) for row in [_HEADS, *rows]) for i in shown}

    def line(cells: Sequence[str]) -> str:
        return "  ".join(cells[i].ljust(widths[i]) if i < 2 else cells[i].rjust(widths[i]) for i in shown).rstrip()

    rule = "-" * (sum(widths.values()) + 2 * (len(shown) - 1))
    return [line(_HEADS), rule, *map(line, rows), rule]


def _size(n: int) -> str:
    """A number of bytes for people.

    >>> _size(512), _size(246824), _size(3 << 30)
    ('512 bytes', '241.0 KiB', '3.0 GiB')
    """
    if n < 1024:
        return f"{n} bytes"
    unit = min((n.bit_length() - 1) // 10, 4)
    return f"{n / 1024**unit:.1f} {'KMGT'[unit - 1]}iB"
