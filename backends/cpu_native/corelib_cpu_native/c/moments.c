// Variance and deviation: the mean and the squares around it of each run or block, which is read once; these are put together by Chan's formula.
typedef struct { f64 n, mean, squares; } Moments;

INLINE void moments_add(Moments *a, f64 n, f64 mean, f64 squares) {
    const f64 all = a->n + n, off = mean - a->mean, share_ = n / all;
    if (a->n == 0) { a->n = n, a->mean = mean, a->squares = squares; return; }
    a->mean += off * share_;
    a->squares += squares + off * off * a->n * share_;
    a->n = all;
}
static void moments_clear(void *states, i64 w) { memset(states, 0, w * sizeof(Moments)); }
static void moments_join(void *states, const void *others, i64 w) {
    const Moments *b = others;
    for (i64 j = 0; j < w; ++j) if (b[j].n) moments_add((Moments *)states + j, b[j].n, b[j].mean, b[j].squares);
}

// Around a center near the mean, for what its rounding leaves.
INLINE void moments_around(Moments *s, f64 n, f64 center, f64 off, f64 squares) { moments_add(s, n, center + off / n, squares - off * off / n); }

VECTOR_SUM(run_sum, (const T *x, i64 n), AT(x))
static void moments_run(void *state, const T *x, i64 n) {
    T off = 0, squares = 0;
    const T center = run_sum(x, n) / (T)n;
    PRAGMA(omp simd reduction(+ : off, squares))
    for (i64 i = 0; i < n; ++i) {
        const T d = x[i] - center;
        off += d, squares += d * d;
    }
    moments_around(state, (f64)n, center, off, squares);
}
static void moments_block(void *states, const char *x, i64 step, i64 rows, i64 w) {
    T center[TILE], off[TILE], squares[TILE];
    memset(center, 0, w * sizeof(T)), memset(off, 0, w * sizeof(T)), memset(squares, 0, w * sizeof(T));
    i64 i = 0;
    for (; i + 4 <= rows; i += 4) {
        const T *p = (const T *)(x + i * step), *q = (const T *)(x + (i + 1) * step), *r = (const T *)(x + (i + 2) * step), *t = (const T *)(x + (i + 3) * step);
        SIMD for (i64 j = 0; j < w; ++j) center[j] += (p[j] + q[j]) + (r[j] + t[j]);
    }
    for (; i < rows; ++i) {
        const T *r = (const T *)(x + i * step);
        SIMD for (i64 j = 0; j < w; ++j) center[j] += r[j];
    }
    SIMD for (i64 j = 0; j < w; ++j) center[j] /= (T)rows;
    for (i = 0; i + 4 <= rows; i += 4) {
        const T *p = (const T *)(x + i * step), *q = (const T *)(x + (i + 1) * step), *r = (const T *)(x + (i + 2) * step), *t = (const T *)(x + (i + 3) * step);
        SIMD for (i64 j = 0; j < w; ++j) {
            const T k = p[j] - center[j], l = q[j] - center[j], m = r[j] - center[j], o = t[j] - center[j];
            off[j] += (k + l) + (m + o), squares[j] += (k * k + l * l) + (m * m + o * o);
        }
    }
    for (; i < rows; ++i) {
        const T *r = (const T *)(x + i * step);
        SIMD for (i64 j = 0; j < w; ++j) {
            const T d = r[j] - center[j];
            off[j] += d, squares[j] += d * d;
        }
    }
    for (i64 j = 0; j < w; ++j) moments_around((Moments *)states + j, (f64)rows, center[j], off[j], squares[j]);
}

typedef struct { f64 correction; int root; } Spread;
static void moments_store(const void *states, i64 w, char *out, i64 step, const void *extra) {
    const Moments *s = states;
    const Spread *how = extra;
    for (i64 j = 0; j < w; ++j) {
        const f64 left = s[j].n - how->correction, squares = s[j].squares < 0 ? 0 : s[j].squares;
        const f64 v = s[j].n ? squares / (left > 0 ? left : 0) : NAN;
        STORE((MEM *)(out + j * step), 0, (T)(how->root ? __builtin_sqrt(v) : v));
    }
}
static const Rule MOMENTS = {sizeof(Moments), moments_clear, moments_run, moments_block, moments_join, moments_store};

static Object *spread(Object *const *args, int root) {
    Reduction r;
    Spread how = {0, root};
    if (!float_of(args[3], &how.correction) || !reduction_given(&r, args, KIND, args[2])) PASS;
    if (!numel(args[0])) DONE;
    return reduce(&r, &MOMENTS, &how);
}
KERNEL(variance) { if (count != 5) PASS; return spread(args, 0); }
KERNEL(deviation) { if (count != 5) PASS; return spread(args, 1); }
