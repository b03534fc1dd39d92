"""x[...] and x[...] = y. Ints, slices, None and Ellipsis are views; index tensors, lists, arrays and masks gather.

A call outside the graph works the view out in one go. One that is recorded runs the view ops one by one, so that the graph
has PyTorch's nodes.
"""

from __future__ import annotations


from corelib.as_torch.warned import warn
from corelib.dispatcher.modes import active
from corelib.dispatcher.op import TABLE
from corelib.graph.grad_mode import grad_mode, off
from corelib.graph.views import mark_unrecorded
from corelib.ops.construction.construct import tensor
from corelib.ops.construction.creation import empty
from corelib.ops.indexing.indexing import expand_masks, index as index_op, index_put_
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.shape.slicing import select, strided_slice
from corelib.ops.shape.views import alias, unsqueeze
from corelib.tensor.base import attach
from corelib.tensor.dtype import int64, kind_name
from corelib.tensor.size import LEAST, MOST, SMALL, Shape, Strides, contiguous_strides, integer
from corelib.tensor.tensor import Tensor


def getitem(self: Tensor, index: object) -> Tensor:
    """`self[index]`."""
    if type(index) is int and not (self._requires_grad and grad_mode.enabled):
        shape = self._shape
        if shape:
            n = shape[0]
            if -n <= index < n:
                strides, numel = self._strides, self._numel // n
                at = index + n if index < 0 else index
                if strides is None and numel:
                    made = self._as_view(shape[1:], None, self._offset + at * numel, numel)
                else:
                    strides = strides or contiguous_strides(shape)
                    made = self._as_view(shape[1:], strides[1:], self._offset + at * strides[0], numel)
                if off:
                    mark_unrecorded(made)
                return made
    elif type(index) is int:
        if self._shape and -self._shape[0] <= index < self._shape[0]:
            return select(self, 0, index)
    elif (not self._requires_grad or not grad_mode.enabled) and (not active.count or type(index) is slice):
        found = _basic(self, index if type(index) is tuple else (index,))
        if found is not None:
            return found
    view, indices = _view_part(self, index if type(index) is tuple else _as_tuple(index))
    if not indices:
        return alias(view) if view is self else view
    return _gather(view, indices)


def _basic(self: Tensor, index: tuple[object, ...]) -> Tensor | None:
    """The view that ints, slices, None and one Ellipsis make, outside the graph; None where anything else is among them, or does not fit."""
    shape, strides, offset, numel = self._shape, self._strides, self._offset, self._numel
    if not numel:
        return None
    if strides is None:
        strides = contiguous_strides(shape)
    ndim, at, skipped = len(shape), 0, False
    sizes: Shape = ()
    steps: Strides = ()
    for part in index:
        if part is None:
            sizes += (1,)
            steps += ((shape[at] * strides[at],) if at < ndim else (1,))
            continue
        if part is Ellipsis and not skipped:
            skipped = True
            end = at + ndim + 1 - len(index)
            for other in index:
                if other is None:
                    end += 1
            if end < at:
                return None
            sizes += shape[at:end]
            steps += strides[at:end]
            at = end
            continue
        if at >= ndim:
            return None
        n = shape[at]
        if type(part) is int:
            if not -n <= part < n:
                return None
            offset += (part + n if part < 0 else part) * strides[at]
            numel //= n
        elif type(part) is slice:
            start, stop, step = part.start, part.stop, part.step
            if step is None and stop is None and type(start) is int and 0 <= start <= n:
                m, step = n - start, 1
            else:
                if step is not None and (type(step) is not int or not 0 < step < MOST):
                    return None
                try:
                    start, stop, step = part.indices(n)
                except TypeError:
                    return None
                m = (stop - start + step - 1) // step if stop > start else 0
            offset += start * strides[at]
            sizes += (m,)
            steps += (strides[at] * step,)
            numel = numel // n * m
        else:
            return None
        at += 1
    made = self._as_view(sizes + shape[at:], steps + strides[at:], offset, numel)
    if off:
        mark_unrecorded(made)
    return made


def _whole(index: tuple[object, ...]) -> bool:
    """Whether an index stands for the tensor itself."""
    for part in index:
        if part is not Ellipsis and not (type(part) is slice and part.start is None and part.stop is None and part.step in (None, 1)):
            return False
    return True


def _as_tuple(index: object) -> tuple[object, ...]:
    """An index that is no tuple as one. A short list that holds more than integers is the tuple of its items, as in PyTorch."""
    if isinstance(index, tuple):
        return tuple(index)
    if isinstance(index, list) and len(index) < 32 and any(_not_a_number(each) for each in index):
        warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated; use x[tuple(seq)] instead of x[seq]. In future this "
            "will be interpreted as tensor index, x[torch.tensor(seq)], which will result either in an error or a different result",
            UserWarning,
        )
        return tuple(index)
    return (index,)


def _not_a_number(each: object) -> bool:
    return each is None or each is Ellipsis or isinstance(each, _NESTED) or (hasattr(each, "__array__") and getattr(each, "shape", ()) != ())


_NESTED = (Tensor, list, tuple, range, slice, str, bytes)


def _gather(view: Tensor, indices: list[Tensor | None]) -> Tensor:
    found = expand_masks("index", view, indices)
    if all(t is None or t._dtype.order < 2 for t in indices):  # places of masks lie within bounds
        with KNOWN:
            return index_op(view, found)
    return index_op(view, found)


def _view_part(self: Tensor, index: tuple[object, ...]) -> tuple[Tensor, list[Tensor | None]]:
    """The view that the basic parts make, and the index tensors (or None) for its leading dimensions."""
    consumed = 0
    for part in index:
        if part is None or part is Ellipsis or part is True or part is False:
            continue
        consumed += _rank(part)
    ndim = len(self._shape)
    if consumed > ndim:
        raise IndexError(f"index(): too many indices for tensor of dimension {ndim} (got {consumed})")
    t, dim, place = self, 0, 0  # the next dimension of the view, and the one of `self` that it comes from, less those that are new
    indices: list[Tensor | None] = []
    recorded = self._requires_grad and grad_mode.enabled
    for part in index:
        if type(part) is int:
            n = t._shape[dim] if dim < len(t._shape) else 0
            if not -n <= part < n:
                raise _out_of_bounds(part, n, dim + place)
            t = select(t, dim, part) if recorded else TABLE["select"].body(t, dim, part)
            place += 1
        elif type(part) is slice:
            t = _sliced(t, dim, part, recorded)
            indices.append(None)
            dim += 1
        elif part is None:
            t = unsqueeze(t, dim) if recorded else TABLE["unsqueeze"].body(t, dim)
            indices.append(None)
            dim += 1
        elif part is Ellipsis:  # a second one skips as many dimensions again; what would lie behind the last one has size 0
            skip = ndim - consumed
            indices.extend([None] * skip)
            dim += skip
        elif type(part) is bool:
            t = unsqueeze(t, dim)
            indices.append(_index_tensor(self, [part]))
            dim += 1
        elif isinstance(part, Tensor) and not part._shape and part._dtype.order in (4, 5) and not part._requires_grad:
            t = select(t, dim, _bounded(int(part), t, dim, place))
            place += 1
        elif isinstance(part, Tensor):
            stays = part._device is self._device or not part._shape or self._device.type == "meta"
            if not stays and part._device.type != "cpu":
                raise RuntimeError(f"indices should be either on cpu or on the same device as the indexed tensor ({self._device}), got {part._device}")
            indices.append(part if stays else part.to(self._device))
            dim += _rank(part)
            if part._dtype.order < 2 and not part._shape:  # a 0-d mask makes a dimension of its own
                t = unsqueeze(t, dim)
                indices[-1] = part.reshape((1,))
                dim += 1
        elif hasattr(part, "__index__") and not hasattr(part, "__len__"):
            t = select(t, dim, _bounded(part.__index__(), t, dim, place))
            place += 1
        elif isinstance(part, (list, tuple, range)) or hasattr(part, "__array__"):
            made = _index_tensor(self, part)
            if made._shape == () and made._dtype.order >= 2:
                t = select(t, dim, _bounded(int(made), t, dim, place))
                place += 1
            else:
                indices.append(made)
                dim += _rank(made)
        elif isinstance(part, float):
            raise IndexError(_accepted(part))
        else:
            raise (TypeError if isinstance(part, (str, bytes)) else IndexError)(_accepted(part))
    # a mask of k dimensions stands for k index tensors; `expand_masks` counts them itself
    while indices and indices[-1] is None:
        indices.pop()
    if off and t is not self:
        mark_unrecorded(t)
    return t, indices


def _accepted(part: object) -> str:
    return (
        "index(): only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
        f"{type(part).__name__})"
    )


def _bounded(i: int, t: Tensor, dim: int, place: int) -> int:
    n = t._shape[dim] if dim < len(t._shape) else 0
    if not -n <= i < n:
        raise _out_of_bounds(i, n, dim + place)
    return i


def _out_of_bounds(i: int, n: int, dim: int) -> IndexError:
    integer("index", "index", i)  # one beyond 64 bits has an error of its own
    return IndexError(f"index(): index {i} is out of bounds for dimension {dim} with size {n}")


def _rank(part: object) -> int:
    """How many dimensions an index takes up: a mask as many as it has, anything else one."""
    if isinstance(part, Tensor):
        return len(part._shape) if part._dtype.order < 2 else 1
    if hasattr(part, "dtype") and hasattr(part, "ndim") and getattr(part.dtype, "name", "") == "bool":
        return int(part.ndim)
    if isinstance(part, (list, tuple)):
        inner: object = part
        depth = 0
        while isinstance(inner, (list, tuple)) and inner and depth <= 64:  # a list may hold itself
            depth, inner = depth + 1, inner[0]
        return depth if isinstance(inner, bool) else 1
    return 1


def _index_tensor(self: Tensor, part: object) -> Tensor:
    if isinstance(part, range):
        part = list(part)
    if isinstance(part, (list, tuple)) and len(part) == 0:
        return empty((0,), dtype=int64, device=self._device)
    made = tensor(part, device="cpu" if self._device.type == "meta" else self._device)  # a mask says its shape by its values
    if made._dtype.is_floating_point and isinstance(part, (list, tuple)):
        return made.long()  # as PyTorch takes them, and as it takes nested lists that are empty
    if made._dtype.is_floating_point:
        raise IndexError(f"index(): tensors used as indices must be long, int, byte or bool tensors, got {made._dtype}")
    return made


def _sliced(t: Tensor, dim: int, part: slice, recorded: bool) -> Tensor:
    n = t._shape[dim] if dim < len(t._shape) else 0
    if type(part.step) is int and part.step == 0:
        raise ValueError("index(): slice step cannot be zero")
    step = _plain(part.step)
    if step is None:
        step = 1
    if step <= 0:
        raise ValueError(f"index(): slice step must be positive, got {step}")
    if part.start is None and part.stop is None and step == 1:
        return t
    start, stop, step = slice(_plain(part.start), _plain(part.stop), step).indices(n)
    if dim >= len(t._shape):  # behind a second ellipsis
        if dim == len(t._shape) and start == 0 and step == 1:
            return t
        raise _out_of_bounds(start, 0, dim)
    length = (stop - start + step - 1) // step if stop > start else 0
    if start > n:
        start = n
    if recorded:
        return strided_slice(t, dim, start, length, step)
    made: Tensor = TABLE["strided_slice"].body(t, dim, start, length, step)
    return made


def _plain(bound: object) -> int | None:
    if bound is None:
        return None
    if hasattr(bound, "__index__"):
        return min(max(int(bound.__index__()), -MOST), MOST)  # as Python does for sequences
    raise TypeError(f"index(): slice indices must be integers or None or have an __index__ method, got {bound!r}")


def setitem(self: Tensor, index: object, value: object) -> None:
    """`self[index] = value`, with broadcasting and casting."""
    plainly = index if type(index) is tuple else (index,)
    found = None if (self._requires_grad and grad_mode.enabled) or _whole(plainly) else _basic(self, plainly)
    view, indices = (found, []) if found is not None else _view_part(self, index if type(index) is tuple else _as_tuple(index))
    if not isinstance(value, Tensor):
        if getattr(value, "shape", None) == () and hasattr(value, "item"):  # one of NumPy's numbers
            value = value.item()
        if isinstance(value, (int, float, complex)):
            if type(value) is int and not LEAST < value < SMALL:
                integer("setitem", "value", value)
            if not indices:
                view.fill_(value)
                return
            value = self.new_full((), value)
        else:
            value = tensor(value, dtype=self._dtype, device=self._device)
    elif indices and value._dtype is not self._dtype:
        raise RuntimeError(
            f"index_put_(): Index put requires the source and destination dtypes match, got {kind_name(self._dtype)} for the "
            f"destination and {kind_name(value._dtype)} for the source."
        )
    elif indices and value._shape and value._device is not self._device:
        raise RuntimeError(
            f"index_put_(): Expected all tensors to be on the same device, but found at least two devices, {self._device} and {value._device}!"
        )
    elif value._dtype is not self._dtype or value._device is not self._device:
        value = value.to(device=self._device, dtype=self._dtype)
    if not indices:
        lead = len(value._shape) - len(view._shape)
        if lead > 0 and value._shape[:lead] == (1,) * lead:
            value = value.reshape(value._shape[lead:])
        view.copy_(value)
        return
    index_put_(view, tuple(indices), value)


attach("__getitem__", getitem)
attach("__setitem__", setitem)


def delitem(self: Tensor, index: object) -> None:
    """TypeError: a tensor keeps its elements."""
    raise TypeError("Tensor does not support deleting items")


attach("__delitem__", delitem)
