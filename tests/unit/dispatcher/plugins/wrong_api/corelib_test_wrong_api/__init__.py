"""Backends that are like `good`, but for other versions of the plugin API."""

from corelib_test_good.variant import Variant

future = Variant("future", api_version=(2, 0))
past = Variant("past", api_version=(0, 9))
newer = Variant("newer", api_version=(1, 7))
versionless = Variant("versionless", api_version="1.0")
