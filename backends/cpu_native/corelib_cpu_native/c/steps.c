// The optimizers' updates, each in one pass over memory. The steps that PyTorch's kernels fuse are fused.

#ifdef IS_F64
#define MULTIPLY_ADD(a, b, c) fused_f64(a, b, c)
#define ROOT(v) __builtin_sqrt(v)
#else
#define MULTIPLY_ADD(a, b, c) fused(a, b, c)
#define ROOT(v) __builtin_sqrtf(v)
#endif
enum { GRAIN = 16384 };

// Whether arrays, some of them None, lie alike and without gaps, so that they can be walked in the order of memory.
static int alike(Object *const *arrays, int n) {
    Object *first = arrays[0];
    for (int k = 0; k < n; ++k) {
        Object *o = arrays[k];
        if (o == api->none) continue;
        if (!is_array(o, KIND) || NDIM(o) != NDIM(first)) return 0;
        for (int d = 0; d < NDIM(o); ++d) if (SHAPE(o)[d] != SHAPE(first)[d]) return 0;
        if (IN_A_ROW(o) && IN_A_ROW(first)) continue;
        for (int d = 0; d < NDIM(o); ++d) if (STRIDES(o)[d] != STRIDES(first)[d]) return 0;
        i64 span = sizeof(T);
        for (int d = 0; d < NDIM(o); ++d) span += (SHAPE(o)[d] - 1) * STRIDES(o)[d];
        if (span != numel(o) * (i64)sizeof(T)) return 0;
    }
    return 1;
}

INLINE T *at(Object *o) { return o == api->none ? 0 : (T *)DATA(o); }

typedef struct { T *p, *b; const T *g; T rate, momentum, kept, decay; int nesterov, maximize, first; } Sgd;

static void sgd(void *context, i64 begin, i64 end) {
    const Sgd s = *(const Sgd *)context;
    T *p = s.p, *b = s.b;
    const T *g = s.g, rate = s.rate, decay = s.decay, sign = s.maximize ? -1 : 1;
    if (!b && decay == 0) {
        SIMD for (i64 i = begin; i < end; ++i) p[i] = MULTIPLY_ADD(sign * g[i], rate, p[i]);
    } else if (!b) {
        SIMD for (i64 i = begin; i < end; ++i) p[i] = MULTIPLY_ADD(MULTIPLY_ADD(p[i], decay, sign * g[i]), rate, p[i]);
    } else {
        const T momentum = s.momentum, kept = s.kept;
        const int nesterov = s.nesterov, first = s.first;
        SIMD for (i64 i = begin; i < end; ++i) {
            const T step = decay != 0 ? MULTIPLY_ADD(p[i], decay, sign * g[i]) : sign * g[i];
            const T moved = first ? step : MULTIPLY_ADD(step, kept, b[i] * momentum);
            b[i] = moved;
            p[i] = MULTIPLY_ADD(nesterov ? MULTIPLY_ADD(moved, momentum, step) : moved, rate, p[i]);
        }
    }
}

KERNEL(_sgd_step_) {
    f64 v[4];
    if (count != 10 || !alike(args, 3)) PASS;
    for (int i = 0; i < 4; ++i) if (!float_of(args[3 + i], &v[i])) PASS;
    Sgd s = {
        .p = at(args[0]), .g = at(args[1]), .b = at(args[2]), .rate = (T)-v[0], .momentum = (T)v[1], .kept = (T)(1 - v[2]), .decay = (T)v[3],
        .nesterov = args[7] == api->true_, .maximize = args[8] == api->true_, .first = args[9] == api->true_,
    };
    share(numel(args[0]), GRAIN, sgd, &s, numel(args[0]));
    DONE;
}

typedef struct { T *p, *m, *v, *w; const T *g; T rate1, rate2, beta2, root2, eps, value, shrink, decay; int maximize, decoupled; } Adam;

// What is optional is said when the loop is compiled: compilers make no vectors of a loop that asks whether there is an array.
INLINE void adam_loop(const Adam s, i64 begin, i64 end, int amsgrad) {
    T *p = s.p, *m = s.m, *v = s.v, *w = s.w;
    const T *g = s.g, sign = s.maximize ? -1 : 1;
    const int near = s.rate1 < (T)0.5, decoupled = s.decay != 0 && s.decoupled, coupled = s.decay != 0 && !s.decoupled;
    SIMD for (i64 i = begin; i < end; ++i) {
        const T x = decoupled ? p[i] * s.shrink : p[i], y = coupled ? MULTIPLY_ADD(x, s.decay, sign * g[i]) : sign * g[i];
        const T off = y - m[i], mean = near ? MULTIPLY_ADD(s.rate1, off, m[i]) : MULTIPLY_ADD(off, s.rate1 - 1, y);
        T square = MULTIPLY_ADD(s.rate2 * y, y, v[i] * s.beta2);
        m[i] = mean, v[i] = square;
        if (amsgrad) square = w[i] = w[i] > square || w[i] != w[i] ? w[i] : square;
        p[i] = x + s.value * mean / (ROOT(square) / s.root2 + s.eps);
    }
}

static void adam(void *context, i64 begin, i64 end) {
    const Adam s = *(const Adam *)context;
    if (s.w) adam_loop(s, begin, end, 1);
    else adam_loop(s, begin, end, 0);
}

KERNEL(_adam_step_) {
    f64 step, lr, beta1, beta2, eps, decay;
    if (count != 14 || !alike(args, 5)) PASS;
    if (!float_of(args[5], &step) || !float_of(args[6], &lr) || !float_of(args[7], &beta1) || !float_of(args[8], &beta2)) PASS;
    if (!float_of(args[9], &eps) || !float_of(args[10], &decay)) PASS;
    const int amsgrad = args[11] == api->true_;
    Adam s = {
        .p = at(args[0]), .g = at(args[1]), .m = at(args[2]), .v = at(args[3]), .w = amsgrad ? at(args[4]) : 0, .rate1 = (T)(1 - beta1), .rate2 = (T)(1 - beta2),
        .beta2 = (T)beta2, .root2 = (T)(sqrt)(1 - (pow)(beta2, step)), .eps = (T)eps, .value = (T)(-lr / (1 - (pow)(beta1, step))),
        .shrink = (T)(1 - lr * decay), .decay = (T)decay, .maximize = args[12] == api->true_, .decoupled = args[13] == api->true_,
    };
    share(numel(args[0]), GRAIN, adam, &s, 2 * numel(args[0]));
    DONE;
}

typedef struct { T *p, *v, *m, *b; const T *g; T rate, alpha, rest, eps, decay, momentum; } Rmsprop;

INLINE void rmsprop_loop(const Rmsprop s, i64 begin, i64 end, int centered, int moving) {
    T *p = s.p, *v = s.v, *m = s.m, *b = s.b;
    const T *g = s.g;
    SIMD for (i64 i = begin; i < end; ++i) {
        const T y = s.decay != 0 ? MULTIPLY_ADD(p[i], s.decay, g[i]) : g[i];
        T spread = MULTIPLY_ADD(s.rest * y, y, v[i] * s.alpha);
        v[i] = spread;
        if (centered) {
            const T mean = MULTIPLY_ADD(s.rest, y - m[i], m[i]);
            m[i] = mean;
            spread = spread - mean * mean;
        }
        const T root = ROOT(spread) + s.eps;
        if (moving) {
            const T moved = b[i] * s.momentum + y / root;
            b[i] = moved;
            p[i] = MULTIPLY_ADD(moved, s.rate, p[i]);
        } else p[i] = p[i] + s.rate * y / root;
    }
}

static void rmsprop(void *context, i64 begin, i64 end) {
    const Rmsprop s = *(const Rmsprop *)context;
    if (s.m && s.b) rmsprop_loop(s, begin, end, 1, 1);
    else if (s.m) rmsprop_loop(s, begin, end, 1, 0);
    else if (s.b) rmsprop_loop(s, begin, end, 0, 1);
    else rmsprop_loop(s, begin, end, 0, 0);
}

KERNEL(_rmsprop_step_) {
    f64 v[5];
    if (count != 10 || !alike(args, 5)) PASS;
    for (int i = 0; i < 5; ++i) if (!float_of(args[5 + i], &v[i])) PASS;
    Rmsprop s = {
        .p = at(args[0]), .g = at(args[1]), .v = at(args[2]), .m = at(args[3]), .b = at(args[4]), .rate = (T)-v[0], .alpha = (T)v[1], .rest = (T)(1 - v[1]),
        .eps = (T)v[2], .decay = (T)v[3], .momentum = (T)v[4],
    };
    share(numel(args[0]), GRAIN, rmsprop, &s, 2 * numel(args[0]));
    DONE;
}

typedef struct { T *p, *total; const T *g; T rate, eps, decay; } Adagrad;

static void adagrad(void *context, i64 begin, i64 end) {
    const Adagrad s = *(const Adagrad *)context;
    T *p = s.p, *total = s.total;
    const T *g = s.g;
    SIMD for (i64 i = begin; i < end; ++i) {
        const T y = s.decay != 0 ? MULTIPLY_ADD(p[i], s.decay, g[i]) : g[i], sum = MULTIPLY_ADD(y, y, total[i]);
        total[i] = sum;
        p[i] = p[i] + s.rate * y / (ROOT(sum) + s.eps);
    }
}

KERNEL(_adagrad_step_) {
    f64 rate, eps, decay;
    if (count != 6 || !alike(args, 3) || !float_of(args[3], &rate) || !float_of(args[4], &eps) || !float_of(args[5], &decay)) PASS;
    Adagrad s = {at(args[0]), at(args[2]), at(args[1]), (T)-rate, (T)eps, (T)decay};
    share(numel(args[0]), GRAIN, adagrad, &s, 2 * numel(args[0]));
    DONE;
}
