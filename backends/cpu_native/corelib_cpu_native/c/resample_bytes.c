// One dimension of images of bytes in another size: each output is a window of bytes times whole numbers, summed in 32 bits and rounded to a byte.
// Lines along the dimension are turned, BLOCK at a time, so that neighbours in memory are always summed alike.

enum { BLOCK = 64 };

typedef struct {
    const char *x;
    char *out;
    const i64 *first;
    const i32 *w;
    i64 m, o, taps, bits, inner;  // inner: bytes that lie together at each place
    i64 x_step, out_step;         // between places
    int dims;
    i64 sizes[DIMS], x_steps[DIMS], out_steps[DIMS];  // of the other dimensions, that of the lines which are turned together last
    i64 blocks;
    int failed;
} Lines;

// n sums of neighbours, one output each.
INLINE void rounded_sums(u8 *restrict out, const u8 *restrict x, i64 step, const i32 *restrict w, i64 taps, i64 bits, i64 n) {
    const i32 half = 1 << bits >> 1;
    SIMD for (i64 i = 0; i < n; ++i) {
        i32 sum = half;
        for (i64 t = 0; t < taps; ++t) sum += w[t] * x[t * step + i];
        sum >>= bits;
        out[i] = (u8)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
}

// Few taps are what most images need: their loops are written out.
static void summed(u8 *restrict out, const u8 *restrict x, i64 step, const i32 *restrict w, i64 taps, i64 bits, i64 n) {
    switch (taps) {
        case 1: rounded_sums(out, x, step, w, 1, bits, n); break;
        case 2: rounded_sums(out, x, step, w, 2, bits, n); break;
        case 3: rounded_sums(out, x, step, w, 3, bits, n); break;
        case 4: rounded_sums(out, x, step, w, 4, bits, n); break;
        case 5: rounded_sums(out, x, step, w, 5, bits, n); break;
        case 6: rounded_sums(out, x, step, w, 6, bits, n); break;
        default: rounded_sums(out, x, step, w, taps, bits, n);
    }
}

// A matrix of bytes turned: out[b][a] = in[a][b].
static void turn(char *out, i64 out_step, const char *in, i64 in_step, i64 na, i64 nb) {
    const i64 whole_a = na / SIDE * SIDE, whole_b = nb / SIDE * SIDE;
    for (i64 b = 0; b < whole_b; b += SIDE)
        for (i64 a = 0; a < whole_a; a += SIDE) turn_square(out + b * out_step + a, out_step, in + a * in_step + b, in_step);
    for (i64 b = 0; b < nb; ++b)
        for (i64 a = b < whole_b ? whole_a : 0; a < na; ++a) out[b * out_step + a] = in[a * in_step + b];
}

static void place(const Lines *g, i64 item, int dims, const char **x, char **out) {
    *x = g->x, *out = g->out;
    for (int d = dims - 1; d >= 0; --d) {
        const i64 at = item % g->sizes[d];
        item /= g->sizes[d], *x += at * g->x_steps[d], *out += at * g->out_steps[d];
    }
}

// Items: what lies at all places of the outer dimensions, row by row.
static void rows_of_bytes(void *context, i64 begin, i64 end) {
    const Lines *g = context;
    for (i64 item = begin; item < end; ++item) {
        const char *x;
        char *out;
        place(g, item / g->o, g->dims, &x, &out);
        const i64 j = item % g->o;
        summed((u8 *)out + j * g->out_step, (const u8 *)x + g->first[j] * g->x_step, g->x_step, g->w + j * g->taps, g->taps, g->bits, g->inner);
    }
}

// Items: blocks of lines.
static void lines_of_bytes(void *context, i64 begin, i64 end) {
    Lines *g = context;
    const i64 k = g->inner, last = g->dims - 1;
    char *turned = calloc(g->m + g->o, k * BLOCK), *made = turned + g->m * k * BLOCK;
    if (!turned) { g->failed = 1; return; }
    for (i64 item = begin; item < end; ++item) {
        const char *x;
        char *out;
        place(g, item / g->blocks, (int)last, &x, &out);
        const i64 from = item % g->blocks * BLOCK, n = g->sizes[last] - from < BLOCK ? g->sizes[last] - from : BLOCK;
        turn(turned, BLOCK, x + from * g->x_steps[last], g->x_steps[last], n, g->m * k);
        for (i64 j = 0; j < g->o; ++j) for (i64 c = 0; c < k; ++c)
            summed((u8 *)made + (j * k + c) * BLOCK, (u8 *)turned + (g->first[j] * k + c) * BLOCK, k * BLOCK, g->w + j * g->taps, g->taps, g->bits, BLOCK);
        turn(out + from * g->out_steps[last], g->out_steps[last], made, BLOCK, g->o * k, n);
    }
    free(turned);
}

KERNEL(resample_along) {
    if (count != 6) PASS;
    Object *out = args[0], *x = args[1], *first = args[3], *weights = args[4];
    i64 dim;
    Lines g;
    memset(&g, 0, sizeof g);
    if (!is_array(out, KIND) || !is_array(x, KIND) || !is_array(first, I64) || !is_array(weights, I32) || !int_of(args[2], &dim) || !int_of(args[5], &g.bits)) PASS;
    const int dims = NDIM(x);
    if (NDIM(out) != dims || dim < 0 || dim >= dims || g.bits < 0 || g.bits > 30 || NDIM(first) != 1 || NDIM(weights) != 2) PASS;
    if (!IN_A_ROW(first) || !IN_A_ROW(weights) || overlapping(out, x, 1)) PASS;
    g.x = DATA(x), g.out = DATA(out), g.first = (const i64 *)DATA(first), g.w = (const i32 *)DATA(weights);
    g.m = SHAPE(x)[dim], g.o = SHAPE(out)[dim], g.taps = SHAPE(weights)[1], g.x_step = STRIDES(x)[dim], g.out_step = STRIDES(out)[dim], g.inner = 1;
    if (SHAPE(first)[0] != g.o || SHAPE(weights)[0] != g.o) PASS;
    for (i64 j = 0; j < g.o; ++j) if (g.first[j] < 0 || g.first[j] > g.m - g.taps) PASS;
    for (int d = 0; d < dims; ++d) {
        if (d == dim) continue;
        if (SHAPE(x)[d] != SHAPE(out)[d]) PASS;
        if (SHAPE(x)[d] > 1) g.sizes[g.dims] = SHAPE(x)[d], g.x_steps[g.dims] = STRIDES(x)[d], g.out_steps[g.dims++] = STRIDES(out)[d];
    }
    const i64 total = numel(out);
    if (!total) DONE;
    for (int d = 0; d < g.dims; ++d) {
        if (g.x_steps[d] != g.inner || g.out_steps[d] != g.inner) continue;
        g.inner *= g.sizes[d];
        --g.dims;
        for (int e = d; e < g.dims; ++e) g.sizes[e] = g.sizes[e + 1], g.x_steps[e] = g.x_steps[e + 1], g.out_steps[e] = g.out_steps[e + 1];
        d = -1;
    }
    i64 rest = total / g.o / g.inner;
    if (g.inner >= 16 || !g.dims || g.x_step != g.inner || g.out_step != g.inner) share(rest * g.o, 1 + PIECE / g.inner, rows_of_bytes, &g, total * g.taps);
    else {
        int most = 0;
        for (int d = 1; d < g.dims; ++d) if (g.sizes[d] >= g.sizes[most]) most = d;
        const int last = g.dims - 1;
        const i64 size = g.sizes[most], x_step = g.x_steps[most], out_step = g.out_steps[most];
        g.sizes[most] = g.sizes[last], g.x_steps[most] = g.x_steps[last], g.out_steps[most] = g.out_steps[last];
        g.sizes[last] = size, g.x_steps[last] = x_step, g.out_steps[last] = out_step;
        g.blocks = (size + BLOCK - 1) / BLOCK;
        share(rest / size * g.blocks, 1 + PIECE / (BLOCK * g.o * g.inner), lines_of_bytes, &g, total * g.taps);
    }
    if (g.failed) return no_memory();
    DONE;
}
