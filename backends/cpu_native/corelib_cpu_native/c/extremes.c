// The largest and the smallest along any dimensions, and whether any or all are not zero. NaN is what remains where there is one.
#if defined(IS_F64) || defined(IS_I64)
typedef i64 Flag;
#elif defined(IS_I16)
typedef i16 Flag;
#elif defined(IS_U8) || defined(IS_I8) || defined(IS_B8)
typedef u8 Flag;
#else
typedef i32 Flag;
#endif
#ifdef FLOATING
#define LOWEST (-INFINITY)
#define HIGHEST INFINITY
#define UNORDERED(v) ((v) != (v))
#define NO_NUMBER ((T)NAN)
#else
#define UNORDERED(v) 0
#define NO_NUMBER 0
#if defined(IS_U8) || defined(IS_B8)
#define LOWEST 0
#define HIGHEST 255
#else
#define LOWEST ((T)((u64)1 << (8 * sizeof(T) - 1)))
#define HIGHEST ((T)(((u64)1 << (8 * sizeof(T) - 1)) - 1))
#endif
#endif

INLINE T best_max(T a, T b) { const T best = b > a ? b : a; return UNORDERED(b) ? b : best; }
INLINE T best_min(T a, T b) { const T best = b < a ? b : a; return UNORDERED(b) ? b : best; }

#define EXTREME(which, start, than) \
    static void which##_clear(void *states, i64 w) { for (i64 j = 0; j < w; ++j) ((T *)states)[j] = (T)start; } \
    static void which##_run(void *state, const T *x, i64 n) { \
        T a = (T)start, *s = state; \
        Flag none = 0; \
        PRAGMA(omp simd reduction(which : a) reduction(| : none)) \
        for (i64 i = 0; i < n; ++i) { \
            const T v = x[i]; \
            a = v than a ? v : a; \
            none |= UNORDERED(v); \
        } \
        *s = best_##which(*s, none ? NO_NUMBER : a); \
    } \
    static void which##_block(void *states, const char *x, i64 step, i64 rows, i64 w) { \
        T *s = states, best[TILE]; \
        Flag none[TILE]; \
        for (i64 j = 0; j < w; ++j) best[j] = (T)start, none[j] = 0; \
        i64 i = 0; \
        for (; i + 4 <= rows; i += 4) { \
            const T *p = (const T *)(x + i * step), *q = (const T *)(x + (i + 1) * step), *r = (const T *)(x + (i + 2) * step), *t = (const T *)(x + (i + 3) * step); \
            SIMD for (i64 j = 0; j < w; ++j) { \
                const T a = q[j] than p[j] ? q[j] : p[j], b = t[j] than r[j] ? t[j] : r[j], c = a than b ? a : b; \
                none[j] |= UNORDERED(p[j]) | UNORDERED(q[j]) | UNORDERED(r[j]) | UNORDERED(t[j]); \
                best[j] = c than best[j] ? c : best[j]; \
            } \
        } \
        for (; i < rows; ++i) { \
            const T *r = (const T *)(x + i * step); \
            SIMD for (i64 j = 0; j < w; ++j) { \
                best[j] = r[j] than best[j] ? r[j] : best[j]; \
                none[j] |= UNORDERED(r[j]); \
            } \
        } \
        for (i64 j = 0; j < w; ++j) s[j] = best_##which(s[j], none[j] ? NO_NUMBER : best[j]); \
    } \
    static void which##_join(void *states, const void *others, i64 w) { \
        T *s = states; \
        for (i64 j = 0; j < w; ++j) s[j] = best_##which(s[j], ((const T *)others)[j]); \
    }
EXTREME(max, LOWEST, >)
EXTREME(min, HIGHEST, <)

static void extreme_store(const void *states, i64 w, char *out, i64 step, UNUSED const void *extra) {
    for (i64 j = 0; j < w; ++j) STORE((MEM *)(out + j * step), 0, ((const T *)states)[j]);
}
static const Rule MAX = {sizeof(T), max_clear, max_run, max_block, max_join, extreme_store};
static const Rule MIN = {sizeof(T), min_clear, min_run, min_block, min_join, extreme_store};

static Object *extreme(Object *const *args, const Rule *rule, int everything) {
    Reduction r;
    if (everything) {
        u8 flags[DIMS];
        if (!is_array(args[0], KIND) || !is_array(args[1], KIND)) PASS;
        memset(flags, 1, DIMS);
        if (!reduction_of(&r, args[0], args[1], flags)) PASS;
    } else if (!reduction_given(&r, args, KIND, args[2])) PASS;
    if (!numel(args[0])) DONE;
    if (!r.total) PASS;  // an error, in NumPy's words
    return reduce(&r, rule, 0);
}
KERNEL(amax) { if (count != 4) PASS; return extreme(args, &MAX, 0); }
KERNEL(amin) { if (count != 4) PASS; return extreme(args, &MIN, 0); }
KERNEL(max_all) { if (count != 2) PASS; return extreme(args, &MAX, 1); }
KERNEL(min_all) { if (count != 2) PASS; return extreme(args, &MIN, 1); }

// Whether any is not zero, or any is zero: the state is a byte.
#define TRUTH(name, is) \
    static void name##_run(void *state, const T *x, i64 n) { \
        Flag hit = 0; \
        PRAGMA(omp simd reduction(| : hit)) \
        for (i64 i = 0; i < n; ++i) hit |= x[i] is 0; \
        *(u8 *)state |= hit != 0; \
    } \
    static void name##_block(void *states, const char *x, i64 step, i64 rows, i64 w) { \
        u8 *s = states; \
        for (i64 i = 0; i < rows; ++i) { \
            const T *r = (const T *)(x + i * step); \
            SIMD for (i64 j = 0; j < w; ++j) s[j] |= r[j] is 0; \
        } \
    }
TRUTH(other, !=)
TRUTH(zero, ==)
static void truth_clear(void *states, i64 w) { memset(states, 0, w); }
static void truth_join(void *states, const void *others, i64 w) { for (i64 j = 0; j < w; ++j) ((u8 *)states)[j] |= ((const u8 *)others)[j]; }
static void any_store(const void *states, i64 w, char *out, i64 step, UNUSED const void *extra) { for (i64 j = 0; j < w; ++j) out[j * step] = ((const u8 *)states)[j]; }
static void all_store(const void *states, i64 w, char *out, i64 step, UNUSED const void *extra) { for (i64 j = 0; j < w; ++j) out[j * step] = !((const u8 *)states)[j]; }
static const Rule ANY = {1, truth_clear, other_run, other_block, truth_join, any_store};
static const Rule ALL = {1, truth_clear, zero_run, zero_block, truth_join, all_store};

static Object *truth(Object *const *args, const Rule *rule) {
    Reduction r;
    if (!reduction_given(&r, args, KIND == U8 ? U8 : B8, args[2])) PASS;
    if (!numel(args[0])) DONE;
    return reduce(&r, rule, 0);
}
KERNEL(any) { if (count != 4) PASS; return truth(args, &ANY); }
KERNEL(all) { if (count != 4) PASS; return truth(args, &ALL); }
