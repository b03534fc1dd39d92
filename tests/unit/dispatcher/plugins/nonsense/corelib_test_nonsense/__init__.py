"""Plugins that keep no promise of the plugin API, each in one way."""

from corelib.backend import Backend, KernelTable, hookimpl


class Plugin:
    """A backend like `good` under the entry point's name, with some attributes replaced."""

    def __init__(self, device_type, **attributes):
        self.attributes = {"device_type": device_type, **attributes}

    @hookimpl
    def corelib_backend(self):
        from corelib_test_good.backend import GoodBackend

        backend = GoodBackend()
        for name, value in self.attributes.items():
            setattr(backend, name, value)
        return backend


class NoBackend:
    @hookimpl
    def corelib_backend(self):
        return 7


class Incomplete:
    @hookimpl
    def corelib_backend(self):
        class Half(Backend):
            device_type = "incomplete"

            def device_count(self):
                return 1

        return Half()


class BadHook:
    @hookimpl
    def corelib_backend(self, device):
        raise AssertionError("a hook with an unknown argument is not called")


class StrangeHook(Plugin):
    @hookimpl
    def corelib_initialize(self):
        raise AssertionError("there is no such hook")


def table_for_no_op():
    table = KernelTable()
    table.register("tahn", "float32", lambda out, x: None)
    return table


no_backend = NoBackend()
incomplete = Incomplete()
bad_hook = BadHook()
strange_hook = StrangeHook("strangehook")
other_type = Plugin("something")
bad_strided = Plugin("badstrided", strided="often")
bad_dtypes = Plugin("baddtypes", dtypes={"float32": "native", "float33": "native"})
no_dtypes = Plugin("nodtypes", dtypes={})
bad_kernel = Plugin("badkernel", kernels=table_for_no_op)
no_table = Plugin("notable", kernels=dict)
