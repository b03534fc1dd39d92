// What every kernel begins with: types, Python's and NumPy's objects as far as kernels read them, and the walk over strided arrays.
// No header of Python's: what is called of it comes as a table of addresses, and where an array's fields lie is found when the pack loads.
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef int8_t i8; typedef uint8_t u8; typedef int16_t i16; typedef uint16_t u16; typedef int32_t i32; typedef uint32_t u32;
typedef int64_t i64; typedef uint64_t u64; typedef float f32; typedef double f64; typedef ptrdiff_t size;
typedef struct { f32 x, y; } c64;
typedef struct { f64 x, y; } c128;

#define INLINE static inline __attribute__((always_inline))
#define UNUSED __attribute__((unused))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define SIMD _Pragma("omp simd")

// The dtypes, in the order of `DTYPES` in api.py.
enum { B8, U8, I8, I16, I32, I64, F16, BF16, F32, F64, C64, C128, KINDS };
static const u8 WIDTH[KINDS] = {1, 1, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16};

typedef void Object;
typedef void (*Body)(void *context, i64 begin, i64 end);

// The same fields in the same order as `Api` in api.py.
typedef struct {
    Object *none, *not_implemented, *true_, *false_;
    void *ndarray, *float_, *int_, *tuple, *list, *str;
    void *descr[KINDS];
    void (*incref)(Object *);
    double (*float_value)(Object *);
    long long (*int_value)(Object *, int *overflow);
    size (*tuple_size)(Object *), (*list_size)(Object *);
    Object *(*tuple_item)(Object *, size), *(*list_item)(Object *, size);
    const char *(*text)(Object *);
    void (*raise)(Object *kind, const char *text);
    Object *runtime_error, *index_error, *memory_error;
    void *(*release)(void);  // Python's lock
    void (*acquire)(void *);
    void (*parallel)(i64 items, i64 grain, Body body, void *context);
    int *interrupted;
    int (*threads)(void);
    void (*begin_product)(void), (*end_product)(void);
    void *sgemm, *dgemm;
} Api;

static const Api *api;
void corelib_attach(const Api *given) { api = given; }

// What may not be written is left to NumPy, which says so. An interrupted kernel, of which the pool has left the rest, ends with Python's exception:
// nothing is returned.
#define KERNEL(name) \
    static Object *run_##name(Object *const *args, size count); \
    Object *k_##name(UNUSED Object *self, Object *const *args, size count) { \
        if (count < 1 || (TYPE(args[0]) == api->ndarray && !MAY_BE_WRITTEN(args[0]))) PASS; \
        Object *result = run_##name(args, count); \
        if (LIKELY(!*api->interrupted)) return result; \
        return *api->interrupted = 0, (Object *)0; \
    } \
    static Object *run_##name(Object *const *args, UNUSED size count)

INLINE Object *given(Object *o) { api->incref(o); return o; }
#define DONE return given(api->none)
#define PASS return given(api->not_implemented)

#define MAY_BE_WRITTEN(o) (FIELD(int, o, ARRAY_FLAGS) & 0x400)  // NPY_ARRAY_WRITEABLE
#define IN_A_ROW(o) (FIELD(int, o, ARRAY_FLAGS) & 1)  // NPY_ARRAY_C_CONTIGUOUS
#define FIELD(type, o, at) (*(type *)((char *)(o) + (at)))
#define TYPE(o) FIELD(void *, o, OBJECT_TYPE)
#define DATA(o) FIELD(char *, o, ARRAY_DATA)
#define NDIM(o) FIELD(int, o, ARRAY_NDIM)
#define SHAPE(o) FIELD(size *, o, ARRAY_SHAPE)
#define STRIDES(o) FIELD(size *, o, ARRAY_STRIDES)
#define DESCR(o) FIELD(void *, o, ARRAY_DESCR)

INLINE int is_array(Object *o, int kind) { return TYPE(o) == api->ndarray && DESCR(o) == api->descr[kind]; }

INLINE i64 numel(Object *o) {
    i64 n = 1;
    for (int d = 0; d < NDIM(o); ++d) n *= SHAPE(o)[d];
    return n;
}

// A Python number, of one of the exact types; 0 for anything else, and for integers beyond 64 bits.
static UNUSED int float_of(Object *o, f64 *value) {
    if (LIKELY(TYPE(o) == api->float_)) { *value = api->float_value(o); return 1; }
    if (TYPE(o) == api->int_) {
        int beyond;
        *value = (f64)api->int_value(o, &beyond);
        return !beyond;
    }
    if (o == api->true_ || o == api->false_) { *value = o == api->true_; return 1; }
    return 0;
}

static UNUSED int int_of(Object *o, i64 *value) {
    if (TYPE(o) == api->int_) {
        int beyond;
        *value = api->int_value(o, &beyond);
        return !beyond;
    }
    if (o == api->true_ || o == api->false_) { *value = o == api->true_; return 1; }
    return 0;
}

static UNUSED int is_text(Object *o, const char *text) { return TYPE(o) == api->str && !strcmp(api->text(o), text); }

// What a tuple or a list holds: how many objects, or -1 for another type or more than `most`.
static UNUSED int objects_of(Object *o, Object **found, int most) {
    const int tuple = TYPE(o) == api->tuple;
    if (!tuple && TYPE(o) != api->list) return -1;
    const size n = tuple ? api->tuple_size(o) : api->list_size(o);
    if (n > most) return -1;
    for (size i = 0; i < n; ++i) found[i] = tuple ? api->tuple_item(o, i) : api->list_item(o, i);
    return (int)n;
}

// A tuple or a list of integers: how many, or -1.
static UNUSED int ints_of(Object *o, i64 *found, int most) {
    Object *items[64];
    const int n = objects_of(o, items, most < 64 ? most : 64);
    for (int i = 0; i < n; ++i) if (!int_of(items[i], &found[i])) return -1;
    return n;
}

static UNUSED Object *no_memory(void) { api->raise(api->memory_error, "a kernel's working memory"); return 0; }

// Have body(context, begin, end) called for all of 0 ... items, `grain` at a time; by several threads, and without Python's lock, where `work`,
// in elements, is worth it. Where it is cut depends on `items` and `grain` only, so that results do not depend on the number of threads.
enum { SHARED = 32768 };
static UNUSED void share(i64 items, i64 grain, Body body, void *context, i64 work) {
    if (work < SHARED || items <= grain) {
        for (i64 i = 0; i < items; i += grain) body(context, i, i + grain < items ? i + grain : items);
        return;
    }
    api->parallel(items, grain, body, context);
}

#define MOST 10  // arrays of one call
#define DIMS 64

// Arrays walked together, out first: dimensions from the outermost to the innermost, and each array's steps in bytes, 0 where it is broadcast.
typedef void (*Loop)(char *const *at, const i64 *step, i64 n);
typedef struct {
    Loop loop;
    int arrays, dims;
    i64 rows, length, pieces, piece;  // a row is the innermost dimension, cut in pieces
    i64 sizes[DIMS], steps[MOST][DIMS], inner[MOST];
    char *start[MOST];
} Walk;

static UNUSED void walk_pieces(void *context, i64 begin, i64 end) {
    const Walk *w = context;
    i64 at[DIMS], row = begin / w->pieces, part = begin % w->pieces, left = row;
    char *base[MOST], *p[MOST];
    for (int k = 0; k < w->arrays; ++k) base[k] = w->start[k];
    for (int d = w->dims - 1; d >= 0; --d) {
        at[d] = left % w->sizes[d], left /= w->sizes[d];
        for (int k = 0; k < w->arrays; ++k) base[k] += at[d] * w->steps[k][d];
    }
    for (i64 item = begin; item < end; ++item) {
        const i64 from = part * w->piece, n = from + w->piece < w->length ? w->piece : w->length - from;
        for (int k = 0; k < w->arrays; ++k) p[k] = base[k] + from * w->inner[k];
        w->loop(p, w->inner, n);
        if (++part < w->pieces) continue;
        part = 0;
        for (int d = w->dims - 1; d >= 0; --d) {
            for (int k = 0; k < w->arrays; ++k) base[k] += w->steps[k][d];
            if (++at[d] < w->sizes[d]) break;
            for (int k = 0; k < w->arrays; ++k) base[k] -= at[d] * w->steps[k][d];
            at[d] = 0;
        }
    }
}

// Put the dimensions in the order of out's memory, drop those of size 1, merge those that follow each other.
static UNUSED void walk_order(Walk *w) {
    int order[DIMS], n = 0;
    for (int d = 0; d < w->dims; ++d) {
        if (w->sizes[d] == 1) continue;
        int at = n++;
        while (at > 0 && llabs(w->steps[0][order[at - 1]]) < llabs(w->steps[0][d])) order[at] = order[at - 1], --at;
        order[at] = d;
    }
    i64 sizes[DIMS], steps[MOST][DIMS];
    int dims = 0;
    for (int i = 0; i < n; ++i) {
        const int d = order[i];
        int follows = dims > 0;
        for (int k = 0; follows && k < w->arrays; ++k) follows = steps[k][dims - 1] == w->steps[k][d] * w->sizes[d];
        if (follows) {
            sizes[dims - 1] *= w->sizes[d];
            for (int k = 0; k < w->arrays; ++k) steps[k][dims - 1] = w->steps[k][d];
        } else {
            sizes[dims] = w->sizes[d];
            for (int k = 0; k < w->arrays; ++k) steps[k][dims] = w->steps[k][d];
            ++dims;
        }
    }
    w->length = dims ? sizes[dims - 1] : 1;
    for (int k = 0; k < w->arrays; ++k) w->inner[k] = dims ? steps[k][dims - 1] : 0;
    w->dims = dims ? dims - 1 : 0;
    w->rows = 1;
    for (int d = 0; d < w->dims; ++d) {
        w->rows *= w->sizes[d] = sizes[d];
        for (int k = 0; k < w->arrays; ++k) w->steps[k][d] = steps[k][d];
    }
}

enum { PIECE = 16384 };  // elements that are worth another thread's while

// Run the loop over all elements, by several threads from `alone` elements up. Cut by size only.
static UNUSED void walk_run(Walk *w, i64 alone) {
    const i64 total = w->rows * w->length;
    if (total < alone) {
        w->pieces = 1, w->piece = w->length;
        if (w->dims == 0) w->loop(w->start, w->inner, w->length);
        else walk_pieces(w, 0, w->rows);
        return;
    }
    const i64 piece = alone < PIECE ? alone : PIECE;
    w->pieces = (w->length + piece - 1) / piece;
    w->piece = (((w->length + w->pieces - 1) / w->pieces) + 63) / 64 * 64;
    w->pieces = (w->length + w->piece - 1) / w->piece;
    const i64 grain = w->piece >= piece ? 1 : (piece + w->piece - 1) / w->piece;
    api->parallel(w->rows * w->pieces, grain, walk_pieces, w);
}

// An operand beside out: its steps where it is broadcast to out's shape; 0 where it does not fit.
static UNUSED int walk_add(Walk *w, int k, Object *o) {
    const int missing = w->dims - NDIM(o);
    if (missing < 0) return 0;
    for (int d = 0; d < missing; ++d) w->steps[k][d] = 0;
    for (int d = missing; d < w->dims; ++d) {
        const size n = SHAPE(o)[d - missing];
        if (n != w->sizes[d] && n != 1) return 0;
        w->steps[k][d] = n == 1 ? 0 : STRIDES(o)[d - missing];
    }
    w->start[k] = DATA(o);
    return 1;
}

static UNUSED void walk_out(Walk *w, Object *out) {
    w->dims = NDIM(out);
    for (int d = 0; d < w->dims; ++d) w->sizes[d] = SHAPE(out)[d], w->steps[0][d] = STRIDES(out)[d];
    w->start[0] = DATA(out);
}

// A form of an elementwise kernel: which of its operands are numbers, a bit for each, and the loop for them.
typedef struct { u32 numbers; Loop loop; } Form;
typedef union { f32 f; f64 d; i64 i; i32 j; i16 s; i8 b; } Number;

static UNUSED int number_of(Object *o, int kind, Number *value) {
    f64 d; i64 i;
    switch (kind) {
        case F16: case BF16: case F32: if (!float_of(o, &d)) return 0; value->f = (f32)d; return 1;
        case F64: return float_of(o, &value->d);
        case B8: if (!float_of(o, &d)) return 0; value->j = d != 0; return 1;
        case I64: return int_of(o, &value->i);
        case I32: if (!int_of(o, &i)) return 0; value->j = (i32)i; return 1;
        case I16: if (!int_of(o, &i)) return 0; value->s = (i16)i; return 1;
        case I8: case U8: if (!int_of(o, &i)) return 0; value->b = (i8)i; return 1;
    }
    return 0;
}

// Run an elementwise kernel: args are out and the operands, of the dtypes `kinds`, some of them numbers. `outs`: how many are written.
static UNUSED Object *elementwise(Object *const *args, int arrays, const u8 *kinds, const Form *forms, int n_forms, i64 alone, int outs) {
    Walk w;
    Number numbers[MOST];
    u32 which = 0;
    int plain = 1;
    w.arrays = arrays;
    Object *out = args[0];
    if (!is_array(out, kinds[0])) PASS;
    const int dims = NDIM(out);
    const size *shape = SHAPE(out);
    plain = IN_A_ROW(out);
    for (int k = 1; k < arrays; ++k) {
        if (is_array(args[k], kinds[k])) {
            if (plain) {
                plain = IN_A_ROW(args[k]) && NDIM(args[k]) == dims;
                for (int d = 0; plain && d < dims; ++d) plain = SHAPE(args[k])[d] == shape[d];
            }
        } else {
            if (k < outs || !number_of(args[k], kinds[k], &numbers[k])) PASS;
            which |= 1u << (k - 1);
        }
    }
    w.loop = 0;
    for (int f = 0; f < n_forms; ++f) if (forms[f].numbers == which) w.loop = forms[f].loop;
    if (!w.loop) PASS;
    const i64 total = numel(out);
    if (!total) DONE;
    if (plain) {
        w.dims = 0, w.rows = 1, w.length = total;
        for (int k = 0; k < arrays; ++k) {
            const int is_number = k && which >> (k - 1) & 1;
            w.start[k] = is_number ? (char *)&numbers[k] : DATA(args[k]);
            w.inner[k] = is_number ? 0 : WIDTH[kinds[k]];
        }
    } else {
        walk_out(&w, out);
        for (int k = 1; k < arrays; ++k) {
            if (which >> (k - 1) & 1) {
                w.start[k] = (char *)&numbers[k];
                for (int d = 0; d < w.dims; ++d) w.steps[k][d] = 0;
            } else if (!walk_add(&w, k, args[k])) PASS;
        }
        walk_order(&w);
    }
    walk_run(&w, alone);
    DONE;
}
