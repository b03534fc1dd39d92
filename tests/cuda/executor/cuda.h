// What a text for NVRTC (or HIP's compiler) finds already there, for an ordinary C++ compiler. Functions are those of the C library, whose
// errors are within what CUDA's documentation states for its own (mostly below 1 ulp, CUDA's 0 to 2 and more): results differ within that.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <type_traits>
#include <utility>

#define __global__ __attribute__((noinline, used))
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __align__(N) alignas(N)
#define __shared__ static __attribute__((section("corelib_shared"), aligned(16)))
#define __constant__ static const __attribute__((section("corelib_constant")))
#define CORELIB_BARE __attribute__((no_sanitize("thread"), no_sanitize("undefined"), noinline)) static
#ifdef CORELIB_CHECKED
#define CORELIB_IS_CHECKED 1
#else
#define CORELIB_IS_CHECKED 0
#endif

#define CORELIB_VECTORS(T, N, A2, A4) \
  struct alignas(A2) N##2 { T x, y; }; \
  struct N##3 { T x, y, z; }; \
  struct alignas(A4) N##4 { T x, y, z, w; }; \
  static inline N##2 make_##N##2(T x, T y) { return {x, y}; } \
  static inline N##3 make_##N##3(T x, T y, T z) { return {x, y, z}; } \
  static inline N##4 make_##N##4(T x, T y, T z, T w) { return {x, y, z, w}; }
CORELIB_VECTORS(signed char, char, 2, 4) CORELIB_VECTORS(unsigned char, uchar, 2, 4)
CORELIB_VECTORS(short, short, 4, 8) CORELIB_VECTORS(unsigned short, ushort, 4, 8)
CORELIB_VECTORS(int, int, 8, 16) CORELIB_VECTORS(unsigned int, uint, 8, 16)
CORELIB_VECTORS(long long, longlong, 16, 16) CORELIB_VECTORS(unsigned long long, ulonglong, 16, 16)
CORELIB_VECTORS(float, float, 8, 16) CORELIB_VECTORS(double, double, 16, 16)
typedef uint3 dim3;

extern "C" {
extern const uint3 threadIdx, blockIdx;
extern const dim3 blockDim, gridDim;
extern const int warpSize;
extern unsigned char* const corelib_dynamic;
uint64_t corelib_barrier(int place, int op, uint64_t value);
uint64_t corelib_warp(int place, int op, uint64_t mask, uint64_t value, int lane, int width);
uint64_t corelib_live();
void corelib_atomic(const void* p, unsigned size, int checked);
void* corelib_pointer(uint64_t address);
}

// The number says which place of the text this is, however the compiler copies the code around it.
enum { CORELIB_SYNC, CORELIB_SHUFFLE, CORELIB_UP, CORELIB_DOWN, CORELIB_XOR, CORELIB_BALLOT, CORELIB_ANY, CORELIB_ALL };
#define __syncthreads() ((void)corelib_barrier(__COUNTER__, CORELIB_SYNC, 0))
#define __syncthreads_count(V) ((int)corelib_barrier(__COUNTER__, CORELIB_SYNC, (V) != 0))
#define __syncthreads_or(V) ((int)corelib_barrier(__COUNTER__, CORELIB_ANY, (V) != 0))
#define __syncthreads_and(V) ((int)corelib_barrier(__COUNTER__, CORELIB_ALL, (V) != 0))
#define CORELIB_FULL (~0u)
#define CORELIB_LIVE 0
static inline uint64_t corelib_mask(uint64_t mask) { return warpSize == 64 && mask == CORELIB_FULL ? ~0ull : mask; }
static inline void corelib_meet(int place, uint64_t mask = CORELIB_FULL) { corelib_warp(place, CORELIB_SYNC, corelib_mask(mask), 0, 0, 0); }
#define __syncwarp(...) corelib_meet(__COUNTER__, ##__VA_ARGS__)
static inline uint64_t corelib_vote(int place, int op, uint64_t mask, bool value) { return corelib_warp(place, op, mask, value, 0, 0); }
#define __ballot_sync(M, V) ((unsigned)corelib_vote(__COUNTER__, CORELIB_BALLOT, M, (V) != 0))
#define __any_sync(M, V) ((int)corelib_vote(__COUNTER__, CORELIB_ANY, M, (V) != 0))
#define __all_sync(M, V) ((int)corelib_vote(__COUNTER__, CORELIB_ALL, M, (V) != 0))
#define __activemask() ((unsigned)corelib_live())
// HIP's, of the threads of a warp that have not returned
#define __ballot(V) ((unsigned long long)corelib_vote(__COUNTER__, CORELIB_BALLOT, CORELIB_LIVE, (V) != 0))
#define __any(V) ((int)corelib_vote(__COUNTER__, CORELIB_ANY, CORELIB_LIVE, (V) != 0))
#define __all(V) ((int)corelib_vote(__COUNTER__, CORELIB_ALL, CORELIB_LIVE, (V) != 0))
template <class T> CORELIB_BARE T corelib_shuffle(int place, int op, uint64_t mask, T value, int lane, int width = 0) {
  static_assert(sizeof(T) <= 8, "a shuffle moves at most eight bytes");
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof value);
  bits = corelib_warp(place, op, mask, bits, lane, width);
  memcpy(&value, &bits, sizeof value);
  return value;
}
#define __shfl_sync(M, ...) corelib_shuffle(__COUNTER__, CORELIB_SHUFFLE, M, __VA_ARGS__)
#define __shfl_up_sync(M, ...) corelib_shuffle(__COUNTER__, CORELIB_UP, M, __VA_ARGS__)
#define __shfl_down_sync(M, ...) corelib_shuffle(__COUNTER__, CORELIB_DOWN, M, __VA_ARGS__)
#define __shfl_xor_sync(M, ...) corelib_shuffle(__COUNTER__, CORELIB_XOR, M, __VA_ARGS__)
#define __shfl(...) corelib_shuffle(__COUNTER__, CORELIB_SHUFFLE, CORELIB_LIVE, __VA_ARGS__)
#define __shfl_up(...) corelib_shuffle(__COUNTER__, CORELIB_UP, CORELIB_LIVE, __VA_ARGS__)
#define __shfl_down(...) corelib_shuffle(__COUNTER__, CORELIB_DOWN, CORELIB_LIVE, __VA_ARGS__)
#define __shfl_xor(...) corelib_shuffle(__COUNTER__, CORELIB_XOR, CORELIB_LIVE, __VA_ARGS__)
#define __threadfence() ((void)0)
#define __threadfence_block() ((void)0)

// One thread runs at a time, so that an ordinary step is an atomic one; the shadow is told that it is meant to be.
#define CORELIB_ATOMIC(NAME, MADE) \
  template <class T> CORELIB_BARE T NAME(T* p, std::common_type_t<T> v) { \
    corelib_atomic(p, sizeof *p, CORELIB_IS_CHECKED); \
    const T old = *p; \
    *p = MADE; \
    return old; \
  }
CORELIB_ATOMIC(atomicAdd, old + v) CORELIB_ATOMIC(atomicSub, old - v) CORELIB_ATOMIC(atomicExch, v)
CORELIB_ATOMIC(atomicMin, old < v ? old : v) CORELIB_ATOMIC(atomicMax, old > v ? old : v)
CORELIB_ATOMIC(atomicAnd, old & v) CORELIB_ATOMIC(atomicOr, old | v) CORELIB_ATOMIC(atomicXor, old ^ v)
CORELIB_ATOMIC(atomicInc, old >= v ? 0 : old + 1) CORELIB_ATOMIC(atomicDec, old == 0 || old > v ? v : old - 1)
template <class T> CORELIB_BARE T atomicCAS(T* p, std::common_type_t<T> expected, std::common_type_t<T> v) {
  corelib_atomic(p, sizeof *p, CORELIB_IS_CHECKED);
  const T old = *p;
  if (old == expected) *p = v;
  return old;
}

template <class To, class From> static inline To corelib_bits(From v) {
  static_assert(sizeof(To) == sizeof(From), "");
  To made;
  __builtin_memcpy(&made, &v, sizeof v);
  return made;
}
static inline float __int_as_float(int v) { return corelib_bits<float>(v); }
static inline float __uint_as_float(unsigned v) { return corelib_bits<float>(v); }
static inline int __float_as_int(float v) { return corelib_bits<int>(v); }
static inline unsigned __float_as_uint(float v) { return corelib_bits<unsigned>(v); }
static inline double __longlong_as_double(long long v) { return corelib_bits<double>(v); }
static inline long long __double_as_longlong(double v) { return corelib_bits<long long>(v); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) { return (unsigned long long)(((unsigned __int128)a * b) >> 64); }
static inline long long __mul64hi(long long a, long long b) { return (long long)(((__int128)a * b) >> 64); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((unsigned long long)a * b) >> 32); }
static inline int __mulhi(int a, int b) { return (int)(((long long)a * b) >> 32); }
static inline int __popc(unsigned v) { return __builtin_popcount(v); }
static inline int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
static inline int __clz(int v) { return v ? __builtin_clz((unsigned)v) : 32; }
static inline int __clzll(long long v) { return v ? __builtin_clzll((unsigned long long)v) : 64; }
static inline int __ffs(int v) { return __builtin_ffs(v); }
static inline int __ffsll(long long v) { return __builtin_ffsll(v); }
static inline unsigned __brev(unsigned v) {
  unsigned made = 0;
  for (int i = 0; i < 32; ++i) made |= (v >> i & 1) << (31 - i);
  return made;
}
// To nearest in each step, and the quick ones of less accuracy: the C library's
#define CORELIB_ROUNDED(T, S, F) \
  static inline T __##F##add_rn(T a, T b) { return a + b; } \
  static inline T __##F##sub_rn(T a, T b) { return a - b; } \
  static inline T __##F##mul_rn(T a, T b) { return a * b; } \
  static inline T __##F##div_rn(T a, T b) { return a / b; } \
  static inline T __##F##sqrt_rn(T a) { return sqrt(a); } \
  static inline T __##F##rcp_rn(T a) { return (T)1 / a; } \
  static inline T __fma##S##_rn(T a, T b, T c) { return fma(a, b, c); }
CORELIB_ROUNDED(float, f, f) CORELIB_ROUNDED(double, , d)
#define __expf(V) expf(V)
#define __logf(V) logf(V)
#define __log2f(V) log2f(V)
#define __sinf(V) sinf(V)
#define __cosf(V) cosf(V)
#define __powf(A, B) powf(A, B)
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __saturatef(float v) { return v > 0 ? v < 1 ? v : 1 : 0; }
static inline float rcbrtf(float v) { return 1 / cbrtf(v); }
static inline int __float2int_rn(float v) { return (int)rintf(v); }
static inline int __float2int_rz(float v) { return (int)v; }
static inline float __int2float_rn(int v) { return (float)v; }
template <class T> static inline T __ldg(const T* p) { return *p; }
static inline float rsqrtf(float v) { return 1.0f / sqrtf(v); }
static inline double rsqrt(double v) { return 1.0 / sqrt(v); }
static inline float rsqrt(float v) { return 1.0f / sqrtf(v); }
template <class T> static inline std::enable_if_t<std::is_arithmetic_v<T>, T> min(T a, T b) { return b < a ? b : a; }
template <class T> static inline std::enable_if_t<std::is_arithmetic_v<T>, T> max(T a, T b) { return a < b ? b : a; }

// binary16, for what the prelude says in PTX (load_f16, store_f16): to nearest, ties to even.
static inline float corelib_from_half(uint16_t h) {
  const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023;
  if (exponent == 31) return __uint_as_float(fraction ? 0x7fffffffu : sign | 0x7f800000u);
  if (exponent) return __uint_as_float(sign | (exponent + 112) << 23 | fraction << 13);
  return copysignf((float)fraction * 5.9604644775390625e-8f, __uint_as_float(sign | 0x3f800000u));
}
static inline uint16_t corelib_to_half(float v) {
  const uint32_t bits = __float_as_uint(v), sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
  if (size > 0x7f800000u) return 0x7fff;  // as the instruction has it
  if (size >= 0x477ff000u) return (uint16_t)(sign | 0x7c00);
  if (size < 0x38800000u) return (uint16_t)(sign | (uint32_t)rintf(__uint_as_float(size) * 16777216.0f));
  return (uint16_t)(sign | ((size + 0xfff + (size >> 13 & 1)) >> 13) - (112 << 10));
}

struct corelib_place {  // what pointer_of gives: a pointer of the type that it returns
  void* at;
  template <class T> operator T*() const { return (T*)at; }
};

// For each kernel how it is called, and what its parameters are: 0 a value, 1 a pointer to const, 2 a pointer.
struct CorelibKernel { void (*call)(void**); const unsigned *sizes, *kinds; unsigned count; };
template <auto F> struct CorelibEntry;
template <class... A, void (*F)(A...)> struct CorelibEntry<F> {
  template <size_t... I> __attribute__((no_sanitize("thread"), no_sanitize("undefined"))) static void spread(void** a, std::index_sequence<I...>) { F(*(A*)a[I]...); }
  __attribute__((no_sanitize("thread"), no_sanitize("undefined"))) static void call(void** a) { (void)a; spread(a, std::index_sequence_for<A...>()); }
  static constexpr unsigned sizes[] = {sizeof(A)..., 0};
  static constexpr unsigned kinds[] = {(std::is_pointer_v<A> ? std::is_const_v<std::remove_pointer_t<A>> ? 1u : 2u : 0u)..., 0};
  static constexpr CorelibKernel made = {call, sizes, kinds, sizeof...(A)};
};
extern "C" __attribute__((weak, visibility("hidden"))) unsigned char __start_corelib_shared[], __stop_corelib_shared[];
extern "C" __attribute__((weak, visibility("hidden"))) const unsigned char __start_corelib_constant[], __stop_corelib_constant[];
