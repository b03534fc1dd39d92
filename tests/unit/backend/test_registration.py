"""corelib.backends.register: a backend object in this process, until it is taken back."""

import corelib
import pytest
from corelib.contract.meta import MetaBackend
from corelib.dispatcher.plugins.checks import BackendError


class Paper(MetaBackend):
    device_type = "paper"


def test_a_registered_backend_computes_until_it_is_undone() -> None:
    registration = corelib.backends.register(Paper())
    assert (corelib.zeros(2, device="paper") + 1).device.type == "paper"
    registration.undo()
    with pytest.raises(RuntimeError, match="paper"):
        corelib.zeros(2, device="paper")


def test_the_context_manager_takes_it_back_after_an_error_and_it_can_come_again() -> None:
    with pytest.raises(KeyError, match="mine"), corelib.backends.register(Paper()):
        raise KeyError("mine")
    with corelib.backends.register(Paper()) as backend:
        assert backend.device_type == "paper"
        assert corelib.zeros(3, device="paper").shape == (3,)


def test_undo_twice_does_nothing() -> None:
    registration = corelib.backends.register(Paper())
    registration.undo()
    registration.undo()
    assert "paper" not in corelib.backends.available()


@pytest.mark.parametrize("name", ["Paper", "a-b", "", None, "meta", "cpu"])
def test_a_device_type_that_is_malformed_or_taken_is_refused(name: object) -> None:
    backend = Paper()
    backend.device_type = name  # type: ignore[assignment]
    with pytest.raises(BackendError, match="device type|device_type"):
        corelib.backends.register(backend)


def test_a_device_type_that_is_registered_is_refused_and_the_first_stays() -> None:
    with corelib.backends.register(Paper()):
        with pytest.raises(BackendError, match="paper"):
            corelib.backends.register(Paper())
        assert corelib.zeros(2, device="paper").shape == (2,)


def test_a_backend_of_another_api_version_is_refused_and_leaves_nothing() -> None:
    class Old(Paper):
        api_version = (99, 0)

    with pytest.raises(BackendError, match="99"):
        corelib.backends.register(Old())
    assert "paper" not in corelib.backends.available()


def test_what_is_no_backend_is_refused() -> None:
    with pytest.raises(BackendError, match="device_type"):
        corelib.backends.register(object())  # type: ignore[arg-type]
