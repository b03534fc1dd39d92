"""Checks, each in an environment of its own: `nox -s tests opencl cpu_native cuda cuda_standin oracle opdb lint layers types packaging conformance gallery site docs bench`."""

import nox

nox.options.sessions = ["lint", "layers", "types", "tests"]
LOCAL = ("-e", ".[test]", "-e", "backends/cpu_numpy", "-e", "tests/conformance")
OPENCL = ("-e", "backends/opencl[cpu]")
PICTURES = ("opencv-python-headless>=4.9", "pandas>=2", "scipy>=1.11")  # what the tests of pictures compare with, beside torchvision


@nox.session
def tests(session: nox.Session) -> None:
    """The unit, packaging, typing and documentation tests: the README's test command."""
    session.install(*LOCAL)
    session.run("pytest", "-q", "-n", "2", *session.posargs)


@nox.session
def oracle(session: nox.Session) -> None:
    """Every op, module and optimizer against PyTorch 2.13 on the CPU; of the slow tests a part, and all with CORELIB_ORACLE=all."""
    session.install(*LOCAL, *OPENCL)
    session.install("torch==2.13.0", "expecttest", *PICTURES)
    session.install("--no-deps", "torchvision==0.28.0")
    whole = [] if session.posargs else ["--check-called"]  # docs/coverage.md counts the names that these tests call
    session.run("pytest", "-q", "-n", "2", "tests/oracle", *whole, *session.posargs)
    session.run("pytest", "-q", "-n", "2", "tests/oracle/vision", *session.posargs)


@nox.session
def opdb(session: nox.Session) -> None:
    """All of PyTorch's own tables of samples on the cpu device, or on `-- DEVICE`; `oracle` runs a tenth of them."""
    session.install(*LOCAL, *OPENCL)
    session.install("torch==2.13.0", "expecttest")
    device = session.posargs[0] if session.posargs else "cpu"
    whole = {"CORELIB_OPDB": "whole", "CORELIB_OPDB_DEVICE": device}
    session.run("pytest", "-q", "-n", "2", "tests/oracle/opdb", env=whole)


@nox.session
def opencl(session: nox.Session) -> None:
    """The opencl devices: PoCL, unless there is another platform."""
    session.install(*LOCAL, *OPENCL)
    session.run("pytest", "-q", "-n", "2", "tests/opencl", *session.posargs)


@nox.session
def cpu_native(session: nox.Session) -> None:
    """The kernels in C of the cpu device: their tests, and the conformance suite with them. Needs a C compiler."""
    session.install(*LOCAL, "-e", "backends/cpu_native")
    session.run("pytest", "-q", "-n", "2", "tests/cpu_native", *session.posargs)
    session.run("pytest", "-q", "-n", "2", "--pyargs", "corelib_conformance", "--device", "cpu")


@nox.session
def cuda(session: nox.Session) -> None:
    """The cuda devices; without a GPU, what can be checked without one."""
    session.install(*LOCAL, "-e", "backends/cuda_cupy", "nvidia-cuda-nvrtc")
    session.run("pytest", "-q", "tests/cuda", *session.posargs)


@nox.session
def cuda_standin(session: nox.Session) -> None:
    """The cuda devices on the stand-in for CuPy, a part drawn by a seed; all with `-- --whole`. Needs g++."""
    session.install(*LOCAL, "-e", "backends/cuda_cupy", "torch==2.13.0", "expecttest")
    session.run("python", "-m", "tests.cuda.suite", *session.posargs)


@nox.session
def packaging(session: nox.Session) -> None:
    """Wheels in a clean environment elsewhere."""
    session.install(*LOCAL)
    session.run("pytest", "-q", "tests/packaging", *session.posargs)


@nox.session
def conformance(session: nox.Session) -> None:
    """The conformance suite on the cpu device, or on `-- --device D`."""
    session.install(*LOCAL)
    options = session.posargs if "--device" in " ".join(session.posargs) else ("--device", "cpu", *session.posargs)
    session.run("pytest", "-q", "--pyargs", "corelib_conformance", *options)


@nox.session
def gallery(session: nox.Session) -> None:
    """The programs of examples/gallery keep what they promise, and `corelib.datasets` works with pandas and tokenizers."""
    session.install(*LOCAL, "-e", ".[gallery,tables,text]")
    session.run("pytest", "-q", "-n", "2", "tests/gallery", "tests/unit/datasets", *session.posargs)


@nox.session
def site(session: nox.Session) -> None:
    """The documentation as a site in build/site; a warning is an error."""
    session.install("-e", ".[docs]")
    session.run("mkdocs", "build", "--strict", *session.posargs, env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def docs(session: nox.Session) -> None:
    """The examples in docstrings, in the README and in docs/, and the backend that they show."""
    session.install(*LOCAL)
    session.run("pytest", "-q", "tests/unit/docs", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff."""
    session.install("ruff==0.17.*")
    session.run("ruff", "check", ".")


@nox.session
def layers(session: nox.Session) -> None:
    """Rooms know only those below them; imports, types and sizes within their bounds."""
    session.install(*LOCAL)
    session.run("lint-imports", "--no-cache")
    session.run("python", "-m", "tools.counts")
    session.run("python", "-m", "tools.house", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """mypy over core and the cpu device, and over a user's program."""
    session.install(*LOCAL, *OPENCL)
    session.run("mypy")
    session.run("pytest", "-q", "tests/typing")


@nox.session
def stubs(session: nox.Session) -> None:
    """Write the type stubs anew from the op table."""
    session.install("-e", ".", "-e", "backends/cpu_numpy")
    session.run("python", "-m", "tools.stubs")


@nox.session
def bench(session: nox.Session) -> None:
    """Ratios against PyTorch; writes benchmarks/results. Options follow `--`, such as `-- --quick --filter add`."""
    session.install(*LOCAL)
    session.install("torch==2.13.0")
    session.run("python", "-m", "benchmarks", *session.posargs)
