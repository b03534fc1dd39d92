// argmax, argmin, max_along, min_along: the best element along a dimension and its place. Of equal ones the first counts, and NaN is better than any.
enum { BEST_COLUMNS = 512 };
#ifdef FLOATING
#define NO_NUMBER(v) ((v) != (v))
#else
#define NO_NUMBER(v) 0
#endif
typedef struct { Line l; int least; } Best;

// The place of the best of a line, n > 0: its value first, in vectors, and then where that is.
#define PLACE(name, op, than) \
    static i64 name(const T *x, i64 n) { \
        T best = x[0]; \
        i32 none = 0; \
        PRAGMA(omp simd reduction(op : best) reduction(| : none)) \
        for (i64 i = 0; i < n; ++i) { \
            best = x[i] than best ? x[i] : best; \
            none |= NO_NUMBER(x[i]); \
        } \
        for (i64 i = 0;; i += 64) { \
            const i64 stop = n - i < 64 ? n : i + 64; \
            i32 hit = 0; \
            PRAGMA(omp simd reduction(| : hit)) \
            for (i64 j = i; j < stop; ++j) hit |= (x[j] == best) & !none; \
            if (hit || none || stop == n) for (i64 j = i; j < stop; ++j) if (none ? NO_NUMBER(x[j]) : x[j] == best) return j; \
            if (stop == n) return 0; \
        } \
    }
PLACE(place_of_largest, max, >)
PLACE(place_of_least, min, <)

INLINE int better(T v, T best, int least) { return NO_NUMBER(best) ? 0 : NO_NUMBER(v) || (least ? v < best : v > best); }

// Arrays: the input, the places, the values or, once more, the places.
#define COLUMN_LOOP(name, than) \
    static void name(char *const *at, i64 along, i64 n, i64 w, T *best, i32 *place) { \
        for (i64 i = 0; i < n; ++i) { \
            const MEM *x = (const MEM *)(at[0] + i * along); \
            SIMD for (i64 j = 0; j < w; ++j) { \
                const T v = LOAD(x, j); \
                const i32 is = (i32)(v than best[j]) | ((i32)NO_NUMBER(v) & (i32)!NO_NUMBER(best[j])); \
                best[j] = is ? v : best[j]; \
                place[j] = is ? (i32)i : place[j]; \
            } \
        } \
    }
COLUMN_LOOP(largest_columns, >)
COLUMN_LOOP(least_columns, <)

static void best_loop(char *const *at, const i64 *step, i64 lines) {
    Best *c = (Best *)at[3];
    Line *l = &c->l;
    const i64 n = l->n, a = l->along[0];
    const int both = at[2] != at[1];
    if (lines > 1 && step[0] == sizeof(MEM) && n > 1 && n < INT32_MAX) {
        T best[BEST_COLUMNS];
        i32 place[BEST_COLUMNS];
        for (i64 from = 0; from < lines; from += BEST_COLUMNS) {
            const i64 w = lines - from < BEST_COLUMNS ? lines - from : BEST_COLUMNS;
            char *const x[1] = {at[0] + from * (i64)sizeof(MEM)};
            for (i64 j = 0; j < w; ++j) best[j] = LOAD((const MEM *)x[0], j), place[j] = 0;
            if (c->least) least_columns(x, a, n, w, best, place);
            else largest_columns(x, a, n, w, best, place);
            for (i64 j = 0; j < w; ++j) {
                *(i64 *)(at[1] + (from + j) * step[1]) = place[j];
                if (both) STORE((MEM *)(at[2] + (from + j) * step[2]), 0, best[j]);
            }
        }
        return;
    }
    const int here = in_a_row(a, n);
    T own[ROOM], *room = here ? own : room_of(l, own, n);
    if (!room) return;
    for (i64 i = 0; i < lines; ++i) {
        const char *in = at[0] + i * step[0];
        if (!here) load_line(room, in, a, n);
        const T *x = here ? (const T *)in : room;
        const i64 place = c->least ? place_of_least(x, n) : place_of_largest(x, n);
        *(i64 *)(at[1] + i * step[1]) = place;
        if (both) STORE((MEM *)(at[2] + i * step[2]), 0, x[place]);
    }
    if (room != own) free(room);
}

static Object *best_along(Object *input, Object *places, Object *values, i64 dim, int least) {
    Walk w;
    Best c;
    if (!is_array(input, KIND) || !is_array(places, I64) || (values && !is_array(values, KIND)) || !lines_add(&w, &c.l, 0, input, dim, 0) || !c.l.n) PASS;
    if (!lines_add(&w, &c.l, 1, places, dim, 1) || !lines_add(&w, &c.l, 2, values ? values : places, dim, 1)) PASS;
    if (!numel(places)) DONE;
    c.least = least, w.loop = best_loop;
    if (!lines_run(&w, &c.l, 1)) return 0;
    DONE;
}

// Of all elements: in pieces, each one's best first.
typedef struct { const char *x; i64 *places; int least; } Whole;
static void best_pieces(void *context, i64 begin, i64 end) {
    const Whole *c = context;
    T room[ROOM], best = 0;
    i64 place = -1;
    for (i64 i = begin; i < end; i += ROOM) {
        const i64 n = end - i < ROOM ? end - i : ROOM;
        const T *x = (const T *)(c->x + i * (i64)sizeof(MEM));
        if (!DIRECT) load_line(room, c->x + i * (i64)sizeof(MEM), sizeof(MEM), n), x = room;
        const i64 at = c->least ? place_of_least(x, n) : place_of_largest(x, n);
        if (place < 0 || better(x[at], best, c->least)) best = x[at], place = i + at;
    }
    c->places[begin / PIECE] = place;
}
static Object *best_of_all(Object *input, Object *places, int least) {
    const i64 n = numel(input), parts = (n + PIECE - 1) / PIECE;
    if (!n || !IN_A_ROW(input) || numel(places) != 1) PASS;
    i64 own[64], place = -1;
    Whole c = {DATA(input), parts <= 64 ? own : malloc(parts * sizeof(i64)), least};
    if (!c.places) return no_memory();
    share(n, PIECE, best_pieces, &c, n);
    for (i64 p = 0; p < parts; ++p) {
        if (place < 0 || better(LOAD((const MEM *)DATA(input), c.places[p]), LOAD((const MEM *)DATA(input), place), least)) place = c.places[p];
    }
    *(i64 *)DATA(places) = place;
    if (c.places != own) free(c.places);
    DONE;
}

static Object *place(Object *const *args, int least) {
    i64 dim;
    if (args[2] == api->none) {
        if (!is_array(args[1], KIND) || !is_array(args[0], I64)) PASS;
        return best_of_all(args[1], args[0], least);
    }
    if (!int_of(args[2], &dim)) PASS;
    if (is_array(args[1], KIND) && dim < 0) dim += NDIM(args[1]);
    return best_along(args[1], args[0], 0, dim, least);
}
static Object *best(Object *const *args, int least) {
    Object *outs[2];
    i64 dim;
    if (objects_of(args[0], outs, 2) != 2 || !int_of(args[2], &dim)) PASS;
    return best_along(args[1], outs[1], outs[0], dim, least);
}
KERNEL(argmax) { if (count != 4) PASS; return place(args, 0); }
KERNEL(argmin) { if (count != 4) PASS; return place(args, 1); }
KERNEL(max_along) { if (count != 4) PASS; return best(args, 0); }
KERNEL(min_along) { if (count != 4) PASS; return best(args, 1); }
