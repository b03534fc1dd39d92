// Functions of float32 without branches, so that compilers compute them in vectors. The steps that are fused are written so.
// The names of C's own functions are macros that choose by type: float64 is computed by the C library.
#ifdef __FMA__
#define fused(a, b, c) __builtin_fmaf(a, b, c)
#define fused_f64(a, b, c) __builtin_fma(a, b, c)
#elif defined(__aarch64__)
#define fused(a, b, c) __builtin_fmaf(a, b, c)
#define fused_f64(a, b, c) __builtin_fma(a, b, c)
#else
#define fused_f64(a, b, c) ((a) * (b) + (c))
#define fused(a, b, c) ((a) * (b) + (c))
#endif

INLINE u32 f32_bits(f32 v) { u32 b; memcpy(&b, &v, 4); return b; }
INLINE f32 bits_f32(u32 b) { f32 v; memcpy(&v, &b, 4); return v; }
INLINE f64 bits_f64(u64 b) { f64 v; memcpy(&v, &b, 8); return v; }
INLINE f32 power_of_2(i32 n) { return bits_f32((u32)(n + 127) << 23); }

// exp(r) - 1 for |r| <= ln(2) / 2 (SLEEF's polynomial; 1 ulp of exp).
INLINE f32 exp_minus_1_near_0(f32 r) {
    f32 p = 0.000198527617612853646278381f;
    p = fused(p, r, 0.00139304355252534151077271f);
    p = fused(p, r, 0.00833336077630519866943359f);
    p = fused(p, r, 0.0416664853692054748535156f);
    p = fused(p, r, 0.166666671633720397949219f);
    p = fused(p, r, 0.5f);
    return fused(r * r, p, r);
}
#define LN2_HIGH 0.693145751953125f
#define LN2_LOW 1.428606765330187045e-06f

INLINE f32 exp_f32(f32 x) {
    x = x < -105.0f ? -105.0f : x;
    x = x > 89.0f ? 89.0f : x;
    const f32 n = __builtin_rintf(x * 1.442695040888963407f);
    const f32 r = fused(n, -LN2_LOW, fused(n, -LN2_HIGH, x));
    const i32 q = (i32)n, half_ = q >> 1;  // in two steps: 2^q may be beyond the range where the result is not
    return (1.0f + exp_minus_1_near_0(r)) * power_of_2(half_) * power_of_2(q - half_);
}

INLINE f32 expm1_f32(f32 x) {
    const f32 given_ = x;
    x = x < -20.0f ? -20.0f : x;
    x = x > 89.0f ? 89.0f : x;
    const f32 n = __builtin_rintf(x * 1.442695040888963407f);
    const f32 r = fused(n, -LN2_LOW, fused(n, -LN2_HIGH, x));
    const i32 q = (i32)n, half_ = q >> 1;
    const f32 near = exp_minus_1_near_0(r), scale = power_of_2(q == 128 ? 127 : q);
    const f32 made = q == 128 ? ((1.0f + near) * power_of_2(half_) * power_of_2(q - half_)) : fused(near, scale, scale - 1.0f);
    return given_ == 0 ? given_ : made;
}

// log(u) + c / u, for what is lost in u (fdlibm's way; below 1 ulp).
INLINE f32 log_with(f32 u, f32 c) {
    const int tiny = u < 1.17549435e-38f;
    const f32 x = tiny ? u * 33554432.0f : u;
    const u32 bits = f32_bits(x) + (0x3f800000u - 0x3f3504f3u);
    const i32 k = (i32)(bits >> 23) - 127 - (tiny ? 25 : 0);
    const f32 f = bits_f32((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f, dk = (f32)k;
    const f32 s = f / (2.0f + f), z = s * s, w = z * z;
    const f32 t1 = w * fused(w, 0.24279078841f, 0.40000972152f), t2 = z * fused(w, 0.28498786688f, 0.66666662693f);
    const f32 half_square = 0.5f * f * f;
    const f32 made = s * (half_square + (t1 + t2)) + (dk * 9.0580006145e-06f + c) - half_square + f + dk * 6.9313812256e-01f;
    const f32 usual = u == 0 ? -INFINITY : u < 0 ? NAN : made;
    return u < INFINITY ? usual : u;
}

INLINE f32 log_f32(f32 x) { return log_with(x, 0.0f); }

INLINE f32 log1p_f32(f32 x) {
    const f32 u = 1.0f + x;
    const f32 lost = x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f);
    const f32 made = log_with(u, u > 0 && u < INFINITY ? lost / u : 0.0f);
    return __builtin_fabsf(x) < 5.9604645e-08f ? x : made;
}

// exp in half the steps: 0 where the result is below the normal numbers, infinity from 88.8 on (1.2 ulp).
INLINE f32 exp_normal_f32(f32 x) {
    const f32 high = x > 89.0f ? 89.0f : x;
    const f32 t = fused(high, 1.442695040888963407f, 12583039.0f), n = t - 12583039.0f;  // 1.5 * 2^23 + 127: the last bits are the exponent's
    const f32 r = fused(n, -LN2_LOW, fused(n, -LN2_HIGH, high));
    f32 p = 0.001375115f;
    p = fused(p, r, 0.008368988f);
    p = fused(p, r, 0.041669544f);
    p = fused(p, r, 0.16666518f);
    p = fused(p, r, 0.49999988f);
    p = fused(p, r, 1.0f);
    p = fused(p, r, 1.0f);
    const f32 made = p * bits_f32(f32_bits(t) << 23);
    return x < -87.336544f ? 0 : made;
}

// A polynomial near 0, exp elsewhere (Cephes; below 2 ulp).
INLINE f32 tanh_f32(f32 a) {
    const f32 z = a * a, magnitude = __builtin_fabsf(a);
    f32 p = -5.70498872745E-3f;
    p = fused(p, z, 2.06390887954E-2f);
    p = fused(p, z, -5.37397155531E-2f);
    p = fused(p, z, 1.33314422036E-1f);
    p = fused(p, z, -3.33332819422E-1f);
    const f32 near = fused(p * z, magnitude, magnitude), far = 1.0f - 2.0f / (exp_normal_f32(2.0f * magnitude) + 1.0f);
    return __builtin_copysignf(magnitude < 0.625f ? near : far, a);
}

// Two polynomials (N. Juffa's; below 1 ulp but for what exp adds).
INLINE f32 erf_f32(f32 a) {
    const f32 t = __builtin_fabsf(a), s = a * a;
    f32 r = fused(-1.72853470e-5f, t, 3.83197126e-4f);
    const f32 u = fused(-3.88396438e-3f, t, 2.42546219e-2f);
    r = fused(r, s, u);
    r = fused(r, t, -1.06777877e-1f);
    r = fused(r, t, -6.34846687e-1f);
    r = fused(r, t, -1.28717512e-1f);
    r = fused(r, t, -t);
    const f32 far = __builtin_copysignf(1.0f - exp_normal_f32(t > 4.0f ? -100.0f : r), a);
    f32 q = -5.96761703e-4f;
    q = fused(q, s, 4.99119423e-3f);
    q = fused(q, s, -2.67681349e-2f);
    q = fused(q, s, 1.12819925e-1f);
    q = fused(q, s, -3.76125336e-1f);
    q = fused(q, s, 1.28379166e-1f);
    const f32 near = fused(q, a, a);
    return t > 0.927734375f ? far : near;
}

#define CHOOSE(name, value) _Generic((value), f32: name##_f32, default: name##_f64)(value)
#define WIDE(name) INLINE f64 name##_f64(f64 v) { return name(v); }
WIDE(exp) WIDE(expm1) WIDE(log) WIDE(log1p) WIDE(tanh) WIDE(erf)
#define BOTH(name) \
    INLINE f64 name##_f64(f64 v) { return __builtin_##name(v); } \
    INLINE f32 name##_f32(f32 v) { return __builtin_##name##f(v); }
BOTH(sqrt) BOTH(floor) BOTH(ceil) BOTH(trunc) BOTH(rint) BOTH(fabs)
#define exp(v) CHOOSE(exp, v)
#define expm1(v) CHOOSE(expm1, v)
#define log(v) CHOOSE(log, v)
#define log1p(v) CHOOSE(log1p, v)
#define erf(v) CHOOSE(erf, v)
#define sqrt(v) CHOOSE(sqrt, v)
#define floor(v) CHOOSE(floor, v)
#define ceil(v) CHOOSE(ceil, v)
#define trunc(v) CHOOSE(trunc, v)
#define rint(v) CHOOSE(rint, v)
#define fabs(v) CHOOSE(fabs, v)
INLINE f32 copysign_f32(f32 a, f32 b) { return __builtin_copysignf(a, b); }
INLINE f64 copysign_f64(f64 a, f64 b) { return __builtin_copysign(a, b); }
#define copysign(a, b) _Generic((a), f32: copysign_f32, default: copysign_f64)(a, b)

// Shifts by more bits than there are, and by less than none.
#define SHIFTS(T, U, BITS) \
    INLINE T shift_left_##T(T a, T b) { return b < 0 || b >= BITS ? 0 : (T)((U)a << b); } \
    INLINE T shift_right_##T(T a, T b) { return a >> (b < 0 || b >= BITS ? BITS - 1 : b); }
SHIFTS(i8, u8, 8) SHIFTS(i16, u16, 16) SHIFTS(i32, u32, 32) SHIFTS(i64, u64, 64)
INLINE u8 shift_left_u8(u8 a, u8 b) { return b >= 8 ? 0 : (u8)(a << b); }
INLINE u8 shift_right_u8(u8 a, u8 b) { return b >= 8 ? 0 : a >> b; }

// Loads and stores: an element in memory to a value, and back.
#define PLAIN(T) INLINE T load_##T(const T *p, i64 i) { return p[i]; } INLINE void store_##T(T *p, i64 i, T v) { p[i] = v; }
PLAIN(u8) PLAIN(i8) PLAIN(i16) PLAIN(i32) PLAIN(i64) PLAIN(f32) PLAIN(f64)
INLINE i32 load_b8(const u8 *p, i64 i) { return p[i] != 0; }
INLINE void store_b8(u8 *p, i64 i, i32 v) { p[i] = v != 0; }
INLINE f32 load_bf16(const u16 *p, i64 i) { return bits_f32((u32)p[i] << 16); }
INLINE void store_bf16(u16 *p, i64 i, f32 v) {
    const u32 bits = f32_bits(v);
    p[i] = v != v ? (u16)0x7fc0 : (u16)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
#ifdef __FLT16_MANT_DIG__
typedef _Float16 half;
// By the bits, in vectors: compilers convert one by one where the processor does not compute in half precision.
INLINE f32 load_f16(const half *p, i64 i) {
    u16 h;
    memcpy(&h, p + i, 2);
    const u32 rest = h & 0x7fffu, sign = (u32)(h & 0x8000u) << 16;
    const f32 tiny = (f32)(i32)rest * 5.9604644775390625e-08f;  // below 2^-14
    const u32 usual = (rest << 13) + (112u << 23) + (rest >= 0x7c00u ? 112u << 23 : 0);
    return bits_f32((rest < 0x0400u ? f32_bits(tiny) : usual) | sign);
}
INLINE void store_f16(half *p, i64 i, f32 v) {
    const u32 bits = f32_bits(v), rest = bits & 0x7fffffffu;
    const u32 tiny = f32_bits(bits_f32(rest) + 0.5f) - 0x3f000000u;  // 0.5's last place is the smallest number
    const u32 usual = (rest + 0xfff + ((rest >> 13) & 1) - (112u << 23)) >> 13;
    const u32 finite = rest < 0x38800000u ? tiny : usual;
    const u16 h = (u16)((rest > 0x7f800000u ? 0x7e00u : rest >= 0x477ff000u ? 0x7c00u : finite) | (bits >> 16 & 0x8000u));
    memcpy(p + i, &h, 2);
}
#endif

INLINE f64 exp_normal_f64(f64 v) { return exp_f64(v); }
#define exp_normal(v) CHOOSE(exp_normal, v)
