"""What tests of devices have in common."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import corelib


@pytest.fixture(scope="module")
def nothing_on_the_host() -> Iterator[None]:
    """What has no kernel and no body on the device is an error meanwhile."""
    before = corelib.backends.set_fallback("error")
    yield
    corelib.backends.set_fallback(before)
