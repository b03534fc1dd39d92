// Elements moved as they are, whatever they mean: BITS is an unsigned integer of their width.
#if defined IS_B8 || defined IS_U8 || defined IS_I8
typedef u8 BITS;
#elif defined IS_I16 || defined IS_F16 || defined IS_BF16
typedef u16 BITS;
#elif defined IS_I32 || defined IS_F32
typedef u32 BITS;
#else
typedef u64 BITS;
#endif
enum { W = sizeof(BITS) };

// The bytes between which an array's elements lie.
static UNUSED void extent(Object *o, const char **low, const char **high) {
    const char *a = DATA(o), *b = a + WIDTH[KIND];
    for (int d = 0; d < NDIM(o); ++d) {
        const i64 span = (SHAPE(o)[d] - 1) * STRIDES(o)[d];
        if (span < 0) a += span;
        else b += span;
    }
    *low = a, *high = b;
}

static UNUSED int overlapping(Object *out, Object *input, int input_width) {
    const char *a, *b, *c, *d;
    extent(out, &a, &b), extent(input, &c, &d);
    return a < d + input_width && c < b;
}

static UNUSED int same_shape(Object *a, Object *b) {
    if (NDIM(a) != NDIM(b)) return 0;
    for (int d = 0; d < NDIM(a); ++d) if (SHAPE(a)[d] != SHAPE(b)[d]) return 0;
    return 1;
}

static UNUSED void copy_loop(char *const *at, const i64 *step, i64 n) {
    if (step[0] == W && step[1] == W) {
        memcpy(at[0], at[1], (size_t)n * W);
        return;
    }
    BITS *o = (BITS *)at[0];
    const BITS *a = (const BITS *)at[1];
    if (step[0] == W && step[1] == 0) {
        const BITS v = *a;
        SIMD for (i64 i = 0; i < n; ++i) o[i] = v;
    } else if (step[0] == W && step[1] == -W) {
        SIMD for (i64 i = 0; i < n; ++i) o[i] = a[-i];
    } else if (step[0] == W && step[1] == 2 * W) {
        SIMD for (i64 i = 0; i < n; ++i) o[i] = a[2 * i];
    } else {
        for (i64 i = 0; i < n; ++i) *(BITS *)(at[0] + i * step[0]) = *(const BITS *)(at[1] + i * step[1]);
    }
}

// A square of SIDE x SIDE elements turned: lines along a in memory `in` become lines along b. Interleaving each line with the one half the
// square further, as often as the side has bits, is a transposition.
#if defined __has_builtin
#if __has_builtin(__builtin_shufflevector)
#define SHUFFLES 1
#endif
#endif
#ifdef SHUFFLES
enum { SIDE = W == 8 ? 4 : W == 1 ? 16 : 8 };
typedef BITS Line __attribute__((vector_size(SIDE * sizeof(BITS))));
#if defined IS_I64 || defined IS_F64
#define LOWER(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define UPPER(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#elif defined IS_B8 || defined IS_U8 || defined IS_I8
#define LOWER(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define UPPER(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#else
#define LOWER(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define UPPER(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#endif
INLINE void turn_square(char *out, i64 out_step, const char *in, i64 in_step) {
    Line r[SIDE], s[SIDE];
    for (int i = 0; i < SIDE; ++i) memcpy(&r[i], in + i * in_step, sizeof(Line));
#define ROUND(r, s) _Pragma("GCC unroll 16") for (int i = 0; i < SIDE / 2; ++i) s[2 * i] = LOWER(r[i], r[i + SIDE / 2]), s[2 * i + 1] = UPPER(r[i], r[i + SIDE / 2]);
    ROUND(r, s) ROUND(s, r)
    if (SIDE >= 8) { ROUND(r, s) }
    if (SIDE == 16) { ROUND(s, r) }
#undef ROUND
    for (int i = 0; i < SIDE; ++i) memcpy(out + i * out_step, SIDE == 8 ? &s[i] : &r[i], sizeof(Line));
}
#else
enum { SIDE = 8 };
INLINE void turn_square(char *out, i64 out_step, const char *in, i64 in_step) {
    BITS t[SIDE][SIDE];
    for (int i = 0; i < SIDE; ++i) memcpy(t[i], in + i * in_step, sizeof t[i]);
    for (int b = 0; b < SIDE; ++b) for (int a = 0; a < SIDE; ++a) ((BITS *)(out + b * out_step))[a] = t[a][b];
}
#endif

// Two dimensions, along one of which out's elements are neighbours (a) and along the other the input's (b), tile by tile.
enum { TILE = 64 };
typedef struct { Walk *w; i64 na, nb, out_step, in_step, tiles_a, tiles_b; } Turn;

static UNUSED void turn_tiles(void *context, i64 begin, i64 end) {
    const Turn *t = context;
    const Walk *w = t->w;
    for (i64 item = begin; item < end; ++item) {
        const i64 a0 = item % t->tiles_a * TILE, b0 = item / t->tiles_a % t->tiles_b * TILE;
        i64 row = item / t->tiles_a / t->tiles_b;
        char *out = w->start[0] + b0 * t->out_step + a0 * W;
        const char *in = w->start[1] + a0 * t->in_step + b0 * W;
        for (int d = w->dims - 1; d >= 0; --d) {
            out += row % w->sizes[d] * w->steps[0][d], in += row % w->sizes[d] * w->steps[1][d];
            row /= w->sizes[d];
        }
        const i64 na = t->na - a0 < TILE ? t->na - a0 : TILE, nb = t->nb - b0 < TILE ? t->nb - b0 : TILE;
        const i64 whole_a = na / SIDE * SIDE, whole_b = nb / SIDE * SIDE;
        for (i64 b = 0; b < whole_b; b += SIDE)
            for (i64 a = 0; a < whole_a; a += SIDE) turn_square(out + b * t->out_step + a * W, t->out_step, in + a * t->in_step + b * W, t->in_step);
        for (i64 b = 0; b < nb; ++b)
            for (i64 a = b < whole_b ? whole_a : 0; a < na; ++a) *(BITS *)(out + b * t->out_step + a * W) = *(const BITS *)(in + a * t->in_step + b * W);
    }
}

// Copy one array of a walk to the other: w has its arrays' starts, sizes and steps, not yet put in order.
static UNUSED void copy_walk(Walk *w) {
    w->arrays = 2, w->loop = copy_loop;
    walk_order(w);
    int b = -1;
    if (w->inner[0] == W && w->inner[1] != W && w->length >= 4)
        for (int d = w->dims - 1; d >= 0; --d) if (w->steps[1][d] == W && w->sizes[d] >= 4) { b = d; break; }
    if (b < 0) {
        walk_run(w, SHARED);
        return;
    }
    Turn t = {w, w->length, w->sizes[b], w->steps[0][b], w->inner[1]};
    w->rows /= t.nb;
    for (int d = b; d + 1 < w->dims; ++d) w->sizes[d] = w->sizes[d + 1], w->steps[0][d] = w->steps[0][d + 1], w->steps[1][d] = w->steps[1][d + 1];
    --w->dims;
    t.tiles_a = (t.na + TILE - 1) / TILE, t.tiles_b = (t.nb + TILE - 1) / TILE;
    const i64 each = (t.na < TILE ? t.na : TILE) * (t.nb < TILE ? t.nb : TILE);
    share(w->rows * t.tiles_a * t.tiles_b, PIECE / each, turn_tiles, &t, w->rows * t.na * t.nb);
}

typedef struct { char *out; const char *in; } Bytes;
static UNUSED void copy_bytes(void *context, i64 begin, i64 end) {
    const Bytes *b = context;
    memcpy(b->out + begin, b->in + begin, (size_t)(end - begin));
}

// Copy an array of this dtype; 0 where the input does not fit.
static UNUSED int copy_array(Object *out, Object *input) {
    if (IN_A_ROW(out) && IN_A_ROW(input) && same_shape(out, input)) {
        const i64 n = numel(out) * W;
        if (LIKELY(n < SHARED * W)) memcpy(DATA(out), DATA(input), (size_t)n);
        else {
            Bytes b = {DATA(out), DATA(input)};
            share(n, 1 << 18, copy_bytes, &b, n / W);
        }
        return 1;
    }
    Walk w;
    walk_out(&w, out);
    if (!walk_add(&w, 1, input)) return 0;
    if (numel(out)) copy_walk(&w);
    return 1;
}

// What two elements add up to: of bools whether either is true; integers wrap.
#if defined IS_B8
#define SUM(a, b) ((a) | (b))
#elif defined IS_F64 || defined IS_F32 || defined IS_F16 || defined IS_BF16
#define SUM(a, b) ((a) + (b))
#define IS_FLOAT 1
#else
#define SUM(a, b) ((T)((u64)(a) + (u64)(b)))
#endif
