// softmax and its logarithm of a line, and of lines side by side. A line is read from memory once: it stays in cache for what follows its maximum.
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

VECTOR_SUM(part_sum, (const T *x, i64 n), AT(x))

// Softmax or its logarithm of the lines of at[1], to at[0]: side by side where they lie so. 0 where there is no memory.
static UNUSED int soft_lines(Line *l, char *const *at, const i64 *step, i64 lines, int how) {
    const i64 n = l->n, a = l->along[0], b = l->along[1];
    if (lines > 1 && step[0] == sizeof(MEM) && step[1] == sizeof(MEM) && n > 1) {
        for (i64 i = 0; i < lines; i += COLUMNS) {
            const i64 w = lines - i < COLUMNS ? lines - i : COLUMNS;
            soft_columns(at[0] + i * sizeof(MEM), a, at[1] + i * sizeof(MEM), b, n, w, how);
        }
        return 1;
    }
    const int there = in_a_row(a, n), here = in_a_row(b, n);
    T own[ROOM], *room = there && here ? own : room_of(l, own, n);
    if (!room) return 0;
    for (i64 i = 0; i < lines; ++i) {
        const char *in = at[1] + i * step[1];
        char *out = at[0] + i * step[0];
        if (!here) load_line(room, in, b, n);
        soft_line(there ? (T *)out : room, here ? (const T *)in : room, n, how);
        if (!there) store_line(out, a, n, room);
    }
    if (room != own) free(room);
    return 1;
}
