// Fourier transforms along any dimensions: groups of lines, abreast in vectors, or one line after the other where its numbers lie side by side and
// their number allows vectors within it. A length with a factor above 7 passes.
enum { ABREAST = 64 / sizeof(R), TOGETHER = 16384 };  // lines in vectors; numbers that are worth another thread's while

// Working memory of lines that are transformed together, and where they begin.
typedef struct { i64 b; R *x, *y, *u, *v; const char *from[ABREAST]; char *to[ABREAST]; } Group;

typedef struct Lines {
    void (*transform)(const struct Lines *, Group *);
    i64 n, length, lines, in_step, out_step, abreast, group;
    int dims, forward;
    Steps steps, last;
    i64 sizes[DIMS], in[DIMS], out[DIMS];  // of the other dimensions
    const char *x;
    char *made;
    R scale;
    const Turns *turns;
    int failed;
} Lines;

// How lines are transformed; 0 for a length with another factor.
static int plan(Lines *l) {
    const i64 length = l->length, near = 2 * sizeof(R);
    const int alone = within(length) && (l->lines < ABREAST || (llabs(l->in_step) <= near && llabs(l->out_step) <= near));
    l->abreast = alone ? 1 : l->lines < ABREAST ? l->lines : ABREAST;
    l->group = !alone ? l->abreast : length < TOGETHER ? TOGETHER / length : 1;
    return steps_of(alone ? length / WIDE : length, &l->steps) && steps_of(alone ? WIDE : 1, &l->last);
}

// Groups of lines (item).
static void transform_lines(void *context, i64 begin, i64 end) {
    Lines *l = context;
    const i64 stop = end * l->group < l->lines ? end * l->group : l->lines;
    const i64 each = (l->length / ABREAST + 1) * ABREAST;  // one more at least, and all begin at a cache line
    R *room = (R *)take(4 * each * l->abreast * (i64)sizeof(R));
    if (!room) { l->failed = 1; return; }
    for (i64 first = begin * l->group; first < stop; first += l->abreast) {
        Group g = {stop - first < l->abreast ? stop - first : l->abreast, room};
        g.y = g.x + each * g.b, g.u = g.y + each * g.b, g.v = g.u + each * g.b;
        for (i64 k = 0; k < g.b; ++k) {
            g.from[k] = l->x, g.to[k] = l->made;
            i64 rest = first + k;
            for (int d = l->dims - 1; d >= 0; --d) g.from[k] += rest % l->sizes[d] * l->in[d], g.to[k] += rest % l->sizes[d] * l->out[d], rest /= l->sizes[d];
        }
        l->transform(l, &g);
    }
    put((char *)room);
}

static int run_lines(Lines *l) {
    Turns *turns = turns_of(l->n, l->length);
    if (!turns) return 0;
    l->turns = turns, l->failed = 0;
    share((l->lines + l->group - 1) / l->group, 1, transform_lines, l, l->lines * l->length * 4);
    if (!is_kept(turns)) free(turns);
    return !l->failed;
}

// How many pairs lie side by side: a whole line, or one pair of each; 0 for neither.
static i64 run_of(i64 n, i64 b, char *const *lines, i64 step) {
    if (b == 1) return step == 2 * sizeof(R) ? n : 0;
    for (i64 k = 1; k < b; ++k) if (lines[k] != lines[0] + k * 2 * (i64)sizeof(R)) return 0;
    return b;
}

// n pairs of b lines, `step` bytes from one to the next and `apart` between the two of a pair, to x and y.
static void read_lines(R *restrict x, R *restrict y, i64 n, const Group *g, i64 step, i64 apart) {
    const i64 b = g->b, run = apart == sizeof(R) ? run_of(n, b, (char *const *)g->from, step) : 0;
    if (run) {
        for (i64 at = 0; at < n * b; at += run) {
            const R *restrict from = (const R *)(g->from[0] + at / b * step);
            R *restrict to = x + at, *restrict too = y + at;
            SIMD for (i64 i = 0; i < run; ++i) to[i] = from[2 * i], too[i] = from[2 * i + 1];
        }
        return;
    }
    for (i64 i0 = 0; i0 < n; i0 += 64) for (i64 k = 0; k < b; ++k) {
        const i64 i1 = i0 + 64 < n ? i0 + 64 : n;
        for (i64 i = i0; i < i1; ++i) {
            const char *at = g->from[k] + i * step;
            x[i * b + k] = *(const R *)at, y[i * b + k] = *(const R *)(at + apart);
        }
    }
}

// The way back, times `scale`.
static void write_lines(const R *restrict x, const R *restrict y, i64 n, const Group *g, i64 step, i64 apart, R scale) {
    const i64 b = g->b, run = apart == sizeof(R) ? run_of(n, b, g->to, step) : 0;
    if (run) {
        for (i64 at = 0; at < n * b; at += run) {
            const R *restrict from = x + at, *restrict other = y + at;
            R *restrict to = (R *)(g->to[0] + at / b * step);
            SIMD for (i64 i = 0; i < run; ++i) to[2 * i] = from[i] * scale, to[2 * i + 1] = other[i] * scale;
        }
        return;
    }
    for (i64 i0 = 0; i0 < n; i0 += 64) for (i64 k = 0; k < b; ++k) {
        const i64 i1 = i0 + 64 < n ? i0 + 64 : n;
        for (i64 i = i0; i < i1; ++i) {
            char *at = g->to[k] + i * step;
            *(R *)at = x[i * b + k] * scale, *(R *)(at + apart) = y[i * b + k] * scale;
        }
    }
}

// The transform of what is in x and y, to there.
static void run(const Lines *l, i64 b, R **x, R **y, R **u, R **v) {
    if (l->last.count) run_within(&l->steps, &l->last, l->turns, l->length, x, y, u, v);
    else run_steps(&l->steps, l->turns, l->length, b, x, y, u, v);
}

// The inverse is the transform with the parts exchanged.
static void complex_lines(const Lines *l, Group *g) {
    R **real = l->forward ? &g->x : &g->y, **other = l->forward ? &g->y : &g->x;
    read_lines(*real, *other, l->n, g, l->in_step, sizeof(R));
    run(l, g->b, &g->x, &g->y, &g->u, &g->v);
    write_lines(*real, *other, l->n, g, l->out_step, sizeof(R), l->scale);
}

// The number of `norm` in the ways to divide, and the factor of a transform of n numbers; -1 for another text.
static int norm_of(Object *how) { return is_text(how, "backward") ? 0 : is_text(how, "ortho") ? 1 : is_text(how, "forward") ? 2 : -1; }
static R scale_of(int norm, i64 n, int forward) { return (R)(norm == 1 ? 1 / (sqrt)((f64)n) : (norm == 0) == !forward ? 1 / (f64)n : 1); }

// The dimensions of `from` and `out` beside d; 0 where they differ.
static int other_dimensions(Lines *l, Object *from, Object *out, i64 d) {
    l->dims = 0, l->lines = 1;
    for (int e = 0; e < NDIM(from); ++e) {
        if (e == d) continue;
        if (SHAPE(from)[e] != SHAPE(out)[e]) return 0;
        l->sizes[l->dims] = SHAPE(from)[e], l->in[l->dims] = STRIDES(from)[e], l->out[l->dims] = STRIDES(out)[e], ++l->dims;
        l->lines *= SHAPE(from)[e];
    }
    l->x = DATA(from), l->made = DATA(out), l->in_step = STRIDES(from)[d], l->out_step = STRIDES(out)[d];
    return 1;
}

KERNEL(fft_complex) {
    Object *out = args[0], *x = args[1];
    i64 dims[DIMS], forward;
    if (count != 5 || !is_array(out, KIND) || !is_array(x, KIND) || NDIM(out) != NDIM(x) || !int_of(args[4], &forward)) PASS;
    const int n_dims = ints_of(args[2], dims, DIMS), all = NDIM(x), norm = norm_of(args[3]);
    if (n_dims < 1 || norm < 0 || all > DIMS) PASS;
    for (int d = 0; d < all; ++d) if (SHAPE(x)[d] != SHAPE(out)[d] || SHAPE(x)[d] < 1) PASS;
    Lines l[DIMS];
    for (int k = 0; k < n_dims; ++k) {
        Lines *c = &l[k];
        if (dims[k] < 0 || dims[k] >= all || SHAPE(x)[dims[k]] > LONGEST || !other_dimensions(c, k ? out : x, out, dims[k])) PASS;
        c->n = c->length = SHAPE(x)[dims[k]], c->forward = forward != 0, c->scale = scale_of(norm, c->n, c->forward), c->transform = complex_lines;
        if (!plan(c)) PASS;
    }
    for (int k = 0; k < n_dims; ++k) if (!run_lines(&l[k])) return no_memory();
    DONE;
}

// Real numbers, an even number n of them: each two are a complex one, so that half as many are transformed, and their sums and differences with those
// of the other half, turned, are what the real ones have.
enum { REAL = KIND == C64 ? F32 : F64 };
INLINE void halve(R px, R py, R qx, R qy, R c, R s, R *g, R *f) {
    const R ex = px + qx, ey = py - qy, ox = py + qy, oy = qx - px;
    *g = FMA((R)0.5, ex, (R)0.5 * FMA(c, ox, -(s * oy))), *f = FMA((R)0.5, ey, (R)0.5 * FMA(c, oy, s * ox));
}
static void half_lines(const Lines *l, Group *g) {
    const i64 h = l->length, b = g->b;
    const R *restrict c = l->turns->x, *restrict s = l->turns->y;
    read_lines(g->x, g->y, h, g, 2 * l->in_step, l->in_step);
    run(l, b, &g->x, &g->y, &g->u, &g->v);
    memcpy(g->x + h * b, g->x, b * sizeof(R)), memcpy(g->y + h * b, g->y, b * sizeof(R));
    const R *restrict x = g->x, *restrict y = g->y;
    R *restrict u = g->u, *restrict v = g->v;
    if (b == 1) SIMD for (i64 i = 0; i <= h; ++i) halve(x[i], y[i], x[h - i], y[h - i], c[i], s[i], u + i, v + i);
    else for (i64 i = 0; i <= h; ++i) {
        const i64 far = (h - 2 * i) * b;
        SIMD for (i64 k = i * b; k < i * b + b; ++k) halve(x[k], y[k], x[k + far], y[k + far], c[i], s[i], u + k, v + k);
    }
    for (i64 k = 0; k < b; ++k) v[k] = v[h * b + k] = 0;
    write_lines(u, v, h + 1, g, l->out_step, sizeof(R), l->scale);
}

// The way back.
INLINE void unite(R px, R py, R qx, R qy, R c, R s, R *g, R *f) {
    const R ex = px + qx, ey = py - qy, dx = px - qx, dy = py + qy;
    *g = ex - FMA(c, dy, -(s * dx)), *f = ey + FMA(c, dx, s * dy);
}
static void whole_lines(const Lines *l, Group *g) {
    const i64 h = l->length, b = g->b;
    const R *restrict c = l->turns->x, *restrict s = l->turns->y;
    read_lines(g->u, g->v, h + 1, g, l->in_step, sizeof(R));
    R *restrict x = g->x, *restrict y = g->y, *restrict u = g->u, *restrict v = g->v;
    for (i64 k = 0; k < b; ++k) v[k] = v[h * b + k] = 0;
    if (b == 1) SIMD for (i64 i = 0; i < h; ++i) unite(u[i], v[i], u[h - i], v[h - i], c[i], s[i], x + i, y + i);
    else for (i64 i = 0; i < h; ++i) {
        const i64 far = (h - 2 * i) * b;
        SIMD for (i64 k = i * b; k < i * b + b; ++k) unite(u[k], v[k], u[k + far], v[k + far], c[i], s[i], x + k, y + k);
    }
    run(l, b, &g->y, &g->x, &g->v, &g->u);  // the inverse: the parts exchanged
    write_lines(g->x, g->y, h, g, 2 * l->out_step, l->out_step, l->scale);
}

// `real` has n numbers along a dimension, the other array n / 2 + 1.
static Object *real_transform(Object *out, Object *x, Object *real, i64 n, Object *dim, Object *how, int forward) {
    i64 d;
    Lines l;
    const int norm = norm_of(how), all = NDIM(x);
    if (NDIM(out) != all || norm < 0 || !int_of(dim, &d) || d < 0 || d >= all || n < 2 || n % 2 || n > LONGEST || SHAPE(real)[d] != n) PASS;
    if (SHAPE(real == x ? out : x)[d] != n / 2 + 1 || !other_dimensions(&l, x, out, d)) PASS;
    l.n = n, l.length = n / 2, l.scale = scale_of(norm, n, forward), l.transform = forward ? half_lines : whole_lines;
    if (!plan(&l)) PASS;
    if (l.lines && !run_lines(&l)) return no_memory();
    DONE;
}

KERNEL(fft_half) {
    if (count != 4 || !is_array(args[0], KIND) || !is_array(args[1], REAL)) PASS;
    i64 d;
    if (!int_of(args[2], &d) || d < 0 || d >= NDIM(args[1])) PASS;
    return real_transform(args[0], args[1], args[1], SHAPE(args[1])[d], args[2], args[3], 1);
}

KERNEL(fft_whole) {
    i64 n;
    if (count != 5 || !is_array(args[0], REAL) || !is_array(args[1], KIND) || !int_of(args[2], &n)) PASS;
    return real_transform(args[0], args[1], args[0], n, args[3], args[4], 0);
}
