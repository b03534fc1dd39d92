"""Indices drawn in proportion to weights."""

from __future__ import annotations

from corelib.dispatcher.calls.outs import of_out
from corelib.dispatcher.namespaces import public
from corelib.ops.construction.creation import _finish, check_dtype
from corelib.ops.random.drawing import drawn_tensor
from corelib.ops.random.generator import Generator
from corelib.ops.random.random import generator_of
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.device import resolve
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor


@public("torch")
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None, out: Tensor | None = None,
) -> Tensor:
    """Indices drawn with probabilities in proportion to `input`, a vector or a matrix whose rows are drawn from apart.

    RuntimeError for negative, NaN or infinite weights, and for more samples without replacement than there are categories.

    >>> import corelib as torch
    >>> torch.multinomial(torch.tensor([0., 1.]), 3, replacement=True)
    tensor([1, 1, 1])
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"multinomial(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if len(input._shape) not in (1, 2):
        raise RuntimeError(f"multinomial(): prob_dist must be 1 or 2 dim, got shape {list(input._shape)}")
    if not input._dtype.is_floating_point:
        raise RuntimeError(f"multinomial(): multinomial only supports floating-point dtypes for input, got: {input._dtype}")
    if not isinstance(num_samples, int) or num_samples <= 0:
        raise RuntimeError(f"multinomial(): cannot sample n_sample <= 0 samples, got {num_samples}")
    n = input._shape[-1]
    if not replacement and num_samples > n:
        raise RuntimeError(
            f"multinomial(): cannot sample n_sample > prob_dist.size(-1) samples without replacement: {num_samples} > {n}"
        )
    if input._device.type == "meta":
        drawn = Tensor._empty(input._device, D.int64, (*input._shape[:-1], num_samples))
        return _finish(drawn, False, out, "full", False)
    weights = input.detach().cpu().resolve_neg()
    array = weights.numpy() if input._dtype is not D.bfloat16 else weights.float().numpy()
    array = array.reshape(-1, n)
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise RuntimeError("multinomial(): probability tensor contains either `inf`, `nan` or element < 0")
    if array.shape[0] and (array.sum(1) == 0).any():
        raise RuntimeError("multinomial(): invalid multinomial distribution (sum of probabilities <= 0)")
    if out is not None:
        of_out("multinomial", out, D.int64, input._device)
    source = generator_of("multinomial", generator, input._device)
    places = source.multinomial(array, num_samples, replacement)
    shape = (num_samples,) if len(input._shape) == 1 else (input._shape[0], num_samples)
    place = resolve(input._device)
    check_dtype("multinomial", D.int64, place)
    return _finish(drawn_tensor(place, D.int64, shape, places.astype(np.int64)), False, out, "multinomial", False)


attach("multinomial", multinomial)


def begun_permutations(count: int, n: int, first: int) -> Tensor:
    """The first numbers of `count` permutations, as `randperm(n)` draws them one after the other on the default device: (count, first)."""
    device = resolve(None)
    if device.type == "meta":
        return Tensor._empty(device, D.int64, (count, first))
    drawn = generator_of("randperm", None, device).permutations(count, n, first)
    return drawn_tensor(device, D.int64, (count, first), drawn)
