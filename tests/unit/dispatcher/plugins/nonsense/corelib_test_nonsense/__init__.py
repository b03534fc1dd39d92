"""Plugins that keep no promise of the plugin API, each in one way."""

from corelib.backend import Backend, KernelTable, hookimpl
from corelib_test_good.variant import Variant


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


class StrangeHook(Variant):
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
other_type = Variant("something")
bad_strided = Variant("badstrided", strided="often")
bad_dtypes = Variant("baddtypes", dtypes={"float32": "native", "float33": "native"})
no_dtypes = Variant("nodtypes", dtypes={})
bad_kernel = Variant("badkernel", kernels=table_for_no_op)
no_table = Variant("notable", kernels=dict)
