"""What this process uses: the backends at work, by device type, and those that were registered without a plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # start-up: nothing of a plugin is loaded before a device is used
    from corelib.contract.backend import Backend
    from corelib.dispatcher.plugins.discovery import Entry

AT_WORK: dict[str, Backend] = {}
"""The backends whose kernels are in the op table."""
REGISTERED: dict[str, Entry] = {}
"""The claims of backends that `corelib.backends.register` was given."""
