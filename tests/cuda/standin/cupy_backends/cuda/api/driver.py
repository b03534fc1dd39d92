"""CUDA's driver by CuPy's names: modules, functions and launches."""

from __future__ import annotations

from simulated_cuda import errors
from simulated_cuda.calls import told_as
from simulated_cuda.launches import SHARED, SHARED_OPT_IN, Loaded

CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 0, 1, 8

FUNCTIONS: dict[int, Loaded] = {}
"""Loaded kernels by the handles that `moduleGetFunction` gave."""


class CUDADriverError(RuntimeError):
    """An error that the driver reports; `status` is its number."""

    def __init__(self, status: int, why: str = "") -> None:
        self.status = status
        super().__init__(str(errors.CudaError(status, why)).replace("cudaError", "CUDA_ERROR_"))


_call = told_as(lambda error: CUDADriverError(error.status, error.why))


def _function(handle: int) -> Loaded:
    if handle not in FUNCTIONS:
        raise errors.CudaError(errors.INVALID_HANDLE, f"{handle:#x} is no function")
    return FUNCTIONS[handle]


@_call
def funcGetAttribute(attribute: int, f: int) -> int:
    loaded = _function(f)
    known = {
        CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: 1024, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES: loaded.shared,
        CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: loaded.most_dynamic,
    }  # fmt: skip
    if attribute not in known:
        raise errors.CudaError(errors.INVALID_VALUE, f"the stand-in does not know attribute {attribute}")
    return known[attribute]


@_call
def funcSetAttribute(f: int, attribute: int, value: int) -> None:
    loaded = _function(f)
    if attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES or not 0 <= value <= SHARED_OPT_IN - loaded.shared:
        raise errors.CudaError(errors.INVALID_VALUE, f"attribute {attribute} cannot be {value}")
    loaded.most_dynamic = max(value, SHARED - loaded.shared)


@_call
def launchKernel(
    f: int, grid_dim_x: int, grid_dim_y: int, grid_dim_z: int, block_dim_x: int, block_dim_y: int, block_dim_z: int, shared_mem_bytes: int, stream: int,
    kernel_params: int, extra: int,
) -> None:  # fmt: skip
    if extra:
        raise errors.CudaError(errors.INVALID_VALUE, "the stand-in takes a kernel's arguments by kernel_params only")
    grid, block = (grid_dim_x, grid_dim_y, grid_dim_z), (block_dim_x, block_dim_y, block_dim_z)
    _function(f).launch(grid, block, shared_mem_bytes, stream, kernel_params)
