// gelu and its gradient, in one pass: x times the share of the normal distribution below x, or of the logistic curve that is near to it.

INLINE u32 least(u32 a, u32 b) { return a < b ? a : b; }

// How much more than half of the normal distribution lies below a number above 0: half of erf(x / sqrt(2)), of which a rational function is off by 2^-28 up
// to 5.1, and above a half from 5.2 on. Numbers above 0 are compared as integers, for vectors have a least one of those; what is lost of NaN comes back later.
INLINE f32 half_erf(f32 x) {
    const f32 t = bits_f32(least(f32_bits(x), f32_bits(5.6f))), s = t * t;
    f32 p = 2.541860695e-08f, q = 1.28125668e-06f;
    p = fused(p, s, 6.4448405e-06f), q = fused(q, s, 6.98200341e-05f);
    p = fused(p, s, 0.000153892341f), q = fused(q, s, 0.00180081063f);
    p = fused(p, s, 0.00459269928f), q = fused(q, s, 0.0277422829f);
    p = fused(p, s, 0.03219919865f), q = fused(q, s, 0.247377853f);
    p = fused(p, s, 0.3989422665f), q = fused(q, s, 1.0f);
    return bits_f32(least(f32_bits(t * p / q), f32_bits(0.5f)));
}
INLINE f32 share_below(f32 x) { return 0.5f + __builtin_copysignf(half_erf(__builtin_fabsf(x)), x); }

// What is above x to what is below it, by the logistic curve at 2 sqrt(2 / pi) (x + 0.044715 x^3).
#define SCALE 1.5957691216057308f
#define CUBE 0.044715f
INLINE f32 ratio_at(f32 x) { return exp_normal_f32(-SCALE * fused(CUBE * x * x, x, x)); }

INLINE f32 normal(f32 x) { return __builtin_copysignf(fused(__builtin_fabsf(x), half_erf(__builtin_fabsf(x)), 0.5f * x), x); }
INLINE f32 logistic(f32 x) { return x / (1.0f + ratio_at(x)); }
INLINE f32 normal_slope(f32 g, f32 x) { return g * fused(x, 0.3989422804014327f * exp_normal_f32(-0.5f * x * x), share_below(x)); }
INLINE f32 logistic_slope(f32 g, f32 x) {
    const f32 ratio = ratio_at(x), below = 1.0f / (1.0f + ratio), above = x > 0 ? ratio * below : 1.0f - below;
    return g * fused(x * below * above, SCALE * fused(3 * CUBE * x, x, 1.0f), below);
}

#define ROW(k) (step[k] == sizeof(MEM))
#define ANY(k) LOAD((const MEM *)(at[k] + i * step[k]), 0)
#define OF_X(name) \
    static void name##_loop(char *const *at, const i64 *step, i64 n) { \
        MEM *out = (MEM *)at[0]; \
        const MEM *x = (const MEM *)at[1]; \
        if (ROW(0) && ROW(1)) SIMD for (i64 i = 0; i < n; ++i) STORE(out, i, name(LOAD(x, i))); \
        else for (i64 i = 0; i < n; ++i) STORE((MEM *)(at[0] + i * step[0]), 0, name(ANY(1))); \
    }
#define OF_G_AND_X(name) \
    static void name##_loop(char *const *at, const i64 *step, i64 n) { \
        MEM *out = (MEM *)at[0]; \
        const MEM *g = (const MEM *)at[1], *x = (const MEM *)at[2]; \
        const f32 same = LOAD(g, 0); \
        if (ROW(0) && ROW(1) && ROW(2)) SIMD for (i64 i = 0; i < n; ++i) STORE(out, i, name(LOAD(g, i), LOAD(x, i))); \
        else if (ROW(0) && step[1] == 0 && ROW(2)) SIMD for (i64 i = 0; i < n; ++i) STORE(out, i, name(same, LOAD(x, i))); \
        else for (i64 i = 0; i < n; ++i) STORE((MEM *)(at[0] + i * step[0]), 0, name(ANY(1), ANY(2))); \
    }
OF_X(normal) OF_X(logistic) OF_G_AND_X(normal_slope) OF_G_AND_X(logistic_slope)

static Object *run(Object *const *args, size count, int arrays, Loop none, Loop tanh_) {
    static const u8 kinds[] = {KIND, KIND, KIND};
    if (count != arrays + 1) PASS;
    const Form form = {0, is_text(args[arrays], "none") ? none : is_text(args[arrays], "tanh") ? tanh_ : 0};
    return elementwise(args, arrays, kinds, &form, 1, 8192, 1);
}

KERNEL(gelu) { return run(args, count, 2, normal_loop, logistic_loop); }
KERNEL(gelu_backward) { return run(args, count, 3, normal_slope_loop, logistic_slope_loop); }
