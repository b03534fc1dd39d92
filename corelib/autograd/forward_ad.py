"""torch.autograd.forward_ad: derivatives along a direction, computed beside the values.

A dual tensor carries a tangent. Inside a level, a mode of the dispatcher gives the tangent of each op's result: a view's is the view of
the tangent; any other op's comes of the op's derivative, which is linear in the gradient it is given, by differentiating it with respect
to that gradient. So whatever has a derivative has a forward one, and both can be differentiated further.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from corelib.autograd.engine import grad
from corelib.dispatcher.calls.call import run_inferred
from corelib.dispatcher.modes import Mode, below
from corelib.dispatcher.operands import fit
from corelib.dispatcher.op import Entry, Kwargs, Op
from corelib.graph.grad_mode import GradContext, grad_mode
from corelib.graph.recording import OpNode
from corelib.graph.rule import Args
from corelib.graph.tangents import FORWARD, Level, part_of, set_tangent, tangent_of
from corelib.ops.construction.creation import ones_like, zeros_like
from corelib.tensor.tensor import Tensor

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]


class _Current:
    level: Level | None = None
    mode: Forward | None = None
    enabled = True


_current = _Current()


class Forward(Mode):
    """The mode of one level."""

    def __init__(self, level: Level) -> None:
        self.level = level

    def dispatch(self, op: Op, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        """Run an op, and give its result a tangent where an operand has one."""
        if not _current.enabled or op.name == "detach" or op.kind == "creation" or not _any_tangent((args, tuple(kwargs.values()))):
            return call(*args, **kwargs)
        if kwargs.get("out") is not None:
            raise RuntimeError(f"{op.name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad.")
        if op.kind == "view":
            return self._view(op, call, args, kwargs)
        if op.rule.vjps is None and op.body is not None and op.facts.result is None:
            full = (*args, *[kwargs.get(name, op.defaults[i]) for i, name in enumerate(op.params) if i >= len(args)])
            with below(self):
                if op.kind in ("unary", "binary", "elementwise"):
                    return op.body(*full)
                if op.facts.infer is None:
                    return op.path(*full)
                spec, given = op.facts.infer(*[fit(op, i, x) if i in op.checked else x for i, x in enumerate(full)])
                return run_inferred(op, spec, given, use_kernel=False)  # a kernel has no tangents
        return self._linear(call, args, kwargs)

    def _view(self, op: Op, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        made = call(*args, **kwargs)
        tangent = tangent_of(args[op.first])
        if tangent is not None:
            parts = call(*args[: op.first], tangent, *args[op.first + 1 :], **kwargs)
            for t, part in zip(made, parts, strict=True) if isinstance(made, tuple) else ((made, parts),):
                if t is not args[op.first]:
                    set_tangent(t, self.level, part)
        return made

    def _linear(self, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        """An op by its derivative's derivative."""
        recorded = grad_mode.enabled
        swapped: list[tuple[Tensor, Tensor, Tensor]] = []

        def swap(x: Any) -> Any:
            if isinstance(x, Tensor):
                tangent = tangent_of(x)
                if tangent is None:
                    return x
                for old, new, _ in swapped:
                    if old is x:
                        return new
                alone = not (recorded and x._requires_grad)
                made = x.detach().requires_grad_() if alone else x.view_as(x)
                swapped.append((x, made, tangent))
                return made
            return type(x)([swap(v) for v in x]) if type(x) in (tuple, list) else x

        grad_mode.enabled = True
        try:
            given, named = swap(args), {key: swap(x) for key, x in kwargs.items()}
            made = call(*given, **named)
            outs = [o for o in (made if isinstance(made, tuple) else (made,)) if isinstance(o, Tensor) and o._requires_grad]
            news = [new for _, new, _ in swapped]
            outs = [o for o in outs if not any(o is new for new in news)]
            tangents: Sequence[Tensor | None] = ()
            if outs:
                needed = recorded and (any(old._requires_grad or t._requires_grad for old, _, t in swapped) or any(_needs_grad(args)))
                tangents = _transposed(outs, swapped, needed)
        finally:
            grad_mode.enabled = recorded
        alone = not recorded or not _requires_grad((args, tuple(kwargs.values())))
        for o, tangent in zip(outs, tangents, strict=True):
            tangent = _laid_as(o, zeros_like(o.detach()) if tangent is None else tangent)
            set_tangent(o, self.level, tangent)
            _tell_node(o, self.level, tangent)
            if alone:
                o._edge, o._requires_grad = None, False
        for old, new, tangent in swapped:
            set_tangent(new, self.level, tangent)  # what nodes have saved of it
            if made is new:
                return old
        return made

    def plain(self) -> AbstractContextManager[None]:
        """A context in which nothing is given a tangent."""
        return _plain(self)

    def overwrite(self, t: Tensor, tangent: Tensor | None) -> None:
        """A tensor was changed in place; its tangent becomes this one."""
        with _plain(self):
            have = tangent_of(t)
            if tangent is None:
                if have is not None:
                    have.zero_()
                return
            if tangent._shape != t._shape:
                tangent = tangent.expand(t._shape)
            if tangent._dtype is not t._dtype:
                tangent = tangent.to(t._dtype)
            if have is not None:
                have.copy_(tangent)
                return
            base = t._base
            if base is None:
                set_tangent(t, self.level, tangent.clone())
                return
            laid = base.detach().new_empty_strided(base._shape, base.stride()).zero_()
            set_tangent(base, self.level, laid)
            part = part_of(laid, t)
            part.copy_(tangent)
            set_tangent(t, self.level, part)


def _any_tangent(given: Any) -> bool:
    if isinstance(given, Tensor):
        return tangent_of(given) is not None
    return type(given) in (tuple, list) and any(_any_tangent(x) for x in given)


def _requires_grad(given: Any) -> bool:
    if isinstance(given, Tensor):
        return given._requires_grad
    return type(given) in (tuple, list) and any(_requires_grad(x) for x in given)


def _needs_grad(args: Args) -> Iterator[bool]:
    return (_requires_grad(x) for x in args)


def _transposed(outs: list[Tensor], swapped: list[tuple[Tensor, Tensor, Tensor]], needed: bool) -> Sequence[Tensor | None]:
    """The tangents of results: the derivative is linear in the results' gradients, and its transpose is what takes tangents there."""
    # At which gradient is all the same to what is linear; at 0 the slope of a rule that looks at its sign would be lost.
    seeds = [ones_like(o.detach()).requires_grad_() for o in outs]
    found = grad(outs, [new for _, new, _ in swapped], seeds, create_graph=True, allow_unused=True)
    pairs = [(g, t if t._dtype is g._dtype else t.to(g._dtype)) for g, (_, _, t) in zip(found, swapped, strict=True) if g is not None and g._requires_grad]
    if not pairs:
        return [None] * len(outs)
    return grad([g for g, _ in pairs], seeds, [t for _, t in pairs], create_graph=needed, allow_unused=True)


def _laid_as(out: Tensor, tangent: Tensor) -> Tensor:
    """A tangent with the strides of its tensor, so that it can be viewed as that can."""
    if tangent._strides == out._strides and tangent._base is None:
        return tangent
    return tangent.new_empty_strided(out._shape, out.stride()).copy_(tangent)


def _tell_node(out: Tensor, level: Level, tangent: Tensor) -> None:
    """What a node has saved of its own output has the same tangent, for a backward inside the level."""
    node = None if out._edge is None else out._edge[0]
    if isinstance(node, OpNode) and type(node.saved) is tuple and node.saved and isinstance(node.saved[0], Tensor) and node.saved[0]._shape == out._shape:
        set_tangent(node.saved[0], level, tangent)


@contextmanager
def _plain(mode: Forward) -> Iterator[None]:
    """Inside, neither ops nor changes in place are looked at."""
    before, FORWARD.mode = FORWARD.mode, None
    enabled, _current.enabled = _current.enabled, False
    try:
        yield
    finally:
        FORWARD.mode, _current.enabled = before, enabled


def enter_dual_level() -> int:
    """Begin a level; its number, which is 0. RuntimeError inside another one.

    >>> import corelib as torch
    >>> import corelib.autograd.forward_ad as forward_ad
    >>> forward_ad.enter_dual_level()
    0
    >>> forward_ad.exit_dual_level()
    """
    if _current.level is not None:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _current.level = Level()
    _current.mode = Forward(_current.level)
    _current.mode.__enter__()
    FORWARD.mode = _current.mode
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """End a level, by default the current one; its tangents are gone. RuntimeError where it is not the one that was entered last."""
    now = -1 if _current.level is None else 0
    if (now if level is None else level) != now or _current.mode is None or _current.level is None:
        raise RuntimeError("Trying to exit a forward AD level that was not the last one that was created. This is not supported.")
    _current.level.open = False
    _current.mode.__exit__()
    _current.level = _current.mode = FORWARD.mode = None


def _level(level: int | None) -> Level:
    if (_current.level is None and level is None) or (level is not None and level < 0):
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    if _current.level is None or level not in (None, 0):
        raise RuntimeError("Trying to access a forward AD level with an invalid index. This index was either not created or is already deleted.")
    return _current.level


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A view of a tensor that carries a tangent of the same shape, while the level lasts.

    ValueError for tensors that are neither floating-point nor complex. RuntimeError outside a level, for a tangent of another shape, and
    for a tensor that has one already.

    >>> import corelib as torch
    >>> import corelib.autograd.forward_ad as forward_ad
    >>> with forward_ad.dual_level():
    ...     x = forward_ad.make_dual(torch.tensor([1., 2.]), torch.tensor([1., 0.]))
    ...     forward_ad.unpack_dual(x * x).tangent
    tensor([2., 0.])
    """
    now = _level(level)
    for what, t in (("primal", tensor), ("tangent", tangent)):
        if not (t.is_floating_point() or t.is_complex()):
            raise ValueError(f"Expected {what} to be floating point or complex, but got: {t.dtype}")
    if tangent_of(tensor) is not None:
        raise RuntimeError("Making a dual Tensor based on a Tensor that already has a forward gradient at the same level 0 is not supported.")
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. Tensor is of "
            f"size {list(tensor.shape)} while the given forward gradient is of size {list(tangent.shape)}."
        )
    if tensor.is_complex() is not tangent.is_complex():
        raise RuntimeError(
            f"Trying to set a forward gradient of dtype {tangent.dtype} to a Tensor of dtype {tensor.dtype}: both must be complex, or neither"
        )
    made = _apart(tensor)
    set_tangent(made, now, tangent if tangent.stride() == tensor.stride() else tangent.clone())
    return made


class UnpackedDualTensor(NamedTuple):
    """What `unpack_dual` returns: the value and the tangent, or None."""

    primal: Tensor
    tangent: Tensor | None


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """A tensor's value and its tangent, which is None where it has none or its level is over."""
    tangent = tangent_of(tensor)
    if _current.level is None or tangent is None:
        return UnpackedDualTensor(tensor, None)
    return UnpackedDualTensor(_apart(tensor), tangent)


def _apart(tensor: Tensor) -> Tensor:
    """A second tensor over the same memory, with its place in the graph, and no view: the tangents of its views are parts of its own."""
    assert _current.mode is not None
    with _plain(_current.mode):
        made: Tensor = tensor.view_as(tensor)
    made._base, made._creation = None, 0
    return made


class dual_level(GradContext):
    """A level as a context manager or a decorator: `make_dual` and `unpack_dual` are used inside."""

    def __enter__(self) -> int:  # type: ignore[override]  # the number of the level
        return enter_dual_level()

    def __exit__(self, *exc: object) -> None:
        exit_dual_level()


def _is_fwd_grad_enabled() -> bool:
    """Whether tangents are computed."""
    return _current.enabled


class _set_fwd_grad_enabled(GradContext):
    """Set whether tangents are computed, at once or inside a `with`."""

    def __init__(self, mode: bool) -> None:
        self._mode, self._was = mode, _current.enabled
        _current.enabled = mode

    def __enter__(self) -> None:
        """It is set already."""

    def __exit__(self, *exc: object) -> None:
        _current.enabled = self._was

    def _again(self) -> GradContext:
        return _set_fwd_grad_enabled(self._mode)
