"""The wheels, installed in a clean environment in another folder: core alone, then with a backend."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = {
    "corelib": ROOT,
    "corelib_cpu_numpy": ROOT / "backends" / "cpu_numpy",
    "corelib_cpu_native": ROOT / "backends" / "cpu_native",
    "corelib_opencl": ROOT / "backends" / "opencl",
    "corelib_cuda_cupy": ROOT / "backends" / "cuda_cupy",
    "corelib_conformance": ROOT / "tests" / "conformance",
}
ON_META = "import corelib as torch; print(torch.ones(2, 3, device='meta').sum(0).shape)"
PROGRAM = "import corelib as torch; x = torch.ones(3, requires_grad=True); (x * 2).sum().backward(); print(x.grad.tolist())"


def run(*command: object, ok: bool = True, cwd: Path | None = None) -> str:
    """What a command prints; nothing of this environment reaches it but the settings of pip."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "PIP_TARGET", "VIRTUAL_ENV"))}
    env["COLUMNS"] = "200"  # tables in one piece; workers of pytest-xdist are told 80
    done = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, env=env, cwd=cwd, timeout=600, check=False
    )
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("wheels")
    for folder in PROJECTS.values():
        run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out, folder)
    return {name: next(out.glob(f"{name}-*.whl")) for name in PROJECTS}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory, wheels: dict[str, Path]) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "venv", folder / "env")
    run(folder / "env" / "bin" / "pip", "install", "-q", wheels["corelib"])
    return folder


def test_wheels_hold_the_package_its_typing_and_nothing_else(wheels: dict[str, Path]) -> None:
    for name, path in wheels.items():
        names = zipfile.ZipFile(path).namelist()
        assert {n.split("/")[0].split("-")[0] for n in names} == {name}
        assert not [n for n in names if ("/tests/" in n and not n.endswith(".txt")) or n.endswith(".pyc")]
        assert f"{name}/py.typed" in names
        assert not [n for n in names if n.endswith((".so", ".o", ".a", ".dll", ".dylib", ".pyd"))]  # nothing compiled
    core = set(zipfile.ZipFile(wheels["corelib"]).namelist())
    source = {str(p.relative_to(ROOT)) for p in (ROOT / "corelib").rglob("*") if p.suffix in (".py", ".pyi")}
    assert source <= core
    assert {"corelib/__init__.pyi", "corelib/tensor/base.pyi"} <= core


def test_nothing_depends_on_pytorch(wheels: dict[str, Path]) -> None:
    for path in wheels.values():
        archive = zipfile.ZipFile(path)
        metadata = archive.read(next(n for n in archive.namelist() if n.count("/") == 1 and n.endswith("METADATA"))).decode()
        needs = [line for line in metadata.splitlines() if line.startswith("Requires-Dist")]
        assert needs and not [n for n in needs if "torch" in n]


def test_core_alone_lists_meta_and_says_what_to_install_then_a_backend_makes_the_same_program_run(
    clean: Path, wheels: dict[str, Path]
) -> None:
    python, tool, pip = (clean / "env" / "bin" / name for name in ("python", "corelib", "pip"))
    listed = run(tool, "backends", cwd=clean)
    assert "meta" in listed and "Not installed: cpu" in listed and 'pip install "corelib[cpu]"' in listed
    refused = run(python, "-c", PROGRAM, ok=False, cwd=clean)
    assert ("BackendError" in refused or "NoDeviceError" in refused) and 'pip install "corelib[cpu]"' in refused
    assert run(python, "-c", ON_META, cwd=clean).strip() == "torch.Size([3])"
    loaded = run(python, "-c", "import corelib, sys; print({'numpy', 'pluggy'} & set(sys.modules))", cwd=clean)
    assert loaded.strip() == "set()"

    # A device whose driver is not there is listed with the reason, and everything else goes on working.
    run(pip, "install", "-q", "--no-deps", wheels["corelib_opencl"], wheels["corelib_cuda_cupy"], cwd=clean)
    listed = run(tool, "backends", cwd=clean)
    assert "pyopencl cannot be imported" in listed and "CuPy cannot be imported" in listed
    refused = run(python, "-c", PROGRAM.replace("3,", "3, device='opencl',"), ok=False, cwd=clean)
    assert "installed but unavailable" in refused and "pyopencl" in refused

    # Neither corelib nor its backend is asked of an index: one is installed, the other a file.
    run(pip, "install", "-q", wheels["corelib_cpu_numpy"], cwd=clean)
    assert "corelib-cpu-numpy 0.1.0" in run(tool, "backends", cwd=clean)
    assert run(python, "-c", PROGRAM, cwd=clean).strip() == "[2.0, 2.0, 2.0]"
    where = run(python, "-c", "import corelib, corelib_cpu_numpy as c; print(corelib.__file__, c.__file__)", cwd=clean)
    assert str(ROOT) not in where
    loaded = run(python, "-c", "import corelib, sys; print('corelib_cpu_numpy' in sys.modules)", cwd=clean)
    assert loaded.strip() == "False"

    run(pip, "install", "-q", f"{wheels['corelib']}[examples]", wheels["corelib_conformance"], cwd=clean)
    shown = run(tool, "quickstart", "--no-progress", cwd=clean)
    assert float(shown.split("Test accuracy:")[1].split("%")[0]) >= 97, shown
    said = run(python, "-m", "pytest", "-q", "--pyargs", "corelib_conformance", "--device", "cpu", "--level", "1", cwd=clean)
    assert " passed" in said and "skipped" not in said

    # A third party's life: a generated backend's wheel, installed beside them, and the suite run on its device.
    run(tool, "new-backend", "corelib-acme", "--device-type", "acme", cwd=clean)
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", clean, clean / "corelib-acme")
    run(pip, "install", "-q", "--no-deps", next(clean.glob("corelib_acme-*.whl")), cwd=clean)
    assert "acme:0" in run(tool, "backends", cwd=clean)
    said = run(tool, "conformance", "--device", "acme", "--level", "1", "--report", clean / "report", ok=False, cwd=clean)
    assert "0 runtime" in said and "reached" in said and "partial" in said and "has no kernel" in said
    assert (clean / "report" / "report.html").exists() and "level 0 of 5" not in said
    assert "torch" not in [line.split("==")[0].lower() for line in run(pip, "freeze", cwd=clean).splitlines()]
