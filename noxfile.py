"""Sessions: `nox -s tests oracle lint types packaging conformance bench`."""

import nox

nox.options.sessions = ["lint", "types", "tests", "conformance"]
LOCAL = ("-e", ".[test]", "-e", "backends/cpu_numpy", "-e", "tests/conformance")


@nox.session
def tests(session: nox.Session) -> None:
    """The unit, packaging, typing and documentation tests."""
    session.install(*LOCAL)
    session.run("pytest", "-q", "-n", "2", *session.posargs)


@nox.session
def oracle(session: nox.Session) -> None:
    """Every op, module and optimizer against PyTorch 2.13 on the CPU."""
    session.install(*LOCAL)
    session.install("torch==2.13.0")
    session.run("pytest", "-q", "-n", "2", "tests/oracle", *session.posargs)


@nox.session
def packaging(session: nox.Session) -> None:
    """Wheels in a clean environment elsewhere."""
    session.install(*LOCAL)
    session.run("pytest", "-q", "tests/packaging", *session.posargs)


@nox.session
def conformance(session: nox.Session) -> None:
    """The conformance suite on the cpu device."""
    session.install(*LOCAL)
    session.run("pytest", "-q", "--pyargs", "corelib_conformance", "--device", "cpu", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff."""
    session.install("ruff==0.17.*")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy over core."""
    session.install(*LOCAL, "mypy==2.*")
    session.run("mypy")


@nox.session
def bench(session: nox.Session) -> None:
    """Ratios against PyTorch; writes benchmarks/results."""
    session.install(*LOCAL)
    session.install("torch==2.13.0")
    session.run("python", "-m", "benchmarks", *session.posargs)
