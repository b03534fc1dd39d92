"""Python's own importlib.metadata by the name of its backport, where that is not installed."""

from importlib.metadata import *  # noqa: F403
from importlib.metadata import EntryPoint as EntryPoint, distributions as distributions
