// The ops that are matrix products.

// An array seen as rows of its last dimension; 0 where its other dimensions are not one.
static int rows_of(Object *o, Matrix *m) {
    const int d = NDIM(o);
    const size *n = SHAPE(o), *s = STRIDES(o);
    i64 rows = 1, down = d > 1 ? s[d - 2] : s[d - 1] * n[d - 1];
    for (int i = d - 2; i >= 0; --i) {
        if (n[i] != 1 && rows != 1 && s[i] != down * rows) return 0;
        if (n[i] != 1 && rows == 1) down = s[i];
        rows *= n[i];
    }
    *m = (Matrix){(T *)DATA(o), rows, n[d - 1], down / (size)sizeof(T), s[d - 1] / (size)sizeof(T)};
    return 1;
}

// Copy an array to rows, or from there.
static void rows_moved(Object *o, Matrix m, int back) {
    const int d = NDIM(o);
    const size *n = SHAPE(o), *s = STRIDES(o);
    i64 at[DIMS] = {0};
    char *from = DATA(o);
    for (i64 i = 0; i < m.rows; ++i) {
        T *row = m.at + i * m.columns;
        for (i64 j = 0; j < m.columns; ++j)
            if (back) *(T *)(from + j * s[d - 1]) = row[j];
            else row[j] = *(const T *)(from + j * s[d - 1]);
        for (int k = d - 2; k >= 0; --k) {
            from += s[k];
            if (++at[k] < n[k]) break;
            from -= s[k] * n[k], at[k] = 0;
        }
    }
}

// An array as rows, which are copied where they are not evenly apart: `room` is to be given back. 0 where there is no memory.
static int rows_anyhow(Object *o, Matrix *m, char **room) {
    *room = 0;
    if (rows_of(o, m)) return 1;
    const i64 columns = SHAPE(o)[NDIM(o) - 1], total = numel(o);
    if (!(*room = take(total * (i64)sizeof(T)))) return 0;
    *m = (Matrix){(T *)*room, columns ? total / columns : 0, columns, columns, 1};
    return 1;
}

static Object *affine(Object *const *args, Matrix y, Matrix x, Matrix w) {
    const int biased = args[3] != api->none;
    if (y.rows != x.rows || x.columns != w.rows || y.columns != w.columns || !can(y, x, w)) PASS;
    if (biased && SHAPE(args[3])[0] != y.columns) PASS;
    void *state = let_go(y.rows * y.columns * w.rows);
    if (biased) {
        const T *bias = (const T *)DATA(args[3]);
        const i64 step = STRIDES(args[3])[0] / (size)sizeof(T);
        for (i64 i = 0; i < y.rows; ++i) {
            T *to = y.at + i * y.down;
            if (step == 1 && y.along == 1) memcpy(to, bias, y.columns * sizeof(T));
            else for (i64 j = 0; j < y.columns; ++j) to[j * y.along] = bias[j * step];
        }
    }
    if (!w.rows && !biased) for (i64 i = 0; i < y.rows; ++i) for (i64 j = 0; j < y.columns; ++j) y.at[i * y.down + j * y.along] = 0;
    else if (w.rows) product(y, x, w, biased);
    come_back(state);
    DONE;
}

KERNEL(affine) {
    if (count != 4 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !is_array(args[2], KIND)) PASS;
    if (args[3] != api->none && !(is_array(args[3], KIND) && NDIM(args[3]) == 1)) PASS;
    if (NDIM(args[1]) < 1 || NDIM(args[0]) < 1 || NDIM(args[2]) != 2) PASS;
    Matrix y, x;
    char *of_y, *of_x = 0;
    Object *done = 0;
    if (rows_anyhow(args[0], &y, &of_y) && rows_anyhow(args[1], &x, &of_x)) {
        if (of_x) rows_moved(args[1], x, 0);
        done = affine(args, y, x, transposed(matrix_of(args[2])));
        if (of_y && done == api->none) rows_moved(args[0], y, 1);
    }
    put(of_y), put(of_x);
    if (!done) PASS;
    return done;
}

static Object *linear_backward(Object *const *outs, Matrix g, Matrix x, Matrix w, Matrix dx, const int *needed) {
    Matrix dw = {0};
    if (g.rows != x.rows || !g.rows || !g.columns || !x.columns || w.rows != g.columns || w.columns != x.columns) PASS;
    if (needed[0] && !(dx.rows == g.rows && can(dx, g, w))) PASS;
    if (needed[1]) {
        if (!is_array(outs[1], KIND) || NDIM(outs[1]) != 2) PASS;
        dw = matrix_of(outs[1]);
        if (!can(dw, transposed(g), x)) PASS;
    }
    if (needed[2] && !is_array(outs[2], KIND)) PASS;
    void *state = let_go(g.rows * g.columns * x.columns);
    if (needed[0]) product(dx, g, w, 0);
    if (needed[1]) product(dw, transposed(g), x, 0);
    if (needed[2]) column_sums((T *)DATA(outs[2]), STRIDES(outs[2])[0] / (size)sizeof(T), g);
    come_back(state);
    DONE;
}

KERNEL(linear_backward) {
    Object *outs[3], *wanted[3];
    if (count != 5 || objects_of(args[0], outs, 3) != 3 || objects_of(args[4], wanted, 3) != 3) PASS;
    if (!is_array(args[1], KIND) || !is_array(args[2], KIND) || !is_array(args[3], KIND) || NDIM(args[3]) != 2 || NDIM(args[1]) < 1 || NDIM(args[2]) < 1) PASS;
    const int needed[3] = {wanted[0] == api->true_, wanted[1] == api->true_, wanted[2] == api->true_};
    if (needed[0] && (!is_array(outs[0], KIND) || NDIM(outs[0]) < 1)) PASS;
    Matrix g, x, dx = {0};
    char *of_g, *of_x = 0, *of_dx = 0;
    Object *done = 0;
    if (rows_anyhow(args[1], &g, &of_g) && rows_anyhow(args[2], &x, &of_x) && (!needed[0] || rows_anyhow(outs[0], &dx, &of_dx))) {
        if (of_g) rows_moved(args[1], g, 0);
        if (of_x) rows_moved(args[2], x, 0);
        done = linear_backward(outs, g, x, matrix_of(args[3]), dx, needed);
        if (of_dx && done == api->none) rows_moved(outs[0], dx, 1);
    }
    put(of_g), put(of_x), put(of_dx);
    if (!done) PASS;
    return done;
}

KERNEL(addmm) {
    f64 beta, alpha;
    if (count != 6 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !is_array(args[2], KIND) || !is_array(args[3], KIND)) PASS;
    if (NDIM(args[0]) != 2 || NDIM(args[2]) != 2 || NDIM(args[3]) != 2) PASS;
    if (!float_of(args[4], &beta) || !float_of(args[5], &alpha) || beta != 1 || alpha != 1 || NDIM(args[1]) > 2 || NDIM(args[1]) < 1) PASS;
    const Matrix c = matrix_of(args[0]), a = matrix_of(args[2]), b = matrix_of(args[3]);
    if (a.rows != c.rows || b.columns != c.columns || a.columns != b.rows || !b.rows || !can(c, a, b)) PASS;
    Object *in = args[1];
    if (in != args[0]) {
        const int d = NDIM(in);
        const size *n = SHAPE(in), *s = STRIDES(in);
        const i64 down = d < 2 || n[0] == 1 ? 0 : s[0], along = n[d - 1] == 1 ? 0 : s[d - 1];
        if ((d == 2 && n[0] != 1 && n[0] != c.rows) || (n[d - 1] != 1 && n[d - 1] != c.columns)) PASS;
        for (i64 i = 0; i < c.rows; ++i)
            for (i64 j = 0; j < c.columns; ++j) c.at[i * c.down + j * c.along] = *(const T *)(DATA(in) + i * down + j * along);
    }
    void *state = let_go(c.rows * c.columns * b.rows);
    product(c, a, b, 1);
    come_back(state);
    DONE;
}

KERNEL(mv) {
    if (count != 3 || !is_array(args[0], KIND) || !is_array(args[1], KIND) || !is_array(args[2], KIND)) PASS;
    if (NDIM(args[0]) != 1 || NDIM(args[1]) != 2 || NDIM(args[2]) != 1 || SHAPE(args[1])[1] != SHAPE(args[2])[0]) PASS;
    const Matrix a = matrix_of(args[1]);
    const Matrix x = {(T *)DATA(args[2]), a.columns, 1, STRIDES(args[2])[0] / (size)sizeof(T), 1};
    const Matrix y = {(T *)DATA(args[0]), a.rows, 1, STRIDES(args[0])[0] / (size)sizeof(T), 1};
    if (!is_small(y, x)) PASS;
    small_product(y, a, x, 0);
    DONE;
}
