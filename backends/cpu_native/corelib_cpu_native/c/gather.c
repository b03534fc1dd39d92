// gather, scatter_set, scatter_add: an index beside each element says its place along one dimension.
//
// A walk over the index has the table beside it, whose step along that dimension is 0: the index adds it. `at[3]` has the table's step there.

static int within(char *const *at, const i64 *step, i64 n, i64 limit) {
    u64 bad = 0;
    if (step[1] == 8) {
        const i64 *p = (const i64 *)at[1];
        SIMD for (i64 i = 0; i < n; ++i) bad |= (u64)p[i] >= (u64)limit;
    } else for (i64 i = 0; i < n; ++i) bad |= (u64)*(const i64 *)(at[1] + i * step[1]) >= (u64)limit;
    return !bad;
}

typedef struct { i64 step, limit; int bad; } Along;

static void check_loop(char *const *at, const i64 *step, i64 n) {
    Along *along = (Along *)at[3];
    if (!within(at, step, n, along->limit)) along->bad = 1;
}

static void gather_loop(char *const *at, const i64 *step, i64 n) {
    const i64 by = ((const Along *)at[3])->step;
    const char *table = at[2];
    if (step[0] == W && step[1] == 8 && step[2] == 0) {
        BITS *o = (BITS *)at[0];
        const i64 *p = (const i64 *)at[1];
        for (i64 i = 0; i < n; ++i) o[i] = *(const BITS *)(table + p[i] * by);
    } else for (i64 i = 0; i < n; ++i) *(BITS *)(at[0] + i * step[0]) = *(const BITS *)(table + i * step[2] + *(const i64 *)(at[1] + i * step[1]) * by);
}

static void set_loop(char *const *at, const i64 *step, i64 n) {
    const i64 by = ((const Along *)at[3])->step;
    for (i64 i = 0; i < n; ++i) *(BITS *)(at[2] + i * step[2] + *(const i64 *)(at[1] + i * step[1]) * by) = *(const BITS *)(at[0] + i * step[0]);
}

static void add_loop(char *const *at, const i64 *step, i64 n) {
    const i64 by = ((const Along *)at[3])->step;
    for (i64 i = 0; i < n; ++i) {
        MEM *p = (MEM *)(at[2] + i * step[2] + *(const i64 *)(at[1] + i * step[1]) * by);
        STORE(p, 0, SUM(LOAD(p, 0), LOAD((const MEM *)(at[0] + i * step[0]), 0)));
    }
}

#ifdef IS_FLOAT
static void wide_loop(char *const *at, const i64 *step, i64 n) {  // into float64
    const i64 by = ((const Along *)at[3])->step;
    for (i64 i = 0; i < n; ++i) *(f64 *)(at[2] + i * step[2] + *(const i64 *)(at[1] + i * step[1]) * by) += (f64)LOAD((const MEM *)(at[0] + i * step[0]), 0);
}

static void join_loop(char *const *at, const i64 *step, i64 n) {
    for (i64 i = 0; i < n; ++i) {
        MEM *p = (MEM *)(at[0] + i * step[0]);
        STORE(p, 0, (T)((f64)LOAD(p, 0) + *(const f64 *)(at[1] + i * step[1])));
    }
}
#endif

// 1 where the arrays fit and each index is within bounds; 0 where they do not. list: out of gather, src of scatter.
static int prepare(Walk *w, Along *along, Object *list, Object *index, Object *table, i64 dim) {
    const int dims = NDIM(index);
    if (!is_array(list, KIND) || !is_array(index, I64) || !is_array(table, KIND) || NDIM(list) != dims || NDIM(table) != dims || !dims) return 0;
    if (dim < 0 || dim >= dims) return 0;
    along->step = STRIDES(table)[dim], along->limit = SHAPE(table)[dim], along->bad = 0;
    w->arrays = 4, w->dims = dims;
    for (int d = 0; d < dims; ++d) {
        if (SHAPE(list)[d] < SHAPE(index)[d] || (d != dim && SHAPE(table)[d] < SHAPE(index)[d])) return 0;
        w->sizes[d] = SHAPE(index)[d];
        w->steps[0][d] = STRIDES(list)[d], w->steps[1][d] = STRIDES(index)[d], w->steps[2][d] = d == dim ? 0 : STRIDES(table)[d], w->steps[3][d] = 0;
    }
    w->start[0] = DATA(list), w->start[1] = DATA(index), w->start[2] = DATA(table), w->start[3] = (char *)along;
    if (!numel(index)) return 1;
    Walk checked = *w;
    checked.loop = check_loop;
    for (int d = 0; d < dims; ++d) checked.steps[0][d] = STRIDES(index)[d], checked.steps[2][d] = 0;
    checked.start[0] = DATA(index);
    for (int d = 0; d < dims; ++d) if (STRIDES(index)[d] == 0) checked.sizes[d] = 1;  // repeated
    walk_order(&checked);
    walk_run(&checked, SHARED);
    return !along->bad;
}

KERNEL(gather) {
    i64 dim;
    Walk w;
    Along along;
    if (count < 4 || !int_of(args[2], &dim)) PASS;
    if (!prepare(&w, &along, args[0], args[3], args[1], dim) || !same_shape(args[0], args[3])) PASS;
    if (!numel(args[0])) DONE;
    w.loop = gather_loop;
    walk_order(&w);
    walk_run(&w, SHARED);
    DONE;
}

// Lines along the dimension of the index never meet: they may be shared, one range of the outermost of the other dimensions to each thread.
typedef struct { const Walk *w; int dim; } Lines;

static void scatter_lines(void *context, i64 begin, i64 end) {
    const Lines *lines = context;
    Walk w = *lines->w;
    w.sizes[lines->dim] = end - begin;
    for (int k = 0; k < w.arrays; ++k) w.start[k] += begin * w.steps[k][lines->dim];
    // in the index's order: as the list lies, unless it repeats itself
    i64 rows = 1;
    w.length = w.sizes[w.dims - 1], w.pieces = 1, w.piece = w.length;
    for (int k = 0; k < w.arrays; ++k) w.inner[k] = w.steps[k][w.dims - 1];
    --w.dims;
    for (int d = 0; d < w.dims; ++d) rows *= w.sizes[d];
    w.rows = rows;
    walk_pieces(&w, 0, rows);
}

static void scatter_walk(Walk *w, i64 dim, Loop loop) {
    int best = -1;
    i64 total = 1;
    for (int d = 0; d < w->dims; ++d) {
        total *= w->sizes[d];
        if (d != dim && w->sizes[d] > 1 && (best < 0 || w->sizes[d] > 8 * w->sizes[best])) best = d;
    }
    w->loop = loop;
    Lines lines = {w, best < 0 ? (int)dim : best};
    if (best < 0 || total < SHARED) scatter_lines(&lines, 0, w->sizes[lines.dim]);
    else share(w->sizes[best], PIECE / (total / w->sizes[best]) + 1, scatter_lines, &lines, total);
}

static Object *scatter(Object *const *args, size count, int add) {
    i64 dim;
    Walk w;
    Along along;
    Object *out = args[0];
    if (count != 5 || !int_of(args[2], &dim) || !is_array(out, KIND) || !is_array(args[1], KIND) || !same_shape(out, args[1])) PASS;
    if (!prepare(&w, &along, args[4], args[3], out, dim)) PASS;
    const i64 elements = numel(args[3]);
#ifdef IS_FLOAT
    // long chains, and all of half types, in float64, unless there are many more places than elements
    const i64 chain = SHAPE(args[3])[dim], places = numel(out);
    if (add && elements && chain > (W == 2 ? 1 : 32) && (places <= 8 * elements || W == 2)) {
        f64 *sums = calloc((size_t)places, 8);
        if (!sums) return no_memory();
        if (out != args[1]) copy_array(out, args[1]);
        Walk join;
        walk_out(&join, out);
        i64 step = 8;
        for (int d = w.dims - 1; d >= 0; step *= SHAPE(out)[d--]) {
            join.steps[1][d] = step, w.steps[2][d] = d == dim ? 0 : step;
            if (d == dim) along.step = step;
        }
        w.start[2] = join.start[1] = (char *)sums;
        scatter_walk(&w, dim, wide_loop);
        join.arrays = 2, join.loop = join_loop;
        walk_order(&join);
        walk_run(&join, SHARED);
        free(sums);
        DONE;
    }
#endif
    if (out != args[1]) copy_array(out, args[1]);
    if (elements) scatter_walk(&w, dim, add ? add_loop : set_loop);
    DONE;
}

KERNEL(scatter_set) { return scatter(args, count, 0); }
KERNEL(scatter_add) { return scatter(args, count, 1); }
