// Sums and what is made of them: sum, mean, prod, vector_norm of 1 and 2. Floats are added in several accumulators for RUN elements or ROWS rows;
// those partial sums are added in float64, of float64 with what each addition lost.
#ifdef FLOATING
#define WIDE_T f64
#else
#define WIDE_T i64
#endif
#ifdef IS_F64
typedef struct { f64 s, lost; } Sum;
INLINE void sum_add(Sum *a, f64 v) {
    const f64 s = a->s + v, back = s - a->s;
    a->lost += (a->s - (s - back)) + (v - back);
    a->s = s;
}
INLINE f64 sum_value(const Sum *a) { return a->lost - a->lost == 0 ? a->s + a->lost : a->s; }  // not where something was infinite
#else
typedef struct { WIDE_T s; } Sum;
#ifdef FLOATING
INLINE void sum_add(Sum *a, WIDE_T v) { a->s += v; }
#else
INLINE void sum_add(Sum *a, WIDE_T v) { a->s = (i64)((u64)a->s + (u64)v); }
#endif
INLINE WIDE_T sum_value(const Sum *a) { return a->s; }
#endif
static void sum_clear(void *states, i64 w) { memset(states, 0, w * sizeof(Sum)); }
static void sum_join(void *states, const void *others, i64 w) {
    Sum *a = states;
    const Sum *b = others;
    for (i64 j = 0; j < w; ++j) {
        sum_add(&a[j], b[j].s);
#ifdef IS_F64
        a[j].lost += b[j].lost;
#endif
    }
}

// A run in four vectors, and a block of rows eight at a time; f(x) is what is added, of a value and of a vector.
#define SUMS(name, f) \
    VECTOR_SUM(name##_total, (const T *x, i64 n), f(AT(x))) \
    static void name##_run(void *state, const T *x, i64 n) { sum_add(state, (WIDE_T)name##_total(x, n)); } \
    static void name##_block(void *states, const char *x, i64 step, i64 rows, i64 w) { \
        Sum *sums = states; \
        Part part[TILE]; \
        i64 i = rows % 8; \
        if (i) { \
            const T *r = (const T *)x; \
            SIMD for (i64 j = 0; j < w; ++j) part[j] = f((Part)r[j]); \
            for (i64 k = 1; k < i; ++k) { \
                r = (const T *)(x + k * step); \
                SIMD for (i64 j = 0; j < w; ++j) part[j] += f((Part)r[j]); \
            } \
        } else memset(part, 0, w * sizeof(Part)); \
        for (; i < rows; i += 8) { \
            const T *r[8]; \
            for (int k = 0; k < 8; ++k) r[k] = (const T *)(x + (i + k) * step); \
            const T *r0 = r[0], *r1 = r[1], *r2 = r[2], *r3 = r[3], *r4 = r[4], *r5 = r[5], *r6 = r[6], *r7 = r[7]; \
            SIMD for (i64 j = 0; j < w; ++j) { \
                part[j] += ((f((Part)r0[j]) + f((Part)r1[j])) + (f((Part)r2[j]) + f((Part)r3[j]))) + ((f((Part)r4[j]) + f((Part)r5[j])) + (f((Part)r6[j]) + f((Part)r7[j]))); \
            } \
        } \
        for (i64 j = 0; j < w; ++j) sum_add(&sums[j], (WIDE_T)part[j]); \
    }

#define ITSELF(v) (v)
SUMS(sum, ITSELF)

static void sum_store(const void *states, i64 w, char *out, i64 step, UNUSED const void *extra) {
    const Sum *s = states;
    for (i64 j = 0; j < w; ++j) STORE((MEM *)(out + j * step), 0, (T)sum_value(&s[j]));
}
static const Rule SUM = {sizeof(Sum), sum_clear, sum_run, sum_block, sum_join, sum_store};

KERNEL(sum) {
    Reduction r;
    if (count != 4 || !reduction_given(&r, args, KIND, args[2])) PASS;
    if (!numel(args[0])) DONE;
    return reduce(&r, &SUM, 0);
}

#ifdef FLOATING
static void mean_store(const void *states, i64 w, char *out, i64 step, const void *extra) {
    const Sum *s = states;
    const f64 n = *(const f64 *)extra;
    for (i64 j = 0; j < w; ++j) STORE((MEM *)(out + j * step), 0, (T)(sum_value(&s[j]) / n));
}
static const Rule MEAN = {sizeof(Sum), sum_clear, sum_run, sum_block, sum_join, mean_store};

KERNEL(mean) {
    Reduction r;
    if (count != 4 || !reduction_given(&r, args, KIND, args[2])) PASS;
    const i64 results = numel(args[0]);
    if (!results) DONE;
    const f64 n = (f64)(r.total / results);
    return reduce(&r, &MEAN, &n);
}

#define SQUARED(v) ((v) * (v))
INLINE Part magnitude_of(Part v) { return fabs(v); }
INLINE Vector magnitudes_of(Vector v) {
    Part l[LANES];
    memcpy(l, &v, 64);
    for (int k = 0; k < LANES; ++k) l[k] = fabs(l[k]);
    memcpy(&v, l, 64);
    return v;
}
#define MAGNITUDE(v) _Generic((v), Vector: magnitudes_of, default: magnitude_of)(v)
SUMS(squares, SQUARED)
SUMS(magnitudes, MAGNITUDE)
static void root_store(const void *states, i64 w, char *out, i64 step, UNUSED const void *extra) {
    const Sum *s = states;
    for (i64 j = 0; j < w; ++j) STORE((MEM *)(out + j * step), 0, (T)__builtin_sqrt((f64)sum_value(&s[j])));
}
static const Rule NORM_1 = {sizeof(Sum), sum_clear, magnitudes_run, magnitudes_block, sum_join, sum_store};
static const Rule NORM_2 = {sizeof(Sum), sum_clear, squares_run, squares_block, sum_join, root_store};

KERNEL(vector_norm) {
    Reduction r;
    f64 p;
    if (count != 5 || !float_of(args[2], &p) || (p != 1 && p != 2) || !reduction_given(&r, args, KIND, args[3])) PASS;
    if (!numel(args[0])) DONE;
    return reduce(&r, p == 1 ? &NORM_1 : &NORM_2, 0);
}
#endif

// Products: of floats in float64, whose range holds what float32's would lose on the way.
typedef struct { WIDE_T p; } Product;
#ifdef FLOATING
#define TIMES(a, b) ((a) * (b))
#else
#define TIMES(a, b) ((i64)((u64)(a) * (u64)(b)))
#endif
static void prod_clear(void *states, i64 w) { for (i64 j = 0; j < w; ++j) ((Product *)states)[j].p = 1; }
static void prod_run(void *state, const T *x, i64 n) {
    WIDE_T l[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    i64 i = 0;
    for (; i + 8 <= n; i += 8) for (int k = 0; k < 8; ++k) l[k] = TIMES(l[k], (WIDE_T)x[i + k]);
    for (; i < n; ++i) l[0] = TIMES(l[0], (WIDE_T)x[i]);
    for (int m = 4; m; m /= 2) for (int k = 0; k < m; ++k) l[k] = TIMES(l[k], l[k + m]);
    Product *s = state;
    s->p = TIMES(s->p, l[0]);
}
static void prod_block(void *states, const char *x, i64 step, i64 rows, i64 w) {
    Product *s = states;
    for (i64 i = 0; i < rows; ++i) {
        const T *r = (const T *)(x + i * step);
        SIMD for (i64 j = 0; j < w; ++j) s[j].p = TIMES(s[j].p, (WIDE_T)r[j]);
    }
}
static void prod_join(void *states, const void *others, i64 w) {
    Product *a = states;
    for (i64 j = 0; j < w; ++j) a[j].p = TIMES(a[j].p, ((const Product *)others)[j].p);
}
static void prod_store(const void *states, i64 w, char *out, i64 step, UNUSED const void *extra) {
    for (i64 j = 0; j < w; ++j) STORE((MEM *)(out + j * step), 0, (T)((const Product *)states)[j].p);
}
static const Rule PROD = {sizeof(Product), prod_clear, prod_run, prod_block, prod_join, prod_store};

KERNEL(prod) {
    Reduction r;
    if (count != 4 || !reduction_given(&r, args, KIND, args[2])) PASS;
    if (!numel(args[0])) DONE;
    return reduce(&r, &PROD, 0);
}
