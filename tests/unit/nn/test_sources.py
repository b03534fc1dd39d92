"""Each public layer's source stands in the module that it names."""

import inspect

import corelib
import pytest

LAYERS = sorted(name for name, value in vars(corelib.nn).items() if isinstance(value, type) and issubclass(value, corelib.nn.Module))


@pytest.mark.parametrize("name", LAYERS)
def test_the_source_of_a_layer_is_found_where_it_says_it_is(name):
    layer = getattr(corelib.nn, name)
    assert inspect.getmodule(layer).__name__ == layer.__module__
    assert inspect.getsource(layer).lstrip("@").partition("class ")[2].startswith(f"{name}(") or name == "Module"
