"""From an op to the kernel that runs: declarations, entry functions, modes, fallback, plugins."""

from corelib.dispatcher.modes import Mode as Mode
