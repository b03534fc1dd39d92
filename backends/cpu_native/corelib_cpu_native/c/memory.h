// Working memory of kernels, how products and sums may be fused, and the bytes of a vector.

#if defined(__AVX512F__)
#define VECTOR 64
#elif defined(__AVX__)
#define VECTOR 32
#else
#define VECTOR 16
#endif

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
