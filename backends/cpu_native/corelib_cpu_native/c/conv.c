// Convolution, and the gradient for its input, which is also the transposed convolution.

// An image's and out's part of the description.
static void describe(Conv *c, Object *x, Object *out) {
    Images *s = &c->s;
    s->x = DATA(x), s->xb = STRIDES(x)[0], s->xc = STRIDES(x)[1];
    three(x, s->n, s->xs);
    three(out, c->m, 0);
    c->out = DATA(out), c->ob = STRIDES(out)[0] / (i64)sizeof(MEM), c->oc = STRIDES(out)[1] / (i64)sizeof(MEM);
    c->os[1] = c->m[2], c->os[0] = c->m[1] * c->m[2];
    c->batch = SHAPE(out)[0];
}

// The tables of a kernel's places, in one block of memory.
static char *tables(Conv *c, i64 places) {
    i64 *block = (i64 *)take(places * 8 * (i64)sizeof(i64));
    c->s.tap = (i64 (*)[3])block, c->s.phase = (i64 (*)[3])(block + 3 * places), c->s.place = block + 6 * places, c->wt = block + 7 * places;
    return (char *)block;
}

KERNEL(convolution) {
    Object *out = args[0], *x = args[1], *w = args[2];
    Conv c = {0};
    How how;
    i64 kernel[3], steps[3];
    if (count != 8 || !is_array(out, KIND) || !is_array(x, KIND) || !is_array(w, KIND) || !IN_A_ROW(out)) PASS;
    const int n = NDIM(x) - 2;
    if (!how_of(args, 4, n, &how) || NDIM(w) != n + 2 || NDIM(out) != n + 2) PASS;
    if (args[3] != api->none) {
        if (!is_array(args[3], KIND) || NDIM(args[3]) != 1) PASS;
        c.bias = DATA(args[3]), c.bias_step = STRIDES(args[3])[0];
    }
    describe(&c, x, out);
    three(w, kernel, steps);
    const i64 places = kernel[0] * kernel[1] * kernel[2];
    if (!numel(out)) DONE;
    if (places < 1 || places > PLACES || SHAPE(w)[1] < 1) PASS;
    c.groups = how.groups, c.rows = SHAPE(w)[0] / how.groups, c.s.channels = SHAPE(w)[1];
    c.w = DATA(w), c.wr = STRIDES(w)[0], c.wc = STRIDES(w)[1], c.wg = c.rows * c.wr;
    char *block = tables(&c, places);
    if (!block) return no_memory();
    for (int d = 0; d < 3; ++d) c.s.stride[d] = how.stride[d], c.s.first[d] = -how.padding[d];
    for (i64 t = 0; t < places; ++t) {
        const i64 at[3] = {t / kernel[2] / kernel[1], t / kernel[2] % kernel[1], t % kernel[2]};
        c.wt[t] = 0;
        for (int d = 0; d < 3; ++d) c.s.tap[t][d] = at[d] * how.dilation[d], c.wt[t] += at[d] * steps[d];
    }
    c.s.taps = places;
    const int done = conv_run(&c);
    put(block);
    if (done < 0) PASS;
    if (!done) return no_memory();
    DONE;
}

// The places of the kernel that out's places of residues r modulo the stride meet; how many.
static i64 taps_meeting(Conv *c, const How *how, const i64 *kernel, const i64 *steps, const i64 *r) {
    i64 least[3] = {INT64_MAX, INT64_MAX, INT64_MAX}, taps = 0;
    for (i64 t = 0; t < kernel[0] * kernel[1] * kernel[2]; ++t) {
        const i64 at[3] = {t / kernel[2] / kernel[1], t / kernel[2] % kernel[1], t % kernel[2]};
        int meets = 1;
        i64 weight = 0;
        for (int d = 0; d < 3; ++d) {
            const i64 to = r[d] + how->padding[d] - at[d] * how->dilation[d];
            meets = meets && to % how->stride[d] == 0;
            c->s.tap[taps][d] = to / how->stride[d], weight += at[d] * steps[d];
        }
        if (!meets) continue;
        for (int d = 0; d < 3; ++d) if (c->s.tap[taps][d] < least[d]) least[d] = c->s.tap[taps][d];
        c->wt[taps++] = weight;
    }
    for (int d = 0; d < 3; ++d) c->s.stride[d] = 1, c->s.first[d] = least[d];
    for (i64 t = 0; t < taps; ++t) for (int d = 0; d < 3; ++d) c->s.tap[t][d] -= least[d];
    return c->s.taps = taps;
}

// Rows of out's last dimension, from those of each residue modulo the stride.
typedef struct {
    MEM *out, *parts;
    i64 rows, width, apart, whole[3], stride[2], first[2], m[2];
} Weave;

INLINE void weave_two(MEM *to, const MEM *x, const MEM *y, i64 n, const i64 some) {
    for (i64 i = 0; i < n; i += some) {
        if (i + some > n) i = n - some;
        SIMD for (i64 l = 0; l < some; ++l) to[2 * (i + l)] = x[i + l], to[2 * (i + l) + 1] = y[i + l];
    }
}

static void weave(void *context, i64 begin, i64 end) {
    const Weave *v = context;
    for (i64 row = begin; row < end; ++row) {
        const i64 h = v->first[1] + row % v->m[1] * v->stride[1], a = v->first[0] + row / v->m[1] % v->m[0] * v->stride[0], image = row / v->m[1] / v->m[0];
        MEM *to = v->out + ((image * v->whole[0] + a) * v->whole[1] + h) * v->whole[2];
        const MEM *x = v->parts + row * v->width, *y = x + v->rows * v->width;
        const i64 pairs = v->apart == 2 ? v->whole[2] / 2 : 0;
        if (pairs >= 16) weave_two(to, x, y, pairs, 16);
        else if (pairs >= 4) weave_two(to, x, y, pairs, 4);
        for (i64 r = 0; r < v->apart; ++r, x += v->rows * v->width)
            for (i64 i = pairs >= 4 ? pairs : 0; i * v->apart + r < v->whole[2]; ++i) to[i * v->apart + r] = x[i];
    }
}

KERNEL(conv_input) {
    Object *out = args[0], *y = args[1], *w = args[2];
    Conv c = {0};
    How how;
    i64 kernel[3], steps[3];
    if (count != 8 || !is_array(out, KIND) || !is_array(y, KIND) || !is_array(w, KIND) || !IN_A_ROW(out)) PASS;
    const int n = NDIM(y) - 2;
    if (!how_of(args, 4, n, &how) || NDIM(w) != n + 2 || NDIM(out) != n + 2) PASS;
    describe(&c, y, out);
    three(w, kernel, steps);
    const i64 places = kernel[0] * kernel[1] * kernel[2];
    if (!numel(out)) DONE;
    if (places < 1 || places > PLACES || SHAPE(w)[0] < how.groups) PASS;
    c.groups = how.groups, c.rows = SHAPE(w)[1], c.s.channels = SHAPE(w)[0] / how.groups;
    c.w = DATA(w), c.wr = STRIDES(w)[1], c.wc = STRIDES(w)[0], c.wg = c.s.channels * c.wc;
    char *block = tables(&c, places);
    if (!block) return no_memory();
    int done = 1;
    const i64 channels = SHAPE(out)[1], *stride = how.stride, none[3] = {0, 0, 0};
    if (stride[0] * stride[1] * stride[2] == 1) taps_meeting(&c, &how, kernel, steps, none), done = conv_run(&c);
    else {
        // Places of out of one residue modulo the stride meet the same places of the kernel, and neighbours of y.
        Weave v = {.out = (MEM *)DATA(out), .width = (c.m[2] + stride[2] - 1) / stride[2], .apart = stride[2], .whole = {c.m[0], c.m[1], c.m[2]}};
        const i64 most = c.batch * channels * ((c.m[0] + stride[0] - 1) / stride[0]) * ((c.m[1] + stride[1] - 1) / stride[1]) * v.width;
        v.parts = (MEM *)take(stride[2] * most * (i64)sizeof(MEM));
        done = v.parts != 0;
        for (i64 i = 0; i < stride[0] * stride[1] && done > 0; ++i) {
            v.first[0] = i / stride[1], v.first[1] = i % stride[1];
            for (int d = 0; d < 2; ++d) v.stride[d] = stride[d], v.m[d] = c.m[d] = (v.whole[d] - v.first[d] + stride[d] - 1) / stride[d];
            if (c.m[0] <= 0 || c.m[1] <= 0) continue;
            v.rows = c.batch * channels * c.m[0] * c.m[1];
            c.os[1] = v.width, c.os[0] = c.m[1] * c.os[1], c.oc = c.m[0] * c.os[0], c.ob = channels * c.oc;
            for (i64 r = 0; r < stride[2] && r < v.whole[2] && done > 0; ++r) {
                const i64 residues[3] = {v.first[0], v.first[1], r};
                MEM *to = v.parts + r * v.rows * v.width;
                c.m[2] = (v.whole[2] - r + stride[2] - 1) / stride[2], c.out = (char *)to;
                if (taps_meeting(&c, &how, kernel, steps, residues)) done = conv_run(&c);
                else memset(to, 0, v.rows * v.width * sizeof(MEM));
            }
            if (done > 0) share(v.rows, 1 + 16384 / v.whole[2], weave, &v, v.rows * v.whole[2]);
        }
        put((char *)v.parts);
    }
    put(block);
    if (done < 0 || (done && !each_finite(out) && !each_finite(w))) PASS;
    return done ? given(api->none) : no_memory();
}
