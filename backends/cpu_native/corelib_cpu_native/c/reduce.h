// Reductions along any dimensions: the engine. A reduction brings a `Rule`: how a run of neighbours or a block of rows goes into its states.
//
// What lies innermost in memory decides: a reduced dimension is read in runs, each into one state; a kept one in blocks of rows, a state for
// each column, so that memory is read as it lies. The order of all sums depends on sizes only.
#if defined(IS_F16) || defined(IS_BF16)
#define DIRECT 0  // a value is not what lies in memory
#else
#define DIRECT 1
#endif
#ifdef IS_B8  // which is 0 or 1
#undef T
#undef LOAD
#undef STORE
#define T u8
#define LOAD load_u8
#define STORE store_u8
#endif


enum { RUN = 4096, ROWS = 64, TILE = 512, BUFFER = 8192, STATE = 24 };  // elements of a run, rows of a block, columns of a tile

typedef struct {
    int bytes;  // of a state, at most STATE
    void (*clear)(void *states, i64 w);
    void (*run)(void *state, const T *x, i64 n);                                   // n <= RUN neighbours
    void (*block)(void *states, const char *x, i64 step, i64 rows, i64 w);         // rows <= ROWS, w <= TILE neighbours in each
    void (*join)(void *states, const void *others, i64 w);
    void (*store)(const void *states, i64 w, char *out, i64 step, const void *extra);
} Rule;

typedef struct {
    const Rule *rule;
    const void *extra;
    i64 outer, repeats, length, width;  // kept and reduced elements outside, and the innermost of each kind
    i64 step, across, out_across, total;
    int kept, again;
    i64 kept_size[DIMS], kept_in[DIMS], kept_out[DIMS], again_size[DIMS], again_step[DIMS];
    char *in, *out;
    i64 tile, tiles, chunks, chunk, fold;
    int plain;  // whether rows are used where they lie
    char *states;
} Reduction;

// Which of `dims` dimensions are reduced, as flags; 0 where the list cannot be used.
static int reduced_flags(Object *list, int dims, u8 *flags) {
    i64 given_[DIMS];
    const int n = ints_of(list, given_, DIMS);
    if (n < 0) return 0;
    memset(flags, 0, dims);
    for (int i = 0; i < n; ++i) {
        if (given_[i] < 0 || given_[i] >= dims) return dims == 0 && (given_[i] == 0 || given_[i] == -1);
        flags[given_[i]] = 1;
    }
    return 1;
}

// Lay the loops out. 0 where out does not have the shape that is left.
static int reduction_of(Reduction *r, Object *out, Object *in, const u8 *flags) {
    const int dims = NDIM(in), kept = NDIM(out);
    const size *shape = SHAPE(in), *steps = STRIDES(in);
    int order[DIMS], n = 0, at = 0, left = 0;
    i64 out_step[DIMS];
    for (int d = 0; d < dims; ++d) left += !flags[d];
    const int all = kept == dims;
    if (!all && kept != left) return 0;
    for (int d = 0; d < dims; ++d) {
        out_step[d] = 0;
        if (flags[d] && !all) continue;
        if (SHAPE(out)[at] != (flags[d] ? 1 : shape[d])) return 0;
        if (!flags[d]) out_step[d] = STRIDES(out)[at];
        ++at;
    }
    r->total = 1;
    for (int d = 0; d < dims; ++d) {
        r->total *= shape[d];
        if (shape[d] == 1) continue;
        int p = n++;  // what is repeated in memory goes outside, and there the reduced inside
        while (p > 0 && steps[d] && steps[order[p - 1]] && llabs(steps[order[p - 1]]) < llabs(steps[d])) order[p] = order[p - 1], --p;
        if (!steps[d]) while (p > 0 && !(flags[d] && !steps[order[p - 1]])) order[p] = order[p - 1], --p;
        order[p] = d;
    }
    r->kept = r->again = 0;
    int last = -1;
    for (int i = 0; i < n; ++i) {
        const int d = order[i];
        if (flags[d]) {
            const int k = r->again - 1;
            if (last == 1 && r->again_step[k] == steps[d] * shape[d]) r->again_size[k] *= shape[d], r->again_step[k] = steps[d];
            else r->again_size[r->again] = shape[d], r->again_step[r->again++] = steps[d];
        } else {
            const int k = r->kept - 1;
            if (last == 0 && r->kept_in[k] == steps[d] * shape[d] && r->kept_out[k] == out_step[d] * shape[d]) {
                r->kept_size[k] *= shape[d], r->kept_in[k] = steps[d], r->kept_out[k] = out_step[d];
            } else {
                r->kept_size[r->kept] = shape[d], r->kept_in[r->kept] = steps[d], r->kept_out[r->kept++] = out_step[d];
            }
        }
        last = flags[d];
    }
    r->width = 1, r->across = r->out_across = 0;
    if (last == 0) {
        const int k = --r->kept;
        r->width = r->kept_size[k], r->across = r->kept_in[k], r->out_across = r->kept_out[k];
    }
    r->length = 1, r->step = 0;
    if (r->again) {
        const int k = --r->again;
        r->length = r->again_size[k], r->step = r->again_step[k];
    }
    r->outer = r->repeats = 1;
    for (int k = 0; k < r->kept; ++k) r->outer *= r->kept_size[k];
    for (int k = 0; k < r->again; ++k) r->repeats *= r->again_size[k];
    r->in = DATA(in), r->out = DATA(out);
    return 1;
}

INLINE void load_row(T *to, const char *x, i64 step, i64 n) {
    if (step == (i64)sizeof(MEM)) { SIMD for (i64 i = 0; i < n; ++i) to[i] = LOAD((const MEM *)x, i); }
    else if (!step && n) {
        const T v = LOAD((const MEM *)x, 0);
        SIMD for (i64 i = 0; i < n; ++i) to[i] = v;
    }
    else for (i64 i = 0; i < n; ++i) to[i] = LOAD((const MEM *)(x + i * step), 0);
}

static void reduce_run(const Reduction *r, void *state, const char *x, i64 n) {
    if (r->plain) {
        for (i64 i = 0; i < n; i += RUN) r->rule->run(state, (const T *)x + i, n - i < RUN ? n - i : RUN);
        return;
    }
    T buffer[1024];
    for (i64 i = 0; i < n; i += 1024) {
        const i64 m = n - i < 1024 ? n - i : 1024;
        load_row(buffer, x + i * r->step, r->step, m);
        r->rule->run(state, buffer, m);
    }
}

static void reduce_blocks(const Reduction *r, void *states, const char *x, i64 step, i64 rows, i64 w) {
    const i64 most = r->plain ? ROWS : BUFFER / w < ROWS ? BUFFER / w : ROWS;
    T buffer[DIRECT ? 1 : BUFFER], *room = buffer;
#if DIRECT  // seldom, and then not on everybody's stack
    if (!r->plain) room = __builtin_alloca(BUFFER * sizeof(T));
#endif
    for (i64 i = 0; i < rows; i += most) {
        const i64 n = rows - i < most ? rows - i : most;
        if (r->plain) r->rule->block(states, x + i * step, step, n, w);
        else {
            for (i64 k = 0; k < n; ++k) load_row(room + k * w, x + (i + k) * step, r->across, w);
            r->rule->block(states, (const char *)room, w * sizeof(T), n, w);
        }
    }
}

static void reduce_columns(const Reduction *r, char *states, const char *x, i64 rows, i64 w) {
    if (r->fold > 1 && rows >= 2 * r->fold) {  // short rows, several side by side
        char wide[TILE * STATE];
        const i64 many = rows / r->fold;
        r->rule->clear(wide, w * r->fold);
        reduce_blocks(r, wide, x, r->step * r->fold, many, w * r->fold);
        for (i64 f = 0; f < r->fold; ++f) r->rule->join(states, wide + f * w * r->rule->bytes, w);
        x += many * r->fold * r->step, rows -= many * r->fold;
    }
    if (rows) reduce_blocks(r, states, x, r->step, rows, w);
}

// Elements `begin` ... `end` of what is reduced into the states of w columns.
static void reduce_range(const Reduction *r, char *states, const char *in, i64 w, i64 begin, i64 end) {
    i64 repeat = begin / r->length, off = begin % r->length;
    while (begin < end) {
        const char *x = in + off * r->step;
        i64 left = repeat;
        for (int k = r->again - 1; k >= 0; --k) x += left % r->again_size[k] * r->again_step[k], left /= r->again_size[k];
        const i64 n = r->length - off < end - begin ? r->length - off : end - begin;
        if (r->width == 1) reduce_run(r, states, x, n);
        else reduce_columns(r, states, x, n, w);
        begin += n, off = 0, ++repeat;
    }
}

static void reduce_items(void *context, i64 begin, i64 end) {
    const Reduction *r = context;
    const Rule *rule = r->rule;
    const i64 each = r->tiles * r->chunks, reduced = r->repeats * r->length;
    i64 at[DIMS], left = begin / each, part = begin % each;
    char *in = r->in, *out = r->out;
    for (int k = r->kept - 1; k >= 0; --k) {
        at[k] = left % r->kept_size[k], left /= r->kept_size[k];
        in += at[k] * r->kept_in[k], out += at[k] * r->kept_out[k];
    }
    char own[TILE * STATE];
    for (i64 item = begin; item < end; ++item) {
        const i64 tile = part / r->chunks, chunk = part % r->chunks, from = tile * r->tile;
        const i64 w = r->width - from < r->tile ? r->width - from : r->tile;
        char *states = r->states ? r->states + item * r->tile * rule->bytes : own;
        rule->clear(states, w);
        const i64 first = chunk * r->chunk, last = first + r->chunk < reduced ? first + r->chunk : reduced;
        reduce_range(r, states, in + from * r->across, w, first, last);
        if (!r->states) rule->store(states, w, out + from * r->out_across, r->out_across, r->extra);
        if (++part < each) continue;
        part = 0;
        for (int k = r->kept - 1; k >= 0; --k) {
            in += r->kept_in[k], out += r->kept_out[k];
            if (++at[k] < r->kept_size[k]) break;
            in -= at[k] * r->kept_in[k], out -= at[k] * r->kept_out[k];
            at[k] = 0;
        }
    }
}

// The states of the parts of each result together, in order.
static void reduce_together(Reduction *r) {
    const i64 bytes = r->tile * r->rule->bytes;
    for (i64 item = 0; item < r->outer * r->tiles; ++item) {
        char *states = r->states + item * r->chunks * bytes, *out = r->out;
        const i64 from = item % r->tiles * r->tile, w = r->width - from < r->tile ? r->width - from : r->tile;
        for (i64 c = 1; c < r->chunks; ++c) r->rule->join(states, states + c * bytes, w);
        i64 left = item / r->tiles;
        for (int k = r->kept - 1; k >= 0; --k) out += left % r->kept_size[k] * r->kept_out[k], left /= r->kept_size[k];
        r->rule->store(states, w, out + from * r->out_across, r->out_across, r->extra);
    }
}

// Run a reduction that is laid out; the caller has returned already where out is empty.
static Object *reduce(Reduction *r, const Rule *rule, const void *extra) {
    enum { FEW = 32, PARTS = 64, WORTH = 16384 };
    r->rule = rule, r->extra = extra, r->states = 0;
    const i64 reduced = r->total ? r->repeats * r->length : 0;
    if (!reduced) r->length = 1, r->repeats = 0;
    r->plain = DIRECT && (r->width == 1 ? r->step == (i64)sizeof(T) || r->length == 1 : r->across == (i64)sizeof(T));
    r->tile = r->width < TILE ? r->width : TILE;
    r->tiles = (r->width + r->tile - 1) / r->tile;
    r->fold = r->width > 1 && r->width <= 128 && r->across == (i64)sizeof(MEM) && r->step == r->width * r->across ? TILE / r->width : 1;
    r->chunks = 1, r->chunk = reduced ? reduced : 1;
    const i64 results = r->outer * r->tiles;
    if (results < FEW && reduced * r->tile > 2 * WORTH) {
        const i64 least = (WORTH + r->tile - 1) / r->tile, parts = (PARTS + results - 1) / results;
        i64 chunk = (reduced + parts - 1) / parts;
        chunk = chunk > least ? chunk : least;
        chunk = (chunk + ROWS - 1) / ROWS * ROWS;
        r->chunk = chunk < reduced ? chunk : reduced, r->chunks = (reduced + r->chunk - 1) / r->chunk;
    }
    if (r->chunks > 1) {
        r->states = malloc(results * r->chunks * r->tile * rule->bytes);
        if (!r->states) return no_memory();
    }
    const i64 each = r->chunk * r->tile, grain = each >= WORTH ? 1 : (WORTH + each - 1) / each;
    share(results * r->chunks, grain, reduce_items, r, r->total);
    if (r->states) {
        reduce_together(r);
        free(r->states);
    }
    DONE;
}

// The arguments (out, input, dims, keepdim) of most reductions.
INLINE int reduction_given(Reduction *r, Object *const *args, int out_kind, Object *dims) {
    u8 flags[DIMS];
    return is_array(args[0], out_kind) && is_array(args[1], KIND) && reduced_flags(dims, NDIM(args[1]), flags) && reduction_of(r, args[0], args[1], flags);
}
