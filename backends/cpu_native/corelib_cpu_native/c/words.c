// The words of mt19937 (Matsumoto and Nishimura, 1998), and what they are in a dtype: see the op.
enum { WORDS = 624, MIDDLE = 397, SOME = 1024 };

INLINE u32 twisted(u32 far, u32 a, u32 b) { return far ^ ((a & 0x80000000u) | (b & 0x7fffffffu)) >> 1 ^ (-(b & 1) & 0x9908b0dfu); }

// The next words of the state. None is read that was written less than WORDS - MIDDLE before.
static void refresh(u32 *key) {
    SIMD for (int k = 0; k < WORDS - MIDDLE; ++k) key[k] = twisted(key[k + MIDDLE], key[k], key[k + 1]);
    _Pragma("omp simd safelen(64)") for (int k = WORDS - MIDDLE; k < WORDS - 1; ++k) key[k] = twisted(key[k + MIDDLE - WORDS], key[k], key[k + 1]);
    key[WORDS - 1] = twisted(key[MIDDLE - 1], key[WORDS - 1], key[0]);
}

static void draw(u32 *key, i32 *used, u32 *restrict to, i64 n) {
    for (i64 i = 0, m; i < n; i += m, *used += (i32)m) {
        if (*used == WORDS) refresh(key), *used = 0;
        m = WORDS - *used < n - i ? WORDS - *used : n - i;
        const u32 *restrict from = key + *used;
        SIMD for (i64 k = 0; k < m; ++k) {
            u32 w = from[k];
            w ^= w >> 11, w ^= w << 7 & 0x9d2c5680u, w ^= w << 15 & 0xefc60000u;
            to[i + k] = w ^ w >> 18;
        }
    }
}

KERNEL(mt19937) {
    if (count != 2 || !is_array(args[0], KIND) || !IN_A_ROW(args[0])) PASS;
    if (!is_array(args[1], I32) || !IN_A_ROW(args[1]) || !MAY_BE_WRITTEN(args[1]) || numel(args[1]) != WORDS + 1) PASS;
    u32 *key = (u32 *)DATA(args[1]), words[2 * SOME];
    i32 *used = (i32 *)key + WORDS;
    if (*used < 0 || *used > WORDS) PASS;
    T *out = (T *)DATA(args[0]);
    const i64 n = numel(args[0]);
    for (i64 i = 0; i < n; i += SOME) {
        const i64 m = n - i < SOME ? n - i : SOME;
        draw(key, used, words, KIND == F64 ? 2 * m : m);
        if (KIND == F64) SIMD for (i64 k = 0; k < m; ++k) out[i + k] = (words[2 * k] & 0x1fffff) * 0x1p-21 + words[2 * k + 1] * 0x1p-53;
        else SIMD for (i64 k = 0; k < m; ++k) out[i + k] = KIND == F32 ? (T)(i32)(words[k] & 0xffffff) : (T)words[k];
    }
    DONE;
}
