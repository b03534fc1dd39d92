"""What a report of a bug should say of the machine: `python -m corelib.utils.collect_env`."""

from __future__ import annotations

import locale
import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from typing import Any

from corelib.dispatcher.plugins import manager
from corelib.tensor.device import device as Device
from corelib.tensor.named import NamedTuple
from corelib.version import __version__

__all__ = [
    "SystemEnv", "get_cpu_info", "get_env_info", "get_os", "get_pip_packages", "get_pretty_env_info", "main",
    "pretty_str", "run",
]

PACKAGES = r"corelib.*|numpy|ml[-_]dtypes|pyopencl|pocl.*|cupy.*|jax.*|safetensors|scipy|torch.*|mypy.*|pluggy|optree|tensorboard"


class SystemEnv(NamedTuple):
    """What is known of the machine; None for what could not be found out."""

    torch_version: str
    is_debug_build: str
    cuda_compiled_version: str
    gcc_version: str | None
    clang_version: str | None
    cmake_version: str | None
    os: str | None
    libc_version: str
    python_version: str
    python_platform: str
    is_cuda_available: str
    cuda_runtime_version: str | None
    cuda_module_loading: str
    nvidia_driver_version: str | None
    nvidia_gpu_models: str | None
    cudnn_version: str | None
    pip_version: str
    pip_packages: str
    conda_packages: str | None
    hip_compiled_version: str
    hip_runtime_version: str
    miopen_runtime_version: str
    caching_allocator_config: str
    is_xnnpack_available: str
    is_xpu_available: str
    cpu_info: str | None
    devices: str


def run(command: str | list[str]) -> tuple[int, str, str]:
    """A command's exit status, output and error output."""
    words = command.split() if isinstance(command, str) else command
    try:
        done = subprocess.run(words, capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, "", str(error)
    coding = "oem" if sys.platform == "win32" else locale.getpreferredencoding()
    return done.returncode, done.stdout.decode(coding, "replace").strip(), done.stderr.decode(coding, "replace").strip()


def _first(command: str, pattern: str) -> str | None:
    """What a pattern finds in a command's output; None where it fails."""
    if shutil.which(command.split()[0]) is None:
        return None
    status, out, _ = run(command)
    found = re.search(pattern, out) if status == 0 else None
    return None if found is None else found.group(1)


def get_os() -> str | None:
    """The operating system's name and version, and the machine's."""
    if sys.platform == "linux":
        try:
            return f"{platform.freedesktop_os_release()['PRETTY_NAME']} ({platform.machine()})"
        except OSError:
            return f"{platform.system()} ({platform.machine()})"
    return f"{platform.system()} {platform.release()} ({platform.machine()})"


def get_cpu_info() -> str | None:
    """What the system says of the processor."""
    if sys.platform == "linux" and shutil.which("lscpu"):
        return run("lscpu")[1] or None
    return platform.processor() or None


def get_devices() -> str:
    """The device types with a plugin, and of each its devices, or why it cannot be used."""
    lines = []
    for name in manager.device_types():
        if name == "meta":
            continue
        try:
            backend: Any = Device(name).runtime.backend
            lines.append(f"{name}: {', '.join(backend.device_name(i) for i in range(backend.device_count()))}")
        except RuntimeError as error:
            lines.append(f"{name}: unavailable: {str(error).splitlines()[0]}")
    return "\n".join(lines)


def get_pip_packages() -> str:
    """The installed packages that matter here, with their versions."""
    return "\n".join(f"[pip3] {name}=={version}" for name, version in installed_packages())


def installed_packages() -> list[tuple[str, str]]:
    """The installed packages that matter here: (name, version), by name. Of one that is there twice, the one that Python would import."""
    found: dict[str, str] = {}
    for d in distributions():
        found.setdefault(d.metadata["Name"] or "", d.version)
    return sorted((name, version) for name, version in found.items() if re.fullmatch(PACKAGES, name))


def get_env_info() -> SystemEnv:
    """What is known of this machine."""
    devices = get_devices()
    cuda = [line for line in devices.splitlines() if line.startswith("cuda: ") and "unavailable" not in line]
    return SystemEnv(
        torch_version=f"corelib {__version__}", is_debug_build="False", cuda_compiled_version="N/A", gcc_version=_first("gcc --version", r"gcc (.*)"),
        clang_version=_first("clang --version", r"clang version (.*)"), cmake_version=_first("cmake --version", r"cmake version (.*)"), os=get_os(),
        libc_version="-".join(platform.libc_ver()), python_version=f"{sys.version} ({sys.maxsize.bit_length() + 1}-bit runtime)".replace("\n", " "),
        python_platform=platform.platform(), is_cuda_available=str(bool(cuda)), cuda_runtime_version=_first("nvcc --version", r"release .+ V(.*)"),
        cuda_module_loading=os.environ.get("CUDA_MODULE_LOADING", "N/A"),
        nvidia_driver_version=_first("nvidia-smi --query-gpu=driver_version --format=csv,noheader", r"(.+)"),
        nvidia_gpu_models="\n".join(line.removeprefix("cuda: ") for line in cuda) or None, cudnn_version=None, pip_version="pip3", pip_packages=get_pip_packages(),
        conda_packages=None, hip_compiled_version="N/A", hip_runtime_version="N/A", miopen_runtime_version="N/A", caching_allocator_config="N/A",
        is_xnnpack_available="False", is_xpu_available="False", cpu_info=get_cpu_info(), devices=devices,
    )  # fmt: skip


_FORMAT = """
PyTorch version: {torch_version}
Is debug build: {is_debug_build}
CUDA used to build PyTorch: {cuda_compiled_version}
ROCM used to build PyTorch: {hip_compiled_version}

OS: {os}
GCC version: {gcc_version}
Clang version: {clang_version}
CMake version: {cmake_version}
Libc version: {libc_version}

Python version: {python_version}
Python platform: {python_platform}
Is CUDA available: {is_cuda_available}
CUDA runtime version: {cuda_runtime_version}
CUDA_MODULE_LOADING set to: {cuda_module_loading}
GPU models and configuration: {nvidia_gpu_models}
Nvidia driver version: {nvidia_driver_version}
cuDNN version: {cudnn_version}
Is XPU available: {is_xpu_available}
HIP runtime version: {hip_runtime_version}
MIOpen runtime version: {miopen_runtime_version}
Is XNNPACK available: {is_xnnpack_available}
Caching allocator config: {caching_allocator_config}

CPU:
{cpu_info}

Devices of corelib:
{devices}

Versions of relevant libraries:
{pip_packages}
{conda_packages}
""".strip()


def pretty_str(envinfo: SystemEnv) -> str:
    """What is known, as text."""
    known = {name: "Could not collect" if value is None else value for name, value in envinfo._asdict().items()}
    known["conda_packages"] = envinfo.conda_packages or ""
    return _FORMAT.format(**known).strip()


def get_pretty_env_info() -> str:
    """What is known of this machine, as text."""
    return pretty_str(get_env_info())


def main() -> None:
    """Print it."""
    print("Collecting environment information...")
    print(get_pretty_env_info())


if __name__ == "__main__":
    main()
