// Spatial dimensions of another size: each output is a weighted sum of places along each dimension. Lines are resized first, as PyTorch does it,
// then the dimensions above them, a block of outputs at a time, in the cache. The derivative is the same with the transposed places and weights.

// Along one dimension: for output j the places at[t * o + j] and their weights w[t * o + j], at most `taps`; where there are fewer, the place is m.
typedef struct { i64 m, o, taps; int same, one; i32 *at; T *w; } Axis;  // one: all weights are 1

typedef struct {
    Axis axis[3];
    const char *x;
    char *out;
    i64 planes, channels, inner;  // inner: elements that lie together at each place
    i64 x_steps[5], out_steps[5];  // of image, channel and the three dimensions, in bytes
    i64 blocks[2], sizes[2];       // of outputs along the first two dimensions, which are made at once
    int failed;
} Images;

#if defined(IS_F16) || defined(IS_BF16)
#define AS_VALUES 0
#else
#define AS_VALUES 1
#endif
INLINE T sum_of(T a, T b, T c) { return _Generic(a, f32: fused(a, b, c), default: fused_f64(a, b, c)); }

static f64 cubic_near(f64 x, f64 a) { return ((a + 2) * x - (a + 3)) * x * x + 1; }
static f64 cubic_far(f64 x, f64 a) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; }

// Places and the weights of filters are rounded where PyTorch rounds them.
#ifdef IS_F32
#define ROUNDED(x) ((f64)(f32)(x))
#else
#define ROUNDED(x) (x)
#endif

enum { NEAREST, EXACT, LINEAR, CUBIC, LANCZOS };
static f64 smooth(int mode, f64 x) {
    const f64 z = x < 0 ? -x : x, a = -0.5, pi = 3.14159265358979323846;
    if (mode == LINEAR) return z < 1 ? ROUNDED(1 - z) : 0;
    if (mode == CUBIC && z < 1) return ROUNDED(ROUNDED(ROUNDED((a + 2) * z - (a + 3)) * z) * z + 1);
    if (mode == CUBIC) return z < 2 ? ROUNDED(ROUNDED(ROUNDED(a * z - 5 * a) * z + 8 * a) * z - 4 * a) : 0;
    return z == 0 ? 1 : z >= 3 ? 0 : ROUNDED(3 * (sin)(pi * x) * (sin)(pi * x / 3) / (pi * x * pi * x));
}

static void put(Axis *a, i64 t, i64 j, i64 at, f64 w) { a->at[t * a->o + j] = (i32)at, a->w[t * a->o + j] = (T)w; }

// The places and weights of a dimension of m inputs and o outputs. 0 where there is no memory.
static int axis_of(Axis *a, i64 m, i64 o, f64 spacing, int mode, int corners, int antialias) {
    const f64 step = corners ? (o > 1 ? (f64)(m - 1) / (f64)(o - 1) : 0) : spacing;
    const int reach = mode - LINEAR + 1;
    const f64 apart = ROUNDED(step), wide = apart > 1 ? apart : 1, support = ROUNDED(reach * wide), inverse = ROUNDED(1 / wide);
    a->m = m, a->o = o, a->one = mode <= EXACT;
    a->same = m == o && mode > EXACT && (antialias || corners || mode == LINEAR || spacing == 1);
    a->taps = a->same || mode <= EXACT ? 1 : !antialias ? 2 * reach : (i64)(2 * reach * wide) + 3;
    if (antialias && a->taps > m) a->taps = m;
    if (!(a->at = malloc(a->taps * o * sizeof(i32)))) return 0;
    if (!(a->w = malloc(a->taps * o * sizeof(T)))) return 0;
    for (i64 j = 0; j < o; ++j) {
        if (a->same) put(a, 0, j, j, 1);
        else if (mode <= EXACT) {
            // PyTorch's steps, in its types: which of two places is nearer hangs on the last bit
            T centre = (T)j * (T)spacing;
            if (mode == EXACT) centre = (T)((j + 0.5) * (f64)(T)spacing - 0.5), centre = (centre < 0 ? 0 : centre) + (T)0.5;
            const i64 at = (i64)__builtin_floorf((f32)centre);
            put(a, 0, j, at < m - 1 ? at : m - 1, 1);
        } else if (antialias) {
            const f64 centre = ROUNDED(apart * (j + 0.5));
            i64 first = (i64)ROUNDED(ROUNDED(centre - support) + 0.5), last = (i64)ROUNDED(ROUNDED(centre + support) + 0.5);
            first = first < 0 ? 0 : first, last = last > m ? m : last;
            f64 total = 0;
#define WEIGHT(i) smooth(mode, ROUNDED((ROUNDED((i) - centre) + 0.5) * inverse))
            for (i64 i = first; i < last; ++i) total = ROUNDED(total + WEIGHT(i));
            for (i64 t = 0; t < a->taps; ++t) {
                const i64 i = first + t;
                if (i < last && total != 0) put(a, t, j, i, WEIGHT(i) / total);
                else put(a, t, j, m, 0);
            }
        } else if (mode == LINEAR) {
            f64 centre = ROUNDED(corners ? j * apart : (j + 0.5) * apart - 0.5);
            if (centre < 0) centre = 0;
            const i64 low = (i64)centre < m - 1 ? (i64)centre : m - 1;
            const T second = (T)(centre - low);
            put(a, 0, j, low, (T)1 - second), put(a, 1, j, low + 1 < m ? low + 1 : m - 1, second);
        } else {
            const f64 centre = corners ? j * step : (j + 0.5) * step - 0.5, low = __builtin_floor(centre), t = centre - low, c = -0.75;
            const f64 w[4] = {cubic_far(t + 1, c), cubic_near(t, c), cubic_near(1 - t, c), cubic_far(2 - t, c)};
            for (int k = 0; k < 4; ++k) {
                const i64 at = (i64)low - 1 + k;
                put(a, k, j, at < 0 ? 0 : at >= m ? m - 1 : at, w[k]);
            }
        }
    }
    return 1;
}

static int turn_axis(Axis *a) {
    Axis b = {a->o, a->m, 1, a->same, a->one, 0, 0};
    i64 *counts = calloc(a->m + 1, sizeof(i64));
    if (!counts) return 0;
    for (i64 k = 0; k < a->taps * a->o; ++k) if (a->at[k] < a->m && ++counts[a->at[k]] > b.taps) b.taps = counts[a->at[k]];
    b.at = malloc(b.taps * b.o * sizeof(i32)), b.w = malloc(b.taps * b.o * sizeof(T));
    if (b.at && b.w) {
        for (i64 k = 0; k < b.taps * b.o; ++k) b.at[k] = (i32)b.m, b.w[k] = 0;
        memset(counts, 0, a->m * sizeof(i64));
        for (i64 j = 0; j < a->o; ++j) for (i64 t = 0; t < a->taps; ++t) {
            const i64 i = a->at[t * a->o + j];
            if (i < a->m) put(&b, counts[i]++, i, j, a->w[t * a->o + j]);
        }
    }
    b.one = a->one && b.taps == 1;
    for (i64 k = 0; b.one && b.at && k < b.o; ++k) b.one = b.at[k] < b.m;
    free(counts), free(a->at), free(a->w);
    *a = b;
    return b.at && b.w;
}

// A line, which ends with a zero for the places that are none.
static void line_resized(T *restrict out, const T *restrict x, const Axis *a) {
    const i64 o = a->o;
    const i32 *restrict at = a->at;
    const T *restrict w = a->w;
    if (a->one) { SIMD for (i64 j = 0; j < o; ++j) out[j] = x[at[j]]; }
    else if (a->taps == 2) { SIMD for (i64 j = 0; j < o; ++j) out[j] = sum_of(x[at[j]], w[j], x[at[o + j]] * w[o + j]); }
    else {
        SIMD for (i64 j = 0; j < o; ++j) out[j] = x[at[j]] * w[j];
        for (i64 t = 1; t < a->taps; ++t) {
            const i32 *restrict more = at + t * o;
            const T *restrict by = w + t * o;
            SIMD for (i64 j = 0; j < o; ++j) out[j] = sum_of(x[more[j]], by[j], out[j]);
        }
    }
}

// Output j of a dimension, of n elements that lie together at each place, which are `step` elements apart; places count from `from`.
static void rows_summed(T *restrict out, const T *restrict x, i64 step, i64 from, const Axis *a, i64 j, i64 n) {
    const i64 o = a->o;
    if (a->at[j] >= a->m) { memset(out, 0, n * sizeof(T)); return; }
    const T *restrict first = x + (a->at[j] - from) * step;
    const T w = a->w[j];
    if (a->one || (a->taps == 1 && w == 1)) { memcpy(out, first, n * sizeof(T)); return; }
    if (a->taps == 1 || a->at[o + j] >= a->m) { SIMD for (i64 i = 0; i < n; ++i) out[i] = first[i] * w; return; }
    const T *restrict second = x + (a->at[o + j] - from) * step;
    const T v = a->w[o + j];
    SIMD for (i64 i = 0; i < n; ++i) out[i] = sum_of(first[i], w, second[i] * v);
    for (i64 t = 2; t < a->taps && a->at[t * o + j] < a->m; ++t) {
        const T *restrict more = x + (a->at[t * o + j] - from) * step;
        const T u = a->w[t * o + j];
        SIMD for (i64 i = 0; i < n; ++i) out[i] = sum_of(more[i], u, out[i]);
    }
}

// The inputs that outputs begin ... end need.
static void needed(const Axis *a, i64 begin, i64 end, i64 *low, i64 *high) {
    *low = a->m, *high = 0;
    for (i64 t = 0; t < a->taps; ++t) for (i64 j = begin; j < end; ++j) {
        const i64 at = a->at[t * a->o + j];
        if (at >= a->m) continue;
        if (at < *low) *low = at;
        if (at >= *high) *high = at + 1;
    }
    if (*low > *high) *low = *high = 0;
}

static void store_row(const Images *g, char *out, const T *from) {
    const i64 o = g->axis[2].o, k = g->inner, step = g->out_steps[4];
    if (k > 1 ? step == k * (i64)sizeof(MEM) : step == sizeof(MEM)) { SIMD for (i64 i = 0; i < o * k; ++i) STORE((MEM *)out, i, from[i]); return; }
    for (i64 j = 0; j < o; ++j) for (i64 i = 0; i < k; ++i) STORE((MEM *)(out + j * step), i, from[j * k + i]);
}

// Blocks of outputs (item): of an image or a channel, of the first and of the second dimension.
static void resample_blocks(void *context, i64 begin, i64 end) {
    Images *g = context;
    const Axis *az = &g->axis[0], *ay = &g->axis[1], *ax = &g->axis[2];
    const i64 k = g->inner, row = ax->o * k;
    const int straight = AS_VALUES && g->out_steps[4] == k * (i64)sizeof(MEM);
    T *line = malloc((ax->m * k + 1 + row) * sizeof(T)), *made = 0;
    i64 room = 0;
    if (!line) { g->failed = 1; return; }
    T *last = line + ax->m * k + 1;
    line[ax->m * k] = 0;
    for (i64 item = begin; item < end; ++item) {
        const i64 plane = item / (g->blocks[0] * g->blocks[1]), bz = item / g->blocks[1] % g->blocks[0], by = item % g->blocks[1];
        const i64 z0 = bz * g->sizes[0], z1 = z0 + g->sizes[0] < az->o ? z0 + g->sizes[0] : az->o;
        const i64 y0 = by * g->sizes[1], y1 = y0 + g->sizes[1] < ay->o ? y0 + g->sizes[1] : ay->o;
        i64 za, zb, ya, yb;
        needed(az, z0, z1, &za, &zb), needed(ay, y0, y1, &ya, &yb);
        const i64 of_lines = (zb - za) * (yb - ya) * row, of_rows = az->same ? 0 : (zb - za) * (y1 - y0) * row;
        if (of_lines + of_rows > room || !made) {
            free(made);
            room = of_lines + of_rows;
            if (!(made = malloc((room + 1) * sizeof(T)))) { g->failed = 1; break; }
        }
        T *lines = made, *rows = made + of_lines;
        const char *x = g->x + plane / g->channels * g->x_steps[0] + plane % g->channels * g->x_steps[1];
        char *out = g->out + plane / g->channels * g->out_steps[0] + plane % g->channels * g->out_steps[1];
        for (i64 z = za; z < zb; ++z) for (i64 y = ya; y < yb; ++y) {
            const char *from = x + z * g->x_steps[2] + y * g->x_steps[3];
            T *to = lines + ((z - za) * (yb - ya) + y - ya) * row;
            const i64 step = g->x_steps[4];
            T *values = ax->same ? to : line;
            if (step == k * (i64)sizeof(MEM)) { SIMD for (i64 i = 0; i < ax->m * k; ++i) values[i] = LOAD((const MEM *)from, i); }
            else for (i64 i = 0; i < ax->m; ++i) for (i64 c = 0; c < k; ++c) values[i * k + c] = LOAD((const MEM *)(from + i * step), c);
            if (ax->same) continue;
            if (k == 1) line_resized(to, line, ax);
            else for (i64 j = 0; j < ax->o; ++j) rows_summed(to + j * k, line, k, 0, ax, j, k);
        }
        for (i64 z = 0; !az->same && z < zb - za; ++z)
            for (i64 y = y0; y < y1; ++y) rows_summed(rows + (z * (y1 - y0) + y - y0) * row, lines + z * (yb - ya) * row, row, ya, ay, y, row);
        for (i64 z = z0; z < z1; ++z) for (i64 y = y0; y < y1; ++y) {
            char *at = out + z * g->out_steps[2] + y * g->out_steps[3];
            T *to = straight ? (T *)at : last;
            if (az->same) rows_summed(to, lines + (z - za) * (yb - ya) * row, row, ya, ay, y, row);
            else rows_summed(to, rows + (y - y0) * row, (y1 - y0) * row, za, az, z, row);
            if (!straight) store_row(g, at, last);
        }
    }
    free(line), free(made);
}

static int mode_of(Object *o, int antialias) {
    if (is_text(o, "nearest")) return antialias ? -1 : NEAREST;
    if (is_text(o, "nearest-exact")) return antialias ? -1 : EXACT;
    if (is_text(o, "linear") || is_text(o, "trilinear")) return antialias ? -1 : LINEAR;
    if (is_text(o, "bilinear")) return LINEAR;
    if (is_text(o, "bicubic")) return CUBIC;
    return antialias && is_text(o, "lanczos") ? LANCZOS : -1;
}

static Object *resampled(Object *const *args, int turned) {
    Object *out = args[0], *x = args[1], *found[3];
    i64 sizes[3], corners, antialias;
    f64 spacings[3];
    if (!is_array(out, KIND) || !is_array(x, KIND)) PASS;
    const int dims = NDIM(x), n = dims - 2;
    if (n < 1 || n > 3 || NDIM(out) != dims || ints_of(args[2], sizes, 3) != n || objects_of(args[3], found, 3) != n) PASS;
    for (int i = 0; i < n; ++i) if (!float_of(found[i], &spacings[i])) PASS;
    if (!int_of(args[5], &corners) || !int_of(args[6], &antialias)) PASS;
    const int mode = mode_of(args[4], antialias != 0);
    if (mode < 0 || SHAPE(x)[0] != SHAPE(out)[0] || SHAPE(x)[1] != SHAPE(out)[1]) PASS;
    for (int i = 0; i < n; ++i) if (SHAPE(out)[2 + i] != sizes[i] || SHAPE(x)[2 + i] < 1 || sizes[i] < 1 || SHAPE(x)[2 + i] > 1 << 24 || sizes[i] > 1 << 24) PASS;
    if (!numel(out)) DONE;
    Images g;
    memset(&g, 0, sizeof g);
    g.x = DATA(x), g.out = DATA(out), g.planes = SHAPE(x)[0] * SHAPE(x)[1], g.channels = SHAPE(x)[1], g.inner = 1;
    for (int d = 0; d < 2; ++d) g.x_steps[d] = STRIDES(x)[d], g.out_steps[d] = STRIDES(out)[d];
    for (int d = 0; d < n; ++d) g.x_steps[5 - n + d] = STRIDES(x)[2 + d], g.out_steps[5 - n + d] = STRIDES(out)[2 + d];
    if (g.channels > 1 && g.x_steps[1] == sizeof(MEM) && g.out_steps[1] == sizeof(MEM)) g.inner = g.channels, g.planes /= g.channels, g.channels = 1;
    int made = 1;
    for (int d = 0; made && d < 3; ++d) {
        const int at = d - (3 - n);
        const i64 in = at < 0 ? 1 : SHAPE(x)[2 + at], to = at < 0 ? 1 : sizes[at];
        made = axis_of(&g.axis[d], turned ? to : in, turned ? in : to, at < 0 ? 1 : spacings[at], at < 0 ? LINEAR : mode, corners != 0, antialias != 0);
        if (made && turned) made = turn_axis(&g.axis[d]);
    }
    if (made) {
        const i64 row = g.axis[2].o * g.inner, y = g.axis[1].o, z = g.axis[0].o;
        g.sizes[1] = z > 1 ? y : 1 + 32768 / row < y ? 1 + 32768 / row : y;
        g.sizes[0] = z == 1 ? 1 : 1 + 32768 / (row * y) < z ? 1 + 32768 / (row * y) : z;
        g.blocks[0] = (z + g.sizes[0] - 1) / g.sizes[0], g.blocks[1] = (y + g.sizes[1] - 1) / g.sizes[1];
        const i64 each = g.sizes[0] * g.sizes[1] * row;
        share(g.planes * g.blocks[0] * g.blocks[1], 1 + 16384 / each, resample_blocks, &g, 2 * numel(out));
    }
    for (int d = 0; d < 3; ++d) free(g.axis[d].at), free(g.axis[d].w);
    if (!made || g.failed) return no_memory();
    DONE;
}

KERNEL(resample) { if (count != 7) PASS; return resampled(args, 0); }
KERNEL(resample_backward) { if (count != 7) PASS; return resampled(args, 1); }
