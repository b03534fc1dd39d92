// softmax, its logarithm, and the derivatives of both. A line is read from memory once: it stays in cache for what follows its maximum.
enum { SOFT, SAFE, LOG, BLOCK_ = 4096, COLUMNS = 512, W = 64 / sizeof(T) };

// exp(x - top) into y, where there is one, and their sum. The last elements go through a vector's room, for one by one they would take longest.
static f64 exponentials(T *y, const T *x, i64 n, T top) {
    f64 total = 0;
    i64 i = 0;
    while (i + W <= n) {
        const i64 end = n - i > BLOCK_ ? i + BLOCK_ : n - (n - i) % W;
        T sum = 0;
        if (y) {
            PRAGMA(omp simd reduction(+ : sum))
            for (i64 j = i; j < end; ++j) { const T e = exp_normal(x[j] - top); y[j] = e, sum += e; }
        } else {
            PRAGMA(omp simd reduction(+ : sum))
            for (i64 j = i; j < end; ++j) sum += exp_normal(x[j] - top);
        }
        total += sum, i = end;
    }
    if (i < n) {
        const i32 left = (i32)(n - i);
        T v[W], sum = 0;
        for (i32 k = 0; k < (i32)W; ++k) v[k] = top;
        for (i32 k = 0; k < left; ++k) v[k] = x[i + k];
        PRAGMA(omp simd reduction(+ : sum))
        for (i32 k = 0; k < (i32)W; ++k) { const T e = exp_normal(v[k] - top); v[k] = e, sum += k < left ? e : 0; }
        if (y) for (i32 k = 0; k < left; ++k) y[i + k] = v[k];
        total += sum;
    }
    return total;
}

static T largest(const T *x, i64 n) {
    T top = -INFINITY;
    PRAGMA(omp simd reduction(max : top))
    for (i64 i = 0; i < n; ++i) top = x[i] > top ? x[i] : top;
    return top;
}

static void soft_line(T *y, const T *x, i64 n, int how) {
    T top = largest(x, n);
    if (how == SAFE && top == -INFINITY) top = 0;
    if (how == LOG) {
        const T shift = (T)__builtin_log(exponentials(0, x, n, top));
        SIMD for (i64 i = 0; i < n; ++i) y[i] = x[i] - top - shift;
        return;
    }
    const f64 total = exponentials(y, x, n, top);
    const T share_ = (T)(1 / (how == SAFE && total == 0 ? 1 : total));
    SIMD for (i64 i = 0; i < n; ++i) y[i] *= share_;
}

// n lines of which neighbours lie side by side, w of them.
static void soft_columns(char *out, i64 out_step, const char *in, i64 in_step, i64 n, i64 w, int how) {
    T top[COLUMNS], sum[COLUMNS];
    for (i64 j = 0; j < w; ++j) top[j] = -INFINITY, sum[j] = 0;
    for (i64 i = 0; i < n; ++i) {
        const MEM *x = (const MEM *)(in + i * in_step);
        SIMD for (i64 j = 0; j < w; ++j) { const T v = LOAD(x, j); top[j] = v > top[j] ? v : top[j]; }
    }
    if (how == SAFE) for (i64 j = 0; j < w; ++j) top[j] = top[j] == -INFINITY ? 0 : top[j];
    const int kept = DIRECT && how != LOG;  // values of a half type would be rounded twice: they are computed again
    for (i64 i = 0; i < n; ++i) {
        const MEM *x = (const MEM *)(in + i * in_step);
        MEM *y = (MEM *)(out + i * out_step);
        if (kept) { SIMD for (i64 j = 0; j < w; ++j) { const T e = exp_normal(LOAD(x, j) - top[j]); STORE(y, j, e); sum[j] += e; } }
        else { SIMD for (i64 j = 0; j < w; ++j) sum[j] += exp_normal(LOAD(x, j) - top[j]); }
    }
    SIMD for (i64 j = 0; j < w; ++j) sum[j] = how == LOG ? log(sum[j]) : 1 / (how == SAFE && sum[j] == 0 ? 1 : sum[j]);
    for (i64 i = 0; i < n; ++i) {
        const MEM *x = (const MEM *)(in + i * in_step);
        MEM *y = (MEM *)(out + i * out_step);
        if (how == LOG) { SIMD for (i64 j = 0; j < w; ++j) STORE(y, j, LOAD(x, j) - top[j] - sum[j]); }
        else if (kept) { SIMD for (i64 j = 0; j < w; ++j) STORE(y, j, LOAD(y, j) * sum[j]); }
        else { SIMD for (i64 j = 0; j < w; ++j) STORE(y, j, exp_normal(LOAD(x, j) - top[j]) * sum[j]); }
    }
}

static void soft_loop(char *const *at, const i64 *step, i64 lines) {
    Line *l = (Line *)at[2];
    const i64 n = l->n, a = l->along[0], b = l->along[1];
    if (lines > 1 && step[0] == sizeof(MEM) && step[1] == sizeof(MEM) && n > 1) {
        for (i64 i = 0; i < lines; i += COLUMNS) {
            const i64 w = lines - i < COLUMNS ? lines - i : COLUMNS;
            soft_columns(at[0] + i * sizeof(MEM), a, at[1] + i * sizeof(MEM), b, n, w, l->how);
        }
        return;
    }
    const int there = in_a_row(a, n), here = in_a_row(b, n);
    T own[ROOM], *room = there && here ? own : room_of(l, own, n);
    if (!room) return;
    for (i64 i = 0; i < lines; ++i) {
        const char *in = at[1] + i * step[1];
        char *out = at[0] + i * step[0];
        if (!here) load_line(room, in, b, n);
        soft_line(there ? (T *)out : room, here ? (const T *)in : room, n, l->how);
        if (!there) store_line(out, a, n, room);
    }
    if (room != own) free(room);
}

static Object *soft(Object *const *args, int how) {
    Walk w;
    Line l;
    i64 dim;
    if (!is_array(args[0], KIND) || !is_array(args[1], KIND) || !int_of(args[2], &dim) || !NDIM(args[0])) PASS;
    if (!lines_add(&w, &l, 0, args[0], dim, 0) || !lines_add(&w, &l, 1, args[1], dim, 0)) PASS;
    if (!numel(args[0])) DONE;
    l.how = how, w.loop = soft_loop;
    if (!lines_run(&w, &l)) return 0;
    DONE;
}
KERNEL(softmax_along) { if (count != 3) PASS; return soft(args, SOFT); }
KERNEL(safe_softmax_along) { if (count != 3) PASS; return soft(args, SAFE); }
KERNEL(log_softmax_along) { if (count != 3) PASS; return soft(args, LOG); }

// The derivatives: y (g - sum(g y)), and g - exp(y) sum(g).
VECTOR_SUM(part_sum, (const T *x, i64 n), AT(x))
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
    if (!lines_run(&w, &l)) return 0;
    DONE;
}
KERNEL(softmax_backward) { if (count != 4) PASS; return slope(args, SOFT); }
KERNEL(log_softmax_backward) { if (count != 4) PASS; return slope(args, LOG); }
