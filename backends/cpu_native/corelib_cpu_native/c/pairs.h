// Where the processor multiplies pairs of bfloat16, the elements of gemm.h are such pairs in the place of a number, whose two products are added.
#if defined(IS_BF16) && defined(__AVX512BF16__)
#include <immintrin.h>
#define PAIRS 1
typedef u32 Words __attribute__((vector_size(VECTOR)));
#define EVERY(at) ((Vec)(*(const u32 *)(at) + (Words){0}))
#define PLUS_PRODUCT(sum, x, y) ((Vec)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(x), (__m512bh)(y)))
INLINE f64 single_product(const T *x, const T *y) {
    const u16 *p = (const u16 *)x, *q = (const u16 *)y;
    return (f64)load_bf16(p, 0) * load_bf16(q, 0) + (f64)load_bf16(p, 1) * load_bf16(q, 1);
}
#endif

