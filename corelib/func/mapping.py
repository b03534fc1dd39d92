"""vmap: a function of one sample made into one of many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, TypeAlias

from corelib.ops.reduction.closeness import equal
from corelib.ops.random.generator import default_states, restore_default_states
from corelib.ops.shape.joining import stack
from corelib.pytree import _broadcast_to_and_flatten, tree_flatten, tree_leaves, tree_unflatten
from corelib.tensor.tensor import Tensor

Dims: TypeAlias = Any
"""A dimension, None, or a tree of them."""


@contextmanager
def draws(randomness: str) -> Iterator[Callable[[], None]]:
    """A context for calls that may draw random numbers, each begun by what it gives. "error": RuntimeError where some are drawn; "same": each call draws
    the same; "different": each draws its own."""
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if randomness == "different":
        yield lambda: None
        return
    before = default_states()
    yield (lambda: restore_default_states(before)) if randomness == "same" else lambda: None
    if randomness == "error" and default_states() != before:
        restore_default_states(before)
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness flags on vmap "
            "or perform the randomness operation out of vmap"
        )


def vmap(
    func: Callable[..., Any], in_dims: Dims = 0, out_dims: Dims = 0, randomness: str = "error", *, chunk_size: int | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """A function that maps `func`, which is of one sample, over a dimension of its arguments.

    in_dims: the dimension of each argument, in the structure of the arguments or of its beginning; None for what all samples share. out_dims:
    where the new dimension is in each output; None for an output that is the same for all. randomness: "error", so that `func` may draw no random
    numbers, "different" for numbers of its own for each sample, or "same". chunk_size: how many samples at a time.
    Arguments by keyword are passed on as they are.
    ValueError for dimensions that do not fit, for sizes that differ, and for outputs that are no tensors.

    `func` is called once for each sample, and the results are stacked, whatever the chunk size: the results are those of PyTorch, the time is that of
    a loop. What depends on values, `if x > 0` or `x.item()`, works here, where PyTorch refuses it; with "different", random numbers are those of
    calls one after the other.

    >>> import corelib as torch
    >>> torch.vmap(torch.dot)(torch.ones(2, 3), torch.arange(6.).view(2, 3))
    tensor([ 3., 12.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        _check_out_dims(func, out_dims)
        size, dims, flat, spec = _inputs(func, in_dims, args)
        outputs = []
        with draws(randomness) as begin:
            for i in range(size):
                begin()
                sample = [x if dim is None else x.select(dim, i) for x, dim in zip(flat, dims, strict=True)]
                outputs.append(func(*tree_unflatten(sample, spec), **kwargs))
        if size:
            return _joined(func, outputs, out_dims)
        sample = [x if dim is None else x.new_zeros((*x.shape[:dim], *x.shape[dim + 1 :])) for x, dim in zip(flat, dims, strict=True)]
        return _joined(func, [func(*tree_unflatten(sample, spec), **kwargs)], out_dims, empty=True)

    return wrapped


def _name(func: Any) -> str:
    if hasattr(func, "__name__"):
        return str(func.__name__)
    return f"functools.partial({_name(func.func)}, ...)" if isinstance(func, partial) else repr(func)


def _check_out_dims(func: Any, out_dims: Dims) -> None:
    for dim in [] if isinstance(out_dims, int) else tree_leaves(out_dims):
        if not isinstance(dim, int) and dim is not None:
            raise ValueError(
                f"vmap({_name(func)}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python collection of ints representing where in "
                "the outputs the vmapped dimension should appear."
            )


def _inputs(func: Any, in_dims: Dims, args: tuple[Any, ...]) -> tuple[int, list[int | None], list[Any], Any]:
    """How many samples there are, and the dimension of each leaf of the arguments, the leaves, and their structure."""
    where = f"vmap({_name(func)}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(f"{where}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: {type(in_dims)}.")
    if not args:
        raise ValueError(
            f"vmap({_name(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function with no inputs. "
            "The latter is unsupported."
        )
    flat, spec = tree_flatten(args)
    dims = _broadcast_to_and_flatten(in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{where}: in_dims is not compatible with the structure of `inputs`. in_dims has structure {tree_flatten(in_dims)[1]} but inputs has "
            f"structure {spec}."
        )
    sizes = []
    for i, (x, dim) in enumerate(zip(flat, dims, strict=True)):
        if dim is None:
            continue
        if not isinstance(dim, int):
            raise ValueError(f"{where}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or None.")
        if not isinstance(x, Tensor):
            raise ValueError(
                f"{where}: Got in_dim={dim} for an input but the input is of type {type(x)}. We cannot vmap over non-Tensor arguments, please use None as "
                "the respective in_dim"
            )
        if not -x.dim() <= dim < x.dim():
            raise ValueError(
                f"{where}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {x.dim()} so expected in_dim to satisfy "
                f"-{x.dim()} <= in_dim < {x.dim()}."
            )
        dims[i] = dim % x.dim()
        sizes.append(x.size(dim))
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if any(size != sizes[0] for size in sizes):
        raise ValueError(f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped dimension")
    return sizes[0], dims, flat, spec


def _joined(func: Any, outputs: list[Any], out_dims: Dims, empty: bool = False) -> Any:
    """The outputs of all samples as those of one call; `empty`: of no samples, as far as those of one that is not there say what they look like."""
    first, spec = tree_flatten(outputs[0])
    columns = [first, *[tree_flatten(output)[0] for output in outputs[1:]]]
    if isinstance(outputs[0], Tensor) and isinstance(out_dims, tuple):
        dims = list(out_dims) if len(out_dims) == 1 else None
    else:
        dims = [out_dims] if isinstance(outputs[0], Tensor) and (out_dims is None or isinstance(out_dims, int)) else _broadcast_to_and_flatten(out_dims, spec)
    if dims is None:
        raise ValueError(
            f"vmap({_name(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of `outputs`. out_dims has structure "
            f"{tree_flatten(out_dims)[1]} but outputs has structure {spec}."
        )
    name = _name(func)
    made = []
    for place, dim in enumerate(dims):
        several = [column[place] for column in columns]
        if dim is None:
            if any(isinstance(x, Tensor) and x is not several[0] and not equal(x, several[0]) for x in several):
                raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
            made.append(several[0])
            continue
        if not isinstance(several[0], Tensor):
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(several[0])}. Did you mean to set out_dims= to None for output?"
            )
        joined = stack(several, dim)
        made.append(joined.narrow(dim, 0, 0) if empty else joined)
    return tree_unflatten(made, spec)
