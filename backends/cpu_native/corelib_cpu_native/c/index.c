// Places chosen by index arrays, read and written: take_rows, index, index_select, embedding_rows; put_rows, index_put, index_add.
//
// A table's dimensions are indexed or not. Those that are become one list of places, in bytes from the table's start; those that are not are
// walked over, the innermost in one loop. The same serves in both directions. An index out of bounds is left to NumPy's kernel, which raises.

typedef struct {
    char *table, *list;  // what is indexed, and the array with an element for each place
    i64 n, *places, *spots, step;  // how many places; where their elements lie in the list: each by `spots`, or all `step` apart
    i64 m, table_inner, list_inner;  // the innermost loop
    int dims;
    i64 outer, sizes[DIMS], table_steps[DIMS], list_steps[DIMS];  // the other dimensions, and how many elements they have
    T alpha;
    const u64 *sorted;
    const i64 *starts;
    i64 groups;
} Chosen;

INLINE char *spot(const Chosen *c, i64 l) { return c->list + (c->spots ? c->spots[l] : l * c->step); }

// Add a part of each place: index number l times a step, where the index is broadcast to `sizes`. 0 where one is out of bounds.
static int add_places(i64 *places, int dims, const i64 *sizes, Object *index, i64 limit, i64 step, int first) {
    i64 at[DIMS] = {0}, steps[DIMS], row = 1, rows = 1;
    const int missing = dims - NDIM(index);
    for (int d = 0; d < dims; ++d) steps[d] = d < missing || SHAPE(index)[d - missing] == 1 ? 0 : STRIDES(index)[d - missing];
    int last = dims;
    if (IN_A_ROW(index)) {  // in one loop where it is not broadcast
        int same = NDIM(index) == dims;
        for (int d = 0; same && d < dims; ++d) same = SHAPE(index)[d] == sizes[d];
        if (same) row = numel(index), last = 0;
    }
    i64 by = 8;
    if (last) row = sizes[last - 1], by = steps[last - 1], --last;
    for (int d = 0; d < last; ++d) rows *= sizes[d];
    const char *p = DATA(index);
    u64 bad = 0;
    for (i64 r = 0; r < rows; ++r, places += row) {
        if (by == 8 && first) {
            const i64 *q = (const i64 *)p;
            SIMD for (i64 i = 0; i < row; ++i) {
                const i64 v = q[i] + (q[i] < 0 ? limit : 0);
                bad |= (u64)v >= (u64)limit;
                places[i] = v * step;
            }
        } else for (i64 i = 0; i < row; ++i) {
            i64 v = *(const i64 *)(p + i * by);
            v += v < 0 ? limit : 0;
            bad |= (u64)v >= (u64)limit;
            places[i] = (first ? 0 : places[i]) + v * step;
        }
        for (int d = last - 1; d >= 0; --d) {
            p += steps[d];
            if (++at[d] < sizes[d]) break;
            p -= at[d] * steps[d], at[d] = 0;
        }
    }
    return !bad;
}

enum { NOTHING = -1, UNFIT = 0, READY = 1, NO_ROOM = 2 };

// indices: an array for each dimension of the table, or 0. The list has the indices' own dimensions in their place, or first where they are
// apart; `spread`: it may be broadcast to that. `flat`: the one index counts as a vector.
static int choose(Chosen *c, Object *table, Object *list, Object **indices, int spread, int flat) {
    const int dims = NDIM(table);
    i64 sizes[DIMS], shape[DIMS], strides[DIMS], table_steps[DIMS];
    int lead = 0, first = -1, last = -1, chosen = 0;
    for (int d = 0; d < dims; ++d) {
        if (!indices[d]) continue;
        if (!is_array(indices[d], I64)) return UNFIT;
        if (first < 0) first = d;
        last = d, ++chosen;
        if (NDIM(indices[d]) > lead) lead = NDIM(indices[d]);
    }
    if (!chosen || (flat && lead > 1)) return UNFIT;
    if (flat) lead = 1;
    if (lead + dims - chosen > DIMS) return UNFIT;
    for (int e = 0; e < lead; ++e) sizes[e] = 1;
    for (int d = 0; d < dims; ++d) {
        if (!indices[d]) continue;
        const int missing = lead - NDIM(indices[d]);
        for (int e = missing; e < lead; ++e) {
            const i64 n = SHAPE(indices[d])[e - missing];
            if (n == 1 || n == sizes[e]) continue;
            if (sizes[e] != 1) return UNFIT;
            sizes[e] = n;
        }
    }
    const int front = last - first + 1 == chosen ? first : 0, wanted = lead + dims - chosen;
    c->n = 1;
    for (int e = 0; e < lead; ++e) c->n *= sizes[e], shape[front + e] = sizes[e];
    for (int d = 0, k = 0; d < dims; ++d) {
        if (indices[d]) continue;
        const int at = k < front ? k : k + lead;
        shape[at] = SHAPE(table)[d], table_steps[at] = STRIDES(table)[d], ++k;
    }
    const int missing = wanted - NDIM(list);
    if (missing < 0 || (missing && !spread)) return UNFIT;
    int empty = 0;
    for (int e = 0; e < wanted; ++e) {
        const i64 n = e < missing ? 1 : SHAPE(list)[e - missing];
        if (n != shape[e] && (n != 1 || !spread)) return UNFIT;
        strides[e] = n == 1 ? 0 : STRIDES(list)[e - missing];
        if (!shape[e]) empty = 1;
    }
    if (empty) return NOTHING;
    // the dimensions that are walked over, without those of size 1, and in one where they lie so
    int dims_ = 0;
    for (int e = 0; e < wanted; ++e) {
        if ((e >= front && e < front + lead) || shape[e] == 1) continue;
        const int joins = dims_ && e != front + lead && c->table_steps[dims_ - 1] == shape[e] * table_steps[e] && c->list_steps[dims_ - 1] == shape[e] * strides[e];
        if (joins) --dims_, c->sizes[dims_] *= shape[e];
        else c->sizes[dims_] = shape[e];
        c->table_steps[dims_] = table_steps[e], c->list_steps[dims_] = strides[e], ++dims_;
    }
    c->m = 1, c->table_inner = c->list_inner = W;
    if (dims_ && (c->list_steps[dims_ - 1] == W || c->table_steps[dims_ - 1] == W)) {
        --dims_;
        c->m = c->sizes[dims_], c->table_inner = c->table_steps[dims_], c->list_inner = c->list_steps[dims_];
    }
    c->dims = dims_, c->outer = 1;
    for (int d = 0; d < dims_; ++d) c->outer *= c->sizes[d];
    // the places
    c->table = DATA(table), c->list = DATA(list), c->spots = 0;
    c->step = 0;
    int plain = 1;
    i64 after = 1;
    for (int e = lead - 1; e >= 0; --e) {
        if (sizes[e] == 1) continue;
        if (after == 1) c->step = strides[front + e];
        else if (strides[front + e] != c->step * after) plain = 0;
        after *= sizes[e];
    }
    c->places = malloc((size_t)c->n * 8 * (plain ? 1 : 2));
    if (!c->places) return NO_ROOM;
    int started = 0;
    for (int d = 0; d < dims; ++d) {
        if (!indices[d]) continue;
        if (!add_places(c->places, lead, sizes, indices[d], SHAPE(table)[d], STRIDES(table)[d], !started)) {
            free(c->places);
            return UNFIT;
        }
        started = 1;
    }
    if (!plain) {
        c->spots = c->places + c->n;
        for (i64 l = 0; l < c->n; ++l) {
            i64 left = l, at = 0;
            for (int e = lead - 1; e >= 0; --e) at += left % sizes[e] * strides[front + e], left /= sizes[e];
            c->spots[l] = at;
        }
    }
    return READY;
}

INLINE void outer_at(const Chosen *c, i64 o, char **table, i64 *list) {
    *table = c->table, *list = 0;
    for (int d = c->dims - 1; d >= 0; --d) {
        const i64 i = o % c->sizes[d];
        *table += i * c->table_steps[d], *list += i * c->list_steps[d];
        o /= c->sizes[d];
    }
}

static void take_some(void *context, i64 begin, i64 end) {
    const Chosen *c = context;
    const i64 n = c->n, m = c->m;
    const int row = c->table_inner == W && c->list_inner == W;
    while (begin < end) {
        const i64 o = begin / n, first = begin % n, last = end - o * n < n ? end - o * n : n;
        char *table;
        i64 at;
        outer_at(c, o, &table, &at);
        if (m == 1 && !c->spots && c->step == W) {
            BITS *out = (BITS *)(c->list + at);
            for (i64 l = first; l < last; ++l) out[l] = *(const BITS *)(table + c->places[l]);
        } else if (m == 1) {
            for (i64 l = first; l < last; ++l) *(BITS *)(spot(c, l) + at) = *(const BITS *)(table + c->places[l]);
        } else if (row) {
            for (i64 l = first; l < last; ++l) {
                if (l + 8 < n) __builtin_prefetch(table + c->places[l + 8]);
                memcpy(spot(c, l) + at, table + c->places[l], (size_t)m * W);
            }
        } else for (i64 l = first; l < last; ++l) {
            char *out = spot(c, l) + at;
            const char *in = table + c->places[l];
            for (i64 j = 0; j < m; ++j) *(BITS *)(out + j * c->list_inner) = *(const BITS *)(in + j * c->table_inner);
        }
        begin = o * n + last;
    }
}

static Object *take(Object *out, Object *table, Object **indices, int flat) {
    Chosen c;
    const int ready = choose(&c, table, out, indices, 0, flat);
    if (ready == NO_ROOM) return no_memory();
    if (ready == UNFIT) PASS;
    if (ready == NOTHING) DONE;
    share(c.outer * c.n, PIECE / c.m + 1, take_some, &c, c.outer * c.n * c.m);
    free(c.places);
    DONE;
}

// Writing: columns of the innermost loop are cut into blocks, and places are met in order, so that the last of equals stays.
enum { COLUMNS = 1024 };
static void set_some(void *context, i64 begin, i64 end) {
    const Chosen *c = context;
    const i64 blocks = (c->m + COLUMNS - 1) / COLUMNS;
    for (i64 item = begin; item < end; ++item) {
        const i64 j0 = item % blocks * COLUMNS, m = c->m - j0 < COLUMNS ? c->m - j0 : COLUMNS;
        char *table;
        i64 at;
        outer_at(c, item / blocks, &table, &at);
        table += j0 * c->table_inner, at += j0 * c->list_inner;
        for (i64 l = 0; l < c->n; ++l) {
            char *out = table + c->places[l];
            const char *in = spot(c, l) + at;
            if (c->table_inner == W && c->list_inner == W && m > 1) memcpy(out, in, (size_t)m * W);
            else for (i64 j = 0; j < m; ++j) *(BITS *)(out + j * c->table_inner) = *(const BITS *)(in + j * c->list_inner);
        }
    }
}

static void add_some(void *context, i64 begin, i64 end) {
    const Chosen *c = context;
    const i64 blocks = (c->m + COLUMNS - 1) / COLUMNS;
    const T alpha = c->alpha;
    for (i64 item = begin; item < end; ++item) {
        const i64 j0 = item % blocks * COLUMNS, m = c->m - j0 < COLUMNS ? c->m - j0 : COLUMNS;
        char *table;
        i64 at;
        outer_at(c, item / blocks, &table, &at);
        table += j0 * c->table_inner, at += j0 * c->list_inner;
        for (i64 l = 0; l < c->n; ++l) {
            char *out = table + c->places[l];
            const char *in = spot(c, l) + at;
            if (c->table_inner == W && c->list_inner == W) {
                SIMD for (i64 j = 0; j < m; ++j) STORE((MEM *)out, j, SUM(LOAD((MEM *)out, j), (T)(LOAD((const MEM *)in, j) * alpha)));
            } else for (i64 j = 0; j < m; ++j) {
                MEM *o = (MEM *)(out + j * c->table_inner);
                STORE(o, 0, SUM(LOAD(o, 0), (T)(LOAD((const MEM *)(in + j * c->list_inner), 0) * alpha)));
            }
        }
    }
}

#ifdef IS_FLOAT
// Floats that meet at one place are added up in float64, blocks of those in float64 too, and what comes of it is added once.
enum { FEW = 32, LANES = 64, BLOCK = 64 };

// m elements of the list side by side: where they lie, or gathered. A sum's gradient is one element for all.
INLINE const MEM *neighbours(MEM *room, const char *in, i64 step, i64 m) {
    if (step == W) return (const MEM *)in;
    if (step == 0) for (int j = 0; j < LANES; ++j) room[j] = *(const MEM *)in;
    else for (i64 j = 0; j < m; ++j) room[j] = *(const MEM *)(in + j * step);
    return room;
}

static void add_groups(void *context, i64 begin, i64 end) {
    const Chosen *c = context;
    const T alpha = c->alpha;
    MEM room[LANES];
    while (begin < end) {
        const i64 o = begin / c->groups, first = begin % c->groups, last = end - o * c->groups < c->groups ? end - o * c->groups : c->groups;
        char *table;
        i64 at;
        outer_at(c, o, &table, &at);
        for (i64 g = first; g < last; ++g) {
            const u64 *s = c->sorted + c->starts[g];
            const i64 k = c->starts[g + 1] - c->starts[g];
            char *out = table + c->places[(u32)s[0]];
            for (i64 j0 = 0; j0 < c->m; j0 += LANES) {
                const i64 m = c->m - j0 < LANES ? c->m - j0 : LANES;
                char *o_ = out + j0 * c->table_inner;
                if (k == 1 && c->table_inner == W) {
                    const MEM *in = neighbours(room, spot(c, (u32)s[0]) + at + j0 * c->list_inner, c->list_inner, m);
                    SIMD for (i64 j = 0; j < m; ++j) STORE((MEM *)o_, j, LOAD((MEM *)o_, j) + LOAD(in, j) * alpha);
                    continue;
                }
                f64 total[LANES] = {0};
                for (i64 i0 = 0; i0 < k; i0 += BLOCK) {
                    f64 sum[LANES] = {0};
                    for (i64 i = i0; i < k && i < i0 + BLOCK; ++i) {
                        const MEM *in = neighbours(room, spot(c, (u32)s[i]) + at + j0 * c->list_inner, c->list_inner, m);
                        SIMD for (i64 j = 0; j < m; ++j) sum[j] += (f64)LOAD(in, j);
                    }
                    SIMD for (i64 j = 0; j < m; ++j) total[j] += sum[j];
                }
                for (i64 j = 0; j < m; ++j) {
                    MEM *p = (MEM *)(o_ + j * c->table_inner);
                    STORE(p, 0, (T)((f64)LOAD(p, 0) + total[j] * (f64)alpha));
                }
            }
        }
        begin = o * c->groups + last;
    }
}

// Order the places, each with its number in the low half, those of equal places by number: a radix sort on the bits in which they differ.
static u64 *sort_places(const Chosen *c, u64 **spare) {
    i64 low = c->places[0], high = low;
    for (i64 l = 0; l < c->n; ++l) {
        low = c->places[l] < low ? c->places[l] : low;
        high = c->places[l] > high ? c->places[l] : high;
    }
    u64 bits = 0;
    for (i64 l = 0; l < c->n; ++l) bits |= (u64)(c->places[l] - low);
    const int shift = bits ? __builtin_ctzll(bits) : 0;
    bits = (u64)(high - low) >> shift;
    u64 *a = *spare, *b = a + c->n;
    if (bits >> 32 || c->n >> 31) return 0;
    for (i64 l = 0; l < c->n; ++l) a[l] = ((u64)(c->places[l] - low) >> shift) << 32 | (u64)l;
    for (int at = 32; bits; at += 11, bits >>= 11) {
        u32 counts[2048] = {0};
        for (i64 l = 0; l < c->n; ++l) ++counts[a[l] >> at & 2047];
        u32 sum = 0;
        for (int d = 0; d < 2048; ++d) { const u32 n = counts[d]; counts[d] = sum; sum += n; }
        for (i64 l = 0; l < c->n; ++l) b[counts[a[l] >> at & 2047]++] = a[l];
        u64 *t = a; a = b, b = t;
    }
    *spare = b;
    return a;
}

// 1, or 0 where there is no room, or -1 where the places are too many or too far apart.
static int add_grouped(Chosen *c) {
    u64 *memory = malloc((size_t)c->n * 24 + 8), *spare = memory;
    if (!memory) return 0;
    c->sorted = sort_places(c, &spare);
    if (!c->sorted) { free(memory); return -1; }
    i64 *starts = (i64 *)(memory + 2 * c->n), groups = 0;
    starts[groups++] = 0;
    for (i64 l = 1; l < c->n; ++l) if (c->sorted[l] >> 32 != c->sorted[l - 1] >> 32) starts[groups++] = l;
    starts[groups] = c->n;
    c->starts = starts, c->groups = groups;
    share(c->outer * groups, PIECE / (c->m * c->n / groups) + 1, add_groups, c, c->outer * c->n * c->m);
    free(memory);
    return 1;
}
#endif

static Object *put(Object *out, Object *input, Object **indices, Object *values, int add, T alpha, int flat) {
    Chosen c;
    if (!is_array(out, KIND) || !is_array(input, KIND) || !is_array(values, KIND) || !same_shape(out, input)) PASS;
    const int ready = choose(&c, out, values, indices, 1, flat);
    if (ready == NO_ROOM) return no_memory();
    if (ready == UNFIT) PASS;
    if (out != input) copy_array(out, input);
    if (ready == NOTHING) DONE;
    c.alpha = alpha;
    int made = 1;
    const i64 work = c.outer * c.n * c.m, items = c.outer * ((c.m + COLUMNS - 1) / COLUMNS);
#ifdef IS_FLOAT
    if (add && c.n > (W == 2 ? 1 : FEW)) made = add_grouped(&c);
    else
#endif
    share(items, PIECE / (work / items) + 1, add ? add_some : set_some, &c, work);
    if (made < 0) share(items, PIECE / (work / items) + 1, add_some, &c, work);
    free(c.places);
    if (!made) return no_memory();
    DONE;
}

static int truth(Object *o, int *value) {
    *value = o == api->true_;
    return o == api->true_ || o == api->false_;
}

KERNEL(take_rows) {
    if (count != 3 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || NDIM(args[1]) < 1) PASS;
    Object *indices[DIMS] = {args[2]};
    return take(args[0], args[1], indices, 0);
}

KERNEL(embedding_rows) {
    if (count != 5 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || NDIM(args[1]) != 2) PASS;
    Object *indices[DIMS] = {args[2]};
    return take(args[0], args[1], indices, 0);
}

KERNEL(index_select) {
    i64 dim;
    if (count != 4 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !int_of(args[2], &dim)) PASS;
    if (dim < 0) dim += NDIM(args[1]);
    if (dim < 0 || dim >= NDIM(args[1])) PASS;
    Object *indices[DIMS] = {0};
    indices[dim] = args[3];
    return take(args[0], args[1], indices, 1);
}

static int listed(Object *o, Object **indices, int dims) {
    const int n = objects_of(o, indices, dims);
    if (n < 0) return 0;
    for (int d = 0; d < dims; ++d) if (d >= n || indices[d] == api->none) indices[d] = 0;
    return 1;
}

KERNEL(index) {
    Object *indices[DIMS];
    if (count != 3 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !listed(args[2], indices, NDIM(args[1]))) PASS;
    return take(args[0], args[1], indices, 0);
}

KERNEL(put_rows) {
    int add;
    if (count != 5 || !is_array(args[0], KIND) || NDIM(args[0]) < 1 || !truth(args[4], &add)) PASS;
    Object *indices[DIMS] = {args[2]};
    return put(args[0], args[1], indices, args[3], add, 1, 0);
}

KERNEL(index_put) {
    int add;
    Object *indices[DIMS];
    if (count != 5 || !is_array(args[0], KIND) || !listed(args[2], indices, NDIM(args[0])) || !truth(args[4], &add)) PASS;
    return put(args[0], args[1], indices, args[3], add, 1, 0);
}

KERNEL(index_add) {
    i64 dim;
    if (count != 6 || !is_array(args[0], KIND) || !int_of(args[2], &dim) || !is_array(args[4], KIND) || NDIM(args[4]) != NDIM(args[0])) PASS;
    if (dim < 0) dim += NDIM(args[0]);
    if (dim < 0 || dim >= NDIM(args[0])) PASS;
#ifdef IS_FLOAT
    f64 alpha;
    if (!float_of(args[5], &alpha)) PASS;
#else
    i64 alpha;
    if (!int_of(args[5], &alpha) || (i64)(T)alpha != alpha) PASS;
#ifdef IS_B8
    if (alpha != 1) PASS;
#endif
#endif
    Object *indices[DIMS] = {0};
    indices[dim] = args[3];
    return put(args[0], args[1], indices, args[4], 1, (T)alpha, 1);
}
