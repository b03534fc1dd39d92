// Sums in vectors of 64 bytes. Written out, for compilers keep the accumulator of a plain `omp simd reduction` in memory.
#if defined(IS_F16) || defined(IS_BF16) || defined(IS_F32) || defined(IS_F64)
#define FLOATING 1
typedef T Part;
#else
typedef u64 Part;
#endif
#define PRAGMA(...) _Pragma(#__VA_ARGS__)
#define LANES (64 / (int)sizeof(Part))
typedef Part Vector __attribute__((vector_size(64)));

INLINE Vector vector_at(const T *x) { Vector v; memcpy(&v, x, 64); return v; }
INLINE Part vector_sum(Vector v) {
    Part l[LANES];
    memcpy(l, &v, 64);
    for (int m = LANES / 2; m; m /= 2) for (int k = 0; k < m; ++k) l[k] += l[k + m];
    return l[0];
}

// A function that sums `each` over n neighbours; `each` reads AT(x): LANES elements of the array x, or at the end one.
#define AT(x) _Generic(&at, const Wide *: vector_at, default: value_at)((x) + at.i)
typedef struct { i64 i; } Wide;
typedef struct { i64 i; } Single;
INLINE Part value_at(const T *x) { return (Part)*x; }
#define VECTOR_SUM(name, arguments, each) \
    static Part name arguments { \
        Part total = 0; \
        i64 i = 0; \
        if (n >= LANES) { \
            Vector a = {0}, b = {0}, c = {0}, d = {0}; \
            for (; i + 4 * LANES <= n; i += 4 * LANES) { \
                { const Wide at = {i}; a += each; } \
                { const Wide at = {i + LANES}; b += each; } \
                { const Wide at = {i + 2 * LANES}; c += each; } \
                { const Wide at = {i + 3 * LANES}; d += each; } \
            } \
            for (; i + LANES <= n; i += LANES) { const Wide at = {i}; b += each; } \
            total = vector_sum((a + b) + (c + d)); \
        } \
        for (; i < n; ++i) { const Single at = {i}; total += each; } \
        return total; \
    }
