"""Function: an operation with a forward and a backward of the user's own."""

from __future__ import annotations

from functools import wraps
from typing import Any

from corelib.graph.anomaly import anomaly, remember
from corelib.graph.edges import edge_of
from corelib.graph.grad_mode import grad_mode, no_grad
from corelib.graph.node import Gradient, Grads, Node, next_number
from corelib.graph.recording import SECOND_TIME, check_version, rejoined
from corelib.graph.rule import Args
from corelib.ops.construction.creation import zeros
from corelib.tensor.tensor import Tensor


class FunctionCtx:
    """What `forward` leaves for `backward`."""

    needs_input_grad: tuple[bool, ...] = ()
    materialize_grads = True
    _to_save: tuple[Tensor | None, ...] = ()
    _dirty: tuple[Tensor, ...] = ()
    _non_differentiable: tuple[Tensor, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for backward; their versions are checked there. None is kept as it is."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(f"save_for_backward can only save variables, but argument is of type {type(t).__name__}")
        self._to_save = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward has changed in place; each must also be an output."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (True) or None for outputs without a gradient."""
        self.materialize_grads = value


class _FunctionNode(Node, FunctionCtx):
    """The node of one call of a Function; it is also the call's ctx."""

    function: type[Function]
    _out_numbers: dict[int, int]
    _is_tensor: list[bool]

    def __init__(self) -> None:
        self.edges = ()
        self.versions = None
        self.saved = ()
        self.shape, self.dtype = [], []

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What forward saved. RuntimeError where it was changed in place since, or already freed."""
        if self.saved is None:
            raise RuntimeError(SECOND_TIME)
        found = []
        for kind, value, version in self.saved:
            if value is not None and version is not None:
                check_version(self, value, version)
            found.append(rejoined(value, self, 0) if kind == "out" and grad_mode.enabled else value)
            if kind == "out" and grad_mode.enabled and (value._dtype.is_floating_point or value._dtype.is_complex):
                found[-1]._edge = (self, self._out_numbers[len(found) - 1])
        return tuple(found)

    saved_variables = saved_tensors

    def apply(self, g: Gradient) -> Grads:
        """Run the user's backward and check what it returns."""
        given = [g] if self.outputs == 1 else list(g)
        if self.materialize_grads:
            for i, part in enumerate(given):
                if part is None:
                    given[i] = self._zeros(i)
        got = self.function.backward(self, *given)
        if not isinstance(got, tuple):
            got = (got,)
        count = len(self.needs_input_grad)
        if len(got) > count and all(x is None for x in got[count:]):
            got = got[:count]
        if len(got) != count:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {count}, got {len(got)})"
            )
        for i, part in enumerate(got):
            if part is not None and not isinstance(part, Tensor):
                raise RuntimeError(f"function {self.name()}: expected Variable or None (got {type(part).__name__}) as gradient {i}")
        return [part for part, is_tensor in zip(got, self._is_tensor, strict=True) if is_tensor]

    def _zeros(self, i: int) -> Tensor:
        shape = self.shape if self.outputs == 1 else self.shape[i]
        dtype = self.dtype if self.outputs == 1 else self.dtype[i]
        return zeros(shape, dtype=dtype, device=self.device)


class Function:
    """Subclass it with static methods `forward(ctx, *args)` and `backward(ctx, *grads)`; call `YourFunction.apply(*args)`.

    Alternatively `forward(*args)` without ctx and `setup_context(ctx, inputs, output)`.

    >>> import corelib as torch
    >>> class Double(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         return g * 2
    >>> x = torch.ones(1, requires_grad=True)
    >>> Double.apply(x).backward(); x.grad
    tensor([2.])
    """

    _node_class: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(f"{type(self).__name__}: a Function is not called as an object; use {type(self).__name__}.apply(...)")

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs. To be defined by the subclass."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Compute the inputs' gradients, one for each argument of forward. To be defined by the subclass."""
        raise NotImplementedError("You must implement either the backward or vjp method for your custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> Any:
        """Save for backward what it needs, where `forward` takes no ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward and record a node that will run backward."""
        if cls.__dict__.get("_node_class") is None:
            cls._node_class = type(f"{cls.__name__}Backward", (_FunctionNode,), {"function": cls})
        ctx = cls._node_class()
        ctx._is_tensor = [isinstance(a, Tensor) for a in args]
        recorded = grad_mode.enabled and any(t and a._requires_grad for a, t in zip(args, ctx._is_tensor, strict=True))
        ctx.needs_input_grad = tuple(bool(t and a._requires_grad) for a, t in zip(args, ctx._is_tensor, strict=True))
        before = grad_mode.enabled
        grad_mode.enabled = False
        try:
            if cls.setup_context is not Function.setup_context:
                outputs = cls.forward(*args)
                cls.setup_context(ctx, args, outputs)
            else:
                outputs = cls.forward(ctx, *args)
        finally:
            grad_mode.enabled = before
        several = isinstance(outputs, tuple)
        outs = list(outputs) if several else [outputs]
        _place_outputs(ctx, args, outs, recorded)
        return tuple(outs) if several else outs[0]


def _place_outputs(ctx: _FunctionNode, args: Args, outs: list[Any], recorded: bool) -> None:
    edges = [edge_of(a) if a._requires_grad else None for a, t in zip(args, ctx._is_tensor, strict=True) if t] if recorded else []
    dirty = {id(t) for t in ctx._dirty}
    for t in ctx._dirty:
        if recorded and t._requires_grad and t.is_leaf:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        t._bump()
    fixed = {id(t) for t in ctx._non_differentiable}
    original = list(outs)
    for i, out in enumerate(outs):
        if isinstance(out, Tensor) and id(out) not in dirty and (out._edge is not None or any(out is a for a in args)):
            # an input returned as it is becomes a view of its own, so that its history is this node's
            outs[i] = out._as_view(out._shape, out._strides, out._offset, out._numel)
            if id(out) in fixed:
                fixed.add(id(outs[i]))
    if not recorded:
        ctx.saved = tuple(("in", t, None) for t in ctx._to_save)
        return
    ctx.edges = tuple(edges)
    ctx.seq = next_number()
    ctx.outputs = len(outs)
    tensors = [o for o in outs if isinstance(o, Tensor)]
    ctx.device = tensors[0]._device if tensors else None
    shapes = [o._shape if isinstance(o, Tensor) else () for o in outs]
    dtypes = [o._dtype if isinstance(o, Tensor) else None for o in outs]
    ctx.shape, ctx.dtype = (shapes[0], dtypes[0]) if len(outs) == 1 else (shapes, dtypes)
    for i, out in enumerate(outs):
        if isinstance(out, Tensor) and (out._dtype.is_floating_point or out._dtype.is_complex) and id(out) not in fixed:
            out._edge = (ctx, i)
            out._requires_grad = True
            if out._base is not None:
                out._view_version = out._version
    # saved outputs are kept outside the graph, or node and output would hold each other
    saved: list[tuple[str, Tensor | None, int | None]] = []
    ctx._out_numbers = {}
    for n, kept in enumerate(ctx._to_save):
        at = next((i for i, o in enumerate(original) if o is kept), None)
        if kept is None:
            saved.append(("in", None, None))
        elif at is not None and not any(kept is a for a in args):
            alias = kept._alias()
            ctx._out_numbers[n] = at
            saved.append(("out", alias, alias._version))
        else:
            saved.append(("in", kept, kept._version))
    ctx.saved = tuple(saved)
    ctx._to_save = ()
    if anomaly.enabled:
        remember(ctx)


def once_differentiable(function: Any) -> Any:
    """Decorate a backward whose result is not to be differentiated again."""

    @wraps(function)
    def wrapped(ctx: object, *grads: object) -> Any:
        with no_grad():
            return function(ctx, *grads)

    return wrapped
