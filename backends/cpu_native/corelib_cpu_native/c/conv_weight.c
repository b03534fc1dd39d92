// The gradient of a convolution for its weights: for each pair of a row (a channel of y) and a place k of the kernel, the sum over all windows of
// y[row][window] * x[off[k] + window]. Windows lie in x's copy as in conv.h, and y is copied with zeros where that has places that are no windows;
// or where those would be many, or would meet something infinite, both are copied without them.
//
// The batch is cut in parts that fit in working memory, and what a part adds to a sum is added up in vectors of L numbers.

// Sums of R rows and C places for `runs` of `n` vectors of windows each, which begin `ynext` and `xnext` apart, added to sums[row][place][L].
#define DOTS(R, C) \
    static FUSED void dots_##R(i64 runs, i64 n, const T *y, i64 ystep, i64 ynext, const T *x, i64 xnext, const i64 *off, T *sums, i64 step) { \
        FUSE V sum[R][C]; \
        const T *at[C]; \
        for (int k = 0; k < C; ++k) at[k] = x + off[k]; \
        _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) _Pragma("GCC unroll 8") for (int k = 0; k < C; ++k) sum[r][k] = *(V *)(sums + r * step + k * L); \
        for (; runs > 0; --runs, y += ynext) { \
            for (i64 p = 0; p < n * L; p += L) { \
                V a[R]; \
                _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) a[r] = *(const V *)(y + r * ystep + p); \
                _Pragma("GCC unroll 8") for (int k = 0; k < C; ++k) { \
                    V b = *(const V *)(at[k] + p); \
                    IN_REGISTER(b); \
                    _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) sum[r][k] += a[r] * b; \
                } \
            } \
            _Pragma("GCC unroll 8") for (int k = 0; k < C; ++k) at[k] += xnext; \
        } \
        _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) _Pragma("GCC unroll 8") for (int k = 0; k < C; ++k) *(V *)(sums + r * step + k * L) = sum[r][k]; \
    }
#if defined(__AVX512F__) || defined(__aarch64__)
DOTS(4, 6) DOTS(1, 6)
#define dots_all dots_4
#elif defined(__AVX__)
DOTS(2, 6) DOTS(1, 6)
#define dots_all dots_2
#else
DOTS(2, 4) DOTS(1, 4)
#define dots_all dots_2
#endif

enum { PART = 4 << 20, PLACES_OF_TASK = 8 * ACROSS, ADDED = 512, NEARBY = 64, FEW_WINDOWS = 64 };
// ADDED: vectors that are added up one after the other; NEARBY: of a row, what stays in the first level's cache

typedef struct {
    Images s;
    i64 batch, groups, rows, k;
    const char *y;
    i64 yb, yc, ys[3], m[3];
    i64 images, first;  // of a part of the batch
    i64 runs, vectors, ystep, xstep, rowstep;  // runs of windows in a part; vectors of one; from one to the next in y and x; from row to row of y
    i64 width, slices, window;  // windows from row to row in a run, runs of an image
    i64 row_blocks, place_blocks;
    int packed, failed, few;  // few: windows, so that sums of vectors' lanes would be much of the work
    T *copy, *packed_x, *rows_y, *total;
    i64 *off;
} Weight;

static int not_finite(const T *x, i64 n) {
    int found = 0;
    SIMD for (i64 i = 0; i < n; ++i) found |= !(x[i] - x[i] == 0);
    return found;
}

// Copy the channels of x (item: image, group and channel).
static void weight_x(void *context, i64 begin, i64 end) {
    Weight *w = context;
    const Images *s = &w->s;
    const i64 zero[3] = {0, 0, 0}, channels = w->groups * s->channels;
    for (i64 i = begin; i < end; ++i) {
        const i64 b = i / channels, c = i % channels;
        T *to = w->copy + b * w->groups * s->image;
        images_copy(s, to, s->x + (w->first + b) * s->xb, c, c + 1, zero, w->m);
    }
}

// Copy the channels of y as runs (item: channel and image).
static void weight_y(void *context, i64 begin, i64 end) {
    Weight *w = context;
    const i64 whole = w->m[0] * w->m[1] * w->m[2];
    for (i64 i = begin; i < end; ++i) {
        const i64 channel = i / w->images, b = i % w->images;
        const char *from = w->y + (w->first + b) * w->yb + channel * w->yc;
        T *row = w->rows_y + channel * w->rowstep + b * (w->packed ? whole : w->slices * w->ystep);
        for (i64 a = 0; a < w->m[0]; ++a)
            for (i64 h = 0; h < w->m[1]; ++h) {
                T *to = w->packed ? row + (a * w->m[1] + h) * w->m[2] : row + a * w->ystep + h * w->width;
                copy_row(to, from + a * w->ys[0] + h * w->ys[1], w->ys[2], w->m[2]);
                if (w->packed) continue;
                T *behind = h + 1 < w->m[1] ? to + w->width : row + (a + 1) * w->ystep;
                for (to += w->m[2]; to < behind; ++to) *to = 0;
            }
        if (w->packed && b == w->images - 1) memset(row + whole, 0, (w->vectors * L - w->images * whole) * sizeof(T));
    }
}

// Copy all windows of the copied x in rows, one for each group and place (item).
static void weight_pack(void *context, i64 begin, i64 end) {
    Weight *w = context;
    const Images *s = &w->s;
    for (i64 i = begin; i < end; ++i) {
        const i64 g = i / w->k, k = i % w->k;
        T *to = w->packed_x + i * w->vectors * L, *stop = to + w->vectors * L;
        for (i64 b = 0; b < w->images; ++b)
            for (i64 a = 0; a < w->m[0]; ++a)
                for (i64 h = 0; h < w->m[1]; ++h, to += w->m[2])
                    memcpy(to, w->copy + (b * w->groups + g) * s->image + s->off[k] + (a * s->E[1] + h) * s->E[2], w->m[2] * sizeof(T));
        while (to < stop) *to++ = 0;
    }
}

// n sums' upper halves added to the lower ones: two vectors make one.
INLINE void fold(T *lanes, i64 n, const int half_) {
    const i64 all = 2 * n * half_;
    T *to = lanes;
    i64 i = 0;
    for (; i + 2 * L <= all; i += 2 * L, to += L) {
        T x[2 * L], made[L];
        memcpy(x, lanes + i, sizeof x);
        _Pragma("GCC unroll 16") for (int l = 0; l < L; ++l) made[l] = x[l / half_ * half_ + l] + x[(l / half_ + 1) * half_ + l];
        memcpy(to, made, sizeof made);
    }
    for (; i < all; i += 2 * half_, to += half_) for (int l = 0; l < half_; ++l) to[l] = lanes[i + l] + lanes[i + half_ + l];
}

// Add the lanes of sums to the totals, and begin again.
static void weight_flush(Weight *w, T *sums, i64 step, i64 rows, i64 n, T *total) {
    for (i64 r = 0; r < rows; ++r) {
        T *lanes = sums + r * step;
        if (L > 8) fold(lanes, n, 8);
        if (L > 4) fold(lanes, n, 4);
        if (L > 2) fold(lanes, n, 2);
        if (L > 1) fold(lanes, n, 1);
        SIMD for (i64 k = 0; k < n; ++k) total[r * w->k + k] += lanes[k];
    }
    for (i64 r = 0; r < rows; ++r) memset(sums + r * step, 0, n * L * sizeof(T));
}

static void weight_task(void *context, i64 begin, i64 end) {
    Weight *w = context;
    const Images *s = &w->s;
    T *sums = (T *)take(SUMS * PLACES_OF_TASK * L * (i64)sizeof(T));
    if (!sums) { __atomic_store_n(&w->failed, 1, __ATOMIC_RELAXED); return; }
    for (i64 i = begin; i < end; ++i) {
        const i64 block = i % w->row_blocks, places = i / w->row_blocks % w->place_blocks, g = i / w->row_blocks / w->place_blocks;
        const i64 row = block * SUMS, rows = w->rows - row < SUMS ? w->rows - row : SUMS, first = places * PLACES_OF_TASK;
        const i64 n = w->k - first < PLACES_OF_TASK ? w->k - first : PLACES_OF_TASK, step = PLACES_OF_TASK * L;
        T *total = w->total + (g * w->rows + row) * w->k + first;
        memset(sums, 0, SUMS * step * sizeof(T));
        i64 added = 0;
        const i64 in_line = w->packed ? 1 : w->slices > 1 ? w->slices : w->runs, several = w->vectors < NEARBY ? NEARBY / w->vectors : 1;
        const i64 xnext = w->slices > 1 ? s->E[1] * s->E[2] : w->groups * s->image;  // from run to run of those in line
        for (i64 run = 0, runs; run < w->runs; run += runs) {
            const i64 rest = in_line - run % in_line;
            runs = rest < several ? rest : several;
            for (i64 from = 0, m; from < w->vectors; from += m) {
                if (added >= ADDED) weight_flush(w, sums, step, rows, n, total), added = 0;
                m = w->vectors - from < ADDED - added || runs > 1 ? w->vectors - from : ADDED - added, added += runs * m;
                const T *y = w->rows_y + (g * w->rows + row) * w->rowstep + run * w->ystep + from * L;
                const T *x = (w->packed ? w->packed_x + g * w->k * w->vectors * L
                                        : w->copy + (run / w->slices * w->groups + g) * s->image + run % w->slices * s->E[1] * s->E[2]) + from * L;
                for (i64 k = 0; k < n; k += ACROSS) {
                    const i64 *off = w->off + first + k;
                    if (rows == SUMS) dots_all(runs, m, y, w->rowstep, w->ystep, x, xnext, off, sums + k * L, step);
                    else for (i64 r = 0; r < rows; ++r) dots_1(runs, m, y + r * w->rowstep, 0, w->ystep, x, xnext, off, sums + r * step + k * L, step);
                }
            }
        }
        weight_flush(w, sums, step, rows, n, total);
    }
    put((char *)sums);
}

// Depthwise convolutions: a channel (item), of all images. A single row is taken as rows of L windows.
static void weight_slide(void *context, i64 begin, i64 end) {
    Weight *w = context;
    Images s = w->s;
    s.xc = s.xb;  // images in place of channels
    const i64 zero[3] = {0, 0, 0}, single = w->m[1] == 1, vectors = (w->m[2] + L - 1) / L, rows = single ? vectors : w->m[1];
    const i64 high = (rows + 3) / 4 * 4, width = single ? L : vectors * L, step = single ? L : s.E[2], slice = high * width;
    const Taps taps = taps_of(w->k, single ? 0 : step, s.off);
    const i64 columns = w->k / taps.rows, row = (columns + COLUMNS - 1) / COLUMNS * COLUMNS * L, fitting = ADDED * L / width / 4 * 4;
    const i64 most = fitting < 4 ? 4 : fitting < high ? fitting : high;
    const i64 copies = w->images * s.image, room = copies + 4 * step + SLACK, all = room + w->m[0] * slice + taps.rows * row;
    T *copy = (T *)take(all * (i64)sizeof(T)), *y = copy + room, *sums = y + w->m[0] * slice;
    if (!copy) { __atomic_store_n(&w->failed, 1, __ATOMIC_RELAXED); return; }
    memset(copy + copies, 0, (all - copies) * sizeof(T));
    for (i64 g = begin; g < end; ++g) {
        T *total = w->total + g * w->k;
        i64 added = 0;
        for (i64 b = 0; b < w->batch; ++b) {
            const T *x = copy + b % w->images * s.image;
            if (x == copy) images_copy(&s, copy, s.x + b * s.xb + g * w->s.xc, 0, w->batch - b < w->images ? w->batch - b : w->images, zero, w->m);
            for (i64 a = 0; a < w->m[0]; ++a) {
                const char *from = w->y + b * w->yb + g * w->yc + a * w->ys[0];
                for (i64 h = 0; h < w->m[1]; ++h) copy_row(y + a * slice + h * width, from + h * w->ys[1], w->ys[2], w->m[2]);
            }
            for (i64 a = 0; a < w->m[0]; ++a)
                for (i64 h = 0, m; h < high; h += m) {
                    m = high - h < most ? high - h : most;
                    for (i64 k = 0; k < columns; k += COLUMNS)
                        slides_back[taps.rows / 2](&taps, k, m, width, y + a * slice + h * width, width, x + a * s.E[1] * s.E[2] + h * step, step, sums, row);
                    added += m * width / L;
                    if (added + most * width / L <= ADDED && (b < w->batch - 1 || a < w->m[0] - 1 || h + m < high)) continue;
                    for (i64 r = 0; r < taps.rows; ++r) weight_flush(w, sums + r * row, 0, 1, columns, total + taps.first + r * taps.next);
                    added = 0;
                }
        }
    }
    put((char *)copy);
}

// A part of the batch, its windows where they lie in the copy or packed; 0 where there is no memory, -1 where it must be packed.
static int weight_part(Weight *w, int packed) {
    const Images *s = &w->s;
    const i64 whole = w->m[0] * w->m[1] * w->m[2], places = (w->k + ACROSS - 1) / ACROSS * ACROSS;
    w->packed = packed, w->width = s->E[2], w->slices = w->m[0];
    w->runs = packed ? 1 : w->images * w->slices;
    w->vectors = ((packed ? w->images * whole : (w->m[1] - 1) * s->E[2] + w->m[2]) + L - 1) / L;
    w->ystep = w->vectors * L, w->rowstep = w->runs * w->ystep;
    w->rows_y = (T *)take(w->groups * w->rows * w->rowstep * (i64)sizeof(T));
    w->packed_x = packed ? (T *)take(w->groups * w->k * w->vectors * L * (i64)sizeof(T)) : 0;
    int done = w->rows_y && (!packed || w->packed_x);
    if (done) {
        for (i64 k = 0; k < places; ++k) {  // what is beyond the last is computed in its place, and left
            const i64 real = k < w->k ? k : w->k - 1;
            w->off[k] = packed ? real * w->vectors * L : s->off[real];
        }
        const i64 channels = w->groups * w->rows, elements = channels * w->images * whole;
        share(channels * w->images, 1 + 16384 / whole, weight_y, w, elements);
        if (packed) share(w->groups * w->k, 1 + 16384 / (w->images * whole), weight_pack, w, w->groups * w->k * w->images * whole);
        if (packed && w->few) {
            void *state = api->release();
            for (i64 g = 0; g < w->groups; ++g) {
                const Matrix c = {w->total + g * w->rows * w->k, w->rows, w->k, w->k, 1};
                const Matrix y = {w->rows_y + g * w->rows * w->rowstep, w->rows, w->images * whole, w->rowstep, 1};
                blocked_product(c, y, (Matrix){w->packed_x + g * w->k * w->vectors * L, w->images * whole, w->k, 1, w->vectors * L}, 1);
            }
            api->acquire(state);
            put((char *)w->rows_y), put((char *)w->packed_x);
            return 1;
        }
        const i64 tasks = w->groups * w->row_blocks * w->place_blocks;
        share(tasks, 1 + 32768 * tasks / (elements * w->k), weight_task, w, elements * w->k > 1000000 ? SHARED : 0);
        done = !w->failed;
    }
    put((char *)w->rows_y), put((char *)w->packed_x);
    return done;
}

// The batch in parts; 0 where there is no memory.
static int weight_parts(Weight *w, int packed) {
    Images *s = &w->s;
    const i64 most = w->images, room = most * w->groups * s->image;
    w->copy = (T *)take((room + SLACK) * (i64)sizeof(T)), w->off = (i64 *)take((w->k + ACROSS) * (i64)sizeof(i64));
    int done = w->copy && w->off;
    if (done) memset(w->copy + room, 0, SLACK * sizeof(T));
    for (w->first = 0; done && w->first < w->batch; w->first += most) {
        w->images = w->batch - w->first < most ? w->batch - w->first : most;
        if (w->images < most) memset(w->copy + w->images * w->groups * s->image, 0, SLACK * sizeof(T));
        const i64 channels = w->images * w->groups * s->channels;
        share(channels, 1 + 16384 / (s->phases * s->plane), weight_x, w, channels * s->phases * s->plane);
        done = weight_part(w, packed);
    }
    w->images = most;
    put((char *)w->copy), put((char *)w->off);
    return done;
}

static int weight_run(Weight *w) {
    Images *s = &w->s;
    w->k = s->channels * s->taps;
    memcpy(s->e, w->m, sizeof s->e);
    images_layout(s, w->m[2]);
    s->off = (i32 *)take(w->k * (i64)sizeof(i32)), w->total = (T *)take(w->groups * w->rows * w->k * (i64)sizeof(T));
    if (!s->off || !w->total) return 0;
    images_off(s);
    const i64 whole = w->m[0] * w->m[1] * w->m[2], lying = w->m[0] * (((w->m[1] - 1) * s->E[2] + w->m[2] + L - 1) / L * L), totals = w->groups * w->rows * w->k;
    memset(w->total, 0, totals * sizeof(T));
    // What meets zeros in place of windows must be finite: else it is computed once more, without them.
    if (w->rows == 1 && s->channels == 1) {
        w->images = 1 + SLIDING / (s->image * (i64)sizeof(T));
        if (w->images > w->batch) w->images = w->batch;
        share(w->groups, 1 + 32768 / (w->batch * whole * w->k), weight_slide, w, w->groups * w->batch * whole * w->k);
        if (w->failed || !not_finite(w->total, totals)) return !w->failed;
        memset(w->total, 0, totals * sizeof(T));
    }
    const i64 bytes = w->groups * (s->image + w->rows * lying) * (i64)sizeof(T);
    w->images = PART / bytes < 1 ? 1 : PART / bytes < w->batch ? PART / bytes : w->batch;
    const i64 parts = (w->batch + w->images - 1) / w->images;
    w->images = (w->batch + parts - 1) / parts;
    w->row_blocks = (w->rows + SUMS - 1) / SUMS, w->place_blocks = (w->k + PLACES_OF_TASK - 1) / PLACES_OF_TASK;
    w->few = OWN && w->rows >= 16 && w->k >= 48 && w->images * lying <= FEW_WINDOWS * L;
    const int packed = w->few || whole * w->rows * 3 < lying * w->rows * 2 - whole * 24;
    const int done = weight_parts(w, packed);
    if (!done || packed || !not_finite(w->total, totals)) return done;
    memset(w->total, 0, totals * sizeof(T));
    return weight_parts(w, 1);
}

KERNEL(conv_weight) {
    Object *out = args[0], *y = args[1], *x = args[2];
    Weight w = {0};
    Images *s = &w.s;
    How how;
    i64 kernel[3];
    if (count != 8 || !is_array(out, KIND) || !is_array(x, KIND) || !is_array(y, KIND) || !IN_A_ROW(out)) PASS;
    const int n = NDIM(x) - 2;
    if (!how_of(args, 4, n, &how) || NDIM(y) != n + 2 || NDIM(out) != n + 2) PASS;
    three(out, kernel, 0);
    three(x, s->n, s->xs);
    three(y, w.m, w.ys);
    const i64 places = kernel[0] * kernel[1] * kernel[2], total = numel(out);
    if (!total) DONE;
    if (places > PLACES) PASS;
    if (!numel(y) || !numel(x)) { memset(DATA(out), 0, total * sizeof(MEM)); DONE; }
    s->x = DATA(x), s->xb = STRIDES(x)[0], s->xc = STRIDES(x)[1];
    w.y = DATA(y), w.yb = STRIDES(y)[0], w.yc = STRIDES(y)[1];
    w.batch = SHAPE(y)[0], w.groups = how.groups, w.rows = SHAPE(out)[0] / how.groups, s->channels = SHAPE(out)[1];
    i64 *block = (i64 *)take(places * 7 * (i64)sizeof(i64));
    if (!block) return no_memory();
    s->taps = places, s->tap = (i64 (*)[3])block, s->phase = (i64 (*)[3])(block + 3 * places), s->place = block + 6 * places;
    for (int d = 0; d < 3; ++d) s->stride[d] = how.stride[d], s->first[d] = -how.padding[d];
    for (i64 t = 0; t < places; ++t) {
        const i64 at[3] = {t / kernel[2] / kernel[1], t / kernel[2] % kernel[1], t % kernel[2]};
        for (int d = 0; d < 3; ++d) s->tap[t][d] = at[d] * how.dilation[d];
    }
    const int done = weight_run(&w);
    if (done) for (i64 i = 0; i < total; ++i) STORE((MEM *)DATA(out), i, w.total[i]);
    put((char *)s->off), put((char *)w.total), put((char *)block);
    if (!done) return no_memory();
    DONE;
}
