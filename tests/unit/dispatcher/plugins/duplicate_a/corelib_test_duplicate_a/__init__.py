"""Device type `twin`, which another distribution claims too."""

from corelib.backend import hookimpl


@hookimpl
def corelib_backend():
    from corelib_test_good.backend import GoodBackend

    class Twin(GoodBackend):
        device_type = "twin"

        def device_name(self, index):
            return "a"

    return Twin()
