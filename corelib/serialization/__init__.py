"""save and load: PyTorch's file formats, read and written without PyTorch, and safetensors.

`corelib.save` and `corelib.load` are these; `load` takes only data unless told otherwise. The module `safetensors` has
`save_file` and `load_file`.
"""

from __future__ import annotations

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.serialization import safetensors as safetensors
from corelib.serialization.config import (
    LoadEndianness as LoadEndianness,
    get_crc32_options as get_crc32_options,
    get_default_load_endianness as get_default_load_endianness,
    get_default_mmap_options as get_default_mmap_options,
    set_crc32_options as set_crc32_options,
    set_default_load_endianness as set_default_load_endianness,
    set_default_mmap_options as set_default_mmap_options,
    skip_data as skip_data,
)
from corelib.serialization.packages import (
    SourceChangeWarning as SourceChangeWarning,
    check_module_version_greater_or_equal as check_module_version_greater_or_equal,
    default_restore_location as default_restore_location,
    location_tag as location_tag,
    mkdtemp as mkdtemp,
    normalize_storage_type as normalize_storage_type,
    register_package as register_package,
    storage_to_tensor_type as storage_to_tensor_type,
    validate_cuda_device as validate_cuda_device,
    validate_hpu_device as validate_hpu_device,
)
from corelib.serialization.rebuild import StorageType as StorageType, _get_layout as _get_layout
from corelib.serialization.safe_globals import (
    add_safe_globals as add_safe_globals,
    clear_safe_globals as clear_safe_globals,
    get_safe_globals as get_safe_globals,
    safe_globals as safe_globals,
)
from corelib.serialization.save_load import (
    get_unsafe_globals_in_checkpoint as get_unsafe_globals_in_checkpoint,
    load as load,
    save as save,
)

__all__ = [
    "LoadEndianness", "SourceChangeWarning", "StorageType", "add_safe_globals", "check_module_version_greater_or_equal", "clear_safe_globals",
    "default_restore_location", "get_crc32_options", "get_default_load_endianness", "get_default_mmap_options", "get_safe_globals",
    "get_unsafe_globals_in_checkpoint", "load", "location_tag", "mkdtemp", "normalize_storage_type", "register_package", "safe_globals", "safetensors",
    "save", "set_crc32_options", "set_default_load_endianness", "set_default_mmap_options", "skip_data", "storage_to_tensor_type", "validate_cuda_device",
    "validate_hpu_device",
]

_paths_below(__name__)
