// softmax, its logarithm, and the derivatives of both.
static void soft_loop(char *const *at, const i64 *step, i64 lines) {
    Line *l = (Line *)at[2];
    soft_lines(l, at, step, lines, l->how);
}

static Object *soft(Object *const *args, int how) {
    Walk w;
    Line l;
    i64 dim;
    if (!is_array(args[0], KIND) || !is_array(args[1], KIND) || !int_of(args[2], &dim) || !NDIM(args[0])) PASS;
    if (!lines_add(&w, &l, 0, args[0], dim, 0) || !lines_add(&w, &l, 1, args[1], dim, 0)) PASS;
    if (!numel(args[0])) DONE;
    l.how = how, w.loop = soft_loop;
    if (!lines_run(&w, &l, 1)) return 0;
    DONE;
}
KERNEL(softmax_along) { if (count != 3) PASS; return soft(args, SOFT); }
KERNEL(safe_softmax_along) { if (count != 3) PASS; return soft(args, SAFE); }
KERNEL(log_softmax_along) { if (count != 3) PASS; return soft(args, LOG); }

// The derivatives: y (g - sum(g y)), and g - exp(y) sum(g).
VECTOR_SUM(part_products, (const T *x, const T *y, i64 n), (AT(x) * AT(y)))
static void slope_line(T *out, const T *g, const T *y, i64 n, int how) {
    f64 total = 0;
    for (i64 i = 0; i < n; i += BLOCK_) {
        const i64 m = n - i > BLOCK_ ? BLOCK_ : n - i;
        total += how == LOG ? part_sum(g + i, m) : part_products(g + i, y + i, m);
    }
    const T s = (T)total;
    if (how == LOG) { SIMD for (i64 i = 0; i < n; ++i) out[i] = g[i] - exp_normal(y[i]) * s; }
    else { SIMD for (i64 i = 0; i < n; ++i) out[i] = y[i] * (g[i] - s); }
}

static void slope_columns(char *out, char *const *at, const i64 *along, i64 from, i64 n, i64 w, int how) {
    T sum[COLUMNS];
    for (i64 j = 0; j < w; ++j) sum[j] = 0;
    for (int pass = 0; pass < 2; ++pass) {
        for (i64 i = 0; i < n; ++i) {
            const MEM *g = (const MEM *)(at[1] + i * along[1]) + from, *y = (const MEM *)(at[2] + i * along[2]) + from;
            MEM *to = (MEM *)(out + i * along[0]) + from;
            if (!pass && how == LOG) { SIMD for (i64 j = 0; j < w; ++j) sum[j] += LOAD(g, j); }
            else if (!pass) { SIMD for (i64 j = 0; j < w; ++j) sum[j] += LOAD(g, j) * LOAD(y, j); }
            else if (how == LOG) { SIMD for (i64 j = 0; j < w; ++j) STORE(to, j, LOAD(g, j) - exp_normal(LOAD(y, j)) * sum[j]); }
            else { SIMD for (i64 j = 0; j < w; ++j) STORE(to, j, LOAD(y, j) * (LOAD(g, j) - sum[j])); }
        }
    }
}

static void slope_loop(char *const *at, const i64 *step, i64 lines) {
    Line *l = (Line *)at[3];
    const i64 n = l->n;
    if (lines > 1 && n > 1 && step[0] == sizeof(MEM) && step[1] == sizeof(MEM) && step[2] == sizeof(MEM)) {
        for (i64 i = 0; i < lines; i += COLUMNS) slope_columns(at[0], at, l->along, i, n, lines - i < COLUMNS ? lines - i : COLUMNS, l->how);
        return;
    }
    int there[3], all = 1;
    for (int k = 0; k < 3; ++k) all &= there[k] = in_a_row(l->along[k], n);
    T own[ROOM], *room = all ? own : room_of(l, own, 2 * n);
    if (!room) return;
    for (i64 i = 0; i < lines; ++i) {
        const T *x[3];
        for (int k = 1; k < 3; ++k) {
            const char *p = at[k] + i * step[k];
            if (there[k]) x[k] = (const T *)p;
            else load_line(room + (k - 1) * n, p, l->along[k], n), x[k] = room + (k - 1) * n;
        }
        char *out = at[0] + i * step[0];
        slope_line(there[0] ? (T *)out : room, x[1], x[2], n, l->how);
        if (!there[0]) store_line(out, l->along[0], n, room);
    }
    if (room != own) free(room);
}

static Object *slope(Object *const *args, int how) {
    Walk w;
    Line l;
    i64 dim;
    if (!int_of(args[3], &dim) || !is_array(args[0], KIND) || !NDIM(args[0])) PASS;
    for (int k = 0; k < 3; ++k) if (!is_array(args[k], KIND) || !lines_add(&w, &l, k, args[k], dim, 0)) PASS;
    if (!numel(args[0])) DONE;
    l.how = how, w.loop = slope_loop;
    if (!lines_run(&w, &l, 1)) return 0;
    DONE;
}
KERNEL(softmax_backward) { if (count != 4) PASS; return slope(args, SOFT); }
KERNEL(log_softmax_backward) { if (count != 4) PASS; return slope(args, LOG); }
