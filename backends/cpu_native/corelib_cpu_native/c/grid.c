// Images read at places of a grid, x and y from -1 to 1: the nearest pixel, or a weighted sum of four or sixteen. The places of a row of outputs and
// their weights are found once for all channels.

enum { NEAREST, LINEAR, CUBIC, ZEROS = 0, BORDER, REFLECTION, ROW = 256 };

#ifdef IS_F32
#define FUSED(a, b, c) __builtin_fmaf(a, b, c)
#define FLOOR __builtin_floorf
#define ROUND __builtin_rintf
#define REMAINDER fmodf
#else
#define FUSED(a, b, c) __builtin_fma(a, b, c)
#define FLOOR __builtin_floor
#define ROUND __builtin_rint
#define REMAINDER fmod
#endif

typedef struct {
    const char *x, *grid;
    char *out;
    int mode, padding, corners;
    i64 channels, height, width, out_height, out_width, pieces;
    i64 x_steps[4], grid_steps[4], out_steps[4];  // in bytes
} Grid;

// A coordinate in pixels.
INLINE T in_pixels(T at, i64 n, int corners) {
    return corners ? (at + 1) * ((T)(n - 1) / 2) : FUSED(at + 1, (T)n / 2, (T)-0.5);
}

// A coordinate brought into the image, where the padding says how; what is no number goes to 0, as PyTorch has it.
INLINE T inside(T at, i64 n, int padding, int corners) {
    if (padding == ZEROS) return at;
    const T last = (T)(n - 1);
    if (padding == REFLECTION) {
        const T low = corners ? 0 : (T)-0.5, span = corners ? last : (T)n;
        if (span == 0) return 0;
        T off = at - low;
        off = off < 0 ? -off : off;
        const T rest = REMAINDER(off, 2 * span);
        at = (rest <= span ? rest : 2 * span - rest) + low;
    }
    return at > 0 ? (at < last ? at : last) : 0;
}

INLINE T cubic_near(T x) { return ((T)1.25 * x - (T)2.25) * x * x + 1; }
INLINE T cubic_far(T x) { return (((T)-0.75 * x + (T)3.75) * x - 6) * x + 3; }

// The coordinates of a row, and along each axis its taps: which pixels they are, and whether the image has them (1 or 0).
typedef struct {
    T x[ROW], y[ROW], wx[4][ROW], wy[4][ROW], in_x[4][ROW], in_y[4][ROW];
    i32 at_x[4][ROW], at_y[4][ROW];
} Taps;

INLINE void tap(i32 *restrict at, T *restrict in, const T *restrict whole, T shift, i64 size, i32 step, i64 n) {
    const T last = (T)(size - 1);
    SIMD for (i64 i = 0; i < n; ++i) {
        const T p = whole[i] + shift, near = p > 0 ? p < last ? p : last : 0;
        in[i] = p >= 0 && p <= last ? 1 : 0;
        at[i] = (i32)near * step;
    }
}

// Coordinates to the taps along one axis, and their weights.
INLINE void taps_along(T *restrict x, T (*restrict w)[ROW], i32 (*restrict at)[ROW], T (*restrict in)[ROW], const Grid *g, i64 size, i64 step, i64 n) {
    T whole[ROW];
    const int mode = g->mode, padding = g->padding, corners = g->corners;
    SIMD for (i64 i = 0; i < n; ++i) x[i] = in_pixels(x[i], size, corners);
    if (mode != CUBIC && padding == REFLECTION) for (i64 i = 0; i < n; ++i) x[i] = inside(x[i], size, REFLECTION, corners);
    if (mode != CUBIC && padding == BORDER) { SIMD for (i64 i = 0; i < n; ++i) x[i] = inside(x[i], size, BORDER, corners); }
    if (mode == NEAREST) {
        SIMD for (i64 i = 0; i < n; ++i) whole[i] = ROUND(x[i]);
        tap(at[0], in[0], whole, 0, size, (i32)step, n);
        return;
    }
    SIMD for (i64 i = 0; i < n; ++i) whole[i] = FLOOR(x[i]);
    if (mode == LINEAR) {
        SIMD for (i64 i = 0; i < n; ++i) w[1][i] = x[i] - whole[i], w[0][i] = 1 - w[1][i];
        for (int t = 0; t < 2; ++t) tap(at[t], in[t], whole, (T)t, size, (i32)step, n);
        return;
    }
    SIMD for (i64 i = 0; i < n; ++i) {
        const T part = x[i] - whole[i];
        w[0][i] = cubic_far(part + 1), w[1][i] = cubic_near(part), w[2][i] = cubic_near(1 - part), w[3][i] = cubic_far(2 - part);
    }
    for (int t = 0; t < 4; ++t) {
        T moved[ROW];
        for (i64 i = 0; i < n; ++i) moved[i] = inside(whole[i] + (T)(t - 1), size, padding, corners);
        tap(at[t], in[t], moved, 0, size, (i32)step, n);
    }
}

INLINE T pixel(const T *plane, const Taps *p, int r, int t, i64 i) {
    const T found = plane[p->at_y[r][i] + p->at_x[t][i]];
    return p->in_y[r][i] * p->in_x[t][i] != 0 ? found : 0;
}

// n outputs of a channel.
INLINE void read_row(T *restrict out, const T *plane, const Taps *p, int mode, i64 n) {
    if (mode == NEAREST) { SIMD for (i64 i = 0; i < n; ++i) out[i] = pixel(plane, p, 0, 0, i); return; }
    if (mode == LINEAR) {
        SIMD for (i64 i = 0; i < n; ++i) {
            const T sum = FUSED(pixel(plane, p, 0, 1, i), p->wx[1][i] * p->wy[0][i], pixel(plane, p, 0, 0, i) * (p->wx[0][i] * p->wy[0][i]));
            out[i] = FUSED(pixel(plane, p, 1, 1, i), p->wx[1][i] * p->wy[1][i], FUSED(pixel(plane, p, 1, 0, i), p->wx[0][i] * p->wy[1][i], sum));
        }
        return;
    }
    for (int r = 0; r < 4; ++r) SIMD for (i64 i = 0; i < n; ++i) {
        T line = pixel(plane, p, r, 0, i) * p->wx[0][i];
        line = FUSED(pixel(plane, p, r, 1, i), p->wx[1][i], line);
        line = FUSED(pixel(plane, p, r, 2, i), p->wx[2][i], line);
        line = FUSED(pixel(plane, p, r, 3, i), p->wx[3][i], line);
        out[i] = r ? FUSED(line, p->wy[r][i], out[i]) : line * p->wy[r][i];
    }
}

// Pieces of rows of outputs (item), with all their channels.
static void grid_rows(void *context, i64 begin, i64 end) {
    const Grid *g = context;
    Taps p;
    T made[ROW];
    const i64 step = g->out_steps[3];
    for (i64 item = begin; item < end; ++item) {
        const i64 image = item / (g->out_height * g->pieces), row = item / g->pieces % g->out_height, from = item % g->pieces * ROW;
        const i64 n = g->out_width - from < ROW ? g->out_width - from : ROW;
        const char *places = g->grid + image * g->grid_steps[0] + row * g->grid_steps[1] + from * g->grid_steps[2];
        for (i64 i = 0; i < n; ++i) p.x[i] = *(const T *)(places + i * g->grid_steps[2]), p.y[i] = *(const T *)(places + i * g->grid_steps[2] + g->grid_steps[3]);
        taps_along(p.x, p.wx, p.at_x, p.in_x, g, g->width, g->x_steps[3] / (i64)sizeof(T), n);
        taps_along(p.y, p.wy, p.at_y, p.in_y, g, g->height, g->x_steps[2] / (i64)sizeof(T), n);
        for (i64 c = 0; c < g->channels; ++c) {
            const T *plane = (const T *)(g->x + image * g->x_steps[0] + c * g->x_steps[1]);
            char *out = g->out + image * g->out_steps[0] + c * g->out_steps[1] + row * g->out_steps[2] + from * step;
            T *to = step == sizeof(T) ? (T *)out : made;
            if (g->mode == NEAREST) read_row(to, plane, &p, NEAREST, n);
            else if (g->mode == LINEAR) read_row(to, plane, &p, LINEAR, n);
            else read_row(to, plane, &p, CUBIC, n);
            if (to == made) for (i64 i = 0; i < n; ++i) *(T *)(out + i * step) = made[i];
        }
    }
}

static int mode_of(Object *o) { return is_text(o, "nearest") ? NEAREST : is_text(o, "bilinear") ? LINEAR : is_text(o, "bicubic") ? CUBIC : -1; }
static int padding_of(Object *o) { return is_text(o, "zeros") ? ZEROS : is_text(o, "border") ? BORDER : is_text(o, "reflection") ? REFLECTION : -1; }

KERNEL(grid_sample) {
    Object *out = args[0], *x = args[1], *grid = args[2];
    i64 corners;
    Grid g;
    if (count != 6 || !is_array(out, KIND) || !is_array(x, KIND) || !is_array(grid, KIND) || !int_of(args[5], &corners)) PASS;
    g.mode = mode_of(args[3]), g.padding = padding_of(args[4]), g.corners = corners != 0;
    if (NDIM(out) != 4 || NDIM(x) != 4 || NDIM(grid) != 4 || g.mode < 0 || g.padding < 0) PASS;
    const i64 images = SHAPE(x)[0];
    g.channels = SHAPE(x)[1], g.height = SHAPE(x)[2], g.width = SHAPE(x)[3], g.out_height = SHAPE(out)[2], g.out_width = SHAPE(out)[3];
    if (SHAPE(out)[0] != images || SHAPE(out)[1] != g.channels || SHAPE(grid)[0] != images || SHAPE(grid)[3] != 2) PASS;
    if (SHAPE(grid)[1] != g.out_height || SHAPE(grid)[2] != g.out_width || g.height < 1 || g.width < 1 || g.height > 1 << 23 || g.width > 1 << 23) PASS;
    if (!numel(out)) DONE;
    i64 reach = 0;
    for (int d = 2; d < 4; ++d) reach += llabs(STRIDES(x)[d]) * SHAPE(x)[d];
    if (STRIDES(x)[2] % (i64)sizeof(T) || STRIDES(x)[3] % (i64)sizeof(T) || reach / (i64)sizeof(T) > INT32_MAX) PASS;  // pixels are counted in 32 bits
    for (int d = 0; d < 4; ++d) g.x_steps[d] = STRIDES(x)[d], g.grid_steps[d] = STRIDES(grid)[d], g.out_steps[d] = STRIDES(out)[d];
    g.x = DATA(x), g.grid = DATA(grid), g.out = DATA(out), g.pieces = (g.out_width + ROW - 1) / ROW;
    const i64 each = (g.out_width < ROW ? g.out_width : ROW) * (g.channels + 4);
    share(images * g.out_height * g.pieces, 1 + PIECE / each, grid_rows, &g, 4 * numel(out) + 8 * images * g.out_height * g.out_width);
    DONE;
}
