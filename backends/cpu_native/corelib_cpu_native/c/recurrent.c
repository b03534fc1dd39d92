// All steps of one direction of an LSTM or a GRU. Rows of a batch do not know each other, so that each thread takes some through all steps; the
// weights, packed once, stay in its cache. Larger weights than fit there are left to one product a step.

enum { WEIGHTS = 1 << 20, CHUNK = 8 };  // elements; rows

// The gates' functions in as few steps as there can be: exp(v) is 2^n exp(r), and n comes out of a sum that leaves it in the last bits, where 2^n is
// made of it (1.5 * 2^23 + 127). They are off by 2.6 units in the last place at most, and sigmoid is 0 below 4.2e-39.
#define LOG2_E 1.442695040888963407f
#define ROUND 12583039.0f

INLINE f32 sigmoid(f32 v) {
    const f32 x = v < -89.0f ? -89.0f : v;  // from there on 2^n is infinite
    const f32 t = fused(x, -LOG2_E, ROUND), n = t - ROUND, r = fused(n, LN2_LOW, fused(n, LN2_HIGH, x));
    f32 p = 0.001375115f;
    p = fused(p, r, -0.008368988f);
    p = fused(p, r, 0.041669544f);
    p = fused(p, r, -0.16666518f);
    p = fused(p, r, 0.49999988f);
    p = fused(p, r, -1.0f);
    p = fused(p, r, 1.0f);
    const f32 made = 1.0f / fused(p, bits_f32(f32_bits(t) << 23), 1.0f);
    return v > 87.0f ? 1.0f : made;
}

// (e - 1) / (e + 1) of e = exp(2 v), of which 1 is subtracted before it is rounded.
INLINE f32 tanh_of_gate(f32 v) {
    const f32 magnitude = __builtin_fabsf(v), x = magnitude > 9.1f ? 9.1f : magnitude;
    const f32 t = fused(x, 2 * LOG2_E, ROUND), n = t - ROUND, r = fused(n, -0.5f * LN2_LOW, fused(n, -0.5f * LN2_HIGH, x));
    f32 p = 0.0888480644f;
    p = fused(p, r, 0.267730571f);
    p = fused(p, r, 0.666675228f);
    p = fused(p, r, 1.33332345f);
    p = fused(p, r, 1.99999993f);
    p = fused(r * r, p, r + r);
    const f32 scale = bits_f32(f32_bits(t) << 23), less = fused(p, scale, scale - 1.0f);
    return __builtin_copysignf(less / (less + 2.0f), v);
}

typedef struct {
    i64 steps, rows, width, gates;  // width: of the hidden state; gates: of a step's gates
    int backwards;
    const T *in, *hidden, *cell, *bias, *g, *g_cells, *g_parts, *outputs_in, *cells_in, *parts_in;
    T *outputs, *cells, *parts, *to_in, *to_hiddens, *to_hidden, *to_cell, *packed;
} Steps;

INLINE int in_a_row(Object *o, int dims) { return is_array(o, KIND) && NDIM(o) == dims && IN_A_ROW(o); }

// b's columns in panels, each after the other: what `multiply` reads.
static T *pack_all(Matrix b) {
    T *to = calloc((b.columns + LANES_ - 1) / LANES_ * LANES_ * b.rows, sizeof(T));
    for (i64 j = 0, wide; to && j < b.columns; j += wide) {
        const i64 across = panel_vectors(b.columns - j) * LANES_;
        wide = b.columns - j < across ? b.columns - j : across;
        copy_matrix(to + j * b.rows, across, part_of(b, 0, b.rows, j, wide));
    }
    return to;
}

// out = x times the packed weights (+ out where `add`), for CHUNK rows at most of x and out that lie `step_x` and `step` apart.
static void multiply(T *out, i64 step, const T *x, i64 step_x, i64 rows, i64 n, i64 columns, const T *packed, int add) {
    for (i64 j = 0, wide; j < columns; j += wide) {
        const int vectors = (int)panel_vectors(columns - j);
        wide = vectors * LANES_;
        if (j + wide <= columns) { panel_rows(rows, n, x, step_x, 1, HIGH * step_x, packed + j * n, wide, vectors, out + j, step, add); continue; }
        T sums[CHUNK * PANEL];
        panel_rows(rows, n, x, step_x, 1, HIGH * step_x, packed + j * n, wide, vectors, sums, PANEL, 0);
        for (i64 r = 0; r < rows; ++r) for (i64 l = j; l < columns; ++l) out[r * step + l] = (add ? out[r * step + l] : 0) + sums[r * PANEL + l - j];
    }
}

INLINE i64 step_at(const Steps *s, i64 k) { return s->backwards ? s->steps - 1 - k : k; }

static void lstm_forward(void *context, i64 begin, i64 end) {
    const Steps *s = context;
    const i64 h = s->width;
    for (i64 first = begin * CHUNK; first < end * CHUNK && first < s->rows; first += CHUNK) {
        const i64 rows = s->rows - first < CHUNK ? s->rows - first : CHUNK;
        const T *hidden = s->hidden + first * h, *cell = s->cell + first * h;
        for (i64 k = 0; k < s->steps; ++k) {
            const i64 t = step_at(s, k), at = t * s->rows + first;
            T *parts = s->parts + at * 4 * h, *out = s->outputs + at * h, *cells = s->cells + at * h;
            multiply(parts, 4 * h, hidden, h, rows, h, 4 * h, s->packed, 0);
            for (i64 r = 0; r < rows; ++r) {
                const T *x = s->in + (at + r) * 4 * h;
                T *i_ = parts + r * 4 * h, *f_ = i_ + h, *g_ = f_ + h, *o_ = g_ + h;
                SIMD for (i64 l = 0; l < h; ++l) {
                    const T i = sigmoid(x[l] + i_[l]), f = sigmoid(x[h + l] + f_[l]), g = tanh_of_gate(x[2 * h + l] + g_[l]), o = sigmoid(x[3 * h + l] + o_[l]);
                    const T c = f * cell[r * h + l] + i * g;
                    i_[l] = i, f_[l] = f, g_[l] = g, o_[l] = out[r * h + l] = o;
                    cells[r * h + l] = c;
                }
            }
            SIMD for (i64 l = 0; l < rows * h; ++l) out[l] *= tanh_of_gate(cells[l]);  // apart: to wait for the cells takes long
            hidden = out, cell = cells;
        }
    }
}

KERNEL(lstm_steps) {
    Object *outs[3];
    if (count != 6 || objects_of(args[0], outs, 3) != 3) PASS;
    for (int k = 0; k < 3; ++k) if (!in_a_row(outs[k], 3)) PASS;
    if (!in_a_row(args[1], 3) || !in_a_row(args[2], 2) || !in_a_row(args[3], 2) || !in_a_row(args[4], 2)) PASS;
    const size *shape = SHAPE(args[1]);
    const i64 h = SHAPE(args[4])[1];
    if (shape[2] != 4 * h || 4 * h * h > WEIGHTS || !numel(args[1])) PASS;
    Steps s = {
        .steps = shape[0], .rows = shape[1], .width = h, .gates = 4 * h, .backwards = args[5] == api->true_, .in = (T *)DATA(args[1]),
        .hidden = (T *)DATA(args[2]), .cell = (T *)DATA(args[3]), .outputs = (T *)DATA(outs[0]), .cells = (T *)DATA(outs[1]), .parts = (T *)DATA(outs[2]),
    };
    s.packed = pack_all(transposed(matrix_of(args[4])));
    if (!s.packed) return no_memory();
    share((s.rows + CHUNK - 1) / CHUNK, 1, lstm_forward, &s, s.steps * s.rows * h * h / 8);
    free(s.packed);
    DONE;
}

static void lstm_back(void *context, i64 begin, i64 end) {
    const Steps *s = context;
    const i64 h = s->width;
    for (i64 first = begin * CHUNK; first < end * CHUNK && first < s->rows; first += CHUNK) {
        const i64 rows = s->rows - first < CHUNK ? s->rows - first : CHUNK;
        T *carried = s->to_hidden + first * h, *change = s->to_cell + first * h;
        memset(carried, 0, rows * h * sizeof(T));
        memset(change, 0, rows * h * sizeof(T));
        for (i64 k = s->steps - 1; k >= 0; --k) {
            const i64 t = step_at(s, k), at = t * s->rows + first;
            const T *cell = s->cells_in + at * h, *before = k ? s->cells_in + (step_at(s, k - 1) * s->rows + first) * h : s->cell + first * h;
            for (i64 r = 0; r < rows; ++r) {
                const T *parts = s->parts_in + (at + r) * 4 * h, *g_parts = s->g_parts ? s->g_parts + (at + r) * 4 * h : 0;
                const T *g = s->g + (at + r) * h, *g_cells = s->g_cells ? s->g_cells + (at + r) * h : 0;
                T *to = s->to_in + (at + r) * 4 * h;
                if (g_cells) SIMD for (i64 l = 0; l < h; ++l) change[r * h + l] += g_cells[l];
                SIMD for (i64 l = 0; l < h; ++l) {
                    const T i = parts[l], f = parts[h + l], c = parts[2 * h + l], o = parts[3 * h + l], after = tanh_of_gate(cell[r * h + l]);
                    const T out = g[l] + carried[r * h + l];
                    const T here = out * o * (1 - after * after) + change[r * h + l];
                    to[l] = here * c * i * (1 - i), to[h + l] = here * before[r * h + l] * f * (1 - f);
                    to[2 * h + l] = here * i * (1 - c * c), to[3 * h + l] = out * after * o * (1 - o);
                    change[r * h + l] = here * f;
                }
                if (!g_parts) continue;
                SIMD for (i64 l = 0; l < 2 * h; ++l) to[l] += g_parts[l] * parts[l] * (1 - parts[l]);
                SIMD for (i64 l = 2 * h; l < 3 * h; ++l) to[l] += g_parts[l] * (1 - parts[l] * parts[l]);
                SIMD for (i64 l = 3 * h; l < 4 * h; ++l) to[l] += g_parts[l] * parts[l] * (1 - parts[l]);
            }
            multiply(carried, h, s->to_in + at * 4 * h, 4 * h, rows, 4 * h, h, s->packed, 0);
        }
    }
}

// The weights' gradient: of all steps at once, of the gates' gradients and the hidden states before each step.
static void weights_gradient(Object *out, const Steps *s, const T *gates) {
    const i64 h = s->width, n = s->rows, rest = (s->steps - 1) * n;
    const Matrix to = matrix_of(out);
    const T *later = gates + (s->backwards ? 0 : n * s->gates), *first = gates + (s->backwards ? rest * s->gates : 0);
    const T *states = s->outputs_in + (s->backwards ? n * h : 0);
    product(to, transposed((Matrix){(T *)first, n, s->gates, s->gates, 1}), (Matrix){(T *)s->hidden, n, h, h, 1}, 0);
    if (rest) product(to, transposed((Matrix){(T *)later, rest, s->gates, s->gates, 1}), (Matrix){(T *)states, rest, h, h, 1}, 1);
}

KERNEL(lstm_steps_backward) {
    Object *outs[4];
    if (count != 11 || objects_of(args[0], outs, 4) != 4 || !GEMM) PASS;
    for (int k = 0; k < 4; ++k) if (!in_a_row(outs[k], k ? 2 : 3)) PASS;
    for (int k = 1; k < 8; ++k) if (!in_a_row(args[k], k > 1 && k < 5 ? 2 : 3)) PASS;
    for (int k = 8; k < 10; ++k) if (args[k] != api->none && !in_a_row(args[k], 3)) PASS;
    const size *shape = SHAPE(args[7]);
    const i64 h = SHAPE(args[4])[1];
    if (shape[2] != 4 * h || 4 * h * h > WEIGHTS || !numel(args[7])) PASS;
    Steps s = {
        .steps = shape[0], .rows = shape[1], .width = h, .gates = 4 * h, .backwards = args[10] == api->true_, .g = (T *)DATA(args[1]),
        .hidden = (T *)DATA(args[2]), .cell = (T *)DATA(args[3]), .outputs_in = (T *)DATA(args[5]), .cells_in = (T *)DATA(args[6]),
        .parts_in = (T *)DATA(args[7]), .g_cells = args[8] == api->none ? 0 : (T *)DATA(args[8]), .g_parts = args[9] == api->none ? 0 : (T *)DATA(args[9]),
        .to_in = (T *)DATA(outs[0]), .to_hidden = (T *)DATA(outs[1]), .to_cell = (T *)DATA(outs[2]),
    };
    s.packed = pack_all(matrix_of(args[4]));
    if (!s.packed) return no_memory();
    share((s.rows + CHUNK - 1) / CHUNK, 1, lstm_back, &s, s.steps * s.rows * h * h / 8);
    free(s.packed);
    weights_gradient(outs[3], &s, s.to_in);
    DONE;
}

static void gru_forward(void *context, i64 begin, i64 end) {
    const Steps *s = context;
    const i64 h = s->width;
    T *hiddens = s->to_hiddens;
    for (i64 first = begin * CHUNK; first < end * CHUNK && first < s->rows; first += CHUNK) {
        const i64 rows = s->rows - first < CHUNK ? s->rows - first : CHUNK;
        const T *hidden = s->hidden + first * h;
        T *own = hiddens + first * 3 * h;
        for (i64 k = 0; k < s->steps; ++k) {
            const i64 at = step_at(s, k) * s->rows + first;
            for (i64 r = 0; r < rows; ++r) {
                if (s->bias) memcpy(own + r * 3 * h, s->bias, 3 * h * sizeof(T));
                else memset(own + r * 3 * h, 0, 3 * h * sizeof(T));
            }
            multiply(own, 3 * h, hidden, h, rows, h, 3 * h, s->packed, 1);
            T *out = s->outputs + at * h;
            for (i64 r = 0; r < rows; ++r) {
                const T *x = s->in + (at + r) * 3 * h, *y = own + r * 3 * h;
                T *parts = s->parts + (at + r) * 4 * h;
                SIMD for (i64 l = 0; l < h; ++l) {
                    const T r_ = sigmoid(x[l] + y[l]), z = sigmoid(x[h + l] + y[h + l]), n = tanh_of_gate(x[2 * h + l] + r_ * y[2 * h + l]);
                    parts[l] = r_, parts[h + l] = z, parts[2 * h + l] = n, parts[3 * h + l] = y[2 * h + l];
                    out[r * h + l] = n + z * (hidden[r * h + l] - n);
                }
            }
            hidden = out;
        }
    }
}

KERNEL(gru_steps) {
    Object *outs[2];
    if (count != 6 || objects_of(args[0], outs, 2) != 2 || !in_a_row(outs[0], 3) || !in_a_row(outs[1], 3)) PASS;
    if (!in_a_row(args[1], 3) || !in_a_row(args[2], 2) || !in_a_row(args[3], 2) || (args[4] != api->none && !in_a_row(args[4], 1))) PASS;
    const size *shape = SHAPE(args[1]);
    const i64 h = SHAPE(args[3])[1];
    if (shape[2] != 3 * h || 3 * h * h > WEIGHTS || !numel(args[1])) PASS;
    Steps s = {
        .steps = shape[0], .rows = shape[1], .width = h, .gates = 3 * h, .backwards = args[5] == api->true_, .in = (T *)DATA(args[1]),
        .hidden = (T *)DATA(args[2]), .bias = args[4] == api->none ? 0 : (T *)DATA(args[4]), .outputs = (T *)DATA(outs[0]), .parts = (T *)DATA(outs[1]),
    };
    s.packed = pack_all(transposed(matrix_of(args[3])));
    s.to_hiddens = malloc(s.rows * 3 * h * sizeof(T));
    const int failed = !s.packed || !s.to_hiddens;
    if (!failed) share((s.rows + CHUNK - 1) / CHUNK, 1, gru_forward, &s, s.steps * s.rows * h * h / 8);
    free(s.packed), free(s.to_hiddens);
    if (failed) return no_memory();
    DONE;
}

// `more`: whether there are gradients of the gates too.
INLINE void gru_row_back(i64 h, const T *parts, const T *g, const T *before, T *carried, T *to, T *to_hiddens, int more, const T *g_parts) {
    SIMD for (i64 l = 0; l < h; ++l) {
        const T r = parts[l], z = parts[h + l], n = parts[2 * h + l], hn = parts[3 * h + l], out = g[l] + carried[l];
        T of_n = out * (1 - z), of_z = out * (before[l] - n);
        if (more) of_n += g_parts[2 * h + l], of_z += g_parts[h + l];
        const T new_ = of_n * (1 - n * n);
        T of_r = new_ * hn, of_hn = new_ * r;
        if (more) of_r += g_parts[l], of_hn += g_parts[3 * h + l];
        to[l] = to_hiddens[l] = of_r * r * (1 - r), to[h + l] = to_hiddens[h + l] = of_z * z * (1 - z);
        to[2 * h + l] = new_, to_hiddens[2 * h + l] = of_hn;
        carried[l] = out * z;
    }
}

static void gru_back(void *context, i64 begin, i64 end) {
    const Steps *s = context;
    const i64 h = s->width;
    for (i64 first = begin * CHUNK; first < end * CHUNK && first < s->rows; first += CHUNK) {
        const i64 rows = s->rows - first < CHUNK ? s->rows - first : CHUNK;
        T *carried = s->to_hidden + first * h;
        memset(carried, 0, rows * h * sizeof(T));
        for (i64 k = s->steps - 1; k >= 0; --k) {
            const i64 at = step_at(s, k) * s->rows + first;
            const T *before = k ? s->outputs_in + (step_at(s, k - 1) * s->rows + first) * h : s->hidden + first * h;
            for (i64 r = 0; r < rows; ++r) {
                const T *parts = s->parts_in + (at + r) * 4 * h, *g = s->g + (at + r) * h, *g_parts = s->g_parts ? s->g_parts + (at + r) * 4 * h : 0;
                T *to = s->to_in + (at + r) * 3 * h, *to_hiddens = s->to_hiddens + (at + r) * 3 * h;
                if (g_parts) gru_row_back(h, parts, g, before + r * h, carried + r * h, to, to_hiddens, 1, g_parts);
                else gru_row_back(h, parts, g, before + r * h, carried + r * h, to, to_hiddens, 0, parts);
            }
            multiply(carried, h, s->to_hiddens + at * 3 * h, 3 * h, rows, 3 * h, h, s->packed, 1);
        }
    }
}

KERNEL(gru_steps_backward) {
    Object *outs[4];
    if (count != 8 || objects_of(args[0], outs, 4) != 4 || !GEMM) PASS;
    if (!in_a_row(outs[0], 3) || !in_a_row(outs[1], 2) || !in_a_row(outs[2], 2) || !in_a_row(outs[3], 1)) PASS;
    if (!in_a_row(args[1], 3) || !in_a_row(args[2], 2) || !in_a_row(args[3], 2) || !in_a_row(args[4], 3) || !in_a_row(args[5], 3)) PASS;
    if (args[6] != api->none && !in_a_row(args[6], 3)) PASS;
    const size *shape = SHAPE(args[1]);
    const i64 h = SHAPE(args[3])[1];
    if (shape[2] != h || 3 * h * h > WEIGHTS || !numel(args[1])) PASS;
    Steps s = {
        .steps = shape[0], .rows = shape[1], .width = h, .gates = 3 * h, .backwards = args[7] == api->true_, .g = (T *)DATA(args[1]),
        .hidden = (T *)DATA(args[2]), .outputs_in = (T *)DATA(args[4]), .parts_in = (T *)DATA(args[5]), .g_parts = args[6] == api->none ? 0 : (T *)DATA(args[6]),
        .to_in = (T *)DATA(outs[0]), .to_hidden = (T *)DATA(outs[1]),
    };
    s.packed = pack_all(matrix_of(args[3]));
    s.to_hiddens = malloc(s.steps * s.rows * 3 * h * sizeof(T));
    const int failed = !s.packed || !s.to_hiddens;
    if (!failed) {
        share((s.rows + CHUNK - 1) / CHUNK, 1, gru_back, &s, s.steps * s.rows * h * h / 8);
        weights_gradient(outs[2], &s, s.to_hiddens);
        column_sums((T *)DATA(outs[3]), 1, (Matrix){s.to_hiddens, s.steps * s.rows, 3 * h, 3 * h, 1});
    }
    free(s.packed), free(s.to_hiddens);
    if (failed) return no_memory();
    DONE;
}
