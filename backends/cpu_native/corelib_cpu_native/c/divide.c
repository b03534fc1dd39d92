// Rounded division: floor_divide and remainder of integers and of what is computed in float32, and fmod of the latter.
//
// Integers are divided as floats wide enough that the quotient of a number that is not a multiple never rounds to a whole one: float32 for up to
// 16 bits, float64 for 32, and for 64 where a block's numbers are below 2^51. A zero divisor of integers is refused before anything is written.

enum { BLOCK = 256 };
typedef void (*Divide)(MEM *out, const MEM *a, const MEM *b, i64 n);

#if defined IS_F32 || defined IS_F16 || defined IS_BF16
#define fmod_exact(a, b) __builtin_fmodf(a, b)

// C's fmod of a and b; exact in float64 where the quotient is below 2^29.
INLINE f32 left_of(f32 a, f32 b) {
    const f64 q = __builtin_trunc((f64)a / (f64)b);
    return __builtin_copysignf((f32)((f64)a - q * (f64)b), a);
}

INLINE int easy(f32 a, f32 b) {
    const f64 q = (f64)a / (f64)b;
    return (q < 536870912.0) & (q > -536870912.0) & (__builtin_fabsf(b) < INFINITY);
}

INLINE f32 fmod_of(UNUSED f32 a, UNUSED f32 b, f32 left) { return left; }
INLINE f32 remainder_of(UNUSED f32 a, f32 b, f32 left) { return (left != 0) & ((left < 0) != (b < 0)) ? left + b : left; }
INLINE f32 floor_divide_of(f32 a, f32 b, f32 left) {
    f32 q = (a - left) / b;
    q = (left != 0) & ((left < 0) != (b < 0)) ? q - 1.0f : q;
    f32 whole = __builtin_floorf(q);
    whole = q - whole > 0.5f ? whole + 1.0f : whole;
    whole = q == 0 ? __builtin_copysignf(0.0f, a / b) : whole;
    return b == 0 ? a / b : whole;
}
#define LOOP(name) \
    static void name##_block(MEM *out, const MEM *a, const MEM *b, i64 n) { \
        int hard = 0; \
        SIMD for (i64 i = 0; i < n; ++i) hard |= !easy(LOAD(a, i), LOAD(b, i)); \
        if (!hard) SIMD for (i64 i = 0; i < n; ++i) STORE(out, i, name##_of(LOAD(a, i), LOAD(b, i), left_of(LOAD(a, i), LOAD(b, i)))); \
        else for (i64 i = 0; i < n; ++i) STORE(out, i, name##_of(LOAD(a, i), LOAD(b, i), fmod_exact(LOAD(a, i), LOAD(b, i)))); \
    }
LOOP(fmod) LOOP(remainder) LOOP(floor_divide)
#else
#define IS_INTEGER 1
#if defined IS_I64 || defined IS_I32
typedef f64 Wide;
typedef i64 Whole;
#else
typedef f32 Wide;
typedef i32 Whole;
#endif

// The floor, in two steps: compilers make a call of a floor that is converted.
INLINE Whole whole_of(Wide v) {
    const Whole t = (Whole)v;
    return t - ((Wide)t > v);
}

INLINE T floor_divide_exact(T a, T b) {
    if ((T)-1 < 0 && b == (T)-1) return (T)((u64)0 - (u64)a);
    const T q = a / b;
    return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}

INLINE T remainder_exact(T a, T b) {
    if ((T)-1 < 0 && b == (T)-1) return 0;
    const T r = a % b;
    return r && (r < 0) != (b < 0) ? r + b : r;
}
INLINE T floor_divide_of(T a, T b) { return (T)whole_of((Wide)a / (Wide)b); }
INLINE T remainder_of(T a, T b) { return (T)((Whole)a - whole_of((Wide)a / (Wide)b) * (Whole)b); }

#define LOOP(name) \
    static void name##_block(MEM *out, const MEM *a, const MEM *b, i64 n) { \
        if (small(a, n) && small(b, n)) SIMD for (i64 i = 0; i < n; ++i) out[i] = name##_of(a[i], b[i]); \
        else for (i64 i = 0; i < n; ++i) out[i] = name##_exact(a[i], b[i]); \
    }
#ifdef IS_I64
INLINE int small(const i64 *a, i64 n) {
    u64 high = 0;
    SIMD for (i64 i = 0; i < n; ++i) high |= (u64)(a[i] + ((i64)1 << 51)) >> 52;
    return !high;
}
#else
#define small(a, n) 1
#endif
LOOP(floor_divide) LOOP(remainder)

INLINE int none_is_0(const MEM *b, i64 n) {
    int zero = 0;
    SIMD for (i64 i = 0; i < n; ++i) zero |= b[i] == 0;
    return !zero;
}
#endif

typedef struct { Divide divide; int zero, only_look; } Division;

static const MEM *row_of(MEM *buffer, const char *p, i64 step, i64 n) {
    if (step == sizeof(MEM)) return (const MEM *)p;
    for (i64 i = 0; i < n; ++i) buffer[i] = *(const MEM *)(p + i * step);
    return buffer;
}

static void divide_loop(char *const *at, const i64 *step, i64 n) {
    Division *division = (Division *)at[3];
    MEM a_[BLOCK], b_[BLOCK], o_[BLOCK];
    for (i64 i0 = 0; i0 < n; i0 += BLOCK) {
        const i64 m = n - i0 < BLOCK ? n - i0 : BLOCK;
        const MEM *b = row_of(b_, at[2] + i0 * step[2], step[2], m);
#ifdef IS_INTEGER
        if (!none_is_0(b, m)) { division->zero = 1; return; }
        if (division->only_look) continue;
#endif
        const MEM *a = row_of(a_, at[1] + i0 * step[1], step[1], m);
        if (step[0] == sizeof(MEM)) {
            division->divide((MEM *)at[0] + i0, a, b, m);
            continue;
        }
        division->divide(o_, a, b, m);
        for (i64 i = 0; i < m; ++i) *(MEM *)(at[0] + (i0 + i) * step[0]) = o_[i];
    }
}

static Object *divided(Object *const *args, size count, Divide divide, UNUSED const char *refused) {
    Walk w;
    MEM numbers[3];
    Object *out = args[0];
    if (count != 3 || !is_array(out, KIND)) PASS;
    w.arrays = 4;
    walk_out(&w, out);
    for (int k = 1; k < 3; ++k) {
        Number number;
        if (is_array(args[k], KIND)) {
            if (!walk_add(&w, k, args[k])) PASS;
            continue;
        }
        if (!number_of(args[k], KIND, &number)) PASS;
#ifdef IS_INTEGER
        memcpy(&numbers[k], &number, sizeof(MEM));
        i64 given_;
        if (!int_of(args[k], &given_) || (i64)numbers[k] != given_) PASS;
#else
        STORE(numbers, k, number.f);
        if (divide == floor_divide_block && LOAD(numbers, k) != number.f && number.f == number.f) PASS;  // by all of the number's digits
#endif
        for (int d = 0; d < w.dims; ++d) w.steps[k][d] = 0;
        w.start[k] = (char *)&numbers[k];
    }
    Division division = {divide, 0, 0};
    w.start[3] = (char *)&division;
    for (int d = 0; d < w.dims; ++d) w.steps[3][d] = 0;
    if (!numel(out)) DONE;
    walk_order(&w);
    w.loop = divide_loop;
#ifdef IS_INTEGER
    if (w.start[0] == w.start[1] || w.start[0] == w.start[2]) {
        division.only_look = 1;
        walk_run(&w, SHARED);
        division.only_look = 0;
    }
    if (!division.zero) walk_run(&w, SHARED);
    if (division.zero) {
        api->raise(api->runtime_error, refused);
        return 0;
    }
#else
    walk_run(&w, 8192);
#endif
    DONE;
}

#define REFUSED(name) name "(): ZeroDivisionError: an integer was divided by zero"
KERNEL(floor_divide) { return divided(args, count, floor_divide_block, REFUSED("floor_divide")); }
KERNEL(remainder) { return divided(args, count, remainder_block, REFUSED("remainder")); }
#ifndef IS_INTEGER
KERNEL(fmod) { return divided(args, count, fmod_block, 0); }
#endif
