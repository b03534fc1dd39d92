// Losses: cross entropy of classes with its logarithms of softmax and its derivative, nll, squared error, cross entropy of logits.
int snprintf(char *, size_t, const char *, ...);

static int reduction_of(Object *o) { return is_text(o, "none") ? 0 : is_text(o, "sum") ? 1 : is_text(o, "mean") ? 2 : -1; }

// How many targets count; -1, with the error raised, where one is out of bounds.
static i64 used_of(const char *name, const i64 *target, i64 n, i64 classes, i64 ignored) {
    i64 used = 0;
    for (i64 i = 0; i < n; ++i) {
        if (target[i] == ignored) continue;
        if ((u64)target[i] >= (u64)classes) {
            char text[200];
            snprintf(text, sizeof text, "%s(): Target %lld is out of bounds (classes are 0 to %lld, ignore_index is %lld)", name, (long long)target[i],
                     (long long)classes - 1, (long long)ignored);
            api->raise(api->index_error, text);
            return -1;
        }
        ++used;
    }
    return used;
}

static f64 total_of(const T *x, i64 n) {
    f64 total = 0;
    for (i64 i = 0; i < n; i += BLOCK_) total += part_sum(x + i, n - i < BLOCK_ ? n - i : BLOCK_);
    return total;
}

typedef struct { Line l; i64 ignored; int reduction; T share_; } Classes;

// Arrays: the logarithms, the input, the classes, each one's loss.
static void nll_loop(char *const *at, const i64 *step, i64 lines) {
    Classes *c = (Classes *)at[4];
    Line *l = &c->l;
    const i64 a = l->along[0];
    if (!soft_lines(l, at, step, lines, LOG)) return;
    for (i64 i = 0; i < lines; ++i) {
        const i64 t = *(const i64 *)(at[2] + i * step[2]);
        *(T *)(at[3] + i * step[3]) = t == c->ignored ? 0 : -LOAD((const MEM *)(at[0] + i * step[0] + t * a), 0);
    }
}

// A walk's array k: values that lie as the targets do, in a row.
static void add_values(Walk *w, Line *l, int k, void *data, i64 dim) {
    i64 step = sizeof(T);
    for (int d = w->dims - 1; d >= 0; --d) {
        w->steps[k][d] = d == dim ? 0 : step;
        if (d != dim) step *= w->sizes[d];
    }
    l->along[k] = 0, w->start[k] = data, w->arrays = k + 1;
}

static int targets_of(Object *input, Object *target) {
    if (!is_array(input, KIND) || !is_array(target, I64) || !IN_A_ROW(target) || NDIM(input) < 2 || NDIM(target) != NDIM(input) - 1) return 0;
    for (int d = 0; d < NDIM(target); ++d) if (SHAPE(target)[d] != SHAPE(input)[d ? d + 1 : 0]) return 0;
    return numel(input) > 0;
}

KERNEL(softmax_nll) {
    Walk w;
    Classes c;
    Object *outs[2];
    if (count != 5 || objects_of(args[0], outs, 2) != 2 || !targets_of(args[1], args[2]) || !int_of(args[3], &c.ignored)) PASS;
    c.reduction = reduction_of(args[4]);
    Object *target = args[2];
    if (c.reduction < 0 || !is_array(outs[0], KIND) || !is_array(outs[1], KIND) || !lines_add(&w, &c.l, 0, outs[1], 1, 0)) PASS;
    if (!lines_add(&w, &c.l, 1, args[1], 1, 0) || !lines_add(&w, &c.l, 2, target, 1, 1)) PASS;
    const i64 n = numel(target);
    if (c.reduction ? numel(outs[0]) != 1 : !IN_A_ROW(outs[0]) || numel(outs[0]) != n) PASS;
    const i64 used = used_of("cross_entropy", (const i64 *)DATA(target), n, c.l.n, c.ignored);
    if (used < 0) return 0;
    T own[256], *losses = n <= 256 ? own : malloc(n * sizeof(T));
    if (!losses) return no_memory();
    add_values(&w, &c.l, 3, losses, 1);
    w.loop = nll_loop;
    const int ran = lines_run(&w, &c.l, 1);
    if (ran && c.reduction) {
        const f64 total = total_of(losses, n);
        STORE((MEM *)DATA(outs[0]), 0, (T)(c.reduction == 2 ? total / (f64)used : total));
    } else if (ran) for (i64 i = 0; i < n; ++i) STORE((MEM *)DATA(outs[0]), i, losses[i]);
    if (losses != own) free(losses);
    if (!ran) return 0;
    DONE;
}

// Arrays: the gradient, the logarithms, the classes, the factor of each (a step of 0 where it is the same).
static void nll_slope_loop(char *const *at, const i64 *step, i64 lines) {
    const Classes *c = (const Classes *)at[4];
    const i64 n = c->l.n, a = c->l.along[0], b = c->l.along[1];
    const int aside = lines > 1 && step[0] == sizeof(MEM) && step[1] == sizeof(MEM), within = a == sizeof(MEM) && b == sizeof(MEM);
    T factors[COLUMNS];
    for (i64 from = 0; from < lines; from += COLUMNS) {
        const i64 w = lines - from < COLUMNS ? lines - from : COLUMNS;
        char *out = at[0] + from * step[0];
        const char *y = at[1] + from * step[1];
        for (i64 j = 0; j < w; ++j) factors[j] = *(const T *)(at[3] + (from + j) * step[3]);
        if (aside) for (i64 i = 0; i < n; ++i) {
            SIMD for (i64 j = 0; j < w; ++j) STORE((MEM *)(out + i * a), j, exp_normal(LOAD((const MEM *)(y + i * b), j)) * factors[j]);
        }
        for (i64 j = 0; j < w; ++j) {
            const i64 t = *(const i64 *)(at[2] + (from + j) * step[2]);
            const T f = factors[j];
            char *to = out + j * step[0];
            const char *in = y + j * step[1];
            if (t == c->ignored) {
                for (i64 i = 0; i < n; ++i) STORE((MEM *)(to + i * a), 0, 0);
                continue;
            }
            const T right = exp_normal(LOAD((const MEM *)(in + t * b), 0)) - 1;
            if (!aside && within) { SIMD for (i64 i = 0; i < n; ++i) STORE((MEM *)to, i, exp_normal(LOAD((const MEM *)in, i)) * f); }
            else if (!aside) for (i64 i = 0; i < n; ++i) STORE((MEM *)(to + i * a), 0, exp_normal(LOAD((const MEM *)(in + i * b), 0)) * f);
            STORE((MEM *)(to + t * a), 0, right * f);
        }
    }
}

KERNEL(softmax_nll_backward) {
    Walk w;
    Classes c;
    Object *out = args[0], *g = args[1], *target = args[3];
    if (count != 6 || !targets_of(args[2], target) || !int_of(args[4], &c.ignored) || !is_array(out, KIND) || !is_array(g, KIND)) PASS;
    c.reduction = reduction_of(args[5]);
    if (c.reduction < 0 || !lines_add(&w, &c.l, 0, out, 1, 0) || !lines_add(&w, &c.l, 1, args[2], 1, 0) || !lines_add(&w, &c.l, 2, target, 1, 1)) PASS;
    const i64 n = numel(target);
    if (c.reduction ? numel(g) != 1 : numel(g) != n || !IN_A_ROW(g)) PASS;
    const i64 used = used_of("cross_entropy", (const i64 *)DATA(target), n, c.l.n, c.ignored);
    if (used < 0) return 0;
    T *made = 0;
    if (c.reduction) {
        c.share_ = LOAD((const MEM *)DATA(g), 0);
        if (c.reduction == 2) c.share_ /= (T)used;
        add_values(&w, &c.l, 3, &c.share_, 1);
        for (int d = 0; d < w.dims; ++d) w.steps[3][d] = 0;
    } else {
        made = malloc(n * sizeof(T));
        if (!made) return no_memory();
        load_line(made, DATA(g), sizeof(MEM), n);
        add_values(&w, &c.l, 3, made, 1);
    }
    w.loop = nll_slope_loop;
    const int ran = lines_run(&w, &c.l, 1);
    free(made);
    if (!ran) return 0;
    DONE;
}

KERNEL(nll) {
    i64 ignored;
    Object *out = args[0], *input = args[1], *target = args[2], *weight = args[3];
    if (count != 6 || !is_array(out, KIND) || !targets_of(input, target) || !int_of(args[4], &ignored)) PASS;
    const int reduction = reduction_of(args[5]);
    const i64 n = numel(target), classes = SHAPE(input)[1], m = n / SHAPE(input)[0];
    if (reduction < 0 || (reduction ? numel(out) != 1 : !IN_A_ROW(out) || numel(out) != n)) PASS;
    if (weight != api->none && (!is_array(weight, KIND) || !IN_A_ROW(weight) || numel(weight) != classes)) PASS;
    i64 step = 0;  // between neighbours of the dimensions after the classes
    for (int d = NDIM(input) - 1, seen = 0; d > 1; --d) {
        if (SHAPE(input)[d] == 1) continue;
        const i64 expected = seen ? step * seen : STRIDES(input)[d];
        if (STRIDES(input)[d] != expected) PASS;
        if (!seen) step = STRIDES(input)[d];
        seen = (seen ? seen : 1) * (int)SHAPE(input)[d];
    }
    const i64 *t = (const i64 *)DATA(target);
    if (used_of("nll_loss", t, n, classes, ignored) < 0) return 0;
    f64 total = 0, weights = 0;
    for (i64 i = 0; i < n; ++i) {
        T v = 0, f = 0;
        if (t[i] != ignored) {
            f = weight == api->none ? 1 : LOAD((const MEM *)DATA(weight), t[i]);
            v = -f * LOAD((const MEM *)(DATA(input) + i / m * STRIDES(input)[0] + t[i] * STRIDES(input)[1] + i % m * step), 0);
        }
        total += v, weights += f;
        if (!reduction) STORE((MEM *)DATA(out), i, v);
    }
    if (reduction) STORE((MEM *)DATA(out), 0, (T)(reduction == 2 ? total / weights : total));
    DONE;
}

// Losses of each element, of arrays in a row: made in pieces, and added or stored.
enum { MADE = 1024, WORTH = 16384 };
typedef struct { const MEM *x, *y, *weight, *positive; MEM *out; f64 *parts; int squared; } Pairs;

static void pairs_of(void *context, i64 begin, i64 end) {
    const Pairs *p = context;
    T made[MADE];
    f64 total = 0;
    for (i64 i = begin; i < end; i += MADE) {
        const i64 n = end - i < MADE ? end - i : MADE;
        const MEM *x = p->x + i, *y = p->y + i;
        if (p->squared) { SIMD for (i64 j = 0; j < n; ++j) { const T d = LOAD(x, j) - LOAD(y, j); made[j] = d * d; } }
        else {
            SIMD for (i64 j = 0; j < n; ++j) { const T v = LOAD(x, j); made[j] = (v < 0 ? -v : v == v ? 0 : v) + log1p(exp(-fabs(v))); }
            if (p->positive) { SIMD for (i64 j = 0; j < n; ++j) made[j] *= 1 + (LOAD(p->positive + i, j) - 1) * LOAD(y, j); }
            SIMD for (i64 j = 0; j < n; ++j) made[j] += (1 - LOAD(y, j)) * LOAD(x, j);
            if (p->weight) { SIMD for (i64 j = 0; j < n; ++j) made[j] *= LOAD(p->weight + i, j); }
        }
        if (p->out) { SIMD for (i64 j = 0; j < n; ++j) STORE(p->out + i, j, made[j]); }
        else total += part_sum(made, n);
    }
    if (p->parts) p->parts[begin / WORTH] = total;
}

static Object *pairs(Object *out, Object *const *arrays, int many, Object *how, int squared) {
    const int reduction = reduction_of(how);
    const MEM *found[4] = {0};
    if (!is_array(out, KIND) || reduction < 0) PASS;
    for (int k = 0; k < many; ++k) {
        if (k >= 2 && arrays[k] == api->none) continue;
        if (!is_array(arrays[k], KIND) || !IN_A_ROW(arrays[k]) || NDIM(arrays[k]) != NDIM(arrays[0])) PASS;
        for (int d = 0; d < NDIM(arrays[0]); ++d) if (SHAPE(arrays[k])[d] != SHAPE(arrays[0])[d]) PASS;
        found[k] = (const MEM *)DATA(arrays[k]);
    }
    const i64 n = numel(arrays[0]), parts = (n + WORTH - 1) / WORTH;
    if (!n || (reduction ? numel(out) != 1 : numel(out) != n || !IN_A_ROW(out))) PASS;
    f64 own[64], total = 0;
    Pairs p = {found[0], found[1], found[2], found[3], reduction ? 0 : (MEM *)DATA(out), 0, squared};
    if (reduction) p.parts = parts <= 64 ? own : malloc(parts * sizeof(f64));
    if (reduction && !p.parts) return no_memory();
    share(n, WORTH, pairs_of, &p, n);
    if (reduction) {
        for (i64 i = 0; i < parts; ++i) total += p.parts[i];
        STORE((MEM *)DATA(out), 0, (T)(reduction == 2 ? total / (f64)n : total));
        if (p.parts != own) free(p.parts);
    }
    DONE;
}
KERNEL(squared_error) { if (count != 4) PASS; return pairs(args[0], args + 1, 2, args[3], 1); }
KERNEL(cross_entropy_of_logits) { if (count != 6) PASS; return pairs(args[0], args + 1, 4, args[5], 0); }
