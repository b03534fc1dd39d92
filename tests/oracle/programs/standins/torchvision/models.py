"""Every model's name, for programs that import one and build none; there is none to build."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    def absent(*arguments, **named):
        raise NotImplementedError(f"torchvision.models.{name}: the stand-in for torchvision has no models")

    return absent
