"""Backends that are like `good`, but for other versions of the plugin API."""

from corelib.backend import hookimpl


class Plugin:
    """Hooks as methods of an object."""

    def __init__(self, device_type, api_version):
        self.device_type = device_type
        self.api_version = api_version

    @hookimpl
    def corelib_backend(self):
        from corelib_test_good.backend import GoodBackend

        backend = GoodBackend()
        backend.device_type = self.device_type
        backend.api_version = self.api_version
        return backend


future = Plugin("future", (2, 0))
past = Plugin("past", (0, 9))
newer = Plugin("newer", (1, 7))
versionless = Plugin("versionless", "1.0")
