"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from corelib.ops.shape.joining import cat
from corelib.tensor.tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The parameters, each flattened, one after the other. Raises TypeError if they are on different devices.

    >>> import corelib as torch
    >>> torch.nn.utils.parameters_to_vector([torch.zeros(1, 2), torch.ones(2)])
    tensor([0., 0., 1., 1.])
    """
    listed = list(parameters)
    _check_one_device(listed)
    return cat([param.view(-1) for param in listed])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give each parameter its part of the vector, whose memory it then shares.

    Raises TypeError if ``vec`` is not a Tensor or the parameters are on different devices.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    listed = list(parameters)
    _check_one_device(listed)
    start = 0
    for param in listed:
        end = start + param.numel()
        param.data = vec[start:end].view(param.shape).data
        start = end


def _check_one_device(parameters: list[Tensor]) -> None:
    devices = {param.device for param in parameters}
    if len(devices) > 1:
        found = " and ".join(sorted(str(device) for device in devices))
        raise TypeError(f"Found two parameters on different devices, this is currently not supported: {found}.")
