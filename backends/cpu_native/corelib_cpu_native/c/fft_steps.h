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

// x and y: cos and -sin of 2 pi k / n. u and v: those of r k / length, a divisor of n, for rows r of WIDE numbers k, where transforms are done within
// a line.
typedef struct Turns { i64 n, length; struct Turns *next; R *x, *y, *u, *v; } Turns;
static Turns *kept_turns;  // under Python's lock
static i64 kept_lengths;

// Whether a transform is done within a line: its numbers are WIDE lines abreast of those WIDE apart.
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

// Complex numbers by value, which compilers keep in vectors where they do not keep arrays.
typedef struct { R x, y; } Point;
typedef struct { Point a, b, c, d; } Four;
INLINE Point plus(Point a, Point b) { return (Point){a.x + b.x, a.y + b.y}; }
INLINE Point minus(Point a, Point b) { return (Point){a.x - b.x, a.y - b.y}; }
INLINE Point times(Point a, Point b) { return (Point){FMA(b.x, a.x, -(b.y * a.y)), FMA(b.x, a.y, b.y * a.x)}; }
INLINE Point eighth(Point a) { const R c = (R)0.70710678118654752440; return (Point){c * (a.x + a.y), c * (a.y - a.x)}; }  // of a turn; then a quarter of one
INLINE Point quarter(Point a) { return (Point){a.y, -a.x}; }
INLINE Four four(Point a, Point b, Point c, Point d) {
    const Point p = plus(a, c), m = minus(a, c), q = plus(b, d), n = quarter(minus(b, d));
    return (Four){plus(p, q), plus(m, n), minus(p, q), minus(m, n)};
}
#define FROM(k) ((Point){x[q + (k) * far], y[q + (k) * far]})
#define TO(k, point) { const Point z_ = point; u[q + (k) * s] = z_.x, v[q + (k) * s] = z_.y; }
#define TURN(k) {t->x[(k) * p * apart], t->y[(k) * p * apart]}

// One step of radix 4: m groups whose turns are `apart` each, of s neighbours.
static void by_four(const R *restrict x, const R *restrict y, R *restrict u, R *restrict v, i64 m, i64 s, const Turns *t, i64 apart) {
    const i64 far = m * s;
    for (i64 p = 0; p < m; ++p, x += s, y += s, u += 4 * s, v += 4 * s) {
        const Point w1 = TURN(1), w2 = TURN(2), w3 = TURN(3);
        SIMD for (i64 q = 0; q < s; ++q) {
            const Four f = four(FROM(0), FROM(1), FROM(2), FROM(3));
            TO(0, f.a) TO(1, times(f.b, w1)) TO(2, times(f.c, w2)) TO(3, times(f.d, w3))
        }
    }
}

// Of radix 8, by the sums and the differences of those that are four apart.
static void by_eight(const R *restrict x, const R *restrict y, R *restrict u, R *restrict v, i64 m, i64 s, const Turns *t, i64 apart) {
    const i64 far = m * s;
    for (i64 p = 0; p < m; ++p, x += s, y += s, u += 8 * s, v += 8 * s) {
        const Point w1 = TURN(1), w2 = TURN(2), w3 = TURN(3), w4 = TURN(4), w5 = TURN(5), w6 = TURN(6), w7 = TURN(7);
        SIMD for (i64 q = 0; q < s; ++q) {
            const Point a = FROM(0), b = FROM(1), c = FROM(2), d = FROM(3), a4 = FROM(4), b4 = FROM(5), c4 = FROM(6), d4 = FROM(7);
            const Four f = four(plus(a, a4), plus(b, b4), plus(c, c4), plus(d, d4));
            const Four g = four(minus(a, a4), eighth(minus(b, b4)), quarter(minus(c, c4)), quarter(eighth(minus(d, d4))));
            TO(0, f.a) TO(1, times(g.a, w1)) TO(2, times(f.b, w2)) TO(3, times(g.b, w3))
            TO(4, times(f.c, w4)) TO(5, times(g.c, w5)) TO(6, times(f.d, w6)) TO(7, times(g.d, w7))
        }
    }
}

// Of radix 2, 3, 5 or 7, which is known where it is compiled: `whole` turns of the radix lie among those of n.
INLINE Point more(Point sum, Point a, Point b) { return (Point){FMA(b.x, a.x, FMA(-b.y, a.y, sum.x)), FMA(b.x, a.y, FMA(b.y, a.x, sum.y))}; }
#define PART(j) {t->x[(j) * k % r * whole], t->y[(j) * k % r * whole]}
INLINE void by_prime(const int r, const R *restrict x, const R *restrict y, R *restrict u, R *restrict v, i64 m, i64 s, const Turns *t, i64 apart) {
    const i64 far = m * s, whole = t->n / r;
    for (i64 p = 0; p < m; ++p, x += s, y += s, u += r * s, v += r * s) for (int k = 0; k < r; ++k) {
        const Point w = TURN(k), w1 = PART(1), w2 = PART(2), w3 = PART(3), w4 = PART(4), w5 = PART(5), w6 = PART(6);
        SIMD for (i64 q = 0; q < s; ++q) {
            Point sum = more(FROM(0), FROM(1), w1);
            if (r > 2) sum = more(sum, FROM(2), w2);
            if (r > 3) sum = more(more(sum, FROM(3), w3), FROM(4), w4);
            if (r > 5) sum = more(more(sum, FROM(5), w5), FROM(6), w6);
            TO(k, sum)
        }
        if (p && k) SIMD for (i64 q = k * s; q < k * s + s; ++q) {
            const Point z = times((Point){u[q], v[q]}, w);
            u[q] = z.x, v[q] = z.y;
        }
    }
}

typedef struct { int count, radix[STEPS]; } Steps;

// The steps of a length: radix 4 as often as it goes, and where a 2 is left over, one of 8. 0 for a length with another factor.
static int steps_of(i64 n, Steps *steps) {
    static const int radices[] = {4, 2, 3, 5, 7};
    steps->count = 0;
    if (n % 8 == 0 && __builtin_ctzll((u64)n) % 2) steps->radix[steps->count++] = 8, n /= 8;
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
        switch (r) {
            case 8: by_eight(*x, *y, *u, *v, m, s, t, apart); break;
            case 4: by_four(*x, *y, *u, *v, m, s, t, apart); break;
            case 2: by_prime(2, *x, *y, *u, *v, m, s, t, apart); break;
            case 3: by_prime(3, *x, *y, *u, *v, m, s, t, apart); break;
            case 5: by_prime(5, *x, *y, *u, *v, m, s, t, apart); break;
            case 7: by_prime(7, *x, *y, *u, *v, m, s, t, apart); break;
        }
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

// Within a line: first the WIDE lines of numbers WIDE apart, then across them.
static void run_within(const Steps *steps, const Steps *last, const Turns *t, i64 n, R **x, R **y, R **u, R **v) {
    run_steps(steps, t, n / WIDE, WIDE, x, y, u, v);
    turn_rows(*x, *y, *u, *v, t, n / WIDE);
    run_steps(last, t, WIDE, n / WIDE, u, v, x, y);
    R *z = *x; *x = *u, *u = z; z = *y; *y = *v, *v = z;
}
