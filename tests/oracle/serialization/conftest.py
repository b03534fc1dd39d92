"""These tests pickle functions and classes of corelib's."""

import pytest


@pytest.fixture(autouse=True)
def functions_as_they_are(unwatched: None) -> None:
    """No stand-in of a function, which pickle would not find under its name."""
