"""Functions of nn.functional in a file: a module keeps its activation, and each library reads the other's file."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch

import corelib

THROUGH_A_CLASS = {"celu_", "conv2d"}  # which PyTorch writes as attributes of a class of its core
NAMES = ["relu", "gelu", "linear", "softmax", "cross_entropy", "dropout", "celu_", "scaled_dot_product_attention", "conv2d"]


WAYS = [(torch, corelib), (corelib, torch), (corelib, corelib)]


@pytest.mark.parametrize("name, writer, reader", [(n, *way) for n in NAMES for way in WAYS if way[0] is corelib or n not in THROUGH_A_CLASS])
def test_a_function_is_read_by_name(name: str, writer: Any, reader: Any) -> None:
    file = io.BytesIO()
    writer.save({"f": [getattr(writer.nn.functional, name)] * 2}, file)
    file.seek(0)
    one, two = reader.load(file, weights_only=False)["f"]
    assert one is two is getattr(reader.nn.functional, name)
    file.seek(0)
    with pytest.raises(Exception, match=name):
        reader.load(file, weights_only=True)


def test_a_layer_keeps_its_activation() -> None:
    file = io.BytesIO()
    layer = corelib.nn.TransformerEncoderLayer(8, 2, 16)
    corelib.save(layer, file)
    file.seek(0)
    again = corelib.load(file, weights_only=False)
    assert again.activation is corelib.nn.functional.relu
    again.eval(), layer.eval()
    x = corelib.ones(3, 2, 8)
    assert corelib.equal(again(x), layer(x))


@pytest.mark.parametrize("writer", [torch, corelib])
def test_a_listed_function_is_safe(writer: Any) -> None:
    file = io.BytesIO()
    writer.save({"f": writer.nn.functional.relu}, file)
    file.seek(0)
    with corelib.serialization.safe_globals([corelib.nn.functional.relu]):
        assert corelib.load(file)["f"] is corelib.nn.functional.relu
