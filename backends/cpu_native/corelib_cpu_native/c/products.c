// Matrix products: small ones here, the others by NumPy's OpenBLAS, whose work the pool's threads share.

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

// A matrix: rows, columns, and the steps between them in elements.
typedef struct { T *at; i64 rows, columns, down, along; } Matrix;

INLINE Matrix transposed(Matrix m) { return (Matrix){m.at, m.columns, m.rows, m.along, m.down}; }

// The leading dimension of a matrix whose rows lie in a row; 0 where they do not.
INLINE i64 leading(Matrix m) {
    if (m.columns > 1 && m.along != 1) return 0;
    if (m.rows <= 1) return m.columns > 1 ? m.columns : 1;
    return m.down >= m.columns && m.down > 0 ? m.down : 0;
}

// A block of b's columns as rows of COLUMNS elements: from columns that lie in a row, four by four.
static void pack(T *to, Matrix b, i64 j, i64 wide) {
    i64 l = 0;
#if __has_builtin(__builtin_shufflevector)
    typedef T V __attribute__((vector_size(4 * sizeof(T)), aligned(sizeof(T))));
    if (b.down == 1) {
        for (; l + 4 <= wide; l += 4) {
            const T *x = b.at + (j + l) * b.along;
            i64 k = 0;
            for (; k + 4 <= b.rows; k += 4) {
                const V p = *(const V *)(x + k), q = *(const V *)(x + k + b.along), r = *(const V *)(x + k + 2 * b.along), s = *(const V *)(x + k + 3 * b.along);
                const V pq = __builtin_shufflevector(p, q, 0, 4, 1, 5), rs = __builtin_shufflevector(r, s, 0, 4, 1, 5);
                const V pq2 = __builtin_shufflevector(p, q, 2, 6, 3, 7), rs2 = __builtin_shufflevector(r, s, 2, 6, 3, 7);
                T *y = to + k * COLUMNS + l;
                *(V *)y = __builtin_shufflevector(pq, rs, 0, 1, 4, 5);
                *(V *)(y + COLUMNS) = __builtin_shufflevector(pq, rs, 2, 3, 6, 7);
                *(V *)(y + 2 * COLUMNS) = __builtin_shufflevector(pq2, rs2, 0, 1, 4, 5);
                *(V *)(y + 3 * COLUMNS) = __builtin_shufflevector(pq2, rs2, 2, 3, 6, 7);
            }
            for (; k < b.rows; ++k) for (int c = 0; c < 4; ++c) to[k * COLUMNS + l + c] = x[k + c * b.along];
        }
    }
#endif
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

// Whether `product` can do it: OpenBLAS wants rows or columns that lie in a row.
static int can(Matrix c, Matrix a, Matrix b) {
    if (is_small(c, b)) return 1;
    return GEMM && (leading(c) || leading(transposed(c))) && (leading(a) || leading(transposed(a))) && (leading(b) || leading(transposed(b)));
}

static void product(Matrix c, Matrix a, Matrix b, int add) {
    if (!c.rows || !c.columns) return;
    if (is_small(c, b)) { small_product(c, a, b, add); return; }
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

// An array seen as rows of its last dimension; 0 where its other dimensions are not one.
static int rows_of(Object *o, Matrix *m) {
    const int d = NDIM(o);
    const size *n = SHAPE(o), *s = STRIDES(o);
    i64 rows = 1, down = d > 1 ? s[d - 2] : s[d - 1] * n[d - 1];
    for (int i = d - 2; i >= 0; --i) {
        if (n[i] != 1 && rows != 1 && s[i] != down * rows) return 0;
        if (n[i] != 1 && rows == 1) down = s[i];
        rows *= n[i];
    }
    *m = (Matrix){(T *)DATA(o), rows, n[d - 1], down / (size)sizeof(T), s[d - 1] / (size)sizeof(T)};
    return 1;
}

INLINE void *let_go(i64 work) { return work > 1 << 20 ? api->release() : 0; }
INLINE void come_back(void *state) { if (state) api->acquire(state); }

KERNEL(mm) {
    if (count != 3 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !is_array(args[2], KIND)) PASS;
    if (NDIM(args[0]) != 2 || NDIM(args[1]) != 2 || NDIM(args[2]) != 2) PASS;
    const Matrix c = matrix_of(args[0]), a = matrix_of(args[1]), b = matrix_of(args[2]);
    if (a.rows != c.rows || b.columns != c.columns || a.columns != b.rows || !can(c, a, b)) PASS;
    void *state = let_go(c.rows * c.columns * b.rows);
    product(c, a, b, 0);
    come_back(state);
    DONE;
}

typedef struct { Matrix c, a, b; int dims; i64 sizes[DIMS], steps[3][DIMS]; } Batch;

static void batch_pieces(void *context, i64 begin, i64 end) {
    const Batch *w = context;
    for (i64 n = begin; n < end; ++n) {
        Matrix c = w->c, a = w->a, b = w->b;
        i64 left = n;
        for (int d = w->dims - 1; d >= 0; --d) {
            const i64 at = left % w->sizes[d];
            left /= w->sizes[d];
            c.at += at * w->steps[0][d], a.at += at * w->steps[1][d], b.at += at * w->steps[2][d];
        }
        product(c, a, b, 0);
    }
}

KERNEL(batched_matmul) {
    if (count != 3 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !is_array(args[2], KIND)) PASS;
    if (NDIM(args[0]) < 2 || NDIM(args[1]) < 2 || NDIM(args[2]) < 2) PASS;
    Batch w;
    w.c = matrix_of(args[0]), w.a = matrix_of(args[1]), w.b = matrix_of(args[2]);
    if (w.a.rows != w.c.rows || w.b.columns != w.c.columns || w.a.columns != w.b.rows || !can(w.c, w.a, w.b)) PASS;
    w.dims = NDIM(args[0]) - 2;
    i64 items = 1;
    for (int d = 0; d < w.dims; ++d) {
        items *= w.sizes[d] = SHAPE(args[0])[d];
        w.steps[0][d] = STRIDES(args[0])[d] / (size)sizeof(T);
        for (int k = 1; k < 3; ++k) {
            const int own = d - (w.dims - (NDIM(args[k]) - 2));
            if (own >= 0 && SHAPE(args[k])[own] != w.sizes[d] && SHAPE(args[k])[own] != 1) PASS;
            w.steps[k][d] = own < 0 || SHAPE(args[k])[own] == 1 ? 0 : STRIDES(args[k])[own] / (size)sizeof(T);
        }
    }
    const i64 each = w.c.rows * w.c.columns * w.b.rows;
    if (items > 1 && each <= 262144) {  // one thread's work in OpenBLAS
        share(items, 1 + 65536 / (each + 1), batch_pieces, &w, items * each / 8);
    } else {
        void *state = let_go(items * each);
        batch_pieces(&w, 0, items);
        come_back(state);
    }
    DONE;
}

KERNEL(affine) {
    if (count != 4 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !is_array(args[2], KIND)) PASS;
    const int biased = args[3] != api->none;
    if (biased && !(is_array(args[3], KIND) && NDIM(args[3]) == 1)) PASS;
    if (NDIM(args[1]) < 1 || NDIM(args[0]) < 1 || NDIM(args[2]) != 2) PASS;
    Matrix y, x;
    const Matrix w = transposed(matrix_of(args[2]));
    if (!rows_of(args[0], &y) || !rows_of(args[1], &x) || y.rows != x.rows || x.columns != w.rows || y.columns != w.columns || !can(y, x, w)) PASS;
    if (biased && SHAPE(args[3])[0] != y.columns) PASS;
    void *state = let_go(y.rows * y.columns * w.rows);
    if (biased) {
        const T *bias = (const T *)DATA(args[3]);
        const i64 step = STRIDES(args[3])[0] / (size)sizeof(T);
        for (i64 i = 0; i < y.rows; ++i) {
            T *to = y.at + i * y.down;
            if (step == 1 && y.along == 1) memcpy(to, bias, y.columns * sizeof(T));
            else for (i64 j = 0; j < y.columns; ++j) to[j * y.along] = bias[j * step];
        }
    }
    if (!w.rows && !biased) for (i64 i = 0; i < y.rows; ++i) for (i64 j = 0; j < y.columns; ++j) y.at[i * y.down + j * y.along] = 0;
    else if (w.rows) product(y, x, w, biased);
    come_back(state);
    DONE;
}

// Sums of columns, a block of rows after the other, so that a long sum is one of short ones.
static void column_sums(T *to, i64 step, Matrix g) {
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

KERNEL(linear_backward) {
    Object *outs[3], *needed[3];
    if (count != 5 || objects_of(args[0], outs, 3) != 3 || objects_of(args[4], needed, 3) != 3) PASS;
    if (!is_array(args[1], KIND) || !is_array(args[2], KIND) || !is_array(args[3], KIND) || NDIM(args[3]) != 2 || NDIM(args[1]) < 1) PASS;
    Matrix g, x, dx = {0}, dw = {0};
    const Matrix w = matrix_of(args[3]);
    if (!rows_of(args[1], &g) || !rows_of(args[2], &x) || g.rows != x.rows) PASS;
    if (!g.rows || !g.columns || !x.columns) PASS;
    const int need_x = needed[0] == api->true_, need_w = needed[1] == api->true_, need_b = needed[2] == api->true_;
    if (need_x && !(is_array(outs[0], KIND) && rows_of(outs[0], &dx) && dx.rows == g.rows && can(dx, g, w))) PASS;
    if (need_w) {
        if (!is_array(outs[1], KIND) || NDIM(outs[1]) != 2) PASS;
        dw = matrix_of(outs[1]);
        if (!can(dw, transposed(g), x)) PASS;
    }
    if (need_b && !is_array(outs[2], KIND)) PASS;
    void *state = let_go(g.rows * g.columns * x.columns);
    if (need_x) product(dx, g, w, 0);
    if (need_w) product(dw, transposed(g), x, 0);
    if (need_b) column_sums((T *)DATA(outs[2]), STRIDES(outs[2])[0] / (size)sizeof(T), g);
    come_back(state);
    DONE;
}

KERNEL(addmm) {
    f64 beta, alpha;
    if (count != 6 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !is_array(args[2], KIND) || !is_array(args[3], KIND)) PASS;
    if (NDIM(args[0]) != 2 || NDIM(args[2]) != 2 || NDIM(args[3]) != 2) PASS;
    if (!float_of(args[4], &beta) || !float_of(args[5], &alpha) || beta != 1 || alpha != 1 || NDIM(args[1]) > 2 || NDIM(args[1]) < 1) PASS;
    const Matrix c = matrix_of(args[0]), a = matrix_of(args[2]), b = matrix_of(args[3]);
    if (a.rows != c.rows || b.columns != c.columns || a.columns != b.rows || !b.rows || !can(c, a, b)) PASS;
    Object *in = args[1];
    if (in != args[0]) {
        const int d = NDIM(in);
        const size *n = SHAPE(in), *s = STRIDES(in);
        const i64 down = d < 2 || n[0] == 1 ? 0 : s[0], along = n[d - 1] == 1 ? 0 : s[d - 1];
        if ((d == 2 && n[0] != 1 && n[0] != c.rows) || (n[d - 1] != 1 && n[d - 1] != c.columns)) PASS;
        for (i64 i = 0; i < c.rows; ++i)
            for (i64 j = 0; j < c.columns; ++j) c.at[i * c.down + j * c.along] = *(const T *)(DATA(in) + i * down + j * along);
    }
    void *state = let_go(c.rows * c.columns * b.rows);
    product(c, a, b, 1);
    come_back(state);
    DONE;
}

KERNEL(mv) {
    if (count != 3 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !is_array(args[2], KIND)) PASS;
    if (NDIM(args[0]) != 1 || NDIM(args[1]) != 2 || NDIM(args[2]) != 1 || SHAPE(args[1])[1] != SHAPE(args[2])[0]) PASS;
    const Matrix a = matrix_of(args[1]);
    const Matrix x = {(T *)DATA(args[2]), a.columns, 1, STRIDES(args[2])[0] / (size)sizeof(T), 1};
    const Matrix y = {(T *)DATA(args[0]), a.rows, 1, STRIDES(args[0])[0] / (size)sizeof(T), 1};
    if (!is_small(y, x)) PASS;
    small_product(y, a, x, 0);
    DONE;
}
