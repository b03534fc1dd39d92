"""From an op to the kernel that runs: Op, kernel tables, modes, fallback, the plugin manager and its hooks."""

from corelib.dispatcher.modes import Mode as Mode
