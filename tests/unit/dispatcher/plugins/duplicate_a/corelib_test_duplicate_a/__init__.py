"""Device type `twin`, which another distribution claims too."""

from corelib_test_good.variant import Variant

twin = Variant("twin", device_name=lambda index: "a")
