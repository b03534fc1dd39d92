"""The executor itself, against kernels whose results and faults are known."""

from __future__ import annotations

import struct
import subprocess
import sys

import numpy as np
import pytest
from executor import Arena, executed, Fault, Module
from executor.runtime import available

pytestmark = pytest.mark.skipif(bool(available()), reason=available())
BASE = 0x7200_0000_0000_0000


@pytest.fixture
def arena():
    return Arena(1 << 30, BASE)


def put(arena, array):
    array = np.ascontiguousarray(array)
    address = arena.allocate(array.nbytes)
    arena.write(address, array.reshape(-1).view(np.uint8))
    return address


def get(arena, address, dtype, count):
    return arena.read(address, count * np.dtype(dtype).itemsize).view(dtype)


def packed(*values):
    """Arguments as the driver gets them: device addresses and 64-bit numbers."""
    return [struct.pack("<Q", v & (1 << 64) - 1) for v in values]


def kernel(body, parameters="float* o, const float* a, long long n", checked=True):
    text = f'extern "C" __global__ void k({parameters}) {{\n{body}\n}}\n'
    return Module(text, checked).function("k")


def fault(arena, body, *arguments, grid=(1, 1, 1), block=(128, 1, 1), parameters="float* o, const float* a, long long n", seeds=3, **facts):
    """The fault that a kernel must make with every seed."""
    found = []
    for seed in range(seeds):
        with pytest.raises(Fault) as told:
            kernel(body, parameters).launch([arena], grid, block, packed(*arguments), seed=seed, **facts)
        found.append(told.value)
    assert len({f.kind for f in found}) == 1
    assert found[0].kernel == "k" and str(found[0]).startswith("k: ")
    return found[0]


AT = "const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;"


def test_threads_blocks_and_their_numbers_in_three_dimensions(arena):
    out = arena.allocate(2 * 3 * 4 * 5 * 6 * 2 * 4)
    body = """const int b = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z), t = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    o[b * (blockDim.x * blockDim.y * blockDim.z) + t] = b * 1000 + t;"""
    kernel(body, "int* o").launch([arena], (2, 3, 4), (5, 6, 2), packed(out))
    assert get(arena, out, "i4", 24 * 60).tolist() == [b * 1000 + t for b in range(24) for t in range(60)]


REVERSE = "__shared__ float t[128];\n t[threadIdx.x] = a[threadIdx.x];\n __syncthreads();\n o[threadIdx.x] = t[127 - threadIdx.x];"


@pytest.mark.parametrize("checked", [True, False])
def test_a_barrier_orders_shared_memory(arena, checked):
    a = np.arange(128, dtype="f4")
    out, x = arena.allocate(512), put(arena, a)
    made = kernel(REVERSE, checked=checked)
    assert made.shared_bytes == 512 and made.parameters == ("float* o", "const float* a", "long long n") and made.nparams == 3
    for seed in range(5):
        made.launch([arena], (1, 1, 1), (128, 1, 1), packed(out, x, 0), seed=seed)
        assert get(arena, out, "f4", 128).tolist() == a[::-1].tolist()


def test_blocks_and_threads_come_in_an_order_that_the_seed_decides(arena):
    def order(seed):
        out, turn = arena.allocate(4 * 64), put(arena, np.zeros(1, "i4"))
        body = "int at = atomicAdd(turn, 1); o[at] = blockIdx.x * blockDim.x + threadIdx.x;"
        kernel(body, "int* o, int* turn").launch([arena], (8, 1, 1), (8, 1, 1), packed(out, turn), seed=seed)
        return get(arena, out, "i4", 64).tolist()

    assert order(1) == order(1) != order(2) and sorted(order(1)) == list(range(64)) != order(1)


def test_shared_memory_is_rubbish_at_the_beginning_of_each_block(arena):
    out = arena.allocate(4 * 8)
    module = kernel("__shared__ unsigned t[4];\n if (n) t[1] = 7;\n __syncthreads();\n o[blockIdx.x] = t[1];", "unsigned* o, long long n", checked=False)
    module.launch([arena], (8, 1, 1), (1, 1, 1), packed(out, 1))
    assert get(arena, out, "u4", 8).tolist() == [7] * 8
    module.launch([arena], (8, 1, 1), (1, 1, 1), packed(out, 0), seed=3)
    assert 7 not in get(arena, out, "u4", 8) and len(set(get(arena, out, "u4", 8).tolist())) > 1


def test_dynamic_shared_memory(arena):
    body = "extern __shared__ float t[];\n t[threadIdx.x] = threadIdx.x;\n __syncthreads();\n o[threadIdx.x] = t[31 - threadIdx.x];"
    out = arena.allocate(128)
    kernel(body).launch([arena], (1, 1, 1), (32, 1, 1), packed(out, 0, 0), shared=128)
    assert get(arena, out, "f4", 32).tolist() == list(range(31, -1, -1))
    assert fault(arena, body, out, 0, 0, block=(32, 1, 1), shared=124).kind == "outside"


@pytest.mark.parametrize("kind", ["int", "unsigned", "unsigned long long", "float", "double"])
def test_atomics_lose_nothing(arena, kind):
    dtype = {"int": "i4", "unsigned": "u4", "unsigned long long": "u8", "float": "f4", "double": "f8"}[kind]
    x = put(arena, np.zeros(3, dtype))
    kernel(f"{AT} atomicAdd(o, ({kind})1); atomicMax(o + 1, ({kind})i); atomicCAS(o + 2, ({kind})0, ({kind})(i + 1));", f"{kind}* o").launch([arena], (4, 1, 1), (64, 1, 1), packed(x))
    total, largest, first = get(arena, x, dtype, 3).tolist()
    assert (total, largest) == (256, 255) and 1 <= first <= 256


@pytest.mark.parametrize("warp", [32, 64])
def test_shuffles_and_votes(arena, warp):
    """A sum over each warp by shuffles, its ballot, any and all; CUDA's names and HIP's."""
    n = 128
    a = np.arange(n, dtype="f4")
    full = "0xffffffffffffffffull"
    for sync in (True, False):
        suffix, mask = ("_sync", f"{full}, ") if sync else ("", "")
        body = f"""
        float v = a[threadIdx.x];
        for (int step = warpSize / 2; step > 0; step /= 2) v += __shfl_xor{suffix}({mask}v, step);
        o[threadIdx.x] = v;
        o[{n} + threadIdx.x] = __shfl_up{suffix}({mask}a[threadIdx.x], 1);
        o[{2 * n} + threadIdx.x] = __shfl_down{suffix}({mask}a[threadIdx.x], 2, 8);
        o[{3 * n} + threadIdx.x] = __shfl{suffix}({mask}a[threadIdx.x], 5);
        votes[threadIdx.x] = {'corelib_vote(__COUNTER__, CORELIB_BALLOT, ' + full + ', threadIdx.x % 3 == 0)' if sync and warp == 64 else f'__ballot{suffix}({mask}threadIdx.x % 3 == 0)'};
        truth[threadIdx.x] = __any{suffix}({mask}threadIdx.x == 5) * 2 + __all{suffix}({mask}threadIdx.x < {warp});"""
        out, x, votes, truth = arena.allocate(16 * n), put(arena, a), arena.allocate(8 * n), arena.allocate(4 * n)
        for seed in range(3):
            kernel(body, "float* o, const float* a, unsigned long long* votes, int* truth").launch([arena], (1, 1, 1), (n, 1, 1), packed(out, x, votes, truth), warp=warp, seed=seed)
            total, up, down, fifth = get(arena, out, "f4", 4 * n).reshape(4, n)
            lane = np.arange(n) % warp
            assert total.tolist() == a.reshape(-1, warp).sum(1).repeat(warp).tolist()
            assert up.tolist() == np.where(lane >= 1, a - 1, a).tolist() and down.tolist() == np.where(lane % 8 < 6, a + 2, a).tolist()
            assert fifth.tolist() == (a - lane + 5).tolist()
            want = [sum(1 << b for b in range(warp) if (w + b) % 3 == 0) for w in range(0, n, warp)]
            assert get(arena, votes, "u8", n).tolist() == np.repeat(np.array(want, "u8"), warp).tolist()
            assert get(arena, truth, "i4", n).tolist() == [3 if i < warp else 0 for i in range(n)]


def test_a_vote_of_hip_is_of_the_threads_that_have_not_returned(arena):
    out = arena.allocate(8 * 64)
    arena.fill(out, 0, 8 * 64)
    for seed in range(5):
        kernel("if (threadIdx.x < 20) return;\n o[threadIdx.x] = __ballot(1);", "unsigned long long* o").launch([arena], (1, 1, 1), (64, 1, 1), packed(out), warp=64, seed=seed)
        assert set(get(arena, out, "u8", 64)[20:].tolist()) == {(1 << 64) - (1 << 20)}


def test_votes_at_barriers(arena):
    out = arena.allocate(12)
    body = "int c = __syncthreads_count(threadIdx.x < 5), s = __syncthreads_or(threadIdx.x == 3), e = __syncthreads_and(threadIdx.x < 31);\n if (threadIdx.x == 0) { o[0] = c; o[1] = s; o[2] = e; }"
    kernel(body, "int* o").launch([arena], (1, 1, 1), (32, 1, 1), packed(out))
    assert get(arena, out, "i4", 3).tolist() == [5, 1, 0]


def test_a_barrier_of_the_warp_orders_its_threads_and_no_others(arena):
    body = "__shared__ int t[64];\n t[threadIdx.x] = threadIdx.x;\n __syncwarp();\n o[threadIdx.x] = t[threadIdx.x ^ {by}];"
    out = arena.allocate(256)
    kernel(body.format(by=1), "int* o").launch([arena], (1, 1, 1), (64, 1, 1), packed(out))
    assert get(arena, out, "i4", 64).tolist() == [i ^ 1 for i in range(64)]
    assert fault(arena, body.format(by=32), out, block=(64, 1, 1), parameters="int* o").kind in ("race", "unwritten")


def test_integers_and_bits(arena):
    a, b = 0xFEDC_BA98_7654_3210, 0x0123_4567_89AB_CDEF
    out = arena.allocate(8 * 8)
    body = """o[0] = __umul64hi(a, b); o[1] = __float_as_uint(1.5f); o[2] = (unsigned long long)__double_as_longlong(-2.0);
    o[3] = __popcll(a); o[4] = __clzll((long long)b); o[5] = __ffs(8); o[6] = (unsigned)__mulhi(-5, 1 << 30); o[7] = __float_as_uint(__int_as_float(0x7fc00000));"""
    kernel(body, "unsigned long long* o, unsigned long long a, unsigned long long b").launch([arena], (1, 1, 1), (1, 1, 1), packed(out, a, b))
    want = [a * b >> 64, 0x3FC00000, 0xC000000000000000, a.bit_count(), 7, 4, (-5 * 2**30 >> 32) & 0xFFFFFFFF, 0x7FC00000]
    assert get(arena, out, "u8", 8).tolist() == want


def test_vectors_are_loaded_and_stored_whole(arena):
    a = np.arange(64, dtype="f4")
    out, x = arena.allocate(256), put(arena, a)
    body = "float4 v = ((const float4*)a)[threadIdx.x];\n ((float4*)o)[threadIdx.x] = make_float4(v.w, v.z, v.y, v.x);"
    kernel(body).launch([arena], (1, 1, 1), (16, 1, 1), packed(out, x, 0))
    assert get(arena, out, "f4", 64).reshape(16, 4).tolist() == a.reshape(16, 4)[:, ::-1].tolist()
    found = fault(arena, body, out, x + 4, 0, block=(15, 1, 1))
    assert found.kind == "misaligned" and found.line == 2 and f"{x + 4:#x}" in str(found)


@pytest.mark.parametrize("kind", ["all halves", "floats"])
def test_half_precision_is_as_numpy_has_it(arena, kind):
    """The two functions that stand for PTX: every half, and floats that are rounded, among them ties, the smallest and too large ones."""
    from corelib.backend.codegen.prelude import CUDA

    text = CUDA.text(True) + 'extern "C" __global__ void k(f32* wide, half* narrow, const half* h, const f32* f) { const i64 i = blockIdx.x * 256ll + threadIdx.x; wide[i] = load_f16(h, i); store_f16(narrow, i, f[i]); }'
    halves = np.arange(1 << 16, dtype="u2")
    floats = np.random.default_rng(0).integers(0, 1 << 32, 1 << 16, dtype="u4").view("f4")
    with np.errstate(all="ignore"):
        near = (halves.view("f2").astype("f4").view("u4") + np.where(halves % 3 == 0, 0x1000, np.where(halves % 3 == 1, 0xFFF, 0x1001)).astype("u4")).view("f4")
        given = near if kind == "all halves" else floats
        want = given.astype("f2")
    wide, narrow, h, f = arena.allocate(4 << 16), arena.allocate(2 << 16), put(arena, halves), put(arena, given)
    Module(text).function("k").launch([arena], (256, 1, 1), (256, 1, 1), packed(wide, narrow, h, f))
    np.testing.assert_array_equal(get(arena, wide, "f4", 1 << 16), halves.view("f2").astype("f4"))
    np.testing.assert_array_equal(get(arena, narrow, "f2", 1 << 16), want)
    assert Module(text).text.replaced == ("load_f16", "store_f16") and executed.replaced["load_f16"] > 0


def test_functions_are_the_c_librarys_in_the_types_that_cuda_takes(arena):
    a = np.linspace(0.1, 3, 128, dtype="f4")
    out, x = arena.allocate(512), put(arena, a)
    kernel(f"{AT} o[i] = exp(a[i]) + fmod(a[i], 0.7f) + rsqrt(a[i]) + erfc(a[i]) + min(a[i], 1.0f) + pow(a[i], 2.5f);").launch([arena], (1, 1, 1), (128, 1, 1), packed(out, x, 0))
    import math

    want = [math.exp(v) + math.fmod(v, float(np.float32(0.7))) + v**-0.5 + math.erfc(v) + min(v, 1) + v**2.5 for v in a.astype("f8")]
    np.testing.assert_allclose(get(arena, out, "f4", 128), want, rtol=1e-6)


def test_what_a_text_may_declare(arena):
    """Constants, functions with and without shared memory of their own, tables in two dimensions, vectors by value, two kernels, macros."""
    text = """
    #define SIZE 16
    __constant__ float table[3] = {1, 10, 100};
    __device__ float weight(int i) { return table[i % 3]; }
    static __device__ __forceinline__ float turned(float v) { __shared__ float t[SIZE][SIZE + 1]; t[threadIdx.y][threadIdx.x] = v; __syncthreads(); return t[threadIdx.x][threadIdx.y]; }
    extern "C" {
      __global__ void first(float* o, const char small, const float4 v, const double d) {
        const int i = threadIdx.y * blockDim.x + threadIdx.x;
        o[i] = turned((float)i) * weight(i) + v.w + small + (float)d;
      }
      __global__ void second(float* o) { o[threadIdx.x] = weight(threadIdx.x); }
    }"""
    out = arena.allocate(1024)
    module = Module(text)
    function = module.function("first")
    assert function.sizes == (8, 1, 16, 8) and function.parameters[2] == "const float4 v"
    arguments = [*packed(out), struct.pack("b", -3), struct.pack("4f", 1, 2, 3, 4), struct.pack("d", 0.5)]
    function.launch([arena], (1, 1, 1), (16, 16, 1), arguments)
    i = np.arange(256)
    assert get(arena, out, "f4", 256).tolist() == (i.reshape(16, 16).T.ravel() * 10.0 ** (i % 3) + 1.5).tolist()
    module.function("second").launch([arena], (1, 1, 1), (3, 1, 1), packed(out))
    assert get(arena, out, "f4", 3).tolist() == [1.0, 10.0, 100.0]


def test_rounded_and_quick_functions(arena):
    out = arena.allocate(10 * 4)
    body = """o[0] = __fadd_rn(a, b); o[1] = __fmul_rn(a, b); o[2] = __fdiv_rn(a, b); o[3] = __fmaf_rn(a, b, a); o[4] = __fsqrt_rn(a); o[5] = __expf(b);
    o[6] = __saturatef(a) + __saturatef(-a); o[7] = __fdividef(a, b); o[8] = (float)__dmul_rn(a, b) - (float)__fma_rn(1.0, a, b); o[9] = __brev(3u) >> 30;"""
    Module(f'extern "C" __global__ void k(float* o, float a, float b) {{ {body} }}').function("k").launch([arena], (1, 1, 1), (1, 1, 1), [packed(out)[0], struct.pack("f", 3), struct.pack("f", 0.5)])
    want = [3.5, 1.5, 6, 4.5, 3**0.5, np.exp(0.5), 1, 6, 1.5 - 3.5, 3]
    np.testing.assert_allclose(get(arena, out, "f4", 10), want, rtol=1e-6)


def test_a_struct_by_value_and_addresses_read_from_memory(arena):
    from corelib.backend.codegen.prelude import CUDA

    prelude = CUDA.text(True) + "FN GLOBAL void* pointer_of(u64 address) { return (GLOBAL void*)address; }\n"
    text = prelude + 'typedef struct { u64 from; i64 n; f32 by; f32 pad; } Params;\nextern "C" __global__ void k(f32* o, const Params p) { const f32* a = (const f32*)pointer_of(p.from); if (threadIdx.x < p.n) o[threadIdx.x] = a[threadIdx.x] * p.by; }'
    out, x = arena.allocate(64), put(arena, np.arange(16, dtype="f4"))
    function = Module(text).function("k")
    assert function.sizes == (8, 24)
    function.launch([arena], (1, 1, 1), (32, 1, 1), [struct.pack("Q", out), struct.pack("Qqff", x, 16, 2, 0)])
    assert get(arena, out, "f4", 16).tolist() == [2.0 * i for i in range(16)]
    with pytest.raises(Fault, match="outside"):
        function.launch([arena], (1, 1, 1), (32, 1, 1), [struct.pack("Q", out), struct.pack("Qqff", x, 17, 2, 0)])


# ------------------------------------------------------------------------------------------------------------------- faults

FAULTS = {
    "read behind the end": ("outside", f"{AT} o[i] = a[i + 1];", {}),
    "read before the beginning": ("outside", f"{AT} o[i] = a[i - 1];", {}),
    "write behind the end": ("outside", f"{AT} o[i + 1] = a[i];", {}),
    "write through null": ("outside", f"{AT} ((float*)0)[i] = a[i];", {}),
    "shared memory behind its end": ("outside", "__shared__ float t[64];\n t[threadIdx.x] = a[threadIdx.x];\n __syncthreads();\n o[threadIdx.x] = t[threadIdx.x / 2];", {}),
    "a thread's own array behind its end": ("outside", "float t[4];\n for (int j = 0; j <= n; ++j) t[j] = a[j];\n o[threadIdx.x] = t[threadIdx.x % 4];", {"n": 4}),
    "read of shared memory never written": ("unwritten", "__shared__ float t[128];\n if (threadIdx.x) t[threadIdx.x] = 1;\n __syncthreads();\n o[threadIdx.x] = t[threadIdx.x];", {}),
    "race in shared memory": ("race", "__shared__ float t[128];\n t[threadIdx.x] = a[threadIdx.x];\n __syncthreads();\n t[threadIdx.x] += t[threadIdx.x ^ 1];\n __syncthreads();\n o[threadIdx.x] = t[threadIdx.x];", {}),
    "race of two writes": ("race", "o[threadIdx.x / 2] = 1;", {}),
    "race of a write and a read": ("race", "o[threadIdx.x] = 1;\n o[threadIdx.x ^ 1] += 1;", {"written": True}),
    "a plain addition to one place": ("race", "o[0] = 0;\n __syncthreads();\n o[0] += a[threadIdx.x];", {}),
    "an atomic and a plain write": ("race", "if (threadIdx.x % 2) atomicExch(o, 1.0f); else o[0] = 2;", {"written": True}),
    "blocks that write to one place": ("race between blocks", "if (threadIdx.x == 0) o[0] = blockIdx.x;", {"grid": (4, 1, 1)}),
    "blocks that read what others write": ("race between blocks", f"{AT} o[i] = 1;\n if (o[(i + 1) % 8] < 0) o[i] = 2;", {"grid": (8, 1, 1), "block": (1, 1, 1), "written": True}),
    "a barrier that some do not come to": ("divergent barrier", "if (threadIdx.x < 64) { o[threadIdx.x] = 1; __syncthreads(); }", {}),
    "two barriers at once": ("divergent barrier", "if (threadIdx.x < 64) { __syncthreads(); } else { o[threadIdx.x] = 0; __syncthreads(); }", {}),
    "a shuffle that a lane does not come to": ("divergent warp", "if (threadIdx.x % 32 != 3) o[threadIdx.x] = __shfl_xor_sync(0xffffffff, 1.0f, 1);", {}),
    "a shuffle by a thread that its mask does not name": ("divergent warp", "o[threadIdx.x] = __shfl_xor_sync(0xfffffffe, 1.0f, 1);", {}),
    "a misaligned number": ("misaligned", "o[threadIdx.x] = *(const float*)((const char*)a + 2);", {}),
    "a misaligned atomic": ("misaligned", "atomicAdd((float*)((char*)o + 2), 1.0f);", {"written": True}),
    "division by zero": ("division", "o[threadIdx.x] = 7 / (int)n;", {"n": 0}),
    "a shift past the width": ("shift", "o[threadIdx.x] = 1 << (int)n;", {"n": 40}),
    "threads that meet for ever": ("endless", "while (n == 0) __syncthreads();", {"n": 0}),
    "a kernel that does not end": ("endless", "for (volatile int j = 0; n == 0;) j = j + 1;", {"n": 0}),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_kind_of_fault_is_found_and_named(arena, name, monkeypatch):
    monkeypatch.setattr("executor.launches.SECONDS", 0.2)
    kind, body, facts = FAULTS[name]
    out, x = arena.allocate(4 * facts.get("room", 128)), put(arena, np.ones(128, "f4"))
    if facts.get("written"):
        arena.fill(out, 0, 4 * facts.get("room", 128))
    found = fault(arena, body, out, x, facts.get("n", 128), grid=facts.get("grid", (1, 1, 1)), block=facts.get("block", (128, 1, 1)))
    assert found.kind == kind, str(found)
    assert "block (" in str(found) and "thread (" in str(found)


def test_a_fault_names_array_address_thread_and_line(arena):
    out, x = arena.allocate(4 * 128), put(arena, np.ones(100, "f4"))
    found = fault(arena, f"{AT}\n if (i == 100)\n o[i] = a[i] * 2;\n", out, x, 128)
    assert found.line == 4
    assert str(found) == (
        f"k: outside: read of 4 bytes outside of every array: {x + 400:#x}, in no array, 0 bytes behind the end of the array of 400 bytes at {x:#x}; "
        "block (0, 0, 0), thread (100, 0, 0), line 4\n  o[i] = a[i] * 2;"
    )
    arena.free(x)
    found = fault(arena, f"{AT} o[i] = a[0];", out, x, 128)
    assert found.kind == "freed" and f"an array of 400 bytes that was at {x:#x}" in str(found)
    found = fault(arena, f"{AT} o[i] = a[i];", out, arena.allocate(512), 128)
    assert found.kind == "unwritten" and "(`const float* a`)" in str(found)


@pytest.mark.parametrize(
    "grid, block, shared, said",
    [
        ((1, 1, 1), (1025, 1, 1), 0, "1025 threads"), ((1, 1, 1), (1, 1, 65), 0, r"\(1, 1, 65\)"), ((1, 70000, 1), (1, 1, 1), 0, "70000"),
        ((0, 1, 1), (32, 1, 1), 0, "at least one"), ((1, 1, 1), (32, 1, 1), 48 * 1024 - 511, "shared memory"),
    ],
)  # fmt: skip
def test_limits_of_a_launch(arena, grid, block, shared, said):
    with pytest.raises(Fault, match=said) as told:
        kernel(REVERSE).launch([arena], grid, block, packed(0, 0, 0), shared)
    assert told.value.kind == "limits"


def test_launch_bounds_are_a_limit_too(arena):
    for where in ("__launch_bounds__(64) void k", "void __launch_bounds__(64, 2) k"):
        function = Module(f'extern "C" __global__ {where}(float* o, const float* __restrict__ a) {{ o[threadIdx.x] = __ldg(a + threadIdx.x); }}').function("k")
        out, x = arena.allocate(256), put(arena, np.ones(64, "f4"))
        function.launch([arena], (1, 1, 1), (64, 1, 1), packed(out, x))
        assert get(arena, out, "f4", 64).tolist() == [1.0] * 64
        with pytest.raises(Fault, match="96 threads.*64") as told:
            function.launch([arena], (1, 1, 1), (96, 1, 1), packed(out, x))
        assert told.value.kind == "limits"


def test_functions_of_the_prelude_may_hold_a_barrier(arena):
    from corelib.backend.codegen.prelude import CUDA

    def text(body):
        return CUDA.text(True) + body + 'extern "C" __global__ void k(f32* o, const f32* a) { o[threadIdx.x] = turned(a[threadIdx.x]); }'

    out, x = arena.allocate(512), put(arena, np.arange(128, dtype="f4"))
    shared = "FN f32 turned(f32 v) { __shared__ f32 t[128]; t[threadIdx.x] = v; __syncthreads(); return t[127 - threadIdx.x]; }\n"
    Module(text(shared)).function("k").launch([arena], (1, 1, 1), (128, 1, 1), packed(out, x))
    assert get(arena, out, "f4", 128).tolist() == list(range(127, -1, -1))
    with pytest.raises(Fault) as told:
        Module(text(shared.replace("__syncthreads();", ""))).function("k").launch([arena], (1, 1, 1), (128, 1, 1), packed(out, x))
    assert told.value.kind in ("unwritten", "race")


def test_arguments_are_counted_and_measured(arena):
    function = kernel(REVERSE)
    for arguments, said in ((packed(0, 0), "2 arguments; it has 3"), ([*packed(0, 0), b"1234"], "argument 2 has 4 bytes; `long long n` has 8")):
        with pytest.raises(Fault, match=said) as told:
            function.launch([arena], (1, 1, 1), (128, 1, 1), arguments)
        assert told.value.kind == "arguments"


def test_a_crash_of_the_host_is_a_fault_and_not_its_end(arena):
    """Without the checks the processor refuses: the process lives on."""
    for body, said in (("*(int*)8 = 1;", "SIGSEGV"), ("o[0] = 7 / (int)n;", "SIGFPE")):
        with pytest.raises(Fault, match=said) as told:
            kernel(body, checked=False).launch([arena], (1, 1, 1), (1, 1, 1), packed(arena.allocate(4), 0, 0))
        assert told.value.kind == "crash"
    with pytest.raises(Fault, match="SIGSEGV"):
        kernel("__syncthreads();\n *(int*)8 = 1;", checked=False).launch([arena], (1, 1, 1), (64, 1, 1), packed(0, 0, 0))


def test_memory_of_another_device_is_out_of_reach():
    one, two = Arena(1 << 20, BASE), Arena(1 << 20, BASE + (1 << 40))
    out, x = one.allocate(512), put(two, np.ones(128, "f4"))
    with pytest.raises(Fault, match="outside"):
        kernel(f"{AT} o[i] = a[i];").launch([one], (1, 1, 1), (128, 1, 1), packed(out, x, 0))
    kernel(f"{AT} o[i] = a[i];").launch([one, two], (1, 1, 1), (128, 1, 1), packed(out, x, 0))
    assert get(one, out, "f4", 128).tolist() == [1.0] * 128


# ---------------------------------------------------------------------------------------------------------------- compiling


def test_what_does_not_compile_is_told_in_the_compilers_words():
    with pytest.raises(RuntimeError, match="nonsense"):
        kernel("nonsense;")
    with pytest.raises(RuntimeError, match="PTX"):
        kernel('asm("bar.sync 0;");')
    with pytest.raises(RuntimeError, match="has k"):
        Module('extern "C" __global__ void k() {}').function("j")


def test_many_texts_are_compiled_together_and_found_again(tmp_path):
    code = f"""
import sys, time
sys.path.insert(0, {str(__import__('pathlib').Path(__file__).parent)!r})
from executor import prepare, Module, units
texts = ['#define MINE %d\\nextern "C" __global__ void k(int* o) {{ o[0] = MINE; }}' % n for n in range(100)]
bad = 'extern "C" __global__ void k(int* o) {{ wrong }}'
prepare([*texts, bad])
made = units._unit
units._unit = None
assert all(Module(text).function('k').nparams == 1 for text in texts)
units._unit = made
try:
    Module(bad)
except RuntimeError as error:
    print('told' if 'wrong' in str(error) else error)
"""
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**__import__("os").environ, "CORELIB_EXECUTOR_CACHE": str(tmp_path)}, check=False)
        assert done.stdout.strip() == "told", done.stderr
    assert 2 <= len(list(tmp_path.glob("unit-*.so"))) <= 12 and not list(tmp_path.glob("*.cpp"))


def test_the_record_counts_texts_and_threads(arena):
    text = 'extern "C" __global__ void once(int* o) { o[threadIdx.x] = 1; }'
    before = (len(executed.compiled), len(executed.executed), executed.threads)
    function = Module(text).function("once")
    assert len(executed.compiled) == before[0] + 1 and len(executed.executed) == before[1]
    for _ in range(2):
        function.launch([arena], (1, 1, 1), (32, 1, 1), packed(arena.allocate(128)))
    assert (len(executed.executed), executed.threads) == (before[1] + 1, before[2] + 64) and "texts compiled" in str(executed)


def test_unchecked_kernels_leave_what_they_wrote_as_written(arena):
    out, x = arena.allocate(512), put(arena, np.ones(128, "f4"))
    kernel(f"{AT} o[i] = a[i];", checked=False).launch([arena], (1, 1, 1), (128, 1, 1), packed(out, x, 0))
    kernel(f"{AT} o[i] += a[i];").launch([arena], (1, 1, 1), (128, 1, 1), packed(out, x, 0))
    assert get(arena, out, "f4", 128).tolist() == [2.0] * 128

