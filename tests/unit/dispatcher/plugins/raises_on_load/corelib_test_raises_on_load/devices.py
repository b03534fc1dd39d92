"""Two backends on a machine without such devices: one counts none, the other raises. Entry points may be objects."""

from corelib_test_good.variant import Variant


def raises():
    raise OSError("cannot list devices: permission denied")


none = Variant("nodevices", device_count=lambda: 0)
failing = Variant("nocount", device_count=raises)
