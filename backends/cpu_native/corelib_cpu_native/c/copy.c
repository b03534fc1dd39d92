// copy, fill, cat, stack_along, flip, arange_.

// Casts as C has them, the small integers by way of i32: what is beyond their range wraps, and what is beyond that is not defined, as in NumPy.
#if defined IS_B8
#define TAKEN(v) ((v) != 0)
#elif defined IS_U8 || defined IS_I8 || defined IS_I16
#define TAKEN(v) ((T)_Generic((v), f32: (i32)(v), f64: (i32)(v), default: (v)))
#else
#define TAKEN(v) ((T)(v))
#endif
#define CAST(tag, type) \
    static void cast_##tag(char *const *at, const i64 *step, i64 n) { \
        if (step[0] == W && step[1] == sizeof(type)) { \
            MEM *o = (MEM *)at[0]; \
            const type *a = (const type *)at[1]; \
            SIMD for (i64 i = 0; i < n; ++i) STORE(o, i, TAKEN(load_##tag(a, i))); \
            return; \
        } \
        for (i64 i = 0; i < n; ++i) STORE((MEM *)(at[0] + i * step[0]), 0, TAKEN(load_##tag((const type *)(at[1] + i * step[1]), 0))); \
    }
CAST(b8, u8) CAST(u8, u8) CAST(i8, i8) CAST(i16, i16) CAST(i32, i32) CAST(i64, i64) CAST(bf16, u16) CAST(f32, f32) CAST(f64, f64)
#ifdef __FLT16_MANT_DIG__
CAST(f16, half)
static const Loop CASTS[] = {cast_b8, cast_u8, cast_i8, cast_i16, cast_i32, cast_i64, cast_f16, cast_bf16, cast_f32, cast_f64};
#else
static const Loop CASTS[] = {cast_b8, cast_u8, cast_i8, cast_i16, cast_i32, cast_i64, 0, cast_bf16, cast_f32, cast_f64};
#endif

KERNEL(copy) {
    if (count != 2) PASS;
    Object *out = args[0], *input = args[1];
    if (!is_array(out, KIND) || TYPE(input) != api->ndarray) PASS;
    int kind = 0;
    while (kind <= F64 && DESCR(input) != api->descr[kind]) ++kind;
    if (kind > F64 || !CASTS[kind]) PASS;
    if (overlapping(out, input, WIDTH[kind])) PASS;
    if (kind == KIND) {
        if (!copy_array(out, input)) PASS;
        DONE;
    }
    Walk w;
    w.arrays = 2, w.loop = CASTS[kind];
    if (IN_A_ROW(out) && IN_A_ROW(input) && same_shape(out, input)) {
        w.dims = 0, w.rows = 1, w.length = numel(out);
        w.start[0] = DATA(out), w.start[1] = DATA(input), w.inner[0] = W, w.inner[1] = WIDTH[kind];
    } else {
        walk_out(&w, out);
        if (!walk_add(&w, 1, input)) PASS;
        walk_order(&w);
    }
    if (numel(out)) walk_run(&w, SHARED);
    DONE;
}

static void fill_loop(char *const *at, const i64 *step, i64 n) {
    const BITS v = *(const BITS *)at[1];
    if (step[0] == W) {
        BITS *o = (BITS *)at[0];
        if (!v) memset(o, 0, (size_t)n * W);
        else SIMD for (i64 i = 0; i < n; ++i) o[i] = v;
    } else for (i64 i = 0; i < n; ++i) *(BITS *)(at[0] + i * step[0]) = v;
}

static void fill_zero(void *context, i64 begin, i64 end) { memset((char *)context + begin, 0, (size_t)(end - begin)); }

KERNEL(fill) {
    if (count != 2) PASS;
    Object *out = args[0];
    if (!is_array(out, KIND)) PASS;
    MEM made;
#if defined IS_F64 || defined IS_F32 || defined IS_F16 || defined IS_BF16 || defined IS_B8
    f64 value;
    if (!float_of(args[1], &value)) PASS;
    STORE(&made, 0, TAKEN(value));
#else
    i64 value;
    if (!int_of(args[1], &value) || (i64)(MEM)value != value) PASS;
    made = (MEM)value;
#endif
    BITS bits;
    memcpy(&bits, &made, W);
    const i64 n = numel(out);
    if (!n) DONE;
    if (IN_A_ROW(out) && n < SHARED) {
        BITS *o = (BITS *)DATA(out);
        if (!bits) memset(o, 0, (size_t)n * W);
        else SIMD for (i64 i = 0; i < n; ++i) o[i] = bits;
        DONE;
    }
    if (IN_A_ROW(out) && !bits) {
        share(n * W, 1 << 20, fill_zero, DATA(out), n);
        DONE;
    }
    Walk w;
    w.arrays = 2, w.loop = fill_loop;
    walk_out(&w, out);
    w.start[1] = (char *)&bits;
    for (int d = 0; d < w.dims; ++d) w.steps[1][d] = 0;
    walk_order(&w);
    walk_run(&w, SHARED);
    DONE;
}

// Arrays that lie in rows beside each other: one row of out has a piece of each.
enum { TENSORS = 512 };
typedef struct { int n; i64 row; char *out; const char *in[TENSORS]; i64 size[TENSORS]; } Joined;

static void join_rows(void *context, i64 begin, i64 end) {
    const Joined *j = context;
    for (i64 r = begin; r < end; ++r) {
        char *out = j->out + r * j->row;
        for (int k = 0; k < j->n; ++k) {
            const char *restrict in = j->in[k] + r * j->size[k];
            if (j->size[k] > 4096) memcpy(out, in, (size_t)j->size[k]);
            else SIMD for (i64 i = 0; i < j->size[k]; ++i) out[i] = in[i];
            out += j->size[k];
        }
    }
}

static int is_nothing(Object *o, Object *out) { return NDIM(out) != 1 && NDIM(o) == 1 && SHAPE(o)[0] == 0; }

KERNEL(cat) {
    if (count != 3) PASS;
    Object *out = args[0], *given_[TENSORS];
    i64 dim, total = 0;
    const int n = objects_of(args[1], given_, TENSORS);
    if (!is_array(out, KIND) || n < 1 || !int_of(args[2], &dim)) PASS;
    const int dims = NDIM(out);
    if (dim < 0) dim += dims;
    if (dim < 0 || dim >= dims) PASS;
    int plain = IN_A_ROW(out), kept = 0;
    for (int k = 0; k < n; ++k) {
        Object *t = given_[k];
        if (!is_array(t, KIND)) PASS;
        if (is_nothing(t, out)) continue;
        if (NDIM(t) != dims) PASS;
        for (int d = 0; d < dims; ++d) if (d != dim && SHAPE(t)[d] != SHAPE(out)[d]) PASS;
        if (overlapping(out, t, W)) PASS;
        plain = plain && IN_A_ROW(t);
        total += SHAPE(t)[dim];
        given_[kept++] = t;
    }
    if (total != SHAPE(out)[dim]) PASS;
    const i64 elements = numel(out);
    if (!elements) DONE;
    if (plain) {
        Joined j;
        i64 rows = 1, inner = W;
        for (int d = 0; d < dim; ++d) rows *= SHAPE(out)[d];
        for (int d = (int)dim + 1; d < dims; ++d) inner *= SHAPE(out)[d];
        j.n = kept, j.row = total * inner, j.out = DATA(out);
        for (int k = 0; k < kept; ++k) j.in[k] = DATA(given_[k]), j.size[k] = SHAPE(given_[k])[dim] * inner;
        if (rows > 1 || elements < SHARED) {
            share(rows, PIECE / (elements / rows) + 1, join_rows, &j, elements);
            DONE;
        }
    }
    char *at = DATA(out);
    for (int k = 0; k < kept; ++k) {
        Walk w;
        Object *t = given_[k];
        w.dims = dims;
        for (int d = 0; d < dims; ++d) w.sizes[d] = SHAPE(t)[d], w.steps[0][d] = STRIDES(out)[d], w.steps[1][d] = STRIDES(t)[d];
        w.start[0] = at, w.start[1] = DATA(t);
        at += SHAPE(t)[dim] * STRIDES(out)[dim];
        if (numel(t)) copy_walk(&w);
    }
    DONE;
}

KERNEL(stack_along) {
    if (count != 3) PASS;
    Object *out = args[0], *given_[TENSORS];
    i64 dim;
    const int n = objects_of(args[1], given_, TENSORS);
    if (!is_array(out, KIND) || n < 1 || !int_of(args[2], &dim) || dim < 0 || dim >= NDIM(out) || SHAPE(out)[dim] != n) PASS;
    const int dims = NDIM(out) - 1;
    int plain = IN_A_ROW(out);
    Joined j;  // most of it is not used
    j.n = n, j.row = 0, j.out = DATA(out);
    for (int k = 0; k < n; ++k) {
        Object *t = given_[k];
        if (!is_array(t, KIND) || NDIM(t) != dims || overlapping(out, t, W)) PASS;
        for (int d = 0; d < dims; ++d) if (SHAPE(t)[d] != SHAPE(out)[d < dim ? d : d + 1]) PASS;
        plain = plain && IN_A_ROW(t);
        j.in[k] = DATA(t);
    }
    const i64 elements = numel(out);
    if (!elements) DONE;
    if (plain) {
        i64 rows = 1;
        for (int d = 0; d < dim; ++d) rows *= SHAPE(out)[d];
        if (rows > 1 || elements < SHARED) {
            j.row = elements / rows * W;
            for (int k = 0; k < n; ++k) j.size[k] = j.row / n;
            share(rows, PIECE / (elements / rows) + 1, join_rows, &j, elements);
            DONE;
        }
    }
    for (int k = 0; k < n; ++k) {
        Walk w;
        w.dims = dims;
        for (int d = 0; d < dims; ++d) w.sizes[d] = SHAPE(given_[k])[d], w.steps[0][d] = STRIDES(out)[d < dim ? d : d + 1], w.steps[1][d] = STRIDES(given_[k])[d];
        w.start[0] = DATA(out) + k * STRIDES(out)[dim], w.start[1] = DATA(given_[k]);
        copy_walk(&w);
    }
    DONE;
}

KERNEL(flip) {
    if (count != 3) PASS;
    Object *out = args[0], *input = args[1];
    i64 which[DIMS];
    const int n = ints_of(args[2], which, DIMS);
    if (!is_array(out, KIND) || !is_array(input, KIND) || n < 0 || !same_shape(out, input)) PASS;
    const int dims = NDIM(out);
    for (int k = 0; k < n; ++k) {
        if (which[k] < 0) which[k] += dims;
        if (which[k] < 0 || which[k] >= dims) PASS;
    }
    if (!numel(out)) DONE;
    if (overlapping(out, input, W)) PASS;
    Walk w;
    walk_out(&w, out);
    walk_add(&w, 1, input);
    for (int k = 0; k < n; ++k) {
        const i64 d = which[k];
        for (int before = 0; before < k; ++before) if (which[before] == d) PASS;
        w.start[1] += (w.sizes[d] - 1) * STRIDES(input)[d];
        w.steps[1][d] = -STRIDES(input)[d];
    }
    copy_walk(&w);
    DONE;
}

#if !defined IS_B8
KERNEL(arange_) {
    if (count != 3) PASS;
    Object *out = args[0];
    if (!is_array(out, KIND) || NDIM(out) != 1) PASS;
    const i64 n = SHAPE(out)[0], step = STRIDES(out)[0];
    char *o = DATA(out);
    i64 first, by;
    if (int_of(args[1], &first) && int_of(args[2], &by)) {
        if (step == W) SIMD for (i64 i = 0; i < n; ++i) STORE((MEM *)o, i, (T)(i64)((u64)first + (u64)i * (u64)by));
        else for (i64 i = 0; i < n; ++i) STORE((MEM *)(o + i * step), 0, (T)(i64)((u64)first + (u64)i * (u64)by));
        DONE;
    }
    f64 begin, each;
    if (!float_of(args[1], &begin) || !float_of(args[2], &each)) PASS;
    if (step == W) SIMD for (i64 i = 0; i < n; ++i) STORE((MEM *)o, i, TAKEN((f64)i * each + begin));
    else for (i64 i = 0; i < n; ++i) STORE((MEM *)(o + i * step), 0, TAKEN((f64)i * each + begin));
    DONE;
}
#endif
