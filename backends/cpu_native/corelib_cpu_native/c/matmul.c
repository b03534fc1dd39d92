// Products of two matrices and of batches of them, in half precisions as halves.h has them.

#if defined(IS_F32) || defined(IS_F64)
typedef Matrix Stored;
#define stored_of matrix_of
#define can_multiply can
INLINE int multiply(Stored c, Stored a, Stored b) { product(c, a, b, 0); return 1; }
#endif

INLINE void *let_go(i64 work) { return work > 1 << 20 && !*api->interrupted ? api->release() : 0; }
INLINE void come_back(void *state) { if (state) api->acquire(state); }

KERNEL(mm) {
    if (count != 3 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !is_array(args[2], KIND)) PASS;
    if (NDIM(args[0]) != 2 || NDIM(args[1]) != 2 || NDIM(args[2]) != 2) PASS;
    const Stored c = stored_of(args[0]), a = stored_of(args[1]), b = stored_of(args[2]);
    if (a.rows != c.rows || b.columns != c.columns || a.columns != b.rows || !can_multiply(c, a, b)) PASS;
    void *state = let_go(c.rows * c.columns * b.rows);
    const int done = multiply(c, a, b);
    come_back(state);
    if (!done) return no_memory();
    DONE;
}

typedef struct { Stored c, a, b; int failed, dims; i64 sizes[DIMS], steps[3][DIMS]; } Batch;

static void batch_pieces(void *context, i64 begin, i64 end) {
    Batch *w = context;
    for (i64 n = begin; n < end; ++n) {
        Stored c = w->c, a = w->a, b = w->b;
        i64 left = n;
        for (int d = w->dims - 1; d >= 0; --d) {
            const i64 at = left % w->sizes[d];
            left /= w->sizes[d];
            c.at += at * w->steps[0][d], a.at += at * w->steps[1][d], b.at += at * w->steps[2][d];
        }
        if (!multiply(c, a, b)) w->failed = 1;
    }
}

KERNEL(batched_matmul) {
    if (count != 3 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !is_array(args[2], KIND)) PASS;
    if (NDIM(args[0]) < 2 || NDIM(args[1]) < 2 || NDIM(args[2]) < 2) PASS;
    Batch w;
    w.failed = 0, w.c = stored_of(args[0]), w.a = stored_of(args[1]), w.b = stored_of(args[2]);
    if (w.a.rows != w.c.rows || w.b.columns != w.c.columns || w.a.columns != w.b.rows || !can_multiply(w.c, w.a, w.b)) PASS;
    w.dims = NDIM(args[0]) - 2;
    i64 items = 1;
    for (int d = 0; d < w.dims; ++d) {
        items *= w.sizes[d] = SHAPE(args[0])[d];
        w.steps[0][d] = STRIDES(args[0])[d] / (size)sizeof(MEM);
        for (int k = 1; k < 3; ++k) {
            const int own = d - (w.dims - (NDIM(args[k]) - 2));
            if (own >= 0 && SHAPE(args[k])[own] != w.sizes[d] && SHAPE(args[k])[own] != 1) PASS;
            w.steps[k][d] = own < 0 || SHAPE(args[k])[own] == 1 ? 0 : STRIDES(args[k])[own] / (size)sizeof(MEM);
        }
    }
    const i64 each = w.c.rows * w.c.columns * w.b.rows;
    if (items > 1 && each <= 262144) {  // one thread's work in OpenBLAS
        share(items, 1 + 65536 / (each + 1), batch_pieces, &w, items * each / 8);
    } else {
        void *state = let_go(items * each);
        batch_pieces(&w, 0, items);
        come_back(state);
    }
    if (w.failed) return no_memory();
    DONE;
}
