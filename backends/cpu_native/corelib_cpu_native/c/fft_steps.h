// Fourier transforms of lengths that are products of 2, 3, 5 and 7: turns, and Stockham's steps in vectors, of several lines at once or within one.
#ifdef IS_C64
typedef f32 R;
#define FMA(a, b, c) fused(a, b, c)
#define WIDE (VECTOR / 4)
#else
typedef f64 R;
#define FMA(a, b, c) fused_f64(a, b, c)
#define WIDE (VECTOR / 8)
#endif
enum { LONGEST = 1 << 26, KEPT = 1 << 16, STEPS = 32 };
typedef R Vec __attribute__((vector_size(VECTOR), aligned(sizeof(R)), may_alias));

// x and y: cos and -sin of 2 pi k / n. A transform of `length`, a divisor of n, that is done within a line has between its steps the turns of r k, in
// rows r of k below WIDE: u and v.
typedef struct Turns { i64 n, length; struct Turns *next; R *x, *y, *u, *v; } Turns;
static Turns *kept_turns;  // under Python's lock
static i64 kept_lengths;

// Whether a transform can be done within a line: as many as WIDE of its WIDE-th parts, all of them multiples of 4, and then what is between them.
INLINE int within(i64 length) { return length % WIDE == 0 && length >= WIDE * WIDE; }

// The turns of a length; those of short ones are kept for good. Called with Python's lock held.
static Turns *turns_of(i64 n, i64 length) {
    for (Turns *t = kept_turns; t; t = t->next) if (t->n == n && t->length == length) return t;
    const i64 between = within(length) ? length : 0;
    Turns *t = malloc(sizeof(Turns) + 2 * (n + between) * sizeof(R));
    if (!t) return 0;
    t->n = n, t->length = length, t->next = 0, t->x = (R *)(t + 1), t->y = t->x + n, t->u = t->y + n, t->v = t->u + between;
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
    for (i64 i = 0; i < between; ++i) {
        const i64 k = i / WIDE * (i % WIDE) * (n / length);
        t->u[i] = t->x[k], t->v[i] = t->y[k];
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

typedef struct { int count, radix[STEPS]; } Steps;

// The steps of a length: radix 4 as often as it goes. 0 for a length with another factor.
static int steps_of(i64 n, Steps *steps) {
    static const int radices[] = {4, 2, 3, 5, 7};
    steps->count = 0;
    for (int k = 0; k < 5; ++k) while (n % radices[k] == 0) {
        if (steps->count == STEPS) return 0;
        steps->radix[steps->count++] = radices[k], n /= radices[k];
    }
    return n == 1;
}

// All steps for n numbers of b lines. The results are in x and y.
static void run_steps(const Steps *steps, const Turns *t, i64 n, i64 b, R **x, R **y, R **u, R **v) {
    i64 m = n, s = b;
    for (int step = 0; step < steps->count; ++step) {
        const int r = steps->radix[step];
        const i64 apart = t->n / m;
        m /= r;
        if (r == 4) by_four(*x, *y, *u, *v, m, s, t, apart);
        else by_any(r, *x, *y, *u, *v, m, s, t, apart);
        s *= r;
        R *z = *x; *x = *u, *u = z; z = *y; *y = *v, *v = z;
    }
}

// A square of rows to columns: halves of it interleaved, as often as halves can be halved.
#if !__has_builtin(__builtin_shufflevector)
#elif WIDE == 16
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define UPPER(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif WIDE == 8
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define UPPER(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#elif WIDE == 4
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define UPPER(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#else
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 2)
#define UPPER(a, b) __builtin_shufflevector(a, b, 1, 3)
#endif
INLINE void turn(Vec *a) {
#ifdef LOW
    _Pragma("GCC unroll 4") for (int round = 1; round < WIDE; round *= 2) {
        Vec z[WIDE];
        _Pragma("GCC unroll 16") for (int i = 0; i < WIDE / 2; ++i) z[2 * i] = LOW(a[i], a[i + WIDE / 2]), z[2 * i + 1] = UPPER(a[i], a[i + WIDE / 2]);
        _Pragma("GCC unroll 16") for (int i = 0; i < WIDE; ++i) a[i] = z[i];
    }
#else
    for (int i = 0; i < WIDE; ++i) for (int k = 0; k < i; ++k) { const R z = a[i][k]; a[i][k] = a[k][i], a[k][i] = z; }
#endif
}

// Rows of WIDE numbers, each turned, to WIDE rows.
static void turn_rows(const R *restrict x, const R *restrict y, R *restrict u, R *restrict v, const Turns *t, i64 rows) {
    i64 r = 0;
    for (; r + WIDE <= rows; r += WIDE) {
        Vec a[WIDE];
        const Vec *p = (const Vec *)x + r, *q = (const Vec *)y + r, *c = (const Vec *)t->u + r, *s = (const Vec *)t->v + r;
        _Pragma("GCC unroll 16") for (int i = 0; i < WIDE; ++i) a[i] = c[i] * p[i] - s[i] * q[i];
        turn(a);
        _Pragma("GCC unroll 16") for (int i = 0; i < WIDE; ++i) *(Vec *)(u + i * rows + r) = a[i];
        _Pragma("GCC unroll 16") for (int i = 0; i < WIDE; ++i) a[i] = c[i] * q[i] + s[i] * p[i];
        turn(a);
        _Pragma("GCC unroll 16") for (int i = 0; i < WIDE; ++i) *(Vec *)(v + i * rows + r) = a[i];
    }
    for (; r < rows; ++r) for (int i = 0; i < WIDE; ++i) {
        const i64 at = r * WIDE + i;
        u[i * rows + r] = t->u[at] * x[at] - t->v[at] * y[at], v[i * rows + r] = t->u[at] * y[at] + t->v[at] * x[at];
    }
}

// One line, for which `within` is true: the numbers WIDE apart are lines of their own, and so are, when those are done, the rows between them.
static void run_within(const Steps *steps, const Steps *last, const Turns *t, i64 n, R **x, R **y, R **u, R **v) {
    run_steps(steps, t, n / WIDE, WIDE, x, y, u, v);
    turn_rows(*x, *y, *u, *v, t, n / WIDE);
    run_steps(last, t, WIDE, n / WIDE, u, v, x, y);
    R *z = *x; *x = *u, *u = z; z = *y; *y = *v, *v = z;
}
