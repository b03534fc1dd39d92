"""What `pytest --pyargs corelib_conformance` finds."""

from corelib_conformance.suite import *  # noqa: F403
