// A product of weights with all windows of images.
//
// Weights are packed in blocks of rows; windows lie in the copied image as they are (see conv.h), or where that would compute many that are none
// (small images with much padding) they are packed in panels. Both are the same loop, `tile`, with other distances.

// Rows of the product for N vectors of neighbouring windows: sums over k of w[row * wr + k * wk] * x[off[k]], into to[row][NR], added to what is there
// if `add`.
#define TILE(R, N) \
    static FUSED void tile_##R##_##N(i64 n, const T *w, i64 wr, i64 wk, const T *x, const i32 *off, T *to, int add) { \
        FUSE V sum[R][N]; \
        _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) _Pragma("GCC unroll 8") for (int v = 0; v < N; ++v) sum[r][v] = (V){0}; \
        for (i64 k = 0; k < n; ++k, w += wk) { \
            const T *at = x + off[k]; \
            V b[N]; \
            _Pragma("GCC unroll 8") for (int v = 0; v < N; ++v) b[v] = *(const V *)(at + v * L); \
            _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) { \
                const V a = w[r * wr] - (V){0}; \
                _Pragma("GCC unroll 8") for (int v = 0; v < N; ++v) sum[r][v] += a * b[v]; \
            } \
        } \
        _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) _Pragma("GCC unroll 8") for (int v = 0; v < N; ++v) { \
            V *at = (V *)(to + r * NR + v * L); \
            if (add) *at += sum[r][v]; \
            else *at = sum[r][v]; \
        } \
    }
#define TILES(R) TILE(R, 1) TILE(R, 2) TILE(R, 3)
TILES(1) TILES(2) TILES(4)
#define OF(R) {tile_##R##_1, tile_##R##_2, tile_##R##_3}
typedef void (*Tile)(i64 n, const T *w, i64 wr, i64 wk, const T *x, const i32 *off, T *to, int add);
#if defined(__AVX512F__) || defined(__aarch64__)
TILES(8)
static const Tile tiles[][NV] = {OF(1), OF(2), OF(4), OF(8)};
#else
static const Tile tiles[][NV] = {OF(1), OF(2), OF(4)};
#endif

enum { CHAIN = 192, GROUP = 8 * ROWS };  // products that are added up one after the other; rows of a panel that are computed together
enum { BOX = 1 << 19, PARTS = NR + 1, CHANNELS = 16, OF_CHUNK = 1 << 17, FEW = 16 };

typedef struct {
    Images s;
    i64 batch, groups, rows, k;
    const char *w;
    i64 wg, wr, wc, *wt;  // the weights' steps in bytes: groups, rows, channels; and each tap's place
    const char *bias;
    i64 bias_step;
    char *out;
    i64 ob, oc, os[2], m[3];  // out's steps in elements, but for those of neighbours, and its windows
    i64 boxes[3], together, beside, chunks, blocks;  // boxes along each dimension, images and groups of a task, chunks of rows and their blocks of ROWS
    int packed, slides, direct, failed;  // slides: each row is one alone; direct: the weights are read where they lie
    T *weights;
    i32 *lanes;  // off, of a packed panel
    T *ready;  // copies and panels of all boxes, where chunks of rows share them, and the elements of each
    i64 room;
} Conv;

// Neighbouring windows of a panel: the first lane and how many, where they begin in the copies and in out, and whether what follows them in out
// may be written over, because it is written again later.
typedef struct { i64 lane, n, from, to; int over; } Part;

static i64 rows_of(i64 left) { return left >= ROWS ? ROWS : left > 4 ? 8 : left > 2 ? 4 : left; }
static i64 padded_rows(i64 rows) { return rows / ROWS * ROWS + (rows % ROWS ? rows_of(rows % ROWS) : 0); }

// How many of a row's weights lie in a row: all, or a channel's; 0 where those do not.
static i64 run_of(const Conv *c) {
    const i64 taps = c->s.taps;
    for (i64 t = 0; t < taps; ++t) if (c->wt[t] != t * (i64)sizeof(MEM)) return 0;
    return c->s.channels == 1 || c->wc == taps * (i64)sizeof(MEM) ? c->k : taps;
}

// Block i of all groups' blocks, as [k][rows].
static void pack_weights(void *context, i64 begin, i64 end) {
    const Conv *c = context;
    const i64 blocks = (c->rows + ROWS - 1) / ROWS, taps = c->s.taps;
    const i64 run = run_of(c), wr = c->wr, step = wr / (i64)sizeof(MEM);
    for (i64 i = begin; i < end; ++i) {
        const i64 g = i / blocks, row = i % blocks * ROWS, real = c->rows - row < ROWS ? c->rows - row : ROWS, R = rows_of(real);
        T *to = c->weights + (g * padded_rows(c->rows) + row) * c->k;
        const char *from = c->w + g * c->wg + row * wr;
        if (KIND >= F32 && real == ROWS && step == 1) {
            for (i64 ch = 0; ch < c->s.channels; ++ch) for (i64 t = 0; t < taps; ++t, to += ROWS) memcpy(to, from + ch * c->wc + c->wt[t], ROWS * sizeof(T));
        } else if (real == ROWS && run) {
            for (i64 at = 0; at < c->k; at += run, from += c->wc, to += run * ROWS) {
                const MEM *w = (const MEM *)from;
                i64 k = 0;
                if (KIND >= F32) for (int r = 0; r < ROWS; r += 4) k = turn4(to + r, ROWS, (const T *)w + r * step, step, run);
                for (; k < run; ++k) for (int r = 0; r < ROWS; ++r) to[k * ROWS + r] = LOAD(w, r * step + k);
            }
        } else
            for (i64 ch = 0; ch < c->s.channels; ++ch, from += c->wc)
                for (i64 t = 0; t < taps; ++t, to += R) {
                    const char *w = from + c->wt[t];
                    if (real == ROWS) for (int r = 0; r < ROWS; ++r) to[r] = LOAD((const MEM *)(w + r * wr), 0);
                    else for (i64 r = 0; r < R; ++r) to[r] = r < real ? LOAD((const MEM *)(w + r * wr), 0) : 0;
                }
    }
}

static void store_panel(const Conv *c, const T *sums, i64 rows, i64 row, char *out, const Part *parts, int n) {
    for (i64 r = 0; r < rows; ++r) {
        const T *from = sums + r * NR;
        const T bias = c->bias ? LOAD((const MEM *)(c->bias + (row + r) * c->bias_step), 0) : 0;
        MEM *to = (MEM *)out + (row + r) * c->oc;
        for (int p = 0; p < n; ++p) {
            const T *f = from + parts[p].lane;
            MEM *o = to + parts[p].to;
            const i64 m = parts[p].n;
            if (parts[p].over)
                for (i64 i = 0; i < m; i += L) for (int l = 0; l < L; ++l) STORE(o + i, l, f[i + l] + bias);
            else for (i64 i = 0; i < m; ++i) STORE(o, i, f[i] + bias);
        }
    }
}

// One panel: `vectors` of windows at x, for the blocks of rows of a chunk. What some k need of the windows is read from memory once for several
// blocks.
static void panel(const Conv *c, const T *x, const i32 *off, int vectors, i64 g, i64 chunk, char *out, const Part *parts, int n) {
    T sums[GROUP * NR + L] __attribute__((aligned(64)));
    const i64 first = chunk * c->blocks * ROWS, behind = first + c->blocks * ROWS < c->rows ? first + c->blocks * ROWS : c->rows;
    for (i64 from = first, stop; from < behind; from = stop) {
        stop = from + GROUP < behind ? from + GROUP : behind;
        for (i64 k = 0; k < c->k; k += CHAIN)
            for (i64 row = from; row < stop; row += ROWS) {
                const i64 real = stop - row < ROWS ? stop - row : ROWS, R = rows_of(real);
                const i64 wr = c->direct ? c->wr / (i64)sizeof(MEM) : 1, wk = c->direct ? 1 : R;
                const T *w = c->direct ? (const T *)c->w + g * c->wg / (i64)sizeof(MEM) + row * wr : c->weights + (g * padded_rows(c->rows) + row) * c->k;
                const int last = c->k - k <= CHAIN;
                for (i64 r = 0; last && n && r < real; ++r)  // what is written soon is fetched while the tile is computed
                    for (int v = 0; v <= vectors; ++v) __builtin_prefetch((MEM *)out + (g * c->rows + row + r) * c->oc + parts[0].to + v * L, 1);
                tiles[R == 8 ? 3 : R == 4 ? 2 : R - 1][vectors - 1](last ? c->k - k : CHAIN, w + k * wk, wr, wk, x, off + k, sums + (row - from) * NR, k > 0);
            }
        store_panel(c, sums, stop - from, g * c->rows + from, out, parts, n);
    }
}

// A task's windows: of which images and group, and where they lie.
typedef struct {
    i64 group, groups, image, images, q[3], size[3], width, high, windows, safe;
    int joined;
    char *out;
} Box;

static Box box_of(const Conv *c, i64 i) {
    const Images *s = &c->s;
    Box b;
    for (int d = 2; d >= 0; --d) {
        b.q[d] = i % c->boxes[d] * s->e[d], i /= c->boxes[d];
        b.size[d] = c->m[d] - b.q[d] < s->e[d] ? c->m[d] - b.q[d] : s->e[d];
    }
    const i64 blocks = (c->groups + c->beside - 1) / c->beside;
    b.group = i % blocks * c->beside, b.image = i / blocks * c->together;
    b.groups = c->groups - b.group < c->beside ? c->groups - b.group : c->beside;
    b.images = c->batch - b.image < c->together ? c->batch - b.image : c->together;
    b.out = c->out + (b.image * c->ob + b.q[0] * c->os[0] + b.q[1] * c->os[1] + b.q[2]) * (i64)sizeof(MEM);
    // Rows that follow each other in the copy and in out are one row; what a box writes of a channel is one stretch where it is as wide as out.
    b.joined = s->E[2] == b.size[2] && c->os[1] == b.size[2];
    b.width = b.joined ? b.size[1] * b.size[2] : b.size[2], b.high = b.joined ? 1 : b.size[1];
    b.windows = b.size[0] * b.size[1] * b.size[2];
    const int stretch = b.size[2] == c->m[2] && (b.size[0] == 1 || b.size[1] == c->m[1]) && c->os[1] == c->m[2]
                        && (b.size[0] == 1 || c->os[0] == c->m[1] * c->m[2]);
    b.safe = stretch ? b.windows : 0;
    return b;
}

static void copy_channels(const Conv *c, const Box *b, T *copy, i64 begin, i64 end) {
    const Images *s = &c->s;
    for (i64 i = 0; i < b->images; ++i)
        images_copy(s, copy + i * s->image, s->x + (b->image + i) * s->xb + b->group * s->channels * s->xc, begin, end, b->q, b->size);
}

// Elements of a task's copies; what follows them begins with a whole vector.
static i64 copies_of(const Conv *c) { return (c->together * c->beside * c->s.image + SLACK + L - 1) / L * L; }

// Windows of the next panel: one vector alone would be slow.
INLINE i64 panel_width(i64 left) { return left <= NR ? left : left <= NR + L ? (NV + 1) / 2 * L : NR; }

// The windows from `from` on as parts: how they are packed, and how stored; the number of lanes.
static i64 packed_parts(const Conv *c, const Box *b, i64 from, Part *parts, int *n, Part *stored, int *stores) {
    const i64 lanes = panel_width(b->images * b->windows - from);
    *n = *stores = 0;
    for (i64 lane = 0; lane < lanes;) {
        const i64 p = from + lane, w = p % b->width, h = p / b->width % b->high, a = p / b->width / b->high % b->size[0], i = p / b->windows;
        const i64 run = b->width - w < lanes - lane ? b->width - w : lanes - lane;
        const i64 to = a * c->os[0] + h * c->os[1] + w, over = to + run + L <= b->safe;
        const Part here = {lane, run, i * c->s.image + (a * c->s.E[1] + h) * c->s.E[2] + w, i * c->ob + to, over};
        Part *last = &stored[*stores - 1];
        if (*stores && last->to + last->n == here.to) last->n += run, last->over = over;
        else stored[(*stores)++] = here;
        parts[(*n)++] = here;
        lane += run;
    }
    return lanes;
}

static void pack_panel(const Conv *c, const T *copy, T *packed, const Part *parts, int n, i64 begin, i64 end) {
    for (i64 k = begin; k < end; ++k) {
        const T *x = copy + c->s.off[k];
        T *to = packed + k * NR;
        if (k == end - 1) {  // what is behind it is another's
            for (int p = 0; p < n; ++p) memcpy(to + parts[p].lane, x + parts[p].from, parts[p].n * sizeof(T));
            break;
        }
        for (int p = 0; p < n; ++p)
            for (i64 j = 0; j < parts[p].n; j += L) *(V *)(to + parts[p].lane + j) = *(const V *)(x + parts[p].from + j);
    }
}

// Packed windows: `ready` where panels are packed already.
static void compute_packed(const Conv *c, const Box *b, const T *copy, T *packed, int ready, i64 chunk) {
    Part parts[PARTS], stored[PARTS];
    int n, stores;
    for (i64 from = 0, lanes; from < b->images * b->windows; from += lanes) {
        lanes = packed_parts(c, b, from, parts, &n, stored, &stores);
        if (!ready) pack_panel(c, copy, packed, parts, n, 0, c->k);
        panel(c, packed, c->lanes, (int)((lanes + L - 1) / L), b->group, chunk, b->out, stored, stores);
        if (ready) packed += c->k * NR;
    }
}

static void compute_lying(const Conv *c, const Box *b, const T *copy, i64 chunk) {
    const Images *s = &c->s;
    Part parts[PARTS];
    const i64 full = b->joined ? b->width : s->E[2], length = (b->high - 1) * full + b->width;
    for (i64 i = 0; i < b->images; ++i, copy += s->image) {
        char *out = b->out + i * c->ob * (i64)sizeof(MEM);
        for (i64 a = 0; a < b->size[0]; ++a) {
            const T *x = copy + a * s->E[1] * s->E[2];
            for (i64 from = 0, lanes; from < length; from += lanes) {
                lanes = panel_width(length - from);
                int n = 0;
                for (i64 lane = 0; lane < lanes;) {
                    const i64 h = (from + lane) / full, w = (from + lane) % full;
                    i64 run = (w < b->width ? b->width : full) - w;
                    if (run > lanes - lane) run = lanes - lane;
                    const i64 to = a * c->os[0] + h * c->os[1] + w;
                    if (w < b->width) parts[n++] = (Part){lane, run, 0, to, to + run + L <= b->safe};
                    lane += run;
                }
                panel(c, x + from, s->off, (int)((lanes + L - 1) / L), b->group, chunk, out, parts, n);
            }
        }
    }
}

static void compute_slides(const Conv *c, const Box *b, const T *copy) {
    const Images *s = &c->s;
    const Taps taps = taps_of(c->k, b->high == 1 ? 0 : s->E[2], s->off);
    for (i64 g = b->group; g < b->group + b->groups; ++g, copy += s->image) {
        const T bias = c->bias ? LOAD((const MEM *)(c->bias + g * c->bias_step), 0) : 0;
        MEM *to = (MEM *)b->out + g * c->oc;
        for (i64 a = 0; a < b->size[0]; ++a)
            slide(&taps, c->weights + g * c->k, b->high, b->width, s->E[2], copy + a * s->E[1] * s->E[2], bias, to + a * c->os[0], c->os[1], to + b->safe);
    }
}

// All rows of a box, with working memory of one's own.
static void conv_task(void *context, i64 begin, i64 end) {
    Conv *c = context;
    const i64 room = copies_of(c);
    T *copy = (T *)take((room + (c->packed ? c->k * NR + SLACK : 0)) * sizeof(T));
    if (!copy) { __atomic_store_n(&c->failed, 1, __ATOMIC_RELAXED); return; }
    for (i64 i = begin; i < end; ++i) {
        const Box b = box_of(c, i);
        copy_channels(c, &b, copy, 0, b.groups * c->s.channels);
        if (c->slides) compute_slides(c, &b, copy);
        else if (c->packed) compute_packed(c, &b, copy, copy + room, 0, 0);
        else compute_lying(c, &b, copy, 0);
    }
    put((char *)copy);
}

// Some channels of a box, for all to use (item: box and block of channels).
static void conv_prepare(void *context, i64 begin, i64 end) {
    Conv *c = context;
    const i64 groups = (c->s.channels + CHANNELS - 1) / CHANNELS, taps = c->s.taps;
    Part parts[PARTS], stored[PARTS];
    int n, stores;
    for (i64 i = begin; i < end; ++i) {
        const Box b = box_of(c, i / groups);
        T *copy = c->ready + i / groups * c->room, *packed = copy + copies_of(c);
        const i64 first = i % groups * CHANNELS, last = first + CHANNELS < c->s.channels ? first + CHANNELS : c->s.channels;
        copy_channels(c, &b, copy, first, last);
        for (i64 from = 0; c->packed && from < b.images * b.windows; packed += c->k * NR) {
            from += packed_parts(c, &b, from, parts, &n, stored, &stores);
            pack_panel(c, copy, packed, parts, n, first * taps, last * taps);
        }
    }
}

// A chunk of the rows of a prepared box (item).
static void conv_chunk(void *context, i64 begin, i64 end) {
    Conv *c = context;
    for (i64 i = begin; i < end; ++i) {
        const Box b = box_of(c, i / c->chunks);
        T *copy = c->ready + i / c->chunks * c->room;
        if (c->packed) compute_packed(c, &b, copy, copy + copies_of(c), 1, i % c->chunks);
        else compute_lying(c, &b, copy, i % c->chunks);
    }
}

static i64 vectors_of(i64 lanes) { return (lanes + L - 1) / L; }
static f64 effort_of(i64 lanes) { return lanes <= L ? 1.5 : (f64)vectors_of(lanes); }

// How the work is cut, by sizes only.
static void conv_plan(Conv *c) {
    Images *s = &c->s;
    const i64 blocks = (c->rows + ROWS - 1) / ROWS;
    c->slides = c->rows == 1 && c->k <= CHAIN;
    for (int d = 0; d < 3; ++d) s->e[d] = c->m[d];
    for (;;) {
        images_layout(s, c->m[2]);
        if (s->image * (i64)sizeof(T) <= (c->slides ? SLIDING : BOX)) break;
        int d = 0;
        while (d < 3 && s->e[d] <= (d < 2 ? 1 : 2 * NR)) ++d;
        if (d == 3) break;
        s->e[d] = (s->e[d] + 1) / 2;
    }
    const i64 windows = s->e[0] * s->e[1] * s->e[2], bytes = s->image * (i64)sizeof(T);
    i64 together = (4 * NR + windows - 1) / windows;
    if (together * bytes > 4 * BOX) together = 4 * BOX / bytes;
    if (together < 1) together = 1;
    if (together > c->batch) together = c->batch;
    const int joined = s->E[2] == s->e[2] && c->os[1] == c->m[2] && s->e[2] == c->m[2];
    const f64 lying = s->e[0] * effort_of(joined ? s->e[1] * s->e[2] : (s->e[1] - 1) * s->E[2] + s->e[2]);
    const f64 panels = effort_of(together * windows) / together, copies = joined ? panels : s->e[0] * s->e[1] * (vectors_of(s->e[2]) + 1);
    c->packed = !c->slides && panels * blocks * (ROWS / 2) + 3 * copies < lying * blocks * (ROWS / 2);
    c->together = c->packed ? together : 1;
    c->beside = c->slides && bytes < SLIDING ? SLIDING / bytes : 1;
    if (c->beside > c->groups) c->beside = c->groups;
    const f64 work = (f64)c->batch * c->groups * c->rows * c->k * c->m[0] * c->m[1] * c->m[2];
    for (;;) {
        i64 tasks = (c->batch + c->together - 1) / c->together * ((c->groups + c->beside - 1) / c->beside);
        for (int d = 0; d < 3; ++d) tasks *= c->boxes[d] = (c->m[d] + s->e[d] - 1) / s->e[d];
        c->chunks = tasks < 8 && work > 8e6 && blocks >= 8 ? (8 + tasks - 1) / tasks : 1;
        // not more weights than stay in the cache while the panels pass by
        if (c->chunks > 1 && blocks * ROWS * c->k / c->chunks > OF_CHUNK) c->chunks = (blocks * ROWS * c->k + OF_CHUNK - 1) / OF_CHUNK;
        if (c->chunks > blocks) c->chunks = blocks;
        c->blocks = (blocks + c->chunks - 1) / c->chunks;
        c->chunks = (blocks + c->blocks - 1) / c->blocks;
        if (tasks * c->chunks >= 8 || work < 8e6 || s->e[0] * s->e[1] * s->e[2] < 8 * NR) break;
        const int d = s->e[0] > 1 ? 0 : s->e[1] > 1 ? 1 : 2;
        s->e[d] = (s->e[d] + 1) / 2;
    }
    images_layout(s, c->m[2]);
}

// Compute; 0 where there is no memory, -1 where it is too large for the distances.
static int conv_run(Conv *c) {
    Images *s = &c->s;
    c->k = s->channels * s->taps;
    conv_plan(c);
    if (s->image * c->together > INT32_MAX / 2 || c->k * NR > INT32_MAX) return -1;
    const i64 packed_elements = c->groups * padded_rows(c->rows) * c->k;
    s->off = (i32 *)take(2 * c->k * (i64)sizeof(i32));
    c->weights = (T *)take(packed_elements * (i64)sizeof(T));
    int done = 0;
    if (s->off && c->weights) {
        images_off(s);
        c->lanes = s->off + c->k;
        for (i64 k = 0; k < c->k; ++k) c->lanes[k] = (i32)(k * NR);
        const i64 tasks = (c->batch + c->together - 1) / c->together * ((c->groups + c->beside - 1) / c->beside) * c->boxes[0] * c->boxes[1] * c->boxes[2];
        const i64 blocks = c->groups * ((c->rows + ROWS - 1) / ROWS);
        const f64 work = (f64)c->batch * c->groups * c->rows * c->k * c->m[0] * c->m[1] * c->m[2];
        // few panels of windows: to pack the weights would be much of the work
        const i64 panels_ = tasks / c->groups * c->together * s->e[0] * s->e[1] * s->e[2] / NR;
        c->direct = KIND >= F32 && panels_ <= FEW && c->rows % ROWS == 0 && c->rows > 1 && run_of(c) == c->k;
        if (!c->direct) share(blocks, 1 + 16384 / (ROWS * c->k), pack_weights, c, packed_elements);
        const i64 shared = work > 1e6 ? SHARED : 0;
        if (c->chunks == 1) {
            share(tasks, 1 + (i64)(32768 * tasks / (work + 1)), conv_task, c, shared);
            done = !c->failed;
        } else {
            const i64 panels = c->packed ? (c->together * s->e[0] * s->e[1] * s->e[2] + NR - 1) / NR : 0;
            c->room = copies_of(c) + panels * c->k * NR + SLACK;
            c->ready = (T *)take(tasks * c->room * (i64)sizeof(T));
            if (c->ready) {
                share(tasks * ((s->channels + CHANNELS - 1) / CHANNELS), 1, conv_prepare, c, shared);
                share(tasks * c->chunks, 1, conv_chunk, c, shared);
                done = 1;
            }
            put((char *)c->ready);
        }
    }
    put((char *)s->off), put((char *)c->weights);
    return done;
}
