// batch_norm in training and its derivative, for channels that are runs of neighbours (b, c, m) and for those that lie innermost (rows of c).
// Of runs, a channel's elements are read from memory once where they fit into cache.
enum { PIECE_ = 1024, ROWS_ = 64 };

typedef struct {
    i64 batch, channels, run;
    const char *x, *g;
    char *out;
    const T *weight, *bias;
    f64 eps, *mean, *scale, *part, *of_g, *of_hat;  // of each channel; `part`: two sums of each chunk's channels
    i64 grain;
    int phase, backward;
} Batch;

INLINE const T *values(const char *p, i64 at, i64 n, T *room) {
    if (DIRECT) return (const T *)p + at;
    load_line(room, p + at * (i64)sizeof(MEM), sizeof(MEM), n);
    return room;
}

VECTOR_SUM(run_sum, (const T *x, i64 n), AT(x))
VECTOR_SUM(run_squares, (const T *x, i64 n, T mean), ((AT(x) - mean) * (AT(x) - mean)))
VECTOR_SUM(run_along, (const T *g, const T *x, i64 n, T mean), (AT(g) * (AT(x) - mean)))

// What is written: (x - mean) s + b; or, of a gradient, ((g - mean of g) - (x - mean) t) s.
INLINE void write_run(T *y, const T *x, const T *g, i64 n, T mean, T s, T b, T mean_g, T t) {
    if (g) { SIMD for (i64 j = 0; j < n; ++j) y[j] = (g[j] - mean_g - (x[j] - mean) * t) * s; }
    else { SIMD for (i64 j = 0; j < n; ++j) y[j] = (x[j] - mean) * s + b; }
}

#define EACH_RUN for (i64 r = 0; r < b->batch; ++r) for (i64 at = (r * b->channels + c) * b->run, stop = at + b->run, m; m = stop - at < PIECE_ ? stop - at : PIECE_, at < stop; at += m)

static void channel_runs(void *context, i64 begin, i64 end) {
    const Batch *b = context;
    T of_x[PIECE_], of_g[PIECE_], made[PIECE_];
    for (i64 c = begin; c < end; ++c) {
        const f64 n = (f64)(b->batch * b->run);
        f64 sum = 0, squares = 0, total = 0, along = 0;
        EACH_RUN sum += run_sum(values(b->x, at, m, of_x), m);
        const T mean = (T)(sum / n);
        EACH_RUN squares += run_squares(values(b->x, at, m, of_x), m, mean);
        const f64 scale = 1 / __builtin_sqrt(squares / n + b->eps), weight = b->weight ? b->weight[c] : 1;
        b->mean[c] = sum / n, b->scale[c] = squares / n;
        if (b->backward) {
            EACH_RUN {
                const T *g = values(b->g, at, m, of_g), *x = values(b->x, at, m, of_x);
                total += run_sum(g, m), along += run_along(g, x, m, mean);
            }
            b->of_g[c] = total, b->of_hat[c] = along * scale;
        }
        EACH_RUN {
            const T *x = values(b->x, at, m, of_x), *g = b->backward ? values(b->g, at, m, of_g) : 0;
            T *y = DIRECT ? (T *)b->out + at : made;
            write_run(y, x, g, m, mean, (T)(scale * weight), b->bias ? b->bias[c] : 0, (T)(total / n), (T)(along * scale * scale / n));
            if (!DIRECT) store_line(b->out + at * (i64)sizeof(MEM), sizeof(MEM), m, y);
        }
    }
}

// Rows of channels, in phases: the sums, those of squares, of a gradient's two sums, and what is written.
enum { SUM_, SQUARES_, GRADIENT_, WRITE_ };
static void channel_rows(void *context, i64 begin, i64 end) {
    const Batch *b = context;
    const i64 channels = b->channels;
    T of_x[PIECE_], of_g[PIECE_], made[PIECE_], one[PIECE_], two[PIECE_], mean[PIECE_], s[PIECE_], t[PIECE_], mean_g[PIECE_];
    const f64 n = (f64)(b->batch * b->run);
    for (i64 from = 0; from < channels; from += PIECE_) {
        const i64 w = channels - from < PIECE_ ? channels - from : PIECE_;
        f64 *part = b->part + begin / b->grain * 2 * channels + from;
        for (i64 j = 0; j < w; ++j) {
            const i64 c = from + j;
            mean[j] = b->phase == SUM_ ? 0 : (T)b->mean[c];
            if (b->phase != WRITE_) { part[j] = part[channels + j] = 0; continue; }
            s[j] = (T)(b->scale[c] * (b->weight ? b->weight[c] : 1)), t[j] = b->bias ? b->bias[c] : 0;
            if (b->backward) mean_g[j] = (T)(b->of_g[c] / n), t[j] = (T)(b->of_hat[c] * b->scale[c] / n);
        }
        for (i64 i = begin; i < end; i += ROWS_) {
            const i64 stop = i + ROWS_ < end ? i + ROWS_ : end;
            memset(one, 0, w * sizeof(T)), memset(two, 0, w * sizeof(T));
            for (i64 r = i; r < stop; ++r) {
                const i64 at = r * channels + from;
                const T *x = values(b->x, at, w, of_x), *g = b->backward && b->phase >= GRADIENT_ ? values(b->g, at, w, of_g) : 0;
                if (b->phase == SUM_) { SIMD for (i64 j = 0; j < w; ++j) one[j] += x[j]; }
                else if (b->phase == SQUARES_) { SIMD for (i64 j = 0; j < w; ++j) one[j] += (x[j] - mean[j]) * (x[j] - mean[j]); }
                else if (b->phase == GRADIENT_) { SIMD for (i64 j = 0; j < w; ++j) one[j] += g[j], two[j] += g[j] * (x[j] - mean[j]); }
                else {
                    T *y = DIRECT ? (T *)b->out + at : made;
                    if (g) { SIMD for (i64 j = 0; j < w; ++j) y[j] = (g[j] - mean_g[j] - (x[j] - mean[j]) * t[j]) * s[j]; }
                    else { SIMD for (i64 j = 0; j < w; ++j) y[j] = (x[j] - mean[j]) * s[j] + t[j]; }
                    if (!DIRECT) store_line(b->out + at * (i64)sizeof(MEM), sizeof(MEM), w, y);
                }
            }
            if (b->phase != WRITE_) for (i64 j = 0; j < w; ++j) part[j] += one[j], part[channels + j] += two[j];
        }
    }
}

static void rows_phase(Batch *b, int phase, f64 *one, f64 *two) {
    const i64 rows = b->batch * b->run, parts = (rows + b->grain - 1) / b->grain;
    b->phase = phase;
    share(rows, b->grain, channel_rows, b, rows * b->channels);
    if (!one) return;
    for (i64 c = 0; c < b->channels; ++c) {
        f64 first = 0, second = 0;
        for (i64 p = 0; p < parts; ++p) first += b->part[p * 2 * b->channels + c], second += b->part[(p * 2 + 1) * b->channels + c];
        one[c] = first;
        if (two) two[c] = second;
    }
}

// Whether an array lies as rows of channels: (b, c) or channels_last.
static int channels_last(Object *o) {
    i64 step = SHAPE(o)[1] * (i64)sizeof(MEM);
    if (SHAPE(o)[1] > 1 && STRIDES(o)[1] != (i64)sizeof(MEM)) return 0;
    for (int k = NDIM(o); k > 1; --k) {
        const int d = k == 2 ? 0 : k - 1;
        if (SHAPE(o)[d] > 1 && STRIDES(o)[d] != step) return 0;
        step *= SHAPE(o)[d];
    }
    return 1;
}

static int channel_array(Object *o, i64 n) { return is_array(o, KIND) && NDIM(o) == 1 && SHAPE(o)[0] == n && IN_A_ROW(o); }

// outs: the result and two of each channel; g is none's going forward.
static Object *batch_norm(Object *outs_, Object *g, Object *x, Object *weight, Object *bias, Object *eps) {
    Batch b;
    Object *outs[3];
    if (objects_of(outs_, outs, 3) != 3 || !float_of(eps, &b.eps) || !is_array(x, KIND) || NDIM(x) < 2 || !is_array(outs[0], KIND)) PASS;
    const i64 channels = b.channels = SHAPE(x)[1];
    b.batch = SHAPE(x)[0], b.run = 1, b.backward = g != 0;
    for (int d = 2; d < NDIM(x); ++d) b.run *= SHAPE(x)[d];
    Object *const all[3] = {x, outs[0], g};
    int row = 1, last = 1;
    for (int k = 0; k < 2 + b.backward; ++k) {
        if (!is_array(all[k], KIND) || NDIM(all[k]) != NDIM(x)) PASS;
        for (int d = 0; d < NDIM(x); ++d) if (SHAPE(all[k])[d] != SHAPE(x)[d]) PASS;
        row &= IN_A_ROW(all[k]), last &= channels_last(all[k]);
    }
    if ((!row && !last) || !numel(x)) PASS;
    for (int k = 1; k < 3; ++k) if (!channel_array(outs[k], channels)) PASS;
    if (weight != api->none && !channel_array(weight, channels)) PASS;
    if (bias && bias != api->none && !channel_array(bias, channels)) PASS;
    const i64 rows = b.batch * b.run;
    b.grain = PIECE / channels > ROWS_ ? PIECE / channels : ROWS_;
    const i64 parts = last ? (rows + b.grain - 1) / b.grain : 0;
    f64 *room = malloc((4 * channels + 2 * parts * channels) * sizeof(f64) + 2 * channels * sizeof(T));
    if (!room) return no_memory();
    b.mean = room, b.scale = room + channels, b.of_g = room + 2 * channels, b.of_hat = room + 3 * channels, b.part = room + 4 * channels;
    T *parameters = (T *)(b.part + 2 * parts * channels);
    b.weight = b.bias = 0;
    if (weight != api->none) load_line(parameters, DATA(weight), sizeof(MEM), channels), b.weight = parameters;
    if (bias && bias != api->none) load_line(parameters + channels, DATA(bias), sizeof(MEM), channels), b.bias = parameters + channels;
    b.x = DATA(x), b.g = g ? DATA(g) : 0, b.out = DATA(outs[0]);
    if (!last || (row && b.run > 1)) {
        const i64 each = rows < PIECE ? (PIECE + rows - 1) / rows : 1;
        share(channels, each, channel_runs, &b, 3 * rows * channels);
    } else {
        rows_phase(&b, SUM_, b.mean, 0);
        for (i64 c = 0; c < channels; ++c) b.mean[c] /= (f64)rows;
        rows_phase(&b, SQUARES_, b.scale, 0);
        f64 *variance = b.of_g;  // of_g is free going forward
        for (i64 c = 0; c < channels; ++c) variance[c] = b.scale[c] / (f64)rows, b.scale[c] = 1 / __builtin_sqrt(variance[c] + b.eps);
        if (b.backward) {
            rows_phase(&b, GRADIENT_, b.of_g, b.of_hat);
            for (i64 c = 0; c < channels; ++c) b.of_hat[c] *= b.scale[c];
        }
        rows_phase(&b, WRITE_, 0, 0);
        if (!b.backward) memcpy(b.scale, variance, channels * sizeof(f64));
    }
    const f64 *one = b.backward ? b.of_hat : b.mean, *two = b.backward ? b.of_g : b.scale;
    for (i64 c = 0; c < channels; ++c) STORE((MEM *)DATA(outs[1]), c, (T)one[c]), STORE((MEM *)DATA(outs[2]), c, (T)two[c]);
    free(room);
    DONE;
}
KERNEL(batch_norm_training) { if (count != 5) PASS; return batch_norm(args[0], 0, args[1], args[2], args[3], args[4]); }
KERNEL(batch_norm_backward) { if (count != 6) PASS; return batch_norm(args[0], args[1], args[2], args[3], 0, args[4]); }
