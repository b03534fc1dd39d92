"""Function: an operation with a forward and a backward of the user's own."""

from __future__ import annotations

from contextlib import nullcontext
from functools import wraps
from typing import Any

from corelib.as_torch.warned import warn
from corelib.graph.anomaly import anomaly, remember
from corelib.graph.edges import edge_of
from corelib.graph.grad_mode import grad_mode, no_grad, switch, switched
from corelib.graph.inplace import rebase
from corelib.graph.node import Gradient, Grads, Node, next_number
from corelib.graph.saved import SECOND_TIME, SavedTensor, check_version, current_hooks, rejoined, unpacked
from corelib.graph.rule import Args
from corelib.graph.tangents import FORWARD, Changes, set_tangent, tangent_of
from corelib.graph.views import IN_FUNCTION, MULTI_OUTPUT
from corelib.ops.construction.creation import zeros
from corelib.tensor.device import device as Device
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor

__all__ = ["BackwardCFunction", "Function", "FunctionCtx", "InplaceFunction", "NestedIOFunction", "once_differentiable"]


class FunctionCtx:
    """What `forward` leaves for `backward`."""

    needs_input_grad: tuple[bool, ...] = ()
    materialize_grads = True
    _to_save: tuple[Tensor | None, ...] = ()
    _dirty: tuple[Tensor, ...] = ()
    _non_differentiable: tuple[Tensor, ...] = ()
    _for_forward: tuple[Tensor | None, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for backward; their versions are checked there. None is kept as it is."""
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `jvp`."""
        self._for_forward = tensors

    @property
    def saved_for_forward(self) -> tuple[Tensor | None, ...]:
        """What `save_for_forward` was given."""
        return self._for_forward

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward has changed in place; each must also be an output."""
        self._dirty = _tensors("mark_dirty can only accept variables, but argument {} is of type {}", tensors)
        for t in tensors:
            t._bump()

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._non_differentiable = _tensors("mark_non_differentiable only accepts variable arguments, but got argument {} of type {}", tensors)

    def mark_shared_storage(self, *pairs: object) -> None:
        """Not needed, as in PyTorch: it warns."""
        warn(
            "function 'mark_shared_storage' is deprecated. Tensors with shared storages are automatically tracked. Note that calls to "
            "`set_()` are not tracked", FutureWarning,
        )  # fmt: skip

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (True) or None for outputs without a gradient."""
        self.materialize_grads = value


def _tensors(message: str, given: tuple[Any, ...]) -> tuple[Any, ...]:
    for i, t in enumerate(given):
        if not isinstance(t, Tensor):
            raise RuntimeError(message.format(i, type(t).__name__))
    return given


class BackwardCFunction(Node, FunctionCtx):
    """The node of one call of a Function; it is also the call's ctx, which `forward` and `backward` get."""

    function: type[Function]
    runs_undefined = True
    kinds: list[tuple[Shape, DType, Device] | None]
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
        for n, (is_output, value, version) in enumerate(self.saved):
            if value is not None and version is not None:
                check_version(self, value, version)
            value = unpacked(value)
            found.append(rejoined(value, self, self._out_numbers[n]) if is_output else value)
        return tuple(found)

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """The old name of `saved_tensors`, which warns."""
        warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning)
        return self.saved_tensors

    @property
    def _raw_saved_tensors(self) -> tuple[SavedTensor, ...]:
        """What forward saved, as SavedTensors, which take hooks."""
        if self.saved is None:
            raise RuntimeError(SECOND_TIME)
        kept = [(out, v if v is None or isinstance(v, SavedTensor) else SavedTensor(v, out, self), version) for out, v, version in self.saved]
        self.saved = tuple([(out, v, None if isinstance(v, SavedTensor) else version) for out, v, version in kept])
        return tuple([v for _, v, _ in self.saved if v is not None])

    @property
    def to_save(self) -> tuple[Any, ...]:
        """What `save_for_backward` was given, until forward has ended."""
        return self._to_save

    @property
    def dirty_tensors(self) -> tuple[Any, ...]:
        """What `mark_dirty` was given."""
        return self._dirty

    @property
    def non_differentiable(self) -> tuple[Any, ...]:
        """What `mark_non_differentiable` was given."""
        return self._non_differentiable

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{self.name()} object at {hex(id(self))}>"

    def apply(self, g: Gradient) -> Grads:
        """Run the user's backward and check what it returns."""
        given = [g] if self.outputs == 1 else list(g)
        if self.materialize_grads:
            for i, part in enumerate(given):
                kind = self.kinds[i]
                if part is None and kind is not None:
                    shape, dtype, device = kind
                    given[i] = zeros(shape, dtype=dtype, device=device)
        function = self.function
        backward: Any = function.backward
        if function.vjp is not Function.vjp:
            if backward is not Function.backward:
                raise RuntimeError(
                    "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one of them."
                )
            backward = function.vjp
        got = backward(self, *given)
        if not isinstance(got, tuple):
            got = (got,)
        count = len(self._is_tensor)
        if len(got) > count and all(x is None for x in got[count:]):
            got = got[:count]
        if len(got) != count:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {count}, got {len(got)})"
            )
        for i, (part, is_tensor) in enumerate(zip(got, self._is_tensor, strict=True)):
            if part is not None and not is_tensor:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different from None at position {i + 1}, but the corresponding "
                    "forward input was not a Variable"
                )
            if part is not None and not isinstance(part, Tensor):
                raise RuntimeError(f"function {self.name()}: expected Variable or None (got {type(part).__name__}) as gradient {i}")
        return [part for part, is_tensor in zip(got, self._is_tensor, strict=True) if is_tensor]


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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should invoke them on the class "
            "itself. Instantiating an autograd function will raise an error in a future version of PyTorch.", DeprecationWarning,
        )  # fmt: skip

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(f"{type(self).__name__}: a Function is not called as an object; use {type(self).__name__}.apply(...)")

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs. To be defined by the subclass."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Compute the inputs' gradients, one for each argument of forward. To be defined by the subclass."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD."
        )

    vjp = backward
    """Another name for `backward`: a Function has one of them."""

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        """Compute the outputs' tangents from the inputs', for forward mode. To be defined by the subclass."""
        raise NotImplementedError("You must implement the jvp function for custom autograd.Function to use it with forward mode AD.")

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> Any:
        """Save for backward what it needs, where `forward` takes no ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and record a node that will run backward."""
        if cls.__dict__.get("_node_class") is None:
            cls._node_class = type(f"{cls.__name__}Backward", (BackwardCFunction,), {"function": cls})
        separate = cls.setup_context is not Function.setup_context
        if separate or kwargs:
            args = _bound(cls, args if separate else (None, *args), kwargs)[0 if separate else 1 :]
        ctx = cls._node_class()
        ctx._is_tensor = [isinstance(a, Tensor) for a in args]
        ctx.needs_input_grad = tuple(bool(t and a._requires_grad) for a, t in zip(args, ctx._is_tensor, strict=True))
        recorded = grad_mode.enabled and any(ctx.needs_input_grad)
        # found before forward changes something in place
        ctx.edges = tuple([edge_of(a) if a._requires_grad else None for a, t in zip(args, ctx._is_tensor, strict=True) if t]) if recorded else ()
        forward = FORWARD.mode
        if forward is not None and all(tangent_of(a) is None for a in args):
            forward = None
        before = switched()
        switch(False)
        try:
            with nullcontext() if forward is None else forward.plain():
                if separate:
                    outputs = cls.forward(*args)
                    cls.setup_context(ctx, args, outputs)
                else:
                    outputs = cls.forward(ctx, *args)
        finally:
            switch(before)
        several = isinstance(outputs, tuple)
        outs = list(outputs) if several else [outputs]
        _place_outputs(ctx, args, outs, recorded)
        if forward is not None:
            _place_tangents(ctx, forward, args, outs)
        return tuple(outs) if several else outs[0]


class InplaceFunction(Function):
    """A Function that says whether it works in place: a name of PyTorch's first Functions. As of any Function, `apply` is what is called."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class NestedIOFunction(Function):
    """A Function by the name it had for nested inputs. Of PyTorch's only what `Function` does is left, and so it is here: define static `forward` and
    `backward`, and call `apply`."""

    def forward_extended(self, *input: Any) -> None:
        """Not called any more. NotImplementedError."""
        raise NotImplementedError(f"{type(self).__name__}.forward_extended(): nothing calls it; define a static forward(ctx, *args) and use {type(self).__name__}.apply(...)")

    def backward_extended(self, *grad_output: Any) -> None:
        """Not called any more. NotImplementedError."""
        raise NotImplementedError(f"{type(self).__name__}.backward_extended(): nothing calls it; define a static backward(ctx, *grads)")


def _place_tangents(ctx: BackwardCFunction, mode: Changes, args: Args, outs: list[Any]) -> None:
    """Give the outputs of forward the tangents that `jvp` computes from the inputs'."""
    given = []
    for a in args:
        tangent = tangent_of(a)
        if tangent is None and ctx.materialize_grads and isinstance(a, Tensor) and (a.is_floating_point() or a.is_complex()):
            tangent = zeros(a._shape, dtype=a._dtype, device=a._device)
        given.append(tangent)
    jvp: Any = ctx.function.jvp
    got = jvp(ctx, *given)
    if not isinstance(got, tuple):
        got = (got,)
    if len(got) != len(outs):
        raise RuntimeError(f"{ctx.function.__name__}: jvp must return as many tangents as forward returns outputs: expected {len(outs)}, got {len(got)}")
    for n, (out, tangent) in enumerate(zip(outs, got, strict=True)):
        if tangent is None or not isinstance(out, Tensor):
            continue
        if tangent._shape != out._shape:
            raise RuntimeError(f"{ctx.function.__name__}: jvp returned tangent {n} of shape {list(tangent._shape)} for an output of {list(out._shape)}")
        if any(out is a for a in args):
            mode.overwrite(out, tangent)
        else:
            set_tangent(out, mode.level, tangent)


def _bound(cls: type[Function], args: Args, kwargs: dict[str, Any]) -> Args:
    """The arguments of a forward by position, with its defaults."""
    import inspect  # start-up: few programs have such a Function

    bound = inspect.signature(cls.forward).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args


def _place_outputs(ctx: BackwardCFunction, args: Args, outs: list[Any], recorded: bool) -> None:
    """Join the outputs of forward to the node; `outs` is changed where another tensor stands for one."""
    inputs = {id(a) for a, t in zip(args, ctx._is_tensor, strict=True) if t}
    dirty = {id(t) for t in ctx._dirty}
    fixed = {id(t) for t in ctx._non_differentiable}
    original = list(outs)
    ctx.outputs = len(outs)
    if recorded:
        ctx.seq = next_number()
    differentiable = 0
    for i, out in enumerate(original):
        if not isinstance(out, Tensor):
            continue
        is_input, modified = id(out) in inputs, id(out) in dirty
        if not recorded or id(out) in fixed or not (out._dtype.is_floating_point or out._dtype.is_complex):
            if is_input and not modified and not out._requires_grad:
                outs[i] = _itself(out)
            elif out._requires_grad and is_input:
                outs[i] = out.detach()
            elif out._requires_grad and out._base is None:
                out._edge, out._requires_grad = None, False
        else:
            differentiable += 1
            if modified:
                _take_over(ctx, i, out, args, len(outs))
            else:
                if is_input:
                    outs[i] = out = _itself(out)
                _set_edge(out, (ctx, i))
        if outs[i]._base is not None and not (is_input and modified):
            outs[i]._creation = IN_FUNCTION
    if differentiable > 1:
        for out in outs:
            if isinstance(out, Tensor) and out._base is not None:
                out._creation = MULTI_OUTPUT
    if not dirty <= {id(o) for o in original}:
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. The inputs that are modified inplace "
            "must all be outputs of the Function."
        )
    if not recorded:
        ctx.saved = tuple([(False, t, None) for t in ctx._to_save])
        return
    tensors = [o if isinstance(o, Tensor) else None for o in outs]
    ctx.device = next((t._device for t in tensors if t is not None), None)
    ctx.kinds = [None if t is None else (t._shape, t._dtype, t._device) for t in tensors]
    shapes, dtypes = [() if t is None else t._shape for t in tensors], [None if t is None else t._dtype for t in tensors]
    ctx.shape, ctx.dtype = (shapes[0], dtypes[0]) if len(outs) == 1 else (shapes, dtypes)
    # saved outputs are kept outside the graph, or node and output would hold each other
    saved: list[tuple[bool, Any, int | None]] = []
    ctx._out_numbers = {}
    for n, kept in enumerate(ctx._to_save):
        if kept is not None and not isinstance(kept, Tensor):
            raise TypeError(f"save_for_backward can only save variables, but argument {n} is of type {type(kept).__name__}")
        at = next((i for i, o in enumerate(original) if o is kept), None)
        if kept is not None and at is not None and (id(kept) not in inputs or id(kept) in dirty) and kept._edge is not None:
            saved.append((True, kept._alias(), kept._version))
            ctx._out_numbers[n] = at
        else:
            saved.append((False, kept, None if kept is None else kept._version))
    hooks = current_hooks() if anomaly.watching else None
    if hooks is not None:
        saved = [(out, v if v is None else SavedTensor(v, out, ctx).register_hooks(*hooks), None) for out, v, _ in saved]
    ctx.saved = tuple(saved)
    ctx._to_save = ()
    if anomaly.enabled:
        remember(ctx)


def _itself(t: Tensor) -> Tensor:
    """An input that was returned as it is: a view of its own, so that its history can be this node's."""
    before = grad_mode.enabled
    grad_mode.enabled = False
    try:
        made: Tensor = t.view_as(t)
    finally:
        grad_mode.enabled = before
    return made


def _set_edge(t: Tensor, edge: tuple[Node, int]) -> None:
    t._edge = edge
    t._requires_grad = True
    t._borrows_grad = False
    if t._base is not None:
        t._view_version = t._version


def _take_over(ctx: BackwardCFunction, i: int, t: Tensor, args: Args, count: int) -> None:
    """Give an input that forward has changed in place the node as its history."""
    if t._requires_grad and t.is_leaf:
        raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
    tensors = [a for a, is_tensor in zip(args, ctx._is_tensor, strict=True) if is_tensor]
    place = next((n for n, a in enumerate(tensors) if a is t), None)
    if place is None:
        warn(
            "Only input Tensors should be given to ctx.mark_dirty(). If a Tensor is not an input, there is no need to pass it to "
            "mark_dirty().", UserWarning,
        )  # fmt: skip
    if t._base is not None and count > 1:
        raise RuntimeError(
            "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot return more than one "
            "Tensor. This is not supported by the current autograd engine. You should either make sure the input is not a view (using "
            ".clone() for example) or make your Function only return one Tensor (potentially splitting it into two Functions: one doing "
            "the inplace that returns a single Tensor and a second one that does the other operations)."
        )
    t._grad = None
    rebase(t, ctx, i, place)


class _OnlyOnce(Node):
    """The history of a gradient that was marked with `once_differentiable`."""

    __slots__ = ()

    def apply(self, g: Gradient) -> Grads:
        """RuntimeError."""
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def once_differentiable(function: Any) -> Any:
    """Decorate a backward whose result is not to be differentiated again: RuntimeError where that is tried."""

    @wraps(function)
    def wrapped(ctx: object, *grads: Any) -> Any:
        with no_grad():
            made = function(ctx, *grads)
        if not grad_mode.enabled or not any(isinstance(g, Tensor) and g._requires_grad for g in grads):
            return made
        outs = made if isinstance(made, tuple) else (made,)
        node = _OnlyOnce()
        node.edges, node.saved, node.versions, node.seq, node.outputs = (), (), None, next_number(), len(outs)
        shapes, dtypes = [getattr(o, "_shape", ()) for o in outs], [getattr(o, "_dtype", None) for o in outs]
        node.shape, node.dtype = (shapes[0], dtypes[0]) if len(outs) == 1 else (shapes, dtypes)
        found = []
        for i, out in enumerate(outs):
            found.append(out)
            if isinstance(out, Tensor):
                found[-1] = out.detach()
                _set_edge(found[-1], (node, i))
        return tuple(found) if isinstance(made, tuple) else found[0]

    return wrapped
