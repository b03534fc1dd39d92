// What the kernels of convolution share: vectors, working memory, and images copied with their padding.
//
// An image is copied to working memory with zeros around it, and its places apart by what remains of them modulo the stride ("phases"), so that
// windows whatever their stride and dilation become neighbours: the element that meets place t of the kernel lies at a fixed distance, `off`, from
// the window's own place.
#if defined(__AVX512F__)
#define BYTES 64
enum { ROWS = 8, SUMS = 4, ACROSS = 6 };
#elif defined(__AVX__)
#define BYTES 32
enum { ROWS = 4, SUMS = 2, ACROSS = 6 };
#elif defined(__aarch64__)
#define BYTES 16
enum { ROWS = 8, SUMS = 4, ACROSS = 6 };
#else
#define BYTES 16
enum { ROWS = 4, SUMS = 2, ACROSS = 4 };
#endif
typedef T V __attribute__((vector_size(BYTES), aligned(__alignof__(T)), may_alias));
enum { L = BYTES / sizeof(T), NV = 3, NR = NV * L, SLACK = NR + L };

enum { PLACES = 4096 };  // of a kernel, at most

// The images: what is read of one, and how the copy lies.
typedef struct {
    const char *x;
    i64 xb, xc, xs[3], n[3];  // steps in bytes: images, channels, places; sizes
    i64 stride[3], first[3];  // window q begins at place q * stride + first
    i64 taps, (*tap)[3];  // the kernel's places, from 0
    i64 channels;  // of a group
    i64 e[3], E[3];  // windows of a box, and places of the copy
    i64 plane, image;  // elements of a phase, and of all channels
    i64 phases, (*phase)[3];
    i64 *place;  // of each tap: its phase and distance, in elements from a channel's start
    i32 *off;  // of each channel and tap
} Images;

// Which places of the copy are an image's along dimension d, for windows from q on: from `low` on, below what is returned.
INLINE i64 images_inside(const Images *s, i64 f, int d, i64 q, i64 places, i64 *low) {
    const i64 at = q * s->stride[d] + s->first[d] + s->phase[f][d];  // place a of the copy is place a * stride + at
    i64 high = at >= s->n[d] ? 0 : (s->n[d] - at + s->stride[d] - 1) / s->stride[d];
    if (high > places) high = places;
    *low = at >= 0 ? 0 : (-at + s->stride[d] - 1) / s->stride[d];
    if (*low > high) *low = high = 0;
    return high;
}

// Lay out the copies of boxes of e windows, of `windows` along the last dimension.
static void images_layout(Images *s, i64 windows) {
    i64 reach[3] = {0, 0, 0};
    s->phases = 0;
    for (i64 t = 0; t < s->taps; ++t) {
        i64 r[3], f = 0;
        for (int d = 0; d < 3; ++d) {
            if (s->tap[t][d] / s->stride[d] > reach[d]) reach[d] = s->tap[t][d] / s->stride[d];
            r[d] = s->tap[t][d] % s->stride[d];
        }
        while (f < s->phases && memcmp(s->phase[f], r, sizeof r)) ++f;
        if (f == s->phases) memcpy(s->phase[s->phases++], r, sizeof r);
        s->place[t] = f;
    }
    for (int d = 0; d < 3; ++d) s->E[d] = s->e[d] + reach[d];
    // zeros before a row are those behind the one before it
    i64 shared = s->e[2] < windows ? 0 : reach[2];
    for (i64 f = 0; f < s->phases && shared; ++f) {
        i64 low;
        const i64 behind = s->E[2] - images_inside(s, f, 2, 0, s->E[2], &low);
        if (low < shared) shared = low;
        if (behind < shared) shared = behind;
    }
    s->E[2] -= shared;
    s->plane = s->E[0] * s->E[1] * s->E[2] + shared;
    for (i64 t = 0; t < s->taps; ++t) {
        i64 at = 0;
        for (int d = 0; d < 3; ++d) at = at * s->E[d] + s->tap[t][d] / s->stride[d];
        s->place[t] = s->place[t] * s->plane + at;
    }
    s->image = s->channels * s->phases * s->plane;
}

static void images_off(Images *s) {
    for (i64 c = 0, k = 0; c < s->channels; ++c)
        for (i64 t = 0; t < s->taps; ++t, ++k) s->off[k] = (i32)(c * s->phases * s->plane + s->place[t]);
}

// Fewer than L elements, as two pieces that may overlap.
INLINE void copy_short(T *to, const T *from, i64 n) {
#define PIECES(half) if (L > half && n >= half) { memcpy(to, from, half * sizeof(T)), memcpy(to + n - half, from + n - half, half * sizeof(T)); return; }
    PIECES(8) PIECES(4) PIECES(2) PIECES(1)
}

INLINE void copy_row(T *to, const char *from, i64 step, i64 n) {
    if (step == sizeof(MEM) && KIND >= F32) {  // as short as they are, a call costs more than the copy
        const T *x = (const T *)from;
        if (n < L) { copy_short(to, x, n); return; }
        for (i64 i = 0; i < n - L; i += L) *(V *)(to + i) = *(const V *)(x + i);
        *(V *)(to + n - L) = *(const V *)(x + n - L);
    } else if (step == sizeof(MEM)) { SIMD for (i64 i = 0; i < n; ++i) to[i] = LOAD((const MEM *)from, i); }
    else if (step == 2 * sizeof(MEM) && KIND >= F32 && each_second(to, (const T *)from, n)) return;
    else if (step == 2 * sizeof(MEM)) { SIMD for (i64 i = 0; i < n; ++i) to[i] = LOAD((const MEM *)from, 2 * i); }
    else if (step == 0 && n) {
        const T x = LOAD((const MEM *)from, 0);
        SIMD for (i64 i = 0; i < n; ++i) to[i] = x;
    } else for (i64 i = 0; i < n; ++i) to[i] = LOAD((const MEM *)(from + i * step), 0);
}

// Copy the channels from `begin` to `end` of a box of `size` windows from `q` on; `image` points to channel 0.
static void images_copy(const Images *s, T *to, const char *image, i64 begin, i64 end, const i64 *q, const i64 *size) {
    const i64 step = s->stride[2] * s->xs[2];
    for (i64 f = 0; f < s->phases; ++f) {
        i64 low[3], rows[3], whole = 1;
        const char *from = image + begin * s->xc;
        for (int d = 0; d < 3; ++d) {
            rows[d] = images_inside(s, f, d, q[d], size[d] + s->E[d] - s->e[d], &low[d]) - low[d], whole = whole && rows[d] == s->E[d];
            from += ((q[d] + low[d]) * s->stride[d] + s->first[d] + s->phase[f][d]) * s->xs[d];
        }
        T *plane = to + (begin * s->phases + f) * s->plane;
        const i64 start = (low[0] * s->E[1] + low[1]) * s->E[2] + low[2];
        for (i64 c = begin; c < end; ++c, from += s->xc, plane += s->phases * s->plane) {
            if (!whole) memset(plane, 0, s->plane * sizeof(T));
            for (i64 a = 0; rows[2] && a < rows[0]; ++a) {
                T *row = plane + start + a * s->E[1] * s->E[2];
                const char *x = from + a * s->stride[0] * s->xs[0];
                for (i64 h = 0; h < rows[1]; ++h, row += s->E[2], x += s->stride[1] * s->xs[1]) copy_row(row, x, step, rows[2]);
            }
        }
    }
}

// Sizes and steps of an array's last dimensions as three, the missing ones of size 1 first.
INLINE void three(Object *o, i64 *sizes, i64 *steps) {
    const int n = NDIM(o) - 2;
    for (int d = 0; d < 3; ++d) {
        const int at = d - (3 - n);
        if (sizes) sizes[d] = at < 0 ? 1 : SHAPE(o)[2 + at];
        if (steps) steps[d] = at < 0 ? 0 : STRIDES(o)[2 + at];
    }
}

INLINE int three_ints(Object *o, int n, i64 missing, i64 *made) {
    i64 found[3];
    if (ints_of(o, found, 3) != n) return 0;
    for (int d = 0; d < 3; ++d) made[d] = d < 3 - n ? missing : found[d - (3 - n)];
    return 1;
}

// What the three ops have in common: stride, padding, dilation and groups from args[at] on, for n dimensions.
typedef struct { i64 stride[3], padding[3], dilation[3], groups; } How;
INLINE int how_of(Object *const *args, int at, int n, How *how) {
    return n >= 1 && n <= 3 && three_ints(args[at], n, 1, how->stride) && three_ints(args[at + 1], n, 0, how->padding)
           && three_ints(args[at + 2], n, 1, how->dilation) && int_of(args[at + 3], &how->groups) && how->groups > 0;
}

#if defined(IS_F64)
typedef u64 Bits;
#define NOT_FINITE 0x7ff0000000000000u
#elif defined(IS_F32)
typedef u32 Bits;
#define NOT_FINITE 0x7f800000u
#elif defined(IS_F16)
typedef u16 Bits;
#define NOT_FINITE 0x7c00u
#else
typedef u16 Bits;
#define NOT_FINITE 0x7f80u
#endif

// Whether an array's elements are all finite; 0 where they do not lie in a row. A gradient's kernel multiplies weights by zeros beyond the edges, which
// weights that are not finite do not survive: those are left to NumPy, once the result shows that there may be such.
static int each_finite(Object *o) {
    if (!IN_A_ROW(o)) return 0;
    const Bits *x = (const Bits *)DATA(o);
    const i64 n = numel(o);
    Bits found = 0;
    for (i64 i = 0; i < n; ++i) found |= (Bits)((x[i] & NOT_FINITE) == NOT_FINITE);
    return !found;
}
