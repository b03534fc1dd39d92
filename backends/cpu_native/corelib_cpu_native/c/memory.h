// Working memory of kernels, how products and sums may be fused, and a copy that turns.

// Where products and sums may be fused although the text has them apart: vectors have no name for it.
#if defined(__clang__)
#define FUSED __attribute__((noinline))
#define FUSE _Pragma("clang fp contract(fast)")
#else
#define FUSED __attribute__((noinline, optimize("fp-contract=fast")))
#define FUSE
#endif

// Read once what several steps use: compilers that may read it with each of them do so.
#if defined(__x86_64__)
#define IN_REGISTER(v) __asm__("" : "+v"(v))
#else
#define IN_REGISTER(v)
#endif

// Working memory, in sizes that are powers of 2. What was given back is kept for the next call, unless it is large: fresh pages cost more than a
// small convolution.
enum { SIZES = 25, LEAST_SIZE = 12, SLOTS = 4, HEAD = 64 };
static void *slots[SIZES][SLOTS];
static char *take(i64 bytes) {
    if (bytes < 0) return 0;
    const int bits = bytes + HEAD <= 1 << LEAST_SIZE ? LEAST_SIZE : 64 - __builtin_clzll((u64)bytes + HEAD - 1);
    for (int i = 0; bits < SIZES && i < SLOTS; ++i) {
        char *had = __atomic_load_n(&slots[bits][i], __ATOMIC_RELAXED) ? __atomic_exchange_n(&slots[bits][i], (void *)0, __ATOMIC_ACQ_REL) : 0;
        if (had) return had + HEAD;
    }
    char *made = 0;
    if (bits > 47 || posix_memalign((void **)&made, HEAD, (size_t)1 << bits)) return 0;
    *(i64 *)made = bits;
    return made + HEAD;
}
static void put(char *given_) {
    if (!given_) return;
    void *at = given_ - HEAD;
    const i64 bits = *(i64 *)at;
    for (int i = 0; at && bits < SIZES && i < SLOTS; ++i) at = __atomic_exchange_n(&slots[bits][i], at, __ATOMIC_ACQ_REL);
    free(at);
}

#if __has_builtin(__builtin_shufflevector)
typedef T Q __attribute__((vector_size(4 * sizeof(T)), aligned(sizeof(T))));
#endif

// Four rows of n elements to n rows of four, four by four; how many it did.
INLINE i64 turn4(T *y, i64 ystep, const T *x, i64 xstep, i64 n) {
    i64 k = 0;
#if __has_builtin(__builtin_shufflevector)
    for (; k + 4 <= n; k += 4, y += 4 * ystep) {
        const Q p = *(const Q *)(x + k), q = *(const Q *)(x + k + xstep), r = *(const Q *)(x + k + 2 * xstep), s = *(const Q *)(x + k + 3 * xstep);
        const Q pq = __builtin_shufflevector(p, q, 0, 4, 1, 5), rs = __builtin_shufflevector(r, s, 0, 4, 1, 5);
        const Q pq2 = __builtin_shufflevector(p, q, 2, 6, 3, 7), rs2 = __builtin_shufflevector(r, s, 2, 6, 3, 7);
        *(Q *)y = __builtin_shufflevector(pq, rs, 0, 1, 4, 5);
        *(Q *)(y + ystep) = __builtin_shufflevector(pq, rs, 2, 3, 6, 7);
        *(Q *)(y + 2 * ystep) = __builtin_shufflevector(pq2, rs2, 0, 1, 4, 5);
        *(Q *)(y + 3 * ystep) = __builtin_shufflevector(pq2, rs2, 2, 3, 6, 7);
    }
#endif
    return k;
}

// Every second of 2 n - 1 elements, four by four; whether it did.
INLINE int each_second(T *y, const T *x, i64 n) {
#if __has_builtin(__builtin_shufflevector)
    for (i64 i = 0; n >= 4 && i < n; i += 4) {
        if (i + 4 > n) i = n - 4;
        *(Q *)(y + i) = __builtin_shufflevector(*(const Q *)(x + 2 * i), *(const Q *)(x + 2 * i + 3), 0, 2, 5, 7);
    }
    return n >= 4;
#else
    return 0;
#endif
}
