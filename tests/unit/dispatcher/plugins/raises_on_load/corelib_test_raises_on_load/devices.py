"""Two backends on a machine without such devices: one counts none, the other raises. Entry points may be objects."""

from corelib.backend import hookimpl


class Plugin:
    """Hooks as methods of an object; the backend is that of `good` with another name and count."""

    def __init__(self, device_type, count):
        self.device_type = device_type
        self.count = count

    @hookimpl
    def corelib_backend(self):
        from corelib_test_good.backend import GoodBackend

        backend = GoodBackend()
        backend.device_type = self.device_type
        backend.device_count = self.count
        return backend


def raises():
    raise OSError("cannot list devices: permission denied")


none = Plugin("nodevices", lambda: 0)
failing = Plugin("nocount", raises)
