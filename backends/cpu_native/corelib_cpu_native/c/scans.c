// Running totals along a dimension: cumsum and cumprod, of floats in float64. Several lines are followed at once: one waits for each of its steps.
#ifdef FLOATING
typedef f64 Total;
#define PLUS(a, b) ((a) + (b))
#define TIMES(a, b) ((a) * (b))
#else
typedef i64 Total;
#define PLUS(a, b) ((i64)((u64)(a) + (u64)(b)))
#define TIMES(a, b) ((i64)((u64)(a) * (u64)(b)))
#endif
enum { ABREAST = 8, SCAN_COLUMNS = 256 };

#define SCAN(name, neutral, JOIN) \
    static void name(char *const *at, const i64 *step, i64 lines) { \
        const Line *l = (const Line *)at[2]; \
        const i64 n = l->n, a = l->along[0], b = l->along[1]; \
        Total t[SCAN_COLUMNS]; \
        if (lines > 1 && step[0] == sizeof(MEM) && step[1] == sizeof(MEM) && n > 1) { \
            for (i64 from = 0; from < lines; from += SCAN_COLUMNS) { \
                const i64 w = lines - from < SCAN_COLUMNS ? lines - from : SCAN_COLUMNS; \
                for (i64 j = 0; j < w; ++j) t[j] = neutral; \
                for (i64 i = 0; i < n; ++i) { \
                    const MEM *x = (const MEM *)(at[1] + i * b) + from; \
                    MEM *y = (MEM *)(at[0] + i * a) + from; \
                    SIMD for (i64 j = 0; j < w; ++j) { t[j] = JOIN(t[j], (Total)LOAD(x, j)); STORE(y, j, (T)t[j]); } \
                } \
            } \
            return; \
        } \
        i64 k = 0; \
        for (; k + ABREAST <= lines; k += ABREAST) { \
            for (int j = 0; j < ABREAST; ++j) t[j] = neutral; \
            for (i64 i = 0; i < n; ++i) { \
                for (int j = 0; j < ABREAST; ++j) { \
                    t[j] = JOIN(t[j], (Total)LOAD((const MEM *)(at[1] + (k + j) * step[1] + i * b), 0)); \
                    STORE((MEM *)(at[0] + (k + j) * step[0] + i * a), 0, (T)t[j]); \
                } \
            } \
        } \
        for (; k < lines; ++k) { \
            Total sum = neutral; \
            for (i64 i = 0; i < n; ++i) { \
                sum = JOIN(sum, (Total)LOAD((const MEM *)(at[1] + k * step[1] + i * b), 0)); \
                STORE((MEM *)(at[0] + k * step[0] + i * a), 0, (T)sum); \
            } \
        } \
    }
SCAN(sums_loop, 0, PLUS)
SCAN(products_loop, 1, TIMES)

static Object *scan(Object *const *args, Loop loop) {
    Walk w;
    Line l;
    i64 dim;
    if (!is_array(args[0], KIND) || !is_array(args[1], KIND) || !int_of(args[2], &dim) || !NDIM(args[0])) PASS;
    if (!lines_add(&w, &l, 0, args[0], dim, 0) || !lines_add(&w, &l, 1, args[1], dim, 0)) PASS;
    if (!numel(args[0])) DONE;
    w.loop = loop;
    if (!lines_run(&w, &l, ABREAST)) return 0;
    DONE;
}
KERNEL(cumsum) { if (count != 3) PASS; return scan(args, sums_loop); }
KERNEL(cumprod) { if (count != 3) PASS; return scan(args, products_loop); }
