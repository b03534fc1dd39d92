"""The kit for backend authors: defaults that raise what is absent, and kernel tables that refuse what is no kernel."""

import corelib
import numpy as np
import pytest
from corelib.backend import Backend, KernelTable, Probe, StridedArray, UnsupportedError


class Least(Backend):
    """Only what must be there."""

    device_type = "least"

    def device_count(self):
        return 1

    def allocate(self, nbytes, index):
        return np.empty(nbytes, np.uint8)

    def free(self, buffer, index):
        pass

    def host_to_device(self, buffer, offset, data, index):
        buffer[offset : offset + data.nbytes] = data

    def device_to_host(self, buffer, offset, nbytes, index):
        return buffer[offset : offset + nbytes].copy()

    def device_to_device(self, target, to, source, start, nbytes, index):
        target[to : to + nbytes] = source[start : start + nbytes]

    def synchronize(self, index):
        pass

    def kernels(self):
        return KernelTable()


def test_a_backend_without_its_runtime_cannot_be_made_and_the_error_names_what_is_missing():
    class Half(Backend):
        device_type = "half"

    with pytest.raises(TypeError, match=r"allocate.*device_count.*free.*kernels.*synchronize"):
        Half()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("memory_info", (0,)),
        ("new_queue", (0,)),
        ("record_event", (None, 0)),
        ("elapsed_time", (1, 2)),
        ("pinned", (8,)),
    ],
)
def test_what_a_backend_leaves_undefined_raises_and_names_backend_and_function(name, arguments):
    with pytest.raises(UnsupportedError, match=f"backend 'least' does not provide {name}") as raised:
        getattr(Least(), name)(*arguments)
    assert isinstance(raised.value, RuntimeError)
    assert Least().capabilities()[name] is False


def test_dlpack_that_is_absent_is_a_buffer_error_as_its_protocol_asks():
    with pytest.raises(BufferError, match="backend 'least' does not provide DLPack"):
        Least().dlpack(None)


def test_a_synchronous_backend_needs_no_queue_and_an_asynchronous_one_must_have_it():
    class Asynchronous(Least):
        asynchronous = True

    assert Least().default_queue(0) is None
    with pytest.raises(UnsupportedError, match="default_queue"):
        Asynchronous().default_queue(0)


def test_capabilities_are_what_the_class_declares_and_defines():
    class More(Least):
        strided = "contiguous"
        dtypes = {"float32": "native"}  # noqa: RUF012

        def memory_info(self, index):
            return 1, 2

    declared = More().capabilities()
    assert declared["strided"] == "contiguous"
    assert declared["dtypes"] == {"float32": "native"}
    assert declared["memory_info"] is True
    assert declared["pinned"] is False
    assert Least().capabilities()["strided"] == "any"


def test_the_default_native_array_says_how_to_step_through_the_buffer():
    found = Least().native("buffer", corelib.float32, (2, 3), (3, 1), 4, 0)
    assert found == StridedArray("buffer", corelib.float32, (2, 3), (3, 1), 4, 0)
    assert (found.strides, found.offset) == ((3, 1), 4)


def test_devices_are_called_by_their_type_and_index_unless_the_backend_knows_better():
    class Only(Least):
        indexed = False

    assert Least().device_name(1) == "least:1"
    assert Only().device_name(0) == "least"


def test_a_probe_says_yes_without_a_reason():
    assert Probe(True) == (True, "")


def test_kernels_are_registered_for_dtypes_by_name_or_object_one_or_several_and_the_last_counts():
    table = KernelTable()

    def first(out, x): ...

    def second(out, x): ...

    table.register("neg", "float32", first)
    table.register("neg", (corelib.float64, "int8"), first)
    table.register("neg", corelib.int8, second)
    assert table["neg"] == {corelib.float32: first, corelib.float64: first, corelib.int8: second}
    assert "neg" in table
    assert "exp" not in table


def test_a_decorated_kernel_stays_the_function_it_was():
    table = KernelTable()

    @table("neg", dtypes="float32")
    def neg(out, x): ...

    assert table.table == {"neg": {corelib.float32: neg}}


@pytest.mark.parametrize("dtypes", ["float33", ["float32", 4], [None]])
def test_a_dtype_that_is_none_is_refused_with_those_that_are(dtypes):
    with pytest.raises(ValueError, match=r"kernel 'neg' is given for dtype .*accepted are.*float32"):
        KernelTable().register("neg", dtypes, print)


def test_a_kernel_that_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="the kernel of 'neg' must be callable, got 7"):
        KernelTable().register("neg", "float32", 7)
