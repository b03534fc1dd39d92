// A matrix product: a small one here, another by NumPy's OpenBLAS, whose work the pool's threads share.

#ifdef IS_F64
#define MULTIPLY_ADD(a, b, c) fused_f64(a, b, c)
#define GEMM api->dgemm
#else
#define MULTIPLY_ADD(a, b, c) fused(a, b, c)
#define GEMM api->sgemm
#endif
typedef void (*Gemm)(int order, int trans_a, int trans_b, i64 m, i64 n, i64 k, T alpha, const T *a, i64 lda, const T *b, i64 ldb, T beta, T *c, i64 ldc);
enum { ROW_MAJOR = 101, AS_IT_IS = 111, TRANSPOSED = 112 };
enum { ROWS = 4, COLUMNS = 64 / sizeof(T) * 2, SMALL = 32768, PACKED = 4096 };

// The leading dimension of a matrix whose rows lie in a row; 0 where they do not.
INLINE i64 leading(Matrix m) {
    if (m.columns > 1 && m.along != 1) return 0;
    if (m.rows <= 1) return m.columns > 1 ? m.columns : 1;
    return m.down >= m.columns && m.down > 0 ? m.down : 0;
}

// A block of b's columns as rows of COLUMNS elements: from columns that lie in a row, four by four.
static UNUSED void pack(T *to, Matrix b, i64 j, i64 wide) {
    i64 l = 0;
    if (b.down == 1)
        for (; l + 4 <= wide; l += 4) {
            const T *x = b.at + (j + l) * b.along;
            for (i64 k = turn4(to + l, COLUMNS, x, b.along, b.rows); k < b.rows; ++k) for (int c = 0; c < 4; ++c) to[k * COLUMNS + l + c] = x[k + c * b.along];
        }
    for (; l < wide; ++l) for (i64 k = 0; k < b.rows; ++k) to[k * COLUMNS + l] = b.at[k * b.down + (j + l) * b.along];
    if (wide < COLUMNS) for (i64 k = 0; k < b.rows; ++k) for (l = wide; l < COLUMNS; ++l) to[k * COLUMNS + l] = 0;
}

// Rows of c += rows of b times elements of a's rows, in registers; what lies beyond c's columns is computed too, of whatever is there.
INLINE void accumulate(T sum[ROWS][COLUMNS], const T *const *row, i64 along, const T *from, i64 step, i64 n) {
    for (i64 k = 0; k < n; ++k) {
        const T *y = from + k * step;
        for (int r = 0; r < ROWS; ++r) {
            const T x = row[r][k * along];
            SIMD for (int l = 0; l < COLUMNS; ++l) sum[r][l] = MULTIPLY_ADD(x, y[l], sum[r][l]);
        }
    }
}

// c = a b (+ c where `add`): rows of c are sums of rows of b, of which a block stays in registers.
static void small_product(Matrix c, Matrix a, Matrix b, int add) {
    T packed[PACKED];
    for (i64 j = 0; j < b.columns; j += COLUMNS) {
        const i64 wide = b.columns - j < COLUMNS ? b.columns - j : COLUMNS;
        // rows that may be read where they lie: a whole block wide, without going beyond the matrix's end
        i64 whole = 0;
        if (b.along == 1 && b.down > 0) {
            const i64 room = (b.rows - 1) * b.down + b.columns - j - COLUMNS;
            whole = room < 0 ? 0 : room / b.down + 1 < b.rows ? room / b.down + 1 : b.rows;
        }
        const Matrix rest = {b.at + whole * b.down, b.rows - whole, b.columns, b.down, b.along};
        if (rest.rows) pack(packed, rest, j, wide);
        for (i64 i = 0; i < c.rows; i += ROWS) {
            const i64 tall = c.rows - i < ROWS ? c.rows - i : ROWS;
            T sum[ROWS][COLUMNS];
            const T *row[ROWS];
            for (int r = 0; r < ROWS; ++r) {
                row[r] = a.at + (i + (r < tall ? r : 0)) * a.down;
                SIMD for (int l = 0; l < COLUMNS; ++l) sum[r][l] = 0;
            }
            accumulate(sum, row, a.along, b.at + j, b.down, whole);
            for (int r = 0; r < ROWS; ++r) row[r] += whole * a.along;
            accumulate(sum, row, a.along, packed, COLUMNS, rest.rows);
            for (int r = 0; r < tall; ++r) {
                T *to = c.at + (i + r) * c.down + j * c.along;
                if (add) for (i64 l = 0; l < wide; ++l) to[l * c.along] += sum[r][l];
                else if (c.along == 1 && wide == COLUMNS) SIMD for (int l = 0; l < COLUMNS; ++l) to[l] = sum[r][l];
                else if (c.along == 1) for (i64 l = 0; l < wide; ++l) to[l] = sum[r][l];
                else for (i64 l = 0; l < wide; ++l) to[l * c.along] = sum[r][l];
            }
        }
    }
}

INLINE int is_small(Matrix c, Matrix b) { return c.rows * c.columns * b.rows <= SMALL && b.rows * COLUMNS <= PACKED; }

// What is no vector's worth of rows or columns is left to OpenBLAS: there is nothing to be gained by packing.
INLINE int is_wide(Matrix c) { return OWN && c.rows >= 4 && c.columns >= 4; }

// Whether `product` can do it: OpenBLAS wants rows or columns that lie in a row.
static int can(Matrix c, Matrix a, Matrix b) {
    if (is_small(c, b) || is_wide(c)) return 1;
    return GEMM && (leading(c) || leading(transposed(c))) && (leading(a) || leading(transposed(a))) && (leading(b) || leading(transposed(b)));
}

static void product(Matrix c, Matrix a, Matrix b, int add) {
    if (!c.rows || !c.columns) return;
    if (is_small(c, b)) { small_product(c, a, b, add); return; }
    if (is_wide(c)) { blocked_product(c, a, b, add); return; }
    if (!leading(c)) { product(transposed(c), transposed(b), transposed(a), add); return; }
    const i64 la = leading(a), lb = leading(b);
    api->begin_product();
    ((Gemm)GEMM)(
        ROW_MAJOR, la ? AS_IT_IS : TRANSPOSED, lb ? AS_IT_IS : TRANSPOSED, c.rows, c.columns, b.rows, 1, a.at, la ? la : leading(transposed(a)), b.at,
        lb ? lb : leading(transposed(b)), add, c.at, leading(c));
    api->end_product();
}

// An array's last two dimensions.
INLINE Matrix matrix_of(Object *o) {
    const int d = NDIM(o);
    const size *n = SHAPE(o), *s = STRIDES(o);
    return (Matrix){(T *)DATA(o), n[d - 2], n[d - 1], s[d - 2] / (size)sizeof(T), s[d - 1] / (size)sizeof(T)};
}

// Sums of columns, a block of rows after the other, so that a long sum is one of short ones.
static UNUSED void column_sums(T *to, i64 step, Matrix g) {
    enum { WIDE = 256, TALL = 128 };
    for (i64 j = 0; j < g.columns; j += WIDE) {
        const i64 wide = g.columns - j < WIDE ? g.columns - j : WIDE;
        f64 total[WIDE];
        for (i64 l = 0; l < wide; ++l) total[l] = 0;
        for (i64 i = 0; i < g.rows; i += TALL) {
            const i64 end = i + TALL < g.rows ? i + TALL : g.rows;
            T some[WIDE];
            for (i64 l = 0; l < wide; ++l) some[l] = 0;
            for (i64 r = i; r < end; ++r) {
                const T *row = g.at + r * g.down + j * g.along;
                if (g.along == 1) SIMD for (i64 l = 0; l < wide; ++l) some[l] += row[l];
                else for (i64 l = 0; l < wide; ++l) some[l] += row[l * g.along];
            }
            SIMD for (i64 l = 0; l < wide; ++l) total[l] += some[l];
        }
        for (i64 l = 0; l < wide; ++l) to[(j + l) * step] = (T)total[l];
    }
}
