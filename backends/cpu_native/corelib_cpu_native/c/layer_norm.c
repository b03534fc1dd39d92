// layer_norm and its derivative, row by row: a row is read from memory once and stays in cache while its mean, its variance and the rest are made.
// What weight and bias get is summed over rows: in blocks of them, and the blocks in float64.
typedef struct { i64 n, rows, along; int dims; i64 sizes[DIMS], steps[DIMS]; char *data; } Rows;

// Two or more of an array's dimensions as one; the number that is left.
static int merged(int dims, const size *shape, const size *strides, i64 *sizes, i64 *steps) {
    int made = 0;
    for (int d = 0; d < dims; ++d) {
        if (shape[d] == 1) continue;
        if (made && steps[made - 1] == strides[d] * shape[d]) sizes[made - 1] *= shape[d], steps[made - 1] = strides[d];
        else sizes[made] = shape[d], steps[made++] = strides[d];
    }
    return made;
}

// An array as rows, of its last dimensions; 0 where these are not one step apart.
static int rows_of(Rows *r, Object *o, int last) {
    i64 sizes[DIMS], steps[DIMS];
    const int first = NDIM(o) - last;
    if (!is_array(o, KIND) || first < 0) return 0;
    const int inner = merged(last, SHAPE(o) + first, STRIDES(o) + first, sizes, steps);
    if (inner > 1) return 0;
    r->n = inner ? sizes[0] : 1, r->along = inner ? steps[0] : (i64)sizeof(MEM);
    r->dims = merged(first, SHAPE(o), STRIDES(o), r->sizes, r->steps);
    r->rows = 1, r->data = DATA(o);
    for (int d = 0; d < r->dims; ++d) r->rows *= r->sizes[d];
    return 1;
}
INLINE char *row_at(const Rows *r, i64 i) {
    if (r->dims == 1) return r->data + i * r->steps[0];
    char *p = r->data;
    for (int d = r->dims - 1; d >= 0; --d) p += i % r->sizes[d] * r->steps[d], i /= r->sizes[d];
    return p;
}
INLINE const T *values_of(const Rows *r, i64 i, T *room) {
    const char *p = row_at(r, i);
    if (in_a_row(r->along, r->n)) return (const T *)p;
    load_line(room, p, r->along, r->n);
    return room;
}

enum { PART = 4096 };
VECTOR_SUM(part_sum, (const T *x, i64 n), AT(x))
VECTOR_SUM(part_squares, (const T *x, i64 n, T mean), ((AT(x) - mean) * (AT(x) - mean)))
static f64 sum_of(const T *x, i64 n) {
    f64 total = 0;
    for (i64 i = 0; i < n; i += PART) total += part_sum(x + i, n - i < PART ? n - i : PART);
    return total;
}
static f64 squares_of(const T *x, i64 n, T mean) {
    f64 total = 0;
    for (i64 i = 0; i < n; i += PART) total += part_squares(x + i, n - i < PART ? n - i : PART, mean);
    return total;
}
INLINE void statistics_of(const T *x, i64 n, f64 eps, T *mean, T *scale) {
    *mean = (T)(sum_of(x, n) / (f64)n);
    *scale = (T)(1 / __builtin_sqrt(squares_of(x, n, *mean) / (f64)n + eps));
}

// A weight or bias as values; `made` is what has to be freed. 0 where it is none that can be used.
static int parameter_of(Object *o, i64 n, const T **found, T **made) {
    i64 sizes[DIMS], steps[DIMS];
    *found = 0, *made = 0;
    if (o == api->none) return 1;
    if (!is_array(o, KIND) || numel(o) != n || merged(NDIM(o), SHAPE(o), STRIDES(o), sizes, steps) > 1) return 0;
    const i64 along = n > 1 ? steps[0] : (i64)sizeof(MEM);
    if (in_a_row(along, n)) { *found = (const T *)DATA(o); return 1; }
    *made = malloc(n * sizeof(T));
    if (!*made) return 0;
    load_line(*made, DATA(o), along, n);
    *found = *made;
    return 1;
}

typedef struct { Line l; Rows out, in, g; const T *weight, *bias; f64 eps; f64 *parts; i64 grain; } Norm;

static void norm_rows(void *context, i64 begin, i64 end) {
    Norm *c = context;
    const i64 n = c->in.n;
    const int there = in_a_row(c->out.along, n);
    const T *weight = c->weight, *bias = c->bias;
    T own[ROOM], *room = room_of(&c->l, own, n), mean, scale;
    if (!room) return;
    for (i64 i = begin; i < end; ++i) {
        const T *x = values_of(&c->in, i, room);
        char *out = row_at(&c->out, i);
        T *y = there ? (T *)out : room;
        statistics_of(x, n, c->eps, &mean, &scale);
        if (weight && bias) { SIMD for (i64 j = 0; j < n; ++j) y[j] = (x[j] - mean) * scale * weight[j] + bias[j]; }
        else if (weight) { SIMD for (i64 j = 0; j < n; ++j) y[j] = (x[j] - mean) * scale * weight[j]; }
        else if (bias) { SIMD for (i64 j = 0; j < n; ++j) y[j] = (x[j] - mean) * scale + bias[j]; }
        else { SIMD for (i64 j = 0; j < n; ++j) y[j] = (x[j] - mean) * scale; }
        if (!there) store_line(out, c->out.along, n, y);
    }
    if (room != own) free(room);
}

KERNEL(layer_norm) {
    Norm c;
    i64 shape[DIMS];
    T *made[2] = {0, 0};
    if (count != 6 || !float_of(args[5], &c.eps)) PASS;
    const int last = ints_of(args[2], shape, DIMS);
    if (last < 1 || !rows_of(&c.out, args[0], last) || !rows_of(&c.in, args[1], last)) PASS;
    if (c.out.n != c.in.n || c.out.rows != c.in.rows) PASS;
    if (!numel(args[0])) DONE;
    const int known = parameter_of(args[3], c.in.n, &c.weight, &made[0]) && parameter_of(args[4], c.in.n, &c.bias, &made[1]);
    c.l.failed = 0;
    if (known) share(c.in.rows, PIECE / c.in.n > 1 ? PIECE / c.in.n : 1, norm_rows, &c, c.in.rows * c.in.n);
    free(made[0]), free(made[1]);
    if (!known) PASS;
    if (c.l.failed) return no_memory();
    DONE;
}

// dx = (gw - mean(gw) - hat mean(gw hat)) scale, where gw = g weight and hat = (x - mean) scale; dw = sum(g hat) and db = sum(g) over rows.
static void slope_rows(void *context, i64 begin, i64 end) {
    enum { BLOCK_ROWS = 64 };
    Norm *c = context;
    const i64 n = c->in.n;
    const int there = c->out.data && in_a_row(c->out.along, n);
    const T *weight = c->weight;
    T *room = malloc(4 * n * sizeof(T)), *of_weight = room + 2 * n, *of_bias = room + 3 * n, mean, scale;
    if (!room) { c->l.failed = 1; return; }
    f64 *parts = c->parts ? c->parts + begin / c->grain * 2 * n : 0;
    memset(of_weight, 0, 2 * n * sizeof(T));
    for (i64 i = begin; i < end; ++i) {
        const T *x = values_of(&c->in, i, room), *g = values_of(&c->g, i, room + n);
        f64 total = 0, along = 0;
        statistics_of(x, n, c->eps, &mean, &scale);
        for (i64 k = 0; k < n; k += PART) {
            const i64 stop = n - k > PART ? k + PART : n;
            T a = 0, b = 0;
            if (weight) {
                PRAGMA(omp simd reduction(+ : a, b))
                for (i64 j = k; j < stop; ++j) {
                    const T hat = (x[j] - mean) * scale, gw = g[j] * weight[j];
                    a += gw, b += gw * hat, of_weight[j] += g[j] * hat, of_bias[j] += g[j];
                }
            } else {
                PRAGMA(omp simd reduction(+ : a, b))
                for (i64 j = k; j < stop; ++j) {
                    const T hat = (x[j] - mean) * scale, gh = g[j] * hat;
                    a += g[j], b += gh, of_weight[j] += gh, of_bias[j] += g[j];
                }
            }
            total += a, along += b;
        }
        if (c->out.data) {
            char *out = row_at(&c->out, i);
            T *y = there ? (T *)out : room;
            const T s = (T)(total / (f64)n), t = (T)(along / (f64)n);
            if (weight) { SIMD for (i64 j = 0; j < n; ++j) y[j] = (g[j] * weight[j] - s - (x[j] - mean) * scale * t) * scale; }
            else { SIMD for (i64 j = 0; j < n; ++j) y[j] = (g[j] - s - (x[j] - mean) * scale * t) * scale; }
            if (!there) store_line(out, c->out.along, n, y);
        }
        if (parts && ((i - begin) % BLOCK_ROWS == BLOCK_ROWS - 1 || i == end - 1)) {
            for (i64 j = 0; j < n; ++j) parts[j] += of_weight[j], parts[n + j] += of_bias[j];
            memset(of_weight, 0, 2 * n * sizeof(T));
        }
    }
    free(room);
}

KERNEL(layer_norm_backward) {
    Norm c;
    Object *outs[3], *needs[3];
    i64 shape[DIMS];
    T *made = 0;
    Rows sums[2];
    if (count != 7 || objects_of(args[0], outs, 3) != 3 || objects_of(args[6], needs, 3) != 3 || !float_of(args[5], &c.eps)) PASS;
    const int last = ints_of(args[3], shape, DIMS);
    if (last < 1 || !rows_of(&c.g, args[1], last) || !rows_of(&c.in, args[2], last) || !rows_of(&c.out, outs[0], last)) PASS;
    for (int k = 0; k < 2; ++k) if (!rows_of(&sums[k], outs[k + 1], last) || sums[k].n != c.in.n) PASS;
    if (c.g.n != c.in.n || c.g.rows != c.in.rows || c.out.n != c.in.n || c.out.rows != c.in.rows) PASS;
    const i64 n = c.in.n, rows = numel(args[2]) ? c.in.rows : 0;
    if (!rows) PASS;
    if (!parameter_of(args[4], n, &c.weight, &made)) PASS;
    c.l.failed = 0, c.parts = 0;
    c.grain = PIECE / n > 32 ? PIECE / n : 32;
    if (needs[0] != api->true_) c.out.data = 0;
    const int summed = needs[1] == api->true_ || needs[2] == api->true_;
    const i64 parts = (rows + c.grain - 1) / c.grain;
    if (summed) c.parts = calloc(parts * 2 * n, sizeof(f64)), c.l.failed = !c.parts;
    if (!c.l.failed) share(rows, c.grain, slope_rows, &c, 2 * rows * n);
    if (!c.l.failed && summed) {
        for (i64 p = 1; p < parts; ++p) for (i64 j = 0; j < 2 * n; ++j) c.parts[j] += c.parts[p * 2 * n + j];
        for (int k = 0; k < 2; ++k) {
            if (needs[k + 1] != api->true_) continue;
            char *to = sums[k].data;
            for (i64 j = 0; j < n; ++j) STORE((MEM *)(to + j * sums[k].along), 0, (T)c.parts[k * n + j]);
        }
    }
    free(made), free(c.parts);
    if (c.l.failed) return no_memory();
    DONE;
}
