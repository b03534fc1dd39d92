"""The text of tensors and the print options, without PyTorch; tests/oracle compares the text with PyTorch's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from corelib.ops.conversion.printing import format_array, get_printoptions, printoptions, set_printoptions


@pytest.fixture(autouse=True)
def options_are_restored() -> Iterator[None]:
    with printoptions():
        yield


def text(values: object, dtype: str = "float32") -> str:
    return format_array(np.array(values, dtype=dtype), dtype)


def test_whole_floats_print_as_integers_with_a_point() -> None:
    assert text([1.0, -20.0, 0.0]) == "tensor([  1., -20.,   0.])"


def test_fractions_print_with_four_digits() -> None:
    assert text([1.5, 0.12345]) == "tensor([1.5000, 0.1235])"


def test_a_wide_range_prints_in_scientific_notation() -> None:
    assert text([1.0, 2000.5]) == "tensor([1.0000e+00, 2.0005e+03])"


def test_nan_and_infinity_print_beside_whole_floats() -> None:
    assert text([1.0, float("nan"), float("-inf")]) == "tensor([1., nan, -inf])"


def test_nan_alone_prints_by_itself() -> None:
    assert text(float("nan")) == "tensor(nan)"


def test_bools_and_integers_are_right_aligned() -> None:
    assert text([True, False], "bool") == "tensor([ True, False])"
    assert text([1, -100], "int64") == "tensor([   1, -100])"


def test_a_dtype_that_is_not_evident_is_named() -> None:
    assert text([1], "int32") == "tensor([1], dtype=torch.int32)"
    assert text([1.0], "float64") == "tensor([1.], dtype=torch.float64)"


def test_empty_tensors_name_a_shape_that_is_not_evident() -> None:
    assert text([]) == "tensor([])"
    assert text(np.empty((0, 3))) == "tensor([], size=(0, 3))"
    assert text([], "int64") == "tensor([], dtype=torch.int64)"


def test_rows_stand_under_one_another() -> None:
    assert text([[1, 2], [3, 4]], "int64") == "tensor([[1, 2],\n        [3, 4]])"


def test_matrices_of_a_batch_are_a_line_apart() -> None:
    assert text([[[1]], [[2]]], "int64") == "tensor([[[1]],\n\n        [[2]]])"


def test_long_tensors_show_only_their_edges() -> None:
    assert text(np.arange(2000), "int64") == "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"


def test_a_long_matrix_shows_its_edges_in_each_dimension() -> None:
    set_printoptions(threshold=10, edgeitems=1)
    assert text(np.arange(16).reshape(4, 4), "int64") == (
        "tensor([[ 0,  ...,  3],\n        ...,\n        [12,  ..., 15]])"
    )


def test_long_lines_are_wrapped() -> None:
    set_printoptions(linewidth=20)
    assert text(np.arange(8), "int64") == "tensor([0, 1, 2, 3,\n        4, 5, 6, 7])"


def test_device_and_gradient_are_named() -> None:
    array = np.zeros(1, np.float32)
    assert format_array(array, "float32", device="cuda:0", requires_grad=True) == (
        "tensor([0.], device='cuda:0', requires_grad=True)"
    )
    assert format_array(array, "float32", grad_fn="AddBackward0", requires_grad=True) == (
        "tensor([0.], grad_fn=<AddBackward0>)"
    )


def test_suffixes_that_do_not_fit_go_on_the_next_line() -> None:
    set_printoptions(linewidth=30)
    assert text([1, 2, 3], "int32") == "tensor([1, 2, 3],\n       dtype=torch.int32)"


def test_a_meta_tensor_shows_no_elements() -> None:
    assert format_array(None, "float32", shape=(2, 3), contents="...", device="meta") == (
        "tensor(..., device='meta', size=(2, 3))"
    )


def test_given_contents_stand_in_for_the_elements() -> None:
    assert format_array(None, "int8", shape=(2,), contents="CONTENTS") == "tensor(CONTENTS, dtype=torch.int8)"


def test_a_shape_is_needed_where_there_is_no_array() -> None:
    with pytest.raises(TypeError, match="'shape' must be given"):
        format_array(None, "float32")


def test_a_large_array_is_not_read_whole() -> None:
    """2**40 elements by broadcasting one: there is no memory for a copy."""
    array = np.broadcast_to(np.float32(1.5), (1 << 20, 1 << 20))
    assert format_array(array, "float32").startswith("tensor([[1.5000, 1.5000, 1.5000,  ...,")


def test_options_are_given_back_as_they_were_set() -> None:
    set_printoptions(precision=7, threshold=9, edgeitems=2, linewidth=33, sci_mode=True)
    assert get_printoptions() == {"precision": 7, "threshold": 9, "edgeitems": 2, "linewidth": 33, "sci_mode": True}


def test_sci_mode_goes_back_to_none_when_it_is_not_given() -> None:
    set_printoptions(sci_mode=True)
    set_printoptions(precision=3)
    assert get_printoptions()["sci_mode"] is None


def test_an_option_overrides_the_profile() -> None:
    set_printoptions(profile="short", precision=6)
    assert (get_printoptions()["precision"], get_printoptions()["edgeitems"]) == (6, 2)
    set_printoptions(profile="full")
    assert get_printoptions()["threshold"] == float("inf")


def test_printoptions_restores_the_options_after_an_error() -> None:
    before = get_printoptions()
    with pytest.raises(KeyError), printoptions(precision=1, sci_mode=False):
        raise KeyError
    assert get_printoptions() == before


def test_an_unlimited_line_is_never_wrapped() -> None:
    set_printoptions(linewidth=float("inf"))
    assert "\n" not in text(np.arange(500), "int64")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"profile": "long"}, ValueError, "'profile' must be one of default, short, full, got 'long'"),
        ({"precision": 1.5}, TypeError, "'precision' must be int, not float"),
        ({"threshold": "many"}, TypeError, "'threshold' must be Number, not str"),
        ({"edgeitems": -1}, ValueError, "'edgeitems' must be at least 0, got -1"),
    ],
)
def test_wrong_options_are_refused_and_change_nothing(
    options: dict[str, object], error: type[Exception], message: str
) -> None:
    before = get_printoptions()
    with pytest.raises(error, match=message):
        set_printoptions(**options)  # type: ignore[arg-type]
    assert get_printoptions() == before
