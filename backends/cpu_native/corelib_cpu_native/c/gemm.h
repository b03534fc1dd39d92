// A matrix product c = a b (+ c), blocked for the caches. Its columns are taken in panels, whose part of b is packed and stays in the first level's
// cache; rows of a are read where they lie, or packed where their elements do not follow each other.
// Where it is cut depends on sizes and layouts only, and so does what is added up in which order.

// Four rows of n elements to n rows of four, four by four; how many it did.
INLINE i64 turn4(T *y, i64 ystep, const T *x, i64 xstep, i64 n) {
    i64 k = 0;
#if __has_builtin(__builtin_shufflevector)
    typedef T Q __attribute__((vector_size(4 * sizeof(T)), aligned(sizeof(T))));
    for (; k + 4 <= n; k += 4, y += 4 * ystep) {
        const Q p = *(const Q *)(x + k), q = *(const Q *)(x + k + xstep), r = *(const Q *)(x + k + 2 * xstep), s = *(const Q *)(x + k + 3 * xstep);
        const Q pq = __builtin_shufflevector(p, q, 0, 4, 1, 5), rs = __builtin_shufflevector(r, s, 0, 4, 1, 5);
        const Q pq2 = __builtin_shufflevector(p, q, 2, 6, 3, 7), rs2 = __builtin_shufflevector(r, s, 2, 6, 3, 7);
        *(Q *)y = __builtin_shufflevector(pq, rs, 0, 1, 4, 5);
        *(Q *)(y + ystep) = __builtin_shufflevector(pq, rs, 2, 3, 6, 7);
        *(Q *)(y + 2 * ystep) = __builtin_shufflevector(pq2, rs2, 0, 1, 4, 5);
        *(Q *)(y + 3 * ystep) = __builtin_shufflevector(pq2, rs2, 2, 3, 6, 7);
    }
#endif
    return k;
}

// Every second of 2 n - 1 elements, four by four; whether it did.
INLINE int each_second(T *y, const T *x, i64 n) {
#if __has_builtin(__builtin_shufflevector)
    typedef T Q __attribute__((vector_size(4 * sizeof(T)), aligned(sizeof(T))));
    for (i64 i = 0; n >= 4 && i < n; i += 4) {
        if (i + 4 > n) i = n - 4;
        *(Q *)(y + i) = __builtin_shufflevector(*(const Q *)(x + 2 * i), *(const Q *)(x + 2 * i + 3), 0, 2, 5, 7);
    }
    return n >= 4;
#else
    return 0;
#endif
}

#if defined(__AVX512F__) || defined(__aarch64__)
enum { HIGH = 8 };
#else
enum { HIGH = 4 };
#endif
typedef T Vec __attribute__((vector_size(VECTOR), aligned(__alignof__(T)), may_alias));
#if defined(__AVX512F__)
#define OWN 1
#else
#define OWN 0  // what is there may be as quick
#endif
enum { LANES_ = VECTOR / sizeof(T), ACROSS_ = 3, PANEL = ACROSS_ * LANES_, DEEP = 192, MOST_ROWS = 256, PANELS = 4, NEAR = 32768 / sizeof(T) };
// PANELS: of a task, at least; NEAR: elements of a matrix that is not packed, for it stays in the first level's cache as it lies

// What is multiplied: numbers, unless pairs.h comes before.
#ifndef PAIRS
#define EVERY(at) (*(at) - (Vec){0})
#define PLUS_PRODUCT(sum, x, y) ((sum) + (x) * (y))
INLINE f64 single_product(const T *x, const T *y) { return (f64)*x * *y; }
#endif

// A matrix: rows, columns, and the steps between them in elements.
typedef struct { T *at; i64 rows, columns, down, along; } Matrix;

INLINE Matrix transposed(Matrix m) { return (Matrix){m.at, m.columns, m.rows, m.along, m.down}; }

// R rows of N vectors: sums over k of a[r][k] * b[k], stored into c or added to it.
#define BLOCK(R, N) \
    static FUSED void block_##R##_##N(i64 n, const T *a, i64 ra, i64 ka, const T *b, i64 kb, T *c, i64 step, int add) { \
        FUSE Vec sum[R][N]; \
        _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) _Pragma("GCC unroll 8") for (int v = 0; v < N; ++v) __builtin_prefetch(c + r * step + v * LANES_, 1), sum[r][v] = (Vec){0}; \
        for (i64 k = 0; k < n; ++k, a += ka, b += kb) { \
            Vec y[N]; \
            _Pragma("GCC unroll 8") for (int v = 0; v < N; ++v) y[v] = *(const Vec *)(b + v * LANES_); \
            _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) { \
                const Vec x = EVERY(a + r * ra); \
                _Pragma("GCC unroll 8") for (int v = 0; v < N; ++v) sum[r][v] = PLUS_PRODUCT(sum[r][v], x, y[v]); \
            } \
        } \
        _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) _Pragma("GCC unroll 8") for (int v = 0; v < N; ++v) { \
            Vec *at = (Vec *)(c + r * step + v * LANES_); \
            if (add) *at += sum[r][v]; \
            else *at = sum[r][v]; \
        } \
    }
#define BLOCKS(R) BLOCK(R, 1) BLOCK(R, 2) BLOCK(R, 3)
#define BLOCKS_OF(R) {block_##R##_1, block_##R##_2, block_##R##_3}
typedef void (*Block)(i64 n, const T *a, i64 ra, i64 ka, const T *b, i64 kb, T *c, i64 step, int add);
BLOCKS(1) BLOCKS(2) BLOCKS(4)
#if defined(__AVX512F__) || defined(__aarch64__)
BLOCKS(8)
static const Block blocks[][ACROSS_] = {BLOCKS_OF(1), BLOCKS_OF(2), BLOCKS_OF(4), BLOCKS_OF(8)};
#else
static const Block blocks[][ACROSS_] = {BLOCKS_OF(1), BLOCKS_OF(2), BLOCKS_OF(4)};
#endif

INLINE void copy_in_vectors(T *to, const T *from, i64 n) {
    i64 l = 0;
    for (; l + LANES_ <= n; l += LANES_) *(Vec *)(to + l) = *(const Vec *)(from + l);
    if (l < n) for (int i = 0; i < LANES_; ++i) if (i < n - l) to[l + i] = from[l + i];
}

// to[i * tostep + j] = m[i][j], for a matrix that lies either way.
static UNUSED void copy_matrix(T *to, i64 tostep, Matrix m) {
    i64 j = 0;
    if (m.along == 1) {
        for (i64 i = 0; i < m.rows; ++i, to += tostep) copy_in_vectors(to, m.at + i * m.down, m.columns);
        return;
    }
    if (m.down == 1)
        for (; j + 4 <= m.columns; j += 4) {
            const T *x = m.at + j * m.along;
            for (i64 i = turn4(to + j, tostep, x, m.along, m.rows); i < m.rows; ++i) for (int c = 0; c < 4; ++c) to[i * tostep + j + c] = x[i + c * m.along];
        }
    for (; j < m.columns; ++j) for (i64 i = 0; i < m.rows; ++i) to[i * tostep + j] = m.at[i * m.down + j * m.along];
}

typedef struct { Matrix c, a, b; i64 rows, panels, columns, deep; int add; } Product;

INLINE Matrix part_of(Matrix m, i64 row, i64 rows, i64 column, i64 columns) {
    return (Matrix){m.at + row * m.down + column * m.along, rows, columns, m.down, m.along};
}

// One panel: a's rows (packed: by HIGH, one behind the other) times a packed part of b, into to.
static void panel_rows(i64 rows, i64 n, const T *a, i64 ra, i64 ka, i64 block, const T *b, i64 kb, int vectors, T *to, i64 step, int add) {
    i64 i = 0;
    for (; i + HIGH <= rows; i += HIGH) blocks[HIGH == 8 ? 3 : 2][vectors - 1](n, a + i / HIGH * block, ra, ka, b, kb, to + i * step, step, add);
    a += i / HIGH * block;
    for (int bit = HIGH == 8 ? 2 : 1; bit >= 0; --bit) {
        if (!((rows - i) & 1 << bit)) continue;
        blocks[bit][vectors - 1](n, a, ra, ka, b, kb, to + i * step, step, add);
        a += ra << bit, i += (i64)1 << bit;
    }
}

// Rows by HIGH, one block behind the other, the elements of a column side by side.
static void pack_rows(T *to, Matrix a) {
    i64 r = 0;
    for (; a.down == 1 && r + 4 * HIGH <= a.rows; r += 4 * HIGH)  // four at a time, for their places in the cache may be the same
        for (i64 k = 0; k < a.columns; ++k)
            for (int i = 0; i < 4; ++i) memcpy(to + (r + i * HIGH) * a.columns + k * HIGH, a.at + k * a.along + r + i * HIGH, HIGH * sizeof(T));
    for (; r < a.rows; r += HIGH) copy_matrix(to + r * a.columns, HIGH, transposed(part_of(a, r, a.rows - r < HIGH ? a.rows - r : HIGH, 0, a.columns)));
}

static void plain_product(Matrix c, Matrix a, Matrix b, int add) {
    for (i64 i = 0; i < c.rows; ++i)
        for (i64 j = 0; j < c.columns; ++j) {
            f64 sum = 0;
            for (i64 k = 0; k < b.rows; ++k) sum += single_product(a.at + i * a.down + k * a.along, b.at + k * b.down + j * b.along);
            c.at[i * c.down + j * c.along] = (add ? c.at[i * c.down + j * c.along] : 0) + (T)sum;
        }
}

INLINE i64 panel_vectors(i64 columns) {
    const i64 n = (columns + LANES_ - 1) / LANES_;
    return n == ACROSS_ + 1 ? n / 2 : n < ACROSS_ ? n : ACROSS_;
}

// Some rows and panels (item) of a product.
static void product_task(void *context, i64 begin, i64 end) {
    const Product *p = context;
    const i64 K = p->b.rows, across = (p->b.columns + p->columns - 1) / p->columns;
    for (i64 item = begin; item < end; ++item) {
        const i64 i = item / across * p->rows, j = item % across * p->columns;
        const i64 rows = p->c.rows - i < p->rows ? p->c.rows - i : p->rows, columns = p->c.columns - j < p->columns ? p->c.columns - j : p->columns;
        const Matrix c = part_of(p->c, i, rows, j, columns), a = part_of(p->a, i, rows, 0, K), b = part_of(p->b, 0, K, j, columns);
        const int packed = a.along != 1 && rows > 1, turned = c.along != 1;
        const int direct = b.along == 1 && (rows <= 2 * HIGH || (b.down > 0 && K * b.down <= NEAR));
        const i64 of_b = p->deep * PANEL, of_a = packed ? (rows + HIGH - 1) / HIGH * HIGH * p->deep : 0, of_c = rows * PANEL;
        T *room = (T *)take((of_b + of_a + of_c) * (i64)sizeof(T));
        if (!room) { plain_product(c, a, b, p->add); continue; }
        T *pack_b = room, *pack_a = pack_b + of_b, *sums = pack_a + of_a;
        // where c lies the other way its panels are summed up beside it, and each is one after the other; else each part of a is packed once
        for (i64 from = 0, stop; from < columns; from = stop) {
            stop = turned ? from + panel_vectors(columns - from) * LANES_ : columns;
            if (stop > columns) stop = columns;
            for (i64 k = 0, n; k < K; k += n) {
                n = K - k < p->deep ? K - k : p->deep;
                if (packed) pack_rows(pack_a, part_of(a, 0, rows, k, n));
                const T *x = packed ? pack_a : a.at + k * a.along;
                const i64 ra = packed ? 1 : a.down, ka = packed ? HIGH : a.along, block = packed ? HIGH * n : HIGH * a.down;
                for (i64 q = from, wide; q < stop; q += wide) {
                    const i64 vectors = panel_vectors(stop - q);
                    wide = stop - q < vectors * LANES_ ? stop - q : vectors * LANES_;
                    const int whole = wide == vectors * LANES_;
                    const T *y = pack_b;
                    i64 kb = vectors * LANES_;
                    if (direct && whole) y = b.at + k * b.down + q, kb = b.down;
                    else {
                        if (!whole) for (i64 l = 0; l < n; ++l) *(Vec *)(pack_b + (l + 1) * kb - LANES_) = (Vec){0};
                        copy_matrix(pack_b, kb, part_of(b, k, n, q, wide));
                    }
                    if (whole && !turned) { panel_rows(rows, n, x, ra, ka, block, y, kb, (int)vectors, c.at + q, c.down, p->add || k); continue; }
                    panel_rows(rows, n, x, ra, ka, block, y, kb, (int)vectors, sums, PANEL, turned && k);
                    if (turned && k + n < K) continue;
                    const Matrix to = part_of(c, 0, rows, q, wide);
                    if (turned && c.down == 1 && !p->add) copy_matrix(to.at, to.along, transposed((Matrix){sums, rows, wide, PANEL, 1}));
                    else
                        for (i64 r = 0; r < rows; ++r)
                            for (i64 l = 0; l < wide; ++l) {
                                T *at = to.at + r * to.down + l * to.along;
                                *at = p->add || (!turned && k) ? *at + sums[r * PANEL + l] : sums[r * PANEL + l];
                            }
                }
            }
        }
        put((char *)room);
    }
}

// How much is moved beside the work itself, when b is what is packed.
INLINE i64 moved(Matrix a, Matrix b) {
    return ((a.rows + MOST_ROWS - 1) / MOST_ROWS * b.columns * (b.along == 1 ? 1 : 4) + (a.along == 1 ? 0 : a.rows * 2)) * b.rows;
}

static UNUSED void blocked_product(Matrix c, Matrix a, Matrix b, int add) {
    const i64 cells = c.rows * c.columns * 4, as_is = moved(a, b) + (c.along == 1 ? 0 : cells);
    if (moved(transposed(b), transposed(a)) + (c.down == 1 ? 0 : cells) < as_is) {
        const Matrix old = a;
        a = transposed(b), b = transposed(old), c = transposed(c);
    }
    Product p = {c, a, b};
    p.add = add;
    const i64 parts = (c.rows + MOST_ROWS - 1) / MOST_ROWS, deep = (b.rows + DEEP - 1) / DEEP;
    p.rows = ((c.rows + parts - 1) / parts + HIGH - 1) / HIGH * HIGH;
    p.columns = PANELS * PANEL;
    while (parts * ((c.columns + p.columns - 1) / p.columns) > 32) p.columns *= 2;
    const i64 across = (c.columns + p.columns - 1) / p.columns;  // of nearly one size
    p.columns = ((c.columns + across - 1) / across + PANEL - 1) / PANEL * PANEL;
    p.deep = (b.rows + deep - 1) / deep;
    const i64 tasks = (c.rows + p.rows - 1) / p.rows * ((c.columns + p.columns - 1) / p.columns);
    if (tasks > 1 && c.rows * c.columns * b.rows > 1 << 20) api->parallel(tasks, 1, product_task, &p);
    else product_task(&p, 0, tasks);
}
