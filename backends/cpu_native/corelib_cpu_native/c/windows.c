// Pooling: the largest of windows and where it lies, their sums, and numbers spread over windows. A row of windows at a time, one place of the
// kernel after the other.

enum { WIDEST = 1024, LINE = 2048, SPREAD = 8192, CHAIN = 32, FEW = 32768 };  // windows of a row that are met at once, numbers of a copied row, and of the widest that is spread over; numbers added one after the other; elements of work worth another thread's while
#if IS_F64
typedef i64 Place;
#else
typedef i32 Place;
#endif
enum { LANES = 64 / sizeof(T) };

// The last dimensions of an array as three, and its leading ones walked one by one.
typedef struct {
    char *data;
    int lead;
    i64 sizes[DIMS], steps[DIMS];  // leading dimensions
    i64 n[3], s[3];  // the last three: sizes, and steps in bytes
} Planes;

static int planes_of(Object *o, int n, Planes *p) {
    p->lead = NDIM(o) - n;
    if (p->lead < 0) return 0;
    p->data = DATA(o);
    for (int d = 0; d < p->lead; ++d) p->sizes[d] = SHAPE(o)[d], p->steps[d] = STRIDES(o)[d];
    for (int d = 0; d < 3; ++d) {
        const int at = p->lead + d - (3 - n);
        p->n[d] = d < 3 - n ? 1 : SHAPE(o)[at], p->s[d] = d < 3 - n ? 0 : STRIDES(o)[at];
    }
    return 1;
}

static const char *plane_at(const Planes *p, i64 i) {
    const char *at = p->data;
    for (int d = p->lead - 1; d >= 0; --d) at += i % p->sizes[d] * p->steps[d], i /= p->sizes[d];
    return at;
}

static int three_ints(Object *o, int n, i64 missing, i64 *made) {
    i64 found[3];
    if (ints_of(o, found, 3) != n) return 0;
    for (int d = 0; d < 3; ++d) made[d] = d < 3 - n ? missing : found[d - (3 - n)];
    return 1;
}

typedef struct {
    Planes x;
    MEM *out;
    i64 *where;
    i64 planes, kernel[3], stride[3], padding[3], dilation[3], m[3];
} Pool;

INLINE void larger(T *best, Place *place, const T *line, i64 stride, i64 n, Place first) {
    for (i64 from = 0; from < n; from += LANES) {
        T *b = best + from;
        Place *p = place + from;
        const T *x = line + from * stride;
        SIMD for (int i = 0; i < LANES; ++i) {
            const T v = x[i * stride];
            const int better = (v > b[i]) | (v != v);
            b[i] = better ? v : b[i];
            p[i] = better ? first + (Place)((from + i) * stride) : p[i];
        }
    }
}

// Where a window of nothing but -inf points: to its first place inside.
static Place first_inside(const Pool *p, i64 a, i64 h, i64 w) {
    const i64 window[3] = {a, h, w};
    i64 place = 0;
    for (int d = 0; d < 3; ++d) {
        i64 at = window[d] * p->stride[d] - p->padding[d];
        while (at < 0) at += p->dilation[d];
        place = place * p->x.n[d] + at;
    }
    return (Place)place;
}

// Rows of windows (item: plane and row). Each row of the input is copied with its padding, so that every window of the row has the same places.
static void max_rows(void *context, i64 begin, i64 end) {
    const Pool *p = context;
    const Planes *x = &p->x;
    T best[LINE + LANES], line[LINE];
    Place place[LINE + LANES];
    const i64 rows = p->m[0] * p->m[1], s = p->stride[2], reach = (p->kernel[2] - 1) * p->dilation[2] + 1;
    const i64 most = (LINE - reach) / s / LANES * LANES;
    for (i64 item = begin; item < end; ++item) {
        const i64 a = item % rows / p->m[1], h = item % p->m[1];
        const char *plane = plane_at(x, item / rows);
        for (i64 from = 0; from < p->m[2]; from += most) {
            const i64 m = p->m[2] - from < most ? p->m[2] - from : most, lanes = (m + LANES - 1) / LANES * LANES;
            const i64 start = from * s - p->padding[2], length = (lanes - 1) * s + reach;
            const i64 low = start < 0 ? -start : 0, high = x->n[2] - start < length ? x->n[2] - start : length;
            for (i64 i = 0; i < lanes; ++i) best[i] = -INFINITY, place[i] = -1;
            for (i64 i = 0; i < low; ++i) line[i] = -INFINITY;
            for (i64 i = high; i < length; ++i) line[i] = -INFINITY;
            for (i64 kd = 0; kd < p->kernel[0]; ++kd)
                for (i64 kh = 0; kh < p->kernel[1]; ++kh) {
                    const i64 d = a * p->stride[0] + kd * p->dilation[0] - p->padding[0], y = h * p->stride[1] + kh * p->dilation[1] - p->padding[1];
                    if (d < 0 || d >= x->n[0] || y < 0 || y >= x->n[1]) continue;
                    const char *row = plane + d * x->s[0] + y * x->s[1] + (start + low) * x->s[2];
                    if (x->s[2] == sizeof(MEM)) { SIMD for (i64 i = low; i < high; ++i) line[i] = LOAD((const MEM *)row, i - low); }
                    else for (i64 i = low; i < high; ++i) line[i] = LOAD((const MEM *)(row + (i - low) * x->s[2]), 0);
                    for (i64 kw = 0; kw < p->kernel[2]; ++kw) {
                        const i64 at = kw * p->dilation[2];
                        const Place first = (Place)((d * x->n[1] + y) * x->n[2] + start + at);
                        if (s == 1) larger(best, place, line + at, 1, lanes, first);
                        else if (s == 2) larger(best, place, line + at, 2, lanes, first);
                        else larger(best, place, line + at, s, lanes, first);
                    }
                }
            MEM *to = p->out + item * p->m[2] + from;
            i64 *where = p->where + item * p->m[2] + from;
            for (i64 i = 0; i < m; ++i) if (place[i] < 0) place[i] = first_inside(p, a, h, from + i);
            SIMD for (i64 i = 0; i < m; ++i) STORE(to, i, best[i]);
            SIMD for (i64 i = 0; i < m; ++i) where[i] = place[i];
        }
    }
}

static void cut_rows(const Pool *p, Body body, i64 each) {
    const i64 rows = p->planes * p->m[0] * p->m[1], work = each * p->m[2];
    share(rows, 1 + FEW / (work + 1), body, (void *)p, rows * work);
}

KERNEL(max_windows) {
    Object *outs[2], *x = args[1];
    Pool p;
    if (count != 7 || objects_of(args[0], outs, 2) != 2 || !is_array(x, KIND) || !is_array(outs[0], KIND) || !is_array(outs[1], I64)) PASS;
    i64 sizes[3];
    const int n = ints_of(args[2], sizes, 3);
    if (n < 1 || !three_ints(args[2], n, 1, p.kernel) || !three_ints(args[3], n, 1, p.stride) || !three_ints(args[4], n, 0, p.padding)
        || !three_ints(args[5], n, 1, p.dilation) || !three_ints(args[6], n, 1, p.m) || !planes_of(x, n, &p.x)) PASS;
    if (!IN_A_ROW(outs[0]) || !IN_A_ROW(outs[1])) PASS;
    if (!numel(outs[0])) DONE;
    if (p.x.n[0] * p.x.n[1] * p.x.n[2] > INT32_MAX / 2 || (p.kernel[2] - 1) * p.dilation[2] + 1 + LANES * p.stride[2] > LINE) PASS;
    for (int d = 0; d < 3; ++d)
        for (i64 i = 0; i < p.m[d]; ++i) {  // each window has a place inside
            const i64 at = i * p.stride[d] - p.padding[d], steps = at < 0 ? (-at + p.dilation[d] - 1) / p.dilation[d] : 0;
            if (steps >= p.kernel[d] || at + steps * p.dilation[d] >= p.x.n[d]) PASS;
        }
    p.out = (MEM *)DATA(outs[0]), p.where = (i64 *)DATA(outs[1]);
    p.planes = numel(outs[0]) / (p.m[0] * p.m[1] * p.m[2]);
    cut_rows(&p, max_rows, p.kernel[0] * p.kernel[1] * p.kernel[2] * 2);
    DONE;
}

INLINE void add_row(T *to, const char *from, i64 step, i64 n) { SIMD for (i64 i = 0; i < n; ++i) to[i] += LOAD((const MEM *)(from + i * step), 0); }

// A wide window: rows of its elements added up in lanes.
static T wide_window(const Pool *p, const char *from) {
    T lanes[LANES] = {0}, rest = 0;
    const Planes *x = &p->x;
    for (i64 kd = 0; kd < p->kernel[0]; ++kd)
        for (i64 kh = 0; kh < p->kernel[1]; ++kh) {
            const MEM *row = (const MEM *)(from + kd * x->s[0] + kh * x->s[1]);
            i64 i = 0;
            for (; i + LANES <= p->kernel[2]; i += LANES) { SIMD for (int l = 0; l < LANES; ++l) lanes[l] += LOAD(row, i + l); }
            T part = 0;
            for (; i < p->kernel[2]; ++i) part += LOAD(row, i);
            rest += part;
        }
    for (int half_ = LANES / 2; half_; half_ /= 2) for (int l = 0; l < half_; ++l) lanes[l] += lanes[l + half_];
    return lanes[0] + rest;
}

static void sum_rows(void *context, i64 begin, i64 end) {
    const Pool *p = context;
    const Planes *x = &p->x;
    T sums[WIDEST], parts[WIDEST];
    const i64 rows = p->m[0] * p->m[1], step = p->stride[2] * x->s[2];
    const int wide = x->s[2] == sizeof(MEM) && p->kernel[2] >= LANES / 2 && (p->kernel[2] >= LANES || p->m[2] < LANES);
    for (i64 item = begin; item < end; ++item) {
        const char *at = plane_at(x, item / rows) + item % rows / p->m[1] * p->stride[0] * x->s[0] + item % p->m[1] * p->stride[1] * x->s[1];
        for (i64 from = 0; from < p->m[2]; from += WIDEST) {
            const i64 m = p->m[2] - from < WIDEST ? p->m[2] - from : WIDEST;
            const char *first = at + from * step;
            MEM *to = p->out + item * p->m[2] + from;
            if (wide) {
                for (i64 i = 0; i < m; ++i) STORE(to, i, wide_window(p, first + i * step));
                continue;
            }
            const int few = p->kernel[0] * p->kernel[1] * p->kernel[2] <= CHAIN;
            T *part = few ? sums : parts;
            for (i64 i = 0; i < m; ++i) sums[i] = 0;
            for (i64 kd = 0; kd < p->kernel[0]; ++kd)
                for (i64 kh = 0; kh < p->kernel[1]; ++kh) {
                    if (!few) for (i64 i = 0; i < m; ++i) part[i] = 0;
                    for (i64 kw = 0; kw < p->kernel[2]; ++kw) {
                        const char *row = first + kd * x->s[0] + kh * x->s[1] + kw * x->s[2];
                        if (step == sizeof(MEM)) add_row(part, row, sizeof(MEM), m);
                        else if (step == 2 * sizeof(MEM)) add_row(part, row, 2 * sizeof(MEM), m);
                        else add_row(part, row, step, m);
                    }
                    if (!few) { SIMD for (i64 i = 0; i < m; ++i) sums[i] += part[i]; }
                }
            SIMD for (i64 i = 0; i < m; ++i) STORE(to, i, sums[i]);
        }
    }
}

KERNEL(window_sum) {
    Object *out = args[0], *x = args[1];
    Pool p;
    i64 sizes[3];
    if (count != 5 || !is_array(out, KIND) || !is_array(x, KIND) || !IN_A_ROW(out)) PASS;
    const int n = ints_of(args[2], sizes, 3);
    if (n < 1 || !three_ints(args[2], n, 1, p.kernel) || !three_ints(args[3], n, 1, p.stride) || !three_ints(args[4], n, 1, p.m) || !planes_of(x, n, &p.x)) PASS;
    if (!numel(out)) DONE;
    for (int d = 0; d < 3; ++d) if ((p.m[d] - 1) * p.stride[d] + p.kernel[d] > p.x.n[d]) PASS;
    p.out = (MEM *)DATA(out), p.planes = numel(out) / (p.m[0] * p.m[1] * p.m[2]);
    cut_rows(&p, sum_rows, p.kernel[0] * p.kernel[1] * p.kernel[2]);
    DONE;
}

INLINE i64 last_of(i64 at, i64 stride, i64 n) { return at / stride < n ? at / stride : n - 1; }

// Rows of out (item: plane and row): x is y here, and m out's sizes.
static void spread_rows(void *context, i64 begin, i64 end) {
    const Pool *p = context;
    const Planes *y = &p->x;
    T to[SPREAD];
    const i64 rows = p->m[0] * p->m[1], k = p->kernel[2], stride = p->stride[2];
    for (i64 item = begin; item < end; ++item) {
        const i64 a = item % rows / p->m[1], h = item % p->m[1];
        const char *plane = plane_at(y, item / rows);
        for (i64 i = 0; i < p->m[2]; ++i) to[i] = 0;
        // The windows that reach this row, in the order of the kernel's places.
        for (i64 d = last_of(a, p->stride[0], y->n[0]); d >= 0 && a - d * p->stride[0] < p->kernel[0]; --d)
            for (i64 r = last_of(h, p->stride[1], y->n[1]); r >= 0 && h - r * p->stride[1] < p->kernel[1]; --r) {
                const char *from = plane + d * y->s[0] + r * y->s[1];
                if (y->n[2] < k) {
                    for (i64 w = 0; w < y->n[2]; ++w) {
                        const T v = LOAD((const MEM *)(from + w * y->s[2]), 0);
                        SIMD for (i64 i = 0; i < k; ++i) to[w * stride + i] += v;
                    }
                } else for (i64 kw = 0; kw < k; ++kw) {
                    if (stride == 1 && y->s[2] == sizeof(MEM)) { SIMD for (i64 w = 0; w < y->n[2]; ++w) to[kw + w] += LOAD((const MEM *)from, w); }
                    else for (i64 w = 0; w < y->n[2]; ++w) to[kw + w * stride] += LOAD((const MEM *)(from + w * y->s[2]), 0);
                }
            }
        MEM *out = p->out + item * p->m[2];
        SIMD for (i64 i = 0; i < p->m[2]; ++i) STORE(out, i, to[i]);
    }
}

KERNEL(window_spread) {
    Object *out = args[0], *y = args[1];
    Pool p;
    i64 sizes[3];
    if (count != 6 || !is_array(out, KIND) || !is_array(y, KIND) || !IN_A_ROW(out)) PASS;
    const int n = ints_of(args[3], sizes, 3);
    if (n < 1 || !three_ints(args[3], n, 1, p.kernel) || !three_ints(args[4], n, 1, p.stride) || !planes_of(y, n, &p.x) || NDIM(out) != NDIM(y)) PASS;
    if (!numel(out)) DONE;
    Planes o;
    planes_of(out, n, &o);
    for (int d = 0; d < 3; ++d) {
        p.m[d] = o.n[d];
        if ((p.x.n[d] - 1) * p.stride[d] + p.kernel[d] > p.m[d]) PASS;
    }
    if (p.m[2] > SPREAD) PASS;
    p.out = (MEM *)DATA(out), p.planes = numel(out) / (p.m[0] * p.m[1] * p.m[2]);
    cut_rows(&p, spread_rows, 2 + p.kernel[0] * p.kernel[1] * p.kernel[2] / (p.stride[0] * p.stride[1] * p.stride[2]));
    DONE;
}
