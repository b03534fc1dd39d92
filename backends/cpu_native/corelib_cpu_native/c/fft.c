// Fourier transforms of lengths that are products of 2, 3, 5 and 7, along any dimensions: Stockham's steps, of several lines at once, so that
// neighbours in memory are computed in vectors from the first step on. Another length passes.
#ifdef IS_C64
typedef f32 R;
#define FMA(a, b, c) fused(a, b, c)
enum { ABREAST = 16 };
#else
typedef f64 R;
#define FMA(a, b, c) fused_f64(a, b, c)
enum { ABREAST = 8 };
#endif
enum { LONGEST = 1 << 26, KEPT = 1 << 16, STEPS = 32 };

typedef struct Turns { i64 n; struct Turns *next; R *x, *y; } Turns;  // cos and -sin of 2 pi k / n
static Turns *kept_turns;  // under Python's lock
static i64 kept_lengths;

// The turns of a length; those of short ones are kept for good. Called with Python's lock held.
static Turns *turns_of(i64 n) {
    for (Turns *t = kept_turns; t; t = t->next) if (t->n == n) return t;
    Turns *t = malloc(sizeof(Turns) + 2 * n * sizeof(R));
    if (!t) return 0;
    t->n = n, t->next = 0, t->x = (R *)(t + 1), t->y = t->x + n;
    for (i64 k = 0; k <= n / 8; ++k) {  // an eighth of the circle says all where n is a multiple of 8
        const f64 angle = 6.283185307179586476925 * (f64)k / (f64)n;
        t->x[k] = (R)(cos)(angle), t->y[k] = (R)-(sin)(angle);
    }
    for (i64 k = n / 8 + 1; k < n; ++k) {
        if (n % 8 == 0 && k <= n / 4) t->x[k] = -t->y[n / 4 - k], t->y[k] = -t->x[n / 4 - k];
        else if (n % 8 == 0 && k <= n / 2) t->x[k] = t->y[k - n / 4], t->y[k] = -t->x[k - n / 4];
        else if (n % 8 == 0) t->x[k] = -t->x[k - n / 2], t->y[k] = -t->y[k - n / 2];
        else {
            const f64 angle = 6.283185307179586476925 * (f64)k / (f64)n;  // of a quarter or half turn one of the two is 0
            t->x[k] = 4 * k == n || 4 * k == 3 * n ? 0 : (R)(cos)(angle), t->y[k] = 2 * k == n ? 0 : (R)-(sin)(angle);
        }
    }
    if (n <= KEPT && kept_lengths + n <= 8 * KEPT) t->next = kept_turns, kept_turns = t, kept_lengths += n;
    return t;
}
static int is_kept(const Turns *t) {
    for (const Turns *k = kept_turns; k; k = k->next) if (k == t) return 1;
    return 0;
}

// One step of radix 4: m groups whose turns are `apart` each, of s neighbours.
static void by_four(const R *restrict x, const R *restrict y, R *restrict u, R *restrict v, i64 m, i64 s, const Turns *t, i64 apart) {
    const i64 far = m * s;
    for (i64 p = 0; p < m; ++p) {
        const R c1 = t->x[p * apart], s1 = t->y[p * apart], c2 = t->x[2 * p * apart], s2 = t->y[2 * p * apart];
        const R c3 = t->x[3 * p * apart], s3 = t->y[3 * p * apart];
        const R *restrict a = x + p * s, *restrict b = y + p * s;
        R *restrict g = u + 4 * p * s, *restrict h = v + 4 * p * s;
        SIMD for (i64 q = 0; q < s; ++q) {
            const R px = a[q] + a[q + 2 * far], py = b[q] + b[q + 2 * far], mx = a[q] - a[q + 2 * far], my = b[q] - b[q + 2 * far];
            const R qx = a[q + far] + a[q + 3 * far], qy = b[q + far] + b[q + 3 * far], nx = a[q + far] - a[q + 3 * far], ny = b[q + far] - b[q + 3 * far];
            const R x1 = mx + ny, y1 = my - nx, x2 = px - qx, y2 = py - qy, x3 = mx - ny, y3 = my + nx;
            g[q] = px + qx, h[q] = py + qy;
            g[q + s] = FMA(c1, x1, -(s1 * y1)), h[q + s] = FMA(c1, y1, s1 * x1);
            g[q + 2 * s] = FMA(c2, x2, -(s2 * y2)), h[q + 2 * s] = FMA(c2, y2, s2 * x2);
            g[q + 3 * s] = FMA(c3, x3, -(s3 * y3)), h[q + 3 * s] = FMA(c3, y3, s3 * x3);
        }
    }
}

// The same of any radix: `whole` turns of the radix lie among those of n.
static void by_any(int r, const R *restrict x, const R *restrict y, R *restrict u, R *restrict v, i64 m, i64 s, const Turns *t, i64 apart) {
    const i64 far = m * s, whole = t->n / r;
    for (i64 p = 0; p < m; ++p) for (int k = 0; k < r; ++k) {
        const R c = t->x[k * p * apart], d = t->y[k * p * apart];
        const R *restrict a = x + p * s, *restrict b = y + p * s;
        R *restrict g = u + (r * p + k) * s, *restrict h = v + (r * p + k) * s;
        SIMD for (i64 q = 0; q < s; ++q) g[q] = a[q], h[q] = b[q];
        for (int j = 1; j < r; ++j) {
            const R e = t->x[j * k % r * whole], f = t->y[j * k % r * whole];
            const R *restrict aj = a + j * far, *restrict bj = b + j * far;
            SIMD for (i64 q = 0; q < s; ++q) g[q] = FMA(e, aj[q], FMA(-f, bj[q], g[q])), h[q] = FMA(e, bj[q], FMA(f, aj[q], h[q]));
        }
        if (p && k) SIMD for (i64 q = 0; q < s; ++q) {
            const R gx = g[q], hy = h[q];
            g[q] = FMA(c, gx, -(d * hy)), h[q] = FMA(c, hy, d * gx);
        }
    }
}

typedef struct {
    i64 n, lines, in_step, out_step;
    int dims, forward, steps, radix[STEPS];
    i64 sizes[DIMS], in[DIMS], out[DIMS];  // of the other dimensions
    const char *x;
    char *made;
    R scale;
    const Turns *turns;
    int failed;
} Lines;

// All steps for n numbers of b lines. The results are in x and y.
static void run_steps(const Lines *l, i64 n, i64 b, R **x, R **y, R **u, R **v) {
    i64 m = n, s = b;
    for (int step = 0; step < l->steps; ++step) {
        const int r = l->radix[step];
        const i64 apart = l->turns->n / m;
        m /= r;
        if (r == 4) by_four(*x, *y, *u, *v, m, s, l->turns, apart);
        else by_any(r, *x, *y, *u, *v, m, s, l->turns, apart);
        s *= r;
        R *z = *x; *x = *u, *u = z; z = *y; *y = *v, *v = z;
    }
}

// Where the lines of a group begin.
static void begin_lines(const Lines *l, i64 first, i64 b, const char **from, char **to) {
    for (i64 k = 0; k < b; ++k) {
        from[k] = l->x, to[k] = l->made;
        i64 rest = first + k;
        for (int d = l->dims - 1; d >= 0; --d) from[k] += rest % l->sizes[d] * l->in[d], to[k] += rest % l->sizes[d] * l->out[d], rest /= l->sizes[d];
    }
}

// Groups of lines (item).
static void transform_lines(void *context, i64 begin, i64 end) {
    Lines *l = context;
    const i64 n = l->n, most = l->lines < ABREAST ? l->lines : ABREAST;
    R *room = malloc(4 * n * most * sizeof(R));
    if (!room) { l->failed = 1; return; }
    for (i64 item = begin; item < end; ++item) {
        const i64 first = item * ABREAST, b = l->lines - first < ABREAST ? l->lines - first : ABREAST;
        R *x = room, *y = room + n * b, *u = room + 2 * n * b, *v = room + 3 * n * b;
        if (!l->forward) { R *z = x; x = y, y = z; }  // the inverse is the transform with the parts exchanged
        char *to[ABREAST];
        const char *from[ABREAST];
        begin_lines(l, first, b, from, to);
        R *real = l->forward ? x : y, *other = l->forward ? y : x;
        for (i64 i0 = 0; i0 < n; i0 += 64) for (i64 k = 0; k < b; ++k) {
            const i64 i1 = i0 + 64 < n ? i0 + 64 : n;
            for (i64 i = i0; i < i1; ++i) {
                const MEM *at = (const MEM *)(from[k] + i * l->in_step);
                real[i * b + k] = at->x, other[i * b + k] = at->y;
            }
        }
        run_steps(l, n, b, &x, &y, &u, &v);
        real = l->forward ? x : y, other = l->forward ? y : x;
        for (i64 i0 = 0; i0 < n; i0 += 64) for (i64 k = 0; k < b; ++k) {
            const i64 i1 = i0 + 64 < n ? i0 + 64 : n;
            for (i64 i = i0; i < i1; ++i) {
                MEM *at = (MEM *)(to[k] + i * l->out_step);
                at->x = real[i * b + k] * l->scale, at->y = other[i * b + k] * l->scale;
            }
        }
    }
    free(room);
}

// The steps of a length: radix 4 as often as it goes. 0 for a length with another factor.
static int steps_of(i64 n, int *radix) {
    static const int radices[] = {4, 2, 3, 5, 7};
    int steps = 0;
    for (int k = 0; k < 5; ++k) while (n % radices[k] == 0) {
        if (steps == STEPS) return 0;
        radix[steps++] = radices[k], n /= radices[k];
    }
    return n == 1 ? steps : -1;
}

KERNEL(fft_complex) {
    Object *out = args[0], *x = args[1];
    i64 dims[DIMS], forward;
    if (count != 5 || !is_array(out, KIND) || !is_array(x, KIND) || NDIM(out) != NDIM(x) || !int_of(args[4], &forward)) PASS;
    const int n_dims = ints_of(args[2], dims, DIMS), all = NDIM(x);
    const int norm = is_text(args[3], "backward") ? 0 : is_text(args[3], "ortho") ? 1 : is_text(args[3], "forward") ? 2 : -1;
    if (n_dims < 1 || norm < 0 || all > DIMS) PASS;
    for (int d = 0; d < all; ++d) if (SHAPE(x)[d] != SHAPE(out)[d] || SHAPE(x)[d] < 1) PASS;
    Lines l[DIMS];
    for (int k = 0; k < n_dims; ++k) {
        if (dims[k] < 0 || dims[k] >= all) PASS;
        l[k].n = SHAPE(x)[dims[k]], l[k].steps = steps_of(l[k].n, l[k].radix);
        if (l[k].n > LONGEST || l[k].steps < 0) PASS;
    }
    int enough = 1;
    for (int k = 0; enough && k < n_dims; ++k) {
        Lines *c = &l[k];
        Object *from = k ? out : x;
        const int d = (int)dims[k];
        Turns *turns = turns_of(c->n);
        if (!(enough = turns != 0)) break;
        const int divided = norm == 1 || (norm == 0) == !forward;
        c->turns = turns, c->forward = forward != 0, c->failed = 0, c->dims = 0, c->lines = 1;
        c->scale = (R)(norm == 1 ? 1 / (sqrt)((f64)c->n) : divided ? 1 / (f64)c->n : 1);
        c->x = DATA(from), c->made = DATA(out), c->in_step = STRIDES(from)[d], c->out_step = STRIDES(out)[d];
        for (int e = 0; e < all; ++e) {
            if (e == d) continue;
            c->sizes[c->dims] = SHAPE(x)[e], c->in[c->dims] = STRIDES(from)[e], c->out[c->dims] = STRIDES(out)[e], ++c->dims;
            c->lines *= SHAPE(x)[e];
        }
        const i64 groups = (c->lines + ABREAST - 1) / ABREAST;
        share(groups, 1, transform_lines, c, c->lines * c->n * 4);
        enough = !c->failed;
        if (!is_kept(turns)) free(turns);
    }
    if (!enough) return no_memory();
    DONE;
}

// Real numbers, an even number n of them: each two are a complex one, so that half as many are transformed. Groups of lines (item).
enum { REAL = KIND == C64 ? F32 : F64 };
static void half_lines(void *context, i64 begin, i64 end) {
    Lines *l = context;
    const i64 h = l->n / 2, most = l->lines < ABREAST ? l->lines : ABREAST;
    const Turns *t = l->turns;
    R *room = malloc(4 * (h + 1) * most * sizeof(R));
    if (!room) { l->failed = 1; return; }
    for (i64 item = begin; item < end; ++item) {
        const i64 first = item * ABREAST, b = l->lines - first < ABREAST ? l->lines - first : ABREAST, each = (h + 1) * b;
        R *x = room, *y = room + each, *u = room + 2 * each, *v = room + 3 * each;
        char *to[ABREAST];
        const char *from[ABREAST];
        begin_lines(l, first, b, from, to);
        for (i64 i0 = 0; i0 < h; i0 += 64) for (i64 k = 0; k < b; ++k) {
            const i64 i1 = i0 + 64 < h ? i0 + 64 : h;
            for (i64 i = i0; i < i1; ++i) {
                const char *at = from[k] + 2 * i * l->in_step;
                x[i * b + k] = *(const R *)at, y[i * b + k] = *(const R *)(at + l->in_step);
            }
        }
        run_steps(l, h, b, &x, &y, &u, &v);
        for (i64 i = 0; i <= h; ++i) {
            const i64 p = i == h ? 0 : i, q = i == 0 ? 0 : h - i;
            const R c = (R)0.5 * t->x[i], s = (R)0.5 * t->y[i];
            const R *restrict px = x + p * b, *restrict py = y + p * b, *restrict qx = x + q * b, *restrict qy = y + q * b;
            R *restrict g = u + i * b, *restrict f = v + i * b;
            SIMD for (i64 k = 0; k < b; ++k) {
                const R ex = px[k] + qx[k], ey = py[k] - qy[k], ox = py[k] + qy[k], oy = qx[k] - px[k];
                g[k] = FMA((R)0.5, ex, FMA(c, ox, -(s * oy))), f[k] = FMA((R)0.5, ey, FMA(c, oy, s * ox));
            }
        }
        for (i64 k = 0; k < b; ++k) v[k] = v[h * b + k] = 0;
        for (i64 i0 = 0; i0 <= h; i0 += 64) for (i64 k = 0; k < b; ++k) {
            const i64 i1 = i0 + 64 <= h ? i0 + 64 : h + 1;
            for (i64 i = i0; i < i1; ++i) {
                MEM *at = (MEM *)(to[k] + i * l->out_step);
                at->x = u[i * b + k] * l->scale, at->y = v[i * b + k] * l->scale;
            }
        }
    }
    free(room);
}

// The way back.
static void whole_lines(void *context, i64 begin, i64 end) {
    Lines *l = context;
    const i64 h = l->n / 2, most = l->lines < ABREAST ? l->lines : ABREAST;
    const Turns *t = l->turns;
    R *room = malloc(4 * (h + 1) * most * sizeof(R));
    if (!room) { l->failed = 1; return; }
    for (i64 item = begin; item < end; ++item) {
        const i64 first = item * ABREAST, b = l->lines - first < ABREAST ? l->lines - first : ABREAST, each = (h + 1) * b;
        R *x = room, *y = room + each, *u = room + 2 * each, *v = room + 3 * each;
        char *to[ABREAST];
        const char *from[ABREAST];
        begin_lines(l, first, b, from, to);
        for (i64 i0 = 0; i0 <= h; i0 += 64) for (i64 k = 0; k < b; ++k) {
            const i64 i1 = i0 + 64 <= h ? i0 + 64 : h + 1;
            for (i64 i = i0; i < i1; ++i) {
                const MEM *at = (const MEM *)(from[k] + i * l->in_step);
                u[i * b + k] = at->x, v[i * b + k] = at->y;
            }
        }
        for (i64 k = 0; k < b; ++k) v[k] = v[h * b + k] = 0;
        for (i64 i = 0; i < h; ++i) {
            const R c = t->x[i], s = -t->y[i];
            const R *restrict px = u + i * b, *restrict py = v + i * b, *restrict qx = u + (h - i) * b, *restrict qy = v + (h - i) * b;
            R *restrict g = x + i * b, *restrict f = y + i * b;
            SIMD for (i64 k = 0; k < b; ++k) {
                const R ex = px[k] + qx[k], ey = py[k] - qy[k], dx = px[k] - qx[k], dy = py[k] + qy[k];
                const R ox = FMA(c, dx, -(s * dy)), oy = FMA(c, dy, s * dx);
                g[k] = ex - oy, f[k] = ey + ox;
            }
        }
        run_steps(l, h, b, &y, &x, &v, &u);  // the inverse: the parts exchanged
        for (i64 i0 = 0; i0 < h; i0 += 64) for (i64 k = 0; k < b; ++k) {
            const i64 i1 = i0 + 64 < h ? i0 + 64 : h;
            for (i64 i = i0; i < i1; ++i) {
                char *at = to[k] + 2 * i * l->out_step;
                *(R *)at = x[i * b + k] * l->scale, *(R *)(at + l->out_step) = y[i * b + k] * l->scale;
            }
        }
    }
    free(room);
}

// `real` has n numbers along a dimension, the other array n / 2 + 1.
static Object *real_transform(Object *out, Object *x, Object *real, i64 n, Object *dim, Object *how, int forward, Body body) {
    i64 d;
    Lines l;
    const int norm = is_text(how, "backward") ? 0 : is_text(how, "ortho") ? 1 : is_text(how, "forward") ? 2 : -1, all = NDIM(x);
    if (NDIM(out) != all || norm < 0 || !int_of(dim, &d) || d < 0 || d >= all || n < 2 || n % 2 || n > LONGEST || SHAPE(real)[d] != n) PASS;
    if (SHAPE(real == x ? out : x)[d] != n / 2 + 1) PASS;
    l.n = n, l.steps = steps_of(n / 2, l.radix), l.forward = forward, l.failed = 0, l.dims = 0, l.lines = 1;
    if (l.steps < 0) PASS;
    for (int e = 0; e < all; ++e) {
        if (e == d) continue;
        if (SHAPE(x)[e] != SHAPE(out)[e]) PASS;
        l.sizes[l.dims] = SHAPE(x)[e], l.in[l.dims] = STRIDES(x)[e], l.out[l.dims] = STRIDES(out)[e], ++l.dims;
        l.lines *= SHAPE(x)[e];
    }
    if (!l.lines) DONE;
    Turns *turns = turns_of(n);
    if (!turns) return no_memory();
    l.turns = turns;
    l.scale = (R)(norm == 1 ? 1 / (sqrt)((f64)n) : (norm == 0) == !forward ? 1 / (f64)n : 1);
    l.x = DATA(x), l.made = DATA(out), l.in_step = STRIDES(x)[d], l.out_step = STRIDES(out)[d];
    share((l.lines + ABREAST - 1) / ABREAST, 1, body, &l, l.lines * n * 2);
    if (!is_kept(turns)) free(turns);
    if (l.failed) return no_memory();
    DONE;
}

KERNEL(fft_half) {
    if (count != 4 || !is_array(args[0], KIND) || !is_array(args[1], REAL)) PASS;
    i64 d;
    if (!int_of(args[2], &d) || d < 0 || d >= NDIM(args[1])) PASS;
    return real_transform(args[0], args[1], args[1], SHAPE(args[1])[d], args[2], args[3], 1, half_lines);
}

KERNEL(fft_whole) {
    i64 n;
    if (count != 5 || !is_array(args[0], REAL) || !is_array(args[1], KIND) || !int_of(args[2], &n)) PASS;
    return real_transform(args[0], args[1], args[0], n, args[3], args[4], 0, whole_lines);
}
