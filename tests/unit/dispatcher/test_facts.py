"""What a backend says of itself is checked when it is loaded, and the primitives that it lacks are told then."""

from __future__ import annotations

from typing import Any

import corelib
import pytest
from corelib.backends import BackendError, BackendWarning
from corelib.cli.backends import as_text
from corelib.contract.kernels import KernelTable
from corelib.contract.meta import MetaBackend
from corelib.dispatcher.op import TABLE
from corelib.dispatcher.plugins.manager import BackendInfo


class Paper(MetaBackend):
    device_type = "paper"


@pytest.mark.parametrize(
    ("fact", "value", "said"),
    [
        ("tier", "iee", "accepted are 'ieee', 'ftz'"),
        ("tier", None, "accepted are 'ieee', 'ftz'"),
        ("asynchronous", "no", "accepted are True and False"),
        ("scalars", 1, "accepted are True and False"),
        ("small_limit", "16", "a number of elements"),
        ("small_allocation", 3, "None and a function"),
        ("unsupported", ["cumsum"], "must say in `unsupported`"),
        ("unsupported", {"cumsom": "no scan"}, "did you mean 'cumsum'"),
        ("unsupported", {"cumsum/int46": "no scan"}, "no dtype 'int46'"),
        ("unsupported", {"cumsum/int64/back": "no scan"}, "no direction 'back'"),
        ("unsupported", {"cumsum/int64/backward/x": "no scan"}, "accepted keys are"),
        ("unsupported", {"*": "nothing"}, "needs a dtype"),
        ("unsupported", {3: "no scan"}, "accepted keys are"),
        ("unsupported", {"cumsum": ""}, "the reason must be a text"),
    ],
)
def test_a_fact_with_other_contents_is_refused(fact: str, value: object, said: str) -> None:
    backend = Paper()
    setattr(backend, fact, value)
    with pytest.raises(BackendError, match=fact) as found:
        corelib.backends.register(backend)
    assert said in str(found.value)
    assert "paper" not in corelib.backends.available()


def test_facts_that_are_right_are_accepted_and_shown() -> None:
    backend = Paper()
    backend.tier = "ftz"
    backend.unsupported = {
        "cumsum": "none", "cumsum/int64": "none", "complex_sum/complex64": "none", "cdist_2/float32": "none",
        "*/float64/second": "none",
    }  # fmt: skip
    with corelib.backends.register(backend):
        said = backend.capabilities()
    assert said["tier"] == "ftz"
    assert said["unsupported"]["*/float64/second"] == "none"


class Few(Paper):
    """One primitive of all."""

    unsupported: dict[str, str] = {"exp": "no table of exponentials"}  # noqa: RUF012

    def kernels(self) -> KernelTable:
        table = KernelTable()
        table.register("fill", "float32", lambda out, value: None)
        return table


def test_a_missing_primitive_is_told_when_the_backend_is_loaded() -> None:
    with pytest.warns(BackendWarning, match="device 'paper' has no kernels") as told:
        registration = corelib.backends.register(Few())
    registration.undo()
    (text,) = [str(w.message) for w in told]
    listed = set(text.partition("kernels for ")[2].partition(", which")[0].split(", "))
    assert listed == {op.name for op in TABLE.values() if op.primitive} - {"fill", "exp"}


def test_the_table_of_backends_tells_what_is_missing() -> None:
    info: Any = BackendInfo("paper", "p", "1", True, "", {"float32": "native"}, ["paper"], {}, ("neg", "where"))
    assert "lacks the primitives neg, where" in " ".join(as_text([info], [], 400).split())
