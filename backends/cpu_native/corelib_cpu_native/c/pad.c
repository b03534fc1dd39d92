// Places of one value before and behind each dimension, or places cut off.

typedef struct {
    int dims;
    i64 out_sizes[DIMS], sizes[DIMS], steps[DIMS], before[DIMS];  // before: places added, or cut off where it is negative
    const char *x;
    MEM *out;
    T value;
    i64 low, high;  // of a row of out, what comes from the input
} Pad;

// Rows of out (item).
static void pad_rows(void *context, i64 begin, i64 end) {
    const Pad *p = context;
    const int last = p->dims - 1;
    const i64 n = p->out_sizes[last], step = p->steps[last];
    for (i64 item = begin; item < end; ++item) {
        i64 rest = item;
        int inside = p->high > p->low;
        const char *from = p->x + (p->low - p->before[last]) * step;
        for (int d = last - 1; d >= 0; --d) {
            const i64 at = rest % p->out_sizes[d] - p->before[d];
            rest /= p->out_sizes[d];
            inside = inside && at >= 0 && at < p->sizes[d];
            from += at * p->steps[d];
        }
        MEM *to = p->out + item * n;
        const i64 low = inside ? p->low : n, high = inside ? p->high : n;
        for (i64 i = 0; i < low; ++i) STORE(to, i, p->value);
        if (step == sizeof(MEM)) memcpy(to + low, from, (high - low) * sizeof(MEM));
        else for (i64 i = low; i < high; ++i) to[i] = *(const MEM *)(from + (i - low) * step);
        for (i64 i = high; i < n; ++i) STORE(to, i, p->value);
    }
}

KERNEL(constant_pad) {
    Object *out = args[0], *x = args[1], *pairs[DIMS];
    Pad p;
    if (count != 4 || !is_array(out, KIND) || !is_array(x, KIND) || !IN_A_ROW(out)) PASS;
    p.dims = NDIM(x);
    if (p.dims < 1 || NDIM(out) != p.dims || objects_of(args[2], pairs, DIMS) != p.dims) PASS;
    f64 d = 0;
    i64 i = 0;
    if (KIND >= F16 ? !float_of(args[3], &d) : KIND == B8 ? !float_of(args[3], &d) : !int_of(args[3], &i)) PASS;
    p.value = KIND >= F16 ? (T)d : KIND == B8 ? (T)(d != 0) : (T)i;
    for (int k = 0; k < p.dims; ++k) {
        i64 pads[2];
        if (ints_of(pairs[k], pads, 2) != 2) PASS;
        p.before[k] = pads[0], p.sizes[k] = SHAPE(x)[k], p.steps[k] = STRIDES(x)[k], p.out_sizes[k] = SHAPE(out)[k];
        if (p.out_sizes[k] != p.sizes[k] + pads[0] + pads[1]) PASS;
    }
    const i64 total = numel(out), n = p.out_sizes[p.dims - 1], before = p.before[p.dims - 1];
    if (!total) DONE;
    p.low = before > 0 ? before : 0, p.high = before + p.sizes[p.dims - 1] < n ? before + p.sizes[p.dims - 1] : n;
    p.x = DATA(x), p.out = (MEM *)DATA(out);
    share(total / n, 1 + 16384 / n, pad_rows, &p, total);
    DONE;
}
