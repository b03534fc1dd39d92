"""Products with Jacobians from the right, and whole Jacobians: jvp, linearize, jacrev, jacfwd, hessian.

A product from the right is the derivative of the one from the left by its cotangent, in which that one is linear: two walks through the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any

from corelib.autograd.engine import grad
from corelib.func.gradients import Pullback
from corelib.func.levels import ArgNums, Func, Level, chosen, unflattened
from corelib.func.mapping import draws
from corelib.graph.grad_mode import grad_mode
from corelib.ops.construction.creation import zeros, zeros_like
from corelib.ops.shape.joining import stack
from corelib.pytree import tree_flatten
from corelib.tensor.tensor import Tensor

_JVP = "jvp(f, primals, tangents)"


class Pushforward(Pullback):
    """A function's outputs at one point, and how tangents go forward to them."""

    def __init__(self, func: Func, args: tuple[Any, ...], argnums: ArgNums | None, has_aux: bool) -> None:
        super().__init__(func, args, argnums, has_aux, _JVP)
        with self.level.inside():
            self.free = [zeros_like(out).requires_grad_() if out.requires_grad else None for out in self.outs]
            self.rows = self.pull([None if u is None else u for u in self.free], create_graph=True)

    def push(self, tangents: Sequence[Tensor], create_graph: bool, strict: bool = False) -> list[Tensor]:
        """The tangents of the outputs."""
        live = [(row, t) for row, t in zip(self.rows, tangents, strict=True) if row.requires_grad]
        by = [u for u in self.free if u is not None]
        with self.level.inside():
            found: Sequence[Tensor | None] = [None] * len(by)
            if live and by:
                found = grad([row for row, _ in live], by, [t for _, t in live], retain_graph=True, create_graph=create_graph, allow_unused=True)
        rest = iter(found)
        made = [None if u is None else next(rest) for u in self.free]
        if strict and any(t is None for t in made):
            raise RuntimeError("jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed with strict=True.")
        return [zeros_like(out) if t is None else t for t, out in zip(made, self.outs, strict=True)]

    def left(self, found: Sequence[Tensor]) -> list[Tensor]:
        """Results as they are outside: they do not depend on the cotangents by which was differentiated."""
        self.level.leaves.extend(u for u in self.free if u is not None)
        made: list[Tensor] = self.level.leave(list(found))
        return made


def _checked(primals: Any, tangents: Any) -> tuple[list[Tensor], list[Tensor]]:
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{_JVP}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    flat, spec = tree_flatten(primals)
    given, given_spec = tree_flatten(tangents)
    if spec != given_spec:
        raise RuntimeError(
            f"{_JVP}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple of 3 tensors, tangents "
            f"also must be. Got primals with structure {spec} and tangents with structure {given_spec}"
        )
    for what, found in (("primals", flat), ("tangents", given)):
        if not found:
            raise RuntimeError(f"{_JVP}: Expected {what} to contain at least one Tensor.")
        for t in found:
            if not isinstance(t, Tensor):
                raise RuntimeError(f"{_JVP}: Expected {what} to only contain Tensors, got {type(t)}")
    for x, t in zip(flat, given, strict=True):
        if x.shape != t.shape:
            raise RuntimeError(f"Expected tangent to have the same shape as primal, got {tuple(t.shape)} for a primal of {tuple(x.shape)}")
    return flat, given


def jvp(func: Func, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """`func(*primals)`, and the product of its Jacobian there with tangents: (output, tangent), or (output, tangent, aux).

    primals: a tuple of tensors or of trees of them; tangents in the same structure. strict: RuntimeError where an output does not depend
    on the inputs, in place of zeros.

    >>> import corelib as torch
    >>> torch.func.jvp(torch.sin, (torch.zeros(2),), (torch.tensor([1., 2.]),))
    (tensor([0., 0.]), tensor([1., 2.]))
    """
    _, given = _checked(primals, tangents)
    at = Pushforward(func, primals, None, has_aux)
    goes_on = grad_mode.enabled and (at.goes_on or any(t.requires_grad for t in given))
    made = unflattened(at.left(at.push(given, goes_on, strict)), at.spec)
    return (at.output, made, at.aux) if has_aux else (at.output, made)


def linearize(func: Func, *primals: Any) -> tuple[Any, Func]:
    """`func(*primals)`, and the function that multiplies its Jacobian there with tangents: (output, jvp_fn). `func` is called once.

    RuntimeError where tangents have another structure, shape, dtype or device than the primals.

    >>> import corelib as torch
    >>> y, push = torch.func.linearize(torch.sin, torch.zeros(2))
    >>> push(torch.tensor([1., 2.]))
    tensor([1., 2.])
    """
    flat, spec = tree_flatten(primals)
    at = Pushforward(func, primals, None, False)

    def jvp_fn(*tangents: Any) -> Any:
        given, given_spec = tree_flatten(tangents)
        if given_spec != spec:
            raise RuntimeError(f"Expected the tangents {given_spec} to have the same argspec as the primals {spec}")
        for i, (t, x) in enumerate(zip(given, flat, strict=True)):
            for what in ("shape", "device", "dtype"):
                if getattr(t, what) != getattr(x, what):
                    raise RuntimeError(
                        f"tangent:{i} with {what} {getattr(t, what)} in flattened pytree doesn't match the {what} {getattr(x, what)} of the corresponding primal."
                    )
        goes_on = grad_mode.enabled and (at.goes_on or any(t.requires_grad for t in given))
        return unflattened(at.left(at.push(given, goes_on)), at.spec)

    return at.output, jvp_fn


def _refuse_complex(name: str, tree: Any, what: str) -> None:
    for i, x in enumerate(tree_flatten(tree)[0]):
        if isinstance(x, Tensor) and x.is_complex():
            raise RuntimeError(f"{name}: Expected all {what} to be real but received complex tensor at flattened input idx: {i}")


def _unit(like: Tensor, place: int) -> Tensor:
    made = zeros(like.numel(), dtype=like.dtype, device=like.device)
    made[place] = 1
    return made.view(like.shape)


def jacrev(func: Func, argnums: ArgNums = 0, *, has_aux: bool = False, chunk_size: int | None = None, _preallocate_and_copy: bool = False) -> Func:
    """A function that returns the Jacobian of `func`, row by row: one walk back through the graph for each element of the output.

    The result has the output's structure, and in it that of the argument, or of the tuple of arguments, to differentiate by; each tensor has the output's
    shape and then the argument's. chunk_size: how many rows at a time, which here makes no difference; ValueError unless it is positive or None.

    >>> import corelib as torch
    >>> torch.func.jacrev(torch.sin)(torch.zeros(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @wraps(func)
    def wrapper(*args: Any) -> Any:
        _refuse_complex("jacrev", args, "inputs")
        at = Pullback(func, args, argnums, has_aux)
        _refuse_complex("jacrev", at.outs, "outputs")
        blocks = []
        for i, out in enumerate(at.outs):
            rows = [
                at.pull([_unit(out, k) if j == i else zeros_like(other) for j, other in enumerate(at.outs)], at.goes_on)
                for k in range(out.numel())
            ]  # fmt: skip
            blocks.append(_blocks(at.level, out, at.inputs, rows))
        made = unflattened([unflattened(block, at.inputs_spec) for block in blocks], at.spec)
        return (made, at.aux) if has_aux else made

    return wrapper


def _blocks(level: Level, out: Tensor, inputs: Sequence[Tensor], rows: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    """For each input the derivatives of an output, whose elements' are `rows`."""
    made = []
    with level.inside():
        for j, x in enumerate(inputs):
            shape = (*out.shape, *x.shape)
            made.append(stack([row[j] for row in rows]).view(shape) if rows else zeros(shape, dtype=x.dtype, device=x.device))
    left: list[Tensor] = level.leave(made)
    return left


def jacfwd(func: Func, argnums: ArgNums = 0, has_aux: bool = False, *, randomness: str = "error") -> Func:
    """A function that returns the Jacobian of `func`, column by column: one product for each element of the arguments to differentiate by.

    The result is that of `jacrev`. randomness: as in `vmap`; `func` is called once.

    >>> import corelib as torch
    >>> torch.func.jacfwd(lambda x: x.sum())(torch.zeros(2))
    tensor([1., 1.])
    """

    @wraps(func)
    def wrapper(*args: Any) -> Any:
        _refuse_complex("jacfwd", args, "inputs")
        chosen(args, argnums)
        with draws(randomness):
            at = Pushforward(func, args, argnums, has_aux)
        _refuse_complex("jacfwd", at.outs, "outputs")
        columns: list[list[list[Tensor]]] = []  # by input, by its element, by output
        for i, x in enumerate(at.inputs):
            columns.append([
                at.push([_unit(x, k) if j == i else zeros_like(other) for j, other in enumerate(at.inputs)], at.goes_on) for k in range(x.numel())
            ])  # fmt: skip
        blocks = []
        for n, out in enumerate(at.outs):
            with at.level.inside():
                block = [
                    stack([column[n] for column in by], -1).view(*out.shape, *x.shape) if by else zeros((*out.shape, *x.shape), dtype=out.dtype, device=out.device)
                    for x, by in zip(at.inputs, columns, strict=True)
                ]  # fmt: skip
            blocks.append(unflattened(at.left(block), at.inputs_spec))
        made = unflattened(blocks, at.spec)
        return (made, at.aux) if has_aux else made

    return wrapper


def hessian(func: Func, argnums: ArgNums = 0) -> Func:
    """A function that returns the second derivatives of `func`: the Jacobian, by columns, of its Jacobian by rows.

    >>> import corelib as torch
    >>> torch.func.hessian(lambda x: (x ** 3).sum())(torch.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


