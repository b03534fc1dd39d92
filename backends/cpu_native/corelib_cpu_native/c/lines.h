// What works on lines along one dimension: softmax, running totals, places of extremes. The other dimensions are walked as elementwise kernels
// walk them, in the order of memory; a loop gets neighbouring lines, and last, as one more array that does not move, what it has to know.
#if defined(IS_F16) || defined(IS_BF16) || defined(IS_B8)
#define DIRECT 0  // a value is not what lies in memory
#else
#define DIRECT 1
#endif

typedef struct {
    i64 n, along[MOST];  // elements of a line, and the bytes from one to the next in each array
    int how, failed;     // failed: no memory
} Line;

// Array k has the lines of the walk's shape, or one element of each where `reduced`. 0 where it does not fit. The first gives the shape.
static int lines_add(Walk *w, Line *l, int k, Object *o, i64 dim, int reduced) {
    const int dims = NDIM(o);
    if (k == 0) {
        if (dim < 0 || dim >= dims) return 0;
        w->dims = dims, w->arrays = 0;
        for (int d = 0; d < dims; ++d) w->sizes[d] = SHAPE(o)[d];
        l->n = w->sizes[dim], w->sizes[dim] = 1;
    }
    const int gone = reduced && dims == w->dims - 1;
    if (dims + gone != w->dims) return 0;
    for (int d = 0, at = 0; d < w->dims; ++d) {
        w->steps[k][d] = 0;
        if (d == dim && gone) continue;
        if (SHAPE(o)[at] != (d == dim && !reduced ? l->n : w->sizes[d])) return 0;
        if (d != dim) w->steps[k][d] = STRIDES(o)[at];
        else l->along[k] = reduced ? 0 : STRIDES(o)[at];
        ++at;
    }
    w->start[k] = DATA(o), w->arrays = k + 1;
    return 1;
}

// Run the loop over all lines, at least so many at once. 0, with the error raised, where there was no memory.
static int lines_run(Walk *w, Line *l, i64 least) {
    const int k = w->arrays++;
    w->start[k] = (char *)l;
    for (int d = 0; d < w->dims; ++d) w->steps[k][d] = 0;
    walk_order(w);
    l->failed = 0;
    if (w->rows * w->length * l->n < SHARED) {
        w->pieces = 1, w->piece = w->length;
        walk_pieces(w, 0, w->rows);
    } else {
        i64 each = PIECE / (l->n ? l->n : 1);
        if (llabs(w->inner[0]) < llabs(l->along[0]) && each < 64) each = 64;  // lines side by side: as many as lie together
        each = each < least ? least : each;
        w->piece = each < w->length ? each : w->length;
        w->pieces = (w->length + w->piece - 1) / w->piece;
        api->parallel(w->rows * w->pieces, (each + w->piece - 1) / w->piece, walk_pieces, w);
    }
    if (l->failed) no_memory();
    return !l->failed;
}

INLINE int in_a_row(i64 along, i64 n) { return DIRECT && (along == (i64)sizeof(T) || n == 1); }

INLINE void load_line(T *to, const char *x, i64 along, i64 n) {
    if (along == (i64)sizeof(MEM)) { SIMD for (i64 i = 0; i < n; ++i) to[i] = LOAD((const MEM *)x, i); }
    else for (i64 i = 0; i < n; ++i) to[i] = LOAD((const MEM *)(x + i * along), 0);
}
INLINE void store_line(char *x, i64 along, i64 n, const T *from) {
    if (along == (i64)sizeof(MEM)) { SIMD for (i64 i = 0; i < n; ++i) STORE((MEM *)x, i, from[i]); }
    else for (i64 i = 0; i < n; ++i) STORE((MEM *)(x + i * along), 0, from[i]);
}

// Room for values: the caller's, where it is enough. Zero with `failed` set where there is no memory.
enum { ROOM = 2048 };
INLINE T *room_of(Line *l, T *own, i64 n) {
    if (n <= ROOM) return own;
    T *made = malloc(n * sizeof(T));
    if (!made) l->failed = 1;
    return made;
}
