// Depthwise convolutions, whose channels are apart: a window's sum is of few products, of weights and of what lies beside the window in the copied image.

enum { SLIDING = 1 << 14 };  // bytes of copies that stay in the first level's cache

// The first n lanes of a vector, or all; what follows them up to `end` is written later.
static __attribute__((noinline)) void store_lanes(MEM *to, V sum, i64 n) {
    for (int l = 0; l < L && l < n; ++l) STORE(to, l, sum[l]);
}
INLINE void store_row(MEM *to, V sum, i64 n, const MEM *end) {
    if (n >= L || to + L <= end) for (int l = 0; l < L; ++l) STORE(to, l, sum[l]);
    else store_lanes(to, sum, n);
}

// What is summed up: n products, and how many neighbouring rows of the kernel (1 where they are not neighbours) meet the windows' rows, `next` being the
// distance from a row's weights to those of the row that meets what follows.
typedef struct { i64 n, rows, first, next; const i32 *off; } Taps;

// R rows of `width` windows that lie `step` apart: sums over k of w[k] * x[off[k]], stored in rows `down` apart. H: the rows of the kernel; what several
// of them meet is read once.
#define SLIDE(R, H) \
    static FUSED void slide_##R##_##H(const Taps *t, const T *w, i64 width, i64 step, const T *x, T bias, MEM *to, i64 down, const MEM *end) { \
        FUSE const i32 *off = t->off + t->first; \
        const i64 n = t->n / H, next = t->next; \
        w += t->first; \
        for (i64 at = 0; at < width; at += L) { \
            if (at + L > width && width > L) at = width - L; \
            V sum[R]; \
            _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) sum[r] = (V){0}; \
            for (i64 k = 0; k < n; ++k) { \
                const T *from = x + at + off[k]; \
                V a[H]; \
                _Pragma("GCC unroll 8") for (int h = 0; h < H; ++h) a[h] = w[k + h * next] - (V){0}; \
                _Pragma("GCC unroll 16") for (int i = 0; i < R + H - 1; ++i, from += step) { \
                    V b = *(const V *)from; \
                    IN_REGISTER(b); \
                    _Pragma("GCC unroll 8") for (int h = 0; h < H; ++h) if (i >= h && i < R + h) sum[i - h] += a[h] * b; \
                } \
            } \
            _Pragma("GCC unroll 8") for (int r = 0; r < R; ++r) store_row(to + r * down + at, sum[r] + bias, width, end); \
        } \
    }
typedef void (*Slide)(const Taps *t, const T *w, i64 width, i64 step, const T *x, T bias, MEM *to, i64 down, const MEM *end);
#define SLIDES(H) SLIDE(1, H) SLIDE(4, H) SLIDE(8, H)
#define SLIDES_OF(H) {slide_1_##H, slide_4_##H, slide_8_##H}
SLIDES(1) SLIDES(3) SLIDES(5)
static const Slide slides[][3] = {SLIDES_OF(1), SLIDES_OF(3), SLIDES_OF(5)};

// The taps at `off`, for rows of windows that lie `step` apart.
static Taps taps_of(i64 n, i64 step, const i32 *off) {
    for (i64 rows = 5; rows > 1; rows -= 2)
        for (int sign = 1; sign >= -1 && n % rows == 0; sign -= 2) {
            const i64 next = n / rows;
            i64 k = next;
            while (k < n && off[k] == off[k - next] + sign * step) ++k;
            if (k == n) return (Taps){n, rows, sign > 0 ? 0 : n - next, sign * next, off};
        }
    return (Taps){n, 1, 0, 0, off};
}

static void slide_rows(const Taps *t, const T *w, i64 high, i64 width, i64 step, const T *x, T bias, MEM *to, i64 down, const MEM *end) {
    static const i64 rows[] = {1, 4, 8};
    for (i64 at = 0, left; (left = high - at) > 0;) {
        const int size = high >= 8 && left > 4 ? 2 : high >= 4 ? 1 : 0;
        if (left < rows[size]) at = high - rows[size];  // some once more
        slides[t->rows / 2][size](t, w, width, step, x + at * step, bias, to + at * down, down, end);
        at += rows[size];
    }
}

// A single row is taken as rows of L windows, and what is left.
static void slide(const Taps *t, const T *w, i64 high, i64 width, i64 step, const T *x, T bias, MEM *to, i64 down, const MEM *end) {
    const i64 vectors = high == 1 && t->rows == 1 ? width / L : 0, done = vectors * L;
    slide_rows(t, w, vectors, L, L, x, bias, to, L, end);
    if (done < width) slide_rows(t, w, high, width - done, step, x + done, bias, to + done, down, end);
}

// The gradient for the weights of H rows and (from k on) COLUMNS columns: what `high` rows of windows, a multiple of 4, of a width that is one of L, add to
// sums[h][k], vectors. Columns beyond the last are computed in its place.
enum { COLUMNS = 3 };
#define SLIDE_BACK(H) \
    static FUSED void slide_back_##H(const Taps *t, i64 k, i64 high, i64 width, const T *y, i64 ystep, const T *x, i64 xstep, T *sums, i64 step) { \
        FUSE const i64 n = t->n / H; \
        const T *at[COLUMNS]; \
        V sum[H][COLUMNS]; \
        _Pragma("GCC unroll 8") for (int c = 0; c < COLUMNS; ++c) at[c] = x + t->off[t->first + (k + c < n ? k + c : n - 1)]; \
        sums += k * L; \
        _Pragma("GCC unroll 8") for (int h = 0; h < H; ++h) \
            _Pragma("GCC unroll 8") for (int c = 0; c < COLUMNS; ++c) sum[h][c] = *(V *)(sums + h * step + c * L); \
        for (i64 row = 0; row < high; row += 4) \
            for (i64 w = 0; w < width; w += L) { \
                V b[4]; \
                _Pragma("GCC unroll 8") for (int r = 0; r < 4; ++r) b[r] = *(const V *)(y + (row + r) * ystep + w); \
                _Pragma("GCC unroll 8") for (int c = 0; c < COLUMNS; ++c) { \
                    const T *from = at[c] + row * xstep + w; \
                    _Pragma("GCC unroll 16") for (int i = 0; i < H + 3; ++i, from += xstep) { \
                        V a = *(const V *)from; \
                        IN_REGISTER(a); \
                        _Pragma("GCC unroll 8") for (int h = 0; h < H; ++h) if (i >= h && i < 4 + h) sum[h][c] += a * b[i - h]; \
                    } \
                } \
            } \
        _Pragma("GCC unroll 8") for (int h = 0; h < H; ++h) \
            _Pragma("GCC unroll 8") for (int c = 0; c < COLUMNS; ++c) *(V *)(sums + h * step + c * L) = sum[h][c]; \
    }
SLIDE_BACK(1) SLIDE_BACK(3) SLIDE_BACK(5)
typedef void (*SlideBack)(const Taps *t, i64 k, i64 high, i64 width, const T *y, i64 ystep, const T *x, i64 xstep, T *sums, i64 step);
static const SlideBack slides_back[] = {slide_back_1, slide_back_3, slide_back_5};
