// softmax(scale q k') v, some rows of q at a time: their scores stay in the cache. Rows that may not see what comes later do not compute it.
enum { SCORES = 1 << 16, LEAST_ROWS = 16, ROWS_AT_ONCE = 256 };

typedef struct {
    Matrix out, q, k, v;
    int dims, causal;
    i64 sizes[DIMS], steps[4][DIMS], rows, blocks;
    T scale;
    int failed;
} Attention;

static void attention_task(void *context, i64 begin, i64 end) {
    Attention *a = context;
    const i64 width = a->q.columns, all = a->k.rows;
    T *room = (T *)take(a->rows * (width + all) * (i64)sizeof(T));
    if (!room) { __atomic_store_n(&a->failed, 1, __ATOMIC_RELAXED); return; }
    T *scaled = room, *scores = room + a->rows * width;
    for (i64 item = begin; item < end; ++item) {
        Matrix m[4] = {a->out, a->q, a->k, a->v};
        i64 left = item / a->blocks;
        const i64 first = item % a->blocks * a->rows, rows = a->q.rows - first < a->rows ? a->q.rows - first : a->rows;
        for (int d = a->dims - 1; d >= 0; --d) {
            for (int i = 0; i < 4; ++i) m[i].at += left % a->sizes[d] * a->steps[i][d];
            left /= a->sizes[d];
        }
        const i64 seen = a->causal && first + rows < all ? first + rows : all;
        copy_matrix(scaled, width, part_of(m[1], first, rows, 0, width));
        SIMD for (i64 i = 0; i < rows * width; ++i) scaled[i] *= a->scale;
        blocked_product((Matrix){scores, rows, seen, seen, 1}, (Matrix){scaled, rows, width, width, 1}, transposed(part_of(m[2], 0, seen, 0, width)), 0);
        for (i64 r = 0; r < rows; ++r) {
            const i64 n = a->causal && first + r + 1 < seen ? first + r + 1 : seen;
            T *line = scores + r * seen;
            soft_line(line, line, n, SAFE);
            for (i64 j = n; j < seen; ++j) line[j] = 0;
        }
        blocked_product(part_of(m[0], first, rows, 0, a->v.columns), (Matrix){scores, rows, seen, seen, 1}, part_of(m[3], 0, seen, 0, a->v.columns), 0);
    }
    put((char *)room);
}

KERNEL(attention) {
    Attention a = {0};
    f64 scale;
    if (!OWN || count != 7 || args[4] != api->none || !float_of(args[6], &scale) || (args[5] != api->true_ && args[5] != api->false_)) PASS;
    Matrix *const m[4] = {&a.out, &a.q, &a.k, &a.v};
    a.dims = NDIM(args[0]) - 2, a.causal = args[5] == api->true_, a.scale = (T)scale;
    i64 items = 1;
    for (int i = 0; i < 4; ++i) {
        if (!is_array(args[i], KIND) || NDIM(args[i]) != a.dims + 2 || a.dims < 0 || !numel(args[i])) PASS;
        const size *n = SHAPE(args[i]), *s = STRIDES(args[i]);
        for (int d = 0; d < a.dims; ++d) {
            if (n[d] != SHAPE(args[0])[d]) PASS;
            a.sizes[d] = n[d], a.steps[i][d] = s[d] / (size)sizeof(T);
            items *= i ? 1 : n[d];
        }
        const int d = a.dims;
        *m[i] = (Matrix){(T *)DATA(args[i]), n[d], n[d + 1], s[d] / (size)sizeof(T), s[d + 1] / (size)sizeof(T)};
    }
    if (a.out.rows != a.q.rows || a.out.columns != a.v.columns || a.q.columns != a.k.columns || a.k.rows != a.v.rows) PASS;
    i64 most = SCORES / a.k.rows / LEAST_ROWS * LEAST_ROWS;
    most = most < LEAST_ROWS ? LEAST_ROWS : most > ROWS_AT_ONCE ? ROWS_AT_ONCE : most;
    a.blocks = (a.q.rows + most - 1) / most;
    a.rows = (a.q.rows + a.blocks - 1) / a.blocks;
    share(items * a.blocks, 1, attention_task, &a, items * a.q.rows * a.k.rows);
    if (a.failed) return no_memory();
    DONE;
}
