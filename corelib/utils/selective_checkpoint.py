"""Checkpoints that keep what some ops gave: a policy says of each op whether its result is kept or computed again."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable
from enum import Enum
from typing import Any

from corelib.dispatcher.modes import Mode, below
from corelib.dispatcher.op import Entry, Kwargs, Op
from corelib.graph.recording import record
from corelib.graph.rule import Args
from corelib.tensor.tensor import Tensor


class CheckpointPolicy(Enum):
    """Whether what an op gave is kept, computed again in backward, or kept on the cpu meanwhile.

    MUST and PREFER are the same here: nobody overrides either.
    """

    MUST_SAVE = 0
    PREFER_SAVE = 1
    MUST_RECOMPUTE = 2
    PREFER_RECOMPUTE = 3
    MUST_CPU_OFFLOAD = 4
    PREFER_CPU_OFFLOAD = 5


SAVED = (CheckpointPolicy.MUST_SAVE, CheckpointPolicy.PREFER_SAVE)
OFFLOADED = (CheckpointPolicy.MUST_CPU_OFFLOAD, CheckpointPolicy.PREFER_CPU_OFFLOAD)
SAC_IGNORED_OPS = {"detach"}
"""The ops, by name, of which no policy is asked."""


class SelectiveCheckpointContext:
    """What a policy is told beside the op and its arguments: whether it is computed again, and what it gave the first time."""

    def __init__(self, *, is_recompute: bool, op_output: Any = None) -> None:
        self.is_recompute = is_recompute
        self.op_output = op_output


class _Again:
    """In the place of a result that is to be computed again."""


class _Kept:
    """A result that is kept."""

    def __init__(self, value: Any, offload: bool) -> None:
        self.device = value.device if isinstance(value, Tensor) else None
        self.value = value.detach() if isinstance(value, Tensor) else value
        if offload and isinstance(value, Tensor):
            self.value = self.value.to("cpu")
        self.version = self.value._version if isinstance(value, Tensor) else None

    def get(self, mutable: bool) -> Any:
        """It. RuntimeError where it was changed in place since, unless that is allowed."""
        if self.version is not None and not mutable and self.value._version != self.version:
            raise RuntimeError("Tensor cached during selective activation checkpoint has been mutated")
        return self.value if self.version is None else self.value.to(self.device).detach()


def name_of(op: Any) -> str:
    """The name of what stands for an op: a function of corelib, an op of `torch.ops.aten`, or a name."""
    known = getattr(op, "op", None)
    if isinstance(known, Op):
        return known.name
    name = str(getattr(op, "_name", None) or getattr(op, "__name__", op))
    return name.removeprefix("aten::").removesuffix(".default").removesuffix(".Tensor")


_OTHER_NAMES = {"affine": ("linear", "addmm", "mm"), "batched_matmul": ("bmm",), "true_div": ("div",), "convolution": ("conv1d", "conv2d", "conv3d")}
"""What users call some of the ops that differentiation sees."""


class _Selective(Mode):
    """Looks at each op with a derivative, or made of none; what is made of such ops is looked into."""

    def __init__(self, storage: dict[str, dict[int, Any]]) -> None:
        self.storage = storage
        self.counts: dict[str, int] = defaultdict(int)

    def __enter__(self) -> _Selective:
        self.counts.clear()
        super().__enter__()
        return self

    def dispatch(self, op: Op, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        """Ask what is to be done with the op."""
        if op.name in SAC_IGNORED_OPS or kwargs.get("out") is not None:
            return call(*args, **kwargs)
        if op.pure and op.rule.vjps is None and op.body is not None and op.kind != "creation":
            with below(self):
                return op.path(*args, *[kwargs.get(name, op.defaults[i]) for i, name in enumerate(op.params) if i >= len(args)])
        at = self.counts[op.name]
        self.counts[op.name] += 1
        return self.one(op, at, call, args, kwargs)

    def one(self, op: Op, at: int, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        """One call of an op, the `at`th of its name."""
        raise NotImplementedError


class _Keeping(_Selective):
    def __init__(self, policy: Callable[..., Any], storage: dict[str, dict[int, Any]]) -> None:
        super().__init__(storage)
        self.policy = policy

    def one(self, op: Op, at: int, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        made = call(*args, **kwargs)
        said = self.policy(SelectiveCheckpointContext(is_recompute=False, op_output=made), op.entry, *args, **kwargs)
        if isinstance(said, bool):
            said = CheckpointPolicy.MUST_SAVE if said else CheckpointPolicy.PREFER_RECOMPUTE
        kept: Any = _Again
        if said in SAVED or said in OFFLOADED:
            kept = [_Kept(x, said in OFFLOADED) for x in (made if isinstance(made, tuple) else (made,))]
        self.storage[op.name][at] = kept
        return made


class _Giving(_Selective):
    def __init__(self, storage: dict[str, dict[int, Any]], mutable: bool) -> None:
        super().__init__(storage)
        self.mutable = mutable

    def one(self, op: Op, at: int, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        kept = self.storage.get(op.name, {}).get(at)
        if kept is None:
            raise RuntimeError(
                f"{op.name} invocation index {at} encountered during backward but not found in storage. This can happen if the operations in "
                "the checkpointed region are nondeterministic or depend on global state that changed between forward and backward."
            )
        if kept == "taken":
            raise RuntimeError(
                "Trying to backward an extra time. You are only allowed to backward once on any region computed under selective activation "
                "checkpoint."
            )
        full = None if kept is _Again else _recorded_as(op, args, kwargs)
        if full is None:
            return call(*args, **kwargs)
        self.storage[op.name][at] = "taken"
        made = tuple([x.get(self.mutable) for x in kept])
        outs: Any = made if op.facts.several or len(made) > 1 else made[0]
        if op.rule.vjps is not None:
            record(op.rule, full, outs)
        return outs


def _recorded_as(op: Op, args: Args, kwargs: Kwargs) -> Args | None:
    """The arguments with which a call is recorded; None where they are first made to fit each other, and the op is run again."""
    full = (*args, *[kwargs.get(name, op.defaults[i]) for i, name in enumerate(op.params) if i >= len(args)])
    if op.kind in ("unary", "binary", "elementwise"):
        tensors = [x for x in args if isinstance(x, Tensor)]
        return full if len({t.dtype for t in tensors}) == 1 and tensors[0].is_floating_point() else None
    if op.kind == "view" or (op.kind == "reduction" and not args[0].is_floating_point()):
        return None
    if op.facts.infer is None:
        return full
    return op.facts.infer(*full)[1]


def create_selective_checkpoint_contexts(
    policy_fn_or_list: Callable[..., Any] | list[Any], allow_cache_entry_mutation: bool = False
) -> tuple[Mode, Mode]:
    """Two contexts for `checkpoint`'s `context_fn`, under which a policy chooses what is kept and what is computed again.

    policy_fn_or_list: a function of (SelectiveCheckpointContext, op, *args, **kwargs) that returns a CheckpointPolicy; or a list of the ops
    whose results are kept, as functions such as `torch.mm`. allow_cache_entry_mutation: whether a kept result may be changed in place.

    >>> import corelib as torch
    >>> from functools import partial
    >>> from corelib.utils.checkpoint import checkpoint, create_selective_checkpoint_contexts
    >>> x = torch.eye(2, requires_grad=True)
    >>> contexts = partial(create_selective_checkpoint_contexts, [torch.mm])
    >>> checkpoint(lambda x: torch.mm(x, x).sin(), x, use_reentrant=False, context_fn=contexts).sum().backward()
    """
    policy: Callable[..., Any]
    if isinstance(policy_fn_or_list, list):
        for op in policy_fn_or_list:
            if not callable(op) or inspect.isclass(op):
                raise ValueError(f"Expected op in `op_list` to be a function of an op but got: {op} of type {type(op)}. For example, give `torch.mm`.")
        kept = {name_of(op) for op in policy_fn_or_list}

        def listed(ctx: SelectiveCheckpointContext, op: Any, *args: Any, **kwargs: Any) -> CheckpointPolicy:
            name = name_of(op)
            return CheckpointPolicy.MUST_SAVE if not kept.isdisjoint((name, *_OTHER_NAMES.get(name, ()))) else CheckpointPolicy.PREFER_RECOMPUTE

        policy = listed
    elif callable(policy_fn_or_list):
        policy = policy_fn_or_list
    else:
        raise TypeError("policy_fn_or_list must be either a function or a list of ops.")
    storage: dict[str, dict[int, Any]] = defaultdict(dict)
    return _Keeping(policy, storage), _Giving(storage, allow_cache_entry_mutation)
