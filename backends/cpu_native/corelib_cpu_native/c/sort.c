// Sorting along a dimension, and elements by their rank: sort_along, topk_along, kthvalue_along, median_along, nanmedian_along.
//
// An element's key is an unsigned integer in the same order: of floats the bits turned so, the NaN's all alike and the largest, -0 as 0.
// Descending order is that of the inverted keys. Equal keys stay in their places' order: everything is stable.

typedef BITS Key;
#define LARGEST ((Key)~(Key)0)
#define TOP ((Key)1 << (8 * W - 1))

INLINE Key key_of(const char *p) {
#if defined IS_F64
    f64 v = *(const f64 *)p + 0.0;
    u64 b;
    memcpy(&b, &v, 8);
    b = b >> 63 ? ~b : b | TOP;
    return v != v ? LARGEST : b;
#elif defined IS_F32
    const f32 v = *(const f32 *)p + 0.0f;
    u32 b = f32_bits(v);
    b = b >> 31 ? ~b : b | TOP;
    return v != v ? LARGEST : b;
#elif defined IS_F16 || defined IS_BF16
#ifdef IS_F16
    const u16 infinity = 0x7c00;
#else
    const u16 infinity = 0x7f80;
#endif
    const u16 given = *(const u16 *)p, magnitude = given & 0x7fff;
    const u16 b = !magnitude ? TOP : given >> 15 ? (u16)~given : (u16)(given | TOP);
    return magnitude > infinity ? LARGEST : b;
#elif defined IS_B8
    return *(const u8 *)p != 0;
#elif defined IS_U8
    return *(const u8 *)p;
#else
    return *(const Key *)p ^ TOP;
#endif
}

static void keys_of(Key *keys, const char *p, i64 step, i64 n, Key flip) {
    if (step == W) { SIMD for (i64 i = 0; i < n; ++i) keys[i] = key_of(p + i * W) ^ flip; }
    else for (i64 i = 0; i < n; ++i) keys[i] = key_of(p + i * step) ^ flip;
}

// Places in the order of their keys. All have room for n; which of the two pairs has the result is returned.
typedef struct { Key *keys, *keys2; u32 *at, *at2; } Lists;

static void sort_keys(Lists *l, i64 n) {
    Key *a = l->keys, *b = l->keys2;
    u32 *p = l->at, *q = l->at2;
    for (i64 i = 0; i < n; ++i) p[i] = (u32)i;
    if (n <= 32) {
        for (i64 i = 1; i < n; ++i) {
            const Key key = a[i];
            i64 j = i;
            while (j > 0 && a[j - 1] > key) a[j] = a[j - 1], p[j] = p[j - 1], --j;
            a[j] = key, p[j] = (u32)i;
        }
        return;
    }
    u32 counts[W][256];
    memset(counts, 0, sizeof counts);
    for (i64 i = 0; i < n; ++i) {
        const Key key = a[i];
        for (int k = 0; k < W; ++k) ++counts[k][key >> 8 * k & 255];
    }
    for (int k = 0; k < W; ++k) {
        u32 *c = counts[k], sum = 0;
        if (c[a[0] >> 8 * k & 255] == n) continue;  // all alike
        for (int d = 0; d < 256; ++d) { const u32 m = c[d]; c[d] = sum; sum += m; }
        for (i64 i = 0; i < n; ++i) {
            const Key key = a[i];
            const u32 to = c[key >> 8 * k & 255]++;
            b[to] = key, q[to] = p[i];
        }
        Key *t = a; a = b, b = t;
        u32 *s = p; p = q, q = s;
    }
    l->keys = a, l->keys2 = b, l->at = p, l->at2 = q;
}

// The first k of n in order, by keeping the best of them in a sorted list: what is not before its last is passed over, a block at a time.
static void first_keys(const char *p, i64 step, i64 n, Key flip, i64 k, Key *best, u32 *at) {
    enum { BLOCK = 64 };
    Key block[BLOCK];
    i64 have = 0;
    for (i64 i0 = 0; i0 < n; i0 += BLOCK) {
        const i64 m = n - i0 < BLOCK ? n - i0 : BLOCK;
        keys_of(block, p + i0 * step, step, m, flip);
        if (have == k) {
            const Key last = best[k - 1];
            Key some = 0;
            SIMD for (i64 i = 0; i < m; ++i) some |= block[i] < last;
            if (!some) continue;
        }
        for (i64 i = 0; i < m; ++i) {
            const Key key = block[i];
            if (have == k && key >= best[k - 1]) continue;
            i64 j = have < k ? have++ : k - 1;
            while (j > 0 && best[j - 1] > key) best[j] = best[j - 1], at[j] = at[j - 1], --j;
            best[j] = key, at[j] = (u32)(i0 + i);
        }
    }
}

// The place of the element at a rank: bytes of the key from the top, each narrowing down which elements are meant.
static i64 ranked(const Key *keys, Key *some, i64 n, i64 rank) {
    const Key *from = keys;
    i64 left = n;
    for (int k = W - 1; k >= 0; --k) {
        i64 counts[256] = {0}, below = 0, m = 0;
        for (i64 i = 0; i < left; ++i) ++counts[from[i] >> 8 * k & 255];
        int digit = 0;
        while (below + counts[digit] <= rank) below += counts[digit++];
        rank -= below;
        if (counts[digit] != left || from == keys) {
            for (i64 i = 0; i < left; ++i) {
                const Key key = from[i];
                some[m] = key;
                m += (key >> 8 * k & 255) == digit;
            }
            left = m, from = some;
        }
    }
    const Key found = some[0];
    for (i64 i = 0; i < n; ++i) if (keys[i] == found && rank-- == 0) return i;
    return 0;
}

typedef enum { SORT, FIRST, RANK, MEDIAN, NUMBERS_MEDIAN } Task;
enum { FEW = 32 };
typedef struct {
    Task task;
    i64 n, k, input_step, value_step, index_step, lines;
    int descending, dims, failed;
    i64 sizes[DIMS], input_steps[DIMS], value_steps[DIMS], index_steps[DIMS];
    char *input, *values, *indices;
} Lined;

static void work_lines(void *context, i64 begin, i64 end) {
    Lined *t = context;
    const i64 n = t->n, room = (n + 15) / 16 * 16;
    const int few = t->task == FIRST && t->k <= FEW;
    const Key flip = t->descending ? LARGEST : 0;
    Key best[FEW];
    u32 best_at[FEW];
    char *memory = few ? 0 : malloc((size_t)room * 2 * (W + 4));
    if (!few && !memory) { t->failed = 1; return; }
    for (i64 line = begin; line < end; ++line) {
        const char *in = t->input;
        char *values = t->values, *indices = t->indices;
        i64 left = line;
        for (int d = t->dims - 1; d >= 0; --d) {
            const i64 i = left % t->sizes[d];
            left /= t->sizes[d];
            in += i * t->input_steps[d], values += i * t->value_steps[d], indices += i * t->index_steps[d];
        }
        const u32 *at = best_at;
        u32 one;
        Lists l = {(Key *)memory, (Key *)memory + room, (u32 *)((Key *)memory + 2 * room), (u32 *)((Key *)memory + 2 * room) + room};
        if (few) first_keys(in, t->input_step, n, flip, t->k, best, best_at);
        else {
            keys_of(l.keys, in, t->input_step, n, flip);
            if (t->task == SORT || t->task == FIRST) {
                sort_keys(&l, n);
                at = l.at;
            } else {
                i64 rank = t->k, missing = 0;
#if defined IS_F64 || defined IS_F32 || defined IS_F16 || defined IS_BF16
                if (t->task != RANK) for (i64 i = 0; i < n; ++i) missing += l.keys[i] == LARGEST;
#endif
                if (t->task == MEDIAN) rank = missing ? n - missing : (n - 1) / 2;
                if (t->task == NUMBERS_MEDIAN) rank = missing == n ? 0 : (n - 1 - missing) / 2;
                one = (u32)ranked(l.keys, l.keys2, n, rank);
                at = &one;
            }
        }
        if (t->value_step == W && t->index_step == 8) {
            for (i64 i = 0; i < t->k; ++i) ((BITS *)values)[i] = *(const BITS *)(in + at[i] * t->input_step), ((i64 *)indices)[i] = at[i];
        } else for (i64 i = 0; i < (t->task >= RANK ? 1 : t->k); ++i) {
            *(BITS *)(values + i * t->value_step) = *(const BITS *)(in + at[i] * t->input_step);
            *(i64 *)(indices + i * t->index_step) = at[i];
        }
    }
    free(memory);
}

// outs: (values, indices); they have k elements along the dimension, or one (which may be missing).
static Object *along(Object *outs, Object *input, i64 dim, Task task, i64 k, int descending) {
    Object *out[2];
    Lined t;
    if (objects_of(outs, out, 2) != 2 || !is_array(out[0], KIND) || !is_array(out[1], I64) || !is_array(input, KIND)) PASS;
    const int dims = NDIM(input), missing = dims - NDIM(out[0]);
    if (dims == 0 || dim < 0 || dim >= dims || !same_shape(out[0], out[1])) PASS;
    if (missing && (missing != 1 || task < RANK)) PASS;
    t.task = task, t.n = SHAPE(input)[dim], t.descending = descending, t.input = DATA(input), t.values = DATA(out[0]), t.indices = DATA(out[1]), t.failed = 0;
    t.k = task == SORT ? t.n : k, t.dims = 0, t.lines = 1;
    if (t.n >> 31) PASS;
    t.input_step = STRIDES(input)[dim], t.value_step = t.index_step = 0;
    int at = 0;
    for (int d = 0; d < dims; ++d) {
        if (d == dim) {
            if (missing) continue;
            if (SHAPE(out[0])[at] != (task >= RANK ? 1 : t.k)) PASS;
            t.value_step = STRIDES(out[0])[at], t.index_step = STRIDES(out[1])[at], ++at;
            continue;
        }
        if (SHAPE(out[0])[at] != SHAPE(input)[d]) PASS;
        t.sizes[t.dims] = SHAPE(input)[d], t.lines *= SHAPE(input)[d], t.input_steps[t.dims] = STRIDES(input)[d];
        t.value_steps[t.dims] = STRIDES(out[0])[at], t.index_steps[t.dims] = STRIDES(out[1])[at], ++t.dims, ++at;
    }
    if (t.n == 0 || t.lines == 0 || (task <= FIRST && t.k == 0)) DONE;
    if (task == RANK && (k < 0 || k >= t.n)) PASS;
    if (task == FIRST && (k < 0 || k > t.n)) PASS;
    if (task >= RANK) t.value_step = t.index_step = 0;
    share(t.lines, PIECE / 4 / t.n + 1, work_lines, &t, t.lines * t.n * 4);
    if (t.failed) return no_memory();
    DONE;
}

static int truth(Object *o, int *value) {
    *value = o == api->true_;
    return o == api->true_ || o == api->false_;
}

KERNEL(sort_along) {
    i64 dim;
    int descending;
    if (count != 5 || !int_of(args[2], &dim) || !truth(args[3], &descending)) PASS;
    return along(args[0], args[1], dim, SORT, 0, descending);
}

KERNEL(topk_along) {
    i64 k, dim;
    int largest;
    if (count != 6 || !int_of(args[2], &k) || !int_of(args[3], &dim) || !truth(args[4], &largest)) PASS;
    return along(args[0], args[1], dim, FIRST, k, largest);
}

KERNEL(kthvalue_along) {
    i64 k, dim;
    if (count != 5 || !int_of(args[2], &k) || !int_of(args[3], &dim)) PASS;
    return along(args[0], args[1], dim, RANK, k - 1, 0);
}

KERNEL(median_along) {
    i64 dim;
    if (count != 4 || !int_of(args[2], &dim)) PASS;
    return along(args[0], args[1], dim, MEDIAN, 1, 0);
}

KERNEL(nanmedian_along) {
    i64 dim;
    if (count != 4 || !int_of(args[2], &dim)) PASS;
    return along(args[0], args[1], dim, NUMBERS_MEDIAN, 1, 0);
}
