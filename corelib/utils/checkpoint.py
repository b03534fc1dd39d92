"""torch.utils.checkpoint: what a part of a model saves for backward is not kept but computed again when backward needs it."""

from __future__ import annotations

import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import local
from typing import Any, NoReturn
from uuid import uuid4
from weakref import ReferenceType, WeakKeyDictionary, ref

from corelib.as_torch.warned import warn
from corelib.autograd.engine import backward as run_backward
from corelib.autograd.function import Function
from corelib.autograd.graph import saved_tensors_hooks
from corelib.dispatcher.modes import Mode
from corelib.dispatcher.op import Entry, Kwargs, Op
from corelib.graph.grad_mode import enable_grad, grad_mode, no_grad
from corelib.graph.rule import Args
from corelib.nn.modules.container import Sequential
from corelib.tensor.tensor import Tensor
from corelib.utils.selective_checkpoint import (
    SAC_IGNORED_OPS as SAC_IGNORED_OPS, CheckpointPolicy as CheckpointPolicy, SelectiveCheckpointContext as SelectiveCheckpointContext,
    create_selective_checkpoint_contexts as create_selective_checkpoint_contexts,
)
from corelib.utils.surroundings import (
    DefaultDeviceType as DefaultDeviceType, Surroundings, get_device_states as get_device_states, set_device_states as set_device_states,
    tensors_in,
)

__all__ = [
    "CheckpointError", "CheckpointFunction", "CheckpointPolicy", "DefaultDeviceType", "GraphExecGroup", "SAC_IGNORED_OPS",
    "SelectiveCheckpointContext", "check_backward_validity", "checkpoint", "checkpoint_sequential", "create_selective_checkpoint_contexts",
    "detach_variable", "get_device_states",
    "noop_context_fn", "set_checkpoint_debug_enabled", "set_checkpoint_early_stop", "set_device_states",
]  # fmt: skip

Contexts = tuple[AbstractContextManager[Any], AbstractContextManager[Any]]
"""What the forward, and what its recomputation, runs in."""


class CheckpointError(RuntimeError):
    """A recomputation that went another way than the forward."""


class _Settings(local):
    debug: bool | None = None
    early_stop: bool | None = None
    group: GraphExecGroup | None = None


_settings = _Settings()


@contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Inside, whether checkpoints trace what they run, whatever their `debug` says; None leaves it to them."""
    before, _settings.debug = _settings.debug, enabled
    try:
        yield
    finally:
        _settings.debug = before


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Inside, whether recomputation ends as soon as it has all that backward needs, whatever `early_stop` of the checkpoints says."""
    before, _settings.early_stop = _settings.early_stop, enable
    try:
        yield
    finally:
        _settings.early_stop = before


def noop_context_fn() -> Contexts:
    """Two contexts that do nothing."""
    return nullcontext(), nullcontext()


_nothing = noop_context_fn


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments with their tensors detached, which require grad where those did. RuntimeError for anything but a tuple."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    made = []
    for x in inputs:
        if isinstance(x, Tensor):
            needs, x = x.requires_grad, x.detach()
            x.requires_grad = needs
        made.append(x)
    return tuple(made)


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """Warn where none of the tensors requires grad."""
    if not any(x.requires_grad for x in inputs if isinstance(x, Tensor)):
        warn("None of the inputs have requires_grad=True. Gradients will be None")


class CheckpointFunction(Function):
    """A part of a model that is recorded as one node, which runs it again in backward: `checkpoint` with `use_reentrant=True`."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        """Run the part without recording it."""
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.surroundings = Surroundings(preserve_rng_state, args)
        ctx.tensor_indices = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        ctx.inputs = [None if isinstance(arg, Tensor) else arg for arg in args]
        ctx.save_for_backward(*[args[i] for i in ctx.tensor_indices])
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Run it again, recorded, and back from there."""
        if grad_mode.task is not None and grad_mode.task[2] is not None:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` parameter to "
                ".backward(). To resolve this error, you can either set use_reentrant=False, or call .backward() without passing the "
                "`inputs` argument."
            )
        inputs = list(ctx.inputs)
        for i, t in zip(ctx.tensor_indices, ctx.saved_tensors, strict=True):
            inputs[i] = t
        with ctx.surroundings.again():
            detached = detach_variable(tuple(inputs))
            with enable_grad():
                outputs = ctx.run_function(*detached)
        if isinstance(outputs, Tensor):
            outputs = (outputs,)
        pairs = [(out, g) for out, g in zip(outputs, grads, strict=False) if isinstance(out, Tensor) and out.requires_grad]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        run_backward([out for out, _ in pairs], [g for _, g in pairs])
        return (None, None, *[x.grad if isinstance(x, Tensor) else None for x in detached])


_reentrant = CheckpointFunction.apply


def checkpoint(
    function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None, context_fn: Callable[[], Contexts] = _nothing,
    determinism_check: str = "default", debug: bool = False, early_stop: bool = True, **kwargs: Any,
) -> Any:  # fmt: skip
    """Run `function(*args, **kwargs)` without keeping what it saves for backward, which runs it again instead: less memory for more time.

    use_reentrant: True records the whole as one node (no keyword arguments, no `torch.autograd.grad`); False keeps the graph and only
    computes what was saved anew; to give neither is a warning, and True.
    preserve_rng_state: draw the same random numbers again (default True). Autocast is as it was too.
    The rest is for use_reentrant=False. context_fn: a function that returns two contexts, for the forward and for its recomputation.
    determinism_check: "default" compares shapes, dtypes and devices of what is computed again; "none" nothing. debug: an error tells what
    ops ran each time. early_stop: end the recomputation with the last tensor that is needed.
    CheckpointError where the recomputation saves other tensors than the forward.

    >>> import corelib as torch
    >>> from corelib.utils.checkpoint import checkpoint
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> checkpoint(lambda x: (x * x).exp(), x, use_reentrant=False).sum().backward()
    >>> x.grad
    tensor([  5.4366, 218.3926])
    """
    if use_reentrant is None:
        warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, calling checkpoint "
            "without use_reentrant will raise an exception. use_reentrant=False is recommended, but if you need to preserve the current "
            "default behavior, you can pass use_reentrant=True. Refer to docs for more details on the differences between the two variants.",
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not _nothing or debug is not False:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return _reentrant(function, preserve, *args)

    told = None
    if debug if _settings.debug is None else _settings.debug:
        if context_fn is not _nothing:
            raise ValueError("debug=True is incompatible with non-default context_fn")
        context_fn, told = _traced()
    if determinism_check not in _CHECKS:
        raise ValueError(f"determinism_check should be one of {list(_CHECKS)}, but got {determinism_check}")
    forward_context, recompute_context = context_fn()
    surroundings = Surroundings(preserve, args)

    def recompute(*given: Any) -> None:
        with surroundings.again(), recompute_context:
            function(*given, **kwargs)

    if not grad_mode.enabled:
        return function(*args, **kwargs)
    frame = _Frame(recompute, early_stop if _settings.early_stop is None else _settings.early_stop, told, _CHECKS[determinism_check], args)
    done = False
    with _Holding(frame), forward_context:
        made = function(*args, **kwargs)
        done = True
    if not done:
        raise RuntimeError(
            "torch.utils.checkpoint: the forward context provided by context_fn suppressed an exception raised during the checkpointed "
            "forward. This is not supported because checkpoint cannot return a value for a failed forward."
        )
    frame.complete = True
    return made


_CHECKS: dict[str, Callable[[Tensor], Any]] = {
    "default": lambda x: {"shape": x.shape, "dtype": x.dtype, "device": x.device},
    "none": lambda x: None,
}


class GraphExecGroup:
    """Inside, several backwards over different parts of a graph compute a checkpoint's part again once for all of them.

    RuntimeError where such contexts are nested.
    """

    def __enter__(self) -> GraphExecGroup:
        if _settings.group is not None:
            raise RuntimeError(f"GraphExecGroup contexts cannot be nested. Already inside group {_settings.group}")
        _settings.group = self
        return self

    def __exit__(self, *exc: object) -> None:
        _settings.group = None


class _Handle:
    """Stands for one tensor that was computed again."""


class _Holder:
    """What a node keeps in the place of a tensor: by backward, the handle of what was computed again; None once it was taken."""

    def __init__(self) -> None:
        self.handles: dict[Any, _Handle | None] = {}


class _Stop(Exception):
    """All that is needed has been computed again."""


class _Frame:
    """One call of `checkpoint`."""

    def __init__(
        self, recompute: Callable[..., None], early_stop: bool, told: Callable[[CheckpointError], NoReturn] | None,
        check: Callable[[Tensor], Any], args: tuple[Any, ...],
    ) -> None:  # fmt: skip
        self.recompute = recompute
        self.early_stop = early_stop
        self.told = told
        self.check = check
        # Versions are watched: an input that was changed since would give other numbers.
        self.args = [(arg, arg._version if isinstance(arg, Tensor) and not arg.is_inference() else None) for arg in args]
        self.holders: list[ReferenceType[_Holder]] = []
        self.known: list[Any] = []
        self.found: dict[Any, WeakKeyDictionary[_Handle, Tensor]] = defaultdict(WeakKeyDictionary)
        self.counts: dict[Any, int] = defaultdict(int)
        self.done: set[Any] = set()
        self.complete = False
        self.any_number = False

    def inputs(self) -> list[Any]:
        """The arguments. RuntimeError where one was changed in place since the forward."""
        for arg, version in self.args:
            if version is not None and arg._version != version:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: an argument of "
                    f"torch.utils.checkpoint.checkpoint() of shape {list(arg.shape)} is at version {arg._version}; expected version {version} instead"
                )
        return [arg for arg, _ in self.args]

    def compare(self, group: Any) -> None:
        """CheckpointError where other tensors were saved than in the forward."""
        if self.any_number:
            return
        if len(self.holders) != self.counts[group]:
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\nNumber of "
                f"tensors saved during forward: {len(self.holders)}\nNumber of tensors saved during recomputation: {self.counts[group]}.\n{_TIP}"
            )
        different = ""
        for i, weak in enumerate(self.holders):
            holder = weak()
            if holder is None:
                continue
            handle = holder.handles[group]
            assert handle is not None
            now = self.check(self.found[group][handle])
            if now != self.known[i]:
                different += f"tensor at position {i}:\nsaved metadata: {self.known[i]}\nrecomputed metadata: {now}\n"
        if different:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the forward pass.\n"
                f"{different}.\n{_TIP}"
            )


_TIP = (
    "\nTip: To see a more detailed error message, either pass `debug=True` to\n`torch.utils.checkpoint.checkpoint(...)` or wrap the code block\n"
    "with `with torch.utils.checkpoint.set_checkpoint_debug_enabled(True):` to\nenable checkpoint-debug mode globally.\n"
)


class _Holding(saved_tensors_hooks):
    """Hooks of the forward: holders in the place of tensors."""

    def __init__(self, frame: _Frame) -> None:
        def pack(x: Tensor) -> _Holder:
            holder = _Holder()
            frame.holders.append(ref(holder))
            with no_grad():
                frame.known.append(frame.check(x))
            return holder

        def unpack(holder: _Holder) -> Tensor:
            try:
                return _computed_again(frame, holder)
            except CheckpointError as error:
                if frame.told is None:
                    raise
                frame.told(error)

        super().__init__(pack, unpack)


def _computed_again(frame: _Frame, holder: _Holder) -> Tensor:
    group: Any = _settings.group
    if group is None:
        group = uuid4() if grad_mode.task is None else grad_mode.task[0]
    if group not in frame.done:
        given = frame.inputs()
        try:
            with _Again(ref(frame), group), enable_grad():
                frame.recompute(*given)
        except _Stop:
            pass
        frame.done.add(group)
        frame.compare(group)
    handle = holder.handles.get(group)
    if handle is None:
        extra = ""
        if _settings.group is not None:
            extra = (
                "Performing two backward calls that overlap (i.e. require the same saved activation in order to compute gradients) is not "
                "allowed while under the torch.utils.checkpoint.GraphExecGroup context. "
            )
        raise CheckpointError(
            f"torch.utils.checkpoint: Unpack is being triggered for a tensor that was already unpacked once. {extra}If you are calling "
            "ctx.saved_tensors in backward, make sure to do so only once. Otherwise please open an issue with details on your use case."
        )
    made = frame.found[group][handle]
    holder.handles[group] = None
    return made


class _Again(saved_tensors_hooks):
    """Hooks of the recomputation: what it saves goes to the forward's holders."""

    def __init__(self, weak: ReferenceType[_Frame], group: Any) -> None:
        def pack(x: Tensor) -> Tensor:
            x = x.detach() if x.requires_grad else x
            frame = weak()
            assert frame is not None
            at = frame.counts[group]
            frame.counts[group] += 1
            if at >= len(frame.holders):
                if not frame.complete:  # backward inside the forward
                    frame.any_number = True
                    return x
                raise CheckpointError(
                    f"torch.utils.checkpoint: trying to save more tensors during recomputation than during the original forward pass.\n{_TIP}"
                )
            holder = frame.holders[at]()
            if holder is not None:
                handle = holder.handles[group] = _Handle()
                frame.found[group][handle] = x
            if frame.early_stop and frame.counts[group] == len(frame.holders):
                raise _Stop
            return x

        super().__init__(pack, lambda x: x)


class _Trace(Mode):
    """Writes down the ops that run, and where they were called."""

    def __init__(self) -> None:
        self.ops: list[str] = []
        self.stacks: list[str] = []

    def dispatch(self, op: Op, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        """Run the op and write it down."""
        made = call(*args, **kwargs)
        shown = ", ".join(f"{x.dtype}{list(x.shape)}" if isinstance(x, Tensor) else repr(x) for x in args)
        out = ", ".join(f"{t.dtype}{list(t.shape)}" for t in tensors_in(made))
        self.ops.append(f"{op.name}({shown}) -> {out}")
        self.stacks.append("".join(traceback.format_stack()[:-2]))
        return made


def _traced() -> tuple[Callable[[], Contexts], Callable[[CheckpointError], NoReturn]]:
    forward, again = _Trace(), _Trace()

    def told(error: CheckpointError) -> NoReturn:
        def stacks(trace: _Trace, what: str) -> str:
            n = len(trace.ops)
            return "\n\n".join(f"{op}   ({i + 1} of {n} in {what})\n\n{stack}" for i, (op, stack) in enumerate(zip(trace.ops, trace.stacks, strict=True)))

        raise CheckpointError(
            "An error happened while unpacking tensors; dumping logs of latest computation because you passed `debug=True` to "
            "`torch.utils.checkpoint.checkpoint()`.\n\n1. Stack traces of the operators that ran in the original forward\n\n"
            f"{stacks(forward, 'original')}\n\n2. Stack traces of the operators that ran during recomputation\n\n{stacks(again, 'recompute')}\n\n"
            "3. Log of operators in the original forward and recomputation\n\nOperations executed during the original forward:\n\n"
            + "\n".join(forward.ops) + "\n\nOperations executed during recomputation:\n\n" + "\n".join(again.ops)
            + "\n\nERROR: Detected non-determinism while running activation checkpointing: compare the operators above."
        ) from error  # fmt: skip

    return (lambda: (forward, again)), told


def checkpoint_sequential(
    functions: Sequential | Sequence[Callable[..., Any]], segments: int, input: Tensor, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Run functions one after the other, in `segments` parts of which all but the last are checkpointed.

    functions: an nn.Sequential or a list. input: that of the first. use_reentrant, preserve_rng_state: as in `checkpoint`.

    >>> import corelib as torch
    >>> from corelib.utils.checkpoint import checkpoint_sequential
    >>> x = torch.tensor([4.], requires_grad=True)
    >>> checkpoint_sequential([torch.neg, torch.abs], 2, x, use_reentrant=False)
    tensor([4.], grad_fn=<AbsBackward0>)
    """
    if use_reentrant is None:
        warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. In version 2.9 we will "
            "raise an exception if use_reentrant is not passed. use_reentrant=False is recommended, but if you need to preserve the current "
            "default behavior, you can pass use_reentrant=True. Refer to docs for more details on the differences between the two variants.",
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    layers: list[Callable[..., Any]] = list(functions.children()) if isinstance(functions, Sequential) else list(functions)

    def part(start: int, end: int) -> Callable[[Any], Any]:
        def forward(x: Any) -> Any:
            for layer in layers[start:end]:
                x = layer(x)
            return x

        return forward

    size, end, x = len(layers) // segments, 0, input
    for start in range(0, size * (segments - 1), size):
        end = start + size
        x = checkpoint(part(start, end), x, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return part(end, len(layers))(x)
