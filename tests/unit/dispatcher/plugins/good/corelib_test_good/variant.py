"""Plugins of other distributions whose backend is `good` but for what they say."""

from corelib.backend import hookimpl


class Variant:
    """Hooks as methods of an object: a backend like `good` of another device type, with some attributes replaced."""

    def __init__(self, device_type, **attributes):
        self.attributes = {"device_type": device_type, **attributes}

    @hookimpl
    def corelib_backend(self):
        from corelib_test_good.backend import GoodBackend

        backend = GoodBackend()
        for name, value in self.attributes.items():
            setattr(backend, name, value)
        return backend
