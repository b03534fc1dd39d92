// Products of matrices in half precisions: computed in float32, and rounded once. Where the processor multiplies pairs of bfloat16, what is summed over
// lies in pairs (pairs.h); else it is converted.

typedef struct { MEM *at; i64 rows, columns, down, along; } Stored;

INLINE Stored stored_of(Object *o) {
    const int d = NDIM(o);
    const size *n = SHAPE(o), *s = STRIDES(o);
    return (Stored){(MEM *)DATA(o), n[d - 2], n[d - 1], s[d - 2] / (size)sizeof(MEM), s[d - 1] / (size)sizeof(MEM)};
}

#ifdef PAIRS
#define IN_ELEMENTS(n) (((n) + 1) / 2)
#else
#define IN_ELEMENTS(n) (n)
#endif

// A matrix on its way to float32 or pairs, column by column where it is `turned`, or back.
typedef struct { Stored m; T *at; int turned; } Moved;

static void elements_made(void *context, i64 begin, i64 end) {
    const Moved *w = context;
    const Stored m = w->m;
    for (i64 k = begin; k < end; ++k) {
#ifdef PAIRS
        if (w->turned) {
            u16 *to = (u16 *)(w->at + k * m.rows);
            const MEM *from = m.at + 2 * k * m.along;
            if (2 * k + 1 < m.columns) for (i64 i = 0; i < m.rows; ++i) to[2 * i] = from[i * m.down], to[2 * i + 1] = from[i * m.down + m.along];
            else for (i64 i = 0; i < m.rows; ++i) to[2 * i] = from[i * m.down], to[2 * i + 1] = 0;
        } else {
            u16 *to = (u16 *)(w->at + k * IN_ELEMENTS(m.columns));
            memcpy(to, m.at + k * m.down, m.columns * sizeof(MEM));
            if (m.columns % 2) to[m.columns] = 0;
        }
#else
        const MEM *from = m.at + k * (w->turned ? m.along : m.down);
        const i64 n = w->turned ? m.rows : m.columns, step = w->turned ? m.down : 1;
        T *to = w->at + k * n;
        if (step == 1) SIMD for (i64 i = 0; i < n; ++i) to[i] = LOAD(from, i);
        else for (i64 i = 0; i < n; ++i) to[i] = LOAD(from, i * step);
#endif
    }
}

// A matrix of which rows are summed: as it lies, where it can be, or a copy in `room`, which is to be given back. `at` is 0 where there is no memory.
static Matrix elements_of(Stored m, char **room) {
    const i64 deep = IN_ELEMENTS(m.columns);
    *room = 0;
#ifdef PAIRS
    if (m.along == 1 && m.columns % 2 == 0 && m.down % 2 == 0 && (uintptr_t)m.at % sizeof(T) == 0) return (Matrix){(T *)m.at, m.rows, deep, m.down / 2, 1};
#endif
    *room = take(m.rows * deep * (i64)sizeof(T));
    Moved w = {m, (T *)*room, m.along != 1};
    if (w.at) share(w.turned ? deep : m.rows, 1 + PIECE / (1 + (w.turned ? m.rows : m.columns)), elements_made, &w, m.rows * m.columns);
    return w.turned ? (Matrix){w.at, m.rows, deep, 1, m.rows} : (Matrix){w.at, m.rows, deep, deep, 1};
}

static void rows_rounded(void *context, i64 begin, i64 end) {
    const Moved *w = context;
    for (i64 i = begin; i < end; ++i) {
        MEM *to = w->m.at + i * w->m.down;
        const T *from = w->at + i * w->m.columns;
        if (w->m.along == 1) SIMD for (i64 j = 0; j < w->m.columns; ++j) STORE(to, j, from[j]);
        else for (i64 j = 0; j < w->m.columns; ++j) STORE(to, j * w->m.along, from[j]);
    }
}

INLINE int can_multiply(UNUSED Stored c, UNUSED Stored a, UNUSED Stored b) { return OWN || GEMM; }

// 0 where there is no memory.
static int multiply(Stored c, Stored a, Stored b) {
    if (!c.rows || !c.columns) return 1;
    char *of_a, *of_b, *of_c = take(c.rows * c.columns * (i64)sizeof(T));
    const Matrix sums = {(T *)of_c, c.rows, c.columns, c.columns, 1}, x = elements_of(a, &of_a);
    const Matrix y = transposed(elements_of((Stored){b.at, b.columns, b.rows, b.along, b.down}, &of_b));
    const int done = sums.at && x.at && y.at;
    if (done) {
        if (!b.rows) memset(sums.at, 0, c.rows * c.columns * sizeof(T));
#ifdef PAIRS
        else blocked_product(sums, x, y, 0);
#else
        else product(sums, x, y, 0);
#endif
        Moved w = {c, sums.at};
        share(c.rows, 1 + PIECE / c.columns, rows_rounded, &w, c.rows * c.columns);
    }
    put(of_a), put(of_b), put(of_c);
    return done;
}
